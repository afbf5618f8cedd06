//! Owners hear of it when their pods say something else about who vouches for them.

use super::letter::Letter;
use super::{AccountId, Accounts, Happened, Result, draft};
use crate::jobs::Task;
use crate::path::PodName;
use crate::pods::{Issuers, Watch};
use crate::storage::EntryWrite;

impl Watch for Accounts {
    fn told(&self, pod: &PodName, what: Issuers) -> Vec<EntryWrite> {
        let task = Task::Issuers { pod: pod.as_str().into(), gone: what == Issuers::Gone };
        vec![self.jobs.entry(&task, self.clock.now())]
    }

    fn dropped(&self, pod: &PodName) -> Vec<EntryWrite> {
        vec![self.jobs.entry(&Task::Dropped { pod: pod.as_str().into() }, self.clock.now())]
    }
}

impl Accounts {
    /// Writes to the owner of a pod whose documents name other issuers than before, or none, and notes it.
    ///
    /// Spec: O-214, oidc#oidc-issuer-discovery
    pub async fn tell_of_issuers(&self, pod: &PodName, gone: bool) -> Result<()> {
        let Some(id) = self.entry::<AccountId>(&draft::name_key(pod)).await? else { return Ok(()) };
        if self.account(&id).await?.is_none() {
            return Ok(());
        }
        self.edit(&id, |draft| {
            let (pod, account) = (pod.clone(), draft.account());
            let letter = Letter::Issuers { pod: &pod, gone };
            let written = account.login.as_ref().map(|login| self.letter(&letter, &login.email, account.speaks()));
            if let Some(letter) = written {
                draft.write(letter);
            }
            let happened = if gone { Happened::IssuersGone { pod } } else { Happened::IssuersChanged { pod } };
            draft.note(self.clock.now(), happened)
        })
        .await
    }
}
