//! Disconnecting a source: what opened it goes at once, and its owner says whether the data stay.

use askama::Template;
use http::StatusCode;

use super::{find, place, refused};
use crate::ingest::connection::Leaving;
use crate::web::parts::list::Breadcrumb;
use crate::web::parts::{Choice, Choices};
use crate::web::{Answer, Asked, Pages, Shell, Visitor, page, pages, path, see_other};

/// What the page says.
struct Words {
    way: &'static str,
    title: &'static str,
    lead: &'static str,
    data: &'static str,
    keep: (&'static str, &'static str),
    gone: (&'static str, &'static str),
    missing: &'static str,
    disconnect: &'static str,
    back: &'static str,
}

const FRENCH: Words = Words {
    way: "Vous êtes ici",
    title: "Couper ce connecteur ?",
    lead: "Ce qui ouvre le service est effacé tout de suite, et plus rien n’arrive.",
    data: "Et ce qui est déjà arrivé ?",
    keep: ("Le garder", "Tout reste dans votre espace, comme aujourd’hui."),
    gone: ("Le supprimer", "Ce que vous n’avez pas changé vous-même est supprimé. Le reste demeure."),
    missing: "Choisissez ce que devient ce qui est arrivé.",
    disconnect: "Couper le connecteur",
    back: "Ne rien couper",
};

const ENGLISH: Words = Words {
    way: "You are here",
    title: "Disconnect this source?",
    lead: "What opens the service is erased at once, and nothing more arrives.",
    data: "And what has arrived already?",
    keep: ("Keep it", "All stays in your space as it is today."),
    gone: ("Delete it", "What you have not changed yourself is deleted. The rest stays."),
    missing: "Choose what becomes of what has arrived.",
    disconnect: "Disconnect the source",
    back: "Disconnect nothing",
};

#[derive(Template)]
#[template(path = "connectors/remove.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    name: String,
    here: String,
    back: String,
    data: Choices,
}

/// Asks, or disconnects as the form says.
///
/// Spec: CP-28, O-343
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked, id: &str) -> Answer {
    let by = pages::confirmed(pages, visitor)?;
    let words: &'static Words = visitor.language.choose(&FRENCH, &ENGLISH);
    let list: &'static super::Words = visitor.language.choose(&super::FRENCH, &super::ENGLISH);
    let (own, connection) = find(pages, by, asked, id).await?;
    let leaving = asked.form.as_ref().map(|form| match form.get("data") {
        "keep" => Some(Leaving::Keep),
        "remove" => Some(Leaving::Remove),
        _ => None,
    });
    if let Some(Some(leaving)) = leaving {
        pages.ingest.disconnect(&own.pod, &connection.id, leaving).await.map_err(|error| refused(&error))?;
        return Ok(see_other(&format!("{}?done=removed", path::CONNECTORS), Vec::new()));
    }
    let choice = |value: &str, (label, help): (&str, &'static str)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        help: Some(help),
    };
    let back = place(&connection.id);
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        way: Breadcrumb { label: words.way, above: vec![(path::CONNECTORS, list.title)] },
        name: connection.label.to_string(),
        here: format!("{back}remove/"),
        back,
        data: Choices {
            name: "data",
            legend: words.data,
            choices: vec![choice("keep", words.keep), choice("remove", words.gone)],
            chosen: None,
            error: leaving.map(|_| words.missing),
        },
    };
    let status = if leaving.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, &shown, visitor)
}
