//! Passkeys: keys that a device holds and shows when its owner unlocks it.
//!
//! A passkey that the device unlocked is two factors in one, so that it does as a second factor, and alone.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    self as webauthn, DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::{AccountId, Factors, Refusal};
use crate::clock::Timestamp;
use crate::secret::SecretKey;

/// How long a device may take to answer.
///
/// Spec: O-341
const PATIENCE: Duration = Duration::from_mins(5);
/// The most passkeys of an account.
const MOST: usize = 20;
/// Characters of the longest name.
const LONGEST_NAME: usize = 60;

/// A passkey of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Passkey {
    /// What its owner calls it.
    pub name: String,
    pub since: Timestamp,
    pub last_used: Option<Timestamp>,
    key: webauthn::Passkey,
}

impl Passkey {
    /// The name of the credential, in base64url.
    pub fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.cred_id())
    }
}

/// What a device is asked, and what is needed to check its answer.
#[derive(Debug)]
pub struct Challenge {
    /// The options for the browser, in JSON.
    pub options: String,
    /// What a form carries until the answer is there. It opens here only.
    pub sealed: String,
}

/// What is sealed while a device thinks.
#[derive(Serialize, Deserialize)]
struct Waiting<T> {
    state: T,
    until: Timestamp,
}

/// Asks devices for passkeys of this host.
pub struct Passkeys(Webauthn);

impl Passkeys {
    /// `None`: the address of the server is a number, for which there are no passkeys.
    ///
    /// Spec: O-341
    pub fn of(base: &str) -> Option<Self> {
        let origin = Url::parse(base).ok()?;
        let builder = WebauthnBuilder::new(origin.domain()?, &origin).ok()?;
        builder.rp_name("Cartable").timeout(PATIENCE).build().ok().map(Self)
    }

    /// Asks for a new passkey. `shown` is what devices show of the account.
    ///
    /// Spec: O-341
    pub fn begin_adding(
        &self,
        account: &AccountId,
        shown: &str,
        factors: &Factors,
        secret: &SecretKey,
        now: Timestamp,
    ) -> Result<Challenge, Refusal> {
        if factors.passkeys.len() >= MOST {
            return Err(Refusal::TooManyPasskeys(MOST));
        }
        let known = factors.passkeys.iter().map(|passkey| passkey.key.cred_id().clone()).collect();
        let (options, state) = self
            .0
            .start_passkey_registration(handle(account)?, shown, shown, Some(known))
            .map_err(|_| Refusal::WrongPasskey)?;
        let mut options = serde_json::to_value(&options).map_err(|_| Refusal::WrongPasskey)?;
        // The device remembers whose it is where it can, so that nobody need type an e-mail address.
        options["publicKey"]["authenticatorSelection"]["residentKey"] = "preferred".into();
        Ok(Challenge { options: options.to_string(), sealed: seal(&place("add", account), state, secret, now) })
    }

    /// Asks for the passkey of a new account, which is to be enough by itself: the device must remember whose it is.
    ///
    /// Spec: O-321, O-341
    pub fn begin_first(
        &self,
        account: &AccountId,
        shown: &str,
        secret: &SecretKey,
        now: Timestamp,
    ) -> Result<Challenge, Refusal> {
        let challenge = self.begin_adding(account, shown, &Factors::default(), secret, now)?;
        let mut options: Value = serde_json::from_str(&challenge.options).map_err(|_| Refusal::WrongPasskey)?;
        let selection = &mut options["publicKey"]["authenticatorSelection"];
        (selection["residentKey"], selection["requireResidentKey"]) = ("required".into(), true.into());
        Ok(Challenge { options: options.to_string(), ..challenge })
    }

    /// Adds the passkey that a device has made.
    ///
    /// Spec: O-341
    pub fn finish_adding(
        &self,
        account: &AccountId,
        sealed: &str,
        answer: &str,
        name: &str,
        secret: &SecretKey,
        now: Timestamp,
    ) -> Result<Passkey, Refusal> {
        let state: PasskeyRegistration = open(&place("add", account), sealed, secret, now)?;
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let key = self.0.finish_passkey_registration(&answer, &state).map_err(|error| refused(&error))?;
        let name = name.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
        Ok(Passkey { name, since: now, last_used: None, key })
    }

    /// Asks for one of the account's passkeys.
    ///
    /// Spec: O-341
    pub fn begin_showing(
        &self,
        account: &AccountId,
        factors: &Factors,
        secret: &SecretKey,
        now: Timestamp,
    ) -> Result<Challenge, Refusal> {
        let keys: Vec<_> = factors.passkeys.iter().map(|passkey| passkey.key.clone()).collect();
        let (options, state) = self.0.start_passkey_authentication(&keys).map_err(|_| Refusal::WrongPasskey)?;
        let options = serde_json::to_string(&options).map_err(|_| Refusal::WrongPasskey)?;
        Ok(Challenge { options, sealed: seal(&place("show", account), state, secret, now) })
    }

    /// Checks that a device has shown one of the account's passkeys, and notes it.
    ///
    /// Spec: O-341
    pub fn finish_showing(
        &self,
        account: &AccountId,
        factors: &mut Factors,
        sealed: &str,
        answer: &str,
        secret: &SecretKey,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let state: PasskeyAuthentication = open(&place("show", account), sealed, secret, now)?;
        factors.answer_once(sealed, now.plus(PATIENCE), now)?;
        let shown = self.0.finish_passkey_authentication(&read(answer)?, &state).map_err(|error| refused(&error))?;
        note(factors, &shown, now)
    }

    /// Asks for any passkey of this host, when nobody has said who they are.
    ///
    /// Spec: O-341
    pub fn begin_signing_in(&self, secret: &SecretKey, now: Timestamp) -> Result<Challenge, Refusal> {
        let (options, state) = self.0.start_discoverable_authentication().map_err(|_| Refusal::WrongPasskey)?;
        let mut options = serde_json::to_value(&options).map_err(|_| Refusal::WrongPasskey)?;
        // A button asks; nothing is offered while somebody types.
        options.as_object_mut().map(|options| options.remove("mediation"));
        Ok(Challenge { options: options.to_string(), sealed: seal("passkey sign in", state, secret, now) })
    }

    /// Whose passkey an answer says it is; nothing is checked yet.
    pub fn whose(&self, answer: &str) -> Option<AccountId> {
        let answer: PublicKeyCredential = read(answer).ok()?;
        let (handle, _) = self.0.identify_discoverable_authentication(&answer).ok()?;
        AccountId::parse(&handle.simple().to_string())
    }

    /// Checks that a device has shown a passkey of the account that it says, and notes it.
    ///
    /// Spec: O-341
    pub fn finish_signing_in(
        &self,
        factors: &mut Factors,
        sealed: &str,
        answer: &str,
        secret: &SecretKey,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let state: DiscoverableAuthentication = open("passkey sign in", sealed, secret, now)?;
        factors.answer_once(sealed, now.plus(PATIENCE), now)?;
        let answer: PublicKeyCredential = read(answer)?;
        let (_, id) = self.0.identify_discoverable_authentication(&answer).map_err(|error| refused(&error))?;
        let mut own = factors.passkeys.iter();
        let passkey = own.find(|passkey| passkey.key.cred_id().as_slice() == id).ok_or(Refusal::WrongPasskey)?;
        let shown = self.0.finish_discoverable_authentication_v2(&answer, state, &passkey.key);
        note(factors, &shown.map_err(|error| refused(&error))?, now)
    }
}

/// Keeps what a device counted, and when. A device that did not see to it that its owner was there is not believed.
fn note(factors: &mut Factors, shown: &webauthn::AuthenticationResult, now: Timestamp) -> Result<(), Refusal> {
    let mut own = factors.passkeys.iter_mut();
    let passkey = own.find(|passkey| passkey.key.cred_id() == shown.cred_id()).ok_or(Refusal::WrongPasskey)?;
    if !shown.user_verified() {
        return Err(Refusal::WrongPasskey);
    }
    passkey.key.update_credential(shown);
    passkey.last_used = Some(now);
    Ok(())
}

/// A counter that went back means that a key may have been copied: somebody should know.
fn refused(error: &webauthn::WebauthnError) -> Refusal {
    tracing::warn!("a passkey was refused: {error}");
    Refusal::WrongPasskey
}

fn handle(account: &AccountId) -> Result<Uuid, Refusal> {
    Uuid::parse_str(account.as_str()).map_err(|_| Refusal::WrongPasskey)
}

fn place(what: &str, account: &AccountId) -> String {
    format!("passkey {what} {account}")
}

fn seal(purpose: &str, state: impl Serialize, secret: &SecretKey, now: Timestamp) -> String {
    let waiting = Waiting { state, until: now.plus(PATIENCE) };
    URL_SAFE_NO_PAD.encode(secret.seal(purpose, &serde_json::to_vec(&waiting).unwrap_or_default()))
}

fn open<T: DeserializeOwned>(purpose: &str, sealed: &str, secret: &SecretKey, now: Timestamp) -> Result<T, Refusal> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok().and_then(|sealed| secret.open(purpose, &sealed).ok());
    let waiting = sealed.and_then(|plain| serde_json::from_slice::<Waiting<T>>(&plain).ok());
    waiting.filter(|waiting| now < waiting.until).map(|waiting| waiting.state).ok_or(Refusal::WrongPasskey)
}

/// What a browser says of a device, in JSON.
fn read<T: DeserializeOwned>(answer: &str) -> Result<T, Refusal> {
    let answer: Value = serde_json::from_str(answer).map_err(|_| Refusal::WrongPasskey)?;
    serde_json::from_value(answer).map_err(|_| Refusal::WrongPasskey)
}
