//! Storage that fails when it is told to: a full disk, a disk that breaks before or after a write.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cartable::clock::Timestamp;
use cartable::path::{ContainerPath, Name, PodName, ResourcePath};
use cartable::storage::{
    BlobId, ByteStream, Change, Committed, Cursor, Entry, Error, Event, Found, KeyRange, Member, Pod, PodId, Result,
    Scope, Storage, Version,
};
use futures_util::{StreamExt, stream};

/// What can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Everything that only looks, except blobs.
    Read,
    Open,
    Stage,
    /// Changes of pods.
    Commit,
    /// Changes of the house alone; some come from the background.
    House,
    Remove,
}

/// When it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before anything was done.
    Before,
    /// After the first piece of a blob.
    Midway,
    /// When all was done but the answer: what was written stands although it was answered as failed.
    After,
}

/// A fault to come.
#[derive(Debug, Clone)]
struct Fault {
    operation: Operation,
    when: When,
    error: Error,
    /// How many operations it lets pass first.
    passed: usize,
    /// How many times it still happens.
    times: usize,
}

/// A backend with faults.
pub struct Faulty {
    inner: Arc<dyn Storage>,
    faults: Mutex<Vec<Fault>>,
    reads: AtomicUsize,
}

impl Faulty {
    pub fn on(inner: Arc<dyn Storage>) -> Self {
        Self { inner, faults: Mutex::default(), reads: AtomicUsize::default() }
    }

    /// Lets the next `times` operations of this kind fail with `error`.
    pub fn fail(&self, operation: Operation, when: When, error: Error, times: usize) {
        self.faults.lock().unwrap().push(Fault { operation, when, error, passed: 0, times });
    }

    /// Lets every operation of this kind fail, once so many have passed: as if the machine was gone.
    #[allow(dead_code, reason = "who includes this module uses a part of it")]
    pub fn fail_after(&self, passed: usize, operation: Operation, when: When, error: Error) {
        self.faults.lock().unwrap().push(Fault { operation, when, error, passed, times: usize::MAX });
    }

    /// Forgets the faults that have not happened.
    pub fn heal(&self) {
        self.faults.lock().unwrap().clear();
    }

    /// How often somebody has looked.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    fn check(&self, operation: Operation, when: When) -> Result<()> {
        let mut faults = self.faults.lock().unwrap();
        let due = faults.iter_mut().find(|fault| (fault.operation, fault.when) == (operation, when) && fault.times > 0);
        let Some(fault) = due else { return Ok(()) };
        if fault.passed > 0 {
            fault.passed -= 1;
            return Ok(());
        }
        fault.times -= 1;
        Err(fault.error.clone())
    }

    /// The bytes, which break off after their first piece if that is due, and the error to answer with.
    fn torn(&self, operation: Operation, bytes: ByteStream) -> (ByteStream, Result<()>) {
        let due = self.check(operation, When::Midway);
        if due.is_ok() {
            return (bytes, due);
        }
        let end = stream::once(std::future::ready(Err(io::Error::other("torn"))));
        (bytes.take(1).chain(end).boxed(), due)
    }

    async fn around<T>(&self, operation: Operation, work: impl Future<Output = Result<T>>) -> Result<T> {
        if operation == Operation::Read {
            self.reads.fetch_add(1, Ordering::SeqCst);
        }
        self.check(operation, When::Before)?;
        let done = work.await?;
        self.check(operation, When::After)?;
        Ok(done)
    }
}

#[async_trait]
impl Storage for Faulty {
    async fn now(&self) -> Result<Timestamp> {
        self.around(Operation::Read, self.inner.now()).await
    }

    async fn pod(&self, name: &PodName) -> Result<Option<Pod>> {
        self.around(Operation::Read, self.inner.pod(name)).await
    }

    async fn version(&self, pod: PodId) -> Result<Version> {
        self.around(Operation::Read, self.inner.version(pod)).await
    }

    async fn house_version(&self) -> Result<Version> {
        self.around(Operation::Read, self.inner.house_version()).await
    }

    async fn locate(&self, path: &ResourcePath) -> Result<Found> {
        self.around(Operation::Read, self.inner.locate(path)).await
    }

    async fn members(&self, pod: PodId, of: &ContainerPath, after: Option<&Name>, limit: usize) -> Result<Vec<Member>> {
        self.around(Operation::Read, self.inner.members(pod, of, after, limit)).await
    }

    async fn tree(&self, pod: PodId, after: Option<&ResourcePath>, limit: usize) -> Result<Vec<Member>> {
        self.around(Operation::Read, self.inner.tree(pod, after, limit)).await
    }

    async fn open(&self, blob: &BlobId, range: Option<Range<u64>>) -> Result<ByteStream> {
        let bytes = self.around(Operation::Open, self.inner.open(blob, range)).await?;
        Ok(self.torn(Operation::Open, bytes).0)
    }

    async fn stage(&self, pod: PodId, bytes: ByteStream) -> Result<io::Result<(BlobId, u64)>> {
        let (bytes, due) = self.torn(Operation::Stage, bytes);
        let staged = self.around(Operation::Stage, self.inner.stage(pod, bytes)).await;
        due.and(staged)
    }

    async fn discard(&self, blob: &BlobId) -> Result<()> {
        self.around(Operation::Stage, self.inner.discard(blob)).await
    }

    async fn commit(&self, change: Change) -> Result<Committed> {
        let operation = if change.scope == Scope::House { Operation::House } else { Operation::Commit };
        self.around(operation, self.inner.commit(change)).await
    }

    async fn events(&self, cursor: Cursor, limit: usize) -> Result<Vec<Event>> {
        self.around(Operation::Read, self.inner.events(cursor, limit)).await
    }

    async fn entries(&self, range: KeyRange<'_>) -> Result<Vec<Entry>> {
        self.around(Operation::Read, self.inner.entries(range)).await
    }

    async fn entry(&self, key: &str) -> Result<Option<Entry>> {
        self.around(Operation::Read, self.inner.entry(key)).await
    }

    async fn pods(&self, after: Option<PodId>, limit: usize) -> Result<Vec<Pod>> {
        self.around(Operation::Read, self.inner.pods(after, limit)).await
    }

    async fn set_quota(&self, pod: PodId, quota: Option<u64>) -> Result<()> {
        self.around(Operation::Commit, self.inner.set_quota(pod, quota)).await
    }

    async fn remove(&self, pod: PodId) -> Result<()> {
        self.around(Operation::Remove, self.inner.remove(pod)).await
    }
}
