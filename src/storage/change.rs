//! What to write, and the versions it was decided upon.

use std::sync::Arc;

use bytes::Bytes;

use super::record::{BlobId, PodId, Version};
use crate::clock::Timestamp;
use crate::path::{PodName, ResourcePath};

/// Where a change is written. It never spans two pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// House records only.
    House,
    Pod(PodId),
    /// A new pod, made by this change. The name must never have been given before.
    NewPod(NewPod),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPod {
    pub name: PodName,
    pub owners: Vec<String>,
    pub quota: Option<u64>,
}

/// Something the decision relied on, which must still hold when the change is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// The record at this path has this version; `None`: there is no record.
    Record(ResourcePath, Option<Version>),
    /// The container's listing has this version.
    Listing(ResourcePath, Version),
}

/// One write to a resource.
///
/// Storage keeps the containing container in step by itself: a member that is written moves the
/// container's listing version, one that comes or goes also its modification time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Creates or replaces. A record that exists keeps its uid, creation time and creator,
    /// unless another one moves onto it.
    Put { path: ResourcePath, content: Content },
    /// Removes one record and erases its bytes.
    Delete { path: ResourcePath },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Empty for a container.
    pub media_type: Arc<str>,
    pub body: NewBody,
    /// The WebID that writes; recorded if the resource is new.
    pub by: Option<Arc<str>>,
    pub inbox: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewBody {
    /// A container has none.
    Absent,
    Inline(Bytes),
    /// A blob that was staged, with its size in bytes.
    Staged(BlobId, u64),
    /// The body of the record at this path, which the same change deletes. With it the record's uid, creation time and
    /// creator move here: it is still the same resource. Containers move so, too.
    From(ResourcePath),
}

/// What happened to a resource, for those who follow changes.
///
/// Spec: P-224
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Happening {
    Create,
    Update,
    Delete,
    /// A member came; the event's path is the container, its object the member.
    Add,
    /// A member went.
    Remove,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub happening: Happening,
    /// The resource, or the container of an `Add` or `Remove`.
    pub path: ResourcePath,
    /// The member of an `Add` or `Remove`.
    pub object: Option<ResourcePath>,
}

/// What a committed change did. Kept for 30 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub pod: PodId,
    pub version: Version,
    /// The place among the events of its commit, from 0.
    pub index: u32,
    pub at: Timestamp,
    pub happening: Happening,
    /// Local paths, as [`ResourcePath::local`].
    pub path: Arc<str>,
    pub object: Option<Arc<str>>,
}

/// What a house record must be when it is written, so that e-mails, names and links stay unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryIs {
    Absent,
    At(Version),
    /// Written whatever is there: for counters and marks that nothing is decided upon.
    Anything,
}

/// A write to a house record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryWrite {
    pub key: Arc<str>,
    pub expected: EntryIs,
    /// `None` removes it.
    pub value: Option<Bytes>,
}

/// A house record: accounts, credentials, keys, links. The key's first part names its kind
/// (`account/…`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: Arc<str>,
    pub value: Bytes,
    pub version: Version,
}

/// What to write. It is applied whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub scope: Scope,
    pub at: Timestamp,
    pub expected: Vec<Expected>,
    pub writes: Vec<Write>,
    pub events: Vec<NewEvent>,
    pub entries: Vec<EntryWrite>,
    /// Pods that are closed (`true`) or opened again along with it, whatever its scope is.
    pub closed: Vec<(PodId, bool)>,
}

impl Change {
    /// A change of the pod that does nothing yet.
    pub fn of(scope: Scope, at: Timestamp) -> Self {
        let (expected, writes, events) = (Vec::new(), Vec::new(), Vec::new());
        Self { scope, at, expected, writes, events, entries: Vec::new(), closed: Vec::new() }
    }
}

/// What a commit made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    pub pod: Option<PodId>,
    /// The commit number: the version of every record and entry it wrote.
    pub version: Version,
}
