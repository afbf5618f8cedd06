//! One keep-alive HTTP/1.1 connection, as lean as it can be: the generator shares its cores with what it measures.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The head of a response, and how long its body was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: usize,
}

/// A whole response, for setting up and for replaying it elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Whole {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Whole {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where unread bytes are in `buffer`.
    start: usize,
    end: usize,
}

/// How the body of a response ends.
enum Length {
    Known(usize),
    Chunked,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 256 * 1024], start: 0, end: 0 })
    }

    /// Sends a request, reads its response and forgets the body.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        let (status, length, _) = self.head(request, false).await?;
        let body = self.body(length, &mut |_| {}).await?;
        Ok(Answer { status, body })
    }

    /// Sends a request and keeps all of its response.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Whole> {
        self.stream.write_all(request).await?;
        let (status, length, headers) = self.head(request, true).await?;
        let mut body = Vec::new();
        self.body(length, &mut |part| body.extend_from_slice(part)).await?;
        Ok(Whole { status, headers, body })
    }

    /// Reads up to the end of the head; the headers only if they are `kept`.
    async fn head(&mut self, request: &[u8], kept: bool) -> Result<(u16, Length, Vec<(String, String)>)> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; 64];
            let mut response = httparse::Response::new(&mut fields);
            let parsed = response.parse(&self.buffer[self.start..self.end]).map_err(invalid)?;
            if let httparse::Status::Complete(size) = parsed {
                let status = response.code.unwrap_or_default();
                let length = length(status, request, response.headers)?;
                let text = |field: &httparse::Header| {
                    (field.name.to_owned(), String::from_utf8_lossy(field.value).into_owned())
                };
                let headers = if kept { response.headers.iter().map(text).collect() } else { Vec::new() };
                self.start += size;
                return Ok((status, length, headers));
            }
            self.fill().await?;
        }
    }

    async fn body(&mut self, length: Length, take: &mut impl FnMut(&[u8])) -> Result<usize> {
        match length {
            Length::Known(size) => self.take(size, take).await,
            Length::Chunked => {
                let mut total = 0;
                loop {
                    let size = self.chunk_size().await?;
                    total += self.take(size, take).await?;
                    self.take(2, &mut |_| {}).await?;
                    if size == 0 {
                        return Ok(total);
                    }
                }
            }
        }
    }

    async fn take(&mut self, size: usize, take: &mut impl FnMut(&[u8])) -> Result<usize> {
        let mut missing = size;
        while missing > 0 {
            if self.start == self.end {
                self.fill().await?;
            }
            let part = missing.min(self.end - self.start);
            take(&self.buffer[self.start..self.start + part]);
            self.start += part;
            missing -= part;
        }
        Ok(size)
    }

    async fn chunk_size(&mut self) -> Result<usize> {
        loop {
            let size = httparse::parse_chunk_size(&self.buffer[self.start..self.end]);
            match size.map_err(|_| invalid("a chunk has no size"))? {
                httparse::Status::Complete((head, size)) => {
                    self.start += head;
                    return usize::try_from(size).map_err(invalid);
                }
                httparse::Status::Partial => self.fill().await?,
            }
        }
    }

    /// Reads more bytes behind the unread ones, which move to the front.
    async fn fill(&mut self) -> Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            return Err(invalid("the head of the response is too long"));
        }
        let read = self.stream.read(&mut self.buffer[self.end..]).await?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.end += read;
        Ok(())
    }
}

fn length(status: u16, request: &[u8], headers: &[httparse::Header]) -> Result<Length> {
    let value =
        |name: &str| headers.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value);
    if request.starts_with(b"HEAD ") || status == 204 || status == 304 {
        return Ok(Length::Known(0));
    }
    if let Some(size) = value("content-length") {
        let size = std::str::from_utf8(size).map_err(invalid)?.parse().map_err(invalid)?;
        return Ok(Length::Known(size));
    }
    match value("transfer-encoding") {
        Some(coding) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Length::Chunked),
        _ => Err(invalid("the response says neither its length nor that it is chunked")),
    }
}

fn invalid(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::InvalidData, cause)
}
