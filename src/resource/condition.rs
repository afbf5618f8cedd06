//! Preconditions: entity tags, dates, and whether a request that carries them goes ahead.
//!
//! Our tags are strong and read `"{state}-{representation}"`: the version of the resource in
//! hexadecimal, then a word for the media type. A read compares whole tags, for two representations of
//! one state differ byte for byte; a write compares states, so that a tag seen on the Turtle view of a
//! resource protects the resource itself. Reading the fields is the business of `http::conditional`.

use std::fmt;

use crate::clock::Timestamp;
use crate::storage::Version;

/// An entity tag: an opaque text, and whether it promises equality byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntityTag {
    weak: bool,
    opaque: Box<str>,
}

impl EntityTag {
    /// The strong tag of one representation (a word such as `ttl`) of one state.
    ///
    /// Spec: solid#server-etag, P-116, P-117
    pub fn of(state: Version, representation: &str) -> Self {
        Self { weak: false, opaque: format!("{state}-{representation}").into() }
    }

    /// Reads one tag: `"…"` or `W/"…"`.
    ///
    /// Spec: rfc9110 §8.8.3
    ///
    /// ```
    /// use cartable::resource::condition::EntityTag;
    /// assert_eq!(EntityTag::parse("W/\"1a-ttl\"").unwrap().to_string(), "W/\"1a-ttl\"");
    /// assert!(EntityTag::parse("1a-ttl").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let (weak, quoted) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
        let opaque = quoted.strip_prefix('"')?.strip_suffix('"')?;
        let plain = opaque.bytes().all(|byte| byte > b' ' && byte != b'"' && byte != 0x7F);
        plain.then(|| Self { weak, opaque: opaque.into() })
    }

    /// Both strong and the same.
    ///
    /// Spec: rfc9110 §8.8.3.2
    fn is_strongly(&self, other: &Self) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// The same, weak or not.
    fn is_weakly(&self, other: &Self) -> bool {
        self.opaque == other.opaque
    }

    /// Whether this is a tag of any representation of `state`, a printed version.
    fn is_of(&self, state: &str) -> bool {
        self.opaque.split_once('-').is_some_and(|(version, _)| version == state)
    }
}

/// As in the `ETag` field.
impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weak = if self.weak { "W/" } else { "" };
        write!(f, "{weak}\"{}\"", self.opaque)
    }
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// `*`: whatever there is.
    Any,
    Listed(Vec<EntityTag>),
}

impl Tags {
    fn any(&self, same: impl Fn(&EntityTag) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(same),
        }
    }
}

/// The value of `If-Range`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfRange {
    Tag(EntityTag),
    Date(Timestamp),
}

/// What a request demands of the state that it meets. The default demands nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    pub if_match: Option<Tags>,
    pub if_unmodified_since: Option<Timestamp>,
    pub if_none_match: Option<Tags>,
    pub if_modified_since: Option<Timestamp>,
    pub if_range: Option<IfRange>,
}

/// What becomes of a conditional GET or HEAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Proceed,
    /// The client has this representation already: 304.
    NotModified,
    /// 412.
    Failed,
}

impl Conditions {
    /// Decides a GET or HEAD whose answer would be the representation `tag`, last changed at `modified`.
    ///
    /// Each condition counts only where its turn comes: If-Match before If-Unmodified-Since, then
    /// If-None-Match before If-Modified-Since.
    ///
    /// Spec: P-116, P-118, P-120, P-121, P-122, rfc9110 §13.2.2
    pub fn on_read(&self, tag: &EntityTag, modified: Timestamp) -> Verdict {
        let unchanged = match (&self.if_match, self.if_unmodified_since) {
            (Some(tags), _) => tags.any(|listed| listed.is_strongly(tag)),
            (None, Some(since)) => modified.seconds() <= since.seconds(),
            (None, None) => true,
        };
        let known = match (&self.if_none_match, self.if_modified_since) {
            (Some(tags), _) => tags.any(|listed| listed.is_weakly(tag)),
            (None, Some(since)) => modified.seconds() <= since.seconds(),
            (None, None) => false,
        };
        match (unchanged, known) {
            (false, _) => Verdict::Failed,
            (true, true) => Verdict::NotModified,
            (true, false) => Verdict::Proceed,
        }
    }

    /// Whether a write may go ahead on `target`: its state and when it last changed, or nothing there.
    ///
    /// If-Modified-Since says nothing about writes. A date demands nothing of what does not exist.
    ///
    /// Spec: P-117, P-118, P-119, P-120, P-121, P-122
    pub fn allow_write(&self, target: Option<(Version, Timestamp)>) -> bool {
        let Some((state, modified)) = target else { return self.if_match.is_none() };
        let state = state.to_string();
        let unchanged = match (&self.if_match, self.if_unmodified_since) {
            (Some(tags), _) => tags.any(|listed| !listed.weak && listed.is_of(&state)),
            (None, Some(since)) => modified.seconds() <= since.seconds(),
            (None, None) => true,
        };
        let unwanted = self.if_none_match.as_ref().is_some_and(|tags| tags.any(|listed| listed.is_of(&state)));
        unchanged && !unwanted
    }

    /// Whether a `Range` still applies to the representation `tag`, last changed at `modified`; if not,
    /// all of it is sent.
    ///
    /// Spec: P-115, rfc9110 §13.1.5
    pub fn allow_range(&self, tag: &EntityTag, modified: Timestamp) -> bool {
        match &self.if_range {
            None => true,
            Some(IfRange::Tag(listed)) => listed.is_strongly(tag),
            Some(IfRange::Date(date)) => date.seconds() == modified.seconds(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATE: Version = Version(0x1a);
    const NOON: Timestamp = Timestamp::from_millis(1_700_000_000_500);

    fn tags(text: &str) -> Tags {
        match text {
            "*" => Tags::Any,
            list => Tags::Listed(list.split(' ').filter_map(EntityTag::parse).collect()),
        }
    }

    fn if_match(text: &str) -> Conditions {
        Conditions { if_match: Some(tags(text)), ..Conditions::default() }
    }

    fn if_none_match(text: &str) -> Conditions {
        Conditions { if_none_match: Some(tags(text)), ..Conditions::default() }
    }

    fn noon_plus(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(NOON.seconds() + seconds)
    }

    /// Shows: P-116, P-118, P-120
    #[test]
    fn a_read_compares_whole_tags() {
        use Verdict::{Failed, NotModified, Proceed};
        let shown = EntityTag::of(STATE, "ttl");
        for (condition, verdict) in [
            (if_match("\"1a-ttl\""), Proceed),
            (if_match("*"), Proceed),
            (if_match("W/\"1a-ttl\""), Failed),
            (if_match("\"1a-jsonld\""), Failed),
            (if_match("\"0-ttl\" \"1a-ttl\""), Proceed),
            (if_none_match("\"1a-ttl\""), NotModified),
            (if_none_match("W/\"1a-ttl\""), NotModified),
            (if_none_match("*"), NotModified),
            (if_none_match("\"1a-jsonld\""), Proceed),
            (if_none_match("\"1b-ttl\" \"1-ttl\""), Proceed),
            (Conditions::default(), Proceed),
        ] {
            assert_eq!(condition.on_read(&shown, NOON), verdict, "{condition:?}");
        }
    }

    /// Shows: P-121
    #[test]
    fn dates_count_in_seconds_and_only_without_the_tag_condition() {
        let shown = EntityTag::of(STATE, "ttl");
        let read = |condition: Conditions| condition.on_read(&shown, NOON);
        let since = |if_modified_since| Conditions { if_modified_since, ..Conditions::default() };
        assert_eq!(read(since(Some(noon_plus(0)))), Verdict::NotModified);
        assert_eq!(read(since(Some(noon_plus(-1)))), Verdict::Proceed);
        let until = |if_unmodified_since| Conditions { if_unmodified_since, ..Conditions::default() };
        assert_eq!(read(until(Some(noon_plus(0)))), Verdict::Proceed);
        assert_eq!(read(until(Some(noon_plus(-1)))), Verdict::Failed);
        let both = Conditions { if_modified_since: Some(noon_plus(0)), ..if_none_match("\"0-ttl\"") };
        assert_eq!(read(both), Verdict::Proceed);
        let both = Conditions { if_unmodified_since: Some(noon_plus(-1)), ..if_match("\"1a-ttl\"") };
        assert_eq!(read(both), Verdict::Proceed);
    }

    /// Shows: P-122
    #[test]
    fn a_failed_if_match_comes_before_not_modified() {
        let both = Conditions { if_none_match: Some(tags("\"1a-ttl\"")), ..if_match("\"0-ttl\"") };
        assert_eq!(both.on_read(&EntityTag::of(STATE, "ttl"), NOON), Verdict::Failed);
    }

    /// Shows: P-117, P-118, P-119, P-120, P-121
    #[test]
    fn a_write_compares_states() {
        let here = Some((STATE, NOON));
        for (condition, on_existing, on_missing) in [
            (Conditions::default(), true, true),
            (if_match("*"), true, false),
            (if_match("\"1a-jsonld\""), true, false),
            (if_match("\"1a\""), false, false),
            (if_match("\"1a1-ttl\""), false, false),
            (if_match("\"01a-ttl\""), false, false),
            (if_match("W/\"1a-ttl\""), false, false),
            (if_none_match("*"), false, true),
            (if_none_match("\"1a-ttl\""), false, true),
            (if_none_match("W/\"1a-jsonld\""), false, true),
            (if_none_match("\"1b-ttl\""), true, true),
            (Conditions { if_unmodified_since: Some(noon_plus(-1)), ..Conditions::default() }, false, true),
            (Conditions { if_unmodified_since: Some(noon_plus(0)), ..Conditions::default() }, true, true),
            (Conditions { if_unmodified_since: Some(noon_plus(-1)), ..if_match("*") }, true, false),
            (Conditions { if_modified_since: Some(noon_plus(0)), ..Conditions::default() }, true, true),
        ] {
            assert_eq!(condition.allow_write(here), on_existing, "{condition:?}");
            assert_eq!(condition.allow_write(None), on_missing, "{condition:?}, nothing there");
        }
    }

    /// Shows: P-115
    #[test]
    fn a_range_needs_the_same_bytes() {
        let shown = EntityTag::of(STATE, "ttl");
        let tag = |text| EntityTag::parse(text).map(IfRange::Tag);
        for (if_range, allowed) in [
            (None, true),
            (tag("\"1a-ttl\""), true),
            (tag("W/\"1a-ttl\""), false),
            (tag("\"1a-jsonld\""), false),
            (Some(IfRange::Date(noon_plus(0))), true),
            (Some(IfRange::Date(noon_plus(1))), false),
            (Some(IfRange::Date(noon_plus(-1))), false),
        ] {
            let conditions = Conditions { if_range, ..Conditions::default() };
            assert_eq!(conditions.allow_range(&shown, NOON), allowed, "{conditions:?}");
        }
    }

    proptest! {
        #[test]
        fn printing_a_tag_and_reading_it_is_the_identity(weak: bool, opaque in "[!#-~é]{0,20}") {
            let tag = EntityTag { weak, opaque: opaque.into() };
            prop_assert_eq!(EntityTag::parse(&tag.to_string()), Some(tag));
        }

        #[test]
        fn the_tag_of_a_state_protects_that_state_only(state: u64, other: u64) {
            let condition = Conditions {
                if_match: Some(Tags::Listed(vec![EntityTag::of(Version(state), "ttl")])),
                ..Conditions::default()
            };
            prop_assert!(condition.allow_write(Some((Version(state), NOON))));
            prop_assert_eq!(condition.allow_write(Some((Version(other), NOON))), state == other);
        }
    }
}
