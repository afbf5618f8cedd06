//! WAC-Allow.

use super::prelude::*;

pub const GROUP: Group = group!(
    "wac_allow",
    "WAC-Allow",
    [
        it_is_sent_in_its_grammar,
        it_tells_the_modes_granted,
        it_tells_inherited_modes,
        the_anonymous_are_the_public,
        the_user_has_what_everyone_has,
        empty_groups_are_told,
        a_description_is_told_by_its_subject,
        an_acl_is_told_to_who_may_control,
        the_container_does_not_matter,
        reasons_for_refusal_stay_modest,
    ]
);

/// The modes of a group, sorted; `None` if the field has another form.
fn modes(field: &str, group: &str) -> Option<Vec<String>> {
    let part = field.split(',').find_map(|part| part.trim().strip_prefix(group)?.strip_prefix('='))?;
    let list = part.strip_prefix('"')?.strip_suffix('"')?;
    let mut modes: Vec<_> = list.split(' ').filter(|mode| !mode.is_empty()).map(str::to_owned).collect();
    modes.sort();
    Some(modes)
}

async fn told(agent: &Agent, url: &str, group: &str) -> Verdict<String> {
    let mut answers = Vec::new();
    for response in [agent.get(url).await?, agent.head(url).await?] {
        let field = response.need("WAC-Allow")?;
        match modes(&field, group) {
            Some(modes) => answers.push(modes.join(" ")),
            None => return response.wrong(&format!("`{field}` tells nothing of {group}")),
        }
    }
    answers.dedup();
    ensure(answers.len() == 1, "GET and HEAD tell different modes")?;
    Ok(answers.remove(0))
}

/// One line tells the modes of groups, in the grammar, on documents and containers.
///
/// Shows: wac#server-wac-allow, P-62, W-78, W-79
async fn it_is_sent_in_its_grammar(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for url in [&document, &t.space] {
        for response in [t.alice.get(url).await?, t.alice.head(url).await?] {
            let lines = response.lines("WAC-Allow");
            ensure(lines.len() == 1, format!("{} lines", lines.len()))?;
            for part in lines[0].split(',') {
                let Some((group, list)) = part.trim().split_once('=') else { return response.wrong(&lines[0]) };
                let quoted = list.len() > 1 && list.starts_with('"') && list.ends_with('"');
                let known = ["read", "write", "append", "control", ""];
                let fine = list.trim_matches('"').split(' ').all(|mode| known.contains(&mode));
                let named = group.chars().all(|c| c.is_ascii_alphabetic());
                ensure(quoted && fine && named, format!("`{part}` is not in the grammar"))?;
            }
        }
    }
    Ok(())
}

/// It tells the modes that were granted.
///
/// Shows: W-80, W-82, P-62, P-226
async fn it_tells_the_modes_granted(t: Trial) -> Verdict {
    for (granted, expected) in [
        ("Read", &["read"][..]),
        ("Read Append", &["append read"]),
        ("Read Write", &["read write", "append read write"]),
        ("Read Control", &["control read"]),
        ("Read Write Append", &["append read write"]),
        ("Read Write Control", &["control read write", "append control read write"]),
    ] {
        let url = t.document("note.ttl", A_TRIPLE).await?;
        t.allow(&url, &[Rule::agent(&t.bob, granted)]).await?;
        let told = told(&t.bob, &url, "user").await?;
        ensure(expected.contains(&told.as_str()), format!("{granted} is told as `{told}`"))?;
    }
    Ok(())
}

/// It tells inherited modes as well.
///
/// Shows: W-81
async fn it_tells_inherited_modes(t: Trial) -> Verdict {
    let url = t.document("box/note.ttl", A_TRIPLE).await?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read Append"), Rule::public("Read")]).await?;
    for url in [&url, &t.at("box/")] {
        ensure(told(&t.bob, url, "user").await? == "append read", "the user's inherited modes are others")?;
        ensure(told(&t.bob, url, "public").await? == "read", "the public's inherited modes are others")?;
    }
    Ok(())
}

/// For the anonymous both groups are equal.
///
/// Shows: W-80
async fn the_anonymous_are_the_public(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::public("Read Append"), Rule::authenticated("Write")]).await?;
    ensure(told(&t.anyone, &url, "user").await? == "append read", "the user has other modes")?;
    ensure(told(&t.anyone, &url, "public").await? == "append read", "the public has other modes")
}

/// The user's modes include what everyone has.
///
/// Shows: W-80
async fn the_user_has_what_everyone_has(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::public("Read"), Rule::agent(&t.bob, "Append")]).await?;
    ensure(told(&t.bob, &url, "user").await? == "append read", "the user lacks what everyone has")?;
    ensure(told(&t.bob, &url, "public").await? == "read", "the public has other modes")
}

/// A group without modes is told as empty.
///
/// Shows: W-79, W-83
async fn empty_groups_are_told(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::agent(&t.bob, "Read")]).await?;
    ensure(told(&t.bob, &url, "public").await?.is_empty(), "the public has modes")
}

/// A description is told by its subject.
///
/// Shows: W-81
async fn a_description_is_told_by_its_subject(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::agent(&t.bob, "Read Append")]).await?;
    let description = t.description_of(&url).await?;
    ensure(told(&t.bob, &description, "user").await? == "append read", "its modes are others")
}

/// Who may control can do everything with the ACL, and is told so.
///
/// Shows: W-81
async fn an_acl_is_told_to_who_may_control(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::agent(&t.bob, "Control")]).await?;
    let acl = t.acl_of(&url).await?;
    ensure(told(&t.bob, &acl, "user").await? == "append control read write", "its modes are others")
}

/// The container's rights do not matter.
///
/// Shows: W-84
async fn the_container_does_not_matter(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::agent(&t.bob, "Read Write")]).await?;
    t.bob.delete(&url).await?.is(403)?;
    ensure(told(&t.bob, &url, "user").await?.contains("write"), "write is missing")
}

/// A refusal may say what was missing, and no more.
///
/// Shows: W-61, P-216, P-137
async fn reasons_for_refusal_stay_modest(t: Trial) -> Verdict {
    let url = t.document("note.ttl", "<#a> <#b> \"the-secret-word\" .").await?;
    let refused = t.bob.get(&url).await?.is(403)?;
    let text = refused.text();
    ensure(!text.contains("the-secret-word") && !text.contains(t.alice.webid()), "the refusal tells too much")
}
