//! Cartable: a Solid pod server for schools.
//!
//! Read from the top: a module depends only on those above it (`tests/layers.rs` checks).
//!
//! - [`path`], [`address`], [`clock`], [`units`], [`language`]: places in a pod, their URLs, time, sizes, and what people
//!   read.
//! - [`aside`]: long work, beside the threads that answer requests.
//! - [`secret`], [`fetch`], [`mail`]: the secret key and randomness, and the ways out.
//! - [`rdf`], [`sparql`]: graphs, formats and patches.
//! - [`storage`]: where pods are kept.
//! - [`resource`]: what the protocol does with what is there.
//! - [`access`]: the decisions of Web Access Control.
//! - [`pods`]: the one way in.
//! - [`jobs`]: work that is due later.
//! - [`identity`]: who asks; tokens, proofs, keys.
//! - [`provision`]: making pods.
//! - [`ingest`]: school data, payslips, learning traces and files, brought into pods.
//! - [`http`]: requests read, answers printed.
//! - [`web`]: pages for people.
//! - [`config`]: the settings.
//! - [`app`]: the assembly.
//! - [`server`]: listeners and connections.
//! - [`cli`]: the command line.

pub mod path;
pub mod address;
pub mod clock;
pub mod units;
pub mod language;
pub mod aside;
pub mod secret;
pub mod fetch;
pub mod mail;
pub mod rdf;
pub mod sparql;
pub mod storage;
pub mod resource;
pub mod access;
pub mod pods;
pub mod jobs;
pub mod identity;
pub mod provision;
pub mod ingest;
pub mod http;
pub mod web;
pub mod config;
pub mod app;
pub mod server;
pub mod cli;
