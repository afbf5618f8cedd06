//! HTTP: reading requests, choosing statuses, printing answers. What a request does is decided elsewhere.

pub mod account;
pub mod body;
pub mod conditional;
pub mod config;
pub mod cookie;
pub mod cors;
pub mod headers;
pub mod health;
pub mod negotiate;
pub mod oidc;
pub mod problem;
pub mod range;
pub mod refused;
pub mod resource;
pub mod vocabulary;
pub mod webid;
pub mod xapi;

pub use body::Body;
pub use config::Config;
pub use problem::Problem;

use std::net::SocketAddr;

/// Who is at the other end of a connection: the client, or a proxy in front of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    pub address: SocketAddr,
    /// Whether the connection itself is encrypted.
    pub tls: bool,
}
