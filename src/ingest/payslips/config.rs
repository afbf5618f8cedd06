//! Where the pay portal is.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::reading::Reader;
use super::{Dropped, Payslips};
use crate::ingest::Connector;

/// The settings of payslips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The address of the pay portal. Without one payslips can only be dropped into their folder.
    pub url: Option<url::Url>,
    /// What people call the portal.
    pub name: String,
    /// The program that reads payslips. Default: this one.
    pub reader: Option<PathBuf>,
}

/// The connectors of payslips: the drop folder, and the portal if there is one.
pub fn connectors(config: &Config) -> Vec<Arc<dyn Connector>> {
    let own = || std::env::current_exe().unwrap_or_else(|_| PathBuf::from("cartable"));
    let reader = Arc::new(Reader::new(config.reader.clone().unwrap_or_else(own)));
    let mut connectors: Vec<Arc<dyn Connector>> = vec![Arc::new(Dropped::new(Arc::clone(&reader)))];
    if let Some(portal) = &config.url {
        connectors.push(Arc::new(Payslips::new(portal.clone(), reader)));
    }
    connectors
}

impl Default for Config {
    fn default() -> Self {
        Self { url: None, name: "Ensap".into(), reader: None }
    }
}
