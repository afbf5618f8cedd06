//! JSON-LD 1.1.

mod survey;

use oxjsonld::{JsonLdErrorCode, JsonLdParser, JsonLdRemoteDocument, JsonLdSerializer, JsonLdSyntaxError};

use super::terms::{Sink, quad_refs};
use super::{Format, Malformed, contexts, turtle};
use crate::rdf::graph::Dataset;

pub(super) fn read(bytes: &[u8], base: &str, sink: &mut Sink<'_>) -> Result<Vec<(String, String)>, Malformed> {
    survey::check(bytes)?;
    let parser = JsonLdParser::new().with_base_iri(base).map_err(|_| turtle::bad_base())?;
    let mut quads = parser.for_slice(bytes).with_load_document_callback(|url, _| {
        let context = contexts::at(url).ok_or("not bundled")?;
        Ok(JsonLdRemoteDocument { document: context.into(), document_url: url.to_owned() })
    });
    for quad in quads.by_ref() {
        sink.put(quad.map_err(|error| malformed(&error))?)?;
    }
    Ok(turtle::owned(quads.prefixes()))
}

/// The error's name in the specification, or its place: its text quotes the document.
fn malformed(error: &JsonLdSyntaxError) -> Malformed {
    match (error.code(), error.location()) {
        (Some(JsonLdErrorCode::LoadingRemoteContextFailed), _) => Malformed::because(
            "the document names a JSON-LD context that this server does not have, and it fetches none",
        ),
        (Some(code), _) => Malformed { message: format!("not valid JSON-LD: {code}").into() },
        (None, Some(place)) => Malformed::at(Format::JsonLd, place.start.line + 1, place.start.column + 1),
        (None, None) => Malformed::because("not valid JSON-LD"),
    }
}

/// Expanded, without a context. Named graphs are kept.
///
/// Spec: P-104, P-106
pub(super) fn print(dataset: &Dataset) -> Vec<u8> {
    let mut serializer = JsonLdSerializer::new().for_writer(Vec::new());
    for quad in quad_refs(dataset) {
        // Writing to memory fails for RDF 1.2 only, which no dataset of ours can hold.
        let _ = serializer.serialize_quad(quad);
    }
    serializer.finish().unwrap_or_default()
}
