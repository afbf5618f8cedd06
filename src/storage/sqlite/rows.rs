//! How a record lies in its row.

use std::sync::Arc;

use bytes::Bytes;
use rusqlite::Row;

use super::natural;
use crate::clock::Timestamp;
use crate::path::ResourcePath;
use crate::storage::{BlobId, Body, Record, Uid, Version};

/// The columns that [`record`] reads, in its order, from the table `records` named `r`.
macro_rules! columns {
    () => {
        "r.uid, r.media_type, r.size, r.created, r.modified, r.created_by, r.version, r.listing, r.inbox, r.blob"
    };
}
pub(super) use columns;

/// The first column behind [`columns`].
pub(super) const BEHIND: usize = 10;

/// The container and the name that a path is kept under. The root is `/` and the empty name.
pub(super) fn place(path: &ResourcePath) -> (&str, &str) {
    path.local().split_at(path.local().len() - path.name().len())
}

/// Reads a record without its body.
pub(super) fn record(row: &Row<'_>, texts: &mut Texts) -> rusqlite::Result<Record> {
    Ok(Record {
        uid: Uid(row.get(0)?),
        media_type: texts.media_type(text(row, 1)?),
        size: natural(row.get(2)?),
        created: Timestamp::from_millis(row.get(3)?),
        modified: Timestamp::from_millis(row.get(4)?),
        created_by: row.get_ref(5)?.as_str_or_null()?.map(|by| texts.created_by(by)),
        version: Version(natural(row.get(6)?)),
        listing: Version(natural(row.get(7)?)),
        inbox: row.get(8)?,
        body: Body::Unread,
    })
}

/// Reads a record with its body, whose bytes follow [`columns`] (null if they are not inline).
pub(super) fn record_with_body(row: &Row<'_>, container: bool) -> rusqlite::Result<Record> {
    let mut record = record(row, &mut Texts::default())?;
    record.body = match blob(row)? {
        Some(id) => Body::Blob(id),
        None if container => Body::Absent,
        None => {
            let bytes = row.get_ref(BEHIND)?.as_blob_or_null()?;
            Body::Inline(bytes.map(Bytes::copy_from_slice).unwrap_or_default())
        }
    };
    Ok(record)
}

pub(super) fn text<'row>(row: &'row Row<'_>, column: usize) -> rusqlite::Result<&'row str> {
    Ok(row.get_ref(column)?.as_str()?)
}

/// Reads the last of [`columns`].
pub(super) fn blob(row: &Row<'_>) -> rusqlite::Result<Option<BlobId>> {
    Ok(row.get::<_, Option<[u8; 16]>>(BEHIND - 1)?.map(|id| BlobId(uuid::Uuid::from_bytes(id))))
}

pub(super) fn blob_id(row: &Row<'_>, column: usize) -> rusqlite::Result<BlobId> {
    Ok(BlobId(uuid::Uuid::from_bytes(row.get(column)?)))
}

/// The texts of the row before. Neighbours mostly share them, so that a long listing allocates few.
#[derive(Default)]
pub(super) struct Texts {
    media_type: Option<Arc<str>>,
    created_by: Option<Arc<str>>,
}

impl Texts {
    fn media_type(&mut self, text: &str) -> Arc<str> {
        shared(&mut self.media_type, text)
    }

    fn created_by(&mut self, text: &str) -> Arc<str> {
        shared(&mut self.created_by, text)
    }
}

fn shared(last: &mut Option<Arc<str>>, text: &str) -> Arc<str> {
    match last {
        Some(last) if **last == *text => last.clone(),
        _ => last.insert(text.into()).clone(),
    }
}
