//! What the portal answers, in all the forms it has had: rights, years, and lists of documents.
//!
//! The portal has no documented interface and has changed four times: whatever is not needed may be missing, and what
//! is there may be written in several ways.

mod html;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::amount::Amount;
use super::filing::hex;
use super::kind::{Kind, Period, PortalName, is_year};
use super::words::clean;

/// The most documents of one list.
const MOST: usize = 2000;
/// The most years.
const MOST_YEARS: usize = 80;

/// An answer that is not what was asked for, and what was missing in it: a name of the portal's, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer has no readable `{0}`")]
pub struct Unknown(pub &'static str);

/// Which of the portal's two services lists a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    Pay,
    Pension,
}

/// Which years there are documents of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Years {
    /// There are some; they are to be asked for.
    Ask,
    /// Newest first.
    Known(Vec<i16>),
}

/// What a person may see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    pub pay: Option<Years>,
    pub pension: Option<Years>,
}

/// A document that the portal lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The portal's name for it.
    pub uuid: String,
    pub service: Service,
    pub kind: Kind,
    pub period: Option<Period>,
    /// When it was made, if that is told.
    pub issued: Option<Date>,
    pub net: Option<Amount>,
    /// How the portal calls its file.
    pub name: Option<String>,
    /// The same as long as the portal says the same of it.
    pub fingerprint: String,
}

/// Reads the rights: since 2024 flags of services, before that the years themselves.
///
/// ```
/// use cartable::ingest::payslips::listing::{Years, rights};
/// let rights = rights(br#"{"listeAnneeRemuneration": [2019, 2021]}"#).unwrap();
/// assert_eq!(rights.pay, Some(Years::Known(vec![2021, 2019])));
/// ```
pub fn rights(answer: &[u8]) -> Result<Rights, Unknown> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| Unknown("listeService"))?;
    let within = |name: &str| answer.get(name).or_else(|| answer.get("donnee")?.get(name));
    if let Some(years) = within("listeAnneeRemuneration") {
        let known =
            |years: &Value| Some(Years::Known(years_in(years)?)).filter(|years| *years != Years::Known(Vec::new()));
        let pension = within("listeAnneeRemunerationPension");
        return Ok(Rights { pay: known(years), pension: pension.and_then(known) });
    }
    let flags = within("listeService").and_then(Value::as_object).ok_or(Unknown("listeService"))?;
    let has = |names: &[&str]| names.iter().any(|name| flags.get(*name).and_then(Value::as_bool) == Some(true));
    let asked = |names: &[&str]| has(names).then_some(Years::Ask);
    Ok(Rights { pay: asked(&["remuneration"]), pension: asked(&["pension", "pensionne"]) })
}

/// Reads a list of years, newest first.
pub fn years(answer: &[u8]) -> Result<Vec<i16>, Unknown> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| Unknown("listeAnnee"))?;
    let list = ["listeAnnee", "donnee"].iter().find_map(|name| answer.get(name)).unwrap_or(&answer);
    years_in(list).ok_or(Unknown("listeAnnee"))
}

fn years_in(list: &Value) -> Option<Vec<i16>> {
    let number = |value: &Value| {
        let value = value.get("annee").unwrap_or(value);
        value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
    };
    let years = list.as_array()?.iter().filter_map(number).filter_map(|year| i16::try_from(year).ok());
    let mut years: Vec<_> = years.filter(|year| is_year(*year)).take(MOST_YEARS).collect();
    years.sort_unstable_by(|one, other| other.cmp(one));
    years.dedup();
    Some(years)
}

/// Reads a list of documents: an array, one within `donnee`, or a table of a page. One that cannot be told from others
/// or fetched is given back as the field that it lacks.
pub fn documents(answer: &[u8], service: Service) -> Result<Vec<Result<Listed, Unknown>>, Unknown> {
    let rows = match serde_json::from_slice::<Value>(answer) {
        Ok(Value::Array(rows)) => rows,
        Ok(Value::Object(mut answer)) => match answer.remove("donnee") {
            Some(Value::Array(rows)) => rows,
            _ => return Err(Unknown("donnee")),
        },
        Ok(_) => return Err(Unknown("donnee")),
        Err(_) => html::rows(&String::from_utf8_lossy(answer)).ok_or(Unknown("documents"))?,
    };
    if rows.len() > MOST {
        return Err(Unknown("documents"));
    }
    Ok(rows.iter().map(|row| listed(row, service)).collect())
}

fn listed(row: &Value, service: Service) -> Result<Listed, Unknown> {
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let uuid = text("documentUuid").filter(|uuid| is_identifier(uuid)).ok_or(Unknown("documentUuid"))?;
    let label = text("libelle1").unwrap_or_default();
    let name = text("libelle2").map(without_tail).or_else(|| text("nomDocument"));
    let coded = name.and_then(PortalName::parse);
    let on = text("dateDocument").and_then(day);
    let kind = kind(coded.as_ref(), text("icone"), label, service);
    Ok(Listed {
        uuid: uuid.to_owned(),
        service,
        kind,
        period: period(kind, coded.as_ref(), label, on),
        // The date of a payslip is the first day of its month, not when it was made.
        issued: on.filter(|_| kind == Kind::AttestationFiscale),
        net: text("libelle3").and_then(Amount::parse).filter(|_| kind.is_payslip()),
        name: name.and_then(|name| clean(name, 200)),
        fingerprint: fingerprint(row),
    })
}

fn fingerprint(row: &Value) -> String {
    hex(&Sha256::digest(row.to_string())[..8])
}

/// It is sent back to the portal and kept, so it must be no more than a word.
fn is_identifier(text: &str) -> bool {
    (8..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// `2025_12_BP_decembre.pdf (PDF, 25 Ko)` without what follows the name.
fn without_tail(name: &str) -> &str {
    name.rsplit_once(" (").filter(|(_, tail)| tail.ends_with(')')).map_or(name, |(name, _)| name).trim_end()
}

fn kind(name: Option<&PortalName>, icon: Option<&str>, label: &str, service: Service) -> Kind {
    let slip = if service == Service::Pension { Kind::BulletinDePension } else { Kind::BulletinDePaie };
    let coded = name.map(|name| Kind::of_code(&name.code).unwrap_or(Kind::Autre));
    let by_icon = || match icon? {
        "document" => Some(slip),
        "document-pension" => Some(Kind::BulletinDePension),
        "rappel" => Some(Kind::DecompteDeRappel),
        "attestation" | "attestation-pension" => Some(Kind::AttestationFiscale),
        _ => None,
    };
    let is_month = || label.split_whitespace().count() == 2 && Period::named_month(label).is_some();
    let kind = coded.or_else(|| Kind::of_title(label)).or_else(by_icon).or_else(|| is_month().then_some(slip));
    match kind.unwrap_or(Kind::Autre) {
        Kind::BulletinDePaie => slip,
        other => other,
    }
}

/// A tax certificate is about the year of its name, the one before the year in which it is listed; everything else is
/// about a month.
fn period(kind: Kind, name: Option<&PortalName>, label: &str, on: Option<Date>) -> Option<Period> {
    if kind == Kind::AttestationFiscale {
        let by_name = name.and_then(|name| Period::year(name.year));
        let before = || Period::year(on?.year() - 1);
        return by_name.or_else(|| Period::named_year(label)).or_else(before);
    }
    let by_name = name.and_then(|name| Period::month(name.year, name.month));
    by_name.or_else(|| Period::named_month(label)).or_else(|| Period::month(on?.year(), on?.month()))
}

/// The day of an instant in Paris: `2025-12-01T00:00:00.000+0100` is in December, though it is still November in UTC.
/// Days alone are read as well.
pub fn day(text: &str) -> Option<Date> {
    let instant = ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M:%S%.f%:z"]
        .iter()
        .find_map(|format| jiff::Timestamp::strptime(format, text).ok())
        .or_else(|| text.parse::<jiff::Timestamp>().ok());
    let paris = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").ok()?;
    let day = instant.map(|instant| instant.to_zoned(paris).date());
    let day = day.or_else(|| Date::strptime("%d/%m/%Y", text).ok()).or_else(|| Date::strptime("%Y-%m-%d", text).ok());
    day.filter(|day| is_year(day.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("tests/fixtures/ensap/{name}")).unwrap()
    }

    fn read(name: &str, service: Service) -> Vec<Listed> {
        documents(&fixture(name), service).unwrap().into_iter().collect::<Result<_, _>>().unwrap()
    }

    fn told(listed: &Listed) -> String {
        let period = listed.period.map(Period::spoken).unwrap_or_default();
        let net = listed.net.map(|net| net.to_string()).unwrap_or_default();
        format!("{:?} {period} {net}", listed.kind).trim_end().to_owned()
    }

    #[test]
    fn a_list_of_documents() {
        let listed = read("listing-paie-2025.json", Service::Pay);
        assert_eq!(listed.len(), 15);
        assert_eq!(listed[0].uuid, "d0c00000-0000-4000-8000-000000000101");
        assert_eq!(told(&listed[0]), "BulletinDePaie janvier 2025 2104.37");
        assert_eq!(told(&listed[7]), "BulletinDePaie août 2025 2118.90");
        assert_eq!(told(&listed[11]), "BulletinDePaie décembre 2025 2104.17");
        assert_eq!(listed[11].issued, None);
        assert_eq!(told(&listed[12]), "AttestationFiscale 2024", "listed in 2025, about 2024");
        assert_eq!(listed[12].issued.map(|day| day.to_string()).as_deref(), Some("2025-01-10"));
        assert_eq!(told(&listed[14]), "DecompteDeRappel juin 2025");
    }

    #[test]
    fn the_form_since_2024() {
        let listed = read("listing-paie-2026.json", Service::Pay);
        let said: Vec<_> = listed.iter().map(told).collect();
        assert_eq!(
            said,
            [
                "BulletinDePaie janvier 2026 2277.54",
                "BulletinDePaie février 2026 2152.64",
                "BulletinDePaie mars 2026",
                "AttestationFiscale 2025",
                "Autre février 2026",
                "BulletinDeSolde avril 2026 12345.60",
            ]
        );
        assert_eq!(listed[4].name.as_deref(), Some("2026_02_NOT_fevrier.pdf"));
    }

    #[test]
    fn the_list_of_pensions() {
        let said: Vec<_> = read("listing-pension-2026.json", Service::Pension).iter().map(told).collect();
        assert_eq!(said, ["BulletinDePension janvier 2026 1498.20", "AttestationFiscale 2025"]);
        let said: Vec<_> = read("listing-paie-agent-b-2026.json", Service::Pension).iter().map(told).collect();
        assert_eq!(said, ["BulletinDePension février 2026 732.53"], "a BP among pensions is one of a pension");
    }

    #[test]
    fn older_forms() {
        let said: Vec<_> = read("legacy-g1-listing-2019.json", Service::Pay).iter().map(told).collect();
        assert_eq!(said, ["BulletinDePaie janvier 2019"]);
        let known = rights(&fixture("legacy-g2-home.json")).unwrap();
        assert_eq!(known, Rights { pay: Some(Years::Known(vec![2021, 2020, 2019])), pension: None });
        let said: Vec<_> = read("page-listing-2025.html", Service::Pay).iter().map(told).collect();
        assert_eq!(
            said,
            [
                "BulletinDePaie janvier 2025 2104.37",
                "BulletinDePaie février 2025 2104.37",
                "BulletinDePaie mars 2025 2104.37",
                "AttestationFiscale 2024",
            ]
        );
    }

    #[test]
    fn what_a_person_may_see() {
        let pay = Rights { pay: Some(Years::Ask), pension: None };
        assert_eq!(rights(&fixture("habilitation-agent.json")), Ok(pay));
        let both = Rights { pay: Some(Years::Ask), pension: Some(Years::Ask) };
        assert_eq!(rights(&fixture("habilitation-agent-and-pension.json")), Ok(both));
        assert_eq!(rights(&fixture("habilitation-no-service.json")), Ok(Rights::default()));
        assert_eq!(rights(b"{}"), Err(Unknown("listeService")));
        assert_eq!(rights(&fixture("page-login.html")), Err(Unknown("listeService")));
    }

    #[test]
    fn years_newest_first() {
        assert_eq!(years(&fixture("years-paie.json")), Ok(vec![2026, 2025]));
        assert_eq!(years(br#"{"donnee": [{"annee": "2018"}, 2019, 2019, 99999999999, null]}"#), Ok(vec![2019, 2018]));
        assert_eq!(years(b"{}"), Err(Unknown("listeAnnee")));
    }

    #[test]
    fn poor_and_hostile_rows() {
        let rows = documents(&fixture("listing-malformed.json"), Service::Pay).unwrap();
        assert_eq!(rows[0], Err(Unknown("documentUuid")));
        assert_eq!(rows[2], Err(Unknown("documentUuid")));
        let kept = rows[1].as_ref().unwrap();
        assert_eq!(told(kept), "BulletinDePaie juin 2026", "by its label, without an amount");
        for answer in ["", "null", "3", "{}", r#"{"code": 68, "message": "x"}"#, "<html>", r#"{"donnee": 1}"#] {
            assert!(documents(answer.as_bytes(), Service::Pay).is_err(), "{answer}");
        }
        let rows = documents(br#"[null, 1, "a", [], {"documentUuid": 5}]"#, Service::Pay).unwrap();
        assert!(rows.iter().all(Result::is_err));
    }

    #[test]
    fn months_are_those_of_paris() {
        for (text, day_in_paris) in [
            ("2025-12-01T00:00:00.000+0100", Some("2025-12-01")),
            ("2025-11-30T23:00:00.000+0000", Some("2025-12-01")),
            ("2025-11-30T23:00:00Z", Some("2025-12-01")),
            ("2025-06-30T22:00:00.000Z", Some("2025-07-01")),
            ("2025-06-30T21:59:59.999Z", Some("2025-06-30")),
            ("2025-06-01T00:00:00.000+02:00", Some("2025-06-01")),
            ("01/12/2021", Some("2021-12-01")),
            ("2021-12-01", Some("2021-12-01")),
            ("31/02/2021", None),
            ("hier", None),
            ("0025-12-01T00:00:00.000+0100", None),
            ("", None),
        ] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), day_in_paris, "{text}");
        }
    }

    #[test]
    fn the_tail_of_a_name() {
        assert_eq!(without_tail("2025_12_BP_decembre.pdf (PDF, 25 Ko)"), "2025_12_BP_decembre.pdf");
        assert_eq!(without_tail("a (b.pdf"), "a (b.pdf");
    }
}
