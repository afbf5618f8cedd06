//! What documents say of their own origin: when they were made and changed, from what source, by whom, in which run.

use crate::rdf::graph::{Graph, Iri, Term, Triple};
use crate::rdf::vocab::{dcterms, prov};

/// The properties that the frame says of each document.
const PROPERTIES: [&str; 5] =
    [dcterms::CREATED, dcterms::MODIFIED, dcterms::SOURCE, prov::WAS_ATTRIBUTED_TO, prov::WAS_GENERATED_BY];

/// Where the documents of a run come from.
#[derive(Debug, Clone)]
pub struct Origin {
    pub source: Option<Iri>,
    /// The connection as an agent.
    pub agent: Iri,
    /// The run.
    pub activity: Iri,
    /// When, as a literal.
    pub at: Term,
}

impl Origin {
    /// Says of a document that it was changed now, and where from. When it was made stays.
    pub fn of(&self, mut graph: Graph, document: &str) -> Graph {
        let document = Term::iri(document);
        let created = graph.objects(&document, dcterms::CREATED).next().unwrap_or(&self.at).clone();
        let source = self
            .source
            .clone()
            .or_else(|| graph.objects(&document, dcterms::SOURCE).find_map(|source| source.as_iri().cloned()));
        let values = [
            Some(created),
            Some(self.at.clone()),
            source.map(Term::Iri),
            Some(Term::Iri(self.agent.clone())),
            Some(Term::Iri(self.activity.clone())),
        ];
        graph = without(&graph, &document);
        for (property, value) in PROPERTIES.into_iter().zip(values) {
            graph.extend(value.and_then(|value| Triple::new(document.clone(), property, value)));
        }
        graph
    }
}

/// A document without what it says of its own origin.
pub fn without(graph: &Graph, document: &Term) -> Graph {
    let is_origin = |triple: &&Triple| triple.subject == *document && PROPERTIES.contains(&&*triple.predicate);
    graph.iter().filter(|triple| !is_origin(triple)).cloned().collect()
}

/// What a base remembers of a file that a connector made.
pub fn made(agent: &str, file: &str) -> Option<Triple> {
    Triple::new(Term::iri(agent), prov::GENERATED, Term::iri(file))
}

/// The files that a connector made.
pub fn files(facts: &Graph) -> impl Iterator<Item = &Iri> {
    facts.iter().filter(|triple| *triple.predicate == *prov::GENERATED).filter_map(|triple| triple.object.as_iri())
}
