//! The page that tells of a problem: what happened, what it means for one's data, what to do next.

use askama::Template;
use http::Response;
use http::header::{HeaderValue, RETRY_AFTER};

use super::{Shell, Visitor, page, path};
use crate::http::negotiate::Wanted;
use crate::http::{Body, Problem};

/// What the page says of one kind of problem.
struct Words {
    title: &'static str,
    happened: &'static str,
    data: &'static str,
    next: &'static str,
}

/// What it says of every problem.
struct General {
    back: &'static str,
    details: &'static str,
    reference: &'static str,
    untouched: &'static str,
}

const FRENCH: General = General {
    back: "Revenir à l’accueil",
    details: "Détails techniques",
    reference: "Numéro à donner si vous demandez de l’aide :",
    untouched: "Rien n’a changé dans votre espace.",
};

const ENGLISH: General = General {
    back: "Back to the start",
    details: "Technical details",
    reference: "Number to give when you ask for help:",
    untouched: "Nothing has changed in your space.",
};

#[derive(Template)]
#[template(path = "error.html")]
struct Page<'a> {
    shell: Shell,
    general: &'static General,
    words: Words,
    wait: Option<String>,
    back: &'static str,
    status: u16,
    kind: &'a str,
    detail: Option<&'a str>,
    reference: Option<&'a str>,
}

/// Answers with the page; fields of the problem go along.
pub(super) fn answer(problem: &Problem, visitor: &Visitor) -> Response<Body> {
    let words = visitor.language.choose(french(problem), english(problem));
    let seconds = problem.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        general: visitor.language.choose(&FRENCH, &ENGLISH),
        words,
        wait: seconds.map(|seconds| wait(visitor, seconds)),
        back: if visitor.session.is_some() { path::HOME } else { path::START },
        status: problem.status().as_u16(),
        kind: problem.kind(),
        detail: problem.explanation(),
        reference: problem.reference(),
    };
    match page(problem.status(), &shown, visitor) {
        Ok(mut response) => {
            let fields = problem.headers().iter();
            response.headers_mut().extend(fields.map(|(name, value)| (name.clone(), HeaderValue::clone(value))));
            response
        }
        Err(_) => problem.clone().respond(&Wanted::default()),
    }
}

fn wait(visitor: &Visitor, seconds: u64) -> String {
    let (number, french, english) =
        if seconds <= 90 { (seconds, "secondes", "seconds") } else { (seconds.div_ceil(60), "minutes", "minutes") };
    visitor.language.choose(
        format!("Vous pourrez recommencer dans {number} {french}."),
        format!("You can try again in {number} {english}."),
    )
}

fn french(problem: &Problem) -> Words {
    let data = FRENCH.untouched;
    let (title, happened, next) = match (problem.kind(), problem.status().as_u16()) {
        ("form-outdated" | "cross-site", _) => (
            "Cette page a vieilli",
            "Une session s’est ouverte ou fermée depuis que la page est affichée, ou le formulaire ne venait pas d’ici.",
            "Revenez à la page, rechargez-la, puis recommencez.",
        ),
        ("client-unknown", _) => (
            "Cette application n’est plus connue ici",
            "Elle s’est présentée avec un identifiant que ce serveur ne connaît pas, ou plus.",
            "Effacez les données de cette application dans votre navigateur, puis reconnectez-vous depuis l’application.",
        ),
        ("client-unusable" | "client-not-named", _) => (
            "Cette application se présente mal",
            "Sa description ne peut pas être lue ; on ne sait donc pas qui elle est.",
            "Prévenez les personnes qui la font, ou recommencez plus tard.",
        ),
        ("client-away", _) => (
            "L’application ne répond pas",
            "Ce serveur n’a pas pu lire la description de l’application.",
            "Recommencez dans quelques minutes.",
        ),
        ("redirect-not-named" | "redirect-not-registered", _) => (
            "Nous n’avons pas suivi ce lien",
            "L’application veut vous envoyer à une adresse qu’elle n’a pas déclarée. Cela peut être une erreur, ou un piège.",
            "Repartez de l’application elle-même. Si cela recommence, prévenez les personnes qui la font.",
        ),
        ("sign-in-ended", _) => (
            "Cette demande est terminée",
            "Vous y avez déjà répondu, elle date de plus d’une heure, ou elle vient d’un autre navigateur.",
            "Revenez à l’application et connectez-vous de nouveau.",
        ),
        ("account-disabled", _) => (
            "Ce compte est suspendu",
            "La personne qui s’occupe du serveur a suspendu ce compte.",
            "Écrivez-lui pour en connaître la raison.",
        ),
        ("sign-in-outdated", _) => (
            "Cette connexion a expiré",
            "Elle a pris plus de dix minutes, a commencé dans un autre navigateur, ou est déjà terminée.",
            "Repartez de l’ENT ou de la page de connexion.",
        ),
        ("school-away", _) => (
            "L’ENT ne répond pas",
            "Nous n’avons pas pu joindre votre établissement. Votre espace, lui, va bien.",
            "Recommencez dans une minute, ou entrez autrement si vous avez un mot de passe ou une clé d’accès.",
        ),
        ("school-not-believed", _) => (
            "L’ENT n’a pas pu vous reconnaître",
            "Sa réponse n’est pas celle que nous attendions : par prudence, nous ne l’avons pas suivie.",
            "Recommencez ; si cela dure, donnez le numéro ci-dessous à la personne qui s’occupe du serveur.",
        ),
        ("school-not-admitted", _) => (
            "Votre établissement n’est pas ouvert ici",
            "Ce serveur n’accueille que certains établissements.",
            "Demandez à votre établissement quel serveur est le vôtre.",
        ),
        ("linked-elsewhere", _) => (
            "Ce compte scolaire ouvre déjà un autre espace",
            "Un compte scolaire n’ouvre qu’un seul espace.",
            "Entrez dans cet autre espace pour l’en délier, puis recommencez.",
        ),
        (_, 401) => (
            "Votre session est terminée",
            "Elle a trop duré, ou a été fermée depuis un autre appareil.",
            "Connectez-vous de nouveau.",
        ),
        (_, 403) => ("Accès refusé", "Cette action n’est pas permise.", "Revenez à la page précédente."),
        (_, 404 | 410) => (
            "Cette page n’existe pas",
            "L’adresse est incomplète, ou la page n’existe plus.",
            "Vérifiez l’adresse, ou repartez de l’accueil.",
        ),
        (_, 413) => (
            "C’est trop long",
            "Ce que vous avez envoyé dépasse la taille permise.",
            "Raccourcissez, puis recommencez.",
        ),
        (_, 429) => {
            ("Un instant", "Il y a eu beaucoup d’essais en peu de temps.", "Attendez un peu, puis recommencez.")
        }
        (_, 502..=504 | 507) => (
            "Le service fait une pause",
            "Le serveur n’a pas pu répondre pour le moment.",
            "Recommencez dans une minute.",
        ),
        (_, 500..) => (
            "Un problème de notre côté",
            "Quelque chose s’est cassé sur le serveur.",
            "Recommencez ; si cela dure, demandez de l’aide en donnant le numéro ci-dessous.",
        ),
        _ => (
            "Cette demande n’a pas pu être lue",
            "Il y manque quelque chose, ou elle n’est pas écrite comme il faut.",
            "Revenez à la page précédente, puis recommencez.",
        ),
    };
    Words { title, happened, data, next }
}

fn english(problem: &Problem) -> Words {
    let data = ENGLISH.untouched;
    let (title, happened, next) = match (problem.kind(), problem.status().as_u16()) {
        ("form-outdated" | "cross-site", _) => (
            "This page is out of date",
            "You signed in or out since the page was opened, or the form did not come from here.",
            "Go back to the page, reload it and try again.",
        ),
        ("client-unknown", _) => (
            "This application is not known here any more",
            "It came with an identifier that this server does not know, or no longer does.",
            "Clear the data of this application in your browser, then sign in again from the application.",
        ),
        ("client-unusable" | "client-not-named", _) => (
            "This application does not say who it is",
            "Its description cannot be read, so nobody can tell who is asking.",
            "Tell the people who make it, or try again later.",
        ),
        ("client-away", _) => (
            "The application does not answer",
            "This server could not read the description of the application.",
            "Try again in a few minutes.",
        ),
        ("redirect-not-named" | "redirect-not-registered", _) => (
            "We did not follow this link",
            "The application wants to send you to an address that it did not declare. It may be a mistake, or a trap.",
            "Begin again from the application itself. If it happens again, tell the people who make it.",
        ),
        ("sign-in-ended", _) => (
            "This request is over",
            "You have answered it already, it is more than an hour old, or it came from another browser.",
            "Go back to the application and sign in again.",
        ),
        ("account-disabled", _) => (
            "This account is suspended",
            "Whoever looks after the server has suspended this account.",
            "Write to them to learn why.",
        ),
        ("sign-in-outdated", _) => (
            "This sign-in has expired",
            "It took more than ten minutes, was begun in another browser, or is over already.",
            "Begin again from your school’s desk or from the sign-in page.",
        ),
        ("school-away", _) => (
            "The school does not answer",
            "We could not reach your school. Your space is fine.",
            "Try again in a minute, or sign in another way if you have a password or a passkey.",
        ),
        ("school-not-believed", _) => (
            "The school could not recognise you",
            "Its answer is not the one we expected, so to be careful we did not follow it.",
            "Try again; if it lasts, give the number below to whoever looks after the server.",
        ),
        ("school-not-admitted", _) => (
            "Your school is not open here",
            "This server takes in some schools only.",
            "Ask your school which server is yours.",
        ),
        ("linked-elsewhere", _) => (
            "This school account opens another space already",
            "A school account opens one space only.",
            "Enter that other space to unlink it there, then try again.",
        ),
        (_, 401) => (
            "You are no longer signed in",
            "Your session has ended, or was ended from another device.",
            "Sign in again.",
        ),
        (_, 403) => ("Not allowed", "This action is not allowed.", "Go back to the page before."),
        (_, 404 | 410) => (
            "There is no such page",
            "The address is incomplete, or the page is gone.",
            "Check the address, or begin again at the start.",
        ),
        (_, 413) => ("Too long", "What you sent is larger than allowed.", "Make it shorter and try again."),
        (_, 429) => ("One moment", "There were many attempts in a short time.", "Wait a little, then try again."),
        (_, 502..=504 | 507) => {
            ("The service is taking a break", "The server could not answer just now.", "Try again in a minute.")
        }
        (_, 500..) => (
            "A problem on our side",
            "Something broke on the server.",
            "Try again; if it lasts, ask for help and give the number below.",
        ),
        _ => (
            "This request could not be read",
            "Something is missing, or it is not written as it should be.",
            "Go back to the page before and try again.",
        ),
    };
    Words { title, happened, data, next }
}
