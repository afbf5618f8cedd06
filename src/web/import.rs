//! Bringing a file in: chosen, looked at before anything happens, applied, and taken back if need be.

mod words;

use askama::Template;
use http::StatusCode;
use uuid::Uuid;

use super::own::{Own, broken};
use super::parts::list::{Action, Breadcrumb, Log, Row};
use super::parts::{Banner, Tone, icon};
use super::{Answer, Asked, Instead, Language, Pages, Shell, Visitor, date, page, pages, path, see_other};
use crate::http::Problem;
use crate::ingest::file::csv::Field;
use crate::ingest::file::import::{Error, File, Imports, Owner};
use crate::ingest::file::plan::Plan;
use crate::ingest::file::problem::Unreadable;
use crate::ingest::file::record::{Counts, Record, State};
use crate::ingest::file::{Kind, text};
use crate::web::form;
use words::{ENGLISH, FRENCH, Words};

/// Problems that are listed.
const PROBLEMS: usize = 100;

/// Where one import is shown.
fn place(id: Uuid) -> String {
    format!("{}{id}/", path::IMPORT)
}

#[derive(Template)]
#[template(path = "import/choose.html")]
struct ChoosePage {
    shell: Shell,
    words: &'static Words,
    done: Option<Banner>,
    wrong: Option<&'static str>,
    earlier: Vec<Row>,
}

#[derive(Template)]
#[template(path = "import/one.html")]
struct OnePage {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    told: Vec<Banner>,
    here: String,
    name: String,
    counts: Vec<String>,
    problems: Option<Log>,
    columns: Vec<Column>,
    can: Can,
}

/// A column of a table, and what it may hold.
struct Column {
    number: usize,
    name: String,
    sample: String,
    choices: Vec<(&'static str, &'static str, bool)>,
}

/// What can be done with an import.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Can {
    Apply,
    Undo,
    Forget,
}

/// Answers a request for the page on which a file is chosen, or keeps the file that was.
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = words(visitor.language);
    let own = Own::of(pages, by, asked).await?.ok_or_else(not_found)?;
    let (imports, owner) = (imports(pages), owner(&own));
    let mut wrong = None;
    if let Some(form) = &asked.form {
        match form.file("file").map_or(Err(Unreadable::Empty), read) {
            Ok(file) => match imports.keep(owner, &file).await {
                Ok(id) => return Ok(see_other(&place(id), Vec::new())),
                Err(Error::Unreadable(unreadable)) => wrong = Some((words.unreadable)(unreadable)),
                Err(error) => return Err(refused(error)),
            },
            Err(unreadable) => wrong = Some((words.unreadable)(unreadable)),
        }
    }
    let done = asked.query.find("done").and_then(|word| words.done.iter().find(|(named, _)| *named == word));
    let earlier = imports.all(owner).await.map_err(refused)?;
    let shown = ChoosePage {
        shell: Shell::new(visitor, words.title),
        words,
        done: done.map(|(_, text)| Banner { tone: Tone::Ok, text: (*text).to_owned() }),
        earlier: earlier.iter().map(|record| row(record, words, visitor.language)).collect(),
        wrong,
    };
    page(if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &shown, visitor)
}

fn read(file: &form::File) -> Result<File, Unreadable> {
    File::new(file.bytes.clone(), None, None, Some(file.name.clone()))
}

/// Answers a request for the page of one import, or does what its form asks.
///
/// A table whose columns name nobody is shown all the same, for them to be chosen.
pub(super) async fn one(pages: &Pages, visitor: &Visitor, asked: &Asked, id: &str) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = words(visitor.language);
    let own = Own::of(pages, by, asked).await?.ok_or_else(not_found)?;
    let (imports, owner) = (imports(pages), owner(&own));
    let id = Uuid::try_parse(id).map_err(|_| not_found())?;
    if let Some(form) = &asked.form {
        return act(&imports, owner, id, form).await;
    }
    let (record, file) = imports.one(owner, id).await.map_err(refused)?;
    let mut told = Vec::new();
    let (mut counts, mut problems, mut columns) = (record.counts, None, Vec::new());
    if matches!(record.state, State::Planned | State::Begun) {
        if file.kind == Kind::Csv {
            columns = columns_of(&file, words);
        }
        match imports.plan(owner, id).await {
            Ok(plan) => {
                counts = plan.counts;
                problems = log(&plan, words);
                told.extend(about(&plan, words));
            }
            Err(Error::Unreadable(unreadable)) => {
                told.push(Banner { tone: Tone::Warn, text: (words.unreadable)(unreadable).to_owned() });
            }
            Err(error) => return Err(refused(error)),
        }
    }
    told.extend(outcome(&record, asked, words));
    let (label, above) = words.way;
    let shown = OnePage {
        shell: Shell::new(visitor, (words.state)(record.state)),
        words,
        way: Breadcrumb { label, above: vec![(path::IMPORT, above)] },
        told,
        here: place(id),
        name: record.name.clone().unwrap_or_default(),
        counts: numbers(counts, record.state, words),
        problems,
        columns,
        can: match record.state {
            State::Planned | State::Begun => Can::Apply,
            State::Applied => Can::Undo,
            State::Undone => Can::Forget,
        },
    };
    page(StatusCode::OK, &shown, visitor)
}

async fn act(imports: &Imports, owner: Owner<'_>, id: Uuid, form: &form::Form) -> Answer {
    let next = match form.get("do") {
        "apply" => {
            imports.apply(owner, id).await.map_err(refused)?;
            format!("{}?done=applied", place(id))
        }
        "undo" => {
            let undone = imports.undo(owner, id).await.map_err(refused)?;
            format!("{}?undone={}&kept={}", place(id), undone.undone, undone.kept)
        }
        "forget" => {
            imports.discard(owner, id).await.map_err(refused)?;
            format!("{}?done=forgotten", path::IMPORT)
        }
        _ => {
            let column = |(name, field): (&str, &str)| {
                let number = name.strip_prefix("column-")?.parse::<usize>().ok()?;
                Some(format!("{number}={field}"))
            };
            let chosen: Vec<_> = form.pairs().filter_map(column).collect();
            imports.choose(owner, id, &chosen.join(",")).await.map_err(refused)?;
            place(id)
        }
    };
    Ok(see_other(&next, Vec::new()))
}

fn columns_of(file: &File, words: &Words) -> Vec<Column> {
    let Ok((sheet, columns)) = file.sheet() else { return Vec::new() };
    let column = |(index, name): (usize, &String)| {
        let chosen = columns.0.get(index).copied().unwrap_or(Field::Ignore);
        let choice = |field: Field| (field.name(), (words.field)(field), field == chosen);
        let sample: Vec<_> = sheet.sample(index).iter().take(3).map(|cell| text::defused(cell).into_owned()).collect();
        Column {
            number: index + 1,
            name: name.clone(),
            sample: sample.join(" · "),
            choices: Field::all().map(choice).collect(),
        }
    };
    sheet.header.iter().enumerate().map(column).collect()
}

fn log(plan: &Plan, words: &'static Words) -> Option<Log> {
    let line = |problem: &crate::ingest::file::problem::Problem| {
        vec![problem.line.to_string(), (words.reason)(problem.reason).to_owned()]
    };
    let lines: Vec<_> = plan.problems.iter().take(PROBLEMS).map(line).collect();
    (!lines.is_empty()).then(|| Log { caption: words.problems, headings: words.headings.to_vec(), lines })
}

fn about(plan: &Plan, words: &Words) -> Option<Banner> {
    (plan.own_values > 0).then(|| Banner { tone: Tone::Info, text: (words.own_values)(plan.own_values) })
}

/// What has just been done.
fn outcome(record: &Record, asked: &Asked, words: &Words) -> Option<Banner> {
    let number = |name: &str| asked.query.find(name).and_then(|number| number.parse::<usize>().ok());
    match record.state {
        State::Applied if asked.query.find("done") == Some("applied") => {
            Some(Banner { tone: Tone::Ok, text: words.applied.to_owned() })
        }
        State::Undone => {
            let (undone, kept) = (number("undone")?, number("kept").unwrap_or_default());
            Some(Banner { tone: if kept > 0 { Tone::Info } else { Tone::Ok }, text: (words.undone)(undone, kept) })
        }
        State::Begun => Some(Banner { tone: Tone::Warn, text: words.begun.to_owned() }),
        _ => None,
    }
}

fn numbers(counts: Counts, state: State, words: &Words) -> Vec<String> {
    let Counts { created, changed, skipped, removed, rejected } = counts;
    let to_come = matches!(state, State::Planned | State::Begun);
    let all = [created, changed, removed, skipped, rejected];
    let told = all.into_iter().enumerate().filter(|(_, count)| *count > 0);
    told.map(|(which, count)| (words.count)(which, count, to_come)).collect()
}

fn row(record: &Record, words: &Words, language: Language) -> Row {
    let second = format!("{} · {}", date::day(record.begun, language), (words.state)(record.state));
    Row {
        icon: icon("file-text"),
        name: record.name.clone().unwrap_or_else(|| words.nameless.to_owned()),
        second,
        action: Some(Action::Open { path: place(record.id), label: words.open }),
    }
}

fn words(language: Language) -> &'static Words {
    language.choose(&FRENCH, &ENGLISH)
}

fn imports(pages: &Pages) -> Imports {
    Imports { pods: std::sync::Arc::clone(&pages.profiles.pods), clock: std::sync::Arc::clone(&pages.clock) }
}

fn owner<'a>(own: &'a Own<'_>) -> Owner<'a> {
    Owner { webid: &own.owner, pod: &own.pod }
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found")
}

fn refused(error: Error) -> Instead {
    match error {
        Error::Stopped(stopped) => broken(stopped),
        Error::NoSuchImport => not_found().into(),
        Error::Unreadable(_) | Error::Undone => Problem::new(StatusCode::CONFLICT, "conflict").into(),
    }
}
