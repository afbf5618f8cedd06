//! DPoP: a token from the server, and proofs signed ahead of the load.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jws::alg::ecdsa::{EcdsaJwsSigner, EcdsaJwsVerifier};
use josekit::jws::{ES256, JwsSigner, JwsVerifier};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::Result;
use crate::server::{Person, Place, with_body};

/// A key, and the token bound to it.
pub struct Holder {
    signer: EcdsaJwsSigner,
    verifier: EcdsaJwsVerifier,
    header: String,
    token: String,
    made: u64,
}

impl Holder {
    /// Gets a token with a person's credentials.
    pub async fn sign_in(place: &Place, person: &Person) -> Result<Self> {
        let key = Jwk::generate_ec_key(EcCurve::P256)?;
        let public = key.to_public_key()?;
        let part = |name: &str| public.parameter(name).cloned().ok_or("the key lacks a coordinate");
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": part("x")?, "y": part("y")? });
        let header = URL_SAFE_NO_PAD.encode(json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }).to_string());
        let (signer, verifier) = (ES256.signer_from_jwk(&key)?, ES256.verifier_from_jwk(&public)?);
        let mut holder = Self { signer, verifier, header, token: String::new(), made: 0 };

        let path = "/.oidc/token";
        let basic = STANDARD.encode(format!("{}:{}", person.id, person.secret));
        let proof = holder.proof("POST", &format!("{}.oidc/token", place.base()))?;
        let headers = format!(
            "Authorization: Basic {basic}\r\nDPoP: {proof}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        );
        let body = b"grant_type=client_credentials&scope=webid";
        let answer = place.ask(&with_body("POST", place.address, path, &headers, body)).await?;
        let told: serde_json::Value = serde_json::from_slice(&answer.body)?;
        told["access_token"].as_str().ok_or("no token")?.clone_into(&mut holder.token);
        Ok(holder)
    }

    /// The header lines that authorise one request.
    pub fn headers(&mut self, method: &str, url: &str) -> Result<String> {
        let proof = self.proof(method, url)?;
        Ok(format!("Authorization: DPoP {}\r\nDPoP: {proof}\r\n", self.token))
    }

    /// A proof for one request.
    pub fn proof(&mut self, method: &str, url: &str) -> Result<String> {
        self.made += 1;
        let iat = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.token));
        let claims =
            json!({ "jti": format!("bench-{}", self.made), "htm": method, "htu": url, "iat": iat, "ath": ath });
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(self.signer.sign(signed.as_bytes())?);
        Ok(format!("{signed}.{signature}"))
    }

    /// How many ES256 signatures one core verifies in a second, the verifier being kept.
    pub fn verifications_per_second(&self, time: Duration) -> Result<f64> {
        let message = self.header.as_bytes();
        let signature = self.signer.sign(message)?;
        let started = Instant::now();
        let mut done = 0_u32;
        while started.elapsed() < time {
            for _ in 0..100 {
                self.verifier.verify(message, &signature)?;
            }
            done += 100;
        }
        Ok(f64::from(done) / started.elapsed().as_secs_f64())
    }
}
