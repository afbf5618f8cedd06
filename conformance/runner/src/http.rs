//! HTTP/1.1 as it is written: the request target goes out byte for byte, nothing is followed, decoded or retried.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long one exchange may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// A response beyond this size is cut.
const MOST: usize = 16 * 1024 * 1024;

/// Why there was no response.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    #[error("`{0}` is not an http or https address")]
    Address(String),
    #[error("no connection to {0}: {1}")]
    Connection(String, String),
    #[error("no response from {0} within 30 s")]
    Silence(String),
    #[error("this cannot be sent: {0}")]
    Request(String),
}

/// Connections to servers.
#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct Message {
    pub method: String,
    /// The absolute address, not normalised; its path goes into the request line as it is.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Bytes>,
}

/// What came back.
pub type Reply = ::http::Response<Bytes>;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Client {
    /// A client that trusts the machine's certificates, and those in `extra` (PEM).
    pub fn new(extra: Option<&[u8]>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(pem) = extra {
            use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
            roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).filter_map(Result::ok));
        }
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Request(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Sends a message on a connection of its own. `Host` is added unless given.
    pub async fn send(&self, message: &Message) -> Result<Reply, Error> {
        let place = Place::of(&message.url)?;
        let exchange = tokio::time::timeout(PATIENCE, self.exchange(&place, message)).await;
        exchange.map_err(|_| Error::Silence(place.authority()))?
    }

    async fn exchange(&self, place: &Place<'_>, message: &Message) -> Result<Reply, Error> {
        let lost = |error: &dyn std::fmt::Display| Error::Connection(place.authority(), error.to_string());
        let stream = TokioIo::new(self.connect(place).await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(|e| lost(&e))?;
        let connection = tokio::spawn(connection);
        let mut request = ::http::Request::builder().method(message.method.as_str()).uri(place.target);
        if !message.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header("Host", place.authority());
        }
        for (name, value) in &message.headers {
            request = request.header(name, value);
        }
        let body = Full::new(message.body.clone().unwrap_or_default());
        let request = request.body(body).map_err(|error| Error::Request(error.to_string()))?;
        let (head, body) = sender.send_request(request).await.map_err(|e| lost(&e))?.into_parts();
        let body = body.collect().await.map_err(|e| lost(&e))?.to_bytes();
        connection.abort();
        Ok(Reply::from_parts(head, body.slice(..body.len().min(MOST))))
    }

    /// Writes bytes and reads until the server closes or falls silent for a second: for requests that no HTTP library
    /// would send.
    pub async fn raw(&self, url: &str, request: &[u8]) -> Result<String, Error> {
        let place = Place::of(url)?;
        let lost = |error: std::io::Error| Error::Connection(place.authority(), error.to_string());
        let mut stream = self.connect(&place).await?;
        stream.write_all(request).await.map_err(lost)?;
        stream.flush().await.map_err(lost)?;
        let mut answer = Vec::new();
        let mut buffer = [0; 8192];
        let mut patience = PATIENCE;
        while answer.len() < MOST {
            match tokio::time::timeout(patience, stream.read(&mut buffer)).await {
                Ok(Ok(read)) if read > 0 => answer.extend_from_slice(&buffer[..read]),
                _ => break,
            }
            patience = Duration::from_secs(1);
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    async fn connect(&self, place: &Place<'_>) -> Result<Box<dyn Stream>, Error> {
        let lost = |error: std::io::Error| Error::Connection(place.authority(), error.to_string());
        // Names below localhost mean this machine (RFC 6761), though not every resolver knows them.
        let host = if place.host.ends_with(".localhost") { "localhost" } else { place.host };
        let stream = TcpStream::connect((host, place.port)).await.map_err(lost)?;
        stream.set_nodelay(true).map_err(lost)?;
        if !place.secure {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(place.host.to_owned()).map_err(|_| Error::Address(place.host.to_owned()))?;
        Ok(Box::new(self.tls.connect(name, stream).await.map_err(lost)?))
    }
}

/// An address in its parts, as written.
struct Place<'a> {
    secure: bool,
    host: &'a str,
    port: u16,
    named_port: bool,
    target: &'a str,
}

impl<'a> Place<'a> {
    fn of(url: &'a str) -> Result<Self, Error> {
        let wrong = || Error::Address(url.to_owned());
        let (secure, rest) = match url.split_once("://").ok_or_else(wrong)? {
            ("https", rest) => (true, rest),
            ("http", rest) => (false, rest),
            _ => return Err(wrong()),
        };
        let (authority, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let target = if target.is_empty() { "/" } else { target };
        let usual = if secure { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| wrong())?)),
            _ => (authority, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Ok(Self { secure, host, port: port.unwrap_or(usual), named_port: port.is_some(), target })
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.to_owned() };
        if self.named_port { format!("{host}:{}", self.port) } else { host }
    }
}

/// The path, query included, of an absolute address, as written.
pub fn target(url: &str) -> Result<&str, Error> {
    Ok(Place::of(url)?.target)
}

/// Host and port of an absolute address, as a `Host` field has them.
pub fn authority(url: &str) -> Result<String, Error> {
    Ok(Place::of(url)?.authority())
}

/// Scheme, host and port of an absolute address, as an `Origin` field has them.
pub fn origin(url: &str) -> Result<String, Error> {
    let place = Place::of(url)?;
    Ok(format!("{}://{}", if place.secure { "https" } else { "http" }, place.authority()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_target_as_written() {
        for (url, authority, target) in [
            ("http://pod.example/a/../%41//b?c", "pod.example", "/a/../%41//b?c"),
            ("https://pod.example:8443", "pod.example:8443", "/"),
            ("http://[::1]:3000/x", "[::1]:3000", "/x"),
        ] {
            let place = Place::of(url).expect(url);
            assert_eq!((place.authority().as_str(), place.target), (authority, target));
        }
        assert!(Place::of("ftp://pod.example/").is_err());
        assert!(Place::of("/relative").is_err());
    }
}
