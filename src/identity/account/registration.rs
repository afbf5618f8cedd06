//! Who may sign up here, and on which terms: the settings.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Accounts, Refusal, Terms, affiliation};
use crate::address::Addresses;
use crate::units::Span;

/// The settings of accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Who may sign up. Default: everybody if the server is for this machine only, else nobody.
    pub registration: Option<Registration>,
    /// A folder with the terms, `fr.txt` and `en.txt`. Default: the terms that come with the server.
    pub terms: Option<PathBuf>,
    /// How long an account that no school opens any more, and that nobody can enter another way, is kept before it is
    /// closed.
    pub grace: Span,
    /// Whether people may sign in with a password. If not, they come in through their school or with a passkey.
    pub password_sign_in: bool,
    /// The most pods of an account.
    pub pods: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { registration: None, terms: None, grace: Span(affiliation::GRACE), password_sign_in: true, pods: 3 }
    }
}

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    Open,
    /// Those who have an invitation of the operator, or whom a school sends.
    Invite,
    /// Only those whom a school sends.
    #[serde(alias = "upstream-only")]
    Upstream,
    /// Nobody; the operator makes accounts.
    Closed,
}

impl Registration {
    /// What holds where nothing is set.
    pub(super) fn of(addresses: &Addresses) -> Self {
        if addresses.is_loopback_http() { Self::Open } else { Self::Closed }
    }

    /// Whether somebody who comes so may begin to sign up.
    pub fn admits(self, comes: Comes) -> Result<(), Refusal> {
        match (self, comes) {
            (Self::Open, _)
            | (Self::Invite, Comes::Invited | Comes::FromSchool)
            | (Self::Upstream, Comes::FromSchool) => Ok(()),
            (Self::Invite | Self::Upstream | Self::Closed, _) => Err(Refusal::SignUpClosed),
        }
    }
}

/// How somebody comes to sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comes {
    Alone,
    Invited,
    FromSchool,
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
        (self.grace, self.takes_passwords) = (config.grace.0, config.password_sign_in);
        self.most_pods = config.pods;
        if let Some(folder) = &config.terms {
            let read = |name: &str| {
                let path: &Path = &folder.join(name);
                std::fs::read_to_string(path).map_err(|error| BadTerms::Unreadable(path.display().to_string(), error))
            };
            self.terms = Terms::new(&read("fr.txt")?, &read("en.txt")?).ok_or(BadTerms::Versions)?;
        }
        Ok(self)
    }

    /// Whether passwords open accounts here.
    ///
    /// Spec: CP-13
    pub fn takes_passwords(&self) -> bool {
        self.takes_passwords
    }

    /// The most pods of an account.
    pub fn most_pods(&self) -> usize {
        self.most_pods
    }

    /// Who may sign up.
    pub fn registration(&self) -> Registration {
        self.registration
    }
}
