//! Groups on other servers, fetched within bounds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use quick_cache::sync::Cache;

use super::RemoteGroups;
use crate::access::acl::{document_of, members};
use crate::clock::{Clock, Timestamp};
use crate::fetch::{Document, Fetch, Fetched};
use crate::rdf::Graph;
use crate::rdf::format::{self, Format};
use crate::rdf::graph::{Iri, Term};

/// How long what a document says is taken as it is.
const KEPT: Duration = Duration::from_mins(1);
/// How long all groups of one decision may take together.
const TOGETHER: Duration = Duration::from_secs(5);
/// Documents that are remembered.
const DOCUMENTS: usize = 1024;
/// The most triples of a document.
const MOST_TRIPLES: usize = 50_000;

/// Groups, read over the network. A document that cannot be had is remembered as one without groups.
///
/// Spec: W-38
pub struct Elsewhere {
    fetch: Arc<Fetch>,
    clock: Arc<dyn Clock>,
    known: Cache<Iri, (Timestamp, Option<Graph>)>,
}

impl Elsewhere {
    pub fn new(fetch: Arc<Fetch>, clock: Arc<dyn Clock>) -> Self {
        Self { fetch, clock, known: Cache::new(DOCUMENTS) }
    }

    async fn group(&self, group: &Iri) -> Option<BTreeSet<Iri>> {
        let document: Iri = document_of(group).into();
        let now = self.clock.now();
        let known = self.known.get(&document).filter(|(read, _)| now < read.plus(KEPT));
        let graph = if let Some((_, graph)) = known {
            graph
        } else {
            let graph = self.fetch.get(&document, Document::Profile).await.ok().and_then(|fetched| graph(&fetched));
            self.known.insert(document, (now, graph.clone()));
            graph
        };
        Some(members(&graph?, &Term::Iri(Arc::clone(group))))
    }
}

#[async_trait]
impl RemoteGroups for Elsewhere {
    async fn members(&self, groups: &[Iri]) -> Vec<(Iri, BTreeSet<Iri>)> {
        let one = async |group: &Iri| {
            let members = tokio::time::timeout(TOGETHER, self.group(group)).await.ok().flatten();
            (Arc::clone(group), members.unwrap_or_default())
        };
        join_all(groups.iter().map(one)).await
    }
}

/// The default graph of a document. Relative IRIs resolve against where it was found.
///
/// Spec: O-42, O-64
pub fn graph(fetched: &Fetched) -> Option<Graph> {
    let format = Format::of(fetched.media_type()?)?;
    let found = fetched.status.is_success();
    let document = format::parse(&fetched.bytes, format, fetched.url.as_str()).ok().filter(|_| found)?;
    Some(document.dataset.default).filter(|graph| graph.len() <= MOST_TRIPLES)
}
