//! A real server on a socket, in a temporary folder, with a set clock; and people who talk to it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cartable::access::Origins;
use cartable::address::Addresses;
use cartable::app::App;
use cartable::clock::{Clock, SetClock, Timestamp};
use cartable::fetch::{Fetch, Setup};
use cartable::http::account::AccountApi;
use cartable::http::headers::forwarded::Trusted;
use cartable::http::oidc::Provider;
use cartable::http::resource::Adapter;
use cartable::identity::account::Accounts;
use cartable::identity::issue::AccessToken;
use cartable::identity::jwk::PublicKey;
use cartable::identity::jws::Algorithm;
use cartable::identity::keys::Keys;
use cartable::identity::{Config, Identity, Parts};
use cartable::path::PodName;
use cartable::pods::{Limits, NoRemoteGroups, Pods};
use cartable::provision::Provision;
use cartable::secret::SecretKey;
use cartable::server::metrics::Metrics;
use cartable::server::{Stop, serve};
use cartable::storage::Storage;
use cartable::storage::sqlite::{Options, Sqlite};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jws::{ES256, JwsHeader};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

/// When everything in a world begins.
pub const BEGINNING: Timestamp = Timestamp::from_seconds(1_793_000_000);

/// A server with three people: `alice` and `bob` have pods, `carol` has one too and is trusted by nobody.
pub struct World {
    pub alice: Person,
    pub bob: Person,
    pub carol: Person,
    /// Nobody in particular.
    pub nobody: Person,
    pub clock: Arc<SetClock>,
    pub storage: Arc<dyn Storage>,
    pub accounts: Arc<Accounts>,
    pub base: String,
    _folder: tempfile::TempDir,
    _stop: Stop,
}

type Wrap = Box<dyn FnOnce(Arc<dyn Storage>) -> Arc<dyn Storage>>;

/// How a world differs from the usual one.
pub struct Settings {
    pub limits: Limits,
    pub origins: Origins,
    /// The most bytes in a pod.
    pub quota: Option<u64>,
    /// Whether anybody may make an account.
    pub open: bool,
    /// Puts something between the server and its storage.
    pub wrap: Wrap,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            origins: Origins::Trusted,
            quota: None,
            open: true,
            wrap: Box::new(|storage| storage),
        }
    }
}

impl World {
    pub async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::at(BEGINNING));
        let options = Options { durable: false, clock: clock.clone() };
        let storage: Arc<dyn Storage> = Arc::new(Sqlite::open(folder.path(), options).unwrap());
        let storage = (settings.wrap)(storage);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = Arc::new(Addresses::with_paths(&format!("http://localhost:{port}/")).unwrap());
        let accounts = Arc::new(Accounts::new(storage.clone(), clock.clone(), addresses.clone()));
        let secret = Arc::new(SecretKey::ephemeral());
        let keys = Keys::open(storage.clone(), secret, addresses.base(), clock.now()).await.unwrap();
        let pods = Arc::new(Pods::new(
            storage.clone(),
            addresses.clone(),
            clock.clone(),
            Arc::new(NoRemoteGroups),
            settings.origins,
            settings.limits,
        ));
        let parts = Parts {
            addresses: addresses.clone(),
            keys: keys.clone(),
            profiles: pods.clone(),
            revocations: accounts.clone(),
            fetch: Arc::new(Fetch::new(Setup::new(addresses.clone(), clock.clone()))),
        };
        // Proofs from before the start are refused, so the server starts a little earlier.
        let started = clock.now().minus(Duration::from_mins(5));
        let identity = Arc::new(Identity::new(Config::default(), parts, started));
        let provision = Arc::new(Provision {
            accounts: accounts.clone(),
            addresses: addresses.clone(),
            clock: clock.clone(),
            quota: settings.quota,
        });
        let app = Arc::new(App {
            addresses: addresses.clone(),
            proxies: Trusted::default(),
            clock: clock.clone(),
            identity: identity.clone(),
            pods: Adapter::new(pods),
            provider: Provider {
                addresses: addresses.clone(),
                accounts: accounts.clone(),
                identity,
                keys: keys.clone(),
                clock: clock.clone(),
                allow_bearer: false,
            },
            accounts: AccountApi {
                addresses: addresses.clone(),
                accounts: accounts.clone(),
                provision: provision.clone(),
                clock: clock.clone(),
                open: settings.open,
            },
            patience: Duration::from_secs(30),
        });
        let (stop, stopped) = Stop::new();
        let answer = move |request, peer| {
            let app = app.clone();
            async move { app.answer(request, peer).await }
        };
        let metrics = Metrics::register(&mut prometheus_client::registry::Registry::default());
        tokio::spawn(serve(listener, None, answer, cartable::server::Limits::default(), metrics, stopped));
        let new = async |name: &str| Person::new(name, port, &accounts, &provision, &keys, clock.clone()).await;
        Self {
            alice: new("alice").await,
            bob: new("bob").await,
            carol: new("carol").await,
            nobody: Person { identity: None, pod: addresses.base().to_owned(), port, clock: clock.clone() },
            clock: clock.clone(),
            base: addresses.base().to_owned(),
            storage,
            accounts,
            _folder: folder,
            _stop: stop,
        }
    }
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Person {
    identity: Option<Known>,
    /// The URL of this person's pod.
    pub pod: String,
    port: u16,
    clock: Arc<SetClock>,
}

#[derive(Clone)]
struct Known {
    webid: String,
    token: String,
    key: Jwk,
}

impl Person {
    async fn new(
        name: &str,
        port: u16,
        accounts: &Accounts,
        provision: &Provision,
        keys: &Keys,
        clock: Arc<SetClock>,
    ) -> Self {
        let account = accounts.create(None).await.unwrap();
        let home = provision.pod(&account.id, &PodName::parse(name).unwrap(), None).await.unwrap();
        let credential = accounts.create_credential(&account.id, None, None).await.unwrap().credential;
        let mut key = EcKeyPair::generate(EcCurve::P256).unwrap().to_jwk_key_pair();
        key.set_algorithm("ES256");
        let public = serde_json::to_vec(&key.to_public_key().unwrap()).unwrap();
        let jkt = PublicKey::read(&cartable::identity::json::object(&public).unwrap()).unwrap().thumbprint();
        let token = AccessToken {
            subject: &home.webid,
            webid: &home.webid,
            client: credential.id.as_str(),
            scope: "webid",
            issued: clock.now(),
            expires: clock.now().plus(Duration::from_hours(12)),
            id: "token",
            session: "session",
            jkt: Some(jkt),
        };
        let token = keys.sign(&token, Algorithm::Es256, clock.now()).await.unwrap();
        Self { identity: Some(Known { webid: home.webid, token, key }), pod: home.pod, port, clock }
    }

    /// This person's WebID.
    pub fn webid(&self) -> &str {
        &self.identity.as_ref().unwrap().webid
    }

    /// The URL of a place: as it is if it is absolute, else in this person's pod.
    pub fn url(&self, place: &str) -> String {
        if place.contains("://") { place.to_owned() } else { format!("{}{}", self.pod, place.trim_start_matches('/')) }
    }

    /// Begins a request.
    pub fn ask(&self, method: &str, place: &str) -> Asking<'_> {
        Asking {
            person: self,
            method: Method::from_bytes(method.as_bytes()).unwrap(),
            url: self.url(place),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub async fn get(&self, place: &str) -> Answer {
        self.ask("GET", place).send().await
    }

    pub async fn head(&self, place: &str) -> Answer {
        self.ask("HEAD", place).send().await
    }

    pub async fn delete(&self, place: &str) -> Answer {
        self.ask("DELETE", place).send().await
    }

    /// Puts Turtle.
    pub async fn put(&self, place: &str, turtle: &str) -> Answer {
        self.ask("PUT", place).content("text/turtle", turtle.to_owned()).send().await
    }

    /// Posts Turtle.
    pub async fn post(&self, place: &str, turtle: &str) -> Answer {
        self.ask("POST", place).content("text/turtle", turtle.to_owned()).send().await
    }

    /// Sends an N3 Patch with these clauses.
    pub async fn patch(&self, place: &str, clauses: &str) -> Answer {
        let patch =
            format!("@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n_:p a solid:InsertDeletePatch; {clauses}.");
        self.ask("PATCH", place).content("text/n3", patch).send().await
    }

    /// Sends a SPARQL Update.
    pub async fn update(&self, place: &str, update: &str) -> Answer {
        self.ask("PATCH", place).content("application/sparql-update", update.to_owned()).send().await
    }

    /// Writes the ACL of a place: the owner keeps everything; `rules` come on top.
    pub async fn rules(&self, place: &str, rules: &str) {
        let url = self.url(place);
        let acl = format!(
            "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n\
             @prefix vcard: <http://www.w3.org/2006/vcard/ns#>.\n\
             <#owner> a acl:Authorization; acl:agent <{}>; acl:accessTo <{url}>; acl:default <{url}>; \
             acl:mode acl:Read, acl:Write, acl:Control.\n{rules}",
            self.webid()
        );
        let answer = self.put(&format!("{url}.acl"), &acl).await;
        assert!(answer.status.is_success(), "the ACL of {url}: {answer:?}");
    }

    /// Grants modes (such as `acl:Read`) on a place itself to somebody, or to everyone.
    pub async fn allow(&self, place: &str, to: &Self, modes: &str) {
        self.rules(place, &self.rule(place, to, "acl:accessTo", modes)).await;
    }

    /// Grants modes on a place and all that inherits from it.
    pub async fn allow_all(&self, place: &str, to: &Self, modes: &str) {
        let itself = self.rule(place, to, "acl:accessTo", modes);
        self.rules(place, &(itself + &self.rule(place, to, "acl:default", modes))).await;
    }

    /// One rule, in Turtle.
    pub fn rule(&self, place: &str, to: &Self, scope: &str, modes: &str) -> String {
        let who = match &to.identity {
            Some(known) => format!("acl:agent <{}>", known.webid),
            None => "acl:agentClass foaf:Agent".to_owned(),
        };
        format!("[] a acl:Authorization; {who}; {scope} <{}>; acl:mode {modes}.\n", self.url(place))
    }

    /// A proof of this person's key, for a request that is sent otherwise.
    pub fn proves(&self, method: &str, url: &str) -> String {
        let known = self.identity.as_ref().unwrap();
        self.proof(known, &Method::from_bytes(method.as_bytes()).unwrap(), url)
    }

    fn proof(&self, known: &Known, method: &Method, url: &str) -> String {
        let mut header = JwsHeader::new();
        header.set_token_type("dpop+jwt");
        header.set_claim("jwk", Some(serde_json::to_value(known.key.to_public_key().unwrap()).unwrap())).unwrap();
        let id = uuid::Uuid::new_v4().to_string();
        let claims = json!({ "htm": method.as_str(), "htu": url, "iat": self.clock.now().seconds(), "jti": id });
        let signer = ES256.signer_from_jwk(&known.key).unwrap();
        josekit::jws::serialize_compact(claims.to_string().as_bytes(), &header, &signer).unwrap()
    }
}

/// A request in the making.
pub struct Asking<'a> {
    person: &'a Person,
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Asking<'_> {
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    #[must_use]
    pub fn content(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.insert("content-type", media_type.parse().unwrap());
        self.body(body)
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it over a connection of its own.
    pub async fn send(self) -> Answer {
        let target = self.url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap();
        let mut request = Request::builder().method(self.method.clone()).uri(target);
        *request.headers_mut().unwrap() = self.headers;
        request = request.header("host", format!("localhost:{}", self.person.port));
        if let Some(known) = &self.person.identity {
            let proof = self.person.proof(known, &self.method, &self.url);
            request = request.header("authorization", format!("DPoP {}", known.token)).header("dpop", proof);
        }
        let socket = TcpStream::connect(("127.0.0.1", self.person.port)).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request.body(Full::new(self.body)).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The value of a field, or nothing.
    pub fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks the status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// Checks status and problem type.
    #[track_caller]
    pub fn refused(self, status: u16, kind: &str) -> Self {
        let answer = self.is(status);
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let told = problem["type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default();
        assert_eq!(told, kind, "{problem}");
        answer
    }

    /// The `Location` of something that was just made.
    #[track_caller]
    pub fn created(self) -> String {
        self.is(201).field("location").to_owned()
    }

    /// The `Link` targets with this relation.
    pub fn links(&self, rel: &str) -> Vec<String> {
        let lines = self.headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
        lines
            .flat_map(|line| line.split(','))
            .filter(|link| link.contains(&format!("rel=\"{rel}\"")))
            .filter_map(|link| Some(link.split_once('<')?.1.split_once('>')?.0.to_owned()))
            .collect()
    }
}
