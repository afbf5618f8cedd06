//! Applications that sign people in: registration, codes, refresh tokens, revocation, introspection. The person's part,
//! which happens in a browser, is taken as done: the provider is handed what she agreed to.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartable::clock::Clock;
use cartable::identity::Config;
use cartable::identity::account::{AccountId, Happened, SessionId, SignedInBy};
use cartable::identity::provider::{Granted, Scopes};
use cartable::storage::{Change, EntryIs, EntryWrite, Error, KeyRange, Scope};
use serde_json::{Value, json};

use crate::faults::watched;
use crate::faulty::{Operation, When};
use crate::world::{Answer, Person, Settings, World};

const BACK: &str = "https://app.example/back?x=1";
/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// An application, and Alice, who is signed in to the server and to it.
struct App {
    id: String,
    /// `None`: a public client.
    secret: Option<String>,
    account: AccountId,
    session: SessionId,
}

fn metadata(method: &str) -> Value {
    json!({ "redirect_uris": [BACK], "client_name": "App", "token_endpoint_auth_method": method })
}

async fn register(world: &World, metadata: &Value) -> Answer {
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
    async fn registered(world: &World, method: &str) -> Self {
        let told = register(world, &metadata(method)).await.is(201).json();
        let text = |name: &str| told[name].as_str().map(str::to_owned);
        Self::known(world, text("client_id").unwrap(), text("client_secret")).await
    }

    async fn known(world: &World, id: String, secret: Option<String>) -> Self {
        let account = account_of(world, &world.alice).await;
        let session = sign_in(world, &account).await;
        Self { id, secret, account, session }
    }

    /// A code for what Alice agreed to.
    async fn code(&self, world: &World, scope: &str) -> String {
        self.code_with(world, scope, |_| {}).await
    }

    async fn code_with(&self, world: &World, scope: &str, change: impl FnOnce(&mut Granted)) -> String {
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
    async fn token(&self, world: &World, key: &Person, form: &[(&str, &str)]) -> Answer {
        let proof = key.proof("POST", &format!("{}.oidc/token", world.base));
        self.post(world, ".oidc/token", form, Some(&proof)).await
    }

    async fn post(&self, world: &World, place: &str, form: &[(&str, &str)], proof: Option<&str>) -> Answer {
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

    async fn exchange(&self, world: &World, key: &Person, code: &str) -> Answer {
        self.token(world, key, &exchange(code)).await
    }

    async fn refresh(&self, world: &World, key: &Person, token: &str) -> Answer {
        self.token(world, key, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Signs Alice in, and returns the answer of the token endpoint.
    async fn tokens(&self, world: &World, key: &Person, scope: &str) -> Value {
        let code = self.code(world, scope).await;
        self.exchange(world, key, &code).await.is(200).json()
    }
}

fn exchange(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK), ("code_verifier", VERIFIER)]
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// What Alice's pod answers to whoever holds this token and key.
async fn reads(world: &World, key: &Person, token: &str) -> u16 {
    let pod = world.alice.pod.clone();
    let asking = world.nobody.ask("GET", &pod).header("authorization", &format!("DPoP {token}"));
    asking.header("dpop", &key.proof("GET", &pod)).send().await.status.as_u16()
}

#[track_caller]
fn fails(answer: Answer, status: u16, error: &str) {
    let answer = answer.is(status);
    assert_eq!(answer.json()["error"], error, "{answer:?}");
    assert_eq!(answer.field("cache-control"), "no-store");
    assert_eq!(answer.field("content-type"), "application/json");
    assert_eq!(answer.field("access-control-allow-origin"), "*");
    assert_eq!(answer.field("www-authenticate").starts_with("Basic "), status == 401);
}

const OFFLINE: &str = "openid webid offline_access";

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

/// Shows: O-166, O-168, O-169
#[tokio::test]
async fn refresh_tokens_rotate_and_a_lost_answer_is_given_again() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let mut latest = app.tokens(&world, &world.bob, OFFLINE).await;
    for _ in 0..3 {
        world.clock.advance(DAY * 29);
        let token = text(&latest, "refresh_token").to_owned();
        let next = app.refresh(&world, &world.bob, &token).await.is(200).json();
        assert_ne!(next["refresh_token"], latest["refresh_token"]);
        let (old, new) = (claims(text(&latest, "id_token")), claims(text(&next, "id_token")));
        for name in ["iss", "sub", "webid", "aud", "auth_time", "sid"] {
            assert_eq!(old[name], new[name], "{name}");
        }
        assert!(new["nonce"].is_null());
        assert_eq!(reads(&world, &world.bob, text(&next, "access_token")).await, 200);
        world.clock.advance(MINUTE);
        let again = app.refresh(&world, &world.bob, &token).await.is(200).json();
        assert_eq!(again["refresh_token"], next["refresh_token"]);
        latest = next;
    }
    world.clock.advance(DAY * 30);
    fails(app.refresh(&world, &world.bob, text(&latest, "refresh_token")).await, 400, "invalid_grant");
}

/// Shows: O-169
#[tokio::test]
async fn refreshing_ends_after_half_a_year() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let mut latest = app.tokens(&world, &world.bob, OFFLINE).await;
    for _ in 0..8 {
        world.clock.advance(DAY * 22);
        latest = app.refresh(&world, &world.bob, text(&latest, "refresh_token")).await.is(200).json();
    }
    world.clock.set(crate::world::BEGINNING.plus(DAY * 180).minus(MINUTE * 10));
    let last = app.refresh(&world, &world.bob, text(&latest, "refresh_token")).await.is(200).json();
    assert_eq!(last["expires_in"], 600, "no token outlives the grant");
    world.clock.advance(MINUTE * 10);
    fails(app.refresh(&world, &world.bob, text(&last, "refresh_token")).await, 400, "invalid_grant");
    world.provider.tend().await.unwrap();
    assert!(world.provider.clients_of(&app.account).await.unwrap().is_empty());
}

/// Shows: O-45, O-168
#[tokio::test]
async fn a_refresh_token_that_comes_back_later_ends_the_family() {
    let world = World::start().await;
    let app = App::registered(&world, "client_secret_basic").await;
    let first = app.tokens(&world, &world.bob, OFFLINE).await;
    let second = app.refresh(&world, &world.bob, text(&first, "refresh_token")).await.is(200).json();
    world.clock.advance(MINUTE + Duration::from_secs(1));
    fails(app.refresh(&world, &world.carol, text(&first, "refresh_token")).await, 400, "invalid_grant");
    fails(app.refresh(&world, &world.bob, text(&second, "refresh_token")).await, 400, "invalid_grant");
    assert_eq!(reads(&world, &world.bob, text(&second, "access_token")).await, 401);
    fails(app.refresh(&world, &world.carol, text(&first, "refresh_token")).await, 400, "invalid_grant");
    let account = world.accounts.account(&app.account).await.unwrap().unwrap();
    let events = world.accounts.events(&account, 10).await.unwrap().into_iter().map(|event| event.happened);
    let told = Happened::ApplicationCopied { host: app.id.clone() };
    assert_eq!(events.filter(|happened| *happened == told).count(), 1, "its owner is told, once");

    let first = app.tokens(&world, &world.bob, OFFLINE).await;
    let second = app.refresh(&world, &world.bob, text(&first, "refresh_token")).await.is(200).json();
    app.refresh(&world, &world.bob, text(&second, "refresh_token")).await.is(200);
    fails(app.refresh(&world, &world.bob, text(&first, "refresh_token")).await, 400, "invalid_grant");
}

/// Shows: O-163, O-166, O-167
#[tokio::test]
async fn refresh_tokens_are_bound_to_the_key_or_to_the_client() {
    let world = World::start().await;
    let public = App::registered(&world, "none").await;
    let given = public.tokens(&world, &world.bob, OFFLINE).await;
    let token = text(&given, "refresh_token");
    fails(public.refresh(&world, &world.carol, token).await, 400, "invalid_grant");
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    fails(public.post(&world, ".oidc/token", &form, None).await, 400, "invalid_dpop_proof");
    let narrower = [form[0], form[1], ("scope", "webid")];
    let wider = [form[0], form[1], ("scope", "openid profile")];
    fails(public.token(&world, &world.bob, &wider).await, 400, "invalid_scope");
    let narrow = public.token(&world, &world.bob, &narrower).await.is(200).json();
    assert_eq!(narrow["scope"], "openid webid");
    let whole = public.refresh(&world, &world.bob, text(&narrow, "refresh_token")).await.is(200).json();
    assert_eq!(whole["scope"], "openid offline_access webid");

    let confidential = App::registered(&world, "client_secret_post").await;
    let given = confidential.tokens(&world, &world.bob, OFFLINE).await;
    fails(public.refresh(&world, &world.bob, text(&given, "refresh_token")).await, 400, "invalid_grant");
    let next = confidential.refresh(&world, &world.carol, text(&given, "refresh_token")).await.is(200).json();
    assert_eq!(reads(&world, &world.carol, text(&next, "access_token")).await, 200);
    for forged in ["nonsense", "a.0.b", text(&given, "access_token")] {
        fails(confidential.refresh(&world, &world.bob, forged).await, 400, "invalid_grant");
    }
}

/// Shows: O-168
#[tokio::test]
async fn a_school_full_of_refreshes_stays_consistent() {
    let world = World::start().await;
    let node = world.another().await;
    let app = App::registered(&world, "client_secret_basic").await;
    let mut families = Vec::new();
    for _ in 0..20 {
        families.push(text(&app.tokens(&world, &world.bob, OFFLINE).await, "refresh_token").to_owned());
    }
    let nodes = [&world, &node];
    let refreshes = (0..600).map(|at: usize| {
        let (app, node, token) = (&app, nodes[at % 2], &families[at % 20]);
        async move { app.refresh(node, &node.bob, token).await.is(200).json() }
    });
    let answers = futures_util::future::join_all(refreshes).await;
    for (at, answer) in answers.iter().enumerate() {
        assert_eq!(answer["refresh_token"], answers[at % 20]["refresh_token"], "one successor for each");
    }
    for answer in &answers[..20] {
        app.refresh(&node, &world.bob, text(answer, "refresh_token")).await.is(200);
    }
}

/// Shows: O-45, O-193, O-196
#[tokio::test]
async fn tokens_end_with_what_they_stand_on() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let session_only = text(&app.tokens(&world, &world.bob, "openid webid").await, "access_token").to_owned();
    let offline = app.tokens(&world, &world.bob, OFFLINE).await;
    let access = text(&offline, "access_token");
    assert_eq!(reads(&world, &world.bob, &session_only).await, 200);
    let unused = app.code(&world, OFFLINE).await;
    world.accounts.end(&app.account, &app.session).await.unwrap();
    assert_eq!(reads(&world, &world.bob, &session_only).await, 401);
    assert_eq!(reads(&world, &world.bob, access).await, 200);
    fails(app.exchange(&world, &world.bob, &unused).await, 400, "invalid_grant");

    world.accounts.set_disabled(&app.account, true).await.unwrap();
    assert_eq!(reads(&world, &world.bob, access).await, 401);
    fails(app.refresh(&world, &world.bob, text(&offline, "refresh_token")).await, 400, "invalid_grant");
    world.accounts.set_disabled(&app.account, false).await.unwrap();
    let offline = app.refresh(&world, &world.bob, text(&offline, "refresh_token")).await.is(200).json();
    let other = App::registered(&world, "none").await;
    let kept = other.tokens(&world, &world.bob, OFFLINE).await;
    world.provider.revoke_client(&app.account, &app.id).await.unwrap();
    assert_eq!(reads(&world, &world.bob, text(&offline, "access_token")).await, 401);
    fails(app.refresh(&world, &world.bob, text(&offline, "refresh_token")).await, 400, "invalid_grant");
    assert_eq!(reads(&world, &world.bob, text(&kept, "access_token")).await, 200);
    world.provider.revoke_account(&app.account).await.unwrap();
    assert_eq!(reads(&world, &world.bob, text(&kept, "access_token")).await, 401);

    let app = App::registered(&world, "none").await;
    let session_only = app.tokens(&world, &world.bob, "openid webid").await;
    let offline = app.tokens(&world, &world.bob, OFFLINE).await;
    world.provider.revoke_session(&app.account, &app.session).await.unwrap();
    assert_eq!(reads(&world, &world.bob, text(&session_only, "access_token")).await, 401);
    assert_eq!(reads(&world, &world.bob, text(&offline, "access_token")).await, 200);
}

/// Shows: O-45, O-106, O-197
#[tokio::test]
async fn a_client_gives_up_its_tokens_and_no_others() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let other = App::registered(&world, "client_secret_basic").await;
    let given = app.tokens(&world, &world.bob, OFFLINE).await;
    let revoke = async |app: &App, token: &str| {
        app.post(&world, ".oidc/token/revocation", &[("token", token), ("token_type_hint", "x")], None).await
    };
    fails(revoke(&other, text(&given, "access_token")).await, 400, "invalid_grant");
    fails(revoke(&other, text(&given, "refresh_token")).await, 400, "invalid_grant");
    assert_eq!(reads(&world, &world.bob, text(&given, "access_token")).await, 200);
    assert_eq!(revoke(&app, "nonsense").await.is(200).field("cache-control"), "no-store");
    revoke(&app, text(&given, "access_token")).await.is(200);
    assert_eq!(reads(&world, &world.bob, text(&given, "access_token")).await, 401);
    let given = app.refresh(&world, &world.bob, text(&given, "refresh_token")).await.is(200).json();
    assert_eq!(reads(&world, &world.bob, text(&given, "access_token")).await, 200);
    revoke(&app, text(&given, "refresh_token")).await.is(200);
    assert_eq!(reads(&world, &world.bob, text(&given, "access_token")).await, 401);
    fails(app.refresh(&world, &world.bob, text(&given, "refresh_token")).await, 400, "invalid_grant");
    revoke(&app, text(&given, "refresh_token")).await.is(200);
    let liar = App { secret: Some("wrong".into()), ..other };
    fails(revoke(&liar, "nonsense").await, 401, "invalid_client");
    fails(app.post(&world, ".oidc/token/revocation", &[], None).await, 400, "invalid_request");
}

/// Shows: O-106, O-197
#[tokio::test]
async fn who_has_a_secret_may_ask_whether_a_token_is_good() {
    let world = World::start().await;
    let (app, server) = (App::registered(&world, "none").await, App::registered(&world, "client_secret_basic").await);
    let given = app.tokens(&world, &world.bob, OFFLINE).await;
    let ask =
        async |app: &App, token: &str| app.post(&world, ".oidc/token/introspection", &[("token", token)], None).await;
    let told = ask(&server, text(&given, "access_token")).await.is(200);
    assert_eq!(told.field("cache-control"), "no-store");
    let told = told.json();
    assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("DPoP")));
    assert_eq!((&told["client_id"], &told["webid"]), (&json!(app.id), &json!(world.alice.webid())));
    let inactive = json!({ "active": false });
    assert_eq!(ask(&server, text(&given, "refresh_token")).await.is(200).json(), inactive, "another client's");
    assert_eq!(ask(&server, "nonsense").await.is(200).json(), inactive);
    fails(ask(&app, text(&given, "access_token")).await, 401, "invalid_client");
    let own = server.tokens(&world, &world.bob, OFFLINE).await;
    let told = ask(&server, text(&own, "refresh_token")).await.is(200).json();
    assert_eq!((&told["active"], &told["scope"]), (&json!(true), &json!("openid offline_access webid")));
    server.refresh(&world, &world.bob, text(&own, "refresh_token")).await.is(200);
    assert_eq!(ask(&server, text(&own, "refresh_token")).await.is(200).json(), inactive, "it was used");
    world.provider.revoke_client(&app.account, &app.id).await.unwrap();
    assert_eq!(ask(&server, text(&given, "access_token")).await.is(200).json(), inactive);
    world.clock.advance(DAY);
    assert_eq!(ask(&server, text(&own, "access_token")).await.is(200).json(), inactive);
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
    node.provider.revoke_client(&app.account, &app.id).await.unwrap();
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

/// Shows: O-115, O-185
#[tokio::test]
async fn keys_change_while_people_are_signed_in() {
    let world = World::start().await;
    world.keys.tend(crate::world::BEGINNING).await.unwrap();
    let mut said = metadata("none");
    said["id_token_signed_response_alg"] = json!("RS256");
    let told = register(&world, &said).await.is(201).json();
    let app = App::known(&world, text(&told, "client_id").to_owned(), None).await;
    let header = |token: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
    };
    let mut latest = app.tokens(&world, &world.bob, OFFLINE).await;
    let first = [header(text(&latest, "access_token")), header(text(&latest, "id_token"))];
    assert_eq!((&first[0]["alg"], &first[1]["alg"]), (&json!("ES256"), &json!("RS256")));
    let mut published = Vec::new();
    for days in [29, 58, 87, 88, 91, 94] {
        world.clock.set(crate::world::BEGINNING.plus(DAY * days));
        published = world.nobody.get(".oidc/jwks").await.json()["keys"].as_array().unwrap().clone();
        world.keys.tend(crate::world::BEGINNING.plus(DAY * days)).await.unwrap();
        latest = app.refresh(&world, &world.bob, text(&latest, "refresh_token")).await.is(200).json();
        assert_eq!(reads(&world, &world.bob, text(&latest, "access_token")).await, 200);
        for token in ["access_token", "id_token"] {
            let kid = &header(text(&latest, token))["kid"];
            assert!(published.iter().any(|key| key["kid"] == *kid), "known before it is used: {days} days");
        }
    }
    let last = [header(text(&latest, "access_token")), header(text(&latest, "id_token"))];
    assert!(first[0]["kid"] != last[0]["kid"] && first[1]["kid"] != last[1]["kid"]);
    let keys = world.nobody.get(".oidc/jwks").await.json()["keys"].as_array().unwrap().clone();
    assert!(keys.len() == 2 && published.len() == 4, "old keys go when nothing of theirs is left");
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

/// Shows: O-163
#[tokio::test]
async fn a_proof_is_good_once() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let given = app.tokens(&world, &world.bob, OFFLINE).await;
    let proof = world.bob.proof("POST", &format!("{}.oidc/token", world.base));
    let form = [("grant_type", "refresh_token"), ("refresh_token", text(&given, "refresh_token"))];
    app.post(&world, ".oidc/token", &form, Some(&proof)).await.is(200);
    fails(app.post(&world, ".oidc/token", &form, Some(&proof)).await, 400, "invalid_dpop_proof");
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

#[tokio::test]
async fn nothing_is_left_of_accounts_that_are_no_more() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    app.tokens(&world, &world.bob, OFFLINE).await;
    let left = async || {
        let mut left = 0;
        for prefix in ["code/", "grant/", "granted/", "revoked/"] {
            left += world.storage.entries(KeyRange { prefix, after: None, limit: 10 }).await.unwrap().len();
        }
        left
    };
    world.provider.tend().await.unwrap();
    assert_eq!(left().await, 3);
    let mut change = Change::of(Scope::House, world.clock.now());
    let key = format!("account/{}", app.account).into();
    change.entries.push(EntryWrite { key, expected: EntryIs::Anything, value: None });
    world.storage.commit(change).await.unwrap();
    world.clock.advance(DAY);
    world.provider.tend().await.unwrap();
    assert_eq!(left().await, 0);
}
