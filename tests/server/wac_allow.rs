//! `WAC-Allow`: what an answer says about the modes of the caller and of everyone.

use cartable::access::Origins;

use crate::world::{Settings, World};

/// Shows: P-62, W-78, W-79, W-80, W-81, W-82, W-83, W-86, wac#server-wac-allow
#[tokio::test]
async fn the_field_tells_the_modes_of_the_caller_and_of_everyone() {
    let world = World::start().await;
    let (alice, bob, nobody) = (&world.alice, &world.bob, &world.nobody);
    alice.put("box/note", "").await.created();
    for (place, rules_of) in [("box/note", "box/note"), ("box/note", "box/"), ("box/", "box/"), ("box/", "")] {
        let scope = if place == rules_of { "acl:accessTo" } else { "acl:default" };
        for (of_bob, of_all, user, public) in [
            ("acl:Read", "", "read", ""),
            ("acl:Read, acl:Write", "", "read write", ""),
            ("acl:Read, acl:Append", "", "read append", ""),
            ("acl:Read, acl:Control", "", "read control", ""),
            ("acl:Read, acl:Write, acl:Append, acl:Control", "", "read write append control", ""),
            ("acl:Read, acl:Write", "acl:Read", "read write", "read"),
            ("acl:Append", "acl:Read", "read append", "read"),
            ("", "acl:Read, acl:Append", "read append", "read append"),
        ] {
            let rule = |person, modes: &str| match modes {
                "" => String::new(),
                modes => alice.rule(rules_of, person, scope, modes),
            };
            alice.rules(rules_of, &(rule(bob, of_bob) + &rule(nobody, of_all))).await;
            let url = alice.url(place);
            for method in ["GET", "HEAD"] {
                let answer = bob.ask(method, &url).send().await.is(200);
                assert_eq!(answer.field("wac-allow"), format!("user=\"{user}\",public=\"{public}\""));
                assert_eq!(answer.headers.get_all("wac-allow").iter().count(), 1);
                assert!(answer.field("vary").contains("Authorization"));
                if public.contains("read") {
                    let answer = nobody.ask(method, &url).send().await.is(200);
                    assert_eq!(answer.field("wac-allow"), format!("user=\"{public}\",public=\"{public}\""));
                }
            }
        }
        if !rules_of.is_empty() {
            alice.delete(&format!("{rules_of}.acl")).await.is(204);
        }
    }
}

/// Shows: W-41, W-81
#[tokio::test]
async fn auxiliary_resources_tell_what_may_be_done_with_them() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let note = alice.put("note", "").await.created();
    let of = async |place: String| bob.get(&place).await.is(200).field("wac-allow").to_owned();
    alice.allow("note", bob, "acl:Read, acl:Append, acl:Control").await;
    assert_eq!(of(format!("{note}.meta")).await, "user=\"read append control\",public=\"\"");
    assert_eq!(of(format!("{note}.acl")).await, "user=\"read write append control\",public=\"\"");
    alice.allow("note", &world.nobody, "acl:Read").await;
    let answer = alice.get("note.acl").await.is(200);
    assert_eq!(answer.field("wac-allow"), "user=\"read write append control\",public=\"\"");
}

/// Rights on the container, and what exists, change nothing.
///
/// Shows: W-84, W-78
#[tokio::test]
async fn the_modes_are_those_on_the_resource_alone() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let url = alice.put("box/note", "").await.created();
    alice.rules("box/", "").await;
    alice.allow("box/note", bob, "acl:Read, acl:Write").await;
    let answer = bob.get(&url).await.is(200);
    assert_eq!(answer.field("wac-allow"), "user=\"read write\",public=\"\"");
    bob.ask("DELETE", &url).refused(403, "not-allowed").await;
    let spared = bob.ask("GET", &url).header("if-none-match", "*").send().await.is(304);
    assert_eq!(spared.field("wac-allow"), answer.field("wac-allow"));
    let root = alice.get("").await.is(200);
    assert_eq!(root.field("wac-allow"), "user=\"read write control\",public=\"\"", "though it cannot be deleted");
}

/// Shows: W-63, W-64, W-66, W-67, W-85, W-65
#[tokio::test]
async fn origins_narrow_only_where_the_server_is_strict() {
    const APP: &str = "https://app.example";
    let lenient = World::start().await;
    let strict = Settings {
        origins: Origins::Strict(["https://trusted.example".into()].into_iter().collect()),
        ..Settings::default()
    };
    let strict = World::with(strict).await;
    for (world, is_strict) in [(&lenient, false), (&strict, true)] {
        let (alice, bob) = (&world.alice, &world.bob);
        let url = alice.put("note", "").await.created();
        let plain = alice.rule("note", bob, "acl:accessTo", "acl:Read, acl:Append");
        let with_origin = plain.clone()
            + "[] a acl:Authorization; acl:agent <#none>; acl:origin <https://APP.example:443>; acl:accessTo <note>; acl:mode acl:Read.";
        let public = plain.clone() + &alice.rule("note", &world.nobody, "acl:accessTo", "acl:Read");
        for (rules, origin, lenient, strict) in [
            (&plain, "", Some("read append"), Some("read append")),
            (&plain, APP, Some("read append"), None),
            (&plain, "null", Some("read append"), None),
            (&plain, "https://trusted.example", Some("read append"), Some("read append")),
            (&with_origin, APP, Some("read append"), Some("read")),
            (&with_origin, "https://other.example", Some("read append"), None),
            (&public, APP, Some("read append"), Some("read")),
        ] {
            alice.rules("note", rules).await;
            let asking = bob.ask("GET", &url);
            let asking = if origin.is_empty() { asking } else { asking.header("origin", origin) };
            let answer = asking.send().await;
            match if is_strict { strict } else { lenient } {
                Some(modes) => {
                    let told = answer.is(200).field("wac-allow").to_owned();
                    assert!(told.starts_with(&format!("user=\"{modes}\"")), "{origin}: {told}");
                }
                None => {
                    answer.refused(403, "not-allowed");
                }
            }
        }
        // An origin alone lets nobody in, whoever claims it.
        alice.rules("note", &with_origin).await;
        let answer = world.nobody.ask("GET", &url).header("origin", APP).send().await;
        answer.refused(401, "not-authenticated");
    }
}
