//! Tokens of another provider, for people whose documents are elsewhere.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};

use super::world::*;
use crate::clock::Timestamp;
use crate::fetch::stand_in::{Server, by_path, ok, status, to};
use crate::identity::{Config, Policy, Refused};

const PROFILE: &str = "Content-Type: text/turtle\r\n";

/// Another provider, which keeps Bob's document as well.
struct Elsewhere {
    server: Server,
    pages: Arc<Mutex<BTreeMap<String, String>>>,
    down: Arc<AtomicBool>,
    key: Client,
}

impl Elsewhere {
    async fn start() -> Self {
        let pages: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
        let down = Arc::new(AtomicBool::new(false));
        let (served, away) = (Arc::clone(&pages), Arc::clone(&down));
        let answer = by_path(move |path| {
            if away.load(Ordering::SeqCst) {
                return status("503 Service Unavailable");
            }
            served.lock().get(path).cloned().unwrap_or_else(|| status("404 Not Found"))
        });
        let this = Self { server: Server::start(None, answer).await, pages, down, key: Client::new() };
        this.configure(|_| {});
        this.publish(&[this.jwk("k1")]);
        this.put("/bob", PROFILE, &this.listing(&this.webid()));
        this
    }

    fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}/", self.server.port)
    }

    fn webid(&self) -> String {
        format!("{}bob#me", self.issuer())
    }

    fn listing(&self, webid: &str) -> String {
        format!("<{webid}> <http://www.w3.org/ns/solid/terms#oidcIssuer> <{}>.", self.issuer())
    }

    fn put(&self, path: &str, fields: &str, body: &str) {
        self.pages.lock().insert(path.to_owned(), ok(fields, body));
    }

    fn configure(&self, change: impl FnOnce(&mut Value)) {
        let mut configuration = json!({"issuer": self.issuer(), "jwks_uri": format!("{}jwks", self.issuer())});
        change(&mut configuration);
        self.put("/.well-known/openid-configuration", "", &configuration.to_string());
    }

    fn publish(&self, keys: &[Value]) {
        self.put("/jwks", "", &json!({ "keys": keys }).to_string());
    }

    fn jwk(&self, kid: &str) -> Value {
        let mut jwk = self.key.header()["jwk"].clone();
        jwk["kid"] = kid.into();
        jwk
    }

    /// A good token for Bob, bound to the client's key.
    fn token(&self, client: &Client) -> String {
        self.token_with(client, |_, _| {})
    }

    fn token_with(&self, client: &Client, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let mut header = json!({"alg": "ES256", "kid": "k1"});
        let mut claims = json!({
            "iss": self.issuer(), "webid": self.webid(), "aud": "solid", "client_id": CLIENT, "iat": NOW.seconds(),
            "exp": after(40_000).seconds(), "jti": crate::secret::token(), "cnf": {"jkt": client.jkt().to_string()},
        });
        change(&mut header, &mut claims);
        self.key.sign(&header.to_string(), &claims.to_string())
    }

    /// The refusal of a fresh token at a time; `ok` if there is none.
    async fn answer(&self, world: &World, now: Timestamp) -> String {
        let client = Client::new();
        let answer = world.ask_at(now, &self.token(&client), &client.proof_at(now)).await;
        answer.map_or_else(|refused| format!("{refused:?}"), |_| "ok".to_owned())
    }
}

/// Shows: O-32, O-39, O-40, O-54, oidc#id-token-validation, oidc#oidc-issuer-discovery
#[tokio::test]
async fn a_token_of_another_provider_is_verified_with_its_keys_and_its_users_document() {
    let (world, elsewhere, client) =
        (World::in_development(Config::default()).await, Elsewhere::start().await, Client::new());
    let token = elsewhere.token(&client);
    let agent = world.ask(&token, &client.proof()).await.unwrap().unwrap();
    assert_eq!((&*agent.webid, agent.client.as_deref()), (elsewhere.webid().as_str(), Some(CLIENT)));
    assert_eq!(*agent.issuer, *elsewhere.issuer());
    assert_eq!(elsewhere.server.requests(), 3, "configuration, keys, document");
    assert!(world.ask(&token, &client.proof()).await.is_ok());
    assert_eq!(elsewhere.answer(&world, NOW).await, "ok");
    assert_eq!(elsewhere.server.requests(), 3);
    let id_token = elsewhere.token_with(&client, |header, claims| {
        header["typ"] = "JWT".into();
        claims["aud"] = json!([CLIENT, "solid"]);
        claims["azp"] = CLIENT.into();
        claims.as_object_mut().unwrap().remove("client_id");
    });
    let agent = world.ask(&id_token, &client.proof()).await.unwrap().unwrap();
    assert_eq!(agent.client.as_deref(), Some(CLIENT));
}

/// Shows: O-38
#[tokio::test]
async fn nothing_is_fetched_before_the_proof_is_verified() {
    let (world, elsewhere, client) =
        (World::in_development(Config::default()).await, Elsewhere::start().await, Client::new());
    let token = elsewhere.token(&client);
    let stale = client.proof_at(before(1000));
    let forged = client.proof_with(|header, _| header["jwk"] = Client::new().header()["jwk"].clone());
    for proof in [stale, forged, Client::new().proof(), String::new()] {
        assert!(world.ask(&token, &proof).await.is_err());
    }
    assert_eq!(elsewhere.server.requests(), 0);
}

/// Shows: O-46
#[tokio::test]
async fn an_operator_restricts_issuers() {
    let elsewhere = Elsewhere::start().await;
    let listed = vec![elsewhere.issuer().trim_end_matches('/').to_owned()];
    let table = [
        (Policy::AllowList, vec![], "Issuer"),
        (Policy::AllowList, listed.clone(), "ok"),
        (Policy::DenyList, listed, "Issuer"),
        (Policy::DenyList, vec![], "ok"),
    ];
    for (issuers, listed_issuers, expected) in table {
        let seen = elsewhere.server.requests();
        let world = World::in_development(Config { issuers, listed_issuers, ..Config::default() }).await;
        assert_eq!(elsewhere.answer(&world, NOW).await, expected);
        assert!(expected == "ok" || elsewhere.server.requests() == seen);
        let client = Client::new();
        assert!(world.ask(&world.token(&client).await, &client.proof()).await.is_ok(), "our own is always believed");
    }
}

/// Shows: O-39, O-53
#[tokio::test]
async fn a_configuration_must_be_the_issuers_own() {
    type Row = (&'static str, fn(&Elsewhere), &'static str);
    let table: [Row; 10] = [
        ("another issuer", |e| e.configure(|c| c["issuer"] = "https://evil.example/".into()), "Token(IssuerDocument)"),
        (
            "another spelling",
            |e| e.configure(|c| c["issuer"] = e.issuer().trim_end_matches('/').into()),
            "Token(IssuerDocument)",
        ),
        ("no keys", |e| e.configure(|c| c["jwks_uri"] = Value::Null), "Token(IssuerDocument)"),
        (
            "keys on our host",
            |e| e.configure(|c| c["jwks_uri"] = format!("{BASE}jwks").into()),
            "Token(IssuerDocument)",
        ),
        ("keys over http", |e| e.configure(|c| c["jwks_uri"] = "http://op.example/".into()), "Token(IssuerDocument)"),
        ("no JSON", |e| e.put("/.well-known/openid-configuration", "", "<html>"), "Token(IssuerDocument)"),
        (
            "nothing there",
            |e| drop(e.pages.lock().remove("/.well-known/openid-configuration")),
            "Token(IssuerDocument)",
        ),
        ("no set", |e| e.put("/jwks", "", "{}"), "Token(IssuerDocument)"),
        ("too many keys", |e| e.publish(&vec![e.jwk("k1"); 51]), "Token(IssuerDocument)"),
        ("away", |e| e.down.store(true, Ordering::SeqCst), "Away(30s)"),
    ];
    for (what, change, why) in table {
        let (world, elsewhere) = (World::in_development(Config::default()).await, Elsewhere::start().await);
        change(&elsewhere);
        assert_eq!(elsewhere.answer(&world, NOW).await, why, "{what}");
    }
}

/// Shows: O-31, O-53
#[tokio::test]
async fn the_fitting_key_is_found_among_others() {
    let elsewhere = Elsewhere::start().await;
    let with = |name: &str, value: &str| {
        let mut jwk = elsewhere.jwk("k1");
        jwk[name] = value.into();
        jwk
    };
    let mut other = Client::new().header()["jwk"].clone();
    other["kid"] = "k1".into();
    let noise = [
        json!({"kty": "oct", "kid": "k1", "k": "AA"}),
        json!({"kty": "AKP", "kid": "k1"}),
        json!({"kid": "k1"}),
        json!("k1"),
        other,
    ];
    let good = [noise.as_slice(), &[elsewhere.jwk("k1")]].concat();
    let table = [
        (good, "ok"),
        (noise.to_vec(), "Token(Signature)"),
        (vec![with("use", "sig")], "ok"),
        (vec![with("use", "enc")], "Token(Signature)"),
        (vec![with("alg", "ES256")], "ok"),
        (vec![with("alg", "ES384")], "Token(Signature)"),
        (vec![with("d", "AA")], "Token(Signature)"),
        (vec![elsewhere.jwk("k2")], "Token(Signature)"),
        (vec![], "Token(Signature)"),
    ];
    for (keys, expected) in table {
        let world = World::in_development(Config::default()).await;
        elsewhere.publish(&keys);
        assert_eq!(elsewhere.answer(&world, NOW).await, expected, "{keys:?}");
    }
    let (world, client) = (World::in_development(Config::default()).await, Client::new());
    elsewhere.publish(&[elsewhere.jwk("any")]);
    let unnamed = elsewhere.token_with(&client, |header, _| *header = json!({"alg": "ES256"}));
    assert!(world.ask(&unnamed, &client.proof()).await.is_ok());
}

/// Shows: O-52
#[tokio::test]
async fn new_keys_are_looked_for_but_not_often() {
    let (world, elsewhere) = (World::in_development(Config::default()).await, Elsewhere::start().await);
    elsewhere.publish(&[elsewhere.jwk("old")]);
    assert_eq!(elsewhere.answer(&world, NOW).await, "Token(Signature)");
    elsewhere.publish(&[elsewhere.jwk("k1")]);
    let seen = elsewhere.server.requests();
    assert_eq!(elsewhere.answer(&world, after(29)).await, "Token(Signature)");
    assert_eq!(elsewhere.server.requests(), seen);
    assert_eq!(elsewhere.answer(&world, after(30)).await, "ok");
    assert_eq!(elsewhere.server.requests(), seen + 2, "the keys, and Bob's document");
}

/// Shows: O-52
#[tokio::test]
async fn keys_count_a_while_longer_when_their_issuer_is_away() {
    let (world, elsewhere) = (World::in_development(Config::default()).await, Elsewhere::start().await);
    // Alice's document is here, so that only keys are looked for.
    world.profiles.list(WEBID, &[&elsewhere.issuer()]);
    let answer = async |now| {
        let client = Client::new();
        let token = elsewhere.token_with(&client, |_, claims| claims["webid"] = WEBID.into());
        world
            .ask_at(now, &token, &client.proof_at(now))
            .await
            .map_or_else(|refused| format!("{refused:?}"), |_| "ok".into())
    };
    assert_eq!(answer(NOW).await, "ok");
    elsewhere.down.store(true, Ordering::SeqCst);
    let seen = elsewhere.server.requests();
    assert_eq!(answer(after(599)).await, "ok");
    assert_eq!(elsewhere.server.requests(), seen);
    assert_eq!(answer(after(600)).await, "ok");
    assert_eq!(answer(after(601)).await, "ok");
    assert_eq!(elsewhere.server.requests(), seen + 1, "not asked again at once");
    assert_eq!(answer(after(4199)).await, "ok");
    assert_eq!(answer(after(4200)).await, "Away(30s)");
    elsewhere.down.store(false, Ordering::SeqCst);
    assert_eq!(answer(after(4230)).await, "ok");
}

/// Shows: O-40, O-41, O-42
#[tokio::test]
async fn a_webid_document_must_list_the_issuer_for_that_very_webid() {
    type Row = (&'static str, fn(&Elsewhere), &'static str);
    let table: [Row; 12] = [
        ("relative", |e| e.put("/bob", PROFILE, &e.listing("#me")), "ok"),
        ("N-Triples", |e| e.put("/bob", "Content-Type: application/n-triples\r\n", &e.listing(&e.webid())), "ok"),
        ("an origin without slash", |e| e.put("/bob", PROFILE, &e.listing("#me").replace("/>.", ">.")), "ok"),
        ("another subject", |e| e.put("/bob", PROFILE, &e.listing("#you")), "Token(NotListed)"),
        (
            "another issuer",
            |e| e.put("/bob", PROFILE, &e.listing("#me").replace("127.0.0.1", "op.example")),
            "Token(NotListed)",
        ),
        ("nothing", |e| e.put("/bob", PROFILE, ""), "Token(NotListed)"),
        ("no RDF", |e| e.put("/bob", "Content-Type: text/html\r\n", "<p>"), "Token(WebIdDocument)"),
        ("no type", |e| e.put("/bob", "", &e.listing("#me")), "Token(WebIdDocument)"),
        ("malformed", |e| e.put("/bob", PROFILE, "<"), "Token(WebIdDocument)"),
        ("gone", |e| drop(e.pages.lock().remove("/bob")), "Token(WebIdDocument)"),
        (
            "moved, relative",
            |e| {
                e.pages.lock().insert("/bob".to_owned(), to("/robert"));
                e.put("/robert", PROFILE, &e.listing("#me"));
            },
            "Token(NotListed)",
        ),
        (
            "moved, absolute",
            |e| {
                e.pages.lock().insert("/bob".to_owned(), to("/robert"));
                e.put("/robert", PROFILE, &e.listing(&e.webid()));
            },
            "ok",
        ),
    ];
    for (what, change, expected) in table {
        let (world, elsewhere) = (World::in_development(Config::default()).await, Elsewhere::start().await);
        change(&elsewhere);
        assert_eq!(elsewhere.answer(&world, NOW).await, expected, "{what}");
    }
}

#[tokio::test]
async fn a_document_of_too_many_triples_is_not_read() {
    let (world, elsewhere) = (World::in_development(Config::default()).await, Elsewhere::start().await);
    let triples = |count: u32| (0..count).map(|number| format!("<#me> <#a> {number}.")).collect::<Vec<_>>().concat();
    elsewhere.put("/bob", PROFILE, &(triples(49_999) + &elsewhere.listing("#me")));
    assert_eq!(elsewhere.answer(&world, NOW).await, "ok");
    elsewhere.put("/bob", PROFILE, &(triples(50_000) + &elsewhere.listing("#me")));
    assert_eq!(elsewhere.answer(&world, after(300)).await, "Token(WebIdDocument)");
}

/// Shows: O-51
#[tokio::test]
async fn what_a_document_lists_is_kept_for_minutes_and_looked_at_again_on_a_mismatch() {
    let (world, elsewhere) = (World::in_development(Config::default()).await, Elsewhere::start().await);
    let requests = || elsewhere.server.heads.lock().iter().filter(|head| head.starts_with("get /bob ")).count();
    assert_eq!(elsewhere.answer(&world, NOW).await, "ok");
    elsewhere.put("/bob", PROFILE, "<#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <https://new.example/>.");
    assert_eq!(elsewhere.answer(&world, after(299)).await, "ok");
    assert_eq!(requests(), 1);
    assert_eq!(elsewhere.answer(&world, after(300)).await, "Token(NotListed)");
    assert_eq!(requests(), 2);
    elsewhere.put("/bob", &format!("{PROFILE}Cache-Control: max-age=5\r\n"), &elsewhere.listing("#me"));
    assert_eq!(elsewhere.answer(&world, after(359)).await, "Token(NotListed)");
    assert_eq!(requests(), 2);
    assert_eq!(elsewhere.answer(&world, after(360)).await, "ok");
    assert_eq!(elsewhere.answer(&world, after(364)).await, "ok");
    assert_eq!(requests(), 3);
    assert_eq!(elsewhere.answer(&world, after(365)).await, "ok");
    assert_eq!(requests(), 4, "the host asked for five seconds");
    elsewhere.down.store(true, Ordering::SeqCst);
    assert_eq!(elsewhere.answer(&world, after(370)).await, "Away(30s)");
}

/// Shows: O-66
#[tokio::test]
async fn a_client_address_can_make_us_look_at_so_many_strangers_a_minute() {
    let elsewhere = Elsewhere::start().await;
    let world = World::in_development(Config { lookups_per_minute: 3, ..Config::default() }).await;
    assert_eq!(elsewhere.answer(&world, NOW).await, "ok");
    let as_webid = async |path: &str, now| {
        let (client, webid) = (Client::new(), format!("{}{path}", elsewhere.issuer()));
        let token = elsewhere.token_with(&client, |_, claims| claims["webid"] = webid.into());
        world.ask_at(now, &token, &client.proof_at(now)).await.unwrap_err()
    };
    assert!(matches!(as_webid("a", NOW).await, Refused::Token(_)));
    let seen = elsewhere.server.requests();
    let refused = as_webid("b", after(10)).await;
    assert!(matches!(refused, Refused::TooManyLookups(wait) if wait == Duration::from_secs(50)), "{refused:?}");
    assert_eq!(elsewhere.server.requests(), seen);
    assert_eq!(elsewhere.answer(&world, after(10)).await, "ok", "who is known is still welcome");
    assert!(matches!(as_webid("b", after(60)).await, Refused::Token(_)));
}

#[tokio::test]
async fn documents_here_and_elsewhere_are_read_for_accounts() {
    let config = Config { lookups_per_minute: 3, ..Config::default() };
    let (world, elsewhere) = (World::in_development(config).await, Elsewhere::start().await);
    let read = async |webid: &str| world.identity.read_webid(webid, Ipv4Addr::LOCALHOST.into(), NOW).await;
    assert_eq!(read(WEBID).await.unwrap().len(), 1);
    assert_eq!(read(&elsewhere.webid()).await.unwrap().len(), 1);
    assert_eq!(read("https://pods.example/nobody#me").await, None);
    assert_eq!(read(&format!("{}nobody#me", elsewhere.issuer())).await, None);
    assert_eq!(read("nonsense").await, None);
    assert_eq!(read(&elsewhere.webid()).await, None, "that was the last look of this minute");
    assert_eq!(read(WEBID).await.unwrap().len(), 1);
}
