//! Deleting the account, and the page behind the link that takes it back.

use askama::Template;
use http::StatusCode;

use crate::identity::account::{Error, Leaving, Refusal, Ticket, UNDO};
use crate::web::{Answer, Asked, Pages, Shell, Visitor, date, page, pages, path};

/// What the pages say.
struct Words {
    title: &'static str,
    lead: fn(&str) -> String,
    goes: [&'static str; 3],
    copy: &'static str,
    stays: &'static str,
    delete: &'static str,
    back: &'static str,
    deleted: &'static str,
    deleted_lead: fn(&str) -> String,
    deleted_next: &'static str,
    undo: &'static str,
    undo_lead: &'static str,
    undo_button: &'static str,
    undone: &'static str,
    undone_lead: &'static str,
    enter: &'static str,
    dead: &'static str,
    dead_lead: &'static str,
    home: &'static str,
}

const FRENCH: Words = Words {
    title: "Supprimer mon compte",
    lead: |day| {
        format!(
            "Votre espace se ferme tout de suite, et tout ce qu’il contient sera effacé dans 30 jours, le {day}. D’ici là, \
             un lien envoyé par e-mail rend tout comme avant."
        )
    },
    goes: [
        "Vos fichiers, vos contacts et vos résultats sont effacés, et personne ne peut les rendre.",
        "L’adresse de votre espace ne sert plus ; elle n’est donnée à personne d’autre.",
        "Plus personne ne lit ce que vous partagez, et les applications n’entrent plus, dès maintenant.",
    ],
    copy: "Avant de continuer, gardez une copie de ce qui compte. Emporter tout l’espace d’un coup n’est pas encore possible \
           ici ; une application Solid que vous autorisez peut recopier vos dossiers.",
    stays: "Ce que d’autres ont déjà copié reste chez eux.",
    delete: "Supprimer mon compte et mon espace",
    back: "Ne rien supprimer, revenir au compte",
    deleted: "Votre compte est fermé",
    deleted_lead: |day| format!("Tout sera effacé le {day}. Tous vos appareils sont déconnectés."),
    deleted_next: "Vous avez changé d’avis ? Le message que nous venons de vous envoyer contient un lien pour tout garder.",
    undo: "Garder mon espace",
    undo_lead: "Votre compte est fermé et sera effacé. En appuyant sur ce bouton, vous le rouvrez tel qu’il était.",
    undo_button: "Garder mon compte et mon espace",
    undone: "Votre espace est gardé",
    undone_lead: "Rien n’a été effacé, et tout est comme avant.",
    enter: "Entrer dans mon espace",
    dead: "Ce lien ne sert plus",
    dead_lead: "Il a déjà servi, ou les 30 jours sont passés.",
    home: "Revenir à l’accueil",
};

const ENGLISH: Words = Words {
    title: "Delete my account",
    lead: |day| {
        format!(
            "Your space closes at once, and all that is in it will be erased in 30 days, on {day}. Until then, a link that \
             we send by e-mail brings everything back as it was."
        )
    },
    goes: [
        "Your files, contacts and results are erased, and nobody can bring them back.",
        "The address of your space stops working; it is given to nobody else.",
        "Nobody reads what you share any more, and applications no longer enter, from now on.",
    ],
    copy: "Before you go on, keep a copy of what matters. Taking the whole space along in one go is not possible here yet; a \
           Solid application that you allow can copy your folders.",
    stays: "What others have copied stays with them.",
    delete: "Delete my account and my space",
    back: "Delete nothing, back to the account",
    deleted: "Your account is closed",
    deleted_lead: |day| format!("Everything will be erased on {day}. You are signed out everywhere."),
    deleted_next: "You changed your mind? The message that we have just sent you has a link that keeps everything.",
    undo: "Keep my space",
    undo_lead: "Your account is closed and will be erased. With this button you open it again as it was.",
    undo_button: "Keep my account and my space",
    undone: "Your space is kept",
    undone_lead: "Nothing was erased, and everything is as before.",
    enter: "Enter my space",
    dead: "This link no longer works",
    dead_lead: "It was used, or the 30 days are over.",
    home: "Back to the start",
};

#[derive(Template)]
#[template(path = "settings/delete.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    state: State,
}

enum State {
    Asked { lead: String },
    Deleted { lead: String },
    Undo { ticket: String },
    Undone,
    Dead,
}

/// Asks whether to delete the account, of who has just shown who they are, and does so.
///
/// Spec: O-329, O-343
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::confirmed(pages, visitor)?;
    let words = words(visitor);
    if asked.form.is_none() {
        let day = date::day(pages.clock.now().plus(UNDO), visitor.language);
        return show(visitor, StatusCode::OK, words.title, State::Asked { lead: (words.lead)(&day) });
    }
    let day = pages.accounts.close(&by.account.id, Leaving::Wished).await?;
    let lead = (words.deleted_lead)(&date::day(day, visitor.language));
    show(visitor, StatusCode::OK, words.deleted, State::Deleted { lead })
}

/// The page behind the link. Only its button changes anything, since programs that look through mail follow links.
///
/// Spec: O-322, O-329
pub(in crate::web) async fn undo(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let words = words(visitor);
    let given = asked.form.as_ref().unwrap_or(&asked.query);
    let dead = || show(visitor, StatusCode::GONE, words.dead, State::Dead);
    let Some(ticket) = Ticket::parse(given.get("t")) else { return dead() };
    let done = match asked.form {
        Some(_) => pages.accounts.reopen(&ticket).await,
        None => pages.accounts.admits_reopening(&ticket).await,
    };
    match done {
        Ok(()) if asked.form.is_some() => show(visitor, StatusCode::OK, words.undone, State::Undone),
        Ok(()) => show(visitor, StatusCode::OK, words.undo, State::Undo { ticket: ticket.reveal() }),
        Err(Error::Refused(Refusal::DeadLink)) => dead(),
        Err(error) => Err(error.into()),
    }
}

fn words(visitor: &Visitor) -> &'static Words {
    visitor.language.choose(&FRENCH, &ENGLISH)
}

fn show(visitor: &Visitor, status: StatusCode, title: &'static str, state: State) -> Answer {
    page(status, &Page { shell: Shell::between(visitor, title), words: words(visitor), state }, visitor)
}
