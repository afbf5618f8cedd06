//! A bare hyper server that gives one answer to everything: what the protocol stack alone can do.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper_util::rt::TokioIo;

use crate::Result;
use crate::connection::Whole;

/// The argument that makes this program be the bare server.
pub const ARGUMENT: &str = "--bare";

/// A bare server in a process of its own; it ends when this is dropped.
pub struct Bare {
    child: Child,
    pub address: SocketAddr,
}

impl Bare {
    /// Starts a server that gives `answer`, but for the headers that hyper writes itself.
    pub fn start(answer: &Whole) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let own = ["date", "connection", "transfer-encoding"];
        let headers: Vec<_> =
            answer.headers.iter().filter(|(name, _)| !own.contains(&name.to_lowercase().as_str())).collect();
        let told = serde_json::json!({ "status": answer.status, "headers": headers, "body": answer.body });
        child.stdin.take().ok_or("no stdin")?.write_all(told.to_string().as_bytes())?;
        let mut line = [0; 5];
        child.stdout.take().ok_or("no stdout")?.read_exact(&mut line)?;
        let port: u16 = std::str::from_utf8(&line)?.trim().parse()?;
        Ok(Self { child, address: ([127, 0, 0, 1], port).into() })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the answer from standard input, prints the port and serves until killed.
pub async fn serve() -> Result<()> {
    let told: serde_json::Value = serde_json::from_reader(std::io::stdin())?;
    let status = StatusCode::from_u16(told["status"].as_u64().and_then(|n| u16::try_from(n).ok()).unwrap_or(200))?;
    let mut headers = HeaderMap::new();
    for (name, value) in serde_json::from_value::<Vec<(String, String)>>(told["headers"].clone())? {
        headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    let body = Bytes::from(serde_json::from_value::<Vec<u8>>(told["body"].clone())?);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{:>5}", listener.local_addr()?.port());
    std::io::stdout().flush()?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (headers, body) = (headers.clone(), body.clone());
        let answer = hyper::service::service_fn(move |_| {
            let mut response = Response::new(Full::new(body.clone()));
            *response.status_mut() = status;
            *response.headers_mut() = headers.clone();
            std::future::ready(Ok::<_, Infallible>(response))
        });
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}
