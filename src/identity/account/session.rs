//! Sessions: who is signed in, on which device, since when and by what means.

mod token;

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use super::sign_in::{Method, SignedInBy, UpstreamSession};
use super::{Account, AccountId, Accounts, Draft, Event, Happened, NEW, Refusal, Result, draft, json, link};
use crate::clock::Timestamp;
use crate::secret;
use crate::storage::{self, Change, Entry, EntryIs, EntryWrite, KeyRange, Scope, Version};

pub use token::{SessionId, SessionToken};

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

    /// The means as `amr` names them. `mfa` is there as well if somebody showed what they know, or a school vouched for
    /// them, and what they have.
    ///
    /// Spec: O-343
    pub fn amr(&self) -> Vec<&'static str> {
        let holds = |method: &Method| matches!(method, Method::Otp | Method::Hwk);
        let several = self.methods.iter().any(holds) && !self.methods.iter().all(holds);
        self.methods.iter().map(|method| method.name()).chain(several.then_some("mfa")).collect()
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
    /// Begins a session of somebody who has shown who they are.
    ///
    /// Spec: O-192
    pub async fn begin(&self, account: &Account, by: SignedInBy) -> Result<SessionToken> {
        if account.disabled {
            return Err(Refusal::Disabled.into());
        }
        let now = self.clock.now();
        let token = SessionToken::random(account.id.clone());
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
            secret: token.hash(),
        };
        let mut change = Change::of(Scope::House, now);
        change.entries.extend(self.forgiven(account));
        change.entries.extend(self.old_events(&account.id, now).await?);
        let happened = Happened::SignedIn { device: session.device.clone() };
        change.entries.push(Event::entry(now, &account.id, happened)?);
        if let Some(key) = link::session_key(&session) {
            change.entries.push(EntryWrite { key, expected: NEW, value: Some(json(&account.id)?) });
        }
        change.entries.push(EntryWrite { key: key_of(&token), expected: NEW, value: Some(json(&session)?) });
        let mut others = self.kept_sessions(&account.id).await?;
        others.sort_by_key(|kept| std::cmp::Reverse(kept.session.as_ref().map(|session| session.until)));
        let gone =
            others.into_iter().enumerate().filter(|(at, kept)| *at + 1 >= MOST || kept.answers(|s| s.until < now));
        change.entries.extend(gone.flat_map(|(_, kept)| kept.keys()).map(gone_entry));
        self.storage.commit(change).await?;
        Ok(token)
    }

    /// Somebody who is signed in has shown again who they are: the session's token changes, its id stays.
    ///
    /// Spec: O-192, O-343
    pub async fn step_up(&self, by: &SignedIn, methods: &[Method]) -> Result<SessionToken> {
        let now = self.clock.now();
        let token = by.token.renewed();
        let key = key_of(&token);
        let (mut session, version) = self.running(&by.token).await?.ok_or(Refusal::SignedOut)?;
        session.secret = token.hash();
        session.authenticate(methods, now);
        session.see(now);
        let mut change = Change::of(Scope::House, now);
        change.entries.extend(self.forgiven(&by.account));
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
            let (key, value) = (key_of(token), Some(json(&session)?));
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
        let mut sessions: Vec<_> =
            self.kept_sessions(account).await?.into_iter().filter_map(|kept| kept.session).collect();
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
        self.end(&token.account, &token.session).await
    }

    /// Ends one session of an account.
    ///
    /// Spec: O-193
    pub async fn end(&self, account: &AccountId, session: &SessionId) -> Result<()> {
        match self.storage.entry(&session.key(account)).await? {
            Some(entry) => self.commit(Kept::of(entry).keys().map(gone_entry)).await,
            None => Ok(()),
        }
    }

    /// Ends all sessions of an account.
    pub async fn end_sessions(&self, account: &AccountId) -> Result<()> {
        self.end_where(account, |_| true).await
    }

    /// Ends all sessions of an account by the commit that changes it.
    ///
    /// Spec: O-326
    pub(super) async fn sign_out_everywhere(&self, draft: &mut Draft) -> Result<()> {
        self.sign_out_where(draft, |_| true).await
    }

    /// As [`Accounts::sign_out_everywhere`], but only the sessions that answer to this.
    pub(super) async fn sign_out_where(&self, draft: &mut Draft, ends: impl Fn(&Session) -> bool) -> Result<()> {
        let sessions = self.kept_sessions(&draft.account().id).await?;
        for key in sessions.into_iter().filter(|kept| kept.answers(&ends)).flat_map(Kept::keys) {
            draft.give_up(key);
        }
        Ok(())
    }

    /// Ends the sessions of an account that answer to this; a record that cannot be read always does.
    pub async fn end_where(&self, account: &AccountId, ends: impl Fn(&Session) -> bool) -> Result<()> {
        loop {
            let mut ending = self.kept_sessions(account).await?;
            ending.retain(|kept| kept.answers(&ends));
            if ending.is_empty() {
                return Ok(());
            }
            self.commit(ending.into_iter().flat_map(Kept::keys).map(gone_entry)).await?;
        }
    }

    /// The session of a token and the version of its record, if it runs.
    async fn running(&self, token: &SessionToken) -> Result<Option<(Session, Version)>> {
        let Some(entry) = self.storage.entry(&key_of(token)).await? else { return Ok(None) };
        let Ok(session) = serde_json::from_slice::<Session>(&entry.value) else { return Ok(None) };
        let shown = secret::equal(&token.hash(), &session.secret);
        Ok((shown && session.until >= self.clock.now()).then_some((session, entry.version)))
    }

    async fn kept_sessions(&self, account: &AccountId) -> Result<Vec<Kept>> {
        let prefix = token::prefix(account);
        let entries = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit: 2 * MOST }).await?;
        Ok(entries.into_iter().map(Kept::of).collect())
    }
}

/// A session's record. One that cannot be read can still be ended.
struct Kept {
    key: Arc<str>,
    session: Option<Session>,
}

impl Kept {
    fn of(entry: Entry) -> Self {
        Self { session: serde_json::from_slice(&entry.value).ok(), key: entry.key }
    }

    /// Whether it is to go, if sessions of which this holds are to.
    fn answers(&self, ends: impl Fn(&Session) -> bool) -> bool {
        self.session.as_ref().is_none_or(ends)
    }

    /// All records that there are because of the session: whoever ends it removes them.
    ///
    /// Spec: O-310, O-329
    fn keys(self) -> impl Iterator<Item = Arc<str>> {
        let upstream = self.session.as_ref().and_then(link::session_key);
        iter::once(self.key).chain(upstream)
    }
}

fn key_of(token: &SessionToken) -> Arc<str> {
    token.session.key(&token.account)
}

fn gone_entry(key: Arc<str>) -> EntryWrite {
    EntryWrite { key, expected: EntryIs::Anything, value: None }
}
