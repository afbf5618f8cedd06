//! Where the documents of a book lie, and what they are called.
//!
//! Names are made of a random namespace and the remote identity, so that they stay the same from run to run, can be
//! compared with no other pod's, and hold nothing of what the platform sent.

use uuid::Uuid;

use crate::address::Addresses;
use crate::path::{ContainerPath, ResourcePath};
use crate::rdf::graph::Term;

/// A book.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its container: `/contacts/{book}/`.
    container: ContainerPath,
    /// The IRI of its container.
    iri: String,
    namespace: Uuid,
}

/// What a document of a book is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Person(Uuid),
    Group(Uuid),
    /// The WebIDs of a group's members.
    Agents(Uuid),
    /// A school or a unit of one.
    Organisation(Uuid),
}

impl Place {
    pub fn new(addresses: &Addresses, book: &ContainerPath, namespace: Uuid) -> Self {
        Self { container: book.clone(), iri: addresses.iri(book), namespace }
    }

    pub fn person_id(&self, remote: &str) -> Uuid {
        self.id("person", &[remote])
    }

    /// A class is another one each year, although its code is the same; a corrected name changes nothing.
    pub fn group_id(&self, school: &str, year: Option<&str>, code: &str) -> Uuid {
        match year {
            Some(year) => self.id("group", &[school, year, code]),
            None => self.id("group", &[school, code]),
        }
    }

    /// A group that is ours and not the platform's.
    pub fn own_group_id(&self, name: &str) -> Uuid {
        self.id("own group", &[name])
    }

    pub fn school_id(&self, code: &str) -> Uuid {
        self.id("school", &[code])
    }

    /// The unit that a group of a school year shows.
    pub fn unit_id(&self, group: Uuid) -> Uuid {
        self.id("unit", &[&group.to_string()])
    }

    fn id(&self, kind: &str, key: &[&str]) -> Uuid {
        // No identity holds a line break.
        Uuid::new_v5(&self.namespace, format!("{kind}\n{}", key.join("\n")).as_bytes())
    }

    pub fn container(&self) -> ContainerPath {
        self.container.clone()
    }

    pub fn index(&self) -> ResourcePath {
        self.path("index.ttl")
    }

    pub fn people(&self) -> ResourcePath {
        self.path("people.ttl")
    }

    pub fn groups(&self) -> ResourcePath {
        self.path("groups.ttl")
    }

    pub fn document(&self, about: About) -> ResourcePath {
        self.path(&match about {
            About::Person(id) => format!("Person/{id}/index.ttl"),
            About::Group(id) => format!("Group/{id}/index.ttl"),
            About::Agents(id) => format!("Group/{id}/agents.ttl"),
            About::Organisation(id) => format!("Org/{id}/index.ttl"),
        })
    }

    /// What a document is about, if it is one of this book's.
    pub fn about(&self, path: &ResourcePath) -> Option<About> {
        let mut segments = path.local().strip_prefix(self.container.local())?.split('/');
        let (folder, id, name) = (segments.next()?, segments.next()?, segments.next()?);
        let id = Uuid::try_parse(id).ok()?;
        match (folder, name, segments.next()) {
            ("Person", "index.ttl", None) => Some(About::Person(id)),
            ("Group", "index.ttl", None) => Some(About::Group(id)),
            ("Group", "agents.ttl", None) => Some(About::Agents(id)),
            ("Org", "index.ttl", None) => Some(About::Organisation(id)),
            _ => None,
        }
    }

    /// The book itself.
    pub fn book(&self) -> Term {
        Term::iri(format!("{}index.ttl#this", self.iri))
    }

    /// What a document of the book is about.
    pub fn this(&self, about: About) -> Term {
        self.node(about, "this")
    }

    /// Something in a document of the book.
    pub fn node(&self, about: About, name: &str) -> Term {
        Term::iri(format!("{}#{name}", self.iri_of(&self.document(about))))
    }

    /// A document of the book as a thing.
    pub fn of(&self, path: &ResourcePath) -> Term {
        Term::iri(self.iri_of(path))
    }

    /// The document of the book that this IRI names.
    pub fn path_of(&self, document: &Term) -> Option<ResourcePath> {
        Some(self.path(document.as_iri()?.strip_prefix(&*self.iri)?)).filter(|path| self.about(path).is_some())
    }

    /// Whose node this is, if it is the `#this` of a document of the book.
    pub fn whose(&self, node: &Term) -> Option<About> {
        let local = node.as_iri()?.strip_prefix(&*self.iri)?.strip_suffix("#this")?;
        self.about(&self.path(local))
    }

    fn iri_of(&self, path: &ResourcePath) -> String {
        format!("{}{}", self.iri, path.local().strip_prefix(self.container.local()).unwrap_or_default())
    }

    fn path(&self, name: &str) -> ResourcePath {
        ResourcePath::trusted(self.container.pod().clone(), &format!("{}{name}", self.container.local()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::PodName;

    fn place(namespace: u128) -> Place {
        let addresses = Addresses::with_subdomains("https://id.example/", "pods.example").unwrap();
        let pod = PodName::parse("demo").unwrap();
        let book = ResourcePath::parse(pod, "/contacts/b1/").unwrap().as_container().unwrap();
        Place::new(&addresses, &book, Uuid::from_u128(namespace))
    }

    /// Shows: shape A12
    #[test]
    fn no_remote_value_is_part_of_an_address() {
        let place = place(1);
        for remote in ["../../../profile/card", "a/b", "é #?", ""] {
            let path = place.document(About::Person(place.person_id(remote)));
            let name =
                path.local().strip_prefix("/contacts/b1/Person/").and_then(|rest| rest.strip_suffix("/index.ttl"));
            assert!(Uuid::try_parse(name.unwrap()).is_ok(), "{path}");
        }
    }

    #[test]
    fn identities_are_stable_and_the_book_s_own() {
        assert_eq!(place(1).person_id("a"), place(1).person_id("a"));
        assert_ne!(place(1).person_id("a"), place(2).person_id("a"));
        assert_ne!(place(1).person_id("a"), place(1).school_id("a"));
        let group = |year, code| place(1).group_id("0999001W", year, code);
        assert_ne!(group(Some("2026-2027"), "2GT3"), group(Some("2027-2028"), "2GT3"));
        assert_ne!(group(None, "2GT3"), group(Some("2026-2027"), "2GT3"));
    }

    #[test]
    fn documents_are_found_again() {
        let (place, id) = (place(1), Uuid::from_u128(7));
        for about in [About::Person(id), About::Group(id), About::Agents(id), About::Organisation(id)] {
            assert_eq!(place.about(&place.document(about)), Some(about));
            assert_eq!(place.whose(&place.this(about)), Some(about));
        }
        for path in [place.index(), place.people(), place.groups()] {
            assert_eq!(place.about(&path), None);
        }
        assert_eq!(place.whose(&place.book()), None);
        assert_eq!(place.whose(&Term::iri("https://other.example/contacts/b1/index.ttl#this")), None);
    }
}
