//! Issuers elsewhere: their configuration and keys, fetched and kept for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;

use super::Refused;
use super::json::{self, Object};
use super::jwk::PublicKey;
use super::jws::{Algorithm, Verifier};
use super::token::{Fault, Parsed};
use crate::clock::Timestamp;
use crate::fetch::{Document, Error, Fetch, Fetched};

/// How long a configuration is taken as it is.
///
/// Spec: O-52
const CONFIGURATION: Duration = Duration::from_hours(1);
/// How long keys are taken as they are.
///
/// Spec: O-52
const KEYS: Duration = Duration::from_mins(10);
/// How long keys still count while the issuer cannot be reached.
///
/// Spec: O-52
const STALE: Duration = Duration::from_hours(1);
/// An issuer is not asked again for this long, whether it answered or not.
///
/// Spec: O-52
const PAUSE: Duration = Duration::from_secs(30);
/// The most keys of an issuer.
///
/// Spec: O-53
const MOST_KEYS: usize = 50;
/// The most keys that are tried on a token that names none.
///
/// Spec: O-31
const MOST_TRIED: usize = 10;
/// Issuers that are remembered.
const ISSUERS: usize = 1024;

/// The issuers that tokens have come from.
pub struct Issuers {
    fetch: Arc<Fetch>,
    known: Cache<Arc<str>, Arc<Known>>,
}

/// What is known of an issuer.
struct Known {
    /// The configuration's `jwks_uri`; `None`: the issuer has no usable configuration.
    jwks_uri: Option<String>,
    configured: Timestamp,
    keys: Vec<Key>,
    /// When the keys were had.
    had: Timestamp,
    /// When the issuer was last asked, in milliseconds since 1970.
    asked: AtomicI64,
}

impl Known {
    /// Whether the issuer was asked so lately that it is left in peace.
    fn rests(&self, now: Timestamp) -> bool {
        now < Timestamp::from_millis(self.asked.load(Ordering::Relaxed)).plus(PAUSE)
    }
}

/// A key as its issuer publishes it.
pub struct Key {
    kid: Option<String>,
    algorithm: Option<Algorithm>,
    public: PublicKey,
}

impl Issuers {
    pub fn new(fetch: Arc<Fetch>) -> Self {
        Self { fetch, known: Cache::new(ISSUERS) }
    }

    /// Verifies the signature of a token. `admit` is asked before an issuer that is not known is looked up.
    ///
    /// A token that no key fits makes us look for new keys, but not often.
    ///
    /// Spec: O-39, O-52
    pub async fn verify(
        &self,
        token: &Parsed<'_>,
        now: Timestamp,
        admit: impl Fn() -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let issuer = &token.claims.issuer;
        let known = match self.known.get(issuer) {
            None => {
                admit()?;
                self.ask(issuer, None, now).await?
            }
            Some(known) if now < known.had.plus(KEYS) || known.rests(now) => known,
            Some(known) => self.ask(issuer, Some(&known), now).await?,
        };
        if now >= known.had.plus(KEYS).plus(STALE) {
            return Err(Refused::Away(PAUSE));
        }
        if known.jwks_uri.is_some() && signed(&known.keys, token) {
            return Ok(());
        }
        if known.rests(now) {
            let fault = if known.jwks_uri.is_some() { Fault::Signature } else { Fault::IssuerDocument };
            return Err(fault.into());
        }
        let known = self.ask(issuer, Some(&known), now).await?;
        match known.jwks_uri {
            None => Err(Fault::IssuerDocument.into()),
            Some(_) if signed(&known.keys, token) => Ok(()),
            Some(_) => Err(Fault::Signature.into()),
        }
    }

    /// Asks an issuer for its keys, and for its configuration if that has aged. If the issuer cannot be reached, what
    /// was known stays.
    async fn ask(&self, issuer: &Arc<str>, before: Option<&Arc<Known>>, now: Timestamp) -> Result<Arc<Known>, Refused> {
        if let Some(before) = before {
            before.asked.store(now.millis(), Ordering::Relaxed);
        }
        let configured = before.filter(|before| now < before.configured.plus(CONFIGURATION));
        let configured = configured.and_then(|before| Some((before.jwks_uri.clone()?, before.configured)));
        match self.learn(issuer, configured, now).await {
            Ok(known) => {
                let known = Arc::new(known);
                self.known.insert(Arc::clone(issuer), Arc::clone(&known));
                Ok(known)
            }
            Err(Away) => before.filter(|before| before.jwks_uri.is_some()).cloned().ok_or(Refused::Away(PAUSE)),
        }
    }

    async fn learn(
        &self,
        issuer: &str,
        configured: Option<(String, Timestamp)>,
        now: Timestamp,
    ) -> Result<Known, Away> {
        let (jwks_uri, configured) = match configured {
            Some((jwks_uri, at)) => (Some(jwks_uri), at),
            None => (self.configuration(issuer).await?, now),
        };
        let keys = match &jwks_uri {
            Some(jwks_uri) => self.object(jwks_uri, Document::Jwks).await?.and_then(|jwks| keys(&jwks)),
            None => None,
        };
        let jwks_uri = jwks_uri.filter(|_| keys.is_some());
        let asked = AtomicI64::new(now.millis());
        Ok(Known { jwks_uri, configured, keys: keys.unwrap_or_default(), had: now, asked })
    }

    /// The `jwks_uri` of an issuer whose configuration names that very issuer.
    ///
    /// Spec: O-39, oidc#oidc-issuer-discovery
    async fn configuration(&self, issuer: &str) -> Result<Option<String>, Away> {
        let url = format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer));
        let configuration = self.object(&url, Document::Discovery).await?;
        let configuration = configuration.filter(|found| found.get("issuer").is_some_and(|named| named == issuer));
        Ok(configuration.and_then(|found| found.get("jwks_uri")?.as_str().map(str::to_owned)))
    }

    /// A JSON object elsewhere; `None` if there is none of use.
    async fn object(&self, url: &str, what: Document) -> Result<Option<Object>, Away> {
        let fetched = found(self.fetch.get(url, what).await)?;
        Ok(fetched.and_then(|fetched| json::object(&fetched.bytes)))
    }
}

/// A host is away, or says so itself: later it may be otherwise.
#[derive(Debug)]
pub struct Away;

/// Tells a document that is there from one that is not, and both from a host that is away.
pub fn found(answer: Result<Arc<Fetched>, Error>) -> Result<Option<Arc<Fetched>>, Away> {
    match answer {
        Ok(fetched) if fetched.status == 200 => Ok(Some(fetched)),
        Ok(fetched) if fetched.status.is_server_error() || fetched.status == 429 => Err(Away),
        Err(error) if error.is_outage() => Err(Away),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// The keys of a set that can verify; `None` if it is no set of keys, or too large a one.
///
/// Spec: O-53
pub fn keys(jwks: &Object) -> Option<Vec<Key>> {
    let listed = jwks.get("keys")?.as_array().filter(|listed| listed.len() <= MOST_KEYS)?;
    let key = |jwk: &serde_json::Value| {
        let jwk = jwk.as_object()?;
        let text = |name| json::text(jwk, name).ok();
        if text("use")?.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let algorithm = match text("alg")? {
            Some(name) => Some(Algorithm::parse(name)?),
            None => None,
        };
        Some(Key { kid: text("kid")?.map(str::to_owned), algorithm, public: PublicKey::read(jwk).ok()? })
    };
    Some(listed.iter().filter_map(key).collect())
}

/// Whether one of the keys that a token may be signed with has signed it.
fn signed(keys: &[Key], token: &Parsed<'_>) -> bool {
    verifiers(keys, token.kid.as_deref(), token.algorithm).any(|verifier| token.is_signed_by(&verifier))
}

/// The keys that a token of this `kid` and algorithm may be signed with.
///
/// Spec: O-31, O-53
pub fn verifiers(keys: &[Key], kid: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = Verifier> {
    let fits = move |key: &&Key| {
        let named = kid.is_none() || key.kid.as_deref() == kid;
        named && key.public.suits(algorithm) && key.algorithm.is_none_or(|own| own == algorithm)
    };
    keys.iter().filter(fits).take(MOST_TRIED).filter_map(move |key| key.public.verifier(algorithm).ok())
}
