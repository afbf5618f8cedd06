//! The storage description.

use crate::world::{PREFIXES, World};

const PLACE: &str = ".well-known/solid";

/// Shows: P-41, P-42, P-43, P-39, P-40, solid#server-storage-description, solid#server-storage-description-resource,
/// solid#server-link-storage
#[tokio::test]
async fn every_resource_leads_to_the_description_of_its_storage() {
    let world = World::start().await;
    let (alice, url) = (&world.alice, world.alice.url(PLACE));
    alice.put("notes/one", "<> a <#Note>.").await.created();
    for place in ["", "notes/", "notes/one", "notes/one.meta", ".acl", PLACE] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let answer = alice.ask(method, place).send().await;
            let links = answer.links("http://www.w3.org/ns/solid/terms#storageDescription");
            assert_eq!(links, [url.as_str()], "{method} {place}");
        }
    }
    for accept in ["text/turtle", "application/n-triples"] {
        let answer = world.nobody.ask("GET", &url).accept(accept).send().await.is(200);
        assert_eq!(answer.field("content-type"), accept);
        assert!(answer.says(&url, "<../> a pim:Storage."), "{}", answer.text());
    }
    assert!(alice.get("").await.says(&alice.pod, "<> a pim:Storage."));
    assert!(!alice.get("notes/").await.text().contains("Storage"));
    assert!(!alice.members("").await.iter().any(|member| member.contains("well-known")), "it is not listed");
}

/// Shows: P-43, P-57, P-58, P-62
#[tokio::test]
async fn the_description_is_public_and_cannot_be_written() {
    let world = World::start().await;
    let (alice, url) = (&world.alice, world.alice.url(PLACE));
    for person in [&world.nobody, &world.bob, alice] {
        let get = person.get(&url).await.is(200);
        assert_eq!(get.field("wac-allow"), "user=\"read\",public=\"read\"");
        let head = person.head(&url).await.is(200);
        assert_eq!((head.field("etag"), head.body.len()), (get.field("etag"), 0));
        person.ask("GET", &url).header("if-none-match", get.field("etag")).send().await.is(304);
        person.ask("GET", &url).header("if-match", "\"0-ttl\"").refused(412, "precondition-failed").await;
        person.ask("GET", &url).accept("image/png").refused(406, "not-acceptable").await;
        let options = person.ask("OPTIONS", &url).send().await.is(204);
        assert_eq!(options.field("allow"), "GET, HEAD, OPTIONS");
        for method in ["PUT", "POST", "PATCH", "DELETE", "COPY"] {
            let answer = person.ask(method, &url).turtle(PREFIXES).refused(405, "method-not-allowed").await;
            assert_eq!(answer.field("allow"), "GET, HEAD, OPTIONS", "{method}");
        }
    }
    let nobodys = format!("{}nopod/{PLACE}", world.base);
    world.nobody.get(&nobodys).await.refused(404, "not-found");
    alice.get(&format!("{url}.acl")).await.refused(404, "not-found");
}
