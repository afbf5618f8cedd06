//! The account API, in the shape that the Community Solid Server gave it: scripts that seed servers and fetch client
//! credentials speak it. It takes a token in `Authorization`, never a cookie, and no page of another origin may use it.

mod controls;
mod own;
mod place;
mod refusal;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::body::Upload;
use super::{Body, Problem, headers};
use crate::address::Addresses;
use crate::clock::Clock;
use crate::identity::Identity;
use crate::identity::account::{Accounts, Email, Password, Refusal, Registration, SessionToken, SignedIn, SignedInBy};
use crate::provision::Provision;
use controls::Controls;
use place::{Own, Place};

/// The version of this API, as its model counts it.
const VERSION: &str = "0.5";
/// The longest request.
const LONGEST: u64 = 64 * 1024;
/// How long a client may be silent while it sends a request.
const PATIENCE: Duration = Duration::from_secs(30);
/// The scheme of `Authorization`.
///
/// Spec: O-202
const SCHEME: &str = "CSS-Account-Token";

/// What the account API works with.
pub struct AccountApi {
    pub addresses: Arc<Addresses>,
    pub accounts: Arc<Accounts>,
    pub provision: Arc<Provision>,
    /// Looks at the documents of WebIDs elsewhere.
    pub identity: Arc<Identity>,
    pub clock: Arc<dyn Clock>,
    /// Whether anybody may make an account here, without a verified address: for development only.
    ///
    /// Spec: O-203
    pub open: bool,
    /// The schools that people come in through: name, and path of the door.
    pub doors: Vec<(String, String)>,
}

/// The members of an answer.
type Members = Map<String, Value>;

/// What a client sent: its method, and the object that a POST carries.
struct Sent {
    method: Method,
    json: Value,
}

impl Sent {
    async fn receive<B>(request: Request<B>) -> Result<Self, Problem>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let (head, body) = request.into_parts();
        let upload = Upload::new(body, LONGEST, PATIENCE);
        if head.method != Method::POST || !upload.has_content() {
            return Ok(Self { method: head.method, json: Value::Object(Members::new()) });
        }
        let media_type = headers::content::media_type(&head.headers)?;
        let bare = media_type.as_deref().and_then(|media_type| media_type.split(';').next()).unwrap_or_default();
        if !bare.trim().eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "json-expected"));
        }
        let json = serde_json::from_slice(&upload.collect().await?).map_err(|error| unreadable(&error))?;
        Ok(Self { method: head.method, json })
    }

    /// The object as what the place expects. Members that nobody asked for do not matter.
    fn read<T: DeserializeOwned>(self) -> Result<T, Problem> {
        serde_json::from_value(self.json).map_err(|error| unreadable(&error))
    }
}

#[derive(Deserialize)]
struct PasswordLogin {
    email: String,
    password: String,
}

impl AccountApi {
    /// Answers a request for `path`, a place of the house; `None` if nothing of this API is there. `client` is the
    /// address that asks.
    ///
    /// Spec: O-201, O-202, O-323
    pub async fn answer<B>(
        &self,
        path: &str,
        request: Request<B>,
        client: IpAddr,
    ) -> Option<Result<Response<Body>, Problem>>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let place = Place::at(path)?;
        let answered = self.at(place, request, client).await;
        Some(answered.map_err(|problem| problem.header(CACHE_CONTROL, HeaderValue::from_static("no-store"))))
    }

    async fn at<B>(&self, place: Place, request: Request<B>, client: IpAddr) -> Result<Response<Body>, Problem>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let allowed = place.methods();
        if !allowed.split(", ").any(|method| method == request.method().as_str()) {
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed")
                .header(ALLOW, HeaderValue::from_static(allowed)));
        }
        let signed_in = self.signed_in(request.headers()).await?;
        let account = signed_in.as_ref().map(|signed_in| signed_in.account.id.clone());
        let controls = Controls {
            base: self.addresses.base(),
            account: account.as_ref(),
            open: self.open,
            passwords: self.accounts.takes_passwords(),
            doors: &self.doors,
        };
        let sent = Sent::receive(request).await?;
        let asks = sent.method == Method::POST;
        let members = match place {
            Place::Logins => controls.logins(),
            Place::Accounts if asks => self.create_account().await?,
            Place::PasswordLogin if asks => self.sign_in(sent.read()?, client).await?,
            Place::Index | Place::Accounts | Place::PasswordLogin => Members::new(),
            Place::Own(id, own) => {
                let signed_in = signed_in.ok_or_else(unauthorized)?;
                if signed_in.account.id.as_str() != id {
                    return Err(not_found());
                }
                let changes = sent.method == Method::POST || sent.method == Method::DELETE;
                if changes && own != Own::Logout && self.accounts.owes_terms(&signed_in.account) {
                    let next = self.page("terms/");
                    return Err(Problem::from(Refusal::TermsOwed).with("next", next));
                }
                self.own(&signed_in, own, sent, &controls, client).await?
            }
        };
        Ok(answer(members, &controls))
    }

    /// Who sends a request; `None`: nobody in particular. A token that has ended is refused.
    ///
    /// Spec: O-202
    async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<SignedIn>, Problem> {
        let Some(value) = headers::single(headers, &AUTHORIZATION, "Authorization")? else { return Ok(None) };
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(unauthorized());
        }
        let token = SessionToken::parse(token.trim()).ok_or_else(unauthorized)?;
        Ok(Some(self.accounts.signed_in(&token).await?.ok_or_else(unauthorized)?))
    }

    /// Makes an account that cannot be signed in to yet.
    ///
    /// Spec: O-202
    async fn create_account(&self) -> Result<Members, Problem> {
        self.require_open()?;
        let account = self.accounts.create(None).await?;
        Ok(authorization(&self.accounts.begin(&account, SignedInBy::default()).await?))
    }

    /// Spec: O-202, O-325
    async fn sign_in(&self, login: PasswordLogin, client: IpAddr) -> Result<Members, Problem> {
        let email = Email::parse(&login.email);
        let token = self.accounts.sign_in(email.as_ref(), Password::typed(&login.password), Some(client)).await?;
        Ok(authorization(&token))
    }

    /// What makes accounts without the steps of signing up is for development only.
    ///
    /// Spec: O-203
    fn require_open(&self) -> Result<(), Problem> {
        if self.open {
            return Ok(());
        }
        let (detail, page) = match self.accounts.registration() {
            Registration::Open => ("People sign up on a page; `--dev` opens this API.", "signup/"),
            Registration::Invite => ("People sign up with an invitation of the operator.", "login/"),
            Registration::Upstream => ("Only those whom a school sends sign up: they enter through it.", "login/"),
            Registration::Closed => ("Accounts are made by the operator, with `cartable account create`.", "login/"),
        };
        Err(Problem::new(StatusCode::FORBIDDEN, "sign-up-closed").detail(detail).with("next", self.page(page)))
    }

    /// The address of a page for people.
    fn page(&self, name: &str) -> String {
        format!("{}{}{name}", self.addresses.base(), &place::ROOT[1..])
    }
}

fn authorization(token: &SessionToken) -> Members {
    Members::from_iter([("authorization".to_owned(), token.reveal().into())])
}

/// An answer, which is never kept. Each one tells where to go on.
///
/// Spec: O-106, O-201
fn answer(mut members: Members, controls: &Controls<'_>) -> Response<Body> {
    members.insert("controls".to_owned(), controls.document());
    members.insert("version".to_owned(), VERSION.into());
    let mut response = Response::new(Body::from(Value::Object(members).to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn unauthorized() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in")
        .header(WWW_AUTHENTICATE, HeaderValue::from_static("CSS-Account-Token realm=\"account\""))
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found")
}

/// The message of serde names members and kinds; a value that it would quote may be a password.
fn unreadable(error: &serde_json::Error) -> Problem {
    let detail = match error.classify() {
        serde_json::error::Category::Data => error.to_string().split(": ").next().unwrap_or_default().to_owned(),
        _ => "this is not JSON".to_owned(),
    };
    Problem::new(StatusCode::BAD_REQUEST, "json-unreadable").detail(detail)
}
