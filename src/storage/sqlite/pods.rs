//! The rows of pods.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{integer, natural};
use crate::clock::Timestamp;
use crate::path::PodName;
use crate::storage::{Error, NewPod, Pod, PodId, Result, Version};

pub(super) fn by_name(connection: &Connection, name: &PodName) -> Result<Option<Pod>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.id, p.name, p.owners, p.version, p.used, p.quota, p.created, p.closed
         FROM names n JOIN pods p ON p.id = n.pod WHERE n.name = ?1",
    )?;
    Ok(statement.query_row([name.as_str()], pod).optional()?)
}

pub(super) fn by_id(connection: &Connection, id: PodId) -> Result<Pod> {
    let mut statement = connection
        .prepare_cached("SELECT id, name, owners, version, used, quota, created, closed FROM pods WHERE id = ?1")?;
    statement.query_row([id.0], pod).optional()?.ok_or(Error::NoSuchPod)
}

pub(super) fn list(connection: &Connection, after: Option<PodId>, limit: usize) -> Result<Vec<Pod>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, owners, version, used, quota, created, closed FROM pods WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after.map_or(0, |id| id.0), integer(limit as u64)], pod)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether a pod once had this name; that it is not there any more is known already.
pub(super) fn was_given(connection: &Connection, name: &PodName) -> Result<bool> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM names WHERE name = ?1")?;
    Ok(statement.exists([name.as_str()])?)
}

/// Gives the name to a new, empty pod. A name is never given twice.
pub(super) fn create(connection: &Connection, new: &NewPod, at: Timestamp) -> Result<Pod> {
    let name = new.name.as_str();
    let given = connection.prepare_cached("INSERT OR IGNORE INTO names (name) VALUES (?1)")?.execute([name])?;
    if given == 0 {
        return Err(Error::Taken(name.to_owned()));
    }
    let owners = serde_json::to_string(&new.owners).map_err(|error| Error::Failed(error.to_string()))?;
    let id = connection
        .prepare_cached("INSERT INTO pods (name, owners, version, used, quota, created) VALUES (?1, ?2, 0, 0, ?3, ?4)")?
        .insert(params![name, owners, new.quota.map(integer), at.millis()])?;
    connection.prepare_cached("UPDATE names SET pod = ?2 WHERE name = ?1")?.execute(params![name, id])?;
    by_id(connection, PodId(id))
}

/// Writes what a commit moved.
pub(super) fn advance(connection: &Connection, id: PodId, version: Version, used: u64) -> Result<()> {
    connection.prepare_cached("UPDATE pods SET version = ?2, used = ?3 WHERE id = ?1")?.execute(params![
        id.0,
        integer(version.0),
        integer(used)
    ])?;
    Ok(())
}

/// Closes a pod, or opens it again, at a version above all that it had.
pub(super) fn set_closed(connection: &Connection, id: PodId, closed: bool, version: Version) -> Result<()> {
    let mut statement = connection.prepare_cached("UPDATE pods SET closed = ?2, version = ?3 WHERE id = ?1")?;
    let done = statement.execute(params![id.0, closed, integer(version.0)])?;
    if done == 0 { Err(Error::NoSuchPod) } else { Ok(()) }
}

pub(super) fn set_quota(connection: &Connection, id: PodId, quota: Option<u64>) -> Result<()> {
    let mut statement = connection.prepare_cached("UPDATE pods SET quota = ?2 WHERE id = ?1")?;
    if statement.execute(params![id.0, quota.map(integer)])? == 0 { Err(Error::NoSuchPod) } else { Ok(()) }
}

/// Removes a pod with everything it holds; its name stays given and its blobs are left to the sweep.
pub(super) fn remove(connection: &Connection, id: PodId, at: Timestamp) -> Result<()> {
    by_id(connection, id)?;
    for erase in [
        "DELETE FROM bodies WHERE uid IN (SELECT uid FROM records WHERE pod = ?1)",
        "DELETE FROM records WHERE pod = ?1",
        "DELETE FROM events WHERE pod = ?1",
        "DELETE FROM pods WHERE id = ?1",
        "UPDATE names SET pod = NULL WHERE pod = ?1",
        "UPDATE counters SET value = value + 1 WHERE name = 'house'",
    ] {
        let mut statement = connection.prepare(erase)?;
        let given = &[&id.0 as &dyn rusqlite::ToSql][..statement.parameter_count()];
        statement.execute(given)?;
    }
    connection
        .prepare("UPDATE blobs SET state = 'dead', at = ?2 WHERE pod = ?1 AND state = 'live'")?
        .execute(params![id.0, at.millis()])?;
    Ok(())
}

fn pod(row: &Row<'_>) -> rusqlite::Result<Pod> {
    let odd = |column| rusqlite::Error::InvalidColumnType(column, "pod".into(), Type::Text);
    Ok(Pod {
        id: PodId(row.get(0)?),
        name: PodName::parse(row.get_ref(1)?.as_str()?).ok_or_else(|| odd(1))?,
        owners: serde_json::from_str(row.get_ref(2)?.as_str()?).map_err(|_| odd(2))?,
        version: Version(natural(row.get(3)?)),
        used: natural(row.get(4)?),
        quota: row.get::<_, Option<i64>>(5)?.map(natural),
        created: Timestamp::from_millis(row.get(6)?),
        closed: row.get(7)?,
    })
}
