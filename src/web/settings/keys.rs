//! Keys for scripts: client credentials, made, looked at and deleted.

use askama::Template;
use http::{Response, StatusCode};

use super::after;
use crate::http::{Body, Problem};
use crate::identity::account::{Account, Credential, CredentialId, Error, NewCredential, Refusal};
use crate::web::parts::list::Breadcrumb;
use crate::web::parts::{Choice, Choices, CodeBox, Field, Summary};
use crate::web::{Answer, Asked, Instead, Language, Pages, Shell, Visitor, assets, date, page, pages, path, see_other};

/// What the pages say.
struct Words {
    title: &'static str,
    lead: &'static str,
    way: (&'static str, &'static str),
    name: &'static str,
    name_help: &'static str,
    webid: &'static str,
    make: &'static str,
    title_wrong: &'static str,
    long: &'static str,
    too_many: &'static str,
    choose: &'static str,
    made: &'static str,
    made_lead: &'static str,
    id: &'static str,
    secret: &'static str,
    issuer: &'static str,
    copy: &'static str,
    copied: &'static str,
    kept: &'static str,
    one: &'static str,
    acts_for: &'static str,
    created: &'static str,
    expires: &'static str,
    used: &'static str,
    never: &'static str,
    delete: &'static str,
    delete_effect: &'static str,
    back: &'static str,
}

const FRENCH: Words = Words {
    title: "Créer une clé",
    lead: "Un programme qui a cette clé pourra faire dans votre espace tout ce que vous pouvez y faire, pendant un an ou \
           jusqu’à ce que vous la supprimiez. Ne la donnez à personne.",
    way: ("Vous êtes ici", "Compte"),
    name: "Nom de la clé",
    name_help: "Pour la reconnaître plus tard, par exemple « sauvegarde de mon ordinateur ».",
    webid: "Au nom de qui le programme agit-il ?",
    make: "Créer la clé",
    title_wrong: "La clé n’a pas été créée",
    long: "Le nom a au plus 100 caractères.",
    too_many: "Vous avez déjà 20 clés. Supprimez-en une d’abord.",
    choose: "Choisissez au nom de qui le programme agit.",
    made: "La clé est créée",
    made_lead: "Copiez maintenant le secret dans votre programme : il n’est montré que cette fois.",
    id: "Identifiant (client_id)",
    secret: "Secret (client_secret)",
    issuer: "Fournisseur d’identité (issuer)",
    copy: "Copier",
    copied: "Copié",
    kept: "Le secret est copié, revenir au compte",
    one: "Clé pour un script",
    acts_for: "Agit au nom de",
    created: "Créée le",
    expires: "Valable jusqu’au",
    used: "Dernière utilisation",
    never: "Jamais",
    delete: "Supprimer cette clé",
    delete_effect: "Le programme qui s’en sert n’entrera plus, tout de suite. Ce qu’il a rangé dans votre espace y reste.",
    back: "Revenir au compte",
};

const ENGLISH: Words = Words {
    title: "Make a key",
    lead: "A program that has this key can do in your space whatever you can do there, for a year or until you delete \
           the key. Give it to nobody.",
    way: ("You are here", "Account"),
    name: "Name of the key",
    name_help: "To know it again later, such as “backup of my computer”.",
    webid: "For whom does the program act?",
    make: "Make the key",
    title_wrong: "The key was not made",
    long: "A name has at most 100 characters.",
    too_many: "You have 20 keys already. Delete one first.",
    choose: "Choose for whom the program acts.",
    made: "The key is made",
    made_lead: "Copy the secret into your program now: it is shown this once only.",
    id: "Identifier (client_id)",
    secret: "Secret (client_secret)",
    issuer: "Identity provider (issuer)",
    copy: "Copy",
    copied: "Copied",
    kept: "I have copied the secret, back to the account",
    one: "Key for a script",
    acts_for: "Acts for",
    created: "Made on",
    expires: "Good until",
    used: "Last used",
    never: "Never",
    delete: "Delete this key",
    delete_effect: "The program that uses it enters no more, at once. What it kept in your space stays there.",
    back: "Back to the account",
};

#[derive(Template)]
#[template(path = "settings/new_key.html")]
struct NewPage<'a> {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    summary: Option<Summary<'a>>,
    name: &'a Field,
    webids: Option<&'a Choices>,
}

#[derive(Template)]
#[template(path = "settings/made_key.html")]
struct MadePage {
    shell: Shell,
    words: &'static Words,
    boxes: [CodeBox; 3],
    copy_script: &'static str,
}

#[derive(Template)]
#[template(path = "settings/key.html")]
struct OnePage<'a> {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    key: &'a Credential,
    created: String,
    expires: String,
    used: String,
}

/// Answers a request for the page that makes a key, or makes it. The answer to the form shows the secret, which nothing
/// keeps.
///
/// Spec: O-204, O-343
pub(in crate::web) async fn make(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::confirmed(pages, visitor)?;
    let words = words(visitor.language);
    let mut name = Field { name: "name", label: words.name, kind: "text", ..Field::default() };
    name.help = Some(words.name_help);
    let mut webids = choices(&by.account, words);
    let Some(form) = &asked.form else { return show_new(visitor, words, StatusCode::OK, &name, &webids) };
    form.get("name").clone_into(&mut name.value);
    let webid =
        form.find("webid").or(by.account.webids.first().map(String::as_str).filter(|_| webids.choices.len() < 2));
    webids.chosen = webid.map(str::to_owned);
    let Some(webid) = webid else {
        webids.error = Some(words.choose);
        return show_new(visitor, words, StatusCode::UNPROCESSABLE_ENTITY, &name, &webids);
    };
    match pages.accounts.create_credential(&by.account.id, Some(webid), Some(form.get("name"))).await {
        Ok(made) => show_made(visitor, words, &made),
        Err(Error::Refused(refusal @ (Refusal::LongName(_) | Refusal::TooManyCredentials(_)))) => {
            let long = matches!(refusal, Refusal::LongName(_));
            name.error = Some(if long { words.long } else { words.too_many });
            let status = if long { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::CONFLICT };
            show_new(visitor, words, status, &name, &webids)
        }
        Err(error) => Err(error.into()),
    }
}

/// Answers a request for the page of one key, or deletes it.
///
/// Spec: O-193, O-343
pub(in crate::web) async fn one(pages: &Pages, visitor: &Visitor, asked: &Asked, id: &str) -> Answer {
    let by = if asked.form.is_some() { pages::confirmed(pages, visitor)? } else { pages::signed_in(visitor)? };
    let own = pages.accounts.credentials(&by.account).await?;
    let key = CredentialId::parse(id).and_then(|id| own.into_iter().find(|own| own.id == id)).ok_or_else(not_found)?;
    if asked.form.is_some() {
        pages.accounts.delete_credential(&by.account.id, &key.id).await?;
        return Ok(see_other(&after("key"), Vec::new()));
    }
    let words = words(visitor.language);
    let used = pages.accounts.last_use(&key.id).await?;
    let shown = OnePage {
        used: used.map_or_else(|| words.never.to_owned(), |used| date::day(used, visitor.language)),
        shell: Shell::new(visitor, words.one),
        words,
        way: way(words),
        created: date::day(key.created, visitor.language),
        expires: date::day(key.expires, visitor.language),
        key: &key,
    };
    page(StatusCode::OK, &shown, visitor)
}

fn words(language: Language) -> &'static Words {
    language.choose(&FRENCH, &ENGLISH)
}

fn way(words: &Words) -> Breadcrumb {
    let (label, settings) = words.way;
    Breadcrumb { label, above: vec![(path::SETTINGS, settings)] }
}

fn choices(account: &Account, words: &Words) -> Choices {
    let choice = |webid: &String| Choice { value: webid.clone(), label: webid.clone(), help: None };
    Choices {
        name: "webid",
        legend: words.webid,
        choices: account.webids.iter().map(choice).collect(),
        chosen: None,
        error: None,
    }
}

fn show_new(visitor: &Visitor, words: &'static Words, status: StatusCode, name: &Field, webids: &Choices) -> Answer {
    let shown = NewPage {
        shell: Shell::new(visitor, words.title),
        words,
        way: way(words),
        summary: Summary::of(words.title_wrong, [name]),
        name,
        webids: (webids.choices.len() > 1).then_some(webids),
    };
    page(status, &shown, visitor)
}

fn show_made(visitor: &Visitor, words: &'static Words, made: &NewCredential) -> Result<Response<Body>, Instead> {
    let shown_box = |name: &'static str, label: &'static str, text: &str| CodeBox {
        name,
        label,
        text: text.to_owned(),
        copy: words.copy,
        copied: words.copied,
    };
    let boxes = [
        shown_box("id", words.id, made.credential.id.as_str()),
        shown_box("secret", words.secret, made.secret.reveal()),
        shown_box("issuer", words.issuer, visitor.base()),
    ];
    let shell = Shell::new(visitor, words.made);
    page(StatusCode::OK, &MadePage { shell, words, boxes, copy_script: assets::copy_script() }, visitor)
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found")
}
