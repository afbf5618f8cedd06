//! Our own keys: made, published, rotated, withdrawn.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value;

use super::world::*;
use crate::clock::Timestamp;
use crate::identity::issue::{IdToken, Token};
use crate::identity::jws::Algorithm;
use crate::identity::keys::Keys;
use crate::secret::SecretKey;
use crate::storage::Storage;

const DAY: u64 = 24 * 60 * 60;

async fn open(house: &Arc<House>, secret: &Arc<SecretKey>, now: Timestamp) -> Arc<Keys> {
    let keys = Keys::open(Arc::clone(house) as Arc<dyn Storage>, Arc::clone(secret), BASE, now).await.unwrap();
    keys.tend(now).await.unwrap();
    keys
}

async fn names(keys: &Keys, algorithm: &str) -> Vec<String> {
    let jwks = keys.jwks().await.unwrap();
    let of_kind = jwks["keys"].as_array().unwrap().iter().filter(|key| key["alg"] == algorithm);
    of_kind.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn signing(keys: &Keys, now: Timestamp) -> String {
    let token = keys.sign(&id_token(), Algorithm::Es256, now).await.unwrap();
    let header = token.split('.').next().unwrap();
    let header = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

fn id_token() -> IdToken<'static> {
    IdToken {
        subject: WEBID,
        webid: WEBID,
        client: CLIENT,
        issued: NOW,
        expires: after(3600),
        authenticated: before(60),
        id: "id",
        nonce: Some("n"),
        access_token: Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        session: "session-1",
        methods: &["pwd"],
        jkt: None,
        name: None,
        picture: None,
        updated: None,
    }
}

/// Shows: O-115, O-184
#[tokio::test]
async fn one_key_of_each_kind_is_made_published_and_kept() {
    let (house, secret) = (Arc::new(House::default()), Arc::new(SecretKey::ephemeral()));
    let keys = open(&house, &secret, NOW).await;
    let jwks = keys.jwks().await.unwrap();
    let members = jwks["keys"].as_array().unwrap().iter().map(|key| {
        let names: BTreeSet<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        names.into_iter().collect::<Vec<_>>().join(" ")
    });
    assert_eq!(members.collect::<Vec<_>>(), ["alg crv kid kty use x y", "alg e kid kty n use"]);
    assert_eq!(open(&house, &secret, NOW).await.jwks().await.unwrap(), jwks);
    let other_secret = open(&house, &Arc::new(SecretKey::ephemeral()), after(1)).await;
    let renewed = names(&other_secret, "ES256").await;
    assert!(renewed.len() == 1 && renewed != names(&keys, "ES256").await[..1], "a lost secret key means new keys");
}

/// Shows: O-182
#[test]
fn who_showed_a_key_of_a_device_was_safe_from_fake_pages() {
    use crate::identity::issue::Token;
    for (methods, acr) in [(&["pwd"][..], None), (&["pwd", "otp", "mfa"], None), (&["hwk"], Some("phr"))] {
        let claims = IdToken { methods, ..id_token() }.claims(BASE);
        assert_eq!(claims.get("acr").and_then(Value::as_str), acr, "{methods:?}");
        assert_eq!(claims["amr"], serde_json::json!(methods));
    }
}

/// Shows: O-182
#[tokio::test]
async fn tokens_are_signed_by_published_keys_and_read_back() {
    let (house, secret) = (Arc::new(House::default()), Arc::new(SecretKey::ephemeral()));
    let keys = open(&house, &secret, NOW).await;
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let token = keys.sign(&id_token(), algorithm, NOW).await.unwrap();
        let claims = keys.read_token(&token).await.unwrap().unwrap();
        assert_eq!(claims, id_token().claims(BASE));
        let unsigned = token.rsplit_once('.').unwrap().0;
        assert_eq!(keys.read_token(&format!("{unsigned}.AAAA")).await.unwrap(), None);
    }
    // The value of OpenID Connect Core §A.3, whose code flow hashes the same way.
    let claims = id_token().claims(BASE);
    assert_eq!(claims["at_hash"], "77QmUPtjPfzWtF2AnpK9RQ");
    assert_eq!(
        (&claims["aud"][0], &claims["aud"][1], &claims["azp"]),
        (&CLIENT.into(), &"solid".into(), &CLIENT.into())
    );
}

/// Shows: O-185
#[tokio::test]
async fn a_successor_is_published_before_it_signs_and_the_old_key_stays_a_while() {
    let (house, secret) = (Arc::new(House::default()), Arc::new(SecretKey::ephemeral()));
    let keys = open(&house, &secret, NOW).await;
    let first = signing(&keys, NOW).await;
    let count = async |days: u64| {
        keys.tend(after(days * DAY)).await.unwrap();
        names(&keys, "ES256").await.len()
    };
    assert_eq!(count(87).await, 1);
    assert_eq!(count(88).await, 2);
    assert_eq!(signing(&keys, after(90 * DAY - 1)).await, first);
    let second = signing(&keys, after(90 * DAY)).await;
    assert_ne!(second, first);
    assert_eq!(count(92).await, 2, "tokens of the first key may still be about");
    assert_eq!(count(93).await, 1);
    assert_eq!(names(&keys, "ES256").await, [second]);
    assert_eq!(names(&keys, "RS256").await.len(), 1);
}

/// Shows: O-185
#[tokio::test]
async fn a_withdrawn_key_is_replaced_at_once() {
    let (house, secret) = (Arc::new(House::default()), Arc::new(SecretKey::ephemeral()));
    let keys = open(&house, &secret, NOW).await;
    let first = signing(&keys, NOW).await;
    keys.withdraw(&first, NOW).await.unwrap();
    assert_ne!(signing(&keys, NOW).await, first);
    assert!(!names(&keys, "ES256").await.contains(&first));
}

#[tokio::test]
async fn nodes_agree_on_the_keys_and_read_them_once() {
    let (house, secret) = (Arc::new(House::default()), Arc::new(SecretKey::ephemeral()));
    let one = open(&house, &secret, NOW).await;
    let two = open(&house, &secret, NOW).await;
    house.overtaken.store(2, Ordering::SeqCst);
    one.tend(after(89 * DAY)).await.unwrap();
    two.tend(after(89 * DAY)).await.unwrap();
    assert_eq!(one.jwks().await.unwrap(), two.jwks().await.unwrap());
    assert_eq!(names(&one, "ES256").await.len(), 2);
    let reads = house.reads.load(Ordering::SeqCst);
    one.jwks().await.unwrap();
    assert_eq!(house.reads.load(Ordering::SeqCst), reads);
}
