//! The owner's own address book: found among those that are registered, or a new one. School books are never touched.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::card::{Card, Group, Key, People};
use super::problem::{Problem, Reason};
use crate::address::Addresses;
use crate::ingest::contacts::book::{Cover, front};
use crate::ingest::contacts::place::{About, Place};
use crate::ingest::target::Target;
use crate::path::{ContainerPath, ResourcePath};
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{prov, rdf, solid, vcard};

/// What a new book is called.
pub const TITLE: &str = "Mes contacts";
/// The group of those who are in no other: some apps take nobody out of their last group.
const REST: &str = "Mes contacts";

/// A book, and who is in it.
#[derive(Debug, Clone)]
pub struct Shelf {
    pub place: Place,
    /// Whether the book is yet to be made.
    pub is_new: bool,
    /// The list of people, and that of groups.
    pub people: Graph,
    pub groups: Graph,
}

/// The address books of an index of types, in this pod.
pub fn registered(index: &Graph, addresses: &Addresses, pod: &ResourcePath) -> Vec<ResourcePath> {
    let class = Term::iri(vcard::ADDRESS_BOOK);
    let books = index.subjects(solid::FOR_CLASS, &class).flat_map(|node| index.objects(node, solid::INSTANCE));
    let path = |book: &Term| addresses.path_of(book.as_iri()?.strip_suffix("#this")?);
    let ours = |path: &ResourcePath| path.pod() == pod.pod() && path.name() == "index.ttl";
    books.filter_map(path).filter(ours).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The place of a book whose first page says `front`, if it is the owner's own and is laid out as we do.
///
/// Spec: CP-50
pub fn own(addresses: &Addresses, index: &ResourcePath, front: &Graph) -> Option<Place> {
    let place = place(addresses, &index.container()?);
    let document = Term::iri(addresses.iri(index));
    let is_of_a_connector = front.objects(&document, prov::WAS_ATTRIBUTED_TO).next().is_some();
    let lists =
        |property, path: &ResourcePath| front.objects(&place.book(), property).any(|list| *list == place.of(path));
    let laid_out = lists(vcard::NAME_EMAIL_INDEX, &place.people()) && lists(vcard::GROUP_INDEX, &place.groups());
    (laid_out && !is_of_a_connector).then_some(place)
}

/// The place of a book. Its names are made with the random name of its container.
pub fn place(addresses: &Addresses, book: &ContainerPath) -> Place {
    let random = Uuid::try_parse(book.name().trim_end_matches('/')).ok();
    let namespace = random.unwrap_or_else(|| Uuid::new_v5(&Uuid::NAMESPACE_URL, addresses.iri(book).as_bytes()));
    Place::new(addresses, book, namespace)
}

/// Who a file speaks of, by the documents of their cards.
pub struct Named<'a> {
    pub shelf: &'a Shelf,
    ids: BTreeMap<Key, Uuid>,
}

impl<'a> Named<'a> {
    pub fn of(people: &People, shelf: &'a Shelf) -> Self {
        let named = |card: &Card| (card.key.clone(), shelf.person(&card.key));
        Self { shelf, ids: people.cards.iter().map(named).collect() }
    }

    pub fn id(&self, key: &Key) -> Option<Uuid> {
        self.ids.get(key).copied().or_else(|| Some(self.shelf.person(key)).filter(|id| self.shelf.holds(*id)))
    }

    /// Cards, lists and groups that should be in the book besides what is there, with people called as their cards call
    /// them (`names`). What lists say is only ever added to.
    ///
    /// Spec: shape A1, shape A6, shape A7
    pub fn lists(&self, people: &People, owner: &str, names: &BTreeMap<Uuid, String>) -> (Vec<Target>, Vec<Problem>) {
        let place = &self.shelf.place;
        let (mut all, mut index) = (Target::new(place.people()), Target::new(place.groups()));
        let (mut said, mut problems, mut grouped) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (id, name) in names {
            let person = place.this(About::Person(*id));
            all.graph.say(&person, vcard::IN_ADDRESS_BOOK, place.book());
            all.graph.say(&person, vcard::FN, Term::text(name));
        }
        for group in &people.groups {
            let known: BTreeSet<_> = group.members.iter().filter_map(|member| self.id(member)).collect();
            if known.len() < group.members.len() {
                problems.push(Problem { line: group.line, reason: Reason::UnknownMember });
            }
            grouped.extend(known.iter().copied());
            said.push(self.group(group, &known, names, &mut index.graph));
        }
        let alone: BTreeSet<_> =
            names.keys().filter(|id| !grouped.contains(*id) && !self.shelf.holds(**id)).copied().collect();
        if !alone.is_empty() {
            let rest = Group { line: 0, key: "rest".to_owned(), name: REST.to_owned(), members: BTreeSet::new() };
            said.push(self.group(&rest, &alone, names, &mut index.graph));
        }
        said.extend([all, index]);
        said.extend(self.shelf.is_new.then(|| front(place, Cover { title: TITLE, owner })));
        (said, problems)
    }

    /// A group: the one of the same name that the book has, or a new one.
    fn group(
        &self,
        group: &Group,
        members: &BTreeSet<Uuid>,
        names: &BTreeMap<Uuid, String>,
        index: &mut Graph,
    ) -> Target {
        let place = &self.shelf.place;
        let (this, path) = self.shelf.group(group);
        let mut target = Target::new(path);
        for graph in [&mut target.graph, index] {
            graph.say(&place.book(), vcard::INCLUDES_GROUP, this.clone());
            graph.say(&this, rdf::TYPE, Term::iri(vcard::GROUP));
            graph.say(&this, vcard::FN, Term::text(&group.name));
        }
        for id in members {
            let person = place.this(About::Person(*id));
            target.graph.say(&this, vcard::HAS_MEMBER, person.clone());
            if let Some(name) = names.get(id).cloned().or_else(|| self.shelf.name(&person)) {
                target.graph.say(&person, vcard::FN, Term::text(&name));
            }
        }
        target
    }
}

impl Shelf {
    /// What a list says once `more` is said as well. It names people as their cards do; groups are called as the owner
    /// calls them.
    pub fn listed(&self, list: &Graph, more: &Graph) -> Graph {
        let mut listed = list.clone();
        for triple in more.iter() {
            if *triple.predicate == *vcard::FN {
                let old: Vec<_> =
                    listed.about(&triple.subject).filter(|old| old.predicate == triple.predicate).cloned().collect();
                let is_person = matches!(self.place.whose(&triple.subject), Some(About::Person(_)));
                if !is_person && !old.is_empty() {
                    continue;
                }
                for old in &old {
                    listed.remove(old);
                }
            }
            listed.insert(triple.clone());
        }
        listed
    }

    /// The document of somebody: the one that has their identifier for a name, as exports of this book do, or the one
    /// that imports give them.
    fn person(&self, key: &Key) -> Uuid {
        let named = key.uuid().filter(|id| self.holds(*id));
        named.unwrap_or_else(|| self.place.person_id(&key.seed()))
    }

    /// Whether somebody is in the book.
    pub fn holds(&self, id: Uuid) -> bool {
        self.people.about(&self.place.this(About::Person(id))).next().is_some()
    }

    fn name(&self, person: &Term) -> Option<String> {
        self.people.objects(person, vcard::FN).find_map(|name| Some(name.as_literal()?.lexical.to_string()))
    }

    fn group(&self, group: &Group) -> (Term, ResourcePath) {
        let about = About::Group(self.place.own_group_id(&group.key));
        let ours = self.place.this(about);
        if self.groups.about(&ours).next().is_some() {
            return (ours, self.place.document(about));
        }
        let name = Term::text(&group.name);
        // A class is another one than a group that happens to have its name.
        let same = self.groups.subjects(vcard::FN, &name).find(|_| !group.key.starts_with("class|"));
        let found = same.and_then(|same| Some((same.clone(), self.place.document(self.place.whose(same)?))));
        found.unwrap_or_else(|| (ours, self.place.document(about)))
    }
}
