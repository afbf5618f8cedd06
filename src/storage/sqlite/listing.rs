//! Rows without bodies, in order: what a container holds, and a whole pod.

use rusqlite::{Connection, params};

use super::rows::{self, BEHIND, Texts, columns};
use super::{integer, pods};
use crate::path::{ContainerPath, Name, ResourcePath};
use crate::storage::{Member, PodId, Result};

/// The members of a container in name order: one contiguous scan.
pub(super) fn members(
    connection: &Connection,
    pod: PodId,
    of: &ContainerPath,
    after: Option<&Name>,
    limit: usize,
) -> Result<Vec<Member>> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        ", r.name FROM records r WHERE r.pod = ?1 AND r.container = ?2 AND r.name > ?3 AND NOT r.auxiliary
         ORDER BY r.name LIMIT ?4"
    ))?;
    // The root lies under the empty name in its own container, and nothing else does: it is no member of itself.
    let after = after.map_or("", Name::as_str);
    let mut rows = statement.query(params![pod.0, of.local(), after, integer(limit as u64)])?;
    let mut texts = Texts::default();
    let mut members = Vec::new();
    while let Some(row) = rows.next()? {
        let path = of.child(&Name::trusted(rows::text(row, BEHIND)?));
        members.push(Member { path, record: rows::record(row, &mut texts)? });
    }
    Ok(members)
}

/// The records of a pod, container by container, then by name: a container comes before what it holds.
pub(super) fn tree(
    connection: &Connection,
    pod: PodId,
    after: Option<&ResourcePath>,
    limit: usize,
) -> Result<Vec<Member>> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        ", r.container || r.name FROM records r WHERE r.pod = ?1 AND (r.container, r.name) > (?2, ?3)
         ORDER BY r.container, r.name LIMIT ?4"
    ))?;
    let name = pods::by_id(connection, pod)?.name;
    let (container, after) = after.map_or(("", ""), rows::place);
    let mut rows = statement.query(params![pod.0, container, after, integer(limit as u64)])?;
    let mut texts = Texts::default();
    let mut members = Vec::new();
    while let Some(row) = rows.next()? {
        let path = ResourcePath::trusted(name.clone(), rows::text(row, BEHIND)?);
        members.push(Member { path, record: rows::record(row, &mut texts)? });
    }
    Ok(members)
}
