//! Second factors of an account: an app that shows codes, passkeys, and recovery codes for the day all else is lost.
//!
//! They are a record of their own: they change often, and most requests have no use for them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::codes::RecoveryCodes;
use super::letter::Letter;
use super::passkey::Passkey;
use super::throttle::Counted;
use super::totp::Totp;
use super::{ATTEMPTS, AccountId, Accounts, Draft, Event, Happened, Refusal, Result, json};
use crate::clock::Timestamp;
use crate::secret::{self, SecretKey};
use crate::storage::{self, Change, EntryIs, EntryWrite, Scope};

/// The second factors of an account.
///
/// Spec: O-341, O-342
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Factors {
    #[serde(default)]
    pub totp: Option<Totp>,
    #[serde(default)]
    pub passkeys: Vec<Passkey>,
    #[serde(default)]
    pub codes: RecoveryCodes,
    /// What devices were asked and have answered, as long as it could be answered again.
    #[serde(default)]
    answered: Vec<Answered>,
}

/// A challenge that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Answered {
    /// SHA-256 of what the form carried.
    challenge: [u8; 32],
    until: Timestamp,
}

impl Factors {
    /// Those of an account that a passkey opens.
    pub(super) fn opened_by(passkey: Passkey) -> Self {
        Self { passkeys: vec![passkey], ..Self::default() }
    }

    /// Notes that a challenge was answered: whoever sees an answer on its way cannot send it once more.
    ///
    /// Spec: O-341
    pub(super) fn answer_once(&mut self, challenge: &str, until: Timestamp, now: Timestamp) -> Result<(), Refusal> {
        self.answered.retain(|answered| now < answered.until);
        let challenge = secret::hash_secret(challenge);
        if self.answered.iter().any(|answered| answered.challenge == challenge) {
            return Err(Refusal::WrongPasskey);
        }
        self.answered.push(Answered { challenge, until });
        Ok(())
    }

    /// Whether a password, or a school's word, is not enough to sign in.
    pub fn are_asked_for(&self) -> bool {
        self.totp.is_some() || !self.passkeys.is_empty()
    }

    /// What tells one set of factors from another, however much they are used.
    fn names(&self) -> (Option<Timestamp>, Vec<String>) {
        (self.totp.as_ref().map(|totp| totp.since), self.passkeys.iter().map(Passkey::id).collect())
    }
}

/// Where the factors of an account are kept. Whoever removes the account removes this too.
pub(super) fn key(account: &AccountId) -> Arc<str> {
    format!("factors/{account}").into()
}

impl Draft {
    /// Gives a new account its first factors.
    pub(super) fn set_factors(&mut self, factors: &Factors) -> Result<()> {
        let key = key(&self.account().id);
        self.write(EntryWrite { key, expected: EntryIs::Absent, value: Some(json(factors)?) });
        Ok(())
    }
}

impl Accounts {
    /// The second factors of an account.
    pub async fn factors(&self, id: &AccountId) -> Result<Factors> {
        Ok(self.read_factors(id).await?.0)
    }

    /// Reads the factors, changes them and writes them, as often as others get in between. The last way in stays.
    ///
    /// Spec: O-206
    pub async fn edit_factors<T>(
        &self,
        id: &AccountId,
        edit: impl Fn(&mut Factors, Timestamp) -> Result<T, Refusal>,
    ) -> Result<T> {
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let (mut factors, expected) = self.read_factors(id).await?;
            let (before, kept) = (factors.names(), factors.passkeys.len());
            let made = edit(&mut factors, now)?;
            if factors.passkeys.len() < kept {
                self.check_way_in(id, &factors).await?;
            }
            let mut change = Change::of(Scope::House, now);
            if factors.names() != before {
                change.entries.push(Event::entry(now, id, Happened::FactorsChanged)?);
                let account = self.account(id).await?;
                change.entries.extend(account.and_then(|account| self.tell(&account, &Letter::FactorsChanged)));
            }
            change.entries.push(EntryWrite { key: key(id), expected, value: Some(json(&factors)?) });
            match self.storage.commit(change).await {
                Err(storage::Error::Moved | storage::Error::Taken(_)) => {}
                done => return Ok(done.map(|_| made)?),
            }
        }
        Err(storage::Error::Moved.into())
    }

    /// Checks a code that somebody typed: of their app, or one of their recovery codes. Either is used up by it. Attempts
    /// are counted until one succeeds.
    ///
    /// Spec: O-325, O-342
    pub async fn check_code(&self, id: &AccountId, typed: &str, secret: &SecretKey) -> Result<()> {
        let failures = self.count(Counted::Factor(id)).await?.failures();
        let checked = self.edit_factors(id, |factors, now| {
            let shown = factors.totp.as_mut().is_some_and(|totp| totp.check(id, typed, secret, now));
            if shown || factors.codes.redeem(typed) { Ok(()) } else { Err(Refusal::WrongCode) }
        });
        if let Err(error) = checked.await {
            self.tell_of_guessed_codes(id, failures).await?;
            return Err(error);
        }
        let mut change = Change::of(Scope::House, self.clock.now());
        change.entries.push(self.forgotten(Counted::Factor(id)));
        self.storage.commit(change).await?;
        Ok(())
    }

    /// Whether the account can still be entered with these factors.
    async fn check_way_in(&self, id: &AccountId, factors: &Factors) -> Result<()> {
        let account = self.account(id).await?.ok_or(Refusal::NoSuchAccount)?;
        let open = account.has_password() || !account.links.is_empty() || !factors.passkeys.is_empty();
        if open { Ok(()) } else { Err(Refusal::LastLogin.into()) }
    }

    /// The factors, and a write that leaves them as they are: the commit that holds it fails if they have moved.
    pub(super) async fn rely_on_factors(&self, id: &AccountId) -> Result<(Factors, EntryWrite)> {
        let (factors, expected) = self.read_factors(id).await?;
        let write = EntryWrite { key: key(id), expected, value: Some(json(&factors)?) };
        Ok((factors, write))
    }

    async fn read_factors(&self, id: &AccountId) -> Result<(Factors, EntryIs)> {
        match self.storage.entry(&key(id)).await? {
            Some(entry) => Ok((serde_json::from_slice(&entry.value)?, EntryIs::At(entry.version))),
            None => Ok((Factors::default(), EntryIs::Absent)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Shows: O-341
    #[test]
    fn a_challenge_is_answered_once() {
        let (now, minute) = (Timestamp::from_seconds(1_793_000_000), Duration::from_mins(1));
        let mut factors = Factors::default();
        assert_eq!(factors.answer_once("a", now.plus(minute), now), Ok(()));
        assert_eq!(factors.answer_once("b", now.plus(minute), now), Ok(()));
        assert_eq!(factors.answer_once("a", now.plus(minute), now), Err(Refusal::WrongPasskey));
        let kept: Factors = serde_json::from_slice(&serde_json::to_vec(&factors).unwrap()).unwrap();
        assert_eq!(kept.answered.len(), 2, "a restart does not forget it");
        // What can no longer be answered is forgotten.
        factors.answer_once("c", now.plus(minute * 2), now.plus(minute)).unwrap();
        assert_eq!(factors.answered.len(), 1);
    }
}
