//! Parts that list: rows, the way here, logs, and what stands where nothing is yet.

use askama::Template;
use askama::filters::HtmlSafe;

use super::{Icon, icon};

/// A row: icon, name, a second line, and what can be done with it.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/row.html")]
pub struct Row {
    pub icon: Icon,
    pub name: String,
    pub second: String,
    pub action: Option<Action>,
}

impl HtmlSafe for Row {}

/// What can be done with a row: a page to open, or a form to send at once.
#[derive(Debug, Clone)]
pub enum Action {
    Open { path: String, label: &'static str },
    Send { path: &'static str, csrf: String, field: &'static str, value: String, label: &'static str },
}

/// The way to a page: those above it.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/breadcrumb.html")]
pub struct Breadcrumb {
    pub label: &'static str,
    pub above: Vec<(&'static str, &'static str)>,
}

impl HtmlSafe for Breadcrumb {}

/// What stands where nothing is yet: what this is for, and one thing to do.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/empty.html")]
pub struct Empty {
    pub icon: Icon,
    pub text: &'static str,
    pub action: Option<(&'static str, &'static str)>,
}

impl HtmlSafe for Empty {}

impl Empty {
    /// A place for things of this icon.
    pub fn of(name: &str, text: &'static str) -> Self {
        Self { icon: icon(name), text, action: None }
    }
}

/// A log: columns with headings, which become labels on a phone.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/log.html")]
pub struct Log {
    pub caption: &'static str,
    pub headings: Vec<&'static str>,
    pub lines: Vec<Vec<String>>,
}

impl HtmlSafe for Log {}

impl Log {
    /// Each cell with its heading.
    fn cells<'a>(&'a self, line: &'a [String]) -> impl Iterator<Item = (&'static str, &'a String)> {
        self.headings.iter().copied().zip(line)
    }
}
