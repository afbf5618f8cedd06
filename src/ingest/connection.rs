//! Connections: one house record for each source that an owner connected, with the credentials sealed in it.
//!
//! Changes to a record are decided upon the version that was read, so that two clicks, or two nodes, never begin the
//! same run twice.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::outcome::{Status, Stopped};
use super::schedule::Frequency;
use crate::clock::Timestamp;
use crate::path::PodName;
use crate::secret::{self, SecretKey};
use crate::storage::{self, Change, Entry, EntryIs, EntryWrite, KeyRange, PodId, Scope, Storage};

/// How often a change is decided again because someone wrote first.
const ATTEMPTS: usize = 8;
/// After this long, nobody waits any more for a run that was asked for.
const FORGOTTEN: Duration = Duration::from_hours(1);
/// The most connections of one pod.
pub const MOST: usize = 50;

/// The random name of a connection in addresses and records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectionId(Arc<str>);

impl ConnectionId {
    fn random() -> Self {
        Self(format!("{:016x}", u64::from_be_bytes(secret::random())).into())
    }

    /// Reads an id; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        (text.len() == 16 && text.bytes().all(plain)).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ConnectionId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a connection id")
    }
}

impl From<ConnectionId> for String {
    fn from(id: ConnectionId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A source that an owner connected.
///
/// Spec: CP-20, CP-21, CP-27
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    pub id: ConnectionId,
    /// The name of its connector.
    pub connector: Box<str>,
    pub pod: PodName,
    /// The WebID as which it writes.
    pub owner: Box<str>,
    /// What the owner calls it.
    pub label: Box<str>,
    /// What the connector has to know that is no secret.
    #[serde(default)]
    pub settings: serde_json::Value,
    pub frequency: Frequency,
    pub created: Timestamp,
    #[serde(default)]
    pub state: State,
    /// What the owner wants of the next run besides; each connector knows its own words.
    #[serde(default)]
    pub wishes: BTreeSet<Box<str>>,
    /// The owner has disconnected it: this is still to be done.
    #[serde(default)]
    pub leaving: Option<Leaving>,
    /// Whether its description in the pod is as it should be.
    #[serde(default)]
    pub(super) described: bool,
    #[serde(default)]
    credentials: Option<Sealed>,
}

/// What becomes of the data of a source that is disconnected.
///
/// Spec: CP-28, CP-85
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leaving {
    /// They stay, as they are.
    Keep,
    /// What the owner never edited is deleted.
    Remove,
}

/// How a connection fares.
///
/// Spec: CP-21
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    pub last_execution: Option<Timestamp>,
    pub last_success: Option<Timestamp>,
    pub last_failure: Option<Timestamp>,
    pub last_manual_execution: Option<Timestamp>,
    pub last_status: Option<Status>,
    /// Which field or step ended the last run early.
    pub last_at: Option<Box<str>>,
    /// When it runs by itself next.
    pub next: Option<Timestamp>,
    /// When the owner asked for a run that has not ended yet.
    pub asked: Option<Timestamp>,
    pub running: Option<Lease>,
}

/// The right to run, until it ends: whoever dies running loses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who runs: random.
    pub by: Box<str>,
    pub until: Timestamp,
}

impl State {
    pub fn is_running(&self, now: Timestamp) -> bool {
        self.running.as_ref().is_some_and(|lease| lease.until > now)
    }

    /// Whether the lease is still this one's.
    pub(super) fn is_run_by(&self, lease: &str) -> bool {
        self.running.as_ref().is_some_and(|running| *running.by == *lease)
    }

    /// Whether a run that the owner asked for is still to begin. One that was lost may be asked for again.
    pub fn is_asked(&self, now: Timestamp) -> bool {
        self.asked.is_some_and(|asked| asked.plus(FORGOTTEN) > now)
    }
}

/// Credentials as they are kept: encrypted, for this connection only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Sealed(Box<str>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Connection {
    /// Whether something can be opened at the other side with what is kept; the key may have been lost since.
    pub fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// Keeps credentials.
    ///
    /// Spec: CP-26
    pub fn seal<T: Serialize>(&mut self, key: &SecretKey, credentials: &T) {
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(credentials).unwrap_or_default());
        let sealed = key.seal(&self.purpose(), &plain);
        self.credentials = Some(Sealed(STANDARD_NO_PAD.encode(sealed).into()));
    }

    /// The credentials; `None` if there are none, or they do not open any more.
    pub fn unseal<T: DeserializeOwned>(&self, key: &SecretKey) -> Option<T> {
        let sealed = STANDARD_NO_PAD.decode(&*self.credentials.as_ref()?.0).ok()?;
        let plain = key.open(&self.purpose(), &sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }

    /// Takes over the credentials that another copy of this connection has, or that it has none.
    pub(super) fn take_credentials(&mut self, from: &Self) {
        self.credentials.clone_from(&from.credentials);
    }

    pub fn forget_credentials(&mut self) {
        self.credentials = None;
    }

    /// Notes how a run ended, and that it has.
    ///
    /// Spec: CP-21
    pub(super) fn note(&mut self, started: Timestamp, end: Result<Status, Stopped>) {
        let state = &mut self.state;
        let (status, at) = match end {
            Ok(status) => (status, None),
            Err(stopped) => (stopped.status, stopped.at),
        };
        state.running = None;
        state.last_execution = Some(started);
        state.last_status = Some(status);
        state.last_at = at.map(Into::into);
        let last = if status.is_good() { &mut state.last_success } else { &mut state.last_failure };
        *last = Some(started);
    }

    fn purpose(&self) -> String {
        format!("connection {} {}", self.pod, self.id)
    }
}

/// A connection that is about to be made.
#[derive(Debug, Clone)]
pub struct New {
    pub connector: Box<str>,
    pub pod: PodName,
    pub owner: Box<str>,
    pub label: Box<str>,
    pub settings: serde_json::Value,
    pub frequency: Frequency,
}

impl New {
    pub fn connection(self, now: Timestamp) -> Connection {
        let Self { connector, pod, owner, label, settings, frequency } = self;
        let (state, wishes, credentials) = (State::default(), BTreeSet::new(), None);
        let id = ConnectionId::random();
        Connection {
            id,
            connector,
            pod,
            owner,
            label,
            settings,
            frequency,
            created: now,
            state,
            wishes,
            leaving: None,
            described: false,
            credentials,
        }
    }
}

/// What an edit of a connection leads to.
pub enum Edit {
    /// Write it, and these records with it.
    Keep(Vec<EntryWrite>),
    /// Remove it, and write these records.
    Remove(Vec<EntryWrite>),
    /// Leave it as it is.
    Leave,
}

/// The connections of this server.
pub struct Connections {
    storage: Arc<dyn Storage>,
}

impl Connections {
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage }
    }

    /// The connections of a pod, oldest first.
    pub async fn of(&self, pod: PodId) -> storage::Result<Vec<Connection>> {
        let prefix = prefix(pod);
        let rows = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit: MOST }).await?;
        let mut connections = rows.iter().map(read).collect::<storage::Result<Vec<_>>>()?;
        connections.sort_by_key(|connection| connection.created);
        Ok(connections)
    }

    pub async fn find(&self, pod: PodId, id: &ConnectionId) -> storage::Result<Option<Connection>> {
        self.storage.entry(&key(pod, id)).await?.as_ref().map(read).transpose()
    }

    /// Writes a new connection, with other records.
    pub async fn add(&self, pod: PodId, connection: &Connection, with: Vec<EntryWrite>) -> storage::Result<()> {
        let row = EntryWrite {
            key: key(pod, &connection.id).into(),
            expected: EntryIs::Absent,
            value: Some(serde_json::to_vec(connection).unwrap_or_default().into()),
        };
        self.commit([row].into_iter().chain(with).collect()).await
    }

    /// Changes a connection as `edit` says, which is asked again if somebody else writes meanwhile. `None`: there is no
    /// such connection.
    pub async fn edit<T>(
        &self,
        pod: PodId,
        id: &ConnectionId,
        mut edit: impl FnMut(&mut Connection) -> (T, Edit) + Send,
    ) -> storage::Result<Option<T>> {
        for _ in 0..ATTEMPTS {
            let Some(entry) = self.storage.entry(&key(pod, id)).await? else { return Ok(None) };
            let mut connection = read(&entry)?;
            let (told, with, value) = match edit(&mut connection) {
                (told, Edit::Leave) => return Ok(Some(told)),
                (told, Edit::Keep(with)) => {
                    (told, with, Some(serde_json::to_vec(&connection).unwrap_or_default().into()))
                }
                (told, Edit::Remove(with)) => (told, with, None),
            };
            let row = EntryWrite { key: entry.key, expected: EntryIs::At(entry.version), value };
            match self.commit([row].into_iter().chain(with).collect()).await {
                Err(storage::Error::Moved | storage::Error::Taken(_)) => {}
                done => return done.map(|()| Some(told)),
            }
        }
        Err(storage::Error::Moved)
    }

    /// Removes all connections of a pod that goes.
    pub async fn remove_all(&self, pod: PodId) -> storage::Result<()> {
        let prefix = prefix(pod);
        loop {
            let rows = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit: MOST }).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let gone = |row: Entry| EntryWrite { key: row.key, expected: EntryIs::Anything, value: None };
            self.commit(rows.into_iter().map(gone).collect()).await?;
        }
    }

    async fn commit(&self, entries: Vec<EntryWrite>) -> storage::Result<()> {
        let mut change = Change::of(Scope::House, self.storage.now().await?);
        change.entries = entries;
        self.storage.commit(change).await.map(|_| ())
    }
}

fn prefix(pod: PodId) -> String {
    format!("connection/{}/", pod.0)
}

fn key(pod: PodId, id: &ConnectionId) -> String {
    format!("{}{id}", prefix(pod))
}

fn read(entry: &Entry) -> storage::Result<Connection> {
    serde_json::from_slice(&entry.value)
        .map_err(|_| storage::Error::Failed(format!("the record {} cannot be read", entry.key)))
}
