//! Answers become books: the mapping line by line, and what becomes of people and groups from answer to answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::answer::{self, Answer};
use super::book::{self, Cover};
use super::directory::{Directory, Group, Origin};
use super::place::{About, Place};
use super::removals::{Guard, Waiting};
use super::{Update, update};
use crate::address::Addresses;
use crate::clock::Timestamp;
use crate::ingest::base::Base;
use crate::path::{PodName, ResourcePath};
use crate::rdf::graph::{Dataset, Graph, Term};
use crate::rdf::vocab::{acl, cartable, dc, org, prov, rdf, skos, vcard};
use crate::rdf::{Format, format};

const OWNER: &str = "https://nexemplaire.pods.armorique.example/profile/card#me";
/// 8 September 2026, in the morning.
const SEPTEMBER: Timestamp = Timestamp::from_seconds(1_788_844_320);
const COVER: Cover<'static> = Cover { title: "Carnet scolaire", owner: OWNER };

fn place() -> Place {
    let addresses = Addresses::with_subdomains("https://id.armorique.example/", "pods.armorique.example").unwrap();
    let pod = PodName::parse("nexemplaire").unwrap();
    let book = ResourcePath::parse(pod, "/contacts/b1/").unwrap().as_container().unwrap();
    Place::new(&addresses, &book, Uuid::from_u128(1))
}

fn fixture(name: &str) -> Answer {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ent/");
    answer::read(&std::fs::read(format!("{folder}contacts-{name}.json")).unwrap()).unwrap()
}

fn remote(number: u8) -> String {
    format!("e0000000-0000-4000-8000-0000000000{number:02}")
}

fn person(number: u8) -> Uuid {
    place().person_id(&remote(number))
}

/// A pod that nobody touches: what the connector says is what is there.
struct Book {
    base: Base,
    waiting: Waiting,
    now: Timestamp,
    guard: Guard,
    webids: BTreeMap<String, String>,
}

impl Book {
    fn new() -> Self {
        let guard = Guard { people: 10, ..Guard::default() };
        Self { base: Base::default(), waiting: Waiting::default(), now: SEPTEMBER, guard, webids: BTreeMap::new() }
    }

    fn of(name: &str) -> Self {
        let mut book = Self::new();
        book.take(&fixture(name));
        book
    }

    /// Takes an answer in; gives the paths that changed.
    fn take(&mut self, answer: &Answer) -> Vec<ResourcePath> {
        let place = place();
        let known = Directory::known(&self.base, &place);
        let asked = Update {
            answer,
            place: &place,
            webids: &self.webids,
            deleted: &BTreeSet::new(),
            expired: &BTreeSet::new(),
            guard: self.guard,
            agreed: false,
            now: self.now,
        };
        let updated = update(&known, self.waiting.clone(), &asked);
        self.waiting = updated.waiting;
        let stages = book::targets(&place, COVER, &updated.directory, &BTreeSet::new());
        let mut changed = Vec::new();
        for target in stages.into_iter().flatten() {
            if *self.base.document(&target.path) != target.graph {
                self.base.set(&target.path, target.graph);
                changed.push(target.path);
            }
        }
        changed
    }

    fn after(&mut self, days: u64) {
        self.now = self.now.plus(Duration::from_hours(24 * days));
    }

    fn directory(&self) -> Directory {
        Directory::known(&self.base, &place())
    }

    fn group(&self, name: &str) -> (Uuid, Group) {
        let mut groups = self.directory().groups.into_iter();
        groups.find(|(_, group)| group.name == name).unwrap_or_else(|| panic!("no group {name}"))
    }

    fn members(&self, name: &str) -> BTreeSet<Uuid> {
        self.group(name).1.members
    }

    fn document(&self, about: About) -> &Graph {
        self.base.document(&place().document(about))
    }

    fn card(&self, number: u8) -> &Graph {
        self.document(About::Person(person(number)))
    }

    /// The objects of a property of what a document is about.
    fn values(&self, about: About, property: &str) -> Vec<Term> {
        self.document(about).objects(&place().this(about), property).cloned().collect()
    }

    fn of_person(&self, number: u8, property: &str) -> Vec<Term> {
        self.values(About::Person(person(number)), property)
    }

    fn node(&self, number: u8, name: &str, property: &str) -> Vec<Term> {
        let node = place().node(About::Person(person(number)), name);
        self.card(number).objects(&node, property).cloned().collect()
    }
}

fn people(numbers: &[u8]) -> BTreeSet<Uuid> {
    numbers.iter().map(|number| person(*number)).collect()
}

fn texts(texts: &[&str]) -> Vec<Term> {
    texts.iter().map(|text| Term::text(text)).collect()
}

fn iris(iris: &[&str]) -> Vec<Term> {
    iris.iter().map(|iri| Term::iri(*iri)).collect()
}

mod mapping {
    use super::*;

    /// Shows: shape A1
    #[test]
    fn line_book_front() {
        let book = Book::of("pupil-initial");
        let (place, front) = (place(), book.base.document(&place().index()).clone());
        let values = |property| front.objects(&place.book(), property).cloned().collect::<Vec<_>>();
        assert_eq!(values(rdf::TYPE), iris(&[vcard::ADDRESS_BOOK]));
        for property in [dc::TITLE, vcard::FN] {
            assert_eq!(values(property), [Term::text_in("fr", "Carnet scolaire")]);
        }
        assert_eq!(values(vcard::NAME_EMAIL_INDEX), [place.of(&place.people())]);
        assert_eq!(values(vcard::GROUP_INDEX), [place.of(&place.groups())]);
        assert_eq!(values(acl::OWNER), iris(&[OWNER]));
    }

    #[test]
    fn line_uuid() {
        let book = Book::of("pupil-initial");
        assert_eq!(book.of_person(2, rdf::TYPE), iris(&[vcard::INDIVIDUAL]));
        assert_eq!(book.of_person(2, vcard::HAS_UID), [Term::iri(format!("urn:uuid:{}", person(2)))]);
        let shown = book.base.documents().flat_map(|(_, graph)| graph.iter());
        let remote = remote(2);
        assert!(
            shown.map(|triple| format!("{triple:?}")).all(|triple| !triple.contains(&remote)),
            "no remote identity"
        );
    }

    /// Shows: shape A2, shape A3
    #[test]
    fn line_names() {
        let book = Book::of("pupil-initial");
        assert_eq!(book.of_person(2, vcard::FN), texts(&["Malo Fictif"]));
        assert_eq!(book.of_person(2, vcard::HAS_NAME), [place().node(About::Person(person(2)), "name")]);
        assert_eq!(book.node(2, "name", rdf::TYPE), iris(&[vcard::NAME]));
        assert_eq!(book.node(2, "name", vcard::GIVEN_NAME), texts(&["Malo"]));
        assert_eq!(book.node(2, "name", vcard::FAMILY_NAME), texts(&["Fictif"]));
    }

    #[test]
    fn line_names_that_are_missing() {
        let nameless = |fields: &str| {
            let mut book = Book::new();
            let uuid = remote(2);
            let text = format!(r#"{{"contacts": [{{"uuid": "{uuid}" {fields}}}], "structures": []}}"#);
            book.take(&answer::read(text.as_bytes()).unwrap());
            (book.of_person(2, vcard::FN), book.of_person(2, vcard::HAS_NAME).len())
        };
        assert_eq!(nameless(r#", "mail": "malo@a.example""#), (texts(&["malo"]), 0));
        assert_eq!(nameless(""), (texts(&["Sans nom"]), 0));
        assert_eq!(nameless(r#", "lastname": "Fictif""#), (texts(&["Fictif"]), 1));
        let long = "é".repeat(100);
        let (name, _) = nameless(&format!(r#", "firstname": "{long}", "lastname": "{long}""#));
        assert_eq!(name[0].as_literal().unwrap().lexical.chars().count(), 200);
    }

    /// Shows: shape A6
    #[test]
    fn line_people_index() {
        let book = Book::of("pupil-initial");
        let index = book.base.document(&place().people());
        let listed: BTreeSet<_> = index.subjects(vcard::IN_ADDRESS_BOOK, &place().book()).cloned().collect();
        assert_eq!(listed.len(), 8);
        for person in &listed {
            assert_eq!(index.objects(person, vcard::FN).count(), 1);
            let card = place().whose(person).unwrap();
            assert_eq!(book.values(card, vcard::FN), index.objects(person, vcard::FN).cloned().collect::<Vec<_>>());
        }
    }

    #[test]
    fn line_title() {
        let book = Book::of("pupil-initial");
        assert_eq!(book.of_person(2, vcard::ROLE), [Term::text_in("fr", "Élève")]);
        assert_eq!(book.of_person(6, vcard::ROLE), [Term::text_in("fr", "Enseignant")]);
        assert_eq!(book.of_person(8, vcard::ROLE), texts(&["DOC"]));
        assert_eq!(book.of_person(6, cartable::ENT_PROFILE), [Term::iri(format!("{}profile-ens", cartable::NS))]);
    }

    /// Shows: shape A4
    #[test]
    fn line_mail() {
        let book = Book::of("pupil-initial");
        assert_eq!(book.of_person(6, vcard::HAS_EMAIL), [place().node(About::Person(person(6)), "email-ent")]);
        assert_eq!(book.node(6, "email-ent", rdf::TYPE), iris(&[vcard::WORK]));
        let mail = iris(&["mailto:yann-ber.prototype@ac-armorique.example"]);
        assert_eq!(book.node(6, "email-ent", vcard::VALUE), mail);
        assert!(book.of_person(2, vcard::HAS_EMAIL).is_empty());
    }

    /// Shows: shape A5
    #[test]
    fn line_cloud_url() {
        let book = Book::of("pupil-initial");
        assert_eq!(book.of_person(2, vcard::URL), [place().node(About::Person(person(2)), "pod")]);
        assert_eq!(book.node(2, "pod", rdf::TYPE), iris(&[cartable::PERSONAL_CLOUD]));
        assert_eq!(book.node(2, "pod", vcard::VALUE), iris(&["https://mfictif2.pods.armorique.example/"]));
        assert!(book.of_person(3, vcard::URL).is_empty(), "an empty host is none");
    }

    /// Shows: shape A5, shape A8
    #[test]
    fn line_checked_webid() {
        let mut book = Book::new();
        let webid = "https://mfictif2.pods.armorique.example/profile/card#me";
        book.webids.insert("mfictif2.pods.armorique.example".into(), webid.into());
        book.take(&fixture("pupil-initial"));
        let classes: BTreeSet<_> = book.node(2, "webid", rdf::TYPE).into_iter().collect();
        assert_eq!(classes, iris(&[vcard::WEB_ID, vcard::WEB_ID_AS_SHAPES_SAY]).into_iter().collect());
        assert_eq!(book.node(2, "webid", vcard::VALUE), iris(&[webid]));
        let (class, _) = book.group("2026-2027 2GT3");
        assert_eq!(book.values(About::Agents(class), vcard::HAS_MEMBER), iris(&[webid]));
        let agents = book.document(About::Agents(class));
        let this = place().this(About::Agents(class));
        assert!(agents.iter().all(|triple| triple.subject == this), "it says nothing of anybody");
        assert_eq!(book.values(About::Agents(class), rdf::TYPE), iris(&[vcard::GROUP]));
    }

    /// Shows: shape A9
    #[test]
    fn line_structure() {
        let book = Book::of("pupil-initial");
        let school = About::Organisation(place().school_id("0999001W"));
        assert_eq!(book.values(school, rdf::TYPE).len(), 3);
        assert_eq!(book.values(school, org::IDENTIFIER), texts(&["0999001W"]));
        let uai = place().node(school, "uai");
        let notation: Vec<_> = book.document(school).objects(&uai, skos::NOTATION).cloned().collect();
        assert_eq!(notation, [Term::typed("0999001W", cartable::UAI)]);
        let wrong = r#"{"contacts": [], "structures": [{"structure": "0999001A", "groups": []}]}"#;
        let mut book = Book::new();
        book.take(&answer::read(wrong.as_bytes()).unwrap());
        let school = About::Organisation(place().school_id("0999001A"));
        assert_eq!(book.values(school, org::IDENTIFIER), texts(&["0999001A"]), "a code without its letter is a text");
        assert_eq!(book.document(school).objects(&place().node(school, "uai"), skos::NOTATION).count(), 0);
    }

    #[test]
    fn line_structure_name() {
        let book = Book::of("pupil-initial");
        let school = About::Organisation(place().school_id("0999001W"));
        assert_eq!(book.values(school, vcard::FN), texts(&["Lycée fictif Ar Mor Glas"]));
        assert_eq!(book.values(school, skos::PREF_LABEL), [Term::text_in("fr", "Lycée fictif Ar Mor Glas")]);
        assert_eq!(book.values(school, org::CLASSIFICATION), iris(&[cartable::SCHOOL_LYCEE]));
        assert_eq!(book.of_person(6, vcard::ORGANIZATION_NAME), texts(&["Lycée fictif Ar Mor Glas"]));
    }

    /// Shows: shape A7
    #[test]
    fn line_group() {
        let book = Book::of("pupil-initial");
        let (id, group) = book.group("2026-2027 2GT3");
        let (about, index) = (About::Group(id), book.base.document(&place().groups()));
        let this = place().this(about);
        for graph in [index, book.document(about)] {
            assert!(graph.objects(&place().book(), vcard::INCLUDES_GROUP).any(|group| *group == this));
            assert_eq!(graph.objects(&this, rdf::TYPE).cloned().collect::<Vec<_>>(), iris(&[vcard::GROUP]));
            assert_eq!(graph.objects(&this, vcard::FN).cloned().collect::<Vec<_>>(), texts(&["2026-2027 2GT3"]));
        }
        assert_eq!(book.values(about, cartable::REMOTE_NAME), texts(&["2026-2027 2GT3"]));
        assert_eq!(group.members, people(&[2, 3, 4, 5]));
        for member in &group.members {
            let member = place().this(About::Person(*member));
            assert_eq!(book.document(about).objects(&member, vcard::FN).count(), 1, "a member has a name in the file");
        }
    }

    /// Shows: shape A10
    #[test]
    fn line_class_group() {
        let book = Book::of("pupil-initial");
        let (id, _) = book.group("2026-2027 2GT3");
        let unit = About::Organisation(place().unit_id(id));
        assert_eq!(book.values(unit, rdf::TYPE), iris(&[org::ORGANIZATIONAL_UNIT]));
        assert_eq!(book.values(unit, skos::PREF_LABEL), texts(&["2GT3"]));
        assert_eq!(book.values(unit, cartable::SCHOOL_YEAR), texts(&["2026-2027"]));
        assert_eq!(book.values(unit, cartable::ADDRESS_GROUP), [place().this(About::Group(id))]);
        let (teachers, _) = book.group("Enseignants");
        assert!(book.document(About::Organisation(place().unit_id(teachers))).is_empty(), "no school year, no unit");
    }

    /// Shows: shape A11
    #[test]
    fn line_membership() {
        let book = Book::of("pupil-initial");
        let (_, class) = book.group("2026-2027 2GT3");
        let Origin::School(school, Some(unit)) = class.origin else { panic!("it is a class") };
        let membership = &unit.memberships[&person(2)];
        assert_eq!(membership.role.as_deref(), Some(cartable::ROLE_PUPIL));
        assert_eq!((membership.begin.to_string(), membership.end), ("2026-09-01".to_owned(), None));
        let staff = &book.directory().schools[&school].memberships;
        assert_eq!(staff[&person(6)].role.as_deref(), Some(cartable::ROLE_TEACHER));
        assert_eq!(staff[&person(8)].role.as_deref(), Some(cartable::ROLE_STAFF));
        let blank = |graph: &Graph| graph.iter().any(|triple| matches!(triple.object, Term::Blank(_)));
        assert!(!book.base.documents().any(|(_, graph)| blank(graph)), "no blank nodes");
    }

    /// What the example graph says of the documents it cut out.
    #[test]
    fn the_example_says_the_same() {
        let mut book = Book::new();
        let webid = "https://mfictif2.pods.armorique.example/profile/card#me";
        book.webids.insert("mfictif2.pods.armorique.example".into(), webid.into());
        book.take(&fixture("pupil-initial"));
        let example = include_bytes!("../../../tests/fixtures/examples/contacts-book.trig");
        let text = renamed(std::str::from_utf8(example).unwrap(), &book);
        let Dataset { named, .. } = format::parse(text.as_bytes(), Format::TriG, "https://x.example/").unwrap().dataset;
        let ours: BTreeSet<_> = book.base.documents().flat_map(|(_, graph)| graph.iter().cloned()).collect();
        // Written by the frame; said with an IRI where the example has a blank node; in French where it says no language.
        let elsewhere =
            [dc::TITLE, prov::WAS_ATTRIBUTED_TO, "http://purl.org/dc/terms/created", "http://purl.org/dc/terms/source"];
        let book_node = place().book();
        let mut compared = 0;
        for triple in named
            .iter()
            .filter(|(name, _)| name.as_iri().unwrap().contains("/contacts/"))
            .flat_map(|(_, graph)| graph.iter())
        {
            let is_blank = matches!(triple.subject, Term::Blank(_)) || matches!(triple.object, Term::Blank(_));
            let is_title = triple.subject == book_node && *triple.predicate == *vcard::FN;
            if !is_blank && !is_title && !elsewhere.contains(&&*triple.predicate) {
                assert!(ours.contains(triple), "{triple:?}");
                compared += 1;
            }
        }
        assert!(compared > 55, "{compared} were compared");
    }

    /// The example with our names in place of its short ones.
    fn renamed(text: &str, book: &Book) -> String {
        let (class, _) = book.group("2026-2027 2GT3");
        let school = place().school_id("0999001W");
        let names = [
            ("Person/p2/", format!("Person/{}/", person(2))),
            ("Person/p6/", format!("Person/{}/", person(6))),
            ("Group/g1/", format!("Group/{class}/")),
            ("Org/o1/", format!("Org/{school}/")),
            ("Org/o2/", format!("Org/{}/", place().unit_id(class))),
            ("#m-p2>", format!("#m-{}>", person(2))),
            ("urn:uuid:7d0c6f0e-5f0a-5b1e-9a55-0c7f4e3a9b06", format!("urn:uuid:{}", person(6))),
            ("urn:uuid:7d0c6f0e-5f0a-5b1e-9a55-0c7f4e3a9b02", format!("urn:uuid:{}", person(2))),
        ];
        names.iter().fold(text.to_owned(), |text, (short, long)| text.replace(short, long))
    }
}

mod from_answer_to_answer {
    use super::*;

    /// Shows: CP-52
    #[test]
    fn the_same_answer_changes_nothing() {
        for name in ["pupil-initial", "teacher-initial", "null-fields", "pupil-new-year", "empty-lists"] {
            let mut book = Book::of(name);
            let known = book.directory();
            book.after(7);
            assert_eq!(book.take(&fixture(name)), [], "{name}");
            assert_eq!(book.directory(), known);
        }
    }

    /// What was written is read again as it was meant.
    #[test]
    fn a_book_is_read_as_it_was_written() {
        let mut book = Book::of("pupil-initial");
        for name in ["pupil-update", "pupil-deletion", "pupil-new-year"] {
            book.after(30);
            book.take(&fixture(name));
            let read = book.directory();
            let again: Vec<_> = book::targets(&place(), COVER, &read, &BTreeSet::new()).into_iter().flatten().collect();
            for target in again {
                assert_eq!(*book.base.document(&target.path), target.graph, "{}", target.path);
            }
        }
    }

    #[test]
    fn an_update_renames_adds_and_keeps() {
        let mut book = Book::of("pupil-initial");
        let (class, _) = book.group("2026-2027 2GT3");
        book.take(&fixture("pupil-update"));
        assert_eq!(
            book.group("2026-2027 2GT3 Européenne").0,
            class,
            "the same code in the same year is the same class"
        );
        assert_eq!(book.members("2026-2027 Option breton"), people(&[2, 4, 6]));
        assert_eq!(book.of_person(4, vcard::FN), texts(&["Tugdual de la Maquette"]));
        assert_eq!(book.node(6, "email-ent", vcard::VALUE), iris(&["mailto:yb.prototype@ac-armorique.example"]));
        assert_eq!(book.node(3, "pod", vcard::VALUE), iris(&["https://eimaginaire.pods.armorique.example/"]));
        assert_eq!(book.directory().present().count(), 9);
    }

    #[test]
    fn who_is_gone_becomes_a_former_contact() {
        let mut book = Book::of("pupil-initial");
        book.take(&fixture("pupil-update"));
        book.after(7);
        book.take(&fixture("pupil-deletion"));
        assert_eq!(book.members("Anciens contacts"), people(&[5, 10]));
        let document = place().of(&place().document(About::Person(person(5))));
        assert_eq!(book.card(5).objects(&document, prov::INVALIDATED_AT_TIME).count(), 1);
        assert_eq!(book.of_person(5, vcard::FN), texts(&["Aziliz Témoin-Inventé"]), "the card stays");
        assert!(
            book.directory()
                .groups
                .values()
                .filter(|group| group.is_open())
                .all(|group| !group.members.contains(&person(5)))
        );
        let (_, option) = book.group("2026-2027 Option breton");
        assert!(option.closed.is_some() && option.members.is_empty());
        let Origin::School(_, Some(unit)) = option.origin else { panic!("it was a unit") };
        assert_eq!(unit.memberships[&person(2)].end.unwrap().to_string(), "2026-09-15", "the past stays known");
        // And back again.
        book.after(7);
        book.take(&fixture("pupil-update"));
        assert!(book.members("Anciens contacts").is_empty());
        assert_eq!(book.directory().people[&person(5)].gone, None);
        assert!(book.group("2026-2027 Option breton").1.is_open());
    }

    #[test]
    fn a_new_year_closes_the_classes_of_the_old_one() {
        let mut book = Book::of("pupil-deletion");
        book.after(365);
        book.take(&fixture("pupil-new-year"));
        assert!(book.group("2026-2027 2GT3 Européenne").1.closed.is_some());
        assert_eq!(book.members("2027-2028 1G2"), people(&[2, 3, 11]));
        assert_eq!(book.members("Anciens contacts"), people(&[4, 12]));
        let (_, class) = book.group("2027-2028 1G2");
        let Origin::School(_, Some(unit)) = class.origin else { panic!("it is a class") };
        assert_eq!(unit.memberships[&person(11)].begin.to_string(), "2027-09-01");
    }

    /// Every card is in a group.
    #[test]
    fn nobody_is_without_a_group() {
        for name in ["null-fields", "no-structures-key", "pupil-initial", "pupil-deletion", "teacher-initial"] {
            let mut book = Book::of(name);
            book.take(&fixture(name));
            let directory = book.directory();
            for person in directory.people.keys() {
                assert!(directory.groups.values().any(|group| group.members.contains(person)), "{name}");
            }
        }
        assert_eq!(Book::of("no-structures-key").members("Autres contacts"), people(&[2, 6]));
    }

    /// What an answer does not speak of stays.
    #[test]
    fn poor_answers_take_nothing_away() {
        let mut book = Book::of("pupil-initial");
        let before = book.directory();
        book.take(&fixture("null-fields"));
        assert_eq!(book.of_person(2, vcard::FN), texts(&["Malo Fictif"]), "a missing name keeps what was known");
        assert!(book.of_person(2, vcard::URL).is_empty(), "a cloud that is said to be none is none");
        assert_eq!(book.of_person(2, vcard::ROLE), [Term::text_in("fr", "Élève")]);

        let mut book = Book::of("pupil-initial");
        book.take(&answer::read(br#"{"contacts": null}"#).unwrap());
        assert_eq!(book.directory(), before);
        book.take(&fixture("empty-lists"));
        assert_eq!(book.directory(), before, "that everybody is gone has to be seen twice");
        book.after(2);
        book.take(&fixture("empty-lists"));
        assert_eq!(book.members("Anciens contacts").len(), 8);
    }

    #[test]
    fn malformed_and_hostile_answers_take_nobody_away() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ent/");
        for name in ["malformed-missing-ids", "malformed-dangling-member"] {
            let mut book = Book::of("pupil-initial");
            let before = book.directory();
            let bytes = std::fs::read(format!("{folder}{name}.json")).unwrap();
            book.take(&answer::read(&bytes).unwrap());
            assert_eq!(book.directory(), before, "{name}");
        }
        let mut book = Book::of("pupil-initial");
        book.take(&answer::read(&std::fs::read(format!("{folder}hostile-values.json")).unwrap()).unwrap());
        assert_eq!(book.directory().people.len(), 14);
        let root = place().index().container().unwrap();
        assert!(book.base.documents().all(|(path, _)| path.is_below(&root)), "nothing is written outside of the book");
    }

    /// Shows: CP-63
    #[test]
    fn a_large_change_waits_for_the_next_run() {
        let mut book = Book::of("pupil-update");
        book.guard.people = 1;
        book.guard.percent = 10;
        book.after(1);
        book.take(&fixture("pupil-deletion"));
        assert_eq!(book.members("2026-2027 2GT3 Européenne"), people(&[2, 3, 4, 5, 12]));
        assert_eq!(book.members("2026-2027 Option breton"), people(&[2, 4, 6]), "a group that is gone waits as well");
        let option = book.group("2026-2027 Option breton").1;
        let Origin::School(_, Some(unit)) = option.origin else { panic!("it is a unit") };
        assert_eq!(unit.memberships[&person(4)].end, None);
        assert!(book.directory().people.values().all(|card| card.gone.is_none()));
        assert_eq!(book.waiting.removals.len(), 6);
        let mut facts = Graph::default();
        book.waiting.write(&mut facts, &place());
        assert_eq!(Waiting::read(&facts, &place()), book.waiting);
        book.after(7);
        book.take(&fixture("pupil-deletion"));
        assert_eq!(book.members("Anciens contacts"), people(&[5, 10]));
        assert_eq!(book.members("2026-2027 2GT3 Européenne"), people(&[2, 3, 4, 12]));
        assert_eq!(book.waiting, Waiting::default());
    }

    /// After the retention, nobody is left of a closed class, nor the class.
    #[test]
    fn what_is_over_is_forgotten_in_the_end() {
        let mut book = Book::of("pupil-update");
        book.after(7);
        book.take(&fixture("pupil-deletion"));
        let limit = book.now;
        let (option, _) = book.group("2026-2027 Option breton");
        let mut directory = book.directory();
        assert!(directory.spent_groups(limit).is_empty(), "some who were in it are still here");
        directory.forget(&people(&[2, 4, 6]));
        assert_eq!(directory.spent_groups(limit), [option].into());
        assert!(directory.spent_groups(limit.minus(Duration::from_secs(1))).is_empty());
    }
}
