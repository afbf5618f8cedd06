//! Servers on this machine that stand in for the rest of the web, in tests.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{Fetch, Setup};
use crate::address::Addresses;
use crate::clock::{SetClock, Timestamp};

/// What a server answers to the head of a request (in lower case); it may take its time.
pub type Answer = Arc<dyn Fn(String) -> Answering + Send + Sync>;
pub type Answering = Pin<Box<dyn Future<Output = String> + Send>>;

/// A server that answers one request per connection.
pub struct Server {
    pub port: u16,
    pub heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Over TLS, if `tls` is given.
    pub async fn start(tls: Option<TlsAcceptor>, answer: Answer) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, answer, seen) = (tls.clone(), Arc::clone(&answer), Arc::clone(&seen));
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, answer, seen).await,
                            Err(_) => None,
                        },
                        None => serve(stream, answer, seen).await,
                    }
                });
            }
        });
        Self { port, heads }
    }

    /// How many requests there were.
    pub fn requests(&self) -> usize {
        self.heads.lock().len()
    }
}

/// Answers one request.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: Answer,
    seen: Arc<Mutex<Vec<String>>>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
    seen.lock().push(head.clone());
    let text = answer(head).await;
    stream.write_all(text.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

/// An answer that depends on the path alone.
pub fn by_path(table: impl Fn(&str) -> String + Send + Sync + 'static) -> Answer {
    Arc::new(move |head| {
        let text = table(head.split(' ').nth(1).unwrap_or_default());
        Box::pin(async move { text })
    })
}

/// An answer of 200 with these header lines.
pub fn ok(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// A redirect.
pub fn to(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// An answer of another status, without body.
pub fn status(line: &str) -> String {
    format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// A public internet that is this machine, with the hosts `pod.example` and `other.example`; `own.example` is ours.
pub struct Internet {
    pub fetch: Fetch,
    tls: TlsAcceptor,
}

/// Every host is here.
struct Here;

impl Resolve for Here {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(async { Ok(Box::new([SocketAddr::from((Ipv4Addr::LOCALHOST, 0))].into_iter()) as Addrs) })
    }
}

impl Internet {
    pub fn new() -> Self {
        let hosts = ["pod.example", "other.example"].map(str::to_owned);
        let own = rcgen::generate_simple_self_signed(hosts).unwrap();
        let certificate = CertificateDer::from(own.cert.der().to_vec());
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let addresses = Arc::new(Addresses::with_paths("https://own.example").unwrap());
        let clock = Arc::new(SetClock::at(Timestamp::from_seconds(1_700_000_000)));
        let setup = Setup::new(addresses, clock);
        let setup = Setup { resolver: Arc::new(Here), is_public: |_| true, roots: Some(roots), ..setup };
        Self { fetch: Fetch::new(setup), tls: TlsAcceptor::from(Arc::new(tls)) }
    }

    pub async fn serve(&self, answer: Answer) -> Server {
        Server::start(Some(self.tls.clone()), answer).await
    }
}
