//! The settings: defaults, then `cartable.toml`, then `CARTABLE_…` variables, then flags.
//!
//! Each layer owns its section (such as [`crate::http::Config`]); this module merges them and remembers
//! where each value came from. A key that nobody knows is an error, since a misspelt limit protects nobody.

mod layers;
pub mod recorded;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::access::Origins;
use crate::address::{Addresses, BadBase};
use crate::identity::{self, account, upstream};
use crate::ingest;
use crate::mail;
use crate::secret::{self, Secret, SecretKey};
use crate::units::Size;

pub use layers::{Origin, Settings, VARIABLES_ASIDE};

/// The file that is read when none is named, if it is there.
pub const FILE: &str = "cartable.toml";

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{origin}: there is no setting `{key}`{}", nearest.as_deref().map(|key| format!("; did you mean `{key}`?")).unwrap_or_default())]
    Unknown { key: String, origin: Origin, nearest: Option<String> },
    #[error("{origin}: `{key}`: {reason}")]
    Value { key: String, origin: Origin, reason: String },
    #[error("`{key}` is a secret: set it by the variable {variable} instead of in a file or a flag")]
    Secret { key: String, variable: String },
    #[error("{}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[error("a flag `--set` takes KEY=VALUE, not `{0}`")]
    Flag(String),
    #[error("base_url: {0}")]
    Base(#[from] BadBase),
    #[error("webid_base: {0}")]
    WebIdBase(BadBase),
    #[error("upstream: {0}")]
    Upstream(#[from] upstream::Misconfigured),
    #[error("{0}")]
    Together(&'static str),
}

/// Where pods are, below the base address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// `{base_url}{name}/`
    Path,
    /// `https://{name}.{pods_host}/`
    Subdomain,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Log {
    Text,
    Json,
}

/// Certificate chain and key of the https listener, as PEM files: both or none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// Address and port of a plain listener that sends everything to https.
    pub redirect: Option<SocketAddr>,
}

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The address and port that the server listens on.
    pub listen: SocketAddr,
    /// The public address: an origin, https unless loopback. Default: `http://localhost:{port}/`.
    pub base_url: Option<String>,
    pub layout: Layout,
    /// The host whose sub-domains are pods; for the layout `subdomain`.
    pub pods_host: Option<String>,
    /// An origin of its own for WebIDs that stay when pods move, such as `https://id.example/`. People may choose one.
    ///
    /// Spec: M-51
    pub webid_base: Option<String>,
    /// Peers whose `Forwarded` and `X-Forwarded-*` fields are believed.
    pub trusted_proxies: Vec<IpNet>,
    pub tls: Tls,
    /// Origins of web pages that need no rule of their own to use what their user may use; `*` is every origin.
    ///
    /// Spec: W-66
    pub trusted_origins: Vec<String>,
    /// The data folder.
    pub data: PathBuf,
    /// The file of the secret key. Default: `{data}.key`, beside the data folder.
    pub key_file: Option<PathBuf>,
    /// The secret key itself; wins over the file. By variable only.
    pub secret_key: Option<Secret>,
    /// The most bytes a new pod may hold.
    pub quota: Option<Size>,
    pub log: Log,
    /// Which messages are logged: `info`, `warn`, `cartable=debug`, …
    pub log_filter: String,
    /// The address of the metrics page, for the operator's network only.
    pub metrics: Option<SocketAddr>,
    /// For developing: opens the JSON account API, lets `fetch` reach loopback over http.
    pub dev: bool,
    pub http: crate::http::Config,
    pub identity: identity::Config,
    /// Who may sign up, and on which terms.
    pub accounts: account::Config,
    /// How letters are sent.
    pub mail: mail::Config,
    /// How connectors bring data into pods.
    pub connectors: ingest::Config,
    /// Where the pay portal is.
    pub payslips: ingest::payslips::Config,
    /// The providers that people may sign in with, such as the platform of a school.
    ///
    /// Spec: O-301
    pub upstream: Vec<upstream::Config>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            base_url: None,
            layout: Layout::Path,
            pods_host: None,
            webid_base: None,
            trusted_proxies: Vec::new(),
            tls: Tls::default(),
            trusted_origins: vec!["*".into()],
            data: PathBuf::from("data"),
            key_file: None,
            secret_key: None,
            quota: None,
            log: Log::Text,
            log_filter: "info".into(),
            metrics: None,
            dev: false,
            http: crate::http::Config::default(),
            identity: identity::Config::default(),
            accounts: account::Config::default(),
            mail: mail::Config::default(),
            connectors: ingest::Config::default(),
            payslips: ingest::payslips::Config::default(),
            upstream: Vec::new(),
        }
    }
}

impl Config {
    /// The public addresses that the settings describe.
    ///
    /// Spec: O-101
    pub fn addresses(&self) -> Result<Addresses, Error> {
        let base = self.base_url.clone().unwrap_or_else(|| format!("http://localhost:{}/", self.listen.port()));
        let addresses = match (self.layout, &self.pods_host) {
            (Layout::Path, _) => Addresses::with_paths(&base)?,
            (Layout::Subdomain, Some(host)) => Addresses::with_subdomains(&base, host)?,
            (Layout::Subdomain, None) => return Err(Error::Together("the layout `subdomain` needs `pods_host`")),
        };
        match &self.webid_base {
            Some(webids) => addresses.with_webids(webids).map_err(Error::WebIdBase),
            None => Ok(addresses),
        }
    }

    /// The file of the secret key: beside the data folder, so that a copy of the data is not a copy of the key.
    pub fn key_file(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| beside(&self.data, ".key"))
    }

    /// The secret key: as it is given, or from its file, which is made if there is none.
    pub fn secret(&self) -> Result<SecretKey, secret::Error> {
        match &self.secret_key {
            Some(key) => SecretKey::from_text(key.reveal()),
            None => SecretKey::load_or_create(&self.key_file()),
        }
    }

    /// Which origins are trusted.
    ///
    /// Spec: W-66
    pub fn origins(&self) -> Origins {
        if self.trusted_origins.iter().any(|origin| origin == "*") {
            return Origins::Trusted;
        }
        let normal = |origin: &String| origin.trim_end_matches('/').to_ascii_lowercase().into();
        Origins::Strict(self.trusted_origins.iter().map(normal).collect())
    }

    /// Certificate and key of the https listener, if there is one.
    pub fn tls(&self) -> Option<(&Path, &Path)> {
        Some((self.tls.cert.as_deref()?, self.tls.key.as_deref()?))
    }

    /// Refuses settings that are fine one by one and make no sense together.
    fn check(&self) -> Result<(), Error> {
        if self.tls.cert.is_some() != self.tls.key.is_some() {
            return Err(Error::Together("`tls.cert` and `tls.key` go together: set both or none"));
        }
        if self.tls.redirect.is_some() && self.tls.cert.is_none() {
            return Err(Error::Together("`tls.redirect` needs `tls.cert` and `tls.key`"));
        }
        if !self.accounts.password_sign_in && self.upstream.is_empty() {
            return Err(Error::Together(
                "`accounts.password_sign_in = false` needs an `[[upstream]]` to come in through",
            ));
        }
        upstream::check(&self.upstream)?;
        self.addresses().map(|_| ())
    }
}

/// A path that continues the last segment of `folder`: `data` and `.key` give `data.key`.
fn beside(folder: &Path, suffix: &str) -> PathBuf {
    // Components drop a trailing slash, which would hide the file in the folder.
    let mut name = folder.components().collect::<PathBuf>().into_os_string();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_lies_beside_the_data() {
        for (data, key) in [("data", "data.key"), ("/srv/cartable/", "/srv/cartable.key"), ("./d", "./d.key")] {
            let config = Config { data: data.into(), ..Config::default() };
            assert_eq!(config.key_file(), PathBuf::from(key), "{data}");
        }
    }

    #[test]
    fn the_base_address_follows_the_port() {
        let config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 4100)), ..Config::default() };
        assert_eq!(config.addresses().unwrap().base(), "http://localhost:4100/");
    }

    #[test]
    fn settings_must_fit_together() {
        let half_tls = Config { tls: Tls { cert: Some("a.pem".into()), ..Tls::default() }, ..Config::default() };
        let no_host = Config { layout: Layout::Subdomain, ..Config::default() };
        let http_outside = Config { base_url: Some("http://pods.example/".into()), ..Config::default() };
        for config in [half_tls, no_host, http_outside] {
            assert!(config.check().is_err(), "{config:?}");
        }
    }
}
