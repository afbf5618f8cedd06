//! The assembly: which part of the server answers which address, and what every answer carries.

pub mod tasks;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    LOCATION, ORIGIN, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};

use crate::access::{Caller, Mode};
use crate::address::{Addresses, Misplaced, Place};
use crate::clock::Clock;
use crate::http::Peer;
use crate::http::account::AccountApi;
use crate::http::body::{Body, Upload};
use crate::http::cors;
use crate::http::headers::forwarded::Trusted;
use crate::http::headers::{target, vary};
use crate::http::negotiate::Wanted;
use crate::http::oidc::Endpoints;
use crate::http::problem::Problem;
use crate::http::resource::{Adapter, Incoming};
use crate::http::{health, vocabulary, xapi};
use crate::identity::{Credentials, Identity};
use crate::ingest::learning::Learning;
use crate::path::{PodName, ResourcePath};
use crate::pods;
use crate::resource::Refusal;
use crate::web;

/// Stylesheet, type and icons.
const ASSETS: &str = "/.account/assets/";
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Everything that answers requests.
pub struct App {
    pub addresses: Arc<Addresses>,
    pub proxies: Trusted,
    pub clock: Arc<dyn Clock>,
    pub identity: Arc<Identity>,
    pub pods: Adapter,
    pub oidc: Endpoints,
    pub accounts: AccountApi,
    pub pages: web::Pages,
    /// How long a client may be silent while it sends a body.
    pub patience: Duration,
}

/// Where a request came in, as the client sees it.
struct Door {
    /// The public URL, its path and query as they came.
    ///
    /// Spec: O-19, O-20
    url: String,
    place: Place,
    client: std::net::IpAddr,
}

impl App {
    /// Answers a request.
    pub async fn answer<B>(&self, request: Request<B>, peer: Peer) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
    {
        let (head, body) = request.into_parts();
        if head.method == Method::OPTIONS && head.uri.path() == "*" {
            return for_pods(whole_server(), &head.headers);
        }
        let door = match self.door(&head, peer) {
            Ok(door) => door,
            Err(problem) => return for_pods(problem.respond(&Wanted::of(&head.headers)), &head.headers),
        };
        match &door.place {
            Place::Pod(path) => self.pod(path.clone(), &door, head, body).await,
            // Boxed, so that requests on pods, which are most, carry no room for it.
            Place::House(path) => Box::pin(self.house(path, &door, Request::from_parts(head, body))).await,
            Place::WebId(name) => {
                let (headers, wanted) = (head.headers.clone(), Wanted::of(&head.headers));
                let answered = self.webid(name, &door, head).await;
                for_pods(answered.unwrap_or_else(|problem| problem.respond(&wanted)), &headers)
            }
            Place::Nowhere => for_pods(not_found().respond(&Wanted::of(&head.headers)), &head.headers),
        }
    }

    /// Spec: P-15, P-16, P-28, P-36, O-19
    fn door(&self, head: &Parts, peer: Peer) -> Result<Door, Problem> {
        let seen = self.proxies.seen(peer.address.ip(), peer.tls, &head.headers);
        let host = match &seen.host {
            Some(host) => host.as_str(),
            None => target::host(&head.uri, &head.headers)?,
        };
        let place = self.addresses.place(host, head.uri.path()).map_err(misplaced)?;
        let target = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let url = format!("{}://{host}{target}", self.addresses.scheme());
        Ok(Door { url, place, client: seen.client })
    }

    /// A request on a pod. Preflights need no identity; everything else is asked for one first, so that
    /// credentials that do not hold never pass for the public.
    ///
    /// Spec: P-8, P-203, P-215, O-5, O-9, W-57
    async fn pod<B>(&self, path: ResourcePath, door: &Door, head: Parts, body: B) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
    {
        if cors::is_preflight(&head.method, &head.headers) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            cors::allow_preflight(&head.headers, response.headers_mut());
            return response;
        }
        let caller = match self.caller(door, &head).await {
            Ok(caller) => caller,
            Err(problem) => return for_pods(problem.respond(&Wanted::of(&head.headers)), &head.headers),
        };
        let upload = Upload::new(body, u64::MAX, self.patience);
        let incoming = Incoming { caller: &caller, path, head: &head };
        if xapi::is_here(&incoming.path) {
            let learning = self.learning();
            let answered = Box::pin(xapi::answer(&learning, &self.pods, incoming, upload)).await;
            return for_pods(answered, &head.headers);
        }
        for_pods(self.pods.answer(incoming, upload).await, &head.headers)
    }

    fn learning(&self) -> Learning {
        let (pods, accounts) = (self.pods.pods.clone(), self.accounts.accounts.clone());
        Learning { pods, accounts, clock: self.clock.clone() }
    }

    /// A request on a WebID document of our own host for them: as on a pod, but nobody writes.
    ///
    /// Spec: M-51, P-203, O-5, O-9
    async fn webid(&self, name: &PodName, door: &Door, head: Parts) -> Result<Response<Body>, Problem> {
        if cors::is_preflight(&head.method, &head.headers) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            cors::allow_preflight(&head.headers, response.headers_mut());
            return Ok(response);
        }
        self.caller(door, &head).await?;
        crate::http::webid::answer(&self.accounts.accounts, &self.addresses, name, &head).await
    }

    /// Spec: W-63, W-66
    async fn caller(&self, door: &Door, head: &Parts) -> Result<Caller, Problem> {
        let origin = head.headers.contains_key(ORIGIN).then(|| {
            // What is no origin, or `null`, is one that no rule names.
            cors::Origin::of(&head.headers).and_then(|origin| origin.normalised()).unwrap_or_else(|| "null".into())
        });
        if !head.headers.contains_key(AUTHORIZATION) {
            return Ok(Caller { agent: None, origin });
        }
        let values = |name| head.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        let credentials = Credentials {
            authorization: values(AUTHORIZATION),
            dpop: values(DPOP),
            method: head.method.as_str(),
            url: &door.url,
            client_address: door.client,
        };
        let agent = self
            .identity
            .identify(&credentials, self.clock.now())
            .await
            .map_err(|refused| crate::http::refused::problem(&refused, self.addresses.base()))?;
        Ok(Caller { agent, origin })
    }

    /// A place of the server itself. Browsers get pages, of problems too.
    ///
    /// Spec: P-48, O-103, O-104
    async fn house<B>(&self, path: &str, door: &Door, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
    {
        let headers = request.headers().clone();
        let wanted = Wanted::of(&headers);
        if let Some(name) = path.strip_prefix('/').and_then(PodName::parse) {
            return for_pods(self.slashless(name, door, request).await, &headers);
        }
        let (head, body) = request.into_parts();
        if self.pages.has(path, &head) {
            return self.pages.answer(path, Request::from_parts(head, body), door.client).await;
        }
        let request = Request::from_parts(head.clone(), body);
        let answered = match path {
            _ if path.starts_with(ASSETS) => {
                web::assets::answer(&path[ASSETS.len()..], request.uri().query().is_some())
            }
            "/.well-known/cartable/vocab" => vocabulary::answer(request.method(), &wanted),
            "/.well-known/cartable/verbs" => vocabulary::verbs(request.method(), &wanted),
            _ if path.starts_with(health::PATH) => {
                health::answer(path, request.method(), self.pods.pods.storage().as_ref()).await
            }
            _ => self.endpoint(path, door, request).await,
        };
        answered.unwrap_or_else(|problem| self.pages.refuse(problem, &head, door.client))
    }

    async fn endpoint<B>(&self, path: &str, door: &Door, request: Request<B>) -> Result<Response<Body>, Problem>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
    {
        if path.starts_with("/.account/") {
            let answered = self.accounts.answer(path, request, door.client).await;
            return answered.unwrap_or_else(|| Err(not_found()));
        }
        self.oidc.answer(path, request, door.client).await.unwrap_or_else(|| Err(not_found()))
    }

    /// A pod's address without its last slash: sends those who may read the pod's root there.
    ///
    /// Spec: solid#server-uri-redirect-differing, solid#server-authorization-redirect, O-28
    async fn slashless<B>(&self, name: PodName, door: &Door, request: Request<B>) -> Response<Body> {
        let (head, _) = request.into_parts();
        let wanted = Wanted::of(&head.headers);
        let root = ResourcePath::root(name);
        let readable = match self.caller(door, &head).await {
            Err(problem) => return problem.respond(&wanted),
            Ok(caller) => match self.pods.pods.rights(&caller, &root).await {
                Ok((_, rights)) => rights.user.allow(Mode::Read),
                Err(pods::Error::Refused(gone @ (Refusal::Closed | Refusal::Gone))) => {
                    return Problem::from(gone).respond(&wanted);
                }
                Err(_) => false,
            },
        };
        let location = HeaderValue::try_from(self.addresses.iri(&root));
        match location {
            Ok(location) if readable && matches!(head.method, Method::GET | Method::HEAD) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
                response.headers_mut().insert(LOCATION, location);
                response
            }
            _ => not_found().respond(&wanted),
        }
    }
}

fn misplaced(misplaced: Misplaced) -> Problem {
    use crate::path::Malformed;
    match misplaced {
        Misplaced::UnknownHost => Problem::new(StatusCode::MISDIRECTED_REQUEST, "unknown-host"),
        Misplaced::Malformed(Malformed::TooLong) => Problem::new(StatusCode::URI_TOO_LONG, "uri-too-long"),
        Misplaced::Malformed(malformed) => {
            Problem::new(StatusCode::BAD_REQUEST, "uri-malformed").detail(malformed.to_string())
        }
    }
}

/// What may be done here at all.
///
/// Spec: P-94
fn whole_server() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let methods = HeaderValue::from_static("GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE, COPY, MOVE");
    response.headers_mut().insert(ALLOW, methods);
    response
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found")
}

/// What every answer of a pod carries: it may be read across origins, differs by who asks, and what
/// users stored runs no script here.
///
/// Spec: P-60, P-200, P-213, O-10, O-102
fn for_pods(mut response: Response<Body>, request: &HeaderMap) -> Response<Body> {
    let headers = response.headers_mut();
    vary(headers, &["Accept", "Authorization", "Origin"]);
    cors::allow(cors::Origin::of(request).as_ref(), headers);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.get(CONTENT_TYPE).is_some_and(is_inert) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

/// Raster images, audio, video and PDF show as they are.
fn is_inert(media_type: &HeaderValue) -> bool {
    let Ok(media_type) = media_type.to_str() else { return false };
    let bare = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let raster = bare.starts_with("image/") && !bare.contains("xml") && !bare.contains("svg");
    raster || bare.starts_with("audio/") || bare.starts_with("video/") || bare == "application/pdf"
}
