//! One card: what it says, the groups it is in, and what the school would write on it.

use askama::Template;
use http::StatusCode;

use super::book::{self, Book, Card};
use super::{Words as ListWords, card_of};
use crate::http::Problem;
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::vcard;
use crate::web::own::{Own, broken};
use crate::web::parts::list::Breadcrumb;
use crate::web::proposals::{self, Proposal};
use crate::web::{Answer, Asked, Instead, Pages, Shell, Visitor, page, pages, path, see_other};

/// What the page says.
struct Words {
    way: &'static str,
    role: &'static str,
    organisation: &'static str,
    email: &'static str,
    telephone: &'static str,
    links: &'static str,
    note: &'static str,
    groups: &'static str,
    proposals: &'static str,
    proposals_help: &'static str,
    yours: &'static str,
    theirs: &'static str,
    nothing: &'static str,
    take: &'static str,
    keep: &'static str,
    delete: &'static str,
    delete_title: &'static str,
    delete_lead: &'static str,
    delete_do: &'static str,
    cancel: &'static str,
    details: &'static str,
    address: &'static str,
    fields: [(&'static str, &'static str); 9],
}

const FRENCH: Words = Words {
    way: "Vous êtes ici",
    role: "Rôle",
    organisation: "Établissement",
    email: "E-mail",
    telephone: "Téléphone",
    links: "Espace et pages",
    note: "Note",
    groups: "Groupes",
    proposals: "L’établissement dit autre chose",
    proposals_help: "Vous avez changé cette fiche, et l’annuaire de l’établissement aussi. Choisissez pour chaque ligne.",
    yours: "Chez vous",
    theirs: "Dans l’annuaire",
    nothing: "rien",
    take: "Prendre",
    keep: "Garder le mien",
    delete: "Supprimer cette fiche",
    delete_title: "Supprimer cette fiche ?",
    delete_lead: "La fiche sort de vos contacts et de ses groupes. Si elle vient de l’établissement, elle ne reviendra pas à \
                  la prochaine mise à jour. Le reste ne change pas.",
    delete_do: "Supprimer la fiche",
    cancel: "Ne rien supprimer",
    details: "Détails techniques",
    address: "Adresse de la fiche :",
    fields: [
        (vcard::FN, "Nom affiché"),
        (vcard::GIVEN_NAME, "Prénom"),
        (vcard::FAMILY_NAME, "Nom de famille"),
        (vcard::ROLE, "Rôle"),
        (vcard::ORGANIZATION_NAME, "Établissement"),
        (vcard::VALUE, "Adresse"),
        (vcard::HAS_EMAIL, "E-mail"),
        (vcard::HAS_TELEPHONE, "Téléphone"),
        (vcard::URL, "Espace"),
    ],
};

const ENGLISH: Words = Words {
    way: "You are here",
    role: "Role",
    organisation: "School",
    email: "E-mail",
    telephone: "Telephone",
    links: "Space and pages",
    note: "Note",
    groups: "Groups",
    proposals: "The school says otherwise",
    proposals_help: "You have changed this card, and so has the school’s directory. Choose for each line.",
    yours: "Yours",
    theirs: "In the directory",
    nothing: "nothing",
    take: "Take it",
    keep: "Keep mine",
    delete: "Delete this card",
    delete_title: "Delete this card?",
    delete_lead: "The card leaves your contacts and its groups. If it comes from the school, it will not come back with the \
                  next update. Nothing else changes.",
    delete_do: "Delete the card",
    cancel: "Delete nothing",
    details: "Technical details",
    address: "Address of the card:",
    fields: [
        (vcard::FN, "Name shown"),
        (vcard::GIVEN_NAME, "First name"),
        (vcard::FAMILY_NAME, "Last name"),
        (vcard::ROLE, "Role"),
        (vcard::ORGANIZATION_NAME, "School"),
        (vcard::VALUE, "Address"),
        (vcard::HAS_EMAIL, "E-mail"),
        (vcard::HAS_TELEPHONE, "Telephone"),
        (vcard::URL, "Space"),
    ],
};

/// A difference to decide upon.
struct Difference {
    id: String,
    field: &'static str,
    yours: String,
    theirs: String,
}

#[derive(Template)]
#[template(path = "contacts/card.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    here: String,
    name: String,
    card: Card,
    groups: Vec<String>,
    differences: Vec<Difference>,
    iri: String,
    /// Whether it is about to be deleted.
    deleting: bool,
    delete_at: String,
}

/// Shows a card, or does with it what a form says.
///
/// Spec: CP-51, CP-52
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let own = Own::of(pages, by, asked).await?.ok_or_else(not_found)?;
    let at = asked.query.find("at").and_then(|at| own.path(at)).ok_or_else(not_found)?;
    let graph = own.graph(&at).await?;
    let this = book::whose(&graph).ok_or_else(not_found)?;
    let mut open = proposals::open(&own).await?;
    open.retain(|proposal| proposal.document == at);
    let Some(form) = &asked.form else { return show(visitor, asked, &own, &at, &graph, &this, &open).await };
    if form.find("delete").is_some() {
        delete(&own, &at, &this).await?;
        return Ok(see_other(&format!("{}?done=deleted", path::CONTACTS), Vec::new()));
    }
    let chosen = |name| form.find(name).and_then(|id| open.iter().find(|proposal| proposal.id() == id));
    if let Some(proposal) = chosen("take") {
        proposals::take(&own, proposal).await?;
    } else if let Some(proposal) = chosen("keep") {
        proposals::settle(&own, proposal).await?;
    }
    Ok(see_other(&card_of(&at), Vec::new()))
}

async fn show(
    visitor: &Visitor,
    asked: &Asked,
    own: &Own<'_>,
    at: &ResourcePath,
    graph: &Graph,
    this: &Term,
    open: &[Proposal],
) -> Answer {
    let words: &'static Words = visitor.language.choose(&FRENCH, &ENGLISH);
    let list: &'static ListWords = super::words(visitor);
    let card = Card::of(graph, this);
    let groups = groups(own, &book::books(own).await?, this).await?;
    let differences = open.iter().map(|proposal| difference(proposal, graph, words)).collect();
    let here = card_of(at);
    let deleting = asked.query.find("delete").is_some();
    let shown = Page {
        shell: Shell::new(visitor, list.title),
        words,
        way: Breadcrumb { label: words.way, above: vec![(path::CONTACTS, list.title)] },
        delete_at: format!("{here}&delete"),
        here,
        name: card.name.clone().unwrap_or_default(),
        card,
        groups,
        differences,
        iri: own.iri(at),
        deleting,
    };
    page(StatusCode::OK, &shown, visitor)
}

fn difference(proposal: &Proposal, graph: &Graph, words: &'static Words) -> Difference {
    let or_nothing = |text: String| if text.is_empty() { words.nothing.to_owned() } else { text };
    let known = words.fields.iter().find(|(property, _)| *property == proposal.field);
    Difference {
        id: proposal.id().to_owned(),
        field: known.map_or(words.note, |(_, name)| name),
        yours: or_nothing(proposals::shown(graph.objects(&proposal.subject, &proposal.field), graph)),
        theirs: or_nothing(proposals::shown(&proposal.values, graph)),
    }
}

/// The names of the groups that somebody is in.
async fn groups(own: &Own<'_>, books: &[Book], this: &Term) -> Result<Vec<String>, Instead> {
    let mut names = Vec::new();
    for book in books {
        for group in &book.groups {
            if book::has_member(&own.graph(&group.at).await?, &group.this, this) {
                names.push(group.name.clone());
            }
        }
    }
    Ok(names)
}

/// Takes a card out of the lists of its book and of its groups, and deletes it last: what breaks off is done again.
async fn delete(own: &Own<'_>, at: &ResourcePath, this: &Term) -> Result<(), Instead> {
    let books = book::books(own).await?;
    let lists = books.iter().flat_map(|book| book.lists[0].iter().chain(book.groups.iter().map(|group| &group.at)));
    let lists: Vec<_> = lists.collect();
    for list in lists {
        let graph = own.graph(list).await?;
        let of_it = |triple: &&Triple| triple.subject == *this || triple.object == *this;
        let gone: Vec<_> = graph.iter().filter(of_it).cloned().collect();
        if !gone.is_empty() {
            own.agent.edit(list, gone, Vec::new()).await.map_err(broken)?;
        }
    }
    own.agent.delete(at, crate::ingest::write::Is::Anything).await.map_err(broken)?;
    own.agent.delete_empty_above(at).await.map_err(broken)
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found")
}
