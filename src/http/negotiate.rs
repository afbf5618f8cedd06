//! Content negotiation: which of the representations that there are the client prefers.

use http::header::{ACCEPT, HeaderMap};

use super::headers::{is_token, members};
use crate::rdf::format::Format;

/// The most members of an `Accept` list that are considered.
const MAX_MEMBERS: usize = 1000;

/// What a client wants, from `Accept`. Without members, anything will do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted(Vec<MediaRange>);

/// A member of `Accept`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MediaRange {
    /// `None` is `*`.
    top: Option<Box<str>>,
    /// `None` is `*`.
    sub: Option<Box<str>>,
    parameters: Vec<(Box<str>, Box<str>)>,
    /// In thousandths; 0 excludes.
    quality: u16,
}

/// RDF as it will be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    pub format: Format,
    /// The `Content-Type` of a converted representation: `format`'s own, or `application/json`.
    pub media_type: &'static str,
}

/// JSON-LD under its plain name, for clients that know no other.
const PLAIN_JSON: &str = "application/json";

impl Wanted {
    /// Reads `Accept`. Malformed members are ignored; a list without a sound one wants anything.
    ///
    /// Spec: P-98, P-100, P-101
    pub fn of(headers: &HeaderMap) -> Self {
        let fields = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let members = fields.flat_map(|field| members(field, ',')).take(MAX_MEMBERS);
        Self(members.filter_map(MediaRange::parse).collect())
    }

    /// Chooses among media types, the one that we prefer first; `None`: nothing is acceptable.
    ///
    /// Spec: P-99, rfc9110 §12.5.1
    ///
    /// ```
    /// use cartable::http::negotiate::Wanted;
    /// let headers = http::HeaderMap::from_iter([(http::header::ACCEPT, "text/*;q=0.5, text/html".parse().unwrap())]);
    /// assert_eq!(Wanted::of(&headers).choose(&["text/turtle", "text/html"]), Some(1));
    /// ```
    pub fn choose(&self, available: &[&str]) -> Option<usize> {
        let mut best = None;
        for (index, media_type) in available.iter().enumerate() {
            let quality = self.quality(media_type);
            if quality > best.map_or(0, |(_, quality)| quality) {
                best = Some((index, quality));
            }
        }
        best.map(|(index, _)| index)
    }

    /// Chooses among the formats of RDF; on equal terms the stored one, then Turtle, then JSON-LD.
    ///
    /// Spec: solid#server-representation-turtle-jsonld, P-98, P-99, P-101, P-103
    pub fn choose_rdf(&self, stored: Option<Format>) -> Option<Offer> {
        let others = Format::ALL.into_iter().filter(|format| Some(*format) != stored);
        let formats: Vec<_> = stored.into_iter().chain(others).collect();
        let mut names: Vec<_> = formats.iter().map(|format| format.media_type()).collect();
        names.push(PLAIN_JSON);
        let chosen = self.choose(&names)?;
        let format = formats.get(chosen).copied().unwrap_or(Format::JsonLd);
        Some(Offer { format, media_type: names[chosen] })
    }

    /// Whether `media_type` is what the client names first among what it wants most: a browser's
    /// `text/html`. A wildcard names nothing.
    ///
    /// Spec: P-76
    pub fn prefers(&self, media_type: &str) -> bool {
        let top = self.0.iter().map(|range| range.quality).max().unwrap_or(0);
        let first = self.0.iter().find(|range| range.quality == top);
        top > 0 && first.is_some_and(|range| range.is_exactly(media_type))
    }

    /// How much a media type is wanted: as much as the most specific range that covers it says.
    ///
    /// Spec: P-99
    fn quality(&self, media_type: &str) -> u16 {
        if self.0.is_empty() {
            return 1000;
        }
        let offered = Offered::parse(media_type);
        let covering = self.0.iter().filter(|range| range.covers(&offered));
        covering.max_by_key(|range| (range.specificity(), range.quality)).map_or(0, |range| range.quality)
    }
}

/// A media type that we could send.
struct Offered<'a> {
    top: &'a str,
    sub: &'a str,
    parameters: &'a str,
}

impl<'a> Offered<'a> {
    fn parse(media_type: &'a str) -> Self {
        let (essence, parameters) = media_type.split_once(';').unwrap_or((media_type, ""));
        let (top, sub) = essence.trim().split_once('/').unwrap_or_default();
        Self { top, sub, parameters }
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let mut parameters = members(self.parameters, ';').map(super::headers::parameter);
        parameters.find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl MediaRange {
    /// `None` if the member is malformed.
    fn parse(member: &str) -> Option<Self> {
        let mut parts = members(member, ';');
        let (top, sub) = match parts.next()? {
            // Written by some old clients.
            "*" => (None, None),
            essence => {
                let (top, sub) = essence.split_once('/')?;
                (part(top)?, part(sub)?)
            }
        };
        if top.is_none() && sub.is_some() {
            return None;
        }
        let mut range = Self { top, sub, parameters: Vec::new(), quality: 1000 };
        for (name, value) in parts.map(super::headers::parameter) {
            match name.as_str() {
                // What follows the weight is about Accept itself, and out of use.
                "q" => {
                    range.quality = thousandths(&value)?;
                    break;
                }
                "profile" => {}
                _ => range.parameters.push((name.into(), value.into())),
            }
        }
        Some(range)
    }

    fn covers(&self, offered: &Offered<'_>) -> bool {
        let same = |part: &Option<Box<str>>, text: &str| part.as_ref().is_none_or(|p| p.eq_ignore_ascii_case(text));
        same(&self.top, offered.top)
            && same(&self.sub, offered.sub)
            && self.parameters.iter().all(|(name, value)| match offered.parameter(name) {
                Some(known) => known.eq_ignore_ascii_case(value),
                // Everything that we print ourselves is UTF-8, whether it says so or not.
                None => &**name == "charset" && value.eq_ignore_ascii_case("utf-8"),
            })
    }

    fn specificity(&self) -> (bool, bool, usize) {
        (self.top.is_some(), self.sub.is_some(), self.parameters.len())
    }

    fn is_exactly(&self, media_type: &str) -> bool {
        matches!((&self.top, &self.sub), (Some(top), Some(sub))
            if media_type.split_once('/').is_some_and(|(t, s)| top.eq_ignore_ascii_case(t) && sub.eq_ignore_ascii_case(s)))
    }
}

/// One half of a media range: a token, or `Some(None)` for `*`.
#[expect(clippy::option_option, reason = "malformed, any, or this one")]
fn part(text: &str) -> Option<Option<Box<str>>> {
    match text {
        "*" => Some(None),
        token => is_token(token).then(|| Some(token.into())),
    }
}

/// A weight between 0 and 1 with at most three decimals, in thousandths.
///
/// Spec: rfc9110 §12.4.2
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) || matches!(weight, "" | ".") {
        return None;
    }
    let fraction: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" | "" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn wanted(accept: &str) -> Wanted {
        Wanted::of(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(accept).unwrap())]))
    }

    fn chosen(accept: &str, available: &[&'static str]) -> Option<&'static str> {
        wanted(accept).choose(available).map(|index| available[index])
    }

    const TURTLE: &str = "text/turtle";
    const JSON_LD: &str = "application/ld+json";

    /// Shows: P-99, P-101, P-106
    #[test]
    fn the_highest_quality_wins_and_our_order_breaks_ties() {
        for (accept, choice) in [
            ("*/*", Some(TURTLE)),
            ("text/*, application/*", Some(TURTLE)),
            ("application/ld+json", Some(JSON_LD)),
            ("application/ld+json, text/turtle", Some(TURTLE)),
            ("application/ld+json, text/turtle;q=0.9", Some(JSON_LD)),
            ("application/ld+json;q=0.899, text/turtle;q=0.9", Some(TURTLE)),
            ("TEXT/Turtle;Q=0.5, */*;q=0.1", Some(TURTLE)),
            ("text/turtle;q=0, */*", Some(JSON_LD)),
            ("text/turtle;q=0", None),
            ("text/html", None),
            ("text/*;q=0, */*;q=0.1", Some(JSON_LD)),
            // Malformed members do not count.
            ("text/turtle;q=2, application/ld+json;q=0.1", Some(JSON_LD)),
            ("text, /, */turtle, application/ld+json", Some(JSON_LD)),
            ("nonsense", Some(TURTLE)),
            ("", Some(TURTLE)),
            // Old clients.
            ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", Some(TURTLE)),
            // Parameters.
            ("application/ld+json;profile=\"http://www.w3.org/ns/json-ld#compacted\"", Some(JSON_LD)),
            ("text/turtle;charset=UTF-8", Some(TURTLE)),
            ("text/turtle;charset=latin1", None),
            ("text/turtle;version=1.2, application/ld+json;q=0.1", Some(JSON_LD)),
            ("application/ld+json;q=0.5;level=1, text/turtle;q=0.4", Some(JSON_LD)),
        ] {
            assert_eq!(chosen(accept, &[TURTLE, JSON_LD]), choice, "{accept}");
        }
    }

    /// Shows: P-99
    #[test]
    fn the_most_specific_range_decides() {
        let available = ["text/plain;format=flowed", "text/plain", "text/html", "image/png"];
        let accept = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, */*;q=0.5";
        let quality = available.map(|media_type| wanted(accept).quality(media_type));
        assert_eq!(quality, [1000, 700, 300, 500]);
    }

    /// Shows: P-100
    #[test]
    fn long_lists_work() {
        let accept = "text/html;q=0.1, application/xhtml+xml;q=0.2, image/avif;q=0.3, image/webp, image/apng;q=0.4, \
                      application/signed-exchange;v=b3;q=0.5, text/turtle;q=0.9, application/ld+json;q=0.8, a/b, c/d";
        assert_eq!(chosen(accept, &[JSON_LD, TURTLE]), Some(TURTLE));
        let endless = format!("{}text/turtle", "a/b;q=0.5,".repeat(10_000));
        assert_eq!(wanted(&endless).0.len(), MAX_MEMBERS);
    }

    #[test]
    fn several_fields_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT, HeaderValue::from_static("text/html"));
        headers.append(ACCEPT, HeaderValue::from_static("text/turtle"));
        assert_eq!(Wanted::of(&headers).choose(&[JSON_LD, TURTLE]), Some(1));
        assert_eq!(Wanted::of(&HeaderMap::new()).choose(&[JSON_LD, TURTLE]), Some(0));
    }

    /// Shows: P-98, P-99, P-101, P-103
    #[test]
    fn stored_rdf_comes_first_on_equal_terms() {
        let offer = |accept, stored| wanted(accept).choose_rdf(stored).map(|offer| (offer.format, offer.media_type));
        assert_eq!(offer("*/*", Some(Format::JsonLd)), Some((Format::JsonLd, JSON_LD)));
        assert_eq!(offer("*/*", Some(Format::TriG)), Some((Format::TriG, "application/trig")));
        assert_eq!(offer("*/*", None), Some((Format::Turtle, TURTLE)));
        assert_eq!(offer("application/json", Some(Format::Turtle)), Some((Format::JsonLd, PLAIN_JSON)));
        assert_eq!(offer("application/json, application/ld+json", None), Some((Format::JsonLd, JSON_LD)));
        assert_eq!(offer("application/rdf+xml", None), Some((Format::RdfXml, "application/rdf+xml")));
        assert_eq!(offer("text/html", None), None);
    }

    /// Shows: P-76
    #[test]
    fn a_preference_is_named_and_comes_first() {
        for (accept, html) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html", true),
            ("text/turtle, text/html", false),
            ("text/html;q=0.9, text/turtle", false),
            ("text/html;q=0", false),
            ("*/*", false),
            ("text/*", false),
            ("", false),
        ] {
            assert_eq!(wanted(accept).prefers("text/html"), html, "{accept}");
        }
    }

    proptest! {
        #[test]
        fn what_is_chosen_is_never_excluded(accept in "((text|application|\\*)/(turtle|ld\\+json|\\*)(;q=[01](\\.[0-9]{1,4})?)?,?){0,5}") {
            let wanted = wanted(&accept);
            let available = [TURTLE, JSON_LD];
            let qualities = available.map(|media_type| wanted.quality(media_type));
            let best = qualities.into_iter().max().unwrap();
            let chosen = wanted.choose(&available);
            prop_assert_eq!(chosen.is_none(), best == 0);
            prop_assert_eq!(chosen, qualities.iter().position(|quality| *quality == best && best > 0));
        }

        #[test]
        fn anything_can_be_read(accept in "[ -~]{0,60}") {
            wanted(&accept).choose(&[TURTLE]);
        }
    }
}
