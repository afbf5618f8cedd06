//! The drop folder: a payslip that any application, or a page, puts there is filed as the portal's are, without any
//! credentials.
//!
//! A file that is no pay document stays where it is, and nothing is said of it: whoever put it there finds it again.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use super::connector::register;
use super::facts::{Facts, Known};
use super::fields::Fields;
use super::kind::{Kind, Period, PortalName};
use super::mapping::PayDocument;
use super::place::{LABEL, Places};
use super::portal::whole;
use super::reading::{LONGEST, Reader};
use super::{filing, follow};
use crate::ingest::connection::{ConnectionId, New};
use crate::ingest::outcome::{Status, Stopped};
use crate::ingest::run::Run;
use crate::ingest::schedule::Frequency;
use crate::ingest::service::{self, Ingest};
use crate::ingest::write::Is;
use crate::ingest::{Connector, describe};
use crate::jobs::Undone;
use crate::path::{ContainerPath, PodName, ResourcePath, Role};
use crate::pods::DROP_FOLDER;
use crate::rdf::graph::{Iri, Term};
use crate::rdf::vocab::schema;
use crate::storage::{self, Pod, PodId};

/// The name of this connector.
pub const NAME: &str = "payslip-drop";
/// The most files that one run looks at.
const MOST: usize = 500;

/// Files what lies in the drop folder.
pub struct Dropped {
    reader: Arc<Reader>,
}

impl Dropped {
    pub fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

impl Ingest {
    /// Has the drop folder of a pod looked at as soon as may be. It is a connection like any other, but that nobody
    /// connects it: it is there once something was dropped.
    pub async fn look_into_drop_folder(&self, pod: &PodName) -> Result<(), Undone> {
        let failed = |error: service::Error| Undone::Failed(error.to_string());
        let Some(found) = self.parts.pods.storage().pod(pod).await?.filter(|_| self.connectors.contains_key(NAME))
        else {
            return Ok(());
        };
        let id = connection_of(found.id).ok_or_else(|| Undone::Hopeless("the drop folder has no name".to_owned()))?;
        let now = self.parts.clock.now();
        let Some(connection) = self.connections.find(found.id, &id).await? else {
            return self.open_drop_folder(found, id).await.map_err(failed);
        };
        if connection.state.is_running(now) {
            return Err(Undone::Failed("a run is under way".to_owned()));
        }
        if connection.leaving.is_none() {
            self.edit(found.id, &id, |connection| Ok(vec![self.ask(connection, found.id, now)]))
                .await
                .map_err(failed)?;
            self.wake();
        }
        Ok(())
    }

    async fn open_drop_folder(&self, pod: Pod, id: ConnectionId) -> Result<(), service::Error> {
        let Some(owner) = pod.owners.first() else { return Ok(()) };
        let now = self.parts.clock.now();
        let new = New {
            connector: NAME.into(),
            pod: pod.name.clone(),
            owner: owner.as_str().into(),
            label: LABEL.into(),
            settings: serde_json::Value::Null,
            frequency: Frequency::Off,
        };
        let mut connection = new.connection(now);
        connection.id = id;
        describe::describe(&self.parts.pods, &connection).await?;
        connection.described = true;
        let job = self.ask(&mut connection, pod.id, now);
        match self.connections.add(pod.id, &connection, vec![job]).await {
            // Somebody else was told of another file at the same time, and has asked for the run.
            Err(storage::Error::Taken(_)) => {}
            added => added?,
        }
        self.wake();
        Ok(())
    }
}

/// The name of the connection of a pod's drop folder: there is one.
fn connection_of(pod: PodId) -> Option<ConnectionId> {
    ConnectionId::parse(filing::hash(format!("{NAME} {}", pod.0).as_bytes()).get(..16)?)
}

#[async_trait]
impl Connector for Dropped {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn run(&self, run: &mut Run<'_>) -> Result<Status, Stopped> {
        let places = Places::of(run)?;
        let records = run.iri(&places.records);
        let mut facts = Facts::read(&run.base.facts, &records);
        let filed = self.file_all(run, &places, &mut facts).await;
        facts.write(&mut run.base.facts, &records);
        let filed = filed?;
        if filed > 0 {
            register(run, &places).await?;
        }
        Ok(if filed > 0 { Status::Ok } else { Status::OkUnchanged })
    }
}

impl Dropped {
    /// How many documents were filed.
    async fn file_all(&self, run: &mut Run<'_>, places: &Places, facts: &mut Facts) -> Result<usize, Stopped> {
        follow::moved(run, places, facts).await?;
        let waiting = waiting(run).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        run.keep_private(&places.amounts).await?;
        let elsewhere = filed_elsewhere(run).await?;
        let (mut filed, total) = (0, waiting.len());
        for (done, path) in waiting.into_iter().enumerate() {
            run.progress(done, total);
            filed += usize::from(self.file(run, places, facts, &elsewhere, &path).await?);
        }
        run.progress(total, total);
        Ok(filed)
    }

    /// Files one document; `false` if it stays where it is.
    async fn file(
        &self,
        run: &mut Run<'_>,
        places: &Places,
        facts: &mut Facts,
        elsewhere: &BTreeMap<String, Iri>,
        path: &ResourcePath,
    ) -> Result<bool, Stopped> {
        let Some(bytes) = run.agent.bytes(path, LONGEST as u64).await? else {
            run.reject("file-too-large");
            return Ok(false);
        };
        if let Err(bad) = whole(&bytes) {
            run.reject(bad.name());
            return Ok(false);
        }
        let hash = filing::hash(&bytes);
        let own = facts.hashed(&hash).and_then(|id| facts.known.get(&id)?.file.clone());
        if let Some(file) = own.as_ref().or_else(|| elsewhere.get(&hash))
            && let Some(filed) = filing::place_of(run, file)
            && filing::is_there(run, &filed, &hash).await?
        {
            // The very same file is filed already: one is enough.
            run.agent.delete(path, Is::Anything).await?;
            run.note("already-filed", 1);
            return Ok(true);
        }
        let Some(document) = self.recognised(run, path, bytes.clone()).await else {
            run.note("not-recognised", 1);
            return Ok(false);
        };
        self.keep(run, places, facts, path, (&bytes, hash), document).await?;
        Ok(true)
    }

    /// What a file says that it is; `None` if that is no pay document that we know.
    async fn recognised(
        &self,
        run: &mut Run<'_>,
        path: &ResourcePath,
        bytes: Bytes,
    ) -> Option<(Kind, Option<Period>, Fields)> {
        let fields = filing::read(run, &self.reader, bytes).await;
        let name = percent_encoding::percent_decode_str(path.name()).decode_utf8_lossy().into_owned();
        let coded = PortalName::parse(&name);
        let kind = fields
            .kind
            .or_else(|| coded.as_ref().and_then(|name| Kind::of_code(&name.code)))
            .or_else(|| Kind::of_title(&name))?;
        let by_name = || match (kind, &coded) {
            (Kind::AttestationFiscale, Some(name)) => Period::year(name.year),
            (Kind::AttestationFiscale, None) => Period::named_year(&name),
            (_, Some(name)) => Period::month(name.year, name.month),
            (_, None) => Period::named_month(&name),
        };
        let period = fields.period.or_else(by_name);
        // Without its month a payslip could not be found again.
        period.is_some().then_some((kind, period, fields))
    }

    /// Says the document, then moves its file: a run that is cut off in between is finished by the next.
    async fn keep(
        &self,
        run: &mut Run<'_>,
        places: &Places,
        facts: &mut Facts,
        from: &ResourcePath,
        (bytes, hash): (&[u8], String),
        (kind, period, fields): (Kind, Option<Period>, Fields),
    ) -> Result<(), Stopped> {
        let id = Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_URL, places.records.local().as_bytes()), hash.as_bytes());
        let (to, is_there) = filing::free_place(run, places, (kind, period, None), &hash, &hash).await?;
        let file = filing::file(run, &to, bytes, &hash, None);
        let iri = file.iri.clone();
        let issued = fields.issued;
        let document = PayDocument { kind, period, issued, listed: None, fields, file };
        filing::write(run, &document, places, id, None).await?;
        if is_there {
            run.agent.delete(from, Is::Anything).await?;
        } else if !run.agent.relocate(from, &to).await? {
            return Err(Stopped { status: Status::Failed, at: Some("others keep writing") });
        }
        facts.known.insert(id, Known { hash, file: Some(iri), ..Known::default() });
        Ok(())
    }
}

/// The PDFs that wait in the drop folder.
async fn waiting(run: &Run<'_>) -> Result<Vec<ResourcePath>, Stopped> {
    let Some(folder) = container(run, DROP_FOLDER)? else { return Ok(Vec::new()) };
    let mut waiting = Vec::new();
    for path in run.paths_below(&folder).await? {
        let named = path.name().to_ascii_lowercase().ends_with(".pdf");
        let is_pdf = async || {
            let media_type = run.agent.media_type(&path).await?;
            Ok::<_, Stopped>(media_type.is_some_and(|media_type| media_type.starts_with(filing::PDF)))
        };
        if waiting.len() < MOST && path.role() == Role::Document && (named || is_pdf().await?) {
            waiting.push(path);
        }
    }
    Ok(waiting)
}

fn container(run: &Run<'_>, local: &str) -> Result<Option<ContainerPath>, Stopped> {
    Ok(run.path(local)?.as_container())
}

/// The files of which the records of any account tell, by hash.
async fn filed_elsewhere(run: &Run<'_>) -> Result<BTreeMap<String, Iri>, Stopped> {
    let mut filed = BTreeMap::new();
    let Some(accounts) = container(run, "/administratif/ensap/")? else { return Ok(filed) };
    for path in run.paths_below(&accounts).await? {
        if path.role() != Role::Document || !path.local().contains("/records/") {
            continue;
        }
        let graph = run.read(&path).await?.unwrap_or_default();
        for triple in graph.iter().filter(|triple| *triple.predicate == *schema::SHA256) {
            if let (Term::Iri(file), Term::Literal(hash)) = (&triple.subject, &triple.object) {
                filed.insert(hash.lexical.to_string(), file.clone());
            }
        }
    }
    Ok(filed)
}
