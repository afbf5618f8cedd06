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
mod invitation;
mod hosted;
mod letter;
mod link;
mod naming;
mod passkey;
mod password;
mod recovery;
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

use std::fmt;
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
pub use invitation::Invitation;
pub use link::Link;
pub use passkey::{Challenge, Passkey, Passkeys};
pub use password::{Hash, Password, Passwords, Unhashed, Weak};
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

/// What an account does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("an account with this e-mail address exists already")]
    EmailTaken,
    #[error("this account signs in with an e-mail address already")]
    HasLogin,
    #[error("this pod name is taken, or too much like one that is; choose another")]
    NameTaken,
    #[error("this pod name is reserved; choose another")]
    NameReserved,
    #[error("this WebID is linked to an account already")]
    WebIdTaken,
    #[error("this WebID is not linked to the account")]
    NotLinked,
    #[error("this WebID is in a pod of this server that belongs to someone else")]
    NotYours,
    /// The second text is the triple that proves the WebID.
    #[error("to prove that the WebID is yours, add this triple to its document, then ask again within 30 minutes: {0}")]
    Unproven(String),
    #[error("the WebID's document cannot be read")]
    WebIdUnreadable,
    #[error("{0}")]
    Weak(#[from] Weak),
    #[error("the e-mail address or the password is not right")]
    WrongLogin,
    #[error("too many attempts; try again in {} s", .0.as_secs() + 1)]
    TooSoon(Duration),
    #[error("this account asks for a second factor; sign in on the page for it")]
    SecondFactor,
    #[error("nobody signs in with a password here; come in through your school, or with a passkey")]
    NoPasswords,
    #[error("the session has ended; sign in again")]
    SignedOut,
    #[error("the account is disabled")]
    Disabled,
    #[error("the account is about to be deleted; take that back first")]
    Closing,
    #[error("the account is not about to be deleted")]
    NotClosing,
    #[error("say which operator asks: a name of one line, for the owner to read")]
    NoOperator,
    #[error("another operator has to approve it than the one who asked")]
    SameOperator,
    #[error("nothing was asked for that could be approved")]
    NoRescue,
    #[error("sign in again: this needs a sign-in of the last 10 minutes")]
    StaleSignIn,
    #[error("an account has at most {0} client credentials; delete one first")]
    TooManyCredentials(usize),
    #[error("a name has at most {0} characters")]
    LongName(usize),
    #[error("the only way to sign in to an account cannot be removed")]
    LastLogin,
    #[error("the only WebID of a pod's owner cannot be removed")]
    LastWebId,
    #[error("this WebID owns the pod `{0}`, which would have no owner left")]
    LastOwner(PodName),
    #[error("an account has at most {0} pods; ask whoever looks after the server")]
    TooManyPods(usize),
    #[error("this is no WebID")]
    NoWebId,
    #[error("this person of the school is linked to another account")]
    LinkedElsewhere,
    #[error("this code is not right, or was used already")]
    WrongCode,
    #[error("the passkey was not recognised")]
    WrongPasskey,
    #[error("an account has at most {0} passkeys; remove one first")]
    TooManyPasskeys(usize),
    #[error("this logout was heard of before")]
    HeardBefore,
    #[error("there is no such link")]
    NoSuchLink,
    #[error("nobody may sign up here; ask whoever looks after the server")]
    SignUpClosed,
    #[error("there is no such sign-up, or it has ended; begin again")]
    NoSignUp,
    #[error("another question comes first")]
    OutOfTurn,
    #[error("an e-mail address is missing")]
    NoEmail,
    #[error("this is the address of the account itself")]
    OwnAddress,
    #[error("a name is missing")]
    NoName,
    #[error("this link has been used, or is too old")]
    DeadLink,
    #[error("there are new terms of use: accept them on the page for it first")]
    TermsOwed,
    #[error("there is no such account")]
    NoSuchAccount,
    #[error("there are no such client credentials")]
    NoSuchCredential,
}

/// Why an account could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Unhashed(#[from] Unhashed),
    /// A record that does not read as what was written.
    #[error("a house record cannot be read: {0}")]
    Record(#[from] serde_json::Error),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The name of an account: random, and shown in URLs of the account API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(Box<str>);

impl AccountId {
    fn random() -> Self {
        Self(uuid::Uuid::from_bytes(crate::secret::random()).simple().to_string().into())
    }

    /// Reads an id; `None` if it was not made here.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 32 && text.bytes().all(hex)).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn key(&self) -> Arc<str> {
        format!("account/{self}").into()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An e-mail address, and a password unless a passkey is the way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub email: Email,
    pub password: Option<Hash>,
}

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

    /// Makes an account, with a way to sign in or (for the development API) without one yet.
    pub async fn create(&self, login: Option<(Email, Password)>) -> Result<Account> {
        let mut draft = Draft::new(self.clock.now());
        if let Some((email, password)) = login {
            draft.set_login(email, self.passwords.hash(password).await?)?;
        }
        let account = draft.account().clone();
        self.save(draft, Change::of(Scope::House, self.clock.now())).await?;
        Ok(account)
    }

    /// Hashes a password for [`Draft::set_login`].
    pub async fn hash(&self, password: Password) -> Result<Hash> {
        Ok(self.passwords.hash(password).await?)
    }

    /// Gives an account that has no way to sign in an e-mail address and a password.
    pub async fn add_login(&self, id: &AccountId, email: Email, password: Password) -> Result<()> {
        let hash = self.passwords.hash(password).await?;
        self.edit(id, |draft| draft.set_login(email.clone(), hash.clone())).await
    }

    /// Changes the password, given the old one. All sessions end by the same commit.
    pub async fn change_password(&self, id: &AccountId, old: Password, new: Password) -> Result<()> {
        let account = self.account(id).await?.ok_or(Refusal::NoSuchAccount)?;
        let login = account.login.ok_or(Refusal::WrongLogin)?;
        let kept = login.password.ok_or(Refusal::WrongLogin)?;
        self.count(throttle::Counted::Account(&login.email)).await?;
        if self.passwords.check(old, Some(kept.clone())).await? == password::Verdict::Wrong {
            return Err(Refusal::WrongLogin.into());
        }
        let hash = self.passwords.hash(new).await?;
        loop {
            let mut draft = self.draft(id).await?;
            draft.write(self.forgotten(throttle::Counted::Account(&login.email)));
            draft.note(self.clock.now(), Happened::PasswordChanged)?;
            draft.tell(self, &letter::Letter::PasswordChanged);
            draft.replace_password(&kept, hash.clone())?;
            draft.give_up_links();
            self.sign_out_everywhere(&mut draft).await?;
            if self.saved(draft).await? {
                return Ok(());
            }
        }
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
