//! A look at an RDF/XML document before it is read: what its nesting, attributes and entities could make it cost.
//!
//! The parser keeps a state for each open element, compares each attribute of an element with those before it, seeks
//! each prefix through all that are bound, and spells entities out wherever they are used.

use super::super::{Malformed, bounds};
use super::MALFORMED;

/// Elements within each other.
const NESTING: usize = 128;

/// Attributes of elements that are open at once.
const ATTRIBUTES: usize = 256;

/// Bytes of a tag.
const TAG: usize = 64 << 10;

/// Bytes of a document type, whose entities may be used any number of times.
const DOCUMENT_TYPE: usize = 16 << 10;

/// Refuses documents that nest too deep, have too many attributes, or whose entities multiply.
pub(super) fn check(text: &[u8]) -> Result<(), Malformed> {
    let mut open: Vec<usize> = Vec::new();
    let mut typed = false;
    let mut elements = 0;
    let mut at = 0;
    while let Some(start) = find(text, at, b"<") {
        let rest = &text[start..];
        at = start
            + if rest.starts_with(b"<!--") {
                end(rest, 4, b"-->")
            } else if rest.starts_with(b"<![CDATA[") {
                end(rest, 9, b"]]>")
            } else if rest.starts_with(b"<?") {
                end(rest, 2, b"?>")
            } else if rest.starts_with(b"<!") && elements == 0 && !typed {
                typed = true;
                document_type(text, rest)?
            } else if rest.starts_with(b"<!") {
                return Err(MALFORMED);
            } else {
                elements += 1;
                tag(rest, &mut open)?
            };
    }
    if elements > 0 && open.is_empty() { Ok(()) } else { Err(MALFORMED) }
}

fn find(text: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(what.len()).position(|window| window == what).map(|place| from + place)
}

/// Past the end mark; the end of the text if there is none.
fn end(text: &[u8], from: usize, mark: &[u8]) -> usize {
    find(text, from, mark).map_or(text.len(), |place| place + mark.len())
}

/// The length of a document type. Entities made of entities are refused, for they can grow without bound.
fn document_type(text: &[u8], rest: &[u8]) -> Result<usize, Malformed> {
    let plain = end(rest, 2, b">");
    let length = if rest[..plain].contains(&b'[') { end(rest, end(rest, 2, b"]"), b">") } else { plain };
    let uses = text.split(|byte| *byte == b'&').count();
    let nested = rest[..length].iter().any(|byte| matches!(byte, b'&' | b'%'));
    if nested || length > DOCUMENT_TYPE || length.saturating_mul(uses) > bounds::TEXT {
        return Err(Malformed::because("the document's entities could grow too much"));
    }
    Ok(length)
}

/// The length of a tag, which opens or closes an element, or both.
fn tag(rest: &[u8], open: &mut Vec<usize>) -> Result<usize, Malformed> {
    let (mut quote, mut attributes, mut length) = (None, 0, rest.len());
    for (at, byte) in rest.iter().enumerate() {
        match (quote, *byte) {
            (Some(mark), byte) => quote = (mark != byte).then_some(mark),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'=') => attributes += 1,
            (None, b'>') => {
                length = at + 1;
                break;
            }
            _ => {}
        }
    }
    if rest.starts_with(b"</") {
        open.pop();
    } else {
        open.push(attributes);
        if open.len() > NESTING {
            return Err(Malformed::because("the document nests too deep"));
        }
        if length > TAG || open.iter().sum::<usize>() > ATTRIBUTES {
            return Err(Malformed::because("the document has too many attributes, or too long ones"));
        }
        if rest[..length].ends_with(b"/>") {
            open.pop();
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_documents_pass() {
        let texts = [
            "<a/>",
            "<a b='>' c=\">\"><!-- <b><b><b> --><![CDATA[<c><c>]]><?d <e> ?></a>",
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE rdf:RDF [<!ENTITY e \"https://e.org/\">\n<!ENTITY f 'https://f.org/'> ]><a b=\"&e;c\">&f;</a>",
        ];
        for text in texts {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
        assert_eq!(check("<a><b c='d'/></a>".repeat(10_000).as_bytes()), Ok(()));
    }

    #[test]
    fn bombs_do_not() {
        let attributes = |count: usize| (0..count).map(|i| [format!(" a{i}=''")].concat()).collect::<String>();
        let bombs = [
            "<a>".repeat(1_000),
            "<a b='c'>".repeat(120) + &"<a b='c' d='e'>".repeat(120),
            format!("<a{}/>", attributes(1_000)),
            format!("<a{}>", attributes(100)).repeat(3),
            format!("<a xmlns='{}'/>", "x".repeat(100_000)),
            "<!DOCTYPE a>".repeat(2) + "<a/>",
            "<a><!DOCTYPE b></a>".to_owned(),
            "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><a>&b;</a>".to_owned(),
            "<!DOCTYPE a [<!ENTITY % a \"aaaa\">]><a/>".to_owned(),
            format!("<!DOCTYPE a [<!ENTITY a \"{}\">]><a/>", "x".repeat(20_000)),
            format!("<!DOCTYPE a [<!ENTITY a \"{}\">]><a>{}</a>", "x".repeat(10_000), "&a;".repeat(100_000)),
        ];
        for text in bombs {
            assert!(check(text.as_bytes()).is_err(), "{}", &text[..60.min(text.len())]);
        }
    }
}
