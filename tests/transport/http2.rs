//! HTTP/2, with and without TLS.

use std::sync::Arc;

use h2::client::SendRequest;
use http::header::CONTENT_LENGTH;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use super::*;

/// Begins to speak HTTP/2 on a connection. The task ends when the server closes it.
async fn speak<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(io: I) -> (SendRequest<Bytes>, JoinHandle<()>) {
    let (client, connection) = h2::client::handshake(io).await.unwrap();
    (client, tokio::spawn(async { connection.await.unwrap_or_default() }))
}

async fn ask(client: &SendRequest<Bytes>, request: Request<()>) -> Response<Bytes> {
    let mut client = client.clone().ready().await.unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let (head, mut body) = answer.await.unwrap().into_parts();
    let mut content = Vec::new();
    while let Some(chunk) = body.data().await {
        content.extend_from_slice(&chunk.unwrap());
    }
    Response::from_parts(head, content.into())
}

fn request(method: Method, path: &str) -> Request<()> {
    Request::builder().method(method).uri(format!("http://a.example{path}")).body(()).unwrap()
}

async fn handler(request: Request<Incoming>, _: Peer) -> Response<Body> {
    assert_ne!(request.uri().path(), "/panic", "as asked");
    Response::new(Body::from(request.uri().to_string()))
}

/// Shows: P-59
#[tokio::test]
async fn prior_knowledge_is_enough() {
    let served = started(handler).await;
    let (client, _) = speak(served.connect().await).await;
    let answer = ask(&client, request(Method::GET, "/x")).await;
    assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::OK, &b"http://a.example/x"[..]));
    let answer = ask(&client, request(Method::HEAD, "/x")).await;
    assert_eq!((&answer.headers()[CONTENT_LENGTH], &answer.body()[..]), (&HeaderValue::from_static("18"), &b""[..]));
    let answer = ask(&client, request(Method::GET, "/panic")).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(ask(&client, request(Method::GET, "/x")).await.status(), StatusCode::OK);
}

/// Shows: P-14
#[tokio::test]
async fn a_head_has_a_largest_size() {
    let served = started(handler).await;
    let (client, _) = speak(served.connect().await).await;
    let mut large = request(Method::GET, "/");
    large.headers_mut().insert("x", HeaderValue::try_from("x".repeat(70_000)).unwrap());
    assert_eq!(ask(&client, large).await.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn a_connection_without_requests_is_closed() {
    let limits = Limits { idle: Duration::from_millis(50), ..Limits::default() };
    let served = started_with(handler, limits, Metrics::default(), None).await;
    let (client, connection) = speak(served.connect().await).await;
    assert_eq!(ask(&client, request(Method::GET, "/")).await.status(), StatusCode::OK);
    connection.await.unwrap();
}

/// A certificate of our own, in files as an operator keeps them, and whom to trust for it.
fn certified(folder: &std::path::Path) -> (TlsAcceptor, TlsConnector) {
    let own = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
    let (certificates, key) = (folder.join("chain.pem"), folder.join("key.pem"));
    std::fs::write(&certificates, own.cert.pem()).unwrap();
    std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    (cartable::server::tls::acceptor(&certificates, &key).unwrap(), TlsConnector::from(Arc::new(config)))
}

/// Shows: solid#server-tls-https
#[tokio::test]
async fn an_encrypted_connection_agrees_on_http2() {
    let folder = tempfile::tempdir().unwrap();
    let (acceptor, connector) = certified(folder.path());
    let answer = async |_: Request<Incoming>, peer: Peer| Response::new(Body::from(peer.tls.to_string()));
    let served = started_with(answer, Limits::default(), Metrics::default(), Some(acceptor)).await;
    let name = ServerName::try_from("a.example").unwrap();
    let encrypted = connector.connect(name, served.connect().await).await.unwrap();
    assert_eq!(encrypted.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (client, _) = speak(encrypted).await;
    assert_eq!(&ask(&client, request(Method::GET, "/")).await.body()[..], b"true");
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { head: Duration::from_millis(50), ..Limits::default() };
    let served = started_with(handler, limits, Metrics::default(), Some(certified(folder.path()).0)).await;
    assert_eq!(rest(&mut served.connect().await).await, "");
}

#[test]
fn certificates_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let error = cartable::server::tls::acceptor(&chain, &key).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("chain.pem"), "{error}");
    certified(folder.path());
    std::fs::write(&key, "no key").unwrap();
    let error = cartable::server::tls::acceptor(&chain, &key).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("key.pem"), "{error}");
}
