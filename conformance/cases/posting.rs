//! POST.

use super::prelude::*;

pub const GROUP: Group = group!(
    "posting",
    "POST",
    [
        a_member_is_made_and_named,
        a_container_is_made_when_asked,
        a_container_link_is_read_in_every_form,
        other_types_make_documents,
        post_to_what_is_missing_is_not_found,
        post_to_a_document_is_refused,
        a_free_slug_becomes_the_name,
        an_encoded_slug_is_decoded,
        an_impossible_slug_is_ignored,
        a_slug_with_a_slash_is_refused,
        two_slugs_are_refused,
        a_form_is_stored_as_it_came,
    ]
);

/// POST to a container makes a member one level below, under a name that the server gives.
///
/// Shows: solid#server-post-container, solid#server-post-container-create-resource,
/// Shows: solid#server-post-uri-assignment, P-148, P-129
async fn a_member_is_made_and_named(t: Trial) -> Verdict {
    let turtle = t.alice.post(&t.space).turtle(A_TRIPLE).await?.is(201)?.location()?;
    let text = t.alice.post(&t.space).plain("hello").await?.is(201)?.location()?;
    for url in [&turtle, &text] {
        let name = url.strip_prefix(&t.space).unwrap_or_default();
        ensure(!name.is_empty() && !name.contains('/'), format!("{url} is not directly in the container"))?;
    }
    ensure(t.alice.get(&text).await?.is(200)?.text() == "hello", "the content is another")?;
    let mut listed = t.members(&t.space).await?;
    listed.sort();
    let mut made = [turtle, text];
    made.sort();
    ensure(listed == made, format!("{listed:?} is listed"))
}

/// A type link asks for a container; without it a document is made.
///
/// Shows: P-151
async fn a_container_is_made_when_asked(t: Trial) -> Verdict {
    let container = t.alice.post(&t.space).container().turtle("").await?.is(201)?.location()?;
    ensure(container.ends_with('/'), format!("the container is at {container}"))?;
    let types = t.alice.get(&container).await?.is(200)?.linked("type");
    ensure(types.contains(&format!("{}BasicContainer", rdf::LDP)), "what was made is no container")?;
    let document = t.alice.post(&t.space).turtle("").await?.is(201)?.location()?;
    ensure(!document.ends_with('/'), format!("the document is at {document}"))
}

/// The type link counts in a list, in several lines, without quotes and beside other relations.
///
/// Shows: P-151, rfc8288 §3, rfc8288 §3.3
async fn a_container_link_is_read_in_every_form(t: Trial) -> Verdict {
    let class = "<http://www.w3.org/ns/ldp#BasicContainer>";
    for link in [
        format!("{class}; rel=type"),
        format!("<http://www.w3.org/ns/ldp#Resource>; rel=\"type\", {class}; rel=\"type\""),
        format!("{class}; title=\"a, b\"; rel=\"other type\""),
        "<http://www.w3.org/ns/ldp#Container>; rel=\"type\"".into(),
    ] {
        let made = t.alice.post(&t.space).header("Link", link.clone()).turtle("").await?.is(201)?.location()?;
        ensure(made.ends_with('/'), format!("`{link}` made {made}"))?;
    }
    let resource = "<http://www.w3.org/ns/ldp#Resource>; rel=\"type\"";
    let made = t.alice.post(&t.space).header("Link", resource).container().turtle("").await?.is(201)?.location()?;
    ensure(made.ends_with('/'), format!("two lines made {made}"))
}

/// Other LDP types make a document; direct and indirect containers are refused.
///
/// Shows: P-152
async fn other_types_make_documents(t: Trial) -> Verdict {
    let link = |class: &str| format!("<http://www.w3.org/ns/ldp#{class}>; rel=\"type\"");
    for class in ["Resource", "RDFSource", "NonRDFSource"] {
        let made = t.alice.post(&t.space).header("Link", link(class)).turtle("").await?.is(201)?.location()?;
        ensure(!made.ends_with('/'), format!("ldp:{class} made {made}"))?;
    }
    for class in ["DirectContainer", "IndirectContainer"] {
        t.alice.post(&t.space).header("Link", link(class)).turtle("").await?.refused()?;
    }
    Ok(())
}

/// POST to what does not exist makes nothing.
///
/// Shows: solid#server-post-target-not-found, P-149
async fn post_to_what_is_missing_is_not_found(t: Trial) -> Verdict {
    t.alice.post(&t.at("missing/")).turtle(A_TRIPLE).await?.is(404)?;
    t.alice.post(&t.at("missing")).turtle(A_TRIPLE).await?.one_of(&[404, 405])?;
    t.alice.get(&t.at("missing/")).await?.is(404)?;
    ensure(t.members(&t.space).await?.is_empty(), "something was made")
}

/// POST to a document is refused: by rights first, then because documents hold nothing.
///
/// Shows: P-150, P-9, O-1
async fn post_to_a_document_is_refused(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&document, &[Rule::agent(&t.bob, "Read")]).await?;
    t.bob.post(&document).turtle("").await?.is(403)?;
    t.anyone.post(&document).turtle("").await?.is(401)?;
    t.alice.post(&document).turtle("").await?.is(405)?;
    ensure(t.alice.get(&document).await?.text() == A_TRIPLE, "the document changed")
}

/// A free name that is proposed is given.
///
/// Shows: P-153
async fn a_free_slug_becomes_the_name(t: Trial) -> Verdict {
    let document = t.alice.post(&t.space).slug("notes.ttl").turtle("").await?.is(201)?.location()?;
    ensure(document == t.at("notes.ttl"), format!("the document is at {document}"))?;
    let container = t.alice.post(&t.space).slug("box").container().turtle("").await?.is(201)?.location()?;
    ensure(container == t.at("box/"), format!("the container is at {container}"))?;
    let slashed = t.alice.post(&t.space).slug("crate/").container().turtle("").await?.is(201)?.location()?;
    ensure(slashed == t.at("crate/"), format!("the container is at {slashed}"))
}

/// An encoded name is the name that it encodes.
///
/// Shows: P-154
async fn an_encoded_slug_is_decoded(t: Trial) -> Verdict {
    for (slug, name) in [("a%20b", "a%20b"), ("%C3%A9t%C3%A9", "%C3%A9t%C3%A9"), ("a b c", "a%20b%20c")] {
        let made = t.alice.post(&t.space).slug(slug).plain("x").await?.is(201)?.location()?;
        ensure(made == t.at(name), format!("`{slug}` is at {made}"))?;
        t.alice.get(&made).await?.is(200)?;
    }
    Ok(())
}

/// A name that cannot be given is passed over.
///
/// Shows: P-154, P-155
async fn an_impossible_slug_is_ignored(t: Trial) -> Verdict {
    for slug in [".", "..", "", "%2E%2E"] {
        let made = t.alice.post(&t.space).slug(slug).plain("x").await?.is(201)?.location()?;
        let name = made.strip_prefix(&t.space).unwrap_or_default();
        ensure(!name.is_empty() && !name.starts_with('.'), format!("`{slug}` is at {made}"))?;
    }
    Ok(())
}

/// A name with a slash inside is refused.
///
/// Shows: P-154
async fn a_slug_with_a_slash_is_refused(t: Trial) -> Verdict {
    t.alice.post(&t.space).slug("a/b").plain("x").await?.is(400)?;
    t.alice.post(&t.space).slug("a/").plain("x").await?.is(400)?;
    ensure(t.members(&t.space).await?.is_empty(), "something was made")
}

/// Two proposals are refused.
///
/// Shows: P-154
async fn two_slugs_are_refused(t: Trial) -> Verdict {
    t.alice.post(&t.space).slug("a").slug("b").plain("x").await?.is(400)?;
    Ok(())
}

/// A form upload is stored as it came.
///
/// Shows: P-159
async fn a_form_is_stored_as_it_came(t: Trial) -> Verdict {
    let body = "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b--\r\n";
    let ask = t.alice.post(&t.space).content("multipart/form-data; boundary=b", body);
    let made = ask.await?.is(201)?.location()?;
    let read = t.alice.get(&made).await?.is(200)?;
    ensure(read.text() == body && read.media_type() == "multipart/form-data", "it came back changed")
}
