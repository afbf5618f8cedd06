//! What happened to an account, for its owner to see: sign-ins, changes of what lets people and programs in, and what
//! the operator did. An event is written in the commit of what it tells of.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Account, AccountId, Accounts, Leaving, NEW, Remedy, Result, json};
use crate::clock::Timestamp;
use crate::path::PodName;
use crate::secret;
use crate::storage::{EntryIs, EntryWrite, KeyRange};

/// How long events are kept.
const KEPT: Duration = Duration::from_hours(365 * 24);
/// How many of one account are kept.
const MOST: usize = 2000;
/// How many go at a time.
const SWEPT: usize = 200;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Happened {
    /// From this device, as far as it said.
    SignedIn {
        device: Option<String>,
    },
    PasswordChanged,
    /// The address that the account signs in with.
    EmailChanged,
    /// Somebody went back to a former address.
    EmailRestored,
    KeyMade {
        name: Option<String>,
    },
    KeyDeleted,
    /// Somebody whom the school at this address knows may open the account.
    SchoolLinked {
        issuer: String,
    },
    SchoolUnlinked {
        issuer: String,
    },
    /// An app or a passkey came or went.
    FactorsChanged,
    /// A new version of the terms.
    TermsAccepted {
        version: String,
    },
    /// The account may sign in as this WebID.
    WebIdLinked {
        webid: String,
    },
    WebIdUnlinked {
        webid: String,
    },
    /// A pod of this name was made.
    PodMade {
        name: PodName,
    },
    /// The profile in the pod of this name lists another issuer than before.
    IssuersChanged {
        pod: PodName,
    },
    /// The profile in the pod of this name lists no issuer any more.
    IssuersGone {
        pod: PodName,
    },
    /// An application at this host was allowed to act for the owner.
    ApplicationAllowed {
        host: String,
    },
    /// Its access was ended.
    ApplicationCutOff {
        host: String,
    },
    /// A code or refresh token of an application at this host was used twice, so that its access was ended.
    ApplicationCopied {
        host: String,
    },
    /// By the operator.
    Disabled,
    /// By the operator.
    Enabled,
    /// It is to be erased.
    Closed {
        why: Leaving,
    },
    Reopened,
    /// A letter went to who holds parental responsibility.
    GuardianAsked,
    GuardianAnswered {
        given: bool,
    },
    /// The operator took the account out of a school.
    SchoolGone {
        issuer: String,
    },
    /// One who looks after the server asked for a way back in.
    RescueAsked {
        remedy: Remedy,
        operator: String,
    },
    /// Another one agreed.
    RescueApproved {
        remedy: Remedy,
        operator: String,
    },
    /// The owner did not want it.
    RescueStopped,
    /// It was done.
    Rescued {
        remedy: Remedy,
    },
    /// The operator did something else.
    ByOperator {
        act: Act,
    },
}

/// What an operator does to an account by the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    Created,
    KeyMade,
    KeyDeleted,
    QuotaSet,
}

/// What happened, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    #[serde(flatten)]
    pub happened: Happened,
}

impl Event {
    /// The record that tells of it.
    pub(in crate::identity) fn entry(at: Timestamp, account: &AccountId, happened: Happened) -> Result<EntryWrite> {
        let suffix = u64::from_be_bytes(secret::random());
        let key = format!("{}-{suffix:016x}", from(account, at)).into();
        Ok(EntryWrite { key, expected: NEW, value: Some(json(&Self { at, happened })?) })
    }
}

/// The events of an account.
fn prefix(account: &AccountId) -> String {
    format!("event/{account}/")
}

/// Where events of this time and before begin: the latest ones come first.
fn from(account: &AccountId, at: Timestamp) -> String {
    let left = u64::MAX - u64::try_from(at.millis()).unwrap_or(0);
    format!("{}{left:016x}", prefix(account))
}

impl Accounts {
    /// Tells the owner of an account what the operator is about to do. Nothing is done that could not be told.
    ///
    /// Spec: O-344
    pub async fn note_operator(&self, id: &AccountId, act: Act) -> Result<()> {
        self.commit([Event::entry(self.clock.now(), id, Happened::ByOperator { act })?]).await
    }

    /// What happened to an account, the latest first.
    ///
    /// Spec: O-193, O-344
    pub async fn events(&self, account: &Account, limit: usize) -> Result<Vec<Event>> {
        let prefix = prefix(&account.id);
        let entries = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit }).await?;
        // A record of a later version tells of something that this one has no words for.
        Ok(entries.iter().filter_map(|entry| serde_json::from_slice(&entry.value).ok()).collect())
    }

    /// The removal of events that are old enough to be forgotten, or too many.
    pub(super) async fn old_events(&self, account: &AccountId, now: Timestamp) -> Result<Vec<EntryWrite>> {
        let (prefix, old) = (prefix(account), from(account, now.minus(KEPT)));
        let range = KeyRange { prefix: &prefix, after: None, limit: MOST + SWEPT };
        let entries = self.storage.entries(range).await?.into_iter().enumerate();
        // One place is for the event that is about to be written.
        let gone = entries.filter(|(at, entry)| *at + 1 >= MOST || *entry.key > *old).take(SWEPT);
        Ok(gone.map(|(_, entry)| EntryWrite { key: entry.key, expected: EntryIs::Anything, value: None }).collect())
    }
}
