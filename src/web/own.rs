//! A pod as the pages of its owner read and write it: each time a request like any other, of an application of theirs
//! that is this server.

use std::sync::Arc;

use http::StatusCode;

use super::{Asked, Instead, Pages};
use crate::http::Problem;
use crate::identity::account::SignedIn;
use crate::ingest::outcome::{Status, Stopped};
use crate::ingest::write::OwnersAgent;
use crate::path::{ContainerPath, PodName, ResourcePath};
use crate::rdf::graph::{Graph, Literal, Term};
use crate::rdf::vocab::solid;

/// The type index that only its owner reads, where we make it.
pub(super) const PRIVATE_INDEX: &str = "/settings/privateTypeIndex";

/// A pod of the person who is signed in.
pub(super) struct Own<'a> {
    pages: &'a Pages,
    pub pod: PodName,
    /// The WebID of the account to which the pod belongs.
    pub owner: String,
    pub agent: OwnersAgent,
}

impl<'a> Own<'a> {
    /// The pod that the field `pod` of the form or the query names, else the first; `None`: the account has no pod that
    /// is its own.
    pub async fn of(pages: &'a Pages, by: &SignedIn, asked: &Asked) -> Result<Option<Self>, Instead> {
        let named = asked.form.as_ref().and_then(|form| form.find("pod")).or_else(|| asked.query.find("pod"));
        for name in &by.account.pods {
            if named.is_some_and(|named| name.as_str() != named) {
                continue;
            }
            let Some(pod) = pages.accounts.storage().pod(name).await? else { continue };
            let Some(owner) = pod.owners.iter().find(|owner| by.account.webids.contains(owner)) else { continue };
            let client = format!("{}.account/", pages.addresses.base());
            let agent = OwnersAgent::new(Arc::clone(&pages.profiles.pods), owner, &client);
            return Ok(Some(Self { pages, pod: name.clone(), owner: owner.clone(), agent }));
        }
        Ok(None)
    }

    /// A place in the pod, by its local path.
    pub fn path(&self, local: &str) -> Option<ResourcePath> {
        ResourcePath::parse(self.pod.clone(), local).ok()
    }

    /// The place in the pod that a term names.
    pub fn place(&self, term: &Term) -> Option<ResourcePath> {
        let place = self.pages.addresses.path_of(term.as_iri()?)?;
        (*place.pod() == self.pod).then_some(place)
    }

    pub fn iri(&self, path: &ResourcePath) -> String {
        self.pages.addresses.iri(path)
    }

    /// What a document says; nothing if there is none.
    pub async fn graph(&self, path: &ResourcePath) -> Result<Graph, Instead> {
        let Some(held) = self.agent.look(path).await.map_err(broken)? else { return Ok(Graph::default()) };
        let document = self.agent.document(&held).await.map_err(broken)?;
        Ok(document.map(|document| document.dataset.default.clone()).unwrap_or_default())
    }

    /// The documents below a container.
    pub async fn documents(&self, container: &ContainerPath) -> Result<Vec<ResourcePath>, Instead> {
        let mut below = self.agent.below(container).await.map_err(broken)?;
        below.retain(|path| !path.is_container());
        Ok(below)
    }

    /// Where things of a class are, as the private type index says: documents and containers of this pod.
    pub async fn registered(&self, class: &str) -> Result<Vec<ResourcePath>, Instead> {
        let Some(index) = self.path(PRIVATE_INDEX) else { return Ok(Vec::new()) };
        let graph = self.graph(&index).await?;
        let mut places: Vec<_> = graph
            .subjects(solid::FOR_CLASS, &Term::iri(class))
            .flat_map(|entry| {
                [solid::INSTANCE, solid::INSTANCE_CONTAINER].into_iter().flat_map(|named| graph.objects(entry, named))
            })
            .filter_map(|place| self.place(place))
            .collect();
        places.sort();
        places.dedup();
        Ok(places)
    }
}

/// A pod that cannot be read or written, as a problem.
pub(super) fn broken(stopped: Stopped) -> Instead {
    let (status, kind) = match stopped.status {
        Status::QuotaFull => (StatusCode::PAYLOAD_TOO_LARGE, "quota-exceeded"),
        Status::WriteRefused => (StatusCode::FORBIDDEN, "forbidden"),
        _ => return Problem::fault(StatusCode::SERVICE_UNAVAILABLE, "storage", &stopped).into(),
    };
    Problem::new(status, kind).into()
}

/// The text of the first literal that a property of a subject has.
pub(super) fn text(graph: &Graph, subject: &Term, property: &str) -> Option<String> {
    graph.objects(subject, property).find_map(|term| match term {
        Term::Literal(Literal { lexical, .. }) => Some(lexical.to_string()),
        _ => None,
    })
}

/// The first IRI that a property of a subject has.
pub(super) fn link(graph: &Graph, subject: &Term, property: &str) -> Option<String> {
    graph.objects(subject, property).find_map(|term| term.as_iri().map(ToString::to_string))
}
