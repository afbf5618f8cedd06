//! Files come in: looked at, applied, applied again, taken back. The book is read as applications read it, over HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cartable::access::Origins;
use cartable::ingest::file::Kind;
use cartable::ingest::file::import::{Error, File, Imports, Owner, Undone};
use cartable::ingest::file::plan::Plan;
use cartable::ingest::file::record::Counts;
use cartable::path::PodName;
use cartable::pods::{Limits, NoRemoteGroups, Pods};
use cartable::rdf::graph::{Graph, Term};
use cartable::rdf::vocab::{dc, rdf, schema, solid, vcard};
use uuid::Uuid;

use crate::browser::Browser;
use crate::world::{Person, World};

const CARDS: &[u8] = include_bytes!("../fixtures/import/carnet-v4.vcf");
const PUPILS: &[u8] = include_bytes!("../fixtures/import/eleves-classes.csv");
const PUPILS_OF_WINDOWS: &[u8] = include_bytes!("../fixtures/import/eleves-classes-cp1252.csv");
const LESSONS: &[u8] = include_bytes!("../fixtures/import/agenda-classe.ics");

/// Somebody who drops files into their pod, beside the running server.
struct Desk<'a> {
    imports: Imports,
    person: &'a Person,
    pod: PodName,
}

impl<'a> Desk<'a> {
    fn of(world: &World, person: &'a Person, pod: &str) -> Self {
        let addresses = Arc::new(cartable::address::Addresses::with_paths(&world.base).unwrap());
        let groups = Arc::new(NoRemoteGroups);
        let pods = Pods::new(
            world.storage.clone(),
            addresses,
            world.clock.clone(),
            groups,
            Origins::default(),
            Limits::default(),
        );
        let imports = Imports { pods: Arc::new(pods), clock: world.clock.clone() };
        Self { imports, person, pod: PodName::parse(pod).unwrap() }
    }

    fn owner(&self) -> Owner<'_> {
        Owner { webid: self.person.webid(), pod: &self.pod }
    }

    async fn look(&self, bytes: &'static [u8]) -> Plan {
        self.imports.look(self.owner(), &file(bytes)).await.unwrap()
    }

    async fn import(&self, bytes: impl Into<Vec<u8>>) -> (Uuid, Counts) {
        let file = File::new(bytes.into().into(), None, None, Some("file".to_owned())).unwrap();
        let id = self.imports.keep(self.owner(), &file).await.unwrap();
        let record = self.imports.apply(self.owner(), id).await.unwrap();
        (id, record.counts)
    }

    async fn undo(&self, id: Uuid) -> Undone {
        self.imports.undo(self.owner(), id).await.unwrap()
    }

    async fn graph(&self, url: &str) -> Graph {
        self.person.get(url).await.is(200).graph(url)
    }

    /// The address books that applications find, by their titles.
    async fn books(&self) -> BTreeMap<String, Book> {
        let index = self.graph(&self.person.url("/settings/privateTypeIndex")).await;
        let class = Term::iri(vcard::ADDRESS_BOOK);
        let mut books = BTreeMap::new();
        for node in index.subjects(solid::FOR_CLASS, &class) {
            assert!(matches!(node, Term::Iri(_)), "some applications see named nodes only");
            for book in index.objects(node, solid::INSTANCE) {
                let front = self.graph(document(book)).await;
                let list = |property| front.objects(book, property).next().unwrap().clone();
                let (people, groups) = (list(vcard::NAME_EMAIL_INDEX), list(vcard::GROUP_INDEX));
                let people = self.graph(document(&people)).await;
                let groups = self.graph(document(&groups)).await;
                let book =
                    Book { people: named(&people, vcard::IN_ADDRESS_BOOK, book), groups: included(&groups, book) };
                books.insert(text(&front, &Term::iri(book_iri(&index, node)), dc::TITLE), book);
            }
        }
        books
    }

    async fn book(&self) -> Book {
        self.books().await.remove("Mes contacts").unwrap()
    }

    /// Names of the members of a group.
    async fn members(&self, book: &Book, group: &str) -> BTreeSet<String> {
        let group = &book.groups[group];
        let graph = self.graph(document(group)).await;
        graph.objects(group, vcard::HAS_MEMBER).map(|member| text(&graph, member, vcard::FN)).collect()
    }
}

/// People and groups of a book, by their names as the lists have them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Book {
    people: BTreeMap<String, Term>,
    groups: BTreeMap<String, Term>,
}

impl Book {
    fn names(&self) -> Vec<&str> {
        self.people.keys().map(String::as_str).collect()
    }
}

fn file(bytes: &'static [u8]) -> File {
    File::new(bytes.into(), None, None, None).unwrap()
}

fn document(term: &Term) -> &str {
    term.as_iri().unwrap().split('#').next().unwrap()
}

fn book_iri(index: &Graph, node: &Term) -> String {
    index.objects(node, solid::INSTANCE).next().unwrap().as_iri().unwrap().to_string()
}

fn text(graph: &Graph, subject: &Term, property: &str) -> String {
    let mut values = graph.objects(subject, property);
    let value = values.next().unwrap_or_else(|| panic!("{subject:?} has no {property}"));
    assert!(values.next().is_none(), "{subject:?} has one {property}");
    value.as_literal().unwrap().lexical.to_string()
}

fn named(list: &Graph, property: &str, of: &Term) -> BTreeMap<String, Term> {
    list.subjects(property, of).map(|person| (text(list, person, vcard::FN), person.clone())).collect()
}

fn included(list: &Graph, book: &Term) -> BTreeMap<String, Term> {
    list.objects(book, vcard::INCLUDES_GROUP).map(|group| (text(list, group, vcard::FN), group.clone())).collect()
}

fn counts(created: usize, changed: usize, skipped: usize, removed: usize, rejected: usize) -> Counts {
    Counts { created, changed, skipped, removed, rejected }
}

/// Shows: shape A1, shape A2, shape A3, shape A4, shape A6, shape A7
#[tokio::test]
async fn an_address_book_comes_in_and_apps_find_everybody() {
    let world = World::start().await;
    let desk = Desk::of(&world, &world.alice, "alice");
    let before = world.alice.members("/").await;
    assert_eq!(desk.look(CARDS).await.counts, counts(5, 0, 0, 0, 0));
    assert_eq!(world.alice.members("/").await, before, "looking writes nothing");

    let (id, told) = desk.import(CARDS).await;
    assert_eq!(told, counts(5, 0, 0, 0, 0));
    let book = desk.book().await;
    let expected =
        ["Collège fictif des Trois Menhirs", "Malo Fictif", "Sans Identifiant", "Soizic Brouillon", "Tante Imaginaire"];
    assert_eq!(book.names(), expected);
    assert_eq!(book.groups.keys().collect::<Vec<_>>(), ["Amis", "Club surf", "Mes contacts", "Surf"]);
    assert_eq!(desk.members(&book, "Club surf").await, ["Malo Fictif", "Tante Imaginaire"].map(str::to_owned).into());
    let malo = &book.people["Malo Fictif"];
    let card = desk.graph(document(malo)).await;
    assert!(card.objects(malo, rdf::TYPE).eq([&Term::iri(vcard::INDIVIDUAL)]));
    assert!(card.objects(malo, vcard::HAS_UID).eq([&Term::iri("urn:uuid:bc000000-0000-4000-8000-000000000001")]));
    let mail = card.objects(malo, vcard::HAS_EMAIL).next().unwrap();
    assert!(card.objects(mail, vcard::VALUE).eq([&Term::iri("mailto:malo@famille-fictive.example")]));
    let soizic = &book.people["Soizic Brouillon"];
    assert_eq!(text(&desk.graph(document(soizic)).await, soizic, vcard::BDAY), "--0412");
    let original = world.alice.get(&format!("/imports/{id}/original")).await.is(200);
    assert_eq!(&original.body[..], CARDS, "the file is kept as it came");
    for stranger in [&world.bob, &world.nobody] {
        let answer = stranger.get(&world.alice.url(&format!("/imports/{id}/original"))).await;
        assert!([401, 403].contains(&answer.status.as_u16()), "{answer:?}");
    }
}

#[tokio::test]
async fn the_same_file_again_writes_nothing_and_a_new_one_changes_what_nobody_edited() {
    let world = World::start().await;
    let desk = Desk::of(&world, &world.alice, "alice");
    desk.import(CARDS).await;
    let book = desk.book().await;
    let etag = |answer: crate::world::Answer| answer.field("etag").to_owned();
    let malo = document(&book.people["Malo Fictif"]).to_owned();
    let first = etag(world.alice.get(&malo).await);
    assert_eq!(desk.import(CARDS).await.1, counts(0, 0, 5, 0, 0));
    assert_eq!(etag(world.alice.get(&malo).await), first);

    // Malo is renamed by his own hand, Soizic by the file.
    let edit = "<> a <http://www.w3.org/ns/solid/terms#InsertDeletePatch> ;
        <http://www.w3.org/ns/solid/terms#deletes> { <#this> <http://www.w3.org/2006/vcard/ns#fn> \"Malo Fictif\" } ;
        <http://www.w3.org/ns/solid/terms#inserts> { <#this> <http://www.w3.org/2006/vcard/ns#fn> \"Malo le surfeur\" } .";
    world.alice.ask("PATCH", &malo).content("text/n3", edit).send().await.is(204);
    let changed = String::from_utf8(CARDS.to_vec())
        .unwrap()
        .replace("FN:Malo Fictif", "FN:Malo F.")
        .replace("FN:Soizic Brouillon", "FN:Soizic B.");
    let (_, told) = desk.import(changed).await;
    assert_eq!(told, counts(0, 1, 4, 0, 0), "the owner's edit stays");
    let book = desk.book().await;
    assert!(book.people.contains_key("Malo le surfeur"), "{:?}", book.names());
    assert!(book.people.contains_key("Soizic B.") && !book.people.contains_key("Soizic Brouillon"));
    assert_eq!(desk.books().await.len(), 1, "one book of one's own");
}

#[tokio::test]
async fn an_import_is_taken_back_but_for_what_was_edited_since() {
    let world = World::start().await;
    let desk = Desk::of(&world, &world.alice, "alice");
    let index = world.alice.url("/settings/privateTypeIndex");
    let before = desk.graph(&index).await;
    let (id, _) = desk.import(CARDS).await;
    let book = desk.book().await;
    assert_eq!(desk.undo(id).await, Undone { undone: 5, kept: 0 });
    for card in book.people.values().chain(book.groups.values()) {
        world.alice.get(document(card)).await.is(404);
    }
    assert!(desk.graph(&index).await.is_isomorphic(&before), "the registration went with the book");
    assert!(
        !world.alice.members("/").await.iter().any(|member| member.ends_with("/contacts/"))
            || world.alice.members("/contacts/").await.is_empty()
    );
    assert_eq!(desk.imports.undo(desk.owner(), id).await, Err(Error::Undone));

    // Once more, with an edit between.
    let (id, told) = desk.import(CARDS).await;
    assert_eq!(told.created, 5);
    let book = desk.book().await;
    let malo = &book.people["Malo Fictif"];
    let note = "<> a <http://www.w3.org/ns/solid/terms#InsertDeletePatch> ;
        <http://www.w3.org/ns/solid/terms#inserts> { <#this> <http://www.w3.org/2006/vcard/ns#note> \"mine\" } .";
    world.alice.ask("PATCH", document(malo)).content("text/n3", note).send().await.is(204);
    assert_eq!(desk.undo(id).await, Undone { undone: 4, kept: 1 });
    let left = desk.book().await;
    assert_eq!(left.names(), ["Malo Fictif"], "who stays is still in the lists");
    assert_eq!(desk.members(&left, "Club surf").await, ["Malo Fictif".to_owned()].into());
}

#[tokio::test]
async fn a_change_is_taken_back_to_what_was_before() {
    let world = World::start().await;
    let desk = Desk::of(&world, &world.alice, "alice");
    desk.import(CARDS).await;
    let soizic = desk.book().await.people["Soizic Brouillon"].clone();
    let before = desk.graph(document(&soizic)).await;
    let changed = String::from_utf8(CARDS.to_vec()).unwrap().replace("TITLE:Professeure", "TITLE:Proviseure");
    let (id, told) = desk.import(changed).await;
    assert_eq!(told, counts(0, 1, 4, 0, 0));
    assert_eq!(text(&desk.graph(document(&soizic)).await, &soizic, vcard::TITLE), "Proviseure");
    assert_eq!(desk.undo(id).await, Undone { undone: 1, kept: 0 });
    assert!(desk.graph(document(&soizic)).await.is_isomorphic(&before));
    assert_eq!(desk.book().await.people.len(), 5);
}

#[tokio::test]
async fn classes_become_groups_and_both_encodings_say_the_same() {
    let world = World::start().await;
    let mut books = Vec::new();
    for (person, pod, bytes) in [(&world.alice, "alice", PUPILS), (&world.bob, "bob", PUPILS_OF_WINDOWS)] {
        let desk = Desk::of(&world, person, pod);
        let plan = desk.look(bytes).await;
        let lines: Vec<_> = plan.problems.iter().map(|problem| problem.line).collect();
        assert_eq!((plan.counts, lines), (counts(7, 0, 0, 0, 1), vec![8, 9]));
        desk.import(bytes).await;
        let book = desk.book().await;
        let mut groups = BTreeMap::new();
        for name in book.groups.keys() {
            groups.insert(name.clone(), desk.members(&book, name).await);
        }
        let mut cards = BTreeMap::new();
        for (name, person) in &book.people {
            let graph = desk.graph(document(person)).await;
            let own = graph.iter().filter(|triple| triple.subject == *person);
            let literals =
                own.filter_map(|triple| Some((triple.predicate.clone(), triple.object.as_literal()?.clone())));
            let literals: BTreeSet<_> = literals.collect();
            assert!(!format!("{graph:?}").contains("000000000A"), "identifiers of pupils are in no card");
            cards.insert(name.clone(), literals);
        }
        books.push((groups, cards));
    }
    assert_eq!(books[0], books[1]);
    let (groups, cards) = &books[0];
    assert_eq!(groups.keys().collect::<Vec<_>>(), ["2GT3", "4B", "LV2-ALL", "LV2-ESP", "OPT-BRE"]);
    assert_eq!(groups["4B"], ["Ewen Postiche", "Katell Essai"].map(str::to_owned).into());
    assert!(cards.contains_key("Aziliz Témoin-Inventé"));
}

/// Shows: shape E1, shape A12
#[tokio::test]
async fn events_come_in_and_go_when_they_are_cancelled() {
    let world = World::start().await;
    let desk = Desk::of(&world, &world.alice, "alice");
    let (_, told) = desk.import(LESSONS).await;
    assert_eq!(told, counts(2, 0, 0, 0, 0));
    assert_eq!(desk.import(LESSONS).await.1, counts(0, 0, 2, 0, 0));
    let find = async |uid: &str| {
        for member in world.alice.members("/calendar/").await {
            let graph = desk.graph(&member).await;
            let this = Term::iri(format!("{member}#it"));
            if text(&graph, &this, schema::IDENTIFIER) == uid {
                return Some((this, graph));
            }
        }
        None
    };
    let (lesson, graph) = find("cours-0001@armorique.example").await.unwrap();
    assert!(!document(&lesson).contains("cours"), "what the file calls it is no part of its address");
    assert_eq!(text(&graph, &lesson, schema::NAME), "Physique-chimie 2GT3");
    assert_eq!(text(&graph, &lesson, schema::START_DATE), "2026-09-07T08:00:00+02:00");
    assert_eq!(graph.subjects(schema::SUPER_EVENT, &lesson).count(), 6);

    let one = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:cours-0001@armorique.example\n\
               RECURRENCE-ID;TZID=Europe/Paris:20260914T080000\nSTATUS:CANCELLED\nEND:VEVENT\nEND:VCALENDAR\n";
    let (id, told) = desk.import(one).await;
    assert_eq!(told, counts(0, 0, 0, 1, 0));
    assert_eq!(find("cours-0001@armorique.example").await.unwrap().1.subjects(schema::SUPER_EVENT, &lesson).count(), 5);
    desk.undo(id).await;
    assert_eq!(find("cours-0001@armorique.example").await.unwrap().1.subjects(schema::SUPER_EVENT, &lesson).count(), 6);

    let all =
        "BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nUID:devoir-0001@armorique.example\nEND:VEVENT\nEND:VCALENDAR\n";
    let (id, told) = desk.import(all).await;
    assert_eq!(told, counts(0, 0, 0, 1, 0));
    assert!(find("devoir-0001@armorique.example").await.is_none());
    desk.undo(id).await;
    assert!(find("devoir-0001@armorique.example").await.is_some(), "what was cancelled comes back");
}

#[tokio::test]
async fn hostile_files_stay_within_the_book() {
    let world = World::start().await;
    let desk = Desk::of(&world, &world.alice, "alice");
    let profile = world.alice.get("/profile/card").await.field("etag").to_owned();
    let cards = "BEGIN:VCARD\nVERSION:4.0\nUID:../../../profile/card\nFN:<script>x</script>\u{202E}\nCATEGORIES:../../..,<b>\n\
                 URL:https://x.example/\"><script>\nEMAIL:a<b>@c.example\nEND:VCARD\n\
                 BEGIN:VCARD\nVERSION:4.0\nUID:x> . <#a> <#b> <#c\nFN:=cmd|' /C calc'!A0\nEND:VCARD\n";
    let (_, told) = desk.import(cards).await;
    assert_eq!(told.created, 2);
    assert_eq!(world.alice.get("/profile/card").await.field("etag"), profile);
    let book = desk.book().await;
    assert_eq!(book.names(), ["<script>x</script>", "=cmd|' /C calc'!A0"]);
    let large = File::new(vec![b'x'; 6 << 20].into(), Some(Kind::Vcard), None, None);
    assert!(large.is_err());
    for nonsense in [&b"BEGIN:VCARD"[..], b"nom;prenom", b"\x89PNG"] {
        let file = File::new(nonsense.into(), None, None, None);
        let looked = match file {
            Ok(file) => desk.imports.look(desk.owner(), &file).await.map(|plan| plan.counts.created),
            Err(error) => Err(error.into()),
        };
        assert!(looked.is_err() || looked == Ok(0), "{looked:?}");
    }
}

/// Sends a file as browsers do.
async fn drop_file(browser: &Browser<'_>, world: &World, csrf: &str, name: &str, bytes: &str) -> crate::world::Answer {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{bytes}\r\n--x--\r\n"
    );
    let asking = world.nobody.ask("POST", ".account/import/").header("cookie", &browser.cookie_field());
    asking.header("sec-fetch-site", "same-origin").content("multipart/form-data; boundary=x", body).send().await
}

#[tokio::test]
async fn people_see_what_would_change_before_it_does_and_take_it_back() {
    let world = World::start().await;
    let ada = world.pupil("ada").await;
    let mut browser = world.browser_of(&ada).await;
    let choose = browser.visit(".account/import/").await;
    assert!(choose.says("rien n’est ajouté avant votre accord"), "{choose:?}");
    let csrf = choose
        .answer
        .text()
        .split("name=\"csrf\" value=\"")
        .nth(2)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    let nonsense = drop_file(&browser, &world, &csrf, "a.pdf", "%PDF-").await.is(422);
    assert!(nonsense.text().contains("Rien n’est déposé"));
    let forged = drop_file(&browser, &world, "guessed", "a.csv", "nom;prenom\nA;B\n").await.is(403);
    assert!(forged.text().contains("form-outdated"));

    let table = "Qui;Courriel\n=Ada;ada@example.org\n;b@example.org\n";
    let kept = drop_file(&browser, &world, &csrf, "<b>liste</b>.csv", table).await.is(303);
    let place = kept.field("location").trim_start_matches('/').to_owned();
    let look = browser.visit(&place).await;
    assert!(look.says("2 fiches à ajouter") && look.says("<b>liste</b>.csv") && look.says("'=Ada"), "{look:?}");
    let chosen = look.form("value=\"columns\"");
    let look = browser.submit(&look, &chosen, &[("column-1", "name"), ("column-2", "email")]).await;
    let apply = look.form("value=\"apply\"");
    browser.submit(&look, &apply, &[]).await;
    let applied = browser.visit(&place).await;
    assert!(applied.says("2 fiches ajoutées") && !applied.says("value=\"apply\""), "{applied:?}");
    let undo = applied.form("value=\"undo\"");
    browser.submit(&applied, &undo, &[]).await;
    assert!(browser.visit(".account/import/").await.says("Annulé"));
    let other = world.pupil("nolwenn").await;
    let mut stranger = world.browser_of(&other).await;
    assert_eq!(stranger.visit(&place).await.answer.status, 404);
}
