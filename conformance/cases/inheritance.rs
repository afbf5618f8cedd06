//! Which ACL counts for a resource.

use super::prelude::*;

pub const GROUP: Group = group!(
    "inheritance",
    "The effective ACL",
    [
        the_nearest_acl_counts,
        default_counts_below_only,
        access_to_counts_here_only,
        both_count_everywhere,
        no_rule_grants_nothing,
        an_empty_acl_grants_nothing,
        inheritance_reaches_what_does_not_exist,
        inheritance_passes_missing_containers,
        a_description_inherits_like_its_subject,
        a_changed_acl_above_counts_at_once,
    ]
);

async fn tree(t: &Trial) -> Verdict<[String; 4]> {
    t.document("box/inner/note.ttl", A_TRIPLE).await?;
    t.document("box/note.ttl", A_TRIPLE).await?;
    Ok(["box/", "box/note.ttl", "box/inner/", "box/inner/note.ttl"].map(|name| t.at(name)))
}

async fn bob_reads(t: &Trial, urls: &[String], status: u16) -> Verdict {
    for url in urls {
        t.bob.get(url).await?.is(status)?;
    }
    Ok(())
}

/// The nearest ACL replaces those above entirely.
///
/// Shows: W-24, W-27, W-70
async fn the_nearest_acl_counts(t: Trial) -> Verdict {
    let urls = tree(&t).await?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read")]).await?;
    bob_reads(&t, &urls, 200).await?;
    t.allow(&t.at("box/inner/"), &[Rule::public("Append")]).await?;
    bob_reads(&t, &urls[..2], 200).await?;
    bob_reads(&t, &urls[2..], 403).await
}

/// A default rule counts for what is below a container, not for the container.
///
/// Shows: W-25, W-26
async fn default_counts_below_only(t: Trial) -> Verdict {
    let urls = tree(&t).await?;
    t.allow(&urls[0], &[Rule::agent(&t.bob, "Read").only_below()]).await?;
    bob_reads(&t, &urls[..1], 403).await?;
    bob_reads(&t, &urls[1..], 200).await
}

/// A rule for a container counts for it, not for what is below.
///
/// Shows: W-25, W-26, W-47
async fn access_to_counts_here_only(t: Trial) -> Verdict {
    let urls = tree(&t).await?;
    t.allow(&urls[0], &[Rule::agent(&t.bob, "Read Write").only_here()]).await?;
    bob_reads(&t, &urls[..1], 200).await?;
    bob_reads(&t, &urls[1..], 403).await?;
    t.bob.put(&urls[1]).turtle("").await?.is(403)?;
    t.bob.delete(&urls[1]).await?.is(403)?;
    Ok(())
}

/// A rule with both counts for both.
///
/// Shows: W-25, W-26
async fn both_count_everywhere(t: Trial) -> Verdict {
    let urls = tree(&t).await?;
    t.allow(&urls[0], &[Rule::agent(&t.bob, "Read")]).await?;
    bob_reads(&t, &urls, 200).await
}

/// Without a rule for an agent nothing is granted.
///
/// Shows: W-26, W-29
async fn no_rule_grants_nothing(t: Trial) -> Verdict {
    let urls = tree(&t).await?;
    t.allow(&urls[0], &[]).await?;
    bob_reads(&t, &urls, 403).await
}

/// An ACL that grants nothing is an ACL all the same.
///
/// Shows: W-27, W-30
async fn an_empty_acl_grants_nothing(t: Trial) -> Verdict {
    let urls = tree(&t).await?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read")]).await?;
    t.write_acl(&urls[3], "").await?.succeeded()?;
    bob_reads(&t, &urls[..3], 200).await?;
    bob_reads(&t, &urls[3..], 403).await?;
    let acl = t.acl_of(&urls[3]).await?;
    t.alice.delete(&acl).await?;
    Ok(())
}

/// Inheritance holds for what does not exist.
///
/// Shows: W-28, P-89, W-58
async fn inheritance_reaches_what_does_not_exist(t: Trial) -> Verdict {
    t.bob.get(&t.at("missing")).await?.is(403)?;
    t.anyone.get(&t.at("missing")).await?.is(401)?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read")]).await?;
    t.bob.get(&t.at("missing")).await?.is(404)?;
    t.anyone.get(&t.at("missing")).await?.is(401)?;
    Ok(())
}

/// Inheritance passes containers that do not exist.
///
/// Shows: W-28, W-24
async fn inheritance_passes_missing_containers(t: Trial) -> Verdict {
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read Write").only_below()]).await?;
    t.bob.get(&t.at("a/b/c")).await?.is(404)?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read Write")]).await?;
    t.bob.put(&t.at("a/b/c")).plain("x").await?.is(201)?;
    t.bob.get(&t.at("a/b/")).await?.is(200)?;
    Ok(())
}

/// A description has its subject's own ACL, not one of its path.
///
/// Shows: W-24, P-79
async fn a_description_inherits_like_its_subject(t: Trial) -> Verdict {
    let urls = tree(&t).await?;
    let (of_box, of_note) = (t.description_of(&urls[0]).await?, t.description_of(&urls[1]).await?);
    t.allow(&urls[0], &[Rule::agent(&t.bob, "Read").only_here()]).await?;
    t.bob.get(&of_box).await?.is(200)?;
    t.bob.get(&of_note).await?.is(403)?;
    t.allow(&urls[0], &[Rule::agent(&t.bob, "Read").only_below()]).await?;
    t.bob.get(&of_box).await?.is(403)?;
    t.bob.get(&of_note).await?.is(200)?;
    Ok(())
}

/// A change of an ACL above counts from the next request on.
///
/// Shows: W-16, W-31
async fn a_changed_acl_above_counts_at_once(t: Trial) -> Verdict {
    let urls = tree(&t).await?;
    for _ in 0..3 {
        t.allow(&t.space, &[Rule::agent(&t.bob, "Read")]).await?;
        bob_reads(&t, &urls, 200).await?;
        t.allow(&t.space, &[]).await?;
        bob_reads(&t, &urls, 403).await?;
    }
    Ok(())
}
