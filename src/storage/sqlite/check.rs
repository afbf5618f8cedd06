//! Looks for what must never be so, and mends what can be mended without losing anyone's data.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use rusqlite::types::Type;
use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::apply::apply;
use super::lock::Lock;
use super::{BLOBS, DATABASE, Sqlite, blobs, natural, rows, schema, unblock};
use crate::clock::Timestamp;
use crate::path::{PodName, ResourcePath};
use crate::storage::{BlobId, Change, Content, Error, NewBody, Result, Scope, Write};

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
    /// How many of them were mended.
    pub repaired: usize,
}

/// One thing that is not as it must be. Paths are `pod/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// What SQLite itself says.
    Damaged(String),
    /// The pod's count of bytes is wrong.
    Used { pod: PodName, counted: u64, recorded: u64 },
    /// A record is newer than its pod.
    Ahead(PodName),
    /// Records lie in a container that is not there.
    NoContainer(ResourcePath),
    /// The name stands in both slash forms.
    Twins(ResourcePath),
    /// An auxiliary resource belongs to nothing.
    NoSubject(ResourcePath),
    /// The body of a resource is missing, or not as long as it was.
    NoBody(ResourcePath),
    /// Inline bodies that no record owns.
    StrayBodies(u64),
    /// A blob that no record owns.
    StrayBlob(BlobId),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(what) => write!(f, "the database is damaged: {what}"),
            Self::Used { pod, counted, recorded } => write!(f, "{pod}: holds {counted} bytes, not {recorded}"),
            Self::Ahead(pod) => write!(f, "{pod}: a record is newer than the pod"),
            Self::NoContainer(path) => write!(f, "{path}: this container is missing, but not what it holds"),
            Self::Twins(path) => write!(f, "{path}: the name stands with and without a slash"),
            Self::NoSubject(path) => write!(f, "{path}: belongs to nothing"),
            Self::NoBody(path) => write!(f, "{path}: its bytes are missing or cut short"),
            Self::StrayBodies(count) => write!(f, "{count} bodies belong to nothing"),
            Self::StrayBlob(blob) => write!(f, "the file {} belongs to nothing", blob.0.simple()),
        }
    }
}

impl Sqlite {
    /// Compares the catalogue with itself and with what is on disk.
    ///
    /// With `repair` the data folder must not be in use by a server. Bytes that are lost stay reported, and so do twins,
    /// since only their owner knows which one to keep.
    pub async fn check(&self, repair: bool) -> Result<Report> {
        let (folder, now) = (self.folder.clone(), self.clock.now());
        unblock(move || check(&folder, repair, now)).await
    }
}

fn check(folder: &Path, repair: bool, now: Timestamp) -> Result<Report> {
    let _alone = match repair.then(|| Lock::take(folder)).transpose()? {
        Some(None) => return Err(Error::Failed("a server is using the data folder".into())),
        lock => lock,
    };
    let mut connection = schema::connect(&folder.join(DATABASE), true)?;
    let behavior = if repair { TransactionBehavior::Immediate } else { TransactionBehavior::Deferred };
    let mut transaction = connection.transaction_with_behavior(behavior)?;
    let findings = find(&transaction, &folder.join(BLOBS))?;
    let mut repaired = 0;
    for finding in findings.iter().filter(|_| repair) {
        let savepoint = transaction.savepoint()?;
        if mend(&savepoint, finding, now)? {
            savepoint.commit()?;
            repaired += 1;
        }
    }
    transaction.commit()?;
    Ok(Report { findings, repaired })
}

/// Everything that is not as it must be, in the order to mend it: versions before what is written at the next one,
/// containers from the outside in, and what is counted last.
fn find(connection: &Connection, folder: &Path) -> Result<Vec<Finding>> {
    let mut findings = damaged(connection)?;
    findings.extend(pods(connection, AHEAD)?.into_iter().map(Finding::Ahead));
    findings.extend(containers(connection)?.into_iter().map(Finding::NoContainer));
    findings.extend(paths(connection, TWINS)?.into_iter().map(Finding::Twins));
    findings.extend(paths(connection, NO_SUBJECT)?.into_iter().map(Finding::NoSubject));
    findings.extend(paths(connection, NO_BODY)?.into_iter().map(Finding::NoBody));
    findings.extend(files(connection, folder)?);
    findings.extend(stray_bodies(connection)?);
    findings.extend(stray_blobs(connection)?);
    findings.extend(used(connection)?);
    Ok(findings)
}

const AHEAD: &str = "SELECT p.name FROM pods p
    WHERE p.version < (SELECT max(max(version, listing)) FROM records WHERE pod = p.id)";
const TWINS: &str = "SELECT p.name, r.container || r.name FROM records r JOIN pods p ON p.id = r.pod
    JOIN records t ON t.pod = r.pod AND t.container = r.container AND t.name = r.name || '/'";
const NO_SUBJECT: &str = "SELECT p.name, r.container || r.name FROM records r JOIN pods p ON p.id = r.pod
    WHERE r.auxiliary AND r.name NOT IN ('.acl', '.meta') AND NOT EXISTS (
      SELECT 1 FROM records s WHERE s.pod = r.pod AND s.container = r.container
      AND s.name = substr(r.name, 1, length(r.name) - iif(r.name LIKE '%.acl', 4, 5)))";
const NO_BODY: &str = "SELECT p.name, r.container || r.name FROM records r JOIN pods p ON p.id = r.pod
    LEFT JOIN bodies b ON b.uid = r.uid LEFT JOIN blobs f ON f.id = r.blob AND f.state = 'live' AND f.pod = r.pod
    WHERE r.name <> '' AND r.name NOT LIKE '%/'
    AND iif(r.blob IS NULL, length(b.bytes) IS NOT r.size, f.size IS NOT r.size)";

fn damaged(connection: &Connection) -> Result<Vec<Finding>> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let said = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(said.into_iter().filter(|said| said != "ok").map(Finding::Damaged).collect())
}

/// Runs a query for the names of pods and local paths.
fn paths(connection: &Connection, query: &str) -> Result<Vec<ResourcePath>> {
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([], |row| Ok(ResourcePath::trusted(pod_name(row)?, rows::text(row, 1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn pods(connection: &Connection, query: &str) -> Result<Vec<PodName>> {
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([], pod_name)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Containers that are missing above what is there.
fn containers(connection: &Connection) -> Result<BTreeSet<ResourcePath>> {
    let held = "SELECT DISTINCT p.name, r.container FROM records r JOIN pods p ON p.id = r.pod";
    let mut there = connection.prepare(
        "SELECT 1 FROM records r JOIN pods p ON p.id = r.pod WHERE p.name = ?1 AND r.container = ?2 AND r.name = ?3",
    )?;
    let mut missing = BTreeSet::new();
    for container in paths(connection, held)? {
        let above = container.ancestors().map(ResourcePath::from);
        for path in std::iter::once(container.clone()).chain(above) {
            let (above, name) = rows::place(&path);
            if !there.exists(params![path.pod().as_str(), above, name])? {
                missing.insert(path);
            }
        }
    }
    Ok(missing)
}

fn files(connection: &Connection, folder: &Path) -> Result<Vec<Finding>> {
    let mut statement = connection.prepare(
        "SELECT p.name, r.container || r.name, r.blob, r.size FROM records r JOIN pods p ON p.id = r.pod
         WHERE r.blob IS NOT NULL",
    )?;
    let mut rows = statement.query([])?;
    let mut findings = Vec::new();
    while let Some(row) = rows.next()? {
        let file = folder.join(blobs::key(&rows::blob_id(row, 2)?).as_ref());
        let size = file.metadata().map(|metadata| metadata.len()).ok();
        if size != Some(natural(row.get(3)?)) {
            findings.push(Finding::NoBody(ResourcePath::trusted(pod_name(row)?, rows::text(row, 1)?)));
        }
    }
    Ok(findings)
}

fn stray_bodies(connection: &Connection) -> Result<Option<Finding>> {
    let query = "SELECT count(*) FROM bodies WHERE uid NOT IN (SELECT uid FROM records WHERE blob IS NULL)";
    let count = natural(connection.query_row(query, [], |row| row.get(0))?);
    Ok((count > 0).then_some(Finding::StrayBodies(count)))
}

fn stray_blobs(connection: &Connection) -> Result<Vec<Finding>> {
    let mut statement = connection.prepare(
        "SELECT id FROM blobs WHERE state = 'live' AND id NOT IN (SELECT blob FROM records WHERE blob IS NOT NULL)",
    )?;
    let rows = statement.query_map([], |row| Ok(Finding::StrayBlob(rows::blob_id(row, 0)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn used(connection: &Connection) -> Result<Vec<Finding>> {
    let mut statement = connection.prepare(
        "SELECT p.name, coalesce(sum(r.size), 0) AS counted, p.used FROM pods p LEFT JOIN records r ON r.pod = p.id
         GROUP BY p.id HAVING counted <> p.used",
    )?;
    let used = |row: &Row<'_>| {
        let (counted, recorded) = (natural(row.get(1)?), natural(row.get(2)?));
        Ok(Finding::Used { pod: pod_name(row)?, counted, recorded })
    };
    let rows = statement.query_map([], used)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Mends a finding if that loses nothing; says whether it did.
fn mend(connection: &Connection, finding: &Finding, now: Timestamp) -> Result<bool> {
    match finding {
        Finding::Damaged(_) | Finding::Twins(_) | Finding::NoBody(_) => return Ok(false),
        Finding::Used { pod, .. } => {
            let count = "UPDATE pods SET used = (SELECT coalesce(sum(size), 0) FROM records WHERE pod = pods.id)
                         WHERE name = ?1";
            connection.execute(count, [pod.as_str()])?;
        }
        Finding::Ahead(pod) => {
            let raise = "UPDATE pods SET version =
                           (SELECT 1 + max(max(version, listing)) FROM records WHERE pod = pods.id) WHERE name = ?1";
            connection.execute(raise, [pod.as_str()])?;
        }
        Finding::NoContainer(path) => {
            let content = Content { media_type: "".into(), body: NewBody::Absent, by: None, inbox: None };
            return write(connection, Write::Put { path: path.clone(), content }, now);
        }
        Finding::NoSubject(path) => return write(connection, Write::Delete { path: path.clone() }, now),
        Finding::StrayBodies(_) => {
            let erase = "DELETE FROM bodies WHERE uid NOT IN (SELECT uid FROM records WHERE blob IS NULL)";
            connection.execute(erase, [])?;
        }
        Finding::StrayBlob(blob) => {
            connection.execute("UPDATE blobs SET state = 'dead' WHERE id = ?1", [blob.0.into_bytes()])?;
        }
    }
    Ok(true)
}

/// Writes as any change does; `false` if the tree does not allow it.
fn write(connection: &Connection, write: Write, now: Timestamp) -> Result<bool> {
    let (Write::Put { path, .. } | Write::Delete { path }) = &write;
    let pod = super::pods::by_name(connection, path.pod())?.ok_or(Error::NoSuchPod)?;
    let mut change = Change::of(Scope::Pod(pod.id), now);
    change.writes.push(write);
    match apply(connection, &change) {
        Err(Error::Moved) => Ok(false),
        applied => applied.map(|_| true),
    }
}

fn pod_name(row: &Row<'_>) -> rusqlite::Result<PodName> {
    let odd = || rusqlite::Error::InvalidColumnType(0, "name".into(), Type::Text);
    PodName::parse(rows::text(row, 0)?).ok_or_else(odd)
}
