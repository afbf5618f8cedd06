//! What storage keeps of a resource, and what one look at a path finds.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::path::{ContainerPath, PodName, ResourcePath, Role};

/// The number of a pod, not derived from its name. It leads the key of everything a pod holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodId(pub i64);

/// A pod's commit number: each commit raises it, so that no version ever comes back, not even after
/// a resource was deleted and made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// The random name of a blob. A blob belongs to one record; bytes are never shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub uuid::Uuid);

/// Names a resource for as long as it exists, whatever its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(pub i64);

/// The user's space: what the specification calls a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    pub id: PodId,
    pub name: PodName,
    /// The WebIDs that own the pod. Never empty.
    ///
    /// Spec: solid#server-storage-track-owner
    pub owners: Vec<String>,
    /// Raised by every commit.
    pub version: Version,
    /// Bytes of all bodies in the pod, exactly.
    pub used: u64,
    /// The most bytes the pod may hold; `None` is no limit.
    pub quota: Option<u64>,
    pub created: Timestamp,
    /// Its owner is leaving: it is shown to nobody and takes no change until it is opened again or removed.
    ///
    /// Spec: O-329
    pub closed: bool,
}

/// Where the bytes of a resource are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A container has none.
    Absent,
    /// Small enough to lie in the record.
    Inline(Bytes),
    /// In a blob of its own.
    Blob(BlobId),
    /// The row was read without its bytes (as [`super::Storage::members`] does).
    Unread,
}

/// A resource as it is kept: its bytes as they were written, and what the catalogue knows of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub uid: Uid,
    /// As the client wrote it, parameters included. Empty for a container.
    pub media_type: Arc<str>,
    /// Bytes of the body.
    pub size: u64,
    pub created: Timestamp,
    /// Of a container: when a member was last added or removed, or the container itself was written.
    pub modified: Timestamp,
    /// The WebID that created it, if it was known.
    pub created_by: Option<Arc<str>>,
    /// The commit that last wrote this record.
    pub version: Version,
    /// Of a container: the commit that last changed its listing (a member added, removed or
    /// rewritten, or the date of a container among them moved). Equals `version` for everything else.
    pub listing: Version,
    /// An inbox that the client named when it wrote the resource.
    ///
    /// Spec: P-64
    pub inbox: Option<Arc<str>>,
    pub body: Body,
}

/// A subject with its auxiliary resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spot {
    pub record: Option<Record>,
    /// Its access control list, with its body.
    pub acl: Option<Record>,
    /// Its description, with its body.
    pub description: Option<Record>,
    /// Whether the same name exists with the other slash form.
    pub twin: bool,
}

/// A container above the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Above {
    pub path: ContainerPath,
    pub record: Option<Record>,
    /// Its access control list, with its body.
    pub acl: Option<Record>,
    /// Whether a document stands where this container would be.
    pub twin: bool,
}

/// What is there, at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub pod: Pod,
    /// The path that was asked for; perhaps an auxiliary resource of the subject.
    pub path: ResourcePath,
    /// The subject of `path` (`path` itself unless that is auxiliary), body included.
    pub subject: Spot,
    /// The containers above the subject, nearest first, down to the root. Empty for the root.
    pub above: Vec<Above>,
}

impl Found {
    /// The record at the path that was asked for.
    pub fn target(&self) -> Option<&Record> {
        match self.path.role() {
            Role::Container | Role::Document => self.subject.record.as_ref(),
            Role::Acl => self.subject.acl.as_ref(),
            Role::Description => self.subject.description.as_ref(),
            Role::Impossible => None,
        }
    }

    /// How many of the containers directly above are missing.
    pub fn missing_above(&self) -> usize {
        self.above.iter().take_while(|above| above.record.is_none()).count()
    }
}

/// A member of a container, or a resource of a pod's tree: the row without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub path: ResourcePath,
    pub record: Record,
}
