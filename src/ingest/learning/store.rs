//! Keeping statements in a pod: which are there, the view of each day, and the bytes as they came, in this order.
//!
//! A statement is first noted in its file of ids, then said in its day's document, then its bytes are appended. So bytes
//! that are there tell that all was done, and whoever sends the same again, after a crash, finishes what was begun.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::batch::Item;
use super::ids::{self, Ids, Known, Voided};
use super::person::Person;
use super::statement::Statement;
use super::trace::Rejected;
use super::view;
use crate::identity::json;
use crate::ingest::index::{What, Whose};
use crate::ingest::outcome::{Status, Stopped};
use crate::ingest::write::{Held, Is, OwnersAgent, Written};
use crate::language::date;
use crate::path::{ContainerPath, PodName, ResourcePath};
use crate::rdf::format::{self, Document, Format};
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::cartable;
use crate::storage::Version;

/// Where the view is. Who may read it reads no name, no e-mail address and no free answer.
pub const TRACES: &str = "/learning/traces/";
/// Where statements are as they came. Only the owner looks into it, unless they say otherwise.
pub const RAW: &str = "/learning/raw/";
/// Documents that are read or written at the same time.
const AT_A_TIME: usize = 32;
/// How often something is decided again because somebody else wrote it meanwhile. Each time one of them gets through, so
/// this is how many may send at the same time.
const TRIES: usize = 64;
/// Bytes from which a month goes on in another file, so that one more statement never rewrites much.
const PART: u64 = 1 << 20;
const JSON_LINES: &str = "application/jsonl";
const TABLE: &str = "text/tab-separated-values;charset=utf-8";

/// The place where one owner's statements are kept.
pub struct Store {
    pub(super) agent: OwnersAgent,
    pub(super) pod: PodName,
    /// The pod's owners: the first one is the actor of its traces.
    pub(super) owners: Vec<String>,
    pub(super) person: Person,
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is kept now.
    New,
    /// It was there.
    Known,
    Rejected(Rejected),
}

/// Who sends statements, when, and how they are taken.
#[derive(Debug, Clone, Copy)]
pub struct Sending<'a> {
    /// The WebID that sends.
    pub by: &'a str,
    pub now: Timestamp,
    /// All of them or none.
    pub whole: bool,
    /// Whether it is only asked what would become of them.
    pub dry_run: bool,
}

/// A file of ids as it was read, and what is new in it.
struct File {
    version: Option<Version>,
    ids: Ids,
    added: Vec<Uuid>,
    changed: bool,
}

type Files = BTreeMap<u8, File>;

impl Store {
    /// Keeps statements, and says what became of each.
    ///
    /// Spec: LT-15, LT-17, LT-18, LT-19, LT-27
    pub async fn keep(&self, items: &[Item], sending: Sending<'_>) -> Result<Vec<Fate>, Stopped> {
        let (fates, files) = self.note(items, sending).await?;
        let refused = fates.iter().any(|fate| matches!(fate, Fate::Rejected(_)));
        if sending.dry_run || (sending.whole && refused) {
            return Ok(fates);
        }
        let unfinished = self.unfinished(items, &fates).await?;
        if unfinished.is_empty() {
            return Ok(fates);
        }
        self.open().await?;
        self.write_days(&unfinished, &files).await?;
        self.append(&unfinished).await?;
        Ok(fates)
    }

    /// Notes the ids of what is new, unless nothing is to be written.
    async fn note(&self, items: &[Item], sending: Sending<'_>) -> Result<(Vec<Fate>, Files), Stopped> {
        let mut noted = HashSet::new();
        for _ in 0..TRIES {
            let mut files = self.files(items).await?;
            let fates: Vec<_> = items.iter().map(|item| self.fate(item, sending, &mut files, &noted)).collect();
            let refused = fates.iter().any(|fate| matches!(fate, Fate::Rejected(_)));
            let nothing = sending.dry_run || (sending.whole && refused && noted.is_empty());
            if nothing || self.write_files(&files, &mut noted).await? {
                return Ok((fates, files));
            }
        }
        Err(Stopped { status: Status::Failed, at: Some("others keep writing") })
    }

    /// What becomes of a statement; what is new is added to its file.
    fn fate(&self, item: &Item, sending: Sending<'_>, files: &mut Files, noted: &HashSet<Uuid>) -> Fate {
        let id = item.statement.id();
        if let Some(known) = find(files, id) {
            let same = known.digest == item.digest;
            let fate = if noted.contains(&id) { Fate::New } else { Fate::Known };
            return if same { fate } else { Fate::Rejected(Rejected::Conflict) };
        }
        let voids = if let Statement::Voids { target, .. } = item.statement { Some(target) } else { None };
        if let Some(target) = voids.and_then(|target| find(files, target)) {
            let may_void = target.by == sending.by || self.owners.iter().any(|owner| owner == sending.by);
            if !may_void || target.voids.is_some() {
                return Fate::Rejected(Rejected::CannotVoid);
            }
        }
        let by = sending.by.to_owned();
        if let Some((target, file)) = voids.and_then(|id| Some((id, files.get_mut(&ids::file(id))?))) {
            file.ids.void(target, &Voided { at: item.statement.at(), by: by.clone() });
            file.changed = true;
        }
        if let Some(file) = files.get_mut(&ids::file(id)) {
            let day = day(&item.statement);
            file.ids.add(Known { id, stored: sending.now, day, digest: item.digest, voids, by });
            file.added.push(id);
            file.changed = true;
        }
        Fate::New
    }

    /// The files of all ids that the statements name.
    async fn files(&self, items: &[Item]) -> Result<Files, Stopped> {
        let named = items.iter().flat_map(|item| match item.statement {
            Statement::Voids { id, target, .. } => [id, target],
            Statement::Trace(ref trace) => [trace.id; 2],
        });
        let numbers: BTreeSet<u8> = named.map(ids::file).collect();
        let reads = numbers.into_iter().map(|number| async move {
            let (version, ids) = self.ids(number).await?;
            Ok((number, File { version, ids, added: Vec::new(), changed: false }))
        });
        stream::iter(reads).buffer_unordered(AT_A_TIME).try_collect().await
    }

    /// One file of ids, and its version if it is there.
    pub(super) async fn ids(&self, number: u8) -> Result<(Option<Version>, Ids), Stopped> {
        let Some(held) = self.agent.look(&self.ids_path(number)?).await? else { return Ok((None, Ids::default())) };
        let bytes = self.agent.body(&held).await?;
        Ok((Some(held.version), Ids::parse(&bytes)))
    }

    /// Writes the files that were changed; `false` if somebody else wrote one of them meanwhile.
    async fn write_files(&self, files: &Files, noted: &mut HashSet<Uuid>) -> Result<bool, Stopped> {
        if files.values().any(|file| file.changed) {
            self.open().await?;
        }
        let changed = files.iter().filter(|(_, file)| file.changed);
        let texts: Vec<_> = changed.map(|(number, file)| (*number, file.version, file.ids.text().to_owned())).collect();
        let writes = texts.into_iter().map(|(number, version, text)| async move {
            let is = version.map_or(Is::Absent, Is::At);
            let written = self.agent.put(&self.ids_path(number)?, TABLE, text.into(), is).await?;
            Ok::<_, Stopped>((number, written != Written::Moved))
        });
        let written: Vec<(u8, bool)> = stream::iter(writes).buffer_unordered(AT_A_TIME).try_collect().await?;
        let done = written.iter().filter(|(_, done)| *done).filter_map(|(number, _)| files.get(number));
        noted.extend(done.flat_map(|file| &file.added));
        Ok(written.iter().all(|(_, done)| *done))
    }

    /// Of statements that were noted, those whose bytes are not there yet.
    async fn unfinished<'i>(&self, items: &'i [Item], fates: &[Fate]) -> Result<Vec<&'i Item>, Stopped> {
        let mut months: HashMap<(i16, i8), HashSet<Uuid>> = HashMap::new();
        let mut unfinished = Vec::new();
        let mut seen = HashSet::new();
        for (item, fate) in items.iter().zip(fates) {
            let day = day(&item.statement);
            let month = (day.year(), day.month());
            if *fate == Fate::Known && !months.contains_key(&month) {
                let lines = self.lines(day).await?;
                months.insert(month, lines.into_keys().collect());
            }
            let is_there =
                *fate == Fate::Known && months.get(&month).is_some_and(|ids| ids.contains(&item.statement.id()));
            let counts = !is_there && !matches!(fate, Fate::Rejected(_));
            if counts && seen.insert(item.statement.id()) {
                unfinished.push(item);
            }
        }
        Ok(unfinished)
    }

    /// Makes the containers, and tells applications where traces are. What is there already is left as it is.
    ///
    /// Spec: LT-17
    async fn open(&self) -> Result<(), Stopped> {
        let raw = self.container(RAW)?;
        if self.agent.look(&raw).await?.is_some() {
            return Ok(());
        }
        let traces = self.container(TRACES)?;
        self.agent.make(&traces).await?;
        let what = What::Container(self.agent.iri(&traces));
        let (owner, root) = (self.owner(), ResourcePath::root(self.pod.clone()));
        let whose = Whose { agent: &self.agent, addresses: self.agent.addresses(), owner, pod: &root };
        whose.register(cartable::LEARNING_TRACE, &what).await?;
        self.agent.keep_private(&raw, self.owner()).await
    }

    /// Says traces in the documents of their days, each written once, and that what was voided no longer holds.
    ///
    /// Spec: LT-15, LT-18
    async fn write_days(&self, items: &[&Item], files: &Files) -> Result<(), Stopped> {
        let mut days: BTreeMap<Date, Graph> = BTreeMap::new();
        for item in items {
            match &item.statement {
                Statement::Trace(trace) => {
                    let day = day(&item.statement);
                    let document = self.agent.iri(&self.day_path(day)?);
                    let graph = days.entry(day).or_default();
                    graph.extend(view::triples(trace, &document, self.owner(), &self.person));
                    graph.extend(self.invalidated(files, trace.id)?);
                }
                Statement::Voids { target, .. } => {
                    if let Some(known) = find(files, *target) {
                        let said = self.invalidated(files, *target)?;
                        days.entry(known.day).or_default().extend(said);
                    }
                }
            }
        }
        let writes = days.into_iter().map(|(day, graph)| async move { self.write_day(day, graph).await });
        stream::iter(writes).buffer_unordered(AT_A_TIME).try_collect().await
    }

    /// That a statement which is there is void, if it is.
    fn invalidated(&self, files: &Files, id: Uuid) -> Result<Option<Triple>, Stopped> {
        let Some(File { ids, .. }) = files.get(&ids::file(id)) else { return Ok(None) };
        let Some(known) = ids.get(id) else { return Ok(None) };
        let Some(since) = ids.void_since(id, &known.by, &self.owners) else { return Ok(None) };
        let document = self.agent.iri(&self.day_path(known.day)?);
        Ok(view::invalidated(&document, id, since))
    }

    /// Adds to a day's document, or makes it. What its owner changed in it stays: of a trace that they took out, nothing
    /// is said any more.
    ///
    /// Spec: LT-18
    async fn write_day(&self, day: Date, said: Graph) -> Result<(), Stopped> {
        let path = self.day_path(day)?;
        let iri = self.agent.iri(&path);
        let held = self.agent.look(&path).await?;
        let there = match &held {
            Some(held) => self.agent.document(held).await?,
            None => None,
        };
        let is_there = |node: &Term| there.as_ref().is_some_and(|it| it.dataset.default.about(node).next().is_some());
        let new: BTreeSet<_> = view::ids(&said, &iri).into_iter().map(|id| view::node(&iri, id)).collect();
        let counts = |node: &Term| !view::names_trace(&iri, node) || new.contains(node) || is_there(node);
        let said: Graph = said.into_iter().filter(|triple| counts(&triple.subject)).collect();
        if said.is_empty() {
            return Ok(());
        }
        if held.is_none() {
            let prefixes = view::PREFIXES.map(|(prefix, namespace)| (prefix.to_owned(), namespace.to_owned()));
            let document = Document { dataset: said.clone().into(), prefixes: prefixes.to_vec() };
            let unprintable = |_| Stopped { status: Status::Failed, at: Some("a trace cannot be printed") };
            let turtle = format::print_at(&iri, &document, Format::Turtle).map_err(unprintable)?;
            if self.agent.put(&path, Format::Turtle.media_type(), turtle.into(), Is::Absent).await? != Written::Moved {
                return Ok(());
            }
        }
        self.agent.insert(&path, said.into_iter().collect()).await
    }

    /// Appends statements to the files of their months, as they came.
    ///
    /// Spec: LT-17
    async fn append(&self, items: &[&Item]) -> Result<(), Stopped> {
        let mut months: BTreeMap<(i16, i8), (Date, String)> = BTreeMap::new();
        for item in items {
            let day = day(&item.statement);
            let (_, text) = months.entry((day.year(), day.month())).or_insert_with(|| (day, String::new()));
            text.push_str(&item.line);
            text.push('\n');
        }
        let writes = months.into_values().map(|(day, text)| async move { self.append_to(day, &text).await });
        stream::iter(writes).buffer_unordered(AT_A_TIME).try_collect().await
    }

    async fn append_to(&self, day: Date, text: &str) -> Result<(), Stopped> {
        for _ in 0..TRIES {
            let parts = self.parts(day).await?;
            let (mut bytes, mut is, mut part) = (Vec::new(), Is::Absent, parts.len());
            if let Some(last) = parts.last().filter(|last| last.size() < PART) {
                bytes = self.agent.body(last).await?.to_vec();
                (is, part) = (Is::At(last.version), part - 1);
            }
            bytes.extend_from_slice(text.as_bytes());
            if self.agent.put(&self.raw_path(day, part)?, JSON_LINES, bytes.into(), is).await? != Written::Moved {
                return Ok(());
            }
        }
        Err(Stopped { status: Status::Failed, at: Some("others keep writing") })
    }

    /// The files of the month of a day, in their order.
    async fn parts(&self, day: Date) -> Result<Vec<Held>, Stopped> {
        let mut parts = Vec::new();
        while let Some(held) = self.agent.look(&self.raw_path(day, parts.len())?).await? {
            parts.push(held);
        }
        Ok(parts)
    }

    /// The statements of the month of a day as they came, by their ids.
    pub(super) async fn lines(&self, day: Date) -> Result<HashMap<Uuid, Arc<str>>, Stopped> {
        let mut lines = HashMap::new();
        for part in self.parts(day).await? {
            let bytes = self.agent.body(&part).await?;
            lines.extend(String::from_utf8_lossy(&bytes).lines().filter_map(|line| Some((id_of(line)?, line.into()))));
        }
        Ok(lines)
    }

    /// By which names tools know the owner.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The actor of all traces.
    pub(super) fn owner(&self) -> &str {
        self.owners.first().map_or("", String::as_str)
    }

    /// `/learning/traces/2026/09/07.ttl`
    pub(super) fn day_path(&self, day: Date) -> Result<ResourcePath, Stopped> {
        self.path(&format!("{TRACES}{:04}/{:02}/{:02}.ttl", day.year(), day.month(), day.day()))
    }

    /// `/learning/raw/2026-09.jsonl`, then `2026-09-2.jsonl`.
    fn raw_path(&self, day: Date, part: usize) -> Result<ResourcePath, Stopped> {
        let part = if part == 0 { String::new() } else { format!("-{}", part + 1) };
        self.path(&format!("{RAW}{:04}-{:02}{part}.jsonl", day.year(), day.month()))
    }

    fn ids_path(&self, number: u8) -> Result<ResourcePath, Stopped> {
        self.path(&format!("{RAW}ids/{number:02x}.tsv"))
    }

    pub(super) fn container(&self, local: &str) -> Result<ContainerPath, Stopped> {
        self.path(local)?.as_container().ok_or_else(malformed)
    }

    pub(super) fn path(&self, local: &str) -> Result<ResourcePath, Stopped> {
        ResourcePath::parse(self.pod.clone(), local).map_err(|_| malformed())
    }
}

fn malformed() -> Stopped {
    Stopped { status: Status::Failed, at: Some("a path is malformed") }
}

fn find(files: &Files, id: Uuid) -> Option<&Known> {
    files.get(&ids::file(id)).and_then(|file| file.ids.get(id))
}

/// The day in Paris on which what a statement tells of ended.
///
/// Spec: LT-6
pub(super) fn day(statement: &Statement) -> Date {
    date::in_france(statement.at()).date()
}

fn id_of(line: &str) -> Option<Uuid> {
    let object = json::object(line.as_bytes())?;
    let id = json::text(&object, "id").ok()??;
    id.strip_prefix("urn:uuid:").unwrap_or(id).parse().ok()
}
