//! Accounts: how people sign in here, which pods and WebIDs are theirs, and their client credentials.
//!
//! An account is one house record; e-mail addresses, WebIDs and pod names are records of their own that must be absent
//! when they are taken, so that each stays unique. All of a change goes in one commit.

mod affiliation;
mod closing;
mod codes;
mod credential;
mod draft;
mod email;
mod email_change;
mod event;
mod factor;
mod guardian;
mod half;
mod hosted;
mod id;
mod invitation;
mod letter;
mod link;
mod login;
mod naming;
mod passkey;
mod password;
mod recovery;
mod refusal;
mod registration;
mod rescue;
mod session;
mod sign_in;
pub mod signup;
pub mod terms;
mod throttle;
mod ticket;
mod totp;
mod watch;
mod webid;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use affiliation::{Left, Unaffiliated};
pub use closing::{Leaving, UNDO};
pub use codes::RecoveryCodes;
pub use credential::{Credential, CredentialId, NewCredential, Presented};
pub use draft::Draft;
pub use email::Email;
pub use event::{Act, Event, Happened};
pub use factor::Factors;
pub use guardian::{GuardianConsent, Service, text as guardian_text};
pub use half::Half;
pub use hosted::Hosted;
pub use id::AccountId;
pub use invitation::Invitation;
pub use link::Link;
pub use login::Login;
pub use passkey::{Challenge, Passkey, Passkeys};
pub use password::{Hash, Password, Passwords, Unhashed, Weak};
pub use refusal::{Error, Refusal};
pub use registration::{BadTerms, Comes, Config, Registration};
pub use rescue::Remedy;
pub use session::{Session, SessionId, SessionToken, SignedIn};
pub use sign_in::{Method, SignedInBy, UpstreamSession};
pub use signup::{Consent, Signup, SignupToken};
pub use terms::{Acceptance, Terms};
pub use ticket::Ticket;
pub use totp::{Offer, Totp};
pub use webid::{Linked, link_name};

use crate::address::Addresses;
use crate::clock::{Clock, Timestamp};
use crate::jobs::Jobs;
use crate::language::Language;
use crate::path::PodName;
use crate::secret::SecretKey;
use crate::storage::{self, Change, Committed, Entry, EntryIs, KeyRange, Scope, Storage};

/// How often an edit is decided again because someone wrote first.
const ATTEMPTS: usize = 8;
/// Accounts that are looked at a time, where all are.
const PAGE: usize = 200;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Someone who can sign in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub created: Timestamp,
    /// Nobody signs in, and no token of the account is good.
    #[serde(default)]
    pub disabled: bool,
    pub login: Option<Login>,
    /// The people at upstream providers who open it, oldest first.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Optional services need the agreement of who holds parental responsibility.
    ///
    /// Spec: O-312
    #[serde(default)]
    pub minor: bool,
    /// What who holds parental responsibility answered.
    ///
    /// Spec: O-312
    #[serde(default)]
    pub guardian: Option<GuardianConsent>,
    /// The pods that the account made, oldest first.
    pub pods: Vec<PodName>,
    /// The WebIDs that the account may sign in as, oldest first.
    pub webids: Vec<String>,
    /// The ids of its client credentials, oldest first.
    pub credentials: Vec<CredentialId>,
    /// What pages and mails speak; `None`: what the browser asks for.
    #[serde(default)]
    pub language: Option<Language>,
    /// The terms that were accepted, oldest first.
    ///
    /// Spec: O-323
    #[serde(default)]
    pub terms: Vec<Acceptance>,
    /// Whether news are wanted by mail.
    #[serde(default)]
    pub newsletter: bool,
    /// Whether contacts of the school may come in; `None`: it was not asked.
    #[serde(default)]
    pub contacts: Option<Consent>,
    /// When it is erased, if its owner has deleted it. It is disabled until then.
    ///
    /// Spec: O-329
    #[serde(default)]
    pub closing: Option<Timestamp>,
    /// A school opened it once, and none does any more.
    ///
    /// Spec: O-308
    #[serde(default)]
    pub unaffiliated: Option<Unaffiliated>,
}

impl Account {
    fn signs_in_with(&self, email: &Email) -> bool {
        self.login.as_ref().is_some_and(|login| login.email == *email)
    }

    /// What letters speak to its owner.
    pub fn speaks(&self) -> Language {
        self.language.unwrap_or(Language::French)
    }

    /// The account's WebID if there is one only, or the one that is named.
    ///
    /// Spec: O-204
    pub fn webid(&self, named: Option<&str>) -> Result<&str, Refusal> {
        match named {
            Some(webid) => self.webids.iter().find(|linked| *linked == webid),
            None => self.webids.first(),
        }
        .map(String::as_str)
        .ok_or(Refusal::NotLinked)
    }
}

/// The accounts of this server.
pub struct Accounts {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    addresses: Arc<Addresses>,
    jobs: Arc<Jobs>,
    secret: Arc<SecretKey>,
    terms: Terms,
    registration: Registration,
    /// How long nobody may be able to come in before an account is closed.
    grace: Duration,
    /// Whether passwords open accounts.
    takes_passwords: bool,
    /// The most pods of an account.
    most_pods: usize,
    passwords: Passwords,
    standing: credential::Standing,
    running: session::Running,
}

impl Accounts {
    /// Accounts with the usual settings; letters go out by `jobs`.
    pub fn new(
        storage: Arc<dyn Storage>,
        clock: Arc<dyn Clock>,
        addresses: Arc<Addresses>,
        jobs: Arc<Jobs>,
        secret: Arc<SecretKey>,
    ) -> Self {
        let (standing, running) = (credential::Standing::default(), session::Running::default());
        let (terms, registration) = (Terms::default(), Registration::of(&addresses));
        let (passwords, grace) = (Passwords::default(), affiliation::GRACE);
        Self {
            storage,
            clock,
            addresses,
            jobs,
            secret,
            terms,
            registration,
            grace,
            most_pods: Config::default().pods,
            takes_passwords: true,
            passwords,
            standing,
            running,
        }
    }

    /// Where accounts are kept.
    pub fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// The account of this id.
    pub async fn account(&self, id: &AccountId) -> Result<Option<Account>> {
        Ok(self.read(id).await?.map(|(account, _)| account))
    }

    /// The account that signs in with this address.
    pub async fn by_email(&self, email: &Email) -> Result<Option<Account>> {
        match self.entry::<AccountId>(&draft::email_key(email)).await? {
            // A former address stays taken for a while, but signs nobody in.
            Some(id) => Ok(self.account(&id).await?.filter(|account| account.signs_in_with(email))),
            None => Ok(None),
        }
    }

    /// The account that signs in as this WebID.
    pub async fn by_webid(&self, webid: &str) -> Result<Option<Account>> {
        match self.entry::<AccountId>(&draft::webid_key(webid)).await? {
            Some(id) => self.account(&id).await,
            None => Ok(None),
        }
    }

    /// Accounts in the order of their ids, after `after`.
    pub async fn accounts(&self, after: Option<&AccountId>, limit: usize) -> Result<Vec<Account>> {
        let after = after.map(AccountId::key);
        let range = KeyRange { prefix: "account/", after: after.as_deref(), limit };
        let entries = self.storage.entries(range).await?;
        entries.iter().map(|entry| Ok(serde_json::from_slice(&entry.value)?)).collect()
    }

    /// Disables an account, or enables it again: the operator does. Its owner can see that it was done.
    pub async fn set_disabled(&self, id: &AccountId, disabled: bool) -> Result<()> {
        self.edit(id, |draft| {
            if draft.account().closing.is_some() {
                return Err(Error::from(Refusal::Closing));
            }
            draft.set_disabled(disabled);
            draft.note(self.clock.now(), if disabled { Happened::Disabled } else { Happened::Enabled })
        })
        .await
    }

    /// Sets what pages and mails speak to this account.
    pub async fn set_language(&self, id: &AccountId, language: Language) -> Result<()> {
        self.edit(id, |draft| {
            draft.set_language(language);
            Ok::<_, Refusal>(())
        })
        .await
    }

    /// Opens an account for changes that go with others in one commit; see [`Accounts::save`].
    pub async fn draft(&self, id: &AccountId) -> Result<Draft> {
        let (account, entry) = self.read(id).await?.ok_or(Refusal::NoSuchAccount)?;
        Ok(Draft::of(account, entry.version))
    }

    /// Writes a draft as a part of `change`. [`storage::Error::Moved`] asks to decide again.
    pub async fn save(&self, draft: Draft, mut change: Change) -> Result<Committed> {
        change.entries.extend(draft.into_entries()?);
        match self.storage.commit(change).await {
            Err(storage::Error::Taken(what)) => Err(draft::taken(&what).into()),
            done => Ok(done?),
        }
    }

    /// Reads an account, edits it and writes it, as often as others get in between.
    async fn edit<T, E: Into<Error>>(&self, id: &AccountId, edit: impl Fn(&mut Draft) -> Result<T, E>) -> Result<T> {
        for _ in 0..ATTEMPTS {
            let mut draft = self.draft(id).await?;
            let made = edit(&mut draft).map_err(Into::into)?;
            match self.save(draft, Change::of(Scope::House, self.clock.now())).await {
                Err(Error::Storage(storage::Error::Moved)) => {}
                done => return done.map(|_| made),
            }
        }
        Err(storage::Error::Moved.into())
    }

    /// Writes a draft; `false`: somebody wrote first, decide again.
    async fn saved(&self, draft: Draft) -> Result<bool> {
        self.saved_as(draft, Change::of(Scope::House, self.clock.now())).await
    }

    /// As [`Accounts::saved`], as a part of `change`.
    async fn saved_as(&self, draft: Draft, change: Change) -> Result<bool> {
        match self.save(draft, change).await {
            Ok(_) => Ok(true),
            Err(Error::Storage(storage::Error::Moved)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn read(&self, id: &AccountId) -> Result<Option<(Account, Entry)>> {
        match self.storage.entry(&id.key()).await? {
            Some(entry) => Ok(Some((serde_json::from_slice(&entry.value)?, entry))),
            None => Ok(None),
        }
    }

    /// The value of a house record.
    async fn entry<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let entry = self.storage.entry(key).await?;
        Ok(entry.map(|entry| serde_json::from_slice(&entry.value)).transpose()?)
    }
}

/// The bytes of a house record.
fn json(value: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    Ok(serde_json::to_vec(value)?.into())
}

/// What an entry must be to be made anew.
const NEW: EntryIs = EntryIs::Absent;
