//! Who vouches for a WebID: the triples whose change needs more than Write.

use std::collections::BTreeSet;

use crate::rdf::format::Document;
use crate::rdf::graph::Triple;
use crate::rdf::vocab::solid;
use crate::storage::Record;

/// Whether `document`, written over `existing`, adds a `solid:oidcIssuer` to a WebID of its own.
///
/// Whoever could add one with Write alone could sign in as the pod's owner.
///
/// Spec: oidc#oidc-issuer-discovery
pub fn added(existing: Option<&Record>, document: &Document, iri: &str) -> bool {
    let after = issuers(document, iri);
    if after.is_empty() {
        return false;
    }
    let before = existing.and_then(|record| record.document(iri).ok());
    before.is_none_or(|before| !after.is_subset(&issuers(&before, iri)))
}

/// The issuers that a document states for subjects of its own.
fn issuers<'a>(document: &'a Document, iri: &str) -> BTreeSet<&'a Triple> {
    let own = |triple: &&Triple| {
        let subject = triple.subject.as_iri().and_then(|subject| subject.strip_prefix(iri));
        subject.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    };
    document.dataset.default.iter().filter(|triple| *triple.predicate == *solid::OIDC_ISSUER).filter(own).collect()
}
