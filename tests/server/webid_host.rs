//! WebIDs on a host of their own: chosen at sign-up, read like any profile, written by nobody, and gone for ever with
//! their account.

use std::time::Duration;

use cartable::identity::account::{Email, Leaving};

use crate::browser::Browser;
use crate::sign_up::PASSWORD;
use crate::world::{Answer, Asking, Settings, World};

const NAME: &str = "renard-bleu-42";

async fn world() -> World {
    World::with(Settings { webids: true, ..Settings::default() }).await
}

impl World {
    /// The address of a document on the host for WebIDs.
    fn card(&self, name: &str) -> String {
        format!("http://{}/{name}", self.webid_host())
    }

    fn webid_host(&self) -> String {
        format!("id.{}", self.authority())
    }

    fn ask_card(&self, method: &str, name: &str) -> Asking<'_> {
        self.nobody.ask(method, &self.card(name)).header("host", &self.webid_host())
    }

    async fn read_card(&self, name: &str) -> Answer {
        self.ask_card("GET", name).accept("text/turtle").send().await
    }
}

impl Browser<'_> {
    /// Signs up with a WebID apart; what is shown before the space is opened.
    async fn sign_up_apart(&mut self, world: &World) {
        let page = self.begin(world).await;
        let page = self.fill(&page, &[("email", "dora@example.org")]).await;
        assert!(page.says("Garder mon identité à part") && !page.answer.text().contains("checked"));
        let page = self.fill(&page, &[("name", NAME), ("apart", "yes")]).await;
        self.fill(&page, &[("accept", "yes")]).await;
        let page = self.visit(&world.link("dora@example.org").await).await;
        let page = self.fill(&page, &[]).await;
        let page = self.fill(&page, &[("password", PASSWORD)]).await;
        let page = self.fill(&page, &[]).await;
        assert!(page.says(&format!("{}#me", world.card(NAME))), "{}", page.answer.text());
        world.read_card(NAME).await.is(404);
        self.fill(&page, &[]).await;
    }
}

/// Shows: M-51, O-211
#[tokio::test]
async fn a_webid_apart_is_chosen_at_sign_up_and_signs_in() {
    let world = world().await;
    Browser::new(&world).sign_up_apart(&world).await;
    let (card, webid) = (world.card(NAME), format!("{}#me", world.card(NAME)));
    let pod = format!("{}{NAME}/", world.base);
    let shown = world.read_card(NAME).await.is(200);
    let says = |turtle: &str| assert!(shown.says(&card, turtle), "{turtle}: {}", shown.text());
    says(&format!("<> a foaf:PersonalProfileDocument. <#me> solid:oidcIssuer <{}>.", world.base));
    says(&format!("<#me> pim:storage <{pod}>; ldp:inbox <{pod}inbox/>."));
    says(&format!("<#me> <http://www.w3.org/2000/01/rdf-schema#seeAlso> <{pod}profile/card>."));
    let profile = world.nobody.ask("GET", &format!("{pod}profile/card")).accept("text/turtle").send().await.is(200);
    assert!(profile.says(&format!("{pod}profile/card"), &format!("<{webid}> a foaf:Person.")));
    assert!(!profile.text().contains("oidcIssuer"), "the WebID says itself who vouches for it");

    let account = world.accounts.by_email(&Email::parse("dora@example.org").unwrap()).await.unwrap().unwrap();
    assert_eq!(account.webids, [webid.as_str()]);
    let made = world.accounts.create_credential(&account.id, Some(&webid), None).await.unwrap();
    let dora = world.nobody.clone().speaks_for(&webid, made.credential.id.as_str(), &world.keys).await;
    dora.get(&pod).await.is(200);
    world.bob.get(&pod).await.is(403);
    world.accounts.set_disabled(&account.id, true).await.unwrap();
    dora.get(&pod).await.is(401);
}

/// Shows: M-51, solid#server-method-not-allowed
#[tokio::test]
async fn the_document_is_read_like_any_other_and_written_by_nobody() {
    let world = world().await;
    Browser::new(&world).sign_up_apart(&world).await;
    let shown = world.ask_card("GET", NAME).header("origin", "https://app.example").send().await.is(200);
    assert_eq!(shown.field("access-control-allow-origin"), "https://app.example");
    assert_eq!(shown.field("wac-allow"), "user=\"read\",public=\"read\"");
    assert_eq!((shown.field("allow"), shown.field("cache-control")), ("GET, HEAD, OPTIONS", "no-cache"));
    assert!(shown.field("vary").contains("Accept"));
    let tag = shown.field("etag").to_owned();
    let again = world.ask_card("GET", NAME).header("if-none-match", &tag).send().await.is(304);
    assert_eq!(again.field("etag"), tag);
    let json = world.ask_card("GET", NAME).accept("application/ld+json").send().await.is(200);
    assert!(json.field("content-type") == "application/ld+json" && json.field("etag") != tag);
    assert!(json.says(&world.card(NAME), &format!("<#me> solid:oidcIssuer <{}>.", world.base)));
    let head = world.ask_card("HEAD", NAME).send().await.is(200);
    assert!(head.body.is_empty() && head.field("content-length") == shown.body.len().to_string());
    let part = world.ask_card("GET", NAME).header("range", "bytes=0-6").send().await.is(206);
    assert_eq!(part.text(), &shown.text()[..7]);
    world.ask_card("GET", NAME).accept("image/png").send().await.refused(406, "not-acceptable");
    world.ask_card("OPTIONS", NAME).send().await.is(204);
    let preflight = world.ask_card("OPTIONS", NAME).header("origin", "https://app.example");
    let preflight = preflight.header("access-control-request-method", "GET").send().await.is(204);
    assert!(!preflight.field("access-control-allow-methods").is_empty());
    for method in ["PUT", "POST", "PATCH", "DELETE"] {
        let refused = world.ask_card(method, NAME).turtle("<> a <#X>.").refused(405, "method-not-allowed").await;
        assert_eq!(refused.field("allow"), "GET, HEAD, OPTIONS");
    }
    for name in ["hibou-sage-77", "alice", "", ".acl", ".account/"] {
        world.ask_card("GET", name).send().await.refused(404, "not-found");
    }
    let unknown = world.nobody.ask("GET", &world.card(NAME)).header("host", "other.localhost");
    unknown.send().await.refused(421, "unknown-host");
    let nonsense = world.ask_card("GET", NAME).header("authorization", "DPoP nonsense").header("dpop", "x");
    nonsense.send().await.is(401);
}

/// Shows: M-51, O-327, O-329
#[tokio::test]
async fn a_webid_that_is_gone_stays_gone() {
    let world = world().await;
    Browser::new(&world).sign_up_apart(&world).await;
    let account = world.accounts.by_email(&Email::parse("dora@example.org").unwrap()).await.unwrap().unwrap();
    world.accounts.close(&account.id, Leaving::Wished).await.unwrap();
    world.read_card(NAME).await.refused(410, "space-closed");
    world.clock.advance(Duration::from_hours(30 * 24));
    world.work().await;
    world.read_card(NAME).await.refused(410, "space-gone");
    let mut other = Browser::new(&world);
    let page = other.begin(&world).await;
    let page = other.fill(&page, &[("email", "emil@example.org")]).await;
    assert_eq!(other.fill(&page, &[("name", NAME)]).await.answer.status, 409);
}
