//! The fields of COPY and MOVE, as WebDAV defines them.

use http::header::{HeaderMap, HeaderName};
use url::Url;

use super::{Invalid, single};

/// How deep a container is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The container alone.
    Zero,
    /// With everything below it.
    Infinity,
}

/// Where to copy or move to, as an absolute URL; a path is taken relative to `target`, the URL of
/// the request.
///
/// Spec: rfc4918 §10.3
pub fn destination(headers: &HeaderMap, target: &Url) -> Result<Url, Invalid> {
    let value = single(headers, &HeaderName::from_static("destination"), "Destination")?;
    let value = value.filter(|value| !value.is_empty()).ok_or(Invalid::Missing("Destination"))?;
    let path = value.starts_with('/') && !value.starts_with("//");
    let url = if path { target.join(value) } else { Url::parse(value) };
    url.ok().filter(|url| !url.cannot_be_a_base() && url.fragment().is_none()).ok_or(Invalid::Malformed("Destination"))
}

/// Spec: rfc4918 §10.2
pub fn depth(headers: &HeaderMap) -> Result<Depth, Invalid> {
    match single(headers, &HeaderName::from_static("depth"), "Depth")? {
        None => Ok(Depth::Infinity),
        Some("0") => Ok(Depth::Zero),
        Some(value) if value.eq_ignore_ascii_case("infinity") => Ok(Depth::Infinity),
        Some(_) => Err(Invalid::Malformed("Depth")),
    }
}

/// Whether what stands at the destination may be replaced; yes unless said otherwise.
///
/// Spec: rfc4918 §10.6
pub fn overwrite(headers: &HeaderMap) -> Result<bool, Invalid> {
    match single(headers, &HeaderName::from_static("overwrite"), "Overwrite")? {
        None | Some("T" | "t") => Ok(true),
        Some("F" | "f") => Ok(false),
        Some(_) => Err(Invalid::Malformed("Overwrite")),
    }
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn with(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    #[test]
    fn a_destination_is_a_url_or_a_path() {
        let target = Url::parse("https://pod.example/a/b").unwrap();
        let malformed = Err(Invalid::Malformed("Destination"));
        let url = |text| Ok(Url::parse(text).unwrap());
        for (value, expected) in [
            ("https://pod.example/c", url("https://pod.example/c")),
            ("https://other.example/c", url("https://other.example/c")),
            ("/c/d", url("https://pod.example/c/d")),
            ("//other.example/c", malformed.clone()),
            ("c", malformed.clone()),
            ("mailto:a@example.org", malformed.clone()),
            ("/c#d", malformed.clone()),
            ("", Err(Invalid::Missing("Destination"))),
        ] {
            assert_eq!(destination(&with("destination", value), &target), expected, "{value}");
        }
        assert_eq!(destination(&HeaderMap::new(), &target), Err(Invalid::Missing("Destination")));
    }

    #[test]
    fn depth_and_overwrite_have_defaults() {
        assert_eq!(depth(&HeaderMap::new()), Ok(Depth::Infinity));
        assert_eq!(depth(&with("depth", "Infinity")), Ok(Depth::Infinity));
        assert_eq!(depth(&with("depth", "0")), Ok(Depth::Zero));
        assert_eq!(depth(&with("depth", "1")), Err(Invalid::Malformed("Depth")));
        assert_eq!(overwrite(&HeaderMap::new()), Ok(true));
        assert_eq!(overwrite(&with("overwrite", "T")), Ok(true));
        assert_eq!(overwrite(&with("overwrite", "F")), Ok(false));
        assert_eq!(overwrite(&with("overwrite", "maybe")), Err(Invalid::Malformed("Overwrite")));
    }
}
