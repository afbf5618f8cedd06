//! Between our terms and those of the oxrdf crate, which its parsers speak.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use oxrdf::{
    BlankNodeRef, GraphName, GraphNameRef, LiteralRef, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, Quad,
    QuadRef, TermRef, TripleRef,
};

use super::{Malformed, Unprintable, bounds};
use crate::rdf::graph::{Dataset, Graph, Iri, Literal, Term, Triple};
use crate::rdf::vocab::{rdf, xsd};

/// Where parsers put what they read. It counts, so that no document costs more than [`bounds`] allow.
pub(super) struct Sink<'a> {
    take: &'a mut dyn FnMut(Quad),
    triples: usize,
    text: usize,
}

impl<'a> Sink<'a> {
    pub(super) fn new(take: &'a mut dyn FnMut(Quad)) -> Self {
        Self { take, triples: 0, text: 0 }
    }

    pub(super) fn put(&mut self, quad: Quad) -> Result<(), Malformed> {
        self.triples += 1;
        self.text += text(&quad);
        if self.triples > bounds::TRIPLES || self.text > bounds::TEXT {
            return Err(Malformed::because("the document says too much: too many triples, or too long ones"));
        }
        (self.take)(quad);
        Ok(())
    }
}

/// How long the terms of a quad are, written in full.
fn text(quad: &Quad) -> usize {
    let resource = |node: &NamedOrBlankNode| match node {
        NamedOrBlankNode::NamedNode(iri) => iri.as_str().len(),
        NamedOrBlankNode::BlankNode(node) => node.as_str().len(),
    };
    let object = match &quad.object {
        oxrdf::Term::NamedNode(iri) => iri.as_str().len(),
        oxrdf::Term::BlankNode(node) => node.as_str().len(),
        oxrdf::Term::Literal(literal) => literal.value().len() + literal.datatype().as_str().len(),
    };
    let graph = match &quad.graph_name {
        GraphName::NamedNode(iri) => iri.as_str().len(),
        GraphName::BlankNode(_) | GraphName::DefaultGraph => 0,
    };
    resource(&quad.subject) + quad.predicate.as_str().len() + object + graph
}

/// Builds a dataset of what a parser hands over. Blank nodes are numbered in the order of the text.
#[derive(Default)]
pub(super) struct Reader {
    iris: HashSet<Iri>,
    blanks: HashMap<String, Arc<str>>,
    default: Vec<Triple>,
    named: Vec<(Term, Vec<Triple>)>,
    places: HashMap<Term, usize>,
}

impl Reader {
    pub(super) fn take(&mut self, quad: Quad) {
        let triple = Triple {
            subject: self.resource(&quad.subject),
            predicate: self.iri(quad.predicate.as_str()),
            object: self.term(quad.object),
        };
        let name = match quad.graph_name {
            GraphName::DefaultGraph => return self.default.push(triple),
            GraphName::NamedNode(iri) => Term::Iri(self.iri(iri.as_str())),
            GraphName::BlankNode(node) => Term::Blank(self.blank(node.as_str())),
        };
        let place = *self.places.entry(name).or_insert_with_key(|name| {
            self.named.push((name.clone(), Vec::new()));
            self.named.len() - 1
        });
        self.named[place].1.push(triple);
    }

    pub(super) fn finish(self) -> Dataset {
        let named = self.named.into_iter().map(|(name, triples)| (name, triples.into_iter().collect()));
        Dataset { default: self.default.into_iter().collect(), named: named.collect() }
    }

    fn term(&mut self, term: oxrdf::Term) -> Term {
        match term {
            oxrdf::Term::NamedNode(iri) => Term::Iri(self.iri(iri.as_str())),
            oxrdf::Term::BlankNode(node) => Term::Blank(self.blank(node.as_str())),
            oxrdf::Term::Literal(literal) => {
                let datatype = self.iri(literal.datatype().as_str());
                Term::Literal(self::literal(&literal, datatype))
            }
        }
    }

    fn resource(&mut self, node: &NamedOrBlankNode) -> Term {
        match node {
            NamedOrBlankNode::NamedNode(iri) => Term::Iri(self.iri(iri.as_str())),
            NamedOrBlankNode::BlankNode(node) => Term::Blank(self.blank(node.as_str())),
        }
    }

    fn iri(&mut self, iri: &str) -> Iri {
        if let Some(known) = self.iris.get(iri) {
            return Arc::clone(known);
        }
        let iri: Iri = iri.into();
        self.iris.insert(Arc::clone(&iri));
        iri
    }

    fn blank(&mut self, label: &str) -> Arc<str> {
        if let Some(known) = self.blanks.get(label) {
            return Arc::clone(known);
        }
        let number: Arc<str> = format!("b{}", self.blanks.len()).into();
        self.blanks.insert(label.to_owned(), Arc::clone(&number));
        number
    }
}

/// A literal of ours, whose datatype the caller may share.
pub(in crate::rdf) fn literal(literal: &oxrdf::Literal, datatype: Iri) -> Literal {
    Literal {
        lexical: literal.value().into(),
        datatype,
        language: literal.language().map(|tag| tag.to_ascii_lowercase().into()),
    }
}

/// A triple as oxrdf sees it. `None` only for a literal as subject, which [`Triple`] rules out.
fn triple_ref(triple: &Triple) -> Option<TripleRef<'_>> {
    let subject = resource_ref(&triple.subject)?;
    Some(TripleRef::new(subject, NamedNodeRef::new_unchecked(&triple.predicate), term_ref(&triple.object)))
}

/// The quads of a dataset as oxrdf sees them, the default graph first.
pub(super) fn quad_refs(dataset: &Dataset) -> impl Iterator<Item = QuadRef<'_>> {
    let default =
        dataset.default.iter().filter_map(triple_ref).map(|triple| triple.in_graph(GraphNameRef::DefaultGraph));
    let named = dataset.named.iter().flat_map(|(name, graph)| {
        let name = resource_ref(name);
        graph.iter().filter_map(move |triple| Some(triple_ref(triple)?.in_graph(name?)))
    });
    default.chain(named)
}

fn resource_ref(term: &Term) -> Option<NamedOrBlankNodeRef<'_>> {
    match term {
        Term::Iri(iri) => Some(NamedNodeRef::new_unchecked(iri).into()),
        Term::Blank(label) => Some(BlankNodeRef::new_unchecked(label).into()),
        Term::Literal(_) => None,
    }
}

fn term_ref(term: &Term) -> TermRef<'_> {
    match term {
        Term::Iri(iri) => NamedNodeRef::new_unchecked(iri).into(),
        Term::Blank(label) => BlankNodeRef::new_unchecked(label).into(),
        Term::Literal(literal) => literal_ref(literal).into(),
    }
}

fn literal_ref(literal: &Literal) -> LiteralRef<'_> {
    match &literal.language {
        Some(tag) => LiteralRef::new_language_tagged_literal_unchecked(&literal.lexical, tag),
        None if *literal.datatype == *xsd::STRING => LiteralRef::new_simple_literal(&literal.lexical),
        None => LiteralRef::new_typed_literal(&literal.lexical, NamedNodeRef::new_unchecked(&literal.datatype)),
    }
}

/// Refuses terms that would not come back as they are, such as an IRI with `>` in it: elsewhere in the code a
/// [`Term`] can be made of any text.
pub(super) fn check_printable(dataset: &Dataset) -> Result<(), Unprintable> {
    let names = dataset.named.iter().map(|(name, _)| name);
    let graphs = std::iter::once(&dataset.default).chain(dataset.named.iter().map(|(_, graph)| graph));
    let good = names.into_iter().all(is_printable) && graphs.into_iter().all(is_printable_graph);
    if good { Ok(()) } else { Err(Unprintable::BadTerm) }
}

fn is_printable_graph(graph: &Graph) -> bool {
    graph.iter().all(|triple| {
        is_printable(&triple.subject) && is_printable_iri(&triple.predicate) && is_printable(&triple.object)
    })
}

fn is_printable(term: &Term) -> bool {
    match term {
        Term::Iri(iri) => is_printable_iri(iri),
        Term::Blank(label) => {
            !label.starts_with(|first: char| first.is_ascii_digit())
                && !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        }
        Term::Literal(literal) => match &literal.language {
            Some(tag) => *literal.datatype == *rdf::LANG_STRING && is_language_tag(tag),
            None => *literal.datatype != *rdf::LANG_STRING && is_printable_iri(&literal.datatype),
        },
    }
}

fn is_printable_iri(iri: &str) -> bool {
    let bad = |byte: u8| byte <= b' ' || matches!(byte, b'<' | b'>' | b'"' | b'{' | b'}' | b'|' | b'^' | b'`' | b'\\');
    iri.contains(':') && !iri.bytes().any(bad)
}

fn is_language_tag(tag: &str) -> bool {
    tag.starts_with(|first: char| first.is_ascii_alphabetic())
        && tag.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
