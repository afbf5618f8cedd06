//! What becomes of an application's tokens: refreshed, revoked, asked about, ended with what they stand on.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cartable::clock::Clock;
use cartable::identity::account::{Email, Happened, Password};
use cartable::identity::provider::Scopes;
use cartable::identity::provider::consent::Consent;
use cartable::storage::{Change, EntryIs, EntryWrite, KeyRange, Scope};
use serde_json::{Value, json};

use crate::applications::{App, DAY, MINUTE, OFFLINE, claims, fails, metadata, reads, register, text};
use crate::world::World;

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

/// Shows: O-193
#[tokio::test]
async fn what_an_owner_does_not_see_any_more_has_ended() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let agree = async |client: &str| {
        world.clock.advance(Duration::from_secs(1));
        let consent = Consent {
            client: client.to_owned(),
            name: None,
            host: "app.example".to_owned(),
            webid: world.alice.webid().to_owned(),
            scopes: Scopes::parse(OFFLINE),
            given: world.clock.now(),
            session: None,
        };
        world.provider.agree(&app.account, &consent).await.unwrap();
    };
    agree(&app.id).await;
    let tokens = app.tokens(&world, &world.bob, OFFLINE).await;
    for number in 1..200 {
        agree(&format!("https://app.example/{number}")).await;
    }
    assert_eq!(world.provider.clients_of(&app.account).await.unwrap().len(), 1, "there is room for 200");
    agree("https://app.example/200").await;
    assert!(world.provider.consents.with(&app.account, &app.id).await.unwrap().is_none());
    assert!(world.provider.clients_of(&app.account).await.unwrap().is_empty());
    fails(app.refresh(&world, &world.bob, text(&tokens, "refresh_token")).await, 400, "invalid_grant");
}

/// Shows: O-45, O-168
#[tokio::test]
async fn a_refresh_token_that_comes_back_later_ends_the_family() {
    let world = World::start().await;
    let app = App::registered(&world, "client_secret_basic").await;
    let (email, password) = (Email::parse("alice@example.org"), Password::chosen("a bridge over the river"));
    world.accounts.add_login(&app.account, email.unwrap(), password.unwrap()).await.unwrap();
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
    let letters = world.letters("alice@example.org").await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("est coupé") && letters[0].contains("settings/applications/"), "{}", letters[0]);

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
    world.provider.disconnect(&app.account, &app.id).await.unwrap();
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
    world.provider.disconnect(&app.account, &app.id).await.unwrap();
    assert_eq!(ask(&server, text(&given, "access_token")).await.is(200).json(), inactive);
    world.clock.advance(DAY);
    assert_eq!(ask(&server, text(&own, "access_token")).await.is(200).json(), inactive);
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
