//! Conditional requests.

use std::time::Duration;

use crate::world::{Answer, BEGINNING, World, http_date};

const OLD: &str = "<> <#says> \"old\".";
const NEW: &str = "<> <#says> \"new\".";
const STALE: &str = "\"0-ttl\"";

fn tag(answer: Answer) -> String {
    answer.is(200).field("etag").to_owned()
}

/// Shows: P-116, P-118, P-120, P-121, P-122
#[tokio::test]
async fn a_read_is_spared_or_refused() {
    let world = World::start().await;
    let (alice, now) = (&world.alice, BEGINNING.seconds());
    alice.put("note", OLD).await.created();
    let shown = alice.get("note").await;
    let tag = shown.field("etag");
    let other = tag.replace("-ttl", "-nt");
    let (before, then, after) = (http_date(now - 1), http_date(now), http_date(now + 1));
    for (fields, status) in [
        (&[("if-none-match", tag)][..], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", &format!("{STALE}, W/{tag}"))], 304),
        (&[("if-none-match", STALE)], 200),
        (&[("if-none-match", &other)], 200),
        (&[("if-match", tag)], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", STALE)], 412),
        (&[("if-match", &format!("W/{tag}"))], 412),
        (&[("if-match", STALE), ("if-none-match", tag)], 412),
        (&[("if-modified-since", &then)], 304),
        (&[("if-modified-since", &after)], 304),
        (&[("if-modified-since", &before)], 200),
        (&[("if-modified-since", "yesterday")], 200),
        (&[("if-modified-since", &then), ("if-none-match", STALE)], 200),
        (&[("if-unmodified-since", &then)], 200),
        (&[("if-unmodified-since", &before)], 412),
        (&[("if-unmodified-since", &before), ("if-match", tag)], 200),
    ] {
        for method in ["GET", "HEAD"] {
            let asking =
                fields.iter().fold(alice.ask(method, "note"), |asking, (name, value)| asking.header(name, value));
            let answer = asking.send().await.is(status);
            assert_eq!(answer.body.is_empty(), method == "HEAD" || status == 304, "{fields:?}");
        }
    }
}

/// Shows: P-123, P-78, W-78, P-200
#[tokio::test]
async fn a_304_carries_what_a_200_would() {
    let world = World::start().await;
    world.alice.put("note", OLD).await.created();
    for place in ["note", ""] {
        let ask = || world.alice.ask("GET", place).header("origin", "https://app.example");
        let whole = ask().send().await.is(200);
        let spared = ask().header("if-none-match", whole.field("etag")).send().await.is(304);
        for name in [
            "etag",
            "last-modified",
            "vary",
            "cache-control",
            "wac-allow",
            "link",
            "access-control-allow-origin",
            "access-control-expose-headers",
        ] {
            assert!(!whole.field(name).is_empty(), "{name}");
            assert_eq!(spared.field(name), whole.field(name), "{name}");
        }
        assert!(spared.body.is_empty() && !spared.field("date").is_empty());
    }
}

/// Shows: P-10, P-118, P-119, P-120, P-121, P-138
#[tokio::test]
async fn a_write_happens_only_upon_what_was_seen() {
    let world = World::start().await;
    let (alice, now) = (&world.alice, BEGINNING.seconds());
    alice.put("note", OLD).await.created();
    world.clock.advance(Duration::from_mins(1));
    let (early, late) = (http_date(now - 1), http_date(now + 60));
    for (name, value) in [
        ("if-match", STALE),
        ("if-none-match", "*"),
        ("if-none-match", &tag(alice.get("note").await)),
        ("if-match", &format!("W/{}", tag(alice.get("note").await))),
        ("if-unmodified-since", &early),
    ] {
        alice.ask("PUT", "note").turtle(NEW).header(name, value).refused(412, "precondition-failed").await;
        alice
            .ask("PATCH", "note")
            .n3("solid:inserts {<> a <#N>}")
            .header(name, value)
            .refused(412, "precondition-failed")
            .await;
        alice.ask("DELETE", "note").header(name, value).refused(412, "precondition-failed").await;
    }
    let ask = || alice.ask("PUT", "note").turtle(NEW);
    ask().header("if-match", &tag(alice.get("note").await)).send().await.is(204);
    ask().header("if-match", "*").send().await.is(204);
    ask().header("if-none-match", STALE).send().await.is(204);
    ask().header("if-unmodified-since", &late).send().await.is(204);
    ask().header("if-modified-since", &late).send().await.is(204);
    assert_eq!(alice.get("note").await.text(), NEW);
    alice.ask("DELETE", "note").header("if-match", &tag(alice.get("note").await)).send().await.is(204);
}

/// A tag that was seen on one form of a resource protects the resource in all its forms.
///
/// Shows: P-116, P-117
#[tokio::test]
async fn a_tag_of_any_form_is_good_for_a_write() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", OLD).await.created();
    let mut last = OLD.to_owned();
    for accept in ["text/turtle", "application/ld+json", "application/n-triples"] {
        let seen = tag(alice.ask("GET", "note").accept(accept).send().await);
        last.push_str("\n<> <#says> \"more\".");
        alice.ask("PUT", "note").turtle(&last).header("if-match", &seen).send().await.is(204);
        alice.ask("PUT", "note").turtle(OLD).header("if-match", &seen).refused(412, "precondition-failed").await;
    }
    let tags = [
        tag(alice.ask("GET", "note").accept("text/turtle").send().await),
        tag(alice.ask("GET", "note").accept("application/n-triples").send().await),
    ];
    assert_ne!(tags[0], tags[1]);
}

/// Shows: P-118, P-119, P-131
#[tokio::test]
async fn conditions_on_what_is_not_there() {
    let world = World::start().await;
    let alice = &world.alice;
    for tags in [STALE, "*"] {
        alice.ask("PUT", "new/note").turtle(OLD).header("if-match", tags).refused(412, "precondition-failed").await;
        let patch = alice.ask("PATCH", "new/note").n3("solid:inserts {<> a <#N>}").header("if-match", tags);
        patch.refused(412, "precondition-failed").await;
        // Where the plain answer is 404 it stays so.
        for method in ["GET", "HEAD", "DELETE"] {
            alice.ask(method, "new/note").header("if-match", tags).send().await.is(404);
        }
    }
    alice.ask("PUT", "new/note").turtle(OLD).header("if-none-match", "*").send().await.is(201);
    alice.ask("PUT", "new/note").turtle(NEW).header("if-none-match", "*").refused(412, "precondition-failed").await;
    alice
        .ask("PUT", "new/")
        .turtle("")
        .container()
        .header("if-none-match", "*")
        .refused(412, "precondition-failed")
        .await;
    alice.ask("PUT", "newer/").turtle("").container().header("if-none-match", "*").send().await.is(201);
}

/// Where a request would be refused anyway, its conditions do not matter.
///
/// Shows: P-10
#[tokio::test]
async fn conditions_come_last() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", OLD).await.created();
    alice.put("box/note", OLD).await.created();
    let note = alice.url("note");
    for (name, value) in [("if-match", STALE), ("if-none-match", "*")] {
        world.bob.ask("PUT", &note).turtle(NEW).header(name, value).refused(403, "not-allowed").await;
        world.nobody.ask("PUT", &note).turtle(NEW).header(name, value).refused(401, "not-authenticated").await;
        alice.ask("POST", "note").turtle(NEW).header(name, value).refused(405, "method-not-allowed").await;
        alice.ask("DELETE", "box/").header(name, value).refused(409, "container-not-empty").await;
        alice.ask("PUT", "box").turtle(NEW).header(name, value).refused(409, "slash-twin").await;
        alice.ask("PUT", "note/x").turtle(NEW).header(name, value).refused(409, "document-above").await;
        alice.ask("PUT", "no.acl").turtle(NEW).header(name, value).refused(409, "subject-missing").await;
        alice.ask("OPTIONS", "note").header(name, value).send().await.is(204);
    }
}

/// What fails by its content alone fails by its conditions first, so that the client reads anew.
///
/// Shows: P-10
#[tokio::test]
async fn conditions_come_before_the_content() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", OLD).await.created();
    let stale = |method| alice.ask(method, "note").header("if-match", STALE);
    stale("PUT").turtle("<> a").refused(412, "precondition-failed").await;
    stale("PATCH").n3("solid:deletes {<> a <#No>}").refused(412, "precondition-failed").await;
    alice.ask("PUT", "note").turtle("<> a").refused(400, "content-malformed").await;
    alice.ask("PATCH", "note").n3("solid:deletes {<> a <#No>}").refused(409, "patch-conflict").await;
}

/// Shows: P-124
#[tokio::test]
async fn the_conditions_of_a_post_concern_the_container() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/", "").await.is(201);
    let post = || alice.ask("POST", "box/").turtle(NEW).header("slug", "note");
    post().header("if-match", STALE).refused(412, "precondition-failed").await;
    post().header("if-none-match", "*").refused(412, "precondition-failed").await;
    let seen = tag(alice.get("box/").await);
    post().header("if-match", &seen).send().await.is(201);
    post().header("if-match", &seen).refused(412, "precondition-failed").await;
}

/// The tag in the answer to a PUT is good for the next one; where bytes were changed there is none.
///
/// Shows: P-127
#[tokio::test]
async fn a_put_tells_the_tag_of_what_it_stored() {
    let world = World::start().await;
    let alice = &world.alice;
    let made = alice.put("note", OLD).await.is(201);
    assert!(!made.field("etag").is_empty());
    let changed = alice.ask("PUT", "note").turtle(NEW).header("if-match", made.field("etag")).send().await.is(204);
    alice.ask("PUT", "note").turtle(OLD).header("if-match", changed.field("etag")).send().await.is(204);
    let shown = tag(alice.get("note").await);
    let spared = alice.put("note", NEW).await.is(204).field("etag").to_owned();
    assert_ne!(spared, shown);
    alice.ask("GET", "note").header("if-none-match", &spared).send().await.is(304);
    assert_eq!(alice.patch("note", "solid:inserts {<> a <#N>}").await.is(204).field("etag"), "");
    assert_eq!(alice.put("box/", "<> <#title> \"t\".").await.is(201).field("etag"), "");
}

/// What nobody wrote yet is shown as an empty graph, whose tag is good for the first write.
///
/// Shows: P-78, P-81, P-118
#[tokio::test]
async fn the_tag_of_an_unwritten_description_is_good_for_its_first_write() {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("note", OLD).await.created();
    alice.ask("PUT", "note.meta").turtle(NEW).header("if-match", STALE).refused(412, "precondition-failed").await;
    let seen = tag(alice.get("note.meta").await);
    alice.ask("PUT", "note.meta").turtle(NEW).header("if-match", &seen).send().await.is(201);
    alice.ask("PUT", "note.meta").turtle(OLD).header("if-match", &seen).refused(412, "precondition-failed").await;
}

/// Shows: P-125
#[tokio::test]
async fn of_two_writers_one_wins() {
    let world = World::start().await;
    let put = |name: &'static str, condition: &'static str, value: String| {
        let alice = world.alice.clone();
        async move {
            alice
                .ask("PUT", "note")
                .turtle(&format!("<> <#by> \"{name}\"."))
                .header(condition, &value)
                .send()
                .await
                .status
        }
    };
    let star = || "*".to_owned();
    let (one, two) = tokio::join!(put("a", "if-none-match", star()), put("b", "if-none-match", star()));
    let mut both = [one.as_u16(), two.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [201, 412]);
    let seen = tag(world.alice.get("note").await);
    let (one, two) = tokio::join!(put("c", "if-match", seen.clone()), put("d", "if-match", seen));
    let mut both = [one.as_u16(), two.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [204, 412]);
}
