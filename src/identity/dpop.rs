//! Proofs of possession (DPoP): what one must be to count. Pure but for the cache of verifiers; whether a proof was
//! seen before is `super::replay`'s question.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quick_cache::sync::Cache;

use super::htu;
use super::json::{self, Object};
use super::jwk::{PublicKey, Thumbprint, Unusable};
use super::jws::{Algorithm, Compact, Verifier};
use crate::clock::Timestamp;

/// Bytes of the longest proof.
const LIMIT: usize = 8 * 1024;
/// How old a proof may be.
///
/// Spec: O-21
pub const PAST: Duration = Duration::from_mins(4);
/// How far a client's clock may be ahead.
///
/// Spec: O-21
pub const FUTURE: Duration = Duration::from_mins(2);
/// Keys whose verifiers are kept ready.
const VERIFIERS: usize = 8192;

/// Why a proof does not count. Each is a 401 with `invalid_dpop_proof`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Spec: O-11
    #[error("exactly one DPoP header with one proof is needed")]
    Count,
    /// Spec: O-12, O-13
    #[error("the proof is not a compact JWS of JSON objects that we understand")]
    Malformed,
    /// Spec: O-13
    #[error("the proof's typ is not dpop+jwt")]
    Type,
    /// Spec: O-13
    #[error("the proof's alg is not supported")]
    Algorithm,
    /// Spec: O-14
    #[error("the proof's jwk cannot be used: {0}")]
    Key(#[from] Unusable),
    /// Spec: O-15
    #[error("the proof's signature does not match its jwk")]
    Signature,
    /// Spec: O-16
    #[error("the proof needs the claims jti (1 to 256 characters), htm, htu and iat")]
    Claims,
    /// Spec: O-17
    #[error("the proof is for another method (htm)")]
    Method,
    /// Spec: O-18
    #[error("the proof is for another URL (htu)")]
    Address,
    /// Holds the server's time.
    ///
    /// Spec: O-21
    #[error("the proof's iat is too far from the server's time, {0}")]
    Time(Timestamp),
    /// Spec: O-25
    #[error("the proof is for another access token (ath)")]
    TokenHash,
    /// Spec: O-26
    #[error("the proof must name the access token (ath)")]
    TokenHashMissing,
    /// Issued before the memory of proofs began. Holds the server's time.
    #[error("the proof is from before the server started; sign a new one (the server's time is {0})")]
    BeforeStart(Timestamp),
    /// Spec: O-22
    #[error("the proof was used before")]
    Replayed,
}

/// What a proof must be for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The method of the request, as it came.
    pub method: &'a str,
    /// The public URL of the request, its path as it came.
    ///
    /// Spec: O-19
    pub url: &'a str,
    /// SHA-256 of the access token; `None` at the token endpoint.
    pub token_hash: Option<&'a [u8; 32]>,
    /// Whether a proof must name the token.
    pub require_ath: bool,
    pub now: Timestamp,
}

/// A proof that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The key that the client holds.
    pub jkt: Thumbprint,
    pub jti: String,
    pub issued: Timestamp,
    /// Whether the proof named the access token.
    pub names_token: bool,
}

/// A proof taken apart: well-formed, but nothing of it is verified.
#[derive(Clone, PartialEq)]
pub struct Parsed<'a> {
    compact: Compact<'a>,
    algorithm: Algorithm,
    key: PublicKey,
}

/// Reads the only value of the `DPoP` header.
///
/// Spec: O-11
pub fn only<'a>(values: &[&'a [u8]]) -> Result<&'a str, Fault> {
    let [value] = values else { return Err(Fault::Count) };
    std::str::from_utf8(value).map(str::trim_ascii).map_err(|_| Fault::Malformed)
}

/// Takes a proof apart and looks at its header.
///
/// Spec: O-12, O-13, O-14
pub fn parse(proof: &str) -> Result<Parsed<'_>, Fault> {
    let compact = Compact::parse(proof, LIMIT).ok_or(Fault::Malformed)?;
    if compact.header.get("typ").and_then(|typ| typ.as_str()) != Some("dpop+jwt") {
        return Err(Fault::Type);
    }
    let algorithm = compact.algorithm().filter(|found| Algorithm::PROOF.contains(found)).ok_or(Fault::Algorithm)?;
    let jwk = compact.header.get("jwk").and_then(|jwk| jwk.as_object()).ok_or(Unusable::Member)?;
    let key = PublicKey::read(jwk)?;
    let named = json::text(jwk, "alg").map_err(|_| Unusable::Member)?;
    if !key.suits(algorithm) || named.is_some_and(|named| named != algorithm.name()) {
        return Err(Unusable::Algorithm.into());
    }
    Ok(Parsed { compact, algorithm, key })
}

/// The keys that clients have proved lately, made ready: making one costs more than using it.
pub struct Verifiers(Cache<(Thumbprint, Algorithm), Arc<Verifier>>);

impl Default for Verifiers {
    fn default() -> Self {
        Self(Cache::new(VERIFIERS))
    }
}

impl Verifiers {
    /// Checks a proof in the order of RFC 9449 §4.3, save for replay.
    ///
    /// Spec: O-15, O-24, rfc9449 §4.3, oidc#dpop-validation
    pub fn check(&self, proof: &str, wanted: &Wanted<'_>) -> Result<Proof, Fault> {
        let parsed = parse(proof)?;
        let jkt = parsed.key.thumbprint();
        self.verify(&parsed, jkt)?;
        check_claims(&parsed.compact.payload, jkt, wanted)
    }

    fn verify(&self, parsed: &Parsed<'_>, jkt: Thumbprint) -> Result<(), Fault> {
        let id = (jkt, parsed.algorithm);
        let known = self.0.get(&id);
        let is_new = known.is_none();
        let verifier = known.map_or_else(|| parsed.key.verifier(parsed.algorithm).map(Arc::new), Ok)?;
        if !parsed.compact.is_signed_by(&verifier) {
            return Err(Fault::Signature);
        }
        if is_new {
            self.0.insert(id, verifier);
        }
        Ok(())
    }
}

/// No nonce is asked for: common clients cannot answer with one.
///
/// Spec: O-16, O-17, O-18, O-19, O-21, O-25, O-26, O-27
fn check_claims(claims: &Object, jkt: Thumbprint, wanted: &Wanted<'_>) -> Result<Proof, Fault> {
    let text = |name| json::text(claims, name).map_err(|_| Fault::Claims);
    let jti = text("jti")?.filter(|jti| (1..=256).contains(&jti.chars().count())).ok_or(Fault::Claims)?;
    let method = text("htm")?.ok_or(Fault::Claims)?;
    let url = text("htu")?.ok_or(Fault::Claims)?;
    let issued = json::time(claims, "iat").ok().flatten().ok_or(Fault::Claims)?;
    if method != wanted.method {
        return Err(Fault::Method);
    }
    if !htu::same(url, wanted.url) {
        return Err(Fault::Address);
    }
    if issued < wanted.now.minus(PAST) || issued > wanted.now.plus(FUTURE) {
        return Err(Fault::Time(wanted.now));
    }
    let ath = text("ath")?;
    match (wanted.token_hash, ath) {
        (Some(hash), Some(ath)) if ath != URL_SAFE_NO_PAD.encode(hash) => return Err(Fault::TokenHash),
        (Some(_), None) if wanted.require_ath => return Err(Fault::TokenHashMissing),
        _ => {}
    }
    Ok(Proof { jkt, jti: jti.to_owned(), issued, names_token: ath.is_some() })
}
