//! Public keys as JSON Web Keys: read strictly, named by their thumbprint.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::Value;
use josekit::jwk::Jwk;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::json::{self, Object};
use super::jws::{Algorithm, Verifier};

/// Members that only private or symmetric keys have.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a JWK is of no use here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("the key holds private members")]
    Private,
    #[error("the key's type or curve is not supported")]
    Type,
    #[error("a member of the key is missing or malformed")]
    Member,
    #[error("an RSA modulus has 2048 to 8192 bits, its exponent is odd, at least 3 and at most 64 bits long")]
    Size,
    #[error("the key is for another algorithm")]
    Algorithm,
    #[error("the point is not on the curve")]
    Point,
}

/// The SHA-256 thumbprint of a key. Two keys with the same one are the same key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// Reads the base64url form that `cnf.jkt` and `dpop_jkt` carry.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl From<Thumbprint> for String {
    fn from(thumbprint: Thumbprint) -> Self {
        thumbprint.to_string()
    }
}

impl TryFrom<String> for Thumbprint {
    type Error = Unusable;

    fn try_from(text: String) -> Result<Self, Unusable> {
        Self::parse(&text).ok_or(Unusable::Member)
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

/// A curve of elliptic curve keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    fn parse(name: &str) -> Option<Self> {
        [Self::P256, Self::P384, Self::P521].into_iter().find(|curve| curve.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of a coordinate.
    const fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A public key. The texts are canonical base64url, so that one key has one thumbprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    Ec { curve: Curve, x: String, y: String },
    Rsa { n: String, e: String },
    Ed25519 { x: String },
}

impl PublicKey {
    /// Reads a public key and nothing but one; whether an EC point is on its curve shows in
    /// [`PublicKey::verifier`].
    ///
    /// Spec: O-14, rfc7518 §6
    pub fn read(jwk: &Object) -> Result<Self, Unusable> {
        if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
            return Err(Unusable::Private);
        }
        let text = |name| json::text(jwk, name).ok().flatten().ok_or(Unusable::Member);
        let exactly = |name, width| {
            let text = text(name)?;
            let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Unusable::Member)?;
            if bytes.len() == width { Ok(text.to_owned()) } else { Err(Unusable::Member) }
        };
        match text("kty")? {
            "EC" => {
                let curve = Curve::parse(text("crv")?).ok_or(Unusable::Type)?;
                Ok(Self::Ec { curve, x: exactly("x", curve.width())?, y: exactly("y", curve.width())? })
            }
            "RSA" => {
                let (n, e) = (text("n")?, text("e")?);
                check_rsa(&integer(n)?, &integer(e)?)?;
                Ok(Self::Rsa { n: n.to_owned(), e: e.to_owned() })
            }
            "OKP" if text("crv")? == "Ed25519" => Ok(Self::Ed25519 { x: exactly("x", 32)? }),
            _ => Err(Unusable::Type),
        }
    }

    /// The thumbprint over the required members, in lexicographic order and without white space.
    ///
    /// Spec: O-24, rfc7638 §3
    pub fn thumbprint(&self) -> Thumbprint {
        let members = match self {
            Self::Ec { curve, x, y } => format!(r#"{{"crv":"{}","kty":"EC","x":"{x}","y":"{y}"}}"#, curve.name()),
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
        };
        Thumbprint(Sha256::digest(members).into())
    }

    /// Whether signatures of this algorithm can be of this key.
    pub fn suits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Ec { curve: Curve::P256, .. } => algorithm == Algorithm::Es256,
            Self::Ec { curve: Curve::P384, .. } => algorithm == Algorithm::Es384,
            Self::Ec { curve: Curve::P521, .. } => algorithm == Algorithm::Es512,
            Self::Rsa { .. } => algorithm.is_rsa(),
            Self::Ed25519 { .. } => algorithm == Algorithm::EdDsa,
        }
    }

    /// Makes ready to verify signatures of one algorithm. Costly: keep it.
    pub fn verifier(&self, algorithm: Algorithm) -> Result<Verifier, Unusable> {
        if !self.suits(algorithm) {
            return Err(Unusable::Algorithm);
        }
        Verifier::new(algorithm, &self.to_jwk()?).ok_or(Unusable::Point)
    }

    /// The required members, as the library wants them.
    fn to_jwk(&self) -> Result<Jwk, Unusable> {
        let members: Vec<(&str, &str)> = match self {
            Self::Ec { curve, x, y } => vec![("kty", "EC"), ("crv", curve.name()), ("x", x), ("y", y)],
            Self::Rsa { n, e } => vec![("kty", "RSA"), ("n", n), ("e", e)],
            Self::Ed25519 { x } => vec![("kty", "OKP"), ("crv", "Ed25519"), ("x", x)],
        };
        let map: Object = members.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        Jwk::from_map(map).map_err(|_| Unusable::Member)
    }
}

/// A positive integer in the shortest form, which RFC 7518 §2 demands.
fn integer(text: &str) -> Result<Vec<u8>, Unusable> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Unusable::Member)?;
    if bytes.first().is_some_and(|first| *first != 0) { Ok(bytes) } else { Err(Unusable::Member) }
}

/// Keeps out keys that are weak, and keys that are slow to verify with.
fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), Unusable> {
    let unused = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    let bits = modulus.len() * 8 - unused;
    let odd = exponent.last().is_some_and(|last| last % 2 == 1);
    let fine = (2048..=8192).contains(&bits) && exponent.len() <= 8 && odd && exponent != [1];
    if fine { Ok(()) } else { Err(Unusable::Size) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(jwk: &Value) -> Result<PublicKey, Unusable> {
        PublicKey::read(jwk.as_object().unwrap())
    }

    fn zeros(bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0; bytes])
    }

    fn number(first: u8, bytes: usize, last: u8) -> String {
        let mut number = vec![0xff; bytes];
        number[0] = first;
        number[bytes - 1] = last;
        URL_SAFE_NO_PAD.encode(number)
    }

    /// The examples of RFC 7638 §3.1 and RFC 8037 §A.3.
    #[test]
    fn thumbprints_are_those_of_the_standards() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
                 FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb\
                 9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls\
                 1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let rsa = read(&json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"})).unwrap();
        assert_eq!(rsa.thumbprint().to_string(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let ed = read(&json!({"kty": "OKP", "crv": "Ed25519", "x": x})).unwrap();
        assert_eq!(ed.thumbprint().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(Thumbprint::parse(&ed.thumbprint().to_string()), Some(ed.thumbprint()));
        assert_eq!(Thumbprint::parse("kPrK"), None);
    }

    #[test]
    fn only_public_keys_of_fit_shape_are_read() {
        let (x, y) = (zeros(32), zeros(32));
        let table = [
            (json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": "AA"}), Unusable::Private),
            (json!({"kty": "oct", "k": "AA"}), Unusable::Private),
            (json!({"kty": "RSA", "n": number(128, 256, 1), "e": "AQAB", "oth": []}), Unusable::Private),
            (json!({"kty": "EC", "crv": "secp256k1", "x": x, "y": y}), Unusable::Type),
            (json!({"kty": "OKP", "crv": "Ed448", "x": zeros(57)}), Unusable::Type),
            (json!({"kty": "AKP", "pub": x}), Unusable::Type),
            (json!({"crv": "P-256", "x": x, "y": y}), Unusable::Member),
            (json!({"kty": "EC", "crv": "P-256", "x": x}), Unusable::Member),
            (json!({"kty": "EC", "crv": "P-256", "x": x, "y": 1}), Unusable::Member),
            (json!({"kty": "EC", "crv": "P-256", "x": zeros(31), "y": zeros(33)}), Unusable::Member),
            (json!({"kty": "EC", "crv": "P-256", "x": format!("{x}="), "y": y}), Unusable::Member),
            (
                json!({"kty": "EC", "crv": "P-256", "x": x.replace("AAA", "AAB"), "y": x.replacen('A', "+", 1)}),
                Unusable::Member,
            ),
            (json!({"kty": "RSA", "n": number(0, 257, 1), "e": "AQAB"}), Unusable::Member),
            (json!({"kty": "RSA", "n": number(128, 256, 1), "e": "AAEAAQ"}), Unusable::Member),
            (json!({"kty": "RSA", "n": number(127, 256, 1), "e": "AQAB"}), Unusable::Size),
            (json!({"kty": "RSA", "n": number(1, 1025, 1), "e": "AQAB"}), Unusable::Size),
            (json!({"kty": "RSA", "n": number(128, 256, 1), "e": "AQ"}), Unusable::Size),
            (json!({"kty": "RSA", "n": number(128, 256, 1), "e": "BA"}), Unusable::Size),
            (json!({"kty": "RSA", "n": number(128, 256, 1), "e": number(1, 9, 1)}), Unusable::Size),
        ];
        for (jwk, why) in table {
            assert_eq!(read(&jwk), Err(why), "{jwk}");
        }
        assert!(read(&json!({"kty": "RSA", "n": number(128, 256, 1), "e": "Aw"})).is_ok());
        assert!(read(&json!({"kty": "RSA", "n": number(128, 1024, 1), "e": "AQAB"})).is_ok());
    }

    #[test]
    fn a_point_off_the_curve_verifies_nothing() {
        let off = read(&json!({"kty": "EC", "crv": "P-256", "x": zeros(32), "y": zeros(32)})).unwrap();
        assert_eq!(off.verifier(Algorithm::Es256).err(), Some(Unusable::Point));
        assert_eq!(off.verifier(Algorithm::Es384).err(), Some(Unusable::Algorithm));
    }
}
