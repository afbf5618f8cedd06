//! What the account's pages change in the profiles of pods: as requests of the owner, like any other.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;

use super::{Others, PROFILE, rules};
use crate::access::caller::Agent;
use crate::access::{Caller, Mode};
use crate::identity::webid::{LocalProfiles, lists};
use crate::path::{PodName, ResourcePath};
use crate::pods::{Arriving, Error, Pods};
use crate::rdf::format::Format;
use crate::rdf::patch::Patch;
use crate::rdf::vocab::{foaf, solid, xsd};
use crate::rdf::{Literal, Term, Triple};
use crate::resource::condition::Conditions;
use crate::resource::{Asked, Edit, Model, Operation, Received, Refusal, Sent};
use crate::storage;

/// The profiles in the pods of this server.
pub struct Profiles {
    pub pods: Arc<Pods>,
}

impl Profiles {
    /// The name that the profile of a pod gives its owner.
    pub async fn name(&self, pod: &PodName, owner: &str) -> Result<Option<String>, Error> {
        let names = self.names(pod, owner).await?;
        Ok(names.into_iter().find_map(|triple| match triple.object {
            Term::Literal(literal) => Some(literal.lexical.to_string()),
            _ => None,
        }))
    }

    /// Shows this name to whoever reads the profile, or none. Nobody else ever puts one there.
    ///
    /// Spec: O-211
    pub async fn set_name(&self, pod: &PodName, owner: &str, name: Option<&str>) -> Result<(), Error> {
        let before = self.names(pod, owner).await?;
        let text = |name: &str| Literal { lexical: name.into(), datatype: xsd::STRING.into(), language: None };
        let after = name.and_then(|name| Triple::new(Term::iri(owner), foaf::NAME, Term::Literal(text(name))));
        if before.len() == after.iter().len() && before.first() == after.as_ref() {
            return Ok(());
        }
        let kept = |triple: &Triple| Some(triple) == after.as_ref();
        let (old, new) = (before.iter().filter(|triple| !kept(triple)).cloned(), after.clone());
        let new = new.filter(|triple| !before.contains(triple));
        self.perform(owner, card(pod)?, Operation::Patch(Edit::N3(Patch::of(old, new))), None).await
    }

    /// Whether the document of a WebID of ours lists us as an issuer; `None`: the WebID is elsewhere.
    ///
    /// Spec: O-44, O-214
    pub async fn list_us(&self, webid: &str) -> storage::Result<Option<bool>> {
        let addresses = self.pods.addresses();
        if addresses.path_of(webid).is_none() && addresses.webid_name(webid).is_none() {
            return Ok(None);
        }
        let document = self.pods.read(webid).await?;
        Ok(Some(document.is_some_and(|document| lists(&document.dataset.default, &webid.into(), addresses.base()))))
    }

    /// Has the document of a WebID in a pod list us as an issuer again, and lets everybody read it if it was made anew.
    ///
    /// Spec: O-214
    pub async fn repair(&self, webid: &str) -> Result<(), Error> {
        let addresses = self.pods.addresses();
        let path = addresses.path_of(webid).ok_or(Refusal::NotFound)?;
        let issuer = Triple::new(Term::iri(webid), solid::OIDC_ISSUER, Term::iri(addresses.base()));
        self.perform(webid, path.clone(), Operation::Patch(Edit::N3(Patch::of(None, issuer))), None).await?;
        let (seen, rights) = self.pods.rights(&Caller::public(), &path).await?;
        if rights.user.allow(Mode::Read) || seen.found.subject.acl.is_some() {
            return Ok(());
        }
        let anybody_reads = Others { name: "public", class: "foaf:Agent", mode: "acl:Read" };
        let acl = rules(webid, &addresses.iri(&path), Some(anybody_reads));
        let sent = Sent {
            media_type: Some(Format::Turtle.media_type().into()),
            model: Model::Unsaid,
            inbox: None,
            body: Received::Waiting,
        };
        self.perform(webid, path.acl(), Operation::Put(sent), Some(acl.into())).await
    }

    async fn names(&self, pod: &PodName, owner: &str) -> Result<Vec<Triple>, Error> {
        let document = self.pods.document(&self.pods.addresses().iri(&card(pod)?)).await?;
        let (me, mut names) = (Term::iri(owner), Vec::new());
        if let Some(document) = document {
            let about = document.dataset.default.about(&me);
            names.extend(about.filter(|triple| *triple.predicate == *foaf::NAME).cloned());
        }
        Ok(names)
    }

    /// Asks as the owner, by our own pages.
    async fn perform(
        &self,
        owner: &str,
        path: ResourcePath,
        operation: Operation,
        body: Option<Bytes>,
    ) -> Result<(), Error> {
        let webid: Arc<str> = owner.into();
        let issuer = self.pods.addresses().base().into();
        let agent = Agent { webid: Arc::clone(&webid), client: None, issuer };
        let caller = Caller { agent: Some(Arc::new(agent)), origin: None };
        let asked = Asked { path, operation, conditions: Conditions::default(), by: Some(webid) };
        let length = body.as_ref().map(|body| body.len() as u64);
        let bytes = body.map(|body| Box::pin(stream::iter([Ok(body)])) as storage::ByteStream);
        self.pods.perform(&caller, asked, Arriving { bytes, length, patch: None }).await.map(|_| ())
    }
}

/// The profile document of a pod.
fn card(pod: &PodName) -> Result<ResourcePath, Error> {
    ResourcePath::parse(pod.clone(), PROFILE).map_err(|_| Error::Corrupt("the profile's path is none"))
}
