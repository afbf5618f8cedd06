//! Whom a WebID trusts to speak for it: the issuers that its document lists.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use quick_cache::sync::Cache;

use super::Refused;
use super::account::Hosted;
use super::issuer::{Away, found};
use super::token::{Claims, Fault};
use crate::clock::Timestamp;
use crate::fetch::{Document, Fetch};
use crate::pods::remote::graph;
use crate::pods::{self, Pods};
use crate::rdf::{self, Graph, Term, vocab};
use crate::storage;

/// How long what a document lists is taken as it is, unless it asks for less.
///
/// Spec: O-51
const KEPT: Duration = Duration::from_mins(5);
/// The same for a document that lists nobody or cannot be read; and when to come back if its host is away.
///
/// Spec: O-51
const MISSED: Duration = Duration::from_secs(30);
/// A document that does not list an issuer is not looked at again for this long.
///
/// Spec: O-51
const PAUSE: Duration = Duration::from_mins(1);
/// Documents longer than this are not parsed between two requests.
const LONG: usize = 32 << 10;
/// WebIDs that are remembered.
const WEBIDS: usize = 16_384;

/// The WebID documents that this server keeps. They are read from storage, never fetched.
///
/// Spec: O-44
#[async_trait]
pub trait LocalProfiles: Send + Sync + 'static {
    /// The document that a WebID of ours names, as it is now; `None` if there is none. Asked on every request, so it
    /// should come from a cache that holds by version.
    async fn read(&self, webid: &str) -> storage::Result<Option<Arc<rdf::Document>>>;
}

/// The WebIDs elsewhere that have come by.
pub struct WebIds {
    fetch: Arc<Fetch>,
    known: Cache<Arc<str>, Arc<Known>>,
}

/// What is known of a WebID.
struct Known {
    /// The issuers that its document lists; `None`: it cannot be read.
    issuers: Option<Vec<Arc<str>>>,
    until: Timestamp,
    /// When the document was last looked at because an issuer was missing, in milliseconds since 1970.
    missed: AtomicI64,
}

impl Known {
    fn lists(&self, issuer: &str) -> Result<(), Fault> {
        let issuers = self.issuers.as_ref().ok_or(Fault::WebIdDocument)?;
        if issuers.iter().any(|listed| same_issuer(listed, issuer)) { Ok(()) } else { Err(Fault::NotListed) }
    }
}

impl WebIds {
    pub fn new(fetch: Arc<Fetch>) -> Self {
        Self { fetch, known: Cache::new(WEBIDS) }
    }

    /// Checks that the WebID of a token lists the token's issuer. `admit` is asked before a WebID that is not known is
    /// looked up.
    ///
    /// Spec: O-40, O-51, oidc#id-token-validation
    pub async fn check(
        &self,
        claims: &Claims,
        now: Timestamp,
        admit: impl Fn() -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let webid = &claims.webid;
        let known = match self.known.get(webid) {
            Some(known) if now < known.until => known,
            known => {
                if known.is_none() {
                    admit()?;
                }
                self.look(webid, now).await?
            }
        };
        let Err(fault) = known.lists(&claims.issuer) else { return Ok(()) };
        let missed = Timestamp::from_millis(known.missed.load(Ordering::Relaxed));
        if now < missed.plus(PAUSE) {
            return Err(fault.into());
        }
        Ok(self.look(webid, now).await?.lists(&claims.issuer)?)
    }

    /// Looks at a document and remembers what it lists.
    async fn look(&self, webid: &Arc<str>, now: Timestamp) -> Result<Arc<Known>, Refused> {
        let (issuers, kept) = match self.read(webid).await {
            Ok((document, max_age)) => {
                let issuers: Vec<_> = listed(&document, &Term::Iri(Arc::clone(webid))).cloned().collect();
                let kept = if issuers.is_empty() { MISSED } else { max_age.map_or(KEPT, |age| age.min(KEPT)) };
                (Some(issuers), kept)
            }
            Err(Unread::Unusable) => (None, MISSED),
            Err(Unread::Away) => return Err(Refused::Away(MISSED)),
        };
        let known = Arc::new(Known { issuers, until: now.plus(kept), missed: AtomicI64::new(now.millis()) });
        self.known.insert(Arc::clone(webid), Arc::clone(&known));
        Ok(known)
    }

    /// The document of a WebID elsewhere, as it is now, and how long it is good for, if it says so.
    ///
    /// Spec: O-40, O-42, O-64
    pub async fn read(&self, webid: &str) -> Result<(Graph, Option<Duration>), Unread> {
        let fetched = found(self.fetch.get(webid, Document::Profile).await)?.ok_or(Unread::Unusable)?;
        let max_age = fetched.max_age();
        let document = if fetched.bytes.len() > LONG {
            tokio::task::spawn_blocking(move || graph(&fetched)).await.ok().flatten()
        } else {
            graph(&fetched)
        };
        Ok((document.ok_or(Unread::Unusable)?, max_age))
    }
}

/// Why a WebID document was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// There is none, or it is no RDF that we read.
    Unusable,
    /// Its host is away.
    Away,
}

impl From<Away> for Unread {
    fn from(_: Away) -> Self {
        Self::Away
    }
}

/// The issuers that a document lists for exactly this WebID.
fn listed<'a>(document: &'a Graph, webid: &'a Term) -> impl Iterator<Item = &'a Arc<str>> {
    document.objects(webid, vocab::solid::OIDC_ISSUER).filter_map(Term::as_iri)
}

/// The documents of our own pods and of our own host for WebIDs, as they are now.
///
/// Spec: O-44, M-51
#[async_trait]
impl LocalProfiles for Pods {
    async fn read(&self, webid: &str) -> storage::Result<Option<Arc<rdf::Document>>> {
        if let Some(name) = self.addresses().webid_name(webid) {
            let hosted = Hosted::read(&**self.storage(), &name).await?;
            return Ok(hosted.and_then(|(hosted, _)| hosted.document(&name, self.addresses())).map(Arc::new));
        }
        self.document(webid).await.map_err(|error| match error {
            pods::Error::Storage(error) => error,
            other => storage::Error::Failed(other.to_string()),
        })
    }
}

/// Whether a WebID document lists an issuer for exactly this WebID.
///
/// Spec: O-40, O-41, oidc#iss-check
pub fn lists(document: &Graph, webid: &Arc<str>, issuer: &str) -> bool {
    listed(document, &Term::Iri(Arc::clone(webid))).any(|listed| same_issuer(listed, issuer))
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
