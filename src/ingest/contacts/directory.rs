//! A book as the platform would have it: people, groups, schools.
//!
//! What was known is read from the base, and what is wanted is computed from it and from an answer. Both are values of
//! one type, so that what they differ in can be looked at before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::answer::{self, Answer, Said};
use super::place::{About, Place};
use super::removals::Removal;
use super::{group, organisation, person, profile};
use crate::clock::Timestamp;
use crate::ingest::base::Base;
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{org, prov, rdf};

/// Characters of the longest name that is shown (shape A2).
const LONGEST_NAME: usize = 200;

/// The names of the groups that are ours: of those who left, and of those whom no group has, since some apps cannot
/// take anybody out of their last group.
const FORMER: &str = "Anciens contacts";
const OTHERS: &str = "Autres contacts";

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directory {
    pub people: BTreeMap<Uuid, Card>,
    pub groups: BTreeMap<Uuid, Group>,
    pub schools: BTreeMap<Uuid, School>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Card {
    pub given: Option<String>,
    pub family: Option<String>,
    /// What they are at school, as the platform spells it, or as it is shown.
    pub title: Option<String>,
    pub mail: Option<String>,
    pub host: Option<String>,
    /// Checked: the host of their cloud names it as its own.
    pub webid: Option<String>,
    /// The name of one school.
    pub school: Option<String>,
    /// Since when the platform does not show them any more.
    pub gone: Option<Timestamp>,
    /// What the owner calls them in the list of the book: groups call them so, too.
    pub called: Option<String>,
}

impl Card {
    /// The name that is shown.
    pub fn name(&self) -> String {
        let names: Vec<_> = [&self.given, &self.family].into_iter().flatten().map(String::as_str).collect();
        let local_part = || self.mail.as_ref().and_then(|mail| mail.split('@').next()).unwrap_or("Sans nom").to_owned();
        let name = if names.is_empty() { local_part() } else { names.join(" ") };
        name.chars().take(LONGEST_NAME).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub origin: Origin,
    pub members: BTreeSet<Uuid>,
    /// Since when the platform does not show it any more.
    pub closed: Option<Timestamp>,
}

/// Whose group it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Ours,
    /// A school's, and the unit that it shows if it is of one school year.
    School(Uuid, Option<Unit>),
}

/// A class, or another group of a school year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    pub label: String,
    pub year: String,
    pub memberships: Memberships,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct School {
    /// Its code, a UAI as a rule.
    pub code: String,
    pub name: Option<String>,
    /// Of those whom it has in groups of no year.
    pub memberships: Memberships,
}

pub type Memberships = BTreeMap<Uuid, Membership>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The IRI of the role.
    pub role: Option<String>,
    pub begin: Date,
    pub end: Option<Date>,
}

impl Group {
    pub fn is_open(&self) -> bool {
        self.closed.is_none() && self.origin != Origin::Ours
    }

    fn close(&mut self, now: Timestamp) {
        self.members.clear();
        self.closed = self.closed.or(Some(now));
        if let Origin::School(_, Some(unit)) = &mut self.origin {
            end(&mut unit.memberships, day(now));
        }
    }

    /// The memberships that its unit keeps.
    fn memberships(&self) -> Option<&Memberships> {
        match &self.origin {
            Origin::School(_, Some(unit)) => Some(&unit.memberships),
            _ => None,
        }
    }
}

fn end(memberships: &mut Memberships, today: Date) {
    for membership in memberships.values_mut() {
        membership.end = membership.end.or(Some(today.max(membership.begin)));
    }
}

/// The day of an instant, in UTC.
pub fn day(at: Timestamp) -> Date {
    let instant = jiff::Timestamp::from_second(at.seconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    instant.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The day on which a school year begins.
fn begin(year: &str) -> Option<Date> {
    Date::new(year.split('-').next()?.parse().ok()?, 9, 1).ok()
}

impl Directory {
    /// What the platform said last time.
    pub fn known(base: &Base, place: &Place) -> Self {
        let mut known = Self::default();
        let about = |path| place.about(path);
        let documents = || base.documents().filter_map(|(path, graph)| Some((about(path)?, graph)));
        for (about, graph) in documents() {
            match about {
                About::Person(id) => drop(known.people.insert(id, person::read(graph, place, id))),
                About::Group(id) => drop(known.groups.insert(id, group::read(graph, place, id))),
                About::Organisation(id) if is_school(graph, &place.this(about)) => {
                    known.schools.insert(id, organisation::read_school(graph, place, id));
                }
                About::Organisation(_) | About::Agents(_) => {}
            }
        }
        for (group, known) in &mut known.groups {
            let unit = place.document(About::Organisation(place.unit_id(*group)));
            if let Origin::School(_, unit_of) = &mut known.origin {
                *unit_of = organisation::read_unit(base.document(&unit), place, place.unit_id(*group));
            }
        }
        known
    }

    /// What the platform says now; of what it does not speak, what was known stays.
    pub fn said(answer: &Answer, known: &Self, place: &Place, now: Timestamp) -> Self {
        let mut said = Self::default();
        match &answer.people {
            Some(people) => {
                for person in people {
                    let id = place.person_id(&person.id);
                    said.people.insert(id, resolved(person, known.people.get(&id)));
                }
            }
            None => said.people = known.present().map(|(id, card)| (*id, card.clone())).collect(),
        }
        match &answer.schools {
            Some(schools) => schools.iter().for_each(|school| said.take_school(school, known, place, now)),
            None => said.keep_groups(known),
        }
        said
    }

    fn take_school(&mut self, told: &answer::School, known: &Self, place: &Place, now: Timestamp) {
        let id = place.school_id(&told.code);
        let before = known.schools.get(&id);
        let name = told.name.clone().or_else(|| before?.name.clone());
        let mut school = School { code: told.code.clone(), name, memberships: BTreeMap::new() };
        let shown = school.name.clone().unwrap_or_else(|| school.code.clone());
        for told in &told.groups {
            let group_id = place.group_id(&school.code, told.school_year(), &told.code);
            let ids = told.members.iter().map(|member| place.person_id(member));
            let members: BTreeSet<Uuid> = ids.filter(|member| self.people.contains_key(member)).collect();
            for member in &members {
                if let Some(card) = self.people.get_mut(member) {
                    card.school.get_or_insert_with(|| shown.clone());
                }
            }
            let began = told.school_year().and_then(begin);
            let before = match began {
                Some(_) => known.groups.get(&group_id).and_then(Group::memberships),
                None => before.map(|school| &school.memberships),
            };
            let memberships = self.memberships(&members, before, began.unwrap_or_else(|| day(now)));
            let unit = if let Some(year) = told.school_year() {
                Some(Unit { label: told.short_name().to_owned(), year: year.to_owned(), memberships })
            } else {
                school.memberships.extend(memberships);
                None
            };
            let origin = Origin::School(id, unit);
            self.groups.insert(group_id, Group { name: told.name.clone(), origin, members, closed: None });
        }
        self.schools.insert(id, school);
    }

    fn memberships(&self, members: &BTreeSet<Uuid>, before: Option<&Memberships>, begin: Date) -> Memberships {
        let membership = |id: &Uuid| {
            let begin = before.and_then(|before| before.get(id)).map_or(begin, |membership| membership.begin);
            let title = self.people.get(id).and_then(|card| card.title.as_deref());
            (*id, Membership { role: title.and_then(profile::role).map(str::to_owned), begin, end: None })
        };
        members.iter().map(membership).collect()
    }

    /// Takes over the groups that were open, with those of their members who are here.
    fn keep_groups(&mut self, known: &Self) {
        self.schools.clone_from(&known.schools);
        for (id, group) in known.groups.iter().filter(|(_, group)| group.is_open()) {
            let mut group = group.clone();
            group.members.retain(|member| self.people.contains_key(member));
            self.groups.insert(*id, group);
        }
        for (id, card) in &mut self.people {
            card.school = known.people.get(id).and_then(|card| card.school.clone());
        }
    }

    /// The people whom the platform shows.
    pub fn present(&self) -> impl Iterator<Item = (&Uuid, &Card)> {
        self.people.iter().filter(|(_, card)| card.gone.is_none())
    }

    /// What would be taken away on the way to `wanted`: people, and members of groups.
    pub fn removals(&self, wanted: &Self) -> BTreeSet<Removal> {
        let gone = self.present().map(|(id, _)| *id).filter(|id| !wanted.people.contains_key(id));
        let mut removals: BTreeSet<_> = gone.map(|person| Removal { group: None, person }).collect();
        for (id, group) in self.groups.iter().filter(|(_, group)| group.is_open()) {
            let stays = |member: &Uuid| wanted.groups.get(id).is_some_and(|group| group.members.contains(member));
            let leaving = group.members.iter().filter(|member| wanted.people.contains_key(member) && !stays(member));
            removals.extend(leaving.map(|person| Removal { group: Some(*id), person: *person }));
        }
        removals
    }

    /// Undoes removals that have to wait: those people and members are as they were known.
    pub fn keep(&mut self, known: &Self, waiting: &BTreeSet<Removal>) {
        for removal in waiting {
            match removal.group {
                None => {
                    let Some(card) = known.people.get(&removal.person) else { continue };
                    self.people.insert(removal.person, card.clone());
                    let of_theirs = known.groups.iter().filter(|(_, group)| group.members.contains(&removal.person));
                    for (id, _) in of_theirs {
                        self.keep_member(known, *id, removal.person);
                    }
                }
                Some(group) => self.keep_member(known, group, removal.person),
            }
        }
    }

    fn keep_member(&mut self, known: &Self, id: Uuid, person: Uuid) {
        let Some(before) = known.groups.get(&id).filter(|group| group.is_open()) else { return };
        let group = self.groups.entry(id).or_insert_with(|| {
            let mut group = before.clone();
            group.members.clear();
            if let Origin::School(_, Some(unit)) = &mut group.origin {
                unit.memberships.clear();
            }
            group
        });
        group.members.insert(person);
        let Origin::School(school_id, unit) = &mut group.origin else { return };
        let school_before = known.schools.get(school_id);
        if let Some(school) = school_before {
            let empty = || School { memberships: BTreeMap::new(), ..school.clone() };
            self.schools.entry(*school_id).or_insert_with(empty);
        }
        let (now, before) = match unit {
            Some(unit) => (Some(&mut unit.memberships), before.memberships()),
            None => (
                self.schools.get_mut(school_id).map(|school| &mut school.memberships),
                school_before.map(|school| &school.memberships),
            ),
        };
        if let (Some(now), Some(membership)) = (now, before.and_then(|before| before.get(&person))) {
            now.insert(person, membership.clone());
        }
    }

    /// Keeps what the platform does not show any more: people as former contacts, groups closed, memberships ended.
    pub fn retire(&mut self, known: &Self, now: Timestamp) {
        for (id, card) in &known.people {
            let former = || Card { gone: card.gone.or(Some(now)), ..card.clone() };
            self.people.entry(*id).or_insert_with(former);
        }
        for (id, group) in known.groups.iter().filter(|(_, group)| group.origin != Origin::Ours) {
            let closed = || {
                let mut group = group.clone();
                group.close(now);
                group
            };
            self.groups.entry(*id).or_insert_with(closed);
        }
        for (id, school) in &known.schools {
            let left = || {
                let mut school = school.clone();
                end(&mut school.memberships, day(now));
                school
            };
            self.schools.entry(*id).or_insert_with(left);
        }
    }

    /// Fills the groups that are ours.
    pub fn fill_own_groups(&mut self, known: &Self, place: &Place) {
        let grouped: BTreeSet<_> = self.groups.values().flat_map(|group| group.members.iter().copied()).collect();
        let former = self.people.iter().filter(|(_, card)| card.gone.is_some()).map(|(id, _)| *id).collect();
        let others = self.present().map(|(id, _)| *id).filter(|id| !grouped.contains(id)).collect();
        for (name, members) in [(FORMER, former), (OTHERS, others)] {
            let id = place.own_group_id(name);
            let members: BTreeSet<Uuid> = members;
            if !members.is_empty() || known.groups.contains_key(&id) {
                let name = name.to_owned();
                self.groups.insert(id, Group { name, origin: Origin::Ours, members, closed: None });
            }
        }
    }

    /// Takes over what checks of clouds have shown. Of who is no longer shown, nothing is looked up.
    pub fn know_webids(&mut self, webids: &BTreeMap<String, String>) {
        for card in self.people.values_mut().filter(|card| card.gone.is_none()) {
            card.webid = card.host.as_ref().and_then(|host| webids.get(host)).cloned();
        }
    }

    /// Takes over what the owner calls people.
    pub fn call(&mut self, names: &BTreeMap<Uuid, String>) {
        for (id, name) in names {
            if let Some(card) = self.people.get_mut(id) {
                card.called = Some(name.clone());
            }
        }
    }

    /// Takes people out altogether.
    pub fn forget(&mut self, people: &BTreeSet<Uuid>) {
        self.people.retain(|id, _| !people.contains(id));
        for group in self.groups.values_mut() {
            group.members.retain(|id| !people.contains(id));
            if let Origin::School(_, Some(unit)) = &mut group.origin {
                unit.memberships.retain(|id, _| !people.contains(id));
            }
        }
        for school in self.schools.values_mut() {
            school.memberships.retain(|id, _| !people.contains(id));
        }
    }

    /// The groups that nothing is left of: closed before `limit`, and nobody whom the book has was in them.
    pub fn spent_groups(&self, limit: Timestamp) -> BTreeSet<Uuid> {
        let is_spent = |group: &Group| {
            group.closed.is_some_and(|closed| closed <= limit) && group.memberships().is_none_or(BTreeMap::is_empty)
        };
        self.groups.iter().filter(|(_, group)| is_spent(group)).map(|(id, _)| *id).collect()
    }
}

/// Somebody as the platform describes them, with what it said before where it says nothing now.
fn resolved(told: &answer::Person, before: Option<&Card>) -> Card {
    let kept = |now: &Option<String>, field: fn(&Card) -> &Option<String>| {
        now.clone().or_else(|| before.and_then(|card| field(card).clone()))
    };
    let said = |now: &Said<String>, field: fn(&Card) -> &Option<String>| match now {
        Said::Nothing => kept(&None, field),
        Said::None => None,
        Said::Some(value) => Some(value.clone()),
    };
    let host = said(&told.host, |card| &card.host);
    Card {
        given: kept(&told.given, |card| &card.given),
        family: kept(&told.family, |card| &card.family),
        title: kept(&told.title, |card| &card.title),
        mail: said(&told.mail, |card| &card.mail),
        host,
        webid: None,
        school: None,
        gone: None,
        called: None,
    }
}

fn is_school(graph: &Graph, this: &Term) -> bool {
    graph.objects(this, rdf::TYPE).any(|class| *class == Term::iri(org::FORMAL_ORGANIZATION))
}

/// Since when a document is of the past.
pub(super) fn invalidated(graph: &Graph, document: &Term) -> Option<Timestamp> {
    graph.objects(document, prov::INVALIDATED_AT_TIME).find_map(moment)
}

/// An instant as RDF has it.
pub(super) fn moment(term: &Term) -> Option<Timestamp> {
    let at: jiff::Timestamp = term.as_literal()?.lexical.parse().ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

/// The text of a literal.
pub(super) fn text(term: &Term) -> Option<String> {
    term.as_literal().map(|literal| literal.lexical.to_string())
}

/// The first text of a property.
pub(super) fn first_text(graph: &Graph, subject: &Term, property: &str) -> Option<String> {
    graph.objects(subject, property).find_map(text)
}
