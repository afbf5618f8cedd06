//! Whom a WebID trusts to speak for it: the issuers that its document lists.

use std::sync::Arc;

use async_trait::async_trait;

use crate::pods::{self, Pods};
use crate::rdf::{Graph, Term, vocab};
use crate::storage;

/// The WebID documents that this server keeps. They are read from storage, never fetched.
///
/// Spec: O-44
#[async_trait]
pub trait LocalProfiles: Send + Sync + 'static {
    /// The document that a WebID of ours names, as it is now; `None` if there is none. Asked on every request, so it
    /// should come from a cache that holds by version.
    async fn read(&self, webid: &str) -> storage::Result<Option<Arc<Graph>>>;
}

/// The documents of our own pods, as they are now.
#[async_trait]
impl LocalProfiles for Pods {
    async fn read(&self, webid: &str) -> storage::Result<Option<Arc<Graph>>> {
        match self.document(webid).await {
            Ok(document) => Ok(document.map(|document| Arc::new(document.dataset.default.clone()))),
            Err(pods::Error::Storage(error)) => Err(error),
            Err(other) => Err(storage::Error::Failed(other.to_string())),
        }
    }
}

/// Whether a WebID document lists an issuer for exactly this WebID.
///
/// Spec: O-40, O-41
pub fn lists(document: &Graph, webid: &Arc<str>, issuer: &str) -> bool {
    let subject = Term::Iri(Arc::clone(webid));
    document
        .objects(&subject, vocab::solid::OIDC_ISSUER)
        .filter_map(Term::as_iri)
        .any(|listed| same_issuer(listed, issuer))
}

/// Issuers compare byte for byte, except that the path of an origin may be empty or `/`.
///
/// Spec: O-41
pub fn same_issuer(left: &str, right: &str) -> bool {
    let origin = |iri: &str| {
        let rest = iri.split_once("://").map(|(_, rest)| rest.strip_suffix('/').unwrap_or(rest))?;
        (!rest.is_empty() && !rest.contains(['/', '?', '#'])).then(|| iri.strip_suffix('/').unwrap_or(iri).to_owned())
    };
    left == right || origin(left).is_some_and(|left| origin(right) == Some(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_compare_exactly_but_for_the_slash_of_an_origin() {
        let table = [
            ("https://op.example", "https://op.example/", true),
            ("https://op.example/", "https://op.example/", true),
            ("https://op.example/a", "https://op.example/a", true),
            ("https://op.example/a", "https://op.example/a/", false),
            ("https://op.example//", "https://op.example/", false),
            ("https://op.example", "https://OP.example", false),
            ("https://op.example", "http://op.example", false),
            ("https://op.example", "https://op.example:443", false),
            ("https://op.example?a", "https://op.example?a/", false),
            ("https:///", "https://", false),
        ];
        for (left, right, same) in table {
            assert_eq!(same_issuer(left, right), same, "{left} {right}");
            assert_eq!(same_issuer(right, left), same, "{right} {left}");
        }
    }
}
