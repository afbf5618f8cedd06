//! Conformance cases for Solid pod servers: a server's address in, a report out.
//!
//! Nothing here knows the code of a server; what it knows of the specifications is in `conformance/requirements`,
//! and what it tries is in `conformance/cases`.
//!
//! - [`citation`], [`requirements`]: what is required, and how it is named.
//! - [`http`], [`response`], [`dpop`], [`agent`]: requests of an agent, and what came back.
//! - [`trial`], [`case`]: what a case is given, and how cases run.
//! - [`earl`], [`page`], [`run`]: the reports, and a whole run.

pub mod citation;
pub mod requirements;
pub mod stop;
pub mod http;
pub mod response;
pub mod rdf;
pub mod dpop;
pub mod agent;
pub mod trial;
pub mod case;
#[path = "../../cases/mod.rs"]
pub mod cases;
pub mod outcome;
pub mod earl;
pub mod page;
pub mod run;
