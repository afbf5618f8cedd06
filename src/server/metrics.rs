//! What an operator watches: requests, their durations, connections, bytes. No path and no name of
//! anybody is ever a label.

use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::Peer;
use crate::http::negotiate::Wanted;
use crate::http::{Body, Problem};

/// The methods that are told apart; the last stands for all others.
const METHODS: [&str; 10] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "COPY", "MOVE", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
}

/// The counters of a server. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    /// By method and class of status, so that counting looks nothing up.
    requests: [[Counter; CLASSES.len()]; METHODS.len()],
    /// Seconds from the head of a request to the head of its answer, by method.
    durations: [Histogram; METHODS.len()],
    in_flight: Gauge,
    connections: Gauge,
    received: Counter,
    sent: Counter,
}

impl Metrics {
    /// Makes the counters and adds them to a registry.
    pub fn register(registry: &mut Registry) -> Self {
        let requests = Family::<Answered, Counter>::default();
        let durations = Family::<Asked, Histogram>::new_with_constructor(histogram);
        let counters = Counters {
            requests: METHODS
                .map(|method| CLASSES.map(|status| requests.get_or_create(&Answered { method, status }).clone())),
            durations: METHODS.map(|method| durations.get_or_create(&Asked { method }).clone()),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            received: Counter::default(),
            sent: Counter::default(),
        };
        let registered = registry.sub_registry_with_prefix("http");
        registered.register("requests", "Requests answered", requests);
        registered.register_with_unit("request_duration", "Time to the head of the answer", Unit::Seconds, durations);
        registered.register(
            "requests_in_flight",
            "Requests begun and not yet fully answered",
            counters.in_flight.clone(),
        );
        registered.register("connections", "Open connections", counters.connections.clone());
        registered.register_with_unit("received", "Read from sockets", Unit::Bytes, counters.received.clone());
        registered.register_with_unit("sent", "Written to sockets", Unit::Bytes, counters.sent.clone());
        Self(Arc::new(counters))
    }

    pub(super) fn connection(&self) -> Open {
        self.0.connections.inc();
        Open(self.clone())
    }

    pub(super) fn request(&self) -> InFlight {
        self.0.in_flight.inc();
        InFlight(self.clone())
    }

    pub(super) fn answered(&self, method: &Method, status: StatusCode, took: Duration) {
        let method = METHODS.iter().position(|known| *known == method.as_str()).unwrap_or(METHODS.len() - 1);
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        self.0.requests[method][class].inc();
        self.0.durations[method].observe(took.as_secs_f64());
    }

    pub(super) fn received(&self, bytes: usize) {
        self.0.received.inc_by(bytes as u64);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.0.sent.inc_by(bytes as u64);
    }
}

/// Counters that nobody reads: for the listener that serves the metrics, and for tests.
impl Default for Metrics {
    fn default() -> Self {
        Self::register(&mut Registry::default())
    }
}

/// Half a millisecond to sixteen seconds.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 16))
}

/// Counts a connection for as long as it lives.
pub(super) struct Open(Metrics);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.connections.dec();
    }
}

/// Counts a request for as long as it lives.
pub(super) struct InFlight(Metrics);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.in_flight.dec();
    }
}

/// A handler for a listener of its own: `GET /metrics`.
pub fn page(registry: Arc<Registry>) -> impl Fn(Request<Incoming>, Peer) -> std::future::Ready<Response<Body>> {
    move |request, _| {
        let wanted = Wanted::of(request.headers());
        let problem = match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/metrics") => match exposition(&registry) {
                Ok(response) => return std::future::ready(response),
                Err(error) => Problem::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", &error),
            },
            (_, "/metrics") => {
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed").allow(["GET", "HEAD"])
            }
            _ => Problem::new(StatusCode::NOT_FOUND, "not-found"),
        };
        std::future::ready(problem.respond(&wanted))
    }
}

fn exposition(registry: &Registry) -> Result<Response<Body>, std::fmt::Error> {
    let mut text = String::new();
    encode(&mut text, registry)?;
    let mut response = Response::new(Body::from(text));
    let media_type = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    Ok(response)
}
