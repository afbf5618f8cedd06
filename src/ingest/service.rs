//! What the owner does with connections: connect, ask for a run and watch it, change, disconnect.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::{Notify, watch};

use super::connection::{Connection, ConnectionId, Connections, Edit, MOST, New};
use super::outcome::{Status, Stopped};
use super::schedule::Frequency;
use super::{Connector, Parts, Progress, describe};
use crate::clock::Timestamp;
use crate::jobs::Task;
use crate::path::PodName;
use crate::storage::{self, EntryWrite, PodId};

/// How long the owner waits before asking for another run.
///
/// Spec: CP-23
pub const REST: Duration = Duration::from_mins(10);

/// What is not done for an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such connection")]
    NotConnected,
    #[error("there is no such connector")]
    NoConnector,
    #[error("a pod has at most {0} connections")]
    TooMany(usize),
    #[error("it is running already")]
    Running,
    #[error("it ran a short while ago; ask again in {} s", .0.as_secs() + 1)]
    TooSoon(Duration),
    #[error("it is being disconnected")]
    Leaving,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The pod did not take what had to be written.
    #[error("the pod cannot be written: {}", .0.name())]
    Pod(Status),
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        Self::Pod(stopped.status)
    }
}

type Result<T, E = Error> = std::result::Result<T, E>;

/// The connections of all pods, and what runs them.
pub struct Ingest {
    pub(super) parts: Parts,
    pub(super) connections: Connections,
    pub(super) connectors: BTreeMap<&'static str, Arc<dyn Connector>>,
    /// Who watches runs of this process.
    watched: Mutex<HashMap<ConnectionId, watch::Sender<Progress>>>,
    asked: Notify,
}

impl Ingest {
    pub fn new(parts: Parts, connectors: impl IntoIterator<Item = Arc<dyn Connector>>) -> Self {
        Self {
            connections: Connections::new(Arc::clone(parts.pods.storage())),
            connectors: connectors.into_iter().map(|connector| (connector.name(), connector)).collect(),
            watched: Mutex::default(),
            asked: Notify::new(),
            parts,
        }
    }

    /// The connectors that this server offers.
    pub fn connectors(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.connectors.keys().copied()
    }

    /// Notes that a source is to be connected. Nothing runs before the owner has reconnected it with credentials.
    ///
    /// Spec: CP-07
    pub async fn declare(&self, new: New) -> Result<ConnectionId> {
        self.add(new.connection(self.parts.clock.now()), false).await
    }

    /// Connects a source: describes it in the pod, and lets it run as soon as may be. Nothing runs before.
    ///
    /// Spec: CP-07, CP-26, CP-27
    pub async fn connect<T: Serialize + Sync>(&self, new: New, credentials: Option<&T>) -> Result<ConnectionId> {
        let mut connection = new.connection(self.parts.clock.now());
        if let Some(credentials) = credentials {
            connection.seal(&self.parts.secret, credentials);
        }
        self.add(connection, true).await
    }

    async fn add(&self, mut connection: Connection, runs: bool) -> Result<ConnectionId> {
        if !self.connectors.contains_key(&*connection.connector) {
            return Err(Refusal::NoConnector.into());
        }
        let pod = self.pod(&connection.pod).await?;
        if self.connections.of(pod).await?.len() >= MOST {
            return Err(Refusal::TooMany(MOST).into());
        }
        describe::describe(&self.parts.pods, &connection).await?;
        connection.described = true;
        let now = connection.created;
        let job = runs.then(|| self.ask(&mut connection, pod, now));
        self.connections.add(pod, &connection, job.into_iter().collect()).await?;
        self.wake();
        Ok(connection.id)
    }

    /// The connections of a pod, oldest first.
    ///
    /// Spec: CP-20, CP-21
    pub async fn connections(&self, pod: &PodName) -> Result<Vec<Connection>> {
        Ok(self.connections.of(self.pod(pod).await?).await?)
    }

    pub async fn connection(&self, pod: &PodName, id: &ConnectionId) -> Result<Connection> {
        let pod = self.pod(pod).await?;
        Ok(self.connections.find(pod, id).await?.ok_or(Refusal::NotConnected)?)
    }

    /// Lets it run now.
    ///
    /// Spec: CP-23
    pub async fn run_now(&self, pod: &PodName, id: &ConnectionId) -> Result<()> {
        let now = self.parts.clock.now();
        let number = self.pod(pod).await?;
        self.edit(number, id, |connection| {
            let state = &connection.state;
            if connection.leaving.is_some() {
                return Err(Refusal::Leaving);
            }
            if state.is_running(now) || state.is_asked(now) {
                return Err(Refusal::Running);
            }
            if let Some(left) = state.last_manual_execution.and_then(|last| left(last.plus(REST), now)) {
                return Err(Refusal::TooSoon(left));
            }
            connection.state.last_manual_execution = Some(now);
            Ok(vec![self.ask(connection, number, now)])
        })
        .await?;
        self.tell(id, Progress::Waiting);
        self.wake();
        Ok(())
    }

    /// Takes other credentials, and settings if they changed, and runs: what asked for the owner is answered.
    ///
    /// Spec: CP-24
    pub async fn reconnect<T: Serialize + Sync>(
        &self,
        pod: &PodName,
        id: &ConnectionId,
        credentials: &T,
        settings: Option<serde_json::Value>,
    ) -> Result<()> {
        let now = self.parts.clock.now();
        let number = self.pod(pod).await?;
        self.edit(number, id, |connection| {
            if connection.leaving.is_some() {
                return Err(Refusal::Leaving);
            }
            connection.seal(&self.parts.secret, credentials);
            if let Some(settings) = &settings {
                connection.settings = settings.clone();
            }
            Ok(vec![self.ask(connection, number, now)])
        })
        .await?;
        self.wake();
        Ok(())
    }

    /// Spec: CP-22
    pub async fn set_frequency(&self, pod: &PodName, id: &ConnectionId, frequency: Frequency) -> Result<()> {
        let now = self.parts.clock.now();
        let number = self.pod(pod).await?;
        self.edit(number, id, |connection| {
            let waits_for_owner = connection.state.last_status.is_some_and(Status::needs_owner);
            connection.described &= connection.frequency == frequency;
            connection.frequency = frequency;
            let next = if waits_for_owner { None } else { frequency.next(id, now) };
            Ok(self.schedule(connection, number, next).into_iter().collect())
        })
        .await?;
        self.described(pod, id).await
    }

    /// Spec: CP-25
    pub async fn set_label(&self, pod: &PodName, id: &ConnectionId, label: &str) -> Result<()> {
        self.edit(self.pod(pod).await?, id, |connection| {
            connection.described &= *connection.label == *label;
            connection.label = label.into();
            Ok(Vec::new())
        })
        .await?;
        self.described(pod, id).await
    }

    /// Changes what the connector has to know.
    pub async fn set_settings(&self, pod: &PodName, id: &ConnectionId, settings: &serde_json::Value) -> Result<()> {
        self.edit(self.pod(pod).await?, id, |connection| {
            connection.settings = settings.clone();
            Ok(Vec::new())
        })
        .await
    }

    /// Has the next run do this besides, such as `confirm-removals`: words that its connector knows. Unsaid with
    /// `wanted` false.
    pub async fn wish(&self, pod: &PodName, id: &ConnectionId, wish: &str, wanted: bool) -> Result<()> {
        self.edit(self.pod(pod).await?, id, |connection| {
            if wanted {
                connection.wishes.insert(wish.into())
            } else {
                connection.wishes.remove(wish)
            };
            Ok(Vec::new())
        })
        .await
    }

    /// How its runs go on, from now on.
    ///
    /// Spec: CP-23
    pub async fn watch(&self, pod: &PodName, id: &ConnectionId) -> Result<watch::Receiver<Progress>> {
        let state = self.connection(pod, id).await?.state;
        let now = self.parts.clock.now();
        let mut watched = self.watched.lock();
        // What has ended, and nobody watches any more, is forgotten.
        watched.retain(|_, told| told.receiver_count() > 0 || matches!(*told.borrow(), Progress::Running { .. }));
        let known = match state.last_status {
            _ if state.is_running(now) => Progress::Running { done: 0, total: 0 },
            Some(status) if !state.is_asked(now) => Progress::Ended(status),
            _ => Progress::Waiting,
        };
        Ok(watched.entry(id.clone()).or_insert_with(|| watch::channel(known).0).subscribe())
    }

    /// Waits until an owner asks for a run.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Forgets the connections of a pod that goes, with their credentials.
    ///
    /// Spec: O-329
    pub async fn forget(&self, pod: PodId) -> storage::Result<()> {
        self.connections.remove_all(pod).await
    }

    /// Has workers look at once for what is due.
    pub(super) fn wake(&self) {
        self.asked.notify_one();
    }

    /// Where the progress of a connection's runs is told.
    pub(super) fn told(&self, id: &ConnectionId) -> watch::Sender<Progress> {
        self.watched.lock().entry(id.clone()).or_insert_with(|| watch::channel(Progress::Waiting).0).clone()
    }

    pub(super) fn tell(&self, id: &ConnectionId, progress: Progress) {
        if let Some(told) = self.watched.lock().get(id) {
            told.send_replace(progress);
        }
    }

    pub(super) async fn pod(&self, name: &PodName) -> Result<PodId> {
        Ok(self.parts.pods.storage().pod(name).await?.ok_or(storage::Error::NoSuchPod)?.id)
    }

    /// Changes a connection, unless that is refused.
    pub(super) async fn edit(
        &self,
        pod: PodId,
        id: &ConnectionId,
        mut edit: impl FnMut(&mut Connection) -> Result<Vec<EntryWrite>, Refusal> + Send,
    ) -> Result<()> {
        let edited = self.connections.edit(pod, id, |connection| match edit(connection) {
            Ok(with) => (Ok(()), Edit::Keep(with)),
            Err(refusal) => (Err(refusal), Edit::Leave),
        });
        Ok(edited.await?.unwrap_or(Err(Refusal::NotConnected))?)
    }

    /// Says in the pod what a connection is now, if that is not said yet.
    async fn described(&self, pod: &PodName, id: &ConnectionId) -> Result<()> {
        let connection = self.connection(pod, id).await?;
        if connection.described {
            return Ok(());
        }
        describe::describe(&self.parts.pods, &connection).await?;
        self.edit(self.pod(pod).await?, id, |now| {
            now.described = now.label == connection.label && now.frequency == connection.frequency;
            Ok(Vec::new())
        })
        .await
    }

    /// A run as soon as may be, before all that is due by itself.
    pub(super) fn ask(&self, connection: &mut Connection, pod: PodId, now: Timestamp) -> EntryWrite {
        connection.state.asked = Some(now);
        let task = Task::Ingest { pod: pod.0, account: connection.id.as_str().into(), due: now };
        self.parts.jobs.entry(&task, Timestamp::default())
    }

    /// The next run by itself.
    pub(super) fn schedule(
        &self,
        connection: &mut Connection,
        pod: PodId,
        next: Option<Timestamp>,
    ) -> Option<EntryWrite> {
        if connection.state.next == next {
            return None;
        }
        connection.state.next = next;
        let due = next?;
        let task = Task::Ingest { pod: pod.0, account: connection.id.as_str().into(), due };
        Some(self.parts.jobs.entry(&task, due))
    }
}

fn left(until: Timestamp, now: Timestamp) -> Option<Duration> {
    u64::try_from(until.millis() - now.millis()).ok().filter(|left| *left > 0).map(Duration::from_millis)
}
