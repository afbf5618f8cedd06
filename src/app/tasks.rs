//! What is done when it is due: each kind of job, and who does it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::jobs::{JobId, Task, Undone, Worker};
use crate::mail::{Mailer, Undelivered};
use crate::storage::{Change, EntryIs, EntryWrite, Scope, Storage};

/// Does the jobs of this server.
pub struct Tasks {
    pub storage: Arc<dyn Storage>,
    pub mailer: Mailer,
}

#[async_trait]
impl Worker for Tasks {
    async fn perform(&self, id: &JobId, task: &Task) -> Result<(), Undone> {
        match task {
            Task::Mail(message) => Ok(self.mailer.deliver(id.as_str(), message).await?),
            Task::Forget { key } => self.forget(key).await,
        }
    }
}

impl Tasks {
    async fn forget(&self, key: &str) -> Result<(), Undone> {
        let mut change = Change::of(Scope::House, self.storage.now().await?);
        change.entries.push(EntryWrite { key: key.into(), expected: EntryIs::Anything, value: None });
        self.storage.commit(change).await?;
        Ok(())
    }
}

impl From<Undelivered> for Undone {
    fn from(undelivered: Undelivered) -> Self {
        match undelivered {
            Undelivered::Refused { .. } => Self::Hopeless(undelivered.to_string()),
            Undelivered::Failed(reason) => Self::Failed(reason),
        }
    }
}
