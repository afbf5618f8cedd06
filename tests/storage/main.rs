//! The promises of storage: one contract that every backend passes, and what each backend adds.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod contract;
#[path = "../support/faulty.rs"]
mod faulty;
mod faults;
mod operator;
mod sqlite;
mod world;
