//! Leaving a school: its account opens the space no more, everything else stays.

use askama::Template;
use http::StatusCode;

use super::parts::{Banner, Tone};
use super::{Answer, Asked, Instead, Pages, Shell, Visitor, page, pages, path, see_other};
use crate::identity::account::{Account, Error, Link, Refusal};
use crate::ingest::connection::Leaving;
use crate::ingest::contacts::source;

/// What the page says.
struct Words {
    title: fn(&str) -> String,
    lead: &'static str,
    goes: fn(&str) -> String,
    stays: [&'static str; 2],
    with_password: fn(&str) -> String,
    unlink: &'static str,
    back: &'static str,
    last: &'static str,
}

const FRENCH: Words = Words {
    title: |school| format!("Délier {school} ?"),
    lead: "Quand vous quittez l’établissement, ou si ce compte scolaire n’est pas le vôtre.",
    goes: |name| {
        format!(
            "Le compte scolaire de {name} n’ouvrira plus votre espace, et les appareils entrés par lui seront déconnectés."
        )
    },
    stays: [
        "Vos fichiers, votre adresse et les accès que vous avez donnés restent.",
        "Vous pourrez relier un autre établissement, ou le même, quand vous voudrez.",
    ],
    with_password: |email| format!("Vous entrerez avec {email} et votre mot de passe."),
    unlink: "Délier cet établissement",
    back: "Revenir aux façons d’entrer",
    last: "C’est votre seule façon d’entrer : choisissez d’abord un mot de passe ou reliez un autre établissement.",
};

const ENGLISH: Words = Words {
    title: |school| format!("Unlink {school}?"),
    lead: "For when you leave the school, or if this school account is not yours.",
    goes: |name| {
        format!(
            "The school account of {name} will not open your space any more, and devices that came in by it are signed out."
        )
    },
    stays: [
        "Your files, your address and the access that you gave stay.",
        "You can link another school, or the same one, whenever you like.",
    ],
    with_password: |email| format!("You will come in with {email} and your password."),
    unlink: "Unlink this school",
    back: "Back to the ways in",
    last: "This is your only way in: choose a password or link another school first.",
};

#[derive(Template)]
#[template(path = "leave_school.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    title: String,
    banner: Option<Banner>,
    /// Whom the school knows.
    name: &'a str,
    /// The address that opens the space from then on.
    email: Option<&'a str>,
    here: String,
}

/// Answers a request for the page of a linked school, or the button that was pressed.
///
/// Spec: O-306, O-343, CP-85
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked, id: &str) -> Answer {
    let by = pages::signed_in(visitor)?;
    let link = by.account.links.iter().find(|link| link.id() == id).ok_or(Refusal::NoSuchLink)?;
    if asked.form.is_none() {
        return show(pages, visitor, &by.account, link, false);
    }
    pages::confirmed(pages, visitor)?;
    match pages.accounts.unlink(&by.account.id, &link.issuer, &link.subject).await {
        Ok(()) => {
            disconnect(pages, &by.account, id).await?;
            let by_it = by.session.upstream.as_ref();
            let ended = by_it.is_some_and(|of| of.issuer == link.issuer && of.subject == link.subject);
            Ok(see_other(if ended { path::UNLINKED } else { path::WAYS }, Vec::new()))
        }
        Err(Error::Refused(Refusal::LastLogin)) => show(pages, visitor, &by.account, link, true),
        Err(error) => Err(error.into()),
    }
}

/// Ends the connections by which contacts came from the school; their books stay, as those of former contacts.
///
/// Spec: CP-85
async fn disconnect(pages: &Pages, account: &Account, link: &str) -> Result<(), Instead> {
    for pod in &account.pods {
        for connection in pages.ingest.connections(pod).await? {
            let is_of_link = source::settings_of(&connection).is_some_and(|settings| settings.person == link);
            if is_of_link && connection.leaving.is_none() {
                pages.ingest.disconnect(pod, &connection.id, Leaving::Keep).await?;
            }
        }
    }
    Ok(())
}

fn show(pages: &Pages, visitor: &Visitor, account: &Account, link: &Link, is_last: bool) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let school = pages.upstreams.of_issuer(&link.issuer).map_or(&*link.issuer, |(_, name)| name);
    let title = (words.title)(school);
    let shown = Page {
        shell: Shell::new(visitor, words.unlink),
        words,
        title,
        banner: is_last.then(|| Banner { tone: Tone::Stop, text: words.last.to_owned() }),
        name: link.name.as_deref().unwrap_or(&link.subject),
        email: account.login.as_ref().map(|login| login.email.as_str()),
        here: visitor.here().as_str().to_owned(),
    };
    page(if is_last { StatusCode::CONFLICT } else { StatusCode::OK }, &shown, visitor)
}
