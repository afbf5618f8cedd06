//! The storage description: what a client reads before it knows anything else.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, LAST_MODIFIED};
use http::{Method, Response, StatusCode};
use sha2::{Digest, Sha256};

use super::show::WAC_ALLOW;
use super::{Adapter, Incoming, empty, fields};
use crate::access::{Mode, Rights, wac_allow};
use crate::http::body::Body;
use crate::http::conditional;
use crate::http::headers::http_date;
use crate::http::negotiate::Wanted;
use crate::http::problem::Problem;
use crate::path::ResourcePath;
use crate::rdf::format::{Document, print};
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::{pim, rdf};
use crate::resource::Refusal;
use crate::resource::condition::{EntityTag, Verdict};
use crate::storage::{Pod, Version};

const METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

impl Adapter {
    /// Names that belong to the server: the storage description, and nothing else yet. They are
    /// answered before any ACL is consulted.
    ///
    /// Spec: P-43, W-94
    pub(super) async fn reserved(&self, incoming: &Incoming<'_>, wanted: &Wanted) -> Result<Response<Body>, Problem> {
        let path = &incoming.path;
        let pod = self.pods.storage().pod(path.pod()).await?;
        match pod.filter(|_| path.local()[1..] == *fields::DESCRIPTION) {
            Some(pod) => self.describe_storage(&pod, incoming, wanted),
            None => Err(Refusal::NotFound.into()),
        }
    }

    /// Everyone may read it, and nobody may write it.
    ///
    /// Spec: solid#server-storage-description-resource, P-41, P-42, P-43, P-57, P-58
    fn describe_storage(&self, pod: &Pod, incoming: &Incoming<'_>, wanted: &Wanted) -> Result<Response<Body>, Problem> {
        let (path, head) = (&incoming.path, incoming.head);
        let mut response = match head.method {
            Method::GET | Method::HEAD => self.described(pod, incoming, wanted)?,
            Method::OPTIONS => empty(StatusCode::NO_CONTENT),
            _ => return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed").allow(METHODS)),
        };
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
        fields::links(headers, self.pods.addresses(), path, None);
        Ok(response)
    }

    fn described(&self, pod: &Pod, incoming: &Incoming<'_>, wanted: &Wanted) -> Result<Response<Body>, Problem> {
        let offer = wanted.choose_rdf(None).ok_or(Refusal::Unprintable)?;
        let root = self.pods.addresses().iri(&ResourcePath::root(pod.name.clone()));
        let statement = Triple::new(Term::iri(root), rdf::TYPE, Term::iri(pim::STORAGE_CLASS));
        let graph: Graph = statement.into_iter().collect();
        let prefixes = vec![("pim".to_owned(), pim::NS.to_owned())];
        let bytes = print(&Document { dataset: graph.into(), prefixes }, offer.format).map_err(Refusal::from)?;
        let tag = EntityTag::of(hash(&bytes), fields::word(Some(offer.format)));
        let mut response = match conditional::conditions(&incoming.head.headers).on_read(&tag, pod.created) {
            Verdict::Failed => return Err(Refusal::PreconditionFailed.into()),
            Verdict::NotModified => empty(StatusCode::NOT_MODIFIED),
            Verdict::Proceed => {
                let mut response = empty(StatusCode::OK);
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(offer.media_type));
                response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
                if incoming.head.method == Method::GET {
                    *response.body_mut() = Body::from(bytes);
                }
                response
            }
        };
        public(response.headers_mut());
        response.headers_mut().extend(HeaderValue::try_from(tag.to_string()).map(|tag| (ETAG, tag)));
        response.headers_mut().insert(LAST_MODIFIED, http_date(pod.created));
        Ok(response)
    }
}

/// What says that everyone may read.
fn public(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let rights = Rights { user: Mode::Read.into(), public: Mode::Read.into() };
    headers.extend(HeaderValue::try_from(wac_allow::print(rights)).map(|rights| (WAC_ALLOW, rights)));
}

/// Stands for the state of what changes with our code only.
fn hash(bytes: &[u8]) -> Version {
    let digest = Sha256::digest(bytes);
    Version(digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
