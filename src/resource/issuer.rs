//! Who vouches for a WebID: the triples whose change needs more than Write.

use std::collections::BTreeSet;

use crate::rdf::format::Document;
use crate::rdf::graph::Triple;
use crate::rdf::vocab::solid;
use crate::storage::Record;

/// Whether `document`, written over `existing` at `url`, adds a `solid:oidcIssuer` to a WebID of `subject`: of the
/// document itself, or of what it describes, for a container shows what its description says.
///
/// Whoever could add one with Write alone could sign in as the pod's owner.
///
/// Spec: oidc#oidc-issuer-discovery
pub fn added(existing: Option<&Record>, document: &Document, url: &str, subject: &str) -> bool {
    let after = issuers(document, subject);
    if after.is_empty() {
        return false;
    }
    let before = existing.and_then(|record| record.document(url).ok());
    before.is_none_or(|before| !after.is_subset(&issuers(&before, subject)))
}

/// The issuers that a document states for the WebIDs of a resource.
fn issuers<'a>(document: &'a Document, of: &str) -> BTreeSet<&'a Triple> {
    let own = |triple: &&Triple| {
        let subject = triple.subject.as_iri().and_then(|subject| subject.strip_prefix(of));
        subject.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    };
    document.dataset.default.iter().filter(|triple| *triple.predicate == *solid::OIDC_ISSUER).filter(own).collect()
}
