//! From the bytes of a file to lines of text, whatever the program that wrote them meant by it.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// What the text of a file is: Unicode where it is valid, else what Windows writes in western Europe.
///
/// A byte order mark decides; without one, bytes that are valid UTF-8 are UTF-8, since text in another encoding hardly
/// ever is by chance.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let rest = bytes.get(mark..).unwrap_or_default();
    match encoding.decode_without_bom_handling_and_without_replacement(rest) {
        Some(text) => text,
        None if encoding == UTF_8 => WINDOWS_1252.decode_without_bom_handling(rest).0,
        None => encoding.decode_without_bom_handling(rest).0,
    }
}

/// A line of a vCard or calendar, whole again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it begins in the file, from 1.
    pub number: usize,
    pub text: String,
}

/// The lines of a vCard or calendar. Folding is undone on octets, for a fold may lie within a character.
///
/// Spec: rfc6350 §3.2, rfc5545 §3.1
pub fn unfold(bytes: &[u8]) -> Vec<Line> {
    let wide = Encoding::for_bom(bytes).is_some_and(|(encoding, _)| encoding != UTF_8);
    let bytes = if wide { Cow::Owned(decode(bytes).into_owned().into_bytes()) } else { Cow::Borrowed(bytes) };
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line, lines.last_mut()) {
            ([b' ' | b'\t', rest @ ..], Some((_, whole))) => whole.extend_from_slice(rest),
            _ => lines.push((index + 1, line.to_vec())),
        }
    }
    let unicode = lines.iter().all(|(_, line)| std::str::from_utf8(line).is_ok());
    let text = |line: Vec<u8>| match String::from_utf8(line) {
        Ok(line) if unicode => line,
        Ok(line) => WINDOWS_1252.decode_without_bom_handling(line.as_bytes()).0.into_owned(),
        Err(error) => WINDOWS_1252.decode_without_bom_handling(error.as_bytes()).0.into_owned(),
    };
    lines.into_iter().map(|(number, line)| Line { number, text: text(line) }).collect()
}

/// One entry of a vCard or calendar file: from its `BEGIN` to its `END`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Where it begins in the file.
    pub line: usize,
    /// Unfolded, `BEGIN` and `END` included.
    pub lines: Vec<Line>,
    /// Whether its `END` was there.
    pub closed: bool,
}

impl Component {
    /// As a parser takes it.
    pub fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line.text.as_str(), "\r\n"]).collect()
    }

    /// The value of the first line of this name without parameters, as it is written.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| {
            let (head, value) = line.text.split_once(':')?;
            head.split(';').next()?.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// The components of this name, in their order. One that does not end before the next begins is not closed.
pub fn components(lines: &[Line], name: &str) -> Vec<Component> {
    let (begin, end) = (format!("BEGIN:{name}"), format!("END:{name}"));
    let mut found: Vec<Component> = Vec::new();
    let mut inside = false;
    for line in lines {
        let word = line.text.trim();
        if word.eq_ignore_ascii_case(&begin) {
            found.push(Component { line: line.number, lines: vec![line.clone()], closed: false });
            inside = true;
        } else if let Some(open) = found.last_mut().filter(|_| inside) {
            open.lines.push(line.clone());
            if word.eq_ignore_ascii_case(&end) {
                open.closed = true;
                inside = false;
            }
        }
    }
    found
}

/// A text that is longer than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// A text on one line, without what could deceive its reader: no control character, nothing that turns the direction of
/// what follows. `None` if nothing is left.
///
/// Spec: shape A2
pub fn line(text: &str, longest: usize) -> Result<Option<String>, TooLong> {
    bounded(text, longest, |text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A text of several lines, the same way.
pub fn paragraphs(text: &str, longest: usize) -> Result<Option<String>, TooLong> {
    bounded(text, longest, |text| text.trim().to_owned())
}

fn bounded(text: &str, longest: usize, tidy: impl Fn(&str) -> String) -> Result<Option<String>, TooLong> {
    // Four bytes are the longest character: what is far too long is not looked at.
    if text.len() > 4 * longest + 1024 {
        return Err(TooLong);
    }
    let kept: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_deceptive(*c)).collect();
    let tidy = tidy(&kept);
    if tidy.chars().count() > longest {
        return Err(TooLong);
    }
    Ok((!tidy.is_empty()).then_some(tidy))
}

/// Characters that nobody sees and that change what is seen: controls, and those that turn the direction of text.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}

/// A value as it is shown where somebody may paste it into a spreadsheet, which would run it as a formula.
///
/// What is stored is the value itself: a name that begins with `=` is still that name, and no page of ours runs it.
pub fn defused(value: &str) -> Cow<'_, str> {
    let runs = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if runs { format!("'{value}").into() } else { value.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_encoding_is_found() {
        for (bytes, text) in [
            (&b"\xEF\xBB\xBFT\xC3\xA9moin"[..], "Témoin"),
            (b"T\xC3\xA9moin", "Témoin"),
            (b"T\xE9moin \x80", "Témoin €"),
            (b"\xFF\xFET\0\xE9\0", "Té"),
            (b"", ""),
        ] {
            assert_eq!(decode(bytes), text);
        }
    }

    #[test]
    fn lines_are_unfolded_on_octets() {
        let folded = b"NOTE:\xC3\r\n \xA9t\r\n\t\xC3\xA9\r\nFN:x\n";
        let lines = unfold(folded);
        let lines: Vec<_> = lines.iter().map(|line| (line.number, line.text.as_str())).collect();
        assert_eq!(lines, [(1, "NOTE:été"), (4, "FN:x"), (5, "")]);
        assert_eq!(unfold(b"FN:T\xE9moin\nNOTE:x")[0].text, "FN:Témoin");
    }

    #[test]
    fn components_know_where_they_begin_and_whether_they_end() {
        let lines = unfold(b"x\nBEGIN:VCARD\nFN:a\nbegin:vcard\nFN;X=\"1\":b:c\nEND:VCARD\ny\nBEGIN:VCARD\n");
        let found = components(&lines, "VCARD");
        let told: Vec<_> = found.iter().map(|found| (found.line, found.closed, found.raw("fn"))).collect();
        assert_eq!(told, [(2, false, Some("a")), (4, true, Some("b:c")), (8, false, None)]);
    }

    #[test]
    fn deceptive_characters_go_and_long_texts_are_refused() {
        assert_eq!(line(" a\u{202E}b\u{0}\r\n c ", 10), Ok(Some("ab c".to_owned())));
        assert_eq!(line("\u{2066}", 10), Ok(None));
        assert_eq!(line(&"é".repeat(10), 10), Ok(Some("é".repeat(10))));
        assert_eq!(line(&"é".repeat(11), 10), Err(TooLong));
        assert_eq!(line(&"x".repeat(10_000_000), 200), Err(TooLong));
        assert_eq!(paragraphs("a\nb\u{7}", 10), Ok(Some("a\nb".to_owned())));
    }

    #[test]
    fn formulas_are_shown_as_text() {
        for (value, shown) in [("=1+1", "'=1+1"), ("+33", "'+33"), ("@x", "'@x"), ("a=b", "a=b"), ("", "")] {
            assert_eq!(defused(value), shown);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_text(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            decode(&bytes);
            let lines = unfold(&bytes);
            components(&lines, "VCARD");
            prop_assert!(lines.iter().all(|line| !line.text.contains('\n')));
        }

        /// Folding anywhere, within characters too, is undone.
        #[test]
        fn folds_leave_no_trace(text in "[a-zé€😀]{1,60}", every in 1_usize..20) {
            let folded: Vec<u8> = text.as_bytes().chunks(every).collect::<Vec<_>>().join(&b"\r\n "[..]);
            prop_assert_eq!(&unfold(&folded)[0].text, &text);
        }

        #[test]
        fn a_cleaned_line_is_clean(text in any::<String>()) {
            if let Ok(Some(clean)) = line(&text, 100) {
                prop_assert!(!clean.chars().any(is_deceptive));
                prop_assert_eq!(line(&clean, 100), Ok(Some(clean.clone())));
            }
        }
    }
}
