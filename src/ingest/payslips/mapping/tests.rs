use super::*;
use crate::ingest::payslips::fields::Share;
use crate::path::PodName;
use crate::rdf::format::{self, Format};

const HOST: &str = "https://rfactice.pods.armorique.example";
const RECORD: &str = "/administratif/ensap/c1/records/r1.ttl";
const AMOUNTS: &str = "/administratif/ensap/c1/amounts/r1.ttl";

fn cents(cents: i64) -> Option<Amount> {
    Amount::of_cents(cents)
}

fn day(text: &str) -> Option<Date> {
    text.parse().ok()
}

/// The payslip of `tests/fixtures/examples/payslip.trig`.
fn december() -> PayDocument {
    let amounts =
        Amounts { gross: cents(271_943), deductions: cents(61_526), net_paid: cents(210_417), ..Amounts::default() };
    let fields = Fields {
        employer: Some("LYCÉE FICTIF AR MOR GLAS".into()),
        siret: Some("99999990700010".into()),
        grade: Some("PROF. CERTIFIE CN".into()),
        echelon: Some("05".into()),
        majorated_index: Some(476),
        working_quota: Some(Share::WHOLE),
        payment_date: day("2025-12-23"),
        amounts,
        ..Fields::default()
    };
    let file = File {
        iri: format!("{HOST}/documents/Administratif/Ensap/Ma%20paye/2025/2025_12_Bulletin_de_paie_decembre.pdf")
            .into(),
        size: 3414,
        hash: "67d28143ac96451121b3f9a11747ff67f0157fcd753aaecc9e4d87812c480d00".into(),
        created: Timestamp::from_seconds(1_767_502_800),
        replaces: None,
    };
    PayDocument {
        kind: Kind::BulletinDePaie,
        period: Some(Period::Month(2025, 12)),
        issued: None,
        listed: cents(210_417),
        fields,
        file,
    }
}

fn place() -> Place {
    let at = |local: &str| {
        let path = ResourcePath::parse(PodName::parse("rfactice").unwrap(), local).unwrap();
        (path, Iri::from(format!("{HOST}{local}")))
    };
    Place {
        record: at(RECORD),
        amounts: at(AMOUNTS),
        owner: format!("{HOST}/profile/card#me").into(),
        portal: None,
        activity: format!("{HOST}/connectors/c1/runs/20260104T050000Z.ttl#run").into(),
    }
}

fn said(document: &PayDocument) -> (Graph, Graph, Vec<&'static str>) {
    let mapped = mapped(document, &place());
    let amounts = mapped.amounts.map(|target| target.graph).unwrap_or_default();
    (mapped.record.graph, amounts, mapped.failed.into_iter().map(Check::name).collect())
}

/// The triples of Turtle, with the prefixes that the tests need.
fn turtle(text: &str, local: &str) -> Graph {
    let prefixes = "@prefix cartable: <https://w3id.org/cartable/ns#> . @prefix dct: <http://purl.org/dc/terms/> .
        @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix schema: <http://schema.org/> .
        @prefix prov: <http://www.w3.org/ns/prov#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        @prefix shape: <https://w3id.org/cartable/shapes#> . @prefix : <#> .";
    let text = format!("{prefixes}\n{text}");
    format::parse(text.as_bytes(), Format::Turtle, &format!("{HOST}{local}")).unwrap().dataset.default
}

#[track_caller]
fn assert_says(graph: &Graph, local: &str, text: &str) {
    for triple in turtle(text, local).iter() {
        assert!(graph.contains(triple), "{triple:?} is not in {graph:#?}");
    }
}

/// All that the example says is said, but that blank nodes have names.
///
/// Shows: shape P1, shape P2, shape P3, shape P4
#[test]
fn the_example_is_what_comes_out() {
    let example = std::fs::read("tests/fixtures/examples/payslip.trig").unwrap();
    let example = format::parse(&example, Format::TriG, HOST).unwrap().dataset;
    let (record, amounts, failed) = said(&december());
    assert_eq!(failed, [""; 0]);
    for (name, wanted) in &example.named {
        let ours = if name.as_iri().unwrap().ends_with(RECORD) { &record } else { &amounts };
        let named = |term: &Term| match term {
            Term::Blank(_) => None,
            other => Some(other.clone()),
        };
        for triple in wanted.iter() {
            let same = |other: &&Triple| {
                let subject = named(&triple.subject).is_none_or(|subject| subject == other.subject);
                let object = named(&triple.object).is_none_or(|object| object == other.object);
                other.predicate == triple.predicate && subject && object
            };
            assert!(ours.iter().any(|other| same(&other)), "{triple:?}");
        }
    }
}

/// Shows: shape P1
#[test]
fn p1_a_record_has_one_kind_title_file_and_recipient() {
    for kind in [Kind::BulletinDePaie, Kind::AttestationFiscale, Kind::Autre] {
        let (record, ..) = said(&PayDocument { kind, ..december() });
        let it = Term::iri(format!("{HOST}{RECORD}#it"));
        for property in [dcterms::TYPE, dcterms::TITLE, schema::ENCODING, schema::RECIPIENT] {
            assert_eq!(record.objects(&it, property).count(), 1, "{property} of {kind:?}");
        }
        assert_eq!(record.objects(&it, dcterms::TYPE).next(), Some(&Term::iri(kind.concept())));
    }
}

/// Shows: shape P2
#[test]
fn p2_periods_are_whole_months_and_years() {
    let month = PayDocument { period: Some(Period::Month(2024, 2)), ..december() };
    let period = ":period a dct:PeriodOfTime ; dcat:startDate \"2024-02-01\"^^xsd:date ; dcat:endDate \"2024-02-29\"^^xsd:date .";
    assert_says(&said(&month).0, RECORD, period);
    let year = PayDocument { kind: Kind::AttestationFiscale, period: Some(Period::Year(2024)), ..december() };
    let period = ":it dct:temporal :period . :period dcat:startDate \"2024-01-01\"^^xsd:date ; dcat:endDate \"2024-12-31\"^^xsd:date .";
    assert_says(&said(&year).0, RECORD, period);
    let timeless = said(&PayDocument { period: None, ..december() }).0;
    let slip = Term::iri(cartable::PAYSLIP);
    assert_eq!(timeless.subjects(rdf::TYPE, &slip).count(), 0, "without a month it is no payslip");
}

/// Shows: shape P3
#[test]
fn p3_a_file_has_its_type_size_and_hash() {
    let (record, ..) = said(&december());
    let file = Term::Iri(december().file.iri);
    let hash = record.objects(&file, schema::SHA256).next().unwrap();
    assert!(matches!(hash, Term::Literal(hash) if hash.lexical.len() == 64));
    assert_eq!(record.about(&file).count(), 5);
}

/// Shows: shape P4
#[test]
fn p4_amounts_are_decimals_in_euros() {
    let mut document = december();
    document.fields.amounts.gross = cents(-5);
    let (_, amounts, _) = said(&document);
    assert_says(
        &amounts,
        AMOUNTS,
        ":it cartable:gross :gross . :gross a schema:MonetaryAmount ; schema:value \"-0.05\"^^xsd:decimal ; schema:currency \"EUR\" .",
    );
    assert_eq!(cents(1_000_000_000), None, "ten million");
}

/// Shows: shape P5
#[test]
fn p5_both_sources_of_the_net_amount_are_kept_if_they_differ() {
    let (_, agreed, _) = said(&december());
    assert_says(&agreed, AMOUNTS, ":net cartable:readFrom cartable:Listing, cartable:PdfText .");
    let (_, amounts, failed) = said(&PayDocument { listed: cents(210_418), ..december() });
    assert_eq!(failed, ["P5"]);
    assert_says(
        &amounts,
        AMOUNTS,
        ":it cartable:netPaid :net ; cartable:failsCheck shape:P5 .
         :net schema:value 2104.18 ; cartable:readFrom cartable:Listing ; prov:alternateOf :net-printed .
         :net-printed schema:value 2104.17 ; cartable:readFrom cartable:PdfText .",
    );
    let it = Term::iri(format!("{HOST}{AMOUNTS}#it"));
    assert_eq!(amounts.objects(&it, cartable::NET_PAID).count(), 1);
}

/// Shows: shape P6
#[test]
fn p6_amounts_that_do_not_add_up_are_flagged_and_kept() {
    for (gross, deductions, before_tax, tax, holds) in [
        (271_943, 61_526, 218_144, 7_727, true),
        (271_944, 61_526, 218_144, 7_727, true),
        (271_945, 61_526, 218_144, 7_727, false),
        (271_943, 61_526, 218_144, 7_720, false),
    ] {
        let mut document = december();
        let read = &mut document.fields.amounts;
        (read.gross, read.deductions) = (cents(gross), cents(deductions));
        (read.net_before_tax, read.income_tax_withheld) = (cents(before_tax), cents(tax));
        let (_, amounts, failed) = said(&document);
        assert_eq!(failed.is_empty(), holds, "{gross} {tax}");
        assert_says(&amounts, AMOUNTS, ":it cartable:gross :gross ; cartable:incomeTaxWithheld :income-tax-withheld .");
    }
    let mut poor = december();
    poor.fields.amounts.deductions = None;
    assert_eq!(said(&poor).2, [""; 0], "what is missing proves nothing");
}

/// Shows: shape P7
#[test]
fn p7_numbers_of_employers_are_checked() {
    for (siret, holds) in [
        ("99999990700010", true),
        ("99999991500021", true),
        ("99999990700011", false),
        ("35600000012346", true),
        ("35600000012345", false),
        ("9999999070001", false),
        ("9999999070001A", false),
    ] {
        assert_eq!(check::is_siret(siret), holds, "{siret}");
    }
    let mut document = december();
    document.fields.siret = Some("99999990700011".into());
    let (_, amounts, failed) = said(&document);
    assert_eq!(failed, ["P7"]);
    assert_says(&amounts, AMOUNTS, ":it cartable:employerId :siret ; cartable:failsCheck shape:P7 .");
}

/// Shows: shape P9
#[test]
fn p9_nothing_of_the_third_tier_becomes_a_literal() {
    let mut document = december();
    document.fields.employer = Some("2 69 05 49 588 157 80".into());
    document.fields.grade = Some("FR76 3000 6000 0112 3456 7890 189".into());
    let (record, amounts, failed) = said(&document);
    assert_eq!(failed, ["P9"]);
    for triple in record.iter().chain(amounts.iter()) {
        assert!(!matches!(&triple.object, Term::Literal(literal) if is_private(&literal.lexical)));
    }
}

/// Shows: shape P10
#[test]
fn p10_documents_are_made_within_two_years() {
    for (issued, holds) in
        [("2025-12-01", true), ("2025-12-23", true), ("2027-12-31", true), ("2028-01-01", false), ("2025-11-30", false)]
    {
        let (record, _, failed) = said(&PayDocument { issued: day(issued), ..december() });
        assert_eq!(failed.is_empty(), holds, "{issued}");
        let it = Term::iri(format!("{HOST}{RECORD}#it"));
        assert_eq!(record.objects(&it, dcterms::ISSUED).count(), usize::from(holds));
    }
}

#[test]
fn records_never_point_to_amounts() {
    let (record, amounts, _) = said(&december());
    let of_amounts = |term: &Term| term.as_iri().is_some_and(|iri| iri.contains("/amounts/"));
    assert!(!record.iter().any(|triple| of_amounts(&triple.subject) || of_amounts(&triple.object)));
    assert_says(&amounts, AMOUNTS, &format!(":it dct:isPartOf <{HOST}{RECORD}#it> ; prov:wasGeneratedBy :reading ."));
}

#[test]
fn a_document_of_which_nothing_was_read_has_no_amounts() {
    let document = PayDocument { listed: None, fields: Fields::default(), ..december() };
    let mapped = mapped(&document, &place());
    assert_eq!(mapped.amounts, None);
    assert!(!mapped.record.graph.is_empty());
}

#[test]
fn what_the_owner_corrected_is_left_alone() {
    let mut mapped = mapped(&december(), &place());
    let target = mapped.amounts.as_mut().unwrap();
    let local = turtle(":gross schema:value 2700.00 ; cartable:readFrom cartable:User .", AMOUNTS);
    spare_corrected(target, &local);
    let gross = Term::iri(format!("{HOST}{AMOUNTS}#gross"));
    assert!(target.unsaid.contains(&(gross.clone(), schema::VALUE.into())));
    assert!(target.unsaid.contains(&(gross, cartable::READ_FROM.into())));
    assert!(!target.unsaid.iter().any(|(subject, _)| subject.as_iri().unwrap().ends_with("#net")));
}
