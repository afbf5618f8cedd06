//! How often one address may make us look at issuers and WebIDs that we do not know.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use quick_cache::sync::Cache;

use crate::clock::Timestamp;

const MINUTE: Duration = Duration::from_mins(1);
/// Addresses that are remembered.
const ADDRESSES: usize = 16_384;

/// Counts look-ups by client address, minute by minute.
///
/// Spec: O-66
pub struct Lookups {
    per_minute: u32,
    counted: Cache<IpAddr, Arc<Mutex<Count>>>,
}

#[derive(Default)]
struct Count {
    /// When the minute began.
    since: Timestamp,
    lookups: u32,
}

impl Lookups {
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, counted: Cache::new(ADDRESSES) }
    }

    /// Counts one look-up more, or says when the next one is allowed.
    pub fn count(&self, client: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let counted = self.counted.get_or_insert_with(&household(client), || Ok::<_, ()>(Arc::default()));
        let Ok(counted) = counted else { return Ok(()) };
        let mut count = counted.lock();
        if now >= count.since.plus(MINUTE) || now < count.since {
            *count = Count { since: now, lookups: 0 };
        }
        if count.lookups >= self.per_minute {
            let elapsed = Duration::from_millis(now.millis().abs_diff(count.since.millis()));
            return Err(MINUTE.saturating_sub(elapsed).max(Duration::from_secs(1)));
        }
        count.lookups += 1;
        Ok(())
    }
}

/// Everyone has a whole /64 in IPv6.
pub fn household(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows: O-66
    #[test]
    fn a_household_has_so_many_lookups_a_minute() {
        let lookups = Lookups::new(2);
        let start = Timestamp::from_seconds(1_700_000_000);
        let at = |seconds| start.plus(Duration::from_secs(seconds));
        let count = |client: &str, seconds| lookups.count(client.parse().unwrap(), at(seconds));
        assert_eq!(count("192.0.2.1", 0), Ok(()));
        assert_eq!(count("::ffff:192.0.2.1", 20), Ok(()));
        assert_eq!(count("192.0.2.1", 20), Err(Duration::from_secs(40)));
        assert_eq!(count("192.0.2.2", 20), Ok(()));
        assert_eq!(count("192.0.2.1", 60), Ok(()));
        assert_eq!(count("2001:db8::1", 0), Ok(()));
        assert_eq!(count("2001:db8::2", 0), Ok(()));
        assert!(count("2001:db8::3", 0).is_err());
        assert_eq!(count("2001:db8:0:1::3", 0), Ok(()));
    }
}
