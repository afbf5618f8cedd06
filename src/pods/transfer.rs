//! COPY and MOVE of documents and containers within a pod, in one commit.
//!
//! What is copied keeps its bytes, but for ACLs and descriptions ([`super::relocate`]).

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::TryStreamExt;
use tokio::time::Instant;

use super::relocate::Relocation;
use super::{Error, Granted, Issuers, Outcome, PAGE, PATIENCE, Pods, Seen, Staged};
use crate::access::{Caller, Mode};
use crate::path::{ContainerPath, Name, ResourcePath, Role};
use crate::resource::condition::Conditions;
use crate::resource::{Asked, Method, Model, Operation, Received, Refusal, Sent, methods};
use crate::storage::{
    self, Body, Change, Content, Expected, Happening, NewBody, NewEvent, Pod, Record, Scope, Spot, Version, Write,
};

/// The most resources that one request may copy or move.
const MOST: usize = 10_000;
/// The most bytes of bodies that one request may hold in memory.
const MOST_BYTES: u64 = 64 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Copy,
    Move,
}

impl Verb {
    const fn method(self) -> Method {
        match self {
            Self::Copy => Method::Copy,
            Self::Move => Method::Move,
        }
    }
}

/// What to copy or move, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub verb: Verb,
    pub from: ResourcePath,
    pub to: ResourcePath,
    /// Whether what is at the destination may be replaced.
    pub overwrite: bool,
    /// Copy a container without its members (`Depth: 0`).
    pub shallow: bool,
    pub conditions: Conditions,
}

/// Why a tree is looked at. It decides what must be granted on each resource, and what is kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Copy,
    Move,
    Replace,
}

impl Purpose {
    fn operations(self) -> Vec<Operation> {
        match self {
            Self::Copy => vec![Operation::Read],
            Self::Move => vec![Operation::Read, Operation::Delete],
            Self::Replace => vec![Operation::Delete],
        }
    }
}

/// A tree that was looked at, top down, and what the decisions about it relied on.
#[derive(Default)]
struct Tree {
    parts: Vec<Part>,
    relied_on: HashMap<ResourcePath, Option<Version>>,
    /// Bytes of bodies in memory.
    held: u64,
}

/// A resource of a tree with its auxiliary resources; bodies only where they are needed.
struct Part {
    path: ResourcePath,
    spot: Spot,
    /// Whether the caller controls it.
    controls: bool,
    /// Whether at its new place it would vouch for WebIDs.
    vouches: bool,
}

impl Tree {
    /// Notes what a decision relied on. If two decisions saw different states, there is nothing to rely on.
    fn rely_on(&mut self, expected: Vec<Expected>) -> Result<(), Error> {
        for expected in expected {
            let Expected::Record(path, version) = expected else { continue };
            if *self.relied_on.entry(path).or_insert(version) != version {
                return Err(storage::Error::Moved.into());
            }
        }
        Ok(())
    }

    fn expected(&self) -> impl Iterator<Item = Expected> {
        self.relied_on.iter().map(|(path, version)| Expected::Record(path.clone(), *version))
    }

    fn add(&mut self, part: Part) -> Result<(), Refusal> {
        let bodies = [&part.spot.record, &part.spot.acl, &part.spot.description].into_iter().flatten();
        self.held += bodies.map(|record| record.inline().len() as u64).sum::<u64>();
        self.parts.push(part);
        if self.held > MOST_BYTES { Err(Refusal::TooLarge { limit: MOST_BYTES }) } else { Ok(()) }
    }

    fn size(&self) -> u64 {
        self.parts.iter().filter_map(|part| part.spot.record.as_ref()).map(|record| record.size).sum()
    }
}

impl Pods {
    /// Copies or moves, if the caller may read all of the source, create the destination, delete what
    /// is replaced, and for a move delete the source.
    pub async fn transfer(&self, caller: &Caller, transfer: &Transfer) -> Result<Outcome, Error> {
        let _turn = self.turns.take(&transfer.from).await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.try_transfer(caller, transfer).await {
                Err(Error::Storage(storage::Error::Moved)) if Instant::now() < deadline => {}
                Err(Error::Storage(storage::Error::Moved)) => return Err(Refusal::Contended.into()),
                done => return done,
            }
        }
    }

    async fn try_transfer(&self, caller: &Caller, transfer: &Transfer) -> Result<Outcome, Error> {
        let source = self.source(caller, transfer).await?;
        let (destination, replaced, granted) = self.destination(caller, transfer).await?;
        let state = source.parts.first().and_then(|top| top.spot.record.as_ref());
        if !transfer.conditions.allow_write(state.map(|record| (record.state(), record.modified))) {
            return Err(Refusal::PreconditionFailed.into());
        }
        let mut change = Change::of(Scope::Pod(destination.found.pod.id), self.clock.now());
        change.expected.extend(granted.relied_on.iter().cloned());
        if let Some(container) = destination.found.above.first() {
            let version = container.record.as_ref().map(|record| record.version);
            change.expected.push(Expected::Record(container.path.clone().into(), version));
        }
        delete_tree(&mut change, &replaced);
        if replaced.parts.is_empty() {
            change.expected.push(Expected::Record(transfer.to.clone(), None));
        }
        change.expected.extend(transfer.to.twin().map(|twin| Expected::Record(twin, None)));
        let controls = granted.rights.user.allow(Mode::Control);
        if transfer.verb == Verb::Copy {
            check_room(&destination.found.pod, &source, &replaced)?;
        }
        let mut staged = Vec::new();
        for part in &source.parts {
            staged.extend(self.put_copy(&mut change, caller, transfer, part, controls).await?);
        }
        if transfer.verb == Verb::Move {
            delete_tree(&mut change, &source);
        } else {
            change.expected.extend(source.expected());
            change.expected.extend(source.parts.iter().map(|part| as_it_is(&part.path, part.spot.record.as_ref())));
        }
        if source.parts.iter().any(|part| part.vouches) {
            let what = if transfer.verb == Verb::Move { Issuers::Gone } else { Issuers::Changed };
            change.entries.extend(self.tell(transfer.from.pod(), what));
        }
        change.entries.extend(self.tell_of_files(transfer.to.pod(), &change.writes));
        let version = self.storage.commit(change).await?.version;
        staged.into_iter().for_each(Staged::taken);
        let path = transfer.to.clone();
        Ok(if replaced.parts.is_empty() {
            Outcome::Created { path, version, verbatim: false }
        } else {
            Outcome::Changed { path, version, verbatim: false, unvouched: false }
        })
    }

    /// The source tree, every resource of it readable, and deletable if it moves.
    async fn source(&self, caller: &Caller, transfer: &Transfer) -> Result<Tree, Error> {
        let from = self.look(&transfer.from).await?;
        self.decide(&from, caller, &asked(&transfer.from, Operation::Read)).await?;
        if from.found.target().is_none() {
            return Err(Refusal::NotFound.into());
        }
        let allowed = methods(&transfer.from, Some(true));
        if !allowed.contains(&transfer.verb.method()) {
            return Err(Refusal::MethodNotAllowed(allowed).into());
        }
        let purpose = if transfer.verb == Verb::Copy { Purpose::Copy } else { Purpose::Move };
        self.tree(caller, transfer, purpose).await
    }

    /// The destination, and the tree that is there now.
    async fn destination(&self, caller: &Caller, transfer: &Transfer) -> Result<(Arc<Seen>, Tree, Granted), Error> {
        check_destination(transfer)?;
        let seen = self.look(&transfer.to).await?;
        let sent = Sent { media_type: None, model: Model::Unsaid, inbox: None, body: Received::Nothing };
        let granted = self.decide(&seen, caller, &asked(&transfer.to, Operation::Put(sent))).await?;
        if seen.found.subject.twin {
            return Err(Refusal::SlashTwin.into());
        }
        if seen.found.above.first().is_some_and(|container| container.record.is_none()) {
            return Err(Refusal::NoDestinationContainer.into());
        }
        if seen.found.target().is_none() {
            return Ok((seen, Tree::default(), granted));
        }
        if !transfer.overwrite {
            return Err(Refusal::DestinationExists.into());
        }
        let replaced = self.tree(caller, transfer, Purpose::Replace).await?;
        Ok((seen, replaced, granted))
    }

    /// Everything at and below the source, or the destination if that is to be replaced, top down, each granted.
    async fn tree(&self, caller: &Caller, transfer: &Transfer, purpose: Purpose) -> Result<Tree, Error> {
        let top = if purpose == Purpose::Replace { &transfer.to } else { &transfer.from };
        let shallow = transfer.shallow && purpose == Purpose::Copy;
        let mut tree = Tree::default();
        let mut waiting = vec![top.clone()];
        while let Some(path) = waiting.pop() {
            let seen = self.look(&path).await?;
            let mut controls = false;
            for operation in purpose.operations() {
                let granted = self.decide(&seen, caller, &asked(&path, operation)).await?;
                tree.rely_on(granted.relied_on)?;
                controls = granted.rights.user.allow(Mode::Control);
            }
            if let Some(container) = path.as_container().filter(|_| !shallow) {
                self.members_of(&seen, &container, &mut waiting).await?;
            }
            tree.add(self.part(&seen, transfer, purpose, controls).await?)?;
            if tree.parts.len() + waiting.len() > MOST {
                return Err(Refusal::TooMany { limit: MOST }.into());
            }
        }
        Ok(tree)
    }

    /// What is kept of a resource that was seen: a copy needs all bodies, a move only those that it rewrites.
    async fn part(&self, seen: &Seen, transfer: &Transfer, purpose: Purpose, controls: bool) -> Result<Part, Error> {
        let path = seen.found.path.clone();
        let mut spot = seen.found.subject.clone();
        let vouches = purpose != Purpose::Replace && {
            let (relocation, spot, path) = (self.relocation(transfer), spot.clone(), path.clone());
            self.aside.weigh(seen.bytes(), move || relocation.vouches(&spot, &path)).await??
        };
        let unread = |record: &mut Option<Record>| {
            if let Some(record) = record.as_mut().filter(|record| matches!(record.body, Body::Inline(_))) {
                record.body = Body::Unread;
            }
        };
        if purpose != Purpose::Copy {
            unread(&mut spot.record);
        }
        if purpose == Purpose::Replace {
            unread(&mut spot.acl);
            unread(&mut spot.description);
        }
        Ok(Part { path, spot, controls, vouches })
    }

    async fn members_of(
        &self,
        seen: &Seen,
        container: &ContainerPath,
        waiting: &mut Vec<ResourcePath>,
    ) -> Result<(), Error> {
        let mut after: Option<Name> = None;
        loop {
            let page = self.storage.members(seen.found.pod.id, container, after.as_ref(), PAGE).await?;
            let done = page.len() < PAGE || waiting.len() > MOST;
            after = page.last().map(|member| Name::trusted(member.path.name()));
            waiting.extend(page.into_iter().map(|member| member.path));
            if done {
                return Ok(());
            }
        }
    }

    /// Puts the copy of one resource, and of its ACL and description. Gives the blob that was made for it.
    ///
    /// ACLs go along only with Control on both sides; without it a copy goes without them, and a move
    /// is refused.
    async fn put_copy(
        &self,
        change: &mut Change,
        caller: &Caller,
        transfer: &Transfer,
        part: &Part,
        controls_destination: bool,
    ) -> Result<Option<Staged>, Error> {
        let Spot { record: Some(record), acl, description, .. } = &part.spot else {
            return Err(storage::Error::Moved.into());
        };
        let from = &part.path;
        let to = from.rebased(&transfer.from, &transfer.to).ok_or(Refusal::Overlap)?;
        if !self.addresses.reaches(&to) {
            return Err(Refusal::AddressTooLong.into());
        }
        if part.vouches && !controls_destination {
            return Err(Refusal::IssuerNeedsControl.into());
        }
        let by = caller.webid().cloned();
        let (body, staged) = self.copied(transfer.verb, &change.scope, from, record).await?;
        let (media_type, inbox) = (record.media_type.clone(), record.inbox.clone());
        put(change, to.clone(), Content { media_type, body, by: by.clone(), inbox }, true);
        if let Some(description) = description {
            let content = self.relocated(transfer, description, from.description(), by.clone()).await?;
            put(change, to.description(), content, false);
        }
        if let Some(acl) = acl {
            if controls_destination && part.controls {
                put(change, to.acl(), self.relocated(transfer, acl, from.acl(), by).await?, false);
            } else if transfer.verb == Verb::Move {
                return Err(Refusal::Forbidden.into());
            }
        }
        Ok(staged)
    }

    fn relocation(&self, transfer: &Transfer) -> Relocation {
        Relocation::new(self.addresses.clone(), transfer.from.clone(), transfer.to.clone())
    }

    /// What the ACL or description at `path` becomes.
    async fn relocated(
        &self,
        transfer: &Transfer,
        record: &Record,
        path: ResourcePath,
        by: Option<Arc<str>>,
    ) -> Result<Content, Error> {
        let (relocation, record) = (self.relocation(transfer), record.clone());
        self.aside.weigh(record.size, move || relocation.content(&record, &path, by)).await?
    }

    /// The body of a copy: taken over where the source goes, its bytes or a blob of its own where not.
    async fn copied(
        &self,
        verb: Verb,
        scope: &Scope,
        from: &ResourcePath,
        record: &Record,
    ) -> Result<(NewBody, Option<Staged>), Error> {
        Ok(match (&record.body, verb, scope) {
            (Body::Absent, _, _) => (NewBody::Absent, None),
            (_, Verb::Move, _) => (NewBody::From(from.clone()), None),
            (Body::Inline(bytes), Verb::Copy, _) => (NewBody::Inline(bytes.clone()), None),
            (Body::Blob(blob), Verb::Copy, Scope::Pod(pod)) => {
                let bytes = self.storage.open(blob, None).await?;
                let staged = self.stage(*pod, Box::pin(bytes.into_stream())).await?;
                let (blob, size, staged) = staged.map_err(|error| storage::Error::Failed(error.to_string()))?;
                (NewBody::Staged(blob, size), Some(staged))
            }
            (Body::Unread | Body::Blob(_), Verb::Copy, _) => {
                return Err(Error::Corrupt("a record was looked up without its body"));
            }
        })
    }
}

/// What the destination must look like.
fn check_destination(transfer: &Transfer) -> Result<(), Refusal> {
    let (from, to) = (&transfer.from, &transfer.to);
    if from.pod() != to.pod() {
        return Err(Refusal::OtherPod);
    }
    if to.reserved().is_some() || !matches!(to.role(), Role::Container | Role::Document) {
        return Err(Refusal::ReservedName);
    }
    if from.is_container() != to.is_container() {
        return Err(Refusal::ModelConflict);
    }
    let within = |inner: &ResourcePath, outer: &ResourcePath| {
        outer.as_container().is_some_and(|container| inner.is_below(&container))
    };
    if from == to || within(to, from) || within(from, to) { Err(Refusal::Overlap) } else { Ok(()) }
}

fn asked(path: &ResourcePath, operation: Operation) -> Asked {
    Asked { path: path.clone(), operation, conditions: Conditions::default(), by: None }
}

fn as_it_is(path: &ResourcePath, record: Option<&Record>) -> Expected {
    Expected::Record(path.clone(), record.map(|record| record.version))
}

fn put(change: &mut Change, path: ResourcePath, content: Content, member: bool) {
    change.events.push(NewEvent { happening: Happening::Create, path: path.clone(), object: None });
    if let Some(container) = path.container().filter(|_| member) {
        let object = Some(path.clone());
        change.events.push(NewEvent { happening: Happening::Add, path: container.into(), object });
    }
    change.writes.push(Write::Put { path, content });
}

/// Refuses a copy that cannot fit before any of it is made.
fn check_room(pod: &Pod, source: &Tree, replaced: &Tree) -> Result<(), Refusal> {
    let Some(quota) = pod.quota else { return Ok(()) };
    let left = quota.saturating_sub(pod.used);
    if source.size() > left.saturating_add(replaced.size()) { Err(Refusal::Quota { left }) } else { Ok(()) }
}

/// Deletes a tree, members before their containers.
fn delete_tree(change: &mut Change, tree: &Tree) {
    change.expected.extend(tree.expected());
    for Part { path, spot, .. } in tree.parts.iter().rev() {
        let parts = [
            (path.clone(), spot.record.as_ref()),
            (path.acl(), spot.acl.as_ref()),
            (path.description(), spot.description.as_ref()),
        ];
        for (path, record) in parts {
            change.expected.push(as_it_is(&path, record));
            if record.is_some() {
                change.events.push(NewEvent { happening: Happening::Delete, path: path.clone(), object: None });
                change.writes.push(Write::Delete { path });
            }
        }
        if let Some(record) = spot.record.as_ref().filter(|_| path.is_container()) {
            change.expected.push(Expected::Listing(path.clone(), record.listing));
        }
        if let Some(container) = path.container() {
            let object = Some(path.clone());
            change.events.push(NewEvent { happening: Happening::Remove, path: container.into(), object });
        }
    }
}
