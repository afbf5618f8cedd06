//! The pod as a whole: its root, its description, its owner.

use super::prelude::*;

pub const GROUP: Group = group!(
    "storage",
    "Storage",
    [
        the_root_declares_itself,
        no_other_container_does,
        the_root_says_so_in_rdf,
        everything_links_to_the_storage_description,
        the_storage_description_names_the_root,
        the_storage_description_is_public_and_read_only,
        storages_do_not_overlap,
        the_owner_is_linked_or_private,
        the_root_cannot_be_deleted,
        the_root_acl_cannot_be_deleted,
        the_root_acl_grants_control,
        the_root_stays_a_storage,
        a_server_root_is_no_storage,
    ]
);

/// The root of a storage declares itself by a type link.
///
/// Shows: solid#server-storage, solid#server-link-storage, P-38, P-39, O-213
async fn the_root_declares_itself(t: Trial) -> Verdict {
    for response in [t.alice.get(&t.bench.pod).await?, t.alice.head(&t.bench.pod).await?] {
        let types = response.is(200)?.linked("type");
        ensure(types.contains(&rdf::STORAGE.to_owned()), "the root has no type link to pim:Storage")?;
    }
    Ok(())
}

/// No container but the root declares itself a storage.
///
/// Shows: P-39
async fn no_other_container_does(t: Trial) -> Verdict {
    let types = t.alice.head(&t.space).await?.linked("type");
    ensure(!types.contains(&rdf::STORAGE.to_owned()), "an inner container is typed as a storage")
}

/// The root's own triples say that it is a storage.
///
/// Shows: P-40
async fn the_root_says_so_in_rdf(t: Trial) -> Verdict {
    let root = t.alice.get(&t.bench.pod).accept("text/turtle").await?.is(200)?.graph()?;
    ensure(has(&root, &t.bench.pod, rdf::TYPE, rdf::STORAGE), "the root's RDF lacks the type pim:Storage")
}

/// GET, HEAD and OPTIONS of anything link to one storage description, refusals too.
///
/// Shows: solid#server-storage-description, P-41, O-213, N-1
async fn everything_links_to_the_storage_description(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let mut found = Vec::new();
    for url in [&document, &t.space, &t.bench.pod] {
        for response in [t.alice.get(url).await?, t.alice.head(url).await?, t.alice.options(url).await?] {
            found.push(response.link(&format!("{}storageDescription", rdf::SOLID))?);
        }
        let refused = t.anyone.get(url).await?;
        found.push(refused.link(&format!("{}storageDescription", rdf::SOLID))?);
    }
    found.dedup();
    ensure(found.len() == 1, format!("several storage descriptions are linked: {found:?}"))
}

/// The storage description says, in Turtle and in JSON-LD, that the root is a storage.
///
/// Shows: solid#server-storage-description-resource, P-42
async fn the_storage_description_names_the_root(t: Trial) -> Verdict {
    let description = description(&t).await?;
    for media_type in ["text/turtle", "application/ld+json"] {
        let response = t.alice.get(&description).accept(media_type).await?.is(200)?;
        let graph = response.and(|r| r.media_type() == media_type, "of the type that was asked for")?.graph()?;
        ensure(has(&graph, &t.bench.pod, rdf::TYPE, rdf::STORAGE), "it does not name the root as a storage")?;
    }
    Ok(())
}

/// The storage description is public, and nobody can write it.
///
/// Shows: P-43
async fn the_storage_description_is_public_and_read_only(t: Trial) -> Verdict {
    let description = description(&t).await?;
    t.anyone.get(&description).await?.is(200)?;
    t.anyone.head(&description).await?.is(200)?.empty()?;
    t.alice.put(&description).turtle("").await?.is(405)?;
    t.alice.patch(&description).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.is(405)?;
    t.alice.delete(&description).await?.is(405)?;
    let listed = t.members(&t.bench.pod).await?;
    ensure(!listed.contains(&description), "the root lists the storage description")
}

/// The storages of two people do not lie within one another.
///
/// Shows: solid#server-storage-nonoverlapping, P-38
async fn storages_do_not_overlap(t: Trial) -> Verdict {
    let profile = t.bob.get(t.bob.webid()).accept("text/turtle").await?.is(200)?.graph()?;
    let storage = rdf::first(&profile, t.bob.webid(), "http://www.w3.org/ns/pim/space#storage");
    let Some(other) = storage else {
        return Err(Stop::Inapplicable("the second agent has no storage".into()));
    };
    let apart = !other.starts_with(&t.bench.pod) && !t.bench.pod.starts_with(&other);
    ensure(apart, format!("{other} and {} overlap", t.bench.pod))
}

/// The owner is linked from the root, or kept private.
///
/// Shows: solid#server-storage-track-owner, solid#server-storage-link-owner, P-44, O-213
async fn the_owner_is_linked_or_private(t: Trial) -> Verdict {
    for response in [t.alice.get(&t.bench.pod).await?, t.alice.head(&t.bench.pod).await?] {
        let owners = response.linked(&format!("{}owner", rdf::SOLID));
        let known = owners.is_empty() || owners.iter().any(|owner| owner == t.alice.webid());
        ensure(known, format!("{owners:?} are linked as owners, not {}", t.alice.webid()))?;
    }
    Ok(())
}

/// The root cannot be deleted, and does not allow it.
///
/// Shows: solid#server-delete-protect-root-container, solid#server-disallow-delete, P-45, P-195
async fn the_root_cannot_be_deleted(t: Trial) -> Verdict {
    let deletes = |r: &Response| r.list("Allow").contains(&"DELETE".to_owned());
    t.alice.delete(&t.bench.pod).await?.is(405)?.and(|r| !deletes(r), "that does not allow DELETE")?;
    t.alice.get(&t.bench.pod).await?.is(200)?.and(|r| !deletes(r), "that does not allow DELETE")?;
    Ok(())
}

/// The root's ACL cannot be deleted, not even by the owner.
///
/// Shows: solid#server-delete-protect-root-container, solid#server-disallow-delete, P-45, P-195, W-7
async fn the_root_acl_cannot_be_deleted(t: Trial) -> Verdict {
    let acl = t.acl_of(&t.bench.pod).await?;
    let deletes = |r: &Response| r.list("Allow").contains(&"DELETE".to_owned());
    t.alice.delete(&acl).await?.is(405)?.and(|r| !deletes(r), "that does not allow DELETE")?;
    t.alice.get(&acl).await?.is(200)?.and(|r| !deletes(r), "that does not allow DELETE")?;
    t.anyone.delete(&acl).await?.is(401)?;
    t.bob.delete(&acl).await?.is(403)?;
    Ok(())
}

/// The root has an ACL, and it gives somebody Control.
///
/// Shows: wac#server-root-container-acl, wac#server-root-container-acl-authorization-control, P-46, W-6, O-212
async fn the_root_acl_grants_control(t: Trial) -> Verdict {
    let acl = t.acl_of(&t.bench.pod).await?;
    let graph = t.alice.get(&acl).accept("text/turtle").await?.is(200)?.graph()?;
    let control = rdf::iri(format!("{}Control", rdf::ACL));
    let granting = graph.subjects_for_predicate_object(&rdf::iri(format!("{}mode", rdf::ACL)), &control).count();
    ensure(granting > 0, "no rule of the root's ACL gives Control")
}

/// Writing the root leaves it a storage.
///
/// Shows: P-146, P-40
async fn the_root_stays_a_storage(t: Trial) -> Verdict {
    let drop_type = format!("DELETE DATA {{ <{}> a <{}> }}", t.bench.pod, rdf::STORAGE);
    t.alice.patch(&t.bench.pod).n3(&n3_delete(&t)).await?.is(409)?;
    t.alice.patch(&t.bench.pod).sparql(&drop_type).await?;
    let root = t.alice.get(&t.bench.pod).accept("text/turtle").await?.is(200)?;
    ensure(root.linked("type").contains(&rdf::STORAGE.to_owned()), "the root lost its type link")?;
    ensure(has(&root.graph()?, &t.bench.pod, rdf::TYPE, rdf::STORAGE), "the root lost its type")
}

/// The server's own root claims to be a storage only if it is one.
///
/// Shows: P-48
async fn a_server_root_is_no_storage(t: Trial) -> Verdict {
    let origin = crate::http::origin(&t.bench.server).unwrap_or_default();
    let root = format!("{origin}/");
    if root == t.bench.pod {
        return Err(Stop::Inapplicable("the server's root is the pod".into()));
    }
    let types = t.anyone.get(&root).await?.linked("type");
    ensure(!types.contains(&rdf::STORAGE.to_owned()), "the server's root is typed as a storage")
}

async fn description(t: &Trial) -> Verdict<String> {
    t.alice.head(&t.bench.pod).await?.link(&format!("{}storageDescription", rdf::SOLID))
}

fn n3_delete(t: &Trial) -> String {
    format!("_:p a solid:InsertDeletePatch ; solid:deletes {{ <{}> a <{}> . }} .", t.bench.pod, rdf::STORAGE)
}
