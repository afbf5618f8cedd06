//! The page of parts: each part that pages are made of, as it looks, for who works on them.

use std::time::Duration;

use askama::Template;
use http::StatusCode;

use super::parts::list::{Action, Breadcrumb, Empty, Log, Row};
use super::parts::sharing::{May, Permission, Person, TimeLeft};
use super::parts::{Banner, Choice, Choices, CodeBox, Field, Progress, Summary, Tone, icon};
use super::{Answer, Pages, Shell, Visitor, assets, page, path};
use crate::http::Problem;

#[derive(Template)]
#[template(path = "gallery.html")]
struct Page<'a> {
    shell: Shell,
    way: Breadcrumb,
    banners: [Banner; 4],
    summary: Option<Summary<'a>>,
    field: &'a Field,
    wrong: &'a Field,
    choices: Choices,
    rows: [Row; 2],
    log: Log,
    people: [Person; 2],
    permissions: [Permission; 3],
    times: [TimeLeft; 3],
    progress: Progress,
    empty: Empty,
    code: CodeBox,
    copy_script: &'static str,
}

/// Answers a request for the page, which is there for development only.
pub(super) fn answer(pages: &Pages, visitor: &Visitor) -> Answer {
    if !pages.dev {
        return Err(Problem::new(StatusCode::NOT_FOUND, "not-found").into());
    }
    let field = Field { name: "email", label: "Adresse e-mail", kind: "email", ..Field::default() };
    let field = Field { help: Some("Celle où vous lisez vos messages."), ..field };
    let wrong = Field {
        name: "pod",
        label: "Adresse de votre espace",
        kind: "text",
        value: "léa".to_owned(),
        error: Some("Seulement des lettres sans accent, des chiffres et des tirets."),
        ..Field::default()
    };
    let banner = |tone, text: &str| Banner { tone, text: text.to_owned() };
    let (language, now) = (visitor.language, pages.clock.now());
    let until = |days: u32| TimeLeft::new(language, now.plus(Duration::from_hours(24) * days), now);
    let shown = Page {
        shell: Shell::new(visitor, "Parts"),
        way: Breadcrumb { label: "Vous êtes ici", above: vec![(path::HOME, "Accueil"), (path::SETTINGS, "Compte")] },
        banners: [
            banner(Tone::Ok, "L’accès est coupé."),
            banner(Tone::Info, "Votre ENT propose trois nouveaux contacts."),
            banner(Tone::Warn, "Il reste 12 Mo dans votre espace."),
            banner(Tone::Stop, "Le fichier n’a pas été déposé."),
        ],
        summary: Summary::of("Il y a une erreur", [&field, &wrong]),
        field: &field,
        wrong: &wrong,
        choices: choices(),
        rows: rows(visitor),
        log: log(),
        people: [
            Person::new(language, "Agenda du lycée", "agenda.example.org", true),
            Person::new(language, "Quiz", "quiz.example.net", false),
        ],
        permissions: [May::Read, May::Write, May::Drop].map(|may| Permission::new(language, may)),
        times: [until(6), until(0), TimeLeft::new(language, now.plus(Duration::from_hours(3)), now)],
        progress: Progress { label: "Copie des fichiers", done: 12, all: 130, text: "12 sur 130".to_owned() },
        empty: Empty {
            action: Some((path::HOME, "Déposer un fichier")),
            ..Empty::of("folder", "Ici se rangent vos documents. Rien n’y est encore.")
        },
        code: CodeBox {
            name: "address",
            label: "Adresse de votre espace",
            text: format!("{}lea/", visitor.base()),
            copy: "Copier",
            copied: "Copié",
        },
        copy_script: assets::copy_script(),
    };
    page(StatusCode::OK, &shown, visitor)
}

fn choices() -> Choices {
    let choice = |value: &str, label: &str, help| Choice { value: value.to_owned(), label: label.to_owned(), help };
    Choices {
        name: "until",
        legend: "Jusqu’à quand ?",
        choices: vec![
            choice("week", "Une semaine", None),
            choice("year", "L’année scolaire", Some("Jusqu’au 31 août. Vous pourrez couper l’accès avant.")),
        ],
        chosen: Some("week".to_owned()),
        error: None,
    }
}

fn rows(visitor: &Visitor) -> [Row; 2] {
    let send = Action::Send {
        path: path::PARTS,
        csrf: visitor.csrf().to_owned(),
        field: "session",
        value: "1".to_owned(),
        label: "Déconnecter",
    };
    let open = Action::Open { path: path::PARTS.to_owned(), label: "Ouvrir" };
    [
        Row {
            icon: icon("smartphone"),
            name: "Firefox · Android".to_owned(),
            second: "Connecté depuis le 3 novembre 2026, utilisé hier".to_owned(),
            action: Some(send),
        },
        Row {
            icon: icon("file-text"),
            name: "Rapport de stage.pdf".to_owned(),
            second: "1,2 Mo · modifié le 12 novembre 2026".to_owned(),
            action: Some(open),
        },
    ]
}

fn log() -> Log {
    let line = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
    Log {
        caption: "Qui a lu quoi",
        headings: vec!["Quand", "Qui", "Quoi"],
        lines: vec![
            line(["22 novembre 2026 à 9 h", "Agenda du lycée", "Emploi du temps"]),
            line(["21 novembre 2026 à 18 h 30", "Quiz", "Résultats de mathématiques"]),
        ],
    }
}
