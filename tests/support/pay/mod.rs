//! A pretend pay portal of the State, in all the forms that it has had. Its only employee is made up. On demand it is
//! down, slow, blocked, or loses sessions.

#![allow(dead_code, reason = "who includes this module uses a part of it")]

pub mod documents;
mod pdf;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use cartable::http::Body;
use cartable::secret;
use cartable::server::Stop;
use documents::Document;
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, COOKIE, HeaderValue, SET_COOKIE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::form_urlencoded;

use crate::stand_in::{self, Fault, fixture, of, status};

/// Who may come in. The portal calls people by a number of fifteen digits that says more than it should.
pub const LOGIN: &str = "999999999999983";
pub const PASSWORD: &str = "le mot de passe d’une paye fictive";
/// Wrong passwords in a row after which the account is blocked.
pub const PATIENCE: usize = 3;

/// The forms that the portal has had, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    Before2019,
    Before2022,
    Before2024,
    Current,
}

/// An address that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Login,
    Rights,
    Years,
    List,
    Download,
    Logout,
}

/// How the portal says that a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Code,
    Page,
}

/// The portal.
pub struct Portal {
    pub origin: String,
    desk: Arc<Mutex<Desk>>,
    _stop: Stop,
}

struct Desk {
    generation: Generation,
    documents: Vec<Document>,
    rights: String,
    /// What the login answers in place of what is true.
    login: Option<String>,
    faults: HashMap<Place, Fault>,
    over: Over,
    sessions: HashSet<String>,
    /// Downloads until all sessions are lost.
    lost_after: Option<usize>,
    /// Wrong passwords in a row.
    wrong: usize,
    attempts: usize,
    asked: HashMap<String, usize>,
}

impl Portal {
    /// Opens the portal on a listener, with the documents of the fixtures.
    pub fn open(listener: TcpListener) -> Self {
        let desk = Arc::new(Mutex::new(Desk {
            generation: Generation::Current,
            documents: documents::of_fixtures(),
            rights: "habilitation-agent.json".into(),
            login: None,
            faults: HashMap::new(),
            over: Over::Code,
            sessions: HashSet::new(),
            lost_after: None,
            wrong: 0,
            attempts: 0,
            asked: HashMap::new(),
        }));
        let answering = Arc::clone(&desk);
        let answer = move |request: Request<Incoming>| {
            let desk = Arc::clone(&answering);
            async move {
                let (head, body) = request.into_parts();
                let Ok(body) = body.collect().await else { return status(StatusCode::BAD_REQUEST) };
                let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
                desk.lock().answer(&head.method, path, query, &head.headers, &body.to_bytes())
            }
        };
        let (origin, stop) = stand_in::open(listener, answer);
        Self { origin, desk, _stop: stop }
    }

    /// From now on the portal has this form.
    pub fn generation(&self, generation: Generation) {
        self.desk.lock().generation = generation;
    }

    /// From now on these are the documents: see [`documents`].
    pub fn documents(&self, documents: Vec<Document>) {
        self.desk.lock().documents = documents;
    }

    /// From now on the rights are those of this file of `tests/fixtures/ensap/`.
    pub fn rights(&self, file: &str) {
        self.desk.lock().rights = file.into();
    }

    /// From now on a login answers this file, such as `login-blocked.json` or `page-login.html`; `None`: what is true.
    pub fn login_answers(&self, file: impl Into<Option<&'static str>>) {
        self.desk.lock().login = file.into().map(str::to_owned);
    }

    /// From now on this address fails; `None`: it does not.
    pub fn fault(&self, place: Place, fault: impl Into<Option<Fault>>) {
        let mut desk = self.desk.lock();
        match fault.into() {
            Some(fault) => _ = desk.faults.insert(place, fault),
            None => _ = desk.faults.remove(&place),
        }
    }

    /// Once so many more documents are downloaded, all sessions are lost, and this is how the portal says so.
    pub fn lose_sessions(&self, after: usize, over: Over) {
        let mut desk = self.desk.lock();
        (desk.lost_after, desk.over) = (Some(after), over);
    }

    /// How often somebody tried to come in.
    pub fn attempts(&self) -> usize {
        self.desk.lock().attempts
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.desk.lock().asked.get(path).copied().unwrap_or_default()
    }

    /// How many sessions are open.
    pub fn sessions(&self) -> usize {
        self.desk.lock().sessions.len()
    }
}

impl Desk {
    fn answer(&mut self, method: &Method, path: &str, query: &str, headers: &HeaderMap, body: &[u8]) -> Response<Body> {
        *self.asked.entry(path.to_owned()).or_default() += 1;
        let login = if self.generation < Generation::Before2024 { "/authentification" } else { "/" };
        if method == Method::POST && path == login {
            return self.enter(headers, body);
        }
        if method == Method::GET && path == "/" {
            return page("page-login.html");
        }
        let Some(path) = path.strip_prefix("/prive/") else { return status(StatusCode::NOT_FOUND) };
        if !self.is_inside(headers) {
            return match self.over {
                Over::Code => json_file("login-required.json"),
                Over::Page => page("page-login.html"),
            };
        }
        let asked: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        self.inside(method, path, &asked, headers).unwrap_or_else(|| status(StatusCode::NOT_FOUND))
    }

    /// Lets somebody in who has the password, and opens a session.
    fn enter(&mut self, headers: &HeaderMap, body: &[u8]) -> Response<Body> {
        self.attempts += 1;
        if let Some(fault) = self.faults.get(&Place::Login) {
            return fault.on("application/json", fixture("ensap/login-ok.json"));
        }
        if let Some(file) = &self.login {
            return if file.starts_with("page") { page(file) } else { json_file(file) };
        }
        if !headers.get(ACCEPT).is_some_and(|accept| accept.to_str().unwrap().contains("application/json")) {
            return page("page-login.html");
        }
        let form = form(headers, body);
        let is = |name: &str, value: &str| form.get(name).is_some_and(|given| given == value);
        if self.wrong >= PATIENCE {
            return json_file("login-blocked.json");
        }
        if !is("identifiant", LOGIN) || !is("secret", PASSWORD) {
            self.wrong += 1;
            return json_file("login-bad-password.json");
        }
        self.wrong = 0;
        let session = secret::token();
        let mut response = json_file("login-ok.json");
        add_cookie(&mut response, &format!("lemonap={session}; Path=/; HttpOnly"));
        self.sessions.insert(session);
        response
    }

    fn is_inside(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).map(str::trim);
        pairs.any(|pair| pair.strip_prefix("lemonap=").is_some_and(|session| self.sessions.contains(session)))
    }

    fn inside(
        &mut self,
        method: &Method,
        path: &str,
        asked: &HashMap<String, String>,
        headers: &HeaderMap,
    ) -> Option<Response<Body>> {
        let generation = self.generation;
        let (is_get, pension) = (method == Method::GET, path.contains("pension"));
        let current = generation == Generation::Current;
        Some(match path {
            "initialiserhabilitation/v1" if method == Method::POST && generation >= Generation::Before2022 => {
                self.open_session(headers)
            }
            "listeanneeremuneration/v1" if is_get && generation == Generation::Before2019 => {
                self.told(Place::Years, &json!({ "donnee": self.years(false) }))
            }
            "accueilconnecte/v1" if is_get && generation == Generation::Before2022 => {
                let mut home: Value = serde_json::from_slice(&fixture("ensap/legacy-g2-home.json")).unwrap();
                self.add_years(&mut home);
                self.told(Place::Years, &home)
            }
            "listeranneeremunerationpaie/v1" | "listeranneeremunerationpension/v1" if is_get && current => {
                self.told(Place::Years, &json!({ "listeAnnee": self.years(pension) }))
            }
            "remunerationpaie/v1" | "remunerationpension/v1" if is_get && generation > Generation::Before2019 => {
                let year = asked.get("annee")?.parse().ok()?;
                self.told(Place::List, &json!(self.list(year, pension)))
            }
            "telechargerremunerationpaie/v1" | "telechargerremunerationpension/v1"
                if is_get && generation > Generation::Before2019 =>
            {
                self.download(asked.get("documentUuid")?)?
            }
            "telechargerdocumentremuneration/v1" if is_get && generation == Generation::Before2019 => {
                self.download(asked.get("documentUuid")?)?
            }
            "deconnexion/v1" => {
                self.sessions.clear();
                self.told(Place::Logout, &json!({}))
            }
            other => {
                let year = other.strip_prefix("anneeremuneration/v1/")?.parse().ok()?;
                let first = is_get && generation == Generation::Before2019;
                first.then(|| self.told(Place::List, &json!({ "donnee": self.list(year, false) })))?
            }
        })
    }

    /// Says what there is, and sets the token against forged requests.
    fn open_session(&self, headers: &HeaderMap) -> Response<Body> {
        if !headers.get(CONTENT_TYPE).is_some_and(|given| given.as_bytes().starts_with(b"application/json")) {
            return status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let mut rights: Value = serde_json::from_slice(&fixture(format!("ensap/{}", self.rights))).unwrap();
        if self.generation == Generation::Before2024 {
            self.add_years(&mut rights);
        }
        let mut response = self.told(Place::Rights, &rights);
        add_cookie(&mut response, &format!("XSRF-TOKEN={}; Path=/", secret::token()));
        response
    }

    fn add_years(&self, told: &mut Value) {
        told["listeAnneeRemuneration"] = json!(self.years(false));
        told["listeAnneeRemunerationPension"] = json!(self.years(true));
    }

    fn years(&self, pension: bool) -> BTreeSet<i64> {
        self.documents.iter().filter(|document| document.is_pension == pension).map(|document| document.year).collect()
    }

    /// What a list says of the documents of a year. Since 2024 it no longer names files and icons apart.
    fn list(&self, year: i64, pension: bool) -> Vec<Value> {
        let of_year = |document: &&Document| document.year == year && document.is_pension == pension;
        let mut listed: Vec<_> =
            self.documents.iter().filter(of_year).map(|document| document.listed.clone()).collect();
        if self.generation < Generation::Current {
            listed.iter_mut().for_each(as_before_2024);
        }
        listed
    }

    fn download(&mut self, id: &str) -> Option<Response<Body>> {
        let download = self.documents.iter().find(|document| document.id() == Some(id))?.download.clone()?;
        if let Some(left) = &mut self.lost_after {
            if *left == 0 {
                self.lost_after = None;
                self.sessions.clear();
                return Some(match self.over {
                    Over::Code => json_file("login-required.json"),
                    Over::Page => page("page-login.html"),
                });
            }
            *left -= 1;
        }
        if let Some(fault) = self.faults.get(&Place::Download) {
            return Some(fault.on(&download.media_type, download.bytes));
        }
        let mut response = of(StatusCode::OK, &download.media_type, download.bytes);
        let disposition = format!("attachment; filename=\"{}\"", download.name);
        response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::try_from(disposition).unwrap());
        Some(response)
    }

    fn told(&self, place: Place, value: &Value) -> Response<Body> {
        match self.faults.get(&place) {
            Some(fault) => fault.on("application/json", value.to_string().into_bytes()),
            None => stand_in::json_of(value),
        }
    }
}

/// Adds the fields that lists had before 2024.
fn as_before_2024(listed: &mut Value) {
    let name = listed["libelle2"].as_str().and_then(|label| label.split(" (").next()).unwrap_or_default().to_owned();
    let icon = match name.split('_').nth(2) {
        Some("AF" | "AFENS") => "attestation",
        Some("AFPENS") => "attestation-pension",
        Some("BPENS") => "document-pension",
        Some("DR") => "rappel",
        _ => "document",
    };
    listed["nomDocument"] = name.into();
    listed["icone"] = icon.into();
}

/// The fields of a form, sent in either way.
fn form(headers: &HeaderMap, body: &[u8]) -> HashMap<String, String> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let Some((_, boundary)) = media_type.split_once("boundary=") else {
        return form_urlencoded::parse(body).into_owned().collect();
    };
    let body = String::from_utf8_lossy(body);
    let field = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n")?;
        let name = head.split_once("name=\"")?.1.split_once('"')?.0;
        Some((name.to_owned(), value.trim_end_matches("\r\n").to_owned()))
    };
    body.split(&format!("--{}", boundary.trim_matches('"'))).filter_map(field).collect()
}

fn json_file(file: &str) -> Response<Body> {
    of(StatusCode::OK, "application/json", fixture(format!("ensap/{file}")))
}

fn page(file: &str) -> Response<Body> {
    of(StatusCode::OK, "text/html;charset=utf-8", fixture(format!("ensap/{file}")))
}

fn add_cookie(response: &mut Response<Body>, cookie: &str) {
    response.headers_mut().append(SET_COOKIE, HeaderValue::try_from(cookie).unwrap());
}
