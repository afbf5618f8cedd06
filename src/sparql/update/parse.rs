//! From the text of an update to its operations.

use std::collections::HashMap;

use spargebra::algebra::GraphPattern;
use spargebra::term::{
    BlankNode, GraphName, GraphNamePattern, GroundQuad, GroundQuadPattern, GroundTerm, Literal as ParsedLiteral, Quad,
    QuadPattern, TermPattern, TriplePattern, Variable,
};
use spargebra::{GraphUpdateOperation, SparqlParser};

use super::{Invalid, Operation, Update, words};
use crate::rdf::graph::{Literal, Term};
use crate::rdf::pattern::{CONDITIONS, Pattern, Slot};

const OTHER_GRAPH: Invalid = Invalid::Unsupported("an update must not name graphs");

impl Update {
    /// Reads an update whose base is the target's URL. An empty one is valid.
    ///
    /// Spec: P-186, P-187
    pub fn parse(text: &[u8], base: &str) -> Result<Self, Invalid> {
        let text = std::str::from_utf8(text).map_err(|_| Invalid::Syntax("it is not UTF-8".to_owned()))?;
        words::check(text)?;
        let parser = SparqlParser::new()
            .with_base_iri(base)
            .map_err(|_| Invalid::Syntax("the target's address is not an absolute IRI".to_owned()))?;
        // The parser's message quotes the text.
        let update = parser.parse_update(text).map_err(|_| Invalid::Syntax("the grammar does not fit".to_owned()))?;
        let operations = update.operations.into_iter().map(Operation::of).collect::<Result<_, _>>()?;
        Ok(Self { operations })
    }
}

impl Operation {
    fn of(operation: GraphUpdateOperation) -> Result<Self, Invalid> {
        let mut names = Names::default();
        let mut made = Self::default();
        match operation {
            GraphUpdateOperation::InsertData { data } => made.insertions = names.templates(data)?,
            GraphUpdateOperation::DeleteData { data } => made.deletions = names.templates(data)?,
            GraphUpdateOperation::DeleteInsert { delete, insert, using: None, pattern } => {
                made.conditions = names.conditions(*pattern)?;
                made.deletions = names.templates(delete)?;
                made.insertions = names.templates(insert)?;
            }
            _ => return Err(Invalid::Unsupported("an update may only insert and delete triples")),
        }
        Ok(Self { variables: names.variables.len(), fresh: names.fresh.len(), ..made })
    }
}

/// Numbers for the variables and blank nodes of an operation. In conditions, blank nodes are variables too.
#[derive(Default)]
struct Names {
    variables: HashMap<Named, usize>,
    fresh: HashMap<BlankNode, usize>,
}

#[derive(PartialEq, Eq, Hash)]
enum Named {
    Variable(Variable),
    Blank(BlankNode),
}

impl Names {
    fn conditions(&mut self, pattern: GraphPattern) -> Result<Vec<Pattern>, Invalid> {
        let GraphPattern::Bgp { patterns } = pattern else {
            return Err(Invalid::Unsupported("the WHERE clause may only hold triple patterns"));
        };
        if patterns.len() > CONDITIONS {
            return Err(Invalid::Unsupported("the update has too many conditions"));
        }
        Ok(patterns.into_iter().map(|triple| self.pattern(triple, Self::open)).collect())
    }

    /// What to insert or delete, in the default graph.
    fn templates<T: Template>(&mut self, quads: Vec<T>) -> Result<Vec<Pattern>, Invalid> {
        let template = |quad: T| Ok(self.pattern(quad.in_default_graph().ok_or(OTHER_GRAPH)?, Self::made));
        quads.into_iter().map(template).collect()
    }

    fn pattern(&mut self, triple: TriplePattern, blank: fn(&mut Self, BlankNode) -> Slot) -> Pattern {
        let mut slot = |term| match term {
            TermPattern::NamedNode(iri) => Slot::Fixed(Term::iri(iri.as_str())),
            TermPattern::Literal(literal) => Slot::Fixed(Term::Literal(self::literal(&literal))),
            TermPattern::BlankNode(node) => blank(self, node),
            TermPattern::Variable(variable) => self.variable(Named::Variable(variable)),
        };
        Pattern { subject: slot(triple.subject), predicate: slot(triple.predicate.into()), object: slot(triple.object) }
    }

    fn variable(&mut self, name: Named) -> Slot {
        let number = self.variables.len();
        Slot::Variable(*self.variables.entry(name).or_insert(number))
    }

    fn open(&mut self, node: BlankNode) -> Slot {
        self.variable(Named::Blank(node))
    }

    fn made(&mut self, node: BlankNode) -> Slot {
        let number = self.fresh.len();
        Slot::Fresh(*self.fresh.entry(node).or_insert(number))
    }
}

/// The parser has a type of its own for each of the four templates.
trait Template {
    /// `None`: it names a graph.
    fn in_default_graph(self) -> Option<TriplePattern>;
}

impl Template for Quad {
    fn in_default_graph(self) -> Option<TriplePattern> {
        (self.graph_name == GraphName::DefaultGraph).then(|| TriplePattern {
            subject: self.subject.into(),
            predicate: self.predicate.into(),
            object: self.object.into(),
        })
    }
}

impl Template for GroundQuad {
    fn in_default_graph(self) -> Option<TriplePattern> {
        let object = match self.object {
            GroundTerm::NamedNode(iri) => iri.into(),
            GroundTerm::Literal(literal) => literal.into(),
        };
        (self.graph_name == GraphName::DefaultGraph).then(|| TriplePattern {
            subject: self.subject.into(),
            predicate: self.predicate.into(),
            object,
        })
    }
}

impl Template for QuadPattern {
    fn in_default_graph(self) -> Option<TriplePattern> {
        let Self { subject, predicate, object, graph_name } = self;
        (graph_name == GraphNamePattern::DefaultGraph).then_some(TriplePattern { subject, predicate, object })
    }
}

impl Template for GroundQuadPattern {
    fn in_default_graph(self) -> Option<TriplePattern> {
        (self.graph_name == GraphNamePattern::DefaultGraph).then(|| TriplePattern {
            subject: self.subject.into(),
            predicate: self.predicate,
            object: self.object.into(),
        })
    }
}

fn literal(literal: &ParsedLiteral) -> Literal {
    Literal {
        lexical: literal.value().into(),
        datatype: literal.datatype().as_str().into(),
        language: literal.language().map(|tag| tag.to_ascii_lowercase().into()),
    }
}
