//! The OpenID provider's endpoints for programs: discovery, keys, registration, tokens.

mod authorize;
mod discovery;
mod failure;
mod form;
mod introspect;
mod party;
mod register;
mod revoke;
mod token;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use serde_json::Value;

use super::{Body, Problem};
use crate::address::Addresses;
use crate::clock::Clock;
use crate::identity::Identity;
use crate::identity::account::Accounts;
use crate::identity::keys::Keys;
use crate::identity::provider::Provider;

/// What the provider's endpoints work with.
pub struct Endpoints {
    pub provider: Arc<Provider>,
    pub addresses: Arc<Addresses>,
    pub accounts: Arc<Accounts>,
    pub identity: Arc<Identity>,
    pub keys: Arc<Keys>,
    pub clock: Arc<dyn Clock>,
    /// Gives tokens that are bound to no key to clients that ask without a proof.
    ///
    /// Spec: O-163
    pub allow_bearer: bool,
}

/// Where applications send people to sign in. Pages answer.
///
/// Spec: O-103
pub const AUTHORIZATION: &str = "/.oidc/auth";
/// Where applications send people to sign out. Pages answer.
///
/// Spec: O-103
pub const END_SESSION: &str = "/.oidc/session/end";

/// An endpoint for programs: pages of any origin may ask it.
///
/// Spec: O-105
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Discovery,
    Jwks,
    Registration,
    Token,
    Revocation,
    Introspection,
}

impl Endpoint {
    /// Spec: O-103, O-104
    fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server" => Self::Discovery,
            "/.oidc/jwks" => Self::Jwks,
            "/.oidc/reg" => Self::Registration,
            "/.oidc/token" => Self::Token,
            "/.oidc/token/revocation" => Self::Revocation,
            "/.oidc/token/introspection" => Self::Introspection,
            _ => return None,
        })
    }

    fn methods(self) -> &'static str {
        match self {
            Self::Discovery | Self::Jwks => "GET, HEAD, OPTIONS",
            Self::Registration | Self::Token | Self::Revocation | Self::Introspection => "POST, OPTIONS",
        }
    }
}

impl Endpoints {
    /// Answers a request for `path`, a place of the house, that comes from this address; `None` if no endpoint is there.
    pub async fn answer<B>(
        &self,
        path: &str,
        request: Request<B>,
        from: IpAddr,
    ) -> Option<Result<Response<Body>, Problem>>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let endpoint = Endpoint::at(path)?;
        let answered = self.at(endpoint, request, from).await;
        // A page learns of a refusal as well.
        let refused = |problem: Problem| problem.header(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        Some(answered.map(for_scripts).map_err(refused))
    }

    async fn at<B>(&self, endpoint: Endpoint, request: Request<B>, from: IpAddr) -> Result<Response<Body>, Problem>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let methods = endpoint.methods();
        if !methods.split(", ").any(|method| method == request.method().as_str()) {
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed")
                .header(ALLOW, HeaderValue::from_static(methods)));
        }
        if request.method() == Method::OPTIONS {
            return Ok(preflight(methods));
        }
        match endpoint {
            Endpoint::Discovery => Ok(json(&discovery::document(self.addresses.base()), "public, max-age=3600")),
            Endpoint::Jwks => match self.keys.jwks().await {
                Ok(keys) => Ok(json(&keys, "public, max-age=600")),
                Err(error) => Err(Problem::fault(StatusCode::SERVICE_UNAVAILABLE, "unavailable", &error)),
            },
            Endpoint::Registration => Ok(register::answer(self, request, from).await),
            Endpoint::Token => Ok(token::answer(self, request, from).await),
            Endpoint::Revocation => Ok(revoke::answer(self, request, from).await),
            Endpoint::Introspection => Ok(introspect::answer(self, request, from).await),
        }
    }
}

/// A JSON document.
fn json(document: &Value, caching: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(document.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A JSON document that holds secrets: nobody keeps it.
///
/// Spec: O-106, rfc6749 §5.1
fn secret_json(document: &Value) -> Response<Body> {
    let mut response = json(document, "no-store");
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// Lets pages of any origin read an answer. There are no cookies here to be careful of.
///
/// Spec: O-104, O-105
fn for_scripts(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Date, DPoP-Nonce, Retry-After, WWW-Authenticate"),
    );
    response
}

/// Spec: O-105
fn preflight(methods: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type, dpop"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}
