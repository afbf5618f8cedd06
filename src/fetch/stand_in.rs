//! Servers on this machine that stand in for the rest of the web, in tests.

use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

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
