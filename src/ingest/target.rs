//! What a source says that documents should hold.

use std::collections::BTreeSet;

use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Iri, Term};

/// A property of a subject, which holds one value or several: what is merged as a whole.
pub type Field = (Term, Iri);

/// One document, as a source would have it. Made by a mapping, which is pure; merged with what the pod holds.
///
/// It has no blank nodes, since they cannot be followed from one run to the next: everything that is said is said of
/// an IRI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub path: ResourcePath,
    pub graph: Graph,
    /// Fields of which the source says nothing this time: they stay as they are.
    pub unsaid: BTreeSet<Field>,
}

impl Target {
    pub fn new(path: ResourcePath) -> Self {
        Self { path, graph: Graph::default(), unsaid: BTreeSet::new() }
    }
}
