//! Second factors as people live them: an app that shows codes, recovery codes, and what passkeys are asked.

use std::time::Duration;

use cartable::clock::Clock;
use totp_rs::{Builder, Secret};

use crate::browser::{Browser, Pupil, Shown};
use crate::world::World;

const WAYS: &str = ".account/settings/ways/";

/// Signs in with the password; what is shown then.
pub async fn enter(browser: &mut Browser<'_>, pupil: &Pupil) -> Shown {
    let page = browser.visit(".account/login/").await;
    browser.sign_in(&page, pupil).await
}

/// The texts between `<code>` and `</code>`.
fn code_box(page: &Shown) -> String {
    let (_, rest) = page.answer.text().split_once("<code>").unwrap();
    rest.split("</code>").next().unwrap().to_owned()
}

/// What the app shows at this moment.
fn shown(seed: &str, world: &World) -> String {
    let seed = Secret::try_from_base32(seed.replace(' ', "")).unwrap();
    let totp = Builder::new().with_secret(seed).build_noncompliant();
    totp.generate(u64::try_from(world.clock.now().seconds()).unwrap()).to_string()
}

/// Adds an app; its seed and the recovery codes.
pub async fn enrol(world: &World, browser: &mut Browser<'_>) -> (String, Vec<String>) {
    let page = browser.visit(&format!("{WAYS}app/")).await;
    assert!(page.answer.text().contains("<svg "), "{page:?}");
    let seed = code_box(&page);
    let form = page.form("name=\"offer\"");
    let codes = browser.submit(&page, &form, &[("code", &shown(&seed, world))]).await;
    let texts: Vec<_> = code_box(&codes).split_whitespace().map(str::to_owned).collect();
    assert_eq!(texts.len(), 10, "{codes:?}");
    (seed, texts)
}

/// Shows: O-342, O-343, CP-14
#[tokio::test]
async fn an_app_is_asked_for_after_the_password() {
    let world = World::start().await;
    let pupil = world.pupil("malo").await;
    let mut browser = Browser::new(&world);
    enter(&mut browser, &pupil).await;
    let (seed, _) = enrol(&world, &mut browser).await;
    let mut other = Browser::new(&world);
    let second = enter(&mut other, &pupil).await;
    assert!(second.url.ends_with("/.account/login/second/") && second.says("Encore une preuve"), "{second:?}");
    assert!(other.visit(".account/settings/").await.url.contains("/.account/login/"), "nobody is signed in yet");
    let second = other.visit(".account/login/second/").await;
    let form = second.form("name=\"code\"");
    let wrong = other.submit(&second, &form, &[("code", "000000")]).await;
    assert!(wrong.says("Ce code n’est pas le bon"));
    let used = other.submit(&second, &form, &[("code", &shown(&seed, &world))]).await;
    used.answer.is(403);
    world.clock.advance(Duration::from_secs(30));
    let code = shown(&seed, &world);
    let home = other.submit(&second, &form, &[("code", &code)]).await;
    assert_eq!(home.url, format!("{}.account/", world.base));
    let sessions = world.accounts.sessions(&pupil.account).await.unwrap();
    let amr: Vec<_> = sessions.iter().map(cartable::identity::account::Session::amr).collect();
    assert!(amr.contains(&vec!["pwd", "otp", "mfa"]), "{amr:?}");
    let mut third = Browser::new(&world);
    let second = enter(&mut third, &pupil).await;
    let form = second.form("name=\"code\"");
    third.submit(&second, &form, &[("code", &code)]).await.answer.is(403);
}

/// Shows: O-342, O-344
#[tokio::test]
async fn a_recovery_code_is_good_once() {
    let world = World::start().await;
    let pupil = world.pupil("malo").await;
    let mut browser = Browser::new(&world);
    enter(&mut browser, &pupil).await;
    let (_, codes) = enrol(&world, &mut browser).await;
    for (code, status) in [(&codes[0], 200), (&codes[0], 403), (&codes[1].to_uppercase(), 200)] {
        let mut other = Browser::new(&world);
        let second = enter(&mut other, &pupil).await;
        let form = second.form("name=\"code\"");
        other.submit(&second, &form, &[("code", code)]).await.answer.is(status);
    }
    let ways = browser.visit(WAYS).await;
    assert!(ways.says("8 codes encore bons"), "{ways:?}");
    // New ones make the old ones worthless; without the app there are none.
    let form = ways.form("name=\"codes\"");
    let drawn = browser.submit(&ways, &form, &[]).await;
    assert!(!drawn.answer.text().contains(&codes[2]));
    let factors = world.accounts.factors(&pupil.account).await.unwrap();
    assert_eq!(factors.codes.left(), 10);
    let ways = browser.visit(WAYS).await;
    let form = ways.form("name=\"app\"");
    browser.submit(&ways, &form, &[]).await;
    let factors = world.accounts.factors(&pupil.account).await.unwrap();
    assert!(!factors.are_asked_for() && factors.codes.left() == 0);
    let mut other = Browser::new(&world);
    assert_eq!(enter(&mut other, &pupil).await.url, format!("{}.account/", world.base));
}

/// Shows: O-325, O-342
#[tokio::test]
async fn guessing_codes_is_slow() {
    let world = World::start().await;
    let pupil = world.pupil("malo").await;
    let mut browser = Browser::new(&world);
    enter(&mut browser, &pupil).await;
    enrol(&world, &mut browser).await;
    let mut other = Browser::new(&world);
    let second = enter(&mut other, &pupil).await;
    let form = second.form("name=\"code\"");
    for _ in 0..5 {
        other.submit(&second, &form, &[("code", "000000")]).await.answer.is(403);
    }
    let page = other.submit(&second, &form, &[("code", "000000")]).await;
    assert_eq!(page.answer.field("retry-after"), "2");
    page.answer.is(429);
}

/// Shows: O-343
#[tokio::test]
async fn changing_factors_needs_a_fresh_proof() {
    let world = World::start().await;
    let pupil = world.pupil("malo").await;
    let mut browser = Browser::new(&world);
    enter(&mut browser, &pupil).await;
    world.clock.advance(Duration::from_mins(6));
    for place in ["app/", "passkey/"] {
        let page = browser.visit(&format!("{WAYS}{place}")).await;
        assert!(page.url.contains("/.account/confirm/?next="), "{page:?}");
    }
}

/// Shows: O-343
#[tokio::test]
async fn the_password_alone_confirms_nothing_where_there_is_a_second_factor() {
    let world = World::start().await;
    let pupil = world.pupil("malo").await;
    let mut browser = Browser::new(&world);
    enter(&mut browser, &pupil).await;
    let (seed, _) = enrol(&world, &mut browser).await;
    world.clock.advance(Duration::from_mins(6));
    let careful = format!("{WAYS}passkey/");
    let second = confirm(&mut browser, &careful, &pupil).await;
    assert!(second.url.contains("/.account/login/second/"), "{second:?}");
    assert!(browser.visit(&careful).await.url.contains("/.account/confirm/"), "nothing is confirmed yet");
    // A new password, which needs the old one alone, confirms nothing either.
    let page = browser.visit(".account/settings/password/").await;
    let new = "an oak by the other river";
    let form = page.form("name=\"new\"");
    let changed = browser.submit(&page, &form, &[("old", pupil.password), ("new", new)]).await;
    assert!(changed.says("Votre mot de passe est changé"), "{changed:?}");
    assert!(browser.visit(&careful).await.url.contains("/.account/confirm/"));
    // What was shown in a session is worth nothing when that has ended.
    let gone = browser.visit(".account/login/second/").await;
    assert!(!gone.url.contains("/second/"), "{gone:?}");
    let pupil = Pupil { password: new, ..pupil };
    let second = confirm(&mut browser, &careful, &pupil).await;
    let form = second.form("name=\"code\"");
    browser.submit(&second, &form, &[("code", "000000")]).await.answer.is(403);
    let there = browser.submit(&second, &form, &[("code", &shown(&seed, &world))]).await;
    assert_eq!(there.url, world.nobody.url(&careful));
    there.answer.is(200);
    let sessions = world.accounts.sessions(&pupil.account).await.unwrap();
    assert_eq!((sessions.len(), sessions[0].amr()), (1, vec!["pwd", "otp", "mfa"]), "it is the same session");
}

/// Types the password on the page that asks who it is.
async fn confirm(browser: &mut Browser<'_>, place: &str, pupil: &Pupil) -> Shown {
    let asked = browser.visit(place).await;
    assert!(asked.url.contains("/.account/confirm/?next="), "{asked:?}");
    let form = asked.form("name=\"password\"");
    browser.submit(&asked, &form, &[("password", pupil.password)]).await
}

/// Shows: O-341
#[tokio::test]
async fn a_device_is_asked_for_a_passkey_of_this_host() {
    let world = World::start().await;
    let pupil = world.pupil("malo").await;
    let mut browser = Browser::new(&world);
    enter(&mut browser, &pupil).await;
    let page = browser.visit(&format!("{WAYS}passkey/")).await;
    let options = page.answer.text().replace("&#34;", "\"");
    for part in [
        "\"id\":\"localhost\"",
        "\"attestation\":\"none\"",
        "\"userVerification\":\"required\"",
        "\"residentKey\":\"preferred\"",
        "\"timeout\":300000",
    ] {
        assert!(options.contains(part), "{part}: {options}");
    }
    let form = page.form("data-passkey=\"create\"");
    let refused = browser.submit(&page, &form, &[("passkey", "{}"), ("name", "x")]).await;
    assert!(refused.says("n’a pas donné de clé valable"));
    let mut nobody = Browser::new(&world);
    let page = nobody.visit(".account/login/passkey/").await;
    let form = page.form("data-passkey=\"get\"");
    nobody.submit(&page, &form, &[("passkey", "nonsense")]).await.answer.is(403);
}
