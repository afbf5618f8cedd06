//! The authorization request: what an application asks of the person in front of the browser, and whether it may.
//!
//! Pure. What cannot be sent back safely is [`Unanswerable`] and explained here; everything else goes back to the
//! application as a [`Fault`].

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::client::Client;
use super::scope::{Scope, Scopes};
use crate::identity::account::Email;
use crate::identity::jwk::Thumbprint;
use crate::language::Language;

#[cfg(test)]
pub(super) mod tests;

/// The parameters of a request, decoded, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parameters<'a> {
    /// The parameters of a query or a form. One without a value counts as absent.
    ///
    /// Spec: O-141, rfc6749 §3.1
    pub fn new(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(found, _)| *found == name).map(|(_, value)| *value)
    }

    /// The value of a parameter that must be there once.
    fn only(&self, name: &str) -> Option<&'a str> {
        self.get(name).filter(|_| !self.repeats(name))
    }

    fn repeats(&self, name: &str) -> bool {
        self.0.iter().filter(|(found, _)| *found == name).count() > 1
    }

    /// Spec: O-141
    fn any_repeated(&self) -> bool {
        self.0.iter().any(|(name, _)| *name != "resource" && self.repeats(name))
    }
}

/// A request that can be answered here only: nobody knows yet where an answer may go.
///
/// Spec: O-142, rfc6749 §4.1.2.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unanswerable {
    #[error("the request does not name one client_id")]
    NoClient,
    #[error("the request does not name one redirect_uri")]
    NoRedirect,
    #[error("the redirect_uri is none that the application registered")]
    OtherRedirect,
}

/// The client that a request names.
pub fn client_id<'a>(parameters: &Parameters<'a>) -> Result<&'a str, Unanswerable> {
    parameters.only("client_id").ok_or(Unanswerable::NoClient)
}

/// How an answer gets to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseMode {
    Query,
    FormPost,
}

/// Where an answer goes. It was checked: the application registered this address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// As it was sent, to the byte.
    pub redirect_uri: String,
    pub mode: ResponseMode,
    /// As it was sent.
    pub state: Option<String>,
}

impl Return {
    /// Finds where the answer to a request goes.
    ///
    /// Spec: O-141, O-142, O-145
    pub fn of(parameters: &Parameters<'_>, client: &Client) -> Result<Self, Unanswerable> {
        let redirect_uri = parameters.only("redirect_uri").ok_or(Unanswerable::NoRedirect)?;
        if !client.accepts_redirect(redirect_uri) {
            return Err(Unanswerable::OtherRedirect);
        }
        let mode = match parameters.get("response_mode") {
            Some("form_post") => ResponseMode::FormPost,
            _ => ResponseMode::Query,
        };
        let state = parameters.only("state").map(str::to_owned);
        Ok(Self { redirect_uri: redirect_uri.to_owned(), mode, state })
    }

    /// The parameters of an answer: its own, the state and the issuer.
    ///
    /// Spec: O-142, O-144, rfc9207 §2
    pub fn answer<'a>(&'a self, outcome: &'a Outcome, issuer: &'a str) -> Vec<(&'static str, &'a str)> {
        let mut pairs = match outcome {
            Outcome::Code(code) => vec![("code", code.reveal())],
            Outcome::Fault(fault) => {
                vec![("error", fault.code.as_str()), ("error_description", fault.description)]
            }
        };
        pairs.extend(self.state.as_deref().map(|state| ("state", state)));
        pairs.push(("iss", issuer));
        pairs
    }

    /// The redirect address with an answer: its query is kept to the byte and extended, and no path is added.
    ///
    /// Spec: O-144, O-145
    pub fn location(&self, outcome: &Outcome, issuer: &str) -> String {
        extended(&self.redirect_uri, self.answer(outcome, issuer))
    }

    /// The host that a person is sent to, in plain text; for an application on the same device, its scheme.
    ///
    /// Spec: O-136
    pub fn host(&self) -> String {
        host_of(&self.redirect_uri)
    }
}

/// The host of an address with a port that is not the usual one, or else the scheme.
pub fn host_of(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return String::new() };
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => format!("{}:", url.scheme()),
    }
}

/// `uri` with these pairs in its query.
pub fn extended<'a>(uri: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let added: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{added}")
}

/// An answer to the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Code(crate::secret::Secret),
    Fault(Fault),
}

/// An error that goes back to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct Fault {
    pub code: ErrorCode,
    /// Printable ASCII without quotes, as the standard wants it.
    pub description: &'static str,
}

impl Fault {
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description }
    }
}

/// The error codes of the authorization endpoint.
///
/// Spec: O-142, rfc6749 §4.1.2.1
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    InvalidRequest,
    UnauthorizedClient,
    AccessDenied,
    UnsupportedResponseType,
    InvalidScope,
    ServerError,
    TemporarilyUnavailable,
    LoginRequired,
    ConsentRequired,
    InteractionRequired,
    AccountSelectionRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    RegistrationNotSupported,
}

impl ErrorCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an application may ask the pages for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
    Create,
}

impl Prompt {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "login" => Self::Login,
            "consent" => Self::Consent,
            "select_account" => Self::SelectAccount,
            "create" => Self::Create,
            _ => return None,
        })
    }
}

/// A request that may be granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub client: String,
    #[serde(rename = "return")]
    pub back: Return,
    /// Those asked for that there are and that the client may have.
    pub scopes: Scopes,
    pub nonce: Option<String>,
    pub prompt: BTreeSet<Prompt>,
    /// How many seconds ago the person may have signed in.
    pub max_age: Option<u64>,
    /// The PKCE challenge, by S256.
    pub challenge: String,
    /// The key that the code is bound to.
    ///
    /// Spec: rfc9449 §10
    pub jkt: Option<Thumbprint>,
    /// The e-mail address that may be typed already on the page for signing in. It proves nothing.
    pub login_hint: Option<Email>,
    /// What the pages speak until the answer, unless somebody chose a language here.
    pub language: Option<Language>,
}

/// Reads a request whose answer can go back to the application. Parameters that ask for no more than we do anyhow, such
/// as `acr_values` and `resource`, are ignored.
///
/// Spec: O-141, O-142, O-143, O-147, O-148
pub fn read(parameters: &Parameters<'_>, client: &Client, back: &Return) -> Result<AuthorizationRequest, Fault> {
    refuse_unsupported(parameters)?;
    if parameters.any_repeated() {
        return Err(Fault::new(ErrorCode::InvalidRequest, "a parameter is repeated"));
    }
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(Fault::new(ErrorCode::UnsupportedResponseType, "only response_type=code is supported")),
        None => return Err(Fault::new(ErrorCode::InvalidRequest, "response_type is missing")),
    }
    if !matches!(parameters.get("response_mode"), None | Some("query" | "form_post")) {
        return Err(Fault::new(ErrorCode::InvalidRequest, "only the response modes query and form_post are supported"));
    }
    let jkt = parameters.get("dpop_jkt").map(|text| {
        Thumbprint::parse(text).ok_or(Fault::new(ErrorCode::InvalidRequest, "dpop_jkt is no SHA-256 thumbprint"))
    });
    Ok(AuthorizationRequest {
        client: client.id.clone(),
        back: back.clone(),
        scopes: scopes(parameters, client)?,
        nonce: parameters.get("nonce").map(str::to_owned),
        prompt: prompt(parameters)?,
        max_age: max_age(parameters, client)?,
        challenge: challenge(parameters)?,
        jkt: jkt.transpose()?,
        login_hint: parameters.get("login_hint").and_then(Email::parse),
        language: parameters.get("ui_locales").and_then(Language::preferred),
    })
}

/// Spec: O-117, O-142
fn refuse_unsupported(parameters: &Parameters<'_>) -> Result<(), Fault> {
    for (name, fault) in [
        ("request", Fault::new(ErrorCode::RequestNotSupported, "request objects are not supported")),
        ("request_uri", Fault::new(ErrorCode::RequestUriNotSupported, "request_uri is not supported")),
        (
            "registration",
            Fault::new(ErrorCode::RegistrationNotSupported, "registration in the request is not supported"),
        ),
    ] {
        if parameters.get(name).is_some() {
            return Err(fault);
        }
    }
    Ok(())
}

/// Scopes that there are not, or that the client did not register, are left out.
///
/// Spec: O-134, O-141
fn scopes(parameters: &Parameters<'_>, client: &Client) -> Result<Scopes, Fault> {
    let asked = Scopes::parse(parameters.get("scope").unwrap_or_default());
    if !asked.contains(Scope::OpenId) {
        return Err(Fault::new(ErrorCode::InvalidScope, "the scope openid is missing"));
    }
    let allowed = asked.intersection(&client.scopes);
    if !allowed.contains(Scope::OpenId) {
        return Err(Fault::new(ErrorCode::InvalidScope, "the client may not ask for the scope openid"));
    }
    Ok(allowed)
}

/// Spec: O-143, rfc7636 §4.2
fn challenge(parameters: &Parameters<'_>) -> Result<String, Fault> {
    let challenge = parameters.get("code_challenge");
    let challenge =
        challenge.ok_or(Fault::new(ErrorCode::InvalidRequest, "code_challenge is missing: PKCE is required"))?;
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(Fault::new(ErrorCode::InvalidRequest, "code_challenge_method must be S256"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if challenge.len() != 43 || !challenge.bytes().all(plain) {
        return Err(Fault::new(ErrorCode::InvalidRequest, "code_challenge must be a SHA-256 in base64url"));
    }
    Ok(challenge.to_owned())
}

/// Spec: O-117, O-147
fn prompt(parameters: &Parameters<'_>) -> Result<BTreeSet<Prompt>, Fault> {
    let words = parameters.get("prompt").unwrap_or_default().split(' ').filter(|word| !word.is_empty());
    let prompt = words.map(Prompt::parse).collect::<Option<BTreeSet<_>>>();
    let prompt = prompt.ok_or(Fault::new(ErrorCode::InvalidRequest, "prompt has a value that is not supported"))?;
    if prompt.contains(&Prompt::None) && prompt.len() > 1 {
        return Err(Fault::new(ErrorCode::InvalidRequest, "prompt=none stands alone"));
    }
    Ok(prompt)
}

/// Spec: O-137, O-148
fn max_age(parameters: &Parameters<'_>, client: &Client) -> Result<Option<u64>, Fault> {
    let Some(asked) = parameters.get("max_age") else { return Ok(client.default_max_age) };
    asked.parse().map(Some).map_err(|_| Fault::new(ErrorCode::InvalidRequest, "max_age is no number of seconds"))
}
