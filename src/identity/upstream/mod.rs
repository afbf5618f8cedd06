//! Signing in through a school: people come from an ordinary OpenID provider that knows nothing of Solid.
//!
//! Nothing is kept here while somebody is on their way: their browser carries it in a sealed cookie, so that any node
//! can take them in, and who begins a thousand sign-ins fills no disk.

mod config;
mod credentials;
mod flow;
mod logout;
mod person;
mod provider;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

pub use config::{Config, Endpoints, Mapping, Misconfigured, check};
pub use credentials::{Credentials, Unreadable};
pub use flow::{Answer, Purpose, Wish};
pub use logout::SignedOut;
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
    /// What the browser keeps: it opens for [`Upstreams::finish`] only.
    pub sealed: String,
    /// Tells this sign-in from others of the same browser; see [`label`].
    pub label: String,
}

/// The part of a state that names its cookie, so that two tabs do not take each other's.
pub fn label(state: &str) -> String {
    state.chars().filter(char::is_ascii_alphanumeric).take(8).collect()
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
        base: &Url,
        fetch: &Arc<Fetch>,
        secret: Arc<SecretKey>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let provider = |(config, credentials): (Config, Credentials)| {
            let mut redirect = base.clone();
            redirect.set_path(&format!("/.account/login/oidc/{}/callback", config.id));
            Provider::new(config, credentials, Arc::clone(fetch), &redirect)
        };
        Self { providers: configs.into_iter().map(provider).collect(), secret, clock }
    }

    /// Ids and names, in the order of the settings.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.providers.iter().map(|provider| (&*provider.config.id, &*provider.config.name))
    }

    /// The name of a provider.
    pub fn name(&self, id: &str) -> Option<&str> {
        self.names().find(|(known, _)| *known == id).map(|(_, name)| name)
    }

    /// The name of the provider of this issuer.
    pub fn name_of_issuer(&self, issuer: &str) -> Option<&str> {
        let found = self.providers.iter().find(|provider| provider.config.issuer == issuer);
        found.map(|provider| &*provider.config.name)
    }

    /// The id of the provider of this issuer.
    pub fn id_of_issuer(&self, issuer: &str) -> Option<&str> {
        let found = self.providers.iter().find(|provider| provider.config.issuer == issuer);
        found.map(|provider| &*provider.config.id)
    }

    /// Sends somebody to a provider.
    ///
    /// Spec: O-302
    pub async fn begin(&self, id: &str, wish: Wish, language: &str) -> Result<Begun, Fault> {
        let (provider, now) = (self.provider(id)?, self.clock.now());
        let metadata = provider.metadata(false, now).await?;
        let flow = Flow::new(id, wish, now);
        let url = flow.url(provider, &metadata, language);
        Ok(Begun { url, sealed: self.seal("upstream flow", &flow), label: label(&flow.state) })
    }

    /// Takes in somebody who comes back. `sealed` is what their browser kept.
    ///
    /// Spec: O-302, O-303
    pub async fn finish(&self, id: &str, sealed: Option<&str>, answer: Answer) -> Result<(Person, Wish), Fault> {
        let (provider, now) = (self.provider(id)?, self.clock.now());
        let flow = sealed.and_then(|sealed| self.open::<Flow>("upstream flow", sealed)).ok_or(Fault::Stale)?;
        if !flow.expects(id, &answer.state, now) {
            return Err(Fault::Stale);
        }
        let person = flow::finish(provider, &flow, answer, now).await?;
        Ok((person, flow.wish))
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
