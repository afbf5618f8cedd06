//! Being told that somebody signed out at the provider (OpenID Connect Back-Channel Logout).

use std::time::Duration;

use super::config::Config;
use super::provider::Metadata;
use super::{Fault, unacceptable};
use crate::clock::Timestamp;
use crate::identity::issuer;
use crate::identity::json::{self, Object};
use crate::identity::jws::Compact;

/// The event that a logout token names.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Bytes of the longest logout token.
const LONGEST: usize = 16 << 10;
/// How old a logout token may be.
const LIFETIME: Duration = Duration::from_mins(10);
/// How far clocks may differ.
const SKEW: Duration = Duration::from_mins(2);
/// How long the id of a logout token is remembered: as long as it could be believed.
pub const REMEMBERED: Duration = Duration::from_mins(13);

/// Who signed out at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedOut {
    pub issuer: String,
    /// Whose sessions end. One of the two is there.
    pub subject: Option<String>,
    /// The one session there that ended.
    pub sid: Option<String>,
    /// The token's own id: it is used once.
    pub id: String,
}

/// Whether a key of the provider signed the token.
///
/// Spec: O-310
pub(super) fn is_signed(token: &Compact<'_>, config: &Config, metadata: &Metadata) -> bool {
    let Some(algorithm) = token.algorithm().filter(|algorithm| config.algorithms.contains(algorithm)) else {
        return false;
    };
    let Ok(kid) = json::text(&token.header, "kid") else { return false };
    let jwks = serde_json::to_value(metadata.jwks()).ok();
    let keys = jwks.as_ref().and_then(|jwks| jwks.as_object()).and_then(issuer::keys).unwrap_or_default();
    issuer::verifiers(&keys, kid, algorithm).any(|verifier| token.is_signed_by(&verifier))
}

pub(super) fn parse(token: &str) -> Result<Compact<'_>, Fault> {
    Compact::parse(token, LONGEST).ok_or(unacceptable("logout token"))
}

/// Reads the claims of a logout token whose signature is good.
///
/// Spec: O-310
pub(super) fn read(claims: &Object, config: &Config, now: Timestamp) -> Result<SignedOut, Fault> {
    let text = |name| json::text(claims, name).map_err(|_| unacceptable("logout token"));
    let time = |name| json::time(claims, name).map_err(|_| unacceptable("logout token"));
    if text("iss")? != Some(&config.issuer) {
        return Err(unacceptable("iss"));
    }
    let ours = |value: &serde_json::Value| value == &config.client_id;
    if !claims.get("aud").is_some_and(|aud| ours(aud) || aud.as_array().is_some_and(|all| all.iter().any(ours))) {
        return Err(unacceptable("aud"));
    }
    let issued = time("iat")?.ok_or(unacceptable("iat"))?;
    if issued.plus(LIFETIME) < now || issued > now.plus(SKEW) {
        return Err(unacceptable("iat"));
    }
    if time("exp")?.is_some_and(|expires| expires.plus(SKEW) < now) {
        return Err(unacceptable("exp"));
    }
    if !claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(serde_json::Value::is_object) {
        return Err(unacceptable("events"));
    }
    // An ID token must not pass for a logout token.
    if claims.contains_key("nonce") {
        return Err(unacceptable("nonce"));
    }
    let (subject, sid) = (text("sub")?.map(str::to_owned), text("sid")?.map(str::to_owned));
    if subject.is_none() && sid.is_none() {
        return Err(unacceptable("sub and sid"));
    }
    let id = text("jti")?.filter(|id| !id.is_empty()).ok_or(unacceptable("jti"))?.to_owned();
    Ok(SignedOut { issuer: config.issuer.clone(), subject, sid, id })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_793_000_000);

    fn config() -> Config {
        toml::from_str("id = 'e'\nname = 'E'\nissuer = 'https://ent.example'\nclient_id = 'cartable'").unwrap()
    }

    fn token() -> Value {
        json!({
            "iss": "https://ent.example", "aud": "cartable", "iat": NOW.seconds(), "jti": "1", "sub": "malo",
            "events": { EVENT: {} },
        })
    }

    fn outcome(claims: &Value) -> Result<SignedOut, Fault> {
        read(claims.as_object().unwrap(), &config(), NOW)
    }

    /// Shows: O-310
    #[test]
    fn a_logout_token_names_a_person_or_a_session() {
        assert_eq!(outcome(&token()).unwrap().subject.as_deref(), Some("malo"));
        let mut token = token();
        token["aud"] = json!(["other", "cartable"]);
        token["sid"] = json!("s1");
        token.as_object_mut().unwrap().remove("sub");
        let signed_out = outcome(&token).unwrap();
        assert_eq!((signed_out.subject, signed_out.sid.as_deref()), (None, Some("s1")));
    }

    /// Shows: O-310
    #[test]
    fn each_fault_of_a_logout_token_is_found() {
        let table = [
            ("iss", json!("https://other.example"), "iss"),
            ("iss", Value::Null, "logout token"),
            ("aud", json!("other"), "aud"),
            ("aud", json!(["other"]), "aud"),
            ("iat", json!(NOW.seconds() - 601), "iat"),
            ("iat", json!(NOW.seconds() + 121), "iat"),
            ("iat", json!("now"), "logout token"),
            ("exp", json!(NOW.seconds() - 121), "exp"),
            ("events", json!({}), "events"),
            ("events", json!({ EVENT: 1 }), "events"),
            ("nonce", json!("n"), "nonce"),
            ("jti", json!(""), "jti"),
            ("sub", json!(7), "logout token"),
        ];
        for (name, value, why) in table {
            let mut token = token();
            token[name] = value;
            assert_eq!(outcome(&token), Err(unacceptable(why)), "{name}");
        }
        for (name, why) in [("iss", "iss"), ("aud", "aud"), ("iat", "iat"), ("events", "events"), ("jti", "jti")] {
            let mut token = token();
            token.as_object_mut().unwrap().remove(name);
            assert_eq!(outcome(&token), Err(unacceptable(why)), "{name}");
        }
        let mut nobody = token();
        nobody.as_object_mut().unwrap().remove("sub");
        assert_eq!(outcome(&nobody), Err(unacceptable("sub and sid")));
    }
}
