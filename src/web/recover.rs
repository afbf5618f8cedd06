//! A forgotten password: asking for the letter, and the page behind its link.

use askama::Template;
use http::StatusCode;

use super::parts::{Field, Summary};
use super::{Answer, Asked, Pages, Shell, Visitor, new_password, page, path};
use crate::identity::account::{Email, Error, Refusal, Ticket};

/// What the pages say.
struct Words {
    ask: &'static str,
    ask_lead: &'static str,
    email: &'static str,
    no_email: &'static str,
    send: &'static str,
    sent: &'static str,
    sent_lead: &'static str,
    sent_next: &'static str,
    choose: &'static str,
    choose_lead: &'static str,
    cut_off: &'static str,
    cut_off_help: &'static str,
    change: &'static str,
    changed: &'static str,
    changed_lead: &'static str,
    enter: &'static str,
    dead: &'static str,
    dead_lead: &'static str,
    incomplete: &'static str,
    too_soon: &'static str,
}

const FRENCH: Words = Words {
    ask: "Mot de passe oublié",
    ask_lead: "Nous vous envoyons un lien pour en choisir un autre.",
    email: "Adresse e-mail de votre compte",
    no_email: "Écrivez votre adresse e-mail, comme prenom@example.org.",
    send: "Recevoir le lien",
    sent: "Regardez vos messages",
    sent_lead: "Si un espace est ouvert avec cette adresse, un lien vient de partir. Il sert une fois, pendant une heure.",
    sent_next: "Rien n’arrive ? Vérifiez l’adresse et le dossier des indésirables, puis recommencez.",
    choose: "Choisir un nouveau mot de passe",
    choose_lead: "Tous vos appareils seront déconnectés. Rien n’est changé dans vos fichiers.",
    cut_off: "Couper aussi l’accès des applications et des programmes",
    cut_off_help: "À cocher si quelqu’un d’autre a pu entrer dans votre espace.",
    change: "Changer le mot de passe",
    changed: "Votre mot de passe est changé",
    changed_lead: "Vous pouvez entrer avec le nouveau. Vos autres appareils sont déconnectés.",
    enter: "Entrer dans mon espace",
    dead: "Ce lien ne sert plus",
    dead_lead: "Il a déjà servi, il a plus d’une heure, ou un autre a été demandé depuis. Votre mot de passe n’a pas changé.",
    incomplete: "Il manque quelque chose",
    too_soon: "Plusieurs liens viennent d’être demandés. Attendez quelques minutes, puis recommencez.",
};

const ENGLISH: Words = Words {
    ask: "Forgotten password",
    ask_lead: "We send you a link with which you choose another one.",
    email: "E-mail address of your account",
    no_email: "Write your e-mail address, such as name@example.org.",
    send: "Send me the link",
    sent: "Look at your messages",
    sent_lead: "If there is a space with this address, a link is on its way. It works once, for an hour.",
    sent_next: "Nothing arrives? Check the address and the junk folder, then try again.",
    choose: "Choose a new password",
    choose_lead: "All your devices will be signed out. Nothing changes in your files.",
    cut_off: "Cut off applications and programs too",
    cut_off_help: "Tick this if somebody else may have been in your space.",
    change: "Change the password",
    changed: "Your password is changed",
    changed_lead: "You can sign in with the new one. Your other devices are signed out.",
    enter: "Enter my space",
    dead: "This link no longer works",
    dead_lead: "It was used, is more than an hour old, or another one was asked for since. Your password has not changed.",
    incomplete: "Something is missing",
    too_soon: "Several links were asked for just now. Wait some minutes, then try again.",
};

#[derive(Template)]
#[template(path = "recover.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    state: State<'a>,
}

enum State<'a> {
    Ask { field: &'a Field, summary: Option<Summary<'a>> },
    Sent,
    Choose { field: &'a Field, summary: Option<Summary<'a>>, ticket: String },
    Changed,
    Dead,
}

/// Asks for the address, and sends the link there. What is answered is the same for every address.
///
/// Spec: O-322, O-326
pub(super) async fn ask(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let words = words(visitor);
    let mut field =
        Field { name: "email", label: words.email, kind: "email", autocomplete: "username", ..Field::default() };
    let Some(form) = &asked.form else { return show_ask(visitor, StatusCode::OK, &field) };
    form.get("email").trim().clone_into(&mut field.value);
    let Some(email) = Email::parse(form.get("email")) else {
        field.error = Some(words.no_email);
        return show_ask(visitor, StatusCode::UNPROCESSABLE_ENTITY, &field);
    };
    match pages.accounts.ask_reset(&email, Some(visitor.client)).await {
        Ok(()) => show(visitor, StatusCode::OK, words.sent, State::Sent),
        Err(Error::Refused(Refusal::TooSoon(_))) => {
            field.error = Some(words.too_soon);
            show_ask(visitor, StatusCode::TOO_MANY_REQUESTS, &field)
        }
        Err(error) => Err(error.into()),
    }
}

/// The page behind the link. Only its button changes anything, since programs that look through mail follow links.
///
/// Spec: O-322, O-324, O-326
pub(super) async fn choose(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let words = words(visitor);
    let given = asked.form.as_ref().unwrap_or(&asked.query);
    let Some(ticket) = Ticket::parse(given.get("t")) else { return dead(visitor) };
    let mut field = new_password::field("password", visitor.language);
    let typed = asked.form.as_ref().map(|form| form.get("password"));
    let chosen = typed.and_then(|typed| new_password::chosen(&mut field, typed, visitor.language));
    let account = match pages.accounts.admits_reset(&ticket).await {
        Err(Error::Refused(Refusal::DeadLink)) => return dead(visitor),
        admitted => admitted?,
    };
    let Some(password) = chosen else {
        let status = if field.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let summary = Summary::of(words.incomplete, [&field]);
        let state = State::Choose { field: &field, summary, ticket: ticket.reveal() };
        return show(visitor, status, words.choose, state);
    };
    let cut_off = given.find("cut-off").is_some();
    if cut_off {
        // First, since the link works once: nobody is told that applications are cut off which are not.
        pages.provider.revoke_account(&account).await?;
    }
    match pages.accounts.reset_password(&ticket, password, cut_off).await {
        Ok(_) => show(visitor, StatusCode::OK, words.changed, State::Changed),
        Err(Error::Refused(Refusal::DeadLink)) => dead(visitor),
        Err(error) => Err(error.into()),
    }
}

fn words(visitor: &Visitor) -> &'static Words {
    visitor.language.choose(&FRENCH, &ENGLISH)
}

fn dead(visitor: &Visitor) -> Answer {
    show(visitor, StatusCode::GONE, words(visitor).dead, State::Dead)
}

fn show_ask(visitor: &Visitor, status: StatusCode, field: &Field) -> Answer {
    let words = words(visitor);
    show(visitor, status, words.ask, State::Ask { field, summary: Summary::of(words.incomplete, [field]) })
}

fn show(visitor: &Visitor, status: StatusCode, title: &'static str, state: State<'_>) -> Answer {
    page(status, &Page { shell: Shell::new(visitor, title), words: words(visitor), state }, visitor)
}
