//! Sessions: who is signed in, on which device, since when and by what means.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use super::password::{Hash, Password, Verdict};
use super::throttle::Counted;
use super::{
    Account, AccountId, Accounts, Draft, Email, Error, Event, Happened, NEW, Refusal, Result, draft, json, link,
};
use crate::clock::Timestamp;
use crate::secret::{self, Secret};
use crate::storage::{self, Change, EntryIs, EntryWrite, KeyRange, Scope, Version};

/// How long a session lasts without being used.
///
/// Spec: O-169
const IDLE: Duration = Duration::from_hours(14 * 24);
/// How exactly the last use of a session is known: a write an hour, not one for each page.
const COARSE: Duration = Duration::from_hours(1);
/// How long ago somebody may have signed in to do what needs care, through the account API.
///
/// Spec: O-204
const FRESH: Duration = Duration::from_mins(10);
/// How long ago somebody may have shown who they are to do what needs care, on a page.
///
/// Spec: O-343
const CONFIRMED: Duration = Duration::from_mins(5);
/// The most sessions of an account; the oldest go.
const MOST: usize = 50;
/// How many sessions are remembered between requests.
const REMEMBERED: usize = 10_000;

/// The public name of a session, which tokens carry as `sid`. It stays when the session's token changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Box<str>);

impl SessionId {
    fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(secret::random::<16>()).into())
    }

    /// Reads an id; `None` if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        is_plain(text, 22).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn key(&self, account: &AccountId) -> Arc<str> {
        format!("{}{self}", prefix(account)).into()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a device shows to stay signed in: `{account}.{session}.{secret}`. Only a hash of the secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionToken {
    account: AccountId,
    session: SessionId,
    secret: Secret,
}

impl SessionToken {
    /// Reads a token; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (account, rest) = text.split_once('.')?;
        let (session, secret) = rest.split_once('.')?;
        let secret = Some(secret).filter(|secret| is_plain(secret, 43))?;
        Some(Self {
            account: AccountId::parse(account)?,
            session: SessionId::parse(session)?,
            secret: Secret::new(secret),
        })
    }

    /// The token itself, for the device alone.
    pub fn reveal(&self) -> String {
        format!("{}.{}.{}", self.account, self.session, self.secret.reveal())
    }

    fn key(&self) -> Arc<str> {
        self.session.key(&self.account)
    }
}

fn is_plain(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The sessions of an account.
fn prefix(account: &AccountId) -> String {
    format!("session/{account}/")
}

/// A means by which somebody shows who they are.
///
/// Spec: O-343
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A password.
    Pwd,
    /// A code that is used once.
    Otp,
    /// A key held by a device.
    Hwk,
    /// Another provider vouches: the school.
    Fed,
}

impl Method {
    /// The name in `amr` (RFC 8176; it has none for other providers, where `fed` is usual).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pwd => "pwd",
            Self::Otp => "otp",
            Self::Hwk => "hwk",
            Self::Fed => "fed",
        }
    }
}

/// The session at an upstream provider on which one of ours rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamSession {
    pub issuer: String,
    pub subject: String,
    pub session: Option<String>,
}

/// How somebody signed in, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignedInBy {
    pub methods: Vec<Method>,
    pub upstream: Option<UpstreamSession>,
    /// When they showed who they are elsewhere; `None`: now, and here.
    pub authenticated: Option<Timestamp>,
    /// Browser and system, so that people recognise their devices.
    pub device: Option<String>,
    /// Whether the device is theirs and stays signed in when its browser is closed.
    pub stays: bool,
}

impl SignedInBy {
    /// With a password.
    pub fn password() -> Self {
        Self { methods: vec![Method::Pwd], ..Self::default() }
    }
}

/// A device that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub since: Timestamp,
    /// When it ends unless it is used before.
    pub until: Timestamp,
    /// When it was last used, give or take an hour.
    pub last_seen: Timestamp,
    /// When somebody last showed who they are.
    pub authenticated: Timestamp,
    pub methods: Vec<Method>,
    pub upstream: Option<UpstreamSession>,
    pub device: Option<String>,
    pub stays: bool,
    /// SHA-256 of the token's secret.
    secret: [u8; 32],
}

impl Session {
    /// Whether somebody showed who they are recently enough for what the account API does with care.
    ///
    /// Spec: O-204
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now <= self.authenticated.plus(FRESH)
    }

    /// Whether somebody showed who they are recently enough for what a page does with care.
    ///
    /// Spec: O-343
    pub fn is_confirmed(&self, now: Timestamp) -> bool {
        now <= self.authenticated.plus(CONFIRMED)
    }

    /// The means as `amr` names them: two of different kinds are `mfa` as well.
    pub fn amr(&self) -> Vec<&'static str> {
        let several = (self.methods.len() > 1).then_some("mfa");
        self.methods.iter().map(|method| method.name()).chain(several).collect()
    }

    /// Adds what was just shown.
    fn authenticate(&mut self, methods: &[Method], now: Timestamp) {
        self.authenticated = now;
        for method in methods {
            if !self.methods.contains(method) {
                self.methods.push(*method);
            }
        }
    }

    fn see(&mut self, now: Timestamp) {
        (self.last_seen, self.until) = (now, now.plus(IDLE));
    }
}

/// Who is signed in, on this device.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub token: SessionToken,
    pub account: Account,
    pub session: Session,
}

/// Until when a session lasts for a WebID, and the house version at which it did.
type Seen = (Version, Option<Timestamp>);

/// Sessions on which tokens rest, remembered as long as no house record changes.
pub(super) struct Running(Cache<(SessionId, String), Seen>);

impl Default for Running {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Accounts {
    /// Signs in with e-mail address and password alone, where that is enough. `from` is the client's address, if it is
    /// known.
    ///
    /// Spec: O-324, O-325, O-341
    pub async fn sign_in(
        &self,
        email: Option<&Email>,
        password: Password,
        from: Option<IpAddr>,
    ) -> Result<SessionToken> {
        let account = self.check_password(email, password, from).await?;
        if self.factors(&account.id).await?.are_asked_for() {
            return Err(Refusal::SecondFactor.into());
        }
        self.begin(&account, SignedInBy::password()).await
    }

    /// The account that an e-mail address and a password open; nobody is signed in by this yet. Attempts are counted
    /// until [`Accounts::begin`] or [`Accounts::step_up`].
    ///
    /// Spec: O-324, O-325
    pub async fn check_password(
        &self,
        email: Option<&Email>,
        password: Password,
        from: Option<IpAddr>,
    ) -> Result<Account> {
        if let Some(address) = from {
            self.admit(Counted::Address(address)).await?;
        }
        let mut failures = 0;
        if let Some(email) = email {
            failures = self.count(Counted::Account(email)).await?;
        }
        let account = match email {
            Some(email) => self.by_email(email).await?,
            None => None,
        };
        let hash = account.as_ref().and_then(|account| account.login.as_ref()).map(|login| login.password.clone());
        let retyped = password.clone();
        let verdict = self.passwords.check(password, hash).await?;
        let (Some(account), Verdict::Right | Verdict::RightButStale) = (account, verdict) else {
            self.tell_of_guessing(email, failures).await?;
            if let Some(address) = from {
                self.count(Counted::Address(address)).await?;
            }
            return Err(Refusal::WrongLogin.into());
        };
        if verdict == Verdict::RightButStale {
            self.renew_hash(&account, retyped).await?;
        }
        Ok(account)
    }

    /// Begins a session of somebody who has shown who they are.
    ///
    /// Spec: O-192
    pub async fn begin(&self, account: &Account, by: SignedInBy) -> Result<SessionToken> {
        if account.disabled {
            return Err(Refusal::Disabled.into());
        }
        let now = self.clock.now();
        let (session, secret) = (SessionId::random(), Secret::random());
        let token = SessionToken { account: account.id.clone(), session, secret };
        let session = Session {
            id: token.session.clone(),
            since: now,
            until: now.plus(IDLE),
            last_seen: now,
            authenticated: by.authenticated.map_or(now, |at| at.min(now)),
            methods: by.methods,
            upstream: by.upstream,
            device: by.device,
            stays: by.stays,
            secret: secret::hash_secret(token.secret.reveal()),
        };
        let mut change = Change::of(Scope::House, now);
        change.entries.extend(forgotten(account));
        change.entries.extend(self.old_events(&account.id, now).await?);
        let happened = Happened::SignedIn { device: session.device.clone() };
        change.entries.push(Event::entry(now, &account.id, happened)?);
        if let Some(key) = link::session_key(&session) {
            change.entries.push(EntryWrite { key, expected: EntryIs::Anything, value: Some(json(&account.id)?) });
        }
        change.entries.push(EntryWrite { key: token.key(), expected: NEW, value: Some(json(&session)?) });
        let mut others = self.session_entries(&account.id).await?;
        others.sort_by_key(|(_, session)| std::cmp::Reverse(session.as_ref().map(|session| session.until)));
        let ended = |session: &Option<Session>| session.as_ref().is_none_or(|session| session.until < now);
        let gone = others.iter().enumerate().filter(|(at, (_, session))| *at + 1 >= MOST || ended(session));
        change.entries.extend(gone.map(|(_, (key, _))| gone_entry(key.clone())));
        self.storage.commit(change).await?;
        Ok(token)
    }

    /// Somebody who is signed in has shown again who they are: the session's token changes, its id stays.
    ///
    /// Spec: O-192, O-343
    pub async fn step_up(&self, by: &SignedIn, methods: &[Method]) -> Result<SessionToken> {
        let now = self.clock.now();
        let token = SessionToken { secret: Secret::random(), ..by.token.clone() };
        let key = token.key();
        let (mut session, version) = self.running(&by.token).await?.ok_or(Refusal::SignedOut)?;
        session.secret = secret::hash_secret(token.secret.reveal());
        session.authenticate(methods, now);
        session.see(now);
        let mut change = Change::of(Scope::House, now);
        change.entries.extend(forgotten(&by.account));
        change.entries.push(EntryWrite { key, expected: EntryIs::At(version), value: Some(json(&session)?) });
        self.storage.commit(change).await?;
        Ok(token)
    }

    /// Who shows this token; `None` if its session has ended. Seeing a session keeps it alive.
    pub async fn signed_in(&self, token: &SessionToken) -> Result<Option<SignedIn>> {
        let Some((mut session, version)) = self.running(token).await? else { return Ok(None) };
        let account = self.account(&token.account).await?;
        let Some(account) = account.filter(|account| !account.disabled) else { return Ok(None) };
        let now = self.clock.now();
        if session.last_seen.plus(COARSE) <= now {
            session.see(now);
            let (key, value) = (token.key(), Some(json(&session)?));
            let mut change = Change::of(Scope::House, now);
            change.entries.push(EntryWrite { key, expected: EntryIs::At(version), value });
            match self.storage.commit(change).await {
                // Another request has seen it too, or ended it.
                Err(storage::Error::Moved) => {}
                done => drop(done?),
            }
        }
        Ok(Some(SignedIn { token: token.clone(), account, session }))
    }

    /// The devices that are signed in, the one that was used last first.
    ///
    /// Spec: O-193
    pub async fn sessions(&self, account: &AccountId) -> Result<Vec<Session>> {
        let now = self.clock.now();
        let mut sessions: Vec<_> = self.session_entries(account).await?.into_iter().filter_map(|(_, s)| s).collect();
        sessions.retain(|session| session.until >= now);
        sessions.sort_by_key(|session| std::cmp::Reverse(session.last_seen));
        Ok(sessions)
    }

    /// Whether a session of the account that may sign in as this WebID still runs: tokens that carry its id are good as
    /// long as it does. Cheap enough to ask on every request.
    ///
    /// Spec: O-45
    pub async fn session_stands(&self, id: &str, webid: &str) -> Result<bool> {
        let Some(id) = SessionId::parse(id) else { return Ok(false) };
        let version = self.storage.house_version().await?;
        let place = (id, webid.to_owned());
        let until = match self.running.0.get(&place) {
            Some((seen, until)) if seen == version => until,
            _ => {
                let until = self.lasts_until(&place.0, webid).await?;
                self.running.0.insert(place, (version, until));
                until
            }
        };
        Ok(until.is_some_and(|until| until >= self.clock.now()))
    }

    async fn lasts_until(&self, id: &SessionId, webid: &str) -> Result<Option<Timestamp>> {
        let Some(account) = self.entry::<AccountId>(&draft::webid_key(webid)).await? else { return Ok(None) };
        let Some(account) = self.account(&account).await?.filter(|account| !account.disabled) else { return Ok(None) };
        Ok(self.entry::<Session>(&id.key(&account.id)).await?.map(|session| session.until))
    }

    /// Ends the session of a token. One that has ended already is no error.
    pub async fn end_session(&self, token: &SessionToken) -> Result<()> {
        self.remove_entries([token.key()]).await
    }

    /// Ends one session of an account.
    ///
    /// Spec: O-193
    pub async fn end(&self, account: &AccountId, session: &SessionId) -> Result<()> {
        self.remove_entries([session.key(account)]).await
    }

    /// Ends all sessions of an account.
    pub async fn end_sessions(&self, account: &AccountId) -> Result<()> {
        self.end_where(account, |_| true).await
    }

    /// Ends all sessions of an account by the commit that changes it.
    ///
    /// Spec: O-326
    pub(super) async fn sign_out_everywhere(&self, draft: &mut Draft) -> Result<()> {
        let sessions = self.session_entries(&draft.account().id).await?;
        for (key, _) in sessions {
            draft.give_up(key);
        }
        Ok(())
    }

    /// Ends the sessions of an account that answer to this; a record that cannot be read always does.
    pub async fn end_where(&self, account: &AccountId, ends: impl Fn(&Session) -> bool) -> Result<()> {
        let ends = |session: &Option<Session>| session.as_ref().is_none_or(&ends);
        loop {
            let entries = self.session_entries(account).await?;
            let ending: Vec<_> = entries.into_iter().filter(|(_, session)| ends(session)).collect();
            if ending.is_empty() {
                return Ok(());
            }
            let upstream = |session: &Option<Session>| session.as_ref().and_then(link::session_key);
            let keys = ending.iter().flat_map(|(key, session)| [Some(key.clone()), upstream(session)]).flatten();
            let keys: Vec<_> = keys.collect();
            self.remove_entries(keys).await?;
        }
    }

    /// The session of a token and the version of its record, if it runs.
    async fn running(&self, token: &SessionToken) -> Result<Option<(Session, Version)>> {
        let Some(entry) = self.storage.entry(&token.key()).await? else { return Ok(None) };
        let Ok(session) = serde_json::from_slice::<Session>(&entry.value) else { return Ok(None) };
        let shown = secret::equal(&secret::hash_secret(token.secret.reveal()), &session.secret);
        Ok((shown && session.until >= self.clock.now()).then_some((session, entry.version)))
    }

    async fn session_entries(&self, account: &AccountId) -> Result<Vec<(Arc<str>, Option<Session>)>> {
        let prefix = prefix(account);
        let entries = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit: 2 * MOST }).await?;
        Ok(entries.into_iter().map(|entry| (entry.key, serde_json::from_slice(&entry.value).ok())).collect())
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
        let hash: Hash = self.passwords.hash(password).await?;
        match self.edit(&account.id, |draft| draft.replace_password(&login.password, hash.clone())).await {
            Err(Error::Refused(Refusal::WrongLogin) | Error::Storage(storage::Error::Moved)) => Ok(()),
            done => done,
        }
    }
}

/// Failed attempts do not count any more.
fn forgotten(account: &Account) -> Option<EntryWrite> {
    account.login.as_ref().map(|login| Accounts::forgotten(Counted::Account(&login.email)))
}

fn gone_entry(key: Arc<str>) -> EntryWrite {
    EntryWrite { key, expected: EntryIs::Anything, value: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_does_not_show() {
        let (session, secret) = (SessionId::random(), Secret::random());
        let token = SessionToken { account: AccountId::random(), session, secret };
        let text = token.reveal();
        assert_eq!(SessionToken::parse(&text), Some(token.clone()));
        assert!(!format!("{token:?}").contains(token.secret.reveal()));
        for text in ["", ".", "..", "abc.def.ghi", &text[1..], &text[..90], &format!("{text}=")] {
            assert_eq!(SessionToken::parse(text), None, "{text}");
        }
    }
}
