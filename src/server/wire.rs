//! The socket below a connection: it counts what moves, and says goodbye in a way that lets the other
//! side read our last answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::metrics::Metrics;

/// How long, and for how many bytes, we listen to a client that goes on sending after our last answer.
const FAREWELL: Duration = Duration::from_secs(2);
const FAREWELL_BYTES: usize = 16 * 1024 * 1024;

/// How many bytes have moved on a connection, in both directions.
#[derive(Clone, Default)]
pub struct Moved(Arc<AtomicU64>);

impl Moved {
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A socket.
pub struct Wire {
    socket: TcpStream,
    moved: Moved,
    metrics: Metrics,
    farewell: Option<Farewell>,
}

/// The state of a connection whose sending half is closed.
struct Farewell {
    left: usize,
    alarm: Pin<Box<Sleep>>,
}

impl Wire {
    pub fn new(socket: TcpStream, metrics: Metrics) -> Self {
        Self { socket, moved: Moved::default(), metrics, farewell: None }
    }

    pub fn moved(&self) -> Moved {
        self.moved.clone()
    }

    fn sent(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.moved.add(bytes);
            self.metrics.sent(bytes);
        }
        written
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buffer))?;
        let bytes = buffer.filled().len() - before;
        self.moved.add(bytes);
        self.metrics.received(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.sent(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.sent(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    /// Closes our half, then reads on for a while: closing a socket with unread bytes in it resets the
    /// connection, and the answer would be lost on a client that is still sending.
    ///
    /// Spec: rfc9112 §9.6
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.farewell.is_none() {
            ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
        }
        let farewell = this
            .farewell
            .get_or_insert_with(|| Farewell { left: FAREWELL_BYTES, alarm: Box::pin(tokio::time::sleep(FAREWELL)) });
        let mut space = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            let Poll::Ready(read) = Pin::new(&mut this.socket).poll_read(cx, &mut buffer) else {
                return farewell.alarm.as_mut().poll(cx).map(Ok);
            };
            let bytes = buffer.filled().len();
            if read.is_err() || bytes == 0 || bytes > farewell.left {
                return Poll::Ready(Ok(()));
            }
            farewell.left -= bytes;
        }
    }
}
