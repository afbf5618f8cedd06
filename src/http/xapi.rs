//! Statements over HTTP, as stores of learning records speak: tools send them, and whoever may read the traces asks for
//! them, at `{pod}.xapi/statements`.
//!
//! Access is that of the container of traces: sending asks for Append on it, reading for Read. A tool needs no right on
//! anything else: what it sends is written as the owner's own agent writes. Whoever may not read the statements as they
//! were sent, which name people and hold free answers, gets them rebuilt from the view.

use http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, Upload};
use super::headers::content;
use super::negotiate::Wanted as Negotiated;
use super::problem::Problem;
use super::resource::{Adapter, Incoming};
use crate::access::{Caller, Mode};
use crate::ingest::learning::batch::{self, Item, Unreadable};
use crate::ingest::learning::person::Who;
use crate::ingest::learning::query::{Depth, PAGE, Page, Wanted};
use crate::ingest::learning::service::{Error, instant};
use crate::ingest::learning::store::{Fate, RAW, Sending, Store, TRACES};
use crate::ingest::learning::trace::{self, Rejected};
use crate::ingest::learning::{Learning, statement};
use crate::ingest::outcome::{Status, Stopped};
use crate::path::{PodName, ResourcePath};
use crate::resource::Refusal;

/// Below a pod's root.
const STATEMENTS: &str = "/.xapi/statements";
const ABOUT: &str = "/.xapi/about";
/// The versions of xAPI that we speak, the one that answers name if a request names none first.
const VERSIONS: [&str; 2] = ["1.0.3", "2.0.0"];
const VERSION: HeaderName = HeaderName::from_static("x-experience-api-version");
const CONSISTENT_THROUGH: HeaderName = HeaderName::from_static("x-experience-api-consistent-through");

/// Whether this is a place where statements are sent to or asked for.
pub fn is_here(path: &ResourcePath) -> bool {
    matches!(path.local(), STATEMENTS | ABOUT)
}

/// Answers a request for such a place.
///
/// Spec: LT-21, LT-26
pub async fn answer<B>(
    learning: &Learning,
    adapter: &Adapter,
    incoming: Incoming<'_>,
    upload: Upload<B>,
) -> Response<Body>
where
    B: http_body::Body<Data = bytes::Bytes> + Unpin,
{
    let path = incoming.path.clone();
    let negotiated = Negotiated::of(&incoming.head.headers);
    let version = version(&incoming.head.headers);
    let asking = Asking { learning, caller: incoming.caller, pod: path.pod(), head: incoming.head };
    let answered = match (path.local(), &version) {
        (ABOUT, _) => asking.about(),
        (_, None) => Err(Problem::new(StatusCode::BAD_REQUEST, "xapi-version")
            .detail("name a version of xAPI from 1.0 or 2.0 in `X-Experience-API-Version`")),
        _ => asking.statements(upload).await,
    };
    let mut response = answered.unwrap_or_else(|problem| adapter.refused(problem, &path, &negotiated));
    response.headers_mut().insert(VERSION, HeaderValue::from_static(version.unwrap_or(VERSIONS[0])));
    response
}

/// The version that an answer is of; `None` if the request names none that we speak.
fn version(headers: &HeaderMap) -> Option<&'static str> {
    let asked = headers.get(VERSION)?.to_str().ok()?;
    let speaks = |version: &str| asked == &version[..3] || asked.starts_with(&version[..4]);
    VERSIONS.into_iter().find(|version| speaks(version))
}

/// A request about the statements of a pod.
struct Asking<'a> {
    learning: &'a Learning,
    caller: &'a Caller,
    pod: &'a PodName,
    head: &'a http::request::Parts,
}

impl Asking<'_> {
    fn about(&self) -> Result<Response<Body>, Problem> {
        match self.head.method {
            Method::GET | Method::HEAD => Ok(self.answer(StatusCode::OK, Some(&json!({ "version": VERSIONS })))),
            Method::OPTIONS => Ok(options("GET, HEAD, OPTIONS")),
            _ => {
                Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed")
                    .allow(["GET", "HEAD", "OPTIONS"]))
            }
        }
    }

    async fn statements<B>(&self, upload: Upload<B>) -> Result<Response<Body>, Problem>
    where
        B: http_body::Body<Data = bytes::Bytes> + Unpin,
    {
        match self.head.method {
            Method::GET | Method::HEAD => self.read().await,
            Method::POST | Method::PUT => self.send(upload).await,
            Method::OPTIONS => Ok(options("GET, HEAD, OPTIONS, POST, PUT")),
            _ => Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed")
                .allow(["GET", "HEAD", "OPTIONS", "POST", "PUT"])),
        }
    }

    /// Takes statements in, all of them or none.
    ///
    /// Spec: LT-21, LT-24, LT-27
    async fn send<B>(&self, upload: Upload<B>) -> Result<Response<Body>, Problem>
    where
        B: http_body::Body<Data = bytes::Bytes> + Unpin,
    {
        self.check(Mode::Append).await?;
        let by = self.caller.webid().ok_or(Refusal::Unauthenticated)?;
        content::check_encoding(&self.head.headers)?;
        let media_type = content::media_type(&self.head.headers)?.ok_or(Refusal::ContentTypeMissing)?;
        if !media_type.split(';').next().is_some_and(|bare| bare.trim().eq_ignore_ascii_case("application/json")) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "statements-expected")
                .detail("send statements as application/json; attachments are named by `fileUrl`"));
        }
        let put = (self.head.method == Method::PUT).then(|| self.put_id()).transpose()?;
        let bytes = upload.limited(batch::LARGEST as u64).collect().await?;
        let store = self.store().await?;
        let now = instant(self.learning.clock.now());
        let items = items(&bytes, put, &store, now)?;
        let fates = store.keep(&items, Sending { by, now, whole: true, dry_run: false }).await.map_err(stopped)?;
        check_fates(&fates)?;
        let ids: Value = items.iter().map(|item| Value::from(item.statement.id().to_string())).collect();
        Ok(match put {
            Some(_) => self.answer(StatusCode::NO_CONTENT, None),
            None => self.answer(StatusCode::OK, Some(&ids)),
        })
    }

    fn put_id(&self) -> Result<Uuid, Problem> {
        let parameters = self.parameters()?;
        match parameters.as_slice() {
            [(name, id)] if name == "statementId" => uuid(id),
            _ => Err(bad_parameter("statementId")),
        }
    }

    /// Spec: LT-21, LT-22, LT-24, LT-25
    async fn read(&self) -> Result<Response<Body>, Problem> {
        self.check(Mode::Read).await?;
        let asked = Asked::of(&self.parameters()?)?;
        let raw = self.rights(RAW).await?.allow(Mode::Read);
        let depth = if raw { Depth::Raw } else { Depth::View };
        let store = self.store().await?;
        match asked {
            Asked::One { id, void } => {
                let found = store.one(id, void, depth).await.map_err(stopped)?;
                let found = found.ok_or_else(|| Problem::from(Refusal::NotFound))?;
                Ok(self.answer(StatusCode::OK, Some(&found)))
            }
            Asked::Many { wanted, agent } => {
                let mine = agent.as_ref().is_none_or(|agent| store.person().is(agent));
                let page = if mine { store.list(&wanted, depth).await.map_err(stopped)? } else { Page::default() };
                let more = page.more.map_or_else(String::new, |after| self.more(after));
                Ok(self.answer(StatusCode::OK, Some(&json!({ "statements": page.statements, "more": more }))))
            }
        }
    }

    /// Where the next page is, relative to the host.
    fn more(&self, (stored, id): (jiff::Timestamp, Uuid)) -> String {
        let path = self.head.uri.path();
        let kept = self.parameters().unwrap_or_default().into_iter().filter(|(name, _)| name != "after");
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept).append_pair("after", &format!("{stored}_{id}"));
        format!("{path}?{}", query.finish())
    }

    fn parameters(&self) -> Result<Vec<(String, String)>, Problem> {
        let query = self.head.uri.query().unwrap_or_default();
        let all: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().take(50).collect();
        let twice = all.iter().enumerate().find(|(at, (name, _))| all[..*at].iter().any(|(before, _)| before == name));
        if twice.is_some() { Err(bad_parameter("one that comes twice")) } else { Ok(all) }
    }

    async fn check(&self, mode: Mode) -> Result<(), Problem> {
        if self.rights(TRACES).await?.allow(mode) {
            return Ok(());
        }
        let refusal = if self.caller.agent.is_some() { Refusal::Forbidden } else { Refusal::Unauthenticated };
        Err(refusal.into())
    }

    /// The caller's modes on a container of the pod, whether it is there yet or not.
    async fn rights(&self, local: &str) -> Result<crate::access::Modes, Problem> {
        let path = ResourcePath::parse(self.pod.clone(), local).map_err(|_| Problem::from(Refusal::NotFound))?;
        let (_, rights) = self.learning.pods.rights(self.caller, &path).await?;
        Ok(rights.user)
    }

    async fn store(&self) -> Result<Store, Problem> {
        self.learning.store(self.pod).await.map_err(|error| match error {
            Error::NoSuchPod => Refusal::NotFound.into(),
            Error::Storage(error) => error.into(),
            Error::Stopped(error) => stopped(error),
            Error::Unreadable(error) => unreadable(error),
            Error::Accounts => Problem::fault(StatusCode::SERVICE_UNAVAILABLE, "storage-unavailable", &error),
        })
    }

    fn answer(&self, status: StatusCode, json: Option<&Value>) -> Response<Body> {
        let text = json.map(ToString::to_string);
        let is_head = self.head.method == Method::HEAD;
        let mut response = Response::new(text.filter(|_| !is_head).map_or_else(Body::empty, Body::from));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if json.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let now = instant(self.learning.clock.now()).to_string();
        headers.extend(HeaderValue::try_from(now).map(|now| (CONSISTENT_THROUGH, now)));
        response
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
enum Asked {
    One { id: Uuid, void: bool },
    Many { wanted: Wanted, agent: Option<Who> },
}

impl Asked {
    /// Reads the parameters of a query; one that we do not know is a mistake.
    ///
    /// Spec: LT-24, LT-25
    fn of(parameters: &[(String, String)]) -> Result<Self, Problem> {
        let one = parameters.iter().find_map(|(name, id)| match name.as_str() {
            "statementId" => Some((id, false)),
            "voidedStatementId" => Some((id, true)),
            _ => None,
        });
        if let Some((id, void)) = one {
            let known = |name: &str| matches!(name, "statementId" | "voidedStatementId" | "format" | "attachments");
            let ids = parameters.iter().filter(|(name, _)| name.ends_with("tatementId")).count();
            let alone = ids == 1 && parameters.iter().all(|(name, _)| known(name));
            return if alone { Ok(Self::One { id: uuid(id)?, void }) } else { Err(bad_parameter("statementId")) };
        }
        let (mut wanted, mut agent) = (Wanted { limit: PAGE, ..Wanted::default() }, None);
        for (name, value) in parameters {
            read_parameter(name, value, &mut wanted, &mut agent)?;
        }
        Ok(Self::Many { wanted, agent })
    }
}

fn read_parameter(name: &str, value: &str, wanted: &mut Wanted, agent: &mut Option<Who>) -> Result<(), Problem> {
    let iri = |at| trace::iri(value).map(Some).ok_or_else(|| bad_parameter(at));
    let time = |at| trace::instant(value).map(Some).ok_or_else(|| bad_parameter(at));
    let flag = |at| value.parse::<bool>().map_err(|_| bad_parameter(at));
    match name {
        "verb" => wanted.verb = iri("verb")?,
        "activity" => wanted.activity = iri("activity")?,
        "related_activities" => wanted.related = flag("related_activities")?,
        "registration" => wanted.attempt = Some(uuid(value)?),
        "since" => wanted.since = time("since")?,
        "until" => wanted.until = time("until")?,
        "ascending" => wanted.ascending = flag("ascending")?,
        "limit" => {
            let limit: usize = value.parse().map_err(|_| bad_parameter("limit"))?;
            wanted.limit = if limit == 0 { PAGE } else { limit.min(PAGE) };
        }
        "agent" => *agent = Some(statement::agent(value).ok_or_else(|| bad_parameter("agent"))?),
        "related_agents" => drop(flag("related_agents")?),
        "attachments" if value == "false" => {}
        "format" if matches!(value, "exact" | "canonical") => {}
        "after" => wanted.after = Some(place(value).ok_or_else(|| bad_parameter("after"))?),
        _ => return Err(bad_parameter("one that we do not know")),
    }
    Ok(())
}

fn place(text: &str) -> Option<(jiff::Timestamp, Uuid)> {
    let (stored, id) = text.split_once('_')?;
    Some((stored.parse().ok()?, id.parse().ok()?))
}

/// Reads the statements of a request; none is taken if one is refused.
///
/// Spec: LT-23, LT-27
fn items(bytes: &[u8], put: Option<Uuid>, store: &Store, now: jiff::Timestamp) -> Result<Vec<Item>, Problem> {
    let mut items: Vec<Item> = Vec::new();
    for (place, text) in batch::cut_request(bytes).map_err(unreadable)?.into_iter().enumerate() {
        let item = match put {
            Some(id) if place == 0 => batch::named_item(text, store.person(), id, now),
            Some(_) => return Err(bad_parameter("statementId")),
            None => batch::item(text, store.person(), now),
        };
        let item = item.map_err(|reason| rejected(place, reason))?;
        if items.iter().any(|before| before.statement.id() == item.statement.id()) {
            return Err(rejected(place, Rejected::Malformed("id")));
        }
        items.push(item);
    }
    match put {
        Some(id) if items.iter().any(|item| item.statement.id() != id) || items.len() != 1 => {
            Err(bad_parameter("statementId"))
        }
        _ => Ok(items),
    }
}

fn check_fates(fates: &[Fate]) -> Result<(), Problem> {
    let refused = fates.iter().enumerate().find_map(|(place, fate)| match fate {
        Fate::Rejected(reason) => Some((place, *reason)),
        Fate::New | Fate::Known => None,
    });
    refused.map_or(Ok(()), |(place, reason)| Err(rejected(place, reason)))
}

/// Spec: LT-19, LT-20, LT-23
fn rejected(place: usize, reason: Rejected) -> Problem {
    let status = match reason {
        Rejected::Conflict => StatusCode::CONFLICT,
        Rejected::AnotherPerson | Rejected::CannotVoid => StatusCode::FORBIDDEN,
        Rejected::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Rejected::NotAnObject | Rejected::Malformed(_) => StatusCode::BAD_REQUEST,
    };
    Problem::new(status, "statement-refused")
        .detail(reason.to_string())
        .with("reason", reason.word())
        .with("statement", place + 1)
}

fn unreadable(unreadable: Unreadable) -> Problem {
    let status = match unreadable {
        Unreadable::NotStatements => StatusCode::BAD_REQUEST,
        Unreadable::TooLarge | Unreadable::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
    };
    Problem::new(status, "statements-unreadable").detail(unreadable.to_string())
}

fn stopped(stopped: Stopped) -> Problem {
    match stopped.status {
        Status::QuotaFull => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "quota-exceeded"),
        Status::WriteRefused => Refusal::Forbidden.into(),
        _ if stopped.at == Some("the disk is full") => crate::storage::Error::Full.into(),
        _ => Problem::fault(StatusCode::SERVICE_UNAVAILABLE, "storage-unavailable", &stopped),
    }
}

fn uuid(text: &str) -> Result<Uuid, Problem> {
    statement::uuid(&Value::from(text)).ok_or_else(|| bad_parameter("statementId or registration"))
}

fn bad_parameter(name: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "query-parameter").detail(format!("a parameter is not as it must be: {name}"))
}

fn options(methods: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}
