//! The documents of the portal: those of the fixtures, or ten years of them.

use serde_json::{Value, json};

use super::pdf::reworded;
use crate::stand_in::fixture;

/// A document, and what its download answers; `None`: 404.
#[derive(Clone)]
pub struct Document {
    /// The year in whose list it is.
    pub year: i64,
    pub is_pension: bool,
    pub listed: Value,
    pub download: Option<Download>,
}

#[derive(Clone)]
pub struct Download {
    pub media_type: String,
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Document {
    pub fn id(&self) -> Option<&str> {
        self.listed["documentUuid"].as_str()
    }
}

/// Those of `tests/fixtures/ensap/`.
pub fn of_fixtures() -> Vec<Document> {
    let lists =
        [("listing-paie-2025", 2025, false), ("listing-paie-2026", 2026, false), ("listing-pension-2026", 2026, true)];
    lists.into_iter().flat_map(|(file, year, is_pension)| listed(&format!("{file}.json"), year, is_pension)).collect()
}

/// Those of one list.
pub fn listed(file: &str, year: i64, is_pension: bool) -> Vec<Document> {
    let list: Vec<Value> = serde_json::from_slice(&fixture(format!("ensap/{file}"))).unwrap();
    let map: Value = serde_json::from_slice(&fixture("ensap/download-map.json")).unwrap();
    let download = |listed: &Value| {
        let known = map["documents"].get(listed["documentUuid"].as_str()?)?;
        let name = known["contentDisposition"].as_str()?.split('"').nth(1)?.to_owned();
        let bytes = fixture(format!("ensap/{}", known["file"].as_str()?));
        Some(Download { media_type: known["contentType"].as_str()?.to_owned(), name, bytes })
    };
    let document = |listed: Value| Document { year, is_pension, download: download(&listed), listed };
    list.into_iter().map(document).collect()
}

/// The months as labels say them, as file names do, and as payslips do.
const MONTHS: [(&str, &str, &str); 12] = [
    ("Janvier", "janvier", "JANVIER"),
    ("Février", "fevrier", "F\\311VRIER"),
    ("Mars", "mars", "MARS"),
    ("Avril", "avril", "AVRIL"),
    ("Mai", "mai", "MAI"),
    ("Juin", "juin", "JUIN"),
    ("Juillet", "juillet", "JUILLET"),
    ("Août", "aout", "AO\\333T"),
    ("Septembre", "septembre", "SEPTEMBRE"),
    ("Octobre", "octobre", "OCTOBRE"),
    ("Novembre", "novembre", "NOVEMBRE"),
    ("Décembre", "decembre", "D\\311CEMBRE"),
];

/// Ten years, 2016 to 2025: each has twelve payslips and the tax certificate of the year before.
pub fn decade() -> Vec<Document> {
    let (payslip, certificate) =
        (fixture("ensap/pdf/2025_12_BP_decembre.pdf"), fixture("ensap/pdf/2025_01_AF_janvier.pdf"));
    let month = |year: i64, month: usize| {
        let (label, name, printed) = MONTHS[month];
        let number = month + 1;
        let paid = format!("23/{number:02}/{year}");
        let period = format!("{printed} {year}");
        let bytes = reworded(&payslip, &[("D\\311CEMBRE 2025", &period), ("23/12/2025", &paid)]);
        // On the first of April it is summer time already, on the first of November no longer.
        let summer = if (4..=10).contains(&number) { 2 } else { 1 };
        let date = format!("{year}-{number:02}-01T00:00:00.000+0{summer}00");
        let name = format!("{year}_{number:02}_BP_{name}.pdf");
        document(year, number, &format!("{label} {year}"), "2 104,17 €", &date, name, bytes)
    };
    let certificate = |year: i64| {
        let of = year - 1;
        let words = [
            ("REVENUS 2025", format!("REVENUS {of}")),
            ("01/01/2025 au 31/12/2025", format!("01/01/{of} au 31/12/{of}")),
            ("10/01/2026", format!("10/01/{year}")),
        ];
        let words: Vec<_> = words.iter().map(|(old, new)| (*old, new.as_str())).collect();
        let bytes = reworded(&certificate, &words);
        let date = format!("{year}-01-10T14:59:35.158+0100");
        document(year, 0, &format!("Attestation fiscale {of}"), "", &date, format!("{of}_01_AF_janvier.pdf"), bytes)
    };
    (2016..=2025).flat_map(|year| (0..12).map(move |m| month(year, m)).chain([certificate(year)])).collect()
}

fn document(year: i64, number: usize, label: &str, net: &str, date: &str, name: String, bytes: Vec<u8>) -> Document {
    let listed = json!({
        "documentUuid": format!("d1c00000-0000-4000-8000-{year:06}{number:06}"),
        "libelle1": label,
        "libelle2": format!("{name} (PDF, {} Ko)", bytes.len() / 1024),
        "libelle3": net,
        "dateDocument": date,
        "annee": year,
    });
    let download = Some(Download { media_type: "application/pdf".into(), name, bytes });
    Document { year, is_pension: false, listed, download }
}
