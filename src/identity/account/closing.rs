//! Deleting an account: at once nobody signs in any more, after 30 days everything is erased.

use std::time::Duration;

use super::letter::Letter;
use super::ticket::{Kept, Ticket};
use super::{Account, AccountId, Accounts, Refusal, Result, json};
use crate::clock::Timestamp;
use crate::jobs::Task;
use crate::storage::{EntryIs, EntryWrite, KeyRange, Version};

/// How long a deletion can be undone.
///
/// Spec: O-329
pub const UNDO: Duration = Duration::from_hours(30 * 24);
/// House records of one account that are looked at a time.
const PAGE: usize = 200;

fn key(account: &str) -> String {
    format!("reopen/{account}")
}

impl Accounts {
    /// Closes an account: sessions and tokens end, its owner gets a link that undoes it, and the day is noted on which
    /// it is erased. Gives that day.
    ///
    /// Spec: O-329
    pub async fn close(&self, id: &AccountId) -> Result<Timestamp> {
        loop {
            let mut draft = self.draft(id).await?;
            if let Some(day) = draft.account().closing {
                return Ok(day);
            }
            let day = self.clock.now().plus(UNDO);
            let ticket = Ticket::new(id.as_str());
            draft.close(Some(day));
            let value = Some(json(&ticket.kept(day))?);
            draft.write(EntryWrite { key: key(id.as_str()).into(), expected: EntryIs::Anything, value });
            draft.write(self.jobs.entry(&Task::Erase { account: id.as_str().into() }, day));
            if let Some(login) = draft.account().login.clone() {
                let letter = Letter::Closing { undo: self.page_of("delete/undo", &ticket) };
                draft.write(self.letter(&letter, &login.email, draft.account().speaks()));
            }
            self.sign_out_everywhere(&mut draft).await?;
            if self.saved(draft).await? {
                return Ok(day);
            }
        }
    }

    /// Whether a link still undoes a deletion.
    pub async fn admits_reopening(&self, ticket: &Ticket) -> Result<()> {
        self.reopening(ticket).await.map(|_| ())
    }

    /// Undoes a deletion.
    ///
    /// Spec: O-329
    pub async fn reopen(&self, ticket: &Ticket) -> Result<()> {
        loop {
            let (id, version) = self.reopening(ticket).await?;
            let mut draft = self.draft(&id).await?;
            draft.close(None);
            draft.write(EntryWrite { key: key(id.as_str()).into(), expected: EntryIs::At(version), value: None });
            if let Some(login) = draft.account().login.clone() {
                let language = draft.account().speaks();
                draft.write(self.letter(&Letter::Reopened, &login.email, language));
            }
            if self.saved(draft).await? {
                return Ok(());
            }
        }
    }

    /// The account, if the day has come to erase it.
    pub async fn to_erase(&self, id: &AccountId) -> Result<Option<Account>> {
        let now = self.clock.now();
        let due = |account: &Account| account.closing.is_some_and(|day| day <= now);
        Ok(self.account(id).await?.filter(due))
    }

    /// Removes an account with all its house records. Its pods must be gone before. Their names stay taken.
    ///
    /// Spec: O-329, O-327
    pub async fn erase(&self, account: &Account) -> Result<()> {
        let id = account.id.as_str();
        self.end_sessions(&account.id).await?;
        for prefix in ["event", "consent", "granted", "email-undo"].map(|kind| format!("{kind}/{id}/")) {
            loop {
                let entries = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit: PAGE }).await?;
                if entries.is_empty() {
                    break;
                }
                self.commit(entries.into_iter().map(|entry| gone(&entry.key))).await?;
            }
        }
        let own = self.draft(&account.id).await?.into_erasure(|webid| self.addresses.path_of(webid).is_some());
        let rest =
            ["reset", "email-change", "reopen", "webid-proof", "factors"].map(|kind| gone(&format!("{kind}/{id}")));
        let login = account.login.as_ref();
        let told = login.map(|login| self.letter(&Letter::Erased, &login.email, account.speaks()));
        self.commit(own.into_iter().chain(rest).chain(told)).await
    }

    async fn reopening(&self, ticket: &Ticket) -> Result<(AccountId, Version)> {
        let id = AccountId::parse(&ticket.holder).ok_or(Refusal::DeadLink)?;
        let entry = self.storage.entry(&key(&ticket.holder)).await?.ok_or(Refusal::DeadLink)?;
        let kept: Kept = serde_json::from_slice(&entry.value)?;
        if kept.admits(ticket, self.clock.now()) { Ok((id, entry.version)) } else { Err(Refusal::DeadLink.into()) }
    }
}

fn gone(key: &str) -> EntryWrite {
    EntryWrite { key: key.into(), expected: EntryIs::Anything, value: None }
}
