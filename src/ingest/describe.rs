//! What the pod says of a connection: a document that its owner, and the applications they let in, can read.

use std::sync::Arc;

use super::connection::Connection;
use super::outcome::Stopped;
use super::prefixes;
use super::report::{moment, text};
use super::write::{Is, OwnersAgent};
use crate::address::Addresses;
use crate::path::ResourcePath;
use crate::pods::Pods;
use crate::rdf::format::{self, Document, Format};
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::{cartable, dcterms, prov, rdf, rdfs};

/// The container of everything that connectors keep for themselves.
const CONNECTORS: &str = "/connectors/";

/// A place below what connectors keep for themselves.
pub(super) fn place(connection: &Connection, rest: &str) -> ResourcePath {
    let local = format!("{CONNECTORS}{}/{rest}", connection.id);
    ResourcePath::trusted(connection.pod.clone(), &local)
}

/// The connection as an agent.
pub(super) fn agent(connection: &Connection, addresses: &Addresses) -> String {
    format!("{}#this", addresses.iri(&place(connection, "account.ttl")))
}

/// Writes the description, in a container that only the owner may look into.
///
/// Spec: CP-20
pub(super) async fn describe(pods: &Arc<Pods>, connection: &Connection) -> Result<(), Stopped> {
    let addresses = pods.addresses();
    let this = agent(connection, addresses);
    let writer = OwnersAgent::new(Arc::clone(pods), &connection.owner, &this);
    let container = ResourcePath::trusted(connection.pod.clone(), CONNECTORS).as_container();
    if let Some(container) = container {
        writer.keep_private(&container, &connection.owner).await?;
    }
    let graph = graph(connection, &this);
    let prefixes = prefixes::with(Vec::new(), &graph);
    let path = place(connection, "account.ttl");
    let document = Document { dataset: graph.into(), prefixes };
    let bytes = format::print_at(&addresses.iri(&path), &document, Format::Turtle).unwrap_or_default();
    writer.put(&path, Format::Turtle.media_type(), bytes.into(), Is::Anything).await.map(|_| ())
}

fn graph(connection: &Connection, this: &str) -> Graph {
    let this = Term::iri(this);
    let says = [
        (rdf::TYPE, Term::iri(cartable::CONNECTION)),
        (rdf::TYPE, Term::iri(prov::SOFTWARE_AGENT)),
        (rdfs::LABEL, text(&connection.label)),
        (cartable::CONNECTOR, text(&connection.connector)),
        (cartable::FREQUENCY, text(connection.frequency.name())),
        (prov::ACTED_ON_BEHALF_OF, Term::iri(&*connection.owner)),
        (dcterms::CREATED, moment(connection.created)),
    ];
    says.into_iter().filter_map(|(property, value)| Triple::new(this.clone(), property, value)).collect()
}
