//! Three-way merge of what a source says now, what it said last time (the *base*), and what the document holds.
//!
//! The owner's edit wins: what they changed stays, and what the source would have there becomes a proposal. What they
//! left alone follows the source.

use std::collections::BTreeSet;

use super::target::{Field, Target};
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::{acl, adms, dcterms, org, owl, prov, rdf, rdfs, skos, solid, vcard};

/// Properties of which each value stands for itself. All others are merged as one value.
const SET_VALUED: [&str; 21] = [
    rdf::TYPE,
    rdfs::SEE_ALSO,
    owl::SAME_AS,
    acl::OWNER,
    adms::IDENTIFIER,
    dcterms::TYPE,
    dcterms::SUBJECT,
    dcterms::HAS_PART,
    org::MEMBER_OF,
    prov::USED,
    prov::WAS_DERIVED_FROM,
    skos::ALT_LABEL,
    solid::INSTANCE,
    solid::INSTANCE_CONTAINER,
    vcard::HAS_ADDRESS,
    vcard::HAS_EMAIL,
    vcard::HAS_MEMBER,
    vcard::HAS_TELEPHONE,
    vcard::IN_ADDRESS_BOOK,
    vcard::INCLUDES_GROUP,
    vcard::URL,
];

/// What comes of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// What the document should hold.
    pub graph: Graph,
    /// What the source said, for the next merge.
    pub base: Graph,
    pub proposals: Vec<Proposal>,
}

/// A value of the source for a field that the owner edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub path: ResourcePath,
    pub field: Field,
    pub values: Vec<Term>,
}

/// Merges field by field. It is pure, and merging its own result again changes nothing.
///
/// A node of the document that the source no longer speaks of goes with its links, unless the owner wrote something
/// on it: then all of it is theirs.
///
/// Spec: CP-52
pub fn merge(base: &Graph, local: &Graph, target: &Target) -> Merged {
    let adopted = adopted(base, local, target);
    let mut merged = Merged { graph: local.clone(), base: target.graph.clone(), proposals: Vec::new() };
    for field in fields(base, &target.graph) {
        let [before, now, wanted] = [base, local, &target.graph].map(|graph| values(graph, &field));
        if target.unsaid.contains(&field) {
            replace(&mut merged.base, &field, &wanted, &before);
            continue;
        }
        if adopted.contains(&field.0) {
            continue;
        }
        if SET_VALUED.contains(&&*field.1) {
            let gone = before.iter().filter(|value| !wanted.contains(*value) && !adopted.contains(*value));
            let gone: BTreeSet<_> = gone.cloned().collect();
            let new: BTreeSet<_> = wanted.difference(&before).cloned().collect();
            replace(&mut merged.graph, &field, &gone, &new);
            continue;
        }
        let edited = now != before || now.iter().any(|value| adopted.contains(value));
        if wanted == before || wanted == now {
            continue;
        }
        if !edited {
            replace(&mut merged.graph, &field, &now, &wanted);
        } else if !wanted.is_empty() {
            let values = wanted.into_iter().collect();
            merged.proposals.push(Proposal { path: target.path.clone(), field, values });
        }
    }
    merged
}

/// The nodes that the owner has made theirs: the source made them as parts of something else in the same document and
/// no longer speaks of them, but the owner wrote something on them.
fn adopted(base: &Graph, local: &Graph, target: &Target) -> BTreeSet<Term> {
    let is_part = |link: &&Triple| link.subject != link.object && document(&link.subject) == document(&link.object);
    let parts: BTreeSet<_> = base.iter().filter(is_part).map(|link| &link.object).collect();
    let is_dropped = |node: &Term| target.graph.about(node).next().is_none() && base.about(node).next().is_some();
    let is_edited = |node: &Term| local.about(node).any(|triple| !base.contains(triple));
    parts.into_iter().filter(|node| is_dropped(node) && is_edited(node)).cloned().collect()
}

/// The document that an IRI is found in; `None` for what is no IRI.
fn document(term: &Term) -> Option<&str> {
    term.as_iri()?.split('#').next()
}

fn fields(base: &Graph, wanted: &Graph) -> BTreeSet<Field> {
    base.iter().chain(wanted.iter()).map(|triple| (triple.subject.clone(), triple.predicate.clone())).collect()
}

fn values(graph: &Graph, (subject, predicate): &Field) -> BTreeSet<Term> {
    graph.objects(subject, predicate).cloned().collect()
}

fn replace(graph: &mut Graph, (subject, predicate): &Field, old: &BTreeSet<Term>, new: &BTreeSet<Term>) {
    let triple =
        |object: &Term| Triple { subject: subject.clone(), predicate: predicate.clone(), object: object.clone() };
    for object in old.difference(new) {
        graph.remove(&triple(object));
    }
    graph.extend(new.iter().map(triple));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::path::PodName;
    use crate::rdf::{Format, format};

    const PREFIXES: &str = "@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
        @prefix dct: <http://purl.org/dc/terms/> .
        @prefix : <#> .\n";

    fn graph(text: &str) -> Graph {
        let text = format!("{PREFIXES}{}.", text.trim_end_matches('.'));
        let text = if text.ends_with("\n.") { PREFIXES } else { &text };
        format::parse(text.as_bytes(), Format::Turtle, "https://pod.example/card").unwrap().dataset.default
    }

    fn target(text: &str) -> Target {
        Target { graph: graph(text), ..Target::new(ResourcePath::root(PodName::parse("demo").unwrap())) }
    }

    const MAIL: &str =
        ":this vcard:fn 'Ada' ; vcard:hasEmail :mail . :mail a vcard:Work ; vcard:value <mailto:a@b.c> .";

    /// Base, local, target; what the document then holds, and how many proposals there are.
    type Case = (&'static str, &'static str, &'static str, &'static str, usize);

    /// Shows: CP-52
    #[test]
    fn the_table_of_merging() {
        let table: [Case; 14] = [
            // A value that nobody changed, that the source changed, that the owner changed, that both did.
            (":a vcard:fn '1'", ":a vcard:fn '1'", ":a vcard:fn '1'", ":a vcard:fn '1'", 0),
            (":a vcard:fn '1'", ":a vcard:fn '1'", ":a vcard:fn '2'", ":a vcard:fn '2'", 0),
            (":a vcard:fn '1'", ":a vcard:fn '3'", ":a vcard:fn '1'", ":a vcard:fn '3'", 0),
            (":a vcard:fn '1'", ":a vcard:fn '3'", ":a vcard:fn '2'", ":a vcard:fn '3'", 1),
            // Both to the same, taken away by the source, by the owner, written by the owner before the source came.
            (":a vcard:fn '1'", ":a vcard:fn '2'", ":a vcard:fn '2'", ":a vcard:fn '2'", 0),
            (":a vcard:fn '1'", ":a vcard:fn '1'", "", "", 0),
            (":a vcard:fn '1'", "", ":a vcard:fn '2'", "", 1),
            ("", ":a vcard:fn '3'", ":a vcard:fn '2'", ":a vcard:fn '3'", 1),
            // Members: the owner added one and removed one, the source as well.
            (
                ":g vcard:hasMember :a, :b, :c",
                ":g vcard:hasMember :b, :c, :mine",
                ":g vcard:hasMember :a, :b, :new",
                ":g vcard:hasMember :b, :new, :mine",
                0,
            ),
            // A note of the owner's on something of the source's, and a card of theirs in the same document.
            (
                ":a vcard:fn '1'",
                ":a vcard:fn '1' ; vcard:note 'x' . :my vcard:fn 'My'",
                "",
                ":a vcard:note 'x' . :my vcard:fn 'My'",
                0,
            ),
            // A node goes with its link, or stays with it when the owner wrote on it.
            (MAIL, MAIL, ":this vcard:fn 'Ada'", ":this vcard:fn 'Ada'", 0),
            (
                MAIL,
                ":this vcard:fn 'Ada' ; vcard:hasEmail :mail . :mail a vcard:Work ; vcard:value <mailto:z@b.c> .",
                ":this vcard:fn 'Ada'",
                ":this vcard:fn 'Ada' ; vcard:hasEmail :mail . :mail a vcard:Work ; vcard:value <mailto:z@b.c> .",
                0,
            ),
            (
                ":this vcard:hasName :n . :n vcard:given-name '1'",
                ":this vcard:hasName :n . :n vcard:given-name '2'",
                ":this vcard:hasName :m . :m vcard:given-name '3'",
                ":this vcard:hasName :n . :n vcard:given-name '2' . :m vcard:given-name '3'",
                1,
            ),
            // A name that is only repeated here keeps nobody in a group.
            (
                ":g vcard:hasMember <https://pod.example/p#this> . <https://pod.example/p#this> vcard:fn '1'",
                ":g vcard:hasMember <https://pod.example/p#this> . <https://pod.example/p#this> vcard:fn '2'",
                "",
                "<https://pod.example/p#this> vcard:fn '2'",
                0,
            ),
        ];
        for (base, local, wanted, expected, proposals) in table {
            let case = format!("{base} | {local} | {wanted}");
            let merged = merge(&graph(base), &graph(local), &target(wanted));
            assert_eq!(merged.graph, graph(expected), "{case}");
            assert_eq!(merged.proposals.len(), proposals, "{case}");
            assert_eq!(merged.base, graph(wanted), "{case}");
        }
    }

    /// Shows: CP-52
    #[test]
    fn of_what_a_source_does_not_speak_nothing_changes() {
        let mail = (Term::iri("https://pod.example/card#this"), vcard::HAS_EMAIL.into());
        let fields = graph(":mail a vcard:Work ; vcard:value <mailto:a@b.c>");
        let of_node = fields.iter().map(|triple| (triple.subject.clone(), triple.predicate.clone()));
        let silent = Target { unsaid: of_node.chain([mail]).collect(), ..target(":this vcard:fn 'Eva'") };
        let merged = merge(&graph(MAIL), &graph(MAIL), &silent);
        let renamed = graph(&MAIL.replace("Ada", "Eva"));
        assert_eq!((&merged.graph, &merged.base), (&renamed, &renamed));
    }

    fn arb_graph() -> impl Strategy<Value = Graph> {
        let node = || proptest::sample::select(vec!["d#a", "d#b", "d#c", "e#m"]).prop_map(Term::iri);
        let predicates = vec![vcard::FN, vcard::VALUE, vcard::HAS_NAME, vcard::HAS_EMAIL, rdf::TYPE];
        let triple = (
            node(),
            proptest::sample::select(predicates),
            prop_oneof![node(), proptest::sample::select(vec!["x:1", "x:2", "x:3"]).prop_map(Term::iri)],
        );
        let triple =
            triple.prop_map(|(subject, predicate, object)| Triple { subject, predicate: predicate.into(), object });
        proptest::collection::vec(triple, 0..12).prop_map(|triples| triples.into_iter().collect())
    }

    fn arb_target() -> impl Strategy<Value = Target> {
        (arb_graph(), arb_graph()).prop_map(|(graph, silent)| {
            let unsaid: BTreeSet<Field> = fields(&silent, &Graph::default());
            let graph = graph
                .into_iter()
                .filter(|triple| !unsaid.contains(&(triple.subject.clone(), triple.predicate.clone())));
            Target { graph: graph.collect(), unsaid, ..target("") }
        })
    }

    proptest! {
        #[test]
        fn an_untouched_document_becomes_what_the_source_says(base in arb_graph(), wanted in arb_graph()) {
            let wanted = Target { graph: wanted, ..target("") };
            let merged = merge(&base, &base, &wanted);
            prop_assert_eq!(&merged.graph, &wanted.graph);
            prop_assert!(merged.proposals.is_empty());
        }

        #[test]
        fn a_source_that_says_the_same_leaves_the_document(base in arb_graph(), local in arb_graph()) {
            let merged = merge(&base, &local, &Target { graph: base.clone(), ..target("") });
            prop_assert_eq!(merged, Merged { graph: local, base, proposals: Vec::new() });
        }

        #[test]
        fn merging_again_changes_nothing(base in arb_graph(), local in arb_graph(), wanted in arb_target()) {
            let once = merge(&base, &local, &wanted);
            let twice = merge(&once.base, &once.graph, &wanted);
            prop_assert_eq!(twice, Merged { proposals: Vec::new(), ..once });
        }

        #[test]
        fn what_the_owner_wrote_is_never_lost(base in arb_graph(), local in arb_graph(), wanted in arb_target()) {
            let merged = merge(&base, &local, &wanted);
            for triple in local.iter().filter(|triple| !base.contains(triple)) {
                prop_assert!(merged.graph.contains(triple), "{:?}", triple);
            }
        }

        #[test]
        fn what_nobody_said_is_never_there(base in arb_graph(), local in arb_graph(), wanted in arb_target()) {
            let merged = merge(&base, &local, &wanted);
            prop_assert!(merged.graph.iter().all(|triple| local.contains(triple) || wanted.graph.contains(triple)));
        }

        #[test]
        fn the_base_is_what_was_said(base in arb_graph(), local in arb_graph(), wanted in arb_target()) {
            let merged = merge(&base, &local, &wanted);
            for triple in merged.base.iter() {
                let unsaid = wanted.unsaid.contains(&(triple.subject.clone(), triple.predicate.clone()));
                prop_assert_eq!(wanted.graph.contains(triple), !unsaid, "{:?}", triple);
            }
        }
    }
}
