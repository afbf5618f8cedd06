//! The last step of a sign-up: the account that its answers make.

use super::super::{Accounts, Draft, Factors, Link, Refusal, Result};
use super::{SignupToken, Step, key};
use crate::path::PodName;
use crate::storage::{EntryIs, EntryWrite};

impl Accounts {
    /// The account that a finished sign-up makes, the name of its pod, and whether its WebID lives apart. Saving it ends
    /// the sign-up.
    ///
    /// Spec: O-321, CP-08
    pub async fn signed_up(&self, token: &SignupToken) -> Result<(Draft, PodName, bool)> {
        let (signup, version) = self.read_signup(&token.id()).await?.ok_or(Refusal::NoSignUp)?;
        if self.reached(&signup) != Step::Open {
            return Err(Refusal::OutOfTurn.into());
        }
        let (Some(email), Some(name)) = (signup.email, signup.name) else {
            return Err(Refusal::OutOfTurn.into());
        };
        let now = self.clock.now();
        let mut draft = Draft::new(now);
        draft.account.id = signup.account;
        // First, so that who presses twice hears that it is done, not that the address is taken.
        draft.write(EntryWrite { key: key(&token.id()), expected: EntryIs::At(version), value: None });
        if let Some(invitation) = &signup.invitation {
            draft.write(self.use_up(invitation).await?);
        }
        draft.open_by(email, signup.password)?;
        if let Some(passkey) = signup.passkey {
            draft.set_factors(&Factors::opened_by(passkey))?;
        }
        if let Some(person) = &signup.person {
            draft.add_link(Link::to(person, now));
        }
        draft.set_language(signup.language);
        draft.set_wishes(signup.newsletter, signup.contacts);
        if let Some(guardian) = signup.guardian.filter(|_| draft.account().minor) {
            for entry in self.question(draft.account(), name.as_str(), &guardian)? {
                draft.write(entry);
            }
        }
        signup.terms.into_iter().for_each(|accepted| draft.accept(accepted));
        Ok((draft, name, signup.apart))
    }

    /// Asks for the pod's name again, since somebody else took it meanwhile.
    pub async fn ask_name_again(&self, token: &SignupToken) -> Result<()> {
        let proposed = self.propose(None).await?;
        self.answer(token, Step::Address, |signup| {
            (signup.name, signup.proposed) = (None, proposed.clone());
            Ok(())
        })
        .await
    }
}
