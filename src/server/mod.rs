//! Listeners and connections: HTTP/1.1 and HTTP/2 on sockets, within limits, until told to stop.
//!
//! What a request means is the business of the handler. This module sees to it that no connection stays
//! open for nothing, that a handler that panics still answers, and that all of it is counted.

mod connection;
mod exchange;
pub mod metrics;
pub mod redirect;
pub mod tls;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use crate::http::Peer;
use crate::http::{Body, Config};
use metrics::Metrics;

/// Requests at a time on one HTTP/2 connection.
const MAX_STREAMS: u32 = 128;
/// How long accepting rests after an error, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the head of a request; more are answered with 431.
    ///
    /// Spec: P-14
    pub head_size: usize,
    /// Open connections at a time; others wait to be accepted.
    pub connections: usize,
    /// For a TLS handshake, for the head of a request, and between two requests of an HTTP/1.1 connection.
    pub head: Duration,
    /// How long a connection may stay open with no byte moving in either direction.
    pub idle: Duration,
    /// For what is going on when the server is told to stop.
    pub drain: Duration,
}

impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        Self {
            // Below this hyper has no room to work.
            head_size: usize::try_from(config.header_limit.0).unwrap_or(usize::MAX).max(8192),
            connections: config.connections,
            head: config.header_timeout.0,
            idle: config.idle_timeout.0,
            drain: config.shutdown_timeout.0,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::from(&Config::default())
    }
}

/// Tells every server that was given its other half to stop. Dropping it stops them as well.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

/// A server's view of [`Stop`].
#[derive(Debug, Clone)]
pub struct Stopped(watch::Receiver<bool>);

impl Stop {
    pub fn new() -> (Self, Stopped) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stopped(receiver))
    }

    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stopped {
    /// Waits until the server is told to stop.
    pub async fn wait(&mut self) {
        // An error means that nobody is left to say it.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

/// What every connection of one listener shares.
struct Service<H> {
    handler: H,
    limits: Limits,
    metrics: Metrics,
    protocol: auto::Builder<TokioExecutor>,
}

/// Serves one listener until `stopped`, then finishes what is going on for as long as `limits.drain`.
///
/// Spec: solid#server-http, solid#server-http-11, solid#server-http-2, P-1
pub async fn serve<H, F>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    handler: H,
    limits: Limits,
    metrics: Metrics,
    mut stopped: Stopped,
) where
    H: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(limits.connections));
    let drain = limits.drain;
    let service = Arc::new(Service { handler, protocol: protocol(&limits), limits, metrics });
    let mut connections = JoinSet::new();
    let next = async || {
        // The slot comes first, so that whom we cannot serve waits in the queue of the system.
        let slot = Arc::clone(&slots).acquire_owned().await;
        (slot, listener.accept().await)
    };
    loop {
        let (slot, accepted) = tokio::select! {
            () = stopped.wait() => break,
            next = next() => next,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((socket, address)) => {
                let peer = Peer { address, tls: tls.is_some() };
                let served = connection::serve(Arc::clone(&service), socket, tls.clone(), peer, stopped.clone());
                connections.spawn(async move {
                    served.await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    // Whatever is left is cut off when the set is dropped.
    if tokio::time::timeout(drain, finished).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were cut off when the server stopped");
    }
}

fn protocol(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    protocol.http1().timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(limits.head_size);
    let head_size = u32::try_from(limits.head_size).unwrap_or(u32::MAX);
    protocol.http2().timer(TokioTimer::new()).max_header_list_size(head_size).max_concurrent_streams(MAX_STREAMS);
    protocol
}
