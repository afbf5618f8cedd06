//! Dynamic registration: clients that introduce themselves. They are kept while they are used, since browsers remember
//! the ids that they were given.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json as object};
use sha2::{Digest, Sha256};

use super::client::{Client, Clients, Kind, Registered};
use super::metadata;
use crate::clock::Timestamp;
use crate::identity::json::Object;
use crate::identity::lookup::household;
use crate::secret::{self, Secret};
use crate::storage::{self, Change, EntryIs, EntryWrite, KeyRange, Scope};

const HOUR: Duration = Duration::from_hours(1);
/// How often a registration is tried again because others came first.
const ATTEMPTS: usize = 8;
/// What the records of registrations begin with.
pub(super) const CLIENTS: &str = "client/";
/// What the counters of registrations begin with.
pub(super) const COUNTERS: &str = "registrations/";
/// Records that are read at a time.
const PAGE: usize = 1000;

/// A client that was just registered: the only time its secret is seen.
#[derive(Debug)]
pub struct Registration {
    pub client: Client,
    /// `None`: a public client.
    pub secret: Option<Secret>,
    pub since: Timestamp,
}

/// Why a client was not registered.
#[derive(Debug, thiserror::Error)]
pub enum Unregistered {
    #[error(transparent)]
    Metadata(#[from] metadata::Fault),
    /// Spec: O-129
    #[error("too many clients were registered; try again in {} seconds", .0.as_secs())]
    TooMany(Duration),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// The registrations from one address within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Count {
    pub since: Timestamp,
    made: u32,
}

impl Count {
    pub fn is_over(self, now: Timestamp) -> bool {
        now >= self.since.plus(HOUR) || now < self.since
    }

    /// The count with one more, or how long to wait.
    fn one_more(self, most: u32, now: Timestamp) -> Result<Self, Duration> {
        if self.is_over(now) {
            return Ok(Self { since: now, made: 1 });
        }
        if self.made >= most {
            let passed = Duration::from_millis(now.millis().abs_diff(self.since.millis()));
            return Err(HOUR.saturating_sub(passed).max(Duration::from_secs(1)));
        }
        Ok(Self { made: self.made + 1, ..self })
    }
}

impl Registration {
    /// What is in force, as the client is told.
    ///
    /// Spec: oidc#clientids-oidc, O-122, O-123, rfc7591 §3.2.1
    pub fn document(&self) -> Value {
        let Client { id, redirect_uris, scopes, refresh, auth, about, .. } = &self.client;
        let mut grants = vec!["authorization_code"];
        grants.extend(refresh.then_some("refresh_token"));
        let mut told = object!({
            "client_id": id,
            "client_id_issued_at": self.since.seconds(),
            "redirect_uris": redirect_uris,
            "application_type": self.client.application.name(),
            "token_endpoint_auth_method": auth.name(),
            "grant_types": grants,
            "response_types": ["code"],
            "scope": scopes,
            "subject_type": "public",
            "id_token_signed_response_alg": self.client.id_token_alg.name(),
            "post_logout_redirect_uris": self.client.post_logout_redirect_uris,
            "require_auth_time": self.client.require_auth_time,
        });
        let secret = self.secret.as_ref().map(Secret::reveal);
        let optional = [
            ("client_name", self.client.name.as_deref().map(Value::from)),
            ("client_secret", secret.map(Value::from)),
            ("client_secret_expires_at", secret.map(|_| 0.into())),
            ("default_max_age", self.client.default_max_age.map(Value::from)),
        ];
        let about = serde_json::to_value(about).ok().and_then(|about| about.as_object().cloned()).unwrap_or_default();
        if let Value::Object(told) = &mut told {
            told.extend(about);
            told.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        told
    }
}

/// The counter of an address. Addresses are folded into 65,536 places, so that none is kept.
fn counter(from: IpAddr) -> Arc<str> {
    let digest = Sha256::digest(household(from).to_string());
    format!("{COUNTERS}{:02x}{:02x}", digest[0], digest[1]).into()
}

impl Clients {
    /// Registers a client that says this of itself.
    ///
    /// Spec: O-121, O-123, O-124, O-125, O-129, rfc7591 §3.1
    pub async fn register(&self, said: &Object, from: IpAddr) -> Result<Registration, Unregistered> {
        let id = secret::token();
        let client = metadata::read(said, &id, Kind::Registered)?;
        let shown = (!client.is_public()).then(Secret::random);
        let since = self.clock.now();
        let kept = shown.as_ref().map(|secret| secret::hash_secret(secret.reveal()));
        let registered = Registered { client, secret: kept, since };
        let value = serde_json::to_vec(&registered).map_err(|error| storage::Error::Failed(error.to_string()))?;
        let entry =
            EntryWrite { key: format!("{CLIENTS}{id}").into(), expected: EntryIs::Absent, value: Some(value.into()) };
        self.check_room().await?;
        self.counted(from, entry).await?;
        if let Some(known) = self.known.lock().await.as_mut() {
            *known += 1;
        }
        Ok(Registration { client: registered.client, secret: shown, since })
    }

    /// Writes a registration and counts it for the address that it comes from.
    async fn counted(&self, from: IpAddr, entry: EntryWrite) -> Result<(), Unregistered> {
        let key = counter(from);
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let (count, was) = match self.storage.entry(&key).await? {
                Some(entry) => (serde_json::from_slice(&entry.value).unwrap_or_default(), EntryIs::At(entry.version)),
                None => (Count::default(), EntryIs::Absent),
            };
            let count = count.one_more(self.registrations_per_hour, now).map_err(Unregistered::TooMany)?;
            let value = serde_json::to_vec(&count).map_err(|error| storage::Error::Failed(error.to_string()))?;
            let mut change = Change::of(Scope::House, now);
            change.entries.push(entry.clone());
            change.entries.push(EntryWrite { key: Arc::clone(&key), expected: was, value: Some(value.into()) });
            match self.storage.commit(change).await {
                Err(storage::Error::Moved | storage::Error::Taken(_)) => {}
                done => return Ok(done.map(|_| ())?),
            }
        }
        Err(Unregistered::TooMany(Duration::from_secs(1)))
    }

    /// Whether there is room for one registration more. The number is counted once and then kept in step with this
    /// process's own registrations; the sweep counts again. It guards the disk, so it need not be exact.
    ///
    /// Spec: O-129
    async fn check_room(&self) -> Result<(), Unregistered> {
        let mut known = self.known.lock().await;
        let count = match *known {
            Some(count) => count,
            None => self.count().await?,
        };
        *known = Some(count);
        if count < self.registrations { Ok(()) } else { Err(Unregistered::TooMany(HOUR)) }
    }

    /// Sets the number of registrations to what was just counted.
    pub(super) async fn recount(&self, count: usize) {
        *self.known.lock().await = Some(count);
    }

    async fn count(&self) -> storage::Result<usize> {
        let (mut count, mut after) = (0, None::<Arc<str>>);
        loop {
            let page = KeyRange { prefix: CLIENTS, after: after.as_deref(), limit: PAGE };
            let entries = self.storage.entries(page).await?;
            count += entries.len();
            match entries.last() {
                Some(last) if entries.len() == PAGE => after = Some(Arc::clone(&last.key)),
                _ => return Ok(count),
            }
        }
    }
}
