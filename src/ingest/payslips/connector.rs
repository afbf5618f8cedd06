//! The connector of the pay portal: lists newest years first, fetches what is new, files it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;
use uuid::Uuid;

use super::facts::{Facts, Known};
use super::fields::Fields;
use super::filing::{self, PDF};
use super::follow;
use super::kind::{Kind, with_suffix};
use super::listing::{Listed, Rights, Service, Unknown, Years};
use super::mapping::PayDocument;
use super::place::Places;
use super::portal::{Credentials, Portal};
use super::reading::Reader;
use crate::ingest::Connector;
use crate::ingest::index::What;
use crate::ingest::outcome::{Status, Stopped};
use crate::ingest::run::Run;
use crate::path::ResourcePath;
use crate::rdf::graph::Iri;
use crate::rdf::vocab::cartable;

/// The name of this connector.
pub const NAME: &str = "payslips";
/// What owners ask for so that deleted documents are fetched again.
pub const EVERYTHING: &str = "everything";

/// How long one answer of the portal may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fetches pay documents from the portal.
pub struct Payslips {
    portal: Url,
    reader: Arc<Reader>,
    /// How long one answer of the portal may take.
    within: Duration,
}

impl Payslips {
    /// A connector to the portal at this address.
    pub fn new(portal: Url, reader: Arc<Reader>) -> Self {
        Self { portal, reader, within: PATIENCE }
    }

    /// The same, less patient.
    #[must_use]
    pub fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }
}

#[async_trait]
impl Connector for Payslips {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Spec: CP-20, CP-24, CP-27
    async fn run(&self, run: &mut Run<'_>) -> Result<Status, Stopped> {
        run.source = Some(self.portal.as_str().into());
        let mut work = Work::begin(run, self).await?;
        let ended = work.all(run).await;
        work.remember(run);
        let good = ended?;
        if good != Status::OkEmpty {
            register(run, &work.places).await?;
        }
        Ok(good)
    }
}

/// Tells the type index where pay documents are.
pub async fn register(run: &mut Run<'_>, places: &Places) -> Result<(), Stopped> {
    let records = run.iri(&places.records);
    for class in [cartable::PAY_DOCUMENT, cartable::PAYSLIP] {
        run.register(class, What::Container(records.clone())).await?;
    }
    Ok(())
}

/// Forgets what was written of documents that are gone, so that they are made again.
async fn forget_deleted(run: &mut Run<'_>) -> Result<(), Stopped> {
    let written: Vec<_> = run.base.documents().map(|(path, _)| path.clone()).collect();
    for path in written {
        if run.agent.look(&path).await?.is_none() {
            run.base.forget(&path);
        }
    }
    Ok(())
}

/// One run.
struct Work<'a> {
    connector: &'a Payslips,
    places: Places,
    /// The address of the container of records.
    records: String,
    facts: Facts,
    done: usize,
    total: usize,
    /// Whether something did not come, and the next run has to fetch it.
    lacking: bool,
    changed: bool,
}

impl<'a> Work<'a> {
    async fn begin(run: &mut Run<'_>, connector: &'a Payslips) -> Result<Self, Stopped> {
        let places = Places::of(run)?;
        let records = run.iri(&places.records);
        let mut facts = Facts::read(&run.base.facts, &records);
        let changed = follow::moved(run, &places, &mut facts).await?;
        if run.wishes(EVERYTHING) {
            facts.start_over();
            forget_deleted(run).await?;
        }
        run.keep_private(&places.amounts).await?;
        Ok(Self { connector, places, records, facts, done: 0, total: 0, lacking: false, changed })
    }

    fn remember(&self, run: &mut Run<'_>) {
        self.facts.write(&mut run.base.facts, &self.records);
    }

    /// Signs in, does what there is to do, signs out, whatever came of it.
    async fn all(&mut self, run: &mut Run<'_>) -> Result<Status, Stopped> {
        let credentials: Credentials = run.credentials()?;
        let fetch = Arc::clone(&run.parts.fetch);
        let mut portal =
            Portal::enter(&fetch, self.connector.portal.clone(), self.connector.within, &credentials).await?;
        let ended = self.services(run, &mut portal).await;
        portal.leave().await;
        let known = ended?;
        Ok(match (known, self.lacking, self.changed) {
            (false, ..) => Status::OkEmpty,
            (true, true, _) => Status::Partial,
            (true, false, true) => Status::Ok,
            (true, false, false) => Status::OkUnchanged,
        })
    }

    /// Whether the person has a right to anything.
    async fn services(&mut self, run: &mut Run<'_>, portal: &mut Portal<'_>) -> Result<bool, Stopped> {
        let Rights { pay, pension } = portal.rights().await?;
        let services = [(Service::Pay, pay), (Service::Pension, pension)];
        let open: Vec<_> = services.into_iter().filter_map(|(service, years)| Some((service, years?))).collect();
        for (service, years) in &open {
            let years = match years {
                Years::Known(years) => years.clone(),
                Years::Ask => portal.years(*service).await?,
            };
            for year in years {
                let rows = portal.documents(*service, year).await?;
                self.year(run, portal, rows).await?;
            }
        }
        Ok(!open.is_empty())
    }

    /// The documents of a year.
    async fn year(
        &mut self,
        run: &mut Run<'_>,
        portal: &mut Portal<'_>,
        rows: Vec<Result<Listed, Unknown>>,
    ) -> Result<(), Stopped> {
        if let Some(Err(unknown)) = rows.first().filter(|_| rows.iter().all(Result::is_err)) {
            return Err(Stopped { status: Status::ProviderChanged, at: Some(unknown.0) });
        }
        self.total += rows.len();
        for row in rows {
            match row {
                Ok(document) => self.document(run, portal, &document).await?,
                Err(unknown) => {
                    self.lacking = true;
                    run.reject(unknown.0);
                }
            }
            self.done += 1;
            run.progress(self.done, self.total);
        }
        Ok(())
    }

    /// One document: nothing if it is known as it is listed, or was deleted by its owner.
    async fn document(&mut self, run: &mut Run<'_>, portal: &mut Portal<'_>, listed: &Listed) -> Result<(), Stopped> {
        let known = self.facts.named(&listed.uuid).and_then(|id| Some((id, self.facts.known.get(&id)?.clone())));
        if let Some((_, known)) = &known {
            let as_listed = known.rows.get(&listed.uuid).is_some_and(|row| *row == listed.fingerprint);
            if as_listed || known.gone.is_some() {
                return Ok(());
            }
        }
        match portal.file(listed).await?.and_then(|bytes| super::portal::whole(&bytes).map(|()| bytes)) {
            Ok(bytes) => {
                self.changed = true;
                self.file(run, listed, known, bytes).await
            }
            Err(bad) => {
                self.lacking = true;
                run.reject(bad.name());
                Ok(())
            }
        }
    }

    /// Files what was fetched: it may be new, a newer issue of what is known, or known under another name.
    async fn file(
        &mut self,
        run: &mut Run<'_>,
        listed: &Listed,
        known: Option<(Uuid, Known)>,
        bytes: Bytes,
    ) -> Result<(), Stopped> {
        let hash = filing::hash(&bytes);
        let same = self.facts.hashed(&hash).filter(|same| known.as_ref().is_none_or(|(id, _)| id != same));
        if let (None, Some(same)) = (&known, same) {
            self.note(same, listed, &hash, None);
            return Ok(());
        }
        let id = known.as_ref().map_or_else(|| self.record_of(listed), |(id, _)| *id);
        let before = known.and_then(|(_, known)| Some((known.hash, known.file?)));
        let (path, replaces) = match before {
            Some((before, file)) if before == hash => (filing::place_of(run, &file), None),
            Some((_, file)) => self.set_aside(run, &file).await?,
            None => (None, None),
        };
        let path = if let Some(path) = path {
            path
        } else {
            let named = (listed.kind, listed.period, listed.name.as_deref());
            filing::free_place(run, &self.places, named, &listed.uuid, &hash).await?.0
        };
        run.put_file(&path, PDF, bytes.clone()).await?;
        // Known from here on: if the run is cut off, the next one finds the file and goes on.
        let fields = filing::read(run, &self.connector.reader, bytes.clone()).await;
        let file = filing::file(run, &path, &bytes, &hash, replaces);
        let iri = file.iri.clone();
        let document = said(listed, fields, file);
        let portal = Some(self.connector.portal.as_str().into());
        filing::write(run, &document, &self.places, id, portal).await?;
        self.note(id, listed, &hash, Some(iri));
        Ok(())
    }

    /// Moves an older issue aside under a name that tells when it was replaced: the place that becomes free, and where it
    /// lies now.
    async fn set_aside(&self, run: &mut Run<'_>, file: &Iri) -> Result<(Option<ResourcePath>, Option<Iri>), Stopped> {
        let Some(path) = filing::place_of(run, file) else { return Ok((None, None)) };
        let day = run.now().to_string();
        let name = percent_encoding::percent_decode_str(path.name()).decode_utf8_lossy().into_owned();
        let aside = with_suffix(&name, &format!("avant_{}", day.get(..10).unwrap_or_default()));
        let Some(folder) = path.container() else { return Ok((None, None)) };
        let Some(aside) = crate::path::Name::of(&aside, false).map(|name| folder.child(&name)) else {
            return Ok((None, None));
        };
        if run.agent.relocate(&path, &aside).await? {
            let iri = run.iri(&aside).into();
            return Ok((Some(path), Some(iri)));
        }
        Ok((None, Some(file.clone())))
    }

    /// The name of a new record: the same whenever this account lists this document.
    fn record_of(&self, listed: &Listed) -> Uuid {
        let account = Uuid::new_v5(&Uuid::NAMESPACE_URL, self.records.as_bytes());
        Uuid::new_v5(&account, listed.uuid.as_bytes())
    }

    fn note(&mut self, id: Uuid, listed: &Listed, hash: &str, file: Option<Iri>) {
        let known = self.facts.known.entry(id).or_default();
        known.rows.insert(listed.uuid.clone(), listed.fingerprint.clone());
        hash.clone_into(&mut known.hash);
        if file.is_some() {
            (known.file, known.gone) = (file, None);
        }
    }
}

/// What listing and file say together; the listing knows best what it lists.
fn said(listed: &Listed, fields: Fields, file: super::mapping::File) -> PayDocument {
    let kind = fields.kind.filter(|_| listed.kind == Kind::Autre).unwrap_or(listed.kind);
    let (period, issued) = (listed.period.or(fields.period), listed.issued.or(fields.issued));
    PayDocument { kind, period, issued, listed: listed.net, fields, file }
}
