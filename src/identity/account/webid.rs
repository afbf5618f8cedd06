//! Linking WebIDs to accounts: those in the account's own pods at once, others once they are proven.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Account, AccountId, Accounts, Error, Refusal, Result, json};
use crate::clock::Timestamp;
use crate::rdf::{Graph, Literal, Term, Triple, vocab};
use crate::secret;
use crate::storage::{Change, EntryIs, EntryWrite, Scope};

/// How long a token may be shown in a WebID's document as its proof.
///
/// Spec: O-205
const PROOF_LIFETIME: Duration = Duration::from_mins(30);

/// A WebID that an account says is its own, and the token that must appear in its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Proof {
    webid: String,
    token: String,
    until: Timestamp,
}

impl Proof {
    /// The triple to add, as it is written in Turtle.
    fn triple(&self) -> String {
        format!("<{}> <{}> \"{}\".", self.webid, vocab::solid::OIDC_ISSUER_REGISTRATION_TOKEN, self.token)
    }

    fn is_in(&self, document: &Graph) -> bool {
        let token =
            Literal { lexical: self.token.as_str().into(), datatype: vocab::xsd::STRING.into(), language: None };
        Triple::new(Term::iri(self.webid.as_str()), vocab::solid::OIDC_ISSUER_REGISTRATION_TOKEN, Term::Literal(token))
            .is_some_and(|triple| document.contains(&triple))
    }
}

impl Accounts {
    /// Links a WebID. One in a pod of the account is linked at once; any other needs a proof: the first call fails with
    /// [`Refusal::Unproven`] and the triple to add, the next one has `read` fetch the document and looks for it.
    ///
    /// Spec: O-205
    pub async fn link_webid(
        &self,
        id: &AccountId,
        webid: &str,
        read: impl AsyncFnOnce(&str) -> Option<Graph>,
    ) -> Result<()> {
        let account = self.account(id).await?.ok_or(Refusal::NoSuchAccount)?;
        if account.webids.iter().any(|linked| linked == webid) {
            return Err(Refusal::WebIdTaken.into());
        }
        if !self.is_at_home(&account, webid)? {
            self.prove(&account, webid, read).await?;
        }
        self.edit(id, |draft| {
            draft.link(webid);
            draft.give_up(proof_key(id));
            Ok::<_, Refusal>(())
        })
        .await
    }

    /// Unlinks a WebID.
    ///
    /// Spec: O-206
    pub async fn unlink_webid(&self, id: &AccountId, webid: &str) -> Result<()> {
        self.edit(id, |draft| draft.unlink(webid)).await
    }

    /// Whether a WebID is in a pod of this account; in somebody else's pod here it cannot be linked at all.
    fn is_at_home(&self, account: &Account, webid: &str) -> Result<bool, Refusal> {
        match self.addresses.path_of(webid) {
            Some(path) if account.pods.contains(path.pod()) => Ok(true),
            Some(_) => Err(Refusal::NotYours),
            None => Ok(false),
        }
    }

    async fn prove(&self, account: &Account, webid: &str, read: impl AsyncFnOnce(&str) -> Option<Graph>) -> Result<()> {
        let now = self.clock.now();
        let asked = self.entry::<Proof>(&proof_key(&account.id)).await?;
        if let Some(proof) = asked.filter(|proof| proof.webid == webid && proof.until > now) {
            let document = read(webid).await.ok_or(Refusal::WebIdUnreadable)?;
            return if proof.is_in(&document) { Ok(()) } else { Err(Refusal::Unproven(proof.triple()).into()) };
        }
        let token = uuid::Builder::from_random_bytes(secret::random()).into_uuid().to_string();
        let proof = Proof { webid: webid.to_owned(), token, until: now.plus(PROOF_LIFETIME) };
        let mut change = Change::of(Scope::House, now);
        // One WebID at a time: asking for another forgets this one.
        let (key, value) = (proof_key(&account.id).into(), Some(json(&proof)?));
        change.entries.push(EntryWrite { key, expected: EntryIs::Anything, value });
        self.storage.commit(change).await?;
        Err(Error::Refused(Refusal::Unproven(proof.triple())))
    }
}

fn proof_key(account: &AccountId) -> String {
    format!("webid-proof/{account}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_triple_itself_proves_a_webid() {
        let proof = Proof { webid: "https://ada.example/#me".into(), token: "t".into(), until: Timestamp::default() };
        let document = |subject: &str, token: &str| {
            let literal = Literal { lexical: token.into(), datatype: vocab::xsd::STRING.into(), language: None };
            let predicate = vocab::solid::OIDC_ISSUER_REGISTRATION_TOKEN;
            Graph::from_iter(Triple::new(Term::iri(subject), predicate, Term::Literal(literal)))
        };
        assert!(proof.is_in(&document("https://ada.example/#me", "t")));
        assert!(!proof.is_in(&document("https://ada.example/", "t")));
        assert!(!proof.is_in(&document("https://ada.example/#me", "u")));
        assert!(!proof.is_in(&Graph::default()));
    }
}
