//! Back in for whoever has lost every way: two people who look after the server agree on it, the owner is told and has
//! three days to stop it, and every step is among the events that the owner reads.
//!
//! What changes is who can come in, nothing else: WebID, pods and data stay as they are.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::letter::Letter;
use super::ticket::{Kept, Ticket};
use super::{AccountId, Accounts, Draft, Email, Event, Happened, Refusal, Result, draft, factor, json};
use crate::clock::Timestamp;
use crate::jobs::Task;
use crate::storage::{EntryIs, EntryWrite, Version};

/// How long the owner has to stop it.
///
/// Spec: O-307
const NOTICE: Duration = Duration::from_hours(72);
/// How long the link works that comes then.
///
/// Spec: O-322
const LINK: Duration = Duration::from_hours(24);
/// Characters of an operator's name.
const LONGEST: usize = 80;

/// What is to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// The second factor goes; password and schools stay.
    Factors,
    /// A new password by a link; the second factor goes with it.
    WayIn,
}

/// What was asked for, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rescue {
    remedy: Remedy,
    /// Another address, if the owner has lost theirs.
    email: Option<Email>,
    asked_by: String,
    step: Step,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    Asked,
    /// It is done when this is due, unless the link is used that stops it.
    Approved {
        due: Timestamp,
        stop: Kept,
    },
    /// A link is on its way.
    Sent {
        link: Kept,
    },
}

pub(super) fn key(account: &str) -> String {
    format!("rescue/{account}")
}

fn entry(account: &AccountId, expected: EntryIs, rescue: Option<&Rescue>) -> Result<EntryWrite> {
    let value = rescue.map(json).transpose()?;
    Ok(EntryWrite { key: key(account.as_str()).into(), expected, value })
}

/// A name that the owner can read: one line, not too long.
fn operator(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let good = !name.is_empty() && name.chars().count() <= LONGEST && !name.chars().any(char::is_control);
    if good { Ok(name.to_owned()) } else { Err(Refusal::NoOperator) }
}

impl Accounts {
    /// Asks for a rescue, in the name of one who looks after the server. What was asked before is forgotten.
    ///
    /// Spec: O-307, O-344
    pub async fn ask_rescue(&self, id: &AccountId, remedy: Remedy, email: Option<&Email>, by: &str) -> Result<()> {
        let by = operator(by)?;
        let account = self.account(id).await?.ok_or(Refusal::NoSuchAccount)?;
        if remedy == Remedy::WayIn && account.login.is_none() && email.is_none() {
            return Err(Refusal::NoEmail.into());
        }
        if let Some(email) = email
            && self.storage.entry(&draft::email_key(email)).await?.is_some()
        {
            return Err(Refusal::EmailTaken.into());
        }
        let rescue = Rescue { remedy, email: email.cloned(), asked_by: by.clone(), step: Step::Asked };
        let told = Event::entry(self.clock.now(), id, Happened::RescueAsked { remedy, operator: by })?;
        self.commit([entry(id, EntryIs::Anything, Some(&rescue))?, told]).await
    }

    /// Agrees to a rescue, in the name of somebody else. The owner is told, and has until the time that this gives to
    /// stop it.
    ///
    /// Spec: O-307, O-344
    pub async fn approve_rescue(&self, id: &AccountId, by: &str) -> Result<Timestamp> {
        let by = operator(by)?;
        loop {
            let (mut rescue, version) = self.rescue(id).await?.ok_or(Refusal::NoRescue)?;
            if rescue.step != Step::Asked {
                return Err(Refusal::NoRescue.into());
            }
            if rescue.asked_by.to_lowercase() == by.to_lowercase() {
                return Err(Refusal::SameOperator.into());
            }
            let now = self.clock.now();
            let (due, ticket) = (now.plus(NOTICE), Ticket::new(id.as_str()));
            rescue.step = Step::Approved { due, stop: ticket.kept(due) };
            let mut draft = self.draft(id).await?;
            draft.note(now, Happened::RescueApproved { remedy: rescue.remedy, operator: by.clone() })?;
            draft.write(entry(id, EntryIs::At(version), Some(&rescue))?);
            draft.write(self.jobs.entry(&Task::Rescue { account: id.as_str().into(), due }, due));
            if let Some(login) = draft.account().login.clone() {
                let operators = [rescue.asked_by, by.clone()];
                let stop = self.page_of("rescue/stop", &ticket);
                let letter = Letter::Rescue { remedy: rescue.remedy, operators, due, stop };
                let language = draft.account().speaks();
                draft.write(self.letter(&letter, &login.email, language));
            }
            if self.saved(draft).await? {
                return Ok(due);
            }
        }
    }

    /// Whether a link still stops a rescue.
    pub async fn admits_stop(&self, ticket: &Ticket) -> Result<()> {
        self.stoppable(ticket).await.map(|_| ())
    }

    /// Stops a rescue: the owner does not want it.
    ///
    /// Spec: O-307
    pub async fn stop_rescue(&self, ticket: &Ticket) -> Result<()> {
        let (id, version) = self.stoppable(ticket).await?;
        let told = Event::entry(self.clock.now(), &id, Happened::RescueStopped)?;
        self.commit([entry(&id, EntryIs::At(version), None)?, told]).await
    }

    async fn stoppable(&self, ticket: &Ticket) -> Result<(AccountId, Version)> {
        let id = AccountId::parse(&ticket.holder).ok_or(Refusal::DeadLink)?;
        match self.rescue(&id).await? {
            Some((Rescue { step: Step::Approved { stop, .. }, .. }, version))
                if stop.admits(ticket, self.clock.now()) =>
            {
                Ok((id, version))
            }
            _ => Err(Refusal::DeadLink.into()),
        }
    }

    /// Does what was agreed on, once the owner has had time to stop it. A job that comes twice does nothing the second
    /// time.
    ///
    /// Spec: O-307, O-344
    pub async fn carry_out_rescue(&self, id: &AccountId, due: Timestamp) -> Result<()> {
        loop {
            let Some((rescue, version)) = self.rescue(id).await? else { return Ok(()) };
            match rescue.step {
                Step::Approved { due: agreed, .. } if agreed == due && self.clock.now() >= due => {}
                _ => return Ok(()),
            }
            let mut draft = self.draft(id).await?;
            match rescue.remedy {
                Remedy::Factors => self.drop_factors(&mut draft, version)?,
                Remedy::WayIn => self.send_way_in(&mut draft, rescue, version)?,
            }
            if self.saved(draft).await? {
                return Ok(());
            }
        }
    }

    fn drop_factors(&self, draft: &mut Draft, version: Version) -> Result<()> {
        let id = draft.account().id.clone();
        draft.write(entry(&id, EntryIs::At(version), None)?);
        draft.give_up(factor::key(&id));
        draft.note(self.clock.now(), Happened::Rescued { remedy: Remedy::Factors })?;
        if let Some(login) = draft.account().login.clone() {
            let language = draft.account().speaks();
            draft.write(self.letter(&Letter::FactorsDropped, &login.email, language));
        }
        Ok(())
    }

    fn send_way_in(&self, draft: &mut Draft, mut rescue: Rescue, version: Version) -> Result<()> {
        let account = draft.account();
        let (id, language) = (account.id.clone(), account.speaks());
        let own = account.login.as_ref().map(|login| login.email.clone());
        let email = rescue.email.clone().or(own).ok_or(Refusal::NoEmail)?;
        let ticket = Ticket::new(id.as_str());
        rescue.step = Step::Sent { link: ticket.kept(self.clock.now().plus(LINK)) };
        draft.write(entry(&id, EntryIs::At(version), Some(&rescue))?);
        let letter = Letter::WayIn { link: self.page_of("reset/choose", &ticket) };
        draft.write(self.letter(&letter, &email, language));
        Ok(())
    }

    /// The rescue whose link this is, if it still works.
    pub(super) async fn rescue_of(&self, ticket: &Ticket) -> Result<Option<(Rescue, Version)>> {
        let Some(id) = AccountId::parse(&ticket.holder) else { return Ok(None) };
        let now = self.clock.now();
        let found = self.rescue(&id).await?;
        Ok(found.filter(|(rescue, _)| matches!(&rescue.step, Step::Sent { link } if link.admits(ticket, now))))
    }

    /// Prepares the account for a new password: the owner's new address, and no second factor.
    ///
    /// Spec: O-307, O-344
    pub(super) fn rescued(&self, draft: &mut Draft, rescue: &Rescue) -> Result<()> {
        let id = draft.account().id.clone();
        if let Some(email) = &rescue.email {
            draft.move_to(email)?;
        }
        draft.give_up(factor::key(&id));
        draft.note(self.clock.now(), Happened::Rescued { remedy: Remedy::WayIn })
    }

    async fn rescue(&self, id: &AccountId) -> Result<Option<(Rescue, Version)>> {
        let Some(entry) = self.storage.entry(&key(id.as_str())).await? else { return Ok(None) };
        Ok(Some((serde_json::from_slice(&entry.value)?, entry.version)))
    }
}
