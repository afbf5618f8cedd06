//! A container's representation, written a page of members at a time.
//!
//! Turtle and JSON-LD are written straight from catalogue rows, so that a container of any size is
//! streamed in bounded memory; other formats are printed from a graph.

use std::fmt::Write as _;

use super::container::{Facts, managed};
use crate::clock::Timestamp;
use crate::rdf::format::{self, Document, Format, Unprintable};
use crate::rdf::graph::{Dataset, Graph};
use crate::rdf::vocab::{dcterms, ldp, pim, rdf, stat, xsd};
use crate::storage::{Member, Record};

/// A listing in the making.
pub struct Listing {
    format: Streamed,
    rows: u64,
    stamp: Stamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Streamed {
    Turtle,
    JsonLd,
}

impl Listing {
    /// `None` if the format cannot be streamed: use [`whole`].
    pub fn new(format: Format) -> Option<Self> {
        let format = match format {
            Format::Turtle => Streamed::Turtle,
            Format::JsonLd => Streamed::JsonLd,
            _ => return None,
        };
        Some(Self { format, rows: 0, stamp: Stamp::default() })
    }

    /// The beginning: prefixes, and what is said of the container itself.
    ///
    /// Spec: solid#server-basic-container, P-40, P-66, P-67, P-75
    pub fn head(
        &mut self,
        container: &Record,
        iri: &str,
        is_storage: bool,
        own: &Document,
    ) -> Result<String, Unprintable> {
        match self.format {
            Streamed::Turtle => self.turtle_head(container, is_storage, own),
            Streamed::JsonLd => json_head(container, iri, is_storage, own),
        }
    }

    /// One page of members.
    pub fn rows(&mut self, members: &[Member]) -> String {
        let mut text = String::with_capacity(members.len() * 256);
        for member in members {
            match self.format {
                Streamed::Turtle => self.turtle_row(&mut text, member),
                Streamed::JsonLd => self.json_row(&mut text, member),
            }
            self.rows += 1;
        }
        text
    }

    /// The end.
    pub fn tail(self) -> &'static str {
        match self.format {
            Streamed::Turtle => "",
            Streamed::JsonLd => "]}\n",
        }
    }

    fn turtle_head(&mut self, container: &Record, is_storage: bool, own: &Document) -> Result<String, Unprintable> {
        let mut text = format!(
            "@prefix rdf: <{}>.\n@prefix ldp: <{}>.\n@prefix dct: <{}>.\n@prefix stat: <{}>.\n@prefix xsd: <{}>.\n",
            rdf::NS,
            ldp::NS,
            dcterms::NS,
            stat::NS,
            xsd::NS
        );
        let storage = if is_storage { format!(", <{}>", pim::STORAGE_CLASS) } else { String::new() };
        let modified = self.stamp.of(container.modified);
        let mtime = container.modified.seconds();
        // `<./>` rather than `<>`: it names the container even if the request carried a query.
        _ = writeln!(
            text,
            "<./> a ldp:Resource, ldp:Container, ldp:BasicContainer{storage};\n  dct:modified \"{modified}\"^^xsd:dateTime; stat:mtime {mtime}."
        );
        if !own.dataset.default.is_empty() {
            let own = Document { dataset: own.dataset.default.clone().into(), prefixes: Vec::new() };
            text.push_str(&String::from_utf8_lossy(&format::print(&own, Format::NTriples)?));
        }
        Ok(text)
    }

    fn turtle_row(&mut self, text: &mut String, member: &Member) {
        let name = member.path.name();
        // A colon in the first segment would read as a scheme.
        let here = if name.contains(':') { "./" } else { "" };
        let modified = self.stamp.of(member.record.modified);
        let mtime = member.record.modified.seconds();
        _ = write!(text, "<./> ldp:contains <{here}{name}>.\n<{here}{name}> a ldp:Resource");
        if member.path.is_container() {
            text.push_str(", ldp:Container, ldp:BasicContainer");
        } else if let Some(class) = crate::rdf::vocab::media_class(&member.record.media_type) {
            _ = write!(text, ", <{class}>");
        }
        _ = write!(text, "; dct:modified \"{modified}\"^^xsd:dateTime; stat:mtime {mtime}");
        if !member.path.is_container() {
            _ = write!(text, "; stat:size {}", member.record.size);
        }
        text.push_str(".\n");
    }

    fn json_row(&mut self, text: &mut String, member: &Member) {
        let name = member.path.name();
        let modified = self.stamp.of(member.record.modified);
        let mtime = member.record.modified.seconds();
        _ = write!(
            text,
            ",\n{{\"@id\":\"./\",\"ldp:contains\":{{\"@id\":\"./{name}\"}}}},{{\"@id\":\"./{name}\",\"@type\":[\"ldp:Resource\""
        );
        if member.path.is_container() {
            text.push_str(",\"ldp:Container\",\"ldp:BasicContainer\"");
        } else if let Some(class) = crate::rdf::vocab::media_class(&member.record.media_type) {
            _ = write!(text, ",\"{class}\"");
        }
        _ = write!(
            text,
            "],\"dct:modified\":{{\"@value\":\"{modified}\",\"@type\":\"xsd:dateTime\"}},\"stat:mtime\":{mtime}"
        );
        if !member.path.is_container() {
            _ = write!(text, ",\"stat:size\":{}", member.record.size);
        }
        text.push('}');
    }
}

/// JSON-LD with an inline context. Paths hold no character that JSON escapes.
fn json_head(container: &Record, iri: &str, is_storage: bool, own: &Document) -> Result<String, Unprintable> {
    let storage = if is_storage { format!(",\"{}\"", pim::STORAGE_CLASS) } else { String::new() };
    let mut text = format!(
        "{{\"@context\":{{\"@base\":\"{iri}\",\"ldp\":\"{}\",\"dct\":\"{}\",\"stat\":\"{}\",\"xsd\":\"{}\"}},\"@graph\":[\n\
         {{\"@id\":\"./\",\"@type\":[\"ldp:Resource\",\"ldp:Container\",\"ldp:BasicContainer\"{storage}],\
         \"dct:modified\":{{\"@value\":\"{}\",\"@type\":\"xsd:dateTime\"}},\"stat:mtime\":{}}}",
        ldp::NS,
        dcterms::NS,
        stat::NS,
        xsd::NS,
        container.modified,
        container.modified.seconds(),
    );
    if !own.dataset.default.is_empty() {
        let own = Document { dataset: own.dataset.default.clone().into(), prefixes: Vec::new() };
        let printed = format::print(&own, Format::JsonLd)?;
        let printed = String::from_utf8_lossy(&printed);
        // An expanded document is an array of nodes; they join ours.
        let nodes = printed.trim().trim_start_matches('[').trim_end_matches(']').trim();
        _ = write!(text, ",\n{nodes}");
    }
    Ok(text)
}

/// The representation in a format that cannot be streamed.
pub fn whole(facts: &Facts<'_>, own: &Document, format: Format) -> Result<Vec<u8>, Unprintable> {
    let mut graph: Graph = managed(facts);
    graph.extend(own.dataset.default.iter().cloned());
    let prefixes = [("ldp", ldp::NS), ("dct", dcterms::NS), ("stat", stat::NS), ("xsd", xsd::NS)];
    let prefixes = prefixes.map(|(prefix, namespace)| (prefix.to_owned(), namespace.to_owned())).to_vec();
    format::print(&Document { dataset: Dataset::from(graph), prefixes }, format)
}

/// The last date that was printed: members often share one.
#[derive(Debug, Default)]
struct Stamp {
    second: Option<i64>,
    text: String,
}

impl Stamp {
    fn of(&mut self, time: Timestamp) -> &str {
        if self.second != Some(time.seconds()) {
            self.second = Some(time.seconds());
            self.text = time.to_string();
        }
        &self.text
    }
}
