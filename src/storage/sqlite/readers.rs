//! A small pool of connections that read, and the cheap check that what was read is still so.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, OptionalExtension};

use super::{HOUSE, natural, schema};
use crate::storage::{Error, PodId, Result, Version};

/// Versions that are remembered before that starts again.
const REMEMBERED: usize = 4096;
/// Connections at most; each keeps up to 2 MB of pages.
const MOST: usize = 16;

pub(super) struct Readers {
    all: Vec<Mutex<Connection>>,
    next: AtomicUsize,
    /// One for all who ask: several connections would wait for each other's locks inside SQLite, and sleep there.
    watch: Mutex<Watch>,
}

impl Readers {
    /// About one a core and one more, so that a long listing does not hold up short reads.
    pub fn open(file: &Path, durable: bool) -> Result<Self> {
        let count = std::thread::available_parallelism().map_or(2, usize::from) + 1;
        let all = (0..count.min(MOST)).map(|_| open(file, durable).map(Mutex::new)).collect::<Result<_>>()?;
        let watch = Watch { connection: open(file, durable)?, seen: -1, versions: HashMap::new() };
        Ok(Self { all, next: AtomicUsize::new(0), watch: Mutex::new(watch) })
    }

    /// Runs one short statement.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        work(&self.free())
    }

    /// Runs several statements that see one instant.
    pub fn at_one_instant<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let connection = self.free();
        let instant = Instant::begin(&connection)?;
        work(instant.0)
    }

    /// The version of a pod, or of the house.
    pub fn version(&self, of: PodId) -> Result<Version> {
        self.watch.lock().version(of)
    }

    /// A connection that nobody uses, else the turn at one of them.
    fn free(&self) -> MutexGuard<'_, Connection> {
        self.all.iter().find_map(Mutex::try_lock).unwrap_or_else(|| {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            self.all[turn % self.all.len()].lock()
        })
    }
}

fn open(file: &Path, durable: bool) -> Result<Connection> {
    let connection = schema::connect(file, durable)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// The versions of pods as they are now.
struct Watch {
    connection: Connection,
    /// `PRAGMA data_version` when `versions` was begun.
    seen: i64,
    versions: HashMap<PodId, Version>,
}

impl Watch {
    /// The invalidation rule of every cache above storage.
    ///
    /// `PRAGMA data_version` of a connection changes when any other connection, of this process or another, has
    /// committed since that connection last looked. This one never writes, so that every commit is "another". While it
    /// stands still, so do all versions, and a remembered one is right; when it moves, all are forgotten. It is asked
    /// before the version is read: a commit in between is then seen early, never missed.
    fn version(&mut self, of: PodId) -> Result<Version> {
        let now: i64 = self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if now != self.seen || self.versions.len() >= REMEMBERED {
            self.versions.clear();
            self.seen = now;
        }
        if let Some(version) = self.versions.get(&of) {
            return Ok(*version);
        }
        let version = read_version(&self.connection, of)?;
        self.versions.insert(of, version);
        Ok(version)
    }
}

/// A transaction that only reads: all its statements see the instant of the first.
struct Instant<'a>(&'a Connection);

impl<'a> Instant<'a> {
    fn begin(connection: &'a Connection) -> Result<Self> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }
}

impl Drop for Instant<'_> {
    fn drop(&mut self) {
        // Fails only if there is no transaction any more.
        let _ = self.0.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
    }
}

fn read_version(connection: &Connection, of: PodId) -> Result<Version> {
    let version: Option<i64> = if of == HOUSE {
        connection.prepare_cached("SELECT value FROM counters WHERE name = 'house'")?.query_row([], |row| row.get(0))
    } else {
        connection.prepare_cached("SELECT version FROM pods WHERE id = ?1")?.query_row([of.0], |row| row.get(0))
    }
    .optional()?;
    version.map(|version| Version(natural(version))).ok_or(Error::NoSuchPod)
}
