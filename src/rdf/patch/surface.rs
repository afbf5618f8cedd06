//! What an N3 text looks like before it means anything: some of N3's shorthands leave no trace in the triples.

use crate::rdf::format::bounds::{find, string};

/// What the text of a patch holds, outside of its strings, IRIs and comments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Surface {
    /// How many formulae it opens.
    pub formulae: usize,
    /// Whether it uses N3 that a patch must not: implication, equality, paths, quantifiers.
    pub beyond_patches: bool,
}

impl Surface {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut surface = Self::default();
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            let rest = text.get(at..).unwrap_or_default();
            at = match byte {
                b'"' | b'\'' => after_language(text, string(text, at, byte)),
                b'#' => find(text, at, |byte| matches!(byte, b'\n' | b'\r')),
                b'\\' => at + 2,
                b'<' if is_iri(rest) => find(text, at, |byte| byte == b'>') + 1,
                b'^' if rest.starts_with(b"^^") => at + 2,
                b'{' => {
                    surface.formulae += 1;
                    at + 1
                }
                _ => {
                    let quantifier = rest.starts_with(b"@forAll") || rest.starts_with(b"@forSome");
                    surface.beyond_patches |= quantifier || matches!(byte, b'<' | b'=' | b'!' | b'^');
                    at + 1
                }
            };
        }
        surface
    }
}

/// Whether `<` opens an IRI; if not, it begins `<=` or `<-`.
fn is_iri(rest: &[u8]) -> bool {
    let inside = rest.get(1..find(rest, 1, |byte| byte == b'>')).unwrap_or_default();
    !inside.starts_with(b"=") && !inside.starts_with(b"-")
        || !inside.iter().any(|byte| byte.is_ascii_whitespace() || b"<\"{}|^`".contains(byte))
}

/// Past the language tag of a string, which may well be `@forAll`.
fn after_language(text: &[u8], at: usize) -> usize {
    if text.get(at) == Some(&b'@') {
        find(text, at + 1, |byte| !byte.is_ascii_alphanumeric() && byte != b'-')
    } else {
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulae_and_shorthands_are_seen_where_they_are() {
        let cases = [
            ("", 0, false),
            ("{ {} } {", 3, false),
            ("'{' \"{\" \"\"\"{\"{\"\"\" <{> # {\n", 0, false),
            ("\"\\\"{\"", 0, false),
            ("a:b\\= a:\\{ a:b\\!", 0, false),
            ("<a> = <b>", 0, true),
            ("<a> => <b>", 0, true),
            ("<a> <= <b>", 0, true),
            ("<a> <- <b> <c>", 0, true),
            ("<=a> <-b> <a=b!c^d>", 0, false),
            ("<a>!<b>", 0, true),
            ("<a>^<b>", 0, true),
            ("\"1\"^^<b>", 0, false),
            ("@forAll <a> .", 0, true),
            ("@forSome <a> .", 0, true),
            ("\"x\"@forAll \"=\"@en-GB", 0, false),
            ("# =\n? ", 0, false),
        ];
        for (text, formulae, beyond_patches) in cases {
            assert_eq!(Surface::of(text.as_bytes()), Surface { formulae, beyond_patches }, "{text}");
        }
    }
}
