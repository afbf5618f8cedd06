//! House records.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{integer, natural};
use crate::storage::{Entry, EntryIs, EntryWrite, Error, KeyRange, Result, Version};

pub(super) fn one(connection: &Connection, key: &str) -> Result<Option<Entry>> {
    let mut statement = connection.prepare_cached("SELECT key, value, version FROM entries WHERE key = ?1")?;
    Ok(statement.query_row([key], entry).optional()?)
}

pub(super) fn list(connection: &Connection, range: KeyRange<'_>) -> Result<Vec<Entry>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, value, version FROM entries
         WHERE key >= ?1 AND key < ?1 || char(0x10FFFF) AND key > ?2 ORDER BY key LIMIT ?3",
    )?;
    let after = range.after.unwrap_or_default();
    let rows = statement.query_map(params![range.prefix, after, integer(range.limit as u64)], entry)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The version of the house records.
pub(super) fn version(connection: &Connection) -> Result<Version> {
    let mut statement = connection.prepare_cached("SELECT value FROM counters WHERE name = 'house'")?;
    Ok(Version(natural(statement.query_row([], |row| row.get(0))?)))
}

pub(super) fn advance(connection: &Connection, version: Version) -> Result<()> {
    connection.prepare_cached("UPDATE counters SET value = ?1 WHERE name = 'house'")?.execute([integer(version.0)])?;
    Ok(())
}

pub(super) fn write(connection: &Connection, write: &EntryWrite, version: Version) -> Result<()> {
    let mut present = connection.prepare_cached("SELECT version FROM entries WHERE key = ?1")?;
    let present = present.query_row([&write.key], |row| row.get(0)).optional()?.map(|found| Version(natural(found)));
    match (write.expected, present) {
        (EntryIs::Absent, Some(_)) => return Err(Error::Taken(write.key.to_string())),
        (EntryIs::At(expected), present) if present != Some(expected) => return Err(Error::Moved),
        _ => {}
    }
    match &write.value {
        Some(value) => connection
            .prepare_cached("INSERT OR REPLACE INTO entries (key, value, version) VALUES (?1, ?2, ?3)")?
            .execute(params![write.key, &value[..], integer(version.0)])?,
        None => connection.prepare_cached("DELETE FROM entries WHERE key = ?1")?.execute([&write.key])?,
    };
    Ok(())
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let value = row.get_ref(1)?.as_blob()?;
    Ok(Entry { key: row.get(0)?, value: bytes::Bytes::copy_from_slice(value), version: Version(natural(row.get(2)?)) })
}
