//! Which client asks: registered ones and those with a document, and the client credentials of accounts.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderMap};
use percent_encoding::percent_decode_str;

use super::Endpoints;
use super::failure::Failure;
use super::form::Sent;
use crate::identity::account::{Credential, Presented};
use crate::identity::provider::Client;
use crate::secret::Secret;

const WRONG: &str = "the client id or secret is not right, or has expired";

/// Who asks.
#[derive(Debug, Clone)]
pub enum Party {
    Client(Arc<Client>),
    Credential(Arc<Credential>),
}

/// An id and a secret, as a client sent them. A public client has no secret.
struct ClientLogin {
    id: String,
    secret: Secret,
}

impl Party {
    /// Finds out who sends a form.
    ///
    /// Spec: O-161, O-162, O-170, rfc6749 §2.3.1
    pub async fn authenticate(endpoints: &Endpoints, sent: &Sent) -> Result<Self, Failure> {
        let Sent { headers, form, from } = sent;
        let basic = basic(headers)?;
        if let (Some(ways), Some(id)) = (&basic, form.get("client_id"))
            && ways.iter().all(|login| login.id != id)
        {
            return Err(Failure::new("invalid_request", "the Authorization field and the form name two clients"));
        }
        let posted = || {
            let (id, secret) = (form.get("client_id")?, form.get("client_secret").unwrap_or_default());
            Some(vec![ClientLogin { id: id.to_owned(), secret: Secret::new(secret) }])
        };
        for login in basic.or_else(posted).unwrap_or_default() {
            if let Some(party) = Self::of(endpoints, &login, *from).await? {
                return Ok(party);
            }
        }
        Err(Failure::client(WRONG))
    }

    async fn of(endpoints: &Endpoints, login: &ClientLogin, from: IpAddr) -> Result<Option<Self>, Failure> {
        let clients = &endpoints.provider.clients;
        if login.secret.reveal().is_empty() {
            let client = clients.recall(&login.id, from).await?;
            return Ok(client.is_public().then_some(Self::Client(client)));
        }
        if let Some(client) = clients.present(&login.id, login.secret.reveal()).await? {
            return Ok(Some(Self::Client(client)));
        }
        match endpoints.accounts.present(&login.id, login.secret.reveal()).await? {
            Presented::Good(credential) => Ok(Some(Self::Credential(credential))),
            Presented::Withdrawn => Err(Failure::new("invalid_grant", "the WebID is no longer the client's")),
            Presented::Unknown => Ok(None),
        }
    }

    pub fn id(&self) -> &str {
        match self {
            Self::Client(client) => &client.id,
            Self::Credential(credential) => credential.id.as_str(),
        }
    }

    /// Whether it has shown a secret.
    pub fn is_confidential(&self) -> bool {
        !matches!(self, Self::Client(client) if client.is_public())
    }
}

/// Reads `Authorization: Basic`. Some clients encode id and secret as in a form first, as they should, others do not;
/// both readings are tried.
///
/// Spec: O-125, O-162, rfc6749 §2.3.1
fn basic(headers: &HeaderMap) -> Result<Option<Vec<ClientLogin>>, Failure> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let encoded = match text.split_once(' ') {
        Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("Basic") && values.next().is_none() => encoded.trim(),
        _ => return Err(Failure::client(WRONG)),
    };
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((id, secret)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) else {
        return Err(Failure::client(WRONG));
    };
    let raw = ClientLogin { id: id.to_owned(), secret: Secret::new(secret) };
    let (plain_id, plain_secret) = (form_decoded(id), form_decoded(secret));
    if plain_id == id && plain_secret == secret {
        return Ok(Some(vec![raw]));
    }
    Ok(Some(vec![ClientLogin { id: plain_id, secret: Secret::new(plain_secret) }, raw]))
}

fn form_decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};

    use super::*;

    fn logins(value: &str) -> Result<Option<Vec<(String, String)>>, StatusCode> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(value).unwrap())]);
        let read = |login: ClientLogin| (login.id, login.secret.reveal().to_owned());
        basic(&headers)
            .map(|ways| ways.map(|ways| ways.into_iter().map(read).collect()))
            .map_err(|failure| failure.status)
    }

    #[test]
    fn basic_credentials_are_read_encoded_and_raw() {
        let of = |pair: &str| logins(&format!("Basic {}", STANDARD.encode(pair))).unwrap().unwrap();
        let pair = |id: &str, secret: &str| (id.to_owned(), secret.to_owned());
        assert_eq!(of("script_1:s3-cr_et"), [pair("script_1", "s3-cr_et")]);
        assert_eq!(of("script%5F1:a+b"), [pair("script_1", "a b"), pair("script%5F1", "a+b")]);
        assert_eq!(of("id:a:b"), [pair("id", "a:b")]);
        for value in ["Bearer abc", "Basic", "Basic !!!", "Basic YWJj", "DPoP x"] {
            assert_eq!(logins(value), Err(StatusCode::UNAUTHORIZED), "{value}");
        }
    }
}
