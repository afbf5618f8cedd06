//! What a device shows to stay signed in, and the name by which its session is known to others.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::identity::account::AccountId;
use crate::secret::{self, Secret};

/// The public name of a session, which tokens carry as `sid`. It stays when the session's token changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Box<str>);

impl SessionId {
    pub(super) fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(secret::random::<16>()).into())
    }

    /// Reads an id; `None` if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        is_plain(text, 22).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The record of the session.
    pub(super) fn key(&self, account: &AccountId) -> Arc<str> {
        format!("{}{self}", prefix(account)).into()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a device shows to stay signed in: `{account}.{session}.{secret}`. Only a hash of the secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionToken {
    pub(super) account: AccountId,
    pub(super) session: SessionId,
    secret: Secret,
}

impl SessionToken {
    /// The first token of a new session.
    pub(super) fn random(account: AccountId) -> Self {
        Self { account, session: SessionId::random(), secret: Secret::random() }
    }

    /// Another token of the same session.
    pub(super) fn renewed(&self) -> Self {
        Self { secret: Secret::random(), ..self.clone() }
    }

    /// Reads a token; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (account, rest) = text.split_once('.')?;
        let (session, secret) = rest.split_once('.')?;
        let secret = Some(secret).filter(|secret| is_plain(secret, 43))?;
        Some(Self {
            account: AccountId::parse(account)?,
            session: SessionId::parse(session)?,
            secret: Secret::new(secret),
        })
    }

    /// The token itself, for the device alone.
    pub fn reveal(&self) -> String {
        format!("{}.{}.{}", self.account, self.session, self.secret.reveal())
    }

    /// SHA-256 of its secret, by which the session knows it.
    pub(super) fn hash(&self) -> [u8; 32] {
        secret::hash_secret(self.secret.reveal())
    }
}

fn is_plain(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The sessions of an account.
pub(super) fn prefix(account: &AccountId) -> String {
    format!("session/{account}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_does_not_show() {
        let token = SessionToken::random(AccountId::random());
        let text = token.reveal();
        assert_eq!(SessionToken::parse(&text), Some(token.clone()));
        assert!(!format!("{token:?}").contains(token.secret.reveal()));
        for text in ["", ".", "..", "abc.def.ghi", &text[1..], &text[..90], &format!("{text}=")] {
            assert_eq!(SessionToken::parse(text), None, "{text}");
        }
    }
}
