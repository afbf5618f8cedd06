//! Schools and their units as organisations, and who belongs to them from when to when.

use jiff::civil::Date;
use uuid::Uuid;

use super::directory::{Membership, Memberships, School, Unit, first_text, text};
use super::place::{About, Place};
use crate::ingest::target::Target;
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{adms, cartable, org, rdf, schema, skos, time, vcard, xsd};

/// The letters of a UAI, of which the number chooses one.
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";
/// Who gives a UAI.
const MINISTRY: &str = "Ministère chargé de l'éducation";

/// The kinds of school that a name tells.
const KINDS: [(&str, &str); 2] = [("lycée", cartable::SCHOOL_LYCEE), ("collège", cartable::SCHOOL_COLLEGE)];

/// A school.
///
/// Spec: shape A9, shape A11
pub fn school(place: &Place, id: Uuid, school: &School) -> Target {
    let about = About::Organisation(id);
    let this = place.this(about);
    let mut target = Target::new(place.document(about));
    let graph = &mut target.graph;
    for class in [org::FORMAL_ORGANIZATION, vcard::ORGANIZATION, schema::EDUCATIONAL_ORGANIZATION] {
        graph.say(&this, rdf::TYPE, Term::iri(class));
    }
    let name = school.name.as_deref().unwrap_or(&school.code);
    graph.say(&this, vcard::FN, Term::text(name));
    graph.say(&this, skos::PREF_LABEL, Term::text_in("fr", name));
    graph.say(&this, org::IDENTIFIER, Term::text(&school.code));
    if is_uai(&school.code) {
        let uai = place.node(about, "uai");
        graph.say(&this, adms::IDENTIFIER, uai.clone());
        graph.say(&uai, rdf::TYPE, Term::iri(adms::IDENTIFIER_CLASS));
        graph.say(&uai, skos::NOTATION, Term::typed(&school.code, cartable::UAI));
        graph.say(&uai, adms::SCHEMA_AGENCY, Term::text(MINISTRY));
    }
    let begins = name.to_lowercase();
    if let Some((_, kind)) = KINDS.into_iter().find(|(word, _)| begins.split(' ').next() == Some(*word)) {
        graph.say(&this, org::CLASSIFICATION, Term::iri(kind));
    }
    say_memberships(graph, place, about, &school.memberships);
    target
}

/// Whether a code is a UAI: seven digits and the letter that goes with them.
///
/// Spec: shape A9
pub fn is_uai(code: &str) -> bool {
    let Some((digits, letter)) = code.split_at_checked(7) else { return false };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let check = digits.parse::<usize>().ok().and_then(|number| LETTERS.get(number % LETTERS.len()));
    is_number && check.is_some_and(|check| letter.as_bytes() == [*check])
}

/// The unit that a group shows.
///
/// Spec: shape A10, shape A11
pub fn unit(place: &Place, group: Uuid, school: Uuid, unit: &Unit) -> Target {
    let about = About::Organisation(place.unit_id(group));
    let this = place.this(about);
    let mut target = Target::new(place.document(about));
    let graph = &mut target.graph;
    graph.say(&this, rdf::TYPE, Term::iri(org::ORGANIZATIONAL_UNIT));
    graph.say(&this, org::UNIT_OF, place.this(About::Organisation(school)));
    graph.say(&this, skos::PREF_LABEL, Term::text(&unit.label));
    graph.say(&this, cartable::SCHOOL_YEAR, Term::text(&unit.year));
    graph.say(&this, cartable::ADDRESS_GROUP, place.this(About::Group(group)));
    say_memberships(graph, place, about, &unit.memberships);
    target
}

fn say_memberships(graph: &mut Graph, place: &Place, about: About, memberships: &Memberships) {
    let organisation = place.this(about);
    for (person, membership) in memberships {
        let node = |part: &str| place.node(about, &format!("m-{person}{part}"));
        let (this, during) = (node(""), node("-during"));
        graph.say(&this, rdf::TYPE, Term::iri(org::MEMBERSHIP));
        graph.say(&this, org::MEMBER, place.this(About::Person(*person)));
        graph.say(&this, org::ORGANIZATION, organisation.clone());
        if let Some(role) = &membership.role {
            graph.say(&this, org::ROLE, Term::iri(role.as_str()));
        }
        graph.say(&this, org::MEMBER_DURING, during.clone());
        graph.say(&during, rdf::TYPE, Term::iri(time::INTERVAL));
        let ends = [(time::HAS_BEGINNING, "-begin", Some(membership.begin)), (time::HAS_END, "-end", membership.end)];
        for (property, part, day) in ends {
            let Some(day) = day else { continue };
            let instant = node(part);
            graph.say(&during, property, instant.clone());
            graph.say(&instant, rdf::TYPE, Term::iri(time::INSTANT));
            graph.say(&instant, time::IN_XSD_DATE, Term::typed(&day.to_string(), xsd::DATE));
        }
    }
}

/// Reads a school as [`school`] says it.
pub fn read_school(graph: &Graph, place: &Place, id: Uuid) -> School {
    let about = About::Organisation(id);
    let this = place.this(about);
    let code = first_text(graph, &this, org::IDENTIFIER).unwrap_or_default();
    let name = first_text(graph, &this, vcard::FN).filter(|name| *name != code);
    School { code, name, memberships: read_memberships(graph, place, about) }
}

/// Reads a unit as [`unit`] says it; `None` if there is none.
pub fn read_unit(graph: &Graph, place: &Place, id: Uuid) -> Option<Unit> {
    let about = About::Organisation(id);
    let this = place.this(about);
    let year = first_text(graph, &this, cartable::SCHOOL_YEAR)?;
    let label = first_text(graph, &this, skos::PREF_LABEL).unwrap_or_default();
    Some(Unit { label, year, memberships: read_memberships(graph, place, about) })
}

fn read_memberships(graph: &Graph, place: &Place, about: About) -> Memberships {
    let day = |node: &Term, property| -> Option<Date> {
        let instant = graph.objects(node, property).next()?;
        graph.objects(instant, time::IN_XSD_DATE).find_map(text)?.parse().ok()
    };
    let membership = |node: &Term| {
        let person = graph.objects(node, org::MEMBER).find_map(|term| match place.whose(term) {
            Some(About::Person(person)) => Some(person),
            _ => None,
        })?;
        let role = graph.objects(node, org::ROLE).find_map(Term::as_iri).map(ToString::to_string);
        let during = graph.objects(node, org::MEMBER_DURING).next()?;
        let begin = day(during, time::HAS_BEGINNING)?;
        Some((person, Membership { role, begin, end: day(during, time::HAS_END) }))
    };
    let organisation = place.this(about);
    graph.subjects(org::ORGANIZATION, &organisation).filter_map(membership).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows: shape A9
    #[test]
    fn a_uai_has_the_letter_of_its_number() {
        for good in ["0999001W", "0999002X"] {
            assert!(is_uai(good), "{good}");
        }
        for wrong in ["0999001A", "0999001", "099900W", "0999001w", "09990é1W", "+999001W", "", "0999001WW", "éééé"]
        {
            assert!(!is_uai(wrong), "{wrong}");
        }
    }
}
