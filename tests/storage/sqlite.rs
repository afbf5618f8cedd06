//! The embedded backend: the contract, and what it promises beyond.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cartable::clock::{Clock, SetClock};
use cartable::storage::sqlite::{Lock, Options, Sqlite};
use cartable::storage::{Body, Cursor, Error, Happening, NewBody, Storage, Version};
use futures_util::{StreamExt, TryStreamExt, stream};
use rusqlite::Connection;
use tempfile::TempDir;

use super::world::{Draft, START, World};

pub fn open(folder: &Path, clock: &Arc<SetClock>) -> Arc<Sqlite> {
    Arc::new(Sqlite::open(folder, Options { durable: false, clock: clock.clone() }).unwrap())
}

pub fn fresh() -> (Arc<Sqlite>, Arc<SetClock>, TempDir) {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(SetClock::at(START));
    (open(folder.path(), &clock), clock, folder)
}

/// The database as another program sees it.
pub fn database(folder: &TempDir) -> Connection {
    Connection::open(folder.path().join("cartable.sqlite")).unwrap()
}

/// How many files lie below the folder of blobs.
pub fn blob_files(folder: &TempDir) -> usize {
    files(&folder.path().join("blobs")).len()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

mod keeps_the_contract {
    use crate::contract::contract;

    contract!(super::fresh());
}

/// Each handle stands for a process of its own: nothing is shared but the folder.
#[tokio::test]
async fn two_processes_see_each_other_at_once() {
    let (here, clock, folder) = fresh();
    let world = World::on(here, clock.clone()).await;
    let there = open(folder.path(), &clock);
    for number in 0..10 {
        let written = world.put("/notes/a", &number.to_string()).await;
        assert_eq!(there.version(world.pod).await, Ok(written));
        let beside =
            there.commit(world.change().expect("/notes/a", Some(written)).put("/notes/b", "x").0).await.unwrap();
        assert_eq!(world.storage.version(world.pod).await, Ok(beside.version));
        let house = there.commit(Draft::house(clock.now()).0).await.unwrap();
        assert_eq!(world.storage.house_version().await, Ok(house.version));
    }
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let (first, clock, folder) = fresh();
    let world = World::on(first, clock.clone()).await;
    let version = world.put("/notes/a", "kept").await;
    let (blob, size) = world.stage(b"kept as well").await;
    world.commit(world.change().put_body("/notes/b", NewBody::Staged(blob, size))).await.unwrap();
    let World { storage, clock, pod } = world;
    drop(storage);
    let world = World { storage: open(folder.path(), &clock), clock, pod };
    assert_eq!(world.record("/notes/a").await.unwrap().version, version);
    assert_eq!(world.text("/notes/b").await.as_deref(), Some("kept as well"));
    assert!(world.put("/notes/a", "new").await > version);
}

/// Erasure is complete once the log was emptied: a search of the folder finds nothing.
#[tokio::test]
async fn erased_bytes_are_nowhere_in_the_folder() {
    let (sqlite, clock, folder) = fresh();
    let world = World::on(sqlite.clone(), clock).await;
    let secret = "the-secret-that-must-go";
    let found = || {
        let holds = |path: &std::path::PathBuf| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
        };
        files(folder.path()).iter().filter(|path| holds(path)).count()
    };
    world.put("/notes/small", secret).await;
    world.put("/notes/large", &secret.repeat(1000)).await;
    world.put("/notes/rewritten", &secret.repeat(10)).await;
    let (blob, size) = world.stage(secret.repeat(5000).as_bytes()).await;
    world.commit(world.change().put_body("/notes/blob", NewBody::Staged(blob, size))).await.unwrap();
    world
        .commit(Draft::house(world.clock.now()).entry("k", cartable::storage::EntryIs::Absent, Some(secret)))
        .await
        .unwrap();
    sqlite.maintain().await.unwrap();
    assert!(found() >= 2, "the search can find it");

    let erase = world.change().delete("/notes/small").delete("/notes/large").delete("/notes/blob");
    let erase = erase.put("/notes/rewritten", "harmless").entry("k", cartable::storage::EntryIs::Anything, None);
    world.commit(erase).await.unwrap();
    sqlite.maintain().await.unwrap();
    assert_eq!(found(), 0);

    world.put("/notes/again", secret).await;
    world.storage.remove(world.pod).await.unwrap();
    sqlite.maintain().await.unwrap();
    assert_eq!(found(), 0);
}

#[tokio::test]
async fn events_are_kept_thirty_days() {
    let (sqlite, clock, _folder) = fresh();
    let world = World::on(sqlite.clone(), clock).await;
    world.commit(world.change().put("/notes/a", "x").event(Happening::Create, "/notes/a")).await.unwrap();
    let count = async || {
        sqlite.maintain().await.unwrap();
        world.storage.events(Cursor { pod: world.pod, after: Version(0) }, 10).await.unwrap().len()
    };
    world.clock.advance(Duration::from_hours(30 * 24));
    assert_eq!(count().await, 1);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn a_staged_blob_waits_a_day() {
    let (sqlite, clock, folder) = fresh();
    let world = World::on(sqlite.clone(), clock).await;
    let (taken, size) = world.stage(b"taken").await;
    let (late, _) = world.stage(b"late").await;
    world.clock.advance(Duration::from_hours(24));
    sqlite.maintain().await.unwrap();
    world.commit(world.change().put_body("/notes/a", NewBody::Staged(taken, size))).await.unwrap();
    world.clock.advance(Duration::from_hours(24));
    sqlite.maintain().await.unwrap();
    assert_eq!(blob_files(&folder), 1);
    assert_eq!(world.text("/notes/a").await.as_deref(), Some("taken"));
    let refused = world.commit(world.change().put_body("/notes/b", NewBody::Staged(late, 4))).await;
    assert!(matches!(refused, Err(Error::Failed(_))));
}

/// What a crash leaves: a file that was never finished, one whose row is gone, one whose record is gone.
#[tokio::test]
async fn what_a_crash_leaves_is_swept() {
    let (sqlite, clock, folder) = fresh();
    let world = World::on(sqlite.clone(), clock).await;
    let (unfinished, _) = world.stage(b"unfinished").await;
    let name = unfinished.0.simple().to_string();
    let file = folder.path().join("blobs").join(&name[..2]).join(&name);
    std::fs::rename(&file, file.with_file_name(format!("{name}#1"))).unwrap();
    world.stage(b"no row").await;
    let (dead, size) = world.stage(b"no record").await;
    world.commit(world.change().put_body("/notes/a", NewBody::Staged(dead, size))).await.unwrap();
    let database = database(&folder);
    database.execute("DELETE FROM blobs WHERE state = 'writing' AND id <> ?1", [unfinished.0.into_bytes()]).unwrap();
    database.execute("UPDATE blobs SET state = 'dead' WHERE state = 'live'", []).unwrap();
    assert_eq!(blob_files(&folder), 3);
    world.clock.advance(Duration::from_hours(25));
    sqlite.maintain().await.unwrap();
    assert_eq!(blob_files(&folder), 0);
    assert_eq!(database.query_row("SELECT count(*) FROM blobs", [], |row| row.get(0)), Ok(0));
}

#[tokio::test]
async fn a_pod_that_goes_takes_its_blobs_along() {
    let (sqlite, clock, folder) = fresh();
    let world = World::on(sqlite.clone(), clock).await;
    let (blob, size) = world.stage(b"large").await;
    world.commit(world.change().put_body("/notes/a", NewBody::Staged(blob, size))).await.unwrap();
    world.storage.remove(world.pod).await.unwrap();
    sqlite.maintain().await.unwrap();
    assert_eq!(blob_files(&folder), 0);
}

/// A reader that was given a stream keeps it, even when the resource is deleted.
#[tokio::test]
async fn a_stream_outlives_its_resource() {
    let (sqlite, clock, _folder) = fresh();
    let world = World::on(sqlite, clock).await;
    let bytes = vec![7; 1_000_000];
    let (blob, size) = world.stage(&bytes).await;
    world.commit(world.change().put_body("/notes/a", NewBody::Staged(blob, size))).await.unwrap();
    let Body::Blob(blob) = world.record("/notes/a").await.unwrap().body else { unreachable!() };
    let stream = world.storage.open(&blob, None).await.unwrap();
    world.commit(world.change().delete("/notes/a")).await.unwrap();
    let pieces: Vec<bytes::Bytes> = stream.try_collect().await.unwrap();
    assert!(pieces.concat() == bytes);
}

/// A blob that could not be brought to its place: whatever the disk says next, nothing is called written any more.
#[tokio::test]
async fn a_disk_that_loses_writes_is_not_trusted() {
    let (sqlite, clock, folder) = fresh();
    let world = World::on(sqlite, clock.clone()).await;
    let blobs = folder.path().join("blobs");
    let lost = stream::once(async move {
        std::fs::remove_dir_all(blobs).unwrap();
        Ok(bytes::Bytes::from_static(b"lost"))
    });
    assert!(matches!(world.storage.stage(world.pod, lost.boxed()).await, Err(Error::Failed(_))));
    let refused = world.commit(world.change().put("/notes/a", "x")).await;
    assert!(matches!(refused, Err(Error::Failed(reason)) if reason.contains("restart")));
    assert_eq!(world.names("/notes/").await, [""; 0], "reading goes on");
    let World { storage, clock, pod } = world;
    drop(storage);
    let world = World { storage: open(folder.path(), &clock), clock, pod };
    world.put("/notes/a", "x").await;
}

#[test]
fn a_database_of_another_kind_is_refused() {
    let refused = |pragma: &str| {
        let (sqlite, clock, folder) = fresh();
        drop(sqlite);
        database(&folder).execute_batch(pragma).unwrap();
        match Sqlite::open(folder.path(), Options { durable: false, clock }) {
            Err(Error::Failed(reason)) => reason,
            _ => String::new(),
        }
    };
    assert!(refused("PRAGMA user_version = 1000").contains("format 1000"));
    assert!(refused("PRAGMA application_id = 1").contains("not made by Cartable"));
    assert_eq!(refused("PRAGMA user_version = 2"), "");
    assert_eq!(refused("ALTER TABLE pods DROP COLUMN closed; PRAGMA user_version = 1"), "", "it is migrated");
}

#[test]
fn one_holder_has_the_lock() {
    let folder = TempDir::new().unwrap();
    let held = Lock::take(folder.path()).unwrap();
    assert!(held.is_some());
    assert!(Lock::take(folder.path()).unwrap().is_none());
    drop(held);
    assert!(Lock::take(folder.path()).unwrap().is_some());
}
