//! Disconnecting: credentials go at once, data stay or go.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::timeout;

use super::base::Base;
use super::connection::{Connection, ConnectionId, Edit, Leaving};
use super::describe::{self, place};
use super::outcome::{Status, Stopped};
use super::report::moment;
use super::run::Place;
use super::service::{Error, Ingest, Refusal};
use super::write::OwnersAgent;
use super::{Farewell, Progress, provenance};
use crate::jobs::Undone;
use crate::path::{PodName, ResourcePath};
use crate::rdf::graph::{Term, Triple};
use crate::rdf::vocab::prov;
use crate::storage::PodId;

/// How long the other side may take to hear of it.
const FAREWELL: Duration = Duration::from_secs(5);
/// Documents that are deleted at the same time.
const AT_A_TIME: usize = 32;

impl Ingest {
    /// Disconnects a source. Its credentials are gone when this returns; then the other side is told, if it has to be,
    /// and what is to be done with the data is done by a job.
    ///
    /// Spec: CP-28, CP-85
    pub async fn disconnect(&self, pod: &PodName, id: &ConnectionId, data: Leaving) -> Result<(), Error> {
        let now = self.parts.clock.now();
        let number = self.pod(pod).await?;
        let mut before = None;
        self.edit(number, id, |connection| {
            if connection.leaving.is_some() {
                return Err(Refusal::Leaving);
            }
            before = Some(connection.clone());
            connection.forget_credentials();
            connection.leaving = Some(data);
            connection.state.next = None;
            Ok(vec![self.ask(connection, number, now)])
        })
        .await?;
        self.wake();
        if let (Some(connection), Some(connector)) =
            (&before, before.as_ref().and_then(|connection| self.connectors.get(&*connection.connector)))
        {
            let farewell = Farewell { connection, parts: &self.parts };
            if timeout(FAREWELL, connector.disconnect(&farewell)).await.is_err() {
                tracing::warn!(connector = connector.name(), "the other side took too long to hear of a farewell");
            }
        }
        Ok(())
    }

    /// Does with the data what the owner chose, then forgets the connection.
    pub(super) async fn take_leave(&self, pod: PodId, connection: Connection) -> Result<(), Undone> {
        let client = describe::agent(&connection, self.parts.pods.addresses());
        let agent = OwnersAgent::new(Arc::clone(&self.parts.pods), &connection.owner, &client);
        let done = match connection.leaving {
            Some(Leaving::Remove) => self.remove_data(&connection, &agent).await,
            _ => self.close(pod, &connection, &agent).await,
        };
        match done {
            Err(Stopped { status: Status::Failed, .. }) => return Err(Undone::Failed("storage".to_owned())),
            // What the pod does not let us do stays undone: the connection goes in any case.
            Err(stopped) => tracing::warn!(reason = %stopped, "the data of a disconnected source stay"),
            Ok(()) => {}
        }
        let id = connection.id.clone();
        self.connections.edit(pod, &id, |_| ((), Edit::Remove(Vec::new()))).await?;
        self.tell(&id, Progress::Ended(Status::Ok));
        Ok(())
    }

    /// Lets the connector say its last words, and says in the description that the connection is no more; its base
    /// stays.
    async fn close(&self, pod: PodId, connection: &Connection, agent: &OwnersAgent) -> Result<(), Stopped> {
        let (root, started) = (ResourcePath::root(connection.pod.clone()), self.parts.clock.now());
        let (place_of_run, told) = (Place { pod, root, started, lease: "".into() }, self.told(&connection.id));
        let mut run = self.run(connection.clone(), true, &place_of_run, &told);
        run.base = self.base(&run).await?;
        let connector = self.connectors.get(&*connection.connector);
        if let Some(connector) = connector.filter(|_| run.base.documents().next().is_some()) {
            let closed = connector.close(&mut run).await.map(|()| Status::Ok);
            self.keep(&mut run, closed).await?;
        }
        let this = Term::iri(describe::agent(connection, self.parts.pods.addresses()));
        let ended = Triple::new(this, prov::INVALIDATED_AT_TIME, moment(self.parts.clock.now()));
        agent.insert(&place(connection, "account.ttl"), ended.into_iter().collect()).await
    }

    /// Deletes what the connector made and nobody edited since, and what it kept for itself.
    async fn remove_data(&self, connection: &Connection, agent: &OwnersAgent) -> Result<(), Stopped> {
        if let Some(held) = agent.look(&place(connection, "base.trig")).await?
            && let Some(document) = agent.document(&held).await?
        {
            let base = Base::of(&document, self.parts.pods.addresses());
            let documents: Vec<_> = base.documents().map(|(path, graph)| (path.clone(), graph.clone())).collect();
            let deleted =
                documents.into_iter().map(|(path, graph)| async move { agent.delete_unedited(&path, &graph).await });
            stream::iter(deleted).buffer_unordered(AT_A_TIME).try_collect::<Vec<_>>().await?;
            for file in provenance::files(&base.facts) {
                let path = self.parts.pods.addresses().path_of(file).filter(|path| *path.pod() == connection.pod);
                if let Some(path) = path {
                    agent.delete_unchanged(&path).await?;
                }
            }
        }
        let own = place(connection, "").as_container().ok_or(Status::Failed)?;
        agent.delete_all(&own).await
    }
}
