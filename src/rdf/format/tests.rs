mod properties;

use super::*;
use crate::rdf::graph::{Graph, Literal, Term, Triple, isomorphic};
use crate::rdf::vocab::{rdf, xsd};

const BASE: &str = "https://alice.example/notes/today.ttl";

fn turtle(text: &str) -> Graph {
    parse(text.as_bytes(), Format::Turtle, BASE).unwrap().dataset.default
}

fn reprint(text: &str) -> String {
    let document = parse(text.as_bytes(), Format::Turtle, BASE).unwrap();
    let printed = String::from_utf8(print(&document, Format::Turtle).unwrap()).unwrap();
    assert!(turtle(&printed).is_isomorphic(&document.dataset.default), "{printed}");
    printed
}

#[test]
fn a_format_is_known_by_its_media_type() {
    assert_eq!(Format::of("text/turtle"), Some(Format::Turtle));
    assert_eq!(Format::of("Text/Turtle; charset=utf-8"), Some(Format::Turtle));
    assert_eq!(Format::of("application/ld+json;profile=\"x\""), Some(Format::JsonLd));
    assert_eq!(Format::of("application/json"), None);
    assert_eq!(Format::of("text/n3"), None);
    assert_eq!(Format::of(""), None);
}

/// Shows: P-134
#[test]
fn relative_iris_resolve_against_the_base() {
    let cases = [
        ("<>", "https://alice.example/notes/today.ttl"),
        ("<#me>", "https://alice.example/notes/today.ttl#me"),
        ("<other>", "https://alice.example/notes/other"),
        ("<./>", "https://alice.example/notes/"),
        ("<../card>", "https://alice.example/card"),
        ("</card#me>", "https://alice.example/card#me"),
        ("<//bob.example/>", "https://bob.example/"),
        ("<?a=b>", "https://alice.example/notes/today.ttl?a=b"),
        ("<https://bob.example/x>", "https://bob.example/x"),
    ];
    for (written, meant) in cases {
        let graph = turtle(&format!("{written} a <https://example.org/T> ."));
        assert_eq!(graph.iter().next().unwrap().subject, Term::iri(meant), "{written}");
        let graph = turtle(&format!("@base <https://alice.example/> . {written} a <t> ."));
        assert_ne!(graph.len(), 0);
    }
}

/// Shows: P-133
#[test]
fn malformed_documents_are_refused() {
    let cases = [
        (Format::Turtle, "<a> <b> <c>"),
        (Format::Turtle, "<a> <b> ."),
        (Format::Turtle, "<a> <b> <c> ; <d> ."),
        (Format::Turtle, "<a> <b c> <d> ."),
        (Format::Turtle, "a:b a <c> ."),
        (Format::Turtle, "\"text\" a <c> ."),
        (Format::Turtle, "<a> _:b <c> ."),
        (Format::Turtle, "<a> \"b\" <c> ."),
        (Format::Turtle, "<a> a \"unended ."),
        (Format::Turtle, "<a> a \"\\u12\u{e9}4\" ."),
        (Format::Turtle, "<a> a \"\\uD800\" ."),
        (Format::Turtle, "<a> a \"x\"@ ."),
        (Format::Turtle, "<a> a [ <b> <c> ."),
        (Format::Turtle, "<a> a ( <b> ."),
        (Format::Turtle, "<g> { <a> a <b> }"),
        (Format::Turtle, "{ <a> a <b> } => { <a> a <c> } ."),
        (Format::Turtle, "<a> a ?x ."),
        // RDF 1.2
        (Format::Turtle, "<< <a> <b> <c> >> a <d> ."),
        (Format::Turtle, "<a> <b> <<( <a> <b> <c> )>> ."),
        (Format::Turtle, "<a> <b> <c> {| <d> <e> |} ."),
        (Format::Turtle, "<a> <b> <c> ~ <d> ."),
        (Format::Turtle, "<a> <b> \"text\"@en--ltr ."),
        (Format::Turtle, "VERSION \"1.2\" <a> <b> <c> ."),
        (Format::TriG, "<g> { <a> a <b> "),
        (Format::TriG, "GRAPH { <a> a <b> }"),
        (Format::TriG, "<g> { <a> a <<( <a> <b> <c> )>> }"),
        (Format::NTriples, "<a> <b> <c> ."),
        (Format::NTriples, "<https://e.org/a> <https://e.org/b> <https://e.org/c>"),
        (Format::NTriples, "<https://e.org/a> <https://e.org/b> <https://e.org/c> <https://e.org/g> ."),
        (Format::NTriples, "<https://e.org/a> a <https://e.org/c> ."),
        (Format::NTriples, "<https://e.org/a> <https://e.org/b> <<( <https://e.org/a> <https://e.org/b> _:c )>> ."),
        (Format::NQuads, "<https://e.org/a> <https://e.org/b> \"c\" \"g\" ."),
        (Format::NQuads, "<https://e.org/a> <https://e.org/b> \"c\"@en--rtl ."),
        (Format::JsonLd, " "),
        (Format::JsonLd, "{"),
        (Format::JsonLd, "{} {}"),
        (Format::JsonLd, "{\"@id\": }"),
        (Format::JsonLd, "<a> <b> <c> ."),
    ];
    for (format, text) in cases {
        let refused = parse(text.as_bytes(), format, BASE).expect_err(text);
        assert!(refused.message.contains("at line 1, column "), "{text}: {refused}");
        assert_eq!(check(text.as_bytes(), format, BASE), Err(refused), "{text}");
    }
    assert!(parse(b"<a> a \"\xff\" .", Format::Turtle, BASE).is_err());
    assert!(parse(b"<a> a <b> .", Format::Turtle, "no base").is_err());
}

#[test]
fn a_message_names_the_place_and_not_the_content() {
    let refused = parse(b"<a> a <b> .\n<a> a secret:thing .", Format::Turtle, BASE).unwrap_err();
    assert_eq!(refused.message, "not well-formed Turtle at line 2, column 7");
}

/// Shows: P-147
#[test]
fn an_empty_body_is_an_empty_document() {
    for format in Format::ALL {
        assert_eq!(parse(b"", format, BASE).map(|document| document.dataset), Ok(Dataset::default()));
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert_eq!(parse("\u{feff}<a> a <b> .".as_bytes(), Format::Turtle, BASE).unwrap().dataset.default.len(), 1);
}

#[test]
fn terms_are_read_as_rdf_has_them() {
    let graph = turtle("<a> <p> 1, 01, 1.5, 1e0, true, \"x\", \"x\"@EN-gb, \"x\"^^<t> , 1 .");
    let literals: Vec<_> = graph
        .iter()
        .filter_map(|triple| if let Term::Literal(literal) = &triple.object { Some(literal) } else { None })
        .map(|literal| (&*literal.lexical, &*literal.datatype, literal.language.as_deref()))
        .collect();
    let expected = [
        ("01", xsd::INTEGER, None),
        ("1", xsd::INTEGER, None),
        ("1.5", xsd::DECIMAL, None),
        ("1e0", xsd::DOUBLE, None),
        ("true", xsd::BOOLEAN, None),
        ("x", rdf::LANG_STRING, Some("en-gb")),
        ("x", xsd::STRING, None),
        ("x", "https://alice.example/notes/t", None),
    ];
    assert_eq!(literals, expected);
}

#[test]
fn blank_nodes_are_told_apart() {
    let graph = turtle("_:b1 <p> [], [ <p> _:b0 ] . _:b0 <p> _:b1 .");
    let mut labels: Vec<_> = graph.iter().map(|triple| &triple.subject).collect();
    labels.dedup();
    assert_eq!(labels.len(), 3);
    assert_eq!(graph.len(), 4);
}

#[test]
fn named_graphs_are_kept() {
    let text = "<a> a <b> . <g> { <c> a <d> } <h> { <c> a <d> } <g> { <e> a <f> } _:n { _:n a <d> }";
    let document = parse(text.as_bytes(), Format::TriG, BASE).unwrap();
    let sizes: Vec<_> = document.dataset.named.iter().map(|(_, graph)| graph.len()).collect();
    assert_eq!((document.dataset.default.len(), sizes), (1, vec![2, 1, 1]));
    assert!(matches!(&document.dataset.named[2], (Term::Blank(name), _) if **name == *"b0"));

    let printed = print(&document, Format::Turtle).unwrap();
    assert_eq!(turtle(&String::from_utf8(printed).unwrap()), document.dataset.default);
}

#[test]
fn turtle_is_printed_as_a_person_would_write_it() {
    let printed = reprint(
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix : <#> .
         :me foaf:name \"Al\\\"ice\"@en, \"a\\nb\"; a foaf:Person, <https://example.org/a/b.c>; :age 12 .
         :me foaf:knows [ foaf:name \"Bob\"; foaf:knows [] ], _:twice . _:twice a foaf:Person . <x> <y> _:twice .
         :me :likes ( 1 ( true ) [ :p () ] ) .",
    );
    let expected = r#"@prefix : <https://alice.example/notes/today.ttl#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .

:me a foaf:Person, <https://example.org/a/b.c> ;
    foaf:knows [
        foaf:knows [] ;
        foaf:name "Bob"
    ], _:b2 ;
    foaf:name "Al\"ice"@en, "a\nb" ;
    :age 12 ;
    :likes ( 1 ( true ) [
        :p ()
    ] ) .

<https://alice.example/notes/x> <https://alice.example/notes/y> _:b2 .

_:b2 a foaf:Person .
"#;
    assert_eq!(printed, expected);
}

#[test]
fn a_document_speaks_of_itself_relatively() {
    let text = "@prefix : <#> . @prefix here: <> . <> a :Note ; <#p> <#x?y> , <?q> , <other#x> , <today.ttl.acl> .";
    for format in [Format::Turtle, Format::TriG] {
        let document = parse(text.as_bytes(), format, BASE).unwrap();
        let printed = print_at(BASE, &document, format).unwrap();
        assert_eq!(parse(&printed, format, BASE).as_ref(), Ok(&document));
        let moved = parse(&printed, format, "https://bob.example/moved").unwrap().dataset.default;
        let expected = "<https://bob.example/moved> a <https://bob.example/moved#Note> ;
            <https://bob.example/moved#p> <https://bob.example/moved#x?y> , <?q> , <other#x> , <today.ttl.acl> .";
        assert_eq!(moved, turtle(expected), "{}", String::from_utf8_lossy(&printed));
    }
}

#[test]
fn odd_shapes_survive_printing() {
    let rdf = "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . ";
    let cases = [
        // Cycles of blank nodes.
        "_:a <p> _:a .",
        "_:a <p> _:b . _:b <p> _:a .",
        "_:a <p> _:b . _:b <p> _:a . _:c <p> _:d . _:d <p> _:c .",
        // Lists that are none: two values, another property, a cycle, an open end, shared, entered in the middle.
        "<s> <p> _:l . _:l rdf:first 1, 2; rdf:rest () .",
        "<s> <p> _:l . _:l rdf:first 1; rdf:rest (); <q> 1 .",
        "<s> <p> _:l . _:l rdf:first 1; rdf:rest _:l .",
        "<s> <p> _:l . _:l rdf:first 1; rdf:rest _:m . _:m rdf:first 2 .",
        "<s> <p> _:l, _:m . <t> <p> _:l . _:l rdf:first 1; rdf:rest () .",
        "<s> <p> _:l, _:m . _:l rdf:first 1; rdf:rest _:m . _:m rdf:first 2; rdf:rest () .",
        "<s> <p> _:l . _:l rdf:first 1; rdf:rest (), (2) .",
        // Lists without a user, and those that only a cycle uses.
        "_:l rdf:first 1; rdf:rest () .",
        "_:c rdf:first 1; rdf:rest () . _:a rdf:first 2; rdf:rest _:c . _:x <p> _:y . _:y <p> _:x; <q> _:a .",
        "_:h rdf:first _:h2; rdf:rest () . _:h2 rdf:first _:h; rdf:rest _:a . _:a rdf:first 1; rdf:rest () .",
        "() <p> () .",
        "[ <p> [ <p> _:x ] ] <p> _:x .",
    ];
    for text in cases {
        reprint(&format!("{rdf}{text}"));
    }
    let deep = format!("<s> <p> {} 1 {} .", "[ <p> ( ".repeat(60), ") ]".repeat(60));
    reprint(&deep);
}

#[test]
fn terms_that_would_not_come_back_are_not_printed() {
    let bad = [
        Term::iri("https://e.org/> <https://e.org/x"),
        Term::iri("https://e.org/a b"),
        Term::iri("relative"),
        Term::Blank("".into()),
        Term::Blank("b .".into()),
        Term::Literal(Literal { lexical: "x".into(), datatype: rdf::LANG_STRING.into(), language: Some("e n".into()) }),
        Term::Literal(Literal { lexical: "x".into(), datatype: rdf::LANG_STRING.into(), language: None }),
        Term::Literal(Literal { lexical: "x".into(), datatype: "a".into(), language: None }),
    ];
    for term in bad {
        let triple = Triple::new(Term::iri("https://e.org/a"), "https://e.org/p", term).unwrap();
        let document = Document { dataset: Graph::from_iter([triple]).into(), prefixes: Vec::new() };
        for format in Format::ALL {
            assert_eq!(print(&document, format), Err(Unprintable::BadTerm), "{document:?}");
        }
    }
}

#[test]
fn greedy_documents_are_refused() {
    let deep = |open: &str, close: &str| format!("<s> <p> {} 1 {} .", open.repeat(40_000), close.repeat(40_000));
    let long = format!("<{}>", "a".repeat(70_000));
    let cases = [
        (deep("[ <p> ", "]"), "the document nests too deep"),
        (deep("( ", ")"), "the document nests too deep"),
        ("(".repeat(70_000), "the document nests too deep"),
        (format!("@prefix p: {long} . p:a p:b p:c ."), "an IRI is too long"),
        (format!("@prefix p: <{}> . <s> <p> {} <o> .", "a".repeat(60_000), "p:a, ".repeat(6_000)), "says too much"),
        (format!("<s> <p> {} 1 .", "1, ".repeat(bounds::TRIPLES)), "says too much"),
    ];
    for (text, reason) in cases {
        let refused = check(text.as_bytes(), Format::Turtle, BASE).unwrap_err();
        assert!(refused.message.contains(reason), "{refused}");
    }
}

#[test]
fn honest_documents_are_within_bounds() {
    let brackets =
        "<s> <p> \"[[(({{\", '((', \"\"\"[\"\"[[\\\"((\"\"\", <https://e.org/((((((>, e:a\\(\\(, [ <p> (1 2) ]. # ((\n";
    let text = format!("@prefix e: <https://e.org/> .\n{}", brackets.repeat(2_000));
    assert!(text.len() > 100_000);
    check(text.as_bytes(), Format::Turtle, BASE).unwrap();
    check(text.as_bytes(), Format::TriG, BASE).unwrap();
}

/// Shows: P-105
#[test]
fn invalid_json_ld_is_refused() {
    let cases = [
        (r#"{"@id": 1}"#, "invalid @id value"),
        (r#"{"@type": 1}"#, "invalid type value"),
        (r#"{"@value": {}}"#, "invalid value object value"),
        (r#"{"@value": "a", "@language": "en", "@type": "https://e.org/t"}"#, "invalid value object"),
        (r#"{"@context": {"a": 1}}"#, "invalid term definition"),
        (r#"{"@context": {"a": "b:c", "b": "a:d"}}"#, "cyclic IRI mapping"),
        (r#"{"@context": 1}"#, "invalid local context"),
        (r#"{"@context": "https://e.org/context"}"#, "does not have, and it fetches none"),
        (r#"{"@context": "context.jsonld"}"#, "does not have, and it fetches none"),
        (r#"{"@context": {"@import": "https://e.org/context"}}"#, "does not have, and it fetches none"),
    ];
    for (text, reason) in cases {
        let refused = parse(text.as_bytes(), Format::JsonLd, BASE).expect_err(text);
        assert!(refused.message.contains(reason), "{text}: {refused}");
    }
}

#[test]
fn json_ld_says_the_same_as_turtle() {
    let e = "@prefix e: <https://e.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . ";
    let cases = [
        ("{}", ""),
        (r#"{"a": 1}"#, ""),
        (r##"{"@id": "#me", "@type": "https://e.org/T"}"##, "<#me> a e:T ."),
        (
            r#"{"@id": "", "https://e.org/p": [1, 1.5, true, "x", null]}"#,
            "<> e:p 1, \"1.5E0\"^^xsd:double, true, \"x\" .",
        ),
        (
            r#"{"@context": {"@vocab": "https://e.org/", "p": {"@type": "@id"}, "q": {"@language": "en-GB"}}, "p": "x", "q": "y"}"#,
            "[] e:p <x>; e:q \"y\"@en-gb .",
        ),
        (r#"{"@context": {"@vocab": "https://e.org/"}, "p": {"@list": [1, {"@list": []}]}}"#, "[] e:p ( 1 () ) ."),
        (
            r##"{"@context": "https://www.w3.org/ns/activitystreams", "id": "#a", "type": "Create", "actor": "https://e.org/me"}"##,
            "@prefix as: <https://www.w3.org/ns/activitystreams#> . <#a> a as:Create; as:actor e:me .",
        ),
        (
            r#"{"@context": ["https://www.w3.org/ns/activitystreams", "https://www.w3.org/ns/solid/notification/v1"],
                "id": "urn:uuid:1", "type": "Update", "object": "https://e.org/o", "state": "1-a"}"#,
            "@prefix as: <https://www.w3.org/ns/activitystreams#> .
             <urn:uuid:1> a as:Update; as:object e:o; <http://www.w3.org/ns/solid/notifications#state> \"1-a\" .",
        ),
        (
            r#"{"@context": ["https://www.w3.org/ns/solid/notifications-context/v1"], "id": "", "subscription": ["https://e.org/s"]}"#,
            "<> <http://www.w3.org/ns/solid/notifications#subscription> e:s .",
        ),
        (
            r#"{"@context": ["https://www.w3.org/ns/solid/oidc-context.jsonld"], "client_id": "https://e.org/app",
                "client_name": "App", "redirect_uris": ["https://e.org/back"], "default_max_age": 60}"#,
            "@prefix oidc: <http://www.w3.org/ns/solid/oidc#> .
             e:app oidc:client_name \"App\"; oidc:redirect_uris e:back; oidc:default_max_age 60 .",
        ),
    ];
    for (json, expected) in cases {
        let read = parse(json.as_bytes(), Format::JsonLd, BASE).unwrap().dataset;
        assert!(isomorphic(&read, &self::turtle(&format!("{e}{expected}")).into()), "{json}: {read:?}");
    }
}

/// Shows: P-104
#[test]
fn named_graphs_of_json_ld_are_kept() {
    let text = r##"{"@id": "#g", "@graph": [{"@id": "#a", "https://e.org/p": 1}], "https://e.org/q": 2}"##;
    let document = parse(text.as_bytes(), Format::JsonLd, BASE).unwrap();
    assert_eq!((document.dataset.default.len(), document.dataset.named.len()), (1, 1));
    let printed = print(&document, Format::JsonLd).unwrap();
    assert!(isomorphic(&parse(&printed, Format::JsonLd, BASE).unwrap().dataset, &document.dataset));
}

/// Shows: P-106
#[test]
fn prefixes_survive_between_formats() {
    let json = br#"{"@context": {"e": "https://e.org/", "bad prefix": "https://e.org/b/", "t": "e:t"}, "e:p": 1}"#;
    let document = parse(json, Format::JsonLd, BASE).unwrap();
    let printed = String::from_utf8(print(&document, Format::Turtle).unwrap()).unwrap();
    assert!(printed.contains("@prefix e: <https://e.org/> .") && printed.contains("e:p 1"), "{printed}");
    assert!(!printed.contains("bad prefix"));
    let xml = String::from_utf8(print(&document, Format::RdfXml).unwrap()).unwrap();
    let document = parse(xml.as_bytes(), Format::RdfXml, BASE).unwrap();
    assert!(document.prefixes.contains(&("e".to_owned(), "https://e.org/".to_owned())), "{xml}");
}

#[test]
fn rdf_xml_is_read_and_written() {
    let text = r##"<?xml version="1.0"?>
        <!DOCTYPE rdf:RDF [<!ENTITY e "https://e.org/">]>
        <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="https://e.org/">
          <e:T rdf:about="#me" e:p="&e;x"><e:q rdf:parseType="Collection"><e:U/></e:q><e:r xml:lang="fr"> a &amp; b</e:r></e:T>
        </rdf:RDF>"##;
    let read = parse(text.as_bytes(), Format::RdfXml, BASE).unwrap();
    let expected =
        "@prefix e: <https://e.org/> . <#me> a e:T; e:p \"https://e.org/x\"; e:q ( [ a e:U ] ); e:r \" a & b\"@fr .";
    assert!(read.dataset.default.is_isomorphic(&turtle(expected)));

    let plain = turtle("@prefix e: <https://e.org/> . <#a> e:p \"<x>\\r\\n\", <#b>, [], 1; <urn:y:z> \"y\"@fr .");
    let document = Document { dataset: plain.into(), prefixes: vec![("e".to_owned(), "https://e.org/".to_owned())] };
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="https://e.org/">
  <rdf:Description rdf:about="https://alice.example/notes/today.ttl#a">
    <e:p rdf:resource="https://alice.example/notes/today.ttl#b"/>
    <e:p rdf:nodeID="b0"/>
    <e:p rdf:datatype="http://www.w3.org/2001/XMLSchema#integer">1</e:p>
    <e:p>&lt;x&gt;&#13;
</e:p>
    <ns:z xmlns:ns="urn:y:" xml:lang="fr">y</ns:z>
  </rdf:Description>
</rdf:RDF>
"#;
    assert_eq!(String::from_utf8(print(&document, Format::RdfXml).unwrap()).unwrap(), expected);

    let rdf = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="https://e.org/">"#;
    let malformed = [
        " ".to_owned(),
        "no XML".to_owned(),
        "<a".to_owned(),
        "<a></b>".to_owned(),
        "<rdf:RDF/>".to_owned(),
        "<!DOCTYPE a [<!ENTITY b".to_owned(),
        format!("{rdf}<e:a>"),
        format!("{rdf}</rdf:RDF></rdf:RDF>"),
        format!("{rdf}<e:a><e:b>&undefined;</e:b></e:a></rdf:RDF>"),
        format!("{rdf}<e:a><e:b e:c=\"1\" e:c=\"2\"/></e:a></rdf:RDF>"),
        format!("{rdf}<e:a rdf:about=\"a b\"/></rdf:RDF>"),
        format!("{rdf}text</rdf:RDF>"),
    ];
    for text in malformed {
        assert!(parse(text.as_bytes(), Format::RdfXml, BASE).is_err(), "{text}");
    }
    assert_eq!(parse(format!("{rdf}</rdf:RDF>").as_bytes(), Format::RdfXml, BASE).unwrap().dataset, Dataset::default());
}

#[test]
fn what_xml_cannot_say_is_not_printed() {
    let cases = [
        ("<#a> <https://e.org/123> 1 .", Unprintable::NoXmlName),
        ("<#a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#li> 1 .", Unprintable::NoXmlName),
        ("<#a> <#b> \"\\u0001\" .", Unprintable::NoXmlCharacter),
    ];
    for (text, unprintable) in cases {
        let document = parse(text.as_bytes(), Format::Turtle, BASE).unwrap();
        assert_eq!(print(&document, Format::RdfXml), Err(unprintable), "{text}");
    }
}

#[test]
fn json_ld_bombs_are_refused() {
    let nested = |depth: usize| format!("{}1{}", r#"{"https://e.org/p": ["#.repeat(depth), "]}".repeat(depth));
    assert!(check(nested(30).as_bytes(), Format::JsonLd, BASE).is_ok());
    for depth in [40, 1_000, 1_000_000] {
        assert!(check(nested(depth).as_bytes(), Format::JsonLd, BASE).is_err());
    }
    let chain: Vec<_> = (0..5_000).map(|i| format!(r#""t{i}": "t{}:x""#, i + 1)).collect();
    let chain = format!(r#"{{"@context": {{{}}}}}"#, chain.join(","));
    assert!(check(chain.as_bytes(), Format::JsonLd, BASE).is_err());
}
