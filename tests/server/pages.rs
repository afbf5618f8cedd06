//! Pages as browsers see them: signing in and out, the account's settings, and what pages refuse.

use std::time::Duration;

use crate::browser::{Browser, Pupil, Shown};
use crate::world::{Answer, Settings, World};

const LOGIN: &str = ".account/login/";
const SETTINGS: &str = ".account/settings/";
const PASSWORD: &str = ".account/settings/password/";
const NEW_KEY: &str = ".account/settings/keys/new/";
const SCRIPT: &str = "\"><script>alert(1)</script>";

impl World {
    fn at(&self, place: &str) -> String {
        format!("{}{place}", self.base)
    }

    /// A browser in which somebody has signed in.
    pub async fn browser_of(&self, pupil: &Pupil) -> Browser<'_> {
        let mut browser = Browser::new(self);
        let page = browser.visit(&self.at(LOGIN)).await;
        let home = browser.sign_in(&page, pupil).await;
        assert_eq!(home.url, self.at(".account/"), "{}", home.answer.text());
        browser
    }
}

/// The fields `Set-Cookie` of an answer.
fn cookies(answer: &Answer) -> Vec<String> {
    answer.headers.get_all("set-cookie").iter().map(|field| field.to_str().unwrap().to_owned()).collect()
}

/// The form for signing in, filled in but for the token against forgery.
fn filled(pupil: &Pupil, csrf: &str) -> Vec<(String, String)> {
    [("email", pupil.email.as_str()), ("password", pupil.password), ("csrf", csrf)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

fn csrf(page: &Shown) -> String {
    let form = page.form("name=\"csrf\"");
    form.fields.iter().find(|(name, _)| name == "csrf").unwrap().1.clone()
}

/// Shows: O-102, O-106
#[tokio::test]
async fn pages_carry_what_keeps_them_ours() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    let mut stranger = Browser::new(&world);
    for (page, open) in [
        ("", true),
        (LOGIN, true),
        (".account/signed-out/", true),
        (".account/", false),
        (SETTINGS, false),
        (PASSWORD, false),
        (NEW_KEY, false),
        (".account/confirm/", false),
    ] {
        let asked = stranger.visit(&world.at(page)).await;
        assert_eq!(asked.url == world.at(page), open, "{page}: {}", asked.url);
        for shown in [asked, browser.visit(&world.at(page)).await] {
            let answer = shown.answer.is(200);
            for (name, value) in [
                ("content-type", "text/html;charset=utf-8"),
                ("content-language", "fr"),
                ("cache-control", "no-store"),
                ("referrer-policy", "no-referrer"),
                ("x-content-type-options", "nosniff"),
                ("access-control-allow-origin", ""),
            ] {
                assert_eq!(answer.field(name), value, "{page}: {name}");
            }
            let policy = answer.field("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"),
                "{policy}"
            );
            assert!(policy.contains(&format!("script-src {}.account/assets/;", world.base)), "{policy}");
            let html = answer.text();
            let inline = ["style=\"", "<script>", " onclick=", " onload=", "javascript:"];
            assert!(!inline.iter().any(|inline| html.contains(inline)), "{page}: nothing inline");
        }
    }
}

/// Shows: O-201
#[tokio::test]
async fn scripts_get_the_account_api_at_the_same_places() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    for place in [".account/", LOGIN] {
        let answer = world.nobody.ask("GET", place).accept("*/*").send().await.is(200);
        assert_eq!(answer.field("content-type"), "application/json");
    }
    let login = "{\"email\":\"lea@example.org\",\"password\":\"a bridge over the river\"}";
    let place = ".account/login/password/";
    world.nobody.ask("POST", place).content("application/json", login).send().await.is(200);
    assert!(browser.visit(&world.at(".account/")).await.says("Adresse de votre espace"));
}

/// Shows: O-102, O-202
#[tokio::test]
async fn a_cookie_opens_pages_and_nothing_else() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    let cookie = browser.cookie_field();
    let with_cookie = |method: &str, place: &str| world.nobody.ask(method, place).header("cookie", &cookie);
    with_cookie("GET", &lea.pod).send().await.is(401);
    with_cookie("PUT", &format!("{}a.ttl", lea.pod)).turtle("<> a <#A> .").send().await.is(401);
    let api = with_cookie("GET", ".account/").accept("application/json").send().await.is(200).json();
    assert!(api["controls"]["account"]["pod"].is_null(), "{api}");
    let place = format!(".account/account/{}/pod/", lea.account);
    with_cookie("GET", &place).send().await.refused(401, "not-signed-in");
    assert!(browser.visit(&world.at(SETTINGS)).await.says("lea@example.org"));
}

/// Shows: O-192
#[tokio::test]
async fn signing_in_sets_a_new_cookie_and_signing_out_ends_it() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.at(LOGIN)).await;
    let before = browser.cookie_field();
    let answer = browser.send("POST", &page.url, Some(&filled(&lea, &csrf(&page)))).await.is(303);
    let set = cookies(&answer);
    let session = set.iter().find(|cookie| cookie.contains("HttpOnly") && !cookie.contains("-browser")).unwrap();
    assert!(session.contains("Path=/; HttpOnly; SameSite=Lax") && !session.contains("Max-Age"), "{session}");
    assert_ne!(browser.cookie_field(), before);
    let kept = browser.cookie_field();

    let home = browser.visit(&world.at(".account/")).await;
    let out = browser.submit(&home, &home.form("/.account/logout/"), &[]).await;
    assert_eq!(out.url, world.at(".account/signed-out/"));
    assert_ne!(browser.cookie_field(), before, "the browser has a new name");
    let again = world.nobody.ask("GET", SETTINGS).accept("text/html").header("cookie", &kept).send().await.is(303);
    assert_eq!(again.field("location"), "/.account/login/?next=%2F.account%2Fsettings%2F");

    let page = browser.visit(&world.at(LOGIN)).await;
    let mut fields = filled(&lea, &csrf(&page));
    fields.push(("stay".into(), "yes".into()));
    let answer = browser.send("POST", &page.url, Some(&fields)).await.is(303);
    assert!(cookies(&answer).iter().any(|cookie| cookie.contains("Max-Age=15552000")), "{answer:?}");
}

/// Shows: O-324, O-325
#[tokio::test]
async fn a_wrong_password_tells_nothing_and_waits() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.at(LOGIN)).await;
    let form = page.form("name=\"password\"");
    let mut texts = Vec::new();
    for email in [lea.email.as_str(), "nobody@example.org"] {
        let shown = browser.submit(&page, &form, &[("email", email), ("password", "a guess")]).await;
        texts.push(shown.answer.clone().is(403).text().replace(email, ""));
        assert!(!shown.answer.text().contains("a guess"));
    }
    assert_eq!(texts[0], texts[1], "whether there is an account cannot be told");
    for (email, password) in [("", ""), ("nonsense", "x"), (lea.email.as_str(), "")] {
        let shown = browser.submit(&page, &form, &[("email", email), ("password", password)]).await;
        assert!(shown.answer.is(422).text().contains("aria-invalid=\"true\""));
    }
    for _ in 0..4 {
        browser.submit(&page, &form, &[("email", &lea.email), ("password", "a guess")]).await.answer.is(403);
    }
    let shown = browser.sign_in(&page, &lea).await;
    assert_eq!(shown.answer.clone().is(429).field("retry-after"), "2");
    assert!(shown.says("rien n’est bloqué"));
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(browser.sign_in(&page, &lea).await.url, world.at(".account/"));
}

/// Shows: O-102, O-191
#[tokio::test]
async fn only_our_own_pages_send_forms() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.at(LOGIN)).await;
    let good = csrf(&page);
    let others = csrf(&Browser::new(&world).visit(&world.at(LOGIN)).await);
    for token in ["", &good[1..], &others] {
        let answer = browser.send("POST", &page.url, Some(&filled(&lea, token))).await.is(403);
        assert!(answer.text().contains("Cette page a vieilli") && answer.text().contains("form-outdated"));
    }
    for site in ["cross-site", "same-site", "none"] {
        browser.fetch_site = Some(site);
        let answer = browser.send("POST", &page.url, Some(&filled(&lea, &good))).await.is(403);
        assert!(answer.text().contains("cross-site"));
    }
    browser.fetch_site = None;
    let cookie = browser.cookie_field();
    let post = |media_type: &'static str, origin: &str| {
        let body = format!("csrf={good}&email=lea%40example.org&password=a+bridge+over+the+river");
        let asking = world.nobody.ask("POST", LOGIN).accept("text/html").header("cookie", &cookie);
        asking.header("origin", origin).content(media_type, body).send()
    };
    let form = "application/x-www-form-urlencoded";
    let ours = world.base.trim_end_matches('/');
    post(form, "https://evil.example").await.is(403);
    assert_eq!(post("text/plain", ours).await.status, 405, "no form is for the account API, which takes none here");
    let settings = world.nobody.ask("POST", ".account/settings/language/").accept("text/html");
    settings.header("cookie", &cookie).content("text/plain", "language=en").send().await.is(415);
    post(form, ours).await.is(303);
}

/// Shows: O-102
#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    for next in
        ["https://evil.example/", "//evil.example/", "/.account/../lea/page.html", "/.account/\\\\evil.example", SCRIPT]
    {
        let query = url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>();
        let mut browser = Browser::new(&world);
        let page = browser.visit(&world.at(&format!("{LOGIN}?next={query}"))).await;
        assert!(!page.answer.text().contains("<script>alert"), "{next}");
        assert_eq!(page.form("name=\"password\"").action, "/.account/login/");
        let answer = browser.send("POST", &page.url, Some(&filled(&lea, &csrf(&page)))).await.is(303);
        assert_eq!(answer.field("location"), "/.account/", "{next}");
        let answer = browser.send("GET", &page.url, None).await.is(303);
        assert_eq!(answer.field("location"), "/.account/", "{next}, signed in already");
    }
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.at(SETTINGS)).await;
    assert!(page.says("Vous reviendrez ensuite là où vous alliez"));
    assert_eq!(browser.sign_in(&page, &lea).await.url, world.at(SETTINGS));
}

/// Shows: O-193, O-204, O-343
#[tokio::test]
async fn a_key_is_made_after_showing_who_one_is() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    world.clock.advance(Duration::from_mins(6));
    let before = browser.cookie_field();
    let confirm = browser.visit(&world.at(NEW_KEY)).await;
    assert!(confirm.says("C’est bien vous ?"), "{}", confirm.answer.text());
    let form = confirm.form("name=\"password\"");
    let wrong = browser.submit(&confirm, &form, &[("password", "a guess")]).await;
    wrong.answer.is(403);
    let page = browser.submit(&confirm, &form, &[("password", lea.password)]).await;
    assert_eq!(page.url, world.at(NEW_KEY));
    let old = world.nobody.ask("GET", SETTINGS).accept("text/html").header("cookie", &before).send().await;
    old.is(303);

    let made = browser.submit(&page, &page.form("name=\"name\""), &[("name", SCRIPT)]).await;
    let account = world.accounts.account(&lea.account).await.unwrap().unwrap();
    let id = account.credentials[0].clone();
    let secret = made.answer.text().split("id=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(secret.len(), 43);
    let presented = world.accounts.present(id.as_str(), &secret).await.unwrap();
    assert!(matches!(presented, cartable::identity::account::Presented::Good(_)));

    let settings = browser.visit(&world.at(SETTINGS)).await;
    let key = browser.visit(&world.at(&format!(".account/settings/keys/{id}/"))).await;
    for page in [&settings, &key] {
        assert!(page.says(SCRIPT) && !page.answer.text().contains("<script>alert"), "{}", page.answer.text());
        assert!(!page.answer.text().contains(&secret));
    }
    let stranger = world.pupil("emil").await;
    let mut theirs = world.browser_of(&stranger).await;
    theirs.visit(&key.url).await.answer.is(404);
    let shown = browser.submit(&key, &key.form("/settings/keys/"), &[]).await;
    assert!(shown.says("La clé est supprimée"));
    let events = browser.visit(&world.at(".account/settings/events/")).await;
    assert!(events.says("Entrée dans le compte") && events.says("Clé pour un script supprimée"));
    assert!(events.says(SCRIPT) && !events.answer.text().contains("<script>alert"));
    assert!(world.accounts.account(&lea.account).await.unwrap().unwrap().credentials.is_empty());
}

/// Shows: O-193, CP-16
#[tokio::test]
async fn devices_are_signed_out_one_by_one_or_together() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut here = world.browser_of(&lea).await;
    let mut there = world.browser_of(&lea).await;
    let page = here.visit(&world.at(SETTINGS)).await;
    let shown = here.submit(&page, &page.form("value=\"others\""), &[]).await;
    assert!(shown.says("Tous les autres appareils sont déconnectés"));
    assert!(there.visit(&world.at(SETTINGS)).await.url.contains("/login/"));
    let mut again = world.browser_of(&lea).await;
    let page = here.visit(&world.at(SETTINGS)).await;
    let shown = here.submit(&page, &page.form("Appareil inconnu"), &[]).await;
    assert!(shown.says("L’appareil est déconnecté"));
    assert!(again.visit(&world.at(SETTINGS)).await.url.contains("/login/"));
    assert_eq!(here.visit(&world.at(SETTINGS)).await.url, world.at(SETTINGS));
}

/// Shows: O-192, O-324
#[tokio::test]
async fn a_new_password_signs_out_all_other_devices() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut here = world.browser_of(&lea).await;
    let mut there = world.browser_of(&lea).await;
    let page = here.visit(&world.at(PASSWORD)).await;
    let form = page.form("name=\"old\"");
    for (old, new, status) in
        [("a guess", "a tunnel below", 403), (lea.password, "short", 422), (lea.password, "", 422)]
    {
        here.submit(&page, &form, &[("old", old), ("new", new)]).await.answer.is(status);
    }
    let shown = here.submit(&page, &form, &[("old", lea.password), ("new", "a tunnel below the river")]).await;
    assert!(shown.says("Votre mot de passe est changé"), "{}", shown.answer.text());
    assert!(there.visit(&world.at(SETTINGS)).await.url.contains("/login/"));
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.at(LOGIN)).await;
    browser.sign_in(&page, &lea).await.answer.is(403);
}

#[tokio::test]
async fn a_language_is_chosen_once_and_follows_the_account() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut stranger = Browser::new(&world);
    assert!(stranger.visit(&world.base).await.says("Votre espace vous suit"));
    assert!(stranger.visit(&format!("{}?lang=en", world.base)).await.says("Your space goes with you"));
    assert!(stranger.visit(&world.at(LOGIN)).await.says("Enter my space"), "the choice is kept");

    let mut browser = world.browser_of(&lea).await;
    let page = browser.visit(&world.at(SETTINGS)).await;
    let shown = browser.submit(&page, &page.form("name=\"language\""), &[("language", "en")]).await;
    assert!(shown.says("Pages and messages are in English now"));
    let mut elsewhere = world.browser_of(&lea).await;
    assert!(elsewhere.visit(&world.at(SETTINGS)).await.says("Ways in"));
}

#[tokio::test]
async fn problems_are_told_in_words_and_echo_nothing() {
    let world = World::start().await;
    let mut browser = Browser::new(&world);
    let shown = browser.visit(&world.at(".account/nothing/%3Cscript%3Ealert(1)%3C/script%3E")).await;
    assert!(shown.says("Cette page n’existe pas") && shown.says("Rien n’a changé dans votre espace"));
    assert!(!shown.answer.is(404).text().contains("<script>"));
    let shown = browser.visit(&format!("{}/evil.example/", world.base)).await;
    assert!(!shown.answer.is(404).text().contains("href=\"//"), "no link leads to another host");
    world.nobody.get(".account/nothing/").await.refused(404, "not-found");
    let refused = browser.send("DELETE", &world.at(SETTINGS), None).await.is(405);
    assert_eq!(refused.field("allow"), "GET, HEAD");
    let page = browser.visit(&world.at(LOGIN)).await;
    let typed = [("email", SCRIPT), ("password", SCRIPT)];
    let shown = browser.submit(&page, &page.form("name=\"password\""), &typed).await;
    assert!(shown.says(SCRIPT) && !shown.answer.text().contains("<script>alert"));
}

#[tokio::test]
async fn the_page_of_parts_is_for_development() {
    let world = World::start().await;
    let mut browser = Browser::new(&world);
    assert!(browser.visit(&world.at(".account/parts/")).await.says("Code box"));
    let world = World::with(Settings { open: false, ..Settings::default() }).await;
    let mut browser = Browser::new(&world);
    browser.visit(&world.at(".account/parts/")).await.answer.is(404);
}
