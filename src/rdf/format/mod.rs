//! The RDF formats we read and write.
//!
//! Reading is strict RDF 1.1, never fetches anything, and is bounded (see `bounds`): what a stranger sends
//! ends in a graph or in [`Malformed`], within bounded time and memory.

pub(super) mod bounds;
mod contexts;
mod jsonld;
mod lines;
mod rdfxml;
pub(super) mod terms;
mod turtle;

use std::borrow::Cow;

use super::graph::Dataset;
use terms::{Reader, Sink};

/// A format of RDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    Turtle,
    JsonLd,
    NTriples,
    NQuads,
    TriG,
    RdfXml,
}

impl Format {
    /// All formats, in the order in which we prefer to answer with them.
    pub const ALL: [Self; 6] = [Self::Turtle, Self::JsonLd, Self::NTriples, Self::NQuads, Self::TriG, Self::RdfXml];

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Turtle => "text/turtle",
            Self::JsonLd => "application/ld+json",
            Self::NTriples => "application/n-triples",
            Self::NQuads => "application/n-quads",
            Self::TriG => "application/trig",
            Self::RdfXml => "application/rdf+xml",
        }
    }

    /// The format of a media type, whose parameters do not matter. `None`: not RDF to us.
    pub fn of(media_type: &str) -> Option<Self> {
        let bare = media_type.split(';').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|format| bare.eq_ignore_ascii_case(format.media_type()))
    }

    /// The name that people know it by.
    const fn name(self) -> &'static str {
        match self {
            Self::Turtle => "Turtle",
            Self::JsonLd => "JSON-LD",
            Self::NTriples => "N-Triples",
            Self::NQuads => "N-Quads",
            Self::TriG => "TriG",
            Self::RdfXml => "RDF/XML",
        }
    }
}

/// A parsed document: what it says, and the prefixes it was written with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    pub dataset: Dataset,
    /// Prefix and namespace, sorted by prefix.
    pub prefixes: Vec<(String, String)>,
}

/// Why bytes are not the RDF they are said to be. The message names the place, never the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    pub message: Cow<'static, str>,
}

impl Malformed {
    fn because(message: &'static str) -> Self {
        Self { message: message.into() }
    }

    /// At a line and column that count from 1.
    fn at(format: Format, line: u64, column: u64) -> Self {
        Self { message: format!("not well-formed {} at line {line}, column {column}", format.name()).into() }
    }
}

/// Why a dataset cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unprintable {
    #[error("an IRI, blank node label or language tag holds characters that it must not")]
    BadTerm,
    #[error("RDF/XML has no way to write a property of this name")]
    NoXmlName,
    #[error("RDF/XML has no way to write a control character")]
    NoXmlCharacter,
}

/// Reads a document. Relative IRIs resolve against `base`, the document's own URL.
///
/// ```
/// use cartable::rdf::{Format, format};
///
/// let card = format::parse(b"<#me> a <#Person> .", Format::Turtle, "https://alice.example/card").unwrap();
/// assert_eq!(card.dataset.default.len(), 1);
/// assert!(format::parse(b"<#me> a", Format::Turtle, "https://alice.example/card").is_err());
/// ```
///
/// Spec: P-133, P-134
pub fn parse(bytes: &[u8], format: Format, base: &str) -> Result<Document, Malformed> {
    let mut reader = Reader::default();
    let mut prefixes = read(bytes, format, base, &mut |quad| reader.take(quad))?;
    prefixes.retain(|(prefix, _)| is_plain_prefix(prefix));
    prefixes.sort_unstable();
    Ok(Document { dataset: reader.finish(), prefixes })
}

/// Whether [`parse`] would take a document, at the cost of reading it only.
///
/// Spec: P-133
pub fn check(bytes: &[u8], format: Format, base: &str) -> Result<(), Malformed> {
    read(bytes, format, base, &mut |_| ()).map(|_| ())
}

/// Writes a document. Formats of one graph get the default graph only.
///
/// Spec: P-104, P-106
pub fn print(document: &Document, format: Format) -> Result<Vec<u8>, Unprintable> {
    write(document, format, "")
}

/// Writes a document that will be kept at `iri`. In Turtle and TriG what it says of itself is relative, so that it
/// still does when its bytes are moved; other formats write every IRI in full.
pub fn print_at(iri: &str, document: &Document, format: Format) -> Result<Vec<u8>, Unprintable> {
    write(document, format, iri)
}

fn write(document: &Document, format: Format, own: &str) -> Result<Vec<u8>, Unprintable> {
    terms::check_printable(&document.dataset)?;
    let Document { dataset, prefixes } = document;
    Ok(match format {
        Format::Turtle => turtle::print(&dataset.default, prefixes, own).into_bytes(),
        Format::TriG => turtle::print_dataset(dataset, prefixes, own).into_bytes(),
        Format::NTriples => lines::print(&dataset.default.clone().into()).into_bytes(),
        Format::NQuads => lines::print(dataset).into_bytes(),
        Format::JsonLd => jsonld::print(dataset),
        Format::RdfXml => rdfxml::print(&dataset.default, prefixes)?.into_bytes(),
    })
}

/// Hands every quad of a document to `take`, within bounds; gives the prefixes back.
fn read(
    bytes: &[u8],
    format: Format,
    base: &str,
    take: &mut dyn FnMut(oxrdf::Quad),
) -> Result<Vec<(String, String)>, Malformed> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if bytes.is_empty() {
        // An empty body says nothing in any format. Spec: P-147
        return Ok(Vec::new());
    }
    let mut sink = Sink::new(take);
    match format {
        Format::Turtle => turtle::read(bytes, base, &mut sink),
        Format::TriG => turtle::read_dataset(bytes, base, &mut sink),
        Format::NTriples => lines::read(bytes, &mut sink),
        Format::NQuads => lines::read_quads(bytes, &mut sink),
        Format::JsonLd => jsonld::read(bytes, base, &mut sink),
        Format::RdfXml => rdfxml::read(bytes, base, &mut sink),
    }
}

/// A prefix that every format can write: the empty one, or a word in ASCII.
fn is_plain_prefix(prefix: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    prefix.is_empty() || (prefix.as_bytes()[0].is_ascii_alphabetic() && prefix.bytes().all(word))
}

#[cfg(test)]
mod tests;
