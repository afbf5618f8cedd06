//! Who vouches for a WebID: adding or changing `solid:oidcIssuer` takes Control.

use cartable::identity::account::Happened;
use cartable::path::PodName;

use crate::browser::{Browser, Pupil, Shown};
use crate::world::{Asking, PREFIXES, Person, World};

const ISSUER: &str = "solid:oidcIssuer <https://evil.example/>";

/// Lets Bob do everything but control with Alice's pod.
async fn world_with_a_writer() -> World {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.allow_all("", bob, "acl:Read, acl:Write").await;
    alice.allow("profile/card", bob, "acl:Read, acl:Write").await;
    world
}

fn with_issuer(person: &Person, profile: &str) -> String {
    format!("{PREFIXES}{profile}\n<{}> {ISSUER}.", person.webid())
}

/// Every way in which an issuer could come into a document, for who may only write.
///
/// Shows: oidc#oidc-issuer-discovery
#[tokio::test]
async fn a_writer_cannot_add_an_issuer() {
    let world = world_with_a_writer().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let card = alice.url("profile/card");
    let profile = alice.get(&card).await.is(200).text().to_owned();
    let changed = profile.replace(&format!("<{}>", world.base), "<https://evil.example/>");
    assert_ne!(changed, profile);
    let json = format!(
        r#"[{{"@id": "{}", "http://www.w3.org/ns/solid/terms#oidcIssuer": [{{"@id": "https://evil.example/"}}]}}]"#,
        alice.webid()
    );
    let put = |body: &str| bob.ask("PUT", &card).turtle(body);
    let refused: Vec<Asking<'_>> = vec![
        put(&with_issuer(alice, &profile)),
        put(&changed),
        bob.ask("PUT", &card).content("application/ld+json", json),
        bob.ask("PATCH", &card).n3(&format!("solid:inserts {{ <#me> {ISSUER} }}")),
        bob.ask("PATCH", &card).n3(&format!("solid:where {{ ?who solid:oidcIssuer ?i }} ; solid:deletes {{ ?who solid:oidcIssuer ?i }} ; solid:inserts {{ ?who {ISSUER} }}")),
        // Even where the patch does not name the property.
        bob.ask("PATCH", &card).n3(&format!("solid:where {{ <#me> ?says <{}> }} ; solid:inserts {{ <#me> ?says <https://evil.example/> }}", world.base)),
        bob.ask("PATCH", &card).sparql("INSERT DATA { <#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <https://evil.example/> }"),
        // WebIDs that do not exist yet.
        bob.ask("PATCH", &card).n3(&format!("solid:inserts {{ <#other> {ISSUER} }}")),
        bob.ask("PUT", &alice.url("new")).turtle(&format!("{PREFIXES}<#me> {ISSUER}.")),
        bob.ask("PUT", &alice.url("new")).turtle(&format!("{PREFIXES}<> {ISSUER}.")),
        bob.ask("PATCH", &alice.url("new")).n3(&format!("solid:inserts {{ <#me> {ISSUER} }}")),
        bob.ask("POST", &alice.url("settings/")).turtle(&format!("{PREFIXES}<#me> {ISSUER}.")),
        bob.ask("POST", &alice.url("settings/")).turtle(&format!("{PREFIXES}<card#me> {ISSUER}.")).header("slug", "card"),
        // A container's own triples are shown in its document.
        bob.ask("PUT", &alice.url("box/")).turtle(&format!("{PREFIXES}<#me> {ISSUER}.")),
        bob.ask("PUT", &alice.url("settings/")).turtle(&format!("{PREFIXES}<#me> {ISSUER}.")),
        bob.ask("PATCH", &alice.url("settings/")).n3(&format!("solid:inserts {{ <#me> {ISSUER} }}")),
        bob.ask("PUT", &alice.url("settings/.meta")).turtle(&format!("{PREFIXES}<{}#me> {ISSUER}.", alice.url("settings/"))),
        bob.ask("PATCH", &alice.url("settings/.meta")).n3(&format!("solid:inserts {{ <{}#me> {ISSUER} }}", alice.url("settings/"))),
        bob.ask("POST", &alice.url("settings/")).container().turtle(&format!("{PREFIXES}<#me> {ISSUER}.")),
    ];
    for asking in refused {
        asking.refused(403, "issuer-needs-control").await;
    }
    assert_eq!(alice.get(&card).await.text(), profile);
}

/// Shows: oidc#oidc-issuer-discovery
#[tokio::test]
async fn a_writer_may_change_the_rest() {
    let world = world_with_a_writer().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let card = alice.url("profile/card");
    let profile = alice.get(&card).await.is(200).text().to_owned();
    bob.put(&card, &format!("{profile}\n<#me> foaf:name \"A\".")).await.is(204);
    bob.patch(&card, "solid:inserts { <#me> foaf:nick \"a\" }").await.is(204);
    // What others say of people elsewhere is no document of theirs.
    bob.put(&alice.url("note"), &format!("{PREFIXES}<https://elsewhere.example/dora#me> {ISSUER}.")).await.is(201);
    bob.put(&alice.url("card2"), &format!("{PREFIXES}<{}> {ISSUER}.", alice.webid())).await.is(201);
    alice.get("note").await.is(200);
}

/// Shows: oidc#oidc-issuer-discovery
#[tokio::test]
async fn who_controls_a_profile_may_change_its_issuers() {
    let world = world_with_a_writer().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let card = alice.url("profile/card");
    alice.patch(&card, &format!("solid:inserts {{ <#me> {ISSUER} }}")).await.is(204);
    alice.get(&card).await.is(200);
    // What is said already may be said again.
    let profile = alice.get(&card).await.text().to_owned();
    bob.put(&card, &format!("{profile}\n<#me> foaf:name \"A\".")).await.is(204);
    alice.patch(&card, &format!("solid:deletes {{ <#me> {ISSUER} }}")).await.is(204);
    bob.ask("PUT", &card).turtle(&profile).refused(403, "issuer-needs-control").await;
    alice.allow("profile/card", bob, "acl:Read, acl:Write, acl:Control").await;
    bob.put(&card, &profile).await.is(204);
}

/// Neither can one be copied or moved in.
///
/// Shows: oidc#oidc-issuer-discovery
#[tokio::test]
async fn an_issuer_cannot_be_copied_in() {
    let world = world_with_a_writer().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.put("made/card", &format!("{PREFIXES}<#me> {ISSUER}.")).await.created();
    alice.ask("PUT", "made/other").turtle(&format!("{PREFIXES}<{}> {ISSUER}.", alice.webid())).send().await.is(201);
    for (from, to) in [
        ("made/card", "profile/card"),
        ("made/other", "profile/card"),
        ("made/card", "profile/new"),
        ("made/", "profile/"),
    ] {
        for verb in ["COPY", "MOVE"] {
            let asking = bob.ask(verb, &alice.url(from)).header("destination", &alice.url(to));
            let answer = asking.send().await;
            assert_eq!(answer.status, 403, "{verb} {from} {to}: {answer:?}");
        }
    }
    assert!(!alice.get("profile/card").await.text().contains("evil"));
}

const WARNING: &str = "https://w3id.org/cartable/ns#warning";
const MISSING: [&str; 1] = ["https://w3id.org/cartable/problems#issuer-missing"];

/// Somebody with a letterbox, and an application of theirs.
async fn owner(world: &World) -> (Pupil, Person) {
    let lea = world.pupil("lea").await;
    let key = world.accounts.create_credential(&lea.account, None, None).await.unwrap().credential;
    let owner = world.nobody.clone().speaks_for(&lea.webid, key.id.as_str(), &world.keys).await;
    (lea, owner)
}

/// How many letters to Lea say this.
async fn told(world: &World, text: &str) -> usize {
    world.letters("lea@example.org").await.iter().filter(|letter| letter.contains(text)).count()
}

const GONE: &str = "ne nomme plus aucun service";
const CHANGED: &str = "nomme maintenant un service";

/// Shows: O-214
#[tokio::test]
async fn losing_the_last_issuer_is_told_and_can_be_repaired() {
    let world = World::start().await;
    let (lea, app) = owner(&world).await;
    let card = format!("{}profile/card", lea.pod);
    let profile = app.get(&card).await.is(200).text().to_owned();
    app.put(&card, &format!("{profile}\n<#me> foaf:nick \"l\".")).await.is(204);
    app.put(&format!("{}note", lea.pod), "<> a <#Note>.").await.is(201);
    assert_eq!((told(&world, GONE).await, told(&world, CHANGED).await), (0, 0), "nothing that matters has changed");

    let clauses = format!("solid:deletes {{ <#me> solid:oidcIssuer <{}> }}", world.base);
    let answer = app.patch(&card, &clauses).await.is(204);
    assert_eq!(answer.links(WARNING), MISSING);
    assert!(!answer.links("acl").is_empty() && answer.headers.get_all("link").iter().count() == 1);
    app.get(&lea.pod).await.is(401);
    assert_eq!(told(&world, GONE).await, 1);

    let mut browser = world.browser_of(&lea).await;
    let settings = browser.visit(".account/settings/").await;
    assert!(settings.says("Réparer l’entrée"), "{}", settings.answer.text());
    repair(&world, &mut browser, &settings).await;
    app.get(&lea.pod).await.is(200);
    assert_eq!(told(&world, CHANGED).await, 1);
    assert!(world.nobody.get(&card).await.is(200).text().contains("nick"), "the rest is as it was");
    assert!(!browser.visit(".account/settings/").await.says("Réparer l’entrée"));

    // A profile that is gone altogether is made anew, for everybody to read.
    assert_eq!(app.delete(&card).await.is(204).links(WARNING), MISSING);
    world.nobody.get(&card).await.is(401);
    repair(&world, &mut browser, &settings).await;
    assert!(world.nobody.get(&card).await.is(200).text().contains("oidcIssuer"));
    app.get(&lea.pod).await.is(200);
    assert_eq!((told(&world, GONE).await, told(&world, CHANGED).await), (2, 2));
}

async fn repair(world: &World, browser: &mut Browser<'_>, settings: &Shown) {
    let (_, link) = settings.answer.text().split_once("/.account/settings/identities/").unwrap();
    let link = link.split('"').next().unwrap();
    let page = browser.visit(&world.page(&format!("settings/identities/{link}"))).await;
    let done = browser.submit(&page, &page.form("name=\"repair\""), &[("repair", "yes")]).await;
    assert!(done.says("C’est réparé"), "{}", done.answer.text());
}

/// Shows: O-214, oidc#oidc-issuer-discovery
#[tokio::test]
async fn the_owner_hears_of_a_new_issuer() {
    let world = World::start().await;
    let (lea, app) = owner(&world).await;
    let card = format!("{}profile/card", lea.pod);
    let added = app.patch(&card, &format!("solid:inserts {{ <#me> {ISSUER} }}")).await.is(204);
    assert!(added.links(WARNING).is_empty());
    let taken = app.patch(&card, &format!("solid:deletes {{ <#me> {ISSUER} }}")).await.is(204);
    assert!(taken.links(WARNING).is_empty(), "ours is still there");
    assert_eq!((told(&world, CHANGED).await, told(&world, GONE).await), (1, 0));
    let account = world.accounts.account(&lea.account).await.unwrap().unwrap();
    let events = world.accounts.events(&account, 10).await.unwrap();
    let pod = PodName::parse("lea").unwrap();
    assert!(events.iter().any(|event| event.happened == Happened::IssuersChanged { pod: pod.clone() }));
    // Who is refused changes nothing, and nobody is told.
    app.put(&format!("{}plain", lea.pod), "<> a <#Plain>.").await.is(201);
    world.bob.patch(&card, &format!("solid:inserts {{ <#me> {ISSUER} }}")).await.is(403);
    assert_eq!(told(&world, CHANGED).await, 1);
    // Moving a document away takes its issuers along.
    let moved = app.ask("MOVE", &card).header("destination", &format!("{}profile/away", lea.pod)).send().await;
    assert_eq!(moved.status, 201, "{moved:?}");
    assert_eq!(told(&world, GONE).await, 1);
}
