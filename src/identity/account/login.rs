//! E-mail address and password as a way in: given, and changed.

use serde::{Deserialize, Serialize};

use super::letter::Letter;
use super::password::{Hash, Password, Verdict};
use super::throttle::Counted;
use super::{Account, AccountId, Accounts, Draft, Email, Happened, Refusal, Result};
use crate::storage::{Change, Scope};

/// An e-mail address, and a password unless a passkey is the way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub email: Email,
    pub password: Option<Hash>,
}

impl Accounts {
    /// Makes an account, with a way to sign in or (for the development API) without one yet.
    pub async fn create(&self, login: Option<(Email, Password)>) -> Result<Account> {
        let mut draft = Draft::new(self.clock.now());
        if let Some((email, password)) = login {
            draft.set_login(email, self.passwords.hash(password).await?)?;
        }
        let account = draft.account().clone();
        self.save(draft, Change::of(Scope::House, self.clock.now())).await?;
        Ok(account)
    }

    /// Hashes a password for [`Draft::set_login`].
    pub async fn hash(&self, password: Password) -> Result<Hash> {
        Ok(self.passwords.hash(password).await?)
    }

    /// Gives an account that has no way to sign in an e-mail address and a password.
    pub async fn add_login(&self, id: &AccountId, email: Email, password: Password) -> Result<()> {
        let hash = self.passwords.hash(password).await?;
        self.edit(id, |draft| draft.set_login(email.clone(), hash.clone())).await
    }

    /// Changes the password, given the old one. All sessions end by the same commit.
    pub async fn change_password(&self, id: &AccountId, old: Password, new: Password) -> Result<()> {
        let account = self.account(id).await?.ok_or(Refusal::NoSuchAccount)?;
        let login = account.login.ok_or(Refusal::WrongLogin)?;
        let kept = login.password.ok_or(Refusal::WrongLogin)?;
        let turn = self.passwords.turn()?;
        self.count(Counted::Account(&login.email)).await?;
        if turn.check(old, Some(kept.clone())).await? == Verdict::Wrong {
            return Err(Refusal::WrongLogin.into());
        }
        let hash = self.passwords.hash(new).await?;
        loop {
            let mut draft = self.draft(id).await?;
            draft.write(self.forgotten(Counted::Account(&login.email)));
            draft.note(self.clock.now(), Happened::PasswordChanged)?;
            draft.tell(self, &Letter::PasswordChanged);
            draft.replace_password(&kept, hash.clone())?;
            draft.give_up_links();
            self.sign_out_everywhere(&mut draft).await?;
            if self.saved(draft).await? {
                return Ok(());
            }
        }
    }
}
