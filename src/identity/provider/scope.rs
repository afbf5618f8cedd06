//! The scopes that there are, and sets of them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a client may ask for.
///
/// Spec: O-112
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    OpenId,
    /// Name and picture.
    Profile,
    /// To stay signed in without the session: a refresh token.
    OfflineAccess,
    WebId,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::OpenId, Self::Profile, Self::OfflineAccess, Self::WebId];

    /// Reads one scope; `None` if there is none of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::OfflineAccess => "offline_access",
            Self::WebId => "webid",
        }
    }
}

/// A set of scopes, written with spaces between them.
///
/// ```
/// use cartable::identity::provider::{Scope, Scopes};
/// let scopes = Scopes::parse("webid openid email");
/// assert_eq!(scopes.to_string(), "openid webid");
/// assert!(scopes.contains(Scope::WebId) && !scopes.contains(Scope::Profile));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Reads a set; scopes that there are not are left out.
    ///
    /// Spec: rfc6749 §3.3
    pub fn parse(text: &str) -> Self {
        text.split(' ').filter_map(Scope::parse).collect()
    }

    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn is_subset(&self, of: &Self) -> bool {
        self.0.is_subset(&of.0)
    }

    /// Those that are in both sets.
    pub fn intersection(&self, other: &Self) -> Self {
        self.iter().filter(|scope| other.contains(*scope)).collect()
    }

    pub fn with(mut self, scope: Scope) -> Self {
        self.0.insert(scope);
        self
    }

    pub fn without(mut self, scope: Scope) -> Self {
        self.0.remove(&scope);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.iter().enumerate() {
            write!(f, "{}{}", if at == 0 { "" } else { " " }, scope.name())?;
        }
        Ok(())
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

impl From<String> for Scopes {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}
