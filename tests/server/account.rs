//! The account API, as scripts that seed a server use it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Answer, Settings, World};

const PASSWORD: &str = "a bridge over the river";

/// A script: it follows the controls, with a token once it has one.
struct Script<'a> {
    world: &'a World,
    authorization: Option<String>,
}

impl<'a> Script<'a> {
    fn new(world: &'a World) -> Self {
        Self { world, authorization: None }
    }

    /// One that has made an account.
    async fn with_account(world: &'a World) -> Self {
        let mut script = Self::new(world);
        let made = script.post("account.create", &json!({})).await.is(200).json();
        script.authorization = Some(made["authorization"].as_str().unwrap().to_owned());
        script
    }

    /// One that has an account with a password and a pod.
    async fn at_home(world: &'a World, name: &str) -> Self {
        let script = Self::with_account(world).await;
        let login = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
        script.post("password.create", &login).await.is(200);
        script.post("account.pod", &json!({ "name": name })).await.is(200);
        script
    }

    async fn send(&self, method: &str, url: &str, body: Option<&Value>) -> Answer {
        let mut asking = self.world.nobody.ask(method, url);
        if let Some(authorization) = &self.authorization {
            asking = asking.header("authorization", &format!("CSS-Account-Token {authorization}"));
        }
        if let Some(body) = body {
            asking = asking.content("application/json", body.to_string());
        }
        asking.send().await
    }

    async fn control(&self, name: &str) -> String {
        let (group, name) = name.split_once('.').unwrap();
        let index = self.send("GET", ".account/", None).await.is(200).json();
        index["controls"][group][name].as_str().unwrap().to_owned()
    }

    async fn get(&self, control: &str) -> Answer {
        self.send("GET", &self.control(control).await, None).await
    }

    async fn post(&self, control: &str, body: &Value) -> Answer {
        self.send("POST", &self.control(control).await, Some(body)).await
    }
}

/// Shows: O-201, O-202
#[tokio::test]
async fn a_script_seeds_the_server() {
    let world = World::start().await;
    let mut script = Script::new(&world);
    let index = script.send("GET", ".account/", None).await.is(200);
    assert_eq!(index.field("cache-control"), "no-store");
    assert_eq!(index.field("access-control-allow-origin"), "");
    assert!(index.json()["controls"]["account"]["pod"].is_null(), "not before signing in");

    let made = script.post("account.create", &json!({})).await.is(200).json();
    script.authorization = Some(made["authorization"].as_str().unwrap().to_owned());
    let login = json!({ "email": "dora@example.org", "password": PASSWORD });
    let password = script.post("password.create", &login).await.is(200).json();
    let pod = script.post("account.pod", &json!({ "name": "dora" })).await.is(200).json();
    assert_eq!(pod["pod"], format!("{}dora/", world.base));
    let webid = pod["webId"].as_str().unwrap();
    assert_eq!(webid, format!("{}dora/profile/card#me", world.base));
    assert!(world.nobody.get(webid).await.is(200).text().contains("foaf:Person"));
    let wish = json!({ "name": "seeds", "webId": webid });
    let credentials = script.post("account.clientCredentials", &wish).await.is(200).json();

    let (id, resource) = (credentials["id"].as_str().unwrap(), &credentials["resource"]);
    assert!(credentials["secret"].as_str().unwrap().len() >= 43);
    assert_eq!(script.get("password.create").await.json()["passwordLogins"]["dora@example.org"], password["resource"]);
    assert_eq!(script.get("account.pod").await.json()["pods"][pod["pod"].as_str().unwrap()], pod["podResource"]);
    assert_eq!(script.get("account.webId").await.json()["webIdLinks"][webid], pod["webIdResource"]);
    assert_eq!(script.get("account.clientCredentials").await.json()["clientCredentials"][id], *resource);
    let shown = script.send("GET", resource.as_str().unwrap(), None).await.is(200).json();
    assert_eq!((&shown["id"], &shown["webId"]), (&credentials["id"], &json!(webid)));
    assert!(shown["secret"].is_null());
    script.send("DELETE", resource.as_str().unwrap(), None).await.is(200);
    script.send("GET", resource.as_str().unwrap(), None).await.refused(404, "not-found");
}

/// Shows: O-202
#[tokio::test]
async fn signing_in_and_out_again() {
    let world = World::start().await;
    let mut script = Script::at_home(&world, "dora").await;
    script.post("account.logout", &json!({})).await.is(200);
    script.send("GET", ".account/", None).await.refused(401, "not-signed-in");
    script.authorization = None;
    let login = json!({ "email": "Dora@Example.org", "password": PASSWORD, "remember": true });
    let answer = script.post("password.login", &login).await.is(200);
    assert!(answer.headers.get("set-cookie").is_none());
    script.authorization = Some(answer.json()["authorization"].as_str().unwrap().to_owned());
    assert_eq!(script.get("account.pod").await.is(200).json()["pods"].as_object().unwrap().len(), 1);
}

/// Shows: O-203
#[tokio::test]
async fn without_the_open_api_scripts_are_told_where_people_sign_up() {
    let world = World::with(Settings { open: false, ..Settings::default() }).await;
    let script = Script::new(&world);
    let index = script.send("GET", ".account/", None).await.is(200).json();
    assert!(index["controls"]["account"]["create"].is_null());
    let refused = script.send("POST", ".account/account/", Some(&json!({}))).await.refused(403, "sign-up-closed");
    assert_eq!(refused.json()["next"], format!("{}.account/signup/", world.base));
    assert_eq!(refused.field("cache-control"), "no-store");
}

/// Shows: O-325
#[tokio::test]
async fn guessing_is_answered_slower_and_slower() {
    let world = World::start().await;
    Script::at_home(&world, "dora").await;
    let script = Script::new(&world);
    let guess = json!({ "email": "dora@example.org", "password": "guess" });
    for _ in 0..5 {
        script.post("password.login", &guess).await.refused(403, "login-wrong");
    }
    let wait = script.post("password.login", &guess).await.refused(429, "too-soon");
    let seconds: u64 = wait.field("retry-after").parse().unwrap();
    world.clock.advance(Duration::from_secs(seconds));
    let login = json!({ "email": "dora@example.org", "password": PASSWORD });
    script.post("password.login", &login).await.is(200);
}

/// Shows: O-327
#[tokio::test]
async fn names_are_checked() {
    let world = World::start().await;
    let script = Script::with_account(&world).await;
    for (name, status, kind) in [
        ("alice", 409, "pod-name-taken"),
        ("a1ice", 409, "pod-name-taken"),
        ("admin", 409, "pod-name-reserved"),
        ("Dora", 400, "no-pod-name"),
        ("../x", 400, "no-pod-name"),
    ] {
        script.post("account.pod", &json!({ "name": name })).await.refused(status, kind);
    }
    for (email, password, status, kind) in [
        ("dora", PASSWORD, 400, "no-email"),
        ("dora@example.org", "short", 400, "password-weak"),
        ("dora@example.org", "password1234", 400, "password-weak"),
    ] {
        script.post("password.create", &json!({ "email": email, "password": password })).await.refused(status, kind);
    }
}

/// Shows: O-204, O-206
#[tokio::test]
async fn what_an_account_needs_cannot_be_removed() {
    let world = World::start().await;
    let script = Script::at_home(&world, "dora").await;
    let webid = format!("{}dora/profile/card#me", world.base);
    let resource = |answer: Value, group: &str, name: &str| answer[group][name].as_str().unwrap().to_owned();
    let password = resource(script.get("password.create").await.json(), "passwordLogins", "dora@example.org");
    script.send("DELETE", &password, None).await.refused(409, "last-login");
    let link = resource(script.get("account.webId").await.json(), "webIdLinks", &webid);
    script.send("DELETE", &link, None).await.refused(409, "last-webid");
    let stranger = json!({ "webId": world.alice.webid() });
    script.post("account.clientCredentials", &stranger).await.refused(400, "webid-not-linked");
    let change = json!({ "oldPassword": "wrong", "newPassword": "a tunnel below the river" });
    script.send("POST", &password, Some(&change)).await.refused(403, "login-wrong");
    world.clock.advance(Duration::from_mins(11));
    script.post("account.clientCredentials", &json!({ "webId": webid })).await.refused(403, "sign-in-again");
}

/// Shows: O-205
#[tokio::test]
async fn a_webid_elsewhere_asks_for_a_proof() {
    let world = World::start().await;
    let script = Script::at_home(&world, "dora").await;
    // An address of numbers is never fetched.
    let wish = json!({ "webId": "https://192.0.2.1/#me" });
    let refused = script.post("account.webId", &wish).await.refused(400, "webid-unproven").json();
    let quad = refused["details"]["quad"].as_str().unwrap();
    let start = "<https://192.0.2.1/#me> <http://www.w3.org/ns/solid/terms#oidcIssuerRegistrationToken> \"";
    assert!(quad.starts_with(start) && quad.ends_with("\"."), "{quad}");
    script.post("account.webId", &wish).await.refused(400, "webid-unreadable");
    script.post("account.webId", &json!({ "webId": world.alice.webid() })).await.refused(403, "webid-of-another");
    script.post("account.webId", &json!({ "webId": "not one" })).await.refused(400, "no-webid");
    let own = format!("{}dora/people/dora#me", world.base);
    let linked = script.post("account.webId", &json!({ "webId": own })).await.is(200).json();
    assert_eq!((&linked["webId"], &linked["oidcIssuer"]), (&json!(own), &json!(world.base)));
}

#[tokio::test]
async fn an_account_is_its_own() {
    let world = World::start().await;
    let dora = Script::at_home(&world, "dora").await;
    let pods = dora.control("account.pod").await;
    let nobody = Script::new(&world).send("GET", &pods, None).await.refused(401, "not-signed-in");
    assert_eq!(nobody.field("www-authenticate"), "CSS-Account-Token realm=\"account\"");
    let emil = Script::at_home(&world, "emil").await;
    emil.send("GET", &pods, None).await.refused(404, "not-found");
    for authorization in ["CSS-Account-Token nonsense", "Bearer x", "nonsense"] {
        let asking = world.nobody.ask("GET", &pods).header("authorization", authorization);
        asking.send().await.refused(401, "not-signed-in");
    }
}

#[tokio::test]
async fn unsound_requests_are_refused() {
    let world = World::start().await;
    let script = Script::at_home(&world, "dora").await;
    let pods = script.control("account.pod").await;
    let refused = script.send("DELETE", &pods, None).await.refused(405, "method-not-allowed");
    assert_eq!(refused.field("allow"), "GET, HEAD, POST");
    script.send("GET", ".account/account/elsewhere/", None).await.refused(404, "not-found");
    let authorization = format!("CSS-Account-Token {}", script.authorization.as_ref().unwrap());
    let post = |media_type: &'static str, body: String| {
        let asking = world.nobody.ask("POST", &pods).header("authorization", &authorization);
        asking.content(media_type, body).send()
    };
    post("text/plain", "{}".into()).await.refused(415, "json-expected");
    post("application/json", "{".into()).await.refused(400, "json-unreadable");
    let quoting = post("application/json", "{\"name\": 1234567}".into()).await.refused(400, "json-unreadable");
    assert!(!quoting.text().contains("1234567"), "{}", quoting.text());
    post("application/json", format!("\"{}\"", "x".repeat(70_000))).await.refused(413, "content-too-large");
}
