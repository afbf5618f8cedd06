//! A server with one user, whose storage keeps house records only, and a client that signs what it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use josekit::jwk::{Jwk, KeyPair};
use josekit::jws::{self, JwsSigner};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::access::Agent;
use crate::address::Addresses;
use crate::clock::{Clock, SetClock, Timestamp};
use crate::fetch::{Fetch, Setup};
use crate::identity::issue::AccessToken;
use crate::identity::jwk::{PublicKey, Thumbprint};
use crate::identity::jws::Algorithm;
use crate::identity::keys::Keys;
use crate::identity::token::Claims;
use crate::identity::webid::LocalProfiles;
use crate::identity::{Config, Credentials, Identity, Parts, Refused, Revocations};
use crate::path::{ContainerPath, Name, PodName, ResourcePath};
use crate::rdf::{Document, Graph, Term, Triple, vocab};
use crate::secret::SecretKey;
use crate::storage::{
    self, BlobId, ByteStream, Change, Committed, Cursor, Entry, EntryIs, Event, Found, KeyRange, Member, Pod, PodId,
    Storage, Version,
};

pub const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
pub const BASE: &str = "https://pods.example/";
pub const WEBID: &str = "https://pods.example/alice/profile/card#me";
pub const CLIENT: &str = "https://app.example/id.jsonld";
pub const URL: &str = "https://pods.example/alice/notes/today.ttl";

pub fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

pub fn before(seconds: u64) -> Timestamp {
    NOW.minus(Duration::from_secs(seconds))
}

/// Signing keys, as they are kept, and the secret key that seals them. Made once: RSA takes a while.
static KEYS: OnceCell<(Bytes, Arc<SecretKey>)> = OnceCell::const_new();

async fn make_keys() -> (Bytes, Arc<SecretKey>) {
    let (house, secret) = (Arc::new(House::default()), Arc::new(SecretKey::ephemeral()));
    let storage = Arc::clone(&house) as Arc<dyn Storage>;
    let keys = Keys::open(storage, Arc::clone(&secret), BASE, before(60)).await.unwrap();
    keys.tend(before(60)).await.unwrap();
    (house.entry("keys").await.unwrap().unwrap().value, secret)
}

/// A provider with its user Alice.
pub struct World {
    pub identity: Identity,
    pub keys: Arc<Keys>,
    pub profiles: Arc<Profiles>,
    pub revoked: Arc<Revoked>,
}

impl World {
    pub async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        Self::reaching(config, false).await
    }

    /// A server in development, so that servers on this machine can stand in for others.
    pub async fn in_development(config: Config) -> Self {
        Self::reaching(config, true).await
    }

    async fn reaching(config: Config, loopback: bool) -> Self {
        let (kept, secret) = KEYS.get_or_init(make_keys).await.clone();
        let house: Arc<dyn Storage> = Arc::new(House::holding("keys", kept));
        let keys = Keys::open(house, secret, BASE, before(60)).await.unwrap();
        let addresses = Arc::new(Addresses::with_paths(BASE).unwrap());
        let clock = Arc::new(SetClock::at(NOW));
        let mut setup = Setup::new(Arc::clone(&addresses), Arc::clone(&clock) as Arc<dyn Clock>);
        setup.loopback = loopback;
        let profiles = Arc::new(Profiles::default());
        profiles.list(WEBID, &[BASE]);
        let revoked = Arc::new(Revoked::default());
        let parts = Parts {
            addresses: Arc::clone(&addresses),
            keys: Arc::clone(&keys),
            profiles: Arc::clone(&profiles) as Arc<dyn LocalProfiles>,
            revocations: Arc::clone(&revoked) as Arc<dyn Revocations>,
            fetch: Arc::new(Fetch::new(setup)),
        };
        let identity = Identity::new(config, parts, before(3600));
        Self { identity, keys, profiles, revoked }
    }

    /// An access token of ours for Alice, bound to the client's key.
    pub async fn token(&self, client: &Client) -> String {
        self.token_with(|token| token.jkt = Some(client.jkt())).await
    }

    pub async fn token_with(&self, change: impl FnOnce(&mut AccessToken<'_>)) -> String {
        let mut token = AccessToken {
            subject: WEBID,
            webid: WEBID,
            client: CLIENT,
            scope: "openid webid",
            issued: before(10),
            expires: after(3600),
            id: "token-1",
            session: "session-1",
            jkt: None,
        };
        change(&mut token);
        self.keys.sign(&token, Algorithm::Es256, NOW).await.unwrap()
    }

    /// What becomes of a request with this token and proof.
    pub async fn ask(&self, token: &str, proof: &str) -> Result<Option<Arc<Agent>>, Refused> {
        self.ask_at(NOW, token, proof).await
    }

    pub async fn ask_at(&self, now: Timestamp, token: &str, proof: &str) -> Result<Option<Arc<Agent>>, Refused> {
        self.send_at(now, &[&format!("DPoP {token}")], &[proof]).await
    }

    pub async fn send(&self, authorization: &[&str], dpop: &[&str]) -> Result<Option<Arc<Agent>>, Refused> {
        self.send_at(NOW, authorization, dpop).await
    }

    pub async fn send_at(
        &self,
        now: Timestamp,
        authorization: &[&str],
        dpop: &[&str],
    ) -> Result<Option<Arc<Agent>>, Refused> {
        self.identity.identify(&request(authorization, dpop, URL), now).await
    }
}

pub fn request<'a>(authorization: &[&'a str], dpop: &[&'a str], url: &'a str) -> Credentials<'a> {
    Credentials {
        authorization: authorization.iter().map(|line| line.as_bytes()).collect(),
        dpop: dpop.iter().map(|line| line.as_bytes()).collect(),
        method: "GET",
        url,
        client_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

/// The refusal of a request, in words: its Debug form names the variant.
pub fn refusal(answer: Result<Option<Arc<Agent>>, Refused>) -> String {
    format!("{:?}", answer.unwrap_err())
}

/// A client with a key of its own.
pub struct Client {
    signer: Box<dyn JwsSigner>,
    pub public: Jwk,
}

impl Client {
    pub fn new() -> Self {
        let pair = jws::ES256.generate_key_pair().unwrap();
        Self::of(&pair, Box::new(jws::ES256.signer_from_der(pair.to_der_private_key()).unwrap()))
    }

    pub fn of(pair: &dyn KeyPair, signer: Box<dyn JwsSigner>) -> Self {
        let mut public = pair.to_jwk_public_key();
        public.set_parameter("alg", None).unwrap();
        public.set_parameter("use", None).unwrap();
        public.set_parameter("key_ops", None).unwrap();
        Self { signer, public }
    }

    pub fn jkt(&self) -> Thumbprint {
        PublicKey::read(self.public.as_ref()).unwrap().thumbprint()
    }

    pub fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": self.signer.algorithm().name(), "jwk": self.public.as_ref()})
    }

    /// Signs any two texts, JSON or not.
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.signer.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A good proof for a GET of [`URL`] at [`NOW`].
    pub fn proof(&self) -> String {
        self.proof_with(|_, _| {})
    }

    pub fn proof_for(&self, token: &str) -> String {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
        self.proof_with(|_, claims| claims["ath"] = hash.into())
    }

    pub fn proof_at(&self, time: Timestamp) -> String {
        self.proof_with(|_, claims| claims["iat"] = time.seconds().into())
    }

    /// A proof whose header and claims were changed before it was signed.
    pub fn proof_with(&self, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let mut header = self.header();
        let mut claims = json!({"jti": crate::secret::token(), "htm": "GET", "htu": URL, "iat": NOW.seconds()});
        change(&mut header, &mut claims);
        self.sign(&header.to_string(), &claims.to_string())
    }
}

/// The WebID documents of the server.
#[derive(Default)]
pub struct Profiles(Mutex<BTreeMap<String, Arc<Document>>>);

impl Profiles {
    pub fn list(&self, webid: &str, issuers: &[&str]) {
        let listed = issuers
            .iter()
            .map(|issuer| Triple::new(Term::iri(webid), vocab::solid::OIDC_ISSUER, Term::iri(*issuer)).unwrap());
        let document = Document { dataset: listed.collect::<Graph>().into(), prefixes: Vec::new() };
        self.0.lock().insert(webid.to_owned(), Arc::new(document));
    }

    pub fn remove(&self, webid: &str) {
        self.0.lock().remove(webid);
    }
}

#[async_trait]
impl LocalProfiles for Profiles {
    async fn read(&self, webid: &str) -> storage::Result<Option<Arc<Document>>> {
        Ok(self.0.lock().get(webid).cloned())
    }
}

/// The sessions that ended.
#[derive(Default)]
pub struct Revoked(pub Mutex<BTreeSet<String>>);

#[async_trait]
impl Revocations for Revoked {
    async fn is_revoked(&self, token: &Claims) -> storage::Result<bool> {
        Ok(self.0.lock().contains(token.session.as_deref().unwrap()))
    }
}

/// House records, and nothing else.
#[derive(Default)]
pub struct House {
    entries: Mutex<BTreeMap<Arc<str>, Entry>>,
    version: Mutex<Version>,
    pub reads: AtomicUsize,
    /// Commits that fail as if another node had written first.
    pub overtaken: AtomicUsize,
}

impl House {
    /// A house with one record.
    fn holding(key: &str, value: Bytes) -> Self {
        let (house, key) = (Self::default(), Arc::from(key));
        house.entries.lock().insert(Arc::clone(&key), Entry { key, value, version: Version(0) });
        house
    }
}

fn away<T>() -> storage::Result<T> {
    Err(storage::Error::Failed("house records only".into()))
}

#[async_trait]
impl Storage for House {
    async fn now(&self) -> storage::Result<Timestamp> {
        away()
    }

    async fn house_version(&self) -> storage::Result<Version> {
        Ok(*self.version.lock())
    }

    async fn entry(&self, key: &str) -> storage::Result<Option<Entry>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(self.entries.lock().get(key).cloned())
    }

    async fn commit(&self, change: Change) -> storage::Result<Committed> {
        if self.overtaken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(storage::Error::Moved);
        }
        let (mut entries, mut version) = (self.entries.lock(), self.version.lock());
        for write in &change.entries {
            let found = entries.get(&write.key).map(|entry| entry.version);
            match (write.expected, found) {
                (EntryIs::Absent, Some(_)) => return Err(storage::Error::Taken(write.key.to_string())),
                (EntryIs::At(expected), found) if found != Some(expected) => return Err(storage::Error::Moved),
                _ => {}
            }
        }
        version.0 += 1;
        for write in change.entries {
            match write.value {
                Some(value) => {
                    let entry = Entry { key: Arc::clone(&write.key), value, version: *version };
                    entries.insert(write.key, entry);
                }
                None => drop(entries.remove(&write.key)),
            }
        }
        Ok(Committed { pod: None, version: *version })
    }

    async fn pod(&self, _: &PodName) -> storage::Result<Option<Pod>> {
        away()
    }

    async fn version(&self, _: PodId) -> storage::Result<Version> {
        away()
    }

    async fn locate(&self, _: &ResourcePath) -> storage::Result<Found> {
        away()
    }

    async fn members(&self, _: PodId, _: &ContainerPath, _: Option<&Name>, _: usize) -> storage::Result<Vec<Member>> {
        away()
    }

    async fn tree(&self, _: PodId, _: Option<&ResourcePath>, _: usize) -> storage::Result<Vec<Member>> {
        away()
    }

    async fn open(&self, _: &BlobId, _: Option<Range<u64>>) -> storage::Result<ByteStream> {
        away()
    }

    async fn stage(&self, _: PodId, _: ByteStream) -> storage::Result<std::io::Result<(BlobId, u64)>> {
        away()
    }

    async fn discard(&self, _: &BlobId) -> storage::Result<()> {
        away()
    }

    async fn events(&self, _: Cursor, _: usize) -> storage::Result<Vec<Event>> {
        away()
    }

    async fn entries(&self, _: KeyRange<'_>) -> storage::Result<Vec<Entry>> {
        away()
    }

    async fn pods(&self, _: Option<PodId>, _: usize) -> storage::Result<Vec<Pod>> {
        away()
    }

    async fn set_quota(&self, _: PodId, _: Option<u64>) -> storage::Result<()> {
        away()
    }

    async fn remove(&self, _: PodId) -> storage::Result<()> {
        away()
    }
}
