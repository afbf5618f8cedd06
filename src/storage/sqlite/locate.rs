//! One look at a path: the subject with its auxiliary resources, and the containers above it.

use std::fmt::Write as _;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::pods;
use super::rows::{self, BEHIND, columns};
use crate::path::{ContainerPath, ResourcePath};
use crate::storage::{Above, Error, Found, PodId, Record, Result, Spot};

/// Finds a path in two statements: one for the pod, one for everything that a decision may need.
pub(super) fn locate(connection: &Connection, path: &ResourcePath) -> Result<Found> {
    let Some(pod) = pods::by_name(connection, path.pod())? else {
        return Err(if pods::was_given(connection, path.pod())? { Error::Gone } else { Error::NoSuchPod });
    };
    let subject = path.subject();
    let ancestors: Vec<ContainerPath> = subject.ancestors().collect();

    let mut wanted = vec![Wanted::whole(subject.description())];
    wanted.extend(with_acl_and_twin(&subject));
    wanted.extend(ancestors.iter().flat_map(|above| with_acl_and_twin(above)));
    let mut found = fetch(connection, pod.id, &wanted)?.into_iter();
    let mut next = || found.next().flatten();

    let description = next();
    let subject = Spot { description, record: next(), acl: next(), twin: next().is_some() };
    let above = |path| Above { path, record: next(), acl: next(), twin: next().is_some() };
    let above = ancestors.into_iter().map(above).collect();
    Ok(Found { pod, path: path.clone(), subject, above })
}

/// A record to look for, with its body or only whether it is there.
struct Wanted {
    path: Option<ResourcePath>,
    body: bool,
}

impl Wanted {
    fn whole(path: ResourcePath) -> Self {
        Self { path: Some(path), body: true }
    }
}

fn with_acl_and_twin(path: &ResourcePath) -> [Wanted; 3] {
    let twin = Wanted { path: path.twin(), body: false };
    [Wanted::whole(path.clone()), Wanted::whole(path.acl()), twin]
}

/// Reads what is there of `wanted`, in its order.
fn fetch(connection: &Connection, pod: PodId, wanted: &[Wanted]) -> Result<Vec<Option<Record>>> {
    let mut statement = connection.prepare_cached(&statement(wanted)?)?;
    let places = wanted.iter().flat_map(|wanted| {
        let place = wanted.path.as_ref().map(rows::place);
        [place.map(|(container, _)| container), place.map(|(_, name)| name)]
    });
    let values = places.map(|text| text.map_or(Value::Null, |text| Value::Text(text.to_owned())));
    let mut rows = statement.query(params_from_iter(std::iter::once(Value::Integer(pod.0)).chain(values)))?;
    let mut found: Vec<Option<Record>> = wanted.iter().map(|_| None).collect();
    while let Some(row) = rows.next()? {
        let number = usize::from(row.get::<_, u16>(BEHIND + 1)?);
        let container = wanted[number].path.as_ref().is_some_and(ResourcePath::is_container);
        found[number] = Some(rows::record_with_body(row, container)?);
    }
    Ok(found)
}

/// Its text depends on the depth of the path alone, so that it stays prepared.
fn statement(wanted: &[Wanted]) -> Result<String> {
    let mut text = String::from("WITH wanted (number, body, container, name) AS (VALUES ");
    for (number, wanted) in wanted.iter().enumerate() {
        let separator = if number == 0 { "" } else { "," };
        let (body, container, name) = (u8::from(wanted.body), 2 * number + 2, 2 * number + 3);
        write!(text, "{separator}({number},{body},?{container},?{name})").map_err(|e| Error::Failed(e.to_string()))?;
    }
    text.push_str(concat!(
        ") SELECT ",
        columns!(),
        ", b.bytes, w.number FROM wanted w
         CROSS JOIN records r ON r.pod = ?1 AND r.container = w.container AND r.name = w.name
         LEFT JOIN bodies b ON w.body AND b.uid = r.uid"
    ));
    Ok(text)
}
