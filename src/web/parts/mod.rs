//! The parts that pages are made of. Each has a name, a template in `templates/parts/` and a line on the page of parts.

mod icons;
pub mod list;
pub mod sharing;

use askama::Template;
use askama::filters::HtmlSafe;

use icons::ICONS;

/// An icon.
#[derive(Debug, Clone, Copy, Template)]
#[template(path = "parts/icon.html")]
pub struct Icon {
    drawing: &'static str,
}

impl HtmlSafe for Icon {}

/// The icon of this name; nothing if there is none.
pub fn icon(name: &str) -> Icon {
    let drawing = ICONS.iter().find(|(named, _)| *named == name).map_or("", |(_, drawing)| drawing);
    Icon { drawing }
}

/// A field of a form: label above, help, and beside it what is wrong with it.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/field.html")]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    /// `text`, `email`, `password`, …
    pub kind: &'static str,
    pub value: String,
    /// What browsers may fill in.
    pub autocomplete: &'static str,
    pub help: Option<&'static str>,
    pub error: Option<&'static str>,
    pub optional: bool,
}

impl HtmlSafe for Field {}

/// What is wrong with a form, at its top: each error leads to its field.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/summary.html")]
pub struct Summary<'a> {
    pub title: &'static str,
    pub fields: Vec<&'a Field>,
}

impl HtmlSafe for Summary<'_> {}

impl<'a> Summary<'a> {
    /// The errors of these fields; `None` if there are none.
    pub fn of(title: &'static str, fields: impl IntoIterator<Item = &'a Field>) -> Option<Self> {
        let fields: Vec<_> = fields.into_iter().filter(|field| field.error.is_some()).collect();
        (!fields.is_empty()).then_some(Self { title, fields })
    }
}

/// How a banner is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Ok,
    Info,
    Warn,
    Stop,
}

impl Tone {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Stop => "stop",
        }
    }

    /// Whether screen readers interrupt for it.
    fn role(self) -> &'static str {
        if self == Self::Stop { "alert" } else { "status" }
    }
}

/// A banner: a sentence or two about the page as a whole.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/banner.html")]
pub struct Banner {
    pub tone: Tone,
    pub text: String,
}

impl HtmlSafe for Banner {}

/// One way among several.
#[derive(Debug, Clone)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub help: Option<&'static str>,
}

/// Choice cards, of which one is chosen; none beforehand, unless it was before.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/choices.html")]
pub struct Choices {
    pub name: &'static str,
    pub legend: &'static str,
    pub choices: Vec<Choice>,
    pub chosen: Option<String>,
    pub error: Option<&'static str>,
}

impl HtmlSafe for Choices {}

impl Choices {
    fn has(&self, choice: &Choice) -> bool {
        self.chosen.as_ref() == Some(&choice.value)
    }
}

/// How far something has come, drawn and in words ("12 sur 130").
#[derive(Debug, Clone, Template)]
#[template(path = "parts/progress.html")]
pub struct Progress {
    pub label: &'static str,
    pub done: u64,
    pub all: u64,
    pub text: String,
}

impl HtmlSafe for Progress {}

/// Something to copy, with a button where scripts run (`copy.js`).
#[derive(Debug, Clone, Template)]
#[template(path = "parts/code.html")]
pub struct CodeBox {
    pub name: &'static str,
    pub label: &'static str,
    pub text: String,
    pub copy: &'static str,
    pub copied: &'static str,
}

impl HtmlSafe for CodeBox {}
