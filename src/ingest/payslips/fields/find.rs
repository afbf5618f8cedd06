//! Values beside and below their labels.

use jiff::civil::Date;

use super::Amounts;
use crate::ingest::payslips::amount::Amount;
use crate::ingest::payslips::kind::{Kind, Period};
use crate::ingest::payslips::layout::{Line, Word, extent, joined, overlap};
use crate::ingest::payslips::listing;

/// Lines below a label in which its value may stand.
const BELOW: usize = 3;
/// How far aside it may stand, in tenths of a point.
const NEAR: i32 = 250;
/// Lines at the beginning that say what a document is.
pub const HEAD: usize = 40;

/// What a value looks like: it is read off the words that follow a label.
type Read<T> = fn(&str) -> Option<T>;

/// The first value of one of these labels. It follows its label, or stands below it.
pub fn value<T>(lines: &[Line], labels: &[&str], read: Read<T>) -> Option<T> {
    labels.iter().find_map(|label| lines.iter().enumerate().find_map(|(at, _)| labelled(&lines[at..], label, read)))
}

/// The value of a label that stands in the first of these lines.
fn labelled<T>(lines: &[Line], label: &str, read: Read<T>) -> Option<T> {
    let line = lines.first()?;
    line.find(label).find_map(|(start, end)| {
        let after = line.piece(end);
        if let Some(value) = read(&joined(after)) {
            return Some(value);
        }
        // Something else follows at once: it was the beginning of another label.
        let is_another = after.first().is_some_and(|word| !word.apart && !is_unit(word));
        if is_another { None } else { below(&lines[1..], extent(&line.words[start..end]), read) }
    })
}

/// The first thing that stands below, or nearly so, if it is such a value.
fn below<T>(lines: &[Line], label: (i32, i32), read: Read<T>) -> Option<T> {
    let under = |line: &Line| {
        let pieces = line.pieces().map(|piece| (overlap(extent(piece), label), piece));
        pieces
            .filter(|(overlap, _)| *overlap > -NEAR)
            .max_by_key(|(overlap, _)| *overlap)
            .map(|(_, piece)| joined(piece))
    };
    read(&lines.iter().take(BELOW).find_map(under)?)
}

fn is_unit(word: &Word) -> bool {
    matches!(&*word.plain, "" | "EUR" | "EUROS" | "€" | "EN")
}

fn amount(text: &str) -> Option<Amount> {
    Amount::at_start(text.trim_start_matches([':', '=', '*', ' '])).map(|(amount, _)| amount)
}

/// The first date after one of these labels.
pub fn date(lines: &[Line], labels: &[&str]) -> Option<Date> {
    let read = |text: &str| text.split([' ', ':']).find_map(listing::day);
    value(lines, labels, read)
}

/// The time that a document is about.
pub fn period(lines: &[Line], kind: Option<Kind>) -> Option<Period> {
    let head = &lines[..lines.len().min(HEAD)];
    if kind == Some(Kind::AttestationFiscale) {
        return value(head, &["REVENUS", "REVENUS DE L'ANNEE", "PERIODE"], Period::named_year);
    }
    let labelled = value(head, &["MOIS DE", "PERIODE", "PERIODE DE PAIE"], Period::named_month);
    labelled.or_else(|| head.iter().find_map(|line| Period::named_month(&line.text())))
}

/// The amounts of a document.
pub fn amounts(lines: &[Line], kind: Option<Kind>) -> Amounts {
    let find = |labels: &[&str]| value(lines, labels, amount);
    let columns = Columns::find(lines);
    if kind == Some(Kind::AttestationFiscale) {
        let taxable_year = find(&["MONTANT IMPOSABLE", "NET IMPOSABLE", "MONTANT NET IMPOSABLE"]);
        return Amounts { taxable_year, income_tax_withheld: tax(lines, &columns), ..Amounts::default() };
    }
    if kind == Some(Kind::DecompteDeRappel) {
        return Amounts::default();
    }
    let (gross, deductions) = totals(lines, &columns);
    let net_before_tax = find(&["NET A PAYER AVANT IMPOT SUR LE REVENU", "NET A PAYER AVANT IMPOT", "NET AVANT IMPOT"]);
    let net_paid = find(&["NET A PAYER", "NET PAYE", "MONTANT NET A PAYER"]);
    // Who pays no tax has no line for it.
    let untaxed = || net_before_tax.filter(|net| Some(*net) == net_paid).map(|_| Amount::ZERO);
    Amounts {
        gross,
        deductions,
        net_before_tax,
        income_tax_withheld: tax(lines, &columns).or_else(untaxed),
        net_paid,
        net_social: find(&["MONTANT NET SOCIAL", "NET SOCIAL"]),
        taxable_month: find(&["MONTANT IMPOSABLE DU MOIS", "IMPOSABLE DU MOIS", "NET IMPOSABLE DU MOIS"]),
        taxable_year: find(&["MONTANT IMPOSABLE DE L'ANNEE", "IMPOSABLE DE L'ANNEE", "CUMUL IMPOSABLE"]),
        employer_cost: find(&["COUT TOTAL EMPLOYEUR", "TOTAL EMPLOYEUR", "COUT EMPLOYEUR"]),
    }
}

/// Where the columns of money stand.
#[derive(Default)]
struct Columns {
    paid: Option<(i32, i32)>,
    deducted: Option<(i32, i32)>,
    informative: Option<(i32, i32)>,
}

impl Columns {
    fn find(lines: &[Line]) -> Self {
        let head = |line: &Line| {
            let place = |label| line.find(label).next().map(|(start, end)| extent(&line.words[start..end]));
            Some(Self {
                paid: Some(place("A PAYER")?),
                deducted: Some(place("A DEDUIRE")?),
                informative: place("POUR INFORMATION"),
            })
        };
        lines.iter().find_map(head).unwrap_or_default()
    }

    /// The column of an amount: numbers end where others of their column end, or stand below the middle of its head.
    fn of(&self, amount: (i32, i32)) -> Option<Column> {
        let columns =
            [(Column::Paid, self.paid), (Column::Deducted, self.deducted), (Column::Informative, self.informative)];
        let distance = |column: (i32, i32)| {
            let ends = column.1.abs_diff(amount.1);
            let middles = (column.0 + column.1).abs_diff(amount.0 + amount.1) / 2;
            ends.min(middles)
        };
        let known = columns.into_iter().filter_map(|(name, place)| Some((name, distance(place?))));
        known.min_by_key(|(_, distance)| *distance).map(|(name, _)| name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Paid,
    Deducted,
    Informative,
}

/// What was earned and what was kept back, from the line of totals.
fn totals(lines: &[Line], columns: &Columns) -> (Option<Amount>, Option<Amount>) {
    let start = |line: &Line| {
        let labels = ["TOTAUX DU MOIS", "TOTAL DU MOIS", "TOTAUX"];
        labels.iter().find_map(|label| line.find(label).next()).map(|(_, end)| end)
    };
    let Some((line, end)) = lines.iter().find_map(|line| Some((line, start(line)?))) else { return (None, None) };
    let found = amounts_in(&line.words[end..]);
    let of = |column| found.iter().find(|(_, place)| columns.of(*place) == Some(column)).map(|(amount, _)| *amount);
    if columns.paid.is_some() {
        return (of(Column::Paid), of(Column::Deducted));
    }
    let nth = |at: usize| found.get(at).map(|(amount, _)| *amount);
    (nth(0), nth(1))
}

/// The tax that was withheld; negative if some was given back.
fn tax(lines: &[Line], columns: &Columns) -> Option<Amount> {
    let labels =
        ["IMPOT PRELEVE A LA SOURCE", "REVENU PRELEVE A LA SOURCE", "PRELEVEMENT A LA SOURCE", "RETENUE A LA SOURCE"];
    lines.iter().find_map(|line| {
        let (_, end) = labels.iter().find_map(|label| line.find(label).next())?;
        let (amount, place) = amounts_in(&line.words[end..]).into_iter().next()?;
        let back = columns.of(place) == Some(Column::Paid);
        if back { Amount::of_cents(-amount.cents()) } else { Some(amount) }
    })
}

/// All amounts among words, with where they stand.
fn amounts_in(words: &[Word]) -> Vec<(Amount, (i32, i32))> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let more = words[at + 1..].iter().position(|word| word.apart).unwrap_or(words.len() - at - 1);
        let piece = &words[at..=at + more];
        // An amount is the shortest run of words that reads as one.
        let run = (1..=piece.len().min(4)).find_map(|length| Some((length, whole(piece, length)?)));
        match run {
            Some((length, amount)) => {
                found.push((amount, extent(&piece[..length])));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// The amount that the first `length` of these words are; a percentage is none.
fn whole(piece: &[Word], length: usize) -> Option<Amount> {
    let percentage = piece.get(length).is_some_and(|next| next.text.starts_with('%'));
    Amount::parse(&joined(&piece[..length])).filter(|_| !percentage)
}
