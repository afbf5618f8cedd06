use serde_json::Value;

use super::*;
use crate::ingest::payslips::pdf;

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read("tests/fixtures/ensap/expected-extraction.json").unwrap()).unwrap()
}

fn read_pdf(name: &str) -> Fields {
    let bytes = std::fs::read(format!("tests/fixtures/ensap/{name}")).unwrap();
    Fields::read(&pdf::lines(&bytes).unwrap())
}

fn read_text(text: &str) -> Fields {
    Fields::read(&text.lines().map(Line::of_text).collect::<Vec<_>>())
}

fn told(fields: &Fields) -> Vec<(&'static str, Option<String>)> {
    let amount = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
    let kind = fields.kind.and_then(|kind| Some(serde_json::to_value(kind).ok()?.as_str()?.to_owned()));
    let amounts = &fields.amounts;
    vec![
        ("kind", kind),
        ("period", fields.period.map(|period| period.start().strftime("%Y-%m").to_string())),
        ("employerName", fields.employer.clone()),
        ("siret", fields.siret.clone()),
        ("grade", fields.grade.clone()),
        ("echelon", fields.echelon.clone()),
        ("indiceMajore", fields.majorated_index.map(|index| index.to_string())),
        ("gross", amount(amounts.gross)),
        ("deductions", amount(amounts.deductions)),
        ("netBeforeTax", amount(amounts.net_before_tax)),
        ("incomeTaxWithheld", amount(amounts.income_tax_withheld)),
        ("netPaid", amount(amounts.net_paid)),
        ("netSocial", amount(amounts.net_social)),
        ("taxableMonth", amount(amounts.taxable_month)),
        ("taxableYear", amount(amounts.taxable_year)),
        ("paymentDate", fields.payment_date.map(|day| day.to_string())),
    ]
}

#[test]
fn payslips_are_read_as_expected() {
    let expected = expected();
    for slip in expected["payslips"].as_array().unwrap() {
        let file = slip["file"].as_str().unwrap();
        for (name, value) in told(&read_pdf(file)) {
            let wanted = match &slip[name] {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            assert_eq!(value, wanted, "{name} of {file}");
        }
    }
}

#[test]
fn what_else_payslips_say() {
    let full = read_pdf("pdf/2025_12_BP_decembre.pdf");
    assert_eq!(full.working_quota, Some(Share::WHOLE));
    assert_eq!(full.amounts.employer_cost.map(|amount| amount.to_string()).as_deref(), Some("4469.64"));
    assert_eq!(full.missing(), [""; 0]);
    let half = read_pdf("pdf/2026_02_BP_fevrier-agent-b.pdf");
    assert_eq!(half.working_quota.map(|share| share.to_string()).as_deref(), Some("0.5"));
}

#[test]
fn certificates_and_statements() {
    let certificate = read_pdf("pdf/2025_01_AF_janvier.pdf");
    assert_eq!(certificate.kind, Some(Kind::AttestationFiscale));
    assert_eq!(certificate.period, Some(Period::Year(2025)));
    assert_eq!(certificate.employer.as_deref(), Some("LYCÉE FICTIF AR MOR GLAS"));
    assert_eq!(certificate.siret.as_deref(), Some("99999990700010"));
    assert_eq!(certificate.issued.map(|day| day.to_string()).as_deref(), Some("2026-01-10"));
    assert_eq!(certificate.amounts.taxable_year.map(|amount| amount.to_string()).as_deref(), Some("28618.40"));
    assert_eq!(certificate.amounts.income_tax_withheld.map(|amount| amount.to_string()).as_deref(), Some("887.16"));
    let statement = read_pdf("pdf/2025_06_DR_juin.pdf");
    assert_eq!(statement.kind, Some(Kind::DecompteDeRappel));
    assert_eq!(statement.period, Some(Period::Month(2025, 6)));
    assert_eq!(statement.amounts, Amounts::default());
}

/// Shows: shape P9
#[test]
fn nothing_of_the_third_tier_is_read() {
    let secrets = expected()["secrets"].clone();
    for file in std::fs::read_dir("tests/fixtures/ensap/pdf").unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let Ok(lines) = pdf::lines(&bytes) else { continue };
        let printed = serde_json::to_string(&Fields::read(&lines)).unwrap();
        for secret in secrets.as_array().unwrap() {
            let secret = secret.as_str().unwrap();
            assert!(!printed.contains(secret) && !printed.contains(&secret.replace(' ', "")), "{secret}");
        }
        assert!(!printed.contains("EXEMPLES") && !printed.contains("FACTICE"));
    }
}

#[test]
fn labels_without_accents_in_another_order() {
    let fields = read_text(
        "Net a payer : 1 234,56 €
         Mis en paiement le : 28/01/2026
         BULLETIN DE PAIE
         TOTAUX DU MOIS      1 500,00     265,44
         Montant net social  1 300,00
         Imposable de l'annee   1 400,00
         MOIS DE JANVIER 2026
         N° SIRET : 999 999 907 00010
         Impot sur le revenu preleve a la source   taux 12,50 %   10,00",
    );
    let amounts = &fields.amounts;
    let amount = |amount: Option<Amount>| amount.map(|amount| amount.to_string()).unwrap_or_default();
    assert_eq!(amount(amounts.net_paid), "1234.56");
    assert_eq!(amount(amounts.gross), "1500.00");
    assert_eq!(amount(amounts.deductions), "265.44");
    assert_eq!(amount(amounts.net_social), "1300.00");
    assert_eq!(amount(amounts.taxable_year), "1400.00");
    assert_eq!(amount(amounts.income_tax_withheld), "10.00");
    assert_eq!(fields.period, Some(Period::Month(2026, 1)));
    assert_eq!(fields.siret.as_deref(), Some("99999990700010"));
    assert_eq!(fields.payment_date.map(|day| day.to_string()).as_deref(), Some("2026-01-28"));
}

#[test]
fn what_was_paid_too_much_is_negative() {
    let fields = read_text(
        "BULLETIN DE PAYE   MOIS DE   MARS 2026
ELEMENTS                      À PAYER      À DÉDUIRE
IMPÔT PRÉLEVÉ À LA SOURCE       15,00
TOTAUX DU MOIS                              200,00
NET À PAYER                   -200,00 EUR",
    );
    let amounts = &fields.amounts;
    assert_eq!(amounts.net_paid.map(Amount::cents), Some(-20_000));
    assert_eq!(amounts.income_tax_withheld.map(Amount::cents), Some(-1_500), "given back");
    assert_eq!((amounts.gross, amounts.deductions.map(Amount::cents)), (None, Some(20_000)), "by their columns");
}

/// Shows: shape P8, shape P9
#[test]
fn values_that_cannot_be_are_left_out() {
    let fields = read_text(
        "AFFECTATION    LIBELLÉ                    SIRET
0000           9 99 99 99 999 999 83      1234
GRADE          ÉCH.     INDICE OU NB H.    TEMPS PARTIEL
FR0099999999999999999999999   12   9,00     150/100
ELEMENTS",
    );
    assert_eq!(fields, Fields::default());
    assert_eq!(Share::of(0, 100), None);
    assert_eq!(Share::of(1, 0), None);
    assert_eq!(Share::of(6, 7).map(|share| share.to_string()).as_deref(), Some("0.8571"));
}
