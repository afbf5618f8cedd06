//! People, organisations and groups, as files name them: what vCards and tables have in common.

use std::collections::BTreeSet;

use jiff::civil::Date;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;
use uuid::Uuid;

use super::problem::{Problem, Reason};
use super::text;
use crate::rdf::vocab::vcard;

/// The longest name, and the longest part of one.
///
/// Spec: shape A2, shape A3
pub const LONGEST_NAME: usize = 200;
pub const LONGEST_PART: usize = 100;
/// The longest other text on one line.
pub const LONGEST_LINE: usize = 500;
/// The longest note.
pub const LONGEST_NOTE: usize = 10_000;
/// Details of one kind on one card.
pub const MOST: usize = 50;

/// Who is in a file, and what could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    pub cards: Vec<Card>,
    pub groups: Vec<Group>,
    pub problems: Vec<Problem>,
}

/// A person or an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Card {
    /// Where it is in the file.
    pub line: usize,
    /// What it is found again by.
    pub key: Key,
    pub is_organisation: bool,
    /// What it is called.
    pub name: String,
    pub given: Option<String>,
    pub additional: Option<String>,
    pub family: Option<String>,
    pub prefix: Option<String>,
    pub suffix: Option<String>,
    pub nickname: Option<String>,
    pub organisation: Option<String>,
    pub unit: Option<String>,
    pub title: Option<String>,
    pub role: Option<String>,
    pub birthday: Option<Birthday>,
    pub note: Option<String>,
    /// `mailto:` IRIs.
    pub emails: BTreeSet<Way>,
    /// `tel:` IRIs.
    pub phones: BTreeSet<Way>,
    /// `https:` IRIs.
    pub urls: BTreeSet<Way>,
    pub addresses: BTreeSet<Address>,
}

/// What an entry is found again by at the next import. It never shows in a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The identifier that the file gives.
    Given(String),
    /// Name and first e-mail address, for want of one.
    Derived(String),
}

impl Default for Key {
    fn default() -> Self {
        Self::Derived(String::new())
    }
}

impl Key {
    /// Reads an identifier. UUIDs are one whatever their case.
    pub fn given(text: &str) -> Option<Self> {
        let text = text.trim();
        let known = uuid_in(text).map_or_else(|| text.to_owned(), |uuid| uuid.urn().to_string());
        (!text.is_empty() && text.len() <= LONGEST_LINE).then_some(Self::Given(known))
    }

    pub fn derived(name: &str, email: Option<&str>) -> Self {
        Self::Derived(format!("{}\n{}", name.to_lowercase(), email.unwrap_or_default().to_lowercase()))
    }

    /// The UUID that the file gives.
    pub fn uuid(&self) -> Option<Uuid> {
        if let Self::Given(text) = self { uuid_in(text) } else { None }
    }

    /// As a text from which names of documents are made.
    pub fn seed(&self) -> String {
        match self {
            Self::Given(text) => format!("uid|{text}"),
            Self::Derived(text) => format!("name|{text}"),
        }
    }
}

fn uuid_in(text: &str) -> Option<Uuid> {
    let bare = text.get(..9).filter(|start| start.eq_ignore_ascii_case("urn:uuid:")).map_or(text, |_| &text[9..]);
    Uuid::try_parse(bare).ok().filter(|_| bare.len() == 36)
}

/// An e-mail address, a telephone number, a web address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    pub iri: String,
    /// Classes such as `vcard:Home`.
    pub types: BTreeSet<&'static str>,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Address {
    pub street: Option<String>,
    pub locality: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
    pub types: BTreeSet<&'static str>,
}

impl Address {
    pub fn is_empty(&self) -> bool {
        let parts = [&self.street, &self.locality, &self.region, &self.postal_code, &self.country];
        parts.into_iter().all(Option::is_none)
    }
}

/// A day of birth. Part of one is kept as the text it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Birthday {
    Day(Date),
    Partial(String),
}

/// A group of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub line: usize,
    pub key: String,
    pub name: String,
    /// The keys of its members.
    pub members: BTreeSet<Key>,
}

/// Adds somebody to the group of this key, which is made if it is not there yet.
pub fn join(groups: &mut Vec<Group>, key: &str, name: &str, line: usize, member: &Key) {
    if let Some(group) = groups.iter_mut().find(|group| group.key == key) {
        group.members.insert(member.clone());
        return;
    }
    let (key, name) = (key.to_owned(), name.to_owned());
    groups.push(Group { line, key, name, members: [member.clone()].into() });
}

/// Details of an entry, read while their problems are kept.
pub struct Reader<'a> {
    pub line: usize,
    pub problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    pub fn report(&mut self, reason: Reason) {
        self.problems.push(Problem { line: self.line, reason });
    }

    /// A text on one line.
    pub fn text(&mut self, text: &str, longest: usize) -> Option<String> {
        text::line(text, longest).unwrap_or_else(|text::TooLong| {
            self.report(Reason::TooLong);
            None
        })
    }

    /// A text of several lines.
    pub fn note(&mut self, text: &str) -> Option<String> {
        text::paragraphs(text, LONGEST_NOTE).unwrap_or_else(|text::TooLong| {
            self.report(Reason::TooLong);
            None
        })
    }

    /// Reads a value with a function that knows it or not; an empty one is none.
    pub fn value<T>(&mut self, text: &str, read: impl Fn(&str) -> Option<T>, reason: Reason) -> Option<T> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let value = read(text);
        if value.is_none() {
            self.report(reason);
        }
        value
    }
}

/// What may not stand in an IRI, and what would mean something else in the part where it stands.
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

/// The `mailto:` IRI of an e-mail address.
///
/// Spec: shape A4
pub fn mailto(text: &str) -> Option<String> {
    let bare = text.get(..7).filter(|start| start.eq_ignore_ascii_case("mailto:")).map_or(text, |_| &text[7..]);
    let (user, host) = bare.split_once('@')?;
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| is_plain(c) && c != '@');
    let dotted = host.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && !rest.is_empty());
    let known = plain(user) && plain(host) && dotted && bare.len() <= 320;
    known.then(|| format!("mailto:{}@{}", utf8_percent_encode(user, ENCODED), utf8_percent_encode(host, ENCODED)))
}

fn is_plain(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && text::line(c.encode_utf8(&mut [0; 4]), 1).is_ok_and(|kept| kept.is_some())
}

/// The `tel:` IRI of a telephone number.
pub fn tel(text: &str) -> Option<String> {
    let bare = text.get(..4).filter(|start| start.eq_ignore_ascii_case("tel:")).map_or(text, |_| &text[4..]);
    let kept: String =
        bare.chars().filter(|c| !matches!(c, ' ' | '\u{A0}' | '\u{202F}' | '.' | '(' | ')' | '/')).collect();
    let digits = kept.chars().filter(char::is_ascii_digit).count();
    let number = kept.strip_prefix('+').unwrap_or(&kept);
    let known = number.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '*'));
    (known && (2..=20).contains(&digits) && kept.len() <= 40).then(|| format!("tel:{kept}"))
}

/// A web address that a card may name.
///
/// Spec: shape A5
pub fn https(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let anonymous = url.username().is_empty() && url.password().is_none();
    let known = url.scheme() == "https" && url.host_str().is_some_and(|host| !host.is_empty()) && anonymous;
    (known && url.as_str().len() <= 2000).then(|| url.to_string())
}

/// A day as tables write it: `2011-03-12`, or day first as in France.
pub fn day(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten();
    let (year, day) = match (first.len(), third.len()) {
        (4, 1 | 2) => (first, third),
        (1 | 2, 4) => (third, first),
        _ => return None,
    };
    let small = |text: &str| number(text).and_then(|number| i8::try_from(number).ok());
    Date::new(number(year)?, small(second)?, small(day)?).ok()
}

/// The class that a word of a vCard stands for.
pub fn way_type(word: &str) -> Option<&'static str> {
    let known = [
        ("home", vcard::HOME),
        ("work", vcard::WORK),
        ("cell", vcard::CELL),
        ("voice", vcard::VOICE),
        ("fax", vcard::FAX),
    ];
    known.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, class)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows: shape A4
    #[test]
    fn email_addresses_become_iris() {
        for (text, iri) in [
            ("ada@example.org", Some("mailto:ada@example.org")),
            ("MAILTO:ada@example.org", Some("mailto:ada@example.org")),
            ("a<b>#c@example.org", Some("mailto:a%3Cb%3E%23c@example.org")),
            ("élève@exemple.example", Some("mailto:%C3%A9l%C3%A8ve@exemple.example")),
            ("ada@example", None),
            ("ada", None),
            ("a@b@c.d", None),
            ("a b@c.d", None),
            ("a\r\nBcc:x@c.d", None),
            ("a\u{202E}@c.d", None),
            ("@c.d", None),
        ] {
            assert_eq!(mailto(text).as_deref(), iri, "{text}");
        }
    }

    #[test]
    fn telephone_numbers_become_iris() {
        for (text, iri) in [
            ("02 61 91 99 00", Some("tel:0261919900")),
            ("tel:+33-6-39-98-00-01", Some("tel:+33-6-39-98-00-01")),
            ("+33 (0)2.61", Some("tel:+330261")),
            ("1+2", None),
            ("call me", None),
            ("=1+1", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(tel(text).as_deref(), iri, "{text}");
        }
        assert_eq!(tel(&"1".repeat(1000)), None);
    }

    /// Shows: shape A5
    #[test]
    fn web_addresses_are_https_and_name_nobody() {
        for (text, iri) in [
            ("https://a.example/x y", Some("https://a.example/x%20y")),
            ("http://a.example/", None),
            ("javascript:alert(1)", None),
            ("https://u:p@a.example/", None),
            ("https://", None),
            ("//a.example/", None),
        ] {
            assert_eq!(https(text).as_deref(), iri, "{text}");
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (text, read) in [
            ("12/03/2011", Some("2011-03-12")),
            ("29/02/2012", Some("2012-02-29")),
            ("2011-03-12", Some("2011-03-12")),
            ("1.2.2011", Some("2011-02-01")),
            ("31/13/2013", None),
            ("29/02/2011", None),
            ("03/12/11", None),
            ("12 mars 2011", None),
            ("", None),
        ] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), read, "{text}");
        }
    }

    #[test]
    fn identifiers_are_known_again() {
        let one = Key::given("urn:uuid:BC000000-0000-4000-8000-000000000001");
        assert_eq!(one, Key::given("bc000000-0000-4000-8000-000000000001"));
        assert!(one.is_some_and(|key| key.uuid().is_some()));
        assert_eq!(Key::given("  "), None);
        assert_ne!(Key::given("a"), Key::given("A"));
        assert_eq!(Key::derived("Ada", Some("A@b.c")), Key::derived("ada", Some("a@b.c")));
        assert_ne!(Key::given("a").map(|key| key.seed()), Some(Key::derived("a", None).seed()));
    }
}
