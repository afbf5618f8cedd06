//! Who may sign up here, and on which terms: the settings.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Accounts, Refusal, Terms};
use crate::address::Addresses;

/// The settings of accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Who may sign up. Default: everybody if the server is for this machine only, else nobody.
    pub registration: Option<Registration>,
    /// A folder with the terms, `fr.txt` and `en.txt`. Default: the terms that come with the server.
    pub terms: Option<PathBuf>,
}

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    Open,
    /// Only those whom a school sends.
    Upstream,
    /// Nobody; the operator makes accounts.
    Closed,
}

impl Registration {
    /// What holds where nothing is set.
    pub(super) fn of(addresses: &Addresses) -> Self {
        if addresses.is_loopback_http() { Self::Open } else { Self::Closed }
    }

    /// Whether somebody may begin to sign up; `sent` says whether a school sends them.
    pub fn admits(self, sent: bool) -> Result<(), Refusal> {
        match self {
            Self::Open => Ok(()),
            Self::Upstream if sent => Ok(()),
            Self::Upstream | Self::Closed => Err(Refusal::SignUpClosed),
        }
    }
}

/// The folder of the terms does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub enum BadTerms {
    #[error("accounts.terms: {0} cannot be read: {1}")]
    Unreadable(String, io::Error),
    #[error("accounts.terms: both texts begin with one line `Version …`, the same in both")]
    Versions,
}

impl Accounts {
    /// The same accounts with these settings.
    pub fn configured(mut self, config: &Config) -> Result<Self, BadTerms> {
        if let Some(registration) = config.registration {
            self.registration = registration;
        }
        if let Some(folder) = &config.terms {
            let read = |name: &str| {
                let path: &Path = &folder.join(name);
                std::fs::read_to_string(path).map_err(|error| BadTerms::Unreadable(path.display().to_string(), error))
            };
            self.terms = Terms::new(&read("fr.txt")?, &read("en.txt")?).ok_or(BadTerms::Versions)?;
        }
        Ok(self)
    }

    /// Who may sign up.
    pub fn registration(&self) -> Registration {
        self.registration
    }
}
