//! COPY and MOVE of documents and containers within a pod, in one commit.
//!
//! What is copied keeps its bytes. ACLs and descriptions name what they are about, so the IRIs in them
//! that lie under the old place are rewritten.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use tokio::time::Instant;

use super::{Error, Granted, Outcome, PAGE, PATIENCE, Pods, Seen};
use crate::access::{Caller, Mode};
use crate::path::{ACL_SUFFIX, ContainerPath, DESCRIPTION_SUFFIX, Name, ResourcePath, Role};
use crate::rdf::format;
use crate::rdf::graph::{Graph, Term, Triple};
use crate::resource::condition::Conditions;
use crate::resource::{Asked, Method, Model, Operation, Received, Refusal, Sent, issuer, methods};
use crate::storage::{self, Body, Change, Content, Expected, Happening, NewBody, NewEvent, Record, Scope, Write};

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

/// A tree that was looked at, top down, and what the decisions about it relied on.
#[derive(Default)]
struct Tree {
    seen: Vec<Arc<Seen>>,
    relied_on: Vec<Expected>,
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
        let mut change = Change::of(Scope::Pod(destination.found.pod.id), self.clock.now());
        change.expected.extend(granted.relied_on.iter().cloned());
        if let Some(container) = destination.found.above.first() {
            let version = container.record.as_ref().map(|record| record.version);
            change.expected.push(Expected::Record(container.path.clone().into(), version));
        }
        delete_tree(&mut change, &replaced);
        if replaced.seen.is_empty() {
            change.expected.push(Expected::Record(transfer.to.clone(), None));
        }
        change.expected.extend(transfer.to.twin().map(|twin| Expected::Record(twin, None)));
        let controls = granted.rights.user.allow(Mode::Control);
        let mut held = 0;
        for seen in &source.seen {
            held += self.put_copy(&mut change, caller, transfer, seen, controls, &destination).await?;
            if held > MOST_BYTES {
                return Err(Refusal::TooLarge { limit: MOST_BYTES }.into());
            }
        }
        if transfer.verb == Verb::Move {
            delete_tree(&mut change, &source);
        } else {
            change.expected.extend(source.seen.iter().map(|seen| as_it_is(&seen.found.path, seen.found.target())));
        }
        let version = self.storage.commit(change).await?.version;
        let path = transfer.to.clone();
        Ok(if replaced.seen.is_empty() {
            Outcome::Created { path, version, verbatim: false }
        } else {
            Outcome::Changed { path, version, verbatim: false }
        })
    }

    /// The source tree, every resource of it readable, and deletable if it moves.
    async fn source(&self, caller: &Caller, transfer: &Transfer) -> Result<Tree, Error> {
        let from = self.look(&transfer.from).await?;
        self.decide(&from, caller, &asked(&transfer.from, Operation::Read)).await?;
        let Some(target) = from.found.target() else { return Err(Refusal::NotFound.into()) };
        let allowed = methods(&transfer.from, Some(true));
        if !allowed.contains(&transfer.verb.method()) {
            return Err(Refusal::MethodNotAllowed(allowed).into());
        }
        if !transfer.conditions.allow_write(Some((target.state(), target.modified))) {
            return Err(Refusal::PreconditionFailed.into());
        }
        let operations: &[Operation] = match transfer.verb {
            Verb::Copy => &[Operation::Read],
            Verb::Move => &[Operation::Read, Operation::Delete],
        };
        self.tree(caller, &transfer.from, operations, transfer.shallow).await
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
        let replaced = self.tree(caller, &transfer.to, &[Operation::Delete], false).await?;
        Ok((seen, replaced, granted))
    }

    /// Everything at and below `top`, top down, each granted for all of `operations`.
    async fn tree(
        &self,
        caller: &Caller,
        top: &ResourcePath,
        operations: &[Operation],
        shallow: bool,
    ) -> Result<Tree, Error> {
        let mut tree = Tree::default();
        let mut waiting = vec![top.clone()];
        while let Some(path) = waiting.pop() {
            let seen = self.look(&path).await?;
            for operation in operations {
                let granted = self.decide(&seen, caller, &asked(&path, operation.clone())).await?;
                tree.relied_on.extend(granted.relied_on);
            }
            if let Some(container) = path.as_container().filter(|_| !shallow) {
                self.members_of(&seen, &container, &mut waiting).await?;
            }
            tree.seen.push(seen);
            if tree.seen.len() + waiting.len() > MOST {
                return Err(Refusal::TooMany { limit: MOST }.into());
            }
        }
        Ok(tree)
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

    /// Puts the copy of one resource, and of its ACL and description. Says how many bytes it holds.
    ///
    /// ACLs go along only with Control on both sides; without it a copy goes without them, and a move
    /// is refused.
    async fn put_copy(
        &self,
        change: &mut Change,
        caller: &Caller,
        transfer: &Transfer,
        seen: &Seen,
        controls_destination: bool,
        destination: &Seen,
    ) -> Result<u64, Error> {
        let from = &seen.found.path;
        let Some(record) = seen.found.target() else { return Err(storage::Error::Moved.into()) };
        let to = from.rebased(&transfer.from, &transfer.to).ok_or(Refusal::Overlap)?;
        let by = caller.webid().cloned();
        let body = self.copied(transfer.verb, seen, record).await?;
        let mut held = if let NewBody::Inline(bytes) = &body { bytes.len() as u64 } else { 0 };
        let content =
            Content { media_type: record.media_type.clone(), body, by: by.clone(), inbox: record.inbox.clone() };
        let replaced = (to == transfer.to).then(|| destination.found.target()).flatten();
        if record.format().is_some() && !controls_destination {
            let iri = self.addresses.iri(&to);
            if issuer::added(replaced, &record.document(&iri)?, &iri) {
                return Err(Refusal::IssuerNeedsControl.into());
            }
        }
        put(change, to.clone(), content, true);
        if let Some(description) = &seen.found.subject.description {
            held += description.size;
            put(
                change,
                to.description(),
                self.rewritten(description, &from.description(), transfer, by.clone())?,
                false,
            );
        }
        let Some(acl) = &seen.found.subject.acl else { return Ok(held) };
        let (_, rights) = self.rights(caller, from).await?;
        if controls_destination && rights.user.allow(Mode::Control) {
            held += acl.size;
            put(change, to.acl(), self.rewritten(acl, &from.acl(), transfer, by)?, false);
        } else if transfer.verb == Verb::Move {
            return Err(Refusal::Forbidden.into());
        }
        Ok(held)
    }

    /// The body of a copy: taken over where the source goes, its bytes or a blob of its own where not.
    async fn copied(&self, verb: Verb, seen: &Seen, record: &Record) -> Result<NewBody, Error> {
        Ok(match (&record.body, verb) {
            (Body::Absent, _) => NewBody::Absent,
            (_, Verb::Move) => NewBody::From(seen.found.path.clone()),
            (Body::Inline(bytes), Verb::Copy) => NewBody::Inline(bytes.clone()),
            (Body::Blob(blob), Verb::Copy) => {
                let bytes = self.storage.open(blob, None).await?;
                let staged = self.storage.stage(seen.found.pod.id, Box::pin(bytes.into_stream())).await?;
                let (blob, size) = staged.map_err(|error| storage::Error::Failed(error.to_string()))?;
                NewBody::Staged(blob, size)
            }
            (Body::Unread, Verb::Copy) => return Err(Error::Corrupt("a record was looked up without its body")),
        })
    }

    /// An ACL or description whose IRIs under the old place are those under the new one.
    fn rewritten(
        &self,
        record: &Record,
        path: &ResourcePath,
        transfer: &Transfer,
        by: Option<Arc<str>>,
    ) -> Result<Content, Error> {
        let (old, new) = (self.addresses.iri(&transfer.from), self.addresses.iri(&transfer.to));
        let mut document = record.document(&self.addresses.iri(path))?;
        let rewrite = |graph: Graph| graph.into_iter().map(|triple| rebase(triple, &old, &new)).collect::<Graph>();
        document.dataset.default = rewrite(document.dataset.default);
        for (_, graph) in &mut document.dataset.named {
            *graph = rewrite(std::mem::take(graph));
        }
        let format = record.format().ok_or(Error::Corrupt("an auxiliary resource is not RDF"))?;
        let bytes = Bytes::from(format::print(&document, format).map_err(Refusal::from)?);
        Ok(Content { media_type: record.media_type.clone(), body: NewBody::Inline(bytes), by, inbox: None })
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

/// Deletes a tree, members before their containers.
fn delete_tree(change: &mut Change, tree: &Tree) {
    change.expected.extend(tree.relied_on.iter().cloned());
    for seen in tree.seen.iter().rev() {
        let (path, subject) = (&seen.found.path, &seen.found.subject);
        let parts = [
            (path.clone(), subject.record.as_ref()),
            (path.acl(), subject.acl.as_ref()),
            (path.description(), subject.description.as_ref()),
        ];
        for (path, record) in parts {
            change.expected.push(as_it_is(&path, record));
            if record.is_some() {
                change.events.push(NewEvent { happening: Happening::Delete, path: path.clone(), object: None });
                change.writes.push(Write::Delete { path });
            }
        }
        if let Some(record) = subject.record.as_ref().filter(|_| path.is_container()) {
            change.expected.push(Expected::Listing(path.clone(), record.listing));
        }
        if let Some(container) = path.container() {
            let object = Some(path.clone());
            change.events.push(NewEvent { happening: Happening::Remove, path: container.into(), object });
        }
    }
}

/// A triple with the IRIs at or under `old` moved to `new`.
fn rebase(triple: Triple, old: &str, new: &str) -> Triple {
    let moved = |iri: &str| {
        let rest = iri.strip_prefix(old)?;
        let inside = old.ends_with('/')
            || rest.is_empty()
            || rest.starts_with(['#', '?'])
            || rest == ACL_SUFFIX
            || rest == DESCRIPTION_SUFFIX;
        inside.then(|| format!("{new}{rest}"))
    };
    let term = |term: Term| match &term {
        Term::Iri(iri) => moved(iri).map_or(term.clone(), Term::iri),
        _ => term,
    };
    Triple { subject: term(triple.subject), predicate: triple.predicate, object: term(triple.object) }
}
