//! The one way in: locate, decide, receive, plan, commit.
//!
//! Every read and write of a pod by a caller goes through [`Pods::perform`], whoever asks: a client
//! over HTTP, an import, a web form.

mod change;
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
pub use watch::{DROP_FOLDER, Issuers, Watch};

use std::sync::Arc;
use std::time::Duration;

use crate::access::{self, Caller, Evidence, Origins, Rights};
use crate::address::Addresses;
use crate::aside::{Aside, Unfinished};
use crate::clock::Clock;
use crate::path::{Name, ResourcePath, Role};
use crate::rdf::format::Document;
use crate::resource::{Asked, Edit, Operation, Refusal, Setting, Unreadable};
use crate::storage::{self, Expected, Member, Storage, Version};

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

    /// Where long work is done.
    pub fn aside(&self) -> &Aside {
        &self.aside
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
