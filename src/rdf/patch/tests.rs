use super::*;
use crate::rdf::format::{self, Format};
use crate::rdf::graph::Graph;

const BASE: &str = "https://alice.example/notes/today.ttl";

fn n3(text: &str) -> String {
    format!("@prefix solid: <http://www.w3.org/ns/solid/terms#> .\n@prefix e: <https://e.org/> .\n{text}")
}

fn parse(text: &str) -> Result<Patch, Invalid> {
    Patch::parse(n3(text).as_bytes(), BASE)
}

/// A patch of these clauses.
fn patch(clauses: &str) -> Patch {
    parse(&format!("<> a solid:InsertDeletePatch; {clauses} .")).unwrap()
}

fn graph(text: &str) -> Graph {
    format::parse(n3(text).as_bytes(), Format::Turtle, BASE).unwrap().dataset.default
}

/// Shows: solid#server-patch-n3-patches, P-164, P-170, P-171
#[test]
fn patches_are_read() {
    let all = Clauses { conditions: true, insertions: true, deletions: true };
    let none = Clauses::default();
    let cases = [
        ("<> a solid:InsertDeletePatch .", none),
        ("[] a solid:InsertDeletePatch .", none),
        ("_:patch a solid:InsertDeletePatch, solid:Patch .", none),
        ("<#it> a solid:InsertDeletePatch; solid:where {}; solid:inserts {}; solid:deletes {} .", none),
        ("<> a solid:InsertDeletePatch; solid:inserts { e:a e:b e:c } .", Clauses { insertions: true, ..none }),
        ("<> a solid:InsertDeletePatch; solid:deletes { e:a e:b e:c } .", Clauses { deletions: true, ..none }),
        ("<> a solid:InsertDeletePatch; solid:where { e:a e:b e:c } .", Clauses { conditions: true, ..none }),
        (
            "<> a solid:InsertDeletePatch; solid:where { ?a ?b ?c }; solid:deletes { ?a ?b ?c }; solid:inserts { ?c ?b ?a } .",
            all,
        ),
        // Elsewhere, anything goes.
        ("<> solid:patches <x>; a solid:InsertDeletePatch . <x> e:y [ e:z (1 2) ] . ?x e:y \"z\" .", none),
        (
            "_:e e:f e:g . [] a solid:InsertDeletePatch; solid:inserts { _:f e:g [ e:h ( e:i ) ] } .",
            Clauses { insertions: true, ..none },
        ),
        (
            "# { = }\n<> a solid:InsertDeletePatch; solid:inserts { <a=b> e:c '{ = !' } .",
            Clauses { insertions: true, ..none },
        ),
        (
            "<> a solid:InsertDeletePatch; solid:where { @prefix f: <f#> . f:x has e:y f:z } .",
            Clauses { conditions: true, ..none },
        ),
    ];
    for (text, clauses) in cases {
        assert_eq!(parse(text).map(|patch| patch.clauses()), Ok(clauses), "{text}");
    }
}

/// Shows: solid#server-patch-n3-invalid, solid#server-patch-n3-single, P-163, P-164, P-165, P-166, P-167, P-168, P-169
#[test]
fn malformed_patches_are_told_from_invalid_ones() {
    let malformed = [
        "<> a solid:InsertDeletePatch",
        "<> a solid:InsertDeletePatch; solid:inserts { e:a e:b } .",
        "<> a solid:InsertDeletePatch; solid:inserts { e:a e:b e:c .",
        "<> a solid:InsertDeletePatch; solid:inserts { f:a e:b e:c } .",
        "<> a solid:InsertDeletePatch; solid:inserts e:a e:b e:c } .",
        "<> a solid:InsertDeletePatch; solid:inserts { e:a e:b \"c } .",
        "INSERT DATA { e:a e:b e:c }",
        "{ \"not\": \"N3\" }",
    ];
    for text in malformed {
        assert!(matches!(parse(text), Err(Invalid::Syntax(_))), "{text}: {:?}", parse(text));
    }
    assert!(matches!(Patch::parse(b"\xff", BASE), Err(Invalid::Syntax(_))));
    assert!(matches!(Patch::parse(b"", "relative"), Err(Invalid::Syntax(_))));

    // The resource, its type, its clauses.
    let whole = [
        "",
        "<> e:a e:b .",
        "<> a solid:Patch .",
        "<> solid:inserts { e:a e:b e:c } .",
        "<> a solid:Patch; solid:inserts { e:a e:b e:c } .",
        "<> a solid:InsertDeletePatch . <#b> solid:inserts { e:a e:b e:c } .",
        "<#a> a solid:InsertDeletePatch . <#b> a solid:InsertDeletePatch .",
        "<#a> a solid:InsertDeletePatch . <#b> a solid:Patch .",
        "[] a solid:InsertDeletePatch; solid:deletes {} . [] a solid:InsertDeletePatch; solid:inserts {} .",
        "\"x\" a solid:InsertDeletePatch .",
        "?x a solid:InsertDeletePatch .",
        "{} a solid:InsertDeletePatch .",
        "<> a solid:InsertDeletePatch . { e:a e:b e:c } => { e:d e:e e:f } .",
        "<> a solid:InsertDeletePatch . { e:a e:b e:c } <= { e:d e:e e:f } .",
        "<> a solid:InsertDeletePatch . <> e:also { e:d e:e e:f } .",
        "<> a solid:InsertDeletePatch . @forAll <#x> .",
        "<> a solid:InsertDeletePatch . @forSome <#x> .",
    ];
    let clauses = [
        "solid:inserts { e:a e:b e:c }, { e:d e:e e:f }",
        "solid:inserts { e:a e:b e:c }; solid:inserts {}",
        "solid:deletes {}, {}",
        "solid:where {}, {}",
        "solid:inserts <x>",
        "solid:deletes \"e:a e:b e:c\"",
        "solid:where ( e:a e:b e:c )",
        "solid:where ()",
        "solid:where []",
        "solid:where [ e:a e:b ]",
        "solid:where ?x",
        "solid:where { e:a e:b { e:c e:d e:e } }",
        "solid:inserts { { e:c e:d e:e } e:a e:b }",
        "solid:inserts { e:a = e:b }",
        "solid:inserts { e:a => e:b }",
        "solid:inserts { e:a!e:b e:c e:d }",
        "solid:where { e:a^e:b e:c e:d }",
        "solid:inserts { \"a\" e:b e:c }",
        "solid:where { 1 e:b e:c }",
        "solid:inserts { e:a \"b\" e:c }",
        "solid:inserts { e:a _:b e:c }",
        "solid:where { e:a [] e:c }",
        // Variables that the conditions do not know.
        "solid:inserts { ?a e:b e:c }",
        "solid:deletes { e:a ?b e:c }",
        "solid:where { ?a e:b e:c }; solid:deletes { ?a e:b ?c }",
        "solid:where { ?a e:b e:c }; solid:inserts { ?A e:b e:c }",
        // Blank nodes.
        "solid:deletes { _:a e:b e:c }",
        "solid:deletes { e:a e:b [] }",
        "solid:deletes { e:a e:b ( 1 ) }",
        "solid:where { _:a e:b e:c }; solid:deletes { _:a e:b e:c }",
        "solid:where { _:a e:b e:c }; solid:inserts { _:a e:b e:d }",
        "solid:where { _:a e:b e:c }; e:other _:a",
        "solid:inserts { _:a e:b e:c }; e:other _:a",
    ];
    let clauses = clauses.iter().map(|clauses| format!("<> a solid:InsertDeletePatch; {clauses} ."));
    let labelled = "_:p a solid:InsertDeletePatch; solid:inserts { _:p e:b e:c } .".to_owned();
    for text in whole.iter().map(ToString::to_string).chain(clauses).chain([labelled]) {
        assert!(matches!(parse(&text), Err(Invalid::Rule(_))), "{text}: {:?}", parse(&text));
    }
}

/// Shows: solid#server-patch-n3-semantics, P-173, P-174, P-175, P-177
#[test]
fn patches_are_applied() {
    let cases = [
        // before, clauses, after
        ("e:a e:b e:c .", "", "e:a e:b e:c ."),
        ("", "solid:inserts { e:a e:b e:c, \"d\"@EN }", "e:a e:b e:c, \"d\"@en ."),
        ("e:a e:b e:c .", "solid:inserts { e:a e:b e:c }", "e:a e:b e:c ."),
        ("e:a e:b e:c, e:d .", "solid:deletes { e:a e:b e:c }", "e:a e:b e:d ."),
        ("e:a e:b e:c .", "solid:deletes { e:a e:b e:c . e:a e:b e:c }", ""),
        ("e:a e:b e:c .", "solid:deletes { e:a e:b e:c }; solid:inserts { e:a e:b e:c }", "e:a e:b e:c ."),
        ("e:a e:b e:c .", "solid:where { e:a e:b e:c }", "e:a e:b e:c ."),
        ("e:a e:b e:c .", "solid:where { e:a e:b e:c }; solid:inserts { e:x e:y e:z }", "e:a e:b e:c . e:x e:y e:z ."),
        (
            "e:a e:name \"Alice\"; e:age 12 . e:b e:name \"Bob\"; e:age 13 .",
            "solid:where { ?x e:name \"Bob\"; e:age ?n }; solid:deletes { ?x e:age ?n }; solid:inserts { ?x e:age 14 }",
            "e:a e:name \"Alice\"; e:age 12 . e:b e:name \"Bob\"; e:age 14 .",
        ),
        // Two deletions that become one triple.
        ("e:a e:b e:c .", "solid:where { ?x e:b ?y }; solid:deletes { ?x e:b ?y . e:a e:b e:c }", ""),
        // Variables in every position, and twice in one pattern.
        (
            "e:a e:b e:c .",
            "solid:where { ?s ?p ?o }; solid:deletes { ?s ?p ?o }; solid:inserts { ?o ?p ?s }",
            "e:c e:b e:a .",
        ),
        (
            "e:a e:b e:c . e:d e:b e:d .",
            "solid:where { ?s e:b ?s }; solid:inserts { ?s a e:Loop }",
            "e:a e:b e:c . e:d e:b e:d; a e:Loop .",
        ),
        ("e:a e:b e:b .", "solid:where { e:a ?p ?p }; solid:deletes { e:a ?p ?p }", ""),
        // Blank nodes of the document are found by variables.
        (
            "e:a e:b [ e:c 1; e:d 2 ], [ e:c 3 ] .",
            "solid:where { e:a e:b ?n . ?n e:c 1 }; solid:deletes { ?n e:d 2 }",
            "e:a e:b [ e:c 1 ], [ e:c 3 ] .",
        ),
        // Blank nodes of the conditions may match in several ways.
        (
            "e:a e:b [ e:c 1 ], [ e:c 1; e:d 2 ]; e:n 5 .",
            "solid:where { ?x e:n 5; e:b [ e:c 1 ] }; solid:inserts { ?x e:seen true }",
            "e:a e:b [ e:c 1 ], [ e:c 1; e:d 2 ]; e:n 5; e:seen true .",
        ),
        // Blank nodes of the insertions are new, and one label is one node.
        (
            "_:x e:b e:c .",
            "solid:inserts { _:x e:b e:c . e:d e:e _:x, [ e:f ( 1 ) ] }",
            "_:x e:b e:c . _:y e:b e:c . e:d e:e _:y, [ e:f ( 1 ) ] .",
        ),
        // The base is the target.
        ("<#me> e:b <x> .", "solid:where { <> e:no 1 }", "fails"),
        ("<#me> e:b <x> .", "solid:deletes { <#me> e:b <x> }", ""),
    ];
    for (before, clauses, after) in cases {
        let changed = patch(clauses).apply(&graph(before));
        if after == "fails" {
            assert_eq!(changed, Err(Unfit::NoMatch));
        } else {
            assert!(
                changed.as_ref().is_ok_and(|graph_after| graph_after.is_isomorphic(&graph(after))),
                "{clauses}: {changed:?}"
            );
        }
    }
}

/// Shows: P-174, P-176, P-178, P-179
#[test]
fn patches_that_do_not_fit_change_nothing() {
    let cases = [
        ("", "solid:where { e:a e:b e:c }", Unfit::NoMatch),
        ("e:a e:b e:c .", "solid:where { e:a e:b e:c, e:d }", Unfit::NoMatch),
        ("e:a e:b e:c .", "solid:where { ?x e:b ?x }", Unfit::NoMatch),
        ("e:a e:b e:c .", "solid:where { ?x e:b e:c . ?x e:d ?y }", Unfit::NoMatch),
        ("e:a e:b e:c .", "solid:where { [] e:b e:d }", Unfit::NoMatch),
        ("e:a e:b 1 .", "solid:where { e:a e:b 01 }", Unfit::NoMatch),
        ("e:a e:b \"x\"@en .", "solid:where { e:a e:b \"x\" }", Unfit::NoMatch),
        ("e:a e:b e:c . e:d e:b e:c .", "solid:where { ?x e:b e:c }", Unfit::ManyMatches),
        ("e:a e:b e:c, e:d .", "solid:where { e:a e:b ?x }; solid:deletes { e:a e:b ?x }", Unfit::ManyMatches),
        ("e:a e:b [], [] .", "solid:where { e:a e:b ?x }", Unfit::ManyMatches),
        ("", "solid:deletes { e:a e:b e:c }", Unfit::MissingDelete),
        ("e:a e:b e:c .", "solid:deletes { e:a e:b e:c, e:d }", Unfit::MissingDelete),
        ("e:a e:b 1 .", "solid:deletes { e:a e:b 1.0 }", Unfit::MissingDelete),
        ("e:a e:b e:c .", "solid:deletes { e:a e:b e:d }; solid:inserts { e:a e:b e:d }", Unfit::MissingDelete),
        ("e:a e:b \"c\" .", "solid:where { e:a e:b ?x }; solid:inserts { ?x e:b e:c }", Unfit::BadTriple),
        ("e:a e:b \"c\" .", "solid:where { e:a e:b ?x }; solid:inserts { e:a ?x e:c }", Unfit::BadTriple),
        ("e:a e:b _:c .", "solid:where { e:a e:b ?x }; solid:deletes { e:a ?x e:c }", Unfit::BadTriple),
    ];
    for (before, clauses, unfit) in cases {
        assert_eq!(patch(clauses).apply(&graph(before)), Err(unfit), "{before} {clauses}");
    }
}

/// Shows: P-179
#[test]
fn language_tags_match_in_any_case() {
    let changed = patch("solid:deletes { e:a e:b \"x\"@EN-gb }").apply(&graph("e:a e:b \"x\"@en-GB ."));
    assert_eq!(changed, Ok(Graph::default()));
}

#[test]
fn a_patch_makes_new_nodes_each_time() {
    let patch = patch("solid:inserts { e:a e:b [ e:c 1 ] }");
    let once = patch.apply(&Graph::default()).unwrap();
    let twice = patch.apply(&once).unwrap();
    assert_eq!((once.len(), twice.len()), (2, 4));
}

/// Shows: P-184
#[test]
fn matching_is_bounded() {
    // A cycle of five, sought in a graph that has even cycles only.
    let pairs = (0..20).flat_map(|i| (0..20).map(move |j| format!("e:n{i} e:p e:m{j} . e:m{j} e:p e:n{i} . ")));
    let triples: String = pairs.collect();
    let odd = patch("solid:where { ?a e:p ?b . ?b e:p ?c . ?c e:p ?d . ?d e:p ?e . ?e e:p ?a }");
    assert_eq!(odd.apply(&graph(&triples)), Err(Unfit::TooMuchWork));
    // Blank nodes ask whether, not how often.
    let loose = patch("solid:where { [] e:p [] . [] e:p [] . [] e:p [] . [] e:p [] }; solid:inserts { e:a e:b e:c }");
    assert_eq!(loose.apply(&graph(&triples)).map(|after| after.len()), Ok(801));

    let many: Vec<_> = (0..300).map(|i| format!("e:a e:b {i}")).collect();
    let many = format!("<> a solid:InsertDeletePatch; solid:where {{ {} }} .", many.join(" . "));
    assert!(matches!(parse(&many), Err(Invalid::Rule(_))));
    let deep = format!("<> a solid:InsertDeletePatch; solid:inserts {{ e:a e:b {} }} .", "(".repeat(70_000));
    assert!(matches!(parse(&deep), Err(Invalid::Syntax(_))));
}

#[test]
fn large_documents_can_be_patched() {
    let people: Vec<_> = (0..20_000).map(|i| format!("e:n{i} e:name \"Person {i}\"; e:age {} .", i % 90)).collect();
    let before = graph(&people.concat());
    let patch = patch(
        "solid:where { ?x e:name \"Person 19999\"; e:age ?n }; solid:deletes { ?x e:age ?n }; solid:inserts { ?x e:age 91 }",
    );
    assert_eq!(patch.apply(&before).map(|after| after.len()), Ok(40_000));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}|([<>\"'{}()\\[\\]:;,.=!?^@a\\\\ \n-]|solid:(where|inserts)){0,40}") {
        let _ = parse(&format!("<> a solid:InsertDeletePatch; {text}"));
        let _ = Patch::parse(text.as_bytes(), BASE);
    }
}
