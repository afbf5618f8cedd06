//! Limits on requests.

use serde::{Deserialize, Serialize};

use crate::units::{Size, Span};

/// Limits on what a client may send, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The largest RDF document; larger ones are 413.
    pub rdf_limit: Size,
    /// The most bytes of a request's header fields together.
    pub header_limit: Size,
    /// The most connections at a time.
    pub connections: usize,
    /// How long a client may take for the header of a request, for a TLS handshake, or between two requests.
    pub header_timeout: Span,
    /// How long a client may send no byte of a body, or take none of an answer.
    pub idle_timeout: Span,
    /// How long requests may go on after the server was told to stop.
    pub shutdown_timeout: Span,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rdf_limit: Size(16 << 20),
            header_limit: Size(64 << 10),
            connections: 4096,
            header_timeout: Span::seconds(15),
            idle_timeout: Span::seconds(60),
            shutdown_timeout: Span::seconds(10),
        }
    }
}
