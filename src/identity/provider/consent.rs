//! What people agreed to: which application may act as which WebID, and for how long.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::scope::{Scope, Scopes};
use super::{Provider, Result};
use crate::clock::{Clock, Timestamp};
use crate::identity::account::{AccountId, Event, Happened};
use crate::secret;
use crate::storage::{self, Change, EntryIs, EntryWrite, KeyRange, Storage};

/// The most applications that an account has; those that it agreed to first are disconnected.
const MOST: usize = 200;

/// What somebody agreed to with one application.
///
/// Spec: O-191
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub client: String,
    /// What the application calls itself; nobody checked it.
    pub name: Option<String>,
    /// Where its pages are.
    pub host: String,
    pub webid: String,
    pub scopes: Scopes,
    pub given: Timestamp,
    /// The session that it ends with; `None`: it is remembered until it is withdrawn.
    ///
    /// Spec: O-149
    pub session: Option<String>,
}

impl Consent {
    /// Whether it is good for signing in as `webid` with all of `scopes` in this session. Staying signed in without the
    /// person is not given with a consent that ends with the session, and its lack is no reason to ask again.
    ///
    /// Spec: O-146, O-147, O-149
    pub fn covers(&self, webid: &str, scopes: &Scopes, session: &str) -> bool {
        let lasts = self.session.as_deref().is_none_or(|own| own == session);
        let is_missed = |scope| self.is_remembered() || scope != Scope::OfflineAccess;
        let lacks = |scope| !self.scopes.contains(scope) && is_missed(scope);
        lasts && self.webid == webid && !scopes.iter().any(lacks)
    }

    pub fn is_remembered(&self) -> bool {
        self.session.is_none()
    }
}

/// What the people of this server agreed to.
pub struct Consents {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
}

impl Consents {
    pub(super) fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Self {
        Self { storage, clock }
    }

    /// What an account agreed to with a client.
    pub async fn with(&self, account: &AccountId, client: &str) -> Result<Option<Consent>> {
        let entry = self.storage.entry(&key(account, client)).await?;
        Ok(entry.map(|entry| serde_json::from_slice(&entry.value)).transpose()?)
    }

    /// What an account agreed to, newest first.
    ///
    /// Spec: O-193
    pub async fn of(&self, account: &AccountId) -> Result<Vec<Consent>> {
        let prefix = prefix(account);
        let entries = self.storage.entries(KeyRange { prefix: &prefix, after: None, limit: MOST }).await?;
        let read = entries.iter().map(|entry| Ok(serde_json::from_slice::<Consent>(&entry.value)?));
        let mut consents = read.collect::<Result<Vec<_>>>()?;
        consents.sort_by_key(|consent| std::cmp::Reverse(consent.given));
        Ok(consents)
    }

    /// Keeps what an account agreed to, in place of what it did before.
    async fn give(&self, account: &AccountId, consent: &Consent) -> Result<()> {
        let mut change = Change::of(storage::Scope::House, self.clock.now());
        change.entries.push(write(key(account, &consent.client), Some(serde_json::to_vec(consent)?)));
        let allowed = Happened::ApplicationAllowed { host: consent.host.clone() };
        change.entries.push(Event::entry(change.at, account, allowed)?);
        self.storage.commit(change).await?;
        Ok(())
    }

    /// The clients that an account has no room for beside a new one.
    async fn surplus(&self, account: &AccountId, new: &str) -> Result<Vec<String>> {
        let clients = self.of(account).await?.into_iter().map(|consent| consent.client);
        Ok(clients.filter(|client| client != new).skip(MOST - 1).collect())
    }

    /// The records that forget what an account agreed to with a client, and tell its owner.
    async fn withdrawal(&self, account: &AccountId, client: &str) -> Result<Vec<EntryWrite>> {
        let Some(consent) = self.with(account, client).await? else { return Ok(Vec::new()) };
        let cut_off = Happened::ApplicationCutOff { host: consent.host };
        Ok(vec![write(key(account, client), None), Event::entry(self.clock.now(), account, cut_off)?])
    }
}

impl Provider {
    /// Keeps what an account agreed to, in place of what it did before. Applications that are too many are disconnected:
    /// what its owner does not see any more, nobody has.
    ///
    /// Spec: O-193
    pub async fn agree(&self, account: &AccountId, consent: &Consent) -> Result<()> {
        for client in self.consents.surplus(account, &consent.client).await? {
            self.disconnect(account, &client).await?;
        }
        self.consents.give(account, consent).await
    }

    /// Forgets what an account agreed to with a client and ends all that the client has of it, in one commit.
    ///
    /// Spec: O-193, O-45
    pub async fn disconnect(&self, account: &AccountId, client: &str) -> Result<()> {
        let mut change = self.change();
        change.entries = self.consents.withdrawal(account, client).await?;
        change.entries.extend(self.grants_gone(account, |listed| listed.client == client).await?);
        if !change.entries.is_empty() {
            self.storage.commit(change).await?;
        }
        Ok(())
    }
}

fn write(key: Arc<str>, value: Option<Vec<u8>>) -> EntryWrite {
    EntryWrite { key, expected: EntryIs::Anything, value: value.map(Into::into) }
}

fn prefix(account: &AccountId) -> String {
    format!("consent/{account}/")
}

/// A client id may be a long address, so its hash stands for it.
fn key(account: &AccountId, client: &str) -> Arc<str> {
    format!("{}{}", prefix(account), URL_SAFE_NO_PAD.encode(secret::hash_secret(client))).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::SetClock;
    use crate::storage::sqlite::{Options, Sqlite};

    const ME: &str = "https://pods.example/ada/profile/card#me";

    fn consent(client: &str, scopes: &str, session: Option<&str>) -> Consent {
        Consent {
            client: client.into(),
            name: None,
            host: "app.example".into(),
            webid: ME.into(),
            scopes: Scopes::parse(scopes),
            given: Timestamp::default(),
            session: session.map(str::to_owned),
        }
    }

    /// Shows: O-146, O-149
    #[test]
    fn a_consent_covers_what_it_was_given_for() {
        let kept = consent("app", "openid webid", None);
        let brief = consent("app", "openid webid", Some("phone"));
        for (consent, webid, scopes, session, covers) in [
            (&kept, ME, "openid", "phone", true),
            (&kept, ME, "openid webid", "desk", true),
            (&kept, ME, "openid webid offline_access", "phone", false),
            (&kept, ME, "openid profile", "phone", false),
            (&kept, "https://ada.example/#me", "openid", "phone", false),
            (&brief, ME, "openid webid", "phone", true),
            (&brief, ME, "openid webid offline_access", "phone", true),
            (&brief, ME, "openid profile", "phone", false),
            (&brief, ME, "openid webid", "desk", false),
        ] {
            assert_eq!(consent.covers(webid, &Scopes::parse(scopes), session), covers, "{scopes} {session}");
        }
    }

    #[tokio::test]
    async fn an_account_has_so_many_applications_and_then_no_room_for_the_oldest() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::default());
        let options = Options { durable: false, clock: clock.clone() };
        let consents = Consents::new(Arc::new(Sqlite::open(folder.path(), options).unwrap()), clock);
        let ada = AccountId::parse(&"0".repeat(32)).unwrap();
        for number in 0..MOST {
            let given = Timestamp::default().plus(Duration::from_secs(number as u64));
            let consent = Consent { given, ..consent(&format!("https://app.example/{number}"), "openid", None) };
            consents.give(&ada, &consent).await.unwrap();
        }
        let kept = consents.of(&ada).await.unwrap();
        assert_eq!((kept.len(), kept[0].client.as_str()), (MOST, "https://app.example/199"));
        assert_eq!(consents.surplus(&ada, "https://app.example/7").await.unwrap(), [""; 0]);
        assert_eq!(consents.surplus(&ada, "https://app.example/new").await.unwrap(), ["https://app.example/0"]);
        assert!(consents.with(&ada, "https://app.example/1").await.unwrap().is_some());
        let other = AccountId::parse(&"1".repeat(32)).unwrap();
        assert_eq!(consents.of(&other).await.unwrap(), []);
        let mut change = Change::of(storage::Scope::House, consents.clock.now());
        change.entries = consents.withdrawal(&ada, "https://app.example/1").await.unwrap();
        consents.storage.commit(change).await.unwrap();
        assert!(consents.with(&ada, "https://app.example/1").await.unwrap().is_none());
    }
}
