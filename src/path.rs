//! A place in a pod: canonical paths, the slash rules, and the names reserved for auxiliary resources.
//!
//! A path is parsed once, here, from the raw request target; everything behind trusts the type.
//! What a path looks like as a URL is the business of [`crate::address`]; no path ever names a file
//! on disk.

use std::fmt;
use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};

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
/// Spec: P-26, P-27, P-28, P-29, P-30, P-31
///
/// ```
/// use cartable::path::canonical;
/// assert_eq!(canonical("/a/%41//b/../%7Ec%2f").unwrap(), "/a/A/~c%2F");
/// ```
pub fn canonical(raw: &str) -> Result<String, Malformed> {
    if is_plain(raw) { Ok(raw.to_owned()) } else { rebuilt(raw) }
}

/// Whether a path is its own canonical form at first sight, as nearly all are.
fn is_plain(raw: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
    let follows = |pair: &[u8]| plain(pair[1]) || (pair[0] != b'/' && b"./".contains(&pair[1]));
    let bytes = raw.as_bytes();
    bytes.first() == Some(&b'/')
        && bytes.len() <= MAX_PATH
        && raw.matches('/').count() <= MAX_DEPTH
        && bytes.windows(2).all(follows)
}

fn rebuilt(raw: &str) -> Result<String, Malformed> {
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

impl TryFrom<String> for PodName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name).ok_or("not a pod name")
    }
}

impl From<PodName> for String {
    fn from(name: PodName) -> Self {
        name.as_str().to_owned()
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
    /// Spec: solid#server-basic-container, P-24, P-65
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

    /// Whether this is an ACL or a description.
    pub fn is_auxiliary(&self) -> bool {
        matches!(self.role(), Role::Acl | Role::Description)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pod() -> PodName {
        PodName::parse("demo").unwrap()
    }

    fn path(local: &str) -> ResourcePath {
        ResourcePath::parse(pod(), local).unwrap()
    }

    /// Shows: P-26, P-27, P-29, P-30, P-31
    #[test]
    fn canonical_forms() {
        for (raw, form) in [
            ("/", "/"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("/%41", "/A"),
            ("/%7e", "/~"),
            ("/a b", "/a%20b"),
            ("/a%20b", "/a%20b"),
            ("/é", "/%C3%A9"),
            ("/%c3%a9", "/%C3%A9"),
            ("/a%2fb", "/a%2Fb"),
            ("/a%5cb", "/a%5Cb"),
            ("/a\\b", "/a%5Cb"),
            ("/a%252Fb", "/a%252Fb"),
            ("/a%25252fb", "/a%25252fb"),
            ("//a///b//", "/a/b/"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/../../a", "/a"),
            ("/a/%2e%2E/b", "/b"),
            ("/a/.%2e/b", "/b"),
            ("/...", "/..."),
            ("/a,b;c=d:@!$&'()*+", "/a,b;c=d:@!$&'()*+"),
            ("/x$.ttl", "/x$.ttl"),
            ("/.%61cl", "/.acl"),
        ] {
            assert_eq!(canonical(raw).as_deref(), Ok(form), "{raw}");
        }
        assert_ne!(canonical("/A"), canonical("/a"));
    }

    /// Shows: P-28
    #[test]
    fn what_is_no_path() {
        for (raw, error) in [
            ("/%zz", Malformed::PercentEncoding),
            ("/%4", Malformed::PercentEncoding),
            ("/%", Malformed::PercentEncoding),
            ("/%ff", Malformed::NotUtf8),
            ("/%c3", Malformed::NotUtf8),
            ("/a%00b", Malformed::ControlCharacter),
            ("/a%0ab", Malformed::ControlCharacter),
            ("/%C2%85", Malformed::ControlCharacter),
            ("a", Malformed::NotAbsolute),
            ("", Malformed::NotAbsolute),
        ] {
            assert_eq!(canonical(raw), Err(error), "{raw}");
        }
        assert_eq!(canonical(&format!("/{}", "a".repeat(MAX_PATH))), Err(Malformed::TooLong));
        assert_eq!(canonical(&"/a".repeat(MAX_DEPTH + 1)), Err(Malformed::TooLong));
    }

    proptest! {
        /// Shows: P-26
        #[test]
        fn canonical_form_is_idempotent(raw in "/[a-cA-C%/.0-9é \\\\]{0,24}") {
            if let Ok(form) = canonical(&raw) {
                prop_assert_eq!(canonical(&form), Ok(form.clone()));
            }
        }

        #[test]
        fn what_is_plain_needs_no_rebuilding(raw in "/[ab/._~%-]{0,24}") {
            if is_plain(&raw) {
                prop_assert_eq!(rebuilt(&raw), Ok(raw));
            }
        }

        /// Two paths are one exactly if their decoded segments are.
        ///
        /// Shows: P-26, P-27
        #[test]
        fn canonical_form_is_injective(
            a in prop::collection::vec("[a-b%/\\\\.é ]{1,4}", 1..4),
            b in prop::collection::vec("[a-b%/\\\\.é ]{1,4}", 1..4),
        ) {
            let encode = |segments: &[String]| {
                let encoded = segments.iter().map(|s| percent_encoding::utf8_percent_encode(s, percent_encoding::NON_ALPHANUMERIC).to_string());
                format!("/{}", encoded.collect::<Vec<_>>().join("/"))
            };
            let special = |segments: &[String]| segments.iter().any(|s| s == "." || s == "..");
            prop_assume!(!special(&a) && !special(&b));
            prop_assert_eq!(canonical(&encode(&a)) == canonical(&encode(&b)), a == b);
        }

        /// Shows: P-27, P-29
        #[test]
        fn canonical_paths_hold_no_trap(raw in "\\PC{0,40}") {
            if let Ok(form) = canonical(&format!("/{raw}")) {
                prop_assert!(form.bytes().all(|b| b.is_ascii_graphic() && b != b'\\'));
                prop_assert!(!form.contains("//"));
                prop_assert!(form.split('/').all(|segment| segment != "." && segment != ".."));
            }
        }

        #[test]
        fn nothing_makes_it_panic(raw in prop::collection::vec(any::<char>(), 0..30)) {
            let raw: String = raw.into_iter().collect();
            if let Ok(path) = ResourcePath::parse(pod(), &raw) {
                prop_assert!(path.subject().local().starts_with('/'));
                prop_assert_eq!(path.ancestors().last().is_none(), path.is_root());
                prop_assert!(path.ancestors().all(|above| path.is_below(&above)));
            }
        }
    }

    /// Shows: P-32, P-33, P-34, solid#server-uri-trailing-slash-distinct
    #[test]
    fn the_name_says_what_a_resource_is() {
        for (local, role, subject) in [
            ("/", Role::Container, "/"),
            ("/a", Role::Document, "/a"),
            ("/a/", Role::Container, "/a/"),
            ("/a.acl", Role::Acl, "/a"),
            ("/a/.acl", Role::Acl, "/a/"),
            ("/.acl", Role::Acl, "/"),
            ("/.meta", Role::Description, "/"),
            ("/a.meta", Role::Description, "/a"),
            ("/a.ACL", Role::Document, "/a.ACL"),
            ("/acl", Role::Document, "/acl"),
            ("/a.acl.acl", Role::Impossible, "/a.acl.acl"),
            ("/a.meta.acl", Role::Impossible, "/a.meta.acl"),
            ("/a.acl.meta", Role::Impossible, "/a.acl.meta"),
            ("/.acl/", Role::Impossible, "/.acl/"),
            ("/a.meta/", Role::Impossible, "/a.meta/"),
        ] {
            assert_eq!(path(local).role(), role, "{local}");
            assert_eq!(path(local).subject().local(), subject, "{local}");
        }
    }

    /// Shows: P-19, P-24, solid#server-basic-container
    #[test]
    fn a_path_knows_its_neighbours() {
        let deep = path("/a/b/c");
        let above: Vec<_> = deep.ancestors().map(|above| above.local().to_owned()).collect();
        assert_eq!(above, ["/a/b/", "/a/", "/"]);
        assert_eq!(path("/a/b/").name(), "b/");
        assert_eq!(path("/").container(), None);
        assert_eq!(path("/a/").twin().unwrap().local(), "/a");
        assert_eq!(path("/a").twin().unwrap().local(), "/a/");
        assert_eq!(path("/").twin(), None);
        assert_eq!(deep.rebased(&path("/a/"), &path("/x/y/")).unwrap().local(), "/x/y/b/c");
        assert_eq!(path("/.well-known/solid").reserved(), Some(".well-known"));
        assert_eq!(path("/a/.well-known/solid").reserved(), None);
    }

    /// Shows: O-327
    #[test]
    fn names_of_pods() {
        for (name, good) in
            [("demo", true), ("a-1", true), ("ab", false), ("-ab", false), ("ab-", false), ("Demo", false)]
        {
            assert_eq!(PodName::parse(name).is_some(), good, "{name}");
        }
        assert_eq!(PodName::parse(&"a".repeat(41)), None);
    }
}
