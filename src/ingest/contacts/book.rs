//! The book and its indexes, and the order in which its documents are written.

use std::collections::BTreeSet;

use super::directory::{Directory, Origin};
use super::place::{About, Place};
use super::{group, organisation, person};
use crate::ingest::target::Target;
use crate::path::ResourcePath;
use crate::rdf::graph::Term;
use crate::rdf::vocab::{acl, dc, rdf, vcard};

/// What a book is called on its first page.
#[derive(Debug, Clone, Copy)]
pub struct Cover<'a> {
    /// In French, as the words of the platform are.
    pub title: &'a str,
    /// The WebID of its owner.
    pub owner: &'a str,
}

/// What the documents of a book should hold, in the order in which they are written: people first, indexes last, so that
/// an index never names what is not there. Documents of one stage may be written in any order.
///
/// Spec: CP-52, shape A6
pub fn targets(
    place: &Place,
    cover: Cover<'_>,
    directory: &Directory,
    deleted: &BTreeSet<ResourcePath>,
) -> [Vec<Target>; 3] {
    let people = directory.people.iter().map(|(id, card)| person::target(place, *id, card)).collect();
    let schools = directory.schools.iter().map(|(id, school)| organisation::school(place, *id, school));
    let mut groups: Vec<_> = schools.collect();
    for (id, group) in &directory.groups {
        groups.push(group::target(place, *id, group, directory));
        groups.extend(group::agents(place, *id, group, directory));
        if let Origin::School(school, Some(unit)) = &group.origin {
            groups.push(organisation::unit(place, *id, *school, unit));
        }
    }
    let stays = |targets: Vec<Target>| targets.into_iter().filter(|target| !deleted.contains(&target.path)).collect();
    let group_index = group_index(place, directory, deleted);
    [stays(people), stays(groups), vec![people_index(place, directory), group_index, front(place, cover)]]
}

/// Spec: shape A1
pub fn front(place: &Place, cover: Cover<'_>) -> Target {
    let book = place.book();
    let mut target = Target::new(place.index());
    let graph = &mut target.graph;
    graph.say(&book, rdf::TYPE, Term::iri(vcard::ADDRESS_BOOK));
    // Some apps look for one, some for the other.
    for property in [dc::TITLE, vcard::FN] {
        graph.say(&book, property, Term::text_in("fr", cover.title));
    }
    graph.say(&book, vcard::NAME_EMAIL_INDEX, place.of(&place.people()));
    graph.say(&book, vcard::GROUP_INDEX, place.of(&place.groups()));
    graph.say(&book, acl::OWNER, Term::iri(cover.owner));
    target
}

/// Who is in the book, with the names as lists show them.
///
/// Spec: shape A6
fn people_index(place: &Place, directory: &Directory) -> Target {
    let mut target = Target::new(place.people());
    for (id, card) in &directory.people {
        let person = place.this(About::Person(*id));
        target.graph.say(&person, vcard::IN_ADDRESS_BOOK, place.book());
        target.graph.say(&person, vcard::FN, Term::text(&card.name()));
    }
    target
}

fn group_index(place: &Place, directory: &Directory, deleted: &BTreeSet<ResourcePath>) -> Target {
    let mut target = Target::new(place.groups());
    let is_there = |id: uuid::Uuid| !deleted.contains(&place.document(About::Group(id)));
    for (id, group) in directory.groups.iter().filter(|(id, _)| is_there(**id)) {
        let this = place.this(About::Group(*id));
        target.graph.say(&place.book(), vcard::INCLUDES_GROUP, this.clone());
        target.graph.say(&this, rdf::TYPE, Term::iri(vcard::GROUP));
        target.graph.say(&this, vcard::FN, Term::text(&group.name));
    }
    target
}
