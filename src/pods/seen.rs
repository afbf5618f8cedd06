//! What was found, with its ACLs parsed, kept while it is still so.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::{Error, Pods};
use crate::access::{Acl, Acls};
use crate::address::Addresses;
use crate::path::ResourcePath;
use crate::rdf::format::{self, Document, Format};
use crate::resource::{Refusal, Unreadable};
use crate::storage::{self, Body, Found, PodId, Record, Uid, Version};

/// Records larger than this are looked up each time.
const LARGEST: u64 = 256 * 1024;

/// What is at a path, at one instant, ready to be decided upon.
#[derive(Debug)]
pub struct Seen {
    pub found: Found,
    acls: OnceLock<Acls>,
    document: OnceLock<Option<Arc<Document>>>,
    /// What whoever shows it has made of it, of a type of theirs.
    shown: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Seen {
    fn new(found: Found) -> Self {
        Self { found, acls: OnceLock::new(), document: OnceLock::new(), shown: OnceLock::new() }
    }

    /// The ACLs that a decision asks. Put together once.
    pub(super) fn acls(&self, rules: &Rules, addresses: &Addresses) -> &Acls {
        let pod = self.found.pod.id;
        let read = |record: &Record, subject: &ResourcePath| rules.of(pod, record, subject, addresses);
        self.acls.get_or_init(|| Acls::read(&self.found, read))
    }

    /// The target as RDF; `None` if there is none, or it is not RDF. Parsed once.
    pub fn document(&self, addresses: &Addresses) -> Result<Option<Arc<Document>>, Unreadable> {
        let Some(target) = self.found.target().filter(|record| record.format().is_some()) else { return Ok(None) };
        let parse = || target.document(&addresses.iri(&self.found.path)).ok().map(Arc::new);
        self.document.get_or_init(parse).clone().map_or(Err(Unreadable), |document| Ok(Some(document)))
    }

    /// What follows from what was found alone, made once. There is room for one type.
    pub fn once<T: Any + Clone + Send + Sync>(&self, make: impl Fn(&Found) -> T) -> T {
        let made = self.shown.get_or_init(|| Box::new(make(&self.found)));
        made.downcast_ref().cloned().unwrap_or_else(|| make(&self.found))
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        let subject = &self.found.subject;
        let own = [&subject.record, &subject.acl, &subject.description].into_iter().flatten();
        own.chain(self.found.above.iter().flat_map(|above| above.record.iter().chain(&above.acl)))
    }

    pub(super) fn bytes(&self) -> u64 {
        let body = |record: &Record| if let Body::Inline(bytes) = &record.body { bytes.len() as u64 } else { 0 };
        2048 + self.records().map(|record| 256 + body(record)).sum::<u64>()
    }
}

#[derive(Debug, Clone)]
struct Held;

impl Weighter<ResourcePath, Arc<Seen>> for Held {
    fn weight(&self, _: &ResourcePath, seen: &Arc<Seen>) -> u64 {
        seen.bytes()
    }
}

/// Recent looks.
///
/// A look is used only while its pod's version is still the current one, which storage is asked
/// after the request has arrived: any commit to the pod, by any process, ends it.
pub(super) struct Memory(Cache<ResourcePath, Arc<Seen>, Held>);

impl Memory {
    pub fn new(bytes: u64) -> Self {
        let expected = usize::try_from(bytes / 4096).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(expected, bytes, Held))
    }
}

/// Access control lists as their rules.
///
/// A key names one state of one ACL, which never changes and stands at one path; entries only age out.
pub(super) struct Rules(Cache<State, (Arc<Acl>, u64), Kept>);

/// What names one state of one resource.
type State = (PodId, Uid, Version);

impl Rules {
    pub fn new(bytes: u64) -> Self {
        let expected = usize::try_from(bytes / 4096).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(expected, bytes, Kept))
    }

    fn of(
        &self,
        pod: PodId,
        record: &Record,
        subject: &ResourcePath,
        addresses: &Addresses,
    ) -> Result<Arc<Acl>, Unreadable> {
        let key = (pod, record.uid, record.version);
        if let Some((rules, _)) = self.0.get(&key) {
            return Ok(rules);
        }
        let rules = Arc::new(Acl::of(record, subject, addresses)?);
        if record.size <= LARGEST {
            self.0.insert(key, (rules.clone(), record.size));
        }
        Ok(rules)
    }
}

#[derive(Debug, Clone)]
struct Kept;

impl Weighter<State, (Arc<Acl>, u64)> for Kept {
    fn weight(&self, _: &State, (_, size): &(Arc<Acl>, u64)) -> u64 {
        256 + 2 * size
    }
}

/// Representations that were printed in another format than the stored one.
///
/// A key names one state of one resource, which never changes; entries only age out.
pub(super) struct Converted(Cache<(PodId, Uid, Version, Format), Bytes, Size>);

impl Converted {
    pub fn new(bytes: u64) -> Self {
        let expected = usize::try_from(bytes / 4096).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(expected, bytes, Size))
    }
}

#[derive(Debug, Clone)]
struct Size;

impl Weighter<(PodId, Uid, Version, Format), Bytes> for Size {
    fn weight(&self, _: &(PodId, Uid, Version, Format), bytes: &Bytes) -> u64 {
        bytes.len() as u64 + 128
    }
}

impl Pods {
    /// The target in another format than the stored one.
    ///
    /// Spec: solid#server-representation-turtle-jsonld, P-96, P-97
    pub async fn converted(&self, seen: &Arc<Seen>, format: Format) -> Result<Bytes, Error> {
        let record = seen.found.target().ok_or(Refusal::NotFound)?;
        let key = (seen.found.pod.id, record.uid, record.version, format);
        if let Some(bytes) = self.converted.0.get(&key) {
            return Ok(bytes);
        }
        let document = self.document_of(seen).await?.ok_or(Error::Corrupt("a document lost its format"))?;
        let print = move || format::print(&document, format);
        let bytes = Bytes::from(self.aside.weigh(record.size, print).await?.map_err(Refusal::from)?);
        if bytes.len() as u64 <= LARGEST {
            self.converted.0.insert(key, bytes.clone());
        }
        Ok(bytes)
    }

    /// What is at `path` now. Nothing that is closed is seen by anybody: every request, and every look of the server's
    /// own at a profile or a group, begins here.
    ///
    /// Spec: O-329
    pub(super) async fn look(&self, path: &ResourcePath) -> Result<Arc<Seen>, Error> {
        let seen = self.current(path).await?;
        if seen.found.pod.closed { Err(Refusal::Closed.into()) } else { Ok(seen) }
    }

    /// Remembered, if nothing in the pod has changed since, or read.
    async fn current(&self, path: &ResourcePath) -> Result<Arc<Seen>, Error> {
        if let Some(seen) = self.seen.0.get(path) {
            match self.storage.version(seen.found.pod.id).await {
                Ok(version) if version == seen.found.pod.version => return Ok(seen),
                Ok(_) | Err(storage::Error::NoSuchPod) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let seen = Arc::new(Seen::new(self.storage.locate(path).await?));
        if seen.bytes() <= LARGEST {
            self.seen.0.insert(path.clone(), seen.clone());
        }
        Ok(seen)
    }
}
