//! Which host a request is for.

use http::Uri;
use http::header::{HOST, HeaderMap};

use super::{Invalid, single};

/// The host and port that a request names, as they were sent: those of its target, or else of its
/// `Host` field, which must stand there once.
///
/// Spec: P-15, rfc9112 §3.2
pub fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<&'a str, Invalid> {
    let field = single(headers, &HOST, "Host")?;
    let host = uri.authority().map(http::uri::Authority::as_str).or(field).ok_or(Invalid::Missing("Host"))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()+;=:[]".contains(&byte);
    let well_formed = !host.is_empty() && !host.starts_with(':') && host.bytes().all(plain);
    if well_formed { Ok(host) } else { Err(Invalid::Malformed("Host")) }
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn read(target: &str, hosts: &[&str]) -> Result<String, Invalid> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_str(host).unwrap());
        }
        host(&target.parse().unwrap(), &headers).map(str::to_owned)
    }

    /// Shows: P-15
    #[test]
    fn a_request_names_one_host() {
        let malformed = Err(Invalid::Malformed("Host"));
        for (hosts, expected) in [
            (&["a.example"][..], Ok("a.example".to_owned())),
            (&["A.example:8080"], Ok("A.example:8080".to_owned())),
            (&["[::1]:3000"], Ok("[::1]:3000".to_owned())),
            (&[], Err(Invalid::Missing("Host"))),
            (&["a.example", "a.example"], Err(Invalid::Repeated("Host"))),
            (&[""], malformed.clone()),
            (&[":80"], malformed.clone()),
            (&["a.example/b"], malformed.clone()),
            (&["a\\b"], malformed.clone()),
            (&["*"], malformed.clone()),
            (&["user@a.example"], malformed.clone()),
            (&["a b"], malformed.clone()),
            (&["a.example,b.example"], malformed.clone()),
        ] {
            assert_eq!(read("/", hosts), expected, "{hosts:?}");
        }
    }

    #[test]
    fn the_target_wins_over_the_field() {
        assert_eq!(read("http://a.example/x", &["b.example"]), Ok("a.example".into()));
        assert_eq!(read("http://a.example/x", &[]), Ok("a.example".into()));
        assert_eq!(read("http://user@a.example/x", &[]), Err(Invalid::Malformed("Host")));
    }
}
