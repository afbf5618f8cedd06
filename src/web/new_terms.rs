//! New terms: somebody who accepted earlier ones reads and accepts these before they go on.

use askama::Template;
use http::StatusCode;

use super::parts::{Banner, Tone};
use super::{Answer, Asked, Next, Pages, Shell, Visitor, next, page, pages, path, see_other};
use crate::identity::account::terms::Section;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    version: &'static str,
    accept: &'static str,
    accept_missing: &'static str,
    accept_button: &'static str,
    otherwise: &'static str,
    meanwhile: &'static str,
    sign_out: &'static str,
    delete: &'static str,
}

const FRENCH: Words = Words {
    title: "Les conditions d’utilisation ont changé",
    lead: "Lisez les nouvelles conditions. Si vous les acceptez, vous continuez là où vous alliez.",
    version: "Conditions d’utilisation, version",
    accept: "J’ai lu les conditions et je les accepte",
    accept_missing: "Cochez la case si vous êtes d’accord. Vous pouvez aussi vous déconnecter et revenir plus tard.",
    accept_button: "Accepter et continuer",
    otherwise: "Vous n’êtes pas d’accord, ou pas maintenant ?",
    meanwhile: "Vos fichiers restent à vous, et vos applications les lisent comme avant.",
    sign_out: "Se déconnecter",
    delete: "Supprimer mon compte",
};

const ENGLISH: Words = Words {
    title: "The terms of use have changed",
    lead: "Read the new terms. If you accept them, you go on to where you were going.",
    version: "Terms of use, version",
    accept: "I have read the terms and accept them",
    accept_missing: "Tick the box if you agree. You can also sign out and come back later.",
    accept_button: "Accept and continue",
    otherwise: "You do not agree, or not now?",
    meanwhile: "Your files stay yours, and your applications read them as before.",
    sign_out: "Sign out",
    delete: "Delete my account",
};

#[derive(Template)]
#[template(path = "new_terms.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    here: String,
    version: &'a str,
    sections: Vec<Section<'a>>,
    missing: Option<Banner>,
}

/// Whether the person who is signed in has to accept new terms before they go on.
///
/// Spec: O-323
pub(super) fn are_owed(pages: &Pages, visitor: &Visitor) -> bool {
    visitor.account().is_some_and(|account| pages.accounts.owes_terms(account))
}

/// Answers a request for the page, or accepts the version that was on it.
///
/// Spec: O-323, CP-04
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let next = next::parse(asked.query.find("next"));
    if !are_owed(pages, visitor) {
        return Ok(see_other(next.as_str(), Vec::new()));
    }
    let Some(form) = &asked.form else { return show(pages, visitor, &next, StatusCode::OK, None) };
    if form.get("version") != pages.accounts.terms().version() {
        return show(pages, visitor, &next, StatusCode::OK, None);
    }
    if form.find("accept").is_none() {
        let text = words(visitor).accept_missing.to_owned();
        let missing = Some(Banner { tone: Tone::Stop, text });
        return show(pages, visitor, &next, StatusCode::UNPROCESSABLE_ENTITY, missing);
    }
    pages.accounts.accept_terms(&by.account.id, visitor.language).await?;
    Ok(see_other(next.as_str(), Vec::new()))
}

fn show(pages: &Pages, visitor: &Visitor, next: &Next, status: StatusCode, missing: Option<Banner>) -> Answer {
    let (words, terms) = (words(visitor), pages.accounts.terms());
    let shown = Page {
        shell: Shell::between(visitor, words.title),
        words,
        here: next.after(path::NEW_TERMS),
        version: terms.version(),
        sections: terms.sections(visitor.language),
        missing,
    };
    page(status, &shown, visitor)
}

fn words(visitor: &Visitor) -> &'static Words {
    visitor.language.choose(&FRENCH, &ENGLISH)
}
