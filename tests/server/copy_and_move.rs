//! COPY and MOVE within a pod.

use crate::world::{Asking, Person, World, statements};

const NOTE: &str = "# a comment\n<> a <#Note>; <#of> <../box/other>.";

fn copy<'a>(person: &'a Person, from: &str, to: &str) -> Asking<'a> {
    person.ask("COPY", from).header("destination", to)
}

fn mv<'a>(person: &'a Person, from: &str, to: &str) -> Asking<'a> {
    person.ask("MOVE", from).header("destination", to)
}

/// A container with a document, a large file and another container; with a description and rules.
async fn fill(alice: &Person) {
    alice.put("box/", "<> <#title> \"t\".").await.created();
    alice.put("box/note", NOTE).await.created();
    alice.put("box/note.meta", "<note> <#by> <#me>.").await.created();
    alice.ask("PUT", "box/film").content("video/mp4", vec![7; 100_000]).send().await.is(201);
    alice.put("box/inner/deep", "<> a <#Deep>.").await.created();
}

/// Every document below a container, as its name and its content.
async fn contents(alice: &Person, container: &str) -> Vec<(String, String, Vec<u8>)> {
    let (mut waiting, mut found) = (vec![alice.url(container)], Vec::new());
    while let Some(url) = waiting.pop() {
        for member in alice.members(&url).await {
            let answer = alice.get(&member).await.is(200);
            let name = member.strip_prefix(&alice.url(container)).unwrap().to_owned();
            if member.ends_with('/') {
                found.push((name, String::new(), Vec::new()));
                waiting.push(member);
            } else {
                found.push((name, answer.field("content-type").to_owned(), answer.body.to_vec()));
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_document_is_copied_byte_for_byte() {
    let world = World::start().await;
    let alice = &world.alice;
    fill(alice).await;
    for (from, to) in [("box/note", "copy"), ("box/film", "box/inner/film"), ("box/note", "box/note2")] {
        let made = copy(alice, from, &alice.url(to)).send().await.is(201);
        assert_eq!(made.field("location"), alice.url(to));
        let (one, other) = (alice.get(from).await.is(200), alice.get(to).await.is(200));
        assert_eq!((&one.body, one.field("content-type")), (&other.body, other.field("content-type")));
    }
    assert!(alice.get("copy.meta").await.says(&alice.url("copy.meta"), "<copy> <#by> <#me>."));
    // A path will do as destination, and the copy lives its own life.
    copy(alice, "box/note", "/alice/again").send().await.is(201);
    alice.put("again", "<> a <#Changed>.").await.is(204);
    assert_eq!(alice.get("box/note").await.text(), NOTE);
    alice.delete("box/film").await.is(204);
    assert_eq!(alice.get("box/inner/film").await.is(200).body.len(), 100_000);
}

#[tokio::test]
async fn a_container_is_copied_with_all_that_is_in_it() {
    let world = World::start().await;
    let alice = &world.alice;
    fill(alice).await;
    let before = contents(alice, "box/").await;
    assert_eq!(before.len(), 4);
    copy(alice, "box/", &alice.url("copy/")).send().await.is(201);
    assert_eq!(contents(alice, "copy/").await, before);
    assert_eq!(contents(alice, "box/").await, before);
    let title = format!("<> <{}#title> \"t\".", alice.url("copy/"));
    let shown = alice.get("copy/").await.is(200);
    assert!(shown.says(&alice.url("copy/"), &title), "{}", shown.text());
    // Without its members, if that is what was asked for.
    copy(alice, "box/", &alice.url("shallow/")).header("depth", "0").send().await.is(201);
    assert_eq!(alice.members("shallow/").await, [] as [String; 0]);
    copy(alice, "box/", &alice.url("deep/")).header("depth", "infinity").send().await.is(201);
    for depth in ["1", "all", ""] {
        copy(alice, "box/", &alice.url("x/")).header("depth", depth).refused(400, "header-malformed").await;
    }
    mv(alice, "box/", &alice.url("x/")).header("depth", "0").refused(400, "header-malformed").await;
}

#[tokio::test]
async fn a_move_takes_everything_along() {
    let world = World::start().await;
    let alice = &world.alice;
    fill(alice).await;
    let before = contents(alice, "box/").await;
    let made = mv(alice, "box/", &alice.url("moved/")).send().await.is(201);
    assert_eq!(made.field("location"), alice.url("moved/"));
    assert_eq!(contents(alice, "moved/").await, before);
    for gone in ["box/", "box/note", "box/note.meta", "box/film", "box/inner/deep"] {
        alice.get(gone).await.refused(404, "not-found");
    }
    assert!(!alice.members("").await.contains(&alice.url("box/")));
    mv(alice, "moved/note", &alice.url("note")).send().await.is(201);
    alice.get("moved/note").await.refused(404, "not-found");
    assert_eq!(alice.get("note").await.is(200).text(), NOTE);
    assert!(alice.get("note.meta").await.says(&alice.url("note.meta"), "<note> <#by> <#me>."));
    // Out of a container and back in.
    mv(alice, "moved/inner/", &alice.url("inner/")).send().await.is(201);
    mv(alice, "inner/", &alice.url("moved/inner/")).send().await.is(201);
    alice.get("moved/inner/deep").await.is(200);
}

/// Rules and descriptions name what they are about; other content is never touched.
#[tokio::test]
async fn rules_and_descriptions_name_the_new_place() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    for verb in ["COPY", "MOVE"] {
        let (from, to) = (alice.url(&format!("{verb}/a/")), alice.url(&format!("{verb}/b/")));
        let (note, copy) = (format!("{from}note"), format!("{to}note"));
        let content = format!("<> <#at> <{note}>.");
        alice.put(&note, &content).await.created();
        let description = format!("<note> <#at> <{note}>, <{from}other>, <../ab>.");
        alice.put(&format!("{note}.meta"), &description).await.created();
        let rules = alice.rule(&from, bob, "acl:default", "acl:Read")
            + "[] a acl:Authorization; acl:agentGroup <#team>; acl:accessTo <./>; acl:mode acl:Read.\n"
            + &format!("<#team> vcard:hasMember <{}>.", bob.webid());
        alice.rules(&from, &rules).await;
        alice.ask(verb, &from).header("destination", &to).send().await.is(201);
        bob.get(&copy).await.is(200);
        bob.get(&to).await.is(200);
        let acl = alice.get(&format!("{to}.acl")).await.is(200);
        assert!(!acl.text().contains(&from), "{}", acl.text());
        let url = format!("{copy}.meta");
        let shown = alice.get(&url).await.is(200);
        assert_eq!(shown.graph(&url), statements("<note> <#at> <note>, <other>, <../ab>.", &url));
        assert_eq!(alice.get(&copy).await.text(), content, "content stays as it is");
    }
}

/// The rules of a document may define a group of their own.
#[tokio::test]
async fn a_documents_rules_keep_their_groups() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.put("note", NOTE).await.created();
    alice.put("notes", NOTE).await.created();
    let group = format!("<#team> vcard:hasMember <{}>.", bob.webid());
    let rule =
        "<#rule> a acl:Authorization; acl:agentGroup <#team>; acl:accessTo <note>; acl:mode acl:Read; <#see> <notes>.";
    alice.rules("note", &format!("{rule} {group}")).await;
    bob.get(&alice.url("note")).await.is(200);
    mv(alice, "note", &alice.url("moved")).send().await.is(201);
    bob.get(&alice.url("moved")).await.is(200);
    let acl = alice.get("moved.acl").await.is(200);
    assert!(!acl.graph(&alice.url("moved.acl")).iter().any(|triple| format!("{triple:?}").contains("/alice/note.acl")));
    assert!(format!("{:?}", acl.graph(&alice.url("moved.acl"))).contains("/alice/notes\""), "a longer name is another");
}

/// Who has no Control on both sides cannot carry rules along: a copy goes without, a move does not go.
#[tokio::test]
async fn rules_go_along_only_with_control_on_both_sides() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.put("from/note", NOTE).await.created();
    alice.put("to/", "").await.created();
    let all = "acl:Read, acl:Write";
    let from = alice.url("from/note");
    for (on_note, on_destination, goes_along) in [
        (all, all, false),
        ("acl:Read, acl:Write, acl:Control", all, false),
        (all, "acl:Read, acl:Write, acl:Control", false),
        ("acl:Read, acl:Write, acl:Control", "acl:Read, acl:Write, acl:Control", true),
    ] {
        alice.allow_all("from/", bob, all).await;
        alice.allow_all("to/", bob, on_destination).await;
        let rules = alice.rule("from/note", bob, "acl:accessTo", on_note)
            + &alice.rule("from/note", &world.carol, "acl:accessTo", "acl:Read");
        alice.rules("from/note", &rules).await;
        let to = alice.url("to/note");
        copy(bob, &from, &to).send().await.is(201);
        alice.get("to/note.acl").await.is(if goes_along { 200 } else { 404 });
        world.carol.get(&to).await.is(if goes_along { 200 } else { 403 });
        alice.delete(&to).await.is(204);
        if goes_along {
            mv(bob, &from, &to).send().await.is(201);
            world.carol.get(&to).await.is(200);
        } else {
            mv(bob, &from, &to).refused(403, "not-allowed").await;
        }
    }
}

#[tokio::test]
async fn copying_and_moving_take_rights_on_every_part() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.put("from/inner/secret", NOTE).await.created();
    alice.put("from/note", NOTE).await.created();
    alice.put("to/", "").await.created();
    let (from, to) = (alice.url("from/"), alice.url("to/copy/"));
    for (on_source, on_destination, copies, moves) in [
        ("acl:Read", "acl:Append", 201, 403),
        ("acl:Read", "acl:Read", 403, 403),
        ("acl:Append", "acl:Append", 403, 403),
        ("acl:Write", "acl:Append", 403, 403),
        ("acl:Read, acl:Write", "acl:Read", 403, 403),
    ] {
        alice.allow_all("from/", bob, on_source).await;
        alice.allow_all("to/", bob, on_destination).await;
        if copies == 201 {
            copy(bob, &from, &to).send().await.is(201);
            for place in ["inner/secret", "inner/", "note", ""] {
                alice.delete(&format!("{to}{place}")).await.is(204);
            }
        } else {
            copy(bob, &from, &to).refused(403, "not-allowed").await;
        }
        mv(bob, &from, &to).refused(moves, "not-allowed").await;
        copy(&world.nobody, &from, &to).refused(401, "not-authenticated").await;
        mv(&world.nobody, &from, &to).refused(401, "not-authenticated").await;
    }
    // One part that may not be read, or not be deleted, and nothing happens.
    alice.allow_all("to/", bob, "acl:Append").await;
    alice.allow_all("from/", bob, "acl:Read, acl:Write").await;
    alice.rules("from/inner/secret", "").await;
    copy(bob, &from, &to).refused(403, "not-allowed").await;
    alice.allow("from/inner/secret", bob, "acl:Read").await;
    copy(bob, &from, &to).send().await.is(201);
    // Even with Write on all of it: its container's container must let go of it.
    let elsewhere = alice.url("to/moved/");
    mv(bob, &from, &elsewhere).refused(403, "not-allowed").await;
}

#[tokio::test]
async fn what_is_there_is_replaced_unless_said_otherwise() {
    let world = World::start().await;
    let alice = &world.alice;
    fill(alice).await;
    alice.put("old/kept", NOTE).await.created();
    alice.put("old.txt", "<> a <#Old>.").await.created();
    for (from, to) in [("box/note", "old.txt"), ("box/", "old/")] {
        for verb in ["COPY", "MOVE"] {
            let asking = alice.ask(verb, from).header("destination", &alice.url(to)).header("overwrite", "F");
            asking.refused(412, "destination-exists").await;
        }
        let asking = copy(alice, from, &alice.url(to)).header("overwrite", "maybe");
        asking.refused(400, "header-malformed").await;
    }
    alice.rules("old.txt", "").await;
    copy(alice, "box/note", &alice.url("old.txt")).header("overwrite", "T").send().await.is(204);
    assert_eq!(alice.get("old.txt").await.text(), NOTE);
    alice.get("old.txt.acl").await.refused(404, "not-found");
    let before = contents(alice, "box/").await;
    mv(alice, "box/", &alice.url("old/")).send().await.is(204);
    assert_eq!(contents(alice, "old/").await, before, "what was there is gone");
}

#[tokio::test]
async fn replacing_takes_write_on_what_is_replaced() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.put("from/note", NOTE).await.created();
    alice.put("to/note", "<> a <#Old>.").await.created();
    alice.put("to/inner/secret", "<> a <#Old>.").await.created();
    alice.allow_all("from/", bob, "acl:Read").await;
    let (from, to) = (alice.url("from/note"), alice.url("to/note"));
    alice.allow_all("to/", bob, "acl:Append").await;
    copy(bob, &from, &to).refused(403, "not-allowed").await;
    alice.allow_all("to/", bob, "acl:Read, acl:Write").await;
    copy(bob, &from, &to).send().await.is(204);
    // A part of what would go that may not be deleted.
    alice.rules("to/inner/secret", "").await;
    copy(bob, &alice.url("from/"), &alice.url("to/inner/")).refused(403, "not-allowed").await;
    assert!(alice.get("to/inner/secret").await.is(200).text().contains("Old"));
}

#[tokio::test]
async fn where_something_can_go() {
    let world = World::start().await;
    let alice = &world.alice;
    fill(alice).await;
    alice.put("doc", NOTE).await.created();
    for (from, to, status, kind) in [
        ("box/note", world.bob.url("note"), 403, "other-pod"),
        ("box/note", "https://elsewhere.example/alice/note".to_owned(), 502, "other-server"),
        ("box/note", format!("{}.account/x", world.base), 502, "other-server"),
        ("box/", alice.url("box/inner/box/"), 403, "overlap"),
        ("box/inner/", alice.url("box/"), 403, "overlap"),
        ("box/note", alice.url("box/note"), 403, "overlap"),
        ("box/", alice.url("box/"), 403, "overlap"),
        ("box/", alice.url(""), 403, "overlap"),
        ("box/note", alice.url("box/note/x"), 409, "destination-container-missing"),
        ("box/note", alice.url("absent/note"), 409, "destination-container-missing"),
        ("box/note", alice.url("doc/note"), 409, "destination-container-missing"),
        ("doc", alice.url("box"), 409, "slash-twin"),
        ("box/", alice.url("doc/"), 409, "slash-twin"),
        ("doc", alice.url("new/"), 409, "model-conflict"),
        ("box/", alice.url("new"), 409, "model-conflict"),
        ("doc", alice.url("x.acl"), 403, "name-reserved"),
        ("doc", alice.url("x.meta"), 403, "name-reserved"),
        ("box/", alice.url("x.acl/"), 403, "name-reserved"),
        ("doc", alice.url(".well-known/solid"), 403, "name-reserved"),
        ("absent", alice.url("new"), 404, "not-found"),
        ("box/note.meta", alice.url("new"), 405, "method-not-allowed"),
        (".acl", alice.url("new"), 405, "method-not-allowed"),
    ] {
        for verb in ["COPY", "MOVE"] {
            alice.ask(verb, from).header("destination", &to).refused(status, kind).await;
        }
    }
    mv(alice, "", &alice.url("new/")).refused(405, "method-not-allowed").await;
    for verb in ["COPY", "MOVE"] {
        alice.ask(verb, "doc").refused(400, "header-missing").await;
        for destination in ["new", "/alice/new#x", "mailto:a@example.org"] {
            alice.ask(verb, "doc").header("destination", destination).refused(400, "header-malformed").await;
        }
    }
}

/// No part may end up at an address that nobody could ask for.
#[tokio::test]
async fn what_was_moved_can_be_fetched() {
    let world = World::start().await;
    let alice = &world.alice;
    let deep = format!("from/{}note", "a/".repeat(55));
    alice.put(&deep, NOTE).await.created();
    alice.put("to/b/c/d/e/f/", "").await.created();
    alice.put("to/b/c/d/e/f/g/h/", "").await.created();
    for verb in ["COPY", "MOVE"] {
        let asking = alice.ask(verb, "from/").header("destination", &alice.url("to/b/c/d/e/f/g/h/i/"));
        asking.refused(414, "uri-too-long").await;
    }
    mv(alice, "from/", &alice.url("to/b/from/")).send().await.is(201);
    alice.get(&deep.replace("from/", "to/b/from/")).await.is(200);
}

#[tokio::test]
async fn conditions_concern_the_source() {
    let world = World::start().await;
    let alice = &world.alice;
    fill(alice).await;
    let tag = alice.get("box/note").await.field("etag").to_owned();
    for verb in ["COPY", "MOVE"] {
        let ask = || alice.ask(verb, "box/note").header("destination", &alice.url("new"));
        ask().header("if-match", "\"0-ttl\"").refused(412, "precondition-failed").await;
        ask().header("if-none-match", &tag).refused(412, "precondition-failed").await;
        let elsewhere = alice.ask(verb, "box/note").header("destination", &alice.url("absent/new"));
        elsewhere.header("if-match", "\"0-ttl\"").refused(409, "destination-container-missing").await;
    }
    copy(alice, "box/note", &alice.url("new")).header("if-match", &tag).send().await.is(201);
    mv(alice, "box/note", &alice.url("newer")).header("if-match", &tag).send().await.is(201);
}

/// Shows: P-14
#[tokio::test]
async fn a_copy_counts_against_the_quota() {
    let world = World::with(crate::world::Settings { quota: Some(250_000), ..crate::world::Settings::default() }).await;
    let alice = &world.alice;
    fill(alice).await;
    copy(alice, "box/film", &alice.url("second")).send().await.is(201);
    copy(alice, "box/film", &alice.url("third")).refused(413, "quota-exceeded").await;
    mv(alice, "box/film", &alice.url("third")).send().await.is(201);
    alice.get("third").await.is(200);
}
