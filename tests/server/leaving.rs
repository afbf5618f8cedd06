//! Leaving: what strangers see of the pods of an account that is deleted, for a month and for ever.

use std::time::Duration;

use cartable::identity::account::{Happened, Leaving};

use crate::browser::{Browser, Pupil};
use crate::world::World;

const DAY: Duration = Duration::from_hours(24);

/// Addresses in a pod that strangers may ask for: the first is its owner's profile.
fn addresses(pupil: &Pupil) -> Vec<String> {
    let card = pupil.webid.split('#').next().unwrap().to_owned();
    let below = ["", "inbox/", "settings/publicTypeIndex", "nothing/here"].map(|path| format!("{}{path}", pupil.pod));
    [vec![card], below.to_vec(), vec![pupil.pod.trim_end_matches('/').to_owned()]].concat()
}

async fn statuses(world: &World, pupil: &Pupil) -> Vec<u16> {
    let mut found = Vec::new();
    for address in addresses(pupil) {
        found.push(world.nobody.get(&address).await.status.as_u16());
    }
    found
}

/// The same link twice: nothing is changed by looking.
async fn take_back(world: &World, link: &str) {
    let mut browser = Browser::new(world);
    let page = browser.visit(link).await;
    let kept = browser.fill(&page, &[]).await;
    assert!(kept.says("tout est comme avant"), "{}", kept.answer.text());
}

/// Shows: O-329
#[tokio::test]
async fn the_pods_of_who_leaves_are_closed_at_once_and_come_back_as_they_were() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    let before = statuses(&world, &pupil).await;
    assert_eq!(before, [200, 401, 401, 200, 401, 404]);
    let card = world.nobody.get(&addresses(&pupil)[0]).await;
    // Beside the server, as an operator's command does it: nothing of it is remembered here.
    let beside = world.another().await;
    beside.accounts.close(&pupil.account, Leaving::ByOperator).await.unwrap();
    assert_eq!(statuses(&world, &pupil).await, [410; 6]);
    let problem = world.nobody.get(&pupil.pod).await;
    assert_eq!(problem.field("content-type"), "application/problem+json");
    assert!(problem.text().contains("space-closed") && problem.text().contains("take it back"), "{}", problem.text());
    for method in ["HEAD", "OPTIONS", "PUT", "POST", "DELETE"] {
        let asking = world.alice.ask(method, &format!("{}inbox/", pupil.pod)).content("text/turtle", "<> a <#Note> .");
        asking.send().await.is(410);
    }
    let copy = world.alice.ask("COPY", &addresses(&pupil)[0]).header("destination", &world.alice.url("copy"));
    copy.send().await.is(410);
    world.nobody.get(&format!("{}stranger/", world.base)).await.is(404);

    let letter = world.letters(&pupil.email).await.pop().unwrap();
    assert!(letter.contains("La personne qui s’occupe du serveur"), "{letter}");
    assert!(letter.contains("25 novembre 2026"), "the day is told: {letter}");
    take_back(&world, &world.link(&pupil.email).await).await;
    assert_eq!(statuses(&world, &pupil).await, before);
    let again = world.nobody.get(&addresses(&pupil)[0]).await;
    assert_eq!((again.field("etag"), again.text()), (card.field("etag"), card.text()));
    let account = world.accounts.account(&pupil.account).await.unwrap().unwrap();
    let told: Vec<_> = world.accounts.events(&account, 10).await.unwrap();
    let told: Vec<_> = told.into_iter().map(|event| event.happened).collect();
    assert!(told.contains(&Happened::Closed { why: Leaving::ByOperator }) && told.contains(&Happened::Reopened));
}

/// Shows: O-329, O-327
#[tokio::test]
async fn after_a_month_everything_is_erased_and_its_addresses_say_so_for_ever() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    world.nobody.get(&addresses(&pupil)[0]).await.is(200);
    world.accounts.close(&pupil.account, Leaving::Wished).await.unwrap();
    let link = world.link(&pupil.email).await;
    world.clock.advance(29 * DAY);
    world.work().await;
    assert!(world.nobody.get(&pupil.pod).await.is(410).text().contains("space-closed"), "not a day early");
    world.clock.advance(DAY);
    world.work().await;
    for address in addresses(&pupil) {
        let gone = world.nobody.get(&address).await.is(410);
        assert!(gone.text().contains("space-gone"), "{address}: {}", gone.text());
        assert!(!gone.text().contains(&pupil.email));
    }
    world.nobody.put(&format!("{}notes/one", pupil.pod), "<> a <#Note> .").await.is(410);
    assert!(world.accounts.account(&pupil.account).await.unwrap().is_none());
    assert!(world.letters(&pupil.email).await.iter().any(|letter| letter.contains("sont effacés")));
    let mut browser = Browser::new(&world);
    assert_eq!(browser.visit(&link).await.answer.status, 410);
    // The address is free for a new account; the name of the pod is not.
    let login = || {
        let password = cartable::identity::account::Password::chosen(pupil.password).unwrap();
        (cartable::identity::account::Email::parse(&pupil.email).unwrap(), password)
    };
    let name = |name: &str| cartable::path::PodName::parse(name).unwrap();
    let (email, password) = login();
    world.provision().account(email, password, &name("ada")).await.unwrap_err();
    let (email, password) = login();
    world.provision().account(email, password, &name("ada-again")).await.unwrap();
}

/// Shows: O-329
#[tokio::test]
async fn who_was_suspended_stays_so_when_a_deletion_is_taken_back() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    world.accounts.set_disabled(&pupil.account, true).await.unwrap();
    world.accounts.close(&pupil.account, Leaving::ByOperator).await.unwrap();
    world.accounts.set_disabled(&pupil.account, false).await.unwrap_err();
    world.accounts.reopen_by_operator(&pupil.account).await.unwrap();
    let account = world.accounts.account(&pupil.account).await.unwrap().unwrap();
    assert!(account.disabled && account.closing.is_none());
    world.accounts.reopen_by_operator(&pupil.account).await.unwrap_err();
    assert_eq!(world.nobody.get(&addresses(&pupil)[0]).await.status, 200, "suspended accounts' pods stay open");
}
