//! The two bands below the head: where somebody works, and as what.

use super::Share;
use crate::ingest::payslips::layout::{Line, extent, joined, overlap};

/// What the bands say, as far as it may be told.
#[derive(Debug, Default)]
pub struct Band {
    pub employer: Option<String>,
    pub siret: Option<String>,
    pub grade: Option<String>,
    pub echelon: Option<String>,
    pub index: Option<u16>,
    pub quota: Option<Share>,
}

/// Heads of columns, by the words they begin with. Those that are read have their place in [`Band`]; the others are
/// there so that what stands below them is not taken for something else.
const HEADS: [&str; 22] = [
    "AFFECTATION",
    "GESTION",
    "POSTE",
    LABEL,
    SIRET,
    "MIN",
    "NUMERO",
    "CLE",
    "N° DOS",
    GRADE,
    "ENF",
    "ENFANTS A CHARGE",
    ECHELON,
    "ECHELON",
    INDEX,
    "INDICE",
    "NBI",
    "TAUX HORAIRE OU NBI",
    QUOTA,
    "TEMPS DE TRAVAIL",
    "N° ORDRE",
    "EMPLOYEUR",
];
const LABEL: &str = "LIBELLE";
const SIRET: &str = "SIRET";
const GRADE: &str = "GRADE";
const ECHELON: &str = "ECH";
const INDEX: &str = "INDICE OU NB";
const QUOTA: &str = "TEMPS PARTIEL";
/// Lines below the heads in which the values may stand.
const BELOW: usize = 2;

/// Reads the bands.
pub fn read(lines: &[Line]) -> Band {
    let under = |label: &str, beside: &[&str]| {
        let is_head = |line: &Line| has(line, label) && beside.iter().any(|other| has(line, other));
        lines.iter().enumerate().find(|(_, line)| is_head(line)).and_then(|(at, _)| column(&lines[at..], label))
    };
    let employed = || employed(lines);
    let index = under(INDEX, &[GRADE]).or_else(|| under("INDICE", &[GRADE]));
    Band {
        employer: under(LABEL, &[SIRET, "AFFECTATION", "POSTE"]).or_else(employed),
        siret: siret(lines),
        grade: under(GRADE, &[ECHELON, "ECHELON", INDEX, "INDICE"]),
        echelon: under(ECHELON, &[GRADE]).or_else(|| under("ECHELON", &[GRADE])).filter(|text| is_echelon(text)),
        index: index.and_then(|text| text.trim_start_matches('0').parse().ok()),
        quota: under(QUOTA, &[GRADE]).as_deref().and_then(share).or_else(|| full_time(lines)),
    }
}

fn has(line: &Line, label: &str) -> bool {
    line.find(label).next().is_some()
}

/// What stands below a head that the first of these lines holds, and below none of its neighbours.
fn column(lines: &[Line], label: &str) -> Option<String> {
    let (heads, below) = lines.split_first()?;
    let places = heads_of(heads);
    let own = places.iter().position(|(name, _)| *name == label)?;
    below.iter().take(BELOW).take_while(|line| !has(line, "ELEMENTS")).find_map(|line| {
        let mut pieces = line.pieces().filter(|piece| nearest(&places, extent(piece)) == Some(own));
        pieces.next().map(joined)
    })
}

/// The heads in a line with their places; of two that begin at the same word the longer.
fn heads_of(line: &Line) -> Vec<(&'static str, (i32, i32))> {
    let mut found: Vec<(usize, usize, &'static str)> =
        HEADS.iter().flat_map(|head| line.find(head).map(move |(start, end)| (start, end, *head))).collect();
    found.sort_by_key(|(start, end, _)| (*start, usize::MAX - end));
    found.dedup_by_key(|(start, ..)| *start);
    let next = found.iter().skip(1).map(|(start, ..)| *start).chain([line.words.len()]).collect::<Vec<_>>();
    let place = |((start, _, name), next): (&(usize, usize, &'static str), usize)| {
        // The head may have more words than it is known by.
        let words = &line.words[*start..next.max(start + 1)];
        (*name, extent(words))
    };
    found.iter().zip(next).map(place).collect()
}

/// The head that a piece belongs to: the one that it stands under most.
fn nearest(heads: &[(&'static str, (i32, i32))], piece: (i32, i32)) -> Option<usize> {
    let by = |(_, (_, place)): &(usize, &(&str, (i32, i32)))| overlap(*place, piece);
    heads.iter().enumerate().max_by_key(by).map(|(at, _)| at)
}

/// `Employeur : … SIRET …`
fn employed(lines: &[Line]) -> Option<String> {
    lines.iter().find_map(|line| {
        let (_, start) = line.find("EMPLOYEUR").next().filter(|(at, _)| *at == 0)?;
        let words = line.words.get(start..)?;
        let end = words.iter().position(|word| word.plain == SIRET).unwrap_or(words.len());
        let name = joined(&words[..end]);
        let name = name.trim_start_matches([':', ' ']);
        (!name.is_empty()).then(|| name.to_owned())
    })
}

/// The 14 digits after or below `SIRET`, however they are grouped.
fn siret(lines: &[Line]) -> Option<String> {
    let digits = |text: &str| {
        let digits: String =
            text.chars().filter(|character| !matches!(character, ' ' | '\u{a0}' | '\u{202f}' | ':')).collect();
        (digits.len() == 14 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
    };
    super::find::value(lines, &[SIRET, "N° SIRET"], digits)
}

fn is_echelon(text: &str) -> bool {
    (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
}

/// `50/100`, `80 %`, `080`.
fn share(text: &str) -> Option<Share> {
    let text = text.replace(' ', "");
    if let Some((part, whole)) = text.split_once('/') {
        return Share::of(part.parse().ok()?, whole.parse().ok()?);
    }
    Share::of(text.strip_suffix('%')?.parse().ok()?, 100)
}

/// Who works full time has nothing in the column for part-time work.
fn full_time(lines: &[Line]) -> Option<Share> {
    let whole = |text: &str| {
        matches!(&*crate::ingest::payslips::words::plain(text), "TEMPS COMPLET" | "TEMPS PLEIN").then_some(Share::WHOLE)
    };
    super::find::value(lines, &["TEMPS DE TRAVAIL"], whole)
}
