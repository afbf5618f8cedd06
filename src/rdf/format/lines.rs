//! N-Triples and N-Quads.

use std::fmt::Write;

use oxrdf::GraphName;
use oxttl::{NQuadsParser, NTriplesParser};

use super::terms::{Sink, quad_refs};
use super::{Format, Malformed, turtle};
use crate::rdf::graph::Dataset;

pub(super) fn read(bytes: &[u8], sink: &mut Sink<'_>) -> Result<Vec<(String, String)>, Malformed> {
    for triple in NTriplesParser::new().for_slice(bytes) {
        let triple = triple.map_err(|error| turtle::malformed(Format::NTriples, &error))?;
        sink.put(triple.in_graph(GraphName::DefaultGraph))?;
    }
    Ok(Vec::new())
}

pub(super) fn read_quads(bytes: &[u8], sink: &mut Sink<'_>) -> Result<Vec<(String, String)>, Malformed> {
    for quad in NQuadsParser::new().for_slice(bytes) {
        sink.put(quad.map_err(|error| turtle::malformed(Format::NQuads, &error))?)?;
    }
    Ok(Vec::new())
}

/// One line a quad; without named graphs it is N-Triples.
pub(super) fn print(dataset: &Dataset) -> String {
    quad_refs(dataset).fold(String::new(), |mut out, quad| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{quad} .");
        out
    })
}
