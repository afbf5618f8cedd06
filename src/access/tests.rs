//! The decision, on made-up finds: ACLs in Turtle, a path, a caller.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::decide::needs;
use super::*;
use crate::address::Addresses;
use crate::clock::Timestamp;
use crate::path::{PodName, ResourcePath};
use crate::rdf::patch::Patch;
use crate::resource::condition::Conditions;
use crate::resource::{Asked, Edit, Model, Operation, Post, Received, Refusal, Sent};
use crate::storage::{Above, Body, Expected, Found, Pod, PodId, Record, Spot, Uid, Version};

const ME: &str = "https://me.example/#i";

fn addresses() -> Addresses {
    Addresses::with_paths("https://pods.example/").unwrap()
}

fn path(local: &str) -> ResourcePath {
    ResourcePath::parse(PodName::parse("demo").unwrap(), local).unwrap()
}

fn record(body: Body) -> Record {
    Record {
        uid: Uid(1),
        media_type: "text/turtle".into(),
        size: 0,
        created: Timestamp::default(),
        modified: Timestamp::default(),
        created_by: None,
        version: Version(7),
        listing: Version(7),
        inbox: None,
        body,
    }
}

/// A pod whose resources are `exist`, with these ACLs: the place, and the rules in Turtle.
fn found(at: &str, exist: &[&str], acls: &[(&str, &str)]) -> Found {
    let there = |path: &ResourcePath| exist.contains(&path.local()).then(|| record(Body::Absent));
    let acl = |path: &ResourcePath| {
        let (_, rules) = acls.iter().find(|(place, _)| *place == path.local())?;
        let prefixes = "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>. \
                        @prefix vcard: <http://www.w3.org/2006/vcard/ns#>. @prefix demo: <https://pods.example/demo/>.";
        Some(record(Body::Inline(Bytes::from(format!("{prefixes}\n{rules}")))))
    };
    let path = path(at);
    let subject = path.subject();
    let above = subject.ancestors().map(|container| Above {
        record: there(&container),
        acl: acl(&container),
        twin: false,
        path: container,
    });
    Found {
        pod: Pod {
            id: PodId(1),
            name: path.pod().clone(),
            owners: vec!["https://owner.example/#me".to_owned()],
            version: Version(9),
            used: 0,
            quota: None,
            created: Timestamp::default(),
            closed: false,
        },
        above: above.collect(),
        subject: Spot { record: there(&subject), acl: acl(&subject), description: None, twin: false },
        path,
    }
}

fn caller(webid: &str) -> Caller {
    let agent = Agent {
        webid: webid.into(),
        client: Some("https://app.example/id".into()),
        issuer: "https://op.example/".into(),
    };
    Caller { agent: Some(Arc::new(agent)), origin: None }
}

fn acls(found: &Found) -> Acls {
    Acls::read(found, |record, subject| Acl::of(record, subject, &addresses()).map(Arc::new))
}

fn modes_of(found: &Found, caller: &Caller) -> String {
    let acls = acls(found);
    let evidence =
        Evidence { found, acls: &acls, caller, memberships: &Memberships::default(), origins: &Origins::Trusted };
    evidence.rights().user.to_string()
}

fn rule(to: &str, who: &str, modes: &str) -> String {
    format!("[] a acl:Authorization; {to}; {who}; acl:mode {modes}.")
}

const MINE: &str = "acl:agent <https://me.example/#i>";

/// Shows: W-24, W-25, W-26, W-27, W-28, W-29
#[test]
fn the_nearest_acl_decides_alone() {
    let to_children = rule("acl:default demo:a\\/", MINE, "acl:Read");
    let to_itself = rule("acl:accessTo demo:a\\/", MINE, "acl:Read");
    let root = rule("acl:accessTo demo:; acl:default demo:", MINE, "acl:Write");
    let tree = ["/", "/a/", "/a/b/", "/a/b/c"];
    for (at, acls, modes) in [
        ("/a/b/c", vec![("/a/", to_children.as_str())], "read"),
        ("/a/b/", vec![("/a/", &to_children)], "read"),
        ("/a/", vec![("/a/", &to_children)], ""),
        ("/a/", vec![("/a/", &to_itself)], "read"),
        ("/a/b/", vec![("/a/", &to_itself)], ""),
        ("/a/b/c", vec![("/", root.as_str())], "write"),
        ("/a/new/deep/x", vec![("/", &root)], "write"),
        ("/a/b/c", vec![("/", &root), ("/a/", &to_itself)], ""),
        ("/a/b/c", vec![("/", &root), ("/a/b/", "")], ""),
        ("/a/b/c", vec![], ""),
    ] {
        assert_eq!(modes_of(&found(at, &tree, &acls), &caller(ME)), modes, "{at} {acls:?}");
    }
}

/// Shows: W-30
#[test]
fn a_broken_acl_lets_nobody_in() {
    let root = rule("acl:default demo:", MINE, "acl:Read");
    let found = found("/a", &["/", "/a"], &[("/", &root), ("/a", "this is no turtle")]);
    assert_eq!(modes_of(&found, &caller(ME)), "");
    let acls = acls(&found);
    let (me, nobody, origins) = (caller(ME), Memberships::default(), Origins::Trusted);
    let evidence = Evidence { found: &found, acls: &acls, caller: &me, memberships: &nobody, origins: &origins };
    assert!(evidence.is_broken(&asked(&found, Operation::Read)));
}

/// Shows: W-17, W-18, W-19, W-20, W-21, W-22, W-23, W-32, W-33, W-67, wac#extension-acl-mode
#[test]
fn what_counts_as_a_rule() {
    let to = "acl:accessTo demo:x";
    for (rules, modes) in [
        (rule(to, MINE, "acl:Read, acl:Append"), "read append"),
        (rule(to, MINE, "acl:Read") + &rule(to, MINE, "acl:Write"), "read write"),
        (rule("acl:accessTo <https://pods.example/demo/%78>", MINE, "acl:Read"), "read"),
        (rule("acl:accessTo demo:y, demo:x", MINE, "acl:Read"), "read"),
        (rule("acl:accessTo demo:x\\/", MINE, "acl:Read"), ""),
        (rule("acl:accessTo <https://pods.example/demo/x#it>", MINE, "acl:Read"), ""),
        (rule("acl:default demo:x", MINE, "acl:Read"), ""),
        (rule("acl:accessToClass demo:x", MINE, "acl:Read"), ""),
        (rule(to, "acl:agent <https://me.example/>", "acl:Read"), ""),
        (rule(to, "acl:agentClass foaf:Agent", "acl:Read"), "read"),
        (rule(to, "acl:agentClass acl:AuthenticatedAgent", "acl:Read"), "read"),
        (rule(to, "acl:agentClass foaf:Person", "acl:Read"), ""),
        (rule(to, "acl:origin <https://app.example>", "acl:Read"), ""),
        (rule(to, MINE, "acl:Access, <https://x.example/Mode>"), ""),
        (rule(to, MINE, "acl:Control"), "control"),
        ("[] acl:accessTo demo:x; acl:agent <https://me.example/#i>; acl:mode acl:Read.".to_owned(), ""),
        ("[] a acl:Authorization; acl:agent <https://me.example/#i>; acl:mode acl:Read.".to_owned(), ""),
        ("[] a acl:Authorization; acl:accessTo demo:x; acl:agent <https://me.example/#i>.".to_owned(), ""),
        ("[] a acl:Authorization; acl:accessTo demo:x; acl:mode acl:Read.".to_owned(), ""),
        (rule(to, MINE, "acl:Read; <https://x.example/p> 1"), "read"),
    ] {
        assert_eq!(modes_of(&found("/x", &["/", "/x"], &[("/x", &rules)]), &caller(ME)), modes, "{rules}");
    }
}

/// Shows: W-33, W-34, W-62, W-80
#[test]
fn nobody_in_particular() {
    let everyone = rule("acl:accessTo demo:x", "acl:agentClass foaf:Agent", "acl:Read");
    let known = rule("acl:accessTo demo:x", "acl:agentClass acl:AuthenticatedAgent", "acl:Write");
    let group = rule("acl:accessTo demo:x", "acl:agentGroup [ vcard:hasMember <https://me.example/#i> ]", "acl:Append");
    let found = found("/x", &["/", "/x"], &[("/x", &(everyone + &known + &group))]);
    assert_eq!(modes_of(&found, &Caller::public()), "read");
    assert_eq!(modes_of(&found, &caller("https://other.example/#i")), "read write");
    assert_eq!(modes_of(&found, &caller(ME)), "read write append");
}

/// Shows: W-34, W-35, W-36, W-39
#[test]
fn groups_are_asked_only_if_they_matter() {
    let in_group = rule("acl:accessTo demo:x", "acl:agentGroup <https://g.example/#us>", "acl:Read");
    let found = |more: &str| found("/x", &["/", "/x"], &[("/x", &(in_group.clone() + more))]);
    let wanted = |found: &Found, caller: &Caller| {
        let (acls, memberships) = (acls(found), Memberships::default());
        let evidence = Evidence { found, acls: &acls, caller, memberships: &memberships, origins: &Origins::Trusted };
        evidence.groups_wanted(&asked(found, Operation::Read)).len()
    };
    assert_eq!(wanted(&found(""), &caller(ME)), 1);
    assert_eq!(wanted(&found(""), &Caller::public()), 0);
    assert_eq!(wanted(&found(&rule("acl:accessTo demo:x", MINE, "acl:Read")), &caller(ME)), 0);

    let found = found("");
    let acls = acls(&found);
    let group: crate::rdf::graph::Iri = "https://g.example/#us".into();
    for (member, modes) in [(ME, "read"), ("https://me.example/", "")] {
        let memberships = Memberships(BTreeSet::from([(group.clone(), member.into())]));
        let me = caller(ME);
        let evidence =
            Evidence { found: &found, acls: &acls, caller: &me, memberships: &memberships, origins: &Origins::Trusted };
        assert_eq!(evidence.rights().user.to_string(), modes, "{member}");
    }
}

/// Shows: W-70, W-71, W-72, W-73, W-74, W-75, wac-ed#server-condition-evaluation,
/// wac-ed#server-condition-evaluation-conjunctive
#[test]
fn conditions_narrow() {
    let client = |what: &str| format!("acl:condition [ a acl:ClientCondition; {what} ]");
    let issuer = |what: &str| format!("acl:condition [ a acl:IssuerCondition; {what} ]");
    for (condition, modes) in [
        (client("acl:client <https://app.example/id>"), "read"),
        (client("acl:client <https://other.example/id>"), ""),
        (client("acl:client <https://other.example/id>, <https://app.example/id>"), "read"),
        (client("acl:clientGroup [ vcard:hasMember <https://app.example/id> ]"), "read"),
        (client("acl:clientClass foaf:Agent"), "read"),
        (client("<https://x.example/p> 1"), ""),
        (issuer("acl:issuer <https://op.example>"), "read"),
        (issuer("acl:issuer <https://op.example/x>"), ""),
        (client("acl:client <https://app.example/id>") + "; " + &issuer("acl:issuer <https://no.example/>"), ""),
        (
            "acl:condition [ a acl:ClientCondition, acl:IssuerCondition; acl:client <https://app.example/id> ]"
                .to_owned(),
            "",
        ),
        ("acl:condition [ acl:client <https://app.example/id> ]".to_owned(), ""),
        ("acl:condition [ a <https://x.example/Moon> ]".to_owned(), "read"),
    ] {
        let rules = rule("acl:accessTo demo:x", &format!("{MINE}; {condition}"), "acl:Read");
        assert_eq!(modes_of(&found("/x", &["/", "/x"], &[("/x", &rules)]), &caller(ME)), modes, "{condition}");
    }
    let public = rule(
        "acl:accessTo demo:x",
        "acl:agentClass foaf:Agent; acl:condition [ a acl:ClientCondition; acl:client <https://app.example/id> ]",
        "acl:Read",
    );
    let found = found("/x", &["/", "/x"], &[("/x", &public)]);
    assert_eq!(modes_of(&found, &Caller::public()), "");
    assert_eq!(modes_of(&found, &caller(ME)), "read");
}

/// Shows: W-63, W-64, W-66
#[test]
fn strict_origins_narrow() {
    let mine = rule("acl:accessTo demo:x", MINE, "acl:Read, acl:Write");
    let origin = rule("acl:accessTo demo:x", &format!("{MINE}; acl:origin <https://App.example:443>"), "acl:Read");
    let public = rule("acl:accessTo demo:x", "acl:agentClass foaf:Agent", "acl:Append");
    let found = found("/x", &["/", "/x"], &[("/x", &(mine + &origin + &public))]);
    let acls = acls(&found);
    let strict = Origins::Strict(BTreeSet::from(["https://home.example".into()]));
    for (from, origins, modes) in [
        (None, &strict, "read write append"),
        (Some("https://home.example"), &strict, "read write append"),
        (Some("https://app.example"), &strict, "read append"),
        (Some("https://evil.example"), &strict, "append"),
        (Some("https://evil.example"), &Origins::Trusted, "read write append"),
    ] {
        let caller = Caller { origin: from.map(Into::into), ..caller(ME) };
        let evidence =
            Evidence { found: &found, acls: &acls, caller: &caller, memberships: &Memberships::default(), origins };
        assert_eq!(evidence.rights().user.to_string(), modes, "{from:?}");
    }
}

/// Shows: W-41, W-53, W-81
#[test]
fn owners_control_every_acl() {
    let found = |at| found(at, &["/", "/x"], &[("/x", "")]);
    let owner = caller("https://owner.example/#me");
    assert_eq!(modes_of(&found("/x"), &owner), "control");
    assert_eq!(modes_of(&found("/x.acl"), &owner), "read write append control");
    assert_eq!(modes_of(&found("/x.acl"), &caller(ME)), "");
}

fn asked(found: &Found, operation: Operation) -> Asked {
    Asked { path: found.path.clone(), operation, conditions: Conditions::default(), by: None }
}

fn put() -> Operation {
    Operation::Put(Sent { media_type: None, model: Model::Unsaid, inbox: None, body: Received::Nothing })
}

fn post() -> Operation {
    let sent = Sent { media_type: None, model: Model::Unsaid, inbox: None, body: Received::Nothing };
    Operation::Post(Post { sent, slug: None, child: None })
}

fn patch(clauses: &str) -> Operation {
    let text = format!("@prefix s: <http://www.w3.org/ns/solid/terms#>. <> a s:InsertDeletePatch; {clauses}.");
    Operation::Patch(Edit::N3(Patch::parse(text.as_bytes(), "https://pods.example/demo/x").unwrap()))
}

/// The table of section 5 of the checklist: operation and existence to modes, as `level mode`.
///
/// Shows: wac#server-read-operation, wac#server-create-operation, wac#server-update-operation, wac#server-delete-operation,
/// wac#server-control-operation, W-42, W-43, W-44, W-45, W-46, P-79, P-80, P-171, P-172, P-197,
/// solid#server-description-resource-authorization
#[test]
fn modes_by_operation_and_existence() {
    let insert = "s:inserts { <#a> <#b> <#c> }";
    let delete = "s:deletes { <#a> <#b> <#c> }";
    let where_ = "s:where { <#a> <#b> <#c> }";
    let there = ["/", "/c/", "/x"];
    for (at, operation, expected) in [
        ("/x", Operation::Read, "0 read"),
        ("/none", Operation::Read, "0 read"),
        ("/c/", post(), "0 append"),
        ("/x", post(), "0 append"),
        ("/none/", post(), "0 append"),
        ("/x", put(), "0 write"),
        ("/none", put(), "0 append, 1 append"),
        ("/new/deep/x", put(), "0 append, 1 append, 2 append, 3 append"),
        ("/c/new/x", put(), "0 append, 1 append, 2 append"),
        ("/x", patch(where_), "0 read"),
        ("/x", patch(insert), "0 append"),
        ("/x", patch(&format!("{where_}; {insert}")), "0 read, 0 append"),
        ("/x", patch(delete), "0 read, 0 write"),
        ("/x", patch(&format!("{delete}; {insert}")), "0 read, 0 write, 0 append"),
        ("/x", patch("s:inserts {}"), "0 append"),
        ("/none", patch(insert), "0 append, 0 append, 1 append"),
        ("/none", patch(delete), "0 read, 0 write, 0 append, 1 append"),
        ("/x", Operation::Delete, "0 write, 1 write"),
        ("/none", Operation::Delete, "0 write, 0 read, 1 write"),
        ("/c/", Operation::Delete, "0 write, 0 read, 1 write"),
        ("/x.acl", Operation::Read, "0 control"),
        ("/x.acl", put(), "0 control"),
        ("/x.acl", patch(delete), "0 control"),
        ("/x.acl", Operation::Delete, "0 control"),
        ("/x.meta", Operation::Read, "0 read"),
        ("/x.meta", put(), "0 write"),
        ("/x.meta", patch(insert), "0 append"),
        ("/x.meta", patch(delete), "0 read, 0 write"),
        ("/x.meta", Operation::Delete, "0 write, 0 read"),
    ] {
        let found = found(at, &there, &[]);
        let needs = needs(&asked(&found, operation), &found);
        let text =
            needs.iter().map(|need| format!("{} {}", need.level, need.mode.as_str())).collect::<Vec<_>>().join(", ");
        assert_eq!(text, expected, "{at}");
    }
}

/// Shows: W-56, O-1, O-2
#[test]
fn without_an_identity_the_refusal_asks_for_one() {
    let found = found("/x", &["/", "/x"], &[]);
    let acls = acls(&found);
    for (caller, refusal) in [(Caller::public(), Refusal::Unauthenticated), (caller(ME), Refusal::Forbidden)] {
        let evidence = Evidence {
            found: &found,
            acls: &acls,
            caller: &caller,
            memberships: &Memberships::default(),
            origins: &Origins::Trusted,
        };
        assert_eq!(decide(&evidence, &asked(&found, Operation::Read)), Err(refusal));
    }
}

/// Shows: W-31
#[test]
fn a_change_relies_on_the_acls_that_were_asked_and_on_those_that_were_not_there() {
    let root = rule("acl:default demo:", MINE, "acl:Write");
    let found = found("/c/x", &["/", "/c/", "/c/x"], &[("/", &root)]);
    let (acls, me) = (acls(&found), caller(ME));
    let evidence = Evidence {
        found: &found,
        acls: &acls,
        caller: &me,
        memberships: &Memberships::default(),
        origins: &Origins::Trusted,
    };
    let expected = [("/c/x.acl", None), ("/c/.acl", None), ("/.acl", Some(Version(7)))];
    assert_eq!(
        evidence.relied_on(&asked(&found, put())),
        expected.map(|(at, version)| Expected::Record(path(at), version))
    );
}

/// Shows: W-8, W-77, wac#server-root-container-acl-authorization-control
#[test]
fn what_keeps_control_of_a_root() {
    let to_root = "acl:accessTo demo:";
    for (rules, keeps) in [
        (rule(to_root, MINE, "acl:Control"), true),
        (rule("acl:default demo:", MINE, "acl:Control"), false),
        (rule(to_root, MINE, "acl:Read, acl:Write"), false),
        (rule(to_root, &format!("{MINE}; acl:condition [ a acl:ClientCondition ]"), "acl:Control"), false),
        (rule(to_root, "acl:origin <https://a.example>", "acl:Control"), false),
        (String::new(), false),
    ] {
        let found = found("/", &["/"], &[("/", &rules)]);
        let document = found.subject.acl.unwrap().document("https://pods.example/demo/.acl").unwrap();
        let acl = Acl::read(
            &document.dataset.default,
            "https://pods.example/demo/.acl",
            "https://pods.example/demo/",
            &addresses(),
        );
        assert_eq!(acl.keeps_control(), keeps, "{rules}");
    }
}
