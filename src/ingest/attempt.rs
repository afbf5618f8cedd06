//! From a job that is due to the end of its run.
//!
//! Whoever runs holds a lease in the connection's record and renews it; whoever dies loses it, and the job, which is
//! done only when the run has ended, is taken by somebody else. So a run is never under way twice, and none is lost.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::base::Base;
use super::connection::{Connection, ConnectionId, Edit, Lease};
use super::describe::{self, place};
use super::outcome::{Status, Stopped};
use super::report::{self, Activity, Report};
use super::run::{Place, Run};
use super::service::Ingest;
use super::write::{Is, OwnersAgent};
use super::{Connector, Progress, prefixes};
use crate::clock::Timestamp;
use crate::jobs::Undone;
use crate::path::ResourcePath;
use crate::rdf::format::{self, Document, Format};
use crate::secret;
use crate::storage::{self, PodId};

/// How long a run may take. What is missing then comes with the next one.
const LONGEST: Duration = Duration::from_mins(10);
/// How long a lease holds, and how often it is looked at.
const LEASE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_secs(2);
/// Every so many looks it is renewed.
const RENEWAL: u32 = 20;
/// How long run reports are kept: 13 months.
const REPORTS: Duration = Duration::from_hours(24 * 396);

/// What a job that is due leads to.
enum Begin {
    /// It is over: another time was chosen meanwhile, or somebody else has run.
    Stale,
    /// Somebody else runs.
    Busy,
    /// The owner has disconnected.
    Leave(Box<Connection>),
    Run {
        connection: Box<Connection>,
        by_owner: bool,
    },
}

impl Ingest {
    /// Runs a connection, if it is still due.
    ///
    /// Spec: CP-21, CP-22, CP-24
    pub async fn run_due(&self, pod: PodId, id: &str, due: Timestamp) -> Result<(), Undone> {
        let id = ConnectionId::parse(id).ok_or_else(|| Undone::Hopeless("the connection cannot be read".to_owned()))?;
        let lease: Box<str> = secret::token().into();
        match self.begin(pod, &id, due, &lease).await? {
            Begin::Stale => Ok(()),
            Begin::Run { connection, .. } | Begin::Leave(connection) if !self.is_there(pod, &connection).await? => {
                Ok(self.forget(pod).await?)
            }
            // Who disconnects stops what runs; it is tried again when that has ended.
            Begin::Busy => Err(Undone::Failed("a run is under way".to_owned())),
            Begin::Leave(connection) => self.take_leave(pod, *connection).await,
            Begin::Run { connection, by_owner } => self.attempt(pod, *connection, by_owner, lease).await,
        }
    }

    /// Whether the pod is still there: its name is never given again.
    async fn is_there(&self, pod: PodId, connection: &Connection) -> storage::Result<bool> {
        Ok(self.parts.pods.storage().pod(&connection.pod).await?.is_some_and(|found| found.id == pod))
    }

    async fn begin(&self, pod: PodId, id: &ConnectionId, due: Timestamp, lease: &str) -> storage::Result<Begin> {
        let now = self.parts.pods.storage().now().await?;
        let begun = self.connections.edit(pod, id, |connection| {
            let state = &mut connection.state;
            let by_owner = state.asked == Some(due);
            if !by_owner && state.next != Some(due) {
                return (Begin::Stale, Edit::Leave);
            }
            if state.is_running(now) {
                let waits = connection.leaving.is_some();
                return (if waits { Begin::Busy } else { Begin::Stale }, Edit::Leave);
            }
            if connection.leaving.is_some() {
                return (Begin::Leave(Box::new(connection.clone())), Edit::Leave);
            }
            state.running = Some(Lease { by: lease.into(), until: now.plus(LEASE) });
            (Begin::Run { connection: Box::new(connection.clone()), by_owner }, Edit::Keep(Vec::new()))
        });
        Ok(begun.await?.unwrap_or(Begin::Stale))
    }

    async fn attempt(&self, pod: PodId, connection: Connection, by_owner: bool, lease: Box<str>) -> Result<(), Undone> {
        let (id, started) = (connection.id.clone(), self.parts.clock.now());
        let told = self.told(&id);
        told.send_replace(Progress::Running { done: 0, total: 0 });
        let place = Place { pod, root: ResourcePath::root(connection.pod.clone()), started, lease };
        let end = match self.connectors.get(&*connection.connector) {
            Some(connector) => self.go(&**connector, connection, by_owner, &place, &told).await,
            None => End {
                result: Err(Stopped { status: Status::Failed, at: Some("connector") }),
                wishes_met: BTreeSet::new(),
            },
        };
        self.end(&id, &place, &end).await?;
        told.send_replace(Progress::Ended(end.status()));
        Ok(())
    }

    /// One run, from its base to its report.
    async fn go(
        &self,
        connector: &dyn Connector,
        connection: Connection,
        by_owner: bool,
        place: &Place,
        told: &watch::Sender<Progress>,
    ) -> End {
        let id = connection.id.clone();
        let mut run = self.run(connection, by_owner, place, told);
        let ended = match self.base(&run).await {
            Ok(base) => {
                run.base = base;
                tokio::select! {
                    ended = try_run(connector, &mut run) => ended,
                    lost = self.lose_lease(&id, place) => match lost {
                        Lost::Disconnected => Err(Stopped { status: Status::Failed, at: Some("disconnected") }),
                        Lost::Lease => return End { result: Err(Status::Failed.into()), wishes_met: BTreeSet::new() },
                    },
                }
            }
            Err(stopped) => Err(stopped),
        };
        let result = self.keep(&mut run, ended).await;
        End { result, wishes_met: run.wishes_met }
    }

    /// A run that has not begun.
    pub(super) fn run<'a>(
        &'a self,
        connection: Connection,
        by_owner: bool,
        place: &'a Place,
        told: &'a watch::Sender<Progress>,
    ) -> Run<'a> {
        let client = describe::agent(&connection, self.parts.pods.addresses());
        let agent = OwnersAgent::new(Arc::clone(&self.parts.pods), &connection.owner, &client);
        Run {
            base: Base::default(),
            by_owner,
            source: None,
            report: Report::default(),
            wishes_met: BTreeSet::new(),
            place,
            connection,
            agent,
            parts: &self.parts,
            connections: &self.connections,
            told,
        }
    }

    /// Returns when the run has to stop.
    async fn lose_lease(&self, id: &ConnectionId, place: &Place) -> Lost {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for look in 1.. {
            looks.tick().await;
            let Ok(found) = self.connections.find(place.pod, id).await else { continue };
            let Some(connection) = found.filter(|connection| connection.state.is_run_by(&place.lease)) else {
                return Lost::Lease;
            };
            if connection.leaving.is_some() {
                return Lost::Disconnected;
            }
            if look % RENEWAL == 0 {
                self.renew(id, place).await;
            }
        }
        Lost::Lease
    }

    async fn renew(&self, id: &ConnectionId, place: &Place) {
        let Ok(now) = self.parts.pods.storage().now().await else { return };
        let renewed = self.connections.edit(place.pod, id, |connection| {
            let ours = connection.state.is_run_by(&place.lease);
            if let Some(running) = connection.state.running.as_mut().filter(|_| ours) {
                running.until = now.plus(LEASE);
            }
            ((), if ours { Edit::Keep(Vec::new()) } else { Edit::Leave })
        });
        // If it could not be renewed, that shows at the next look.
        drop(renewed.await);
    }

    pub(super) async fn base(&self, run: &Run<'_>) -> Result<Base, Stopped> {
        let path = place(&run.connection, "base.trig");
        let Some(held) = run.agent.look(&path).await? else { return Ok(Base::default()) };
        let document = run.agent.document(&held).await?;
        let document = document.ok_or(Stopped { status: Status::Failed, at: Some("the base is no RDF") })?;
        Ok(Base::of(&document, self.parts.pods.addresses()))
    }

    /// Keeps what the run leaves behind: the base, for it was written last, then the report.
    pub(super) async fn keep(&self, run: &mut Run<'_>, ended: Result<Status, Stopped>) -> Result<Status, Stopped> {
        let kept = if run.base.has_changed() { self.keep_base(run).await } else { Ok(()) };
        let ended = match (ended, kept) {
            (Ok(_), Err(stopped)) => Err(stopped),
            (Ok(Status::Ok), Ok(())) if !run.report.has_changes() => Ok(Status::OkUnchanged),
            (ended, _) => ended,
        };
        if let Err(stopped) = self.keep_report(run, ended).await {
            tracing::warn!(reason = %stopped, "the report of a run could not be written");
        }
        if let Err(stopped) = self.sweep_reports(run).await {
            tracing::warn!(reason = %stopped, "old reports of runs could not be removed; the next run tries again");
        }
        ended
    }

    async fn keep_base(&self, run: &Run<'_>) -> Result<(), Stopped> {
        let path = place(&run.connection, "base.trig");
        let (base, pods) = (run.base.clone(), Arc::clone(&self.parts.pods));
        let iri = run.iri(&path);
        // It is as long as all that the connector keeps: printed beside the threads that answer requests.
        let printed = tokio::task::spawn_blocking(move || base.print(&iri, pods.addresses())).await;
        let unprintable = Stopped { status: Status::Failed, at: Some("the base cannot be written") };
        let bytes = printed.ok().and_then(Result::ok).ok_or(unprintable)?;
        run.agent.put(&path, Format::TriG.media_type(), bytes.into(), Is::Anything).await.map(|_| ())
    }

    async fn keep_report(&self, run: &Run<'_>, end: Result<Status, Stopped>) -> Result<(), Stopped> {
        let path = run.path(&report::place(&run.connection.id, run.place.started))?;
        let (activity, agent) = (run.activity(), run.agent());
        let of = Activity {
            iri: &activity,
            agent: &agent,
            source: run.source.as_ref(),
            by_owner: run.by_owner,
            owner: run.owner(),
            started: run.place.started,
            ended: run.now(),
            end,
        };
        let graph = run.report.graph(&of, |path| run.iri(path));
        let prefixes = prefixes::with(Vec::new(), &graph);
        let printed = format::print_at(&run.iri(&path), &Document { dataset: graph.into(), prefixes }, Format::Turtle);
        let bytes =
            printed.map_err(|_| Stopped { status: Status::Failed, at: Some("the report cannot be written") })?;
        run.agent.put(&path, Format::Turtle.media_type(), bytes.into(), Is::Anything).await.map(|_| ())
    }

    /// Removes the reports of more than 13 months ago.
    async fn sweep_reports(&self, run: &Run<'_>) -> Result<(), Stopped> {
        let oldest = report::name(run.place.started.minus(REPORTS));
        let container = place(&run.connection, "runs/").as_container();
        let reports = run.agent.below(&container.ok_or(Status::Failed)?).await?;
        for path in reports.iter().filter(|path| path.name() < &*oldest) {
            run.agent.delete(path, Is::Anything).await?;
        }
        Ok(())
    }

    /// Notes how the run ended, gives the lease back, and queues the next run.
    async fn end(&self, id: &ConnectionId, place: &Place, end: &End) -> storage::Result<()> {
        let now = self.parts.clock.now();
        let ended = self.connections.edit(place.pod, id, |connection| {
            if !connection.state.is_run_by(&place.lease) {
                return ((), Edit::Leave);
            }
            connection.note(place.started, end.result);
            if end.status().is_good() {
                connection.wishes.retain(|wish| !end.wishes_met.contains(wish));
            }
            if connection.leaving.is_some() {
                return ((), Edit::Keep(Vec::new()));
            }
            connection.state.asked = None;
            let next = match connection.state.next {
                _ if end.status().needs_owner() => None,
                Some(next) if next > now => Some(next),
                _ => connection.frequency.next(id, now),
            };
            let job = self.schedule(connection, place.pod, next);
            ((), Edit::Keep(job.into_iter().collect()))
        });
        ended.await.map(|_| ())
    }
}

/// How a run ended.
struct End {
    result: Result<Status, Stopped>,
    wishes_met: BTreeSet<Box<str>>,
}

impl End {
    fn status(&self) -> Status {
        self.result.unwrap_or_else(|stopped| stopped.status)
    }
}

/// Why a run under way has to stop.
enum Lost {
    /// The owner has disconnected.
    Disconnected,
    /// Somebody else runs: nothing more may be written.
    Lease,
}

/// Runs a connector, which may take too long, and may panic on what it was answered.
async fn try_run(connector: &dyn Connector, run: &mut Run<'_>) -> Result<Status, Stopped> {
    match timeout(LONGEST, AssertUnwindSafe(connector.run(run)).catch_unwind()).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_)) => {
            tracing::error!(connector = connector.name(), "a connector panicked");
            Err(Status::Failed.into())
        }
        Err(_) => Err(Stopped { status: Status::Partial, at: Some("time") }),
    }
}
