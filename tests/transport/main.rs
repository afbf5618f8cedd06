//! Our server on real sockets: what it does before and after the handler has its say.

#![expect(clippy::unwrap_used, reason = "a test fails where what it needs is missing")]

mod framing;
mod http2;
mod limits;
mod stop;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use cartable::http::body::Upload;
use cartable::http::negotiate::Wanted;
use cartable::http::{Body, Problem};
use cartable::server::metrics::Metrics;
use cartable::server::{Limits, Peer, Stop, metrics, redirect, serve};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A server on a port of its own.
struct Served {
    address: SocketAddr,
    stop: Stop,
    task: JoinHandle<()>,
}

/// Serves a handler with limits that no test reaches by accident.
async fn started<H, F>(handler: H) -> Served
where
    H: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    started_with(handler, Limits::default(), Metrics::default(), None).await
}

async fn started_with<H, F>(handler: H, limits: Limits, metrics: Metrics, tls: Option<TlsAcceptor>) -> Served
where
    H: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = Stop::new();
    let task = tokio::spawn(serve(listener, tls, handler, limits, metrics, stopped));
    Served { address, stop, task }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads what comes until the server closes.
    async fn tell(&self, request: impl AsRef<[u8]>) -> String {
        let mut socket = self.connect().await;
        socket.write_all(request.as_ref()).await.unwrap();
        rest(&mut socket).await
    }
}

/// What comes until the server closes.
async fn rest(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// What comes up to and including `end`.
async fn until(socket: &mut TcpStream, end: &str) -> String {
    let mut answer = String::new();
    while !answer.ends_with(end) {
        let byte = socket.read_u8().await.unwrap_or_else(|_| panic!("{end:?} came not in {answer:?}"));
        answer.push(char::from(byte));
    }
    answer
}

fn status(answer: &str) -> &str {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or("no answer")
}

/// Answers with what was sent.
async fn echo(request: Request<Incoming>, _: Peer) -> Response<Body> {
    match received(request).await {
        Ok(bytes) => Response::new(Body::from(bytes)),
        Err(problem) => problem.respond(&Wanted::default()),
    }
}

async fn received(request: Request<Incoming>) -> Result<Bytes, Problem> {
    Ok(Upload::new(request.into_body(), 1 << 20, Duration::from_secs(30)).collect().await?)
}

/// Answers without a look at what is sent.
async fn forbid(_: Request<Incoming>, _: Peer) -> Response<Body> {
    Problem::new(StatusCode::FORBIDDEN, "forbidden").respond(&Wanted::default())
}

/// Shows: P-1
#[tokio::test]
async fn a_connection_carries_one_request_after_the_other() {
    let served = started(echo).await;
    let mut socket = served.connect().await;
    for text in ["one", "two", "six"] {
        let request = format!("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\n{text}");
        socket.write_all(request.as_bytes()).await.unwrap();
        let answer = until(&mut socket, text).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-length: 3\r\n") && answer.contains("\r\ndate: "), "{answer}");
    }
}

#[tokio::test]
async fn the_handler_learns_who_is_there() {
    let served =
        started(async |_, peer: Peer| Response::new(Body::from(format!("{} {}", peer.address, peer.tls)))).await;
    let mut socket = served.connect().await;
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let expected = format!("{} false", socket.local_addr().unwrap());
    until(&mut socket, &expected).await;
}

/// Shows: P-59
#[tokio::test]
async fn head_says_what_get_would_without_content() {
    let served = started(async |request: Request<Incoming>, _| match request.uri().path() {
        "/known" => Response::new(Body::from("12345")),
        "/stream" => Response::new(Body::stream(Box::pin(futures_util::stream::empty()), Some(7))),
        _ => Response::new(Body::empty()),
    })
    .await;
    let ask = async |path| served.tell(format!("HEAD {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
    let answer = ask("/known").await;
    assert!(answer.contains("content-length: 5\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    let answer = ask("/stream").await;
    assert!(answer.contains("content-length: 7\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    // Without content the length that GET would have is not known here.
    let answer = ask("/none").await;
    assert!(!answer.contains("content-length"), "{answer}");
}

/// Shows: P-11
#[tokio::test]
async fn a_refusal_comes_before_the_content_is_asked_for() {
    let head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    let answer = started(forbid).await.tell(head).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");

    let served = started(echo).await;
    let mut socket = served.connect().await;
    socket.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(until(&mut socket, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"hello").await.unwrap();
    let answer = until(&mut socket, "hello").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// Shows: P-11
#[tokio::test]
async fn a_refusal_can_be_read_by_a_client_that_goes_on_sending() {
    let served = started(forbid).await;
    let mut socket = served.connect().await;
    let size = 12 << 20;
    socket.write_all(format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n").as_bytes()).await.unwrap();
    socket.write_all(&vec![b'x'; size]).await.unwrap();
    let answer = rest(&mut socket).await;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.ends_with('}'), "{answer}");
}

/// Shows: P-200, P-213
#[tokio::test]
async fn a_handler_that_panics_still_answers() {
    let served = started(async |request: Request<Incoming>, _: Peer| -> Response<Body> {
        assert_ne!(request.uri().path(), "/panic", "as asked");
        Response::new(Body::from("fine"))
    })
    .await;
    let mut socket = served.connect().await;
    let request = "GET /panic HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let answer = until(&mut socket, "}").await;
    assert!(answer.starts_with("HTTP/1.1 500 ") && answer.contains("\"reference\""), "{answer}");
    assert!(answer.contains("access-control-allow-origin: https://app.example\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n") && !answer.contains("as asked"), "{answer}");
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    until(&mut socket, "fine").await;
}

/// Shows: P-2, P-200
#[tokio::test]
async fn a_plain_listener_can_point_to_the_encrypted_one() {
    let served = started(redirect::to_https(8443)).await;
    for method in ["GET", "PUT", "OPTIONS"] {
        let answer = served
            .tell(format!(
                "{method} /a?b=c HTTP/1.1\r\nHost: a.example:80\r\nOrigin: https://app.example\r\n\
                 Access-Control-Request-Method: GET\r\nConnection: close\r\n\r\n"
            ))
            .await;
        assert_eq!(status(&answer), "301", "{answer}");
        assert!(answer.contains("location: https://a.example:8443/a?b=c\r\n"), "{answer}");
        assert!(answer.contains("access-control-allow-origin: https://app.example\r\n"), "{answer}");
    }
    assert_eq!(status(&served.tell("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await), "400");
}

#[tokio::test]
async fn requests_are_counted() {
    let mut registry = Registry::default();
    let counted = Metrics::register(&mut registry);
    let handler = async |request: Request<Incoming>, _: Peer| {
        let status = if request.method() == Method::GET { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let mut response = Response::new(Body::from("12345"));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        response
    };
    let served = started_with(handler, Limits::default(), counted, None).await;
    let mut sent = 0;
    let mut received = 0;
    for method in ["GET", "GET", "PUT", "BREW"] {
        let request = format!("{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        sent += request.len();
        received += served.tell(request).await.len();
    }
    served.stop.stop();
    served.task.await.unwrap();

    let page = started(metrics::page(registry.into())).await;
    let text = page.tell("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    for line in [
        "http_requests_total{method=\"GET\",status=\"2xx\"} 2",
        "http_requests_total{method=\"PUT\",status=\"4xx\"} 1",
        "http_requests_total{method=\"other\",status=\"4xx\"} 1",
        "http_request_duration_seconds_count{method=\"GET\"} 2",
        "http_requests_in_flight 0",
        "http_connections 0",
        &format!("http_received_bytes_total {sent}"),
        &format!("http_sent_bytes_total {received}"),
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in {text}");
    }
    assert_eq!(status(&page.tell("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await), "404");
    assert_eq!(status(&page.tell("PUT /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await), "405");
}
