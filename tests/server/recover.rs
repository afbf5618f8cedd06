//! Ways back: a forgotten password and a deleted account, with the letters read from the data folder.

use crate::browser::Browser;
use crate::world::World;

const NEW: &str = "une barque sous le pont";

/// Shows: O-322, O-326
#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_letter() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    let mut lost = Browser::new(&world);
    let page = lost.visit(&world.page("login/")).await;
    assert!(page.says("/.account/reset/"), "{}", page.answer.text());
    let page = lost.visit(&world.page("reset/")).await;
    let sent = lost.fill(&page, &[("email", &pupil.email)]).await;
    let nobody = lost.fill(&page, &[("email", "nobody@example.org")]).await;
    assert!(sent.says("Regardez vos messages"), "{}", sent.answer.text());
    assert_eq!(sent.answer.text(), nobody.answer.text(), "nobody learns which addresses have accounts");
    assert!(world.letters("nobody@example.org").await.is_empty());

    let link = world.link(&pupil.email).await;
    let page = lost.visit(&link).await;
    let weak = lost.fill(&page, &[("password", "short")]).await;
    assert_eq!(weak.answer.status, 422);
    let done = lost.fill(&weak, &[("password", NEW)]).await;
    assert!(done.says("Votre mot de passe est changé"), "{}", done.answer.text());
    assert_eq!(lost.visit(&link).await.answer.status, 410, "a link works once");

    for (password, inside) in [(pupil.password, false), (NEW, true)] {
        let mut browser = Browser::new(&world);
        let page = browser.visit(&world.page("login/")).await;
        let shown = browser.fill(&page, &[("email", &pupil.email), ("password", password)]).await;
        assert_eq!(shown.url == world.page(""), inside, "{}", shown.url);
    }
}

/// Shows: O-326
#[tokio::test]
async fn a_link_is_for_an_hour_and_is_not_followed_blindly() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    let mut lost = Browser::new(&world);
    let page = lost.visit(&world.page("reset/")).await;
    assert_eq!(lost.fill(&page, &[("email", "no address")]).await.answer.status, 422);
    lost.fill(&page, &[("email", &pupil.email)]).await;
    let link = world.link(&pupil.email).await;
    for _ in 0..2 {
        assert_eq!(lost.visit(&link).await.answer.status, 200, "looking changes nothing");
    }
    world.clock.advance(std::time::Duration::from_secs(3601));
    assert_eq!(lost.visit(&link).await.answer.status, 410);
    assert_eq!(lost.visit(&world.page("reset/choose/?t=nonsense")).await.answer.status, 410);
}

/// Shows: O-329, O-343
#[tokio::test]
async fn who_leaves_can_come_back_for_a_month() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.page("login/")).await;
    browser.sign_in(&page, &pupil).await;
    world.clock.advance(std::time::Duration::from_mins(6));
    let asked = browser.visit(&world.page("settings/delete/")).await;
    assert!(asked.url.contains("/.account/confirm/"), "{}", asked.url);
    let page = browser.submit(&asked, &asked.form("name=\"password\""), &[("password", pupil.password)]).await;
    assert!(page.says("30 jours"), "{}", page.answer.text());
    let done = browser.fill(&page, &[]).await;
    assert!(done.says("Votre compte est fermé"), "{}", done.answer.text());
    let home = browser.visit(&world.page("")).await;
    assert!(home.url.contains("/.account/login/"), "signed out at once: {}", home.url);

    let link = world.link(&pupil.email).await;
    let page = browser.visit(&link).await;
    assert_eq!(page.answer.status, 200);
    let kept = browser.fill(&page, &[]).await;
    assert!(kept.says("Votre espace est gardé"), "{}", kept.answer.text());
    assert_eq!(browser.visit(&link).await.answer.status, 410);
    let page = browser.visit(&world.page("login/")).await;
    assert_eq!(browser.sign_in(&page, &pupil).await.url, world.page(""));
}
