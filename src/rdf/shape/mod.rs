//! Shapes: what data must look like, said in the part of SHACL core that `shapes/` uses.
//!
//! A term of SHACL that is not known here is an error when the shapes are read, never a rule that is silently left out.
//! Subclasses are not followed: what is to be checked says all its classes.
//!
//! ```
//! use cartable::rdf::format::{self, Format};
//! use cartable::rdf::shape::Shapes;
//!
//! let shapes = Shapes::parse(
//!     "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <https://example.org/> .
//!      :Named a sh:NodeShape ; sh:targetClass :Person ; sh:property [ sh:path :name ; sh:minCount 1 ] .",
//! )?;
//! let turtle = b"@prefix : <https://example.org/> . :malo a :Person .";
//! let graph = format::parse(turtle, Format::Turtle, "https://example.org/")?.dataset.default;
//! let violations = shapes.check(&graph);
//! assert_eq!(violations[0].to_string(), "Named: name: there must be at least 1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod constraint;
mod parse;
mod value;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use super::graph::{Graph, Iri, Term};
use super::vocab::rdf;
use constraint::Constraint;

pub use parse::Error;

/// The shapes of what connectors and imports write: those of `shapes/`.
const OURS: [&str; 4] = [
    include_str!("../../../shapes/connectors.ttl"),
    include_str!("../../../shapes/contacts.ttl"),
    include_str!("../../../shapes/learning.ttl"),
    include_str!("../../../shapes/pay.ttl"),
];

/// The shapes of what connectors and imports write. If they could not be read, nothing could be checked, and so nothing
/// may be written.
pub fn ours() -> Result<&'static Shapes, &'static Error> {
    static READ: LazyLock<Result<Shapes, Error>> = LazyLock::new(|| Shapes::parse(&OURS.concat()));
    READ.as_ref()
}

/// Shapes that data can be checked against.
#[derive(Debug)]
pub struct Shapes {
    /// Shapes and the property shapes within them. They refer to each other by number, never in a circle.
    all: Vec<Shape>,
    targets: Targets,
}

#[derive(Debug)]
struct Shape {
    /// Its own name, or that of the shape within which it is said.
    name: Iri,
    /// What it checks: the values of this property, or the node itself.
    path: Option<Iri>,
    severity: Severity,
    message: Option<String>,
    constraints: Vec<Constraint>,
}

/// Which shapes check which nodes.
#[derive(Debug, Default)]
struct Targets {
    classes: BTreeMap<Term, Vec<usize>>,
    subjects_of: BTreeMap<Iri, Vec<usize>>,
    objects_of: BTreeMap<Iri, Vec<usize>>,
}

/// How bad it is if data are not as a shape says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Info,
    /// The data are kept, and somebody is told.
    Warning,
    /// The data are refused.
    Violation,
}

/// One way in which data are not as a shape says. Its text names the shape and the property, and nothing of the data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub shape: Iri,
    pub focus: Term,
    pub path: Option<Iri>,
    pub severity: Severity,
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", local_name(&self.shape))?;
        if let Some(path) = &self.path {
            write!(f, "{}: ", local_name(path))?;
        }
        f.write_str(&self.message)
    }
}

/// The last part of an IRI.
fn local_name(iri: &str) -> &str {
    iri.rsplit(['#', '/']).next().unwrap_or(iri)
}

impl Shapes {
    /// Reads shapes from Turtle. Relative IRIs are not allowed in it.
    pub fn parse(turtle: &str) -> Result<Self, Error> {
        parse::shapes(turtle)
    }

    /// Every way in which the graph is not as the shapes say, in the order of shapes and nodes.
    pub fn check(&self, graph: &Graph) -> Vec<Violation> {
        let mut found = Vec::new();
        for (shape, focus) in self.targets.of(graph) {
            self.check_node(shape, focus, graph, &mut found);
        }
        found
    }

    /// The names of the shapes that look for what they check.
    pub fn names(&self) -> BTreeSet<&Iri> {
        let Targets { classes, subjects_of, objects_of } = &self.targets;
        let all = classes.values().chain(subjects_of.values()).chain(objects_of.values()).flatten();
        all.filter_map(|shape| self.all.get(*shape)).map(|shape| &shape.name).collect()
    }

    fn check_node(&self, shape: usize, focus: &Term, graph: &Graph, found: &mut Vec<Violation>) {
        let Some(shape) = self.all.get(shape) else { return };
        let values: Vec<_> = match &shape.path {
            Some(path) => graph.objects(focus, path).collect(),
            None => vec![focus],
        };
        for constraint in &shape.constraints {
            if let Constraint::Property(inner) = constraint {
                for value in &values {
                    self.check_node(*inner, value, graph, found);
                }
            } else if !self.holds(constraint, focus, &values, graph) {
                found.push(Violation {
                    shape: shape.name.clone(),
                    focus: focus.clone(),
                    path: shape.path.clone(),
                    severity: shape.severity,
                    message: shape.message.clone().unwrap_or_else(|| constraint.to_string()),
                });
            }
        }
    }

    /// Whether a node is all that a shape says, warnings included.
    fn conforms(&self, shape: usize, node: &Term, graph: &Graph) -> bool {
        let mut found = Vec::new();
        self.check_node(shape, node, graph, &mut found);
        found.is_empty()
    }
}

impl Targets {
    /// The nodes of a graph that are checked, and by which shape.
    fn of<'g>(&self, graph: &'g Graph) -> BTreeSet<(usize, &'g Term)> {
        let mut found = BTreeSet::new();
        for triple in graph.iter() {
            let (subject, object) = (&triple.subject, &triple.object);
            let class = if *triple.predicate == *rdf::TYPE { self.classes.get(object) } else { None };
            let subjects = class.into_iter().chain(self.subjects_of.get(&triple.predicate)).flatten();
            found.extend(subjects.map(|shape| (*shape, subject)));
            found.extend(self.objects_of.get(&triple.predicate).into_iter().flatten().map(|shape| (*shape, object)));
        }
        found
    }
}
