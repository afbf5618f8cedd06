//! What the connector remembers from run to run, besides what it wrote: whose book it is, remote identities, cards that
//! the owner deleted, and what clouds were looked at. It lies in the facts of the base, which only the owner reads.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::answer::Answer;
use super::directory::{first_text, moment};
use super::place::{About, Place};
use crate::clock::Timestamp;
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{adms, cartable, dcterms, prov, rdf, skos, solid, vcard, xsd};

/// How long it is believed what was found at a cloud, or that nothing was.
const FOUND: Duration = Duration::from_hours(30 * 24);
const NOT_FOUND: Duration = Duration::from_hours(7 * 24);

/// A book, and whose account at which platform fills it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The IRI of the book.
    pub book: String,
    pub namespace: Uuid,
    pub issuer: String,
    pub subject: String,
}

impl Owned {
    /// The book that the facts tell of.
    pub fn read(facts: &Graph) -> Option<Self> {
        let class = Term::iri(vcard::ADDRESS_BOOK);
        let book = facts.subjects(rdf::TYPE, &class).next()?;
        let identifier = facts.objects(book, adms::IDENTIFIER).next()?;
        Some(Self {
            book: book.as_iri()?.to_string(),
            namespace: Uuid::try_parse(&first_text(facts, book, dcterms::IDENTIFIER)?).ok()?,
            issuer: first_text(facts, identifier, adms::SCHEMA_AGENCY)?,
            subject: first_text(facts, identifier, skos::NOTATION)?,
        })
    }

    pub fn write(&self, facts: &mut Graph) {
        let (book, identifier) = (Term::iri(self.book.as_str()), Term::iri(format!("{}-account", self.book)));
        facts.say(&book, rdf::TYPE, Term::iri(vcard::ADDRESS_BOOK));
        facts.say(&book, dcterms::IDENTIFIER, Term::text(&self.namespace.to_string()));
        facts.say(&book, adms::IDENTIFIER, identifier.clone());
        identify(facts, &identifier, &self.subject, &self.issuer, &self.issuer);
    }

    /// Whether it is filled from this account.
    pub fn is_of(&self, issuer: &str, subject: &str) -> bool {
        self.issuer == issuer && self.subject == subject
    }
}

fn identify(facts: &mut Graph, identifier: &Term, notation: &str, agency: &str, creator: &str) {
    facts.say(identifier, rdf::TYPE, Term::iri(adms::IDENTIFIER_CLASS));
    facts.say(identifier, skos::NOTATION, Term::text(notation));
    facts.say(identifier, adms::SCHEMA_AGENCY, Term::text(agency));
    facts.say(identifier, dcterms::CREATOR, Term::iri(creator));
}

/// Notes the remote identities of everybody in an answer.
pub fn note_identities(facts: &mut Graph, place: &Place, answer: &Answer, agency: &str, issuer: &str) {
    for person in answer.people.iter().flatten() {
        let about = About::Person(place.person_id(&person.id));
        let (this, identifier) = (place.this(about), place.node(about, "id"));
        if facts.objects(&this, adms::IDENTIFIER).next().is_none() {
            facts.say(&this, adms::IDENTIFIER, identifier.clone());
            identify(facts, &identifier, &person.id, agency, issuer);
        }
    }
}

/// Forgets all about somebody.
pub fn forget_person(facts: &mut Graph, place: &Place, id: Uuid) {
    let about = About::Person(id);
    let gone = [place.this(about), place.node(about, "id")];
    *facts = facts.iter().filter(|triple| !gone.contains(&triple.subject)).cloned().collect();
}

/// The documents that the owner deleted: they are not made again.
///
/// Spec: CP-52
pub fn tombstones(facts: &Graph, place: &Place) -> BTreeSet<ResourcePath> {
    let of_documents = facts.iter().filter(|triple| *triple.predicate == *prov::INVALIDATED_AT_TIME);
    of_documents.filter_map(|triple| place.path_of(&triple.subject)).collect()
}

/// Notes that the owner deleted a document.
pub fn bury(facts: &mut Graph, place: &Place, path: &ResourcePath, now: Timestamp) {
    facts.say(&place.of(path), prov::INVALIDATED_AT_TIME, time(now));
}

/// Forgets that the owner deleted anything.
pub fn exhume(facts: &mut Graph) {
    *facts = facts.iter().filter(|triple| *triple.predicate != *prov::INVALIDATED_AT_TIME).cloned().collect();
}

/// The WebIDs that clouds named as their own, by host.
pub fn webids(facts: &Graph) -> BTreeMap<String, String> {
    let found = facts.iter().filter(|triple| *triple.predicate == *solid::OWNER);
    found.filter_map(|triple| Some((host(&triple.subject)?, triple.object.as_iri()?.to_string()))).collect()
}

/// Whether a cloud should be looked at again.
pub fn is_due(facts: &Graph, host: &str, now: Timestamp) -> bool {
    let cloud = cloud(host);
    let good_for = if facts.objects(&cloud, solid::OWNER).next().is_some() { FOUND } else { NOT_FOUND };
    let checked = facts.objects(&cloud, cartable::CHECKED_AT).find_map(moment);
    checked.is_none_or(|checked| checked.plus(good_for) <= now)
}

/// Notes what a cloud names as its own.
pub fn note_cloud(facts: &mut Graph, host: &str, webid: Option<&str>, now: Timestamp) {
    let cloud = cloud(host);
    *facts = facts.iter().filter(|triple| triple.subject != cloud).cloned().collect();
    facts.say(&cloud, cartable::CHECKED_AT, time(now));
    if let Some(webid) = webid {
        facts.say(&cloud, solid::OWNER, Term::iri(webid));
    }
}

fn cloud(host: &str) -> Term {
    Term::iri(format!("https://{host}/"))
}

fn host(cloud: &Term) -> Option<String> {
    Some(cloud.as_iri()?.strip_prefix("https://")?.strip_suffix('/')?.to_owned())
}

fn time(at: Timestamp) -> Term {
    Term::typed(&at.to_string(), xsd::DATE_TIME)
}
