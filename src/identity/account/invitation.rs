//! Invitations to sign up, for a server that takes in nobody else: each opens one account.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ticket::{Kept, Ticket};
use super::{Accounts, NEW, Refusal, Result, json};
use crate::clock::Timestamp;
use crate::jobs::Task;
use crate::storage::{EntryIs, EntryWrite, KeyRange};

/// What the keys of invitations begin with.
const PREFIX: &str = "invite/";
/// Invitations that are listed at a time.
const PAGE: usize = 500;

/// An invitation that nobody has used yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// What the operator calls it.
    pub note: Option<String>,
    pub until: Timestamp,
    kept: Kept,
}

/// The record of an invitation, which is also its name.
pub(super) fn key(ticket: &Ticket) -> String {
    format!("{PREFIX}{}", ticket.hash())
}

impl Accounts {
    /// Makes an invitation, and gives the address at which somebody uses it.
    pub async fn invite(&self, note: Option<&str>, lasts: Duration) -> Result<String> {
        let (now, ticket) = (self.clock.now(), Ticket::new("invite"));
        let until = now.plus(lasts);
        let invitation = Invitation { note: note.map(str::to_owned), until, kept: ticket.kept(until) };
        let key: std::sync::Arc<str> = key(&ticket).into();
        let forget = self.jobs.entry(&Task::Forget { key: (*key).into() }, until);
        let value = Some(json(&invitation)?);
        self.commit([EntryWrite { key, expected: NEW, value }, forget]).await?;
        Ok(format!("{}.account/signup/?invite={}", self.addresses.base(), ticket.reveal()))
    }

    /// The invitations that nobody has used, by name.
    pub async fn invitations(&self) -> Result<Vec<(String, Invitation)>> {
        let mut found = Vec::new();
        let mut after: Option<std::sync::Arc<str>> = None;
        loop {
            let range = KeyRange { prefix: PREFIX, after: after.as_deref(), limit: PAGE };
            let page = self.storage.entries(range).await?;
            for entry in &page {
                let name = entry.key.strip_prefix(PREFIX).unwrap_or_default().to_owned();
                found.push((name, serde_json::from_slice(&entry.value)?));
            }
            after = page.last().map(|entry| entry.key.clone());
            if page.len() < PAGE {
                return Ok(found);
            }
        }
    }

    /// Takes an invitation back.
    pub async fn take_back_invitation(&self, name: &str) -> Result<()> {
        let key = format!("{PREFIX}{name}");
        let entry = self.storage.entry(&key).await?.ok_or(Refusal::DeadLink)?;
        self.commit([EntryWrite { key: key.into(), expected: EntryIs::At(entry.version), value: None }]).await
    }

    /// Whether an invitation can still be used.
    pub async fn is_invited(&self, ticket: &Ticket) -> Result<bool> {
        let invitation: Option<Invitation> = self.entry(&key(ticket)).await?;
        Ok(invitation.is_some_and(|invitation| invitation.kept.admits(ticket, self.clock.now())))
    }

    /// What uses an invitation up, if it can still be used.
    pub(super) async fn use_up(&self, key: &str) -> Result<EntryWrite> {
        let entry = self.storage.entry(key).await?.ok_or(Refusal::SignUpClosed)?;
        Ok(EntryWrite { key: key.into(), expected: EntryIs::At(entry.version), value: None })
    }
}
