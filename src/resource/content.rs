//! What a resource is to hold: checked against its form and against what only the server says.

use std::sync::Arc;

use bytes::Bytes;

use super::container::{Facts, strip_managed};
use super::{Asked, Refusal, Sent, Setting, issuer};
use crate::path::ResourcePath;
use crate::rdf::format::{self, Document, Format};
use crate::storage::{Body, Content, Found, NewBody, Record};

/// What a new resource consists of.
pub(super) struct New {
    pub content: Content,
    /// The content, or a container's own triples, if it is RDF.
    pub document: Option<Document>,
    /// The description that is made with it: a container's own triples.
    pub description: Option<Content>,
}

impl New {
    /// Whether writing it over `existing` at `url` changes who vouches for a WebID of `subject`.
    pub fn adds_issuer(&self, existing: Option<&Record>, url: &str, subject: &str) -> bool {
        self.document.as_ref().is_some_and(|document| issuer::added(existing, document, url, subject))
    }
}

/// The content of a resource at `path`, checked.
///
/// Spec: P-133, P-134, P-135, solid#server-content-type-missing
pub(super) fn checked(
    asked: &Asked,
    sent: &Sent,
    path: &ResourcePath,
    existing: Option<&Record>,
    setting: &Setting<'_>,
) -> Result<New, Refusal> {
    let iri = setting.addresses.iri(path);
    let by = asked.by.clone();
    if path.is_container() {
        let content =
            Content { media_type: "".into(), body: NewBody::Absent, by: by.clone(), inbox: sent.inbox.clone() };
        let facts = Facts {
            iri: &iri,
            record: existing,
            is_container: true,
            is_storage: path.is_root(),
            members: setting.members,
        };
        let (description, document) = description(sent, by, &facts)?.unzip();
        return Ok(New { content, document, description });
    }
    let media_type = sent.media_type.clone().ok_or(Refusal::ContentTypeMissing)?;
    let document = Format::of(&media_type).map(|format| parse(sent.body.bytes(), format, &iri)).transpose()?;
    let inbox = sent.inbox.clone().or_else(|| existing.and_then(|record| record.inbox.clone()));
    let content = Content { media_type, body: sent.body.clone().into_body(), by, inbox };
    Ok(New { content, document, description: None })
}

/// The user's triples that a container's body holds; `None` if it holds none.
fn description(sent: &Sent, by: Option<Arc<str>>, facts: &Facts<'_>) -> Result<Option<(Content, Document)>, Refusal> {
    if sent.body.bytes().is_empty() {
        return Ok(None);
    }
    let media_type = sent.media_type.clone().ok_or(Refusal::ContentTypeMissing)?;
    let format = Format::of(&media_type).ok_or(Refusal::RdfOnly)?;
    let mut document = parse(sent.body.bytes(), format, facts.iri)?;
    strip(&mut document, facts)?;
    if document.dataset.default.is_empty() && document.dataset.named.is_empty() {
        return Ok(None);
    }
    // Printed anew, for relative IRIs mean something else in a description than in its container.
    let body = NewBody::Inline(print(&document, format)?);
    Ok(Some((Content { media_type: format.media_type().into(), body, by, inbox: None }, document)))
}

/// The bytes without server-managed triples: as sent if there were none, else printed anew.
pub(super) fn own_triples(
    sent: &Sent,
    mut document: Document,
    format: Format,
    facts: &Facts<'_>,
) -> Result<Bytes, Refusal> {
    let before = document.dataset.default.len();
    strip(&mut document, facts)?;
    if document.dataset.default.len() == before { Ok(sent.body.content()) } else { print(&document, format) }
}

fn strip(document: &mut Document, facts: &Facts<'_>) -> Result<(), Refusal> {
    let graph = std::mem::take(&mut document.dataset.default);
    document.dataset.default = strip_managed(graph, facts).map_err(|_| Refusal::ServerManaged)?;
    Ok(())
}

/// What is true of the subject of `found`.
pub(super) fn facts<'a>(iri: &'a str, found: &'a Found, setting: &Setting<'a>) -> Facts<'a> {
    let subject = found.path.subject();
    Facts {
        iri,
        record: found.subject.record.as_ref(),
        is_container: subject.is_container(),
        is_storage: subject.is_root(),
        members: setting.members,
    }
}

pub(super) fn parse(bytes: &[u8], format: Format, iri: &str) -> Result<Document, Refusal> {
    format::parse(bytes, format, iri).map_err(|e| Refusal::MalformedContent(e.to_string()))
}

pub(super) fn print(document: &Document, format: Format) -> Result<Bytes, Refusal> {
    Ok(format::print(document, format)?.into())
}

/// Whether writing `content` would change nothing.
pub(super) fn unchanged(existing: &Record, content: &Content) -> bool {
    let same_bytes = match (&existing.body, &content.body) {
        (Body::Inline(old), NewBody::Inline(new)) => old == new,
        _ => false,
    };
    same_bytes && existing.media_type == content.media_type && existing.inbox == content.inbox
}
