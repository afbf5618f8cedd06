//! Passwords that people choose: what is accepted, and how it is kept.

mod pool;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use icu_normalizer::ComposingNormalizerBorrowed;
use pool::{Full, Memory, Pool, Undone};
use serde::{Deserialize, Serialize};

use crate::secret;

const SHORTEST: usize = 12;
const LONGEST: usize = 256;
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

/// Why a password was not hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum Unhashed {
    #[error("too many passwords wait to be looked at")]
    Busy,
    /// The machine has no memory, or the work broke off.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

impl From<Full> for Unhashed {
    fn from(_: Full) -> Self {
        Self::Busy
    }
}

impl From<Undone> for Unhashed {
    fn from(_: Undone) -> Self {
        Self::Failed("the work was not done".to_owned())
    }
}

impl From<argon2::Error> for Unhashed {
    fn from(error: argon2::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<argon2::password_hash::phc::Error> for Unhashed {
    fn from(error: argon2::password_hash::phc::Error) -> Self {
        Self::Failed(error.to_string())
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

/// Hashes and checks passwords on threads of their own. Whoever finds the queue full comes again.
#[derive(Debug, Default)]
pub struct Passwords(Pool);

/// The turn of a password that will be looked at.
#[derive(Debug)]
pub struct Turn<'a>(pool::Place<'a>);

impl Passwords {
    /// Waits in the queue, if there is room: [`Unhashed::Busy`] before anything was done or counted.
    pub fn turn(&self) -> Result<Turn<'_>, Unhashed> {
        Ok(Turn(self.0.place()?))
    }

    /// Hashes a password with a fresh salt.
    ///
    /// Spec: O-324
    pub async fn hash(&self, password: Password) -> Result<Hash, Unhashed> {
        self.turn()?.0.run(move |memory| hash(&password, memory)).await?
    }
}

impl Turn<'_> {
    /// Checks a password. Without a hash the same work is done, so that nobody learns which accounts exist.
    ///
    /// Spec: O-324
    pub async fn check(self, password: Password, hash: Option<Hash>) -> Result<Verdict, Unhashed> {
        let work = self.0.run(move |memory| {
            let verdict = verify(&password, hash.as_ref().map_or(NOBODY, |hash| &hash.0), memory)?;
            Ok(if hash.is_some() { verdict } else { Verdict::Wrong })
        });
        work.await?
    }
}

/// The hash of a password with a fresh salt and today's parameters.
fn hash(password: &Password, memory: &mut Memory) -> Result<Hash, Unhashed> {
    let (params, salt, mut digest) = (Params::default(), secret::random::<16>(), [0; Params::DEFAULT_OUTPUT_LEN]);
    let blocks = memory.blocks(&params)?;
    Argon2::default().hash_password_into_with_memory(password.0.as_bytes(), &salt, &mut digest, blocks)?;
    let kept = PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(&params).map_err(|error| Unhashed::Failed(error.to_string()))?,
        salt: Some(Salt::new(&salt)?),
        hash: Some(Output::new(&digest)?),
    };
    Ok(Hash(kept.to_string()))
}

/// Whether a password has this hash. One that cannot be read matches nothing.
fn verify(password: &Password, hash: &str, memory: &mut Memory) -> Result<Verdict, Unhashed> {
    let Some((argon2, salt, kept)) = read(hash) else { return Ok(Verdict::Wrong) };
    let (params, mut digest) = (argon2.params(), vec![0; kept.len()]);
    argon2.hash_password_into_with_memory(password.0.as_bytes(), &salt, &mut digest, memory.blocks(params)?)?;
    // In constant time.
    if Output::new(&digest)? != kept {
        return Ok(Verdict::Wrong);
    }
    let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    Ok(if cost(params) == cost(&Params::default()) { Verdict::Right } else { Verdict::RightButStale })
}

/// How a hash was made, with which salt, and what came out.
fn read(hash: &str) -> Option<(Argon2<'static>, Salt, Output)> {
    let kept = PasswordHash::new(hash).ok()?;
    let algorithm = Algorithm::try_from(kept.algorithm.as_str()).ok()?;
    let version = kept.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
    Some((Argon2::new(algorithm, version, Params::try_from(&kept).ok()?), kept.salt?, kept.hash?))
}

#[cfg(test)]
impl Passwords {
    /// Room for one password, which nobody looks at until the sender is dropped.
    pub(super) fn held() -> (Self, std::sync::mpsc::Sender<()>) {
        let pool = Pool::new(1, 1);
        let release = pool.hold();
        (Self(pool), release)
    }
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

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

    async fn check(text: &str, hash: Option<&Hash>) -> Verdict {
        let passwords = Passwords::default();
        passwords.turn().unwrap().check(Password::typed(text), hash.cloned()).await.unwrap()
    }

    #[tokio::test]
    async fn a_password_matches_its_hash_alone_in_either_normal_form() {
        let passwords = Passwords::default();
        let hash = passwords.hash(Password::chosen("le cahier d'e\u{301}lodie").unwrap()).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$"));
        assert_eq!(check("le cahier d'élodie", Some(&hash)).await, Verdict::Right);
        assert_eq!(check("le cahier d'elodie", Some(&hash)).await, Verdict::Wrong);
        assert_eq!(check("le cahier d'élodie", None).await, Verdict::Wrong);
        let broken = Hash("$argon2id$v=19$m=19456,t=2,p=1$".to_owned());
        assert_eq!(check("le cahier d'élodie", Some(&broken)).await, Verdict::Wrong);
    }

    /// Two implementations agree: what the library's own hasher writes is read here, and what is written here it reads.
    #[tokio::test]
    async fn hashes_are_those_of_argon2() {
        let theirs = Hash(Argon2::default().hash_password(b"le cahier bleu").unwrap().to_string());
        assert_eq!(check("le cahier bleu", Some(&theirs)).await, Verdict::Right);
        let ours = Passwords::default().hash(Password::typed("le cahier bleu")).await.unwrap();
        assert!(Argon2::default().verify_password(b"le cahier bleu", &*ours.0).is_ok());
        assert!(Argon2::default().verify_password(b"le cahier vert", &*ours.0).is_err());
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_stale() {
        let weaker = Argon2::from(Params::new(8 * 1024, 1, 1, None).unwrap());
        let hash = Hash(weaker.hash_password(b"a long enough one").unwrap().to_string());
        assert_eq!(check("a long enough one", Some(&hash)).await, Verdict::RightButStale);
    }
}
