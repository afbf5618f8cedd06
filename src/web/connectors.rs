//! The sources that somebody connected to their space: how each fares, and what can be done with it.

pub mod one;
pub mod payslips;
pub mod progress;
pub mod remove;
mod said;

pub(super) use said::state;

use askama::Template;
use http::StatusCode;

use super::own::Own;
use super::parts::list::{Action, Empty, Row};
use super::parts::{Banner, Icon, Tone, icon};
use super::{Answer, Asked, Instead, Pages, Shell, Visitor, page, pages, path};
use crate::http::Problem;
use crate::identity::account::SignedIn;
use crate::ingest::connection::{Connection, ConnectionId};
use crate::ingest::service::{Error, Refusal};

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    done: [(&'static str, &'static str); 2],
    none: &'static str,
    open: &'static str,
    add: &'static str,
    contacts: fn(&str) -> String,
    contacts_help: &'static str,
    payslips: &'static str,
    payslips_help: &'static str,
    connect: &'static str,
}

const FRENCH: Words = Words {
    title: "Connecteurs",
    lead: "Ce qui vient tout seul dans votre espace, d’où, et quand.",
    done: [
        ("connected", "C’est relié. La première mise à jour commence."),
        ("removed", "C’est coupé. Ce qui ouvrait le service est effacé."),
    ],
    none: "Rien n’est relié : rien n’entre dans votre espace sans que vous le demandiez.",
    open: "Ouvrir",
    add: "Relier autre chose",
    contacts: |school| format!("Contacts de {school}"),
    contacts_help: "Vos enseignants, vos camarades, vos classes, mis à jour chaque semaine.",
    payslips: "Portail de paye",
    payslips_help: "Vos bulletins, chaque semaine, rangés par année.",
    connect: "Relier",
};

const ENGLISH: Words = Words {
    title: "Connectors",
    lead: "What comes into your space by itself, from where, and when.",
    done: [
        ("connected", "It is connected. The first update begins."),
        ("removed", "It is disconnected. What opened the service is erased."),
    ],
    none: "Nothing is connected: nothing comes into your space unless you ask for it.",
    open: "Open",
    add: "Connect something else",
    contacts: |school| format!("Contacts of {school}"),
    contacts_help: "Your teachers, classmates and classes, updated each week.",
    payslips: "Pay portal",
    payslips_help: "Your payslips, each week, filed by year.",
    connect: "Connect",
};

#[derive(Template)]
#[template(path = "connectors/list.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    done: Option<Banner>,
    none: Empty,
    connections: Vec<Row>,
    offers: Vec<Row>,
}

/// Answers a request for the list.
///
/// Spec: CP-20, CP-21
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words: &'static Words = visitor.language.choose(&FRENCH, &ENGLISH);
    let done = asked.query.find("done").and_then(|word| words.done.iter().find(|(named, _)| *named == word));
    let connections = match Own::of(pages, by, asked).await? {
        Some(own) => of(pages, &own).await?,
        None => Vec::new(),
    };
    let now = pages.clock.now();
    let row = |connection: &Connection| Row {
        icon: icon_of(&connection.connector),
        name: connection.label.to_string(),
        second: said::state(connection, now, visitor.language).1,
        action: Some(Action::Open { path: place(&connection.id), label: words.open }),
    };
    let offers = pages.ingest.connectors().filter(|name| *name == "payslips").map(|name| Row {
        icon: icon_of(name),
        name: words.payslips.to_owned(),
        second: words.payslips_help.to_owned(),
        action: Some(Action::Open { path: path::CONNECT_PAYSLIPS.to_owned(), label: words.connect }),
    });
    let schools =
        pages.upstreams.names().filter(|(id, _)| pages.upstreams.contacts(id).is_some()).map(|(id, name)| Row {
            icon: icon_of("contacts"),
            name: (words.contacts)(name),
            second: words.contacts_help.to_owned(),
            action: Some(Action::Open { path: format!("{}{id}/", path::CONNECT_CONTACTS), label: words.connect }),
        });
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        done: done.map(|(_, text)| Banner { tone: Tone::Ok, text: (*text).to_owned() }),
        none: Empty::of("plug", words.none),
        connections: connections.iter().map(row).collect(),
        offers: schools.chain(offers).collect(),
    };
    page(StatusCode::OK, &shown, visitor)
}

pub(super) fn icon_of(connector: &str) -> Icon {
    icon(match connector {
        "contacts" => "users",
        "payslips" => "banknote",
        "applications" => "app-window",
        _ => "plug",
    })
}

/// The connections of a pod, but for those that are being disconnected.
pub(super) async fn of(pages: &Pages, own: &Own<'_>) -> Result<Vec<Connection>, Instead> {
    let mut connections = pages.ingest.connections(&own.pod).await.map_err(|error| refused(&error))?;
    connections.retain(|connection| connection.leaving.is_none());
    Ok(connections)
}

/// The page of a connection.
pub(super) fn place(id: &ConnectionId) -> String {
    format!("{}{id}/", path::CONNECTORS)
}

/// A connection of the person who is signed in.
async fn find<'a>(pages: &'a Pages, by: &SignedIn, asked: &Asked, id: &str) -> Result<(Own<'a>, Connection), Instead> {
    let not_found = || Problem::new(StatusCode::NOT_FOUND, "not-found");
    let id = ConnectionId::parse(id).ok_or_else(not_found)?;
    let own = Own::of(pages, by, asked).await?.ok_or_else(not_found)?;
    let connection = pages.ingest.connection(&own.pod, &id).await.map_err(|error| refused(&error))?;
    if connection.leaving.is_some() {
        return Err(not_found().into());
    }
    Ok((own, connection))
}

/// What is not done, as a problem.
fn refused(error: &Error) -> Instead {
    let (status, kind) = match error {
        Error::Refused(Refusal::NotConnected | Refusal::NoConnector | Refusal::Leaving) => {
            (StatusCode::NOT_FOUND, "not-found")
        }
        Error::Refused(Refusal::Running | Refusal::TooSoon(_)) => (StatusCode::TOO_MANY_REQUESTS, "too-soon"),
        Error::Refused(Refusal::TooMany(_)) => (StatusCode::CONFLICT, "too-many-connections"),
        Error::Storage(_) | Error::Pod(_) => {
            return Problem::fault(StatusCode::SERVICE_UNAVAILABLE, "storage", error).into();
        }
    };
    Problem::new(status, kind).into()
}
