//! Another e-mail address for an account, with the letters read from the data folder.

use std::time::Duration;

use crate::browser::{Browser, Pupil, Shown};
use crate::world::World;

const DAY: Duration = Duration::from_hours(24);

impl Browser<'_> {
    /// Signs in on the page for it.
    async fn enter(&mut self, world: &World, pupil: &Pupil) -> Shown {
        let page = self.visit(&world.page("login/")).await;
        self.sign_in(&page, pupil).await
    }

    /// Opens a page of somebody who is signed in; they confirm who they are if that is asked.
    async fn confirmed(&mut self, url: &str, pupil: &Pupil) -> Shown {
        let page = self.visit(url).await;
        if !page.url.contains("/.account/confirm/") {
            return page;
        }
        let form = page.form("name=\"password\"");
        self.submit(&page, &form, &[("password", pupil.password)]).await
    }

    /// Asks for another address.
    async fn ask_for(&mut self, world: &World, pupil: &Pupil, new: &str) -> Shown {
        let page = self.confirmed(&world.page("settings/email/"), pupil).await;
        let form = page.form("name=\"email\"");
        self.submit(&page, &form, &[("email", new)]).await
    }

    /// Opens a link of a letter and presses its button.
    async fn press(&mut self, link: &str) -> Shown {
        let page = self.visit(link).await;
        assert_eq!(page.answer.status, 200, "{}", page.answer.text());
        self.fill(&page, &[]).await
    }
}

/// Whether address and password open a space.
async fn opens(world: &World, email: &str, pupil: &Pupil) -> bool {
    let mut browser = Browser::new(world);
    let page = browser.visit(&world.page("login/")).await;
    browser.fill(&page, &[("email", email), ("password", pupil.password)]).await.url == world.page("")
}

/// Shows: O-322, O-328, O-343
#[tokio::test]
async fn the_address_changes_once_the_new_one_is_proved() {
    let world = World::start().await;
    let ada = world.pupil("ada").await;
    let mut browser = Browser::new(&world);
    browser.enter(&world, &ada).await;
    world.clock.advance(Duration::from_mins(6));
    let asked = browser.visit(&world.page("settings/email/")).await;
    assert!(asked.url.contains("/.account/confirm/"), "{}", asked.url);
    for wrong in ["no address", "Ada@example.org"] {
        assert_eq!(browser.ask_for(&world, &ada, wrong).await.answer.status, 422, "{wrong}");
    }
    let sent = browser.ask_for(&world, &ada, "countess@example.org").await;
    assert!(sent.says("à la nouvelle adresse") && sent.says("ada@example.org"), "{}", sent.answer.text());

    let link = world.link("countess@example.org").await;
    for _ in 0..2 {
        assert!(browser.visit(&link).await.says("countess@example.org"));
    }
    assert!(opens(&world, "ada@example.org", &ada).await, "looking changes nothing");
    let page = browser.visit(&link).await;
    let done = browser.fill(&page, &[]).await;
    assert!(done.says("Votre adresse est changée"), "{}", done.answer.text());
    assert_eq!(browser.fill(&page, &[]).await.answer.status, 410, "back, and pressed again");
    assert_eq!(browser.visit(&link).await.answer.status, 410);
    assert!(opens(&world, "countess@example.org", &ada).await);
    assert!(!opens(&world, "ada@example.org", &ada).await);
    let events = browser.visit(&world.page("settings/events/")).await;
    assert!(events.says("Adresse e-mail changée"), "{}", events.answer.text());
}

/// Shows: O-328
#[tokio::test]
async fn nobody_learns_by_changing_their_address_who_has_another() {
    let world = World::start().await;
    let (ada, zoe) = (world.pupil("ada").await, world.pupil("zoe").await);
    let mut browser = Browser::new(&world);
    browser.enter(&world, &ada).await;
    let free = browser.ask_for(&world, &ada, "free@example.org").await;
    let taken = browser.ask_for(&world, &ada, &zoe.email).await;
    assert_eq!((&free.url, free.answer.text()), (&taken.url, taken.answer.text()));
    let letters = world.letters(&zoe.email).await;
    assert_eq!(letters.len(), 1);
    assert!(!letters[0].contains("?t="), "it proves nothing: {}", letters[0]);
}

/// Shows: O-322
#[tokio::test]
async fn a_link_to_a_new_address_is_the_latest_and_a_day_old_at_most() {
    let world = World::start().await;
    let ada = world.pupil("ada").await;
    let mut browser = Browser::new(&world);
    browser.enter(&world, &ada).await;
    browser.ask_for(&world, &ada, "one@example.org").await;
    let one = world.link("one@example.org").await;
    let first_tab = browser.visit(&one).await;
    browser.ask_for(&world, &ada, "two@example.org").await;
    let two = world.link("two@example.org").await;
    assert_eq!(browser.fill(&first_tab, &[]).await.answer.status, 410, "another one was asked for since");
    assert_eq!(browser.visit(&two).await.answer.status, 200);
    world.clock.advance(DAY);
    assert_eq!(browser.visit(&two).await.answer.status, 410);
    for nonsense in ["email/confirm/", "email/confirm/?t=nonsense", "email/undo/?t=nonsense"] {
        assert_eq!(browser.visit(&world.page(nonsense)).await.answer.status, 410, "{nonsense}");
    }
    assert!(opens(&world, &ada.email, &ada).await);
}

/// Shows: O-322
#[tokio::test]
async fn an_address_that_was_taken_meanwhile_stays_whose_it_is() {
    let world = World::start().await;
    let ada = world.pupil("ada").await;
    let mut browser = Browser::new(&world);
    browser.enter(&world, &ada).await;
    browser.ask_for(&world, &ada, "zoe@example.org").await;
    let link = world.link("zoe@example.org").await;
    let zoe = world.pupil("zoe").await;
    assert_eq!(browser.press(&link).await.answer.status, 409);
    assert!(opens(&world, &zoe.email, &zoe).await);
    assert!(opens(&world, &ada.email, &ada).await);
}

/// Shows: O-328
#[tokio::test]
async fn whom_a_thief_locks_out_comes_back_within_a_week() {
    let world = World::start().await;
    let ada = world.pupil("ada").await;
    let mut thief = Browser::new(&world);
    thief.enter(&world, &ada).await;
    for new in ["eve@example.org", "mallory@example.org"] {
        thief.ask_for(&world, &ada, new).await;
        let link = world.link(new).await;
        assert_eq!(thief.press(&link).await.answer.status, 200);
    }
    assert!(!opens(&world, &ada.email, &ada).await);
    let (way_back, thiefs) = (world.link(&ada.email).await, world.link("eve@example.org").await);
    assert!(thiefs.contains("/email/undo/"), "{thiefs}");

    world.clock.advance(6 * DAY);
    let mut owner = Browser::new(&world);
    let page = owner.visit(&way_back).await;
    assert!(page.says(&ada.email), "{}", page.answer.text());
    let done = owner.fill(&page, &[]).await;
    assert!(done.says("Votre adresse est rétablie") && done.says("/.account/reset/"), "{}", done.answer.text());
    assert_eq!(owner.fill(&page, &[]).await.answer.status, 410, "back, and pressed again");
    assert!(thief.visit(&world.page("")).await.url.contains("/login/"), "signed out");
    assert_eq!(thief.visit(&thiefs).await.answer.status, 410);
    assert!(opens(&world, &ada.email, &ada).await);
    assert!(!opens(&world, "mallory@example.org", &ada).await);
}

/// Shows: O-328
#[tokio::test]
async fn after_a_week_the_old_address_leads_nowhere() {
    let world = World::start().await;
    let ada = world.pupil("ada").await;
    let mut browser = Browser::new(&world);
    browser.enter(&world, &ada).await;
    browser.ask_for(&world, &ada, "countess@example.org").await;
    let link = world.link("countess@example.org").await;
    browser.press(&link).await;
    let undo = world.link(&ada.email).await;
    let page = browser.visit(&undo).await;
    world.clock.advance(7 * DAY);
    assert_eq!(browser.fill(&page, &[]).await.answer.status, 410);
    assert_eq!(browser.visit(&undo).await.answer.status, 410);
    assert!(opens(&world, "countess@example.org", &ada).await);
}
