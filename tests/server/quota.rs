//! Quotas: what counts, and what is refused before and while it arrives.

use serde_json::Value;

use crate::picture::Picture;
use crate::world::{Answer, Settings, World};

const QUOTA: u64 = 1_000_000;

/// A world of small pods, and the bytes that are left in Alice's.
async fn small() -> (World, u64) {
    let world = World::with(Settings { quota: Some(QUOTA), ..Settings::default() }).await;
    let left = QUOTA - used(&world).await;
    (world, left)
}

/// The bytes in use, which are those that are there.
async fn used(world: &World) -> u64 {
    let picture = Picture::of(world.storage.as_ref(), "alice").await;
    picture.check();
    picture.used
}

/// How many bytes are left, by the refusal.
#[track_caller]
fn left(answer: Answer) -> u64 {
    let problem: Value = serde_json::from_slice(&answer.refused(413, "quota-exceeded").body).unwrap();
    problem["left"].as_u64().unwrap()
}

fn bytes(size: u64) -> Vec<u8> {
    vec![7; usize::try_from(size).unwrap()]
}

async fn put(world: &World, place: &str, size: u64) -> Answer {
    world.alice.ask("PUT", place).content("image/png", bytes(size)).send().await
}

/// Shows: P-14
#[tokio::test]
async fn a_pod_takes_what_it_has_room_for() {
    let (world, room) = small().await;
    assert_eq!(left(put(&world, "large", room + 1).await), room);
    put(&world, "large", room - 50).await.is(201);
    assert_eq!(used(&world).await, QUOTA - 50);
    assert_eq!(left(put(&world, "small", 51).await), 50);
    let turtle = format!("<> <#text> \"{}\" .", "x".repeat(100));
    assert_eq!(left(world.alice.put("notes/one", &turtle).await), 50);
    assert_eq!(left(world.alice.post("", &turtle).await), 50);
    assert_eq!(left(world.alice.put("large.meta", &turtle).await), 50);
    world.alice.get("notes/").await.is(404);
    // Containers weigh nothing.
    world.alice.ask("PUT", "empty/").send().await.is(201);
    put(&world, "small", 50).await.is(201);
    assert_eq!(used(&world).await, QUOTA);
    world.alice.delete("large").await.is(204);
    assert_eq!(used(&world).await, QUOTA - room + 50);
}

/// What is replaced makes room for what replaces it.
#[tokio::test]
async fn replaced_bytes_count() {
    let (world, room) = small().await;
    put(&world, "a", room - 100).await.is(201);
    put(&world, "a", room).await.is(204);
    assert_eq!(left(put(&world, "a", room + 1).await), 0);
    put(&world, "a", 70_000).await.is(204);
    put(&world, "a", 60_000).await.is(204);
    assert_eq!(used(&world).await, QUOTA - room + 60_000);
    let fill = format!("<> <#text> \"{}\" .", "x".repeat(usize::try_from(room - 60_100).unwrap()));
    world.alice.put("b", &fill).await.is(201);
    world.alice.put("b", &fill.replace('x', "y")).await.is(204);
    let patched = world.alice.patch("b", &format!("solid:inserts {{ <> <#text> \"{}\" }}", "z".repeat(200))).await;
    left(patched);
}

/// Nobody knows beforehand how much comes in chunks.
#[tokio::test]
async fn an_upload_without_length_ends_where_the_room_does() {
    let (world, room) = small().await;
    let url = world.alice.url("chunked");
    let lines = ["PUT /alice/chunked HTTP/1.1", &world.host(), &world.alice.credentials("PUT", &url)];
    let lines = [&lines[..], &["Content-Type: image/png", "Transfer-Encoding: chunked"]].concat();
    let chunk = [b"186a0\r\n".to_vec(), bytes(100_000), b"\r\n".to_vec()].concat();
    let reply = world.tell(&lines, [chunk.repeat(11), b"0\r\n\r\n".to_vec()].concat()).await;
    assert_eq!(reply.status, 413, "{}", reply.head);
    let problem: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(problem["left"], room);
    world.alice.get("chunked").await.is(404);
    assert_eq!(used(&world).await, QUOTA - room);
}

/// Nothing is asked for that would be refused.
///
/// Shows: P-11
#[tokio::test]
async fn a_refusal_comes_before_the_upload() {
    let (world, room) = small().await;
    put(&world, "there", 10).await.is(201);
    for (place, condition, length, status) in [
        ("large", "X-None: 1", room + 1, 413),
        ("there", "If-None-Match: *", 500_000, 412),
        ("missing", "If-Match: *", 500_000, 412),
        ("there/", "X-None: 1", 500_000, 409),
        ("there/below", "X-None: 1", 500_000, 409),
        ("missing.acl", "X-None: 1", 500_000, 409),
        ("there", "Content-Encoding: gzip", 500_000, 415),
    ] {
        let lines = [
            condition,
            &world.host(),
            &world.alice.credentials("PUT", &world.alice.url(place)),
            &format!("Content-Type: image/png\r\nContent-Length: {length}\r\nExpect: 100-continue"),
        ];
        let line = format!("PUT /alice/{place} HTTP/1.1");
        let lines = [&[line.as_str()], &lines[..]].concat();
        let reply = world.tell(&lines, "").await;
        assert_eq!(reply.status, status, "{place} {condition}: {}", reply.head);
    }
}

/// Shows: P-14
#[tokio::test]
async fn copies_need_room_and_moves_none() {
    let (world, room) = small().await;
    put(&world, "album/large", room / 2 + 10).await.is(201);
    let copy = world.alice.ask("COPY", "album/").header("destination", &world.alice.url("copy/")).send().await;
    assert_eq!(left(copy), room - room / 2 - 10);
    world.alice.get("copy/").await.is(404);
    world.alice.ask("MOVE", "album/").header("destination", &world.alice.url("moved/")).send().await.is(201);
    assert_eq!(used(&world).await, QUOTA - room + room / 2 + 10);
}
