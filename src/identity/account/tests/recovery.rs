//! Stories of forgotten passwords, changed addresses and accounts that are deleted.

use super::letters::ticket;
use super::signup::person;
use super::*;
use crate::identity::upstream::{Person, SignedOut};
use crate::mail::Message;
use crate::storage::EntryWrite;

const SCHOOL: &str = "https://school.example";
const OTHER: &str = "another bridge, another river";

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn password(text: &str) -> Password {
    Password::chosen(text).unwrap()
}

impl World {
    /// The one letter that is due.
    async fn letter(&self) -> Message {
        let letters = self.letters().await.0;
        assert_eq!(letters.len(), 1);
        letters[0].clone()
    }

    /// Signs in through a school, whose session is the same each time.
    async fn enter_from_school(&self, account: &Account) -> SessionToken {
        let upstream = UpstreamSession { issuer: SCHOOL.into(), subject: "p1".into(), session: Some("s1".into()) };
        let by = SignedInBy { methods: vec![Method::Fed], upstream: Some(upstream), ..SignedInBy::default() };
        self.accounts.begin(account, by).await.unwrap()
    }

    /// How many records there are because of sessions.
    async fn sessions_kept(&self) -> usize {
        let entries = self.accounts.storage.entries(KeyRange { prefix: "", after: None, limit: 1000 }).await.unwrap();
        entries.iter().filter(|entry| entry.key.contains("session/")).count()
    }

    async fn is_open(&self, token: &SessionToken) -> bool {
        self.accounts.signed_in(token).await.unwrap().is_some()
    }

    /// Changes the address; gives the link that goes back.
    async fn change(&self, id: &AccountId, to: &str) -> Ticket {
        self.accounts.ask_email_change(id, &email(to)).await.unwrap();
        let proof = self.letter().await;
        assert_eq!(&*proof.to, to);
        self.accounts.confirm_email_change(&ticket(&proof)).await.unwrap();
        ticket(&self.letter().await)
    }
}

/// Shows: O-310, O-329
#[tokio::test]
async fn however_a_session_ends_no_record_of_it_is_left() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    let id = &account.id;
    let session = async |token: &SessionToken| world.accounts.signed_in(token).await.unwrap().unwrap().session.id;
    let mut draft = world.accounts.draft(id).await.unwrap();

    let token = world.enter_from_school(&account).await;
    assert_eq!(world.sessions_kept().await, 2, "the session, and where the school finds it");
    world.accounts.end_session(&token).await.unwrap();
    assert_eq!(world.sessions_kept().await, 0, "signed out");

    let token = world.enter_from_school(&account).await;
    world.accounts.end(id, &session(&token).await).await.unwrap();
    assert_eq!(world.sessions_kept().await, 0, "one of the devices");

    world.enter_from_school(&account).await;
    world.accounts.end_where(id, |_| true).await.unwrap();
    assert_eq!(world.sessions_kept().await, 0, "all that answer to something");

    world.enter_from_school(&account).await;
    world.accounts.sign_out_everywhere(&mut draft).await.unwrap();
    assert!(world.accounts.saved(draft).await.unwrap());
    assert_eq!(world.sessions_kept().await, 0, "along with a change");

    world.enter_from_school(&account).await;
    world.pass(Duration::from_hours(15 * 24));
    world.enter_from_school(&account).await;
    assert_eq!(world.sessions_kept().await, 2, "one that ended goes when the next one begins");
}

/// Shows: O-310
#[tokio::test]
async fn a_device_that_signs_out_leaves_the_others_to_the_school() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    let (first, second) = (world.enter_from_school(&account).await, world.enter_from_school(&account).await);
    world.accounts.end_session(&first).await.unwrap();
    let told = SignedOut { issuer: SCHOOL.into(), id: "1".into(), subject: None, sid: Some("s1".into()) };
    world.accounts.sign_out_upstream(&told).await.unwrap();
    assert!(!world.is_open(&second).await);
}

/// Shows: O-310
#[tokio::test]
async fn a_school_that_tries_again_ends_what_was_cut_off() {
    for polls in 0.. {
        let world = World::new();
        let account = world.account("ada@example.org").await;
        let session = world.enter_from_school(&account).await;
        let told = SignedOut { issuer: SCHOOL.into(), id: "1".into(), subject: None, sid: Some("s1".into()) };
        let whole = cut_after(polls, world.accounts.sign_out_upstream(&told)).await;
        match world.accounts.sign_out_upstream(&told).await {
            Ok(()) | Err(Error::Refused(Refusal::HeardBefore)) => {}
            other => panic!("{other:?}"),
        }
        assert!(!world.is_open(&session).await, "cut off after {polls} polls");
        assert_eq!(refusal(world.accounts.sign_out_upstream(&told).await), Refusal::HeardBefore);
        if whole.is_some() {
            break;
        }
    }
}

/// Shows: O-326
#[tokio::test]
async fn a_new_password_ends_all_sessions_and_tells_the_owner() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    let session = world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    world.accounts.ask_reset(&email("ada@example.org"), None).await.unwrap();
    let first = ticket(&world.letter().await);
    world.accounts.ask_reset(&email("ada@example.org"), None).await.unwrap();
    let second = ticket(&world.letter().await);
    assert_eq!(refusal(world.accounts.reset_password(&first, password(OTHER), false).await), Refusal::DeadLink);
    let id = world.accounts.reset_password(&second, password(OTHER), false).await.unwrap();
    assert_eq!(id, account.id);
    assert!(!world.is_open(&session).await);
    assert_eq!(refusal(world.sign_in("ada@example.org", PASSWORD).await), Refusal::WrongLogin);
    world.sign_in("ada@example.org", OTHER).await.unwrap();
    assert_eq!(refusal(world.accounts.reset_password(&second, password(PASSWORD), false).await), Refusal::DeadLink);
    assert!(world.letter().await.subject.contains("mot de passe a changé"));
}

/// Shows: O-326, O-328
#[tokio::test]
async fn a_thief_s_links_do_not_survive_what_the_owner_changes() {
    for change in ["reset", "password", "confirm", "undo"] {
        let world = World::new();
        let id = world.account("ada@example.org").await.id;
        let accounts = &world.accounts;
        let back = if change == "undo" { Some(world.change(&id, "eve@example.org").await) } else { None };
        let now = if change == "undo" { "eve@example.org" } else { "ada@example.org" };
        accounts.ask_reset(&email(now), None).await.unwrap();
        let reset = ticket(&world.letter().await);
        accounts.ask_email_change(&id, &email("mallory@example.org")).await.unwrap();
        let moved = ticket(&world.letter().await);
        match change {
            "reset" => assert_eq!(accounts.reset_password(&reset, password(OTHER), false).await.unwrap(), id),
            "password" => accounts.change_password(&id, Password::typed(PASSWORD), password(OTHER)).await.unwrap(),
            "confirm" => accounts.confirm_email_change(&moved).await.unwrap(),
            _ => accounts.undo_email_change(&back.unwrap()).await.unwrap(),
        }
        assert_eq!(refusal(accounts.admits_reset(&reset).await), Refusal::DeadLink, "{change}");
        assert_eq!(refusal(accounts.email_change_of(&moved).await), Refusal::DeadLink, "{change}");
    }
}

/// Shows: O-306, O-308, O-326
#[tokio::test]
async fn sessions_end_by_the_commit_that_makes_them_end() {
    for change in ["password", "unlink", "leave"] {
        let world = World::new();
        let account = world.account("ada@example.org").await;
        let (id, accounts) = (&account.id, &world.accounts);
        let link = Link {
            issuer: SCHOOL.into(),
            subject: "p1".into(),
            since: world.clock.now(),
            name: None,
            tenant: None,
            minor: None,
        };
        let mut draft = accounts.draft(id).await.unwrap();
        draft.add_link(link);
        assert!(accounts.saved(draft).await.unwrap());
        let (school, own) = (world.enter_from_school(&account).await, world.sign_in("ada@example.org", PASSWORD).await);
        match change {
            "password" => accounts.change_password(id, Password::typed(PASSWORD), password(OTHER)).await.unwrap(),
            "unlink" => accounts.unlink(id, SCHOOL, "p1").await.unwrap(),
            _ => assert_eq!(accounts.leave_school(id, Some(SCHOOL)).await.unwrap(), Left::Open),
        }
        assert!(!world.is_open(&school).await, "{change}");
        assert_eq!(world.is_open(&own.unwrap()).await, change != "password", "{change}");
        // No commit came after the one that wrote the account.
        let (_, entry) = accounts.read(id).await.unwrap().unwrap();
        assert_eq!(entry.version, accounts.storage.house_version().await.unwrap(), "{change}");
    }
}

/// Shows: O-344
#[tokio::test]
async fn no_account_keeps_more_than_its_2000_latest_events() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    let event = |_| Event::entry(world.clock.now(), &account.id, Happened::PasswordChanged).unwrap();
    world.accounts.commit((0..2100).map(event)).await.unwrap();
    world.pass(Duration::from_secs(1));
    for _ in 0..2 {
        world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    }
    let kept = world.accounts.events(&account, 3000).await.unwrap();
    assert_eq!(kept.len(), 2000);
    assert!(kept[..2].iter().all(|event| event.happened == Happened::SignedIn { device: None }), "the oldest went");
}

/// Shows: O-322, O-326
#[tokio::test]
async fn a_link_for_a_password_lasts_an_hour_and_strangers_get_none() {
    let world = World::new();
    world.account("ada@example.org").await;
    world.accounts.ask_reset(&email("nobody@example.org"), None).await.unwrap();
    assert!(world.letters().await.0.is_empty());
    world.accounts.ask_reset(&email("ada@example.org"), None).await.unwrap();
    let ticket = ticket(&world.letter().await);
    world.pass(Duration::from_mins(59));
    world.accounts.admits_reset(&ticket).await.unwrap();
    world.pass(Duration::from_mins(1));
    assert_eq!(refusal(world.accounts.admits_reset(&ticket).await), Refusal::DeadLink);
}

#[tokio::test]
async fn client_credentials_go_only_if_that_is_wanted() {
    for (cut_off, left) in [(false, 1), (true, 0)] {
        let world = World::new();
        let account = world.ada().await;
        world.accounts.create_credential(&account.id, None, None).await.unwrap();
        world.accounts.ask_reset(&email("ada@example.org"), None).await.unwrap();
        let ticket = ticket(&world.letter().await);
        world.accounts.reset_password(&ticket, password(OTHER), cut_off).await.unwrap();
        let account = world.accounts.account(&account.id).await.unwrap().unwrap();
        assert_eq!(account.credentials.len(), left);
    }
}

/// Shows: O-328
#[tokio::test]
async fn a_changed_address_can_be_gone_back_to_for_a_week() {
    let world = World::new();
    let id = world.account("ada@example.org").await.id;
    let back = world.change(&id, "eve@example.org").await;
    assert_eq!(refusal(world.sign_in("ada@example.org", PASSWORD).await), Refusal::WrongLogin);
    let session = world.sign_in("eve@example.org", PASSWORD).await.unwrap();
    let taken = world.accounts.create(Some((email("ada@example.org"), password(PASSWORD)))).await;
    assert_eq!(refusal(taken), Refusal::EmailTaken, "the old address is kept meanwhile");

    let later = world.change(&id, "mallory@example.org").await;
    world.accounts.undo_email_change(&back).await.unwrap();
    assert!(!world.is_open(&session).await);
    world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    assert_eq!(refusal(world.accounts.undo_email_change(&later).await), Refusal::DeadLink);
    world.account("mallory@example.org").await;
}

/// Shows: O-328, O-329
#[tokio::test]
async fn an_account_that_a_thief_deletes_opens_again_with_its_old_address() {
    let world = World::new();
    let id = world.account("ada@example.org").await.id;
    let back = world.change(&id, "eve@example.org").await;
    world.accounts.close(&id, Leaving::Wished).await.unwrap();
    let thiefs = world.letter().await;
    assert_eq!(&*thiefs.to, "eve@example.org");
    world.accounts.undo_email_change(&back).await.unwrap();
    let told = world.letters().await.0;
    assert!(told.len() == 2 && told.iter().all(|letter| &*letter.to == "ada@example.org"));
    assert!(told.iter().any(|letter| letter.subject.contains("conservé")));
    assert_eq!(refusal(world.accounts.reopen(&ticket(&thiefs)).await), Refusal::DeadLink);
    world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    world.pass(UNDO);
    world.letters().await;
    assert!(world.accounts.account(&id).await.unwrap().is_some(), "nothing is erased");
}

/// Shows: O-328
#[tokio::test]
async fn an_old_address_is_free_after_a_week() {
    let world = World::new();
    let id = world.account("ada@example.org").await.id;
    let back = world.change(&id, "eve@example.org").await;
    world.pass(Duration::from_hours(7 * 24));
    world.letters().await;
    assert_eq!(refusal(world.accounts.undo_email_change(&back).await), Refusal::DeadLink);
    world.account("ada@example.org").await;
    world.sign_in("eve@example.org", PASSWORD).await.unwrap();
}

/// Shows: O-325
#[tokio::test]
async fn ten_wrong_passwords_are_told_to_the_owner_once() {
    let world = World::new();
    world.account("ada@example.org").await;
    for _ in 0..12 {
        assert_eq!(refusal(world.sign_in("ada@example.org", "not this one").await), Refusal::WrongLogin);
        world.pass(Duration::from_mins(1));
    }
    assert!(world.letter().await.subject.contains("essaie"));
}

/// Shows: O-325
#[tokio::test]
async fn ten_wrong_codes_are_told_to_the_owner_once() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    for _ in 0..12 {
        let checked = world.accounts.check_code(&account.id, "000000", &world.secret).await;
        assert_eq!(refusal(checked), Refusal::WrongCode);
        world.pass(Duration::from_mins(1));
    }
    assert!(world.letter().await.subject.contains("essaie des codes"));
}

/// Shows: O-306
#[tokio::test]
async fn what_opens_an_account_does_not_change_in_silence() {
    let world = World::new();
    let id = world.account("ada@example.org").await.id;
    let person = Person { issuer: SCHOOL.into(), ..person("p1", false) };
    world.accounts.link(&id, &person).await.unwrap();
    assert!(world.letter().await.text.contains(SCHOOL));
    world.accounts.link(&id, &person).await.unwrap();
    assert!(world.letters().await.0.is_empty(), "it was linked already");
    world.accounts.unlink(&id, SCHOOL, "p1").await.unwrap();
    assert!(world.letter().await.subject.contains("n’ouvre plus"));
    let change = |factors: &mut Factors, _| {
        *factors = serde_json::from_str(r#"{"totp":{"since":0,"sealed":"","used":0}}"#).unwrap();
        Ok(())
    };
    world.accounts.edit_factors(&id, change).await.unwrap();
    assert!(world.letter().await.subject.contains("seconde preuve"));
    world.accounts.edit_factors(&id, change).await.unwrap();
    assert!(world.letters().await.0.is_empty(), "nothing came or went");
    let changed = world.accounts.change_password(&id, Password::typed(PASSWORD), password(OTHER));
    changed.await.unwrap();
    assert!(world.letter().await.subject.contains("mot de passe a changé"));
}

/// Shows: O-329
#[tokio::test]
async fn a_deleted_account_can_be_had_back_for_30_days() {
    let world = World::new();
    let account = world.ada().await;
    let session = world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    let day = world.accounts.close(&account.id, Leaving::Wished).await.unwrap();
    assert_eq!(world.accounts.close(&account.id, Leaving::Wished).await.unwrap(), day, "once is enough");
    assert!(!world.is_open(&session).await);
    assert!(world.sign_in("ada@example.org", PASSWORD).await.is_err());
    let undo = ticket(&world.letter().await);
    world.pass(Duration::from_hours(29 * 24));
    world.accounts.reopen(&undo).await.unwrap();
    world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    assert_eq!(refusal(world.accounts.reopen(&undo).await), Refusal::DeadLink);
    world.pass(Duration::from_hours(2 * 24));
    world.letters().await;
    assert!(world.accounts.account(&account.id).await.unwrap().is_some(), "the day that was set does not count");
}

/// Shows: O-329
#[tokio::test]
async fn after_30_days_nothing_is_left_but_the_names_that_are_never_given_again() {
    let world = World::new();
    let account = world.ada().await;
    world.accounts.create_credential(&account.id, None, None).await.unwrap();
    // What other parts keep of an account goes too.
    let others = ["factors/", "granted/"].map(|kind| format!("{kind}{}", account.id)).map(|key| EntryWrite {
        key: if key.starts_with("granted") { format!("{key}/grant").into() } else { key.into() },
        expected: EntryIs::Absent,
        value: Some("{}".into()),
    });
    world.accounts.commit(others).await.unwrap();
    world.enter_from_school(&account).await;
    world.accounts.close(&account.id, Leaving::Wished).await.unwrap();
    let undo = ticket(&world.letter().await);
    world.pass(Duration::from_hours(30 * 24));
    assert!(world.letter().await.subject.contains("supprimé"));
    assert!(world.accounts.account(&account.id).await.unwrap().is_none());
    assert_eq!(refusal(world.accounts.reopen(&undo).await), Refusal::DeadLink);
    let left = world.accounts.storage.entries(KeyRange { prefix: "", after: None, limit: 100 }).await.unwrap();
    let left: Vec<_> = left.iter().map(|entry| &*entry.key).filter(|key| !key.starts_with("throttle/")).collect();
    assert_eq!(left, ["pod/ada", &format!("webid/{WEBID}")]);
    world.account("ada@example.org").await;
}
