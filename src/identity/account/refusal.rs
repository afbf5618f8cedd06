//! What an account does not allow, and what breaks.

use std::time::Duration;

use super::password::{Unhashed, Weak};
use crate::path::PodName;
use crate::storage;

/// When to come again if many passwords are being looked at.
pub(super) const BUSY: Duration = Duration::from_secs(4);

/// What an account does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("an account with this e-mail address exists already")]
    EmailTaken,
    #[error("this account signs in with an e-mail address already")]
    HasLogin,
    #[error("this pod name is taken, or too much like one that is; choose another")]
    NameTaken,
    #[error("this pod name is reserved; choose another")]
    NameReserved,
    #[error("this WebID is linked to an account already")]
    WebIdTaken,
    #[error("this WebID is not linked to the account")]
    NotLinked,
    #[error("this WebID is in a pod of this server that belongs to someone else")]
    NotYours,
    /// The second text is the triple that proves the WebID.
    #[error("to prove that the WebID is yours, add this triple to its document, then ask again within 30 minutes: {0}")]
    Unproven(String),
    #[error("the WebID's document cannot be read")]
    WebIdUnreadable,
    #[error("{0}")]
    Weak(#[from] Weak),
    #[error("the e-mail address or the password is not right")]
    WrongLogin,
    #[error("too many attempts; try again in {} s", .0.as_secs() + 1)]
    TooSoon(Duration),
    #[error("this account asks for a second factor; sign in on the page for it")]
    SecondFactor,
    #[error("nobody signs in with a password here; come in through your school, or with a passkey")]
    NoPasswords,
    #[error("the session has ended; sign in again")]
    SignedOut,
    #[error("the account is disabled")]
    Disabled,
    #[error("the account is about to be deleted; take that back first")]
    Closing,
    #[error("the account is not about to be deleted")]
    NotClosing,
    #[error("say which operator asks: a name of one line, for the owner to read")]
    NoOperator,
    #[error("another operator has to approve it than the one who asked")]
    SameOperator,
    #[error("nothing was asked for that could be approved")]
    NoRescue,
    #[error("sign in again: this needs a sign-in of the last 10 minutes")]
    StaleSignIn,
    #[error("an account has at most {0} client credentials; delete one first")]
    TooManyCredentials(usize),
    #[error("a name has at most {0} characters")]
    LongName(usize),
    #[error("the only way to sign in to an account cannot be removed")]
    LastLogin,
    #[error("the only WebID of a pod's owner cannot be removed")]
    LastWebId,
    #[error("this WebID owns the pod `{0}`, which would have no owner left")]
    LastOwner(PodName),
    #[error("an account has at most {0} pods; ask whoever looks after the server")]
    TooManyPods(usize),
    #[error("this is no WebID")]
    NoWebId,
    #[error("this person of the school is linked to another account")]
    LinkedElsewhere,
    #[error("this code is not right, or was used already")]
    WrongCode,
    #[error("the passkey was not recognised")]
    WrongPasskey,
    #[error("an account has at most {0} passkeys; remove one first")]
    TooManyPasskeys(usize),
    #[error("this logout was heard of before")]
    HeardBefore,
    #[error("there is no such link")]
    NoSuchLink,
    #[error("nobody may sign up here; ask whoever looks after the server")]
    SignUpClosed,
    #[error("there is no such sign-up, or it has ended; begin again")]
    NoSignUp,
    #[error("another question comes first")]
    OutOfTurn,
    #[error("an e-mail address is missing")]
    NoEmail,
    #[error("this is the address of the account itself")]
    OwnAddress,
    #[error("a name is missing")]
    NoName,
    #[error("this link has been used, or is too old")]
    DeadLink,
    #[error("there are new terms of use: accept them on the page for it first")]
    TermsOwed,
    #[error("there is no such account")]
    NoSuchAccount,
    #[error("there are no such client credentials")]
    NoSuchCredential,
}

/// Why an account could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Unhashed(Unhashed),
    /// A record that does not read as what was written.
    #[error("a house record cannot be read: {0}")]
    Record(#[from] serde_json::Error),
}

impl From<Unhashed> for Error {
    fn from(unhashed: Unhashed) -> Self {
        match unhashed {
            Unhashed::Busy => Refusal::TooSoon(BUSY).into(),
            failed @ Unhashed::Failed(_) => Self::Unhashed(failed),
        }
    }
}
