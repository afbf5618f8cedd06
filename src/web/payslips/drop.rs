//! Dropping a payslip: a PDF goes into the folder where whatever arrives is read and filed.

use askama::Template;
use bytes::Bytes;
use http::StatusCode;

use crate::http::Problem;
use crate::ingest::write::{Is, Written};
use crate::web::form::File;
use crate::web::own::{Own, broken};
use crate::web::parts::list::Breadcrumb;
use crate::web::{Answer, Asked, Instead, Pages, Shell, Visitor, page, pages, path, see_other};

/// Where payslips are dropped: "À classer".
const FOLDER: &str = "/documents/Administratif/%C3%80%20classer/";
/// How many files of one name may wait there.
const MOST: usize = 50;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    way: [&'static str; 2],
    file: &'static str,
    help: &'static str,
    wrong: &'static str,
    drop: &'static str,
    privacy: &'static str,
}

const FRENCH: Words = Words {
    title: "Déposer un bulletin",
    lead: "Choisissez le PDF tel que vous l’avez reçu : il sera lu, nommé et rangé par année.",
    way: ["Vous êtes ici", "Paye"],
    file: "Le bulletin, en PDF",
    help: "10 Mo au plus.",
    wrong: "Ce fichier n’est pas un PDF. Rien n’est déposé.",
    drop: "Déposer ce bulletin",
    privacy: "Le numéro de sécurité sociale, le compte bancaire et l’adresse restent dans le PDF : ils ne sont écrits nulle \
              part ailleurs.",
};

const ENGLISH: Words = Words {
    title: "Drop a payslip",
    lead: "Choose the PDF as you received it: it will be read, named and filed by year.",
    way: ["You are here", "Pay"],
    file: "The payslip, as a PDF",
    help: "At most 10 MB.",
    wrong: "This file is no PDF. Nothing was dropped.",
    drop: "Drop this payslip",
    privacy: "The social security number, the bank account and the address stay in the PDF: they are written nowhere else.",
};

#[derive(Template)]
#[template(path = "payslips/drop.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    wrong: bool,
}

/// Shows the form, or puts its file into the folder.
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words: &'static Words = visitor.language.choose(&FRENCH, &ENGLISH);
    let mut status = StatusCode::OK;
    if let Some(form) = &asked.form {
        match form.file("file").filter(|file| is_pdf(&file.bytes)) {
            Some(file) => {
                let own = Own::of(pages, by, asked).await?;
                let own = own.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not-found"))?;
                put(&own, file).await?;
                return Ok(see_other(&format!("{}?done=dropped", path::PAYSLIPS), Vec::new()));
            }
            None => status = StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        way: Breadcrumb { label: words.way[0], above: vec![(path::PAYSLIPS, words.way[1])] },
        wrong: status != StatusCode::OK,
    };
    page(status, &shown, visitor)
}

/// Keeps the name if it can, else puts a number after it; nothing that waits is replaced.
async fn put(own: &Own<'_>, file: &File) -> Result<(), Instead> {
    let stem = stem(&file.name);
    for number in 1..=MOST {
        let name = if number == 1 { format!("{stem}.pdf") } else { format!("{stem}-{number}.pdf") };
        let Some(path) = own.path(&format!("{FOLDER}{name}")) else { break };
        let bytes = Bytes::clone(&file.bytes);
        match own.agent.put(&path, "application/pdf", bytes, Is::Absent).await.map_err(broken)? {
            Written::Moved => {}
            Written::Created | Written::Changed => return Ok(()),
        }
    }
    Err(Problem::new(StatusCode::CONFLICT, "too-many-files").into())
}

fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
}

/// The name of a file without its end: letters, digits, `-` and `_` of what the browser said.
fn stem(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let plain: String = stem.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(80).collect();
    if plain.is_empty() { "bulletin".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_plain_letters() {
        for (name, expected) in [
            ("2025_12_BP_decembre.pdf", "2025_12_BP_decembre"),
            ("../../profile/card", "bulletin"),
            ("../profile/card.pdf", "profilecard"),
            ("bulletin de paye.PDF", "bulletindepaye"),
            ("été.pdf", "t"),
            ("…", "bulletin"),
            ("", "bulletin"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
        assert_eq!(stem(&"a".repeat(500)).len(), 80);
    }
}
