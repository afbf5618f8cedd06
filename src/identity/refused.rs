//! Why credentials are refused, whatever they are.

use std::time::Duration;

use super::token::Fault;
use super::{dpop, keys};
use crate::storage;

/// Why a request with credentials is refused. It never falls back to the public.
///
/// Spec: O-5, O-6, O-7, O-8
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// 400 `invalid_request`.
    ///
    /// Spec: O-7
    #[error("the request carries more than one access token")]
    ManyTokens,
    /// 400 `invalid_request`.
    ///
    /// Spec: O-7
    #[error("the Authorization header cannot be read")]
    Unreadable,
    /// 401 with our challenges and no error code.
    ///
    /// Spec: O-8
    #[error("this authentication scheme is not supported; use DPoP")]
    Scheme,
    /// 401 `invalid_dpop_proof`.
    #[error(transparent)]
    Proof(#[from] dpop::Fault),
    /// 401 `invalid_token`.
    #[error(transparent)]
    Token(#[from] Fault),
    /// 403: signing in again would not help.
    ///
    /// Spec: O-46
    #[error("this server does not accept the issuer of the access token")]
    Issuer,
    /// 503 with `Retry-After`.
    ///
    /// Spec: O-52, O-55
    #[error("the issuer or the WebID's host cannot be reached; try again in {} seconds", .0.as_secs())]
    Away(Duration),
    /// 429 with `Retry-After`.
    ///
    /// Spec: O-66
    #[error("your network has named too many unknown issuers and WebIDs; try again in {} seconds", .0.as_secs())]
    TooManyLookups(Duration),
    /// 429 with `Retry-After`.
    #[error("this key has sent too many proofs; try again in {} seconds", .0.as_secs())]
    TooManyProofs(Duration),
    /// 503 with `Retry-After`.
    #[error("too many requests are signed at the moment; try again in {} seconds", .0.as_secs())]
    Busy(Duration),
    /// 503 with `Retry-After`; the cause is for the log.
    #[error("accounts and keys cannot be read at the moment")]
    Storage(#[from] storage::Error),
}

impl Refused {
    /// The error code of OAuth, for the challenge or the body.
    ///
    /// Spec: O-5, O-7, rfc6750 §3.1, rfc9449 §7.1
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::ManyTokens | Self::Unreadable => Some("invalid_request"),
            Self::Proof(_) => Some("invalid_dpop_proof"),
            Self::Token(_) => Some("invalid_token"),
            Self::Scheme
            | Self::Issuer
            | Self::Away(_)
            | Self::TooManyLookups(_)
            | Self::TooManyProofs(_)
            | Self::Busy(_)
            | Self::Storage(_) => None,
        }
    }
}

impl From<keys::Error> for Refused {
    fn from(error: keys::Error) -> Self {
        match error {
            keys::Error::Storage(error) => Self::Storage(error),
            other => Self::Storage(storage::Error::Failed(other.to_string())),
        }
    }
}
