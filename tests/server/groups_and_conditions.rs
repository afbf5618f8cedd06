//! Groups of agents, and conditions on client and issuer.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use cartable::pods::RemoteGroups;
use cartable::rdf::graph::Iri;

use crate::world::{PREFIXES, Person, Settings, World};

/// A world whose Alice has a note.
async fn world_with_a_note() -> (World, String) {
    let world = World::start().await;
    let url = world.alice.put("note", "").await.created();
    (world, url)
}

/// A rule that lets a group read Alice's note.
async fn let_group_read(alice: &Person, group: &str) {
    alice
        .rules(
            "note",
            &format!("[] a acl:Authorization; acl:agentGroup {group}; acl:accessTo <note>; acl:mode acl:Read."),
        )
        .await;
}

fn group(name: &str, members: &[&str]) -> String {
    let members: Vec<_> = members.iter().map(|member| format!("<{member}>")).collect();
    format!("{PREFIXES}<{name}> a vcard:Group; vcard:hasMember {}.", members.join(", "))
}

/// Shows: W-34, W-35, W-37, W-16
#[tokio::test]
async fn members_of_a_group_in_the_pod() {
    let (world, url) = world_with_a_note().await;
    let (alice, bob, carol) = (&world.alice, &world.bob, &world.carol);
    alice.put("groups", &group("#friends", &[bob.webid()])).await.created();
    // Nobody else may read the group; its members are let in all the same.
    bob.get(&alice.url("groups")).await.refused(403, "not-allowed");
    for (named, status) in
        [("<groups#friends>", 200), ("<groups>", 403), ("<groups#others>", 403), ("<absent#friends>", 403)]
    {
        let_group_read(alice, named).await;
        assert_eq!(bob.get(&url).await.status, status, "{named}");
        carol.get(&url).await.refused(403, "not-allowed");
        world.nobody.get(&url).await.refused(401, "not-authenticated");
    }
    let_group_read(alice, "<groups#friends>").await;
    // Joining and leaving hold at once.
    let both = group("#friends", &[bob.webid(), carol.webid()]);
    alice.put("groups", &both).await.is(204);
    carol.get(&url).await.is(200);
    alice.put("groups", &group("#friends", &[carol.webid()])).await.is(204);
    bob.get(&url).await.refused(403, "not-allowed");
    alice.delete("groups").await.is(204);
    carol.get(&url).await.refused(403, "not-allowed");
    // Only direct members count, and only as `vcard:hasMember`.
    for document in [
        group("#friends", &["#inner"]) + &group("#inner", &[bob.webid()]),
        group("#friends", &[bob.webid()]).replace("hasMember", "member"),
        group("#friends", &[bob.webid()]).replace("vcard:hasMember", "foaf:member"),
    ] {
        alice.put("groups", &document).await;
        bob.get(&url).await.refused(403, "not-allowed");
    }
    // What a group is called does not matter.
    alice.put("groups", &group("#friends", &[bob.webid()]).replace("a vcard:Group;", "")).await.is(204);
    bob.get(&url).await.is(200);
}

/// Shows: W-36
#[tokio::test]
async fn a_group_in_the_acl_itself() {
    let (world, url) = world_with_a_note().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let member = format!("vcard:hasMember <{}>", bob.webid());
    let_group_read(alice, &format!("[ a vcard:Group; {member} ]")).await;
    bob.get(&url).await.is(200);
    let rule = "[] a acl:Authorization; acl:agentGroup <#team>; acl:accessTo <note>; acl:mode acl:Read.";
    alice.rules("note", &format!("{rule} <#team> {member}.")).await;
    bob.get(&url).await.is(200);
    alice.rules("note", &format!("{rule} <#other> {member}.")).await;
    bob.get(&url).await.refused(403, "not-allowed");
    world.nobody.get(&url).await.refused(401, "not-authenticated");
}

/// A group in another pod here counts only if an owner of this pod may read it: else rules here could
/// be used to find out what it says.
///
/// Shows: W-37
#[tokio::test]
async fn a_group_in_another_pod_must_be_readable_for_the_owner() {
    let (world, url) = world_with_a_note().await;
    let (alice, bob, carol) = (&world.alice, &world.bob, &world.carol);
    carol.put("groups", &group("#team", &[bob.webid()])).await.created();
    let_group_read(alice, &format!("<{}#team>", carol.url("groups"))).await;
    bob.get(&url).await.refused(403, "not-allowed");
    carol.allow("groups", bob, "acl:Read").await;
    bob.get(&url).await.refused(403, "not-allowed");
    carol.allow("groups", alice, "acl:Read").await;
    bob.get(&url).await.is(200);
    carol.allow("groups", &world.nobody, "acl:Read").await;
    bob.get(&url).await.is(200);
    carol.delete("groups.acl").await.is(204);
    bob.get(&url).await.refused(403, "not-allowed");
    for nowhere in [format!("{}nopod/g#x", world.base), carol.url(".well-known/solid#x"), carol.url("groups.acl#x")] {
        let_group_read(alice, &format!("<{nowhere}>")).await;
        bob.get(&url).await.refused(403, "not-allowed");
    }
}

/// Shows: W-39
#[tokio::test]
async fn groups_that_govern_themselves_or_make_no_sense_let_nobody_in() {
    let (world, url) = world_with_a_note().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.put("groups", &group("#team", &[bob.webid()])).await.created();
    let own = "[] a acl:Authorization; acl:agentGroup <groups#team>; acl:accessTo <groups>; acl:mode acl:Read.";
    alice.rules("groups", own).await;
    bob.get(&alice.url("groups")).await.is(200);
    alice.ask("PUT", "opaque").content("text/plain", "x").send().await.is(201);
    for nonsense in ["<opaque#team>", "\"groups#team\"", "<urn:x:y>", "<groups.acl#team>", "<./#team>", "<note#team>"] {
        let_group_read(alice, nonsense).await;
        bob.get(&url).await.refused(403, "not-allowed");
        alice.get(&url).await.is(200);
    }
}

/// What a group grants may be written with, too.
///
/// Shows: W-34, W-42
#[tokio::test]
async fn a_group_may_write() {
    let (world, _) = world_with_a_note().await;
    let (alice, bob) = (&world.alice, &world.bob);
    alice.put("groups", &group("#team", &[bob.webid()])).await.created();
    alice.put("box/", "").await.created();
    let rule = "acl:agentGroup <../groups#team>; acl:mode acl:Append";
    alice.rules("box/", &format!("[] a acl:Authorization; {rule}; acl:accessTo <./>; acl:default <./>.")).await;
    let note = bob.put(&alice.url("box/note"), "<> a <#Note>.").await.created();
    bob.ask("PUT", &note).turtle("<> a <#Other>.").refused(403, "not-allowed").await;
    bob.patch(&note, "solid:inserts { <> a <#More> }").await.is(204);
    world.carol.ask("POST", &alice.url("box/")).turtle("").refused(403, "not-allowed").await;
}

/// Groups elsewhere, as if they had been fetched.
struct Elsewhere(Vec<(&'static str, String)>);

#[async_trait]
impl RemoteGroups for Elsewhere {
    async fn members(&self, groups: &[Iri]) -> Vec<(Iri, BTreeSet<Iri>)> {
        let known = |group: &Iri| self.0.iter().find(|(name, _)| **name == **group);
        let members = |member: &str| [Iri::from(member.replace("BASE", "http://localhost"))].into_iter().collect();
        groups.iter().filter_map(|group| known(group).map(|(_, member)| (group.clone(), members(member)))).collect()
    }
}

/// Shows: W-38, W-39
#[tokio::test]
async fn groups_elsewhere_are_asked_for_and_may_fail() {
    let elsewhere = Elsewhere(vec![("https://school.example/class#3b", "https://school.example/dora#me".to_owned())]);
    let world = World::with(Settings { remote_groups: Arc::new(elsewhere), ..Settings::default() }).await;
    let url = world.alice.put("note", "").await.created();
    for group in ["<https://school.example/class#3b>", "<https://gone.example/#team>"] {
        let_group_read(&world.alice, group).await;
        world.bob.get(&url).await.refused(403, "not-allowed");
        world.nobody.get(&url).await.refused(401, "not-authenticated");
        world.alice.get(&url).await.is(200);
    }
}

/// Shows: W-69, W-70, W-71, W-72, W-73, W-74, W-75, W-85, wac-ed#server-condition-evaluation,
/// wac-ed#server-condition-evaluation-conjunctive, wac-ed#extension-acl-condition
#[tokio::test]
async fn conditions_narrow_a_rule() {
    let (world, url) = world_with_a_note().await;
    let (alice, bob) = (&world.alice, &world.bob);
    let issuer = &world.base;
    let without_slash = issuer.trim_end_matches('/');
    let is_client = |what: &str| format!("[ a acl:ClientCondition; {what} ]");
    let is_issuer = |what: &str| format!("[ a acl:IssuerCondition; {what} ]");
    let own_issuer = format!("acl:issuer <{issuer}>");
    let any_client = "acl:clientClass foaf:Agent";
    for (conditions, to_bob, to_all) in [
        (is_client("acl:client <https://other.example/id>"), false, false),
        (is_client("acl:clientClass foaf:Agent"), true, true),
        (is_client("acl:clientClass <#Some>"), false, false),
        (is_client("acl:clientGroup [ vcard:hasMember <https://other.example/id> ]"), false, false),
        (is_client(""), false, false),
        (is_issuer(&own_issuer), true, false),
        (is_issuer(&format!("acl:issuer <{without_slash}>")), true, false),
        (is_issuer("acl:issuer <https://other.example/>"), false, false),
        (is_issuer("acl:issuerClass foaf:Agent"), true, true),
        (is_issuer(&format!("acl:issuerGroup [ vcard:hasMember <{issuer}> ]")), true, false),
        // All conditions must hold.
        (format!("{}, {}", is_client(any_client), is_issuer(&own_issuer)), true, false),
        (format!("{}, {}", is_client(any_client), is_issuer("acl:issuer <https://other.example/>")), false, false),
        (format!("[ a acl:ClientCondition, acl:IssuerCondition; {any_client} ]"), false, false),
        (format!("[ a acl:ClientCondition, acl:IssuerCondition; {any_client}; {own_issuer} ]"), true, false),
        // A type that we do not signal is passed over; a condition without a type is never met.
        ("[ a <#TimeCondition>; <#until> 2030 ]".to_owned(), true, true),
        (format!("[ {any_client} ]"), false, false),
    ] {
        for (person, class, allowed) in [(bob, "acl:AuthenticatedAgent", to_bob), (&world.nobody, "foaf:Agent", to_all)]
        {
            let rule = format!(
                "[] a acl:Authorization; acl:agentClass {class}; acl:accessTo <note>; acl:mode acl:Read; acl:condition {conditions}."
            );
            alice.rules("note", &rule).await;
            let answer = person.get(&url).await;
            assert_eq!(answer.status == 200, allowed, "{conditions} for {class}");
            if allowed {
                assert!(answer.field("wac-allow").starts_with("user=\"read\""));
                let public = if class == "foaf:Agent" { "read" } else { "" };
                assert!(answer.field("wac-allow").ends_with(&format!("public=\"{public}\"")));
            }
        }
    }
}

/// Shows: W-69, wac-ed#server-link-condition
#[tokio::test]
async fn an_acl_tells_which_conditions_are_understood() {
    let (world, _) = world_with_a_note().await;
    let acl = "http://www.w3.org/ns/auth/acl#";
    for (place, status) in [(".acl", 200), ("note.acl", 404)] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let answer = world.alice.ask(method, place).send().await;
            let answer = if method == "OPTIONS" { answer.is(204) } else { answer.is(status) };
            let expected = [format!("{acl}ClientCondition"), format!("{acl}IssuerCondition")];
            assert_eq!(answer.links(&format!("{acl}condition")), expected, "{method} {place}");
        }
    }
    assert!(world.alice.get("note").await.links(&format!("{acl}condition")).is_empty());
}
