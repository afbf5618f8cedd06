//! Somebody who has shown one factor of two. Their browser keeps it, sealed, until they show the other.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{Account, AccountId, Method, SessionId, SignedIn, SignedInBy};
use crate::clock::Timestamp;
use crate::secret::SecretKey;

/// Who it is, as far as has been shown, and where they go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Half {
    pub account: AccountId,
    pub by: SignedInBy,
    pub next: String,
    /// The session in which somebody confirms who they are; `None`: one is to begin.
    #[serde(default)]
    pub confirms: Option<SessionId>,
    until: Timestamp,
}

impl Half {
    /// How long somebody may take to show the other factor.
    pub const LIFETIME: Duration = Duration::from_mins(10);

    pub fn new(account: &Account, by: SignedInBy, next: &str, now: Timestamp) -> Self {
        Self { account: account.id.clone(), by, next: next.to_owned(), confirms: None, until: now.plus(Self::LIFETIME) }
    }

    /// For somebody who is signed in.
    pub fn confirming(by: &SignedIn, method: Method, next: &str, now: Timestamp) -> Self {
        let shown = SignedInBy { methods: vec![method], ..SignedInBy::default() };
        Self { confirms: Some(by.session.id.clone()), ..Self::new(&by.account, shown, next, now) }
    }

    pub fn seal(&self, secret: &SecretKey) -> String {
        URL_SAFE_NO_PAD.encode(secret.seal("half", &serde_json::to_vec(self).unwrap_or_default()))
    }

    /// Opens what [`Half::seal`] made, if it is not too late.
    pub fn open(sealed: &str, secret: &SecretKey, now: Timestamp) -> Option<Self> {
        let plain = secret.open("half", &URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?;
        let half: Self = serde_json::from_slice(&plain).ok()?;
        (now < half.until).then_some(half)
    }
}
