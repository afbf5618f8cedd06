//! Following files that their owner moved, and remembering those that they deleted.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::facts::Facts;
use super::filing::{hash, place_of, readdressed};
use super::place::Places;
use super::reading::LONGEST;
use crate::ingest::outcome::Stopped;
use crate::ingest::run::Run;
use crate::ingest::target::Target;
use crate::path::{ContainerPath, ResourcePath, Role};
use crate::rdf::graph::Iri;

/// The most files that are looked into for those that are missed.
const MOST: usize = 500;

/// Looks where the files are that are not where they were. Whether anything was changed.
///
/// A file that lies nowhere in the pod was deleted: so are its record and amounts, and it is not fetched again.
pub async fn moved(run: &mut Run<'_>, places: &Places, facts: &mut Facts) -> Result<bool, Stopped> {
    let mut missed = missed(run, facts).await?;
    if missed.is_empty() {
        return Ok(false);
    }
    let known: BTreeSet<_> = facts.files().iter().filter_map(|file| place_of(run, file)).collect();
    let everywhere = run.paths_below(&ContainerPath::root(run.pod().pod().clone())).await?;
    let strange = everywhere.into_iter().filter(|path| !known.contains(path) && is_pdf(path));
    for path in strange.take(MOST) {
        if missed.is_empty() {
            break;
        }
        let Some(bytes) = run.agent.bytes(&path, LONGEST as u64).await? else { continue };
        let Some((id, was)) = missed.remove(&hash(&bytes)) else { continue };
        let is: Iri = run.iri(&path).into();
        readdress(run, places, id, &was, &is).await?;
        if let Some(known) = facts.known.get_mut(&id) {
            known.file = Some(is);
        }
    }
    for (id, _) in missed.into_values() {
        run.delete(&places.record(id)?).await?;
        run.delete(&places.amounts(id)?).await?;
        facts.bury(id, run.now());
    }
    Ok(true)
}

/// The files that are not where they were, by hash.
async fn missed(run: &Run<'_>, facts: &Facts) -> Result<BTreeMap<String, (Uuid, Iri)>, Stopped> {
    let mut missed = BTreeMap::new();
    let mut listed: BTreeMap<ContainerPath, BTreeSet<ResourcePath>> = BTreeMap::new();
    for (id, known) in &facts.known {
        let Some(file) = known.file.clone().filter(|_| known.gone.is_none()) else { continue };
        let path = place_of(run, &file);
        let is_there = match path.as_ref().and_then(|path| Some((path, path.container()?))) {
            None => false,
            Some((path, folder)) => {
                if !listed.contains_key(&folder) {
                    listed.insert(folder.clone(), run.paths_below(&folder).await?);
                }
                listed.get(&folder).is_some_and(|paths| paths.contains(path))
            }
        };
        if !is_there {
            missed.insert(known.hash.clone(), (*id, file));
        }
    }
    Ok(missed)
}

fn is_pdf(path: &ResourcePath) -> bool {
    path.role() == Role::Document && path.name().to_ascii_lowercase().ends_with(".pdf")
}

/// Says of a document that its file lies elsewhere.
async fn readdress(run: &mut Run<'_>, places: &Places, id: Uuid, was: &Iri, is: &Iri) -> Result<(), Stopped> {
    let mut targets = Vec::new();
    for path in [places.record(id)?, places.amounts(id)?] {
        let graph = readdressed(run.base.document(&path), was, is);
        if !graph.is_empty() {
            targets.push(Target { graph, ..Target::new(path) });
        }
    }
    run.apply(targets).await
}
