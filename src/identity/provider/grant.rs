//! Grants: what a person allowed a client, from the code to the last refreshed token. Every token hangs on one; when
//! the grant goes, so do they.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::scope::Scopes;
use super::{Provider, Result, json};
use crate::clock::Timestamp;
use crate::identity::account::{AccountId, Event, Happened, SessionId};
use crate::identity::jwk::Thumbprint;
use crate::secret;
use crate::storage::{Change, EntryIs, EntryWrite, KeyRange};

/// What the records of grants begin with.
pub(super) const GRANTS: &str = "grant/";
const DAY: Duration = Duration::from_hours(24);
/// How long a refresh token waits to be used.
///
/// Spec: O-169
const IDLE: Duration = DAY.saturating_mul(30);
/// How long refreshing may go on.
///
/// Spec: O-169
pub(super) const LONGEST: Duration = DAY.saturating_mul(180);
/// The most grants of one client in one session, such as a page that is loaded again and again; the oldest go.
const MOST_ALIKE: usize = 20;
/// The most grants of an account; the oldest go.
const MOST: usize = 500;

/// The name of a grant. It is no secret: refresh tokens begin with it, and so do the ids of other tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(Box<str>);

impl GrantId {
    pub(super) fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(secret::random::<16>()).into())
    }

    /// Reads an id; `None` if it cannot be one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (text.len() == 22 && text.bytes().all(plain)).then(|| Self(text.into()))
    }

    /// A new id for a token of this grant.
    pub(super) fn token_id(&self) -> String {
        format!("{self}.{}", URL_SAFE_NO_PAD.encode(secret::random::<16>()))
    }

    /// The grant of a token; `None` if the token was given for client credentials.
    pub(super) fn of_token(id: &str) -> Option<Self> {
        Self::parse(id.split_once('.')?.0)
    }

    pub(super) fn key(&self) -> Arc<str> {
        format!("{GRANTS}{self}").into()
    }

    fn index(&self, account: &AccountId) -> Arc<str> {
        format!("{}{self}", prefix(account)).into()
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The grants of an account, by name.
fn prefix(account: &AccountId) -> String {
    format!("granted/{account}/")
}

/// What a person allowed a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub account: AccountId,
    pub client: String,
    pub webid: String,
    /// The session in which it was allowed. Without a refresh token the grant ends with it.
    pub session: SessionId,
    pub scopes: Scopes,
    /// When the person signed in, and how (`amr`).
    pub authenticated: Timestamp,
    pub methods: Vec<String>,
    pub since: Timestamp,
    /// When it ends, whatever happens.
    pub until: Timestamp,
    /// The refresh tokens of the grant; `None`: there are none.
    pub family: Option<Family>,
}

/// The refresh tokens of a grant. One of them is good; each use makes the next.
///
/// Spec: O-168
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// The good one.
    pub generation: u64,
    /// When it was made.
    pub rotated: Timestamp,
    /// The key that all of them are bound to: a public client's.
    ///
    /// Spec: O-167
    pub jkt: Option<Thumbprint>,
}

impl Grant {
    /// When the grant ends if it is not used any more.
    ///
    /// Spec: O-169
    pub fn ends(&self) -> Timestamp {
        let idle = self.family.as_ref().map(|family| family.rotated.plus(IDLE));
        idle.map_or(self.until, |idle| idle.min(self.until))
    }
}

/// What the list of an account's grants says of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    pub client: String,
    session: SessionId,
    since: Timestamp,
}

/// A grant in an account's list.
struct Line {
    id: GrantId,
    listed: Listed,
}

impl Provider {
    /// Writes a new grant as a part of `change`, in the place of those that are too many.
    pub(super) async fn add_grant(&self, id: &GrantId, grant: &Grant, change: &mut Change) -> Result<()> {
        let Grant { client, session, since, .. } = grant;
        let listed = Listed { client: client.clone(), session: session.clone(), since: *since };
        let mut lines = self.lines(&grant.account).await?;
        for id in surplus(&mut lines, &listed) {
            change.entries.extend(gone(&id, &grant.account));
        }
        change.entries.push(EntryWrite { key: id.key(), expected: EntryIs::Absent, value: Some(json(grant)?) });
        let (key, value) = (id.index(&grant.account), Some(json(&listed)?));
        change.entries.push(EntryWrite { key, expected: EntryIs::Absent, value });
        Ok(())
    }

    /// Ends the grants of a session that have no refresh tokens, with all their tokens.
    ///
    /// Spec: O-196, O-45
    pub async fn revoke_session(&self, account: &AccountId, session: &SessionId) -> Result<()> {
        let lines = self.lines(account).await?;
        let of_session = lines.into_iter().filter(|line| line.listed.session == *session);
        let mut ended = Vec::new();
        for line in of_session {
            if self.grant(&line.id).await?.is_none_or(|(grant, _)| grant.family.is_none()) {
                ended.push(line.id);
            }
        }
        self.remove_grants(account, &ended).await
    }

    /// Ends all grants of an account: signed out everywhere, or the password was reset.
    ///
    /// Spec: O-196, O-326
    pub async fn revoke_account(&self, account: &AccountId) -> Result<()> {
        let mut change = self.change();
        change.entries = self.grants_gone(account, |_| true).await?;
        if !change.entries.is_empty() {
            self.storage.commit(change).await?;
        }
        Ok(())
    }

    /// The clients that an account has allowed to do something, each with when it last asked for a new grant.
    ///
    /// Spec: O-193
    pub async fn clients_of(&self, account: &AccountId) -> Result<BTreeMap<String, Timestamp>> {
        let mut clients = BTreeMap::new();
        for line in self.lines(account).await? {
            let latest = clients.entry(line.listed.client).or_insert(line.listed.since);
            *latest = line.listed.since.max(*latest);
        }
        Ok(clients)
    }

    /// Ends a grant whose code or refresh token came twice: somebody may have copied it. The owner is told.
    ///
    /// Spec: O-150, O-168
    pub(super) async fn end_copied(&self, id: &GrantId) -> Result<()> {
        let Some((grant, _)) = self.grant(id).await? else { return Ok(()) };
        tracing::warn!(client = grant.client, "a code or refresh token was used twice; what it gave was revoked");
        let consent = self.consents.with(&grant.account, &grant.client).await?;
        let host = consent.map_or(grant.client, |consent| consent.host);
        let mut change = self.change();
        change.entries.extend(gone(id, &grant.account));
        change.entries.extend(self.accounts.tell_of_copy(&grant.account, &host).await?);
        change.entries.push(Event::entry(change.at, &grant.account, Happened::ApplicationCopied { host })?);
        self.storage.commit(change).await?;
        Ok(())
    }

    /// The records that end some grants of an account, with all their tokens.
    pub(super) async fn grants_gone(
        &self,
        account: &AccountId,
        ends: impl Fn(&Listed) -> bool,
    ) -> Result<Vec<EntryWrite>> {
        let lines = self.lines(account).await?;
        Ok(lines.iter().filter(|line| ends(&line.listed)).flat_map(|line| gone(&line.id, account)).collect())
    }

    pub(super) async fn remove_grants(&self, account: &AccountId, ended: &[GrantId]) -> Result<()> {
        if ended.is_empty() {
            return Ok(());
        }
        let mut change = self.change();
        change.entries.extend(ended.iter().flat_map(|id| gone(id, account)));
        self.storage.commit(change).await?;
        Ok(())
    }

    /// A grant as it is kept, and what it must still be when it is written.
    pub(super) async fn grant(&self, id: &GrantId) -> Result<Option<(Grant, EntryIs)>> {
        let Some(entry) = self.storage.entry(&id.key()).await? else { return Ok(None) };
        Ok(Some((serde_json::from_slice(&entry.value)?, EntryIs::At(entry.version))))
    }

    async fn lines(&self, account: &AccountId) -> Result<Vec<Line>> {
        let prefix = prefix(account);
        // More than the most are there for a moment only, when several are made at once.
        let entries = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit: 2 * MOST }).await?;
        let line = |key: &str, value: &[u8]| {
            let id = GrantId::parse(key.strip_prefix(&prefix)?)?;
            Some(Line { id, listed: serde_json::from_slice(value).ok()? })
        };
        Ok(entries.iter().filter_map(|entry| line(&entry.key, &entry.value)).collect())
    }
}

/// Removes a grant, whatever became of it.
fn gone(id: &GrantId, account: &AccountId) -> [EntryWrite; 2] {
    [EntryWrite { key: id.key(), expected: EntryIs::Anything, value: None }, unlisted(id, account)]
}

/// Removes a grant from the list of its account.
pub(super) fn unlisted(id: &GrantId, account: &AccountId) -> EntryWrite {
    EntryWrite { key: id.index(account), expected: EntryIs::Anything, value: None }
}

/// The grants that go when a new one comes.
fn surplus(lines: &mut [Line], new: &Listed) -> Vec<GrantId> {
    lines.sort_by_key(|line| std::cmp::Reverse(line.listed.since));
    let mut alike = 0;
    let mut gone = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let is_alike = line.listed.client == new.client && line.listed.session == new.session;
        alike += usize::from(is_alike);
        if at + 1 >= MOST || is_alike && alike >= MOST_ALIKE {
            gone.push(line.id.clone());
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(client: &str, session: &str, second: i64) -> Line {
        let session = SessionId::parse(&format!("{session:-<22}")).unwrap();
        let listed = Listed { client: client.into(), session, since: Timestamp::from_seconds(second) };
        Line { id: GrantId::random(), listed }
    }

    #[test]
    fn the_oldest_of_too_many_grants_go() {
        let new = line("app", "phone", 1000).listed;
        let mut lines: Vec<_> = (0..25).map(|second| line("app", "phone", second)).collect();
        lines.push(line("app", "desk", -1));
        lines.push(line("robot", "phone", -2));
        let oldest: Vec<_> = lines[..6].iter().map(|line| line.id.clone()).collect();
        let mut gone = surplus(&mut lines, &new);
        gone.reverse();
        assert_eq!(gone, oldest);
        let mut many: Vec<_> = (0..501).map(|second| line(&second.to_string(), "phone", second)).collect();
        let oldest: Vec<_> = many[..2].iter().map(|line| line.id.clone()).collect();
        assert_eq!(surplus(&mut many, &new).into_iter().rev().collect::<Vec<_>>(), oldest);
    }

    #[test]
    fn the_id_of_a_token_tells_its_grant() {
        let grant = GrantId::random();
        assert_eq!(GrantId::of_token(&grant.token_id()), Some(grant));
        for id in ["", "token", "short.x", &secret::token()] {
            assert_eq!(GrantId::of_token(id), None, "{id}");
        }
    }
}
