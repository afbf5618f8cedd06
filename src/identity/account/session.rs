//! Sessions: who is signed in, on which device, since when.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::password::{Password, Verdict};
use super::throttle::Counted;
use super::{Account, AccountId, Accounts, Email, Error, NEW, Refusal, Result, json};
use crate::clock::Timestamp;
use crate::secret::{self, Secret};
use crate::storage::{self, Change, EntryIs, EntryWrite, KeyRange, Scope};

/// How long a session lasts.
///
/// Spec: O-169
const LIFETIME: Duration = Duration::from_hours(14 * 24);
/// How long ago somebody may have signed in to do what needs care.
///
/// Spec: O-204
const FRESH: Duration = Duration::from_mins(10);
/// The most sessions of an account; the oldest go.
const MOST: usize = 50;

/// What a device shows to stay signed in: `{account}.{secret}`. Only a hash of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionToken {
    account: AccountId,
    secret: Secret,
}

impl SessionToken {
    /// Reads a token; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (account, secret) = text.split_once('.')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let secret = Some(secret).filter(|secret| secret.len() == 43 && secret.bytes().all(plain))?;
        Some(Self { account: AccountId::parse(account)?, secret: Secret::new(secret) })
    }

    /// The token itself, for the device alone.
    pub fn reveal(&self) -> String {
        format!("{}.{}", self.account, self.secret.reveal())
    }

    fn key(&self) -> Arc<str> {
        let hash = URL_SAFE_NO_PAD.encode(secret::hash_secret(self.secret.reveal()));
        format!("{}{hash}", prefix(&self.account)).into()
    }
}

/// The sessions of an account.
fn prefix(account: &AccountId) -> String {
    format!("session/{account}/")
}

/// When somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Session {
    /// Whether the sign-in is recent enough for what needs care.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now <= self.since.plus(FRESH)
    }
}

impl Accounts {
    /// Signs in with e-mail address and password. `from` is the client's address, if it is known.
    ///
    /// Spec: O-324, O-325
    pub async fn sign_in(
        &self,
        email: Option<&Email>,
        password: Password,
        from: Option<IpAddr>,
    ) -> Result<SessionToken> {
        if let Some(address) = from {
            self.admit(Counted::Address(address)).await?;
        }
        if let Some(email) = email {
            self.count(Counted::Account(email)).await?;
        }
        let account = match email {
            Some(email) => self.by_email(email).await?,
            None => None,
        };
        let hash = account.as_ref().and_then(|account| account.login.as_ref()).map(|login| login.password.clone());
        let retyped = password.clone();
        let verdict = self.passwords.check(password, hash).await?;
        let (Some(account), Verdict::Right | Verdict::RightButStale) = (account, verdict) else {
            if let Some(address) = from {
                self.count(Counted::Address(address)).await?;
            }
            return Err(Refusal::WrongLogin.into());
        };
        if verdict == Verdict::RightButStale {
            self.renew_hash(&account, retyped).await?;
        }
        let succeeded = email.map(|email| Self::forgotten(Counted::Account(email)));
        self.begin_session(&account, succeeded).await
    }

    /// Begins a session of an account that was just made, without a password.
    pub async fn begin(&self, account: &Account) -> Result<SessionToken> {
        self.begin_session(account, None).await
    }

    /// The account and session of a token; `None` if it has ended.
    pub async fn session(&self, token: &SessionToken) -> Result<Option<(Account, Session)>> {
        let Some(session) = self.entry::<Session>(&token.key()).await? else { return Ok(None) };
        if session.until < self.clock.now() {
            return Ok(None);
        }
        let account = self.account(&token.account).await?;
        Ok(account.filter(|account| !account.disabled).map(|account| (account, session)))
    }

    /// Ends a session. One that has ended already is no error.
    pub async fn end_session(&self, token: &SessionToken) -> Result<()> {
        self.remove_entries([token.key()]).await
    }

    /// Ends all sessions of an account.
    pub async fn end_sessions(&self, account: &AccountId) -> Result<()> {
        loop {
            let keys = self.session_keys(account).await?.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
            if keys.is_empty() {
                return Ok(());
            }
            self.remove_entries(keys).await?;
        }
    }

    async fn begin_session(&self, account: &Account, also: Option<EntryWrite>) -> Result<SessionToken> {
        if account.disabled {
            return Err(Refusal::Disabled.into());
        }
        let now = self.clock.now();
        let token = SessionToken { account: account.id.clone(), secret: Secret::random() };
        let session = Session { since: now, until: now.plus(LIFETIME) };
        let mut change = Change::of(Scope::House, now);
        change.entries.extend(also);
        change.entries.push(EntryWrite { key: token.key(), expected: NEW, value: Some(json(&session)?) });
        let mut others = self.session_keys(&account.id).await?;
        others.sort_by_key(|(_, session)| std::cmp::Reverse(session.until));
        let gone = others.iter().enumerate().filter(|(at, (_, session))| *at + 1 >= MOST || session.until < now);
        change.entries.extend(gone.map(|(_, (key, _))| gone_entry(key.clone())));
        self.storage.commit(change).await?;
        Ok(token)
    }

    async fn session_keys(&self, account: &AccountId) -> Result<Vec<(Arc<str>, Session)>> {
        let prefix = prefix(account);
        let entries = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit: 2 * MOST }).await?;
        let ended = Session { since: Timestamp::default(), until: Timestamp::default() };
        let read = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(ended);
        Ok(entries.into_iter().map(|entry| (entry.key, read(&entry.value))).collect())
    }

    async fn remove_entries(&self, keys: impl IntoIterator<Item = Arc<str>>) -> Result<()> {
        let mut change = Change::of(Scope::House, self.clock.now());
        change.entries.extend(keys.into_iter().map(gone_entry));
        self.storage.commit(change).await?;
        Ok(())
    }

    /// Keeps the password with today's parameters. Another sign-in may have done so already.
    async fn renew_hash(&self, account: &Account, password: Password) -> Result<()> {
        let Some(login) = &account.login else { return Ok(()) };
        let hash = self.passwords.hash(password).await?;
        match self.edit(&account.id, |draft| draft.replace_password(&login.password, hash.clone())).await {
            Err(Error::Refused(Refusal::WrongLogin) | Error::Storage(storage::Error::Moved)) => Ok(()),
            done => done,
        }
    }
}

fn gone_entry(key: Arc<str>) -> EntryWrite {
    EntryWrite { key, expected: EntryIs::Anything, value: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_does_not_show() {
        let token = SessionToken { account: AccountId::random(), secret: Secret::random() };
        assert_eq!(SessionToken::parse(&token.reveal()), Some(token.clone()));
        assert!(!format!("{token:?}").contains(token.secret.reveal()));
        for text in ["", ".", "abc.def", &token.reveal()[1..], &token.reveal()[..70], &format!("{}=", token.reveal())] {
            assert_eq!(SessionToken::parse(text), None, "{text}");
        }
    }
}
