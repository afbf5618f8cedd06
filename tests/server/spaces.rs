//! Several spaces and identities of one account: making, showing, linking and unlinking them, as people do on pages.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use cartable::identity::account::{Error, Event, Happened, Refusal};
use cartable::path::PodName;
use cartable::provision::Owner;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::browser::{Browser, Pupil, Shown};
use crate::sign_in::App;
use crate::world::{Settings, World};

const SPACES: &str = ".account/settings/spaces/";
const NEW_SPACE: &str = ".account/settings/new-space/";
const NEW_IDENTITY: &str = ".account/settings/identities/new/";

fn name(text: &str) -> PodName {
    PodName::parse(text).unwrap()
}

impl World {
    async fn happened(&self, pupil: &Pupil) -> Vec<Happened> {
        let account = self.accounts.account(&pupil.account).await.unwrap().unwrap();
        let events: Vec<Event> = self.accounts.events(&account, 100).await.unwrap();
        events.into_iter().map(|event| event.happened).collect()
    }

    async fn webids(&self, pupil: &Pupil) -> Vec<String> {
        self.accounts.account(&pupil.account).await.unwrap().unwrap().webids
    }
}

impl Browser<'_> {
    /// Sends the form of a page of the settings.
    async fn tell(&mut self, page: &Shown, fields: &[(&str, &str)]) -> Shown {
        let form = page.form("action=\"/.account/settings/");
        self.submit(page, &form, fields).await
    }

    /// The page of a space or an identity that the list leads to.
    async fn open(&mut self, named: &str) -> Shown {
        let list = self.visit(SPACES).await;
        let row = list.answer.text().split("<li>").find(|row| row.contains(&format!("\"title\">{named}<"))).unwrap();
        let link = row.split("class=\"act\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        self.visit(link.trim_start_matches('/')).await
    }
}

/// Shows: O-327, CP-03
#[tokio::test]
async fn another_space_is_made_up_to_the_limit() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    let page = browser.visit(NEW_SPACE).await;
    let missing = browser.tell(&page, &[("name", "lea-two")]).await;
    assert!(missing.answer.status == 422 && missing.says("Choisissez à quelle identité"));
    let taken = browser.tell(&page, &[("name", "a1ice"), ("owner", "profile")]).await;
    assert!(taken.answer.status == 409 && taken.says("déjà pris") && taken.says("Libres en ce moment"));
    let reserved = browser.tell(&page, &[("name", "admin"), ("owner", "profile")]).await;
    assert!(reserved.answer.status == 422 && reserved.says("réservé"));
    let stranger = browser.tell(&page, &[("name", "lea-two"), ("owner", world.alice.webid())]).await;
    assert_eq!(stranger.answer.status, 422);
    let list = browser.tell(&page, &[("name", "Lea-Two"), ("owner", &lea.webid)]).await;
    assert!(list.says("nouvel espace est ouvert") && list.says("lea-two"), "{}", list.answer.text());
    assert_eq!(world.webids(&lea).await, [lea.webid.as_str()]);
    browser.tell(&page, &[("name", "lea-three"), ("owner", "profile")]).await;
    assert_eq!(world.webids(&lea).await.len(), 2);
    assert!(world.happened(&lea).await.contains(&Happened::PodMade { name: name("lea-three") }));
    let full = browser.tell(&page, &[("name", "lea-four"), ("owner", "profile")]).await;
    assert!(full.answer.status == 409 && full.says("au plus 3 espaces"));
    let list = browser.visit(SPACES).await;
    assert!(list.says("au plus 3 espaces") && !list.says("Créer un autre espace"));
    let one = browser.open("lea-two").await;
    assert!(one.says(&format!("{}lea-two/", world.base)) && one.says(&lea.webid) && one.says("utilisés"));
    assert_eq!(browser.visit(&format!("{SPACES}alice/")).await.answer.status, 404);
}

/// Shows: O-327
#[tokio::test]
async fn of_two_who_ask_for_one_name_at_once_one_gets_it() {
    let world = World::start().await;
    let (lea, malo) = (world.pupil("lea").await, world.pupil("malo").await);
    let provision = world.provision();
    let (ours, theirs) = (name("hibou-sage"), name("hib0u-sage"));
    let (one, other) = tokio::join!(
        provision.pod(&lea.account, &ours, Owner::Profile),
        provision.pod(&malo.account, &theirs, Owner::Profile)
    );
    let refused = [one.err(), other.err()];
    let refused: Vec<_> = refused.into_iter().flatten().collect();
    assert!(matches!(refused.as_slice(), [Error::Refused(Refusal::NameTaken)]), "{refused:?}");
}

/// Shows: O-211
#[tokio::test]
async fn a_name_is_shown_to_others_only_once_its_owner_says_so() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    let card = format!("{}profile/card", lea.pod);
    let shown = async || world.nobody.get(&card).await.is(200).text().to_owned();
    assert!(!shown().await.contains("name"));
    let page = browser.open("lea").await;
    let saved = browser.tell(&page, &[("name", "Léa \"<b>\" B.")]).await;
    assert!(saved.says("C’est enregistré") && !saved.answer.text().contains("<b>"));
    let profile = world.nobody.ask("GET", &card).accept("text/turtle").send().await;
    assert!(profile.says(&card, "<#me> foaf:name \"Léa \\\"<b>\\\" B.\"."), "{}", profile.text());
    browser.tell(&page, &[("name", "Léa")]).await;
    let profile = shown().await;
    assert!(profile.contains("Léa") && !profile.contains("B."), "{profile}");
    assert_eq!(browser.tell(&page, &[("name", &"x".repeat(101))]).await.answer.status, 422);
    browser.tell(&page, &[("name", " ")]).await;
    assert!(!shown().await.contains("Léa"));
}

/// Shows: O-206, O-343
#[tokio::test]
async fn an_identity_is_unlinked_unless_a_space_belongs_to_it() {
    let world = World::start().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    let extra = format!("{}people/lea#me", lea.pod);
    let page = browser.visit(NEW_IDENTITY).await;
    let linked = browser.tell(&page, &[("webid", &extra)]).await;
    assert!(linked.says("ne nomme plus ce serveur"), "its document does not exist yet: {}", linked.answer.text());
    assert_eq!(world.webids(&lea).await, [lea.webid.clone(), extra.clone()]);
    let key = world.accounts.create_credential(&lea.account, Some(&extra), None).await.unwrap().credential;
    assert!(world.accounts.stands(key.id.as_str(), &extra).await.unwrap());

    // Unlinking the one that owns the space is refused, the other goes with its keys.
    let list = browser.visit(SPACES).await;
    let owner = browser.visit(&link_of(&list, &lea.webid)).await;
    let form = owner.form("name=\"unlink\"");
    let refused = browser.submit(&owner, &form, &[("unlink", "yes")]).await;
    assert!(refused.answer.status == 409 && refused.says("L’espace lea appartient à cette identité"));
    let form = linked.form("name=\"unlink\"");
    let done = browser.submit(&linked, &form, &[("unlink", "yes")]).await;
    assert!(done.says("L’identité est déliée"), "{}", done.answer.text());
    assert!(!world.accounts.stands(key.id.as_str(), &extra).await.unwrap());
    let last = browser.submit(&owner, &owner.form("name=\"unlink\""), &[("unlink", "yes")]).await;
    assert!(last.answer.status == 409 && last.says("votre seule identité"));
    assert!(world.happened(&lea).await.contains(&Happened::WebIdUnlinked { webid: extra }));
    world.clock.advance(Duration::from_mins(6));
    let asked = browser.submit(&owner, &owner.form("name=\"unlink\""), &[("unlink", "yes")]).await;
    assert!(asked.url.contains("/.account/confirm/"), "{}", asked.url);
}

/// Where the list leads for a WebID.
fn link_of(list: &Shown, webid: &str) -> String {
    let row = list.answer.text().split("<li>").find(|row| row.contains(&format!("\"second\">{webid}<"))).unwrap();
    row.split("class=\"act\" href=\"/").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// A host elsewhere with the document of one WebID.
struct Host {
    webid: String,
    turtle: Arc<Mutex<String>>,
}

impl Host {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let webid = format!("http://localhost:{}/card#me", listener.local_addr().unwrap().port());
        let turtle = Arc::new(Mutex::new(String::new()));
        let told = turtle.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let body = told.lock().clone();
                let _ = stream.read(&mut [0; 4096]).await;
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: text/turtle\r\nCache-Control: no-cache\r\nConnection: close";
                let text = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(text.as_bytes()).await;
            }
        });
        Self { webid, turtle }
    }
}

/// Shows: O-205, O-204, O-343, O-40
#[tokio::test]
async fn an_identity_from_elsewhere_is_proved_and_signs_in() {
    let world = World::with(Settings { reaches_loopback: true, ..Settings::default() }).await;
    let (lea, host) = (world.pupil("lea").await, Host::start().await);
    let mut browser = world.browser_of(&lea).await;
    let page = browser.visit(NEW_IDENTITY).await;
    for (webid, status) in [("nothing", 422), (world.alice.webid(), 403), (&lea.webid, 409)] {
        assert_eq!(browser.tell(&page, &[("webid", webid)]).await.answer.status, status, "{webid}");
    }
    let prove = browser.tell(&page, &[("webid", &host.webid)]).await;
    assert!(prove.answer.status == 200 && prove.says("Montrez qu’elle est à vous"), "{}", prove.answer.text());
    let absent = browser.tell(&prove, &[("check", "yes")]).await;
    assert!(absent.answer.status == 422 && absent.says("La ligne n’est pas encore dans le document"));
    let triple = code_box(&absent);
    assert!(
        triple.starts_with(&format!("<{}> <http://www.w3.org/ns/solid/terms#oidcIssuerRegistrationToken>", host.webid))
    );
    *host.turtle.lock() = triple.clone();
    world.clock.advance(Duration::from_mins(31));
    let mut browser = world.browser_of(&lea).await;
    let page = browser.visit(NEW_IDENTITY).await;
    let late = browser.tell(&page, &[("webid", &host.webid)]).await;
    assert!(late.says("Montrez qu’elle est à vous") && code_box(&late) != triple, "the token is good for 30 minutes");
    *host.turtle.lock() = code_box(&late);
    let linked = browser.tell(&late, &[("check", "yes")]).await;
    assert!(linked.says("ne nomme pas encore ce serveur"), "{}", linked.answer.text());

    let key = world.accounts.create_credential(&lea.account, Some(&host.webid), None).await.unwrap().credential;
    let client = key.id.as_str();
    let away = world.nobody.clone().speaks_for(&host.webid, client, &world.keys).await;
    let rule = format!(
        "[] a acl:Authorization; acl:agent <{}>; acl:accessTo <{}>; acl:mode acl:Read.",
        host.webid,
        world.alice.url("note")
    );
    world.alice.put("note", "<> a <#Note>.").await.is(201);
    world.alice.rules("note", &rule).await;
    away.get(&world.alice.url("note")).await.is(401);
    *host.turtle.lock() = format!("<#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <{}>.", world.base);
    world.clock.advance(Duration::from_mins(2));
    away.get(&world.alice.url("note")).await.is(200);

    let app = App::registered(&world, &serde_json::json!({})).await;
    let page = browser.visit(&app.request(&[])).await;
    assert!(page.says("Avec quel espace") && page.says(&host.webid), "{}", page.answer.text());
    let page = browser.wish(&page, "choose", &[("webid", &host.webid)]).await;
    let sent = browser.wish(&page, "allow", &[]).await;
    let tokens = app.tokens(&sent).await;
    app.reads(&world.alice.url("note"), &tokens).await.is(200);
    app.reads(&lea.pod, &tokens).await.is(403);
    world.accounts.unlink_webid(&lea.account, &host.webid).await.unwrap();
    app.reads(&world.alice.url("note"), &tokens).await.is(401);
    away.get(&world.alice.url("note")).await.is(401);
}

/// The text of the code box of a page.
fn code_box(page: &Shown) -> String {
    let (_, rest) = page.answer.text().split_once("<code id=\"triple\">").unwrap();
    let text = rest.split("</code>").next().unwrap();
    text.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"")
}
