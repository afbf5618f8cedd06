//! Adding a contact by hand, to a book that no source ever touches.

use askama::Template;
use http::StatusCode;

use super::book;
use crate::http::Problem;
use crate::identity::account::Email;
use crate::path::ResourcePath;
use crate::rdf::graph::{Literal, Term, Triple};
use crate::rdf::vocab::{acl, dc, rdf, solid, vcard, xsd};
use crate::web::own::{Own, broken};
use crate::web::parts::list::Breadcrumb;
use crate::web::parts::{Field, Summary};
use crate::web::{Answer, Asked, Instead, Pages, Shell, Visitor, page, pages, path, see_other};

/// The owner's own book.
const BOOK: &str = "/contacts/perso/";
const LONGEST_NAME: usize = 200;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    way: [&'static str; 2],
    name: &'static str,
    name_wrong: &'static str,
    email: &'static str,
    email_wrong: &'static str,
    telephone: &'static str,
    telephone_wrong: &'static str,
    wrong: &'static str,
    add: &'static str,
    book: &'static str,
}

const FRENCH: Words = Words {
    title: "Ajouter un contact",
    lead: "La fiche va dans votre carnet à vous : l’établissement n’y touche pas.",
    way: ["Vous êtes ici", "Contacts"],
    name: "Nom",
    name_wrong: "Écrivez un nom, en 200 caractères au plus.",
    email: "E-mail",
    email_wrong: "Cette adresse n’est pas complète.",
    telephone: "Téléphone",
    telephone_wrong: "Un numéro n’a que des chiffres, des espaces et un + au début.",
    wrong: "Le contact n’est pas ajouté",
    add: "Ajouter ce contact",
    book: "Mes contacts",
};

const ENGLISH: Words = Words {
    title: "Add a contact",
    lead: "The card goes into a book of your own: the school does not touch it.",
    way: ["You are here", "Contacts"],
    name: "Name",
    name_wrong: "Write a name, of at most 200 characters.",
    email: "E-mail",
    email_wrong: "This address is not complete.",
    telephone: "Telephone",
    telephone_wrong: "A number has digits and spaces only, and a + in front.",
    wrong: "The contact was not added",
    add: "Add this contact",
    book: "My contacts",
};

#[derive(Template)]
#[template(path = "contacts/new.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    summary: Option<Summary<'a>>,
    fields: &'a [Field; 3],
}

/// What somebody typed of a person.
struct Person {
    name: String,
    email: Option<Email>,
    telephone: Option<String>,
}

/// Shows the form, or adds what it says.
///
/// Spec: CP-51
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words: &'static Words = visitor.language.choose(&FRENCH, &ENGLISH);
    let own = Own::of(pages, by, asked).await?.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not-found"))?;
    let mut fields = fields(words);
    let mut status = StatusCode::OK;
    if let Some(form) = &asked.form {
        for field in &mut fields {
            form.get(field.name).trim().clone_into(&mut field.value);
        }
        if let Some(person) = read(&mut fields, words) {
            add(&own, &person, words).await?;
            return Ok(see_other(&format!("{}?done=added", path::CONTACTS), Vec::new()));
        }
        status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        way: Breadcrumb { label: words.way[0], above: vec![(path::CONTACTS, words.way[1])] },
        summary: Summary::of(words.wrong, &fields),
        fields: &fields,
    };
    page(status, &shown, visitor)
}

fn fields(words: &Words) -> [Field; 3] {
    let field = |name, label, kind| Field { name, label, kind, autocomplete: "off", ..Field::default() };
    let optional = |field| Field { optional: true, ..field };
    [
        field("name", words.name, "text"),
        optional(field("email", words.email, "email")),
        optional(field("telephone", words.telephone, "tel")),
    ]
}

fn read([name, email, telephone]: &mut [Field; 3], words: &Words) -> Option<Person> {
    let plain: String = name.value.chars().filter(|c| !c.is_control()).collect();
    if plain.is_empty() || plain.chars().count() > LONGEST_NAME {
        name.error = Some(words.name_wrong);
    }
    let address = Email::parse(&email.value);
    if address.is_none() && !email.value.is_empty() {
        email.error = Some(words.email_wrong);
    }
    let number: String = telephone.value.chars().filter(|c| !" .-()\u{a0}".contains(*c)).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_number = (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number && !telephone.value.is_empty() {
        telephone.error = Some(words.telephone_wrong);
    }
    let is_wrong = [&*name, email, telephone].iter().any(|field| field.error.is_some());
    let person = Person { name: plain, email: address, telephone: is_number.then_some(number) };
    (!is_wrong).then_some(person)
}

/// Writes the card first and lists it last, so that no list names what is not there.
async fn add(own: &Own<'_>, person: &Person, words: &Words) -> Result<(), Instead> {
    let place = |local: String| own.path(&local).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not-found"));
    let [index, people, groups] = ["index.ttl", "people.ttl", "groups.ttl"].map(|name| place(format!("{BOOK}{name}")));
    let [index, people, groups] = [index?, people?, groups?];
    let this = Term::iri(format!("{}#this", own.iri(&index)));
    if !book::books(own).await?.iter().any(|book| book.this == this) {
        open_book(own, &this, &[&index, &people, &groups], words).await?;
    }
    let id = uuid::Uuid::from_bytes(crate::secret::random());
    let card = place(format!("{BOOK}Person/{id}/index.ttl"))?;
    own.agent.insert(&card, says(own, &card, &id, person)).await.map_err(broken)?;
    let whose = Term::iri(format!("{}#this", own.iri(&card)));
    let listed = [(whose.clone(), vcard::IN_ADDRESS_BOOK, this), (whose, vcard::FN, literal(&person.name))];
    own.agent.insert(&people, triples(listed)).await.map_err(broken)
}

/// What the card says.
fn says(own: &Own<'_>, card: &ResourcePath, id: &uuid::Uuid, person: &Person) -> Vec<Triple> {
    let iri = own.iri(card);
    let node = |name: &str| Term::iri(format!("{iri}#{name}"));
    let mut says = vec![
        (node("this"), rdf::TYPE, Term::iri(vcard::INDIVIDUAL)),
        (node("this"), vcard::HAS_UID, Term::iri(format!("urn:uuid:{id}"))),
        (node("this"), vcard::FN, literal(&person.name)),
    ];
    let email = person.email.as_ref().map(|email| (vcard::HAS_EMAIL, "email", format!("mailto:{email}")));
    let telephone = person.telephone.as_ref().map(|number| (vcard::HAS_TELEPHONE, "tel", format!("tel:{number}")));
    for (property, name, value) in email.into_iter().chain(telephone) {
        says.push((node("this"), property, node(name)));
        says.push((node(name), rdf::TYPE, Term::iri(vcard::HOME)));
        says.push((node(name), vcard::VALUE, Term::iri(value)));
    }
    triples(says)
}

/// Makes the book, and registers it where applications look for books.
///
/// Spec: shape A1
async fn open_book(own: &Own<'_>, this: &Term, places: &[&ResourcePath; 3], words: &Words) -> Result<(), Instead> {
    let [_, people, groups] = places.map(|place| Term::iri(own.iri(place)));
    let (title, front) = (literal(words.book), places[0]);
    let book = [
        (this.clone(), rdf::TYPE, Term::iri(vcard::ADDRESS_BOOK)),
        (this.clone(), dc::TITLE, title.clone()),
        (this.clone(), vcard::FN, title),
        (this.clone(), vcard::NAME_EMAIL_INDEX, people),
        (this.clone(), vcard::GROUP_INDEX, groups),
        (this.clone(), acl::OWNER, Term::iri(own.owner.as_str())),
    ];
    own.agent.insert(front, triples(book)).await.map_err(broken)?;
    let Some(registry) = own.path(crate::web::own::PRIVATE_INDEX) else { return Ok(()) };
    let entry = Term::iri(format!("{}#{}", own.iri(&registry), "cartable-own-contacts"));
    let registered = [
        (entry.clone(), rdf::TYPE, Term::iri(solid::TYPE_REGISTRATION)),
        (entry.clone(), solid::FOR_CLASS, Term::iri(vcard::ADDRESS_BOOK)),
        (entry, solid::INSTANCE, this.clone()),
    ];
    own.agent.insert(&registry, triples(registered)).await.map_err(broken)
}

fn triples(said: impl IntoIterator<Item = (Term, &'static str, Term)>) -> Vec<Triple> {
    said.into_iter().filter_map(|(subject, predicate, object)| Triple::new(subject, predicate, object)).collect()
}

fn literal(text: &str) -> Term {
    Term::Literal(Literal { lexical: text.into(), datatype: xsd::STRING.into(), language: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(values: [&str; 3]) -> (Option<Person>, [Field; 3]) {
        let mut fields = fields(&ENGLISH);
        fields.iter_mut().zip(values).for_each(|(field, value)| value.clone_into(&mut field.value));
        let person = read(&mut fields, &ENGLISH);
        (person, fields)
    }

    /// Shows: CP-51
    #[test]
    fn what_is_typed_is_read_or_wrong_at_its_field() {
        let (person, _) = typed(["Malo\u{7} Fictif", "", "+33 6 12-34.56 78"]);
        let person = person.unwrap();
        assert_eq!((person.name.as_str(), person.email.is_none()), ("Malo Fictif", true));
        assert_eq!(person.telephone.as_deref(), Some("+33612345678"));
        for (values, wrong) in [
            (["", "", ""], 0),
            ([&"a".repeat(201), "", ""], 0),
            (["Malo", "malo", ""], 1),
            (["Malo", "", "call me"], 2),
            (["Malo", "", "12"], 2),
        ] {
            let (person, fields) = typed(values);
            assert!(person.is_none() && fields[wrong].error.is_some(), "{values:?}");
        }
    }
}
