//! Header fields, read and printed. One submodule per subject; nothing here decides a status.

pub mod content;
pub mod challenge;
pub mod forwarded;
pub mod link;
pub mod slug;
pub mod target;
pub mod webdav;

use http::header::{HeaderMap, HeaderName, HeaderValue, VARY};

use crate::clock::Timestamp;

/// Why a header field cannot be honoured. The statuses are in [`super::problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("the field `{0}` is missing")]
    Missing(&'static str),
    #[error("the field `{0}` is malformed")]
    Malformed(&'static str),
    #[error("the field `{0}` is given more than once")]
    Repeated(&'static str),
    #[error("the Slug names an auxiliary resource")]
    AuxiliarySlug,
    #[error("the content is encoded in a way that is not supported here")]
    ContentEncoding,
    #[error("a part of a representation cannot be put")]
    PartialPut,
    #[error("the expectation cannot be met")]
    Expectation,
}

/// The value of a field that may stand once at most; `None` if it is absent.
pub fn single<'a>(headers: &'a HeaderMap, name: &HeaderName, shown: &'static str) -> Result<Option<&'a str>, Invalid> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Invalid::Repeated(shown));
    }
    value.to_str().map(|value| Some(value.trim())).map_err(|_| Invalid::Malformed(shown))
}

/// Splits a field value at `separator`, but not inside quoted strings; drops empty members.
///
/// Spec: rfc9110 §5.6.1
///
/// ```
/// use cartable::http::headers::members;
/// assert!(members("a, \"b,c\" ,, d", ',').eq(["a", "\"b,c\"", "d"]));
/// ```
pub fn members(text: &str, separator: char) -> impl Iterator<Item = &str> {
    split(text, separator).map(str::trim).filter(|member| !member.is_empty())
}

/// Splits at each `separator` outside quoted strings.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        escaped = quoted && c == '\\';
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

/// Splits `name=value` and lower-cases the name. The value loses its quotes; without `=` it is empty.
pub(super) fn parameter(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.trim().to_ascii_lowercase(), unquoted(value.trim()))
}

/// The text of a token or a quoted string.
fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return text.to_owned() };
    let mut escaped = false;
    inner
        .chars()
        .filter(|&c| {
            escaped = !escaped && c == '\\';
            !escaped
        })
        .collect()
}

/// Whether `text` is a token: a method, a field name, a parameter.
///
/// Spec: rfc9110 §5.6.2
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A time as an HTTP date, as in `Last-Modified`.
///
/// Spec: rfc9110 §5.6.7
pub fn http_date(time: Timestamp) -> HeaderValue {
    let seconds = u64::try_from(time.seconds()).unwrap_or_default().min(LAST_SECOND);
    let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds));
    HeaderValue::try_from(date).unwrap_or_else(|_| HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

/// The end of the year 9999, the last that an HTTP date can name.
const LAST_SECOND: u64 = 253_402_300_799;

/// Reads an HTTP date in any of its three forms.
///
/// Spec: P-121
pub fn date(value: &str) -> Option<Timestamp> {
    let time = httpdate::parse_http_date(value).ok()?;
    let seconds = time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    Some(Timestamp::from_seconds(i64::try_from(seconds).ok()?))
}

/// Adds names to `Vary`, which stays one line and never names a field twice.
///
/// Spec: P-60, P-109
pub fn vary(headers: &mut HeaderMap, names: &[&'static str]) {
    let mut line = String::new();
    for value in headers.get_all(VARY).iter().filter_map(|value| value.to_str().ok()) {
        add(&mut line, value);
    }
    let before = line.len();
    for name in names {
        if !members(&line, ',').any(|member| member == "*" || member.eq_ignore_ascii_case(name)) {
            add(&mut line, name);
        }
    }
    if line.len() == before {
        return;
    }
    if let Ok(value) = HeaderValue::try_from(line) {
        headers.insert(VARY, value);
    }
}

/// Adds a member to a list.
fn add(line: &mut String, member: &str) {
    line.push_str(if line.is_empty() { "" } else { ", " });
    line.push_str(member);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_single_field_stands_once() {
        let name = HeaderName::from_static("depth");
        let mut headers = HeaderMap::new();
        assert_eq!(single(&headers, &name, "Depth"), Ok(None));
        headers.append(&name, HeaderValue::from_static(" 0 "));
        assert_eq!(single(&headers, &name, "Depth"), Ok(Some("0")));
        headers.append(&name, HeaderValue::from_static("1"));
        assert_eq!(single(&headers, &name, "Depth"), Err(Invalid::Repeated("Depth")));
    }

    #[test]
    fn quoted_strings_lose_quotes_and_escapes() {
        assert_eq!(unquoted(r#""a\"b\\c""#), r#"a"b\c"#);
        assert_eq!(unquoted("plain"), "plain");
        assert_eq!(parameter(r#"Rel = "type""#), ("rel".into(), "type".into()));
        assert!(members(r#"x="a\",b",y"#, ',').eq([r#"x="a\",b""#, "y"]));
    }

    /// Shows: P-60
    #[test]
    fn vary_is_one_line_of_distinct_names() {
        let mut headers = HeaderMap::new();
        headers.append(VARY, HeaderValue::from_static("accept"));
        headers.append(VARY, HeaderValue::from_static("Authorization"));
        vary(&mut headers, &["Accept", "Origin"]);
        assert_eq!(headers.get_all(VARY).iter().count(), 1);
        assert_eq!(headers[VARY], "accept, Authorization, Origin");
        headers.insert(VARY, HeaderValue::from_static("*"));
        vary(&mut headers, &["Origin"]);
        assert_eq!(headers[VARY], "*");
    }

    #[test]
    fn dates_have_three_forms() {
        let noon = Some(Timestamp::from_seconds(784_111_777));
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(date(text), noon, "{text}");
        }
        assert_eq!(date("yesterday"), None);
    }

    proptest! {
        #[test]
        fn printing_a_date_and_reading_it_keeps_the_second(seconds in 0_i64..200_000_000_000) {
            let time = Timestamp::from_seconds(seconds);
            prop_assert_eq!(date(http_date(time).to_str().unwrap()), Some(time));
        }

        #[test]
        fn any_time_can_be_printed(millis: i64) {
            prop_assert!(http_date(Timestamp::from_millis(millis)).to_str().unwrap().ends_with(" GMT"));
        }
    }
}
