//! Who vouches for a WebID: adding or changing `solid:oidcIssuer` takes Control.

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
