//! Containers: what they list, what clients may say about them, and what not.

use std::time::Duration;

use super::prelude::*;

pub const GROUP: Group = group!(
    "containers",
    "Containers",
    [
        members_are_listed,
        auxiliaries_are_not_listed,
        a_container_is_typed,
        listings_tell_types_sizes_and_dates,
        a_listed_date_is_the_members_date,
        a_listing_comes_whole,
        a_reader_sees_all_members,
        put_makes_a_container,
        put_makes_a_container_without_link,
        put_of_a_non_rdf_container_is_refused,
        a_container_link_needs_a_slash,
        a_new_container_cannot_bring_members,
        a_new_container_keeps_what_is_said_about_it,
        containment_cannot_be_put,
        containment_cannot_be_patched,
        facts_about_members_cannot_be_changed,
        put_replaces_what_is_said_about_a_container,
        a_listing_can_be_put_back,
        what_is_said_is_in_the_description,
        a_new_member_changes_the_date,
        a_changed_member_changes_the_tag_of_the_listing,
    ]
);

/// A container lists each of its direct members once, containers with their slash.
///
/// Shows: solid#server-basic-container, P-65, P-66, P-227
async fn members_are_listed(t: Trial) -> Verdict {
    let mut made = vec![t.document("a.ttl", A_TRIPLE).await?, t.stored("b.txt", "text/plain", "b").await?];
    made.push(t.container("c/").await?);
    t.document("c/inner", A_TRIPLE).await?;
    let mut listed = t.members(&t.space).await?;
    listed.sort();
    ensure(listed == made, format!("{listed:?} is listed instead of {made:?}"))
}

/// ACLs and descriptions are not listed.
///
/// Shows: P-66
async fn auxiliaries_are_not_listed(t: Trial) -> Verdict {
    let document = t.document("a.ttl", A_TRIPLE).await?;
    t.allow(&document, &[]).await?;
    t.allow(&t.space, &[]).await?;
    let description = t.description_of(&document).await?;
    t.alice.put(&description).turtle(A_TRIPLE).await?.succeeded()?;
    let listed = t.members(&t.space).await?;
    ensure(listed == [document], format!("{listed:?} is listed"))
}

/// A container's own triples type it.
///
/// Shows: P-66
async fn a_container_is_typed(t: Trial) -> Verdict {
    let graph = t.alice.get(&t.space).accept("text/turtle").await?.is(200)?.graph()?;
    for class in ["Container", "BasicContainer", "Resource"] {
        let typed = has(&graph, &t.space, rdf::TYPE, &format!("{}{class}", rdf::LDP));
        ensure(typed, format!("the container is not typed ldp:{class}"))?;
    }
    Ok(())
}

/// A listing tells the media type, size and dates of its members.
///
/// Shows: solid#server-contained-resource-metadata, P-67, P-69, P-227
async fn listings_tell_types_sizes_and_dates(t: Trial) -> Verdict {
    let text = t.stored("b.txt", "text/plain; charset=utf-8", "12345").await?;
    let container = t.container("c/").await?;
    let graph = t.alice.get(&t.space).accept("text/turtle").await?.is(200)?.graph()?;
    let class = "http://www.w3.org/ns/iana/media-types/text/plain#Resource";
    ensure(has(&graph, &text, rdf::TYPE, class), "the member's media type is not told")?;
    ensure(has_value(&graph, &text, &format!("{}size", rdf::STAT), "5"), "the member's size is not told")?;
    for member in [&text, &container] {
        ensure(rdf::first(&graph, member, rdf::DCTERMS_MODIFIED).is_some(), "a member's date is not told")?;
        let mtime = rdf::first(&graph, member, &format!("{}mtime", rdf::STAT));
        let seconds = mtime.and_then(|mtime| mtime.parse::<u64>().ok());
        ensure(seconds.is_some_and(|s| s.abs_diff(now()) < 86_400), "a member's mtime is not in Unix seconds")?;
    }
    ensure(has(&graph, &container, rdf::TYPE, &format!("{}Container", rdf::LDP)), "a container is not told as one")
}

/// The date in a listing is the member's own.
///
/// Shows: P-68
async fn a_listed_date_is_the_members_date(t: Trial) -> Verdict {
    let document = t.document("a.ttl", A_TRIPLE).await?;
    let graph = t.alice.get(&t.space).accept("text/turtle").await?.is(200)?.graph()?;
    let own = t.alice.head(&document).await?.need("Last-Modified")?;
    let seconds = httpdate::parse_http_date(&own).ok().and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
    let seconds = seconds.map(|time| time.as_secs().to_string()).unwrap_or_default();
    let listed = rdf::first(&graph, &document, &format!("{}mtime", rdf::STAT)).unwrap_or_default();
    ensure(listed == seconds, format!("listed with {listed}, itself {seconds}"))?;
    let modified = rdf::first(&graph, &document, rdf::DCTERMS_MODIFIED).unwrap_or_default();
    let day = own.split(' ').nth(4).unwrap_or("no time");
    ensure(modified.contains(day), format!("listed with {modified}, itself {own}"))
}

/// A listing of many members comes in one response.
///
/// Shows: P-73
async fn a_listing_comes_whole(t: Trial) -> Verdict {
    for number in 0..40 {
        t.stored(&format!("member-{number}"), "text/plain", "x").await?;
    }
    ensure(t.members(&t.space).await?.len() == 40, "the listing does not have the 40 members")
}

/// Who may read a container sees all its members, whatever their own ACLs say.
///
/// Shows: P-74
async fn a_reader_sees_all_members(t: Trial) -> Verdict {
    let document = t.document("private.ttl", A_TRIPLE).await?;
    t.allow(&document, &[]).await?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read")]).await?;
    let listing = t.bob.get(&t.space).accept("text/turtle").await?.is(200)?.graph()?;
    ensure(rdf::members(&listing, &t.space) == [document.clone()], "the reader does not see the member")?;
    t.bob.get(&document).await?.is(403)?;
    Ok(())
}

/// PUT on a missing address with a final slash makes a container.
///
/// Shows: P-140, P-141, P-228
async fn put_makes_a_container(t: Trial) -> Verdict {
    t.alice.put(&t.at("a/")).container().turtle("").await?.is(201)?;
    t.alice.put(&t.at("b/")).container().await?.is(201)?;
    let source = "<http://www.w3.org/ns/ldp#RDFSource>; rel=\"type\"";
    t.alice.put(&t.at("c/")).header("Link", source).turtle("").await?.is(201)?;
    for name in ["a/", "b/", "c/"] {
        let types = t.alice.get(&t.at(name)).await?.is(200)?.linked("type");
        ensure(types.contains(&format!("{}BasicContainer", rdf::LDP)), format!("{name} is no container"))?;
    }
    Ok(())
}

/// The final slash alone makes a container.
///
/// Shows: P-18, P-140
async fn put_makes_a_container_without_link(t: Trial) -> Verdict {
    t.alice.put(&t.at("a/")).turtle("").await?.is(201)?;
    let types = t.alice.head(&t.at("a/")).await?.is(200)?.linked("type");
    ensure(types.contains(&format!("{}BasicContainer", rdf::LDP)), "it is no container")
}

/// A container cannot be made of content that is not RDF.
///
/// Shows: P-141
async fn put_of_a_non_rdf_container_is_refused(t: Trial) -> Verdict {
    t.alice.put(&t.at("a/")).plain("text").await?.one_of(&[409, 415])?;
    let binary = "<http://www.w3.org/ns/ldp#NonRDFSource>; rel=\"type\"";
    t.alice.put(&t.at("b/")).header("Link", binary).turtle("").await?.one_of(&[409, 415, 400])?;
    ensure(t.members(&t.space).await?.is_empty(), "one of them was made")
}

/// A container cannot be made at an address without final slash.
///
/// Shows: P-142
async fn a_container_link_needs_a_slash(t: Trial) -> Verdict {
    t.alice.put(&t.at("a")).container().turtle("").await?.one_of(&[409, 400])?;
    ensure(t.members(&t.space).await?.is_empty(), "something was made")
}

/// The body of a new container cannot list members.
///
/// Shows: solid#server-protect-containment, P-145, P-158, P-70
async fn a_new_container_cannot_bring_members(t: Trial) -> Verdict {
    let claims = format!("<> <{}> <x> .", rdf::CONTAINS);
    t.alice.put(&t.at("a/")).container().turtle(&claims).await?.is(409)?;
    t.alice.post(&t.space).container().slug("b").turtle(&claims).await?.is(409)?;
    ensure(t.members(&t.space).await?.is_empty(), "one of them was made")
}

/// What is said about a new container is kept.
///
/// Shows: P-140, P-158, P-75
async fn a_new_container_keeps_what_is_said_about_it(t: Trial) -> Verdict {
    let title = "<> <http://purl.org/dc/terms/title> \"Box\" .";
    t.alice.put(&t.at("a/")).container().turtle(title).await?.is(201)?;
    let posted = t.alice.post(&t.space).container().slug("b").turtle(title).await?.is(201)?.location()?;
    for url in [t.at("a/"), posted] {
        let graph = t.alice.get(&url).accept("text/turtle").await?.is(200)?.graph()?;
        ensure(has_value(&graph, &url, "http://purl.org/dc/terms/title", "Box"), "the title was lost")?;
    }
    Ok(())
}

/// PUT cannot add a member to a container or take one out.
///
/// Shows: solid#server-protect-containment, P-70, P-143
async fn containment_cannot_be_put(t: Trial) -> Verdict {
    let document = t.document("a.ttl", A_TRIPLE).await?;
    let claims = format!("<> <{}> <ghost> .", rdf::CONTAINS);
    t.alice.put(&t.space).turtle(&claims).await?.is(409)?;
    ensure(t.members(&t.space).await? == [document], "the listing changed")
}

/// A patch cannot add a member to a container or take one out.
///
/// Shows: solid#server-protect-containment, P-70, P-182
async fn containment_cannot_be_patched(t: Trial) -> Verdict {
    let document = t.document("a.ttl", A_TRIPLE).await?;
    for change in [
        format!("solid:inserts {{ <> <{}> <ghost> . }}", rdf::CONTAINS),
        format!("solid:deletes {{ <> <{}> <a.ttl> . }}", rdf::CONTAINS),
    ] {
        t.alice.patch(&t.space).n3(&format!("_:p a solid:InsertDeletePatch ; {change} .")).await?.is(409)?;
    }
    t.alice.patch(&t.space).sparql(&format!("INSERT DATA {{ <> <{}> <ghost> }}", rdf::CONTAINS)).await?.is(409)?;
    ensure(t.members(&t.space).await? == [document], "the listing changed")
}

/// What a listing tells of its members cannot be changed by writing the container.
///
/// Shows: solid#server-protect-contained-resource-metadata, P-70, P-83
async fn facts_about_members_cannot_be_changed(t: Trial) -> Verdict {
    t.stored("a.txt", "text/plain", "12345").await?;
    let lie = format!("<a.txt> <{}size> 1 .", rdf::STAT);
    t.alice.put(&t.space).turtle(&lie).await?.is(409)?;
    let patch = format!("_:p a solid:InsertDeletePatch ; solid:inserts {{ {lie} }} .");
    t.alice.patch(&t.space).n3(&patch).await?.is(409)?;
    let description = t.description_of(&t.space).await?;
    t.alice.patch(&description).n3(&patch).await?.is(409)?;
    let graph = t.alice.get(&t.space).accept("text/turtle").await?.is(200)?.graph()?;
    let sizes = rdf::objects(&graph, &t.at("a.txt"), &format!("{}size", rdf::STAT)).count();
    ensure(sizes == 1, format!("the member has {sizes} sizes"))
}

/// PUT on a container replaces what clients said about it and keeps what the server states.
///
/// Shows: P-144
async fn put_replaces_what_is_said_about_a_container(t: Trial) -> Verdict {
    let document = t.document("a.ttl", A_TRIPLE).await?;
    let title = |text: &str| format!("<> <http://purl.org/dc/terms/title> \"{text}\" .");
    t.alice.put(&t.space).turtle(&title("One")).await?.one_of(&[200, 204, 205])?;
    t.alice.put(&t.space).turtle(&title("Two")).await?.one_of(&[200, 204, 205])?;
    let graph = t.alice.get(&t.space).accept("text/turtle").await?.is(200)?.graph()?;
    let titles: Vec<_> = rdf::objects(&graph, &t.space, "http://purl.org/dc/terms/title").collect();
    ensure(titles.len() == 1, format!("the titles are {titles:?}"))?;
    ensure(has_value(&graph, &t.space, "http://purl.org/dc/terms/title", "Two"), "the new title is missing")?;
    ensure(rdf::members(&graph, &t.space) == [document], "the listing changed")
}

/// What GET gave can be put back as it is.
///
/// Shows: P-144
async fn a_listing_can_be_put_back(t: Trial) -> Verdict {
    t.document("a.ttl", A_TRIPLE).await?;
    let listing = t.alice.get(&t.space).accept("text/turtle").await?.is(200)?.text();
    t.alice.put(&t.space).turtle(&listing).await?.one_of(&[200, 204, 205])?;
    ensure(t.members(&t.space).await?.len() == 1, "the listing changed")
}

/// What clients say about a container is in its description resource, and the other way round.
///
/// Shows: P-75, P-182
async fn what_is_said_is_in_the_description(t: Trial) -> Verdict {
    let insert = |title: &str| {
        let triple = format!("<{}> <http://purl.org/dc/terms/title> \"{title}\" .", t.space);
        format!("_:p a solid:InsertDeletePatch ; solid:inserts {{ {triple} }} .")
    };
    let description = t.description_of(&t.space).await?;
    t.alice.patch(&t.space).n3(&insert("One")).await?.succeeded()?;
    t.alice.patch(&description).n3(&insert("Two")).await?.succeeded()?;
    for url in [&t.space, &description] {
        let graph = t.alice.get(url).accept("text/turtle").await?.is(200)?.graph()?;
        for title in ["One", "Two"] {
            let there = has_value(&graph, &t.space, "http://purl.org/dc/terms/title", title);
            ensure(there, format!("{url} lacks the title {title}"))?;
        }
    }
    Ok(())
}

/// A container's date moves when a member comes, not when a member changes.
///
/// Shows: P-71
async fn a_new_member_changes_the_date(t: Trial) -> Verdict {
    let before = t.alice.head(&t.space).await?.need("Last-Modified")?;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let document = t.document("a.ttl", A_TRIPLE).await?;
    let with_member = t.alice.head(&t.space).await?.need("Last-Modified")?;
    ensure(before != with_member, "the date stayed when a member came")?;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    t.alice.put(&document).turtle("").await?.succeeded()?;
    let after = t.alice.head(&t.space).await?.need("Last-Modified")?;
    ensure(after == with_member, "the date moved when a member changed")
}

/// The tag of a listing changes with what the listing says of a member.
///
/// Shows: P-72
async fn a_changed_member_changes_the_tag_of_the_listing(t: Trial) -> Verdict {
    let document = t.document("a.ttl", A_TRIPLE).await?;
    let before = t.alice.get(&t.space).await?;
    t.alice.put(&document).turtle("<#a> <#b> \"a longer text\" .").await?.succeeded()?;
    let after = t.alice.get(&t.space).await?;
    let weak = after.need("ETag")?.starts_with("W/");
    ensure(before.body() != after.body(), "the listing does not tell the new size")?;
    ensure(weak || before.need("ETag")? != after.need("ETag")?, "two listings share a strong tag")
}
