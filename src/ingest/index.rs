//! The owner's private type index: where applications look for things of a class.

use super::outcome::Stopped;
use super::run::Run;
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
///
/// Registrations are named nodes: some applications do not see others.
pub(super) async fn register(run: &Run<'_>, class: &str, what: &What) -> Result<(), Stopped> {
    let index = find(run).await?;
    let graph = run.read(&index).await?.unwrap_or_default();
    let (predicate, object) = what.says();
    let for_class = Term::iri(class);
    let says_so = |node: &Term| graph.objects(node, predicate).any(|value| *value == object);
    if graph.subjects(solid::FOR_CLASS, &for_class).any(says_so) {
        return Ok(());
    }
    let document = run.iri(&index);
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
    run.agent.insert(&index, triples.collect()).await
}

/// The index that the owner's profile names, or the preferences that the profile names; else where it usually is. One
/// in another pod is not ours to write.
async fn find(run: &Run<'_>) -> Result<ResourcePath, Stopped> {
    let owner = Term::iri(run.owner());
    let profile = match named(run, Some(&owner)) {
        Some(path) => path,
        None => run.path("/profile/card")?,
    };
    let profile = run.read(&profile).await?.unwrap_or_default();
    if let Some(index) = named(run, one(&profile, &owner, solid::PRIVATE_TYPE_INDEX)) {
        return Ok(index);
    }
    if let Some(preferences) = named(run, one(&profile, &owner, pim::PREFERENCES_FILE)) {
        let preferences = run.read(&preferences).await?.unwrap_or_default();
        if let Some(index) = named(run, one(&preferences, &owner, solid::PRIVATE_TYPE_INDEX)) {
            return Ok(index);
        }
    }
    run.path(USUAL)
}

fn one<'a>(graph: &'a Graph, subject: &'a Term, predicate: &'a str) -> Option<&'a Term> {
    graph.objects(subject, predicate).next()
}

/// The place in this pod that a term names.
fn named(run: &Run<'_>, term: Option<&Term>) -> Option<ResourcePath> {
    let path = run.parts.pods.addresses().path_of(term?.as_iri()?)?;
    (path.pod() == run.pod().pod() && !path.is_container()).then_some(path)
}

/// The fragment of a registration: the same for the same.
fn name(class: &str, what: &What) -> String {
    let (What::Instance(iri) | What::Container(iri)) = what;
    let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("{class} {iri}").as_bytes());
    format!("cartable-{}", name.simple())
}
