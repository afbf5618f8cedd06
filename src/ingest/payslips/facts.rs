//! What is remembered of each document from run to run, beside what was written of it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::rdf::graph::{Graph, Iri, Literal, Term, Triple};
use crate::rdf::vocab::{dcterms, prov, schema, xsd};

/// A document that was fetched once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// The portal's names for it, each with the fingerprint of the row that listed it last.
    pub rows: BTreeMap<String, String>,
    /// SHA-256 of the file.
    pub hash: String,
    /// Where the file lies.
    pub file: Option<Iri>,
    /// When the owner was found to have deleted it. It is not fetched again.
    pub gone: Option<String>,
}

/// All documents of one account, by the names of their records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    pub known: BTreeMap<Uuid, Known>,
}

impl Facts {
    /// Reads the facts about records below `records`, the address of their container.
    pub fn read(graph: &Graph, records: &str) -> Self {
        let mut known: BTreeMap<Uuid, Known> = BTreeMap::new();
        for triple in graph.iter() {
            let Some(record) = record_of(&triple.subject, records) else { continue };
            let known = known.entry(record).or_default();
            match (&*triple.predicate, &triple.object) {
                (dcterms::IDENTIFIER, Term::Literal(row)) => {
                    let (uuid, fingerprint) = row.lexical.split_once(' ').unwrap_or((&row.lexical, ""));
                    known.rows.insert(uuid.to_owned(), fingerprint.to_owned());
                }
                (schema::SHA256, Term::Literal(hash)) => known.hash = hash.lexical.to_string(),
                (schema::ENCODING, Term::Iri(file)) => known.file = Some(file.clone()),
                (prov::INVALIDATED_AT_TIME, Term::Literal(time)) => known.gone = Some(time.lexical.to_string()),
                _ => {}
            }
        }
        Self { known }
    }

    /// Replaces what a graph says about records below `records`.
    pub fn write(&self, graph: &mut Graph, records: &str) {
        let old: Vec<_> =
            graph.iter().filter(|triple| record_of(&triple.subject, records).is_some()).cloned().collect();
        for triple in &old {
            graph.remove(triple);
        }
        for (record, known) in &self.known {
            let record = Term::iri(format!("{records}{record}.ttl#it"));
            let row = |(uuid, fingerprint): (&String, &String)| text(&format!("{uuid} {fingerprint}"), xsd::STRING);
            let rows = known.rows.iter().map(row).map(|row| (dcterms::IDENTIFIER, row));
            let hash = (!known.hash.is_empty()).then(|| (schema::SHA256, text(&known.hash, xsd::STRING)));
            let file = known.file.clone().map(|file| (schema::ENCODING, Term::Iri(file)));
            let gone = known.gone.as_ref().map(|time| (prov::INVALIDATED_AT_TIME, text(time, xsd::DATE_TIME)));
            let says = rows.chain(hash).chain(file).chain(gone);
            graph.extend(says.filter_map(|(predicate, object)| Triple::new(record.clone(), predicate, object)));
        }
    }

    /// The document that the portal calls so.
    pub fn named(&self, uuid: &str) -> Option<Uuid> {
        self.known.iter().find(|(_, known)| known.rows.contains_key(uuid)).map(|(record, _)| *record)
    }

    /// The document whose file has this hash.
    pub fn hashed(&self, hash: &str) -> Option<Uuid> {
        self.known.iter().find(|(_, known)| known.hash == hash).map(|(record, _)| *record)
    }

    /// Where the files lie that are not gone.
    pub fn files(&self) -> BTreeSet<Iri> {
        self.known.values().filter(|known| known.gone.is_none()).filter_map(|known| known.file.clone()).collect()
    }

    /// The owner has deleted the file.
    pub fn bury(&mut self, record: Uuid, now: Timestamp) {
        if let Some(known) = self.known.get_mut(&record) {
            (known.file, known.gone) = (None, Some(now.to_string()));
        }
    }

    /// Forgets that anything is known, but for which record is whose: all is fetched again.
    pub fn start_over(&mut self) {
        for known in self.known.values_mut() {
            known.gone = None;
            known.rows.values_mut().for_each(String::clear);
        }
    }
}

/// The name of the record that a fact is about.
fn record_of(subject: &Term, records: &str) -> Option<Uuid> {
    let name = subject.as_iri()?.strip_prefix(records)?.strip_suffix(".ttl#it")?;
    Uuid::parse_str(name).ok()
}

fn text(text: &str, datatype: &str) -> Term {
    Term::Literal(Literal { lexical: text.into(), datatype: datatype.into(), language: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: &str = "https://pod.example/administratif/ensap/c1/records/";

    #[test]
    fn facts_are_read_as_they_were_written() {
        let mut facts = Facts::default();
        let one = Known {
            rows: [("u1", "f1"), ("u2", "")].map(|(uuid, row)| (uuid.to_owned(), row.to_owned())).into(),
            hash: "ab".into(),
            file: Some("https://pod.example/a.pdf".into()),
            gone: None,
        };
        facts.known.insert(Uuid::from_u128(1), one.clone());
        facts.known.insert(Uuid::from_u128(2), one);
        facts.bury(Uuid::from_u128(2), Timestamp::from_seconds(1_767_502_800));
        let other = Triple::new(
            Term::iri("https://pod.example/x"),
            "https://pod.example/p",
            Term::iri("https://pod.example/y"),
        );
        let mut graph: Graph = other.clone().into_iter().collect();
        facts.write(&mut graph, RECORDS);
        assert_eq!(Facts::read(&graph, RECORDS), facts);
        assert_eq!((facts.named("u2"), facts.named("u3")), (Some(Uuid::from_u128(1)), None));
        assert_eq!(facts.files().len(), 1);
        Facts::default().write(&mut graph, RECORDS);
        assert_eq!(graph, other.into_iter().collect(), "what others remember stays");
    }
}
