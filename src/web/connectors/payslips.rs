//! Connecting the pay portal, or giving it again what opens it.

use askama::Template;
use http::StatusCode;
use serde::Serialize;
use zeroize::Zeroize;

use super::{place, refused};
use crate::http::Problem;
use crate::ingest::connection::{ConnectionId, New};
use crate::ingest::schedule::Frequency;
use crate::web::own::Own;
use crate::web::parts::list::Breadcrumb;
use crate::web::parts::{Field, Summary};
use crate::web::{Answer, Asked, Form, Pages, Shell, Visitor, page, pages, path, see_other};

const LONGEST: usize = 200;

/// What the page says.
struct Words {
    way: &'static str,
    title: &'static str,
    lead: &'static str,
    login: &'static str,
    login_help: &'static str,
    login_missing: &'static str,
    password: &'static str,
    password_help: &'static str,
    password_missing: &'static str,
    label: &'static str,
    label_help: &'static str,
    label_usual: &'static str,
    wrong: &'static str,
    connect: &'static str,
    without: &'static str,
    drop: &'static str,
}

const FRENCH: Words = Words {
    way: "Vous êtes ici",
    title: "Relier le portail de paye",
    lead: "Vos bulletins viendront dans votre espace chaque semaine. Rien n’est changé sur le portail.",
    login: "Identifiant du portail",
    login_help: "Celui que vous tapez sur le portail. Il reste chiffré, et n’est écrit dans aucun nom de fichier.",
    login_missing: "Écrivez l’identifiant du portail.",
    password: "Mot de passe du portail",
    password_help: "Il est chiffré dès que vous l’envoyez. Ni l’espace ni ses copies ne le contiennent.",
    password_missing: "Écrivez le mot de passe du portail.",
    label: "Nom",
    label_help: "Le dossier de vos bulletins porte ce nom.",
    label_usual: "Ma paye",
    wrong: "Le portail n’est pas relié",
    connect: "Relier le portail",
    without: "Vous préférez ne rien confier ?",
    drop: "Déposez vos bulletins un par un",
};

const ENGLISH: Words = Words {
    way: "You are here",
    title: "Connect the pay portal",
    lead: "Your payslips will come into your space each week. Nothing is changed on the portal.",
    login: "Name on the portal",
    login_help: "The one that you type on the portal. It stays encrypted, and is in no file name.",
    login_missing: "Write your name on the portal.",
    password: "Password of the portal",
    password_help: "It is encrypted as soon as you send it. Neither the space nor its copies hold it.",
    password_missing: "Write the password of the portal.",
    label: "Name",
    label_help: "The folder of your payslips has this name.",
    label_usual: "My pay",
    wrong: "The portal is not connected",
    connect: "Connect the portal",
    without: "You would rather hand over nothing?",
    drop: "Drop your payslips one by one",
};

#[derive(Template)]
#[template(path = "connectors/payslips.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    here: String,
    summary: Option<Summary<'a>>,
    fields: &'a [Field],
}

/// What the portal knows somebody by, for the sealed record of the connection.
#[derive(Serialize)]
struct Credentials {
    login: String,
    password: String,
}

impl Drop for Credentials {
    fn drop(&mut self) {
        self.login.zeroize();
        self.password.zeroize();
    }
}

/// Shows the form, or connects with what it says. A connection that is named gets other credentials.
///
/// Spec: CP-26, O-343
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let not_found = || Problem::new(StatusCode::NOT_FOUND, "not-found");
    let by = pages::confirmed(pages, visitor)?;
    let words: &'static Words = visitor.language.choose(&FRENCH, &ENGLISH);
    let list: &'static super::Words = visitor.language.choose(&super::FRENCH, &super::ENGLISH);
    let own = Own::of(pages, by, asked).await?.ok_or_else(not_found)?;
    let known = match asked.query.find("connection").and_then(ConnectionId::parse) {
        Some(id) => Some(pages.ingest.connection(&own.pod, &id).await.map_err(|error| refused(&error))?),
        None => None,
    };
    if known.as_ref().is_some_and(|connection| *connection.connector != *"payslips") {
        return Err(not_found().into());
    }
    let mut fields = fields(words, known.is_some());
    if let Some(credentials) = asked.form.as_ref().and_then(|form| read(form, &mut fields, words)) {
        if let Some(connection) = &known {
            let id = &connection.id;
            pages.ingest.reconnect(&own.pod, id, &credentials, None).await.map_err(|error| refused(&error))?;
            return Ok(see_other(&format!("{}?done=asked", place(id)), Vec::new()));
        }
        let label = fields.last().map(|field| field.value.as_str()).filter(|label| !label.is_empty());
        let new = New {
            connector: "payslips".into(),
            pod: own.pod.clone(),
            owner: own.owner.as_str().into(),
            label: label.unwrap_or(words.label_usual).into(),
            settings: serde_json::Value::Null,
            frequency: Frequency::default(),
        };
        pages.ingest.connect(new, Some(&credentials)).await.map_err(|error| refused(&error))?;
        return Ok(see_other(&format!("{}?done=connected", path::CONNECTORS), Vec::new()));
    }
    let query = known.as_ref().map(|connection| format!("?connection={}", connection.id)).unwrap_or_default();
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        way: Breadcrumb { label: words.way, above: vec![(path::CONNECTORS, list.title)] },
        here: format!("{}{query}", path::CONNECT_PAYSLIPS),
        summary: Summary::of(words.wrong, &fields),
        fields: &fields,
    };
    page(if asked.form.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &shown, visitor)
}

fn fields(words: &Words, is_known: bool) -> Vec<Field> {
    let field = |name, label, kind, help| Field {
        name,
        label,
        kind,
        autocomplete: "off",
        help: Some(help),
        ..Field::default()
    };
    let mut fields = vec![
        field("login", words.login, "text", words.login_help),
        field("secret", words.password, "password", words.password_help),
    ];
    if !is_known {
        let value = words.label_usual.to_owned();
        fields.push(Field { value, ..field("label", words.label, "text", words.label_help) });
    }
    fields
}

/// Reads what was typed. Neither the name nor the password is ever shown again.
fn read(form: &Form, fields: &mut [Field], words: &Words) -> Option<Credentials> {
    let plain = |text: &str| text.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>();
    let login: String = form.get("login").chars().filter(|c| !c.is_whitespace()).take(LONGEST).collect();
    let password = plain(form.get("secret"));
    for field in &mut *fields {
        match field.name {
            "login" if login.is_empty() => field.error = Some(words.login_missing),
            "secret" if password.is_empty() => field.error = Some(words.password_missing),
            "label" => plain(form.get("label")).trim().clone_into(&mut field.value),
            _ => {}
        }
    }
    let is_wrong = fields.iter().any(|field| field.error.is_some());
    (!is_wrong).then_some(Credentials { login, password })
}
