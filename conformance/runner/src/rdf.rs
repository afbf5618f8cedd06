//! Graphs, as far as cases look into them.

use oxjsonld::JsonLdParser;
use oxrdf::{Graph, GraphName, Literal, NamedNode, NamedNodeRef, NamedOrBlankNodeRef, Quad, Term, TermRef};
use oxttl::TurtleParser;

use crate::stop::{Verdict, failed};

pub const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
pub const LDP: &str = "http://www.w3.org/ns/ldp#";
pub const CONTAINS: &str = "http://www.w3.org/ns/ldp#contains";
pub const STORAGE: &str = "http://www.w3.org/ns/pim/space#Storage";
pub const DCTERMS_MODIFIED: &str = "http://purl.org/dc/terms/modified";
pub const STAT: &str = "http://www.w3.org/ns/posix/stat#";
pub const ACL: &str = "http://www.w3.org/ns/auth/acl#";
pub const SOLID: &str = "http://www.w3.org/ns/solid/terms#";

/// Reads Turtle or JSON-LD; the default graph of the latter.
pub fn parse(media_type: &str, text: &[u8], base: &str) -> Verdict<Graph> {
    let wrong = |error: &dyn std::fmt::Display| format!("what is called {media_type} does not parse: {error}");
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    match essence {
        "text/turtle" => {
            let parser = TurtleParser::new().with_base_iri(base).map_err(|e| crate::stop::Stop::Failed(wrong(&e)))?;
            parser.for_slice(text).collect::<Result<Graph, _>>().or_else(|e| failed(wrong(&e)))
        }
        "application/ld+json" => {
            let quads = dataset(text, base).or_else(|e| failed(wrong(&e)))?;
            let default = quads.into_iter().filter(|quad| quad.graph_name == GraphName::DefaultGraph);
            Ok(default.map(oxrdf::Triple::from).collect())
        }
        _ => failed(format!("expected Turtle or JSON-LD, not `{media_type}`")),
    }
}

/// Reads all graphs of a JSON-LD document.
pub fn dataset(text: &[u8], base: &str) -> Result<Vec<Quad>, String> {
    let parser = JsonLdParser::new().with_base_iri(base).map_err(|error| error.to_string())?;
    parser.for_slice(text).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Whether the triple of three IRIs is there.
pub fn has(graph: &Graph, subject: &str, predicate: &str, object: &str) -> bool {
    let object = NamedNodeRef::new_unchecked(object);
    objects(graph, subject, predicate).any(|found| found == TermRef::NamedNode(object))
}

/// Whether the literal is there, whatever its datatype.
pub fn has_value(graph: &Graph, subject: &str, predicate: &str, value: &str) -> bool {
    objects(graph, subject, predicate).any(|found| matches!(found, TermRef::Literal(text) if text.value() == value))
}

/// What stands after subject and predicate.
pub fn objects<'a>(graph: &'a Graph, subject: &'a str, predicate: &'a str) -> impl Iterator<Item = TermRef<'a>> {
    let subject = NamedOrBlankNodeRef::NamedNode(NamedNodeRef::new_unchecked(subject));
    graph.objects_for_subject_predicate(subject, NamedNodeRef::new_unchecked(predicate))
}

/// The first object as text: an IRI, or the value of a literal.
pub fn first(graph: &Graph, subject: &str, predicate: &str) -> Option<String> {
    objects(graph, subject, predicate).next().map(|term| match term {
        TermRef::NamedNode(node) => node.as_str().to_owned(),
        TermRef::Literal(literal) => literal.value().to_owned(),
        TermRef::BlankNode(node) => node.to_string(),
    })
}

/// The members that a container lists, in no order.
pub fn members(graph: &Graph, container: &str) -> Vec<String> {
    let name =
        |term: TermRef<'_>| if let TermRef::NamedNode(node) = term { Some(node.as_str().to_owned()) } else { None };
    objects(graph, container, CONTAINS).filter_map(name).collect()
}

/// An IRI as a term.
pub fn iri(text: impl Into<String>) -> NamedNode {
    NamedNode::new_unchecked(text)
}

/// A plain literal as a term.
pub fn text(value: impl Into<String>) -> Term {
    Literal::new_simple_literal(value).into()
}
