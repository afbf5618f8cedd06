//! Secrets: the server's secret key and what it seals, random tokens, and comparing in constant time.
//!
//! The key seals what must be read again (issuer keys, TOTP seeds, portal credentials). What need only be
//! recognised (random tokens) is kept as a hash; passwords are none of this module's business.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of a nonce of XChaCha20-Poly1305: long enough to be drawn at random for ever.
const NONCE: usize = 24;

/// Why there is no secret key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a secret key is 32 random bytes in base64, such as `openssl rand -base64 32` prints")]
    NotAKey,
    #[error("{0} can be read by others than its owner; run `chmod 600` on it")]
    Exposed(PathBuf),
    #[error("the secret key {0} cannot be read or made: {1}")]
    File(PathBuf, io::Error),
}

/// Sealed bytes that do not open: another key, another purpose, or not what was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was sealed does not open with this key")]
pub struct Unsealable;

/// The server's secret key. It lies beside the data folder, never in it, and is in no backup.
pub struct SecretKey {
    /// For [`SecretKey::seal`].
    sealing: Zeroizing<[u8; 32]>,
    /// For [`SecretKey::mac`].
    authenticating: Zeroizing<[u8; 32]>,
}

impl SecretKey {
    /// Reads the key file, or makes it (mode 0600) if there is none.
    pub fn load_or_create(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::File(path.to_owned(), error);
        if !path.try_exists().map_err(failed)? {
            create(path).map_err(failed)?;
        }
        if fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(Error::Exposed(path.to_owned()));
        }
        Self::from_text(&Zeroizing::new(fs::read_to_string(path).map_err(failed)?))
    }

    /// Reads a key as text: 32 bytes in base64, of either alphabet.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let tolerant = GeneralPurpose::new(
            &URL_SAFE,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let url_safe = Zeroizing::new(text.trim().replace('+', "-").replace('/', "_"));
        let bytes = Zeroizing::new(tolerant.decode(url_safe.as_bytes()).map_err(|_| Error::NotAKey)?);
        let key = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| Error::NotAKey)?);
        Ok(Self::from_bytes(&key))
    }

    /// A key that lives as long as the process: for tests.
    pub fn ephemeral() -> Self {
        Self::from_bytes(&random())
    }

    fn from_bytes(key: &[u8; 32]) -> Self {
        let derived = |label: &[u8]| Zeroizing::new(hmac(key, &[label]));
        Self { sealing: derived(b"cartable seal"), authenticating: derived(b"cartable mac") }
    }

    /// Encrypts `plain` for one purpose; it opens for no other. The nonce leads.
    ///
    /// # Panics
    /// If `plain` is longer than 256 GiB, the limit of the cipher.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let nonce = random::<NONCE>();
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let cipher = XChaCha20Poly1305::new((&*self.sealing).into());
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).expect("a secret is short");
        [&nonce, sealed.as_slice()].concat()
    }

    /// Decrypts what [`SecretKey::seal`] made for the same purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (nonce, message) = sealed.split_first_chunk::<NONCE>().ok_or(Unsealable)?;
        let payload = Payload { msg: message, aad: purpose.as_bytes() };
        let cipher = XChaCha20Poly1305::new((&*self.sealing).into());
        cipher.decrypt(&XNonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| Unsealable)
    }

    /// Authenticates `message` for one purpose (HMAC-SHA-256).
    pub fn mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        // The length keeps purpose and message apart.
        hmac(&self.authenticating, &[&(purpose.len() as u64).to_be_bytes(), purpose.as_bytes(), message])
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Makes the key file whole or not at all; a file that another process made meanwhile stays.
fn create(path: &Path) -> io::Result<()> {
    let draft = path.with_extension(token());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = writeln!(file, "{}", token()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&draft)?;
    linked?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// A secret that is shown as `…`: a token on its way to who asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// A new random token, as [`token`].
    pub fn random() -> Self {
        Self::new(token())
    }

    /// The secret itself. Never into a log, an error or a URL that is logged.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// As `…`: a secret is never written where settings are shown.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("…")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Random bytes from the operating system.
///
/// # Panics
/// If the operating system has no randomness to give: nothing is safe then.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random token of 256 bits in base64url: 43 characters of `[A-Za-z0-9_-]`.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// What is kept of a random secret that need only be recognised: its SHA-256.
///
/// Not for passwords, which people choose badly.
pub fn hash_secret(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether two byte strings are equal, in time that does not depend on where they differ.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC pads its key with zeros to one block of the hash (RFC 2104 §2).
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_for_the_same_key_and_purpose_only() {
        let key = SecretKey::ephemeral();
        let sealed = key.seal("totp", b"seed");
        assert_eq!(key.open("totp", &sealed).unwrap().as_slice(), b"seed");
        assert!(key.open("portal", &sealed).is_err());
        assert!(SecretKey::ephemeral().open("totp", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert!(key.open("totp", &bent).is_err(), "byte {at}");
        }
        assert!(key.open("totp", &sealed[..NONCE - 1]).is_err());
        assert_ne!(sealed, key.seal("totp", b"seed"));
    }

    #[test]
    fn a_mac_keeps_purpose_and_message_apart() {
        let key = SecretKey::ephemeral();
        assert_eq!(key.mac("a", b"bc"), key.mac("a", b"bc"));
        assert_ne!(key.mac("a", b"bc"), key.mac("ab", b"c"));
        assert_ne!(key.mac("a", b"bc"), SecretKey::ephemeral().mac("a", b"bc"));
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.key");
        let sealed = SecretKey::load_or_create(&path).unwrap().seal("x", b"kept");
        assert_eq!(SecretKey::load_or_create(&path).unwrap().open("x", &sealed).unwrap().as_slice(), b"kept");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(SecretKey::load_or_create(&path), Err(Error::Exposed(_))));
    }

    #[test]
    fn a_key_is_32_bytes_in_either_alphabet() {
        let plain = "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8=";
        let url_safe = "-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8\n";
        let key = |text| SecretKey::from_text(text).map(|key| key.mac("", b"")).ok();
        assert!(key(plain).is_some());
        assert_eq!(key(plain), key(url_safe));
        for wrong in ["", "c2hvcnQ", "not base64 at all!", &format!("AAAA{plain}")] {
            assert_eq!(key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        assert_eq!(format!("{:?} {:?}", SecretKey::ephemeral(), Secret::random()), "… …");
        assert_eq!(token().len(), 43);
        assert_ne!(token(), token());
    }
}
