//! A forgotten password: a link by mail, and a new password in its place.

use std::net::IpAddr;
use std::time::Duration;

use super::letter::Letter;
use super::throttle::Counted;
use super::ticket::{Kept, Ticket};
use super::{AccountId, Accounts, Email, Happened, Password, Refusal, Result, json};
use crate::jobs::Task;
use crate::storage::{EntryIs, EntryWrite, Version};

/// How long the link works.
///
/// Spec: O-326
const LIFETIME: Duration = Duration::from_hours(1);

/// The one link that works for an account: asking again makes the one before useless.
///
/// Spec: O-326
fn key(account: &str) -> String {
    format!("reset/{account}")
}

impl Accounts {
    /// Asks for a link. What happens here is the same for every address, so that nobody learns which have accounts;
    /// [`Accounts::send_reset`] looks later.
    ///
    /// Spec: O-322, O-326
    pub async fn ask_reset(&self, email: &Email, from: Option<IpAddr>) -> Result<()> {
        if let Some(address) = from {
            self.count(Counted::Strangers(address)).await?;
        }
        self.count(Counted::Letters(email)).await?;
        Ok(self.jobs.queue(&Task::Reset { email: email.as_str().into() }, self.clock.now()).await?)
    }

    /// Sends the link, if the address has an account that is open.
    pub async fn send_reset(&self, email: &Email) -> Result<()> {
        let Some(account) = self.by_email(email).await?.filter(|account| !account.disabled) else { return Ok(()) };
        let ticket = Ticket::new(account.id.as_str());
        let until = self.clock.now().plus(LIFETIME);
        let key = key(account.id.as_str());
        let letter = Letter::Reset { link: self.page_of("reset/choose", &ticket) };
        let kept =
            EntryWrite { key: (*key).into(), expected: EntryIs::Anything, value: Some(json(&ticket.kept(until))?) };
        self.commit([kept, self.letter(&letter, email, account.speaks())]).await
    }

    /// Whose password a link sets, if it still works.
    pub async fn admits_reset(&self, ticket: &Ticket) -> Result<AccountId> {
        Ok(self.reset_of(ticket).await?.0)
    }

    /// Sets a new password. All sessions end; client credentials and applications only if `cut_off` says so. A second
    /// factor stays.
    ///
    /// Spec: O-326
    pub async fn reset_password(&self, ticket: &Ticket, new: Password, cut_off: bool) -> Result<AccountId> {
        let (id, _) = self.reset_of(ticket).await?;
        let hash = self.passwords.hash(new).await?;
        loop {
            let (_, version) = self.reset_of(ticket).await?;
            let mut draft = self.draft(&id).await?;
            let email = draft.set_password(hash.clone())?;
            draft.forget(Counted::Account(&email));
            draft.note(self.clock.now(), Happened::PasswordChanged)?;
            let language = draft.account().speaks();
            draft.write(self.letter(&Letter::PasswordChanged, &email, language));
            draft.write(EntryWrite { key: key(id.as_str()).into(), expected: EntryIs::At(version), value: None });
            if cut_off {
                draft.remove_credentials();
            }
            self.sign_out_everywhere(&mut draft).await?;
            if self.saved(draft).await? {
                return Ok(id);
            }
        }
    }

    async fn reset_of(&self, ticket: &Ticket) -> Result<(AccountId, Version)> {
        let id = AccountId::parse(&ticket.holder).ok_or(Refusal::DeadLink)?;
        let entry = self.storage.entry(&key(&ticket.holder)).await?.ok_or(Refusal::DeadLink)?;
        let kept: Kept = serde_json::from_slice(&entry.value)?;
        if kept.admits(ticket, self.clock.now()) { Ok((id, entry.version)) } else { Err(Refusal::DeadLink.into()) }
    }
}
