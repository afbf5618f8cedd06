//! What a run did, for its owner: counts, proposals, reasons. It names no person.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::connection::ConnectionId;
use super::merge::Proposal;
use super::outcome::{Status, Stopped};
use crate::clock::Timestamp;
use crate::rdf::graph::{Graph, Iri, Literal, Term, Triple};
use crate::rdf::vocab::{cartable, dcterms, prov, rdf, rdfs, xsd};

/// The most proposals that one report lists.
const MOST_PROPOSALS: usize = 1000;

/// What a run has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub created: u64,
    pub updated: u64,
    /// Documents that are as they should be already, or as their owner wants them.
    pub kept: u64,
    pub removed: u64,
    /// What did not come in, by reason: names of shapes and of fields, never values.
    pub rejected: BTreeMap<Cow<'static, str>, u64>,
    /// What else is worth telling, and how often.
    pub notes: BTreeMap<Cow<'static, str>, u64>,
    /// What the source would have where the owner has edited.
    pub proposals: Vec<Proposal>,
}

/// Which run a report is of.
pub struct Activity<'a> {
    /// The run: `…/runs/20261026T210000Z.ttl#run`.
    pub iri: &'a str,
    /// The connection as an agent.
    pub agent: &'a str,
    /// Where the data came from.
    pub source: Option<&'a Iri>,
    pub by_owner: bool,
    pub owner: &'a str,
    pub started: Timestamp,
    pub ended: Timestamp,
    pub end: Result<Status, Stopped>,
}

impl Report {
    /// Whether a document changed.
    pub fn has_changes(&self) -> bool {
        self.created + self.updated + self.removed > 0
    }

    /// The report as RDF; `document` gives the IRI of a path.
    pub fn graph(&self, of: &Activity<'_>, document: impl Fn(&crate::path::ResourcePath) -> String) -> Graph {
        let run = Term::iri(of.iri);
        let mut graph = Graph::default();
        let mut say = |subject: &Term, predicate: &str, object: Term| {
            graph.extend(Triple::new(subject.clone(), predicate, object));
        };
        for class in [prov::ACTIVITY, cartable::RUN] {
            say(&run, rdf::TYPE, Term::iri(class));
        }
        say(&run, prov::STARTED_AT_TIME, moment(of.started));
        say(&run, prov::ENDED_AT_TIME, moment(of.ended));
        say(&run, prov::WAS_ASSOCIATED_WITH, Term::iri(of.agent));
        if of.by_owner {
            say(&run, prov::WAS_STARTED_BY, Term::iri(of.owner));
        }
        if let Some(source) = of.source {
            say(&run, prov::USED, Term::Iri(source.clone()));
        }
        let (status, at) = match &of.end {
            Ok(status) => (*status, None),
            Err(stopped) => (stopped.status, stopped.at),
        };
        say(&run, cartable::STATUS, text(status.name()));
        if let Some(at) = at {
            say(&run, cartable::FIELD, text(at));
        }
        let rejected = self.rejected.values().sum();
        let counts = [
            (cartable::CREATED, self.created),
            (cartable::UPDATED, self.updated),
            (cartable::KEPT, self.kept),
            (cartable::REMOVED, self.removed),
            (cartable::REJECTED, rejected),
        ];
        for (property, count) in counts {
            say(&run, property, integer(count));
        }
        for (reason, count) in &self.rejected {
            say(&run, cartable::REASON, text(&format!("{reason}: {count}")));
        }
        for (note, count) in &self.notes {
            say(&run, rdfs::COMMENT, text(&format!("{note}: {count}")));
        }
        for (number, proposal) in self.proposals.iter().take(MOST_PROPOSALS).enumerate() {
            let node = Term::iri(format!("{}-proposal-{}", of.iri, number + 1));
            say(&run, cartable::PROPOSAL, node.clone());
            say(&node, rdf::TYPE, Term::iri(cartable::PROPOSAL_CLASS));
            say(&node, dcterms::IS_PART_OF, Term::iri(document(&proposal.path)));
            say(&node, dcterms::SUBJECT, proposal.field.0.clone());
            say(&node, cartable::FIELD, Term::Iri(proposal.field.1.clone()));
            for value in &proposal.values {
                say(&node, cartable::REMOTE_VALUE, value.clone());
            }
        }
        graph
    }
}

/// Where the report of a run of this connection lies in the pod. Names sort by time.
pub fn place(id: &ConnectionId, started: Timestamp) -> String {
    format!("/connectors/{id}/runs/{}.ttl", name(started))
}

/// The name of a report's file, without its end.
pub fn name(started: Timestamp) -> String {
    started.to_string().replace(['-', ':'], "")
}

pub fn text(text: &str) -> Term {
    literal(text, xsd::STRING)
}

pub fn moment(at: Timestamp) -> Term {
    literal(&at.to_string(), xsd::DATE_TIME)
}

pub fn integer(number: u64) -> Term {
    literal(&number.to_string(), xsd::INTEGER)
}

fn literal(lexical: &str, datatype: &str) -> Term {
    Term::Literal(Literal { lexical: lexical.into(), datatype: datatype.into(), language: None })
}
