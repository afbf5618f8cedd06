//! The only way out. What strangers name is fetched under strict rules; origins that the operator names may be private.
//!
//! An [`Error`] says which rule was broken and nothing of what was found: it may be shown to the stranger.

mod client;
mod flight;
mod host;
mod public;

#[cfg(test)]
pub(crate) mod stand_in;
#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use reqwest::Client;
use reqwest::dns::Resolve;
use rustls::RootCertStore;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::{Instant, timeout_at};
use url::{Host as UrlHost, Url};

use crate::address::{Addresses, is_loopback};
use crate::clock::Clock;
use client::{CheckedResolver, NotAllowed, SystemResolver};
use flight::Flights;
use host::Hosts;

/// How long a host that keeps failing is left alone.
pub use host::REST;

/// Redirects that are followed.
const REDIRECTS: usize = 3;
/// Requests at once, to all hosts that strangers name.
const TOTAL: usize = 64;
/// Ports from 1024 on where something listens that should never read a stranger's request: those that browsers block,
/// and databases.
const BLOCKED_PORTS: [u16; 30] = [
    1433, 1521, 1719, 1720, 1723, 2049, 2375, 2379, 3306, 3659, 4045, 4190, 5060, 5061, 5432, 5984, 6000, 6379, 6566,
    6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 10080, 11211, 27017,
];

/// Why nothing was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Error {
    #[error("the address is not a URL with a host name")]
    NotAUrl,
    #[error("the address must use https")]
    NotHttps,
    #[error("the address must not hold a user name or password")]
    UserInfo,
    #[error("the address must name a host, not a number")]
    IpLiteral,
    #[error("the address uses a port that is not allowed")]
    Port,
    /// The caller reads it from storage instead.
    #[error("the address is on this server")]
    OwnHost,
    #[error("the host is not on the public internet")]
    NotPublic,
    #[error("the host cannot be reached securely")]
    Unreachable,
    #[error("the host took too long")]
    TooSlow,
    #[error("the host failed several times and is left alone for a while")]
    Resting,
    #[error("too many requests to the host are under way")]
    Busy,
    #[error("there are too many redirects, or one of them leads nowhere")]
    Redirect,
    #[error("the answer broke off")]
    Cut,
    #[error("the document is too large")]
    TooLarge,
    #[error("the document is compressed, which was not asked for")]
    Encoded,
}

impl Error {
    /// Whether trying again later may help.
    pub fn is_outage(self) -> bool {
        matches!(self, Self::Unreachable | Self::TooSlow | Self::Cut | Self::Resting | Self::Busy)
    }

    /// Whether the host is to blame.
    fn is_failure(self) -> bool {
        matches!(self, Self::Unreachable | Self::TooSlow | Self::Cut)
    }
}

/// A kind of document that strangers name.
///
/// Spec: O-42, O-64, O-131
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Document {
    /// A WebID document, or a group of agents.
    Profile,
    /// The configuration of an issuer.
    Discovery,
    /// The keys of an issuer.
    Jwks,
    /// The description of a client.
    Client,
}

impl Document {
    const fn accept(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Profile => "text/turtle, application/ld+json;q=0.9, application/n-triples;q=0.8",
            Self::Discovery => "application/json",
            Self::Jwks => "application/jwk-set+json, application/json;q=0.9",
            Self::Client => "application/ld+json, application/json;q=0.9",
        })
    }

    /// Bytes of the longest document.
    const fn limit(self) -> usize {
        match self {
            Self::Profile => 1 << 20,
            Self::Discovery | Self::Client => 64 << 10,
            Self::Jwks => 128 << 10,
        }
    }
}

/// A request of any kind.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Bytes of the longest answer.
    pub limit: usize,
    /// How long all of it may take, redirects included.
    pub within: Duration,
    /// An origin that the operator named: it may be private, or http on loopback. Everywhere else, redirects included,
    /// the rules for strangers hold.
    pub named: Option<Url>,
}

/// For those who speak to one origin that the operator named.
impl Request {
    /// A GET at such an origin.
    pub fn get(url: Url, limit: usize, within: Duration) -> Self {
        let (named, headers) = (Some(url.clone()), HeaderMap::new());
        Self { method: Method::GET, url, headers, body: Bytes::new(), limit, within, named }
    }

    /// The same with a body, as POST.
    #[must_use]
    pub fn posting(self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { method: Method::POST, body: body.into(), ..self }.with("content-type", media_type)
    }

    /// The same with a header field; one whose value cannot be sent is left out.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(header::HeaderName::from_static(name), value);
        }
        self
    }
}

/// What came back, whatever its status.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub status: StatusCode,
    /// Where it was found in the end, without fragment.
    pub url: Url,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Fetched {
    /// An answer as a test would have it.
    #[cfg(test)]
    pub(crate) fn of(url: &str, bytes: Vec<u8>) -> Self {
        let url = Url::parse(url).expect("an address");
        Self { status: StatusCode::OK, url, headers: HeaderMap::new(), bytes: bytes.into() }
    }

    /// The media type, with its parameters.
    pub fn media_type(&self) -> Option<&str> {
        self.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// The values of a header field that are text.
    pub fn field<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// How long the host says that the document stays as it is; `None` if it does not say.
    ///
    /// Spec: O-51
    pub fn max_age(&self) -> Option<Duration> {
        let lines = self.headers.get_all(header::CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
        let directives = lines.flat_map(|line| line.split(',')).map(|directive| directive.trim().to_ascii_lowercase());
        let ages = directives.filter_map(|directive| match directive.split_once('=') {
            Some(("max-age", seconds)) => Some(seconds.trim_matches('"').parse().unwrap_or(0)),
            None if matches!(directive.as_str(), "no-store" | "no-cache") => Some(0),
            _ => None,
        });
        ages.min().map(Duration::from_secs)
    }
}

/// By which rules a request goes out. Each has connections of its own, so that none is used under other rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// To the public internet, for anyone.
    Public,
    /// To this machine, for anyone: for development.
    Loopback,
    /// Wherever the operator says.
    Named,
}

/// How the way out is laid.
pub struct Setup {
    pub addresses: Arc<Addresses>,
    pub clock: Arc<dyn Clock>,
    /// Strangers may name http addresses of this machine: for development.
    pub loopback: bool,
    /// How long a request that strangers cause may take.
    pub within: Duration,
    /// Turns host names into addresses.
    pub resolver: Arc<dyn Resolve>,
    /// Which addresses count as public.
    is_public: fn(IpAddr) -> bool,
    /// Whose certificates are trusted; `None`: those that the system trusts.
    roots: Option<RootCertStore>,
}

impl Setup {
    pub fn new(addresses: Arc<Addresses>, clock: Arc<dyn Clock>) -> Self {
        Self {
            addresses,
            clock,
            loopback: false,
            within: Duration::from_secs(5),
            resolver: Arc::new(SystemResolver),
            is_public: public::is_public,
            roots: None,
        }
    }
}

/// The only way out.
pub struct Fetch {
    setup: Setup,
    clients: [OnceCell<Client>; 3],
    hosts: Hosts,
    total: Semaphore,
    flights: Flights<(String, Document), Result<Arc<Fetched>, Error>>,
}

impl Fetch {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            clients: Default::default(),
            hosts: Hosts::new(),
            total: Semaphore::new(TOTAL),
            flights: Flights::new(),
        }
    }

    /// Whether strangers may name http addresses of this machine.
    pub fn reaches_loopback(&self) -> bool {
        self.setup.loopback
    }

    /// Gets a document that a stranger named. Who asks for the same at the same time gets the same answer.
    ///
    /// Spec: O-55, O-63, O-64
    pub async fn get(&self, url: &str, what: Document) -> Result<Arc<Fetched>, Error> {
        let mut url = Url::parse(url).map_err(|_| Error::NotAUrl)?;
        url.set_fragment(None);
        let fetch = async {
            let request = Request {
                method: Method::GET,
                url: url.clone(),
                headers: HeaderMap::from_iter([(header::ACCEPT, what.accept())]),
                body: Bytes::new(),
                limit: what.limit(),
                within: self.setup.within,
                named: None,
            };
            self.send(request).await.map(Arc::new)
        };
        self.flights.join((url.to_string(), what), fetch).await
    }

    /// Sends a request and follows redirects of GET and HEAD. An answer of any status is an answer.
    ///
    /// Spec: O-63, O-64
    pub async fn send(&self, mut request: Request) -> Result<Fetched, Error> {
        let deadline = Instant::now() + request.within;
        for _ in 0..=REDIRECTS {
            let way = self.way(&request.url, request.named.as_ref())?;
            // Boxed, for it is rare, and larger than all else in the future of a request.
            let fetched = Box::pin(self.exchange(way, &request, deadline)).await?;
            let safe = matches!(request.method, Method::GET | Method::HEAD);
            let Some(location) = fetched.headers.get(header::LOCATION).filter(|_| safe && is_redirect(fetched.status))
            else {
                return Ok(fetched);
            };
            let next = location.to_str().ok().and_then(|location| fetched.url.join(location).ok());
            redirect(&mut request, next.ok_or(Error::Redirect)?)?;
        }
        Err(Error::Redirect)
    }

    /// The rules by which a URL may be asked for, if it may.
    ///
    /// Spec: O-61, O-63
    fn way(&self, url: &Url, named: Option<&Url>) -> Result<Way, Error> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::UserInfo);
        }
        let host = url.host().ok_or(Error::NotAUrl)?;
        if self.setup.addresses.is_ours(url) {
            return Err(Error::OwnHost);
        }
        let local_http = url.scheme() == "http" && is_loopback(url);
        if named.is_some_and(|named| named.origin() == url.origin()) && (url.scheme() == "https" || local_http) {
            return Ok(Way::Named);
        }
        if self.setup.loopback && local_http {
            return Ok(Way::Loopback);
        }
        if url.scheme() != "https" {
            return Err(Error::NotHttps);
        }
        let UrlHost::Domain(name) = host else { return Err(Error::IpLiteral) };
        if name.ends_with('.') {
            return Err(Error::NotAUrl);
        }
        let port = url.port_or_known_default().unwrap_or(443);
        let allowed = port == 443 || port >= 1024 && !BLOCKED_PORTS.contains(&port);
        if allowed { Ok(Way::Public) } else { Err(Error::Port) }
    }

    /// One request, one answer, when there is room for it.
    ///
    /// Spec: O-55, O-64
    async fn exchange(&self, way: Way, request: &Request, deadline: Instant) -> Result<Fetched, Error> {
        let authority = request.url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let host = if way == Way::Named { self.hosts.named(&authority) } else { self.hosts.get(&authority) };
        if host.rests(self.setup.clock.now()) {
            return Err(Error::Resting);
        }
        // The host's own place first: who waits for a slow host takes no place from others. What the operator names is
        // not among the others: strangers cannot keep a school's door shut by naming many slow hosts.
        let places = async {
            let own = host.slots.acquire().await;
            (own, if way == Way::Named { None } else { Some(self.total.acquire().await) })
        };
        let _places = timeout_at(deadline, places).await.map_err(|_| Error::Busy)?;
        let client = self.client(way).await?;
        let answer = timeout_at(deadline, exchange(client, request)).await.unwrap_or(Err(Error::TooSlow));
        let failed = match &answer {
            Ok(fetched) => fetched.status.is_server_error(),
            // What the operator names may break off one answer and give the next.
            Err(Error::Cut) => way != Way::Named,
            Err(error) => error.is_failure(),
        };
        host.note(failed, self.setup.clock.now());
        answer
    }

    /// The client of one way. Reading the system's certificates takes a moment, so it waits for the first need.
    async fn client(&self, way: Way) -> Result<&Client, Error> {
        let build = || async {
            let roots = match self.setup.roots.clone() {
                Some(roots) => roots,
                None => tokio::task::spawn_blocking(client::system_roots).await.map_err(|_| Error::Unreachable)?,
            };
            let allowed = match way {
                Way::Public => self.setup.is_public,
                Way::Loopback => |address: IpAddr| address.is_loopback(),
                Way::Named => |_: IpAddr| true,
            };
            client::build(roots, CheckedResolver { resolver: Arc::clone(&self.setup.resolver), allowed })
        };
        self.clients[way as usize].get_or_try_init(build).await
    }
}

/// Turns a request towards where it was redirected. A secure request never becomes insecure, and what was meant for
/// one origin is not told to another.
///
/// Spec: O-63
fn redirect(request: &mut Request, mut next: Url) -> Result<(), Error> {
    if request.url.scheme() == "https" && next.scheme() != "https" {
        return Err(Error::NotHttps);
    }
    if next.origin() != request.url.origin() {
        let accept = request.headers.remove(header::ACCEPT);
        request.headers = accept.map(|accept| (header::ACCEPT, accept)).into_iter().collect();
    }
    next.set_fragment(None);
    request.url = next;
    Ok(())
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Spec: O-63, O-64
async fn exchange(client: &Client, request: &Request) -> Result<Fetched, Error> {
    let sent = client
        .request(request.method.clone(), request.url.clone())
        .headers(request.headers.clone())
        .header(header::ACCEPT_ENCODING, "identity")
        .body(request.body.clone())
        .send();
    let mut response = sent.await.map_err(|error| told(&error))?;
    let mut encodings = response.headers().get_all(header::CONTENT_ENCODING).iter();
    if encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Error::Encoded);
    }
    let limit = request.limit;
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(Error::TooLarge);
    }
    let mut bytes = BytesMut::new();
    let cut = |error: reqwest::Error| if error.is_timeout() { Error::TooSlow } else { Error::Cut };
    while let Some(chunk) = response.chunk().await.map_err(cut)? {
        if bytes.len() + chunk.len() > limit {
            return Err(Error::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    Ok(Fetched { status, url: request.url.clone(), headers, bytes: bytes.freeze() })
}

/// What may be told of a failure.
///
/// Spec: O-66
fn told(error: &reqwest::Error) -> Error {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<NotAllowed>() {
            return Error::NotPublic;
        }
        cause = inner.source();
    }
    if error.is_timeout() { Error::TooSlow } else { Error::Unreachable }
}
