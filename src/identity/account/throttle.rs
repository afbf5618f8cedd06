//! Slowing down those who guess passwords.
//!
//! Failures are counted for the account that is named and for the address that asks, in house records, so that neither
//! a restart nor a second node forgets them. Nothing is ever locked: the wait is capped, and whoever waits gets in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::letter::Letter;
use super::{AccountId, Accounts, Email, Error, Refusal, json};
use crate::clock::Timestamp;
use crate::secret::SecretKey;
use crate::storage::{self, Change, EntryIs, EntryWrite, Scope};

/// After this long without a failure all is forgotten.
const FORGOTTEN: Duration = Duration::from_hours(1);
/// The longest wait. It bounds guessing at an account to 60 an hour, and what others can do to its owner to a minute.
const LONGEST: Duration = Duration::from_mins(1);
/// After this many failures the owner of an account is told.
const TOLD: u32 = 10;
/// How often an attempt is counted again when others were counted first.
const ATTEMPTS: usize = 8;

/// Whose failures are counted, and how many pass without a wait.
#[derive(Debug, Clone, Copy)]
pub enum Counted<'a> {
    Account(&'a Email),
    /// Codes that are typed after a password.
    Factor(&'a AccountId),
    /// Many pupils sit behind the one address of a school.
    Address(IpAddr),
    /// Letters to an address whose owner has not shown that they want any.
    Letters(&'a Email),
    /// What anybody may ask for: sign-ups, links by mail. A whole school does on its first day.
    Strangers(IpAddr),
}

/// How attempts are slowed down.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// How many pass without a wait.
    free: u32,
    /// The first wait; the next ones double it.
    first: Duration,
    longest: Duration,
}

impl Pace {
    const fn guesses(free: u32) -> Self {
        Self { free, first: Duration::from_secs(1), longest: LONGEST }
    }
}

impl Counted<'_> {
    fn pace(self) -> Pace {
        match self {
            Self::Account(_) | Self::Factor(_) => Pace::guesses(5),
            Self::Address(_) => Pace::guesses(40),
            Self::Strangers(_) => Pace::guesses(400),
            Self::Letters(_) => Pace { free: 3, first: Duration::from_mins(1), longest: FORGOTTEN },
        }
    }

    /// The record of this count. Names are folded into 65,536 places, so that a stranger cannot fill the disk with
    /// invented ones. Two that meet share their waits, and the success of one forgets what was counted for the other: so
    /// the secret key says who meets, and nobody can look for a name that meets somebody's.
    fn key(self, secret: &SecretKey) -> Arc<str> {
        let (kind, name) = match self {
            Self::Account(email) => ("account", email.as_str().into()),
            Self::Factor(account) => ("factor", account.as_str().into()),
            Self::Letters(email) => ("letters", email.as_str().into()),
            Self::Address(address) => ("address", neighbourhood(address)),
            Self::Strangers(address) => ("strangers", neighbourhood(address)),
        };
        let [high, low, ..] = secret.mac("throttle", &name);
        format!("throttle/{kind}/{high:02x}{low:02x}").into()
    }
}

/// Whoever has one IPv6 address has its /64.
fn neighbourhood(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().into(),
        IpAddr::V6(address) => address.octets()[..8].into(),
    }
}

/// Attempts that have not succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Count {
    failures: u32,
    last: Timestamp,
}

impl Count {
    /// How long after the last attempt the next one is looked at: 1 s, 2 s, 4 s, … once the free ones are used up.
    fn delay(self, pace: Pace) -> Duration {
        match self.failures.checked_sub(pace.free) {
            None => Duration::ZERO,
            Some(over) => pace.first.saturating_mul(1 << over.min(16)).min(pace.longest),
        }
    }

    /// The count with one more attempt at `now`, or how long to wait.
    fn attempt(self, pace: Pace, now: Timestamp) -> Result<Self, Duration> {
        let fresh = if self.last.plus(FORGOTTEN) < now { Self::default() } else { self };
        let due = fresh.last.plus(fresh.delay(pace));
        if due > now {
            return Err(Duration::from_millis(due.millis().saturating_sub(now.millis()).unsigned_abs()));
        }
        Ok(Self { failures: fresh.failures.saturating_add(1), last: now })
    }
}

/// An attempt that was counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    before: Count,
    after: Count,
}

impl Attempt {
    /// How many there were without a success, this one among them.
    pub(super) fn failures(self) -> u32 {
        self.after.failures
    }

    /// The count without it: as before, unless others were counted since.
    fn taken_from(self, count: Count) -> Count {
        let others = Count { failures: count.failures.saturating_sub(1), ..count };
        if count == self.after { self.before } else { others }
    }
}

impl Accounts {
    /// Whether an attempt may be looked at now; counts nothing.
    ///
    /// Spec: O-325
    pub(super) async fn admit(&self, counted: Counted<'_>) -> Result<(), Error> {
        let (count, _) = self.count_of(&counted.key(&self.secret)).await?;
        count.attempt(counted.pace(), self.clock.now()).map_err(Refusal::TooSoon)?;
        Ok(())
    }

    /// Counts an attempt. Too soon after the last: [`Refusal::TooSoon`], and nothing is counted.
    ///
    /// Spec: O-325
    pub(super) async fn count(&self, counted: Counted<'_>) -> Result<Attempt, Error> {
        let key = counted.key(&self.secret);
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let (count, expected) = self.count_of(&key).await?;
            let next = count.attempt(counted.pace(), now).map_err(Refusal::TooSoon)?;
            let mut change = Change::of(Scope::House, now);
            change.entries.push(EntryWrite { key: key.clone(), expected, value: Some(json(&next)?) });
            match self.storage.commit(change).await {
                Err(storage::Error::Moved | storage::Error::Taken(_)) => {}
                done => return Ok(done.map(|_| Attempt { before: count, after: next })?),
            }
        }
        Err(Refusal::TooSoon(Duration::from_secs(1)).into())
    }

    /// Takes back one attempt that has succeeded; those of others still count. If they write all the time, it stays.
    ///
    /// Spec: O-325
    pub(super) async fn uncount(&self, counted: Counted<'_>, attempt: Attempt) -> Result<(), Error> {
        let key = counted.key(&self.secret);
        for _ in 0..ATTEMPTS {
            let (count, expected) = self.count_of(&key).await?;
            let left = attempt.taken_from(count);
            let value = if left.failures == 0 { None } else { Some(json(&left)?) };
            match self.commit([EntryWrite { key: key.clone(), expected, value }]).await {
                Err(Error::Storage(storage::Error::Moved | storage::Error::Taken(_))) => {}
                done => return done,
            }
        }
        Ok(())
    }

    /// Forgets what was counted, after a success.
    pub(super) fn forgotten(&self, counted: Counted<'_>) -> EntryWrite {
        EntryWrite { key: counted.key(&self.secret), expected: EntryIs::Anything, value: None }
    }

    /// Tells the owner of an account, once, that somebody tries passwords.
    ///
    /// Spec: O-325
    pub(super) async fn tell_of_guessing(&self, email: Option<&Email>, failures: u32) -> Result<(), Error> {
        let Some(email) = email.filter(|_| failures == TOLD) else { return Ok(()) };
        let Some(account) = self.by_email(email).await? else { return Ok(()) };
        self.commit([self.letter(&Letter::Guessing, email, account.speaks())]).await
    }

    /// Tells the owner of an account, once, that somebody tries codes.
    ///
    /// Spec: O-325
    pub(super) async fn tell_of_guessed_codes(&self, id: &AccountId, failures: u32) -> Result<(), Error> {
        if failures != TOLD {
            return Ok(());
        }
        let account = self.account(id).await?;
        self.commit(account.and_then(|account| self.tell(&account, &Letter::GuessingCodes))).await
    }

    async fn count_of(&self, key: &str) -> Result<(Count, EntryIs), Error> {
        Ok(match self.storage.entry(key).await? {
            Some(entry) => (serde_json::from_slice(&entry.value).unwrap_or_default(), EntryIs::At(entry.version)),
            None => (Count::default(), EntryIs::Absent),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_cap_and_are_forgotten() {
        let mut now = Timestamp::from_seconds(1_000_000);
        let mut count = Count::default();
        for _ in 0..5 {
            count = count.attempt(Pace::guesses(5), now).unwrap();
        }
        let mut waits = Vec::new();
        for _ in 0..8 {
            let wait = count.attempt(Pace::guesses(5), now).unwrap_err();
            waits.push(wait.as_secs());
            now = now.plus(wait);
            count = count.attempt(Pace::guesses(5), now).unwrap();
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        let later = now.plus(FORGOTTEN).plus(Duration::from_secs(1));
        assert_eq!(count.attempt(Pace::guesses(5), later).map(|count| count.failures), Ok(1));
    }

    #[test]
    fn nobody_can_tell_which_names_meet() {
        let emails: Vec<_> = (0..4).filter_map(|number| Email::parse(&format!("p{number}@example.org"))).collect();
        let keys = |secret: &SecretKey| emails.iter().map(|email| Counted::Account(email).key(secret)).collect();
        let (one, other): (Vec<_>, Vec<_>) = (keys(&SecretKey::ephemeral()), keys(&SecretKey::ephemeral()));
        assert_ne!(one, other);
    }

    #[test]
    fn a_success_takes_back_its_own_attempt_alone() {
        let count = |failures, second| Count { failures, last: Timestamp::from_seconds(second) };
        let attempt = Attempt { before: count(41, 10), after: count(42, 90) };
        assert_eq!(attempt.taken_from(count(42, 90)), count(41, 10), "nobody waits because of it");
        assert_eq!(attempt.taken_from(count(43, 91)), count(42, 91));
        assert_eq!(attempt.taken_from(count(0, 0)), count(0, 0));
    }

    #[test]
    fn an_ipv6_neighbourhood_is_one_address() {
        let secret = SecretKey::ephemeral();
        let key = |text: &str| Counted::Address(text.parse().unwrap()).key(&secret);
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
    }
}
