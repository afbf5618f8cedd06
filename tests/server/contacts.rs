//! Contacts of a school come into a pod and stay up to date: the whole story, as the platform and its user live it, and
//! what the platform may do wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cartable::ingest::connection::{Connection, Leaving};
use cartable::ingest::outcome::Status;
use cartable::ingest::service::REST;
use cartable::path::PodName;
use cartable::rdf::graph::{Graph, Term};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::browser::{Browser, Pupil};
use crate::ent::data::Place;
use crate::ent::{Ent, Lie};
use crate::school::{through, world};
use crate::stand_in::{Fault, fixture};
use crate::world::{Person, World};

const CONNECT: &str = ".account/connectors/new/contacts/armorique/";
const VCARD: &str = "http://www.w3.org/2006/vcard/ns#";
const WEEK: Duration = Duration::from_hours(24 * 7);

/// A pupil of age, whose identity at the platform has a slash, with a pod and a connection.
struct Story {
    world: World,
    ent: Ent,
    lena: Pupil,
    /// The application with which she looks at her pod.
    client: Mutex<String>,
    pod: PodName,
}

fn term(name: &str) -> String {
    format!("{VCARD}{name}")
}

/// The first object of a property.
fn object(graph: &Graph, subject: &str, property: &str) -> Option<Term> {
    graph.objects(&Term::iri(subject), property).next().cloned()
}

fn text(term: &Term) -> String {
    term.as_literal().unwrap().lexical.to_string()
}

impl Story {
    async fn begin() -> Self {
        let (world, ent) = world().await;
        let lena = world.pupil("lena").await;
        let story = Self { world, ent, lena, client: Mutex::default(), pod: PodName::parse("lena").unwrap() };
        story.take_credentials().await;
        story.connect().await;
        story
    }

    /// After the first run.
    async fn filled() -> Self {
        let story = Self::begin().await;
        story.world.run().await;
        assert_eq!(story.status().await, Some(Status::Ok));
        story
    }

    /// Credentials for her application, which are good for a year.
    async fn take_credentials(&self) {
        let made = self.world.accounts.create_credential(&self.lena.account, None, None).await.unwrap();
        made.credential.id.as_str().clone_into(&mut self.client.lock());
    }

    /// Lena goes to the platform and lets Cartable ask for her contacts.
    async fn connect(&self) {
        let mut browser = Browser::new(&self.world);
        let page = browser.visit(".account/login/").await;
        browser.sign_in(&page, &self.lena).await.answer.is(200);
        let back = through(&mut browser, &self.ent, CONNECT, "lena").await;
        assert_eq!(back.url, format!("{}.account/connectors/", self.world.base));
    }

    async fn connections(&self) -> Vec<Connection> {
        self.world.ingest.connections(&self.pod).await.unwrap()
    }

    async fn connection(&self) -> Connection {
        self.connections().await.pop().unwrap()
    }

    async fn status(&self) -> Option<Status> {
        self.connection().await.state.last_status
    }

    /// A run that she asks for, a week later.
    async fn next_week(&self) -> Status {
        self.world.clock.advance(WEEK);
        self.run_now().await
    }

    async fn run_now(&self) -> Status {
        self.world.ingest.run_now(&self.pod, &self.connection().await.id).await.unwrap();
        self.world.run().await;
        self.status().await.unwrap()
    }

    /// Lena, with a token of now.
    async fn lena(&self) -> Person {
        let client = self.client.lock().clone();
        let mut lena = self.world.nobody.clone().speaks_for(&self.lena.webid, &client, &self.world.keys).await;
        lena.pod.clone_from(&self.lena.pod);
        lena
    }

    async fn graph(&self, url: &str) -> Graph {
        let url = url.split('#').next().unwrap();
        self.lena().await.get(url).await.is(200).graph(url)
    }

    /// The book that the type index names.
    async fn book(&self) -> String {
        let index = format!("{}settings/privateTypeIndex", self.lena.pod);
        let graph = self.graph(&index).await;
        let class = Term::iri(term("AddressBook"));
        let entries: Vec<_> = graph.subjects("http://www.w3.org/ns/solid/terms#forClass", &class).collect();
        assert_eq!(entries.len(), 1, "one registration, which is a named node: {entries:?}");
        let Term::Iri(entry) = entries[0] else { panic!("a blank node is not read by all applications") };
        object(&graph, entry, "http://www.w3.org/ns/solid/terms#instance").unwrap().as_iri().unwrap().to_string()
    }

    /// A document that the book's front names.
    async fn index(&self, property: &str) -> Graph {
        let book = self.book().await;
        let index = object(&self.graph(&book).await, &book, &term(property)).unwrap();
        self.graph(index.as_iri().unwrap()).await
    }

    /// Cards by name, as applications list them.
    async fn people(&self) -> BTreeMap<String, String> {
        let (index, book) = (self.index("nameEmailIndex").await, Term::iri(self.book().await));
        let listed = term("inAddressBook");
        let people = index.subjects(&listed, &book).map(|person| person.as_iri().unwrap().to_string());
        people.map(|person| (text(&object(&index, &person, &term("fn")).unwrap()), person)).collect()
    }

    /// Groups by name, with the names of their members, as applications list them.
    async fn groups(&self) -> BTreeMap<String, BTreeSet<String>> {
        let (index, book) = (self.index("groupIndex").await, Term::iri(self.book().await));
        let mut groups = BTreeMap::new();
        for group in index.objects(&book, &term("includesGroup")) {
            let iri = group.as_iri().unwrap();
            let name = text(&object(&index, iri, &term("fn")).unwrap());
            let graph = self.graph(iri).await;
            let has = term("hasMember");
            let members = graph.objects(group, &has);
            let names = members.map(|member| text(&object(&graph, member.as_iri().unwrap(), &term("fn")).unwrap()));
            groups.insert(name, names.collect());
        }
        groups
    }

    async fn card(&self, name: &str) -> String {
        self.people().await.remove(name).unwrap_or_else(|| panic!("no card of {name}"))
    }

    /// The entity tags of everything in the pod that is no report, and no list of reports.
    async fn tags(&self) -> BTreeMap<String, String> {
        let lena = self.lena().await;
        let mut tags = BTreeMap::new();
        let mut waiting = vec![format!("{}contacts/", lena.pod), format!("{}settings/", lena.pod)];
        waiting.push(format!("{}connectors/{}/base.trig", lena.pod, self.connection().await.id));
        while let Some(url) = waiting.pop() {
            let answer = lena.head(&url).await.is(200);
            tags.insert(url.clone(), answer.field("etag").to_owned());
            if url.ends_with('/') {
                waiting.extend(lena.members(&url).await);
            }
        }
        tags
    }

    async fn patch(&self, place: &str, clauses: &str) {
        let answer = self.lena().await.patch(place.split('#').next().unwrap(), clauses).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }

    async fn title(&self) -> String {
        let book = self.book().await;
        text(&object(&self.graph(&book).await, &book, &term("fn")).unwrap())
    }

    /// What the report of the last run says.
    async fn last_report(&self) -> Graph {
        let runs = format!("{}connectors/{}/runs/", self.lena.pod, self.connection().await.id);
        let last = self.lena().await.members(&runs).await.pop().unwrap();
        self.graph(&last).await
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// An answer of the platform, changed.
fn changed(file: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut answer = serde_json::from_slice(&fixture(format!("ent/{file}"))).unwrap();
    change(&mut answer);
    answer
}

/// Initial → the same again → update → what the owner does → update → deletion → new year → disconnected → connected.
///
/// Shows: CP-07, CP-50, CP-52, CP-85, CP-86, shape A1, shape A6, shape A7, shape A12
#[tokio::test]
async fn a_book_lives_from_year_to_year() {
    let story = Story::filled().await;
    let everybody = [
        "Malo Fictif",
        "Enora Imaginaire",
        "Tugdual De La Maquette",
        "Aziliz Témoin-Inventé",
        "Yann-Ber Prototype",
        "Soizic Brouillon",
        "Gwenaël Échantillon",
        "Fañch Simulé",
    ];
    assert_eq!(story.people().await.into_keys().collect::<BTreeSet<_>>(), names(&everybody));
    let groups = story.groups().await;
    assert_eq!(groups.keys().cloned().collect::<BTreeSet<_>>(), names(&["2026-2027 2GT3", "Camarades", "Enseignants"]));
    assert_eq!(groups["2026-2027 2GT3"], names(&everybody[..4]));
    assert_eq!(groups["Enseignants"], names(&everybody[4..]));
    assert_eq!(story.title().await, "Carnet scolaire – ENT Armorique");
    story.world.bob.get(&story.book().await.replace("#this", "")).await.is(403);

    same_again(&story).await;
    update(&story).await;
    let before = owner_edits(&story).await;
    after_edits(&story, &before).await;
    deletion_and_new_year(&story).await;
    disconnected_and_back(&story).await;
    assert_eq!(story.ent.reused(), 0, "no refresh token came twice");
}

async fn same_again(story: &Story) {
    let before = story.tags().await;
    assert_eq!(story.next_week().await, Status::OkUnchanged);
    assert_eq!(story.tags().await, before, "a second run changes no entity tag");
}

async fn update(story: &Story) {
    story.ent.contacts("contacts-pupil-update.json");
    assert_eq!(story.next_week().await, Status::Ok);
    let groups = story.groups().await;
    assert!(!groups.contains_key("2026-2027 2GT3"), "it was renamed");
    let class = ["Malo Fictif", "Enora Imaginaire", "Tugdual de la Maquette", "Aziliz Témoin-Inventé", "Ewen Postiche"];
    assert_eq!(groups["2026-2027 2GT3 Européenne"], names(&class));
    assert_eq!(groups["2026-2027 Option breton"].len(), 3);
    let yann_ber = story.card("Yann-Ber Prototype").await;
    let mail = format!("{}#email-ent", yann_ber.trim_end_matches("#this"));
    let address = object(&story.graph(&yann_ber).await, &mail, &term("value"));
    assert_eq!(address, Some(Term::iri("mailto:yb.prototype@ac-armorique.example")));
}

/// The owner renames somebody, adds an address, makes a group of her own and deletes a card. Gives the deleted card.
async fn owner_edits(story: &Story) -> String {
    let (malo, enora, aziliz) = (
        story.card("Malo Fictif").await,
        story.card("Enora Imaginaire").await,
        story.card("Aziliz Témoin-Inventé").await,
    );
    let book = story.book().await;
    let folder = book.trim_end_matches("index.ttl#this").to_owned();
    for place in [malo.clone(), format!("{folder}people.ttl")] {
        let clauses = format!(
            "solid:deletes {{ <{malo}> vcard:fn \"Malo Fictif\" }}; solid:inserts {{ <{malo}> vcard:fn \"Mon ami Malo\" }}"
        );
        story.patch(&place, &clauses).await;
    }
    let mail = enora.replace("#this", "#mine");
    let clauses =
        format!("solid:inserts {{ <{enora}> vcard:hasEmail <{mail}>. <{mail}> vcard:value <mailto:e@home.example> }}");
    story.patch(&enora, &clauses).await;
    let group = format!("{folder}Group/Basket.ttl#this");
    let basket = format!(
        "@prefix vcard: <{VCARD}>. <{group}> a vcard:Group; vcard:fn \"Basket\"; vcard:hasMember <{malo}>.
         <{malo}> vcard:fn \"Mon ami Malo\"."
    );
    story.lena().await.put(group.trim_end_matches("#this"), &basket).await.is(201);
    let clauses = format!(
        "solid:inserts {{ <{book}> vcard:includesGroup <{group}>. <{group}> a vcard:Group; vcard:fn \"Basket\" }}"
    );
    story.patch(&format!("{folder}groups.ttl"), &clauses).await;
    story.lena().await.delete(aziliz.trim_end_matches("#this")).await.is(204);
    aziliz
}

async fn after_edits(story: &Story, deleted: &str) {
    let answer = changed("contacts-pupil-update.json", |answer| {
        answer["contacts"][0]["lastname"] = "Renommé".into();
        answer["contacts"][1]["lastname"] = "Renommée".into();
    });
    story.ent.contacts_are(&answer);
    assert_eq!(story.next_week().await, Status::Ok);
    let people = story.people().await;
    assert!(people.contains_key("Mon ami Malo"), "the owner's name for him stays: {people:?}");
    assert!(people.contains_key("Enora Renommée"), "what she left alone follows the platform");
    let enora = story.graph(&people["Enora Renommée"]).await;
    assert_eq!(enora.iter().filter(|triple| *triple.predicate == *term("hasEmail")).count(), 1, "her address stays");
    assert_eq!(story.groups().await["Basket"], names(&["Mon ami Malo"]));
    assert!(story.groups().await["2026-2027 2GT3 Européenne"].contains("Mon ami Malo"), "in all groups");
    story.lena().await.get(deleted.trim_end_matches("#this")).await.is(404);
    assert!(!people.contains_key("Aziliz Témoin-Inventé") && people.len() == 8);
    assert!(story.groups().await.values().all(|members| !members.contains("Aziliz Témoin-Inventé")));
    let proposed = |graph: &Graph| {
        let values = graph.iter().filter(|triple| triple.predicate.ends_with("ns#remoteValue"));
        values.map(|triple| text(&triple.object)).collect::<BTreeSet<_>>()
    };
    assert_eq!(proposed(&story.last_report().await), names(&["Malo Renommé"]));
    let before = story.tags().await;
    assert_eq!(story.next_week().await, Status::OkUnchanged);
    assert_eq!(story.tags().await, before, "nothing is proposed twice, and nothing written");
}

async fn deletion_and_new_year(story: &Story) {
    story.ent.contacts("contacts-pupil-deletion.json");
    assert_eq!(story.next_week().await, Status::Ok);
    assert_eq!(story.groups().await["Anciens contacts"], names(&["Fañch Simulé"]));
    assert!(story.groups().await["2026-2027 Option breton"].is_empty(), "it is closed");
    story.ent.contacts("contacts-pupil-new-year.json");
    story.world.clock.advance(Duration::from_hours(24 * 300));
    assert_eq!(story.next_week().await, Status::Ok);
    let groups = story.groups().await;
    assert_eq!(groups["2027-2028 1G2"].len(), 3);
    assert!(groups["2026-2027 2GT3 Européenne"].is_empty());
    assert_eq!(groups["Anciens contacts"].len(), 3);
    assert_eq!(groups["Basket"], names(&["Mon ami Malo"]));
    // Four hundred days after he left, the card of whom she never touched goes.
    story.world.clock.advance(Duration::from_hours(24 * 110));
    story.take_credentials().await;
    assert_eq!(story.next_week().await, Status::Ok);
    assert!(!story.people().await.contains_key("Fañch Simulé"));
    assert_eq!(story.groups().await["Anciens contacts"].len(), 2);
    assert_eq!(story.next_week().await, Status::OkUnchanged);
}

async fn disconnected_and_back(story: &Story) {
    let (book, people) = (story.book().await, story.people().await);
    let gone = story.connection().await.id;
    story.world.ingest.disconnect(&story.pod, &gone, Leaving::Keep).await.unwrap();
    story.world.run().await;
    assert!(story.connections().await.is_empty());
    assert_eq!(story.title().await, "Anciens contacts – ENT Armorique");
    assert_eq!(story.people().await, people, "they stay");
    story.connect().await;
    story.world.run().await;
    assert_eq!(story.status().await, Some(Status::Ok));
    assert_ne!(story.connection().await.id, gone);
    assert_eq!((story.book().await, story.people().await), (book, people), "the same book, and nobody twice");
    assert_eq!(story.title().await, "Carnet scolaire – ENT Armorique");
    let before = story.tags().await;
    assert_eq!(story.next_week().await, Status::OkUnchanged);
    assert_eq!(story.tags().await, before);
}

/// Nothing that the platform does wrong loses anything, and each fault has its status.
///
/// Shows: CP-24
#[tokio::test]
async fn the_platform_fails_in_every_way_and_nothing_is_lost() {
    let story = Story::filled().await;
    let before = story.tags().await;
    for (place, fault, status) in [
        (Place::Contacts, Fault::Nothing, Status::OkUnchanged),
        (Place::Contacts, Fault::Unmodified, Status::OkUnchanged),
        (Place::Contacts, Fault::Page, Status::OkUnchanged),
        (Place::Contacts, Fault::TooMany(60), Status::ProviderDown),
        (Place::Contacts, Fault::Broken, Status::ProviderDown),
        (Place::Contacts, Fault::Maintenance, Status::ProviderDown),
        (Place::Contacts, Fault::Unauthorized, Status::ProviderDown),
        (Place::Contacts, Fault::Cut, Status::ProviderDown),
        (Place::Contacts, Fault::Slow, Status::ProviderDown),
        (Place::Contacts, Fault::Compressed, Status::ProviderDown),
        (Place::Userinfo, Fault::Broken, Status::ProviderDown),
        (Place::Userinfo, Fault::Page, Status::ProviderDown),
        (Place::Token, Fault::Maintenance, Status::ProviderDown),
        (Place::Token, Fault::TooMany(60), Status::ProviderDown),
        (Place::Token, Fault::Page, Status::ProviderDown),
    ] {
        story.ent.fault(place, fault);
        assert_eq!(story.next_week().await, status, "{place:?} {fault:?}");
        story.ent.fault(place, None);
    }
    for (lie, status) in [
        (Lie::UserinfoError, Status::ProviderDown),
        (Lie::NoUid, Status::ProviderDown),
        (Lie::OtherSubject, Status::AnotherPerson),
        (Lie::OtherUid, Status::AnotherPerson),
        (Lie::Down, Status::ProviderDown),
    ] {
        story.ent.lie(lie);
        assert_eq!(story.next_week().await, status, "{lie:?}");
        story.ent.lie(None);
    }
    for (file, status) in
        [("malformed-truncated.json", Status::OkUnchanged), ("malformed-wrong-types.json", Status::ProviderChanged)]
    {
        story.ent.contacts(file);
        assert_eq!(story.next_week().await, status, "{file}");
    }
    let stays = |tags: BTreeMap<String, String>| tags.into_iter().filter(|(url, _)| !url.ends_with("base.trig"));
    assert_eq!(stays(story.tags().await).collect::<Vec<_>>(), stays(before).collect::<Vec<_>>());
    assert_eq!(story.ent.reused(), 0);
}

/// Malformed and hostile answers write nothing outside of the book, and take nobody away.
///
/// Shows: shape A2, shape A5, shape A12
#[tokio::test]
async fn hostile_answers_stay_in_the_book() {
    let story = Story::filled().await;
    let outside = async || {
        let lena = story.lena().await;
        let mut all = lena.members("").await;
        all.extend(lena.members("profile/").await);
        all
    };
    let before = (outside().await, story.people().await);
    for file in [
        "hostile-values.json",
        "malformed-missing-ids.json",
        "malformed-dangling-member.json",
        "malformed-duplicates.json",
    ] {
        story.ent.contacts(file);
        assert!(story.next_week().await.is_good(), "{file}");
        let people = story.people().await;
        assert!(before.1.keys().all(|name| people.contains_key(name)), "{file}: {people:?}");
    }
    assert_eq!(outside().await, before.0);
    let people = story.people().await;
    assert!(
        people.contains_key("\"; <#x> a <#y> . \" O'Quote\\")
            && people.contains_key("<script>alert(1)</script> Balise")
    );
    assert!(people.keys().all(|name| name.chars().count() <= 200 && !name.contains(['\u{202e}', '\0', '\n'])));
}

/// Shows: CP-24, CP-26
#[tokio::test]
async fn a_leave_that_is_taken_back_asks_for_the_owner() {
    let story = Story::filled().await;
    story.ent.revoke();
    assert_eq!(story.next_week().await, Status::Reconnect);
    assert_eq!(story.connection().await.state.next, None, "nothing runs by itself any more");
    let before = story.people().await;
    story.connect().await;
    story.world.run().await;
    assert_eq!(story.status().await, Some(Status::OkUnchanged));
    assert_eq!((story.connections().await.len(), story.people().await), (1, before), "it is the same connection");
    assert!(story.connection().await.state.next.is_some());
}

/// A run that dies, or that somebody else overtakes, is finished by the next.
///
/// Shows: CP-23
#[tokio::test]
async fn a_token_is_good_for_one_run_at_a_time() {
    let story = Story::begin().await;
    tokio::join!(story.world.run(), story.world.run());
    assert_eq!((story.status().await, story.ent.reused()), (Some(Status::Ok), 0));
    story.world.clock.advance(REST);
    assert_eq!(story.run_now().await, Status::OkUnchanged);
}

/// Shows: CP-07
#[tokio::test]
async fn who_signs_up_finds_the_connector_ready_and_nothing_runs_before_they_allow_it() {
    let (world, ent) = world().await;
    let mut browser = Browser::new(&world);
    let choice = through(&mut browser, &ent, crate::school::DOOR, "lena").await;
    let page = browser.submit(&choice, &choice.form("value=\"create\""), &[("choice", "create")]).await;
    let page = browser.fill(&page, &[("email", "lena@example.org")]).await;
    let page = browser.fill(&page, &[("name", "lena")]).await;
    browser.fill(&page, &[("accept", "yes")]).await;
    let page = browser.visit(&world.link("lena@example.org").await).await;
    let page = browser.fill(&page, &[]).await;
    let page = browser.fill(&page, &[("password", "a bridge over the river")]).await;
    let page = browser.fill(&page, &[("contacts", "yes")]).await;
    browser.fill(&page, &[]).await.answer.is(200);
    let pod = PodName::parse("lena").unwrap();
    let connection = async || world.ingest.connections(&pod).await.unwrap().pop().unwrap();
    world.clock.advance(WEEK);
    world.run().await;
    let declared = connection().await;
    assert!(!declared.has_credentials() && declared.state.last_status.is_none(), "it is declared, and has not run");
    let back = through(&mut browser, &ent, CONNECT, "lena").await;
    assert_eq!(back.url, format!("{}.account/connectors/", world.base));
    world.run().await;
    let connected = connection().await;
    assert_eq!((&connected.id, connected.state.last_status), (&declared.id, Some(Status::Ok)));
    assert_eq!(world.ingest.connections(&pod).await.unwrap().len(), 1);
}

/// Shows: O-312, CP-07
#[tokio::test]
async fn a_minor_asks_a_parent_first() {
    let (world, ent) = world().await;
    let malo = world.pupil("malo").await;
    let mut browser = Browser::new(&world);
    let page = browser.visit(".account/login/").await;
    browser.sign_in(&page, &malo).await;
    let choice = through(&mut browser, &ent, crate::school::DOOR, "malo").await;
    let form = choice.form("value=\"link\"");
    browser.submit(&choice, &form, &[("choice", "link")]).await.answer.is(200);
    let page = browser.visit(CONNECT).await;
    assert_eq!(page.url, format!("{}.account/settings/guardian/", world.base));
    let pod = PodName::parse("malo").unwrap();
    assert!(world.ingest.connections(&pod).await.unwrap().is_empty());
}

/// Shows: CP-85
#[tokio::test]
async fn leaving_a_school_freezes_its_book() {
    let story = Story::filled().await;
    let people = story.people().await;
    let mut browser = Browser::new(&story.world);
    let page = browser.visit(".account/login/").await;
    browser.sign_in(&page, &story.lena).await;
    let choice = through(&mut browser, &story.ent, crate::school::DOOR, "lena").await;
    let form = choice.form("value=\"link\"");
    browser.submit(&choice, &form, &[("choice", "link")]).await.answer.is(200);
    let ways = browser.visit(".account/settings/ways/").await;
    let (_, link) = ways.answer.text().split_once("/.account/settings/ways/schools/").unwrap();
    let link = link.split(['/', '"']).next().unwrap();
    let page = browser.visit(&format!(".account/settings/ways/schools/{link}/")).await;
    let form = page.form("Délier cet établissement");
    browser.submit(&page, &form, &[]).await;
    story.world.run().await;
    assert!(story.connections().await.is_empty());
    assert_eq!(story.title().await, "Anciens contacts – ENT Armorique");
    assert_eq!(story.people().await, people);
}

/// What the owner edits while a run writes is not lost, and a card that she wants back comes back.
///
/// Shows: CP-52
#[tokio::test]
async fn deleted_cards_come_back_when_the_owner_wants_them() {
    let story = Story::filled().await;
    let malo = story.card("Malo Fictif").await;
    story.lena().await.delete(malo.trim_end_matches("#this")).await.is(204);
    assert_eq!(story.next_week().await, Status::Ok);
    assert!(!story.people().await.contains_key("Malo Fictif"));
    let id = story.connection().await.id;
    story.world.ingest.wish(&story.pod, &id, "restore-deleted", true).await.unwrap();
    assert_eq!(story.next_week().await, Status::Ok);
    assert_eq!(story.card("Malo Fictif").await, malo);
    assert!(story.groups().await["2026-2027 2GT3"].contains("Malo Fictif"));
}

/// Shows: CP-63
#[tokio::test]
async fn a_large_change_waits_until_it_is_seen_again_or_the_owner_agrees() {
    let story = Story::begin().await;
    let class = |from: usize, to: usize| {
        let people: Vec<_> =
            (from..to).map(|number| json!({"uuid": format!("u{number}"), "firstname": format!("P{number}")})).collect();
        let members: Vec<_> = (from..to).map(|number| json!({"uuid": format!("u{number}")})).collect();
        let group = json!({"gid": "A", "name": "2026-2027 A", "group_contacts": members});
        json!({"contacts": people, "structures": [{"structure": "0999001W", "name": "Lycée", "groups": [group]}]})
    };
    story.ent.contacts_are(&class(0, 30));
    story.world.run().await;
    assert_eq!(story.groups().await["2026-2027 A"].len(), 30);
    story.ent.contacts_are(&class(15, 32));
    story.world.clock.advance(REST);
    assert_eq!(story.run_now().await, Status::Ok, "additions come in at once");
    assert_eq!(story.groups().await["2026-2027 A"].len(), 32);
    story.world.clock.advance(REST);
    assert_eq!(story.run_now().await, Status::OkUnchanged, "it is too soon");
    let id = story.connection().await.id;
    story.world.ingest.wish(&story.pod, &id, "confirm-removals", true).await.unwrap();
    story.world.clock.advance(REST);
    assert_eq!(story.run_now().await, Status::Ok);
    assert_eq!(story.groups().await["2026-2027 A"].len(), 17);
    assert_eq!(story.groups().await["Anciens contacts"].len(), 15);
    story.ent.contacts_are(&class(30, 32));
    assert_eq!(story.next_week().await, Status::OkUnchanged);
    assert_eq!(story.groups().await["2026-2027 A"].len(), 17);
    assert_eq!(story.next_week().await, Status::Ok, "seen again a week later");
    assert_eq!(story.groups().await["2026-2027 A"].len(), 2);
}
