//! What an N3 Patch does to a graph.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Patch, Pattern, Slot, Unfit};
use crate::rdf::graph::{Graph, Term, Triple};

/// Triples looked at while matching, at most. It is about a tenth of a second.
///
/// Spec: P-184
const WORK: usize = 1_000_000;

impl Patch {
    /// The graph after the patch: deletions first, then insertions.
    ///
    /// Spec: solid#server-patch-n3-semantics, P-173, P-176, P-177
    pub fn apply(&self, graph: &Graph) -> Result<Graph, Unfit> {
        let values = self.find(graph)?;
        let deletions = fill(&self.deletions, &values, 0)?;
        let insertions = fill(&self.insertions, &values, first_new_node(graph))?;
        if !deletions.iter().all(|triple| graph.contains(triple)) {
            return Err(Unfit::MissingDelete);
        }
        let mut graph = graph.clone();
        for triple in &deletions {
            graph.remove(triple);
        }
        graph.extend(insertions);
        Ok(graph)
    }

    /// The one way in which the named variables match. Blank nodes of the conditions may match in many.
    ///
    /// Spec: solid#server-patch-n3-semantics-no-mapping, P-174, P-175, P-179
    fn find(&self, graph: &Graph) -> Result<Vec<Option<Term>>, Unfit> {
        let mut search = Search {
            graph,
            named: self.named,
            values: vec![None; self.variables],
            set: Vec::new(),
            found: None,
            work: 0,
        };
        search.go(&mut self.conditions.iter().collect())?;
        search.found.ok_or(Unfit::NoMatch)
    }
}

/// The number from which `n0`, `n1`, … are blank nodes that the graph does not have. Documents number theirs with `b`.
fn first_new_node(graph: &Graph) -> usize {
    let terms = graph.iter().flat_map(|triple| [&triple.subject, &triple.object]);
    let number = |term: &Term| if let Term::Blank(label) = term { label.strip_prefix('n')?.parse().ok() } else { None };
    terms.filter_map(number).max().map_or(0, |highest: usize| highest.saturating_add(1))
}

/// Puts values into patterns, dropping repeats.
///
/// Spec: P-176, P-178
fn fill(patterns: &[Pattern], values: &[Option<Term>], first_new: usize) -> Result<BTreeSet<Triple>, Unfit> {
    let value = |slot: &Slot| match slot {
        Slot::Fixed(term) => Ok(term.clone()),
        Slot::Variable(number) => values.get(*number).cloned().flatten().ok_or(Unfit::NoMatch),
        Slot::Fresh(number) => Ok(Term::Blank(format!("n{}", first_new.saturating_add(*number)).into())),
    };
    let triple = |pattern: &Pattern| {
        let Term::Iri(predicate) = value(&pattern.predicate)? else { return Err(Unfit::BadTriple) };
        Triple::new(value(&pattern.subject)?, predicate, value(&pattern.object)?).ok_or(Unfit::BadTriple)
    };
    patterns.iter().map(triple).collect()
}

/// A search for values that make every pattern a triple of the graph.
struct Search<'g> {
    graph: &'g Graph,
    named: usize,
    values: Vec<Option<Term>>,
    /// Which of the values are set, the latest last.
    set: Vec<usize>,
    /// The values of the first match.
    found: Option<Vec<Option<Term>>>,
    work: usize,
}

impl Search<'_> {
    /// Matches the patterns that are left, the most definite one first. Tells whether they matched at all.
    fn go(&mut self, left: &mut Vec<&Pattern>) -> Result<bool, Unfit> {
        let Some((at, _)) = left.iter().enumerate().max_by_key(|(_, pattern)| self.weight(pattern)) else {
            return self.note();
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

    fn each<'t>(
        &mut self,
        pattern: &Pattern,
        triples: impl Iterator<Item = &'t Triple>,
        left: &mut Vec<&Pattern>,
    ) -> Result<bool, Unfit> {
        // From here on only blank nodes are open, so one match is as good as many.
        let settled = self.values[..self.named].iter().all(Option::is_some);
        let mut matched = false;
        for triple in triples {
            self.work += 1;
            if self.work > WORK {
                return Err(Unfit::TooMuchWork);
            }
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
        let known = |slot| usize::from(self.value(slot).is_some());
        4 * known(&pattern.subject) + 2 * known(&pattern.object) + known(&pattern.predicate)
    }

    /// Every pattern matches: the named variables must not have matched otherwise before.
    fn note(&mut self) -> Result<bool, Unfit> {
        let found = self.found.get_or_insert_with(|| self.values.clone());
        if found[..self.named] == self.values[..self.named] { Ok(true) } else { Err(Unfit::ManyMatches) }
    }
}
