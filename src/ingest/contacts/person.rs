//! Cards of people.

use uuid::Uuid;

use super::directory::{Card, first_text, invalidated, text};
use super::place::{About, Place};
use super::profile;
use crate::ingest::target::Target;
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{cartable, prov, rdf, vcard, xsd};

/// The nodes of a card that are the connector's.
const NAME: &str = "name";
const EMAIL: &str = "email-ent";
const POD: &str = "pod";
const WEBID: &str = "webid";

/// The card of somebody.
///
/// Spec: CP-50, CP-52, shape A2, shape A3, shape A4, shape A5
pub fn target(place: &Place, id: Uuid, card: &Card) -> Target {
    let about = About::Person(id);
    let (this, node) = (place.this(about), |name| place.node(about, name));
    let mut target = Target::new(place.document(about));
    let graph = &mut target.graph;
    graph.say(&this, rdf::TYPE, Term::iri(vcard::INDIVIDUAL));
    graph.say(&this, vcard::HAS_UID, Term::iri(format!("urn:uuid:{id}")));
    graph.say(&this, vcard::FN, Term::text(&card.name()));
    if card.given.is_some() || card.family.is_some() {
        let name = node(NAME);
        graph.say(&this, vcard::HAS_NAME, name.clone());
        graph.say(&name, rdf::TYPE, Term::iri(vcard::NAME));
        for (property, text) in [(vcard::GIVEN_NAME, &card.given), (vcard::FAMILY_NAME, &card.family)] {
            if let Some(text) = text {
                graph.say(&name, property, Term::text(text));
            }
        }
    }
    if let Some(title) = &card.title {
        graph.say(&this, vcard::ROLE, profile::label(title));
        if let Some(concept) = profile::concept(title) {
            graph.say(&this, cartable::ENT_PROFILE, concept);
        }
    }
    if let Some(school) = &card.school {
        graph.say(&this, vcard::ORGANIZATION_NAME, Term::text(school));
    }
    let mail = card.mail.as_ref().map(|mail| format!("mailto:{mail}"));
    let pod = card.host.as_ref().map(|host| format!("https://{host}/"));
    for (property, name, classes, value) in [
        (vcard::HAS_EMAIL, EMAIL, &[vcard::WORK][..], &mail),
        (vcard::URL, POD, &[cartable::PERSONAL_CLOUD], &pod),
        // Apps read one class or the other.
        (vcard::URL, WEBID, &[vcard::WEB_ID, vcard::WEB_ID_AS_SHAPES_SAY], &card.webid),
    ] {
        let Some(value) = value else { continue };
        let node = node(name);
        graph.say(&this, property, node.clone());
        for class in classes {
            graph.say(&node, rdf::TYPE, Term::iri(*class));
        }
        graph.say(&node, vcard::VALUE, Term::iri(value.as_str()));
    }
    if let Some(gone) = card.gone {
        let document = place.of(&target.path);
        target.graph.say(&document, prov::INVALIDATED_AT_TIME, Term::typed(&gone.to_string(), xsd::DATE_TIME));
    }
    target
}

/// Reads a card as [`target`] says it.
pub fn read(graph: &Graph, place: &Place, id: Uuid) -> Card {
    let about = About::Person(id);
    let (this, node) = (place.this(about), |name| place.node(about, name));
    let value = |name| graph.objects(&node(name), vcard::VALUE).find_map(|term| term.as_iri().map(ToString::to_string));
    let after =
        |value: Option<String>, prefix: &str| value.and_then(|value| value.strip_prefix(prefix).map(str::to_owned));
    let name = node(NAME);
    Card {
        given: first_text(graph, &name, vcard::GIVEN_NAME),
        family: first_text(graph, &name, vcard::FAMILY_NAME),
        title: graph.objects(&this, vcard::ROLE).find_map(text).map(|label| profile::title(&label)),
        mail: after(value(EMAIL), "mailto:"),
        host: after(value(POD), "https://").map(|host| host.trim_end_matches('/').to_owned()),
        webid: value(WEBID),
        school: first_text(graph, &this, vcard::ORGANIZATION_NAME),
        gone: invalidated(graph, &place.of(&place.document(about))),
        called: None,
    }
}
