//! What needs care is done only by who has just shown who they are: on every page within five minutes, in the account
//! API within ten.

use std::time::Duration;

use cartable::clock::Clock;
use cartable::identity::upstream::Person;
use serde_json::json;

use crate::browser::{Browser, Pupil};
use crate::world::World;

const MINUTE: Duration = Duration::from_mins(1);

/// A pupil who is signed in, and whose account has a key for scripts of this id.
async fn signed_in(world: &World) -> (Browser<'_>, Pupil, String) {
    // The RS256 key is made in the background; what is counted below is counted after that.
    world.keys.tend(world.clock.now()).await.unwrap();
    let pupil = world.pupil("malo").await;
    let made = world.accounts.create_credential(&pupil.account, None, Some("script")).await.unwrap();
    let mut browser = Browser::new(world);
    let page = browser.visit(".account/login/").await;
    browser.sign_in(&page, &pupil).await;
    (browser, pupil, made.credential.id.to_string())
}

/// Method, place, and what the form says.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// Shows: O-343
#[tokio::test]
async fn every_page_that_needs_care_asks_who_it_is() {
    let world = World::start().await;
    let (mut browser, pupil, key) = signed_in(&world).await;
    let key = format!(".account/settings/keys/{key}/");
    let person = Person { is_minor: false, ..Person::known_as("armorique", "https://ent.example", "ent-malo") };
    world.accounts.link(&pupil.account, &person).await.unwrap();
    let school = world.accounts.account(&pupil.account).await.unwrap().unwrap().links[0].id();
    let school = format!(".account/settings/ways/schools/{school}/");
    let spaces = browser.visit(".account/settings/spaces/").await;
    let mut paths = spaces.answer.text().split('"').filter_map(|part| part.strip_prefix('/'));
    let identity = paths.find(|path| path.starts_with(".account/settings/identities/") && !path.ends_with("/new/"));
    let identity = identity.unwrap();
    let table: [Row<'_>; 18] = [
        ("GET", ".account/settings/ways/app/", &[]),
        ("POST", ".account/settings/ways/app/", &[("code", "000000")]),
        ("GET", ".account/settings/ways/passkey/", &[]),
        ("POST", ".account/settings/ways/passkey/", &[("passkey", "{}")]),
        ("POST", ".account/settings/ways/", &[("app", "yes")]),
        ("POST", ".account/settings/ways/", &[("passkey", "AAAA")]),
        ("POST", ".account/settings/ways/", &[("codes", "yes")]),
        ("POST", &school, &[]),
        ("GET", ".account/settings/keys/new/", &[]),
        ("POST", ".account/settings/keys/new/", &[("name", "another")]),
        ("POST", &key, &[]),
        ("GET", ".account/settings/email/", &[]),
        ("POST", ".account/settings/email/", &[("email", "other@example.org")]),
        ("GET", ".account/settings/identities/new/", &[]),
        ("POST", ".account/settings/identities/new/", &[("webid", "https://malo.example/#me")]),
        ("POST", identity, &[]),
        ("GET", ".account/settings/delete/", &[]),
        ("POST", ".account/settings/delete/", &[]),
    ];
    let page = browser.visit(".account/settings/").await;
    let csrf = page.form("name=\"csrf\"").fields.into_iter().find(|(name, _)| name == "csrf").unwrap();
    world.clock.advance(MINUTE * 5 + Duration::from_secs(1));
    for (method, place, fields) in table {
        let before = world.storage.house_version().await.unwrap();
        let mut form = vec![csrf.clone()];
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let url = format!("{}{place}", world.base);
        let answer = browser.send(method, &url, (method == "POST").then_some(&*form)).await.is(303);
        let next: String = url::form_urlencoded::byte_serialize(format!("/{place}").as_bytes()).collect();
        assert_eq!(answer.field("location"), format!("/.account/confirm/?next={next}"), "{method} {place} {fields:?}");
        assert_eq!(world.storage.house_version().await.unwrap(), before, "{method} {place} {fields:?} did something");
    }
    // Who shows it goes on to where they were.
    let page = browser.visit(".account/settings/keys/new/").await;
    assert!(page.says("C’est bien vous"));
    let form = page.form("name=\"password\"");
    browser.submit(&page, &form, &[("password", "another")]).await.answer.is(403);
    browser.submit(&page, &form, &[("password", "another"), ("passkey", "{}")]).await.answer.is(403);
    let page = browser.submit(&page, &form, &[("password", pupil.password)]).await;
    assert_eq!(page.url, format!("{}.account/settings/keys/new/", world.base));
    page.answer.is(200);
    world.clock.advance(MINUTE * 5);
    browser.visit(".account/settings/keys/new/").await.answer.is(200);
}

/// Shows: O-204, O-343
#[tokio::test]
async fn the_account_api_asks_to_sign_in_again() {
    let world = World::start().await;
    let (_, pupil, key) = signed_in(&world).await;
    let login = json!({ "email": pupil.email, "password": pupil.password }).to_string();
    let login = world.nobody.ask("POST", ".account/login/password/").content("application/json", login);
    let token = login.send().await.is(200).json()["authorization"].as_str().unwrap().to_owned();
    let own = format!("{}.account/account/{}", world.base, pupil.account);
    let ask = |method: &str, place: &str, body: &serde_json::Value| {
        let asking = world.nobody.ask(method, &format!("{own}/{place}"));
        let asking = asking.header("authorization", &format!("CSS-Account-Token {token}"));
        if method == "POST" { asking.content("application/json", body.to_string()) } else { asking }
    };
    let nothing = json!({});
    let links = ask("GET", "webid/", &nothing).send().await.is(200).json();
    let link = links["webIdLinks"][&pupil.webid].as_str().unwrap().strip_prefix(&format!("{own}/")).unwrap().to_owned();
    let (key, wish) = (format!("client-credentials/{key}/"), json!({ "webId": pupil.webid, "name": "more" }));
    let another = json!({ "webId": format!("{}people/me#me", pupil.pod) });
    let table = [
        ("POST", "client-credentials/", &wish),
        ("DELETE", key.as_str(), &nothing),
        ("POST", "webid/", &another),
        ("DELETE", link.as_str(), &nothing),
        ("POST", "login/password/", &nothing),
        ("DELETE", "login/password/password/", &nothing),
    ];
    world.clock.advance(MINUTE * 10 + Duration::from_secs(1));
    for (method, place, body) in table {
        let before = world.storage.house_version().await.unwrap();
        ask(method, place, body).send().await.refused(403, "sign-in-again");
        assert_eq!(world.storage.house_version().await.unwrap(), before, "{method} {place} did something");
    }
    for place in ["client-credentials/", "webid/", "pod/", "login/password/"] {
        ask("GET", place, &nothing).send().await.is(200);
    }
}
