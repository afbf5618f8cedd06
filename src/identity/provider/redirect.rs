//! Redirect addresses: which ones a client may have, and which registered one a request means. They are kept and
//! compared as they were written; nothing is normalised.

use url::Url;

use super::client::Application;
use crate::address::is_loopback;

/// The most redirect addresses of a client.
///
/// Spec: O-127
pub const MOST: usize = 20;
/// Characters of the longest.
const LONGEST: usize = 2048;

/// Why an address cannot be a redirect address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("a redirect URI is an absolute URL of at most 2048 plain characters")]
    Malformed,
    #[error("a redirect URI has no fragment, wildcard, user name or password")]
    Part,
    #[error("a web application's redirect URI uses https, or http on localhost")]
    NotSecure,
    #[error("a native application's redirect URI uses https, http on this device, or a scheme with a dot")]
    Scheme,
    #[error("a client has between 1 and 20 redirect URIs")]
    Count,
}

/// Whether a client of this kind may be sent back to an address.
///
/// Spec: O-127, rfc8252 §7.1
pub fn check(uri: &str, application: Application) -> Result<(), Fault> {
    let plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    if uri.len() > LONGEST || !uri.chars().all(plain) {
        return Err(Fault::Malformed);
    }
    if uri.contains(['#', '*']) {
        return Err(Fault::Part);
    }
    let url = Url::parse(uri).map_err(|_| Fault::Malformed)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::Part);
    }
    match (url.scheme(), application) {
        // `https:app.example` parses too, but no browser is sent there.
        ("https" | "http", _) if !uri[url.scheme().len()..].starts_with("://") => Err(Fault::Malformed),
        ("https", _) => Ok(()),
        ("http", _) if is_loopback(&url) => Ok(()),
        (scheme, Application::Native) if scheme.contains('.') => Ok(()),
        (_, Application::Web) => Err(Fault::NotSecure),
        (_, Application::Native) => Err(Fault::Scheme),
    }
}

/// Whether a request for `asked` means the registered address: character by character, save that a native
/// application may listen on any port of its own device.
///
/// Spec: O-127, O-145, rfc8252 §7.3
pub fn is_same(registered: &str, asked: &str, application: Application) -> bool {
    registered == asked
        || application == Application::Native
            && without_port(registered).is_some_and(|registered| without_port(asked) == Some(registered))
}

/// Host and path of an http address on this device.
fn without_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    let is_port = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    (matches!(host, "localhost" | "127.0.0.1" | "[::1]") && is_port).then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows: O-127
    #[test]
    fn addresses_are_secure_and_whole() {
        use Application::{Native, Web};
        let long = format!("https://app.example/{}", "a".repeat(2048));
        let table = [
            ("https://app.example", Web, Ok(())),
            ("https://app.example/back?x=1&y=%20", Web, Ok(())),
            ("HTTPS://App.Example:8443/", Web, Ok(())),
            ("http://localhost:3000/", Web, Ok(())),
            ("http://127.0.0.1", Web, Ok(())),
            ("http://[::1]:80/back", Native, Ok(())),
            ("com.example.app:/back", Native, Ok(())),
            ("com.example.app://back", Native, Ok(())),
            ("http://app.example/", Web, Err(Fault::NotSecure)),
            ("http://localhost.evil.example/", Web, Err(Fault::NotSecure)),
            ("http://192.168.1.1/", Native, Err(Fault::Scheme)),
            ("com.example.app:/back", Web, Err(Fault::NotSecure)),
            ("app:/back", Native, Err(Fault::Scheme)),
            ("javascript:alert(1)", Native, Err(Fault::Scheme)),
            ("data:text/html,x", Web, Err(Fault::NotSecure)),
            ("blob:https://app.example/x", Web, Err(Fault::NotSecure)),
            ("file:///etc/passwd", Native, Err(Fault::Scheme)),
            ("https://app.example/#part", Web, Err(Fault::Part)),
            ("https://app.example/#", Web, Err(Fault::Part)),
            ("https://*.example/", Web, Err(Fault::Part)),
            ("https://bank.example@evil.example/", Web, Err(Fault::Part)),
            ("relative", Web, Err(Fault::Malformed)),
            ("/path", Web, Err(Fault::Malformed)),
            ("", Web, Err(Fault::Malformed)),
            ("https:app.example", Web, Err(Fault::Malformed)),
            ("https:\\\\app.example", Web, Err(Fault::Malformed)),
            ("https://app.example/a b", Web, Err(Fault::Malformed)),
            ("https://app.example/\r\nx", Web, Err(Fault::Malformed)),
            ("https://àpp.example/", Web, Err(Fault::Malformed)),
            (&long, Web, Err(Fault::Malformed)),
        ];
        for (uri, application, verdict) in table {
            assert_eq!(check(uri, application), verdict, "{uri}");
        }
    }

    /// Shows: O-145
    #[test]
    fn addresses_compare_exactly_but_for_the_port_of_a_device() {
        use Application::{Native, Web};
        for (registered, asked, application, same) in [
            ("https://app.example", "https://app.example", Web, true),
            ("https://app.example", "https://app.example/", Web, false),
            ("https://app.example/", "https://APP.example/", Web, false),
            ("http://localhost/", "http://localhost:3000/", Web, false),
            ("http://localhost/", "http://localhost:3000/", Native, true),
            ("http://127.0.0.1:1/back", "http://127.0.0.1:65535/back", Native, true),
            ("http://[::1]/back", "http://[::1]:9/back", Native, true),
            ("http://127.0.0.1/back", "http://127.0.0.1:80/back?x", Native, false),
            ("http://127.0.0.1/", "http://localhost/", Native, false),
            ("http://localhost/", "http://localhost:x@evil.example/", Native, false),
            ("http://localhost/", "http://localhost:80.evil.example/", Native, false),
            ("https://app.example/", "https://app.example:8443/", Native, false),
        ] {
            assert_eq!(is_same(registered, asked, application), same, "{registered} {asked}");
        }
    }
}
