//! One change, decided and written inside the writer's transaction.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::tree::Tree;
use super::{blobs, entries, events, natural, pods, rows};
use crate::path::{PodName, ResourcePath};
use crate::storage::{BlobId, Change, Committed, Error, Expected, Pod, PodId, Result, Scope, Version};

/// What a change made, once its group is committed.
pub(super) struct Applied {
    pub committed: Committed,
    /// Blobs that nothing refers to any more.
    pub dead: Vec<BlobId>,
}

/// Applies a change, or says why not; the caller then takes back what it had written.
///
/// A change that touches a pod and the house writes at a version above both, so that in neither a version comes
/// twice. The names of pods belong to the house.
pub(super) fn apply(connection: &Connection, change: &Change) -> Result<Applied> {
    let pod = pod(connection, change)?;
    expectations(connection, pod.as_ref(), &change.expected)?;
    let house = match change.scope {
        Scope::Pod(_) => !change.entries.is_empty(),
        Scope::House | Scope::NewPod(_) => true,
    };
    let of_house = if house { entries::version(connection)? } else { Version::default() };
    let of_pod = pod.as_ref().map_or(Version::default(), |pod| pod.version);
    let version = Version(of_house.max(of_pod).max(newest(connection, &change.closed)?).0 + 1);

    for write in &change.entries {
        entries::write(connection, write, version)?;
    }
    if house {
        entries::advance(connection, version)?;
    }
    for (id, closed) in &change.closed {
        pods::set_closed(connection, *id, *closed, version)?;
    }
    let committed = Committed { pod: pod.as_ref().map(|pod| pod.id), version };
    let Some(pod) = pod else { return Ok(Applied { committed, dead: Vec::new() }) };
    let (used, dead) = Tree::new(connection, &pod, version, change.at).write(&change.writes)?;
    allow(&pod, used)?;
    pods::advance(connection, pod.id, version, used)?;
    events::record(connection, (pod.id, version), change.at, &change.events)?;
    let dead = if blobs::held(connection, change.at)? { Vec::new() } else { dead };
    Ok(Applied { committed, dead })
}

/// The highest version of the pods that are closed or opened.
fn newest(connection: &Connection, closed: &[(PodId, bool)]) -> Result<Version> {
    closed.iter().try_fold(Version::default(), |newest, (id, _)| Ok(newest.max(pods::by_id(connection, *id)?.version)))
}

/// The pod that the change writes, made if need be.
fn pod(connection: &Connection, change: &Change) -> Result<Option<Pod>> {
    let pod = match &change.scope {
        Scope::House if change.writes.is_empty() && change.events.is_empty() => return Ok(None),
        Scope::House => return Err(Error::Failed("a change of the house writes into a pod".into())),
        Scope::Pod(id) => match pods::by_id(connection, *id)? {
            // Whoever decided before it was closed looks again.
            pod if pod.closed => return Err(Error::Moved),
            pod => pod,
        },
        Scope::NewPod(new) => pods::create(connection, new, change.at)?,
    };
    Ok(Some(pod))
}

/// Whether everything that the decision relied on still holds, in this pod and in others.
fn expectations(connection: &Connection, own: Option<&Pod>, expected: &[Expected]) -> Result<()> {
    let mut ids: HashMap<&PodName, Option<PodId>> = own.iter().map(|pod| (&pod.name, Some(pod.id))).collect();
    let mut versions = connection
        .prepare_cached("SELECT version, listing FROM records WHERE pod = ?1 AND container = ?2 AND name = ?3")?;
    let mut find = |path: &ResourcePath, id: PodId| -> Result<Option<(Version, Version)>> {
        let (container, name) = rows::place(path);
        let found = versions.query_row(params![id.0, container, name], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?.map(|(version, listing)| (Version(natural(version)), Version(natural(listing)))))
    };
    for expected in expected {
        let (Expected::Record(path, _) | Expected::Listing(path, _)) = expected;
        let id = match ids.get(path.pod()) {
            Some(known) => *known,
            None => pods::by_name(connection, path.pod())?.map(|pod| pod.id),
        };
        ids.insert(path.pod(), id);
        let found = id.map(|id| find(path, id)).transpose()?.flatten();
        let holds = match expected {
            Expected::Record(_, version) => found.map(|(version, _)| version) == *version,
            Expected::Listing(_, listing) => found.is_some_and(|(_, found)| found == *listing),
        };
        if !holds {
            return Err(Error::Moved);
        }
    }
    Ok(())
}

/// A pod beyond its quota may still shrink.
fn allow(pod: &Pod, used: u64) -> Result<()> {
    match pod.quota {
        Some(quota) if used > quota && used > pod.used => Err(Error::Quota { left: quota.saturating_sub(pod.used) }),
        _ => Ok(()),
    }
}
