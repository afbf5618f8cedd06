//! How runs end.

use serde::{Deserialize, Serialize};

/// How a run ended. The names are those of run reports and of the command line.
///
/// Spec: CP-24
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// All that was fetched is in the pod.
    Ok,
    /// There was nothing new.
    OkUnchanged,
    /// There is nothing to fetch for this person.
    OkEmpty,
    /// Some of it did not arrive whole; the next run fetches the rest.
    Partial,
    /// The other side does not know this name and password.
    LoginFailed,
    /// The other side has locked the account for a while.
    LoginBlocked,
    /// The other side no longer accepts what it gave us: the owner has to connect again.
    Reconnect,
    /// The other side answers for somebody else than the person who connected.
    AnotherPerson,
    /// The other side is away.
    ProviderDown,
    /// The other side answers in a way that we do not know.
    ProviderChanged,
    /// There is no room left in the pod.
    QuotaFull,
    /// The pod does not let us write where we should.
    WriteRefused,
    /// We failed.
    Failed,
}

impl Status {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::OkUnchanged => "ok-unchanged",
            Self::OkEmpty => "ok-empty",
            Self::Partial => "partial",
            Self::LoginFailed => "login-failed",
            Self::LoginBlocked => "login-blocked",
            Self::Reconnect => "reconnect",
            Self::AnotherPerson => "another-person",
            Self::ProviderDown => "provider-down",
            Self::ProviderChanged => "provider-changed",
            Self::QuotaFull => "quota-full",
            Self::WriteRefused => "write-refused",
            Self::Failed => "failed",
        }
    }

    pub const fn is_good(self) -> bool {
        matches!(self, Self::Ok | Self::OkUnchanged | Self::OkEmpty)
    }

    /// Whether nothing runs by itself any more until the owner has done something.
    ///
    /// Spec: CP-24
    pub const fn needs_owner(self) -> bool {
        matches!(self, Self::LoginFailed | Self::LoginBlocked | Self::Reconnect | Self::AnotherPerson)
    }
}

/// Why a run ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{status:?}")]
pub struct Stopped {
    pub status: Status,
    /// Which field or step was not as expected: a name of ours or of the other side's format, never a value.
    pub at: Option<&'static str>,
}

impl From<Status> for Stopped {
    fn from(status: Status) -> Self {
        Self { status, at: None }
    }
}
