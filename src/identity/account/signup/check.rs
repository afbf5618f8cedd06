//! Proving the address of a sign-up, by a letter with a link.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::letter::Letter;
use super::super::throttle::Counted;
use super::super::ticket::{Kept, Ticket};
use super::super::{AccountId, Accounts, Email, Refusal, Result, draft};
use super::{Signup, SignupToken, Step, key, signup_entry};
use crate::storage::{EntryIs, EntryWrite, Version};

/// How long the link that proves an address works.
///
/// Spec: O-322
const CHECK: Duration = Duration::from_hours(24);

/// A link that was sent, and the address that it proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Check {
    pub kept: Kept,
    pub email: Email,
}

/// Where a sign-up goes on after its address was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// In the browser that proved it, with this token.
    Here(SignupToken),
    /// In the browser where it began: there a school vouches for somebody.
    WhereItBegan,
}

impl Accounts {
    /// Writes to the address. If it has an account, its owner is told so; whoever asks cannot see the difference.
    ///
    /// Spec: O-322, CP-05
    pub async fn sign_up_check(&self, token: &SignupToken) -> Result<()> {
        let (mut signup, version) = self.read_signup(&token.id()).await?.ok_or(Refusal::NoSignUp)?;
        let email = signup.email.clone().filter(|_| self.reached(&signup) == Step::Check);
        let email = email.ok_or(Refusal::OutOfTurn)?;
        self.count(Counted::Letters(&email)).await?;
        let known = self.storage.entry(&draft::email_key(&email)).await?.is_some();
        let ticket = Ticket::new(&token.id());
        signup.check = Some(Check { kept: ticket.kept(self.clock.now().plus(CHECK)), email: email.clone() });
        let link = self.page_of("signup/confirm", &ticket);
        let letter = if known { Letter::HasAccount } else { Letter::Check { link } };
        let written = signup_entry(&token.id(), &signup, EntryIs::At(version))?;
        self.commit([written, self.letter(&letter, &email, signup.language)]).await
    }

    /// The sign-up that a link belongs to, if it still works.
    ///
    /// Spec: O-322
    pub async fn signup_of(&self, ticket: &Ticket) -> Result<Signup> {
        Ok(self.checked_signup(ticket).await?.0)
    }

    /// Takes an address as proved. A sign-up of somebody whom no school sends goes on in the browser that has the
    /// link: whoever typed another person's address is left with nothing, and what they answered as a secret is
    /// asked again.
    ///
    /// Spec: O-322, CP-05
    pub async fn confirm_signup(&self, ticket: &Ticket, browser: Option<&SignupToken>) -> Result<Confirmed> {
        let (mut signup, version) = self.checked_signup(ticket).await?;
        signup.verified = signup.email.clone();
        signup.check = None;
        let id = &*ticket.holder;
        let here = browser.filter(|token| token.id() == id);
        if here.is_some() || signup.person.is_some() {
            self.commit([signup_entry(id, &signup, EntryIs::At(version))?]).await?;
            return Ok(here.cloned().map_or(Confirmed::WhereItBegan, Confirmed::Here));
        }
        (signup.password, signup.passkey, signup.contacts) = (None, None, None);
        signup.account = AccountId::random();
        let token = SignupToken::random();
        let gone = EntryWrite { key: key(id), expected: EntryIs::At(version), value: None };
        self.commit(self.new_signup(&token, &signup)?.into_iter().chain([gone])).await?;
        Ok(Confirmed::Here(token))
    }

    async fn checked_signup(&self, ticket: &Ticket) -> Result<(Signup, Version)> {
        let (signup, version) = self.read_signup(&ticket.holder).await?.ok_or(Refusal::DeadLink)?;
        let now = self.clock.now();
        let check = signup.check.as_ref().filter(|check| Some(&check.email) == signup.email.as_ref());
        let admitted = check.is_some_and(|check| check.kept.admits(ticket, now));
        if admitted { Ok((signup, version)) } else { Err(Refusal::DeadLink.into()) }
    }
}
