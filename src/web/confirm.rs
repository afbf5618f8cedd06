//! Showing again who one is, before something that needs care.

use askama::Template;
use http::StatusCode;

use super::parts::{Banner, Field, Summary, Tone};
use super::{Answer, Asked, Next, Pages, Shell, Visitor, next, page, pages, path, see_other, upstream};
use crate::identity::account::{Error, Method, Password, Refusal};

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    password: &'static str,
    confirm: &'static str,
    back: &'static str,
    title_wrong: &'static str,
    wrong: &'static str,
    too_soon: &'static str,
    no_password: &'static str,
    school: fn(&str) -> String,
}

const FRENCH: Words = Words {
    title: "C’est bien vous ?",
    lead: "Ce que vous allez faire demande un peu de prudence. Confirmez que c’est vous ; on ne vous le redemandera pas \
           pendant cinq minutes.",
    password: "Votre mot de passe",
    confirm: "Confirmer",
    back: "Ne rien faire, revenir au compte",
    title_wrong: "Ce n’est pas confirmé",
    wrong: "Le mot de passe n’est pas le bon.",
    too_soon: "Il y a eu plusieurs essais de suite. Attendez une minute, puis recommencez.",
    no_password: "Ce compte n’a pas de mot de passe. Déconnectez-vous, entrez de nouveau comme d’habitude, puis revenez ici.",
    school: |name| format!("Confirmer avec {name}"),
};

const ENGLISH: Words = Words {
    title: "Is it you?",
    lead: "What you are about to do takes some care. Confirm that it is you; you will not be asked again for five \
           minutes.",
    password: "Your password",
    confirm: "Confirm",
    back: "Do nothing, back to the account",
    title_wrong: "Not confirmed",
    wrong: "The password is not right.",
    too_soon: "There were several attempts in a row. Wait a minute, then try again.",
    no_password: "This account has no password. Sign out, sign in again the usual way, then come back here.",
    school: |name| format!("Confirm with {name}"),
};

#[derive(Template)]
#[template(path = "confirm.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    next: &'a Next,
    banner: Option<Banner>,
    summary: Option<Summary<'a>>,
    /// Addresses and labels of the schools that can vouch.
    doors: Vec<(String, String)>,
    /// The field for the password, if the account has one.
    password: Option<&'a Field>,
}

/// Answers a request for the page, or the form that it sent.
///
/// Spec: O-343
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let next = next::parse(asked.query.find("next"));
    let mut password = Field {
        name: "password",
        label: words.password,
        kind: "password",
        autocomplete: "current-password",
        ..Field::default()
    };
    let login = by.account.login.as_ref();
    let (Some(form), Some(login)) = (&asked.form, login) else {
        return show(pages, visitor, words, StatusCode::OK, &next, login.map(|_| &password));
    };
    let typed = Password::typed(form.get("password"));
    match pages.accounts.check_password(Some(&login.email), typed, Some(visitor.client)).await {
        Ok(_) => {
            let token = pages.accounts.step_up(by, &[Method::Pwd]).await?;
            Ok(see_other(next.as_str(), visitor.stepped_up(&token, &by.session)))
        }
        Err(Error::Refused(refusal @ (Refusal::WrongLogin | Refusal::TooSoon(_)))) => {
            let wrong = refusal == Refusal::WrongLogin;
            password.error = Some(if wrong { words.wrong } else { words.too_soon });
            let status = if wrong { StatusCode::FORBIDDEN } else { StatusCode::TOO_MANY_REQUESTS };
            show(pages, visitor, words, status, &next, Some(&password))
        }
        Err(error) => Err(error.into()),
    }
}

fn show(
    pages: &Pages,
    visitor: &Visitor,
    words: &'static Words,
    status: StatusCode,
    next: &Next,
    password: Option<&Field>,
) -> Answer {
    let doors = doors(pages, visitor, words, next);
    let without = || Banner { tone: Tone::Info, text: words.no_password.to_owned() };
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        next,
        banner: (password.is_none() && doors.is_empty()).then(without),
        summary: Summary::of(words.title_wrong, password),
        doors,
        password,
    };
    page(status, &shown, visitor)
}

/// The schools that open the account: they ask who it is anew.
fn doors(pages: &Pages, visitor: &Visitor, words: &Words, next: &Next) -> Vec<(String, String)> {
    let issuers = visitor.account().into_iter().flat_map(|account| &account.links).map(|link| &link.issuer);
    let known = issuers.filter_map(|issuer| pages.upstreams.of_issuer(issuer));
    known.map(|(id, name)| (upstream::confirming(id, next), (words.school)(name))).collect()
}
