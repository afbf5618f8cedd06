//! Leaving: at once nobody signs in any more and the pods are closed, after 30 days everything is erased.
//!
//! Whoever deletes an account, its owner, the operator or the end of a long absence, goes this one way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::letter::Letter;
use super::ticket::{Kept, Ticket};
use super::{Account, AccountId, Accounts, Draft, Happened, Refusal, Result, json};
use crate::clock::Timestamp;
use crate::jobs::Task;
use crate::storage::{Change, EntryIs, EntryWrite, KeyRange, PodId, Scope, Version};

/// How long a deletion can be undone.
///
/// Spec: O-329
pub const UNDO: Duration = Duration::from_hours(30 * 24);
/// House records of one account that are looked at a time.
const PAGE: usize = 200;

/// Why an account is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leaving {
    /// Its owner wants to.
    Wished,
    ByOperator,
    /// No school opens it, and nobody has come in for too long.
    Unaffiliated,
}

/// What it takes to open an account again.
#[derive(Debug, Serialize, Deserialize)]
struct WayBack {
    kept: Kept,
    /// The operator had disabled it before: it stays so.
    disabled: bool,
}

fn key(account: &str) -> String {
    format!("reopen/{account}")
}

impl Accounts {
    /// Closes an account with its pods, in one commit: sessions end, tokens are refused, the pods answer nobody any more.
    /// Its owner gets a link that undoes it; the day is noted on which all is erased. Gives that day.
    ///
    /// Spec: O-329
    pub async fn close(&self, id: &AccountId, why: Leaving) -> Result<Timestamp> {
        loop {
            let mut draft = self.draft(id).await?;
            if let Some(day) = draft.account().closing {
                return Ok(day);
            }
            let now = self.clock.now();
            let day = now.plus(UNDO);
            let ticket = Ticket::new(id.as_str());
            let way_back = WayBack { kept: ticket.kept(day), disabled: draft.account().disabled };
            draft.close(Some(day), true);
            draft.note(now, Happened::Closed { why })?;
            let value = Some(json(&way_back)?);
            draft.write(EntryWrite { key: key(id.as_str()).into(), expected: EntryIs::Anything, value });
            draft.write(self.jobs.entry(&Task::Erase { account: id.as_str().into() }, day));
            if let Some(login) = draft.account().login.clone() {
                let letter = Letter::Closing { why, day, undo: self.page_of("delete/undo", &ticket) };
                draft.write(self.letter(&letter, &login.email, draft.account().speaks()));
            }
            self.sign_out_everywhere(&mut draft).await?;
            if self.saved_with_pods(draft, true).await? {
                return Ok(day);
            }
        }
    }

    /// Whether a link still undoes a deletion.
    pub async fn admits_reopening(&self, ticket: &Ticket) -> Result<()> {
        self.reopening(ticket).await.map(|_| ())
    }

    /// Undoes a deletion: all is as it was.
    ///
    /// Spec: O-329
    pub async fn reopen(&self, ticket: &Ticket) -> Result<()> {
        loop {
            let (id, version, way_back) = self.reopening(ticket).await?;
            if self.open_again(&id, version, &way_back).await? {
                return Ok(());
            }
        }
    }

    /// Undoes a deletion at the operator's word.
    ///
    /// Spec: O-329
    pub async fn reopen_by_operator(&self, id: &AccountId) -> Result<()> {
        loop {
            let entry = self.storage.entry(&key(id.as_str())).await?.ok_or(Refusal::NotClosing)?;
            if self.open_again(id, entry.version, &serde_json::from_slice(&entry.value)?).await? {
                return Ok(());
            }
        }
    }

    /// `false`: somebody wrote first.
    async fn open_again(&self, id: &AccountId, version: Version, way_back: &WayBack) -> Result<bool> {
        let mut draft = self.draft(id).await?;
        self.keep_account(&mut draft, version, way_back)?;
        self.saved_with_pods(draft, false).await
    }

    /// Undoes the deletion of an account along with another change; whether it was about to be deleted. If it was, the
    /// draft is for [`Accounts::saved_with_pods`].
    ///
    /// Spec: O-329
    pub(super) async fn take_back_closing(&self, draft: &mut Draft) -> Result<bool> {
        if draft.account().closing.is_none() {
            return Ok(false);
        }
        let entry = self.storage.entry(&key(draft.account().id.as_str())).await?.ok_or(Refusal::NotClosing)?;
        self.keep_account(draft, entry.version, &serde_json::from_slice(&entry.value)?)?;
        Ok(true)
    }

    fn keep_account(&self, draft: &mut Draft, version: Version, way_back: &WayBack) -> Result<()> {
        draft.close(None, way_back.disabled);
        draft.note(self.clock.now(), Happened::Reopened)?;
        let key = key(draft.account().id.as_str()).into();
        draft.write(EntryWrite { key, expected: EntryIs::At(version), value: None });
        if let Some(login) = draft.account().login.clone() {
            let language = draft.account().speaks();
            draft.write(self.letter(&Letter::Reopened, &login.email, language));
        }
        Ok(())
    }

    /// Writes a draft that closes the pods of its account, or opens them again.
    pub(super) async fn saved_with_pods(&self, draft: Draft, closed: bool) -> Result<bool> {
        let mut change = Change::of(Scope::House, self.clock.now());
        let pods = self.pods_of(draft.account()).await?;
        change.closed = pods.into_iter().map(|pod| (pod, closed)).collect();
        self.saved_as(draft, change).await
    }

    /// The pods of an account that are there.
    pub async fn pods_of(&self, account: &Account) -> Result<Vec<PodId>> {
        let mut pods = Vec::new();
        for name in &account.pods {
            pods.extend(self.storage.pod(name).await?.map(|pod| pod.id));
        }
        Ok(pods)
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
        for prefix in ["event", "consent", "granted", "email-undo", "guardian"].map(|kind| format!("{kind}/{id}/")) {
            loop {
                let entries = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit: PAGE }).await?;
                if entries.is_empty() {
                    break;
                }
                self.commit(entries.into_iter().map(|entry| gone(&entry.key))).await?;
            }
        }
        let mut own = self.draft(&account.id).await?;
        own.bury_webids(&self.addresses, self.clock.now())?;
        let own = own.into_erasure(|webid| {
            self.addresses.path_of(webid).is_some() || self.addresses.webid_name(webid).is_some()
        });
        let rest = ["reset", "rescue", "email-change", "reopen", "webid-proof", "factors"]
            .map(|kind| gone(&format!("{kind}/{id}")));
        let login = account.login.as_ref();
        let told = login.map(|login| self.letter(&Letter::Erased, &login.email, account.speaks()));
        self.commit(own.into_iter().chain(rest).chain(told)).await
    }

    async fn reopening(&self, ticket: &Ticket) -> Result<(AccountId, Version, WayBack)> {
        let id = AccountId::parse(&ticket.holder).ok_or(Refusal::DeadLink)?;
        let entry = self.storage.entry(&key(&ticket.holder)).await?.ok_or(Refusal::DeadLink)?;
        let way_back: WayBack = serde_json::from_slice(&entry.value)?;
        let admitted = way_back.kept.admits(ticket, self.clock.now());
        if admitted { Ok((id, entry.version, way_back)) } else { Err(Refusal::DeadLink.into()) }
    }
}

fn gone(key: &str) -> EntryWrite {
    EntryWrite { key: key.into(), expected: EntryIs::Anything, value: None }
}
