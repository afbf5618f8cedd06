//! The connector: speaks with the school platform, and brings the book up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answer::{self, Answer, Unreadable};
use super::book::{self, Cover};
use super::directory::Directory;
use super::memory::{self, Owned};
use super::place::{About, Place};
use super::removals::{Guard, Waiting};
use super::{Update, Updated, adopted, cloud, former, update};
use crate::fetch::Request;
use crate::identity::account::{AccountId, Accounts, Service};
use crate::identity::upstream::{Fault, Offline, Upstreams};
use crate::ingest::connection::{Connection, New};
use crate::ingest::index::What;
use crate::ingest::outcome::{Status, Stopped};
use crate::ingest::run::Run;
use crate::ingest::schedule::Frequency;
use crate::ingest::{Connector, Farewell, Ingest, service};
use crate::path::{PodName, ResourcePath};
use crate::rdf::graph::Triple;
use crate::rdf::vocab::vcard;
use crate::secret::Secret;

/// The name of the connector.
pub const NAME: &str = "contacts";

/// What an owner may want of the next run: that what waits goes; that deleted cards come back.
pub const AGREE: &str = "confirm-removals";
pub const RESTORE: &str = "restore-deleted";

/// Bytes of the longest answer.
const LONGEST: usize = 16 << 20;
/// Clouds that are looked at in one run, at the same time, and how long all of it may take.
const CLOUDS: usize = 40;
const CLOUDS_AT_A_TIME: usize = 8;
const CLOUDS_WITHIN: Duration = Duration::from_secs(10);
/// Cards that are written between two words on how far it is.
const CHUNK: usize = 250;

/// What a connection to a platform has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The platform's id in the server's settings.
    pub upstream: String,
    /// Who connected, as a digest: connecting again goes on with the same connection.
    pub person: String,
    /// Whose the pod is, who must want it.
    pub account: AccountId,
}

/// What a connection has to know; `None`: it is none of contacts.
pub fn settings_of(connection: &Connection) -> Option<Settings> {
    let settings = || serde_json::from_value(connection.settings.clone()).ok();
    (*connection.connector == *NAME).then(settings).flatten()
}

/// Connects a platform to a pod, or connects it again. Without the owner's leave it is only declared.
///
/// Spec: CP-07, CP-86
pub async fn connect(
    ingest: &Ingest,
    pod: &PodName,
    owner: &str,
    label: &str,
    settings: &Settings,
    leave: Option<&Leave>,
) -> Result<(), service::Error> {
    let known = ingest.connections(pod).await?.into_iter().find(|connection| {
        let is_same = settings_of(connection).is_some_and(|known| known.person == settings.person);
        is_same && connection.leaving.is_none()
    });
    let settings = serde_json::to_value(settings).unwrap_or_default();
    if let Some(known) = known {
        return match leave {
            Some(leave) => ingest.reconnect(pod, &known.id, leave, Some(settings)).await,
            None => Ok(()),
        };
    }
    let (connector, pod) = (NAME.into(), pod.clone());
    let (owner, label, frequency) = (owner.into(), label.into(), Frequency::default());
    let new = New { connector, pod, owner, label, settings, frequency };
    let id = if leave.is_some() { ingest.connect(new, leave).await } else { ingest.declare(new).await };
    id.map(|_| ())
}

/// What is kept, sealed, of the leave that an owner gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Leave {
    pub issuer: String,
    pub subject: String,
    pub offline: Offline,
    /// For a new book. It is drawn before anything is written, so that a run that dies is finished by the next.
    pub namespace: Uuid,
}

/// The connector to all platforms that show contacts.
pub struct Contacts {
    upstreams: Arc<Upstreams>,
    accounts: Arc<Accounts>,
    guard: Guard,
}

impl Contacts {
    pub fn new(upstreams: Arc<Upstreams>, accounts: Arc<Accounts>) -> Self {
        Self { upstreams, accounts, guard: Guard::default() }
    }
}

#[async_trait]
impl Connector for Contacts {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn run(&self, run: &mut Run<'_>) -> Result<Status, Stopped> {
        let settings = allowed(&self.accounts, run).await?;
        let mut leave: Leave = run.credentials()?;
        run.source = Some(leave.issuer.as_str().into());
        let access = access(&self.upstreams, run, &settings, &mut leave).await?;
        let Some(answer) = self.ask(run, &settings, &leave, &access).await? else {
            run.note("the platform had nothing to say", 1);
            return Ok(Status::OkUnchanged);
        };
        answer.rejected.iter().for_each(|reason| run.reject(*reason));
        self.take(run, &settings, &leave, &answer).await
    }

    /// Spec: CP-28, CP-85
    async fn disconnect(&self, farewell: &Farewell<'_>) {
        give_back(&self.upstreams, farewell).await;
    }

    /// The book stays as it is under another title.
    ///
    /// Spec: CP-85, CP-86
    async fn close(&self, run: &mut Run<'_>) -> Result<(), Stopped> {
        let Some(owned) = Owned::read(&run.base.facts) else { return Ok(()) };
        let Some(place) = place_of(run, &owned) else { return Ok(()) };
        run.source = Some(owned.issuer.as_str().into());
        let name = self.upstreams.of_issuer(&owned.issuer).map_or(&*owned.issuer, |(_, name)| name);
        let (title, owner) = (format!("Anciens contacts – {name}"), run.owner().to_owned());
        run.apply(vec![book::front(&place, Cover { title: &title, owner: &owner })]).await
    }
}

/// What a connection to a platform has to know, if its owner still wants data of the school to come in, and a minor's
/// guardian agrees: it is asked each time.
///
/// Spec: O-312, CP-07
pub(in crate::ingest) async fn allowed(accounts: &Accounts, run: &Run<'_>) -> Result<Settings, Stopped> {
    let refused = Stopped { status: Status::Failed, at: Some("settings of the connection") };
    let settings = settings_of(run.connection()).ok_or(refused)?;
    let account = accounts.account(&settings.account).await;
    let account = account.map_err(|_| Stopped { status: Status::Failed, at: Some("storage") })?;
    match account.filter(|account| account.may_use(Service::Contacts)) {
        Some(_) => Ok(settings),
        None => Err(Stopped { status: Status::Reconnect, at: Some("consent") }),
    }
}

/// Gives back to the platform what an owner's leave opens.
///
/// Spec: CP-28, CP-85
pub(in crate::ingest) async fn give_back(upstreams: &Upstreams, farewell: &Farewell<'_>) {
    if let (Some(settings), Some(leave)) = (settings_of(farewell.connection), farewell.credentials::<Leave>()) {
        // The token is forgotten here in any case.
        let _ = upstreams.revoke(&settings.upstream, &leave.offline.refresh).await;
    }
}

/// An access token. The refresh token that came with it is kept before it is used.
///
/// Spec: CP-24, CP-26
pub(in crate::ingest) async fn access(
    upstreams: &Upstreams,
    run: &mut Run<'_>,
    settings: &Settings,
    leave: &mut Leave,
) -> Result<Secret, Stopped> {
    let tokens = upstreams.refresh(&settings.upstream, &leave.offline.refresh).await;
    let tokens = tokens.map_err(|fault| match fault {
        Fault::Refused(code) if code == "invalid_grant" => Stopped::from(Status::Reconnect),
        fault => stopped(&fault),
    })?;
    leave.offline.refresh = tokens.refresh;
    run.keep_credentials(leave).await?;
    Ok(tokens.access)
}

impl Contacts {
    /// Asks for the contacts. `None`: the platform has no news.
    async fn ask(
        &self,
        run: &Run<'_>,
        settings: &Settings,
        leave: &Leave,
        access: &Secret,
    ) -> Result<Option<Answer>, Stopped> {
        let (subject, uid) = self.upstreams.whose(&settings.upstream, access).await.map_err(|fault| stopped(&fault))?;
        if subject != leave.subject || uid != leave.offline.uid {
            return Err(Status::AnotherPerson.into());
        }
        let contacts = self.upstreams.contacts(&settings.upstream).ok_or(stopped(&Fault::Unknown))?;
        let url = contacts.of(&uid).ok_or(stopped(&Fault::Unknown))?;
        let request = Request::get(url, LONGEST, contacts.timeout.0)
            .with("accept", "application/json")
            .with("authorization", &format!("Bearer {}", access.reveal()));
        let down = |_| Stopped { status: Status::ProviderDown, at: Some(NAME) };
        let fetched = run.fetch().send(request).await.map_err(down)?;
        match fetched.status.as_u16() {
            200 => match answer::read(&fetched.bytes) {
                Ok(Answer { people: None, schools: None, .. }) | Err(Unreadable::NotAnObject) => Ok(None),
                Ok(answer) => Ok(Some(answer)),
                Err(Unreadable::NotAList(at) | Unreadable::TooMany(at)) => {
                    Err(Stopped { status: Status::ProviderChanged, at: Some(at) })
                }
            },
            204 | 304 => Ok(None),
            _ => Err(Stopped { status: Status::ProviderDown, at: Some(NAME) }),
        }
    }

    /// Takes an answer into the book.
    ///
    /// Spec: CP-52
    async fn take(
        &self,
        run: &mut Run<'_>,
        settings: &Settings,
        leave: &Leave,
        answer: &Answer,
    ) -> Result<Status, Stopped> {
        let name = self.upstreams.of_issuer(&leave.issuer).map_or(&*settings.upstream, |(_, name)| name).to_owned();
        let place = self.book(run, settings, leave).await?;
        let deleted = bury_deleted(run, &place).await?;
        let known = Directory::known(&run.base, &place);
        if known.people.is_empty() && answer.people.as_ref().is_none_or(Vec::is_empty) {
            return Ok(Status::OkEmpty);
        }
        let expired = former::expired(run, &place, &known).await?;
        memory::note_identities(&mut run.base.facts, &place, answer, &name, &leave.issuer);
        let asked = Update {
            answer,
            place: &place,
            webids: &memory::webids(&run.base.facts),
            deleted: &people_of(&deleted, &place),
            expired: &expired,
            guard: self.guard,
            agreed: run.wishes(AGREE),
            now: run.now(),
        };
        let Updated { mut directory, waiting, held } = update(&known, Waiting::read(&run.base.facts, &place), &asked);
        waiting.write(&mut run.base.facts, &place);
        directory.call(&owners_names(run, &place).await?);
        if held > 0 {
            run.note("people who stay until another run shows that they left, or you agree", held as u64);
        }
        write(run, &place, &name, &directory, &deleted).await?;
        former::propose_twins(run, &place, &known).await?;
        if look_at_clouds(run, &directory).await {
            directory.know_webids(&memory::webids(&run.base.facts));
            write(run, &place, &name, &directory, &deleted).await?;
        }
        for id in &expired {
            run.delete(&place.document(About::Person(*id))).await?;
            memory::forget_person(&mut run.base.facts, &place, *id);
        }
        former::delete_spent_groups(run, &place).await?;
        let book = place.book().as_iri().map(ToString::to_string).unwrap_or_default();
        run.register(vcard::ADDRESS_BOOK, What::Instance(book)).await?;
        Ok(Status::Ok)
    }

    /// The book of this connection: the one that it has, the one that the same account filled before, or a new one.
    ///
    /// Spec: CP-86
    async fn book(&self, run: &mut Run<'_>, settings: &Settings, leave: &Leave) -> Result<Place, Stopped> {
        if Owned::read(&run.base.facts).is_none() {
            adopted::take(run, |owned| owned.is_of(&leave.issuer, &leave.subject)).await?;
        }
        let owned = match Owned::read(&run.base.facts) {
            Some(owned) => owned,
            None => new_book(run, settings, leave)?,
        };
        let elsewhere = Stopped { status: Status::Failed, at: Some("the book is in no pod of ours") };
        let place = place_of(run, &owned).ok_or(elsewhere)?;
        run.keep_private(&place.container()).await?;
        Ok(place)
    }
}

fn place_of(run: &Run<'_>, owned: &Owned) -> Option<Place> {
    let addresses = run.parts.pods.addresses();
    let container = addresses.path_of(&owned.book)?.container()?;
    Some(Place::new(addresses, &container, owned.namespace))
}

/// Lays down where a new book is to be: one word of the server's settings and a piece of what is drawn at random.
fn new_book(run: &mut Run<'_>, settings: &Settings, leave: &Leave) -> Result<Owned, Stopped> {
    let random = leave.namespace.as_fields().0;
    let index = run.path(&format!("/contacts/{}-{random:08x}/index.ttl", settings.upstream))?;
    let (issuer, subject) = (leave.issuer.clone(), leave.subject.clone());
    let book = format!("{}#this", run.iri(&index));
    let owned = Owned { book, namespace: leave.namespace, issuer, subject };
    owned.write(&mut run.base.facts);
    Ok(owned)
}

/// Writes what the book should hold.
async fn write(
    run: &mut Run<'_>,
    place: &Place,
    platform: &str,
    directory: &Directory,
    deleted: &BTreeSet<ResourcePath>,
) -> Result<(), Stopped> {
    let (title, owner) = (format!("Carnet scolaire – {platform}"), run.owner().to_owned());
    let stages = book::targets(place, Cover { title: &title, owner: &owner }, directory, deleted);
    let total = stages.iter().map(Vec::len).sum();
    let mut done = 0;
    for mut stage in stages {
        while !stage.is_empty() {
            run.progress(done, total);
            let chunk: Vec<_> = stage.drain(..CHUNK.min(stage.len())).collect();
            done += chunk.len();
            run.apply(chunk).await?;
        }
    }
    Ok(())
}

fn people_of(paths: &BTreeSet<ResourcePath>, place: &Place) -> BTreeSet<Uuid> {
    let person = |path| match place.about(path) {
        Some(About::Person(id)) => Some(id),
        _ => None,
    };
    paths.iter().filter_map(person).collect()
}

/// Notes which documents the owner deleted since the last run; indexes are made again. Gives all that they ever deleted.
///
/// Spec: CP-52
async fn bury_deleted(run: &mut Run<'_>, place: &Place) -> Result<BTreeSet<ResourcePath>, Stopped> {
    let restored = run.wishes(RESTORE);
    if restored {
        memory::exhume(&mut run.base.facts);
    }
    let container = place.container();
    let there = run.paths_below(&container).await?;
    let ours = run.base.documents().map(|(path, _)| path).filter(|path| path.is_below(&container));
    let gone: Vec<_> = ours.filter(|path| !there.contains(*path)).cloned().collect();
    let now = run.now();
    for path in gone {
        if place.about(&path).is_some() && !restored {
            memory::bury(&mut run.base.facts, place, &path, now);
        }
        run.base.forget(&path);
    }
    Ok(memory::tombstones(&run.base.facts, place))
}

/// What the owner calls people in the list of the book, where that is not what the platform calls them.
async fn owners_names(run: &Run<'_>, place: &Place) -> Result<BTreeMap<Uuid, String>, Stopped> {
    let path = place.people();
    let (Some(list), said) = (run.read(&path).await?, run.base.document(&path)) else { return Ok(BTreeMap::new()) };
    let of_owner = list.iter().filter(|triple| *triple.predicate == *vcard::FN && !said.contains(triple));
    let name = |triple: &Triple| match place.whose(&triple.subject) {
        Some(About::Person(id)) => Some((id, triple.object.as_literal()?.lexical.to_string())),
        _ => None,
    };
    Ok(of_owner.filter_map(name).collect())
}

/// Looks at clouds that were not looked at lately, as many as one run may. Whether that changed anything.
async fn look_at_clouds(run: &mut Run<'_>, directory: &Directory) -> bool {
    let now = run.now();
    let hosts: BTreeSet<_> = directory.present().filter_map(|(_, card)| card.host.as_ref()).collect();
    let due = hosts.into_iter().filter(|host| memory::is_due(&run.base.facts, host, now)).take(CLOUDS);
    let looks = due.map(|host| async { (host.clone(), cloud::webid(&run.parts.fetch, &run.parts.pods, host).await) });
    let looks: Vec<_> = looks.collect();
    let within = tokio::time::sleep(CLOUDS_WITHIN);
    let looked: Vec<_> = stream::iter(looks).buffer_unordered(CLOUDS_AT_A_TIME).take_until(within).collect().await;
    let before = memory::webids(&run.base.facts);
    for (host, webid) in looked {
        if let Ok(webid) = webid {
            memory::note_cloud(&mut run.base.facts, &host, webid.as_deref(), now);
        }
    }
    memory::webids(&run.base.facts) != before
}

/// How a run ends that met this.
fn stopped(fault: &Fault) -> Stopped {
    let (status, at) = match fault {
        Fault::Unknown => (Status::Failed, Some("the platform is not in the server's settings")),
        Fault::Unacceptable(at) => (Status::ProviderDown, Some(*at)),
        Fault::Away(_) | Fault::Refused(_) | Fault::Stale | Fault::Tenant => (Status::ProviderDown, Some("token")),
    };
    Stopped { status, at }
}
