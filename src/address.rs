//! Where pods live on the web: the mapping between URLs and [`ResourcePath`]s, for both layouts.
//!
//! Every absolute URL of a pod that the server prints or recognises is built or read here.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use url::{Host, Url};

use crate::path::{Malformed, PodName, ResourcePath};

/// Names on the base host that belong to the server.
pub const HOUSE: [&str; 5] = [".well-known", ".account", ".oidc", ".notifications", ".share"];

/// How pods are laid out below the base address.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Layout {
    /// `{base}{name}/`
    Path,
    /// `https://{name}.{host}/`, with the base's scheme.
    Subdomain { host: Arc<str> },
}

/// What a request's host and path name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A place in a pod. Whether the pod exists is not known here.
    Pod(ResourcePath),
    /// A place of the server itself, as a canonical path: `/`, `/.well-known/…`, `/.account/…`.
    House(String),
    /// The document of the WebID of this name, on the host for WebIDs. Whether there is one is not known here.
    WebId(PodName),
    /// Nothing can be there: the first segment is no pod name.
    Nowhere,
}

/// Why a request names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    #[error("this host is not served here")]
    UnknownHost,
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Why a base address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBase {
    #[error("`{0}` is not an origin: write scheme, host and port only, such as https://example.org/")]
    NotAnOrigin(String),
    #[error("`{0}` must use https; http is for loopback addresses only")]
    NotSecure(String),
    #[error("`{0}` is not a host name")]
    BadHost(String),
    #[error("`{0}` needs the scheme of the base address, and a host of its own")]
    NotApart(String),
}

/// The public addresses of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Ends with a slash, as the issuer does.
    base: Arc<str>,
    scheme: &'static str,
    authority: Arc<str>,
    layout: Layout,
    /// The host for WebIDs, if they have one of their own.
    webids: Option<Arc<str>>,
}

impl Addresses {
    /// Pods at `{base}{name}/`.
    pub fn with_paths(base: &str) -> Result<Self, BadBase> {
        let url = origin(base)?;
        let scheme = if url.scheme() == "https" { "https" } else { "http" };
        let (base, authority) = (url.as_str().into(), authority(&url).into());
        Ok(Self { base, scheme, authority, layout: Layout::Path, webids: None })
    }

    /// Pods at `{name}.{pods_host}`; `pods_host` may carry a port.
    pub fn with_subdomains(base: &str, pods_host: &str) -> Result<Self, BadBase> {
        let whole = Self::with_paths(base)?;
        let url = Url::parse(&format!("{}://{pods_host}/", whole.scheme))
            .ok()
            .filter(|url| matches!(url.host(), Some(Host::Domain(_))) && url.path() == "/" && url.query().is_none())
            .ok_or_else(|| BadBase::BadHost(pods_host.to_owned()))?;
        Ok(Self { layout: Layout::Subdomain { host: authority(&url).into() }, ..whole })
    }

    /// The same addresses, and a host on which WebIDs live that stay when pods move.
    ///
    /// Spec: M-51
    pub fn with_webids(self, webid_base: &str) -> Result<Self, BadBase> {
        let url = origin(webid_base)?;
        let host = authority(&url);
        let is_pods_host = matches!(&self.layout, Layout::Subdomain { host: pods } if **pods == *host);
        if url.scheme() != self.scheme || *host == *self.authority || is_pods_host {
            return Err(BadBase::NotApart(webid_base.to_owned()));
        }
        Ok(Self { webids: Some(host.into()), ..self })
    }

    /// The base address: issuer and account host. Ends with a slash.
    ///
    /// Spec: O-101
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The scheme of every URL of this server: https, unless it serves this machine only.
    ///
    /// Spec: oidc#security-tls
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The public port.
    pub fn port(&self) -> u16 {
        let url = Url::parse(&self.base).ok();
        url.and_then(|url| url.port_or_known_default()).unwrap_or(443)
    }

    /// The public host, without a port.
    pub fn host(&self) -> &str {
        self.authority.strip_suffix(&format!(":{}", self.port())).unwrap_or(&self.authority)
    }

    /// Whether the base address is plain http, which only loopback addresses may be.
    pub fn is_loopback_http(&self) -> bool {
        self.scheme == "http"
    }

    /// The URL of a place in a pod. A pod is a host or the first segment of a path, so none lies within another.
    ///
    /// Spec: solid#server-storage, solid#server-storage-nonoverlapping, P-38
    pub fn iri(&self, path: &ResourcePath) -> String {
        match &self.layout {
            Layout::Path => format!("{}{}{}", self.base, path.pod(), path.local()),
            Layout::Subdomain { host } => format!("{}://{}.{host}{}", self.scheme, path.pod(), path.local()),
        }
    }

    /// Whether there is a host for WebIDs.
    pub fn has_webids(&self) -> bool {
        self.webids.is_some()
    }

    /// The WebID of this name on the host for WebIDs; `None` if there is no such host.
    ///
    /// Spec: M-51
    pub fn webid(&self, name: &PodName) -> Option<String> {
        Some(format!("{}://{}/{name}#me", self.scheme, self.webids.as_ref()?))
    }

    /// Whose WebID this is on the host for WebIDs; `None` if it is none of those.
    pub fn webid_name(&self, webid: &str) -> Option<PodName> {
        let url = Url::parse(webid).ok()?;
        let Ok(Place::WebId(name)) = self.place(&authority(&url), url.path()) else { return None };
        (self.webid(&name)? == webid).then_some(name)
    }

    /// Whether a pod of this name would be where the house is, or the WebIDs.
    pub fn is_house(&self, name: &PodName) -> bool {
        let Layout::Subdomain { host } = &self.layout else { return false };
        let host = format!("{name}.{host}");
        *host == *self.authority || self.webids.as_ref().is_some_and(|webids| **webids == *host)
    }

    /// What a request for `raw_path` at `host` (as in the `Host` field) names.
    ///
    /// Spec: P-15, P-36, O-19
    pub fn place(&self, host: &str, raw_path: &str) -> Result<Place, Misplaced> {
        let host = self.normal_authority(host).ok_or(Misplaced::UnknownHost)?;
        if self.webids.as_ref().is_some_and(|webids| **webids == *host) {
            let path = crate::path::canonical(raw_path)?;
            return Ok(PodName::parse(&path[1..]).map_or(Place::Nowhere, Place::WebId));
        }
        // The server's own host may lie among those of pods.
        if *host != *self.authority
            && let Layout::Subdomain { host: pods } = &self.layout
            && let Some(name) = host.strip_suffix(&**pods).and_then(|name| name.strip_suffix('.'))
        {
            let name = PodName::parse(name).ok_or(Misplaced::UnknownHost)?;
            return Ok(Place::Pod(ResourcePath::parse(name, raw_path)?));
        }
        if *host != *self.authority {
            return Err(Misplaced::UnknownHost);
        }
        let path = crate::path::canonical(raw_path)?;
        let first = path[1..].split('/').next().unwrap_or_default();
        if first.is_empty() || HOUSE.contains(&first) || self.layout != Layout::Path {
            return Ok(Place::House(path));
        }
        let slash = path.len() > first.len() + 1;
        let Some(name) = PodName::parse(first) else { return Ok(Place::Nowhere) };
        // `/demo` without its slash is not in the pod; it is the twin of the pod's root.
        if !slash {
            return Ok(Place::House(path));
        }
        Ok(Place::Pod(ResourcePath::trusted(name, &path[1 + first.len()..])))
    }

    /// The place that an absolute URL of ours names, without its query and fragment.
    pub fn path_of(&self, iri: &str) -> Option<ResourcePath> {
        let url = Url::parse(iri).ok()?;
        if url.scheme() != self.scheme || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        match self.place(&authority(&url), url.path()).ok()? {
            Place::Pod(path) => Some(path),
            _ => None,
        }
    }

    /// Whether a request could name this place: its address is neither too long nor too deep.
    pub fn reaches(&self, path: &ResourcePath) -> bool {
        self.path_of(&self.iri(path)).is_some_and(|reached| reached == *path)
    }

    /// Whether an absolute URL points at this server, pods and house alike.
    pub fn is_ours(&self, url: &Url) -> bool {
        url.scheme() == self.scheme && self.place(&authority(url), "/").is_ok()
    }

    /// Lower-cases a host and drops the default port.
    fn normal_authority<'h>(&self, host: &'h str) -> Option<Cow<'h, str>> {
        // Nearly every request names our own host as we write it.
        if *host == *self.authority {
            return Some(Cow::Borrowed(host));
        }
        if host.is_empty() || host.contains(['/', '\\', '*', '@', '?', '#']) {
            return None;
        }
        Some(Cow::Owned(authority(&Url::parse(&format!("{}://{host}/", self.scheme)).ok()?)))
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

/// Reads a base address: an origin without path, https unless loopback.
fn origin(base: &str) -> Result<Url, BadBase> {
    let not_an_origin = || BadBase::NotAnOrigin(base.to_owned());
    let url = Url::parse(base).map_err(|_| not_an_origin())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if !bare || !anonymous || !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(not_an_origin());
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(BadBase::NotSecure(base.to_owned()));
    }
    Ok(url)
}

/// Whether a URL's host is this machine, by name or number.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Host and non-default port, as the `Host` field carries them.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(place: &Place) -> String {
        match place {
            Place::Pod(path) => path.to_string(),
            Place::House(path) => format!("house {path}"),
            Place::WebId(name) => format!("webid {name}"),
            Place::Nowhere => "nowhere".to_owned(),
        }
    }

    /// Shows: P-36, P-38, O-101
    #[test]
    fn addresses_with_paths() {
        let addresses = Addresses::with_paths("https://Pods.example:443").unwrap();
        assert_eq!(addresses.base(), "https://pods.example/");
        for (host, path, place) in [
            ("pods.example", "/demo/a", "demo/a"),
            ("PODS.example:443", "/demo/", "demo/"),
            ("pods.example", "/demo", "house /demo"),
            ("pods.example", "/", "house /"),
            ("pods.example", "/.oidc/token", "house /.oidc/token"),
            ("pods.example", "/x/../demo/a", "demo/a"),
            ("pods.example", "/No/a", "nowhere"),
        ] {
            assert_eq!(pod(&addresses.place(host, path).unwrap()), place, "{host} {path}");
        }
        for host in ["other.example", "pods.example:8443", "", "a/b", "a@pods.example"] {
            assert_eq!(addresses.place(host, "/"), Err(Misplaced::UnknownHost), "{host}");
        }
    }

    /// Shows: P-36, P-38
    #[test]
    fn addresses_with_subdomains() {
        let addresses = Addresses::with_subdomains("https://id.example/", "pods.example").unwrap();
        assert_eq!(pod(&addresses.place("demo.pods.example", "/a").unwrap()), "demo/a");
        assert_eq!(pod(&addresses.place("id.example", "/demo/a").unwrap()), "house /demo/a");
        assert_eq!(addresses.place("pods.example", "/"), Err(Misplaced::UnknownHost));
        assert_eq!(addresses.place("a.b.pods.example", "/"), Err(Misplaced::UnknownHost));
        let path = addresses.path_of("https://demo.pods.example/x/y").unwrap();
        assert_eq!(addresses.iri(&path), "https://demo.pods.example/x/y");
    }

    /// Shows: P-36
    #[test]
    fn the_house_may_be_among_the_pods() {
        let addresses = Addresses::with_subdomains("https://accounts.pods.example/", "pods.example").unwrap();
        assert_eq!(pod(&addresses.place("accounts.pods.example", "/a").unwrap()), "house /a");
        assert_eq!(pod(&addresses.place("demo.pods.example", "/a").unwrap()), "demo/a");
        let name = |name| PodName::parse(name).unwrap();
        assert!(addresses.is_house(&name("accounts")) && !addresses.is_house(&name("demo")));
    }

    /// Shows: M-51, P-36
    #[test]
    fn webids_on_a_host_of_their_own() {
        for (base, pods, webids) in [
            ("https://pods.example/", None, "https://id.example"),
            ("https://account.pods.example/", Some("pods.example"), "https://webid.pods.example/"),
        ] {
            let plain = match pods {
                None => Addresses::with_paths(base).unwrap(),
                Some(pods) => Addresses::with_subdomains(base, pods).unwrap(),
            };
            let addresses = plain.clone().with_webids(webids).unwrap();
            let host = webids.trim_end_matches('/').trim_start_matches("https://");
            for (path, found) in [("/ada", "webid ada"), ("/ada/", "nowhere"), ("/", "nowhere"), ("/.acl", "nowhere")] {
                assert_eq!(pod(&addresses.place(host, path).unwrap()), found, "{host}{path}");
            }
            let name = PodName::parse("ada").unwrap();
            let webid = addresses.webid(&name).unwrap();
            assert_eq!(webid, format!("https://{host}/ada#me"));
            assert_eq!(addresses.webid_name(&webid), Some(name.clone()));
            for other in [format!("https://{host}/ada"), format!("https://{host}/ada?x#me"), format!("{base}ada#me")] {
                assert_eq!(addresses.webid_name(&other), None, "{other}");
            }
            assert_eq!((plain.webid(&name), plain.webid_name(&webid)), (None, None));
            assert_eq!(pod(&addresses.place(&base[8..base.len() - 1], "/").unwrap()), "house /");
            assert!(addresses.is_ours(&Url::parse(&webid).unwrap()));
            for name in ["account", "webid", "ada"] {
                assert_eq!(
                    addresses.is_house(&PodName::parse(name).unwrap()),
                    pods.is_some() && name != "ada",
                    "{name}"
                );
            }
        }
        let hosts = Addresses::with_subdomains("https://id.example/", "pods.example").unwrap();
        for webids in ["https://id.example/", "https://pods.example/", "http://localhost/", "https://a.example/x"] {
            assert!(hosts.clone().with_webids(webids).is_err(), "{webids}");
        }
    }

    #[test]
    fn urls_and_paths_go_back_and_forth() {
        for addresses in [
            Addresses::with_paths("http://localhost:3000/").unwrap(),
            Addresses::with_subdomains("https://id.example/", "pods.example:8443").unwrap(),
        ] {
            let path = ResourcePath::parse(PodName::parse("demo").unwrap(), "/a b/c,d").unwrap();
            assert_eq!(addresses.path_of(&addresses.iri(&path)), Some(path));
            assert_eq!(addresses.path_of("https://elsewhere.example/demo/a"), None);
        }
    }

    #[test]
    fn a_base_is_a_secure_origin() {
        for base in
            ["https://a.example", "http://localhost:3000", "http://127.0.0.1/", "http://[::1]:1/", "http://x.localhost"]
        {
            assert!(Addresses::with_paths(base).is_ok(), "{base}");
        }
        for base in [
            "http://a.example",
            "https://a.example/x",
            "https://a.example/?x",
            "ftp://a.example",
            "a.example",
            "https://u@a.example/",
        ] {
            assert!(Addresses::with_paths(base).is_err(), "{base}");
        }
    }
}
