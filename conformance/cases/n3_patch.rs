//! N3 Patch.

use super::prelude::*;

pub const GROUP: Group = group!(
    "n3_patch",
    "N3 Patch",
    [
        it_inserts,
        it_creates,
        it_deletes_and_inserts,
        it_finds_by_pattern,
        a_variable_may_stand_anywhere,
        a_patch_is_named_by_an_iri_as_well,
        an_unknown_patch_type_is_refused,
        other_content_cannot_be_patched,
        what_is_no_n3_is_refused,
        undeclared_prefixes_are_refused,
        there_is_exactly_one_patch,
        the_patch_is_typed,
        a_second_type_is_fine,
        each_clause_comes_once,
        clauses_are_formulas,
        formulas_are_flat,
        unbound_variables_are_refused,
        deletions_have_no_blank_nodes,
        insertions_may_have_blank_nodes,
        a_label_cannot_join_two_clauses,
        other_statements_are_passed_over,
        no_match_is_a_conflict,
        several_matches_are_a_conflict,
        ground_conditions_must_hold,
        what_is_deleted_must_be_there,
        a_triple_in_both_stays,
        inserting_what_is_there_is_fine,
        a_repeated_deletion_counts_once,
        values_are_compared_by_form,
        impossible_triples_are_refused,
        conditions_alone_change_nothing,
        an_empty_patch_creates,
        a_missing_target_has_nothing_to_delete,
        the_type_stays,
        the_prefixes_stay,
        a_containers_own_triples_can_be_patched,
        an_acl_can_be_patched,
        named_graphs_stay,
        relative_references_belong_to_the_target,
        matching_is_bounded,
    ]
);

const PEOPLE: &str = "@prefix foaf: <http://xmlns.com/foaf/0.1/> .
<#ann> foaf:name \"Ann\" ; foaf:knows <#ben> .
<#ben> foaf:name \"Ben\" .
";

fn patch(clauses: &str) -> String {
    format!("@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n_:p a solid:InsertDeletePatch ; {clauses} .")
}

/// Prepares the document that most cases patch.
async fn people(t: &Trial) -> Verdict<String> {
    t.document("people.ttl", PEOPLE).await
}

/// Refuses the patch with this status, and leaves the document as it was.
async fn refuses(t: &Trial, text: &str, status: u16) -> Verdict {
    let url = people(t).await?;
    t.alice.patch(&url).n3(text).await?.is(status)?;
    ensure(t.alice.get(&url).await?.text() == PEOPLE, "the document changed")
}

/// Insertions are added to what is there.
///
/// Shows: solid#server-patch-n3-accept, solid#server-patch-n3-semantics, P-160, P-181
async fn it_inserts(t: Trial) -> Verdict {
    let url = people(&t).await?;
    t.alice.patch(&url).n3(&patch(&format!("solid:inserts {{ {A_TRIPLE} }}"))).await?.one_of(&[200, 204, 205])?;
    let graph = t.alice.get(&url).await?.graph()?;
    ensure(has_the_triple(&graph, &url) && graph.len() == 4, format!("{} triples are there", graph.len()))
}

/// A patch of what is missing makes it, as Turtle, whatever its name.
///
/// Shows: solid#server-patch-n3-accept, P-160, P-173, P-180, P-181
async fn it_creates(t: Trial) -> Verdict {
    for name in ["new", "new.txt", "new.png"] {
        let url = t.at(name);
        t.alice.patch(&url).n3(&patch(&format!("solid:inserts {{ {A_TRIPLE} }}"))).await?.is(201)?;
        let read = t.alice.get(&url).await?.is(200)?;
        ensure(read.media_type() == "text/turtle", format!("{name} is {}", read.media_type()))?;
        ensure(has_the_triple(&read.graph()?, &url), "the triple is missing")?;
    }
    Ok(())
}

/// Deletions go before insertions.
///
/// Shows: solid#server-patch-n3-semantics, P-173, P-177
async fn it_deletes_and_inserts(t: Trial) -> Verdict {
    let url = people(&t).await?;
    let change = "solid:deletes { <#ben> foaf:name \"Ben\" . } ; solid:inserts { <#ben> foaf:name \"Benjamin\" . }";
    t.alice.patch(&url).n3(&patch(change)).await?.succeeded()?;
    let graph = t.alice.get(&url).await?.graph()?;
    let name = rdf::first(&graph, &format!("{url}#ben"), "http://xmlns.com/foaf/0.1/name");
    ensure(name.as_deref() == Some("Benjamin") && graph.len() == 3, format!("the name is {name:?}"))
}

/// A condition finds what to change.
///
/// Shows: solid#server-patch-n3-semantics, P-168, P-174
async fn it_finds_by_pattern(t: Trial) -> Verdict {
    let url = people(&t).await?;
    let change = "solid:where { ?who foaf:name \"Ann\" . } ; solid:deletes { ?who foaf:knows <#ben> . } ; \
                  solid:inserts { ?who foaf:knows <#cid> . }";
    t.alice.patch(&url).n3(&patch(change)).await?.succeeded()?;
    let graph = t.alice.get(&url).await?.graph()?;
    let (ann, cid) = (format!("{url}#ann"), format!("{url}#cid"));
    ensure(has(&graph, &ann, "http://xmlns.com/foaf/0.1/knows", &cid) && graph.len() == 3, "it was not changed")
}

/// Variables may stand for subjects, predicates and objects.
///
/// Shows: P-168
async fn a_variable_may_stand_anywhere(t: Trial) -> Verdict {
    let url = people(&t).await?;
    let change = "solid:where { <#ann> ?how <#ben> . <#ben> foaf:name ?name . } ; solid:inserts { <#x> ?how ?name . }";
    t.alice.patch(&url).n3(&patch(change)).await?.succeeded()?;
    let graph = t.alice.get(&url).await?.graph()?;
    let there = has_value(&graph, &format!("{url}#x"), "http://xmlns.com/foaf/0.1/knows", "Ben");
    ensure(there, "the found terms were not inserted")
}

/// The patch may be named by an IRI.
///
/// Shows: solid#server-patch-n3-patch-identifier, P-164
async fn a_patch_is_named_by_an_iri_as_well(t: Trial) -> Verdict {
    let url = people(&t).await?;
    for name in ["<#patch>", "[]", "<https://example.org/patch>"] {
        let text = format!("{name} a solid:InsertDeletePatch ; solid:inserts {{ {A_TRIPLE} }} .");
        t.alice.patch(&url).n3(&text).await?.succeeded()?;
    }
    Ok(())
}

/// A patch type that nobody announced is refused with those that are.
///
/// Shows: P-161, P-51, rfc5789 §2.2
async fn an_unknown_patch_type_is_refused(t: Trial) -> Verdict {
    let url = people(&t).await?;
    t.alice.patch(&url).plain("change").await?.is(415)?.lists("Accept-Patch", "text/n3")?;
    t.alice.patch(&url).turtle(A_TRIPLE).await?.is(415)?;
    Ok(())
}

/// A document that is not RDF cannot be patched.
///
/// Shows: P-162
async fn other_content_cannot_be_patched(t: Trial) -> Verdict {
    let url = t.stored("text", "text/plain", "hello").await?;
    t.alice.patch(&url).n3(&patch(&format!("solid:inserts {{ {A_TRIPLE} }}"))).await?.one_of(&[415, 409])?;
    ensure(t.alice.get(&url).await?.text() == "hello", "the document changed")
}

/// What does not parse as N3 is refused.
///
/// Shows: P-163
async fn what_is_no_n3_is_refused(t: Trial) -> Verdict {
    refuses(&t, "_:p a solid:InsertDeletePatch ; solid:inserts { <#a> <#b> .", 400).await
}

/// A prefix that was not declared is an error.
///
/// Shows: P-163
async fn undeclared_prefixes_are_refused(t: Trial) -> Verdict {
    refuses(&t, "_:p a solid:InsertDeletePatch ; solid:inserts { <#a> unknown:b <#c> . } .", 400).await
}

/// No patch, or two of them, is refused.
///
/// Shows: solid#server-patch-n3-patches, solid#server-patch-n3-single, solid#server-patch-n3-invalid, P-163, P-164
async fn there_is_exactly_one_patch(t: Trial) -> Verdict {
    refuses(&t, A_TRIPLE, 422).await?;
    let one = format!("a solid:InsertDeletePatch ; solid:inserts {{ {A_TRIPLE} }} .");
    refuses(&t, &format!("_:p {one} _:q {one}"), 422).await
}

/// A patch that is not typed as an insert-delete patch is refused.
///
/// Shows: solid#server-patch-n3-simple-type, P-165
async fn the_patch_is_typed(t: Trial) -> Verdict {
    refuses(&t, &format!("_:p solid:inserts {{ {A_TRIPLE} }} ."), 422).await?;
    refuses(&t, &format!("_:p a solid:Patch ; solid:inserts {{ {A_TRIPLE} }} ."), 422).await
}

/// A patch may be typed as a patch in general besides.
///
/// Shows: solid#server-patch-n3-type, P-165
async fn a_second_type_is_fine(t: Trial) -> Verdict {
    let url = people(&t).await?;
    let text = patch(&format!("a solid:Patch ; solid:inserts {{ {A_TRIPLE} }}"));
    t.alice.patch(&url).n3(&text).await?.succeeded()?;
    Ok(())
}

/// A clause that is given twice is refused.
///
/// Shows: solid#server-patch-n3-deletes, solid#server-patch-n3-inserts, solid#server-patch-n3-where, P-166
async fn each_clause_comes_once(t: Trial) -> Verdict {
    for clause in ["inserts", "deletes", "where"] {
        let twice = format!("solid:{clause} {{ <#ann> foaf:knows <#ben> . }}, {{ <#ben> foaf:name \"Ben\" . }}");
        refuses(&t, &patch(&twice), 422).await?;
    }
    Ok(())
}

/// A clause that is no formula is refused.
///
/// Shows: solid#server-patch-n3-formulae, P-167
async fn clauses_are_formulas(t: Trial) -> Verdict {
    for object in ["<#ann>", "\"text\"", "( <#a> <#b> )"] {
        refuses(&t, &patch(&format!("solid:inserts {object}")), 422).await?;
    }
    Ok(())
}

/// A formula within a formula is refused.
///
/// Shows: solid#server-patch-n3-formulae, P-167
async fn formulas_are_flat(t: Trial) -> Verdict {
    refuses(&t, &patch("solid:inserts { <#a> <#b> { <#c> <#d> <#e> . } . }"), 422).await?;
    refuses(&t, &patch("solid:inserts { { <#a> <#b> <#c> . } => { <#d> <#e> <#f> . } . }"), 422).await
}

/// A variable that no condition binds is refused.
///
/// Shows: solid#server-patch-n3-variables, P-168
async fn unbound_variables_are_refused(t: Trial) -> Verdict {
    refuses(&t, &patch("solid:inserts { ?x <#b> <#c> . }"), 422).await?;
    refuses(&t, &patch("solid:where { ?y foaf:name \"Ann\" . } ; solid:deletes { ?x foaf:name \"Ann\" . }"), 422).await
}

/// Blank nodes in deletions are refused.
///
/// Shows: P-169
async fn deletions_have_no_blank_nodes(t: Trial) -> Verdict {
    refuses(&t, &patch("solid:deletes { _:x foaf:name \"Ann\" . }"), 422).await?;
    refuses(&t, &patch("solid:deletes { [] foaf:name \"Ann\" . }"), 422).await
}

/// Blank nodes in insertions are new ones each time.
///
/// Shows: solid-ed#server-patch-n3-blank-nodes-syntax, P-169
async fn insertions_may_have_blank_nodes(t: Trial) -> Verdict {
    let url = people(&t).await?;
    let text = patch("solid:inserts { _:x foaf:name \"New\" ; foaf:knows [ foaf:name \"Other\" ] . }");
    let first = t.alice.patch(&url).n3(&text).await?;
    if first.status() == 422 {
        return Err(Stop::Inapplicable("the server follows 0.11, which has no blank nodes in insertions".into()));
    }
    first.succeeded()?;
    t.alice.patch(&url).n3(&text).await?.succeeded()?;
    let triples = t.alice.get(&url).await?.graph()?.len();
    ensure(triples == 9, format!("{triples} triples are there instead of 9"))
}

/// One blank node label in insertions and conditions is refused.
///
/// Shows: solid-ed#server-patch-n3-blank-nodes-syntax, P-169
async fn a_label_cannot_join_two_clauses(t: Trial) -> Verdict {
    let text = patch("solid:where { _:x foaf:name \"Ann\" . } ; solid:inserts { _:x foaf:name \"Anna\" . }");
    refuses(&t, &text, 422).await
}

/// Other statements of the patch document do not matter.
///
/// Shows: P-170
async fn other_statements_are_passed_over(t: Trial) -> Verdict {
    let url = people(&t).await?;
    let text = patch(&format!("solid:patches <> ; solid:inserts {{ {A_TRIPLE} }}"));
    t.alice.patch(&url).n3(&format!("{text}\n<#other> <#says> \"something\" .")).await?.succeeded()?;
    ensure(t.alice.get(&url).await?.graph()?.len() == 4, "something else was inserted")
}

/// Conditions that match nothing are a conflict.
///
/// Shows: solid#server-patch-n3-semantics-no-mapping, P-174
async fn no_match_is_a_conflict(t: Trial) -> Verdict {
    let text = patch("solid:where { ?who foaf:name \"Nobody\" . } ; solid:inserts { ?who foaf:knows <#ann> . }");
    refuses(&t, &text, 409).await
}

/// Conditions that match in several ways are a conflict.
///
/// Shows: solid#server-patch-n3-semantics-no-mapping, P-174
async fn several_matches_are_a_conflict(t: Trial) -> Verdict {
    let text = patch("solid:where { ?who foaf:name ?name . } ; solid:inserts { ?who foaf:knows <#cid> . }");
    refuses(&t, &text, 409).await
}

/// Conditions without variables must all hold.
///
/// Shows: solid#server-patch-n3-semantics-no-mapping, P-174
async fn ground_conditions_must_hold(t: Trial) -> Verdict {
    let clauses = |name: &str| {
        let condition = format!("<#ann> foaf:knows <#ben> . <#ann> foaf:name \"{name}\" .");
        patch(&format!("solid:where {{ {condition} }} ; solid:inserts {{ {A_TRIPLE} }}"))
    };
    refuses(&t, &clauses("Nobody"), 409).await?;
    t.alice.patch(&t.at("people.ttl")).n3(&clauses("Ann")).await?.succeeded()?;
    Ok(())
}

/// A deletion of what is not there is a conflict.
///
/// Shows: solid#server-patch-n3-semantics-deletions-non-empty-all-triples, P-176
async fn what_is_deleted_must_be_there(t: Trial) -> Verdict {
    let text = patch("solid:deletes { <#ann> foaf:name \"Ann\" . <#ann> foaf:name \"Nobody\" . }");
    refuses(&t, &text, 409).await
}

/// A triple that is deleted and inserted stays.
///
/// Shows: P-177, solid#server-patch-n3-semantics
async fn a_triple_in_both_stays(t: Trial) -> Verdict {
    let url = people(&t).await?;
    let triple = "<#ann> foaf:name \"Ann\" .";
    let text = patch(&format!("solid:deletes {{ {triple} }} ; solid:inserts {{ {triple} }}"));
    t.alice.patch(&url).n3(&text).await?.succeeded()?;
    ensure(t.alice.get(&url).await?.graph()?.len() == 3, "the triple is gone")
}

/// Inserting what is there succeeds.
///
/// Shows: P-177
async fn inserting_what_is_there_is_fine(t: Trial) -> Verdict {
    let url = people(&t).await?;
    t.alice.patch(&url).n3(&patch("solid:inserts { <#ann> foaf:name \"Ann\" . }")).await?.succeeded()?;
    ensure(t.alice.get(&url).await?.graph()?.len() == 3, "the number of triples changed")
}

/// One triple deleted twice counts once.
///
/// Shows: P-176
async fn a_repeated_deletion_counts_once(t: Trial) -> Verdict {
    let url = people(&t).await?;
    let text = patch("solid:deletes { <#ann> foaf:name \"Ann\" . <#ann> foaf:name \"Ann\" . }");
    t.alice.patch(&url).n3(&text).await?.succeeded()?;
    Ok(())
}

/// Terms match by their form, not by their value; language tags ignore case.
///
/// Shows: P-179
async fn values_are_compared_by_form(t: Trial) -> Verdict {
    let url = t.document("numbers.ttl", "<#a> <#n> 1 ; <#l> \"x\"@EN .").await?;
    t.alice.patch(&url).n3(&patch("solid:deletes { <#a> <#n> 01 . }")).await?.is(409)?;
    t.alice.patch(&url).n3(&patch("solid:deletes { <#a> <#n> 1.0 . }")).await?.is(409)?;
    t.alice.patch(&url).n3(&patch("solid:deletes { <#a> <#l> \"x\"@en . }")).await?.succeeded()?;
    Ok(())
}

/// A substitution that makes an impossible triple is refused.
///
/// Shows: P-178
async fn impossible_triples_are_refused(t: Trial) -> Verdict {
    let text = patch("solid:where { <#ann> foaf:name ?name . } ; solid:inserts { ?name foaf:knows <#ann> . }");
    refuses(&t, &text, 422).await
}

/// A patch with nothing but conditions that hold changes nothing.
///
/// Shows: P-181
async fn conditions_alone_change_nothing(t: Trial) -> Verdict {
    let url = people(&t).await?;
    let tag = t.alice.head(&url).await?.need("ETag")?;
    t.alice.patch(&url).n3(&patch("solid:where { ?who foaf:name \"Ann\" . }")).await?.succeeded()?;
    ensure(t.alice.head(&url).await?.need("ETag")? == tag, "the document changed")
}

/// A patch without effect asks for Append all the same, and makes what is missing.
///
/// Shows: P-172
async fn an_empty_patch_creates(t: Trial) -> Verdict {
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read")]).await?;
    t.bob.patch(&t.at("new")).n3("_:p a solid:InsertDeletePatch .").await?.is(403)?;
    t.alice.patch(&t.at("new")).n3("_:p a solid:InsertDeletePatch .").await?.is(201)?;
    Ok(())
}

/// A patch of what is missing that deletes or asks for something is a conflict.
///
/// Shows: P-176, P-173
async fn a_missing_target_has_nothing_to_delete(t: Trial) -> Verdict {
    t.alice.patch(&t.at("new")).n3(&patch("solid:deletes { <#a> <#b> <#c> . }")).await?.is(409)?;
    let text = patch("solid:where { ?a <#b> <#c> . } ; solid:inserts { ?a <#d> <#e> . }");
    t.alice.patch(&t.at("new")).n3(&text).await?.is(409)?;
    t.alice.get(&t.at("new")).await?.is(404)?;
    Ok(())
}

/// A patched document keeps its media type.
///
/// Shows: P-180
async fn the_type_stays(t: Trial) -> Verdict {
    let text = r##"{"@id": "#a", "https://example.org/b": "c"}"##;
    let url = t.stored("note", "application/ld+json", text).await?;
    t.alice.patch(&url).n3(&patch(&format!("solid:inserts {{ {A_TRIPLE} }}"))).await?.succeeded()?;
    let read = t.alice.get(&url).await?.is(200)?;
    ensure(read.media_type() == "application/ld+json", format!("it is {} now", read.media_type()))?;
    ensure(read.graph()?.len() == 2, "a triple is missing")
}

/// A patched Turtle document keeps its prefixes.
///
/// Shows: P-180
async fn the_prefixes_stay(t: Trial) -> Verdict {
    let url = people(&t).await?;
    t.alice.patch(&url).n3(&patch(&format!("solid:inserts {{ {A_TRIPLE} }}"))).await?.succeeded()?;
    let read = t.alice.get(&url).accept("text/turtle").await?.is(200)?.text();
    ensure(read.contains("foaf:name"), "the prefix foaf: is gone")
}

/// A patch of a container edits what clients say about it.
///
/// Shows: P-182, P-160
async fn a_containers_own_triples_can_be_patched(t: Trial) -> Verdict {
    let insert = patch("solid:inserts { <> <http://purl.org/dc/terms/title> \"Box\" . }");
    t.alice.patch(&t.space).n3(&insert).await?.succeeded()?;
    let graph = t.alice.get(&t.space).accept("text/turtle").await?.is(200)?.graph()?;
    ensure(has_value(&graph, &t.space, "http://purl.org/dc/terms/title", "Box"), "the title is missing")?;
    let delete = patch("solid:deletes { <> <http://purl.org/dc/terms/title> \"Box\" . }");
    t.alice.patch(&t.space).n3(&delete).await?.succeeded()?;
    Ok(())
}

/// A patch of an ACL counts at once.
///
/// Shows: P-160, W-9, W-16, W-53
async fn an_acl_can_be_patched(t: Trial) -> Verdict {
    let url = people(&t).await?;
    t.allow(&url, &[]).await?;
    let acl = t.acl_of(&url).await?;
    let rule = format!(
        "<#bob> a <{0}Authorization> ; <{0}agent> <{1}> ; <{0}accessTo> <{url}> ; <{0}mode> <{0}Read> .",
        rdf::ACL,
        t.bob.webid()
    );
    t.bob.get(&url).await?.is(403)?;
    t.alice.patch(&acl).n3(&patch(&format!("solid:inserts {{ {rule} }}"))).await?.succeeded()?;
    t.bob.get(&url).await?.is(200)?;
    t.alice.patch(&acl).n3(&patch(&format!("solid:deletes {{ {rule} }}"))).await?.succeeded()?;
    t.bob.get(&url).await?.is(403)?;
    Ok(())
}

/// Named graphs of a dataset stay as they are.
///
/// Shows: P-183
async fn named_graphs_stay(t: Trial) -> Verdict {
    let text = r#"[{"@id": "https://example.org/g", "@graph": [
        {"@id": "https://example.org/s", "https://example.org/p": "in the graph"}]},
        {"@id": "https://example.org/s", "https://example.org/p": "outside"}]"#;
    let url = t.stored("graphs", "application/ld+json", text).await?;
    let delete = patch("solid:deletes { <https://example.org/s> <https://example.org/p> \"in the graph\" . }");
    t.alice.patch(&url).n3(&delete).await?.is(409)?;
    t.alice.patch(&url).n3(&patch(&format!("solid:inserts {{ {A_TRIPLE} }}"))).await?.succeeded()?;
    let read = t.alice.get(&url).await?.is(200)?;
    let quads = rdf::dataset(read.body(), &url).map_err(Stop::Failed)?;
    ensure(quads.len() == 3, format!("{} of 3 quads are there", quads.len()))
}

/// Relative references of a patch belong to its target.
///
/// Shows: P-134, P-163
async fn relative_references_belong_to_the_target(t: Trial) -> Verdict {
    let url = people(&t).await?;
    t.alice.patch(&url).n3(&patch("solid:inserts { <> <#says> <other> . }")).await?.succeeded()?;
    let graph = t.alice.get(&url).await?.graph()?;
    ensure(has(&graph, &url, &format!("{url}#says"), &t.at("other")), "they were resolved otherwise")
}

/// Conditions that would match for ever are refused or fail soon.
///
/// Shows: P-184
async fn matching_is_bounded(t: Trial) -> Verdict {
    let text: String = (0..400).map(|n| format!("<#s> <#p> {n} .\n")).collect::<Vec<_>>().concat();
    let url = t.document("many.ttl", &text).await?;
    let conditions = "<#s> <#p> ?a . <#s> <#p> ?b . <#s> <#p> ?c . <#s> <#p> ?d . <#s> <#p> ?e . <#x> <#y> ?a .";
    t.alice.patch(&url).n3(&patch(&format!("solid:where {{ {conditions} }}"))).await?.one_of(&[409, 413, 422])?;
    Ok(())
}
