//! When a connection runs by itself. Pure.
//!
//! Each connection has a place of its own in its period, taken from its id: the same weekday and minute each week, at
//! night, so that many connections spread out and none moves when another comes.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::connection::ConnectionId;
use crate::clock::Timestamp;

/// The window in which runs begin: from 21:00 for six hours, in UTC. That is night in France in summer and in winter,
/// and no clock change touches it.
const FROM: i64 = 21 * 3600;
const WINDOW: u64 = 6 * 3600;
const DAY: i64 = 86_400;

/// How often a connection runs by itself.
///
/// Spec: CP-22
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Frequency {
    Daily,
    #[default]
    Weekly,
    Monthly,
    Off,
}

impl Frequency {
    pub const ALL: [Self; 4] = [Self::Daily, Self::Weekly, Self::Monthly, Self::Off];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Off => "off",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|frequency| frequency.name() == name)
    }

    /// The first time after `now` at which this connection runs; `None`: never.
    ///
    /// Spec: CP-22
    pub fn next(self, id: &ConnectionId, now: Timestamp) -> Option<Timestamp> {
        let place = place(id);
        let seconds = FROM + i64::try_from(place % WINDOW).unwrap_or_default();
        let days = place / WINDOW;
        match self {
            Self::Daily => Some(repeated(seconds, DAY, now)),
            Self::Weekly => Some(repeated(seconds + DAY * i64::try_from(days % 7).unwrap_or_default(), 7 * DAY, now)),
            // No month is shorter.
            Self::Monthly => monthly(i8::try_from(days % 28).unwrap_or_default() + 1, seconds, now),
            Self::Off => None,
        }
    }
}

/// The first time after `now` that lies `offset` after a multiple of `period`, in seconds.
fn repeated(offset: i64, period: i64, now: Timestamp) -> Timestamp {
    let periods = (now.seconds() - offset).div_euclid(period) + 1;
    Timestamp::from_seconds(periods * period + offset)
}

fn monthly(day: i8, seconds: i64, now: Timestamp) -> Option<Timestamp> {
    let today = jiff::Timestamp::from_second(now.seconds()).ok()?.to_zoned(TimeZone::UTC).date();
    // A place late in the last night of a month's days lies in the next day, so one month back is looked at, too.
    let begin = today.first_of_month().checked_sub(jiff::Span::new().months(1)).ok()?;
    let in_month = |months: i64| {
        let month = begin.checked_add(jiff::Span::new().months(months)).ok()?;
        let date = Date::new(month.year(), month.month(), day).ok()?;
        let midnight = date.to_datetime(Time::midnight()).to_zoned(TimeZone::UTC).ok()?;
        Some(Timestamp::from_seconds(midnight.timestamp().as_second() + seconds))
    };
    (0..3).filter_map(in_month).find(|next| *next > now)
}

/// A number that stays the same for a connection and tells nothing of it.
fn place(id: &ConnectionId) -> u64 {
    let hash = Sha256::digest(id.as_str().as_bytes());
    hash.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn id(number: u64) -> ConnectionId {
        ConnectionId::parse(&format!("{number:016x}")).unwrap()
    }

    /// 2026-10-26, a Monday, at midnight.
    const MONDAY: Timestamp = Timestamp::from_seconds(1_792_972_800);

    proptest! {
        /// Shows: CP-22
        #[test]
        fn the_next_run_is_later_and_comes_back_at_the_same_place(number: u64, after in 0_u64..200_000_000) {
            let (id, now) = (id(number), MONDAY.plus(Duration::from_secs(after)));
            for (frequency, most) in [(Frequency::Daily, 1), (Frequency::Weekly, 7), (Frequency::Monthly, 31)] {
                let next = frequency.next(&id, now).unwrap();
                prop_assert!(next > now && next <= now.plus(Duration::from_hours(24 * most)), "{frequency:?}");
                let before = Timestamp::from_millis(next.millis() - 1);
                prop_assert_eq!(frequency.next(&id, before), Some(next), "asked again, it is the same");
                let then = frequency.next(&id, next).unwrap();
                prop_assert_eq!((then.seconds() - next.seconds()) % DAY, 0, "at the same time of the day");
                if frequency != Frequency::Monthly {
                    prop_assert_eq!(then, next.plus(Duration::from_hours(24 * most)));
                }
            }
            prop_assert_eq!(Frequency::Off.next(&id, now), None);
        }
    }

    /// Shows: CP-22
    #[test]
    fn many_connections_spread_over_all_nights() {
        let mut hours = BTreeMap::<i64, usize>::new();
        let noon = MONDAY.plus(Duration::from_hours(12));
        for number in 0..10_000 {
            let next = Frequency::Weekly.next(&id(number), noon).unwrap();
            *hours.entry(next.seconds().div_euclid(3600)).or_default() += 1;
        }
        assert_eq!(hours.len(), 7 * 6, "six hours in each of seven nights");
        assert!(hours.values().all(|runs| (150..350).contains(runs)), "{hours:?}");
        assert!(hours.keys().all(|hour| matches!(hour % 24, 21..=23 | 0..=2)), "{hours:?}");
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for frequency in Frequency::ALL {
            assert_eq!(Frequency::parse(frequency.name()), Some(frequency));
            assert_eq!(serde_json::to_value(frequency).unwrap(), frequency.name());
        }
        assert_eq!(Frequency::parse("@hourly"), None);
    }
}
