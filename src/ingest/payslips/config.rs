//! Where the pay portal is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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

impl Default for Config {
    fn default() -> Self {
        Self { url: None, name: "Ensap".into(), reader: None }
    }
}
