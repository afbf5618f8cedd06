//! The vocabulary of our own terms: every term says what it is in French and in English, and the example documents use no other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cartable::rdf::format::{self, Format};
use cartable::rdf::graph::{Dataset, Graph, Term};

const NAMESPACE: &str = "https://w3id.org/cartable/ns#";
const RDFS: &str = "http://www.w3.org/2000/01/rdf-schema#";

fn read(file: &str, as_format: Format) -> Dataset {
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    format::parse(&bytes, as_format, "https://w3id.org/cartable/ns").unwrap().dataset
}

fn ours(term: &Term) -> Option<&str> {
    term.as_iri()?.strip_prefix(NAMESPACE).filter(|name| !name.is_empty())
}

/// The terms of ours that a graph uses, also as datatypes.
fn used(graph: &Graph) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for triple in graph.iter() {
        let datatype = if let Term::Literal(literal) = &triple.object { Some(&literal.datatype) } else { None };
        let terms = [triple.subject.clone(), Term::Iri(triple.predicate.clone()), triple.object.clone()];
        let all = terms.into_iter().chain(datatype.cloned().map(Term::Iri));
        names.extend(all.filter_map(|term| ours(&term).map(str::to_owned)));
    }
    names
}

#[test]
fn every_term_is_explained_in_two_languages() {
    let graph = read("vocab/cartable.ttl", Format::Turtle).default;
    let terms = used(&graph);
    assert!(terms.len() > 20);
    for name in terms {
        let term = Term::iri(format!("{NAMESPACE}{name}"));
        for property in ["label", "comment"] {
            let property = format!("{RDFS}{property}");
            let languages: BTreeSet<_> = graph
                .objects(&term, &property)
                .filter_map(|said| if let Term::Literal(said) = said { said.language.as_deref() } else { None })
                .collect();
            assert_eq!(languages, BTreeSet::from(["en", "fr"]), "{property} of {name}");
        }
        assert_eq!(graph.objects(&term, &format!("{RDFS}isDefinedBy")).count(), 1, "{name}");
    }
}

#[test]
fn the_examples_use_no_other_terms() {
    let defined = used(&read("vocab/cartable.ttl", Format::Turtle).default);
    for example in ["contacts-book", "payslip"] {
        let documents = read(&format!("tests/fixtures/examples/{example}.trig"), Format::TriG);
        for (_, graph) in &documents.named {
            let unknown: Vec<_> = used(graph).difference(&defined).cloned().collect();
            assert_eq!(unknown, Vec::<String>::new(), "{example}");
        }
    }
}

#[test]
fn every_term_that_code_or_a_shape_names_is_defined() {
    let defined = used(&read("vocab/cartable.ttl", Format::Turtle).default);
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rdf/vocab.rs")).unwrap();
    let ours = source.split_once("namespace!(cartable = ").unwrap().1.split_once("});").unwrap().0;
    let named = ours.split('"').skip(3).step_by(2).map(str::to_owned);
    let shapes = ["connectors", "contacts", "learning", "pay"];
    let in_shapes =
        shapes.into_iter().flat_map(|file| used(&read(&format!("shapes/{file}.ttl"), Format::Turtle).default));
    let unknown: Vec<_> = named.chain(in_shapes).filter(|name| !defined.contains(name)).collect();
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn domains_and_ranges_are_classes() {
    let graph = read("vocab/cartable.ttl", Format::Turtle).default;
    let class = Term::iri(format!("{RDFS}Class"));
    for property in ["domain", "range"] {
        let property = format!("{RDFS}{property}");
        for triple in graph.iter().filter(|triple| *triple.predicate == *property) {
            if ours(&triple.object).is_some() {
                let mut types = graph.objects(&triple.object, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type");
                assert!(types.any(|type_| *type_ == class), "{triple:?}");
            }
        }
    }
}

#[test]
fn concepts_are_in_schemes() {
    const SKOS: &str = "http://www.w3.org/2004/02/skos/core#";
    let graph = read("vocab/cartable.ttl", Format::Turtle).default;
    let scheme = Term::iri(format!("{SKOS}ConceptScheme"));
    let in_scheme = format!("{SKOS}inScheme");
    let members: Vec<_> = graph.iter().filter(|triple| *triple.predicate == *in_scheme).collect();
    assert!(members.len() > 25);
    for triple in members {
        let mut types = graph.objects(&triple.object, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type");
        assert!(types.any(|type_| *type_ == scheme), "{triple:?}");
        assert_eq!(graph.objects(&triple.subject, &format!("{SKOS}prefLabel")).count(), 2, "{triple:?}");
    }
}
