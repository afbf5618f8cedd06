//! An account as it is about to be, with the names that it takes and gives up.

use std::sync::Arc;

use super::credential::{Credential, CredentialId, MOST};
use super::letter::Letter;
use super::{
    Acceptance, Account, AccountId, Accounts, Consent, Email, Event, Happened, Hash, Login, NEW, Refusal, email_change,
    json, recovery,
};
use crate::clock::Timestamp;
use crate::language::Language;
use crate::path::PodName;
use crate::storage::{EntryIs, EntryWrite, Version};

/// Names that belong to the server or would mislead.
///
/// Spec: O-327
const RESERVED: [&str; 40] = [
    "about",
    "abuse",
    "account",
    "accounts",
    "acme",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "blog",
    "cartable",
    "cdn",
    "contact",
    "dev",
    "docs",
    "ftp",
    "help",
    "host",
    "info",
    "login",
    "mail",
    "media",
    "metrics",
    "official",
    "oidc",
    "pod",
    "pods",
    "postmaster",
    "root",
    "security",
    "share",
    "smtp",
    "static",
    "status",
    "support",
    "webmaster",
    "www",
];

/// A change of one account, to be saved in one commit.
#[derive(Debug)]
pub struct Draft {
    pub(super) account: Account,
    was: EntryIs,
    entries: Vec<EntryWrite>,
}

impl Draft {
    /// A new account.
    pub fn new(at: Timestamp) -> Self {
        let account = Account {
            id: AccountId::random(),
            created: at,
            disabled: false,
            login: None,
            links: Vec::new(),
            minor: false,
            guardian: None,
            pods: Vec::new(),
            webids: Vec::new(),
            credentials: Vec::new(),
            language: None,
            terms: Vec::new(),
            newsletter: false,
            contacts: None,
            closing: None,
            unaffiliated: None,
        };
        Self { account, was: NEW, entries: Vec::new() }
    }

    /// An account that was read at `version`.
    pub(super) fn of(account: Account, version: Version) -> Self {
        Self { account, was: EntryIs::At(version), entries: Vec::new() }
    }

    /// The account as it will be.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Sets the address and the password that the account signs in with; it must have none yet.
    pub fn set_login(&mut self, email: Email, password: Hash) -> Result<(), Refusal> {
        self.open_by(email, Some(password))
    }

    /// As [`Draft::set_login`]; without a password, if there is another way in.
    pub fn open_by(&mut self, email: Email, password: Option<Hash>) -> Result<(), Refusal> {
        if self.account.login.is_some() {
            return Err(Refusal::HasLogin);
        }
        self.take(email_key(&email));
        self.account.login = Some(Login { email, password });
        Ok(())
    }

    /// Replaces the password, if it is still the one that was checked.
    pub(super) fn replace_password(&mut self, old: &Hash, new: Hash) -> Result<(), Refusal> {
        let login = self
            .account
            .login
            .as_mut()
            .filter(|login| login.password.as_ref() == Some(old))
            .ok_or(Refusal::WrongLogin)?;
        login.password = Some(new);
        Ok(())
    }

    /// Sets another password, or the first one; the account must have an address.
    pub(super) fn set_password(&mut self, password: Hash) -> Result<Email, Refusal> {
        let login = self.account.login.as_mut().ok_or(Refusal::DeadLink)?;
        login.password = Some(password);
        Ok(login.email.clone())
    }

    /// Signs in with another address from now on; gives the old one, which stays taken.
    pub(super) fn change_email(&mut self, new: Email) -> Result<Email, Refusal> {
        self.take(email_key(&new));
        let login = self.account.login.as_mut().ok_or(Refusal::DeadLink)?;
        Ok(std::mem::replace(&mut login.email, new))
    }

    /// Signs in with a former address again, which was never given up.
    pub(super) fn restore_email(&mut self, old: &Email) -> Result<(), Refusal> {
        let login = self.account.login.as_mut().ok_or(Refusal::DeadLink)?;
        let given_up = std::mem::replace(&mut login.email, old.clone());
        if given_up != *old {
            self.give_up(email_key(&given_up));
        }
        Ok(())
    }

    /// Gives the account another address, and forgets the one that it had.
    pub(super) fn move_to(&mut self, new: &Email) -> Result<(), Refusal> {
        if self.account.login.is_none() {
            return self.open_by(new.clone(), None);
        }
        let old = self.change_email(new.clone())?;
        self.give_up(email_key(&old));
        Ok(())
    }

    /// Adds the terms that were accepted.
    pub(super) fn accept(&mut self, accepted: Acceptance) {
        self.account.terms.push(accepted);
    }

    /// What somebody said yes or no to when they signed up.
    pub(super) fn set_wishes(&mut self, newsletter: bool, contacts: Option<Consent>) {
        (self.account.newsletter, self.account.contacts) = (newsletter, contacts);
    }

    /// Whether contacts of the school may come in.
    pub(super) fn set_contacts(&mut self, consent: Consent) {
        self.account.contacts = Some(consent);
    }

    /// Closes the account until it is erased on a day, or opens it again; disabled or not.
    pub(super) fn close(&mut self, day: Option<Timestamp>, disabled: bool) {
        (self.account.closing, self.account.disabled) = (day, disabled);
    }

    /// Removes all client credentials.
    pub(super) fn remove_credentials(&mut self) {
        for id in std::mem::take(&mut self.account.credentials) {
            self.give_up(id.key());
            self.give_up(id.use_key());
        }
    }

    pub(super) fn set_disabled(&mut self, disabled: bool) {
        self.account.disabled = disabled;
    }

    pub(super) fn set_language(&mut self, language: Language) {
        self.account.language = Some(language);
    }

    /// Takes a pod name, unless it is reserved. A name that looks like another's is taken too.
    ///
    /// Spec: O-327
    pub fn add_pod(&mut self, name: &PodName) -> Result<(), Refusal> {
        if is_reserved(name) {
            return Err(Refusal::NameReserved);
        }
        self.take(name_key(name));
        self.account.pods.push(name.clone());
        Ok(())
    }

    /// Links a WebID; it must not be linked to any account.
    pub fn link(&mut self, webid: &str) {
        self.take(webid_key(webid));
        self.account.webids.push(webid.to_owned());
    }

    /// Unlinks a WebID. Client credentials that use it stop working.
    ///
    /// Spec: O-206
    pub(super) fn unlink(&mut self, webid: &str) -> Result<(), Refusal> {
        let at = self.account.webids.iter().position(|linked| linked == webid).ok_or(Refusal::NotLinked)?;
        if self.account.webids.len() == 1 && !self.account.pods.is_empty() {
            return Err(Refusal::LastWebId);
        }
        self.account.webids.remove(at);
        self.give_up(webid_key(webid));
        Ok(())
    }

    /// Adds client credentials, up to the limit.
    ///
    /// Spec: O-204
    pub(super) fn add_credential(&mut self, credential: &Credential) -> Result<(), super::Error> {
        if self.account.credentials.len() >= MOST {
            return Err(Refusal::TooManyCredentials(MOST).into());
        }
        let value = Some(json(credential)?);
        self.entries.push(EntryWrite { key: credential.id.key(), expected: NEW, value });
        self.account.credentials.push(credential.id.clone());
        Ok(())
    }

    pub(super) fn remove_credential(&mut self, id: &CredentialId) -> Result<(), Refusal> {
        let at = self.account.credentials.iter().position(|own| own == id).ok_or(Refusal::NoSuchCredential)?;
        self.account.credentials.remove(at);
        self.give_up(id.key());
        self.give_up(id.use_key());
        Ok(())
    }

    /// Tells the owner, along with the change, what happened.
    pub fn note(&mut self, at: Timestamp, happened: Happened) -> super::Result<()> {
        self.entries.push(Event::entry(at, &self.account.id, happened)?);
        Ok(())
    }

    /// Writes to the owner along with the change, if they have an address.
    pub(super) fn tell(&mut self, by: &Accounts, letter: &Letter) {
        self.entries.extend(by.tell(&self.account, letter));
    }

    /// Writes a house record along with the change.
    pub(super) fn write(&mut self, entry: EntryWrite) {
        self.entries.push(entry);
    }

    /// Removes a house record along with the change.
    pub(super) fn give_up(&mut self, key: impl Into<Arc<str>>) {
        self.entries.push(EntryWrite { key: key.into(), expected: EntryIs::Anything, value: None });
    }

    /// Makes the links useless that are on their way to a new password or another address: whoever asked for them may
    /// be whom the change is to keep out.
    ///
    /// Spec: O-326, O-328
    pub(super) fn give_up_links(&mut self) {
        let id = self.account.id.clone();
        self.give_up(recovery::key(id.as_str()));
        self.give_up(email_change::wish(id.as_str()));
    }

    /// Takes a name that nobody has, and says whose it is.
    pub(super) fn take(&mut self, key: String) {
        let owner = serde_json::Value::from(self.account.id.as_str()).to_string();
        self.entries.push(EntryWrite { key: key.into(), expected: NEW, value: Some(owner.into()) });
    }

    /// Everything that the account holds, given up, save the names of its pods, and the WebIDs in them: those are never
    /// given again.
    pub(super) fn into_erasure(mut self, is_ours: impl Fn(&str) -> bool) -> Vec<EntryWrite> {
        self.remove_credentials();
        if let Some(login) = self.account.login.take() {
            self.give_up(email_key(&login.email));
        }
        for link in std::mem::take(&mut self.account.links) {
            self.give_up(link.key());
        }
        for webid in std::mem::take(&mut self.account.webids).into_iter().filter(|webid| !is_ours(webid)) {
            self.give_up(webid_key(&webid));
        }
        self.entries.push(EntryWrite { key: self.account.id.key(), expected: self.was, value: None });
        self.entries
    }

    pub(super) fn into_entries(self) -> Result<Vec<EntryWrite>, serde_json::Error> {
        let value = Some(json(&self.account)?);
        let mut entries = self.entries;
        entries.push(EntryWrite { key: self.account.id.key(), expected: self.was, value });
        Ok(entries)
    }
}

/// Spec: O-327
pub(super) fn is_reserved(name: &PodName) -> bool {
    RESERVED.contains(&name.as_str())
}

pub(super) fn name_key(name: &PodName) -> String {
    format!("pod/{}", skeleton(name))
}

pub(super) fn email_key(email: &Email) -> String {
    format!("email/{email}")
}

pub(super) fn webid_key(webid: &str) -> String {
    format!("webid/{webid}")
}

/// What it means that a name was there already: an entry of [`Draft::take`], or the pod itself.
pub(super) fn taken(what: &str) -> Refusal {
    match what.split_once('/') {
        Some(("email", _)) => Refusal::EmailTaken,
        Some(("webid", _)) => Refusal::WebIdTaken,
        Some(("link", _)) => Refusal::LinkedElsewhere,
        _ => Refusal::NameTaken,
    }
}

/// A name as the eye takes it: those that look alike have one skeleton.
///
/// Spec: O-327
fn skeleton(name: &PodName) -> String {
    name.as_str().replace("rn", "m").replace("vv", "w").replace('0', "o").replace(['1', 'i'], "l").replace('5', "s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        let skeleton = |name: &str| skeleton(&PodName::parse(name).unwrap());
        for (one, other) in [("alice", "a1ice"), ("marne", "mame"), ("bob", "b0b"), ("sam", "5am"), ("lea-1", "lea-i")]
        {
            assert_eq!(skeleton(one), skeleton(other));
        }
        for (one, other) in [("anne-marie", "annemarie"), ("bob", "rob"), ("pod-2", "pod-3")] {
            assert_ne!(skeleton(one), skeleton(other));
        }
    }

    #[test]
    fn reserved_names_are_names() {
        assert!(RESERVED.iter().all(|name| PodName::parse(name).is_some()));
        assert!(RESERVED.is_sorted());
        let mut draft = Draft::new(Timestamp::default());
        assert_eq!(draft.add_pod(&PodName::parse("admin").unwrap()), Err(Refusal::NameReserved));
        assert_eq!(draft.add_pod(&PodName::parse("ada").unwrap()), Ok(()));
    }

    #[test]
    fn the_last_webid_of_an_owner_stays() {
        let mut draft = Draft::new(Timestamp::default());
        draft.add_pod(&PodName::parse("ada").unwrap()).unwrap();
        draft.link("https://pods.example/ada/profile/card#me");
        assert_eq!(draft.unlink("https://pods.example/ada/profile/card#me"), Err(Refusal::LastWebId));
        draft.link("https://ada.example/#me");
        assert_eq!(draft.unlink("https://pods.example/ada/profile/card#me"), Ok(()));
        assert_eq!(draft.unlink("https://elsewhere.example/#me"), Err(Refusal::NotLinked));
    }
}
