//! Connecting again: the book that an earlier connection of the same account filled goes on, with all that was known.

use super::directory::moment;
use super::memory::Owned;
use crate::clock::Timestamp;
use crate::ingest::base::Base;
use crate::ingest::outcome::Stopped;
use crate::ingest::run::Run;
use crate::path::ResourcePath;
use crate::rdf::graph::Term;
use crate::rdf::vocab::prov;

/// Takes over the base of the connection that ended last, of those whose book is the one that is looked for.
///
/// Spec: CP-28, CP-86
pub async fn take(run: &mut Run<'_>, is_ours: impl Fn(&Owned) -> bool) -> Result<(), Stopped> {
    let Some(connections) = run.path("/connectors/")?.as_container() else { return Ok(()) };
    let mut found: Option<(Timestamp, Base)> = None;
    for path in run.paths_below(&connections).await? {
        let Some(ended) = ended(run, &path).await? else { continue };
        let Some(base) = read(run, &path).await? else { continue };
        let is_later = found.as_ref().is_none_or(|(found, _)| *found < ended);
        if is_later && Owned::read(&base.facts).is_some_and(|owned| is_ours(&owned)) {
            found = Some((ended, base));
        }
    }
    if let Some((_, base)) = found {
        for (document, graph) in base.documents() {
            run.base.set(document, graph.clone());
        }
        run.base.facts.extend(base.facts);
    }
    Ok(())
}

/// When the connection that a base belongs to ended.
async fn ended(run: &Run<'_>, base: &ResourcePath) -> Result<Option<Timestamp>, Stopped> {
    let Some(connection) = base.local().strip_suffix("/base.trig") else { return Ok(None) };
    let path = run.path(&format!("{connection}/account.ttl"))?;
    let this = Term::iri(format!("{}#this", run.iri(&path)));
    let account = run.read(&path).await?;
    Ok(account.and_then(|account| account.objects(&this, prov::INVALIDATED_AT_TIME).find_map(moment)))
}

async fn read(run: &Run<'_>, path: &ResourcePath) -> Result<Option<Base>, Stopped> {
    let Some(held) = run.agent.look(path).await? else { return Ok(None) };
    let document = run.agent.document(&held).await?;
    Ok(document.map(|document| Base::of(&document, run.parts.pods.addresses())))
}
