//! Our server from outside: each test a story, told over HTTP to a real server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod applications;
mod authentication;
mod auxiliary;
mod browser;
mod care;
mod client_documents;
mod clients;
mod concurrency;
mod conditions;
mod connecting;
mod connectors;
mod contacts;
mod containers;
mod copy_and_move;
mod cors;
mod deleting;
mod email;
#[path = "../support/ent/mod.rs"]
mod ent;
mod erasure;
mod factors;
mod faults;
#[path = "../support/faulty.rs"]
mod faulty;
mod grants;
mod groups_and_conditions;
mod hostile;
mod import;
mod learning;
mod leaving;
mod matrix;
mod minors;
mod n3_patch;
mod negotiation;
mod outward;
mod pages;
#[path = "../support/pay/mod.rs"]
mod pay;
mod people;
mod payslips;
mod permissions;
#[path = "../support/picture.rs"]
mod picture;
mod posting;
mod quota;
mod ranges;
mod raw;
mod reading;
mod recover;
mod requests;
mod school;
mod sign_in;
mod sign_out;
mod sign_up;
mod slashes_and_names;
mod spaces;
#[path = "../support/stand_in.rs"]
mod stand_in;
mod stand_ins;
mod sparql_update;
mod storage_description;
mod terms;
mod token;
mod upstream;
mod wac_allow;
mod webid_host;
mod webid_issuer;
mod wishes;
mod world;
mod writing;
mod xapi;
