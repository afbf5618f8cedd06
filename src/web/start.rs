//! The start page: what an espace is, and the ways in.

use askama::Template;
use http::StatusCode;

use super::pages::Door;
use super::{Answer, Pages, Shell, Visitor, page, path};
use crate::identity::account::Comes;

/// What the page says.
struct Words {
    title: &'static str,
    sentences: [&'static str; 3],
    home: &'static str,
    door: &'static str,
    otherwise: &'static str,
    sign_in: &'static str,
    create: &'static str,
    begin: &'static str,
    why: &'static str,
    first: &'static str,
    second: &'static str,
    address: &'static str,
    pod: &'static str,
}

const FRENCH: Words = Words {
    title: "Votre espace vous suit",
    sentences: [
        "Un espace, c’est votre cartable en ligne : vos documents, vos contacts et vos résultats y sont rangés, et ils \
         sont à vous.",
        "C’est vous qui décidez qui peut y lire ou y écrire, et jusqu’à quand.",
        "Quand vous changez d’école ou d’application, il vient avec vous.",
    ],
    home: "Ouvrir mon espace",
    door: "Entrer avec mon ENT",
    otherwise: "Entrer autrement",
    sign_in: "Entrer dans mon espace",
    create: "Créer un espace sans s’inscrire",
    begin: "Créer mon espace",
    why: "Sur ce serveur, on ne s’inscrit pas soi-même : c’est la personne qui s’en occupe qui crée les espaces.",
    first: "Créer le compte et l’espace ; la commande demande un mot de passe.",
    second: "Si un programme doit y accéder : créer ses identifiants. Le secret n’est montré qu’une fois.",
    address: "vous@example.org",
    pod: "mon-espace",
};

const ENGLISH: Words = Words {
    title: "Your space goes with you",
    sentences: [
        "A space is your school bag online: your documents, your contacts and your results are kept in it, and they \
         are yours.",
        "You alone decide who may read or write there, and until when.",
        "When you change schools or applications, it comes with you.",
    ],
    home: "Open my space",
    door: "Enter with my school account",
    otherwise: "Enter another way",
    sign_in: "Enter my space",
    create: "Create a space without signing up",
    begin: "Create my space",
    why: "Nobody signs up by themselves on this server: whoever looks after it makes the spaces.",
    first: "Create the account and the space; the command asks for a password.",
    second: "If a program needs access: create its credentials. The secret is shown only once.",
    address: "you@example.org",
    pod: "my-space",
};

#[derive(Template)]
#[template(path = "start.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    doors: &'a [Door],
    /// Whether anybody may sign up.
    open: bool,
    /// Whether the server is on a loopback address, where whoever started it looks at this page.
    trial: bool,
}

/// Answers a request for the start page.
pub(super) fn answer(pages: &Pages, visitor: &Visitor) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let open = pages.accounts.registration().admits(Comes::Alone).is_ok();
    let trial = pages.addresses.is_loopback_http();
    let shown = Page { shell: Shell::new(visitor, words.title), words, doors: &pages.doors, open, trial };
    page(StatusCode::OK, &shown, visitor)
}
