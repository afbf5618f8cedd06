//! Where things lie: files in the folders that people know, records and amounts beside one another.

use uuid::Uuid;

use super::kind::{Kind, Period};
use super::private::is_private;
use super::words::clean;
use crate::ingest::outcome::{Status, Stopped};
use crate::ingest::run::Run;
use crate::path::{ContainerPath, Name, ResourcePath};

/// The folder of all pay documents.
pub const FOLDER: &str = "/documents/Administratif/Ensap/";
/// The label of a folder that nobody named.
pub const LABEL: &str = "Ma paye";

/// The places of one account.
#[derive(Debug, Clone)]
pub struct Places {
    pub records: ContainerPath,
    pub amounts: ContainerPath,
    /// The folder of the files, named by the owner: never by the number they sign in with.
    pub files: ContainerPath,
}

impl Places {
    pub fn of(run: &Run<'_>) -> Result<Self, Stopped> {
        let container = |local: &str| run.path(local)?.as_container().ok_or_else(nowhere);
        let account = format!("/administratif/ensap/{}/", run.connection().id);
        let label = label(&run.connection().label);
        Ok(Self {
            records: container(&format!("{account}records/"))?,
            amounts: container(&format!("{account}amounts/"))?,
            files: member(&container(FOLDER)?, &label, true)?.as_container().ok_or_else(nowhere)?,
        })
    }

    pub fn record(&self, id: Uuid) -> Result<ResourcePath, Stopped> {
        member(&self.records, &format!("{id}.ttl"), false)
    }

    pub fn amounts(&self, id: Uuid) -> Result<ResourcePath, Stopped> {
        member(&self.amounts, &format!("{id}.ttl"), false)
    }

    /// The place of a file: in the folder of its year.
    pub fn file(&self, kind: Kind, period: Option<Period>, name: &str) -> Result<ResourcePath, Stopped> {
        let year = period.map_or_else(|| kind.title().to_owned(), |period| period.in_year().to_string());
        let folder = member(&self.files, &year, true)?.as_container().ok_or_else(nowhere)?;
        member(&folder, name, false)
    }
}

/// The owner's label as the name of a folder.
fn label(label: &str) -> String {
    let label = clean(&label.replace(['/', '\\'], "-"), 60).filter(|label| !is_private(label));
    label.filter(|label| !label.starts_with('.')).unwrap_or_else(|| LABEL.to_owned())
}

fn member(of: &ContainerPath, name: &str, container: bool) -> Result<ResourcePath, Stopped> {
    Name::of(name, container).map(|name| of.child(&name)).ok_or_else(nowhere)
}

fn nowhere() -> Stopped {
    Stopped { status: Status::Failed, at: Some("a path is malformed") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows: CP-25
    #[test]
    fn folders_are_never_named_by_a_number_of_people() {
        for (given, name) in [
            ("Ma paye", "Ma paye"),
            ("Lycée / 2025", "Lycée - 2025"),
            ("999999999999983", LABEL),
            ("9 99 99 99 999 999 83", LABEL),
            ("..", LABEL),
            ("", LABEL),
            ("\u{202e}paye", "paye"),
        ] {
            assert_eq!(label(given), name, "{given}");
        }
    }
}
