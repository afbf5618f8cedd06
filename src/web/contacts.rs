//! The people whom the owner of a pod knows: letters, groups, cards, and what the school would write on them.

mod book;
mod card;
mod new;

use std::collections::BTreeSet;

use askama::Template;
use http::StatusCode;

use super::own::{Own, text};
use super::parts::list::{Action, Empty, Row};
use super::parts::{Banner, Tone, icon};
use super::proposals::Proposal;
use super::{Answer, Asked, Instead, Pages, Shell, Visitor, page, pages, path};
use crate::path::ResourcePath;
use crate::rdf::vocab::vcard;
use book::{Book, Card, Named};

pub(super) use card::answer as card;
pub(super) use new::answer as new;

/// So many are shown at once; more are shown by letter.
const AT_ONCE: usize = 60;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    done: [(&'static str, &'static str); 3],
    add: &'static str,
    import: &'static str,
    none: &'static str,
    connect: &'static str,
    groups: &'static str,
    everybody: &'static str,
    letters: &'static str,
    count: fn(usize) -> String,
    nobody: &'static str,
    open: &'static str,
}

const FRENCH: Words = Words {
    title: "Contacts",
    lead: "Les personnes que vous connaissez. Personne d’autre ne voit cette liste.",
    done: [
        ("added", "Le contact est ajouté."),
        ("deleted", "Le contact est supprimé. Il ne reviendra pas de lui-même."),
        ("saved", "C’est enregistré."),
    ],
    add: "Ajouter un contact",
    import: "Importer un fichier",
    none: "Ici viendront vos contacts : ceux de votre établissement, si vous le reliez, et ceux que vous ajoutez.",
    connect: "Relier mon établissement",
    groups: "Groupes",
    everybody: "Tout le monde",
    letters: "Lettres",
    count: |count| if count == 1 { "1 personne".to_owned() } else { format!("{count} personnes") },
    nobody: "Personne ici.",
    open: "Ouvrir",
};

const ENGLISH: Words = Words {
    title: "Contacts",
    lead: "The people you know. Nobody else sees this list.",
    done: [
        ("added", "The contact is added."),
        ("deleted", "The contact is deleted. It will not come back by itself."),
        ("saved", "Saved."),
    ],
    add: "Add a contact",
    import: "Import a file",
    none: "Your contacts will be here: those of your school, if you connect it, and those that you add.",
    connect: "Connect my school",
    groups: "Groups",
    everybody: "Everybody",
    letters: "Letters",
    count: |count| if count == 1 { "1 person".to_owned() } else { format!("{count} people") },
    nobody: "Nobody here.",
    open: "Open",
};

/// Something to choose from above the list.
struct Filter {
    name: String,
    path: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "contacts/list.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    done: Option<Banner>,
    /// What stands there while there is nobody.
    none: Option<Empty>,
    groups: Vec<Filter>,
    letters: Vec<Filter>,
    count: String,
    people: Vec<Row>,
}

/// Answers a request for the list.
///
/// Spec: CP-50
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = words(visitor);
    let done = asked.query.find("done").and_then(|word| words.done.iter().find(|(named, _)| *named == word));
    let done = done.map(|(_, text)| Banner { tone: Tone::Ok, text: (*text).to_owned() });
    let (own, books) = match Own::of(pages, by, asked).await? {
        Some(own) => {
            let books = book::books(&own).await?;
            (Some(own), books)
        }
        None => (None, Vec::new()),
    };
    let shell = Shell::new(visitor, words.title);
    let Some(own) = own.filter(|_| books.iter().any(|book| !book.people.is_empty())) else {
        let action = Some((path::CONNECTORS, words.connect));
        let none = Some(Empty { action, ..Empty::of("users", words.none) });
        let (groups, letters, people) = (Vec::new(), Vec::new(), Vec::new());
        let shown = Page { shell, words, done, none, groups, letters, count: String::new(), people };
        return page(StatusCode::OK, &shown, visitor);
    };
    let (group, letter) = (asked.query.find("group"), asked.query.find("letter").and_then(|text| text.chars().next()));
    let mut people = in_group(&own, &books, group).await?;
    let (count, letters) = ((words.count)(people.len()), letters(&people, group, letter));
    if let Some(letter) = letters.iter().find(|letter| letter.here).and_then(|letter| letter.name.chars().next()) {
        people.retain(|person| person.letter() == letter);
    }
    let mut rows = Vec::new();
    for person in people {
        rows.push(row(&own, person, words).await?);
    }
    let shown =
        Page { shell, words, done, none: None, groups: groups(&books, group, words), letters, count, people: rows };
    page(StatusCode::OK, &shown, visitor)
}

/// Those of all books, or of one group.
async fn in_group<'b>(own: &Own<'_>, books: &'b [Book], group: Option<&str>) -> Result<Vec<&'b Named>, Instead> {
    let mut people: Vec<_> = books.iter().flat_map(|book| &book.people).collect();
    people.sort_by(|one, other| book::by_name(one, other));
    let named = group.and_then(|at| books.iter().flat_map(|book| &book.groups).find(|group| group.at.local() == at));
    if let Some(group) = named {
        let graph = own.graph(&group.at).await?;
        people.retain(|person| book::has_member(&graph, &group.this, &person.this));
    }
    Ok(people)
}

fn groups(books: &[Book], chosen: Option<&str>, words: &Words) -> Vec<Filter> {
    let several = books.len() > 1;
    let everybody =
        Filter { name: words.everybody.to_owned(), path: path::CONTACTS.to_owned(), here: chosen.is_none() };
    let groups = books.iter().flat_map(|book| book.groups.iter().map(move |group| (book, group)));
    let groups = groups.map(|(book, group)| Filter {
        name: if several { format!("{} · {}", group.name, book.title) } else { group.name.clone() },
        path: format!("{}?{}", path::CONTACTS, query(&[("group", group.at.local())])),
        here: chosen == Some(group.at.local()),
    });
    [everybody].into_iter().chain(groups).collect()
}

/// The letters of these people, if they are many; one of them is chosen then.
fn letters(people: &[&Named], group: Option<&str>, chosen: Option<char>) -> Vec<Filter> {
    if people.len() <= AT_ONCE {
        return Vec::new();
    }
    let mut letters: Vec<_> = people.iter().map(|person| person.letter()).collect();
    letters.dedup();
    let chosen = chosen.filter(|letter| letters.contains(letter)).or(letters.first().copied());
    let filter = |letter: char| {
        let name = letter.to_string();
        let fields: Vec<_> =
            group.map(|group| ("group", group)).into_iter().chain([("letter", name.as_str())]).collect();
        Filter { path: format!("{}?{}", path::CONTACTS, query(&fields)), here: Some(letter) == chosen, name }
    };
    letters.into_iter().map(filter).collect()
}

async fn row(own: &Own<'_>, person: &Named, words: &Words) -> Result<Row, Instead> {
    let card = Card::of(&own.graph(&person.at).await?, &person.this);
    let second = [card.role, card.emails.into_iter().next()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    Ok(Row {
        icon: icon("user"),
        name: person.name.clone(),
        second,
        action: Some(Action::Open { path: card_of(&person.at), label: words.open }),
    })
}

/// The page of a card.
fn card_of(at: &ResourcePath) -> String {
    format!("{}?{}", path::CONTACT, query(&[("at", at.local())]))
}

/// The cards that something is proposed for, as rows that lead to them.
pub(super) async fn asked_about(own: &Own<'_>, open: &[Proposal], label: &'static str) -> Result<Vec<Row>, Instead> {
    let (mut seen, mut rows) = (BTreeSet::new(), Vec::new());
    for proposal in open {
        if !seen.insert(&proposal.document) {
            continue;
        }
        let graph = own.graph(&proposal.document).await?;
        let Some(name) = book::whose(&graph).and_then(|this| text(&graph, &this, vcard::FN)) else { continue };
        let action = Some(Action::Open { path: card_of(&proposal.document), label });
        rows.push(Row { icon: icon("user"), name, second: String::new(), action });
    }
    Ok(rows)
}

fn query(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn words(visitor: &Visitor) -> &'static Words {
    visitor.language.choose(&FRENCH, &ENGLISH)
}
