//! PUT.

use crate::world::World;

const NOTE: &str = "<> a <#Note>.";
const LDP: &str = "http://www.w3.org/ns/ldp#";

/// Shows: P-139, P-128, P-130
#[tokio::test]
async fn a_put_replaces_content_and_type() {
    let world = World::start().await;
    let alice = &world.alice;
    for (media_type, content, status) in [
        ("text/turtle", NOTE, 201),
        ("text/plain", "plain", 204),
        ("application/n-triples", "", 204),
        ("image/png", "no image", 204),
        ("text/turtle", "<> a <#Other>.", 204),
    ] {
        let answer = alice.ask("PUT", "note").content(media_type, content).send().await.is(status);
        assert!(answer.body.is_empty(), "nothing is echoed");
        let shown = alice.get("note").await.is(200);
        assert_eq!((shown.field("content-type"), shown.text()), (media_type, content));
    }
}

/// Shows: P-131, P-132, P-24, solid#server-put-patch-intermediate-containers
#[tokio::test]
async fn containers_above_are_made_and_listed_at_once() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("a/b/note", NOTE).await.created();
    alice.patch("a/c/d/patched", "solid:inserts { <> a <#Note> }").await.created();
    alice.put("a/e/f/", "").await.created();
    for (container, members) in [
        ("", vec!["a/", "inbox/", "profile/", "settings/"]),
        ("a/", vec!["a/b/", "a/c/", "a/e/"]),
        ("a/b/", vec!["a/b/note"]),
        ("a/c/", vec!["a/c/d/"]),
        ("a/c/d/", vec!["a/c/d/patched"]),
        ("a/e/", vec!["a/e/f/"]),
        ("a/e/f/", vec![]),
    ] {
        let members: Vec<_> = members.into_iter().map(|member| alice.url(member)).collect();
        assert_eq!(alice.members(container).await, members, "{container}");
    }
}

/// Shows: P-133, P-138
#[tokio::test]
async fn what_does_not_parse_is_not_stored() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    for (media_type, content) in [
        ("text/turtle", "<> a <#Note>"),
        ("text/turtle;charset=utf-8", "<> a"),
        ("application/ld+json", "{"),
        ("application/ld+json", r#"{"@context": "https://elsewhere.example/context", "name": "x"}"#),
        ("application/n-triples", "<> a <#Note>."),
        ("application/trig", "{ <> a <#Note>"),
    ] {
        for place in ["note", "deep/er/note", "note.meta", "note.acl", "new/"] {
            alice.ask("PUT", place).content(media_type, content).refused(400, "content-malformed").await;
        }
        alice.ask("POST", "").content(media_type, content).refused(400, "content-malformed").await;
    }
}

/// Shows: P-134, P-147
#[tokio::test]
async fn relative_references_mean_the_resource() {
    let world = World::start().await;
    let alice = &world.alice;
    let url = alice.put("notes/one", "<> <#next> <two>; <#up> <./>.").await.created();
    let shown = alice.ask("GET", "notes/one").accept("application/n-triples").send().await.is(200);
    let container = alice.url("notes/");
    assert_eq!(shown.text(), format!("<{url}> <{url}#next> <{container}two> .\n<{url}> <{url}#up> <{container}> .\n"));
}

/// Shows: P-140, P-141, P-142, P-18, solid#server-uri-trailing-slash-distinct
#[tokio::test]
async fn the_slash_decides_what_is_made() {
    let world = World::start().await;
    let alice = &world.alice;
    let link = |class: &str| format!("<{LDP}{class}>; rel=\"type\"");
    alice.ask("PUT", "plain/").turtle("").send().await.is(201);
    alice.ask("PUT", "linked/").turtle("").header("link", &link("BasicContainer")).send().await.is(201);
    alice.ask("PUT", "rdf/").turtle("<> <#title> \"t\".").header("link", &link("RDFSource")).send().await.is(201);
    for place in ["plain/", "linked/", "rdf/"] {
        let types = alice.get(place).await.is(200).links("type");
        assert!(types.contains(&format!("{LDP}BasicContainer")), "{place}");
    }
    for (place, class, status, kind) in [
        ("opaque/", "NonRDFSource", 409, "model-conflict"),
        ("note", "BasicContainer", 409, "model-conflict"),
        ("note", "Container", 409, "model-conflict"),
        ("direct/", "DirectContainer", 400, "interaction-model"),
        ("indirect/", "IndirectContainer", 400, "interaction-model"),
    ] {
        alice.ask("PUT", place).turtle("").header("link", &link(class)).refused(status, kind).await;
    }
    alice.ask("PUT", "opaque/").content("text/plain", "no RDF").refused(415, "rdf-only").await;
    alice.ask("PUT", "plain/").content("text/plain", "no RDF").refused(415, "rdf-only").await;
}

/// Shows: P-130, W-55
#[tokio::test]
async fn a_writer_who_may_not_read_learns_nothing() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", "<> <#secret> \"secret\".").await.created();
    alice.allow("note", &world.bob, "acl:Write").await;
    let url = alice.url("note");
    for answer in [
        world.bob.put(&url, "<> <#written> \"written\".").await.is(204),
        world.bob.get(&url).await.is(403),
        world.bob.patch(&url, "solid:inserts { <> <#more> \"written\" }").await.is(204),
    ] {
        let all = format!("{answer:?}");
        assert!(!all.contains("secret") && !all.contains("written\\\""), "{all}");
    }
}

/// Shows: W-54
#[tokio::test]
async fn a_put_leaves_rules_and_description_alone() {
    let world = World::start().await;
    let alice = &world.alice;
    let url = alice.put("note", NOTE).await.created();
    alice.put("note.meta", "<note> <#by> <#me>.").await.is(201);
    alice.allow("note", &world.bob, "acl:Read").await;
    alice.put("note", "<> a <#Other>.").await.is(204);
    world.bob.get(&url).await.is(200);
    assert_eq!(alice.get("note.meta").await.is(200).text(), "<note> <#by> <#me>.");
}

/// Writing what is there already changes nothing, not even a date.
#[tokio::test]
async fn writing_the_same_again_is_no_change() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    let before = alice.get("note").await;
    let versions = crate::world::versions(world.storage.as_ref()).await;
    world.clock.advance(std::time::Duration::from_mins(1));
    alice.put("note", NOTE).await.is(204);
    alice.patch("note", "solid:inserts { <> a <#Note> }").await.is(204);
    let after = alice.get("note").await;
    assert_eq!(before.field("etag"), after.field("etag"));
    assert_eq!(crate::world::versions(world.storage.as_ref()).await, versions);
}
