//! Who vouches for a WebID: the triples whose change needs more than Write.

use std::collections::BTreeSet;

use crate::rdf::format::{self, Format};
use crate::rdf::graph::{Term, Triple};
use crate::rdf::vocab::solid;
use crate::storage::{Content, NewBody, Record};

/// Whether writing `content` over `existing` adds a `solid:oidcIssuer` to a WebID of this document.
///
/// Whoever could add one with Write alone could sign in as the pod's owner.
///
/// Spec: oidc#oidc-issuer-discovery
pub fn added(existing: Option<&Record>, content: &Content, iri: &str) -> bool {
    let NewBody::Inline(bytes) = &content.body else { return false };
    let after = issuers(bytes, &content.media_type, iri);
    if after.is_empty() {
        return false;
    }
    let before = existing.map(|record| issuers(record.inline(), &record.media_type, iri)).unwrap_or_default();
    !after.is_subset(&before)
}

/// The issuers that a document states for subjects of its own.
fn issuers(bytes: &[u8], media_type: &str, iri: &str) -> BTreeSet<Triple> {
    let Some(document) = Format::of(media_type).and_then(|format| format::parse(bytes, format, iri).ok()) else {
        return BTreeSet::new();
    };
    let own = |subject: &Term| {
        subject.as_iri().is_some_and(|subject| subject.split('#').next().is_some_and(|document| document == iri))
    };
    document
        .dataset
        .default
        .into_iter()
        .filter(|triple| *triple.predicate == *solid::OIDC_ISSUER && own(&triple.subject))
        .collect()
}
