//! Cases, and how they run.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::citation::{self, Citation};
use crate::outcome::{Outcome, Result};
use crate::stop::{Stop, Verdict};
use crate::trial::{Bench, Trial};
use crate::{agent::Agent, rdf};

/// A case at work.
pub type Run = fn(Trial) -> Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// The cases of one file: a case is an `async fn` whose doc comment is its title and names what it shows.
pub struct Group {
    pub name: &'static str,
    pub title: &'static str,
    pub source: &'static str,
    pub functions: &'static [(&'static str, Run)],
}

/// One case.
#[derive(Clone)]
pub struct Case {
    /// `group/name`.
    pub id: String,
    pub group: &'static str,
    /// What has to happen, in a sentence.
    pub title: String,
    pub shows: Vec<Citation>,
    run: Run,
}

/// Declares the cases of a file, in the order of reports: `group!("containers", "Containers", [lists_members])`.
#[macro_export]
macro_rules! group {
    ($name:literal, $title:literal, [$($case:ident),* $(,)?]) => {
        $crate::case::Group {
            name: $name,
            title: $title,
            source: include_str!(concat!($name, ".rs")),
            functions: &[$((stringify!($case), |trial| Box::pin($case(trial)))),*],
        }
    };
}

impl Group {
    /// The cases, with what their doc comments say.
    pub fn cases(&self) -> impl Iterator<Item = Case> {
        self.functions.iter().map(|&(function, run)| {
            let comment = self.comment(function);
            let shows = citation::cited(&comment, "Shows:").into_iter().filter_map(|(_, name)| name.ok());
            let lines = comment.lines().filter_map(citation::doc_comment);
            let title: Vec<_> = lines.take_while(|line| !line.starts_with("Shows:") && !line.is_empty()).collect();
            let id = format!("{}/{}", self.name, function.replace('_', "-"));
            Case { id, group: self.title, title: title.join(" "), shows: shows.collect(), run }
        })
    }

    /// The doc comment above a function.
    fn comment(&self, function: &str) -> String {
        let head = format!("async fn {function}(");
        let lines: Vec<_> = self.source.lines().take_while(|line| !line.starts_with(&head)).collect();
        let above = lines.iter().rev().take_while(|line| line.starts_with("///"));
        above
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .map(|line| format!("{line}\n"))
            .collect::<Vec<_>>()
            .concat()
    }
}

/// Runs cases, `at_once` of them side by side, and tells each result as it comes.
pub async fn run_all(
    cases: Vec<Case>,
    agents: (Agent, Agent, Agent),
    bench: Arc<Bench>,
    at_once: usize,
    tell: impl Fn(&Result),
) -> Vec<Result> {
    let places = Arc::new(Semaphore::new(at_once.max(1)));
    let home = format!("{}conformance-{}/", bench.pod, uuid::Uuid::new_v4().simple());
    let mut running = JoinSet::new();
    for (order, case) in cases.into_iter().enumerate() {
        let (alice, bob, anyone) = agents.clone();
        let space = format!("{home}{order:03}/");
        let trial = Trial { alice, bob, anyone, space, bench: bench.clone() };
        let places = places.clone();
        running.spawn(async move {
            let _place = places.acquire().await;
            (order, run(case, trial).await)
        });
    }
    let mut results = Vec::new();
    while let Some(done) = running.join_next().await {
        if let Ok((order, result)) = done {
            tell(&result);
            results.push((order, result));
        }
    }
    clean(&agents.0, home).await;
    results.sort_by_key(|(order, _)| *order);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Makes the case's container, runs it, and takes the container away again.
async fn run(case: Case, trial: Trial) -> Result {
    let (alice, space) = (trial.alice.clone(), trial.space.clone());
    let verdict = match alice.put(&space).container().content("text/turtle", "").await {
        Ok(made) if made.status() == 201 => (case.run)(trial).await,
        Ok(made) => Err(Stop::Untested(format!("the case's container could not be made ({})", made.status()))),
        Err(stop) => Err(stop.in_preparation()),
    };
    clean(&alice, space).await;
    Result { outcome: Outcome::of(&verdict), reason: verdict.err().map(|stop| stop.to_string()), case }
}

/// Deletes a resource and all it holds, as far as the server lets us.
fn clean(alice: &Agent, url: String) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
    Box::pin(async move {
        if url.ends_with('/')
            && let Ok(listing) = alice.get(&url).accept("text/turtle").await
            && let Ok(graph) = listing.graph()
        {
            for member in rdf::members(&graph, &url) {
                clean(alice, member).await;
            }
        }
        let _ = alice.delete(&url).await;
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::cases;

    #[test]
    fn every_case_has_a_title_of_its_own_and_shows_something() {
        let mut ids = HashSet::new();
        for case in cases::all() {
            assert!(case.title.len() > 10, "{} has no title", case.id);
            assert!(!case.shows.is_empty(), "{} shows nothing", case.id);
            assert!(ids.insert(case.id.clone()), "{} is there twice", case.id);
        }
    }
}
