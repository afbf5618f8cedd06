//! The token endpoint: client credentials in, tokens out.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Endpoints;
use super::discovery::{GRANT_TYPES, SCOPES};
use crate::http::Body;
use crate::http::body::Upload;
use crate::identity::account::{Credential, Presented};
use crate::identity::issue::{AccessToken, IdToken};
use crate::identity::jwk::Thumbprint;
use crate::identity::jws::Algorithm;
use crate::identity::{Refused, account, keys};
use crate::secret::{self, Secret};

/// How long tokens last.
///
/// Spec: O-169
const LIFETIME: Duration = Duration::from_hours(1);
/// The longest form.
const LONGEST: u64 = 64 * 1024;
/// How long a client may be silent while it sends the form.
const PATIENCE: Duration = Duration::from_secs(30);
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// An error of OAuth.
///
/// Spec: O-165, rfc6749 §5.2
#[derive(Debug)]
struct Failure {
    status: StatusCode,
    error: &'static str,
    description: String,
    field: Option<(HeaderName, HeaderValue)>,
}

impl Failure {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into(), field: None }
    }

    /// Spec: O-162
    fn client() -> Self {
        let challenge = HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"");
        Self {
            status: StatusCode::UNAUTHORIZED,
            field: Some((WWW_AUTHENTICATE, challenge)),
            ..Self::new("invalid_client", "the client id or secret is not right, or has expired")
        }
    }

    fn later(status: StatusCode, after: Duration) -> Self {
        Self {
            status,
            field: Some((RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)))),
            ..Self::new("temporarily_unavailable", "try again later")
        }
    }

    /// Something broke. The cause goes to the log only.
    fn fault(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!("a token could not be given: {cause}");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            ..Self::new("server_error", "tokens cannot be given at the moment")
        }
    }
}

impl From<account::Error> for Failure {
    fn from(error: account::Error) -> Self {
        Self::fault(&error)
    }
}

impl From<keys::Error> for Failure {
    fn from(error: keys::Error) -> Self {
        Self::fault(&error)
    }
}

/// Spec: O-163
impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooManyProofs(after) => Self::later(StatusCode::TOO_MANY_REQUESTS, after),
            Refused::Busy(after) => Self::later(StatusCode::SERVICE_UNAVAILABLE, after),
            Refused::Storage(error) => Self::fault(&error),
            other => Self::new(other.code().unwrap_or("invalid_request"), other.to_string()),
        }
    }
}

/// Answers a request for a token. The answer is JSON whatever happens, and is never kept.
///
/// Spec: O-106, O-164, O-165
pub(super) async fn answer<B>(provider: &Endpoints, request: Request<B>) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let (status, document, field) = match give(provider, request).await {
        Ok(tokens) => (StatusCode::OK, tokens, None),
        Err(failure) => {
            let document = json!({ "error": failure.error, "error_description": failure.description });
            (failure.status, document, failure.field)
        }
    };
    let mut response = super::json(&document, "no-store");
    *response.status_mut() = status;
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response.headers_mut().extend(field);
    response
}

async fn give<B>(provider: &Endpoints, request: Request<B>) -> Result<Value, Failure>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    let form = read(&head.headers, body).await?;
    match form.get("grant_type").map(String::as_str) {
        Some(grant) if GRANT_TYPES.contains(&grant) => {}
        Some(_) => return Err(Failure::new("unsupported_grant_type", "only client_credentials is supported")),
        None => return Err(Failure::new("invalid_request", "grant_type is missing")),
    }
    let credential = authenticate(provider, &head.headers, &form).await?;
    let jkt = prove(provider, &head.headers)?;
    tokens(provider, &credential, form.get("scope").map_or("", String::as_str), jkt).await
}

/// Reads the form. A parameter that is there twice is an error.
///
/// Spec: rfc6749 §3.2
async fn read<B>(headers: &HeaderMap, body: B) -> Result<BTreeMap<String, String>, Failure>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bare = media_type.split(';').next().unwrap_or_default().trim();
    if !bare.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Failure::new("invalid_request", "send a form: application/x-www-form-urlencoded"));
    }
    let bytes = Upload::new(body, LONGEST, PATIENCE).collect().await;
    let bytes = bytes.map_err(|reason| Failure::new("invalid_request", reason.to_string()))?;
    let mut form = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(&bytes) {
        if form.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Failure::new("invalid_request", "a parameter is repeated"));
        }
    }
    Ok(form)
}

/// An id and a secret, as a client sent them.
struct ClientLogin {
    id: String,
    secret: Secret,
}

/// Finds whose client credentials these are.
///
/// Spec: O-162, O-170
async fn authenticate(
    provider: &Endpoints,
    headers: &HeaderMap,
    form: &BTreeMap<String, String>,
) -> Result<std::sync::Arc<Credential>, Failure> {
    let basic = basic(headers)?;
    if let (Some(ways), Some(id)) = (&basic, form.get("client_id"))
        && ways.iter().all(|login| login.id != *id)
    {
        return Err(Failure::new("invalid_request", "the Authorization field and the form name two clients"));
    }
    let posted = || {
        let (id, secret) = (form.get("client_id")?, form.get("client_secret")?);
        Some(vec![ClientLogin { id: id.clone(), secret: Secret::new(secret.as_str()) }])
    };
    for login in basic.or_else(posted).unwrap_or_default() {
        match provider.accounts.present(&login.id, login.secret.reveal()).await? {
            Presented::Good(credential) => return Ok(credential),
            Presented::Withdrawn => return Err(Failure::new("invalid_grant", "the WebID is no longer the client's")),
            Presented::Unknown => {}
        }
    }
    Err(Failure::client())
}

/// Reads `Authorization: Basic`. Some clients encode id and secret as in a form first, as they should, others do not;
/// both readings are tried.
///
/// Spec: O-125, O-162, rfc6749 §2.3.1
fn basic(headers: &HeaderMap) -> Result<Option<Vec<ClientLogin>>, Failure> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let encoded = match text.split_once(' ') {
        Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("Basic") && values.next().is_none() => encoded.trim(),
        _ => return Err(Failure::client()),
    };
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((id, secret)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) else {
        return Err(Failure::client());
    };
    let raw = ClientLogin { id: id.to_owned(), secret: Secret::new(secret) };
    let (plain_id, plain_secret) = (form_decoded(id), form_decoded(secret));
    if plain_id == id && plain_secret == secret {
        return Ok(Some(vec![raw]));
    }
    Ok(Some(vec![ClientLogin { id: plain_id, secret: Secret::new(plain_secret) }, raw]))
}

fn form_decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Checks the proof of the key that the token is to be bound to. `None`: a bearer token, where they are allowed.
///
/// Spec: O-163
fn prove(provider: &Endpoints, headers: &HeaderMap) -> Result<Option<Thumbprint>, Failure> {
    let proofs: Vec<&[u8]> = headers.get_all(DPOP).iter().map(HeaderValue::as_bytes).collect();
    if proofs.is_empty() && provider.allow_bearer {
        return Ok(None);
    }
    let url = format!("{}.oidc/token", provider.addresses.base());
    Ok(Some(provider.identity.prove(&proofs, "POST", &url, provider.clock.now())?))
}

/// The scopes that are given: those asked for that there are; `webid` if nothing is asked for.
///
/// Spec: O-170, O-171
fn granted(asked: &str) -> Vec<&'static str> {
    let granted: Vec<_> = SCOPES.into_iter().filter(|scope| asked.split(' ').any(|asked| asked == *scope)).collect();
    if granted.is_empty() { vec!["webid"] } else { granted }
}

/// The subject of a WebID: itself, unless it is too long for a subject.
///
/// Spec: O-183
fn subject(webid: &str) -> String {
    if webid.len() <= 255 && webid.is_ascii() {
        return webid.to_owned();
    }
    URL_SAFE_NO_PAD.encode(Sha256::digest(webid))
}

/// Spec: oidc#client-credentials-token-instantiation, O-164, O-170, O-171
async fn tokens(
    provider: &Endpoints,
    credential: &Credential,
    asked: &str,
    jkt: Option<Thumbprint>,
) -> Result<Value, Failure> {
    let now = provider.clock.now();
    let expires = now.plus(LIFETIME).min(credential.expires);
    let scopes = granted(asked);
    let scope = scopes.join(" ");
    let (subject, id, client) = (subject(&credential.webid), secret::token(), credential.id.as_str());
    let webid = credential.webid.as_str();
    let access = AccessToken {
        subject: &subject,
        webid,
        client,
        scope: &scope,
        issued: now,
        expires,
        id: &id,
        // The credentials are the grant: when they go, so do their tokens.
        session: client,
        jkt,
    };
    let access_token = provider.keys.sign(&access, Algorithm::Es256, now).await?;
    let mut document = Map::new();
    document.insert("token_type".into(), if jkt.is_some() { "DPoP" } else { "Bearer" }.into());
    document.insert("expires_in".into(), (expires.seconds() - now.seconds()).into());
    document.insert("scope".into(), scope.as_str().into());
    if scopes.contains(&"openid") {
        let id_token = IdToken {
            subject: &subject,
            webid,
            client,
            issued: now,
            expires,
            id: &secret::token(),
            authenticated: now,
            nonce: None,
            access_token: Some(&access_token),
            session: client,
            methods: &[],
            jkt,
            name: None,
            picture: None,
        };
        document.insert("id_token".into(), provider.keys.sign(&id_token, Algorithm::Es256, now).await?.into());
    }
    document.insert("access_token".into(), access_token.into());
    Ok(Value::Object(document))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins(value: &str) -> Result<Option<Vec<(String, String)>>, StatusCode> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(value).unwrap())]);
        let read = |login: ClientLogin| (login.id, login.secret.reveal().to_owned());
        basic(&headers)
            .map(|ways| ways.map(|ways| ways.into_iter().map(read).collect()))
            .map_err(|failure| failure.status)
    }

    #[test]
    fn basic_credentials_are_read_encoded_and_raw() {
        let of = |pair: &str| logins(&format!("Basic {}", STANDARD.encode(pair))).unwrap().unwrap();
        let pair = |id: &str, secret: &str| (id.to_owned(), secret.to_owned());
        assert_eq!(of("script_1:s3-cr_et"), [pair("script_1", "s3-cr_et")]);
        assert_eq!(of("script%5F1:a+b"), [pair("script_1", "a b"), pair("script%5F1", "a+b")]);
        assert_eq!(of("id:a:b"), [pair("id", "a:b")]);
        for value in ["Bearer abc", "Basic", "Basic !!!", "Basic YWJj", "DPoP x"] {
            assert_eq!(logins(value), Err(StatusCode::UNAUTHORIZED), "{value}");
        }
    }

    #[test]
    fn scopes_that_there_are_not_are_left_out() {
        for (asked, scopes) in [
            ("", &["webid"][..]),
            ("webid", &["webid"]),
            ("openid offline_access webid", &["openid", "webid"]),
            ("openid", &["openid"]),
            ("email", &["webid"]),
        ] {
            assert_eq!(granted(asked), scopes, "{asked}");
        }
    }

    #[test]
    fn a_subject_is_short_and_ascii() {
        assert_eq!(subject("https://ada.example/#me"), "https://ada.example/#me");
        for webid in [format!("https://ada.example/{}", "a".repeat(300)), "https://ada.example/é#me".to_owned()] {
            assert_eq!(subject(&webid).len(), 43);
        }
    }

    #[tokio::test]
    async fn a_form_is_a_form_and_says_each_thing_once() {
        use http_body_util::Full;
        let form = |media_type: &'static str, body: &'static str| async move {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]);
            read(&headers, Full::new(Bytes::from(body))).await.map_err(|failure| failure.error)
        };
        let urlencoded = "application/x-www-form-urlencoded;charset=UTF-8";
        assert_eq!(form(urlencoded, "a=b%20c&d=").await.unwrap()["a"], "b c");
        assert_eq!(form(urlencoded, "a=b&a=c").await, Err("invalid_request"));
        assert_eq!(form("application/json", "{}").await, Err("invalid_request"));
    }
}
