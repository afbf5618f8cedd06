//! Signing in with e-mail address and password, and what a session remembers of how somebody signed in.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::password::{Hash, Password, Verdict};
use super::throttle::Counted;
use super::{Account, Accounts, Email, Error, Refusal, Result, SessionToken};
use crate::clock::Timestamp;
use crate::storage::{self, EntryWrite};

/// A means by which somebody shows who they are.
///
/// Spec: O-343
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A password.
    Pwd,
    /// A code that is used once.
    Otp,
    /// A key held by a device.
    Hwk,
    /// Another provider vouches: the school.
    Fed,
}

impl Method {
    /// The name in `amr` (RFC 8176; it has none for other providers, where `fed` is usual).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pwd => "pwd",
            Self::Otp => "otp",
            Self::Hwk => "hwk",
            Self::Fed => "fed",
        }
    }
}

/// The session at an upstream provider on which one of ours rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamSession {
    pub issuer: String,
    pub subject: String,
    pub session: Option<String>,
}

/// How somebody signed in, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignedInBy {
    pub methods: Vec<Method>,
    pub upstream: Option<UpstreamSession>,
    /// When they showed who they are elsewhere; `None`: now, and here.
    pub authenticated: Option<Timestamp>,
    /// Browser and system, so that people recognise their devices.
    pub device: Option<String>,
    /// Whether the device is theirs and stays signed in when its browser is closed.
    pub stays: bool,
}

impl SignedInBy {
    /// With a password.
    pub fn password() -> Self {
        Self { methods: vec![Method::Pwd], ..Self::default() }
    }
}

impl Accounts {
    /// Signs in with e-mail address and password alone, where that is enough. `from` is the client's address, if it is
    /// known.
    ///
    /// Spec: O-324, O-325, O-341
    pub async fn sign_in(
        &self,
        email: Option<&Email>,
        password: Password,
        from: Option<IpAddr>,
    ) -> Result<SessionToken> {
        let account = self.check_password(email, password, from).await?;
        if self.factors(&account.id).await?.are_asked_for() {
            return Err(Refusal::SecondFactor.into());
        }
        self.begin(&account, SignedInBy::password()).await
    }

    /// The account that an e-mail address and a password open; nobody is signed in by this yet. Attempts are counted
    /// until [`Accounts::begin`] or [`Accounts::step_up`].
    ///
    /// Spec: O-324, O-325
    pub async fn check_password(
        &self,
        email: Option<&Email>,
        password: Password,
        from: Option<IpAddr>,
    ) -> Result<Account> {
        if !self.takes_passwords() {
            return Err(Refusal::NoPasswords.into());
        }
        let address = from.map(Counted::Address);
        if let Some(address) = address {
            self.admit(address).await?;
        }
        // Who is sent away because many come in at once has not guessed.
        let turn = self.passwords.turn()?;
        let failures = match email {
            Some(email) => self.count(Counted::Account(email)).await?.failures(),
            None => 0,
        };
        // Before the work: whoever hangs up has made it be done.
        let attempt = match address {
            Some(address) => Some((address, self.count(address).await?)),
            None => None,
        };
        let account = match email {
            Some(email) => self.by_email(email).await?,
            None => None,
        };
        let hash = account.as_ref().and_then(|account| account.login.as_ref()).and_then(|login| login.password.clone());
        let retyped = password.clone();
        let verdict = turn.check(password, hash).await?;
        let (Some(account), Verdict::Right | Verdict::RightButStale) = (account, verdict) else {
            self.tell_of_guessing(email, failures).await?;
            return Err(Refusal::WrongLogin.into());
        };
        if let Some((address, attempt)) = attempt {
            self.uncount(address, attempt).await?;
        }
        if verdict == Verdict::RightButStale {
            self.renew_hash(&account, retyped).await?;
        }
        Ok(account)
    }

    /// Failed attempts do not count any more.
    pub(super) fn forgiven(&self, account: &Account) -> Option<EntryWrite> {
        account.login.as_ref().map(|login| self.forgotten(Counted::Account(&login.email)))
    }

    /// Keeps the password with today's parameters. Another sign-in may have done so already.
    async fn renew_hash(&self, account: &Account, password: Password) -> Result<()> {
        let Some(old) = account.login.as_ref().and_then(|login| login.password.as_ref()) else { return Ok(()) };
        let hash: Hash = self.passwords.hash(password).await?;
        match self.edit(&account.id, |draft| draft.replace_password(old, hash.clone())).await {
            Err(Error::Refused(Refusal::WrongLogin) | Error::Storage(storage::Error::Moved)) => Ok(()),
            done => done,
        }
    }
}
