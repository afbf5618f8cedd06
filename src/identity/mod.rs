//! Who asks: access tokens and proofs are checked here, whoever made them, and our own are made here.
//!
//! [`Identity::identify`] is the whole of it for a request on a pod. The rest serves the provider: [`keys`] signs
//! what [`issue`] words.

pub mod account;
pub mod dpop;
mod htu;
pub mod issue;
pub mod json;
pub mod jwk;
pub mod jws;
pub mod keys;
mod replay;
pub mod token;
pub mod webid;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use crate::access::Agent;
use crate::address::Addresses;
use crate::clock::Timestamp;
use crate::pods::Pods;
use crate::storage;
use crate::units::Size;
use dpop::{Proof, Verifiers, Wanted};
use jwk::Thumbprint;
use keys::Keys;
use replay::{Replay, Unaccepted};
use token::{Claims, Fault, Parsed};
use webid::LocalProfiles;

/// How long a verified token is not verified again.
///
/// Spec: O-54
const VERDICT: Duration = Duration::from_mins(1);
/// Verified tokens that are remembered.
const VERDICTS: usize = 16_384;

/// How identities are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Accept access tokens that are bound to no key. Whoever sees such a token can use it.
    ///
    /// Spec: O-70
    pub allow_bearer: bool,
    /// Refuse proofs that do not name the access token. Several Solid clients do not name it.
    ///
    /// Spec: O-26
    pub require_ath: bool,
    /// How much memory remembering proofs may take.
    pub replay_memory: Size,
}

impl Default for Config {
    fn default() -> Self {
        Self { allow_bearer: false, require_ath: false, replay_memory: Size(64 << 20) }
    }
}

/// What a request says of who sends it, as it came.
#[derive(Debug, Clone)]
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

/// Why a request with credentials is refused. It never falls back to the public.
///
/// Spec: O-5, O-6, O-7, O-8
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// 400 `invalid_request`.
    ///
    /// Spec: O-7
    #[error("the request carries more than one access token")]
    ManyTokens,
    /// 400 `invalid_request`.
    ///
    /// Spec: O-7
    #[error("the Authorization header cannot be read")]
    Unreadable,
    /// 401 with our challenges and no error code.
    ///
    /// Spec: O-8
    #[error("this authentication scheme is not supported; use DPoP")]
    Scheme,
    /// 401 `invalid_dpop_proof`.
    #[error(transparent)]
    Proof(#[from] dpop::Fault),
    /// 401 `invalid_token`.
    #[error(transparent)]
    Token(#[from] Fault),
    /// 429 with `Retry-After`.
    #[error("this key has sent too many proofs; try again in {} seconds", .0.as_secs())]
    TooManyProofs(Duration),
    /// 503 with `Retry-After`.
    #[error("too many requests are signed at the moment; try again in {} seconds", .0.as_secs())]
    Busy(Duration),
    /// 503 with `Retry-After`; the cause is for the log.
    #[error("accounts and keys cannot be read at the moment")]
    Storage(#[from] storage::Error),
}

impl Refused {
    /// The error code of OAuth, for the challenge or the body.
    ///
    /// Spec: O-5, O-7, rfc6750 §3.1, rfc9449 §7.1
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::ManyTokens | Self::Unreadable => Some("invalid_request"),
            Self::Proof(dpop::Fault::Nonce) => Some("use_dpop_nonce"),
            Self::Proof(_) => Some("invalid_dpop_proof"),
            Self::Token(_) => Some("invalid_token"),
            Self::Scheme | Self::TooManyProofs(_) | Self::Busy(_) | Self::Storage(_) => None,
        }
    }
}

impl From<keys::Error> for Refused {
    fn from(error: keys::Error) -> Self {
        match error {
            keys::Error::Storage(error) => Self::Storage(error),
            other => Self::Storage(storage::Error::Failed(other.to_string())),
        }
    }
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
}

impl Parts {
    /// The parts of a server whose accounts, profiles and keys are its own.
    pub fn local(
        addresses: Arc<Addresses>,
        keys: Arc<Keys>,
        pods: Arc<Pods>,
        accounts: Arc<account::Accounts>,
    ) -> Self {
        Self { addresses, keys, profiles: pods, revocations: accounts }
    }
}

/// Tells who asks.
pub struct Identity {
    config: Config,
    parts: Parts,
    verifiers: Verifiers,
    verdicts: Cache<[u8; 32], Verdict>,
    replay: Replay,
}

/// A token that was found good, by the SHA-256 of its text.
#[derive(Clone)]
struct Verdict {
    claims: Arc<Claims>,
    agent: Arc<Agent>,
    /// Of our own tokens: the key that signed it.
    kid: Option<Arc<str>>,
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
        let replay = Replay::new(config.replay_memory.0, now);
        Self { config, parts, verifiers: Verifiers::default(), verdicts: Cache::new(VERDICTS), replay }
    }

    /// Tells who sends a request; `None`: it carries no credentials.
    ///
    /// Cheap checks come first, and nothing is fetched before the proof is verified.
    ///
    /// Spec: O-38, O-54
    pub async fn identify(&self, request: &Credentials<'_>, now: Timestamp) -> Result<Option<Arc<Agent>>, Refused> {
        let Some(presented) = presented(request)? else { return Ok(None) };
        if presented.scheme == Scheme::Bearer && !self.config.allow_bearer {
            return Err(Fault::Bearer.into());
        }
        let hash: [u8; 32] = Sha256::digest(presented.token).into();
        let known = self.verdicts.get(&hash).filter(|verdict| now < verdict.until);
        let (verdict, proof) = if let Some(verdict) = known {
            verdict.claims.check_times(now)?;
            let proof = self.check_proof(&presented, &verdict.claims, &hash, request, now)?;
            (verdict, proof)
        } else {
            let parsed = token::parse(presented.token)?;
            parsed.claims.check_times(now)?;
            parsed.claims.check_addresses(|url| self.may_be_http(url))?;
            let proof = self.check_proof(&presented, &parsed.claims, &hash, request, now)?;
            let verdict = self.verify(parsed, now).await?;
            self.verdicts.insert(hash, verdict.clone());
            (verdict, proof)
        };
        self.still_stands(&verdict).await?;
        if let Some(proof) = proof {
            self.remember(&proof, now)?;
        }
        Ok(Some(verdict.agent))
    }

    /// Checks a proof that comes without an access token, and remembers it: for the token endpoint, where each fault
    /// is a 400.
    ///
    /// Spec: O-163
    pub fn prove(&self, dpop: &[&[u8]], method: &str, url: &str, now: Timestamp) -> Result<Thumbprint, Refused> {
        let wanted = Wanted { method, url, token_hash: None, require_ath: false, nonces: None, now };
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
                    nonces: None,
                    now,
                };
                let proof = self.verifiers.check(dpop::only(&request.dpop)?, &wanted)?;
                if proof.jkt == jkt { Ok(Some(proof)) } else { Err(Fault::OtherKey.into()) }
            }
        }
    }

    /// Verifies what costs most: the issuer's signature.
    async fn verify(&self, parsed: Parsed<'_>, now: Timestamp) -> Result<Verdict, Refused> {
        let own = *parsed.claims.issuer == *self.parts.addresses.base();
        if !own || !self.parts.keys.current().await?.signed(&parsed) {
            return Err(Fault::Signature.into());
        }
        let Parsed { claims, kid, .. } = parsed;
        let agent = Agent {
            webid: Arc::clone(&claims.webid),
            client: claims.client.clone(),
            issuer: Arc::clone(&claims.issuer),
        };
        let until = now.plus(VERDICT).min(claims.expires);
        let kid = kid.filter(|_| own).map(Arc::from);
        Ok(Verdict { claims: Arc::new(claims), agent: Arc::new(agent), kid, until })
    }

    /// What is asked anew on every request, however lately the token was verified: nothing of ours that grants access
    /// lives by time alone.
    ///
    /// Spec: O-40, O-44, O-45
    async fn still_stands(&self, verdict: &Verdict) -> Result<(), Refused> {
        if let Some(kid) = &verdict.kid {
            if !self.parts.keys.current().await?.has(kid) {
                return Err(Fault::Signature.into());
            }
            if self.parts.revocations.is_revoked(&verdict.claims).await? {
                return Err(Fault::Revoked.into());
            }
        }
        let claims = &verdict.claims;
        let document = self.parts.profiles.read(&claims.webid).await?.ok_or(Fault::WebIdDocument)?;
        if webid::lists(&document, &claims.webid, &claims.issuer) { Ok(()) } else { Err(Fault::NotListed.into()) }
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

    fn may_be_http(&self, url: &Url) -> bool {
        self.parts.addresses.is_loopback_http() && self.parts.addresses.is_ours(url)
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
