//! One run of a connector: what it is told of its connection, and how it reads and writes the pod.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::base::Base;
use super::connection::{Connection, Connections, Edit};
use super::index::{self, What};
use super::merge::{Proposal, merge};
use super::outcome::{Status, Stopped};
use super::provenance::Origin;
use super::report::{self, Report};
use super::target::Target;
use super::write::{Is, OwnersAgent, Written};
use super::{Parts, Progress, describe, prefixes, provenance, shapes};
use crate::clock::Timestamp;
use crate::fetch::Fetch;
use crate::path::{ContainerPath, ResourcePath};
use crate::rdf::format::{self, Document, Format};
use crate::rdf::graph::{Graph, Iri, Triple};
use crate::storage::PodId;

/// Documents that are written at the same time, so that they share commits.
const AT_A_TIME: usize = 32;
/// How often a document is merged again because somebody else wrote it meanwhile.
const TRIES: usize = 3;

/// A run under way.
pub struct Run<'a> {
    /// What was written last, and what is remembered. It is kept when the run ends, however it ends.
    pub base: Base,
    /// Whether the owner asked for it, and may wait for it.
    pub by_owner: bool,
    /// Where the data come from, for provenance: an IRI of the other side.
    pub source: Option<Iri>,
    pub(super) report: Report,
    pub(super) wishes_met: BTreeSet<Box<str>>,
    pub(super) place: &'a Place,
    pub(super) connection: Connection,
    pub(super) agent: OwnersAgent,
    pub(super) parts: &'a Parts,
    pub(super) connections: &'a Connections,
    pub(super) told: &'a watch::Sender<Progress>,
}

/// Where and when a run happens.
pub(super) struct Place {
    pub pod: PodId,
    pub root: ResourcePath,
    pub started: Timestamp,
    /// The random name of its lease.
    pub lease: Box<str>,
}

impl Run<'_> {
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The WebID as which the run writes.
    pub fn owner(&self) -> &str {
        &self.connection.owner
    }

    /// The root of the pod.
    pub fn pod(&self) -> &ResourcePath {
        &self.place.root
    }

    /// A place in the pod, by a local path that begins with a slash and is made of our own words: never of what the
    /// other side sent.
    ///
    /// Spec: shape A12
    pub fn path(&self, local: &str) -> Result<ResourcePath, Stopped> {
        let malformed = |_| Stopped { status: Status::Failed, at: Some("a path is malformed") };
        ResourcePath::parse(self.place.root.pod().clone(), local).map_err(malformed)
    }

    /// The address of a place.
    pub fn iri(&self, path: &ResourcePath) -> String {
        self.parts.pods.addresses().iri(path)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The way out.
    pub fn fetch(&self) -> &Fetch {
        &self.parts.fetch
    }

    /// The connection as an agent, to which its documents are attributed.
    pub fn agent(&self) -> String {
        describe::agent(&self.connection, self.parts.pods.addresses())
    }

    /// The run as an activity.
    pub fn activity(&self) -> String {
        let root = self.iri(&self.place.root);
        format!("{root}{}#run", &report::place(&self.connection.id, self.place.started)[1..])
    }

    /// The credentials. Without them, or if the key that sealed them is lost, the owner has to connect again.
    pub fn credentials<T: DeserializeOwned>(&self) -> Result<T, Stopped> {
        self.connection.unseal(&self.parts.secret).ok_or(Stopped { status: Status::Reconnect, at: None })
    }

    /// Keeps other credentials, durably: a token that the other side has rotated is kept before it is used.
    pub async fn keep_credentials<T: Serialize + Sync>(&mut self, credentials: &T) -> Result<(), Stopped> {
        self.connection.seal(&self.parts.secret, credentials);
        let (own, lease) = (&self.connection, &self.place.lease);
        let kept = self.connections.edit(self.place.pod, &own.id, |connection| {
            let ours = connection.state.running.as_ref().is_some_and(|running| running.by == *lease);
            if ours {
                connection.take_credentials(own);
            }
            (ours, if ours { Edit::Keep(Vec::new()) } else { Edit::Leave })
        });
        match kept.await {
            Ok(Some(true)) => Ok(()),
            Ok(_) => Err(Stopped { status: Status::Failed, at: Some("the connection is no longer ours to run") }),
            Err(_) => Err(Stopped { status: Status::Failed, at: Some("storage") }),
        }
    }

    /// Whether the owner wants this of the run; what was asked for is done with when the run ends well.
    pub fn wishes(&mut self, wish: &str) -> bool {
        let wished = self.connection.wishes.contains(wish);
        if wished {
            self.wishes_met.insert(wish.into());
        }
        wished
    }

    /// Writes what differs: merges each target with what the document holds, several at a time. Later targets may be
    /// written before earlier ones of the same call.
    ///
    /// A document of the base that is gone was deleted by the owner: it is not made again. What the source says as
    /// before is not even read.
    ///
    /// Spec: CP-52, shape A12
    pub async fn apply(&mut self, targets: Vec<Target>) -> Result<(), Stopped> {
        let (same, differing): (Vec<_>, Vec<_>) =
            targets.into_iter().partition(|target| says_the_same(self.base.document(&target.path), target));
        self.report.kept += same.len() as u64;
        let (hand, halted) = (self.hand(), AtomicBool::new(false));
        let work = differing.into_iter().map(|target| {
            let (hand, halted, base) = (&hand, &halted, self.base.document(&target.path).clone());
            async move {
                if halted.load(Ordering::Relaxed) {
                    return (target.path, Ok(Done::Left));
                }
                let done = hand.write(&base, &target).await;
                // What is under way is finished, so that the base knows of it; nothing else is begun.
                halted.fetch_or(done.is_err(), Ordering::Relaxed);
                (target.path, done)
            }
        });
        let work: Vec<_> = stream::iter(work).buffer_unordered(AT_A_TIME).collect().await;
        let mut ended = Ok(());
        for (path, done) in work {
            match done {
                Ok(done) => note(&mut self.report, &mut self.base, &path, done),
                Err(stopped) => ended = Err(stopped),
            }
        }
        ended
    }

    /// Makes a file; `false` if something is there already, which stays.
    pub async fn put_file(&mut self, path: &ResourcePath, media_type: &str, bytes: Bytes) -> Result<bool, Stopped> {
        match self.agent.put(path, media_type, bytes, Is::Absent).await? {
            Written::Created | Written::Changed => {
                self.base.facts.extend(provenance::made(&self.agent(), &self.iri(path)));
                self.report.created += 1;
                Ok(true)
            }
            Written::Moved => Ok(false),
        }
    }

    /// Makes a container that nobody but the owner may look into, if it is not there yet.
    pub async fn keep_private(&self, container: &ContainerPath) -> Result<(), Stopped> {
        self.agent.keep_private(container, &self.connection.owner).await
    }

    /// What a document says now; `None` if there is none, or it is no RDF.
    pub async fn read(&self, path: &ResourcePath) -> Result<Option<Graph>, Stopped> {
        let Some(held) = self.agent.look(path).await? else { return Ok(None) };
        let document = self.agent.document(&held).await?;
        Ok(document.map(|document| document.dataset.default.clone()))
    }

    /// Deletes a document, with the containers that it leaves empty, and forgets it. What is not there is deleted.
    pub async fn delete(&mut self, path: &ResourcePath) -> Result<(), Stopped> {
        self.agent.delete(path, Is::Anything).await?;
        self.agent.delete_empty_above(path).await?;
        self.base.forget(path);
        self.report.removed += 1;
        Ok(())
    }

    /// Gives up a document: deletes it unless its owner edited it, and forgets it.
    pub async fn give_up(&mut self, path: &ResourcePath) -> Result<(), Stopped> {
        if self.agent.delete_unedited(path, self.base.document(path)).await? {
            self.report.removed += 1;
        }
        self.base.forget(path);
        Ok(())
    }

    /// Every document and container below a container, none of them read.
    pub async fn paths_below(&self, container: &ContainerPath) -> Result<BTreeSet<ResourcePath>, Stopped> {
        Ok(self.agent.below(container).await?.into_iter().collect())
    }

    /// Registers in the owner's private type index where things of a class are. Done once: what the owner takes out
    /// stays out.
    pub async fn register(&mut self, class: &str, what: What) -> Result<(), Stopped> {
        let triple = index::registered(&self.agent(), class, &what);
        if self.base.facts.contains(&triple) {
            return Ok(());
        }
        index::register(self, class, &what).await?;
        self.base.facts.insert(triple);
        Ok(())
    }

    /// Counts something that did not come in, by a reason that holds no value of it.
    pub fn reject(&mut self, reason: impl Into<Cow<'static, str>>) {
        *self.report.rejected.entry(reason.into()).or_default() += 1;
    }

    /// Counts something else that the owner may want to know.
    pub fn note(&mut self, what: &'static str, times: u64) {
        *self.report.notes.entry(what.into()).or_default() += times;
    }

    /// Tells the owner what could be.
    pub fn propose(&mut self, proposal: Proposal) {
        self.report.proposals.push(proposal);
    }

    /// Tells whoever watches how far it is.
    pub fn progress(&self, done: usize, total: usize) {
        self.told.send_replace(Progress::Running { done, total });
    }

    fn hand(&self) -> Hand {
        Hand {
            agent: self.agent.clone(),
            pods: Arc::clone(&self.parts.pods),
            origin: Origin {
                source: self.source.clone(),
                agent: self.agent().into(),
                activity: self.activity().into(),
                at: report::moment(self.place.started),
            },
        }
    }
}

/// Writes single documents.
struct Hand {
    agent: OwnersAgent,
    pods: Arc<crate::pods::Pods>,
    origin: Origin,
}

/// What became of a document.
enum Done {
    Created(Merge),
    Updated(Merge),
    Kept(Merge),
    /// Its owner deleted it.
    Gone,
    Rejected(Cow<'static, str>),
    /// The run stopped before it.
    Left,
}

/// What is to be remembered of a merge.
struct Merge {
    base: Graph,
    proposals: Vec<Proposal>,
}

fn note(report: &mut Report, base: &mut Base, path: &ResourcePath, done: Done) {
    let (count, merge) = match done {
        Done::Created(merge) => (&mut report.created, merge),
        Done::Updated(merge) => (&mut report.updated, merge),
        Done::Kept(merge) => (&mut report.kept, merge),
        Done::Gone => {
            report.kept += 1;
            return;
        }
        Done::Left => return,
        Done::Rejected(reason) => {
            *report.rejected.entry(reason).or_default() += 1;
            return;
        }
    };
    *count += 1;
    base.set(path, merge.base);
    report.proposals.extend(merge.proposals);
}

impl Hand {
    /// Checks, merges and writes, and again if somebody else has written meanwhile.
    async fn write(&self, base: &Graph, target: &Target) -> Result<Done, Stopped> {
        if let Some(reason) = shapes::refusal(target) {
            return Ok(Done::Rejected(reason.into()));
        }
        // What the base does not know is most likely not there: the first try does not look.
        let mut looks = !base.is_empty();
        for _ in 0..TRIES {
            let held = if looks { self.agent.look(&target.path).await? } else { None };
            looks = true;
            let (document, format, is) = match &held {
                None if !base.is_empty() => return Ok(Done::Gone),
                None => (None, Format::Turtle, Is::Absent),
                Some(held) => {
                    let Some(format) = held.format else { return Ok(Done::Rejected("a file stands there".into())) };
                    (self.agent.document(held).await?, format, Is::At(held.version))
                }
            };
            let document = document.map(Arc::unwrap_or_clone).unwrap_or_default();
            let local = &document.dataset.default;
            let merged = merge(base, local, target);
            let merge = Merge { base: merged.base, proposals: merged.proposals };
            if merged.graph == *local {
                return Ok(Done::Kept(merge));
            }
            let Some(bytes) = self.print(document, merged.graph, &target.path, format) else {
                return Ok(Done::Rejected("it cannot be written".into()));
            };
            match self.agent.put(&target.path, format.media_type(), bytes, is).await? {
                Written::Created => return Ok(Done::Created(merge)),
                Written::Changed => return Ok(Done::Updated(merge)),
                Written::Moved => {}
            }
        }
        Ok(Done::Rejected("somebody else keeps writing it".into()))
    }

    /// The document with what it says now, and where that comes from.
    fn print(&self, document: Document, graph: Graph, path: &ResourcePath, format: Format) -> Option<Bytes> {
        let iri = self.pods.addresses().iri(path);
        let mut document = document;
        document.dataset.default = self.origin.of(graph, &iri);
        document.prefixes = prefixes::with(document.prefixes, &document.dataset.default);
        format::print_at(&iri, &document, format).ok().map(Bytes::from)
    }
}

/// Whether the source says what it said last time, as far as it says anything.
fn says_the_same(base: &Graph, target: &Target) -> bool {
    let unsaid = |triple: &Triple| target.unsaid.contains(&(triple.subject.clone(), triple.predicate.clone()));
    *base == target.graph
        || target.graph.iter().all(|triple| base.contains(triple))
            && base.iter().all(|triple| target.graph.contains(triple) || unsaid(triple))
}
