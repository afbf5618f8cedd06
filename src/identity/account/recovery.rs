//! A forgotten password: a link by mail, and a new password in its place. The links of an invitation and of a rescue
//! lead here as well.

use std::net::IpAddr;
use std::time::Duration;

use super::letter::Letter;
use super::rescue::{self, Rescue};
use super::throttle::Counted;
use super::ticket::{Kept, Ticket};
use super::{AccountId, Accounts, Email, Happened, Password, Refusal, Result, json};
use crate::clock::Timestamp;
use crate::jobs::Task;
use crate::storage::{EntryIs, EntryWrite, Version};

/// How long the link works.
///
/// Spec: O-326
const LIFETIME: Duration = Duration::from_hours(1);

/// The one link that works for an account: asking again makes the one before useless.
///
/// Spec: O-326
pub(super) fn key(account: &str) -> String {
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
        let kept = kept(&account.id, &ticket, self.clock.now().plus(LIFETIME))?;
        let letter = Letter::Reset { link: self.page_of("reset/choose", &ticket) };
        self.commit([kept, self.letter(&letter, email, account.speaks())]).await
    }

    /// Whose password a link sets, if it still works.
    pub async fn admits_reset(&self, ticket: &Ticket) -> Result<AccountId> {
        Ok(self.reset_of(ticket).await?.account)
    }

    /// Sets a new password. All sessions end; client credentials and applications only if `cut_off` says so. A second
    /// factor stays, unless this is a rescue.
    ///
    /// Spec: O-326, O-307
    pub async fn reset_password(&self, ticket: &Ticket, new: Password, cut_off: bool) -> Result<AccountId> {
        let id = self.reset_of(ticket).await?.account;
        let hash = self.passwords.hash(new).await?;
        loop {
            let reset = self.reset_of(ticket).await?;
            let mut draft = self.draft(&id).await?;
            if let Some(rescue) = &reset.rescue {
                self.rescued(&mut draft, rescue)?;
            }
            let email = draft.set_password(hash.clone())?;
            draft.write(self.forgotten(Counted::Account(&email)));
            draft.note(self.clock.now(), Happened::PasswordChanged)?;
            draft.tell(self, &Letter::PasswordChanged);
            draft.write(EntryWrite { key: reset.key.into(), expected: EntryIs::At(reset.version), value: None });
            draft.give_up_links();
            if cut_off {
                draft.remove_credentials();
            }
            self.sign_out_everywhere(&mut draft).await?;
            if self.saved(draft).await? {
                return Ok(id);
            }
        }
    }

    async fn reset_of(&self, ticket: &Ticket) -> Result<Reset> {
        let account = AccountId::parse(&ticket.holder).ok_or(Refusal::DeadLink)?;
        if let Some(entry) = self.storage.entry(&key(&ticket.holder)).await? {
            let kept: Kept = serde_json::from_slice(&entry.value)?;
            if kept.admits(ticket, self.clock.now()) {
                return Ok(Reset { account, key: key(&ticket.holder), version: entry.version, rescue: None });
            }
        }
        let (rescue, version) = self.rescue_of(ticket).await?.ok_or(Refusal::DeadLink)?;
        Ok(Reset { account, key: rescue::key(&ticket.holder), version, rescue: Some(rescue) })
    }
}

/// What a link that works sets the password of, and the record that is used up by it.
struct Reset {
    account: AccountId,
    key: String,
    version: Version,
    rescue: Option<Rescue>,
}

/// The record of a link that was sent.
pub(super) fn kept(account: &AccountId, ticket: &Ticket, until: Timestamp) -> Result<EntryWrite> {
    let value = Some(json(&ticket.kept(until))?);
    Ok(EntryWrite { key: key(account.as_str()).into(), expected: EntryIs::Anything, value })
}
