//! What a caller asks for: a path, an operation, conditions.

use std::sync::Arc;

use bytes::Bytes;

use super::condition::Conditions;
use crate::path::ResourcePath;
use crate::rdf::format::Format;
use crate::rdf::graph::Graph;
use crate::rdf::patch::{Clauses, Patch};
use crate::sparql::update::Update;
use crate::storage::{Found, NewBody, Record, Write};

/// A request, parsed. A body is received only after access was granted, except that of a patch,
/// whose clauses say which modes it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub path: ResourcePath,
    pub operation: Operation,
    pub conditions: Conditions,
    /// The WebID that asks, to be recorded as creator.
    pub by: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// GET and HEAD.
    Read,
    Put(Sent),
    Post(Post),
    Patch(Edit),
    Delete,
}

/// A representation that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// As sent, parameters included; `None` only if there is no content.
    pub media_type: Option<Arc<str>>,
    /// The kind of resource that the `Link` field asks for.
    pub model: Model,
    /// An inbox that the `Link` field names.
    pub inbox: Option<Arc<str>>,
    pub body: Received,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub sent: Sent,
    /// The name that the client would like, cleaned; never an auxiliary one.
    pub slug: Option<String>,
    /// Where the new resource goes: chosen once the container was looked at.
    pub child: Option<ResourcePath>,
}

/// An LDP interaction model, from `Link: <…>; rel="type"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Model {
    #[default]
    Unsaid,
    Container,
    RdfSource,
    NonRdfSource,
    /// `DirectContainer` or `IndirectContainer`, which we do not make.
    OtherContainer,
}

/// A body, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// Nothing was sent.
    Nothing,
    /// Announced, not read yet.
    Waiting,
    /// Small, or RDF.
    Bytes(Bytes),
    /// Too large to lie in a record: its bytes wait as a blob.
    Staged(crate::storage::BlobId, u64),
}

impl Received {
    /// The bytes that lie in memory.
    pub fn bytes(&self) -> &[u8] {
        if let Self::Bytes(bytes) = self { bytes } else { &[] }
    }

    /// The same, shared.
    pub fn content(&self) -> Bytes {
        if let Self::Bytes(bytes) = self { bytes.clone() } else { Bytes::new() }
    }

    /// As storage takes it.
    pub fn into_body(self) -> NewBody {
        match self {
            Self::Nothing | Self::Waiting => NewBody::Inline(Bytes::new()),
            Self::Bytes(bytes) => NewBody::Inline(bytes),
            Self::Staged(blob, size) => NewBody::Staged(blob, size),
        }
    }
}

/// A patch, in either language.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Not read yet.
    Waiting,
    N3(Patch),
    Sparql(Update),
}

impl Edit {
    /// Which clauses the patch has; they say which modes it needs.
    pub fn clauses(&self) -> Clauses {
        match self {
            Self::Waiting => Clauses::default(),
            Self::N3(patch) => patch.clauses(),
            Self::Sparql(update) => update.clauses(),
        }
    }

    /// The graph after the patch.
    pub fn apply(&self, graph: &Graph) -> Result<Graph, super::Refusal> {
        match self {
            Self::Waiting => Ok(graph.clone()),
            Self::N3(patch) => Ok(patch.apply(graph)?),
            Self::Sparql(update) => update.apply(graph).map_err(|_| super::Refusal::TooMuchWork),
        }
    }
}

impl Asked {
    /// The format of what a PUT sends; `None` if it sends no RDF.
    pub fn format(&self) -> Option<Format> {
        match &self.operation {
            Operation::Put(sent) => sent.media_type.as_deref().and_then(Format::of),
            _ => None,
        }
    }

    /// Bytes of RDF that planning reads.
    pub fn reads(&self, found: &Found) -> u64 {
        let sent = match &self.operation {
            Operation::Read | Operation::Delete => return 0,
            Operation::Put(sent) | Operation::Post(Post { sent, .. }) => sent.body.bytes().len() as u64,
            Operation::Patch(_) => 0,
        };
        let rdf = |record: &&Record| record.format().is_some();
        let stored = found.target().into_iter().chain(&found.subject.description).filter(rdf);
        stored.map(|record| record.size).sum::<u64>() + sent
    }

    /// Whether `write` keeps what was sent, byte for byte.
    ///
    /// Spec: P-127
    pub fn is_verbatim(&self, write: &Write) -> bool {
        match (&self.operation, write) {
            (Operation::Put(sent), Write::Put { path, content }) => {
                *path == self.path && content.body == sent.body.clone().into_body()
            }
            _ => false,
        }
    }

    /// Whether it only reads.
    pub fn is_safe(&self) -> bool {
        self.operation == Operation::Read
    }
}
