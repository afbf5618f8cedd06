//! Names that are proposed for a pod: one that tells nothing of its owner, or one made of their name.
//!
//! A pod's name is public for ever. Whoever may be a minor is offered two words and a number; staff, whose name is
//! public anyway, their own. Both can be changed.

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::{Accounts, Refusal, Result, draft};
use crate::path::PodName;
use crate::secret;

/// All masculine, so that each noun goes with each adjective.
const NOUNS: [&str; 64] = [
    "atlas",
    "ballon",
    "blaireau",
    "bouleau",
    "cahier",
    "caillou",
    "canari",
    "castor",
    "cerf",
    "chamois",
    "chene",
    "colibri",
    "compas",
    "corail",
    "crayon",
    "cristal",
    "cygne",
    "dauphin",
    "ecureuil",
    "erable",
    "faucon",
    "galet",
    "glacier",
    "globe",
    "herisson",
    "heron",
    "hibou",
    "jardin",
    "jasmin",
    "koala",
    "lapin",
    "livre",
    "lotus",
    "lynx",
    "merle",
    "meteore",
    "moineau",
    "moulin",
    "nuage",
    "panda",
    "pelican",
    "phare",
    "piano",
    "pinceau",
    "pingouin",
    "pont",
    "renard",
    "rocher",
    "rubis",
    "ruisseau",
    "saphir",
    "sapin",
    "satellite",
    "saule",
    "sentier",
    "tambour",
    "tilleul",
    "torrent",
    "toucan",
    "trefle",
    "vallon",
    "violon",
    "voilier",
    "volcan",
];
const ADJECTIVES: [&str; 32] = [
    "agile",
    "argente",
    "blanc",
    "bleu",
    "brillant",
    "calme",
    "celeste",
    "clair",
    "curieux",
    "discret",
    "dore",
    "doux",
    "fidele",
    "franc",
    "hardi",
    "joyeux",
    "leger",
    "libre",
    "lointain",
    "malin",
    "matinal",
    "orange",
    "patient",
    "rapide",
    "rouge",
    "sage",
    "serein",
    "solide",
    "tranquille",
    "vert",
    "vif",
    "violet",
];
/// How many names are looked at before one is proposed that may be taken.
const TRIES: u32 = 40;
/// How many names like one that is taken are offered instead.
const ALIKE: usize = 2;
/// The longest name made of a person's, so that a number still fits.
const LONGEST: usize = 32;

/// Two words and a number, drawn with these random bytes.
///
/// Spec: CP-03
fn neutral(drawn: [u8; 4]) -> Option<PodName> {
    let [noun, adjective, high, low] = drawn;
    let (noun, adjective) =
        (NOUNS[usize::from(noun) % NOUNS.len()], ADJECTIVES[usize::from(adjective) % ADJECTIVES.len()]);
    let number = 100 + u16::from_be_bytes([high, low]) % 9900;
    PodName::parse(&format!("{noun}-{adjective}-{number}"))
}

/// A person's name in plain letters: the `turn`-th of those who are called so gets that number.
///
/// Spec: CP-03
fn personal(name: &str, turn: u32) -> Option<PodName> {
    let plain = plain(name);
    PodName::parse(&if turn > 1 { format!("{plain}-{turn}") } else { plain })
}

/// Letters without accents, and hyphens between words.
fn plain(name: &str) -> String {
    let name = name.to_lowercase().replace('œ', "oe").replace('æ', "ae").replace('ß', "ss").replace('ø', "o");
    let name = name.replace(['\'', '’'], "");
    let parts = DecomposingNormalizerBorrowed::new_nfd().normalize(&name);
    let mut plain = String::new();
    for c in parts.chars() {
        if c.is_ascii_alphanumeric() {
            plain.push(c);
        } else if (c.is_whitespace() || c.is_ascii_punctuation()) && !plain.is_empty() && !plain.ends_with('-') {
            plain.push('-');
        }
    }
    plain.truncate(LONGEST);
    plain.trim_end_matches('-').to_owned()
}

impl Accounts {
    /// Proposes a name that is free: made of `name` if one is given, else one that says nothing.
    ///
    /// Spec: CP-03
    pub async fn propose(&self, name: Option<&str>) -> Result<Option<PodName>> {
        for turn in 1..=TRIES {
            let own = name.filter(|_| turn <= TRIES / 2).and_then(|name| personal(name, turn));
            let Some(proposed) = own.or_else(|| neutral(secret::random())) else { continue };
            if self.check_name(&proposed).await.is_ok() {
                return Ok(Some(proposed));
            }
        }
        Ok(None)
    }

    /// Names like one that cannot be had, and one that says nothing, all free.
    ///
    /// Spec: CP-03, O-327
    pub async fn alternatives(&self, name: &PodName) -> Result<Vec<PodName>> {
        let mut free = Vec::new();
        for like in (2..=TRIES).filter_map(|turn| personal(name.as_str(), turn)) {
            if self.check_name(&like).await.is_ok() {
                free.push(like);
            }
            if free.len() == ALIKE {
                break;
            }
        }
        free.extend(self.propose(None).await?);
        Ok(free)
    }

    /// Whether a pod could have this name now.
    ///
    /// Spec: O-327, CP-03
    pub async fn check_name(&self, name: &PodName) -> Result<()> {
        if draft::is_reserved(name) || self.addresses.is_house(name) {
            return Err(Refusal::NameReserved.into());
        }
        match self.storage.entry(&draft::name_key(name)).await? {
            Some(_) => Err(Refusal::NameTaken.into()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_pair_of_words_is_a_name() {
        for noun in 0..64 {
            for adjective in 0..32 {
                let name = neutral([noun, adjective, 0xff, 0xff]).unwrap();
                assert_eq!(name.as_str().split('-').count(), 3, "{name}");
            }
        }
        assert!(NOUNS.is_sorted() && ADJECTIVES.is_sorted());
    }

    #[test]
    fn a_persons_name_is_written_in_plain_letters() {
        for (name, plain) in [
            ("Jeanne Martin", Some("jeanne-martin")),
            ("Éloïse D’Œuvre-Noël", Some("eloise-doeuvre-noel")),
            ("  Zoë   (Mme) ", Some("zoe-mme")),
            ("Ny", None),
            ("李 明", None),
            ("../../etc", Some("etc")),
        ] {
            assert_eq!(personal(name, 1).as_ref().map(PodName::as_str), plain, "{name}");
        }
        assert_eq!(personal("Jeanne Martin", 3).unwrap().as_str(), "jeanne-martin-3");
    }

    proptest! {
        #[test]
        fn any_name_makes_a_pod_name_or_none(name in ".{0,80}", turn in 1..=TRIES) {
            if let Some(made) = personal(&name, turn) {
                prop_assert!(made.as_str().len() <= 40);
            }
        }
    }
}
