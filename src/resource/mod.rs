//! What the protocol does with what is there: pure, values in, values out.
//!
//! [`Asked`] and [`Found`] go in; a [`Plan`] or a [`Refusal`] comes out. Nothing here knows who may do
//! what (that is [`crate::access`]) or how bytes are kept.

pub mod asked;
pub mod condition;
pub mod container;
mod content;
pub mod create;
pub mod delete;
pub mod issuer;
pub mod listing;
pub mod patch;
pub mod put;
pub mod refusal;

pub use asked::{Asked, Edit, Model, Operation, Post, Received, Sent};
pub use refusal::{Method, Refusal};

use std::sync::Arc;

use crate::address::Addresses;
use crate::clock::Timestamp;
use crate::path::{ResourcePath, Role};
use crate::rdf::format::{self, Document, Format};
use crate::storage::{Body, Change, Expected, Found, Happening, Member, NewEvent, Record, Scope};

/// What a plan is made with, besides what was found.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub addresses: &'a Addresses,
    pub now: Timestamp,
    /// Members of the target that the plan may depend on, in name order: those that the content makes claims about,
    /// or any one where only emptiness matters.
    pub members: &'a [Member],
}

/// What to do about a request that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Show the target.
    Show,
    /// Everything is already as it was asked to be.
    Keep,
    Write(Box<Writing>),
}

/// A change and what to say once it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    pub change: Change,
    pub made: Made,
    /// The change alters who vouches for a WebID, which needs Control.
    pub alters_issuers: bool,
}

impl Plan {
    fn write(writing: Writing) -> Self {
        Self::Write(Box::new(writing))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    Created(ResourcePath),
    Changed,
    Deleted,
}

impl Asked {
    /// Decides all that can be told before a byte of the content is read: whether the target takes the
    /// method, may be there at all, and is in the state that the conditions ask for.
    ///
    /// Conditions come last, for where a request is refused anyway they do not matter; and those of a
    /// deletion later still, once it is known that a container is empty.
    ///
    /// Spec: P-8, P-10, P-11, P-118, P-119, P-120, P-121, rfc9110 §13.2.1
    pub fn admit(&self, found: &Found) -> Result<(), Refusal> {
        self.check_method(found)?;
        match &self.operation {
            Operation::Read | Operation::Delete => return Ok(()),
            Operation::Put(sent) => put::admit(sent, found)?,
            Operation::Post(post) => create::admit_post(post, found)?,
            Operation::Patch(_) => patch::admit(found)?,
        }
        self.check_conditions(found)
    }

    /// Decides what the request does to what was found.
    pub fn plan(&self, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
        self.admit(found)?;
        match &self.operation {
            Operation::Read => read(found),
            Operation::Put(sent) => put::plan(self, sent, found, setting),
            Operation::Post(post) => create::plan_post(self, post, found, setting),
            Operation::Patch(edit) => patch::plan(self, edit, found, setting),
            Operation::Delete => delete::plan(self, found, setting),
        }
    }

    /// Spec: solid#server-method-not-allowed, solid#server-post-target-not-found, P-6, P-149, P-150, P-195, W-15
    fn check_method(&self, found: &Found) -> Result<(), Refusal> {
        let (path, missing) = (&found.path, found.target().is_none());
        let method = match &self.operation {
            Operation::Read => return Ok(()),
            Operation::Post(post) if post.child.is_some() => return Ok(()),
            Operation::Post(_) if missing && !path.is_auxiliary() => return Err(Refusal::NotFound),
            Operation::Post(_) => Method::Post,
            Operation::Put(_) => Method::Put,
            Operation::Patch(_) => Method::Patch,
            Operation::Delete => Method::Delete,
        };
        if methods(path, None).contains(&method) {
            return Ok(());
        }
        Err(Refusal::MethodNotAllowed(methods(path, Some(!missing))))
    }

    /// The conditions of a POST concern the container, not what is made in it. A description that nobody
    /// wrote yet is shown in the state of its subject.
    ///
    /// Spec: P-81, P-118, P-119, P-120, P-121, P-124
    fn check_conditions(&self, found: &Found) -> Result<(), Refusal> {
        if matches!(&self.operation, Operation::Post(post) if post.child.is_some()) {
            return Ok(());
        }
        let subject = found.subject.record.as_ref().filter(|_| found.path.role() == Role::Description);
        let state = found.target().or(subject).map(|record| (record.state(), record.modified));
        if self.conditions.allow_write(state) { Ok(()) } else { Err(Refusal::PreconditionFailed) }
    }
}

/// A description that nobody wrote yet reads as an empty graph.
///
/// Spec: P-81, wac#server-get-acl-without-representation, W-5
fn read(found: &Found) -> Result<Plan, Refusal> {
    let empty_description = found.path.role() == Role::Description && found.subject.record.is_some();
    if found.target().is_some() || empty_description { Ok(Plan::Show) } else { Err(Refusal::NotFound) }
}

/// The methods that a path takes. `exists` is `None` where that must not be revealed.
///
/// Spec: solid#server-allow-methods, solid#server-method-not-allowed, solid#server-disallow-delete, P-45, W-7, W-15
pub fn methods(path: &ResourcePath, exists: Option<bool>) -> Vec<Method> {
    let undeletable = path.is_root() || (path.role() == Role::Acl && path.subject().is_root());
    Method::ALL
        .into_iter()
        .filter(|method| match method {
            Method::Get | Method::Head | Method::Options | Method::Put | Method::Patch => true,
            Method::Post => path.role() == Role::Container && exists != Some(false),
            Method::Delete => !undeletable && exists != Some(false),
            Method::Copy => matches!(path.role(), Role::Container | Role::Document) && exists != Some(false),
            Method::Move => {
                matches!(path.role(), Role::Container | Role::Document) && !undeletable && exists != Some(false)
            }
        })
        .collect()
}

impl Record {
    /// The version that validators carry: of a container, the later of its own and its listing's.
    ///
    /// Spec: P-72, P-117
    pub fn state(&self) -> crate::storage::Version {
        self.version.max(self.listing)
    }

    /// The RDF format of the stored bytes; `None` if they are not RDF.
    pub fn format(&self) -> Option<Format> {
        Format::of(&self.media_type)
    }

    /// The bytes of a body that lies in the record.
    pub fn inline(&self) -> &[u8] {
        if let Body::Inline(bytes) = &self.body { bytes } else { &[] }
    }

    /// The parsed body of an RDF record.
    pub fn document(&self, iri: &str) -> Result<Document, Unreadable> {
        let format = self.format().ok_or(Unreadable)?;
        format::parse(self.inline(), format, iri).map_err(|_| Unreadable)
    }
}

/// A stored RDF document that does not parse: it was checked when it was written, so something broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored RDF document does not parse")]
pub struct Unreadable;

/// A change that relies on the target as it was found.
fn change(found: &Found, now: Timestamp) -> Change {
    let mut change = Change::of(Scope::Pod(found.pod.id), now);
    change.expected.push(Expected::Record(found.path.clone(), found.target().map(|record| record.version)));
    change
}

fn event(happening: Happening, path: ResourcePath) -> NewEvent {
    NewEvent { happening, path, object: None }
}

fn member_event(happening: Happening, member: &ResourcePath) -> Option<NewEvent> {
    let container = member.container()?;
    Some(NewEvent { happening, path: container.into(), object: Some(member.clone()) })
}

/// The media type that new RDF is written in by the server itself.
fn turtle() -> Arc<str> {
    Format::Turtle.media_type().into()
}
