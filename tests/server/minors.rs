//! Minors: a parent is asked by letter, answers, and changes the answer.

use cartable::identity::account::{Account, Service};

use crate::browser::Browser;
use crate::school::{self, DOOR, through};
use crate::world::World;

const PARENT: &str = "annick@example.org";

async fn malo(world: &World, issuer: &str) -> Account {
    world.accounts.by_link(issuer, "ent-malo").await.unwrap().unwrap()
}

/// Shows: O-312
#[tokio::test]
async fn optional_services_of_a_minor_wait_for_a_parent() {
    let (world, ent) = school::world().await;
    let mut browser = Browser::new(&world);
    let choice = through(&mut browser, &ent, DOOR, "malo").await;
    let page = browser.submit(&choice, &choice.form("value=\"create\""), &[("choice", "create")]).await;
    let page = browser.fill(&page, &[("email", "malo@example.org"), ("newsletter", "yes")]).await;
    let page = browser.fill(&page, &[("name", "renard-bleu-42")]).await;
    browser.fill(&page, &[("accept", "yes")]).await;
    let page = browser.visit(&world.link("malo@example.org").await).await;
    let page = browser.fill(&page, &[]).await;
    let page = browser.fill(&page, &[("password", "a bridge over the river")]).await;
    assert!(page.says("Adresse e-mail d’un parent"), "{page:?}");
    for wrong in ["no address", "malo@example.org"] {
        let again = browser.fill(&page, &[("contacts", "yes"), ("guardian", wrong)]).await;
        assert_eq!(again.answer.status, 422, "{wrong}");
    }
    let page = browser.fill(&page, &[("contacts", "yes"), ("guardian", PARENT)]).await;
    assert!(world.letters(PARENT).await.is_empty(), "nobody is written to before the space is there");
    let home = browser.fill(&page, &[]).await;
    assert_eq!(home.url, world.page(""), "the space works without an answer");
    let account = malo(&world, &ent.issuer).await;
    assert!(account.minor && account.newsletter && account.contacts.unwrap().given, "the pupil's own answers are kept");
    let may = async || {
        let account = malo(&world, &ent.issuer).await;
        Service::ALL.map(|service| account.may_use(service))
    };
    assert_eq!(may().await, [false; 2]);

    let link = world.link(PARENT).await;
    let mut parent = Browser::new(&world);
    let page = parent.visit(&link).await;
    assert!(page.says("renard-bleu-42") && page.says("Changer d’avis"), "{page:?}");
    assert!(!page.says("Malo Fictif"), "an address that a pupil typed may be anybody's");
    let nameless = parent.fill(&page, &[("answer", "yes"), ("name", " ")]).await;
    assert_eq!(nameless.answer.status, 422);
    parent.fill(&page, &[("answer", "yes"), ("name", "Annick Fictif")]).await.answer.is(200);
    assert_eq!(may().await, [true; 2]);
    let consent = malo(&world, &ent.issuer).await.guardian.unwrap();
    assert_eq!((consent.name.as_str(), consent.email.as_str()), ("Annick Fictif", PARENT));
    assert!(!consent.text.hash.is_empty() && consent.text.version == "1");
    assert_eq!(parent.visit(&link).await.answer.status, 410);

    let page = parent.visit(&world.link(PARENT).await).await;
    assert!(page.says("Votre réponse pour le moment"), "{page:?}");
    parent.fill(&page, &[("answer", "no"), ("name", "Annick Fictif")]).await.answer.is(200);
    assert_eq!(may().await, [false; 2], "at once");
    let page = browser.visit(&world.page("settings/guardian/")).await;
    assert!(page.says("Annick Fictif a refusé"), "{page:?}");
    let form = page.form("name=\"email\"");
    let own = browser.submit(&page, &form, &[("email", "malo@example.org")]).await;
    assert_eq!(own.answer.status, 422);
    let letters = world.letters(PARENT).await.len();
    browser.submit(&page, &form, &[("email", PARENT)]).await.answer.is(200);
    assert_eq!(world.letters(PARENT).await.len(), letters + 1);
    let events = browser.visit(&world.page("settings/events/")).await;
    assert!(events.says("Accord d’un parent donné") && events.says("Accord d’un parent refusé"), "{events:?}");
}

#[tokio::test]
async fn adults_have_no_such_page() {
    let world = World::start().await;
    let pupil = world.pupil("ada").await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(&world.page("login/")).await;
    browser.sign_in(&page, &pupil).await;
    assert_eq!(browser.visit(&world.page("settings/guardian/")).await.url, world.page("settings/"));
}
