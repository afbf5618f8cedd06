//! What came into a space this week, and what waits for its owner's answer.

use std::time::Duration;

use super::Words;
use crate::ingest::connection::Connection;
use crate::ingest::outcome::Status;
use crate::ingest::report;
use crate::path::ResourcePath;
use crate::rdf::graph::Term;
use crate::rdf::vocab::{cartable, rdf};
use crate::web::own::{Own, text};
use crate::web::parts::icon;
use crate::web::parts::list::{Action, Row};
use crate::web::{Instead, Pages, Visitor, connectors, proposals};

const WEEK: Duration = Duration::from_hours(7 * 24);

/// Both, as rows that lead to where more is told.
#[derive(Default)]
pub(super) struct News {
    pub asks: Vec<Row>,
    pub came: Vec<Row>,
}

/// Looks at the connections of a pod and at the reports of their runs.
///
/// Spec: CP-20, CP-24
pub(super) async fn of(pages: &Pages, visitor: &Visitor, own: &Own<'_>, words: &Words) -> Result<News, Instead> {
    let mut news = News::default();
    for connection in connectors::of(pages, own).await? {
        let action = |label| Some(Action::Open { path: connectors::place(&connection.id), label });
        let row = |second, label| Row {
            icon: connectors::icon_of(&connection.connector),
            name: connection.label.to_string(),
            second,
            action: action(label),
        };
        if connection.state.last_status.is_some_and(Status::needs_owner) {
            let (_, text) = connectors::state(&connection, pages.clock.now(), visitor.language);
            news.asks.push(row(text, words.answer));
        }
        let (created, updated) = this_week(pages, own, &connection).await?;
        if created + updated > 0 {
            news.came.push(row((words.counts)(created, updated), words.open));
        }
        if *connection.connector == *"contacts" {
            let open = proposals::open(own).await?.len();
            if open > 0 {
                let asks = row((words.proposals)(open), words.answer);
                news.asks.push(Row { icon: icon("users"), ..asks });
            }
        }
    }
    Ok(news)
}

/// How many documents its runs of the last seven days made and changed.
async fn this_week(pages: &Pages, own: &Own<'_>, connection: &Connection) -> Result<(u64, u64), Instead> {
    let runs = own.path(&format!("/connectors/{}/runs/", connection.id)).and_then(|path| path.as_container());
    let Some(runs) = runs else { return Ok((0, 0)) };
    let since = report::name(pages.clock.now().minus(WEEK));
    let is_new = |path: &ResourcePath| path.local().rsplit('/').next().is_some_and(|name| *name >= *since);
    let mut counts = (0, 0);
    for report in own.documents(&runs).await? {
        if !is_new(&report) {
            continue;
        }
        let graph = own.graph(&report).await?;
        let class = Term::iri(cartable::RUN);
        let Some(run) = graph.subjects(rdf::TYPE, &class).next() else { continue };
        let count =
            |property| text(&graph, run, property).and_then(|count| count.parse::<u64>().ok()).unwrap_or_default();
        counts.0 += count(cartable::CREATED);
        counts.1 += count(cartable::UPDATED);
    }
    Ok(counts)
}
