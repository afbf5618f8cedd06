//! A backend with a pod in it, and short ways to write and to look.

use std::sync::Arc;

use bytes::Bytes;
use cartable::clock::{Clock, SetClock, Timestamp};
use cartable::path::{ContainerPath, PodName, ResourcePath};
use cartable::storage::{
    BlobId, Body, ByteStream, Change, Committed, Content, EntryIs, EntryWrite, Expected, Found, Happening, NewBody,
    NewEvent, NewPod, Pod, PodId, Record, Result, Scope, Storage, Version, Write,
};
use futures_util::{StreamExt, TryStreamExt, stream};

pub const START: Timestamp = Timestamp::from_seconds(4_000_000_000);

/// A backend and Alice's pod, which holds its root and `/notes/`.
pub struct World {
    pub storage: Arc<dyn Storage>,
    pub clock: Arc<SetClock>,
    pub pod: PodId,
}

impl World {
    pub async fn on(storage: Arc<dyn Storage>, clock: Arc<SetClock>) -> Self {
        let made = storage.commit(new_pod("alice", None, clock.now())).await.unwrap();
        let world = Self { storage, clock, pod: made.pod.unwrap() };
        world.commit(world.change().put_container("/notes/")).await.unwrap();
        world
    }

    pub fn change(&self) -> Draft {
        Draft(Change::of(Scope::Pod(self.pod), self.clock.now()))
    }

    pub async fn commit(&self, draft: Draft) -> Result<Committed> {
        self.storage.commit(draft.0).await
    }

    pub async fn put(&self, local: &str, text: &str) -> Version {
        self.commit(self.change().put(local, text)).await.unwrap().version
    }

    pub async fn locate(&self, local: &str) -> Found {
        self.storage.locate(&path(local)).await.unwrap()
    }

    /// The record at a path.
    pub async fn record(&self, local: &str) -> Option<Record> {
        self.locate(local).await.target().cloned()
    }

    /// The text of a record, from wherever it lies.
    pub async fn text(&self, local: &str) -> Option<String> {
        let bytes = match self.record(local).await?.body {
            Body::Inline(bytes) => bytes.to_vec(),
            Body::Blob(blob) => self.read(&blob, None).await,
            Body::Absent | Body::Unread => Vec::new(),
        };
        Some(String::from_utf8(bytes).unwrap())
    }

    pub async fn read(&self, blob: &BlobId, range: Option<std::ops::Range<u64>>) -> Vec<u8> {
        let stream = self.storage.open(blob, range).await.unwrap();
        let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
        pieces.concat()
    }

    pub async fn stage(&self, bytes: &[u8]) -> (BlobId, u64) {
        self.storage.stage(self.pod, streamed(bytes)).await.unwrap().unwrap()
    }

    pub async fn state(&self) -> Pod {
        self.storage.pod(&alice()).await.unwrap().unwrap()
    }

    /// The local paths of what the container holds.
    pub async fn names(&self, container: &str) -> Vec<String> {
        let members = self.storage.members(self.pod, &container_path(container), None, 1000).await.unwrap();
        members.into_iter().map(|member| member.path.local().to_owned()).collect()
    }
}

/// A change in the making.
#[derive(Clone)]
pub struct Draft(pub Change);

impl Draft {
    pub fn house(at: Timestamp) -> Self {
        Self(Change::of(Scope::House, at))
    }

    pub fn put(self, local: &str, text: &str) -> Self {
        self.put_body(local, NewBody::Inline(Bytes::copy_from_slice(text.as_bytes())))
    }

    pub fn put_container(self, local: &str) -> Self {
        self.put_body(local, NewBody::Absent)
    }

    pub fn put_body(mut self, local: &str, body: NewBody) -> Self {
        let media_type = if local.ends_with('/') { "" } else { "text/turtle" };
        let by = Some("https://alice.example/profile/card#me".into());
        let content = Content { media_type: media_type.into(), body, by, inbox: None };
        self.0.writes.push(Write::Put { path: path(local), content });
        self
    }

    pub fn delete(mut self, local: &str) -> Self {
        self.0.writes.push(Write::Delete { path: path(local) });
        self
    }

    pub fn expect(mut self, local: &str, version: Option<Version>) -> Self {
        self.0.expected.push(Expected::Record(path(local), version));
        self
    }

    pub fn expect_listing(mut self, local: &str, version: Version) -> Self {
        self.0.expected.push(Expected::Listing(path(local), version));
        self
    }

    pub fn event(mut self, happening: Happening, local: &str) -> Self {
        self.0.events.push(NewEvent { happening, path: path(local), object: None });
        self
    }

    pub fn entry(mut self, key: &str, expected: EntryIs, value: Option<&'static str>) -> Self {
        let value = value.map(|value| Bytes::from_static(value.as_bytes()));
        self.0.entries.push(EntryWrite { key: key.into(), expected, value });
        self
    }
}

/// A change that makes a pod with its root.
pub fn new_pod(name: &str, quota: Option<u64>, at: Timestamp) -> Change {
    let name = PodName::parse(name).unwrap();
    let root = ResourcePath::root(name.clone());
    let owners = vec![format!("https://{name}.example/profile/card#me")];
    let mut change = Change::of(Scope::NewPod(NewPod { name, owners, quota }), at);
    let content = Content { media_type: "".into(), body: NewBody::Absent, by: None, inbox: None };
    change.writes.push(Write::Put { path: root, content });
    change
}

pub fn alice() -> PodName {
    PodName::parse("alice").unwrap()
}

pub fn path(local: &str) -> ResourcePath {
    ResourcePath::parse(alice(), local).unwrap()
}

pub fn container_path(local: &str) -> ContainerPath {
    path(local).as_container().unwrap()
}

/// The bytes in pieces of 1000.
pub fn streamed(bytes: &[u8]) -> ByteStream {
    let pieces: Vec<_> = bytes.chunks(1000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces).boxed()
}
