//! SPARQL Update as a patch.

use super::prelude::*;

pub const GROUP: Group = group!(
    "sparql",
    "SPARQL Update",
    [
        data_is_inserted_and_deleted,
        it_creates,
        patterns_are_understood,
        every_solution_applies,
        no_solution_is_no_change,
        several_operations_apply_in_order,
        an_empty_update_succeeds,
        blank_nodes_are_fresh,
        what_does_not_parse_is_refused,
        what_is_beyond_the_subset_is_refused,
        it_asks_for_the_modes_it_needs,
        the_type_stays,
        a_description_and_an_acl_can_be_updated,
    ]
);

async fn updated(t: &Trial, before: &str, update: &str) -> Verdict<(oxrdf::Graph, String)> {
    let url = t.document("note.ttl", before).await?;
    t.alice.patch(&url).sparql(update).await?.one_of(&[200, 204, 205])?;
    Ok((t.alice.get(&url).await?.graph()?, url))
}

/// Data can be inserted and deleted.
///
/// Shows: P-185, P-186, P-188
async fn data_is_inserted_and_deleted(t: Trial) -> Verdict {
    let update = "PREFIX ex: <https://example.org/> DELETE DATA { <#a> <#b> <#old> . }; INSERT DATA { <#a> <#b> <#c> ; ex:p 1 . };";
    let (graph, url) = updated(&t, "<#a> <#b> <#old> .", update).await?;
    ensure(has_the_triple(&graph, &url) && graph.len() == 2, format!("{} triples are there", graph.len()))
}

/// An update of what is missing makes it.
///
/// Shows: P-185, P-191, P-128
async fn it_creates(t: Trial) -> Verdict {
    for name in ["new", "new.txt"] {
        let url = t.at(name);
        t.alice.patch(&url).sparql("INSERT DATA { <#a> <#b> <#c> . }").await?.is(201)?;
        let read = t.alice.get(&url).await?.is(200)?;
        ensure(read.media_type() == "text/turtle", format!("{name} is {}", read.media_type()))?;
        ensure(has_the_triple(&read.graph()?, &url), "the triple is missing")?;
    }
    Ok(())
}

/// Patterns find what to change.
///
/// Shows: P-186
async fn patterns_are_understood(t: Trial) -> Verdict {
    let (graph, url) =
        updated(&t, "<#a> <#b> <#old> .", "DELETE { ?s <#b> ?o } INSERT { ?s <#b> <#c> } WHERE { ?s <#b> ?o }").await?;
    ensure(has_the_triple(&graph, &url) && graph.len() == 1, format!("{} triples are there", graph.len()))?;
    let (graph, url) = updated(&t, "<#a> <#b> <#c> . <#x> <#y> <#z> .", "DELETE WHERE { <#x> ?p ?o }").await?;
    ensure(has_the_triple(&graph, &url) && graph.len() == 1, format!("{} triples are there", graph.len()))?;
    let (graph, url) = updated(&t, "<#x> <#y> <#c> .", "INSERT { <#a> <#b> ?o } WHERE { <#x> <#y> ?o }").await?;
    ensure(has_the_triple(&graph, &url) && graph.len() == 2, format!("{} triples are there", graph.len()))
}

/// Every solution applies.
///
/// Shows: P-188
async fn every_solution_applies(t: Trial) -> Verdict {
    let (graph, _) = updated(&t, "<#a> <#b> 1, 2, 3 .", "INSERT { <#x> <#y> ?o } WHERE { <#a> <#b> ?o }").await?;
    ensure(graph.len() == 6, format!("{} triples are there instead of 6", graph.len()))
}

/// No solution, and deleting what is not there, changes nothing and succeeds.
///
/// Shows: P-188
async fn no_solution_is_no_change(t: Trial) -> Verdict {
    for update in [
        "DELETE { <#x> ?p ?o } INSERT { <#x> ?p 1 } WHERE { <#x> ?p ?o }",
        "DELETE DATA { <#x> <#y> <#z> }",
        "DELETE WHERE { ?s <#nothing> ?o }",
    ] {
        let (graph, url) = updated(&t, A_TRIPLE, update).await?;
        ensure(has_the_triple(&graph, &url) && graph.len() == 1, format!("`{update}` changed the document"))?;
    }
    Ok(())
}

/// Several operations apply one after the other.
///
/// Shows: P-186
async fn several_operations_apply_in_order(t: Trial) -> Verdict {
    let update =
        "INSERT DATA { <#x> <#y> <#c> } ; DELETE { <#x> <#y> ?o } INSERT { <#a> <#b> ?o } WHERE { <#x> <#y> ?o } ;";
    let (graph, url) = updated(&t, "", update).await?;
    ensure(has_the_triple(&graph, &url) && graph.len() == 1, format!("{} triples are there", graph.len()))
}

/// An update without operations succeeds and changes nothing.
///
/// Shows: P-187
async fn an_empty_update_succeeds(t: Trial) -> Verdict {
    for update in ["", "  \n", "PREFIX ex: <https://example.org/>"] {
        let (graph, _) = updated(&t, A_TRIPLE, update).await?;
        ensure(graph.len() == 1, "the document changed")?;
    }
    Ok(())
}

/// Blank nodes in insertions are new ones.
///
/// Shows: P-190, P-226
async fn blank_nodes_are_fresh(t: Trial) -> Verdict {
    let url = t.document("note.ttl", "_:x <#b> 1 .").await?;
    for _ in 0..2 {
        t.alice.patch(&url).sparql("INSERT DATA { _:x <#b> 1 }").await?.succeeded()?;
    }
    let triples = t.alice.get(&url).await?.graph()?.len();
    ensure(triples == 3, format!("{triples} triples are there instead of 3"))
}

/// What does not parse, or asks instead of changing, is refused.
///
/// Shows: P-187
async fn what_does_not_parse_is_refused(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    for update in ["INSERT DATA { <#a> <#b> }", "SELECT * WHERE { ?s ?p ?o }", "DELETE DATA { _:x <#b> 1 }", "nonsense"]
    {
        t.alice.patch(&url).sparql(update).await?.is(400)?;
    }
    ensure(t.alice.get(&url).await?.text() == A_TRIPLE, "the document changed")
}

/// Operations on other graphs, and patterns beyond plain ones, are refused.
///
/// Shows: P-187
async fn what_is_beyond_the_subset_is_refused(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    for update in [
        "CLEAR ALL",
        "DROP DEFAULT",
        "LOAD <https://example.org/>",
        "CREATE GRAPH <#g>",
        "COPY DEFAULT TO <#g>",
        "INSERT DATA { GRAPH <#g> { <#a> <#b> <#c> } }",
        "WITH <#g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "DELETE { ?s ?p ?o } USING <#g> WHERE { ?s ?p ?o }",
        "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?o = <#c>) }",
        "DELETE { ?s ?p ?o } WHERE { { ?s ?p ?o } UNION { ?o ?p ?s } }",
        "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o OPTIONAL { ?o ?q ?r } }",
        "DELETE { ?s ?p ?o } WHERE { SERVICE <https://example.org/> { ?s ?p ?o } }",
        "INSERT { <#x> <#y> ?o } WHERE { <#a> <#b>/<#c> ?o }",
    ] {
        t.alice.patch(&url).sparql(update).await?.one_of(&[422, 400, 501])?;
    }
    ensure(t.alice.get(&url).await?.text() == A_TRIPLE, "the document changed")
}

/// Insertions ask for Append, patterns for Read, deletions for Read and Write.
///
/// Shows: P-189, P-171, W-42, W-132
async fn it_asks_for_the_modes_it_needs(t: Trial) -> Verdict {
    let (insert, find, delete) = (
        "INSERT DATA { <#d> <#e> <#f> }",
        "INSERT { <#d> <#e> ?o } WHERE { <#a> <#b> ?o }",
        "DELETE DATA { <#a> <#b> <#c> }",
    );
    for (modes, allowed, refused) in [
        ("Append", &[insert][..], &[find, delete][..]),
        ("Read Append", &[insert, find], &[delete]),
        ("Write", &[insert], &[find, delete]),
        ("Read Write", &[insert, find, delete], &[]),
        ("Read", &[], &[insert, find, delete]),
    ] {
        let url = t.document("note.ttl", A_TRIPLE).await?;
        t.allow(&url, &[Rule::agent(&t.bob, modes)]).await?;
        for update in refused {
            t.bob.patch(&url).sparql(update).await?.is(403)?;
        }
        for update in allowed {
            t.bob.patch(&url).sparql(update).await?.succeeded()?;
        }
    }
    Ok(())
}

/// An updated document keeps its media type.
///
/// Shows: P-191, P-180
async fn the_type_stays(t: Trial) -> Verdict {
    let text = r##"{"@id": "#a", "https://example.org/b": "c"}"##;
    let url = t.stored("note", "application/ld+json", text).await?;
    t.alice.patch(&url).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.succeeded()?;
    let read = t.alice.get(&url).await?.is(200)?;
    ensure(read.media_type() == "application/ld+json", format!("it is {} now", read.media_type()))
}

/// Auxiliary resources can be updated as well.
///
/// Shows: P-191, P-78, W-9
async fn a_description_and_an_acl_can_be_updated(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let description = t.description_of(&url).await?;
    t.alice.patch(&description).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.succeeded()?;
    ensure(has_the_triple(&t.alice.get(&description).await?.graph()?, &description), "the triple is missing")?;
    t.allow(&url, &[]).await?;
    let acl = t.acl_of(&url).await?;
    let rule = "[] a acl:Authorization ; acl:agentClass foaf:Agent ; acl:mode acl:Read ; acl:accessTo";
    let prefixes = format!("PREFIX acl: <{}> PREFIX foaf: <http://xmlns.com/foaf/0.1/>", rdf::ACL);
    t.alice.patch(&acl).sparql(&format!("{prefixes} INSERT DATA {{ {rule} <{url}> }}")).await?.succeeded()?;
    t.anyone.get(&url).await?.is(200)?;
    Ok(())
}
