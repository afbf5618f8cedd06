//! Saying no: problem documents, and the table of statuses.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use super::body::{Body, Interrupted};
use super::headers::Invalid;
use super::negotiate::Wanted;
use crate::ingest::service;
use crate::pods;
use crate::resource::Refusal;
use crate::storage;

/// Where the types of problems are explained.
pub(super) const TYPES: &str = "https://w3id.org/cartable/problems#";

/// A refusal or a fault, as it is told to the client.
///
/// Spec: P-216, rfc9457 §3
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    kind: &'static str,
    detail: Option<Cow<'static, str>>,
    members: Map<String, Value>,
    headers: HeaderMap,
}

/// The forms that a problem document takes, the one that we prefer first.
const FORMS: [&str; 5] = ["application/problem+json", "application/json", "text/html", "text/plain", "text/turtle"];

impl Problem {
    /// A problem of the type `kind`, a word such as `content-type-missing`.
    pub fn new(status: StatusCode, kind: &'static str) -> Self {
        Self(Box::new(Parts { status, kind, detail: None, members: Map::new(), headers: HeaderMap::new() }))
    }

    /// Something broke. The cause is logged, once, under a random reference; the client learns the
    /// reference only.
    ///
    /// Spec: P-216, P-217
    pub fn fault(status: StatusCode, kind: &'static str, cause: &dyn std::fmt::Display) -> Self {
        let reference = uuid::Uuid::new_v4().simple().to_string();
        tracing::error!(reference, kind, "a request could not be answered: {cause}");
        Self::new(status, kind).with("reference", reference)
    }

    /// Says more about this occurrence. Never holds what the client may not read.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds an extension member.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// Sets a field of the answer.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The methods that would have been possible, in one line.
    ///
    /// Spec: solid#server-method-not-allowed, P-6
    pub fn allow(self, methods: impl IntoIterator<Item = &'static str>) -> Self {
        let line = methods.into_iter().collect::<Vec<_>>().join(", ");
        let value = HeaderValue::try_from(line).unwrap_or(HeaderValue::from_static(""));
        self.header(ALLOW, value)
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// What was said of this occurrence.
    pub fn explanation(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The reference under which the cause of a fault was logged.
    pub fn reference(&self) -> Option<&str> {
        self.0.members.get("reference").and_then(Value::as_str)
    }

    /// The fields of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The kind in words: `content-type-missing` is "Content type missing".
    fn title(&self) -> String {
        let words = self.0.kind.replace('-', " ");
        let first = words.chars().next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(words.chars().skip(1)).collect()
    }

    /// Prints the problem in the form that the client likes best; if it likes none, as JSON.
    ///
    /// Spec: P-3, P-102, P-216
    pub fn respond(self, wanted: &Wanted) -> Response<Body> {
        let (media_type, text) = match wanted.choose(&FORMS).map(|chosen| FORMS[chosen]) {
            Some("text/html") => ("text/html;charset=utf-8", self.html()),
            Some("text/plain") => ("text/plain;charset=utf-8", self.plain()),
            Some("text/turtle") => ("text/turtle", self.turtle()),
            Some(_) | None => ("application/problem+json", self.json()),
        };
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.0.status;
        *response.headers_mut() = self.0.headers;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        response
    }

    fn json(&self) -> String {
        let mut members = Map::new();
        members.insert("type".to_owned(), format!("{TYPES}{}", self.0.kind).into());
        members.insert("title".to_owned(), self.title().into());
        members.insert("status".to_owned(), self.0.status.as_u16().into());
        if let Some(detail) = &self.0.detail {
            members.insert("detail".to_owned(), detail.as_ref().into());
        }
        members.extend(self.0.members.clone());
        Value::Object(members).to_string()
    }

    /// Detail and extension members, as lines.
    fn lines(&self) -> impl Iterator<Item = String> {
        let members = self.0.members.iter().map(|(name, value)| match value {
            Value::String(text) => format!("{name}: {text}"),
            other => format!("{name}: {other}"),
        });
        self.0.detail.iter().map(ToString::to_string).chain(members)
    }

    fn plain(&self) -> String {
        let mut text = format!("{} {}\n", self.0.status.as_u16(), self.title());
        text.extend(self.lines().map(|line| line + "\n"));
        text
    }

    fn html(&self) -> String {
        let title = escape(&self.title(), escape_html);
        let lines = self.lines().fold(String::new(), |mut lines, line| {
            lines.push_str("<p>");
            lines.push_str(&escape(&line, escape_html));
            lines.push_str("</p>\n");
            lines
        });
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <h1>{title}</h1>\n{lines}<p>{}</p>\n</html>\n",
            self.0.status
        )
    }

    fn turtle(&self) -> String {
        let mut text = String::new();
        let title = escape(&self.title(), escape_turtle);
        // Writing into a string does not fail.
        let _ =
            write!(text, "[] a <{TYPES}{}> ;\n    <http://purl.org/dc/terms/title> \"{title}\"@en ;\n", self.0.kind);
        for line in self.lines() {
            let line = escape(&line, escape_turtle);
            let _ = writeln!(text, "    <http://purl.org/dc/terms/description> \"{line}\"@en ;");
        }
        let _ = writeln!(text, "    <http://www.w3.org/2011/http#statusCodeNumber> {} .", self.0.status.as_u16());
        text
    }
}

/// Replaces the characters for which `as_entity` has something else.
fn escape(text: &str, as_entity: fn(char) -> Option<&'static str>) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match as_entity(c) {
            Some(entity) => escaped.push_str(entity),
            None => escaped.push(c),
        }
    }
    escaped
}

fn escape_html(c: char) -> Option<&'static str> {
    Some(match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => return None,
    })
}

fn escape_turtle(c: char) -> Option<&'static str> {
    Some(match c {
        '\\' => "\\\\",
        '"' => "\\\"",
        '\n' => "\\n",
        '\r' => "\\r",
        _ => return None,
    })
}

/// Spec: P-12, P-13, P-15, P-135, P-154, P-156, O-7
impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        let problem = match invalid {
            Invalid::Missing(_) => Self::new(StatusCode::BAD_REQUEST, "header-missing"),
            Invalid::Malformed(_) => Self::new(StatusCode::BAD_REQUEST, "header-malformed"),
            Invalid::Repeated(_) => Self::new(StatusCode::BAD_REQUEST, "header-repeated"),
            Invalid::AuxiliarySlug => Self::new(StatusCode::FORBIDDEN, "auxiliary-slug"),
            Invalid::ContentEncoding => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-encoding")
                .header(ACCEPT_ENCODING, HeaderValue::from_static("identity")),
            Invalid::PartialPut => Self::new(StatusCode::BAD_REQUEST, "partial-put"),
            Invalid::Expectation => Self::new(StatusCode::EXPECTATION_FAILED, "expectation"),
        };
        problem.detail(invalid.to_string())
    }
}

/// Spec: P-14
impl From<Interrupted> for Problem {
    fn from(reason: Interrupted) -> Self {
        let problem = match reason {
            Interrupted::TooLarge { limit } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "content-too-large").with("limit", limit)
            }
            Interrupted::TooSlow => Self::new(StatusCode::REQUEST_TIMEOUT, "content-too-slow"),
            Interrupted::Broken => Self::new(StatusCode::BAD_REQUEST, "content-broken"),
        };
        problem.detail(reason.to_string())
    }
}

/// The table of statuses. It has no last arm for the rest: a new refusal asks for its status.
///
/// Spec: P-4, P-14, P-21, P-23, P-33, P-70, P-133, P-149, P-161, P-162, P-163, P-174, P-176, P-178, P-184, P-187, P-194, W-8, W-12,
/// O-329,
/// solid#server-patch-n3-invalid, solid#server-patch-n3-semantics-no-mapping,
/// solid#server-patch-n3-semantics-deletions-non-empty-all-triples
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        use Refusal as R;
        let problem = match &refusal {
            R::Unauthenticated => Self::new(StatusCode::UNAUTHORIZED, "not-authenticated"),
            R::Forbidden => Self::new(StatusCode::FORBIDDEN, "not-allowed"),
            R::IssuerNeedsControl => Self::new(StatusCode::FORBIDDEN, "issuer-needs-control"),
            R::NotFound => Self::new(StatusCode::NOT_FOUND, "not-found"),
            R::Closed => Self::new(StatusCode::GONE, "space-closed"),
            R::Gone => Self::new(StatusCode::GONE, "space-gone"),
            R::MethodNotAllowed(methods) => Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed")
                .allow(methods.iter().map(|method| method.as_str())),
            R::NotPatchable => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-patchable")
                .header(ACCEPT_PATCH, HeaderValue::from_static("")),
            R::ContentTypeMissing => Self::new(StatusCode::BAD_REQUEST, "content-type-missing"),
            R::MalformedContent(_) => Self::new(StatusCode::BAD_REQUEST, "content-malformed"),
            R::RdfOnly => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "rdf-only"),
            R::PatchType => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "patch-type")
                .header(ACCEPT_PATCH, HeaderValue::from_static("text/n3, application/sparql-update")),
            R::MalformedPatch(_) => Self::new(StatusCode::BAD_REQUEST, "patch-malformed"),
            R::PatchRule(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "patch-rule"),
            R::TooMuchWork => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "patch-too-much-work"),
            R::Model => Self::new(StatusCode::BAD_REQUEST, "interaction-model"),
            R::TooLarge { limit } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "content-too-large").with("limit", *limit)
            }
            R::Quota { left } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "quota-exceeded").with("left", *left),
            R::ContainerName => Self::new(StatusCode::BAD_REQUEST, "container-name"),
            R::AddressTooLong => Self::new(StatusCode::URI_TOO_LONG, "uri-too-long"),
            R::ReservedName => Self::new(StatusCode::FORBIDDEN, "name-reserved"),
            R::SlashTwin => Self::new(StatusCode::CONFLICT, "slash-twin"),
            R::DocumentAbove => Self::new(StatusCode::CONFLICT, "document-above"),
            R::ModelConflict => Self::new(StatusCode::CONFLICT, "model-conflict"),
            R::ServerManaged => Self::new(StatusCode::CONFLICT, "server-managed"),
            R::NotEmpty => Self::new(StatusCode::CONFLICT, "container-not-empty"),
            R::NoSubject => Self::new(StatusCode::CONFLICT, "subject-missing"),
            R::NoAuxiliary => Self::new(StatusCode::CONFLICT, "no-auxiliary"),
            R::RootControl => Self::new(StatusCode::CONFLICT, "root-control"),
            R::PatchConflict(_) => Self::new(StatusCode::CONFLICT, "patch-conflict"),
            R::Unprintable => Self::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable"),
            R::PreconditionFailed => Self::new(StatusCode::PRECONDITION_FAILED, "precondition-failed"),
            R::OtherPod => Self::new(StatusCode::FORBIDDEN, "other-pod"),
            R::OtherServer => Self::new(StatusCode::BAD_GATEWAY, "other-server"),
            R::Overlap => Self::new(StatusCode::FORBIDDEN, "overlap"),
            R::DestinationExists => Self::new(StatusCode::PRECONDITION_FAILED, "destination-exists"),
            R::NoDestinationContainer => Self::new(StatusCode::CONFLICT, "destination-container-missing"),
            R::TooMany { limit } => Self::new(StatusCode::FORBIDDEN, "too-many-resources").with("limit", *limit),
            R::Contended => Self::new(StatusCode::SERVICE_UNAVAILABLE, "contended").header(RETRY_AFTER, SOON),
        };
        problem.detail(refusal.to_string())
    }
}

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
/// When to try again, in seconds.
const SOON: HeaderValue = HeaderValue::from_static("2");
/// The same where somebody has to make room first.
const LATER: HeaderValue = HeaderValue::from_static("60");

/// Spec: P-14, P-217
impl From<pods::Error> for Problem {
    fn from(error: pods::Error) -> Self {
        match error {
            pods::Error::Refused(refusal) => refusal.into(),
            pods::Error::Interrupted(interrupted) => Interrupted::of(&interrupted.0).into(),
            pods::Error::Storage(error) => error.into(),
            pods::Error::Corrupt(_) => Self::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal", &error),
        }
    }
}

/// What is not done with a connection to a source.
impl From<service::Error> for Problem {
    fn from(error: service::Error) -> Self {
        use service::Refusal as R;
        match error {
            service::Error::Refused(R::NotConnected | R::NoConnector) => Self::new(StatusCode::NOT_FOUND, "not-found"),
            service::Error::Refused(R::TooSoon(left)) => Self::new(StatusCode::TOO_MANY_REQUESTS, "too-soon")
                .header(RETRY_AFTER, HeaderValue::from(left.as_secs() + 1)),
            service::Error::Refused(refusal @ (R::TooMany(_) | R::Running | R::Leaving)) => {
                Self::new(StatusCode::CONFLICT, "connection-busy").detail(refusal.to_string())
            }
            service::Error::Storage(error) => error.into(),
            service::Error::Pod(_) => {
                Self::fault(StatusCode::SERVICE_UNAVAILABLE, "storage-unavailable", &error).header(RETRY_AFTER, SOON)
            }
        }
    }
}

/// Spec: P-217
impl From<storage::Error> for Problem {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::NoSuchPod => Refusal::NotFound.into(),
            storage::Error::Gone => Refusal::Gone.into(),
            storage::Error::Quota { left } => Refusal::Quota { left }.into(),
            storage::Error::Full => {
                Self::fault(StatusCode::INSUFFICIENT_STORAGE, "storage-full", &error).header(RETRY_AFTER, LATER)
            }
            storage::Error::Moved | storage::Error::Taken(_) | storage::Error::Failed(_) => {
                Self::fault(StatusCode::SERVICE_UNAVAILABLE, "storage-unavailable", &error).header(RETRY_AFTER, SOON)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;
    use http_body_util::BodyExt;

    use super::*;
    use crate::rdf::Term;
    use crate::rdf::format::{self, Format};

    async fn printed(problem: Problem, accept: &'static str) -> (StatusCode, HeaderMap, String) {
        let wanted = Wanted::of(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]));
        let (head, body) = problem.respond(&wanted).into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn conflict() -> Problem {
        Problem::new(StatusCode::CONFLICT, "slash-twin").detail("<b> & \"c\"").with("limit", 3)
    }

    /// Shows: P-3, P-102, P-216
    #[tokio::test]
    async fn a_problem_comes_in_the_form_that_is_liked() {
        for (accept, media_type) in [
            ("*/*", "application/problem+json"),
            ("", "application/problem+json"),
            ("application/json", "application/problem+json"),
            ("application/ld+json", "application/problem+json"),
            ("image/png", "application/problem+json"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html;charset=utf-8"),
            ("text/plain", "text/plain;charset=utf-8"),
            ("text/turtle", "text/turtle"),
            ("text/turtle;q=0.5, text/html;q=0.4", "text/turtle"),
        ] {
            let (status, headers, text) = printed(conflict(), accept).await;
            assert_eq!(status, StatusCode::CONFLICT);
            assert_eq!(headers[CONTENT_TYPE], media_type, "{accept}");
            assert!(text.contains("Slash twin") && text.contains("409"), "{accept}: {text}");
        }
    }

    #[tokio::test]
    async fn each_form_escapes_what_it_must() {
        let (_, _, json) = printed(conflict(), "*/*").await;
        let expected = serde_json::json!({
            "type": "https://w3id.org/cartable/problems#slash-twin",
            "title": "Slash twin",
            "status": 409,
            "detail": "<b> & \"c\"",
            "limit": 3,
        });
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), expected);
        let (_, _, html) = printed(conflict(), "text/html").await;
        assert!(html.contains("<p>&lt;b&gt; &amp; &quot;c&quot;</p>\n<p>limit: 3</p>"), "{html}");
        let (_, _, turtle) = printed(conflict(), "text/turtle").await;
        assert!(turtle.contains(r#""<b> & \"c\""@en"#), "{turtle}");
        let nasty = Problem::new(StatusCode::CONFLICT, "slash-twin").detail("a\\\"\r\n.");
        let (_, _, turtle) = printed(nasty, "text/turtle").await;
        let document = format::parse(turtle.as_bytes(), Format::Turtle, "https://a.example/").unwrap();
        let objects = document.dataset.default.iter().map(|triple| &triple.object);
        let texts: Vec<_> = objects
            .filter_map(|term| match term {
                Term::Literal(literal) => Some(&*literal.lexical),
                Term::Iri(_) | Term::Blank(_) => None,
            })
            .collect();
        assert!(texts.contains(&"a\\\"\r\n."), "{texts:?}");
    }

    /// Shows: P-6, P-12
    #[tokio::test]
    async fn fields_go_along() {
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed").allow(["GET", "HEAD"]);
        assert_eq!(printed(problem, "*/*").await.1[ALLOW], "GET, HEAD");
        let (status, headers, _) = printed(Invalid::ContentEncoding.into(), "*/*").await;
        assert_eq!(
            (status, &headers[ACCEPT_ENCODING]),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, &"identity".parse().unwrap())
        );
    }

    /// Shows: P-216, P-217
    #[tokio::test]
    async fn the_cause_of_a_fault_stays_here() {
        let fault = || Problem::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal", &"disk 7 on fire");
        let (status, _, first) = printed(fault(), "*/*").await;
        let (_, _, second) = printed(fault(), "*/*").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(first.contains("\"reference\"") && !first.contains("fire"), "{first}");
        assert_ne!(first, second);
    }

    #[test]
    fn statuses_of_unsound_requests() {
        for (problem, status) in [
            (Problem::from(Invalid::Missing("Host")), 400),
            (Invalid::Malformed("Slug").into(), 400),
            (Invalid::Repeated("Slug").into(), 400),
            (Invalid::AuxiliarySlug.into(), 403),
            (Invalid::PartialPut.into(), 400),
            (Invalid::Expectation.into(), 417),
            (Interrupted::TooLarge { limit: 1 }.into(), 413),
            (Interrupted::TooSlow.into(), 408),
            (Interrupted::Broken.into(), 400),
        ] {
            assert_eq!(problem.status().as_u16(), status, "{}", problem.kind());
        }
    }
}
