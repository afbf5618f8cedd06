//! What documents say at another place. ACLs and descriptions name what they are about, so the IRIs in them that lie
//! under the old place are rewritten.

use std::sync::Arc;

use bytes::Bytes;

use super::Error;
use crate::address::Addresses;
use crate::path::{ACL_SUFFIX, DESCRIPTION_SUFFIX, ResourcePath};
use crate::rdf::format::{self, Document};
use crate::rdf::graph::{Graph, Term, Triple};
use crate::resource::{Refusal, Unreadable, issuer};
use crate::storage::{Content, NewBody, Record, Spot};

/// A tree that goes from one place to another.
pub(super) struct Relocation {
    addresses: Arc<Addresses>,
    from: ResourcePath,
    to: ResourcePath,
    old: String,
    new: String,
}

impl Relocation {
    pub fn new(addresses: Arc<Addresses>, from: ResourcePath, to: ResourcePath) -> Self {
        let (old, new) = (addresses.iri(&from), addresses.iri(&to));
        Self { addresses, from, to, old, new }
    }

    /// Whether a resource says at its new place, itself or by its description, who vouches for a WebID of its.
    pub fn vouches(&self, spot: &Spot, path: &ResourcePath) -> Result<bool, Error> {
        let to = path.rebased(&self.from, &self.to).ok_or(Refusal::Overlap)?;
        let iri = self.addresses.iri(&to);
        let itself = spot.record.as_ref().filter(|record| record.format().is_some());
        let itself = itself.map(|record| record.document(&iri)).transpose()?;
        let description = spot.description.as_ref();
        let description = description.map(|record| self.document(record, &path.description())).transpose()?;
        Ok([itself, description].iter().flatten().any(|document| issuer::added(None, document, &iri, &iri)))
    }

    /// The ACL or description at `path`, rewritten, in the format that it had.
    pub fn content(&self, record: &Record, path: &ResourcePath, by: Option<Arc<str>>) -> Result<Content, Error> {
        let format = record.format().ok_or(Error::Corrupt("an auxiliary resource is not RDF"))?;
        let printed = format::print(&self.document(record, path)?, format).map_err(Refusal::from)?;
        let body = NewBody::Inline(Bytes::from(printed));
        Ok(Content { media_type: record.media_type.clone(), body, by, inbox: None })
    }

    fn document(&self, record: &Record, path: &ResourcePath) -> Result<Document, Unreadable> {
        let mut document = record.document(&self.addresses.iri(path))?;
        document.dataset.default = self.graph(document.dataset.default);
        for (_, graph) in &mut document.dataset.named {
            *graph = self.graph(std::mem::take(graph));
        }
        Ok(document)
    }

    fn graph(&self, graph: Graph) -> Graph {
        graph.into_iter().map(|triple| self.triple(triple)).collect()
    }

    fn triple(&self, triple: Triple) -> Triple {
        let predicate = self.iri(&triple.predicate).map_or(triple.predicate, Into::into);
        Triple { subject: self.term(triple.subject), predicate, object: self.term(triple.object) }
    }

    fn term(&self, term: Term) -> Term {
        match &term {
            Term::Iri(iri) => self.iri(iri).map_or(term, Term::iri),
            _ => term,
        }
    }

    /// Where an IRI at or under the old place has gone; `None` for all others.
    fn iri(&self, iri: &str) -> Option<String> {
        let rest = iri.strip_prefix(&self.old)?;
        let auxiliary = rest.strip_prefix(ACL_SUFFIX).or_else(|| rest.strip_prefix(DESCRIPTION_SUFFIX));
        let inside = |rest: &str| rest.is_empty() || rest.starts_with(['#', '?']);
        let moves = self.old.ends_with('/') || inside(rest) || auxiliary.is_some_and(inside);
        moves.then(|| format!("{}{rest}", self.new))
    }
}
