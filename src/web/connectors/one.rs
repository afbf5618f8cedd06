//! The page of one connection: how it fares, what it asks, and what its owner may change.

use askama::Template;
use http::StatusCode;

use super::{Own, find, place, refused, said};
use crate::ingest::connection::Connection;
use crate::ingest::schedule::Frequency;
use crate::ingest::service::{Error, Refusal};
use crate::web::parts::list::{Breadcrumb, Row};
use crate::web::parts::{Banner, Choice, Choices, Field, Tone};
use crate::web::{
    Answer, Asked, Pages, Shell, Visitor, assets, contacts, date, page, pages, path, proposals, see_other,
};

const LONGEST_LABEL: usize = 80;

/// What the page says.
struct Words {
    way: &'static str,
    title: &'static str,
    done: [(&'static str, &'static str); 4],
    update: &'static str,
    soon: &'static str,
    running: &'static str,
    look: &'static str,
    last: &'static str,
    next: &'static str,
    never: &'static str,
    frequency: &'static str,
    set: &'static str,
    label: &'static str,
    label_help: &'static str,
    rename: &'static str,
    reconnect: &'static str,
    proposals: &'static str,
    proposals_help: &'static str,
    choose: &'static str,
    more: &'static str,
    /// What may be wished of the next run: its word, a sentence, the button.
    wishes: [(&'static str, &'static str, &'static str, &'static str); 3],
    remove: &'static str,
}

const FRENCH: Words = Words {
    way: "Vous êtes ici",
    title: "Connecteur",
    done: [
        ("asked", "La mise à jour commence."),
        ("frequency", "La fréquence est changée."),
        ("label", "Le nom est changé."),
        ("wish", "C’est noté. La mise à jour commence."),
    ],
    update: "Mettre à jour",
    soon: "Une mise à jour vient d’avoir lieu. Attendez dix minutes avant la suivante.",
    running: "Mise à jour",
    look: "Voir où cela en est",
    last: "Dernière réussite",
    next: "Prochaine mise à jour",
    never: "aucune",
    frequency: "Fréquence",
    set: "Changer la fréquence",
    label: "Nom",
    label_help: "Pour vous y retrouver. Il donne aussi son nom au dossier des fichiers à venir.",
    rename: "Changer le nom",
    reconnect: "Se reconnecter",
    proposals: "Des fiches demandent votre avis",
    proposals_help: "Vous les avez changées, et le service aussi.",
    choose: "Choisir",
    more: "Autres demandes",
    wishes: [
        (
            "contacts",
            "confirm-removals",
            "Beaucoup de personnes ont disparu d’un coup de l’annuaire : elles restent tant que vous ne le confirmez pas.",
            "Confirmer les départs",
        ),
        ("contacts", "restore-deleted", "Les fiches que vous avez supprimées ne reviennent pas.", "Les faire revenir"),
        ("payslips", "everything", "Les bulletins que vous avez supprimés ne reviennent pas.", "Tout reprendre"),
    ],
    remove: "Couper ce connecteur",
};

const ENGLISH: Words = Words {
    way: "You are here",
    title: "Connector",
    done: [
        ("asked", "The update begins."),
        ("frequency", "The frequency is changed."),
        ("label", "The name is changed."),
        ("wish", "Noted. The update begins."),
    ],
    update: "Update",
    soon: "There was an update just now. Wait ten minutes before the next one.",
    running: "Update",
    look: "See how far it is",
    last: "Last success",
    next: "Next update",
    never: "none",
    frequency: "Frequency",
    set: "Change the frequency",
    label: "Name",
    label_help: "For you to find your way. It also names the folder of files to come.",
    rename: "Change the name",
    reconnect: "Connect again",
    proposals: "Some cards ask for your opinion",
    proposals_help: "You have changed them, and so has the service.",
    choose: "Choose",
    more: "Other requests",
    wishes: [
        (
            "contacts",
            "confirm-removals",
            "Many people vanished from the directory at once: they stay until you confirm it.",
            "Confirm that they left",
        ),
        ("contacts", "restore-deleted", "Cards that you have deleted do not come back.", "Bring them back"),
        ("payslips", "everything", "Payslips that you have deleted do not come back.", "Fetch all again"),
    ],
    remove: "Disconnect",
};

#[derive(Template)]
#[template(path = "connectors/one.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    here: String,
    name: String,
    banners: Vec<Banner>,
    /// Where progress is told, while it runs.
    progress: Option<String>,
    script: &'static str,
    reconnect: Option<String>,
    last: String,
    next: String,
    frequencies: Choices,
    label: Field,
    proposals: Vec<Row>,
    wishes: Vec<(&'static str, &'static str, &'static str)>,
}

/// Shows the connection, or does with it what a form says.
///
/// Spec: CP-21, CP-22, CP-23, CP-24
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked, id: &str) -> Answer {
    let by = pages::signed_in(visitor)?;
    let (own, connection) = find(pages, by, asked, id).await?;
    let here = place(&connection.id);
    let Some(form) = &asked.form else { return show(pages, visitor, asked, &own, &connection, None).await };
    let words: &Words = visitor.language.choose(&FRENCH, &ENGLISH);
    let wish = words.wishes.iter().find(|(of, wish, ..)| *of == &*connection.connector && *wish == form.get("wish"));
    let done = if let Some(frequency) = form.find("frequency").and_then(Frequency::parse) {
        pages.ingest.set_frequency(&own.pod, &connection.id, frequency).await.map_err(|error| refused(&error))?;
        "frequency"
    } else if let Some(label) = form.find("label") {
        let label: String = label.trim().chars().filter(|c| !c.is_control()).take(LONGEST_LABEL).collect();
        if !label.is_empty() {
            pages.ingest.set_label(&own.pod, &connection.id, &label).await.map_err(|error| refused(&error))?;
        }
        "label"
    } else {
        if let Some((_, wish, ..)) = wish {
            pages.ingest.wish(&own.pod, &connection.id, wish, true).await.map_err(|error| refused(&error))?;
        }
        match pages.ingest.run_now(&own.pod, &connection.id).await {
            Err(Error::Refused(Refusal::TooSoon(_))) => {
                let soon = Banner { tone: Tone::Warn, text: words.soon.to_owned() };
                return show(pages, visitor, asked, &own, &connection, Some(soon)).await;
            }
            // It runs already: that is what was wanted.
            Err(Error::Refused(Refusal::Running)) | Ok(()) => {}
            Err(error) => return Err(refused(&error)),
        }
        if wish.is_some() { "wish" } else { "asked" }
    };
    Ok(see_other(&format!("{here}?done={done}"), Vec::new()))
}

async fn show(
    pages: &Pages,
    visitor: &Visitor,
    asked: &Asked,
    own: &Own<'_>,
    connection: &Connection,
    refused: Option<Banner>,
) -> Answer {
    let (language, now) = (visitor.language, pages.clock.now());
    let words: &'static Words = language.choose(&FRENCH, &ENGLISH);
    let list: &'static super::Words = language.choose(&super::FRENCH, &super::ENGLISH);
    let done = asked.query.find("done").and_then(|word| words.done.iter().find(|(named, _)| *named == word));
    let done = done.filter(|_| refused.is_none()).map(|(_, text)| Banner { tone: Tone::Ok, text: (*text).to_owned() });
    let status = if refused.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
    let (tone, text) = said::state(connection, now, language);
    let here = place(&connection.id);
    let state = &connection.state;
    let runs = state.is_running(now) || state.is_asked(now);
    let moment = |at: Option<crate::clock::Timestamp>| at.map(|at| date::moment(at, language));
    let waits = state.last_status.is_some_and(crate::ingest::outcome::Status::needs_owner) && !runs;
    let open = if *connection.connector == *"contacts" { proposals::open(own).await? } else { Vec::new() };
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        way: Breadcrumb { label: words.way, above: vec![(path::CONNECTORS, list.title)] },
        name: connection.label.to_string(),
        banners: done.into_iter().chain(refused).chain([Banner { tone, text }]).collect(),
        progress: runs.then(|| format!("{here}progress/")),
        script: assets::progress(),
        reconnect: waits.then(|| reconnect(connection)).flatten(),
        last: moment(state.last_success).unwrap_or_else(|| words.never.to_owned()),
        next: moment(state.next).unwrap_or_else(|| words.never.to_owned()),
        frequencies: frequencies(connection.frequency, words, language),
        label: Field {
            name: "label",
            label: words.label,
            kind: "text",
            value: connection.label.to_string(),
            autocomplete: "off",
            help: Some(words.label_help),
            ..Field::default()
        },
        proposals: contacts::asked_about(own, &open, words.choose).await?,
        wishes: words
            .wishes
            .iter()
            .filter(|(of, ..)| *of == &*connection.connector)
            .map(|(_, wish, text, button)| (*wish, *text, *button))
            .collect(),
        here,
    };
    page(status, &shown, visitor)
}

/// Where what the other side needs is given again.
fn reconnect(connection: &Connection) -> Option<String> {
    match &*connection.connector {
        "payslips" => Some(format!("{}?connection={}", path::CONNECT_PAYSLIPS, connection.id)),
        "contacts" => {
            let school = connection.settings.get("upstream").and_then(serde_json::Value::as_str)?;
            Some(format!("{}{school}/", path::CONNECT_CONTACTS))
        }
        _ => None,
    }
}

fn frequencies(chosen: Frequency, words: &Words, language: crate::language::Language) -> Choices {
    let choice = |frequency: Frequency| {
        let (french, english) = said::frequency(frequency);
        Choice { value: frequency.name().to_owned(), label: language.choose(french, english).to_owned(), help: None }
    };
    Choices {
        name: "frequency",
        legend: words.frequency,
        choices: Frequency::ALL.map(choice).into(),
        chosen: Some(chosen.name().to_owned()),
        error: None,
    }
}
