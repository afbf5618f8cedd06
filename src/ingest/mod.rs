//! School data comes home: connectors fetch it, mappings say it in RDF, and what the owner changed stays.
//!
//! A run goes from top to bottom: *source* (what the other side answers) → *mapping* (pure: [`target::Target`]s) →
//! shapes → three-way *merge* with what the pod holds → writes through [`crate::pods::Pods::perform`], as the owner's
//! agent, with provenance. `docs/CONNECTORS.md` tells how to add a connector.

pub mod applications;
mod attempt;
pub mod base;
pub mod config;
pub mod connection;
pub mod contacts;
mod describe;
pub mod file;
pub mod index;
pub mod learning;
mod leave;
pub mod merge;
pub mod outcome;
pub mod payslips;
mod prefixes;
mod provenance;
pub mod report;
pub mod run;
pub mod schedule;
pub mod service;
mod shapes;
pub mod target;
pub mod write;

use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;

pub use config::Config;
pub use service::Ingest;

use crate::clock::Clock;
use crate::fetch::Fetch;
use crate::jobs::Jobs;
use crate::pods::Pods;
use crate::secret::SecretKey;
use connection::Connection;
use outcome::{Status, Stopped};
use run::Run;

/// A source of data, and how its data are said in RDF. One value serves all connections to it.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    /// Its name in addresses and records: `contacts`, `payslips`, `applications`.
    fn name(&self) -> &'static str;

    /// One run: fetches, maps, and hands targets to `run` until all is said. It may be cut off at any await; the next
    /// run finishes what it began.
    async fn run(&self, run: &mut Run<'_>) -> Result<Status, Stopped>;

    /// Gives back what the other side gave us, such as tokens, when the owner disconnects. We have forgotten it already,
    /// so that nobody waits if this fails.
    ///
    /// Spec: CP-28
    async fn disconnect(&self, _: &Farewell<'_>) {}

    /// Says its last words in the pod when the owner has disconnected and keeps the data, such as another title. There
    /// are no credentials any more.
    ///
    /// Spec: CP-85
    async fn close(&self, _: &mut Run<'_>) -> Result<(), Stopped> {
        Ok(())
    }
}

/// What a connector needs to take its leave.
pub struct Farewell<'a> {
    pub connection: &'a Connection,
    parts: &'a Parts,
}

impl Farewell<'_> {
    pub fn credentials<T: DeserializeOwned>(&self) -> Option<T> {
        self.connection.unseal(&self.parts.secret)
    }

    pub fn fetch(&self) -> &Fetch {
        &self.parts.fetch
    }
}

/// What runs need of the server.
pub struct Parts {
    pub pods: Arc<Pods>,
    pub clock: Arc<dyn Clock>,
    pub secret: Arc<SecretKey>,
    pub fetch: Arc<Fetch>,
    pub jobs: Arc<Jobs>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It has not begun, or nothing is known of it here.
    Waiting,
    /// So many of so many parts are done; of none: it is not known yet how many there are.
    Running {
        done: usize,
        total: usize,
    },
    Ended(Status),
}
