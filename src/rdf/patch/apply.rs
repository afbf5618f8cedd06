//! What an N3 Patch does to a graph.

use std::collections::BTreeSet;

use super::{Patch, Unfit};
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::pattern::{Conditions, Pattern, TooMuchWork, Values, Work, first_new_node};

impl From<TooMuchWork> for Unfit {
    fn from(TooMuchWork: TooMuchWork) -> Self {
        Self::TooMuchWork
    }
}

impl Patch {
    /// The graph after the patch: deletions first, then insertions.
    ///
    /// Spec: solid#server-patch-n3-semantics, solid#server-patch-n3-semantics-deletions-non-empty-all-triples,
    /// P-173, P-176, P-177
    pub fn apply(&self, graph: &Graph) -> Result<Graph, Unfit> {
        let values = self.find(graph)?;
        let deletions = fill(&self.deletions, &values, 0)?;
        let insertions = fill(&self.insertions, &values, first_new_node(graph))?;
        if !deletions.iter().all(|triple| graph.contains(triple)) {
            return Err(Unfit::MissingDelete);
        }
        let mut graph = graph.clone();
        for triple in &deletions {
            graph.remove(triple);
        }
        graph.extend(insertions);
        Ok(graph)
    }

    /// The one way in which the named variables match. Blank nodes of the conditions may match in many.
    ///
    /// Spec: solid#server-patch-n3-semantics-no-mapping, P-174, P-175
    fn find(&self, graph: &Graph) -> Result<Vec<Option<Term>>, Unfit> {
        let conditions = Conditions { patterns: &self.conditions, variables: self.variables, asked: self.named };
        let mut first: Option<Vec<_>> = None;
        conditions.search(graph, &mut Work::default(), |values, _| {
            let first = first.get_or_insert_with(|| values.to_vec());
            if first[..self.named] == values[..self.named] { Ok(()) } else { Err(Unfit::ManyMatches) }
        })?;
        first.ok_or(Unfit::NoMatch)
    }
}

/// Puts values into patterns, dropping repeats.
///
/// Spec: P-176, P-178
fn fill(patterns: &[Pattern], values: &Values, first_new: usize) -> Result<BTreeSet<Triple>, Unfit> {
    patterns.iter().map(|pattern| pattern.fill(values, first_new).ok_or(Unfit::BadTriple)).collect()
}
