//! Signing in through a school: people come from an ordinary OpenID provider that knows nothing of Solid.
//!
//! Nothing is kept here while somebody is on their way: their browser carries it in a sealed cookie, so that any node
//! can take them in, and who begins a thousand sign-ins fills no disk.

mod config;
mod credentials;
mod flow;
mod logout;
mod offline;
mod person;
mod provider;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

pub use config::{Catalogue, Config, Contacts, Endpoints, Mapping, Misconfigured, check};
pub use credentials::{Credentials, Unreadable};
pub use flow::{Answer, Purpose, Wish};
pub use logout::{REMEMBERED, SignedOut};
pub use offline::{Offline, Tokens};
pub use person::Person;

use crate::clock::{Clock, Timestamp};
use crate::fetch::{self, Fetch};
use crate::secret::SecretKey;
use flow::Flow;
use provider::Provider;

/// How long somebody who has come from a provider may take to say what they want.
///
/// Spec: O-305
const DECISION: Duration = Duration::from_mins(10);

/// How many sign-ins a browser keeps, and how many bytes of them.
const MOST_KEPT: usize = 3;
const LONGEST_KEPT: usize = 3500;

/// Why nobody came in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("there is no such provider")]
    Unknown,
    #[error("the sign-in took too long, was begun in another browser, or has ended already")]
    Stale,
    #[error("the provider is away: {0}")]
    Away(fetch::Error),
    /// The error code of the provider.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// What is not as it must be.
    #[error("what the provider says cannot be believed: {0}")]
    Unacceptable(&'static str),
    #[error("people of this school do not sign in here")]
    Tenant,
}

const fn unacceptable(what: &'static str) -> Fault {
    Fault::Unacceptable(what)
}

/// A sign-in that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Where the browser goes.
    pub url: Url,
    /// What the browser keeps: it opens for [`Upstreams::finish`] only. See [`with`].
    pub sealed: String,
}

/// A sign-in that ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    pub person: Person,
    pub wish: Wish,
    /// What they allow us to do later, if that was the wish.
    pub offline: Option<Offline>,
    /// What the browser still keeps of other sign-ins.
    pub rest: String,
}

/// What a browser keeps when one more sign-in begins, in another tab perhaps: the last few, as long as a cookie may be.
pub fn with(kept: Option<&str>, sealed: &str) -> String {
    let before = kept.unwrap_or_default().split('.').filter(|before| !before.is_empty());
    let mut all: Vec<_> = before.chain([sealed]).rev().take(MOST_KEPT).collect();
    while all.len() > 1 && all.iter().map(|each| each.len() + 1).sum::<usize>() > LONGEST_KEPT {
        all.pop();
    }
    all.reverse();
    all.join(".")
}

/// Somebody who has come from a provider and is known to no account.
#[derive(Serialize, Deserialize)]
struct Newcomer {
    person: Person,
    next: String,
    until: Timestamp,
}

/// The providers that people may sign in with.
pub struct Upstreams {
    providers: Vec<Provider>,
    secret: Arc<SecretKey>,
    clock: Arc<dyn Clock>,
}

impl Upstreams {
    /// `base` is our own address. Each provider gets a place of its own below it, so that none can pass for another.
    ///
    /// Spec: O-302
    pub fn new(
        configs: impl IntoIterator<Item = (Config, Credentials)>,
        base: &str,
        fetch: &Arc<Fetch>,
        secret: Arc<SecretKey>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let provider = |(config, credentials): (Config, Credentials)| {
            let redirect = Url::parse(&format!("{base}.account/login/oidc/{}/callback", config.id)).ok()?;
            Some(Provider::new(config, credentials, Arc::clone(fetch), &redirect))
        };
        Self { providers: configs.into_iter().filter_map(provider).collect(), secret, clock }
    }

    /// Ids and names, in the order of the settings.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.providers.iter().map(|provider| (&*provider.config.id, &*provider.config.name))
    }

    /// The name of a provider.
    pub fn name(&self, id: &str) -> Option<&str> {
        self.names().find(|(known, _)| *known == id).map(|(_, name)| name)
    }

    /// Id and name of the provider of this issuer.
    pub fn of_issuer(&self, issuer: &str) -> Option<(&str, &str)> {
        let found = self.providers.iter().find(|provider| provider.config.issuer == issuer);
        found.map(|provider| (&*provider.config.id, &*provider.config.name))
    }

    /// Sends somebody to a provider.
    ///
    /// Spec: O-302
    pub async fn begin(&self, id: &str, wish: Wish, language: &str) -> Result<Begun, Fault> {
        let (provider, now) = (self.provider(id)?, self.clock.now());
        let metadata = provider.metadata(false, now).await?;
        let flow = Flow::new(id, wish, now);
        let url = flow.url(provider, &metadata, language);
        Ok(Begun { url, sealed: self.seal("upstream flow", &flow) })
    }

    /// Takes in somebody who comes back. `kept` is what their browser kept, as [`with`] makes it.
    ///
    /// Spec: O-302, O-303
    pub async fn finish(&self, id: &str, kept: &str, answer: Answer) -> Result<Came, Fault> {
        let (provider, now) = (self.provider(id)?, self.clock.now());
        let flows = kept.split('.').filter_map(|sealed| Some((sealed, self.open::<Flow>("upstream flow", sealed)?)));
        let (ours, others): (Vec<_>, Vec<_>) = flows.partition(|(_, flow)| flow.expects(id, &answer.state, now));
        let (_, flow) = ours.into_iter().next().ok_or(Fault::Stale)?;
        let (person, offline) = flow::finish(provider, &flow, answer, now).await?;
        let rest = others.into_iter().map(|(sealed, _)| sealed).collect::<Vec<_>>().join(".");
        Ok(Came { person, wish: flow.wish, offline, rest })
    }

    /// What a browser keeps of a person whom no account knows, until they say what they want.
    ///
    /// Spec: O-305
    pub fn welcome(&self, person: Person, next: &str) -> String {
        let until = self.clock.now().plus(DECISION);
        self.seal("newcomer", &Newcomer { person, next: next.to_owned(), until })
    }

    /// The person whom a browser kept, and where they wanted to go.
    ///
    /// Spec: O-305
    pub fn newcomer(&self, sealed: &str) -> Option<(Person, String)> {
        let newcomer = self.open::<Newcomer>("newcomer", sealed)?;
        (self.clock.now() < newcomer.until).then_some((newcomer.person, newcomer.next))
    }

    /// Reads a logout token of a provider. Whether it was used before is not known here.
    ///
    /// Spec: O-310
    pub async fn signed_out(&self, id: &str, token: &str) -> Result<SignedOut, Fault> {
        let (provider, now) = (self.provider(id)?, self.clock.now());
        let token = logout::parse(token)?;
        let metadata = provider.metadata(false, now).await?;
        if !logout::is_signed(&token, &provider.config, &metadata) {
            let newer = provider.metadata(true, now).await?;
            if !logout::is_signed(&token, &provider.config, &newer) {
                return Err(unacceptable("signature"));
            }
        }
        logout::read(&token.payload, &provider.config, now)
    }

    fn provider(&self, id: &str) -> Result<&Provider, Fault> {
        self.providers.iter().find(|provider| provider.config.id == id).ok_or(Fault::Unknown)
    }

    fn seal(&self, purpose: &str, value: &impl Serialize) -> String {
        let plain = serde_json::to_vec(value).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(self.secret.seal(purpose, &plain))
    }

    fn open<T: DeserializeOwned>(&self, purpose: &str, sealed: &str) -> Option<T> {
        let plain = self.secret.open(purpose, &URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_keeps_the_last_few_sign_ins() {
        assert_eq!(with(None, "a"), "a");
        assert_eq!(with(Some(""), "a"), "a");
        assert_eq!(with(Some("a.b"), "c"), "a.b.c");
        assert_eq!(with(Some("a.b.c"), "d"), "b.c.d");
        let long = "x".repeat(3000);
        assert_eq!(with(Some(&long), &long), long);
    }
}
