//! The page behind the link of a letter that stops what two operators agreed on.

use askama::Template;
use http::StatusCode;

use super::{Answer, Asked, Pages, Shell, Visitor, page, path};
use crate::identity::account::{Error, Refusal, Ticket};

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    stop: &'static str,
    stopped: &'static str,
    stopped_lead: &'static str,
    dead: &'static str,
    dead_lead: &'static str,
    home: &'static str,
}

const FRENCH: Words = Words {
    title: "Arrêter cette demande",
    lead: "Les personnes qui s’occupent du serveur veulent vous rendre l’accès à votre compte. Si vous n’en avez pas besoin, \
           arrêtez cette demande : rien ne sera changé.",
    stop: "Arrêter la demande",
    stopped: "La demande est arrêtée",
    stopped_lead: "Rien n’a été changé. Si vous n’y étiez pour rien, dites-le à la personne qui s’occupe du serveur.",
    dead: "Ce lien ne sert plus",
    dead_lead: "La demande est arrêtée, ou les trois jours sont passés.",
    home: "Revenir à l’accueil",
};

const ENGLISH: Words = Words {
    title: "Stop this request",
    lead: "Those who look after the server want to give you back your way into the account. If you do not need it, stop the \
           request: nothing will be changed.",
    stop: "Stop the request",
    stopped: "The request is stopped",
    stopped_lead: "Nothing was changed. If you had nothing to do with it, tell whoever looks after the server.",
    dead: "This link no longer works",
    dead_lead: "The request was stopped, or the three days are over.",
    home: "Back to the start",
};

#[derive(Template)]
#[template(path = "stop.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    lead: &'static str,
    /// What the button sends, if there is something to stop.
    ticket: Option<String>,
}

/// Only the button changes anything, since programs that look through mail follow links.
///
/// Spec: O-307, O-322
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let given = asked.form.as_ref().unwrap_or(&asked.query);
    let dead = || show(visitor, StatusCode::GONE, words.dead, words.dead_lead, None);
    let Some(ticket) = Ticket::parse(given.get("t")) else { return dead() };
    let done = match asked.form {
        Some(_) => pages.accounts.stop_rescue(&ticket).await,
        None => pages.accounts.admits_stop(&ticket).await,
    };
    match done {
        Ok(()) if asked.form.is_some() => show(visitor, StatusCode::OK, words.stopped, words.stopped_lead, None),
        Ok(()) => show(visitor, StatusCode::OK, words.title, words.lead, Some(ticket.reveal())),
        Err(Error::Refused(Refusal::DeadLink)) => dead(),
        Err(error) => Err(error.into()),
    }
}

fn show(
    visitor: &Visitor,
    status: StatusCode,
    title: &'static str,
    lead: &'static str,
    ticket: Option<String>,
) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    page(status, &Page { shell: Shell::between(visitor, title), words, lead, ticket }, visitor)
}
