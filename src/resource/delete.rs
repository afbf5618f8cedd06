//! DELETE: a resource goes with its auxiliary resources.

use super::{Asked, Made, Plan, Refusal, Setting, Writing, change, event, member_event, put};
use crate::path::{ResourcePath, Role};
use crate::storage::{Change, Expected, Found, Happening, Record, Write};

/// Spec: solid#server-delete-remove-empty-container, solid#server-delete-protect-nonempty-container, P-192, P-193, solid#server-delete-remove-containment, P-194, W-13
pub(super) fn plan(asked: &Asked, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
    let target = found.target().ok_or(Refusal::NotFound)?;
    let mut change = change(found, setting.now);
    match found.path.role() {
        Role::Container | Role::Document => {
            if found.path.is_container() {
                if !setting.members.is_empty() {
                    return Err(Refusal::NotEmpty);
                }
                change.expected.push(Expected::Listing(found.path.clone(), target.listing));
            }
            asked.check_conditions(found)?;
            change.events.extend(member_event(Happening::Remove, &found.path));
            remove(&mut change, found.path.clone());
            remove_auxiliary(&mut change, found.path.acl(), found.subject.acl.as_ref());
            remove_auxiliary(&mut change, found.path.description(), found.subject.description.as_ref());
        }
        Role::Acl | Role::Description | Role::Impossible => {
            asked.check_conditions(found)?;
            remove(&mut change, found.path.clone());
            if let Some(subject) = &found.subject.record
                && found.path.role() == Role::Description
                && found.path.subject().is_container()
            {
                change.expected.push(Expected::Record(found.path.subject(), Some(subject.version)));
                put::touch(&mut change, found, subject);
            }
        }
    }
    Ok(Plan::write(Writing { change, made: Made::Deleted, alters_issuers: false }))
}

fn remove(change: &mut Change, path: ResourcePath) {
    change.events.push(event(Happening::Delete, path.clone()));
    change.writes.push(Write::Delete { path });
}

/// A leftover ACL would govern a later resource of the same name, so absence is relied upon too.
///
/// Spec: solid#server-delete-remove-auxiliary-resource, P-87, P-199, W-14
fn remove_auxiliary(change: &mut Change, path: ResourcePath, record: Option<&Record>) {
    change.expected.push(Expected::Record(path.clone(), record.map(|record| record.version)));
    if record.is_some() {
        remove(change, path);
    }
}
