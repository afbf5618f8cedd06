//! Another e-mail address for an account: proved on the new one, told to the old one, which can take it back.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::letter::Letter;
use super::throttle::Counted;
use super::ticket::{Kept, Ticket};
use super::{AccountId, Accounts, Email, Happened, Refusal, Result, draft, json};
use crate::jobs::Task;
use crate::storage::{EntryIs, EntryWrite, KeyRange, Version};

/// How long the link to the new address works.
///
/// Spec: O-322
const PROOF: Duration = Duration::from_hours(24);
/// How long the old address can take it back.
///
/// Spec: O-328
const UNDO: Duration = Duration::from_hours(7 * 24);
/// More ways back than anybody needs.
const MOST: usize = 100;

/// A link, and the address that it is about: the new one to prove, or the old one to go back to.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pending {
    kept: Kept,
    email: Email,
}

/// The one change that waits to be proved.
pub(super) fn wish(account: &str) -> String {
    format!("email-change/{account}")
}

/// Ways back; there may be several, since a thief may change the address twice.
fn ways_back(account: &str) -> String {
    format!("email-undo/{account}/")
}

impl Accounts {
    /// Writes to the new address. The answer is the same whether it has an account.
    ///
    /// Spec: O-328
    pub async fn ask_email_change(&self, id: &AccountId, new: &Email) -> Result<()> {
        let account = self.account(id).await?.ok_or(Refusal::NoSuchAccount)?;
        self.count(Counted::Letters(new)).await?;
        let known = self.storage.entry(&draft::email_key(new)).await?.is_some();
        let ticket = Ticket::new(id.as_str());
        let pending = Pending { kept: ticket.kept(self.clock.now().plus(PROOF)), email: new.clone() };
        let link = self.page_of("email/confirm", &ticket);
        let letter = if known { Letter::HasAccount } else { Letter::NewAddress { link } };
        let kept =
            EntryWrite { key: wish(id.as_str()).into(), expected: EntryIs::Anything, value: Some(json(&pending)?) };
        self.commit([kept, self.letter(&letter, new, account.speaks())]).await
    }

    /// The new address that a link proves, if it still works.
    pub async fn email_change_of(&self, ticket: &Ticket) -> Result<Email> {
        Ok(self.pending(&wish(&ticket.holder), ticket).await?.2)
    }

    /// Takes the new address. The old one stays reserved while it can be gone back to.
    ///
    /// Spec: O-328
    pub async fn confirm_email_change(&self, ticket: &Ticket) -> Result<()> {
        loop {
            let key = wish(&ticket.holder);
            let (id, version, new) = self.pending(&key, ticket).await?;
            let mut draft = self.draft(&id).await?;
            let old = draft.change_email(new)?;
            let until = self.clock.now().plus(UNDO);
            let back = Ticket::new(id.as_str());
            let pending = Pending { kept: back.kept(until), email: old.clone() };
            let language = draft.account().speaks();
            let undo = self.page_of("email/undo", &back);
            draft.write(EntryWrite { key: key.into(), expected: EntryIs::At(version), value: None });
            draft.give_up_links();
            let key = format!("{}{}", ways_back(id.as_str()), back.hash()).into();
            draft.write(EntryWrite { key, expected: EntryIs::Absent, value: Some(json(&pending)?) });
            let release = Task::Release { account: id.as_str().into(), email: old.as_str().into() };
            draft.write(self.jobs.entry(&release, until));
            draft.write(self.letter(&Letter::AddressChanged { undo }, &old, language));
            draft.note(self.clock.now(), Happened::EmailChanged)?;
            if self.saved(draft).await? {
                return Ok(());
            }
        }
    }

    /// The address that a link leads back to, if it still works.
    pub async fn email_undo_of(&self, ticket: &Ticket) -> Result<Email> {
        Ok(self.pending(&way_back(ticket), ticket).await?.2)
    }

    /// Goes back to an old address. Whoever holds a later one loses their way back, and all sessions end. An account that
    /// was deleted meanwhile opens again: the way back from that went to the other address.
    ///
    /// Spec: O-328, O-329
    pub async fn undo_email_change(&self, ticket: &Ticket) -> Result<()> {
        loop {
            let (id, version, old) = self.pending(&way_back(ticket), ticket).await?;
            let mut draft = self.draft(&id).await?;
            draft.restore_email(&old)?;
            let others = ways_back(id.as_str());
            for way in self.storage.entries(KeyRange { prefix: &others, after: None, limit: MOST }).await? {
                let expected = if *way.key == *way_back(ticket) { EntryIs::At(version) } else { EntryIs::Anything };
                draft.write(EntryWrite { key: way.key, expected, value: None });
            }
            draft.give_up_links();
            let reopened = self.take_back_closing(&mut draft).await?;
            let language = draft.account().speaks();
            draft.write(self.letter(&Letter::AddressRestored, &old, language));
            draft.note(self.clock.now(), Happened::EmailRestored)?;
            self.sign_out_everywhere(&mut draft).await?;
            let saved = if reopened { self.saved_with_pods(draft, false).await? } else { self.saved(draft).await? };
            if saved {
                return Ok(());
            }
        }
    }

    /// Gives up an address that an account had, once it cannot be gone back to.
    pub async fn release_email(&self, id: &AccountId, email: &Email) -> Result<()> {
        let now = self.clock.now();
        let Some(account) = self.account(id).await? else { return Ok(()) };
        let mut wanted = account.login.is_some_and(|login| login.email == *email);
        let mut gone = Vec::new();
        let ways = ways_back(id.as_str());
        for way in self.storage.entries(KeyRange { prefix: &ways, after: None, limit: MOST }).await? {
            let pending: Pending = serde_json::from_slice(&way.value)?;
            let is_over = pending.kept.until <= now;
            wanted |= !is_over && pending.email == *email;
            gone.extend(is_over.then_some(way.key));
        }
        let owned = self.entry::<AccountId>(&draft::email_key(email)).await?.as_ref() == Some(id);
        gone.extend((owned && !wanted).then(|| Arc::from(draft::email_key(email))));
        self.commit(gone.into_iter().map(|key| EntryWrite { key, expected: EntryIs::Anything, value: None })).await
    }

    async fn pending(&self, key: &str, ticket: &Ticket) -> Result<(AccountId, Version, Email)> {
        let id = AccountId::parse(&ticket.holder).ok_or(Refusal::DeadLink)?;
        let entry = self.storage.entry(key).await?.ok_or(Refusal::DeadLink)?;
        let pending: Pending = serde_json::from_slice(&entry.value)?;
        let admitted = pending.kept.admits(ticket, self.clock.now());
        if admitted { Ok((id, entry.version, pending.email)) } else { Err(Refusal::DeadLink.into()) }
    }
}

fn way_back(ticket: &Ticket) -> String {
    format!("{}{}", ways_back(&ticket.holder), ticket.hash())
}
