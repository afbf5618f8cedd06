//! Cookies: their names, what is read from them and how they are set. They authenticate nothing on pod URLs and nothing
//! in the account API.

use std::time::Duration;

use http::header::{COOKIE, HeaderMap, HeaderValue};

use crate::address::Addresses;
use crate::identity::account::SessionToken;

/// What we keep in a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// The token of the session.
    Session,
    /// A random name for a browser in which nobody is signed in: forms and interactions are bound to it.
    Browser,
    /// The token of a sign-up that is under way.
    SignUp,
    /// The language that somebody chose.
    Language,
    /// Sign-ins through a school that are under way, sealed.
    Upstream,
    /// Somebody who came from a school and is known to no account, sealed.
    Newcomer,
    /// Somebody who has shown one factor of two, sealed.
    Half,
}

impl Cookie {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Session => "",
            Self::Browser => "-browser",
            Self::SignUp => "-signup",
            Self::Language => "-language",
            Self::Upstream => "-upstream",
            Self::Newcomer => "-newcomer",
            Self::Half => "-half",
        }
    }
}

/// The cookies of this server.
#[derive(Debug, Clone, Copy)]
pub struct Cookies {
    /// The port, if the server answers on plain http: browsers share cookies between the ports of a host.
    port: Option<u16>,
}

impl Cookies {
    /// `__Host-` and `Secure`, save on plain http, where browsers would refuse both.
    ///
    /// Spec: O-192
    pub fn of(addresses: &Addresses) -> Self {
        Self { port: addresses.is_loopback_http().then(|| addresses.port()) }
    }

    fn name(self, cookie: Cookie) -> String {
        match self.port {
            Some(port) => format!("cartable-{port}{}", cookie.suffix()),
            None => format!("__Host-cartable{}", cookie.suffix()),
        }
    }

    /// The value that a browser sent. One that is sent twice is not believed.
    pub fn read(self, headers: &HeaderMap, cookie: Cookie) -> Option<&str> {
        let name = self.name(cookie);
        let fields = headers.get_all(COOKIE).iter().filter_map(|field| field.to_str().ok());
        let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(named, _)| *named == name).map(|(_, value)| value);
        values.next().filter(|_| values.next().is_none())
    }

    /// The token of the session that a browser has.
    pub fn session(self, headers: &HeaderMap) -> Option<SessionToken> {
        self.read(headers, Cookie::Session).and_then(SessionToken::parse)
    }

    /// The field `Set-Cookie`; without `keep` the browser forgets it when it is closed. Scripts do not see it, and requests that other sites begin carry it only when somebody
    /// follows a link.
    ///
    /// Spec: O-192
    pub fn set(self, cookie: Cookie, value: &str, keep: Option<Duration>) -> HeaderValue {
        let secure = if self.port.is_none() { "; Secure" } else { "" };
        let keep = keep.map(|keep| format!("; Max-Age={}", keep.as_secs())).unwrap_or_default();
        let field = format!("{}={value}; Path=/{keep}; HttpOnly; SameSite=Lax{secure}", self.name(cookie));
        HeaderValue::try_from(field).unwrap_or(HeaderValue::from_static(""))
    }

    /// The field `Set-Cookie` that removes one.
    pub fn clear(self, cookie: Cookie) -> HeaderValue {
        self.set(cookie, "", Some(Duration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(base: &str) -> Cookies {
        Cookies::of(&Addresses::with_paths(base).unwrap())
    }

    /// Shows: O-192
    #[test]
    fn a_cookie_belongs_to_this_host_alone() {
        let keep = Some(Duration::from_mins(1));
        assert_eq!(
            cookies("https://pods.example/").set(Cookie::Session, "x", keep),
            "__Host-cartable=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookies("https://pods.example/").set(Cookie::Session, "x", None),
            "__Host-cartable=x; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookies("http://localhost:3000/").clear(Cookie::Browser),
            "cartable-3000-browser=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_value_is_found_among_others_and_never_guessed() {
        let cookies = cookies("https://pods.example/");
        for (sent, read) in [
            ("__Host-cartable=x", Some("x")),
            ("a=b; __Host-cartable=x; c", Some("x")),
            ("__Host-cartable=x; __Host-cartable=y", None),
            ("__Host-cartable-browser=x", None),
            ("cartable=x; x__Host-cartable=x", None),
            (";;=;", None),
        ] {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(sent))]);
            assert_eq!(cookies.read(&headers, Cookie::Session), read, "{sent}");
        }
    }
}
