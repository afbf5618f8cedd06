//! A sign-in on its way: an authorization request that waits for a person, in one browser, for at most an hour.
//!
//! It is a house record, so it outlives a restart, and each has an id of its own, so that two tabs do not disturb each
//! other. What it needs next is decided anew each time from what is so now ([`Interaction::next`]), never from
//! where the person was before: the back button leads nowhere wrong.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Provider;
use super::authorize::{AuthorizationRequest, ErrorCode, Fault, Prompt};
use super::consent::Consent;
use super::scope::Scopes;
use crate::clock::{Clock, Timestamp};
use crate::identity::account::AccountId;
use crate::identity::lookup::Lookups;
use crate::secret::{self, Secret};
use crate::storage::{self, Change, EntryIs, EntryWrite, KeyRange, Scope, Storage, Version};

#[cfg(test)]
mod tests;

/// How long a person may take.
///
/// Spec: O-169
const LIFETIME: Duration = Duration::from_hours(1);
/// How many may begin from one address in a minute: a school on its first day, but no flood.
pub(super) const MOST_PER_MINUTE: u32 = 3000;
/// What the records of interactions begin with.
pub(super) const PREFIX: &str = "interaction/";
/// How many that have ended are removed when one begins.
const SWEPT: usize = 8;

/// The name of an interaction, in the path of its pages: when it began (so that records lie in order of age), and a
/// secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InteractionId {
    began: Timestamp,
    secret: Secret,
}

impl InteractionId {
    /// Reads an id; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (began, secret) = text.split_at_checked(10)?;
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !began.bytes().all(hex) || secret.len() != 43 || !secret.bytes().all(plain) {
            return None;
        }
        let began = Timestamp::from_seconds(i64::from_str_radix(began, 16).ok()?);
        Some(Self { began, secret: Secret::new(secret) })
    }

    /// The id itself, for the browser alone.
    pub fn reveal(&self) -> String {
        format!("{:010x}{}", self.began.seconds(), self.secret.reveal())
    }

    fn key(&self) -> Arc<str> {
        let hash = URL_SAFE_NO_PAD.encode(secret::hash_secret(self.secret.reveal()));
        format!("{PREFIX}{:010x}/{hash}", self.began.seconds()).into()
    }
}

/// A sign-in on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    pub request: AuthorizationRequest,
    pub began: Timestamp,
    /// The name of the browser: a hash of what its cookie holds.
    browser: [u8; 32],
    /// The session that there was when it began, and when its person had last shown who they are.
    pub before: Option<(String, Timestamp)>,
    /// Whom the ID token hint names.
    pub hint: Hint,
    /// The WebID that was chosen, and whose it is.
    pub chosen: Option<(AccountId, String)>,
    /// It was answered, once.
    pub answered: bool,
}

/// Whom an ID token hint names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Hint {
    #[default]
    Absent,
    /// Nobody known: it is none of our tokens, or another client's.
    Unknown,
    WebId(String),
}

/// Who sits in front of the browser.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    pub account: &'a AccountId,
    /// The WebIDs that the account may sign in as.
    pub webids: &'a [String],
    /// The id of the session.
    pub session: &'a str,
    pub authenticated: Timestamp,
}

/// What is so when a step is decided.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub person: Option<Person<'a>>,
    /// What the person agreed to before, with this client.
    pub consent: Option<&'a Consent>,
    /// Whether the person has to accept new terms.
    pub owes_terms: bool,
    pub now: Timestamp,
}

/// What an interaction needs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The person makes an account.
    SignUp,
    /// Somebody signs in.
    SignIn,
    /// The person who is signed in shows again who they are.
    Confirm,
    /// Somebody else is meant than the person who is signed in.
    Switch,
    /// The person accepts new terms.
    Terms,
    /// The person chooses a WebID.
    Choose,
    /// The person says yes or no. `known`: to what they agreed to before.
    Agree {
        webid: String,
        known: bool,
    },
    /// Nothing is left to ask.
    Grant {
        webid: String,
        scopes: Scopes,
    },
    Refuse(Fault),
}

impl Interaction {
    /// An interaction that begins now, and that nobody has kept yet.
    pub fn new(request: AuthorizationRequest, person: Option<&Person<'_>>, hint: Hint, now: Timestamp) -> Self {
        Self {
            request,
            began: now,
            browser: [0; 32],
            before: person.map(|person| (person.session.to_owned(), person.authenticated)),
            hint,
            chosen: None,
            answered: false,
        }
    }

    /// What comes next.
    ///
    /// Spec: O-146, O-147, O-148, O-191, O-323
    pub fn next(&self, standing: &Standing<'_>) -> Step {
        let prompt = &self.request.prompt;
        if prompt.contains(&Prompt::None) {
            return self.at_once(standing);
        }
        let Some(person) = &standing.person else {
            return if prompt.contains(&Prompt::Create) { Step::SignUp } else { Step::SignIn };
        };
        let has_signed_in_since = self.has_signed_in_since(person);
        // Who is signed in already may go on as they are, or make room for somebody new.
        if !has_signed_in_since && prompt.contains(&Prompt::Create) && self.choice(person).is_none() {
            return Step::Choose;
        }
        if !self.means(person) {
            return Step::Switch;
        }
        if !has_signed_in_since && (prompt.contains(&Prompt::Login) || self.is_too_old(person, standing.now)) {
            return Step::Confirm;
        }
        if standing.owes_terms {
            return Step::Terms;
        }
        let Some(webid) = self.webid(person, standing.consent) else { return Step::Choose };
        match standing.consent.filter(|consent| consent.covers(webid, &self.request.scopes, person.session)) {
            Some(consent) if !prompt.contains(&Prompt::Consent) => self.granted(consent),
            consent => Step::Agree { webid: webid.to_owned(), known: consent.is_some() },
        }
    }

    /// What can be said without asking anybody.
    ///
    /// Spec: O-147
    fn at_once(&self, standing: &Standing<'_>) -> Step {
        let refuse = |code, description| Step::Refuse(Fault::new(code, description));
        let Some(person) = &standing.person else { return refuse(ErrorCode::LoginRequired, "nobody is signed in") };
        if self.is_too_old(person, standing.now) {
            return refuse(ErrorCode::LoginRequired, "the sign-in is too long ago");
        }
        if !self.means(person) || self.hint == Hint::Unknown {
            return refuse(ErrorCode::LoginRequired, "somebody else is signed in");
        }
        if standing.owes_terms {
            return refuse(ErrorCode::InteractionRequired, "new terms of use wait to be accepted");
        }
        let Some(consent) = standing.consent else {
            return refuse(ErrorCode::ConsentRequired, "nothing was agreed to yet");
        };
        if !consent.covers(&consent.webid, &self.request.scopes, person.session) {
            return refuse(ErrorCode::ConsentRequired, "this was not agreed to yet");
        }
        if !person.webids.contains(&consent.webid) {
            return refuse(ErrorCode::AccountSelectionRequired, "the WebID is no longer the person's");
        }
        if matches!(&self.hint, Hint::WebId(hinted) if *hinted != consent.webid) {
            return refuse(ErrorCode::LoginRequired, "another WebID was agreed to");
        }
        self.granted(consent)
    }

    /// What a consent gives of what was asked for.
    ///
    /// Spec: O-149
    pub fn granted(&self, consent: &Consent) -> Step {
        let scopes = self.request.scopes.intersection(&consent.scopes);
        Step::Grant { webid: consent.webid.clone(), scopes }
    }

    /// Whether the person showed who they are after this began.
    fn has_signed_in_since(&self, person: &Person<'_>) -> bool {
        let before = self.before.as_ref().map(|(session, authenticated)| (session.as_str(), *authenticated));
        before != Some((person.session, person.authenticated))
    }

    /// Spec: O-148
    fn is_too_old(&self, person: &Person<'_>, now: Timestamp) -> bool {
        self.request.max_age.is_some_and(|most| person.authenticated < now.minus(Duration::from_secs(most)))
    }

    /// Whether the hint, if there is one, names this person.
    fn means(&self, person: &Person<'_>) -> bool {
        match &self.hint {
            Hint::Absent | Hint::Unknown => true,
            Hint::WebId(hinted) => person.webids.contains(hinted),
        }
    }

    /// The WebID to sign in as, unless it is to be chosen: the one that was, the one that the application means, the one
    /// of last time, or the only one.
    fn webid<'a>(&'a self, person: &Person<'a>, consent: Option<&'a Consent>) -> Option<&'a str> {
        let hinted = if let Hint::WebId(hinted) = &self.hint { Some(hinted) } else { None };
        let known = || {
            let only = if let [only] = person.webids { Some(only) } else { None };
            hinted.or(consent.map(|consent| &consent.webid)).or(only)
        };
        let asks = self.request.prompt.contains(&Prompt::SelectAccount);
        let webid = self.choice(person).or_else(|| if asks { None } else { known() })?;
        person.webids.contains(webid).then_some(webid)
    }

    /// The WebID that this person chose.
    fn choice(&self, person: &Person<'_>) -> Option<&String> {
        self.chosen.as_ref().filter(|(account, _)| account == person.account).map(|(_, webid)| webid)
    }
}

/// Why an interaction cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It ended, was answered, belongs to another browser, or never was.
    #[error("this sign-in has ended")]
    Ended,
    #[error("too many sign-ins have begun from your network; try again in {} seconds", .0.as_secs() + 1)]
    TooMany(Duration),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("the record of an interaction cannot be read: {0}")]
    Record(#[from] serde_json::Error),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An interaction as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub id: InteractionId,
    pub interaction: Interaction,
    version: Version,
}

/// The sign-ins on their way.
pub struct Interactions {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    begun: Lookups,
}

impl Provider {
    /// Whom an ID token means that a client sends along. It may have expired.
    ///
    /// Spec: O-147
    pub async fn hint(&self, token: Option<&str>, client: &str) -> super::Result<Hint> {
        let Some(token) = token else { return Ok(Hint::Absent) };
        let claims = self.keys.read_token(token).await?;
        let own = claims.filter(|claims| claims.get("azp").is_some_and(|azp| azp == client));
        let webid = own.as_ref().and_then(|claims| claims.get("webid")?.as_str());
        Ok(webid.map_or(Hint::Unknown, |webid| Hint::WebId(webid.to_owned())))
    }
}

impl Interactions {
    pub(super) fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>, most_per_minute: u32) -> Self {
        Self { storage, clock, begun: Lookups::new(most_per_minute) }
    }

    /// Keeps an interaction for the browser of this name at this address. Some that have ended go.
    ///
    /// Spec: O-191
    pub async fn begin(&self, mut interaction: Interaction, browser: [u8; 32], from: IpAddr) -> Result<InteractionId> {
        self.begun.count(from, self.clock.now()).map_err(Error::TooMany)?;
        let id = InteractionId { began: interaction.began, secret: Secret::random() };
        interaction.browser = browser;
        let mut change = Change::of(Scope::House, self.clock.now());
        change.entries = self.ended().await?;
        change.entries.push(write(id.key(), EntryIs::Absent, Some(&interaction))?);
        self.storage.commit(change).await?;
        Ok(id)
    }

    /// Reads an interaction that this browser began, and that was not answered.
    ///
    /// Spec: O-191
    pub async fn open(&self, id: InteractionId, browser: &[u8; 32]) -> Result<Open> {
        let entry = self.storage.entry(&id.key()).await?.ok_or(Error::Ended)?;
        let interaction: Interaction = serde_json::from_slice(&entry.value)?;
        let is_over = interaction.answered || interaction.began.plus(LIFETIME) < self.clock.now();
        if is_over || !secret::equal(browser, &interaction.browser) {
            return Err(Error::Ended);
        }
        Ok(Open { id, interaction, version: entry.version })
    }

    /// Keeps the WebID that was chosen; `None`: it is to be chosen again.
    pub async fn choose(&self, open: Open, chosen: Option<(AccountId, String)>) -> Result<()> {
        self.replace(Open { interaction: Interaction { chosen, ..open.interaction }, ..open }).await
    }

    /// Marks an interaction as answered. Of two tabs that answer it at once, one fails with [`Error::Ended`].
    pub async fn finish(&self, open: Open) -> Result<Interaction> {
        let interaction = Interaction { answered: true, ..open.interaction };
        self.replace(Open { interaction: interaction.clone(), ..open }).await?;
        Ok(interaction)
    }

    async fn replace(&self, open: Open) -> Result<()> {
        let mut change = Change::of(Scope::House, self.clock.now());
        change.entries.push(write(open.id.key(), EntryIs::At(open.version), Some(&open.interaction))?);
        match self.storage.commit(change).await {
            Err(storage::Error::Moved) => Err(Error::Ended),
            done => Ok(done.map(|_| ())?),
        }
    }

    /// The removal of the oldest ones, if they have ended.
    async fn ended(&self) -> Result<Vec<EntryWrite>> {
        let oldest = self.storage.entries(KeyRange { prefix: PREFIX, after: None, limit: SWEPT }).await?;
        let now = self.clock.now();
        let ended = oldest.into_iter().filter(|entry| has_ended(&entry.key, now));
        Ok(ended.map(|entry| EntryWrite { key: entry.key, expected: EntryIs::Anything, value: None }).collect())
    }
}

/// Whether the interaction of a record has ended; what is none of ours has.
pub(super) fn has_ended(key: &str, now: Timestamp) -> bool {
    let began = key.get(PREFIX.len()..PREFIX.len() + 10).and_then(|hex| i64::from_str_radix(hex, 16).ok());
    began.is_none_or(|began| Timestamp::from_seconds(began) < now.minus(LIFETIME))
}

fn write(key: Arc<str>, expected: EntryIs, value: Option<&Interaction>) -> Result<EntryWrite> {
    let value = value.map(serde_json::to_vec).transpose()?.map(Into::into);
    Ok(EntryWrite { key, expected, value })
}
