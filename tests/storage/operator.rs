//! What operators do: back up, restore, check.

use cartable::path::PodName;
use cartable::storage::sqlite::{Finding, Lock, restore};
use cartable::storage::{Error, NewBody};
use tempfile::TempDir;

use super::sqlite::{blob_files, database, fresh, open};
use super::world::{World, alice, path};

async fn with_data() -> (World, std::sync::Arc<cartable::storage::sqlite::Sqlite>, TempDir) {
    let (sqlite, clock, folder) = fresh();
    let world = World::on(sqlite.clone(), clock).await;
    let (blob, size) = world.stage(b"large").await;
    world.commit(world.change().put("/notes/a", "small").put("/notes/a.acl", "acl")).await.unwrap();
    world.commit(world.change().put_body("/notes/b", NewBody::Staged(blob, size))).await.unwrap();
    (world, sqlite, folder)
}

#[tokio::test]
async fn a_backup_restores_what_was_there() {
    let (world, sqlite, _folder) = with_data().await;
    let elsewhere = TempDir::new().unwrap();
    let (file, restored) = (elsewhere.path().join("backup.tar"), elsewhere.path().join("data"));
    sqlite.backup(&file).await.unwrap();
    assert_eq!(elsewhere.path().read_dir().unwrap().count(), 1, "nothing lies beside the backup");
    let before = world.state().await;
    world.put("/notes/a", "later").await;

    restore(&file, &restored).unwrap();
    let world = World { storage: open(&restored, &world.clock), ..world };
    assert_eq!(world.state().await, before);
    assert_eq!(world.text("/notes/a").await.as_deref(), Some("small"));
    assert_eq!(world.text("/notes/b").await.as_deref(), Some("large"));
    assert!(matches!(restore(&file, &restored), Err(Error::Failed(_))), "not onto data");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_operator_can_read_a_backup() {
    use std::os::unix::fs::PermissionsExt;

    let (_world, sqlite, _folder) = with_data().await;
    let elsewhere = TempDir::new().unwrap();
    let (file, data) = (elsewhere.path().join("backup.tar"), elsewhere.path().join("data"));
    sqlite.backup(&file).await.unwrap();
    restore(&file, &data).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&data), mode(&data.join("cartable.sqlite"))), (0o600, 0o700, 0o600));
}

/// A blob that is deleted while a backup reads stays for it, and goes afterwards.
#[tokio::test]
async fn a_backup_holds_dead_blobs() {
    let (world, sqlite, folder) = with_data().await;
    let database = database(&folder);
    database.execute("INSERT INTO holds (until) VALUES (?1)", [i64::MAX]).unwrap();
    world.commit(world.change().delete("/notes/b")).await.unwrap();
    sqlite.maintain().await.unwrap();
    assert_eq!(blob_files(&folder), 1);
    database.execute("DELETE FROM holds", []).unwrap();
    sqlite.maintain().await.unwrap();
    assert_eq!(blob_files(&folder), 0);
}

#[tokio::test]
async fn a_strange_file_is_not_restored() {
    let elsewhere = TempDir::new().unwrap();
    let (file, data) = (elsewhere.path().join("strange.tar"), elsewhere.path().join("data"));
    for name in ["outside", "blobs/outside", "blobs/ab/cdef", "blobs/00/0123456789abcdef0123456789abcdef"] {
        let mut tar = tar::Builder::new(std::fs::File::create(&file).unwrap());
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        tar.append_data(&mut header, name, &b"x"[..]).unwrap();
        tar.finish().unwrap();
        assert!(matches!(restore(&file, &data), Err(Error::Failed(_))), "{name}");
        assert!(!data.join("cartable.sqlite").exists());
    }
    std::fs::write(&file, b"").unwrap();
    assert!(matches!(restore(&file, &data), Err(Error::Failed(_))));
}

#[tokio::test]
async fn a_running_server_is_left_alone() {
    let (_world, sqlite, folder) = with_data().await;
    let elsewhere = TempDir::new().unwrap();
    let file = elsewhere.path().join("backup.tar");
    let server = Lock::take(folder.path()).unwrap();
    sqlite.backup(&file).await.unwrap();
    assert!(sqlite.check(false).await.is_ok());
    assert!(matches!(sqlite.check(true).await, Err(Error::Failed(_))));
    let held = TempDir::new().unwrap();
    let _other = Lock::take(held.path()).unwrap();
    assert!(matches!(restore(&file, held.path()), Err(Error::Failed(_))));
    drop(server);
    assert!(sqlite.check(true).await.is_ok());
}

#[tokio::test]
async fn a_sound_folder_has_no_findings() {
    let (_world, sqlite, _folder) = with_data().await;
    assert_eq!(sqlite.check(true).await.unwrap().findings, []);
}

/// Each row: what breaks, what is found, and whether repairing mends it.
#[tokio::test]
async fn what_is_broken_is_found() {
    let used = |counted, recorded| Finding::Used { pod: alice(), counted, recorded };
    let cases: [(&str, Vec<Finding>, bool); 8] = [
        ("UPDATE pods SET used = 7", vec![used(13, 7)], true),
        ("UPDATE pods SET version = 1", vec![Finding::Ahead(alice())], true),
        ("DELETE FROM records WHERE name = 'notes/'", vec![Finding::NoContainer(path("/notes/"))], true),
        ("UPDATE records SET name = 'c' WHERE name = 'a'", vec![Finding::NoSubject(path("/notes/a.acl"))], true),
        (
            "INSERT INTO records SELECT pod, '/', 'notes', 0, 99, '', 0, 0, 0, NULL, 1, 1, NULL, NULL FROM records
             WHERE name = 'notes/'; INSERT INTO bodies VALUES (99, X'')",
            vec![Finding::Twins(path("/notes"))],
            false,
        ),
        ("UPDATE bodies SET bytes = X'00' WHERE length(bytes) = 5", vec![Finding::NoBody(path("/notes/a"))], false),
        ("UPDATE blobs SET state = 'dead'", vec![Finding::NoBody(path("/notes/b"))], false),
        ("INSERT INTO bodies VALUES (99, X'00')", vec![Finding::StrayBodies(1)], true),
    ];
    for (damage, expected, mends) in cases {
        let (world, sqlite, folder) = with_data().await;
        database(&folder).execute_batch(damage).unwrap();
        let report = sqlite.check(false).await.unwrap();
        assert_eq!((report.findings, report.repaired), (expected.clone(), 0), "{damage}");
        let report = sqlite.check(true).await.unwrap();
        assert_eq!((report.findings, report.repaired > 0), (expected.clone(), mends), "{damage}");
        let left = sqlite.check(false).await.unwrap().findings;
        assert_eq!(left, if mends { Vec::new() } else { expected }, "{damage}");
        assert!(world.storage.pod(&PodName::parse("alice").unwrap()).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn lost_files_are_found() {
    let (_world, sqlite, folder) = with_data().await;
    std::fs::remove_dir_all(folder.path().join("blobs")).unwrap();
    assert_eq!(sqlite.check(false).await.unwrap().findings, [Finding::NoBody(path("/notes/b"))]);
}
