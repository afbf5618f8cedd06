//! The applications that somebody allowed, and taking that back.

use askama::Template;
use http::StatusCode;

use super::pages::signed_in;
use super::{Answer, Asked, Pages, Shell, Visitor, page, path, see_other};
use crate::identity::provider::consent::Consent;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    none: &'static str,
    unverified: &'static str,
    remembered: &'static str,
    session: &'static str,
    withdraw: &'static str,
    of: &'static str,
    effect: &'static str,
}

const FRENCH: Words = Words {
    title: "Applications",
    lead: "Les applications que vous avez autorisées à accéder à votre espace.",
    none: "Vous n’avez autorisé aucune application. Quand l’une d’elles vous le demandera, elle apparaîtra ici.",
    unverified: "nom non vérifié",
    remembered: "Jusqu’à ce que vous coupiez l’accès",
    session: "Jusqu’à votre déconnexion",
    withdraw: "Couper l’accès",
    of: "de",
    effect: "Couper l’accès vaut tout de suite. Ce que l’application a rangé dans votre espace y reste.",
};

const ENGLISH: Words = Words {
    title: "Applications",
    lead: "The applications that you allowed to access your space.",
    none: "You have allowed no application. When one asks, it will be listed here.",
    unverified: "name not verified",
    remembered: "Until you end its access",
    session: "Until you sign out",
    withdraw: "End access",
    of: "of",
    effect: "Ending access works at once. What the application kept in your space stays there.",
};

#[derive(Template)]
#[template(path = "applications.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    consents: Vec<Consent>,
}

/// Answers a request for the page, or takes back what its form names.
///
/// Spec: O-193
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = signed_in(visitor)?;
    if let Some(form) = &asked.form {
        pages.provider.disconnect(&by.account.id, form.get("client")).await?;
        return Ok(see_other(path::APPLICATIONS, Vec::new()));
    }
    let sessions = pages.accounts.sessions(&by.account.id).await?;
    let lasts = |consent: &Consent| match &consent.session {
        Some(id) => sessions.iter().any(|session| session.id.as_str() == id),
        None => true,
    };
    let mut consents = pages.provider.consents.of(&by.account.id).await?;
    consents.retain(lasts);
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    page(StatusCode::OK, &Page { shell: Shell::new(visitor, words.title), words, consents }, visitor)
}
