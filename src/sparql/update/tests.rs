use super::*;
use crate::rdf::format::{self, Format};

const BASE: &str = "https://alice.example/notes/today.ttl";

fn parse(text: &str) -> Result<Update, Invalid> {
    Update::parse(format!("PREFIX e: <https://e.org/>\n{text}").as_bytes(), BASE)
}

fn graph(text: &str) -> Graph {
    let text = format!("@prefix e: <https://e.org/> . {text}");
    format::parse(text.as_bytes(), Format::Turtle, BASE).unwrap().dataset.default
}

/// Shows: P-187
#[test]
fn an_empty_update_is_valid() {
    for text in ["", "  \n", "# nothing", "PREFIX e: <https://e.org/>"] {
        assert_eq!(Update::parse(text.as_bytes(), BASE), Ok(Update::default()), "{text}");
    }
}

/// Shows: P-186, P-189
#[test]
fn clauses_are_known() {
    let none = Clauses::default();
    let conditions = Clauses { conditions: true, ..none };
    let insertions = Clauses { insertions: true, ..none };
    let deletions = Clauses { deletions: true, ..none };
    let cases = [
        ("INSERT DATA {}", none),
        ("INSERT DATA { e:a e:b e:c }", insertions),
        ("DELETE DATA { e:a e:b e:c }", deletions),
        ("DELETE DATA { e:a e:b e:c }; INSERT DATA { e:a e:b e:d };", Clauses { insertions: true, ..deletions }),
        ("DELETE WHERE { ?a e:b e:c }", Clauses { deletions: true, ..conditions }),
        ("INSERT { e:a e:b e:c } WHERE {}", insertions),
        ("INSERT { e:a e:b ?c } WHERE { ?a e:b ?c }", Clauses { insertions: true, ..conditions }),
        ("DELETE {} INSERT {} WHERE { ?a e:b ?c }", conditions),
        ("DELETE { ?a e:b ?c } WHERE { ?a e:b ?c }", Clauses { deletions: true, ..conditions }),
        (
            "BASE <https://e.org/> delete { ?a e:b 1, -2.5, +3e-4 } insert { <x> a e:c . } where { ?a e:b ?c. ?a a true. }",
            Clauses { conditions: true, insertions: true, deletions: true },
        ),
        ("INSERT DATA { e:a e:b 'x'@en-GB, \"\"\"FILTER ((((\"\"\", [ e:c ( 1 _:x ) ] }", insertions),
        ("INSERT DATA { <https://e.org/o'brien(1)#me> e:a\\(b <#it's> } # FILTER", insertions),
    ];
    for (text, clauses) in cases {
        assert_eq!(parse(text).map(|update| update.clauses()), Ok(clauses), "{text}");
    }
}

/// Shows: P-187
#[test]
fn what_is_not_in_the_subset_is_unsupported() {
    let updates = [
        "INSERT DATA { GRAPH <g> { e:a e:b e:c } }",
        "DELETE DATA { GRAPH <g> { e:a e:b e:c } }",
        "WITH <g> DELETE { ?a e:b ?c } WHERE { ?a e:b ?c }",
        "DELETE { ?a e:b ?c } USING <g> WHERE { ?a e:b ?c }",
        "DELETE { ?a e:b ?c } USING NAMED <g> WHERE { ?a e:b ?c }",
        "LOAD <https://e.org/>",
        "LOAD SILENT <https://e.org/>",
        "CLEAR DEFAULT",
        "CLEAR ALL",
        "CREATE GRAPH <g>",
        "DROP ALL",
        "COPY <a> TO <b>",
        "MOVE <a> TO <b>",
        "ADD <a> TO <b>",
    ];
    let conditions = [
        "?a e:b ?c FILTER(?c > 1)",
        "?a e:b ?c FILTER (?c < 1)",
        "?a e:b ?c filter(bound(?c))",
        "?a e:b ?c FILTER e:f(?c)",
        "?a e:b ?c FILTERe:f(1<'>'((((",
        "?a e:b true.FILTER:f(1<'>'((((",
        "?a e:b ?c OPTIONAL { ?c e:d ?e }",
        "{ ?a e:b ?c } UNION { ?c e:d ?e }",
        "?a e:b ?c MINUS { ?c e:d ?e }",
        "?a e:b ?c BIND(1 AS ?d)",
        "?a e:b ?c VALUES ?d { 1 }",
        "SERVICE <s> { ?a e:b ?c }",
        "GRAPH <g> { ?a e:b ?c }",
        "{ SELECT ?a { ?a e:b ?c } }",
        "?a e:b/e:c ?d",
        "?a e:b* ?d",
        "?a e:b+ ?d",
        "?a ^e:b ?d",
        "?a !e:b ?d",
        "?a e:b|e:c ?d",
    ];
    let conditions = conditions.iter().map(|condition| format!("DELETE {{ ?a e:b ?c }} WHERE {{ {condition} }}"));
    for text in updates.iter().map(ToString::to_string).chain(conditions) {
        assert!(matches!(parse(&text), Err(Invalid::Unsupported(_))), "{text}: {:?}", parse(&text));
    }
}

/// Shows: P-187
#[test]
fn malformed_updates_and_queries_are_refused() {
    let texts = [
        "INSERT DATA { e:a e:b }",
        "INSERT DATA { e:a e:b e:c",
        "INSERT DATA e:a e:b e:c }",
        "INSERT DATA { ?a e:b e:c }",
        "INSERT DATA { e:a e:b <c d> }",
        "INSERT DATA { e:a e:b \"c }",
        "INSERT DATA { e:a e:b \"c\nd\" }",
        "INSERT DATA { f:a e:b e:c }",
        "INSERT DATA { \"a\" e:b e:c }",
        "INSERT DATA { e:a e:b 1FILTER }",
        "INSERT DATA { e:a e:b << e:a e:b e:c >> }",
        "DELETE DATA { _:a e:b e:c }",
        "DELETE WHERE { [] e:b e:c }",
        "DELETE { _:a e:b ?c } WHERE { ?a e:b ?c }",
        "DELETE { ?a e:b ?c }",
        "INSERT DATA { e:a e:b e:c } INSERT DATA { e:a e:b e:d }",
        "INSERT DATA { e:a e:b e:c } ; ;",
        "SELECT * WHERE { ?a e:b ?c }",
        "ASK { ?a e:b ?c }",
        "CONSTRUCT { ?a e:b ?c } WHERE { ?a e:b ?c }",
        "DESCRIBE <x>",
        "hello",
        "<> a <b> .",
    ];
    for text in texts {
        assert!(matches!(parse(text), Err(Invalid::Syntax(_))), "{text}: {:?}", parse(text));
    }
    assert!(matches!(Update::parse(b"INSERT DATA { <a> <b> \"\xff\" }", BASE), Err(Invalid::Syntax(_))));
    assert!(matches!(Update::parse(b"", "no base"), Err(Invalid::Syntax(_))));
}

/// Shows: P-188, P-190
#[test]
fn updates_are_applied() {
    let cases = [
        // before, update, after
        ("", "INSERT DATA { e:a e:b e:c, \"x\"@EN, <#me> }", "e:a e:b e:c, \"x\"@en, <#me> ."),
        ("e:a e:b e:c .", "INSERT DATA { e:a e:b e:c }", "e:a e:b e:c ."),
        ("e:a e:b e:c, e:d .", "DELETE DATA { e:a e:b e:c }", "e:a e:b e:d ."),
        ("e:a e:b e:c .", "DELETE DATA { e:a e:b e:d }", "e:a e:b e:c ."),
        ("e:a e:b 1 .", "DELETE DATA { e:a e:b 01 }", "e:a e:b 1 ."),
        ("e:a e:b e:c .", "DELETE DATA { e:a e:b e:c }; INSERT DATA { e:a e:b e:d };", "e:a e:b e:d ."),
        ("e:a e:b e:c .", "INSERT DATA { e:a e:b e:d }; DELETE WHERE { e:a e:b ?x }", ""),
        ("e:a e:b e:c, e:d; e:e 1 .", "DELETE WHERE { ?s e:b ?o }", "e:a e:e 1 ."),
        ("e:a e:b e:c .", "DELETE WHERE { ?s e:x ?o }", "e:a e:b e:c ."),
        ("e:a e:b 1, 2 .", "DELETE { ?s e:b ?o } INSERT { ?s e:c ?o } WHERE { ?s e:b ?o }", "e:a e:c 1, 2 ."),
        ("e:a e:b e:c .", "DELETE { e:a e:b e:c } INSERT { e:a e:b e:c } WHERE {}", "e:a e:b e:c ."),
        ("e:a e:b e:c .", "INSERT { ?o ?p ?s } WHERE { ?s ?p ?o }", "e:a e:b e:c . e:c e:b e:a ."),
        ("e:a e:b e:c .", "INSERT { ?s e:d e:e } WHERE { ?s e:x ?o }", "e:a e:b e:c ."),
        ("e:a e:b e:a . e:c e:b e:d .", "DELETE { ?s e:b ?s } WHERE { ?s e:b ?s }", "e:c e:b e:d ."),
        // Templates that make no triple are skipped: a literal subject, a variable without value.
        ("e:a e:b \"c\" .", "INSERT { ?o e:d 1 . ?s e:d 1 . ?s e:d ?n } WHERE { ?s e:b ?o }", "e:a e:b \"c\"; e:d 1 ."),
        // Blank nodes: kept, found by variables, made anew for each solution.
        ("e:a e:b [ e:c 1 ], [ e:c 2 ] .", "DELETE { ?x e:c 1 } WHERE { ?x e:c 1 }", "e:a e:b [], [ e:c 2 ] ."),
        (
            "e:a e:b [ e:c 1 ], [ e:c 1 ] .",
            "INSERT { e:x e:y 1 } WHERE { e:a e:b [ e:c 1 ] }",
            "e:a e:b [ e:c 1 ], [ e:c 1 ] . e:x e:y 1 .",
        ),
        (
            "e:a e:b 1, 2 .",
            "INSERT { ?s e:n _:n . _:n e:v ?o } WHERE { ?s e:b ?o }",
            "e:a e:b 1, 2; e:n [ e:v 1 ], [ e:v 2 ] .",
        ),
        ("_:x e:b 1 .", "INSERT DATA { _:x e:b 1 }; INSERT DATA { [] e:b 1 }", "[] e:b 1 . [] e:b 1 . [] e:b 1 ."),
        ("", "INSERT DATA { e:a e:b ( 1 [ e:c 2 ] ) }", "e:a e:b ( 1 [ e:c 2 ] ) ."),
    ];
    for (before, update, after) in cases {
        let changed = parse(update).unwrap().apply(&graph(before)).unwrap();
        assert!(changed.is_isomorphic(&graph(after)), "{update}: {changed:?}");
    }
}

/// In strings, `\u0022` is a quote in the text. Some parsers undo such escapes before they look for strings.
#[test]
fn escapes_do_not_end_strings() {
    let made = parse("INSERT DATA { e:a e:b \"\\u0022(((\" }").unwrap().apply(&Graph::default()).unwrap();
    assert_eq!(made, graph("e:a e:b \"\\\"(((\" ."));
    assert!(parse("INSERT DATA { e:a e:b \\u0028 1 ) }").is_err());
}

#[test]
fn work_is_bounded() {
    let pairs: Vec<_> = (0..200).map(|i| format!("e:a e:p {i} ; e:q {i} .")).collect();
    let before = graph(&pairs.concat());
    let product = parse("INSERT { ?a e:r ?b } WHERE { ?a e:p ?x . ?b e:p ?y . ?c e:q ?z . ?d e:q ?w }").unwrap();
    assert_eq!(product.apply(&before), Err(TooMuchWork));
    let repeated = parse(&"INSERT { ?a e:r ?x } WHERE { ?a e:p ?x . ?b e:q ?y };".repeat(30)).unwrap();
    assert_eq!(repeated.apply(&before), Err(TooMuchWork));
    let many: Vec<_> = (0..300).map(|i| format!("?a e:b {i}")).collect();
    assert!(matches!(parse(&format!("DELETE WHERE {{ {} }}", many.join("."))), Err(Invalid::Unsupported(_))));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize, open: &str, close: &str| {
        format!("INSERT DATA {{ e:a e:b {} 1 {} }}", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [("[ e:c ", "]"), ("( ", ")")] {
        assert!(parse(&nested(60, open, close)).is_ok());
        assert!(matches!(parse(&nested(100_000, open, close)), Err(Invalid::Unsupported(_))));
    }
    let groups = format!("DELETE {{ ?a e:b ?c }} WHERE {} ?a e:b ?c {}", "{".repeat(60), "}".repeat(60));
    assert!(parse(&groups).is_ok());
    for text in ["{", "(", "[", "!", "a/", "{} UNION ", "OPTIONAL {} ", "- "] {
        assert!(parse(&format!("DELETE {{ ?a e:b ?c }} WHERE {{ ?a {}", text.repeat(100_000))).is_err(), "{text}");
    }
    let long: Vec<_> = (0..20_000).map(|i| format!("e:a e:b {i} .")).collect();
    assert_eq!(
        parse(&format!("INSERT DATA {{ {} }}", long.concat())).map(|update| update.clauses().insertions),
        Ok(true)
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}|([<>\"'{}()\\[\\]:;,.=!?^@a1\\\\ \n-]|(INSERT|DELETE) (DATA|WHERE)?|e:b){0,40}") {
        let _ = parse(&text);
    }
}

/// oxigraph's own engine, asked to do the same.
fn by_oxigraph(before: &str, update: &str) -> Graph {
    use oxigraph::io::{RdfFormat, RdfParser};
    use oxigraph::sparql::SparqlEvaluator;
    use oxigraph::store::Store;

    let store = Store::new().unwrap();
    let turtle = format!("@prefix e: <https://e.org/> . {before}");
    let parser = RdfParser::from_format(RdfFormat::Turtle).with_base_iri(BASE).unwrap();
    store.load_from_slice(parser, turtle.as_bytes()).unwrap();
    let update = format!("PREFIX e: <https://e.org/>\n{update}");
    let update = SparqlEvaluator::new().with_base_iri(BASE).unwrap().parse_update(&update).unwrap();
    update.on_store(&store).execute().unwrap();
    let after: Vec<_> = store.iter().map(|quad| format!("{} .\n", quad.unwrap())).collect();
    format::parse(after.concat().as_bytes(), Format::NTriples, BASE).unwrap().dataset.default
}

mod oracle {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Few terms, so that triples, patterns and templates often meet.
    fn term() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["e:a", "e:b", "e:c", "<#me>"])
    }

    fn object() -> impl Strategy<Value = &'static str> {
        prop_oneof![term(), prop::sample::select(vec!["1", "\"x\"", "\"x\"@fr", "true"])]
    }

    fn variable() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["?s", "?p", "?o", "?x"])
    }

    fn triples(blank: bool) -> impl Strategy<Value = String> {
        let node = if blank { prop_oneof![term(), Just("_:n"), Just("_:m")].boxed() } else { term().boxed() };
        let value = if blank { prop_oneof![object(), Just("_:n")].boxed() } else { object().boxed() };
        vec((node, term(), value), 0..5)
            .prop_map(|triples| triples.iter().map(|(s, p, o)| format!("{s} {p} {o} . ")).collect::<Vec<_>>().concat())
    }

    fn patterns(blank: bool, least: usize) -> impl Strategy<Value = String> {
        let mut subject = prop_oneof![variable(), variable(), term()].boxed();
        if blank {
            subject = prop_oneof![subject, Just("_:f")].boxed();
        }
        let pattern = (subject, prop_oneof![term(), variable()], prop_oneof![variable(), object()]);
        vec(pattern, least..4).prop_map(|patterns| {
            patterns.iter().map(|(s, p, o)| format!("{s} {p} {o} . ")).collect::<Vec<_>>().concat()
        })
    }

    fn operation() -> impl Strategy<Value = String> {
        prop_oneof![
            triples(true).prop_map(|data| format!("INSERT DATA {{ {data} }}")),
            triples(false).prop_map(|data| format!("DELETE DATA {{ {data} }}")),
            patterns(false, 1).prop_map(|conditions| format!("DELETE WHERE {{ {conditions} }}")),
            (patterns(false, 0), patterns(true, 0), patterns(true, 0)).prop_map(|(delete, insert, conditions)| {
                format!("DELETE {{ {delete} }} INSERT {{ {insert} }} WHERE {{ {conditions} }}")
            }),
        ]
    }

    proptest! {
        #[test]
        fn updates_do_what_oxigraph_does(before in triples(true), operations in vec(operation(), 1..4)) {
            // A label of one operation may not come again in another.
            let own = |(at, operation): (usize, &String)| operation.replace("_:", &format!("_:o{at}"));
            let update = operations.iter().enumerate().map(own).collect::<Vec<_>>().join(" ; ");
            let ours = parse(&update).unwrap().apply(&graph(&before)).unwrap();
            let theirs = by_oxigraph(&before, &update);
            prop_assert!(ours.is_isomorphic(&theirs), "{before}\n{update}\nours: {ours:?}\ntheirs: {theirs:?}");
        }
    }
}
