//! Turtle as a person would write it: prefixes, one block a subject, blank nodes and lists in place.
//!
//! A patched document is printed anew, so this is what people and older clients read. Names are shortened only
//! where no escape is needed, since some clients' parsers do not know escapes.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use crate::rdf::graph::{Dataset, Graph, Literal, Term, Triple};
use crate::rdf::vocab::{rdf, xsd};

/// Blank nodes are written in place up to this depth, then by label: printing recurses.
const NESTING: usize = 16;

pub(in super::super) fn print(graph: &Graph, prefixes: &[(String, String)], own: &str) -> String {
    let mut printer = Printer::new(prefixes, own);
    printer.graph(graph, &Shape::of(graph));
    printer.out
}

/// TriG. Blank nodes keep their labels, for they may be shared between graphs.
pub(in super::super) fn print_dataset(dataset: &Dataset, prefixes: &[(String, String)], own: &str) -> String {
    let mut printer = Printer::new(prefixes, own);
    printer.graph(&dataset.default, &Shape::default());
    for (name, graph) in &dataset.named {
        printer.out.push('\n');
        printer.term(name);
        printer.out.push_str(" {");
        printer.graph(graph, &Shape::default());
        printer.out.push_str("}\n");
    }
    printer.out
}

/// Which blank nodes of a graph can be written where they are used.
#[derive(Default)]
struct Shape<'a> {
    /// Blank nodes that are the object of exactly one triple.
    used_once: HashSet<&'a Term>,
    /// Cells of well-formed lists, each with its value and the cell after it.
    cells: HashMap<&'a Term, (&'a Term, &'a Term)>,
}

impl<'a> Shape<'a> {
    fn of(graph: &'a Graph) -> Self {
        let mut uses: HashMap<&Term, usize> = HashMap::new();
        for triple in graph.iter().filter(|triple| matches!(triple.object, Term::Blank(_))) {
            *uses.entry(&triple.object).or_default() += 1;
        }
        let used_once: HashSet<_> = uses.into_iter().filter(|(_, count)| *count == 1).map(|(node, _)| node).collect();
        let cells = Self::cells(graph, &used_once);
        Self { used_once, cells }
    }

    /// Finds lists from their ends, so that a long broken one costs no more than a good one.
    fn cells(graph: &'a Graph, used_once: &HashSet<&'a Term>) -> HashMap<&'a Term, (&'a Term, &'a Term)> {
        let mut before: HashMap<&Term, &Term> = HashMap::new();
        let mut ends = Vec::new();
        for triple in graph.iter().filter(|triple| *triple.predicate == *rdf::REST) {
            if triple.object.as_iri().is_some_and(|iri| **iri == *rdf::NIL) {
                ends.push((&triple.subject, &triple.object));
            } else {
                before.insert(&triple.object, &triple.subject);
            }
        }
        let mut cells = HashMap::new();
        for (mut cell, mut rest) in ends {
            while let Some(value) = cell_value(graph, cell).filter(|_| used_once.contains(cell)) {
                cells.insert(cell, (value, rest));
                let Some(previous) = before.get(cell) else { break };
                (cell, rest) = (previous, cell);
            }
        }
        cells
    }

    /// The cells of a list and their values.
    fn list(&self, head: &'a Term) -> impl Iterator<Item = (&'a Term, &'a Term)> {
        let mut cell = head;
        std::iter::from_fn(move || {
            let (value, rest) = self.cells.get(cell)?;
            Some((std::mem::replace(&mut cell, rest), *value))
        })
    }
}

/// The value of a list cell: a node that says `rdf:first` and `rdf:rest` once each, and nothing else.
fn cell_value<'a>(graph: &'a Graph, cell: &'a Term) -> Option<&'a Term> {
    let mut triples = graph.about(cell);
    let (first, rest, more) = (triples.next()?, triples.next()?, triples.next());
    let is_cell = *first.predicate == *rdf::FIRST && *rest.predicate == *rdf::REST && more.is_none();
    is_cell.then_some(&first.object)
}

struct Printer<'a> {
    out: String,
    prefixes: HashMap<&'a str, &'a str>,
    /// The address of the document, which is written as nothing; empty if that is not known.
    own: &'a str,
    indent: usize,
}

impl<'a> Printer<'a> {
    fn new(prefixes: &'a [(String, String)], own: &'a str) -> Self {
        let mut printer = Self { out: String::new(), prefixes: HashMap::new(), own, indent: 0 };
        for (prefix, namespace) in prefixes.iter().filter(|(prefix, _)| super::super::is_plain_prefix(prefix)) {
            let reference = printer.reference(namespace);
            let _ = writeln!(printer.out, "@prefix {prefix}: <{reference}> .");
            printer.prefixes.insert(namespace, prefix);
        }
        printer
    }

    fn graph(&mut self, graph: &Graph, shape: &Shape<'_>) {
        let mut written = HashSet::new();
        self.subjects(graph, shape, &mut written, |node| !shape.used_once.contains(node));
        // What is left hangs from itself, or too deep; lists last, since they may still find a place.
        self.subjects(graph, shape, &mut written, |node| !shape.cells.contains_key(node));
        self.subjects(graph, shape, &mut written, |_| true);
    }

    fn subjects<'g>(
        &mut self,
        graph: &'g Graph,
        shape: &Shape<'g>,
        written: &mut HashSet<&'g Term>,
        now: impl Fn(&Term) -> bool,
    ) {
        let mut last = None;
        for subject in graph.iter().map(|triple| &triple.subject) {
            if last == Some(subject) || !now(subject) || !written.insert(subject) {
                continue;
            }
            last = Some(subject);
            self.out.push('\n');
            self.term(subject);
            self.properties(graph, shape, written, subject, 0);
            self.out.push_str(" .\n");
        }
    }

    /// The predicates and objects of a subject: its types first, one line a predicate.
    fn properties<'g>(
        &mut self,
        graph: &'g Graph,
        shape: &Shape<'g>,
        written: &mut HashSet<&'g Term>,
        subject: &'g Term,
        depth: usize,
    ) {
        let is_type = |triple: &&Triple| *triple.predicate == *rdf::TYPE;
        let types = graph.about(subject).filter(is_type);
        let others = graph.about(subject).filter(|triple| !is_type(triple));
        self.indent += 1;
        let mut last = None;
        for triple in types.chain(others) {
            if last == Some(&triple.predicate) {
                self.out.push_str(", ");
            } else {
                self.out.push_str(if last.is_some() { " ;" } else { "" });
                self.line(last.is_some() || depth > 0);
                self.predicate(&triple.predicate);
                self.out.push(' ');
                last = Some(&triple.predicate);
            }
            self.object(graph, shape, written, &triple.object, depth);
        }
        self.indent -= 1;
    }

    /// A new line, or just a space.
    fn line(&mut self, broken: bool) {
        if broken {
            let _ = write!(self.out, "\n{:width$}", "", width = self.indent * 4);
        } else {
            self.out.push(' ');
        }
    }

    fn object<'g>(
        &mut self,
        graph: &'g Graph,
        shape: &Shape<'g>,
        written: &mut HashSet<&'g Term>,
        object: &'g Term,
        depth: usize,
    ) {
        if object.as_iri().is_some_and(|iri| **iri == *rdf::NIL) {
            return self.out.push_str("()");
        }
        if depth >= NESTING || !shape.used_once.contains(object) || written.contains(object) {
            return self.term(object);
        }
        if shape.cells.contains_key(object) && shape.list(object).all(|(cell, _)| !written.contains(cell)) {
            return self.list(graph, shape, written, object, depth);
        }
        written.insert(object);
        if graph.about(object).next().is_none() {
            return self.out.push_str("[]");
        }
        self.out.push('[');
        self.properties(graph, shape, written, object, depth + 1);
        self.line(true);
        self.out.push(']');
    }

    fn list<'g>(
        &mut self,
        graph: &'g Graph,
        shape: &Shape<'g>,
        written: &mut HashSet<&'g Term>,
        head: &'g Term,
        depth: usize,
    ) {
        self.out.push('(');
        for (cell, value) in shape.list(head) {
            written.insert(cell);
            self.out.push(' ');
            self.object(graph, shape, written, value, depth + 1);
        }
        self.out.push_str(" )");
    }

    fn predicate(&mut self, iri: &str) {
        if iri == rdf::TYPE { self.out.push('a') } else { self.iri(iri) }
    }

    fn term(&mut self, term: &Term) {
        match term {
            Term::Iri(iri) => self.iri(iri),
            Term::Blank(label) => {
                let _ = write!(self.out, "_:{label}");
            }
            Term::Literal(literal) => self.literal(literal),
        }
    }

    fn iri(&mut self, iri: &str) {
        let local = iri.rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')));
        // What stands before the local name may end in a character of several bytes.
        let start = local.map_or(0, |at| at + iri[at..].chars().next().map_or(0, char::len_utf8));
        let (namespace, local) = iri.split_at(start);
        let reference = self.reference(iri);
        let _ = match self.prefixes.get(namespace) {
            Some(prefix) if !local.starts_with('-') => write!(self.out, "{prefix}:{local}"),
            _ => write!(self.out, "<{reference}>"),
        };
    }

    /// What stands for an IRI: of the document itself, only what follows its address.
    fn reference<'i>(&self, iri: &'i str) -> &'i str {
        iri.strip_prefix(self.own).filter(|rest| rest.is_empty() || rest.starts_with('#')).unwrap_or(iri)
    }

    fn literal(&mut self, literal: &Literal) {
        if literal.language.is_none() && is_bare(literal) {
            return self.out.push_str(&literal.lexical);
        }
        self.text(&literal.lexical);
        if let Some(tag) = &literal.language {
            let _ = write!(self.out, "@{tag}");
        } else if *literal.datatype != *xsd::STRING {
            self.out.push_str("^^");
            self.iri(&literal.datatype);
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                c if c.is_control() => {
                    let _ = write!(self.out, "\\u{:04X}", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

/// Whether a literal may be written without quotes, as in `1`, `-2.5`, `1e6` and `true`.
fn is_bare(literal: &Literal) -> bool {
    let text = &*literal.lexical;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match &*literal.datatype {
        xsd::BOOLEAN => matches!(text, "true" | "false"),
        xsd::INTEGER => digits(unsigned),
        xsd::DECIMAL => unsigned.split_once('.').is_some_and(|(whole, part)| digits(whole) && digits(part)),
        xsd::DOUBLE => unsigned.split_once(['e', 'E']).is_some_and(|(mantissa, exponent)| {
            digits(mantissa) && digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
        }),
        _ => false,
    }
}
