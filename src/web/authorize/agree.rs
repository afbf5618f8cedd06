//! Consent: who asks, what they get, for how long.

use askama::Template;
use http::StatusCode;

use super::{Scene, host, leave};
use crate::identity::provider::{Scope, client::Kind};
use crate::web::{Answer, Shell, Visitor, page_leading_to};

/// What the page says.
struct Words {
    title: &'static str,
    asks: &'static str,
    calls_itself: &'static str,
    unverified: &'static str,
    as_whom: &'static str,
    change: &'static str,
    gets: &'static str,
    identity: &'static str,
    access: &'static str,
    profile: &'static str,
    offline: &'static str,
    back: &'static str,
    known: &'static str,
    remember: &'static str,
    remember_help: &'static str,
    allow: &'static str,
    go_on: &'static str,
    refuse: &'static str,
    details: &'static str,
    application: &'static str,
    address: &'static str,
}

const FRENCH: Words = Words {
    title: "Autoriser une application ?",
    asks: "veut accéder à votre espace",
    calls_itself: "Cette application se présente sous le nom de",
    unverified: "Nom non vérifié : seule l’adresse ci-dessus est sûre.",
    as_whom: "Votre espace :",
    change: "Changer",
    gets: "Si vous autorisez cette application",
    identity: "elle saura quel est votre espace ;",
    access: "elle pourra lire, ajouter, modifier et supprimer ce à quoi vous avez accès, comme si c’était vous ;",
    profile: "elle recevra le nom et la photo que votre profil montre à tous ;",
    offline: "si vous cochez la case ci-dessous, elle pourra continuer quand vous n’êtes pas là.",
    back: "Après votre réponse, vous irez sur",
    known: "Vous avez déjà autorisé cette application et demandé de vous en souvenir.",
    remember: "Se souvenir de mon accord",
    remember_help: "Sinon, il prend fin quand vous vous déconnectez. Vous pouvez toujours le retirer dans Compte, Applications.",
    allow: "Autoriser",
    go_on: "Continuer",
    refuse: "Refuser",
    details: "Détails techniques",
    application: "Identifiant de l’application",
    address: "Adresse de retour",
};

const ENGLISH: Words = Words {
    title: "Allow an application?",
    asks: "wants to access your space",
    calls_itself: "This application calls itself",
    unverified: "Name not verified: only the address above is certain.",
    as_whom: "Your space:",
    change: "Change",
    gets: "If you allow this application",
    identity: "it will know which space is yours;",
    access: "it can read, add, change and delete what you have access to, as if it were you;",
    profile: "it will get the name and picture that your profile shows to everybody;",
    offline: "if you tick the box below, it can go on while you are away.",
    back: "After your answer you will go to",
    known: "You have allowed this application before, and asked to remember it.",
    remember: "Remember that I agreed",
    remember_help: "Otherwise it ends when you sign out. You can always take it back under Account, Applications.",
    allow: "Allow",
    go_on: "Continue",
    refuse: "Refuse",
    details: "Technical details",
    application: "Application identifier",
    address: "Return address",
};

#[derive(Template)]
#[template(path = "authorize/agree.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    host: String,
    name: Option<&'a str>,
    person: String,
    webid: &'a str,
    gets: Vec<&'static str>,
    /// Where the answer goes, if it is not where the application is.
    back: Option<String>,
    known: bool,
    choose: String,
    action: String,
    client: &'a str,
    redirect_uri: &'a str,
}

/// Shows the page.
///
/// Spec: O-136, O-146, O-191
pub(super) fn show(scene: &Scene<'_>, webid: &str, known: bool) -> Answer {
    let (visitor, client, request) = (scene.visitor, &scene.client, &scene.open.interaction.request);
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let asks = |scope, sentence| request.scopes.contains(scope).then_some(sentence);
    let lasting = asks(Scope::OfflineAccess, words.offline).filter(|_| !known && client.refresh);
    let gets = [Some(words.identity), Some(words.access), asks(Scope::Profile, words.profile), lasting];
    let action = scene.address();
    let host = host(client, &request.back);
    let shown = Page {
        shell: Shell::between(visitor, words.title),
        words,
        name: client.name.as_deref().filter(|name| !name.trim().is_empty()),
        person: name(visitor, webid),
        webid,
        gets: gets.into_iter().flatten().collect(),
        back: Some(request.back.host()).filter(|back| client.kind == Kind::Document && *back != host),
        known,
        choose: format!("{action}&choose=1"),
        action,
        client: &client.id,
        redirect_uri: &request.back.redirect_uri,
        host,
    };
    page_leading_to(StatusCode::OK, &shown, visitor, &[&leave::source(&request.back.redirect_uri)])
}

/// A short name for a WebID: that of its pod, or its own, if it is here, else its host.
pub(in crate::web) fn name(visitor: &Visitor, webid: &str) -> String {
    let addresses = visitor.addresses();
    let pod = addresses.path_of(webid).map(|path| path.pod().clone());
    match pod.or_else(|| addresses.webid_name(webid)) {
        Some(name) => name.to_string(),
        None => crate::identity::provider::authorize::host_of(webid),
    }
}
