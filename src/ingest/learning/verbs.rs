//! What verbs are called: one shared document, which every server serves.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::language::Language;
use crate::rdf::format::{self, Format};
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{rdf, skos, xapi};

/// The document, in Turtle. Every server serves it under `/.well-known/cartable/verbs`.
///
/// Spec: LT-4
pub const TURTLE: &str = include_str!("../../../vocab/verbs.ttl");

/// What its relative addresses are relative to: it has none.
pub const ADDRESS: &str = "https://w3id.org/cartable/verbs";

static LABELS: LazyLock<BTreeMap<String, [String; 2]>> = LazyLock::new(|| {
    let document = format::parse(TURTLE.as_bytes(), Format::Turtle, ADDRESS);
    document.map(|document| labels(&document.dataset.default)).unwrap_or_default()
});

/// What a verb is called: "a répondu", "answered". Of one that nobody has named here, the last word of its address.
pub fn label(verb: &str, language: Language) -> &str {
    if let Some([french, english]) = LABELS.get(verb) {
        return language.choose(french, english);
    }
    verb.trim_end_matches('/').rsplit(['/', '#', ':']).next().unwrap_or(verb)
}

fn labels(graph: &Graph) -> BTreeMap<String, [String; 2]> {
    let class = Term::iri(xapi::VERB);
    let in_language = |verb: &Term, tag: &str| {
        graph.objects(verb, skos::PREF_LABEL).find_map(|label| match label {
            Term::Literal(label) if label.language.as_deref() == Some(tag) => Some(label.lexical.to_string()),
            _ => None,
        })
    };
    let both = |verb: &Term| Some((verb.as_iri()?.to_string(), [in_language(verb, "fr")?, in_language(verb, "en")?]));
    graph.subjects(rdf::TYPE, &class).filter_map(both).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows: LT-4
    #[test]
    fn every_verb_of_the_document_is_named_in_both_languages() {
        let document = format::parse(TURTLE.as_bytes(), Format::Turtle, ADDRESS).unwrap();
        let graph = document.dataset.default;
        assert_eq!(labels(&graph).len(), graph.subjects(rdf::TYPE, &Term::iri(xapi::VERB)).count());
        assert_eq!(label("http://adlnet.gov/expapi/verbs/answered", Language::French), "a répondu");
        assert_eq!(label("http://adlnet.gov/expapi/verbs/answered", Language::English), "answered");
        for (verb, word) in [("https://a.example/verbs/sang", "sang"), ("tag:a,2026:did", "did"), ("", "")] {
            assert_eq!(label(verb, Language::French), word);
        }
    }
}
