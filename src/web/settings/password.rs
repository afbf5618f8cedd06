//! Changing the password.

use askama::Template;
use http::StatusCode;

use super::after;
use crate::identity::account::{Error, Password, Refusal, SignedInBy};
use crate::web::parts::list::Breadcrumb;
use crate::web::parts::{Field, Summary};
use crate::web::{Answer, Asked, Pages, Shell, Visitor, new_password, page, pages, path, see_other};

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    way: (&'static str, &'static str),
    old: &'static str,
    change: &'static str,
    title_wrong: &'static str,
    wrong: &'static str,
    too_soon: &'static str,
}

const FRENCH: Words = Words {
    title: "Changer de mot de passe",
    lead: "Tous vos autres appareils seront déconnectés. Les applications que vous avez autorisées le restent.",
    way: ("Vous êtes ici", "Compte"),
    old: "Mot de passe actuel",
    change: "Changer le mot de passe",
    title_wrong: "Le mot de passe n’a pas été changé",
    wrong: "Ce n’est pas votre mot de passe actuel.",
    too_soon: "Il y a eu plusieurs essais de suite. Attendez une minute, puis recommencez.",
};

const ENGLISH: Words = Words {
    title: "Change the password",
    lead: "All your other devices will be signed out. The applications that you have allowed stay allowed.",
    way: ("You are here", "Account"),
    old: "Present password",
    change: "Change the password",
    title_wrong: "The password was not changed",
    wrong: "This is not your present password.",
    too_soon: "There were several attempts in a row. Wait a minute, then try again.",
};

#[derive(Template)]
#[template(path = "settings/password.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    summary: Option<Summary<'a>>,
    old: &'a Field,
    new: &'a Field,
}

/// Answers a request for the page, or changes the password. This device is signed in anew.
///
/// Spec: O-192, O-324, O-343
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let mut old =
        Field { name: "old", label: words.old, kind: "password", autocomplete: "current-password", ..Field::default() };
    let mut new = new_password::field("new", visitor.language);
    let Some(form) = &asked.form else { return show(visitor, words, StatusCode::OK, &old, &new) };
    let Some(chosen) = new_password::chosen(&mut new, form.get("new"), visitor.language) else {
        return show(visitor, words, StatusCode::UNPROCESSABLE_ENTITY, &old, &new);
    };
    match pages.accounts.change_password(&by.account.id, Password::typed(form.get("old")), chosen).await {
        Ok(()) => {
            let stays = by.session.stays;
            // The password alone does not confirm who it is: what was shown before, and when, stays as it was.
            let again = SignedInBy {
                methods: by.session.methods.clone(),
                upstream: by.session.upstream.clone(),
                authenticated: Some(by.session.authenticated),
                device: visitor.device.clone(),
                stays,
            };
            let token = pages.accounts.begin(&by.account, again).await?;
            Ok(see_other(&after("password"), visitor.signed_in(&token, stays, &by.account)))
        }
        Err(Error::Refused(refusal @ (Refusal::WrongLogin | Refusal::TooSoon(_)))) => {
            let wrong = refusal == Refusal::WrongLogin;
            old.error = Some(if wrong { words.wrong } else { words.too_soon });
            let status = if wrong { StatusCode::FORBIDDEN } else { StatusCode::TOO_MANY_REQUESTS };
            show(visitor, words, status, &old, &new)
        }
        Err(error) => Err(error.into()),
    }
}

fn show(visitor: &Visitor, words: &'static Words, status: StatusCode, old: &Field, new: &Field) -> Answer {
    let (label, settings) = words.way;
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        way: Breadcrumb { label, above: vec![(path::SETTINGS, settings)] },
        summary: Summary::of(words.title_wrong, [old, new]),
        old,
        new,
    };
    page(status, &shown, visitor)
}
