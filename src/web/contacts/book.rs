//! Address books as pages show them, read from their documents. Pure but for the reading.

use icu_normalizer::DecomposingNormalizerBorrowed;

use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{dc, rdf, vcard};
use crate::web::Instead;
use crate::web::own::{Own, link, text};

/// An address book.
pub(super) struct Book {
    pub title: String,
    /// What it is in its documents.
    pub this: Term,
    pub people: Vec<Named>,
    pub groups: Vec<Named>,
    /// Where people and groups are listed.
    pub lists: [Option<ResourcePath>; 2],
}

/// Somebody, or a group, as a list of the book names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub this: Term,
    /// Where its document is.
    pub at: ResourcePath,
    pub name: String,
    key: String,
}

impl Named {
    pub fn new(this: Term, at: ResourcePath, name: String) -> Self {
        let key = sorted_as(&name);
        Self { this, at, name, key }
    }

    /// The letter under which it is listed; `#` for all that is none.
    pub fn letter(&self) -> char {
        self.key.chars().next().filter(char::is_ascii_alphabetic).map_or('#', |letter| letter.to_ascii_uppercase())
    }
}

/// Sorts by name as people look for names: accents and case aside.
pub(super) fn by_name(one: &Named, other: &Named) -> std::cmp::Ordering {
    (&one.key, &one.name, &one.at).cmp(&(&other.key, &other.name, &other.at))
}

fn sorted_as(name: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(name.trim());
    decomposed.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).flat_map(char::to_lowercase).collect()
}

/// The books that the owner's type index names.
pub(super) async fn books(own: &Own<'_>) -> Result<Vec<Book>, Instead> {
    let mut books = Vec::new();
    for index in own.registered(vcard::ADDRESS_BOOK).await? {
        let front = own.graph(&index).await?;
        let these: Vec<_> = front.subjects(rdf::TYPE, &Term::iri(vcard::ADDRESS_BOOK)).cloned().collect();
        for this in these {
            books.push(book(own, &front, this).await?);
        }
    }
    Ok(books)
}

async fn book(own: &Own<'_>, front: &Graph, this: Term) -> Result<Book, Instead> {
    let list = |property| link(front, &this, property).and_then(|iri| own.place(&Term::iri(iri)));
    let lists = [list(vcard::NAME_EMAIL_INDEX), list(vcard::GROUP_INDEX)];
    let title = [dc::TITLE, vcard::FN].into_iter().find_map(|property| text(front, &this, property));
    let (mut people, mut groups) = (Vec::new(), Vec::new());
    if let Some(list) = &lists[0] {
        let graph = own.graph(list).await?;
        people.extend(graph.subjects(vcard::IN_ADDRESS_BOOK, &this).filter_map(|person| named(own, &graph, person)));
    }
    if let Some(list) = &lists[1] {
        let graph = own.graph(list).await?;
        groups.extend(graph.objects(&this, vcard::INCLUDES_GROUP).filter_map(|group| named(own, &graph, group)));
    }
    people.sort_by(by_name);
    groups.sort_by(by_name);
    Ok(Book { title: title.unwrap_or_default(), this, people, groups, lists })
}

fn named(own: &Own<'_>, graph: &Graph, this: &Term) -> Option<Named> {
    Some(Named::new(this.clone(), own.place(this)?, text(graph, this, vcard::FN)?))
}

/// What a card says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Card {
    pub name: Option<String>,
    pub role: Option<String>,
    pub organisation: Option<String>,
    pub emails: Vec<String>,
    pub telephones: Vec<String>,
    /// Pods and pages.
    pub links: Vec<String>,
    pub note: Option<String>,
}

impl Card {
    /// Reads what a document says of somebody.
    pub fn of(graph: &Graph, this: &Term) -> Self {
        let values = |property: &'static str, prefix: &'static str| {
            let value = move |node: &Term| {
                let value = link(graph, node, vcard::VALUE).or_else(|| text(graph, node, vcard::VALUE));
                let value = value.or_else(|| node.as_iri().map(ToString::to_string))?;
                Some(value.strip_prefix(prefix).unwrap_or(&value).to_owned())
            };
            let mut values: Vec<_> = graph.objects(this, property).filter_map(value).collect();
            values.dedup();
            values
        };
        let links = values(vcard::URL, "").into_iter().filter(|link| link.starts_with("https://")).collect();
        Self {
            name: text(graph, this, vcard::FN),
            role: text(graph, this, vcard::ROLE),
            organisation: text(graph, this, vcard::ORGANIZATION_NAME),
            emails: values(vcard::HAS_EMAIL, "mailto:"),
            telephones: values(vcard::HAS_TELEPHONE, "tel:"),
            links,
            note: text(graph, this, vcard::NOTE),
        }
    }
}

/// Whether a group's document says that somebody is in it.
pub(super) fn has_member(graph: &Graph, group: &Term, person: &Term) -> bool {
    graph.objects(group, vcard::HAS_MEMBER).any(|member| member == person)
}

/// Who a card is about.
pub(super) fn whose(graph: &Graph) -> Option<Term> {
    graph.subjects(rdf::TYPE, &Term::iri(vcard::INDIVIDUAL)).next().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::PodName;

    fn named(name: &str) -> Named {
        let at = ResourcePath::parse(PodName::parse("ada").unwrap(), "/contacts/b/index.ttl").unwrap();
        Named::new(Term::iri("https://pods.example/ada/contacts/b/index.ttl#this"), at, name.to_owned())
    }

    /// Shows: CP-50
    #[test]
    fn names_are_sorted_and_lettered_without_their_accents() {
        let mut people: Vec<_> =
            ["Zoé", "élodie Fictive", "Eliott", "Ève", "7e C", "  Anna"].map(named).into_iter().collect();
        people.sort_by(by_name);
        let names: Vec<_> = people.iter().map(|person| person.name.trim()).collect();
        assert_eq!(names, ["7e C", "Anna", "Eliott", "élodie Fictive", "Ève", "Zoé"]);
        assert_eq!(people.iter().map(Named::letter).collect::<String>(), "#AEEEZ");
    }
}
