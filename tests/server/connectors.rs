//! Connectors: stories of what owners see of them, with a source that says what a test has it say.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cartable::clock::Clock;
use cartable::ingest::connection::{Connection, ConnectionId, Leaving, New};
use cartable::ingest::index::What;
use cartable::ingest::outcome::{Status, Stopped};
use cartable::ingest::run::Run;
use cartable::ingest::schedule::Frequency;
use cartable::ingest::service::{Error, REST, Refusal};
use cartable::ingest::target::Target;
use cartable::ingest::{Connector, Progress};
use cartable::path::PodName;
use cartable::rdf::graph::{Literal, Term, Triple};
use cartable::storage::{self, PodId};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::faulty::{Faulty, Operation, When};
use crate::world::{Answer, Person, Settings, World};

const FN: &str = "http://www.w3.org/2006/vcard/ns#fn";
const NOTE: &str = "http://www.w3.org/2006/vcard/ns#note";
const SECRET: &str = "a token that nobody else may see";

/// A source of cards: names by number.
#[derive(Default)]
struct Source {
    says: Mutex<BTreeMap<u32, &'static str>>,
    /// How runs end.
    ends: Mutex<Option<Result<Status, Stopped>>>,
    /// Runs begun, and runs under way at most at a time.
    begun: AtomicUsize,
    under_way: AtomicUsize,
    most: AtomicUsize,
    /// Whether runs wait until they are let go on, before they write.
    waits: Mutex<Option<Arc<Semaphore>>>,
    panics: Mutex<bool>,
    wished: AtomicUsize,
    farewells: Mutex<Vec<Option<String>>>,
}

impl Source {
    fn says(&self, cards: &[(u32, &'static str)]) {
        *self.says.lock() = cards.iter().copied().collect();
    }
}

#[async_trait]
impl Connector for Source {
    fn name(&self) -> &'static str {
        "cards"
    }

    async fn run(&self, run: &mut Run<'_>) -> Result<Status, Stopped> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let ended = self.fill(run).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        ended
    }

    async fn disconnect(&self, farewell: &cartable::ingest::Farewell<'_>) {
        self.farewells.lock().push(farewell.credentials());
    }
}

impl Source {
    async fn fill(&self, run: &mut Run<'_>) -> Result<Status, Stopped> {
        let secret: String = run.credentials()?;
        assert!(secret.starts_with(SECRET));
        run.keep_credentials(&format!("{SECRET}, rotated")).await?;
        if run.wishes("everything") {
            self.wished.fetch_add(1, Ordering::SeqCst);
        }
        let gate = self.waits.lock().clone();
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        assert!(!*self.panics.lock(), "as a parser might");
        if let Some(Err(stopped)) = *self.ends.lock() {
            return Err(stopped);
        }
        run.source = Some("https://source.example/".into());
        let says = self.says.lock().clone();
        let mut targets = Vec::new();
        for (number, name) in &says {
            let mut target = Target::new(run.path(&format!("/cards/{number}.ttl"))?);
            let card = Term::iri(format!("{}#this", run.iri(&target.path)));
            target.graph.extend(Triple::new(card, FN, text(name)));
            targets.push(target);
        }
        run.progress(0, targets.len());
        run.apply(targets).await?;
        run.progress(says.len(), says.len());
        let container = run.iri(&run.path("/cards/")?);
        run.register("http://www.w3.org/2006/vcard/ns#Individual", What::Container(container)).await?;
        Ok(Status::Ok)
    }
}

fn text(text: &str) -> Term {
    let datatype = "http://www.w3.org/2001/XMLSchema#string".into();
    Term::Literal(Literal { lexical: text.into(), datatype, language: None })
}

/// A world with a source, and Alice's connection to it.
struct Story {
    world: World,
    source: Arc<Source>,
    alice: PodName,
    id: ConnectionId,
}

impl Story {
    async fn begin() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        let source = Arc::new(Source::default());
        source.says(&[(1, "Malo Fictif"), (2, "Soizic Exemple"), (3, "Yann-Ber Prototype")]);
        let world = World::with(Settings { connectors: vec![source.clone()], ..settings }).await;
        let alice = PodName::parse("alice").unwrap();
        let new = New {
            connector: "cards".into(),
            pod: alice.clone(),
            owner: world.alice.webid().into(),
            label: "Mes cartes".into(),
            settings: serde_json::Value::Null,
            frequency: Frequency::Weekly,
        };
        let id = world.ingest.connect(new, Some(&SECRET)).await.unwrap();
        Self { world, source, alice, id }
    }

    /// After the first run.
    async fn filled() -> Self {
        let story = Self::begin().await;
        story.world.run().await;
        assert_eq!(story.connection().await.state.last_status, Some(Status::Ok));
        story
    }

    async fn connection(&self) -> Connection {
        self.world.ingest.connection(&self.alice, &self.id).await.unwrap()
    }

    async fn status(&self) -> Option<Status> {
        self.connection().await.state.last_status
    }

    fn card(&self, number: u32) -> String {
        format!("{}cards/{number}.ttl", self.world.alice.pod)
    }

    /// Alice, with a token of now.
    async fn alice(&self) -> Person {
        self.world.alice.later(&self.world.keys).await
    }

    async fn get(&self, url: &str) -> Answer {
        self.alice().await.get(url).await
    }

    /// The name on a card; `None`: there is no card.
    async fn name(&self, number: u32) -> Option<String> {
        let url = self.card(number);
        let answer = self.get(&url).await;
        if answer.status == 404 {
            return None;
        }
        let graph = answer.is(200).graph(&url);
        let name = graph.objects(&Term::iri(format!("{url}#this")), FN).next().cloned();
        match name {
            Some(Term::Literal(name)) => Some(name.lexical.to_string()),
            _ => Some(String::new()),
        }
    }

    fn place(&self, rest: &str) -> String {
        format!("{}connectors/{}/{rest}", self.world.alice.pod, self.id)
    }

    /// The reports of runs, oldest first.
    async fn reports(&self) -> Vec<String> {
        self.alice().await.members(&self.place("runs/")).await
    }

    /// What the last report says.
    async fn last_report_says(&self, turtle: &str) -> bool {
        let last = self.reports().await.pop().unwrap();
        self.get(&last).await.is(200).says(&last, &format!("@prefix cartable: <https://w3id.org/cartable/ns#>. @prefix prov: <http://www.w3.org/ns/prov#>. {turtle}"))
    }

    /// Entity tags of everything but the report of the last run.
    async fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        let pod = &self.world.alice.pod;
        let all = [self.card(1), self.card(2), self.card(3), self.place("base.trig"), self.place("account.ttl")];
        for url in all.into_iter().chain([format!("{pod}cards/"), format!("{pod}settings/privateTypeIndex")]) {
            let answer = self.get(&url).await;
            tags.insert(url, answer.field("etag").to_owned());
        }
        tags
    }

    /// A run that the owner asks for, after the rest.
    async fn run_again(&self) {
        self.world.clock.advance(REST);
        self.world.ingest.run_now(&self.alice, &self.id).await.unwrap();
        self.world.run().await;
    }

    async fn edit(&self, number: u32, clauses: &str) {
        let answer = self.alice().await.patch(&self.card(number), clauses).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }
}

/// Shows: CP-07, CP-20, CP-21
#[tokio::test]
async fn what_is_connected_comes_home() {
    let story = Story::begin().await;
    assert_eq!(story.status().await, None, "nothing runs before");
    story.world.run().await;
    assert_eq!(story.name(1).await.as_deref(), Some("Malo Fictif"));
    assert_eq!(story.name(3).await.as_deref(), Some("Yann-Ber Prototype"));
    let card = story.card(1);
    let agent = story.place("account.ttl#this");
    let run = format!("{}#run", story.reports().await[0]);
    let says = format!(
        "<> dct:source <https://source.example/>; <http://www.w3.org/ns/prov#wasAttributedTo> <{agent}>;
         <http://www.w3.org/ns/prov#wasGeneratedBy> <{run}>; dct:created \"{now}\"^^xsd:dateTime;
         dct:modified \"{now}\"^^xsd:dateTime.",
        now = story.world.clock.now()
    );
    assert!(story.get(&card).await.says(&card, &says));
    assert!(story.last_report_says("<#run> a prov:Activity; cartable:status \"ok\"; cartable:created 3; cartable:updated 0; cartable:rejected 0.").await);

    let state = story.connection().await.state;
    assert_eq!(
        (state.last_status, state.last_success, state.last_failure),
        (Some(Status::Ok), state.last_execution, None)
    );
    let index = format!("{}settings/privateTypeIndex", story.world.alice.pod);
    let graph = story.get(&index).await.is(200).graph(&index);
    let class = Term::iri("http://www.w3.org/2006/vcard/ns#Individual");
    let registered: Vec<_> = graph.subjects("http://www.w3.org/ns/solid/terms#forClass", &class).collect();
    assert!(matches!(registered[..], [Term::Iri(_)]), "one named node: {registered:?}");
}

/// Shows: CP-20
#[tokio::test]
async fn nobody_else_looks_into_what_connectors_keep() {
    let story = Story::filled().await;
    let root = format!("{}.acl", story.world.alice.pod);
    let everybody = format!(
        "<#owner> a acl:Authorization; acl:agent <{}>; acl:accessTo <./>; acl:default <./>;
         acl:mode acl:Read, acl:Write, acl:Control.
         <#all> a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read.",
        story.world.alice.webid()
    );
    story.world.alice.put(&root, &format!("{}{everybody}", crate::world::PREFIXES)).await.is(204);
    story.world.bob.get(&story.card(1)).await.is(200);
    for place in ["account.ttl", "base.trig", "runs/", ""] {
        story.world.bob.ask("GET", &story.place(place)).refused(403, "not-allowed").await;
    }
    let account = story.place("account.ttl");
    let says = "<#this> a <https://w3id.org/cartable/ns#Connection>; <http://www.w3.org/2000/01/rdf-schema#label> \"Mes cartes\".";
    assert!(story.get(&account).await.says(&account, says));
}

#[tokio::test]
async fn a_second_run_writes_nothing_but_its_report() {
    let story = Story::filled().await;
    let before = story.tags().await;
    story.run_again().await;
    assert_eq!(story.tags().await, before);
    assert_eq!(story.reports().await.len(), 2);
    assert_eq!(story.status().await, Some(Status::OkUnchanged));
    assert!(
        story.last_report_says("<#run> cartable:status \"ok-unchanged\"; cartable:kept 3; cartable:updated 0.").await
    );
}

/// Shows: CP-52
#[tokio::test]
async fn what_the_owner_did_stays() {
    let story = Story::filled().await;
    let this = |number: u32| format!("<{}#this>", story.card(number));
    story
        .edit(
            1,
            &format!(
                "solid:deletes {{ {} vcard:fn \"Malo Fictif\" }}; solid:inserts {{ {0} vcard:fn \"Malo\" }}",
                this(1)
            ),
        )
        .await;
    story.edit(2, &format!("solid:inserts {{ {} vcard:note \"piano\" }}", this(2))).await;
    story.world.alice.delete(&story.card(3)).await.is(204);
    story.source.says(&[(1, "Malo Inventé"), (2, "Soizic Modèle"), (3, "Yann-Ber Modèle")]);
    story.run_again().await;
    assert_eq!(story.name(1).await.as_deref(), Some("Malo"), "the edit wins");
    assert_eq!(story.name(2).await.as_deref(), Some("Soizic Modèle"));
    assert!(story.get(&story.card(2)).await.says(&story.card(2), &format!("{} <{NOTE}> \"piano\".", this(2))));
    assert_eq!(story.name(3).await, None, "what was deleted is not made again");
    let proposal = format!(
        "<#run> cartable:updated 1; cartable:proposal <#run-proposal-1>.
         <#run-proposal-1> a cartable:Proposal; cartable:field <{FN}>; cartable:remoteValue \"Malo Inventé\"."
    );
    assert!(story.last_report_says(&proposal).await);
}

/// Shows: CP-22
#[tokio::test]
async fn a_schedule_survives_a_restart() {
    let story = Story::filled().await;
    let next = story.connection().await.state.next.unwrap();
    story.source.says(&[(1, "Malo Inventé")]);
    let later = Arc::new(Source::default());
    later.says(&[(1, "Malo Inventé")]);
    let again = story.world.another_with(Settings { connectors: vec![later.clone()], ..Settings::default() }).await;
    again.run().await;
    assert_eq!(later.begun.load(Ordering::SeqCst), 0, "it is not due yet");
    story.world.clock.set(next);
    again.run().await;
    assert_eq!(later.begun.load(Ordering::SeqCst), 1);
    assert_eq!(story.name(1).await.as_deref(), Some("Malo Inventé"));
    let state = story.connection().await.state;
    assert_eq!(state.next, Some(next.plus(Duration::from_hours(24 * 7))), "the same weekday and time");
    story.world.run().await;
    assert_eq!(story.source.begun.load(Ordering::SeqCst), 1, "only one of two nodes runs it");
}

/// Shows: CP-22
#[tokio::test]
async fn the_owner_chooses_how_often() {
    let story = Story::filled().await;
    let ingest = &story.world.ingest;
    ingest.set_frequency(&story.alice, &story.id, Frequency::Off).await.unwrap();
    story.world.clock.advance(Duration::from_hours(24 * 60));
    story.world.run().await;
    assert_eq!(story.source.begun.load(Ordering::SeqCst), 1, "off is off");
    ingest.set_frequency(&story.alice, &story.id, Frequency::Daily).await.unwrap();
    for _ in 0..3 {
        story.world.clock.set(story.connection().await.state.next.unwrap());
        story.world.run().await;
    }
    assert_eq!(story.source.begun.load(Ordering::SeqCst), 4);
    let account = story.place("account.ttl");
    let says = "<#this> <https://w3id.org/cartable/ns#frequency> \"daily\".";
    assert!(story.get(&account).await.says(&account, says));
}

/// Shows: CP-23
#[tokio::test]
async fn two_clicks_are_one_run() {
    let story = Story::filled().await;
    story.world.clock.advance(REST);
    let ingest = &story.world.ingest;
    let (one, other) = tokio::join!(ingest.run_now(&story.alice, &story.id), ingest.run_now(&story.alice, &story.id));
    let refused = [one, other].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(matches!(refused[..], [Error::Refused(Refusal::Running)]), "{refused:?}");
    story.world.run().await;
    let again = ingest.run_now(&story.alice, &story.id).await;
    assert!(matches!(again, Err(Error::Refused(Refusal::TooSoon(left))) if left == REST), "{again:?}");
    assert_eq!(story.source.begun.load(Ordering::SeqCst), 2);
}

/// Shows: CP-23
#[tokio::test]
async fn two_nodes_run_a_connection_once_at_a_time() {
    let story = Story::filled().await;
    let gate = Arc::new(Semaphore::new(0));
    *story.source.waits.lock() = Some(gate.clone());
    let other =
        story.world.another_with(Settings { connectors: vec![story.source.clone()], ..Settings::default() }).await;
    // One run that is due by itself, and one that the owner asks for at the same time.
    story.world.clock.set(story.connection().await.state.next.unwrap());
    other.ingest.run_now(&story.alice, &story.id).await.unwrap();
    let let_go = async {
        while story.source.begun.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(10);
    };
    tokio::join!(story.world.run(), other.run(), let_go);
    assert_eq!((story.source.begun.load(Ordering::SeqCst), story.source.most.load(Ordering::SeqCst)), (2, 1));
    let state = story.connection().await.state;
    assert!(state.running.is_none() && state.asked.is_none());
}

/// Shows: CP-23
#[tokio::test]
async fn a_run_that_died_is_taken_over_when_its_lease_ends() {
    let story = Story::filled().await;
    *story.source.waits.lock() = Some(Arc::new(Semaphore::new(0)));
    story.source.says(&[(1, "Malo Inventé")]);
    story.world.clock.advance(REST);
    story.world.ingest.run_now(&story.alice, &story.id).await.unwrap();
    let begun = async {
        while story.source.begun.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = story.world.run() => unreachable!("it waits"),
        () = begun => {}
    }
    // The process that ran it is no more.
    *story.source.waits.lock() = None;
    story.world.run().await;
    assert_eq!(story.source.begun.load(Ordering::SeqCst), 2, "its lease holds");
    story.world.clock.advance(Duration::from_mins(15));
    story.world.run().await;
    assert_eq!(story.name(1).await.as_deref(), Some("Malo Inventé"));
    assert!(story.connection().await.state.running.is_none());
}

/// Shows: CP-23
#[tokio::test]
async fn the_owner_edits_while_a_run_writes() {
    let story = Story::filled().await;
    let gate = Arc::new(Semaphore::new(0));
    *story.source.waits.lock() = Some(gate.clone());
    story.source.says(&[(1, "Malo Inventé"), (2, "Soizic Modèle"), (3, "Yann-Ber Modèle")]);
    let editing = async {
        while story.source.begun.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
        for round in 0..20 {
            let this = format!("<{}#this>", story.card(round % 3 + 1));
            story.edit(round % 3 + 1, &format!("solid:inserts {{ {this} vcard:note \"{round}\" }}")).await;
        }
    };
    story.world.clock.advance(REST);
    story.world.ingest.run_now(&story.alice, &story.id).await.unwrap();
    tokio::join!(story.world.run(), editing);
    assert_eq!(story.status().await, Some(Status::Ok));
    for (number, name) in [(1, "Malo Inventé"), (2, "Soizic Modèle"), (3, "Yann-Ber Modèle")] {
        let graph = story.get(&story.card(number)).await.graph(&story.card(number));
        let notes = graph.objects(&Term::iri(format!("{}#this", story.card(number))), NOTE).count();
        assert_eq!((story.name(number).await.as_deref(), notes), (Some(name), if number == 3 { 6 } else { 7 }));
    }
}

/// A storage that fails once, at each of the writes of a run in turn.
#[tokio::test]
async fn a_run_that_is_cut_off_at_any_write_is_finished_by_the_next() {
    let clean = Story::filled().await;
    let expected = [clean.name(1).await, clean.name(2).await, clean.name(3).await];
    for when in [When::Before, When::After] {
        for nth in 0..10 {
            let faulty: Arc<Mutex<Option<Arc<Faulty>>>> = Arc::default();
            let keep = faulty.clone();
            let wrap = Box::new(move |inner| {
                let made = Arc::new(Faulty::on(inner));
                *keep.lock() = Some(made.clone());
                made as Arc<dyn storage::Storage>
            });
            let story = Story::with(Settings { wrap, ..Settings::default() }).await;
            let faulty = faulty.lock().clone().unwrap();
            faulty.fail_after(nth, Operation::Commit, when, storage::Error::Failed("gone".into()));
            story.world.run().await;
            faulty.heal();
            story.world.clock.advance(Duration::from_mins(20));
            if story.world.ingest.run_now(&story.alice, &story.id).await.is_ok() {
                story.world.run().await;
            }
            let names = [story.name(1).await, story.name(2).await, story.name(3).await];
            assert_eq!(names, expected, "{when:?} {nth}");
            let before = story.tags().await;
            story.run_again().await;
            assert_eq!(story.tags().await, before, "{when:?} {nth}");
            assert_eq!(story.status().await, Some(Status::OkUnchanged), "{when:?} {nth}");
        }
    }
}

/// Shows: CP-24
#[tokio::test]
async fn nothing_runs_by_itself_until_the_owner_has_acted() {
    let story = Story::filled().await;
    for status in [Status::LoginFailed, Status::LoginBlocked, Status::Reconnect, Status::AnotherPerson] {
        *story.source.ends.lock() = Some(Err(status.into()));
        story.run_again().await;
        assert_eq!(story.status().await, Some(status));
        let begun = story.source.begun.load(Ordering::SeqCst);
        story.world.clock.advance(Duration::from_hours(24 * 30));
        story.world.run().await;
        assert_eq!(story.source.begun.load(Ordering::SeqCst), begun, "{status:?}: it waits");
        *story.source.ends.lock() = None;
        story.world.ingest.reconnect(&story.alice, &story.id, &SECRET, None).await.unwrap();
        story.world.run().await;
        assert!(story.status().await.unwrap().is_good());
        assert!(story.connection().await.state.next.is_some(), "{status:?}: it goes on");
    }
}

/// Shows: CP-24
#[tokio::test]
async fn a_source_that_is_down_is_asked_again_at_its_time() {
    let story = Story::filled().await;
    let next = story.connection().await.state.next.unwrap();
    *story.source.ends.lock() = Some(Err(Status::ProviderDown.into()));
    story.world.clock.set(next);
    story.world.run().await;
    let state = story.connection().await.state;
    assert_eq!((state.last_status, state.last_failure), (Some(Status::ProviderDown), state.last_execution));
    story.world.clock.advance(Duration::from_hours(24));
    story.world.run().await;
    assert_eq!(story.source.begun.load(Ordering::SeqCst), 2, "it is not tried again at once");
    assert_eq!(state.next, Some(next.plus(Duration::from_hours(24 * 7))));
    assert!(story.last_report_says("<#run> cartable:status \"provider-down\".").await);
}

/// Shows: CP-24
#[tokio::test]
async fn a_connector_that_panics_fails_its_run_only() {
    let story = Story::filled().await;
    *story.source.panics.lock() = true;
    story.run_again().await;
    assert_eq!(story.status().await, Some(Status::Failed));
    *story.source.panics.lock() = false;
    story.run_again().await;
    assert_eq!(story.status().await, Some(Status::OkUnchanged));
}

/// Shows: CP-24
#[tokio::test]
async fn a_full_pod_loses_nothing() {
    let story = Story::filled().await;
    let pod = story.world.storage.pod(&story.alice).await.unwrap().unwrap();
    story.world.storage.set_quota(pod.id, Some(pod.used)).await.unwrap();
    let long: &'static str = "N".repeat(3000).leak();
    story.source.says(&[(1, long), (2, "Soizic Exemple"), (3, "Yann-Ber Prototype")]);
    story.run_again().await;
    assert_eq!(story.status().await, Some(Status::QuotaFull));
    assert_eq!(story.name(1).await.as_deref(), Some("Malo Fictif"));
    story.world.storage.set_quota(pod.id, None).await.unwrap();
    story.run_again().await;
    assert_eq!((story.status().await, story.name(1).await.as_deref()), (Some(Status::Ok), Some(long)));
}

/// Shows: CP-26
#[tokio::test]
async fn credentials_are_nowhere_to_be_read() {
    let story = Story::filled().await;
    story.run_again().await;
    let connection = story.connection().await;
    assert!(connection.has_credentials() && !format!("{connection:?}").contains(SECRET));
    let mut files = vec![story.world.folder.path().to_owned()];
    let mut looked = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        looked += bytes.len();
        assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "{}", path.display());
    }
    assert!(looked > 10_000);
}

/// Shows: CP-26
#[tokio::test]
async fn without_the_secret_key_the_owner_is_asked_again() {
    let story = Story::filled().await;
    let source = Arc::new(Source::default());
    source.says(&[(1, "Malo Inventé")]);
    let other =
        story.world.with_another_key(Settings { connectors: vec![source.clone()], ..Settings::default() }).await;
    story.world.clock.advance(REST);
    other.ingest.run_now(&story.alice, &story.id).await.unwrap();
    other.run().await;
    let state = story.connection().await.state;
    assert_eq!((state.last_status, state.next), (Some(Status::Reconnect), None));
    other.ingest.reconnect(&story.alice, &story.id, &SECRET, None).await.unwrap();
    other.run().await;
    assert_eq!(story.name(1).await.as_deref(), Some("Malo Inventé"));
}

/// Shows: CP-28, CP-85
#[tokio::test]
async fn who_disconnects_keeps_the_data() {
    let story = Story::filled().await;
    story.world.ingest.disconnect(&story.alice, &story.id, Leaving::Keep).await.unwrap();
    assert!(!story.connection().await.has_credentials(), "at once");
    assert_eq!(*story.source.farewells.lock(), [Some(format!("{SECRET}, rotated"))]);
    story.world.run().await;
    let gone = story.world.ingest.connection(&story.alice, &story.id).await;
    assert!(matches!(gone, Err(Error::Refused(Refusal::NotConnected))));
    assert_eq!(story.name(1).await.as_deref(), Some("Malo Fictif"));
    story.get(&story.place("base.trig")).await.is(200);
    story.world.clock.advance(Duration::from_hours(24 * 30));
    story.world.run().await;
    assert_eq!(story.source.begun.load(Ordering::SeqCst), 1);
}

/// Shows: CP-28
#[tokio::test]
async fn who_disconnects_may_remove_what_they_never_edited() {
    let story = Story::filled().await;
    story.edit(2, &format!("solid:inserts {{ <{}#this> vcard:note \"piano\" }}", story.card(2))).await;
    let own = format!("{}cards/own.ttl", story.world.alice.pod);
    story.world.alice.put(&own, "<#me> a <#Own>.").await.is(201);
    story.world.ingest.disconnect(&story.alice, &story.id, Leaving::Remove).await.unwrap();
    story.world.run().await;
    assert_eq!((story.name(1).await, story.name(3).await), (None, None));
    assert_eq!(story.name(2).await.as_deref(), Some("Soizic Exemple"), "it was edited");
    story.get(&own).await.is(200);
    for place in ["account.ttl", "base.trig", "runs/", ""] {
        assert_eq!(story.get(&story.place(place)).await.status, 404, "{place}");
    }
}

/// Shows: CP-28
#[tokio::test]
async fn who_disconnects_stops_a_run() {
    let story = Story::filled().await;
    *story.source.waits.lock() = Some(Arc::new(Semaphore::new(0)));
    story.world.clock.advance(REST);
    story.world.ingest.run_now(&story.alice, &story.id).await.unwrap();
    let leaving = async {
        while story.source.begun.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        story.world.ingest.disconnect(&story.alice, &story.id, Leaving::Keep).await.unwrap();
    };
    tokio::join!(story.world.run(), leaving);
    story.world.clock.advance(Duration::from_mins(2));
    story.world.run().await;
    assert!(story.world.ingest.connection(&story.alice, &story.id).await.is_err());
}

/// Shows: CP-23
#[tokio::test]
async fn a_run_can_be_watched() {
    let story = Story::begin().await;
    let mut watched = story.world.ingest.watch(&story.alice, &story.id).await.unwrap();
    assert_eq!(*watched.borrow_and_update(), Progress::Waiting);
    let gate = Arc::new(Semaphore::new(0));
    *story.source.waits.lock() = Some(gate.clone());
    let watching = async {
        watched.wait_for(|progress| matches!(progress, Progress::Running { .. })).await.unwrap();
        gate.add_permits(1);
        watched.wait_for(|progress| *progress == Progress::Ended(Status::Ok)).await.unwrap();
    };
    tokio::join!(story.world.run(), watching);
    let later = story.world.ingest.watch(&story.alice, &story.id).await.unwrap();
    assert_eq!(*later.borrow(), Progress::Ended(Status::Ok));
}

#[tokio::test]
async fn a_wish_is_granted_once() {
    let story = Story::filled().await;
    story.world.ingest.wish(&story.alice, &story.id, "everything", true).await.unwrap();
    *story.source.ends.lock() = Some(Err(Status::ProviderDown.into()));
    story.run_again().await;
    assert_eq!(story.connection().await.wishes.len(), 1, "it failed: the wish stays");
    *story.source.ends.lock() = None;
    story.run_again().await;
    story.run_again().await;
    assert_eq!(story.source.wished.load(Ordering::SeqCst), 2);
    assert!(story.connection().await.wishes.is_empty());
}

/// Shows: CP-21
#[tokio::test]
async fn reports_are_kept_for_13_months() {
    let story = Story::filled().await;
    let first = story.reports().await[0].clone();
    story.run_again().await;
    story.world.clock.advance(Duration::from_hours(24 * 397));
    story.run_again().await;
    let pod = story.world.storage.pod(&story.alice).await.unwrap().unwrap();
    let all = story.world.storage.tree(pod.id, None, 1000).await.unwrap();
    let left: Vec<_> = all.iter().filter(|member| member.path.local().contains("/runs/2")).collect();
    assert!(left.len() == 1 && !first.ends_with(left[0].path.local()), "{left:?}");
}

/// Shows: O-329
#[tokio::test]
async fn a_pod_that_is_gone_leaves_no_connection() {
    let story = Story::filled().await;
    let pod = story.world.storage.pod(&story.alice).await.unwrap().unwrap();
    let next = story.connection().await.state.next.unwrap();
    story.world.storage.remove(pod.id).await.unwrap();
    story.world.clock.set(next);
    story.world.run().await;
    assert!(rows(&story.world, pod.id).await.is_empty());
}

async fn rows(world: &World, pod: PodId) -> Vec<storage::Entry> {
    let prefix = format!("connection/{}/", pod.0);
    world.storage.entries(storage::KeyRange { prefix: &prefix, after: None, limit: 10 }).await.unwrap()
}
