//! What an answer takes away, and whether that may happen at once.
//!
//! A platform that is half broken, or between two school years, shows few people for a while. When more would go than
//! usual, all of it waits until a later run shows the same, or until the owner agrees.

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

use super::directory::moment;
use super::place::{About, Place};
use crate::clock::Timestamp;
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::{cartable, xsd};

/// Somebody who leaves a group, or is not shown any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Removal {
    /// `None`: they are gone altogether.
    pub group: Option<Uuid>,
    pub person: Uuid,
}

/// How much may go at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// So many people may be concerned whatever the size of the book.
    pub people: usize,
    /// And so much of the book.
    pub percent: usize,
    /// After how long another run has to show the same.
    pub wait: Duration,
}

impl Default for Guard {
    fn default() -> Self {
        Self { people: 10, percent: 40, wait: Duration::from_hours(24) }
    }
}

/// What waits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    pub removals: BTreeSet<Removal>,
    pub since: Option<Timestamp>,
}

/// What is asked of [`Guard::decide`].
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// How many people are in the book.
    pub people: usize,
    /// Whether the answer may lack some that it meant to show: then nothing goes.
    pub is_incomplete: bool,
    /// Whether the owner agrees to what waits.
    pub agreed: bool,
    pub now: Timestamp,
}

/// What comes of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What may not go this time.
    pub held: BTreeSet<Removal>,
    /// What a later run has to show again.
    pub waiting: Waiting,
}

impl Guard {
    /// What may not go of what an answer takes away. The rest may.
    ///
    /// What waits already is not held back by what comes later, and what comes later does not profit from it.
    ///
    /// Spec: CP-63
    pub fn decide(&self, wanted: &BTreeSet<Removal>, waiting: Waiting, of: Question) -> Decision {
        if of.is_incomplete {
            return Decision { held: wanted.clone(), waiting };
        }
        let again: BTreeSet<_> = wanted.intersection(&waiting.removals).copied().collect();
        let is_due = waiting.since.is_some_and(|since| of.agreed || since.plus(self.wait) <= of.now);
        let held: BTreeSet<_> = if is_due { wanted.difference(&again).copied().collect() } else { wanted.clone() };
        if held.is_empty() || self.allows(&held, of.people) {
            return Decision { held: BTreeSet::new(), waiting: Waiting::default() };
        }
        let waiting = if is_due || again.is_empty() {
            Waiting { removals: held.clone(), since: Some(of.now) }
        } else {
            Waiting { removals: again, since: waiting.since }
        };
        Decision { held, waiting }
    }

    /// Whether so few are concerned that they may go at once. That everybody goes is never usual.
    fn allows(&self, removals: &BTreeSet<Removal>, people: usize) -> bool {
        let concerned: BTreeSet<_> = removals.iter().map(|removal| removal.person).collect();
        let gone = removals.iter().filter(|removal| removal.group.is_none()).count();
        concerned.len() <= self.people.max(people * self.percent / 100) && gone < people
    }
}

impl Waiting {
    /// What the facts of a connector say.
    pub fn read(facts: &Graph, place: &Place) -> Self {
        let removal = |triple: &Triple| {
            let Some(About::Person(person)) = place.whose(&triple.object) else { return None };
            match place.whose(&triple.subject) {
                Some(About::Group(group)) => Some(Removal { group: Some(group), person }),
                _ => (triple.subject == place.book()).then_some(Removal { group: None, person }),
            }
        };
        let removals =
            facts.iter().filter(|triple| *triple.predicate == *cartable::WAITING_REMOVAL).filter_map(removal);
        let since = facts.objects(&place.book(), cartable::WAITING_SINCE).find_map(moment);
        Self { removals: removals.collect(), since }
    }

    /// Says it in the facts, in place of what they said.
    pub fn write(&self, facts: &mut Graph, place: &Place) {
        let is_ours =
            |triple: &Triple| [cartable::WAITING_REMOVAL, cartable::WAITING_SINCE].contains(&&*triple.predicate);
        *facts = facts.iter().filter(|triple| !is_ours(triple)).cloned().collect();
        for removal in &self.removals {
            let from = removal.group.map_or_else(|| place.book(), |group| place.this(About::Group(group)));
            facts.say(&from, cartable::WAITING_REMOVAL, place.this(About::Person(removal.person)));
        }
        if let Some(since) = self.since {
            facts.say(&place.book(), cartable::WAITING_SINCE, Term::typed(&since.to_string(), xsd::DATE_TIME));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_793_000_000);

    fn gone(people: std::ops::Range<u128>) -> BTreeSet<Removal> {
        people.map(|person| Removal { group: None, person: Uuid::from_u128(person) }).collect()
    }

    fn question(people: usize, hours: u64) -> Question {
        Question { people, is_incomplete: false, agreed: false, now: START.plus(Duration::from_hours(hours)) }
    }

    fn decide(wanted: &BTreeSet<Removal>, waiting: &Waiting, of: Question) -> Decision {
        Guard::default().decide(wanted, waiting.clone(), of)
    }

    #[test]
    fn few_removals_go_at_once() {
        for (people, removals, may_go) in [
            (20, 10, true),
            (20, 11, false),
            (100, 40, true),
            (100, 41, false),
            (5, 4, true),
            (5, 5, false),
            (1, 1, false),
            (0, 0, true),
        ] {
            let decision = decide(&gone(0..removals), &Waiting::default(), question(people, 0));
            assert_eq!(decision.held.is_empty(), may_go, "{removals} of {people}");
            assert_eq!(decision.waiting.since.is_none(), may_go);
        }
    }

    /// Somebody who leaves several groups is one person.
    #[test]
    fn people_are_counted_and_not_their_groups() {
        let groups = (0..100).map(|group| Removal { group: Some(Uuid::from_u128(group)), person: Uuid::nil() });
        assert!(decide(&groups.collect(), &Waiting::default(), question(20, 0)).held.is_empty());
        let pupils = (0..11).map(|person| Removal { group: Some(Uuid::nil()), person: Uuid::from_u128(person) });
        assert_eq!(decide(&pupils.collect(), &Waiting::default(), question(11, 0)).held.len(), 11);
    }

    #[test]
    fn a_later_run_that_shows_the_same_lets_them_go() {
        let first = decide(&gone(0..15), &Waiting::default(), question(20, 0));
        assert_eq!(first.held.len(), 15);
        let soon = decide(&gone(0..16), &first.waiting, question(20, 23));
        assert_eq!((soon.held.len(), &soon.waiting), (16, &first.waiting), "what came later does not wait yet");
        let later = decide(&gone(0..17), &soon.waiting, question(20, 24));
        assert_eq!((later.held.len(), later.waiting), (0, Waiting::default()), "two more are not many");
        let other = decide(&gone(4..19), &first.waiting, question(20, 24));
        assert_eq!(other.held.len(), 0, "eleven were shown twice, four more are not many");
        let quite_other = decide(&gone(15..28), &first.waiting, question(30, 24));
        assert_eq!((quite_other.held.len(), quite_other.waiting.since), (13, Some(question(0, 24).now)));
        let back = decide(&gone(0..3), &first.waiting, question(20, 1));
        assert_eq!((back.held.len(), back.waiting), (0, Waiting::default()));
    }

    #[test]
    fn the_owner_may_agree_to_what_waits() {
        let first = decide(&gone(0..15), &Waiting::default(), question(20, 0));
        let agreed = Question { agreed: true, ..question(20, 1) };
        assert!(decide(&gone(0..15), &first.waiting, agreed).held.is_empty());
        assert_eq!(decide(&gone(0..15), &Waiting::default(), agreed).held.len(), 15, "nothing was shown to them");
    }

    #[test]
    fn of_an_answer_that_may_lack_some_nothing_goes() {
        let first = decide(&gone(0..15), &Waiting::default(), question(20, 0));
        let incomplete = Question { is_incomplete: true, ..question(20, 48) };
        let decision = decide(&gone(0..2), &first.waiting, incomplete);
        assert_eq!((decision.held, decision.waiting), (gone(0..2), first.waiting));
    }
}
