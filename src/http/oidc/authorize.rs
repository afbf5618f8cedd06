//! The authorization endpoint saying no: problems that are explained here because no answer can be sent back.

use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};

use crate::http::Problem;
use crate::identity::provider::authorize::Unanswerable;
use crate::identity::provider::{self, ClientFault, interaction};

/// Spec: O-142
impl From<Unanswerable> for Problem {
    fn from(reason: Unanswerable) -> Self {
        let kind = match reason {
            Unanswerable::NoClient => "client-not-named",
            Unanswerable::NoRedirect => "redirect-not-named",
            Unanswerable::OtherRedirect => "redirect-not-registered",
        };
        Self::new(StatusCode::BAD_REQUEST, kind).detail(reason.to_string())
    }
}

/// Spec: O-66, O-128, O-132, O-142
impl From<ClientFault> for Problem {
    fn from(fault: ClientFault) -> Self {
        let detail = fault.to_string();
        match fault {
            ClientFault::Unknown => Self::new(StatusCode::BAD_REQUEST, "client-unknown").detail(detail),
            ClientFault::Document(_) => Self::new(StatusCode::BAD_REQUEST, "client-unusable").detail(detail),
            ClientFault::Away => Self::new(StatusCode::BAD_GATEWAY, "client-away").detail(detail),
            ClientFault::TooMany(wait) => Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-clients")
                .header(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1))
                .detail(detail),
            ClientFault::Storage(error) => error.into(),
        }
    }
}

/// Spec: O-191
impl From<interaction::Error> for Problem {
    fn from(error: interaction::Error) -> Self {
        match error {
            interaction::Error::Ended => Self::new(StatusCode::GONE, "sign-in-ended"),
            interaction::Error::TooMany(wait) => Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-sign-ins")
                .header(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1)),
            interaction::Error::Storage(error) => error.into(),
            interaction::Error::Record(_) => Self::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal", &error),
        }
    }
}

/// What breaks while a person looks on. A refusal of the provider is for the token endpoint; here it is no different.
impl From<provider::Error> for Problem {
    fn from(error: provider::Error) -> Self {
        match error {
            provider::Error::Storage(error) => error.into(),
            provider::Error::Account(error) => error.into(),
            other => Self::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal", &other),
        }
    }
}
