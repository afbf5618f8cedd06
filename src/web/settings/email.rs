//! Changing the e-mail address: the form, the page behind the link to the new address, and the one behind the link to
//! the old address that takes it back.

use askama::Template;
use http::StatusCode;

use super::after;
use crate::identity::account::{Email, Error, Refusal, Ticket};
use crate::web::parts::list::Breadcrumb;
use crate::web::parts::{Field, Summary};
use crate::web::{Answer, Asked, Instead, Pages, Shell, Visitor, page, pages, path, see_other};

/// What the pages say.
struct Words {
    title: &'static str,
    lead: fn(&str) -> String,
    way: (&'static str, &'static str),
    new: &'static str,
    new_help: &'static str,
    send: &'static str,
    not_sent: &'static str,
    no_email: &'static str,
    same: &'static str,
    too_soon: &'static str,
    confirm: &'static str,
    confirm_lead: fn(&str) -> String,
    confirm_button: &'static str,
    changed: &'static str,
    changed_lead: fn(&str) -> String,
    undo: &'static str,
    undo_lead: fn(&str) -> String,
    undo_button: &'static str,
    undone: &'static str,
    undone_lead: &'static str,
    reset: &'static str,
    enter: &'static str,
    taken: &'static str,
    taken_lead: &'static str,
    dead: &'static str,
    dead_confirm: &'static str,
    dead_undo: &'static str,
}

const FRENCH: Words = Words {
    title: "Changer d’adresse e-mail",
    lead: |email| format!("Vous entrez aujourd’hui avec {email}."),
    way: ("Vous êtes ici", "Compte"),
    new: "Nouvelle adresse e-mail",
    new_help: "Nous y envoyons un lien. L’adresse change quand vous l’ouvrez ; d’ici là, rien ne change.",
    send: "Recevoir le lien",
    not_sent: "Le lien n’est pas parti",
    no_email: "Écrivez une adresse e-mail, comme prenom@example.org.",
    same: "C’est déjà votre adresse. Écrivez-en une autre.",
    too_soon: "Plusieurs liens viennent d’être demandés. Attendez quelques minutes, puis recommencez.",
    confirm: "Confirmer mon adresse",
    confirm_lead: |email| format!("Vous entrerez désormais avec {email}. L’ancienne adresse est prévenue."),
    confirm_button: "Confirmer mon adresse",
    changed: "Votre adresse est changée",
    changed_lead: |email| {
        format!(
            "Vous entrez maintenant avec {email}. Pendant 7 jours, un lien envoyé à l’ancienne adresse permet de revenir."
        )
    },
    undo: "Reprendre cette adresse",
    undo_lead: |email| {
        format!("Votre compte s’ouvrira de nouveau avec {email}, et tous les appareils seront déconnectés.")
    },
    undo_button: "Reprendre mon adresse",
    undone: "Votre adresse est rétablie",
    undone_lead: "Tous les appareils sont déconnectés. Si ce n’est pas vous qui aviez changé l’adresse, quelqu’un connaît \
                  peut-être votre mot de passe : choisissez-en un autre maintenant.",
    reset: "Choisir un nouveau mot de passe",
    enter: "Entrer dans mon espace",
    taken: "Cette adresse ouvre un autre espace",
    taken_lead: "Elle a été prise depuis que vous avez demandé le lien. L’adresse de votre compte n’a pas changé.",
    dead: "Ce lien ne sert plus",
    dead_confirm: "Il a déjà servi, il a plus de 24 heures, ou un autre a été demandé depuis. S’il n’a pas servi, l’adresse de \
                   votre compte n’a pas changé.",
    dead_undo: "Il a déjà servi, ou il a plus de 7 jours.",
};

const ENGLISH: Words = Words {
    title: "Change the e-mail address",
    lead: |email| format!("Today you sign in with {email}."),
    way: ("You are here", "Account"),
    new: "New e-mail address",
    new_help: "We send a link there. The address changes when you open it; until then nothing does.",
    send: "Send me the link",
    not_sent: "The link was not sent",
    no_email: "Write an e-mail address, such as name@example.org.",
    same: "This is your address already. Write another one.",
    too_soon: "Several links were asked for just now. Wait some minutes, then try again.",
    confirm: "Confirm my address",
    confirm_lead: |email| format!("From now on you will sign in with {email}. The old address is told."),
    confirm_button: "Confirm my address",
    changed: "Your address is changed",
    changed_lead: |email| {
        format!("You now sign in with {email}. For 7 days, a link that went to the old address leads back.")
    },
    undo: "Take this address back",
    undo_lead: |email| format!("Your account will open with {email} again, and all devices will be signed out."),
    undo_button: "Take my address back",
    undone: "Your address is back",
    undone_lead: "All devices are signed out. If it was not you who had changed the address, somebody may know your password: \
                  choose another one now.",
    reset: "Choose a new password",
    enter: "Enter my space",
    taken: "This address opens another space",
    taken_lead: "It was taken since you asked for the link. The address of your account has not changed.",
    dead: "This link no longer works",
    dead_confirm: "It was used, is more than 24 hours old, or another one was asked for since. If it was not used, the \
                   address of your account has not changed.",
    dead_undo: "It was used, or is more than 7 days old.",
};

#[derive(Template)]
#[template(path = "settings/email.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    lead: String,
    way: Breadcrumb,
    summary: Option<Summary<'a>>,
    new: &'a Field,
}

/// Asks for another address, of who has just shown who they are, and writes there. What is answered is the same whether
/// somebody has it.
///
/// Spec: O-322, O-328, O-343
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::confirmed(pages, visitor)?;
    let words = words(visitor);
    let Some(login) = &by.account.login else { return Err(Instead::GoTo(path::SETTINGS.to_owned())) };
    let mut new = Field {
        name: "email",
        label: words.new,
        kind: "email",
        autocomplete: "email",
        help: Some(words.new_help),
        ..Field::default()
    };
    let Some(form) = &asked.form else { return show(visitor, StatusCode::OK, &login.email, &new) };
    form.get("email").trim().clone_into(&mut new.value);
    let email = Email::parse(form.get("email"));
    new.error = match &email {
        None => Some(words.no_email),
        Some(email) if *email == login.email => Some(words.same),
        Some(_) => None,
    };
    let Some(email) = email.filter(|_| new.error.is_none()) else {
        return show(visitor, StatusCode::UNPROCESSABLE_ENTITY, &login.email, &new);
    };
    match pages.accounts.ask_email_change(&by.account.id, &email).await {
        Ok(()) => Ok(see_other(&after("email"), Vec::new())),
        Err(Error::Refused(Refusal::TooSoon(_))) => {
            new.error = Some(words.too_soon);
            show(visitor, StatusCode::TOO_MANY_REQUESTS, &login.email, &new)
        }
        Err(error) => Err(error.into()),
    }
}

fn show(visitor: &Visitor, status: StatusCode, email: &Email, new: &Field) -> Answer {
    let words = words(visitor);
    let (label, settings) = words.way;
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        lead: (words.lead)(email.as_str()),
        way: Breadcrumb { label, above: vec![(path::SETTINGS, settings)] },
        summary: Summary::of(words.not_sent, [new]),
        new,
    };
    page(status, &shown, visitor)
}

#[derive(Template)]
#[template(path = "settings/email_link.html")]
struct LinkPage {
    shell: Shell,
    words: &'static Words,
    lead: String,
    state: State,
}

/// A button, where it is sent and what with; or the ways on.
enum State {
    Ask { path: &'static str, ticket: String, button: &'static str },
    Changed,
    Undone,
    Dead,
}

/// The page behind the link to the new address. Only its button changes anything, since programs that look through mail
/// follow links.
///
/// Spec: O-322, O-328
pub(in crate::web) async fn confirm(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let words = words(visitor);
    let dead = || link(visitor, StatusCode::GONE, words.dead, words.dead_confirm.to_owned(), State::Dead);
    let given = asked.form.as_ref().unwrap_or(&asked.query);
    let Some(ticket) = Ticket::parse(given.get("t")) else { return dead() };
    let new = match pages.accounts.email_change_of(&ticket).await {
        Err(Error::Refused(Refusal::DeadLink)) => return dead(),
        new => new?,
    };
    if asked.form.is_none() {
        let state = State::Ask { path: path::CONFIRM_EMAIL, ticket: ticket.reveal(), button: words.confirm_button };
        return link(visitor, StatusCode::OK, words.confirm, (words.confirm_lead)(new.as_str()), state);
    }
    match pages.accounts.confirm_email_change(&ticket).await {
        Ok(()) => link(visitor, StatusCode::OK, words.changed, (words.changed_lead)(new.as_str()), State::Changed),
        Err(Error::Refused(Refusal::DeadLink)) => dead(),
        Err(Error::Refused(Refusal::EmailTaken)) => {
            link(visitor, StatusCode::CONFLICT, words.taken, words.taken_lead.to_owned(), State::Dead)
        }
        Err(error) => Err(error.into()),
    }
}

/// The page behind the link to the old address.
///
/// Spec: O-322, O-328
pub(in crate::web) async fn undo(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let words = words(visitor);
    let dead = || link(visitor, StatusCode::GONE, words.dead, words.dead_undo.to_owned(), State::Dead);
    let given = asked.form.as_ref().unwrap_or(&asked.query);
    let Some(ticket) = Ticket::parse(given.get("t")) else { return dead() };
    if asked.form.is_none() {
        let old = match pages.accounts.email_undo_of(&ticket).await {
            Err(Error::Refused(Refusal::DeadLink)) => return dead(),
            old => old?,
        };
        let state = State::Ask { path: path::UNDO_EMAIL, ticket: ticket.reveal(), button: words.undo_button };
        return link(visitor, StatusCode::OK, words.undo, (words.undo_lead)(old.as_str()), state);
    }
    match pages.accounts.undo_email_change(&ticket).await {
        Ok(()) => link(visitor, StatusCode::OK, words.undone, words.undone_lead.to_owned(), State::Undone),
        Err(Error::Refused(Refusal::DeadLink)) => dead(),
        Err(error) => Err(error.into()),
    }
}

fn link(visitor: &Visitor, status: StatusCode, title: &'static str, lead: String, state: State) -> Answer {
    page(status, &LinkPage { shell: Shell::between(visitor, title), words: words(visitor), lead, state }, visitor)
}

fn words(visitor: &Visitor) -> &'static Words {
    visitor.language.choose(&FRENCH, &ENGLISH)
}
