//! N3 Patch: conditions, deletions and insertions, and what they do to a graph.

mod apply;
mod parse;
mod surface;

use super::graph::{Term, Triple};
use super::pattern::{Pattern, Slot};

/// Why a patch document cannot be applied to anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not well-formed N3.
    #[error("the patch is not well-formed N3: {0}")]
    Syntax(String),
    /// Well-formed, but not an N3 Patch.
    #[error("{0}")]
    Rule(&'static str),
}

/// Why a valid patch does not fit a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("no triples match the patch's conditions")]
    NoMatch,
    #[error("the patch's conditions match in more than one way")]
    ManyMatches,
    #[error("a triple to delete is not in the document")]
    MissingDelete,
    #[error("the patch makes a triple that RDF does not allow")]
    BadTriple,
    #[error("matching the patch's conditions takes too much work")]
    TooMuchWork,
}

/// Which clauses a patch has: they say which access modes it needs.
///
/// Spec: P-171, P-189
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clauses {
    pub conditions: bool,
    pub insertions: bool,
    pub deletions: bool,
}

/// A parsed N3 Patch.
///
/// ```
/// use cartable::rdf::{Format, format, patch::Patch};
///
/// let url = "https://alice.example/card";
/// let card = format::parse(b"<#me> <#age> 12 .", Format::Turtle, url).unwrap().dataset.default;
/// let birthday = b"@prefix solid: <http://www.w3.org/ns/solid/terms#> .
///     [] a solid:InsertDeletePatch;
///         solid:where { ?who <#age> 12 }; solid:deletes { ?who <#age> 12 }; solid:inserts { ?who <#age> 13 } .";
/// let patch = Patch::parse(birthday, url).unwrap();
/// let older = format::parse(b"<#me> <#age> 13 .", Format::Turtle, url).unwrap().dataset.default;
/// assert_eq!(patch.apply(&card), Ok(older));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patch {
    conditions: Vec<Pattern>,
    deletions: Vec<Pattern>,
    insertions: Vec<Pattern>,
    /// How many of the variables have names; those numbered from here on are blank nodes of the conditions.
    named: usize,
    variables: usize,
}

impl Patch {
    /// A patch that takes away and adds just these triples, none of which holds a blank node.
    pub fn of(deletions: impl IntoIterator<Item = Triple>, insertions: impl IntoIterator<Item = Triple>) -> Self {
        let pattern = |Triple { subject, predicate, object }: Triple| Pattern {
            subject: Slot::Fixed(subject),
            predicate: Slot::Fixed(Term::Iri(predicate)),
            object: Slot::Fixed(object),
        };
        Self {
            deletions: deletions.into_iter().map(pattern).collect(),
            insertions: insertions.into_iter().map(pattern).collect(),
            ..Self::default()
        }
    }

    pub fn clauses(&self) -> Clauses {
        Clauses {
            conditions: !self.conditions.is_empty(),
            insertions: !self.insertions.is_empty(),
            deletions: !self.deletions.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests;
