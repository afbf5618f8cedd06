//! Groups, said twice: the cards of their members for apps that show people, and the WebIDs of their members for access
//! rules, which nobody's name leaks from.

use uuid::Uuid;

use super::directory::{Card, Directory, Group, Origin, first_text, invalidated};
use super::place::{About, Place};
use crate::ingest::target::Target;
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{cartable, dcterms, prov, rdf, vcard, xsd};

/// The group as apps show it, with the names of its members as they need them.
///
/// Spec: CP-50, shape A7
pub fn target(place: &Place, id: Uuid, group: &Group, directory: &Directory) -> Target {
    let this = place.this(About::Group(id));
    let mut target = Target::new(place.document(About::Group(id)));
    let document = place.of(&target.path);
    let graph = &mut target.graph;
    graph.say(&place.book(), vcard::INCLUDES_GROUP, this.clone());
    graph.say(&this, rdf::TYPE, Term::iri(vcard::GROUP));
    graph.say(&this, vcard::FN, Term::text(&group.name));
    if let Origin::School(school, _) = &group.origin {
        graph.say(&this, cartable::REMOTE_NAME, Term::text(&group.name));
        graph.say(&this, dcterms::IS_PART_OF, place.this(About::Organisation(*school)));
    }
    for (member, card) in members(group, directory) {
        let person = place.this(About::Person(member));
        graph.say(&this, vcard::HAS_MEMBER, person.clone());
        let name = card.called.clone().unwrap_or_else(|| card.name());
        graph.say(&person, vcard::FN, Term::text(&name));
    }
    if let Some(closed) = group.closed {
        graph.say(&document, prov::INVALIDATED_AT_TIME, Term::typed(&closed.to_string(), xsd::DATE_TIME));
    }
    target
}

/// The WebIDs of the members. Groups of our own making have no access to anything.
///
/// Spec: CP-63, shape A8
pub fn agents(place: &Place, id: Uuid, group: &Group, directory: &Directory) -> Option<Target> {
    if group.origin == Origin::Ours {
        return None;
    }
    let about = About::Agents(id);
    let this = place.this(about);
    let mut target = Target::new(place.document(about));
    target.graph.say(&this, rdf::TYPE, Term::iri(vcard::GROUP));
    for webid in members(group, directory).filter_map(|(_, card)| card.webid.as_deref()) {
        target.graph.say(&this, vcard::HAS_MEMBER, Term::iri(webid));
    }
    Some(target)
}

fn members<'a>(group: &'a Group, directory: &'a Directory) -> impl Iterator<Item = (Uuid, &'a Card)> {
    group.members.iter().filter_map(|id| Some((*id, directory.people.get(id)?)))
}

/// Reads a group as [`target`] says it; what unit it shows is said elsewhere.
pub fn read(graph: &Graph, place: &Place, id: Uuid) -> Group {
    let this = place.this(About::Group(id));
    let organisation = |term| match place.whose(term) {
        Some(About::Organisation(school)) => Some(Origin::School(school, None)),
        _ => None,
    };
    let person = |term| match place.whose(term) {
        Some(About::Person(person)) => Some(person),
        _ => None,
    };
    Group {
        name: first_text(graph, &this, vcard::FN).unwrap_or_default(),
        origin: graph.objects(&this, dcterms::IS_PART_OF).find_map(organisation).unwrap_or(Origin::Ours),
        members: graph.objects(&this, vcard::HAS_MEMBER).filter_map(person).collect(),
        closed: invalidated(graph, &place.of(&place.document(About::Group(id)))),
    }
}
