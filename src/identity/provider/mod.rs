//! Our own OpenID provider: which clients there are, and what it gives them.
//!
//! A person's consent becomes a code ([`code`]), a code becomes a grant ([`grant`]) with its tokens ([`tokens`]), and a
//! refresh token the next ones ([`refresh`]). All of it lies in house records, so that any node can go on; of secrets
//! only hashes are kept, or nothing.

pub mod authorize;
pub mod client;
pub mod code;
pub mod consent;
pub mod document;
pub mod grant;
pub mod interaction;
pub mod logout;
pub mod metadata;
mod profile;
pub mod redirect;
pub mod refresh;
mod register;
mod revoke;
mod scope;
mod sweep;
pub mod tokens;

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

pub use client::{Client, ClientFault, Clients, PublicDocument, PublicDocuments};
pub use code::{Exchange, Granted};
pub use consent::Consents;
pub use interaction::Interactions;
pub use refresh::Refresh;
pub use register::{Registration, Unregistered};
pub use revoke::Introspected;
pub use scope::{Scope, Scopes};
pub use tokens::Tokens;

use super::account::{self, AccountId, Accounts};
use super::keys::{self, Keys};
use crate::clock::Clock;
use crate::fetch::Fetch;
use crate::secret::SecretKey;
use crate::storage::{self, Change, Storage};

/// Why a client does not get what it asks for. The texts are for its developers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the code is unknown, was used, has expired or was given to another client")]
    Code,
    #[error("the code was asked for with another redirect_uri")]
    OtherRedirect,
    #[error("the code_verifier does not match the code_challenge")]
    Verifier,
    #[error("the DPoP key is not the one that the code or refresh token is bound to")]
    OtherKey,
    #[error("the refresh token is unknown, was used, has expired or was given to another client")]
    RefreshToken,
    #[error("the person has signed out, or may no longer sign in with this WebID")]
    Ended,
    #[error("the scope was not granted")]
    Scope,
    #[error("the token was given to another client")]
    OtherClient,
}

/// Why the provider could not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Account(#[from] account::Error),
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// A record that does not read as what was written.
    #[error("a house record cannot be read: {0}")]
    Record(#[from] serde_json::Error),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the provider builds upon.
pub struct Parts {
    pub storage: Arc<dyn Storage>,
    pub clock: Arc<dyn Clock>,
    pub secret: Arc<SecretKey>,
    pub accounts: Arc<Accounts>,
    pub keys: Arc<Keys>,
    pub fetch: Arc<Fetch>,
    pub public: Arc<dyn PublicDocuments>,
}

/// The provider of this server.
pub struct Provider {
    /// The clients that there are.
    pub clients: Clients,
    /// The sign-ins on their way.
    pub interactions: Interactions,
    /// What people agreed to.
    pub consents: Consents,
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    secret: Arc<SecretKey>,
    accounts: Arc<Accounts>,
    keys: Arc<Keys>,
    public: Arc<dyn PublicDocuments>,
    supports: revoke::Supports,
}

impl Provider {
    pub fn new(config: &super::Config, parts: Parts) -> Self {
        let Parts { storage, clock, secret, accounts, keys, fetch, public } = parts;
        let clients = Clients::new(config, Arc::clone(&storage), Arc::clone(&clock), fetch, Arc::clone(&public));
        let interactions = Interactions::new(Arc::clone(&storage), Arc::clone(&clock), interaction::MOST_PER_MINUTE);
        let consents = Consents::new(Arc::clone(&storage), Arc::clone(&clock));
        Self {
            clients,
            interactions,
            consents,
            storage,
            clock,
            secret,
            accounts,
            keys,
            public,
            supports: revoke::Supports::default(),
        }
    }

    /// A change of house records that does nothing yet.
    fn change(&self) -> Change {
        Change::of(storage::Scope::House, self.clock.now())
    }

    /// Whether an account may still sign in as this WebID.
    ///
    /// Spec: O-45
    async fn may_sign_in(&self, account: &AccountId, webid: &str) -> Result<bool> {
        let account = self.accounts.account(account).await?;
        Ok(account.is_some_and(|account| !account.disabled && account.webids.iter().any(|linked| linked == webid)))
    }
}

/// The bytes of a house record.
fn json(value: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    Ok(serde_json::to_vec(value)?.into())
}
