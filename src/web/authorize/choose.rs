//! Choosing the WebID to sign in as.

use askama::Template;
use http::StatusCode;

use super::{Scene, Step, host, leave};
use crate::web::{Answer, Shell, page_leading_to};

/// What the page says.
struct Words {
    title: &'static str,
    choices: &'static str,
    lead: &'static str,
    one: &'static str,
    none: &'static str,
    meant: &'static str,
    go_on: &'static str,
    switch: &'static str,
    cancel: &'static str,
}

const FRENCH: Words = Words {
    title: "Avec quel espace ?",
    choices: "Mes espaces",
    lead: "veut vous connecter. Choisissez l’espace qu’elle verra comme le vôtre.",
    one: "veut vous connecter. Vérifiez que c’est bien vous.",
    none: "veut vous connecter, mais votre compte n’a pas encore d’espace.",
    meant: "attend une autre personne que celle qui est connectée ici.",
    go_on: "Continuer",
    switch: "Changer de compte",
    cancel: "Annuler",
};

const ENGLISH: Words = Words {
    title: "Which space?",
    choices: "My spaces",
    lead: "wants to sign you in. Choose the space that it will see as yours.",
    one: "wants to sign you in. Check that this is you.",
    none: "wants to sign you in, but your account has no space yet.",
    meant: "expects somebody else than who is signed in here.",
    go_on: "Continue",
    switch: "Use another account",
    cancel: "Cancel",
};

#[derive(Template)]
#[template(path = "authorize/choose.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    host: String,
    lead: &'static str,
    action: String,
    choices: Vec<Choice>,
}

/// A WebID to choose.
struct Choice {
    name: String,
    webid: String,
    checked: bool,
}

pub(super) fn show(scene: &Scene<'_>) -> Answer {
    let visitor = scene.visitor;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let shown_before = if let Step::Agree { webid, .. } = &scene.step { Some(webid) } else { None };
    let webids: &[String] = match visitor.account() {
        Some(account) if scene.step != Step::Switch => &account.webids,
        _ => &[],
    };
    let choice = |webid: &String| Choice {
        name: super::agree::name(visitor, webid),
        webid: webid.clone(),
        checked: webids.len() == 1 || shown_before == Some(webid),
    };
    let request = &scene.open.interaction.request;
    let shown = Page {
        shell: Shell::between(visitor, words.title),
        words,
        host: host(&scene.client, &request.back),
        lead: match webids.len() {
            _ if scene.step == Step::Switch => words.meant,
            0 => words.none,
            1 => words.one,
            _ => words.lead,
        },
        action: scene.address(),
        choices: webids.iter().map(choice).collect(),
    };
    page_leading_to(StatusCode::OK, &shown, visitor, &[&leave::source(&request.back.redirect_uri)])
}
