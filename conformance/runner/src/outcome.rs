//! What a case found out, in EARL's words.

use crate::case::Case;
use crate::stop::{Stop, Verdict};

/// The outcome of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Failed,
    Untested,
    Passed,
    Inapplicable,
}

impl Outcome {
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Ok(()) => Self::Passed,
            Err(Stop::Failed(_)) => Self::Failed,
            Err(Stop::Untested(_)) => Self::Untested,
            Err(Stop::Inapplicable(_)) => Self::Inapplicable,
        }
    }

    /// The local name of the EARL term.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Untested => "untested",
            Self::Passed => "passed",
            Self::Inapplicable => "inapplicable",
        }
    }
}

/// A case that ran.
#[derive(Clone)]
pub struct Result {
    pub case: Case,
    pub outcome: Outcome,
    /// Why it did not pass.
    pub reason: Option<String>,
}

/// How many cases came out in a way.
pub fn count(results: &[Result], outcome: Outcome) -> usize {
    results.iter().filter(|result| result.outcome == outcome).count()
}

/// The counts in a sentence.
pub fn summary(results: &[Result]) -> String {
    let counted = [Outcome::Passed, Outcome::Failed, Outcome::Untested, Outcome::Inapplicable]
        .map(|outcome| format!("{} {}", count(results, outcome), outcome.name()));
    format!("{} cases: {}", results.len(), counted.join(", "))
}
