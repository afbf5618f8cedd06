//! Ranges: a part of a representation.

use crate::world::World;

const DIGITS: &str = "0123456789";

/// Shows: P-61, P-95, P-110, P-111, P-112
#[tokio::test]
async fn a_part_can_be_asked_for() {
    let world = World::start().await;
    world.alice.ask("PUT", "digits").content("text/plain", DIGITS).send().await.is(201);
    for (range, status, part, told) in [
        ("bytes=0-3", 206, "0123", "bytes 0-3/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-4", 206, "6789", "bytes 6-9/10"),
        ("bytes=-99", 206, DIGITS, "bytes 0-9/10"),
        ("bytes=5-99", 206, "56789", "bytes 5-9/10"),
        ("bytes=0-0", 206, "0", "bytes 0-0/10"),
        // Several ranges, other units and nonsense mean the whole.
        ("bytes=0-1,4-5", 200, DIGITS, ""),
        ("lines=0-1", 200, DIGITS, ""),
        ("bytes=3-1", 200, DIGITS, ""),
        ("bytes", 200, DIGITS, ""),
    ] {
        let answer = world.alice.ask("GET", "digits").header("range", range).send().await.is(status);
        assert_eq!((answer.text(), answer.field("content-range")), (part, told), "{range}");
        assert_eq!(answer.field("content-length"), part.len().to_string(), "{range}");
        assert_eq!(answer.field("accept-ranges"), "bytes");
    }
    for range in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
        let asking = world.alice.ask("GET", "digits").header("range", range);
        let answer = asking.refused(416, "range-not-satisfiable").await;
        assert_eq!(answer.field("content-range"), "bytes */10", "{range}");
    }
}

/// Parts of what lies beside the database, and of what is converted.
///
/// Shows: P-110, P-114
#[tokio::test]
async fn parts_fit_together() {
    let world = World::start().await;
    let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 241) as u8).collect();
    world.alice.ask("PUT", "film").content("video/mp4", bytes.clone()).send().await.is(201);
    world.alice.put("note", "<> a <#Note>; <#text> \"some text\".").await.created();
    for (place, accept) in [("film", "*/*"), ("note", "text/turtle"), ("note", "application/n-triples")] {
        let ask = |range: &str| world.alice.ask("GET", place).accept(accept).header("range", range);
        let whole = world.alice.ask("GET", place).accept(accept).send().await.is(200);
        let start = ask("bytes=0-9").send().await.is(206);
        let rest = ask("bytes=10-").send().await.is(206);
        assert_eq!([start.body, rest.body].concat(), whole.body, "{place} as {accept}");
    }
}

/// Shows: P-114
#[tokio::test]
async fn head_knows_no_ranges() {
    let world = World::start().await;
    world.alice.ask("PUT", "digits").content("text/plain", DIGITS).send().await.is(201);
    let answer = world.alice.ask("HEAD", "digits").header("range", "bytes=0-3").send().await.is(200);
    assert_eq!((answer.field("content-length"), answer.field("content-range")), ("10", ""));
    world.alice.ask("HEAD", "digits").header("range", "bytes=99-").send().await.is(200);
}

/// Shows: P-115
#[tokio::test]
async fn a_range_of_something_else_is_not_sent() {
    let world = World::start().await;
    world.alice.ask("PUT", "digits").content("text/plain", DIGITS).send().await.is(201);
    let shown = world.alice.get("digits").await;
    let (tag, modified) = (shown.field("etag").to_owned(), shown.field("last-modified").to_owned());
    for (if_range, status) in [
        (tag.as_str(), 206),
        (&format!("W/{tag}"), 200),
        ("\"other\"", 200),
        (&modified, 206),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 200),
    ] {
        let asking = world.alice.ask("GET", "digits").header("range", "bytes=0-3");
        asking.header("if-range", if_range).send().await.is(status);
        world.alice.ask("GET", "digits").header("if-range", if_range).send().await.is(200);
    }
}
