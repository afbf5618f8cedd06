//! DELETE.

use super::prelude::*;

pub const GROUP: Group = group!(
    "deleting",
    "DELETE",
    [
        a_deleted_document_is_gone,
        a_deleted_member_is_not_listed,
        an_empty_container_can_be_deleted,
        a_container_with_members_stays,
        auxiliaries_do_not_fill_a_container,
        a_deleted_resource_takes_its_acl_along,
        parents_stay,
        what_is_missing_is_not_found,
        a_deleted_name_can_be_used_again,
    ]
);

/// A deleted document is gone.
///
/// Shows: P-192, P-128, rfc9110 §9.3.5
async fn a_deleted_document_is_gone(t: Trial) -> Verdict {
    for url in [t.document("note.ttl", A_TRIPLE).await?, t.stored("text", "text/plain", "hello").await?] {
        t.alice.delete(&url).await?.one_of(&[200, 202, 204, 205])?;
        t.alice.get(&url).await?.one_of(&[404, 410])?;
    }
    Ok(())
}

/// A deleted member is no longer listed.
///
/// Shows: solid#server-delete-remove-containment, P-193
async fn a_deleted_member_is_not_listed(t: Trial) -> Verdict {
    let kept = t.document("kept.ttl", A_TRIPLE).await?;
    let others =
        [t.document("a.ttl", A_TRIPLE).await?, t.stored("b", "text/plain", "b").await?, t.container("c/").await?];
    for url in others {
        t.alice.delete(&url).await?.succeeded()?;
    }
    ensure(t.members(&t.space).await? == [kept], "a deleted member is still listed")
}

/// An empty container can be deleted.
///
/// Shows: solid#server-delete-remove-empty-container, P-194
async fn an_empty_container_can_be_deleted(t: Trial) -> Verdict {
    let container = t.container("box/").await?;
    t.alice.delete(&container).await?.succeeded()?;
    t.alice.get(&container).await?.one_of(&[404, 410])?;
    Ok(())
}

/// A container with members is not deleted, and the answer says why.
///
/// Shows: solid#server-delete-protect-nonempty-container, P-194, P-198
async fn a_container_with_members_stays(t: Trial) -> Verdict {
    for (name, member) in [("a/", "a/note.ttl"), ("b/", "b/text"), ("c/", "c/inner/")] {
        match member {
            "c/inner/" => t.container(member).await?,
            "b/text" => t.stored(member, "text/plain", "x").await?,
            _ => t.document(member, A_TRIPLE).await?,
        };
        let refused = t.alice.delete(&t.at(name)).await?.is(409)?;
        refused.and(|r| !r.body().is_empty(), "with an explanation")?;
        t.alice.get(&t.at(member)).await?.is(200)?;
    }
    Ok(())
}

/// A container that has only auxiliary resources is empty.
///
/// Shows: P-194, P-193
async fn auxiliaries_do_not_fill_a_container(t: Trial) -> Verdict {
    let container = t.container("box/").await?;
    t.allow(&container, &[]).await?;
    let description = t.description_of(&container).await?;
    t.alice.put(&description).turtle("<#a> <#b> <#c> .").await?.succeeded()?;
    t.alice.delete(&container).await?.succeeded()?;
    t.alice.get(&container).await?.is(404)?;
    Ok(())
}

/// A deleted resource takes its ACL along; made again it starts without.
///
/// Shows: solid#server-delete-remove-auxiliary-resource, P-87, P-193, P-199, W-14
async fn a_deleted_resource_takes_its_acl_along(t: Trial) -> Verdict {
    for name in ["note.ttl", "box/"] {
        let url = if name.ends_with('/') { t.container(name).await? } else { t.document(name, A_TRIPLE).await? };
        t.allow(&url, &[Rule::public("Read")]).await?;
        let acl = t.acl_of(&url).await?;
        t.anyone.get(&url).await?.is(200)?;
        t.alice.delete(&url).await?.succeeded()?;
        t.alice.get(&acl).await?.is(404)?;
        if name.ends_with('/') {
            t.container(name).await?
        } else {
            t.document(name, A_TRIPLE).await?
        };
        t.anyone.get(&url).await?.is(401)?;
        t.alice.get(&acl).await?.is(404)?;
    }
    Ok(())
}

/// A container that becomes empty stays.
///
/// Shows: P-198
async fn parents_stay(t: Trial) -> Verdict {
    let document = t.document("a/b/note.ttl", A_TRIPLE).await?;
    t.alice.delete(&document).await?.succeeded()?;
    t.alice.get(&t.at("a/b/")).await?.is(200)?;
    Ok(())
}

/// What is missing is not found, but only for who may read there.
///
/// Shows: P-196, W-59, W-58
async fn what_is_missing_is_not_found(t: Trial) -> Verdict {
    t.alice.delete(&t.at("missing")).await?.is(404)?;
    t.anyone.delete(&t.at("missing")).await?.is(401)?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Write")]).await?;
    t.bob.delete(&t.at("missing")).await?.is(403)?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read")]).await?;
    t.bob.delete(&t.at("missing")).await?.one_of(&[403, 404])?;
    Ok(())
}

/// A deleted name can be used again, with another content and another tag.
///
/// Shows: P-87, P-192
async fn a_deleted_name_can_be_used_again(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let tag = t.alice.head(&url).await?.need("ETag")?;
    t.alice.delete(&url).await?.succeeded()?;
    t.document("note.ttl", A_TRIPLE).await?;
    ensure(t.alice.head(&url).await?.need("ETag")? != tag, "the tag of the deleted document is back")
}
