//! Ending tokens before their time, and telling whether they ended.

use std::sync::Arc;

use async_trait::async_trait;
use quick_cache::sync::Cache;

use super::grant::{Grant, GrantId};
use super::{Error, Provider, Refusal, Result, json, refresh};
use crate::identity::Revocations;
use crate::identity::json::Object;
use crate::identity::token::{self, Claims};
use crate::storage::{self, EntryIs, EntryWrite, Version};

/// What the records of revoked tokens begin with.
pub(super) const REVOKED: &str = "revoked/";
/// How many tokens are remembered between requests.
const REMEMBERED: usize = 16_384;

/// What a token of ours stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Support {
    /// It was revoked, or what it stood on is gone.
    Nothing,
    /// A grant that outlives the session.
    Grant,
    /// The session in which it was granted.
    Session,
    /// The client credentials that it was given for.
    Credential,
}

/// What tokens stand on, by their ids, and the house version at which they did: good as long as no house record
/// changes.
pub(super) struct Supports(Cache<Arc<str>, (Version, Support)>);

impl Default for Supports {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

/// What is told of a token to a resource server that asks.
///
/// Spec: O-197, rfc7662 §2.2
#[derive(Debug, Clone, PartialEq)]
pub enum Introspected {
    /// Unknown, ended, or none of the asker's business.
    Inactive,
    /// The claims of an access or ID token.
    Token(Object),
    /// A refresh token of the asker.
    Refresh(Arc<Grant>),
}

impl Provider {
    /// Ends a token at its client's wish. A refresh token takes its whole grant with it. What is no token of ours has
    /// ended already.
    ///
    /// Spec: O-197, rfc7009 §2.1, rfc7009 §2.2
    pub async fn revoke(&self, text: &str, client: &str) -> Result<()> {
        if let Some((id, _)) = refresh::parse(&self.secret, text) {
            return match self.grant(&id).await? {
                Some((grant, _)) if grant.client != client => Err(Refusal::OtherClient.into()),
                Some((grant, _)) => self.remove_grants(&grant.account, &[id]).await,
                None => Ok(()),
            };
        }
        let Some(claims) = self.own(text).await? else { return Ok(()) };
        if claims.client.as_deref() != Some(client) {
            return Err(Refusal::OtherClient.into());
        }
        // For as long as the token could be taken for good.
        let until = claims.expires.plus(token::LEEWAY);
        let Some(id) = claims.id.filter(|_| self.clock.now() < until) else { return Ok(()) };
        let mut change = self.change();
        change.entries.push(EntryWrite { key: key(&id), expected: EntryIs::Anything, value: Some(json(&until)?) });
        self.storage.commit(change).await?;
        Ok(())
    }

    /// What is told of a token to `asker`, a client that has shown its secret. Of refresh tokens only their own client
    /// hears.
    ///
    /// Spec: O-197, rfc7662 §2.2
    pub async fn introspect(&self, text: &str, asker: &str) -> Result<Introspected> {
        if let Some((id, generation)) = refresh::parse(&self.secret, text) {
            let Some((grant, _)) = self.grant(&id).await? else { return Ok(Introspected::Inactive) };
            let latest = grant.family.as_ref().is_some_and(|family| generation >= family.generation);
            let good = latest && grant.client == asker && self.clock.now() < grant.ends();
            let good = good && self.may_sign_in(&grant.account, &grant.webid).await?;
            return Ok(if good { Introspected::Refresh(Arc::new(grant)) } else { Introspected::Inactive });
        }
        let Some(claims) = self.own(text).await? else { return Ok(Introspected::Inactive) };
        if claims.expires <= self.clock.now() || self.has_ended(&claims).await? {
            return Ok(Introspected::Inactive);
        }
        Ok(self.keys.read_token(text).await?.map_or(Introspected::Inactive, Introspected::Token))
    }

    /// What a token of ours claims; `None` if we did not sign it.
    async fn own(&self, text: &str) -> Result<Option<Claims>> {
        let Ok(parsed) = token::parse(text) else { return Ok(None) };
        Ok(self.keys.current().await?.signed(&parsed).then_some(parsed.claims))
    }

    /// Whether a token of ours ended before its time.
    ///
    /// Spec: O-45
    async fn has_ended(&self, claims: &Claims) -> Result<bool> {
        let (Some(client), Some(id)) = (&claims.client, &claims.id) else { return Ok(true) };
        let stands = match self.support(id).await? {
            Support::Nothing => false,
            Support::Grant => true,
            Support::Credential => self.accounts.stands(client, &claims.webid).await?,
            Support::Session => match &claims.session {
                Some(session) => self.accounts.session_stands(session, &claims.webid).await?,
                None => false,
            },
        };
        Ok(!stands)
    }

    async fn support(&self, id: &Arc<str>) -> Result<Support> {
        let house = self.storage.house_version().await?;
        if let Some((seen, support)) = self.supports.0.get(id)
            && seen == house
        {
            return Ok(support);
        }
        // What is read now is at least as new as `house`: newer only makes the next look read again.
        let support = self.look_up(id).await?;
        self.supports.0.insert(Arc::clone(id), (house, support));
        Ok(support)
    }

    async fn look_up(&self, id: &str) -> Result<Support> {
        if self.storage.entry(&key(id)).await?.is_some() {
            return Ok(Support::Nothing);
        }
        let Some(grant) = GrantId::of_token(id) else { return Ok(Support::Credential) };
        let Some((grant, _)) = self.grant(&grant).await? else { return Ok(Support::Nothing) };
        if grant.family.is_none() {
            return Ok(Support::Session);
        }
        let may = self.may_sign_in(&grant.account, &grant.webid).await?;
        Ok(if may { Support::Grant } else { Support::Nothing })
    }
}

#[async_trait]
impl Revocations for Provider {
    async fn is_revoked(&self, token: &Claims) -> storage::Result<bool> {
        self.has_ended(token).await.map_err(|error| match error {
            Error::Storage(error) => error,
            other => storage::Error::Failed(other.to_string()),
        })
    }
}

/// The record of a token that was revoked: it holds until when it is needed.
fn key(id: &str) -> Arc<str> {
    format!("{REVOKED}{id}").into()
}
