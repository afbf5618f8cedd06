//! Minors: below the age of digital consent, optional services need the agreement of who holds parental responsibility,
//! besides the pupil's own.
//!
//! The space itself works without it. A guardian is asked by a letter to an address that the pupil gives, reads a text
//! with a version, and can change the answer at any time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::letter::Letter;
use super::terms::Terms;
use super::throttle::Counted;
use super::ticket::{Kept, Ticket};
use super::{Acceptance, Account, AccountId, Accounts, Consent, Email, Event, Happened, NEW, Refusal, Result, json};
use crate::language::Language;
use crate::storage::{EntryIs, EntryWrite, Version};

/// How long the link works that asks.
///
/// Spec: O-322
const QUESTION: Duration = Duration::from_hours(24);
/// How long the link works with which an answer is changed: as long as consents are kept.
const CHANGE: Duration = Duration::from_hours(5 * 365 * 24);
/// Characters of a guardian's name.
const LONGEST: usize = 120;

/// What the server does beyond keeping the space, and its owner may do without. What comes later (connectors, grants)
/// is a line here.
///
/// Spec: O-312
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// News of the service by mail.
    News,
    /// Contacts of the school come into the space.
    Contacts,
}

impl Service {
    pub const ALL: [Self; 2] = [Self::News, Self::Contacts];
}

/// What somebody who holds parental responsibility answered.
///
/// Spec: O-312
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardianConsent {
    pub given: bool,
    /// As they wrote it.
    pub name: String,
    pub email: Email,
    /// The text that they read, in which language, and when they answered.
    pub text: Acceptance,
}

/// A link that was sent to a guardian.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    kept: Kept,
    email: Email,
}

impl Account {
    /// Whether an optional service may be used for this account: its owner wants it, and a minor's guardian agrees.
    /// Whatever is optional asks here, each time.
    ///
    /// Spec: O-312
    pub fn may_use(&self, service: Service) -> bool {
        self.wants(service) && self.has_consent()
    }

    /// Whether its owner wants an optional service.
    pub fn wants(&self, service: Service) -> bool {
        match service {
            Service::News => self.newsletter,
            Service::Contacts => self.contacts.is_some_and(|consent| consent.given),
        }
    }

    /// Whether nobody else has to agree, or they did.
    ///
    /// Spec: O-312
    pub fn has_consent(&self) -> bool {
        !self.minor || self.guardian.as_ref().is_some_and(|consent| consent.given)
    }
}

/// The text that guardians read.
pub fn text() -> Terms {
    Terms::new(include_str!("guardian/fr.txt"), include_str!("guardian/en.txt")).unwrap_or_default()
}

fn prefix(account: &str) -> String {
    format!("guardian/{account}/")
}

fn key(ticket: &Ticket) -> String {
    format!("{}{}", prefix(&ticket.holder), ticket.hash())
}

impl Accounts {
    /// Records whether contacts of the school may come in.
    ///
    /// Spec: CP-07
    pub async fn allow_contacts(&self, id: &AccountId, given: bool) -> Result<()> {
        loop {
            let mut draft = self.draft(id).await?;
            draft.set_contacts(Consent { given, at: self.clock.now() });
            if self.saved(draft).await? {
                return Ok(());
            }
        }
    }

    /// Asks a guardian by letter.
    ///
    /// Spec: O-312, O-322
    pub async fn ask_guardian(&self, id: &AccountId, email: &Email) -> Result<()> {
        let account = self.account(id).await?.filter(|account| account.minor).ok_or(Refusal::NoSuchAccount)?;
        if account.login.as_ref().is_some_and(|login| login.email == *email) {
            return Err(Refusal::OwnAddress.into());
        }
        self.count(Counted::Letters(email)).await?;
        let pod = account.pods.first().map(ToString::to_string).unwrap_or_default();
        let entries = self.question(&account, &pod, email)?;
        self.commit(entries).await
    }

    /// The letter that asks a guardian, to be written with what makes it necessary. It names the pupil by their pod.
    pub(super) fn question(&self, account: &Account, pod: &str, email: &Email) -> Result<[EntryWrite; 3]> {
        let (now, ticket) = (self.clock.now(), Ticket::new(account.id.as_str()));
        let letter = Letter::Guardian { pod: pod.to_owned(), link: self.page_of("guardian", &ticket) };
        let told = Event::entry(now, &account.id, Happened::GuardianAsked)?;
        let kept = Asked { kept: ticket.kept(now.plus(QUESTION)), email: email.clone() };
        let kept = EntryWrite { key: key(&ticket).into(), expected: NEW, value: Some(json(&kept)?) };
        Ok([kept, told, self.letter(&letter, email, account.speaks())])
    }

    /// The account that a guardian's link is about, if it still works.
    pub async fn asks_guardian(&self, ticket: &Ticket) -> Result<Account> {
        let (id, ..) = self.asked(ticket).await?;
        Ok(self.account(&id).await?.ok_or(Refusal::DeadLink)?)
    }

    /// Records what a guardian answers, and sends the link with which it can be changed.
    ///
    /// Spec: O-312
    pub async fn answer_guardian(&self, ticket: &Ticket, given: bool, name: &str, language: Language) -> Result<()> {
        let name: String = name.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        if name.is_empty() {
            return Err(Refusal::NoName.into());
        }
        loop {
            let (id, asked, version) = self.asked(ticket).await?;
            let (now, change) = (self.clock.now(), Ticket::new(id.as_str()));
            let mut draft = self.draft(&id).await?;
            let text = text().accept(language, now);
            let consent = GuardianConsent { given, name: name.clone(), email: asked.email.clone(), text };
            draft.account.guardian = Some(consent);
            draft.note(now, Happened::GuardianAnswered { given })?;
            draft.write(EntryWrite { key: key(ticket).into(), expected: EntryIs::At(version), value: None });
            let next = Asked { kept: change.kept(now.plus(CHANGE)), email: asked.email.clone() };
            draft.write(EntryWrite { key: key(&change).into(), expected: NEW, value: Some(json(&next)?) });
            let pod = draft.account().pods.first().map(ToString::to_string).unwrap_or_default();
            let letter = Letter::GuardianAnswered { pod, given, link: self.page_of("guardian", &change) };
            draft.write(self.letter(&letter, &asked.email, language));
            if self.saved(draft).await? {
                return Ok(());
            }
        }
    }

    async fn asked(&self, ticket: &Ticket) -> Result<(AccountId, Asked, Version)> {
        let id = AccountId::parse(&ticket.holder).ok_or(Refusal::DeadLink)?;
        let entry = self.storage.entry(&key(ticket)).await?.ok_or(Refusal::DeadLink)?;
        let asked: Asked = serde_json::from_slice(&entry.value)?;
        let admitted = asked.kept.admits(ticket, self.clock.now());
        if admitted { Ok((id, asked, entry.version)) } else { Err(Refusal::DeadLink.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::identity::account::{Consent, Draft};

    /// Shows: O-312
    #[test]
    fn a_minor_needs_both_to_agree_and_an_adult_only_themselves() {
        let at = Timestamp::from_seconds(1);
        for (minor, own, guardian, may) in [
            (false, true, None, true),
            (false, false, Some(true), false),
            (true, true, None, false),
            (true, true, Some(false), false),
            (true, false, Some(true), false),
            (true, true, Some(true), true),
        ] {
            let mut draft = Draft::new(at);
            draft.account.minor = minor;
            draft.set_wishes(own, Some(Consent { given: own, at }));
            draft.account.guardian = guardian.map(|given| GuardianConsent {
                given,
                name: "Annick Fictif".to_owned(),
                email: Email::parse("annick@example.org").unwrap(),
                text: text().accept(Language::French, at),
            });
            for service in Service::ALL {
                assert_eq!(draft.account().may_use(service), may, "{minor} {own} {guardian:?}");
            }
        }
    }

    #[test]
    fn the_text_says_the_same_in_both_languages() {
        let text = text();
        assert_ne!(text.version(), Terms::default().version());
        let [french, english] = [Language::French, Language::English].map(|language| text.sections(language));
        assert_eq!(french.len(), english.len());
        assert!(french.iter().chain(&english).all(|part| !part.heading.is_empty() && part.text.len() > 40));
    }
}
