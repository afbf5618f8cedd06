//! The ways into an account besides its password: schools that open it, passkeys, an app that shows codes, and recovery
//! codes.

use askama::Template;
use http::StatusCode;

use super::parts::list::{Action, Row};
use super::parts::{Banner, Field, Summary, Tone, icon};
use super::{Answer, Asked, Form, Next, Pages, Shell, Visitor, assets, date, page, pages, path, see_other, upstream};
use crate::identity::account::{
    AccountId, Challenge, Error, Factors, Link, Offer, Passkey, RecoveryCodes, Refusal, SignedIn,
};

/// What the pages say.
struct Words {
    title: &'static str,
    lead: &'static str,
    schools: &'static str,
    schools_help: &'static str,
    school: fn(&str, &str) -> String,
    since: fn(&str) -> String,
    unlink: &'static str,
    last: &'static str,
    add_school: fn(&str) -> String,
    second: &'static str,
    second_help: &'static str,
    app: &'static str,
    add_app: &'static str,
    remove: &'static str,
    add_passkey: &'static str,
    nameless: &'static str,
    codes: &'static str,
    left: fn(usize) -> String,
    draw: &'static str,
    scan: &'static str,
    by_hand: &'static str,
    code: &'static str,
    code_help: &'static str,
    confirm_app: &'static str,
    wrong: &'static str,
    wrong_title: &'static str,
    passkey_help: &'static str,
    passkey_name: &'static str,
    name_help: &'static str,
    make_passkey: &'static str,
    wrong_passkey: &'static str,
    codes_title: &'static str,
    codes_help: &'static str,
    go_on: &'static str,
    back: &'static str,
}

const FRENCH: Words = Words {
    title: "Façons d’entrer",
    lead: "Gardez-en toujours deux : si l’une vient à manquer, l’autre ouvre votre espace.",
    schools: "Mes établissements",
    schools_help: "Un compte scolaire ouvre votre espace d’un clic depuis l’ENT. Quand vous changez d’établissement, \
                   reliez le nouveau avant de délier l’ancien : rien d’autre ne change.",
    school: |school, name| format!("{school} · {name}"),
    since: |day| format!("Relié depuis le {day}"),
    unlink: "Délier",
    last: "C’est votre seule façon d’entrer : choisissez d’abord un mot de passe ou reliez un établissement.",
    add_school: |school| format!("Relier {school}"),
    second: "Seconde preuve",
    second_help: "Demandée après le mot de passe ou l’ENT. Si quelqu’un apprend votre mot de passe, il n’entre pas.",
    app: "Application de codes",
    add_app: "Utiliser une application de codes",
    remove: "Retirer",
    add_passkey: "Ajouter une clé d’accès",
    nameless: "Clé d’accès",
    codes: "Codes de secours",
    left: |left| format!("{left} codes encore bons"),
    draw: "En tirer de nouveaux",
    scan: "Ouvrez votre application de codes (Aegis, FreeOTP, Google Authenticator…) et photographiez cette image.",
    by_hand: "Ou tapez cette clé dans l’application :",
    code: "Code affiché par l’application",
    code_help: "Six chiffres, qui changent toutes les trente secondes.",
    confirm_app: "Utiliser cette application",
    wrong: "Ce n’est pas le code du moment. Vérifiez l’heure du téléphone, puis recommencez avec le suivant.",
    wrong_title: "L’application n’est pas reliée",
    passkey_help: "Votre téléphone ou votre ordinateur garde une clé et ne s’en sert que si vous le déverrouillez. Elle \
                   suffit pour entrer, sans mot de passe.",
    passkey_name: "Nom de cette clé",
    name_help: "Pour la reconnaître, par exemple « Mon téléphone ».",
    make_passkey: "Créer la clé d’accès",
    wrong_passkey: "L’appareil n’a pas donné de clé valable. Recommencez, ou essayez un autre appareil.",
    codes_title: "Vos codes de secours",
    codes_help: "Recopiez-les ou imprimez-les, et rangez-les loin du téléphone. Chacun sert une seule fois. Ils ne seront \
                 plus jamais montrés.",
    go_on: "C’est noté",
    back: "Revenir aux façons d’entrer",
};

const ENGLISH: Words = Words {
    title: "Ways in",
    lead: "Always keep two: should one be lost, the other opens your space.",
    schools: "My schools",
    schools_help: "A school account opens your space with one click on the school’s desk. When you change schools, link \
                   the new one before you unlink the old one: nothing else changes.",
    school: |school, name| format!("{school} · {name}"),
    since: |day| format!("Linked since {day}"),
    unlink: "Unlink",
    last: "This is your only way in: choose a password or link a school first.",
    add_school: |school| format!("Link {school}"),
    second: "Second proof",
    second_help: "Asked for after the password or the school. If somebody learns your password, they do not get in.",
    app: "Code app",
    add_app: "Use a code app",
    remove: "Remove",
    add_passkey: "Add a passkey",
    nameless: "Passkey",
    codes: "Recovery codes",
    left: |left| format!("{left} codes still good"),
    draw: "Draw new ones",
    scan: "Open your code app (Aegis, FreeOTP, Google Authenticator…) and take a picture of this.",
    by_hand: "Or type this key into the app:",
    code: "Code that the app shows",
    code_help: "Six digits that change every thirty seconds.",
    confirm_app: "Use this app",
    wrong: "This is not the code of this moment. Check the clock of the phone, and try again with the next one.",
    wrong_title: "The app is not linked",
    passkey_help: "Your phone or computer keeps a key and uses it only when you unlock it. It is enough to come in, without \
                   a password.",
    passkey_name: "Name of this key",
    name_help: "To recognise it, such as “My phone”.",
    make_passkey: "Make the passkey",
    wrong_passkey: "The device did not give a good key. Try again, or use another device.",
    codes_title: "Your recovery codes",
    codes_help: "Copy or print them, and keep them away from the phone. Each is good once. They are never shown again.",
    go_on: "I have them",
    back: "Back to the ways in",
};

#[derive(Template)]
#[template(path = "ways.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    banner: Option<Banner>,
    schools: Vec<Row>,
    /// Addresses and labels of the schools that can be linked.
    doors: Vec<(String, String)>,
    factors: Vec<Row>,
    app: bool,
    passkeys: bool,
}

/// Answers a request for the page, or a form that it sent.
///
/// Spec: O-342, O-343
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let Some(form) = &asked.form else { return show(pages, visitor, by, words, None).await };
    pages::confirmed(pages, visitor)?;
    if form.find("codes").is_some() {
        return draw(pages, visitor, by, words).await;
    }
    let removed = pages.accounts.edit_factors(&by.account.id, |factors, _| {
        remove(factors, form);
        Ok(())
    });
    after_removal(pages, visitor, by, words, removed.await).await
}

/// What is shown once a way in was removed, or not since it is the last one.
///
/// Spec: O-206
async fn after_removal(
    pages: &Pages,
    visitor: &Visitor,
    by: &SignedIn,
    words: &'static Words,
    removed: Result<(), Error>,
) -> Answer {
    match removed {
        Ok(()) => Ok(see_other(path::WAYS, Vec::new())),
        Err(Error::Refused(Refusal::LastLogin)) => {
            let last = Banner { tone: Tone::Stop, text: words.last.to_owned() };
            show(pages, visitor, by, words, Some(last)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes what a form names. Without a second factor, recovery codes have no use.
fn remove(factors: &mut Factors, form: &Form) {
    if form.find("app").is_some() {
        factors.totp = None;
    }
    let gone = form.get("passkey");
    factors.passkeys.retain(|passkey| passkey.id() != gone);
    if !factors.are_asked_for() {
        factors.codes = RecoveryCodes::default();
    }
}

async fn show(
    pages: &Pages,
    visitor: &Visitor,
    by: &SignedIn,
    words: &'static Words,
    banner: Option<Banner>,
) -> Answer {
    let factors = pages.accounts.factors(&by.account.id).await?;
    let linked = |id: &str| {
        by.account.links.iter().any(|link| pages.upstreams.of_issuer(&link.issuer).is_some_and(|(of, _)| of == id))
    };
    let doors =
        pages.upstreams.names().filter(|(id, _)| !linked(id)).map(|(id, name)| {
            (format!("{}?for=link&next={}", upstream::door(id), path::WAYS), (words.add_school)(name))
        });
    let status = if banner.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        banner,
        schools: by.account.links.iter().map(|link| school(pages, visitor, link, words)).collect(),
        doors: doors.collect(),
        factors: rows(visitor, &factors, words),
        app: factors.totp.is_none(),
        passkeys: pages.passkeys.is_some(),
    };
    page(status, &shown, visitor)
}

fn school(pages: &Pages, visitor: &Visitor, link: &Link, words: &Words) -> Row {
    let school = pages.upstreams.of_issuer(&link.issuer).map_or(&*link.issuer, |(_, name)| name);
    Row {
        icon: icon("user"),
        name: (words.school)(school, link.name.as_deref().unwrap_or(&link.subject)),
        second: (words.since)(&date::day(link.since, visitor.language)),
        action: Some(Action::Open { path: format!("{}{}/", path::SCHOOLS, link.id()), label: words.unlink }),
    }
}

fn rows(visitor: &Visitor, factors: &Factors, words: &Words) -> Vec<Row> {
    let since = |since| (words.since)(&date::day(since, visitor.language));
    let app = factors.totp.iter().map(|totp| Row {
        icon: icon("smartphone"),
        name: words.app.to_owned(),
        second: since(totp.since),
        action: Some(send(visitor, "app", "yes".into(), words.remove)),
    });
    let passkeys = factors.passkeys.iter().map(|passkey: &Passkey| Row {
        icon: icon("key"),
        name: if passkey.name.is_empty() { words.nameless.to_owned() } else { passkey.name.clone() },
        second: since(passkey.since),
        action: Some(send(visitor, "passkey", passkey.id(), words.remove)),
    });
    let codes = factors.are_asked_for().then(|| Row {
        icon: icon("lock-keyhole"),
        name: words.codes.to_owned(),
        second: (words.left)(factors.codes.left()),
        action: Some(send(visitor, "codes", "yes".into(), words.draw)),
    });
    app.chain(passkeys).chain(codes).collect()
}

fn send(visitor: &Visitor, field: &'static str, value: String, label: &'static str) -> Action {
    Action::Send { path: path::WAYS, csrf: visitor.csrf().to_owned(), field, value, label }
}

#[derive(Template)]
#[template(path = "app.html")]
struct AppPage<'a> {
    shell: Shell,
    words: &'static Words,
    summary: Option<Summary<'a>>,
    picture: String,
    text: String,
    sealed: String,
    code: &'a Field,
}

/// Adding an app that shows codes: it is taken up with its first code.
///
/// Spec: O-342, O-343
pub(super) async fn app(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::confirmed(pages, visitor)?;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let id = &by.account.id;
    let offered = asked.form.as_ref().and_then(|form| Offer::open(form.get("offer"), id, &pages.key));
    let (Some(form), Some(offer)) = (&asked.form, offered) else {
        return show_app(pages, visitor, by, words, &Offer::new(), None);
    };
    let Some(totp) = offer.take_up(form.get("code"), id, &pages.key, pages.clock.now()) else {
        return show_app(pages, visitor, by, words, &offer, Some(words.wrong));
    };
    pages
        .accounts
        .edit_factors(id, |factors, _| {
            factors.totp = Some(totp.clone());
            Ok(())
        })
        .await?;
    draw_first(pages, visitor, by, words).await
}

fn show_app(
    pages: &Pages,
    visitor: &Visitor,
    by: &SignedIn,
    words: &'static Words,
    offer: &Offer,
    wrong: Option<&'static str>,
) -> Answer {
    let code = Field {
        name: "code",
        label: words.code,
        kind: "text",
        autocomplete: "one-time-code",
        help: Some(words.code_help),
        error: wrong,
        ..Field::default()
    };
    let host = visitor.base().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let shown = AppPage {
        shell: Shell::new(visitor, words.add_app),
        words,
        summary: Summary::of(words.wrong_title, [&code]),
        picture: offer.picture(host, called(by)),
        text: offer.text(),
        sealed: offer.seal(&by.account.id, &pages.key),
        code: &code,
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, &shown, visitor)
}

/// What apps and devices call the account.
fn called(by: &SignedIn) -> &str {
    let email = by.account.login.as_ref().map(|login| login.email.as_str());
    email.or_else(|| by.account.pods.first().map(crate::path::PodName::as_str)).unwrap_or("Cartable")
}

#[derive(Template)]
#[template(path = "passkey.html")]
struct PasskeyPage {
    shell: Shell,
    words: &'static Words,
    banner: Option<Banner>,
    name: Field,
    challenge: Challenge,
    script: &'static str,
}

/// Adding a passkey.
///
/// Spec: O-341, O-343
pub(super) async fn passkey(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::confirmed(pages, visitor)?;
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let (id, now) = (&by.account.id, pages.clock.now());
    let Some(passkeys) = &pages.passkeys else { return Ok(see_other(path::WAYS, Vec::new())) };
    let added = asked.form.as_ref().map(|form| {
        let (sealed, answer) = (form.get("challenge"), form.get("passkey"));
        passkeys.finish_adding(id, sealed, answer, form.get("name"), &pages.key, now)
    });
    if let Some(Ok(passkey)) = added {
        pages
            .accounts
            .edit_factors(id, |factors, _| {
                factors.passkeys.push(passkey.clone());
                Ok(())
            })
            .await?;
        return draw_first(pages, visitor, by, words).await;
    }
    let factors = pages.accounts.factors(id).await?;
    let name = Field {
        name: "name",
        label: words.passkey_name,
        kind: "text",
        value: visitor.device.clone().unwrap_or_default(),
        autocomplete: "off",
        help: Some(words.name_help),
        ..Field::default()
    };
    let shown = PasskeyPage {
        shell: Shell::new(visitor, words.add_passkey),
        words,
        banner: added.map(|_| Banner { tone: Tone::Stop, text: words.wrong_passkey.to_owned() }),
        name,
        challenge: passkeys.begin_adding(id, called(by), &factors, &pages.key, now)?,
        script: assets::passkey(),
    };
    page(StatusCode::OK, &shown, visitor)
}

#[derive(Template)]
#[template(path = "codes.html")]
struct CodesPage<'a> {
    shell: Shell,
    words: &'static Words,
    codes: Vec<String>,
    next: &'a str,
}

/// Draws the first recovery codes of an account that a passkey opens, and shows them on the way on.
///
/// Spec: O-342
pub(super) async fn first_codes(pages: &Pages, visitor: &Visitor, account: &AccountId, next: &Next) -> Answer {
    let (words, codes) = (visitor.language.choose(&FRENCH, &ENGLISH), new_codes(pages, account).await?);
    let shell = Shell::between(visitor, words.codes_title);
    page(StatusCode::OK, &CodesPage { shell, words, codes, next: next.as_str() }, visitor)
}

async fn new_codes(pages: &Pages, account: &AccountId) -> Result<Vec<String>, Error> {
    let (drawn, codes) = RecoveryCodes::draw();
    let keep = |factors: &mut Factors, _| {
        factors.codes = drawn.clone();
        Ok(())
    };
    pages.accounts.edit_factors(account, keep).await?;
    Ok(codes)
}

/// Recovery codes come with the first second factor.
async fn draw_first(pages: &Pages, visitor: &Visitor, by: &SignedIn, words: &'static Words) -> Answer {
    if pages.accounts.factors(&by.account.id).await?.codes.left() > 0 {
        return Ok(see_other(path::WAYS, Vec::new()));
    }
    draw(pages, visitor, by, words).await
}

/// Draws new recovery codes and shows them, once; the ones before are no good any more.
///
/// Spec: O-342
async fn draw(pages: &Pages, visitor: &Visitor, by: &SignedIn, words: &'static Words) -> Answer {
    let codes = new_codes(pages, &by.account.id).await?;
    let shell = Shell::new(visitor, words.codes_title);
    page(StatusCode::OK, &CodesPage { shell, words, codes, next: path::WAYS }, visitor)
}
