//! A list of documents read off a page, should the portal answer with one.

use serde_json::{Map, Value};

/// The rows of a table whose cells are marked as the fields of a document; `None` if the page has no such row.
pub fn rows(page: &str) -> Option<Vec<Value>> {
    let rows: Vec<_> = page.split("<tr").skip(1).filter_map(row).collect();
    (!rows.is_empty()).then_some(rows)
}

fn row(html: &str) -> Option<Value> {
    let html = html.split("</tr").next()?;
    let (uuid, _) = html.split_once("data-uuid=\"")?.1.split_once('"')?;
    let mut row = Map::new();
    row.insert("documentUuid".to_owned(), uuid.into());
    for name in ["libelle1", "libelle2", "libelle3", "dateDocument"] {
        if let Some(text) = cell(html, name) {
            row.insert(name.to_owned(), text.into());
        }
    }
    Some(Value::Object(row))
}

/// The text of the cell of this class.
fn cell(html: &str, class: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("class=\"{class}\""))?;
    let (content, _) = rest.split_once('>')?.1.split_once("</td")?;
    let mut text = String::new();
    for (at, part) in content.split('<').enumerate() {
        text.push_str(if at == 0 { part } else { part.split_once('>').map_or("", |(_, after)| after) });
    }
    let known = [
        ("&nbsp;", "\u{a0}"),
        ("&euro;", "€"),
        ("&#39;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    Some(known.iter().fold(text, |text, (name, character)| text.replace(name, character)))
}
