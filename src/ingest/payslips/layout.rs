//! Words on pages, where they stand: what a payslip's columns can be read from.

use super::words::plain;

/// The most words that are looked at; a payslip has a few hundred.
pub const MOST_WORDS: usize = 20_000;

/// One word, or as much of a text as stands without a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Tenths of a point from the left edge of the page.
    pub left: i32,
    pub right: i32,
    /// Whether more than a space is before it: it begins something else than the word before.
    pub apart: bool,
    pub text: String,
    /// The text as labels are compared: capitals without accents or marks at the end.
    pub plain: String,
}

impl Word {
    pub fn new(left: i32, right: i32, apart: bool, text: &str) -> Self {
        let plain = plain(text).trim_matches([':', '.', ',', ';', '*', '=']).to_owned();
        Self { left, right, apart, text: text.to_owned(), plain }
    }
}

/// The words of one line, from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pub words: Vec<Word>,
}

impl Line {
    /// The line of a text that is set in letters of one width: two spaces part columns.
    pub fn of_text(text: &str) -> Self {
        let mut words: Vec<Word> = Vec::new();
        let (mut at, mut spaces) = (0_i32, 2);
        for part in text.split(' ') {
            let width = i32::try_from(part.chars().count()).unwrap_or(i32::MAX / 100);
            if width > 0 {
                words.push(Word::new(
                    at.saturating_mul(60),
                    at.saturating_add(width).saturating_mul(60),
                    spaces > 1,
                    part,
                ));
                spaces = 0;
            }
            at = at.saturating_add(width).saturating_add(1);
            spaces += 1;
        }
        Self { words }
    }

    pub fn text(&self) -> String {
        joined(&self.words)
    }

    /// The words from `at` on, as far as they belong together.
    pub fn piece(&self, at: usize) -> &[Word] {
        let rest = self.words.get(at..).unwrap_or_default();
        let length = rest.iter().skip(1).position(|word| word.apart).map_or(rest.len(), |more| more + 1);
        &rest[..length]
    }

    /// All that belongs together, piece by piece.
    pub fn pieces(&self) -> impl Iterator<Item = &[Word]> {
        let starts = self.words.iter().enumerate().filter(|(at, word)| *at == 0 || word.apart);
        starts.map(|(at, _)| self.piece(at))
    }

    /// Where the words of a label stand: the first and the one after the last.
    pub fn find(&self, label: &str) -> impl Iterator<Item = (usize, usize)> {
        let label: Vec<&str> = label.split(' ').collect();
        let length = label.len();
        let matches = move |words: &[Word]| words.iter().zip(&label).all(|(word, label)| word.plain == *label);
        let starts = self.words.windows(length).enumerate().filter(move |(_, words)| matches(words));
        starts.map(move |(at, _)| (at, at + length))
    }
}

/// Words with a space between.
pub fn joined(words: &[Word]) -> String {
    words.iter().map(|word| &*word.text).collect::<Vec<_>>().join(" ")
}

/// From where to where words stand.
pub fn extent(words: &[Word]) -> (i32, i32) {
    (words.first().map_or(0, |word| word.left), words.last().map_or(0, |word| word.right))
}

/// How much of two extents stands under one another; negative: how far apart they are.
pub fn overlap(one: (i32, i32), other: (i32, i32)) -> i32 {
    one.1.min(other.1).saturating_sub(one.0.max(other.0))
}

/// A printed character.
#[derive(Debug, Clone, PartialEq)]
pub struct Glyph {
    pub page: u32,
    /// Points from the left and from the top.
    pub left: f64,
    pub right: f64,
    pub top: f64,
    /// The height of the letters, in points.
    pub size: f64,
    pub text: String,
}

/// Puts characters together to words and lines.
pub fn lines(mut glyphs: Vec<Glyph>) -> Vec<Line> {
    glyphs.retain(|glyph| {
        [glyph.left, glyph.right, glyph.top, glyph.size].into_iter().all(f64::is_finite) && glyph.size > 0.0
    });
    glyphs.sort_by(|one, other| {
        (one.page, one.top).partial_cmp(&(other.page, other.top)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut lines: Vec<Vec<Glyph>> = Vec::new();
    for glyph in glyphs {
        let same = |first: &Glyph| first.page == glyph.page && glyph.top - first.top < first.size.min(glyph.size) * 0.4;
        match lines.last_mut() {
            Some(line) if line.first().is_some_and(same) => line.push(glyph),
            _ => lines.push(vec![glyph]),
        }
    }
    lines.into_iter().map(line).filter(|line| !line.words.is_empty()).collect()
}

/// A gap this wide, in sizes of the letters, is no space between two words.
const APART: f64 = 0.8;
/// A gap this wide is a space.
const SPACE: f64 = 0.15;

fn line(mut glyphs: Vec<Glyph>) -> Line {
    glyphs.sort_by(|one, other| one.left.total_cmp(&other.left));
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<(Glyph, bool)> = None;
    for glyph in glyphs {
        if glyph.text.trim().is_empty() {
            words.extend(open.take().map(word));
            continue;
        }
        let gap = open.as_ref().map(|(word, _)| glyph.left - word.right);
        match (&mut open, gap) {
            // Some print bold letters twice.
            (Some((word, _)), Some(gap))
                if gap < -0.5 * (glyph.right - glyph.left) && word.text.ends_with(&glyph.text) => {}
            (Some((word, _)), Some(gap)) if gap <= SPACE * glyph.size => {
                word.text.push_str(&glyph.text);
                word.right = word.right.max(glyph.right);
            }
            _ => {
                words.extend(open.take().map(word));
                let apart =
                    words.last().is_none_or(|last| glyph.left - f64::from(last.right) / 10.0 > APART * glyph.size);
                open = Some((glyph, apart));
            }
        }
    }
    words.extend(open.map(word));
    Line { words }
}

fn word((glyph, apart): (Glyph, bool)) -> Word {
    Word::new(tenths(glyph.left), tenths(glyph.right), apart, glyph.text.trim())
}

#[expect(clippy::cast_possible_truncation, reason = "rounded, and cut at the bounds of the type")]
fn tenths(points: f64) -> i32 {
    (points * 10.0).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyphs(top: f64, left: f64, text: &str) -> Vec<Glyph> {
        let mut at = left;
        let glyph = |character: char| {
            let from = at;
            at += 6.0;
            Glyph { page: 1, left: from, right: at, top, size: 10.0, text: character.to_string() }
        };
        text.chars().map(glyph).collect()
    }

    fn told(lines: &[Line]) -> Vec<String> {
        let pieces = |line: &Line| line.pieces().map(joined).collect::<Vec<_>>().join(" | ");
        lines.iter().map(pieces).collect()
    }

    #[test]
    fn characters_become_words_and_lines_whatever_their_order() {
        let mut all = glyphs(100.0, 300.0, "2 104,17 EUR");
        all.extend(glyphs(100.5, 40.0, "NET À PAYER"));
        all.extend(glyphs(80.0, 40.0, "TOTAUX"));
        all.reverse();
        assert_eq!(told(&lines(all)), ["TOTAUX", "NET À PAYER | 2 104,17 EUR"]);
    }

    #[test]
    fn letters_that_are_printed_twice_are_read_once() {
        let mut all = glyphs(10.0, 40.0, "NET");
        all.extend(glyphs(10.0, 40.3, "NET"));
        assert_eq!(told(&lines(all)), ["NET"]);
    }

    #[test]
    fn what_stands_nowhere_is_left_out() {
        let mut all = glyphs(10.0, f64::NAN, "NET");
        all.extend(glyphs(f64::INFINITY, 3.0, "NET"));
        assert_eq!(lines(all), []);
    }

    #[test]
    fn labels_are_found_word_by_word() {
        let line = Line::of_text("Net à payer :  2 104,17   Net à payer avant impôt");
        assert_eq!(line.find("NET A PAYER").collect::<Vec<_>>(), [(0, 3), (6, 9)]);
        assert_eq!(line.find("PAYE").count(), 0);
        assert_eq!(told(&[line]), ["Net à payer : | 2 104,17 | Net à payer avant impôt"]);
    }
}
