//! Links of accounts to people at upstream providers: the ways in through a school.
//!
//! A link belongs to one account. It is found by issuer and subject alone, never by an e-mail address or a name.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::letter::Letter;
use super::sign_in::UpstreamSession;
use super::{ATTEMPTS, Account, AccountId, Accounts, Draft, Error, Factors, Happened, Refusal, Result, Session, json};
use crate::clock::Timestamp;
use crate::identity::upstream::{self, Person, SignedOut};
use crate::storage::{self, Change, EntryIs, EntryWrite, KeyRange, Scope};

/// The most sessions that are looked at when one at a provider ends.
const MOST: usize = 100;

/// Somebody at an upstream provider who may open the account.
///
/// Spec: O-304, O-309
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub issuer: String,
    pub subject: String,
    pub since: Timestamp,
    /// As the provider calls them, for the list of ways in.
    pub name: Option<String>,
    /// The school.
    pub tenant: Option<String>,
    /// Whether the provider takes them for a minor; `None`: it was not noted when they last came in.
    #[serde(default)]
    pub minor: Option<bool>,
}

impl Link {
    /// The link to somebody who has just signed in at a provider.
    pub fn to(person: &Person, now: Timestamp) -> Self {
        Self {
            issuer: person.issuer.clone(),
            subject: person.subject.clone(),
            since: now,
            name: person.name.clone(),
            tenant: person.tenant.clone(),
            minor: Some(person.is_minor),
        }
    }

    /// Its name in forms.
    pub fn id(&self) -> String {
        digest(&self.issuer, &self.subject)
    }

    /// The record that says whose it is.
    pub(super) fn key(&self) -> String {
        key(&self.issuer, &self.subject)
    }

    /// Whether it is a link to this person.
    pub fn is_to(&self, issuer: &str, subject: &str) -> bool {
        self.issuer == issuer && self.subject == subject
    }
}

impl Account {
    /// Whether a password opens it.
    pub fn has_password(&self) -> bool {
        self.login.as_ref().is_some_and(|login| login.password.is_some())
    }

    /// How many ways in there are besides a link.
    fn other_ways_in(&self, factors: &Factors) -> usize {
        usize::from(self.has_password()) + factors.passkeys.len() + self.links.len().saturating_sub(1)
    }
}

impl Draft {
    /// Links somebody at a provider; they must be linked to no account.
    ///
    /// Spec: O-304, O-305, O-307
    pub fn add_link(&mut self, link: Link) {
        self.take(key(&link.issuer, &link.subject));
        self.account.links.push(link);
        self.account.unaffiliated = None;
        self.judge_age();
    }

    /// Removes a link, if another way in remains, and with it all that the provider said.
    ///
    /// Spec: O-206, O-306, O-309
    pub fn remove_link(&mut self, issuer: &str, subject: &str, factors: &Factors) -> Result<(), Refusal> {
        let links = &self.account.links;
        let at = links.iter().position(|link| link.is_to(issuer, subject)).ok_or(Refusal::NoSuchLink)?;
        if self.account.other_ways_in(factors) == 0 {
            return Err(Refusal::LastLogin);
        }
        self.account.links.remove(at);
        self.judge_age();
        self.give_up(key(issuer, subject));
        Ok(())
    }

    /// Keeps what the provider says now instead of what it said before.
    ///
    /// Spec: O-309
    fn refresh_link(&mut self, person: &Person) {
        for link in self.account.links.iter_mut().filter(|link| link.is_to(&person.issuer, &person.subject)) {
            link.name.clone_from(&person.name);
            link.tenant.clone_from(&person.tenant);
            link.minor = Some(person.is_minor);
        }
        self.judge_age();
    }

    /// Whether the account is a minor's, by what the schools say that open it now: an adult is whom one of them knows to
    /// be one. If none says anything, it stays as it was: leaving school makes nobody an adult.
    ///
    /// Spec: O-312
    pub(super) fn judge_age(&mut self) {
        let said: Vec<bool> = self.account.links.iter().filter_map(|link| link.minor).collect();
        if !said.is_empty() {
            self.account.minor = said.into_iter().all(|minor| minor);
        }
    }
}

impl Accounts {
    /// The account that somebody at a provider opens.
    ///
    /// Spec: O-304, CP-11, CP-15
    pub async fn by_link(&self, issuer: &str, subject: &str) -> Result<Option<Account>> {
        match self.entry::<AccountId>(&key(issuer, subject)).await? {
            Some(id) => self.account(&id).await,
            None => Ok(None),
        }
    }

    /// Links somebody who has just signed in at a provider to an account. They may be linked to it already.
    ///
    /// Spec: O-305, O-307, CP-86
    pub async fn link(&self, id: &AccountId, person: &Person) -> Result<()> {
        let link = Link::to(person, self.clock.now());
        self.edit(id, |draft| {
            if !draft.account().links.iter().any(|known| known.is_to(&person.issuer, &person.subject)) {
                draft.add_link(link.clone());
                draft.note(link.since, Happened::SchoolLinked { issuer: link.issuer.clone() })?;
                draft.tell(self, &Letter::SchoolLinked { issuer: link.issuer.clone() });
            }
            Ok::<_, Error>(())
        })
        .await
    }

    /// Removes a link and ends the sessions that rest on it, in one commit.
    ///
    /// Spec: O-306, CP-85
    pub async fn unlink(&self, id: &AccountId, issuer: &str, subject: &str) -> Result<()> {
        loop {
            let now = self.clock.now();
            // Its passkeys count among the ways in, so they must stay meanwhile.
            let (factors, passkeys) = self.rely_on_factors(id).await?;
            let mut draft = self.draft(id).await?;
            draft.remove_link(issuer, subject, &factors)?;
            draft.tell(self, &Letter::SchoolUnlinked { issuer: issuer.to_owned() });
            draft.write(passkeys);
            draft.mark_unaffiliated(now, None);
            draft.note(now, Happened::SchoolUnlinked { issuer: issuer.to_owned() })?;
            let ends = |session: &Session| rests_on(session.upstream.as_ref(), issuer, Some(subject), None);
            self.sign_out_where(&mut draft, ends).await?;
            if self.saved(draft).await? {
                return Ok(());
            }
        }
    }

    /// Ends the sessions that rest on one at a provider where somebody has signed out. A token that was used before is
    /// refused; one whose sessions did not all end is not used yet, so that the provider's next try ends the rest.
    ///
    /// Spec: O-310, CP-12
    pub async fn sign_out_upstream(&self, told: &SignedOut) -> Result<()> {
        self.heard(told).await?;
        let accounts = match (&told.subject, &told.sid) {
            (Some(subject), _) => self.entry::<AccountId>(&key(&told.issuer, subject)).await?.into_iter().collect(),
            (None, Some(sid)) => self.resting_on(&told.issuer, sid).await?,
            (None, None) => BTreeSet::new(),
        };
        let (subject, sid) = (told.subject.as_deref(), told.sid.as_deref());
        for account in &accounts {
            self.end_where(account, |session| rests_on(session.upstream.as_ref(), &told.issuer, subject, sid)).await?;
        }
        self.hear_once(told).await
    }

    /// The accounts with sessions that rest on one at a provider: one, unless two people use one browser.
    async fn resting_on(&self, issuer: &str, sid: &str) -> Result<BTreeSet<AccountId>> {
        let prefix = sid_prefix(issuer, sid);
        let entries = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit: MOST }).await?;
        entries.iter().map(|entry| Ok(serde_json::from_slice(&entry.value)?)).collect()
    }

    /// Remembers a logout token for as long as it would be believed. Tokens are folded into 256 records, which forget
    /// what is too old whenever they are written.
    ///
    /// Spec: O-310
    async fn hear_once(&self, told: &SignedOut) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let Heard { key, expected, name, mut others } = self.heard(told).await?;
            others.push((name, now.plus(upstream::REMEMBERED)));
            let mut change = Change::of(Scope::House, now);
            change.entries.push(EntryWrite { key, expected, value: Some(json(&others)?) });
            match self.storage.commit(change).await {
                Err(storage::Error::Moved | storage::Error::Taken(_)) => {}
                done => return Ok(done.map(|_| ())?),
            }
        }
        Err(storage::Error::Moved.into())
    }

    /// What is remembered beside a logout token, if it is not: [`Refusal::HeardBefore`].
    async fn heard(&self, told: &SignedOut) -> Result<Heard> {
        let name = digest(&told.issuer, &told.id);
        let key: Arc<str> = format!("logout-token/{}", &name[..2]).into();
        let now = self.clock.now();
        let entry = self.storage.entry(&key).await?;
        let expected = entry.as_ref().map_or(EntryIs::Absent, |entry| EntryIs::At(entry.version));
        let others = entry.and_then(|entry| serde_json::from_slice::<Vec<(String, Timestamp)>>(&entry.value).ok());
        let mut others = others.unwrap_or_default();
        others.retain(|(_, until)| *until >= now);
        if others.iter().any(|(known, _)| *known == name) {
            return Err(Refusal::HeardBefore.into());
        }
        Ok(Heard { key, expected, name, others })
    }

    /// Keeps what a provider says of somebody now, if it says something else than before.
    ///
    /// Spec: O-309, O-312
    pub async fn refresh_link(&self, account: &Account, person: &Person) -> Result<()> {
        let known = account.links.iter().find(|link| link.is_to(&person.issuer, &person.subject));
        let same = |link: &Link| *link == Link::to(person, link.since);
        if known.is_none_or(same) {
            return Ok(());
        }
        self.edit(&account.id, |draft| {
            draft.refresh_link(person);
            Ok::<_, Refusal>(())
        })
        .await
    }
}

/// Where a logout token is remembered, and what lies there already.
struct Heard {
    key: Arc<str>,
    expected: EntryIs,
    name: String,
    others: Vec<(String, Timestamp)>,
}

/// The record that says whose a link is. Issuers and subjects may hold any character, so that only a digest of both
/// keeps them apart.
fn key(issuer: &str, subject: &str) -> String {
    format!("link/{}", digest(issuer, subject))
}

/// The records that say whose sessions rest on one at a provider, which may name nothing but that when it ends.
fn sid_prefix(issuer: &str, sid: &str) -> String {
    format!("upstream-session/{}/", digest(issuer, sid))
}

/// The record of that kind which a session has, if it rests on one at a provider.
pub(super) fn session_key(session: &Session) -> Option<Arc<str>> {
    let upstream = session.upstream.as_ref()?;
    Some(format!("{}{}", sid_prefix(&upstream.issuer, upstream.session.as_deref()?), session.id).into())
}

/// Whether a session rests on this person, and this session, at a provider; `None` is any. A session at the provider
/// that it never named is one of the person's.
///
/// Spec: O-310
fn rests_on(upstream: Option<&UpstreamSession>, issuer: &str, subject: Option<&str>, sid: Option<&str>) -> bool {
    upstream.is_some_and(|upstream| {
        upstream.issuer == issuer
            && subject.is_none_or(|subject| upstream.subject == subject)
            && sid.is_none_or(|sid| upstream.session.as_deref().map_or(subject.is_some(), |own| own == sid))
    })
}

fn digest(issuer: &str, name: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::new().chain_update(issuer).chain_update([0]).chain_update(name).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(issuer: &str, subject: &str) -> Link {
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        Link { issuer, subject, since: Timestamp::default(), name: None, tenant: None, minor: None }
    }

    /// Shows: O-304
    #[test]
    fn no_two_people_share_a_record() {
        assert_eq!(key("https://a.example", "b"), key("https://a.example", "b"));
        assert_ne!(key("https://a.example/b", "c"), key("https://a.example", "b/c"));
        assert_ne!(key("https://a.example", "b"), key("https://a.example", "B"));
    }

    /// Shows: O-310
    #[test]
    fn who_signs_out_at_school_leaves_the_session_that_was_named_or_those_without_a_name() {
        let session = |session: Option<&str>| {
            let (issuer, subject) = ("https://school.example".to_owned(), "p1".to_owned());
            Some(UpstreamSession { issuer, subject, session: session.map(str::to_owned) })
        };
        let (named, nameless) = (session(Some("s1")), session(None));
        for (upstream, subject, sid, ends) in [
            (&named, Some("p1"), None, true),
            (&named, Some("p1"), Some("s1"), true),
            (&named, Some("p1"), Some("s2"), false),
            (&named, None, Some("s1"), true),
            (&named, Some("p2"), Some("s1"), false),
            (&nameless, Some("p1"), Some("s1"), true),
            (&nameless, Some("p2"), Some("s1"), false),
            (&nameless, None, Some("s1"), false),
            (&None, Some("p1"), Some("s1"), false),
        ] {
            let rests = rests_on(upstream.as_ref(), "https://school.example", subject, sid);
            assert_eq!(rests, ends, "{upstream:?} {subject:?} {sid:?}");
        }
        assert!(!rests_on(named.as_ref(), "https://other.example", Some("p1"), None));
    }

    fn person(issuer: &str, is_minor: bool) -> Person {
        Person { is_minor, ..Person::known_as("ent", issuer, "1") }
    }

    /// Shows: O-312
    #[test]
    fn an_adult_is_whom_a_school_of_theirs_knows_to_be_one() {
        let (old, new) = ("https://old.example", "https://new.example");
        let mut draft = Draft::new(Timestamp::default());
        draft.add_link(Link::to(&person(old, true), Timestamp::default()));
        assert!(draft.account().minor);
        draft.add_link(Link::to(&person(new, false), Timestamp::default()));
        assert!(!draft.account().minor);
        draft.refresh_link(&person(old, true));
        assert!(!draft.account().minor, "whichever school they come from");
        draft.remove_link(new, "1", &Factors::default()).unwrap();
        assert!(draft.account().minor, "who said so is gone");
        draft.refresh_link(&person(old, false));
        assert!(!draft.account().minor, "they have grown up");
        draft.refresh_link(&person(old, true));
        draft.add_link(link(new, "2"));
        assert!(draft.account().minor, "a school that says nothing makes no adult");
        draft.remove_link(old, "1", &Factors::default()).unwrap();
        assert!(draft.account().minor, "nor does leaving");
    }

    /// Shows: O-306
    #[test]
    fn the_last_way_in_stays() {
        let mut draft = Draft::new(Timestamp::default());
        draft.add_link(link("https://old.example", "1"));
        assert_eq!(draft.remove_link("https://old.example", "1", &Factors::default()), Err(Refusal::LastLogin));
        draft.add_link(link("https://new.example", "9"));
        assert_eq!(draft.remove_link("https://old.example", "9", &Factors::default()), Err(Refusal::NoSuchLink));
        assert_eq!(draft.remove_link("https://old.example", "1", &Factors::default()), Ok(()));
        assert_eq!(draft.account().links, [link("https://new.example", "9")]);
    }
}
