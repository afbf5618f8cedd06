//! The fields that describe a resource.

use http::header::{ACCEPT_RANGES, ALLOW, ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, LINK};

use crate::address::Addresses;
use crate::http::headers::http_date;
use crate::http::headers::link::Printer;
use crate::http::problem::{Problem, TYPES};
use crate::path::{ResourcePath, Role};
use crate::rdf::format::Format;
use crate::rdf::vocab::{acl, cartable, ldp, pim, solid};
use crate::resource::condition::EntityTag;
use crate::resource::{Method, methods as methods_of};
use crate::storage::{Found, Record};

/// Where a pod's storage description is, below its root.
pub(super) const DESCRIPTION: &str = ".well-known/solid";

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
const ACCEPT_PUT: HeaderName = HeaderName::from_static("accept-put");
const PATCHES: HeaderValue = HeaderValue::from_static("text/n3, application/sparql-update");
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");

/// What the asker may know about a resource.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known<'a> {
    /// Not even whether it exists.
    Hidden,
    Record(Option<&'a Record>),
}

/// What an answer says of what was found, whoever asks.
///
/// Spec: P-61, P-62, P-123
pub(super) fn lasting(addresses: &Addresses, found: &Found) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let (record, subject) = (found.target(), found.subject.record.as_ref());
    let modified = record.or(subject).map(|record| record.modified).unwrap_or_default();
    headers.insert(LAST_MODIFIED, http_date(modified));
    methods(&mut headers, &found.path, Known::Record(record));
    links(&mut headers, addresses, &found.path, Some(found));
    if !found.path.is_container() {
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    headers
}

/// `Allow`, and the `Accept-…` field of each method in it.
///
/// Spec: solid#server-allow-methods, solid#server-accept-headers, solid#server-patch-n3-advertise, P-49, P-50, P-51, P-52
pub(super) fn methods(headers: &mut HeaderMap, path: &ResourcePath, target: Known<'_>) {
    let (exists, opaque) = match target {
        Known::Hidden => (None, false),
        Known::Record(record) => {
            (Some(record.is_some()), record.is_some_and(|it| !path.is_container() && it.format().is_none()))
        }
    };
    let mut methods = methods_of(path, exists);
    if opaque {
        methods.retain(|method| *method != Method::Patch);
    }
    headers.insert(ALLOW, allow(&methods));
    for method in methods {
        match method {
            Method::Patch => headers.insert(ACCEPT_PATCH, PATCHES),
            Method::Post => headers.insert(ACCEPT_POST, ANYTHING),
            Method::Put => headers.insert(ACCEPT_PUT, ANYTHING),
            _ => None,
        };
    }
}

fn allow(methods: &[Method]) -> HeaderValue {
    let line = methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ");
    HeaderValue::try_from(line).unwrap_or_else(|_| HeaderValue::from_static("OPTIONS"))
}

/// The links of a resource. What can be told from the address alone goes to everyone. Owners are never
/// linked: there is no way yet for them to agree to be shown.
///
/// Spec: solid#server-link-auxiliary-type, solid#server-link-storage, solid#server-storage-description,
/// solid#server-description-resource-max, wac#server-link-acl, wac#server-resource-acl-max, P-39, P-41, P-44, P-53, P-54, P-55,
/// P-64, P-77, P-219, W-1, W-2, W-3, W-69, wac-ed#server-link-condition, O-213, N-1
pub(super) fn links(headers: &mut HeaderMap, addresses: &Addresses, path: &ResourcePath, found: Option<&Found>) {
    let iri = addresses.iri(path);
    let root = addresses.iri(&ResourcePath::root(path.pod().clone()));
    let mut links = Printer::default().with(ldp::RESOURCE, "type");
    match path.role() {
        Role::Container => {
            links = links.with(ldp::CONTAINER, "type").with(ldp::BASIC_CONTAINER, "type");
            if path.is_root() {
                links = links.with(pim::STORAGE_CLASS, "type");
            }
            links = subject_links(links, &iri);
        }
        Role::Document if path.reserved().is_some() => {}
        Role::Document => links = subject_links(links, &iri),
        Role::Description => {
            let subject = addresses.iri(&path.subject());
            links = links.with(&subject, "describes").with(&format!("{subject}.acl"), "acl");
        }
        Role::Acl => {
            links = links.with(acl::CLIENT_CONDITION, acl::CONDITION).with(acl::ISSUER_CONDITION, acl::CONDITION);
        }
        Role::Impossible => {}
    }
    links = links.with(&format!("{root}{DESCRIPTION}"), solid::STORAGE_DESCRIPTION);
    if let Some(inbox) = found.and_then(Found::target).and_then(|record| record.inbox.as_deref()) {
        links = links.with(inbox, ldp::INBOX);
    }
    headers.extend(links.value().map(|value| (LINK, value)));
}

fn subject_links(links: Printer, iri: &str) -> Printer {
    links.with(&format!("{iri}.acl"), "acl").with(&format!("{iri}.meta"), "describedby")
}

/// The fields of the answer to a write: no more than the path tells, and the validator of what was
/// just written if it is byte for byte what was sent.
///
/// Spec: P-49, P-53, P-127
pub(super) fn written(headers: &mut HeaderMap, addresses: &Addresses, path: &ResourcePath, tag: Option<EntityTag>) {
    headers.insert(ALLOW, allow(&methods_of(path, Some(true))));
    links(headers, addresses, path, None);
    headers.extend(tag.and_then(|tag| HeaderValue::try_from(tag.to_string()).ok()).map(|value| (ETAG, value)));
}

/// Says that what was done left a WebID without issuer, so that nobody can sign in as it: a link to the problem, in the
/// one line of links.
///
/// Spec: O-214
pub(super) fn warn(headers: &mut HeaderMap, unvouched: bool) {
    if !unvouched {
        return;
    }
    let warning = format!("<{TYPES}issuer-missing>; rel=\"{}\"", cartable::WARNING);
    let links = headers.get(LINK).and_then(|links| links.to_str().ok());
    let line = links.map_or(warning.clone(), |links| format!("{links}, {warning}"));
    if let Ok(line) = HeaderValue::try_from(line) {
        headers.insert(LINK, line);
    }
}

/// The word that tells representations apart in entity tags.
///
/// Spec: P-116
pub(in crate::http) const fn word(format: Option<Format>) -> &'static str {
    match format {
        None => "bytes",
        Some(Format::Turtle) => "ttl",
        Some(Format::JsonLd) => "jsonld",
        Some(Format::NTriples) => "nt",
        Some(Format::NQuads) => "nq",
        Some(Format::TriG) => "trig",
        Some(Format::RdfXml) => "rdf",
    }
}

/// A URL as a field value.
pub(super) fn url(url: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(url)
        .map_err(|error| Problem::fault(http::StatusCode::INTERNAL_SERVER_ERROR, "internal", &error))
}

/// Spec: solid#server-method-not-allowed, P-6
pub(super) fn unknown_method(path: &ResourcePath) -> Problem {
    let methods = methods_of(path, None);
    Problem::new(http::StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed")
        .allow(methods.into_iter().map(Method::as_str))
}
