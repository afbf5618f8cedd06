//! Links that are sent by mail: they prove that somebody reads mail at an address, once and for a while.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::secret::{self, Secret};

/// What a link carries: `{holder}.{secret}`, where the holder is what it is for. Only a hash of the secret is kept.
///
/// Spec: O-322
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub(super) holder: Box<str>,
    secret: Secret,
}

impl Ticket {
    pub(super) fn new(holder: &str) -> Self {
        Self { holder: holder.into(), secret: Secret::random() }
    }

    /// Reads a ticket; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let (holder, secret) = text.split_once('.')?;
        let sound = (1..=64).contains(&holder.len()) && secret.len() == 43 && plain(holder) && plain(secret);
        sound.then(|| Self { holder: holder.into(), secret: Secret::new(secret) })
    }

    /// The ticket itself, for the letter and the form behind its link.
    pub fn reveal(&self) -> String {
        format!("{}.{}", self.holder, self.secret.reveal())
    }

    /// What is kept of it.
    pub(super) fn kept(&self, until: Timestamp) -> Kept {
        Kept { hash: self.hash(), until }
    }

    pub(super) fn hash(&self) -> String {
        hash(&self.secret)
    }
}

/// A ticket that was sent.
///
/// Spec: O-322
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    hash: String,
    pub(super) until: Timestamp,
}

impl Kept {
    /// Whether this is the ticket, and in time.
    pub(super) fn admits(&self, ticket: &Ticket, now: Timestamp) -> bool {
        secret::equal(self.hash.as_bytes(), ticket.hash().as_bytes()) && now < self.until
    }
}

/// The name under which a random secret is kept.
pub(super) fn hash(secret: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(secret::hash_secret(secret.reveal()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Shows: O-322
    #[test]
    fn a_ticket_admits_itself_in_time_only_and_its_hash_admits_nobody() {
        let (ticket, other) = (Ticket::new("holder"), Ticket::new("holder"));
        let now = Timestamp::from_seconds(1_000);
        let kept = ticket.kept(now.plus(Duration::from_mins(1)));
        assert!(kept.admits(&ticket, now) && !kept.admits(&other, now));
        assert!(!kept.admits(&ticket, now.plus(Duration::from_mins(1))));
        let stolen = Ticket::parse(&format!("holder.{}", kept.hash)).unwrap();
        assert!(!kept.admits(&stolen, now));
        assert_eq!(Ticket::parse(&ticket.reveal()), Some(ticket.clone()));
        assert!(!format!("{ticket:?}").contains(ticket.secret.reveal()));
    }

    #[test]
    fn what_is_no_ticket_is_not_read() {
        let secret = secret::token();
        for text in ["", ".", "a", &secret, &format!(".{secret}"), &format!("a/b.{secret}"), &format!("a.{secret}=")] {
            assert_eq!(Ticket::parse(text), None, "{text}");
        }
    }
}
