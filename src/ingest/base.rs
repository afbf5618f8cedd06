//! What a connector last wrote, and what it remembers from run to run: the base of three-way merges.
//!
//! It lies in the pod as one TriG document, which only the owner reads: a named graph for each document that the
//! connector keeps, and its facts in the default graph.

use std::collections::BTreeMap;

use super::prefixes;
use crate::address::Addresses;
use crate::path::ResourcePath;
use crate::rdf::format::{self, Document, Format, Malformed, Unprintable};
use crate::rdf::graph::{Dataset, Graph, Term};

/// The base of the next merge.
#[derive(Debug, Clone, Default)]
pub struct Base {
    /// What the connector remembers for itself: remote identifiers, namespaces, tombstones, dates.
    pub facts: Graph,
    documents: BTreeMap<ResourcePath, Graph>,
    /// As it was read.
    read: (Graph, BTreeMap<ResourcePath, Graph>),
    nothing: Graph,
}

impl Base {
    /// Reads a base that lies at `iri`. Graphs of documents that are not ours are left out.
    pub fn parse(bytes: &[u8], iri: &str, addresses: &Addresses) -> Result<Self, Malformed> {
        Ok(Self::of(&format::parse(bytes, Format::TriG, iri)?, addresses))
    }

    /// The base that a parsed document holds.
    pub fn of(document: &Document, addresses: &Addresses) -> Self {
        let Dataset { default, named } = &document.dataset;
        let place = |(name, graph): &(Term, Graph)| Some((addresses.path_of(name.as_iri()?)?, graph.clone()));
        let documents: BTreeMap<_, _> = named.iter().filter_map(place).collect();
        let read = (default.clone(), documents.clone());
        Self { facts: default.clone(), documents, read, nothing: Graph::default() }
    }

    /// What the connector last wrote there; empty if it keeps no such document.
    pub fn document(&self, path: &ResourcePath) -> &Graph {
        self.documents.get(path).unwrap_or(&self.nothing)
    }

    /// Whether the connector keeps this document.
    pub fn keeps(&self, path: &ResourcePath) -> bool {
        self.documents.contains_key(path)
    }

    /// The documents that the connector keeps, in path order.
    pub fn documents(&self) -> impl Iterator<Item = (&ResourcePath, &Graph)> {
        self.documents.iter()
    }

    pub fn set(&mut self, path: &ResourcePath, graph: Graph) {
        self.documents.insert(path.clone(), graph);
    }

    /// The connector keeps this document no longer.
    pub fn forget(&mut self, path: &ResourcePath) {
        self.documents.remove(path);
    }

    /// Whether it says something else than the document that it was read from.
    pub fn has_changed(&self) -> bool {
        self.read.0 != self.facts || self.read.1 != self.documents
    }

    /// The TriG document that lies at `iri`.
    pub fn print(&self, iri: &str, addresses: &Addresses) -> Result<Vec<u8>, Unprintable> {
        let named = |(path, graph): (&ResourcePath, &Graph)| (Term::iri(addresses.iri(path)), graph.clone());
        let dataset = Dataset { default: self.facts.clone(), named: self.documents.iter().map(named).collect() };
        format::print_at(iri, &Document { dataset, prefixes: prefixes::all() }, Format::TriG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::PodName;
    use crate::rdf::graph::Triple;
    use crate::rdf::vocab::vcard;

    const IRI: &str = "https://pods.example/ada/connectors/0123456789abcdef/base.trig";

    fn path(local: &str) -> ResourcePath {
        ResourcePath::parse(PodName::parse("ada").unwrap(), local).unwrap()
    }

    fn says(subject: &str, name: &str) -> Graph {
        Triple::new(Term::iri(subject), vcard::FN, super::super::report::text(name)).into_iter().collect()
    }

    #[test]
    fn it_is_read_as_it_was_printed() {
        let addresses = Addresses::with_paths("https://pods.example/").unwrap();
        let mut base = Base::default();
        assert!(!base.has_changed(), "there is nothing to keep");
        base.facts = says(&format!("{IRI}#it"), "a fact");
        base.set(&path("/contacts/b/one.ttl"), says("https://pods.example/ada/contacts/b/one.ttl#this", "One"));
        base.set(&path("/contacts/b/two.ttl"), says("https://pods.example/ada/contacts/b/two.ttl#this", "Two"));
        assert!(base.has_changed());
        let printed = base.print(IRI, &addresses).unwrap();
        let mut again = Base::parse(&printed, IRI, &addresses).unwrap();
        assert!(!again.has_changed());
        assert_eq!(again.facts, base.facts);
        assert!(again.documents().eq(base.documents()));
        again.forget(&path("/contacts/b/two.ttl"));
        assert!(again.has_changed() && !again.keeps(&path("/contacts/b/two.ttl")));
        assert!(again.document(&path("/contacts/b/two.ttl")).is_empty());
        again.set(&path("/contacts/b/two.ttl"), base.document(&path("/contacts/b/two.ttl")).clone());
        assert!(!again.has_changed(), "it says again what it said");
        assert_eq!(again.print(IRI, &addresses).unwrap(), printed);
    }

    #[test]
    fn a_document_that_is_not_ours_is_none_of_it() {
        let addresses = Addresses::with_paths("https://pods.example/").unwrap();
        let foreign = "<https://elsewhere.example/x> { <https://elsewhere.example/x> <https://p.example/> 1 }";
        assert_eq!(Base::parse(foreign.as_bytes(), IRI, &addresses).unwrap().documents().count(), 0);
        assert!(Base::parse(b"<a", IRI, &addresses).is_err());
    }
}
