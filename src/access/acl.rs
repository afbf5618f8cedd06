//! An access control list: the authorizations of one ACL resource, ready to be matched.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::mode::{Mode, Modes};
use crate::address::Addresses;
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Iri, Term};
use crate::rdf::vocab::{acl, foaf, rdf, vcard};
use crate::resource::Unreadable;
use crate::storage::Record;

/// The authorizations of an ACL resource that say anything about its subject.
///
/// Authorizations without effect (a missing type, object, mode or subject) and rules about other
/// resources are left out when the list is read; they are no errors.
///
/// Spec: W-10, W-17, W-18, W-20, W-92, W-22
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acl {
    /// Rules for the subject itself (`acl:accessTo`).
    pub access_to: Vec<Rule>,
    /// Rules for what inherits from the subject (`acl:default`).
    pub default: Vec<Rule>,
}

/// One authorization: everyone who matches gets all its modes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    pub modes: Modes,
    pub agents: Vec<Iri>,
    /// `acl:agentClass foaf:Agent`
    pub everyone: bool,
    /// `acl:agentClass acl:AuthenticatedAgent`
    pub authenticated: bool,
    pub groups: Vec<Group>,
    /// Normalised; they narrow access in strict mode and never widen it.
    pub origins: Vec<Arc<str>>,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
}

/// A set of agents (or clients, or issuers).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Defined in the ACL document itself.
    ///
    /// Spec: W-36
    Inline(BTreeSet<Iri>),
    /// Defined in the document that its IRI names.
    Document(Iri),
}

/// A condition of a type that we signal; alternatives within one, all of them together.
///
/// Spec: wac-ed#server-condition-evaluation, W-70, W-71, W-72, W-73, W-74
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Client(Alternatives),
    Issuer(Alternatives),
    /// Untyped, or without a property that we know: never satisfied.
    Never,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alternatives {
    pub values: Vec<Iri>,
    pub groups: Vec<Group>,
    pub any: bool,
}

impl Acl {
    /// What the ACL of `subject` says that `record` keeps.
    pub fn of(record: &Record, subject: &ResourcePath, addresses: &Addresses) -> Result<Self, Unreadable> {
        let (iri, subject) = (addresses.iri(&subject.acl()), addresses.iri(subject));
        let document = record.document(&iri)?;
        Ok(Self::read(&document.dataset.default, &iri, &subject, addresses))
    }

    /// Reads the authorizations about `subject` from the graph of its ACL resource at `acl_iri`.
    pub fn read(graph: &Graph, acl_iri: &str, subject: &str, addresses: &Addresses) -> Self {
        let mut list = Self::default();
        for authorization in graph.subjects(rdf::TYPE, &Term::iri(acl::AUTHORIZATION)) {
            let about = |predicate| {
                graph.objects(authorization, predicate).any(|object| same_resource(object, subject, addresses))
            };
            let (to_subject, to_heirs) = (about(acl::ACCESS_TO), about(acl::DEFAULT));
            let rule = Rule::read(graph, authorization, acl_iri);
            if rule.is_void() {
                continue;
            }
            if to_heirs {
                list.default.push(rule.clone());
            }
            if to_subject {
                list.access_to.push(rule);
            }
        }
        list
    }

    /// Whether someone holds Control of the subject whatever client, issuer or origin they use.
    ///
    /// Spec: wac#server-root-container-acl-authorization-control, W-8, W-77
    pub fn keeps_control(&self) -> bool {
        self.access_to.iter().any(|rule| {
            let someone = rule.everyone || rule.authenticated || !rule.agents.is_empty() || !rule.groups.is_empty();
            rule.modes.contains(Mode::Control) && rule.conditions.is_empty() && someone
        })
    }
}

/// IRIs are equal in their canonical form; the trailing slash counts.
///
/// Spec: W-22
fn same_resource(object: &Term, subject: &str, addresses: &Addresses) -> bool {
    let Some(iri) = object.as_iri() else { return false };
    if **iri == *subject {
        return true;
    }
    !iri.contains('#')
        && !iri.contains('?')
        && addresses.path_of(iri).is_some_and(|path| addresses.iri(&path) == subject)
}

impl Rule {
    fn read(graph: &Graph, authorization: &Term, acl_iri: &str) -> Self {
        let iris = |predicate| graph.objects(authorization, predicate).filter_map(Term::as_iri).cloned();
        let classes: Vec<Iri> = iris(acl::AGENT_CLASS).collect();
        Self {
            modes: iris(acl::MODE).filter_map(|mode| read_mode(&mode)).collect(),
            agents: iris(acl::AGENT).collect(),
            everyone: classes.iter().any(|class| **class == *foaf::AGENT),
            authenticated: classes.iter().any(|class| **class == *acl::AUTHENTICATED_AGENT),
            groups: groups(graph, authorization, acl::AGENT_GROUP, acl_iri),
            origins: iris(acl::ORIGIN).map(|origin| normal_origin(&origin)).collect(),
            conditions: graph
                .objects(authorization, acl::CONDITION)
                .flat_map(|node| conditions(graph, node, acl_iri))
                .collect(),
        }
    }

    /// Whether it grants nothing to anybody.
    fn is_void(&self) -> bool {
        let nobody = self.agents.is_empty() && self.groups.is_empty() && !self.everyone && !self.authenticated;
        // An origin alone never grants: anyone but a browser can claim it (W-67).
        self.modes.is_empty() || nobody
    }
}

/// Modes that we do not know are ignored.
///
/// Spec: wac#extension-acl-mode
fn read_mode(mode: &str) -> Option<Mode> {
    match mode {
        acl::READ => Some(Mode::Read),
        acl::WRITE => Some(Mode::Write),
        acl::APPEND => Some(Mode::Append),
        acl::CONTROL => Some(Mode::Control),
        _ => None,
    }
}

/// Spec: W-34, W-35, W-36
fn groups(graph: &Graph, subject: &Term, predicate: &str, acl_iri: &str) -> Vec<Group> {
    let read = |group: &Term| {
        let inside = match group {
            Term::Blank(_) => true,
            Term::Iri(iri) => document_of(iri) == acl_iri,
            Term::Literal(_) => return None,
        };
        if inside {
            return Some(Group::Inline(members(graph, group)));
        }
        group.as_iri().cloned().map(Group::Document)
    };
    graph.objects(subject, predicate).filter_map(read).collect()
}

/// The direct members of a group.
pub fn members(graph: &Graph, group: &Term) -> BTreeSet<Iri> {
    graph.objects(group, vcard::HAS_MEMBER).filter_map(Term::as_iri).cloned().collect()
}

/// The document that defines a group: its IRI without the fragment.
pub fn document_of(iri: &str) -> &str {
    iri.split('#').next().unwrap_or(iri)
}

/// A node with both types must satisfy both.
///
/// Spec: W-74
fn conditions(graph: &Graph, node: &Term, acl_iri: &str) -> Vec<Condition> {
    let has_type = |class| graph.objects(node, rdf::TYPE).any(|object| *object == Term::iri(class));
    let alternatives = |value: &str, group: &str, class: &str| Alternatives {
        values: graph.objects(node, value).filter_map(Term::as_iri).cloned().collect(),
        groups: groups(graph, node, group, acl_iri),
        any: graph.objects(node, class).any(|object| *object == Term::iri(foaf::AGENT)),
    };
    let typed = graph.objects(node, rdf::TYPE).next().is_some();
    let mut read = Vec::new();
    if has_type(acl::CLIENT_CONDITION) {
        read.push(Condition::Client(alternatives(acl::CLIENT, acl::CLIENT_GROUP, acl::CLIENT_CLASS)));
    }
    if has_type(acl::ISSUER_CONDITION) {
        read.push(Condition::Issuer(alternatives(acl::ISSUER, acl::ISSUER_GROUP, acl::ISSUER_CLASS)));
    }
    // A type that we do not signal is skipped by rule (W-71); a node without any type is no condition at all.
    if read.is_empty() && !typed {
        read.push(Condition::Never);
    }
    read
}

/// Lower case, no default port, no trailing slash.
///
/// Spec: W-66
pub fn normal_origin(origin: &str) -> Arc<str> {
    match url::Url::parse(origin) {
        Ok(url) if url.has_host() => url.origin().ascii_serialization().into(),
        _ => origin.into(),
    }
}
