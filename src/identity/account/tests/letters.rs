//! The mailbox of a test: does the jobs that are due and keeps the letters.

use async_trait::async_trait;
use parking_lot::Mutex;

use super::*;
use crate::jobs::{JobId, Lane, Task, Undone, Worker};
use crate::mail::Message;
use crate::storage::EntryWrite;

/// Letters that went out, oldest first.
pub(super) struct Letters(pub Vec<Message>);

struct Postman<'a> {
    accounts: &'a Accounts,
    letters: Mutex<Vec<Message>>,
}

#[async_trait]
impl Worker for Postman<'_> {
    async fn perform(&self, _: &JobId, task: &Task) -> Result<(), Undone> {
        let undone = |error: Error| Undone::Hopeless(error.to_string());
        match task {
            Task::Mail(message) => self.letters.lock().push(message.clone()),
            Task::Forget { key } => {
                let entry = EntryWrite { key: (**key).into(), expected: EntryIs::Anything, value: None };
                self.accounts.commit([entry]).await.map_err(undone)?;
            }
            Task::Reset { email } => {
                self.accounts.send_reset(&Email::parse(email).unwrap()).await.map_err(undone)?;
            }
            Task::Release { account, email } => {
                let (id, email) = (AccountId::parse(account).unwrap(), Email::parse(email).unwrap());
                self.accounts.release_email(&id, &email).await.map_err(undone)?;
            }
            Task::Unaffiliated { account, due } => {
                let id = AccountId::parse(account).unwrap();
                self.accounts.remind_unaffiliated(&id, *due).await.map_err(undone)?;
            }
            Task::Rescue { account, due } => {
                let id = AccountId::parse(account).unwrap();
                self.accounts.carry_out_rescue(&id, *due).await.map_err(undone)?;
            }
            Task::Issuers { pod, gone } => {
                self.accounts.tell_of_issuers(&PodName::parse(pod).unwrap(), *gone).await.map_err(undone)?;
            }
            Task::Ingest { .. } | Task::Dropped { .. } => unreachable!("accounts run no connections"),
            Task::Erase { account } => {
                let due = self.accounts.to_erase(&AccountId::parse(account).unwrap()).await.map_err(undone)?;
                if let Some(account) = due {
                    self.accounts.erase(&account).await.map_err(undone)?;
                }
            }
        }
        Ok(())
    }
}

impl World {
    /// Does what is due; gives the letters that went out.
    pub(super) async fn letters(&self) -> Letters {
        let postman = Postman { accounts: &self.accounts, letters: Mutex::default() };
        self.accounts.jobs.work(Lane::House, &postman).await.unwrap();
        Letters(postman.letters.into_inner())
    }
}

/// The ticket in the link of a letter.
pub(super) fn ticket(letter: &Message) -> Ticket {
    let (_, rest) = letter.text.split_once("?t=").unwrap();
    Ticket::parse(rest.split_whitespace().next().unwrap()).unwrap()
}
