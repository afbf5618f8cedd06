//! Letters: to whom, about what, and on which way. What they say is told by language.

mod english;
mod french;

use super::{Account, AccountId, Accounts, Email, Leaving, Remedy, Result};
use crate::clock::Timestamp;
use crate::jobs::Task;
use crate::language::Language;
use crate::mail::Message;
use crate::path::PodName;
use crate::storage::EntryWrite;

/// A letter to the owner of an address. Links are whole URLs.
pub(super) enum Letter<'a> {
    /// Proves the address of a sign-up.
    Check {
        link: String,
    },
    /// Somebody signs up with an address that has an account, or wants to change theirs to it.
    HasAccount,
    Reset {
        link: String,
    },
    PasswordChanged,
    /// Proves a new address of an account.
    NewAddress {
        link: String,
    },
    /// To the old address, with the way back.
    AddressChanged {
        undo: String,
    },
    AddressRestored,
    /// Somebody tries passwords.
    Guessing,
    /// Somebody tries codes.
    GuessingCodes,
    /// An app or a passkey came or went.
    FactorsChanged,
    SchoolLinked {
        issuer: String,
    },
    SchoolUnlinked {
        issuer: String,
    },
    /// A code or refresh token was used twice.
    ApplicationCopied {
        host: String,
    },
    Closing {
        why: Leaving,
        day: Timestamp,
        undo: String,
    },
    Reopened,
    Erased,
    /// To who holds parental responsibility for a minor.
    Guardian {
        pod: String,
        link: String,
    },
    GuardianAnswered {
        pod: String,
        given: bool,
        link: String,
    },
    /// No school opens the account any more; its owner can come in another way.
    Unaffiliated,
    /// The same, and there is no other way in: the link sets one.
    Invited {
        link: String,
        day: Timestamp,
    },
    /// Two operators want to give back a way in.
    Rescue {
        remedy: Remedy,
        operators: [String; 2],
        due: Timestamp,
        stop: String,
    },
    WayIn {
        link: String,
    },
    FactorsDropped,
    /// The profile in a pod names an issuer that it did not name before, or none any more.
    Issuers {
        pod: &'a PodName,
        gone: bool,
    },
}

impl Accounts {
    /// A letter on its way, to be written by the commit that makes it necessary.
    pub(super) fn letter(&self, letter: &Letter<'_>, to: &Email, language: Language) -> EntryWrite {
        let (subject, body) = letter.text(language, self.addresses.base());
        let (hello, sign) = match language {
            Language::French => ("Bonjour,", "Ce message est automatique : n’y répondez pas."),
            Language::English => ("Hello,", "This message is automatic: please do not reply."),
        };
        let host = self.addresses.host();
        let text = format!("{hello}\n\n{body}\n\n-- \nCartable, {host}\n{sign}\n");
        let message = Message { to: to.as_str().into(), language, subject: subject.to_owned(), text };
        self.jobs.entry(&Task::Mail(message), self.clock.now())
    }

    /// A letter to the owner of an account, if they have an address.
    pub(super) fn tell(&self, account: &Account, letter: &Letter) -> Option<EntryWrite> {
        let login = account.login.as_ref()?;
        Some(self.letter(letter, &login.email, account.speaks()))
    }

    /// Tells the owner of an account that the access of an application at a host was ended, since it was used twice.
    ///
    /// Spec: O-168
    pub(in crate::identity) async fn tell_of_copy(&self, id: &AccountId, host: &str) -> Result<Option<EntryWrite>> {
        let letter = Letter::ApplicationCopied { host: host.to_owned() };
        Ok(self.account(id).await?.and_then(|account| self.tell(&account, &letter)))
    }

    /// A page of the account, as a link in a letter.
    pub(super) fn page_of(&self, page: &str, ticket: &super::Ticket) -> String {
        format!("{}.account/{page}/?t={}", self.addresses.base(), ticket.reveal())
    }
}

impl Letter<'_> {
    /// Subject and body.
    fn text(&self, language: Language, base: &str) -> (&'static str, String) {
        match language {
            Language::French => self.french(base),
            Language::English => self.english(base),
        }
    }
}
