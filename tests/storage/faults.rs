//! Writes that fail midway leave nothing, and the others of their group stand.

use cartable::storage::{Error, NewBody, Storage};
use futures_util::{StreamExt, future};
use std::sync::Arc;

use super::faulty::{Faulty, Operation, When};
use super::sqlite::{blob_files, database, fresh};
use super::world::{World, streamed};

/// Lets the database fail at the last step of a change that records an event on `/notes/broken`.
fn break_at(folder: &tempfile::TempDir, how: &str) {
    let trigger = format!(
        "CREATE TRIGGER broken BEFORE INSERT ON events WHEN new.path = '/notes/broken'
         BEGIN SELECT RAISE({how}, 'the disk broke'); END"
    );
    database(folder).execute_batch(&trigger).unwrap();
}

fn broken(world: &World) -> super::world::Draft {
    let draft = world.change().put("/notes/broken", "new").put("/notes/other", "other").delete("/notes/old");
    draft.event(cartable::storage::Happening::Update, "/notes/broken")
}

#[tokio::test]
async fn a_change_that_fails_midway_leaves_nothing() {
    for how in ["ABORT", "FAIL", "ROLLBACK"] {
        let (sqlite, clock, folder) = fresh();
        let world = World::on(sqlite, clock).await;
        let (blob, size) = world.stage(b"a blob stays, too").await;
        world.put("/notes/broken", "old").await;
        world.commit(world.change().put_body("/notes/old", NewBody::Staged(blob, size))).await.unwrap();
        let before = (world.state().await, world.locate("/notes/").await, world.storage.house_version().await);
        break_at(&folder, how);
        assert!(matches!(world.commit(broken(&world)).await, Err(Error::Failed(_))), "{how}");
        let after = (world.state().await, world.locate("/notes/").await, world.storage.house_version().await);
        assert_eq!(before, after, "{how}");
        assert_eq!(world.names("/notes/").await, ["/notes/broken", "/notes/old"]);
        assert_eq!(world.text("/notes/broken").await.as_deref(), Some("old"));
        assert_eq!(world.text("/notes/old").await.as_deref(), Some("a blob stays, too"));
        assert_eq!(blob_files(&folder), 1);
        world.put("/notes/after", "the writer goes on").await;
    }
}

#[tokio::test]
async fn a_failure_does_not_take_its_group_along() {
    let (sqlite, clock, folder) = fresh();
    let world = World::on(sqlite, clock).await;
    world.put("/notes/old", "old").await;
    break_at(&folder, "ABORT");
    let writes = (0..30).map(|number| {
        let local = format!("/notes/{number}");
        let draft = if number % 3 == 0 { broken(&world) } else { world.change().put(&local, "x") };
        world.commit(draft)
    });
    let written = future::join_all(writes).await;
    assert_eq!(written.iter().filter(|written| written.is_ok()).count(), 20);
    assert_eq!(world.names("/notes/").await.len(), 21);
    assert_eq!(world.state().await.used, 23);
}

/// When the whole transaction is gone, nobody of the group is told otherwise.
#[tokio::test]
async fn a_lost_group_is_answered_as_lost() {
    let (sqlite, clock, folder) = fresh();
    let world = World::on(sqlite, clock).await;
    world.put("/notes/old", "old").await;
    break_at(&folder, "ROLLBACK");
    let writes = (0..30).map(|number| {
        let local = format!("/notes/{number}");
        let draft = if number == 17 { broken(&world) } else { world.change().put(&local, "x") };
        world.commit(draft)
    });
    let written = future::join_all(writes).await;
    let stands = written.iter().filter(|written| written.is_ok()).count();
    assert_eq!(world.names("/notes/").await.len(), 1 + stands);
    assert!(written[17].is_err());
}

#[tokio::test]
async fn faults_happen_as_told() {
    let (sqlite, clock, folder) = fresh();
    let faulty = Arc::new(Faulty::on(sqlite));
    let world = World::on(faulty.clone(), clock).await;
    faulty.fail(Operation::Commit, When::Before, Error::Full, 1);
    assert_eq!(world.commit(world.change().put("/notes/a", "x")).await, Err(Error::Full));
    assert_eq!(world.record("/notes/a").await, None);
    faulty.fail(Operation::Commit, When::After, Error::Failed("broken".into()), 1);
    assert!(world.commit(world.change().put("/notes/a", "x")).await.is_err());
    assert_eq!(world.text("/notes/a").await.as_deref(), Some("x"));
    faulty.fail(Operation::Read, When::Before, Error::Failed("away".into()), 2);
    assert!(faulty.version(world.pod).await.is_err());
    faulty.heal();
    let before = faulty.reads();
    assert!(faulty.version(world.pod).await.is_ok());
    assert_eq!(faulty.reads() - before, 1);
    faulty.fail(Operation::Stage, When::Midway, Error::Full, 1);
    assert_eq!(faulty.stage(world.pod, streamed(&[7; 3000])).await.err(), Some(Error::Full));
    assert_eq!(blob_files(&folder), 0);
    let (blob, _) = world.stage(&vec![7; 600_000]).await;
    faulty.fail(Operation::Open, When::Midway, Error::Full, 1);
    let pieces: Vec<_> = faulty.open(&blob, None).await.unwrap().collect().await;
    assert!(pieces.len() == 2 && pieces[0].is_ok() && pieces[1].is_err());
}
