//! Signing out on this device.

use askama::Template;
use http::StatusCode;

use super::{Answer, Pages, Shell, Visitor, page, path, see_other};

/// What the page says.
struct Words {
    title: &'static str,
    done: &'static str,
    elsewhere: &'static str,
    again: &'static str,
}

const FRENCH: Words = Words {
    title: "À bientôt",
    done: "Votre session est fermée sur cet appareil.",
    elsewhere: "Si l’appareil n’est pas à vous, fermez aussi la page de votre ENT et le navigateur.",
    again: "Entrer de nouveau",
};

const ENGLISH: Words = Words {
    title: "See you soon",
    done: "You are signed out on this device.",
    elsewhere: "If the device is not yours, close your school’s page and the browser too.",
    again: "Sign in again",
};

#[derive(Template)]
#[template(path = "signed_out.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
}

/// Ends the session of this device.
///
/// Spec: O-196
pub(super) async fn answer(pages: &Pages, visitor: &Visitor) -> Answer {
    if let Some(by) = &visitor.session {
        pages.accounts.end_session(&by.token).await?;
    }
    Ok(see_other(path::SIGNED_OUT, visitor.signed_out()))
}

/// Answers a request for the page that follows.
pub(super) fn signed_out(visitor: &Visitor) -> Answer {
    if visitor.session.is_some() {
        return Ok(see_other(path::HOME, Vec::new()));
    }
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    page(StatusCode::OK, &Page { shell: Shell::new(visitor, words.title), words }, visitor)
}
