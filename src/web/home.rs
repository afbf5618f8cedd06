//! The account's home: its espaces at a glance, what came in this week, and what waits for an answer.

mod news;

use askama::Template;
use http::StatusCode;

use super::own::Own;
use super::parts::list::Row;
use super::{Answer, Asked, Pages, Shell, Visitor, page, pages};
use crate::path::ResourcePath;
use news::News;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    address: &'static str,
    none: &'static str,
    details: &'static str,
    webids: &'static str,
    asks: &'static str,
    came: &'static str,
    answer: &'static str,
    open: &'static str,
    /// How many documents came, and how many changed.
    counts: fn(u64, u64) -> String,
    proposals: fn(usize) -> String,
}

const FRENCH: Words = Words {
    title: "Accueil",
    lead: "Voici votre espace. Ce qui s’y trouve est à vous ; personne d’autre n’y entre sans votre accord.",
    address: "Adresse de votre espace :",
    none: "Ce compte n’a pas encore d’espace.",
    details: "Détails techniques",
    webids: "Vos WebID, les noms sous lesquels les applications vous reconnaissent :",
    asks: "À vous de répondre",
    came: "Arrivé cette semaine",
    answer: "Répondre",
    open: "Ouvrir",
    counts: |new, changed| match (new, changed) {
        (0, changed) => format!("{changed} mis à jour"),
        (new, 0) => format!("{new} de plus"),
        (new, changed) => format!("{new} de plus, {changed} mis à jour"),
    },
    proposals: |count| {
        if count == 1 {
            "Une différence demande votre avis.".to_owned()
        } else {
            format!("{count} différences demandent votre avis.")
        }
    },
};

const ENGLISH: Words = Words {
    title: "Home",
    lead: "This is your space. What is in it is yours; nobody else enters without your consent.",
    address: "Address of your space:",
    none: "This account has no space yet.",
    details: "Technical details",
    webids: "Your WebIDs, the names by which applications know you:",
    asks: "Waiting for you",
    came: "Came in this week",
    answer: "Answer",
    open: "Open",
    counts: |new, changed| match (new, changed) {
        (0, changed) => format!("{changed} updated"),
        (new, 0) => format!("{new} more"),
        (new, changed) => format!("{new} more, {changed} updated"),
    },
    proposals: |count| {
        if count == 1 {
            "One difference asks for your opinion.".to_owned()
        } else {
            format!("{count} differences ask for your opinion.")
        }
    },
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
    asks: Vec<Row>,
    came: Vec<Row>,
    pods: Vec<Pod>,
    webids: &'a [String],
}

/// Answers a request for the page.
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let url = |name: &crate::path::PodName| pages.addresses.iri(&ResourcePath::root(name.clone()));
    let pods = by.account.pods.iter().map(|name| Pod { name: name.to_string(), url: url(name) }).collect();
    let shell = Shell::new(visitor, words.title);
    let News { asks, came } = match Own::of(pages, by, asked).await? {
        Some(own) => news::of(pages, visitor, &own, words).await?,
        None => News::default(),
    };
    page(StatusCode::OK, &Page { shell, words, asks, came, pods, webids: &by.account.webids }, visitor)
}
