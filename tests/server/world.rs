//! A real server on a socket, in a temporary folder, with a set clock; and people who talk to it.

use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cartable::access::Origins;
use cartable::address::Addresses;
use cartable::app::App;
use cartable::app::tasks::Tasks;
use cartable::clock::{Clock, SetClock, Timestamp};
use cartable::fetch::{Fetch, Setup};
use cartable::http::account::AccountApi;
use cartable::http::headers::forwarded::Trusted;
use cartable::http::oidc::Endpoints;
use cartable::http::resource::Adapter;
use cartable::identity::account::{self, Accounts, Passkeys, Registration};
use cartable::identity::issue::AccessToken;
use cartable::identity::jwk::{PublicKey, Thumbprint};
use cartable::identity::jws::Algorithm;
use cartable::identity::keys::Keys;
use cartable::identity::provider::{self, Provider};
use cartable::identity::upstream::{self, Upstreams};
use cartable::identity::{Config, Identity, Parts};
use cartable::ingest::contacts::source::Contacts;
use cartable::ingest::{self, Connector, Ingest};
use cartable::jobs::{Jobs, Lane};
use cartable::mail::Mailer;
use cartable::path::PodName;
use cartable::pods::{Limits, NoRemoteGroups, Pods, RemoteGroups};
use cartable::provision::{Owner, Profiles, Provision};
use cartable::rdf::format::{self, Format};
use cartable::rdf::graph::{Graph, Term};
use cartable::secret::SecretKey;
use cartable::server::metrics::Metrics;
use cartable::server::{Stop, serve};
use cartable::storage::sqlite::{Options, Sqlite};
use cartable::storage::{Pod, Storage, Version};
use cartable::web::Pages;
use cartable::web::pages::Door;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jws::{ES256, JwsHeader};
use serde_json::{Value, json};
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
    pub provider: Arc<Provider>,
    pub keys: Arc<Keys>,
    pub base: String,
    pub ingest: Arc<Ingest>,
    jobs: Arc<Jobs>,
    tasks: Tasks,
    /// The storage below everything that `Settings::wrap` puts around it.
    pub sqlite: Arc<Sqlite>,
    /// The data folder.
    pub folder: Arc<tempfile::TempDir>,
    ground: Ground,
    _stop: Stop,
}

/// What stays when a server goes.
#[derive(Clone)]
struct Ground {
    folder: Arc<tempfile::TempDir>,
    clock: Arc<SetClock>,
    sqlite: Arc<Sqlite>,
    storage: Arc<dyn Storage>,
    secret: Arc<SecretKey>,
    /// The port of its address, and Alice, Bob and Carol; `None`: it was not there before.
    port: Option<(u16, [Person; 3])>,
}

/// How often each pod was changed.
pub async fn versions(storage: &dyn Storage) -> Vec<Version> {
    let pods: Vec<Pod> = storage.pods(None, 100).await.unwrap();
    pods.into_iter().map(|pod| pod.version).collect()
}

/// What `turtle` says of `url`, with the usual prefixes.
pub fn statements(turtle: &str, url: &str) -> Graph {
    format::parse(format!("{PREFIXES}{turtle}").as_bytes(), Format::Turtle, url).unwrap().dataset.default
}

/// A time as HTTP writes it.
pub fn http_date(seconds: i64) -> String {
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs()))
}

pub const PREFIXES: &str = "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n\
    @prefix ldp: <http://www.w3.org/ns/ldp#>. @prefix dct: <http://purl.org/dc/terms/>.\n\
    @prefix stat: <http://www.w3.org/ns/posix/stat#>. @prefix xsd: <http://www.w3.org/2001/XMLSchema#>.\n\
    @prefix pim: <http://www.w3.org/ns/pim/space#>. @prefix solid: <http://www.w3.org/ns/solid/terms#>.\n\
    @prefix vcard: <http://www.w3.org/2006/vcard/ns#>. @prefix s: <http://schema.org/>.\n";

type Schools = Box<dyn FnOnce(&str, Arc<SetClock>) -> Vec<(upstream::Config, upstream::Credentials)>>;
type Wrap = Box<dyn FnOnce(Arc<dyn Storage>) -> Arc<dyn Storage>>;

/// How a world differs from the usual one.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    pub limits: Limits,
    pub origins: Origins,
    /// The most bytes in a pod.
    pub quota: Option<u64>,
    /// Whether anybody may make an account.
    pub open: bool,
    /// Who may sign up; `None`: as is usual.
    pub registration: Option<Registration>,
    /// A folder with terms; `None`: those that come along.
    pub terms: Option<PathBuf>,
    /// Whether passwords open accounts.
    pub password_sign_in: bool,
    /// Whether WebIDs have a host of their own: `id.localhost`.
    pub webids: bool,
    /// The groups of other servers.
    pub remote_groups: Arc<dyn RemoteGroups>,
    /// Whether strangers may name http addresses of this machine.
    pub reaches_loopback: bool,
    pub identity: Config,
    /// The schools that people come in through, given the address of the server and its clock.
    pub schools: Schools,
    /// The connectors that are offered.
    pub connectors: Vec<Arc<dyn Connector>>,
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
            registration: None,
            terms: None,
            password_sign_in: true,
            webids: false,
            remote_groups: Arc::new(NoRemoteGroups),
            reaches_loopback: false,
            identity: Config::default(),
            schools: Box::new(|_, _| Vec::new()),
            connectors: Vec::new(),
            wrap: Box::new(|storage| storage),
        }
    }
}

impl World {
    pub async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let clock = Arc::new(SetClock::at(BEGINNING));
        let options = Options { durable: false, clock: clock.clone() };
        let sqlite = Arc::new(Sqlite::open(folder.path(), options).unwrap());
        let storage = (settings.wrap)(sqlite.clone());
        let wrap: Wrap = Box::new(|storage| storage);
        let settings = Settings { wrap, ..settings };
        let ground = Ground { folder, clock, sqlite, storage, secret: Arc::new(SecretKey::ephemeral()), port: None };
        Self::on(ground, settings).await
    }

    /// Another server on the same data, which knows nothing but what lies there: a second node, or this one after a
    /// restart. It has the same address, and its people talk to it.
    pub async fn another(&self) -> Self {
        self.another_with(Settings::default()).await
    }

    pub async fn another_with(&self, settings: Settings) -> Self {
        Self::on(self.ground.clone(), settings).await
    }

    /// The same, with another secret key: the first was lost.
    pub async fn with_another_key(&self, settings: Settings) -> Self {
        let secret = Arc::new(SecretKey::ephemeral());
        Self::on(Ground { secret, ..self.ground.clone() }, settings).await
    }

    async fn on(ground: Ground, settings: Settings) -> Self {
        let Ground { folder, clock, sqlite, storage, secret, port: first } = ground.clone();
        let (listener, door) = door().await;
        let port = first.map_or(door, |(port, _)| port);
        let addresses = addresses(port, settings.webids);
        let (jobs, accounts) = accounts_of(&ground, &addresses, &settings);
        let keys = Keys::open(storage.clone(), secret.clone(), addresses.base(), clock.now()).await.unwrap();
        let Settings { limits, origins, remote_groups: groups, .. } = settings;
        let pods = Pods::new(storage.clone(), addresses.clone(), clock.clone(), groups, origins, limits);
        let pods = Arc::new(pods.watched_by(accounts.clone()));
        let fetch = way_out(&addresses, &clock, settings.reaches_loopback);
        let parts = provider::Parts {
            storage: storage.clone(),
            clock: clock.clone(),
            secret: secret.clone(),
            accounts: accounts.clone(),
            keys: keys.clone(),
            fetch: fetch.clone(),
            public: pods.clone(),
        };
        let provider = Arc::new(Provider::new(&settings.identity, parts));
        let schools = (settings.schools)(addresses.base(), clock.clone());
        let upstreams = Arc::new(Upstreams::new(schools, addresses.base(), &fetch, secret.clone(), clock.clone()));
        let contacts: Arc<dyn Connector> = Arc::new(Contacts::new(upstreams.clone(), accounts.clone()));
        let connectors = settings.connectors.into_iter().chain([contacts]).collect();
        let ingest = ingest(&ground, &pods, &fetch, &jobs, connectors);
        let parts = Parts {
            addresses: addresses.clone(),
            keys: keys.clone(),
            profiles: pods.clone(),
            revocations: provider.clone(),
            fetch,
        };
        let identity = identity(&settings.identity, parts, &clock);
        let provision = provision(&accounts, &addresses, &clock, settings.quota);
        let app = App {
            addresses: addresses.clone(),
            proxies: Trusted::default(),
            clock: clock.clone(),
            identity: identity.clone(),
            pods: Adapter::new(pods.clone()),
            oidc: Endpoints {
                provider: provider.clone(),
                addresses: addresses.clone(),
                accounts: accounts.clone(),
                identity: identity.clone(),
                keys: keys.clone(),
                clock: clock.clone(),
                allow_bearer: settings.identity.allow_bearer,
            },
            accounts: account_api(&provision, &identity, &upstreams, settings.open),
            pages: Pages {
                addresses: addresses.clone(),
                accounts: accounts.clone(),
                provider: provider.clone(),
                provision: provision.clone(),
                profiles: Profiles { pods },
                ingest: ingest.clone(),
                identity,
                key: secret,
                clock: clock.clone(),
                doors: Door::all(&upstreams),
                upstreams,
                passkeys: Passkeys::of(addresses.base()),
                dev: settings.open,
            },
            patience: Duration::from_secs(30),
        };
        let tasks = tasks(&folder, &storage, &clock, &accounts, &provision, &ingest);
        let base = addresses.base().to_owned();
        let nobody =
            Person { identity: None, pod: base.clone(), port, door, clock: clock.clone(), storage: storage.clone() };
        let people = match ground.port {
            Some((_, people)) => people.map(|person| Person { door, ..person }),
            None => nobody.sign_up(&accounts, &provision, &keys).await,
        };
        let [alice, bob, carol] = people.clone();
        Self {
            alice,
            bob,
            carol,
            nobody: nobody.clone(),
            clock: clock.clone(),
            base,
            storage,
            accounts,
            provider,
            keys,
            ingest,
            jobs,
            tasks,
            sqlite,
            folder,
            ground: Ground { port: Some((port, people)), ..ground },
            _stop: listen(listener, app),
        }
    }
}

fn addresses(port: u16, webids: bool) -> Arc<Addresses> {
    let addresses = Addresses::with_paths(&format!("http://localhost:{port}/")).unwrap();
    if !webids {
        return addresses.into();
    }
    addresses.with_webids(&format!("http://id.localhost:{port}/")).unwrap().into()
}

/// Serves the app, until what is returned is dropped.
fn listen(listener: TcpListener, app: App) -> Stop {
    let app = Arc::new(app);
    let (stop, stopped) = Stop::new();
    let answer = move |request, peer| {
        let app = app.clone();
        async move { app.answer(request, peer).await }
    };
    let metrics = Metrics::register(&mut prometheus_client::registry::Registry::default());
    tokio::spawn(serve(listener, None, answer, cartable::server::Limits::default(), metrics, stopped));
    stop
}

fn identity(config: &Config, parts: Parts, clock: &Arc<SetClock>) -> Arc<Identity> {
    // Proofs from before the start are refused, so the server starts a little earlier.
    let started = clock.now().minus(Duration::from_mins(5));
    Arc::new(Identity::new(config.clone(), parts, started))
}

/// Accounts that take these people in, and the jobs that they queue.
fn accounts_of(ground: &Ground, addresses: &Arc<Addresses>, settings: &Settings) -> (Arc<Jobs>, Arc<Accounts>) {
    let jobs = Arc::new(Jobs::new(ground.storage.clone(), ground.secret.clone()));
    let (storage, clock, secret) = (ground.storage.clone(), ground.clock.clone(), ground.secret.clone());
    let accounts = Accounts::new(storage, clock, addresses.clone(), jobs.clone(), secret);
    let Settings { registration, password_sign_in, .. } = *settings;
    let terms = settings.terms.clone();
    let config = account::Config { registration, terms, password_sign_in, ..account::Config::default() };
    let accounts = accounts.configured(&config).unwrap();
    (jobs, Arc::new(accounts))
}

fn provision(
    accounts: &Arc<Accounts>,
    addresses: &Arc<Addresses>,
    clock: &Arc<SetClock>,
    quota: Option<u64>,
) -> Arc<Provision> {
    let (accounts, addresses, clock) = (accounts.clone(), addresses.clone(), clock.clone());
    Arc::new(Provision { accounts, addresses, clock, quota })
}

fn account_api(
    provision: &Arc<Provision>,
    identity: &Arc<Identity>,
    upstreams: &Arc<Upstreams>,
    open: bool,
) -> AccountApi {
    AccountApi {
        addresses: provision.addresses.clone(),
        accounts: provision.accounts.clone(),
        provision: provision.clone(),
        identity: identity.clone(),
        clock: provision.clock.clone(),
        open,
        doors: Door::all(upstreams).into_iter().map(|door| (door.name, door.path)).collect(),
    }
}

/// What runs the connectors.
fn ingest(
    ground: &Ground,
    pods: &Arc<Pods>,
    fetch: &Arc<Fetch>,
    jobs: &Arc<Jobs>,
    connectors: Vec<Arc<dyn Connector>>,
) -> Arc<Ingest> {
    let (pods, fetch, jobs) = (pods.clone(), fetch.clone(), jobs.clone());
    let parts = ingest::Parts { pods, clock: ground.clock.clone(), secret: ground.secret.clone(), fetch, jobs };
    Arc::new(Ingest::new(parts, connectors))
}

/// What does the jobs; letters lie in the data folder.
fn tasks(
    folder: &tempfile::TempDir,
    storage: &Arc<dyn Storage>,
    clock: &Arc<SetClock>,
    accounts: &Arc<Accounts>,
    provision: &Arc<Provision>,
    ingest: &Arc<Ingest>,
) -> Tasks {
    let mailer = Mailer::new(&cartable::mail::Config::default(), folder.path(), "localhost", clock.clone()).unwrap();
    let (storage, accounts, provision) = (storage.clone(), accounts.clone(), provision.clone());
    Tasks { storage, accounts, provision, mailer, ingest: ingest.clone() }
}

/// A listener on any port, and the port.
async fn door() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn way_out(addresses: &Arc<Addresses>, clock: &Arc<SetClock>, loopback: bool) -> Arc<Fetch> {
    let mut setup = Setup::new(addresses.clone(), clock.clone());
    setup.loopback = loopback;
    Arc::new(Fetch::new(setup))
}

impl World {
    /// Does the jobs that are due.
    pub async fn work(&self) {
        self.jobs.work(Lane::House, &self.tasks).await.unwrap();
    }

    /// Runs the connections that are due.
    pub async fn run(&self) {
        self.jobs.work(Lane::Runs, &self.tasks).await.unwrap();
    }

    /// Host and port of the server.
    pub fn authority(&self) -> String {
        format!("localhost:{}", self.nobody.port)
    }
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Person {
    identity: Option<Known>,
    /// The URL of this person's pod.
    pub pod: String,
    port: u16,
    /// Where the server really listens.
    door: u16,
    clock: Arc<SetClock>,
    storage: Arc<dyn Storage>,
}

#[derive(Clone)]
struct Known {
    webid: String,
    client: String,
    token: String,
    key: Jwk,
}

impl Person {
    /// Alice, Bob and Carol.
    async fn sign_up(&self, accounts: &Accounts, provision: &Provision, keys: &Keys) -> [Self; 3] {
        let new = async |name: &str| self.clone().becomes(name, accounts, provision, keys).await;
        [new("alice").await, new("bob").await, new("carol").await]
    }

    /// Signs up, with a pod and a token.
    async fn becomes(self, name: &str, accounts: &Accounts, provision: &Provision, keys: &Keys) -> Self {
        let account = accounts.create(None).await.unwrap();
        let home = provision.pod(&account.id, &PodName::parse(name).unwrap(), Owner::Profile).await.unwrap();
        let credential = accounts.create_credential(&account.id, None, None).await.unwrap().credential;
        Self { pod: home.pod, ..self }.speaks_for(&home.webid, credential.id.as_str(), keys).await
    }

    /// With a token for a WebID, as this client gets it.
    pub async fn speaks_for(self, webid: &str, client: &str, keys: &Keys) -> Self {
        let clock = &self.clock;
        let mut key = EcKeyPair::generate(EcCurve::P256).unwrap().to_jwk_key_pair();
        key.set_algorithm("ES256");
        let public = serde_json::to_vec(&key.to_public_key().unwrap()).unwrap();
        let jkt = PublicKey::read(&cartable::identity::json::object(&public).unwrap()).unwrap().thumbprint();
        let token = AccessToken {
            subject: webid,
            webid,
            client,
            scope: "webid",
            issued: clock.now(),
            expires: clock.now().plus(Duration::from_hours(12)),
            id: "token",
            session: "session",
            jkt: Some(jkt),
        };
        let token = keys.sign(&token, Algorithm::Es256, clock.now()).await.unwrap();
        let (webid, client) = (webid.to_owned(), client.to_owned());
        Self { identity: Some(Known { webid, client, token, key }), ..self }
    }

    /// The same person with a token of now.
    pub async fn later(&self, keys: &Keys) -> Self {
        let known = self.identity.clone().unwrap();
        self.clone().speaks_for(&known.webid, &known.client, keys).await
    }

    /// This person's WebID.
    pub fn webid(&self) -> &str {
        &self.identity.as_ref().unwrap().webid
    }

    /// The thumbprint of this person's key.
    pub fn thumbprint(&self) -> Thumbprint {
        let key = &self.identity.as_ref().unwrap().key;
        let public = serde_json::to_vec(&key.to_public_key().unwrap()).unwrap();
        PublicKey::read(&cartable::identity::json::object(&public).unwrap()).unwrap().thumbprint()
    }

    /// This person's access token.
    pub fn token(&self) -> &str {
        &self.identity.as_ref().unwrap().token
    }

    /// Whether this person is signed in.
    pub fn is_known(&self) -> bool {
        self.identity.is_some()
    }

    /// The same person without credentials.
    pub fn anonymous(&self) -> Self {
        Self { identity: None, ..self.clone() }
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

    /// The members that a container lists, sorted.
    pub async fn members(&self, container: &str) -> Vec<String> {
        let (url, answer) = (self.url(container), self.get(container).await.is(200));
        let graph = answer.graph(&url);
        let container = Term::iri(url);
        let members = graph.objects(&container, "http://www.w3.org/ns/ldp#contains");
        members.map(|member| member.as_iri().unwrap().to_string()).collect()
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
        self.ask("PATCH", place).n3(clauses).send().await
    }

    /// Sends a SPARQL Update.
    pub async fn update(&self, place: &str, update: &str) -> Answer {
        self.ask("PATCH", place).sparql(update).send().await
    }

    /// The ACL of a place: the owner keeps everything; `rules` come on top.
    pub fn acl(&self, place: &str, rules: &str) -> String {
        let url = self.url(place);
        format!(
            "{PREFIXES}<#owner> a acl:Authorization; acl:agent <{}>; acl:accessTo <{url}>; acl:default <{url}>; \
             acl:mode acl:Read, acl:Write, acl:Control.\n{rules}",
            self.webid()
        )
    }

    /// Writes the ACL of a place: the owner keeps everything; `rules` come on top.
    pub async fn rules(&self, place: &str, rules: &str) {
        let url = self.url(place);
        let answer = self.put(&format!("{url}.acl"), &self.acl(place, rules)).await;
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

    /// A DPoP proof for a request.
    pub fn proof(&self, method: &str, url: &str) -> String {
        let claims = json!({ "htm": method, "htu": url });
        self.proof_of(&claims)
    }

    /// What this person signs, with this header and these claims, whatever they say.
    pub fn signed(&self, header: &str, claims: &str) -> String {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let signer = ES256.signer_from_jwk(&self.identity.as_ref().unwrap().key).unwrap();
        let told = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = josekit::jws::JwsSigner::sign(&signer, told.as_bytes()).unwrap();
        format!("{told}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The public key of this person, as a JWK.
    pub fn jwk(&self) -> Value {
        serde_json::to_value(self.identity.as_ref().unwrap().key.to_public_key().unwrap()).unwrap()
    }

    /// A DPoP proof with these claims, and those of now where they are missing.
    pub fn proof_of(&self, claims: &Value) -> String {
        let known = self.identity.as_ref().unwrap();
        let mut header = JwsHeader::new();
        header.set_token_type("dpop+jwt");
        header.set_claim("jwk", Some(serde_json::to_value(known.key.to_public_key().unwrap()).unwrap())).unwrap();
        let id = uuid::Uuid::new_v4().to_string();
        let mut all = json!({ "iat": self.clock.now().seconds(), "jti": id });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let signer = ES256.signer_from_jwk(&known.key).unwrap();
        josekit::jws::serialize_compact(all.to_string().as_bytes(), &header, &signer).unwrap()
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
    pub fn field(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    #[must_use]
    pub fn content(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.insert("content-type", media_type.parse().unwrap());
        self.body(body)
    }

    #[must_use]
    pub fn turtle(self, turtle: &str) -> Self {
        self.content("text/turtle", turtle.to_owned())
    }

    /// An N3 Patch with these clauses.
    #[must_use]
    pub fn n3(self, clauses: &str) -> Self {
        self.content("text/n3", format!("{PREFIXES}_:p a solid:InsertDeletePatch; {clauses}."))
    }

    #[must_use]
    pub fn sparql(self, update: &str) -> Self {
        self.content("application/sparql-update", format!("PREFIX s: <http://schema.org/>\n{update}"))
    }

    #[must_use]
    pub fn accept(self, media_type: &str) -> Self {
        self.header("accept", media_type)
    }

    /// Asks for a container, as clients do.
    #[must_use]
    pub fn container(self) -> Self {
        self.header("link", "<http://www.w3.org/ns/ldp#BasicContainer>; rel=\"type\"")
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it, and checks that it is refused with this status and problem type, and that no pod was changed.
    #[track_caller]
    pub fn refused(self, status: u16, kind: &str) -> impl Future<Output = Answer> {
        let told = format!("{} {}", self.method, self.url);
        let place = Location::caller();
        async move {
            let storage = self.person.storage.clone();
            let before = versions(storage.as_ref()).await;
            let answer = self.send().await;
            let problem = answer.problem();
            assert!(
                answer.status == status && problem == kind,
                "{place}: {told} gave {} {problem}, not {status} {kind}",
                answer.status
            );
            assert_eq!(versions(storage.as_ref()).await, before, "{place}: {told} was refused, but changed something");
            answer
        }
    }

    /// Sends it over a connection of its own.
    pub async fn send(self) -> Answer {
        let target = self.url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap();
        let mut request = Request::builder().method(self.method.clone()).uri(target);
        *request.headers_mut().unwrap() = self.headers;
        let host = format!("localhost:{}", self.person.port);
        if !request.headers_ref().unwrap().contains_key("host") {
            request = request.header("host", host);
        }
        if let Some(known) = &self.person.identity {
            let proof = self.person.proof(self.method.as_str(), &self.url);
            request = request.header("authorization", format!("DPoP {}", known.token)).header("dpop", proof);
        }
        let socket = TcpStream::connect(("127.0.0.1", self.person.door)).await.unwrap();
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
        assert_eq!(answer.problem(), kind, "{answer:?}");
        answer
    }

    /// The type of the problem that is told; nothing if it is none.
    pub fn problem(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let kind = text.split_once("/problems#").map_or("", |(_, kind)| kind);
        kind.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect()
    }

    /// The RDF of the answer to a GET of `url`.
    #[track_caller]
    pub fn graph(&self, url: &str) -> Graph {
        let format = Format::of(self.field("content-type")).unwrap();
        format::parse(&self.body, format, url).unwrap().dataset.default
    }

    /// Whether the RDF of the answer to a GET of `url` holds all that `turtle` says of it.
    #[track_caller]
    pub fn says(&self, url: &str, turtle: &str) -> bool {
        let graph = self.graph(url);
        statements(turtle, url).iter().all(|triple| graph.contains(triple))
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
