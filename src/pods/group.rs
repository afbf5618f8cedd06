//! Group documents: whose members a decision must know.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Error, Pods, Seen};
use crate::access::acl::{document_of, members};
use crate::access::{Agent, Caller, Memberships, Mode};
use crate::path::ResourcePath;
use crate::rdf::graph::{Iri, Term};
use crate::resource::Asked;
use crate::storage::Expected;

/// Groups on other servers.
#[async_trait]
pub trait RemoteGroups: Send + Sync + 'static {
    /// The members of these groups, for as many as could be had in time; a group that fails has none.
    ///
    /// Spec: W-38
    async fn members(&self, groups: &[Iri]) -> Vec<(Iri, BTreeSet<Iri>)>;
}

/// No group on another server has members.
#[derive(Debug, Clone, Copy)]
pub struct NoRemoteGroups;

#[async_trait]
impl RemoteGroups for NoRemoteGroups {
    async fn members(&self, _: &[Iri]) -> Vec<(Iri, BTreeSet<Iri>)> {
        Vec::new()
    }
}

/// The most remote groups that one decision asks about.
const MOST_REMOTE: usize = 8;
/// The most groups of this server that one decision asks about, and bytes of their documents together.
const MOST_LOCAL: usize = 256;
const MOST_BYTES: u64 = 16 << 20;

impl Pods {
    /// Looks up the groups that a decision needs. A group that cannot be read, or is one too many, has no members.
    ///
    /// Gives what was relied on besides: the group documents of this pod.
    ///
    /// Spec: W-34, W-35, W-37, W-38, W-39
    pub(super) async fn memberships(
        &self,
        seen: &Seen,
        caller: &Caller,
        asked: &Asked,
    ) -> Result<(Memberships, Vec<Expected>), Error> {
        let none = Memberships::default();
        let Some(agent) = &caller.agent else { return Ok((none, Vec::new())) };
        let wanted = self.evidence(seen, caller, &none).groups_wanted(asked);
        if wanted.is_empty() {
            return Ok((none, Vec::new()));
        }
        Box::pin(self.memberships_in(wanted, seen, agent)).await
    }

    async fn memberships_in(
        &self,
        wanted: BTreeSet<Iri>,
        seen: &Seen,
        agent: &Agent,
    ) -> Result<(Memberships, Vec<Expected>), Error> {
        let (mut known, mut relied_on) = (Memberships::default(), Vec::new());
        let (mut remote, mut local, mut bytes) = (Vec::new(), 0, 0);
        for group in wanted {
            let Some(path) = self.addresses.path_of(document_of(&group)) else {
                remote.push(group);
                continue;
            };
            local += 1;
            if local > MOST_LOCAL || bytes > MOST_BYTES {
                continue;
            }
            let Some(document) = self.group_document(seen, &path).await? else { continue };
            if path.pod() == &seen.found.pod.name {
                bytes += document.found.target().map_or(0, |record| record.size);
                let version = document.found.target().map(|record| record.version);
                relied_on.push(Expected::Record(path, version));
            } else {
                // Its ACLs had to be read, too.
                bytes += document.bytes();
            }
            if let Ok(Some(document)) = self.document_of(&document).await {
                note(&mut known, agent, &group, &members(&document.dataset.default, &Term::Iri(group.clone())));
            }
        }
        if !remote.is_empty() && remote.len() <= MOST_REMOTE {
            for (group, members) in self.remote_groups.members(&remote).await {
                note(&mut known, agent, &group, &members);
            }
        }
        Ok((known, relied_on))
    }

    /// A group document on this server. In the pod itself it is read as it is, since the ACL's author
    /// chose it; in another pod it counts only if an owner of the ACL's pod may read it.
    async fn group_document(&self, seen: &Seen, path: &ResourcePath) -> Result<Option<Arc<Seen>>, Error> {
        if path.reserved().is_some() {
            return Ok(None);
        }
        let document = match self.look(path).await {
            Err(Error::Refused(_)) => return Ok(None),
            other => other?,
        };
        let same_pod = path.pod() == &seen.found.pod.name;
        let readable = same_pod || seen.found.pod.owners.iter().any(|owner| self.may_read(&document, owner));
        Ok(readable.then_some(document))
    }

    /// Whether a WebID may read what was seen, by rules that name it or everyone.
    fn may_read(&self, document: &Seen, webid: &str) -> bool {
        let agent = Agent { webid: webid.into(), client: None, issuer: self.addresses.base().into() };
        let caller = Caller { agent: Some(Arc::new(agent)), origin: None };
        self.evidence(document, &caller, &Memberships::default()).modes(0).allow(Mode::Read)
    }
}

/// Notes which of the caller's names are among the members.
fn note(known: &mut Memberships, agent: &Agent, group: &Iri, members: &BTreeSet<Iri>) {
    let names = [Some(&agent.webid), agent.client.as_ref(), Some(&agent.issuer)];
    for name in names.into_iter().flatten().filter(|name| members.contains(*name)) {
        known.0.insert((group.clone(), name.clone()));
    }
}
