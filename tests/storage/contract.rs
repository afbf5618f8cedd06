//! What every backend promises.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use cartable::clock::Clock;
use cartable::path::{Name, PodName, ResourcePath};
use cartable::storage::{Body, Cursor, EntryIs, Error, Expected, Happening, KeyRange, NewBody, Version};
use futures_util::{StreamExt, future, stream};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use super::world::{Draft, World, alice, container_path, new_pod, path, streamed};

/// Runs the contract on the backend that `$make` gives, each story on a fresh one.
macro_rules! contract {
    ($make:expr) => {
        contract!(@ $make;
            a_name_is_given_once,
            a_removed_pod_is_gone_and_others_stay,
            a_closed_pod_takes_no_change_until_it_is_opened,
            what_was_expected_must_hold,
            a_listing_that_moved_is_noticed,
            another_pod_can_be_relied_upon,
            a_refused_change_leaves_nothing,
            no_version_comes_back,
            a_resource_stays_who_it_is,
            one_look_sees_everything_above,
            the_other_slash_form_is_noticed,
            members_come_in_order_and_in_pages,
            the_tree_holds_everything_container_by_container,
            listings_move_with_their_members,
            used_bytes_are_exact,
            the_quota_is_kept,
            the_quota_can_be_set,
            a_body_moves,
            a_body_moves_onto_another,
            records_lie_in_containers,
            auxiliary_resources_have_a_subject,
            entries_are_unique,
            entries_come_in_pages,
            pods_and_house_share_versions,
            events_follow_commits,
            events_of_a_commit_stay_together,
            blobs_are_streamed,
            a_replaced_blob_is_gone,
            a_staged_blob_can_be_given_up,
            a_client_that_stops_is_no_fault,
            versions_are_seen_at_once,
            the_deepest_path_is_found,
            concurrent_changes_are_decided_one_by_one,
            any_changes_keep_the_tree_whole,
        );
    };
    (@ $make:expr; $($story:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $story() {
            let (storage, clock, _kept) = $make;
            let world = crate::world::World::on(storage, clock).await;
            crate::contract::$story(&world).await;
        })*
    };
}
pub(crate) use contract;

pub async fn a_name_is_given_once(world: &World) {
    let again = world.storage.commit(new_pod("alice", None, world.clock.now())).await;
    assert_eq!(again, Err(Error::Taken("alice".into())));
    assert_eq!(world.storage.pod(&PodName::parse("bob").unwrap()).await, Ok(None));
    let alice = world.state().await;
    assert_eq!((alice.id, alice.created), (world.pod, world.clock.now()));
    assert_eq!(alice.owners, ["https://alice.example/profile/card#me"]);
    assert_eq!(world.storage.pods(None, 10).await, Ok(vec![alice]));
}

pub async fn a_removed_pod_is_gone_and_others_stay(world: &World) {
    world.put("/notes/a", "hello").await;
    let bob = world.storage.commit(new_pod("bob", None, world.clock.now())).await.unwrap().pod.unwrap();
    world.storage.remove(world.pod).await.unwrap();
    assert_eq!(world.storage.pod(&alice()).await, Ok(None));
    assert_eq!(world.storage.locate(&path("/notes/a")).await, Err(Error::Gone), "its name tells");
    assert_eq!(world.storage.version(world.pod).await, Err(Error::NoSuchPod));
    assert_eq!(world.commit(world.change().put("/notes/a", "again")).await, Err(Error::NoSuchPod));
    assert_eq!(world.storage.remove(world.pod).await, Err(Error::NoSuchPod));
    let again = world.storage.commit(new_pod("alice", None, world.clock.now())).await;
    assert_eq!(again, Err(Error::Taken("alice".into())));
    let left: Vec<_> = world.storage.pods(None, 10).await.unwrap().into_iter().map(|pod| pod.id).collect();
    assert_eq!(left, [bob]);
}

pub async fn what_was_expected_must_hold(world: &World) {
    let first = world.put("/notes/a", "one").await;
    let absent = world.change().expect("/notes/a", None).put("/notes/a", "two");
    assert_eq!(world.commit(absent).await, Err(Error::Moved));
    let second = world.commit(world.change().expect("/notes/a", Some(first)).put("/notes/a", "two")).await.unwrap();
    let stale = world.change().expect("/notes/a", Some(first)).put("/notes/a", "three");
    assert_eq!(world.commit(stale).await, Err(Error::Moved));
    let gone = world.change().expect("/notes/b", Some(first)).put("/notes/a", "three");
    assert_eq!(world.commit(gone).await, Err(Error::Moved));
    assert_eq!(world.text("/notes/a").await.as_deref(), Some("two"));
    assert_eq!(world.record("/notes/a").await.unwrap().version, second.version);
}

pub async fn a_listing_that_moved_is_noticed(world: &World) {
    let seen = world.record("/notes/").await.unwrap().listing;
    world.put("/notes/a", "one").await;
    let stale = world.change().expect_listing("/notes/", seen).delete("/notes/");
    assert_eq!(world.commit(stale).await, Err(Error::Moved));
    world.commit(world.change().delete("/notes/a")).await.unwrap();
    let seen = world.record("/notes/").await.unwrap().listing;
    world.commit(world.change().expect_listing("/notes/", seen).delete("/notes/")).await.unwrap();
    assert_eq!(world.record("/notes/").await, None);
}

pub async fn another_pod_can_be_relied_upon(world: &World) {
    world.storage.commit(new_pod("bob", None, world.clock.now())).await.unwrap();
    let root = ResourcePath::root(PodName::parse("bob").unwrap());
    let version = world.storage.locate(&root).await.unwrap().target().unwrap().version;
    for (expected, fits) in [(Some(version), true), (Some(Version(version.0 + 1)), false), (None, false)] {
        let mut draft = world.change().put("/notes/a", "one");
        draft.0.expected.push(Expected::Record(root.clone(), expected));
        assert_eq!(world.commit(draft).await.is_ok(), fits);
    }
    let nowhere = ResourcePath::root(PodName::parse("nobody").unwrap());
    let mut draft = world.change().put("/notes/a", "two");
    draft.0.expected.push(Expected::Record(nowhere, None));
    world.commit(draft).await.unwrap();
}

pub async fn a_refused_change_leaves_nothing(world: &World) {
    let before = world.put("/notes/a", "one").await;
    let draft = world
        .change()
        .put("/notes/b", "two")
        .delete("/notes/a")
        .event(Happening::Create, "/notes/b")
        .delete("/notes/none");
    assert_eq!(world.commit(draft).await, Err(Error::Moved));
    assert_eq!(world.names("/notes/").await, ["/notes/a"]);
    assert_eq!(world.state().await.version, before);
    assert_eq!(world.state().await.used, 3);
    let cursor = Cursor { pod: world.pod, after: Version(0) };
    assert_eq!(world.storage.events(cursor, 10).await, Ok(Vec::new()));
}

pub async fn no_version_comes_back(world: &World) {
    let first = world.put("/notes/a", "one").await;
    let deleted = world.commit(world.change().delete("/notes/a")).await.unwrap().version;
    let second = world.put("/notes/a", "one").await;
    assert!(first < deleted && deleted < second);
    let record = world.record("/notes/a").await.unwrap();
    assert_eq!((record.version, record.listing), (second, second));
}

pub async fn a_resource_stays_who_it_is(world: &World) {
    world.put("/notes/a", "one").await;
    let first = world.record("/notes/a").await.unwrap();
    world.clock.advance(Duration::from_mins(1));
    let mut draft = world.change().put("/notes/a", "three");
    let cartable::storage::Write::Put { content, .. } = &mut draft.0.writes[0] else { unreachable!() };
    content.by = Some("https://bob.example/profile/card#me".into());
    content.inbox = Some("https://bob.example/inbox/".into());
    world.commit(draft).await.unwrap();
    let second = world.record("/notes/a").await.unwrap();
    assert_eq!((second.uid, second.created), (first.uid, first.created));
    assert_eq!(second.created_by.as_deref(), Some("https://alice.example/profile/card#me"));
    assert_eq!(second.inbox.as_deref(), Some("https://bob.example/inbox/"));
    assert_eq!((second.modified, second.size), (world.clock.now(), 5));
    assert_eq!(second.body, Body::Inline(Bytes::from_static(b"three")));
    world.commit(world.change().delete("/notes/a")).await.unwrap();
    world.put("/notes/a", "one").await;
    let third = world.record("/notes/a").await.unwrap();
    assert_ne!(third.uid, first.uid);
    assert_eq!(third.created, world.clock.now());
}

pub async fn one_look_sees_everything_above(world: &World) {
    let draft = world
        .change()
        .put("/.acl", "root acl")
        .put("/.meta", "root meta")
        .put_container("/notes/deep/")
        .put("/notes/deep/.acl", "deep acl")
        .put("/notes/deep/.meta", "deep meta")
        .put("/notes/deep/a", "text")
        .put("/notes/deep/a.acl", "a acl")
        .put("/notes/deep/a.meta", "a meta");
    world.commit(draft).await.unwrap();
    let body = |record: &Option<_>| match record {
        Some(cartable::storage::Record { body: Body::Inline(bytes), .. }) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        Some(cartable::storage::Record { body, .. }) => format!("{body:?}"),
        None => "none".to_owned(),
    };
    let above = |found: &cartable::storage::Found| -> Vec<_> {
        let row = |above: &cartable::storage::Above| {
            format!("{} {} {}", above.path.local(), body(&above.record), body(&above.acl))
        };
        found.above.iter().map(row).collect()
    };
    for local in ["/notes/deep/a", "/notes/deep/a.acl", "/notes/deep/a.meta"] {
        let found = world.locate(local).await;
        assert_eq!(found.path, path(local));
        assert_eq!(body(&found.subject.record), "text");
        assert_eq!(body(&found.subject.acl), "a acl");
        assert_eq!(body(&found.subject.description), "a meta");
        assert_eq!(above(&found), ["/notes/deep/ Absent deep acl", "/notes/ Absent none", "/ Absent root acl"]);
    }
    let found = world.locate("/notes/deep/").await;
    assert_eq!(body(&found.subject.record), "Absent");
    assert_eq!((body(&found.subject.acl), body(&found.subject.description)), ("deep acl".into(), "deep meta".into()));
    assert_eq!(above(&found), ["/notes/ Absent none", "/ Absent root acl"]);
    let found = world.locate("/").await;
    assert_eq!(body(&found.subject.record), "Absent");
    assert_eq!((body(&found.subject.acl), body(&found.subject.description)), ("root acl".into(), "root meta".into()));
    assert_eq!(found.above, []);
    let found = world.locate("/none/at/all").await;
    assert_eq!(found.subject, cartable::storage::Spot::default());
    assert_eq!(above(&found), ["/none/at/ none none", "/none/ none none", "/ Absent root acl"]);
    assert_eq!(found.pod, world.state().await);
}

pub async fn the_other_slash_form_is_noticed(world: &World) {
    world.put("/notes/a", "one").await;
    assert!(world.locate("/notes/a/").await.subject.twin);
    assert!(world.locate("/notes").await.subject.twin);
    assert!(!world.locate("/notes/a").await.subject.twin);
    let below = world.locate("/notes/a/b").await;
    assert!(below.above[0].twin && below.above[0].record.is_none());
    assert_eq!(world.commit(world.change().put_container("/notes/a/")).await, Err(Error::Moved));
    assert_eq!(world.commit(world.change().put("/notes", "one")).await, Err(Error::Moved));
    let turned = world.change().delete("/notes/a").put_container("/notes/a/");
    world.commit(turned).await.unwrap();
}

pub async fn members_come_in_order_and_in_pages(world: &World) {
    let names = ["b", "a", "c.ttl", "é", "z/"];
    let draft = names.iter().fold(world.change(), |draft, name| match name.strip_suffix('/') {
        Some(_) => draft.put_container(&format!("/notes/{name}")),
        None => draft.put(&format!("/notes/{name}"), name),
    });
    let draft = draft.put("/notes/a.acl", "acl").put("/notes/.meta", "meta").put("/notes/z/below", "deep");
    world.commit(draft).await.unwrap();
    let all = ["/notes/%C3%A9", "/notes/a", "/notes/b", "/notes/c.ttl", "/notes/z/"];
    assert_eq!(world.names("/notes/").await, all);
    assert_eq!(world.names("/").await, ["/notes/"]);
    let mut paged = Vec::new();
    let mut after: Option<Name> = None;
    loop {
        let page = world.storage.members(world.pod, &container_path("/notes/"), after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        after = Some(Name::trusted(last.path.name()));
        paged.extend(page);
    }
    let sizes: Vec<_> = paged.iter().map(|member| (member.path.local(), member.record.size)).collect();
    assert_eq!(sizes, [("/notes/%C3%A9", 2), ("/notes/a", 1), ("/notes/b", 1), ("/notes/c.ttl", 5), ("/notes/z/", 0)]);
    assert!(paged.iter().all(|member| member.record.body == Body::Unread));
    assert_eq!(world.names("/none/").await, [""; 0]);
}

pub async fn the_tree_holds_everything_container_by_container(world: &World) {
    let draft = world
        .change()
        .put("/.acl", "acl")
        .put_container("/a/")
        .put("/a/x", "x")
        .put("/a/x.meta", "meta")
        .put("/notes/y", "y");
    world.commit(draft).await.unwrap();
    let mut seen = Vec::new();
    let mut after: Option<ResourcePath> = None;
    loop {
        let page = world.storage.tree(world.pod, after.as_ref(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.path.clone());
        seen.extend(page.into_iter().map(|member| member.path.local().to_owned()));
    }
    assert_eq!(seen, ["/", "/.acl", "/a/", "/notes/", "/a/x", "/a/x.meta", "/notes/y"]);
}

pub async fn listings_move_with_their_members(world: &World) {
    let look = async || {
        let record = world.record("/notes/").await.unwrap();
        (record.listing, record.modified, record.version)
    };
    let (_, made, version) = look().await;
    let root = async || {
        let root = world.record("/").await.unwrap();
        (root.listing, root.modified, root.version)
    };
    let (_, root_made, root_version) = root().await;

    world.clock.advance(Duration::from_secs(1));
    let added = world.put("/notes/a", "one").await;
    let (listing, modified, _) = look().await;
    assert_eq!((listing, modified), (added, world.clock.now()));
    assert!(modified > made);
    assert_eq!(root().await, (added, root_made, root_version), "the listing above shows the date that moved");

    world.clock.advance(Duration::from_secs(1));
    let rewritten = world.put("/notes/a", "two").await;
    assert_eq!(look().await, (rewritten, modified, version), "a member rewritten moves the listing, not the date");

    world.put("/notes/a.acl", "acl").await;
    world.put("/notes/.meta", "meta").await;
    assert_eq!(look().await, (rewritten, modified, version), "auxiliary resources are no members");
    assert_eq!(root().await, (added, root_made, root_version), "no date has moved since");

    let removed = world.commit(world.change().delete("/notes/a").delete("/notes/a.acl")).await.unwrap().version;
    assert_eq!(look().await, (removed, world.clock.now(), version));
    assert_eq!(root().await, (removed, root_made, root_version), "no date above the container moves");

    let again = world.commit(world.change().put_container("/notes/")).await.unwrap().version;
    assert_eq!(look().await, (removed, world.clock.now(), again), "a container keeps its listing when it is written");
}

pub async fn used_bytes_are_exact(world: &World) {
    let used = async || world.state().await.used;
    world.put("/notes/a", "12345").await;
    world.put("/notes/a.acl", "123").await;
    assert_eq!(used().await, 8);
    world.put("/notes/a", "1").await;
    assert_eq!(used().await, 4);
    let (blob, size) = world.stage(&[7; 100]).await;
    assert_eq!(used().await, 4, "what is staged is nobody's yet");
    world.commit(world.change().put_body("/notes/a", NewBody::Staged(blob, size))).await.unwrap();
    assert_eq!(used().await, 103);
    let moved = world.change().put_body("/notes/b", NewBody::From(path("/notes/a"))).delete("/notes/a");
    world.commit(moved.delete("/notes/a.acl")).await.unwrap();
    assert_eq!(used().await, 100);
    let draft = world.change().put("/notes/c", "12").put("/notes/c", "123").delete("/notes/b");
    world.commit(draft).await.unwrap();
    assert_eq!(used().await, 3);
    world.commit(world.change().delete("/notes/c")).await.unwrap();
    assert_eq!(used().await, 0);
}

pub async fn the_quota_is_kept(world: &World) {
    let made = world.storage.commit(new_pod("small", Some(10), world.clock.now())).await.unwrap();
    let small = |local: &str| ResourcePath::parse(PodName::parse("small").unwrap(), local).unwrap();
    let put = async |local: &str, size: usize| {
        let mut draft = world.change().put("/x", &"x".repeat(size));
        draft.0.scope = cartable::storage::Scope::Pod(made.pod.unwrap());
        let cartable::storage::Write::Put { path, .. } = &mut draft.0.writes[0] else { unreachable!() };
        *path = small(local);
        world.commit(draft).await.map(|_| ())
    };
    assert_eq!(put("/a", 10).await, Ok(()));
    assert_eq!(put("/b", 1).await, Err(Error::Quota { left: 0 }));
    assert_eq!(put("/a", 11).await, Err(Error::Quota { left: 0 }));
    assert_eq!(put("/a", 4).await, Ok(()));
    assert_eq!(put("/b", 7).await, Err(Error::Quota { left: 6 }));
    assert_eq!(put("/b", 6).await, Ok(()));
    assert_eq!(put("/b", 0).await, Ok(()));
    assert!(world.storage.locate(&small("/b")).await.unwrap().target().is_some());
}

pub async fn the_quota_can_be_set(world: &World) {
    world.put("/notes/a", "hello").await;
    world.storage.set_quota(world.pod, Some(8)).await.unwrap();
    assert_eq!(world.state().await.quota, Some(8));
    let longer = world.commit(world.change().put("/notes/b", "more than that")).await;
    assert!(matches!(longer, Err(Error::Quota { .. })), "{longer:?}");
    world.storage.set_quota(world.pod, None).await.unwrap();
    world.put("/notes/b", "more than that").await;
    world.storage.remove(world.pod).await.unwrap();
    assert_eq!(world.storage.set_quota(world.pod, None).await, Err(Error::NoSuchPod));
}

/// Closing is part of any change, and seen as quickly as one.
pub async fn a_closed_pod_takes_no_change_until_it_is_opened(world: &World) {
    let closing = |closed| {
        let mut draft = Draft::house(world.clock.now()).entry("account/a", EntryIs::Anything, Some("closing"));
        draft.0.closed = vec![(world.pod, closed)];
        draft
    };
    let before = world.state().await;
    let version = world.commit(closing(true)).await.unwrap().version;
    let closed = world.state().await;
    assert!(closed.closed && closed.version == version && version > before.version);
    assert_eq!(world.storage.version(world.pod).await, Ok(version));
    assert_eq!(world.storage.house_version().await, Ok(version));
    assert!(world.storage.locate(&path("/notes/")).await.unwrap().pod.closed);
    assert_eq!(world.commit(world.change().put("/notes/a", "a")).await.map(|_| ()), Err(Error::Moved));
    let refused = closing(false).entry("account/a", EntryIs::Absent, None);
    world.commit(refused).await.unwrap_err();
    assert!(world.state().await.closed, "with a change that is refused, nothing is opened");
    world.commit(closing(false)).await.unwrap();
    assert!(!world.state().await.closed);
    world.commit(world.change().put("/notes/a", "a")).await.unwrap();
}

pub async fn a_body_moves(world: &World) {
    let (blob, size) = world.stage(b"large").await;
    let draft = world.change().put("/notes/a", "small").put_body("/notes/b", NewBody::Staged(blob.clone(), size));
    world.commit(draft).await.unwrap();
    let (a, b) = (world.record("/notes/a").await.unwrap(), world.record("/notes/b").await.unwrap());
    world.clock.advance(Duration::from_secs(1));
    let draft = world
        .change()
        .put_container("/moved/")
        .delete("/notes/a")
        .put_body("/moved/a", NewBody::From(path("/notes/a")))
        .put_body("/moved/b", NewBody::From(path("/notes/b")))
        .delete("/notes/b");
    world.commit(draft).await.unwrap();
    assert_eq!(world.names("/notes/").await, [""; 0]);
    assert_eq!(world.text("/moved/a").await.as_deref(), Some("small"));
    assert_eq!(world.text("/moved/b").await.as_deref(), Some("large"));
    let moved = [world.record("/moved/a").await.unwrap(), world.record("/moved/b").await.unwrap()];
    assert_eq!([moved[0].uid, moved[1].uid], [a.uid, b.uid]);
    assert_eq!([moved[0].created, moved[1].created], [a.created, b.created]);
    assert_eq!(moved[1].body, Body::Blob(blob));

    let nowhere = world.change().put_body("/moved/c", NewBody::From(path("/notes/a"))).delete("/notes/a");
    assert_eq!(world.commit(nowhere).await, Err(Error::Moved));
    let stays = world.change().put_body("/moved/c", NewBody::From(path("/moved/a")));
    assert!(matches!(world.commit(stays).await, Err(Error::Failed(_))));
}

pub async fn a_body_moves_onto_another(world: &World) {
    let (blob, size) = world.stage(b"large").await;
    let draft = world.change().put("/notes/a", "small").put_body("/notes/b", NewBody::Staged(blob.clone(), size));
    world.commit(draft).await.unwrap();
    let onto = world.change().put_body("/notes/b", NewBody::From(path("/notes/a"))).delete("/notes/a");
    world.commit(onto).await.unwrap();
    assert_eq!(world.text("/notes/b").await.as_deref(), Some("small"));
    assert_eq!(world.state().await.used, 5);
    assert_eq!(world.storage.open(&blob, None).await.err(), Some(Error::Moved));
}

pub async fn records_lie_in_containers(world: &World) {
    assert_eq!(world.commit(world.change().put("/none/a", "one")).await, Err(Error::Moved));
    assert_eq!(world.commit(world.change().put_container("/none/a/")).await, Err(Error::Moved));
    world.put("/notes/a", "one").await;
    assert_eq!(world.commit(world.change().delete("/notes/")).await, Err(Error::Moved));
    let backwards = world.change().put("/new/b/c", "one").put_container("/new/b/").put_container("/new/");
    world.commit(backwards).await.unwrap();
    let forwards = world.change().delete("/new/").delete("/new/b/").delete("/new/b/c");
    world.commit(forwards).await.unwrap();
    assert_eq!(world.names("/").await, ["/notes/"]);
    let bodies = world.change().put("/notes/", "a container has no body");
    assert!(matches!(world.commit(bodies).await, Err(Error::Failed(_))));
}

pub async fn auxiliary_resources_have_a_subject(world: &World) {
    for local in ["/notes/none.acl", "/notes/none.meta", "/none/.acl"] {
        assert_eq!(world.commit(world.change().put(local, "aux")).await, Err(Error::Moved), "{local}");
    }
    for aux in ["/notes/a.acl", "/notes/a.meta"] {
        world.commit(world.change().put("/notes/a", "one").put(aux, "aux")).await.unwrap();
        assert_eq!(world.commit(world.change().delete("/notes/a")).await, Err(Error::Moved));
        world.commit(world.change().delete("/notes/a").delete(aux)).await.unwrap();
    }
    world.put("/notes/.acl", "aux").await;
    assert_eq!(world.commit(world.change().delete("/notes/")).await, Err(Error::Moved));
    world.commit(world.change().delete("/notes/").delete("/notes/.acl")).await.unwrap();
}

pub async fn entries_are_unique(world: &World) {
    let house = || Draft::house(world.clock.now());
    let write = async |draft: Draft| world.commit(draft).await.map(|committed| committed.version);
    let first = write(house().entry("email/a", EntryIs::Absent, Some("one"))).await.unwrap();
    let taken = house().entry("email/b", EntryIs::Absent, Some("two")).entry("email/a", EntryIs::Absent, Some("two"));
    assert_eq!(write(taken).await, Err(Error::Taken("email/a".into())));
    assert_eq!(world.storage.entry("email/b").await, Ok(None));
    let second = write(house().entry("email/a", EntryIs::At(first), Some("two"))).await.unwrap();
    assert_eq!(write(house().entry("email/a", EntryIs::At(first), None)).await, Err(Error::Moved));
    let entry = world.storage.entry("email/a").await.unwrap().unwrap();
    assert_eq!((&entry.value[..], entry.version), (&b"two"[..], second));
    write(house().entry("email/a", EntryIs::At(second), None)).await.unwrap();
    assert_eq!(write(house().entry("email/a", EntryIs::At(second), Some("x"))).await, Err(Error::Moved));
    let third = write(house().entry("email/a", EntryIs::Absent, Some("three"))).await.unwrap();
    assert!(third > second);
    write(house().entry("email/a", EntryIs::Anything, Some("four"))).await.unwrap();
    write(house().entry("email/none", EntryIs::Anything, None)).await.unwrap();
    assert_eq!(world.storage.entry("email/a").await.unwrap().unwrap().value, "four");
}

pub async fn entries_come_in_pages(world: &World) {
    let keys = ["a/1", "b/1", "b/2", "b/é", "b", "c/1"];
    let draft = keys
        .iter()
        .fold(Draft::house(world.clock.now()), |draft, key| draft.entry(key, EntryIs::Absent, Some("value")));
    world.commit(draft).await.unwrap();
    let list = async |prefix: &str, after: Option<&str>, limit: usize| -> Vec<String> {
        let entries = world.storage.entries(KeyRange { prefix, after, limit }).await.unwrap();
        entries.into_iter().map(|entry| entry.key.to_string()).collect()
    };
    assert_eq!(list("b/", None, 10).await, ["b/1", "b/2", "b/é"]);
    assert_eq!(list("b/", None, 2).await, ["b/1", "b/2"]);
    assert_eq!(list("b/", Some("b/2"), 2).await, ["b/é"]);
    assert_eq!(list("", None, 10).await.len(), 6);
    assert_eq!(list("d/", None, 10).await, [""; 0]);
}

pub async fn pods_and_house_share_versions(world: &World) {
    let first =
        world.commit(world.change().put("/notes/a", "1").entry("k", EntryIs::Anything, Some("1"))).await.unwrap();
    assert_eq!(world.storage.entry("k").await.unwrap().unwrap().version, first.version);
    assert_eq!(world.storage.house_version().await, Ok(first.version));
    assert_eq!(world.storage.version(world.pod).await, Ok(first.version));
    for _ in 0..5 {
        world.commit(Draft::house(world.clock.now()).entry("k", EntryIs::Anything, Some("2"))).await.unwrap();
    }
    let house = world.storage.house_version().await.unwrap();
    let both =
        world.commit(world.change().put("/notes/a", "2").entry("k", EntryIs::At(house), Some("3"))).await.unwrap();
    assert!(both.version > house);
    let refused = world.change().put("/notes/a", "3").entry("k", EntryIs::Absent, Some("4"));
    assert_eq!(world.commit(refused).await, Err(Error::Taken("k".into())));
    assert_eq!(world.text("/notes/a").await.as_deref(), Some("2"));
}

pub async fn events_follow_commits(world: &World) {
    let mut draft = world.change().put("/notes/a", "1").event(Happening::Create, "/notes/a");
    draft = draft.event(Happening::Add, "/notes/");
    draft.0.events[1].object = Some(path("/notes/a"));
    let first = world.commit(draft).await.unwrap().version;
    world.clock.advance(Duration::from_secs(1));
    let second = world.commit(world.change().delete("/notes/a").event(Happening::Delete, "/notes/a")).await.unwrap();
    let events = world.storage.events(Cursor { pod: world.pod, after: Version(0) }, 10).await.unwrap();
    let seen: Vec<_> = events
        .iter()
        .map(|event| (event.version, event.index, event.happening, &*event.path, event.object.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            (first, 0, Happening::Create, "/notes/a", None),
            (first, 1, Happening::Add, "/notes/", Some("/notes/a")),
            (second.version, 0, Happening::Delete, "/notes/a", None),
        ]
    );
    assert_eq!(events[2].at, world.clock.now());
    let later = world.storage.events(Cursor { pod: world.pod, after: first }, 10).await.unwrap();
    assert_eq!(later, events[2..]);
}

pub async fn events_of_a_commit_stay_together(world: &World) {
    for number in 0..4 {
        let local = format!("/notes/{number}");
        let draft = (0..3).fold(world.change().put(&local, "x"), |draft, _| draft.event(Happening::Create, &local));
        world.commit(draft).await.unwrap();
    }
    for (limit, expected) in [(1, 3), (3, 3), (4, 6), (12, 12), (100, 12)] {
        let mut cursor = Cursor { pod: world.pod, after: Version(0) };
        let first = world.storage.events(cursor, limit).await.unwrap();
        assert_eq!(first.len(), expected, "limit {limit}");
        let mut all = Vec::new();
        loop {
            let page = world.storage.events(cursor, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            cursor.after = last.version;
            all.extend(page);
        }
        assert_eq!(all.len(), 12, "limit {limit}");
    }
}

pub async fn blobs_are_streamed(world: &World) {
    let bytes: Vec<u8> = (0..3_000_000u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect();
    let (blob, size) = world.stage(&bytes).await;
    assert_eq!(size, 3_000_000);
    world.commit(world.change().put_body("/notes/a", NewBody::Staged(blob.clone(), size))).await.unwrap();
    let record = world.record("/notes/a").await.unwrap();
    assert_eq!((record.size, &record.body), (size, &Body::Blob(blob.clone())));
    assert!(world.read(&blob, None).await == bytes);
    for range in [0..0, 0..1, 1_000_000..2_999_999, 2_999_999..3_000_000] {
        let (start, end) = (usize::try_from(range.start).unwrap(), usize::try_from(range.end).unwrap());
        assert!(world.read(&blob, Some(range)).await == bytes[start..end]);
    }
    let (empty, size) = world.stage(b"").await;
    assert_eq!(size, 0);
    assert!(world.read(&empty, None).await.is_empty());
}

pub async fn a_replaced_blob_is_gone(world: &World) {
    let (first, size) = world.stage(b"first").await;
    world.commit(world.change().put_body("/notes/a", NewBody::Staged(first.clone(), size))).await.unwrap();
    let twice = world.change().put_body("/notes/b", NewBody::Staged(first.clone(), size));
    assert!(matches!(world.commit(twice).await, Err(Error::Failed(_))), "a blob has one owner");
    let (second, size) = world.stage(b"second").await;
    world.commit(world.change().put_body("/notes/a", NewBody::Staged(second.clone(), size))).await.unwrap();
    assert_eq!(world.storage.open(&first, None).await.err(), Some(Error::Moved));
    assert_eq!(world.text("/notes/a").await.as_deref(), Some("second"));
    world.put("/notes/a", "inline").await;
    assert_eq!(world.storage.open(&second, None).await.err(), Some(Error::Moved));
    assert_eq!(world.text("/notes/a").await.as_deref(), Some("inline"));
}

pub async fn a_staged_blob_can_be_given_up(world: &World) {
    let (unwanted, size) = world.stage(b"unwanted").await;
    let (owned, _) = world.stage(b"owned").await;
    world.commit(world.change().put_body("/notes/x", NewBody::Staged(owned.clone(), 5))).await.unwrap();
    for blob in [&unwanted, &owned, &unwanted] {
        world.storage.discard(blob).await.unwrap();
    }
    assert!(matches!(world.storage.open(&unwanted, None).await, Err(Error::Moved)));
    let claim = world.change().put_body("/notes/y", NewBody::Staged(unwanted, size));
    assert!(world.commit(claim).await.is_err());
    assert_eq!(world.text("/notes/x").await.as_deref(), Some("owned"));
}

pub async fn a_client_that_stops_is_no_fault(world: &World) {
    let broken = stream::iter([Ok(Bytes::from_static(b"half")), Err(io::ErrorKind::ConnectionReset.into())]).boxed();
    let stopped = world.storage.stage(world.pod, broken).await.unwrap();
    assert_eq!(stopped.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert!(world.storage.stage(world.pod, streamed(b"whole")).await.unwrap().is_ok());
}

pub async fn versions_are_seen_at_once(world: &World) {
    let bob = world.storage.commit(new_pod("bob", None, world.clock.now())).await.unwrap();
    let house = world.storage.house_version().await.unwrap();
    for number in 0..20 {
        let written = world.put("/notes/a", &number.to_string()).await;
        for _ in 0..3 {
            assert_eq!(world.storage.version(world.pod).await, Ok(written));
            assert_eq!(world.storage.version(bob.pod.unwrap()).await, Ok(bob.version));
            assert_eq!(world.storage.house_version().await, Ok(house));
        }
    }
}

pub async fn the_deepest_path_is_found(world: &World) {
    let deepest = "/d".repeat(cartable::path::MAX_DEPTH);
    let containers = (1..cartable::path::MAX_DEPTH).map(|depth| format!("{}/", "/d".repeat(depth)));
    let draft = containers.fold(world.change().put(&deepest, "deep"), |draft, local| draft.put_container(&local));
    world.commit(draft).await.unwrap();
    let found = world.locate(&deepest).await;
    assert_eq!(found.target().unwrap().size, 4);
    assert_eq!(found.above.len(), cartable::path::MAX_DEPTH);
    assert!(found.above.iter().all(|above| above.record.is_some()));
}

/// Forty writers add to one document, each looking again when it has moved, while forty others write elsewhere.
pub async fn concurrent_changes_are_decided_one_by_one(world: &World) {
    world.put("/notes/shared", "").await;
    let add = async || loop {
        let record = world.record("/notes/shared").await.unwrap();
        let Body::Inline(bytes) = record.body else { unreachable!() };
        let longer = format!("{}x", String::from_utf8_lossy(&bytes));
        let draft = world.change().expect("/notes/shared", Some(record.version)).put("/notes/shared", &longer);
        match world.commit(draft).await {
            Err(Error::Moved) => {}
            committed => return committed.unwrap().version,
        }
    };
    let elsewhere = async |number: usize| world.put(&format!("/notes/{number}"), "x").await;
    let (added, written) =
        future::join(future::join_all((0..40).map(|_| add())), future::join_all((0..40).map(elsewhere))).await;
    assert_eq!(world.text("/notes/shared").await, Some("x".repeat(40)));
    let mut versions: Vec<_> = added.into_iter().chain(written).collect();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), 80, "each commit has a version of its own");
    assert_eq!(world.names("/notes/").await.len(), 41);
    assert_eq!(world.state().await.used, 80);
}

/// One step of a random history, on a few names that get in each other's way.
#[derive(Debug, Clone)]
enum Step {
    Put(&'static str, usize),
    Delete(&'static str),
    Move(&'static str, &'static str),
}

const NAMES: [&str; 9] = ["/a", "/a/", "/a/x", "/a/x.acl", "/a/x.meta", "/a/.acl", "/a/y", "/a/y/", "/a/y/z"];

/// What should be there: paths and sizes, `None` for containers.
type Model = BTreeMap<&'static str, Option<usize>>;

impl Step {
    fn any() -> impl Strategy<Value = Self> {
        let name = || prop::sample::select(&NAMES[..]);
        let alike = |(from, to): &(&str, &str)| from != to && from.ends_with('/') == to.ends_with('/');
        prop_oneof![
            4 => (name(), 0..100_usize).prop_map(|(name, size)| Self::Put(name, size)),
            2 => name().prop_map(Self::Delete),
            1 => (name(), name()).prop_filter("a container stays one", alike).prop_map(|(from, to)| Self::Move(from, to)),
        ]
    }

    fn on_model(&self, model: &Model) -> Option<Model> {
        let mut next = model.clone();
        match *self {
            Self::Put(name, size) => _ = next.insert(name, (!name.ends_with('/')).then_some(size)),
            Self::Delete(name) => _ = next.remove(name)?,
            Self::Move(from, to) => {
                let moved = next.remove(from)?;
                next.insert(to, moved);
            }
        }
        let whole = |name: &&str| {
            let path = path(name);
            let there = |needed: &ResourcePath| needed.is_root() || next.contains_key(needed.local());
            there(&path.container().unwrap())
                && there(&path.subject())
                && !next.contains_key(path.twin().unwrap().local())
        };
        next.keys().all(whole).then(|| next.clone())
    }

    async fn on(&self, world: &World) -> Result<(), Error> {
        let draft = match *self {
            Self::Put(name, _) if name.ends_with('/') => world.change().put_container(name),
            Self::Put(name, size) => world.change().put(name, &"x".repeat(size)),
            Self::Delete(name) => world.change().delete(name),
            Self::Move(from, to) => world.change().put_body(to, NewBody::From(path(from))).delete(from),
        };
        world.commit(draft).await.map(|_| ())
    }
}

/// Plays random histories on storage and on a model: the same changes are refused, and the same is there afterwards.
pub async fn any_changes_keep_the_tree_whole(world: &World) {
    world.commit(world.change().delete("/notes/")).await.unwrap();
    let handle = tokio::runtime::Handle::current();
    let play = |steps: Vec<Step>| handle.block_on(play(world, steps));
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let played =
        tokio::task::block_in_place(|| TestRunner::new(config).run(&prop::collection::vec(Step::any(), 1..40), play));
    played.unwrap();
}

async fn play(world: &World, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut model = Model::new();
    for step in steps {
        let expected = step.on_model(&model);
        let done = step.on(world).await;
        prop_assert_eq!(done, if expected.is_some() { Ok(()) } else { Err(Error::Moved) }, "{:?} on {:?}", step, model);
        model = expected.unwrap_or(model);
        let tree = world.storage.tree(world.pod, None, 100).await.unwrap();
        let there: Vec<_> = tree.iter().skip(1).map(|row| (row.path.local().to_owned(), row.record.size)).collect();
        let mut should: Vec<_> =
            model.iter().map(|(name, size)| ((*name).to_owned(), size.unwrap_or_default() as u64)).collect();
        should.sort_by_key(|(name, _)| (path(name).container(), name.clone()));
        prop_assert_eq!(there, should);
        let used: usize = model.values().flatten().sum();
        prop_assert_eq!(world.state().await.used, used as u64);
        for (name, size) in &model {
            prop_assert_eq!(world.text(name).await.map(|text| text.len()), Some(size.unwrap_or_default()));
        }
    }
    let clear = model.keys().fold(world.change(), |draft, name| draft.delete(name));
    world.commit(clear).await.map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(world.state().await.used, 0);
    Ok(())
}
