//! GET, HEAD and OPTIONS, and the fields that describe a resource.

use std::time::Duration;

use crate::world::{BEGINNING, World, http_date};

const NOTE: &str = "@prefix s: <http://schema.org/>.\n# a comment\n<> a s:Note; s:text \"héllo\".\n";

const LDP: &str = "http://www.w3.org/ns/ldp#";
const DESCRIPTION: &str = "http://www.w3.org/ns/solid/terms#storageDescription";

/// Shows: P-90, P-91, P-95, P-128, P-129, P-139, solid#server-put-patch-intermediate-containers
#[tokio::test]
async fn what_was_put_comes_back_byte_for_byte() {
    let world = World::start().await;
    let url = world.alice.put("notes/one", NOTE).await.created();
    assert_eq!(url, world.alice.url("notes/one"));
    let answer = world.alice.get("notes/one").await.is(200);
    assert_eq!(answer.text(), NOTE);
    assert_eq!(answer.field("content-type"), "text/turtle");
    assert_eq!(answer.field("wac-allow"), "user=\"read write control\",public=\"\"");
    world.nobody.get(&url).await.refused(401, "not-authenticated");
    world.bob.get(&url).await.refused(403, "not-allowed");
}

/// Shows: P-90, P-108, P-135
#[tokio::test]
async fn bytes_that_are_no_rdf_keep_their_type_and_its_parameters() {
    let world = World::start().await;
    for (name, media_type, bytes) in [
        ("a.txt", "text/plain; charset=\"iso-8859-1\"", &b"caf\xe9"[..]),
        ("a.bin", "foo/bar", &[0, 255, 10, 13][..]),
        ("a.html", "text/html;charset=utf-8", b"<p property='s:name'>RDFa stays in here</p>"),
        ("a.n3", "text/n3", b"{ ?a ?b ?c } => { ?a a ?b }."),
    ] {
        world.alice.ask("PUT", name).content(media_type, bytes.to_vec()).send().await.is(201);
        let answer = world.alice.get(name).await.is(200);
        assert_eq!((answer.field("content-type"), &answer.body[..]), (media_type, bytes));
        world.alice.ask("GET", name).accept("text/turtle").refused(406, "not-acceptable").await;
    }
}

/// What is not stored in the database but beside it comes back as well.
#[tokio::test]
async fn large_bytes_come_back() {
    let world = World::start().await;
    let bytes: Vec<u8> = (0..300_000_u32).map(|i| (i % 251) as u8).collect();
    world.alice.ask("PUT", "film").content("video/mp4", bytes.clone()).send().await.is(201);
    let answer = world.alice.get("film").await.is(200);
    assert_eq!((answer.field("content-length"), &answer.body[..]), ("300000", &bytes[..]));
    assert_eq!(world.alice.head("film").await.is(200).field("content-length"), "300000");
}

/// Shows: P-59
#[tokio::test]
async fn head_is_get_without_content() {
    let world = World::start().await;
    world.alice.put("notes/one", NOTE).await.created();
    world.alice.put("notes/.meta", "<> <#by> <#me>.").await.is(201);
    for place in ["notes/one", "notes/", "", "notes/one.meta", "notes/.meta", ".acl", ".well-known/solid"] {
        let (get, head) = (world.alice.get(place).await.is(200), world.alice.head(place).await.is(200));
        assert!(head.body.is_empty(), "{place}");
        for name in get.headers.keys().filter(|name| !matches!(name.as_str(), "content-length" | "date")) {
            assert_eq!(head.headers.get(name), get.headers.get(name), "{place}: {name}");
        }
    }
    for (place, status) in [("absent", 404), ("notes", 301), ("notes/one.acl", 404)] {
        let (get, head) = (world.alice.get(place).await.is(status), world.alice.head(place).await.is(status));
        assert!(head.body.is_empty(), "{place}");
        assert_eq!(head.headers.get("location"), get.headers.get("location"), "{place}");
    }
    world.nobody.head(&world.alice.url("notes/one")).await.is(401);
    world.bob.head(&world.alice.url("notes/one")).await.is(403);
}

/// Shows: P-57, P-58, solid#server-etag, solid-ed#server-last-modified-includes
#[tokio::test]
async fn every_representation_has_validators() {
    let world = World::start().await;
    world.clock.advance(Duration::from_secs(7));
    world.alice.put("notes/one", NOTE).await.created();
    world.alice.ask("PUT", "notes/b").content("foo/bar", "x").send().await.is(201);
    for place in ["", "notes/", "notes/one", "notes/b", "notes/one.meta", ".acl", ".meta", ".well-known/solid"] {
        for method in ["GET", "HEAD"] {
            let answer = world.alice.ask(method, place).send().await.is(200);
            let tag = answer.field("etag");
            assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{method} {place}: {tag}");
            assert!(answer.field("last-modified").ends_with(" GMT"), "{method} {place}");
        }
    }
    let modified = world.alice.get("notes/one").await.field("last-modified").to_owned();
    assert_eq!(modified, http_date(BEGINNING.seconds() + 7));
}

/// The methods that each kind of resource takes, and the fields that go with them.
///
/// Shows: P-49, P-50, P-51, P-52, solid#server-allow-methods, solid#server-accept-headers,
/// solid#server-patch-n3-advertise, solid#server-disallow-delete
#[tokio::test]
async fn allow_and_accept_say_what_may_be_done() {
    let world = World::start().await;
    world.alice.put("notes/one", NOTE).await.created();
    world.alice.put("notes/one.acl", &world.alice.acl("notes/one", "")).await.is(201);
    world.alice.ask("PUT", "notes/b").content("foo/bar", "x").send().await.is(201);
    let patches = "text/n3, application/sparql-update";
    for (place, allow, put, post, patch) in [
        ("", "GET, HEAD, OPTIONS, POST, PUT, PATCH, COPY", "*/*", "*/*", patches),
        ("notes/", "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE, COPY, MOVE", "*/*", "*/*", patches),
        ("notes/one", "GET, HEAD, OPTIONS, PUT, PATCH, DELETE, COPY, MOVE", "*/*", "", patches),
        ("notes/b", "GET, HEAD, OPTIONS, PUT, DELETE, COPY, MOVE", "*/*", "", ""),
        ("notes/one.acl", "GET, HEAD, OPTIONS, PUT, PATCH, DELETE", "*/*", "", patches),
        (".acl", "GET, HEAD, OPTIONS, PUT, PATCH", "*/*", "", patches),
        (".well-known/solid", "GET, HEAD, OPTIONS", "", "", ""),
    ] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let answer = world.alice.ask(method, place).send().await;
            let accepts = ["accept-put", "accept-post", "accept-patch"].map(|name| answer.field(name));
            assert_eq!(answer.field("allow"), allow, "{method} {place}");
            assert_eq!(accepts, [put, post, patch], "{method} {place}");
        }
    }
    let made = world.alice.put("notes/two", NOTE).await.is(201);
    assert!(made.field("allow").contains("GET, HEAD"));
}

/// Shows: P-53, P-54, P-55, P-41, P-39, W-1, W-3, wac#server-link-acl, wac#server-resource-acl-max,
/// solid#server-link-auxiliary-type, solid#server-description-resource-max, solid#server-link-storage,
/// solid#server-storage-description
#[tokio::test]
async fn links_lead_to_what_belongs_to_a_resource() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("notes/one", NOTE).await.created();
    for (place, container, storage) in [("", true, true), ("notes/", true, false), ("notes/one", false, false)] {
        for method in ["GET", "HEAD"] {
            let answer = alice.ask(method, place).send().await.is(200);
            let url = alice.url(place);
            assert_eq!(answer.links("acl"), [format!("{url}.acl")]);
            assert_eq!(answer.links("describedby"), [format!("{url}.meta")]);
            assert_eq!(answer.links(DESCRIPTION), [alice.url(".well-known/solid")]);
            let types = answer.links("type");
            assert!(types.contains(&format!("{LDP}Resource")), "{place}");
            assert_eq!(types.contains(&format!("{LDP}Container")), container, "{place}");
            assert_eq!(types.contains(&format!("{LDP}BasicContainer")), container, "{place}");
            assert_eq!(types.contains(&"http://www.w3.org/ns/pim/space#Storage".to_owned()), storage, "{place}");
        }
    }
    let description = alice.get("notes/one.meta").await.is(200);
    assert_eq!(description.links("describes"), [alice.url("notes/one")]);
    assert_eq!(description.links("describedby"), [] as [String; 0]);
    assert_eq!(alice.get(".acl").await.is(200).links("acl"), [] as [String; 0]);
}

/// Clients need the links before they may read.
///
/// Shows: P-53, W-2, P-7, P-214
#[tokio::test]
async fn refusals_lead_to_the_acl_too() {
    let world = World::start().await;
    let (alice, url) = (&world.alice, world.alice.put("notes/one", NOTE).await.created());
    for answer in [
        world.nobody.get(&url).await.refused(401, "not-authenticated"),
        world.bob.get(&url).await.refused(403, "not-allowed"),
        alice.get("notes/absent").await.refused(404, "not-found"),
    ] {
        assert_eq!(answer.links("acl").len(), 1, "{answer:?}");
        assert_eq!(answer.links(DESCRIPTION).len(), 1);
    }
}

/// Shows: P-88, P-92, P-93, solid#server-safe-methods
#[tokio::test]
async fn options_is_answered_for_everyone_and_reveals_nothing() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("notes/one", NOTE).await.created();
    alice.ask("PUT", "notes/b").content("foo/bar", "x").send().await.is(201);
    for (there, missing) in [("notes/one", "notes/no"), ("notes/b", "notes/no"), ("notes/", "no/")] {
        for stranger in [&world.nobody, &world.bob] {
            let [there, missing] = [there, missing].map(|place| stranger.ask("OPTIONS", &alice.url(place)));
            let (there, missing) = (there.send().await.is(204), missing.send().await.is(204));
            assert!(there.body.is_empty());
            for field in ["allow", "accept-put", "accept-post", "accept-patch"] {
                assert_eq!(there.field(field), missing.field(field), "{field}");
            }
        }
    }
    alice.ask("OPTIONS", "notes/one").send().await.is(204);
}

/// Shows: P-89, P-7, P-9, W-58, solid#server-unauthenticated
#[tokio::test]
async fn what_is_not_there_is_404_to_readers_only() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("shared/", "").await.is(201);
    alice.allow_all("shared/", &world.bob, "acl:Read").await;
    for place in ["shared/absent", "shared/absent/", "shared/no/where", "shared/absent.meta"] {
        alice.get(place).await.refused(404, "not-found");
        world.bob.get(&alice.url(place)).await.refused(404, "not-found");
        world.carol.get(&alice.url(place)).await.refused(403, "not-allowed");
        let anonymous = world.nobody.get(&alice.url(place)).await.refused(401, "not-authenticated");
        assert!(anonymous.field("www-authenticate").starts_with("DPoP algs="), "{anonymous:?}");
    }
    // An ACL takes Control, even where there is none.
    world.bob.get(&alice.url("shared/absent.acl")).await.refused(403, "not-allowed");
    world.nobody.get(&format!("{}nopod/", world.base)).await.refused(404, "not-found");
}

/// Shows: P-60, P-216, P-3, O-10
#[tokio::test]
async fn answers_vary_by_who_asks_and_errors_by_what_they_accept() {
    let world = World::start().await;
    let url = world.alice.put("notes/one", NOTE).await.created();
    for answer in [world.alice.get(&url).await, world.nobody.get(&url).await, world.bob.put(&url, NOTE).await] {
        let vary = answer.field("vary").to_ascii_lowercase();
        assert!(["accept", "authorization", "origin"].iter().all(|name| vary.contains(name)), "{vary}");
        assert_eq!(answer.field("cache-control"), "private, no-cache");
        assert_eq!(answer.field("x-content-type-options"), "nosniff");
    }
    world.alice.allow("notes/one", &world.nobody, "acl:Read").await;
    assert_eq!(world.nobody.get(&url).await.is(200).field("cache-control"), "no-cache");
    for (accept, media_type) in [
        ("text/turtle", "text/turtle"),
        ("text/html", "text/html;charset=utf-8"),
        ("text/plain", "text/plain;charset=utf-8"),
        ("image/png", "application/problem+json"),
        ("*/*", "application/problem+json"),
    ] {
        let answer = world.bob.ask("GET", &world.alice.url("absent")).accept(accept).send().await.is(403);
        assert_eq!(answer.field("content-type"), media_type, "{accept}");
    }
}

/// Shows: O-102
#[tokio::test]
async fn what_users_store_runs_no_script() {
    let world = World::start().await;
    for (media_type, sandboxed) in [
        ("text/html", true),
        ("image/svg+xml", true),
        ("application/xml", true),
        ("text/turtle", true),
        ("image/png", false),
        ("application/pdf", false),
    ] {
        world.alice.ask("PUT", "file").content(media_type, "").send().await;
        let answer = world.alice.get("file").await.is(200);
        assert_eq!(answer.field("content-security-policy") == "sandbox", sandboxed, "{media_type}");
        assert_eq!(answer.field("x-content-type-options"), "nosniff");
    }
}

/// Shows: P-44, P-38, P-46, solid#server-storage-track-owner, solid#server-storage
#[tokio::test]
async fn a_pod_has_an_owner_who_is_not_shown() {
    let world = World::start().await;
    let owner = world.alice.webid();
    let name = cartable::path::PodName::parse("alice").unwrap();
    assert_eq!(world.storage.pod(&name).await.unwrap().unwrap().owners, [owner]);
    world.alice.allow_all("", &world.nobody, "acl:Read").await;
    let root = world.nobody.get(&world.alice.pod).await.is(200);
    assert_eq!(root.links("http://www.w3.org/ns/solid/terms#owner"), [] as [String; 0]);
    assert!(!format!("{root:?}").contains(owner));
}

/// A document that is too long to be parsed between other requests says and takes the same.
///
/// Shows: P-96, P-160
#[tokio::test]
async fn a_long_document_is_read_and_edited_like_a_short_one() {
    let world = World::start().await;
    let lines: Vec<_> = (0..8000).map(|i| format!("<#s{i}> <http://schema.org/position> {i} .\n")).collect();
    world.alice.put("long", &lines.concat()).await.created();
    let json = world.alice.ask("GET", "long").accept("application/ld+json").send().await.is(200);
    assert!(json.text().contains("long#s7999"));
    let patch = "@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n_:p a solid:InsertDeletePatch; \
                 solid:deletes { <#s17> <http://schema.org/position> 17 . }.";
    world.alice.ask("PATCH", "long").content("text/n3", patch).send().await.is(204);
    let left = world.alice.ask("GET", "long").accept("application/n-triples").send().await.is(200);
    assert_eq!(left.text().lines().filter(|line| !line.is_empty()).count(), 7999);
    let broken = format!("{}<#s> <", lines.concat());
    world.alice.ask("PUT", "long").content("text/turtle", broken).refused(400, "content-malformed").await;
    world.alice.ask("PUT", "folder/").content("text/turtle", lines.concat()).send().await.is(201);
    let posted = world.alice.ask("POST", "folder/").content("text/turtle", lines.concat()).send().await.created();
    assert_eq!(world.alice.get(&posted).await.is(200).body.len(), lines.concat().len());
}

/// Shows: P-94
#[tokio::test]
async fn the_whole_server_says_what_it_can() {
    let world = World::start().await;
    let reply = world.tell(&["OPTIONS * HTTP/1.1", &world.host()], "").await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.field("allow"), "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE, COPY, MOVE");
}
