//! N3 Patch: conditions, deletions and insertions, and what they do to a graph.

use super::graph::Graph;

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patch {}

impl Patch {
    /// Reads an N3 Patch document whose base is the target's URL.
    ///
    /// Spec: solid#server-patch-n3-patches
    pub fn parse(_bytes: &[u8], _base: &str) -> Result<Self, Invalid> {
        Err(Invalid::Rule("not built yet"))
    }

    pub fn clauses(&self) -> Clauses {
        Clauses::default()
    }

    /// The graph after the patch.
    ///
    /// Spec: solid#server-patch-n3-semantics
    pub fn apply(&self, _graph: &Graph) -> Result<Graph, Unfit> {
        Err(Unfit::NoMatch)
    }
}
