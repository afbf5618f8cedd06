//! Cross-origin requests: every answer can be read by pages of any origin.

use crate::world::{Answer, Asking, World};

const NOTE: &str = "<> a <#Note>.";
const APP: &str = "https://app.example:8443";

/// Shows: P-200, P-201, P-202, P-207, P-208, P-213, P-60, W-68, O-9, solid#server-cors, solid#server-cors-aceh,
/// solid#server-cors-acao-vary, solid#server-cors-enumerate, wac#server-cors-acao-acah,
/// wac#server-cors-aceh-wac-allow
#[tokio::test]
async fn every_answer_can_be_read_by_a_page() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let note = alice.put("note", NOTE).await.created();
    alice.put("box/note", NOTE).await.created();
    let tag = alice.get(&note).await.field("etag").to_owned();
    let answers: Vec<(u16, Asking<'_>)> = vec![
        (200, alice.ask("GET", "note")),
        (200, alice.ask("HEAD", "note")),
        (204, alice.ask("OPTIONS", "note")),
        (206, alice.ask("GET", "note").header("range", "bytes=0-1")),
        (201, alice.ask("POST", "box/").turtle(NOTE)),
        (204, alice.ask("PUT", "note").turtle("<> a <#Other>.")),
        (301, alice.ask("GET", "box")),
        (301, alice.ask("GET", alice.pod.trim_end_matches('/'))),
        (304, alice.ask("GET", "box/note").header("if-none-match", "*")),
        (400, alice.ask("GET", "%zz")),
        (400, alice.ask("PUT", "note").body(NOTE)),
        (400, alice.ask("GET", "note").header("authorization", "Basic YTpi")),
        (401, world.nobody.ask("GET", &note).header("authorization", "Basic YTpi")),
        (401, world.nobody.ask("GET", &note)),
        (403, bob.ask("GET", &note)),
        (404, alice.ask("GET", "absent")),
        (404, world.nobody.ask("GET", "NoPod/x")),
        (405, alice.ask("POST", "note").turtle(NOTE)),
        (406, alice.ask("GET", "note").accept("image/png")),
        (409, alice.ask("DELETE", "box/")),
        (412, alice.ask("PUT", "note").turtle(NOTE).header("if-match", &tag)),
        (415, alice.ask("PATCH", "note").content("text/plain", "x")),
        (416, alice.ask("GET", "note").header("range", "bytes=999-")),
        (421, alice.ask("GET", "note").header("host", "elsewhere.example")),
        (422, alice.ask("PATCH", "note").n3("solid:inserts { ?x a <#X> }")),
    ];
    for (status, asking) in answers {
        readable(&asking.header("origin", APP).send().await.is(status), APP);
    }
}

fn readable(answer: &Answer, origin: &str) {
    assert_eq!(answer.field("access-control-allow-origin"), origin, "{answer:?}");
    assert_eq!(answer.field("access-control-allow-credentials"), "true");
    assert!(answer.field("vary").split(", ").any(|name| name == "Origin"), "{answer:?}");
    let exposed = answer.field("access-control-expose-headers");
    for name in [
        "Accept-Patch",
        "Accept-Post",
        "Accept-Put",
        "Allow",
        "Content-Range",
        "ETag",
        "Last-Modified",
        "Link",
        "Location",
        "Vary",
        "WAC-Allow",
        "WWW-Authenticate",
    ] {
        assert!(exposed.split(", ").any(|listed| listed == name), "{name} in {exposed}");
    }
    assert!(answer.field("access-control-allow-headers").contains("DPoP"));
    for name in answer.headers.keys().map(http::HeaderName::as_str) {
        let safe = ["content-length", "content-type", "cache-control", "date", "connection", "vary"].contains(&name);
        let own = name.starts_with("access-control-") || name.starts_with("x-") || name.starts_with("content-security");
        let listed = exposed.to_ascii_lowercase().split(", ").any(|listed| listed == name);
        assert!(safe || own || listed, "a page cannot read {name}");
    }
    for name in ["vary", "allow", "wac-allow", "www-authenticate", "access-control-expose-headers"] {
        assert!(answer.headers.get_all(name).iter().count() <= 1, "{name} is one line");
    }
}

/// Shows: P-203, P-204, P-205, P-206, P-209, P-210, solid#server-cors-options, solid#server-cors-accept-acah
#[tokio::test]
async fn a_preflight_needs_no_rights_and_allows_what_it_asks_for() {
    let world = World::start().await;
    let note = world.alice.put("note", NOTE).await.created();
    for place in [note.as_str(), &world.alice.url("absent/deep"), &world.alice.pod, &format!("{}nopod/x", world.base)] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "COPY", "MOVE"] {
            let ask = |fields: &str| {
                let asking = world.nobody.ask("OPTIONS", place).header("origin", APP);
                let asking = asking.header("access-control-request-method", method);
                if fields.is_empty() { asking } else { asking.header("access-control-request-headers", fields) }
            };
            let answer = ask("X-CUSTOM, Content-Type, Accept").send().await.is(204);
            assert!(answer.body.is_empty());
            let methods = answer.field("access-control-allow-methods");
            assert!(methods.split(", ").any(|allowed| allowed == method), "{methods}");
            assert_eq!(answer.field("access-control-allow-headers"), "X-CUSTOM, Content-Type, Accept");
            assert_eq!(answer.field("access-control-max-age"), "7200");
            assert_eq!(answer.field("access-control-allow-origin"), APP);
            assert!(!answer.field("access-control-expose-headers").is_empty());
            for name in ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"] {
                assert!(answer.field("vary").contains(name), "{}", answer.field("vary"));
            }
            let plain = ask("X-Custom").send().await.is(204);
            assert!(!plain.field("access-control-allow-headers").contains("Accept"));
            assert_eq!(ask("").send().await.is(204).field("access-control-allow-origin"), APP);
        }
    }
}

/// A preflight takes no notice of credentials.
///
/// Shows: P-203, O-9
#[tokio::test]
async fn a_preflight_uses_no_proof_up() {
    let world = World::start().await;
    let alice = &world.alice;
    let note = alice.put("note", NOTE).await.created();
    let (stranger, proof) = (alice.anonymous(), alice.proof("GET", &note));
    let token = format!("DPoP {}", alice.token());
    let preflight = stranger.ask("OPTIONS", &note).header("origin", APP).header("access-control-request-method", "GET");
    preflight.header("authorization", &token).header("dpop", &proof).send().await.is(204);
    stranger.ask("GET", &note).header("authorization", &token).header("dpop", &proof).send().await.is(200);
}

/// Shows: P-211, P-212
#[tokio::test]
async fn only_an_origin_is_sent_back() {
    let world = World::start().await;
    world.alice.put("note", NOTE).await.created();
    for (origin, sent_back) in [
        ("https://app.example", "https://app.example"),
        ("HTTPS://App.Example", "HTTPS://App.Example"),
        ("null", "null"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("moz-extension://0f1e2d3c", "moz-extension://0f1e2d3c"),
        ("nonsense", ""),
        ("https://app.example/path", ""),
        ("https://a.example, https://b.example", ""),
    ] {
        let answer = world.alice.ask("GET", "note").header("origin", origin).send().await.is(200);
        assert_eq!(answer.field("access-control-allow-origin"), sent_back, "{origin}");
        assert!(answer.field("vary").contains("Origin"));
    }
    let answer = world.alice.get("note").await.is(200);
    assert_eq!(answer.field("access-control-allow-origin"), "");
    assert!(answer.field("vary").contains("Origin"));
    for fields in ["a b", "x\u{e9}", "(x)", "a,,b:c"] {
        let asking = world.nobody.ask("OPTIONS", "alice/note").header("origin", APP);
        let asking = asking.header("access-control-request-method", "GET");
        let Ok(fields) = http::HeaderValue::from_str(fields) else { continue };
        let answer = asking.field("access-control-request-headers", fields).send().await.is(204);
        assert!(answer.field("access-control-allow-headers").starts_with("Authorization"), "{answer:?}");
    }
}
