//! Bodies: what a client sends, within limits of size and patience, and what we answer with.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http_body::{Frame, SizeHint};

use crate::storage::ByteStream;

/// The body of an answer.
#[derive(Default)]
pub struct Body(Content);

#[derive(Default)]
enum Content {
    #[default]
    Empty,
    Whole(Bytes),
    Stream {
        bytes: ByteStream,
        /// Bytes that are still to come, if their number is known.
        left: Option<u64>,
    },
}

impl Body {
    pub fn empty() -> Self {
        Self::default()
    }

    /// A body that is sent as it comes. If `size` is known, exactly that many bytes must come.
    pub fn stream(bytes: ByteStream, size: Option<u64>) -> Self {
        Self(Content::Stream { bytes, left: size })
    }

    /// How many bytes it has, if that is known.
    pub fn size(&self) -> Option<u64> {
        match &self.0 {
            Content::Empty => Some(0),
            Content::Whole(bytes) => Some(bytes.len() as u64),
            Content::Stream { left, .. } => *left,
        }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        let bytes = bytes.into();
        Self(if bytes.is_empty() { Content::Empty } else { Content::Whole(bytes) })
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({:?} bytes)", self.size())
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.0 {
            Content::Empty => Poll::Ready(None),
            Content::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Content::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Content::Stream { bytes, left } => bytes.as_mut().poll_next(cx).map_ok(|chunk| {
                *left = left.map(|left| left.saturating_sub(chunk.len() as u64));
                Frame::data(chunk)
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Content::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        self.size().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Why a body did not come whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    #[error("the content is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the content did not come in time")]
    TooSlow,
    #[error("the content broke off")]
    Broken,
}

impl Interrupted {
    /// The reason that an error of [`Upload`]'s stream carries.
    pub fn of(error: &io::Error) -> Self {
        error.get_ref().and_then(|inner| inner.downcast_ref()).copied().unwrap_or(Self::Broken)
    }
}

impl From<Interrupted> for io::Error {
    fn from(reason: Interrupted) -> Self {
        Self::other(reason)
    }
}

/// The body of a request, on its way in. Nothing is read before it is polled, so that a client that
/// waits for `100 Continue` learns of a refusal first.
///
/// As a stream its errors are [`Interrupted`], in an [`io::Error`]; nothing follows an error.
///
/// Spec: P-11, P-14
pub struct Upload<B> {
    body: B,
    limit: u64,
    left: u64,
    /// How long the client may be silent.
    patience: Duration,
    alarm: Option<Pin<Box<tokio::time::Sleep>>>,
    over: bool,
}

impl<B: http_body::Body<Data = Bytes> + Unpin> Upload<B> {
    /// At most `limit` bytes, the client never silent for longer than `patience`.
    pub fn new(body: B, limit: u64, patience: Duration) -> Self {
        Self { body, limit, left: limit, patience, alarm: None, over: false }
    }

    /// The same, of at most `limit` bytes.
    #[must_use]
    pub fn limited(self, limit: u64) -> Self {
        Self { limit, left: limit, ..self }
    }

    /// Whether there is anything to receive: a length above 0, or a length that is not said.
    ///
    /// Spec: P-5
    pub fn has_content(&self) -> bool {
        !self.body.is_end_stream()
    }

    /// The length that the client announces.
    pub fn length(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    /// Receives everything. One that comes in one piece is not copied.
    pub async fn collect(mut self) -> Result<Bytes, Interrupted> {
        let Some(first) = self.next().await else { return Ok(Bytes::new()) };
        let first = first?;
        let Some(second) = self.next().await else { return Ok(first) };
        let announced = usize::try_from(self.body.size_hint().lower().min(self.left)).unwrap_or(0);
        let mut whole = BytesMut::with_capacity(first.len() + announced);
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second?);
        while let Some(chunk) = self.next().await {
            whole.extend_from_slice(&chunk?);
        }
        Ok(whole.freeze())
    }

    async fn next(&mut self) -> Option<Result<Bytes, Interrupted>> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Interrupted>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let chunk = match self.poll_data(cx) {
            Poll::Pending if self.poll_alarm(cx).is_pending() => return Poll::Pending,
            Poll::Pending => Some(Err(Interrupted::TooSlow)),
            Poll::Ready(chunk) => chunk,
        };
        self.over = !matches!(chunk, Some(Ok(_)));
        Poll::Ready(chunk)
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Interrupted>>> {
        let too_large = Interrupted::TooLarge { limit: self.limit };
        if self.body.size_hint().lower() > self.left {
            return Poll::Ready(Some(Err(too_large)));
        }
        loop {
            let Some(frame) = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
                return Poll::Ready(None);
            };
            self.alarm = None;
            let Ok(frame) = frame else { return Poll::Ready(Some(Err(Interrupted::Broken))) };
            // Trailers say nothing that we heed.
            let Ok(data) = frame.into_data() else { continue };
            let Some(left) = self.left.checked_sub(data.len() as u64) else {
                return Poll::Ready(Some(Err(too_large)));
            };
            self.left = left;
            if !data.is_empty() {
                return Poll::Ready(Some(Ok(data)));
            }
        }
    }

    /// Set when the client falls silent.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let patience = self.patience;
        self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience))).as_mut().poll(cx)
    }
}

impl<B: http_body::Body<Data = Bytes> + Unpin> Stream for Upload<B> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.poll_chunk(cx).map_err(io::Error::from)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use http_body_util::{BodyExt, Empty, Full, StreamBody};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn chunks(chunks: &[&'static str]) -> impl http_body::Body<Data = Bytes> + Unpin + use<> {
        let frames: Vec<_> =
            chunks.iter().map(|chunk| io::Result::Ok(Frame::data(Bytes::from_static(chunk.as_bytes())))).collect();
        StreamBody::new(stream::iter(frames))
    }

    /// Shows: P-14
    #[tokio::test]
    async fn a_body_is_collected_up_to_its_limit() {
        for (sent, limit, received) in [
            (&["abc"][..], 3, Ok("abc")),
            (&["a", "", "b", "c"], 3, Ok("abc")),
            (&[], 0, Ok("")),
            (&["abcd"], 3, Err(Interrupted::TooLarge { limit: 3 })),
            (&["ab", "cd"], 3, Err(Interrupted::TooLarge { limit: 3 })),
        ] {
            let upload = Upload::new(chunks(sent), limit, PATIENCE);
            assert_eq!(upload.collect().await, received.map(Bytes::from), "{sent:?}");
        }
    }

    #[tokio::test]
    async fn one_piece_is_not_copied() {
        let sent = Bytes::from(vec![7; 1000]);
        let received = Upload::new(Full::new(sent.clone()), 1000, PATIENCE).collect().await.unwrap();
        assert_eq!(received.as_ptr(), sent.as_ptr());
    }

    /// A body that must not be polled.
    struct Untouched(u64);

    impl http_body::Body for Untouched {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            panic!("polled")
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.0)
        }
    }

    /// Shows: P-11, P-14
    #[tokio::test]
    async fn what_is_announced_too_large_is_never_read() {
        let upload = Upload::new(Untouched(4), 3, PATIENCE);
        assert!(upload.has_content());
        assert_eq!(upload.collect().await, Err(Interrupted::TooLarge { limit: 3 }));
        assert!(!Upload::new(Empty::<Bytes>::new(), 3, PATIENCE).has_content());
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_given_up_and_a_slow_one_is_not() {
        let start = tokio::time::Instant::now();
        let chunk = |text: &'static str| io::Result::Ok(Frame::data(Bytes::from_static(text.as_bytes())));
        let slow = stream::iter(["a", "b", "c"]).then(move |text| async move {
            tokio::time::sleep(PATIENCE * 9 / 10).await;
            chunk(text)
        });
        let received = Upload::new(StreamBody::new(Box::pin(slow)), 3, PATIENCE).collect().await;
        assert_eq!(received, Ok(Bytes::from("abc")));
        assert_eq!(start.elapsed(), PATIENCE * 27 / 10);

        let silent = stream::iter([chunk("a")]).chain(stream::pending());
        let received = Upload::new(StreamBody::new(silent), 3, PATIENCE).collect().await;
        assert_eq!(received, Err(Interrupted::TooSlow));
    }

    #[tokio::test]
    async fn as_a_stream_it_ends_with_its_reason() {
        let broken = stream::iter([Ok(Frame::data(Bytes::from("a"))), Err(io::Error::other("reset"))]);
        let mut upload = Upload::new(StreamBody::new(broken), 3, PATIENCE);
        assert_eq!(upload.next().await, Some(Ok(Bytes::from("a"))));
        let mut stream = Pin::new(&mut upload);
        let error = StreamExt::next(&mut stream).await.unwrap().unwrap_err();
        assert_eq!(Interrupted::of(&error), Interrupted::Broken);
        assert!(StreamExt::next(&mut stream).await.is_none());
        assert_eq!(Interrupted::of(&Interrupted::TooSlow.into()), Interrupted::TooSlow);
        assert_eq!(Interrupted::of(&io::Error::other("disk")), Interrupted::Broken);
    }

    #[tokio::test]
    async fn answers_know_their_size_and_come_whole() {
        use http_body::Body as _;
        let pieces = || Box::pin(stream::iter([Ok(Bytes::from("ab")), Ok(Bytes::from("c"))]));
        for (body, size, text) in [
            (Body::empty(), Some(0), ""),
            (Body::from(""), Some(0), ""),
            (Body::from("abc"), Some(3), "abc"),
            (Body::from(vec![b'a']), Some(1), "a"),
            (Body::stream(pieces(), Some(3)), Some(3), "abc"),
            (Body::stream(pieces(), None), None, "abc"),
        ] {
            assert_eq!(body.size(), size);
            assert_eq!(body.size_hint().exact(), size);
            assert_eq!(body.is_end_stream(), size == Some(0));
            assert_eq!(body.collect().await.unwrap().to_bytes(), text);
        }
    }
}
