//! Requests as bytes on a socket: what no well-behaved client sends, and answers that break off.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{Person, World};

/// An answer as it came.
#[derive(Debug)]
pub struct Reply {
    /// 0 if there was none.
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl World {
    pub async fn connect(&self) -> TcpStream {
        let address = self.base.replace("http://localhost:", "127.0.0.1:");
        TcpStream::connect(address.trim_end_matches('/')).await.unwrap()
    }

    /// Sends a request with these lines and this content, and reads what comes until the server closes.
    pub async fn tell(&self, lines: &[&str], content: impl AsRef<[u8]>) -> Reply {
        let mut socket = self.connect().await;
        let head = format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n"));
        // Who is refused early may find the other side gone.
        let _ = socket.write_all(head.as_bytes()).await;
        let _ = socket.write_all(content.as_ref()).await;
        Reply::read(&mut socket).await
    }

    /// The field that names the server.
    pub fn host(&self) -> String {
        format!("Host: {}", self.base.trim_start_matches("http://").trim_end_matches('/'))
    }
}

impl Person {
    /// The fields that say who sends a request.
    pub fn credentials(&self, method: &str, url: &str) -> String {
        format!("Authorization: DPoP {}\r\nDPoP: {}", self.token(), self.proof(method, url))
    }
}

impl Reply {
    /// What comes until the server closes, or breaks off.
    pub async fn read(socket: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let _ = socket.read_to_end(&mut bytes).await;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or_default();
        Self { status, head, body: bytes[end..].to_vec() }
    }

    /// The value of a field, or nothing.
    pub fn field(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}
