//! The embedded backend: one SQLite database and a folder of blobs.
//!
//! The catalogue and all small bodies lie in `cartable.sqlite`, large bodies in `blobs/`. One thread writes
//! (`writer`), a few connections read (`readers`); other processes may read and write beside us.

mod apply;
mod backup;
mod blobs;
mod check;
mod entries;
mod events;
mod listing;
mod locate;
mod lock;
mod pods;
mod readers;
mod rows;
mod schema;
mod sweep;
mod tree;
mod writer;

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

pub use self::backup::restore;
pub use self::check::{Finding, Report};
pub use self::lock::Lock;

use self::blobs::Blobs;
use self::readers::Readers;
use self::writer::Writer;
use super::{
    BlobId, ByteStream, Change, Committed, Cursor, Entry, Error, Event, Found, KeyRange, Member, Pod, PodId, Result,
    Scope, Storage, Version,
};
use crate::clock::{Clock, Timestamp};
use crate::path::{ContainerPath, Name, PodName, ResourcePath};

/// The database in the data folder.
const DATABASE: &str = "cartable.sqlite";
/// The folder of blobs in the data folder.
const BLOBS: &str = "blobs";
/// Stands for the house where a pod is expected; no pod has this number.
const HOUSE: PodId = PodId(0);

/// How to open a data folder.
#[derive(Clone)]
pub struct Options {
    /// Whether a commit waits for the disk. Only tests do without.
    pub durable: bool,
    /// Says how old staged and deleted things are.
    pub clock: Arc<dyn Clock>,
}

/// A data folder that is open.
pub struct Sqlite {
    readers: Readers,
    writer: Writer,
    blobs: Blobs,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
    /// When files without a row are looked for next.
    strays_due: Mutex<Timestamp>,
}

impl Sqlite {
    /// Opens a data folder, made if it is not there.
    pub fn open(folder: &Path, options: Options) -> Result<Self> {
        let Options { durable, clock } = options;
        create_folder(folder)?;
        let blobs = Blobs::open(&folder.join(BLOBS), durable)?;
        let database = folder.join(DATABASE);
        let writer = Writer::start(&database, durable)?;
        let readers = Readers::open(&database, durable)?;
        Ok(Self { readers, writer, blobs, clock, folder: folder.to_owned(), strays_due: Mutex::default() })
    }
}

#[async_trait]
impl Storage for Sqlite {
    async fn now(&self) -> Result<Timestamp> {
        Ok(self.clock.now())
    }

    async fn pod(&self, name: &PodName) -> Result<Option<Pod>> {
        self.readers.read(|connection| pods::by_name(connection, name))
    }

    async fn version(&self, pod: PodId) -> Result<Version> {
        self.readers.version(pod)
    }

    async fn house_version(&self) -> Result<Version> {
        self.readers.version(HOUSE)
    }

    async fn locate(&self, path: &ResourcePath) -> Result<Found> {
        self.readers.at_one_instant(|connection| locate::locate(connection, path))
    }

    async fn members(&self, pod: PodId, of: &ContainerPath, after: Option<&Name>, limit: usize) -> Result<Vec<Member>> {
        self.readers.read(|connection| listing::members(connection, pod, of, after, limit))
    }

    async fn tree(&self, pod: PodId, after: Option<&ResourcePath>, limit: usize) -> Result<Vec<Member>> {
        self.readers.at_one_instant(|connection| listing::tree(connection, pod, after, limit))
    }

    async fn open(&self, blob: &BlobId, range: Option<Range<u64>>) -> Result<ByteStream> {
        self.blobs.read(blob, range).await
    }

    async fn stage(&self, pod: PodId, bytes: ByteStream) -> Result<io::Result<(BlobId, u64)>> {
        self.blobs.write(&self.writer, (pod, self.clock.now()), bytes).await
    }

    async fn discard(&self, blob: &BlobId) -> Result<()> {
        let (row, now) = (blob.clone(), self.clock.now());
        if self.writer.write(HOUSE, move |connection| blobs::discard(connection, &row, now)).await? {
            self.blobs.remove(std::slice::from_ref(blob)).await?;
        }
        Ok(())
    }

    async fn commit(&self, change: Change) -> Result<Committed> {
        let pod = match change.scope {
            Scope::Pod(id) => id,
            Scope::House | Scope::NewPod(_) => HOUSE,
        };
        let applied = self.writer.write(pod, move |connection| apply::apply(connection, &change)).await?;
        // The change stands; a file that could not be removed is swept later.
        if let Err(error) = self.blobs.remove(&applied.dead).await {
            tracing::warn!(%error, "a deleted file stays until the next sweep");
        }
        Ok(applied.committed)
    }

    async fn events(&self, cursor: Cursor, limit: usize) -> Result<Vec<Event>> {
        self.readers.read(|connection| events::list(connection, cursor, limit))
    }

    async fn entries(&self, range: KeyRange<'_>) -> Result<Vec<Entry>> {
        self.readers.read(|connection| entries::list(connection, range))
    }

    async fn entry(&self, key: &str) -> Result<Option<Entry>> {
        self.readers.read(|connection| entries::one(connection, key))
    }

    async fn pods(&self, after: Option<PodId>, limit: usize) -> Result<Vec<Pod>> {
        self.readers.read(|connection| pods::list(connection, after, limit))
    }

    async fn set_quota(&self, pod: PodId, quota: Option<u64>) -> Result<()> {
        self.writer.write(pod, move |connection| pods::set_quota(connection, pod, quota)).await
    }

    async fn remove(&self, pod: PodId) -> Result<()> {
        let now = self.clock.now();
        self.writer.write(pod, move |connection| pods::remove(connection, pod, now)).await
    }
}

/// A full disk is told apart: it passes without a restart.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        failed(&error)
    }
}

/// A disk without room is told apart, wherever in the chain of causes it stands.
fn failed(error: &(dyn std::error::Error + 'static)) -> Error {
    let mut cause = Some(error);
    while let Some(this) = cause {
        let kind = this.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(kind, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) {
            return Error::Full;
        }
        cause = this.source();
    }
    Error::Failed(error.to_string())
}

/// Makes a folder that only its owner can enter, and those above it.
fn create_folder(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(folder)?)
}

/// Does work that takes long where it holds up nobody.
async fn unblock<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))?
}

/// SQLite counts in signed numbers.
fn integer(natural: u64) -> i64 {
    i64::try_from(natural).unwrap_or(i64::MAX)
}

fn natural(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or_default()
}
