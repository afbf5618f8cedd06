//! Who vouches for a WebID: the triples whose change needs more than Write.

use std::collections::BTreeSet;

use crate::rdf::format::{self, Document, Format};
use crate::rdf::graph::Triple;
use crate::rdf::vocab::solid;
use crate::storage::{Content, NewBody, Record, Write};

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

/// Whether a write at `url` leaves a WebID of `subject`, for which `existing` named issuers, without any.
///
/// Spec: O-214
pub fn lost(existing: Option<&Record>, write: &Write, url: &str, subject: &str) -> bool {
    let local = solid::OIDC_ISSUER.strip_prefix(solid::NS).unwrap_or(solid::OIDC_ISSUER);
    // Nearly every document names none, and need not be parsed to know it.
    let names_some = |record: &&Record| std::str::from_utf8(record.inline()).is_ok_and(|text| text.contains(local));
    let Some(before) = existing.filter(names_some).and_then(|record| record.document(url).ok()) else { return false };
    let after = match write {
        Write::Put { content: Content { media_type, body: NewBody::Inline(bytes), .. }, .. } => {
            Format::of(media_type).and_then(|format| format::parse(bytes, format, url).ok())
        }
        _ => None,
    };
    let after = after.unwrap_or_default();
    let kept: BTreeSet<_> = issuers(&after, subject).into_iter().map(|triple| &triple.subject).collect();
    issuers(&before, subject).into_iter().any(|triple| !kept.contains(&triple.subject))
}

/// The issuers that a document states for the WebIDs of a resource.
fn issuers<'a>(document: &'a Document, of: &str) -> BTreeSet<&'a Triple> {
    let own = |triple: &&Triple| {
        let subject = triple.subject.as_iri().and_then(|subject| subject.strip_prefix(of));
        subject.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    };
    document.dataset.default.iter().filter(|triple| *triple.predicate == *solid::OIDC_ISSUER).filter(own).collect()
}
