//! What applications may wish for when they send people to sign in: whom they expect, in which language, and what they
//! would like to be told of them.

use std::time::Duration;

use cartable::clock::Clock;
use cartable::storage::Error;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::faults::watched;
use crate::faulty::{Operation, When};
use crate::sign_in::{App, claims};
use crate::world::{Settings, World};

/// Writes Ada's profile with these statements more, with the tokens of an application.
async fn says_of_herself(world: &World, webid: &str, tokens: &Value, turtle: &str) {
    let card = webid.split('#').next().unwrap();
    let profile = world.nobody.get(card).await.is(200).text().to_owned();
    let token = tokens["access_token"].as_str().unwrap();
    let asking = world.nobody.ask("PUT", card).header("authorization", &format!("DPoP {token}"));
    let asking = asking.header("dpop", &world.alice.proof("PUT", card));
    asking.turtle(&format!("{profile}\n{turtle}")).send().await.is(204);
}

/// Shows: O-141
#[tokio::test]
async fn an_application_says_whom_it_expects_and_that_proves_nothing() {
    let world = World::start().await;
    let app = App::registered(&world, &json!({})).await;
    let ben = world.pupil("ben").await;
    let mut browser = Browser::new(&world);
    let asked = app.request(&[
        ("login_hint", "Ada@Example.org"),
        ("acr_values", "urn:example:gold"),
        ("resource", "https://a.example/"),
        ("resource", "https://b.example/"),
    ]);
    let page = browser.visit(&asked).await;
    assert!(page.says("name=\"email\"") && page.says("value=\"ada@example.org\""), "{page:?}");
    let others = Browser::new(&world).visit(&page.url).await;
    assert!(!others.says("ada@example.org"), "it is for the browser that was sent");
    let page = browser.sign_in(&page, &ben).await;
    let tokens = app.tokens(&browser.wish(&page, "allow", &[]).await).await;
    assert_eq!(claims(&tokens["id_token"])["webid"], ben.webid, "who signs in is whose password was typed");
    for hint in ["<script>alert(1)</script>", "ada", "https://pods.example/ada/profile/card#me"] {
        let page = Browser::new(&world).visit(&app.request(&[("login_hint", hint)])).await;
        assert!(page.says("name=\"email\"") && !page.says(hint), "{hint}");
    }
}

/// Shows: O-141, O-194
#[tokio::test]
async fn pages_speak_what_an_application_wishes_until_its_answer() {
    let world = World::start().await;
    let app = App::registered(&world, &json!({})).await;
    let ada = world.pupil("ada").await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&app.request(&[("ui_locales", "br en-GB fr")])).await;
    assert!(page.says("<html lang=\"en\"") && page.says("Enter my space"), "{page:?}");
    let wrong = page.form("name=\"password\"");
    let wrong = browser.submit(&page, &wrong, &[("email", &ada.email), ("password", "another")]).await;
    assert!(wrong.says("The address or the password is not right"));
    let page = browser.sign_in(&page, &ada).await;
    assert!(page.says("Allow an application?"), "{page:?}");
    let switched = browser.visit(&format!("{}&choose=1", page.url)).await;
    assert!(switched.says("Which space?"), "the pages after it too");
    let again = browser.wish(&switched, "choose", &[("webid", &ada.webid)]).await;
    assert!(again.says("Allow an application?"));
    browser.wish(&again, "allow", &[]).await;
    assert!(browser.visit(".account/settings/").await.says("<html lang=\"fr\""), "and no others");
    let bye = browser.visit(".oidc/session/end?ui_locales=en").await;
    assert!(bye.says("Sign out?"));
    for (locales, language) in [("de", "fr"), ("", "fr"), ("EN", "en")] {
        let page = Browser::new(&world).visit(&app.request(&[("ui_locales", locales)])).await;
        assert!(page.says(&format!("<html lang=\"{language}\"")), "{locales}");
    }
    // What somebody chose here counts for more.
    let mut french = Browser::new(&world);
    french.visit("?lang=fr").await;
    assert!(french.visit(&app.request(&[("ui_locales", "en")])).await.says("Entrer dans mon espace"));
    // So does it where nothing can be sent back.
    let page = Browser::new(&world).visit(&app.request(&[("client_id", "nobody"), ("ui_locales", "en")])).await;
    assert!(page.answer.status == 400 && page.says("<html lang=\"en\""), "{page:?}");
}

/// Shows: O-182
#[tokio::test]
async fn name_and_picture_are_told_to_whom_the_person_shows_them() {
    let world = World::start().await;
    let app = App::registered(&world, &json!({})).await;
    let ada = world.pupil("ada").await;
    let mut browser = Browser::new(&world);
    let tokens = app.tokens(&app.signs_in(&mut browser, &ada, &[("remember", "yes")]).await).await;
    world.clock.advance(Duration::from_mins(1));
    let turtle = "<#me> <http://xmlns.com/foaf/0.1/name> \"Ada Lovelace\"; <http://www.w3.org/2006/vcard/ns#hasPhoto> <ada.png>.";
    says_of_herself(&world, &ada.webid, &tokens, turtle).await;
    let written = world.clock.now().seconds();
    let quiet = claims(&app.tokens(&browser.visit(&app.request(&[])).await).await["id_token"]);
    assert!(quiet["name"].is_null() && quiet["picture"].is_null() && quiet["updated_at"].is_null(), "{quiet}");
    // What was agreed to before does not cover it.
    let page = browser.visit(&app.request(&[("scope", "openid webid profile")])).await;
    assert!(page.says("le nom et la photo que votre profil montre à tous"), "{page:?}");
    let tokens = app.tokens(&browser.wish(&page, "allow", &[]).await).await;
    let told = claims(&tokens["id_token"]);
    let picture = format!("{}profile/ada.png", ada.pod);
    assert_eq!((&told["name"], &told["picture"]), (&json!("Ada Lovelace"), &json!(picture)));
    assert_eq!(told["updated_at"], written);
    let access = claims(&tokens["access_token"]);
    assert!(access["name"].is_null() && access["email"].is_null(), "servers of others are not told: {access}");
}

/// Shows: O-148
#[tokio::test]
async fn an_application_may_send_newcomers() {
    let world = World::start().await;
    let app = App::registered(&world, &json!({})).await;
    let request = app.request(&[("prompt", "create")]);
    let mut browser = Browser::new(&world);
    let page = browser.visit(&request).await;
    assert!(page.url.contains("/.account/signup/?next="), "{}", page.url);
    let mut page = browser.fill(&page, &[]).await;
    for answer in [("email", "dora@example.org"), ("name", "renard-bleu-42"), ("accept", "yes")] {
        page = browser.fill(&page, &[answer]).await;
    }
    let mut page = browser.visit(&world.link("dora@example.org").await).await;
    for answer in [&[][..], &[("password", "a bridge over the river")], &[], &[]] {
        page = browser.fill(&page, answer).await;
    }
    assert!(page.says("Autoriser une application"), "{page:?}");
    let tokens = app.tokens(&browser.wish(&page, "allow", &[]).await).await;
    assert_eq!(claims(&tokens["id_token"])["webid"], format!("{}renard-bleu-42/profile/card#me", world.base));
    // Who is signed in already goes on as they are, or leaves room for somebody new.
    let page = browser.visit(&request).await;
    assert!(page.says("Avec quel espace") && page.says("Changer de compte"), "{page:?}");
    let stays =
        browser.wish(&page, "choose", &[("webid", claims(&tokens["id_token"])["webid"].as_str().unwrap())]).await;
    assert!(stays.says("Continuer vers app.example"), "it was agreed to: {stays:?}");
    let page = browser.visit(&request).await;
    let page = browser.wish(&page, "switch", &[]).await;
    assert!(page.url.contains("/.account/signup/?next="), "{}", page.url);
}

/// Shows: O-147
#[tokio::test]
async fn an_application_may_mean_somebody_else() {
    let world = World::start().await;
    let app = App::registered(&world, &json!({})).await;
    let (ada, ben) = (world.pupil("ada").await, world.pupil("ben").await);
    let bens = app.tokens(&app.signs_in(&mut Browser::new(&world), &ben, &[]).await).await;
    let hint = bens["id_token"].as_str().unwrap();
    let mut browser = Browser::new(&world);
    app.signs_in(&mut browser, &ada, &[]).await;
    let page = browser.visit(&app.request(&[("id_token_hint", hint)])).await;
    assert!(page.says("attend une autre personne"), "{page:?}");
    assert!(!page.says(&ada.webid) && !page.says(&ben.webid));
    let page = browser.wish(&page, "switch", &[]).await;
    assert!(page.url.contains("/.account/login/"), "{}", page.url);
    let page = browser.sign_in(&page, &ben).await;
    let tokens = app.tokens(&browser.wish(&page, "allow", &[]).await).await;
    assert_eq!(claims(&tokens["id_token"])["webid"], ben.webid);
}

/// Shows: O-142
#[tokio::test]
async fn what_breaks_here_the_application_learns() {
    let (world, faulty) = watched(Settings::default()).await;
    let app = App::registered(&world, &json!({})).await;
    let ada = world.pupil("ada").await;
    let mut browser = Browser::new(&world);
    app.signs_in(&mut browser, &ada, &[("remember", "yes")]).await;
    faulty.fail(Operation::House, When::Before, Error::Full, 1);
    let back = browser.visit(&app.request(&[("prompt", "none")])).await;
    assert_eq!(back.parameter("error"), "temporarily_unavailable");
    assert_eq!((back.parameter("state"), back.parameter("iss")), ("a b&c=é".into(), world.base.clone()));
    assert!(!browser.visit(&app.request(&[("prompt", "none")])).await.parameter("code").is_empty());
    // A WebID that was agreed to and is no longer theirs is chosen anew, if they may be asked.
    let second = format!("{}people/me#me", ada.pod);
    world.accounts.link_webid(&ada.account, &second, async |_: &str| None).await.unwrap();
    let page = browser.visit(&app.request(&[("prompt", "select_account")])).await;
    let page = browser.wish(&page, "choose", &[("webid", &second)]).await;
    assert!(!browser.wish(&page, "allow", &[("remember", "yes")]).await.parameter("code").is_empty());
    world.accounts.unlink_webid(&ada.account, &second).await.unwrap();
    let back = browser.visit(&app.request(&[("prompt", "none")])).await;
    assert_eq!(back.parameter("error"), "account_selection_required");
    assert!(browser.visit(&app.request(&[])).await.says("Avec quel espace"));
}

/// Shows: O-117
#[tokio::test]
async fn the_terms_are_where_discovery_says() {
    let world = World::start().await;
    let document = world.nobody.get(".well-known/openid-configuration").await.is(200).json();
    for name in ["op_policy_uri", "op_tos_uri"] {
        let page = Browser::new(&world).visit(document[name].as_str().unwrap()).await;
        assert!(page.answer.status == 200 && page.says("Conditions d’utilisation"), "{name}: {page:?}");
    }
    assert!(document["service_documentation"].as_str().unwrap().starts_with("https://"));
    for name in ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"] {
        assert_eq!(document[name], false, "{name}");
    }
    assert_eq!(document["prompt_values_supported"], json!(["none", "login", "consent", "select_account", "create"]));
    assert_eq!(document["ui_locales_supported"], json!(["fr", "en"]));
}
