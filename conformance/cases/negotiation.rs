//! Content negotiation.

use super::prelude::*;

pub const GROUP: Group = group!(
    "negotiation",
    "Content negotiation",
    [
        turtle_reads_as_json_ld,
        json_ld_reads_as_turtle,
        what_was_patched_reads_as_both,
        a_container_reads_as_both,
        without_preference_the_stored_type_comes,
        the_weight_decides,
        zero_excludes,
        a_long_accept_works,
        a_malformed_member_is_passed_over,
        nothing_acceptable_is_not_acceptable,
        named_graphs_are_kept,
        remote_contexts_are_not_loaded,
        a_profile_does_not_matter,
        plain_json_is_not_rdf,
        html_is_opaque,
        other_content_is_not_converted,
    ]
);

const JSON_LD: &str = r##"{"@id": "#a", "#b": {"@id": "#c"}}"##;

/// What was written as Turtle can be read as JSON-LD.
///
/// Shows: solid#server-representation-turtle-jsonld, P-96, P-97
async fn turtle_reads_as_json_ld(t: Trial) -> Verdict {
    let url = t.document("note.ttl", "<#a> <#b> <#c>, \"d\"@en, 5 .").await?;
    let read = t.alice.get(&url).accept("application/ld+json").await?.is(200)?;
    ensure(read.media_type() == "application/ld+json", format!("the response is {}", read.media_type()))?;
    let graph = read.graph()?;
    ensure(has_the_triple(&graph, &url) && graph.len() == 3, format!("{} of 3 triples came back", graph.len()))
}

/// What was written as JSON-LD can be read as Turtle.
///
/// Shows: solid#server-representation-turtle-jsonld, P-96, P-97, O-42
async fn json_ld_reads_as_turtle(t: Trial) -> Verdict {
    let text = JSON_LD.replace("\"#b\"", &format!("\"{}#b\"", t.at("note")));
    let url = t.stored("note", "application/ld+json", &text).await?;
    let read = t.alice.get(&url).accept("text/turtle").await?.is(200)?;
    ensure(read.media_type() == "text/turtle", format!("the response is {}", read.media_type()))?;
    ensure(has_the_triple(&read.graph()?, &url), "the triple is missing")
}

/// What was made by a patch can be read as both.
///
/// Shows: solid#server-representation-turtle-jsonld, P-96, P-180
async fn what_was_patched_reads_as_both(t: Trial) -> Verdict {
    let by_n3 = t.at("by-n3.txt");
    let insert = format!("_:p a solid:InsertDeletePatch ; solid:inserts {{ {A_TRIPLE} }} .");
    t.alice.patch(&by_n3).n3(&insert).await?.succeeded()?;
    let by_sparql = t.at("by-sparql");
    t.alice.patch(&by_sparql).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.succeeded()?;
    for url in [&by_n3, &by_sparql] {
        for media_type in ["text/turtle", "application/ld+json"] {
            let read = t.alice.get(url).accept(media_type).await?.is(200)?;
            ensure(read.media_type() == media_type, format!("asked for {media_type}, got {}", read.media_type()))?;
            ensure(has_the_triple(&read.graph()?, url), "the triple is missing")?;
        }
    }
    Ok(())
}

/// A listing can be read as both.
///
/// Shows: solid#server-representation-turtle-jsonld, P-96
async fn a_container_reads_as_both(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for media_type in ["text/turtle", "application/ld+json"] {
        let read = t.alice.get(&t.space).accept(media_type).await?.is(200)?;
        ensure(read.media_type() == media_type, format!("asked for {media_type}, got {}", read.media_type()))?;
        ensure(rdf::members(&read.graph()?, &t.space) == [document.clone()], "the member is missing")?;
    }
    Ok(())
}

/// Without preference a document comes in its stored type and a listing as Turtle.
///
/// Shows: P-98
async fn without_preference_the_stored_type_comes(t: Trial) -> Verdict {
    let url = t.stored("note", "application/ld+json", JSON_LD).await?;
    for (url, expected) in [(&url, "application/ld+json"), (&t.space, "text/turtle")] {
        let plain = t.alice.get(url).await?.is(200)?.media_type();
        let any = t.alice.get(url).accept("*/*").await?.is(200)?.media_type();
        ensure(plain == expected && any == expected, format!("{url} came as {plain}, and as {any} for */*"))?;
    }
    Ok(())
}

/// The type with the highest weight is chosen, and a more specific range goes before a general one.
///
/// Shows: P-99, rfc9110 §12.5.1, rfc9110 §12.4.2
async fn the_weight_decides(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    for (accept, expected) in [
        ("text/turtle;q=0.5, application/ld+json;q=0.8", "application/ld+json"),
        ("text/turtle;q=0.8, application/ld+json;q=0.5", "text/turtle"),
        ("*/*;q=0.9, text/turtle;q=0.1", "application/ld+json"),
        ("text/*, application/ld+json;q=0.9", "text/turtle"),
        ("application/ld+json, text/turtle", "text/turtle"),
        ("text/html, application/ld+json;q=0.2", "application/ld+json"),
    ] {
        let read = t.alice.get(&url).accept(accept).await?.is(200)?;
        let chosen = read.media_type();
        ensure(
            chosen == expected || accept.starts_with("*/*") && chosen != "text/turtle",
            format!("{accept}: {chosen}"),
        )?;
    }
    Ok(())
}

/// A weight of zero excludes a type.
///
/// Shows: P-99
async fn zero_excludes(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let read = t.alice.get(&url).accept("text/turtle;q=0, application/ld+json;q=0.1").await?.is(200)?;
    ensure(read.media_type() == "application/ld+json", format!("the response is {}", read.media_type()))
}

/// An Accept field of many types works.
///
/// Shows: P-100
async fn a_long_accept_works(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let accept = "text/turtle;q=0.9, application/x-one;q=0.8, application/x-two;q=0.7, application/x-three;q=0.6, \
                  application/x-four;q=0.5, application/x-five;q=0.4, application/x-six;q=0.3, text/x-seven;q=0.2, \
                  text/x-eight;q=0.1, image/x-nine";
    let read = t.alice.get(&url).accept(accept).await?.is(200)?;
    ensure(read.media_type() == "text/turtle", format!("the response is {}", read.media_type()))
}

/// A malformed member of Accept is passed over.
///
/// Shows: P-101
async fn a_malformed_member_is_passed_over(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    for accept in ["nonsense, application/ld+json", ", ,application/ld+json", "/;q=x, application/ld+json;q=1"] {
        let read = t.alice.get(&url).accept(accept).await?.is(200)?;
        ensure(read.media_type() == "application/ld+json", format!("{accept}: {}", read.media_type()))?;
    }
    Ok(())
}

/// When nothing that exists is acceptable, the answer says so.
///
/// Shows: P-102, P-109
async fn nothing_acceptable_is_not_acceptable(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let text = t.stored("text", "text/plain", "hello").await?;
    t.alice.get(&url).accept("image/png").await?.is(406)?.lists("Vary", "Accept")?;
    t.alice.head(&text).accept("text/turtle").await?.is(406)?;
    Ok(())
}

/// JSON-LD with named graphs comes back whole as JSON-LD.
///
/// Shows: P-104
async fn named_graphs_are_kept(t: Trial) -> Verdict {
    let text = r#"{"@id": "https://example.org/g", "@graph": [
        {"@id": "https://example.org/s", "https://example.org/p": {"@id": "https://example.org/o"}}]}"#;
    let url = t.stored("graphs", "application/ld+json", text).await?;
    let read = t.alice.get(&url).accept("application/ld+json").await?.is(200)?;
    let quads = rdf::dataset(read.body(), &url).map_err(Stop::Failed)?;
    let in_graph = quads.iter().any(|quad| quad.graph_name.to_string() == "<https://example.org/g>");
    ensure(in_graph, "the named graph was lost")?;
    t.alice.get(&url).accept("text/turtle").await?.is(200)?.graph()?;
    Ok(())
}

/// A document whose context would have to be fetched is refused.
///
/// Shows: P-105, O-65
async fn remote_contexts_are_not_loaded(t: Trial) -> Verdict {
    let text = r#"{"@context": "https://contexts.example/unknown.jsonld", "name": "x"}"#;
    t.alice.put(&t.at("remote")).json_ld(text).await?.one_of(&[400, 422])?;
    t.alice.get(&t.at("remote")).await?.is(404)?;
    Ok(())
}

/// A profile parameter never makes JSON-LD unacceptable.
///
/// Shows: P-106
async fn a_profile_does_not_matter(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let accept = "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#compacted\"";
    let read = t.alice.get(&url).accept(accept).await?.is(200)?;
    ensure(read.media_type() == "application/ld+json", format!("the response is {}", read.media_type()))
}

/// Plain JSON is not RDF.
///
/// Shows: P-107
async fn plain_json_is_not_rdf(t: Trial) -> Verdict {
    let url = t.stored("data.json", "application/json", r#"{"@id": "x"}"#).await?;
    t.alice.get(&url).accept("text/turtle").await?.is(406)?;
    let read = t.alice.get(&url).await?.is(200)?;
    ensure(read.media_type() == "application/json", format!("it came back as {}", read.media_type()))
}

/// HTML is not looked into.
///
/// Shows: P-108
async fn html_is_opaque(t: Trial) -> Verdict {
    let page = "<p about=\"#a\" property=\"https://example.org/p\">x</p>";
    let url = t.stored("page", "text/html", page).await?;
    ensure(t.alice.get(&url).await?.is(200)?.text() == page, "the page came back changed")?;
    t.alice.get(&url).accept("text/turtle").await?.is(406)?;
    Ok(())
}

/// RDF is not made of other content, nor the other way round.
///
/// Shows: P-108
async fn other_content_is_not_converted(t: Trial) -> Verdict {
    let text = t.stored("note.ttl", "text/plain", A_TRIPLE).await?;
    t.alice.get(&text).accept("text/turtle").await?.is(406)?;
    let turtle = t.document("note.txt", A_TRIPLE).await?;
    t.alice.get(&turtle).accept("image/png").await?.is(406)?;
    Ok(())
}
