//! Reads and writes in a pod as its owner's agent: each a request like any other, through [`Pods::perform`].

mod files;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};

use super::outcome::{Status, Stopped};
use super::provenance;
use crate::access::caller::Agent;
use crate::access::{Caller, Mode};
use crate::address::Addresses;
use crate::path::{ContainerPath, ResourcePath, Role};
use crate::pods::{Arriving, Error, Outcome, Pods, Seen};
use crate::provision;
use crate::rdf::format::{Document, Format};
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::patch::Patch;
use crate::resource::condition::{Conditions, EntityTag, Tags};
use crate::resource::{Asked, Edit, Model, Operation, Received, Refusal, Sent};
use crate::storage::{self, Body, ByteStream, Version};

/// Rows that are read from storage at a time.
const PAGE: usize = 1000;

/// The owner's agent: an application of theirs, which is this server.
#[derive(Clone)]
pub struct OwnersAgent {
    pods: Arc<Pods>,
    caller: Caller,
}

/// What is at a path.
pub struct Held {
    pub version: Version,
    /// The format of its bytes; `None` if it is no RDF.
    pub format: Option<Format>,
    seen: Arc<Seen>,
}

impl Held {
    /// How many bytes are held.
    pub fn size(&self) -> u64 {
        self.seen.found.target().map_or(0, |record| record.size)
    }
}

/// What must be there for a write to go ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    Absent,
    At(Version),
    Anything,
}

/// Whether a conditional write went ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Created,
    Changed,
    /// Something else is there than was expected: nothing was written.
    Moved,
}

impl OwnersAgent {
    /// An agent that calls itself `client`.
    pub fn new(pods: Arc<Pods>, owner: &str, client: &str) -> Self {
        let issuer = pods.addresses().base().into();
        let agent = Agent { webid: owner.into(), client: Some(client.into()), issuer };
        Self { pods, caller: Caller { agent: Some(Arc::new(agent)), origin: None } }
    }

    /// What is at `path`; `None`: nothing.
    pub async fn look(&self, path: &ResourcePath) -> Result<Option<Held>, Stopped> {
        match self.perform(path, Operation::Read, Is::Anything, None).await {
            Ok(Outcome::Shown { seen, .. }) => {
                let Some(record) = seen.found.target() else { return Ok(None) };
                let (version, format) = (record.state(), record.format());
                Ok(Some(Held { version, format, seen }))
            }
            Ok(_) | Err(Error::Refused(Refusal::NotFound)) => Ok(None),
            Err(error) => Err(stopped(&error)),
        }
    }

    pub fn addresses(&self) -> &Addresses {
        self.pods.addresses()
    }

    /// The address of a place.
    pub fn iri(&self, path: &ResourcePath) -> String {
        self.addresses().iri(path)
    }

    /// What a document says now; `None` if there is none, or it is no RDF.
    pub async fn graph(&self, path: &ResourcePath) -> Result<Option<Graph>, Stopped> {
        let Some(held) = self.look(path).await? else { return Ok(None) };
        let document = self.document(&held).await?;
        Ok(document.map(|document| document.dataset.default.clone()))
    }

    /// The bytes that are held.
    pub async fn body(&self, held: &Held) -> Result<Bytes, Stopped> {
        let blob = match held.seen.found.target().map(|record| &record.body) {
            Some(Body::Inline(bytes)) => return Ok(bytes.clone()),
            Some(Body::Blob(blob)) => blob,
            _ => return Ok(Bytes::new()),
        };
        let stream = self.pods.storage().open(blob, None).await.map_err(|error| stopped(&error.into()))?;
        let broken = |_| Stopped { status: Status::Failed, at: Some("storage") };
        let chunks: Vec<Bytes> = stream.try_collect().await.map_err(broken)?;
        Ok(chunks.concat().into())
    }

    /// What is held, as RDF. Large documents are parsed beside the threads that answer requests.
    pub async fn document(&self, held: &Held) -> Result<Option<Arc<Document>>, Stopped> {
        let unreadable = |_| Stopped { status: Status::Failed, at: Some("a stored document does not parse") };
        let size = held.seen.found.target().map_or(0, |record| record.size);
        if size < crate::aside::LONG {
            return held.seen.document(self.pods.addresses()).map_err(unreadable);
        }
        let (seen, pods) = (Arc::clone(&held.seen), Arc::clone(&self.pods));
        let parsed = tokio::task::spawn_blocking(move || seen.document(pods.addresses())).await;
        parsed.map_err(|_| Stopped::from(Status::Failed))?.map_err(unreadable)
    }

    /// The bytes of what is held, and how many they are.
    pub async fn stream(&self, held: &Held) -> Result<(ByteStream, u64), Stopped> {
        let Some(record) = held.seen.found.target() else { return Err(Status::Failed.into()) };
        let bytes = match &record.body {
            Body::Inline(bytes) => Box::pin(stream::iter([Ok(Bytes::clone(bytes))])) as ByteStream,
            Body::Blob(blob) => self.pods.storage().open(blob, None).await.map_err(|error| stopped(&error.into()))?,
            Body::Absent | Body::Unread => return Err(Status::Failed.into()),
        };
        Ok((bytes, record.size))
    }

    pub async fn put(&self, path: &ResourcePath, media_type: &str, bytes: Bytes, is: Is) -> Result<Written, Stopped> {
        let sent =
            Sent { media_type: Some(media_type.into()), model: Model::Unsaid, inbox: None, body: Received::Waiting };
        written(self.perform(path, Operation::Put(sent), is, Some(bytes)).await)
    }

    /// Makes a container, and those above it, if they are not there.
    pub async fn make(&self, path: &ContainerPath) -> Result<Written, Stopped> {
        let sent = Sent { media_type: None, model: Model::Container, inbox: None, body: Received::Nothing };
        written(self.perform(path, Operation::Put(sent), Is::Absent, None).await)
    }

    /// Makes a container that nobody but the owner may look into. An ACL that is there already stays.
    pub async fn keep_private(&self, path: &ContainerPath, owner: &str) -> Result<(), Stopped> {
        self.make(path).await?;
        let rules = provision::owner_only(owner, "./");
        self.put(&path.acl(), Format::Turtle.media_type(), rules.into(), Is::Absent).await.map(|_| ())
    }

    /// Adds triples to a document, or makes it.
    pub async fn insert(&self, path: &ResourcePath, triples: Vec<Triple>) -> Result<(), Stopped> {
        let patch = Operation::Patch(Edit::N3(Patch::of(None, triples)));
        self.perform(path, patch, Is::Anything, None).await.map(|_| ()).map_err(|error| stopped(&error))
    }

    /// Takes triples out of a document and adds others. All that is to be taken out must be there.
    pub async fn edit(&self, path: &ResourcePath, old: Vec<Triple>, new: Vec<Triple>) -> Result<(), Stopped> {
        let patch = Operation::Patch(Edit::N3(Patch::of(old, new)));
        self.perform(path, patch, Is::Anything, None).await.map(|_| ()).map_err(|error| stopped(&error))
    }

    /// Deletes what is at `path`; what is not there is deleted already.
    pub async fn delete(&self, path: &ResourcePath, is: Is) -> Result<Written, Stopped> {
        match self.perform(path, Operation::Delete, is, None).await {
            Err(Error::Refused(Refusal::NotFound)) => Ok(Written::Changed),
            other => written(other),
        }
    }

    /// Deletes a document that says what its connector wrote, with the containers that it leaves empty. Says whether it
    /// did.
    pub async fn delete_unedited(&self, path: &ResourcePath, base: &Graph) -> Result<bool, Stopped> {
        let Some(held) = self.look(path).await? else { return Ok(false) };
        let document = self.document(&held).await?.unwrap_or_default();
        let this = Term::iri(self.pods.addresses().iri(path));
        let is_edited = provenance::without(&document.dataset.default, &this) != provenance::without(base, &this);
        if is_edited || self.delete(path, Is::At(held.version)).await? == Written::Moved {
            return Ok(false);
        }
        self.delete_empty_above(path).await?;
        Ok(true)
    }

    /// Deletes a file that nobody has written since it was made, with the containers that it leaves empty.
    pub async fn delete_unchanged(&self, path: &ResourcePath) -> Result<(), Stopped> {
        let Some(held) = self.look(path).await? else { return Ok(()) };
        let is_unchanged = held.seen.found.target().is_some_and(|record| record.created == record.modified);
        if is_unchanged && self.delete(path, Is::At(held.version)).await? != Written::Moved {
            self.delete_empty_above(path).await?;
        }
        Ok(())
    }

    /// Deletes a container with all that lies below it.
    pub async fn delete_all(&self, container: &ContainerPath) -> Result<(), Stopped> {
        let mut below = self.below(container).await?;
        below.push(container.clone().into());
        // What lies deeper goes first.
        below.sort_by(|one, other| other.local().cmp(one.local()));
        for path in below {
            self.delete(&path, Is::Anything).await?;
        }
        Ok(())
    }

    /// Deletes the containers above `path` that are empty, but for those at the top of the pod.
    pub async fn delete_empty_above(&self, path: &ResourcePath) -> Result<(), Stopped> {
        for container in path.ancestors().filter(|container| !container.is_root()) {
            let at_top = container.container().is_none_or(|above| above.is_root());
            if at_top {
                break;
            }
            match self.perform(&container, Operation::Delete, Is::Anything, None).await {
                Ok(_) | Err(Error::Refused(Refusal::NotFound)) => {}
                Err(Error::Refused(Refusal::NotEmpty)) => break,
                Err(error) => return Err(stopped(&error)),
            }
        }
        Ok(())
    }

    /// Every document and container below `container`, none of them read.
    pub async fn below(&self, container: &ContainerPath) -> Result<Vec<ResourcePath>, Stopped> {
        let (seen, rights) = match self.pods.rights(&self.caller, container).await {
            Err(Error::Refused(Refusal::NotFound)) => return Ok(Vec::new()),
            other => other.map_err(|error| stopped(&error))?,
        };
        if !rights.user.allow(Mode::Read) {
            return Err(Status::WriteRefused.into());
        }
        // No name begins with a space: this stands before all members.
        let mut after = ResourcePath::trusted(container.pod().clone(), &format!("{} ", container.local()));
        let mut paths = Vec::new();
        loop {
            let storage = self.pods.storage();
            let page = storage.tree(seen.found.pod.id, Some(&after), PAGE).await;
            let page = page.map_err(|error| stopped(&error.into()))?;
            let full = page.len() == PAGE;
            for member in page {
                if !member.path.is_below(container) {
                    return Ok(paths);
                }
                after = member.path.clone();
                if matches!(member.path.role(), Role::Document | Role::Container) {
                    paths.push(member.path);
                }
            }
            if !full {
                return Ok(paths);
            }
        }
    }

    async fn perform(
        &self,
        path: &ResourcePath,
        operation: Operation,
        is: Is,
        body: Option<Bytes>,
    ) -> Result<Outcome, Error> {
        let mut conditions = Conditions::default();
        match is {
            Is::Absent => conditions.if_none_match = Some(Tags::Any),
            Is::At(version) => conditions.if_match = Some(Tags::Listed(vec![EntityTag::of(version, "ttl")])),
            Is::Anything => {}
        }
        let asked = Asked { path: path.clone(), operation, conditions, by: self.caller.webid().cloned() };
        let length = body.as_ref().map(|body| body.len() as u64);
        let bytes = body.map(|body| Box::pin(stream::iter([Ok(body)])) as ByteStream);
        self.pods.perform(&self.caller, asked, Arriving { bytes, length, patch: None }).await
    }
}

fn written(outcome: Result<Outcome, Error>) -> Result<Written, Stopped> {
    match outcome {
        Ok(Outcome::Created { .. }) => Ok(Written::Created),
        Ok(_) => Ok(Written::Changed),
        Err(Error::Refused(Refusal::PreconditionFailed)) => Ok(Written::Moved),
        Err(error) => Err(stopped(&error)),
    }
}

/// How a run ends that met this.
pub fn stopped(error: &Error) -> Stopped {
    let (status, at) = match error {
        Error::Refused(Refusal::Quota { .. }) => (Status::QuotaFull, None),
        Error::Refused(Refusal::Contended) => (Status::Failed, Some("others keep writing")),
        Error::Refused(_) => (Status::WriteRefused, None),
        Error::Storage(storage::Error::Full) => (Status::Failed, Some("the disk is full")),
        Error::Interrupted(_) | Error::Storage(_) | Error::Corrupt(_) => (Status::Failed, Some("storage")),
    };
    Stopped { status, at }
}
