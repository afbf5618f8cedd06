//! Showing a resource: GET and HEAD, whole, in part, or not again.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode};

use super::{Adapter, empty, fields, listing};
use crate::access::{Mode, Rights, wac_allow};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::negotiate::Wanted;
use crate::http::problem::Problem;
use crate::http::range::{self, Selected};
use crate::pods::{Error, Seen};
use crate::rdf::format::Format;
use crate::resource::condition::{Conditions, EntityTag, Verdict};
use crate::resource::{Method, Refusal};
use crate::storage::{self, Body as Kept, Record};

pub(super) const WAC_ALLOW: HeaderName = HeaderName::from_static("wac-allow");

/// A resource that may be shown.
pub(super) struct Shown<'a> {
    pub adapter: &'a Adapter,
    pub seen: Arc<Seen>,
    pub rights: Rights,
    pub conditions: &'a Conditions,
}

/// The representation that was chosen.
struct Chosen {
    /// `None`: the bytes are no RDF.
    format: Option<Format>,
    media_type: HeaderValue,
    source: Source,
    modified: Timestamp,
    tag: EntityTag,
}

/// Where its bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// As they were written.
    Stored,
    /// Printed in another format.
    Converted,
    /// A container's listing.
    Listing,
    /// A description that nobody wrote yet.
    Nothing,
}

impl Shown<'_> {
    /// `None`: the bytes were replaced since they were looked at.
    ///
    /// Spec: P-57, P-58, P-59, P-95, P-118, P-122, solid-ed#server-last-modified-includes, solid#server-etag
    pub async fn respond(
        self,
        method: Method,
        head: &Parts,
        wanted: &Wanted,
    ) -> Result<Option<Response<Body>>, Problem> {
        let chosen = self.choose(wanted)?;
        let mut response = match self.conditions.on_read(&chosen.tag, chosen.modified) {
            Verdict::Failed => return Err(Refusal::PreconditionFailed.into()),
            Verdict::NotModified => empty(StatusCode::NOT_MODIFIED),
            Verdict::Proceed if method == Method::Head => self.head(&chosen).await?,
            Verdict::Proceed => match self.get(&chosen, &head.headers).await? {
                Some(response) => response,
                None => return Ok(None),
            },
        };
        self.describe(response.headers_mut(), &chosen);
        Ok(Some(response))
    }

    /// Spec: solid#server-representation-turtle-jsonld, P-96, W-4, wac#server-get-acl-turtle, P-97, P-98, P-99, P-102, P-108
    fn choose(&self, wanted: &Wanted) -> Result<Chosen, Problem> {
        let found = &self.seen.found;
        let record = found.target();
        let stored = record.and_then(Record::format);
        let (source, format, media_type) = match record {
            Some(record) if stored.is_none() && !found.path.is_container() => {
                wanted.choose(&[&record.media_type]).ok_or_else(|| not_acceptable(&record.media_type))?;
                (Source::Stored, None, stored_type(record)?)
            }
            _ => {
                let offer = wanted.choose_rdf(stored).ok_or_else(|| not_acceptable("RDF"))?;
                let as_stored = record.filter(|_| stored == Some(offer.format));
                let source = match (found.path.is_container(), as_stored) {
                    (true, _) => Source::Listing,
                    (false, Some(_)) => Source::Stored,
                    (false, None) if record.is_some() => Source::Converted,
                    (false, None) => Source::Nothing,
                };
                let media_type = match as_stored {
                    Some(record) if offer.media_type == offer.format.media_type() => stored_type(record)?,
                    _ => HeaderValue::from_static(offer.media_type),
                };
                (source, Some(offer.format), media_type)
            }
        };
        // What nobody wrote yet is as old as its subject.
        let subject = record.or(found.subject.record.as_ref());
        let modified = subject.map(|record| record.modified).unwrap_or_default();
        let state = subject.map(Record::state).unwrap_or_default();
        Ok(Chosen { format, media_type, source, modified, tag: EntityTag::of(state, fields::word(format)) })
    }

    /// Adds the fields that every answer about the resource carries, 304 included.
    ///
    /// Spec: wac#server-wac-allow, P-60, P-61, P-62, P-109, O-10, W-78, W-86
    fn describe(&self, response: &mut HeaderMap, chosen: &Chosen) {
        let mut headers = self.seen.once(|found| fields::lasting(self.adapter.pods.addresses(), found));
        let text = |text: String| HeaderValue::try_from(text).ok();
        headers.extend(text(chosen.tag.to_string()).map(|value| (http::header::ETAG, value)));
        headers.extend(text(wac_allow::print(self.rights)).map(|value| (WAC_ALLOW, value)));
        let public = self.rights.public.allow(Mode::Read);
        let caching = if public { "no-cache" } else { "private, no-cache" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.extend(std::mem::take(response));
        *response = headers;
    }

    /// As GET would answer, without content.
    ///
    /// Spec: P-59, P-114
    async fn head(&self, chosen: &Chosen) -> Result<Response<Body>, Problem> {
        let mut response = empty(StatusCode::OK);
        let size = match (chosen.source, self.seen.found.target()) {
            (Source::Stored, Some(record)) => Some(record.size),
            (Source::Listing, _) => None,
            _ => Some(self.bytes(chosen).await?.len() as u64),
        };
        response.headers_mut().insert(CONTENT_TYPE, chosen.media_type.clone());
        response.headers_mut().extend(size.map(|size| (CONTENT_LENGTH, HeaderValue::from(size))));
        Ok(response)
    }

    /// Spec: P-90, P-91, P-110, P-111, P-112, P-114, P-115
    async fn get(&self, chosen: &Chosen, headers: &HeaderMap) -> Result<Option<Response<Body>>, Problem> {
        let (total, blob) = match (chosen.source, self.seen.found.target().map(|record| (record, &record.body))) {
            (Source::Listing, _) => {
                let mut response = Box::pin(self.listing(chosen)).await?;
                response.headers_mut().insert(CONTENT_TYPE, chosen.media_type.clone());
                return Ok(Some(response));
            }
            (Source::Stored, Some((record, Kept::Blob(blob)))) => (record.size, Some(blob)),
            _ => (0, None),
        };
        let bytes = if blob.is_some() { Bytes::new() } else { self.bytes(chosen).await? };
        let total = if blob.is_some() { total } else { bytes.len() as u64 };
        let applies = self.conditions.allow_range(&chosen.tag, chosen.modified);
        let selected = if applies { range::select(headers, total) } else { Selected::Whole };
        let (status, part) = match selected {
            Selected::Whole => (StatusCode::OK, None),
            Selected::Part(part) => (StatusCode::PARTIAL_CONTENT, Some(part)),
            Selected::Unsatisfiable => {
                let range = range::unsatisfied(total);
                return Err(Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range-not-satisfiable")
                    .header(CONTENT_RANGE, range));
            }
        };
        let span = part.map_or(0..total, |part| part.first..part.last + 1);
        let body = match blob {
            Some(blob) => {
                let whole = part.is_none();
                match self.adapter.pods.storage().open(blob, (!whole).then(|| span.clone())).await {
                    Err(storage::Error::Moved) => return Ok(None),
                    stream => Body::stream(stream.map_err(Error::from)?, Some(span.end - span.start)),
                }
            }
            None => Body::from(slice(&bytes, span)),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, chosen.media_type.clone());
        response.headers_mut().extend(part.map(|part| (CONTENT_RANGE, part.content_range(total))));
        Ok(Some(response))
    }

    /// The bytes of a representation that lies in memory.
    async fn bytes(&self, chosen: &Chosen) -> Result<Bytes, Problem> {
        let found = &self.seen.found;
        Ok(match (chosen.source, found.target(), chosen.format) {
            (Source::Stored, Some(Record { body: Kept::Inline(bytes), .. }), _) => bytes.clone(),
            (Source::Converted, Some(_), Some(format)) => {
                Box::pin(self.adapter.pods.converted(&self.seen, format)).await?
            }
            (_, _, Some(format)) => crate::rdf::format::print(&crate::rdf::format::Document::default(), format)
                .map_err(Refusal::from)?
                .into(),
            _ => Bytes::new(),
        })
    }

    async fn listing(&self, chosen: &Chosen) -> Result<Response<Body>, Problem> {
        let format = chosen.format.unwrap_or(Format::Turtle);
        Ok(Response::new(listing::body(&self.adapter.pods, &self.seen, format).await?))
    }
}

fn slice(bytes: &Bytes, span: std::ops::Range<u64>) -> Bytes {
    let at = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(at(span.start)..at(span.end))
}

fn stored_type(record: &Record) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(&*record.media_type)
        .map_err(|error| Problem::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal", &error))
}

/// Spec: P-102
fn not_acceptable(available: &str) -> Problem {
    let available =
        if available == "RDF" { Format::ALL.map(Format::media_type).join(", ") } else { available.to_owned() };
    Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable").with("available", available)
}
