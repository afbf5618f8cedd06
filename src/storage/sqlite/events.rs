//! What committed changes did, in the order of their commits.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, params};

use super::{integer, natural};
use crate::clock::Timestamp;
use crate::path::ResourcePath;
use crate::storage::{Cursor, Event, Happening, NewEvent, PodId, Result, Version};

/// Events removed in one transaction.
const BATCH: i64 = 10_000;

pub(super) fn record(
    connection: &Connection,
    (pod, version): (PodId, Version),
    at: Timestamp,
    events: &[NewEvent],
) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO events (pod, version, position, at, happening, path, object) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (position, event) in (0u32..).zip(events) {
        let object = event.object.as_ref().map(ResourcePath::local);
        let (version, path) = (integer(version.0), event.path.local());
        insert.execute(params![pod.0, version, position, at.millis(), event.happening, path, object])?;
    }
    Ok(())
}

/// Events after the cursor. The last commit comes whole, even beyond `limit`.
pub(super) fn list(connection: &Connection, cursor: Cursor, limit: usize) -> Result<Vec<Event>> {
    let mut statement = connection.prepare_cached(
        "SELECT pod, version, position, at, happening, path, object FROM events
         WHERE pod = ?1 AND version > ?2 AND version <= coalesce(
           (SELECT version FROM events WHERE pod = ?1 AND version > ?2 ORDER BY version, position LIMIT 1 OFFSET ?3),
           0x7FFFFFFFFFFFFFFF)
         ORDER BY version, position",
    )?;
    let last = integer(limit.saturating_sub(1) as u64);
    let rows = statement.query_map(params![cursor.pod.0, integer(cursor.after.0), last], event)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn any_before(connection: &Connection, end: Timestamp) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM events WHERE at < ?1")?.exists([end.millis()])?)
}

/// Forgets the oldest events before `end`.
pub(super) fn forget(connection: &Connection, end: Timestamp) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM events WHERE (pod, version, position) IN
         (SELECT pod, version, position FROM events WHERE at < ?1 ORDER BY at LIMIT ?2)",
    )?;
    statement.execute(params![end.millis(), BATCH])?;
    Ok(())
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        pod: PodId(row.get(0)?),
        version: Version(natural(row.get(1)?)),
        index: row.get(2)?,
        at: Timestamp::from_millis(row.get(3)?),
        happening: row.get(4)?,
        path: row.get(5)?,
        object: row.get(6)?,
    })
}

impl ToSql for Happening {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Add => "add",
            Self::Remove => "remove",
        };
        Ok(text.into())
    }
}

impl FromSql for Happening {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "create" => Ok(Self::Create),
            "update" => Ok(Self::Update),
            "delete" => Ok(Self::Delete),
            "add" => Ok(Self::Add),
            "remove" => Ok(Self::Remove),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}
