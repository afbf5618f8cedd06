//! POST: new members, their names, and inboxes.

use crate::world::{PREFIXES, World, statements};

const NOTE: &str = "<> a <#Note>.";
const LDP: &str = "http://www.w3.org/ns/ldp#";

/// Shows: P-148, P-129, P-134, solid#server-post-container, solid#server-post-container-create-resource,
/// solid#server-post-uri-assignment
#[tokio::test]
async fn a_post_makes_a_member_with_a_name_of_ours() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/", "").await.is(201);
    let one = alice.post("box/", NOTE).await.created();
    let two = alice.post("box/", NOTE).await.created();
    assert_ne!(one, two);
    for url in [&one, &two] {
        let name = url.strip_prefix(&alice.url("box/")).unwrap();
        assert!(!name.is_empty() && !name.contains('/'), "{url}");
        // `<>` is the new resource, not the container.
        let shown = alice.get(url).await.is(200);
        assert_eq!(shown.graph(url), statements(NOTE, url));
    }
    let mut members = [one, two];
    members.sort();
    assert_eq!(alice.members("box/").await, members);
}

/// Shows: P-149, P-150, W-15, solid#server-post-target-not-found
#[tokio::test]
async fn only_a_container_that_is_there_takes_a_post() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    alice.put("note.meta", "<note> <#by> <#me>.").await.is(201);
    for place in ["absent/", "absent/deeper/", "absent", "note/y/", "note/"] {
        alice.ask("POST", place).turtle(NOTE).refused(404, "not-found").await;
        alice.ask("POST", place).container().refused(404, "not-found").await;
        world.bob.ask("POST", &alice.url(place)).turtle(NOTE).refused(403, "not-allowed").await;
        world.nobody.ask("POST", &alice.url(place)).turtle(NOTE).refused(401, "not-authenticated").await;
    }
    for place in ["note", ".acl", "note.acl", "note.meta"] {
        let answer = alice.ask("POST", place).turtle(NOTE).refused(405, "method-not-allowed").await;
        assert!(!answer.field("allow").contains("POST"));
        world.bob.ask("POST", &alice.url(place)).turtle(NOTE).refused(403, "not-allowed").await;
    }
}

/// Shows: P-151, P-152, P-157, P-158
#[tokio::test]
async fn a_link_asks_for_a_container() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/", "").await.is(201);
    let post = |links: &[String]| {
        let asking = alice.ask("POST", "box/").turtle("<> <#title> \"t\".");
        links.iter().fold(asking, |asking, link| asking.header("link", link))
    };
    let typed = |class: &str| format!("<{LDP}{class}>; rel=\"type\"");
    for links in [
        vec![typed("BasicContainer")],
        vec![typed("Container")],
        vec![typed("Resource"), typed("BasicContainer")],
        vec![format!("{}, {}", typed("Resource"), typed("Container"))],
        vec![format!("<{LDP}BasicContainer>;rel=type")],
        vec![format!("<{LDP}BasicContainer>; rel=\"up type\"")],
    ] {
        let url = post(&links).send().await.created();
        assert!(url.ends_with('/'), "{links:?}: {url}");
        let shown = alice.get(&url).await.is(200);
        assert!(shown.links("type").contains(&format!("{LDP}BasicContainer")));
        assert!(shown.says(&url, "<> a ldp:Container; <#title> \"t\"."), "{}", shown.text());
    }
    for links in [vec![], vec![typed("Resource")], vec![typed("RDFSource")], vec![typed("NonRDFSource")]] {
        let url = post(&links).send().await.created();
        assert!(!url.ends_with('/'), "{links:?}: {url}");
    }
    for class in ["DirectContainer", "IndirectContainer"] {
        post(&[typed(class)]).refused(400, "interaction-model").await;
    }
    alice.ask("POST", "box/").container().send().await.created();
    alice.ask("POST", "box/").container().content("text/plain", "no RDF").refused(415, "rdf-only").await;
    let managed = format!("{PREFIXES}<> ldp:contains <x>.");
    let asking = alice.ask("POST", "box/").container().turtle(&managed);
    asking.refused(409, "server-managed").await;
}

/// Shows: P-153, P-154, P-156, P-32, P-86, P-33
#[tokio::test]
async fn a_slug_is_the_name_if_it_can_be() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/", "").await.is(201);
    let post = |slug: &str| alice.ask("POST", "box/").turtle(NOTE).header("slug", slug);
    for (slug, name) in [
        ("foobar", "foobar"),
        ("a b", "a%20b"),
        ("%C3%A9t%C3%A9", "%C3%A9t%C3%A9"),
        ("b:c", "b:c"),
        ("x,y", "x,y"),
        (".hidden", ".hidden"),
        (".ACL", ".ACL"),
        ("100%", "100%25"),
        ("what?", "what%3F"),
    ] {
        let url = post(slug).send().await.created();
        assert_eq!(url, format!("{}{name}", alice.url("box/")), "{slug}");
        alice.get(&url).await.is(200);
    }
    let inner = alice.ask("POST", "box/").container().header("slug", "inner/").send().await.created();
    assert_eq!(inner, alice.url("box/inner/"));
    let long = "x".repeat(300);
    for unusable in ["", ".", "..", "%2E%2E", "a%00b", "%FF", &long] {
        let url = post(unusable).send().await.created();
        let name = url.strip_prefix(&alice.url("box/")).unwrap();
        assert_eq!(name.len(), 36, "{unusable}: a name of ours, not {name}");
    }
    for (slug, status, kind) in [
        ("a/b", 400, "header-malformed"),
        ("a%2Fb", 400, "header-malformed"),
        ("inner/", 400, "header-malformed"),
        ("x.acl", 403, "auxiliary-slug"),
        ("x.meta", 403, "auxiliary-slug"),
        (".acl", 403, "auxiliary-slug"),
        ("x%2Eacl", 403, "auxiliary-slug"),
    ] {
        post(slug).refused(status, kind).await;
    }
    post("a").header("slug", "b").refused(400, "header-repeated").await;
    alice.ask("POST", "").turtle(NOTE).header("slug", ".well-known").refused(403, "name-reserved").await;
}

/// Shows: P-22, P-155, P-37
#[tokio::test]
async fn a_name_that_is_taken_in_either_slash_form_is_not_given_again() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/note", NOTE).await.created();
    alice.put("box/inner/", "").await.created();
    for slug in ["note", "inner"] {
        let before = (alice.get("box/note").await, alice.get("box/inner/").await);
        let document = alice.ask("POST", "box/").turtle("<> a <#Other>.").header("slug", slug).send().await.created();
        let container = alice.ask("POST", "box/").container().header("slug", slug).send().await.created();
        for url in [document, container] {
            let name = url.strip_prefix(&alice.url("box/")).unwrap().trim_end_matches('/');
            assert_eq!(name.len(), 36, "{url}");
        }
        assert_eq!(alice.get("box/note").await.body, before.0.body);
        assert_eq!(alice.get("box/inner/").await.field("last-modified"), before.1.field("last-modified"));
    }
}

/// A name may not make an address that is too long or too deep to be asked for.
///
/// Shows: P-14, P-154
#[tokio::test]
async fn what_is_posted_can_be_fetched() {
    let world = World::start().await;
    let alice = &world.alice;
    let deep = "a/".repeat(63);
    alice.put(&deep, "").await.created();
    alice.ask("POST", &deep).turtle(NOTE).refused(414, "uri-too-long").await;
    alice.ask("POST", &deep).container().header("slug", "b").refused(414, "uri-too-long").await;
    alice.ask("POST", &alice.url(&deep[2..])).turtle(NOTE).send().await.created();
    // Where the name itself is too long, a shorter one may do.
    let long = format!("{}/", "a".repeat(200)).repeat(19);
    let container = alice.put(&long, "").await.created();
    for slug in ["b".repeat(100), "b".repeat(250), "é".repeat(100)] {
        let url = alice.ask("POST", &container).turtle(NOTE).header("slug", &slug).send().await.created();
        alice.get(&url).await.is(200);
    }
    assert_eq!(alice.members(&container).await.len(), 3);
}

/// Shows: P-159, P-135
#[tokio::test]
async fn any_type_is_taken() {
    let world = World::start().await;
    for media_type in ["foo/bar", "multipart/form-data; boundary=x", "text/turtle"] {
        let url = world.alice.ask("POST", "").content(media_type, "").send().await.created();
        assert_eq!(world.alice.get(&url).await.is(200).field("content-type"), media_type);
    }
}

/// Shows: P-219, P-220, P-221, P-64, W-50, solid#server-ldn
#[tokio::test]
async fn an_inbox_takes_notifications_from_everyone_who_is_signed_in() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let profile = world.nobody.get(&alice.url("profile/card")).await.is(200);
    assert!(profile.says(&alice.url("profile/card"), "<#me> ldp:inbox <../inbox/>."));
    let inbox = alice.url("inbox/");
    let note = r#"{"@context": {"as": "https://www.w3.org/ns/activitystreams#"}, "@id": "", "@type": "as:Announce"}"#;
    let profiled = "application/ld+json;profile=\"https://www.w3.org/ns/activitystreams\"";
    let url = bob.ask("POST", &inbox).content(profiled, note).send().await.is(201).field("location").to_owned();
    world.nobody.ask("POST", &inbox).content(profiled, note).refused(401, "not-authenticated").await;
    // The sender learns where it lies, and no more.
    for place in [&inbox, &url] {
        bob.get(place).await.refused(403, "not-allowed");
    }
    bob.ask("PUT", &url).content(profiled, note).refused(403, "not-allowed").await;
    bob.ask("DELETE", &url).refused(403, "not-allowed").await;
    let listing = alice.ask("GET", &inbox).accept("application/ld+json").send().await.is(200);
    assert!(listing.says(&inbox, &format!("<> ldp:contains <{url}>.")), "{}", listing.text());
    let shown = alice.ask("GET", &url).accept("application/ld+json").send().await.is(200);
    assert_eq!(shown.text(), note);
    assert!(shown.says(&url, "<> a <https://www.w3.org/ns/activitystreams#Announce>."));
}

/// Shows: P-64, P-219
#[tokio::test]
async fn an_inbox_that_was_named_is_advertised() {
    let world = World::start().await;
    let alice = &world.alice;
    let link = format!("<{}>; rel=\"{LDP}inbox\"", alice.url("inbox/"));
    alice.ask("PUT", "note").turtle(NOTE).header("link", &link).send().await.is(201);
    let posted = alice.ask("POST", "").turtle(NOTE).header("link", &link).send().await.created();
    alice.put("note", "<> a <#Changed>.").await.is(204);
    for place in ["note", &posted] {
        for method in ["GET", "HEAD"] {
            let answer = alice.ask(method, place).send().await.is(200);
            assert_eq!(answer.links(&format!("{LDP}inbox")), [alice.url("inbox/")], "{method} {place}");
        }
    }
}
