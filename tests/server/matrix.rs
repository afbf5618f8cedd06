//! Each rule of proofs and access tokens, broken once, over HTTP: the status, the error code, what is said of it, and
//! that nothing was kept of the request.
//!
//! Issuers elsewhere and their outages are in the tests beside the code, where a stranger's server can be played.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cartable::clock::Clock;
use cartable::identity::{Config, Policy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::applications::{App, BACK, VERIFIER};
use crate::world::{Answer, Person, Settings, World, versions};

/// The place that every request would create if it were believed.
const PLACE: &str = "matrix/note";

/// A request as it is sent.
struct Sent {
    authorization: String,
    proofs: Vec<String>,
    url: String,
    host: Option<&'static str>,
}

impl Sent {
    async fn put(&self, world: &World) -> Answer {
        let stranger = world.nobody.anonymous();
        let asking = stranger.ask("PUT", &self.url).header("authorization", &self.authorization);
        let asking = self.proofs.iter().fold(asking, |asking, proof| asking.header("dpop", proof));
        let asking = if let Some(host) = self.host { asking.header("host", host) } else { asking };
        asking.turtle("<> a <#Note>.").send().await
    }
}

/// What comes of a broken request.
struct Told {
    status: u16,
    error: &'static str,
    says: &'static str,
}

const fn proof(says: &'static str) -> Told {
    Told { status: 401, error: "invalid_dpop_proof", says }
}

const fn token(says: &'static str) -> Told {
    Told { status: 401, error: "invalid_token", says }
}

/// Sends a broken request: it is refused as it should be, and leaves nothing behind.
async fn refused(world: &World, rule: &str, sent: Sent, told: Told) {
    let before = (versions(world.storage.as_ref()).await, world.storage.house_version().await.unwrap());
    let answer = sent.put(world).await;
    assert_eq!(answer.status.as_u16(), told.status, "{rule}: {answer:?}");
    let challenge = answer.field("www-authenticate");
    if told.status == 401 {
        assert!(challenge.starts_with("DPoP ") && challenge.contains("Bearer "), "{rule}: {challenge}");
    }
    let code = if told.error.is_empty() { String::new() } else { format!("error=\"{}\"", told.error) };
    assert!(challenge.contains(&code), "{rule}: {challenge}");
    assert_eq!(challenge.contains("error="), !told.error.is_empty(), "{rule}: {challenge}");
    assert!(answer.json()["detail"].as_str().unwrap_or_default().contains(told.says), "{rule}: {}", answer.text());
    let after = (versions(world.storage.as_ref()).await, world.storage.house_version().await.unwrap());
    assert_eq!(after, before, "{rule} left something behind");
    world.alice.get(PLACE).await.is(404);
}

/// A change to the header and the claims of something that is signed.
type Change = fn(&mut Value, &mut Value);

fn without(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name);
}

/// Alice, and where she would write.
struct Scene {
    world: World,
    url: String,
    token: String,
}

impl Scene {
    async fn start() -> Self {
        Self::with(Config::default()).await
    }

    async fn with(identity: Config) -> Self {
        let world = World::with(Settings { identity, ..Settings::default() }).await;
        // The RS256 key is made in the background; what is counted below is counted after that.
        world.keys.tend(world.clock.now()).await.unwrap();
        let (url, token) = (world.alice.url(PLACE), world.alice.token().to_owned());
        Self { world, url, token }
    }

    fn alice(&self) -> &Person {
        &self.world.alice
    }

    /// A good proof, changed.
    fn proof(&self, change: Change) -> String {
        let mut header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.alice().jwk() });
        let id = uuid::Uuid::new_v4().to_string();
        let now = self.world.clock.now().seconds();
        let mut claims = json!({ "htm": "PUT", "htu": self.url, "iat": now, "jti": id });
        change(&mut header, &mut claims);
        self.alice().signed(&header.to_string(), &claims.to_string())
    }

    /// An access token that would be good if our key had signed it, changed.
    fn forged(&self, change: Change) -> String {
        let now = self.world.clock.now().seconds();
        let mut header = json!({ "typ": "at+jwt", "alg": "ES256" });
        let mut claims = json!({
            "iss": self.world.base, "webid": self.alice().webid(), "aud": "solid", "client_id": "app", "azp": "app",
            "iat": now, "exp": now + 600, "jti": "x", "cnf": { "jkt": self.alice().thumbprint().to_string() },
        });
        change(&mut header, &mut claims);
        self.world.carol.signed(&header.to_string(), &claims.to_string())
    }

    fn sent(&self, token: &str, proofs: impl IntoIterator<Item = String>) -> Sent {
        let proofs = proofs.into_iter().collect();
        Sent { authorization: format!("DPoP {token}"), proofs, url: self.url.clone(), host: None }
    }
}

/// Shows: O-422, O-6, O-13, O-14, O-16, O-17, O-18, O-20, O-21, O-25
#[tokio::test]
async fn each_rule_of_proofs_has_its_refusal() {
    let scene = Scene::start().await;
    let table: [(&str, Change, Told); 32] = [
        ("O-12 too long", |_, claims| claims["more"] = "x".repeat(8192).into(), proof("compact JWS")),
        ("O-13 typ", |header, _| header["typ"] = "JWT".into(), proof("typ")),
        ("O-13 no typ", |header, _| without(header, "typ"), proof("typ")),
        ("O-13 alg none", |header, _| header["alg"] = "none".into(), proof("alg")),
        ("O-13 alg HS256", |header, _| header["alg"] = "HS256".into(), proof("alg")),
        ("O-13 alg ES256K", |header, _| header["alg"] = "ES256K".into(), proof("alg")),
        ("O-13 crit", |header, _| header["crit"] = json!(["exp"]), proof("compact JWS")),
        ("O-13 no jwk", |header, _| without(header, "jwk"), proof("jwk")),
        (
            "O-13 jku only",
            |header, _| {
                without(header, "jwk");
                header["jku"] = "https://evil.example/keys".into();
            },
            proof("jwk"),
        ),
        ("O-14 private key", |header, _| header["jwk"]["d"] = "AA".into(), proof("private")),
        ("O-14 symmetric key", |header, _| header["jwk"] = json!({ "kty": "oct", "k": "AA" }), proof("private")),
        (
            "O-14 small RSA key",
            |header, _| {
                header["alg"] = "RS256".into();
                header["jwk"] = json!({ "kty": "RSA", "e": "AQAB", "n": "w".repeat(171) });
            },
            proof("2048"),
        ),
        ("O-14 another curve", |header, _| header["jwk"]["crv"] = "secp256k1".into(), proof("curve")),
        ("O-14 key for another alg", |header, _| header["alg"] = "PS256".into(), proof("another algorithm")),
        ("O-14 jwk with another alg", |header, _| header["jwk"]["alg"] = "ES384".into(), proof("another algorithm")),
        ("O-14 off the curve", |header, _| header["jwk"]["x"] = header["jwk"]["y"].clone(), proof("curve")),
        ("O-16 no jti", |_, claims| without(claims, "jti"), proof("jti")),
        ("O-16 long jti", |_, claims| claims["jti"] = "x".repeat(257).into(), proof("jti")),
        ("O-16 no htm", |_, claims| without(claims, "htm"), proof("htm")),
        ("O-16 no htu", |_, claims| without(claims, "htu"), proof("htu")),
        ("O-16 no iat", |_, claims| without(claims, "iat"), proof("iat")),
        ("O-16 iat a string", |_, claims| claims["iat"] = "1793000000".into(), proof("iat")),
        ("O-17 another method", |_, claims| claims["htm"] = "GET".into(), proof("htm")),
        ("O-17 lower case", |_, claims| claims["htm"] = "put".into(), proof("htm")),
        (
            "O-18 another path",
            |_, claims| claims["htu"] = format!("{}x", claims["htu"].as_str().unwrap()).into(),
            proof("htu"),
        ),
        (
            "O-18 another host",
            |_, claims| claims["htu"] = claims["htu"].as_str().unwrap().replace("localhost", "evil.example").into(),
            proof("htu"),
        ),
        (
            "O-18 another scheme",
            |_, claims| claims["htu"] = claims["htu"].as_str().unwrap().replace("http:", "https:").into(),
            proof("htu"),
        ),
        (
            "O-20 a slash more",
            |_, claims| claims["htu"] = format!("{}/", claims["htu"].as_str().unwrap()).into(),
            proof("htu"),
        ),
        (
            "O-20 an encoded slash",
            |_, claims| claims["htu"] = claims["htu"].as_str().unwrap().replace("matrix/", "matrix%2F").into(),
            proof("htu"),
        ),
        (
            "O-21 old",
            |_, claims| claims["iat"] = (claims["iat"].as_i64().unwrap() - 241).into(),
            proof("the server's time"),
        ),
        (
            "O-21 ahead",
            |_, claims| claims["iat"] = (claims["iat"].as_i64().unwrap() + 121).into(),
            proof("the server's time"),
        ),
        (
            "O-25 ath",
            |_, claims| claims["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest("another token")).into(),
            proof("ath"),
        ),
    ];
    for (rule, change, told) in table {
        let sent = scene.sent(&scene.token, [scene.proof(change)]);
        refused(&scene.world, rule, sent, told).await;
    }
}

/// Shows: O-422, O-11, O-12, O-15, O-19, O-22, O-24
#[tokio::test]
async fn each_rule_of_how_proofs_are_sent_has_its_refusal() {
    let scene = Scene::start().await;
    let good = || scene.proof(|_, _| {});
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": scene.alice().jwk() }).to_string();
    let twice = header.replacen('{', r#"{"alg":"ES256","#, 1);
    let (first, second) = (good(), good());
    let parts: Vec<&str> = first.split('.').collect();
    let (other, last) = (good(), second.rsplit('.').next().unwrap().to_owned());
    for (rule, proofs, told) in [
        ("O-11 none", vec![], proof("exactly one")),
        ("O-11 two lines", vec![good(), good()], proof("exactly one")),
        ("O-11 two in a line", vec![format!("{}, {}", good(), good())], proof("compact JWS")),
        ("O-12 two parts", vec![parts[..2].join(".")], proof("compact JWS")),
        ("O-12 padding", vec![format!("{other}=")], proof("compact JWS")),
        ("O-12 a name twice", vec![scene.alice().signed(&twice, "{}")], proof("compact JWS")),
        ("O-12 no object", vec![scene.alice().signed(&header, "[]")], proof("compact JWS")),
        ("O-15 signature", vec![format!("{}.{}.{last}", parts[0], parts[1])], proof("signature")),
    ] {
        refused(&scene.world, rule, scene.sent(&scene.token, proofs), told).await;
    }
    let stolen = scene.world.bob.proof("PUT", &scene.url);
    refused(&scene.world, "O-24 another key", scene.sent(&scene.token, [stolen]), token("another key")).await;
    // A host that is none of ours is no place to look for anything.
    let elsewhere = Sent { host: Some("evil.example"), ..scene.sent(&scene.token, [good()]) };
    assert_eq!(elsewhere.put(&scene.world).await.status, 421, "O-19");
    // None of these has used the proof up. It counts once.
    scene.sent(&scene.token, [first.clone()]).put(&scene.world).await.is(201);
    scene.alice().delete(PLACE).await.is(204);
    refused(&scene.world, "O-22 again", scene.sent(&scene.token, [first]), proof("used before")).await;
}

/// At the token endpoint a broken proof is a bad request, and costs the client neither its code nor its refresh token.
///
/// Shows: O-422, O-163, O-165
#[tokio::test]
async fn each_rule_of_proofs_holds_at_the_token_endpoint() {
    let scene = Scene::start().await;
    let world = &scene.world;
    let app = App::registered(world, "none").await;
    let code = app.code(world, "openid webid offline_access").await;
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    let table: [(&str, Change); 13] = [
        ("O-13 typ", |header, _| header["typ"] = "JWT".into()),
        ("O-13 alg none", |header, _| header["alg"] = "none".into()),
        ("O-13 no jwk", |header, _| without(header, "jwk")),
        ("O-14 private key", |header, _| header["jwk"]["d"] = "AA".into()),
        ("O-14 jwk of somebody else", |header, _| header["jwk"]["x"] = header["jwk"]["y"].clone()),
        ("O-16 no jti", |_, claims| without(claims, "jti")),
        ("O-16 no htu", |_, claims| without(claims, "htu")),
        ("O-17 another method", |_, claims| claims["htm"] = "GET".into()),
        ("O-17 lower case", |_, claims| claims["htm"] = "post".into()),
        ("O-18 for a pod", |_, claims| {
            claims["htu"] = claims["htu"].as_str().unwrap().replace(".oidc", "alice").into();
        }),
        ("O-18 another host", |_, claims| claims["htu"] = "https://evil.example/.oidc/token".into()),
        ("O-21 old", |_, claims| claims["iat"] = (claims["iat"].as_i64().unwrap() - 241).into()),
        ("O-21 ahead", |_, claims| claims["iat"] = (claims["iat"].as_i64().unwrap() + 121).into()),
    ];
    let proof = |change: Change| {
        let mut header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": scene.alice().jwk() });
        let (id, htu) = (uuid::Uuid::new_v4().to_string(), format!("{}.oidc/token", world.base));
        let mut claims = json!({ "htm": "POST", "htu": htu, "iat": world.clock.now().seconds(), "jti": id });
        change(&mut header, &mut claims);
        scene.alice().signed(&header.to_string(), &claims.to_string())
    };
    let attempt = async |rule: &str, form: &[(&str, &str)], change: Change| {
        let before = world.storage.house_version().await.unwrap();
        let answer = app.post(world, ".oidc/token", form, Some(&proof(change))).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("invalid_dpop_proof")), "{rule}");
        assert!(answer.json()["error_description"].is_string());
        assert_eq!(world.storage.house_version().await.unwrap(), before, "{rule} left something behind");
    };
    for (rule, change) in table {
        attempt(rule, &exchange, change).await;
    }
    let given = app.post(world, ".oidc/token", &exchange, Some(&proof(|_, _| {}))).await.is(200).json();
    let token = given["refresh_token"].as_str().unwrap();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", token)];
    for (rule, change) in table {
        attempt(rule, &refresh, change).await;
    }
    app.post(world, ".oidc/token", &refresh, Some(&proof(|_, _| {}))).await.is(200);
}

/// Shows: O-422, O-31, O-33, O-34, O-35, O-36, O-37, O-71
#[tokio::test]
async fn each_rule_of_access_tokens_has_its_refusal() {
    let scene = Scene::start().await;
    let table: [(&str, Change, Told); 29] = [
        ("O-31 too long", |_, claims| claims["more"] = "x".repeat(16 * 1024).into(), token("compact JWS")),
        ("O-31 typ", |header, _| header["typ"] = "dpop+jwt".into(), token("typ")),
        ("O-31 none", |header, _| header["alg"] = "none".into(), token("alg")),
        ("O-31 HS256", |header, _| header["alg"] = "HS256".into(), token("alg")),
        ("O-31 ES256K", |header, _| header["alg"] = "ES256K".into(), token("alg")),
        ("O-33 no iss", |_, claims| without(claims, "iss"), token("iss")),
        ("O-33 no aud", |_, claims| without(claims, "aud"), token("aud")),
        ("O-33 another aud", |_, claims| claims["aud"] = "app".into(), token("aud")),
        ("O-33 a list without solid", |_, claims| claims["aud"] = json!(["app", "Solid"]), token("aud")),
        ("O-33 no exp", |_, claims| without(claims, "exp"), token("exp")),
        ("O-33 no iat", |_, claims| without(claims, "iat"), token("iat")),
        ("O-33 cnf without jkt", |_, claims| claims["cnf"] = json!({ "x5t#S256": "a" }), token("cnf")),
        ("O-34 two clients", |_, claims| claims["azp"] = "other".into(), token("different clients")),
        ("O-35 expired", |_, claims| claims["exp"] = (claims["iat"].as_i64().unwrap() - 30).into(), token("expired")),
        ("O-35 exp a string", |_, claims| claims["exp"] = "1893000000".into(), token("exp")),
        (
            "O-35 from the future",
            |_, claims| claims["iat"] = (claims["iat"].as_i64().unwrap() + 121).into(),
            token("future"),
        ),
        ("O-35 not yet", |_, claims| claims["nbf"] = (claims["iat"].as_i64().unwrap() + 121).into(), token("future")),
        (
            "O-35 old",
            |_, claims| claims["iat"] = (claims["iat"].as_i64().unwrap() - 86_401).into(),
            token("older than a day"),
        ),
        (
            "O-36 http issuer",
            |_, claims| claims["iss"] = "http://pods.example/".into(),
            token("issuer is not an https"),
        ),
        (
            "O-36 issuer with query",
            |_, claims| claims["iss"] = "https://a.example/?x".into(),
            token("issuer is not an https"),
        ),
        (
            "O-36 issuer with fragment",
            |_, claims| claims["iss"] = "https://a.example/#x".into(),
            token("issuer is not an https"),
        ),
        (
            "O-36 issuer with user",
            |_, claims| claims["iss"] = "https://u@a.example/".into(),
            token("issuer is not an https"),
        ),
        (
            "O-36 http WebID",
            |_, claims| claims["webid"] = "http://pods.example/a#me".into(),
            token("WebID is not an https"),
        ),
        (
            "O-36 WebID with query",
            |_, claims| claims["webid"] = "https://a.example/?a#me".into(),
            token("WebID is not an https"),
        ),
        (
            "O-36 WebID with user",
            |_, claims| claims["webid"] = "https://u@a.example/#me".into(),
            token("WebID is not an https"),
        ),
        (
            "O-37 sub for a WebID",
            |_, claims| {
                claims["sub"] = claims["webid"].clone();
                without(claims, "webid");
            },
            token("webid"),
        ),
        ("O-71 not bound", |_, claims| without(claims, "cnf"), token("not bound")),
        ("O-31 of somebody else's key", |_, _| {}, token("signature")),
        ("O-31 a kid that there is not", |header, _| header["kid"] = "nobody".into(), token("signature")),
    ];
    for (rule, change, told) in table {
        let sent = scene.sent(&scene.forged(change), [scene.proof(|_, _| {})]);
        refused(&scene.world, rule, sent, told).await;
    }
}

/// Shows: O-422, O-7, O-8, O-40, O-70
#[tokio::test]
async fn each_rule_of_how_tokens_are_sent_has_its_refusal() {
    let scene = Scene::start().await;
    let good = || vec![scene.proof(|_, _| {})];
    let with = |authorization: String| Sent { authorization, ..scene.sent("", good()) };
    let bearer = with(format!("Bearer {}", scene.token));
    refused(&scene.world, "O-70 bearer", bearer, token("bearer")).await;
    let unknown = with("Basic YTpi".to_owned());
    refused(&scene.world, "O-8 scheme", unknown, Told { status: 401, error: "", says: "not supported" }).await;
    let unreadable = with("DPoP a b".to_owned());
    let told = || Told { status: 400, error: "invalid_request", says: "" };
    refused(&scene.world, "O-7 unreadable", unreadable, told()).await;
    let doubled = Sent { url: format!("{}?access_token=x", scene.url), ..scene.sent(&scene.token, good()) };
    refused(&scene.world, "O-7 twice", doubled, told()).await;
    // A WebID that no longer names us is nobody's here.
    let profile = scene.world.alice.get("profile/card").await.is(200);
    let kept: Vec<_> = profile.text().lines().filter(|line| !line.contains("oidcIssuer")).collect();
    scene.world.alice.put("profile/card", &kept.join("\n")).await.is(204);
    let sent = scene.sent(&scene.token, good());
    let before = versions(scene.world.storage.as_ref()).await;
    let answer = sent.put(&scene.world).await.refused(401, "invalid-token");
    assert!(answer.field("www-authenticate").contains("issuer not listed by WebID"), "O-40: {answer:?}");
    assert_eq!(versions(scene.world.storage.as_ref()).await, before);
}

/// Signing in again would not help, so nobody is asked to.
///
/// Shows: O-422, O-46
#[tokio::test]
async fn an_issuer_that_the_operator_refuses_is_forbidden() {
    let issuers = Policy::DenyList;
    let listed_issuers = vec!["https://issuer.example".to_owned()];
    let scene = Scene::with(Config { issuers, listed_issuers, ..Config::default() }).await;
    let foreign = scene.forged(|_, claims| {
        claims["iss"] = "https://issuer.example/".into();
        claims["webid"] = "https://ada.example/#me".into();
    });
    let sent = scene.sent(&foreign, [scene.proof(|_, _| {})]);
    let told = Told { status: 403, error: "", says: "does not accept the issuer" };
    refused(&scene.world, "O-46", sent, told).await;
}
