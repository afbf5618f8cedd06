//! Making resources, with the containers that they need.

use std::sync::Arc;

use super::content::{New, checked};
use super::{Asked, Made, Model, Plan, Post, Received, Refusal, Sent, Setting, Writing, event, member_event};
use crate::path::{ResourcePath, Role};
use crate::rdf::format::Format;
use crate::storage::{Change, Content, Expected, Found, Happening, NewBody, Scope, Write};

/// The change that creates the target of `found`, with the containers that are missing above it.
///
/// Spec: solid#server-put-patch-intermediate-containers, P-19, P-23, P-131, P-132
pub(super) fn change(found: &Found, new: New, setting: &Setting<'_>) -> Change {
    let mut change = Change::of(Scope::Pod(found.pod.id), setting.now);
    let by = new.content.by.clone();
    let missing = found.missing_above();
    if let Some(nearest) = found.above.get(missing) {
        let version = nearest.record.as_ref().map(|record| record.version);
        change.expected.push(Expected::Record(nearest.path.clone().into(), version));
    }
    for container in found.above[..missing].iter().rev() {
        let path: ResourcePath = container.path.clone().into();
        add(&mut change, &path, Content { media_type: "".into(), body: NewBody::Absent, by: by.clone(), inbox: None });
    }
    add(&mut change, &found.path, new.content);
    if let Some(description) = new.description {
        let path = found.path.description();
        change.events.push(event(Happening::Create, path.clone()));
        change.writes.push(Write::Put { path, content: description });
    }
    change
}

/// One resource that is not there yet, and neither is its twin.
fn add(change: &mut Change, path: &ResourcePath, content: Content) {
    change.expected.push(Expected::Record(path.clone(), None));
    change.expected.extend(path.twin().map(|twin| Expected::Record(twin, None)));
    change.events.push(event(Happening::Create, path.clone()));
    change.events.extend(member_event(Happening::Add, path));
    change.writes.push(Write::Put { path: path.clone(), content });
}

/// Whether something may be here at all.
///
/// Spec: P-19, P-21, P-23, P-33, P-34, P-43, P-81, W-12
pub(super) fn check_place(found: &Found) -> Result<(), Refusal> {
    let path = &found.path;
    let missing = found.above.iter().filter(|above| above.record.is_none()).map(|above| &*above.path);
    if missing.chain([path]).any(|it| it.is_container() && it.role() == Role::Impossible) {
        return Err(Refusal::ContainerName);
    }
    if path.role() == Role::Impossible {
        return Err(Refusal::NoAuxiliary);
    }
    if path.reserved().is_some() {
        return Err(Refusal::ReservedName);
    }
    if path.is_auxiliary() {
        return if found.subject.record.is_some() { Ok(()) } else { Err(Refusal::NoSubject) };
    }
    if found.subject.twin {
        return Err(Refusal::SlashTwin);
    }
    if found.above.iter().any(|above| above.twin) {
        return Err(Refusal::DocumentAbove);
    }
    Ok(())
}

/// What can be told of a POST before its content, and of the child once its name is chosen.
///
/// Spec: P-4, P-157
pub(super) fn admit_post(post: &Post, found: &Found) -> Result<(), Refusal> {
    if post.child.is_some() {
        return check_place(found);
    }
    let sent = &post.sent;
    if !posts_container(sent)? {
        return if sent.media_type.is_some() { Ok(()) } else { Err(Refusal::ContentTypeMissing) };
    }
    let opaque = sent.media_type.as_deref().is_some_and(|media_type| Format::of(media_type).is_none());
    if opaque && sent.body != Received::Nothing { Err(Refusal::RdfOnly) } else { Ok(()) }
}

/// A POST, in two looks: first at the container; then, the child's name chosen, at the child.
///
/// Spec: solid#server-post-container, solid#server-post-container-create-resource, P-220, N-94, solid#server-post-target-not-found,
/// solid#server-post-uri-assignment, P-148
pub(super) fn plan_post(asked: &Asked, post: &Post, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
    let Some(child) = &post.child else { return Ok(Plan::Keep) };
    let new = checked(asked, &post.sent, child, None, setting)?;
    let iri = setting.addresses.iri(child);
    let alters_issuers = new.adds_issuer(None, &iri, &iri);
    let change = change(found, new, setting);
    Ok(Plan::write(Writing { change, made: Made::Created(child.clone()), alters_issuers }))
}

/// What a POST makes, by its `Link` field.
///
/// Spec: P-151, P-152
pub fn posts_container(sent: &Sent) -> Result<bool, Refusal> {
    match sent.model {
        Model::Container => Ok(true),
        Model::OtherContainer => Err(Refusal::Model),
        Model::Unsaid | Model::RdfSource | Model::NonRdfSource => Ok(false),
    }
}

/// The text of a name for a new child, given what the client would like: itself, or else `fallback`.
///
/// Spec: P-22, P-153, P-155
pub fn child_name(slug: Option<&str>, taken: bool, fallback: impl FnOnce() -> Arc<str>) -> Arc<str> {
    match slug {
        Some(slug) if !taken => slug.into(),
        _ => fallback(),
    }
}
