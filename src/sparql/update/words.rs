//! The words of an update, before any grammar.

use super::Invalid;

/// Brackets within brackets, at most: the parser recurses.
const NESTING: usize = 64;

/// Words of SPARQL that would have us do more than the subset.
const UNSUPPORTED: [&str; 25] = [
    "GRAPH", "WITH", "USING", "NAMED", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "FILTER", "OPTIONAL",
    "UNION", "MINUS", "BIND", "VALUES", "SERVICE", "SELECT", "EXISTS", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET",
];

const SUBSET: [&str; 9] = ["BASE", "PREFIX", "INSERT", "DELETE", "DATA", "WHERE", "a", "true", "false"];

/// Words that open an expression, where brackets nest otherwise than we count them.
const OPENING: [&str; 3] = ["FILTER", "BIND", "SELECT"];

/// Sees that a text has no words but those of the subset, and does not nest too deep. It may still be malformed.
///
/// Spec: P-186, P-187
pub(super) fn check(text: &str) -> Result<(), Invalid> {
    let mut rest = text;
    let mut depth = 0_usize;
    while let Some(c) = rest.chars().next() {
        let word = word(rest);
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            '!' | '/' | '|' | '*' | '=' | '>' | '&' => return Err(EXPRESSION),
            '^' | '+' | '-' if word.len() == 1 => return Err(EXPRESSION),
            '<' if word.len() == 1 => return Err(syntax("an IRI does not end")),
            '"' | '\'' if word.len() == 1 => return Err(syntax("a string does not end")),
            _ if c.is_ascii_digit() => check_number(word)?,
            _ if c.is_alphabetic() => check_name(word, depth)?,
            _ => {}
        }
        if depth > NESTING {
            return Err(Invalid::Unsupported("the update nests too deep"));
        }
        rest = rest.get(word.len()..).unwrap_or_default();
    }
    Ok(())
}

const EXPRESSION: Invalid = Invalid::Unsupported("an update must not use paths or expressions");

fn syntax(message: &str) -> Invalid {
    Invalid::Syntax(message.to_owned())
}

fn check_number(word: &str) -> Result<(), Invalid> {
    let good = word.bytes().all(|byte| byte.is_ascii_digit() || b".eE-".contains(&byte));
    if good { Ok(()) } else { Err(syntax("a word must not start with a digit")) }
}

/// A keyword, or a prefixed name. The parser takes keywords that run into the next word.
fn check_name(word: &str, depth: usize) -> Result<(), Invalid> {
    let is = |keyword: &&str| word.trim_end_matches('.').eq_ignore_ascii_case(keyword);
    let prefix = word.split_once(':').map(|(prefix, _)| prefix.to_ascii_uppercase());
    if prefix.as_ref().is_some_and(|prefix| OPENING.iter().any(|word| prefix.contains(word))) {
        Err(EXPRESSION)
    } else if prefix.is_some() || SUBSET.iter().any(&is) {
        Ok(())
    } else if depth == 0 && ["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"].iter().any(&is) {
        Err(syntax("this is a query, not an update"))
    } else if UNSUPPORTED.iter().any(is) {
        Err(Invalid::Unsupported("an update may only insert and delete triples, where other triples are"))
    } else {
        Err(syntax("a word that SPARQL Update does not have"))
    }
}

/// The word that a text starts with: space, comment, IRI, string, name, number, variable, language tag or punctuation.
/// An IRI or string that does not end is one character long.
fn word(text: &str) -> &str {
    let bytes = text.as_bytes();
    let name =
        |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'_' | b'-' | b'.' | b':' | b'%');
    let first = bytes.first().copied().unwrap_or_default();
    let length = match first {
        b'#' => run(bytes, 1, |byte| !matches!(byte, b'\n' | b'\r')),
        b'<' => iri(bytes),
        b'"' | b'\'' => string(bytes, first),
        b'^' if bytes.starts_with(b"^^") => 2,
        b'?' | b'$' => run(bytes, 1, |byte| name(byte) && !matches!(byte, b'-' | b'.' | b':' | b'%')),
        b'@' => run(bytes, 1, |byte| byte.is_ascii_alphanumeric() || byte == b'-'),
        b'+' | b'-' if bytes.get(1).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.') => {
            run(bytes, 1, |byte| byte.is_ascii_digit() || b".eE-".contains(&byte))
        }
        _ if name(first) && first != b'.' => escaped_name(bytes, name),
        _ => text.chars().next().map_or(0, char::len_utf8),
    };
    text.get(..length).unwrap_or(text)
}

fn run(bytes: &[u8], from: usize, inside: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(from).position(|byte| !inside(*byte)).map_or(bytes.len(), |length| from + length)
}

/// Names, numbers, and names with `\` in them.
fn escaped_name(bytes: &[u8], name: impl Fn(u8) -> bool) -> usize {
    let mut length = run(bytes, 0, &name);
    while bytes.get(length) == Some(&b'\\') {
        length = run(bytes, length + 2, &name);
    }
    length.min(bytes.len())
}

fn iri(bytes: &[u8]) -> usize {
    let inside = run(bytes, 1, |byte| byte > b' ' && !b"<>\"{}|^`\\".contains(&byte));
    if bytes.get(inside) == Some(&b'>') { inside + 1 } else { 1 }
}

fn string(bytes: &[u8], quote: u8) -> usize {
    let ends: &[u8] = if bytes.starts_with(&[quote; 3]) { &[quote; 3] } else { &[quote] };
    let mut at = ends.len();
    while let Some(byte) = bytes.get(at) {
        if *byte == b'\\' {
            at += 2;
        } else if bytes[at..].starts_with(ends) {
            return at + ends.len();
        } else if ends.len() == 1 && matches!(byte, b'\n' | b'\r') {
            break;
        } else {
            at += 1;
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let (mut rest, mut words) = (text, Vec::new());
        while !rest.is_empty() {
            words.push(word(rest));
            rest = &rest[word(rest).len()..];
        }
        words.retain(|word| !word.trim().is_empty());
        words
    }

    #[test]
    fn texts_are_split_as_the_grammar_splits_them() {
        let cases: [(&str, &[&str]); 10] = [
            ("INSERT DATA{<a>a e:b}", &["INSERT", "DATA", "{", "<a>", "a", "e:b", "}"]),
            ("?x $y ?x.", &["?x", "$y", "?x", "."]),
            ("<a'>'(' <b#c>#(\n", &["<a'>", "'('", "<b#c>", "#("]),
            ("\"a\\\"(\"@en-GB 'x'^^e:t", &["\"a\\\"(\"", "@en-GB", "'x'", "^^", "e:t"]),
            ("\"\"\"a\"\"(\n\"\"\" ''", &["\"\"\"a\"\"(\n\"\"\"", "''"]),
            ("'a\n(", &["'", "a", "("]),
            ("< ( <a b>", &["<", "(", "<", "a", "b", ">"]),
            ("e:a\\(\\' _:b.c", &["e:a\\(\\'", "_:b.c"]),
            ("1 -15 +2.5e3 - 1.", &["1", "-15", "+2.5e3", "-", "1."]),
            ("é:é?é", &["é:é", "?é"]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
