//! The pages of connectors: connecting, watching, changing and disconnecting a source, as its owner does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cartable::ingest::Connector;
use cartable::ingest::outcome::{Status, Stopped};
use cartable::ingest::run::Run;
use cartable::ingest::target::Target;
use cartable::rdf::graph::{Literal, Term, Triple};
use parking_lot::Mutex;

use crate::browser::{Browser, Shown};
use crate::world::{Settings, World};

const CONNECTORS: &str = ".account/connectors/";
const CONNECT: &str = ".account/connectors/new/payslips/";
const LOGIN: &str = "299990699999912";
const PASSWORD: &str = "the pass phrase of the portal";

/// A portal that ends its runs as it is told, and has one document.
#[derive(Default)]
struct Portal {
    ends: Mutex<Option<Status>>,
}

#[async_trait]
impl Connector for Portal {
    fn name(&self) -> &'static str {
        "payslips"
    }

    async fn run(&self, run: &mut Run<'_>) -> Result<Status, Stopped> {
        let credentials: serde_json::Value = run.credentials()?;
        assert_eq!((&credentials["login"], &credentials["password"]), (&LOGIN.into(), &PASSWORD.into()));
        if let Some(status) = *self.ends.lock() {
            return Err(status.into());
        }
        let mut target = Target::new(run.path("/pay/one.ttl")?);
        let (this, name) = (Term::iri(format!("{}#it", run.iri(&target.path))), "December");
        let datatype = "http://www.w3.org/2001/XMLSchema#string".into();
        let name = Term::Literal(Literal { lexical: name.into(), datatype, language: None });
        target.graph.extend(Triple::new(this, "http://purl.org/dc/terms/title", name));
        run.apply(vec![target]).await?;
        Ok(Status::Ok)
    }
}

async fn world() -> (World, Arc<Portal>) {
    let portal = Arc::new(Portal::default());
    let settings = Settings { connectors: vec![portal.clone()], ..Settings::default() };
    (World::with(settings).await, portal)
}

/// Connects the portal, and gives the page of the connection.
async fn connect(browser: &mut Browser<'_>) -> Shown {
    let page = browser.visit(CONNECT).await;
    let fields = [("login", "2 99 99 06 999 999 12"), ("secret", PASSWORD), ("label", "Ma paye")];
    let list = browser.submit(&page, &page.form("name=\"secret\""), &fields).await;
    assert!(list.says("C’est relié.") && list.says("Ma paye") && list.says("Mise à jour en cours."), "{list:?}");
    let link = list.answer.text().split("class=\"act\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.visit(link.trim_start_matches('/')).await
}

/// Shows: CP-20, CP-26, O-343
#[tokio::test]
async fn a_source_is_connected_by_who_has_just_confirmed_and_nothing_shows_what_opens_it() {
    let (world, _) = world().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    let list = browser.visit(CONNECTORS).await;
    assert!(list.says("Rien n’est relié") && list.says("Portail de paye"), "{list:?}");
    world.clock.advance(Duration::from_mins(11));
    assert!(browser.visit(CONNECT).await.url.contains("/.account/confirm/?next="));
    let page = browser.visit(&format!(".account/confirm/?next=/{CONNECT}")).await;
    let page = browser.submit(&page, &page.form("name=\"password\""), &[("password", lea.password)]).await;
    let wrong = browser.submit(&page, &page.form("name=\"secret\""), &[("login", LOGIN), ("secret", "")]).await;
    assert!(wrong.answer.status == 422 && wrong.says("Écrivez le mot de passe du portail."), "{wrong:?}");
    assert!(!wrong.says(LOGIN), "what opens the portal is not shown again");
    let one = connect(&mut browser).await;
    world.run().await;
    let done = browser.visit(&one.url).await;
    assert!(done.says("tout est arrivé.") && done.says("Chaque semaine"), "{done:?}");
    let home = browser.visit(".account/").await;
    assert!(
        home.says("Arrivé cette semaine") && home.says("1 de plus") && !home.says("À vous de répondre"),
        "{home:?}"
    );
    for page in [&one, &done, &home] {
        assert!(!page.says(LOGIN) && !page.says(PASSWORD), "{page:?}");
    }
    let mia = world.pupil("mia").await;
    let mut stranger = world.browser_of(&mia).await;
    for page in ["", "progress/", "remove/"] {
        stranger.send("GET", &format!("{}{page}", one.url), None).await.is(404);
    }
}

/// Shows: CP-21, CP-22, CP-23
#[tokio::test]
async fn its_owner_runs_it_watches_it_and_changes_how_often() {
    let (world, _) = world().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    let one = connect(&mut browser).await;
    assert!(one.says("data-progress") && !one.says(">Mettre à jour<"), "it runs: {one:?}");
    world.run().await;
    let page = browser.visit(&one.url).await;
    let page = browser.submit(&page, &page.form("name=\"frequency\""), &[("frequency", "monthly")]).await;
    assert!(
        page.says("La fréquence est changée.") && page.answer.text().contains("value=\"monthly\" checked"),
        "{page:?}"
    );
    let page = browser.submit(&page, &page.form("name=\"label\""), &[("label", "  Paye <du> lycée ")]).await;
    assert!(page.says("<h1>Paye <du> lycée</h1>"), "{page:?}");
    let page = browser.submit(&page, &page.form("name=\"run\""), &[("run", "now")]).await;
    assert!(page.says("La mise à jour commence."), "{page:?}");
    world.run().await;
    let page = browser.visit(&one.url).await;
    assert!(page.says("rien de nouveau.") || page.says("tout est arrivé."), "{page:?}");
    let events = browser.send("GET", &format!("{}progress/", one.url), None).await.is(200);
    assert_eq!(events.field("content-type"), "text/event-stream");
    assert!(events.text().starts_with("event: ended\ndata: {"), "{events:?}");
    let soon = browser.submit(&page, &page.form("name=\"run\""), &[("run", "now")]).await;
    assert!(soon.answer.status == 429 && soon.says("Attendez dix minutes"), "{soon:?}");
}

/// Shows: CP-24
#[tokio::test]
async fn what_went_wrong_is_said_with_what_to_do() {
    let (world, portal) = world().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    *portal.ends.lock() = Some(Status::LoginFailed);
    let one = connect(&mut browser).await;
    world.run().await;
    let page = browser.visit(&one.url).await;
    assert!(page.says("le mot de passe n’est pas accepté") && page.says("Se reconnecter"), "{page:?}");
    let home = browser.visit(".account/").await;
    assert!(home.says("À vous de répondre") && home.says("n’est pas accepté"), "{home:?}");
    *portal.ends.lock() = None;
    let link = page.answer.text().split("href=\"").find(|link| link.contains("?connection=")).unwrap();
    let form = browser.visit(link.split('"').next().unwrap().trim_start_matches('/')).await;
    let page = browser.submit(&form, &form.form("name=\"secret\""), &[("login", LOGIN), ("secret", PASSWORD)]).await;
    assert!(page.says("La mise à jour commence."), "{page:?}");
    world.run().await;
    assert!(browser.visit(&one.url).await.says("tout est arrivé."));
    assert!(!browser.visit(".account/").await.says("À vous de répondre"));
}

/// Shows: CP-28
#[tokio::test]
async fn disconnecting_asks_what_becomes_of_the_data() {
    let (world, _) = world().await;
    let lea = world.pupil("lea").await;
    let mut browser = world.browser_of(&lea).await;
    let one = connect(&mut browser).await;
    world.run().await;
    let page = browser.visit(&format!("{}remove/", one.url)).await;
    let form = page.form("name=\"data\"");
    let missing = browser.submit(&page, &form, &[]).await;
    assert!(missing.answer.status == 422 && missing.says("Choisissez ce que devient"), "{missing:?}");
    let list = browser.submit(&page, &form, &[("data", "keep")]).await;
    assert!(list.says("C’est coupé.") && list.says("Rien n’est relié") && !list.says("Ma paye"), "{list:?}");
    world.run().await;
    browser.send("GET", &one.url, None).await.is(404);
}
