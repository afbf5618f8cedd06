//! Triple patterns, and the ways in which they match a graph: what both kinds of patch are made of.
//!
//! A search is bounded by the triples it looks at, not by time, so that the same patch always ends the same way.

use std::sync::Arc;

use super::graph::{Graph, Term, Triple};

/// Conditions of a patch, at most: matching costs more with each.
///
/// Spec: P-184
pub const CONDITIONS: usize = 256;

/// A triple with holes in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pub subject: Slot,
    pub predicate: Slot,
    pub object: Slot,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// An IRI or a literal.
    Fixed(Term),
    /// A variable, by number.
    Variable(usize),
    /// A blank node to be made, by number: a new one each time.
    Fresh(usize),
}

/// Values of variables, by number.
pub type Values = [Option<Term>];

/// A search or a result is larger than we allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it takes too much work")]
pub struct TooMuchWork;

/// How much work is left, in triples and patterns looked at, or triples made.
///
/// Spec: P-184
#[derive(Debug)]
pub struct Work(usize);

impl Default for Work {
    /// About a tenth of a second.
    fn default() -> Self {
        Self(1_000_000)
    }
}

impl Work {
    pub fn spend(&mut self, triples: usize) -> Result<(), TooMuchWork> {
        self.0 = self.0.checked_sub(triples).ok_or(TooMuchWork)?;
        Ok(())
    }
}

impl Pattern {
    /// The triple with values put in, where new blank nodes are numbered from `first_new`. `None`: a value is
    /// missing, or is not allowed in its place.
    pub fn fill(&self, values: &Values, first_new: usize) -> Option<Triple> {
        let value = |slot: &Slot| match slot {
            Slot::Fixed(term) => Some(term.clone()),
            Slot::Variable(number) => values.get(*number).cloned().flatten(),
            Slot::Fresh(number) => Some(Term::Blank(format!("n{}", first_new.saturating_add(*number)).into())),
        };
        let Term::Iri(predicate) = value(&self.predicate)? else { return None };
        Triple::new(value(&self.subject)?, predicate, value(&self.object)?)
    }
}

/// The number from which `n0`, `n1`, … are blank nodes that the graph does not have. Documents number theirs with `b`.
pub fn first_new_node(graph: &Graph) -> usize {
    let terms = graph.iter().flat_map(|triple| [&triple.subject, &triple.object]);
    let number = |term: &Term| if let Term::Blank(label) = term { label.strip_prefix('n')?.parse().ok() } else { None };
    terms.filter_map(number).max().map_or(0, |highest: usize| highest.saturating_add(1))
}

/// What to search for: patterns whose variables are numbered below `variables`. Of these, the ones from `asked` on
/// are only asked whether they can match, not how.
///
/// Spec: P-174, P-179
#[derive(Debug, Clone, Copy)]
pub struct Conditions<'a> {
    pub patterns: &'a [Pattern],
    pub variables: usize,
    pub asked: usize,
}

impl Conditions<'_> {
    /// Reports every match to `found`, whose error ends the search.
    pub fn search<E, F>(self, graph: &Graph, work: &mut Work, found: F) -> Result<(), E>
    where
        E: From<TooMuchWork>,
        F: FnMut(&Values, &mut Work) -> Result<(), E>,
    {
        let values = vec![None; self.variables];
        let mut search = Search { graph, asked: self.asked, values, set: Vec::new(), work, found };
        search.go(&mut self.patterns.iter().collect()).map(|_| ())
    }
}

struct Search<'g, 'w, F> {
    graph: &'g Graph,
    asked: usize,
    values: Vec<Option<Term>>,
    /// Which of the values are set, the latest last.
    set: Vec<usize>,
    work: &'w mut Work,
    found: F,
}

impl<F> Search<'_, '_, F> {
    /// Matches the patterns that are left, the most definite one first. Tells whether they matched at all.
    fn go<E>(&mut self, left: &mut Vec<&Pattern>) -> Result<bool, E>
    where
        E: From<TooMuchWork>,
        F: FnMut(&Values, &mut Work) -> Result<(), E>,
    {
        // Choosing costs, too: of many patterns more.
        self.work.spend(left.len())?;
        let Some((at, _)) = left.iter().enumerate().max_by_key(|(_, pattern)| self.weight(pattern)) else {
            (self.found)(&self.values, self.work)?;
            return Ok(true);
        };
        let pattern = left.swap_remove(at);
        let (graph, subject) = (self.graph, self.value(&pattern.subject));
        let matched = match &subject {
            Some(subject) => self.each(pattern, graph.about(subject), left)?,
            None => self.each(pattern, graph.iter(), left)?,
        };
        left.push(pattern);
        Ok(matched)
    }

    fn each<'t, E>(
        &mut self,
        pattern: &Pattern,
        triples: impl Iterator<Item = &'t Triple>,
        left: &mut Vec<&Pattern>,
    ) -> Result<bool, E>
    where
        E: From<TooMuchWork>,
        F: FnMut(&Values, &mut Work) -> Result<(), E>,
    {
        // When all that is asked for is known, one match is as good as many.
        let settled = self.asked < self.values.len() && self.values[..self.asked].iter().all(Option::is_some);
        let mut matched = false;
        for triple in triples {
            self.work.spend(1)?;
            let before = self.set.len();
            matched |= self.take(pattern, triple) && self.go(left)?;
            for number in self.set.drain(before..) {
                self.values[number] = None;
            }
            if matched && settled {
                break;
            }
        }
        Ok(matched)
    }

    /// Whether the triple fits; gives values to the variables that had none.
    fn take(&mut self, pattern: &Pattern, triple: &Triple) -> bool {
        self.put(&pattern.subject, &triple.subject)
            && self.put(&pattern.object, &triple.object)
            && self.put(&pattern.predicate, &Term::Iri(Arc::clone(&triple.predicate)))
    }

    fn put(&mut self, slot: &Slot, term: &Term) -> bool {
        match slot {
            Slot::Fixed(fixed) => fixed == term,
            Slot::Variable(number) => match self.values.get_mut(*number) {
                Some(Some(value)) => value == term,
                Some(value) => {
                    *value = Some(term.clone());
                    self.set.push(*number);
                    true
                }
                None => false,
            },
            Slot::Fresh(_) => false,
        }
    }

    fn value(&self, slot: &Slot) -> Option<Term> {
        match slot {
            Slot::Fixed(term) => Some(term.clone()),
            Slot::Variable(number) => self.values.get(*number).cloned().flatten(),
            Slot::Fresh(_) => None,
        }
    }

    /// How few triples a pattern can match: a known subject says most, a predicate least.
    fn weight(&self, pattern: &Pattern) -> usize {
        let known = |slot: &Slot| match slot {
            Slot::Fixed(_) => 1,
            Slot::Variable(number) => usize::from(self.values.get(*number).is_some_and(Option::is_some)),
            Slot::Fresh(_) => 0,
        };
        4 * known(&pattern.subject) + 2 * known(&pattern.object) + known(&pattern.predicate)
    }
}
