//! Conformance cases for Solid pod servers: a server's address in, a report out.
//!
//! Nothing here knows the code of a server; what it knows of the specifications is in `conformance/requirements`.

pub mod citation;
pub mod requirements;
