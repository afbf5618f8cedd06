//! Keys and proofs of possession, good ones and spoilt ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Map, Value, json};

/// An ES256 key.
pub struct Key {
    pair: EcdsaKeyPair,
}

/// A proof before it is signed; a case may spoil any part of it.
#[derive(Debug, Clone)]
pub struct Proof {
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
}

impl Key {
    /// A new key; `None` only if the machine has no randomness.
    pub fn generate() -> Option<Self> {
        let random = SystemRandom::new();
        let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).ok()?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret.as_ref(), &random).ok()?;
        Some(Self { pair })
    }

    /// The public key as a JWK.
    pub fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
    }

    /// A proof for one request, with the time `now` in Unix seconds.
    pub fn proof(&self, method: &str, url: &str, now: u64) -> Proof {
        let address = url.split(['?', '#']).next().unwrap_or(url);
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        let claims = json!({ "htm": method, "htu": address, "iat": now, "jti": uuid::Uuid::new_v4().to_string() });
        Proof { header: object(header), claims: object(claims) }
    }

    /// Signs header and claims in compact form.
    pub fn sign(&self, proof: &Proof) -> String {
        let part = |map: &Map<String, Value>| encode(Value::Object(map.clone()).to_string().as_bytes());
        let signed = format!("{}.{}", part(&proof.header), part(&proof.claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map(|signature| encode(signature.as_ref())).unwrap_or_default();
        format!("{signed}.{signature}")
    }
}

impl Proof {
    /// Sets a claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a claim out.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets a header member.
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Names the access token.
    pub fn for_token(self, token: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, token.as_bytes());
        self.claim("ath", encode(hash.as_ref()))
    }
}

/// The claims of a JWT, unverified; `None` if it is none.
pub fn claims(token: &str) -> Option<Value> {
    part(token, 1)
}

/// The header of a JWT.
pub fn header(token: &str) -> Option<Value> {
    part(token, 0)
}

fn part(token: &str, index: usize) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(index)?).ok()?).ok()
}

/// Base64url without padding.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_proof_carries_its_key_and_verifies_with_it() {
        let key = Key::generate().expect("a key");
        let jwt = key.sign(&key.proof("GET", "https://pod.example/a?b#c", 1));
        let (signed, signature) = jwt.rsplit_once('.').expect("three parts");
        let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.pair.public_key().as_ref());
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        assert!(verifier.verify(signed.as_bytes(), &signature).is_ok());
        assert_eq!(claims(&jwt).expect("claims")["htu"], "https://pod.example/a");
        assert_eq!(header(&jwt).expect("a header")["jwk"], key.jwk());
    }
}
