//! What somebody lets us do at their provider while they are away: asking for more with a refresh token, until they or
//! the provider take it back.

use openidconnect::core::{CoreGenderClaim, CoreRevocableToken};
use openidconnect::{AccessToken, OAuth2TokenResponse, RefreshToken, RequestTokenError, RevocationUrl, UserInfoError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::config::{Contacts, is_safe};
use super::flow::no_tokens;
use super::provider::{Others, Provider, TokenResponse};
use super::{Fault, Upstreams, person, unacceptable};
use crate::identity::json::Object;
use crate::secret::Secret;

/// What is kept of an owner's leave. It is a secret as a whole.
///
/// Spec: CP-07, CP-26
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offline {
    /// The token that gives others. It changes each time, as far as the provider wants it to.
    pub refresh: Zeroizing<String>,
    /// With which contacts are asked for.
    pub uid: String,
}

impl std::fmt::Debug for Offline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// What a refresh token gave.
pub struct Tokens {
    pub access: Secret,
    /// The refresh token to use from now on.
    pub refresh: Zeroizing<String>,
}

/// What somebody allowed who has just come back. Without a token for later, or without the name that contacts are asked
/// for with, nothing can be done.
pub(super) fn allowed(provider: &Provider, response: &TokenResponse, said: &Object) -> Result<Offline, Fault> {
    let contacts = provider.config.contacts.as_ref().ok_or(Fault::Unknown)?;
    let refresh = response.refresh_token().ok_or(unacceptable("no refresh token"))?;
    let uid = uid(contacts, said).ok_or(unacceptable("no name to ask for contacts with"))?;
    Ok(Offline { refresh: Zeroizing::new(refresh.secret().clone()), uid })
}

fn uid(contacts: &Contacts, said: &Object) -> Option<String> {
    said.get(&contacts.uid).and_then(Value::as_str).and_then(person::subject)
}

impl Upstreams {
    /// What the settings say of a provider's contacts.
    pub fn contacts(&self, id: &str) -> Option<&Contacts> {
        self.provider(id).ok()?.config.contacts.as_ref()
    }

    /// The providers that show contacts: ids and names.
    pub fn with_contacts(&self) -> impl Iterator<Item = (&str, &str)> {
        let shows = |id: &str| self.contacts(id).is_some();
        self.names().filter(move |(id, _)| shows(id))
    }

    /// The providers that list applications: ids and names.
    pub fn with_applications(&self) -> impl Iterator<Item = (&str, &str)> {
        let lists = |id: &str| self.contacts(id).is_some_and(|contacts| contacts.catalogue.is_some());
        self.names().filter(move |(id, _)| lists(id))
    }

    /// Exchanges a refresh token for others. The old one may be of no use from then on, so the new one is kept before
    /// anything else is done.
    ///
    /// Spec: CP-26
    pub async fn refresh(&self, id: &str, refresh: &Zeroizing<String>) -> Result<Tokens, Fault> {
        let (provider, now) = (self.provider(id)?, self.clock.now());
        let metadata = provider.metadata(false, now).await?;
        let client = provider.client(&metadata);
        let old = RefreshToken::new(refresh.to_string());
        let mut request = client.exchange_refresh_token(&old).map_err(|_| unacceptable("endpoints"))?;
        for (name, value) in provider.assertion(&client, now)? {
            request = request.add_extra_param(name, value);
        }
        let response = request.request_async(&provider.way).await.map_err(no_tokens)?;
        let access = Secret::new(response.access_token().secret().clone());
        let refresh = response.refresh_token().map_or_else(|| refresh.to_string(), |new| new.secret().clone());
        Ok(Tokens { access, refresh: Zeroizing::new(refresh) })
    }

    /// Who an access token is for: the subject, and the name that contacts are asked for with.
    pub async fn whose(&self, id: &str, access: &Secret) -> Result<(String, String), Fault> {
        let (provider, now) = (self.provider(id)?, self.clock.now());
        let contacts = provider.config.contacts.as_ref().ok_or(Fault::Unknown)?;
        let token = access.reveal();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unacceptable("access token"));
        }
        let metadata = provider.metadata(false, now).await?;
        let client = provider.client(&metadata);
        let request =
            client.user_info(AccessToken::new(token.to_owned()), None).map_err(|_| unacceptable("endpoints"))?;
        let told = request.request_async::<Others, _, CoreGenderClaim>(&provider.way).await;
        let told = told.map_err(|error| match error {
            UserInfoError::Request(error) => Fault::Away(error),
            _ => unacceptable("userinfo"),
        })?;
        let Ok(Value::Object(said)) = serde_json::to_value(&told) else { return Err(unacceptable("userinfo")) };
        if said.contains_key("error") {
            return Err(unacceptable("userinfo"));
        }
        let subject = person::subject(told.subject()).ok_or(unacceptable("userinfo sub"))?;
        Ok((subject, uid(contacts, &said).ok_or(unacceptable("no name to ask for contacts with"))?))
    }

    /// Gives a refresh token back, if the provider takes any.
    ///
    /// Spec: CP-28, CP-85
    pub async fn revoke(&self, id: &str, refresh: &Zeroizing<String>) -> Result<(), Fault> {
        let (provider, now) = (self.provider(id)?, self.clock.now());
        let metadata = provider.metadata(false, now).await?;
        let Some(url) = metadata.additional_metadata().revocation_endpoint.clone().filter(is_safe) else {
            return Ok(());
        };
        let client = provider.client(&metadata).set_revocation_url(RevocationUrl::from_url(url));
        let token = CoreRevocableToken::RefreshToken(RefreshToken::new(refresh.to_string()));
        let request = client.revoke_token(token).map_err(|_| unacceptable("revocation endpoint"))?;
        request.request_async(&provider.way).await.map_err(|error| match error {
            RequestTokenError::Request(error) => Fault::Away(error),
            _ => unacceptable("answer of the revocation endpoint"),
        })
    }
}
