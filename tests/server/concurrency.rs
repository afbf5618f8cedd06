//! Many at once: what was checked still holds when it is written, and nothing is lost.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use crate::picture::Picture;
use crate::world::{Answer, Settings, World};

const WRITERS: usize = 32;

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

/// Checks that the pod is a sound tree.
async fn check(world: &World) -> Picture {
    let picture = Picture::of(world.storage.as_ref(), "alice").await;
    picture.check();
    picture
}

/// Shows: P-125
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_with_one_tag_one_wins() {
    let world = World::start().await;
    world.alice.put("counter", "<> <#by> -1 .").await.created();
    for round in 0..5 {
        let tag = world.alice.get("counter").await.is(200).field("etag").to_owned();
        let puts = (0..WRITERS).map(|writer| {
            let ask = world.alice.ask("PUT", "counter").header("if-match", &tag);
            ask.content("text/turtle", format!("<> <#round> {round}; <#by> {writer} .")).send()
        });
        let answers = join_all(puts).await;
        assert_eq!((count(&answers, 204), count(&answers, 412)), (1, WRITERS - 1), "round {round}");
        let winner = answers.iter().position(|answer| answer.status == 204).unwrap();
        let text = format!("<> <#round> {round}; <#by> {winner} .");
        assert_eq!(world.alice.get("counter").await.is(200).text(), text);
    }
    check(&world).await;
}

/// Shows: P-125
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_creators_one_creates() {
    let world = World::start().await;
    for (place, large) in [("new", false), ("deep/er/new", false), ("large", true), ("folder/", false)] {
        let puts = (0..WRITERS).map(|writer| {
            let ask = world.alice.ask("PUT", place).header("if-none-match", "*");
            match (place.ends_with('/'), large) {
                (true, _) => ask.send(),
                (_, true) => ask.content("image/png", vec![u8::try_from(writer).unwrap(); 100_000]).send(),
                _ => ask.content("text/turtle", format!("<> <#by> {writer} .")).send(),
            }
        });
        let answers = join_all(puts).await;
        assert_eq!((count(&answers, 201), count(&answers, 412)), (1, WRITERS - 1), "{place}");
    }
    check(&world).await;
}

/// Nothing is lost among changes that fit together.
///
/// Shows: P-125
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn patches_without_conditions_all_apply() {
    let world = World::start().await;
    world.alice.put("list", "<> a <#List> .").await.created();
    let patches = (0..WRITERS)
        .map(async |item| world.alice.patch("list", &format!("solid:inserts {{ <> <#item> {item} }}")).await);
    assert_eq!(count(&join_all(patches).await, 204), WRITERS);
    let answer = world.alice.get("list").await.is(200);
    assert_eq!(answer.graph(&world.alice.url("list")).len(), WRITERS + 1);
}

/// Shows: P-19
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twins_never_both_exist() {
    let world = World::start().await;
    for round in 0..8 {
        let (document, container) = (format!("twin{round}"), format!("twin{round}/"));
        let puts = (0..8).map(async |number| match number % 4 {
            0 => world.alice.put(&document, "<> a <#Document> .").await,
            1 => world.alice.ask("PUT", &container).send().await,
            2 => world.alice.put(&format!("{container}member"), "<> a <#Member> .").await,
            _ => {
                world
                    .alice
                    .ask("POST", "")
                    .header("slug", &document)
                    .content("text/turtle", "<> a <#Post> .")
                    .send()
                    .await
            }
        });
        let answers = join_all(puts).await;
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 204 | 409)), "{answers:?}");
        check(&world).await;
    }
}

/// Shows: P-71, solid#server-put-patch-intermediate-containers
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn members_of_missing_containers_are_made_together() {
    let world = World::start().await;
    let puts = (0..WRITERS).map(async |number| {
        let place = format!("a/b{}/c/{number}", number % 2);
        if number % 3 == 0 {
            world.alice.patch(&place, "solid:inserts { <> a <#New> }").await
        } else {
            world.alice.put(&place, "<> a <#New> .").await
        }
    });
    assert_eq!(count(&join_all(puts).await, 201), WRITERS);
    let members = async |container| world.alice.members(container).await.len();
    assert_eq!((members("a/").await, members("a/b0/c/").await, members("a/b1/c/").await), (2, 16, 16));
    check(&world).await;
}

/// Shows: P-22, P-155
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_slug_gives_many_names() {
    let world = World::start().await;
    world.alice.ask("PUT", "posts/").send().await.created();
    let posts = (0..WRITERS).map(|_| {
        world.alice.ask("POST", "posts/").header("slug", "note").content("text/turtle", "<> a <#Note> .").send()
    });
    let answers = join_all(posts).await;
    let names: BTreeSet<_> = answers.into_iter().map(Answer::created).collect();
    assert_eq!(names.len(), WRITERS);
    assert!(names.contains(&world.alice.url("posts/note")));
    assert_eq!(world.alice.members("posts/").await.len(), WRITERS);
}

/// A container goes only while it is empty: what was answered as created is there, and in its container.
///
/// Shows: P-24, P-194, solid#server-delete-protect-nonempty-container
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deleting_a_container_loses_no_member() {
    let world = World::start().await;
    for round in 0..12 {
        let container = format!("race{round}/");
        world.alice.ask("PUT", &container).send().await.created();
        let asks = (0..9).map(async |number| match number % 3 {
            0 => (None, world.alice.delete(&container).await),
            1 => {
                let url = world.alice.url(&format!("{container}put{number}"));
                (Some(url.clone()), world.alice.put(&url, "<> a <#Member> .").await)
            }
            _ => {
                let answer = world.alice.post(&container, "<> a <#Member> .").await;
                (Some(answer.field("location").to_owned()), answer)
            }
        });
        let answers = join_all(asks).await;
        for (member, answer) in &answers {
            match (member, answer.status.as_u16()) {
                (Some(url), 201) => _ = world.alice.get(url).await.is(200),
                // Another delete was first, or a member: or the container of the POST had gone.
                (None, 204 | 404 | 409) | (Some(_), 404) => {}
                (_, status) => panic!("round {round}: {status} {answer:?}"),
            }
        }
        check(&world).await;
    }
}

/// Shows: P-138
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn moving_a_container_loses_no_member() {
    let world = World::start().await;
    for round in 0..6 {
        let (from, to, copy) = (format!("from{round}/"), format!("to{round}/"), format!("copy{round}/"));
        world.alice.put(&format!("{from}first"), "<> a <#First> .").await.created();
        let asks = (0..8).map(async |number| match number {
            0 => world.alice.ask("MOVE", &from).header("destination", &world.alice.url(&to)).send().await,
            1 => world.alice.ask("COPY", &from).header("destination", &world.alice.url(&copy)).send().await,
            _ => world.alice.put(&format!("{from}{number}"), "<> a <#Member> .").await,
        });
        let answers = join_all(asks).await;
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 204 | 404)), "{answers:?}");
        let picture = check(&world).await;
        // Each member is somewhere, whatever came first; one that was made anew below `from` may lie alone there.
        for number in 2..8 {
            let at = |container: &str| picture.bodies.contains_key(&format!("/{container}{number}"));
            assert!(at(&from) || at(&to), "{number} is gone");
        }
    }
}

/// A reader sees one version or the other, never a mixture, and never an error.
///
/// Shows: P-90
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_see_whole_versions_while_others_write() {
    let world = World::start().await;
    let body = |writer: u8, size: usize| vec![writer; size];
    world.alice.ask("PUT", "picture").content("image/png", body(0, 200_000)).send().await.created();
    let writes = async {
        for writer in 1..12 {
            // Now a file, now in the catalogue.
            let size = if writer % 3 == 0 { 1000 } else { 200_000 + usize::from(writer) };
            world.alice.ask("PUT", "picture").content("image/png", body(writer, size)).send().await.is(204);
        }
    };
    let reads = (0..6).map(async |_| {
        for _ in 0..12 {
            let answer = world.alice.get("picture").await.is(200);
            let writer = answer.body[0];
            assert!(answer.body.iter().all(|byte| *byte == writer), "a mixture of versions");
            assert_eq!(answer.field("content-length"), answer.body.len().to_string());
        }
    });
    futures_util::future::join(writes, join_all(reads)).await;
}

/// Access that was taken away is gone for writes that were under way.
///
/// Shows: W-31
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_acl_that_changes_ends_what_it_allowed() {
    let world = World::start().await;
    world.alice.put("shared/note", "<> a <#Note> .").await.created();
    let url = world.alice.url("shared/note");
    for _ in 0..6 {
        world.alice.allow_all("shared/", &world.bob, "acl:Read, acl:Write").await;
        let writes = (0..6).map(async |number| world.bob.put(&url, &format!("<> a <#Bob{number}> .")).await);
        let revoke = async {
            world.alice.rules("shared/", "").await;
            world.alice.get(&url).await.is(200).text().to_owned()
        };
        let (answers, when_revoked) = futures_util::future::join(join_all(writes), revoke).await;
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 204 | 403)), "{answers:?}");
        world.bob.put(&url, "<> a <#Late> .").await.is(403);
        assert_eq!(world.alice.get(&url).await.text(), when_revoked, "a write came after the revocation");
    }
}

/// The quota holds for many at once, and `used` stays exact.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_quota_is_shared() {
    let world = World::with(Settings { quota: Some(1_000_000), ..Settings::default() }).await;
    let before = check(&world).await.used;
    let puts = (0..12).map(|number| {
        let ask = world.alice.ask("PUT", &format!("p{number}"));
        ask.content("image/png", vec![7; 200_000]).send()
    });
    let answers = join_all(puts).await;
    assert_eq!((count(&answers, 201), count(&answers, 413)), (4, 8));
    assert_eq!(check(&world).await.used, before + 800_000);
}
