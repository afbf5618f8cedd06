//! Leaving school: an account outlives the schools that opened it.
//!
//! An account that no school opens any more is *unaffiliated*. Its owner goes on coming in by password or passkey. Who has
//! neither is invited by letter to choose a password; if nobody can come in for a year, the account is closed, and its
//! owner can still undo that.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::letter::Letter;
use super::ticket::Ticket;
use super::{Account, AccountId, Accounts, Draft, Factors, Happened, Leaving, Link, PAGE, Result, Session, recovery};
use crate::clock::Timestamp;
use crate::jobs::Task;
use crate::storage::EntryWrite;

/// How long nobody may be able to come in before an account is closed, unless the settings say otherwise.
///
/// Spec: O-308, CP-87
pub(super) const GRACE: Duration = Duration::from_hours(365 * 24);
/// When the last reminder comes, before the grace is over.
const LAST_REMINDER: Duration = Duration::from_hours(30 * 24);
/// How long the link of an invitation works.
///
/// Spec: O-322
const INVITATION: Duration = Duration::from_hours(24);

/// That no school opens an account any more.
///
/// Spec: O-308
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unaffiliated {
    pub since: Timestamp,
    /// When its owner is reminded next, or it is closed; `None`: there is a way in.
    pub next: Option<Timestamp>,
}

/// What becomes of an account whose school is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The school did not open it.
    Unconcerned,
    /// Another school opens it, or its owner has a password or a passkey.
    Open,
    /// Its owner was invited to choose a password.
    Invited,
    /// Nobody can come in, and there is no address to write to.
    Unreachable,
}

impl Draft {
    /// Notes that no school opens the account any more, if that is so.
    ///
    /// Spec: O-308
    pub(super) fn mark_unaffiliated(&mut self, since: Timestamp, next: Option<Timestamp>) {
        if self.account.links.is_empty() {
            self.account.unaffiliated = Some(Unaffiliated { since, next });
        }
    }

    /// Removes the links to a provider, or all of them, whatever ways in remain.
    fn leave(&mut self, issuer: Option<&str>) -> Vec<Link> {
        let leaves = |link: &Link| issuer.is_none_or(|issuer| link.issuer == issuer);
        let links = std::mem::take(&mut self.account.links);
        let (gone, kept): (Vec<_>, Vec<_>) = links.into_iter().partition(leaves);
        self.account.links = kept;
        self.judge_age();
        for link in &gone {
            self.give_up(link.key());
        }
        gone
    }
}

impl Account {
    /// Whether its owner can come in without a school.
    fn has_own_way_in(&self, factors: &Factors) -> bool {
        self.has_password() || !factors.passkeys.is_empty()
    }

    /// How its owner, who cannot come in, can be reached.
    fn reached(&self) -> Left {
        if self.login.is_some() { Left::Invited } else { Left::Unreachable }
    }
}

impl Accounts {
    /// Takes an account out of a school, or of all: the pupil has left, or the school is gone. Sessions that rest on it
    /// end. Who has no other way in is invited to choose a password.
    ///
    /// Spec: O-308, O-309, CP-85
    pub async fn leave_school(&self, id: &AccountId, issuer: Option<&str>) -> Result<Left> {
        loop {
            let now = self.clock.now();
            let mut draft = self.draft(id).await?;
            let gone = draft.leave(issuer);
            if gone.is_empty() {
                return Ok(Left::Unconcerned);
            }
            for link in &gone {
                draft.note(now, Happened::SchoolGone { issuer: link.issuer.clone() })?;
            }
            let alone = draft.account().links.is_empty();
            let open = !alone || draft.account().has_own_way_in(&self.factors(id).await?);
            let left = if open { Left::Open } else { draft.account().reached() };
            draft.mark_unaffiliated(now, (!open).then(|| self.next_step(now, now)));
            if alone {
                self.tell_unaffiliated(&mut draft, left)?;
            }
            let rests = |issuer: &str| gone.iter().any(|link| link.issuer == issuer);
            let ends = |session: &Session| session.upstream.as_ref().is_some_and(|from| rests(&from.issuer));
            self.sign_out_where(&mut draft, ends).await?;
            if self.saved(draft).await? {
                return Ok(left);
            }
        }
    }

    /// Writes the letter that the owner gets now, and the job that looks at the account again.
    fn tell_unaffiliated(&self, draft: &mut Draft, left: Left) -> Result<()> {
        let account = draft.account().clone();
        let mut entries: Vec<EntryWrite> = Vec::new();
        let (since, next) = account.unaffiliated.map_or((account.created, None), |told| (told.since, told.next));
        if let Some(due) = next {
            let task = Task::Unaffiliated { account: account.id.as_str().into(), due };
            entries.push(self.jobs.entry(&task, due));
        }
        if let Some(login) = &account.login {
            let letter = if left == Left::Invited {
                let ticket = Ticket::new(account.id.as_str());
                entries.push(recovery::kept(&account.id, &ticket, self.clock.now().plus(INVITATION))?);
                Letter::Invited { link: self.page_of("reset/choose", &ticket), day: since.plus(self.grace) }
            } else {
                Letter::Unaffiliated
            };
            entries.push(self.letter(&letter, &login.email, draft.account().speaks()));
        }
        for entry in entries {
            draft.write(entry);
        }
        Ok(())
    }

    /// Reminds the owner of an account that nobody can enter, or closes it when the grace is over. A job that comes twice
    /// does nothing the second time.
    ///
    /// Spec: O-308, CP-87
    pub async fn remind_unaffiliated(&self, id: &AccountId, due: Timestamp) -> Result<()> {
        loop {
            let Some((account, entry)) = self.read(id).await? else { return Ok(()) };
            let waiting = account.unaffiliated.as_ref().filter(|unaffiliated| unaffiliated.next == Some(due));
            let (Some(unaffiliated), None) = (waiting, account.closing) else { return Ok(()) };
            let (since, now) = (unaffiliated.since, self.clock.now());
            let open = account.has_own_way_in(&self.factors(id).await?);
            if !open && now >= since.plus(self.grace) {
                return self.close(id, Leaving::Unaffiliated).await.map(|_| ());
            }
            let left = account.reached();
            let mut draft = Draft::of(account, entry.version);
            draft.mark_unaffiliated(since, (!open).then(|| self.next_step(since, now)));
            if !open {
                self.tell_unaffiliated(&mut draft, left)?;
            }
            if self.saved(draft).await? {
                return Ok(());
            }
        }
    }

    /// When something happens next: a reminder at half the grace and one shortly before its end, then the end.
    fn next_step(&self, since: Timestamp, now: Timestamp) -> Timestamp {
        let end = since.plus(self.grace);
        let reminders = [since.plus(self.grace / 2), end.minus(LAST_REMINDER)];
        reminders.into_iter().find(|reminder| *reminder > now).unwrap_or(end)
    }

    /// How many accounts each issuer opens.
    pub async fn schools(&self) -> Result<BTreeMap<String, usize>> {
        let mut schools = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.accounts(after.as_ref(), PAGE).await?;
            for link in page.iter().flat_map(|account| &account.links) {
                *schools.entry(link.issuer.clone()).or_default() += 1;
            }
            after = page.last().map(|account| account.id.clone());
            if page.len() < PAGE {
                return Ok(schools);
            }
        }
    }

    /// Takes every account out of a school that is gone. Broken off, it is done again.
    ///
    /// Spec: O-308
    pub async fn retire_school(&self, issuer: &str) -> Result<Vec<Left>> {
        let mut done = Vec::new();
        let mut after = None;
        loop {
            let page = self.accounts(after.as_ref(), PAGE).await?;
            for account in page.iter().filter(|account| account.links.iter().any(|link| link.issuer == issuer)) {
                done.push(self.leave_school(&account.id, Some(issuer)).await?);
            }
            after = page.last().map(|account| account.id.clone());
            if page.len() < PAGE {
                return Ok(done);
            }
        }
    }
}
