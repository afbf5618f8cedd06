//! RDF/XML.

mod survey;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

use oxrdf::GraphName;
use oxrdfxml::RdfXmlParser;

use super::terms::Sink;
use super::{Malformed, Unprintable, turtle};
use crate::rdf::graph::{Graph, Literal, Term, Triple};
use crate::rdf::vocab::{rdf, xsd};

const MALFORMED: Malformed = Malformed { message: Cow::Borrowed("not well-formed RDF/XML") };

pub(super) fn read(bytes: &[u8], base: &str, sink: &mut Sink<'_>) -> Result<Vec<(String, String)>, Malformed> {
    survey::check(bytes)?;
    let parser = RdfXmlParser::new().with_base_iri(base).map_err(|_| turtle::bad_base())?;
    let mut triples = parser.for_slice(bytes);
    let mut prefixes = Vec::new();
    while let Some(triple) = triples.next() {
        let triple = triple.map_err(|_| MALFORMED)?;
        sink.put(triple.in_graph(GraphName::DefaultGraph))?;
        if prefixes.is_empty() {
            // They are in scope here; at the end of the text none is.
            prefixes = turtle::owned(triples.prefixes().filter(|(prefix, _)| !prefix.starts_with("xml")));
        }
    }
    Ok(prefixes)
}

/// One `rdf:Description` a subject.
///
/// It is written here because the parser's crate writes broken XML where a class has no XML name, and loses carriage
/// returns.
pub(super) fn print(graph: &Graph, prefixes: &[(String, String)]) -> Result<String, Unprintable> {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF".to_owned();
    let mut known = HashMap::from([(rdf::NS, "rdf")]);
    let usable =
        |prefix: &str| !prefix.is_empty() && prefix != "rdf" && !prefix.to_ascii_lowercase().starts_with("xml");
    for (prefix, namespace) in prefixes.iter().filter(|(prefix, _)| usable(prefix) && super::is_plain_prefix(prefix)) {
        known.entry(namespace).or_insert(prefix);
    }
    let mut declared: Vec<_> = known.iter().collect();
    declared.sort_unstable();
    for (namespace, prefix) in declared {
        attribute(&mut out, &format!("xmlns:{prefix}"), namespace)?;
    }
    out.push_str(">\n");
    let mut subject = None;
    for triple in graph.iter() {
        if subject != Some(&triple.subject) {
            out.push_str(if subject.is_some() { "  </rdf:Description>\n" } else { "" });
            out.push_str("  <rdf:Description");
            resource(&mut out, "rdf:about", &triple.subject)?;
            out.push_str(">\n");
            subject = Some(&triple.subject);
        }
        property(&mut out, &known, triple)?;
    }
    out.push_str(if subject.is_some() { "  </rdf:Description>\n" } else { "" });
    out.push_str("</rdf:RDF>\n");
    Ok(out)
}

fn property(out: &mut String, known: &HashMap<&str, &str>, triple: &Triple) -> Result<(), Unprintable> {
    let (namespace, local) = split(&triple.predicate).ok_or(Unprintable::NoXmlName)?;
    let prefix = known.get(namespace).copied().unwrap_or("ns");
    let _ = write!(out, "    <{prefix}:{local}");
    if !known.contains_key(namespace) {
        attribute(out, "xmlns:ns", namespace)?;
    }
    if let Term::Literal(literal) = &triple.object {
        text(out, literal)?;
        let _ = writeln!(out, "</{prefix}:{local}>");
    } else {
        resource(out, "rdf:resource", &triple.object)?;
        out.push_str("/>\n");
    }
    Ok(())
}

/// The attribute that names an IRI or a blank node.
fn resource(out: &mut String, name: &str, term: &Term) -> Result<(), Unprintable> {
    match term {
        Term::Iri(iri) => attribute(out, name, iri),
        Term::Blank(label) => attribute(out, "rdf:nodeID", label),
        Term::Literal(_) => Err(Unprintable::BadTerm),
    }
}

/// The rest of a start tag, and a literal's text.
fn text(out: &mut String, literal: &Literal) -> Result<(), Unprintable> {
    if let Some(tag) = &literal.language {
        attribute(out, "xml:lang", tag)?;
    } else if *literal.datatype != *xsd::STRING {
        attribute(out, "rdf:datatype", &literal.datatype)?;
    }
    out.push('>');
    escape(out, &literal.lexical)
}

fn attribute(out: &mut String, name: &str, value: &str) -> Result<(), Unprintable> {
    let _ = write!(out, " {name}=\"");
    escape(out, value)?;
    out.push('"');
    Ok(())
}

/// XML reads a carriage return as a line feed unless it is written as a number.
fn escape(out: &mut String, text: &str) -> Result<(), Unprintable> {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                return Err(Unprintable::NoXmlCharacter);
            }
            c => out.push(c),
        }
    }
    Ok(())
}

/// Splits a property into a namespace and the longest name that XML allows, if there is one.
fn split(iri: &str) -> Option<(&str, &str)> {
    const OURS: [&str; 12] = [
        "RDF",
        "ID",
        "about",
        "parseType",
        "resource",
        "nodeID",
        "datatype",
        "Description",
        "li",
        "bagID",
        "aboutEach",
        "aboutEachPrefix",
    ];
    let name_from = iri.rfind(|c| !is_name(c)).map_or(0, |at| at + iri[at..].chars().next().map_or(0, char::len_utf8));
    let start = name_from + iri[name_from..].find(is_name_start)?;
    let (namespace, local) = iri.split_at(start);
    let is_syntax = namespace == rdf::NS && OURS.contains(&local);
    (!is_syntax && !namespace.is_empty()).then_some((namespace, local))
}

/// As XML names have it, without the colon.
fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn is_name(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_split_where_xml_allows() {
        let cases = [
            ("https://e.org/name", Some(("https://e.org/", "name"))),
            ("https://e.org/ns#name", Some(("https://e.org/ns#", "name"))),
            ("urn:x:name", Some(("urn:x:", "name"))),
            ("https://e.org/2024-01", None),
            ("https://e.org/1a.b-c", Some(("https://e.org/1", "a.b-c"))),
            ("https://e.org/pr\u{e9}nom", Some(("https://e.org/", "pr\u{e9}nom"))),
            ("https://e.org/", None),
            ("https://e.org/a%20b", Some(("https://e.org/a%20", "b"))),
            ("http://www.w3.org/1999/02/22-rdf-syntax-ns#_1", Some((rdf::NS, "_1"))),
            ("http://www.w3.org/1999/02/22-rdf-syntax-ns#li", None),
            ("http://www.w3.org/1999/02/22-rdf-syntax-ns#about", None),
        ];
        for (iri, expected) in cases {
            assert_eq!(split(iri), expected, "{iri}");
        }
    }
}
