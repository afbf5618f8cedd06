//! Where pods are kept: the trait, its values, and the embedded backend.
//!
//! Bytes as they were written are the truth; nothing here knows what they mean.

pub mod change;
pub mod record;
pub mod sqlite;

use std::ops::Range;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;

pub use change::{
    Change, Committed, Content, Entry, EntryIs, EntryWrite, Event, Expected, Happening, NewBody, NewEvent, NewPod,
    Scope, Write,
};
pub use record::{Above, BlobId, Body, Found, Member, Pod, PodId, Record, Spot, Uid, Version};

use crate::clock::Timestamp;
use crate::path::{ContainerPath, Name, PodName, ResourcePath};

/// Bodies up to this size lie in the record; larger ones that are not RDF become blobs.
pub const INLINE_LIMIT: u64 = 64 * 1024;

/// Why storage could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Something the change was decided upon is no longer so: look again and decide again.
    #[error("the change was decided upon something that has moved")]
    Moved,
    /// An entry that was expected absent is there, or the pod's name was given before.
    #[error("the name `{0}` is taken")]
    Taken(String),
    #[error("there is no such pod")]
    NoSuchPod,
    /// There was such a pod; its name is never given again.
    #[error("the pod was removed")]
    Gone,
    /// The pod's quota does not allow it; nothing was written.
    #[error("the pod has {left} bytes left")]
    Quota { left: u64 },
    /// The disk is full; nothing was written.
    #[error("the disk is full")]
    Full,
    /// Storage is away or broke midway; nothing was answered as written.
    #[error("storage failed: {0}")]
    Failed(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A body on its way in or out.
pub type ByteStream = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// A part of a house: all entries whose key begins with `prefix`, after `after`.
#[derive(Debug, Clone, Copy)]
pub struct KeyRange<'a> {
    pub prefix: &'a str,
    /// Exclusive; the key where the last page ended.
    pub after: Option<&'a str>,
    pub limit: usize,
}

/// A place in the events of one pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub pod: PodId,
    /// Events of later commits are wanted.
    pub after: Version,
}

/// Where pods are kept. A read sees one instant; a commit applies whole or not at all.
#[async_trait]
pub trait Storage: Send + Sync + 'static {
    /// The time by the clock that all who share the storage go by: leases are measured with it.
    async fn now(&self) -> Result<Timestamp>;

    /// Finds the pod of this name; `None` if there is none.
    async fn pod(&self, name: &PodName) -> Result<Option<Pod>>;

    /// The pod's version now. Cheap enough to ask on every request: what was read at this version
    /// is still so. Sees the commits of every process that shares the storage.
    async fn version(&self, pod: PodId) -> Result<Version>;

    /// The version of the house records now, as [`Storage::version`].
    async fn house_version(&self) -> Result<Version>;

    /// Finds a path, the containers above it and their ACLs.
    ///
    /// Fails with [`Error::NoSuchPod`], or with [`Error::Gone`] if the pod was removed.
    async fn locate(&self, path: &ResourcePath) -> Result<Found>;

    /// Lists up to `limit` members of a container in name order, without bodies and without
    /// auxiliary resources.
    async fn members(&self, pod: PodId, of: &ContainerPath, after: Option<&Name>, limit: usize) -> Result<Vec<Member>>;

    /// Lists up to `limit` records of a pod after `after`, auxiliary resources included, without
    /// bodies. The order is total and stable: container by container, then by name.
    async fn tree(&self, pod: PodId, after: Option<&ResourcePath>, limit: usize) -> Result<Vec<Member>>;

    /// Opens a blob, or the bytes `range` of it.
    ///
    /// Fails with [`Error::Moved`] if it has gone since it was located.
    async fn open(&self, blob: &BlobId, range: Option<Range<u64>>) -> Result<ByteStream>;

    /// Keeps bytes that nothing refers to yet and says how many they were; a sweep removes what
    /// stays unreferenced for 24 hours. Durable when it answers.
    ///
    /// An error of `bytes` itself is given back as it is, inside `Ok`, so that a client that stops
    /// sending is not taken for a broken disk.
    async fn stage(&self, pod: PodId, bytes: ByteStream) -> Result<std::io::Result<(BlobId, u64)>>;

    /// Gives up a staged blob that no record took. A blob that a record owns stays.
    async fn discard(&self, blob: &BlobId) -> Result<()>;

    /// Applies `change` if nothing it expects has moved. Durable when it answers.
    ///
    /// What holds of every tree is kept without being expected: a record lies in a container, no name stands in both
    /// slash forms, an auxiliary resource has a subject, a container that goes is empty. A change that would break it
    /// fails with [`Error::Moved`], since only a write in between can have made it so.
    ///
    /// A pod that is closed takes no change but the one that opens it: it fails with [`Error::Moved`].
    ///
    /// Fails with [`Error::Moved`], [`Error::Taken`], [`Error::Quota`], [`Error::Full`],
    /// [`Error::NoSuchPod`] or [`Error::Failed`]; nothing was written then.
    async fn commit(&self, change: Change) -> Result<Committed>;

    /// Events after `cursor`, oldest first; the events of one commit are never split.
    async fn events(&self, cursor: Cursor, limit: usize) -> Result<Vec<Event>>;

    /// House records in key order.
    async fn entries(&self, range: KeyRange<'_>) -> Result<Vec<Entry>>;

    /// One house record.
    async fn entry(&self, key: &str) -> Result<Option<Entry>>;

    /// Lists pods in the order of their ids.
    async fn pods(&self, after: Option<PodId>, limit: usize) -> Result<Vec<Pod>>;

    /// Sets the most bytes that a pod may hold; `None` is no limit. What it holds already stays.
    async fn set_quota(&self, pod: PodId, quota: Option<u64>) -> Result<()>;

    /// Removes a pod with everything it holds. Its name is never given again.
    async fn remove(&self, pod: PodId) -> Result<()>;
}
