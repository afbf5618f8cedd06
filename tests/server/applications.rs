//! Applications that sign people in, from their registration to the first tokens. The person's part,
//! which happens in a browser, is taken as done: the provider is handed what she agreed to.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartable::identity::Config;
use cartable::identity::account::{AccountId, SessionId, SignedInBy};
use cartable::identity::provider::{Granted, Scopes};
use cartable::storage::Error;
use serde_json::{Value, json};

use crate::faults::watched;
use crate::faulty::{Operation, When};
use crate::world::{Answer, Person, Settings, World};

pub const BACK: &str = "https://app.example/back?x=1";
/// The example of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const MINUTE: Duration = Duration::from_mins(1);
pub const DAY: Duration = Duration::from_hours(24);

/// An application, and Alice, who is signed in to the server and to it.
pub struct App {
    pub id: String,
    /// `None`: a public client.
    pub secret: Option<String>,
    pub account: AccountId,
    pub session: SessionId,
}

pub fn metadata(method: &str) -> Value {
    json!({ "redirect_uris": [BACK], "client_name": "App", "token_endpoint_auth_method": method })
}

pub async fn register(world: &World, metadata: &Value) -> Answer {
    world.nobody.ask("POST", ".oidc/reg").content("application/json", metadata.to_string()).send().await
}

async fn account_of(world: &World, person: &Person) -> AccountId {
    let entry = world.storage.entry(&format!("webid/{}", person.webid())).await.unwrap().unwrap();
    serde_json::from_slice(&entry.value).unwrap()
}

async fn sign_in(world: &World, account: &AccountId) -> SessionId {
    let account = world.accounts.account(account).await.unwrap().unwrap();
    world.accounts.begin(&account, SignedInBy::password()).await.unwrap();
    world.accounts.sessions(&account.id).await.unwrap()[0].id.clone()
}

impl App {
    pub async fn registered(world: &World, method: &str) -> Self {
        let told = register(world, &metadata(method)).await.is(201).json();
        let text = |name: &str| told[name].as_str().map(str::to_owned);
        Self::known(world, text("client_id").unwrap(), text("client_secret")).await
    }

    pub async fn known(world: &World, id: String, secret: Option<String>) -> Self {
        let account = account_of(world, &world.alice).await;
        let session = sign_in(world, &account).await;
        Self { id, secret, account, session }
    }

    /// A code for what Alice agreed to.
    pub async fn code(&self, world: &World, scope: &str) -> String {
        self.code_with(world, scope, |_| {}).await
    }

    pub async fn code_with(&self, world: &World, scope: &str, change: impl FnOnce(&mut Granted)) -> String {
        let from = "192.0.2.1".parse().unwrap();
        let mut granted = Granted {
            client: world.provider.clients.find(&self.id, from).await.unwrap(),
            redirect_uri: BACK.to_owned(),
            webid: world.alice.webid().to_owned(),
            account: self.account.clone(),
            session: self.session.clone(),
            scope: Scopes::parse(scope),
            nonce: Some("n-0S6".to_owned()),
            authenticated: crate::world::BEGINNING,
            methods: vec!["pwd".to_owned()],
            challenge: CHALLENGE.to_owned(),
            jkt: None,
        };
        change(&mut granted);
        world.provider.issue_code(granted).await.unwrap().reveal().to_owned()
    }

    /// Sends a form to the token endpoint, with a proof of this person's key.
    pub async fn token(&self, world: &World, key: &Person, form: &[(&str, &str)]) -> Answer {
        let proof = key.proof("POST", &format!("{}.oidc/token", world.base));
        self.post(world, ".oidc/token", form, Some(&proof)).await
    }

    pub async fn post(&self, world: &World, place: &str, form: &[(&str, &str)], proof: Option<&str>) -> Answer {
        let mut encoded = url::form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(form);
        let mut asking = world.nobody.ask("POST", place);
        match &self.secret {
            Some(secret) => {
                let pair = STANDARD.encode(format!("{}:{secret}", self.id));
                asking = asking.header("authorization", &format!("Basic {pair}"));
            }
            None => drop(encoded.append_pair("client_id", &self.id)),
        }
        if let Some(proof) = proof {
            asking = asking.header("dpop", proof);
        }
        asking.content("application/x-www-form-urlencoded", encoded.finish()).send().await
    }

    pub async fn exchange(&self, world: &World, key: &Person, code: &str) -> Answer {
        self.token(world, key, &exchange(code)).await
    }

    pub async fn refresh(&self, world: &World, key: &Person, token: &str) -> Answer {
        self.token(world, key, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Signs Alice in, and returns the answer of the token endpoint.
    pub async fn tokens(&self, world: &World, key: &Person, scope: &str) -> Value {
        let code = self.code(world, scope).await;
        self.exchange(world, key, &code).await.is(200).json()
    }
}

fn exchange(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK), ("code_verifier", VERIFIER)]
}

pub fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

pub fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// What Alice's pod answers to whoever holds this token and key.
pub async fn reads(world: &World, key: &Person, token: &str) -> u16 {
    let pod = world.alice.pod.clone();
    let asking = world.nobody.ask("GET", &pod).header("authorization", &format!("DPoP {token}"));
    asking.header("dpop", &key.proof("GET", &pod)).send().await.status.as_u16()
}

#[track_caller]
pub fn fails(answer: Answer, status: u16, error: &str) {
    let answer = answer.is(status);
    assert_eq!(answer.json()["error"], error, "{answer:?}");
    assert_eq!(answer.field("cache-control"), "no-store");
    assert_eq!(answer.field("content-type"), "application/json");
    assert_eq!(answer.field("access-control-allow-origin"), "*");
    assert_eq!(answer.field("www-authenticate").starts_with("Basic "), status == 401);
}

pub const OFFLINE: &str = "openid webid offline_access";

/// Shows: O-105, O-121, O-122, O-123, O-124, O-125, O-106
#[tokio::test]
async fn a_client_registers_and_is_told_what_is_in_force() {
    let world = World::start().await;
    let redirects = json!(["https://tester", "https://app.example/back?x=1", "http://localhost:3000/"]);
    let said = json!({
        "redirect_uris": redirects, "client_name": "App", "subject_type": "pairwise", "unknown": [1],
        "jwks_uri": "https://app.example/keys", "client_uri": "https://app.example/", "logo_uri": "javascript:alert(1)",
        "contacts": ["app@example.org"], "software_id": "app", "default_max_age": 3600, "require_auth_time": true,
        "post_logout_redirect_uris": ["https://app.example/bye"], "id_token_signed_response_alg": "RS256",
    });
    let answer = register(&world, &said).await.is(201);
    assert_eq!(answer.field("cache-control"), "no-store");
    assert_eq!(answer.field("access-control-allow-origin"), "*");
    let told = answer.json();
    assert_eq!(told["redirect_uris"], redirects);
    assert_eq!(told["scope"], "openid profile offline_access webid");
    assert_eq!(told["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!((&told["subject_type"], &told["client_secret_expires_at"]), (&json!("public"), &json!(0)));
    assert_eq!(told["id_token_signed_response_alg"], "RS256");
    assert_eq!(told["client_id_issued_at"], crate::world::BEGINNING.seconds());
    for name in ["client_name", "client_uri", "contacts", "default_max_age", "post_logout_redirect_uris"] {
        assert_eq!(told[name], said[name], "{name}");
    }
    assert!(told["logo_uri"].is_null() && told["unknown"].is_null() && told["jwks_uri"].is_null());
    let plain = |name| text(&told, name).chars().all(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c));
    assert!(plain("client_id") && plain("client_secret"));
    let public = register(&world, &metadata("none")).await.is(201).json();
    assert!(public["client_secret"].is_null() && public["client_secret_expires_at"].is_null());
}

/// Shows: O-126, O-127
#[tokio::test]
async fn a_registration_that_cannot_be_used_is_refused() {
    let world = World::start().await;
    let with = |name: &str, value: Value| {
        let mut said = metadata("none");
        said[name] = value;
        said
    };
    for (said, error) in [
        (with("redirect_uris", json!([])), "invalid_redirect_uri"),
        (with("redirect_uris", json!(null)), "invalid_redirect_uri"),
        (with("redirect_uris", json!(BACK)), "invalid_redirect_uri"),
        (with("redirect_uris", json!([7])), "invalid_redirect_uri"),
        (with("redirect_uris", json!([BACK, "http://app.example/"])), "invalid_redirect_uri"),
        (with("redirect_uris", json!(vec![BACK; 21])), "invalid_redirect_uri"),
        (with("application_type", json!("tv")), "invalid_client_metadata"),
        (with("token_endpoint_auth_method", json!("private_key_jwt")), "invalid_client_metadata"),
        (with("grant_types", json!(["implicit"])), "invalid_client_metadata"),
        (with("response_types", json!(["id_token"])), "invalid_client_metadata"),
        (with("subject_type", json!("secret")), "invalid_client_metadata"),
        (with("id_token_signed_response_alg", json!("none")), "invalid_client_metadata"),
        (with("default_max_age", json!("soon")), "invalid_client_metadata"),
        (with("client_name", json!({})), "invalid_client_metadata"),
        (with("client_name", json!("x".repeat(201))), "invalid_client_metadata"),
        (with("post_logout_redirect_uris", json!(["javascript:alert(1)"])), "invalid_client_metadata"),
        (json!([]), "invalid_client_metadata"),
    ] {
        fails(register(&world, &said).await, 400, error);
    }
    let post = |media_type, body: String| world.nobody.ask("POST", ".oidc/reg").content(media_type, body).send();
    fails(post("application/json", "{".into()).await, 400, "invalid_client_metadata");
    fails(post("text/plain", metadata("none").to_string()).await, 415, "invalid_client_metadata");
    fails(post("application/json", " ".repeat(65 * 1024)).await, 413, "invalid_client_metadata");
}

/// Shows: O-128, O-129
#[tokio::test]
async fn registrations_are_counted_and_kept_while_they_are_used() {
    let world = World::start().await;
    let used = App::registered(&world, "none").await;
    let unused = App::registered(&world, "none").await;
    used.code(&world, "openid").await;
    let is_known = async |app: &App| world.provider.clients.find(&app.id, "192.0.2.1".parse().unwrap()).await.is_ok();
    world.clock.advance(DAY);
    world.provider.tend().await.unwrap();
    assert!(is_known(&used).await && !is_known(&unused).await);
    world.clock.advance(DAY * 178);
    world.provider.tend().await.unwrap();
    assert!(is_known(&used).await);
    world.clock.advance(DAY);
    world.provider.tend().await.unwrap();
    assert!(!is_known(&used).await);

    let few = || Settings {
        identity: Config { registrations: 3, registrations_per_hour: 2, ..Config::default() },
        ..Settings::default()
    };
    let world = World::with(few()).await;
    for _ in 0..2 {
        register(&world, &metadata("none")).await.is(201);
    }
    let refused = register(&world, &metadata("none")).await;
    assert_eq!(refused.field("retry-after"), "3600");
    fails(refused, 429, "temporarily_unavailable");
    world.clock.advance(Duration::from_hours(1));
    register(&world, &metadata("none")).await.is(201);
    fails(register(&world, &metadata("none")).await, 429, "temporarily_unavailable");
    let node = world.another_with(few()).await;
    fails(register(&node, &metadata("none")).await, 429, "temporarily_unavailable");
}

/// Shows: O-150, O-161, O-164, O-166, O-181, O-182
#[tokio::test]
async fn a_code_becomes_tokens_that_open_the_pod() {
    let world = World::start().await;
    for (method, key) in [("none", &world.bob), ("client_secret_basic", &world.bob), ("client_secret_post", &world.bob)]
    {
        let app = App::registered(&world, method).await;
        let code = app.code(&world, OFFLINE).await;
        let answer = app.exchange(&world, key, &code).await.is(200);
        assert_eq!((answer.field("cache-control"), answer.field("pragma")), ("no-store", "no-cache"));
        let given = answer.json();
        assert_eq!((&given["token_type"], &given["expires_in"]), (&json!("DPoP"), &json!(3600)));
        assert_eq!(given["scope"], "openid offline_access webid");
        assert_eq!(reads(&world, key, text(&given, "access_token")).await, 200);
        assert_eq!(reads(&world, &world.carol, text(&given, "access_token")).await, 401);

        let access = claims(text(&given, "access_token"));
        assert_eq!(
            (&access["client_id"], &access["azp"], &access["aud"]),
            (&json!(app.id), &json!(app.id), &json!("solid"))
        );
        assert_eq!((&access["webid"], &access["sub"]), (&json!(world.alice.webid()), &json!(world.alice.webid())));
        assert_eq!(access["sid"], app.session.as_str());
        let id = claims(text(&given, "id_token"));
        assert_eq!((&id["aud"], &id["azp"]), (&json!([app.id, "solid"]), &json!(app.id)));
        assert_eq!((&id["nonce"], &id["amr"]), (&json!("n-0S6"), &json!(["pwd"])));
        assert_eq!(id["auth_time"], crate::world::BEGINNING.seconds());
        assert_eq!(id["cnf"], access["cnf"]);
        assert_ne!(id["jti"], access["jti"]);
    }
}

/// Shows: O-134, O-149
#[tokio::test]
async fn a_refresh_token_needs_the_scope_and_a_client_that_may() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    assert!(app.tokens(&world, &world.bob, "openid webid").await["refresh_token"].is_null());
    let mut said = metadata("client_secret_basic");
    said["grant_types"] = json!(["authorization_code"]);
    let told = register(&world, &said).await.is(201).json();
    let secret = told["client_secret"].as_str().map(str::to_owned);
    let app = App::known(&world, text(&told, "client_id").to_owned(), secret).await;
    let given = app.tokens(&world, &world.bob, OFFLINE).await;
    assert!(given["refresh_token"].is_null());
    assert_eq!(given["scope"], "openid webid");
    fails(app.refresh(&world, &world.bob, "x").await, 400, "unauthorized_client");
}

/// Shows: O-150, O-161, O-163, O-165
#[tokio::test]
async fn a_code_is_exchanged_only_as_it_was_asked_for() {
    let world = World::start().await;
    let (app, other) = (App::registered(&world, "none").await, App::registered(&world, "client_secret_basic").await);
    let code = app.code(&world, "openid").await;
    let with = |name: &'static str, value: &'static str| {
        let mut form = exchange(&code).to_vec();
        form.iter_mut().filter(|(known, _)| *known == name).for_each(|(_, known)| *known = value);
        form
    };
    for (form, error) in [
        (with("code", "nonsense"), "invalid_grant"),
        (with("code", ""), "invalid_request"),
        (with("redirect_uri", "https://app.example/back"), "invalid_grant"),
        (with("redirect_uri", ""), "invalid_request"),
        (with("code_verifier", CHALLENGE), "invalid_grant"),
        (with("code_verifier", "short"), "invalid_grant"),
        (with("code_verifier", ""), "invalid_request"),
        (with("grant_type", "implicit"), "unsupported_grant_type"),
        (with("grant_type", "client_credentials"), "unauthorized_client"),
    ] {
        fails(app.token(&world, &world.bob, &form).await, 400, error);
    }
    fails(other.exchange(&world, &world.bob, &code).await, 400, "invalid_grant");
    fails(app.post(&world, ".oidc/token", &exchange(&code), None).await, 400, "invalid_dpop_proof");
    let elsewhere = world.bob.proof("POST", &format!("{}elsewhere", world.base));
    fails(app.post(&world, ".oidc/token", &exchange(&code), Some(&elsewhere)).await, 400, "invalid_dpop_proof");
    let stranger = App { id: "nobody".into(), ..App::registered(&world, "none").await };
    fails(stranger.exchange(&world, &world.bob, &code).await, 401, "invalid_client");
    let liar = App { secret: Some("wrong".into()), ..App::registered(&world, "client_secret_basic").await };
    fails(liar.exchange(&world, &world.bob, &code).await, 401, "invalid_client");
    let secretless = App { secret: None, ..App::registered(&world, "client_secret_basic").await };
    fails(secretless.exchange(&world, &world.bob, &code).await, 401, "invalid_client");
    // None of that has used it up.
    app.exchange(&world, &world.bob, &code).await.is(200);

    let bound = world.bob.thumbprint();
    let code = app.code_with(&world, "openid", |granted| granted.jkt = Some(bound)).await;
    fails(app.exchange(&world, &world.carol, &code).await, 400, "invalid_grant");
    app.exchange(&world, &world.bob, &code).await.is(200);
    let late = app.code(&world, "openid").await;
    world.clock.advance(MINUTE * 2);
    fails(app.exchange(&world, &world.bob, &late).await, 400, "invalid_grant");
}

/// Shows: O-45, O-150
#[tokio::test]
async fn a_code_that_comes_twice_ends_all_that_it_gave() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let code = app.code(&world, OFFLINE).await;
    let given = app.exchange(&world, &world.bob, &code).await.is(200).json();
    assert_eq!(reads(&world, &world.bob, text(&given, "access_token")).await, 200);
    fails(app.exchange(&world, &world.bob, &code).await, 400, "invalid_grant");
    assert_eq!(reads(&world, &world.bob, text(&given, "access_token")).await, 401);
    assert_eq!(reads(&world, &world.bob, text(&given, "id_token")).await, 401);
    fails(app.refresh(&world, &world.bob, text(&given, "refresh_token")).await, 400, "invalid_grant");

    let code = app.code(&world, OFFLINE).await;
    let both = tokio::join!(app.exchange(&world, &world.bob, &code), app.exchange(&world, &world.bob, &code));
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "never twice");
}

/// Shows: O-128, O-168, O-185
#[tokio::test]
async fn another_node_knows_all_that_the_first_one_did() {
    let world = World::start().await;
    let app = App::registered(&world, "client_secret_basic").await;
    let code = app.code(&world, OFFLINE).await;
    let node = world.another().await;
    let given = app.exchange(&node, &node.bob, &code).await.is(200).json();
    assert_eq!(reads(&world, &world.bob, text(&given, "access_token")).await, 200);
    let next = app.refresh(&world, &world.bob, text(&given, "refresh_token")).await.is(200).json();
    let again = app.refresh(&node, &node.bob, text(&given, "refresh_token")).await.is(200).json();
    assert_eq!(next["refresh_token"], again["refresh_token"]);
    node.provider.disconnect(&app.account, &app.id).await.unwrap();
    assert_eq!(reads(&world, &world.bob, text(&next, "access_token")).await, 401);
    fails(app.exchange(&world, &world.bob, &code).await, 400, "invalid_grant");
}

/// The answer that never arrives because the disk fails, or because the server is killed just after the write.
///
/// Shows: O-165, O-168
#[tokio::test]
async fn a_fault_at_any_step_loses_nothing_that_was_answered() {
    let (world, faulty) = watched(Settings::default()).await;
    let app = App::registered(&world, "none").await;
    let full = || Error::Full;
    faulty.fail(Operation::House, When::Before, full(), 1);
    fails(register(&world, &metadata("none")).await, 503, "server_error");

    let code = app.code(&world, OFFLINE).await;
    faulty.fail(Operation::House, When::Before, full(), 1);
    fails(app.exchange(&world, &world.bob, &code).await, 503, "server_error");
    let given = app.exchange(&world, &world.bob, &code).await.is(200).json();

    faulty.fail(Operation::House, When::Before, full(), 1);
    fails(app.refresh(&world, &world.bob, text(&given, "refresh_token")).await, 503, "server_error");
    faulty.fail(Operation::House, When::After, full(), 1);
    fails(app.refresh(&world, &world.bob, text(&given, "refresh_token")).await, 503, "server_error");
    let next = app.refresh(&world, &world.bob, text(&given, "refresh_token")).await.is(200).json();
    let next = app.refresh(&world, &world.bob, text(&next, "refresh_token")).await.is(200).json();

    faulty.fail(Operation::Read, When::Before, full(), 1);
    fails(app.refresh(&world, &world.bob, text(&next, "refresh_token")).await, 503, "server_error");
    let revoke = [("token", text(&next, "refresh_token"))];
    faulty.fail(Operation::House, When::Before, full(), 1);
    fails(app.post(&world, ".oidc/token/revocation", &revoke, None).await, 503, "server_error");
    assert_eq!(reads(&world, &world.bob, text(&next, "access_token")).await, 200);
    app.post(&world, ".oidc/token/revocation", &revoke, None).await.is(200);
    assert_eq!(reads(&world, &world.bob, text(&next, "access_token")).await, 401);
}

/// Shows: O-102, O-105
#[tokio::test]
async fn pages_of_any_origin_may_ask_programs_endpoints_only() {
    let world = World::start().await;
    for path in [".oidc/reg", ".oidc/token/revocation", ".oidc/token/introspection"] {
        let preflight = world.nobody.ask("OPTIONS", path).header("origin", "https://app.example").send().await.is(204);
        assert_eq!(preflight.field("access-control-allow-origin"), "*");
        assert_eq!(preflight.field("access-control-allow-headers"), "authorization, content-type, dpop");
    }
    for path in [".oidc/auth", ".oidc/session/end"] {
        let answer = world.nobody.ask("GET", path).header("origin", "https://app.example").send().await;
        assert_eq!(answer.field("access-control-allow-origin"), "");
    }
}

/// Shows: O-163
#[tokio::test]
async fn a_clock_that_is_a_little_wrong_will_do() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let endpoint = format!("{}.oidc/token", world.base);
    for (seconds, good) in [(-110, true), (110, true), (-600, false), (600, false)] {
        let code = app.code(&world, "openid").await;
        let iat = crate::world::BEGINNING.seconds() + seconds;
        let proof = world.bob.proof_of(&json!({ "htm": "POST", "htu": endpoint, "iat": iat }));
        let answer = app.post(&world, ".oidc/token", &exchange(&code), Some(&proof)).await;
        if good {
            answer.is(200);
        } else {
            assert!(text(&answer.json(), "error_description").contains("too far from the server's time"));
            fails(answer, 400, "invalid_dpop_proof");
        }
    }
}

/// Shows: O-70, O-163
#[tokio::test]
async fn bearer_tokens_are_for_confidential_clients_where_they_are_allowed() {
    let bearer = Config { allow_bearer: true, ..Config::default() };
    let world = World::with(Settings { identity: bearer, ..Settings::default() }).await;
    let (public, confidential) =
        (App::registered(&world, "none").await, App::registered(&world, "client_secret_post").await);
    let code = public.code(&world, OFFLINE).await;
    fails(public.post(&world, ".oidc/token", &exchange(&code), None).await, 400, "invalid_dpop_proof");
    let code = confidential.code(&world, OFFLINE).await;
    let given = confidential.post(&world, ".oidc/token", &exchange(&code), None).await.is(200).json();
    assert_eq!(given["token_type"], "Bearer");
    assert!(claims(text(&given, "access_token"))["cnf"].is_null());
}
