//! The account's home: its espaces at a glance.

use askama::Template;
use http::StatusCode;

use super::{Answer, Pages, Shell, Visitor, page, pages};
use crate::path::ResourcePath;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    address: &'static str,
    none: &'static str,
    details: &'static str,
    webids: &'static str,
}

const FRENCH: Words = Words {
    title: "Accueil",
    lead: "Voici votre espace. Ce qui s’y trouve est à vous ; personne d’autre n’y entre sans votre accord.",
    address: "Adresse de votre espace :",
    none: "Ce compte n’a pas encore d’espace.",
    details: "Détails techniques",
    webids: "Vos WebID, les noms sous lesquels les applications vous reconnaissent :",
};

const ENGLISH: Words = Words {
    title: "Home",
    lead: "This is your space. What is in it is yours; nobody else enters without your consent.",
    address: "Address of your space:",
    none: "This account has no space yet.",
    details: "Technical details",
    webids: "Your WebIDs, the names by which applications know you:",
};

/// A pod in the list.
struct Pod {
    name: String,
    url: String,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    pods: Vec<Pod>,
    webids: &'a [String],
}

/// Answers a request for the page.
pub(super) fn answer(pages: &Pages, visitor: &Visitor) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let url = |name: &crate::path::PodName| pages.addresses.iri(&ResourcePath::root(name.clone()));
    let pods = by.account.pods.iter().map(|name| Pod { name: name.to_string(), url: url(name) }).collect();
    let shell = Shell::new(visitor, words.title);
    page(StatusCode::OK, &Page { shell, words, pods, webids: &by.account.webids }, visitor)
}
