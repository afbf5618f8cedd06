//! Payslips: from the pay portal of the State, or dropped into a folder.
//!
//! What is read off them lies in three tiers: the *record* (which document, of which month, from whom) that an owner may
//! share, the *amounts* in a document of their own that only the owner reads, and everything else, which stays in the
//! PDF. See [`fields`] for what can be read, [`mapping`] for how it is said.

pub mod amount;
pub mod check;
pub mod config;
pub mod connector;
mod dropped;
mod facts;
pub mod fields;
mod filing;
mod follow;
pub mod kind;
pub mod layout;
pub mod listing;
pub mod mapping;
pub mod pdf;
mod place;
mod portal;
pub mod private;
pub mod reading;
pub mod words;

pub use config::{Config, connectors};
pub use connector::Payslips;
pub use dropped::Dropped;
pub use portal::Credentials;
