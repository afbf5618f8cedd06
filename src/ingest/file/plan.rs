//! What an import would do: every document it would make, change or delete, worked out before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use super::problem::Problem;
use super::record::{Counts, Mark, digest};
use super::shelf::Shelf;
use crate::address::Addresses;
use crate::clock::Timestamp;
use crate::ingest::merge::merge;
use crate::ingest::outcome::Stopped;
use crate::ingest::target::{Field, Target};
use crate::ingest::write::{Is, OwnersAgent};
use crate::path::ResourcePath;
use crate::rdf::format::Document;
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::{dcterms, prov, xsd};

/// Documents that are read or written at the same time, so that they share commits.
pub const AT_A_TIME: usize = 32;

/// What an import would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What is written, in stages: people and events first, lists last, so that a list never names what is not there.
    pub entries: Vec<Step>,
    pub lists: Vec<Step>,
    pub counts: Counts,
    /// Values of the file that do not take the place of the owner's own.
    pub own_values: usize,
    pub problems: Vec<Problem>,
}

/// What is done to one document.
#[derive(Debug, Clone)]
pub struct Step {
    pub path: ResourcePath,
    /// What must be there for it.
    pub is: Is,
    /// The document as it is; `None`: there is none.
    pub before: Option<Arc<Document>>,
    /// What it will say; `None`: it is deleted.
    pub after: Option<Graph>,
    pub is_whole: bool,
}

impl Step {
    pub fn mark(&self) -> Mark {
        let digest = self.after.as_ref().map(|after| digest(after).unwrap_or_default());
        Mark { digest, is_whole: self.is_whole }
    }
}

/// What a document comes to.
enum Came {
    Step(Box<Step>),
    /// It is as it should be already.
    Same,
    /// Something stands there that is no RDF.
    InTheWay,
}

/// Works out steps.
pub struct Drawing<'a> {
    pub agent: &'a OwnersAgent,
    pub addresses: &'a Addresses,
    /// What earlier imports left.
    pub marks: &'a BTreeMap<ResourcePath, Mark>,
    /// The import as an activity.
    pub activity: Term,
    pub now: Timestamp,
}

impl Drawing<'_> {
    /// People or events: merged with what is there, so that what the owner changed stays.
    ///
    /// Fields of which the file has no column are left as they are (`silent`).
    ///
    /// Spec: CP-52
    pub async fn entries(&self, plan: &mut Plan, targets: &[Target], silent: &[&str]) -> Result<(), Stopped> {
        let looks: Vec<_> = targets.iter().map(|target| self.entry(target, silent).boxed()).collect();
        let came: Vec<_> = stream::iter(looks).buffered(AT_A_TIME).try_collect().await?;
        for (came, own_values) in came {
            plan.own_values += own_values;
            match came {
                Came::Step(step) => {
                    if step.before.is_none() {
                        plan.counts.created += 1;
                    } else {
                        plan.counts.changed += 1;
                    }
                    plan.entries.push(*step);
                }
                Came::Same => plan.counts.skipped += 1,
                Came::InTheWay => plan.counts.rejected += 1,
            }
        }
        Ok(())
    }

    async fn entry(&self, target: &Target, silent: &[&str]) -> Result<(Came, usize), Stopped> {
        let document = Term::iri(self.addresses.iri(&target.path));
        let Some(held) = self.agent.look(&target.path).await? else {
            let graph = self.attributed(target.graph.clone(), &document, true);
            let path = target.path.clone();
            return Ok((
                Came::Step(Step { path, is: Is::Absent, before: None, after: Some(graph), is_whole: true }.into()),
                0,
            ));
        };
        let Some(before) = self.agent.document(&held).await? else { return Ok((Came::InTheWay, 0)) };
        let local = &before.dataset.default;
        let known = self.marks.get(&target.path).filter(|mark| mark.is_whole && mark.digest == digest(local));
        let base: Graph = match known {
            Some(_) => local.iter().filter(|triple| triple.subject != document).cloned().collect(),
            None => Graph::default(),
        };
        let target = Target { unsaid: unsaid(&base, silent), ..target.clone() };
        let merged = merge(&base, local, &target);
        let own_values = merged.proposals.len();
        if merged.graph == *local {
            return Ok((Came::Same, own_values));
        }
        let says_only =
            merged.graph.iter().filter(|triple| triple.subject != document).all(|triple| target.graph.contains(triple));
        let is_whole = known.is_some() && says_only;
        let after = Some(self.attributed(merged.graph.clone(), &document, false));
        let path = target.path.clone();
        Ok((
            Came::Step(Step { path, is: Is::At(held.version), before: Some(before), after, is_whole }.into()),
            own_values,
        ))
    }

    /// Lists and groups, which are added to.
    pub async fn lists(&self, plan: &mut Plan, shelf: &Shelf, targets: &[Target]) -> Result<(), Stopped> {
        let looks: Vec<_> = targets.iter().map(|target| self.list(shelf, target).boxed()).collect();
        let steps: Vec<_> = stream::iter(looks).buffered(AT_A_TIME).try_collect().await?;
        plan.lists.extend(steps.into_iter().flatten());
        Ok(())
    }

    async fn list(&self, shelf: &Shelf, target: &Target) -> Result<Option<Step>, Stopped> {
        let held = self.agent.look(&target.path).await?;
        let before = match &held {
            Some(held) => self.agent.document(held).await?,
            None => None,
        };
        let is = held.as_ref().map_or(Is::Absent, |held| Is::At(held.version));
        if held.is_some() && before.is_none() {
            return Ok(None);
        }
        let local = before.as_ref().map(|before| before.dataset.default.clone()).unwrap_or_default();
        let after = shelf.listed(&local, &target.graph);
        let step = Step { path: target.path.clone(), is, before, after: Some(after.clone()), is_whole: false };
        Ok((after != local).then_some(step))
    }

    /// Deletes what is there; `true` if something is.
    pub async fn removal(&self, plan: &mut Plan, path: &ResourcePath) -> Result<bool, Stopped> {
        let Some(held) = self.agent.look(path).await? else { return Ok(false) };
        let Some(before) = self.agent.document(&held).await? else { return Ok(false) };
        let step =
            Step { path: path.clone(), is: Is::At(held.version), before: Some(before), after: None, is_whole: false };
        plan.entries.push(step);
        Ok(true)
    }

    /// Takes one thing out of a document; `true` if it was there.
    pub async fn withdrawal(&self, plan: &mut Plan, path: &ResourcePath, node: &Term) -> Result<bool, Stopped> {
        let Some(held) = self.agent.look(path).await? else { return Ok(false) };
        let Some(before) = self.agent.document(&held).await? else { return Ok(false) };
        let local = &before.dataset.default;
        let after: Graph =
            local.iter().filter(|triple| triple.subject != *node && triple.object != *node).cloned().collect();
        if after == *local {
            return Ok(false);
        }
        let is = Is::At(held.version);
        plan.entries.push(Step { path: path.clone(), is, before: Some(before), after: Some(after), is_whole: false });
        Ok(true)
    }

    /// Says of a document which import it is from.
    fn attributed(&self, mut graph: Graph, document: &Term, is_new: bool) -> Graph {
        let earlier: Vec<_> =
            graph.about(document).filter(|triple| *triple.predicate == *prov::WAS_GENERATED_BY).cloned().collect();
        for triple in &earlier {
            graph.remove(triple);
        }
        graph.say(document, prov::WAS_GENERATED_BY, self.activity.clone());
        if is_new {
            graph.say(document, dcterms::CREATED, Term::typed(&self.now.to_string(), xsd::DATE_TIME));
        }
        graph
    }
}

/// The fields of the base that have one of these properties, or are of what such a property leads to.
fn unsaid(base: &Graph, silent: &[&str]) -> BTreeSet<Field> {
    let is_silent = |triple: &&Triple| silent.contains(&&*triple.predicate);
    let led_to: BTreeSet<_> = base.iter().filter(is_silent).map(|triple| &triple.object).collect();
    let fields = base.iter().filter(|triple| is_silent(triple) || led_to.contains(&triple.subject));
    fields.map(|triple| (triple.subject.clone(), triple.predicate.clone())).collect()
}
