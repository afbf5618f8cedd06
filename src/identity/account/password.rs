//! Passwords that people choose: what is accepted, and how it is kept.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};
use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

use crate::aside::{Aside, Unfinished};

const SHORTEST: usize = 12;
const LONGEST: usize = 256;
/// How many passwords are worked on at a time; each takes 19 MiB.
const AT_A_TIME: usize = 4;
/// Common passwords that are long enough to pass otherwise, one a line, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");
/// Checked when there is no account, so that the answer takes as long. No password is known to match it.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$7Q5m1zX1a0pTn7Yx7H0b2u5h8oYw1k3r9s6d4f2g0hI";

/// Why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    #[error("a password has at most {LONGEST} characters")]
    TooLong,
    #[error("this password is among the first that are tried; choose another")]
    Common,
}

/// A password as somebody typed it, in NFC. It is never shown.
#[derive(Clone)]
pub struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Password {
    /// A password to check. Anything too long to be one is cut, so that hashing stays bounded.
    pub fn typed(text: &str) -> Self {
        let text: String = text.chars().take(LONGEST + 1).collect();
        Self(ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned())
    }

    /// A password to keep: 12 to 256 code points, anything but what everybody takes.
    ///
    /// Spec: O-324
    pub fn chosen(text: &str) -> Result<Self, Weak> {
        let password = Self::typed(text);
        let length = password.0.chars().count();
        if length < SHORTEST {
            return Err(Weak::TooShort);
        }
        if length > LONGEST {
            return Err(Weak::TooLong);
        }
        if is_common(&password.0) { Err(Weak::Common) } else { Ok(password) }
    }
}

/// Whether a password is in the list, or a short text said again and again.
fn is_common(password: &str) -> bool {
    let lower: Vec<char> = password.to_lowercase().chars().collect();
    let repeats = (1..=4).any(|period| lower.iter().zip(lower.iter().skip(period)).all(|(a, b)| a == b));
    repeats || COMMON.lines().any(|common| common.chars().eq(lower.iter().copied()))
}

/// A password as it is kept: Argon2id with its salt and parameters, as a PHC string.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Hashing failed: the machine has no memory or no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct Unhashed(String);

impl From<Unfinished> for Unhashed {
    fn from(unfinished: Unfinished) -> Self {
        Self(unfinished.to_string())
    }
}

/// What checking a password told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, but kept with other parameters than today's: hash it again.
    RightButStale,
}

/// Hashes and checks passwords, a few at a time, away from the threads that answer requests.
#[derive(Debug)]
pub struct Passwords(pub(super) Aside);

impl Default for Passwords {
    fn default() -> Self {
        Self(Aside::new(AT_A_TIME))
    }
}

impl Passwords {
    /// Hashes a password with a fresh salt.
    ///
    /// Spec: O-324
    pub async fn hash(&self, password: Password) -> Result<Hash, Unhashed> {
        let work = self.0.run(move || {
            let hash = Argon2::default().hash_password(password.0.as_bytes());
            hash.map(|hash| Hash(hash.to_string())).map_err(|error| Unhashed(error.to_string()))
        });
        work.await?
    }

    /// Checks a password. Without a hash the same work is done, so that nobody learns which accounts exist.
    ///
    /// Spec: O-324
    pub async fn check(&self, password: Password, hash: Option<Hash>) -> Result<Verdict, Unhashed> {
        let work = self.0.run(move || {
            let verdict = verify(&password, hash.as_ref().map_or(NOBODY, |hash| &hash.0));
            if hash.is_some() { verdict } else { Verdict::Wrong }
        });
        Ok(work.await?)
    }
}

fn verify(password: &Password, hash: &str) -> Verdict {
    let Ok(parsed) = PasswordHash::new(hash) else { return Verdict::Wrong };
    if Argon2::default().verify_password(password.0.as_bytes(), &parsed).is_err() {
        return Verdict::Wrong;
    }
    let today = Params::try_from(&parsed).is_ok_and(|params| {
        let now = Params::default();
        (params.m_cost(), params.t_cost(), params.p_cost()) == (now.m_cost(), now.t_cost(), now.p_cost())
    });
    if today { Verdict::Right } else { Verdict::RightButStale }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_code_points_and_common_ones_are_refused() {
        let weak = |text: &str| Password::chosen(text).err();
        assert_eq!(weak("elevenchars"), Some(Weak::TooShort));
        assert_eq!(weak("cheval élan"), Some(Weak::TooShort));
        assert_eq!(weak("cheval élans"), None);
        assert_eq!(weak(&"é".repeat(300)), Some(Weak::TooLong));
        for common in ["aaaaaaaaaaaa", "abcabcabcabc", "Password1234", "azertyuiop123", "123456789012"] {
            assert_eq!(weak(common), Some(Weak::Common), "{common}");
        }
    }

    #[test]
    fn the_stand_in_for_nobody_takes_the_same_work() {
        let parsed = PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&parsed).unwrap();
        let now = Params::default();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (19_456, 2, 1));
        assert_eq!((now.m_cost(), now.t_cost(), now.p_cost()), (19_456, 2, 1));
        assert_eq!(parsed.hash.unwrap().len(), 32);
    }

    #[tokio::test]
    async fn a_password_matches_its_hash_alone_in_either_normal_form() {
        let passwords = Passwords::default();
        let hash = passwords.hash(Password::chosen("le cahier d'e\u{301}lodie").unwrap()).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$"));
        let check = |text: &str, hash: Option<&Hash>| passwords.check(Password::typed(text), hash.cloned());
        assert_eq!(check("le cahier d'élodie", Some(&hash)).await.unwrap(), Verdict::Right);
        assert_eq!(check("le cahier d'elodie", Some(&hash)).await.unwrap(), Verdict::Wrong);
        assert_eq!(check("le cahier d'élodie", None).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_stale() {
        let weaker = Argon2::from(Params::new(8 * 1024, 1, 1, None).unwrap());
        let hash = Hash(weaker.hash_password(b"a long enough one").unwrap().to_string());
        let verdict = Passwords::default().check(Password::typed("a long enough one"), Some(hash)).await;
        assert_eq!(verdict.unwrap(), Verdict::RightButStale);
    }
}
