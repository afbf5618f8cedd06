//! The shell of every page: the bar at the top, the menu, and what the head says.

use super::{Language, Visitor, assets, path};
use crate::secret::Secret;

/// The mark, a satchel drawn in one line, when all is closed.
pub const CLOSED: &str = "M22 18v-4a4 4 0 0 1 4-4h12a4 4 0 0 1 4 4v4h8a6 6 0 0 1 6 6v4c0 5-4 9-9 9H36v5h-8V32h8v5H17c-5 \
                          0-9-4-9-9v20a6 6 0 0 0 6 6h36a6 6 0 0 0 6-6V24a6 6 0 0 0-6-6H14a6 6 0 0 0-6 6v4";

/// What the shell says.
pub struct Words {
    pub skip: &'static str,
    pub other: &'static str,
    pub menu: &'static str,
    pub more: &'static str,
    pub account: &'static str,
    pub sign_in: &'static str,
    pub sign_out: &'static str,
    sections: [&'static str; SECTIONS.len()],
}

const FRENCH: Words = Words {
    skip: "Aller au contenu",
    other: "English",
    menu: "Menu",
    more: "Plus",
    account: "Compte",
    sign_in: "Se connecter",
    sign_out: "Se déconnecter",
    sections: ["Accueil", "Contacts", "Paye", "Parcours", "Connecteurs", "Compte"],
};

const ENGLISH: Words = Words {
    skip: "Skip to content",
    other: "Français",
    menu: "Menu",
    more: "More",
    account: "Account",
    sign_in: "Sign in",
    sign_out: "Sign out",
    sections: ["Home", "Contacts", "Pay", "Learning", "Connectors", "Account"],
};

/// The parts of the menu: path and icon, in the order of [`Words::sections`]. The first four have a place at the bottom
/// of a phone.
const SECTIONS: [(&str, &str); 6] = [
    (path::HOME, "house"),
    (path::CONTACTS, "users"),
    (path::PAYSLIPS, "banknote"),
    (path::LEARNING, "school"),
    (path::CONNECTORS, "plug"),
    (path::SETTINGS, "user"),
];
const AT_HAND: usize = 4;

/// A line of the menu.
pub struct Section {
    pub path: &'static str,
    pub icon: &'static str,
    pub name: &'static str,
    pub here: bool,
}

/// The shell of one page.
pub struct Shell {
    pub language: &'static str,
    pub title: &'static str,
    pub words: &'static Words,
    pub stylesheet: &'static str,
    /// Whose pod: the name of the first one.
    pub owner: Option<String>,
    pub signed_in: bool,
    /// Whether the menu is there.
    pub at_home: bool,
    /// The page in the other language.
    pub other: (&'static str, String),
    pub at_hand: Vec<Section>,
    pub further: Vec<Section>,
    csrf: Secret,
    email: String,
}

impl Shell {
    /// The shell of a page with this title, as the visitor sees it.
    pub fn new(visitor: &Visitor, title: &'static str) -> Self {
        let words = visitor.language.choose(&FRENCH, &ENGLISH);
        let other = visitor.language.choose(Language::English, Language::French);
        let here = visitor.here();
        let section = |((path, icon), name): (&(&'static str, &'static str), &&'static str)| {
            let here = here.as_str() == *path || (*path != path::HOME && here.as_str().starts_with(path));
            Section { path, icon, name, here }
        };
        let mut at_hand: Vec<_> = SECTIONS.iter().zip(&words.sections).map(section).collect();
        let further = at_hand.split_off(at_hand.len().min(AT_HAND));
        Self {
            language: visitor.language.tag(),
            title,
            words,
            stylesheet: assets::stylesheet(),
            owner: visitor.account().and_then(|account| account.pods.first()).map(ToString::to_string),
            signed_in: visitor.session.is_some(),
            at_home: visitor.session.is_some(),
            other: (other.tag(), visitor.here_in(other)),
            at_hand,
            further,
            csrf: Secret::new(visitor.csrf()),
            email: visitor
                .account()
                .and_then(|account| account.login.as_ref())
                .map(|login| login.email.to_string())
                .unwrap_or_default(),
        }
    }

    /// The shell of a page that comes in between: no menu leads away from it.
    pub fn between(visitor: &Visitor, title: &'static str) -> Self {
        Self { at_home: false, ..Self::new(visitor, title) }
    }

    /// The value of the hidden field of each form.
    pub fn csrf(&self) -> &str {
        self.csrf.reveal()
    }

    /// The address that the account signs in with, so that browsers know whose password a form asks for.
    pub fn email(&self) -> &str {
        &self.email
    }
}
