//! `Link` fields, read and printed.

use std::borrow::Cow;

use http::header::{HeaderMap, HeaderValue, LINK};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{members, parameter, split};

/// The most links of a request that are looked at.
const MAX_LINKS: usize = 100;

/// What may not stand in a printed target. A comma may, by the grammar, but clients split on it.
///
/// Spec: P-56
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b',').add(b'\\');

/// A link of the request's own resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub target: String,
    /// Relation types, in lower case.
    pub rels: Vec<String>,
}

impl Link {
    /// Whether it is of the relation type `rel`, written in lower case.
    pub fn is(&self, rel: &str) -> bool {
        self.rels.iter().any(|known| known == rel)
    }
}

/// Reads the links of a request: lists, several fields, quoted and bare `rel`, several relation types
/// in one. A link about something else (`anchor`) and one that makes no sense are left out.
///
/// Spec: P-151, rfc8288 §3
pub fn links(headers: &HeaderMap) -> Vec<Link> {
    let fields = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|field| Links { rest: field }).take(MAX_LINKS).flatten().collect()
}

/// Walks one field value. An item is `None` where a link was skipped.
struct Links<'a> {
    rest: &'a str,
}

impl Iterator for Links<'_> {
    type Item = Option<Link>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, after) = self.rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let parameters = split(after, ',').next().unwrap_or(after);
        self.rest = after.strip_prefix(parameters).unwrap_or_default();
        Some(link(target.trim(), parameters))
    }
}

fn link(target: &str, parameters: &str) -> Option<Link> {
    let parameters: Vec<_> = members(parameters, ';').map(parameter).collect();
    if parameters.iter().any(|(name, _)| name == "anchor") {
        return None;
    }
    let (_, rel) = parameters.into_iter().find(|(name, _)| name == "rel")?;
    let rels = rel.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
    Some(Link { target: target.to_owned(), rels })
}

/// The links of an answer, printed one after the other into a single field value.
///
/// ```
/// use cartable::http::headers::link::Printer;
/// let links = Printer::default().with("https://a.example/x,y.acl", "acl").with("https://a.example/", "up");
/// assert_eq!(links.value().unwrap(), "<https://a.example/x%2Cy.acl>; rel=\"acl\", <https://a.example/>; rel=\"up\"");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Printer(String);

impl Printer {
    /// Adds a link; `rel` is one of our own constants.
    ///
    /// Spec: P-53, P-56
    pub fn with(mut self, target: &str, rel: &'static str) -> Self {
        let separator = if self.0.is_empty() { "" } else { ", " };
        let target = Cow::from(utf8_percent_encode(target, ENCODED));
        for part in [separator, "<", &target, ">; rel=\"", rel, "\""] {
            self.0.push_str(part);
        }
        self
    }

    /// The field value; `None` if there are no links.
    pub fn value(self) -> Option<HeaderValue> {
        if self.0.is_empty() { None } else { HeaderValue::try_from(self.0).ok() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONTAINER: &str = "http://www.w3.org/ns/ldp#BasicContainer";

    fn read(fields: &[&str]) -> Vec<(String, Vec<String>)> {
        let values = fields.iter().map(|field| (LINK, HeaderValue::from_str(field).unwrap()));
        links(&values.collect()).into_iter().map(|link| (link.target, link.rels)).collect()
    }

    /// Shows: P-151
    #[test]
    fn links_come_in_many_spellings() {
        let container = |rels: &[&str]| (CONTAINER.to_owned(), rels.iter().map(|rel| (*rel).to_owned()).collect());
        let quoted = format!("<{CONTAINER}>; rel=\"type\"");
        let bare = format!("<{CONTAINER}>;rel=type");
        assert_eq!(read(&[&quoted]), [container(&["type"])]);
        assert_eq!(read(&[&bare]), [container(&["type"])]);
        assert_eq!(read(&[&format!("{quoted} , {bare}")]), [container(&["type"]), container(&["type"])]);
        assert_eq!(read(&[&quoted, &bare]).len(), 2);
        assert_eq!(
            read(&[&format!("<{CONTAINER}>; title=\"a, <b>; c\"; REL=\"Type up\"")]),
            [container(&["type", "up"])]
        );
        assert_eq!(
            read(&["<a,b;c>; rel=next, <d>; rel=prev"]),
            [("a,b;c".into(), vec!["next".into()]), ("d".into(), vec!["prev".into()])]
        );
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        for field in ["", "type", "<a", "<a>", "<a>, rel=type", "<a>; rel=type; anchor=\"#x\"", "<a>; title=rel"] {
            assert_eq!(read(&[field]), [], "{field}");
        }
        assert_eq!(read(&["<a>; title=x, <b>; rel=type"]), [("b".into(), vec!["type".into()])]);
        assert_eq!(read(&["<a>, <b>; rel=type"]), [("b".into(), vec!["type".into()])]);
    }

    #[test]
    fn many_links_are_cut_off() {
        assert_eq!(read(&[&"<a>;rel=b,".repeat(5000)]).len(), MAX_LINKS);
    }

    proptest! {
        #[test]
        fn reading_never_fails(field in "[ -~]{0,80}") {
            read(&[&field]);
        }

        /// Shows: P-56
        #[test]
        fn what_is_printed_is_read_again(targets in prop::collection::vec("https://[a-z]{1,5}/[!-~é]{0,9}", 1..4)) {
            let printer = targets.iter().fold(Printer::default(), |links, target| links.with(target, "type"));
            let value = printer.value().unwrap();
            let again = links(&HeaderMap::from_iter([(LINK, value.clone())]));
            prop_assert_eq!(again.len(), targets.len());
            prop_assert_eq!(value.to_str().unwrap().matches(',').count(), targets.len() - 1);
        }
    }
}
