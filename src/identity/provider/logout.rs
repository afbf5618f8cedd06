//! Signing out at an application's wish (OpenID Connect RP-Initiated Logout): whom it means, and where to go then.
//!
//! Ending the session and its tokens is done by who reads the request.

use serde_json::Value;
use url::Url;

use super::authorize::{Parameters, extended};
use super::client::Client;
use super::{Provider, Result};
use crate::identity::json::Object;

/// What an application wishes.
///
/// Spec: O-194
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogoutRequest {
    pub id_token_hint: Option<String>,
    pub client_id: Option<String>,
    pub post_logout_redirect_uri: Option<String>,
    pub state: Option<String>,
}

impl LogoutRequest {
    pub fn read(parameters: &Parameters<'_>) -> Self {
        let get = |name| parameters.get(name).map(str::to_owned);
        Self {
            id_token_hint: get("id_token_hint"),
            client_id: get("client_id"),
            post_logout_redirect_uri: get("post_logout_redirect_uri"),
            state: get("state"),
        }
    }

    /// The client that asks, and the session that it means: by the ID token, whose client must be the one that is
    /// named, if one is. `hint` are the claims of the token, once its signature is checked; it may have expired.
    ///
    /// Spec: O-194
    pub fn asker(&self, hint: Option<&Object>) -> Asker {
        let claim = |name| hint.and_then(|claims| claims.get(name)).and_then(|value| value.as_str());
        let hinted = claim("azp");
        if let (Some(named), Some(hinted)) = (&self.client_id, hinted)
            && named != hinted
        {
            return Asker::default();
        }
        Asker { client: self.client_id.clone().or(hinted.map(str::to_owned)), session: claim("sid").map(str::to_owned) }
    }

    /// Where the person goes after signing out.
    pub fn landing(&self, client: Option<&Client>) -> Landing {
        let (Some(wanted), Some(client)) = (&self.post_logout_redirect_uri, client) else { return Landing::Here };
        let there = || {
            let state = self.state.as_deref().map(|state| ("state", state));
            if state.is_some() { extended(wanted, state) } else { wanted.clone() }
        };
        if client.post_logout_redirect_uris.contains(wanted) {
            return Landing::Registered(there());
        }
        match origin(wanted) {
            Some(origin) if client.redirect_uris.iter().any(|known| self::origin(known) == Some(origin.clone())) => {
                Landing::SameOrigin(there())
            }
            _ => Landing::Here,
        }
    }
}

impl Provider {
    /// The claims of an ID token that an application sends along, expired or not; `None`: it is none of ours.
    ///
    /// Spec: O-194
    pub async fn logout_hint(&self, token: Option<&str>) -> Result<Option<Object>> {
        let Some(token) = token else { return Ok(None) };
        let claims = self.keys.read_token(token).await?;
        // An access token has another audience, and resource servers see it.
        let is_id_token = |claims: &Object| match (claims.get("aud"), claims.get("azp")) {
            (Some(Value::Array(audience)), Some(client)) => audience.contains(client),
            _ => false,
        };
        Ok(claims.filter(is_id_token))
    }
}

/// Who asks for signing out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asker {
    pub client: Option<String>,
    pub session: Option<String>,
}

/// Where a person goes after signing out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// To an address that the application registered for this.
    Registered(String),
    /// To an address of the same origin as one that it registered for signing in; only if the person agrees.
    ///
    /// Spec: O-195
    SameOrigin(String),
    /// Nowhere: a page here says that they are signed out.
    Here,
}

/// Scheme, host and port of a web address.
fn origin(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    plain.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::authorize::tests::sample;
    use super::*;

    fn client() -> Client {
        Client {
            redirect_uris: vec!["https://app.example/back".into(), "com.app:/back".into()],
            post_logout_redirect_uris: vec!["https://app.example/bye?a=1".into(), "com.app:/bye".into()],
            ..sample()
        }
    }

    /// Shows: O-194, O-195
    #[test]
    fn people_go_back_to_registered_addresses_and_their_origins_only() {
        let registered = |text: &str| Landing::Registered(text.to_owned());
        let same = |text: &str| Landing::SameOrigin(text.to_owned());
        for (wanted, state, landing) in [
            (Some("https://app.example/bye?a=1"), None, registered("https://app.example/bye?a=1")),
            (Some("https://app.example/bye?a=1"), Some("x y"), registered("https://app.example/bye?a=1&state=x+y")),
            (Some("com.app:/bye"), None, registered("com.app:/bye")),
            (Some("com.app:/other"), None, Landing::Here),
            (Some("https://app.example/"), Some("s"), same("https://app.example/?state=s")),
            (Some("https://app.example"), None, same("https://app.example")),
            (Some("https://app.example/#part"), None, Landing::Here),
            (Some("http://app.example/"), None, Landing::Here),
            (Some("https://app.example:8443/"), None, Landing::Here),
            (Some("https://app.example@evil.example/"), None, Landing::Here),
            (Some("https://evil.example/?https://app.example/"), None, Landing::Here),
            (Some("javascript:alert(1)"), None, Landing::Here),
            (Some("/bye"), None, Landing::Here),
            (None, Some("s"), Landing::Here),
        ] {
            let request = LogoutRequest {
                post_logout_redirect_uri: wanted.map(str::to_owned),
                state: state.map(str::to_owned),
                ..LogoutRequest::default()
            };
            assert_eq!(request.landing(Some(&client())), landing, "{wanted:?}");
            assert_eq!(request.landing(None), Landing::Here);
        }
    }

    /// Shows: O-194
    #[test]
    fn the_token_and_the_request_name_one_client() {
        let claims = json!({ "azp": "app", "aud": ["app", "solid"], "sid": "one" });
        let asker = |named: Option<&str>, hint| {
            let request = LogoutRequest { client_id: named.map(str::to_owned), ..LogoutRequest::default() };
            let Asker { client, session } = request.asker(hint);
            (client, session)
        };
        let (app, one) = (Some("app".to_owned()), Some("one".to_owned()));
        assert_eq!(asker(None, claims.as_object()), (app.clone(), one.clone()));
        assert_eq!(asker(Some("app"), claims.as_object()), (app.clone(), one));
        assert_eq!(asker(Some("app"), None), (app, None));
        assert_eq!(asker(Some("other"), claims.as_object()), (None, None));
        assert_eq!(asker(None, None), (None, None));
    }
}
