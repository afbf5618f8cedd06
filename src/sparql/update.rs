//! SPARQL Update as a patch: `INSERT DATA`, `DELETE DATA`, `DELETE WHERE`, `DELETE`/`INSERT`/`WHERE`.

use crate::rdf::graph::Graph;
use crate::rdf::patch::Clauses;

/// Why an update is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("the update is not well-formed SPARQL: {0}")]
    Syntax(String),
    /// Well-formed SPARQL outside the subset.
    #[error("{0}")]
    Unsupported(&'static str),
}

/// The update could not be carried out within its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the update takes too much work")]
pub struct TooMuchWork;

/// A parsed update.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {}

impl Update {
    /// Reads an update whose base is the target's URL. An empty one is valid.
    ///
    /// Spec: P-186, P-187
    pub fn parse(_text: &[u8], _base: &str) -> Result<Self, Invalid> {
        Err(Invalid::Unsupported("not built yet"))
    }

    /// Spec: P-189
    pub fn clauses(&self) -> Clauses {
        Clauses::default()
    }

    /// The graph after the update. No solution means no change.
    ///
    /// Spec: P-188
    pub fn apply(&self, _graph: &Graph) -> Result<Graph, TooMuchWork> {
        Err(TooMuchWork)
    }
}
