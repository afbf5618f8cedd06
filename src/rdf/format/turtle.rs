//! Turtle and TriG.

mod pretty;

use oxrdf::GraphName;
use oxttl::{TriGParser, TurtleParser, TurtleSyntaxError};

pub(super) use pretty::{print, print_dataset};

use super::terms::Sink;
use super::{Format, Malformed, bounds};

pub(super) fn read(bytes: &[u8], base: &str, sink: &mut Sink<'_>) -> Result<Vec<(String, String)>, Malformed> {
    bounds::check_turtle(bytes)?;
    let parser = TurtleParser::new().with_base_iri(base).map_err(|_| bad_base())?;
    let mut triples = parser.for_slice(bytes);
    for triple in triples.by_ref() {
        let triple = triple.map_err(|error| malformed(Format::Turtle, &error))?;
        sink.put(triple.in_graph(GraphName::DefaultGraph))?;
    }
    Ok(owned(triples.prefixes()))
}

pub(super) fn read_dataset(bytes: &[u8], base: &str, sink: &mut Sink<'_>) -> Result<Vec<(String, String)>, Malformed> {
    bounds::check_turtle(bytes)?;
    let parser = TriGParser::new().with_base_iri(base).map_err(|_| bad_base())?;
    let mut quads = parser.for_slice(bytes);
    for quad in quads.by_ref() {
        sink.put(quad.map_err(|error| malformed(Format::TriG, &error))?)?;
    }
    Ok(owned(quads.prefixes()))
}

/// The place of the error alone: its text quotes the document.
pub(super) fn malformed(format: Format, error: &TurtleSyntaxError) -> Malformed {
    let start = error.location().start;
    Malformed::at(format, start.line + 1, start.column + 1)
}

pub(super) fn bad_base() -> Malformed {
    Malformed::because("the document's own address is not an absolute IRI")
}

pub(super) fn owned<'a>(prefixes: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    prefixes.map(|(prefix, namespace)| (prefix.to_owned(), namespace.to_owned())).collect()
}
