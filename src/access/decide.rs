//! The decision: which modes a caller has, and whether they suffice.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::acl::{Acl, Alternatives, Condition, Group, Rule};
use super::caller::Caller;
use super::mode::{Mode, Modes};
use crate::path::{ResourcePath, Role};
use crate::rdf::graph::Iri;
use crate::resource::{Asked, Operation, Refusal, Unreadable};
use crate::storage::{Expected, Found, Record};

/// The ACLs of what was found: of the subject first, then of the containers above it, nearest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acls(Vec<Own>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Own {
    /// No representation: inherit.
    Absent,
    Rules(Arc<Acl>),
    /// It does not parse: nobody gets in.
    ///
    /// Spec: W-30
    Broken,
}

impl Acls {
    /// Reads the ACLs that a decision about the target may ask: those of all that would be made and of the container
    /// to make it in, and the next one above. What lies higher cannot matter, so it costs nothing.
    ///
    /// `read` gives the rules that an ACL of a path states, as [`Acl::of`] does.
    ///
    /// Spec: wac#server-acl-without-representation, W-30
    pub fn read(found: &Found, read: impl Fn(&Record, &ResourcePath) -> Result<Arc<Acl>, Unreadable>) -> Self {
        let own = |record: Option<&Record>, path: &ResourcePath| match record.map(|record| read(record, path)) {
            None => Own::Absent,
            Some(Ok(rules)) => Own::Rules(rules),
            Some(Err(Unreadable)) => Own::Broken,
        };
        let highest = found.missing_above() + 1;
        let mut all = vec![own(found.subject.acl.as_ref(), &found.path.subject())];
        for above in &found.above {
            if all.len() > highest && all.last() != Some(&Own::Absent) {
                break;
            }
            all.push(own(above.acl.as_ref(), &above.path));
        }
        Self(all)
    }

    /// The rules that govern the place at `level` (0 is the subject, 1 its container, and so on), and
    /// the level they were found at. The nearest ACL replaces those higher up, whatever it says.
    ///
    /// Spec: W-24, W-25, W-26, W-27, W-28, W-29
    fn effective(&self, level: usize) -> (&[Rule], usize) {
        for (at, own) in self.0.iter().enumerate().skip(level) {
            match own {
                Own::Absent => {}
                Own::Broken => return (&[], at),
                Own::Rules(acl) if at == level => return (&acl.access_to, at),
                Own::Rules(acl) => return (&acl.default, at),
            }
        }
        (&[], self.0.len().saturating_sub(1))
    }

    /// Whether the ACL that governs the place at `level` does not parse.
    fn is_broken(&self, level: usize) -> bool {
        self.0.iter().skip(level).find(|own| **own != Own::Absent) == Some(&Own::Broken)
    }
}

/// Which groups someone belongs to, as far as it was looked up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memberships(pub BTreeSet<(Iri, Iri)>);

impl Memberships {
    fn holds(&self, group: &Group, member: &Iri) -> bool {
        match group {
            Group::Inline(members) => members.contains(member),
            Group::Document(iri) => self.0.contains(&(iri.clone(), member.clone())),
        }
    }
}

/// How origins are treated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origins {
    /// Every origin is trusted: `acl:origin` neither grants nor narrows.
    ///
    /// Spec: W-66
    #[default]
    Trusted,
    /// Only these are, besides the server's own; others need a rule with `acl:origin`.
    Strict(BTreeSet<Arc<str>>),
}

/// Everything a decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    pub found: &'a Found,
    pub acls: &'a Acls,
    pub caller: &'a Caller,
    pub memberships: &'a Memberships,
    pub origins: &'a Origins,
}

/// The modes on the subject of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    /// Of the caller, what everyone has included.
    pub user: Modes,
    /// Of everyone.
    pub public: Modes,
}

/// A mode that is needed at a level: 0 is the subject, 1 its container, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    pub level: usize,
    pub mode: Mode,
}

impl Need {
    const fn subject(mode: Mode) -> Self {
        Self { level: 0, mode }
    }

    const fn container(mode: Mode) -> Self {
        Self { level: 1, mode }
    }
}

/// Grants or refuses what is asked.
///
/// Spec: solid#server-wac-acp, solid#server-unauthenticated, W-56, W-91, W-93
pub fn decide(evidence: &Evidence<'_>, asked: &Asked) -> Result<Rights, Refusal> {
    let needs = needs(asked, evidence.found);
    let granted = needs.iter().all(|need| evidence.modes(need.level).allow(need.mode));
    if granted { Ok(evidence.rights()) } else { Err(evidence.refusal()) }
}

/// The modes that a request needs, by operation and by what exists.
///
/// Spec: wac#server-read-operation, wac#server-create-operation, wac#server-update-operation,
/// wac#server-delete-operation, wac#server-control-operation, solid#server-description-resource-authorization,
/// W-42, W-43, W-44, W-45, W-46, W-47, W-48, W-49, W-50, W-51, W-52, W-53, P-79, P-80, P-171, P-189, P-196, P-197
pub fn needs(asked: &Asked, found: &Found) -> Vec<Need> {
    let exists = found.target().is_some();
    match found.path.role() {
        Role::Acl => return vec![Need::subject(Mode::Control)],
        Role::Description => return description_needs(&asked.operation, exists),
        Role::Container | Role::Document | Role::Impossible => {}
    }
    match &asked.operation {
        Operation::Read => vec![Need::subject(Mode::Read)],
        Operation::Post(_) => vec![Need::subject(Mode::Append)],
        Operation::Put(_) if exists => vec![Need::subject(Mode::Write)],
        Operation::Put(_) => creation_needs(found),
        Operation::Patch(_) => {
            let mut needs = patch_needs(&asked.operation);
            if !exists {
                needs.extend(creation_needs(found));
            }
            needs
        }
        Operation::Delete => {
            let mut needs = vec![Need::subject(Mode::Write)];
            // Its status tells whether a container is empty, and whether anything is there.
            if found.path.is_container() || !exists {
                needs.push(Need::subject(Mode::Read));
            }
            if !found.path.is_root() {
                needs.push(Need::container(Mode::Write));
            }
            needs
        }
    }
}

/// Append on what is made, on each container that is made for it, and on the one that is there.
///
/// Spec: W-43, W-46
fn creation_needs(found: &Found) -> Vec<Need> {
    let last = (found.missing_above() + 1).min(found.above.len());
    (0..=last).map(|level| Need { level, mode: Mode::Append }).collect()
}

/// Conditions read, insertions append, deletions read and write; a patch without effect appends.
///
/// Spec: P-171, P-172, P-189, W-132
fn patch_needs(operation: &Operation) -> Vec<Need> {
    let Operation::Patch(edit) = operation else { return Vec::new() };
    let clauses = edit.clauses();
    let mut needs = Vec::new();
    if clauses.conditions || clauses.deletions {
        needs.push(Need::subject(Mode::Read));
    }
    if clauses.deletions {
        needs.push(Need::subject(Mode::Write));
    }
    if clauses.insertions || needs.is_empty() {
        needs.push(Need::subject(Mode::Append));
    }
    needs
}

/// A description is treated as its subject; making or deleting it needs Write, or Append where a
/// patch only inserts.
///
/// Spec: solid#server-description-resource-authorization, P-79, P-196
fn description_needs(operation: &Operation, exists: bool) -> Vec<Need> {
    match operation {
        Operation::Read => vec![Need::subject(Mode::Read)],
        Operation::Patch(_) => patch_needs(operation),
        Operation::Delete if !exists => vec![Need::subject(Mode::Write), Need::subject(Mode::Read)],
        Operation::Put(_) | Operation::Post(_) | Operation::Delete => vec![Need::subject(Mode::Write)],
    }
}

impl Evidence<'_> {
    /// The caller's modes on the place at `level`: rules only add.
    ///
    /// Spec: W-19
    pub fn modes(&self, level: usize) -> Modes {
        let (rules, _) = self.acls.effective(level);
        let mut modes = Modes::NONE;
        for rule in rules.iter().filter(|rule| self.matches(rule)) {
            modes |= rule.modes;
        }
        if self.origin_is_foreign() {
            modes = self.narrowed(rules, modes);
        }
        if self.owns() {
            modes |= Mode::Control.into();
        }
        modes
    }

    /// The modes of everyone on the subject.
    ///
    /// Spec: W-80
    fn public(&self) -> Modes {
        let (rules, _) = self.acls.effective(0);
        let open = |rule: &&Rule| rule.everyone && rule.conditions.iter().all(satisfied_by_anyone);
        rules.iter().filter(open).fold(Modes::NONE, |modes, rule| modes | rule.modes)
    }

    /// What the caller and the public may do with the subject. Who controls an ACL may do everything
    /// with it; everyone else nothing.
    ///
    /// Spec: wac#server-wac-allow, W-80, W-81, W-82, W-84, W-85
    pub fn rights(&self) -> Rights {
        let rights = Rights { user: self.modes(0), public: self.public() };
        let over_acl = |modes: Modes| if modes.contains(Mode::Control) { Modes::ALL } else { Modes::NONE };
        match self.found.path.role() {
            Role::Acl => Rights { user: over_acl(rights.user), public: over_acl(rights.public) },
            _ => rights,
        }
    }

    /// Without an identity the answer invites to present one; with one it is final. Who may read what
    /// is missing learns that it is missing from the plan, not from here.
    ///
    /// Spec: solid#server-unauthenticated, P-7, W-56, W-58, W-59, O-1, O-2, P-89
    fn refusal(&self) -> Refusal {
        if self.caller.agent.is_some() { Refusal::Forbidden } else { Refusal::Unauthenticated }
    }

    /// Owners keep Control of every ACL in their pod, so that they cannot lock themselves out.
    ///
    /// Spec: W-41
    fn owns(&self) -> bool {
        self.caller.webid().is_some_and(|webid| self.found.pod.owners.iter().any(|owner| **owner == **webid))
    }

    fn matches(&self, rule: &Rule) -> bool {
        self.is_subject(rule) && rule.conditions.iter().all(|condition| self.satisfies(condition))
    }

    /// Spec: W-32, W-33, W-34, W-62
    fn is_subject(&self, rule: &Rule) -> bool {
        let Some(webid) = self.caller.webid() else { return rule.everyone };
        rule.everyone
            || rule.authenticated
            || rule.agents.contains(webid)
            || rule.groups.iter().any(|group| self.memberships.holds(group, webid))
    }

    /// Spec: wac-ed#server-condition-evaluation-conjunctive, W-70, W-72, W-73, W-75
    fn satisfies(&self, condition: &Condition) -> bool {
        let agent = self.caller.agent.as_ref();
        let any_of = |alternatives: &Alternatives, value: Option<&Iri>, same: fn(&str, &str) -> bool| {
            alternatives.any
                || value.is_some_and(|value| {
                    alternatives.values.iter().any(|listed| same(listed, value))
                        || alternatives.groups.iter().any(|group| self.memberships.holds(group, value))
                })
        };
        match condition {
            Condition::Client(clients) => any_of(clients, agent.and_then(|agent| agent.client.as_ref()), |a, b| a == b),
            Condition::Issuer(issuers) => any_of(issuers, agent.map(|agent| &agent.issuer), same_issuer),
            Condition::Never => false,
        }
    }

    fn origin_is_foreign(&self) -> bool {
        match (self.origins, &self.caller.origin) {
            (Origins::Strict(trusted), Some(origin)) => !trusted.contains(origin),
            _ => false,
        }
    }

    /// What is left for a page of an origin that is not trusted: what everyone has, and what some
    /// rule grants to that origin.
    ///
    /// Spec: W-63, W-64
    fn narrowed(&self, rules: &[Rule], modes: Modes) -> Modes {
        let Some(origin) = &self.caller.origin else { return modes };
        let to_origin = rules
            .iter()
            .filter(|rule| rule.everyone && self.matches(rule) || rule.origins.contains(origin))
            .fold(Modes::NONE, |all, rule| all | rule.modes);
        modes.iter().filter(|mode| to_origin.allow(*mode)).collect()
    }

    /// The group documents whose members must be known before the decision is final: those of rules
    /// that would grant something the caller does not have yet, at the levels that `asked` needs.
    ///
    /// Spec: W-39
    pub fn groups_wanted(&self, asked: &Asked) -> BTreeSet<Iri> {
        let mut wanted = BTreeSet::new();
        if self.caller.agent.is_none() {
            return wanted;
        }
        let levels = std::iter::once(0).chain(needs(asked, self.found).into_iter().map(|need| need.level));
        for level in levels {
            let has = self.modes(level);
            let (rules, _) = self.acls.effective(level);
            for rule in rules.iter().filter(|rule| rule.modes.iter().any(|mode| !has.contains(mode))) {
                wanted.extend(rule.documents().cloned());
            }
        }
        wanted
    }

    /// Whether an ACL that `asked` has to be decided by does not parse.
    ///
    /// Spec: W-30
    pub fn is_broken(&self, asked: &Asked) -> bool {
        needs(asked, self.found).into_iter().any(|need| self.acls.is_broken(need.level))
    }

    /// What the decision relied on and a change must therefore expect: every ACL that was asked, and
    /// the absence of those that were not there.
    ///
    /// Spec: W-31
    pub fn relied_on(&self, asked: &Asked) -> Vec<Expected> {
        let levels = needs(asked, self.found).into_iter().map(|need| need.level).collect::<BTreeSet<_>>();
        let asked_acls: BTreeSet<usize> =
            levels.into_iter().flat_map(|level| level..=self.acls.effective(level).1).collect();
        asked_acls
            .into_iter()
            .filter_map(|level| {
                let (path, acl) = match level.checked_sub(1) {
                    None => (self.found.path.subject().acl(), self.found.subject.acl.as_ref()),
                    Some(above) => {
                        let above = self.found.above.get(above)?;
                        (above.path.acl(), above.acl.as_ref())
                    }
                };
                Some(Expected::Record(path, acl.map(|record| record.version)))
            })
            .collect()
    }
}

impl Rule {
    /// The group documents that the rule mentions.
    fn documents(&self) -> impl Iterator<Item = &Iri> {
        let in_conditions = self.conditions.iter().flat_map(|condition| match condition {
            Condition::Client(alternatives) | Condition::Issuer(alternatives) => alternatives.groups.as_slice(),
            Condition::Never => &[],
        });
        self.groups.iter().chain(in_conditions).filter_map(|group| match group {
            Group::Document(iri) => Some(iri),
            Group::Inline(_) => None,
        })
    }
}

fn satisfied_by_anyone(condition: &Condition) -> bool {
    match condition {
        Condition::Client(alternatives) | Condition::Issuer(alternatives) => alternatives.any,
        Condition::Never => false,
    }
}

/// Issuers compare exactly, but for one trailing slash.
///
/// Spec: W-75
fn same_issuer(a: &str, b: &str) -> bool {
    a.strip_suffix('/').unwrap_or(a) == b.strip_suffix('/').unwrap_or(b)
}
