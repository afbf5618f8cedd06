//! Where a pupil who is a minor sees whether a parent has agreed to optional services, and asks one.

use askama::Template;
use http::StatusCode;

use crate::identity::account::{Account, Email, Error, GuardianConsent, Refusal};
use crate::web::parts::list::Breadcrumb;
use crate::web::parts::{Banner, Field, Summary, Tone};
use crate::web::{Answer, Asked, Language, Pages, Shell, Visitor, date, page, pages, path, see_other};

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    way: (&'static str, &'static str),
    nobody: &'static str,
    given: fn(&str, &str) -> String,
    refused: fn(&str, &str) -> String,
    email: &'static str,
    help: &'static str,
    send: &'static str,
    sent: &'static str,
    wrong: &'static str,
    own: &'static str,
    too_soon: &'static str,
    incomplete: &'static str,
}

const FRENCH: Words = Words {
    title: "Accord d’un parent",
    lead: "Vous êtes mineur : les services facultatifs (contacts de l’école, nouvelles) demandent votre accord et celui d’un \
           parent. Sans lui, votre espace marche, et ces services restent éteints.",
    way: ("Vous êtes ici", "Compte"),
    nobody: "Aucun parent n’a encore répondu.",
    given: |name, day| format!("{name} a donné son accord le {day}."),
    refused: |name, day| format!("{name} a refusé le {day}."),
    email: "Adresse e-mail d’un parent",
    help: "Nous lui envoyons une page à lire, où accepter et refuser sont aussi simples l’un que l’autre.",
    send: "Demander son accord",
    sent: "La demande est partie. Le lien sert pendant 24 heures.",
    wrong: "Écrivez une adresse e-mail, comme prenom@example.org.",
    own: "C’est votre propre adresse. Écrivez celle d’un parent.",
    too_soon: "Plusieurs messages viennent de partir à cette adresse. Attendez quelques minutes, puis recommencez.",
    incomplete: "La demande n’est pas partie",
};

const ENGLISH: Words = Words {
    title: "A parent’s agreement",
    lead: "You are a minor: optional services (contacts of the school, news) need your agreement and a parent’s. Without it \
           your space works, and these services stay off.",
    way: ("You are here", "Account"),
    nobody: "No parent has answered yet.",
    given: |name, day| format!("{name} agreed on {day}."),
    refused: |name, day| format!("{name} refused on {day}."),
    email: "E-mail address of a parent",
    help: "We send them a page to read, on which accepting is as easy as refusing.",
    send: "Ask for their agreement",
    sent: "The request is on its way. The link works for 24 hours.",
    wrong: "Write an e-mail address, such as name@example.org.",
    own: "This is your own address. Write a parent’s.",
    too_soon: "Several messages have just gone to this address. Wait some minutes, then try again.",
    incomplete: "The request was not sent",
};

#[derive(Template)]
#[template(path = "settings/guardian.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    done: Option<Banner>,
    state: String,
    summary: Option<Summary<'a>>,
    email: &'a Field,
}

/// Answers a request for the page, or the form that it sent.
///
/// Spec: O-312
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    if !by.account.minor {
        return Ok(see_other(path::SETTINGS, Vec::new()));
    }
    let mut field = Field { name: "email", label: words.email, kind: "email", autocomplete: "off", ..Field::default() };
    field.help = Some(words.help);
    let Some(form) = &asked.form else {
        let done = asked.query.find("sent").map(|_| Banner { tone: Tone::Ok, text: words.sent.to_owned() });
        return show(visitor, &by.account, &field, done);
    };
    form.get("email").trim().clone_into(&mut field.value);
    let asked = match Email::parse(form.get("email")) {
        Some(email) => pages.accounts.ask_guardian(&by.account.id, &email).await,
        None => Err(Refusal::NoEmail.into()),
    };
    field.error = Some(match asked {
        Ok(()) => return Ok(see_other(&format!("{}?sent", path::GUARDIAN), Vec::new())),
        Err(Error::Refused(Refusal::NoEmail)) => words.wrong,
        Err(Error::Refused(Refusal::OwnAddress)) => words.own,
        Err(Error::Refused(Refusal::TooSoon(_))) => words.too_soon,
        Err(error) => return Err(error.into()),
    });
    show(visitor, &by.account, &field, None)
}

fn show(visitor: &Visitor, account: &Account, email: &Field, done: Option<Banner>) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let (label, settings) = words.way;
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        way: Breadcrumb { label, above: vec![(path::SETTINGS, settings)] },
        done,
        state: state(account.guardian.as_ref(), words, visitor.language),
        summary: Summary::of(words.incomplete, [email]),
        email,
    };
    let status = if email.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, &shown, visitor)
}

fn state(consent: Option<&GuardianConsent>, words: &Words, language: Language) -> String {
    let Some(consent) = consent else { return words.nobody.to_owned() };
    let told = if consent.given { words.given } else { words.refused };
    told(&consent.name, &date::day(consent.text.at, language))
}
