//! The tokens that an answer of the token endpoint holds.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::client::Client;
use super::grant::{Grant, GrantId};
use super::profile::Profile;
use super::scope::{Scope, Scopes};
use super::{Provider, Result, refresh};
use crate::clock::Timestamp;
use crate::identity::account::Credential;
use crate::identity::issue::{AccessToken, IdToken};
use crate::identity::jwk::Thumbprint;
use crate::identity::jws::Algorithm;
use crate::identity::keys;
use crate::secret::{self, Secret};

/// How long access and ID tokens last.
///
/// Spec: O-169
pub(super) const LIFETIME: Duration = Duration::from_hours(1);

/// Tokens for a client.
#[derive(Debug)]
pub struct Tokens {
    pub access_token: Secret,
    pub id_token: Option<Secret>,
    pub refresh_token: Option<Secret>,
    pub scopes: Scopes,
    /// How long access and ID token last.
    pub expires_in: Duration,
    /// Whether they are bound to a key.
    pub bound: bool,
}

/// Tokens to be made for a grant.
pub(super) struct Order<'a> {
    pub client: &'a Client,
    pub id: &'a GrantId,
    pub grant: &'a Grant,
    /// Those of this answer: a part of the grant's.
    pub scopes: &'a Scopes,
    pub nonce: Option<&'a str>,
    pub jkt: Option<Thumbprint>,
}

/// Whom tokens are about and what they hang on.
struct About<'a> {
    webid: &'a str,
    client: &'a str,
    session: &'a str,
    scopes: &'a Scopes,
    authenticated: Timestamp,
    methods: &'a [&'a str],
    nonce: Option<&'a str>,
    /// The `jti` of the access token, and that of the ID token.
    ids: [String; 2],
    algorithm: Algorithm,
    jkt: Option<Thumbprint>,
    until: Timestamp,
}

impl Provider {
    /// Tokens for client credentials: they are the grant, and there is no refresh token.
    ///
    /// Spec: oidc#client-credentials-token-instantiation, O-164, O-170, O-171
    pub async fn for_credential(
        &self,
        credential: &Credential,
        asked: &Scopes,
        jkt: Option<Thumbprint>,
    ) -> Result<Tokens> {
        let there_are = Scopes::from_iter([Scope::OpenId, Scope::WebId]);
        let mut scopes = asked.intersection(&there_are);
        if scopes.is_empty() {
            scopes = scopes.with(Scope::WebId);
        }
        let client = credential.id.as_str();
        let about = About {
            webid: &credential.webid,
            client,
            session: client,
            scopes: &scopes,
            authenticated: self.clock.now(),
            methods: &[],
            nonce: None,
            ids: [secret::token(), secret::token()],
            algorithm: keys::ALGORITHMS[0],
            jkt,
            until: credential.expires,
        };
        self.sign(about).await
    }

    /// Tokens for a grant.
    ///
    /// Spec: oidc#tokens, O-164, O-166
    pub(super) async fn tokens(&self, order: &Order<'_>) -> Result<Tokens> {
        let grant = order.grant;
        let methods: Vec<_> = grant.methods.iter().map(String::as_str).collect();
        let about = About {
            webid: &grant.webid,
            client: &order.client.id,
            session: grant.session.as_str(),
            scopes: order.scopes,
            authenticated: grant.authenticated,
            methods: &methods,
            nonce: order.nonce,
            ids: [order.id.token_id(), order.id.token_id()],
            algorithm: order.client.id_token_alg,
            jkt: order.jkt,
            until: grant.until,
        };
        let refresh_token =
            grant.family.as_ref().map(|family| refresh::token(&self.secret, order.id, family.generation));
        Ok(Tokens { refresh_token, ..self.sign(about).await? })
    }

    /// Spec: O-169, O-181
    async fn sign(&self, about: About<'_>) -> Result<Tokens> {
        let now = self.clock.now();
        let expires = now.plus(LIFETIME).min(about.until);
        let (subject, scope) = (subject(about.webid), about.scopes.to_string());
        let access = AccessToken {
            subject: &subject,
            webid: about.webid,
            client: about.client,
            scope: &scope,
            issued: now,
            expires,
            id: &about.ids[0],
            session: about.session,
            jkt: about.jkt,
        };
        let access_token = self.keys.sign(&access, keys::ALGORITHMS[0], now).await?;
        let id_token = if about.scopes.contains(Scope::OpenId) {
            Some(self.sign_id(&about, &access_token, now, expires).await?)
        } else {
            None
        };
        Ok(Tokens {
            access_token: Secret::new(access_token),
            id_token,
            refresh_token: None,
            scopes: about.scopes.clone(),
            expires_in: Duration::from_secs(expires.seconds().abs_diff(now.seconds())),
            bound: about.jkt.is_some(),
        })
    }

    /// The ID token that goes with an access token. Name and picture are there if the person agreed to the scope.
    ///
    /// Spec: O-182
    async fn sign_id(
        &self,
        about: &About<'_>,
        access_token: &str,
        issued: Timestamp,
        expires: Timestamp,
    ) -> Result<Secret> {
        let shown = about.scopes.contains(Scope::Profile);
        let profile = if shown { self.profile(about.webid).await? } else { Profile::default() };
        let id = IdToken {
            subject: &subject(about.webid),
            webid: about.webid,
            client: about.client,
            issued,
            expires,
            id: &about.ids[1],
            authenticated: about.authenticated,
            nonce: about.nonce,
            access_token: Some(access_token),
            session: about.session,
            methods: about.methods,
            jkt: about.jkt,
            name: profile.name.as_deref(),
            picture: profile.picture.as_deref(),
            updated: profile.updated,
        };
        Ok(Secret::new(self.keys.sign(&id, about.algorithm, issued).await?))
    }
}

/// The subject of a WebID: itself, unless it is too long for a subject.
///
/// Spec: O-183
fn subject(webid: &str) -> String {
    if webid.len() <= 255 && webid.is_ascii() {
        return webid.to_owned();
    }
    URL_SAFE_NO_PAD.encode(Sha256::digest(webid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_short_and_ascii() {
        assert_eq!(subject("https://ada.example/#me"), "https://ada.example/#me");
        for webid in [format!("https://ada.example/{}", "a".repeat(300)), "https://ada.example/é#me".to_owned()] {
            assert_eq!(subject(&webid).len(), 43);
        }
    }
}
