//! What a document may cost. Parsers keep a little for every open bracket and every prefix, so a few megabytes can
//! ask for gigabytes; these limits are far above honest documents.

use super::Malformed;

/// Triples in a document, counting repeats. An honest document of the largest size has fewer.
pub(in crate::rdf) const TRIPLES: usize = 500_000;

/// Bytes of all terms of a document, each written in full: a long prefix is cheap to repeat.
pub(in crate::rdf) const TEXT: usize = 256 << 20;

/// Blank nodes, lists and graphs within each other.
const NESTING: usize = 128;

/// Bytes of an IRI. A browser's address bar takes as much.
const IRI: usize = 64 << 10;

/// Refuses Turtle, TriG and N3 that nests too deep or has an IRI too long, without reading it for real.
///
/// It splits the text as the grammar does, up to the first error.
pub(in crate::rdf) fn check_turtle(text: &[u8]) -> Result<(), Malformed> {
    // Short texts cannot ask for much.
    if text.len() <= IRI {
        return Ok(());
    }
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = text.get(at) {
        at += match byte {
            b'<' => {
                let length = find(text, at + 1, |byte| byte == b'>') - at;
                if length > IRI {
                    return Err(Malformed::because("an IRI is too long"));
                }
                length
            }
            b'"' | b'\'' => string(text, at, byte) - at,
            b'#' => find(text, at, |byte| matches!(byte, b'\n' | b'\r')) - at,
            b'\\' => 2,
            b'[' | b'(' | b'{' => {
                depth += 1;
                if depth > NESTING {
                    return Err(Malformed::because("the document nests too deep"));
                }
                1
            }
            b']' | b')' | b'}' => {
                depth = depth.saturating_sub(1);
                1
            }
            _ => 1,
        };
    }
    Ok(())
}

/// Where the first such byte is, from `from` on; the end of the text if there is none.
pub(in crate::rdf) fn find(text: &[u8], from: usize, what: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.iter().position(|byte| what(*byte)).map_or(text.len(), |place| from + place)
}

/// Where the string that opens at `at` ends.
pub(in crate::rdf) fn string(text: &[u8], at: usize, quote: u8) -> usize {
    let long = text[at..].starts_with(&[quote; 3]);
    let mut at = at + if long { 3 } else { 1 };
    loop {
        at = find(text, at, |byte| byte == quote || byte == b'\\');
        let rest = text.get(at..).unwrap_or_default();
        match rest.first() {
            None => return text.len(),
            Some(b'\\') => at += 2,
            Some(_) if !long => return at + 1,
            Some(_) if rest.starts_with(&[quote; 3]) => return at + 3,
            Some(_) => at += 1,
        }
    }
}
