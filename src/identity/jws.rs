//! Signed objects in compact form (JWS): taken apart, verified, made.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{self, JwsSigner, JwsVerifier};
use serde::{Deserialize, Serialize};

use super::json::{self, Object};

/// An asymmetric signature algorithm. There is no `none` and no `HS256` here, so neither can be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "ES384")]
    Es384,
    #[serde(rename = "ES512")]
    Es512,
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "RS384")]
    Rs384,
    #[serde(rename = "RS512")]
    Rs512,
    #[serde(rename = "PS256")]
    Ps256,
    #[serde(rename = "PS384")]
    Ps384,
    #[serde(rename = "PS512")]
    Ps512,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Those of access tokens.
    ///
    /// Spec: O-31
    pub const TOKEN: [Self; 10] = [
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::EdDsa,
    ];

    /// Those of proofs, as our challenge lists them.
    ///
    /// Spec: O-3
    pub const PROOF: [Self; 6] = [Self::Es256, Self::Es384, Self::Es512, Self::Rs256, Self::Ps256, Self::EdDsa];

    /// Reads an `alg`; `None` for anything that is not in [`Algorithm::TOKEN`].
    pub fn parse(name: &str) -> Option<Self> {
        Self::TOKEN.into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::EdDsa => "EdDSA",
        }
    }

    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512)
    }
}

/// A signed object, taken apart but not verified. It may be a secret, so it is never printed.
#[derive(Clone, PartialEq)]
pub struct Compact<'a> {
    pub header: Object,
    pub payload: Object,
    /// What the signature is over.
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Takes a signed object of at most `limit` bytes apart: three parts of base64url without padding, the first
    /// two of them JSON objects. `None` if it is anything else, or has critical header members: we know none.
    ///
    /// Spec: O-12, O-13, rfc7515 §7.1, rfc7515 §4.1.11
    pub fn parse(text: &'a str, limit: usize) -> Option<Self> {
        if text.len() > limit {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let part = |text: &str| json::object(&URL_SAFE_NO_PAD.decode(text).ok()?);
        let (header, payload) = (part(header)?, part(payload)?);
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        (!header.contains_key("crit")).then_some(Self { header, payload, signed, signature })
    }

    /// The algorithm that the header names.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.header.get("alg")?.as_str().and_then(Algorithm::parse)
    }

    /// Whether the signature is that of the verifier's key.
    pub fn is_signed_by(&self, verifier: &Verifier) -> bool {
        self.algorithm() == Some(verifier.algorithm)
            && verifier.inner.verify(self.signed.as_bytes(), &self.signature).is_ok()
    }
}

/// A public key made ready for one algorithm.
pub struct Verifier {
    algorithm: Algorithm,
    inner: Box<dyn JwsVerifier>,
}

impl Verifier {
    /// `None` if the key does not suit the algorithm.
    pub(super) fn new(algorithm: Algorithm, jwk: &Jwk) -> Option<Self> {
        let inner: Box<dyn JwsVerifier> = match algorithm {
            Algorithm::Es256 => Box::new(jws::ES256.verifier_from_jwk(jwk).ok()?),
            Algorithm::Es384 => Box::new(jws::ES384.verifier_from_jwk(jwk).ok()?),
            Algorithm::Es512 => Box::new(jws::ES512.verifier_from_jwk(jwk).ok()?),
            Algorithm::Rs256 => Box::new(jws::RS256.verifier_from_jwk(jwk).ok()?),
            Algorithm::Rs384 => Box::new(jws::RS384.verifier_from_jwk(jwk).ok()?),
            Algorithm::Rs512 => Box::new(jws::RS512.verifier_from_jwk(jwk).ok()?),
            Algorithm::Ps256 => Box::new(jws::PS256.verifier_from_jwk(jwk).ok()?),
            Algorithm::Ps384 => Box::new(jws::PS384.verifier_from_jwk(jwk).ok()?),
            Algorithm::Ps512 => Box::new(jws::PS512.verifier_from_jwk(jwk).ok()?),
            Algorithm::EdDsa => Box::new(jws::EdDSA.verifier_from_jwk(jwk).ok()?),
        };
        Some(Self { algorithm, inner })
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({})", self.algorithm.name())
    }
}

/// Signs `claims` under a header of `alg`, `typ` and `kid`.
pub(super) fn sign(
    signer: &dyn JwsSigner,
    kid: &str,
    typ: &str,
    claims: &impl Serialize,
) -> Result<String, Unsignable> {
    #[derive(Serialize)]
    struct Header<'a> {
        alg: &'a str,
        typ: &'a str,
        kid: &'a str,
    }
    let header = Header { alg: signer.algorithm().name(), typ, kid };
    let part =
        |json: serde_json::Result<Vec<u8>>| json.map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|_| Unsignable);
    let mut text = format!("{}.{}", part(serde_json::to_vec(&header))?, part(serde_json::to_vec(claims))?);
    let signature = signer.sign(text.as_bytes()).map_err(|_| Unsignable)?;
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    Ok(text)
}

/// The library could not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token could not be signed")]
pub struct Unsignable;
