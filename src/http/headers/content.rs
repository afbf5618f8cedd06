//! What a request says about its content: type, encoding, range, expectation.

use std::sync::Arc;

use http::header::{CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, EXPECT, HeaderMap};

use super::{Invalid, is_token, members, single};

/// The longest media type that is kept, parameters included.
const MAX_TYPE: usize = 255;

/// The media type of the content as it was sent, parameters included; `None` if there is none.
///
/// Any well-formed `type/subtype` is taken.
///
/// Spec: P-135
pub fn media_type(headers: &HeaderMap) -> Result<Option<Arc<str>>, Invalid> {
    let Some(value) = single(headers, &CONTENT_TYPE, "Content-Type")? else { return Ok(None) };
    let essence = value.split(';').next().unwrap_or_default().trim_end();
    let well_formed = essence.split_once('/').is_some_and(|(top, sub)| is_token(top) && is_token(sub));
    let concrete = !essence.contains('*');
    if !well_formed || !concrete || value.len() > MAX_TYPE {
        return Err(Invalid::Malformed("Content-Type"));
    }
    Ok(Some(value.into()))
}

/// Refuses content that is encoded: its bytes must never be stored as if they were the representation.
///
/// Spec: P-12
pub fn check_encoding(headers: &HeaderMap) -> Result<(), Invalid> {
    let plain = |value: &str| members(value, ',').all(|coding| coding.eq_ignore_ascii_case("identity"));
    let all_plain = headers.get_all(CONTENT_ENCODING).iter().all(|value| value.to_str().is_ok_and(plain));
    if all_plain { Ok(()) } else { Err(Invalid::ContentEncoding) }
}

/// Refuses a PUT of a part, which would otherwise replace the whole.
///
/// Spec: P-13
pub fn check_whole(headers: &HeaderMap) -> Result<(), Invalid> {
    if headers.contains_key(CONTENT_RANGE) { Err(Invalid::PartialPut) } else { Ok(()) }
}

/// `100-continue` is the only expectation there is.
///
/// Spec: rfc9110 §10.1.1
pub fn check_expectation(headers: &HeaderMap) -> Result<(), Invalid> {
    let known = headers.get_all(EXPECT).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    if known { Ok(()) } else { Err(Invalid::Expectation) }
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    /// Shows: P-135
    #[test]
    fn a_content_type_is_a_type_and_a_subtype() {
        for (value, valid) in [
            ("text/turtle", true),
            ("text/plain; charset=\"utf-8\"", true),
            ("foo/bar", true),
            ("application/ld+json;profile=\"a;b\"", true),
            ("turtle", false),
            ("text/", false),
            ("/turtle", false),
            ("text / turtle", false),
            ("text/turtle, text/html", false),
            ("*/*", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]);
            let expected = if valid { Ok(Some(Arc::from(value))) } else { Err(Invalid::Malformed("Content-Type")) };
            assert_eq!(media_type(&headers), expected, "{value}");
        }
        assert_eq!(media_type(&HeaderMap::new()), Ok(None));
    }

    /// Shows: P-12, P-13
    #[test]
    fn only_plain_whole_content_is_taken() {
        let with = |name, value| HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        assert_eq!(check_encoding(&with(CONTENT_ENCODING, "identity")), Ok(()));
        assert_eq!(check_encoding(&with(CONTENT_ENCODING, "identity, gzip")), Err(Invalid::ContentEncoding));
        assert_eq!(check_whole(&with(CONTENT_RANGE, "bytes 0-1/2")), Err(Invalid::PartialPut));
        assert_eq!(check_expectation(&with(EXPECT, "100-Continue")), Ok(()));
        assert_eq!(check_expectation(&with(EXPECT, "a miracle")), Err(Invalid::Expectation));
        let nothing = HeaderMap::new();
        assert_eq!(check_encoding(&nothing).and(check_whole(&nothing)).and(check_expectation(&nothing)), Ok(()));
    }
}
