//! French words of pay documents: months, and text in a form in which spelling does not matter.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// The months as titles write them.
const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// The name of a month, 1 to 12; empty for what is none.
pub fn month_name(month: i8) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default()
}

/// The month of this name, however it is written; some payers cut the names short.
pub fn month(word: &str) -> Option<i8> {
    let word = plain(word);
    let word = word.trim_end_matches('.');
    let named = |name: &str| {
        let name = plain(name);
        name == word || word.len() >= 4 && name.starts_with(word)
    };
    let at = MONTHS.iter().position(|name| named(name))?;
    i8::try_from(at + 1).ok()
}

/// Capitals without accents, one plain space between words: `À  payer` becomes `A PAYER`.
pub fn plain(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let bare = decomposed.chars().filter(|character| !is_mark(*character)).map(straight);
    let capitals: String = bare.flat_map(char::to_uppercase).collect();
    capitals.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The accents of Latin letters, once they are taken apart.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

fn straight(character: char) -> char {
    match character {
        '\u{2018}' | '\u{2019}' | '\u{b4}' | '`' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// Text fit for a literal: no control characters, none that turn the direction of writing, single spaces, at most
/// `limit` characters. `None` if nothing is left.
pub fn clean(text: &str, limit: usize) -> Option<String> {
    let spoken: String = text.chars().map(|character| if is_unseen(character) { ' ' } else { character }).collect();
    let words = spoken.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = words.chars().take(limit).collect();
    (!cut.is_empty()).then_some(cut)
}

/// Characters that are not seen but act: controls, marks of direction, joiners, byte order marks, tags.
pub fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_by_any_spelling() {
        for (word, number) in [
            ("Décembre", 12),
            ("decembre", 12),
            ("DÉC", 0),
            ("AOÛT", 8),
            ("aout", 8),
            ("févr.", 2),
            ("fe\u{301}vrier", 2),
            ("juil.", 7),
            ("juin", 6),
            ("mai", 5),
            ("mars", 3),
            ("", 0),
            ("brumaire", 0),
        ] {
            assert_eq!(month(word).unwrap_or(0), number, "{word}");
        }
        assert_eq!([month_name(0), month_name(1), month_name(12), month_name(13)], ["", "janvier", "décembre", ""]);
    }

    #[test]
    fn spelling_does_not_matter() {
        for (text, bare) in [
            ("Net  à\u{a0}payer", "NET A PAYER"),
            ("MONTANT IMPOSABLE DE L’ANNÉE", "MONTANT IMPOSABLE DE L'ANNEE"),
            ("Échelon", "ECHELON"),
        ] {
            assert_eq!(plain(text), bare);
        }
    }

    #[test]
    fn literals_hold_nothing_that_acts_unseen() {
        assert_eq!(clean("  LYCÉE \u{202e}\u{0} FICTIF\n", 80).as_deref(), Some("LYCÉE FICTIF"));
        assert_eq!(clean("\u{200b}\u{feff}", 80), None);
        assert_eq!(clean(&"a".repeat(500), 80).map(|text| text.len()), Some(80));
    }
}
