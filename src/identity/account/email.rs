//! E-mail addresses, as names that people sign in with.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};
use url::Host;

/// The longest address that mail can carry (RFC 5321 §4.5.3.1).
const MAX: usize = 254;

/// An e-mail address in the form in which accounts compare it: NFC, lower case, the domain in ASCII.
///
/// ```
/// use cartable::identity::account::Email;
/// assert_eq!(Email::parse(" Ada@Example.ORG ").unwrap().as_str(), "ada@example.org");
/// assert!(Email::parse("ada").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Reads an address; `None` if it is none. Whether anybody reads mail there is not known.
    pub fn parse(text: &str) -> Option<Self> {
        let text = ComposingNormalizerBorrowed::new_nfc().normalize(text.trim());
        let (local, domain) = text.rsplit_once('@')?;
        let Host::Domain(domain) = Host::parse(domain).ok()? else { return None };
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@\"(),:;<>[\\]".contains(c);
        let email = Self(format!("{}@{domain}", local.to_lowercase()));
        (!local.is_empty() && local.chars().all(plain) && email.0.len() <= MAX).then_some(email)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_one_form() {
        let same = [
            ("ada@example.org", "ada@example.org"),
            ("ADA.L+school@EXAMPLE.org", "ada.l+school@example.org"),
            ("e\u{301}lodie@exa\u{301}mple.org", "élodie@xn--exmple-qta.org"),
            ("ada@localhost", "ada@localhost"),
        ];
        for (text, normal) in same {
            assert_eq!(Email::parse(text).map(|email| email.0).as_deref(), Some(normal), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(250));
        for text in
            ["", "@", "ada@", "@example.org", "ada", "a b@example.org", "a@b@example.org", "ada@127.0.0.1", &long]
        {
            assert!(Email::parse(text).is_none(), "{text}");
        }
    }
}
