//! What somebody did, as a tool tells it: read from an xAPI statement or a Caliper event, said in RDF by [`super::view`].

use jiff::Timestamp;
use uuid::Uuid;

use crate::rdf::graph::Iri;

/// The largest statement, in bytes.
pub const LARGEST: usize = 256 * 1024;
/// The longest IRI that a trace names, in bytes.
pub(super) const LONGEST_IRI: usize = 2048;
/// Characters of the longest name.
const LONGEST_NAME: usize = 300;
/// The most languages in which one activity is named, and the most activities of one kind around a trace.
pub(super) const MOST_NAMES: usize = 10;
pub(super) const MOST_ACTIVITIES: usize = 50;

/// Something that the owner of a pod did.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    pub id: Uuid,
    pub verb: Iri,
    pub object: Object,
    /// When it ended.
    pub ended: Timestamp,
    pub score: Score,
    pub success: Option<bool>,
    pub completion: Option<bool>,
    pub duration: Option<Duration>,
    /// Which try at an activity it belongs to.
    pub attempt: Option<Uuid>,
    pub part_of: Vec<Activity>,
    pub in_course: Vec<Activity>,
    /// What the activity is counted among.
    pub categories: Vec<Activity>,
    pub platform: Option<Platform>,
}

/// What something was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    Activity(Activity),
    /// The owner of the pod.
    Owner,
    /// Another statement.
    Statement(Uuid),
}

/// Something that one can do: a course, an exercise, a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    pub iri: Iri,
    pub kind: Option<Iri>,
    /// Language tags in lower case, and names.
    pub names: Vec<(String, String)>,
}

/// The tool that it was done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Platform {
    Iri(Iri),
    Name(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Score {
    /// From -1 to 1.
    pub scaled: Option<f64>,
    pub raw: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl Trace {
    /// A trace of which nothing is known yet but when it ended.
    pub(super) fn ended(at: Timestamp) -> Self {
        Self {
            id: Uuid::nil(),
            verb: "".into(),
            object: Object::Owner,
            ended: at,
            score: Score::default(),
            success: None,
            completion: None,
            duration: None,
            attempt: None,
            part_of: Vec::new(),
            in_course: Vec::new(),
            categories: Vec::new(),
            platform: None,
        }
    }
}

impl Score {
    /// Whether it is scaled from -1 to 1, and the least, the score and the most are in their order.
    ///
    /// Spec: shape L2
    pub(super) fn is_sound(&self) -> bool {
        let plain = [self.scaled, self.raw, self.min, self.max].into_iter().flatten().all(|number| number.abs() < 1e12);
        let ordered = |low: Option<f64>, high: Option<f64>| low.zip(high).is_none_or(|(low, high)| low <= high);
        let scaled = self.scaled.is_none_or(|scaled| (-1.0..=1.0).contains(&scaled));
        plain && scaled && ordered(self.min, self.raw) && ordered(self.raw, self.max) && ordered(self.min, self.max)
    }
}

/// How long it took, as `xsd:duration` writes it: never negative, and without weeks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duration {
    pub lexical: String,
    /// Its length, where that does not depend on a calendar.
    pub exact: Option<jiff::SignedDuration>,
}

impl Duration {
    /// Reads an ISO 8601 duration; `None` if it is none, or negative.
    ///
    /// ```
    /// use cartable::ingest::learning::trace::Duration;
    /// assert_eq!(Duration::parse("PT1M38S").unwrap().lexical, "PT1M38S");
    /// assert_eq!(Duration::parse("P2W").unwrap().lexical, "P14D");
    /// assert!(Duration::parse("-PT1S").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.len() <= 64
            && text.starts_with('P')
            && text.bytes().all(|byte| b"PYMWDTHS.0123456789".contains(&byte));
        let span = text.parse::<jiff::Span>().ok().filter(|span| plain && !span.is_negative())?;
        let exact = (span.get_years() == 0 && span.get_months() == 0)
            .then(|| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok())
            .flatten();
        let weeks = text.strip_prefix('P').and_then(|rest| rest.strip_suffix('W'));
        let lexical = match weeks.map(str::parse::<u32>) {
            Some(weeks) => format!("P{}D", weeks.ok()?.checked_mul(7)?),
            None if text.contains('W') => return None,
            None => text.to_owned(),
        };
        Some(Self { lexical, exact })
    }
}

/// Why a statement is not taken in. It names a member of the format, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rejected {
    #[error("it is not one JSON object whose members are each named once")]
    NotAnObject,
    #[error("it is larger than {LARGEST} bytes")]
    TooLarge,
    /// A member is missing, of a wrong kind, or holds what the format does not allow.
    #[error("`{0}` is not as the format has it")]
    Malformed(&'static str),
    /// Spec: LT-20
    #[error("it tells of somebody else than the owner of the space")]
    AnotherPerson,
    #[error("only whoever sent a statement, or its owner, may void it, and a voiding statement cannot be voided")]
    CannotVoid,
    #[error("another statement has this id")]
    Conflict,
}

impl Rejected {
    /// A word for reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotAnObject => "not-an-object",
            Self::TooLarge => "too-large",
            Self::Malformed(_) => "malformed",
            Self::AnotherPerson => "another-person",
            Self::CannotVoid => "cannot-void",
            Self::Conflict => "conflict",
        }
    }
}

/// An absolute IRI as a trace may name it; `None` if the text is none.
pub fn iri(text: &str) -> Option<Iri> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme_is_sound = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let bad = |c: char| c <= ' ' || "<>\"{}|^`\\".contains(c) || c.is_control() || steers(c);
    let sound = scheme_is_sound && !rest.is_empty() && text.len() <= LONGEST_IRI && !text.contains(bad);
    (sound && url::Url::parse(text).is_ok()).then(|| text.into())
}

/// Text as people may be shown it: in one line, without characters that steer, and not too long.
pub(super) fn plain(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept: String = spaced.filter(|c| !c.is_control() && !steers(*c)).take(LONGEST_NAME).collect();
    kept.trim().to_owned()
}

/// Whether a character changes the direction of what stands around it, or cannot be seen.
const fn steers(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// A tag of a language in lower case; `None` if it is none.
pub(super) fn language(tag: &str) -> Option<String> {
    let sound = tag.len() <= 35
        && tag.starts_with(|first: char| first.is_ascii_alphabetic())
        && tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    sound.then(|| tag.to_ascii_lowercase())
}

/// An instant with its offset; `None` if the text is none, or no year in which anybody learns here.
pub fn instant(text: &str) -> Option<Timestamp> {
    let plain = text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_digit() || b"-+:.TZtz".contains(&byte));
    let at: Timestamp = text.parse().ok().filter(|_| plain && !text.ends_with("-00:00"))?;
    let year = at.to_zoned(jiff::tz::TimeZone::UTC).year();
    (1970..2100).contains(&year).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_never_negative_and_have_no_weeks() {
        for (text, lexical, seconds) in [
            ("PT42S", "PT42S", Some(42)),
            ("PT9M10S", "PT9M10S", Some(550)),
            ("PT1.5S", "PT1.5S", Some(1)),
            ("P1DT2H", "P1DT2H", Some(93_600)),
            ("P1Y2M", "P1Y2M", None),
            ("P3W", "P21D", Some(1_814_400)),
            ("PT0S", "PT0S", Some(0)),
        ] {
            let read = Duration::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((read.lexical.as_str(), read.exact.map(|exact| exact.as_secs())), (lexical, seconds), "{text}");
        }
        for text in ["", "P", "PT", "42", "-PT1S", "PT-1S", "PT1X", "P1WT1S", "pt1s", "PT99999999999999999999S", "1H"] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }

    #[test]
    fn instants_have_an_offset() {
        for (text, utc) in [
            ("2026-10-12T10:15:00.000+02:00", "2026-10-12T08:15:00Z"),
            ("2026-09-07T07:58:12.500Z", "2026-09-07T07:58:12.5Z"),
        ] {
            assert_eq!(instant(text).unwrap().to_string(), utc);
        }
        for text in [
            "hier",
            "2026-10-12",
            "2026-10-12T10:15:00",
            "2026-10-12T10:15:00-00:00",
            "2026-02-30T10:15:00Z",
            "2026-10-12T10:15:00+02:00[Europe/Paris]",
            "9999-01-01T00:00:00Z",
            "1066-10-14T00:00:00Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn iris_and_names_carry_nothing_that_steers() {
        for text in
            ["https://a.example/x?y=1#z", "urn:uuid:5a000000-0000-4000-8000-000000000001", "tag:a.example,2026:x"]
        {
            assert!(iri(text).is_some(), "{text}");
        }
        let long = format!("https://a.example/{}", "a".repeat(LONGEST_IRI));
        for text in
            ["", "x", "/a", "https://", "https://a b", "https://a/<b>", "https://a/\u{202E}b", "1a:b", "a:", &long]
        {
            assert_eq!(iri(text), None, "{text}");
        }
        assert_eq!(plain(" Quiz\u{202E} :\n la\u{200B} mole\u{7}\u{1B} "), "Quiz :  la mole");
        assert_eq!(plain(&"é".repeat(1000)).chars().count(), LONGEST_NAME);
        for (tag, read) in [("fr-FR", Some("fr-fr")), ("en", Some("en")), ("", None), ("f r", None), ("-", None)] {
            assert_eq!(language(tag).as_deref(), read, "{tag}");
        }
    }
}
