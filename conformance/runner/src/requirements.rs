//! The requirements of the specifications and our own, read from `conformance/requirements`.

use std::collections::{BTreeSet, HashMap};

use oxrdf::{NamedOrBlankNode, Term, Triple};
use oxttl::TurtleParser;

use crate::citation::Citation;

const SPEC: &str = "http://www.w3.org/ns/spec#";
const CARTABLE: &str = "https://w3id.org/cartable/ns#";
const IS_PART_OF: &str = "http://purl.org/dc/terms/isPartOf";

/// One list of requirements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// Its file in `conformance/requirements`.
    pub file: &'static str,
    pub title: &'static str,
    text: &'static str,
}

/// All lists, in the order of reports.
pub const LISTS: [List; 14] = [
    List { file: "solid.ttl", title: "Solid Protocol 0.11", text: include_str!("../../requirements/solid.ttl") },
    List {
        file: "solid-ed.ttl",
        title: "Solid Protocol, draft 0.12",
        text: include_str!("../../requirements/solid-ed.ttl"),
    },
    List { file: "wac.ttl", title: "Web Access Control 1.0", text: include_str!("../../requirements/wac.ttl") },
    List {
        file: "wac-ed.ttl",
        title: "Web Access Control, draft 1.1",
        text: include_str!("../../requirements/wac-ed.ttl"),
    },
    List { file: "oidc.ttl", title: "Solid-OIDC", text: include_str!("../../requirements/oidc.ttl") },
    List {
        file: "cartable-protocol.ttl",
        title: "Protocol, line by line",
        text: include_str!("../../requirements/cartable-protocol.ttl"),
    },
    List {
        file: "cartable-wac.ttl",
        title: "Access control, line by line",
        text: include_str!("../../requirements/cartable-wac.ttl"),
    },
    List {
        file: "cartable-oidc.ttl",
        title: "Identity, line by line",
        text: include_str!("../../requirements/cartable-oidc.ttl"),
    },
    List {
        file: "cartable-notifications.ttl",
        title: "Notifications, line by line",
        text: include_str!("../../requirements/cartable-notifications.ttl"),
    },
    List {
        file: "cartable-school.ttl",
        title: "Spaces from schools, line by line",
        text: include_str!("../../requirements/cartable-school.ttl"),
    },
    List {
        file: "cartable-data.ttl",
        title: "School data, line by line",
        text: include_str!("../../requirements/cartable-data.ttl"),
    },
    List {
        file: "cartable-learning.ttl",
        title: "Learning traces, line by line",
        text: include_str!("../../requirements/cartable-learning.ttl"),
    },
    List {
        file: "cartable-moving.ttl",
        title: "What stays when spaces move, line by line",
        text: include_str!("../../requirements/cartable-moving.ttl"),
    },
    List { file: "rfc.ttl", title: "RFCs", text: include_str!("../../requirements/rfc.ttl") },
];

/// How binding a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Must,
    MustNot,
    Should,
    May,
    /// Not in a specification, but widely used servers do it and clients rely on it.
    Peer,
    /// A choice of ours where a specification leaves one.
    Ours,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::May => "MAY",
            Self::Peer => "peers do",
            Self::Ours => "our choice",
        }
    }

    fn of_iri(iri: &str) -> Option<Self> {
        match iri.strip_prefix(SPEC).or_else(|| iri.strip_prefix(CARTABLE))? {
            "MUST" => Some(Self::Must),
            "MUSTNOT" => Some(Self::MustNot),
            "SHOULD" => Some(Self::Should),
            "MAY" => Some(Self::May),
            "Peer" => Some(Self::Peer),
            "Ours" => Some(Self::Ours),
            _ => None,
        }
    }

    /// Whether a server that does not meet it fails to conform.
    pub fn binds(self) -> bool {
        matches!(self, Self::Must | Self::MustNot)
    }
}

/// Whom a requirement binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Server,
    Client,
    /// A patch document: a server checks it.
    PatchDocument,
    /// An extension of the specification.
    Extension,
}

impl Subject {
    fn of_iri(iri: &str) -> Option<Self> {
        match iri.strip_prefix(SPEC).or_else(|| iri.strip_prefix(CARTABLE))? {
            "Server" => Some(Self::Server),
            "Client" => Some(Self::Client),
            "PatchDocument" => Some(Self::PatchDocument),
            "Extension" => Some(Self::Extension),
            _ => None,
        }
    }

    /// Whether a server can show or break it.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Server | Self::PatchDocument)
    }
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    pub id: Citation,
    pub level: Level,
    pub subject: Subject,
    /// Where it stands in its text.
    pub section: String,
    /// What it says, in our words.
    pub statement: String,
    /// Other requirements that are met when this one is.
    pub covers: Vec<Citation>,
    /// Why it is not met yet.
    pub not_yet: Option<String>,
    /// Why it cannot apply here.
    pub not_applicable: Option<String>,
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}: {1}")]
    Syntax(&'static str, oxttl::TurtleSyntaxError),
    #[error("{0}: <{1}> is not named like a requirement")]
    Name(&'static str, String),
    #[error("{0}: {1} lacks its level, subject, section or statement")]
    Incomplete(&'static str, Citation),
    #[error("{0}: {1} has a statement that is not understood: {2}")]
    Unknown(&'static str, Citation, String),
}

impl List {
    /// The requirements of this list, in its order.
    pub fn read(&self) -> Result<Vec<Requirement>, Error> {
        let mut drafts: Vec<(Citation, Draft)> = Vec::new();
        let mut places = HashMap::new();
        for triple in TurtleParser::new().for_slice(self.text) {
            let triple = triple.map_err(|error| Error::Syntax(self.file, error))?;
            let NamedOrBlankNode::NamedNode(subject) = &triple.subject else {
                return Err(Error::Name(self.file, triple.subject.to_string()));
            };
            let id = Citation::of_iri(subject.as_str())
                .ok_or_else(|| Error::Name(self.file, subject.as_str().to_owned()))?;
            let place = *places.entry(id.clone()).or_insert_with(|| {
                drafts.push((id.clone(), Draft::default()));
                drafts.len() - 1
            });
            let (_, draft) = &mut drafts[place];
            draft.add(&triple).ok_or_else(|| Error::Unknown(self.file, id, triple.to_string()))?;
        }
        drafts.into_iter().map(|(id, draft)| draft.finish(id.clone()).ok_or(Error::Incomplete(self.file, id))).collect()
    }
}

/// Reads every list.
pub fn all() -> Result<Vec<Requirement>, Error> {
    Ok(LISTS.iter().map(List::read).collect::<Result<Vec<_>, _>>()?.concat())
}

/// These requirements, and all that are met when they are.
pub fn with_covered(all: &[Requirement], met: impl IntoIterator<Item = Citation>) -> BTreeSet<Citation> {
    let mut met: BTreeSet<_> = met.into_iter().collect();
    loop {
        let before = met.len();
        let covering = all.iter().filter(|requirement| met.contains(&requirement.id));
        let covered: Vec<_> = covering.flat_map(|requirement| requirement.covers.clone()).collect();
        met.extend(covered);
        if met.len() == before {
            return met;
        }
    }
}

#[derive(Default)]
struct Draft {
    level: Option<Level>,
    subject: Option<Subject>,
    section: Option<String>,
    statement: Option<String>,
    covers: Vec<Citation>,
    not_yet: Option<String>,
    not_applicable: Option<String>,
}

impl Draft {
    /// Takes one triple about the requirement; `None` if it is not understood or says something twice.
    fn add(&mut self, triple: &Triple) -> Option<()> {
        let name = triple.predicate.as_str();
        let local = name.strip_prefix(SPEC).or_else(|| name.strip_prefix(CARTABLE)).unwrap_or(name);
        match (local, &triple.object) {
            ("requirementLevel", Term::NamedNode(level)) => once(&mut self.level, Level::of_iri(level.as_str())?),
            ("requirementSubject", Term::NamedNode(who)) => once(&mut self.subject, Subject::of_iri(who.as_str())?),
            ("covers", Term::NamedNode(other)) => {
                self.covers.push(Citation::of_iri(other.as_str())?);
                Some(())
            }
            (IS_PART_OF, Term::Literal(text)) => once(&mut self.section, text.value().to_owned()),
            ("statement", Term::Literal(text)) => once(&mut self.statement, text.value().to_owned()),
            ("notYet", Term::Literal(text)) => once(&mut self.not_yet, text.value().to_owned()),
            ("notApplicable", Term::Literal(text)) => once(&mut self.not_applicable, text.value().to_owned()),
            ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", Term::NamedNode(class)) => {
                (class.as_str().strip_prefix(SPEC) == Some("Requirement")).then_some(())
            }
            _ => None,
        }
    }

    fn finish(self, id: Citation) -> Option<Requirement> {
        Some(Requirement {
            id,
            level: self.level?,
            subject: self.subject?,
            section: self.section?,
            statement: self.statement?,
            covers: self.covers,
            not_yet: self.not_yet,
            not_applicable: self.not_applicable,
        })
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_list_reads_and_each_requirement_is_there_once() {
        let all = all().expect("the lists read");
        let ids: HashSet<_> = all.iter().map(|requirement| &requirement.id).collect();
        assert_eq!(ids.len(), all.len());
        for requirement in &all {
            for other in &requirement.covers {
                assert!(ids.contains(other), "{} covers {other}, which is nowhere", requirement.id);
            }
        }
    }
}
