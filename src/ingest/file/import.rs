//! Imports, from the file to the pod and back: looked at first, then applied as one, and undone as one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::agenda::Calendar;
use super::card::{Card, People};
use super::csv::{self, Columns, Sheet};
use super::ics::{self, Agenda};
use super::plan::{AT_A_TIME, Drawing, Plan, Step};
use super::problem::Unreadable;
use super::record::{self, Folder, Mark, Record, State};
use super::shelf::{self, Named, Shelf};
use super::{Kind, LARGEST, person, vcard};
use crate::address::Addresses;
use crate::clock::Clock;
use crate::ingest::base::Base;
use crate::ingest::contacts::place::About;
use crate::ingest::index::{self, What, Whose};
use crate::ingest::outcome::{Status, Stopped};
use crate::ingest::prefixes;
use crate::ingest::target::Target;
use crate::ingest::write::{Is, OwnersAgent, Written};
use crate::path::{ContainerPath, PodName, ResourcePath};
use crate::pods::Pods;
use crate::rdf::format::{self, Document, Format};
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::{schema, solid, vcard as terms};

/// How often an import is worked out again because somebody else wrote meanwhile.
const TRIES: usize = 3;
/// Imports that are listed, the latest first.
const LISTED: usize = 50;

/// Why something was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("the pod does not take it: {0}")]
    Stopped(#[from] Stopped),
    #[error("there is no such import")]
    NoSuchImport,
    #[error("the import was undone already")]
    Undone,
}

/// A file that somebody drops.
#[derive(Debug, Clone)]
pub struct File {
    pub name: Option<String>,
    pub kind: Kind,
    pub columns: Option<String>,
    pub bytes: Bytes,
}

impl File {
    /// A file, of the kind that is said or else found.
    pub fn new(
        bytes: Bytes,
        kind: Option<Kind>,
        columns: Option<String>,
        name: Option<String>,
    ) -> Result<Self, Unreadable> {
        if bytes.len() > LARGEST {
            return Err(Unreadable::TooLarge);
        }
        let kind = kind.or_else(|| Kind::of(&bytes)).ok_or(Unreadable::UnknownKind)?;
        let name = name.and_then(|name| super::text::line(&name, 100).ok().flatten());
        Ok(Self { name, kind, columns, bytes })
    }

    fn read(&self) -> Result<Contents, Unreadable> {
        match self.kind {
            Kind::Vcard => Ok(Contents::People(vcard::read(&self.bytes)?, Vec::new())),
            Kind::Csv => {
                let (sheet, columns) = self.sheet()?;
                Ok(Contents::People(csv::people(&sheet, &columns)?, columns.silent()))
            }
            Kind::Ics => Ok(Contents::Agenda(ics::read(&self.bytes)?)),
            Kind::Xapi => Err(Unreadable::UnknownKind),
        }
    }

    /// The table that the file is, and what its columns hold.
    pub fn sheet(&self) -> Result<(Sheet, Columns), Unreadable> {
        let sheet = Sheet::read(&self.bytes)?;
        let columns = Columns::chosen(&sheet, self.columns.as_deref().unwrap_or_default())?;
        Ok((sheet, columns))
    }
}

/// What a file holds.
enum Contents {
    /// With the properties of which the file says nothing.
    People(People, Vec<&'static str>),
    Agenda(Agenda),
}

/// What became of an import that was undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Undone {
    pub undone: usize,
    /// Documents that were edited since, and stay.
    pub kept: usize,
}

/// Whose pod it is.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    pub webid: &'a str,
    pub pod: &'a PodName,
}

/// Imports into pods, as their owners' agent.
pub struct Imports {
    pub pods: Arc<Pods>,
    pub clock: Arc<dyn Clock>,
}

impl Imports {
    /// What a file would do. Nothing is written.
    pub async fn look(&self, owner: Owner<'_>, file: &File) -> Result<Plan, Error> {
        Hand::new(self, owner).plan(file, Uuid::nil()).await
    }

    /// Keeps a file in the pod, to be looked at before it is applied.
    pub async fn keep(&self, owner: Owner<'_>, file: &File) -> Result<Uuid, Error> {
        let hand = Hand::new(self, owner);
        let now = self.clock.now();
        let since = uuid::Timestamp::from_unix(uuid::NoContext, u64::try_from(now.seconds()).unwrap_or_default(), 0);
        let folder = Folder::new(owner.pod, Uuid::new_v7(since));
        let plan = hand.plan(file, folder.id).await?;
        hand.agent.keep_private(&hand.container(record::CONTAINER)?, owner.webid).await?;
        hand.agent.put(&folder.original(), file.kind.media_type(), file.bytes.clone(), Is::Absent).await?;
        let record = Record {
            id: folder.id,
            state: State::Planned,
            kind: file.kind,
            name: file.name.clone(),
            columns: file.columns.clone(),
            begun: now,
            counts: plan.counts,
            written: BTreeMap::new(),
        };
        hand.put_record(&folder, &record).await?;
        Ok(folder.id)
    }

    /// The imports of a pod, the latest first.
    pub async fn all(&self, owner: Owner<'_>) -> Result<Vec<Record>, Error> {
        Hand::new(self, owner).records().await
    }

    /// An import, and its file.
    pub async fn one(&self, owner: Owner<'_>, id: Uuid) -> Result<(Record, File), Error> {
        Hand::new(self, owner).one(id).await
    }

    /// What a kept file would do now.
    pub async fn plan(&self, owner: Owner<'_>, id: Uuid) -> Result<Plan, Error> {
        let hand = Hand::new(self, owner);
        let (_, file) = hand.one(id).await?;
        hand.plan(&file, id).await
    }

    /// Says what the columns of a kept file hold.
    pub async fn choose(&self, owner: Owner<'_>, id: Uuid, columns: &str) -> Result<(), Error> {
        let hand = Hand::new(self, owner);
        let (mut record, mut file) = hand.one(id).await?;
        file.columns = Some(columns.to_owned());
        let (_, columns) = file.sheet()?;
        if record.state == State::Planned {
            record.columns = Some(columns.written());
            hand.put_record(&Folder::new(owner.pod, id), &record).await?;
        }
        Ok(())
    }

    /// Applies a kept file. One that was cut off is finished; one that is applied stays as it is.
    pub async fn apply(&self, owner: Owner<'_>, id: Uuid) -> Result<Record, Error> {
        Hand::new(self, owner).apply(id).await
    }

    /// Takes an import back: what it made goes, what it changed is as before, unless it was edited since.
    pub async fn undo(&self, owner: Owner<'_>, id: Uuid) -> Result<Undone, Error> {
        Hand::new(self, owner).undo(id).await
    }

    /// Forgets an import and its file. What it wrote stays.
    pub async fn discard(&self, owner: Owner<'_>, id: Uuid) -> Result<(), Error> {
        let hand = Hand::new(self, owner);
        let folder = Folder::new(owner.pod, id);
        for path in [folder.original(), folder.before(), folder.record()] {
            hand.agent.delete(&path, Is::Anything).await?;
        }
        hand.agent.delete_empty_above(&folder.record()).await?;
        Ok(())
    }
}

/// One piece of work in one pod.
struct Hand<'a> {
    imports: &'a Imports,
    owner: Owner<'a>,
    agent: OwnersAgent,
    root: ResourcePath,
}

impl<'a> Hand<'a> {
    fn new(imports: &'a Imports, owner: Owner<'a>) -> Self {
        let client = imports.pods.addresses().base().to_owned();
        let agent = OwnersAgent::new(Arc::clone(&imports.pods), owner.webid, &client);
        Self { imports, owner, agent, root: ResourcePath::root(owner.pod.clone()) }
    }

    fn addresses(&self) -> &Addresses {
        self.imports.pods.addresses()
    }

    fn path(&self, local: &str) -> Result<ResourcePath, Stopped> {
        let malformed = |_| Stopped { status: Status::Failed, at: Some("a path is malformed") };
        ResourcePath::parse(self.owner.pod.clone(), local).map_err(malformed)
    }

    fn container(&self, local: &str) -> Result<ContainerPath, Stopped> {
        self.path(local)?.as_container().ok_or(Stopped::from(Status::Failed))
    }

    async fn graph(&self, path: &ResourcePath) -> Result<Option<Graph>, Stopped> {
        let Some(held) = self.agent.look(path).await? else { return Ok(None) };
        let document = self.agent.document(&held).await?;
        Ok(document.map(|document| document.dataset.default.clone()))
    }

    async fn record(&self, folder: &Folder) -> Result<Option<Record>, Stopped> {
        let graph = self.graph(&folder.record()).await?;
        Ok(graph.and_then(|graph| Record::read(&graph, folder, self.addresses())))
    }

    /// Names of imports are in the order of time.
    async fn records(&self) -> Result<Vec<Record>, Error> {
        let all = self.agent.below(&self.container(record::CONTAINER)?).await?;
        let mut folders: Vec<_> = all.iter().filter_map(Folder::of).collect();
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.id));
        folders.truncate(LISTED);
        let reads: Vec<_> = folders.iter().map(|folder| self.record(folder).boxed()).collect();
        let records: Vec<Option<Record>> = stream::iter(reads).buffered(AT_A_TIME).try_collect().await?;
        Ok(records.into_iter().flatten().collect())
    }

    async fn one(&self, id: Uuid) -> Result<(Record, File), Error> {
        let folder = Folder::new(self.owner.pod, id);
        let record = self.record(&folder).await?.ok_or(Error::NoSuchImport)?;
        let bytes = self.agent.bytes(&folder.original(), LARGEST as u64).await?.ok_or(Error::NoSuchImport)?;
        let file = File { name: record.name.clone(), kind: record.kind, columns: record.columns.clone(), bytes };
        Ok((record, file))
    }

    async fn put_record(&self, folder: &Folder, record: &Record) -> Result<(), Error> {
        let graph = record.graph(folder, self.owner.webid, self.addresses());
        self.put(
            &folder.record(),
            Document { dataset: graph.into(), prefixes: Vec::new() },
            Format::Turtle,
            Is::Anything,
        )
        .await?;
        Ok(())
    }

    async fn put(
        &self,
        path: &ResourcePath,
        mut document: Document,
        format: Format,
        is: Is,
    ) -> Result<Written, Stopped> {
        document.prefixes = prefixes::with(document.prefixes, &document.dataset.default);
        let unprintable = |_| Stopped { status: Status::Failed, at: Some("a document cannot be written") };
        let bytes = format::print_at(&self.addresses().iri(path), &document, format).map_err(unprintable)?;
        self.agent.put(path, format.media_type(), bytes.into(), is).await
    }

    /// Works out what a file would do, as the import `id`.
    async fn plan(&self, file: &File, id: Uuid) -> Result<Plan, Error> {
        let file = file.clone();
        // Files are strangers' work: what one makes a parser do ends on a thread of its own.
        let contents =
            self.imports.pods.aside().run(move || file.read()).await.map_err(|_| Stopped::from(Status::Failed))??;
        let marks = self.marks(id).await?;
        let drawing = Drawing {
            agent: &self.agent,
            addresses: self.addresses(),
            marks: &marks,
            activity: Folder::new(self.owner.pod, id).activity(self.addresses()),
            now: self.imports.clock.now(),
        };
        let mut plan = Plan::default();
        match contents {
            Contents::People(people, silent) => self.people(&drawing, &mut plan, id, (people, silent)).await?,
            Contents::Agenda(agenda) => self.agenda(&drawing, &mut plan, agenda).await?,
        }
        plan.problems.sort_unstable();
        plan.counts.rejected += plan.problems.iter().filter(|problem| problem.reason.is_of_entry()).count();
        Ok(plan)
    }

    /// What imports left in documents, the latest of each.
    async fn marks(&self, but: Uuid) -> Result<BTreeMap<ResourcePath, Mark>, Error> {
        let records = self.records().await?;
        let applied = records.into_iter().rev().filter(|record| matches!(record.state, State::Applied | State::Begun));
        Ok(applied.filter(|record| record.id != but).flat_map(|record| record.written).collect())
    }

    async fn people(
        &self,
        drawing: &Drawing<'_>,
        plan: &mut Plan,
        id: Uuid,
        (people, silent): (People, Vec<&str>),
    ) -> Result<(), Error> {
        let index = index::find(&self.whose()).await?;
        let registered = self.graph(&index).await?.unwrap_or_default();
        let shelf = self.shelf(&registered, id).await?;
        let named = Named::of(&people, &shelf);
        let target = |card: &Card| named.id(&card.key).map(|id| (id, person::target(&shelf.place, id, card)));
        let targets: Vec<_> = people.cards.iter().filter_map(target).collect();
        let mut names: BTreeMap<Uuid, String> = BTreeMap::new();
        for ((id, _), card) in targets.iter().zip(&people.cards) {
            names.insert(*id, card.name.clone());
        }
        let targets: Vec<Target> = targets.into_iter().map(|(_, target)| target).collect();
        drawing.entries(plan, &targets, &silent).await?;
        // Lists call people as their cards do, where the owner has changed them.
        let steps: BTreeMap<_, _> = plan.entries.iter().map(|step| (&step.path, step)).collect();
        for (id, name) in &mut names {
            let about = About::Person(*id);
            let (path, this) = (shelf.place.document(about), shelf.place.this(about));
            let graph = match steps.get(&path) {
                Some(step) => step.after.clone(),
                None => self.graph(&path).await?,
            };
            let called = graph.and_then(|graph| {
                graph.objects(&this, terms::FN).find_map(|name| Some(name.as_literal()?.lexical.to_string()))
            });
            *name = called.unwrap_or_else(|| name.clone());
        }
        let (mut lists, problems) = named.lists(&people, self.owner.webid, &names);
        plan.problems = people.problems;
        plan.problems.extend(problems);
        let book = shelf.place.book();
        lists.extend(book.as_iri().and_then(|book| {
            self.registration(&index, &registered, terms::ADDRESS_BOOK, &What::Instance(book.to_string()))
        }));
        Ok(drawing.lists(plan, &shelf, &lists).await?)
    }

    async fn agenda(&self, drawing: &Drawing<'_>, plan: &mut Plan, agenda: Agenda) -> Result<(), Error> {
        let calendar = Calendar { addresses: self.addresses(), pod: &self.root };
        let (gone, stays): (Vec<_>, Vec<_>) = agenda.events.iter().partition(|event| event.is_cancelled);
        let targets: Vec<_> = stays.iter().map(|event| calendar.target(event)).collect();
        drawing.entries(plan, &targets, &[]).await?;
        let told: BTreeSet<_> = targets.iter().map(|target| target.path.clone()).collect();
        for event in gone {
            let mut found = drawing.removal(plan, &calendar.document(&event.uid, event.replaces.as_ref())).await?;
            if let Some(replaces) = &event.replaces {
                let (path, node) = calendar.occurrence(&event.uid, replaces);
                found |= !told.contains(&path) && drawing.withdrawal(plan, &path, &node).await?;
            }
            if found { plan.counts.removed += 1 } else { plan.counts.skipped += 1 }
        }
        plan.problems = agenda.problems;
        let index = index::find(&self.whose()).await?;
        let registered = self.graph(&index).await?.unwrap_or_default();
        let container = self.addresses().iri(&self.path("/calendar/")?);
        let list = self.registration(&index, &registered, schema::EVENT, &What::Container(container));
        // A list of a calendar names nobody: any shelf will do.
        let shelf = Shelf {
            place: shelf::place(self.addresses(), &self.container("/contacts/")?),
            is_new: true,
            people: Graph::default(),
            groups: Graph::default(),
        };
        Ok(drawing.lists(plan, &shelf, &list.into_iter().collect::<Vec<_>>()).await?)
    }

    fn whose(&self) -> Whose<'_> {
        Whose { agent: &self.agent, addresses: self.addresses(), owner: self.owner.webid, pod: &self.root }
    }

    fn registration(&self, index: &ResourcePath, registered: &Graph, class: &str, what: &What) -> Option<Target> {
        let triples = index::entry(registered, &self.addresses().iri(index), class, what)?;
        Some(Target { graph: triples.into_iter().collect(), ..Target::new(index.clone()) })
    }

    /// The owner's own book. A new one is named after the import, so that one that was cut off finds it again.
    async fn shelf(&self, registered: &Graph, id: Uuid) -> Result<Shelf, Error> {
        for index in shelf::registered(registered, self.addresses(), &self.root) {
            let Some(front) = self.graph(&index).await? else { continue };
            let Some(place) = shelf::own(self.addresses(), &index, &front) else { continue };
            let people = self.graph(&place.people()).await?.unwrap_or_default();
            let groups = self.graph(&place.groups()).await?.unwrap_or_default();
            return Ok(Shelf { place, is_new: false, people, groups });
        }
        let book = self.container(&format!("/contacts/{id}/"))?;
        let place = shelf::place(self.addresses(), &book);
        Ok(Shelf { place, is_new: true, people: Graph::default(), groups: Graph::default() })
    }

    async fn apply(&self, id: Uuid) -> Result<Record, Error> {
        let folder = Folder::new(self.owner.pod, id);
        let (mut record, file) = self.one(id).await?;
        match record.state {
            State::Planned | State::Begun => {}
            State::Applied => return Ok(record),
            State::Undone => return Err(Error::Undone),
        }
        let mut before = self.before(&folder).await?;
        for attempt in 0..TRIES {
            let plan = self.plan(&file, id).await?;
            if attempt == 0 && record.state == State::Planned {
                (record.counts, record.begun) = (plan.counts, self.imports.clock.now());
            }
            record.state = State::Begun;
            for step in plan.entries.iter().chain(&plan.lists) {
                // What this very import wrote before it was cut off is not what was there before.
                if let Some(document) = step.before.as_ref().filter(|_| !record.written.contains_key(&step.path)) {
                    before.set(&step.path, document.dataset.default.clone());
                }
                record.written.insert(step.path.clone(), step.mark());
            }
            self.put_before(&folder, &before).await?;
            self.put_record(&folder, &record).await?;
            let written = self.write(&plan.entries).await? & self.write(&plan.lists).await?;
            if written {
                break;
            }
        }
        record.state = State::Applied;
        self.put_record(&folder, &record).await?;
        Ok(record)
    }

    /// Writes steps; `false` if somebody else wrote one of the documents meanwhile.
    async fn write(&self, steps: &[Step]) -> Result<bool, Stopped> {
        let writes: Vec<_> = steps.iter().map(|step| self.step(step).boxed()).collect();
        let written: Vec<Written> = stream::iter(writes).buffer_unordered(AT_A_TIME).try_collect().await?;
        Ok(written.iter().all(|written| *written != Written::Moved))
    }

    async fn step(&self, step: &Step) -> Result<Written, Stopped> {
        let Some(graph) = &step.after else { return self.agent.delete(&step.path, step.is).await };
        let mut document = step.before.as_deref().cloned().unwrap_or_default();
        document.dataset.default = graph.clone();
        self.put(&step.path, document, Format::Turtle, step.is).await
    }

    /// What was there before the import.
    async fn before(&self, folder: &Folder) -> Result<Base, Stopped> {
        let Some(held) = self.agent.look(&folder.before()).await? else { return Ok(Base::default()) };
        let document = self.agent.document(&held).await?;
        Ok(document.map(|document| Base::of(&document, self.addresses())).unwrap_or_default())
    }

    async fn put_before(&self, folder: &Folder, before: &Base) -> Result<(), Stopped> {
        if !before.has_changed() {
            return Ok(());
        }
        let path = folder.before();
        let unprintable = |_| Stopped { status: Status::Failed, at: Some("a document cannot be written") };
        let bytes = before.print(&self.addresses().iri(&path), self.addresses()).map_err(unprintable)?;
        self.agent.put(&path, Format::TriG.media_type(), bytes.into(), Is::Anything).await.map(|_| ())
    }

    async fn undo(&self, id: Uuid) -> Result<Undone, Error> {
        let folder = Folder::new(self.owner.pod, id);
        let (mut record, _) = self.one(id).await?;
        if record.state == State::Undone {
            return Err(Error::Undone);
        }
        let before = self.before(&folder).await?;
        let (lists, entries): (Vec<_>, Vec<_>) = record.written.iter().partition(|(path, _)| is_list(path));
        let mut told = Undone::default();
        let mut gone = Vec::new();
        for (path, mark) in entries {
            match self.take_back(path, mark, &before).await? {
                Back::Gone => {
                    gone.push(self.addresses().iri(path));
                    told.undone += 1;
                }
                Back::Restored => told.undone += 1,
                Back::Kept => told.kept += 1,
                Back::Nothing => {}
            }
        }
        // Groups before the list that names them.
        let depth = |path: &ResourcePath| std::cmp::Reverse(path.local().matches('/').count());
        let mut lists: Vec<_> = lists.into_iter().collect();
        lists.sort_by_key(|(path, _)| depth(path));
        for (path, mark) in lists {
            if told.kept == 0 && matches!(self.take_back(path, mark, &before).await?, Back::Gone) {
                gone.push(self.addresses().iri(path));
            } else {
                self.forget(path, &gone).await?;
            }
        }
        record.state = State::Undone;
        self.put_record(&folder, &record).await?;
        Ok(told)
    }

    /// Takes back what was done to a document, unless it says something else now.
    async fn take_back(&self, path: &ResourcePath, mark: &Mark, before: &Base) -> Result<Back, Stopped> {
        let earlier = before.keeps(path).then(|| before.document(path).clone());
        let held = self.agent.look(path).await?;
        let document = match &held {
            Some(held) => self.agent.document(held).await?,
            None => None,
        };
        let (is, now) = match (&held, &document) {
            (None, _) => (Is::Absent, None),
            (Some(held), Some(document)) => (Is::At(held.version), record::digest(&document.dataset.default)),
            (Some(_), None) => return Ok(Back::Kept),
        };
        if held.is_none() && (mark.digest.is_some() || earlier.is_none()) {
            return Ok(Back::Nothing);
        }
        if now.is_none() && held.is_some() || now != mark.digest {
            let untouched = document
                .as_ref()
                .zip(earlier.as_ref())
                .is_some_and(|(document, earlier)| document.dataset.default == *earlier);
            return Ok(if untouched { Back::Nothing } else { Back::Kept });
        }
        let done = match earlier {
            Some(graph) => {
                let mut document = document.as_deref().cloned().unwrap_or_default();
                document.dataset.default = graph;
                (self.put(path, document, Format::Turtle, is).await?, Back::Restored)
            }
            None => (self.agent.delete(path, is).await?, Back::Gone),
        };
        if done.0 == Written::Moved {
            return Ok(Back::Kept);
        }
        if done.1 == Back::Gone {
            self.agent.delete_empty_above(path).await?;
        }
        Ok(done.1)
    }

    /// Takes out of a list what it says of documents that are gone.
    async fn forget(&self, path: &ResourcePath, gone: &[String]) -> Result<(), Stopped> {
        let gone: BTreeSet<&str> = gone.iter().map(String::as_str).collect();
        let is_gone = |term: &Term| {
            let document = term.as_iri().and_then(|iri| iri.split('#').next());
            document.is_some_and(|document| gone.contains(document))
        };
        for _ in 0..TRIES {
            let Some(held) = self.agent.look(path).await? else { return Ok(()) };
            let Some(document) = self.agent.document(&held).await? else { return Ok(()) };
            let mut document = Arc::unwrap_or_clone(document);
            let graph = &document.dataset.default;
            // A registration goes with what it registers.
            let registers = |node: &Term| graph.objects(node, solid::INSTANCE).any(is_gone);
            let stays =
                |triple: &&Triple| !is_gone(&triple.subject) && !is_gone(&triple.object) && !registers(&triple.subject);
            let kept: Graph = graph.iter().filter(stays).cloned().collect();
            if kept == document.dataset.default {
                return Ok(());
            }
            document.dataset.default = kept;
            if self.put(path, document, Format::Turtle, Is::At(held.version)).await? != Written::Moved {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What became of a document that was to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    Gone,
    Restored,
    /// It was edited since.
    Kept,
    /// There was nothing to take back.
    Nothing,
}

/// Whether a document is a list or a group, and not somebody's card or an event.
fn is_list(path: &ResourcePath) -> bool {
    !path.local().contains("/Person/") && !path.local().starts_with("/calendar/")
}
