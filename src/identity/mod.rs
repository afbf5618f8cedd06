//! Who asks: access tokens and proofs are checked here, whoever made them, and our own are made here.
//!
//! [`Identity::identify`] is the whole of it for a request on a pod. The rest serves the provider: [`keys`] signs
//! what [`issue`] words.

pub mod account;
mod config;
pub mod dpop;
mod htu;
pub mod issue;
mod issuer;
pub mod json;
pub mod jwk;
pub mod jws;
pub mod keys;
mod lookup;
pub mod provider;
mod refused;
mod replay;
pub mod token;
pub mod upstream;
pub mod webid;

#[cfg(test)]
mod tests;

pub use config::{Config, Policy};
pub use refused::Refused;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use url::Url;

use crate::access::Agent;
use crate::address::{Addresses, is_loopback};
use crate::clock::Timestamp;
use crate::fetch::Fetch;
use crate::rdf::Graph;
use crate::storage;
use dpop::{Proof, Verifiers, Wanted};
use issuer::Issuers;
use jwk::Thumbprint;
use keys::Keys;
use lookup::Lookups;
use replay::{Replay, Unaccepted};
use token::{Claims, Fault, Parsed};
use webid::{LocalProfiles, WebIds};

/// How long a verified token is not verified again.
///
/// Spec: O-54
const VERDICT: Duration = Duration::from_mins(1);
/// Verified tokens that are remembered.
const VERDICTS: usize = 16_384;

/// What a request says of who sends it, as it came. It holds secrets, so it is never printed.
#[derive(Clone)]
pub struct Credentials<'a> {
    /// The values of every `Authorization` line.
    pub authorization: Vec<&'a [u8]>,
    /// The values of every `DPoP` line.
    pub dpop: Vec<&'a [u8]>,
    /// As the client sent it: HEAD stays HEAD.
    ///
    /// Spec: O-17
    pub method: &'a str,
    /// The public URL, its path and query as they came.
    ///
    /// Spec: O-19, O-20
    pub url: &'a str,
    pub client_address: IpAddr,
}

/// Which of our own tokens ended before their time.
///
/// Spec: O-45
#[async_trait]
pub trait Revocations: Send + Sync + 'static {
    /// Whether a token of ours, whose signature is good, was revoked: by its session or grant (`sid`), by its id
    /// (`jti`), or because its client or account is no more. Asked on every request, so what is cached must hold by
    /// [`storage::Storage::house_version`].
    async fn is_revoked(&self, token: &Claims) -> storage::Result<bool>;
}

/// What identity builds upon.
pub struct Parts {
    pub addresses: Arc<Addresses>,
    pub keys: Arc<Keys>,
    pub profiles: Arc<dyn LocalProfiles>,
    pub revocations: Arc<dyn Revocations>,
    pub fetch: Arc<Fetch>,
}

/// Tells who asks.
pub struct Identity {
    config: Config,
    parts: Parts,
    verifiers: Verifiers,
    verdicts: Cache<[u8; 32], Verdict>,
    issuers: Issuers,
    webids: WebIds,
    lookups: Lookups,
    replay: Replay,
}

/// A token that was found good, by the SHA-256 of its text.
#[derive(Clone)]
struct Verdict {
    claims: Arc<Claims>,
    agent: Arc<Agent>,
    /// Of our own tokens: the key that signed it.
    kid: Option<Arc<str>>,
    /// Whether the WebID's document is here.
    at_home: bool,
    until: Timestamp,
}

/// A credential as the `Authorization` header carries it.
struct Presented<'a> {
    scheme: Scheme,
    token: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    DPoP,
    Bearer,
}

impl Identity {
    /// `now` is when the process starts: proofs from before are refused.
    pub fn new(config: Config, parts: Parts, now: Timestamp) -> Self {
        Self {
            verifiers: Verifiers::default(),
            verdicts: Cache::new(VERDICTS),
            issuers: Issuers::new(Arc::clone(&parts.fetch)),
            webids: WebIds::new(Arc::clone(&parts.fetch)),
            lookups: Lookups::new(config.lookups_per_minute),
            replay: Replay::new(config.replay_memory.0, now),
            config,
            parts,
        }
    }

    /// Tells who sends a request; `None`: it carries no credentials.
    ///
    /// Spec: O-72
    pub async fn identify(&self, request: &Credentials<'_>, now: Timestamp) -> Result<Option<Arc<Agent>>, Refused> {
        let Some(presented) = presented(request)? else { return Ok(None) };
        let answer = self.check(&presented, request, now).await;
        if let Err(refused) = &answer {
            // Neither the token nor the WebID, which is a person's.
            let claims = token::parse(presented.token).map(|parsed| parsed.claims).ok();
            let issuer = claims.as_ref().map(|claims| &*claims.issuer);
            let client = claims.as_ref().and_then(|claims| claims.client.as_deref());
            tracing::info!(issuer, client, reason = %refused, "credentials were refused");
        }
        answer.map(Some)
    }

    /// Cheap checks come first, and nothing is fetched before the proof is verified.
    ///
    /// Spec: O-38, O-54
    async fn check(
        &self,
        presented: &Presented<'_>,
        request: &Credentials<'_>,
        now: Timestamp,
    ) -> Result<Arc<Agent>, Refused> {
        if presented.scheme == Scheme::Bearer && !self.config.allow_bearer {
            return Err(Fault::Bearer.into());
        }
        let hash: [u8; 32] = Sha256::digest(presented.token).into();
        let known = self.verdicts.get(&hash).filter(|verdict| now < verdict.until);
        let (verdict, proof) = if let Some(verdict) = known {
            verdict.claims.check_times(now)?;
            let proof = self.check_proof(presented, &verdict.claims, &hash, request, now)?;
            (verdict, proof)
        } else {
            let parsed = token::parse(presented.token)?;
            parsed.claims.check_times(now)?;
            parsed.claims.check_addresses(|url| self.may_be_http(url))?;
            let proof = self.check_proof(presented, &parsed.claims, &hash, request, now)?;
            let verdict = Box::pin(self.verify(parsed, request.client_address, now)).await?;
            self.verdicts.insert(hash, verdict.clone());
            (verdict, proof)
        };
        self.still_stands(&verdict).await?;
        if let Some(proof) = proof {
            self.remember(&proof, now)?;
        }
        Ok(verdict.agent)
    }

    /// The document of a WebID as it is now, here or elsewhere; `None` if it cannot be read, or if `client` makes us
    /// look elsewhere too often.
    ///
    /// Spec: O-40, O-44, O-66, O-205
    pub async fn read_webid(&self, webid: &str, client: IpAddr, now: Timestamp) -> Option<Graph> {
        if self.is_at_home(webid) {
            let document = self.parts.profiles.read(webid).await.ok()??;
            return Some(document.dataset.default.clone());
        }
        self.lookups.count(client, now).ok()?;
        self.webids.read(webid).await.ok().map(|(document, _)| document)
    }

    /// Checks a proof that comes without an access token, and remembers it: for the token endpoint, where each fault
    /// is a 400.
    ///
    /// Spec: O-163
    pub fn prove(&self, dpop: &[&[u8]], method: &str, url: &str, now: Timestamp) -> Result<Thumbprint, Refused> {
        let wanted = Wanted { method, url, token_hash: None, require_ath: false, now };
        let proof = self.verifiers.check(dpop::only(dpop)?, &wanted)?;
        self.remember(&proof, now)?;
        Ok(proof.jkt)
    }

    /// Checks that the client holds the key of its token; `None` for a bearer token, which has none.
    ///
    /// Spec: O-24, O-70, O-71
    fn check_proof(
        &self,
        presented: &Presented<'_>,
        claims: &Claims,
        hash: &[u8; 32],
        request: &Credentials<'_>,
        now: Timestamp,
    ) -> Result<Option<Proof>, Refused> {
        match (presented.scheme, claims.jkt) {
            (Scheme::Bearer, Some(_)) => Err(Fault::Downgrade.into()),
            (Scheme::Bearer, None) => Ok(None),
            (Scheme::DPoP, None) => Err(Fault::Unbound.into()),
            (Scheme::DPoP, Some(jkt)) => {
                let wanted = Wanted {
                    method: request.method,
                    url: request.url,
                    token_hash: Some(hash),
                    require_ath: self.config.require_ath,
                    now,
                };
                let proof = self.verifiers.check(dpop::only(&request.dpop)?, &wanted)?;
                if proof.jkt == jkt { Ok(Some(proof)) } else { Err(Fault::OtherKey.into()) }
            }
        }
    }

    /// Verifies what costs most: the issuer's signature, and what a WebID elsewhere says.
    ///
    /// Spec: O-38, O-46, O-66
    async fn verify(&self, parsed: Parsed<'_>, client: IpAddr, now: Timestamp) -> Result<Verdict, Refused> {
        let admit = || self.lookups.count(client, now).map_err(Refused::TooManyLookups);
        let own = *parsed.claims.issuer == *self.parts.addresses.base();
        if own {
            if !self.parts.keys.current().await?.signed(&parsed) {
                return Err(Fault::Signature.into());
            }
        } else {
            if !self.config.believes(&parsed.claims.issuer) {
                return Err(Refused::Issuer);
            }
            self.issuers.verify(&parsed, now, admit).await?;
        }
        let Parsed { claims, kid, .. } = parsed;
        let at_home = self.is_at_home(&claims.webid);
        if !at_home {
            self.webids.check(&claims, now, admit).await?;
        }
        let agent = Agent {
            webid: Arc::clone(&claims.webid),
            client: claims.client.clone(),
            issuer: Arc::clone(&claims.issuer),
        };
        let until = now.plus(VERDICT).min(claims.expires);
        let kid = kid.filter(|_| own).map(Arc::from);
        Ok(Verdict { claims: Arc::new(claims), agent: Arc::new(agent), kid, at_home, until })
    }

    /// What is asked anew on every request, however lately the token was verified: nothing of ours that grants access
    /// lives by time alone.
    ///
    /// Spec: O-40, O-44, O-45
    async fn still_stands(&self, verdict: &Verdict) -> Result<(), Refused> {
        let claims = &verdict.claims;
        if let Some(kid) = &verdict.kid {
            if !self.parts.keys.current().await?.has(kid) {
                return Err(Fault::Signature.into());
            }
            if self.parts.revocations.is_revoked(claims).await? {
                return Err(Fault::Revoked.into());
            }
        }
        if !verdict.at_home {
            return Ok(());
        }
        let document = self.parts.profiles.read(&claims.webid).await?.ok_or(Fault::WebIdDocument)?;
        let listed = webid::lists(&document.dataset.default, &claims.webid, &claims.issuer);
        if listed { Ok(()) } else { Err(Fault::NotListed.into()) }
    }

    fn is_at_home(&self, webid: &str) -> bool {
        Url::parse(webid).is_ok_and(|url| self.parts.addresses.is_ours(&url))
    }

    fn remember(&self, proof: &Proof, now: Timestamp) -> Result<(), Refused> {
        self.replay.remember(proof, now).map_err(|unaccepted| match unaccepted {
            Unaccepted::Replayed => dpop::Fault::Replayed.into(),
            Unaccepted::BeforeStart => dpop::Fault::BeforeStart(now).into(),
            Unaccepted::TooMany => Refused::TooManyProofs(replay::RELIEF),
            Unaccepted::Full => Refused::Busy(replay::RELIEF),
        })
    }

    /// How many proofs are remembered, for the metrics.
    pub fn proofs(&self) -> usize {
        self.replay.count()
    }

    /// Plain http will do for our own addresses if they have nothing else, and in development.
    ///
    /// Spec: O-36
    fn may_be_http(&self, url: &Url) -> bool {
        let ours = self.parts.addresses.is_loopback_http() && self.parts.addresses.is_ours(url);
        ours || self.parts.fetch.reaches_loopback() && is_loopback(url)
    }
}

/// Reads the `Authorization` header; `None` if there is none.
///
/// Spec: O-7, O-8, O-71
fn presented<'a>(request: &Credentials<'a>) -> Result<Option<Presented<'a>>, Refused> {
    let value = match request.authorization.as_slice() {
        [] => return Ok(None),
        [value] => std::str::from_utf8(value).map_err(|_| Refused::Unreadable)?,
        _ => return Err(Refused::ManyTokens),
    };
    let (scheme, token) = value.trim_ascii().split_once(' ').unwrap_or((value, ""));
    let is_scheme =
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte));
    let scheme = match scheme {
        name if name.eq_ignore_ascii_case("DPoP") => Scheme::DPoP,
        name if name.eq_ignore_ascii_case("Bearer") => Scheme::Bearer,
        _ if is_scheme => return Err(Refused::Scheme),
        _ => return Err(Refused::Unreadable),
    };
    let token = token.trim_ascii();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)) {
        return Err(Refused::Unreadable);
    }
    let query = request.url.split_once('?').map_or("", |(_, query)| query);
    if query.split('&').any(|pair| pair.split('=').next() == Some("access_token")) {
        return Err(Refused::ManyTokens);
    }
    Ok(Some(Presented { scheme, token }))
}
