//! Who matches an authorization: agents, classes, groups, origins.

use super::prelude::*;

pub const GROUP: Group = group!(
    "subjects",
    "Subjects",
    [
        an_agent_matches_exactly,
        everyone_is_everyone,
        authenticated_agents_are_signed_in,
        other_classes_match_nobody,
        members_of_a_group_match,
        a_group_counts_by_its_exact_name,
        membership_is_direct,
        a_change_of_members_counts_at_once,
        a_group_may_be_in_the_acl,
        a_private_group_document_works,
        a_group_that_cannot_be_read_has_no_members,
        a_group_may_guard_itself,
        an_origin_alone_grants_nothing,
        an_origin_needs_no_rule_by_default,
    ]
);

async fn readable_by(t: &Trial, who: &str) -> Verdict<String> {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::to(who, "Read")]).await?;
    Ok(url)
}

/// An agent matches by the whole WebID.
///
/// Shows: W-32
async fn an_agent_matches_exactly(t: Trial) -> Verdict {
    let webid = t.bob.webid();
    let url = readable_by(&t, &format!("acl:agent <{webid}>")).await?;
    t.bob.get(&url).await?.is(200)?;
    let document = webid.split('#').next().unwrap_or_default();
    for other in [format!("{document}#other"), format!("{webid}x"), webid.to_uppercase().replace("HTTP", "http")] {
        let url = readable_by(&t, &format!("acl:agent <{other}>")).await?;
        t.bob.get(&url).await?.is(403)?;
    }
    Ok(())
}

/// foaf:Agent is everyone, known or not.
///
/// Shows: W-33
async fn everyone_is_everyone(t: Trial) -> Verdict {
    let url = readable_by(&t, "acl:agentClass foaf:Agent").await?;
    t.anyone.get(&url).await?.is(200)?;
    t.bob.get(&url).await?.is(200)?;
    Ok(())
}

/// The class of authenticated agents is anyone who is signed in.
///
/// Shows: W-33
async fn authenticated_agents_are_signed_in(t: Trial) -> Verdict {
    let url = readable_by(&t, "acl:agentClass acl:AuthenticatedAgent").await?;
    t.bob.get(&url).await?.is(200)?;
    t.anyone.get(&url).await?.is(401)?;
    Ok(())
}

/// No other class matches anybody.
///
/// Shows: W-33, W-40
async fn other_classes_match_nobody(t: Trial) -> Verdict {
    for class in ["foaf:Person", "acl:Agent", "<https://example.org/Everyone>"] {
        let url = readable_by(&t, &format!("acl:agentClass {class}")).await?;
        t.bob.get(&url).await?.is(403)?;
    }
    Ok(())
}

async fn group(t: &Trial, members: &str) -> Verdict<String> {
    let text = format!("<#us> a <http://www.w3.org/2006/vcard/ns#Group> ; {members} .");
    let url = t.document("group.ttl", &text).await?;
    t.allow(&url, &[Rule::public("Read")]).await?;
    Ok(format!("{url}#us"))
}

fn has_member(webid: &str) -> String {
    format!("<http://www.w3.org/2006/vcard/ns#hasMember> <{webid}>")
}

/// Members of a group match; the anonymous never do.
///
/// Shows: W-34, W-37
async fn members_of_a_group_match(t: Trial) -> Verdict {
    let group = group(&t, &has_member(t.bob.webid())).await?;
    let url = readable_by(&t, &format!("acl:agentGroup <{group}>")).await?;
    t.bob.get(&url).await?.is(200)?;
    t.anyone.get(&url).await?.is(401)?;
    Ok(())
}

/// A group is named exactly, fragment included.
///
/// Shows: W-34
async fn a_group_counts_by_its_exact_name(t: Trial) -> Verdict {
    let group = group(&t, &has_member(t.bob.webid())).await?;
    let url = readable_by(&t, &format!("acl:agentGroup <{}>", group.replace("#us", "#them"))).await?;
    t.bob.get(&url).await?.is(403)?;
    let url = readable_by(&t, &format!("acl:agentGroup <{}>", group.replace("#us", ""))).await?;
    t.bob.get(&url).await?.is(403)?;
    Ok(())
}

/// Only direct membership by vcard:hasMember counts, whatever the type of the group.
///
/// Shows: W-35
async fn membership_is_direct(t: Trial) -> Verdict {
    let webid = t.bob.webid();
    let other = format!("<http://xmlns.com/foaf/0.1/member> <{webid}>");
    let in_other_way = group(&t, &other).await?;
    let url = readable_by(&t, &format!("acl:agentGroup <{in_other_way}>")).await?;
    t.bob.get(&url).await?.is(403)?;
    let nested = format!("{} . <#inner> {}", has_member("#inner"), has_member(webid));
    let nested = group(&t, &nested).await?;
    let url = readable_by(&t, &format!("acl:agentGroup <{nested}>")).await?;
    t.bob.get(&url).await?.is(403)?;
    Ok(())
}

/// Who joins or leaves a group has its rights from the next request on.
///
/// Shows: W-16, W-34
async fn a_change_of_members_counts_at_once(t: Trial) -> Verdict {
    for _ in 0..2 {
        let name = group(&t, &has_member("https://nobody.example/#me")).await?;
        let url = readable_by(&t, &format!("acl:agentGroup <{name}>")).await?;
        t.bob.get(&url).await?.is(403)?;
        group(&t, &has_member(t.bob.webid())).await?;
        t.bob.get(&url).await?.is(200)?;
        group(&t, &has_member("https://nobody.example/#me")).await?;
        t.bob.get(&url).await?.is(403)?;
    }
    Ok(())
}

/// A group that the ACL itself describes is looked up there.
///
/// Shows: W-36
async fn a_group_may_be_in_the_acl(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    for name in ["_:us", "<#us>"] {
        let rules = format!(
            "[] a acl:Authorization ; acl:agentGroup {name} ; acl:accessTo <{url}> ; acl:mode acl:Read . \
             {name} a vcard:Group ; vcard:hasMember <{}> .",
            t.bob.webid()
        );
        t.allow_turtle(&url, &rules).await?;
        t.bob.get(&url).await?.is(200)?;
    }
    Ok(())
}

/// A group document of the same pod counts though its members may not read it.
///
/// Shows: W-37
async fn a_private_group_document_works(t: Trial) -> Verdict {
    let group = group(&t, &has_member(t.bob.webid())).await?;
    t.allow(&t.at("group.ttl"), &[]).await?;
    let url = readable_by(&t, &format!("acl:agentGroup <{group}>")).await?;
    t.bob.get(&url).await?.is(200)?;
    t.bob.get(&t.at("group.ttl")).await?.is(403)?;
    Ok(())
}

/// A group that cannot be had has no members, and does not spoil other rules.
///
/// Shows: W-34, W-38, W-39
async fn a_group_that_cannot_be_read_has_no_members(t: Trial) -> Verdict {
    let missing = format!("acl:agentGroup <{}#us>", t.at("missing.ttl"));
    let private = "acl:agentGroup <https://127.0.0.1/group#us>";
    for who in [missing.as_str(), private] {
        let url = readable_by(&t, who).await?;
        t.bob.get(&url).await?.is(403)?;
        t.allow(&url, &[Rule::to(who, "Read"), Rule::agent(&t.bob, "Read")]).await?;
        t.bob.get(&url).await?.is(200)?;
    }
    Ok(())
}

/// A group document that only its members may read is no riddle.
///
/// Shows: W-39
async fn a_group_may_guard_itself(t: Trial) -> Verdict {
    let name = group(&t, &has_member(t.bob.webid())).await?;
    t.allow(&t.at("group.ttl"), &[Rule::to(format!("acl:agentGroup <{name}>"), "Read")]).await?;
    t.bob.get(&t.at("group.ttl")).await?.is(200)?;
    t.anyone.get(&t.at("group.ttl")).await?.is(401)?;
    Ok(())
}

/// A rule whose only subject is an origin grants nothing, forged or not.
///
/// Shows: W-63, W-67
async fn an_origin_alone_grants_nothing(t: Trial) -> Verdict {
    let url = readable_by(&t, "acl:origin <https://app.example>").await?;
    t.anyone.get(&url).origin("https://app.example").await?.is(401)?;
    t.bob.get(&url).origin("https://app.example").await?.is(403)?;
    Ok(())
}

/// A browser application needs no rule of its own by default.
///
/// Shows: W-65, W-66, W-63
async fn an_origin_needs_no_rule_by_default(t: Trial) -> Verdict {
    let url = readable_by(&t, &format!("acl:agent <{}>", t.bob.webid())).await?;
    t.bob.get(&url).origin("https://app.example").await?.is(200)?;
    Ok(())
}
