//! Cards of people and organisations, as RDF.

use uuid::Uuid;

use super::card::{Address, Birthday, Card, Way};
use crate::ingest::contacts::place::{About, Place};
use crate::ingest::target::Target;
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{rdf, vcard, xsd};

/// What the card of somebody should say.
///
/// The nodes of a card are named by what they hold: the same detail has the same name at the next import, and another
/// one never takes the place of one that the owner has edited.
///
/// Spec: shape A2, shape A3, shape A4, shape A5
pub fn target(place: &Place, id: Uuid, card: &Card) -> Target {
    let about = About::Person(id);
    let this = place.this(about);
    let mut target = Target::new(place.document(about));
    let graph = &mut target.graph;
    let class = if card.is_organisation { vcard::ORGANIZATION } else { vcard::INDIVIDUAL };
    graph.say(&this, rdf::TYPE, Term::iri(class));
    graph.say(&this, vcard::HAS_UID, Term::iri(card.key.uuid().unwrap_or(id).urn().to_string()));
    graph.say(&this, vcard::FN, Term::text(&card.name));
    say_texts(
        graph,
        &this,
        &[
            (vcard::NICKNAME, &card.nickname),
            (vcard::ORGANIZATION_NAME, &card.organisation),
            (vcard::ORGANIZATION_UNIT, &card.unit),
            (vcard::TITLE, &card.title),
            (vcard::ROLE, &card.role),
            (vcard::NOTE, &card.note),
        ],
    );
    match &card.birthday {
        Some(Birthday::Day(day)) => graph.say(&this, vcard::BDAY, Term::typed(&day.to_string(), xsd::DATE)),
        Some(Birthday::Partial(text)) => graph.say(&this, vcard::BDAY, Term::text(text)),
        None => {}
    }
    say_name(graph, &this, &place.node(about, "name"), card);
    for (property, kind, ways) in [
        (vcard::HAS_EMAIL, "email", &card.emails),
        (vcard::HAS_TELEPHONE, "tel", &card.phones),
        (vcard::URL, "url", &card.urls),
    ] {
        for way in ways {
            say_way(graph, &this, property, &place.node(about, &named(kind, &way.iri)), way);
        }
    }
    for address in &card.addresses {
        let held = [&address.street, &address.locality, &address.region, &address.postal_code, &address.country];
        let held = held.map(|part| part.as_deref().unwrap_or_default()).join("\n");
        say_address(graph, &this, &place.node(about, &named("adr", &held)), address);
    }
    target
}

fn say_name(graph: &mut Graph, this: &Term, name: &Term, card: &Card) {
    let parts = [
        (vcard::GIVEN_NAME, &card.given),
        (vcard::ADDITIONAL_NAME, &card.additional),
        (vcard::FAMILY_NAME, &card.family),
        (vcard::HONORIFIC_PREFIX, &card.prefix),
        (vcard::HONORIFIC_SUFFIX, &card.suffix),
    ];
    if parts.iter().any(|(_, part)| part.is_some()) {
        graph.say(this, vcard::HAS_NAME, name.clone());
        graph.say(name, rdf::TYPE, Term::iri(vcard::NAME));
        say_texts(graph, name, &parts);
    }
}

fn say_way(graph: &mut Graph, this: &Term, property: &str, node: &Term, way: &Way) {
    graph.say(this, property, node.clone());
    way.types.iter().for_each(|class| graph.say(node, rdf::TYPE, Term::iri(*class)));
    graph.say(node, vcard::VALUE, Term::iri(way.iri.as_str()));
}

fn say_address(graph: &mut Graph, this: &Term, node: &Term, address: &Address) {
    graph.say(this, vcard::HAS_ADDRESS, node.clone());
    graph.say(node, rdf::TYPE, Term::iri(vcard::ADDRESS));
    address.types.iter().for_each(|class| graph.say(node, rdf::TYPE, Term::iri(*class)));
    let parts = [
        (vcard::STREET_ADDRESS, &address.street),
        (vcard::LOCALITY, &address.locality),
        (vcard::REGION, &address.region),
        (vcard::POSTAL_CODE, &address.postal_code),
        (vcard::COUNTRY_NAME, &address.country),
    ];
    say_texts(graph, node, &parts);
}

fn say_texts(graph: &mut Graph, subject: &Term, texts: &[(&str, &Option<String>)]) {
    for (property, text) in texts {
        if let Some(text) = text {
            graph.say(subject, property, Term::text(text));
        }
    }
}

/// The name of a node, from its kind and what it holds.
fn named(kind: &str, held: &str) -> String {
    format!("{kind}-{:08x}", Uuid::new_v5(&Uuid::NAMESPACE_OID, held.as_bytes()).as_fields().0)
}
