//! What the client libraries of Solid do and look at, request by request. The libraries themselves run in
//! `tests/clients` and `tests/browser`; these stories say which of their habits the server must bear with.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartable::clock::Clock;
use serde_json::{Value, json};

use crate::applications::{App, claims, fails, metadata, reads, register, text};
use crate::browser::Browser;
use crate::world::World;

const OFFLINE: &str = "openid offline_access webid";

async fn discovery(world: &World) -> Value {
    world.nobody.get(".well-known/openid-configuration").await.is(200).json()
}

fn header(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

/// The published key that a token names.
async fn key_of(world: &World, token: &str) -> Option<Value> {
    let keys = world.nobody.get(".oidc/jwks").await.is(200).json();
    let kid = header(token)["kid"].clone();
    keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).cloned()
}

fn members(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|member| member.as_str().unwrap()).collect()
}

/// Shows: O-401, O-405, O-407
#[tokio::test]
async fn discovery_has_every_list_that_a_library_reads() {
    let world = World::start().await;
    let document = discovery(&world).await;
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "registration_endpoint",
        "end_session_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
    ] {
        assert!(document[name].as_str().unwrap().starts_with(&world.base), "{name}");
    }
    for (name, wanted) in [
        ("scopes_supported", &["openid", "profile", "offline_access", "webid"][..]),
        ("grant_types_supported", &["authorization_code", "refresh_token", "client_credentials"]),
        ("response_types_supported", &["code"]),
        ("response_modes_supported", &["query", "form_post"]),
        ("subject_types_supported", &["public"]),
        ("claims_supported", &["sub", "iss", "aud", "azp", "iat", "exp", "auth_time", "nonce", "webid", "sid", "cnf"]),
        ("id_token_signing_alg_values_supported", &["ES256", "RS256"]),
        ("token_endpoint_auth_methods_supported", &["client_secret_basic", "client_secret_post", "none"]),
        ("code_challenge_methods_supported", &["S256"]),
        ("dpop_signing_alg_values_supported", &["ES256"]),
    ] {
        let said = members(&document[name]);
        assert!(wanted.iter().all(|word| said.contains(word)), "{name}: {said:?}");
    }
    assert_eq!(document["id_token_signing_alg_values_supported"][0], "ES256", "Inrupt takes the first that it knows");
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document["issuer"], world.base, "looked up at the origin, with the final slash of the base");
}

/// Shows: O-401, O-405, O-407
#[tokio::test]
async fn a_session_keeps_its_subject_and_its_algorithm_through_refreshes() {
    let world = World::start().await;
    for (method, algorithm) in [("none", "ES256"), ("client_secret_basic", "ES256"), ("client_secret_basic", "RS256")] {
        let mut said = metadata(method);
        said["id_token_signed_response_alg"] = json!(algorithm);
        let told = register(&world, &said).await.is(201).json();
        let secret = told["client_secret"].as_str().map(str::to_owned);
        let app = App::known(&world, text(&told, "client_id").to_owned(), secret).await;
        // The RS256 key is made in the background after the first start.
        world.keys.tend(crate::world::BEGINNING).await.unwrap();
        let first = app.tokens(&world, &world.bob, OFFLINE).await;
        let next = app.refresh(&world, &world.bob, text(&first, "refresh_token")).await.is(200).json();
        let [before, after] = [&first, &next].map(|given| claims(text(given, "id_token")));
        for name in ["iss", "sub", "webid", "aud", "azp", "auth_time", "sid"] {
            assert_eq!(before[name], after[name], "{method} {algorithm}: {name}");
        }
        assert!(before["nonce"].is_string() && after["nonce"].is_null());
        for given in [&first, &next] {
            assert_eq!(header(text(given, "id_token"))["alg"], algorithm);
            assert_eq!(
                header(text(given, "access_token")),
                json!({
                    "alg": "ES256", "typ": "at+jwt", "kid": header(text(given, "access_token"))["kid"],
                })
            );
            assert_eq!(given["token_type"], "DPoP", "to the letter");
            assert!(given["expires_in"].as_u64().unwrap() > 38, "a number, and long enough for uvdsl");
            let access = claims(text(given, "access_token"));
            assert_eq!((&access["client_id"], &access["aud"]), (&json!(app.id), &json!("solid")));
            assert_eq!(access["cnf"]["jkt"], world.bob.thumbprint().to_string());
        }
        assert_ne!(first["refresh_token"], next["refresh_token"], "uvdsl stores whatever comes");
    }
}

/// The Inrupt fetch signs for the first address only; where it is sent on to must ask again, so that it signs anew.
///
/// Shows: O-403, O-28, O-6
#[tokio::test]
async fn a_redirect_is_followed_by_signing_again() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/note", "<> a <#Note>.").await.created();
    let (asked, token) = (alice.url("box"), format!("DPoP {}", alice.token()));
    let send = async |url: &str, proof: &str| {
        let asking = world.nobody.ask("GET", url).header("origin", "https://app.example");
        asking.header("authorization", &token).header("dpop", proof).send().await
    };
    let proof = alice.proof("GET", &asked);
    let redirect = send(&asked, &proof).await.is(301);
    assert_eq!(redirect.field("access-control-allow-origin"), "https://app.example");
    let there = redirect.field("location").to_owned();
    assert_eq!(there, alice.url("box/"));
    let refused = send(&there, &proof).await.refused(401, "invalid-dpop-proof");
    assert_eq!(refused.field("access-control-allow-origin"), "https://app.example");
    assert!(refused.field("access-control-expose-headers").to_ascii_lowercase().contains("www-authenticate"));
    send(&there, &alice.proof("GET", &there)).await.is(200);
    // Another origin is asked without credentials by browsers.
    world.nobody.get(&there).await.refused(401, "not-authenticated");
}

/// Shows: O-408, O-167
#[tokio::test]
async fn the_test_harness_signs_in_and_refreshes_with_a_fresh_key() {
    let world = World::start().await;
    assert_eq!(discovery(&world).await["issuer"], world.base, "byte for byte");
    // It registers an address without a path, and wants it back as it was.
    let said = json!({ "redirect_uris": ["https://tester"], "client_name": "harness" });
    let told = register(&world, &said).await.is(201).json();
    assert_eq!(told["redirect_uris"], json!(["https://tester"]));
    let app =
        App::known(&world, text(&told, "client_id").to_owned(), told["client_secret"].as_str().map(str::to_owned))
            .await;
    let code = app.code_with(&world, OFFLINE, |granted| granted.redirect_uri = "https://tester".to_owned()).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "https://tester"),
        ("code_verifier", crate::applications::VERIFIER),
    ];
    let given = app.token(&world, &world.alice, &form).await.is(200).json();
    // The key that it refreshes with is new; the new access token is bound to that one.
    let next = app.refresh(&world, &world.bob, text(&given, "refresh_token")).await.is(200).json();
    assert_eq!(reads(&world, &world.bob, text(&next, "access_token")).await, 200);
    assert_eq!(reads(&world, &world.alice, text(&next, "access_token")).await, 401);
    let access = text(&next, "access_token");
    let key = key_of(&world, access).await.unwrap();
    assert_eq!((&key["alg"], &key["use"]), (&json!("ES256"), &json!("sig")));
    // Its proofs keep the query, and do not name the token.
    let pod = format!("{}?x=1", world.alice.pod);
    let asking = world.nobody.ask("GET", &pod).header("authorization", &format!("DPoP {access}"));
    asking.header("dpop", &world.bob.proof("GET", &pod)).send().await.is(200);
}

/// Shows: O-406, O-408, O-170, O-171
#[tokio::test]
async fn credentials_are_encoded_as_forms_are_and_need_no_scope() {
    let world = World::start().await;
    let pupil = world.pupil("malo").await;
    let made = world.accounts.create_credential(&pupil.account, None, Some("script")).await.unwrap();
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(made.credential.id.as_str()), encode(made.secret.reveal()));
    let endpoint = format!("{}.oidc/token", world.base);
    for (form, id_token) in [
        ("grant_type=client_credentials", false),
        (
            "grant_type=client_credentials&scope=openid+offline_access+webid&token_endpoint_auth_method=client_secret_basic",
            true,
        ),
    ] {
        let asking = world.nobody.ask("POST", &endpoint).header("dpop", &world.bob.proof("POST", &endpoint));
        let asking = asking.header("authorization", &format!("Basic {}", STANDARD.encode(&pair)));
        let given = asking.content("application/x-www-form-urlencoded", form).send().await.is(200).json();
        let access = claims(text(&given, "access_token"));
        assert_eq!((&access["aud"], &access["iss"]), (&json!("solid"), &json!(world.base)));
        assert_eq!((&access["webid"], &access["sub"]), (&json!(pupil.webid), &json!(pupil.webid)));
        assert_eq!(given["id_token"].is_string(), id_token);
        assert!(key_of(&world, text(&given, "access_token")).await.is_some());
    }
}

/// Shows: O-409
#[tokio::test]
async fn other_servers_find_all_that_they_verify() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let given = app.tokens(&world, &world.bob, OFFLINE).await;
    for token in [text(&given, "access_token"), text(&given, "id_token")] {
        let (header, claims) = (header(token), claims(token));
        assert!(header["kid"].is_string() && header["alg"].is_string(), "{header}");
        for name in ["webid", "iss", "aud", "iat", "exp"] {
            assert!(!claims[name].is_null(), "{name}: {claims}");
        }
        let aud = &claims["aud"];
        assert!(*aud == "solid" || members(aud).contains(&"solid"), "{aud}");
        // The profile is read as Turtle, by nobody in particular, and the issuer compared to the byte.
        let webid = claims["webid"].as_str().unwrap();
        let profile =
            world.nobody.ask("GET", webid.split('#').next().unwrap()).accept("text/turtle").send().await.is(200);
        assert_eq!(profile.field("content-type").split(';').next(), Some("text/turtle"));
        let issuer = claims["iss"].as_str().unwrap();
        assert!(profile.says(webid, &format!("<{webid}> solid:oidcIssuer <{issuer}>.")), "{}", profile.text());
        assert_eq!(discovery(&world).await["issuer"], issuer);
    }
}

/// Shows: O-411
#[tokio::test]
async fn mashlib_finds_its_way_from_a_webid() {
    let world = World::start().await;
    let card = world.alice.webid().split('#').next().unwrap().to_owned();
    for person in [&world.nobody, &world.alice] {
        let profile = person.ask("GET", &card).header("origin", "https://mashlib.example").send().await.is(200);
        assert_eq!(profile.field("access-control-allow-origin"), "https://mashlib.example");
        assert!(profile.field("wac-allow").contains("public=\"read\""), "{profile:?}");
        assert_eq!(profile.links("acl").len(), 1);
        let exposed = profile.field("access-control-expose-headers").to_ascii_lowercase();
        assert!(["wac-allow", "link", "etag"].iter().all(|name| exposed.contains(name)), "{exposed}");
        let graph =
            profile.says(world.alice.webid(), &format!("<{}> pim:storage <{}>.", world.alice.webid(), world.alice.pod));
        assert!(graph, "{}", profile.text());
    }
    let own = world.alice.get(&card).await.is(200);
    assert!(own.field("wac-allow").contains("user=\"") && own.field("wac-allow").contains("control"));
    // What it looks for at the side is answered at once, there or not.
    for place in [".well-known/solid", "favicon.ico"] {
        let status = world.nobody.get(place).await.status.as_u16();
        assert!([200, 401, 404].contains(&status), "{place}: {status}");
    }
}

/// Shows: O-412
#[tokio::test]
async fn the_implicit_flow_is_refused_by_its_name() {
    let world = World::start().await;
    let app = crate::sign_in::App::registered(&world, &json!({})).await;
    for kind in ["id_token token", "id_token", "token", "code id_token", "none"] {
        let back = Browser::new(&world).visit(&app.request(&[("response_type", kind)])).await;
        assert_eq!(back.parameter("error"), "unsupported_response_type", "{kind}");
        assert_eq!(back.parameter("state"), "a b&c=é");
    }
}

/// What is signed by a key that was withdrawn is refused at once; a refresh brings tokens of another key. The usual
/// change of keys is told in `grants`.
///
/// Shows: O-421, O-185
#[tokio::test]
async fn sessions_outlive_a_key_that_is_withdrawn() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let given = app.tokens(&world, &world.bob, OFFLINE).await;
    let kid = header(text(&given, "access_token"))["kid"].clone();
    world.keys.withdraw(kid.as_str().unwrap(), world.clock.now()).await.unwrap();
    assert_eq!(reads(&world, &world.bob, text(&given, "access_token")).await, 401);
    assert!(key_of(&world, text(&given, "access_token")).await.is_none());
    let next = app.refresh(&world, &world.bob, text(&given, "refresh_token")).await.is(200).json();
    for token in ["access_token", "id_token"] {
        assert!(key_of(&world, text(&next, token)).await.is_some_and(|key| key["kid"] != kid), "{token}");
    }
    assert_eq!(reads(&world, &world.bob, text(&next, "access_token")).await, 200);
}

/// Several tabs of an application refresh with the same token at once, and none of them is signed out.
///
/// Shows: O-421, O-168
#[tokio::test]
async fn two_tabs_refresh_at_once() {
    let world = World::start().await;
    let app = App::registered(&world, "none").await;
    let given = app.tokens(&world, &world.bob, OFFLINE).await;
    let token = text(&given, "refresh_token");
    let tabs = tokio::join!(
        app.refresh(&world, &world.bob, token),
        app.refresh(&world, &world.bob, token),
        app.refresh(&world, &world.bob, token)
    );
    let tabs: [Value; 3] = [tabs.0, tabs.1, tabs.2].map(|answer| answer.is(200).json());
    assert!(tabs.iter().all(|tab| tab["refresh_token"] == tabs[0]["refresh_token"]), "one successor");
    for tab in &tabs {
        assert_eq!(reads(&world, &world.bob, text(tab, "access_token")).await, 200);
    }
    fails(app.refresh(&world, &world.carol, text(&tabs[0], "refresh_token")).await, 400, "invalid_grant");
    app.refresh(&world, &world.bob, text(&tabs[0], "refresh_token")).await.is(200);
}
