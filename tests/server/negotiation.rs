//! Content negotiation: RDF in the form that the client likes best.

use crate::world::{PREFIXES, World, statements};

const NOTE: &str = "@prefix s: <http://schema.org/>.\n<> a s:Note; s:name \"a\"@fr; s:size 1.";
const JSON: &str = r#"{"@context": {"s": "http://schema.org/"}, "@id": "", "@type": "s:Note", "s:name": "a"}"#;

/// Shows: P-96, P-97, P-98, solid#server-representation-turtle-jsonld
#[tokio::test]
async fn rdf_can_be_had_as_turtle_and_json_ld_whichever_way_it_was_written() {
    let world = World::start().await;
    let alice = &world.alice;
    let said = "<> a s:Note; s:name \"a\".";
    alice.put("turtle", &format!("{PREFIXES}{said}")).await.created();
    alice.ask("PUT", "json").content("application/ld+json", JSON).send().await.is(201);
    alice.patch("patched", "solid:inserts { <> a s:Note; s:name \"a\" }").await.is(201);
    for name in ["turtle", "json", "patched"] {
        let url = alice.url(name);
        for accept in ["text/turtle", "application/ld+json"] {
            let answer = alice.ask("GET", name).accept(accept).send().await.is(200);
            assert_eq!(answer.field("content-type"), accept, "{name}");
            assert_eq!(answer.graph(&url), statements(said, &url), "{name} as {accept}");
        }
    }
    for (name, stored) in
        [("turtle", "text/turtle"), ("json", "application/ld+json"), ("patched", "text/turtle"), ("", "text/turtle")]
    {
        assert_eq!(alice.get(name).await.field("content-type"), stored);
        assert_eq!(alice.ask("GET", name).accept("*/*").send().await.field("content-type"), stored);
    }
}

/// Containers, ACLs and descriptions are negotiated like documents.
///
/// Shows: P-96, W-4, wac#server-get-acl-turtle
#[tokio::test]
async fn containers_and_auxiliary_resources_come_in_both_forms() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("notes/one", NOTE).await.created();
    alice.put("notes/one.meta", "<one> <http://schema.org/about> <#x>.").await.is(201);
    for place in ["notes/", "notes/one.meta", ".acl", "profile/card.acl", ".well-known/solid"] {
        let url = alice.url(place);
        let turtle = alice.ask("GET", place).accept("text/turtle").send().await.is(200);
        let json = alice.ask("GET", place).accept("application/ld+json").send().await.is(200);
        assert_eq!(turtle.field("content-type"), "text/turtle", "{place}");
        assert_eq!(json.field("content-type"), "application/ld+json", "{place}");
        assert!(turtle.graph(&url).is_isomorphic(&json.graph(&url)), "{place}");
        assert!(!turtle.graph(&url).is_empty(), "{place}");
    }
}

/// The most specific range wins, then the highest weight, then the stored form.
///
/// Shows: P-98, P-99, P-100, P-101, P-102, P-103, P-106
#[tokio::test]
async fn the_client_chooses() {
    let world = World::start().await;
    world.alice.put("note", NOTE).await.created();
    let long = "a/b;q=0.1,c/d;q=0.2,e/f;q=0.3,g/h;q=0.4,i/j;q=0.5,k/l;q=0.6,m/n;q=0.7,o/p;q=0.8,text/turtle;q=0.9,\
                application/example+json;q=0.95,application/x-other;q=0.2";
    for (accept, chosen) in [
        ("", "text/turtle"),
        ("text/*", "text/turtle"),
        ("application/ld+json, text/turtle;q=0.9", "application/ld+json"),
        ("text/turtle;q=0.1, */*;q=0.5", "application/ld+json"),
        ("text/turtle;q=0, */*", "application/ld+json"),
        ("application/ld+json;profile=\"http://www.w3.org/ns/json-ld#compacted\"", "application/ld+json"),
        ("application/n-triples", "application/n-triples"),
        ("application/json", "application/json"),
        ("nonsense, application/ld+json", "application/ld+json"),
        (long, "text/turtle"),
    ] {
        let answer = world.alice.ask("GET", "note").accept(accept).send().await.is(200);
        assert_eq!(answer.field("content-type"), chosen, "{accept}");
    }
    for place in ["note", "", "profile/card.acl"] {
        let answer = world.alice.ask("GET", place).accept("image/png").refused(406, "not-acceptable").await;
        assert!(answer.field("vary").contains("Accept"));
    }
    let html = world.alice.ask("GET", "note").accept("text/html").send().await;
    assert_eq!(html.status, 406);
}

/// Shows: P-104
#[tokio::test]
async fn named_graphs_stay_in_json_ld_and_are_left_out_of_turtle() {
    let world = World::start().await;
    let alice = &world.alice;
    let json = r##"[{"@id": "", "http://schema.org/name": [{"@value": "outside"}]},
        {"@id": "#graph", "@graph": [{"@id": "", "http://schema.org/name": [{"@value": "inside"}]}]}]"##;
    alice.ask("PUT", "data").content("application/ld+json", json).send().await.is(201);
    assert_eq!(alice.get("data").await.is(200).text(), json);
    let turtle = alice.ask("GET", "data").accept("text/turtle").send().await.is(200);
    assert_eq!(turtle.graph(&alice.url("data")), statements("<> s:name \"outside\".", &alice.url("data")));
    let quads = alice.ask("GET", "data").accept("application/n-quads").send().await.is(200);
    assert!(quads.text().contains("\"inside\""), "{}", quads.text());
}

/// The prefixes that a client wrote are kept where there are any to keep.
///
/// Shows: P-106, P-107
#[tokio::test]
async fn plain_json_is_no_rdf() {
    let world = World::start().await;
    world.alice.ask("PUT", "data").content("application/json", JSON).send().await.is(201);
    world.alice.ask("GET", "data").accept("text/turtle").refused(406, "not-acceptable").await;
    assert_eq!(world.alice.get("data").await.is(200).text(), JSON);
    world.alice.ask("PUT", "trig").content("application/trig", NOTE).send().await.is(201);
    let turtle = world.alice.ask("GET", "trig").accept("text/turtle").send().await.is(200);
    assert!(turtle.text().contains("s:Note"), "{}", turtle.text());
}
