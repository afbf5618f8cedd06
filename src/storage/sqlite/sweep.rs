//! What is due from time to time: old events, blobs that nothing refers to, and the log that still holds erased bytes.

use std::time::Duration;

use futures_util::TryStreamExt;

use super::{HOUSE, Sqlite, blobs, events};
use crate::clock::Timestamp;
use crate::storage::Result;

const DAY: Duration = Duration::from_hours(24);
/// How long events are kept.
const EVENTS: Duration = DAY.saturating_mul(30);
/// How long a staged blob waits for its record.
const STAGED: Duration = DAY;
/// Blobs removed before their rows are.
const BATCH: usize = 1000;

impl Sqlite {
    /// Does what is due. To be called every 30 seconds: bytes that were erased have then left the disk within a minute.
    pub async fn maintain(&self) -> Result<()> {
        let now = self.clock.now();
        self.forget_events(now).await?;
        self.sweep(now).await?;
        self.sweep_strays(now).await?;
        self.writer.checkpoint().await
    }

    async fn forget_events(&self, now: Timestamp) -> Result<()> {
        let end = now.minus(EVENTS);
        while self.readers.read(|connection| events::any_before(connection, end))? {
            self.writer.write(HOUSE, move |connection| events::forget(connection, end)).await?;
        }
        Ok(())
    }

    /// Removes the blobs that have died, and those that were staged and never taken.
    async fn sweep(&self, now: Timestamp) -> Result<()> {
        let end = now.minus(STAGED);
        if self.readers.read(|connection| blobs::any_staged_before(connection, end))? {
            let given_up = self.writer.write(HOUSE, move |connection| blobs::give_up(connection, end, now)).await?;
            for blob in &given_up {
                self.blobs.remove_unfinished(blob).await?;
            }
        }
        loop {
            let dead = self.readers.read(|connection| blobs::removable(connection, now, BATCH))?;
            if dead.is_empty() {
                return Ok(());
            }
            self.blobs.remove(&dead).await?;
            self.writer.write(HOUSE, move |connection| blobs::forget(connection, &dead)).await?;
        }
    }

    /// Removes files that have no row, once a day. A row is older than its file, so that such a file is nobody's.
    async fn sweep_strays(&self, now: Timestamp) -> Result<()> {
        {
            let mut due = self.strays_due.lock();
            if now < *due {
                return Ok(());
            }
            *due = now.plus(DAY);
        }
        let mut files = std::pin::pin!(self.blobs.files());
        while let Some(blob) = files.try_next().await? {
            if !self.readers.read(|connection| blobs::is_known(connection, &blob))? {
                self.blobs.remove(&[blob]).await?;
            }
        }
        Ok(())
    }
}
