//! Showing again who one is, before something that needs care.

use askama::Template;
use http::StatusCode;

use super::parts::{Banner, Field, Summary, Tone};
use super::{Answer, Asked, Form, Next, Pages, Shell, Visitor, assets, next, page, pages, path, second, upstream};
use crate::identity::account::{Challenge, Error, Method, Password, Refusal, SignedIn};

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    password: &'static str,
    confirm: &'static str,
    passkey: &'static str,
    back: &'static str,
    title_wrong: &'static str,
    wrong: &'static str,
    wrong_key: &'static str,
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
    passkey: "Confirmer avec ma clé d’accès",
    back: "Ne rien faire, revenir au compte",
    title_wrong: "Ce n’est pas confirmé",
    wrong: "Le mot de passe n’est pas le bon.",
    wrong_key: "La clé d’accès n’a pas été reconnue. Recommencez, ou confirmez autrement.",
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
    passkey: "Confirm with my passkey",
    back: "Do nothing, back to the account",
    title_wrong: "Not confirmed",
    wrong: "The password is not right.",
    wrong_key: "The passkey was not recognised. Try again, or confirm another way.",
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
    /// What a passkey is asked, if the account has one.
    challenge: Option<Challenge>,
    script: &'static str,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Password,
    Passkey,
    TooSoon,
}

/// Answers a request for the page, or the form that it sent: with the password, or with a passkey. A school vouches by
/// sending the person back. A password or a school's word is not enough where there is a second factor.
///
/// Spec: O-343
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let next = next::parse(asked.query.find("next"));
    let Some(form) = &asked.form else { return show(pages, visitor, by, &next, None).await };
    match prove(pages, visitor, by, form).await {
        Ok(method) => second::confirm(pages, visitor, by, &next, method).await,
        Err(Error::Refused(Refusal::WrongLogin)) => show(pages, visitor, by, &next, Some(Wrong::Password)).await,
        Err(Error::Refused(Refusal::WrongPasskey)) => show(pages, visitor, by, &next, Some(Wrong::Passkey)).await,
        Err(Error::Refused(Refusal::TooSoon(_))) => show(pages, visitor, by, &next, Some(Wrong::TooSoon)).await,
        Err(error) => Err(error.into()),
    }
}

/// What a form shows: the account's own password, or one of its own passkeys.
async fn prove(pages: &Pages, visitor: &Visitor, by: &SignedIn, form: &Form) -> Result<Method, Error> {
    if !form.get("passkey").is_empty() {
        return second::prove(pages, &by.account, form).await;
    }
    let login = by.account.login.as_ref().ok_or(Refusal::WrongLogin)?;
    let typed = Password::typed(form.get("password"));
    pages.accounts.check_password(Some(&login.email), typed, Some(visitor.client)).await?;
    Ok(Method::Pwd)
}

async fn show(pages: &Pages, visitor: &Visitor, by: &SignedIn, next: &Next, wrong: Option<Wrong>) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let factors = pages.accounts.factors(&by.account.id).await?;
    let challenge = second::challenge(pages, &by.account, &factors);
    let doors = doors(pages, visitor, words, next);
    let password = (by.account.has_password() && pages.accounts.takes_passwords()).then(|| Field {
        name: "password",
        label: words.password,
        kind: "password",
        autocomplete: "current-password",
        error: match wrong {
            Some(Wrong::Password) => Some(words.wrong),
            Some(Wrong::TooSoon) => Some(words.too_soon),
            Some(Wrong::Passkey) | None => None,
        },
        ..Field::default()
    });
    let without = password.is_none() && doors.is_empty() && challenge.is_none();
    let banner = match wrong {
        Some(Wrong::Passkey) => Some(Banner { tone: Tone::Stop, text: words.wrong_key.to_owned() }),
        _ => without.then(|| Banner { tone: Tone::Info, text: words.no_password.to_owned() }),
    };
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        next,
        banner,
        summary: Summary::of(words.title_wrong, password.as_ref()),
        doors,
        password: password.as_ref(),
        challenge,
        script: assets::passkey(),
    };
    let status = match wrong {
        None => StatusCode::OK,
        Some(Wrong::TooSoon) => StatusCode::TOO_MANY_REQUESTS,
        Some(Wrong::Password | Wrong::Passkey) => StatusCode::FORBIDDEN,
    };
    page(status, &shown, visitor)
}

/// The schools that open the account: they ask who it is anew.
fn doors(pages: &Pages, visitor: &Visitor, words: &Words, next: &Next) -> Vec<(String, String)> {
    let issuers = visitor.account().into_iter().flat_map(|account| &account.links).map(|link| &link.issuer);
    let known = issuers.filter_map(|issuer| pages.upstreams.of_issuer(issuer));
    known.map(|(id, name)| (upstream::confirming(id, next), (words.school)(name))).collect()
}
