//! Client credentials: an id and a secret with which a script gets tokens for one WebID.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use super::{Account, AccountId, Accounts, Error, Happened, Refusal, Result, json};
use crate::clock::Timestamp;
use crate::secret::{self, Secret};
use crate::storage::{Change, EntryIs, EntryWrite, Scope, Version};

/// The most client credentials of an account.
///
/// Spec: O-204
pub(super) const MOST: usize = 20;
/// How long new client credentials last.
///
/// Spec: O-204
const LIFETIME: Duration = Duration::from_hours(365 * 24);
const LONGEST_NAME: usize = 100;
/// How many credentials are remembered between requests.
const REMEMBERED: usize = 10_000;

/// The id of client credentials, which is also the client id in their tokens: `[A-Za-z0-9_-]`, at most 128 characters.
///
/// Spec: O-125
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CredentialId(Box<str>);

impl CredentialId {
    /// A new id that begins with what is left of the name, so that people recognise it.
    fn new(name: Option<&str>) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let name: String = name.unwrap_or_default().chars().map(plain).take(40).collect();
        let id = uuid::Uuid::from_bytes(secret::random()).simple();
        Self(format!("{}_{id}", name.trim_matches('-')).into())
    }

    /// Reads an id; `None` if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        ((1..=128).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn key(&self) -> Arc<str> {
        format!("credential/{self}").into()
    }

    pub(super) fn use_key(&self) -> Arc<str> {
        format!("credential-use/{self}").into()
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Client credentials as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    pub id: CredentialId,
    pub account: AccountId,
    pub name: Option<String>,
    /// Whom the tokens speak for.
    pub webid: String,
    pub created: Timestamp,
    pub expires: Timestamp,
    /// SHA-256 of the secret.
    secret: [u8; 32],
}

/// How exactly the last use of credentials is known: a write a day, not one for each token.
const COARSE: Duration = Duration::from_hours(24);

/// Client credentials just made: the only time their secret is seen.
#[derive(Debug)]
pub struct NewCredential {
    pub credential: Credential,
    pub secret: Secret,
}

/// What was found of credentials, and the house version at which it was.
type Seen = (Version, Option<Arc<Credential>>);

/// Credentials that may be used now, remembered as long as no house record changes.
pub(super) struct Standing {
    seen: Cache<CredentialId, Seen>,
    /// When the last use was written down, as far as this process knows.
    used: Cache<CredentialId, Timestamp>,
}

impl Default for Standing {
    fn default() -> Self {
        Self { seen: Cache::new(REMEMBERED), used: Cache::new(REMEMBERED) }
    }
}

/// What presenting client credentials came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    Good(Arc<Credential>),
    /// Unknown, expired, or another secret.
    Unknown,
    /// Right, but the account is disabled or the WebID no longer linked.
    ///
    /// Spec: O-170
    Withdrawn,
}

impl Accounts {
    /// Makes client credentials for a linked WebID; the only one, if none is named.
    ///
    /// Spec: O-204
    pub async fn create_credential(
        &self,
        account: &AccountId,
        webid: Option<&str>,
        name: Option<&str>,
    ) -> Result<NewCredential> {
        if name.is_some_and(|name| name.chars().count() > LONGEST_NAME) {
            return Err(Refusal::LongName(LONGEST_NAME).into());
        }
        let secret = Secret::random();
        let now = self.clock.now();
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        let credential = self
            .edit(account, |draft| {
                let credential = Credential {
                    id: CredentialId::new(name),
                    account: account.clone(),
                    name: name.map(str::to_owned),
                    webid: draft.account().webid(webid)?.to_owned(),
                    created: now,
                    expires: now.plus(LIFETIME),
                    secret: secret::hash_secret(secret.reveal()),
                };
                draft.note(now, Happened::KeyMade { name: credential.name.clone() })?;
                draft.add_credential(&credential).map(|()| credential)
            })
            .await?;
        Ok(NewCredential { credential, secret })
    }

    /// The client credentials of an account, oldest first.
    pub async fn credentials(&self, account: &Account) -> Result<Vec<Credential>> {
        let mut found = Vec::new();
        for id in &account.credentials {
            found.extend(self.entry::<Credential>(&id.key()).await?);
        }
        Ok(found)
    }

    /// Deletes client credentials; their tokens are refused from now on.
    ///
    /// Spec: O-45
    pub async fn delete_credential(&self, account: &AccountId, id: &CredentialId) -> Result<()> {
        self.edit(account, |draft| {
            draft.note(self.clock.now(), Happened::KeyDeleted)?;
            draft.remove_credential(id).map_err(Error::from)
        })
        .await
    }

    /// Looks at client credentials that were presented with a secret.
    ///
    /// Spec: O-162, O-170
    pub async fn present(&self, id: &str, secret: &str) -> Result<Presented> {
        let Some(id) = CredentialId::parse(id) else { return Ok(Presented::Unknown) };
        let Some(credential) = self.entry::<Credential>(&id.key()).await? else { return Ok(Presented::Unknown) };
        let right = secret::equal(&secret::hash_secret(secret), &credential.secret);
        if !right || credential.expires <= self.clock.now() {
            return Ok(Presented::Unknown);
        }
        let Some(credential) = self.standing(&id).await? else { return Ok(Presented::Withdrawn) };
        self.note_use(&id).await?;
        Ok(Presented::Good(credential))
    }

    /// When client credentials were last used, give or take a day.
    ///
    /// Spec: O-193
    pub async fn last_use(&self, id: &CredentialId) -> Result<Option<Timestamp>> {
        self.entry(&id.use_key()).await
    }

    async fn note_use(&self, id: &CredentialId) -> Result<()> {
        let now = self.clock.now();
        if self.standing.used.get(id).is_some_and(|noted| now < noted.plus(COARSE)) {
            return Ok(());
        }
        if self.last_use(id).await?.is_none_or(|noted| noted.plus(COARSE) <= now) {
            let mut change = Change::of(Scope::House, now);
            let (key, value) = (id.use_key(), Some(json(&now)?));
            change.entries.push(EntryWrite { key, expected: EntryIs::Anything, value });
            self.storage.commit(change).await?;
        }
        self.standing.used.insert(id.clone(), now);
        Ok(())
    }

    /// Whether tokens of these client credentials for this WebID are still good: the credentials exist and have not
    /// expired, the account is not disabled and the WebID still linked. Cheap enough to ask on every request.
    ///
    /// Spec: O-45
    pub async fn stands(&self, client: &str, webid: &str) -> Result<bool> {
        let Some(id) = CredentialId::parse(client) else { return Ok(false) };
        Ok(self.standing(&id).await?.is_some_and(|credential| credential.webid == webid))
    }

    async fn standing(&self, id: &CredentialId) -> Result<Option<Arc<Credential>>> {
        let version = self.storage.house_version().await?;
        let found = match self.standing.seen.get(id) {
            Some((seen, found)) if seen == version => found,
            _ => {
                // What is read now is at least as new as `version`: newer only makes the next look read again.
                let found = self.look_up(id).await?.map(Arc::new);
                self.standing.seen.insert(id.clone(), (version, found.clone()));
                found
            }
        };
        Ok(found.filter(|credential| credential.expires > self.clock.now()))
    }

    async fn look_up(&self, id: &CredentialId) -> Result<Option<Credential>> {
        let Some(credential) = self.entry::<Credential>(&id.key()).await? else { return Ok(None) };
        let account = self.account(&credential.account).await?;
        let stands = account.is_some_and(|account| !account.disabled && account.webids.contains(&credential.webid));
        Ok(stands.then_some(credential))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_plain_and_keeps_the_name_readable() {
        for (name, start) in [(Some("My Script"), "my-script_"), (None, "_"), (Some("élan: été"), "lan---t_")] {
            let id = CredentialId::new(name);
            assert!(id.as_str().starts_with(start), "{id}");
            assert_eq!(CredentialId::parse(id.as_str()), Some(id));
        }
        assert!(CredentialId::new(Some(&"x".repeat(500))).as_str().len() <= 128);
        for text in ["", "a:b", "https://app.example/", "a b", &"x".repeat(129)] {
            assert_eq!(CredentialId::parse(text), None, "{text}");
        }
    }
}
