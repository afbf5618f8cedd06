//! Why a case ended before its end.

use std::fmt;

/// A case runs to its end, or stops for one of these reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The server did something else than required.
    Failed(String),
    /// What the case needs could not be made, so nothing was learnt.
    Untested(String),
    /// The requirement does not concern this server.
    Inapplicable(String),
}

/// What a case returns.
pub type Verdict<T = ()> = Result<T, Stop>;

impl Stop {
    /// The same reason, told of the preparation of a case instead of its subject.
    pub fn in_preparation(self) -> Self {
        match self {
            Self::Failed(reason) => Self::Untested(format!("could not be prepared: {reason}")),
            other => other,
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Failed(reason) | Self::Untested(reason) | Self::Inapplicable(reason)) = self;
        f.write_str(reason)
    }
}

/// Ends a case as failed.
pub fn failed<T>(reason: impl Into<String>) -> Verdict<T> {
    Err(Stop::Failed(reason.into()))
}

/// Ends a case as failed unless `holds`.
pub fn ensure(holds: bool, reason: impl Into<String>) -> Verdict {
    if holds { Ok(()) } else { failed(reason) }
}
