//! PATCH: editing the graph of a resource.

use std::sync::Arc;

use super::container::is_managed;
use super::content::{New, facts, parse};
use super::create;
use super::put::write_auxiliary;
use super::{Asked, Edit, Made, Plan, Refusal, Setting, Writing, change, event, issuer, put, turtle};
use crate::path::{ResourcePath, Role};
use crate::rdf::format::{self, Document, Format};
use crate::rdf::graph::Graph;
use crate::storage::{Content, Expected, Found, Happening, NewBody, Record, Write};

/// What can be told of a patch before its clauses are looked at.
///
/// Spec: P-162
pub(super) fn admit(found: &Found) -> Result<(), Refusal> {
    create::check_place(found)?;
    let patchable = found.path.is_container() || found.target().is_none_or(|record| record.format().is_some());
    if patchable { Ok(()) } else { Err(Refusal::NotPatchable) }
}

/// A patch starts from the stored graph, or from the empty one; the media type stays.
///
/// Spec: solid#server-patch-n3-accept, P-160, P-173, P-180, P-182, P-183
pub(super) fn plan(asked: &Asked, edit: &Edit, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
    match found.path.role() {
        Role::Document => document(asked, edit, found, setting),
        Role::Container => container(asked, edit, found, setting),
        Role::Acl | Role::Description => auxiliary(asked, edit, found, setting),
        Role::Impossible => Err(Refusal::NoAuxiliary),
    }
}

fn document(asked: &Asked, edit: &Edit, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
    let existing = found.target();
    let iri = setting.addresses.iri(&found.path);
    let edited = Edited::apply(edit, existing, &iri)?;
    let Some(record) = existing else {
        let content = edited.content(asked, None)?;
        let new = New { content, document: Some(edited.document), description: None };
        let alters_issuers = new.adds_issuer(None, &iri, &iri);
        let change = create::change(found, new, setting);
        return Ok(Plan::write(Writing { change, made: Made::Created(found.path.clone()), alters_issuers }));
    };
    if !edited.changed {
        return Ok(Plan::Keep);
    }
    let content = edited.content(asked, record.inbox.clone())?;
    let alters_issuers = issuer::added(existing, &edited.document, &iri, &iri);
    let mut change = change(found, setting.now);
    change.events.push(event(Happening::Update, found.path.clone()));
    change.writes.push(Write::Put { path: found.path.clone(), content });
    Ok(Plan::write(Writing { change, made: Made::Changed, alters_issuers }))
}

/// A container's patch edits the user's triples, which are its description; what the server says of
/// it is neither matched nor changed.
///
/// Spec: P-182
fn container(asked: &Asked, edit: &Edit, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
    let iri = setting.addresses.iri(&found.path);
    let old = found.subject.description.as_ref();
    let description = setting.addresses.iri(&found.path.description());
    let edited = Edited::apply(edit, old, &description)?;
    let alters_issuers = issuer::added(old, &edited.document, &description, &iri);
    protect(&edited.document.dataset.default, &iri, true)?;
    let Some(container) = found.target() else {
        let description =
            if edited.document.dataset.default.is_empty() { None } else { Some(edited.content(asked, None)?) };
        let content = Content { media_type: "".into(), body: NewBody::Absent, by: asked.by.clone(), inbox: None };
        let change = create::change(found, New { content, document: None, description }, setting);
        return Ok(Plan::write(Writing { change, made: Made::Created(found.path.clone()), alters_issuers }));
    };
    if !edited.changed {
        return Ok(Plan::Keep);
    }
    let path: ResourcePath = found.path.description();
    let mut change = change(found, setting.now);
    change.expected.push(Expected::Record(path.clone(), old.map(|record| record.version)));
    let happening = if old.is_some() { Happening::Update } else { Happening::Create };
    change.events.push(event(happening, path.clone()));
    change.writes.push(Write::Put { path, content: edited.content(asked, None)? });
    put::touch(&mut change, found, container);
    Ok(Plan::write(Writing { change, made: Made::Changed, alters_issuers }))
}

/// Spec: P-78, P-83, W-8, W-9, W-12
fn auxiliary(asked: &Asked, edit: &Edit, found: &Found, setting: &Setting<'_>) -> Result<Plan, Refusal> {
    let Some(subject) = &found.subject.record else { return Err(Refusal::NoSubject) };
    let iri = setting.addresses.iri(&found.path);
    let edited = Edited::apply(edit, found.target(), &iri)?;
    if found.path.role() == Role::Description {
        let subject_iri = setting.addresses.iri(&found.path.subject());
        protect(&edited.document.dataset.default, &subject_iri, facts(&subject_iri, found, setting).is_container)?;
    }
    if found.target().is_some() && !edited.changed {
        return Ok(Plan::Keep);
    }
    let alters_issuers = put::describes_issuer(found, &edited.document, setting);
    Ok(write_auxiliary(found, subject, edited.content(asked, None)?, alters_issuers, setting))
}

/// Refuses a patch that would add what only the server says.
///
/// Spec: solid#server-protect-containment, solid#server-protect-contained-resource-metadata, P-83, P-182
fn protect(after: &Graph, subject_iri: &str, is_container: bool) -> Result<(), Refusal> {
    if after.iter().any(|triple| is_managed(triple, subject_iri, is_container)) {
        return Err(Refusal::ServerManaged);
    }
    Ok(())
}

/// A document after a patch.
struct Edited {
    iri: String,
    document: Document,
    format: Format,
    media_type: Arc<str>,
    changed: bool,
}

impl Edited {
    fn apply(edit: &Edit, record: Option<&Record>, iri: &str) -> Result<Self, Refusal> {
        let (mut document, format, media_type) = match record {
            None => (Document::default(), Format::Turtle, turtle()),
            Some(record) => {
                let format = record.format().ok_or(Refusal::NotPatchable)?;
                (parse(record.inline(), format, iri)?, format, record.media_type.clone())
            }
        };
        let after = edit.apply(&document.dataset.default)?;
        let changed = after != document.dataset.default;
        document.dataset.default = after;
        Ok(Self { iri: iri.to_owned(), document, format, media_type, changed })
    }

    fn content(&self, asked: &Asked, inbox: Option<Arc<str>>) -> Result<Content, Refusal> {
        let bytes = format::print_at(&self.iri, &self.document, self.format)
            .map_err(|_| Refusal::PatchRule("the result cannot be written in the format of the resource".to_owned()))?;
        Ok(Content {
            media_type: self.media_type.clone(),
            body: NewBody::Inline(bytes.into()),
            by: asked.by.clone(),
            inbox,
        })
    }
}
