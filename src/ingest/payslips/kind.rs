//! Kinds of pay documents, the time that they are about, and how they are named.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::private::is_private;
use super::words::{self, is_unseen, month, month_name, plain};
use crate::rdf::vocab::cartable;

/// What a pay document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    BulletinDePaie,
    BulletinDeSolde,
    BulletinDePension,
    AttestationFiscale,
    DecompteDeRappel,
    Autre,
}

impl Kind {
    /// By the code in the portal's file names.
    pub fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "BP" => Self::BulletinDePaie,
            "BPENS" => Self::BulletinDePension,
            "BMS" => Self::BulletinDeSolde,
            "AF" | "AFENS" | "AFPENS" => Self::AttestationFiscale,
            "DR" => Self::DecompteDeRappel,
            _ => return None,
        })
    }

    /// By what a title says: the portal's label, a heading, the name of a file.
    pub fn of_title(title: &str) -> Option<Self> {
        let title = plain(title).replace(['_', '-'], " ");
        let says = |words: &[&str]| words.iter().any(|word| title.contains(word));
        Some(if says(&["ATTESTATION FISCALE"]) {
            Self::AttestationFiscale
        } else if says(&["DECOMPTE DE RAPPEL", "DECOMPTES DE RAPPEL"]) {
            Self::DecompteDeRappel
        } else if says(&["BULLETIN DE PENSION"]) {
            Self::BulletinDePension
        } else if says(&["BULLETIN MENSUEL DE SOLDE", "BULLETIN DE SOLDE"]) {
            Self::BulletinDeSolde
        } else if says(&[
            "BULLETIN DE PAYE",
            "BULLETIN DE PAIE",
            "BULLETIN DE SALAIRE",
            "FICHE DE PAIE",
            "FICHE DE PAYE",
        ]) {
            Self::BulletinDePaie
        } else {
            return None;
        })
    }

    /// Its concept in the scheme of kinds.
    pub const fn concept(self) -> &'static str {
        match self {
            Self::BulletinDePaie => cartable::KIND_BULLETIN_DE_PAIE,
            Self::BulletinDeSolde => cartable::KIND_BULLETIN_DE_SOLDE,
            Self::BulletinDePension => cartable::KIND_BULLETIN_DE_PENSION,
            Self::AttestationFiscale => cartable::KIND_ATTESTATION_FISCALE,
            Self::DecompteDeRappel => cartable::KIND_DECOMPTE_DE_RAPPEL,
            Self::Autre => cartable::KIND_AUTRE,
        }
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BulletinDePaie => "Bulletin de paie",
            Self::BulletinDeSolde => "Bulletin de solde",
            Self::BulletinDePension => "Bulletin de pension",
            Self::AttestationFiscale => "Attestation fiscale",
            Self::DecompteDeRappel => "Décompte de rappel",
            Self::Autre => "Document",
        }
    }

    /// Whether it says what was paid for a month.
    pub const fn is_payslip(self) -> bool {
        matches!(self, Self::BulletinDePaie | Self::BulletinDeSolde | Self::BulletinDePension)
    }
}

/// The time that a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    Month(i16, i8),
    Year(i16),
}

impl Period {
    /// A month that can be; `None` otherwise.
    pub fn month(year: i16, month: i8) -> Option<Self> {
        (is_year(year) && (1..=12).contains(&month)).then_some(Self::Month(year, month))
    }

    pub fn year(year: i16) -> Option<Self> {
        is_year(year).then_some(Self::Year(year))
    }

    /// The month that a text names: `Décembre 2025`, `MOIS DE DÉCEMBRE 2025`.
    pub fn named_month(text: &str) -> Option<Self> {
        let words: Vec<_> = text.split(|character: char| !character.is_alphanumeric()).collect();
        let mut pairs = words.iter().zip(words.iter().skip(1));
        pairs.find_map(|(name, year)| Self::month(a_year(year)?, month(name)?))
    }

    /// The last year that a text names.
    pub fn named_year(text: &str) -> Option<Self> {
        let words = text.split(|character: char| !character.is_alphanumeric());
        words.filter_map(a_year).next_back().and_then(Self::year)
    }

    pub const fn in_year(self) -> i16 {
        match self {
            Self::Month(year, _) | Self::Year(year) => year,
        }
    }

    /// The first day.
    ///
    /// Spec: shape P2
    pub fn start(self) -> Date {
        match self {
            Self::Month(year, month) => date(year, month, 1),
            Self::Year(year) => date(year, 1, 1),
        }
    }

    /// The last day.
    ///
    /// Spec: shape P2
    pub fn end(self) -> Date {
        match self {
            Self::Month(..) => self.start().last_of_month(),
            Self::Year(year) => date(year, 12, 31),
        }
    }

    /// As titles say it: `décembre 2025`, `2025`.
    pub fn spoken(self) -> String {
        match self {
            Self::Month(year, month) => format!("{} {year}", month_name(month)),
            Self::Year(year) => year.to_string(),
        }
    }
}

/// No portal has documents of other years.
pub const fn is_year(year: i16) -> bool {
    1950 <= year && year <= 2100
}

fn a_year(word: &str) -> Option<i16> {
    (word.len() == 4).then(|| word.parse().ok()).flatten().filter(|year| is_year(*year))
}

/// What the portal's name of a file says: `2025_12_BP_decembre.pdf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalName {
    pub year: i16,
    pub month: i8,
    pub code: String,
}

impl PortalName {
    /// Reads a name; `None` if it is not made so.
    pub fn parse(name: &str) -> Option<Self> {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let mut parts = stem.splitn(4, '_');
        let (year, month, code) = (parts.next()?, parts.next()?, parts.next()?);
        let month: i8 = (month.len() == 2).then(|| month.parse().ok()).flatten()?;
        let coded = (1..=8).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase());
        let year = a_year(year).filter(|_| coded && (1..=12).contains(&month))?;
        Some(Self { year, month, code: code.to_owned() })
    }
}

/// The title of a document's record.
pub fn title(kind: Kind, period: Option<Period>) -> String {
    period.map_or_else(|| kind.title().to_owned(), |period| format!("{} – {}", kind.title(), period.spoken()))
}

/// How the file of a document is called: `2025_12_Bulletin_de_paie_decembre.pdf`. One of an unknown kind keeps the name
/// that it came with, as far as that is fit for a name.
pub fn file_name(kind: Kind, period: Option<Period>, came_as: Option<&str>) -> String {
    let kept = came_as.filter(|_| kind == Kind::Autre).and_then(fit);
    kept.unwrap_or_else(|| {
        let kind = kind.title().replace(' ', "_");
        match period {
            // The portal names certificates of a year by its first month.
            Some(Period::Year(year)) => format!("{year}_01_{kind}_janvier.pdf"),
            Some(Period::Month(year, month)) => {
                format!("{year}_{month:02}_{kind}_{}.pdf", plain(month_name(month)).to_lowercase())
            }
            None => format!("{kind}.pdf"),
        }
    })
}

/// The last part of a name, without characters that act unseen; `None` if nothing fit is left, or if it tells what it
/// must not.
fn fit(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next()?;
    let seen: String = last.chars().filter(|character| !is_unseen(*character)).take(120).collect();
    let stem = words::clean(seen.strip_suffix(".pdf").unwrap_or(&seen), 110)?;
    (!stem.starts_with('.') && !is_private(&stem)).then(|| format!("{stem}.pdf"))
}

/// The same name with something before its ending, to tell two files apart.
pub fn with_suffix(name: &str, suffix: &str) -> String {
    let stem = name.strip_suffix(".pdf").unwrap_or(name);
    format!("{stem}_{suffix}.pdf")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        let (year, month) = text.split_once('-').map_or((text, None), |(year, month)| (year, Some(month)));
        let year = year.parse().unwrap();
        month.map_or(Period::Year(year), |month| Period::Month(year, month.parse().unwrap()))
    }

    #[test]
    fn names_of_the_portal() {
        for (name, parts) in [
            ("2025_12_BP_decembre.pdf", Some((2025, 12, "BP"))),
            ("2024_01_AFPENS_janvier.pdf", Some((2024, 1, "AFPENS"))),
            ("2026_02_NOT_fevrier.pdf", Some((2026, 2, "NOT"))),
            ("2026_13_BP_x.pdf", None),
            ("26_02_BP_x.pdf", None),
            ("2026_02_bp_x.pdf", None),
            ("Attestation.pdf", None),
            ("", None),
        ] {
            let read = PortalName::parse(name);
            assert_eq!(read.as_ref().map(|name| (name.year, name.month, &*name.code)), parts, "{name}");
        }
    }

    #[test]
    fn kinds_by_their_titles() {
        for (title, kind) in [
            ("Attestation fiscale 2024", Some(Kind::AttestationFiscale)),
            ("Décompte de rappel juin 2025", Some(Kind::DecompteDeRappel)),
            ("BULLETIN DE PAYE", Some(Kind::BulletinDePaie)),
            ("2025_12_Bulletin_de_paie_decembre.pdf", Some(Kind::BulletinDePaie)),
            ("Bulletin de pension janvier", Some(Kind::BulletinDePension)),
            ("Bulletin mensuel de solde", Some(Kind::BulletinDeSolde)),
            ("Notice 2026", None),
        ] {
            assert_eq!(Kind::of_title(title), kind, "{title}");
        }
    }

    #[test]
    fn files_are_named_as_people_know_them() {
        for (kind, of, came_as, name) in [
            (Kind::BulletinDePaie, "2025-12", None, "2025_12_Bulletin_de_paie_decembre.pdf"),
            (Kind::BulletinDeSolde, "2026-4", None, "2026_04_Bulletin_de_solde_avril.pdf"),
            (Kind::DecompteDeRappel, "2025-8", None, "2025_08_Décompte_de_rappel_aout.pdf"),
            (Kind::AttestationFiscale, "2024", None, "2024_01_Attestation_fiscale_janvier.pdf"),
            (Kind::Autre, "2026-2", Some("2026_02_NOT_fevrier.pdf"), "2026_02_NOT_fevrier.pdf"),
            (Kind::Autre, "2026-2", Some("../../etc/note.pdf"), "note.pdf"),
            (Kind::Autre, "2026-2", Some("\u{202e}note\u{0}"), "note.pdf"),
            (Kind::Autre, "2026-2", Some(".."), "2026_02_Document_fevrier.pdf"),
            (Kind::Autre, "2026-2", Some(".acl"), "2026_02_Document_fevrier.pdf"),
            (Kind::Autre, "2026-2", Some("999999999999983.pdf"), "2026_02_Document_fevrier.pdf"),
        ] {
            assert_eq!(file_name(kind, Some(period(of)), came_as), name);
        }
        assert_eq!(with_suffix("a.pdf", "1f2e3"), "a_1f2e3.pdf");
    }

    /// Shows: shape P2
    #[test]
    fn periods_are_whole_months_or_years() {
        for (of, start, end) in [
            ("2025-12", "2025-12-01", "2025-12-31"),
            ("2024-2", "2024-02-01", "2024-02-29"),
            ("2024", "2024-01-01", "2024-12-31"),
        ] {
            assert_eq!([period(of).start().to_string(), period(of).end().to_string()], [start, end]);
        }
        assert_eq!(Period::month(2025, 13), None);
        assert_eq!(Period::year(25), None);
    }

    #[test]
    fn periods_are_named() {
        assert_eq!(Period::named_month("MOIS DE DÉCEMBRE 2025"), Some(Period::Month(2025, 12)));
        assert_eq!(Period::named_month("Décompte de rappel juin 2025"), Some(Period::Month(2025, 6)));
        assert_eq!(Period::named_month("Attestation fiscale 2024"), None);
        assert_eq!(Period::named_year("ATTESTATION FISCALE - REVENUS 2025"), Some(Period::Year(2025)));
        assert_eq!(title(Kind::BulletinDePaie, Some(Period::Month(2025, 12))), "Bulletin de paie – décembre 2025");
    }
}
