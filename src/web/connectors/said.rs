//! What is said of a connection: how its last run ended, and when the next one is.

use crate::clock::Timestamp;
use crate::ingest::connection::Connection;
use crate::ingest::outcome::Status;
use crate::ingest::schedule::Frequency;
use crate::language::{Language, date};
use crate::web::parts::Tone;

/// How a connection fares, in a sentence.
///
/// Spec: CP-21, CP-24
pub(in crate::web) fn state(connection: &Connection, now: Timestamp, language: Language) -> (Tone, String) {
    let state = &connection.state;
    if state.is_running(now) || state.is_asked(now) {
        return (Tone::Info, language.choose("Mise à jour en cours.", "An update is under way.").to_owned());
    }
    let (Some(status), Some(at)) = (state.last_status, state.last_execution) else {
        return (Tone::Info, language.choose("Pas encore de mise à jour.", "No update yet.").to_owned());
    };
    let at = date::moment(at, language);
    let (french, english) = texts(status);
    let text = language.choose(format!("Le {at} : {french}"), format!("On {at}: {english}"));
    (tone(status), text)
}

/// How a run ended, in words that say what to do.
///
/// Spec: CP-24
pub(super) fn ended(status: Status, language: Language) -> String {
    let (french, english) = texts(status);
    let text = language.choose(french, english);
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

pub(super) const fn tone(status: Status) -> Tone {
    match status {
        Status::Ok | Status::OkUnchanged | Status::OkEmpty => Tone::Ok,
        Status::Partial | Status::ProviderDown | Status::ProviderChanged | Status::Failed => Tone::Warn,
        Status::LoginFailed
        | Status::LoginBlocked
        | Status::Reconnect
        | Status::AnotherPerson
        | Status::QuotaFull
        | Status::WriteRefused => Tone::Stop,
    }
}

const fn texts(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Ok => ("tout est arrivé.", "everything has arrived."),
        Status::OkUnchanged => ("rien de nouveau.", "nothing new."),
        Status::OkEmpty => ("le service n’a rien pour vous.", "the service has nothing for you."),
        Status::Partial => (
            "une partie n’est pas arrivée. La suite viendra à la prochaine mise à jour.",
            "some of it did not arrive. The rest comes with the next update.",
        ),
        Status::LoginFailed => (
            "l’identifiant ou le mot de passe n’est pas accepté. Plus rien n’est tenté tant que vous ne les avez pas \
             redonnés.",
            "the name or the password is not accepted. Nothing more is tried until you have given them again.",
        ),
        Status::LoginBlocked => (
            "le service a bloqué votre compte après trop d’essais. Attendez, vérifiez votre mot de passe sur son site, puis \
             reconnectez-vous ici.",
            "the service has locked your account after too many tries. Wait, check your password on its site, then connect \
             again here.",
        ),
        Status::Reconnect => (
            "l’autorisation n’est plus valable. Reconnectez-vous pour reprendre.",
            "the permission is no longer valid. Connect again to go on.",
        ),
        Status::AnotherPerson => (
            "le service a répondu pour une autre personne. Reconnectez-vous avec votre propre compte.",
            "the service answered for somebody else. Connect again with your own account.",
        ),
        Status::ProviderDown => (
            "le service ne répondait pas. Nouvel essai à la prochaine mise à jour.",
            "the service did not answer. The next update tries again.",
        ),
        Status::ProviderChanged => (
            "le service a répondu d’une façon que nous ne connaissons pas. Rien n’est perdu ; prévenez la personne qui \
             s’occupe du serveur si cela dure.",
            "the service answered in a way that we do not know. Nothing is lost; tell whoever looks after the server if it \
             goes on.",
        ),
        Status::QuotaFull => (
            "votre espace est plein. Faites de la place, puis mettez à jour.",
            "your space is full. Make room, then update.",
        ),
        Status::WriteRefused => (
            "votre espace ne laisse plus écrire à cet endroit. Vérifiez qui peut y écrire.",
            "your space no longer lets anything be written there. Check who may write.",
        ),
        Status::Failed => (
            "quelque chose n’a pas marché chez nous. Rien n’est perdu ; nouvel essai à la prochaine mise à jour.",
            "something went wrong on our side. Nothing is lost; the next update tries again.",
        ),
    }
}

/// How often it runs, as people say it.
///
/// Spec: CP-22
pub(super) const fn frequency(frequency: Frequency) -> (&'static str, &'static str) {
    match frequency {
        Frequency::Daily => ("Chaque jour", "Each day"),
        Frequency::Weekly => ("Chaque semaine", "Each week"),
        Frequency::Monthly => ("Chaque mois", "Each month"),
        Frequency::Off => ("Jamais toute seule", "Never by itself"),
    }
}
