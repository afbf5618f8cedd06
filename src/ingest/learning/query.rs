//! Asking for statements: by id, or those that fit, page by page in the order in which they were stored.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ids::{Ids, Known};
use super::person::OnlineAccount;
use super::statement::{self, Statement};
use super::store::Store;
use super::trace::{Activity, Object, Trace};
use super::{batch, event, view};
use crate::ingest::outcome::Stopped;
use crate::rdf::format::Document;
use crate::rdf::graph::Iri;

/// The most statements of one page.
pub const PAGE: usize = 100;
/// The most statements that are looked at for one page.
const MOST_LOOKED_AT: usize = 5000;
const AT_A_TIME: usize = 32;

/// Which statements are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    pub verb: Option<Iri>,
    pub activity: Option<Iri>,
    /// Whether an activity counts that something is part of.
    pub related: bool,
    pub attempt: Option<Uuid>,
    /// Stored after, and stored until.
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Oldest first.
    pub ascending: bool,
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<(Timestamp, Uuid)>,
}

/// How much of a statement somebody may see.
///
/// Spec: LT-22
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// As it was sent.
    Raw,
    /// What the view says of it.
    View,
}

/// Statements that fit, and where to go on, if there may be more.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    pub statements: Vec<Value>,
    pub more: Option<(Timestamp, Uuid)>,
}

type Month = (i16, i8);
type Lines = HashMap<Uuid, Arc<str>>;

/// What was read of documents and months, to be read once.
#[derive(Default)]
struct Shelf {
    days: HashMap<Date, Option<Arc<Document>>>,
    month: Option<(Month, Lines)>,
}

impl Store {
    /// The statement of this id; `None` if there is none that may be seen, or it is void although it must not be, or the
    /// other way round.
    ///
    /// Spec: LT-24
    pub async fn one(&self, id: Uuid, void: bool, depth: Depth) -> Result<Option<Value>, Stopped> {
        let (_, ids) = self.ids(super::ids::file(id)).await?;
        let Some(known) = ids.get(id).filter(|known| self.is_void(&ids, known) == void) else { return Ok(None) };
        let found = self.read(known, depth, &mut Shelf::default()).await?;
        Ok(found.map(|found| self.print(known, found)))
    }

    /// A page of the statements that fit; void ones are left out.
    ///
    /// Spec: LT-25
    pub async fn list(&self, wanted: &Wanted, depth: Depth) -> Result<Page, Stopped> {
        let mut fitting = self.everything().await?;
        fitting.retain(|known| wanted.covers(known));
        fitting.sort_by_key(|known| (known.stored, known.id));
        if !wanted.ascending {
            fitting.reverse();
        }
        let (mut page, mut shelf) = (Page::default(), Shelf::default());
        for (looked_at, known) in fitting.iter().enumerate() {
            let found = self.read(known, depth, &mut shelf).await?;
            let fits = found.as_ref().is_some_and(|found| self.fits(wanted, &found.statement));
            page.statements.extend(found.filter(|_| fits).map(|found| self.print(known, found)));
            let full = page.statements.len() >= wanted.limit || looked_at + 1 >= MOST_LOOKED_AT;
            if full {
                page.more = (looked_at + 1 < fitting.len()).then_some((known.stored, known.id));
                break;
            }
        }
        Ok(page)
    }

    /// All statements that are not void.
    async fn everything(&self) -> Result<Vec<Known>, Stopped> {
        let reads = (0..=u8::MAX).map(|number| async move { self.ids(number).await });
        let files: Vec<(_, Ids)> = stream::iter(reads).buffer_unordered(AT_A_TIME).try_collect().await?;
        let valid = |ids: &Ids| ids.all().filter(|known| !self.is_void(ids, known)).cloned().collect::<Vec<_>>();
        Ok(files.iter().flat_map(|(_, ids)| valid(ids)).collect())
    }

    fn is_void(&self, ids: &Ids, known: &Known) -> bool {
        ids.void_since(known.id, &known.by, &self.owners).is_some()
    }

    /// What there is to see of a statement.
    async fn read(&self, known: &Known, depth: Depth, shelf: &mut Shelf) -> Result<Option<Found>, Stopped> {
        if depth == Depth::Raw {
            let line = self.line(known, shelf).await?;
            return Ok(line.and_then(|line| self.as_sent(&line)));
        }
        if let Some(target) = known.voids {
            let at = known.stored;
            return Ok(Some(Found { statement: Statement::Voids { id: known.id, target, at }, sent: None }));
        }
        if let Entry::Vacant(place) = shelf.days.entry(known.day) {
            let held = self.agent.look(&self.day_path(known.day)?).await?;
            let read = match &held {
                Some(held) => self.agent.document(held).await?,
                None => None,
            };
            place.insert(read);
        }
        let document = shelf.days.get(&known.day).cloned().flatten();
        let iri = self.agent.iri(&self.day_path(known.day)?);
        let trace = document.and_then(|document| view::read(&document.dataset.default, &iri, known.id));
        Ok(trace.map(|trace| Found { statement: Statement::Trace(Box::new(trace)), sent: None }))
    }

    async fn line(&self, known: &Known, shelf: &mut Shelf) -> Result<Option<Arc<str>>, Stopped> {
        let month = (known.day.year(), known.day.month());
        if shelf.month.as_ref().is_none_or(|(read, _)| *read != month) {
            shelf.month = Some((month, self.lines(known.day).await?));
        }
        Ok(shelf.month.as_ref().and_then(|(_, lines)| lines.get(&known.id).cloned()))
    }

    /// A statement from its line. Of an event there is no statement as it was sent.
    fn as_sent(&self, line: &str) -> Option<Found> {
        let statement = batch::item(line, &self.person, Timestamp::UNIX_EPOCH).ok()?.statement;
        let sent = if event::is_event(line) { None } else { serde_json::from_str(line).ok() };
        Some(Found { statement, sent })
    }

    fn fits(&self, wanted: &Wanted, statement: &Statement) -> bool {
        let Statement::Trace(trace) = statement else {
            let voided = wanted.verb.as_deref().is_none_or(|verb| verb == statement::VOIDED);
            return voided && wanted.activity.is_none() && wanted.attempt.is_none();
        };
        let impersonal = |iri: &Iri| view::impersonal(iri, &self.person);
        let is_activity = |activity: &Activity| {
            wanted.activity.as_ref().is_some_and(|asked| impersonal(asked) == impersonal(&activity.iri))
        };
        let about = matches!(&trace.object, Object::Activity(object) if is_activity(object));
        let around = wanted.related && trace.part_of.iter().chain(&trace.in_course).any(is_activity);
        wanted.verb.as_ref().is_none_or(|verb| *verb == trace.verb)
            && wanted.attempt.is_none_or(|attempt| trace.attempt == Some(attempt))
            && (wanted.activity.is_none() || about || around)
    }

    /// A statement as it is answered: with the time when it was stored, and who sent it.
    fn print(&self, known: &Known, found: Found) -> Value {
        let account = OnlineAccount { home: self.agent.addresses().base().to_owned(), name: self.owner().to_owned() };
        let mut statement = match (found.sent, found.statement) {
            (Some(sent), _) => sent,
            (None, Statement::Trace(trace)) => statement::of(&trace, &account),
            (None, Statement::Voids { target, at, .. }) => voiding(known.id, target, at, &account),
        };
        let by = json!({ "objectType": "Agent", "account": { "homePage": account.home, "name": known.by } });
        statement.entry("timestamp").or_insert_with(|| known.stored.to_string().into());
        statement.entry("version").or_insert_with(|| "1.0.3".into());
        statement.insert("authority".into(), by);
        statement.insert("stored".into(), known.stored.to_string().into());
        statement.into()
    }
}

/// A statement that was found, and its members as they were sent, if they may be seen.
struct Found {
    statement: Statement,
    sent: Option<Map<String, Value>>,
}

fn voiding(id: Uuid, target: Uuid, at: Timestamp, owner: &OnlineAccount) -> Map<String, Value> {
    let trace = Trace { id, verb: statement::VOIDED.into(), object: Object::Statement(target), ..Trace::ended(at) };
    statement::of(&trace, owner)
}

impl Wanted {
    /// Whether a statement of this place in the order is wanted at all.
    fn covers(&self, known: &Known) -> bool {
        let place = (known.stored, known.id);
        let goes_on = self.after.is_none_or(|after| if self.ascending { place > after } else { place < after });
        let since = self.since.is_none_or(|since| known.stored > since);
        goes_on && since && self.until.is_none_or(|until| known.stored <= until)
    }
}
