//! The names of accounts.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of an account: random, and shown in URLs of the account API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(Box<str>);

impl AccountId {
    pub(super) fn random() -> Self {
        Self(uuid::Uuid::from_bytes(crate::secret::random()).simple().to_string().into())
    }

    /// Reads an id; `None` if it was not made here.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 32 && text.bytes().all(hex)).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn key(&self) -> Arc<str> {
        format!("account/{self}").into()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
