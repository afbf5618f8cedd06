//! A place in a pod: canonical paths, the slash rules, and the names reserved for auxiliary resources.
//!
//! A path is parsed once, here, from the raw request target; everything behind trusts the type.
//! What a path looks like as a URL is the business of [`crate::address`]; no path ever names a file
//! on disk.

use std::fmt;
use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Suffix of the access control list of a resource.
pub const ACL_SUFFIX: &str = ".acl";
/// Suffix of the description of a resource.
pub const DESCRIPTION_SUFFIX: &str = ".meta";
/// Names directly under a pod's root that belong to the server.
pub const RESERVED: [&str; 3] = [".well-known", ".grants", ".xapi"];

/// Everything that may not stand for itself in a path segment (RFC 3986 §3.3, `pchar`).
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Why a request target is no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("a percent sign is not followed by two hexadecimal digits")]
    PercentEncoding,
    #[error("the path is not UTF-8")]
    NotUtf8,
    #[error("the path holds a control character")]
    ControlCharacter,
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    #[error("the path is longer than {MAX_PATH} bytes or deeper than {MAX_DEPTH} levels")]
    TooLong,
}

/// The longest canonical path, in bytes.
pub const MAX_PATH: usize = 4096;
/// The most segments of a path; one `locate` looks at each of them.
pub const MAX_DEPTH: usize = 64;

/// Brings the path of a request target into its one canonical form.
///
/// Segments are percent-decoded as UTF-8 and encoded again where RFC 3986 demands it, so that `%41`
/// and `A` are one name while an encoded slash stays encoded. Repeated slashes collapse and dot
/// segments are resolved, without climbing above the root.
///
/// Spec: P-26, P-27, P-28, P-29, P-30
///
/// ```
/// use cartable::path::canonical;
/// assert_eq!(canonical("/a/%41//b/../%7Ec%2f").unwrap(), "/a/A/~c%2F");
/// ```
pub fn canonical(raw: &str) -> Result<String, Malformed> {
    if raw.len() > 3 * MAX_PATH {
        return Err(Malformed::TooLong);
    }
    let Some(rest) = raw.strip_prefix('/') else { return Err(Malformed::NotAbsolute) };
    let mut segments: Vec<String> = Vec::new();
    let mut ends_with_slash = true;
    for raw_segment in rest.split('/') {
        let segment = decode(raw_segment)?;
        ends_with_slash = true;
        match segment.as_str() {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => {
                segments.push(utf8_percent_encode(&segment, ENCODED).to_string());
                ends_with_slash = false;
            }
        }
    }
    let mut path = format!("/{}", segments.join("/"));
    if ends_with_slash && !segments.is_empty() {
        path.push('/');
    }
    if path.len() > MAX_PATH || segments.len() > MAX_DEPTH {
        return Err(Malformed::TooLong);
    }
    Ok(path)
}

/// Decodes one segment and refuses what no name may hold.
fn decode(segment: &str) -> Result<String, Malformed> {
    let bytes = segment.as_bytes();
    let complete = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
    if (0..bytes.len()).any(|at| bytes[at] == b'%' && !complete(at)) {
        return Err(Malformed::PercentEncoding);
    }
    let decoded = percent_encoding::percent_decode_str(segment).decode_utf8().map_err(|_| Malformed::NotUtf8)?;
    if decoded.chars().any(char::is_control) {
        return Err(Malformed::ControlCharacter);
    }
    Ok(decoded.into_owned())
}

/// The name of a pod: 3 to 40 of `a-z`, `0-9` and `-`, beginning and ending with a letter or digit.
///
/// Spec: O-327
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodName(Arc<str>);

impl PodName {
    /// Reads a pod name; `None` if it is not one.
    pub fn parse(name: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let ends = [name.bytes().next(), name.bytes().last()];
        let well_formed = (3..=40).contains(&name.len())
            && name.bytes().all(|byte| plain(byte) || byte == b'-')
            && ends.into_iter().flatten().all(plain);
        well_formed.then(|| Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the last segment says a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ends with a slash.
    Container,
    /// Anything else a client names.
    Document,
    /// The access control list of its subject.
    Acl,
    /// The description of its subject.
    Description,
    /// An auxiliary resource of an auxiliary resource, or a container named like one: it never exists.
    ///
    /// Spec: P-33, P-34
    Impossible,
}

/// A canonical place in a pod.
///
/// `local` begins with a slash and is relative to the pod's root: `/notes/today.ttl`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourcePath {
    pod: PodName,
    local: Arc<str>,
}

impl ResourcePath {
    /// Builds a path from a pod and a raw local path.
    pub fn parse(pod: PodName, raw: &str) -> Result<Self, Malformed> {
        Ok(Self { pod, local: canonical(raw)?.into() })
    }

    /// The pod's root container.
    pub fn root(pod: PodName) -> Self {
        Self { pod, local: "/".into() }
    }

    /// Trusts a local path that a canonical path was made of, as storage keeps it.
    pub fn trusted(pod: PodName, local: &str) -> Self {
        Self { pod, local: local.into() }
    }

    pub fn pod(&self) -> &PodName {
        &self.pod
    }

    /// The path inside the pod, beginning with a slash.
    pub fn local(&self) -> &str {
        &self.local
    }

    pub fn is_root(&self) -> bool {
        &*self.local == "/"
    }

    /// The slash alone decides.
    ///
    /// Spec: solid#server-uri-trailing-slash-distinct
    pub fn is_container(&self) -> bool {
        self.local.ends_with('/')
    }

    /// The last segment, with its trailing slash if it is a container; empty for the root.
    pub fn name(&self) -> &str {
        let end = self.local.len() - usize::from(self.is_container());
        let start = self.local[..end].rfind('/').map_or(0, |slash| slash + 1);
        if self.is_root() { "" } else { &self.local[start..] }
    }

    /// The container that holds this place; `None` for the root.
    ///
    /// Spec: solid#server-basic-container
    pub fn container(&self) -> Option<ContainerPath> {
        if self.is_root() {
            return None;
        }
        let holder = &self.local[..self.local.len() - self.name().len()];
        Some(ContainerPath(Self { pod: self.pod.clone(), local: holder.into() }))
    }

    /// The containers above, nearest first, the root last.
    pub fn ancestors(&self) -> impl Iterator<Item = ContainerPath> {
        std::iter::successors(self.container(), |above| above.container())
    }

    /// Whether this place lies below `container`.
    pub fn is_below(&self, container: &ContainerPath) -> bool {
        self.pod == container.pod
            && self.local.len() > container.local.len()
            && self.local.starts_with(container.local())
    }

    /// The same name with the other slash form; `None` for the root.
    ///
    /// Spec: P-19
    pub fn twin(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let local = self.local.strip_suffix('/').map_or_else(|| format!("{}/", self.local), str::to_owned);
        Some(Self { pod: self.pod.clone(), local: local.into() })
    }

    /// What this place can be.
    ///
    /// Spec: P-32, P-33, P-34
    pub fn role(&self) -> Role {
        let name = self.name();
        let auxiliary = |name: &str| name.ends_with(ACL_SUFFIX) || name.ends_with(DESCRIPTION_SUFFIX);
        if let Some(inner) = name.strip_suffix('/') {
            return if auxiliary(inner) { Role::Impossible } else { Role::Container };
        }
        let (role, subject) = match (name.strip_suffix(ACL_SUFFIX), name.strip_suffix(DESCRIPTION_SUFFIX)) {
            (Some(subject), _) => (Role::Acl, subject),
            (_, Some(subject)) => (Role::Description, subject),
            _ if self.is_root() => return Role::Container,
            _ => return Role::Document,
        };
        if auxiliary(subject) { Role::Impossible } else { role }
    }

    /// The resource that an auxiliary resource belongs to; itself otherwise.
    pub fn subject(&self) -> Self {
        let suffix = match self.role() {
            Role::Acl => ACL_SUFFIX,
            Role::Description => DESCRIPTION_SUFFIX,
            _ => return self.clone(),
        };
        Self { pod: self.pod.clone(), local: self.local[..self.local.len() - suffix.len()].into() }
    }

    /// The access control list of this resource.
    pub fn acl(&self) -> Self {
        self.with_suffix(ACL_SUFFIX)
    }

    /// The description of this resource.
    pub fn description(&self) -> Self {
        self.with_suffix(DESCRIPTION_SUFFIX)
    }

    fn with_suffix(&self, suffix: &str) -> Self {
        Self { pod: self.pod.clone(), local: format!("{}{suffix}", self.local).into() }
    }

    /// The reserved name directly under the root that this path is, or lies below.
    ///
    /// Spec: P-43, W-94
    pub fn reserved(&self) -> Option<&'static str> {
        let first = self.local[1..].split('/').next()?;
        RESERVED.into_iter().find(|name| *name == first)
    }

    /// This path as a container, if it ends with a slash.
    pub fn as_container(&self) -> Option<ContainerPath> {
        self.is_container().then(|| ContainerPath(self.clone()))
    }

    /// The same place below `to` instead of below `from`; `None` if it is not below (or at) `from`.
    pub fn rebased(&self, from: &Self, to: &Self) -> Option<Self> {
        let rest = self.local.strip_prefix(from.local())?;
        Some(Self { pod: to.pod.clone(), local: format!("{}{rest}", to.local).into() })
    }
}

impl fmt::Display for ResourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.pod, self.local)
    }
}

/// A [`ResourcePath`] that ends with a slash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContainerPath(ResourcePath);

impl ContainerPath {
    pub fn root(pod: PodName) -> Self {
        Self(ResourcePath::root(pod))
    }

    /// A member of this container.
    pub fn child(&self, name: &Name) -> ResourcePath {
        ResourcePath { pod: self.0.pod.clone(), local: format!("{}{}", self.0.local, name.0).into() }
    }
}

impl std::ops::Deref for ContainerPath {
    type Target = ResourcePath;

    fn deref(&self) -> &ResourcePath {
        &self.0
    }
}

impl From<ContainerPath> for ResourcePath {
    fn from(container: ContainerPath) -> Self {
        container.0
    }
}

/// One canonical segment, with a trailing slash if it names a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// Makes a name from plain (decoded) text; `None` if the text cannot be a name.
    pub fn of(text: &str, container: bool) -> Option<Self> {
        if matches!(text, "" | "." | "..") || text.chars().any(char::is_control) || text.len() > 255 {
            return None;
        }
        let slash = if container { "/" } else { "" };
        Some(Self(format!("{}{slash}", utf8_percent_encode(text, ENCODED)).into()))
    }

    /// Trusts a name that a canonical path was cut into, as storage keeps it.
    pub fn trusted(name: &str) -> Self {
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
