//! Leaving: what strangers see of the pods of an account that is deleted, for a month and for ever; leaving school; and
//! getting back in when every way is lost.

use std::time::Duration;

use cartable::clock::Clock;
use cartable::identity::account::{Account, AccountId, Email, Happened, Leaving, Left, Password, Remedy};
use cartable::identity::upstream::Person as SchoolPerson;
use cartable::path::PodName;
use cartable::provision::Owner;
use cartable::storage::{Change, Scope};

use crate::browser::{Browser, Pupil};
use crate::factors::{enrol, enter};
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

    let letter = world.letter(&pupil.email, "La personne qui s’occupe du serveur").await;
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
        let password = Password::chosen(pupil.password).unwrap();
        (Email::parse(&pupil.email).unwrap(), password)
    };
    let name = |name: &str| PodName::parse(name).unwrap();
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

/// An account without a password: as it is when a school is the only way in, and its address is known.
async fn only_by_school(world: &World, name: &str, address: bool) -> AccountId {
    let account = world.accounts.create(None).await.unwrap().id;
    world.provision().pod(&account, &PodName::parse(name).unwrap(), Owner::Profile).await.unwrap();
    world.accounts.link(&account, &somebody(name)).await.unwrap();
    if address {
        let email = Email::parse(&format!("{name}@example.org")).unwrap();
        let mut draft = world.accounts.draft(&account).await.unwrap();
        draft.open_by(email, None).unwrap();
        world.accounts.save(draft, Change::of(Scope::House, world.clock.now())).await.unwrap();
    }
    account
}

const SCHOOL: &str = "https://lycee.example";

/// Somebody whom the school at [`SCHOOL`] knows.
fn somebody(name: &str) -> SchoolPerson {
    SchoolPerson { is_minor: false, ..SchoolPerson::known_as("lycee", SCHOOL, name) }
}

async fn account(world: &World, id: &AccountId) -> Account {
    world.accounts.account(id).await.unwrap().unwrap()
}

async fn told(world: &World, id: &AccountId) -> Vec<Happened> {
    let events = world.accounts.events(&account(world, id).await, 50).await.unwrap();
    events.into_iter().map(|event| event.happened).collect()
}

/// Shows: O-308, CP-85
#[tokio::test]
async fn a_space_outlives_its_school_and_its_owner_is_invited_to_choose_a_password() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    world.accounts.link(&pupil.account, &somebody("ada")).await.unwrap();
    let malo = only_by_school(&world, "malo", true).await;
    let nobody = only_by_school(&world, "nobody", false).await;
    assert_eq!(world.accounts.schools().await.unwrap()[SCHOOL], 3);
    let done = world.accounts.retire_school(SCHOOL).await.unwrap();
    let count = |left| done.iter().filter(|found| **found == left).count();
    assert_eq!([Left::Open, Left::Invited, Left::Unreachable].map(count), [1, 1, 1]);
    assert!(world.accounts.retire_school(SCHOOL).await.unwrap().is_empty(), "once is enough");
    assert!(world.accounts.by_link(SCHOOL, "malo").await.unwrap().is_none(), "nothing of the school stays");
    assert_eq!(world.accounts.leave_school(&nobody, None).await.unwrap(), Left::Unconcerned);

    let before = account(&world, &malo).await;
    assert!(
        before.unaffiliated.is_some()
            && told(&world, &malo).await.contains(&Happened::SchoolGone { issuer: SCHOOL.into() })
    );
    let letters = world.letters(&pupil.email).await;
    let farewell = |letter: &String| letter.contains("plus relié") && letter.contains("/.account/login/");
    assert!(letters.iter().any(farewell), "{letters:?}");
    // The invitation works for a day, and another can be asked for.
    let first = world.link("malo@example.org").await;
    world.clock.advance(DAY);
    let mut browser = Browser::new(&world);
    assert_eq!(browser.visit(&first).await.answer.status, 410);
    let page = browser.visit(&world.page("reset/")).await;
    browser.fill(&page, &[("email", "malo@example.org")]).await;
    let page = browser.visit(&world.link("malo@example.org").await).await;
    browser.fill(&page, &[("password", pupil.password)]).await.answer.is(200);
    let page = browser.visit(&world.page("login/")).await;
    let form = page.form("name=\"password\"");
    let home = browser.submit(&page, &form, &[("email", "malo@example.org"), ("password", pupil.password)]).await;
    assert_eq!(home.url, world.page(""));
    let after = account(&world, &malo).await;
    assert_eq!((&after.webids, &after.pods), (&before.webids, &before.pods));
    // A year later everything is still there; a new school ends it.
    for _ in 0..13 {
        world.clock.advance(30 * DAY);
        world.work().await;
    }
    assert!(account(&world, &malo).await.closing.is_none() && account(&world, &pupil.account).await.closing.is_none());
    world.accounts.link(&malo, &somebody("malo-again")).await.unwrap();
    assert!(account(&world, &malo).await.unaffiliated.is_none());
}

/// Shows: O-308, CP-87
#[tokio::test]
async fn a_space_that_nobody_can_enter_closes_after_a_year_of_reminders() {
    let world = World::start().await;
    let malo = only_by_school(&world, "malo", true).await;
    world.accounts.leave_school(&malo, Some(SCHOOL)).await.unwrap();
    let letters = async || world.letters("malo@example.org").await.len();
    assert_eq!(letters().await, 1);
    let mut days = Vec::new();
    for day in 1..=365 {
        let before = letters().await;
        world.clock.advance(DAY);
        if letters().await > before {
            days.push(day);
        }
    }
    assert_eq!(days, [183, 335, 365], "half a year, a month before, and the end");
    world.letter("malo@example.org", "Plus aucun établissement n’ouvre votre espace").await;
    assert!(account(&world, &malo).await.closing.is_some());
    world.nobody.get(&format!("{}malo/profile/card", world.base)).await.is(410);
    take_back(&world, &world.link("malo@example.org").await).await;
    world.nobody.get(&format!("{}malo/profile/card", world.base)).await.is(200);
}

const HOUR: Duration = Duration::from_hours(1);

/// Shows: O-307, O-344, CP-86
#[tokio::test]
async fn two_operators_give_back_a_way_in_after_three_days() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    let accounts = &world.accounts;
    let mut own = Browser::new(&world);
    enter(&mut own, &pupil).await;
    enrol(&world, &mut own).await;
    let new = Email::parse("ada@home.example").unwrap();
    accounts.approve_rescue(&pupil.account, "Yann").await.unwrap_err();
    accounts.ask_rescue(&pupil.account, Remedy::WayIn, Some(&new), "Soizic").await.unwrap();
    accounts.approve_rescue(&pupil.account, " soizic ").await.unwrap_err();
    let due = accounts.approve_rescue(&pupil.account, "Yann").await.unwrap();
    assert_eq!(due, world.clock.now().plus(72 * HOUR));
    accounts.approve_rescue(&pupil.account, "Yann").await.unwrap_err();
    // At the old address.
    world.letter(&pupil.email, "Soizic et Yann").await;
    world.clock.advance(71 * HOUR);
    assert!(world.letters("ada@home.example").await.is_empty(), "not an hour early");
    world.clock.advance(HOUR);
    let link = world.link("ada@home.example").await;
    let before = account(&world, &pupil.account).await;
    assert_eq!(before.login.as_ref().unwrap().email.as_str(), pupil.email, "nothing changes before the link is used");
    assert!(accounts.factors(&pupil.account).await.unwrap().are_asked_for());
    let mut browser = Browser::new(&world);
    let page = browser.visit(&link).await;
    browser.fill(&page, &[("password", "une barque sous le pont")]).await.answer.is(200);
    let after = account(&world, &pupil.account).await;
    assert_eq!(after.login.as_ref().unwrap().email, new);
    assert_eq!((&after.webids, &after.pods), (&before.webids, &before.pods));
    assert!(!accounts.factors(&pupil.account).await.unwrap().are_asked_for());
    let page = browser.visit(&world.page("login/")).await;
    let form = page.form("name=\"password\"");
    let fields = [("email", new.as_str()), ("password", "une barque sous le pont")];
    assert_eq!(browser.submit(&page, &form, &fields).await.url, world.page(""));
    // Everything is told to the owner, by name.
    let events = browser.visit(&world.page("settings/events/")).await;
    for line in ["Demandé pour vous par Soizic", "Accepté par Yann", "C’est fait"] {
        assert!(events.says(line), "{line}: {}", events.answer.text());
    }
    assert_eq!(browser.visit(&link).await.answer.status, 410);
}

/// Shows: O-307, O-344
#[tokio::test]
async fn the_owner_can_stop_it_for_three_days() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    world.accounts.ask_rescue(&pupil.account, Remedy::WayIn, None, "Soizic").await.unwrap();
    world.accounts.approve_rescue(&pupil.account, "Yann").await.unwrap();
    let stop = world.link(&pupil.email).await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&stop).await;
    assert!(page.says("Arrêter la demande"), "{}", page.answer.text());
    let stopped = browser.fill(&page, &[]).await;
    assert!(stopped.says("La demande est arrêtée"), "{}", stopped.answer.text());
    assert_eq!(browser.visit(&stop).await.answer.status, 410);
    let letters = world.letters(&pupil.email).await.len();
    world.clock.advance(73 * HOUR);
    assert_eq!(world.letters(&pupil.email).await.len(), letters, "no link comes");
    assert!(told(&world, &pupil.account).await.contains(&Happened::RescueStopped));
}

/// Shows: O-344
#[tokio::test]
async fn a_second_factor_is_removed_in_the_same_way_only() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    let mut own = Browser::new(&world);
    enter(&mut own, &pupil).await;
    enrol(&world, &mut own).await;
    world.accounts.ask_rescue(&pupil.account, Remedy::Factors, None, "Soizic").await.unwrap();
    world.clock.advance(100 * HOUR);
    world.work().await;
    let asked_for = async || world.accounts.factors(&pupil.account).await.unwrap().are_asked_for();
    assert!(asked_for().await, "one operator is not enough");
    world.accounts.approve_rescue(&pupil.account, "Yann").await.unwrap();
    world.clock.advance(72 * HOUR);
    world.letter(&pupil.email, "ne demande plus de seconde preuve").await;
    assert!(!asked_for().await);
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.page("login/")).await;
    assert_eq!(browser.sign_in(&page, &pupil).await.url, world.page(""), "the password is the same");
}
