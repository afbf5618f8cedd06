//! The way to a provider and back: what is sent along, what comes back, and whether it may be believed.

use std::time::{Duration, SystemTime};

use openidconnect::core::{
    CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJwsSigningAlgorithm, CoreResponseType,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, CsrfToken,
    IdTokenClaims, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RequestTokenError, Scope,
    StandardErrorResponse, TokenResponse as _, UserInfoError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::offline::{self, Offline};
use super::person::{self, Person};
use super::provider::{Client, Metadata, Others, Provider, TokenResponse};
use super::{Fault, unacceptable};
use crate::clock::Timestamp;
use crate::fetch;
use crate::identity::json::Object;
use crate::identity::jws::Algorithm;
use crate::secret;

/// How long somebody may take at the provider.
///
/// Spec: O-302
pub(super) const LIFETIME: Duration = Duration::from_mins(10);
/// How far clocks may differ.
const SKEW: Duration = Duration::from_mins(2);
/// How long ago somebody may have signed in there, if they are asked to sign in anew.
const ANEW: Duration = Duration::from_mins(5);

/// What somebody is sent to a provider for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    pub purpose: Purpose,
    /// Where they go on afterwards: a path on this host.
    pub next: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To sign in, or to sign up.
    SignIn,
    /// To show that it is still them: they sign in anew, however lately they did.
    SignInAnew,
    /// To link them to the account of this id, which is signed in.
    Link(String),
    /// To let the account of this id, which is signed in, ask for their contacts while they are away.
    ///
    /// Spec: CP-07
    Contacts(String),
}

/// What the browser keeps, sealed, while its person is away.
///
/// Spec: O-302
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Flow {
    pub upstream: String,
    pub state: String,
    nonce: String,
    verifier: String,
    until: Timestamp,
    pub wish: Wish,
}

impl Flow {
    pub fn new(upstream: &str, wish: Wish, now: Timestamp) -> Self {
        Self {
            upstream: upstream.to_owned(),
            state: secret::token(),
            nonce: secret::token(),
            verifier: secret::token(),
            until: now.plus(LIFETIME),
            wish,
        }
    }

    /// Whether an answer belongs to it.
    ///
    /// Spec: O-302
    pub fn expects(&self, upstream: &str, state: &str, now: Timestamp) -> bool {
        self.upstream == upstream && now < self.until && secret::equal(self.state.as_bytes(), state.as_bytes())
    }

    /// Where the browser is sent.
    ///
    /// Spec: O-302
    pub fn url(&self, provider: &Provider, metadata: &Metadata, language: &str) -> Url {
        let client = provider.client(metadata);
        let (state, nonce) = (CsrfToken::new(self.state.clone()), Nonce::new(self.nonce.clone()));
        let code = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let contacts = provider.config.contacts.as_ref().filter(|_| matches!(self.wish.purpose, Purpose::Contacts(_)));
        let scopes = contacts.map_or(&provider.config.scopes, |contacts| &contacts.scopes);
        let mut request = client
            .authorize_url(code, move || state, move || nonce)
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&self.verifier()))
            .add_ui_locale(openidconnect::LanguageTag::new(language.to_owned()));
        if self.wish.purpose == Purpose::SignInAnew {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(ANEW);
        }
        if contacts.is_some() {
            // Without it, a provider gives nothing for later (OpenID Connect Core, section 11).
            request = request.add_prompt(CoreAuthPrompt::Consent);
        }
        request.url().0
    }

    fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.verifier.clone())
    }
}

/// What the browser brings back in the query.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub state: String,
    pub code: Option<String>,
    pub error: Option<String>,
    pub iss: Option<String>,
}

impl Answer {
    /// Reads the parameters; `None` if one comes twice or there is no state.
    pub fn read<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut answer = Self::default();
        for (name, value) in parameters {
            let place = match name {
                "state" if answer.state.is_empty() => {
                    value.clone_into(&mut answer.state);
                    continue;
                }
                "state" => return None,
                "code" => &mut answer.code,
                "error" => &mut answer.error,
                "iss" => &mut answer.iss,
                _ => continue,
            };
            if place.replace(value.to_owned()).is_some() {
                return None;
            }
        }
        (!answer.state.is_empty()).then_some(answer)
    }

    /// The code, if the answer comes from the provider that was asked and is no refusal.
    ///
    /// Spec: O-302
    fn code(self, provider: &Provider, metadata: &Metadata) -> Result<String, Fault> {
        let told = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        match &self.iss {
            Some(iss) if *iss != provider.config.issuer => return Err(unacceptable("iss of the answer")),
            None if told => return Err(unacceptable("iss of the answer")),
            _ => {}
        }
        match (self.error, self.code) {
            (Some(error), _) => Err(refused(&error)),
            (None, Some(code)) => Ok(code),
            (None, None) => Err(unacceptable("answer without code")),
        }
    }
}

/// An error code of the provider, if it is one; anything else is not repeated.
fn refused(error: &str) -> Fault {
    let plain = error.len() <= 40 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    Fault::Refused(if plain { error.to_owned() } else { "error".to_owned() })
}

/// Turns what the browser brought back into a person, and what they allow us to do later.
///
/// Spec: O-303, CP-07
pub(super) async fn finish(
    provider: &Provider,
    flow: &Flow,
    answer: Answer,
    now: Timestamp,
) -> Result<(Person, Option<Offline>), Fault> {
    let metadata = provider.metadata(false, now).await?;
    let code = answer.code(provider, &metadata)?;
    let response = exchange(provider, &provider.client(&metadata), flow, code, now).await?;
    let (claims, metadata) = match verify(provider, &metadata, &response, flow, now) {
        // The keys may have changed since we had them.
        Err(Unverified::Signature) => {
            let newer = provider.metadata(true, now).await?;
            (verify(provider, &newer, &response, flow, now)?, newer)
        }
        verified => (verified?, metadata),
    };
    let mut said = object(&claims)?;
    if metadata.userinfo_endpoint().is_some() {
        said.extend(userinfo(provider, &provider.client(&metadata), &response, &claims).await?);
    }
    let offline = match flow.wish.purpose {
        Purpose::Contacts(_) => Some(offline::allowed(provider, &response, &said)?),
        _ => None,
    };
    Ok((describe(provider, &claims, &said, flow, now)?, offline))
}

/// Spec: O-302
async fn exchange(
    provider: &Provider,
    client: &Client,
    flow: &Flow,
    code: String,
    now: Timestamp,
) -> Result<TokenResponse, Fault> {
    let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|_| unacceptable("endpoints"))?;
    let mut request = request.set_pkce_verifier(flow.verifier());
    for (name, value) in provider.assertion(client, now)? {
        request = request.add_extra_param(name, value);
    }
    request.request_async(&provider.way).await.map_err(no_tokens)
}

/// Why a token endpoint gave nothing.
pub(super) fn no_tokens(error: RequestTokenError<fetch::Error, StandardErrorResponse<CoreErrorResponseType>>) -> Fault {
    match error {
        RequestTokenError::Request(error) => Fault::Away(error),
        RequestTokenError::ServerResponse(told) => refused(told.error().as_ref()),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => unacceptable("answer of the token endpoint"),
    }
}

type Claims = IdTokenClaims<Others, CoreGenderClaim>;

/// Why an ID token is not believed.
enum Unverified {
    /// No key fits: perhaps they changed.
    Signature,
    Fault(Fault),
}

impl From<Unverified> for Fault {
    fn from(unverified: Unverified) -> Self {
        match unverified {
            Unverified::Signature => unacceptable("signature"),
            Unverified::Fault(fault) => fault,
        }
    }
}

/// Spec: O-303
fn verify(
    provider: &Provider,
    metadata: &Metadata,
    response: &TokenResponse,
    flow: &Flow,
    now: Timestamp,
) -> Result<Claims, Unverified> {
    let fault = |what| Unverified::Fault(unacceptable(what));
    let client = provider.client(metadata);
    let token = response.id_token().ok_or(fault("no ID token"))?;
    let (earliest, latest) = (now.minus(LIFETIME).millis(), now.plus(SKEW).millis());
    let is_recent = move |at: i64| if (earliest..=latest).contains(&at) { Ok(()) } else { Err("iat".to_owned()) };
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(provider.config.algorithms.iter().copied().map(algorithm))
        .set_time_fn(|| instant(now.minus(SKEW)).into())
        .set_issue_time_verifier_fn(move |at| is_recent(at.timestamp_millis()));
    let claims = token.claims(&verifier, &Nonce::new(flow.nonce.clone())).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(
            openidconnect::SignatureVerificationError::DisallowedAlg(_)
            | openidconnect::SignatureVerificationError::UnsupportedAlg(_)
            | openidconnect::SignatureVerificationError::NoSignature,
        ) => fault("alg"),
        ClaimsVerificationError::SignatureVerification(_) => Unverified::Signature,
        ClaimsVerificationError::InvalidIssuer(_) => fault("iss"),
        ClaimsVerificationError::InvalidAudience(_) => fault("aud"),
        ClaimsVerificationError::InvalidNonce(_) => fault("nonce"),
        ClaimsVerificationError::Expired(_) => fault("exp or iat"),
        _ => fault("ID token"),
    })?;
    if claims.authorized_party().is_some_and(|party| **party != provider.config.client_id) {
        return Err(fault("azp"));
    }
    if let Some(said) = claims.access_token_hash() {
        let (algorithm, key) = (token.signing_alg(), token.signing_key(&verifier));
        let (Ok(algorithm), Ok(key)) = (algorithm, key) else { return Err(fault("at_hash")) };
        let hash = AccessTokenHash::from_token(response.access_token(), algorithm, key);
        if !hash.is_ok_and(|hash| hash == *said) {
            return Err(fault("at_hash"));
        }
    }
    Ok(claims.clone())
}

/// What userinfo says, which must be of the same person.
///
/// Spec: O-303
async fn userinfo(
    provider: &Provider,
    client: &Client,
    response: &TokenResponse,
    claims: &Claims,
) -> Result<Object, Fault> {
    let token = response.access_token().secret();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unacceptable("access token"));
    }
    let request = client.user_info(AccessToken::new(token.clone()), Some(claims.subject().clone()));
    let request = request.map_err(|_| unacceptable("endpoints"))?;
    let told =
        request.request_async::<Others, _, CoreGenderClaim>(&provider.way).await.map_err(|error| match error {
            UserInfoError::Request(error) => Fault::Away(error),
            UserInfoError::ClaimsVerification(ClaimsVerificationError::InvalidSubject(_)) => {
                unacceptable("userinfo sub")
            }
            _ => unacceptable("userinfo"),
        })?;
    let told = object(&told)?;
    // Some platforms answer 200 with an error in the document.
    if told.contains_key("error") { Err(unacceptable("userinfo")) } else { Ok(told) }
}

/// The person whom verified claims describe.
///
/// Spec: O-301, O-304, O-309
fn describe(provider: &Provider, claims: &Claims, said: &Object, flow: &Flow, now: Timestamp) -> Result<Person, Fault> {
    let config = &provider.config;
    let authenticated = claims.auth_time().map(|at| Timestamp::from_millis(at.timestamp_millis()).min(now));
    if flow.wish.purpose == Purpose::SignInAnew && authenticated.is_none_or(|at| at.plus(ANEW).plus(SKEW) < now) {
        return Err(unacceptable("auth_time"));
    }
    let person::Said { name, email, tenant, is_staff, is_minor } = person::read(said, &config.claims, now);
    if !config.tenants.is_empty() && !tenant.as_ref().is_some_and(|tenant| config.tenants.contains(tenant)) {
        return Err(Fault::Tenant);
    }
    Ok(Person {
        upstream: config.id.clone(),
        issuer: config.issuer.clone(),
        subject: person::subject(claims.subject().as_str()).ok_or(unacceptable("sub"))?,
        sid: claims.additional_claims().members.get("sid").and_then(Value::as_str).and_then(person::subject),
        authenticated,
        name,
        email,
        is_staff,
        tenant,
        is_minor,
    })
}

fn object(claims: &impl Serialize) -> Result<Object, Fault> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(unacceptable("claims")),
    }
}

/// The library's time is made from the system's.
fn instant(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(at.millis().max(0).unsigned_abs())
}

fn algorithm(ours: Algorithm) -> CoreJwsSigningAlgorithm {
    match ours {
        Algorithm::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        Algorithm::Es384 => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        Algorithm::Es512 => CoreJwsSigningAlgorithm::EcdsaP521Sha512,
        Algorithm::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        Algorithm::Rs384 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        Algorithm::Rs512 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        Algorithm::Ps256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        Algorithm::Ps384 => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        Algorithm::Ps512 => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
        Algorithm::EdDsa => CoreJwsSigningAlgorithm::EdDsa,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows: O-302
    #[test]
    fn an_answer_belongs_to_one_flow_for_ten_minutes() {
        let now = Timestamp::from_seconds(1_000_000);
        let wish = Wish { purpose: Purpose::SignIn, next: "/.account/".into() };
        let flow = Flow::new("ent", wish.clone(), now);
        let state = flow.state.clone();
        assert!(flow.expects("ent", &state, now.plus(Duration::from_secs(599))));
        assert!(!flow.expects("ent", &state, now.plus(LIFETIME)));
        assert!(!flow.expects("other", &state, now));
        assert!(!flow.expects("ent", &state[1..], now));
        let other = Flow::new("ent", wish, now);
        assert!(other.state != flow.state && other.nonce != flow.nonce && other.verifier != flow.verifier);
    }

    #[test]
    fn no_parameter_of_an_answer_comes_twice() {
        let read = |query: &str| Answer::read(query.split('&').filter_map(|pair| pair.split_once('=')));
        let answer = read("code=a&state=s&iss=https://ent.example&session_state=x").unwrap();
        assert_eq!((answer.code.as_deref(), answer.iss.as_deref()), (Some("a"), Some("https://ent.example")));
        for query in ["", "code=a", "state=", "state=a&state=b", "state=a&code=b&code=c", "state=a&iss=b&iss=b"] {
            assert_eq!(read(query), None, "{query}");
        }
    }

    #[test]
    fn an_error_is_repeated_only_if_it_is_one() {
        assert_eq!(refused("access_denied"), Fault::Refused("access_denied".into()));
        assert_eq!(refused("<b>malo</b>"), Fault::Refused("error".into()));
    }
}
