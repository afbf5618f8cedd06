use std::net::Ipv4Addr;

use super::*;
use crate::clock::SetClock;
use crate::identity::provider::authorize::{ResponseMode, Return};
use crate::storage::sqlite::{Options, Sqlite};

const NOW: Timestamp = Timestamp::from_seconds(1_793_000_000);
const ME: &str = "https://pods.example/ada/profile/card#me";
const OTHER: &str = "https://ada.example/#me";

fn request(prompt: &[Prompt]) -> AuthorizationRequest {
    AuthorizationRequest {
        client: "app".into(),
        back: Return { redirect_uri: "https://app.example/".into(), mode: ResponseMode::Query, state: None },
        scopes: Scopes::parse("openid webid offline_access"),
        nonce: None,
        prompt: prompt.iter().copied().collect(),
        max_age: None,
        challenge: String::new(),
        jkt: None,
        login_hint: None,
        language: None,
    }
}

fn interaction(prompt: &[Prompt]) -> Interaction {
    Interaction {
        request: request(prompt),
        began: NOW,
        browser: [0; 32],
        before: Some(("before".into(), NOW.minus(Duration::from_mins(1)))),
        hint: Hint::Absent,
        chosen: None,
        answered: false,
    }
}

fn consent(session: Option<&str>) -> Consent {
    let scopes = Scopes::parse(if session.is_some() { "openid webid" } else { "openid webid offline_access" });
    Consent {
        client: "app".into(),
        name: None,
        host: "app.example".into(),
        webid: ME.into(),
        scopes,
        given: NOW,
        session: session.map(str::to_owned),
    }
}

/// Somebody signed in a minute ago.
fn next(interaction: &Interaction, session: Option<&str>, webids: &[&str], consent: Option<&Consent>) -> Step {
    let account = account();
    let webids: Vec<_> = webids.iter().map(|&webid| webid.to_owned()).collect();
    let authenticated = NOW.minus(Duration::from_mins(1));
    let person = session.map(|session| Person { account: &account, webids: &webids, session, authenticated });
    interaction.next(&Standing { person, consent, owes_terms: false, now: NOW })
}

fn account() -> AccountId {
    AccountId::parse("00000000000000000000000000000000").unwrap()
}

fn agree(known: bool) -> Step {
    Step::Agree { webid: ME.into(), known }
}

/// What is granted, in words.
fn granted(step: &Step) -> Option<String> {
    let Step::Grant { webid, scopes } = step else { return None };
    assert_eq!(webid, ME);
    Some(scopes.to_string())
}

/// Shows: O-146, O-148, O-191
#[test]
fn each_step_follows_from_what_is_so() {
    let kept = consent(None);
    let (nobody, before, since) = (None, Some("before"), Some("since"));
    for (prompt, session, webids, consent, step) in [
        (&[][..], nobody, &[][..], None, Step::SignIn),
        (&[], before, &[ME], None, agree(false)),
        (&[], before, &[ME, OTHER], None, Step::Choose),
        (&[], before, &[], None, Step::Choose),
        (&[Prompt::Consent], before, &[ME, OTHER], Some(&kept), agree(true)),
        (&[Prompt::SelectAccount], before, &[ME], Some(&kept), Step::Choose),
        (&[Prompt::Login], before, &[ME], Some(&kept), Step::Confirm),
        (&[Prompt::Login], nobody, &[], None, Step::SignIn),
        (&[Prompt::Login, Prompt::Consent], since, &[ME], Some(&kept), agree(true)),
        (&[Prompt::Create], nobody, &[], None, Step::SignUp),
        (&[Prompt::Create], before, &[ME], Some(&kept), Step::Choose),
        (&[Prompt::Create], since, &[ME], None, agree(false)),
        (&[], before, &[OTHER], Some(&kept), Step::Choose),
    ] {
        assert_eq!(next(&interaction(prompt), session, webids, consent), step, "{prompt:?} {session:?} {webids:?}");
    }
    let all = Some("openid offline_access webid".to_owned());
    assert_eq!(granted(&next(&interaction(&[]), before, &[ME, OTHER], Some(&kept))), all);
    assert_eq!(granted(&next(&interaction(&[Prompt::Login]), since, &[ME], Some(&kept))), all);
}

/// Shows: O-146, O-149
#[test]
fn a_consent_holds_for_what_it_was_given_for() {
    let asked = interaction(&[]);
    let this = consent(Some("before"));
    assert_eq!(granted(&next(&asked, Some("before"), &[ME], Some(&this))).unwrap(), "openid webid");
    assert_eq!(next(&asked, Some("since"), &[ME], Some(&this)), agree(false));
    let narrow = Consent { scopes: Scopes::parse("openid"), ..consent(None) };
    assert_eq!(next(&asked, Some("before"), &[ME], Some(&narrow)), agree(false));
}

/// Shows: O-147
#[test]
fn without_a_page_the_answer_is_at_once() {
    let (kept, session_only) = (consent(None), consent(Some("before")));
    let hinted = |hint| Interaction { hint, ..interaction(&[Prompt::None]) };
    let none = interaction(&[Prompt::None]);
    let recent = |age| {
        let request = AuthorizationRequest { max_age: Some(age), ..request(&[Prompt::None]) };
        Interaction { request, ..interaction(&[]) }
    };
    let before = Some("before");
    for (asked, session, webids, consent, code) in [
        (&none, None, &[][..], None, Some(ErrorCode::LoginRequired)),
        (&none, before, &[ME], None, Some(ErrorCode::ConsentRequired)),
        (&none, before, &[OTHER], Some(&kept), Some(ErrorCode::AccountSelectionRequired)),
        (&none, before, &[ME, OTHER], Some(&kept), None),
        (&none, before, &[ME], Some(&session_only), None),
        (&none, Some("other"), &[ME], Some(&session_only), Some(ErrorCode::ConsentRequired)),
        (&recent(59), before, &[ME], Some(&kept), Some(ErrorCode::LoginRequired)),
        (&recent(60), before, &[ME], Some(&kept), None),
        (&hinted(Hint::WebId(ME.into())), before, &[ME], Some(&kept), None),
        (&hinted(Hint::WebId(OTHER.into())), before, &[ME], Some(&kept), Some(ErrorCode::LoginRequired)),
        (&hinted(Hint::WebId(OTHER.into())), before, &[ME, OTHER], Some(&kept), Some(ErrorCode::LoginRequired)),
        (&hinted(Hint::Unknown), before, &[ME], Some(&kept), Some(ErrorCode::LoginRequired)),
    ] {
        let step = next(asked, session, webids, consent);
        let refused = if let Step::Refuse(fault) = &step { Some(fault.code) } else { None };
        assert_eq!(refused, code, "{asked:?} {session:?} {webids:?}");
        assert_eq!(granted(&step).is_some(), code.is_none());
    }
}

/// Shows: O-147, O-323
#[test]
fn new_terms_come_before_what_an_application_gets() {
    let (account, kept, webids) = (account(), consent(None), [ME.to_owned()]);
    let at = |authenticated| {
        let person = Some(Person { account: &account, webids: &webids, session: "before", authenticated });
        Standing { person, consent: Some(&kept), owes_terms: true, now: NOW }
    };
    let standing = at(NOW.minus(Duration::from_mins(1)));
    assert_eq!(interaction(&[]).next(&standing), Step::Terms);
    assert_eq!(interaction(&[Prompt::Login]).next(&standing), Step::Confirm, "who it is comes first");
    let Step::Refuse(fault) = interaction(&[Prompt::None]).next(&standing) else { panic!("nobody can be asked") };
    assert_eq!(fault.code, ErrorCode::InteractionRequired);
}

/// Shows: O-148
#[test]
fn an_old_sign_in_is_renewed_once() {
    let old = Interaction { request: AuthorizationRequest { max_age: Some(59), ..request(&[]) }, ..interaction(&[]) };
    assert_eq!(next(&old, Some("before"), &[ME], None), Step::Confirm);
    assert_eq!(next(&old, Some("since"), &[ME], None), agree(false));
    let confirmed = Interaction { before: Some(("before".into(), NOW.minus(Duration::from_hours(1)))), ..old };
    assert_eq!(next(&confirmed, Some("before"), &[ME], None), agree(false));
}

/// Shows: O-147
#[test]
fn a_hint_for_somebody_else_asks_for_them() {
    let hinted = Interaction { hint: Hint::WebId(OTHER.into()), ..interaction(&[]) };
    assert_eq!(next(&hinted, None, &[], None), Step::SignIn);
    assert_eq!(next(&hinted, Some("before"), &[ME], None), Step::Switch);
    assert_eq!(next(&hinted, Some("since"), &[ME], None), Step::Switch);
    let step = next(&hinted, Some("since"), &[ME, OTHER], None);
    assert_eq!(step, Step::Agree { webid: OTHER.into(), known: false });
}

#[test]
fn a_choice_counts_for_the_account_that_made_it() {
    let webids = &[ME, OTHER];
    let chosen = Interaction { chosen: Some((account(), ME.into())), ..interaction(&[Prompt::SelectAccount]) };
    assert_eq!(next(&chosen, Some("before"), webids, None), agree(false));
    let stays = Interaction { request: request(&[Prompt::Create]), ..chosen };
    assert_eq!(next(&stays, Some("before"), webids, None), agree(false));
    let other = AccountId::parse("11111111111111111111111111111111").unwrap();
    let foreign = Interaction { chosen: Some((other, ME.into())), ..interaction(&[]) };
    assert_eq!(next(&foreign, Some("before"), webids, None), Step::Choose);
    let gone = Interaction { chosen: Some((account(), ME.into())), ..interaction(&[]) };
    assert_eq!(next(&gone, Some("before"), &[OTHER], None), Step::Choose);
}

struct Shelf {
    clock: Arc<SetClock>,
    storage: Arc<dyn Storage>,
    interactions: Interactions,
    browser: [u8; 32],
    _folder: tempfile::TempDir,
}

fn shelf() -> Shelf {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SetClock::at(NOW));
    let options = Options { durable: false, clock: clock.clone() };
    let storage: Arc<dyn Storage> = Arc::new(Sqlite::open(folder.path(), options).unwrap());
    let interactions = Interactions::new(storage.clone(), clock.clone(), 3);
    Shelf { clock, storage, interactions, browser: secret::random(), _folder: folder }
}

impl Shelf {
    async fn begin(&self) -> InteractionId {
        let new = Interaction::new(request(&[]), None, Hint::Absent, self.clock.now());
        self.interactions.begin(new, self.browser, Ipv4Addr::LOCALHOST.into()).await.unwrap()
    }

    async fn open(&self, id: &InteractionId) -> Result<Open> {
        let id = InteractionId::parse(&id.reveal()).unwrap();
        self.interactions.open(id, &self.browser).await
    }
}

/// Shows: O-191, O-169
#[tokio::test]
async fn an_interaction_belongs_to_one_browser_for_an_hour() {
    let shelf = shelf();
    let (one, two) = (shelf.begin().await, shelf.begin().await);
    let open = shelf.open(&one).await.unwrap();
    assert_eq!(open.interaction.request, request(&[]));
    shelf.interactions.choose(open, Some((account(), ME.into()))).await.unwrap();
    assert!(shelf.open(&one).await.unwrap().interaction.chosen.is_some());
    assert!(shelf.open(&two).await.unwrap().interaction.chosen.is_none(), "tabs disturb each other");
    let other = shelf.interactions.open(one.clone(), &secret::random()).await;
    assert!(matches!(other, Err(Error::Ended)), "{other:?}");
    shelf.clock.advance(LIFETIME);
    assert!(shelf.open(&one).await.is_ok());
    shelf.clock.advance(Duration::from_millis(1));
    assert!(matches!(shelf.open(&one).await, Err(Error::Ended)));
    assert!(shelf.storage.entries(KeyRange { prefix: PREFIX, after: None, limit: 10 }).await.unwrap().len() == 2);
    shelf.clock.advance(Duration::from_secs(1));
    shelf.begin().await;
    assert!(shelf.storage.entries(KeyRange { prefix: PREFIX, after: None, limit: 10 }).await.unwrap().len() == 1);
}

/// Shows: O-191
#[tokio::test]
async fn an_interaction_is_answered_once() {
    let shelf = shelf();
    let id = shelf.begin().await;
    let (left, right) = (shelf.open(&id).await.unwrap(), shelf.open(&id).await.unwrap());
    assert!(shelf.interactions.finish(left).await.is_ok());
    assert!(matches!(shelf.interactions.finish(right).await, Err(Error::Ended)));
    assert!(matches!(shelf.open(&id).await, Err(Error::Ended)), "the back button leads into it again");
}

#[tokio::test]
async fn no_address_begins_without_end() {
    let shelf = shelf();
    let begin = async |last: u8| {
        let new = Interaction::new(request(&[]), None, Hint::Absent, shelf.clock.now());
        shelf.interactions.begin(new, shelf.browser, Ipv4Addr::new(192, 0, 2, last).into()).await
    };
    for _ in 0..3 {
        assert!(begin(1).await.is_ok());
    }
    assert!(matches!(begin(1).await, Err(Error::TooMany(_))));
    assert!(begin(2).await.is_ok());
    shelf.clock.advance(Duration::from_mins(1));
    assert!(begin(1).await.is_ok());
}

#[test]
fn an_id_is_read_back_and_does_not_show() {
    let id = InteractionId { began: NOW, secret: Secret::random() };
    assert_eq!(InteractionId::parse(&id.reveal()), Some(id.clone()));
    assert!(!format!("{id:?}").contains(id.secret.reveal()));
    let long = format!("{}x", id.reveal());
    for text in ["", "0123456789", "é123456789", &id.reveal()[1..], &long, &id.reveal().replace(|_: char| true, "/")] {
        assert_eq!(InteractionId::parse(text), None, "{text}");
    }
}
