//! French words as they are set: `;`, `:`, `!`, `?` and guillemets stand apart from their word by a no-break space
//! (U+00A0), so that no line begins with one of them. English has no space there, so that all words can be looked at.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// Where people's words are.
const PLACES: [&str; 4] = ["src/web", "src/language", "src/identity/account/letter.rs", "src/identity/account/terms"];

fn files(place: &Path, found: &mut Vec<PathBuf>) {
    if place.is_dir() {
        for entry in fs::read_dir(place).unwrap() {
            files(&entry.unwrap().path(), found);
        }
    } else {
        found.push(place.to_owned());
    }
}

/// What people read of a file: the string literals of a source, a template without its tags, a text as it is.
fn words(path: &Path) -> Vec<String> {
    let kind = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let text = || fs::read_to_string(path).unwrap();
    match kind {
        "rs" => literals(&text()),
        "html" => vec![without_tags(&text())],
        "txt" => vec![text()],
        _ => Vec::new(),
    }
}

/// The string literals of a source. A line that goes on is one line.
fn literals(source: &str) -> Vec<String> {
    let (mut rest, mut found) = (source, Vec::new());
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let here = &rest[at..];
        rest = if let Some(comment) = here.strip_prefix("//") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(character) = ["'\"'", "'\\\"'", "'/'"].iter().find(|quoted| here.starts_with(**quoted)) {
            &here[character.len()..]
        } else if let Some(literal) = here.strip_prefix('"') {
            let hashes = rest[..at].chars().rev().take_while(|&character| character == '#').count();
            let end = if hashes > 0 { literal.find(&format!("\"{}", "#".repeat(hashes))) } else { end(literal) };
            let (inside, rest) = literal.split_at(end.unwrap_or(literal.len()));
            let lines: Vec<_> = inside.split("\\\n").collect();
            let (first, more) = lines.split_first().unwrap();
            found.push(more.iter().fold((*first).to_owned(), |all, line| all + line.trim_start()));
            rest.get(1..).unwrap_or_default()
        } else {
            &here[1..]
        };
    }
    found
}

/// Where a literal ends: at the first quote that is not escaped.
fn end(literal: &str) -> Option<usize> {
    let mut escaped = false;
    literal.find(|character| {
        let ends = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        ends
    })
}

/// A template without what is computed; what it computes is written elsewhere.
fn without_tags(template: &str) -> String {
    let mut parts = template.split("{%");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once("%}").map_or("", |(_, after)| after))
}

/// The first mark that may fall on another line than its word, with what stands around it.
fn astray(text: &str) -> Option<String> {
    let before = [";", ":", "!", "?", "»"].map(|mark| format!(" {mark}"));
    let at = before.iter().chain([&"« ".to_owned()]).filter_map(|pair| text.find(pair.as_str())).min()?;
    let from = text.char_indices().map(|(at, _)| at).filter(|near| near + 20 >= at).min()?;
    Some(text[from..].chars().take(40).collect())
}

#[test]
fn no_mark_leaves_its_word() {
    let mut found = Vec::new();
    for place in PLACES {
        files(Path::new(place), &mut found);
    }
    let told: Vec<_> = found.iter().flat_map(|path| words(path).into_iter().map(move |text| (path, text))).collect();
    assert!(told.iter().any(|(_, text)| text.contains("Mot de passe oublié\u{a0}?")), "words are found at all");
    let wrong: Vec<_> = told.iter().filter_map(|(path, text)| Some((path, astray(text)?))).collect();
    assert!(wrong.is_empty(), "write U+00A0 instead of the space: {wrong:#?}");
}

#[test]
fn what_is_set_wrongly_is_seen() {
    for wrong in ["Vraiment ?", "Oui ; non", "Ici : là", "« Oui\u{a0}»", "«\u{a0}Oui »"] {
        assert!(astray(wrong).is_some(), "{wrong}");
    }
    for right in ["Vraiment\u{a0}?", "«\u{a0}Oui\u{a0}»", "Really?", "https://a.example", "10:30"] {
        assert_eq!(astray(right), None, "{right}");
    }
    let source = "f(\"a \\\"b\\\"\", '\"'); // \"c\"\nlet x = \"d \\\n    : e\"; r#\"f \"g\" ?\"#";
    assert_eq!(literals(source), ["a \\\"b\\\"", "d : e", "f \"g\" ?"]);
}
