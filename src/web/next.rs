//! Coming back: where somebody goes on after a page that came in between.

use std::fmt;

use crate::web::path;

/// The longest address that somebody comes back to; authorization requests are the long ones.
const LONGEST: usize = 8 * 1024;

/// An address on this host to go on to, path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next(String);

/// Reads where to go on. Only our own pages and the provider's endpoints are believed; anything else is the account's
/// home, so that no link leads through us to somebody else's page.
///
/// Spec: O-102
pub fn parse(text: Option<&str>) -> Next {
    let next = text.filter(|text| is_ours(text)).unwrap_or(path::HOME);
    Next(next.to_owned())
}

/// Browsers read `\` as `/`, drop tabs and line breaks, and resolve dots however they are written.
fn is_ours(text: &str) -> bool {
    let (path, _) = text.split_once(['?', '#']).unwrap_or((text, ""));
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let straight = path.split('/').all(|segment| !matches!(undotted(segment).as_str(), "." | ".."));
    let begins = ["/.oidc/", "/.account/"].iter().any(|root| path.starts_with(root));
    begins && plain && straight && text.len() <= LONGEST
}

fn undotted(segment: &str) -> String {
    segment.replace("%2e", ".").replace("%2E", ".")
}

impl Next {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is anything but the account's home.
    pub fn is_elsewhere(&self) -> bool {
        self.0 != path::HOME
    }

    /// The address of a page that leads on here.
    pub fn after(&self, page: &str) -> String {
        if !self.is_elsewhere() {
            return page.to_owned();
        }
        let query: String = url::form_urlencoded::byte_serialize(self.0.as_bytes()).collect();
        format!("{page}?next={query}")
    }
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_places_are_gone_on_to() {
        for ours in
            ["/.account/settings/", "/.oidc/auth?client_id=a&redirect_uri=https%3A%2F%2Fa.example%2F", "/.account/"]
        {
            assert_eq!(parse(Some(ours)).as_str(), ours);
        }
        for other in [
            "",
            "/",
            "/alice/",
            "//evil.example/.account/",
            "https://evil.example/.account/",
            "/.account",
            "/.accounts/",
            "/.account/../alice/page.html",
            "/.account/%2e%2E/alice/",
            "/.account/.%2e/alice/",
            "/.oidc/\\evil.example",
            "/.oidc/\t/evil.example",
            "/.oidc/\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            &format!("/.oidc/{}", "x".repeat(LONGEST)),
        ] {
            assert_eq!(parse(Some(other)).as_str(), "/.account/", "{other}");
        }
        assert_eq!(parse(None).as_str(), "/.account/");
    }

    #[test]
    fn a_page_in_between_carries_the_address_on() {
        assert_eq!(parse(None).after("/.account/login/"), "/.account/login/");
        let next = parse(Some("/.oidc/auth?a=b&c=d"));
        assert_eq!(next.after("/.account/login/"), "/.account/login/?next=%2F.oidc%2Fauth%3Fa%3Db%26c%3Dd");
    }
}
