//! What the server itself says about containers and their members, and how clients may repeat it.
//!
//! A container's own triples are split in two: those that the server manages (types, containment,
//! dates, sizes) and the user's, which are kept in the container's description.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::rdf::graph::{Graph, Literal, Term, Triple};
use crate::rdf::vocab::{self, dcterms, ldp, pim, rdf, stat, xsd};
use crate::storage::{Member, Record};

/// What is true of a subject, as far as the server manages it.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub iri: &'a str,
    /// `None` if it is being made.
    pub record: Option<&'a Record>,
    pub is_container: bool,
    pub is_storage: bool,
    /// In name order.
    pub members: &'a [Member],
}

/// Takes the server-managed triples out of `graph`; fails with the first that is not true now.
///
/// Repeating what the server says (as after a GET) is allowed; contradicting it is not.
///
/// Spec: solid#server-protect-containment, solid#server-protect-contained-resource-metadata, P-70, P-144, P-145
pub fn strip_managed(graph: Graph, facts: &Facts<'_>) -> Result<Graph, Box<Triple>> {
    let mut own = Graph::default();
    for triple in graph {
        if !is_managed(&triple, facts.iri, facts.is_container) {
            own.insert(triple);
        } else if !facts.hold(&triple) {
            return Err(Box::new(triple));
        }
    }
    Ok(own)
}

/// Whether a triple is one that only the server may change.
///
/// Spec: P-70, P-83
pub fn is_managed(triple: &Triple, subject_iri: &str, is_container: bool) -> bool {
    let Some(subject) = triple.subject.as_iri() else { return false };
    let about_itself = **subject == *subject_iri;
    let about_member = is_container && member_name(subject, subject_iri).is_some();
    if !about_itself && !about_member {
        return false;
    }
    match &*triple.predicate {
        ldp::CONTAINS | stat::SIZE | stat::MTIME | dcterms::MODIFIED => true,
        rdf::TYPE => triple.object.as_iri().is_some_and(|class| is_managed_class(class)),
        _ => false,
    }
}

/// The names of the members that a graph makes claims about which only the server may make.
pub fn claimed(graph: &Graph, container_iri: &str) -> BTreeSet<String> {
    let managed = graph.iter().filter(|triple| is_managed(triple, container_iri, true));
    let terms = managed.flat_map(|triple| [&triple.subject, &triple.object]);
    terms.filter_map(|term| Some(member_name(term.as_iri()?, container_iri)?.to_owned())).collect()
}

fn is_managed_class(class: &str) -> bool {
    let ldp_class = matches!(
        class,
        ldp::RESOURCE
            | ldp::CONTAINER
            | ldp::BASIC_CONTAINER
            | ldp::RDF_SOURCE
            | ldp::NON_RDF_SOURCE
            | ldp::DIRECT_CONTAINER
            | ldp::INDIRECT_CONTAINER
    );
    ldp_class || class == pim::STORAGE_CLASS || class.starts_with("http://www.w3.org/ns/iana/media-types/")
}

/// The name of a direct member's IRI, trailing slash included.
fn member_name<'a>(iri: &'a str, container: &str) -> Option<&'a str> {
    let name = iri.strip_prefix(container)?;
    let segment = name.strip_suffix('/').unwrap_or(name);
    (!segment.is_empty() && !segment.contains(['/', '#', '?'])).then_some(name)
}

impl Facts<'_> {
    /// Whether a server-managed triple is true now.
    fn hold(&self, triple: &Triple) -> bool {
        let Some(subject) = triple.subject.as_iri() else { return false };
        if **subject == *self.iri {
            let contained = &*triple.predicate == ldp::CONTAINS
                && triple.object.as_iri().is_some_and(|object| self.member(object).is_some());
            let storage = self.is_storage && triple.object == Term::iri(pim::STORAGE_CLASS);
            return contained
                || storage && &*triple.predicate == rdf::TYPE
                || describe(self.record, self.is_container)
                    .any(|(predicate, object)| said(triple, predicate, &object));
        }
        self.member(subject).is_some_and(|member| {
            describe(Some(&member.record), member.path.is_container())
                .any(|(predicate, object)| said(triple, predicate, &object))
        })
    }

    fn member(&self, iri: &str) -> Option<&Member> {
        let name = member_name(iri, self.iri)?;
        let place = self.members.binary_search_by(|member| member.path.name().cmp(name)).ok()?;
        self.members.get(place)
    }
}

fn said(triple: &Triple, predicate: &str, object: &Term) -> bool {
    *triple.predicate == *predicate && triple.object == *object
}

/// The properties that the server states of a resource.
///
/// Spec: solid#server-contained-resource-metadata, P-66, P-67
pub fn describe(record: Option<&Record>, is_container: bool) -> impl Iterator<Item = (&'static str, Term)> {
    let mut stated = vec![(rdf::TYPE, Term::iri(ldp::RESOURCE))];
    if is_container {
        stated.push((rdf::TYPE, Term::iri(ldp::CONTAINER)));
        stated.push((rdf::TYPE, Term::iri(ldp::BASIC_CONTAINER)));
    }
    if let Some(record) = record {
        stated.push((dcterms::MODIFIED, date_time(record.modified)));
        stated.push((stat::MTIME, integer(record.modified.seconds())));
        if !is_container {
            stated.push((stat::SIZE, integer(record.size)));
            stated.extend(vocab::media_class(&record.media_type).map(|class| (rdf::TYPE, Term::iri(class))));
        }
    }
    stated.into_iter()
}

/// Everything the server says in a container's representation, as a graph.
pub fn managed(facts: &Facts<'_>) -> Graph {
    let mut graph = Graph::default();
    let itself = Term::iri(facts.iri);
    let mut say = |subject: &Term, predicate: &str, object: Term| {
        graph.extend(Triple::new(subject.clone(), predicate, object));
    };
    for (predicate, object) in describe(facts.record, facts.is_container) {
        say(&itself, predicate, object);
    }
    if facts.is_storage {
        say(&itself, rdf::TYPE, Term::iri(pim::STORAGE_CLASS));
    }
    for member in facts.members {
        let iri = Term::iri(format!("{}{}", facts.iri, member.path.name()));
        say(&itself, ldp::CONTAINS, iri.clone());
        for (predicate, object) in describe(Some(&member.record), member.path.is_container()) {
            say(&iri, predicate, object);
        }
    }
    graph
}

fn integer(number: impl std::fmt::Display) -> Term {
    literal(format!("{number}"), xsd::INTEGER)
}

fn date_time(time: Timestamp) -> Term {
    literal(time.to_string(), xsd::DATE_TIME)
}

fn literal(lexical: String, datatype: &str) -> Term {
    Term::Literal(Literal { lexical: lexical.into(), datatype: datatype.into(), language: None })
}
