//! The introspection endpoint: whether a token is still good.
//!
//! Whoever can show a secret may ask: registered confidential clients and client credentials. They hold the token
//! already, so all that they learn is whether it has ended; of refresh tokens only their own client hears.

use std::net::IpAddr;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::Endpoints;
use super::failure::Failure;
use super::form::Sent;
use super::party::Party;
use crate::http::Body;
use crate::identity::provider::Introspected;

/// Answers what is known of a token.
///
/// Spec: O-106, O-197, rfc7662 §2.1, rfc7662 §2.2
pub(super) async fn answer<B>(endpoints: &Endpoints, request: Request<B>, from: IpAddr) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    match introspect(endpoints, request, from).await {
        Ok(found) => super::secret_json(&document(found, endpoints.addresses.base())),
        Err(failure) => failure.respond(),
    }
}

async fn introspect<B>(endpoints: &Endpoints, request: Request<B>, from: IpAddr) -> Result<Introspected, Failure>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let sent = Sent::receive(request, from).await?;
    let party = Party::authenticate(endpoints, &sent).await?;
    if !party.is_confidential() {
        return Err(Failure::client("a client without a secret may not ask"));
    }
    Ok(endpoints.provider.introspect(sent.form.need("token")?, party.id()).await?)
}

/// Spec: O-197, rfc7662 §2.2
fn document(found: Introspected, issuer: &str) -> Value {
    match found {
        Introspected::Inactive => json!({ "active": false }),
        Introspected::Token(mut claims) => {
            let token_type = if claims.contains_key("cnf") { "DPoP" } else { "Bearer" };
            claims.insert("active".to_owned(), true.into());
            claims.insert("token_type".to_owned(), token_type.into());
            Value::Object(claims)
        }
        Introspected::Refresh(grant) => json!({
            "active": true,
            "iss": issuer,
            "client_id": grant.client,
            "scope": grant.scopes,
            "webid": grant.webid,
            "iat": grant.since.seconds(),
            "exp": grant.ends().seconds(),
        }),
    }
}
