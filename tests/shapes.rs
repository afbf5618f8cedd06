//! The shapes of `shapes/`: the examples conform, bad graphs are rejected by the shape that they are named after, and every
//! named shape has one. `tests/shapes/check.py` asks another implementation the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cartable::rdf::format::{self, Format};
use cartable::rdf::graph::{Dataset, Graph};
use cartable::rdf::shape;
use cartable_conformance::citation::Citation;

const NAMESPACE: &str = "https://w3id.org/cartable/shapes#";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn parse(file: &Path, as_format: Format) -> Dataset {
    let read = format::parse(&fs::read(file).unwrap(), as_format, "https://pod.example/document");
    read.unwrap_or_else(|error| panic!("{}: {error}", file.display())).dataset
}

/// The names of the shapes that a graph does not conform to, warnings included.
fn rejecting(graph: &Graph) -> BTreeSet<String> {
    let found = shape::ours().unwrap().check(graph);
    found.iter().map(|violation| violation.shape.strip_prefix(NAMESPACE).unwrap().to_owned()).collect()
}

/// The bad graphs, and the shape that each is named after.
fn bad() -> impl Iterator<Item = (PathBuf, String)> {
    let folder = fs::read_dir(root().join("tests/fixtures/shapes/bad")).unwrap();
    folder.map(|entry| {
        let path = entry.unwrap().path();
        let shape = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap().to_owned();
        (path, shape)
    })
}

/// Shows: shape A1, shape A2, shape A3, shape A4, shape A5, shape A6, shape A7, shape A9, shape A10, shape A11,
/// shape P1, shape P2, shape P3, shape P4, shape P5, shape P7, shape P8, shape L1, shape L2, shape L3, shape L4,
/// shape B1, shape E1, shape R1
#[test]
fn bad_graphs_are_rejected_by_the_shape_they_are_named_after() {
    for (path, shape) in bad() {
        let found = rejecting(&parse(&path, Format::Turtle).default);
        assert_eq!(found, BTreeSet::from([shape]), "{}", path.display());
    }
}

#[test]
fn the_examples_conform() {
    for example in ["contacts-book", "payslip"] {
        let documents = parse(&root().join(format!("tests/fixtures/examples/{example}.trig")), Format::TriG);
        assert!(!documents.named.is_empty());
        for (document, graph) in &documents.named {
            assert_eq!(rejecting(graph), BTreeSet::new(), "{document:?}");
        }
    }
}

#[test]
fn every_shape_that_has_targets_is_a_requirement_and_has_a_bad_graph() {
    let known: BTreeSet<_> = cartable_conformance::requirements::all().unwrap().into_iter().map(|it| it.id).collect();
    let shown: BTreeSet<_> = bad().map(|(_, shape)| shape).collect();
    let named = shape::ours().unwrap().names();
    assert!(named.len() > 20);
    for name in named {
        let name = name.strip_prefix(NAMESPACE).unwrap();
        assert!(shown.contains(name), "{name}");
        let requirement = Citation::parse(&format!("shape {}", name.split('-').next().unwrap())).unwrap();
        assert!(known.contains(&requirement), "{name}");
    }
}
