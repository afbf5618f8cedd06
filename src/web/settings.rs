//! The account's settings at a glance: ways in, devices, applications, keys for scripts, language.

pub mod delete;
pub mod email;
pub mod events;
pub mod guardian;
pub mod identities;
pub mod keys;
pub mod password;
pub mod spaces;

use askama::Template;
use http::StatusCode;

use super::parts::list::{Action, Empty, Row};
use super::parts::{Banner, Choice, Choices, Tone, icon};
use super::{Answer, Asked, Language, Pages, Shell, Visitor, date, page, pages, path, see_other};
use crate::clock::Timestamp;
use crate::identity::account::{Account, Credential, Session, SessionId, SignedIn};

/// What the page says.
struct Words {
    title: &'static str,
    lead: fn(&str) -> String,
    ways: &'static str,
    email: &'static str,
    password: &'static str,
    password_help: &'static str,
    choose: &'static str,
    spaces: &'static str,
    spaces_help: &'static str,
    show_spaces: &'static str,
    broken: &'static str,
    repair: &'static str,
    others: &'static str,
    others_help: &'static str,
    guardian: &'static str,
    guardian_help: fn(bool) -> &'static str,
    change: &'static str,
    devices: &'static str,
    devices_help: &'static str,
    unknown_device: &'static str,
    this_device: &'static str,
    seen: fn(&str, &str) -> String,
    end: &'static str,
    end_others: &'static str,
    end_everything: &'static str,
    end_everything_help: &'static str,
    events: &'static str,
    applications: &'static str,
    applications_help: &'static str,
    show_applications: &'static str,
    keys: &'static str,
    keys_help: &'static str,
    no_keys: &'static str,
    nameless: &'static str,
    made: fn(&str, &str) -> String,
    show: &'static str,
    add_key: &'static str,
    language: &'static str,
    language_legend: &'static str,
    speak: &'static str,
    leave: &'static str,
    sign_out: &'static str,
    delete: &'static str,
    /// What was just done, by the word that says so in the address.
    done: [(&'static str, &'static str); 7],
}

const FRENCH: Words = Words {
    title: "Compte",
    lead: |email| format!("Vous entrez avec {email}."),
    ways: "Façons d’entrer",
    email: "Adresse e-mail",
    password: "Mot de passe",
    password_help: "Avec votre adresse e-mail, il ouvre votre espace.",
    choose: "Choisir",
    spaces: "Espaces et identités",
    spaces_help: "La place prise, le nom montré aux autres, les identités sous lesquelles les applications vous reconnaissent.",
    show_spaces: "Voir mes espaces",
    broken: "Les applications ne vous laissent plus entrer sous l’une de vos identités : son profil ne nomme plus ce serveur.",
    repair: "Réparer l’entrée",
    others: "Établissements et seconde preuve",
    others_help: "ENT reliés, clés d’accès, application de codes, codes de secours",
    guardian: "Accord d’un parent",
    guardian_help: |agreed| if agreed { "Donné" } else { "Nécessaire pour les services facultatifs" },
    change: "Changer",
    devices: "Appareils connectés",
    devices_help: "Un appareil que vous ne reconnaissez pas ? Déconnectez-le, puis changez de mot de passe.",
    unknown_device: "Appareil inconnu",
    this_device: "cet appareil",
    seen: |since, seen| format!("Session ouverte le {since}, utilisée {seen}"),
    end: "Déconnecter",
    end_others: "Déconnecter tous les autres appareils",
    end_everything: "Déconnecter aussi toutes les applications",
    end_everything_help: "Ferme les autres appareils et coupe l’accès de toutes les applications. Elles devront vous \
                          demander d’entrer de nouveau.",
    events: "Voir ce qui s’est passé dans le compte",
    applications: "Applications",
    applications_help: "Celles que vous avez autorisées, et ce qu’elles peuvent faire.",
    show_applications: "Voir mes applications",
    keys: "Clés pour les scripts",
    keys_help: "Une clé laisse un programme agir en votre nom sans vous demander. Si vous ne savez pas ce que c’est, vous \
                n’en avez pas besoin.",
    no_keys: "Aucune clé : aucun programme n’entre sans vous.",
    nameless: "Clé sans nom",
    made: |made, expires| format!("Créée le {made}, valable jusqu’au {expires}"),
    show: "Voir",
    add_key: "Créer une clé",
    language: "Langue",
    language_legend: "Langue des pages et des messages",
    speak: "Changer la langue",
    leave: "Partir",
    sign_out: "Se déconnecter de cet appareil",
    delete: "Supprimer mon compte",
    done: [
        ("password", "Votre mot de passe est changé. Tous les autres appareils sont déconnectés."),
        (
            "email",
            "Un message vient de partir à la nouvelle adresse. Ouvrez son lien pour finir ; il sert pendant 24 heures.",
        ),
        ("device", "L’appareil est déconnecté."),
        ("devices", "Tous les autres appareils sont déconnectés."),
        ("everything", "Tous les autres appareils et toutes les applications sont déconnectés."),
        ("key", "La clé est supprimée. Le programme qui s’en servait n’entre plus."),
        ("language", "Les pages et les messages sont maintenant en français."),
    ],
};

const ENGLISH: Words = Words {
    title: "Account",
    lead: |email| format!("You sign in with {email}."),
    ways: "Ways in",
    email: "E-mail address",
    password: "Password",
    password_help: "With your e-mail address, it opens your space.",
    choose: "Choose",
    spaces: "Spaces and identities",
    spaces_help: "The room taken, the name shown to others, the identities by which applications know you.",
    show_spaces: "See my spaces",
    broken: "Applications do not let you in any more under one of your identities: its profile does not name this server.",
    repair: "Repair signing in",
    others: "Schools and second proof",
    others_help: "Linked schools, passkeys, code app, recovery codes",
    guardian: "A parent’s agreement",
    guardian_help: |agreed| if agreed { "Given" } else { "Needed for optional services" },
    change: "Change",
    devices: "Devices signed in",
    devices_help: "A device you do not recognise? Sign it out, then change your password.",
    unknown_device: "Unknown device",
    this_device: "this device",
    seen: |since, seen| format!("Signed in since {since}, used {seen}"),
    end: "Sign out",
    end_others: "Sign out all other devices",
    end_everything: "Sign out all applications too",
    end_everything_help: "Signs out the other devices and ends the access of all applications. They will have to ask \
                          you to sign in again.",
    events: "See what happened in the account",
    applications: "Applications",
    applications_help: "Those that you have allowed, and what they may do.",
    show_applications: "See my applications",
    keys: "Keys for scripts",
    keys_help: "A key lets a program act for you without asking. If you do not know what that is, you do not need one.",
    no_keys: "No key: no program enters without you.",
    nameless: "Key without a name",
    made: |made, expires| format!("Made on {made}, good until {expires}"),
    show: "Show",
    add_key: "Make a key",
    language: "Language",
    language_legend: "Language of pages and messages",
    speak: "Change language",
    leave: "Leave",
    sign_out: "Sign out on this device",
    delete: "Delete my account",
    done: [
        ("password", "Your password is changed. All other devices are signed out."),
        ("email", "A message is on its way to the new address. Open its link to finish; it works for 24 hours."),
        ("device", "The device is signed out."),
        ("devices", "All other devices are signed out."),
        ("everything", "All other devices and all applications are signed out."),
        ("key", "The key is deleted. The program that used it enters no more."),
        ("language", "Pages and messages are in English now."),
    ],
};

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    done: Option<Banner>,
    /// What is said of a WebID that nobody can sign in as, and where that is repaired.
    broken: Option<(Banner, String)>,
    lead: Option<String>,
    ways: Vec<Row>,
    devices: Vec<Row>,
    keys: Vec<Row>,
    no_keys: Empty,
    languages: Choices,
}

/// Answers a request for the page.
///
/// Spec: O-193, CP-16
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let now = pages.clock.now();
    let sessions = pages.accounts.sessions(&by.account.id).await?;
    let keys = pages.accounts.credentials(&by.account).await?;
    let broken = identities::broken(pages, &by.account.webids).await?;
    let done = asked.query.find("done").and_then(|word| words.done.iter().find(|(named, _)| *named == word));
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        done: done.map(|(_, text)| banner(Tone::Ok, text)),
        broken: broken.map(|webid| (banner(Tone::Warn, words.broken), identities::repair_at(webid))),
        lead: by.account.login.as_ref().map(|login| (words.lead)(login.email.as_str())),
        ways: ways(&by.account, words),
        devices: sessions.iter().map(|session| device(session, by, visitor, words, now)).collect(),
        keys: keys.iter().map(|credential| key(credential, words, visitor.language)).collect(),
        no_keys: Empty::of("key", words.no_keys),
        languages: languages(visitor.language, words),
    };
    page(StatusCode::OK, &shown, visitor)
}

/// Ends the session of a device, or of all but this one, with the access of all applications if that is wanted.
///
/// Spec: O-193, O-196
pub(super) async fn devices(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let Some(form) = &asked.form else { return Ok(see_other(path::SETTINGS, Vec::new())) };
    let done = match SessionId::parse(form.get("session")) {
        Some(id) if id == by.session.id => return super::sign_out::answer(pages, visitor).await,
        Some(id) => {
            pages.accounts.end(&by.account.id, &id).await?;
            "device"
        }
        None if form.get("session") == "others" => {
            pages.accounts.end_where(&by.account.id, |session| session.id != by.session.id).await?;
            "devices"
        }
        None if form.get("session") == "everything" => {
            // First, so that nobody is told that applications are cut off which are not.
            pages.provider.revoke_account(&by.account.id).await?;
            pages.accounts.end_where(&by.account.id, |session| session.id != by.session.id).await?;
            "everything"
        }
        None => return Ok(see_other(path::SETTINGS, Vec::new())),
    };
    Ok(see_other(&after(done), Vec::new()))
}

/// Sets the language of the account.
pub(super) async fn language(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let chosen = asked.form.as_ref().and_then(|form| Language::tagged(form.get("language")));
    let Some(language) = chosen else {
        return Ok(see_other(path::SETTINGS, Vec::new()));
    };
    pages.accounts.set_language(&by.account.id, language).await?;
    Ok(see_other(&after("language"), vec![visitor.speaks(language)]))
}

fn banner(tone: Tone, text: &str) -> Banner {
    Banner { tone, text: text.to_owned() }
}

/// The page, telling what was done.
fn after(done: &'static str) -> String {
    format!("{}?done={done}", path::SETTINGS)
}

/// How the account can be entered.
fn ways(account: &Account, words: &Words) -> Vec<Row> {
    let change = |path: &str| Some(Action::Open { path: path.to_owned(), label: words.change });
    let email = account.login.iter().map(|login| Row {
        icon: icon("mail"),
        name: words.email.to_owned(),
        second: login.email.to_string(),
        action: change(path::EMAIL),
    });
    let password = account.login.iter().map(|login| Row {
        icon: icon("lock-keyhole"),
        name: words.password.to_owned(),
        second: words.password_help.to_owned(),
        action: match login.password {
            Some(_) => change(path::PASSWORD),
            None => Some(Action::Open { path: path::RESET.to_owned(), label: words.choose }),
        },
    });
    let others = Row {
        icon: icon("key"),
        name: words.others.to_owned(),
        second: words.others_help.to_owned(),
        action: Some(Action::Open { path: path::WAYS.to_owned(), label: words.show }),
    };
    let guardian = account.minor.then(|| Row {
        icon: icon("user"),
        name: words.guardian.to_owned(),
        second: (words.guardian_help)(account.has_consent()).to_owned(),
        action: Some(Action::Open { path: path::GUARDIAN.to_owned(), label: words.show }),
    });
    email.chain(password).chain([others]).chain(guardian).collect()
}

fn device(session: &Session, by: &SignedIn, visitor: &Visitor, words: &Words, now: Timestamp) -> Row {
    let language = visitor.language;
    let name = session.device.as_deref().unwrap_or(words.unknown_device);
    let here = session.id == by.session.id;
    let end = Action::Send {
        path: path::DEVICES,
        csrf: visitor.csrf().to_owned(),
        field: "session",
        value: session.id.to_string(),
        label: words.end,
    };
    let seen = date::lately(if here { now } else { session.last_seen }, now, language);
    Row {
        icon: icon("smartphone"),
        name: if here { format!("{name} ({})", words.this_device) } else { name.to_owned() },
        second: (words.seen)(&date::day(session.since, language), &seen),
        action: (!here).then_some(end),
    }
}

fn key(credential: &Credential, words: &Words, language: Language) -> Row {
    let path = format!("{}{}/", path::KEYS, credential.id);
    Row {
        icon: icon("key"),
        name: credential.name.clone().unwrap_or_else(|| words.nameless.to_owned()),
        second: (words.made)(&date::day(credential.created, language), &date::day(credential.expires, language)),
        action: Some(Action::Open { path, label: words.show }),
    }
}

fn languages(spoken: Language, words: &Words) -> Choices {
    let choice = |language: Language, label: &str| Choice {
        value: language.tag().to_owned(),
        label: label.to_owned(),
        help: None,
    };
    Choices {
        name: "language",
        legend: words.language_legend,
        choices: vec![choice(Language::French, "Français"), choice(Language::English, "English")],
        chosen: Some(spoken.tag().to_owned()),
        error: None,
    }
}
