//! The field for a new password: its help, and what is wrong with what was typed.

use super::Language;
use super::parts::Field;
use crate::identity::account::{Password, Weak};

struct Words {
    label: &'static str,
    help: &'static str,
    short: &'static str,
    long: &'static str,
    common: &'static str,
}

const FRENCH: Words = Words {
    label: "Nouveau mot de passe",
    help: "Au moins 12 caractères. Une phrase que vous retenez vaut mieux que des signes compliqués.",
    short: "Il faut au moins 12 caractères.",
    long: "Il faut au plus 256 caractères.",
    common: "Ce mot de passe est parmi les premiers qu’un voleur essaie. Choisissez-en un autre.",
};

const ENGLISH: Words = Words {
    label: "New password",
    help: "At least 12 characters. A sentence that you remember is better than complicated signs.",
    short: "It takes at least 12 characters.",
    long: "It takes at most 256 characters.",
    common: "This password is among the first that a thief tries. Choose another.",
};

/// The empty field.
pub(super) fn field(name: &'static str, language: Language) -> Field {
    let words = words(language);
    Field {
        name,
        label: words.label,
        kind: "password",
        autocomplete: "new-password",
        help: Some(words.help),
        ..Field::default()
    }
}

/// The password that was typed into the field; `None`: the field says what is wrong with it.
///
/// Spec: O-324
pub(super) fn chosen(field: &mut Field, typed: &str, language: Language) -> Option<Password> {
    let words = words(language);
    let weak = match Password::chosen(typed) {
        Ok(password) => return Some(password),
        Err(weak) => weak,
    };
    field.error = Some(match weak {
        Weak::TooShort => words.short,
        Weak::TooLong => words.long,
        Weak::Common => words.common,
    });
    None
}

fn words(language: Language) -> &'static Words {
    language.choose(&FRENCH, &ENGLISH)
}
