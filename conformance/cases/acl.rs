//! ACL resources: finding, reading, writing and deleting them.

use super::prelude::*;

pub const GROUP: Group = group!(
    "acl",
    "ACL resources",
    [
        an_acl_reads_as_turtle_and_json_ld,
        an_unwritten_acl_is_not_found,
        an_acl_is_made_and_replaced,
        an_acl_holds_rdf_only,
        an_acl_without_effect_is_kept,
        relative_references_belong_to_the_acl,
        what_is_missing_has_no_acl,
        a_deleted_acl_gives_way_to_inheritance,
        control_opens_the_acl,
        write_does_not_open_the_acl,
        an_acl_cannot_be_posted_to,
        an_acl_links_to_no_acl,
        the_root_keeps_its_control,
        an_owner_cannot_be_locked_out,
        replacing_a_document_leaves_its_acl,
    ]
);

/// An ACL can be read as Turtle and as JSON-LD, by GET and HEAD, and governs by Web Access Control.
///
/// Shows: wac#server-get-acl-turtle, solid#server-wac-acp, W-4, W-91, P-77, P-96
async fn an_acl_reads_as_turtle_and_json_ld(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[]).await?;
    let acl = t.acl_of(&url).await?;
    for media_type in ["text/turtle", "application/ld+json"] {
        let read = t.alice.get(&acl).accept(media_type).await?.is(200)?.has("ETag")?.has("Allow")?;
        ensure(read.media_type() == media_type, format!("asked for {media_type}, got {}", read.media_type()))?;
        ensure(!read.graph()?.is_empty(), "the ACL is empty")?;
        let policies = "http://www.w3.org/ns/solid/acp#AccessControlResource";
        ensure(!read.linked("type").contains(&policies.to_owned()), "it claims to hold policies as well")?;
        t.alice.head(&acl).accept(media_type).await?.is(200)?.empty()?;
    }
    Ok(())
}

/// An ACL that was never written is not found by who may control, and reading does not make it.
///
/// Shows: wac#server-get-acl-without-representation, wac#server-acl-without-representation, W-5
async fn an_unwritten_acl_is_not_found(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for url in [&document, &t.space] {
        let acl = t.acl_of(url).await?;
        t.alice.get(&acl).await?.is(404)?;
        t.alice.head(&acl).await?.is(404)?;
        t.alice.get(&acl).await?.is(404)?;
    }
    Ok(())
}

/// PUT makes an ACL and replaces it.
///
/// Shows: W-9, P-78, P-228
async fn an_acl_is_made_and_replaced(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let rules = format!(
        "[] a acl:Authorization ; acl:agent <{}> ; acl:accessTo <{url}> ; acl:mode acl:Read, acl:Write, acl:Control .",
        t.alice.webid()
    );
    t.write_acl(&url, &rules).await?.is(201)?;
    t.write_acl(&url, &rules).await?.one_of(&[200, 204, 205])?;
    Ok(())
}

/// An ACL holds RDF and nothing else.
///
/// Shows: W-9, P-82
async fn an_acl_holds_rdf_only(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let acl = t.acl_of(&url).await?;
    t.alice.put(&acl).plain("text").await?.is(415)?;
    t.alice.put(&acl).turtle(BROKEN_TURTLE).await?.is(400)?;
    t.alice.get(&acl).await?.is(404)?;
    Ok(())
}

/// Statements that grant nothing are kept as they are.
///
/// Shows: W-10, W-20
async fn an_acl_without_effect_is_kept(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let extra = "<#x> <https://example.org/p> \"kept\" . [] a acl:Authorization ; acl:mode <https://example.org/Fly> .";
    t.allow_turtle(&url, extra).await?;
    let acl = t.acl_of(&url).await?;
    ensure(t.alice.get(&acl).accept("text/turtle").await?.is(200)?.text().contains("kept"), "they were dropped")
}

/// Relative references in an ACL belong to the ACL's own address.
///
/// Shows: W-11
async fn relative_references_belong_to_the_acl(t: Trial) -> Verdict {
    let url = t.document("box/note.ttl", A_TRIPLE).await?;
    t.allow_turtle(
        &url,
        "[] a acl:Authorization ; acl:agentClass foaf:Agent ; acl:accessTo <note.ttl> ; acl:mode acl:Read .",
    )
    .await?;
    t.anyone.get(&url).await?.is(200)?;
    let container = t.at("box/");
    t.allow_turtle(
        &container,
        "[] a acl:Authorization ; acl:agentClass foaf:Agent ; acl:accessTo <./> ; acl:mode acl:Read .",
    )
    .await?;
    t.anyone.get(&container).await?.is(200)?;
    Ok(())
}

/// The ACL of what does not exist cannot be written.
///
/// Shows: W-12
async fn what_is_missing_has_no_acl(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let acl = t.acl_of(&url).await?;
    t.alice.delete(&url).await?.succeeded()?;
    t.alice.put(&acl).turtle("").await?.is(409)?;
    t.alice.get(&acl).await?.is(404)?;
    Ok(())
}

/// Who may control can delete an ACL, and what is above counts again.
///
/// Shows: W-13, W-16, W-53
async fn a_deleted_acl_gives_way_to_inheritance(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read")]).await?;
    t.bob.get(&url).await?.is(200)?;
    t.allow(&url, &[]).await?;
    t.bob.get(&url).await?.is(403)?;
    let acl = t.acl_of(&url).await?;
    t.alice.delete(&acl).await?.succeeded()?;
    t.bob.get(&url).await?.is(200)?;
    t.alice.delete(&acl).await?.is(404)?;
    Ok(())
}

/// Control alone opens every operation on the ACL.
///
/// Shows: wac#server-control-operation, W-53, W-42, P-80
async fn control_opens_the_acl(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::agent(&t.bob, "Control")]).await?;
    let acl = t.acl_of(&url).await?;
    let rules = t.bob.get(&acl).accept("text/turtle").await?.is(200)?.text();
    t.bob.head(&acl).await?.is(200)?;
    t.bob.patch(&acl).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.succeeded()?;
    t.bob.patch(&acl).sparql("DELETE DATA { <#a> <#b> <#c> }").await?.succeeded()?;
    t.bob.put(&acl).turtle(&rules).await?.succeeded()?;
    t.bob.delete(&acl).await?.succeeded()?;
    Ok(())
}

/// Write on a resource or its container opens no ACL.
///
/// Shows: wac#server-control-operation, W-53, W-21, P-80
async fn write_does_not_open_the_acl(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read Write")]).await?;
    t.allow(&url, &[Rule::agent(&t.bob, "Read Write")]).await?;
    for acl in [t.acl_of(&url).await?, t.acl_of(&t.space).await?] {
        t.bob.get(&acl).await?.is(403)?;
        t.bob.head(&acl).await?.is(403)?;
        t.bob.put(&acl).turtle("").await?.is(403)?;
        t.bob.patch(&acl).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.is(403)?;
        t.bob.delete(&acl).await?.is(403)?;
        t.anyone.get(&acl).await?.is(401)?;
        t.anyone.put(&acl).turtle("").await?.is(401)?;
    }
    Ok(())
}

/// POST on an ACL is refused.
///
/// Shows: W-15
async fn an_acl_cannot_be_posted_to(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[]).await?;
    let acl = t.acl_of(&url).await?;
    t.alice.post(&acl).turtle("").await?.is(405)?;
    Ok(())
}

/// An ACL links to no ACL of its own.
///
/// Shows: W-3, wac#server-resource-acl-max
async fn an_acl_links_to_no_acl(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[]).await?;
    let acl = t.acl_of(&url).await?;
    let linked = t.alice.get(&acl).await?.is(200)?.linked("acl");
    ensure(linked.is_empty() || linked == [acl], format!("it links to {linked:?}"))
}

/// The root's ACL cannot be left without an unconditional rule of Control.
///
/// Shows: wac#server-root-container-acl-authorization-control, W-6, W-8, W-77, P-46
async fn the_root_keeps_its_control(t: Trial) -> Verdict {
    let root = &t.bench.pod;
    let acl = t.acl_of(root).await?;
    let before = t.alice.get(&acl).accept("text/turtle").await?.is(200)?;
    let webid = t.alice.webid();
    let reader =
        format!("<#a> a acl:Authorization ; acl:agent <{webid}> ; acl:accessTo <{root}> ; acl:mode acl:Read .");
    let by_origin = format!(
        "<#a> a acl:Authorization ; acl:origin <https://x.example> ; acl:accessTo <{root}> ; acl:mode acl:Control ."
    );
    let conditional = format!(
        "<#a> a acl:Authorization ; acl:agent <{webid}> ; acl:accessTo <{root}> ; acl:mode acl:Control ; \
         acl:condition [ a acl:ClientCondition ; acl:client <https://x.example/> ] ."
    );
    for rules in ["", &reader, &by_origin, &conditional] {
        t.write_acl(root, rules).await?.is(409)?;
    }
    let after = t.alice.get(&acl).accept("text/turtle").await?.is(200)?;
    ensure(before.text() == after.text(), "the root's ACL changed")
}

/// An owner keeps Control of every ACL, but not of the content.
///
/// Shows: W-41
async fn an_owner_cannot_be_locked_out(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.write_acl(&url, "").await?.succeeded()?;
    let acl = t.acl_of(&url).await?;
    t.alice.get(&acl).await?.is(200)?;
    t.alice.get(&url).await?.is(403)?;
    t.alice.delete(&acl).await?.succeeded()?;
    t.alice.get(&url).await?.is(200)?;
    Ok(())
}

/// Replacing a document leaves its ACL.
///
/// Shows: W-54
async fn replacing_a_document_leaves_its_acl(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::public("Read")]).await?;
    t.alice.put(&url).plain("another").await?.succeeded()?;
    t.anyone.get(&url).await?.is(200)?;
    Ok(())
}
