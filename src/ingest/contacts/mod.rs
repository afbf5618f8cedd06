//! Contacts of a school: the people whom the school platform (ENT) shows to its user, in an address book of the pod.
//!
//! *answer* reads what the platform sends; *directory* is a book as the platform would have it, computed from the answer
//! and from what was known before; the files beside it say its parts in RDF and read them again. All of that is pure.
//! *source* speaks with the platform and runs it.

mod adopted;
mod answer;
pub(super) mod book;
mod cloud;
mod directory;
mod former;
mod group;
mod memory;
mod organisation;
mod person;
pub(super) mod place;
mod profile;
mod removals;
pub mod source;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use answer::Answer;
use directory::Directory;
use place::Place;
use removals::{Guard, Question, Waiting};

use crate::clock::Timestamp;

/// What a book is brought up to date with.
#[derive(Clone, Copy)]
struct Update<'a> {
    answer: &'a Answer,
    place: &'a Place,
    /// The checked WebIDs, by the host of their cloud.
    webids: &'a BTreeMap<String, String>,
    /// People whose card the owner deleted: they stay away.
    deleted: &'a BTreeSet<Uuid>,
    /// People whose time is over.
    expired: &'a BTreeSet<Uuid>,
    guard: Guard,
    /// Whether the owner agrees to what waits.
    agreed: bool,
    now: Timestamp,
}

/// A book as it should be, and what has to wait.
struct Updated {
    directory: Directory,
    waiting: Waiting,
    /// How many people stay only because they wait.
    held: usize,
}

/// Brings a book up to date. Pure.
///
/// Spec: CP-52, CP-63
fn update(known: &Directory, waiting: Waiting, with: &Update<'_>) -> Updated {
    let Update { answer, place, now, .. } = *with;
    let mut known = known.clone();
    known.forget(with.deleted);
    let mut wanted = Directory::said(answer, &known, place, now);
    wanted.forget(with.deleted);
    let question =
        Question { people: known.present().count(), is_incomplete: answer.is_incomplete, agreed: with.agreed, now };
    let decision = with.guard.decide(&known.removals(&wanted), waiting, question);
    wanted.keep(&known, &decision.held);
    wanted.retire(&known, now);
    wanted.forget(with.expired);
    wanted.know_webids(with.webids);
    wanted.fill_own_groups(&known, place);
    let held: BTreeSet<_> = decision.held.iter().map(|removal| removal.person).collect();
    Updated { directory: wanted, waiting: decision.waiting, held: held.len() }
}
