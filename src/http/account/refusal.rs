//! The statuses of what accounts refuse.

use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};
use serde_json::json;

use crate::http::Problem;
use crate::identity::account::{Error, Refusal};

/// Spec: O-202, O-204, O-205, O-206, O-325, O-327
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, kind) = match &refusal {
            Refusal::EmailTaken => (StatusCode::CONFLICT, "email-taken"),
            Refusal::HasLogin => (StatusCode::CONFLICT, "login-exists"),
            Refusal::NameTaken => (StatusCode::CONFLICT, "pod-name-taken"),
            Refusal::NameReserved => (StatusCode::CONFLICT, "pod-name-reserved"),
            Refusal::WebIdTaken => (StatusCode::CONFLICT, "webid-taken"),
            Refusal::LinkedElsewhere => (StatusCode::CONFLICT, "linked-elsewhere"),
            Refusal::LastLogin => (StatusCode::CONFLICT, "last-login"),
            Refusal::LastWebId => (StatusCode::CONFLICT, "last-webid"),
            Refusal::LastOwner(_) => (StatusCode::CONFLICT, "last-owner"),
            Refusal::TooManyPods(_) => (StatusCode::CONFLICT, "too-many-pods"),
            Refusal::NoWebId => (StatusCode::BAD_REQUEST, "no-webid"),
            Refusal::TooManyPasskeys(_) => (StatusCode::CONFLICT, "too-many-passkeys"),
            Refusal::TooManyCredentials(_) => (StatusCode::CONFLICT, "too-many-credentials"),
            Refusal::NotLinked => (StatusCode::BAD_REQUEST, "webid-not-linked"),
            Refusal::Unproven(_) => (StatusCode::BAD_REQUEST, "webid-unproven"),
            Refusal::WebIdUnreadable => (StatusCode::BAD_REQUEST, "webid-unreadable"),
            Refusal::Weak(_) => (StatusCode::BAD_REQUEST, "password-weak"),
            Refusal::LongName(_) => (StatusCode::BAD_REQUEST, "name-too-long"),
            Refusal::NotYours => (StatusCode::FORBIDDEN, "webid-of-another"),
            Refusal::WrongCode => (StatusCode::FORBIDDEN, "code-wrong"),
            Refusal::WrongPasskey => (StatusCode::FORBIDDEN, "passkey-wrong"),
            Refusal::HeardBefore => (StatusCode::BAD_REQUEST, "logout-token"),
            Refusal::WrongLogin => (StatusCode::FORBIDDEN, "login-wrong"),
            Refusal::NoPasswords => (StatusCode::FORBIDDEN, "no-password-sign-in"),
            Refusal::SecondFactor => (StatusCode::FORBIDDEN, "second-factor"),
            Refusal::SignedOut => (StatusCode::UNAUTHORIZED, "not-signed-in"),
            Refusal::Disabled => (StatusCode::FORBIDDEN, "account-disabled"),
            Refusal::Closing => (StatusCode::CONFLICT, "account-closing"),
            Refusal::NotClosing => (StatusCode::CONFLICT, "account-not-closing"),
            Refusal::NoOperator => (StatusCode::BAD_REQUEST, "operator-not-named"),
            Refusal::SameOperator => (StatusCode::FORBIDDEN, "operator-the-same"),
            Refusal::NoRescue => (StatusCode::NOT_FOUND, "no-rescue"),
            Refusal::StaleSignIn => (StatusCode::FORBIDDEN, "sign-in-again"),
            Refusal::SignUpClosed => (StatusCode::FORBIDDEN, "sign-up-closed"),
            Refusal::TermsOwed => (StatusCode::FORBIDDEN, "terms-updated"),
            Refusal::OutOfTurn => (StatusCode::CONFLICT, "out-of-turn"),
            Refusal::NoEmail => (StatusCode::BAD_REQUEST, "no-email"),
            Refusal::OwnAddress => (StatusCode::BAD_REQUEST, "own-address"),
            Refusal::NoName => (StatusCode::BAD_REQUEST, "no-name"),
            Refusal::DeadLink => (StatusCode::GONE, "dead-link"),
            Refusal::NoSignUp => (StatusCode::NOT_FOUND, "no-sign-up"),
            Refusal::TooSoon(_) => (StatusCode::TOO_MANY_REQUESTS, "too-soon"),
            Refusal::NoSuchAccount | Refusal::NoSuchCredential | Refusal::NoSuchLink => {
                (StatusCode::NOT_FOUND, "not-found")
            }
        };
        let problem = Self::new(status, kind).detail(refusal.to_string());
        match refusal {
            Refusal::TooSoon(wait) => problem.header(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1)),
            // The member that clients of the Community Solid Server read.
            Refusal::Unproven(triple) => problem.with("details", json!({ "quad": triple })),
            _ => problem,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Storage(error) => error.into(),
            Error::Unhashed(_) | Error::Record(_) => Self::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal", &error),
        }
    }
}
