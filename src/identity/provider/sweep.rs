//! What is due from time to time: the records of sign-ins on their way, codes, grants, revocations and
//! registrations that nobody needs.

use std::sync::Arc;
use std::time::Duration;

use super::code::Code;
use super::grant::{self, GRANTS, Grant, GrantId};
use super::register::{CLIENTS, COUNTERS, Count};
use super::revoke::REVOKED;
use super::{Provider, Result, interaction};
use crate::clock::Timestamp;
use crate::identity::provider::client::{AWAY, COPIES, Copy, Registered};
use crate::storage::{self, Entry, EntryIs, EntryWrite, KeyRange};

const DAY: Duration = Duration::from_hours(24);
/// How long a code is remembered, so that its reuse is seen.
///
/// Spec: O-150
const CODE: Duration = DAY;
/// How long a registration waits for its first use.
///
/// Spec: O-128
const UNUSED: Duration = DAY;
/// How long a registration is kept after it was last used.
///
/// Spec: O-128
const USED: Duration = DAY.saturating_mul(180);
/// Records that are read and removed at a time.
const PAGE: usize = 256;

/// Notes that a client was used: it is kept for half a year more.
///
/// Spec: O-128
pub(super) fn mark_used(client: &str, now: Timestamp) -> EntryWrite {
    EntryWrite { key: mark(client), expected: EntryIs::Anything, value: Some(now.millis().to_string().into()) }
}

fn mark(client: &str) -> Arc<str> {
    format!("client-used/{client}").into()
}

impl Provider {
    /// Removes what nobody needs any more. To be called now and then, on any node.
    ///
    /// Spec: O-128, O-129, O-135
    pub async fn tend(&self) -> Result<()> {
        let now = self.clock.now();
        self.sweep(interaction::PREFIX, |entry| unless(entry, !interaction::has_ended(&entry.key, now))).await?;
        self.sweep("code/", |entry| old_code(entry, now)).await?;
        self.sweep_grants(now).await?;
        self.sweep(REVOKED, |entry| past(entry, now)).await?;
        self.sweep(COUNTERS, |entry| old_count(entry, now)).await?;
        self.sweep(COPIES, |entry| old_copy(entry, now)).await?;
        self.sweep_clients(now).await
    }

    /// Goes through the records that begin with `prefix` and writes what `due` says of each.
    async fn sweep(&self, prefix: &str, due: impl Fn(&Entry) -> Vec<EntryWrite> + Send) -> Result<()> {
        let mut after = None;
        while let Some(page) = self.page(prefix, after.as_deref()).await? {
            self.remove(page.iter().flat_map(&due).collect()).await?;
            after = page.last().map(|entry| Arc::clone(&entry.key));
        }
        Ok(())
    }

    /// Grants that have ended go, and those of accounts that are no more.
    async fn sweep_grants(&self, now: Timestamp) -> Result<()> {
        let mut after = None;
        while let Some(page) = self.page(GRANTS, after.as_deref()).await? {
            let mut writes = Vec::new();
            for entry in &page {
                match grant_of(entry) {
                    Some((_, grant))
                        if now < grant.ends() && self.accounts.account(&grant.account).await?.is_some() => {}
                    Some((id, grant)) => writes.extend([gone(entry), grant::unlisted(&id, &grant.account)]),
                    None => writes.push(gone(entry)),
                }
            }
            self.remove(writes).await?;
            after = page.last().map(|entry| Arc::clone(&entry.key));
        }
        Ok(())
    }

    /// Registrations that nobody uses go; a mark that comes meanwhile keeps its client.
    ///
    /// Spec: O-128
    async fn sweep_clients(&self, now: Timestamp) -> Result<()> {
        let (mut left, mut after) = (0, None);
        while let Some(page) = self.page(CLIENTS, after.as_deref()).await? {
            let mut writes = Vec::new();
            for entry in &page {
                let mark = mark(entry.key.strip_prefix(CLIENTS).unwrap_or_default());
                let used = self.storage.entry(&mark).await?;
                if is_unused(entry, used.as_ref(), now) {
                    let expected = used.map_or(EntryIs::Absent, |used| EntryIs::At(used.version));
                    writes.extend([gone(entry), EntryWrite { key: mark, expected, value: None }]);
                } else {
                    left += 1;
                }
            }
            self.remove(writes).await?;
            after = page.last().map(|entry| Arc::clone(&entry.key));
        }
        self.clients.recount(left).await;
        Ok(())
    }

    /// The next records; `None` after the last.
    async fn page(&self, prefix: &str, after: Option<&str>) -> Result<Option<Vec<Entry>>> {
        let entries = self.storage.entries(KeyRange { prefix, after, limit: PAGE }).await?;
        Ok((!entries.is_empty()).then_some(entries))
    }

    /// Removes records; if one of them has moved meanwhile, all of them wait for the next time.
    async fn remove(&self, entries: Vec<EntryWrite>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut change = self.change();
        change.entries = entries;
        match self.storage.commit(change).await {
            Err(storage::Error::Moved | storage::Error::Taken(_)) => Ok(()),
            done => Ok(done.map(|_| ())?),
        }
    }
}

fn gone(entry: &Entry) -> EntryWrite {
    EntryWrite { key: Arc::clone(&entry.key), expected: EntryIs::At(entry.version), value: None }
}

/// The removal of a record, unless it is there for longer; one that cannot be read goes.
fn unless(entry: &Entry, needed: bool) -> Vec<EntryWrite> {
    if needed { Vec::new() } else { vec![gone(entry)] }
}

fn old_code(entry: &Entry, now: Timestamp) -> Vec<EntryWrite> {
    unless(entry, serde_json::from_slice::<Code>(&entry.value).is_ok_and(|code| now < code.issued.plus(CODE)))
}

fn grant_of(entry: &Entry) -> Option<(GrantId, Grant)> {
    Some((GrantId::parse(entry.key.strip_prefix(GRANTS)?)?, serde_json::from_slice(&entry.value).ok()?))
}

/// A record that is nothing but the time until which it is needed.
fn past(entry: &Entry, now: Timestamp) -> Vec<EntryWrite> {
    unless(entry, serde_json::from_slice::<Timestamp>(&entry.value).is_ok_and(|until| now < until))
}

fn old_count(entry: &Entry, now: Timestamp) -> Vec<EntryWrite> {
    unless(entry, serde_json::from_slice::<Count>(&entry.value).is_ok_and(|count| !count.is_over(now)))
}

/// The copy of a client document that is of no more use.
fn old_copy(entry: &Entry, now: Timestamp) -> Vec<EntryWrite> {
    unless(entry, serde_json::from_slice::<Copy>(&entry.value).is_ok_and(|copy| now < copy.at.plus(AWAY)))
}

/// Spec: O-128
fn is_unused(entry: &Entry, used: Option<&Entry>, now: Timestamp) -> bool {
    let Ok(client) = serde_json::from_slice::<Registered>(&entry.value) else { return true };
    let used = used.and_then(|used| serde_json::from_slice::<Timestamp>(&used.value).ok());
    now >= used.map_or(client.since.plus(UNUSED), |used| used.plus(USED))
}
