//! How code, cases and tests name requirements: `Spec: P-12, wac#server-link-acl` where a rule is applied,
//! `Shows: rfc9449 §4.3` where it is shown.

use std::fmt;

/// The published texts, by the prefix that citations use.
const TEXTS: [(&str, &str); 6] = [
    ("solid", "https://solidproject.org/TR/protocol#"),
    ("solid-ed", "https://solidproject.org/ED/protocol#"),
    ("wac", "https://solidproject.org/TR/wac#"),
    ("wac-ed", "https://solidproject.org/ED/wac#"),
    ("oidc", "https://solidproject.org/TR/oidc#"),
    ("notify", "https://solidproject.org/TR/notifications-protocol#"),
];
/// Sections of RFCs, and our own lines.
const RFC: &str = "https://www.rfc-editor.org/rfc/";
const OURS: &str = "https://w3id.org/cartable/requirements#";

/// The short name of one requirement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Citation(String);

impl Citation {
    /// Reads one of the four forms: `solid#server-etag`, `rfc9449 §4.3`, `P-12`, `shape A4`.
    pub fn parse(text: &str) -> Option<Self> {
        let known = if let Some((prefix, anchor)) = text.split_once('#') {
            TEXTS.iter().any(|(known, _)| *known == prefix) && is_name(anchor)
        } else if let Some((rfc, section)) = text.split_once(" §") {
            rfc.strip_prefix("rfc").is_some_and(is_number) && section.split('.').all(is_number)
        } else if let Some(shape) = text.strip_prefix("shape ") {
            is_name(shape)
        } else {
            text.split_once('-').is_some_and(|(list, line)| is_list(list) && is_number(line))
        };
        known.then(|| Self(text.to_owned()))
    }

    /// The citation of the requirement that has this IRI.
    pub fn of_iri(iri: &str) -> Option<Self> {
        if let Some(line) = iri.strip_prefix(OURS) {
            return Self::parse(&line.replacen("shape-", "shape ", 1));
        }
        if let Some((rfc, section)) = iri.strip_prefix(RFC).and_then(|rest| rest.split_once("#section-")) {
            return Self::parse(&format!("{rfc} §{section}"));
        }
        let (prefix, anchor) = TEXTS.iter().find_map(|(prefix, base)| Some((prefix, iri.strip_prefix(base)?)))?;
        Self::parse(&format!("{prefix}#{anchor}"))
    }

    /// The IRI of the requirement: where the text says it, for published ones.
    pub fn iri(&self) -> String {
        if let Some((prefix, anchor)) = self.0.split_once('#') {
            let base = TEXTS.iter().find(|(known, _)| *known == prefix).map_or("", |(_, base)| base);
            return format!("{base}{anchor}");
        }
        match self.0.split_once(" §") {
            Some((rfc, section)) => format!("{RFC}{rfc}#section-{section}"),
            None => format!("{OURS}{}", self.0.replace(' ', "-")),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All that the doc comments of a source text cite after `keyword`, with the line number; unreadable ones as they are.
///
/// A list may go on in the next line when it ends with a comma.
pub fn cited(source: &str, keyword: &str) -> Vec<(usize, Result<Citation, String>)> {
    let mut found = Vec::new();
    let mut goes_on = false;
    for (number, line) in source.lines().enumerate() {
        let Some(comment) = doc_comment(line) else {
            goes_on = false;
            continue;
        };
        let Some(list) = comment.strip_prefix(keyword).or(goes_on.then_some(comment)) else {
            continue;
        };
        goes_on = list.trim_end().ends_with(',');
        let names = list.split(',').map(|name| name.trim().trim_end_matches('.').trim_matches('`'));
        let read = names.filter(|name| !name.is_empty());
        found.extend(read.map(|name| (number + 1, Citation::parse(name).ok_or_else(|| name.to_owned()))));
    }
    found
}

/// The text of a `///` or `//!` line.
pub fn doc_comment(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).map(str::trim)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_list(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_and_its_iri_say_the_same() {
        for text in ["solid#server-etag", "wac-ed#server-link-condition", "rfc9449 §4.3", "P-12", "CP-01", "shape A4"]
        {
            let citation = Citation::parse(text).expect(text);
            assert_eq!(Citation::of_iri(&citation.iri()), Some(citation), "{text}");
        }
    }

    #[test]
    fn what_is_no_citation_is_refused() {
        for text in ["solid", "solid#", "other#anchor", "rfc §4", "rfc9449 4.3", "P12", "p-12", "P-", "see P-12"] {
            assert_eq!(Citation::parse(text), None, "{text}");
        }
    }

    #[test]
    fn lists_are_read_across_lines_and_mistakes_are_kept() {
        let source =
            "/// Text.\n///\n/// Spec: P-1, W-2,\n///   rfc9110 §13.1\n/// Spec: oops\nfn f() {}\n// Spec: P-9\n";
        let names: Vec<_> = cited(source, "Spec:").into_iter().map(|(line, name)| (line, name.map(|n| n.0))).collect();
        let expected = [(3, Ok("P-1")), (3, Ok("W-2")), (4, Ok("rfc9110 §13.1")), (5, Err("oops"))]
            .map(|(line, name)| (line, name.map(str::to_owned).map_err(str::to_owned)));
        assert_eq!(names, expected);
    }
}
