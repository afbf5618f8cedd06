//! PUT: creating a resource, or replacing what it says.

use super::content::{checked, facts, own_triples, parse, unchanged};
use super::create;
use super::{Asked, Made, Model, Plan, Received, Refusal, Sent, Setting, Writing, change, event, issuer, turtle};
use crate::path::{ResourcePath, Role};
use crate::rdf::format::{Document, Format};
use crate::storage::{Content, Expected, Found, Happening, NewBody, Record, Write};

/// Spec: solid#server-put-patch-auxiliary-resource, P-139, P-140, P-144, P-147
pub(super) fn plan(asked: &Asked, sent: &Sent, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
    match found.path.role() {
        Role::Container => container(asked, sent, found, setting),
        Role::Document => document(asked, sent, found, setting),
        Role::Acl | Role::Description => auxiliary(asked, sent, found, setting),
        Role::Impossible => Err(Refusal::NoAuxiliary),
    }
}

/// What can be told of a PUT before its content: that it may be there, and is of a kind that fits.
///
/// Spec: P-5, P-82, P-141, solid#server-content-type-missing
pub(super) fn admit(sent: &Sent, found: &Found) -> Result<(), Refusal> {
    let path = &found.path;
    check_model(path, sent)?;
    create::check_place(found)?;
    let opaque = sent.media_type.as_deref().is_some_and(|media_type| Format::of(media_type).is_none());
    match path.role() {
        Role::Document if sent.media_type.is_none() => Err(Refusal::ContentTypeMissing),
        Role::Container if opaque && sent.body != Received::Nothing => Err(Refusal::RdfOnly),
        Role::Acl | Role::Description if opaque => Err(Refusal::RdfOnly),
        _ => Ok(()),
    }
}

/// The slash decides what a resource is; a `Link` that says otherwise is a mistake.
///
/// Spec: solid#server-uri-trailing-slash-distinct, P-18, P-141, P-142
fn check_model(path: &ResourcePath, sent: &Sent) -> Result<(), Refusal> {
    match (sent.model, path.is_container()) {
        (Model::OtherContainer, _) => Err(Refusal::Model),
        (Model::Container, false) | (Model::NonRdfSource, true) => Err(Refusal::ModelConflict),
        _ => Ok(()),
    }
}

fn document(asked: &Asked, sent: &Sent, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
    let existing = found.target();
    let iri = setting.addresses.iri(&found.path);
    let new = checked(asked, sent, &found.path, existing, setting)?;
    let alters_issuers = new.adds_issuer(existing, &iri, &iri);
    let Some(existing) = existing else {
        let change = create::change(found, new, setting);
        return Ok(Plan::write(Writing { change, made: Made::Created(found.path.clone()), alters_issuers }));
    };
    if unchanged(existing, &new.content) {
        return Ok(Plan::Keep);
    }
    let mut change = change(found, setting.now);
    change.events.push(event(Happening::Update, found.path.clone()));
    change.writes.push(Write::Put { path: found.path.clone(), content: new.content });
    Ok(Plan::write(Writing { change, made: Made::Changed, alters_issuers }))
}

/// A container keeps what the server says of it; a PUT replaces the user's triples.
///
/// Spec: P-140, P-143, P-144, P-145, P-146
fn container(asked: &Asked, sent: &Sent, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
    let existing = found.target();
    let new = checked(asked, sent, &found.path, existing, setting)?;
    let path = found.path.description();
    let old = found.subject.description.as_ref();
    let alters_issuers = new.adds_issuer(old, &setting.addresses.iri(&path), &setting.addresses.iri(&found.path));
    let Some(existing) = existing else {
        let change = create::change(found, new, setting);
        return Ok(Plan::write(Writing { change, made: Made::Created(found.path.clone()), alters_issuers }));
    };
    let mut change = change(found, setting.now);
    change.expected.push(Expected::Record(path.clone(), old.map(|record| record.version)));
    match (new.description, old) {
        (None, None) => return Ok(Plan::Keep),
        (Some(content), Some(old)) if unchanged(old, &content) => return Ok(Plan::Keep),
        (Some(content), old) => {
            let happening = if old.is_some() { Happening::Update } else { Happening::Create };
            change.events.push(event(happening, path.clone()));
            change.writes.push(Write::Put { path, content });
        }
        (None, Some(_)) => {
            change.events.push(event(Happening::Delete, path.clone()));
            change.writes.push(Write::Delete { path });
        }
    }
    touch(&mut change, found, existing);
    Ok(Plan::write(Writing { change, made: Made::Changed, alters_issuers }))
}

/// Writes a container's record anew, since its representation changed with its description.
pub(super) fn touch(change: &mut crate::storage::Change, found: &Found, container: &Record) {
    let path = found.path.subject();
    let content = Content { media_type: "".into(), body: NewBody::Absent, by: None, inbox: container.inbox.clone() };
    change.events.push(event(Happening::Update, path.clone()));
    change.writes.push(Write::Put { path, content });
}

/// An ACL or a description: RDF only, and only beside a subject that exists.
///
/// Spec: P-78, P-81, P-82, W-8, W-9, W-12
fn auxiliary(asked: &Asked, sent: &Sent, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
    let Some(subject) = &found.subject.record else { return Err(Refusal::NoSubject) };
    let iri = setting.addresses.iri(&found.path);
    let media_type = sent.media_type.clone().unwrap_or_else(turtle);
    let format = Format::of(&media_type).ok_or(Refusal::RdfOnly)?;
    let document = parse(sent.body.bytes(), format, &iri)?;
    let alters_issuers = describes_issuer(found, &document, setting);
    let body = if found.path.role() == Role::Description {
        let subject_iri = setting.addresses.iri(&found.path.subject());
        own_triples(sent, document, format, &facts(&subject_iri, found, setting))?
    } else {
        sent.body.content()
    };
    let content = Content { media_type, body: NewBody::Inline(body), by: asked.by.clone(), inbox: None };
    Ok(write_auxiliary(found, subject, content, alters_issuers, setting))
}

/// Whether `document`, written to the target, would have it say who vouches for a WebID of its subject.
pub(super) fn describes_issuer(found: &Found, document: &Document, setting: &Setting<'_>) -> bool {
    let (url, subject) = (setting.addresses.iri(&found.path), setting.addresses.iri(&found.path.subject()));
    found.path.role() == Role::Description && issuer::added(found.target(), document, &url, &subject)
}

/// The change that writes an auxiliary resource, once its content is settled.
pub(super) fn write_auxiliary(
    found: &Found,
    subject: &Record,
    content: Content,
    alters_issuers: bool,
    setting: &Setting<'_>,
) -> Plan {
    if found.target().is_some_and(|existing| unchanged(existing, &content)) {
        return Plan::Keep;
    }
    let created = found.target().is_none();
    let mut change = change(found, setting.now);
    change.expected.push(Expected::Record(found.path.subject(), Some(subject.version)));
    let happening = if created { Happening::Create } else { Happening::Update };
    change.events.push(event(happening, found.path.clone()));
    change.writes.push(Write::Put { path: found.path.clone(), content });
    if found.path.role() == Role::Description && found.path.subject().is_container() {
        touch(&mut change, found, subject);
    }
    let made = if created { Made::Created(found.path.clone()) } else { Made::Changed };
    Plan::write(Writing { change, made, alters_issuers })
}
