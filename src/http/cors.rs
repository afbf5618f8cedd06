//! Cross-origin requests: what a page of another origin may send and read. Nothing is ever denied
//! here; access is decided by who asks.

use std::sync::Arc;

use http::Method;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN,
};
use url::Url;

use super::headers::{is_token, members, vary};

/// Every method that a page may use.
///
/// Spec: P-204
const METHODS: &str = "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE, COPY, MOVE";

/// Every field of an answer that a page may read.
///
/// Spec: solid#server-cors-aceh, solid#server-cors-enumerate, wac#server-cors-aceh-wac-allow, P-201, P-202, O-9
const EXPOSED: &str = "Accept-Encoding, Accept-Patch, Accept-Post, Accept-Put, Accept-Ranges, Allow, \
    Content-Length, Content-Location, Content-Range, Content-Type, Date, DPoP-Nonce, ETag, Last-Modified, Link, Location, \
    MS-Author-Via, Preference-Applied, Retry-After, Updates-Via, Vary, WAC-Allow, WWW-Authenticate, X-Experience-API-Consistent-Through, \
    X-Experience-API-Version";

/// The fields that requests to us are known to carry.
///
/// Spec: wac#server-cors-acao-acah, P-207
const KNOWN: &str = "Accept, Authorization, Content-Type, Depth, Destination, DPoP, If-Match, If-Modified-Since, \
    If-None-Match, If-Range, If-Unmodified-Since, Link, Overwrite, Prefer, Range, Slug, X-Experience-API-Version";

/// The same for a preflight that names no field. `Accept` is allowed only where it is asked for.
///
/// Spec: P-205
const KNOWN_BUT_ACCEPT: &str = "Authorization, Content-Type, Depth, Destination, DPoP, If-Match, If-Modified-Since, \
    If-None-Match, If-Range, If-Unmodified-Since, Link, Overwrite, Prefer, Range, Slug, X-Experience-API-Version";

/// The longest origin, and the longest list of requested fields, that are sent back.
const MAX_ORIGIN: usize = 1024;
const MAX_REQUESTED: usize = 8192;

/// The origin of the page that sent a request, as the browser wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl Origin {
    /// The origin of a request; `None` if there is none or it is none: a value that is sent back must
    /// be what it claims to be.
    ///
    /// Spec: P-211, P-212
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(ORIGIN).iter();
        let value = values.next()?;
        let text = value.to_str().ok()?;
        let sound = text.len() <= MAX_ORIGIN && (text == "null" || is_serialised_origin(text));
        (sound && values.next().is_none()).then(|| Self(value.clone()))
    }

    /// In lower case and without the default port, as access rules compare it; `None` for `null`,
    /// which no rule matches.
    ///
    /// Spec: W-66
    pub fn normalised(&self) -> Option<Arc<str>> {
        let text = self.0.to_str().ok()?.to_ascii_lowercase();
        let origin = Url::parse(&text).ok()?.origin();
        // Schemes of browser extensions have no origin in the eyes of the URL standard.
        Some(if origin.is_tuple() { origin.ascii_serialization().into() } else { text.into() })
    }
}

/// `scheme://host[:port]`, and nothing after it.
///
/// Spec: rfc6454 §6.2
fn is_serialised_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let scheme_is_sound = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => (address, None),
        Some((address, port)) => (address, Some(port.strip_prefix(':').unwrap_or("?"))),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let in_brackets = authority.starts_with('[');
    let host_is_sound = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte) || (in_brackets && byte == b':'));
    let port_is_sound =
        port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok());
    scheme_is_sound && host_is_sound && port_is_sound
}

/// Lets the page of `origin` read an answer, whatever its status. Answers to anyone else say that
/// they would differ.
///
/// Spec: solid#server-cors, solid#server-cors-access-control-headers, solid#server-cors-acao-vary, P-200, P-207, P-208, W-68,
/// P-211, P-213
pub fn allow(origin: Option<&Origin>, headers: &mut HeaderMap) {
    vary(headers, &["Origin"]);
    let Some(Origin(origin)) = origin else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.entry(ACCESS_CONTROL_ALLOW_HEADERS).or_insert(HeaderValue::from_static(KNOWN));
}

/// Whether a request asks, before the real one, whether it may be sent.
///
/// Spec: solid#server-cors-options, P-203
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Adds to the answer of a preflight what the real request may be: everything that we know, and
/// whichever fields were asked for.
///
/// Spec: solid#server-cors-accept-acah, P-204, P-205, P-206, P-209, P-210, P-212
pub fn allow_preflight(request: &HeaderMap, response: &mut HeaderMap) {
    vary(response, &["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]);
    let fields = requested(request).unwrap_or(HeaderValue::from_static(KNOWN_BUT_ACCEPT));
    response.insert(ACCESS_CONTROL_ALLOW_HEADERS, fields);
    response.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    allow(Origin::of(request).as_ref(), response);
}

/// The fields that a preflight asks for, in one line, if all of them are field names.
fn requested(request: &HeaderMap) -> Option<HeaderValue> {
    let mut line = String::new();
    for value in request.get_all(ACCESS_CONTROL_REQUEST_HEADERS) {
        let separator = if line.is_empty() { "" } else { ", " };
        line.push_str(separator);
        line.push_str(value.to_str().ok()?);
    }
    let mut names = members(&line, ',').peekable();
    let sound = line.len() <= MAX_REQUESTED && names.peek().is_some() && names.all(is_token);
    sound.then(|| HeaderValue::try_from(line.as_str()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use http::header::{HeaderName, VARY};
    use proptest::prelude::*;

    use super::*;

    fn with(fields: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    /// Shows: P-211, P-212
    #[test]
    fn an_origin_is_null_or_scheme_host_and_port() {
        for (text, sound) in [
            ("https://app.example", true),
            ("https://app.example:8443", true),
            ("http://localhost:3000", true),
            ("http://[::1]:3000", true),
            ("http://[::1]", true),
            ("HTTPS://App.Example", true),
            ("moz-extension://0f1e2d3c-4b5a", true),
            ("null", true),
            ("", false),
            ("NULL", false),
            ("app.example", false),
            ("https://", false),
            ("https://app.example/", false),
            ("https://app.example/path", false),
            ("https://user@app.example", false),
            ("https://app.example:port", false),
            ("https://app.example:99999", false),
            ("https://app.example:", false),
            ("https://app.example, https://b.example", false),
            ("https://a b", false),
            ("1https://app.example", false),
            ("https://[::1]3000", false),
            ("https://a:b:c", false),
        ] {
            assert_eq!(Origin::of(&with(&[(ORIGIN, text)])).is_some(), sound, "{text}");
        }
        let long = format!("https://{}", "a".repeat(MAX_ORIGIN));
        assert_eq!(Origin::of(&with(&[(ORIGIN, &long)])), None);
        let twice = with(&[(ORIGIN, "https://a.example"), (ORIGIN, "https://a.example")]);
        assert_eq!(Origin::of(&twice), None);
    }

    /// Shows: W-66
    #[test]
    fn origins_are_compared_in_normal_form() {
        let normal = |text| Origin::of(&with(&[(ORIGIN, text)])).unwrap().normalised();
        assert_eq!(normal("HTTPS://App.Example:443").as_deref(), Some("https://app.example"));
        assert_eq!(normal("http://app.example:8080").as_deref(), Some("http://app.example:8080"));
        assert_eq!(normal("Moz-Extension://AB12").as_deref(), Some("moz-extension://ab12"));
        assert_eq!(normal("null"), None);
    }

    /// Shows: P-200, P-201, P-202, P-207, P-208
    #[test]
    fn an_answer_can_be_read_by_the_page_that_asked() {
        let mut answer = with(&[(VARY, "Accept")]);
        allow(Origin::of(&with(&[(ORIGIN, "https://App.example")])).as_ref(), &mut answer);
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "https://App.example");
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        assert_eq!(answer[ACCESS_CONTROL_EXPOSE_HEADERS], EXPOSED);
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_HEADERS], KNOWN);
        assert_eq!(answer[VARY], "Accept, Origin");
        for name in answer.keys() {
            assert_eq!(answer.get_all(name).iter().count(), 1, "{name}");
        }
    }

    /// Shows: P-211
    #[test]
    fn an_answer_to_no_page_only_says_that_it_varies() {
        for request in [with(&[]), with(&[(ORIGIN, "nonsense")])] {
            let mut answer = HeaderMap::new();
            allow(Origin::of(&request).as_ref(), &mut answer);
            assert_eq!(answer, with(&[(VARY, "Origin")]));
        }
    }

    /// Shows: P-203, P-204, P-205, P-206, P-209, P-210
    #[test]
    fn a_preflight_may_ask_for_any_field() {
        let request = with(&[
            (ORIGIN, "null"),
            (ACCESS_CONTROL_REQUEST_METHOD, "COPY"),
            (ACCESS_CONTROL_REQUEST_HEADERS, "X-CUSTOM,  Content-Type"),
            (ACCESS_CONTROL_REQUEST_HEADERS, "Accept"),
        ]);
        assert!(is_preflight(&Method::OPTIONS, &request) && !is_preflight(&Method::GET, &request));
        let mut answer = HeaderMap::new();
        allow_preflight(&request, &mut answer);
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "null");
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_HEADERS], "X-CUSTOM,  Content-Type, Accept");
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_METHODS], METHODS);
        assert_eq!(answer[ACCESS_CONTROL_EXPOSE_HEADERS], EXPOSED);
        assert_eq!(answer[ACCESS_CONTROL_MAX_AGE], "7200");
        assert_eq!(answer[VARY], "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    }

    /// Shows: P-212
    #[test]
    fn what_is_no_field_name_is_not_sent_back() {
        for value in ["a b", "x: y", "x;y", "", " , ,", &"x,".repeat(MAX_REQUESTED)] {
            let request = with(&[(ORIGIN, "https://a.example"), (ACCESS_CONTROL_REQUEST_HEADERS, value)]);
            let mut answer = HeaderMap::new();
            allow_preflight(&request, &mut answer);
            assert_eq!(answer[ACCESS_CONTROL_ALLOW_HEADERS], KNOWN_BUT_ACCEPT, "{value}");
        }
        assert!(!is_preflight(&Method::OPTIONS, &with(&[(ORIGIN, "https://a.example")])));
    }

    #[test]
    fn the_lists_differ_by_accept_alone() {
        assert_eq!(KNOWN, format!("Accept, {KNOWN_BUT_ACCEPT}"));
    }

    proptest! {
        #[test]
        fn what_is_sent_back_is_an_origin_byte_for_byte(text in "[ -~]{0,12}(://)?[ -~]{0,30}") {
            let request = with(&[(ORIGIN, &text)]);
            let mut answer = HeaderMap::new();
            allow(Origin::of(&request).as_ref(), &mut answer);
            if let Some(echo) = answer.get(ACCESS_CONTROL_ALLOW_ORIGIN) {
                prop_assert_eq!(echo.as_bytes(), text.as_bytes());
                prop_assert!(text == "null" || Url::parse(&text).is_ok());
            }
        }
    }
}
