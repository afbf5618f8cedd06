//! The tokens that our own provider gives out: what they claim, and nothing more.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::json::Object;
use super::jwk::Thumbprint;
use super::token::AUDIENCE;
use crate::clock::Timestamp;

/// A token that can be signed by [`super::keys::Keys::sign`].
pub trait Token {
    /// The header's `typ`.
    const TYPE: &'static str;

    /// The claims, `issuer` among them.
    fn claims(&self, issuer: &str) -> Object;
}

/// An access token, as O-181 lists its claims: no e-mail, name or role.
///
/// Spec: O-181, oidc#tokens, O-171
#[derive(Debug, Clone, Copy)]
pub struct AccessToken<'a> {
    pub subject: &'a str,
    pub webid: &'a str,
    pub client: &'a str,
    pub scope: &'a str,
    pub issued: Timestamp,
    pub expires: Timestamp,
    /// Random, see [`crate::secret::token`].
    pub id: &'a str,
    /// The session or grant whose end ends the token.
    pub session: &'a str,
    /// `None`: a bearer token.
    pub jkt: Option<Thumbprint>,
}

impl Token for AccessToken<'_> {
    const TYPE: &'static str = "at+jwt";

    fn claims(&self, issuer: &str) -> Object {
        let mut claims = object(json!({
            "iss": issuer,
            "sub": self.subject,
            "aud": AUDIENCE,
            "webid": self.webid,
            "client_id": self.client,
            "azp": self.client,
            "scope": self.scope,
            "iat": self.issued.seconds(),
            "exp": self.expires.seconds(),
            "jti": self.id,
            "sid": self.session,
        }));
        bind(&mut claims, self.jkt);
        claims
    }
}

/// An ID token. `azp` is always there, since the audience has two members.
///
/// Spec: O-182, oidc#tokens-id
#[derive(Debug, Clone, Copy)]
pub struct IdToken<'a> {
    pub subject: &'a str,
    pub webid: &'a str,
    pub client: &'a str,
    pub issued: Timestamp,
    pub expires: Timestamp,
    /// Random, see [`crate::secret::token`].
    pub id: &'a str,
    /// When the user signed in.
    pub authenticated: Timestamp,
    pub nonce: Option<&'a str>,
    /// The access token that goes out with it.
    pub access_token: Option<&'a str>,
    pub session: &'a str,
    /// How the user signed in: `pwd`, `otp`, `hwk`, `mfa`.
    pub methods: &'a [&'a str],
    pub jkt: Option<Thumbprint>,
    /// `name`, `picture` and `updated_at`, if the user agreed to give them.
    pub name: Option<&'a str>,
    pub picture: Option<&'a str>,
    pub updated: Option<Timestamp>,
}

/// The `acr` of who has shown a key that a device holds: phishing-resistant, as OpenID Connect EAP ACR Values call it. For
/// other ways of signing in there is no name that others would understand.
///
/// Spec: O-182
pub const PHISHING_RESISTANT: &str = "phr";

impl Token for IdToken<'_> {
    const TYPE: &'static str = "JWT";

    fn claims(&self, issuer: &str) -> Object {
        let mut claims = object(json!({
            "iss": issuer,
            "sub": self.subject,
            "aud": [self.client, AUDIENCE],
            "azp": self.client,
            "webid": self.webid,
            "iat": self.issued.seconds(),
            "exp": self.expires.seconds(),
            "jti": self.id,
            "auth_time": self.authenticated.seconds(),
            "sid": self.session,
        }));
        let access_token_hash = self.access_token.map(half_hash);
        let optional = [
            ("nonce", self.nonce),
            ("at_hash", access_token_hash.as_deref()),
            ("name", self.name),
            ("picture", self.picture),
        ];
        claims.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
        if !self.methods.is_empty() {
            claims.insert("amr".to_owned(), json!(self.methods));
        }
        if self.methods.contains(&"hwk") {
            claims.insert("acr".to_owned(), PHISHING_RESISTANT.into());
        }
        claims.extend(self.updated.map(|updated| ("updated_at".to_owned(), updated.seconds().into())));
        bind(&mut claims, self.jkt);
        claims
    }
}

/// The left half of a token's SHA-256, which is what ES256 and RS256 ask for (OpenID Connect Core, section 3.1.3.6).
///
/// Spec: O-182
fn half_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(token)[..16])
}

fn bind(claims: &mut Object, jkt: Option<Thumbprint>) {
    if let Some(jkt) = jkt {
        claims.insert("cnf".to_owned(), json!({ "jkt": jkt.to_string() }));
    }
}

fn object(value: serde_json::Value) -> Object {
    if let serde_json::Value::Object(object) = value { object } else { Object::new() }
}
