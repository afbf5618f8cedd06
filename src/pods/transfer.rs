//! COPY and MOVE of documents and containers within a pod.

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Copy,
    Move,
}

/// What to copy or move, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub verb: Verb,
    pub to: crate::path::ResourcePath,
    pub overwrite: bool,
}
