//! The token endpoint: a code, a refresh token or client credentials in, tokens out.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response};
use serde_json::{Map, Value};

use super::Endpoints;
use super::failure::Failure;
use super::form::Sent;
use super::party::Party;
use crate::http::Body;
use crate::identity::jwk::Thumbprint;
use crate::identity::provider::{Exchange, Refresh, Scopes, Tokens};
use crate::secret::Secret;

const DPOP: HeaderName = HeaderName::from_static("dpop");

/// What tokens are given for.
///
/// Spec: O-113
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

impl GrantType {
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// Answers a request for tokens. The answer is JSON whatever happens, and is never kept.
///
/// Spec: O-106, O-164, O-165
pub(super) async fn answer<B>(endpoints: &Endpoints, request: Request<B>, from: IpAddr) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    match give(endpoints, request, from).await {
        Ok(tokens) => super::secret_json(&document(&tokens)),
        Err(failure) => failure.respond(),
    }
}

async fn give<B>(endpoints: &Endpoints, request: Request<B>, from: IpAddr) -> Result<Tokens, Failure>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let sent = Sent::receive(request, from).await?;
    let (headers, form) = (&sent.headers, &sent.form);
    let asked = form.need("grant_type")?;
    let grant = GrantType::ALL.into_iter().find(|grant| grant.name() == asked);
    let grant = grant.ok_or_else(|| Failure::new("unsupported_grant_type", "there is no such grant type"))?;
    let party = Party::authenticate(endpoints, &sent).await?;
    match (grant, &party) {
        (GrantType::ClientCredentials, Party::Credential(credential)) => {
            let asked = Scopes::parse(form.get("scope").unwrap_or_default());
            let jkt = prove(endpoints, headers, &party)?;
            Ok(endpoints.provider.for_credential(credential, &asked, jkt).await?)
        }
        (GrantType::AuthorizationCode, Party::Client(client)) => {
            let (code, redirect_uri) = (form.need("code")?, form.need("redirect_uri")?);
            let verifier = form.need("code_verifier")?;
            let jkt = prove(endpoints, headers, &party)?;
            Ok(endpoints.provider.exchange(&Exchange { client, code, redirect_uri, verifier, jkt }).await?)
        }
        (GrantType::RefreshToken, Party::Client(client)) if client.refresh => {
            let token = form.need("refresh_token")?;
            let jkt = prove(endpoints, headers, &party)?;
            Ok(endpoints.provider.refresh(&Refresh { client, token, scope: form.get("scope"), jkt }).await?)
        }
        _ => Err(Failure::new("unauthorized_client", "this client may not use this grant type")),
    }
}

/// Checks the proof of the key that the tokens are to be bound to. `None`: bearer tokens, where they are allowed; a
/// public client never gets them.
///
/// Spec: O-163, rfc9449 §5
fn prove(endpoints: &Endpoints, headers: &HeaderMap, party: &Party) -> Result<Option<Thumbprint>, Failure> {
    let proofs: Vec<&[u8]> = headers.get_all(DPOP).iter().map(HeaderValue::as_bytes).collect();
    if proofs.is_empty() && endpoints.allow_bearer && party.is_confidential() {
        return Ok(None);
    }
    let url = format!("{}.oidc/token", endpoints.addresses.base());
    Ok(Some(endpoints.identity.prove(&proofs, "POST", &url, endpoints.clock.now())?))
}

/// Spec: O-164, O-166
fn document(tokens: &Tokens) -> Value {
    let mut document = Map::new();
    document.insert("access_token".into(), tokens.access_token.reveal().into());
    document.insert("token_type".into(), if tokens.bound { "DPoP" } else { "Bearer" }.into());
    document.insert("expires_in".into(), tokens.expires_in.as_secs().into());
    document.insert("scope".into(), tokens.scopes.to_string().into());
    for (name, token) in [("id_token", &tokens.id_token), ("refresh_token", &tokens.refresh_token)] {
        document.extend(token.as_ref().map(|token: &Secret| (name.to_owned(), token.reveal().into())));
    }
    Value::Object(document)
}
