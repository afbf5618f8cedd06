//! Terms, triples, graphs and datasets.

use std::collections::BTreeSet;
use std::sync::Arc;

use sophia::api::quad::Spog;
use sophia::api::term::{BnodeId, IriRef, LanguageTag, SimpleTerm};

use super::vocab::{rdf, xsd};

/// An absolute IRI. Compared byte for byte.
pub type Iri = Arc<str>;

/// A literal, compared term by term: `1` and `01` differ, language tags compare in lower case.
///
/// Spec: P-179
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Literal {
    pub lexical: Arc<str>,
    pub datatype: Iri,
    /// In lower case. With it, the datatype is `rdf:langString`.
    pub language: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Term {
    Iri(Iri),
    /// A blank node, by a label that means something within its document only.
    Blank(Arc<str>),
    Literal(Literal),
}

impl Term {
    pub fn iri(iri: impl Into<Iri>) -> Self {
        Self::Iri(iri.into())
    }

    /// A plain text.
    pub fn text(text: &str) -> Self {
        Self::typed(text, xsd::STRING)
    }

    /// A text in a language.
    pub fn text_in(language: &str, text: &str) -> Self {
        let language = Some(language.to_lowercase().into());
        Self::Literal(Literal { lexical: text.into(), datatype: rdf::LANG_STRING.into(), language })
    }

    /// A literal of a datatype.
    pub fn typed(lexical: &str, datatype: &str) -> Self {
        Self::Literal(Literal { lexical: lexical.into(), datatype: datatype.into(), language: None })
    }

    pub fn as_iri(&self) -> Option<&Iri> {
        if let Self::Iri(iri) = self { Some(iri) } else { None }
    }

    pub fn as_literal(&self) -> Option<&Literal> {
        if let Self::Literal(literal) = self { Some(literal) } else { None }
    }
}

/// A triple. The subject is never a literal: [`Triple::new`] sees to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Triple {
    pub subject: Term,
    pub predicate: Iri,
    pub object: Term,
}

impl Triple {
    /// `None` if the subject is a literal.
    pub fn new(subject: Term, predicate: impl Into<Iri>, object: Term) -> Option<Self> {
        (!matches!(subject, Term::Literal(_))).then(|| Self { subject, predicate: predicate.into(), object })
    }
}

/// A set of triples, kept in subject order. A clone shares them until one of the two changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Graph(Arc<BTreeSet<Triple>>);

impl Graph {
    pub fn insert(&mut self, triple: Triple) -> bool {
        Arc::make_mut(&mut self.0).insert(triple)
    }

    /// Inserts a triple, unless its subject is a literal.
    pub fn say(&mut self, subject: &Term, predicate: &str, object: Term) {
        self.extend(Triple::new(subject.clone(), predicate, object));
    }

    pub fn remove(&mut self, triple: &Triple) -> bool {
        Arc::make_mut(&mut self.0).remove(triple)
    }

    pub fn contains(&self, triple: &Triple) -> bool {
        self.0.contains(triple)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Triple> {
        self.0.iter()
    }

    /// The objects of a subject's property.
    pub fn objects<'a>(&'a self, subject: &'a Term, predicate: &'a str) -> impl Iterator<Item = &'a Term> {
        self.about(subject).filter(move |triple| *triple.predicate == *predicate).map(|triple| &triple.object)
    }

    /// The triples of one subject.
    pub fn about<'a>(&'a self, subject: &'a Term) -> impl Iterator<Item = &'a Triple> {
        let first = Triple { subject: subject.clone(), predicate: "".into(), object: Term::Iri("".into()) };
        self.0.range(first..).take_while(move |triple| triple.subject == *subject)
    }

    /// Whether another graph says the same, blank node for blank node.
    pub fn is_isomorphic(&self, other: &Self) -> bool {
        isomorphic(&self.clone().into(), &other.clone().into())
    }

    /// The subjects that have this property with this object.
    pub fn subjects<'a>(&'a self, predicate: &'a str, object: &'a Term) -> impl Iterator<Item = &'a Term> {
        self.0
            .iter()
            .filter(move |triple| *triple.predicate == *predicate && triple.object == *object)
            .map(|triple| &triple.subject)
    }
}

impl FromIterator<Triple> for Graph {
    fn from_iter<T: IntoIterator<Item = Triple>>(triples: T) -> Self {
        Self(Arc::new(triples.into_iter().collect()))
    }
}

impl Extend<Triple> for Graph {
    fn extend<T: IntoIterator<Item = Triple>>(&mut self, triples: T) {
        Arc::make_mut(&mut self.0).extend(triples);
    }
}

impl IntoIterator for Graph {
    type Item = Triple;
    type IntoIter = std::collections::btree_set::IntoIter<Triple>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

/// A default graph and named graphs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dataset {
    pub default: Graph,
    /// By name (an IRI or a blank node), in the order in which they were first seen.
    pub named: Vec<(Term, Graph)>,
}

impl From<Graph> for Dataset {
    fn from(default: Graph) -> Self {
        Self { default, named: Vec::new() }
    }
}

/// Whether two datasets say the same: equal up to the labels of blank nodes.
///
/// It compares canonical forms. A dataset made to have none within reason is equal to nothing.
pub fn isomorphic(one: &Dataset, other: &Dataset) -> bool {
    sophia::isomorphism::isomorphic_datasets(&quads(one), &quads(other)).unwrap_or(false)
}

fn quads(dataset: &Dataset) -> Vec<Spog<SimpleTerm<'_>>> {
    let default = dataset.default.iter().map(|triple| (spo(triple), None));
    let named = dataset
        .named
        .iter()
        .flat_map(|(name, graph)| graph.iter().map(move |triple| (spo(triple), Some(simple(name)))));
    default.chain(named).collect()
}

fn spo(triple: &Triple) -> [SimpleTerm<'_>; 3] {
    let predicate = SimpleTerm::Iri(IriRef::new_unchecked((*triple.predicate).into()));
    [simple(&triple.subject), predicate, simple(&triple.object)]
}

fn simple(term: &Term) -> SimpleTerm<'_> {
    match term {
        Term::Iri(iri) => SimpleTerm::Iri(IriRef::new_unchecked((**iri).into())),
        Term::Blank(label) => SimpleTerm::BlankNode(BnodeId::new_unchecked((**label).into())),
        Term::Literal(literal) => match &literal.language {
            Some(tag) => {
                SimpleTerm::LiteralLanguage((*literal.lexical).into(), LanguageTag::new_unchecked((**tag).into()), None)
            }
            None => SimpleTerm::LiteralDatatype(
                (*literal.lexical).into(),
                IriRef::new_unchecked((*literal.datatype).into()),
            ),
        },
    }
}
