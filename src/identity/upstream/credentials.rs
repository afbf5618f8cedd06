//! How we show a provider who we are: a secret, or a key that signs.

use std::path::PathBuf;
use std::time::Duration;

use josekit::jwk::Jwk;
use josekit::jws::{self as jose, JwsSigner};
use serde_json::json;
use zeroize::Zeroizing;

use super::config::Config;
use crate::clock::Timestamp;
use crate::identity::jws;
use crate::secret::{self, Secret};

/// The parameter that says what `client_assertion` is (RFC 7523 §2.2).
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long an assertion is good for.
const LIFETIME: Duration = Duration::from_mins(1);

/// What we show.
pub enum Credentials {
    /// We are a public client.
    None,
    Secret(Secret),
    Key(Key),
}

/// A private key that signs assertions.
pub struct Key {
    id: String,
    signer: Box<dyn JwsSigner>,
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("{0} cannot be read: {1}")]
    File(PathBuf, std::io::Error),
    #[error("{0} is no private key that can sign: a JWK of type EC (P-256) or RSA")]
    Key(PathBuf),
}

impl Credentials {
    /// Reads the files that the settings name.
    ///
    /// Spec: O-301
    pub fn read(config: &Config) -> Result<Self, Unreadable> {
        let read = |path: &PathBuf| {
            let text = std::fs::read_to_string(path).map(Zeroizing::new);
            text.map_err(|error| Unreadable::File(path.clone(), error))
        };
        match (&config.client_secret_file, &config.client_key_file) {
            (Some(path), _) => Ok(Self::Secret(Secret::new(read(path)?.trim()))),
            (None, Some(path)) => {
                let key = Key::read(&read(path)?).ok_or_else(|| Unreadable::Key(path.clone()))?;
                Ok(Self::Key(key))
            }
            (None, None) => Ok(Self::None),
        }
    }
}

impl Key {
    fn read(text: &str) -> Option<Self> {
        let jwk = Jwk::from_bytes(text).ok()?;
        let signer: Box<dyn JwsSigner> = match (jwk.key_type(), jwk.algorithm()) {
            ("EC", None | Some("ES256")) => Box::new(jose::ES256.signer_from_jwk(&jwk).ok()?),
            ("RSA", None | Some("RS256")) => Box::new(jose::RS256.signer_from_jwk(&jwk).ok()?),
            ("RSA", Some("PS256")) => Box::new(jose::PS256.signer_from_jwk(&jwk).ok()?),
            _ => return None,
        };
        Some(Self { id: jwk.key_id().unwrap_or_default().to_owned(), signer })
    }

    /// A signed statement that we are `client`, for the token endpoint of a provider (RFC 7523 §3).
    ///
    /// Spec: O-301
    pub(super) fn assertion(&self, client: &str, audience: &str, now: Timestamp) -> Option<String> {
        let claims = json!({
            "iss": client,
            "sub": client,
            "aud": audience,
            "jti": secret::token(),
            "iat": now.seconds(),
            "exp": now.plus(LIFETIME).seconds(),
        });
        jws::sign(&*self.signer, &self.id, "JWT", &claims).ok()
    }
}

#[cfg(test)]
mod tests {
    use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};

    use super::*;

    fn config(secret: Option<PathBuf>, key: Option<PathBuf>) -> Config {
        let text = "id = 'e'\nname = 'E'\nissuer = 'https://e.example'\nclient_id = 'c'";
        Config { client_secret_file: secret, client_key_file: key, ..toml::from_str(text).unwrap() }
    }

    /// Shows: O-301
    #[test]
    fn credentials_are_read_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Some(path)
        };
        let secret = file("secret", "open sesame\n");
        assert!(matches!(
            Credentials::read(&config(secret.clone(), None)), Ok(Credentials::Secret(secret)) if secret.reveal() == "open sesame"
        ));
        let pair = EcKeyPair::generate(EcCurve::P256).unwrap().to_jwk_key_pair();
        let key = file("key", &serde_json::to_string(&pair).unwrap());
        let Ok(Credentials::Key(key)) = Credentials::read(&config(None, key)) else { panic!("no key") };
        let assertion = key.assertion("c", "https://e.example/token", Timestamp::from_seconds(1000)).unwrap();
        let verifier = jose::ES256.verifier_from_jwk(&pair).unwrap();
        let (payload, _) = josekit::jwt::decode_with_verifier(&assertion, &verifier).unwrap();
        assert_eq!((payload.issuer(), payload.subject()), (Some("c"), Some("c")));
        assert!(matches!(Credentials::read(&config(None, secret)), Err(Unreadable::Key(_))));
        assert!(matches!(Credentials::read(&config(Some("nowhere".into()), None)), Err(Unreadable::File(..))));
        assert!(matches!(Credentials::read(&config(None, None)), Ok(Credentials::None)));
    }
}
