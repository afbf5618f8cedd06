//! Clients: the applications that sign people in here, registered or described by a document at their address.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::scope::Scopes;
use super::{document, redirect};
use crate::access::{Caller, Mode};
use crate::clock::{Clock, Timestamp};
use crate::fetch::{self, Document, Fetch};
use crate::identity::Config;
use crate::identity::jws::Algorithm;
use crate::identity::lookup::Lookups;
use crate::pods::{self, Pods};
use crate::secret;
use crate::storage::{self, Body, Change, EntryIs, EntryWrite, Scope, Storage};

/// Client documents that are remembered.
const DOCUMENTS: usize = 4096;
/// For this long a client document is not read again, whatever its host says.
///
/// Spec: O-135
const AT_LEAST: Duration = Duration::from_mins(1);
/// After this long it is read again for whatever purpose.
///
/// Spec: O-135
const AT_MOST: Duration = Duration::from_mins(10);
/// For this long the last good copy will do for refreshing tokens while its host is away.
///
/// Spec: O-135
pub(super) const AWAY: Duration = Duration::from_hours(24);
/// Characters of the longest client id that is an address.
const LONGEST_ID: usize = 2048;

/// How a client shows at the token endpoint that it is itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthMethod {
    /// It cannot: a public client.
    #[serde(rename = "none")]
    None,
    #[serde(rename = "client_secret_basic")]
    Basic,
    #[serde(rename = "client_secret_post")]
    Post,
}

impl AuthMethod {
    pub const ALL: [Self; 3] = [Self::Basic, Self::Post, Self::None];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }
}

/// Where a client runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Application {
    Web,
    /// On somebody's device, so that it may be sent back to that device.
    Native,
}

impl Application {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Native => "native",
        }
    }
}

/// How we know a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Registered,
    /// Its id is the address of a document.
    Document,
}

/// What a client says for people. None of it is verified.
///
/// Spec: O-136
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
}

/// A client, as far as its word counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    pub id: String,
    pub kind: Kind,
    /// What it calls itself.
    pub name: Option<String>,
    /// As it wrote them, in its order.
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub application: Application,
    /// What it may ask for.
    pub scopes: Scopes,
    /// Whether it may have refresh tokens.
    pub refresh: bool,
    pub auth: AuthMethod,
    pub id_token_alg: Algorithm,
    /// How many seconds ago a person may have signed in, unless the request says otherwise.
    pub default_max_age: Option<u64>,
    pub require_auth_time: bool,
    pub about: About,
}

impl Client {
    /// A public client cannot keep a secret: its refresh tokens are bound to its key.
    ///
    /// Spec: O-134, O-167
    pub fn is_public(&self) -> bool {
        self.auth == AuthMethod::None
    }

    /// Whether the client may be sent back to this address.
    ///
    /// Spec: O-132, O-145
    pub fn accepts_redirect(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| redirect::is_same(registered, uri, self.application))
    }
}

/// A client as its registration is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Registered {
    pub client: Client,
    /// SHA-256 of the secret of a confidential client.
    pub secret: Option<[u8; 32]>,
    pub since: Timestamp,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientFault {
    /// It was never registered, or not used for long.
    ///
    /// Spec: O-128
    #[error("no client of this id is registered here")]
    Unknown,
    /// Spec: O-131, O-132
    #[error("the client's document cannot be used: {0}")]
    Document(document::Fault),
    /// It may be there again later.
    #[error("the host of the client's document cannot be reached")]
    Away,
    /// Spec: O-66
    #[error("your network has named too many unknown clients; try again in {} seconds", .0.as_secs())]
    TooMany(Duration),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<document::Fault> for ClientFault {
    fn from(fault: document::Fault) -> Self {
        Self::Document(fault)
    }
}

/// A document in one of our own pods that everyone may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicDocument {
    pub media_type: String,
    pub bytes: Bytes,
    pub modified: Timestamp,
}

/// The documents in our own pods that everyone may read.
#[async_trait]
pub trait PublicDocuments: Send + Sync + 'static {
    /// The document of this address; `None` if the public cannot read one there.
    async fn read(&self, url: &str) -> storage::Result<Option<PublicDocument>>;
}

/// Reads what a client on the web would get, without asking over the network.
///
/// Spec: O-63
#[async_trait]
impl PublicDocuments for Pods {
    async fn read(&self, url: &str) -> storage::Result<Option<PublicDocument>> {
        let Some(path) = self.addresses().path_of(url) else { return Ok(None) };
        let (seen, rights) = match self.rights(&Caller::public(), &path).await {
            Ok(found) => found,
            Err(pods::Error::Storage(error)) => return Err(error),
            Err(_) => return Ok(None),
        };
        let readable = seen.found.target().filter(|_| rights.public.allow(Mode::Read));
        Ok(readable.and_then(|record| match &record.body {
            Body::Inline(bytes) => Some(PublicDocument {
                media_type: record.media_type.to_string(),
                bytes: bytes.clone(),
                modified: record.modified,
            }),
            _ => None,
        }))
    }
}

/// A client document as it was read.
struct Read {
    client: Arc<Client>,
    at: Timestamp,
    good_for: Duration,
}

/// What the records of client documents begin with.
pub(super) const COPIES: &str = "client-document/";

/// The last good copy of a client document, as it is kept for a client that somebody signed in with.
///
/// Spec: O-135
#[derive(Serialize, Deserialize)]
pub(super) struct Copy {
    client: Client,
    /// When it was read.
    pub at: Timestamp,
}

impl Copy {
    fn entry(client: &Client, at: Timestamp, expected: EntryIs) -> Result<EntryWrite, serde_json::Error> {
        let value = serde_json::to_vec(&Self { client: client.clone(), at })?;
        Ok(EntryWrite { key: Self::key(&client.id), expected, value: Some(value.into()) })
    }

    /// A client id may be a long address, so its hash stands for it.
    fn key(id: &str) -> Arc<str> {
        format!("{COPIES}{}", URL_SAFE_NO_PAD.encode(secret::hash_secret(id))).into()
    }
}

/// The clients that there are.
pub struct Clients {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) clock: Arc<dyn Clock>,
    fetch: Arc<Fetch>,
    public: Arc<dyn PublicDocuments>,
    lookups: Lookups,
    documents: Cache<Arc<str>, Arc<Read>>,
    /// The most registrations, and the most that one address may make in an hour.
    pub(super) registrations: usize,
    pub(super) registrations_per_hour: u32,
    /// How many registrations there are; `None`: not counted yet.
    pub(super) known: Mutex<Option<usize>>,
}

impl Clients {
    pub(super) fn new(
        config: &Config,
        storage: Arc<dyn Storage>,
        clock: Arc<dyn Clock>,
        fetch: Arc<Fetch>,
        public: Arc<dyn PublicDocuments>,
    ) -> Self {
        Self {
            storage,
            clock,
            fetch,
            public,
            lookups: Lookups::new(config.lookups_per_minute),
            documents: Cache::new(DOCUMENTS),
            registrations: config.registrations,
            registrations_per_hour: config.registrations_per_hour,
            known: Mutex::default(),
        }
    }

    /// The client of an id, for somebody who wants to sign in with it from this address. A client document is read
    /// afresh, unless it was read a moment ago.
    ///
    /// Spec: O-128, O-131, O-135, O-66
    pub async fn find(&self, id: &str, from: IpAddr) -> Result<Arc<Client>, ClientFault> {
        if !is_address(id) {
            return self.registered(id).await;
        }
        if let Some(client) = self.read_within(id, |_| AT_LEAST) {
            return Ok(client);
        }
        self.look_up(id, from).await
    }

    /// The client of an id that was found before: its document may be some minutes old.
    ///
    /// Spec: O-135
    pub async fn recall(&self, id: &str, from: IpAddr) -> Result<Arc<Client>, ClientFault> {
        if !is_address(id) {
            return self.registered(id).await;
        }
        if let Some(client) = self.read_within(id, |read| read.good_for) {
            return Ok(client);
        }
        match self.look_up(id, from).await {
            Ok(client) => {
                self.renew_copy(&client).await?;
                Ok(client)
            }
            Err(ClientFault::Away) => self.last_good(id).await?.ok_or(ClientFault::Away),
            unusable => unusable,
        }
    }

    /// The last good copy of a client document, if it is not too old: of this process, or of any before.
    ///
    /// Spec: O-135
    async fn last_good(&self, id: &str) -> storage::Result<Option<Arc<Client>>> {
        if let Some(client) = self.read_within(id, |_| AWAY) {
            return Ok(Some(client));
        }
        let entry = self.storage.entry(&Copy::key(id)).await?;
        let kept = entry.and_then(|entry| serde_json::from_slice::<Copy>(&entry.value).ok());
        let now = self.clock.now();
        Ok(kept.filter(|copy| now < copy.at.plus(AWAY)).map(|copy| Arc::new(copy.client)))
    }

    /// The record of the last good copy of a client's document, for a client that somebody signs in with: what strangers
    /// merely name is not kept.
    ///
    /// Spec: O-135
    pub(super) fn copy(&self, client: &Client) -> Result<Option<EntryWrite>, serde_json::Error> {
        let read = self.documents.get(&*client.id);
        read.map(|read| Copy::entry(&read.client, read.at, EntryIs::Anything)).transpose()
    }

    /// Keeps a document that was just read in place of the copy, if there is one.
    async fn renew_copy(&self, client: &Client) -> storage::Result<()> {
        let Some(entry) = self.storage.entry(&Copy::key(&client.id)).await? else { return Ok(()) };
        let now = self.clock.now();
        let mut change = Change::of(Scope::House, now);
        let renewed = Copy::entry(client, now, EntryIs::At(entry.version));
        change.entries.push(renewed.map_err(|error| storage::Error::Failed(error.to_string()))?);
        match self.storage.commit(change).await {
            // Another request has done so.
            Err(storage::Error::Moved) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    async fn registered(&self, id: &str) -> Result<Arc<Client>, ClientFault> {
        let registered = self.registration(id).await?.ok_or(ClientFault::Unknown)?;
        Ok(Arc::new(registered.client))
    }

    pub(super) async fn registration(&self, id: &str) -> storage::Result<Option<Registered>> {
        let Some(key) = key(id) else { return Ok(None) };
        let entry = self.storage.entry(&key).await?;
        // What cannot be read is as good as lost: the client registers anew.
        Ok(entry.and_then(|entry| serde_json::from_slice(&entry.value).ok()))
    }

    /// The registered client that shows this secret.
    ///
    /// Spec: O-162
    pub async fn present(&self, id: &str, shown: &str) -> storage::Result<Option<Arc<Client>>> {
        let registered = self.registration(id).await?;
        let right = |kept: &[u8; 32]| secret::equal(&secret::hash_secret(shown), kept);
        let known = registered.filter(|registered| registered.secret.as_ref().is_some_and(right));
        Ok(known.map(|registered| Arc::new(registered.client)))
    }

    fn read_within(&self, id: &str, age: impl Fn(&Read) -> Duration) -> Option<Arc<Client>> {
        let read = self.documents.get(id)?;
        let now = self.clock.now();
        (read.at <= now && now < read.at.plus(age(&read))).then(|| Arc::clone(&read.client))
    }

    /// Reads a client document, unless this address has named too many.
    ///
    /// Spec: O-66
    async fn look_up(&self, id: &str, from: IpAddr) -> Result<Arc<Client>, ClientFault> {
        self.lookups.count(from, self.clock.now()).map_err(ClientFault::TooMany)?;
        self.read(id).await
    }

    /// Reads a client document from where it is.
    ///
    /// Spec: O-131, O-135
    async fn read(&self, id: &str) -> Result<Arc<Client>, ClientFault> {
        if id.len() > LONGEST_ID || id.contains('#') {
            return Err(document::Fault::Address(fetch::Error::NotAUrl).into());
        }
        let (media_type, bytes, max_age) = match self.fetch.get(id, Document::Client).await {
            Ok(found) if found.status.as_u16() == 200 => {
                (found.media_type().unwrap_or_default().to_owned(), found.bytes.clone(), found.max_age())
            }
            Ok(found) if found.status.is_server_error() => return Err(ClientFault::Away),
            Ok(_) => return Err(document::Fault::Missing.into()),
            Err(fetch::Error::OwnHost) => {
                let found = self.public.read(id).await?.ok_or(document::Fault::Missing)?;
                (found.media_type, found.bytes, None)
            }
            Err(error) if error.is_outage() => return Err(ClientFault::Away),
            Err(error) => return Err(document::Fault::Address(error).into()),
        };
        let client = Arc::new(document::read(id, &media_type, &bytes)?);
        let good_for = max_age.unwrap_or(AT_MOST).clamp(AT_LEAST, AT_MOST);
        let read = Read { client: Arc::clone(&client), at: self.clock.now(), good_for };
        self.documents.insert(id.into(), Arc::new(read));
        Ok(client)
    }
}

/// Whether a client id is the address of a document. No id that we give is one.
///
/// Spec: O-125, O-131
fn is_address(id: &str) -> bool {
    id.contains(':')
}

/// The record of a registration; `None` if the id cannot be one of ours.
///
/// Spec: O-125
pub(super) fn key(id: &str) -> Option<Arc<str>> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    ((1..=128).contains(&id.len()) && id.bytes().all(plain)).then(|| format!("client/{id}").into())
}
