//! PUT, and what holds for every write.

use super::prelude::*;

pub const GROUP: Group = group!(
    "writing",
    "Writing",
    [
        put_creates_and_replaces,
        put_may_change_the_type,
        a_creation_tells_its_address,
        content_needs_a_type,
        empty_content_of_a_container_needs_no_type,
        a_document_may_be_empty,
        a_malformed_type_is_refused,
        any_type_is_accepted,
        missing_containers_are_made,
        a_patch_makes_missing_containers,
        malformed_rdf_is_refused,
        a_failed_write_leaves_no_trace,
        relative_references_belong_to_the_resource,
        a_write_echoes_nothing,
        a_part_cannot_be_put,
        unknown_content_codings_are_refused,
        many_writers_of_one_document_leave_it_whole,
    ]
);

/// PUT creates with 201 and replaces with 200 or 204.
///
/// Shows: P-128, P-139
async fn put_creates_and_replaces(t: Trial) -> Verdict {
    let url = t.at("note.ttl");
    t.alice.put(&url).turtle(A_TRIPLE).await?.is(201)?;
    t.alice.put(&url).turtle("<#d> <#e> <#f> .").await?.one_of(&[200, 204])?;
    let read = t.alice.get(&url).await?.is(200)?;
    ensure(read.text() == "<#d> <#e> <#f> .", "the content was not replaced")
}

/// PUT may turn RDF into something else, and back.
///
/// Shows: P-139
async fn put_may_change_the_type(t: Trial) -> Verdict {
    let url = t.document("note", A_TRIPLE).await?;
    t.alice.put(&url).content("image/svg+xml", "<svg/>").await?.succeeded()?;
    let read = t.alice.get(&url).await?.is(200)?;
    ensure(read.media_type() == "image/svg+xml" && read.text() == "<svg/>", "the type or content is the old one")?;
    t.alice.put(&url).turtle(A_TRIPLE).await?.succeeded()?;
    ensure(has_the_triple(&t.alice.get(&url).await?.graph()?, &url), "the triple is missing")
}

/// A creation tells the absolute address of what was made.
///
/// Shows: P-129, rfc9110 §10.2.2
async fn a_creation_tells_its_address(t: Trial) -> Verdict {
    let put = t.alice.put(&t.at("a.ttl")).turtle("").await?.is(201)?;
    let patched = t.alice.patch(&t.at("b.ttl")).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.is(201)?;
    for (made, url) in [(put, t.at("a.ttl")), (patched, t.at("b.ttl"))] {
        ensure(made.need("Location")? == url, format!("Location is {:?} instead of {url}", made.header("Location")))?;
    }
    let posted = t.alice.post(&t.space).turtle("").await?.is(201)?;
    ensure(posted.need("Location")?.starts_with(&t.space), "POST tells no absolute Location in the container")
}

/// Content without a media type is refused, on documents and containers alike.
///
/// Shows: solid#server-content-type-missing, P-4, P-157
async fn content_needs_a_type(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    t.alice.put(&document).body(A_TRIPLE).await?.is(400)?;
    t.alice.put(&t.at("new.ttl")).body(A_TRIPLE).await?.is(400)?;
    t.alice.put(&t.at("box/")).container().body(A_TRIPLE).await?.is(400)?;
    t.alice.post(&t.space).body(A_TRIPLE).await?.is(400)?;
    t.alice.post(&t.space).container().body(A_TRIPLE).await?.is(400)?;
    t.alice.patch(&document).body("INSERT DATA { <#a> <#b> <#c> }").await?.is(400)?;
    ensure(t.members(&t.space).await? == [document], "something was made")
}

/// A container without content needs no media type, a document does.
///
/// Shows: P-5, P-157
async fn empty_content_of_a_container_needs_no_type(t: Trial) -> Verdict {
    t.alice.put(&t.at("box/")).await?.is(201)?;
    t.alice.post(&t.space).container().await?.is(201)?;
    t.alice.put(&t.at("document")).await?.is(400)?;
    Ok(())
}

/// PUT with a type and no content makes an empty document.
///
/// Shows: P-147
async fn a_document_may_be_empty(t: Trial) -> Verdict {
    t.alice.put(&t.at("empty.ttl")).turtle("").await?.is(201)?;
    let read = t.alice.get(&t.at("empty.ttl")).await?.is(200)?.empty()?;
    ensure(read.media_type() == "text/turtle", "the type was lost")
}

/// A malformed media type is refused.
///
/// Shows: P-135
async fn a_malformed_type_is_refused(t: Trial) -> Verdict {
    for media_type in ["nonsense", "text/", "/turtle", "text turtle"] {
        t.alice.put(&t.at("note")).content(media_type, "x").await?.is(400)?;
    }
    t.alice.get(&t.at("note")).await?.is(404)?;
    Ok(())
}

/// Any well-formed media type is accepted.
///
/// Shows: P-135, P-51
async fn any_type_is_accepted(t: Trial) -> Verdict {
    t.alice.put(&t.at("one")).content("foo/bar", "x").await?.is(201)?;
    t.alice.post(&t.space).content("application/vnd.x+y; a=\"b c\"", "x").await?.is(201)?;
    Ok(())
}

/// PUT makes the containers above, visible at once.
///
/// Shows: solid#server-put-patch-intermediate-containers, P-131, P-132
async fn missing_containers_are_made(t: Trial) -> Verdict {
    let deep = t.at("a/b/c.txt");
    t.alice.put(&deep).plain("deep").await?.is(201)?;
    ensure(t.members(&t.space).await? == [t.at("a/")], "the first container is not listed")?;
    ensure(t.members(&t.at("a/")).await? == [t.at("a/b/")], "the second container is not listed")?;
    ensure(t.members(&t.at("a/b/")).await? == [deep], "the document is not listed")?;
    t.alice.put(&t.at("x/y/")).container().turtle("").await?.is(201)?;
    ensure(t.members(&t.at("x/")).await? == [t.at("x/y/")], "a container's container is not listed")
}

/// PATCH makes the containers above as well.
///
/// Shows: solid#server-put-patch-intermediate-containers, P-131
async fn a_patch_makes_missing_containers(t: Trial) -> Verdict {
    let by_n3 = t.at("a/b/c");
    let insert = format!("_:p a solid:InsertDeletePatch ; solid:inserts {{ {A_TRIPLE} }} .");
    t.alice.patch(&by_n3).n3(&insert).await?.is(201)?;
    ensure(t.members(&t.at("a/")).await? == [t.at("a/b/")], "a container is not listed")?;
    let by_sparql = t.at("d/e");
    t.alice.patch(&by_sparql).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.is(201)?;
    ensure(t.members(&t.at("d/")).await? == [by_sparql], "the document is not listed")
}

/// RDF that does not parse is refused, and nothing is stored.
///
/// Shows: P-133
async fn malformed_rdf_is_refused(t: Trial) -> Verdict {
    t.alice.put(&t.at("note.ttl")).turtle(BROKEN_TURTLE).await?.is(400)?;
    t.alice.put(&t.at("note.jsonld")).json_ld("{\"@id\": ").await?.is(400)?;
    t.alice.post(&t.space).turtle(BROKEN_TURTLE).await?.is(400)?;
    let document = t.document("kept.ttl", A_TRIPLE).await?;
    t.alice.put(&document).turtle(BROKEN_TURTLE).await?.is(400)?;
    ensure(t.alice.get(&document).await?.text() == A_TRIPLE, "the document changed")?;
    ensure(t.members(&t.space).await? == [document], "something was made")
}

/// A write that fails leaves no trace, not even the containers above.
///
/// Shows: P-132, P-138
async fn a_failed_write_leaves_no_trace(t: Trial) -> Verdict {
    t.alice.put(&t.at("a/b/c.ttl")).turtle(BROKEN_TURTLE).await?.is(400)?;
    let delete = "_:p a solid:InsertDeletePatch ; solid:deletes { <#a> <#b> <#c> . } .";
    t.alice.patch(&t.at("d/e")).n3(delete).await?.is(409)?;
    t.alice.put(&t.at("f/g")).header("If-Match", "*").plain("x").await?.is(412)?;
    ensure(t.members(&t.space).await?.is_empty(), "containers were made")
}

/// Relative references belong to the resource, for POST to the new one.
///
/// Shows: P-134
async fn relative_references_belong_to_the_resource(t: Trial) -> Verdict {
    let text = "<> <https://example.org/p> <sibling>, <#part> .";
    let put = t.document("box/note", text).await?;
    let posted = t.alice.post(&t.at("box/")).slug("other").turtle(text).await?.is(201)?.location()?;
    for url in [put, posted] {
        let graph = t.alice.get(&url).accept("application/ld+json").await?.is(200)?.graph()?;
        for object in [t.at("box/sibling"), format!("{url}#part")] {
            let there = has(&graph, &url, "https://example.org/p", &object);
            ensure(there, format!("<{url}> is not related to <{object}>"))?;
        }
    }
    Ok(())
}

/// The answer to a write does not repeat what was written.
///
/// Shows: P-130, P-221, W-55
async fn a_write_echoes_nothing(t: Trial) -> Verdict {
    t.allow(&t.space, &[Rule::agent(&t.bob, "Write")]).await?;
    let secret = "the-word-that-was-written";
    for answer in [
        t.bob.put(&t.at("a")).plain(secret).await?.is(201)?,
        t.bob.put(&t.at("a")).plain(secret).await?.succeeded()?,
        t.bob.post(&t.space).plain(secret).await?.is(201)?,
        t.bob.patch(&t.at("b")).sparql(&format!("INSERT DATA {{ <#a> <#b> \"{secret}\" }}")).await?.is(201)?,
    ] {
        answer.and(|r| !r.text().contains(secret), "that does not repeat what was written")?;
    }
    Ok(())
}

/// A PUT of a part is refused, since it would replace the whole.
///
/// Shows: P-13, rfc9110 §14.5
async fn a_part_cannot_be_put(t: Trial) -> Verdict {
    let url = t.stored("text", "text/plain", "0123456789").await?;
    t.alice.put(&url).header("Content-Range", "bytes 0-1/10").plain("xx").await?.is(400)?;
    ensure(t.alice.get(&url).await?.text() == "0123456789", "the document changed")
}

/// Content in a coding that the server cannot decode is refused, not stored.
///
/// Shows: P-12, rfc9110 §8.4
async fn unknown_content_codings_are_refused(t: Trial) -> Verdict {
    t.alice.put(&t.at("text")).header("Content-Encoding", "x-secret").plain("abc").await?.is(415)?;
    t.alice.get(&t.at("text")).await?.is(404)?;
    Ok(())
}

/// Many patches of one document at once are all applied.
///
/// Shows: P-125, P-132
async fn many_writers_of_one_document_leave_it_whole(t: Trial) -> Verdict {
    let url = t.document("note.ttl", "").await?;
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..10 {
        let patch = t.alice.patch(&url).sparql(&format!("INSERT DATA {{ <#a> <#b> {number} }}"));
        writers.spawn(async move { patch.await?.succeeded() });
    }
    while let Some(done) = writers.join_next().await {
        done.map_err(|error| Stop::Untested(error.to_string()))??;
    }
    let written = t.alice.get(&url).await?.graph()?.len();
    ensure(written == 10, format!("{written} of 10 patches were kept"))
}
