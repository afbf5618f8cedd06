//! DELETE.

use crate::world::World;

const NOTE: &str = "<> a <#Note>.";

/// Shows: P-192, P-193, P-37, solid#server-delete-remove-containment, solid#server-delete-remove-empty-container
#[tokio::test]
async fn what_was_deleted_is_gone_and_listed_no_more() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/note", NOTE).await.created();
    alice.ask("PUT", "box/film").content("video/mp4", vec![1; 100_000]).send().await.is(201);
    alice.put("box/inner/", "").await.created();
    for member in ["box/note", "box/film", "box/inner/"] {
        assert!(alice.members("box/").await.contains(&alice.url(member)));
        let answer = alice.delete(member).await.is(204);
        assert!(answer.body.is_empty());
        alice.get(member).await.refused(404, "not-found");
        assert!(!alice.members("box/").await.contains(&alice.url(member)));
        alice.ask("DELETE", member).refused(404, "not-found").await;
    }
    alice.get("box/").await.is(200);
    alice.delete("box/").await.is(204);
    alice.get("box/").await.refused(404, "not-found");
}

/// Auxiliary resources are no members.
///
/// Shows: P-194, P-198, solid#server-delete-protect-nonempty-container
#[tokio::test]
async fn a_container_with_members_stays() {
    let world = World::start().await;
    let alice = &world.alice;
    for member in ["box/note", "box/inner/"] {
        alice.put(member, "").await.created();
        let answer = alice.ask("DELETE", "box/").refused(409, "container-not-empty").await;
        assert!(!answer.body.is_empty());
        alice.delete(member).await.is(204);
    }
    alice.rules("box/", "").await;
    alice.put("box/.meta", "<> <#by> <#me>.").await.created();
    alice.delete("box/").await.is(204);
    alice.get("box/.acl").await.refused(404, "not-found");
    // What lay above an emptied container stays.
    alice.put("a/b/note", NOTE).await.created();
    alice.delete("a/b/note").await.is(204);
    alice.get("a/b/").await.is(200);
}

/// Shows: P-45, P-195, solid#server-delete-protect-root-container, solid#server-disallow-delete
#[tokio::test]
async fn the_root_cannot_be_deleted() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let answer = alice.ask("DELETE", "").refused(405, "method-not-allowed").await;
    assert!(!answer.field("allow").contains("DELETE"), "{answer:?}");
    bob.ask("DELETE", &alice.pod).refused(403, "not-allowed").await;
    world.nobody.ask("DELETE", &alice.pod).refused(401, "not-authenticated").await;
}

/// Shows: P-196, W-59
#[tokio::test]
async fn who_may_not_read_does_not_learn_what_is_missing() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.put("box/note", NOTE).await.created();
    alice.put("box/inner/", "").await.created();
    let [note, inner] = ["box/absent", "box/absent/"].map(|place| alice.url(place));
    for (modes, status) in [("acl:Read, acl:Write", 404), ("acl:Write", 403), ("acl:Read", 403), ("acl:Append", 403)] {
        alice.allow_all("box/", bob, modes).await;
        bob.delete(&note).await.is(status);
        bob.delete(&inner).await.is(status);
        world.nobody.ask("DELETE", &note).refused(401, "not-authenticated").await;
    }
    alice.allow_all("box/", &world.nobody, "acl:Write").await;
    world.nobody.ask("DELETE", &note).refused(401, "not-authenticated").await;
    alice.allow_all("box/", &world.nobody, "acl:Read, acl:Write").await;
    world.nobody.ask("DELETE", &note).refused(404, "not-found").await;
}

/// Deleting takes Write on the resource and on its container; a container Read besides, for its
/// status would tell whether it is empty.
///
/// Shows: P-197, W-47, W-48, W-42, wac#server-delete-operation
#[tokio::test]
async fn deleting_takes_write_here_and_above() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    for (on_box, below, note, inner) in [
        ("acl:Read, acl:Write", "acl:Read, acl:Write", 204, 204),
        ("acl:Write", "acl:Write", 204, 403),
        ("acl:Write", "acl:Read, acl:Write", 204, 204),
        ("acl:Read, acl:Write", "acl:Read, acl:Append", 403, 403),
        ("acl:Read, acl:Append", "acl:Read, acl:Write", 403, 403),
        ("acl:Control", "acl:Control", 403, 403),
    ] {
        alice.put("box/note", NOTE).await;
        alice.put("box/inner/", "").await;
        let rules = alice.rule("box/", bob, "acl:accessTo", on_box) + &alice.rule("box/", bob, "acl:default", below);
        alice.rules("box/", &rules).await;
        bob.delete(&alice.url("box/note")).await.is(note);
        bob.delete(&alice.url("box/inner/")).await.is(inner);
    }
    // Rights on the container alone do not reach its members.
    alice.put("box/note", NOTE).await;
    alice.allow("box/", bob, "acl:Read, acl:Write").await;
    bob.ask("DELETE", &alice.url("box/note")).refused(403, "not-allowed").await;
}
