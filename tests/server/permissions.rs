//! Who may do what: operation × modes × existence → status.

use crate::world::{Asking, Person, World};

/// What is done, on which place in the container `box/`; whether that place exists; which modes it takes
/// there and on the container (`r`, `w`, `a`, `c`); the answer to who has them, and its problem type.
type Row = (&'static str, &'static str, bool, &'static str, &'static str, u16, &'static str);

const READING: [Row; 10] = [
    ("GET", "T", true, "r", "", 200, ""),
    ("HEAD", "T", true, "r", "", 200, ""),
    ("GET", "T/", true, "r", "", 200, ""),
    ("GET", "T", false, "r", "", 404, "not-found"),
    ("HEAD", "T", false, "r", "", 404, ""),
    ("GET", "T/", false, "r", "", 404, "not-found"),
    ("GET", "no/T", false, "r", "", 404, "not-found"),
    ("OPTIONS", "T", true, "", "", 204, ""),
    ("OPTIONS", "T", false, "", "", 204, ""),
    ("OPTIONS", "T/", true, "", "", 204, ""),
];

const WRITING: [Row; 12] = [
    ("PUT", "T", true, "w", "", 204, ""),
    ("PUT", "T/", true, "w", "", 204, ""),
    ("PUT", "T", false, "a", "a", 201, ""),
    ("PUT", "T/", false, "a", "a", 201, ""),
    ("PUT", "no/deep/T", false, "a", "a", 201, ""),
    ("POST", "T/", true, "a", "", 201, ""),
    ("POST", "T/", false, "a", "", 404, "not-found"),
    ("POST", "T", true, "a", "", 405, "method-not-allowed"),
    ("POST", "T", false, "a", "", 404, "not-found"),
    ("DELETE", "T", true, "w", "w", 204, ""),
    ("DELETE", "T/", true, "rw", "w", 204, ""),
    ("DELETE", "T", false, "rw", "w", 404, "not-found"),
];

const PATCHING: [Row; 11] = [
    ("where", "T", true, "r", "", 204, ""),
    ("insert", "T", true, "a", "", 204, ""),
    ("insert", "T", false, "a", "a", 201, ""),
    ("insert", "T/", true, "a", "", 204, ""),
    ("insert", "no/deep/T", false, "a", "a", 201, ""),
    ("where insert", "T", true, "ra", "", 204, ""),
    ("delete", "T", true, "rw", "", 204, ""),
    ("delete insert", "T", true, "rw", "", 204, ""),
    ("delete", "T", false, "rw", "a", 409, "patch-conflict"),
    ("nothing", "T", true, "a", "", 204, ""),
    ("nothing", "T", false, "a", "a", 201, ""),
];

const AUXILIARY: [Row; 15] = [
    ("GET", "T.acl", true, "c", "", 404, "not-found"),
    ("PUT", "T.acl", true, "c", "", 201, ""),
    ("insert", "T.acl", true, "c", "", 201, ""),
    ("DELETE", "T.acl", true, "c", "", 404, "not-found"),
    ("POST", "T.acl", true, "c", "", 405, "method-not-allowed"),
    ("PUT", "T.acl", false, "c", "", 409, "subject-missing"),
    ("GET", "T/.acl", true, "c", "", 404, "not-found"),
    ("GET", "T.meta", true, "r", "", 200, ""),
    ("PUT", "T.meta", true, "w", "", 201, ""),
    ("insert", "T.meta", true, "a", "", 201, ""),
    ("delete", "T.meta", true, "rw", "", 409, "patch-conflict"),
    ("DELETE", "T.meta", true, "rw", "", 404, "not-found"),
    ("GET", "T.meta", false, "r", "", 404, "not-found"),
    ("PUT", "T.meta", false, "w", "", 409, "subject-missing"),
    ("POST", "T.meta", true, "w", "", 405, "method-not-allowed"),
];

const ON_TARGET: [&str; 9] = ["", "r", "a", "w", "c", "ra", "rw", "rc", "rwac"];
const ON_CONTAINER: [&str; 4] = ["", "a", "w", "rc"];

/// Shows: W-42, W-51, W-52, W-56, W-58, P-7, P-89, wac#server-read-operation, solid#server-unauthenticated
#[tokio::test]
async fn reading() {
    everyone_and_bob(&READING).await;
}

/// Shows: W-42, W-43, W-45, W-46, W-48, W-50, W-51, W-59, P-149, P-150, P-196, P-197, wac#server-create-operation,
/// wac#server-update-operation, wac#server-delete-operation
#[tokio::test]
async fn writing() {
    everyone_and_bob(&WRITING).await;
}

/// Shows: W-44, W-49, P-171, P-172
#[tokio::test]
async fn patching() {
    everyone_and_bob(&PATCHING).await;
}

/// Shows: W-5, W-49, W-53, P-79, P-80, wac#server-control-operation, solid#server-description-resource-authorization
#[tokio::test]
async fn auxiliary_resources() {
    everyone_and_bob(&AUXILIARY).await;
}

async fn everyone_and_bob(rows: &[Row]) {
    let world = World::start().await;
    let alice = &world.alice;
    alice.put("box/", "").await.created();
    for person in [&world.bob, &world.nobody] {
        let refused = if person.is_known() { (403, "not-allowed") } else { (401, "not-authenticated") };
        for (on_target, on_container) in ON_TARGET.iter().flat_map(|one| ON_CONTAINER.map(|other| (*one, other))) {
            let rule = |scope, modes| alice.rule("box/", person, scope, &names(modes));
            alice.rules("box/", &(rule("acl:accessTo", on_container) + &rule("acl:default", on_target))).await;
            for row in rows {
                attempt(&world, person, row, (on_target, on_container), refused).await;
            }
        }
    }
}

async fn attempt(world: &World, person: &Person, row: &Row, has: (&str, &str), refused: (u16, &str)) {
    let (what, place, exists, needs, above, status, kind) = *row;
    let name = uuid::Uuid::new_v4().simple().to_string();
    let place = world.alice.url(&format!("box/{}", place.replace('T', &name).replace("no/", &format!("{name}-no/"))));
    if exists {
        let subject = place.trim_end_matches(".acl").trim_end_matches(".meta");
        world.alice.put(subject, "<> a <#Note>.").await.is(201);
    }
    let asking = asking(world, person, what, &place);
    let granted = includes(has.0, needs) && includes(has.1, above);
    let (status, kind) = if granted { (status, kind) } else { refused };
    if status < 400 {
        let told = format!("{what} {place} ({exists}) with {has:?}");
        assert_eq!(asking.send().await.status, status, "{told}");
    } else {
        asking.refused(status, if what == "HEAD" { "" } else { kind }).await;
    }
}

fn asking<'a>(world: &World, person: &'a Person, what: &str, place: &str) -> Asking<'a> {
    let clauses: Vec<&str> = what
        .split(' ')
        .filter_map(|clause| match clause {
            "where" => Some("solid:where { <> a <#Note> }"),
            "insert" => Some("solid:inserts { <> a <#New> }"),
            "delete" => Some("solid:deletes { <> a <#Note> }"),
            "nothing" => Some("solid:inserts {}"),
            _ => None,
        })
        .collect();
    if !clauses.is_empty() {
        return person.ask("PATCH", place).n3(&clauses.join(" ; "));
    }
    let asking = person.ask(what, place);
    if !matches!(what, "PUT" | "POST") {
        return asking;
    }
    let acl = place.strip_suffix(".acl").map(|subject| world.alice.acl(subject, ""));
    asking.turtle(&acl.unwrap_or_else(|| "<> a <#Other>.".to_owned()))
}

fn names(modes: &str) -> String {
    let name = |mode| match mode {
        'r' => "acl:Read",
        'w' => "acl:Write",
        'a' => "acl:Append",
        _ => "acl:Control",
    };
    if modes.is_empty() { "acl:Nothing".to_owned() } else { modes.chars().map(name).collect::<Vec<_>>().join(", ") }
}

/// Write is good for Append; nothing else implies anything.
fn includes(has: &str, needs: &str) -> bool {
    needs.chars().all(|mode| has.contains(mode) || mode == 'a' && has.contains('w'))
}

/// Shows: W-24, W-25, W-26, W-27, W-28, W-47
#[tokio::test]
async fn the_nearest_acl_decides_alone() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.put("c/d/note", "").await.created();
    let rule = |scope: &str| alice.rule("c/", bob, scope, "acl:Read");
    for (rules, on_container, below) in [
        (String::new(), 403, 403),
        (rule("acl:accessTo"), 200, 403),
        (rule("acl:default"), 403, 200),
        (rule("acl:accessTo") + &rule("acl:default"), 200, 200),
    ] {
        alice.rules("c/", &rules).await;
        bob.get(&alice.url("c/")).await.is(on_container);
        for place in ["c/d/", "c/d/note"] {
            bob.get(&alice.url(place)).await.is(below);
        }
        // Where nothing is, the rules hold as well.
        let missing = if below == 200 { 404 } else { 403 };
        for place in ["c/absent", "c/d/absent", "c/no/where/absent"] {
            bob.get(&alice.url(place)).await.is(missing);
        }
    }
    // The nearest ACL replaces those above, even if it grants nothing at all.
    alice.put("c/d/.acl", "").await.is(201);
    bob.get(&alice.url("c/d/note")).await.refused(403, "not-allowed");
    alice.get("c/d/note").await.refused(403, "not-allowed");
    alice.delete("c/d/.acl").await.is(204);
    bob.get(&alice.url("c/d/note")).await.is(200);
}

/// Shows: W-17, W-18, W-19, W-20, W-21, W-23, W-92, wac#extension-acl-mode, W-67
#[tokio::test]
async fn what_counts_as_an_authorization() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let url = alice.put("note", "").await.created();
    let agent = format!("acl:agent <{}>", bob.webid());
    for (rule, status) in [
        ("a acl:Authorization; AGENT; acl:accessTo <note>; acl:mode acl:Read", 200),
        ("a acl:Authorization; AGENT; acl:accessTo <other>, <note>; acl:mode acl:Write, acl:Read", 200),
        ("a acl:Authorization, <#Thing>; AGENT, <#me>; acl:accessTo <note>; acl:mode acl:Read; <#x> 1", 200),
        ("a acl:Authorization; acl:agentClass acl:AuthenticatedAgent; acl:accessTo <note>; acl:mode acl:Read", 200),
        ("a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <note>; acl:mode acl:Read", 200),
        ("a acl:Authorization; AGENT; acl:accessTo <note>; acl:mode acl:Read, acl:Fly", 200),
        // Without a type, an object, a mode or a subject it says nothing.
        ("AGENT; acl:accessTo <note>; acl:mode acl:Read", 403),
        ("a acl:Authorization; AGENT; acl:mode acl:Read", 403),
        ("a acl:Authorization; AGENT; acl:accessTo <note>", 403),
        ("a acl:Authorization; acl:accessTo <note>; acl:mode acl:Read", 403),
        ("a acl:Authorization; acl:origin <https://app.example>; acl:accessTo <note>; acl:mode acl:Read", 403),
        ("a acl:Authorization; AGENT; acl:default <note>; acl:mode acl:Read", 403),
        ("a acl:Authorization; AGENT; acl:accessTo <other>; acl:mode acl:Read", 403),
        ("a acl:Authorization; AGENT; acl:accessToClass <note>; acl:mode acl:Read", 403),
        ("a acl:Authorization; AGENT; acl:defaultForNew <note>; acl:mode acl:Read", 403),
        // Foreign modes and classes grant nothing.
        ("a acl:Authorization; AGENT; acl:accessTo <note>; acl:mode acl:Access", 403),
        ("a acl:Authorization; AGENT; acl:accessTo <note>; acl:mode <http://example.org/acl#Read>", 403),
        ("a acl:Authorization; AGENT; acl:accessTo <note>; acl:mode \"acl:Read\"", 403),
        ("a acl:Authorization; acl:agentClass <#Everyone>; acl:accessTo <note>; acl:mode acl:Read", 403),
        (
            "a acl:Authorization; acl:agent <http://elsewhere.example/bob#me>; acl:accessTo <note>; acl:mode acl:Read",
            403,
        ),
    ] {
        for subject in ["<#rule>", "_:rule"] {
            alice.rules("note", &format!("{subject} {}.", rule.replace("AGENT", &agent))).await;
            assert_eq!(bob.get(&url).await.status, status, "{rule}");
        }
    }
    // Two rules together grant what each of them grants.
    let rules =
        alice.rule("note", bob, "acl:accessTo", "acl:Read") + &alice.rule("note", bob, "acl:accessTo", "acl:Append");
    alice.rules("note", &rules).await;
    let patch = "solid:where { <> a <#X> } ; solid:inserts { <> a <#Y> }";
    bob.ask("PATCH", &url).n3(patch).refused(409, "patch-conflict").await;
}

/// Shows: W-32, W-33, W-62
#[tokio::test]
async fn webids_are_compared_whole() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let url = alice.put("note", "").await.created();
    let webid = bob.webid();
    for (agent, status) in [
        (webid.to_owned(), 200),
        (webid.replace("#me", ""), 403),
        (webid.replace("#me", "#you"), 403),
        (webid.to_uppercase(), 403),
        (webid.replace("/bob/", "//bob/"), 403),
    ] {
        let rule = format!("[] a acl:Authorization; acl:agent <{agent}>; acl:accessTo <note>; acl:mode acl:Read.");
        alice.rules("note", &rule).await;
        assert_eq!(bob.get(&url).await.status, status, "{agent}");
    }
    let signed_in =
        "[] a acl:Authorization; acl:agentClass acl:AuthenticatedAgent; acl:accessTo <note>; acl:mode acl:Read.";
    alice.rules("note", signed_in).await;
    bob.get(&url).await.is(200);
    world.carol.get(&url).await.is(200);
    world.nobody.get(&url).await.refused(401, "not-authenticated");
}

/// The walk up ends at the pod's root; an owner keeps Control whatever the rules say.
///
/// Shows: W-29, W-41
#[tokio::test]
async fn an_owner_always_controls() {
    let world = World::start().await;
    let alice = &world.alice;
    let url = alice.put("box/note", "").await.created();
    alice.put("box/.acl", "").await.is(201);
    alice.get(&url).await.refused(403, "not-allowed");
    alice.ask("PUT", &url).turtle("<> a <#X>.").refused(403, "not-allowed").await;
    alice.ask("DELETE", &url).refused(403, "not-allowed").await;
    assert_eq!(
        alice.get("box/.acl").await.is(200).field("wac-allow"),
        "user=\"read write append control\",public=\"\""
    );
    alice.rules("box/", "").await;
    alice.get(&url).await.is(200);
}

/// Shows: W-16, W-31
#[tokio::test]
async fn a_changed_rule_holds_at_once() {
    let world = World::start().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let url = alice.put("a/b/note", "").await.created();
    for _ in 0..3 {
        for place in ["a/", "a/b/", "a/b/note"] {
            alice.allow_all(place, bob, "acl:Read").await;
            bob.get(&url).await.is(200);
            alice.rules(place, "").await;
            bob.get(&url).await.is(403);
            alice.delete(&format!("{place}.acl")).await.is(204);
            bob.get(&url).await.is(403);
        }
    }
}
