//! Coming in through a school, as people live it: the pages on the way, linking, leaving, and signing out there.

use std::sync::Arc;
use std::time::Duration;

use cartable::clock::{Clock, SetClock};
use cartable::identity::account::{Account, AccountId, Draft, Happened, Link};
use cartable::identity::upstream::{Config, Credentials, Person};
use cartable::secret::Secret;
use cartable::storage::{Change, Scope};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::browser::{Browser, Shown};
use crate::ent::{Ent, Lie, Registered, SECRET};
use crate::upstream::config;
use crate::world::{Settings, World};

pub const DOOR: &str = ".account/login/oidc/armorique/";
const WAYS: &str = ".account/settings/ways/";

/// A world with a school.
pub async fn world() -> (World, Ent) {
    world_with(Settings::default()).await
}

async fn world_with(settings: Settings) -> (World, Ent) {
    world_of("ENT Armorique", settings).await
}

/// A world with a school of this name.
async fn world_of(name: &'static str, settings: Settings) -> (World, Ent) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let opened: Arc<Mutex<Option<Ent>>> = Arc::default();
    let kept = opened.clone();
    let open = move |base: &str, clock: Arc<SetClock>| {
        let ent = Ent::open(listener, Registered::at(base, "armorique"), clock);
        let config = Config { name: name.into(), ..config(&ent.issuer) };
        let known = vec![(config, Credentials::Secret(Secret::new(SECRET)))];
        *kept.lock() = Some(ent);
        known
    };
    let world = World::with(Settings { schools: Box::new(open), ..settings }).await;
    let ent = opened.lock().take().unwrap();
    (world, ent)
}

/// Goes to the school from `place`, signs in there as `login`, and comes back.
pub async fn through(browser: &mut Browser<'_>, ent: &Ent, place: &str, login: &str) -> Shown {
    let there = browser.visit(place).await;
    assert!(there.url.starts_with(&ent.issuer), "{there:?}");
    browser.visit(&ent.sign_in(&there.url, login)).await
}

/// Somebody whom the school knows by this login.
fn person(ent: &Ent, login: &str) -> Person {
    Person::known_as("armorique", &ent.issuer, &format!("ent-{login}"))
}

/// Makes an account that the school alone opens.
async fn linked(world: &World, ent: &Ent, login: &str) -> AccountId {
    let account = world.accounts.create(None).await.unwrap();
    world.accounts.link(&account.id, &person(ent, login)).await.unwrap();
    account.id
}

async fn account(world: &World, id: &AccountId) -> Account {
    world.accounts.account(id).await.unwrap().unwrap()
}

/// Shows: O-304, O-309, O-312
#[tokio::test]
async fn a_click_on_the_desk_opens_the_right_space() {
    let (world, ent) = world().await;
    let (malo, soizic) = (linked(&world, &ent, "malo").await, linked(&world, &ent, "soizic").await);
    let mut browser = Browser::new(&world);
    let home = through(&mut browser, &ent, DOOR, "malo").await;
    assert_eq!(home.url, format!("{}.account/", world.base));
    home.answer.is(200);
    let sessions = world.accounts.sessions(&malo).await.unwrap();
    assert_eq!((sessions.len(), sessions[0].amr()), (1, vec!["fed"]));
    let after = account(&world, &malo).await;
    assert_eq!(after.links[0].name.as_deref(), Some("Malo Fictif"), "what the school says is refreshed");
    assert!(after.minor);
    // On a shared computer the next person comes in as themselves.
    through(&mut browser, &ent, DOOR, "soizic").await.answer.is(200);
    assert_eq!(world.accounts.sessions(&soizic).await.unwrap().len(), 1);
    assert!(world.accounts.sessions(&malo).await.unwrap().is_empty());
    assert!(!account(&world, &soizic).await.minor);
}

#[tokio::test]
async fn people_go_on_where_they_were_going() {
    let (world, ent) = world().await;
    linked(&world, &ent, "malo").await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(".account/settings/").await;
    assert!(page.says("Entrer avec mon ENT"), "{page:?}");
    assert!(page.says(&format!("href=\"/{DOOR}?next=")), "{page:?}");
    let place = format!("{DOOR}?next=%2F.account%2Fsettings%2F");
    let there = through(&mut browser, &ent, &place, "malo").await;
    assert_eq!(there.url, format!("{}.account/settings/", world.base));
    let evil = through(&mut browser, &ent, &format!("{DOOR}?next=https%3A%2F%2Fevil.example%2F"), "malo").await;
    assert_eq!(evil.url, format!("{}.account/", world.base));
}

/// Shows: O-305, O-307
#[tokio::test]
async fn a_newcomer_creates_a_space_or_links_theirs() {
    let (world, ent) = world().await;
    let pupil = world.pupil("malo").await;
    let before = account(&world, &pupil.account).await;
    let mut browser = Browser::new(&world);
    let choice = through(&mut browser, &ent, DOOR, "malo").await;
    assert!(choice.says("Malo Fictif") && choice.says("Créer mon espace") && choice.says("J’ai déjà un espace"));
    assert!(world.accounts.by_link(&ent.issuer, "ent-malo").await.unwrap().is_none(), "nothing is made by coming");
    // Who has a space already shows that it is theirs, and says so.
    let form = choice.form("value=\"link\"");
    let sign_in = browser.submit(&choice, &form, &[("choice", "link")]).await;
    let choice = browser.sign_in(&sign_in, &pupil).await;
    assert!(choice.says("Relier à l’espace « malo »"), "{choice:?}");
    let form = choice.form("value=\"link\"");
    browser.submit(&choice, &form, &[("choice", "link")]).await.answer.is(200);
    let after = world.accounts.by_link(&ent.issuer, "ent-malo").await.unwrap().unwrap();
    assert_eq!((&after.webids, &after.pods), (&before.webids, &before.pods), "WebID and pod stay");
    assert_eq!(after.id, pupil.account);
    // The choice is made: the back button finds nothing to choose.
    let again = browser.visit(&format!("{DOOR}choice")).await;
    again.answer.clone().is(400);
    let mut other = Browser::new(&world);
    through(&mut other, &ent, DOOR, "malo").await.answer.is(200);
    assert_eq!(world.accounts.sessions(&pupil.account).await.unwrap().len(), 2);
}

/// Shows: O-305
#[tokio::test]
async fn a_link_needs_a_sign_in_of_the_last_ten_minutes() {
    let (world, ent) = world().await;
    let pupil = world.pupil("malo").await;
    let mut browser = Browser::new(&world);
    let sign_in = browser.visit(".account/login/").await;
    browser.sign_in(&sign_in, &pupil).await;
    world.clock.advance(Duration::from_mins(11));
    let choice = through(&mut browser, &ent, &format!("{DOOR}?for=link"), "malo").await;
    let form = choice.form("value=\"link\"");
    let asked = browser.submit(&choice, &form, &[("choice", "link")]).await;
    assert!(asked.url.contains("/.account/confirm/?next="), "{asked:?}");
    assert!(account(&world, &pupil.account).await.links.is_empty());
}

/// Shows: O-305
#[tokio::test]
async fn one_person_of_a_school_opens_one_space() {
    let (world, ent) = world().await;
    linked(&world, &ent, "malo").await;
    let pupil = world.pupil("lena").await;
    let mut browser = Browser::new(&world);
    let sign_in = browser.visit(".account/login/").await;
    browser.sign_in(&sign_in, &pupil).await;
    let refused = through(&mut browser, &ent, &format!("{DOOR}?for=link&next=/{WAYS}"), "malo").await;
    assert!(refused.says("ouvre déjà un autre espace"), "{refused:?}");
    refused.answer.is(409);
    assert!(account(&world, &pupil.account).await.links.is_empty());
    let taken = world.accounts.link(&pupil.account, &person(&ent, "malo")).await;
    assert!(taken.is_err(), "nor behind the pages");
}

/// The page for leaving the first school.
async fn leaving(browser: &mut Browser<'_>) -> Shown {
    let ways = browser.visit(WAYS).await;
    let (_, link) = ways.answer.text().split_once("href=\"/.account/settings/ways/schools/").unwrap();
    let id = link.split('"').next().unwrap().to_owned();
    browser.visit(&format!("{WAYS}schools/{id}")).await
}

/// Presses the button of that page.
async fn press(browser: &mut Browser<'_>, page: &Shown) -> Shown {
    browser.submit(page, &page.form("button stop"), &[]).await
}

/// Shows: O-306, O-307, O-206
#[tokio::test]
async fn a_pupil_changes_schools_and_never_loses_the_last_way_in() {
    let (world, ent) = world().await;
    let id = linked(&world, &ent, "malo").await;
    let mut browser = Browser::new(&world);
    through(&mut browser, &ent, DOOR, "malo").await;
    let ways = browser.visit(WAYS).await;
    assert!(ways.says("ENT Armorique · Malo Fictif"), "{ways:?}");
    let page = leaving(&mut browser).await;
    assert!(page.says("Délier ENT Armorique ?"), "{page:?}");
    let refused = press(&mut browser, &page).await;
    assert!(refused.says("votre seule façon d’entrer"));
    assert_eq!(account(&world, &id).await.links.len(), 1);
    // The new school comes first; then the old one can go, and with it the sessions that rest on it.
    let mut new = person(&ent, "malo");
    (new.issuer, new.subject) = ("https://lycee.example".into(), "9".into());
    world.accounts.link(&id, &new).await.unwrap();
    let page = leaving(&mut browser).await;
    let told = press(&mut browser, &page).await;
    assert!(told.says("L’établissement est délié"), "{told:?}");
    let after = account(&world, &id).await;
    assert_eq!((after.links.len(), after.links[0].subject.as_str()), (1, "9"));
    assert!(world.accounts.sessions(&id).await.unwrap().is_empty());
    assert!(world.accounts.by_link(&ent.issuer, "ent-malo").await.unwrap().is_none(), "nothing of it stays");
    let told = world.accounts.events(&after, 10).await.unwrap();
    let unlinked = Happened::SchoolUnlinked { issuer: ent.issuer.clone() };
    assert!(told.iter().any(|event| event.happened == unlinked), "{told:?}");
}

/// Shows: O-306, O-343
#[tokio::test]
async fn unlinking_asks_who_it_is_when_the_sign_in_is_old() {
    let (world, ent) = world().await;
    let pupil = world.pupil("malo").await;
    world.accounts.link(&pupil.account, &person(&ent, "malo")).await.unwrap();
    let mut browser = Browser::new(&world);
    through(&mut browser, &ent, DOOR, "malo").await;
    world.clock.advance(Duration::from_mins(6));
    let page = leaving(&mut browser).await;
    let asked = press(&mut browser, &page).await;
    assert!(asked.url.contains("/.account/confirm/"), "{asked:?}");
    assert_eq!(account(&world, &pupil.account).await.links.len(), 1);
    // The school can vouch anew.
    through(&mut browser, &ent, &format!("{DOOR}?for=confirm&next=%2F{WAYS}"), "malo").await;
    let page = leaving(&mut browser).await;
    press(&mut browser, &page).await;
    assert!(account(&world, &pupil.account).await.links.is_empty());
}

/// Shows: O-106
#[tokio::test]
async fn what_schools_say_and_people_write_is_text_on_every_page() {
    const HOSTILE: &str = "</title>\"'><script>alert(1)</script><img src=x onerror=alert(1)>";
    let (world, ent) = world_of(HOSTILE, Settings::default()).await;
    let pupil = world.pupil("malo").await;
    let named = Person { name: Some(HOSTILE.into()), ..person(&ent, "malo") };
    world.accounts.link(&pupil.account, &named).await.unwrap();

    let mut newcomer = Browser::new(&world);
    let welcome = through(&mut newcomer, &ent, DOOR, "lena").await;
    assert!(welcome.says(HOSTILE));
    let mut browser = Browser::new(&world);
    let page = browser.visit(".account/login/?next=%2F.account%2Fsettings%2Fkeys%2Fnew%2F").await;
    let page = browser.sign_in(&page, &pupil).await;
    let made = browser.submit(&page, &page.form("name=\"name\""), &[("name", HOSTILE)]).await;
    let mut shown = vec![welcome, made, leaving(&mut browser).await];
    for path in ["", "settings/", "settings/ways/", "settings/events/", "settings/applications/", "confirm/"] {
        shown.push(browser.visit(&world.page(path)).await);
    }
    assert!(shown.iter().filter(|page| page.says(HOSTILE)).count() >= 4, "it is shown");
    for page in shown {
        let html = page.answer.text();
        assert!(!html.contains("<script>") && !html.contains("<img"), "{}: {html}", page.url);
    }
}

/// Shows: O-343
#[tokio::test]
async fn a_school_alone_confirms_nothing_where_there_is_a_second_factor() {
    let (world, ent) = world().await;
    let pupil = world.pupil("malo").await;
    world.accounts.link(&pupil.account, &person(&ent, "malo")).await.unwrap();
    let mut browser = Browser::new(&world);
    crate::factors::enter(&mut browser, &pupil).await;
    crate::factors::enrol(&world, &mut browser).await;
    world.clock.advance(Duration::from_mins(6));
    let place = format!("{DOOR}?for=confirm&next=%2F{WAYS}passkey%2F");
    let second = through(&mut browser, &ent, &place, "malo").await;
    assert!(second.url.contains("/.account/login/second/"), "{second:?}");
    let again = browser.visit(&format!("{WAYS}passkey/")).await;
    assert!(again.url.contains("/.account/confirm/"), "{again:?}");
}

/// Shows: O-303
#[tokio::test]
async fn a_school_that_lies_or_is_away_lets_nobody_in() {
    let (world, ent) = world().await;
    let id = linked(&world, &ent, "malo").await;
    let mut browser = Browser::new(&world);
    for (lie, status, told) in [
        (Lie::Key, 502, "n’a pas pu vous reconnaître"),
        (Lie::OtherSubject, 502, "n’a pas pu vous reconnaître"),
        (Lie::Down, 503, "L’ENT ne répond pas"),
    ] {
        let there = browser.visit(DOOR).await;
        let back = ent.sign_in(&there.url, "malo");
        ent.lie(lie);
        let page = browser.visit(&back).await;
        ent.lie(None);
        assert!(page.says(told) && page.says("Numéro à donner"), "{lie:?}: {page:?}");
        page.answer.is(status);
    }
    assert!(world.accounts.sessions(&id).await.unwrap().is_empty());
    browser.visit(".account/login/oidc/nowhere/").await.answer.is(404);
    // Whoever says no there comes back to the page for signing in.
    let there = browser.visit(DOOR).await;
    let no = format!(
        "{}{DOOR}callback?error=access_denied&state={}&iss={}",
        world.base,
        there.parameter("state"),
        ent.issuer
    );
    let page = browser.visit(&no).await;
    assert_eq!(page.url, format!("{}.account/login/", world.base));
}

/// Shows: O-302
#[tokio::test]
async fn two_tabs_do_not_take_each_others_sign_in_and_the_back_button_is_harmless() {
    let (world, ent) = world().await;
    linked(&world, &ent, "malo").await;
    let mut browser = Browser::new(&world);
    let (one, two) = (browser.visit(DOOR).await, browser.visit(DOOR).await);
    let (one, two) = (ent.sign_in(&one.url, "malo"), ent.sign_in(&two.url, "malo"));
    let home = format!("{}.account/", world.base);
    assert_eq!(browser.visit(&one).await.url, home);
    assert_eq!(browser.visit(&two).await.url, home);
    assert_eq!(browser.visit(&two).await.url, home, "back");
    let mut other = Browser::new(&world);
    let there = browser.visit(DOOR).await;
    let stolen = other.visit(&ent.sign_in(&there.url, "malo")).await;
    assert!(stolen.says("Cette connexion a expiré"));
    stolen.answer.is(400);
}

/// Shows: O-310, CP-12
#[tokio::test]
async fn signing_out_at_the_school_ends_the_sessions_that_rest_on_it() {
    let (world, ent) = world().await;
    let id = linked(&world, &ent, "malo").await;
    let tell = async |token: &str| {
        let asking = world.nobody.ask("POST", &format!("{}{DOOR}backchannel", world.base));
        asking.content("application/x-www-form-urlencoded", format!("logout_token={token}")).send().await
    };
    let left = async || world.accounts.sessions(&id).await.unwrap().len();
    let (mut phone, mut computer) = (Browser::new(&world), Browser::new(&world));
    through(&mut phone, &ent, DOOR, "malo").await;
    let first = ent.session("malo").unwrap();
    through(&mut computer, &ent, DOOR, "malo").await;
    assert_eq!(left().await, 2);
    // One session there is one session here, whether the person is named or not.
    let answer = tell(&ent.logout_token("malo", &json!({ "sub": null, "sid": first }))).await.is(200);
    assert_eq!(answer.field("cache-control"), "no-store");
    assert_eq!(left().await, 1);
    let faults: [Value; 6] = [
        json!({ "aud": "other" }),
        json!({ "iss": "https://other.example" }),
        json!({ "events": {} }),
        json!({ "nonce": "n" }),
        json!({ "jti": null }),
        json!({ "sub": null }),
    ];
    for changes in faults {
        tell(&ent.logout_token("malo", &changes)).await.is(400);
        assert_eq!(left().await, 1, "{changes}");
    }
    tell("nonsense").await.is(400);
    tell(&ent.logout_token("lena", &json!({}))).await.is(200);
    assert_eq!(left().await, 1, "somebody else");
    let token = ent.logout_token("malo", &json!({}));
    tell(&token).await.is(200);
    assert_eq!(left().await, 0);
    through(&mut phone, &ent, DOOR, "malo").await;
    tell(&token).await.is(400);
    assert_eq!(left().await, 1, "a token is heard once");
}

/// Shows: O-304
#[tokio::test]
async fn a_link_is_unique_among_accounts() {
    let (world, ent) = world().await;
    let mut draft = Draft::new(world.clock.now());
    draft.add_link(Link::to(&person(&ent, "malo"), world.clock.now()));
    world.accounts.save(draft, Change::of(Scope::House, world.clock.now())).await.unwrap();
    let mut twin = Draft::new(world.clock.now());
    twin.add_link(Link::to(&person(&ent, "malo"), world.clock.now()));
    assert!(world.accounts.save(twin, Change::of(Scope::House, world.clock.now())).await.is_err());
}

/// Shows: CP-10, CP-11, CP-13, CP-15
#[tokio::test]
async fn a_server_without_passwords_shows_the_ways_that_are_open() {
    let settings = Settings { password_sign_in: false, ..Settings::default() };
    let (world, ent) = world_with(settings).await;
    let pupil = world.pupil("malo").await;
    world.accounts.link(&pupil.account, &person(&ent, "malo")).await.unwrap();
    let mut browser = Browser::new(&world);
    let page = browser.visit(".account/login/").await;
    assert!(page.says("Entrer avec mon ENT") && !page.answer.text().contains("name=\"password\""), "{page:?}");
    let ways =
        world.nobody.ask("GET", &format!("{}.account/login/", world.base)).accept("application/json").send().await;
    assert!(ways.text().contains("ENT Armorique") && !ways.text().contains("Email/password"), "{ways:?}");
    let typed = json!({ "email": pupil.email, "password": pupil.password }).to_string();
    let asking = world.nobody.ask("POST", &format!("{}.account/login/password/", world.base));
    let refused = asking.content("application/json", typed).send().await.is(403);
    assert!(refused.text().contains("no-password-sign-in"), "{refused:?}");
    assert_eq!(through(&mut browser, &ent, DOOR, "malo").await.url, format!("{}.account/", world.base));
}
