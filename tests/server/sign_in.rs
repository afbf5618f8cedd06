//! Signing in with an application: from the authorization request to the code, and what people see in between.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cartable::clock::Clock;
use cartable::path::PodName;
use cartable::provision::Owner;
use cartable::storage::KeyRange;
use serde_json::{Value, json};

use crate::browser::{Browser, Pupil, Shown};
use crate::world::{Answer, World};

const REDIRECT: &str = "https://app.example/back?x=1";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A public application of strangers.
pub struct App<'a> {
    world: &'a World,
    pub id: String,
}

impl<'a> App<'a> {
    pub async fn new(world: &'a World) -> Self {
        Self::registered(world, &json!({})).await
    }

    /// An application with this metadata besides the usual.
    pub async fn registered(world: &'a World, more: &Value) -> Self {
        let mut metadata = json!({
            "redirect_uris": [REDIRECT, "https://tester"],
            "client_name": "Carnet <script>alert(1)</script>",
            "token_endpoint_auth_method": "none",
        });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let asking = world.nobody.ask("POST", &format!("{}.oidc/reg", world.base));
        let answer = asking.content("application/json", metadata.to_string()).send().await.is(201);
        Self { world, id: answer.json()["client_id"].as_str().unwrap().to_owned() }
    }

    /// The address of the usual request, with some parameters instead of its own; one without a value goes away.
    pub fn request(&self, changes: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs(changes)).finish();
        format!("{}.oidc/auth?{query}", self.world.base)
    }

    fn pairs<'b>(&'b self, changes: &[(&'b str, &'b str)]) -> Vec<(&'b str, &'b str)> {
        let usual = [
            ("client_id", self.id.as_str()),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "openid webid offline_access"),
            ("state", "a b&c=é"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let kept = usual.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        kept.chain(changes.iter().copied()).filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Exchanges a code. The proof is made with Alice's key: whose it is does not matter.
    async fn exchange(&self, code: &str) -> Answer {
        let endpoint = format!("{}.oidc/token", self.world.base);
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let proof = self.world.alice.proof("POST", &endpoint);
        let asking = self.world.nobody.ask("POST", &endpoint).header("dpop", &proof);
        asking.content("application/x-www-form-urlencoded", form).send().await
    }

    /// The tokens of the code that a browser was sent back with.
    pub async fn tokens(&self, back: &Shown) -> Value {
        self.exchange(&back.parameter("code")).await.is(200).json()
    }

    /// Reads a place with a token.
    pub async fn reads(&self, place: &str, tokens: &Value) -> Answer {
        let token = tokens["access_token"].as_str().unwrap();
        let asking = self.world.nobody.ask("GET", place).header("authorization", &format!("DPoP {token}"));
        asking.header("dpop", &self.world.alice.proof("GET", place)).send().await
    }

    /// Signs a person in, from the first request to the way back.
    pub async fn signs_in(&self, browser: &mut Browser<'_>, pupil: &Pupil, fields: &[(&str, &str)]) -> Shown {
        let page = browser.visit(&self.request(&[("prompt", "consent")])).await;
        let page = if page.url.contains("/login/") { browser.sign_in(&page, pupil).await } else { page };
        browser.wish(&page, "allow", fields).await
    }
}

/// The claims of a token.
pub fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

const REMEMBER: &[(&str, &str)] = &[("remember", "yes")];

/// Shows: O-136, O-144, O-145, O-146, O-149, O-182, O-191
#[tokio::test]
async fn a_person_signs_in_and_the_application_reads_what_is_theirs() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let mut browser = Browser::new(&world);
    let page = browser.visit(&app.request(&[("prompt", "consent"), ("nonce", "n-1")])).await;
    assert!(page.url.contains("/.account/login/?next=%2F.oidc%2Finteraction%3Fid%3D"), "{}", page.url);
    let page = browser.sign_in(&page, &ada).await;
    assert!(page.says("app.example") && page.says("Nom non vérifié") && page.says("Carnet <script>"));
    assert!(!page.answer.text().contains("<script>alert"), "what an application calls itself is text");
    assert!(page.says("Autoriser") && page.says("Refuser") && !page.answer.text().contains(" checked"));
    let back = browser.wish(&page, "allow", REMEMBER).await;
    assert_eq!(back.answer.status, 303);
    assert!(back.url.starts_with("https://app.example/back?x=1&code="), "{}", back.url);
    assert_eq!((back.parameter("state"), back.parameter("iss")), ("a b&c=é".into(), world.base.clone()));
    let tokens = app.tokens(&back).await;
    assert_eq!(tokens["scope"], "openid offline_access webid");
    assert!(tokens["refresh_token"].is_string());
    app.reads(&ada.pod, &tokens).await.is(200);
    app.reads(&format!("{}bob/", world.base), &tokens).await.is(403);
    // Asked again, it is one click; the box is not there any more.
    let page = browser.visit(&app.request(&[("prompt", "consent")])).await;
    assert!(page.says("Continuer") && !page.says("Se souvenir de mon accord"));
    let back = browser.wish(&page, "allow", &[]).await;
    assert_eq!(app.tokens(&back).await["scope"], "openid offline_access webid");
    // And without a wish for consent, none.
    let back = browser.visit(&app.request(&[])).await;
    assert!(back.url.contains("&code="), "{}", back.url);
}

/// Shows: O-145
#[tokio::test]
async fn an_address_without_a_path_gets_none() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let mut browser = Browser::new(&world);
    let page = browser.visit(&app.request(&[("redirect_uri", "https://tester"), ("state", "")])).await;
    let page = browser.sign_in(&page, &ada).await;
    let answer = browser.wish(&page, "allow", &[]).await;
    assert!(answer.answer.field("location").starts_with("https://tester?code="), "{answer:?}");
}

/// Shows: O-141, O-169
#[tokio::test]
async fn a_request_is_kept_if_it_is_short_without_its_hint_and_for_an_hour() {
    let world = World::start().await;
    let app = App::new(&world).await;
    let mut browser = Browser::new(&world);
    let kept = async || {
        let range = KeyRange { prefix: "interaction/", after: None, limit: 10 };
        let entries = world.storage.entries(range).await.unwrap();
        entries.iter().map(|entry| String::from_utf8(entry.value.to_vec()).unwrap()).collect::<Vec<_>>()
    };
    let long = "x".repeat(7 * 1024);
    for name in ["state", "nonce", "id_token_hint", "unknown"] {
        assert_eq!(browser.visit(&app.request(&[(name, &long)])).await.answer.status, 400, "{name}");
    }
    assert!(kept().await.is_empty());
    browser.visit(&app.request(&[("id_token_hint", "whoever"), ("state", "here")])).await;
    let [record] = kept().await.try_into().unwrap();
    assert!(record.contains("here") && !record.contains("whoever"), "{record}");
    world.provider.tend().await.unwrap();
    assert_eq!(kept().await.len(), 1);
    world.clock.advance(Duration::from_hours(1) + Duration::from_secs(1));
    world.provider.tend().await.unwrap();
    assert!(kept().await.is_empty(), "nobody else need begin");
}

/// Shows: O-141, O-142, O-143, O-144, O-147
#[tokio::test]
async fn what_is_wrong_goes_back_by_its_code() {
    let world = World::start().await;
    let app = App::new(&world).await;
    for (changes, code) in [
        (&[("response_type", "")][..], "invalid_request"),
        (&[("response_type", "id_token token")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("scope", "")], "invalid_scope"),
        (&[("scope", "webid")], "invalid_scope"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("prompt", "none consent")], "invalid_request"),
        (&[("prompt", "sudo")], "invalid_request"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("nonce", "a"), ("nonce", "b")], "invalid_request"),
        (&[("request", "eyJ")], "request_not_supported"),
        (&[("request_uri", "https://app.example/r")], "request_uri_not_supported"),
        (&[("registration", "{}")], "registration_not_supported"),
        (&[("prompt", "none")], "login_required"),
    ] {
        let back = Browser::new(&world).visit(&app.request(changes)).await;
        assert_eq!(back.answer.status, 303, "{changes:?}");
        assert!(back.url.starts_with("https://app.example/back?x=1&error="), "{}", back.url);
        assert_eq!(back.parameter("error"), code, "{changes:?}");
        assert!(!back.parameter("error_description").is_empty());
        assert_eq!((back.parameter("state"), back.parameter("iss")), ("a b&c=é".into(), world.base.clone()));
    }
}

/// Shows: O-105, O-106, O-128, O-132, O-142, O-145
#[tokio::test]
async fn nobody_is_sent_to_an_address_that_was_not_registered() {
    let world = World::start().await;
    let app = App::new(&world).await;
    for (changes, kind, says) in [
        (&[("client_id", "")][..], "client-not-named", "se présente mal"),
        (&[("client_id", "nobody")], "client-unknown", "Effacez les données"),
        (&[("client_id", "https://127.0.0.1/app")], "client-unusable", "se présente mal"),
        (&[("client_id", app.id.as_str()), ("client_id", app.id.as_str())], "client-not-named", "se présente mal"),
        (&[("redirect_uri", "")], "redirect-not-named", "pas suivi ce lien"),
        (&[("redirect_uri", "https://app.example/back")], "redirect-not-registered", "pas suivi ce lien"),
        (&[("redirect_uri", "https://app.example/back?x=1&y=2")], "redirect-not-registered", "pas suivi ce lien"),
        (&[("redirect_uri", "https://app.example/back?x=1#")], "redirect-not-registered", "pas suivi ce lien"),
        (&[("redirect_uri", "https://evil.example/")], "redirect-not-registered", "pas suivi ce lien"),
        (&[("redirect_uri", "https://tester/")], "redirect-not-registered", "pas suivi ce lien"),
        (&[("redirect_uri", "https://tester@evil.example")], "redirect-not-registered", "pas suivi ce lien"),
        (&[("redirect_uri", "javascript:alert(1)")], "redirect-not-registered", "pas suivi ce lien"),
        (&[("redirect_uri", "https://tester"), ("redirect_uri", "https://tester")], "redirect-not-named", "ce lien"),
    ] {
        for prompt in ["consent", "none"] {
            let changes: Vec<_> = changes.iter().copied().chain([("prompt", prompt)]).collect();
            let page = Browser::new(&world).visit(&app.request(&changes)).await;
            assert_eq!(page.answer.status, 400, "{changes:?}");
            assert_eq!(page.answer.field("location"), "");
            assert!(page.says(kind) && page.says(says), "{changes:?}: {}", page.answer.text());
            assert!(!page.says("//evil.example"), "it leads there");
            assert!(page.answer.field("content-security-policy").contains("frame-ancestors 'none'"));
            assert_eq!(page.answer.field("referrer-policy"), "no-referrer");
            assert_eq!(page.answer.field("access-control-allow-origin"), "");
        }
    }
}

/// Shows: O-147, O-402
#[tokio::test]
async fn without_a_page_the_answer_comes_at_once() {
    let world = World::start().await;
    let (app, other) = (App::new(&world).await, App::new(&world).await);
    let (ada, ben) = (world.pupil("ada").await, world.pupil("ben").await);
    let none = |app: &App<'_>, more: &[(&str, &str)]| {
        let changes: Vec<_> = [("prompt", "none")].into_iter().chain(more.iter().copied()).collect();
        app.request(&changes)
    };
    let mut browser = Browser::new(&world);
    assert_eq!(browser.visit(&none(&app, &[])).await.parameter("error"), "login_required");
    let tokens = app.tokens(&app.signs_in(&mut browser, &ada, REMEMBER).await).await;
    let hint = tokens["id_token"].as_str().unwrap().to_owned();
    let again = browser.visit(&none(&app, &[])).await;
    assert_eq!(app.tokens(&again).await["scope"], "openid offline_access webid");
    assert!(!browser.visit(&none(&app, &[("id_token_hint", &hint)])).await.parameter("code").is_empty());
    assert_eq!(browser.visit(&none(&other, &[])).await.parameter("error"), "consent_required");
    assert_eq!(browser.visit(&none(&app, &[("scope", "openid profile")])).await.parameter("error"), "consent_required");
    let nonsense = browser.visit(&none(&app, &[("id_token_hint", "nonsense")])).await;
    assert_eq!(nonsense.parameter("error"), "login_required");
    let mut elsewhere = Browser::new(&world);
    app.signs_in(&mut elsewhere, &ben, REMEMBER).await;
    let hinted = elsewhere.visit(&none(&app, &[("id_token_hint", &hint)])).await;
    assert_eq!(hinted.parameter("error"), "login_required");
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(browser.visit(&none(&app, &[("max_age", "599")])).await.parameter("error"), "login_required");
    assert!(!browser.visit(&none(&app, &[("max_age", "600")])).await.parameter("code").is_empty());
}

/// Shows: O-149, O-196
#[tokio::test]
async fn what_is_not_remembered_ends_with_the_session() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let mut browser = Browser::new(&world);
    let tokens = app.tokens(&app.signs_in(&mut browser, &ada, &[]).await).await;
    assert_eq!(tokens["scope"], "openid webid");
    assert!(tokens["refresh_token"].is_null());
    app.reads(&ada.pod, &tokens).await.is(200);
    let again = browser.visit(&app.request(&[("prompt", "none")])).await;
    assert!(!again.parameter("code").is_empty(), "{}", again.url);
    let page = browser.visit(&format!("{}.oidc/session/end", world.base)).await;
    assert!(page.says("Vous déconnecter ?"));
    let form = page.form("confirmed");
    let gone = browser.submit(&page, &form, &[]).await;
    assert!(gone.url.ends_with("/.account/signed-out/"), "{}", gone.url);
    app.reads(&ada.pod, &tokens).await.is(401);
    assert_eq!(browser.visit(&app.request(&[("prompt", "none")])).await.parameter("error"), "login_required");
    let page = browser.visit(&app.request(&[])).await;
    let page = browser.sign_in(&page, &ada).await;
    assert!(page.says("Autoriser"), "consent is asked for again: {}", page.url);
}

/// Shows: O-191
#[tokio::test]
async fn who_says_no_sends_the_application_away() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let mut browser = Browser::new(&world);
    let page = browser.visit(&app.request(&[])).await;
    let page = browser.sign_in(&page, &ada).await;
    let back = browser.wish(&page, "refuse", &[]).await;
    assert_eq!((back.parameter("error"), back.parameter("code")), ("access_denied".into(), String::new()));
    assert_eq!(browser.visit(&app.request(&[("prompt", "none")])).await.parameter("error"), "consent_required");
}

/// Shows: O-191
#[tokio::test]
async fn two_tabs_do_not_disturb_each_other() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let mut browser = Browser::new(&world);
    let left = browser.visit(&app.request(&[("state", "left")])).await;
    let right = browser.visit(&app.request(&[("state", "right"), ("prompt", "consent")])).await;
    let left = browser.sign_in(&left, &ada).await;
    // The page for signing in, open in the other tab, leads on now.
    let right = browser.visit(&right.url).await;
    let (left_back, right_back) = (browser.wish(&left, "allow", &[]).await, browser.wish(&right, "allow", &[]).await);
    assert_eq!((left_back.parameter("state").as_str(), right_back.parameter("state").as_str()), ("left", "right"));
    for back in [left_back, right_back] {
        app.tokens(&back).await;
    }
}

/// Shows: O-191
#[tokio::test]
async fn a_sign_in_goes_on_after_a_restart() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let mut browser = Browser::new(&world);
    let page = browser.visit(&app.request(&[])).await;
    let after = world.another().await;
    let mut browser = browser.at(&after);
    let page = browser.sign_in(&page, &ada).await;
    let later = after.another().await;
    let back = browser.at(&later).wish(&page, "allow", REMEMBER).await;
    app.tokens(&back).await;
}

/// Shows: O-191
#[tokio::test]
async fn the_back_button_answers_nothing_twice() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let mut browser = Browser::new(&world);
    let sign_in = browser.visit(&app.request(&[])).await;
    let consent = browser.sign_in(&sign_in, &ada).await;
    let again = browser.visit(&sign_in.url).await;
    assert_eq!(again.url, consent.url, "who is signed in already goes on");
    assert!(!browser.wish(&consent, "allow", &[]).await.parameter("code").is_empty());
    for wish in ["allow", "refuse"] {
        let page = browser.wish(&consent, wish, &[]).await;
        assert_eq!(page.answer.status, 410);
        assert!(page.says("Cette demande est terminée"));
    }
    assert_eq!(browser.visit(&consent.url).await.answer.status, 410);
    let late = browser.visit(&app.request(&[("prompt", "consent")])).await;
    world.clock.advance(Duration::from_mins(61));
    assert_eq!(browser.visit(&late.url).await.answer.status, 410);
}

/// Shows: O-102, O-191
#[tokio::test]
async fn only_the_browser_and_the_page_that_began_can_agree() {
    let world = World::start().await;
    let (app, ada, ben) = (App::new(&world).await, world.pupil("ada").await, world.pupil("ben").await);
    let mut browser = Browser::new(&world);
    let page = browser.visit(&app.request(&[])).await;
    let page = browser.sign_in(&page, &ada).await;
    let form = page.form("value=\"allow\"");
    let allow = |fields: &[(String, String)]| {
        fields.iter().cloned().chain([("wish".to_owned(), "allow".to_owned())]).collect::<Vec<_>>()
    };
    let forged: Vec<_> = form.fields.iter().filter(|(name, _)| name != "csrf").cloned().collect();
    assert_eq!(browser.send("POST", &page.url, Some(&allow(&forged))).await.status, 403);
    for site in ["cross-site", "same-site", "none"] {
        browser.fetch_site = Some(site);
        assert_eq!(browser.send("POST", &page.url, Some(&allow(&form.fields))).await.status, 403, "{site}");
    }
    // Another browser, even with somebody signed in, does not get at it.
    let mut other = Browser::new(&world);
    app.signs_in(&mut other, &ben, &[]).await;
    assert_eq!(other.visit(&page.url).await.answer.status, 410);
    // What was on the page is what is agreed to.
    browser.fetch_site = Some("same-origin");
    let other = |(name, value): (String, String)| {
        let value = if name == "webid" { ben.webid.clone() } else { value };
        (name, value)
    };
    let fields: Vec<_> = form.fields.iter().cloned().map(other).collect();
    let answer = browser.send("POST", &page.url, Some(&allow(&fields))).await;
    assert!(answer.field("location").starts_with("/.oidc/interaction?id="), "{answer:?}");
    browser.fetch_site = None;
    assert!(!browser.wish(&page, "allow", &[]).await.parameter("code").is_empty());
}

/// Shows: O-148
#[tokio::test]
async fn an_old_sign_in_is_renewed_when_the_application_wants_it() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let mut browser = Browser::new(&world);
    app.signs_in(&mut browser, &ada, REMEMBER).await;
    world.clock.advance(Duration::from_mins(10));
    for changes in [[("prompt", "login")], [("max_age", "60")]] {
        let step = browser.send("GET", &app.request(&changes), None).await.is(303);
        let step = browser.send("GET", step.field("location"), None).await.is(303);
        assert!(step.field("location").starts_with("/.account/confirm/?next="), "{step:?}");
    }
    world.clock.advance(Duration::from_mins(1));
    let page = browser.visit(&app.request(&[("prompt", "login")])).await;
    let confirm = page.form("name=\"password\"");
    let back = browser.submit(&page, &confirm, &[("password", ada.password)]).await;
    let (_, place) = back.answer.field("refresh").split_once("url=").unwrap();
    let tokens = app.tokens(&Shown { url: place.to_owned(), ..back.clone() }).await;
    assert_eq!(claims(&tokens["id_token"])["auth_time"], world.clock.now().seconds());
    world.clock.advance(Duration::from_mins(2));
    let careful = App::registered(&world, &json!({ "default_max_age": 60 })).await;
    let step = browser.send("GET", &careful.request(&[]), None).await.is(303);
    let step = browser.send("GET", step.field("location"), None).await.is(303);
    assert!(step.field("location").starts_with("/.account/confirm/?next="), "{step:?}");
}

/// Shows: O-191, O-183
#[tokio::test]
async fn who_has_several_webids_chooses_one() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let second =
        world.provision().pod(&ada.account, &PodName::parse("ada-two").unwrap(), Owner::Profile).await.unwrap();
    let mut browser = Browser::new(&world);
    let page = browser.visit(&app.request(&[])).await;
    let page = browser.sign_in(&page, &ada).await;
    assert!(page.says(&ada.webid) && page.says(&second.webid) && !page.says("Autoriser une application"));
    let stranger = browser.wish(&page, "choose", &[("webid", &format!("{}bob/profile/card#me", world.base))]).await;
    assert!(stranger.says("Avec quel espace"), "a WebID of somebody else is not taken");
    let page = browser.wish(&page, "choose", &[("webid", &second.webid)]).await;
    assert!(page.says("Autoriser une application") && page.says("ada-two"));
    let tokens = app.tokens(&browser.wish(&page, "allow", REMEMBER).await).await;
    app.reads(&second.pod, &tokens).await.is(200);
    app.reads(&ada.pod, &tokens).await.is(403);
    // The next time it is the same, unless the application asks for a choice.
    let page = browser.visit(&app.request(&[("prompt", "consent")])).await;
    assert!(page.says("ada-two") && page.says("Autoriser une application"));
    assert!(browser.visit(&app.request(&[("prompt", "select_account")])).await.says("Avec quel espace"));
}

/// Shows: O-141, O-114
#[tokio::test]
async fn a_request_may_come_as_a_form_and_so_may_the_answer() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let mut browser = Browser::new(&world);
    browser.fetch_site = Some("cross-site");
    let pairs = app.pairs(&[("response_mode", "form_post")]);
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let sent = browser.send("POST", &format!("{}.oidc/auth", world.base), Some(&pairs)).await.is(303);
    browser.fetch_site = Some("same-origin");
    let page = browser.visit(sent.field("location")).await;
    let page = browser.sign_in(&page, &ada).await;
    let page = browser.wish(&page, "allow", &[]).await;
    assert_eq!(page.answer.status, 200);
    let form = page.form("name=\"code\"");
    assert_eq!(form.action, REDIRECT);
    let fields: BTreeMap<_, _> = form.fields.into_iter().collect();
    assert_eq!((fields["state"].as_str(), fields["iss"].as_str()), ("a b&c=é", world.base.as_str()));
    assert!(page.answer.field("content-security-policy").contains("form-action 'self' https://app.example;"));
    app.exchange(&fields["code"]).await.is(200);
    let long = [("state".to_owned(), "x".repeat(8000))];
    browser.send("POST", &format!("{}.oidc/auth", world.base), Some(&long)).await.is(400);
    let page = Browser::new(&world).visit(&app.request(&[("response_mode", "form_post"), ("prompt", "none")])).await;
    let fields: BTreeMap<_, _> = page.form("name=\"error\"").fields.into_iter().collect();
    assert_eq!((fields["error"].as_str(), fields["state"].as_str()), ("login_required", "a b&c=é"));
}

/// Browsers follow no redirect to elsewhere from the form for signing in, so a page comes in between.
#[tokio::test]
async fn who_agreed_before_goes_back_right_after_signing_in() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    app.signs_in(&mut Browser::new(&world), &ada, REMEMBER).await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&app.request(&[])).await;
    let page = browser.sign_in(&page, &ada).await;
    assert_eq!(page.answer.status, 200);
    let refresh = page.answer.field("refresh");
    assert!(refresh.starts_with("0; url=https://app.example/back?x=1&code="), "{refresh}");
    assert!(page.says("Continuer vers app.example"));
}

/// Shows: O-193, O-45
#[tokio::test]
async fn an_application_is_cut_off_on_the_page_of_applications() {
    let world = World::start().await;
    let (app, ada, ben) = (App::new(&world).await, world.pupil("ada").await, world.pupil("ben").await);
    let (mut browser, mut other) = (Browser::new(&world), Browser::new(&world));
    let tokens = app.tokens(&app.signs_in(&mut browser, &ada, REMEMBER).await).await;
    let bens = app.tokens(&app.signs_in(&mut other, &ben, REMEMBER).await).await;
    let page = browser.visit(&format!("{}.account/settings/applications/", world.base)).await;
    assert!(page.says("app.example") && page.says("nom non vérifié"));
    assert!(!page.answer.text().contains("<script>alert"));
    let form = page.form("name=\"client\"");
    let page = browser.submit(&page, &form, &[]).await;
    assert!(page.says("Vous n’avez autorisé aucune application"));
    let events = browser.visit(&format!("{}.account/settings/events/", world.base)).await;
    assert!(events.says("Application autorisée (app.example)"));
    assert!(events.says("Accès coupé pour une application (app.example)"));
    app.reads(&ada.pod, &tokens).await.is(401);
    app.reads(&ben.pod, &bens).await.is(200);
    assert_eq!(browser.visit(&app.request(&[("prompt", "none")])).await.parameter("error"), "consent_required");
}
