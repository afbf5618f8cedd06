//! Work that is due later, or that must be tried again: rows with a due time, kept in storage.
//!
//! A job is claimed by moving its due time to the end of a lease: whoever dies while working loses it to the next one
//! who looks. So a job is done at least once, and what it does must bear being done twice. Several nodes may look at
//! the same rows; they go by the clock of the store.
//!
//! Tasks that carry addresses, or links that open accounts, are sealed with the secret key. The others are not, so that
//! what is owed to people, such as erasing their account, is done even if that key is lost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::mail::Message;
use crate::secret::{self, SecretKey};
use crate::storage::{self, Change, EntryIs, EntryWrite, KeyRange, Scope, Storage, Version};

/// How many rows are looked at a time.
const PAGE: usize = 8;
/// The first wait after a failure; it doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(1);
/// After this many tries, spread over a day, a job is given up.
const TRIES: u32 = 30;
/// What tasks are sealed for.
const PURPOSE: &str = "job";

/// What waits for what: runs of connectors take minutes, and no letter waits for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    House,
    /// Runs of connectors.
    Runs,
}

impl Lane {
    /// The keys of its jobs begin so; the due time follows, so that they lie in the order in which they are due.
    const fn prefix(self) -> &'static str {
        match self {
            Self::House => "job/",
            Self::Runs => "run/",
        }
    }

    /// How long one try may take before others may think that it died.
    const fn lease(self) -> Duration {
        match self {
            Self::House => Duration::from_mins(5),
            Self::Runs => Duration::from_mins(15),
        }
    }

    /// How many of its jobs one worker does at a time.
    const fn at_a_time(self) -> usize {
        match self {
            Self::House => PAGE,
            Self::Runs => 1,
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Send a letter.
    Mail(Message),
    /// Remove a house record whose time is over.
    Forget { key: Box<str> },
    /// Send a link to choose a new password, if somebody signs in with this address.
    Reset { email: Box<str> },
    /// Give up an address that an account had.
    Release { account: Box<str>, email: Box<str> },
    /// Tell the owner of a pod that its documents name other issuers than before, or none.
    Issuers { pod: Box<str>, gone: bool },
    /// Erase an account that its owner deleted, with its pods.
    Erase { account: Box<str> },
    /// Remind the owner of an account that no school opens any more, or close it.
    Unaffiliated { account: Box<str>, due: Timestamp },
    /// Give back a way into an account, as two operators agreed.
    Rescue { account: Box<str>, due: Timestamp },
    /// Run a connection, by the number of its pod, if that time is still the one.
    Ingest { pod: i64, account: Box<str>, due: Timestamp },
    /// Have the files of a pod's drop folder filed.
    Dropped { pod: Box<str> },
}

impl Task {
    /// Whether it is tried until it works, however long that takes.
    const fn is_owed(&self) -> bool {
        match self {
            Self::Erase { .. }
            | Self::Release { .. }
            | Self::Unaffiliated { .. }
            | Self::Rescue { .. }
            | Self::Ingest { .. } => true,
            Self::Mail(_) | Self::Forget { .. } | Self::Reset { .. } | Self::Issuers { .. } | Self::Dropped { .. } => {
                false
            }
        }
    }

    const fn lane(&self) -> Lane {
        if matches!(self, Self::Ingest { .. }) { Lane::Runs } else { Lane::House }
    }

    /// Whether it tells nobody anything that the records do not: they are named, and no more.
    const fn is_plain(&self) -> bool {
        match self {
            Self::Forget { .. }
            | Self::Erase { .. }
            | Self::Unaffiliated { .. }
            | Self::Rescue { .. }
            | Self::Issuers { .. }
            | Self::Ingest { .. }
            | Self::Dropped { .. } => true,
            Self::Mail(_) | Self::Reset { .. } | Self::Release { .. } => false,
        }
    }

    /// What the log calls it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Mail(_) => "mail",
            Self::Forget { .. } => "forget",
            Self::Reset { .. } => "reset",
            Self::Release { .. } => "release",
            Self::Issuers { .. } => "issuers",
            Self::Erase { .. } => "erase",
            Self::Unaffiliated { .. } => "unaffiliated",
            Self::Rescue { .. } => "rescue",
            Self::Ingest { .. } => "ingest",
            Self::Dropped { .. } => "dropped",
        }
    }
}

/// A job's name: random, the same at every try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Box<str>);

impl JobId {
    fn random() -> Self {
        Self(uuid::Uuid::from_bytes(secret::random()).simple().to_string().into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a job was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undone {
    /// Trying again may help.
    #[error("{0}")]
    Failed(String),
    /// It will never work.
    #[error("{0}")]
    Hopeless(String),
}

impl From<storage::Error> for Undone {
    fn from(error: storage::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Who does what is due.
#[async_trait]
pub trait Worker: Send + Sync {
    async fn perform(&self, id: &JobId, task: &Task) -> Result<(), Undone>;
}

/// A job as it is kept.
#[derive(Serialize, Deserialize)]
struct Row {
    id: JobId,
    /// How often it was begun.
    tries: u32,
    #[serde(flatten)]
    task: Kept,
}

/// A task as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kept {
    Plain(Task),
    Sealed(String),
}

/// A job that is ours until its lease ends.
struct Claimed {
    row: Row,
    key: Arc<str>,
    version: Version,
}

/// The jobs of this server.
pub struct Jobs {
    storage: Arc<dyn Storage>,
    secret: Arc<SecretKey>,
}

impl Jobs {
    pub fn new(storage: Arc<dyn Storage>, secret: Arc<SecretKey>) -> Self {
        Self { storage, secret }
    }

    /// A job, to be written by the commit that makes it necessary.
    pub fn entry(&self, task: &Task, due: Timestamp) -> EntryWrite {
        let lane = task.lane();
        let task = if task.is_plain() { Kept::Plain(task.clone()) } else { self.seal(task) };
        Row { id: JobId::random(), tries: 0, task }.entry(lane, due)
    }

    fn seal(&self, task: &Task) -> Kept {
        let bytes = serde_json::to_vec(task).unwrap_or_default();
        Kept::Sealed(STANDARD_NO_PAD.encode(self.secret.seal(PURPOSE, &bytes)))
    }

    /// Queues a task by a commit of its own.
    pub async fn queue(&self, task: &Task, due: Timestamp) -> storage::Result<()> {
        let mut change = Change::of(Scope::House, due);
        change.entries.push(self.entry(task, due));
        self.storage.commit(change).await.map(|_| ())
    }

    /// Does all that is due in one lane, and says how much that was.
    pub async fn work(&self, lane: Lane, worker: &dyn Worker) -> storage::Result<usize> {
        let mut done = 0;
        loop {
            let claimed = self.claim(lane).await?;
            if claimed.is_empty() {
                return Ok(done);
            }
            done += claimed.len();
            let tries = join_all(claimed.into_iter().map(|job| self.attempt(lane, worker, job))).await;
            tries.into_iter().collect::<storage::Result<()>>()?;
        }
    }

    /// Takes a few jobs that are due; those that somebody else takes meanwhile are left to them.
    async fn claim(&self, lane: Lane) -> storage::Result<Vec<Claimed>> {
        let now = self.storage.now().await?;
        let rows = self.storage.entries(KeyRange { prefix: lane.prefix(), after: None, limit: PAGE }).await?;
        let mut claimed = Vec::new();
        for entry in rows.into_iter().filter(|entry| is_due(lane, &entry.key, now)) {
            let Ok(row) = serde_json::from_slice::<Row>(&entry.value) else {
                tracing::error!("a job cannot be read; it is dropped");
                self.replace(&entry.key, entry.version, None).await?;
                continue;
            };
            let row = Row { tries: row.tries + 1, ..row };
            let lease = row.entry(lane, now.plus(lane.lease()));
            let key = Arc::clone(&lease.key);
            if let Some(version) = self.replace(&entry.key, entry.version, Some(lease)).await? {
                claimed.push(Claimed { row, key, version });
            }
            if claimed.len() == lane.at_a_time() {
                break;
            }
        }
        Ok(claimed)
    }

    async fn attempt(&self, lane: Lane, worker: &dyn Worker, job: Claimed) -> storage::Result<()> {
        let Claimed { row, key, version } = job;
        let (id, tries) = (row.id.clone(), row.tries);
        let Some(task) = self.open(&row.task) else {
            tracing::error!(job = %id, "a job was sealed with another secret key; it is dropped");
            return self.replace(&key, version, None).await.map(|_| ());
        };
        let kind = task.kind();
        let next = match worker.perform(&id, &task).await {
            Ok(()) => None,
            Err(Undone::Failed(reason)) if tries < TRIES || task.is_owed() => {
                let wait = wait(tries);
                tracing::warn!(job = %id, kind, tries, %reason, again_in = wait.as_secs(), "a job failed");
                Some(row.entry(lane, self.storage.now().await?.plus(wait)))
            }
            Err(Undone::Failed(reason) | Undone::Hopeless(reason)) => {
                tracing::error!(job = %id, kind, tries, %reason, "a job is given up");
                None
            }
        };
        self.replace(&key, version, next).await.map(|_| ())
    }

    /// Replaces a row by another, or by nothing; `None` if it is not as it was.
    async fn replace(
        &self,
        key: &Arc<str>,
        version: Version,
        by: Option<EntryWrite>,
    ) -> storage::Result<Option<Version>> {
        let gone = EntryWrite { key: Arc::clone(key), expected: EntryIs::At(version), value: None };
        let mut change = Change::of(Scope::House, self.storage.now().await?);
        change.entries = [Some(gone), by].into_iter().flatten().collect();
        match self.storage.commit(change).await {
            Ok(committed) => Ok(Some(committed.version)),
            Err(storage::Error::Moved | storage::Error::Taken(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn open(&self, kept: &Kept) -> Option<Task> {
        let sealed = match kept {
            Kept::Plain(task) => return Some(task.clone()),
            Kept::Sealed(sealed) => STANDARD_NO_PAD.decode(sealed).ok()?,
        };
        serde_json::from_slice(&self.secret.open(PURPOSE, &sealed).ok()?).ok()
    }
}

impl Row {
    fn entry(&self, lane: Lane, due: Timestamp) -> EntryWrite {
        let key = format!("{}{:016x}/{}", lane.prefix(), due.millis().max(0), self.id).into();
        EntryWrite { key, expected: EntryIs::Absent, value: Some(serde_json::to_vec(self).unwrap_or_default().into()) }
    }
}

fn is_due(lane: Lane, key: &str, now: Timestamp) -> bool {
    let due = key.strip_prefix(lane.prefix()).and_then(|rest| rest.split('/').next());
    due.and_then(|due| i64::from_str_radix(due, 16).ok()).is_none_or(|due| due <= now.millis())
}

/// How long to wait after this many tries: a minute, two, four, … an hour.
fn wait(tries: u32) -> Duration {
    FIRST.saturating_mul(1 << tries.saturating_sub(1).min(10)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::clock::{Clock, SetClock};
    use crate::storage::sqlite::{Options, Sqlite};

    struct World {
        jobs: Jobs,
        storage: Arc<dyn Storage>,
        clock: Arc<SetClock>,
        _folder: tempfile::TempDir,
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let clock = Arc::new(SetClock::at(Timestamp::from_seconds(1_793_000_000)));
            let options = Options { durable: false, clock: clock.clone() };
            let storage: Arc<dyn Storage> = Arc::new(Sqlite::open(folder.path(), options).unwrap());
            let jobs = Jobs::new(Arc::clone(&storage), Arc::new(SecretKey::ephemeral()));
            Self { jobs, storage, clock, _folder: folder }
        }

        async fn queue(&self, name: &str, after: Duration) {
            self.jobs.queue(&task(name), self.clock.now().plus(after)).await.unwrap();
        }

        async fn rows(&self) -> usize {
            self.storage
                .entries(KeyRange { prefix: Lane::House.prefix(), after: None, limit: 100 })
                .await
                .unwrap()
                .len()
        }
    }

    fn task(name: &str) -> Task {
        Task::Forget { key: name.into() }
    }

    /// A worker that writes down what it is given, and answers each time the same.
    struct Noting {
        seen: Mutex<Vec<(JobId, Task)>>,
        answer: Result<(), Undone>,
    }

    impl Noting {
        fn new(answer: Result<(), Undone>) -> Self {
            Self { seen: Mutex::default(), answer }
        }

        fn names(&self) -> Vec<String> {
            let name = |task: &Task| if let Task::Forget { key } = task { key.to_string() } else { String::new() };
            self.seen.lock().iter().map(|(_, task)| name(task)).collect()
        }
    }

    #[async_trait]
    impl Worker for Noting {
        async fn perform(&self, id: &JobId, task: &Task) -> Result<(), Undone> {
            self.seen.lock().push((id.clone(), task.clone()));
            self.answer.clone()
        }
    }

    #[tokio::test]
    async fn what_is_due_is_done_once_in_its_order() {
        let world = World::new();
        world.queue("second", Duration::from_secs(2)).await;
        world.queue("first", Duration::from_secs(1)).await;
        world.queue("tomorrow", Duration::from_hours(24)).await;
        let worker = Noting::new(Ok(()));
        assert_eq!(world.jobs.work(Lane::House, &worker).await.unwrap(), 0, "nothing is due yet");
        world.clock.advance(Duration::from_secs(2));
        assert_eq!(world.jobs.work(Lane::House, &worker).await.unwrap(), 2);
        assert_eq!(world.jobs.work(Lane::House, &worker).await.unwrap(), 0);
        assert_eq!(worker.names(), ["first", "second"]);
        assert_eq!(world.rows().await, 1);
    }

    #[tokio::test]
    async fn what_fails_is_tried_again_later_and_given_up_after_a_day() {
        let world = World::new();
        world.queue("letter", Duration::ZERO).await;
        let worker = Noting::new(Err(Undone::Failed("the mail server is down".into())));
        let began = world.clock.now();
        let mut waits = Vec::new();
        while world.rows().await == 1 {
            let before = worker.names().len();
            let since = world.clock.now();
            while world.jobs.work(Lane::House, &worker).await.unwrap() == 0 {
                world.clock.advance(Duration::from_mins(1));
            }
            assert_eq!(worker.names().len(), before + 1);
            waits.push((world.clock.now().millis() - since.millis()) / 60_000);
        }
        assert_eq!(waits[..9], [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(waits.len(), TRIES as usize);
        assert!(world.clock.now() > began.plus(Duration::from_hours(22)));
        let seen = worker.seen.lock();
        assert!(seen.iter().all(|(id, _)| *id == seen[0].0), "each try has the same name");
    }

    #[tokio::test]
    async fn what_is_hopeless_is_given_up_at_once() {
        let world = World::new();
        world.queue("letter", Duration::ZERO).await;
        world.jobs.work(Lane::House, &Noting::new(Err(Undone::Hopeless("no such address".into())))).await.unwrap();
        assert_eq!(world.rows().await, 0);
    }

    #[tokio::test]
    async fn a_job_whose_worker_died_is_taken_by_the_next_after_the_lease() {
        let world = World::new();
        world.queue("letter", Duration::ZERO).await;
        let dying = world.jobs.claim(Lane::House).await.unwrap();
        assert_eq!(dying.len(), 1);
        let next = Noting::new(Ok(()));
        assert_eq!(world.jobs.work(Lane::House, &next).await.unwrap(), 0, "it is still leased");
        world.clock.advance(Lane::House.lease());
        assert_eq!(world.jobs.work(Lane::House, &next).await.unwrap(), 1);
        let late = Noting::new(Ok(()));
        for job in dying {
            world.jobs.attempt(Lane::House, &late, job).await.unwrap();
        }
        assert_eq!(world.rows().await, 0, "who comes back late breaks nothing");
    }

    #[tokio::test]
    async fn a_letter_waits_for_no_run() {
        let world = World::new();
        let run = Task::Ingest { pod: 1, account: "a".into(), due: world.clock.now() };
        for _ in 0..3 {
            world.jobs.queue(&run, world.clock.now()).await.unwrap();
        }
        world.queue("letter", Duration::ZERO).await;
        let one = world.jobs.claim(Lane::Runs).await.unwrap();
        assert_eq!(one.len(), 1, "a worker does one run at a time");
        assert_eq!(world.jobs.claim(Lane::Runs).await.unwrap().len(), 1, "another worker does the next");
        let worker = Noting::new(Ok(()));
        assert_eq!(world.jobs.work(Lane::House, &worker).await.unwrap(), 1);
        assert_eq!(worker.names(), ["letter"]);
        assert_eq!(world.jobs.work(Lane::Runs, &worker).await.unwrap(), 1);
        assert_eq!(worker.seen.lock()[1].1, run);
    }

    #[tokio::test]
    async fn two_nodes_share_the_work() {
        let world = World::new();
        for number in 0..20 {
            world.queue(&number.to_string(), Duration::ZERO).await;
        }
        let (one, other) = (Noting::new(Ok(())), Noting::new(Ok(())));
        let (first, second) = tokio::join!(world.jobs.work(Lane::House, &one), world.jobs.work(Lane::House, &other));
        assert_eq!(first.unwrap() + second.unwrap(), 20);
        let mut names = [one.names(), other.names()].concat();
        names.sort_by_key(|name| name.parse::<u32>().unwrap());
        assert_eq!(names, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_row_tells_nothing_without_the_secret_key() {
        let world = World::new();
        let task = Task::Reset { email: "ada@example.org".into() };
        world.jobs.queue(&task, world.clock.now()).await.unwrap();
        let rows =
            world.storage.entries(KeyRange { prefix: Lane::House.prefix(), after: None, limit: 1 }).await.unwrap();
        assert!(!String::from_utf8_lossy(&rows[0].value).contains("example.org"));
        let stranger = Jobs::new(Arc::clone(&world.storage), Arc::new(SecretKey::ephemeral()));
        let worker = Noting::new(Ok(()));
        stranger.work(Lane::House, &worker).await.unwrap();
        assert!(worker.names().is_empty() && world.rows().await == 0, "it is dropped");
    }

    /// Shows: O-329
    #[tokio::test]
    async fn what_is_owed_is_done_even_if_the_secret_key_is_lost() {
        let world = World::new();
        let account: Box<str> = "0".repeat(32).into();
        let owed = [Task::Erase { account: account.clone() }, Task::Forget { key: "signup/x".into() }];
        for task in &owed {
            world.jobs.queue(task, world.clock.now()).await.unwrap();
        }
        let later = Jobs::new(Arc::clone(&world.storage), Arc::new(SecretKey::ephemeral()));
        let worker = Noting::new(Ok(()));
        assert_eq!(later.work(Lane::House, &worker).await.unwrap(), 2);
        assert!(worker.seen.lock().iter().all(|(_, task)| owed.contains(task)));
    }

    #[test]
    fn a_row_of_before_is_still_read() {
        let row: Row = serde_json::from_str(r#"{"id":"a","tries":2,"sealed":"c2VhbA"}"#).unwrap();
        assert!(matches!(row.task, Kept::Sealed(sealed) if sealed == "c2VhbA"));
    }
}
