//! Learning: what tools tell of what somebody learns, and the diplomas they earned.
//!
//! A *statement* (xAPI) or an event (Caliper) is read into a [`trace::Trace`], if it tells of the owner. It is kept twice
//! in the pod: as its bytes came, one a line, in `/learning/raw/`; and as RDF without names, e-mail addresses and free
//! answers, one document a day, in `/learning/traces/`, which can be shared without the other.

pub mod batch;
pub mod diploma;
pub mod event;
pub mod ids;
pub mod person;
pub mod query;
pub mod service;
pub mod statement;
pub mod store;
pub mod trace;
pub mod verbs;
pub mod view;

pub use service::{Imported, Learning};
