//! One provider as it is reached: its configuration and keys, kept for a while, and how we show who we are.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, AsyncHttpClient, AuthType, AuthUrl, ClientId, ClientSecret,
    DiscoveryError, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    IdTokenFields, IssuerUrl, JsonWebKeySet, JsonWebKeySetUrl, ProviderMetadata, RedirectUrl, ResponseTypes,
    StandardErrorResponse, StandardTokenResponse, TokenUrl, UserInfoUrl,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::config::{Config, Endpoints, is_safe};
use super::credentials::{ASSERTION_TYPE, Credentials};
use super::{Fault, unacceptable};
use crate::clock::Timestamp;
use crate::fetch::{self, Fetch};
use crate::identity::json::Object;

/// How long configuration and keys are taken as they are.
///
/// Spec: O-52
const FRESH: Duration = Duration::from_mins(10);
/// How long they still count while the provider cannot be reached.
///
/// Spec: O-52
const STALE: Duration = Duration::from_mins(70);
/// A provider is not asked again for its keys for this long, whether it answered or not.
///
/// Spec: O-52
const PAUSE: Duration = Duration::from_secs(30);
/// Bytes of the longest answer.
///
/// Spec: O-64
const LONGEST: usize = 128 << 10;

pub(super) type Metadata = ProviderMetadata<
    Advertised,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub(super) type TokenResponse = StandardTokenResponse<
    IdTokenFields<
        Others,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

pub(super) type Client = openidconnect::Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The members of a configuration that the library does not know.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Advertised {
    /// Whether answers to the browser name the provider (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// Where tokens are given back (RFC 8414 §2).
    #[serde(default)]
    pub revocation_endpoint: Option<Url>,
}

impl AdditionalProviderMetadata for Advertised {}

/// The claims that are not standard: those that the settings map.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Others {
    #[serde(flatten)]
    pub members: Object,
}

impl AdditionalClaims for Others {}

/// A provider, and what is known of it.
pub(super) struct Provider {
    pub config: Config,
    pub credentials: Credentials,
    pub way: Way,
    redirect: RedirectUrl,
    /// Locked while it is fetched, so that a class that signs in at once asks once.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    metadata: Option<Arc<Metadata>>,
    /// When the metadata was had.
    had: Timestamp,
    /// When the provider was last asked for it.
    asked: Timestamp,
}

impl Provider {
    /// `redirect` is where people come back to, at an address of this provider alone.
    ///
    /// Spec: O-302
    pub fn new(config: Config, credentials: Credentials, fetch: Arc<Fetch>, redirect: &Url) -> Self {
        let way = Way { fetch, named: config.named(), within: config.timeout.0 };
        let redirect = RedirectUrl::from_url(redirect.clone());
        Self { config, credentials, way, redirect, known: Mutex::default() }
    }

    /// The provider's configuration with its keys. `newer` asks for keys newer than those at hand, which is done
    /// only so often.
    ///
    /// Spec: O-52, O-301
    pub async fn metadata(&self, newer: bool, now: Timestamp) -> Result<Arc<Metadata>, Fault> {
        let mut known = self.known.lock().await;
        let rests = now < known.asked.plus(PAUSE);
        let due = newer || now >= known.had.plus(FRESH);
        if let Some(metadata) = known.metadata.as_ref().filter(|_| !due || rests) {
            return Ok(Arc::clone(metadata));
        }
        if known.metadata.is_none() && rests {
            return Err(Fault::Away(fetch::Error::Resting));
        }
        known.asked = now;
        match self.learn().await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Known { metadata: Some(Arc::clone(&metadata)), had: now, asked: now };
                Ok(metadata)
            }
            Err(fault) => {
                let stale = known.metadata.as_ref().filter(|_| now < known.had.plus(STALE));
                stale.filter(|_| matches!(fault, Fault::Away(_))).cloned().ok_or(fault)
            }
        }
    }

    async fn learn(&self) -> Result<Metadata, Fault> {
        let issuer = IssuerUrl::new(self.config.issuer.clone()).map_err(|_| unacceptable("issuer"))?;
        let metadata = match &self.config.endpoints {
            Some(endpoints) => self.given(issuer, endpoints).await?,
            None => Metadata::discover_async(issuer, &self.way).await.map_err(|error| undiscovered(&error))?,
        };
        let urls = [Some(metadata.authorization_endpoint().url()), metadata.token_endpoint().map(TokenUrl::url)];
        let safe = urls.into_iter().all(|url| url.is_some_and(is_safe));
        if safe { Ok(metadata) } else { Err(unacceptable("endpoints")) }
    }

    /// The configuration that the settings give.
    async fn given(&self, issuer: IssuerUrl, endpoints: &Endpoints) -> Result<Metadata, Fault> {
        let jwks = JsonWebKeySetUrl::from_url(endpoints.jwks.clone());
        let keys = JsonWebKeySet::fetch_async(&jwks, &self.way).await.map_err(|error| undiscovered(&error))?;
        let code = vec![ResponseTypes::new(vec![CoreResponseType::Code])];
        let authorization = AuthUrl::from_url(endpoints.authorization.clone());
        let subjects = vec![CoreSubjectIdentifierType::Public];
        let advertised = Advertised { revocation_endpoint: endpoints.revocation.clone(), ..Advertised::default() };
        let metadata = Metadata::new(issuer, authorization, jwks, code, subjects, Vec::new(), advertised);
        Ok(metadata
            .set_token_endpoint(Some(TokenUrl::from_url(endpoints.token.clone())))
            .set_userinfo_endpoint(endpoints.userinfo.clone().map(UserInfoUrl::from_url))
            .set_jwks(keys))
    }

    /// The library's client, as of this metadata.
    pub fn client(&self, metadata: &Metadata) -> Client {
        let id = ClientId::new(self.config.client_id.clone());
        let secret = match &self.credentials {
            Credentials::Secret(secret) => Some(ClientSecret::new(secret.reveal().to_owned())),
            Credentials::None | Credentials::Key(_) => None,
        };
        let methods = metadata.token_endpoint_auth_methods_supported();
        let basic = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        Client::from_provider_metadata(metadata.clone(), id, secret)
            .set_redirect_uri(self.redirect.clone())
            .set_auth_type(if basic { AuthType::BasicAuth } else { AuthType::RequestBody })
    }

    /// What a request for tokens says of us besides, if we have a key.
    ///
    /// Spec: O-301
    pub fn assertion(&self, client: &Client, now: Timestamp) -> Result<Vec<(&'static str, String)>, Fault> {
        let Credentials::Key(key) = &self.credentials else { return Ok(Vec::new()) };
        let audience = client.token_uri().map_or("", |url| url.as_str());
        let assertion = key.assertion(&self.config.client_id, audience, now).ok_or(unacceptable("our key"))?;
        Ok(vec![("client_assertion_type", ASSERTION_TYPE.to_owned()), ("client_assertion", assertion)])
    }
}

/// The way to a provider: the library's requests go out through [`Fetch`], as all others do.
pub(super) struct Way {
    fetch: Arc<Fetch>,
    /// Addresses that the operator named: their origins may be private.
    named: Vec<Url>,
    within: Duration,
}

impl Way {
    fn request(&self, request: HttpRequest) -> Result<fetch::Request, fetch::Error> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string()).map_err(|_| fetch::Error::NotAUrl)?;
        let named = self.named.iter().find(|named| named.origin() == url.origin()).cloned();
        let (method, headers, body, within) = (head.method, head.headers, body.into(), self.within);
        Ok(fetch::Request { method, url, headers, body, limit: LONGEST, within, named })
    }
}

impl AsyncHttpClient<'_> for Way {
    type Error = fetch::Error;
    /// It borrows nothing: the compiler could not tell otherwise that it may move between threads.
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, fetch::Error>> + Send>>;

    fn call(&self, request: HttpRequest) -> Self::Future {
        let (fetch, request) = (Arc::clone(&self.fetch), self.request(request));
        Box::pin(async move {
            let fetched = fetch.send(request?).await?;
            if fetched.status.is_server_error() || fetched.status.as_u16() == 429 {
                return Err(fetch::Error::Unreachable);
            }
            let mut response = HttpResponse::new(fetched.bytes.to_vec());
            *response.status_mut() = fetched.status;
            *response.headers_mut() = fetched.headers;
            Ok(response)
        })
    }
}

fn undiscovered(error: &DiscoveryError<fetch::Error>) -> Fault {
    match error {
        DiscoveryError::Request(error) => Fault::Away(*error),
        DiscoveryError::Validation(_) => unacceptable("issuer"),
        _ => unacceptable("configuration"),
    }
}
