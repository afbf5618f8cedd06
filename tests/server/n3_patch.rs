//! PATCH with N3 Patch.

use crate::world::{World, statements};

const NOTE: &str = "@prefix s: <http://schema.org/>.\n# kept in mind\n<> a s:Note; s:name \"a\"; s:size 1.\n";

/// Shows: P-160, P-173, P-176, P-177, P-180, P-181, solid#server-patch-n3-semantics, solid#server-patch-n3-patches,
/// solid#server-patch-n3-accept
#[tokio::test]
async fn a_patch_deletes_and_then_inserts() {
    let world = World::start().await;
    let alice = &world.alice;
    for (patch, left) in [
        ("solid:inserts { <> s:name \"b\" }", "<> a s:Note; s:name \"a\", \"b\"; s:size 1."),
        ("solid:deletes { <> s:name \"a\" }", "<> a s:Note; s:size 1."),
        (
            "solid:where { ?n s:name \"a\" } ; solid:deletes { ?n s:name \"a\" } ; solid:inserts { ?n s:name \"b\" }",
            "<> a s:Note; s:name \"b\"; s:size 1.",
        ),
        ("solid:deletes { <> s:size 1 } ; solid:inserts { <> s:size 1, 2 }", "<> a s:Note; s:name \"a\"; s:size 1, 2."),
        // Saying the same twice is saying it once.
        ("solid:deletes { <> s:size 1 . <> s:size 1 }", "<> a s:Note; s:name \"a\"."),
        ("solid:inserts { <> s:size 1 }", "<> a s:Note; s:name \"a\"; s:size 1."),
        ("solid:where { <> a s:Note }", "<> a s:Note; s:name \"a\"; s:size 1."),
        (
            "solid:where { <> ?p \"a\" } ; solid:inserts { ?p a s:Property }",
            "<> a s:Note; s:name \"a\"; s:size 1. s:name a s:Property.",
        ),
    ] {
        alice.put("note", NOTE).await;
        let answer = alice.patch("note", patch).await.is(204);
        assert!(answer.body.is_empty(), "nothing is echoed");
        let shown = alice.get("note").await.is(200);
        assert_eq!(shown.field("content-type"), "text/turtle");
        assert_eq!(shown.graph(&alice.url("note")), statements(left, &alice.url("note")), "{patch}");
        assert!(shown.text().contains("@prefix s:"), "prefixes are kept: {}", shown.text());
    }
}

/// Shows: P-174, P-176, P-179, solid#server-patch-n3-semantics-no-mapping,
/// solid#server-patch-n3-semantics-deletions-non-empty-all-triples
#[tokio::test]
async fn a_patch_that_does_not_fit_is_refused_whole() {
    let world = World::start().await;
    let alice = &world.alice;
    alice
        .put("note", "@prefix s: <http://schema.org/>. <> s:name \"a\", \"b\"; s:size 1; s:text \"x\"@en.")
        .await
        .created();
    for patch in [
        // No match, or more than one.
        "solid:where { <> s:name \"c\" }",
        "solid:where { <> s:name \"a\", \"c\" }",
        "solid:where { <> s:name ?n } ; solid:inserts { <> s:text ?n }",
        "solid:where { ?s ?p ?o }",
        // What is to be deleted is not there; terms are compared, not values.
        "solid:deletes { <> s:name \"c\" }",
        "solid:deletes { <> s:size 01 }",
        "solid:deletes { <> s:size 1.0 }",
        "solid:deletes { <> s:text \"x\" }",
        "solid:deletes { <> s:name \"a\" . <> s:name \"c\" } ; solid:inserts { <> a s:Thing }",
    ] {
        alice.ask("PATCH", "note").n3(patch).refused(409, "patch-conflict").await;
    }
    alice.patch("note", "solid:deletes { <> s:text \"x\"@EN }").await.is(204);
}

/// Shows: P-163, P-164, P-165, P-166, P-167, P-168, P-169, P-170, P-178, solid#server-patch-n3-invalid,
/// solid#server-patch-n3-single, solid#server-patch-n3-simple-type, solid#server-patch-n3-deletes,
/// solid#server-patch-n3-inserts, solid#server-patch-n3-where, solid#server-patch-n3-formulae,
/// solid#server-patch-n3-variables, solid#server-patch-n3-patch-identifier,
/// solid-ed#server-patch-n3-blank-nodes-syntax, solid-ed#server-patch-n3-variables
#[tokio::test]
async fn the_rules_of_a_patch() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    let prefixes = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix s: <http://schema.org/>.\n";
    let patch = |text: &str| alice.ask("PATCH", "note").content("text/n3", format!("{prefixes}{text}"));
    for broken in [
        "_:p a solid:InsertDeletePatch",
        "_:p a solid:InsertDeletePatch; solid:inserts { <> a }.",
        "_:p a solid:InsertDeletePatch; solid:inserts { <> a x:Undeclared }.",
        "nonsense",
    ] {
        patch(broken).refused(400, "patch-malformed").await;
    }
    for invalid in [
        // No patch, two patches, or the wrong type.
        "",
        "<> a s:Thing.",
        "_:p solid:inserts { <> a s:Thing }.",
        "_:p a solid:Patch; solid:inserts { <> a s:Thing }.",
        "_:p a solid:InsertDeletePatch. _:q a solid:InsertDeletePatch.",
        "_:p a solid:InsertDeletePatch. _:q solid:inserts { <> a s:Thing }.",
        // Clauses twice, and clauses that are no formulae.
        "_:p a solid:InsertDeletePatch; solid:inserts { <> a s:A }, { <> a s:B }.",
        "_:p a solid:InsertDeletePatch; solid:deletes { <> a s:A }; solid:deletes { <> a s:B }.",
        "_:p a solid:InsertDeletePatch; solid:where { <> a s:A }, { <> a s:B }.",
        "_:p a solid:InsertDeletePatch; solid:inserts <#formula>.",
        "_:p a solid:InsertDeletePatch; solid:inserts \"formula\".",
        "_:p a solid:InsertDeletePatch; solid:inserts { <> s:says { <> a s:A } }.",
        "_:p a solid:InsertDeletePatch; solid:inserts { { <> a s:A } => { <> a s:B } }.",
        // Variables that nothing binds, blank nodes where they cannot be.
        "_:p a solid:InsertDeletePatch; solid:inserts { ?x a s:A }.",
        "_:p a solid:InsertDeletePatch; solid:deletes { ?x a s:A }.",
        "_:p a solid:InsertDeletePatch; solid:where { ?y a s:A }; solid:inserts { ?x a s:A }.",
        "_:p a solid:InsertDeletePatch; solid:deletes { _:b a s:A }.",
        "_:p a solid:InsertDeletePatch; solid:deletes { <> s:author [] }.",
        "_:p a solid:InsertDeletePatch; solid:deletes { <> s:list ( 1 ) }.",
        "_:p a solid:InsertDeletePatch; solid:where { _:b a s:A }; solid:inserts { _:b a s:A }.",
        // A triple that cannot be.
        "_:p a solid:InsertDeletePatch; solid:where { <> s:name ?n }; solid:inserts { ?n a s:Name }.",
        "_:p a solid:InsertDeletePatch; solid:where { <> s:name ?n }; solid:inserts { <> ?n 1 }.",
    ] {
        patch(invalid).refused(422, "patch-rule").await;
    }
    for valid in [
        "<#patch> a solid:InsertDeletePatch; solid:inserts { <> a s:A }.",
        "_:p a solid:InsertDeletePatch, solid:Patch; solid:inserts { <> a s:B }.",
        "[] a solid:InsertDeletePatch; solid:patches <>; solid:inserts { <> a s:C }.",
        "_:p a solid:InsertDeletePatch; solid:inserts {}; solid:deletes {}; solid:where {}.",
        "_:p a solid:InsertDeletePatch.",
    ] {
        patch(valid).send().await.is(204);
    }
}

/// Shows: P-169, solid-ed#server-patch-n3-blank-nodes-syntax
#[tokio::test]
async fn blank_nodes_can_be_inserted() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    for _ in 0..2 {
        alice
            .patch("note", "solid:inserts { <> s:author [ s:name \"A\" ] . <> s:list ( 1 2 ) . _:b a s:Thing }")
            .await
            .is(204);
    }
    let graph = alice.get("note").await.is(200).graph(&alice.url("note"));
    let note = cartable::rdf::graph::Term::iri(alice.url("note"));
    assert_eq!(graph.objects(&note, "http://schema.org/author").count(), 2, "each time a new one");
    assert_eq!(graph.objects(&note, "http://schema.org/list").count(), 2);
}

/// Shows: P-160, P-173, P-176, P-180, P-181, P-131
#[tokio::test]
async fn a_patch_makes_what_is_not_there_but_finds_nothing_in_it() {
    let world = World::start().await;
    let alice = &world.alice;
    for name in ["deep/er/note", "text.txt", "picture.png", "data.jsonld"] {
        let url = alice.patch(name, "solid:inserts { <> a s:Note }").await.created();
        let shown = alice.get(&url).await.is(200);
        assert_eq!(shown.field("content-type"), "text/turtle", "{name}");
        assert_eq!(shown.graph(&url), statements("<> a s:Note.", &url));
    }
    for patch in ["solid:deletes { <> a s:Note }", "solid:where { <> a s:Note } ; solid:inserts { <> a s:Thing }"] {
        alice.ask("PATCH", "new/note").n3(patch).refused(409, "patch-conflict").await;
    }
    alice.patch("empty", "solid:inserts {}").await.created();
    assert_eq!(alice.get("empty").await.is(200).text(), "");
}

/// Shows: P-161, P-162, P-51, P-52
#[tokio::test]
async fn only_rdf_is_patched_and_only_in_a_known_language() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    alice.ask("PUT", "text").content("text/plain", "x").send().await.is(201);
    for media_type in ["text/plain", "text/turtle", "application/json-patch+json", "application/merge-patch+json"] {
        let answer = alice.ask("PATCH", "note").content(media_type, "x").refused(415, "patch-type").await;
        assert_eq!(answer.field("accept-patch"), "text/n3, application/sparql-update");
    }
    alice.ask("PATCH", "text").n3("solid:inserts { <> a s:Note }").refused(415, "not-patchable").await;
    assert_eq!(alice.get("text").await.text(), "x");
    alice
        .ask("PATCH", "note")
        .content(
            "Text/N3;charset=utf-8",
            "@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch.",
        )
        .send()
        .await
        .is(204);
}

/// The clauses say which modes a patch needs; who lacks them learns nothing from its status.
///
/// Shows: P-171, P-172, W-44, W-55, W-129, W-132
#[tokio::test]
async fn the_clauses_say_which_modes_are_needed() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let (insert, condition, delete) =
        ("solid:inserts { <> a s:X }", "solid:where { <> a s:Note }", "solid:deletes { <> a s:Note }");
    let wrong = "solid:deletes { <> a s:Nothing } ; solid:where { <> a s:Nothing }";
    for (patch, needs) in [
        (insert.to_owned(), "a"),
        (String::from("solid:inserts {}"), "a"),
        (condition.to_owned(), "r"),
        (format!("{condition} ; {insert}"), "ra"),
        (delete.to_owned(), "rw"),
        (format!("{delete} ; {insert}"), "rw"),
        (format!("{condition} ; {delete} ; {insert}"), "rw"),
        (wrong.to_owned(), "rw"),
    ] {
        for (modes, has) in [
            ("acl:Read", "r"),
            ("acl:Append", "a"),
            ("acl:Write", "wa"),
            ("acl:Control", ""),
            ("acl:Read, acl:Append", "ra"),
            ("acl:Read, acl:Write", "rwa"),
        ] {
            alice.put("note", NOTE).await;
            alice.allow("note", bob, modes).await;
            let answer = bob.ask("PATCH", &alice.url("note")).n3(&patch).send().await;
            let allowed = needs.chars().all(|mode| has.contains(mode));
            let expected = if !allowed {
                403
            } else if patch == wrong {
                409
            } else {
                204
            };
            assert_eq!(answer.status, expected, "{modes}: {patch}");
        }
    }
}

/// Shows: P-183, P-180
#[tokio::test]
async fn a_patched_resource_keeps_its_form() {
    let world = World::start().await;
    let alice = &world.alice;
    let json = r#"{"@context": {"s": "http://schema.org/"}, "@id": "", "@type": "s:Note"}"#;
    for (media_type, content) in [
        ("application/ld+json;profile=\"x\"", json),
        ("application/n-triples", ""),
        ("application/trig", "@prefix s: <http://schema.org/>. <> a s:Note. <#g> { <> a s:Hidden }"),
        ("application/rdf+xml", "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"/>"),
    ] {
        alice.ask("PUT", "note").content(media_type, content).send().await;
        alice.patch("note", "solid:inserts { <> s:name \"new\" }").await.is(204);
        let shown = alice.get("note").await.is(200);
        assert_eq!(shown.field("content-type"), media_type);
        assert!(shown.says(&alice.url("note"), "<> s:name \"new\"."), "{}", shown.text());
        assert_eq!(shown.text().contains("Hidden"), media_type == "application/trig", "{}", shown.text());
    }
}

/// Shows: P-184
#[tokio::test]
async fn a_patch_takes_only_so_much_work() {
    let world = World::start().await;
    let alice = &world.alice;
    let triples = (0..200).map(|i| format!("<#a{i}> <#p> <#b{i}>, <#c{i}>.")).collect::<Vec<_>>().join("\n");
    alice.put("graph", &triples).await.created();
    let chain = (0..30).map(|i| format!("?x{i} ?p{i} ?y{i}")).collect::<Vec<_>>().join(" . ");
    let answer = alice.ask("PATCH", "graph").n3(&format!("solid:where {{ {chain} }}")).send().await;
    assert!([409, 422].contains(&answer.status.as_u16()), "{answer:?}");
}
