//! Linking WebIDs to accounts: those in the account's own pods at once, others once they are proven.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::{ATTEMPTS, Account, AccountId, Accounts, Error, Happened, Refusal, Result, json};
use crate::clock::Timestamp;
use crate::identity::webid::lists;
use crate::rdf::{Graph, Literal, Term, Triple, vocab};
use crate::secret;
use crate::storage::{self, Change, EntryIs, EntryWrite, Scope};

/// How long a token may be shown in a WebID's document as its proof.
///
/// Spec: O-205
const PROOF_LIFETIME: Duration = Duration::from_mins(30);

/// Bytes of the longest WebID.
const LONGEST: usize = 2048;

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

/// A WebID that was just linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linked {
    /// Whether its document lists this server as an issuer. Until it does, nobody believes our tokens for it.
    pub listed: bool,
}

/// The name of a WebID's link: WebIDs themselves do not fit in a path.
pub fn link_name(webid: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(webid)[..16])
}

/// Whether a text can be a WebID.
///
/// Spec: O-36
fn check(webid: &str) -> Result<(), Refusal> {
    let sound = Url::parse(webid).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    let odd = |c: char| c.is_whitespace() || "<>\"{}|\\^`".contains(c);
    if sound && webid.len() <= LONGEST && !webid.contains(odd) { Ok(()) } else { Err(Refusal::NoWebId) }
}

impl Accounts {
    /// Links a WebID. One in a pod of the account is linked at once; any other needs a proof: the first call fails with
    /// [`Refusal::Unproven`] and the triple to add, the next one looks for it. `read` gives the document as it is now.
    ///
    /// Spec: O-205
    pub async fn link_webid(
        &self,
        id: &AccountId,
        webid: &str,
        read: impl AsyncFnOnce(&str) -> Option<Graph>,
    ) -> Result<Linked> {
        check(webid)?;
        let account = self.account(id).await?.ok_or(Refusal::NoSuchAccount)?;
        if account.webids.iter().any(|linked| linked == webid) {
            return Err(Refusal::WebIdTaken.into());
        }
        let document = if self.is_at_home(&account, webid)? {
            read(webid).await
        } else {
            Some(self.prove(&account, webid, read).await?)
        };
        self.edit(id, |draft| {
            draft.link(webid);
            draft.give_up(proof_key(id));
            draft.note(self.clock.now(), Happened::WebIdLinked { webid: webid.to_owned() })
        })
        .await?;
        let listed = document.is_some_and(|document| lists(&document, &webid.into(), self.addresses.base()));
        Ok(Linked { listed })
    }

    /// Unlinks a WebID, unless a pod of the account would be without an owner.
    ///
    /// Spec: O-206
    pub async fn unlink_webid(&self, id: &AccountId, webid: &str) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let mut draft = self.draft(id).await?;
            draft.unlink(webid)?;
            self.check_owners(draft.account(), webid).await?;
            draft.note(self.clock.now(), Happened::WebIdUnlinked { webid: webid.to_owned() })?;
            if self.saved(draft).await? {
                return Ok(());
            }
        }
        Err(storage::Error::Moved.into())
    }

    /// Whether every pod that `gone` owns still has an owner among the account's WebIDs.
    ///
    /// Spec: O-206
    async fn check_owners(&self, account: &Account, gone: &str) -> Result<()> {
        for name in &account.pods {
            let Some(pod) = self.storage.pod(name).await? else { continue };
            let owned = pod.owners.iter().any(|owner| owner == gone);
            if owned && !pod.owners.iter().any(|owner| account.webids.contains(owner)) {
                return Err(Refusal::LastOwner(name.clone()).into());
            }
        }
        Ok(())
    }

    /// Whether a WebID is in a pod of this account; in somebody else's pod here, or on our own host for WebIDs, it cannot
    /// be linked at all.
    fn is_at_home(&self, account: &Account, webid: &str) -> Result<bool, Refusal> {
        match self.addresses.path_of(webid) {
            Some(path) if account.pods.contains(path.pod()) => Ok(true),
            Some(_) => Err(Refusal::NotYours),
            None if Url::parse(webid).is_ok_and(|url| self.addresses.is_ours(&url)) => Err(Refusal::NotYours),
            None => Ok(false),
        }
    }

    /// The document of a WebID elsewhere, once it carries the token.
    async fn prove(
        &self,
        account: &Account,
        webid: &str,
        read: impl AsyncFnOnce(&str) -> Option<Graph>,
    ) -> Result<Graph> {
        let now = self.clock.now();
        let asked = self.entry::<Proof>(&proof_key(&account.id)).await?;
        if let Some(proof) = asked.filter(|proof| proof.webid == webid && proof.until > now) {
            let document = read(webid).await.ok_or(Refusal::WebIdUnreadable)?;
            return if proof.is_in(&document) { Ok(document) } else { Err(Refusal::Unproven(proof.triple()).into()) };
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
