//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::wire::{Moved, Wire};
use super::{Peer, Service, Stopped};
use crate::http::Body;

/// Serves a connection until either side ends it.
pub async fn serve<H, F>(
    service: Arc<Service<H>>,
    socket: TcpStream,
    tls: Option<TlsAcceptor>,
    peer: Peer,
    stopped: Stopped,
) where
    H: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let _open = service.metrics.connection();
    // An answer is written in one piece; waiting to fill a packet would only delay it.
    let _ = socket.set_nodelay(true);
    let wire = Wire::new(socket, service.metrics.clone());
    let moved = wire.moved();
    let Some(tls) = tls else { return drive(service, TokioIo::new(wire), moved, peer, stopped).await };
    match tokio::time::timeout(service.limits.head, tls.accept(wire)).await {
        Ok(Ok(encrypted)) => drive(service, TokioIo::new(encrypted), moved, peer, stopped).await,
        Ok(Err(error)) => tracing::debug!("a TLS handshake failed: {error}"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// Speaks HTTP. A connection on which no byte moved for a while is asked to end, and cut off if it has
/// not ended after the same time again.
async fn drive<H, F, I>(service: Arc<Service<H>>, io: I, moved: Moved, peer: Peer, mut stopped: Stopped)
where
    H: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
    I: Read + Write + Unpin + Send + 'static,
{
    let idle = service.limits.idle;
    let shared = Arc::clone(&service);
    let answer = move |request| {
        let service = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(service.exchange(request, peer).await) }
    };
    let mut connection = pin!(service.protocol.serve_connection(io, service_fn(answer)));
    let mut alarm = pin!(tokio::time::sleep(idle));
    let mut before = 0;
    let mut ending = false;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!("a connection broke: {error}");
                }
                return;
            }
            () = stopped.wait(), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = alarm.as_mut() => {
                let now = moved.bytes();
                if now == before && ending {
                    return;
                }
                if now == before {
                    ending = true;
                    connection.as_mut().graceful_shutdown();
                }
                before = now;
                alarm.as_mut().reset(tokio::time::Instant::now() + idle);
            }
        }
    }
}
