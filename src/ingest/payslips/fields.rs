//! What is read off a pay document: never more than the second tier of what it tells.
//!
//! Numbers of people and accounts, addresses, children, tax rates and single lines of a payslip have no place here, so
//! that they cannot get anywhere.
//!
//! Every field may be missing: no text says what a payslip of the public service must hold, and its order has varied
//! with years and payers.

mod band;
mod find;

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::kind::{Kind, Period};
use super::layout::Line;
use super::private::is_private;
use super::words::clean;

/// What is read off a pay document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    pub kind: Option<Kind>,
    pub period: Option<Period>,
    pub employer: Option<String>,
    pub siret: Option<String>,
    pub grade: Option<String>,
    pub echelon: Option<String>,
    pub majorated_index: Option<u16>,
    pub working_quota: Option<Share>,
    pub payment_date: Option<Date>,
    pub issued: Option<Date>,
    pub amounts: Amounts,
}

/// The amounts of a pay document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Amounts {
    pub gross: Option<Amount>,
    pub deductions: Option<Amount>,
    pub net_before_tax: Option<Amount>,
    pub income_tax_withheld: Option<Amount>,
    pub net_paid: Option<Amount>,
    pub net_social: Option<Amount>,
    pub taxable_month: Option<Amount>,
    pub taxable_year: Option<Amount>,
    pub employer_cost: Option<Amount>,
}

/// A part of a whole, in ten thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Share(u16);

impl Share {
    pub const WHOLE: Self = Self(10_000);

    /// `None` unless it is more than nothing and at most the whole.
    ///
    /// Spec: shape P8
    pub fn of(part: u32, whole: u32) -> Option<Self> {
        let share = u16::try_from(u64::from(part) * 10_000 / u64::from(whole).max(1)).ok()?;
        (whole > 0).then(|| Self::try_from(share).ok()).flatten()
    }
}

impl TryFrom<u16> for Share {
    type Error = &'static str;

    fn try_from(share: u16) -> Result<Self, Self::Error> {
        if (1..=10_000).contains(&share) { Ok(Self(share)) } else { Err("not a share") }
    }
}

impl From<Share> for u16 {
    fn from(share: Share) -> Self {
        share.0
    }
}

/// As `xsd:decimal`: `1.0`, `0.5`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = format!("{:04}", self.0 % 10_000);
        let parts = parts.trim_end_matches('0');
        write!(f, "{}.{}", self.0 / 10_000, if parts.is_empty() { "0" } else { parts })
    }
}

impl Fields {
    /// Reads the lines of a document.
    pub fn read(lines: &[Line]) -> Self {
        let kind = lines.iter().take(find::HEAD).find_map(|line| Kind::of_title(&line.text()));
        let period = find::period(lines, kind);
        let amounts = find::amounts(lines, kind);
        let band = band::read(lines);
        let fields = Self {
            kind,
            period,
            employer: band.employer,
            siret: band.siret,
            grade: band.grade,
            echelon: band.echelon,
            majorated_index: band.index,
            working_quota: band.quota,
            payment_date: find::date(
                lines,
                &["MIS EN PAIEMENT LE", "DATE DE PAIEMENT", "DATE DE MISE EN PAIEMENT", "PAYE LE"],
            ),
            issued: find::date(lines, &["ETABLIE LE", "ETABLI LE", "EDITE LE", "EDITEE LE", "FAIT LE"]),
            amounts,
        };
        fields.fit()
    }

    /// The same, with texts that are fit for literals, and none that holds what must stay in the document.
    ///
    /// Spec: shape P8, shape P9
    #[must_use]
    pub fn fit(mut self) -> Self {
        let fit = |text: &mut Option<String>, limit| {
            *text = text.take().and_then(|text| clean(&text, limit)).filter(|text| !is_private(text));
        };
        fit(&mut self.employer, 120);
        fit(&mut self.grade, 80);
        fit(&mut self.echelon, 8);
        let is_siret = |siret: &String| siret.len() == 14 && siret.bytes().all(|byte| byte.is_ascii_digit());
        self.siret = self.siret.filter(is_siret);
        self.majorated_index = self.majorated_index.filter(|index| (200..=1600).contains(index));
        self
    }

    /// The names of the fields that a payslip has and that could not be read.
    pub fn missing(&self) -> Vec<&'static str> {
        let amounts = &self.amounts;
        let all = [
            ("period", self.period.is_none()),
            ("employer", self.employer.is_none()),
            ("siret", self.siret.is_none()),
            ("paymentDate", self.payment_date.is_none()),
            ("gross", amounts.gross.is_none()),
            ("deductions", amounts.deductions.is_none()),
            ("netPaid", amounts.net_paid.is_none()),
        ];
        all.into_iter().filter(|(_, missing)| *missing).map(|(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests;
