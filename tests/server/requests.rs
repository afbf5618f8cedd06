//! Requests as HTTP knows them: methods, hosts, content and what is said about it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::World;

const NOTE: &str = "<> a <#Note>.";

/// Shows: P-4, P-8, solid#server-content-type-missing
#[tokio::test]
async fn content_needs_a_type() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    alice.put("box/", "").await.is(201);
    for (method, place) in [
        ("PUT", "new.ttl"),
        ("PUT", "note"),
        ("PUT", "new/"),
        ("PUT", "note.acl"),
        ("PUT", "note.meta"),
        ("POST", "box/"),
        ("PATCH", "note"),
    ] {
        alice.ask(method, place).body(NOTE).refused(400, "content-type-missing").await;
        alice.ask(method, place).content("turtle", NOTE).refused(400, "header-malformed").await;
        alice.ask(method, place).content("", NOTE).refused(400, "header-malformed").await;
    }
}

/// Shows: P-5, P-17, P-147, P-157
#[tokio::test]
async fn no_content_needs_no_type_except_for_a_document() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.ask("PUT", "box/").send().await.is(201);
    alice.ask("POST", "box/").container().send().await.is(201);
    alice.ask("PUT", "note").refused(400, "content-type-missing").await;
    alice.ask("POST", "box/").refused(400, "content-type-missing").await;
    alice.ask("PUT", "empty.ttl").turtle("").send().await.is(201);
    assert_eq!(alice.get("empty.ttl").await.is(200).text(), "");
    alice.ask("GET", "empty.ttl").header("content-length", "0").send().await.is(200);
    alice.ask("GET", "empty.ttl").content("nonsense", "which nobody reads").send().await.is(200);
}

/// Shows: P-6, P-8, solid#server-method-not-allowed
#[tokio::test]
async fn methods_that_nobody_supports_are_refused() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    for method in ["TRACE", "LINK", "PROPFIND", "MKCOL", "get", "BREW"] {
        for place in ["note", "", "absent"] {
            let answer = alice.ask(method, place).refused(405, "method-not-allowed").await;
            assert!(answer.field("allow").contains("GET, HEAD"), "{method} {place}");
        }
    }
}

/// A method that this target does not take is refused only to those who may know that it exists.
///
/// Shows: P-6, P-9, P-150
#[tokio::test]
async fn rights_come_before_methods() {
    let world = World::start().await;
    let alice = &world.alice;
    let note = alice.put("note", NOTE).await.created();
    let answer = alice.ask("POST", &note).turtle(NOTE).refused(405, "method-not-allowed").await;
    assert!(!answer.field("allow").contains("POST"), "{answer:?}");
    alice.ask("DELETE", "").refused(405, "method-not-allowed").await;
    for place in [note.as_str(), &alice.pod] {
        for method in ["POST", "DELETE", "PUT", "PATCH"] {
            let ask = |who: &'static str| {
                let person = if who == "bob" { &world.bob } else { &world.nobody };
                let asking = person.ask(method, place);
                if method == "PATCH" { asking.n3("solid:inserts {<> a <#X>}") } else { asking.turtle(NOTE) }
            };
            ask("bob").refused(403, "not-allowed").await;
            ask("nobody").refused(401, "not-authenticated").await;
        }
    }
}

/// Shows: P-12, P-13, P-11
#[tokio::test]
async fn parts_and_codings_are_never_stored_as_the_whole() {
    let world = World::start().await;
    let alice = &world.alice;
    let put = || alice.ask("PUT", "note").turtle(NOTE);
    put().header("content-range", "bytes 0-3/10").refused(400, "partial-put").await;
    let answer = put().header("content-encoding", "gzip").refused(415, "content-encoding").await;
    assert_eq!(answer.field("accept-encoding"), "identity");
    put().header("content-encoding", "identity").send().await.is(201);
    put().header("expect", "wonders").refused(417, "expectation").await;
}

/// What the head of a request decides is decided without its content.
///
/// Shows: P-8, P-11
#[tokio::test]
async fn a_refused_request_need_not_be_sent() {
    let world = World::start().await;
    world.alice.put("note", NOTE).await.created();
    for (method, place, fields, status) in [
        ("PUT", "bob/note", "", "401"),
        ("PUT", "alice/note", "if-none-match: *\r\n", "412"),
        ("PUT", "alice/note/x", "", "409"),
        ("POST", "alice/note", "", "405"),
        ("PUT", "alice/box/", "", "415"),
    ] {
        let url = format!("{}{place}", world.base);
        let head = format!(
            "{method} /{place} HTTP/1.1\r\nhost: {}\r\nauthorization: DPoP {}\r\ndpop: {}\r\n{fields}\
             content-type: foo/bar\r\ncontent-length: 5000000\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
            world.authority(),
            world.alice.token(),
            world.alice.proof(method, &url),
        );
        let head = if status == "401" { head.replace("authorization", "x-none") } else { head };
        let answer = raw(&world, &head).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {place}: {answer}");
    }
}

/// Shows: P-15, P-36
#[tokio::test]
async fn the_host_must_be_ours() {
    let world = World::start().await;
    let authority = world.authority();
    for (fields, status) in [
        (format!("host: {authority}"), "404"),
        (format!("host: {}", authority.to_uppercase()), "404"),
        ("host: elsewhere.example".to_owned(), "421"),
        ("host:".to_owned(), "400"),
        ("host: a/b".to_owned(), "400"),
        ("host: a\\b".to_owned(), "400"),
        ("host: *".to_owned(), "400"),
        ("x-none: 1".to_owned(), "400"),
        (format!("host: {authority}\r\nhost: {authority}"), "400"),
        // Only trusted proxies are believed.
        (format!("host: {authority}\r\nx-forwarded-host: elsewhere.example"), "404"),
    ] {
        let answer = raw(&world, &format!("GET /nowhere/x HTTP/1.1\r\n{fields}\r\nconnection: close\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{fields}: {answer}");
    }
}

/// Shows: P-28, P-14
#[tokio::test]
async fn targets_must_be_sound() {
    let world = World::start().await;
    let deep = "a/".repeat(100);
    let long = "a".repeat(5000);
    for (target, status) in [
        ("/alice/%zz", "400"),
        ("/alice/%4", "400"),
        ("/alice/%ff%fe", "400"),
        ("/alice/%00", "400"),
        ("/alice/%0A", "400"),
        (&format!("/alice/{long}"), "414"),
        (&format!("/alice/{deep}"), "414"),
        ("/alice/ok", "401"),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", world.authority());
        let answer = raw(&world, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {answer}");
    }
}

/// Shows: P-14
#[tokio::test]
async fn what_is_too_large_is_refused() {
    let limits = cartable::pods::Limits { rdf: 1000, patch: 1000, ..cartable::pods::Limits::default() };
    let settings = crate::world::Settings { limits, quota: Some(100_000), ..crate::world::Settings::default() };
    let world = World::with(settings).await;
    let alice = &world.alice;
    let large = format!("# {}\n{NOTE}", "x".repeat(1000));
    alice.ask("PUT", "note").turtle(&large).refused(413, "content-too-large").await;
    alice.put("note", NOTE).await.created();
    alice.ask("PATCH", "note").content("text/n3", large).refused(413, "content-too-large").await;
    for size in [100_000, 200_000] {
        let asking = alice.ask("PUT", "film").content("video/mp4", vec![0; size]);
        asking.refused(413, "quota-exceeded").await;
    }
    alice.ask("PUT", "film").content("video/mp4", vec![0; 50_000]).send().await.is(201);
    alice.ask("PUT", "film").content("video/mp4", vec![0; 70_000]).send().await.is(204);
}

/// Sends text as it is, and reads the answer to its end.
async fn raw(world: &World, request: &str) -> String {
    let mut socket = TcpStream::connect(world.authority()).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
