//! Signing up, in eight steps: what somebody has answered so far, and what is asked next.
//!
//! The answers are a record of their own, found by a token that the browser keeps. No account, name or pod exists before
//! the last step, which makes them all in one commit: whatever breaks off in between is gone on with, or forgotten after
//! a week.

mod check;
mod open;
mod step;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use check::Check;
pub use check::Confirmed;
use serde::{Deserialize, Serialize};
pub use step::Step;

use super::terms::Acceptance;
use super::throttle::Counted;
use super::ticket::{self, Ticket};
use super::{AccountId, Accounts, Comes, Email, Hash, NEW, Passkey, Password, Refusal, Result, invitation, json};
use crate::clock::Timestamp;
use crate::identity::upstream::Person;
use crate::jobs::Task;
use crate::language::Language;
use crate::path::PodName;
use crate::secret::Secret;
use crate::storage::{self, Change, EntryIs, EntryWrite, Scope, Version};

/// How long an unfinished sign-up is kept.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// How often an edit is decided again because another tab wrote first.
const ATTEMPTS: usize = 8;

/// What a browser keeps of a sign-up. Only a hash of it is kept here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignupToken(Secret);

impl SignupToken {
    fn random() -> Self {
        Self(Secret::random())
    }

    /// Reads a token; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (text.len() == 43 && plain).then(|| Self(Secret::new(text)))
    }

    /// The token itself, for the browser alone.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    fn id(&self) -> String {
        ticket::hash(&self.0)
    }
}

fn key(id: &str) -> Arc<str> {
    format!("signup/{id}").into()
}

/// A yes or no that was asked for, and when it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub given: bool,
    pub at: Timestamp,
}

/// The answers so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Signup {
    pub until: Timestamp,
    pub language: Language,
    /// Who it is, if a school sends them.
    pub person: Option<Person>,
    pub email: Option<Email>,
    /// Off until it is asked for.
    ///
    /// Spec: CP-02
    pub newsletter: bool,
    /// Where to go on afterwards.
    pub next: Option<String>,
    pub proposed: Option<PodName>,
    pub name: Option<PodName>,
    /// Whether the WebID is to live on the host for WebIDs.
    ///
    /// Spec: M-51
    #[serde(default)]
    pub apart: bool,
    pub terms: Option<Acceptance>,
    check: Option<Check>,
    pub verified: Option<Email>,
    password: Option<Hash>,
    /// The way in instead of a password.
    passkey: Option<Passkey>,
    /// The account that there will be, for passkeys name the one that they open.
    #[serde(default = "AccountId::random")]
    pub account: AccountId,
    /// Recorded only: nothing is fetched before a connector runs.
    ///
    /// Spec: CP-07
    pub contacts: Option<Consent>,
    /// Who holds parental responsibility for a minor, and is asked to agree.
    ///
    /// Spec: O-312
    #[serde(default)]
    pub guardian: Option<Email>,
    /// The record of the invitation that it uses up.
    #[serde(default)]
    invitation: Option<String>,
}

impl Signup {
    /// Whether the school gives the address, so that it cannot be changed.
    ///
    /// Spec: CP-02
    pub fn has_fixed_email(&self) -> bool {
        self.fixed_email().is_some()
    }

    fn fixed_email(&self) -> Option<Email> {
        self.person.as_ref().filter(|person| person.is_staff)?.email.as_deref().and_then(Email::parse)
    }

    /// The address to begin with: the one that was given, else the school's.
    pub fn suggested_email(&self) -> Option<Email> {
        let said = || self.person.as_ref()?.email.as_deref().and_then(Email::parse);
        self.fixed_email().or_else(|| self.email.clone()).or_else(said)
    }

    /// Whether a letter went to the address that is given now.
    pub fn was_written_to(&self) -> bool {
        self.check.as_ref().is_some_and(|check| Some(&check.email) == self.email.as_ref())
    }

    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    pub fn has_passkey(&self) -> bool {
        self.passkey.is_some()
    }
}

impl Accounts {
    /// The first question of a sign-up that is open. Where nobody comes in with a password, none is asked for, and who
    /// comes through a school needs nothing else.
    ///
    /// Spec: O-321
    pub fn reached(&self, signup: &Signup) -> Step {
        let has_way_in = signup.has_password() || signup.has_passkey();
        if signup.email.is_none() {
            Step::Email
        } else if signup.name.is_none() {
            Step::Address
        } else if !self.terms.are_accepted(&signup.terms) {
            Step::Terms
        } else if signup.verified != signup.email {
            Step::Check
        } else if !has_way_in && (self.takes_passwords() || signup.person.is_none()) {
            Step::Password
        } else if signup.contacts.is_none() {
            Step::Contacts
        } else {
            Step::Open
        }
    }

    /// Begins a sign-up: of somebody whom a school sends, or of anybody if this server takes them.
    ///
    /// Spec: O-321, O-305, CP-01, CP-03
    pub async fn begin_signup(
        &self,
        language: Language,
        person: Option<Person>,
        next: Option<String>,
        from: Option<IpAddr>,
        invitation: Option<&Ticket>,
    ) -> Result<SignupToken> {
        let invitation = match invitation {
            Some(ticket) if self.is_invited(ticket).await? => Some(invitation::key(ticket)),
            _ => None,
        };
        self.registration.admits(match (&person, &invitation) {
            (Some(_), _) => Comes::FromSchool,
            (None, Some(_)) => Comes::Invited,
            (None, None) => Comes::Alone,
        })?;
        match &person {
            Some(person) if self.by_link(&person.issuer, &person.subject).await?.is_some() => {
                return Err(Refusal::LinkedElsewhere.into());
            }
            None if let Some(address) = from => drop(self.count(Counted::Strangers(address)).await?),
            _ => {}
        }
        let name = person.as_ref().filter(|person| person.is_staff).and_then(|person| person.name.as_deref());
        let signup = Signup {
            until: self.clock.now().plus(KEPT),
            language,
            next,
            proposed: self.propose(name).await?,
            person,
            email: None,
            newsletter: false,
            name: None,
            apart: false,
            terms: None,
            check: None,
            verified: None,
            password: None,
            passkey: None,
            account: AccountId::random(),
            contacts: None,
            guardian: None,
            invitation,
        };
        let token = SignupToken::random();
        self.commit(self.new_signup(&token, &signup)?).await?;
        Ok(token)
    }

    /// The answers so far; `None` if there is no such sign-up (any more).
    pub async fn signup(&self, token: &SignupToken) -> Result<Option<Signup>> {
        Ok(self.read_signup(&token.id()).await?.map(|(signup, _)| signup))
    }

    /// Sets the address, unless the school fixes it, and whether news are wanted.
    ///
    /// Spec: CP-02
    pub async fn sign_up_email(&self, token: &SignupToken, email: Option<&Email>, newsletter: bool) -> Result<()> {
        self.answer(token, Step::Email, |signup| {
            let email = signup.fixed_email().or_else(|| email.cloned()).ok_or(Refusal::NoEmail)?;
            (signup.email, signup.newsletter) = (Some(email), newsletter);
            Ok(())
        })
        .await
    }

    /// Sets the pod's name, if it is free now, and whether the WebID lives apart from it. It is given at the last step.
    ///
    /// Spec: O-327, CP-03, M-51
    pub async fn sign_up_name(&self, token: &SignupToken, name: &PodName, apart: bool) -> Result<()> {
        self.check_name(name).await?;
        self.answer(token, Step::Address, |signup| {
            (signup.name, signup.apart) = (Some(name.clone()), apart);
            Ok(())
        })
        .await
    }

    /// Accepts the terms.
    ///
    /// Spec: O-323, CP-04
    pub async fn sign_up_terms(&self, token: &SignupToken, language: Language) -> Result<()> {
        let accepted = self.terms.accept(language, self.clock.now());
        self.answer(token, Step::Terms, |signup| {
            if !self.terms.are_accepted(&signup.terms) {
                signup.terms = Some(accepted.clone());
            }
            Ok(())
        })
        .await
    }

    /// Sets the password.
    ///
    /// Spec: O-324, CP-06
    pub async fn sign_up_password(&self, token: &SignupToken, password: Password) -> Result<()> {
        if !self.takes_passwords() {
            return Err(Refusal::NoPasswords.into());
        }
        let hash = self.passwords.hash(password).await?;
        self.answer(token, Step::Password, |signup| {
            (signup.password, signup.passkey) = (Some(hash.clone()), None);
            Ok(())
        })
        .await
    }

    /// Takes a passkey as the way in, instead of a password.
    ///
    /// Spec: O-321, O-341
    pub async fn sign_up_passkey(&self, token: &SignupToken, passkey: &Passkey) -> Result<()> {
        self.answer(token, Step::Password, |signup| {
            (signup.password, signup.passkey) = (None, Some(passkey.clone()));
            Ok(())
        })
        .await
    }

    /// Records whether the school's contacts may come in.
    ///
    /// Spec: CP-07
    pub async fn sign_up_contacts(&self, token: &SignupToken, given: bool) -> Result<()> {
        let consent = Consent { given, at: self.clock.now() };
        self.answer(token, Step::Contacts, |signup| {
            signup.contacts = Some(consent);
            Ok(())
        })
        .await
    }

    /// Sets whom to ask for a minor, if they say so.
    ///
    /// Spec: O-312
    pub async fn sign_up_guardian(&self, token: &SignupToken, guardian: Option<&Email>) -> Result<()> {
        self.answer(token, Step::Contacts, |signup| {
            if guardian.is_some() && guardian == signup.email.as_ref() {
                return Err(Refusal::OwnAddress);
            }
            signup.guardian = guardian.cloned();
            Ok(())
        })
        .await
    }

    /// Changes the answer to a question that was reached. Two tabs may answer at the same time.
    async fn answer(
        &self,
        token: &SignupToken,
        step: Step,
        answer: impl Fn(&mut Signup) -> Result<(), Refusal>,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let (mut signup, version) = self.read_signup(&token.id()).await?.ok_or(Refusal::NoSignUp)?;
            if step > self.reached(&signup) {
                return Err(Refusal::OutOfTurn.into());
            }
            answer(&mut signup)?;
            match self.commit([signup_entry(&token.id(), &signup, EntryIs::At(version))?]).await {
                Err(super::Error::Storage(storage::Error::Moved)) => {}
                done => return done,
            }
        }
        Err(storage::Error::Moved.into())
    }

    async fn read_signup(&self, id: &str) -> Result<Option<(Signup, Version)>> {
        let Some(entry) = self.storage.entry(&key(id)).await? else { return Ok(None) };
        let signup: Signup = serde_json::from_slice(&entry.value)?;
        Ok((self.clock.now() < signup.until).then_some((signup, entry.version)))
    }

    /// The entries of a sign-up that is new under this token, and of its end.
    fn new_signup(&self, token: &SignupToken, signup: &Signup) -> Result<[EntryWrite; 2]> {
        let id = token.id();
        let forget = Task::Forget { key: (*key(&id)).into() };
        Ok([signup_entry(&id, signup, NEW)?, self.jobs.entry(&forget, signup.until)])
    }

    /// Writes house records.
    pub(super) async fn commit(&self, entries: impl IntoIterator<Item = EntryWrite>) -> Result<()> {
        let mut change = Change::of(Scope::House, self.clock.now());
        change.entries.extend(entries);
        self.storage.commit(change).await?;
        Ok(())
    }
}

fn signup_entry(id: &str, signup: &Signup, expected: EntryIs) -> Result<EntryWrite> {
    Ok(EntryWrite { key: key(id), expected, value: Some(json(signup)?) })
}
