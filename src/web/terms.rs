//! The terms of use, for anybody who wants to read them: people, and those who judge whom their application trusts.

use askama::Template;
use http::StatusCode;

use super::{Answer, Pages, Shell, Visitor, page};
use crate::identity::account::terms::Section;

/// What the page says.
struct Words {
    title: &'static str,
    version: &'static str,
}

const FRENCH: Words = Words { title: "Conditions d’utilisation", version: "Version" };
const ENGLISH: Words = Words { title: "Terms of use", version: "Version" };

#[derive(Template)]
#[template(path = "terms.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    version: &'a str,
    sections: Vec<Section<'a>>,
}

/// Answers a request for the page.
///
/// Spec: O-117
pub(super) fn answer(pages: &Pages, visitor: &Visitor) -> Answer {
    let (words, terms) = (visitor.language.choose(&FRENCH, &ENGLISH), pages.accounts.terms());
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        version: terms.version(),
        sections: terms.sections(visitor.language),
    };
    page(StatusCode::OK, &shown, visitor)
}
