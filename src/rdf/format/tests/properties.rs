//! Whatever is printed reads as the same, and nothing makes a parser panic.

use proptest::prelude::*;

use super::super::*;
use super::BASE;
use crate::rdf::graph::{Dataset, Graph, Literal, Term, Triple, isomorphic};
use crate::rdf::vocab::{rdf, xsd};

fn iri() -> impl Strategy<Value = String> {
    let local = "[a-zA-Z0-9_.:~!$&'()*+,;=@/?#é-]{0,8}";
    (prop::sample::select(vec!["https://e.org/", "https://e.org/ns#", "urn:x:", "http://\u{e9}.example/"]), local)
        .prop_map(|(start, rest)| format!("{start}{}", rest.replacen('#', "", usize::from(start.contains('#')))))
        .prop_filter("one fragment", |iri| iri.matches('#').count() < 2)
}

fn literal() -> impl Strategy<Value = Literal> {
    let text = prop_oneof!["\\PC{0,8}", "[ \"\\\\\n\r\t<>&']{0,8}", "[+-]?[0-9.]{0,4}([eE][+-]?[0-9])?", "true|false"];
    let datatype = prop_oneof![
        iri(),
        prop::sample::select(vec![xsd::STRING, xsd::INTEGER, xsd::DECIMAL, xsd::DOUBLE, xsd::BOOLEAN])
            .prop_map(str::to_owned)
    ];
    let language = prop::option::of(prop::sample::select(vec!["en", "fr-ca", "de-latn-de-1996", "x-home"]));
    (text, datatype, language).prop_map(|(lexical, datatype, language)| {
        let datatype = if language.is_some() { rdf::LANG_STRING.to_owned() } else { datatype };
        Literal { lexical: lexical.into(), datatype: datatype.into(), language: language.map(Into::into) }
    })
}

fn blank() -> impl Strategy<Value = Term> {
    (0..5).prop_map(|number| Term::Blank(format!("b{number}").into()))
}

fn graph() -> impl Strategy<Value = Graph> {
    let subject = prop_oneof![iri().prop_map(Term::iri), blank()];
    let object =
        prop_oneof![iri().prop_map(Term::iri), blank(), literal().prop_map(Term::Literal), Just(Term::iri(rdf::NIL))];
    let predicate =
        prop_oneof![iri(), prop::sample::select(vec![rdf::TYPE, rdf::FIRST, rdf::REST]).prop_map(str::to_owned)];
    prop::collection::vec((subject, predicate, object), 0..12).prop_map(|triples| {
        triples.into_iter().filter_map(|(subject, predicate, object)| Triple::new(subject, predicate, object)).collect()
    })
}

fn document() -> impl Strategy<Value = Document> {
    let name = prop_oneof![iri().prop_map(Term::iri), blank()];
    let prefixes = prop::collection::btree_map("[a-z]{0,2}", prop_oneof![Just("https://e.org/"), Just("urn:x:")], 0..3);
    let named = prop::collection::btree_map(name, graph().prop_filter("not empty", |graph| !graph.is_empty()), 0..3);
    (graph(), named, prefixes).prop_map(|(default, named, prefixes)| Document {
        dataset: Dataset { default, named: named.into_iter().collect() },
        prefixes: prefixes.into_iter().map(|(prefix, namespace)| (prefix, namespace.to_owned())).collect(),
    })
}

/// JSON-LD, more or less.
fn json() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec![
        "\"e:a\"",
        "\"a b\"",
        "\"_:x\"",
        "\"_:x y\"",
        "\"https://e.org/>\"",
        "\"\"",
        "\"en\"",
        "\"e n\"",
        "\"fr-\"",
        "1",
        "1.5e300",
        "true",
        "null",
        "\"@id\"",
        "\"@list\"",
        "\"%\"",
        "\"#\"",
        "\"\u{e9}\"",
        "\"rtl\"",
        "\"@json\"",
    ]);
    let key = prop::sample::select(vec![
        "@id",
        "@type",
        "@value",
        "@language",
        "@direction",
        "@list",
        "@set",
        "@graph",
        "@reverse",
        "@included",
        "@context",
        "@vocab",
        "@base",
        "@index",
        "@nest",
        "@container",
        "a",
        "e",
        "e:a",
        "_:x",
        "https://e.org/p",
        "https://e.org/p q",
        "@none",
        "@propagate",
        "@protected",
    ]);
    text.prop_map(str::to_owned).prop_recursive(5, 40, 4, move |inner| {
        let object = prop::collection::vec((key.clone(), inner.clone()), 0..5).prop_map(|members| {
            let members: Vec<_> = members.into_iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
            format!("{{{}}}", members.join(", "))
        });
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(|values| format!("[{}]", values.join(", "))),
            object.clone(),
            object.prop_map(|object| object
                .replacen('{', "{\"@context\": {\"e\": \"https://e.org/\", \"@vocab\": \"https://e.org/v#\"}, ", 1)
                .replace(", }", "}")),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same(document in document()) {
        for format in Format::ALL {
            let printed = match print(&document, format) {
                Err(Unprintable::NoXmlName | Unprintable::NoXmlCharacter) if format == Format::RdfXml => continue,
                printed => printed.map_err(|error| TestCaseError::fail(error.to_string()))?,
            };
            let read = parse(&printed, format, BASE);
            let text = String::from_utf8_lossy(&printed);
            let read = read.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?.dataset;
            let keeps_graphs = matches!(format, Format::NQuads | Format::TriG | Format::JsonLd);
            let expected = if keeps_graphs { document.dataset.clone() } else { document.dataset.default.clone().into() };
            prop_assert!(isomorphic(&read, &expected), "{}", text);
            prop_assert_eq!(check(&printed, format, BASE), Ok(()));
        }
    }

    #[test]
    fn what_is_read_can_be_printed(text in json()) {
        if let Ok(document) = parse(text.as_bytes(), Format::JsonLd, BASE) {
            let printed = print(&document, Format::NQuads).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let again = parse(&printed, Format::NQuads, BASE).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(isomorphic(&document.dataset, &again.dataset));
        }
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in Format::ALL {
            prop_assert_eq!(parse(&bytes, format, BASE).is_ok(), check(&bytes, format, BASE).is_ok());
        }
    }

    #[test]
    fn no_damage_makes_a_parser_panic(document in document(), at in any::<prop::sample::Index>(), bytes in "\\PC{0,3}|[<>\"'\\\\@_:.;,\\[\\](){}^#]{1,3}") {
        for format in Format::ALL {
            let Ok(mut printed) = print(&document, format) else { continue };
            let at = at.index(printed.len() + 1);
            printed.splice(at..at, bytes.bytes());
            prop_assert_eq!(parse(&printed, format, BASE).is_ok(), check(&printed, format, BASE).is_ok());
            printed.truncate(at);
            prop_assert_eq!(parse(&printed, format, BASE).is_ok(), check(&printed, format, BASE).is_ok());
        }
    }
}
