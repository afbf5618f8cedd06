//! The languages that the server speaks to people, on pages and in mails.

pub mod date;

use serde::{Deserialize, Serialize};

/// A language of pages and mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    #[serde(rename = "fr")]
    French,
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// The language that `Accept-Language` likes better. Who does not say gets French; who reads neither, English.
    pub fn of(accepted: Option<&str>) -> Self {
        let Some(accepted) = accepted.filter(|accepted| !accepted.trim().is_empty()) else { return Self::French };
        let french = weight(accepted, "fr");
        let english = weight(accepted, "en");
        if french > 0.0 && french >= english { Self::French } else { Self::English }
    }

    /// The language of this tag, if we speak it.
    pub fn tagged(tag: &str) -> Option<Self> {
        [Self::French, Self::English].into_iter().find(|language| language.tag() == tag)
    }

    /// The first language of a list of tags with spaces between them that we speak, whatever its region.
    ///
    /// Spec: O-141
    pub fn preferred(tags: &str) -> Option<Self> {
        let bare = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        tags.split(' ').find_map(|tag| Self::tagged(&bare(tag)))
    }

    /// The text in this language.
    pub fn choose<T>(self, french: T, english: T) -> T {
        match self {
            Self::French => french,
            Self::English => english,
        }
    }

    /// The tag of the language.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

/// How much a list of ranges likes a language: the best of those that name it, else what `*` says.
fn weight(accepted: &str, language: &str) -> f32 {
    let ranges = accepted.split(',').map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse().ok()).unwrap_or(1.0_f32);
        (tag, if weight.is_finite() { weight.clamp(0.0, 1.0) } else { 0.0 })
    });
    let best = |wanted: &dyn Fn(&str) -> bool| {
        ranges.clone().filter(|(tag, _)| wanted(tag)).map(|(_, weight)| weight).reduce(f32::max)
    };
    let named = best(&|tag| tag == language || tag.strip_prefix(language).is_some_and(|rest| rest.starts_with('-')));
    named.or_else(|| best(&|tag| tag == "*")).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_liked_language_is_spoken() {
        for (accepted, language) in [
            (None, Language::French),
            (Some(""), Language::French),
            (Some("fr"), Language::French),
            (Some("fr-CA, en;q=0.9"), Language::French),
            (Some("en-GB,en;q=0.9,fr;q=0.8"), Language::English),
            (Some("en;q=0.5, fr;q=0.7"), Language::French),
            (Some("fr;q=0, en"), Language::English),
            (Some("de"), Language::English),
            (Some("de, *;q=0.1"), Language::French),
            (Some("FRA"), Language::English),
            (Some("fr;q=nan, en;q=0.1"), Language::English),
            (Some(";;,,q=="), Language::English),
        ] {
            assert_eq!(Language::of(accepted), language, "{accepted:?}");
        }
    }

    /// Shows: O-141
    #[test]
    fn the_first_that_we_speak_of_a_list_is_spoken() {
        for (tags, language) in [
            ("en", Some(Language::English)),
            ("br-FR fr-CA en", Some(Language::French)),
            ("  EN-gb fr", Some(Language::English)),
            ("de", None),
            ("", None),
            ("frr", None),
        ] {
            assert_eq!(Language::preferred(tags), language, "{tags}");
        }
    }
}
