//! Files that people drop into their pods: address books, lists of pupils, calendars.
//!
//! Bytes become lines ([`text`]), lines become entries ([`vcard`], [`csv`], [`ics`]), and what is wrong with them is reported by
//! line ([`problem`]). Nothing is guessed: what cannot be read stays in the original file, which is kept.

pub mod card;
pub mod csv;
pub mod ics;
mod kind;
pub mod problem;
pub mod text;
pub mod vcard;

pub use kind::Kind;

/// The largest file, in bytes.
pub const LARGEST: usize = 5 << 20;
/// The most entries of a file.
pub const MOST_ENTRIES: usize = 10_000;
