//! The owner's private type index: where applications look for things of a class.

use super::outcome::Stopped;
use super::run::Run;
use super::write::OwnersAgent;
use crate::address::Addresses;
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::{pim, rdf, solid};

/// Where the index is if nothing says so.
const USUAL: &str = "/settings/privateTypeIndex";

/// What is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// One thing, such as an address book.
    Instance(String),
    /// A container of such things.
    Container(String),
}

impl What {
    fn says(&self) -> (&'static str, Term) {
        match self {
            Self::Instance(iri) => (solid::INSTANCE, Term::iri(iri.as_str())),
            Self::Container(iri) => (solid::INSTANCE_CONTAINER, Term::iri(iri.as_str())),
        }
    }
}

/// What a connector remembers of a registration.
pub(super) fn registered(agent: &str, class: &str, what: &What) -> Triple {
    let (predicate, object) = what.says();
    let subject = Term::iri(format!("{agent}-{}", name(class, what)));
    Triple { subject, predicate: predicate.into(), object }
}

/// Adds a registration to the index, unless there is one that says the same.
pub(super) async fn register(run: &Run<'_>, class: &str, what: &What) -> Result<(), Stopped> {
    let addresses = run.parts.pods.addresses();
    let whose = Whose { agent: &run.agent, addresses, owner: run.owner(), pod: run.pod() };
    whose.register(class, what).await
}

/// What has to be added to an index, the document at an IRI, for it to hold a registration; `None`: it says so already.
///
/// Registrations are named nodes: some applications do not see others.
pub(super) fn entry(graph: &Graph, document: &str, class: &str, what: &What) -> Option<Vec<Triple>> {
    let (predicate, object) = what.says();
    let for_class = Term::iri(class);
    let says_so = |node: &Term| graph.objects(node, predicate).any(|value| *value == object);
    if graph.subjects(solid::FOR_CLASS, &for_class).any(says_so) {
        return None;
    }
    let node = Term::iri(format!("{document}#{}", name(class, what)));
    let mut says = vec![
        (node.clone(), rdf::TYPE, Term::iri(solid::TYPE_REGISTRATION)),
        (node.clone(), solid::FOR_CLASS, for_class),
        (node, predicate, object),
    ];
    if graph.is_empty() {
        let document = Term::iri(document);
        says.push((document.clone(), rdf::TYPE, Term::iri(solid::TYPE_INDEX)));
        says.push((document, rdf::TYPE, Term::iri(solid::UNLISTED_DOCUMENT)));
    }
    let triples = says.into_iter().filter_map(|(subject, predicate, object)| Triple::new(subject, predicate, object));
    Some(triples.collect())
}

/// Whose index it is, and who reads it.
pub struct Whose<'a> {
    pub agent: &'a OwnersAgent,
    pub addresses: &'a Addresses,
    pub owner: &'a str,
    /// The root of the pod.
    pub pod: &'a ResourcePath,
}

impl Whose<'_> {
    /// Adds a registration to the index, unless there is one that says the same.
    pub async fn register(&self, class: &str, what: &What) -> Result<(), Stopped> {
        let index = find(self).await?;
        let graph = self.read(&index).await?;
        match entry(&graph, &self.addresses.iri(&index), class, what) {
            Some(triples) => self.agent.insert(&index, triples).await,
            None => Ok(()),
        }
    }

    fn path(&self, local: &'static str) -> ResourcePath {
        ResourcePath::trusted(self.pod.pod().clone(), local)
    }

    async fn read(&self, path: &ResourcePath) -> Result<Graph, Stopped> {
        let Some(held) = self.agent.look(path).await? else { return Ok(Graph::default()) };
        let document = self.agent.document(&held).await?;
        Ok(document.map(|document| document.dataset.default.clone()).unwrap_or_default())
    }

    /// The place in this pod that a term names.
    fn named(&self, term: Option<&Term>) -> Option<ResourcePath> {
        let path = self.addresses.path_of(term?.as_iri()?)?;
        (path.pod() == self.pod.pod() && !path.is_container()).then_some(path)
    }
}

/// The index that the owner's profile names, or the preferences that the profile names; else where it usually is. One
/// in another pod is not ours to write.
pub(super) async fn find(whose: &Whose<'_>) -> Result<ResourcePath, Stopped> {
    let owner = Term::iri(whose.owner);
    let profile = whose.named(Some(&owner)).unwrap_or_else(|| whose.path("/profile/card"));
    let profile = whose.read(&profile).await?;
    if let Some(index) = whose.named(one(&profile, &owner, solid::PRIVATE_TYPE_INDEX)) {
        return Ok(index);
    }
    if let Some(preferences) = whose.named(one(&profile, &owner, pim::PREFERENCES_FILE)) {
        let preferences = whose.read(&preferences).await?;
        if let Some(index) = whose.named(one(&preferences, &owner, solid::PRIVATE_TYPE_INDEX)) {
            return Ok(index);
        }
    }
    Ok(whose.path(USUAL))
}

fn one<'a>(graph: &'a Graph, subject: &'a Term, predicate: &'a str) -> Option<&'a Term> {
    graph.objects(subject, predicate).next()
}

/// The fragment of a registration: the same for the same.
fn name(class: &str, what: &What) -> String {
    let (What::Instance(iri) | What::Container(iri)) = what;
    let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("{class} {iri}").as_bytes());
    format!("cartable-{}", name.simple())
}
