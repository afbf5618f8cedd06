//! The one thread that writes: many changes, one transaction, one fsync.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot};

use super::schema;
use crate::storage::{Error, PodId, Result};

/// The most writes that share one transaction.
const GROUP: usize = 256;
/// Writes that may wait before callers wait in turn.
const WAITING: usize = 1024;
/// Pages in the write-ahead log that make a checkpoint worth its fsync.
const CHECKPOINT_PAGES: i32 = 2000;

/// Pages that the writer keeps, in KiB, negative as SQLite wants it. Its own commits leave them valid, unlike readers'.
const CACHE_KIB: i64 = -8000;
/// How long a checkpoint waits for readers, and writers for it. The next one comes soon.
const CHECKPOINT_PATIENCE: Duration = Duration::from_millis(100);

/// The way to the writing thread.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    broken: Arc<Broken>,
}

/// Set when the disk failed to keep what it was given. The kernel may forget such a failure and report the next fsync
/// as done, so that nothing may be called written until a restart has recovered from what is really there.
#[derive(Default)]
pub(super) struct Broken(AtomicBool);

impl Broken {
    pub fn set(&self) {
        if !self.0.swap(true, Ordering::SeqCst) {
            tracing::error!("the disk failed to keep a write: nothing is written until a restart");
        }
    }

    pub fn check(&self) -> Result<()> {
        if self.0.load(Ordering::SeqCst) {
            return Err(Error::Failed("the disk failed to keep an earlier write; restart the server".into()));
        }
        Ok(())
    }
}

enum Job {
    Write(Box<dyn Pending>),
    Checkpoint(oneshot::Sender<Result<()>>),
}

/// A write that waits for its group.
trait Pending: Send {
    /// The pod it writes, so that neighbours in the database are written together.
    fn pod(&self) -> PodId;
    /// Writes inside the transaction; `Err` takes back what it wrote.
    fn run(&mut self, connection: &Connection) -> Result<()>;
    /// Answers with the outcome of `run` if the group was committed.
    fn answer(self: Box<Self>, group: Result<()>);
}

struct Write<W, T> {
    pod: PodId,
    work: Option<W>,
    outcome: Result<Option<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, W> Pending for Write<W, T>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T> + Send,
{
    fn pod(&self) -> PodId {
        self.pod
    }

    fn run(&mut self, connection: &Connection) -> Result<()> {
        let Some(work) = self.work.take() else { return Ok(()) };
        self.outcome = work(connection).map(Some);
        self.outcome.as_ref().map(|_| ()).map_err(Error::clone)
    }

    fn answer(self: Box<Self>, group: Result<()>) {
        let outcome = match (self.outcome, group) {
            (Err(refused), _) | (_, Err(refused)) => Err(refused),
            (Ok(done), Ok(())) => done.ok_or_else(|| Error::Failed("a write was not run".into())),
        };
        // Whoever asked may have left; the write stands.
        let _ = self.reply.send(outcome);
    }
}

impl Writer {
    pub fn start(file: &Path, durable: bool) -> Result<Self> {
        let mut connection = schema::open(file, durable)?;
        connection.pragma_update(None, "cache_size", CACHE_KIB)?;
        let logged = Arc::new(AtomicI32::new(0));
        let pages = logged.clone();
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, now| {
            pages.store(now, Ordering::Relaxed);
            Ok(())
        }))?;
        let broken = Arc::new(Broken::default());
        let (queue, waiting) = mpsc::channel(WAITING);
        let thread = Thread { connection, waiting, logged, broken: broken.clone() };
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || thread.run())
            .map_err(|error| Error::Failed(error.to_string()))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), broken })
    }

    pub fn broken(&self) -> &Broken {
        &self.broken
    }

    /// Runs `work` in a transaction that others share, and answers once that is on disk.
    ///
    /// If `work` fails, nothing of what it wrote remains.
    pub async fn write<T, W>(&self, pod: PodId, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.broken.check()?;
        let (reply, answer) = oneshot::channel();
        self.send(Job::Write(Box::new(Write { pod, work: Some(work), outcome: Ok(None), reply }))).await?;
        answer.await.map_err(|_| gone())?
    }

    /// Moves what the log holds into the database and empties the log, so that erased bytes leave both.
    pub async fn checkpoint(&self) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Checkpoint(reply)).await?;
        answer.await.map_err(|_| gone())?
    }

    async fn send(&self, job: Job) -> Result<()> {
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(job).await.map_err(|_| gone())
    }
}

/// Waits for what is queued.
impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn gone() -> Error {
    Error::Failed("the writer has stopped".into())
}

struct Thread {
    connection: Connection,
    waiting: mpsc::Receiver<Job>,
    /// Pages in the log after the last commit.
    logged: Arc<AtomicI32>,
    broken: Arc<Broken>,
}

impl Thread {
    fn run(mut self) {
        while let Some(first) = self.waiting.blocking_recv() {
            let mut group = Vec::new();
            let mut checkpoints = Vec::new();
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Write(write) => group.push(write),
                    Job::Checkpoint(reply) => checkpoints.push(reply),
                }
                next = if group.len() < GROUP { self.waiting.try_recv().ok() } else { None };
            }
            self.write(group);
            if !checkpoints.is_empty() {
                let done = self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)");
                for reply in checkpoints {
                    let _ = reply.send(done.clone());
                }
            } else if self.logged.load(Ordering::Relaxed) >= CHECKPOINT_PAGES {
                // Its failure is remembered by `checkpoint`; what was committed lies safe in the log.
                let _ = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)");
            }
        }
    }

    /// Writes a group and answers each of it.
    fn write(&self, mut group: Vec<Box<dyn Pending>>) {
        if group.is_empty() {
            return;
        }
        group.sort_by_key(|write| write.pod());
        let done = self.transaction(&mut group);
        if done.is_err() && !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        for write in group {
            write.answer(done.clone());
        }
    }

    fn transaction(&self, group: &mut [Box<dyn Pending>]) -> Result<()> {
        self.broken.check()?;
        self.execute("BEGIN IMMEDIATE")?;
        for write in group {
            self.one(write.as_mut())?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([]).map_err(|error| self.lost(error))?;
        Ok(())
    }

    /// Runs one write; if it fails, the others of its group go on without it. Fails if there is no transaction left to
    /// go on with.
    fn one(&self, write: &mut dyn Pending) -> Result<()> {
        self.execute("SAVEPOINT one")?;
        let ran = write.run(&self.connection);
        if self.connection.is_autocommit() {
            return Err(ran.err().unwrap_or_else(gone));
        }
        if ran.is_err() {
            self.execute("ROLLBACK TO one")?;
        }
        self.execute("RELEASE one")
    }

    fn checkpoint(&self, pragma: &str) -> Result<()> {
        self.broken.check()?;
        self.connection.busy_timeout(CHECKPOINT_PATIENCE)?;
        let busy = self.connection.query_row(pragma, [], |row| row.get(0)).map_err(|error| self.lost(error));
        self.connection.busy_timeout(schema::PATIENCE)?;
        if busy? {
            return Err(Error::Failed("a reader keeps the log from being emptied".into()));
        }
        self.logged.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<()> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn lost(&self, error: rusqlite::Error) -> Error {
        if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
            self.broken.set();
        }
        error.into()
    }
}
