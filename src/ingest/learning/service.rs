//! What requests, pages and the command line ask of learning traces.

use std::sync::Arc;

use uuid::Uuid;

use super::batch::{self, Unreadable};
use super::person::{OnlineAccount, Person};
use super::store::{Fate, Sending, Store};
use super::trace::Rejected;
use crate::clock::{Clock, Timestamp};
use crate::identity::account::Accounts;
use crate::ingest::outcome::Stopped;
use crate::ingest::write::OwnersAgent;
use crate::path::{PodName, ResourcePath};
use crate::pods::Pods;
use crate::rdf::graph::{Graph, Literal, Term, Triple};
use crate::rdf::vocab::{foaf, rdf, xsd};
use crate::storage::{self, Pod};

/// Where the owner notes by which names tools know them.
const NAMES: &str = "/learning/names.ttl";
/// What the server calls itself when it writes statements for their owner: its own connector.
const CONNECTOR: &str = "connectors/learning#this";

/// Learning traces in the pods of this server.
pub struct Learning {
    pub pods: Arc<Pods>,
    pub accounts: Arc<Accounts>,
    pub clock: Arc<dyn Clock>,
}

/// Why nothing was brought in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error("there is no such space")]
    NoSuchPod,
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("the accounts cannot be read")]
    Accounts,
}

/// What came of a file, or would come of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// The statements that are new.
    pub new: Vec<Uuid>,
    /// How many were there.
    pub known: usize,
    /// Those that were not taken, by their place in the file, which counts from 1, and why.
    pub refused: Vec<(usize, Rejected)>,
}

impl Learning {
    /// Brings the statements or events of a file in, as its owner does; with `dry_run` only says what would come of it.
    ///
    /// Spec: LT-28
    pub async fn import(&self, pod: &PodName, bytes: &[u8], dry_run: bool) -> Result<Imported, Error> {
        let store = self.store(pod).await?;
        let now = instant(self.clock.now());
        let mut imported = Imported::default();
        let (mut items, mut places) = (Vec::new(), Vec::new());
        for (place, text) in batch::cut(bytes)?.into_iter().enumerate() {
            match batch::item(text, &store.person, now) {
                Ok(item) => {
                    items.push(item);
                    places.push(place + 1);
                }
                Err(rejected) => imported.refused.push((place + 1, rejected)),
            }
        }
        let sending = Sending { by: store.owner(), now, whole: false, dry_run };
        let fates = store.keep(&items, sending).await?;
        for ((item, place), fate) in items.iter().zip(places).zip(fates) {
            match fate {
                Fate::New => imported.new.push(item.statement.id()),
                Fate::Known => imported.known += 1,
                Fate::Rejected(rejected) => imported.refused.push((place, rejected)),
            }
        }
        imported.refused.sort_unstable_by_key(|(place, _)| *place);
        Ok(imported)
    }

    /// The place where the statements of a pod are kept.
    pub async fn store(&self, pod: &PodName) -> Result<Store, Error> {
        let found = self.pods.storage().pod(pod).await?.filter(|pod| !pod.closed).ok_or(Error::NoSuchPod)?;
        let root = self.pods.addresses().iri(&ResourcePath::root(pod.clone()));
        let owner = found.owners.first().ok_or(Error::NoSuchPod)?;
        let agent = OwnersAgent::new(Arc::clone(&self.pods), owner, &format!("{root}{CONNECTOR}"));
        let mut store = Store { agent, pod: pod.clone(), owners: found.owners.clone(), person: Person::default() };
        store.person = self.person(&found, &store).await?;
        Ok(store)
    }

    /// By which names tools know the owners: WebIDs, the addresses of their accounts, who they are at their schools, and
    /// what they noted themselves.
    ///
    /// Spec: LT-20
    async fn person(&self, pod: &Pod, store: &Store) -> Result<Person, Error> {
        let mut person = Person { iris: pod.owners.clone(), ..Person::default() };
        for webid in &pod.owners {
            let account = self.accounts.by_webid(webid).await.map_err(|_| Error::Accounts)?;
            let Some(account) = account else { continue };
            person.mailboxes.extend(account.login.map(|login| login.email));
            let schools = account.links.into_iter();
            person.accounts.extend(schools.map(|link| OnlineAccount { home: link.issuer, name: link.subject }));
        }
        let path = store.path(NAMES)?;
        if let Some(noted) = store.agent.graph(&path).await? {
            let document = store.agent.iri(&path);
            for webid in &pod.owners {
                note(&mut person, &noted, &document, &Term::iri(webid.as_str()));
            }
        }
        Ok(person)
    }

    /// Notes that a tool knows the owner by this account.
    pub async fn add_name(&self, pod: &PodName, account: &OnlineAccount) -> Result<(), Error> {
        let store = self.store(pod).await?;
        let path = store.path(NAMES)?;
        let key = format!("{} {}", account.home, account.name);
        let node = format!("{}#{}", store.agent.iri(&path), Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes()));
        let node = Term::iri(node);
        let name = Literal { lexical: account.name.as_str().into(), datatype: xsd::STRING.into(), language: None };
        let says = [
            (Term::iri(store.owner()), foaf::ACCOUNT, node.clone()),
            (node.clone(), rdf::TYPE, Term::iri(foaf::ONLINE_ACCOUNT)),
            (node.clone(), foaf::ACCOUNT_SERVICE_HOMEPAGE, Term::iri(account.home.as_str())),
            (node, foaf::ACCOUNT_NAME, Term::Literal(name)),
        ];
        let triples =
            says.into_iter().filter_map(|(subject, predicate, object)| Triple::new(subject, predicate, object));
        Ok(store.agent.insert(&path, triples.collect()).await?)
    }
}

/// Reads the accounts that a document says are somebody's; one that has an address of its own is also known by that.
fn note(person: &mut Person, noted: &Graph, document: &str, webid: &Term) {
    for account in noted.objects(webid, foaf::ACCOUNT) {
        let home = noted.objects(account, foaf::ACCOUNT_SERVICE_HOMEPAGE).find_map(Term::as_iri);
        let name = noted.objects(account, foaf::ACCOUNT_NAME).find_map(|name| match name {
            Term::Literal(name) => Some(name.lexical.to_string()),
            _ => None,
        });
        person.accounts.extend(home.zip(name).map(|(home, name)| OnlineAccount { home: home.to_string(), name }));
        let address = account.as_iri().filter(|iri| !iri.starts_with(document));
        person.iris.extend(address.map(ToString::to_string));
    }
}

/// A time of the clock as times of statements are counted.
pub fn instant(time: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(time.millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}
