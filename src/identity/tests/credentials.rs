//! The checklist of proofs and access tokens, a row a rule.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::KeyPair;
use josekit::jws::{EdDSA, JwsSigner, PS256, RS256};
use parking_lot::Mutex;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::*;
use crate::identity::dpop::Fault as ProofFault;
use crate::identity::{Config, Refused, dpop, token};

#[tokio::test]
async fn a_good_request_names_its_agent() {
    let (world, client) = (World::start().await, Client::new());
    let token = world.token(&client).await;
    for proof in [client.proof(), client.proof_for(&token)] {
        let agent = world.ask(&token, &proof).await.unwrap().unwrap();
        assert_eq!((&*agent.webid, agent.client.as_deref(), &*agent.issuer), (WEBID, Some(CLIENT), BASE));
    }
}

#[tokio::test]
async fn a_request_without_credentials_is_the_publics() {
    let (world, client) = (World::start().await, Client::new());
    assert_eq!(world.send(&[], &[]).await.unwrap(), None);
    assert_eq!(world.send(&[], &[&client.proof()]).await.unwrap(), None);
}

/// Shows: O-7, O-8, O-70, O-71
#[tokio::test]
async fn the_authorization_header_is_one_readable_line_of_our_scheme() {
    let (world, client) = (World::start().await, Client::new());
    let token = world.token(&client).await;
    let (dpop, bearer) = (format!("DPoP {token}"), format!("Bearer {token}"));
    let table: [(&[&str], &str, Option<&str>); 9] = [
        (&[&dpop, &dpop], "ManyTokens", Some("invalid_request")),
        (&[&dpop, "Basic YTpi"], "ManyTokens", Some("invalid_request")),
        (&[""], "Unreadable", Some("invalid_request")),
        (&["DPoP"], "Unreadable", Some("invalid_request")),
        (&["DPoP a b"], "Unreadable", Some("invalid_request")),
        (&["\"x\" y"], "Unreadable", Some("invalid_request")),
        (&["Basic YTpi"], "Scheme", None),
        (&["PoP abc"], "Scheme", None),
        (&[&bearer], "Token(Bearer)", Some("invalid_token")),
    ];
    for (lines, why, code) in table {
        let refused = world.send(lines, &[&client.proof()]).await.unwrap_err();
        assert_eq!(format!("{refused:?}"), why, "{lines:?}");
        assert_eq!(refused.code(), code, "{lines:?}");
    }
    let in_query = format!("{URL}?a=1&access_token={token}");
    let answer = world.identity.identify(&request(&[&dpop], &[&client.proof()], &in_query), NOW).await;
    assert_eq!(refusal(answer), "ManyTokens");
    let lower_case = format!("dpop  {token} ");
    assert!(world.send(&[&lower_case], &[&client.proof()]).await.is_ok());
}

/// Shows: O-11
#[tokio::test]
async fn there_is_exactly_one_proof() {
    let (world, client) = (World::start().await, Client::new());
    let authorization = format!("DPoP {}", world.token(&client).await);
    let proof = client.proof();
    let pair = format!("{proof}, {}", client.proof());
    assert_eq!(refusal(world.send(&[&authorization], &[]).await), "Proof(Count)");
    assert_eq!(refusal(world.send(&[&authorization], &[&proof, &proof]).await), "Proof(Count)");
    assert_eq!(refusal(world.send(&[&authorization], &[&pair]).await), "Proof(Malformed)");
}

/// A change to a good proof, and the refusal it earns.
type ProofRow = (&'static str, fn(&mut Value, &mut Value), &'static str);

/// Shows: O-6, O-13, O-14, O-16, O-17, O-18, O-19, O-20, O-21, O-25, O-26
#[rustfmt::skip]
#[tokio::test]
async fn each_rule_of_proofs_refuses_its_breach() {
    let (world, client) = (World::start().await, Client::new());
    let token = world.token(&client).await;
    let table: [ProofRow; 33] = [
        ("O-13 typ", |header, _| header["typ"] = "JWT".into(), "Proof(Type)"),
        ("O-13 no typ", |header, _| drop(header.as_object_mut().unwrap().remove("typ")), "Proof(Type)"),
        ("O-13 none", |header, _| header["alg"] = "none".into(), "Proof(Algorithm)"),
        ("O-13 HMAC", |header, _| header["alg"] = "HS256".into(), "Proof(Algorithm)"),
        ("O-13 ES256K", |header, _| header["alg"] = "ES256K".into(), "Proof(Algorithm)"),
        ("O-3 RS512 is for tokens only", |header, _| header["alg"] = "RS512".into(), "Proof(Algorithm)"),
        ("O-13 crit", |header, _| header["crit"] = json!(["exp"]), "Proof(Malformed)"),
        ("O-13 no jwk", |header, _| drop(header.as_object_mut().unwrap().remove("jwk")), "Proof(Key(Member))"),
        (
            "O-13 kid only",
            |header, _| *header = json!({"typ": "dpop+jwt", "alg": "ES256", "kid": "a"}),
            "Proof(Key(Member))",
        ),
        ("O-14 private", |header, _| header["jwk"]["d"] = "AA".into(), "Proof(Key(Private))"),
        ("O-14 symmetric", |header, _| header["jwk"] = json!({"kty": "oct", "k": "AA"}), "Proof(Key(Private))"),
        ("O-14 alg of another kind", |header, _| header["alg"] = "RS256".into(), "Proof(Key(Algorithm))"),
        ("O-14 jwk for another alg", |header, _| header["jwk"]["alg"] = "ES384".into(), "Proof(Key(Algorithm))"),
        ("O-14 off the curve", |header, _| header["jwk"]["x"] = header["jwk"]["y"].clone(), "Proof(Key(Point))"),
        ("O-16 no jti", |_, claims| drop(claims.as_object_mut().unwrap().remove("jti")), "Proof(Claims)"),
        ("O-16 empty jti", |_, claims| claims["jti"] = "".into(), "Proof(Claims)"),
        ("O-16 long jti", |_, claims| claims["jti"] = "é".repeat(257).into(), "Proof(Claims)"),
        ("O-16 jti a number", |_, claims| claims["jti"] = 1.into(), "Proof(Claims)"),
        ("O-16 no htm", |_, claims| drop(claims.as_object_mut().unwrap().remove("htm")), "Proof(Claims)"),
        ("O-16 no htu", |_, claims| drop(claims.as_object_mut().unwrap().remove("htu")), "Proof(Claims)"),
        ("O-16 no iat", |_, claims| drop(claims.as_object_mut().unwrap().remove("iat")), "Proof(Claims)"),
        ("O-16 iat a string", |_, claims| claims["iat"] = NOW.seconds().to_string().into(), "Proof(Claims)"),
        ("O-17 method", |_, claims| claims["htm"] = "PUT".into(), "Proof(Method)"),
        ("O-17 case", |_, claims| claims["htm"] = "get".into(), "Proof(Method)"),
        ("O-17 HEAD is not GET", |_, claims| claims["htm"] = "HEAD".into(), "Proof(Method)"),
        ("O-18 path", |_, claims| claims["htu"] = format!("{URL}/").into(), "Proof(Address)"),
        ("O-18 double slash", |_, claims| claims["htu"] = URL.replace("/notes", "//notes").into(), "Proof(Address)"),
        ("O-18 host", |_, claims| claims["htu"] = URL.replace("pods", "evil").into(), "Proof(Address)"),
        ("O-18 relative", |_, claims| claims["htu"] = "/alice/notes/today.ttl".into(), "Proof(Address)"),
        ("O-21 old", |_, claims| claims["iat"] = before(241).seconds().into(), "Proof(Time(Timestamp(1700000000000)))"),
        (
            "O-21 ahead",
            |_, claims| claims["iat"] = after(121).seconds().into(),
            "Proof(Time(Timestamp(1700000000000)))",
        ),
        ("O-25 ath", |_, claims| claims["ath"] = "A".repeat(43).into(), "Proof(TokenHash)"),
        ("O-25 ath a number", |_, claims| claims["ath"] = 1.into(), "Proof(Claims)"),
    ];
    for (rule, change, why) in table {
        assert_eq!(refusal(world.ask(&token, &client.proof_with(change)).await), why, "{rule}");
    }
    let good: [ProofRow; 9] = [
        ("O-14 jwk with its alg", |header, _| header["jwk"]["alg"] = "ES256".into(), ""),
        (
            "O-13 kid, jku and x5u are ignored",
            |header, _| {
                for name in ["kid", "jku", "x5u"] {
                    header[name] = "https://evil.example/".into();
                }
            },
            "",
        ),
        ("O-16 other claims", |_, claims| claims["more"] = json!([1]), ""),
        ("O-16 a fraction", |_, claims| claims["iat"] = json!(1_699_999_999.5), ""),
        ("O-16 jti of 256 characters", |_, claims| claims["jti"] = "é".repeat(256).into(), ""),
        ("O-18 query and fragment", |_, claims| claims["htu"] = format!("{URL}?a=b#c").into(), ""),
        (
            "O-18 normal form",
            |_, claims| claims["htu"] = "HTTPS://PODS.example:443/alice/./%6Eotes/today.ttl".into(),
            "",
        ),
        ("O-21 as old as may be", |_, claims| claims["iat"] = before(240).seconds().into(), ""),
        ("O-21 as far ahead as may be", |_, claims| claims["iat"] = after(120).seconds().into(), ""),
    ];
    for (rule, change, _) in good {
        assert!(world.ask(&token, &client.proof_with(change)).await.is_ok(), "{rule}");
    }
}

/// Shows: O-12, O-15, rfc7515 §7.1
#[tokio::test]
async fn a_proof_is_a_compact_jws_of_strict_json() {
    let (world, client) = (World::start().await, Client::new());
    let token = world.token(&client).await;
    let (good, header) = (client.proof(), client.header().to_string());
    let parts: Vec<&str> = good.split('.').collect();
    let twice = header.replacen('{', r#"{"alg":"ES256","#, 1);
    let twice_inside = header.replacen(r#""kty""#, r#""kty":"RSA","kty""#, 1);
    let table = [
        String::new(),
        "a.b.c".to_owned(),
        parts[..2].join("."),
        format!("{good}.{}", parts[2]),
        format!("{good}="),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        client.sign(&twice, "{}"),
        client.sign(&twice_inside, "{}"),
        client.sign(&header, r#"{"iat":1,"iat":1}"#),
        client.sign(&header, "[]"),
        client.proof_with(|_, claims| claims["more"] = "x".repeat(8192).into()),
    ];
    for proof in table {
        assert_eq!(refusal(world.ask(&token, &proof).await), "Proof(Malformed)", "{proof}");
    }
    let forged = format!("{}.{}.{}", parts[0], parts[1], client.proof().rsplit('.').next().unwrap());
    assert_eq!(refusal(world.ask(&token, &forged).await), "Proof(Signature)");
    let stolen_key = Client::new().proof_with(|header, _| header["jwk"] = client.header()["jwk"].clone());
    assert_eq!(refusal(world.ask(&token, &stolen_key).await), "Proof(Signature)");
}

#[tokio::test]
async fn keys_of_every_listed_kind_prove_possession() {
    let world = World::start().await;
    let rsa = RS256.generate_key_pair(2048).unwrap();
    let rsa_key = rsa.to_der_private_key();
    let mut pss_key = rsa.to_jwk_private_key();
    pss_key.set_algorithm("PS256");
    let pss: Box<dyn JwsSigner> = Box::new(PS256.signer_from_jwk(&pss_key).unwrap());
    let ed = EdDSA.generate_key_pair(josekit::jwk::alg::ed::EdCurve::Ed25519).unwrap();
    let clients = [
        Client::of(&rsa, Box::new(RS256.signer_from_der(&rsa_key).unwrap())),
        Client::of(&rsa, pss),
        Client::of(&ed, Box::new(EdDSA.signer_from_der(ed.to_der_private_key()).unwrap())),
    ];
    for client in clients {
        let token = world.token(&client).await;
        assert!(world.ask(&token, &client.proof()).await.is_ok(), "{}", client.header());
    }
}

/// Shows: O-22, rfc9449 §11.1
#[tokio::test]
async fn a_proof_counts_once_and_is_spent_by_success_only() {
    let (world, client) = (World::start().await, Client::new());
    let (token, proof) = (world.token(&client).await, client.proof());
    world.profiles.list(WEBID, &[]);
    assert_eq!(refusal(world.ask(&token, &proof).await), "Token(NotListed)");
    world.profiles.list(WEBID, &[BASE]);
    assert!(world.ask(&token, &proof).await.is_ok());
    assert_eq!(refusal(world.ask(&token, &proof).await), "Proof(Replayed)");
    assert_eq!(refusal(world.ask_at(after(240), &token, &proof).await), "Proof(Replayed)");
}

#[tokio::test]
async fn proofs_from_before_the_start_are_refused() {
    let (world, client) = (World::start().await, Client::new());
    let token = world.token_with(|token| {
        token.jkt = Some(client.jkt());
        token.issued = before(5000);
    });
    let early = client.proof_at(before(3601));
    let answer = world.ask_at(before(3500), &token.await, &early).await;
    assert!(matches!(answer, Err(Refused::Proof(ProofFault::BeforeStart(_)))), "{answer:?}");
}

/// Shows: O-26
#[tokio::test]
async fn a_missing_ath_is_refused_on_demand() {
    let client = Client::new();
    let world = World::with(Config { require_ath: true, ..Config::default() }).await;
    let token = world.token(&client).await;
    assert_eq!(refusal(world.ask(&token, &client.proof()).await), "Proof(TokenHashMissing)");
    assert!(world.ask(&token, &client.proof_for(&token)).await.is_ok());
}

/// Shows: O-24, O-71
#[tokio::test]
async fn a_token_is_of_use_to_the_holder_of_its_key_only() {
    let (world, client) = (World::start().await, Client::new());
    let token = world.token(&client).await;
    assert_eq!(refusal(world.ask(&token, &Client::new().proof()).await), "Token(OtherKey)");
    assert!(world.ask(&token, &client.proof()).await.is_ok());
    assert_eq!(refusal(world.ask(&token, &Client::new().proof()).await), "Token(OtherKey)", "nor once it is known");
    let unbound = world.token_with(|_| {}).await;
    assert_eq!(refusal(world.ask(&unbound, &client.proof()).await), "Token(Unbound)");
}

/// Shows: O-70, rfc9449 §7.2
#[tokio::test]
async fn bearer_tokens_count_on_demand_and_never_if_they_are_bound() {
    let client = Client::new();
    let world = World::with(Config { allow_bearer: true, ..Config::default() }).await;
    let (bound, unbound) = (world.token(&client).await, world.token_with(|_| {}).await);
    let send = async |token: &str| world.send(&[&format!("Bearer {token}")], &[]).await;
    assert!(send(&unbound).await.is_ok());
    assert!(send(&unbound).await.is_ok(), "a bearer token may be sent again");
    assert_eq!(refusal(send(&bound).await), "Token(Downgrade)");
}

/// Shows: O-40, O-44, O-45, O-54
#[tokio::test]
async fn a_token_of_ours_ends_with_its_session_its_key_or_its_listing() {
    let (world, client) = (World::start().await, Client::new());
    let token = world.token(&client).await;
    let ask = async || world.ask(&token, &client.proof()).await;
    assert!(ask().await.is_ok());
    world.revoked.0.lock().insert("session-1".to_owned());
    assert_eq!(refusal(ask().await), "Token(Revoked)");
    world.revoked.0.lock().clear();
    world.profiles.list(WEBID, &["https://other.example/"]);
    assert_eq!(refusal(ask().await), "Token(NotListed)");
    world.profiles.remove(WEBID);
    assert_eq!(refusal(ask().await), "Token(WebIdDocument)");
    world.profiles.list(WEBID, &["https://pods.example"]);
    assert!(ask().await.is_ok());
    let keys = world.keys.jwks().await.unwrap();
    world.keys.withdraw(keys["keys"][0]["kid"].as_str().unwrap(), NOW).await.unwrap();
    assert_eq!(refusal(ask().await), "Token(Signature)");
}

#[tokio::test]
async fn a_proof_at_the_token_endpoint_gives_its_key_once() {
    let (world, client) = (World::start().await, Client::new());
    let proof = client.proof();
    let prove = |lines: &[&[u8]], method| world.identity.prove(lines, method, URL, NOW);
    assert_eq!(prove(&[proof.as_bytes()], "GET").unwrap(), client.jkt());
    assert!(matches!(prove(&[proof.as_bytes()], "GET"), Err(Refused::Proof(ProofFault::Replayed))));
    assert!(matches!(prove(&[client.proof().as_bytes()], "POST"), Err(Refused::Proof(ProofFault::Method))));
    assert!(matches!(prove(&[], "GET"), Err(Refused::Proof(ProofFault::Count))));
}

/// A change to a good access token, and the refusal it earns.
type TokenRow = (&'static str, fn(&mut Value, &mut Value), &'static str);

fn without(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name);
}

/// Shows: O-31, O-33, O-34, O-35, O-36, O-37, O-71
#[rustfmt::skip]
#[tokio::test]
async fn each_rule_of_access_tokens_refuses_its_breach() {
    let (world, client) = (World::start().await, Client::new());
    let forger = Client::new();
    let forged = |change: fn(&mut Value, &mut Value)| {
        let mut header = json!({"typ": "at+jwt", "alg": "ES256", "kid": "k"});
        let mut claims = json!({
            "iss": BASE, "webid": WEBID, "aud": "solid", "client_id": CLIENT, "azp": CLIENT,
            "iat": NOW.seconds(), "exp": after(600).seconds(), "cnf": {"jkt": client.jkt().to_string()},
        });
        change(&mut header, &mut claims);
        forger.sign(&header.to_string(), &claims.to_string())
    };
    let table: [TokenRow; 41] = [
        ("O-31 typ", |header, _| header["typ"] = "dpop+jwt".into(), "Token(Type)"),
        ("O-31 typ a number", |header, _| header["typ"] = 1.into(), "Token(Type)"),
        ("O-31 none", |header, _| header["alg"] = "none".into(), "Token(Algorithm)"),
        ("O-31 HMAC", |header, _| header["alg"] = "HS256".into(), "Token(Algorithm)"),
        ("O-31 ES256K", |header, _| header["alg"] = "ES256K".into(), "Token(Algorithm)"),
        ("O-31 crit", |header, _| header["crit"] = json!(["x"]), "Token(Malformed)"),
        ("O-31 kid a number", |header, _| header["kid"] = 1.into(), "Token(Malformed)"),
        ("O-33 no iss", |_, claims| without(claims, "iss"), "Token(Claim(\"iss\"))"),
        ("O-33 iss a list", |_, claims| claims["iss"] = json!([BASE]), "Token(Claim(\"iss\"))"),
        ("O-33 O-37 no webid", |_, claims| {
            without(claims, "webid");
            claims["sub"] = WEBID.into();
        }, "Token(Claim(\"webid\"))"),
        ("O-33 no aud", |_, claims| without(claims, "aud"), "Token(Claim(\"aud\"))"),
        ("O-33 another aud", |_, claims| claims["aud"] = CLIENT.into(), "Token(Audience)"),
        ("O-33 an aud without solid", |_, claims| claims["aud"] = json!([CLIENT, "Solid"]), "Token(Audience)"),
        ("O-33 aud an object", |_, claims| claims["aud"] = json!({"solid": 1}), "Token(Audience)"),
        ("O-33 no exp", |_, claims| without(claims, "exp"), "Token(Claim(\"exp\"))"),
        ("O-33 no iat", |_, claims| without(claims, "iat"), "Token(Claim(\"iat\"))"),
        ("O-33 cnf without jkt", |_, claims| claims["cnf"] = json!({"x5t#S256": "a"}), "Token(Claim(\"cnf\"))"),
        ("O-33 jkt that is none", |_, claims| claims["cnf"]["jkt"] = "a".into(), "Token(Claim(\"cnf\"))"),
        ("O-34 two clients", |_, claims| claims["azp"] = "https://other.example/".into(), "Token(Clients)"),
        ("O-34 client a number", |_, claims| claims["client_id"] = 1.into(), "Token(Claim(\"client_id\"))"),
        ("O-35 expired", |_, claims| claims["exp"] = before(30).seconds().into(), "Token(Expired)"),
        ("O-35 exp a string", |_, claims| claims["exp"] = "9999999999".into(), "Token(Claim(\"exp\"))"),
        ("O-35 early", |_, claims| claims["iat"] = after(121).seconds().into(), "Token(Early)"),
        ("O-35 not before", |_, claims| claims["nbf"] = after(121).seconds().into(), "Token(Early)"),
        ("O-35 nbf a string", |_, claims| claims["nbf"] = "0".into(), "Token(Claim(\"nbf\"))"),
        ("O-35 old", |_, claims| claims["iat"] = before(86_401).seconds().into(), "Token(Old)"),
        ("O-36 http issuer", |_, claims| claims["iss"] = "http://pods.example/".into(), "Token(IssuerAddress)"),
        ("O-36 loopback issuer", |_, claims| claims["iss"] = "http://localhost/".into(), "Token(IssuerAddress)"),
        ("O-36 issuer with query", |_, claims| claims["iss"] = "https://a.example/?x".into(), "Token(IssuerAddress)"),
        ("O-36 issuer with fragment", |_, claims| claims["iss"] = "https://a.example/#".into(), "Token(IssuerAddress)"),
        ("O-36 issuer with user", |_, claims| claims["iss"] = "https://u@a.example/".into(), "Token(IssuerAddress)"),
        ("O-36 issuer that is no URL", |_, claims| claims["iss"] = "a.example".into(), "Token(IssuerAddress)"),
        ("O-36 issuer with white space", |_, claims| claims["iss"] = " https://a.example/".into(), "Token(IssuerAddress)"),
        ("O-36 http WebID", |_, claims| claims["webid"] = "http://pods.example/a#me".into(), "Token(WebIdAddress)"),
        ("O-36 WebID with query", |_, claims| claims["webid"] = "https://a.example/?a#me".into(), "Token(WebIdAddress)"),
        ("O-36 WebID with user", |_, claims| claims["webid"] = "https://u:p@a.example/#me".into(), "Token(WebIdAddress)"),
        ("O-36 WebID of another scheme", |_, claims| claims["webid"] = "did:key:z6Mk".into(), "Token(WebIdAddress)"),
        ("O-36 WebID that would leave its quotes", |_, claims| claims["webid"] = "https://a.example/>".into(), "Token(WebIdAddress)"),
        ("O-36 endless WebID", |_, claims| claims["webid"] = format!("https://a.example/{}", "a".repeat(2048)).into(), "Token(WebIdAddress)"),
        ("O-71 unbound", |_, claims| without(claims, "cnf"), "Token(Unbound)"),
        ("O-31 another's signature", |_, _| {}, "Token(Signature)"),
    ];
    for (rule, change, why) in table {
        assert_eq!(refusal(world.ask(&forged(change), &client.proof()).await), why, "{rule}");
    }
    let twice = forger.sign(r#"{"alg":"ES256"}"#, r#"{"iss":"a","iss":"b"}"#);
    assert_eq!(refusal(world.ask(&twice, &client.proof()).await), "Token(Malformed)");
    let long = forged(|_, claims| claims["more"] = "x".repeat(16 * 1024).into());
    assert_eq!(refusal(world.ask(&long, &client.proof()).await), "Token(Malformed)");
}

/// What is logged while this lives.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Shows: O-72
#[tokio::test]
async fn a_failure_is_logged_with_its_reason_and_without_secrets_or_people() {
    let (world, client) = (World::start().await, Client::new());
    let (token, proof) = (world.token(&client).await, client.proof_with(|_, claims| claims["htm"] = "PUT".into()));
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    let logging = tracing::subscriber::set_default(subscriber);
    world.ask(&token, &proof).await.unwrap_err();
    drop(logging);
    let line = String::from_utf8(log.0.lock().clone()).unwrap();
    assert!([BASE, CLIENT, "htm"].iter().all(|part| line.contains(part)), "{line}");
    let told = [token.as_str(), token.rsplit('.').next().unwrap(), proof.as_str(), WEBID];
    assert!(!told.iter().any(|part| line.contains(part)), "{line}");
}

proptest! {
    /// What strangers send ends in a refusal, never in a panic.
    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,200}", header in any_json(), payload in any_json()) {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        for text in [text, format!("{}.{}.AAAA", part(&header), part(&payload))] {
            let _ = dpop::parse(&text);
            let _ = token::parse(&text);
        }
    }
}

/// Objects with the members that are looked at, of any type.
fn any_json() -> impl Strategy<Value = Value> {
    let names =
        ["alg", "typ", "jwk", "crit", "kid", "kty", "crv", "x", "iss", "aud", "webid", "iat", "exp", "cnf", "jkt"];
    let texts = ["ES256", "dpop+jwt", "at+jwt", "EC", "P-256", "RSA", "solid", "https://a.example/", "AAAA", ""];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(Vec::from(texts)).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let names = prop::sample::select(Vec::from(names));
    leaf.prop_recursive(3, 24, 8, move |inner| {
        let object = prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner.clone(), 0..8);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
