//! The record of an import: what it was made from, what it wrote, and what was there before, so that it can be undone.
//!
//! It lies in the pod, at `/imports/{id}/`, which only the owner reads: `index.ttl` is the record, `before.trig` holds
//! what the import changed, and the original file is beside them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Kind;
use crate::address::Addresses;
use crate::clock::Timestamp;
use crate::path::{PodName, ResourcePath};
use crate::rdf::format::{self, Document, Format};
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{cartable, dcterms, prov, rdf, schema, xsd};

/// Where imports are kept.
pub const CONTAINER: &str = "/imports/";

/// An import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: Uuid,
    pub state: State,
    pub kind: Kind,
    /// What the file was called.
    pub name: Option<String>,
    /// Which column holds what, see [`super::csv::Columns`].
    pub columns: Option<String>,
    pub begun: Timestamp,
    pub counts: Counts,
    /// The documents that it wrote.
    pub written: BTreeMap<ResourcePath, Mark>,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The file is there, and nothing is done.
    Planned,
    /// It was begun, and may be half done.
    Begun,
    Applied,
    Undone,
}

impl State {
    const ALL: [Self; 4] = [Self::Planned, Self::Begun, Self::Applied, Self::Undone];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Begun => "begun",
            Self::Applied => "applied",
            Self::Undone => "undone",
        }
    }
}

/// How many entries of a file came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    pub created: usize,
    pub changed: usize,
    /// As they should be already, or as their owner wants them.
    pub skipped: usize,
    pub removed: usize,
    pub rejected: usize,
}

/// What an import left in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// See [`digest`]; empty if there is none; `None`: the document was deleted.
    pub digest: Option<String>,
    /// Whether the document says what the file says and nothing else.
    pub is_whole: bool,
}

/// A name for what a document says, by which it is seen whether somebody has edited it since. A graph with blank nodes
/// has none: it is not of our writing.
pub fn digest(graph: &Graph) -> Option<String> {
    let is_blank = |term: &Term| matches!(term, Term::Blank(_));
    if graph.iter().any(|triple| is_blank(&triple.subject) || is_blank(&triple.object)) {
        return None;
    }
    let document = Document { dataset: graph.clone().into(), prefixes: Vec::new() };
    let lines = format::print(&document, Format::NTriples).ok()?;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(&lines) {
        let _ = write!(hex, "{byte:02x}");
    }
    Some(hex)
}

/// Where the parts of an import lie.
#[derive(Debug, Clone)]
pub struct Folder {
    pod: PodName,
    pub id: Uuid,
}

impl Folder {
    pub fn new(pod: &PodName, id: Uuid) -> Self {
        Self { pod: pod.clone(), id }
    }

    pub fn record(&self) -> ResourcePath {
        self.part("index.ttl")
    }

    pub fn before(&self) -> ResourcePath {
        self.part("before.trig")
    }

    pub fn original(&self) -> ResourcePath {
        self.part("original")
    }

    fn part(&self, name: &str) -> ResourcePath {
        ResourcePath::trusted(self.pod.clone(), &format!("{CONTAINER}{}/{name}", self.id))
    }

    /// The import as an activity.
    pub fn activity(&self, addresses: &Addresses) -> Term {
        Term::iri(format!("{}#it", addresses.iri(&self.record())))
    }

    /// The import whose record lies there.
    pub fn of(path: &ResourcePath) -> Option<Self> {
        let id = path.local().strip_prefix(CONTAINER)?.strip_suffix("/index.ttl")?;
        Some(Self { pod: path.pod().clone(), id: Uuid::try_parse(id).ok()? })
    }
}

impl Record {
    pub fn graph(&self, folder: &Folder, owner: &str, addresses: &Addresses) -> Graph {
        let this = folder.activity(addresses);
        let original = Term::iri(addresses.iri(&folder.original()));
        let mut graph = Graph::default();
        graph.say(&this, rdf::TYPE, Term::iri(prov::ACTIVITY));
        graph.say(&this, cartable::STATUS, Term::text(self.state.name()));
        graph.say(&this, prov::STARTED_AT_TIME, Term::typed(&self.begun.to_string(), xsd::DATE_TIME));
        graph.say(&this, prov::WAS_STARTED_BY, Term::iri(owner));
        graph.say(&this, prov::USED, original.clone());
        graph.say(&original, schema::ENCODING_FORMAT, Term::text(self.kind.media_type()));
        if let Some(name) = &self.name {
            graph.say(&original, dcterms::TITLE, Term::text(name));
        }
        if let Some(columns) = &self.columns {
            graph.say(&this, cartable::FIELD, Term::text(columns));
        }
        for (property, count) in self.counts.named() {
            graph.say(&this, property, Term::typed(&count.to_string(), xsd::INTEGER));
        }
        for (path, mark) in &self.written {
            let document = Term::iri(addresses.iri(path));
            match &mark.digest {
                Some(digest) => {
                    graph.say(&document, prov::WAS_GENERATED_BY, this.clone());
                    graph.say(&document, schema::SHA256, Term::text(digest));
                }
                None => {
                    graph.say(
                        &document,
                        prov::INVALIDATED_AT_TIME,
                        Term::typed(&self.begun.to_string(), xsd::DATE_TIME),
                    );
                }
            }
            if mark.is_whole {
                graph.say(&document, prov::HAD_PRIMARY_SOURCE, original.clone());
            }
        }
        graph
    }

    /// Reads a record; `None` if it is none of ours.
    pub fn read(graph: &Graph, folder: &Folder, addresses: &Addresses) -> Option<Self> {
        let this = folder.activity(addresses);
        let original = Term::iri(addresses.iri(&folder.original()));
        let text = |subject: &Term, property: &str| {
            graph.objects(subject, property).find_map(|term| Some(term.as_literal()?.lexical.to_string()))
        };
        let status = text(&this, cartable::STATUS)?;
        let media_type = text(&original, schema::ENCODING_FORMAT)?;
        let whole = |document: &Term| graph.objects(document, prov::HAD_PRIMARY_SOURCE).next().is_some();
        let mut written = BTreeMap::new();
        for document in graph.subjects(prov::WAS_GENERATED_BY, &this) {
            let Some(path) = document.as_iri().and_then(|iri| addresses.path_of(iri)) else { continue };
            written.insert(path, Mark { digest: text(document, schema::SHA256), is_whole: whole(document) });
        }
        for removed in graph.iter().filter(|triple| *triple.predicate == *prov::INVALIDATED_AT_TIME) {
            let Some(path) = removed.subject.as_iri().and_then(|iri| addresses.path_of(iri)) else { continue };
            written.insert(path, Mark { digest: None, is_whole: false });
        }
        let count = |property| text(&this, property).and_then(|count| count.parse().ok()).unwrap_or_default();
        Some(Self {
            id: folder.id,
            state: State::ALL.into_iter().find(|state| state.name() == status)?,
            kind: Kind::ALL.into_iter().find(|kind| kind.media_type() == media_type)?,
            name: text(&original, dcterms::TITLE),
            columns: text(&this, cartable::FIELD),
            begun: text(&this, prov::STARTED_AT_TIME).map(|begun| moment(&begun)).unwrap_or_default(),
            counts: Counts {
                created: count(cartable::CREATED),
                changed: count(cartable::UPDATED),
                skipped: count(cartable::KEPT),
                removed: count(cartable::REMOVED),
                rejected: count(cartable::REJECTED),
            },
            written,
        })
    }
}

impl Counts {
    fn named(&self) -> [(&'static str, usize); 5] {
        [
            (cartable::CREATED, self.created),
            (cartable::UPDATED, self.changed),
            (cartable::KEPT, self.skipped),
            (cartable::REMOVED, self.removed),
            (cartable::REJECTED, self.rejected),
        ]
    }
}

fn moment(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().map(|at| Timestamp::from_millis(at.as_millisecond())).unwrap_or_default()
}
