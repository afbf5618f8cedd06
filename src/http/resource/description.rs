//! The storage description: what a client reads before it knows anything else.

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};

use super::{Adapter, Incoming, empty, fields};
use crate::http::body::Body;
use crate::http::negotiate::Wanted;
use crate::http::problem::Problem;
use crate::path::ResourcePath;
use crate::rdf::format::{Document, print};
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::{pim, rdf};

impl Adapter {
    /// Names that belong to the server: the storage description, and nothing else yet. They are
    /// answered before any ACL is consulted.
    ///
    /// Spec: P-43, W-94
    pub(super) async fn reserved(&self, name: &str, incoming: &Incoming<'_>, wanted: &Wanted) -> Response<Body> {
        let is_description = name == ".well-known" && incoming.path.local()[1..] == *fields::DESCRIPTION;
        let pod = self.pods.storage().pod(incoming.path.pod()).await;
        if !is_description || !matches!(pod, Ok(Some(_))) {
            return Problem::new(StatusCode::NOT_FOUND, "not-found").respond(wanted);
        }
        self.describe_storage(incoming, wanted)
    }

    /// Spec: solid#server-storage-description-resource, P-42, P-43
    fn describe_storage(&self, incoming: &Incoming<'_>, wanted: &Wanted) -> Response<Body> {
        const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
        let method = &incoming.head.method;
        if method == Method::OPTIONS {
            let mut response = empty(StatusCode::NO_CONTENT);
            response.headers_mut().insert(http::header::ALLOW, ALLOWED);
            return response;
        }
        if method != Method::GET && method != Method::HEAD {
            let allowed = ["GET", "HEAD", "OPTIONS"];
            return Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed").allow(allowed).respond(wanted);
        }
        let Some(offer) = wanted.choose_rdf(None) else {
            return Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable").respond(wanted);
        };
        let addresses = self.pods.addresses();
        let root = ResourcePath::root(incoming.path.pod().clone());
        let statement = Triple::new(Term::iri(addresses.iri(&root)), rdf::TYPE, Term::iri(pim::STORAGE_CLASS));
        let graph: Graph = statement.into_iter().collect();
        let prefixes = vec![("pim".to_owned(), pim::NS.to_owned())];
        let bytes = print(&Document { dataset: graph.into(), prefixes }, offer.format).unwrap_or_default();
        let mut response = empty(StatusCode::OK);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(offer.media_type));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(http::header::ALLOW, ALLOWED);
        fields::links(headers, addresses, &incoming.path, None);
        if method == Method::GET {
            *response.body_mut() = Body::from(bytes);
        }
        response
    }
}
