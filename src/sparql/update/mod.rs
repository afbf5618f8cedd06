//! SPARQL Update as a patch: `INSERT DATA`, `DELETE DATA`, `DELETE WHERE`, `DELETE`/`INSERT`/`WHERE`.
//!
//! Texts are first split into words, and only those of the subset reach the parser of SPARQL, which recurses: a text
//! of another shape could ask for any depth. Matching is ours (see [`crate::rdf::pattern`]), for it has a bound.

mod parse;
mod words;

use std::collections::BTreeSet;

use crate::rdf::graph::{Graph, Triple};
use crate::rdf::patch::Clauses;
use crate::rdf::pattern::{Conditions, Pattern, Work, first_new_node};

pub use crate::rdf::pattern::TooMuchWork;

/// Why an update is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("the update is not well-formed SPARQL: {0}")]
    Syntax(String),
    /// Well-formed SPARQL outside the subset.
    #[error("{0}")]
    Unsupported(&'static str),
}

/// A parsed update.
///
/// ```
/// use cartable::rdf::{Format, format};
/// use cartable::sparql::update::Update;
///
/// let url = "https://alice.example/card";
/// let card = format::parse(b"<#me> <#age> 12 .", Format::Turtle, url).unwrap().dataset.default;
/// let birthday = b"DELETE { ?who <#age> 12 } INSERT { ?who <#age> 13 } WHERE { ?who <#age> 12 }";
/// let older = format::parse(b"<#me> <#age> 13 .", Format::Turtle, url).unwrap().dataset.default;
/// assert_eq!(Update::parse(birthday, url).unwrap().apply(&card), Ok(older));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Update {
    operations: Vec<Operation>,
}

/// One operation. `INSERT DATA` and `DELETE DATA` are those without conditions and variables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Operation {
    conditions: Vec<Pattern>,
    deletions: Vec<Pattern>,
    insertions: Vec<Pattern>,
    variables: usize,
    /// How many blank nodes the insertions make for each match.
    fresh: usize,
}

impl Update {
    /// Which clauses there are; `WHERE {}` is none.
    ///
    /// Spec: P-189
    pub fn clauses(&self) -> Clauses {
        let any = |clause: fn(&Operation) -> &Vec<Pattern>| self.operations.iter().any(|one| !clause(one).is_empty());
        Clauses {
            conditions: any(|one| &one.conditions),
            insertions: any(|one| &one.insertions),
            deletions: any(|one| &one.deletions),
        }
    }

    /// The graph after the update. No solution means no change, nor does deleting what is not there.
    ///
    /// Spec: P-188, P-190
    pub fn apply(&self, graph: &Graph) -> Result<Graph, TooMuchWork> {
        let mut graph = graph.clone();
        let mut work = Work::default();
        let mut next_node = first_new_node(&graph);
        for operation in &self.operations {
            let (deletions, insertions) = operation.effects(&graph, &mut work, &mut next_node)?;
            for triple in &deletions {
                graph.remove(triple);
            }
            graph.extend(insertions);
        }
        Ok(graph)
    }
}

impl Operation {
    /// What every solution deletes and inserts. Templates that make no triple are skipped, as SPARQL has it.
    fn effects(
        &self,
        graph: &Graph,
        work: &mut Work,
        next_node: &mut usize,
    ) -> Result<(BTreeSet<Triple>, BTreeSet<Triple>), TooMuchWork> {
        let (mut deletions, mut insertions) = (BTreeSet::new(), BTreeSet::new());
        let templates = self.deletions.len() + self.insertions.len();
        let conditions = Conditions { patterns: &self.conditions, variables: self.variables, asked: self.variables };
        conditions.search(graph, work, |values, work| {
            work.spend(templates)?;
            deletions.extend(self.deletions.iter().filter_map(|pattern| pattern.fill(values, 0)));
            insertions.extend(self.insertions.iter().filter_map(|pattern| pattern.fill(values, *next_node)));
            *next_node = next_node.saturating_add(self.fresh);
            Ok::<_, TooMuchWork>(())
        })?;
        Ok((deletions, insertions))
    }
}

#[cfg(test)]
mod tests;
