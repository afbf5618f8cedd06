//! Shapes from their Turtle.

use std::collections::{BTreeMap, BTreeSet};

use regex::RegexBuilder;

use super::constraint::{Bound, Constraint, NodeKind};
use super::value::Value;
use super::{Severity, Shape, Shapes, Targets};
use crate::rdf::format::{self, Format};
use crate::rdf::graph::{Graph, Iri, Term, Triple};
use crate::rdf::vocab::{rdf, sh};

/// Shapes and lists within each other, at most.
const DEPTH: usize = 32;
/// Bytes of a compiled pattern, at most.
const PATTERN: usize = 1 << 20;

/// Why shapes cannot be used. Shapes are our own, so this names what is wrong in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the shapes are not Turtle: {0}")]
    Turtle(String),
    #[error("{0} is not among the terms of SHACL that are known here")]
    Unknown(Iri),
    #[error("a value of {0} is missing, twice there or of the wrong kind")]
    Value(&'static str),
    #[error("a shape refers to itself, or too deep")]
    Circle,
    #[error("a shape has no name and is part of none")]
    Loose,
}

/// What says something of a shape, but asks nothing of data.
const SILENT: [&str; 2] = ["http://www.w3.org/ns/shacl#name", "http://www.w3.org/ns/shacl#description"];

pub fn shapes(turtle: &str) -> Result<Shapes, Error> {
    // An address that is nobody's, so that relative IRIs never mean anything.
    let document = format::parse(turtle.as_bytes(), Format::Turtle, "urn:shapes:")
        .map_err(|error| Error::Turtle(error.to_string()))?;
    let graph = document.dataset.default;
    let mut reader = Reader { graph: &graph, all: Vec::new(), read: BTreeMap::new(), targets: Targets::default() };
    let shapes: BTreeSet<_> = graph.iter().filter(|triple| is_of_shape(triple)).map(|triple| &triple.subject).collect();
    for name in shapes.iter().filter_map(|subject| subject.as_iri()) {
        reader.shape(&Term::Iri(name.clone()), name, 0)?;
    }
    if shapes.iter().any(|subject| !reader.read.contains_key(*subject)) {
        return Err(Error::Loose);
    }
    Ok(Shapes { all: reader.all, targets: reader.targets })
}

/// Whether a triple says that its subject is a shape, or what it asks for.
fn is_of_shape(triple: &Triple) -> bool {
    let is_shape = |class: &Term| class.as_iri().is_some_and(|iri| iri.starts_with(sh::NS));
    triple.predicate.starts_with(sh::NS) || *triple.predicate == *rdf::TYPE && is_shape(&triple.object)
}

struct Reader<'g> {
    graph: &'g Graph,
    all: Vec<Shape>,
    /// Shapes that were begun, and their number once they are complete.
    read: BTreeMap<Term, Option<usize>>,
    targets: Targets,
}

impl Reader<'_> {
    /// Reads a shape that is said within the shape `within`; its number.
    fn shape(&mut self, node: &Term, within: &Iri, depth: usize) -> Result<usize, Error> {
        match self.read.get(node) {
            Some(Some(number)) => return Ok(*number),
            Some(None) => return Err(Error::Circle),
            None if depth > DEPTH => return Err(Error::Circle),
            None => self.read.insert(node.clone(), None),
        };
        let name = node.as_iri().unwrap_or(within).clone();
        let mut shape = Shape {
            name: name.clone(),
            path: self.one(node, sh::PATH)?.map(|path| iri(path, sh::PATH)).transpose()?.cloned(),
            severity: self.severity(node)?,
            message: self.one(node, sh::MESSAGE)?.map(|message| text(message, sh::MESSAGE)).transpose()?,
            constraints: Vec::new(),
        };
        let mut targets = Vec::new();
        for triple in self.graph.about(node) {
            if let Some(constraint) = self.constraint(triple, &name, depth)? {
                shape.constraints.push(constraint);
            } else if matches!(&*triple.predicate, sh::TARGET_CLASS | sh::TARGET_SUBJECTS_OF | sh::TARGET_OBJECTS_OF) {
                targets.push(triple);
            }
        }
        let counts = |constraint: &Constraint| matches!(constraint, Constraint::MinCount(_) | Constraint::MaxCount(_));
        if shape.path.is_none() && shape.constraints.iter().any(counts) {
            return Err(Error::Value(sh::PATH));
        }
        let number = self.all.len();
        self.all.push(shape);
        self.read.insert(node.clone(), Some(number));
        targets.into_iter().try_for_each(|target| self.targets.add(target, number))?;
        Ok(number)
    }

    /// The constraint that a triple of a shape states; `None` if it states none.
    fn constraint(&mut self, triple: &Triple, name: &Iri, depth: usize) -> Result<Option<Constraint>, Error> {
        let value = &triple.object;
        Ok(Some(match &*triple.predicate {
            sh::MIN_COUNT => Constraint::MinCount(number(value, sh::MIN_COUNT)?),
            sh::MAX_COUNT => Constraint::MaxCount(number(value, sh::MAX_COUNT)?),
            sh::HAS_VALUE => Constraint::HasValue(value.clone()),
            sh::DATATYPE => Constraint::Datatype(iri(value, sh::DATATYPE)?.clone()),
            sh::NODE_KIND => Constraint::NodeKind(node_kind(value)?),
            sh::CLASS => Constraint::Class(Term::Iri(iri(value, sh::CLASS)?.clone())),
            sh::IN => Constraint::In(self.list(value)?),
            sh::PATTERN => Constraint::Pattern(self.pattern(&triple.subject, value)?),
            sh::MIN_LENGTH => Constraint::MinLength(number(value, sh::MIN_LENGTH)?),
            sh::MAX_LENGTH => Constraint::MaxLength(number(value, sh::MAX_LENGTH)?),
            sh::MIN_INCLUSIVE => Constraint::Bound(Bound::MinInclusive, ordered(value, sh::MIN_INCLUSIVE)?),
            sh::MAX_INCLUSIVE => Constraint::Bound(Bound::MaxInclusive, ordered(value, sh::MAX_INCLUSIVE)?),
            sh::MIN_EXCLUSIVE => Constraint::Bound(Bound::MinExclusive, ordered(value, sh::MIN_EXCLUSIVE)?),
            sh::MAX_EXCLUSIVE => Constraint::Bound(Bound::MaxExclusive, ordered(value, sh::MAX_EXCLUSIVE)?),
            sh::LESS_THAN_OR_EQUALS => Constraint::LessThanOrEquals(iri(value, sh::LESS_THAN_OR_EQUALS)?.clone()),
            sh::NODE => Constraint::Node {
                shape: self.shape(value, name, depth + 1)?,
                name: value.as_iri().unwrap_or(name).clone(),
            },
            sh::PROPERTY => {
                let number = self.shape(value, name, depth + 1)?;
                if self.all.get(number).is_none_or(|shape| shape.path.is_none()) {
                    return Err(Error::Value(sh::PATH));
                }
                Constraint::Property(number)
            }
            sh::PATH
            | sh::SEVERITY
            | sh::MESSAGE
            | sh::FLAGS
            | sh::TARGET_CLASS
            | sh::TARGET_SUBJECTS_OF
            | sh::TARGET_OBJECTS_OF => return Ok(None),
            rdf::TYPE => return is_known_class(value).map(|()| None),
            other if other.starts_with(sh::NS) && !SILENT.contains(&other) => {
                return Err(Error::Unknown(triple.predicate.clone()));
            }
            _ => return Ok(None),
        }))
    }

    /// The value of a property that has one at most.
    fn one<'a>(&'a self, node: &'a Term, property: &'static str) -> Result<Option<&'a Term>, Error> {
        let mut values = self.graph.objects(node, property);
        let value = values.next();
        if values.next().is_some() { Err(Error::Value(property)) } else { Ok(value) }
    }

    fn severity(&self, node: &Term) -> Result<Severity, Error> {
        let Some(severity) = self.one(node, sh::SEVERITY)? else { return Ok(Severity::Violation) };
        match &**iri(severity, sh::SEVERITY)? {
            sh::VIOLATION => Ok(Severity::Violation),
            sh::WARNING => Ok(Severity::Warning),
            sh::INFO => Ok(Severity::Info),
            _ => Err(Error::Value(sh::SEVERITY)),
        }
    }

    fn pattern(&self, node: &Term, pattern: &Term) -> Result<regex::Regex, Error> {
        let flags = self.one(node, sh::FLAGS)?.map(|flags| text(flags, sh::FLAGS)).transpose()?;
        let ignores_case = match flags.as_deref() {
            None | Some("") => false,
            Some("i") => true,
            Some(_) => return Err(Error::Value(sh::FLAGS)),
        };
        RegexBuilder::new(&text(pattern, sh::PATTERN)?)
            .case_insensitive(ignores_case)
            .size_limit(PATTERN)
            .build()
            .map_err(|_| Error::Value(sh::PATTERN))
    }

    /// The members of an RDF list.
    fn list(&self, head: &Term) -> Result<BTreeSet<Term>, Error> {
        let mut members = BTreeSet::new();
        let (mut rest, nil) = (head, Term::iri(rdf::NIL));
        for _ in 0..=self.graph.len() {
            if *rest == nil {
                return Ok(members);
            }
            members.insert(self.one(rest, rdf::FIRST)?.ok_or(Error::Value(sh::IN))?.clone());
            rest = self.one(rest, rdf::REST)?.ok_or(Error::Value(sh::IN))?;
        }
        Err(Error::Circle)
    }
}

impl Targets {
    fn add(&mut self, target: &Triple, shape: usize) -> Result<(), Error> {
        let (property, value) = (&*target.predicate, &target.object);
        let of = iri(value, "sh:target")?;
        match property {
            sh::TARGET_SUBJECTS_OF => self.subjects_of.entry(of.clone()).or_default().push(shape),
            sh::TARGET_OBJECTS_OF => self.objects_of.entry(of.clone()).or_default().push(shape),
            _ => self.classes.entry(value.clone()).or_default().push(shape),
        }
        Ok(())
    }
}

/// A shape may be a class of its own vocabulary, but then it would target its instances, which is not known here.
fn is_known_class(class: &Term) -> Result<(), Error> {
    match class.as_iri() {
        Some(iri) if matches!(&**iri, sh::NODE_SHAPE | sh::PROPERTY_SHAPE) => Ok(()),
        Some(iri) => Err(Error::Unknown(iri.clone())),
        None => Err(Error::Value(rdf::TYPE)),
    }
}

fn iri<'t>(term: &'t Term, property: &'static str) -> Result<&'t Iri, Error> {
    term.as_iri().ok_or(Error::Value(property))
}

fn text(term: &Term, property: &'static str) -> Result<String, Error> {
    if let Term::Literal(literal) = term { Ok((*literal.lexical).to_owned()) } else { Err(Error::Value(property)) }
}

fn number(term: &Term, property: &'static str) -> Result<usize, Error> {
    text(term, property)?.parse().map_err(|_| Error::Value(property))
}

fn ordered(term: &Term, property: &'static str) -> Result<Value, Error> {
    Value::of(term).ok_or(Error::Value(property))
}

fn node_kind(term: &Term) -> Result<NodeKind, Error> {
    let (iri, blank, literal) = match &**iri(term, sh::NODE_KIND)? {
        sh::IRI => (true, false, false),
        sh::BLANK_NODE => (false, true, false),
        sh::LITERAL => (false, false, true),
        sh::BLANK_NODE_OR_IRI => (true, true, false),
        sh::IRI_OR_LITERAL => (true, false, true),
        sh::BLANK_NODE_OR_LITERAL => (false, true, true),
        _ => return Err(Error::Value(sh::NODE_KIND)),
    };
    Ok(NodeKind { iri, blank, literal })
}
