//! Payslips of other months, made from the PDF of one: the text is replaced, all else stays.

use std::io::Read;

use flate2::read::ZlibDecoder;

/// The document with other words in its text. The last object is the text; it comes out uncompressed.
pub fn reworded(pdf: &[u8], words: &[(&str, &str)]) -> Vec<u8> {
    let at = |what: &str| pdf.windows(what.len()).rposition(|window| window == what.as_bytes()).unwrap();
    let (filter, stream, end, xref, tail) =
        (at("/Filter ["), at("stream\n"), at("endstream"), at("xref\n0 "), at("startxref"));
    // The last "stream" is that of "endstream" itself if nothing but a line end follows it.
    let stream =
        if stream > end { pdf[..end].windows(7).rposition(|window| window == b"stream\n").unwrap() } else { stream };
    let mut text = String::new();
    ZlibDecoder::new(&*ascii85(&pdf[stream + 7..end])).read_to_string(&mut text).unwrap();
    for (old, new) in words {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    let mut made = pdf[..filter].to_vec();
    made.extend(format!("/Length {}\n>>\nstream\n{text}endstream\nendobj\n", text.len()).bytes());
    let table = made.len();
    made.extend(&pdf[xref..tail]);
    made.extend(format!("startxref\n{table}\n%%EOF\n").bytes());
    made
}

/// What ASCII85 text says: groups of five characters are four bytes, `z` is four zeros, `~>` is the end.
fn ascii85(text: &[u8]) -> Vec<u8> {
    let digits = text.iter().copied().take_while(|byte| *byte != b'~').filter(|byte| !byte.is_ascii_whitespace());
    let (mut bytes, mut group) = (Vec::new(), Vec::new());
    for digit in digits {
        if digit == b'z' {
            bytes.extend([0; 4]);
            continue;
        }
        group.push(u32::from(digit - b'!'));
        if group.len() == 5 {
            bytes.extend(word(&group));
            group.clear();
        }
    }
    if !group.is_empty() {
        let had = group.len();
        group.resize(5, 84);
        bytes.extend(&word(&group)[..had - 1]);
    }
    bytes
}

fn word(group: &[u32]) -> [u8; 4] {
    group.iter().fold(0u32, |word, digit| word.wrapping_mul(85).wrapping_add(*digit)).to_be_bytes()
}
