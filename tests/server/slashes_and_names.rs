//! Addresses: the final slash, names that mean the same, names that are ours.

use crate::world::World;

const NOTE: &str = "<> a <#Note>.";

/// Shows: P-18, P-19, P-20, P-238, P-9, solid#server-uri-redirect-differing, solid#server-authorization-redirect
#[tokio::test]
async fn readers_are_sent_to_the_other_slash_form() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/", "").await.created();
    alice.put("note", NOTE).await.created();
    for (asked, there) in [("box", "box/"), ("note/", "note")] {
        for method in ["GET", "HEAD"] {
            let answer = alice.ask(method, asked).header("origin", "https://app.example").send().await.is(301);
            assert_eq!(answer.field("location"), alice.url(there));
            // So that a page can sign again, for the new address.
            assert_eq!(answer.field("access-control-allow-origin"), "https://app.example");
        }
        world.bob.ask("GET", &alice.url(asked)).refused(403, "not-allowed").await;
        world.nobody.ask("GET", &alice.url(asked)).refused(401, "not-authenticated").await;
    }
    // Reading what would be there is not enough; the twin must be readable.
    alice.allow_all("", &world.bob, "acl:Read").await;
    alice.rules("box/", "").await;
    world.bob.get(&alice.url("box")).await.refused(404, "not-found");
    world.bob.get(&alice.url("note/")).await.is(301);
    // The pod's own address without its slash.
    let bare = alice.pod.trim_end_matches('/');
    assert_eq!(alice.get(bare).await.is(301).field("location"), alice.pod);
    world.carol.get(bare).await.is(404);
    alice.ask("PUT", bare).turtle(NOTE).refused(404, "not-found").await;
}

/// Shows: O-28
#[tokio::test]
async fn the_target_of_a_redirect_asks_for_a_proof_of_its_own() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/", "").await.created();
    let target = alice.get("box").await.is(301).field("location").to_owned();
    let asking = alice.anonymous();
    let asking = asking.ask("GET", &target).header("origin", "https://app.example");
    let asking = asking.header("authorization", &format!("DPoP {}", alice.token()));
    let answer = asking.header("dpop", &alice.proof("GET", &alice.url("box"))).refused(401, "invalid-dpop-proof").await;
    assert_eq!(answer.field("access-control-allow-origin"), "https://app.example");
    assert!(answer.field("www-authenticate").contains("error=\"invalid_dpop_proof\""));
}

/// Shows: P-19, P-21, P-23
#[tokio::test]
async fn a_name_is_a_document_or_a_container() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/note", NOTE).await.created();
    let insert = "solid:inserts { <> a <#X> }";
    for (place, kind) in [
        ("box", "slash-twin"),
        ("box/note/", "slash-twin"),
        ("box/note/x", "document-above"),
        ("box/note/y/x", "document-above"),
        ("box/note/y/", "document-above"),
    ] {
        alice.ask("PUT", place).turtle(NOTE).refused(409, kind).await;
        alice.ask("PATCH", place).n3(insert).refused(409, kind).await;
        alice.ask("DELETE", place).refused(404, "not-found").await;
    }
    alice.ask("POST", "box/note/y/").turtle(NOTE).refused(404, "not-found").await;
    assert_eq!(alice.get("box/note").await.is(200).text(), NOTE);
    // The name is free once what has it is gone.
    alice.delete("box/note").await.is(204);
    alice.put("box/note/", "").await.created();
}

/// Of two who make a name in both forms at once, one wins.
///
/// Shows: P-19
#[tokio::test]
async fn a_race_for_a_name_has_one_winner() {
    let world = World::start().await;
    for round in 0..5 {
        let (alice, document, container) = (&world.alice, format!("x{round}"), format!("x{round}/"));
        let inside = format!("x{round}/deep/note");
        let (one, two, three) =
            tokio::join!(alice.put(&document, NOTE), alice.put(&container, ""), alice.put(&inside, NOTE));
        let statuses = [one.status.as_u16(), two.status.as_u16(), three.status.as_u16()];
        let is_document = statuses[0] == 201;
        assert_eq!(statuses[1] == 201 || statuses[1] == 204, !is_document, "{statuses:?}");
        assert_eq!(statuses[2] == 201, !is_document, "{statuses:?}");
        alice.get(&document).await.is(if is_document { 200 } else { 301 });
    }
}

/// Shows: P-26, P-27, P-29, P-30, P-31
#[tokio::test]
async fn one_name_has_many_spellings() {
    let world = World::start().await;
    let alice = &world.alice;
    for (spellings, canonical) in [
        (&["A", "%41", "./A", "x/../A", "%2E/A", "x/%2e%2E/A"][..], "A"),
        (&["~n", "%7en", "%7En"], "~n"),
        (&["a b", "a%20b", "%61%20%62"][1..], "a%20b"),
        (&["caf%C3%A9", "caf%c3%a9"], "caf%C3%A9"),
        (&["p%2fq", "p%2Fq"], "p%2Fq"),
        (&["p%5cq", "p%5Cq", "p\\q"][..2], "p%5Cq"),
        (&["p%252Fq", "p%25%32Fq"][..1], "p%252Fq"),
        (&["box//inner", "box///inner", "box/./inner"], "box/inner"),
        (&["x:y", "x%3Ay"], "x:y"),
        (&["a,b;c=d", "a%2Cb%3Bc%3Dd"], "a,b;c=d"),
        (&["$n.ttl", "%24n.ttl"], "$n.ttl"),
    ] {
        let url = alice.put(spellings[0], NOTE).await.created();
        assert_eq!(url, alice.url(canonical), "{spellings:?}");
        for spelling in spellings {
            let answer = alice.get(spelling).await.is(200);
            assert_eq!(answer.links("acl"), [format!("{}.acl", url.replace(',', "%2C"))], "{spelling}");
            alice.put(spelling, NOTE).await.is(204);
        }
        let (container, _) = url.rsplit_once('/').unwrap();
        assert!(alice.members(&format!("{container}/")).await.contains(&url), "{url}");
        // A `Link` whose comma is encoded leads there too.
        let acl = alice.get(&url).await.links("acl").remove(0);
        alice.put(&acl, &alice.acl(&url, "")).await.is(201);
        alice.delete(&url).await.is(204);
    }
    alice.put("a", "<> a <#Lower>.").await.created();
    alice.get("A").await.refused(404, "not-found");
    alice.put("p/q", NOTE).await.created();
    alice.get("p%2Fq").await.refused(404, "not-found");
}

/// What decides about access is the name, not its spelling.
///
/// Shows: P-30, P-32
#[tokio::test]
async fn no_spelling_goes_around_the_rules() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.put("open/note", NOTE).await.created();
    alice.put("secret/note", NOTE).await.created();
    alice.allow_all("open/", bob, "acl:Read, acl:Write").await;
    for place in [
        "open/../secret/note",
        "open/%2e%2e/secret/note",
        "open/.%2E/secret/note",
        "open//..//secret//note",
        "secret//note",
        "open/.acl",
        "open/%2Eacl",
        "open/.%61cl",
        "open/note.ac%6C",
        "open/x/../.acl",
    ] {
        bob.ask("GET", &alice.url(place)).refused(403, "not-allowed").await;
        bob.ask("PUT", &alice.url(place)).turtle(&alice.acl("open/", "")).refused(403, "not-allowed").await;
    }
    // Case counts: this is no ACL.
    bob.put(&alice.url("open/.ACL"), NOTE).await.created();
    bob.put(&alice.url("open/note.Meta"), NOTE).await.created();
    // Climbing above the root leads nowhere else.
    alice.get("../../../alice/open/note").await.is(200);
    bob.ask("GET", &alice.url("../../bob/../alice/secret/note")).refused(403, "not-allowed").await;
}

/// Names that storage might use inside are names like any other.
///
/// Shows: P-35
#[tokio::test]
async fn any_name_may_be_used() {
    let world = World::start().await;
    let alice = &world.alice;
    for name in [
        "name$.ttl",
        ".lock",
        ".tmp",
        "NUL",
        "con.txt",
        "a.db-wal",
        "'quoted'",
        "%22quoted%22",
        "%3Cb%3E",
        "%F0%9F%8C%8D",
        "...",
    ] {
        let url = alice.put(&format!("odd/{name}"), NOTE).await.created();
        alice.get(&url).await.is(200);
    }
    let url = alice.url("odd/");
    let listed = alice.members("odd/").await;
    assert_eq!(listed.len(), 11, "{listed:?}");
    for member in listed {
        alice.get(&member).await.is(200);
    }
    let json = alice.ask("GET", &url).accept("application/n-triples").send().await.is(200);
    assert_eq!(json.text().matches("ldp#contains").count(), 11);
}

/// Names that belong to the server, below the root.
///
/// Shows: P-43, W-94
#[tokio::test]
async fn reserved_names_are_nobodys() {
    let world = World::start().await;
    let alice = &world.alice;
    for place in [".well-known/x", ".well-known/", ".well-known", ".grants/x", ".xapi/x", "%2Ewell-known/x"] {
        alice.ask("GET", place).refused(404, "not-found").await;
        alice.ask("PUT", place).turtle(NOTE).refused(404, "not-found").await;
        alice.ask("DELETE", place).refused(404, "not-found").await;
        alice.ask("PATCH", place).n3("solid:inserts { <> a <#X> }").refused(404, "not-found").await;
    }
    alice.put("box/.well-known/x", NOTE).await.created();
    alice.put(".well-known-not", NOTE).await.created();
}

/// Shows: P-38, P-48, P-24, solid#server-storage-nonoverlapping, solid#server-storage
#[tokio::test]
async fn a_pod_is_a_tree_of_its_own() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    // What one pod allows says nothing about another, nor about the server's own root.
    alice.allow_all("", &world.nobody, "acl:Read").await;
    world.nobody.get(&alice.url("settings/")).await.is(200);
    world.nobody.get(&bob.url("settings/")).await.refused(401, "not-authenticated");
    let house = world.nobody.get(&world.base).await.is(200);
    assert!(!format!("{house:?}").contains("pim/space#Storage"));
    world.nobody.ask("PUT", &format!("{}new", world.base)).turtle(NOTE).send().await.is(404);
}
