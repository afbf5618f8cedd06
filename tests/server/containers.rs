//! Containers: what they list, what the server says of their members, and what users may say.

use std::time::Duration;

use cartable::rdf::graph::Term;

use crate::world::{BEGINNING, PREFIXES, World, http_date};

const NOTE: &str = "<> a <#Note>.";

/// Shows: P-65, P-66, P-67, P-69, solid#server-basic-container, solid#server-contained-resource-metadata
#[tokio::test]
async fn a_listing_says_what_is_in_a_container() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/note", NOTE).await.created();
    alice.put("box/note.meta", "<note> <#by> <#me>.").await.is(201);
    alice.rules("box/note", "").await;
    alice.rules("box/", "").await;
    alice.ask("PUT", "box/a%20b,c:d%C3%A9").content("Text/Plain; charset=x", "four").send().await.is(201);
    alice.ask("PUT", "box/odd").content("foo/bar+baz", "").send().await.is(201);
    alice.put("box/inner/deep", NOTE).await.created();
    let expected = format!(
        "<> a ldp:Resource, ldp:Container, ldp:BasicContainer; dct:modified {date}; stat:mtime {time};
           ldp:contains <note>, <./a%20b,c:d%C3%A9>, <odd>, <inner/>.
         <note> a ldp:Resource, <{MEDIA}text/turtle#Resource>; dct:modified {date}; stat:mtime {time}; stat:size 13.
         <./a%20b,c:d%C3%A9> a ldp:Resource, <{MEDIA}text/plain#Resource>;
           dct:modified {date}; stat:mtime {time}; stat:size 4.
         <odd> a ldp:Resource, <{MEDIA}foo/bar+baz#Resource>; dct:modified {date}; stat:mtime {time}; stat:size 0.
         <inner/> a ldp:Resource, ldp:Container, ldp:BasicContainer; dct:modified {date}; stat:mtime {time}.",
        date = format!("\"{BEGINNING}\"^^xsd:dateTime"),
        time = BEGINNING.seconds(),
    );
    let url = alice.url("box/");
    for accept in ["text/turtle", "application/ld+json", "application/n-triples", "application/trig"] {
        let answer = alice.ask("GET", "box/").accept(accept).send().await.is(200);
        assert_eq!(answer.graph(&url), crate::world::statements(&expected, &url), "{accept}: {}", answer.text());
    }
    assert_eq!(alice.members("box/inner/").await, [alice.url("box/inner/deep")]);
}

const MEDIA: &str = "http://www.w3.org/ns/iana/media-types/";

/// A type that no IRI could name is left out, and breaks nothing.
///
/// Shows: P-69
#[tokio::test]
async fn odd_types_do_not_break_a_listing() {
    let world = World::start().await;
    let alice = &world.alice;
    for (name, media_type) in [("a", "a/b^c"), ("b", "a/b#c"), ("c", "a|b/c`d"), ("d", "a'b/c%41"), ("e", "a/~*")] {
        let answer = alice.ask("PUT", &format!("box/{name}")).content(media_type, "").send().await;
        assert!(answer.status == 201 || answer.status == 400, "{answer:?}");
    }
    for accept in ["text/turtle", "application/ld+json", "application/n-triples"] {
        let answer = alice.ask("GET", "box/").accept(accept).send().await.is(200);
        assert!(!answer.graph(&alice.url("box/")).is_empty(), "{accept}");
        assert!(!answer.text().contains("media-types"), "{}", answer.text());
    }
}

/// Shows: P-73, P-25
#[tokio::test]
async fn a_large_listing_comes_whole() {
    let world = World::start().await;
    let alice = &world.alice;
    for i in 0..2005 {
        alice.ask("PUT", &format!("many/{i}")).content("text/plain", "").send().await.is(201);
    }
    for accept in ["text/turtle", "application/ld+json", "application/n-triples"] {
        let url = alice.url("many/");
        let answer = alice.ask("GET", "many/").accept(accept).send().await.is(200);
        let graph = answer.graph(&url);
        assert_eq!(graph.objects(&Term::iri(url), "http://www.w3.org/ns/ldp#contains").count(), 2005, "{accept}");
    }
}

/// Shows: P-25
#[tokio::test]
async fn a_query_changes_nothing() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/note", NOTE).await.created();
    for accept in ["text/turtle", "application/ld+json"] {
        let (plain, queried) = (
            alice.ask("GET", "box/").accept(accept).send().await.is(200),
            alice.ask("GET", "box/?x=y").accept(accept).send().await.is(200),
        );
        assert_eq!(plain.graph(&alice.url("box/")), queried.graph(&alice.url("box/?x=y")), "{accept}");
        assert_eq!(plain.links("acl"), queried.links("acl"));
    }
}

/// Shows: P-68, P-71
#[tokio::test]
async fn a_containers_date_moves_with_its_membership_only() {
    let world = World::start().await;
    let (alice, start) = (&world.alice, BEGINNING.seconds());
    let now = |minutes: i64| http_date(start + 60 * minutes);
    let dates = async || {
        let mut dates = Vec::new();
        for place in ["", "box/", "box/inner/"] {
            dates.push(alice.head(place).await.is(200).field("last-modified").to_owned());
        }
        dates
    };
    alice.put("box/inner/", "").await.created();
    let minute = || world.clock.advance(Duration::from_mins(1));
    minute();
    alice.put("box/inner/note", NOTE).await.created();
    assert_eq!(dates().await, [now(0), now(0), now(1)], "a member came");
    minute();
    alice.put("box/inner/note", "<> a <#Changed>.").await.is(204);
    assert_eq!(dates().await, [now(0), now(0), now(1)], "a member changed");
    minute();
    alice.put("box/inner/note.meta", "<note> <#by> <#me>.").await.is(201);
    assert_eq!(dates().await, [now(0), now(0), now(1)], "its description is no member");
    minute();
    alice.delete("box/inner/note").await.is(204);
    assert_eq!(dates().await, [now(0), now(0), now(4)], "a member went");
    minute();
    alice.delete("box/inner/").await.is(204);
    let root = alice.head("").await.field("last-modified").to_owned();
    let container = alice.head("box/").await.field("last-modified").to_owned();
    assert_eq!([root, container], [now(0), now(5)]);
}

/// A member's date in the listing is the one that the member itself tells.
///
/// Shows: P-68
#[tokio::test]
async fn the_dates_of_members_are_their_own() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/inner/", "").await.created();
    alice.put("box/note", NOTE).await.created();
    world.clock.advance(Duration::from_millis(90_500));
    alice.put("box/note", "<> a <#Changed>.").await.is(204);
    alice.put("box/inner/deep", NOTE).await.created();
    let listing = alice.get("box/").await;
    let url = alice.url("box/");
    for member in ["note", "inner/"] {
        let modified = alice.head(&format!("box/{member}")).await.field("last-modified").to_owned();
        assert_eq!(modified, http_date(BEGINNING.seconds() + 90));
        let stated = format!("<{member}> stat:mtime {}.", BEGINNING.seconds() + 90);
        assert!(listing.says(&url, &stated), "{}", listing.text());
        let date = BEGINNING.plus(Duration::from_secs(90));
        assert!(listing.says(&url, &format!("<{member}> dct:modified \"{date}\"^^xsd:dateTime.")));
    }
}

/// Shows: P-72, P-58, solid#server-etag
#[tokio::test]
async fn a_containers_tag_changes_with_every_byte_of_its_listing() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/inner/note", NOTE).await.created();
    let mut last = alice.get("box/").await;
    for (step, method, place, content) in [
        ("a member came", "PUT", "box/note", "<> a <#Note>."),
        ("a member grew", "PUT", "box/note", "<> a <#LargerNote>."),
        ("a user's triple came", "PUT", "box/.meta", "<> <#by> <#me>."),
        ("a user's triple changed", "PUT", "box/", "<> <#by> <#you>."),
        ("an inner container's date moved", "PUT", "box/inner/other", "<> a <#Note>."),
        ("an inner container's date moved back and forth", "DELETE", "box/inner/other", ""),
        ("a user's triple of an inner container moved its date", "PUT", "box/inner/.meta", "<> <#by> <#me>."),
        ("the user's triples went", "DELETE", "box/.meta", ""),
        ("a member went", "DELETE", "box/note", ""),
    ] {
        world.clock.advance(Duration::from_secs(1));
        let asking = alice.ask(method, place);
        let asking = if method == "PUT" { asking.turtle(content) } else { asking };
        assert!(asking.send().await.status.is_success(), "{step}");
        let now = alice.get("box/").await.is(200);
        assert_ne!(now.body, last.body, "{step}");
        assert_ne!(now.field("etag"), last.field("etag"), "{step}");
        let spared = alice.ask("GET", "box/").header("if-none-match", last.field("etag")).send().await;
        assert_eq!(spared.status, 200, "{step}");
        last = now;
    }
}

/// Shows: P-74
#[tokio::test]
async fn a_listing_shows_all_members_to_its_readers() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/private", NOTE).await.created();
    alice.allow("box/", &world.bob, "acl:Read").await;
    let url = alice.url("box/");
    assert!(world.bob.get(&url).await.is(200).says(&url, "<> ldp:contains <private>."));
    world.bob.get(&format!("{url}private")).await.refused(403, "not-allowed");
}

/// What a user says of a container is kept beside what the server says.
///
/// Shows: P-75, P-140, P-144, P-146, P-182
#[tokio::test]
async fn users_may_say_things_about_a_container() {
    let world = World::start().await;
    let alice = &world.alice;
    for container in ["box/", ""] {
        alice.put(container, "<> <#title> \"first\".").await;
        alice.put(&format!("{container}note"), NOTE).await.created();
        alice.put(container, "<> <#title> \"second\". <note> <#rank> 1.").await.is(204);
        alice.patch(container, "solid:inserts { <> <#more> \"patched\" }").await.is(204);
        let url = alice.url(container);
        for place in [container.to_owned(), format!("{container}.meta")] {
            let url = alice.url(&place);
            let base = alice.url(container);
            let said = format!(
                "<{base}> <{base}#title> \"second\"; <{base}#more> \"patched\". <{base}note> <{base}#rank> 1 ."
            );
            let answer = alice.get(&place).await.is(200);
            assert!(answer.says(&url, &said), "{place}: {}", answer.text());
            assert!(!answer.text().contains("first"), "{place}");
        }
        assert!(alice.members(container).await.contains(&alice.url(&format!("{container}note"))));
        alice.delete(&format!("{container}.meta")).await.is(204);
        let answer = alice.get(container).await.is(200);
        assert!(!answer.text().contains("title"), "{}", answer.text());
        assert!(answer.says(&url, "<> ldp:contains <note>."));
    }
    assert!(alice.get("").await.says(&alice.pod, "<> a pim:Storage."));
}

/// What was read may be written back.
///
/// Shows: P-144, P-146
#[tokio::test]
async fn a_listing_may_be_written_back() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/note", NOTE).await.created();
    alice.put("box/", "<> <#title> \"t\".").await.is(204);
    for container in ["box/", ""] {
        let before = alice.get(container).await.is(200);
        alice.put(container, before.text()).await.is(204);
        let after = alice.get(container).await.is(200);
        assert_eq!(after.graph(&alice.url(container)), before.graph(&alice.url(container)));
    }
}

/// Shows: P-70, P-143, P-145, P-146, P-182, P-83, solid#server-protect-containment,
/// solid#server-protect-contained-resource-metadata
#[tokio::test]
async fn what_the_server_says_cannot_be_changed() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/note", NOTE).await.created();
    let untrue = [
        "<> ldp:contains <other>.",
        "<> ldp:contains <note>, <other/>.",
        "<> a pim:Storage.",
        "<> dct:modified \"2001-01-01T00:00:00Z\"^^xsd:dateTime.",
        "<> stat:mtime 1.",
        "<note> stat:size 99.",
        "<note> dct:modified \"2001-01-01T00:00:00Z\"^^xsd:dateTime.",
        "<note> a ldp:Container.",
        "<note> a <http://www.w3.org/ns/iana/media-types/image/png#Resource>.",
        "<other> stat:size 1.",
    ];
    for triples in untrue {
        let body = format!("{PREFIXES}<> <#title> \"t\". {triples}");
        alice.ask("PUT", "box/").turtle(&body).refused(409, "server-managed").await;
        alice.ask("PUT", "new/").turtle(&body).refused(409, "server-managed").await;
        alice.ask("PUT", "deep/er/").turtle(&body).refused(409, "server-managed").await;
        alice.ask("POST", "box/").container().turtle(&body).refused(409, "server-managed").await;
        let absolute = body.replace("<>", &format!("<{}>", alice.url("box/")));
        alice.ask("PUT", "box/.meta").turtle(&absolute).refused(409, "server-managed").await;
        for place in ["box/", "box/.meta"] {
            let inserts = triples.replace("<>", &format!("<{}>", alice.url("box/")));
            let inserts = format!("solid:inserts {{ {} }}", inserts.trim_end_matches('.'));
            alice.ask("PATCH", place).n3(&inserts).refused(409, "server-managed").await;
        }
    }
    for deletes in ["<> ldp:contains <note>", "<> a ldp:Container", "<note> stat:size 13"] {
        let patch = format!("solid:deletes {{ {deletes} }}");
        alice.ask("PATCH", "box/").n3(&patch).refused(409, "patch-conflict").await;
    }
    assert_eq!(alice.members("box/").await, [alice.url("box/note")]);
}

/// Shows: P-83
#[tokio::test]
async fn what_the_server_says_of_a_document_cannot_be_changed() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    for triple in ["<note> stat:size 99", "<note> a ldp:Container", "<note> dct:modified \"x\""] {
        let body = format!("{PREFIXES}{triple}.");
        alice.ask("PUT", "note.meta").turtle(&body).refused(409, "server-managed").await;
        let patch = format!("solid:inserts {{ {triple} }}");
        alice.ask("PATCH", "note.meta").n3(&patch).refused(409, "server-managed").await;
    }
    alice.patch("note.meta", "solid:inserts { <note> a <#Favourite> }").await.is(201);
    // In a document itself they are content like any other.
    alice.put("other", &format!("{PREFIXES}<> ldp:contains <x>; stat:size 7.")).await.created();
}

/// Shows: P-104
#[tokio::test]
async fn a_listing_comes_with_the_tags_that_negotiation_needs() {
    let world = World::start().await;
    let [turtle, json] = ["text/turtle", "application/ld+json"];
    let ask = |accept: &'static str| world.alice.ask("GET", "").accept(accept);
    let (one, other) = (ask(turtle).send().await.is(200), ask(json).send().await.is(200));
    assert_ne!(one.field("etag"), other.field("etag"));
    ask(json).header("if-none-match", one.field("etag")).send().await.is(200);
    ask(json).header("if-none-match", other.field("etag")).send().await.is(304);
}
