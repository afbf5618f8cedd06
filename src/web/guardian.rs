//! The page on which somebody who holds parental responsibility for a pupil reads what is asked, and answers.

use askama::Template;
use http::StatusCode;

use super::parts::{Field, Summary};
use super::{Answer, Asked, Pages, Shell, Visitor, page, path};
use crate::identity::account::terms::Section;
use crate::identity::account::{Account, Error, Refusal, Ticket, guardian_text};

/// What the page says.
struct Words {
    title: &'static str,
    lead: fn(&str) -> String,
    name: &'static str,
    name_help: &'static str,
    no_name: &'static str,
    incomplete: &'static str,
    accept: &'static str,
    refuse: &'static str,
    answered: fn(bool) -> &'static str,
    done: &'static str,
    done_lead: &'static str,
    dead: &'static str,
    dead_lead: &'static str,
    home: &'static str,
}

const FRENCH: Words = Words {
    title: "Votre accord de parent",
    lead: |pod| format!("Un élève demande votre accord pour son espace « {pod} »."),
    name: "Votre nom",
    name_help: "Prénom et nom, pour garder la trace de qui a répondu.",
    no_name: "Écrivez votre nom.",
    incomplete: "Il manque quelque chose",
    accept: "J’exerce l’autorité parentale et je suis d’accord",
    refuse: "Je ne suis pas d’accord",
    answered: |given| {
        if given {
            "Votre réponse pour le moment : d’accord."
        } else {
            "Votre réponse pour le moment : pas d’accord."
        }
    },
    done: "Votre réponse est enregistrée",
    done_lead: "Nous venons de vous envoyer un message avec un lien pour changer de réponse quand vous voulez.",
    dead: "Ce lien ne sert plus",
    dead_lead: "Il a déjà servi, ou il est trop vieux. Demandez à l’élève de vous en faire envoyer un autre depuis sa page Compte.",
    home: "Revenir à l’accueil",
};

const ENGLISH: Words = Words {
    title: "Your agreement as a parent",
    lead: |pod| format!("A pupil asks for your agreement for the space “{pod}”."),
    name: "Your name",
    name_help: "First and last name, to keep a record of who answered.",
    no_name: "Write your name.",
    incomplete: "Something is missing",
    accept: "I hold parental responsibility, and I agree",
    refuse: "I do not agree",
    answered: |given| {
        if given { "Your answer for now: you agree." } else { "Your answer for now: you do not agree." }
    },
    done: "Your answer is recorded",
    done_lead: "We have just sent you a message with a link to change your answer whenever you like.",
    dead: "This link no longer works",
    dead_lead: "It was used, or is too old. Ask the pupil to have another one sent to you from their account page.",
    home: "Back to the start",
};

#[derive(Template)]
#[template(path = "guardian.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    state: State<'a>,
}

enum State<'a> {
    Ask {
        lead: String,
        sections: Vec<Section<'a>>,
        answered: Option<&'static str>,
        summary: Option<Summary<'a>>,
        name: &'a Field,
        ticket: String,
    },
    Done,
    Dead,
}

/// Only the buttons change anything, since programs that look through mail follow links.
///
/// Spec: O-312, O-322
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let words = words(visitor);
    let given = asked.form.as_ref().unwrap_or(&asked.query);
    let Some(ticket) = Ticket::parse(given.get("t")) else { return dead(visitor) };
    let account = match pages.accounts.asks_guardian(&ticket).await {
        Err(Error::Refused(Refusal::DeadLink)) => return dead(visitor),
        account => account?,
    };
    let mut name = Field { name: "name", label: words.name, kind: "text", autocomplete: "name", ..Field::default() };
    name.help = Some(words.name_help);
    let Some(form) = &asked.form else { return ask(visitor, &account, &ticket, &name) };
    let agrees = match form.get("answer") {
        "yes" => true,
        "no" => false,
        _ => return ask(visitor, &account, &ticket, &name),
    };
    match pages.accounts.answer_guardian(&ticket, agrees, form.get("name"), visitor.language).await {
        Ok(()) => show(visitor, StatusCode::OK, words.done, State::Done),
        Err(Error::Refused(Refusal::NoName)) => {
            name.error = Some(words.no_name);
            ask(visitor, &account, &ticket, &name)
        }
        Err(Error::Refused(Refusal::DeadLink)) => dead(visitor),
        Err(error) => Err(error.into()),
    }
}

fn ask(visitor: &Visitor, account: &Account, ticket: &Ticket, name: &Field) -> Answer {
    let words = words(visitor);
    let status = if name.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let text = guardian_text();
    let state = State::Ask {
        lead: (words.lead)(account.pods.first().map(ToString::to_string).unwrap_or_default().as_str()),
        sections: text.sections(visitor.language),
        answered: account.guardian.as_ref().map(|consent| (words.answered)(consent.given)),
        summary: Summary::of(words.incomplete, [name]),
        name,
        ticket: ticket.reveal(),
    };
    show(visitor, status, words.title, state)
}

fn words(visitor: &Visitor) -> &'static Words {
    visitor.language.choose(&FRENCH, &ENGLISH)
}

fn dead(visitor: &Visitor) -> Answer {
    show(visitor, StatusCode::GONE, words(visitor).dead, State::Dead)
}

fn show(visitor: &Visitor, status: StatusCode, title: &'static str, state: State<'_>) -> Answer {
    page(status, &Page { shell: Shell::between(visitor, title), words: words(visitor), state }, visitor)
}
