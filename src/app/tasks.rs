//! What is done when it is due: each kind of job, and who does it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::identity::account::{self, AccountId, Accounts, Email};
use crate::ingest::Ingest;
use crate::jobs::{JobId, Task, Undone, Worker};
use crate::mail::{Mailer, Undelivered};
use crate::path::PodName;
use crate::provision::Provision;
use crate::storage::{Change, EntryIs, EntryWrite, PodId, Scope, Storage};

/// Does the jobs of this server.
pub struct Tasks {
    pub storage: Arc<dyn Storage>,
    pub accounts: Arc<Accounts>,
    pub provision: Arc<Provision>,
    pub mailer: Mailer,
    pub ingest: Arc<Ingest>,
}

#[async_trait]
impl Worker for Tasks {
    async fn perform(&self, id: &JobId, task: &Task) -> Result<(), Undone> {
        match task {
            Task::Mail(message) => Ok(self.mailer.deliver(id.as_str(), message).await?),
            Task::Forget { key } => self.forget(key).await,
            Task::Reset { email } => Ok(self.accounts.send_reset(&address(email)?).await?),
            Task::Release { account, email } => {
                Ok(self.accounts.release_email(&account_id(account)?, &address(email)?).await?)
            }
            Task::Issuers { pod, gone } => {
                let pod = PodName::parse(pod).ok_or_else(|| Undone::Hopeless("the pod cannot be read".to_owned()))?;
                Ok(self.accounts.tell_of_issuers(&pod, *gone).await?)
            }
            Task::Erase { account } => self.erase(&account_id(account)?).await,
            Task::Unaffiliated { account, due } => {
                Ok(self.accounts.remind_unaffiliated(&account_id(account)?, *due).await?)
            }
            Task::Dropped { pod } => {
                let pod = PodName::parse(pod).ok_or_else(|| Undone::Hopeless("the pod cannot be read".to_owned()))?;
                self.ingest.look_into_drop_folder(&pod).await
            }
            Task::Ingest { pod, account, due } => self.ingest.run_due(PodId(*pod), account, *due).await,
            Task::Rescue { account, due } => Ok(self.accounts.carry_out_rescue(&account_id(account)?, *due).await?),
        }
    }
}

impl Tasks {
    /// Erases an account, and first what its connections may open.
    async fn erase(&self, id: &AccountId) -> Result<(), Undone> {
        if let Some(account) = self.accounts.to_erase(id).await? {
            for pod in self.accounts.pods_of(&account).await? {
                self.ingest.forget(pod).await?;
            }
        }
        Ok(self.provision.erase(id).await?)
    }

    async fn forget(&self, key: &str) -> Result<(), Undone> {
        let mut change = Change::of(Scope::House, self.storage.now().await?);
        change.entries.push(EntryWrite { key: key.into(), expected: EntryIs::Anything, value: None });
        self.storage.commit(change).await?;
        Ok(())
    }
}

fn address(text: &str) -> Result<Email, Undone> {
    Email::parse(text).ok_or_else(|| Undone::Hopeless("the address cannot be read".to_owned()))
}

fn account_id(text: &str) -> Result<AccountId, Undone> {
    AccountId::parse(text).ok_or_else(|| Undone::Hopeless("the account cannot be read".to_owned()))
}

impl From<account::Error> for Undone {
    fn from(error: account::Error) -> Self {
        match error {
            account::Error::Refused(refusal) => Self::Hopeless(refusal.to_string()),
            other => Self::Failed(other.to_string()),
        }
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
