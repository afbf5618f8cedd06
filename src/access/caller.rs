//! Who asks.

use std::sync::Arc;

/// An authenticated agent: every field was verified.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Agent {
    /// Compared byte for byte, fragment included.
    ///
    /// Spec: W-32
    pub webid: Arc<str>,
    /// The client id; `None` if the token names no client.
    pub client: Option<Arc<str>>,
    pub issuer: Arc<str>,
}

/// Who asks, as far as access decisions are concerned.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Caller {
    /// `None`: nobody in particular.
    pub agent: Option<Arc<Agent>>,
    /// The web origin of the page that sent the request, normalised (lower case, no default port).
    pub origin: Option<Arc<str>>,
}

impl Caller {
    /// The public: no credentials, no web page.
    pub fn public() -> Self {
        Self::default()
    }

    pub fn webid(&self) -> Option<&Arc<str>> {
        self.agent.as_ref().map(|agent| &agent.webid)
    }
}
