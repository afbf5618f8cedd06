//! A pretend school platform (ENT): an ordinary OpenID provider that knows nothing of Solid, with the contacts and
//! applications of its people, who are made up. On demand it lies, is slow or is down.

#![allow(dead_code, reason = "who includes this module uses a part of it")]

pub mod data;
pub mod roster;
pub mod tokens;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cartable::clock::Clock;
use cartable::http::Body;
use cartable::secret;
use cartable::server::Stop;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderValue, SET_COOKIE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use josekit::jwk::Jwk;
use josekit::jwk::alg::rsa::RsaKeyPair;
use josekit::jws::{HS256, JwsHeader, RS256};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use url::{Url, form_urlencoded};

use crate::stand_in::{self, error, fixture, json_of, of, status};
use data::Place;
use tokens::has;

/// The school of everybody here.
pub const SCHOOL: &str = "0999001W";
/// What the platform calls Cartable, and the secret it gave it.
pub const CLIENT: &str = "cartable";
pub const SECRET: &str = "the secret that a pretend school gave us";

/// Somebody at the school.
#[derive(Debug, Clone, Copy)]
pub struct Somebody {
    pub login: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    /// `ELE` for pupils, `ENS` for teachers.
    pub title: &'static str,
    pub is_adult: bool,
}

pub const PEOPLE: [Somebody; 3] = [
    Somebody { login: "malo", name: "Malo Fictif", email: "malo@eleves.example.org", title: "ELE", is_adult: false },
    Somebody {
        login: "lena", name: "Léna Imaginaire", email: "lena@eleves.example.org", title: "ELE", is_adult: true
    },
    Somebody {
        login: "soizic",
        name: "Soizic Exemple",
        email: "soizic@profs.example.org",
        title: "ENS",
        is_adult: true,
    },
];

impl Somebody {
    pub fn at(login: &str) -> Option<Self> {
        PEOPLE.into_iter().find(|somebody| somebody.login == login)
    }

    /// What tokens call this person.
    pub fn subject(&self) -> String {
        format!("ent-{}", self.login)
    }

    /// What the contacts call this person. One identifier has a character that means something in a path.
    pub fn uid(&self) -> String {
        let separator = if self.login == "lena" { '/' } else { '-' };
        format!("e0{separator}{}", self.login)
    }

    /// The fields of userinfo, as school platforms word them.
    fn userinfo(&self) -> Value {
        json!({
            "sub": self.subject(),
            "ENTPersonUid": self.uid(),
            "unik": self.login,
            "name": self.name,
            "email": self.email,
            "title": self.title,
            "structure": SCHOOL,
            "majeur": self.is_adult,
        })
    }
}

/// What is wrong with the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// The configuration is of another issuer.
    Configuration,
    /// The answer in the browser names another issuer, or none.
    AnswerIssuer,
    NoAnswerIssuer,
    /// Faults of the ID token.
    Issuer,
    Audience,
    SecondAudience,
    Party,
    Nonce,
    NoNonce,
    Key,
    Unsigned,
    Symmetric,
    Expired,
    Old,
    Early,
    TokenHash,
    Missing,
    LongSubject,
    /// Userinfo is of somebody else, or fails while answering 200.
    OtherSubject,
    UserinfoError,
    /// Userinfo has no `ENTPersonUid`, or that of somebody else.
    NoUid,
    OtherUid,
    /// An access token that cannot be sent in a header.
    AccessToken,
    /// The platform does not accept our code.
    Code,
    /// No request is answered, or each with 503.
    Slow,
    Down,
}

/// Where Cartable is.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Where people come back to who sign in.
    pub redirect: String,
    /// Where they come back to who let a connector in: any `callback` below it.
    pub connectors: String,
    pub backchannel: String,
    /// Where the desk's link leads.
    pub door: String,
}

impl Registered {
    /// The addresses of a Cartable at `base` that calls this platform `id`.
    pub fn at(base: &str, id: &str) -> Self {
        let place = |name: &str| format!("{base}.account/login/oidc/{id}/{name}");
        Self {
            redirect: place("callback"),
            connectors: format!("{base}.account/"),
            backchannel: place("backchannel"),
            door: place(""),
        }
    }

    fn knows(&self, redirect: &str) -> bool {
        redirect == self.redirect
            || redirect.strip_prefix(&self.connectors).is_some_and(|rest| rest.ends_with("callback"))
    }
}

/// The platform.
pub struct Ent {
    pub issuer: String,
    platform: Arc<Platform>,
    _stop: Stop,
}

struct Platform {
    issuer: String,
    registered: Registered,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lie: Option<Lie>,
    /// Whether the second key is in use, after a rotation.
    rotated: bool,
    /// Signed in here: session and person.
    sessions: HashMap<String, &'static str>,
    codes: HashMap<String, Code>,
    tokens: tokens::Tokens,
    data: data::Data,
    /// How often each path was asked for.
    asked: HashMap<String, usize>,
}

struct Code {
    login: &'static str,
    session: String,
    nonce: Option<String>,
    redirect: String,
    scope: String,
    /// What a connector may leave out, and who signs in may not.
    challenge: Option<String>,
}

/// Making RSA keys takes a while, so all platforms of a process share them.
static KEYS: LazyLock<[Jwk; 2]> = LazyLock::new(|| {
    ["a", "b"].map(|id| {
        let mut key = RsaKeyPair::generate(2048).unwrap().to_jwk_key_pair();
        key.set_key_id(id);
        key
    })
});

impl Ent {
    /// Opens the platform on a listener.
    pub fn open(listener: TcpListener, registered: Registered, clock: Arc<dyn Clock>) -> Self {
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let platform = Arc::new(Platform { issuer: issuer.clone(), registered, clock, state: Mutex::default() });
        let answering = Arc::clone(&platform);
        let answer = move |request: Request<hyper::body::Incoming>| {
            let platform = Arc::clone(&answering);
            async move { platform.answer(request).await }
        };
        let (_, stop) = stand_in::open(listener, answer);
        Self { issuer, platform, _stop: stop }
    }

    /// From now on this is wrong; `None`: nothing is.
    pub fn lie(&self, lie: impl Into<Option<Lie>>) {
        self.platform.state.lock().lie = lie.into();
    }

    /// Signs with another key from now on.
    pub fn rotate(&self) {
        self.platform.state.lock().rotated = true;
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.platform.state.lock().asked.get(path).copied().unwrap_or_default()
    }

    /// What happens in the browser of a person who was sent to `authorization`: they sign in, and are sent back to
    /// where this says.
    pub fn sign_in(&self, authorization: &str, login: &str) -> String {
        let query = authorization.split_once('?').unwrap().1;
        let session = secret::token();
        self.platform.begin(query, login, &session).unwrap()
    }

    /// A logout token with these claims in place of the usual ones; `null` takes one away.
    pub fn logout_token(&self, login: &str, changes: &Value) -> String {
        let subject = Somebody::at(login).unwrap().subject();
        self.platform.logout_token(&subject, None, changes)
    }

    /// The session of the last sign-in of a person.
    pub fn session(&self, login: &str) -> Option<String> {
        let state = self.platform.state.lock();
        state.sessions.iter().find(|(_, of)| **of == login).map(|(session, _)| session.clone())
    }
}

impl Platform {
    async fn answer(&self, request: Request<hyper::body::Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        *self.state.lock().asked.entry(path.clone()).or_default() += 1;
        match self.lies() {
            Some(Lie::Slow) => std::future::pending().await,
            Some(Lie::Down) => return status(StatusCode::SERVICE_UNAVAILABLE),
            _ => {}
        }
        let query = head.uri.query().unwrap_or_default();
        let Ok(body) = body.collect().await else { return status(StatusCode::BAD_REQUEST) };
        let body = body.to_bytes();
        let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
        let answered = match (&head.method, path.as_str()) {
            (&Method::GET, "/.well-known/openid-configuration") => Some(json_of(&self.configuration())),
            (&Method::GET, "/jwks") => Some(json_of(&self.jwks())),
            (&Method::GET, "/") => Some(self.desk(&head.headers)),
            (&Method::POST, "/") => self.enter(&form),
            (&Method::GET, "/authorize") => self.authorize(query, &head.headers),
            (&Method::POST, "/authorize") => self.consent(query, &form),
            (&Method::POST, "/token") => self.token(&head.headers, &form),
            (&Method::GET, "/userinfo") => self.userinfo(&head.headers),
            (&Method::POST, "/logout") => Some(self.leave(&head.headers).await),
            (method, path) => self.data(method, path, &head.headers).or(Some(status(StatusCode::NOT_FOUND))),
        };
        answered.unwrap_or_else(|| status(StatusCode::BAD_REQUEST))
    }

    fn lies(&self) -> Option<Lie> {
        self.state.lock().lie
    }

    fn configuration(&self) -> Value {
        let place = |name: &str| format!("{}/{name}", self.issuer);
        let issuer =
            if self.lies() == Some(Lie::Configuration) { "https://other.example" } else { self.issuer.as_str() };
        json!({
            "issuer": issuer,
            "authorization_endpoint": place("authorize"),
            "token_endpoint": place("token"),
            "userinfo_endpoint": place("userinfo"),
            "jwks_uri": place("jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
        })
    }

    fn jwks(&self) -> Value {
        let mut key = self.key().to_public_key().unwrap();
        key.set_key_id(self.key().key_id().unwrap());
        json!({ "keys": [serde_json::to_value(key).unwrap()] })
    }

    fn key(&self) -> &'static Jwk {
        &KEYS[usize::from(self.state.lock().rotated)]
    }

    /// The first page: who is there, or what they can do.
    fn desk(&self, headers: &HeaderMap) -> Response<Body> {
        match self.visitor(headers) {
            None => people("/"),
            Some((_, login)) => {
                let name = Somebody::at(login).map_or("", |somebody| somebody.name);
                html(&format!(
                    "<h1>Bonjour {name}</h1><p><a class=\"tile\" href=\"{}\">Mon espace Cartable</a></p>\
                     <form method=\"post\" action=\"/logout\"><button>Quitter l’ENT</button></form>",
                    self.registered.door
                ))
            }
        }
    }

    fn enter(&self, form: &HashMap<String, String>) -> Option<Response<Body>> {
        let somebody = Somebody::at(form.get("person")?)?;
        let session = secret::token();
        self.state.lock().sessions.insert(session.clone(), somebody.login);
        Some(go("/", Some(&session)))
    }

    /// Asks who it is, unless that is known.
    fn authorize(&self, query: &str, headers: &HeaderMap) -> Option<Response<Body>> {
        let asked: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let anew = asked.get("prompt").is_some_and(|prompt| prompt == "login");
        match self.visitor(headers).filter(|_| !anew) {
            Some((session, login)) => Some(go(&self.begin(query, login, &session)?, None)),
            None => Some(people(&format!("/authorize?{query}"))),
        }
    }

    fn consent(&self, query: &str, form: &HashMap<String, String>) -> Option<Response<Body>> {
        let session = secret::token();
        let location = self.begin(query, form.get("person")?, &session)?;
        Some(go(&location, Some(&session)))
    }

    /// Gives a code for an authorization request; where the browser goes with it.
    fn begin(&self, query: &str, login: &str, session: &str) -> Option<String> {
        let asked: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let is = |name: &str, value: &str| asked.get(name).is_some_and(|given| given == value);
        let (redirect, scope, challenge) =
            (asked.get("redirect_uri")?, asked.get("scope")?, asked.get("code_challenge"));
        let good = is("client_id", CLIENT)
            && self.registered.knows(redirect)
            && is("response_type", "code")
            && (is("code_challenge_method", "S256") && challenge.is_some() || has(scope, "offline_access"))
            && has(scope, "openid");
        let somebody = Somebody::at(login).filter(|_| good)?;
        let code = secret::token();
        let mut state = self.state.lock();
        state.sessions.insert(session.to_owned(), somebody.login);
        let kept = Code {
            login: somebody.login,
            session: session.to_owned(),
            nonce: asked.get("nonce").cloned(),
            redirect: redirect.clone(),
            scope: scope.clone(),
            challenge: challenge.cloned(),
        };
        state.codes.insert(code.clone(), kept);
        let mut location = Url::parse(redirect).ok()?;
        location.query_pairs_mut().append_pair("code", &code).append_pair("state", asked.get("state")?);
        match state.lie {
            Some(Lie::NoAnswerIssuer) => {}
            Some(Lie::AnswerIssuer) => _ = location.query_pairs_mut().append_pair("iss", "https://other.example"),
            _ => _ = location.query_pairs_mut().append_pair("iss", &self.issuer),
        }
        Some(location.into())
    }

    fn token(&self, headers: &HeaderMap, form: &HashMap<String, String>) -> Option<Response<Body>> {
        let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{}", SECRET.replace(' ', "+"))));
        let known = headers.get(AUTHORIZATION).is_some_and(|given| given.as_bytes() == basic.as_bytes())
            || form.get("client_secret").is_some_and(|given| given == SECRET);
        if !known {
            return Some(error(StatusCode::UNAUTHORIZED, "invalid_client"));
        }
        if let Some(fault) = self.fault(Place::Token) {
            return Some(fault.on("application/json", fixture("ent/token-response.json")));
        }
        if form.get("grant_type").is_some_and(|grant| grant == "refresh_token") {
            return self.refresh(form);
        }
        let code = self.state.lock().codes.remove(form.get("code")?);
        let verifier = form.get("code_verifier").map(|given| URL_SAFE_NO_PAD.encode(Sha256::digest(given)));
        let fits = |code: &Code| {
            code.challenge == verifier
                && form.get("redirect_uri") == Some(&code.redirect)
                && form.get("grant_type").is_some_and(|grant| grant == "authorization_code")
        };
        let Some(code) = code.filter(fits).filter(|_| self.lies() != Some(Lie::Code)) else {
            return Some(error(StatusCode::BAD_REQUEST, "invalid_grant"));
        };
        let access = if self.lies() == Some(Lie::AccessToken) { "a\nb".to_owned() } else { secret::token() };
        let mut answer = self.give(code.login, &code.scope, &access);
        if self.lies() != Some(Lie::Missing) {
            answer["id_token"] = self.id_token(&code, &access).into();
        }
        Some(json_of(&answer))
    }

    fn id_token(&self, code: &Code, access: &str) -> String {
        let (lie, now) = (self.lies(), self.clock.now().seconds());
        let subject = Somebody::at(code.login).unwrap().subject();
        let mut claims = json!({
            "iss": self.issuer,
            "sub": if lie == Some(Lie::LongSubject) { "x".repeat(256) } else { subject },
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": code.nonce,
            "sid": code.session,
            "at_hash": URL_SAFE_NO_PAD.encode(&Sha256::digest(access)[..16]),
        });
        match lie {
            Some(Lie::Issuer) => claims["iss"] = "https://other.example".into(),
            Some(Lie::Audience) => claims["aud"] = "other".into(),
            Some(Lie::SecondAudience) => claims["aud"] = json!([CLIENT, "other"]),
            Some(Lie::Party) => claims["azp"] = "other".into(),
            Some(Lie::Nonce) => claims["nonce"] = "another".into(),
            Some(Lie::NoNonce) => _ = claims.as_object_mut().unwrap().remove("nonce"),
            Some(Lie::Expired) => claims["exp"] = (now - 121).into(),
            Some(Lie::Old) => claims["iat"] = (now - 601).into(),
            Some(Lie::Early) => claims["iat"] = (now + 121).into(),
            Some(Lie::TokenHash) => claims["at_hash"] = URL_SAFE_NO_PAD.encode([0; 16]).into(),
            _ => {}
        }
        match lie {
            Some(Lie::Key) => sign(&claims, &KEYS[usize::from(!self.state.lock().rotated)], "JWT"),
            Some(Lie::Unsigned) => {
                let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
                format!("{}.{}.", part(json!({ "alg": "none", "typ": "JWT" })), part(claims))
            }
            Some(Lie::Symmetric) => {
                let signer = HS256.signer_from_bytes(SECRET).unwrap();
                josekit::jws::serialize_compact(claims.to_string().as_bytes(), &JwsHeader::new(), &signer).unwrap()
            }
            _ => sign(&claims, self.key(), "JWT"),
        }
    }

    fn userinfo(&self, headers: &HeaderMap) -> Option<Response<Body>> {
        let Some(somebody) = self.bearer(headers, "openid") else {
            return Some(error(StatusCode::UNAUTHORIZED, "invalid_token"));
        };
        let mut told = somebody.userinfo();
        match self.lies() {
            Some(Lie::OtherSubject) => told["sub"] = "ent-somebody-else".into(),
            Some(Lie::UserinfoError) => told["error"] = "server_error".into(),
            Some(Lie::LongSubject) => told["sub"] = "x".repeat(256).into(),
            Some(Lie::NoUid) => _ = told.as_object_mut()?.remove("ENTPersonUid"),
            Some(Lie::OtherUid) => told["ENTPersonUid"] = "e0-somebody-else".into(),
            _ => {}
        }
        Some(match self.fault(Place::Userinfo) {
            Some(fault) => fault.on("application/json", told.to_string().into_bytes()),
            None => json_of(&told),
        })
    }

    /// Signs somebody out here, and tells Cartable.
    async fn leave(&self, headers: &HeaderMap) -> Response<Body> {
        if let Some((session, login)) = self.visitor(headers) {
            self.state.lock().sessions.remove(&session);
            let subject = Somebody::at(login).map(|somebody| somebody.subject()).unwrap_or_default();
            let token = self.logout_token(&subject, Some(&session), &json!({}));
            // Whether Cartable hears it is its own business.
            let _ = post(&self.registered.backchannel, &format!("logout_token={token}")).await;
        }
        go("/", Some("gone"))
    }

    fn logout_token(&self, subject: &str, session: Option<&str>, changes: &Value) -> String {
        let mut claims = json!({
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": self.clock.now().seconds(),
            "jti": secret::token(),
            "sub": subject,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        if let Some(session) = session {
            claims["sid"] = session.into();
        }
        let all = claims.as_object_mut().unwrap();
        all.extend(changes.as_object().cloned().unwrap_or_default());
        all.retain(|_, value| !value.is_null());
        let key = if self.lies() == Some(Lie::Key) { &KEYS[1] } else { self.key() };
        sign(&claims, key, "logout+jwt")
    }

    /// Who is signed in here.
    fn visitor(&self, headers: &HeaderMap) -> Option<(String, &'static str)> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let session = cookies.flat_map(|line| line.split("; ")).find_map(|pair| pair.strip_prefix("ent="))?.to_owned();
        let login = *self.state.lock().sessions.get(&session)?;
        Some((session, login))
    }
}

fn sign(claims: &Value, key: &Jwk, kind: &str) -> String {
    let mut header = JwsHeader::new();
    header.set_token_type(kind);
    header.set_key_id(key.key_id().unwrap());
    let signer = RS256.signer_from_jwk(key).unwrap();
    josekit::jws::serialize_compact(claims.to_string().as_bytes(), &header, &signer).unwrap()
}

/// Sends a form to a server on this machine.
async fn post(url: &str, form: &str) -> Option<StatusCode> {
    let url = Url::parse(url).ok()?;
    let socket = TcpStream::connect((url.host_str()?, url.port()?)).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.ok()?;
    tokio::spawn(connection);
    let request = Request::post(url.path())
        .header("host", format!("{}:{}", url.host_str()?, url.port()?))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(bytes::Bytes::from(form.to_owned())))
        .ok()?;
    Some(sender.send_request(request).await.ok()?.status())
}

/// The page on which one clicks who one is.
fn people(action: &str) -> Response<Body> {
    let action = action.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let button = |somebody: &Somebody| {
        let what = if somebody.title == "ENS" { "enseignante" } else { "élève" };
        let (login, name) = (somebody.login, somebody.name);
        format!("<button name=\"person\" value=\"{login}\">{name} <small>{what}</small></button>")
    };
    let buttons = PEOPLE.iter().map(button).collect::<Vec<_>>().concat();
    html(&format!(
        "<h1>Lycée Ar Mor Glas</h1><p>Ceci est un faux ENT, pour essayer Cartable. Qui êtes-vous ?</p>\
         <form method=\"post\" action=\"{action}\">{buttons}</form>"
    ))
}

fn html(body: &str) -> Response<Body> {
    let page = format!(
        "<!DOCTYPE html><html lang=\"fr\"><head><meta charset=\"utf-8\"><title>ENT fictif</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>body{{font:1.1rem/1.5 sans-serif;margin:0;\
         background:#eef3ee;color:#111}}header{{background:#1d5c45;color:#fff;padding:.8rem 1rem}}main{{max-width:30rem;\
         margin:0 auto;padding:1rem}}button,.tile{{display:block;width:100%;box-sizing:border-box;font:inherit;\
         padding:.8rem 1rem;margin:.7rem 0;text-align:left;background:#fff;border:1px solid #555;border-radius:.4rem;\
         color:#111;text-decoration:none}}.tile{{font-weight:bold;border:2px solid #1d5c45}}</style></head>\
         <body><header>ENT Armorique (fictif)</header><main>{body}</main></body></html>"
    );
    of(StatusCode::OK, "text/html;charset=utf-8", page)
}

fn go(location: &str, session: Option<&str>) -> Response<Body> {
    let mut response = stand_in::go(location);
    if let Some(session) = session {
        let cookie = format!("ent={session}; Path=/; HttpOnly; SameSite=Lax");
        response.headers_mut().insert(SET_COOKIE, HeaderValue::try_from(cookie).unwrap());
    }
    response
}
