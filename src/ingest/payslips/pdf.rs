//! The printed characters of a PDF.
//!
//! The parser was not made for hostile files: it runs in a process of its own ([`super::reading`]), where it may panic,
//! overflow its stack or take all the memory that it is allowed.

use pdf_extract::{Document, MediaBox, OutputDev, OutputError, Transform, output_doc_page};

use super::layout::{Glyph, Line, MOST_WORDS, lines as laid_out};

/// Pages that are looked at: payslips have one or two.
const PAGES: usize = 8;
/// Characters that are looked at.
const GLYPHS: usize = 10 * MOST_WORDS;

/// Why nothing could be read off a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it is not a PDF, or a part of one")]
    NotAPdf,
    #[error("it holds no text")]
    NoText,
}

/// The lines of a PDF.
pub fn lines(bytes: &[u8]) -> Result<Vec<Line>, Unreadable> {
    let document = Document::load_mem(bytes).map_err(|_| Unreadable::NotAPdf)?;
    let mut page = Page::default();
    for number in document.get_pages().into_keys().take(PAGES) {
        // What was printed before a fault is kept.
        if output_doc_page(&document, &mut page, number).is_err() {
            break;
        }
    }
    let lines = laid_out(page.glyphs);
    if lines.is_empty() { Err(Unreadable::NoText) } else { Ok(lines) }
}

/// The page that is printed, and all that was printed before.
#[derive(Default)]
struct Page {
    number: u32,
    height: f64,
    glyphs: Vec<Glyph>,
}

impl OutputDev for Page {
    fn begin_page(
        &mut self,
        number: u32,
        media: &MediaBox,
        _: Option<(f64, f64, f64, f64)>,
    ) -> Result<(), OutputError> {
        (self.number, self.height) = (number, media.ury);
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn output_character(
        &mut self,
        place: &Transform,
        width: f64,
        _: f64,
        size: f64,
        text: &str,
    ) -> Result<(), OutputError> {
        // What runs upwards along an edge is no line of a payslip.
        let upright = place.m11.abs() > place.m12.abs();
        if upright && self.glyphs.len() < GLYPHS {
            let (left, size) = (place.m31, size * place.m22.abs());
            let right = left + width * size;
            let text = text.chars().take(4).collect();
            self.glyphs.push(Glyph { page: self.number, left, right, top: self.height - place.m32, size, text });
        }
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_say_nothing() {
        let read = |name: &str| lines(&std::fs::read(format!("tests/fixtures/ensap/{name}")).unwrap());
        assert_eq!(read("pdf/no-text.pdf"), Err(Unreadable::NoText));
        assert_eq!(read("not-a-pdf.pdf"), Err(Unreadable::NotAPdf));
        assert!(read("pdf/truncated.pdf").is_err());
        assert_eq!(lines(b""), Err(Unreadable::NotAPdf));
    }
}
