//! The name that a client would like for what it posts.

use http::header::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;

use super::Invalid;
use crate::path::{ACL_SUFFIX, DESCRIPTION_SUFFIX, Name};

/// The cleaned `Slug` as the text of a name, without a trailing slash; `None` if there is none that
/// could be used, so that a name is made up.
///
/// Spec: P-154, P-156, rfc5023 §9.7
pub fn slug(headers: &HeaderMap, container: bool) -> Result<Option<String>, Invalid> {
    let mut values = headers.get_all(HeaderName::from_static("slug")).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Invalid::Repeated("Slug"));
    }
    // Browsers put the letters of Latin-1 into a field as one byte each.
    let latin_1 = || value.as_bytes().iter().map(|byte| char::from(*byte)).collect();
    let sent = str::from_utf8(value.as_bytes()).map_or_else(|_| latin_1(), str::to_owned);
    let Ok(decoded) = percent_decode_str(&sent).decode_utf8() else { return Ok(None) };
    let text = decoded.trim();
    let text = if container { text.strip_suffix('/').unwrap_or(text) } else { text };
    if text.contains('/') {
        return Err(Invalid::Malformed("Slug"));
    }
    if text.ends_with(ACL_SUFFIX) || text.ends_with(DESCRIPTION_SUFFIX) {
        return Err(Invalid::AuxiliarySlug);
    }
    Ok(Name::of(text, container).map(|_| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn read(value: &[u8], container: bool) -> Result<Option<String>, Invalid> {
        slug(
            &HeaderMap::from_iter([(HeaderName::from_static("slug"), HeaderValue::from_bytes(value).unwrap())]),
            container,
        )
    }

    /// Shows: P-154, P-156
    #[test]
    fn a_slug_is_cleaned() {
        let name = |text: &str| Ok(Some(text.to_owned()));
        let malformed = Err(Invalid::Malformed("Slug"));
        for (value, document, container) in [
            ("foobar", name("foobar"), name("foobar")),
            ("a b", name("a b"), name("a b")),
            ("%C3%A9t%C3%A9", name("été"), name("été")),
            ("été", name("été"), name("été")),
            ("100%", name("100%"), name("100%")),
            ("sub/", malformed.clone(), name("sub")),
            ("a/b", malformed.clone(), malformed.clone()),
            ("a%2Fb", malformed.clone(), malformed.clone()),
            ("x//", malformed.clone(), malformed.clone()),
            ("", Ok(None), Ok(None)),
            (".", Ok(None), Ok(None)),
            ("%2E%2e", Ok(None), Ok(None)),
            ("a%00b", Ok(None), Ok(None)),
            ("%FF", Ok(None), Ok(None)),
            ("x.acl", Err(Invalid::AuxiliarySlug), Err(Invalid::AuxiliarySlug)),
            (".meta", Err(Invalid::AuxiliarySlug), Err(Invalid::AuxiliarySlug)),
        ] {
            assert_eq!(read(value.as_bytes(), false), document, "{value}");
            assert_eq!(read(value.as_bytes(), true), container, "{value} for a container");
        }
        assert_eq!(read(b"\xE9t\xE9", false), name("été"), "as a browser sends it");
        assert_eq!(read("x".repeat(300).as_bytes(), false), Ok(None));
        assert_eq!(slug(&HeaderMap::new(), false), Ok(None));
    }

    /// Shows: P-154
    #[test]
    fn there_is_one_slug_at_most() {
        let name = HeaderName::from_static("slug");
        let twice = [(name.clone(), HeaderValue::from_static("a")), (name, HeaderValue::from_static("b"))];
        let mut headers = HeaderMap::new();
        for (name, value) in twice {
            headers.append(name, value);
        }
        assert_eq!(slug(&headers, false), Err(Invalid::Repeated("Slug")));
    }
}
