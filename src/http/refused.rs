//! Credentials that do not hold, as problems.

use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};

use super::headers::challenge::{Fault, challenge};
use super::problem::Problem;
use crate::identity::Refused;

/// The answer to credentials that were refused. It never says less than the challenge, and never falls
/// back to what the public may do.
///
/// Spec: P-214, P-215, O-5, O-6, O-7, O-8, O-46, O-66
pub fn problem(refused: &Refused, issuer: &str) -> Problem {
    let description = refused.to_string();
    let fault = refused.code().map(|error| Fault { error, description: &description });
    let after =
        |problem: Problem, wait: std::time::Duration| problem.header(RETRY_AFTER, HeaderValue::from(wait.as_secs()));
    let problem = match refused {
        Refused::ManyTokens | Refused::Unreadable => Problem::new(StatusCode::BAD_REQUEST, "invalid-request"),
        Refused::Scheme => Problem::new(StatusCode::UNAUTHORIZED, "unknown-scheme"),
        Refused::Proof(_) => Problem::new(StatusCode::UNAUTHORIZED, "invalid-dpop-proof"),
        Refused::Token(_) => Problem::new(StatusCode::UNAUTHORIZED, "invalid-token"),
        Refused::Issuer => Problem::new(StatusCode::FORBIDDEN, "issuer-not-accepted"),
        Refused::Away(wait) => after(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "issuer-unreachable"), *wait),
        Refused::TooManyLookups(wait) => after(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-lookups"), *wait),
        Refused::TooManyProofs(wait) => after(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-proofs"), *wait),
        Refused::Busy(wait) => after(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy"), *wait),
        Refused::Storage(cause) => {
            return Problem::fault(StatusCode::SERVICE_UNAVAILABLE, "storage-unavailable", cause)
                .header(RETRY_AFTER, HeaderValue::from_static("2"));
        }
    };
    let problem = problem.detail(description.clone());
    if problem.status() == StatusCode::UNAUTHORIZED || problem.status() == StatusCode::BAD_REQUEST {
        return problem.header(WWW_AUTHENTICATE, challenge(issuer, fault));
    }
    problem
}
