//! Our server from outside: each test a story, told over HTTP to a real server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod auxiliary;
mod conditions;
mod containers;
mod cors;
mod deleting;
mod n3_patch;
mod negotiation;
mod posting;
mod ranges;
mod concurrency;
mod erasure;
mod faults;
#[path = "../support/faulty.rs"]
mod faulty;
mod hostile;
mod outward;
#[path = "../support/picture.rs"]
mod picture;
mod quota;
mod raw;
mod reading;
mod requests;
mod slashes_and_names;
mod storage_description;
mod token;
#[expect(dead_code, reason = "the stories to come use the rest")]
mod world;
mod writing;
