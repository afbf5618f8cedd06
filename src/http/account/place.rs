//! The places of the account API.

use http::Method;

/// Where the API begins.
pub(super) const ROOT: &str = "/.account/";
/// The name of an account's one password.
pub(super) const PASSWORD: &str = "password";

/// A place of the API. Those below an account, which is named, are its own only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Index,
    Logins,
    PasswordLogin,
    Accounts,
    Own(String, Own),
}

/// A place below an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Own {
    Account,
    Logout,
    Passwords,
    Password,
    Pods,
    Pod(String),
    WebIds,
    WebId(String),
    Credentials,
    Credential(String),
}

impl Place {
    /// The place at a path, with or without its final slash.
    ///
    /// Spec: O-201
    pub(super) fn at(path: &str) -> Option<Self> {
        let below = path.strip_prefix(ROOT)?;
        let segments: Vec<&str> = below.strip_suffix('/').unwrap_or(below).split('/').collect();
        Some(match segments.as_slice() {
            [""] => Self::Index,
            ["login"] => Self::Logins,
            ["login", "password"] => Self::PasswordLogin,
            ["account"] => Self::Accounts,
            ["account", account, rest @ ..] => Self::Own((*account).to_owned(), Own::at(rest)?),
            _ => return None,
        })
    }

    pub(super) fn methods(&self) -> &'static str {
        match self {
            Self::Index | Self::Logins | Self::Own(_, Own::Account | Own::Pod(_)) => "GET, HEAD",
            Self::PasswordLogin
            | Self::Accounts
            | Self::Own(_, Own::Passwords | Own::Pods | Own::WebIds | Own::Credentials) => "GET, HEAD, POST",
            Self::Own(_, Own::Logout) => "POST",
            Self::Own(_, Own::Password) => "POST, DELETE",
            Self::Own(_, Own::WebId(_)) => "DELETE",
            Self::Own(_, Own::Credential(_)) => "GET, HEAD, DELETE",
        }
    }
}

impl Own {
    /// Whether a request there changes what opens the account or who speaks for it.
    ///
    /// Spec: O-204, O-343
    pub(super) fn needs_care(&self, method: &Method) -> bool {
        match self {
            Self::Passwords | Self::WebIds | Self::Credentials => *method == Method::POST,
            Self::Password | Self::WebId(_) | Self::Credential(_) => *method == Method::DELETE,
            // Changing the password asks for the old one.
            Self::Account | Self::Logout | Self::Pods | Self::Pod(_) => false,
        }
    }

    fn at(segments: &[&str]) -> Option<Self> {
        Some(match *segments {
            [] => Self::Account,
            ["logout"] => Self::Logout,
            ["login", "password"] => Self::Passwords,
            ["login", "password", PASSWORD] => Self::Password,
            ["pod"] => Self::Pods,
            ["pod", name] => Self::Pod(name.to_owned()),
            ["webid"] => Self::WebIds,
            ["webid", link] => Self::WebId(link.to_owned()),
            ["client-credentials"] => Self::Credentials,
            ["client-credentials", id] => Self::Credential(id.to_owned()),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_its_path() {
        let own = |own| Some(Place::Own("a1".into(), own));
        for (path, place) in [
            ("/.account/", Some(Place::Index)),
            ("/.account/login/password/", Some(Place::PasswordLogin)),
            ("/.account/account/", Some(Place::Accounts)),
            ("/.account/account", Some(Place::Accounts)),
            ("/.account/account/a1/", own(Own::Account)),
            ("/.account/account/a1/login/password/", own(Own::Passwords)),
            ("/.account/account/a1/login/password/password/", own(Own::Password)),
            ("/.account/account/a1/client-credentials/c/", own(Own::Credential("c".into()))),
            ("/.account/account/a1/elsewhere/", None),
            ("/.account/files/", None),
            ("/.account", None),
            ("/", None),
        ] {
            assert_eq!(Place::at(path), place, "{path}");
        }
    }
}
