//! New terms of use: who accepted earlier ones accepts these before going on.

use cartable::clock::Clock;
use cartable::identity::account::terms::Acceptance;
use cartable::language::Language;
use serde_json::json;

use crate::browser::{Browser, Pupil};
use crate::sign_in::App;
use crate::world::{Settings, World};

/// A pupil who accepted the terms of the first server, and a second server with new ones.
async fn new_terms() -> (World, World, Pupil) {
    let world = World::start().await;
    let ada = world.pupil("ada").await;
    world.accounts.accept_terms(&ada.account, Language::French).await.unwrap();
    let folder = world.folder.path().join("terms");
    std::fs::create_dir(&folder).unwrap();
    for (name, text) in [("fr.txt", "# Nouveau\nUne règle de plus."), ("en.txt", "# New\nOne rule more.")] {
        std::fs::write(folder.join(name), format!("Version 2099-01\n\n{text}\n")).unwrap();
    }
    let later = world.another_with(Settings { terms: Some(folder), ..Settings::default() }).await;
    (world, later, ada)
}

async fn accepted(world: &World, pupil: &Pupil) -> Vec<Acceptance> {
    world.accounts.account(&pupil.account).await.unwrap().unwrap().terms
}

/// Shows: O-323
#[tokio::test]
async fn new_terms_are_accepted_before_anything_else() {
    let (world, later, ada) = new_terms().await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.page("login/")).await;
    assert_eq!(browser.sign_in(&page, &ada).await.url, world.page(""), "the terms are those that were accepted");

    let mut browser = browser.at(&later);
    let page = browser.visit(&later.page("settings/")).await;
    assert!(page.url.contains("/.account/terms/accept/?next="), "a session that runs waits too: {}", page.url);
    assert!(page.says("Une règle de plus.") && page.says("2099-01"), "{}", page.answer.text());
    let form = page.form("name=\"accept\"");
    assert_eq!(browser.submit(&page, &form, &[]).await.answer.status, 422, "the box is not ticked");
    let mut old = form.clone();
    old.fields.retain(|(name, _)| name != "version");
    let old = browser.submit(&page, &old, &[("version", "2000-01"), ("accept", "yes")]).await;
    assert_eq!(accepted(&later, &ada).await.len(), 1, "{}", old.answer.text());
    let done = browser.submit(&page, &form, &[("accept", "yes")]).await;
    assert_eq!(done.url, later.page("settings/"));

    let terms = accepted(&later, &ada).await;
    let last = terms.last().unwrap();
    assert_eq!((terms.len(), last.version.as_str(), last.language), (2, "2099-01", Language::French));
    assert_eq!(last.at, later.clock.now());
    assert_ne!(last.hash, terms[0].hash);
    let again = browser.submit(&page, &form, &[("accept", "yes")]).await;
    assert_eq!(again.url, later.page("settings/"), "back, and pressed again");
    assert_eq!(accepted(&later, &ada).await.len(), 2);
    assert!(browser.visit(&later.page("settings/events/")).await.says("Conditions d’utilisation acceptées"));
}

/// Shows: O-323
#[tokio::test]
async fn who_does_not_accept_can_still_leave() {
    let (_, later, ada) = new_terms().await;
    let mut browser = Browser::new(&later);
    let page = browser.visit(&later.page("login/")).await;
    let terms = browser.sign_in(&page, &ada).await;
    assert!(terms.url.contains("/.account/terms/accept/"), "{}", terms.url);
    for page in ["", "settings/", "settings/keys/new/", "settings/email/", "settings/ways/", "settings/applications/"] {
        let shown = browser.visit(&later.page(page)).await;
        assert!(shown.url.contains("/.account/terms/accept/"), "{page}: {}", shown.url);
    }
    let delete = browser.visit(&later.page("settings/delete/")).await;
    assert!(delete.says("Supprimer mon compte et mon espace"), "{}", delete.answer.text());
    let out = terms.form("/.account/logout/");
    assert!(browser.submit(&terms, &out, &[]).await.url.contains("/.account/signed-out/"));
    assert_eq!(accepted(&later, &ada).await.len(), 1);
}

/// Shows: O-147, O-323
#[tokio::test]
async fn an_application_waits_for_new_terms() {
    let (_, later, ada) = new_terms().await;
    let app = App::registered(&later, &json!({})).await;
    let mut browser = Browser::new(&later);
    let page = browser.visit(&app.request(&[])).await;
    let terms = browser.sign_in(&page, &ada).await;
    assert!(terms.url.contains("/.account/terms/accept/"), "{}", terms.url);
    let silent = browser.visit(&app.request(&[("prompt", "none")])).await;
    assert_eq!(silent.parameter("error"), "interaction_required", "{}", silent.url);
    let form = terms.form("name=\"accept\"");
    let page = browser.submit(&terms, &form, &[("accept", "yes")]).await;
    let back = browser.wish(&page, "allow", &[]).await;
    assert!(!back.parameter("code").is_empty(), "{}", back.url);
}
