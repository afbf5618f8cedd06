//! What happened in the account: who signed in, what was changed, what the operator did.

use askama::Template;
use http::StatusCode;

use crate::identity::account::{Act, Event, Happened, Leaving, Remedy};
use crate::web::parts::list::{Breadcrumb, Log};
use crate::web::{Answer, Language, Pages, Shell, Visitor, date, page, pages, path};

/// How many events are shown.
const SHOWN: usize = 100;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    way: (&'static str, &'static str),
    caption: &'static str,
    headings: [&'static str; 2],
    signed_in: &'static str,
    unknown_device: &'static str,
    password: &'static str,
    email: &'static str,
    email_restored: &'static str,
    key_made: &'static str,
    key_deleted: &'static str,
    linked: &'static str,
    unlinked: &'static str,
    factors: &'static str,
    terms: &'static str,
    webid_linked: &'static str,
    webid_unlinked: &'static str,
    pod: &'static str,
    issuers: &'static str,
    issuers_gone: &'static str,
    allowed: &'static str,
    cut_off: &'static str,
    copied: &'static str,
    disabled: &'static str,
    enabled: &'static str,
    closed: fn(Leaving) -> &'static str,
    reopened: &'static str,
    guardian_asked: &'static str,
    guardian_answered: fn(bool) -> &'static str,
    school_gone: &'static str,
    rescue: fn(Remedy) -> &'static str,
    asked: fn(&str, &str) -> String,
    approved: fn(&str, &str) -> String,
    stopped: &'static str,
    rescued: fn(&str) -> String,
    act: fn(Act) -> &'static str,
}

const FRENCH: Words = Words {
    title: "Ce qui s’est passé",
    lead: "Les connexions et les changements importants de votre compte, depuis un an. Si quelque chose n’est pas de vous, \
           changez de mot de passe.",
    way: ("Vous êtes ici", "Compte"),
    caption: "Du plus récent au plus ancien",
    headings: ["Quand", "Quoi"],
    signed_in: "Entrée dans le compte",
    unknown_device: "appareil inconnu",
    password: "Mot de passe changé",
    email: "Adresse e-mail changée",
    email_restored: "Ancienne adresse e-mail rétablie",
    key_made: "Clé pour un script créée",
    key_deleted: "Clé pour un script supprimée",
    linked: "Établissement relié",
    unlinked: "Établissement délié",
    factors: "Seconde preuve changée",
    terms: "Conditions d’utilisation acceptées",
    webid_linked: "Identité reliée",
    webid_unlinked: "Identité déliée",
    pod: "Espace créé",
    issuers: "Ce qui permet d’entrer sous votre identité a changé dans le profil de l’espace",
    issuers_gone: "Le profil de l’espace ne permet plus d’entrer dans les applications",
    allowed: "Application autorisée",
    cut_off: "Accès coupé pour une application",
    copied: "L’accès d’une application a peut-être été copié : il a été coupé",
    disabled: "Compte suspendu par la personne qui s’occupe du serveur",
    enabled: "Compte rouvert par la personne qui s’occupe du serveur",
    closed: |why| match why {
        Leaving::Wished => "Suppression du compte demandée",
        Leaving::ByOperator => "Suppression du compte demandée par la personne qui s’occupe du serveur",
        Leaving::Unaffiliated => "Compte fermé : plus aucun établissement ne l’ouvre",
    },
    reopened: "Suppression annulée : le compte est gardé",
    guardian_asked: "Accord d’un parent demandé",
    guardian_answered: |given| if given { "Accord d’un parent donné" } else { "Accord d’un parent refusé" },
    school_gone: "Établissement délié par la personne qui s’occupe du serveur",
    rescue: |remedy| match remedy {
        Remedy::Factors => "retirer la seconde preuve",
        Remedy::WayIn => "envoyer un lien pour entrer de nouveau",
    },
    asked: |what, who| format!("Demandé pour vous par {who} : {what}"),
    approved: |what, who| format!("Accepté par {who}, à faire dans trois jours : {what}"),
    stopped: "Arrêté par vous : rien n’a été fait",
    rescued: |what| format!("C’est fait : {what}"),
    act: |act| match act {
        Act::Created => "Compte créé par la personne qui s’occupe du serveur",
        Act::KeyMade => "Clé pour un script créée par la personne qui s’occupe du serveur",
        Act::KeyDeleted => "Clé pour un script supprimée par la personne qui s’occupe du serveur",
        Act::QuotaSet => "Place de l’espace changée par la personne qui s’occupe du serveur",
    },
};

const ENGLISH: Words = Words {
    title: "What happened",
    lead: "Sign-ins and important changes of your account in the last year. If one is not yours, change your password.",
    way: ("You are here", "Account"),
    caption: "The latest first",
    headings: ["When", "What"],
    signed_in: "Signed in",
    unknown_device: "unknown device",
    password: "Password changed",
    email: "E-mail address changed",
    email_restored: "Former e-mail address taken back",
    key_made: "Key for a script made",
    key_deleted: "Key for a script deleted",
    linked: "School linked",
    unlinked: "School unlinked",
    factors: "Second proof changed",
    terms: "Terms of use accepted",
    webid_linked: "Identity linked",
    webid_unlinked: "Identity unlinked",
    pod: "Space made",
    issuers: "Who vouches for you was changed in the profile of the space",
    issuers_gone: "The profile of the space lets you into no application any more",
    allowed: "Application allowed",
    cut_off: "Access of an application ended",
    copied: "The access of an application may have been copied: it was ended",
    disabled: "Account suspended by whoever looks after the server",
    enabled: "Account opened again by whoever looks after the server",
    closed: |why| match why {
        Leaving::Wished => "Deletion of the account asked for",
        Leaving::ByOperator => "Deletion of the account asked for by whoever looks after the server",
        Leaving::Unaffiliated => "Account closed: no school opens it any more",
    },
    reopened: "Deletion taken back: the account is kept",
    guardian_asked: "A parent was asked to agree",
    guardian_answered: |given| if given { "A parent agreed" } else { "A parent refused" },
    school_gone: "School unlinked by whoever looks after the server",
    rescue: |remedy| match remedy {
        Remedy::Factors => "remove the second proof",
        Remedy::WayIn => "send a link with which to come in again",
    },
    asked: |what, who| format!("Asked for on your behalf by {who}: {what}"),
    approved: |what, who| format!("Agreed to by {who}, to be done in three days: {what}"),
    stopped: "Stopped by you: nothing was done",
    rescued: |what| format!("Done: {what}"),
    act: |act| match act {
        Act::Created => "Account made by whoever looks after the server",
        Act::KeyMade => "Key for a script made by whoever looks after the server",
        Act::KeyDeleted => "Key for a script deleted by whoever looks after the server",
        Act::QuotaSet => "Room of the space changed by whoever looks after the server",
    },
};

#[derive(Template)]
#[template(path = "settings/events.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    log: Log,
}

/// Answers a request for the page.
///
/// Spec: O-193
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let events = pages.accounts.events(&by.account, SHOWN).await?;
    let (label, settings) = words.way;
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        way: Breadcrumb { label, above: vec![(path::SETTINGS, settings)] },
        log: Log {
            caption: words.caption,
            headings: words.headings.to_vec(),
            lines: events.iter().map(|event| line(event, words, visitor.language)).collect(),
        },
    };
    page(StatusCode::OK, &shown, visitor)
}

fn line(event: &Event, words: &Words, language: Language) -> Vec<String> {
    let told = match &event.happened {
        Happened::SignedIn { device } => {
            format!("{} ({})", words.signed_in, device.as_deref().unwrap_or(words.unknown_device))
        }
        Happened::KeyMade { name: Some(name) } => format!("{} ({name})", words.key_made),
        Happened::KeyMade { name: None } => words.key_made.to_owned(),
        Happened::SchoolLinked { issuer } => format!("{} ({issuer})", words.linked),
        Happened::SchoolUnlinked { issuer } => format!("{} ({issuer})", words.unlinked),
        Happened::FactorsChanged => words.factors.to_owned(),
        Happened::TermsAccepted { version } => format!("{} (version {version})", words.terms),
        Happened::WebIdLinked { webid } => format!("{} ({webid})", words.webid_linked),
        Happened::WebIdUnlinked { webid } => format!("{} ({webid})", words.webid_unlinked),
        Happened::PodMade { name } => format!("{} ({name})", words.pod),
        Happened::IssuersChanged { pod } => format!("{} ({pod})", words.issuers),
        Happened::IssuersGone { pod } => format!("{} ({pod})", words.issuers_gone),
        Happened::ApplicationAllowed { host } => format!("{} ({host})", words.allowed),
        Happened::ApplicationCutOff { host } => format!("{} ({host})", words.cut_off),
        Happened::ApplicationCopied { host } => format!("{} ({host})", words.copied),
        Happened::PasswordChanged => words.password.to_owned(),
        Happened::EmailChanged => words.email.to_owned(),
        Happened::EmailRestored => words.email_restored.to_owned(),
        Happened::KeyDeleted => words.key_deleted.to_owned(),
        Happened::Disabled => words.disabled.to_owned(),
        Happened::Enabled => words.enabled.to_owned(),
        Happened::Closed { why } => (words.closed)(*why).to_owned(),
        Happened::Reopened => words.reopened.to_owned(),
        Happened::GuardianAsked => words.guardian_asked.to_owned(),
        Happened::GuardianAnswered { given } => (words.guardian_answered)(*given).to_owned(),
        Happened::SchoolGone { issuer } => format!("{} ({issuer})", words.school_gone),
        Happened::RescueAsked { remedy, operator } => (words.asked)((words.rescue)(*remedy), operator),
        Happened::RescueApproved { remedy, operator } => (words.approved)((words.rescue)(*remedy), operator),
        Happened::RescueStopped => words.stopped.to_owned(),
        Happened::Rescued { remedy } => (words.rescued)((words.rescue)(*remedy)),
        Happened::ByOperator { act } => (words.act)(*act).to_owned(),
    };
    vec![date::moment(event.at, language), told]
}
