//! The parts that pages are made of. Each has a name, a template in `templates/parts/` and a line on the page of parts.

use askama::Template;
use askama::filters::HtmlSafe;

/// Icons of Lucide (ISC), by name. They never stand without words.
const ICONS: [(&str, &str); 3] = [
    (
        "app-window",
        r#"<rect x="2" y="4" width="20" height="16" rx="2"/><path d="M10 4v4"/><path d="M2 8h20"/><path d="M6 4v4"/>"#,
    ),
    (
        "house",
        r#"<path d="M15 21v-8a1 1 0 0 0-1-1h-4a1 1 0 0 0-1 1v8"/><path d="M3 10a2 2 0 0 1 .709-1.528l7-5.999a2 2 0 0 1 2.582 0l7 5.999A2 2 0 0 1 21 10v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z"/>"#,
    ),
    ("user", r#"<path d="M19 21v-2a4 4 0 0 0-4-4H9a4 4 0 0 0-4 4v2"/><circle cx="12" cy="7" r="4"/>"#),
];

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
