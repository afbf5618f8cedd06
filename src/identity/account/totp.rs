//! Codes that change every thirty seconds, shown by an app on one's phone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret};
use zeroize::Zeroizing;

use super::AccountId;
use crate::clock::Timestamp;
use crate::secret::{self, SecretKey};

/// Bytes of a seed.
const SEED: usize = 20;
/// Seconds that a code is shown.
const STEP: u64 = 30;

/// An app that shows codes.
///
/// Spec: O-342, rfc6238 §4
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    pub since: Timestamp,
    /// The seed, sealed for this account.
    sealed: String,
    /// The step of the last code that was taken: it and those before are used.
    used: u64,
}

/// A seed that is offered to an app and not kept yet.
pub struct Offer {
    seed: Zeroizing<[u8; SEED]>,
}

impl Offer {
    pub fn new() -> Self {
        Self { seed: Zeroizing::new(secret::random()) }
    }

    /// The offer as a form carries it: sealed for the account.
    pub fn seal(&self, account: &AccountId, secret: &SecretKey) -> String {
        seal("totp offer", account, &self.seed[..], secret)
    }

    /// Reads an offer that was made to this account.
    pub fn open(sealed: &str, account: &AccountId, secret: &SecretKey) -> Option<Self> {
        let seed = open("totp offer", account, sealed, secret)?;
        Some(Self { seed: Zeroizing::new(seed.as_slice().try_into().ok()?) })
    }

    /// The seed in letters and digits, for typing it into an app, in groups of four.
    pub fn text(&self) -> String {
        let text = self.base32();
        let groups: Vec<_> = text.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect();
        groups.join(" ")
    }

    fn base32(&self) -> String {
        Secret::from(self.seed.to_vec()).to_base32()
    }

    /// The address that apps read.
    fn url(&self, host: &str, account: &str) -> String {
        let encoded =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let label = format!("{}:{}", encoded(host), encoded(account));
        format!("otpauth://totp/{label}?secret={}&issuer={}", self.base32().trim_end_matches('='), encoded(host))
    }

    /// The address as a picture that apps read, in SVG.
    pub fn picture(&self, host: &str, account: &str) -> String {
        let Ok(code) = QrCode::new(self.url(host, account)) else { return String::new() };
        let picture = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
        // Inline, without the XML declaration.
        picture.find("<svg").map(|at| picture[at..].to_owned()).unwrap_or_default()
    }

    /// Takes the offer up, if the app shows the right code for it.
    ///
    /// Spec: O-342
    pub fn take_up(&self, typed: &str, account: &AccountId, secret: &SecretKey, now: Timestamp) -> Option<Totp> {
        let used = step(&self.seed[..], typed, now)?;
        Some(Totp { since: now, sealed: seal("totp", account, &self.seed[..], secret), used })
    }
}

impl Default for Offer {
    fn default() -> Self {
        Self::new()
    }
}

impl Totp {
    /// Whether the app shows this code now, and it was not used before; it is used then.
    ///
    /// Spec: O-342, rfc6238 §4
    pub(super) fn check(&mut self, account: &AccountId, typed: &str, secret: &SecretKey, now: Timestamp) -> bool {
        let Some(seed) = open("totp", account, &self.sealed, secret) else { return false };
        match step(&seed, typed, now) {
            Some(step) if step > self.used => {
                self.used = step;
                true
            }
            _ => false,
        }
    }
}

/// The step at which a code is shown, if that is now, one step ago or one step ahead.
fn step(seed: &[u8], typed: &str, now: Timestamp) -> Option<u64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if typed.len() != 6 || !typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let totp = Builder::new().with_secret(seed.to_vec()).with_step_duration(STEP).with_skew(1).build_noncompliant();
    totp.check(&typed, u64::try_from(now.seconds()).ok()?)
}

fn seal(purpose: &str, account: &AccountId, seed: &[u8], secret: &SecretKey) -> String {
    URL_SAFE_NO_PAD.encode(secret.seal(&format!("{purpose} {account}"), seed))
}

fn open(purpose: &str, account: &AccountId, sealed: &str, secret: &SecretKey) -> Option<Zeroizing<Vec<u8>>> {
    secret.open(&format!("{purpose} {account}"), &URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The vectors of RFC 6238, appendix B, for SHA-1; their last six digits.
    const VECTORS: [(i64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    fn offer() -> Offer {
        Offer { seed: Zeroizing::new(*b"12345678901234567890") }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// Shows: O-342, rfc6238 §4
    #[test]
    fn codes_are_those_of_the_standard() {
        for (time, code) in VECTORS {
            assert_eq!(step(&offer().seed[..], code, at(time)), Some(u64::try_from(time).unwrap() / 30), "{time}");
            assert!(step(&offer().seed[..], &format!("{} {}", &code[..3], &code[3..]), at(time)).is_some());
        }
        for wrong in ["287083", "28708", "2870820", "", "287082x", "٢٨٧٠٨٢"] {
            assert_eq!(step(&offer().seed[..], wrong, at(59)), None, "{wrong}");
        }
    }

    /// Shows: O-342
    #[test]
    fn a_code_is_good_for_one_step_around_now_and_once() {
        let (account, secret) = (AccountId::random(), SecretKey::ephemeral());
        for (now, good) in [(29, false), (30, true), (89, true), (90, false)] {
            let mut totp = Totp { since: at(0), sealed: seal("totp", &account, &offer().seed[..], &secret), used: 0 };
            // The code of step 1, which is shown from 30 to 59; one step more on either side is tolerated.
            let now = at(if now < 30 { -1 } else { now });
            assert_eq!(totp.check(&account, "287082", &secret, now), good && now.seconds() >= 0, "{now:?}");
            assert!(!totp.check(&account, "287082", &secret, now), "used");
        }
    }

    /// Shows: O-342
    #[test]
    fn an_app_is_enrolled_with_one_code_for_one_account() {
        let (account, secret) = (AccountId::random(), SecretKey::ephemeral());
        let sealed = offer().seal(&account, &secret);
        assert!(Offer::open(&sealed, &AccountId::random(), &secret).is_none());
        assert!(Offer::open(&sealed, &account, &SecretKey::ephemeral()).is_none());
        let offer = Offer::open(&sealed, &account, &secret).unwrap();
        assert!(offer.take_up("000000", &account, &secret, at(59)).is_none());
        let mut totp = offer.take_up("287082", &account, &secret, at(59)).unwrap();
        assert!(!totp.check(&account, "287082", &secret, at(59).plus(Duration::from_secs(1))), "used for enrolling");
        assert!(totp.check(&account, "081804", &secret, at(1_111_111_109)));
        assert!(!serde_json::to_string(&totp).unwrap().contains("GEZDGNBV"));
        assert!(!totp.check(&AccountId::random(), "050471", &secret, at(1_111_111_111)), "sealed for one account");
    }

    #[test]
    fn an_app_reads_the_seed_from_a_picture_or_from_text() {
        assert_eq!(offer().text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let url = offer().url("pods.example", "ada@example.org");
        assert_eq!(
            url,
            "otpauth://totp/pods%2Eexample:ada%40example%2Eorg?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=pods%2Eexample"
        );
        let picture = offer().picture("pods.example", "ada@example.org");
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>"), "{picture}");
    }
}
