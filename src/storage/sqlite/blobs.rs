//! Large bodies: files in a folder, each with a row that is older than the file and outlives it.
//!
//! A blob is `writing` from before its upload, `live` from the commit of the record that owns it, and `dead` from the
//! commit that replaces or deletes that record. Its file goes right after, its row with the next sweep; whatever a
//! crash leaves behind is found by its row.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, GetResultPayload, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use parking_lot::Mutex;
use rusqlite::{Connection, params};

use super::writer::Writer;
use super::{create_folder, failed, integer};
use crate::clock::Timestamp;
use crate::storage::{BlobId, ByteStream, Error, PodId, Result};

/// Bytes read from a file at once: enough that thread hops do not count, few enough for many readers.
const READ: usize = 256 * 1024;
/// Pieces of memory that wait to be used again.
const SPARE: usize = 16;
/// Bytes gathered before they are written.
const PART: usize = 1024 * 1024;

pub(super) struct Blobs {
    store: LocalFileSystem,
    folder: PathBuf,
    spare: Spare,
}

impl Blobs {
    pub fn open(folder: &Path, durable: bool) -> Result<Self> {
        create_folder(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| failed(&error))?;
        Ok(Self { store: store.with_fsync(durable), folder: folder.to_owned(), spare: Spare::default() })
    }

    /// Streams a blob. One that has gone since it was located fails with [`Error::Moved`].
    pub async fn read(&self, blob: &BlobId, range: Option<Range<u64>>) -> Result<ByteStream> {
        if range.as_ref().is_some_and(Range::is_empty) {
            return Ok(stream::empty().boxed());
        }
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = match self.store.get_opts(&key(blob), options).await {
            Err(object_store::Error::NotFound { .. }) => return Err(Error::Moved),
            found => found.map_err(|error| failed(&error))?,
        };
        Ok(match found.payload {
            GetResultPayload::File(file, _) => pieces(file, found.range, self.spare.clone()),
            GetResultPayload::Stream(stream) => stream.map_err(io::Error::other).boxed(),
        })
    }

    /// Writes a new blob; its row is on disk before its first byte, and it is when this answers.
    ///
    /// An error of `bytes` comes back inside `Ok`.
    pub async fn write(
        &self,
        writer: &Writer,
        (pod, at): (PodId, Timestamp),
        bytes: ByteStream,
    ) -> Result<io::Result<(BlobId, u64)>> {
        let blob = BlobId(uuid::Uuid::new_v4());
        let row = blob.clone();
        writer.write(pod, move |connection| announce(connection, pod, &row, at)).await?;
        let mut upload = self.store.put_multipart(&key(&blob)).await.map_err(|error| failed(&error))?;
        let sent = send(upload.as_mut(), bytes).await;
        let Ok(Ok(size)) = sent else {
            // What cannot be taken back now is found by its row.
            let _ = upload.abort().await;
            let _ = writer
                .write(pod, {
                    let blob = blob.clone();
                    move |connection| forget(connection, &[blob])
                })
                .await;
            return sent.map(|sent| sent.map(|size| (blob, size)));
        };
        let completed = upload.complete().await.map_err(|error| failed(&error));
        // Here it is synchronised: what fails now may be lost although the next attempt succeeds.
        if matches!(completed, Err(Error::Failed(_))) {
            writer.broken().set();
        }
        completed?;
        Ok(Ok((blob, size)))
    }

    /// Removes the files of blobs.
    pub async fn remove(&self, blobs: &[BlobId]) -> Result<()> {
        for blob in blobs {
            match self.store.delete(&key(blob)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok(())
    }

    /// Removes what an upload left that was never completed: the store keeps it beside its final place, under a name
    /// that it does not let us address.
    pub async fn remove_unfinished(&self, blob: &BlobId) -> Result<()> {
        match tokio::fs::remove_file(self.folder.join(format!("{}#1", key(blob)))).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&error)),
            _ => Ok(()),
        }
    }

    /// The blobs that have a file.
    pub fn files(&self) -> impl Stream<Item = Result<BlobId>> {
        let listed = self.store.list(None).map_err(|error| failed(&error));
        listed.try_filter_map(|file| std::future::ready(Ok(file.location.filename().and_then(parse))))
    }
}

/// Moves the stream into the upload, a part at a time. Gives its size.
async fn send(upload: &mut dyn MultipartUpload, mut bytes: ByteStream) -> Result<io::Result<u64>> {
    let (mut size, mut waiting, mut part) = (0, 0, Vec::new());
    loop {
        let piece = match bytes.next().await {
            Some(Ok(piece)) => Some(piece),
            Some(Err(error)) => return Ok(Err(error)),
            None => None,
        };
        let ended = piece.is_none();
        if let Some(piece) = piece {
            waiting += piece.len();
            size += piece.len() as u64;
            part.push(piece);
        }
        if waiting >= PART || (ended && waiting > 0) {
            let payload: PutPayload = std::mem::take(&mut part).into_iter().collect();
            upload.put_part(payload).await.map_err(|error| failed(&error))?;
            waiting = 0;
        }
        if ended {
            return Ok(Ok(size));
        }
    }
}

/// Reads a range of a file in large pieces, one thread hop each.
fn pieces(file: File, range: Range<u64>, spare: Spare) -> ByteStream {
    let next = |(file, range, spare): (File, Range<u64>, Spare)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let (start, end) = (range.start, range.end);
        let read = move || spare.read(file, start..end).map(|(bytes, file)| (bytes, file, spare));
        let (bytes, file, spare) = tokio::task::spawn_blocking(read).await??;
        let rest = start + bytes.len() as u64..end;
        Ok(Some((bytes, (file, rest, spare))))
    };
    stream::try_unfold((file, range, spare), next).boxed()
}

/// Memory of pieces that were sent. Fresh memory would cost a page fault for every 4 KiB.
#[derive(Clone, Default)]
struct Spare(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spare {
    /// The first piece of a range.
    fn read(&self, mut file: File, range: Range<u64>) -> io::Result<(Bytes, File)> {
        let size = usize::try_from(range.end - range.start).unwrap_or(READ).min(READ);
        let bytes = self.0.lock().pop().unwrap_or_else(|| Vec::with_capacity(READ));
        let mut piece = Piece { bytes, spare: self.clone() };
        file.seek(SeekFrom::Start(range.start))?;
        (&mut file).take(size as u64).read_to_end(&mut piece.bytes)?;
        if piece.bytes.len() < size {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok((Bytes::from_owner(piece), file))
    }
}

/// Bytes on their way out, whose memory is spare afterwards.
struct Piece {
    bytes: Vec<u8>,
    spare: Spare,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        let mut spare = self.spare.0.lock();
        if spare.len() < SPARE {
            spare.push(bytes);
        }
    }
}

/// Where a blob is kept: 256 folders, so that none of them grows too long.
pub(super) fn key(blob: &BlobId) -> Key {
    let name = blob.0.simple().to_string();
    Key::from_iter([&name[..2], &name])
}

/// The blob that a file is named after.
pub(super) fn parse(name: &str) -> Option<BlobId> {
    uuid::Uuid::try_parse(name).ok().map(BlobId)
}

fn announce(connection: &Connection, pod: PodId, blob: &BlobId, at: Timestamp) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO blobs (id, pod, state, size, at) VALUES (?1, ?2, 'writing', 0, ?3)")?
        .execute(params![blob.0.into_bytes(), pod.0, at.millis()])?;
    Ok(())
}

/// Makes a staged blob the body of a record. Staged too long ago, it was swept and the change cannot stand.
pub(super) fn claim(connection: &Connection, pod: PodId, blob: &BlobId, size: u64, at: Timestamp) -> Result<()> {
    let claimed = connection
        .prepare_cached(
            "UPDATE blobs SET state = 'live', size = ?3, at = ?4 WHERE id = ?1 AND pod = ?2 AND state = 'writing'",
        )?
        .execute(params![blob.0.into_bytes(), pod.0, integer(size), at.millis()])?;
    if claimed == 0 {
        return Err(Error::Failed("a body is no longer staged".into()));
    }
    Ok(())
}

/// Marks a blob that nothing refers to any more.
pub(super) fn bury(connection: &Connection, blob: &BlobId, at: Timestamp) -> Result<()> {
    connection
        .prepare_cached("UPDATE blobs SET state = 'dead', at = ?2 WHERE id = ?1")?
        .execute(params![blob.0.into_bytes(), at.millis()])?;
    Ok(())
}

/// Gives up a staged blob; false if a record took it or it is gone.
pub(super) fn discard(connection: &Connection, blob: &BlobId, at: Timestamp) -> Result<bool> {
    let given_up = connection
        .prepare_cached("UPDATE blobs SET state = 'dead', at = ?2 WHERE id = ?1 AND state = 'writing'")?
        .execute(params![blob.0.into_bytes(), at.millis()])?;
    Ok(given_up > 0)
}

pub(super) fn any_staged_before(connection: &Connection, end: Timestamp) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM blobs WHERE state = 'writing' AND at < ?1")?.exists([end.millis()])?)
}

/// Gives up the blobs that were staged before `end` and that no record took.
pub(super) fn give_up(connection: &Connection, end: Timestamp, now: Timestamp) -> Result<Vec<BlobId>> {
    let mut update = connection
        .prepare_cached("UPDATE blobs SET state = 'dead', at = ?2 WHERE state = 'writing' AND at < ?1 RETURNING id")?;
    ids(update.query_map(params![end.millis(), now.millis()], |row| row.get(0))?)
}

/// Up to `limit` blobs that wait for their removal; none while a backup reads.
pub(super) fn removable(connection: &Connection, now: Timestamp, limit: usize) -> Result<Vec<BlobId>> {
    if held(connection, now)? {
        return Ok(Vec::new());
    }
    let mut select = connection.prepare_cached("SELECT id FROM blobs WHERE state = 'dead' LIMIT ?1")?;
    ids(select.query_map([integer(limit as u64)], |row| row.get(0))?)
}

fn ids(rows: impl Iterator<Item = rusqlite::Result<[u8; 16]>>) -> Result<Vec<BlobId>> {
    rows.map(|id| Ok(BlobId(uuid::Uuid::from_bytes(id?)))).collect()
}

/// The blobs that records own.
pub(super) fn live(connection: &Connection) -> Result<Vec<BlobId>> {
    let mut select = connection.prepare("SELECT id FROM blobs WHERE state = 'live' ORDER BY id")?;
    ids(select.query_map([], |row| row.get(0))?)
}

/// Whether a blob has a row.
pub(super) fn is_known(connection: &Connection, blob: &BlobId) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM blobs WHERE id = ?1")?.exists([blob.0.into_bytes()])?)
}

/// Removes the rows of blobs whose files have gone.
pub(super) fn forget(connection: &Connection, blobs: &[BlobId]) -> Result<()> {
    let mut delete = connection.prepare_cached("DELETE FROM blobs WHERE id = ?1 AND state <> 'live'")?;
    for blob in blobs {
        delete.execute([blob.0.into_bytes()])?;
    }
    Ok(())
}

/// Keeps dead blobs until the hold is released, or until `until` if that never happens. Gives its number.
pub(super) fn hold(connection: &Connection, until: Timestamp) -> Result<i64> {
    Ok(connection.prepare("INSERT INTO holds (until) VALUES (?1)")?.insert([until.millis()])?)
}

pub(super) fn renew(connection: &Connection, hold: i64, until: Timestamp) -> Result<()> {
    connection.execute("UPDATE holds SET until = ?2 WHERE id = ?1", [hold, until.millis()])?;
    Ok(())
}

pub(super) fn release(connection: &Connection, hold: i64) -> Result<()> {
    connection.execute("DELETE FROM holds WHERE id = ?1", [hold])?;
    Ok(())
}

/// Whether a backup is reading blobs that have died since it began.
pub(super) fn held(connection: &Connection, now: Timestamp) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM holds WHERE until > ?1")?.exists([now.millis()])?)
}
