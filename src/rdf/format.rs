//! The RDF formats we read and write.

use super::graph::Dataset;

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
}

/// A parsed document: what it says, and the prefixes it was written with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    pub dataset: Dataset,
    /// Prefix and namespace, in the order of the text.
    pub prefixes: Vec<(String, String)>,
}

/// Why bytes are not the RDF they are said to be. The message names the place, never the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    pub message: String,
}

/// Reads a document. Relative IRIs resolve against `base`.
///
/// Spec: P-134
pub fn parse(_bytes: &[u8], _format: Format, _base: &str) -> Result<Document, Malformed> {
    Err(Malformed { message: "not built yet".into() })
}

/// Writes a document. Formats of one graph get the default graph only.
///
/// Spec: P-104
pub fn print(_document: &Document, _format: Format) -> Vec<u8> {
    Vec::new()
}
