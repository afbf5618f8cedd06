//! Pods over HTTP: requests in, answers out.

mod ask;
mod description;
mod fields;
mod listing;
mod show;

pub(super) use fields::word;

use std::sync::Arc;

use http::header::{ALLOW, HeaderValue, LOCATION};
use http::request::Parts;
use http::{Response, StatusCode};

use super::body::{Body, Upload};
use super::headers::challenge;
use super::negotiate::Wanted;
use super::problem::Problem;
use crate::access::Caller;
use crate::path::ResourcePath;
use crate::pods::{Error, Outcome, Pods};
use crate::rdf::format::Format;
use crate::resource::Method;
use crate::resource::condition::EntityTag;
use crate::storage;

/// How often a read looks again when what it was about to send is replaced.
const LOOKS: usize = 5;

/// What the adapter works with.
pub struct Adapter {
    pub pods: Arc<Pods>,
    /// The challenge of answers without usable credentials.
    challenge: HeaderValue,
}

/// A request on a pod, once it is known who asks.
pub struct Incoming<'a> {
    pub caller: &'a Caller,
    pub path: ResourcePath,
    pub head: &'a Parts,
}

impl Adapter {
    pub fn new(pods: Arc<Pods>) -> Self {
        let challenge = challenge::challenge(pods.addresses().base(), None);
        Self { pods, challenge }
    }

    /// Answers a request on a pod.
    ///
    /// Spec: solid#server-http, P-1
    pub async fn answer<B>(&self, incoming: Incoming<'_>, upload: Upload<B>) -> Response<Body>
    where
        B: http_body::Body<Data = bytes::Bytes> + Unpin + Send + 'static,
    {
        let wanted = Wanted::of(&incoming.head.headers);
        let path = incoming.path.clone();
        let answered = match path.reserved() {
            Some(_) => self.reserved(&incoming, &wanted).await,
            None => self.attempt(incoming, upload, &wanted).await,
        };
        answered.unwrap_or_else(|problem| self.refused(problem, &path, &wanted))
    }

    async fn attempt<B>(
        &self,
        incoming: Incoming<'_>,
        upload: Upload<B>,
        wanted: &Wanted,
    ) -> Result<Response<Body>, Problem>
    where
        B: http_body::Body<Data = bytes::Bytes> + Unpin + Send + 'static,
    {
        let Incoming { caller, path, head } = incoming;
        let Some(method) = ask::method(&head.method) else { return Err(fields::unknown_method(&path)) };
        if method == Method::Options {
            return self.options(caller, &path).await;
        }
        if matches!(method, Method::Copy | Method::Move) {
            let transfer = ask::transfer(method, path, head, self.pods.addresses())?;
            let outcome = Box::pin(self.pods.transfer(caller, &transfer)).await?;
            return self.written(outcome, method, None);
        }
        let (asked, mut arriving) = ask::asked(method, path, caller, head, upload)?;
        let sent = asked.format();
        for _ in 0..LOOKS {
            let outcome = self.pods.perform(caller, asked.clone(), std::mem::take(&mut arriving)).await?;
            let Outcome::Shown { seen, rights } = outcome else { return self.written(outcome, method, sent) };
            let shown = show::Shown { adapter: self, seen, rights, conditions: &asked.conditions };
            if let Some(response) = shown.respond(method, head, wanted).await? {
                return Ok(response);
            }
        }
        Err(Error::Storage(storage::Error::Moved).into())
    }

    /// What may be done here. It reveals existence only to those who may read.
    ///
    /// Spec: solid#server-safe-methods, P-88, P-92, P-93
    async fn options(&self, caller: &Caller, path: &ResourcePath) -> Result<Response<Body>, Problem> {
        let (seen, rights) = self.pods.rights(caller, path).await?;
        let known = rights.user.allow(crate::access::Mode::Read).then_some(&seen.found);
        let mut response = empty(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        fields::methods(
            headers,
            path,
            known.map_or(fields::Known::Hidden, |found| fields::Known::Record(found.target())),
        );
        fields::links(headers, self.pods.addresses(), path, known);
        Ok(response)
    }

    /// `sent` is the format of what was sent, if it is RDF.
    ///
    /// Spec: P-127, P-128, P-129, P-130, P-181, P-192, solid#server-allow-methods
    fn written(&self, outcome: Outcome, method: Method, sent: Option<Format>) -> Result<Response<Body>, Problem> {
        let addresses = self.pods.addresses();
        let tag = |version, verbatim: bool| verbatim.then(|| EntityTag::of(version, fields::word(sent)));
        let response = match outcome {
            Outcome::Created { path, version, verbatim } => {
                let mut response = empty(StatusCode::CREATED);
                response.headers_mut().insert(LOCATION, fields::url(&addresses.iri(&path))?);
                fields::written(response.headers_mut(), addresses, &path, tag(version, verbatim));
                response
            }
            Outcome::Changed { path, version, verbatim, unvouched } => {
                let mut response = empty(StatusCode::NO_CONTENT);
                fields::written(response.headers_mut(), addresses, &path, tag(version, verbatim));
                fields::warn(response.headers_mut(), unvouched);
                response
            }
            Outcome::Deleted { unvouched } => {
                let mut response = empty(StatusCode::NO_CONTENT);
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS, PUT, PATCH"));
                fields::warn(response.headers_mut(), unvouched);
                response
            }
            Outcome::Elsewhere(path) => {
                let mut response = empty(StatusCode::MOVED_PERMANENTLY);
                response.headers_mut().insert(LOCATION, fields::url(&addresses.iri(&path))?);
                response
            }
            Outcome::Shown { .. } => {
                return Err(Problem::fault(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    &format!("a {} was answered as a read", method.as_str()),
                ));
            }
        };
        Ok(response)
    }

    /// Refusals of a pod carry what a client needs to go on: the challenge, and where to find the ACL
    /// and the storage description.
    ///
    /// Spec: solid#server-unauthenticated, P-7, P-53, P-214, W-2, O-1, O-3
    pub(in crate::http) fn refused(&self, problem: Problem, path: &ResourcePath, wanted: &Wanted) -> Response<Body> {
        let unauthenticated = problem.status() == StatusCode::UNAUTHORIZED;
        let mut response = problem.respond(wanted);
        let headers = response.headers_mut();
        if unauthenticated {
            headers.entry(http::header::WWW_AUTHENTICATE).or_insert_with(|| self.challenge.clone());
        }
        fields::links(headers, self.pods.addresses(), path, None);
        response
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
