//! Description resources. ACLs have a file of their own.

use super::prelude::*;

pub const GROUP: Group = group!(
    "auxiliary",
    "Auxiliary resources",
    [
        a_description_can_be_put,
        a_description_can_be_patched,
        a_description_is_rdf_in_both_types,
        an_unwritten_description_is_empty,
        what_is_missing_has_no_description,
        a_description_is_authorised_as_its_subject,
        a_description_holds_rdf_only,
        a_description_links_to_its_subject,
        deleting_a_description_empties_it,
        replacing_a_document_leaves_its_description,
        a_deleted_resource_takes_its_description_along,
        a_slug_cannot_name_a_description,
    ]
);

/// PUT on a description makes and replaces it.
///
/// Shows: solid#server-put-patch-auxiliary-resource, solid#server-auxiliary-resources-management, P-77, P-78
async fn a_description_can_be_put(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    t.alice.put(&description).turtle("<#a> <#b> <#old> .").await?.succeeded()?;
    t.alice.put(&description).turtle(A_TRIPLE).await?.succeeded()?;
    let graph = t.alice.get(&description).accept("text/turtle").await?.is(200)?.graph()?;
    ensure(has_the_triple(&graph, &description) && graph.len() == 1, format!("it holds {} triples", graph.len()))
}

/// PATCH on a description makes and changes it.
///
/// Shows: solid#server-put-patch-auxiliary-resource, solid#server-patch-n3-accept, P-78, P-160
async fn a_description_can_be_patched(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    let insert = format!("_:p a solid:InsertDeletePatch ; solid:inserts {{ {A_TRIPLE} }} .");
    t.alice.patch(&description).n3(&insert).await?.succeeded()?;
    t.alice.patch(&description).sparql("INSERT DATA { <#d> <#e> <#f> }").await?.succeeded()?;
    let graph = t.alice.get(&description).accept("text/turtle").await?.is(200)?.graph()?;
    ensure(has_the_triple(&graph, &description) && graph.len() == 2, format!("it holds {} triples", graph.len()))
}

/// A description can be had as Turtle and as JSON-LD.
///
/// Shows: solid#server-representation-turtle-jsonld, P-77, P-96
async fn a_description_is_rdf_in_both_types(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    t.alice.put(&description).turtle(A_TRIPLE).await?.succeeded()?;
    for media_type in ["text/turtle", "application/ld+json"] {
        let read = t.alice.get(&description).accept(media_type).await?.is(200)?;
        ensure(read.media_type() == media_type, format!("asked for {media_type}, got {}", read.media_type()))?;
        ensure(has_the_triple(&read.graph()?, &description), "the triple is missing")?;
    }
    Ok(())
}

/// A description that nobody wrote reads as an empty graph.
///
/// Shows: P-81
async fn an_unwritten_description_is_empty(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    t.alice.get(&description).accept("text/turtle").await?.is(200)?.graph()?;
    Ok(())
}

/// What does not exist has no description, and cannot be given one.
///
/// Shows: P-81
async fn what_is_missing_has_no_description(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    t.alice.delete(&text).await?.succeeded()?;
    t.alice.get(&description).await?.is(404)?;
    t.alice.put(&description).turtle(A_TRIPLE).await?.is(409)?;
    Ok(())
}

/// A description has exactly the rights of its subject.
///
/// Shows: solid#server-description-resource-authorization, P-79, W-24
async fn a_description_is_authorised_as_its_subject(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    t.alice.put(&description).turtle(A_TRIPLE).await?.succeeded()?;
    t.bob.get(&description).await?.is(403)?;
    t.allow(&text, &[Rule::agent(&t.bob, "Read")]).await?;
    t.bob.get(&description).await?.is(200)?;
    t.bob.put(&description).turtle("").await?.is(403)?;
    t.allow(&text, &[Rule::agent(&t.bob, "Append")]).await?;
    t.bob.get(&description).await?.is(403)?;
    t.bob.put(&description).turtle("").await?.is(403)?;
    t.bob.patch(&description).sparql("INSERT DATA { <#d> <#e> <#f> }").await?.succeeded()?;
    t.allow(&text, &[Rule::agent(&t.bob, "Write")]).await?;
    t.bob.put(&description).turtle("").await?.succeeded()?;
    t.anyone.get(&description).await?.is(401)?;
    Ok(())
}

/// A description holds RDF and nothing else.
///
/// Shows: P-82
async fn a_description_holds_rdf_only(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    t.alice.put(&description).plain("text").await?.is(415)?;
    t.alice.put(&description).turtle(BROKEN_TURTLE).await?.is(400)?;
    Ok(())
}

/// A description links back to its subject.
///
/// Shows: P-55
async fn a_description_links_to_its_subject(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    let subject = t.alice.get(&description).await?.link("describes")?;
    ensure(subject == text, format!("it links to {subject}"))
}

/// Deleting a description empties it.
///
/// Shows: P-84
async fn deleting_a_description_empties_it(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    t.alice.put(&description).turtle(A_TRIPLE).await?.succeeded()?;
    t.alice.delete(&description).await?.succeeded()?;
    let graph = t.alice.get(&description).accept("text/turtle").await?.is(200)?.graph()?;
    ensure(!has_the_triple(&graph, &description), "the triple is still there")?;
    t.alice.get(&text).await?.is(200)?;
    Ok(())
}

/// Replacing a document leaves its description.
///
/// Shows: P-85
async fn replacing_a_document_leaves_its_description(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    t.alice.put(&description).turtle(A_TRIPLE).await?.succeeded()?;
    t.alice.put(&text).plain("again").await?.succeeded()?;
    let graph = t.alice.get(&description).accept("text/turtle").await?.is(200)?.graph()?;
    ensure(has_the_triple(&graph, &description), "the description was lost")
}

/// A resource made again after its deletion starts without its former description.
///
/// Shows: solid#server-delete-remove-auxiliary-resource, P-87, P-193
async fn a_deleted_resource_takes_its_description_along(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    let description = t.description_of(&text).await?;
    t.alice.put(&description).turtle(A_TRIPLE).await?.succeeded()?;
    t.alice.delete(&text).await?.succeeded()?;
    t.stored("text", "text/plain", "again").await?;
    let graph = t.alice.get(&description).accept("text/turtle").await?.is(200)?.graph()?;
    ensure(!has_the_triple(&graph, &description), "the former description is back")
}

/// POST cannot make a description or an ACL by proposing its name.
///
/// Shows: P-32, P-86, P-156, W-15
async fn a_slug_cannot_name_a_description(t: Trial) -> Verdict {
    t.document("doc", A_TRIPLE).await?;
    for slug in ["doc.meta", "doc.acl", ".acl", ".meta"] {
        t.alice.post(&t.space).slug(slug).turtle(A_TRIPLE).await?.is(403)?;
    }
    Ok(())
}
