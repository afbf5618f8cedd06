//! The one way in: locate, decide, receive, plan, commit.
//!
//! Every read and write of a pod by a caller goes through [`Pods::perform`], whoever asks: a client
//! over HTTP, an import, a web form.

mod group;
mod receive;
mod relocate;
pub mod remote;
mod seen;
mod transfer;
mod turn;
mod watch;

pub use group::{NoRemoteGroups, RemoteGroups};
use receive::Staged;
pub use receive::{Arriving, Interrupted, PatchLanguage};
pub use remote::Elsewhere;
pub use seen::Seen;
pub use transfer::{Transfer, Verb};
pub use watch::{Issuers, Watch};

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::access::{self, Acl, Caller, Evidence, Mode, Origins, Rights};
use crate::address::Addresses;
use crate::aside::{self, Aside, Unfinished};
use crate::clock::Clock;
use crate::path::{ContainerPath, Name, ResourcePath, Role};
use crate::rdf;
use crate::rdf::format::{Document, Format};
use crate::resource::{
    Asked, Edit, Made, Operation, Plan, Post, Refusal, Sent, Setting, Unreadable, Writing, container, create,
};
use crate::storage::{self, Expected, Member, NewBody, PodId, Storage, Version, Write};

/// How long a write tries again when others keep writing first.
const PATIENCE: Duration = Duration::from_secs(5);
/// Members read from storage at a time.
pub const PAGE: usize = 1000;
/// Bytes of an access control list: whatever lies below it is decided by it, again and again.
const ACL_LIMIT: u64 = 1 << 20;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The protocol says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The client stopped sending, or sent too slowly.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    #[error(transparent)]
    Storage(storage::Error),
    /// What is stored is not what was written.
    #[error("{0}")]
    Corrupt(&'static str),
}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::NoSuchPod => Self::Refused(Refusal::NotFound),
            storage::Error::Gone => Self::Refused(Refusal::Gone),
            storage::Error::Quota { left } => Self::Refused(Refusal::Quota { left }),
            other => Self::Storage(other),
        }
    }
}

impl From<Unfinished> for Error {
    fn from(_: Unfinished) -> Self {
        Self::Corrupt("long work did not come to its end")
    }
}

impl From<Unreadable> for Error {
    fn from(_: Unreadable) -> Self {
        Self::Corrupt("a stored RDF document does not parse")
    }
}

/// What came of a request.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The target is to be shown.
    Shown {
        seen: Arc<Seen>,
        rights: Rights,
    },
    /// It is not here, but its slash twin is, and the caller may read that.
    Elsewhere(ResourcePath),
    Created {
        path: ResourcePath,
        version: Version,
        verbatim: bool,
    },
    /// An existing resource was written, or is already as asked.
    Changed {
        path: ResourcePath,
        version: Version,
        verbatim: bool,
        /// Whether it left a WebID without issuer that had one.
        unvouched: bool,
    },
    Deleted {
        /// Whether it left a WebID without issuer that had one.
        unvouched: bool,
    },
}

/// The most that a request may carry.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of an RDF document.
    pub rdf: u64,
    /// Bytes of a patch.
    pub patch: u64,
    /// Bytes of everything that is kept in memory for quick answers.
    pub cache: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rdf: 16 << 20, patch: 1 << 20, cache: 16 << 20 }
    }
}

/// The pods of this server.
pub struct Pods {
    storage: Arc<dyn Storage>,
    addresses: Arc<Addresses>,
    clock: Arc<dyn Clock>,
    remote_groups: Arc<dyn RemoteGroups>,
    origins: Origins,
    limits: Limits,
    watch: Option<Arc<dyn Watch>>,
    seen: seen::Memory,
    converted: seen::Converted,
    rules: seen::Rules,
    turns: turn::Turns,
    aside: Aside,
}

impl Pods {
    pub fn new(
        storage: Arc<dyn Storage>,
        addresses: Arc<Addresses>,
        clock: Arc<dyn Clock>,
        remote_groups: Arc<dyn RemoteGroups>,
        origins: Origins,
        limits: Limits,
    ) -> Self {
        Self {
            seen: seen::Memory::new(limits.cache),
            converted: seen::Converted::new(limits.cache / 2),
            rules: seen::Rules::new(limits.cache / 4),
            turns: turn::Turns::default(),
            aside: Aside::default(),
            storage,
            addresses,
            clock,
            remote_groups,
            origins,
            limits,
            watch: None,
        }
    }

    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Does what is asked, if the caller may.
    ///
    /// A body is read only once access is granted, but for a patch, whose clauses say what it needs.
    /// There are no locks: a change decided upon versions that have moved is decided again. The turn
    /// only spares writers of one path from deciding in vain.
    ///
    /// Spec: P-8, P-9, P-10, P-11, P-125, P-138, W-31, W-129
    pub async fn perform(&self, caller: &Caller, mut asked: Asked, mut body: Arriving) -> Result<Outcome, Error> {
        // What few requests come to is boxed: reads, which are most, carry no room for it.
        let (seen, granted) = match self.first_look(caller, &mut asked, &mut body).await {
            Err(Error::Refused(Refusal::NotFound)) => return Box::pin(self.missing(caller, &asked)).await,
            other => other?,
        };
        if !asked.is_safe() {
            return Box::pin(self.change(caller, asked, body, seen, granted)).await;
        }
        match asked.plan(&seen.found, &self.setting(&[])) {
            Ok(_) => Ok(Outcome::Shown { seen, rights: granted.rights }),
            Err(Refusal::NotFound) => Box::pin(self.missing(caller, &asked)).await,
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Receives the body, plans and commits, and decides and plans again while others commit before.
    async fn change(
        &self,
        caller: &Caller,
        mut asked: Asked,
        body: Arriving,
        mut seen: Arc<Seen>,
        mut granted: Granted,
    ) -> Result<Outcome, Error> {
        asked.admit(&seen.found)?;
        let staged = self.receive(&mut asked, &seen.found, body).await?;
        let turn = self.turns.take(&asked.path).await;
        let deadline = Instant::now() + PATIENCE;
        // Whoever went before has most likely changed what is here.
        let mut moved = turn.waited;
        loop {
            if moved {
                seen = self.look(&asked.path).await?;
                granted = self.decide(&seen, caller, &asked).await?;
            }
            match self.write(&asked, &seen, &granted).await {
                Err(Error::Storage(storage::Error::Moved)) if Instant::now() < deadline => moved = true,
                Err(Error::Storage(storage::Error::Moved)) => return Err(Refusal::Contended.into()),
                Ok(done) => {
                    staged.into_iter().for_each(Staged::taken);
                    return Ok(done);
                }
                refused => return refused,
            }
        }
    }

    /// Looks, reads a patch as far as its clauses, and decides.
    async fn first_look(
        &self,
        caller: &Caller,
        asked: &mut Asked,
        body: &mut Arriving,
    ) -> Result<(Arc<Seen>, Granted), Error> {
        let seen = self.look(&asked.path).await?;
        if let Operation::Patch(edit @ Edit::Waiting) = &mut asked.operation {
            self.check_stranger(&seen, caller)?;
            let iri = self.addresses.iri(&asked.path);
            *edit = Box::pin(self.patch(std::mem::take(body), iri)).await?;
        }
        let granted = self.decide(&seen, caller, asked).await?;
        Ok((seen, granted))
    }

    /// Plans and commits once.
    async fn write(&self, asked: &Asked, seen: &Arc<Seen>, granted: &Granted) -> Result<Outcome, Error> {
        if let Operation::Post(post @ Post { child: None, .. }) = &asked.operation {
            return self.post(asked, post, seen, granted).await;
        }
        let members = self.members_for(asked, seen).await?;
        let plan = self.plan(asked, seen, members).await?;
        self.carry_out(plan, asked, seen, granted).await
    }

    /// Plans; aside, if much must be read for it.
    async fn plan(&self, asked: &Asked, seen: &Arc<Seen>, members: Vec<Member>) -> Result<Plan, Error> {
        let bytes = asked.reads(&seen.found);
        if bytes < aside::LONG {
            return Ok(asked.plan(&seen.found, &self.setting(&members))?);
        }
        let (asked, seen, addresses, now) = (asked.clone(), seen.clone(), self.addresses.clone(), self.clock.now());
        let plan = move || asked.plan(&seen.found, &Setting { addresses: &addresses, now, members: &members });
        Ok(self.aside.weigh(bytes, plan).await??)
    }

    /// A POST looks twice: at the container, and at the name that the child will have.
    async fn post(&self, asked: &Asked, post: &Post, seen: &Seen, granted: &Granted) -> Result<Outcome, Error> {
        asked.plan(&seen.found, &self.setting(&[]))?;
        let container = seen.found.path.as_container().ok_or(Refusal::NotFound)?;
        let is_container = create::posts_container(&post.sent)?;
        let (path, child) = self.child(&container, post.slug.as_deref(), is_container).await?;
        let mut asked = asked.clone();
        if let Operation::Post(post) = &mut asked.operation {
            post.child = Some(path);
        }
        let plan = self.plan(&asked, &child, Vec::new()).await?;
        self.carry_out(plan, &asked, &child, granted).await
    }

    /// A free name in a container: the client's, or else a random one.
    ///
    /// Spec: solid#server-post-uri-assignment, P-14, P-22, P-153, P-155
    async fn child(
        &self,
        container: &ContainerPath,
        slug: Option<&str>,
        is_container: bool,
    ) -> Result<(ResourcePath, Arc<Seen>), Error> {
        if let Some(name) = slug.and_then(|slug| Name::of(slug, is_container)) {
            let path = container.child(&name);
            if path.reserved().is_some() || !matches!(path.role(), Role::Container | Role::Document) {
                return Err(Refusal::ReservedName.into());
            }
            if self.addresses.reaches(&path) {
                let seen = self.look(&path).await?;
                if seen.found.target().is_none() && !seen.found.subject.twin {
                    return Ok((path, seen));
                }
            }
        }
        let name = uuid::Uuid::new_v4().to_string();
        let name = Name::of(&name, is_container).ok_or(Error::Corrupt("a random name is no name"))?;
        let path = container.child(&name);
        if !self.addresses.reaches(&path) {
            return Err(Refusal::AddressTooLong.into());
        }
        let seen = self.look(&path).await?;
        Ok((path, seen))
    }

    async fn carry_out(&self, plan: Plan, asked: &Asked, seen: &Seen, granted: &Granted) -> Result<Outcome, Error> {
        let Writing { mut change, made, alters_issuers } = match plan {
            Plan::Show => return Err(Error::Corrupt("a write was planned as a read")),
            Plan::Keep => {
                let version = seen.found.target().map(crate::storage::Record::state).unwrap_or_default();
                return Ok(Outcome::Changed { path: asked.path.clone(), version, verbatim: false, unvouched: false });
            }
            Plan::Write(writing) => *writing,
        };
        if alters_issuers && !granted.rights.user.allow(Mode::Control) {
            return Err(Refusal::IssuerNeedsControl.into());
        }
        self.check_sizes(&change.writes)?;
        self.check_root_acl(&change.writes)?;
        change.expected.extend(granted.relied_on.iter().cloned());
        let unvouched = self.lose_issuers(&change.writes, seen);
        let told = if unvouched { Some(Issuers::Gone) } else { alters_issuers.then_some(Issuers::Changed) };
        change.entries.extend(told.into_iter().flat_map(|what| self.tell(&seen.found.pod.name, what)));
        let verbatim = change.writes.iter().any(|write| asked.is_verbatim(write));
        let version = self.storage.commit(change).await?.version;
        Ok(match made {
            Made::Created(path) => Outcome::Created { path, version, verbatim },
            Made::Changed => Outcome::Changed { path: asked.path.clone(), version, verbatim, unvouched },
            Made::Deleted => Outcome::Deleted { unvouched },
        })
    }

    /// RDF is read whole whenever it is used, so no document may grow beyond the limit, not even by patches.
    ///
    /// Spec: P-14
    fn check_sizes(&self, writes: &[Write]) -> Result<(), Error> {
        for write in writes {
            let Write::Put { path, content } = write else { continue };
            let NewBody::Inline(bytes) = &content.body else { continue };
            let limit = self.size_limit(path.role());
            if Format::of(&content.media_type).is_some() && bytes.len() as u64 > limit {
                return Err(Refusal::TooLarge { limit }.into());
            }
        }
        Ok(())
    }

    /// Bytes of a document that lies in memory while it is used.
    fn size_limit(&self, role: Role) -> u64 {
        if role == Role::Acl { self.limits.rdf.min(ACL_LIMIT) } else { self.limits.rdf }
    }

    /// The root's ACL always keeps a rule that lets somebody control it.
    ///
    /// Spec: wac#server-root-container-acl, wac#server-root-container-acl-authorization-control, P-46, W-6, W-8
    fn check_root_acl(&self, writes: &[Write]) -> Result<(), Error> {
        for write in writes {
            let Write::Put { path, content } = write else { continue };
            if path.role() != Role::Acl || !path.subject().is_root() {
                continue;
            }
            let NewBody::Inline(bytes) = &content.body else { return Err(Refusal::RdfOnly.into()) };
            let format = Format::of(&content.media_type).ok_or(Refusal::RdfOnly)?;
            let (iri, root) = (self.addresses.iri(path), self.addresses.iri(&path.subject()));
            let document = rdf::format::parse(bytes, format, &iri).map_err(|_| Refusal::RdfOnly)?;
            if !Acl::read(&document.dataset.default, &iri, &root, &self.addresses).keeps_control() {
                return Err(Refusal::RootControl.into());
            }
        }
        Ok(())
    }

    /// What is missing may exist with the other slash form, which only its readers learn.
    ///
    /// Spec: solid#server-uri-redirect-differing, solid#server-authorization-redirect, P-20, P-238
    async fn missing(&self, caller: &Caller, asked: &Asked) -> Result<Outcome, Error> {
        let ordinary = matches!(asked.path.role(), Role::Container | Role::Document);
        let twin = asked.path.twin().filter(|_| asked.is_safe() && ordinary);
        if let Some(twin) = twin {
            let seen = self.look(&twin).await?;
            let twin_asked = Asked { path: twin.clone(), ..asked.clone() };
            if seen.found.target().is_some() && self.decide(&seen, caller, &twin_asked).await.is_ok() {
                return Ok(Outcome::Elsewhere(twin));
            }
        }
        Err(Refusal::NotFound.into())
    }

    /// The members that a plan may depend on.
    async fn members_for(&self, asked: &Asked, seen: &Seen) -> Result<Vec<Member>, Error> {
        let subject = seen.found.path.subject();
        let Some(container) = subject.as_container().filter(|_| seen.found.subject.record.is_some()) else {
            return Ok(Vec::new());
        };
        let pod = seen.found.pod.id;
        match &asked.operation {
            Operation::Delete if seen.found.path.is_container() => {
                Ok(self.storage.members(pod, &container, None, 1).await?)
            }
            Operation::Put(sent) => self.claimed_members(pod, &container, sent).await,
            _ => Ok(Vec::new()),
        }
    }

    /// The members about which a body says what only the server may say.
    async fn claimed_members(&self, pod: PodId, of: &ContainerPath, sent: &Sent) -> Result<Vec<Member>, Error> {
        let iri = self.addresses.iri(of);
        let Some(format) = sent.media_type.as_deref().and_then(Format::of) else { return Ok(Vec::new()) };
        let bytes = sent.body.content();
        let size = bytes.len() as u64;
        let read = move || {
            let document = rdf::format::parse(&bytes, format, &iri).unwrap_or_default();
            container::claimed(&document.dataset.default, &iri)
        };
        let claimed = self.aside.weigh(size, read).await?;
        let (mut found, mut last) = (Vec::new(), None);
        while found.len() < claimed.len() {
            let page = self.storage.members(pod, of, last.as_ref(), PAGE).await?;
            let done = page.len() < PAGE;
            last = page.last().map(|member| Name::trusted(member.path.name()));
            found.extend(page.into_iter().filter(|member| claimed.contains(member.path.name())));
            if done {
                break;
            }
        }
        Ok(found)
    }

    fn setting<'a>(&'a self, members: &'a [Member]) -> Setting<'a> {
        Setting { addresses: &self.addresses, now: self.clock.now(), members }
    }

    /// The caller's rights on what is at `path` now, whatever that is.
    pub async fn rights(&self, caller: &Caller, path: &ResourcePath) -> Result<(Arc<Seen>, Rights), Error> {
        let seen = self.look(path).await?;
        let asked = Asked {
            path: path.clone(),
            operation: Operation::Read,
            conditions: crate::resource::condition::Conditions::default(),
            by: None,
        };
        let (memberships, _) = self.memberships(&seen, caller, &asked).await?;
        let rights = self.evidence(&seen, caller, &memberships).rights();
        Ok((seen, rights))
    }

    /// Up to [`PAGE`] members of a container, after `after`.
    pub async fn members(&self, of: &Seen, after: Option<&Name>) -> Result<Vec<Member>, Error> {
        let container = of.found.path.as_container().ok_or(Error::Corrupt("a document has no members"))?;
        Ok(self.storage.members(of.found.pod.id, &container, after, PAGE).await?)
    }

    /// The RDF document at an address of ours, read without asking who may: for the server's own
    /// look at WebIDs and groups, never to be shown.
    pub async fn document(&self, iri: &str) -> Result<Option<Arc<Document>>, Error> {
        let Some(path) = self.addresses.path_of(iri) else { return Ok(None) };
        match self.look(&path).await {
            Ok(seen) => self.document_of(&seen).await,
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What was seen as RDF.
    async fn document_of(&self, seen: &Arc<Seen>) -> Result<Option<Arc<Document>>, Error> {
        let (bytes, seen, addresses) = (seen.bytes(), seen.clone(), self.addresses.clone());
        Ok(self.aside.weigh(bytes, move || seen.document(&addresses)).await??)
    }

    /// The description of what was seen; empty if nobody wrote one.
    pub async fn description(&self, seen: &Seen) -> Result<Document, Error> {
        let Some(record) = seen.found.subject.description.clone() else { return Ok(Document::default()) };
        let iri = self.addresses.iri(&seen.found.path.description());
        Ok(self.aside.weigh(record.size, move || record.document(&iri)).await??)
    }

    /// Refuses at once whoever has no right at all here, before a byte of a patch is read.
    fn check_stranger(&self, seen: &Seen, caller: &Caller) -> Result<(), Error> {
        let none = access::Memberships::default();
        let evidence = self.evidence(seen, caller, &none);
        let anonymous = caller.agent.is_none();
        if anonymous && evidence.modes(0).is_empty() { Err(Refusal::Unauthenticated.into()) } else { Ok(()) }
    }

    async fn decide(&self, seen: &Seen, caller: &Caller, asked: &Asked) -> Result<Granted, Error> {
        let (memberships, mut relied_on) = self.memberships(seen, caller, asked).await?;
        let evidence = self.evidence(seen, caller, &memberships);
        let rights = match access::decide(&evidence, asked) {
            // Only the owner, who controls every ACL, still gets to this one and can mend it.
            Err(_) if evidence.is_broken(asked) => {
                return Err(Error::Corrupt("a stored access control list does not parse"));
            }
            decided => decided?,
        };
        if !asked.is_safe() {
            relied_on.extend(evidence.relied_on(asked));
        }
        Ok(Granted { rights, relied_on })
    }

    fn evidence<'a>(
        &'a self,
        seen: &'a Seen,
        caller: &'a Caller,
        memberships: &'a access::Memberships,
    ) -> Evidence<'a> {
        Evidence {
            found: &seen.found,
            acls: seen.acls(&self.rules, &self.addresses),
            caller,
            memberships,
            origins: &self.origins,
        }
    }
}

/// A decision, and what it relied on.
struct Granted {
    rights: Rights,
    relied_on: Vec<Expected>,
}
