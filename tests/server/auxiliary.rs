//! ACLs and descriptions: resources that belong to another one.

use crate::world::{PREFIXES, World, statements};

const NOTE: &str = "<> a <#Note>.";
const LINE: &str = "<note> <#by> <#me>.";

/// Shows: P-77, P-78, P-81, solid#server-put-patch-auxiliary-resource, solid#server-auxiliary-resources-management
#[tokio::test]
async fn a_description_is_written_read_patched_and_deleted() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    alice.put("box/", "").await.created();
    for (subject, description) in [("note", "note.meta"), ("box/", "box/.meta"), ("", ".meta")] {
        let empty = alice.get(description).await.is(200);
        assert!(empty.graph(&alice.url(description)).is_empty());
        assert_eq!(alice.head(subject).await.links("describedby"), [alice.url(description)]);
        let made = alice.put(description, LINE).await.created();
        assert_eq!(made, alice.url(description));
        assert_eq!(alice.get(description).await.is(200).text(), LINE);
        alice.put(description, "<note> <#by> <#you>.").await.is(204);
        alice.patch(description, "solid:inserts { <#more> a <#More> }").await.is(204);
        assert!(alice.get(description).await.says(&made, "<note> <#by> <#you>. <#more> a <#More>."));
        alice.delete(description).await.is(204);
        assert!(alice.get(description).await.is(200).graph(&made).is_empty());
        alice.ask("DELETE", description).refused(404, "not-found").await;
        assert_eq!(alice.patch(description, "solid:inserts { <#x> a <#X> }").await.created(), made);
    }
}

/// Shows: P-81, P-34, W-12
#[tokio::test]
async fn nothing_belongs_to_what_is_not_there() {
    let world = World::start().await;
    let alice = &world.alice;
    for place in ["absent.meta", "absent.acl", "absent/.meta", "absent/.acl", "no/where.meta"] {
        alice.get(place).await.refused(404, "not-found");
        alice.ask("PUT", place).turtle(LINE).refused(409, "subject-missing").await;
        alice.ask("PATCH", place).n3("solid:inserts { <#x> a <#X> }").refused(409, "subject-missing").await;
        alice.ask("DELETE", place).refused(404, "not-found").await;
    }
}

/// Shows: P-34, P-33, P-32
#[tokio::test]
async fn auxiliary_resources_have_none_of_their_own() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    alice.put("note.meta", LINE).await.created();
    alice.rules("note", "").await;
    for place in ["note.acl.acl", "note.meta.meta", "note.acl.meta", "note.meta.acl", ".acl.acl", ".meta.acl"] {
        alice.get(place).await.refused(404, "not-found");
        alice.ask("PUT", place).turtle(LINE).refused(409, "no-auxiliary").await;
        alice.ask("PATCH", place).n3("solid:inserts { <#x> a <#X> }").refused(409, "no-auxiliary").await;
    }
    for place in ["x.acl/", "x.meta/", ".acl/", "box/x.acl/", "x.acl/note", "box/x.meta/deep/note"] {
        alice.get(place).await.is(404);
        alice.ask("PUT", place).turtle(NOTE).refused(400, "container-name").await;
        alice.ask("PATCH", place).n3("solid:inserts { <#x> a <#X> }").refused(400, "container-name").await;
    }
}

/// Shows: P-82, W-9, W-10, P-4
#[tokio::test]
async fn auxiliary_resources_are_rdf() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    for place in ["note.meta", "note.acl"] {
        alice.ask("PUT", place).content("text/plain", "x").refused(415, "rdf-only").await;
        alice.ask("PUT", place).content("image/png", "").refused(415, "rdf-only").await;
        alice.ask("PUT", place).turtle("<> a").refused(400, "content-malformed").await;
        alice.ask("PATCH", place).n3("solid:inserts { <> a }").refused(400, "patch-malformed").await;
        alice.ask("PUT", place).content("application/n-triples", "").send().await.is(201);
        // Without its rule the owner keeps Control, and nothing else.
        alice.delete(place).await.is(204);
    }
    // What has no meaning for us is kept all the same.
    let odd = format!("{}<#odd> a <#Thing>; acl:mode acl:Fly.", alice.acl("note", ""));
    alice.put("note.acl", &odd).await.is(201);
    assert_eq!(alice.get("note.acl").await.is(200).text(), odd);
}

/// Shows: W-1, W-4, W-5, W-13, W-16, wac#server-get-acl-without-representation,
/// wac#server-acl-without-representation, wac#server-get-acl-turtle
#[tokio::test]
async fn an_acl_is_there_only_when_it_was_written() {
    let world = World::start().await;
    let alice = &world.alice;
    let url = alice.put("box/note", NOTE).await.created();
    for place in ["box/note.acl", "box/.acl"] {
        for method in ["GET", "HEAD"] {
            let answer = alice.ask(method, place).send().await.is(404);
            assert_eq!(answer.links("acl"), [] as [String; 0]);
        }
    }
    world.bob.get(&url).await.refused(403, "not-allowed");
    alice.allow_all("box/", &world.bob, "acl:Read").await;
    world.bob.get(&url).await.is(200);
    alice.rules("box/note", "").await;
    world.bob.get(&url).await.refused(403, "not-allowed");
    alice.delete("box/note.acl").await.is(204);
    world.bob.get(&url).await.is(200);
    alice.delete("box/.acl").await.is(204);
    world.bob.get(&url).await.refused(403, "not-allowed");
    alice.ask("DELETE", "box/.acl").refused(404, "not-found").await;
}

/// Shows: P-80, W-53, W-7, wac#server-control-operation
#[tokio::test]
async fn an_acl_takes_control_and_nothing_else() {
    let world = World::start().await;
    let alice = &world.alice;
    let url = alice.put("box/note", NOTE).await.created();
    let acl = format!("{url}.acl");
    let deletes = "solid:where { ?r acl:mode acl:Append } ; solid:deletes { ?r acl:mode acl:Append }";
    for (modes, allowed) in [("acl:Control", true), ("acl:Read, acl:Write, acl:Append", false)] {
        let rules = alice.rule("box/note", &world.bob, "acl:accessTo", modes)
            + &alice.rule("box/note", &world.carol, "acl:accessTo", "acl:Append");
        let whole = alice.acl("box/note", &rules);
        let bob = &world.bob;
        // Write on the container gives nothing either.
        alice.allow_all("box/", bob, "acl:Read, acl:Write").await;
        alice.put(&acl, &whole).await.is(if allowed { 201 } else { 204 });
        if allowed {
            assert_eq!(bob.get(&acl).await.is(200).text(), whole);
            bob.head(&acl).await.is(200);
            bob.put(&acl, &format!("{whole}# again")).await.is(204);
            let once = whole.replace("acl:mode acl:Append.", "acl:mode acl:Append, acl:Fly.");
            assert_eq!(once.matches("acl:Append.").count(), 0);
            bob.patch(&acl, deletes).await.is(204);
            bob.delete(&acl).await.is(204);
            alice.put(&acl, &whole).await.is(201);
        } else {
            for method in ["GET", "HEAD", "DELETE"] {
                assert_eq!(bob.ask(method, &acl).send().await.status, 403);
            }
            bob.ask("PUT", &acl).turtle(&whole).refused(403, "not-allowed").await;
            bob.ask("PATCH", &acl).n3(deletes).refused(403, "not-allowed").await;
        }
        world.nobody.get(&acl).await.refused(401, "not-authenticated");
    }
}

/// Shows: P-46, W-6, W-7, W-8, W-77, P-45, P-195, wac#server-root-container-acl,
/// wac#server-root-container-acl-authorization-control, solid#server-delete-protect-root-container
#[tokio::test]
async fn the_roots_acl_always_lets_someone_control_it() {
    let world = World::start().await;
    let alice = &world.alice;
    let answer = alice.ask("DELETE", ".acl").refused(405, "method-not-allowed").await;
    assert!(!answer.field("allow").contains("DELETE"));
    world.bob.ask("DELETE", &alice.url(".acl")).refused(403, "not-allowed").await;
    world.nobody.ask("DELETE", &alice.url(".acl")).refused(401, "not-authenticated").await;
    let rule = |rest: &str| format!("{PREFIXES}[] a acl:Authorization; {rest}.");
    for powerless in [
        "",
        &rule("acl:agentClass foaf:Agent; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read, acl:Write"),
        &rule("acl:agent <profile/card#me>; acl:default <./>; acl:mode acl:Control"),
        &rule("acl:agent <profile/card#me>; acl:accessTo <other>; acl:mode acl:Control"),
        &rule("acl:origin <https://app.example>; acl:accessTo <./>; acl:mode acl:Control"),
        &rule(
            "acl:agent <profile/card#me>; acl:accessTo <./>; acl:mode acl:Control; acl:condition [ a acl:ClientCondition ]",
        ),
        &format!("{PREFIXES}[] acl:agent <profile/card#me>; acl:accessTo <./>; acl:mode acl:Control."),
    ] {
        alice.ask("PUT", ".acl").turtle(powerless).refused(409, "root-control").await;
    }
    let all = "solid:where { ?rule acl:mode acl:Control } ; solid:deletes { ?rule acl:mode acl:Control }";
    alice.ask("PATCH", ".acl").n3(all).refused(409, "root-control").await;
    alice.ask("PUT", ".acl").content("text/plain", "").refused(415, "rdf-only").await;
    alice.put(".acl", &rule("acl:agent <profile/card#me>; acl:accessTo <./>; acl:mode acl:Control")).await.is(204);
}

/// Shows: P-79, solid#server-description-resource-authorization
#[tokio::test]
async fn a_description_is_authorised_as_its_subject() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let insert = "solid:inserts { <#x> a <#X> }";
    for (modes, read, append, write) in [
        ("acl:Read", true, false, false),
        ("acl:Append", false, true, false),
        ("acl:Write", false, true, true),
        ("acl:Control", false, false, false),
    ] {
        alice.put("box/note", NOTE).await;
        alice.put("box/note.meta", LINE).await;
        // The rules of the subject count, not those that the container has for others.
        alice.allow_all("box/", bob, "acl:Read, acl:Write").await;
        alice.allow("box/note", bob, modes).await;
        let place = alice.url("box/note.meta");
        let status = |allowed: bool, done: u16| if allowed { done } else { 403 };
        bob.get(&place).await.is(status(read, 200));
        bob.patch(&place, insert).await.is(status(append, 204));
        bob.patch(&place, "solid:deletes { <note> <#by> <#me> }").await.is(403);
        bob.put(&place, "<note> <#by> <#you>.").await.is(status(write, 204));
        bob.delete(&place).await.is(status(write, 204));
        bob.patch(&place, insert).await.is(status(append, if write { 201 } else { 204 }));
        world.nobody.get(&place).await.refused(401, "not-authenticated");
    }
}

/// What is made again under an old name begins anew.
///
/// Shows: P-77, P-87, P-193, P-199, W-14, solid#server-delete-remove-auxiliary-resource
#[tokio::test]
async fn auxiliary_resources_go_with_their_subject() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    for subject in ["note", "box/"] {
        let url = alice.put(subject, "").await.created();
        alice.put(&format!("{url}.meta"), LINE).await.created();
        alice.allow_all(&url, bob, "acl:Read, acl:Write, acl:Control").await;
        bob.get(&url).await.is(200);
        alice.delete(&url).await.is(204);
        for suffix in ["", ".acl", ".meta"] {
            alice.get(&format!("{url}{suffix}")).await.refused(404, "not-found");
        }
        bob.get(&url).await.refused(403, "not-allowed");
        alice.put(subject, "").await.created();
        bob.get(&url).await.refused(403, "not-allowed");
        alice.get(&format!("{url}.acl")).await.refused(404, "not-found");
        assert!(alice.get(&format!("{url}.meta")).await.is(200).graph(&url).is_empty());
    }
}

/// Shows: W-11, W-22
#[tokio::test]
async fn references_in_an_acl_are_relative_to_it() {
    let world = World::start().await;
    let alice = &world.alice;
    let url = alice.put("box/a%20b", NOTE).await.created();
    for object in ["<a%20b>", "<./a%20b>", "<../box/%61%20b>", &format!("<{url}>")] {
        let rule = format!(
            "[] a acl:Authorization; acl:agent <{}>; acl:accessTo {object}; acl:mode acl:Read.",
            world.bob.webid()
        );
        alice.rules(&url, &rule).await;
        world.bob.get(&url).await.is(200);
    }
    for object in ["<a%20b/>", "<A%20b>", "<>", "<a%20b#x>", "<a%20b?x>", "<./>"] {
        let rule = format!(
            "[] a acl:Authorization; acl:agent <{}>; acl:accessTo {object}; acl:mode acl:Read.",
            world.bob.webid()
        );
        alice.rules(&url, &rule).await;
        world.bob.get(&url).await.refused(403, "not-allowed");
    }
}

/// Shows: P-96, P-85
#[tokio::test]
async fn descriptions_come_in_the_form_that_is_asked_for() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", NOTE).await.created();
    let url = alice.put("note.meta", LINE).await.created();
    let answer = alice.ask("GET", "note.meta").accept("application/n-triples").send().await.is(200);
    assert_eq!(answer.graph(&url), statements(LINE, &url));
}
