//! Stories of signing up: a server that stops between any two steps, links that are used twice, and other people's
//! addresses.

use super::letters::{Letters, ticket};
use super::*;
use crate::identity::account::signup::{Confirmed, Step};
use crate::identity::upstream::Person;
use crate::language::Language;

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn name(text: &str) -> PodName {
    PodName::parse(text).unwrap()
}

pub(super) fn person(subject: &str, staff: bool) -> Person {
    Person {
        name: Some("Jeanne Fictive".into()),
        email: Some("jeanne.fictive@ac.example".into()),
        is_staff: staff,
        is_minor: !staff,
        ..Person::known_as("ent", "https://ent.example/", subject)
    }
}

impl World {
    async fn reached(&self, token: &SignupToken) -> Step {
        self.accounts.reached(&self.accounts.signup(token).await.unwrap().unwrap())
    }

    async fn begin(&self, person: Option<Person>) -> SignupToken {
        self.accounts.begin_signup(Language::French, person, None, None, None).await.unwrap()
    }

    /// Answers everything up to the letter, which is sent.
    async fn until_check(&self, token: &SignupToken, address: &str) {
        self.accounts.sign_up_email(token, Some(&email(address)), false).await.unwrap();
        self.accounts.sign_up_name(token, &name("renard-bleu-42"), false).await.unwrap();
        self.accounts.sign_up_terms(token, Language::French).await.unwrap();
        self.accounts.sign_up_check(token).await.unwrap();
    }
}

/// Shows: O-321, CP-02, CP-03, CP-04, CP-05, CP-06, CP-07, CP-08
#[tokio::test]
async fn a_server_that_stops_between_any_two_steps_goes_on_where_it_was() {
    let mut world = World::new();
    let token = world.begin(None).await;
    let mut seen = vec![world.reached(&token).await];
    for step in 0..6 {
        world = world.restarted();
        match step {
            0 => world.accounts.sign_up_email(&token, Some(&email("ada@example.org")), true).await.unwrap(),
            1 => world.accounts.sign_up_name(&token, &name("renard-bleu-42"), false).await.unwrap(),
            2 => world.accounts.sign_up_terms(&token, Language::French).await.unwrap(),
            3 => {
                world.accounts.sign_up_check(&token).await.unwrap();
                world = world.restarted();
                let ticket = ticket(&world.letters().await.to("ada@example.org"));
                let confirmed = world.accounts.confirm_signup(&ticket, Some(&token)).await.unwrap();
                assert_eq!(confirmed, Confirmed::Here(token.clone()));
            }
            4 => world.accounts.sign_up_password(&token, Password::chosen(PASSWORD).unwrap()).await.unwrap(),
            _ => world.accounts.sign_up_contacts(&token, false).await.unwrap(),
        }
        seen.push(world.reached(&token).await);
        assert!(world.accounts.accounts(None, 10).await.unwrap().is_empty(), "nothing is there before the last step");
        assert!(world.accounts.check_name(&name("renard-bleu-42")).await.is_ok());
    }
    assert_eq!(seen, Step::ALL[1..]);

    let world = world.restarted();
    let (mut draft, chosen, _) = world.accounts.signed_up(&token).await.unwrap();
    draft.add_pod(&chosen).unwrap();
    let (again, ..) = world.accounts.signed_up(&token).await.unwrap();
    assert!(world.accounts.saved(draft).await.unwrap());
    assert!(!world.accounts.saved(again).await.unwrap(), "it opens once");
    assert_eq!(refusal(world.accounts.signed_up(&token).await), Refusal::NoSignUp);
    world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    let account = world.accounts.by_email(&email("ada@example.org")).await.unwrap().unwrap();
    assert!(account.newsletter && !account.contacts.unwrap().given && !world.accounts.owes_terms(&account));
    assert_eq!((account.pods, account.terms.len()), (vec![name("renard-bleu-42")], 1));
}

#[tokio::test]
async fn questions_come_in_turn_and_two_tabs_lose_nothing() {
    let world = World::new();
    let token = world.begin(None).await;
    let early = world.accounts.sign_up_password(&token, Password::chosen(PASSWORD).unwrap()).await;
    assert_eq!(refusal(early), Refusal::OutOfTurn);
    world.until_check(&token, "ada@example.org").await;
    let (one, other) = (email("ada.l@example.org"), name("hibou-sage-77"));
    let tabs = tokio::join!(
        world.accounts.sign_up_email(&token, Some(&one), true),
        world.accounts.sign_up_name(&token, &other, false)
    );
    tabs.0.unwrap();
    tabs.1.unwrap();
    let signup = world.accounts.signup(&token).await.unwrap().unwrap();
    assert_eq!((signup.email, signup.name, signup.newsletter), (Some(one), Some(other), true));
}

/// Shows: O-322
#[tokio::test]
async fn a_link_works_once_in_time_and_for_the_address_it_went_to() {
    let world = World::new();
    let token = world.begin(None).await;
    world.until_check(&token, "ada@example.org").await;
    let first = ticket(&world.letters().await.to("ada@example.org"));
    let dead = async |ticket: &Ticket| refusal(world.accounts.confirm_signup(ticket, None).await);

    world.accounts.sign_up_check(&token).await.unwrap();
    let second = ticket(&world.letters().await.to("ada@example.org"));
    assert_eq!(dead(&first).await, Refusal::DeadLink, "a newer one replaced it");

    world.accounts.sign_up_email(&token, Some(&email("eve@example.org")), false).await.unwrap();
    assert_eq!(dead(&second).await, Refusal::DeadLink, "the address is another one now");
    world.accounts.sign_up_email(&token, Some(&email("ada@example.org")), false).await.unwrap();

    world.pass(Duration::from_hours(24));
    assert_eq!(dead(&second).await, Refusal::DeadLink, "it is too old");
    world.accounts.sign_up_check(&token).await.unwrap();
    let third = ticket(&world.letters().await.to("ada@example.org"));
    world.accounts.confirm_signup(&third, Some(&token)).await.unwrap();
    assert_eq!(dead(&third).await, Refusal::DeadLink, "it was used");
    assert_eq!(world.reached(&token).await, Step::Password);
}

#[tokio::test]
async fn who_types_another_persons_address_is_left_with_nothing() {
    let world = World::new();
    let thief = world.begin(None).await;
    world.until_check(&thief, "ada@example.org").await;
    let ticket = ticket(&world.letters().await.to("ada@example.org"));
    let Confirmed::Here(owner) = world.accounts.confirm_signup(&ticket, None).await.unwrap() else { panic!() };
    assert!(world.accounts.signup(&thief).await.unwrap().is_none());
    assert_eq!(world.reached(&owner).await, Step::Password);
}

/// Shows: CP-01, CP-02, CP-03
#[tokio::test]
async fn a_school_gives_staff_their_address_and_pupils_a_name_that_tells_nothing() {
    let world = World::new();
    let staff = world.begin(Some(person("1", true))).await;
    world.accounts.sign_up_email(&staff, Some(&email("other@example.org")), false).await.unwrap();
    let signup = world.accounts.signup(&staff).await.unwrap().unwrap();
    assert_eq!(signup.email, Some(email("jeanne.fictive@ac.example")));
    assert_eq!(signup.proposed, Some(name("jeanne-fictive")));

    let pupil = world.begin(Some(person("2", false))).await;
    let signup = world.accounts.signup(&pupil).await.unwrap().unwrap();
    assert_eq!(signup.suggested_email(), Some(email("jeanne.fictive@ac.example")), "it may be changed");
    assert!(!signup.proposed.unwrap().as_str().contains("jeanne"));
    world.accounts.sign_up_email(&pupil, Some(&email("j@example.org")), false).await.unwrap();
    assert_eq!(world.accounts.signup(&pupil).await.unwrap().unwrap().email, Some(email("j@example.org")));
}

/// Shows: O-321
#[tokio::test]
async fn where_nobody_comes_in_with_a_password_none_is_asked_for() {
    let mut world = World::new();
    world.accounts.takes_passwords = false;
    for (person, next) in [(Some(person("2", false)), Step::Contacts), (None, Step::Password)] {
        let address = if person.is_some() { "lena@example.org" } else { "ada@example.org" };
        let token = world.begin(person).await;
        world.until_check(&token, address).await;
        let ticket = ticket(&world.letters().await.to(address));
        world.accounts.confirm_signup(&ticket, Some(&token)).await.unwrap();
        assert_eq!(world.reached(&token).await, next, "the school, or else a passkey");
        let typed = world.accounts.sign_up_password(&token, Password::chosen(PASSWORD).unwrap()).await;
        assert_eq!(refusal(typed), Refusal::NoPasswords);
    }
}

/// Shows: O-305
#[tokio::test]
async fn whom_a_school_sends_goes_on_where_the_school_sent_them() {
    let world = World::new();
    let token = world.begin(Some(person("2", false))).await;
    world.until_check(&token, "ada@example.org").await;
    let ticket = ticket(&world.letters().await.to("ada@example.org"));
    assert_eq!(world.accounts.confirm_signup(&ticket, None).await.unwrap(), Confirmed::WhereItBegan);
    assert_eq!(world.reached(&token).await, Step::Password);
    world.accounts.sign_up_password(&token, Password::chosen(PASSWORD).unwrap()).await.unwrap();
    world.accounts.sign_up_contacts(&token, true).await.unwrap();
    let (draft, ..) = world.accounts.signed_up(&token).await.unwrap();
    assert!(draft.account().minor && draft.account().contacts.unwrap().given);
    assert!(world.accounts.saved(draft).await.unwrap());
    let again = world.accounts.begin_signup(Language::French, Some(person("2", false)), None, None, None).await;
    assert_eq!(refusal(again), Refusal::LinkedElsewhere);
}

/// Shows: O-322
#[tokio::test]
async fn an_address_that_has_an_account_is_told_by_mail_only() {
    let world = World::new();
    world.account("ada@example.org").await;
    let token = world.begin(None).await;
    world.until_check(&token, "ada@example.org").await;
    let letters = world.letters().await;
    assert!(letters.to("ada@example.org").text.contains("déjà"));
    assert!(!letters.to("ada@example.org").text.contains("?t="), "no link that opens anything");
    assert_eq!(world.reached(&token).await, Step::Check);
}

#[tokio::test]
async fn letters_to_strangers_are_few() {
    let world = World::new();
    let token = world.begin(None).await;
    world.until_check(&token, "ada@example.org").await;
    for _ in 0..2 {
        world.accounts.sign_up_check(&token).await.unwrap();
    }
    let other = world.begin(None).await;
    world.accounts.sign_up_email(&other, Some(&email("ada@example.org")), false).await.unwrap();
    world.accounts.sign_up_name(&other, &name("hibou-sage-77"), false).await.unwrap();
    world.accounts.sign_up_terms(&other, Language::French).await.unwrap();
    let Refusal::TooSoon(wait) = refusal(world.accounts.sign_up_check(&other).await) else { panic!() };
    assert_eq!(wait, Duration::from_mins(1));
    world.pass(wait);
    world.accounts.sign_up_check(&other).await.unwrap();
}

#[tokio::test]
async fn an_unfinished_sign_up_is_forgotten_after_a_week() {
    let world = World::new();
    let token = world.begin(None).await;
    world.until_check(&token, "ada@example.org").await;
    world.letters().await;
    world.pass(Duration::from_hours(7 * 24));
    assert!(world.accounts.signup(&token).await.unwrap().is_none());
    world.letters().await;
    let range = KeyRange { prefix: "signup/", after: None, limit: 10 };
    assert!(world.accounts.storage.entries(range).await.unwrap().is_empty(), "and no address stays");
}

#[test]
fn only_who_is_let_in_signs_up() {
    for (registration, let_in) in [
        (Registration::Open, [true, true, true]),
        (Registration::Invite, [false, true, true]),
        (Registration::Upstream, [false, false, true]),
        (Registration::Closed, [false, false, false]),
    ] {
        let admitted =
            [Comes::Alone, Comes::Invited, Comes::FromSchool].map(|comes| registration.admits(comes).is_ok());
        assert_eq!(admitted, let_in, "{registration:?}");
    }
    let named: Registration = serde_json::from_str("\"upstream-only\"").unwrap();
    assert_eq!(named, Registration::Upstream);
    let of = |base: &str| Registration::of(&Addresses::with_paths(base).unwrap());
    assert_eq!(of("http://localhost:3000/"), Registration::Open);
    assert_eq!(of("https://pods.example/"), Registration::Closed);
}

impl Letters {
    fn to(&self, address: &str) -> crate::mail::Message {
        self.0.iter().rev().find(|letter| &*letter.to == address).unwrap().clone()
    }
}
