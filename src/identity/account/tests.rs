//! Stories of accounts on a real store, with a set clock.

mod letters;
mod recovery;
mod signup;

use std::net::IpAddr;
use std::task::Poll;

use super::*;
use crate::clock::SetClock;
use crate::rdf::{Graph, Literal, Term, Triple, vocab};
use crate::secret::SecretKey;
use crate::storage::sqlite::{Options, Sqlite};

const PASSWORD: &str = "a bridge over the river";
const WEBID: &str = "https://pods.example/ada/profile/card#me";

struct World {
    accounts: Accounts,
    clock: Arc<SetClock>,
    secret: Arc<SecretKey>,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(SetClock::at(Timestamp::from_seconds(1_700_000_000)));
        Self::on(tempfile::tempdir().unwrap(), clock, Arc::new(SecretKey::ephemeral()))
    }

    fn on(folder: tempfile::TempDir, clock: Arc<SetClock>, secret: Arc<SecretKey>) -> Self {
        let options = Options { durable: false, clock: clock.clone() };
        let storage = Arc::new(Sqlite::open(folder.path(), options).unwrap());
        let addresses = Arc::new(Addresses::with_paths("https://pods.example/").unwrap());
        let jobs = Arc::new(Jobs::new(storage.clone(), secret.clone()));
        let mut accounts = Accounts::new(storage, clock.clone(), addresses, jobs, secret.clone());
        accounts.registration = Registration::Open;
        Self { accounts, clock, secret, folder }
    }

    /// The same folder, after the server has stopped and started again.
    fn restarted(self) -> Self {
        let Self { accounts, clock, secret, folder } = self;
        drop(accounts);
        Self::on(folder, clock, secret)
    }

    async fn account(&self, email: &str) -> Account {
        let login = (Email::parse(email).unwrap(), Password::chosen(PASSWORD).unwrap());
        self.accounts.create(Some(login)).await.unwrap()
    }

    /// An account with a pod `ada`, as far as accounts know.
    async fn ada(&self) -> Account {
        let account = self.account("ada@example.org").await;
        let name = PodName::parse("ada").unwrap();
        let edited = self.accounts.edit(&account.id, |draft| {
            draft.add_pod(&name)?;
            draft.link(WEBID);
            Ok::<_, Refusal>(())
        });
        edited.await.unwrap();
        self.accounts.account(&account.id).await.unwrap().unwrap()
    }

    async fn link(&self, id: &AccountId, webid: &str) {
        let edited = self.accounts.edit(id, |draft| {
            draft.link(webid);
            Ok::<_, Refusal>(())
        });
        edited.await.unwrap();
    }

    async fn sign_in(&self, email: &str, password: &str) -> Result<SessionToken> {
        self.accounts.sign_in(Email::parse(email).as_ref(), Password::typed(password), None).await
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

/// Shows: O-324
#[tokio::test]
async fn an_address_is_one_account_and_its_password_opens_it() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    let again = (Email::parse("ADA@example.org").unwrap(), Password::chosen(PASSWORD).unwrap());
    assert_eq!(refusal(world.accounts.create(Some(again)).await), Refusal::EmailTaken);
    let token = world.sign_in("Ada@Example.org", PASSWORD).await.unwrap();
    let found = world.accounts.signed_in(&token).await.unwrap().unwrap();
    assert_eq!((found.account.id, found.session.since), (account.id, world.clock.now()));
    assert_eq!(refusal(world.sign_in("ada@example.org", "another password").await), Refusal::WrongLogin);
    assert_eq!(refusal(world.sign_in("bob@example.org", PASSWORD).await), Refusal::WrongLogin);
    assert_eq!(refusal(world.sign_in("nonsense", PASSWORD).await), Refusal::WrongLogin);
}

/// Shows: O-325
#[tokio::test]
async fn guessing_slows_down_and_never_locks() {
    let world = World::new();
    world.account("ada@example.org").await;
    for _ in 0..5 {
        assert_eq!(refusal(world.sign_in("ada@example.org", "guess").await), Refusal::WrongLogin);
    }
    let wait = match refusal(world.sign_in("ada@example.org", PASSWORD).await) {
        Refusal::TooSoon(wait) => wait,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(world.sign_in("nobody@example.org", "guess").await), Refusal::WrongLogin, "others do not wait");
    world.pass(wait);
    world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    assert_eq!(refusal(world.sign_in("ada@example.org", "guess").await), Refusal::WrongLogin, "the count is forgotten");
}

/// Shows: O-325
#[tokio::test]
async fn an_address_that_guesses_at_many_accounts_waits_too() {
    let world = World::new();
    world.account("ada@example.org").await;
    let from = |address: &str| Some(address.parse::<IpAddr>().unwrap());
    let guess = |number: usize, client| {
        let email = Email::parse(&format!("guess{number}@example.org"));
        let accounts = &world.accounts;
        async move { accounts.sign_in(email.as_ref(), Password::typed("guess"), client).await }
    };
    for number in 0..40 {
        assert_eq!(refusal(guess(number, from("192.0.2.1")).await), Refusal::WrongLogin);
    }
    assert!(matches!(refusal(guess(40, from("192.0.2.1")).await), Refusal::TooSoon(_)));
    assert_eq!(refusal(guess(41, from("192.0.2.2")).await), Refusal::WrongLogin);
}

/// Runs work for a number of polls at most: somebody hangs up, or the server dies, after that.
async fn cut_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (std::pin::pin!(work), polls);
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// Shows: O-325
#[tokio::test]
async fn who_hangs_up_while_a_password_is_looked_at_is_counted_and_who_succeeds_is_not() {
    let mut world = World::new();
    world.account("ada@example.org").await;
    let (ada, from) = (Email::parse("ada@example.org"), Some(IpAddr::from([192, 0, 2, 1])));
    let attempt =
        async |world: &World| world.accounts.check_password(ada.as_ref(), Password::typed(PASSWORD), from).await;
    let counted = async |world: &World| {
        let range = KeyRange { prefix: "throttle/address/", after: None, limit: 10 };
        world.accounts.storage.entries(range).await.unwrap().len()
    };
    attempt(&world).await.unwrap();
    assert_eq!(counted(&world).await, 0);
    // The work does not end before the client hangs up.
    let (held, release) = Passwords::held();
    world.accounts.passwords = held;
    let patience = async {
        for _ in 0..100_000 {
            if counted(&world).await > 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = attempt(&world) => panic!("it was looked at"),
        () = patience => {}
    }
    assert_eq!(counted(&world).await, 1);
    drop(release);
}

/// Shows: O-325
#[tokio::test]
async fn who_finds_the_queue_full_comes_again_and_is_not_counted() {
    let mut world = World::new();
    world.account("ada@example.org").await;
    let (held, release) = Passwords::held();
    world.accounts.passwords = held;
    let turn = world.accounts.passwords.turn().unwrap();
    assert_eq!(refusal(world.sign_in("ada@example.org", PASSWORD).await), Refusal::TooSoon(refusal::BUSY));
    let range = KeyRange { prefix: "throttle/", after: None, limit: 10 };
    assert!(world.accounts.storage.entries(range).await.unwrap().is_empty());
    drop((turn, release));
    world.sign_in("ada@example.org", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn sessions_end() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    let tokens = [world.sign_in("ada@example.org", PASSWORD).await, world.sign_in("ada@example.org", PASSWORD).await];
    let [first, second] = tokens.map(Result::unwrap);
    world.accounts.end_session(&first).await.unwrap();
    assert!(world.accounts.signed_in(&first).await.unwrap().is_none());
    assert!(world.accounts.signed_in(&second).await.unwrap().is_some());
    world.accounts.set_disabled(&account.id, true).await.unwrap();
    assert!(world.accounts.signed_in(&second).await.unwrap().is_none());
    assert_eq!(refusal(world.sign_in("ada@example.org", PASSWORD).await), Refusal::Disabled);
    world.accounts.set_disabled(&account.id, false).await.unwrap();
    let session = world.accounts.signed_in(&second).await.unwrap().unwrap().session;
    assert!(session.is_fresh(world.clock.now()));
    world.pass(Duration::from_mins(11));
    assert!(!session.is_fresh(world.clock.now()));
    world.pass(Duration::from_hours(14 * 24));
    assert!(world.accounts.signed_in(&second).await.unwrap().is_none());
}

/// Shows: O-341
#[tokio::test]
async fn a_password_alone_does_not_open_an_account_with_a_second_factor() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    let kept = r#"{"totp":{"since":0,"sealed":"","used":0}}"#;
    let edited = world.accounts.edit_factors(&account.id, |factors, _| {
        *factors = serde_json::from_str(kept).unwrap();
        Ok(())
    });
    edited.await.unwrap();
    assert_eq!(refusal(world.sign_in("ada@example.org", PASSWORD).await), Refusal::SecondFactor);
    assert_eq!(refusal(world.sign_in("ada@example.org", "a guess").await), Refusal::WrongLogin);
    assert!(world.accounts.sessions(&account.id).await.unwrap().is_empty());
}

/// Shows: O-343
#[tokio::test]
async fn two_means_are_several_factors_only_if_one_is_had() {
    use Method::{Fed, Hwk, Otp, Pwd};
    let world = World::new();
    let account = world.account("ada@example.org").await;
    for (methods, several) in [
        (vec![Pwd], false),
        (vec![Hwk], false),
        (vec![Pwd, Fed], false),
        (vec![Hwk, Otp], false),
        (vec![Pwd, Otp], true),
        (vec![Fed, Hwk], true),
        (vec![Hwk, Pwd], true),
    ] {
        let by = SignedInBy { methods: methods.clone(), ..SignedInBy::default() };
        let token = world.accounts.begin(&account, by).await.unwrap();
        let session = world.accounts.signed_in(&token).await.unwrap().unwrap().session;
        assert_eq!(session.amr().contains(&"mfa"), several, "{methods:?}");
    }
}

/// Shows: O-169
#[tokio::test]
async fn a_session_lives_as_long_as_it_is_used() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    let token = world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    for _ in 0..3 {
        world.pass(Duration::from_hours(13 * 24));
        assert!(world.accounts.signed_in(&token).await.unwrap().is_some());
    }
    let seen = world.accounts.sessions(&account.id).await.unwrap().remove(0).last_seen;
    world.pass(Duration::from_mins(59));
    world.accounts.signed_in(&token).await.unwrap();
    assert_eq!(world.accounts.sessions(&account.id).await.unwrap().remove(0).last_seen, seen, "not written each time");
    world.pass(Duration::from_hours(14 * 24));
    assert!(world.accounts.signed_in(&token).await.unwrap().is_none());
    assert!(world.accounts.sessions(&account.id).await.unwrap().is_empty());
}

/// Shows: O-192, O-343
#[tokio::test]
async fn showing_again_who_one_is_changes_the_token() {
    let world = World::new();
    world.account("ada@example.org").await;
    let first = world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    world.pass(Duration::from_mins(6));
    let before = world.accounts.signed_in(&first).await.unwrap().unwrap();
    assert!(!before.session.is_confirmed(world.clock.now()));
    let second = world.accounts.step_up(&before, &[Method::Otp]).await.unwrap();
    assert!(world.accounts.signed_in(&first).await.unwrap().is_none(), "the old token is worth nothing");
    let after = world.accounts.signed_in(&second).await.unwrap().unwrap();
    assert!(after.session.is_confirmed(world.clock.now()));
    assert_eq!((&after.session.id, after.session.since), (&before.session.id, before.session.since));
    assert_eq!(world.accounts.sessions(&after.account.id).await.unwrap()[0].amr(), ["pwd", "otp", "mfa"]);
    assert_eq!(refusal(world.accounts.step_up(&before, &[Method::Pwd]).await), Refusal::SignedOut);
}

/// Shows: O-45
#[tokio::test]
async fn a_session_stands_for_the_webids_of_its_account_until_it_ends() {
    let world = World::new();
    let account = world.ada().await;
    let ends = async |token: &SessionToken| world.accounts.end_session(token).await.unwrap();
    let token = world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    let id = world.accounts.signed_in(&token).await.unwrap().unwrap().session.id;
    let stands = async |webid: &str| world.accounts.session_stands(id.as_str(), webid).await.unwrap();
    assert!(stands(WEBID).await);
    assert!(!stands("https://bob.example/#me").await);
    assert!(!world.accounts.session_stands("nonsense", WEBID).await.unwrap());
    world.accounts.set_disabled(&account.id, true).await.unwrap();
    assert!(!stands(WEBID).await);
    world.accounts.set_disabled(&account.id, false).await.unwrap();
    assert!(stands(WEBID).await);
    ends(&token).await;
    assert!(!stands(WEBID).await);
}

/// Shows: O-193
#[tokio::test]
async fn devices_are_listed_and_ended_one_by_one_or_together() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    for name in ["Firefox · Linux", "Safari · iPhone", "Chrome · Android"] {
        let by = SignedInBy { device: Some(name.into()), ..SignedInBy::password() };
        world.accounts.begin(&account, by).await.unwrap();
        world.pass(Duration::from_secs(1));
    }
    let devices = async || {
        let sessions = world.accounts.sessions(&account.id).await.unwrap();
        sessions.into_iter().map(|session| (session.device.unwrap(), session.id)).collect::<Vec<_>>()
    };
    let all = devices().await;
    assert_eq!(all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>()[0], "Chrome · Android");
    world.accounts.end(&account.id, &all[1].1).await.unwrap();
    assert_eq!(devices().await.len(), 2);
    let kept = &all[0].1;
    world.accounts.end_where(&account.id, |session| session.id != *kept).await.unwrap();
    assert_eq!(devices().await, [all[0].clone()]);
}

/// Shows: O-193
#[tokio::test]
async fn what_happened_is_told_for_a_year() {
    let world = World::new();
    let account = world.ada().await;
    let told = async || {
        let events = world.accounts.events(&account, 100).await.unwrap();
        events.into_iter().map(|event| event.happened).collect::<Vec<_>>()
    };
    world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    world.pass(Duration::from_secs(1));
    let made = world.accounts.create_credential(&account.id, None, Some("backup")).await.unwrap();
    world.pass(Duration::from_secs(1));
    world.accounts.delete_credential(&account.id, &made.credential.id).await.unwrap();
    world.pass(Duration::from_secs(1));
    world.accounts.set_disabled(&account.id, true).await.unwrap();
    let name = Some("backup".to_owned());
    let signed_in = Happened::SignedIn { device: None };
    assert_eq!(told().await, [Happened::Disabled, Happened::KeyDeleted, Happened::KeyMade { name }, signed_in.clone()]);
    world.accounts.set_disabled(&account.id, false).await.unwrap();
    world.pass(Duration::from_hours(366 * 24));
    world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    assert_eq!(told().await, [signed_in]);
}

#[tokio::test]
async fn a_new_password_ends_all_sessions() {
    let world = World::new();
    let account = world.account("ada@example.org").await;
    let token = world.sign_in("ada@example.org", PASSWORD).await.unwrap();
    let change = |old: &str, new: &str| {
        world.accounts.change_password(&account.id, Password::typed(old), Password::chosen(new).unwrap())
    };
    assert_eq!(refusal(change("wrong", "a tunnel below the river").await), Refusal::WrongLogin);
    change(PASSWORD, "a tunnel below the river").await.unwrap();
    assert!(world.accounts.signed_in(&token).await.unwrap().is_none());
    assert_eq!(refusal(world.sign_in("ada@example.org", PASSWORD).await), Refusal::WrongLogin);
    world.sign_in("ada@example.org", "a tunnel below the river").await.unwrap();
}

/// Shows: O-204
#[tokio::test]
async fn client_credentials_are_for_linked_webids_and_limited() {
    let world = World::new();
    let account = world.ada().await;
    let create = |webid| world.accounts.create_credential(&account.id, webid, Some("backup script"));
    assert_eq!(refusal(create(Some("https://bob.example/#me")).await), Refusal::NotLinked);
    let made = create(None).await.unwrap();
    assert_eq!(made.credential.webid, WEBID);
    assert_eq!(made.credential.expires, world.clock.now().plus(Duration::from_hours(365 * 24)));
    for _ in 1..20 {
        create(Some(WEBID)).await.unwrap();
    }
    assert_eq!(refusal(create(None).await), Refusal::TooManyCredentials(20));
    let stored = world.accounts.storage.entry(&made.credential.id.key()).await.unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&stored.value).contains(made.secret.reveal()));
    world.accounts.delete_credential(&account.id, &made.credential.id).await.unwrap();
    create(None).await.unwrap();
}

/// Shows: O-162, O-170
#[tokio::test]
async fn only_the_secret_presents_credentials() {
    let world = World::new();
    let account = world.ada().await;
    let made = world.accounts.create_credential(&account.id, None, None).await.unwrap();
    let (id, secret) = (made.credential.id.to_string(), made.secret.reveal().to_owned());
    let present = |id: &str, secret: &str| {
        let (id, secret) = (id.to_owned(), secret.to_owned());
        let accounts = &world.accounts;
        async move { accounts.present(&id, &secret).await.unwrap() }
    };
    assert_eq!(world.accounts.last_use(&made.credential.id).await.unwrap(), None);
    assert_eq!(present(&id, &secret).await, Presented::Good(Arc::new(made.credential.clone())));
    let first = world.clock.now();
    assert_eq!(world.accounts.last_use(&made.credential.id).await.unwrap(), Some(first));
    world.pass(Duration::from_hours(23));
    present(&id, &secret).await;
    assert_eq!(world.accounts.last_use(&made.credential.id).await.unwrap(), Some(first), "not written each time");
    world.pass(Duration::from_hours(1));
    present(&id, &secret).await;
    assert_eq!(world.accounts.last_use(&made.credential.id).await.unwrap(), Some(world.clock.now()));
    for (id, secret) in [(id.as_str(), "wrong"), (id.as_str(), ""), ("wrong", secret.as_str()), ("a:b", "")] {
        assert_eq!(present(id, secret).await, Presented::Unknown);
    }
    world.accounts.set_disabled(&account.id, true).await.unwrap();
    assert_eq!(present(&id, &secret).await, Presented::Withdrawn);
    world.accounts.set_disabled(&account.id, false).await.unwrap();
    world.pass(Duration::from_hours(365 * 24));
    assert_eq!(present(&id, &secret).await, Presented::Unknown);
}

/// Shows: O-45
#[tokio::test]
async fn tokens_stand_as_long_as_what_they_rest_on() {
    let world = World::new();
    let account = world.ada().await;
    let made = world.accounts.create_credential(&account.id, None, None).await.unwrap();
    let id = made.credential.id;
    let stands = || async { world.accounts.stands(id.as_str(), WEBID).await.unwrap() };
    assert!(stands().await);
    assert!(!world.accounts.stands(id.as_str(), "https://bob.example/#me").await.unwrap());
    world.accounts.set_disabled(&account.id, true).await.unwrap();
    assert!(!stands().await);
    world.accounts.set_disabled(&account.id, false).await.unwrap();
    assert!(stands().await);
    world.link(&account.id, "https://ada.example/#me").await;
    world.accounts.unlink_webid(&account.id, WEBID).await.unwrap();
    assert!(!stands().await);
    world.link(&account.id, WEBID).await;
    assert!(stands().await);
    world.accounts.delete_credential(&account.id, &id).await.unwrap();
    assert!(!stands().await);
    assert_eq!(refusal(world.accounts.delete_credential(&account.id, &id).await), Refusal::NoSuchCredential);
}

/// Shows: O-205, O-206
#[tokio::test]
async fn a_webid_elsewhere_is_linked_once_it_is_proven() {
    let world = World::new();
    let account = world.ada().await;
    let other = world.account("bob@example.org").await;
    let webid = "https://ada.example/#me";
    let link = |id: AccountId, webid: &'static str, document: Option<Graph>| {
        let accounts = &world.accounts;
        async move { accounts.link_webid(&id, webid, async |_: &str| document).await }
    };
    let Refusal::Unproven(triple) = refusal(link(account.id.clone(), webid, None).await) else { panic!() };
    let token = triple.split('"').nth(1).unwrap().to_owned();
    let document = || {
        let literal = Literal { lexical: token.as_str().into(), datatype: vocab::xsd::STRING.into(), language: None };
        let predicate = vocab::solid::OIDC_ISSUER_REGISTRATION_TOKEN;
        Graph::from_iter(Triple::new(Term::iri(webid), predicate, Term::Literal(literal)))
    };
    assert_eq!(refusal(link(account.id.clone(), webid, None).await), Refusal::WebIdUnreadable);
    assert!(matches!(refusal(link(account.id.clone(), webid, Some(Graph::default())).await), Refusal::Unproven(_)));
    assert!(matches!(refusal(link(other.id.clone(), webid, Some(document())).await), Refusal::Unproven(_)));
    link(account.id.clone(), webid, Some(document())).await.unwrap();
    assert_eq!(refusal(link(account.id.clone(), webid, None).await), Refusal::WebIdTaken);

    let home = "https://pods.example/ada/people/ada#me";
    assert_eq!(refusal(link(other.id.clone(), home, None).await), Refusal::NotYours);
    link(account.id.clone(), home, None).await.unwrap();
    for webid in [home, webid] {
        world.accounts.unlink_webid(&account.id, webid).await.unwrap();
    }
    assert_eq!(refusal(world.accounts.unlink_webid(&account.id, WEBID).await), Refusal::LastWebId);
}

/// Shows: O-205
#[tokio::test]
async fn a_proof_is_good_for_half_an_hour() {
    let world = World::new();
    let account = world.ada().await;
    let link =
        || world.accounts.link_webid(&account.id, "https://ada.example/#me", async |_: &str| Some(Graph::default()));
    let Refusal::Unproven(first) = refusal(link().await) else { panic!() };
    assert_eq!(refusal(link().await), Refusal::Unproven(first.clone()));
    world.pass(Duration::from_mins(31));
    let Refusal::Unproven(second) = refusal(link().await) else { panic!() };
    assert_ne!(first, second);
}
