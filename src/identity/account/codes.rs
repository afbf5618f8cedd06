//! Recovery codes: ten of them on paper, each good once, for the day the phone is gone.

use serde::{Deserialize, Serialize};

use crate::secret;

/// How many there are.
///
/// Spec: O-342
const COUNT: usize = 10;
/// Characters of a code, of five bits each: 75 bits.
const LENGTH: usize = 15;
/// Characters that nobody mistakes for another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// Those that are left, hashed.
///
/// Spec: O-342
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryCodes(Vec<[u8; 32]>);

impl RecoveryCodes {
    /// Makes ten new ones; the texts are shown once.
    ///
    /// Spec: O-342
    pub fn draw() -> (Self, Vec<String>) {
        let texts: Vec<_> = (0..COUNT).map(|_| text(secret::random())).collect();
        (Self(texts.iter().map(|text| secret::hash_secret(&plain(text))).collect()), texts)
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        self.0.len()
    }

    /// Whether this is one of them; it is gone then.
    ///
    /// Spec: O-342
    pub(super) fn redeem(&mut self, typed: &str) -> bool {
        let hash = secret::hash_secret(&plain(typed));
        let found = self.0.iter().position(|kept| secret::equal(kept, &hash));
        found.map(|at| self.0.remove(at)).is_some()
    }
}

/// A code as it is shown, in three groups.
fn text(bytes: [u8; LENGTH]) -> String {
    let letters: Vec<_> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    letters.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// A code as it is compared: however it was typed.
fn plain(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows: O-342
    #[test]
    fn each_of_ten_codes_is_good_once() {
        let (mut codes, texts) = RecoveryCodes::draw();
        assert_eq!((codes.left(), texts.len()), (10, 10));
        assert!(texts.iter().all(|text| text.len() == 17 && text.matches('-').count() == 2), "{texts:?}");
        assert!(codes.redeem(&texts[3].to_uppercase().replace('-', " ")));
        assert!(!codes.redeem(&texts[3]), "used");
        assert!(!codes.redeem("") && !codes.redeem("aaaaa-aaaaa-aaaaa"));
        assert_eq!(codes.left(), 9);
        let kept = serde_json::to_string(&codes).unwrap();
        assert!(texts.iter().all(|text| !kept.contains(&plain(text))));
        assert_eq!(serde_json::from_str::<RecoveryCodes>(&kept).unwrap(), codes);
    }
}
