//! How a pay document is said in RDF: a record that may be shared, and its amounts in a document of their own. Pure.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::amount::Amount;
use super::check::{self, Check};
use super::fields::{Amounts, Fields};
use super::kind::{Kind, Period, title};
use super::private::is_private;
use crate::clock::Timestamp;
use crate::ingest::target::Target;
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Iri, Literal, Term, Triple};
use crate::rdf::vocab::{adms, cartable, dcat, dcterms, dpv, dpv_pd, org, prov, rdf, schema, skos, xsd};

/// Counts the changes of how documents are read, for provenance.
const READER: &str = "1";

/// A pay document: what its source says of it, and what could be read off it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayDocument {
    pub kind: Kind,
    pub period: Option<Period>,
    /// When it was made, if that is told.
    pub issued: Option<Date>,
    /// The net amount that the portal lists.
    pub listed: Option<Amount>,
    pub fields: Fields,
    pub file: File,
}

impl PayDocument {
    /// A document of which a listing says nothing: only what was read off it counts.
    pub fn of_fields(fields: Fields, file: File) -> Self {
        let (kind, period, issued) = (fields.kind.unwrap_or(Kind::Autre), fields.period, fields.issued);
        Self { kind, period, issued, listed: None, fields, file }
    }
}

/// A PDF in the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub iri: Iri,
    pub size: u64,
    /// SHA-256, in hexadecimal.
    pub hash: String,
    pub created: Timestamp,
    /// The file that this one is a newer issue of.
    pub replaces: Option<Iri>,
}

/// Where a document is said, and who says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub record: (ResourcePath, Iri),
    pub amounts: (ResourcePath, Iri),
    /// The WebID that is paid.
    pub owner: Iri,
    /// The portal that listed it.
    pub portal: Option<Iri>,
    /// The run that brought it.
    pub activity: Iri,
}

/// What is to be written of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    pub record: Target,
    /// `None` if nothing of the second tier is known.
    pub amounts: Option<Target>,
    pub failed: BTreeSet<Check>,
}

/// Says a document.
pub fn mapped(document: &PayDocument, place: &Place) -> Mapped {
    let mut failed = check::failed(document);
    let issued = document.issued.or(document.fields.payment_date);
    let timely = issued.zip(document.period).is_none_or(|(issued, period)| check::is_timely(issued, period));
    if !timely {
        failed.insert(Check::P10);
    }
    let mut record = Says::new(&place.record);
    say_record(&mut record, document, place, issued.filter(|_| timely));
    let mut amounts = Says::new(&place.amounts);
    say_amounts(&mut amounts, document, place, &failed);
    if record.withheld || amounts.withheld {
        failed.insert(Check::P9);
    }
    Mapped { record: record.target, amounts: amounts.has_content.then_some(amounts.target), failed }
}

/// Spec: shape P1, shape P2, shape P3
fn say_record(says: &mut Says, document: &PayDocument, place: &Place, issued: Option<Date>) {
    let PayDocument { kind, period, fields, file, .. } = document;
    let (it, pdf) = (says.node("it"), Term::Iri(file.iri.clone()));
    says.iri(&it, rdf::TYPE, cartable::PAY_DOCUMENT);
    says.iri(&it, rdf::TYPE, prov::ENTITY);
    if kind.is_payslip() && period.is_some() {
        says.iri(&it, rdf::TYPE, cartable::PAYSLIP);
    }
    says.iri(&it, dcterms::TYPE, kind.concept());
    says.french(&it, dcterms::TITLE, &title(*kind, *period));
    if let Some(period) = period {
        let node = says.part(&it, dcterms::TEMPORAL, "period", dcterms::PERIOD_OF_TIME);
        says.typed(&node, dcat::START_DATE, &period.start().to_string(), xsd::DATE);
        says.typed(&node, dcat::END_DATE, &period.end().to_string(), xsd::DATE);
    }
    if let Some(issued) = issued {
        says.typed(&it, dcterms::ISSUED, &issued.to_string(), xsd::DATE);
    }
    says.iri(&it, schema::RECIPIENT, &place.owner);
    if let Some(employer) = &fields.employer {
        let node = says.part(&it, schema::SOURCE_ORGANIZATION, "employer", org::ORGANIZATION_CLASS);
        says.text(&node, schema::LEGAL_NAME, employer);
    }
    says.iri(&it, schema::ENCODING, &file.iri);
    says.iri(&it, prov::WAS_DERIVED_FROM, &file.iri);
    says.iri(&it, prov::WAS_GENERATED_BY, &place.activity);
    if let Some(portal) = &place.portal {
        says.iri(&it, prov::HAD_PRIMARY_SOURCE, portal);
    }
    says.iri(&it, dpv::HAS_PERSONAL_DATA, dpv_pd::FINANCIAL);
    says.iri(&pdf, rdf::TYPE, schema::MEDIA_OBJECT);
    says.text(&pdf, schema::ENCODING_FORMAT, "application/pdf");
    says.text(&pdf, schema::CONTENT_SIZE, &file.size.to_string());
    says.text(&pdf, schema::SHA256, &file.hash);
    says.typed(&pdf, dcterms::CREATED, &file.created.to_string(), xsd::DATE_TIME);
    if let Some(replaces) = &file.replaces {
        says.iri(&pdf, dcterms::REPLACES, replaces);
    }
}

/// Spec: shape P4, shape P5
fn say_amounts(says: &mut Says, document: &PayDocument, place: &Place, failed: &BTreeSet<Check>) {
    let fields = &document.fields;
    let it = says.node("it");
    for (property, fragment, amount) in of_pdf(&fields.amounts) {
        if let Some(amount) = amount {
            says.amount(&it, property, fragment, amount, &[cartable::PDF_TEXT]);
        }
    }
    say_net(says, &it, document);
    if let Some(siret) = &fields.siret {
        let node = says.part(&it, cartable::EMPLOYER_ID, "siret", adms::IDENTIFIER_CLASS);
        says.typed(&node, skos::NOTATION, siret, cartable::SIRET);
    }
    let dated = fields.payment_date.map(|day| day.to_string());
    let index = fields.majorated_index.map(|index| index.to_string());
    let quota = fields.working_quota.map(|quota| quota.to_string());
    for (property, value, datatype) in [
        (cartable::PAYMENT_DATE, &dated, xsd::DATE),
        (cartable::GRADE, &fields.grade, xsd::STRING),
        (cartable::ECHELON, &fields.echelon, xsd::STRING),
        (cartable::MAJORATED_INDEX, &index, xsd::INTEGER),
        (cartable::WORKING_QUOTA, &quota, xsd::DECIMAL),
    ] {
        if let Some(value) = value {
            says.typed(&it, property, value, datatype);
        }
    }
    if !says.has_content {
        return;
    }
    says.iri(&it, rdf::TYPE, cartable::PAY_AMOUNTS);
    says.iri(&it, rdf::TYPE, prov::ENTITY);
    says.iri(&it, dcterms::IS_PART_OF, &format!("{}#it", place.record.1));
    says.iri(&it, dpv::HAS_PERSONAL_DATA, dpv_pd::INCOME);
    for check in failed {
        says.iri(&it, cartable::FAILS_CHECK, &check.shape());
    }
    let reading = says.part(&it, prov::WAS_GENERATED_BY, "reading", prov::ACTIVITY);
    says.iri(&reading, prov::USED, &document.file.iri);
    says.iri(&reading, prov::WAS_ASSOCIATED_WITH, &place.activity);
    says.text(&reading, dcterms::HAS_VERSION, READER);
}

/// The net amount. If listing and PDF agree, both are its source; if not, the listing's counts, and what the PDF says is
/// kept beside it.
///
/// Spec: shape P5
fn say_net(says: &mut Says, it: &Term, document: &PayDocument) {
    let (listed, printed) = (document.listed, document.fields.amounts.net_paid);
    match (listed, printed) {
        (Some(listed), Some(printed)) if listed == printed => {
            says.amount(it, cartable::NET_PAID, "net", listed, &[cartable::LISTING, cartable::PDF_TEXT]);
        }
        (Some(listed), Some(printed)) => {
            says.amount(it, cartable::NET_PAID, "net", listed, &[cartable::LISTING]);
            let net = says.node("net");
            says.amount(&net, prov::ALTERNATE_OF, "net-printed", printed, &[cartable::PDF_TEXT]);
        }
        (Some(listed), None) => says.amount(it, cartable::NET_PAID, "net", listed, &[cartable::LISTING]),
        (None, Some(printed)) => says.amount(it, cartable::NET_PAID, "net", printed, &[cartable::PDF_TEXT]),
        (None, None) => {}
    }
}

/// The amounts that only the PDF tells: property, fragment, amount.
fn of_pdf(amounts: &Amounts) -> [(&'static str, &'static str, Option<Amount>); 8] {
    [
        (cartable::GROSS, "gross", amounts.gross),
        (cartable::DEDUCTIONS, "deductions", amounts.deductions),
        (cartable::NET_BEFORE_TAX, "net-before-tax", amounts.net_before_tax),
        (cartable::INCOME_TAX_WITHHELD, "income-tax-withheld", amounts.income_tax_withheld),
        (cartable::NET_SOCIAL, "net-social", amounts.net_social),
        (cartable::TAXABLE_MONTH, "taxable-month", amounts.taxable_month),
        (cartable::TAXABLE_YEAR, "taxable-year", amounts.taxable_year),
        (cartable::EMPLOYER_COST, "employer-cost", amounts.employer_cost),
    ]
}

/// Leaves alone what the owner says to have corrected, whatever it is worth.
pub fn spare_corrected(target: &mut Target, local: &Graph) {
    let by_owner = Term::iri(cartable::USER);
    let corrected: BTreeSet<_> = local.subjects(cartable::READ_FROM, &by_owner).collect();
    let said = target.graph.iter().chain(local.iter()).filter(|triple| corrected.contains(&triple.subject));
    let fields: Vec<_> = said.map(|triple| (triple.subject.clone(), triple.predicate.clone())).collect();
    target.unsaid.extend(fields);
}

/// What one document says.
struct Says {
    document: Iri,
    target: Target,
    /// Whether it says more than that it exists.
    has_content: bool,
    /// Whether a literal was left out because it holds what must stay in the PDF.
    withheld: bool,
}

impl Says {
    fn new((path, document): &(ResourcePath, Iri)) -> Self {
        let target = Target::new(path.clone());
        Self { document: document.clone(), target, has_content: false, withheld: false }
    }

    fn node(&self, fragment: &str) -> Term {
        Term::iri(format!("{}#{fragment}", self.document))
    }

    fn iri(&mut self, subject: &Term, predicate: &str, object: &str) {
        self.target.graph.extend(Triple::new(subject.clone(), predicate, Term::iri(object)));
    }

    /// A node of its own in the same document, of a class.
    fn part(&mut self, subject: &Term, predicate: &str, fragment: &str, class: &str) -> Term {
        let node = self.node(fragment);
        self.target.graph.extend(Triple::new(subject.clone(), predicate, node.clone()));
        self.iri(&node, rdf::TYPE, class);
        node
    }

    fn text(&mut self, subject: &Term, predicate: &str, text: &str) {
        self.typed(subject, predicate, text, xsd::STRING);
    }

    fn french(&mut self, subject: &Term, predicate: &str, text: &str) {
        let datatype = rdf::LANG_STRING.into();
        self.literal(subject, predicate, Literal { lexical: text.into(), datatype, language: Some("fr".into()) });
    }

    fn typed(&mut self, subject: &Term, predicate: &str, text: &str, datatype: &str) {
        self.literal(subject, predicate, Literal { lexical: text.into(), datatype: datatype.into(), language: None });
    }

    /// Spec: shape P9
    fn literal(&mut self, subject: &Term, predicate: &str, literal: Literal) {
        if is_private(&literal.lexical) {
            self.withheld = true;
            return;
        }
        self.has_content = true;
        self.target.graph.extend(Triple::new(subject.clone(), predicate, Term::Literal(literal)));
    }

    /// Spec: shape P4
    fn amount(&mut self, subject: &Term, predicate: &str, fragment: &str, amount: Amount, from: &[&str]) {
        let node = self.part(subject, predicate, fragment, schema::MONETARY_AMOUNT);
        self.typed(&node, schema::VALUE, &amount.to_string(), xsd::DECIMAL);
        self.text(&node, schema::CURRENCY, "EUR");
        for source in from {
            self.iri(&node, cartable::READ_FROM, source);
        }
    }
}

#[cfg(test)]
mod tests;
