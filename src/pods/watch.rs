//! Telling a pod's owner when its documents say something else about who vouches for their WebIDs: whoever changes that
//! could sign in as the owner, or keep the owner out.

use std::sync::Arc;

use super::{Pods, Seen};
use crate::path::{PodName, Role};
use crate::resource::issuer;
use crate::storage::{EntryWrite, Record, Write};

/// The folder whose PDFs are looked at and, if they are payslips, filed.
pub const DROP_FOLDER: &str = "/documents/Administratif/%C3%80%20classer/";

/// What became of the issuers that a document names for its WebIDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuers {
    /// There is one that was not there before.
    Changed,
    /// A WebID that had some has none left.
    Gone,
}

/// Who tells the owners of pods.
pub trait Watch: Send + Sync {
    /// The house records that lead to telling the owner, for the commit that gives the reason.
    fn told(&self, pod: &PodName, what: Issuers) -> Vec<EntryWrite>;

    /// The house records that lead to filing what lies in [`DROP_FOLDER`], for the commit that puts something there.
    fn dropped(&self, pod: &PodName) -> Vec<EntryWrite>;
}

impl Pods {
    /// The same pods, whose owners are told by `watch`.
    #[must_use]
    pub fn watched_by(self, watch: Arc<dyn Watch>) -> Self {
        Self { watch: Some(watch), ..self }
    }

    pub(super) fn tell(&self, pod: &PodName, what: Issuers) -> Vec<EntryWrite> {
        self.watch.as_ref().map(|watch| watch.told(pod, what)).unwrap_or_default()
    }

    /// What follows from the files that these writes put into the drop folder.
    pub(super) fn tell_of_files(&self, pod: &PodName, writes: &[Write]) -> Vec<EntryWrite> {
        let is_dropped = |write: &Write| {
            let Write::Put { path, content } = write else { return false };
            let is_pdf =
                content.media_type.starts_with("application/pdf") || path.name().to_ascii_lowercase().ends_with(".pdf");
            path.role() == Role::Document && path.local().starts_with(DROP_FOLDER) && is_pdf
        };
        let watch = self.watch.as_ref().filter(|_| writes.iter().any(is_dropped));
        watch.map(|watch| watch.dropped(pod)).unwrap_or_default()
    }

    /// Whether these writes leave a WebID without issuer that had one.
    ///
    /// Spec: O-214
    pub(super) fn lose_issuers(&self, writes: &[Write], seen: &Seen) -> bool {
        writes.iter().any(|write| {
            let (Write::Put { path, .. } | Write::Delete { path }) = write;
            let subject = &seen.found.subject;
            let existing: Option<&Record> = match path.role() {
                _ if path.subject() != seen.found.path.subject() => None,
                Role::Document => subject.record.as_ref(),
                Role::Description => subject.description.as_ref(),
                _ => None,
            };
            let iri = |path| self.addresses.iri(path);
            existing.is_some() && issuer::lost(existing, write, &iri(path), &iri(&path.subject()))
        })
    }
}
