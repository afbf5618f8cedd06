//! WebIDs on a host of their own, which stay when their pod moves: what the server keeps of each, and the document that
//! it makes of that.
//!
//! The document is the server's: nobody writes it. What its owner wants to say stands in the profile of the pod, to which
//! it leads.

use serde::{Deserialize, Serialize};

use super::{AccountId, Draft, NEW, Result, json};
use crate::address::Addresses;
use crate::clock::Timestamp;
use crate::path::{PodName, ResourcePath};
use crate::rdf::format::Document;
use crate::rdf::vocab::{foaf, ldp, pim, rdf, rdfs, solid};
use crate::rdf::{Graph, Term, Triple};
use crate::storage::{self, EntryIs, EntryWrite, Storage, Version};

/// The prefixes of the document, sorted.
const PREFIXES: [(&str, &str); 5] =
    [("foaf", foaf::NS), ("ldp", ldp::NS), ("pim", pim::NS), ("rdfs", rdfs::NS), ("solid", solid::NS)];

/// A WebID on the host for WebIDs.
///
/// Spec: M-51
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hosted {
    /// Whose it is. The name is never given again, even when nothing else of the account is left.
    pub account: AccountId,
    /// The URL of its owner's pod; `None`: the account was erased.
    pub storage: Option<String>,
    pub modified: Timestamp,
}

fn key(name: &PodName) -> String {
    format!("hosted-webid/{name}")
}

impl Hosted {
    /// Reads what is kept of a name; `None` if it was never given.
    pub async fn read(storage: &dyn Storage, name: &PodName) -> storage::Result<Option<(Self, Version)>> {
        let Some(entry) = storage.entry(&key(name)).await? else { return Ok(None) };
        let hosted = serde_json::from_slice(&entry.value).map_err(|error| storage::Error::Failed(error.to_string()))?;
        Ok(Some((hosted, entry.version)))
    }

    /// The document of the WebID: who vouches for it, where its pod is, and what a profile says; `None` once it is gone.
    ///
    /// Spec: M-51, O-211
    pub fn document(&self, name: &PodName, addresses: &Addresses) -> Option<Document> {
        let (webid, pod) = (addresses.webid(name)?, self.storage.as_deref()?);
        let document = webid.split('#').next().unwrap_or(&webid).to_owned();
        let in_pod = |path: &str| format!("{pod}{path}");
        let triples = [
            (&document, rdf::TYPE, foaf::PERSONAL_PROFILE_DOCUMENT.to_owned()),
            (&document, foaf::MAKER, webid.clone()),
            (&document, foaf::PRIMARY_TOPIC, webid.clone()),
            (&webid, rdf::TYPE, foaf::PERSON.to_owned()),
            (&webid, solid::OIDC_ISSUER, addresses.base().to_owned()),
            (&webid, pim::STORAGE, pod.to_owned()),
            (&webid, pim::PREFERENCES_FILE, in_pod("settings/prefs")),
            (&webid, ldp::INBOX, in_pod("inbox/")),
            (&webid, solid::PUBLIC_TYPE_INDEX, in_pod("settings/publicTypeIndex")),
            (&webid, rdfs::SEE_ALSO, in_pod("profile/card")),
        ];
        let triple = |(subject, predicate, object): (&String, &str, String)| {
            Triple::new(Term::iri(subject.as_str()), predicate, Term::iri(object))
        };
        let graph: Graph = triples.into_iter().filter_map(triple).collect();
        let prefixes = PREFIXES.map(|(prefix, namespace)| (prefix.to_owned(), namespace.to_owned())).to_vec();
        Some(Document { dataset: graph.into(), prefixes })
    }
}

impl Draft {
    /// Makes the WebID of this name on the host for WebIDs and links it; its owner has this pod. `None`: there is no
    /// such host.
    ///
    /// Spec: M-51
    pub fn host_webid(&mut self, name: &PodName, addresses: &Addresses, at: Timestamp) -> Result<Option<String>> {
        let Some(webid) = addresses.webid(name) else { return Ok(None) };
        let storage = Some(addresses.iri(&ResourcePath::root(name.clone())));
        let hosted = Hosted { account: self.account.id.clone(), storage, modified: at };
        self.write(EntryWrite { key: key(name).into(), expected: NEW, value: Some(json(&hosted)?) });
        self.link(&webid);
        Ok(Some(webid))
    }

    /// Says of the account's WebIDs on the host for WebIDs that they are gone.
    ///
    /// Spec: O-329, M-51
    pub(super) fn bury_webids(&mut self, addresses: &Addresses, at: Timestamp) -> Result<()> {
        let names: Vec<_> = self.account.webids.iter().filter_map(|webid| addresses.webid_name(webid)).collect();
        for name in names {
            let gone = Hosted { account: self.account.id.clone(), storage: None, modified: at };
            self.write(EntryWrite { key: key(&name).into(), expected: EntryIs::Anything, value: Some(json(&gone)?) });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdf::format::{self, Format};

    /// Shows: M-51, O-211
    #[test]
    fn the_document_says_who_vouches_and_where_the_pod_is() {
        let addresses = Addresses::with_paths("https://pods.example/").unwrap();
        let addresses = addresses.with_webids("https://id.example/").unwrap();
        let name = PodName::parse("ada").unwrap();
        let mut draft = Draft::new(Timestamp::default());
        let webid = draft.host_webid(&name, &addresses, Timestamp::default()).unwrap();
        assert_eq!(webid.as_deref(), Some("https://id.example/ada#me"));
        assert_eq!(draft.account().webids, ["https://id.example/ada#me"]);
        let storage = Some("https://pods.example/ada/".to_owned());
        let hosted = Hosted { account: draft.account().id.clone(), storage, modified: Timestamp::default() };
        let document = hosted.document(&name, &addresses).unwrap();
        let said = "@prefix foaf: <http://xmlns.com/foaf/0.1/>. @prefix ldp: <http://www.w3.org/ns/ldp#>.
            @prefix pim: <http://www.w3.org/ns/pim/space#>. @prefix solid: <http://www.w3.org/ns/solid/terms#>.
            <> a foaf:PersonalProfileDocument; foaf:maker <#me>; foaf:primaryTopic <#me>.
            <#me> a foaf:Person; solid:oidcIssuer <https://pods.example/>; pim:storage <https://pods.example/ada/>;
                pim:preferencesFile <https://pods.example/ada/settings/prefs>;
                ldp:inbox <https://pods.example/ada/inbox/>;
                solid:publicTypeIndex <https://pods.example/ada/settings/publicTypeIndex>;
                <http://www.w3.org/2000/01/rdf-schema#seeAlso> <https://pods.example/ada/profile/card>.";
        let said = format::parse(said.as_bytes(), Format::Turtle, "https://id.example/ada").unwrap();
        assert_eq!(document.dataset.default, said.dataset.default);
        assert!(Hosted { storage: None, ..hosted }.document(&name, &addresses).is_none());
    }
}
