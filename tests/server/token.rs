//! Tokens for client credentials: discovery, the token endpoint, and what the tokens are good for.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartable::identity::account::{AccountId, Email, NewCredential, Password};
use cartable::path::PodName;
use cartable::provision::Provision;
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// A script with client credentials for the pod `dora`. It signs with Alice's key: whose it is does not matter.
struct Client<'a> {
    world: &'a World,
    account: AccountId,
    webid: String,
    pod: String,
    credential: NewCredential,
}

impl<'a> Client<'a> {
    async fn new(world: &'a World) -> Self {
        let provision = Provision {
            accounts: world.accounts.clone(),
            addresses: cartable::address::Addresses::with_paths(&world.base).unwrap().into(),
            clock: world.clock.clone(),
            quota: None,
        };
        let email = Email::parse("dora@example.org").unwrap();
        let password = Password::chosen("a bridge over the river").unwrap();
        let home = provision.account(email, password, &PodName::parse("dora").unwrap()).await.unwrap();
        let credential = world.accounts.create_credential(&home.account, None, Some("script")).await.unwrap();
        Self { world, account: home.account, webid: home.webid, pod: home.pod, credential }
    }

    fn id(&self) -> &str {
        self.credential.credential.id.as_str()
    }

    fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.id(), self.credential.secret.reveal())))
    }

    fn endpoint(&self) -> String {
        format!("{}.oidc/token", self.world.base)
    }

    /// Asks for a token with Basic credentials and a proof.
    async fn ask(&self, scope: &str) -> Answer {
        let form = format!("grant_type=client_credentials&scope={}", scope.replace(' ', "+"));
        self.post(&form, &[("authorization", &self.basic()), ("dpop", &self.proof())]).await
    }

    fn proof(&self) -> String {
        self.world.alice.proof("POST", &self.endpoint())
    }

    async fn post(&self, form: &str, fields: &[(&'static str, &str)]) -> Answer {
        let asking = self.world.nobody.ask("POST", &self.endpoint());
        let asking = fields.iter().fold(asking, |asking, (name, value)| asking.header(name, value));
        asking.content("application/x-www-form-urlencoded", form.to_owned()).send().await
    }

    /// Reads the pod's root, which is for its owner alone.
    async fn reads(&self, token: &str) -> Answer {
        let asking = self.world.nobody.ask("GET", &self.pod).header("authorization", &format!("DPoP {token}"));
        asking.header("dpop", &self.world.alice.proof("GET", &self.pod)).send().await
    }
}

fn token(answer: &Answer) -> String {
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// Shows: O-104, O-105, O-118
#[tokio::test]
async fn discovery_leads_to_the_endpoints_from_any_origin() {
    let world = World::start().await;
    let found = world.nobody.get(".well-known/openid-configuration").await.is(200);
    assert_eq!(found.field("content-type"), "application/json");
    assert_eq!(found.field("access-control-allow-origin"), "*");
    assert_eq!(found.field("access-control-allow-credentials"), "");
    assert_eq!(found.field("cache-control"), "public, max-age=3600");
    let document = found.json();
    assert_eq!(document["issuer"], world.base);
    assert_eq!(world.nobody.get(".well-known/oauth-authorization-server").await.json(), document);
    let keys = world.nobody.get(document["jwks_uri"].as_str().unwrap()).await.is(200).json();
    let key = &keys["keys"][0];
    assert_eq!((&key["kty"], &key["use"], &key["alg"]), (&json!("EC"), &json!("sig"), &json!("ES256")));
    assert!(key["d"].is_null());
    for path in [".well-known/openid-configuration", ".oidc/jwks", ".oidc/token"] {
        let preflight = world
            .nobody
            .ask("OPTIONS", path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST");
        let preflight = preflight.send().await.is(204);
        assert_eq!(preflight.field("access-control-allow-origin"), "*");
        assert_eq!(preflight.field("access-control-allow-headers"), "authorization, content-type, dpop");
        let refused = world.nobody.ask("PUT", path).send().await.refused(405, "method-not-allowed");
        assert_eq!(refused.field("access-control-allow-origin"), "*");
    }
}

/// Shows: O-106, O-162, O-163, O-164, O-170, O-171, O-181, O-182
#[tokio::test]
async fn client_credentials_give_a_token_that_opens_the_pod() {
    let world = World::start().await;
    let client = Client::new(&world).await;
    let answer = client.ask("openid offline_access webid").await.is(200);
    assert_eq!(answer.field("cache-control"), "no-store");
    assert_eq!(answer.field("pragma"), "no-cache");
    assert_eq!(answer.field("access-control-allow-origin"), "*");
    let given = answer.json();
    assert_eq!(given["token_type"], "DPoP");
    assert_eq!(given["expires_in"], 3600);
    assert_eq!(given["scope"], "openid webid");
    assert!(given["refresh_token"].is_null());

    let access = claims(&token(&answer));
    assert_eq!(access["iss"], world.base);
    assert_eq!(access["aud"], "solid");
    assert_eq!((&access["webid"], &access["sub"]), (&json!(client.webid), &json!(client.webid)));
    assert_eq!((&access["client_id"], &access["azp"]), (&json!(client.id()), &json!(client.id())));
    assert!(access["cnf"]["jkt"].is_string());
    let id = claims(given["id_token"].as_str().unwrap());
    assert_eq!(id["aud"], json!([client.id(), "solid"]));
    assert!(id["at_hash"].is_string() && id["auth_time"].is_number());

    client.reads(&token(&answer)).await.is(200);
    world.clock.advance(Duration::from_mins(61));
    client.reads(&token(&answer)).await.is(401);
}

/// Shows: O-170, O-171
#[tokio::test]
async fn any_scope_gives_the_webid() {
    let world = World::start().await;
    let client = Client::new(&world).await;
    for (scope, given, id_token) in [("", "webid", false), ("webid", "webid", false), ("openid", "openid", true)] {
        let answer = client.ask(scope).await.is(200);
        assert_eq!(answer.json()["scope"], given, "{scope}");
        assert_eq!(answer.json()["id_token"].is_string(), id_token, "{scope}");
        assert_eq!(claims(&token(&answer))["webid"], client.webid);
    }
}

/// Shows: O-162
#[tokio::test]
async fn id_and_secret_come_in_several_ways() {
    let world = World::start().await;
    let client = Client::new(&world).await;
    let (id, secret) = (client.id(), client.credential.secret.reveal());
    let encoded =
        format!("Basic {}", STANDARD.encode(format!("{}:{}", id.replace('_', "%5F"), secret.replace('-', "%2D"))));
    let grant = "grant_type=client_credentials&token_endpoint_auth_method=client_secret_basic";
    let in_form = format!("{grant}&client_id={id}&client_secret={secret}");
    let named = format!("{grant}&client_id={id}");
    for (form, authorization) in
        [(grant, Some(&client.basic())), (grant, Some(&encoded)), (&in_form, None), (&named, Some(&client.basic()))]
    {
        let proof = client.proof();
        let mut fields = vec![("dpop", proof.as_str())];
        fields.extend(authorization.map(|value| ("authorization", value.as_str())));
        client.post(form, &fields).await.is(200);
    }
}

/// Shows: O-106, O-162, O-163, O-165
#[tokio::test]
async fn what_is_wrong_is_told_in_json() {
    let world = World::start().await;
    let client = Client::new(&world).await;
    let (basic, proof) = (client.basic(), || client.proof());
    let wrong = format!("Basic {}", STANDARD.encode(format!("{}:wrong", client.id())));
    let elsewhere = world.alice.proof("POST", &format!("{}elsewhere", world.base));
    let grant = "grant_type=client_credentials";
    let other = format!("{grant}&client_id=other");
    let twice = format!("{grant}&{grant}");
    for (form, authorization, proof, status, error) in [
        (grant, None, Some(proof()), 401, "invalid_client"),
        (grant, Some(&wrong), Some(proof()), 401, "invalid_client"),
        (other.as_str(), Some(&basic), Some(proof()), 400, "invalid_request"),
        (twice.as_str(), Some(&basic), Some(proof()), 400, "invalid_request"),
        ("", Some(&basic), Some(proof()), 400, "invalid_request"),
        ("grant_type=password", Some(&basic), Some(proof()), 400, "unsupported_grant_type"),
        (grant, Some(&basic), None, 400, "invalid_dpop_proof"),
        (grant, Some(&basic), Some("nonsense".into()), 400, "invalid_dpop_proof"),
        (grant, Some(&basic), Some(elsewhere.clone()), 400, "invalid_dpop_proof"),
    ] {
        let mut fields = Vec::new();
        fields.extend(authorization.map(|value| ("authorization", value.as_str())));
        fields.extend(proof.as_ref().map(|value| ("dpop", value.as_str())));
        let answer = client.post(form, &fields).await.is(status);
        assert_eq!(answer.json()["error"], error, "{form}");
        assert!(answer.json()["error_description"].is_string());
        assert_eq!(answer.field("content-type"), "application/json");
        assert_eq!(answer.field("cache-control"), "no-store");
        assert_eq!(answer.field("access-control-allow-origin"), "*");
        let challenge = answer.field("www-authenticate");
        assert_eq!(challenge.starts_with("Basic "), status == 401, "{challenge}");
    }
    let once = proof();
    client.post(grant, &[("authorization", &basic), ("dpop", &once)]).await.is(200);
    let again = client.post(grant, &[("authorization", &basic), ("dpop", &once)]).await.is(400);
    assert_eq!(again.json()["error"], "invalid_dpop_proof");
}

/// Shows: O-45, O-170
#[tokio::test]
async fn withdrawing_ends_tokens_at_once() {
    let world = World::start().await;
    let client = Client::new(&world).await;
    let first = token(&client.ask("webid").await.is(200));
    client.reads(&first).await.is(200);
    world.accounts.set_disabled(&client.account, true).await.unwrap();
    client.reads(&first).await.is(401);
    assert_eq!(client.ask("webid").await.is(400).json()["error"], "invalid_grant");
    world.accounts.set_disabled(&client.account, false).await.unwrap();
    client.reads(&first).await.is(200);
    world.accounts.delete_credential(&client.account, &client.credential.credential.id).await.unwrap();
    client.reads(&first).await.is(401);
    assert_eq!(client.ask("webid").await.is(401).json()["error"], "invalid_client");
}
