//! WebID documents on a host of their own: public, and read as a pod's documents are; nobody writes them.

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, LAST_MODIFIED, LINK,
};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use super::body::Body;
use super::conditional;
use super::headers::http_date;
use super::headers::link::Printer;
use super::negotiate::{Offer, Wanted};
use super::problem::Problem;
use super::range::{self, Selected};
use super::resource::word;
use crate::address::Addresses;
use crate::clock::Timestamp;
use crate::identity::account::{Accounts, Hosted};
use crate::path::PodName;
use crate::rdf::format::{self, Document, Format};
use crate::rdf::vocab::ldp;
use crate::resource::Refusal;
use crate::resource::condition::{EntityTag, Verdict};
use crate::storage::Version;

const METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
const WAC_ALLOW: HeaderName = HeaderName::from_static("wac-allow");

/// A document as it is now.
struct Shown {
    document: Document,
    offer: Offer,
    tag: EntityTag,
}

/// Answers a request for the document of the WebID of this name.
///
/// Spec: M-51, O-329, solid#server-method-not-allowed, P-6, P-92
pub async fn answer(
    accounts: &Accounts,
    addresses: &Addresses,
    name: &PodName,
    head: &Parts,
) -> Result<Response<Body>, Problem> {
    match head.method {
        Method::OPTIONS => {
            let mut response = empty(StatusCode::NO_CONTENT);
            describe(response.headers_mut());
            Ok(response)
        }
        Method::GET | Method::HEAD => {
            let found = Hosted::read(accounts.storage(), name).await?;
            let (hosted, version) = found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not-found"))?;
            let owner = accounts.account(&hosted.account).await?;
            if owner.is_some_and(|owner| owner.closing.is_some()) {
                return Err(Refusal::Closed.into());
            }
            let document = hosted.document(name, addresses).ok_or(Refusal::Gone)?;
            show(document, version, hosted.modified, head)
        }
        _ => Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed").allow(METHODS)),
    }
}

/// Spec: solid#server-representation-turtle-jsonld, solid#server-etag, P-57, P-59, P-95, P-102, P-110, P-118
fn show(document: Document, version: Version, modified: Timestamp, head: &Parts) -> Result<Response<Body>, Problem> {
    let offer = Wanted::of(&head.headers).choose_rdf(Some(Format::Turtle));
    let offer = offer.ok_or_else(|| Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable"))?;
    let tag = EntityTag::of(version, word(Some(offer.format)));
    let shown = Shown { document, offer, tag };
    let conditions = conditional::conditions(&head.headers);
    let mut response = match conditions.on_read(&shown.tag, modified) {
        Verdict::Failed => return Err(Refusal::PreconditionFailed.into()),
        Verdict::NotModified => empty(StatusCode::NOT_MODIFIED),
        Verdict::Proceed => {
            let bytes = shown.bytes()?;
            let ranges = head.method == Method::GET && conditions.allow_range(&shown.tag, modified);
            shown.part(&bytes, ranges.then_some(&head.headers), head.method == Method::HEAD)?
        }
    };
    let headers = response.headers_mut();
    describe(headers);
    headers.extend(HeaderValue::try_from(shown.tag.to_string()).ok().map(|value| (ETAG, value)));
    headers.insert(LAST_MODIFIED, http_date(modified));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(response)
}

impl Shown {
    fn bytes(&self) -> Result<Bytes, Problem> {
        let printed = format::print(&self.document, self.offer.format);
        Ok(printed.map_err(|error| Problem::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal", &error))?.into())
    }

    /// All of it, or the part that `ranged` asks for.
    fn part(&self, bytes: &Bytes, ranged: Option<&HeaderMap>, is_head: bool) -> Result<Response<Body>, Problem> {
        let total = bytes.len() as u64;
        let selected = ranged.map_or(Selected::Whole, |headers| range::select(headers, total));
        let (status, part) = match selected {
            Selected::Whole => (StatusCode::OK, None),
            Selected::Part(part) => (StatusCode::PARTIAL_CONTENT, Some(part)),
            Selected::Unsatisfiable => {
                return Err(Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range-not-satisfiable")
                    .header(CONTENT_RANGE, range::unsatisfied(total)));
            }
        };
        let at = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
        let body = part.map_or(bytes.clone(), |part| bytes.slice(at(part.first)..at(part.last + 1)));
        let mut response = Response::new(if is_head { Body::empty() } else { Body::from(body) });
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.offer.media_type));
        if is_head {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(total));
        }
        headers.extend(part.map(|part| (CONTENT_RANGE, part.content_range(total))));
        Ok(response)
    }
}

/// What is the same of every such document: everybody may read it and nobody write.
///
/// Spec: solid#server-allow-methods, wac#server-wac-allow, P-49
fn describe(headers: &mut HeaderMap) {
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    headers.insert(WAC_ALLOW, HeaderValue::from_static("user=\"read\",public=\"read\""));
    headers.extend(Printer::default().with(ldp::RESOURCE, "type").value().map(|value| (LINK, value)));
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
