//! PATCH with SPARQL Update.

use crate::world::{World, statements};

const NOTE: &str = "@prefix s: <http://schema.org/>.\n<> a s:Note; s:name \"a\", \"b\"; s:size 1.\n";

/// Shows: P-185, P-186, P-188, P-190, P-191
#[tokio::test]
async fn updates_change_every_match() {
    let world = World::start().await;
    let alice = &world.alice;
    for (update, left) in [
        ("INSERT DATA { <> s:name \"c\" }", "<> a s:Note; s:name \"a\", \"b\", \"c\"; s:size 1."),
        ("DELETE DATA { <> s:name \"a\" }", "<> a s:Note; s:name \"b\"; s:size 1."),
        (
            "DELETE DATA { <> s:name \"a\" }; INSERT DATA { <> s:name \"z\" };",
            "<> a s:Note; s:name \"b\", \"z\"; s:size 1.",
        ),
        ("DELETE WHERE { <> s:name ?n }", "<> a s:Note; s:size 1."),
        (
            "DELETE { <> s:name ?n } INSERT { <> s:title ?n } WHERE { <> s:name ?n }",
            "<> a s:Note; s:title \"a\", \"b\"; s:size 1.",
        ),
        ("INSERT { ?x a s:Thing } WHERE { ?x a s:Note }", "<> a s:Note, s:Thing; s:name \"a\", \"b\"; s:size 1."),
        // What is not there need not be deleted, and nothing happens where nothing matches.
        ("DELETE DATA { <> s:name \"absent\" }", "<> a s:Note; s:name \"a\", \"b\"; s:size 1."),
        (
            "DELETE { <> s:name ?n } INSERT { <> a s:X } WHERE { ?x a s:Absent; s:name ?n }",
            "<> a s:Note; s:name \"a\", \"b\"; s:size 1.",
        ),
        ("", "<> a s:Note; s:name \"a\", \"b\"; s:size 1."),
        (
            "BASE <http://example.org/> INSERT DATA { <x> a s:Thing }",
            "<> a s:Note; s:name \"a\", \"b\"; s:size 1. <http://example.org/x> a s:Thing.",
        ),
    ] {
        alice.put("note", NOTE).await;
        alice.update("note", update).await.is(204);
        let shown = alice.get("note").await.is(200);
        assert_eq!(shown.graph(&alice.url("note")), statements(left, &alice.url("note")), "{update}");
        assert_eq!(shown.field("content-type"), "text/turtle");
    }
    alice.ask("PATCH", "note").content("application/sparql-update", " \n ").send().await.is(204);
    alice.update("note", "INSERT DATA { <> s:author [ s:name \"A\" ] }").await.is(204);
}

/// Shows: P-185, P-188, P-191, P-131, P-180
#[tokio::test]
async fn an_update_makes_what_is_not_there() {
    let world = World::start().await;
    let alice = &world.alice;
    for name in ["deep/er/note", "text.txt"] {
        let url = alice.update(name, "INSERT DATA { <> a s:Note }").await.created();
        let shown = alice.get(&url).await.is(200);
        assert_eq!((shown.field("content-type"), shown.says(&url, "<> a s:Note.")), ("text/turtle", true));
    }
    alice.ask("PUT", "opaque").content("text/plain", "x").send().await.is(201);
    alice.ask("PATCH", "opaque").sparql("INSERT DATA { <> a s:Note }").refused(415, "not-patchable").await;
}

/// Shows: P-187
#[tokio::test]
async fn only_a_part_of_sparql_is_taken() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    for broken in [
        "INSERT DATA",
        "INSERT DATA { <> a",
        "INSERT DATA { <> a x:Undeclared }",
        "nonsense",
        "SELECT * WHERE { ?s ?p ?o }",
        "ASK { ?s ?p ?o }",
    ] {
        alice.ask("PATCH", "note").sparql(broken).refused(400, "patch-malformed").await;
    }
    for beyond in [
        "LOAD <http://example.org/>",
        "CLEAR ALL",
        "CLEAR DEFAULT",
        "DROP ALL",
        "CREATE GRAPH <http://example.org/>",
        "COPY DEFAULT TO <http://example.org/>",
        "INSERT DATA { GRAPH <http://example.org/> { <> a s:Note } }",
        "WITH <http://example.org/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "DELETE { ?s ?p ?o } USING <http://example.org/> WHERE { ?s ?p ?o }",
        "INSERT { ?s a s:X } WHERE { ?s ?p ?o FILTER(?o = 1) }",
        "INSERT { ?s a s:X } WHERE { ?s ?p ?o OPTIONAL { ?s a ?t } }",
        "INSERT { ?s a s:X } WHERE { { ?s a s:A } UNION { ?s a s:B } }",
        "INSERT { ?s a s:X } WHERE { ?s a s:A MINUS { ?s a s:B } }",
        "INSERT { ?s a s:X } WHERE { BIND(1 AS ?s) }",
        "INSERT { ?s a s:X } WHERE { VALUES ?s { 1 } }",
        "INSERT { ?s a s:X } WHERE { SERVICE <http://example.org/> { ?s ?p ?o } }",
        "INSERT { ?s a s:X } WHERE { ?s s:a/s:b ?o }",
        "INSERT { ?s a s:X } WHERE { { SELECT ?s WHERE { ?s ?p ?o } } }",
    ] {
        alice.ask("PATCH", "note").sparql(beyond).refused(422, "patch-rule").await;
    }
}

/// Shows: P-189, W-132
#[tokio::test]
async fn the_parts_of_an_update_say_which_modes_are_needed() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    for (update, needs) in [
        ("INSERT DATA { <> a s:X }", "a"),
        ("INSERT { <> a s:X } WHERE {}", "a"),
        ("", "a"),
        ("INSERT { <> a s:X } WHERE { <> a s:Note }", "ra"),
        ("DELETE DATA { <> a s:Note }", "rw"),
        ("DELETE DATA { <> a s:Absent }", "rw"),
        ("DELETE WHERE { <> a s:Note }", "rw"),
        ("DELETE DATA { <> a s:Note }; INSERT DATA { <> a s:X }", "rw"),
    ] {
        for (modes, has) in [
            ("acl:Read", "r"),
            ("acl:Append", "a"),
            ("acl:Write", "wa"),
            ("acl:Read, acl:Append", "ra"),
            ("acl:Read, acl:Write", "rwa"),
        ] {
            alice.put("note", NOTE).await;
            alice.allow("note", bob, modes).await;
            let allowed = needs.chars().all(|mode| has.contains(mode));
            let asking = bob.ask("PATCH", &alice.url("note")).sparql(update);
            if allowed {
                asking.send().await.is(204);
            } else {
                asking.refused(403, "not-allowed").await;
            }
        }
    }
}

/// An update of a container sees the user's triples only.
///
/// Shows: P-182, P-235, P-70
#[tokio::test]
async fn an_update_of_a_container_leaves_what_the_server_says_alone() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/", "<> a <http://schema.org/Box>.").await.created();
    alice.put("box/note", NOTE).await.created();
    alice.update("box/", "DELETE { ?s a ?o } INSERT { ?s s:was ?o } WHERE { ?s a ?o }").await.is(204);
    let url = alice.url("box/");
    let shown = alice.get("box/").await.is(200);
    assert!(shown.says(&url, "<> a ldp:Container; s:was s:Box; ldp:contains <note>."), "{}", shown.text());
    assert!(!shown.says(&url, "<> a s:Box."));
    let claim = "INSERT DATA { <> <http://www.w3.org/ns/ldp#contains> <x> }";
    alice.ask("PATCH", "box/").sparql(claim).refused(409, "server-managed").await;
}
