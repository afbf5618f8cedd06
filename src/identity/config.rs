//! The settings of identity.

use serde::{Deserialize, Serialize};

use super::webid::same_issuer;
use crate::units::Size;

/// How identities are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Accept access tokens that are bound to no key. Whoever sees such a token can use it.
    ///
    /// Spec: O-70
    pub allow_bearer: bool,
    /// Refuse proofs that do not name the access token. Several Solid clients do not name it.
    ///
    /// Spec: O-26
    pub require_ath: bool,
    /// Which other issuers are believed. Our own always is.
    ///
    /// Spec: O-46
    pub issuers: Policy,
    /// The issuers that an allow-list allows, or a deny-list denies.
    pub listed_issuers: Vec<String>,
    /// How many unknown issuers and WebIDs one client address may make us look up in a minute.
    ///
    /// Spec: O-66
    pub lookups_per_minute: u32,
    /// How many clients may be registered.
    ///
    /// Spec: O-129
    pub registrations: usize,
    /// How many clients may be registered from one address in an hour. A whole school may be behind one address.
    ///
    /// Spec: O-129
    pub registrations_per_hour: u32,
    /// How much memory remembering proofs may take.
    pub replay_memory: Size,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow_bearer: false,
            require_ath: false,
            issuers: Policy::Open,
            listed_issuers: Vec::new(),
            lookups_per_minute: 30,
            registrations: 100_000,
            registrations_per_hour: 1000,
            replay_memory: Size(64 << 20),
        }
    }
}

/// Which issuers are believed.
///
/// Spec: O-46
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// All.
    Open,
    /// Those that are listed.
    AllowList,
    /// All but those that are listed.
    DenyList,
}

impl Config {
    /// Whether tokens of another issuer are looked at.
    ///
    /// Spec: O-46
    pub(super) fn believes(&self, issuer: &str) -> bool {
        let listed = || self.listed_issuers.iter().any(|listed| same_issuer(listed, issuer));
        match self.issuers {
            Policy::Open => true,
            Policy::AllowList => listed(),
            Policy::DenyList => !listed(),
        }
    }
}
