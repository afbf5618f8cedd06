//! Adding a diploma: what it says, the certified file, and the link by which others check it.

use askama::Template;
use bytes::Bytes;
use http::StatusCode;

use super::ACHIEVEMENTS;
use crate::http::Problem;
use crate::ingest::index::{What, Whose};
use crate::ingest::learning::diploma::{Diploma, Distinction, Evidence, Mistake, PREFIXES, Typed, triples};
use crate::ingest::learning::service::instant;
use crate::ingest::write::{Is, Written};
use crate::language::{Language, date};
use crate::path::Name;
use crate::path::ResourcePath;
use crate::rdf::format::{self, Document, Format};
use crate::rdf::vocab::elm;
use crate::web::form::Form;
use crate::web::own::{Own, broken};
use crate::web::parts::list::Breadcrumb;
use crate::web::parts::{Choice, Choices, Field, Summary};
use crate::web::{Answer, Asked, Instead, Pages, Shell, Visitor, page, pages, path, see_other};

/// Where the files are.
const FILES: &str = "/documents/Diplomes/";
/// How many diplomas or files of one name there may be.
const MOST: usize = 50;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    way: [&'static str; 2],
    name: (&'static str, &'static str),
    name_wrong: &'static str,
    date: &'static str,
    date_wrong: &'static str,
    date_future: &'static str,
    body: (&'static str, &'static str),
    body_wrong: &'static str,
    mention: &'static str,
    number: (&'static str, &'static str),
    number_wrong: &'static str,
    link: (&'static str, &'static str),
    link_wrong: &'static str,
    exams: (&'static str, &'static str),
    exams_wrong: &'static str,
    file: (&'static str, &'static str),
    file_wrong: &'static str,
    wrong: &'static str,
    add: &'static str,
}

const FRENCH: Words = Words {
    title: "Ajouter un diplôme",
    lead: "Recopiez ce que dit le diplôme et joignez son PDF certifié, tel que vous l’avez téléchargé sur diplome.gouv.fr.",
    way: ["Vous êtes ici", "Parcours"],
    name: ("Intitulé", "Par exemple «\u{a0}Baccalauréat général\u{a0}»."),
    name_wrong: "Écrivez l’intitulé, en 200 caractères au plus.",
    date: "Date d’obtention",
    date_wrong: "Choisissez une date.",
    date_future: "Cette date n’est pas encore passée.",
    body: ("Délivré par", "L’académie ou le ministère."),
    body_wrong: "Écrivez qui l’a délivré, en 200 caractères au plus.",
    mention: "Mention",
    number: ("Numéro du diplôme", "S’il y en a un."),
    number_wrong: "Un numéro a au plus 200 caractères.",
    link: ("Lien de vérification", "L’adresse par laquelle un tiers vérifie le diplôme."),
    link_wrong: "Un lien de vérification commence par https://.",
    exams: (
        "Notes",
        "Une épreuve par ligne\u{a0}: «\u{a0}Mathématiques\u{a0}; 13,5/20\u{a0}; 16\u{a0}». Le coefficient, à la fin, peut manquer.",
    ),
    exams_wrong: "Une ligne n’est pas lisible. Une note est entre 0 et son total, et il y a au plus 20 épreuves.",
    file: ("Le diplôme, en PDF", "10 Mo au plus."),
    file_wrong: "Ce fichier n’est pas un PDF.",
    wrong: "Le diplôme n’est pas ajouté",
    add: "Ajouter ce diplôme",
};

const ENGLISH: Words = Words {
    title: "Add a diploma",
    lead: "Copy what the diploma says, and attach its certified PDF as you downloaded it from diplome.gouv.fr.",
    way: ["You are here", "Learning"],
    name: ("Title", "For instance “Baccalauréat général”."),
    name_wrong: "Write the title, at most 200 characters.",
    date: "Date of award",
    date_wrong: "Choose a date.",
    date_future: "This date is yet to come.",
    body: ("Awarded by", "The school authority or the ministry."),
    body_wrong: "Write who awarded it, at most 200 characters.",
    mention: "Distinction",
    number: ("Number of the diploma", "If there is one."),
    number_wrong: "A number has at most 200 characters.",
    link: ("Link that checks it", "The address by which somebody else checks the diploma."),
    link_wrong: "A link that checks begins with https://.",
    exams: ("Marks", "One exam a line: “Mathematics\u{a0}; 13.5/20\u{a0}; 16”. The weight at the end may be left out."),
    exams_wrong: "A line cannot be read. A mark is between 0 and its total, and there are at most 20 exams.",
    file: ("The diploma, as a PDF", "At most 10 MB."),
    file_wrong: "This file is no PDF.",
    wrong: "The diploma was not added",
    add: "Add this diploma",
};

#[derive(Template)]
#[template(path = "learning/diploma.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    summary: Option<Summary<'a>>,
    fields: [&'a Field; 5],
    mentions: &'a Choices,
    exams: &'a Field,
    file: &'a Field,
}

/// Shows the form, or adds the diploma that it describes.
///
/// Spec: LT-30
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words: &'static Words = visitor.language.choose(&FRENCH, &ENGLISH);
    let mut adding = Adding::new(words, visitor.language);
    let mut status = StatusCode::OK;
    if let Some(form) = &asked.form {
        let own = Own::of(pages, by, asked).await?.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not-found"))?;
        let today = date::in_france(instant(pages.clock.now())).date();
        if let Some((diploma, pdf)) = adding.take(form, today) {
            add(&own, &diploma, pdf).await?;
            let done = if diploma.is_unusual() { "unusual" } else { "diploma" };
            return Ok(see_other(&format!("{}?done={done}", path::LEARNING), Vec::new()));
        }
        status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    let Adding { title, awarded, body, number, link, exams, file, .. } = &adding;
    let fields = [title, awarded, body, number, link];
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        way: Breadcrumb { label: words.way[0], above: vec![(path::LEARNING, words.way[1])] },
        summary: Summary::of(words.wrong, fields.into_iter().chain([exams, file])),
        fields,
        mentions: &adding.mentions,
        exams,
        file,
    };
    page(status, &shown, visitor)
}

/// A diploma on its way in.
struct Adding {
    words: &'static Words,
    title: Field,
    awarded: Field,
    body: Field,
    number: Field,
    link: Field,
    mentions: Choices,
    exams: Field,
    file: Field,
}

impl Adding {
    fn new(words: &'static Words, language: Language) -> Self {
        let field = |name, kind, (label, help): (&'static str, &'static str)| Field {
            name,
            label,
            kind,
            autocomplete: "off",
            help: Some(help).filter(|help| !help.is_empty()),
            ..Field::default()
        };
        let optional = |field: Field| Field { optional: true, ..field };
        let choice = |it: Distinction| Choice {
            value: it.word().to_owned(),
            label: distinction(it, language).to_owned(),
            help: None,
        };
        Self {
            words,
            title: field("title", "text", words.name),
            awarded: field("awarded", "date", (words.date, "")),
            body: field("body", "text", words.body),
            number: optional(field("number", "text", words.number)),
            link: optional(field("link", "url", words.link)),
            mentions: Choices {
                name: "mention",
                legend: words.mention,
                choices: Distinction::ALL.into_iter().map(choice).collect(),
                chosen: None,
                error: None,
            },
            exams: optional(field("exams", "text", words.exams)),
            file: field("file", "file", words.file),
        }
    }

    /// What was typed, with its file; nothing if something is wrong with it.
    fn take(&mut self, form: &Form, today: jiff::civil::Date) -> Option<(Diploma, Bytes)> {
        for field in
            [&mut self.title, &mut self.awarded, &mut self.body, &mut self.number, &mut self.link, &mut self.exams]
        {
            form.get(field.name).clone_into(&mut field.value);
        }
        self.mentions.chosen = form.find("mention").map(str::to_owned);
        let typed = Typed {
            title: form.get("title"),
            awarded: form.get("awarded"),
            body: form.get("body"),
            distinction: form.get("mention"),
            number: form.get("number"),
            check_link: form.get("link"),
            exams: form.get("exams"),
        };
        let pdf = form.file("file").map(|file| file.bytes.clone()).filter(|bytes| bytes.starts_with(b"%PDF-"));
        self.file.error = pdf.is_none().then_some(self.words.file_wrong);
        let read = Diploma::read(typed, today);
        for mistake in read.as_ref().err().into_iter().flatten() {
            let (field, error) = match mistake {
                Mistake::Title => (&mut self.title, self.words.name_wrong),
                Mistake::NotADate => (&mut self.awarded, self.words.date_wrong),
                Mistake::FutureDate => (&mut self.awarded, self.words.date_future),
                Mistake::Body => (&mut self.body, self.words.body_wrong),
                Mistake::Number => (&mut self.number, self.words.number_wrong),
                Mistake::CheckLink => (&mut self.link, self.words.link_wrong),
                Mistake::Exams => (&mut self.exams, self.words.exams_wrong),
            };
            field.error = Some(error);
        }
        read.ok().zip(pdf)
    }
}

/// Puts the file, then the record that names it: without the file there is no record.
async fn add(own: &Own<'_>, diploma: &Diploma, pdf: Bytes) -> Result<(), Instead> {
    let not_found = || Problem::new(StatusCode::NOT_FOUND, "not-found");
    let container = |local| own.path(local).and_then(|path| path.as_container()).ok_or_else(not_found);
    let (records, files) = (container(ACHIEVEMENTS)?, container(FILES)?);
    if own.agent.look(&records).await.map_err(broken)?.is_none() {
        own.agent.keep_private(&records, &own.owner).await.map_err(broken)?;
        let what = What::Container(own.iri(&records));
        let root = ResourcePath::root(own.pod.clone());
        let whose = Whose { agent: &own.agent, addresses: own.agent.addresses(), owner: &own.owner, pod: &root };
        whose.register(elm::LEARNING_ACHIEVEMENT, &what).await.map_err(broken)?;
    }
    let stem = format!("{} {}", diploma.title, diploma.awarded.year());
    let file = |number: usize| {
        let number = if number == 1 { String::new() } else { format!(" {number}") };
        Name::of(&format!("{}{number}.pdf", stem.replace(['/', '\\'], "-")), false).map(|name| files.child(&name))
    };
    let file = put_new(own, file, "application/pdf", |_| Some(pdf.clone())).await?;
    let file = own.iri(&file);
    let record = |number: usize| {
        let name = format!("{}-{}{}.ttl", diploma.awarded, slug(&diploma.title), suffix(number));
        Name::of(&name, false).map(|name| records.child(&name))
    };
    let evidence = Some(Evidence { iri: &file, bytes: &pdf });
    let print = |path: &ResourcePath| {
        let iri = own.iri(path);
        let graph = triples(diploma, &iri, &own.owner, evidence);
        let prefixes = PREFIXES.map(|(prefix, namespace)| (prefix.to_owned(), namespace.to_owned())).to_vec();
        format::print_at(&iri, &Document { dataset: graph.into(), prefixes }, Format::Turtle).ok().map(Bytes::from)
    };
    put_new(own, record, Format::Turtle.media_type(), print).await.map(|_| ())
}

/// Puts something under the first name of a row that is free.
async fn put_new(
    own: &Own<'_>,
    named: impl Fn(usize) -> Option<ResourcePath>,
    media_type: &str,
    bytes: impl Fn(&ResourcePath) -> Option<Bytes>,
) -> Result<ResourcePath, Instead> {
    for number in 1..=MOST {
        let Some(path) = named(number) else { break };
        let Some(bytes) = bytes(&path) else { break };
        if own.agent.put(&path, media_type, bytes, Is::Absent).await.map_err(broken)? != Written::Moved {
            return Ok(path);
        }
    }
    Err(Problem::new(StatusCode::CONFLICT, "too-many-files").into())
}

fn suffix(number: usize) -> String {
    if number == 1 { String::new() } else { format!("-{number}") }
}

/// Letters and digits of a title, for the name of its record.
fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-").chars().take(60).collect()
}

/// A distinction in words.
pub(super) fn distinction(distinction: Distinction, language: Language) -> &'static str {
    match distinction {
        Distinction::None => language.choose("Sans mention", "No distinction"),
        Distinction::AssezBien => language.choose("Mention assez bien", "Distinction “assez bien”"),
        Distinction::Bien => language.choose("Mention bien", "Distinction “bien”"),
        Distinction::TresBien => language.choose("Mention très bien", "Distinction “très bien”"),
        Distinction::Felicitations => {
            language.choose("Mention très bien avec félicitations", "Distinction “très bien avec félicitations”")
        }
    }
}
