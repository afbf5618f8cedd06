//! Writes: receive, plan, commit, and begin again while others commit before.

use std::sync::Arc;

use tokio::time::Instant;

use super::receive::{Arriving, Staged};
use super::{ACL_LIMIT, Error, Granted, Issuers, Outcome, PAGE, PATIENCE, Pods, Seen};
use crate::access::{Acl, Caller, Mode};
use crate::aside;
use crate::path::{ContainerPath, Name, ResourcePath, Role};
use crate::rdf;
use crate::rdf::format::Format;
use crate::resource::{Asked, Made, Operation, Plan, Post, Refusal, Sent, Setting, Writing, container, create};
use crate::storage::{self, Member, NewBody, PodId, Write};

impl Pods {
    /// Receives the body, plans and commits, and decides and plans again while others commit before.
    pub(super) async fn change(
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
        if asked.reads(&seen.found) < aside::LONG {
            return Ok(asked.plan(&seen.found, &self.setting(&members))?);
        }
        let (asked, seen, addresses, now) = (asked.clone(), seen.clone(), self.addresses.clone(), self.clock.now());
        let plan = move || asked.plan(&seen.found, &Setting { addresses: &addresses, now, members: &members });
        Ok(self.aside.run(plan).await??)
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
        change.entries.extend(self.tell_of_files(&seen.found.pod.name, &change.writes));
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
    pub(super) fn size_limit(&self, role: Role) -> u64 {
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
}
