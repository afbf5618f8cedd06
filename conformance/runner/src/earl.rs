//! The report in EARL, the W3C's vocabulary for test results, as Turtle.

use oxrdf::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, TripleRef};
use oxttl::TurtleSerializer;

use crate::citation::Citation;
use crate::outcome::Result;
use crate::rdf::{TYPE, iri, text};

const EARL: &str = "http://www.w3.org/ns/earl#";
const DCTERMS: &str = "http://purl.org/dc/terms/";
const DOAP: &str = "http://usefulinc.com/ns/doap#";
const SPEC: &str = "http://www.w3.org/ns/spec#";
const CASES: &str = "https://w3id.org/cartable/conformance/";

/// Prints the results of one run against `server`, at `date`, an `xsd:dateTime`.
pub fn print(results: &[Result], server: &str, date: &str) -> std::io::Result<String> {
    let mut report = Report { turtle: prefixed(), triples: Vec::new() };
    let subject: NamedOrBlankNode = iri(server).into();
    let runner: NamedOrBlankNode = iri(format!("{CASES}runner")).into();
    report.add(&subject, TYPE, earl("TestSubject"));
    report.add(&runner, TYPE, earl("Software"));
    report.add(&runner, &format!("{DOAP}name"), text("cartable-conformance"));
    for result in results {
        report.assertion(result, &subject, &runner, date);
    }
    report.finish()
}

struct Report {
    turtle: TurtleSerializer,
    triples: Vec<(NamedOrBlankNode, NamedNode, Term)>,
}

impl Report {
    fn assertion(&mut self, result: &Result, subject: &NamedOrBlankNode, runner: &NamedOrBlankNode, date: &str) {
        let case: NamedOrBlankNode = iri(format!("{CASES}{}", result.case.id)).into();
        self.add(&case, TYPE, earl("TestCase"));
        self.add(&case, &format!("{DCTERMS}title"), text(&*result.case.title));
        for requirement in result.case.shows.iter().map(Citation::iri) {
            self.add(&case, &format!("{SPEC}requirementReference"), iri(requirement));
        }
        let assertion: NamedOrBlankNode = BlankNode::default().into();
        let outcome: NamedOrBlankNode = BlankNode::default().into();
        self.add(&assertion, TYPE, earl("Assertion"));
        self.add(&assertion, &format!("{EARL}assertedBy"), runner.clone());
        self.add(&assertion, &format!("{EARL}subject"), subject.clone());
        self.add(&assertion, &format!("{EARL}test"), case);
        self.add(&assertion, &format!("{EARL}mode"), earl("automatic"));
        self.add(&assertion, &format!("{EARL}result"), outcome.clone());
        self.add(&outcome, TYPE, earl("TestResult"));
        self.add(&outcome, &format!("{EARL}outcome"), earl(result.outcome.name()));
        let date_time = iri("http://www.w3.org/2001/XMLSchema#dateTime");
        self.add(&outcome, &format!("{DCTERMS}date"), Literal::new_typed_literal(date, date_time));
        if let Some(reason) = &result.reason {
            self.add(&outcome, &format!("{EARL}info"), text(reason));
        }
    }

    fn add(&mut self, subject: &NamedOrBlankNode, predicate: &str, object: impl Into<Term>) {
        self.triples.push((subject.clone(), iri(predicate), object.into()));
    }

    fn finish(self) -> std::io::Result<String> {
        let mut writer = self.turtle.for_writer(Vec::new());
        for (subject, predicate, object) in &self.triples {
            writer.serialize_triple(TripleRef::new(subject, predicate, object))?;
        }
        String::from_utf8(writer.finish()?).map_err(std::io::Error::other)
    }
}

fn prefixed() -> TurtleSerializer {
    let prefixes = [("earl", EARL), ("dcterms", DCTERMS), ("doap", DOAP), ("spec", SPEC)];
    prefixes
        .into_iter()
        .fold(TurtleSerializer::new(), |turtle, (name, iri)| turtle.clone().with_prefix(name, iri).unwrap_or(turtle))
}

fn earl(name: &str) -> NamedNode {
    iri(format!("{EARL}{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::{cases, rdf};

    #[test]
    fn the_report_reads_back() {
        let reason = Some("200 instead of 404 (\"quoted\")\n".to_owned());
        let failed = |case| Result { case, outcome: Outcome::Failed, reason: reason.clone() };
        let results: Vec<_> = cases::all().into_iter().map(failed).collect();
        let text = print(&results, "https://pods.example/", "2026-01-01T00:00:00Z").expect("it prints");
        let graph = rdf::parse("text/turtle", text.as_bytes(), "https://pods.example/").expect("it parses");
        let outcome = iri(format!("{EARL}outcome"));
        let failures = graph.subjects_for_predicate_object(&outcome, &earl("failed")).count();
        assert_eq!(failures, results.len());
    }

    #[test]
    fn our_description_for_the_public_suite_reads() {
        let text = include_str!("../../official/cartable.ttl");
        let graph = rdf::parse("text/turtle", text.as_bytes(), "https://cartable.example/").expect("it parses");
        assert!(rdf::has(
            &graph,
            "https://w3id.org/cartable/conformance/cartable",
            TYPE,
            &format!("{EARL}TestSubject")
        ));
    }
}
