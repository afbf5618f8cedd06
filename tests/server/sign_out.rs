//! Signing out at an application's wish.

use serde_json::json;

use crate::browser::{Browser, Pupil, Shown};
use crate::sign_in::App;
use crate::world::World;

/// An application, somebody who is signed in with it, and their ID token.
struct Scene<'a> {
    world: &'a World,
    app: App<'a>,
    ada: Pupil,
    browser: Browser<'a>,
    hint: String,
    access: serde_json::Value,
}

impl<'a> Scene<'a> {
    async fn new(world: &'a World) -> Self {
        let bye = json!({ "post_logout_redirect_uris": ["https://app.example/bye?a=1"] });
        let (app, ada) = (App::registered(world, &bye).await, world.pupil("ada").await);
        let mut browser = Browser::new(world);
        let access = app.tokens(&app.signs_in(&mut browser, &ada, &[]).await).await;
        let hint = access["id_token"].as_str().unwrap().to_owned();
        Self { world, app, ada, browser, hint, access }
    }

    fn wish(&self, parameters: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{}.oidc/session/end?{query}", self.world.base)
    }

    async fn asks(&mut self, parameters: &[(&str, &str)]) -> Shown {
        let url = self.wish(parameters);
        self.browser.visit(&url).await
    }

    async fn confirms(&mut self, page: &Shown) -> Shown {
        assert!(page.says("Vous déconnecter ?"), "{page:?}");
        self.browser.submit(page, &page.form("confirmed"), &[]).await
    }

    async fn is_signed_in(&mut self) -> bool {
        let answer = self.browser.visit(&self.app.request(&[("prompt", "none")])).await;
        answer.parameter("error") != "login_required"
    }
}

const BYE: (&str, &str) = ("post_logout_redirect_uri", "https://app.example/bye?a=1");

/// Shows: O-194, O-196
#[tokio::test]
async fn who_is_meant_is_signed_out_and_goes_back() {
    let world = World::start().await;
    let mut scene = Scene::new(&world).await;
    scene.app.reads(&scene.ada.pod, &scene.access).await.is(200);
    // The token may be old.
    world.clock.advance(std::time::Duration::from_hours(24));
    let hint = scene.hint.clone();
    let back = scene.asks(&[("id_token_hint", &hint), BYE, ("state", "x y")]).await;
    assert_eq!(back.answer.field("location"), "https://app.example/bye?a=1&state=x+y");
    assert!(!scene.is_signed_in().await);
    scene.app.reads(&scene.ada.pod, &scene.access).await.is(401);
    // Anybody may register an application, sign in with it and make such a link: it sends nobody on unseen.
    let id = scene.app.id.clone();
    for parameters in [
        &[("client_id", id.as_str()), BYE][..],
        &[("client_id", &id), ("id_token_hint", "none"), BYE],
        &[("id_token_hint", &hint), BYE],
    ] {
        let page = scene.asks(parameters).await;
        assert!(page.answer.status == 200 && page.says("Revenir à app.example"), "{page:?}");
    }
}

/// Shows: O-194
#[tokio::test]
async fn who_may_not_be_meant_is_asked_first() {
    let world = World::start().await;
    let mut scene = Scene::new(&world).await;
    let id = scene.app.id.clone();
    let access = scene.access["access_token"].as_str().unwrap().to_owned();
    let mut elsewhere = Browser::new(&world);
    let other = scene.app.tokens(&scene.app.signs_in(&mut elsewhere, &scene.ada, &[]).await).await;
    let other = other["id_token"].as_str().unwrap().to_owned();
    let hint = scene.hint.clone();
    for parameters in [
        &[][..],
        &[BYE],
        &[("client_id", id.as_str()), BYE],
        &[("id_token_hint", "nonsense"), BYE],
        &[("id_token_hint", access.as_str()), BYE],
        &[("id_token_hint", other.as_str()), BYE],
        &[("id_token_hint", hint.as_str()), ("client_id", "another"), BYE],
    ] {
        let page = scene.asks(parameters).await;
        assert!(page.says("Vous déconnecter ?"), "{parameters:?}");
        assert!(scene.is_signed_in().await, "{parameters:?}");
    }
    let page = scene.asks(&[("client_id", &id), BYE, ("state", "s")]).await;
    assert!(page.says("<strong>app.example</strong> demande"));
    let back = scene.confirms(&page).await;
    assert_eq!(back.answer.field("location"), "https://app.example/bye?a=1&state=s");
    assert!(!scene.is_signed_in().await);
}

/// Shows: O-194, O-195, O-404
#[tokio::test]
async fn an_address_that_was_not_registered_is_gone_to_only_within_its_origin_and_after_asking() {
    let world = World::start().await;
    let mut scene = Scene::new(&world).await;
    let hint = scene.hint.clone();
    let to = |there| [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", there)];
    let page = scene.asks(&to("https://app.example/elsewhere")).await;
    assert!(scene.is_signed_in().await);
    let back = scene.confirms(&page).await;
    assert_eq!(back.answer.field("location"), "https://app.example/elsewhere");
    let page = scene.asks(&to("https://app.example/elsewhere")).await;
    assert!(page.answer.status == 200 && page.says("Revenir à app.example"), "nobody is left to ask");
    for other in ["https://evil.example/", "https://app.example:8443/", "http://app.example/", "javascript:alert(1)"] {
        scene.app.signs_in(&mut scene.browser, &scene.ada, &[]).await;
        let page = scene.asks(&to(other)).await;
        assert!(!page.says(other), "{other}");
        let back = scene.confirms(&page).await;
        assert!(back.url.ends_with("/.account/signed-out/"), "{other} leads to {}", back.url);
    }
}

/// Shows: O-193, O-196
#[tokio::test]
async fn signing_out_everywhere_ends_applications_too_if_that_is_wanted() {
    let world = World::start().await;
    let (app, ada) = (App::new(&world).await, world.pupil("ada").await);
    let (mut browser, mut other) = (Browser::new(&world), Browser::new(&world));
    let tokens = app.tokens(&app.signs_in(&mut browser, &ada, &[("remember", "yes")]).await).await;
    let page = other.visit(".account/login/").await;
    other.sign_in(&page, &ada).await;
    let settings = browser.visit(".account/settings/").await;
    let told = browser.submit(&settings, &settings.form("value=\"others\""), &[]).await;
    assert!(told.says("Tous les autres appareils sont déconnectés."), "{told:?}");
    app.reads(&ada.pod, &tokens).await.is(200);
    let told = browser.submit(&told, &told.form("value=\"everything\""), &[]).await;
    assert!(told.says("et toutes les applications sont déconnectés."), "{told:?}");
    app.reads(&ada.pod, &tokens).await.is(401);
    assert!(world.provider.clients_of(&ada.account).await.unwrap().is_empty(), "no refresh token is left");
    assert_eq!(world.accounts.sessions(&ada.account).await.unwrap().len(), 1, "this device stays");
}

/// Shows: O-194
#[tokio::test]
async fn an_application_may_send_a_form_but_not_agree_for_the_person() {
    let world = World::start().await;
    let mut scene = Scene::new(&world).await;
    scene.browser.fetch_site = Some("cross-site");
    let form = [("id_token_hint".to_owned(), scene.hint.clone()), (BYE.0.to_owned(), BYE.1.to_owned())];
    let end = format!("{}.oidc/session/end", world.base);
    scene.browser.send("POST", &format!("{end}/confirmed"), Some(&form)).await.is(403);
    let sent = scene.browser.send("POST", &end, Some(&form)).await.is(303);
    assert!(scene.is_signed_in().await);
    let back = scene.browser.visit(sent.field("location")).await;
    assert_eq!(back.answer.field("location"), "https://app.example/bye?a=1");
    assert!(!scene.is_signed_in().await);
}
