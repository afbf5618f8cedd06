//! What pretend servers share: a listener, answers, and the ways in which answers go wrong.

#![allow(dead_code, reason = "who includes this module uses a part of it")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cartable::http::Body;
use cartable::server::metrics::Metrics;
use cartable::server::{Limits, Stop, serve};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::future::ready;
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::net::TcpListener;

/// How an answer goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 204, and 304: there is nothing to say.
    Nothing,
    Unmodified,
    /// 429, with the seconds after which to come back.
    TooMany(u32),
    /// 500, and 503 with a page for people.
    Broken,
    Maintenance,
    /// 401, as if the token or the session had run out.
    Unauthorized,
    /// 200, and a page for people.
    Page,
    /// Half of the body, and then nothing more.
    Slow,
    /// Half of the body that was announced, and then the end of the connection.
    Cut,
    /// Compressed, although nobody asked for it.
    Compressed,
    /// The right body under another media type.
    MediaType(&'static str),
}

impl Fault {
    /// The answer with this fault.
    pub fn on(self, media_type: &str, body: Vec<u8>) -> Response<Body> {
        match self {
            Self::Nothing => empty(StatusCode::NO_CONTENT),
            Self::Unmodified => empty(StatusCode::NOT_MODIFIED),
            Self::TooMany(seconds) => {
                let mut response = status(StatusCode::TOO_MANY_REQUESTS);
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
                response
            }
            Self::Broken => status(StatusCode::INTERNAL_SERVER_ERROR),
            Self::Maintenance => of(StatusCode::SERVICE_UNAVAILABLE, "text/html;charset=utf-8", PAGE),
            Self::Unauthorized => of(StatusCode::UNAUTHORIZED, "application/json", r#"{"error":"invalid_token"}"#),
            Self::Page => of(StatusCode::OK, "text/html;charset=utf-8", PAGE),
            Self::Slow => half(media_type, body, true),
            Self::Cut => half(media_type, body, false),
            Self::Compressed => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(&body).unwrap();
                let mut response = of(StatusCode::OK, media_type, encoder.finish().unwrap());
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                response
            }
            Self::MediaType(other) => of(StatusCode::OK, other, body),
        }
    }
}

const PAGE: &str = "<!doctype html><html lang=\"fr\"><head><title>Service indisponible</title></head><body>\
                    <h1>Maintenance en cours</h1></body></html>";

/// Half a body, of which all is announced.
fn half(media_type: &str, body: Vec<u8>, waits: bool) -> Response<Body> {
    let length = body.len();
    let begun = stream::iter([Ok(Bytes::from(body).slice(..length / 2))]);
    // What was begun is sent before the end is noticed.
    let sent = stream::once(tokio::task::yield_now()).filter_map(|()| ready(None));
    let rest = if waits { stream::pending().boxed() } else { sent.boxed() };
    let mut response = of(StatusCode::OK, media_type, Bytes::new());
    *response.body_mut() = Body::stream(begun.chain(rest).boxed(), Some(length as u64));
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    response
}

/// Answers on a listener until the value given back is dropped; its origin comes along.
pub fn open<H, F>(listener: TcpListener, handler: H) -> (String, Stop)
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let (stop, stopped) = Stop::new();
    let metrics = Metrics::register(&mut prometheus_client::registry::Registry::default());
    tokio::spawn(serve(listener, None, move |request, _| handler(request), Limits::default(), metrics, stopped));
    (origin, stop)
}

/// The bytes of a file below `tests/fixtures/`.
pub fn fixture(file: impl AsRef<Path>) -> Vec<u8> {
    let path = [Path::new(env!("CARGO_MANIFEST_DIR")), Path::new("tests/fixtures"), file.as_ref()];
    let path: PathBuf = path.iter().collect();
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn of(code: StatusCode, media_type: &str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::try_from(media_type).unwrap());
    response
}

pub fn json_of(value: &Value) -> Response<Body> {
    of(StatusCode::OK, "application/json", value.to_string())
}

/// An error as OAuth words it.
pub fn error(code: StatusCode, error: &str) -> Response<Body> {
    of(code, "application/json", serde_json::json!({ "error": error }).to_string())
}

pub fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(code.to_string()));
    *response.status_mut() = code;
    response
}

fn empty(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}

pub fn go(location: &str) -> Response<Body> {
    let mut response = status(StatusCode::SEE_OTHER);
    response.headers_mut().insert(LOCATION, HeaderValue::try_from(location).unwrap());
    response
}
