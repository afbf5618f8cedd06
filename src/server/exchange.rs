//! One request and its answer.

use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request, Response, StatusCode};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::metrics::InFlight;
use super::{Peer, Service};
use crate::http::cors::{self, Origin};
use crate::http::negotiate::Wanted;
use crate::http::{Body, Problem};

/// Bytes of path and query.
const MAX_TARGET: usize = 16 * 1024;

impl<H, F> Service<H>
where
    H: Fn(Request<Incoming>, Peer) -> F,
    F: Future<Output = Response<Body>>,
{
    /// Answers a request, whatever the handler does.
    pub(super) async fn exchange(&self, request: Request<Incoming>, peer: Peer) -> Response<Sending> {
        let begun = Instant::now();
        let in_flight = self.metrics.request();
        let method = request.method().clone();
        let origin = Origin::of(request.headers());
        let mut response = match check(&request) {
            Ok(()) => self.handle(request, peer).await.unwrap_or_else(|problem| refuse(problem, origin.as_ref())),
            Err(problem) => refuse(problem, origin.as_ref()),
        };
        if method == Method::HEAD {
            drop_content(&mut response);
        }
        self.metrics.answered(&method, response.status(), begun.elapsed());
        response.map(|body| Sending { body, _in_flight: in_flight })
    }

    /// A handler that panics has answered with a fault.
    async fn handle(&self, request: Request<Incoming>, peer: Peer) -> Result<Response<Body>, Problem> {
        let answered = async { (self.handler)(request, peer).await };
        AssertUnwindSafe(answered)
            .catch_unwind()
            .await
            .map_err(|_| Problem::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", &"the handler panicked"))
    }
}

/// Refuses a target without end, and a transfer coding other than `chunked`, whose bytes would be taken
/// for the content.
///
/// The other ways to disagree about where a request ends are refused, or end the connection, before
/// this: `tests/transport/framing.rs` holds them.
///
/// Spec: P-14, rfc9112 §6.1
fn check<B>(request: &Request<B>) -> Result<(), Problem> {
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > MAX_TARGET) {
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "target-too-long"));
    }
    let mut codings = request.headers().get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        (Some(_), _) => Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "transfer-coding")
            .header(CONNECTION, HeaderValue::from_static("close"))),
    }
}

/// Spec: P-213
fn refuse(problem: Problem, origin: Option<&Origin>) -> Response<Body> {
    let mut response = problem.respond(&Wanted::default());
    cors::allow(origin, response.headers_mut());
    response
}

/// What remains of an answer to HEAD: the length that the content would have.
///
/// Spec: P-59
fn drop_content(response: &mut Response<Body>) {
    let body = std::mem::take(response.body_mut());
    if let Some(size) = body.size().filter(|size| *size > 0) {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from(size));
    }
}

/// A body on its way out; the request counts as in flight until it is gone.
pub(super) struct Sending {
    body: Body,
    _in_flight: InFlight,
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
