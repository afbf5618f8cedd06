//! Files that people drop into their pods: address books, lists of pupils, calendars.
//!
//! Bytes become lines ([`text`]), lines become entries ([`vcard`], [`csv`], [`ics`]), and what is wrong with them is reported by
//! line ([`problem`]). Nothing is guessed: what cannot be read stays in the original file, which is kept. Entries are said
//! in RDF, people in the owner's own address book and never in a school's; a [`plan`] says what that would change, and
//! [`import`] does it and takes it back.

mod agenda;
pub mod card;
pub mod csv;
pub mod ics;
pub mod import;
mod kind;
mod person;
pub mod plan;
pub mod problem;
pub mod record;
mod shelf;
pub mod text;
pub mod vcard;

pub use kind::Kind;

/// The largest file, in bytes.
pub const LARGEST: usize = 5 << 20;
/// The most entries of a file.
pub const MOST_ENTRIES: usize = 10_000;
