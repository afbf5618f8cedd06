//! What a shape asks of values.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use regex::Regex;

use super::value::{self, Value};
use super::{Shapes, local_name};
use crate::rdf::graph::{Graph, Iri, Term};
use crate::rdf::vocab::rdf;

/// Pairs of values that are compared at most. More do not conform.
const PAIRS: usize = 10_000;

/// One thing asked of the values of a property, or of a node itself.
#[derive(Debug)]
pub enum Constraint {
    MinCount(usize),
    MaxCount(usize),
    HasValue(Term),
    Datatype(Iri),
    NodeKind(NodeKind),
    Class(Term),
    In(BTreeSet<Term>),
    Pattern(Regex),
    MinLength(usize),
    MaxLength(usize),
    Bound(Bound, Value),
    /// Each value is less than each value of another property, or the same.
    LessThanOrEquals(Iri),
    /// Each value conforms to another shape.
    Node {
        shape: usize,
        name: Iri,
    },
    /// Each value is checked by a property shape, which finds violations of its own.
    Property(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeKind {
    pub iri: bool,
    pub blank: bool,
    pub literal: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    MinInclusive,
    MaxInclusive,
    MinExclusive,
    MaxExclusive,
}

impl Shapes {
    /// Whether a constraint holds for the values of a focus node.
    pub(super) fn holds(&self, constraint: &Constraint, focus: &Term, values: &[&Term], graph: &Graph) -> bool {
        match constraint {
            Constraint::MinCount(least) => values.len() >= *least,
            Constraint::MaxCount(most) => values.len() <= *most,
            Constraint::HasValue(value) => values.contains(&value),
            Constraint::LessThanOrEquals(other) => {
                let others: Vec<_> = graph.objects(focus, other).collect();
                values.len().saturating_mul(others.len()) <= PAIRS
                    && values.iter().all(|one| are_at_least(&others, one))
            }
            Constraint::Class(class) => {
                values.iter().all(|value| graph.objects(value, rdf::TYPE).any(|type_| type_ == class))
            }
            Constraint::Node { shape, .. } => values.iter().all(|value| self.conforms(*shape, value, graph)),
            // Checked on its own.
            Constraint::Property(_) => true,
            Constraint::Datatype(datatype) => values.iter().all(|value| value::is_of(value, datatype)),
            Constraint::NodeKind(kind) => values.iter().all(|value| kind.is_of(value)),
            Constraint::In(allowed) => values.iter().all(|value| allowed.contains(*value)),
            Constraint::Pattern(pattern) => {
                values.iter().all(|value| text(value).is_some_and(|it| pattern.is_match(it)))
            }
            Constraint::MinLength(least) => values.iter().all(|value| length(value).is_some_and(|it| it >= *least)),
            Constraint::MaxLength(most) => values.iter().all(|value| length(value).is_some_and(|it| it <= *most)),
            Constraint::Bound(bound, than) => values.iter().all(|value| bound.holds(value, than)),
        }
    }
}

fn are_at_least(others: &[&Term], one: &Term) -> bool {
    let Some(one) = Value::of(one) else { return others.is_empty() };
    others.iter().all(|other| {
        Value::of(other).and_then(|other| one.partial_cmp(&other)).is_some_and(|ordering| ordering != Ordering::Greater)
    })
}

impl NodeKind {
    fn is_of(self, term: &Term) -> bool {
        match term {
            Term::Iri(_) => self.iri,
            Term::Blank(_) => self.blank,
            Term::Literal(_) => self.literal,
        }
    }
}

impl Bound {
    fn holds(self, value: &Term, than: &Value) -> bool {
        let Some(ordering) = Value::of(value).and_then(|value| value.partial_cmp(than)) else { return false };
        match self {
            Self::MinInclusive => ordering != Ordering::Less,
            Self::MaxInclusive => ordering != Ordering::Greater,
            Self::MinExclusive => ordering == Ordering::Greater,
            Self::MaxExclusive => ordering == Ordering::Less,
        }
    }
}

/// The text of an IRI or a literal.
fn text(term: &Term) -> Option<&str> {
    match term {
        Term::Iri(iri) => Some(iri),
        Term::Literal(literal) => Some(&literal.lexical),
        Term::Blank(_) => None,
    }
}

/// In characters.
fn length(term: &Term) -> Option<usize> {
    Some(text(term)?.chars().count())
}

/// What the constraint asks for. Only the shapes speak here, so nothing of the data is told.
impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinCount(least) => write!(f, "there must be at least {least}"),
            Self::MaxCount(most) => write!(f, "there must be at most {most}"),
            Self::HasValue(_) => f.write_str("one value is prescribed"),
            Self::Datatype(datatype) => write!(f, "it must be a well-formed {}", local_name(datatype)),
            Self::NodeKind(kind) => {
                let kinds = [(kind.iri, "an IRI"), (kind.blank, "a blank node"), (kind.literal, "a literal")];
                let kinds: Vec<_> = kinds.into_iter().filter(|(may, _)| *may).map(|(_, kind)| kind).collect();
                write!(f, "it must be {}", kinds.join(" or "))
            }
            Self::Class(Term::Iri(class)) => write!(f, "it must be a {}", local_name(class)),
            Self::Class(_) => f.write_str("it must be of a certain class"),
            Self::In(_) => f.write_str("it must be one of those listed"),
            Self::Pattern(_) => f.write_str("it does not have the right form"),
            Self::MinLength(least) => write!(f, "it must have at least {least} characters"),
            Self::MaxLength(most) => write!(f, "it must have at most {most} characters"),
            Self::Bound(Bound::MinInclusive | Bound::MinExclusive, _) => f.write_str("it is too small"),
            Self::Bound(Bound::MaxInclusive | Bound::MaxExclusive, _) => f.write_str("it is too large"),
            Self::LessThanOrEquals(other) => write!(f, "it must not be after {}", local_name(other)),
            Self::Node { name, .. } => write!(f, "it must be as {} says", local_name(name)),
            Self::Property(_) => Ok(()),
        }
    }
}
