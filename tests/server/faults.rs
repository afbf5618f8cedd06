//! Storage that fails: the answer says so, nothing is half-written, and all is well once it recovers.

use std::sync::{Arc, OnceLock};

use cartable::path::{PodName, ResourcePath};
use cartable::storage::{Change, Content, Error, Expected, NewBody, Scope, Storage, Write};

use crate::faulty::{Faulty, Operation, When};
use crate::picture::{Picture, files};
use crate::raw::Reply;
use crate::world::{Asking, Person, Settings, World};

/// Larger than what lies in a record.
const LARGE: usize = 600_000;

/// A world whose storage can be made to fail.
async fn fragile() -> (World, Arc<Faulty>) {
    let (world, faulty) = watched(Settings::default()).await;
    world.alice.put("notes/old", "<> a <#Old> .").await.created();
    world.alice.ask("PUT", "notes/picture").content("image/png", vec![7; LARGE]).send().await.created();
    (world, faulty)
}

/// A world whose storage is watched, and can be made to fail.
pub async fn watched(settings: Settings) -> (World, Arc<Faulty>) {
    let slot = Arc::new(OnceLock::new());
    let filled = slot.clone();
    let wrap = move |storage: Arc<dyn Storage>| -> Arc<dyn Storage> {
        filled.get_or_init(|| Arc::new(Faulty::on(storage))).clone()
    };
    let world = World::with(Settings { wrap: Box::new(wrap), ..settings }).await;
    let faulty = slot.get().unwrap().clone();
    (world, faulty)
}

fn broken() -> Error {
    Error::Failed("the disk is on fire".to_owned())
}

/// Everything that writes.
fn writes(alice: &Person) -> Vec<Asking<'_>> {
    let turtle = |method, place| alice.ask(method, place).content("text/turtle", "<> a <#New> .");
    vec![
        turtle("PUT", "notes/old"),
        turtle("PUT", "deep/er/new"),
        turtle("POST", "notes/"),
        turtle("PUT", "notes/old.meta"),
        alice.ask("PUT", "empty/"),
        alice.ask("PUT", "large").content("image/png", vec![8; LARGE]),
        alice.ask("PUT", "notes/picture").content("image/png", vec![9; LARGE]),
        alice.ask("PATCH", "notes/old").content(
            "text/n3",
            "_:p a <http://www.w3.org/ns/solid/terms#InsertDeletePatch>; \
             <http://www.w3.org/ns/solid/terms#inserts> { <> a <#Patched> }.",
        ),
        alice.ask("DELETE", "notes/picture"),
        alice.ask("COPY", "notes/").header("destination", &alice.url("copy/")),
        alice.ask("MOVE", "notes/").header("destination", &alice.url("moved/")),
    ]
}

async fn now(world: &World) -> Picture {
    let picture = Picture::of(world.sqlite.as_ref(), "alice").await;
    picture.check();
    picture
}

/// Shows: P-138, P-217
#[tokio::test]
async fn a_write_that_cannot_be_kept_leaves_all_as_it_was() {
    let (world, faulty) = fragile().await;
    let before = now(&world).await;
    for (error, status, kind) in [(Error::Full, 507, "storage-full"), (broken(), 503, "storage-unavailable")] {
        for write in writes(&world.alice) {
            faulty.fail(Operation::Commit, When::Before, error.clone(), 1);
            let answer = write.send().await.refused(status, kind);
            assert!(answer.field("retry-after").parse::<u32>().is_ok(), "{answer:?}");
            assert!(!answer.text().contains("fire"), "{answer:?}");
            assert_eq!(now(&world).await, before);
        }
    }
    for write in writes(&world.alice) {
        let answer = write.send().await;
        assert!(answer.status.is_success(), "{answer:?}");
    }
    now(&world).await;
}

/// What fails while a body is staged leaves no file behind.
///
/// Shows: P-138
#[tokio::test]
async fn a_body_that_cannot_be_staged_leaves_nothing() {
    let (world, faulty) = fragile().await;
    let (before, blobs) = (now(&world).await, files(&world.folder.path().join("blobs")));
    for when in [When::Before, When::Midway] {
        for (error, status) in [(Error::Full, 507), (broken(), 503)] {
            for place in ["large", "notes/picture"] {
                faulty.fail(Operation::Stage, when, error.clone(), 1);
                world.alice.ask("PUT", place).content("image/png", vec![8; LARGE]).send().await.is(status);
                assert_eq!(now(&world).await, before);
                assert_eq!(files(&world.folder.path().join("blobs")), blobs);
            }
        }
    }
    world.alice.ask("PUT", "large").content("image/png", vec![8; LARGE]).send().await.is(201);
}

/// An answer that got lost on its way from the disk is no success; what the server shows is what is there.
#[tokio::test]
async fn what_was_written_without_an_answer_is_seen() {
    let (world, faulty) = fragile().await;
    faulty.fail(Operation::Commit, When::After, broken(), 1);
    world.alice.put("notes/old", "<> a <#New> .").await.refused(503, "storage-unavailable");
    assert_eq!(world.alice.get("notes/old").await.is(200).text(), "<> a <#New> .");
    faulty.fail(Operation::Commit, When::After, broken(), 1);
    world.alice.ask("PUT", "large").content("image/png", vec![8; LARGE]).send().await.is(503);
    assert_eq!(world.alice.get("large").await.is(200).body.len(), LARGE);
    faulty.fail(Operation::Commit, When::After, broken(), 1);
    world.alice.delete("notes/old").await.is(503);
    world.alice.get("notes/old").await.is(404);
    now(&world).await;
}

/// Shows: P-217
#[tokio::test]
async fn nobody_is_let_in_or_turned_away_while_storage_is_away() {
    let (world, faulty) = fragile().await;
    world.alice.allow("notes/old", &world.nobody, "acl:Read").await;
    for person in [&world.alice, &world.bob, &world.nobody] {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
            faulty.fail(Operation::Read, When::Before, broken(), usize::MAX);
            let url = world.alice.url("notes/old");
            let answer = person.ask(method, &url).content("text/turtle", "<> a <#New> .").send().await.is(503);
            assert!(answer.headers.contains_key("retry-after"), "{method}: {answer:?}");
            faulty.heal();
            person.get(&url).await.is(200);
        }
    }
}

/// Shows: P-217
#[tokio::test]
async fn a_lost_picture_is_a_fault_and_no_empty_one() {
    let (world, faulty) = fragile().await;
    faulty.fail(Operation::Open, When::Before, broken(), 1);
    world.alice.get("notes/picture").await.refused(503, "storage-unavailable");
    // It was replaced between two looks: the second one sees the new one.
    faulty.fail(Operation::Open, When::Before, Error::Moved, 1);
    assert_eq!(world.alice.get("notes/picture").await.is(200).body.len(), LARGE);
    faulty.fail(Operation::Open, When::Before, Error::Moved, usize::MAX);
    world.alice.get("notes/picture").await.refused(503, "storage-unavailable");
}

#[tokio::test]
async fn a_picture_that_breaks_off_is_not_taken_for_whole() {
    let (world, faulty) = fragile().await;
    let url = world.alice.url("notes/picture");
    let request = ["GET /alice/notes/picture HTTP/1.1", &world.host(), &world.alice.credentials("GET", &url)];
    faulty.fail(Operation::Open, When::Midway, Error::Moved, 1);
    let reply: Reply = world.tell(&request, "").await;
    assert_eq!((reply.status, reply.field("content-length")), (200, "600000"));
    assert!(reply.body.len() < LARGE, "all of it came");
    assert_eq!(world.alice.get("notes/picture").await.is(200).body.len(), LARGE);
}

/// The folder of large bodies is away, as when a disk is not mounted: the rest goes on, and no restart is needed.
#[tokio::test]
async fn large_bodies_come_back_with_their_folder() {
    let (world, _) = fragile().await;
    let (blobs, aside) = (world.folder.path().join("blobs"), world.folder.path().join("aside"));
    let before = now(&world).await;
    std::fs::rename(&blobs, &aside).unwrap();
    std::fs::write(&blobs, "not a folder").unwrap();
    world.alice.ask("PUT", "large").content("image/png", vec![8; LARGE]).send().await.is(503);
    world.alice.get("notes/picture").await.is(503);
    world.alice.get("notes/old").await.is(200);
    std::fs::remove_file(&blobs).unwrap();
    std::fs::rename(&aside, &blobs).unwrap();
    assert_eq!(now(&world).await, before);
    world.alice.ask("PUT", "large").content("image/png", vec![8; LARGE]).send().await.is(201);
    assert_eq!(world.alice.get("notes/picture").await.is(200).body.len(), LARGE);
}

/// An upload that is refused, or whose client leaves, keeps no room on the disk.
///
/// Shows: P-138
#[tokio::test]
async fn bodies_that_no_resource_takes_are_discarded() {
    let (world, faulty) = fragile().await;
    let staged = async || loop {
        // What is discarded goes soon after the answer.
        let left = files(&world.folder.path().join("blobs")).len();
        if left == 1 {
            return;
        }
        tokio::task::yield_now().await;
    };
    faulty.fail(Operation::Commit, When::Before, broken(), 1);
    world.alice.ask("PUT", "large").content("image/png", vec![8; LARGE]).send().await.is(503);
    staged().await;
    faulty.fail(Operation::Commit, When::Before, Error::Full, 1);
    let copy = world.alice.ask("COPY", "notes/").header("destination", &world.alice.url("copy/"));
    copy.send().await.is(507);
    staged().await;
    let url = world.alice.url("large");
    let head = format!(
        "PUT /alice/large HTTP/1.1\r\n{}\r\n{}\r\nContent-Type: image/png\r\nContent-Length: {LARGE}\r\n\r\n",
        world.host(),
        world.alice.credentials("PUT", &url)
    );
    let mut socket = world.connect().await;
    tokio::io::AsyncWriteExt::write_all(&mut socket, head.as_bytes()).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut socket, &vec![8; LARGE / 2]).await.unwrap();
    drop(socket);
    staged().await;
    world.alice.get("large").await.is(404);
    now(&world).await;
}

/// Plants an ACL that does not parse, which no request could write.
async fn plant(world: &World, place: &str) {
    let path = ResourcePath::parse(PodName::parse("alice").unwrap(), place).unwrap();
    let found = world.sqlite.locate(&path).await.unwrap();
    let mut change = Change::of(Scope::Pod(found.pod.id), cartable::clock::Timestamp::from_seconds(0));
    change.expected.push(Expected::Record(path.acl(), found.subject.acl.map(|acl| acl.version)));
    let body = NewBody::Inline("this is no Turtle".into());
    let content = Content { media_type: "text/turtle".into(), body, by: None, inbox: None };
    change.writes.push(Write::Put { path: path.acl(), content });
    world.sqlite.commit(change).await.unwrap();
}

/// Shows: W-30
#[tokio::test]
async fn a_broken_acl_lets_nobody_in_and_its_owner_mends_it() {
    let world = World::start().await;
    world.alice.put("notes/one", "<> a <#One> .").await.created();
    world.alice.put("notes/own", "<> a <#Own> .").await.created();
    world.alice.allow_all("notes/", &world.bob, "acl:Read, acl:Write, acl:Control").await;
    world.alice.allow("notes/own", &world.bob, "acl:Read, acl:Write").await;
    world.bob.get(&world.alice.url("notes/one")).await.is(200);
    plant(&world, "/notes/").await;

    for person in [&world.alice, &world.bob, &world.nobody] {
        let there = |place: &str| world.alice.url(place);
        for place in ["notes/one", "notes/", "notes/new"] {
            for method in ["GET", "HEAD", "PUT", "DELETE"] {
                let ask = person.ask(method, &there(place)).content("text/turtle", "<> a <#New> .");
                ask.send().await.is(500);
            }
        }
        person.post(&there("notes/"), "<> a <#New> .").await.refused(500, "internal");
        // Deleting would need the container's ACL, reading does not.
        person.delete(&there("notes/own")).await.is(500);
    }
    world.bob.get(&world.alice.url("notes/own")).await.is(200);
    world.nobody.get(&world.alice.url("notes/own")).await.is(401);
    world.bob.get(&world.alice.url("notes/.acl")).await.is(500);
    world.bob.delete(&world.alice.url("notes/.acl")).await.is(500);

    world.alice.allow_all("notes/", &world.bob, "acl:Read").await;
    world.bob.get(&world.alice.url("notes/one")).await.is(200);
    world.alice.get("notes/one").await.is(200);
    plant(&world, "/notes/").await;
    world.alice.delete("notes/.acl").await.is(204);
    world.alice.get("notes/one").await.is(200);
    world.bob.get(&world.alice.url("notes/one")).await.is(403);
}
