//! Tokens and proofs on pods: who they let in, and how the others are told.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{Answer, Person, World};

const NOTE: &str = "<> a <#Note>.";

/// Sends a request with this token and proof, whoever they are of.
async fn sent(person: &Person, method: &str, url: &str, authorization: &str, proofs: &[&str]) -> Answer {
    let stranger = person.anonymous();
    let asking = stranger.ask(method, url).header("authorization", authorization);
    proofs.iter().fold(asking, |asking, proof| asking.header("dpop", proof)).send().await
}

/// Shows: P-7, P-214, O-1, O-3, O-4, O-2, W-56, solid#server-unauthenticated
#[tokio::test]
async fn who_is_not_signed_in_is_asked_to() {
    let world = World::start().await;
    let url = world.alice.put("note", NOTE).await.created();
    let challenge = format!(
        "DPoP algs=\"ES256 ES384 ES512 RS256 PS256 EdDSA\", scope=\"openid webid\", as_uri=\"{}\", \
         Bearer scope=\"openid webid\"",
        world.base
    );
    for method in ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "COPY", "MOVE"] {
        for place in [url.as_str(), &world.alice.url("absent"), &world.alice.pod] {
            let ask = |person: &'static str| {
                let person = if person == "bob" { &world.bob } else { &world.nobody };
                let asking = person.ask(method, place);
                match method {
                    "PATCH" => asking.n3("solid:inserts { <> a <#X> }"),
                    "PUT" | "POST" => asking.turtle(NOTE),
                    "COPY" | "MOVE" => asking.header("destination", &world.alice.url("copy")),
                    _ => asking,
                }
            };
            let kinds = if method == "HEAD" { ["", ""] } else { ["not-authenticated", "not-allowed"] };
            let answer = ask("nobody").refused(401, kinds[0]).await;
            assert_eq!(answer.field("www-authenticate"), challenge, "{method} {place}");
            assert_eq!(answer.headers.get_all("www-authenticate").iter().count(), 1);
            // Who is known is not asked again.
            let answer = ask("bob").refused(403, kinds[1]).await;
            assert_eq!(answer.field("www-authenticate"), "", "{method} {place}");
        }
    }
}

/// Shows: P-215, W-57, O-5, O-7, O-8, O-70, O-71
#[tokio::test]
async fn credentials_that_do_not_hold_never_pass_for_the_public() {
    let world = World::start().await;
    let (alice, url) = (&world.alice, world.alice.put("note", NOTE).await.created());
    alice.allow("note", &world.nobody, "acl:Read").await;
    world.nobody.get(&url).await.is(200);
    let token = alice.token();
    let tampered = format!("{}x", &token[..token.len() - 1]);
    for (authorization, status, kind, error) in [
        ("Basic YTpi".to_owned(), 401, "unknown-scheme", ""),
        ("PoP abc".to_owned(), 401, "unknown-scheme", ""),
        (format!("Bearer {token}"), 401, "invalid-token", "invalid_token"),
        ("Bearer abc".to_owned(), 401, "invalid-token", "invalid_token"),
        ("DPoP abc".to_owned(), 401, "invalid-token", "invalid_token"),
        ("DPoP a.b.c".to_owned(), 401, "invalid-token", "invalid_token"),
        (format!("DPoP {tampered}"), 401, "invalid-token", "invalid_token"),
        ("DPoP".to_owned(), 400, "invalid-request", "invalid_request"),
        ("DPoP a b".to_owned(), 400, "invalid-request", "invalid_request"),
        (String::new(), 400, "invalid-request", "invalid_request"),
    ] {
        let answer = sent(alice, "GET", &url, &authorization, &[&alice.proof("GET", &url)]).await;
        let answer = answer.refused(status, kind);
        let challenge = answer.field("www-authenticate");
        assert!(challenge.starts_with("DPoP ") && challenge.ends_with("Bearer scope=\"openid webid\""), "{challenge}");
        assert_eq!(challenge.contains("error="), !error.is_empty(), "{challenge}");
        assert!(challenge.contains(error), "{challenge}");
        assert!(!format!("{answer:?}").contains(token), "no token is repeated");
    }
    sent(alice, "GET", &url, &format!("dpop {token}"), &[&alice.proof("GET", &url)]).await.is(200);
    let twice = alice.ask("GET", &url).header("authorization", &format!("DPoP {token}")).send().await;
    twice.refused(400, "invalid-request");
    let in_query = format!("{url}?access_token={token}");
    alice.get(&in_query).await.refused(400, "invalid-request");
    world.nobody.get(&in_query).await.is(200);
}

/// Shows: O-6, O-11, O-16, O-17, O-18, O-21, O-22, O-24, O-25, O-26
#[tokio::test]
async fn a_proof_is_for_one_request_of_one_client() {
    let world = World::start().await;
    let (alice, url) = (&world.alice, world.alice.put("note", NOTE).await.created());
    let token = format!("DPoP {}", alice.token());
    let now = {
        use cartable::clock::Clock;
        world.clock.now().seconds()
    };
    let ath = |token: &str| URL_SAFE_NO_PAD.encode(Sha256::digest(token));
    let with = |extra: Value| {
        let mut claims = json!({ "htm": "GET", "htu": url });
        claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        alice.proof_of(&claims)
    };
    for (holds, proof) in [
        (true, with(json!({}))),
        (true, with(json!({ "ath": ath(alice.token()) }))),
        (true, with(json!({ "iat": now - 230 }))),
        (true, with(json!({ "iat": now + 110 }))),
        (true, with(json!({ "htu": format!("{url}?x=y#z") }))),
        (true, with(json!({ "htu": url.replace("localhost", "LOCALHOST") }))),
        (false, with(json!({ "htm": "PUT" }))),
        (false, with(json!({ "htm": "get" }))),
        (false, with(json!({ "htm": 1 }))),
        (false, with(json!({ "htu": format!("{url}/") }))),
        (false, with(json!({ "htu": format!("{url}x") }))),
        (false, with(json!({ "htu": url.replace("http:", "https:") }))),
        (false, with(json!({ "htu": url.replace("localhost", "127.0.0.1") }))),
        (false, with(json!({ "htu": "" }))),
        (false, with(json!({ "iat": now - 300 }))),
        (false, with(json!({ "iat": now + 200 }))),
        (false, with(json!({ "iat": now.to_string() }))),
        (false, with(json!({ "jti": "" }))),
        (false, with(json!({ "ath": ath("another token") }))),
        (false, "nonsense".to_owned()),
        (false, String::new()),
    ] {
        let answer = sent(alice, "GET", &url, &token, &[&proof]).await;
        if holds {
            answer.is(200);
            // The same proof is no good for another request.
            let again = sent(alice, "GET", &url, &token, &[&proof]).await.refused(401, "invalid-dpop-proof");
            assert!(again.field("www-authenticate").contains("error=\"invalid_dpop_proof\""));
        } else {
            let answer = answer.refused(401, "invalid-dpop-proof");
            assert!(answer.field("www-authenticate").contains("error=\"invalid_dpop_proof\""), "{answer:?}");
        }
    }
    sent(alice, "GET", &url, &token, &[]).await.refused(401, "invalid-dpop-proof");
    let (one, two) = (alice.proof("GET", &url), alice.proof("GET", &url));
    sent(alice, "GET", &url, &token, &[&one, &two]).await.refused(401, "invalid-dpop-proof");
    // A stolen token is of no use without its key.
    sent(alice, "GET", &url, &token, &[&world.bob.proof("GET", &url)]).await.refused(401, "invalid-token");
}

/// Shows: O-17, O-18, O-20
#[tokio::test]
async fn proofs_name_the_request_as_it_was_sent() {
    let world = World::start().await;
    let (alice, url) = (&world.alice, world.alice.put("box/note", NOTE).await.created());
    let token = format!("DPoP {}", alice.token());
    for (method, asked, htm, htu, status) in [
        ("HEAD", url.clone(), "HEAD", url.clone(), 200),
        ("HEAD", url.clone(), "GET", url.clone(), 401),
        ("GET", url.clone(), "HEAD", url.clone(), 401),
        ("GET", format!("{url}?x=y"), "GET", url.clone(), 200),
        ("GET", format!("{url}?x=y"), "GET", format!("{url}?x=y"), 200),
        ("GET", format!("{url}?x=y"), "GET", format!("{url}?other"), 200),
        // What the server takes for the same name is not the same in a proof, but for its encoding.
        ("GET", url.replace("/box/", "//box/"), "GET", url.clone(), 401),
        ("GET", url.replace("/box/", "//box/"), "GET", url.replace("/box/", "//box/"), 200),
        ("GET", url.replace("note", "n%6fte"), "GET", url.clone(), 200),
        ("GET", url.clone(), "GET", url.replace("note", "n%6Fte"), 200),
    ] {
        let answer = sent(alice, method, &asked, &token, &[&alice.proof(htm, &htu)]).await;
        assert_eq!(answer.status, status, "{method} {asked} with a proof for {htm} {htu}");
    }
}

/// Shows: O-35, O-40, O-44, P-215
#[tokio::test]
async fn a_token_lives_as_long_as_it_and_its_webid_say() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let note = alice.put("note", NOTE).await.created();
    let profile = bob.get("profile/card").await.is(200);
    let without = profile.text().lines().filter(|line| !line.contains("oidcIssuer")).collect::<Vec<_>>().join("\n");
    bob.put("profile/card", &without).await.is(204);
    bob.get("note").await.refused(401, "invalid-token");
    bob.get(&note).await.refused(401, "invalid-token");
    alice.get(&note).await.is(200);
    world.clock.advance(Duration::from_hours(11));
    alice.get(&note).await.is(200);
    world.clock.advance(Duration::from_hours(2));
    let answer = alice.get(&note).await.refused(401, "invalid-token");
    assert!(answer.field("www-authenticate").contains("error=\"invalid_token\""), "{answer:?}");
}

/// Shows: P-218, P-208
#[tokio::test]
async fn nothing_but_a_token_tells_who_asks() {
    let world = World::start().await;
    let url = world.alice.put("note", NOTE).await.created();
    for (name, value) in [
        ("cookie", "session=alice"),
        ("from", "alice@example.org"),
        ("x-forwarded-user", "alice"),
        ("origin", "http://localhost"),
        ("dpop", &*world.alice.proof("GET", &url)),
    ] {
        world.nobody.ask("GET", &url).header(name, value).refused(401, "not-authenticated").await;
    }
}
