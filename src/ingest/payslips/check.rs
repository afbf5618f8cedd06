//! What must hold of a pay document and no shape can say. What fails is told, not dropped. Pure.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::amount::Amount;
use super::kind::Period;
use super::mapping::PayDocument;

/// Where shapes are described.
const SHAPES: &str = "https://w3id.org/cartable/shapes#";

/// A check, by the name of its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The net amounts of listing and PDF differ.
    P5,
    /// The amounts of the PDF do not add up.
    P6,
    /// The number of the employer is none.
    P7,
    /// Something that must stay in the PDF was left out.
    P9,
    /// It was made before its time or long after.
    P10,
}

impl Check {
    pub const fn name(self) -> &'static str {
        match self {
            Self::P5 => "P5",
            Self::P6 => "P6",
            Self::P7 => "P7",
            Self::P9 => "P9",
            Self::P10 => "P10",
        }
    }

    /// The address of its shape.
    pub fn shape(self) -> String {
        format!("{SHAPES}{}", self.name())
    }
}

/// The checks of its amounts that a document fails.
pub fn failed(document: &PayDocument) -> BTreeSet<Check> {
    let fields = &document.fields;
    let listed = document.listed.zip(fields.amounts.net_paid);
    let differ = listed.is_some_and(|(listed, printed)| listed != printed);
    let number = fields.siret.as_deref().is_some_and(|siret| !is_siret(siret));
    let all = [(Check::P5, differ), (Check::P6, !adds_up(document)), (Check::P7, number)];
    all.into_iter().filter(|(_, failed)| *failed).map(|(check, _)| check).collect()
}

/// What was earned less what was kept back is what was paid, to the cent; and so is what remains after tax.
///
/// Spec: shape P6
fn adds_up(document: &PayDocument) -> bool {
    let amounts = &document.fields.amounts;
    let holds = |whole: Option<Amount>, part: Option<Amount>| {
        let (Some(whole), Some(part), Some(net)) = (whole, part, amounts.net_paid) else { return true };
        (whole.cents() - part.cents()).abs_diff(net.cents()) <= 1
    };
    holds(amounts.gross, amounts.deductions) && holds(amounts.net_before_tax, amounts.income_tax_withheld)
}

/// Fourteen digits that pass the check of Luhn. La Poste has so many sites that theirs add up to a multiple of five
/// instead.
///
/// Spec: shape P7
pub fn is_siret(text: &str) -> bool {
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(10)).collect();
    let doubled = |(at, digit): (usize, &u32)| match (at % 2 == 0, digit * 2) {
        (false, _) => *digit,
        (true, double) if double > 9 => double - 9,
        (true, double) => double,
    };
    let luhn = digits.iter().enumerate().map(doubled).sum::<u32>() % 10 == 0;
    luhn || text.starts_with("356000000") && digits.iter().sum::<u32>() % 5 == 0
}

/// Whether a document about this time may have been made on this day: not before it began, and at most 24 months after
/// its end.
///
/// Spec: shape P10
pub fn is_timely(issued: Date, period: Period) -> bool {
    let last = period.end().checked_add(24.months()).unwrap_or(Date::MAX);
    (period.start()..=last).contains(&issued)
}
