//! HTTP: reading requests, choosing statuses, printing answers. What a request does is decided elsewhere.

pub mod body;
pub mod conditional;
pub mod cors;
pub mod headers;
pub mod negotiate;
pub mod problem;
pub mod range;
pub mod resource;

pub use body::Body;
pub use problem::Problem;
