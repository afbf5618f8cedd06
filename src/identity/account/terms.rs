//! The terms of use, and who accepted which version of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Account, AccountId, Accounts, Error, Happened, Result};
use crate::clock::Timestamp;
use crate::language::Language;

/// Begins the first line of a text; its version follows.
const VERSION: &str = "Version ";
const HEADING: &str = "# ";

/// The terms of this server, in both languages. The first line is `Version …`; a line that begins with `# ` is a
/// heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    version: String,
    french: String,
    english: String,
}

/// A part of the text, as a page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section<'a> {
    pub heading: &'a str,
    pub text: &'a str,
}

/// What somebody accepted, and when.
///
/// Spec: O-323
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    pub version: String,
    /// SHA-256 of the text, so that nobody can say later that it was another one.
    pub hash: String,
    pub language: Language,
    pub at: Timestamp,
}

impl Default for Terms {
    /// The terms that come with the server.
    fn default() -> Self {
        let (french, english) = (include_str!("terms/fr.txt"), include_str!("terms/en.txt"));
        Self::new(french, english).unwrap_or_else(|| Self {
            version: String::new(),
            french: french.to_owned(),
            english: english.to_owned(),
        })
    }
}

impl Terms {
    /// Terms in both languages; `None` if they do not begin with the same version.
    pub fn new(french: &str, english: &str) -> Option<Self> {
        let version = |text: &str| Some(text.lines().next()?.strip_prefix(VERSION)?.trim().to_owned());
        let found = version(french).filter(|found| !found.is_empty() && version(english).as_ref() == Some(found))?;
        Some(Self { version: found, french: french.to_owned(), english: english.to_owned() })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// The parts of the text.
    pub fn sections(&self, language: Language) -> Vec<Section<'_>> {
        let parts = self.text(language).split('\n').map(str::trim).filter(|line| !line.is_empty()).skip(1);
        parts.fold(Vec::new(), |mut sections, line| {
            match (line.strip_prefix(HEADING), sections.last_mut()) {
                (Some(heading), _) => sections.push(Section { heading, text: "" }),
                (None, Some(Section { text, .. })) if text.is_empty() => *text = line,
                (None, _) => sections.push(Section { heading: "", text: line }),
            }
            sections
        })
    }

    /// That somebody accepts them, as they read them.
    ///
    /// Spec: O-323, CP-04
    pub fn accept(&self, language: Language, at: Timestamp) -> Acceptance {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(self.text(language)));
        Acceptance { version: self.version.clone(), hash, language, at }
    }

    /// Whether one of these accepts this version.
    pub fn are_accepted<'a>(&self, by: impl IntoIterator<Item = &'a Acceptance>) -> bool {
        by.into_iter().any(|acceptance| acceptance.version == self.version)
    }

    fn text(&self, language: Language) -> &str {
        match language {
            Language::French => &self.french,
            Language::English => &self.english,
        }
    }
}

impl Accounts {
    /// The terms of this server.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Whether the account has to accept the terms before it goes on: what it accepted was another version. Whoever
    /// makes an account for somebody settles the terms with them.
    ///
    /// Spec: O-323
    pub fn owes_terms(&self, account: &Account) -> bool {
        !account.terms.is_empty() && !self.terms.are_accepted(&account.terms)
    }

    /// Writes down that an account accepts the terms.
    ///
    /// Spec: O-323
    pub async fn accept_terms(&self, id: &AccountId, language: Language) -> Result<()> {
        let accepted = self.terms.accept(language, self.clock.now());
        self.edit(id, |draft| {
            if !self.terms.are_accepted(&draft.account().terms) {
                draft.accept(accepted.clone());
                let version = accepted.version.clone();
                draft.note(accepted.at, Happened::TermsAccepted { version })?;
            }
            Ok::<_, Error>(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_that_come_along_say_the_same_in_both_languages() {
        let terms = Terms::default();
        assert!(!terms.version().is_empty());
        let [french, english] = [Language::French, Language::English].map(|language| terms.sections(language));
        assert_eq!(french.len(), english.len());
        assert!(french.iter().chain(&english).all(|part| !part.heading.is_empty() && part.text.len() > 40));
    }

    #[test]
    fn both_languages_have_one_version() {
        assert!(Terms::new("Version 1\n\n# A\nB", "Version 1\nC").is_some());
        for (french, english) in [("Version 1", "Version 2"), ("", ""), ("Version ", "Version "), ("1", "1")] {
            assert_eq!(Terms::new(french, english), None);
        }
    }

    /// Shows: O-323
    #[test]
    fn an_acceptance_is_of_one_version_and_of_the_text_that_was_read() {
        let old = Terms::new("Version 1\nun", "Version 1\none").unwrap();
        let new = Terms::new("Version 2\nun", "Version 2\none").unwrap();
        let at = Timestamp::from_seconds(1);
        let (french, english) = (old.accept(Language::French, at), old.accept(Language::English, at));
        assert_ne!(french.hash, english.hash);
        assert!(old.are_accepted([&english]) && !new.are_accepted([&french, &english]));
    }
}
