//! The errors of OAuth, by their codes.

use std::fmt::Display;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde_json::json;

use crate::http::Body;
use crate::identity::provider::{self, ClientFault, Refusal, Unregistered, metadata};
use crate::identity::{Refused, account, keys};
use crate::storage;

/// An error of OAuth.
///
/// Spec: O-165, rfc6749 §5.2
#[derive(Debug)]
pub struct Failure {
    pub status: StatusCode,
    pub error: &'static str,
    description: String,
    field: Option<(HeaderName, HeaderValue)>,
}

impl Failure {
    pub fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into(), field: None }
    }

    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Spec: O-162
    pub fn client(description: impl Into<String>) -> Self {
        let challenge = HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"");
        Self {
            status: StatusCode::UNAUTHORIZED,
            field: Some((WWW_AUTHENTICATE, challenge)),
            ..Self::new("invalid_client", description)
        }
    }

    pub fn later(status: StatusCode, after: Duration) -> Self {
        Self {
            status,
            field: Some((RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)))),
            ..Self::new("temporarily_unavailable", "try again later")
        }
    }

    /// Something broke. The cause goes to the log only.
    fn fault(cause: &dyn Display) -> Self {
        tracing::error!("a client could not be answered: {cause}");
        Self::new("server_error", "this cannot be done at the moment").with_status(StatusCode::SERVICE_UNAVAILABLE)
    }

    /// The answer, which nobody keeps.
    ///
    /// Spec: O-106, O-165
    pub fn respond(self) -> Response<Body> {
        let document = json!({ "error": self.error, "error_description": self.description });
        let mut response = super::secret_json(&document);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.field);
        response
    }
}

impl From<storage::Error> for Failure {
    fn from(error: storage::Error) -> Self {
        match error {
            // Others wrote first, again and again.
            storage::Error::Moved => Self::later(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(1)),
            other => Self::fault(&other),
        }
    }
}

impl From<account::Error> for Failure {
    fn from(error: account::Error) -> Self {
        match error {
            account::Error::Storage(error) => error.into(),
            other => Self::fault(&other),
        }
    }
}

impl From<provider::Error> for Failure {
    fn from(error: provider::Error) -> Self {
        match error {
            provider::Error::Refused(refusal) => refusal.into(),
            provider::Error::Storage(error) | provider::Error::Keys(keys::Error::Storage(error)) => error.into(),
            provider::Error::Account(error) => error.into(),
            other @ (provider::Error::Keys(_) | provider::Error::Record(_)) => Self::fault(&other),
        }
    }
}

/// Spec: O-161, O-165, O-166, O-167, O-168, O-197
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let error = match refusal {
            Refusal::Code
            | Refusal::OtherRedirect
            | Refusal::Verifier
            | Refusal::OtherKey
            | Refusal::RefreshToken
            | Refusal::Ended
            | Refusal::OtherClient => "invalid_grant",
            Refusal::Scope => "invalid_scope",
        };
        Self::new(error, refusal.to_string())
    }
}

/// Spec: O-162
impl From<ClientFault> for Failure {
    fn from(fault: ClientFault) -> Self {
        match fault {
            ClientFault::Unknown | ClientFault::Document(_) => Self::client(fault.to_string()),
            ClientFault::Away => Self::later(StatusCode::SERVICE_UNAVAILABLE, crate::fetch::REST),
            ClientFault::TooMany(after) => Self::later(StatusCode::TOO_MANY_REQUESTS, after),
            ClientFault::Storage(error) => error.into(),
        }
    }
}

/// Spec: O-126, O-129, rfc7591 §3.2.2
impl From<Unregistered> for Failure {
    fn from(unregistered: Unregistered) -> Self {
        match unregistered {
            Unregistered::Metadata(fault) => {
                let error = match fault {
                    metadata::Fault::Redirect(_) => "invalid_redirect_uri",
                    metadata::Fault::Member(_) => "invalid_client_metadata",
                };
                Self::new(error, fault.to_string())
            }
            Unregistered::TooMany(after) => Self::later(StatusCode::TOO_MANY_REQUESTS, after),
            Unregistered::Storage(error) => error.into(),
        }
    }
}

/// Spec: O-163
impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooManyProofs(after) => Self::later(StatusCode::TOO_MANY_REQUESTS, after),
            Refused::Busy(after) => Self::later(StatusCode::SERVICE_UNAVAILABLE, after),
            Refused::Storage(error) => error.into(),
            other => Self::new(other.code().unwrap_or("invalid_request"), other.to_string()),
        }
    }
}
