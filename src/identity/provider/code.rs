//! Authorization codes: given to the browser, exchanged once by the client.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::client::{Client, Kind};
use super::grant::{self, Family, Grant, GrantId};
use super::scope::{Scope, Scopes};
use super::tokens::{LIFETIME as TOKENS, Order, Tokens};
use super::{Provider, Refusal, Result, json, sweep};
use crate::clock::Timestamp;
use crate::identity::account::{AccountId, SessionId};
use crate::identity::jwk::Thumbprint;
use crate::secret::{self, Secret};
use crate::storage::{self, EntryIs, EntryWrite};

/// How long a code waits to be exchanged.
///
/// Spec: O-150
const LIFETIME: Duration = Duration::from_mins(2);
/// How often an exchange is decided again because another one came first.
const ATTEMPTS: usize = 8;

/// What a person agreed to: all that the tokens will say.
///
/// Spec: O-150
#[derive(Debug, Clone)]
pub struct Granted {
    pub client: Arc<Client>,
    /// As the request named it.
    pub redirect_uri: String,
    pub webid: String,
    pub account: AccountId,
    pub session: SessionId,
    pub scope: Scopes,
    pub nonce: Option<String>,
    /// When the person signed in.
    pub authenticated: Timestamp,
    /// How the person signed in, as `amr` names it: [`crate::identity::account::Session::amr`].
    pub methods: Vec<String>,
    /// The S256 challenge.
    pub challenge: String,
    /// `dpop_jkt`: the only key that may exchange the code.
    pub jkt: Option<Thumbprint>,
}

/// A code as it is kept, under its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Code {
    pub issued: Timestamp,
    /// The grant that it becomes.
    grant: GrantId,
    /// Whether it has been exchanged.
    used: bool,
    client: String,
    redirect_uri: String,
    webid: String,
    account: AccountId,
    session: SessionId,
    scope: Scopes,
    nonce: Option<String>,
    authenticated: Timestamp,
    methods: Vec<String>,
    challenge: String,
    jkt: Option<Thumbprint>,
}

/// What a client shows to exchange a code.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    pub client: &'a Client,
    pub code: &'a str,
    pub redirect_uri: &'a str,
    pub verifier: &'a str,
    /// The key that was proved; `None`: a bearer token is asked for.
    pub jkt: Option<Thumbprint>,
}

impl Provider {
    /// Makes the code for what a person agreed to.
    ///
    /// Spec: O-135, O-144, O-150
    pub async fn issue_code(&self, granted: Granted) -> Result<Secret> {
        let (code, now) = (Secret::random(), self.clock.now());
        let kept = Code {
            issued: now,
            grant: GrantId::random(),
            used: false,
            client: granted.client.id.clone(),
            redirect_uri: granted.redirect_uri,
            webid: granted.webid,
            account: granted.account,
            session: granted.session,
            scope: granted.scope,
            nonce: granted.nonce,
            authenticated: granted.authenticated,
            methods: granted.methods,
            challenge: granted.challenge,
            jkt: granted.jkt,
        };
        let mut change = self.change();
        let value = Some(json(&kept)?);
        change.entries.push(EntryWrite { key: key(code.reveal()), expected: EntryIs::Absent, value });
        match granted.client.kind {
            Kind::Registered => change.entries.push(sweep::mark_used(&granted.client.id, now)),
            Kind::Document => change.entries.extend(self.clients.copy(&granted.client)?),
        }
        self.storage.commit(change).await?;
        Ok(code)
    }

    /// Exchanges a code for tokens. A code that comes again ends all that it gave.
    ///
    /// Spec: O-150, O-161, rfc6749 §4.1.2, rfc6749 §4.1.3
    pub async fn exchange(&self, shown: &Exchange<'_>) -> Result<Tokens> {
        for _ in 0..ATTEMPTS {
            let key = key(shown.code);
            let Some(entry) = self.storage.entry(&key).await? else { return Err(Refusal::Code.into()) };
            let mut code: Code = serde_json::from_slice(&entry.value)?;
            if code.used {
                self.end_copied(&code.grant).await?;
                return Err(Refusal::Code.into());
            }
            let now = self.clock.now();
            code.check(shown, now)?;
            if !self.accounts.session_stands(code.session.as_str(), &code.webid).await? {
                return Err(Refusal::Ended.into());
            }
            let grant = code.grant(shown, now);
            let order = Order {
                client: shown.client,
                id: &code.grant,
                grant: &grant,
                scopes: &grant.scopes,
                nonce: code.nonce.as_deref(),
                jkt: shown.jkt,
            };
            let tokens = self.tokens(&order).await?;
            let mut change = self.change();
            self.add_grant(&code.grant, &grant, &mut change).await?;
            code.used = true;
            change.entries.push(EntryWrite { key, expected: EntryIs::At(entry.version), value: Some(json(&code)?) });
            match self.storage.commit(change).await {
                Err(storage::Error::Moved | storage::Error::Taken(_)) => {}
                done => return Ok(done.map(|_| tokens)?),
            }
        }
        Err(storage::Error::Moved.into())
    }
}

impl Code {
    /// Whether the code was given for this exchange.
    ///
    /// Spec: O-161, O-167, rfc7636 §4.6, rfc9449 §10
    fn check(&self, shown: &Exchange<'_>, now: Timestamp) -> Result<(), Refusal> {
        if self.client != shown.client.id || now >= self.issued.plus(LIFETIME) {
            return Err(Refusal::Code);
        }
        if self.redirect_uri != shown.redirect_uri {
            return Err(Refusal::OtherRedirect);
        }
        if !is_verified(&self.challenge, shown.verifier) {
            return Err(Refusal::Verifier);
        }
        if self.jkt.is_some() && self.jkt != shown.jkt {
            return Err(Refusal::OtherKey);
        }
        Ok(())
    }

    /// The grant that this exchange makes. A refresh token is part of it if the person allowed it and the client may
    /// have one; a public client's is bound to its key.
    ///
    /// Spec: O-149, O-167, O-169
    fn grant(&self, shown: &Exchange<'_>, now: Timestamp) -> Grant {
        let refreshes = self.scope.contains(Scope::OfflineAccess) && shown.client.refresh;
        let jkt = shown.jkt.filter(|_| shown.client.is_public());
        Grant {
            account: self.account.clone(),
            client: self.client.clone(),
            webid: self.webid.clone(),
            session: self.session.clone(),
            scopes: if refreshes { self.scope.clone() } else { self.scope.clone().without(Scope::OfflineAccess) },
            authenticated: self.authenticated,
            methods: self.methods.clone(),
            since: now,
            until: now.plus(if refreshes { grant::LONGEST } else { TOKENS }),
            family: refreshes.then_some(Family { generation: 0, rotated: now, jkt }),
        }
    }
}

/// The record of a code. A code is random, so its plain hash tells nothing of it.
fn key(code: &str) -> Arc<str> {
    format!("code/{}", URL_SAFE_NO_PAD.encode(secret::hash_secret(code))).into()
}

/// Whether a verifier is 43 to 128 unreserved characters whose hash is the challenge.
///
/// Spec: O-161, rfc7636 §4.1, rfc7636 §4.6
fn is_verified(challenge: &str, verifier: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(unreserved)
        && secret::equal(URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)).as_bytes(), challenge.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    ///
    /// Shows: O-161
    #[test]
    fn a_verifier_is_what_the_challenge_was_made_of() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(is_verified(challenge, verifier));
        for other in ["", challenge, &verifier[1..], &format!("{verifier} "), &format!("{verifier}a")] {
            assert!(!is_verified(challenge, other), "{other}");
        }
        let of = |verifier: &str| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        for (verifier, fits) in
            [("a".repeat(42), false), ("~".repeat(43), true), ("a".repeat(128), true), ("a".repeat(129), false)]
        {
            assert_eq!(is_verified(&of(&verifier), &verifier), fits, "{}", verifier.len());
        }
        assert!(!is_verified(&of(&"é".repeat(22)), &"é".repeat(22)));
    }
}
