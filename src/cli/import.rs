//! `cartable import`

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::office::Office;
use super::pod::pod;
use super::report::{Failed, Report};
use crate::access::Origins;
use crate::ingest::file::import::{Error, File, Imports, Owner};
use crate::ingest::file::plan::Plan;
use crate::ingest::file::problem::{Problem, Unreadable};
use crate::ingest::file::record::Counts;
use crate::ingest::file::{Kind, LARGEST};
use crate::ingest::learning::Learning;
use crate::ingest::learning::trace::Rejected;
use crate::pods::{Limits, NoRemoteGroups, Pods};
use crate::storage::Pod;

/// Problems that are listed.
const SHOWN: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file: vCard, CSV, iCalendar or xAPI statements
    #[arg(required_unless_present = "undo", conflicts_with = "undo")]
    file: Option<PathBuf>,
    /// The pod that it goes into
    #[arg(long, value_name = "NAME")]
    pod: String,
    /// What kind of file it is, if that is not found: `vcard`, `csv`, `ics`, `xapi`
    #[arg(long = "as", value_name = "KIND")]
    kind: Option<Kind>,
    /// What columns of a table hold, by name or number, such as `NOM=family,3=ignore`
    #[arg(long, value_name = "COLUMN=FIELD,…")]
    columns: Option<String>,
    /// Show what would happen; write nothing
    #[arg(long, conflicts_with = "undo")]
    dry_run: bool,
    /// Take an import back, by its id
    #[arg(long, value_name = "ID")]
    undo: Option<Uuid>,
}

pub(super) async fn run(office: &Office, command: Import) -> Result<Report, Failed> {
    let pod = pod(office, &command.pod).await?;
    let owner = pod.owners.first().ok_or_else(|| Failed::Other("nobody owns this pod".to_owned()))?;
    let owner = Owner { webid: owner, pod: &pod.name };
    let imports = imports(office);
    if let Some(id) = command.undo {
        return undo(&imports, owner, id).await;
    }
    let path = command.file.ok_or_else(|| Failed::Usage("name a file".to_owned()))?;
    let file = read(&path, command.kind, command.columns)?;
    if file.kind == Kind::Xapi {
        return statements(office, imports.pods, &pod, &file, command.dry_run).await;
    }
    if command.dry_run {
        let plan = imports.look(owner, &file).await.map_err(failed)?;
        return Ok(report(plan.counts, &plan, None));
    }
    let plan = imports.look(owner, &file).await.map_err(failed)?;
    let id = imports.keep(owner, &file).await.map_err(failed)?;
    let record = imports.apply(owner, id).await.map_err(failed)?;
    Ok(report(record.counts, &plan, Some((&pod, id))))
}

/// Brings statements of learning tools in. They are not taken back as one: each is the owner's to delete.
///
/// Spec: LT-28
async fn statements(office: &Office, pods: Arc<Pods>, pod: &Pod, file: &File, dry_run: bool) -> Result<Report, Failed> {
    let (accounts, clock) = (Arc::clone(&office.provision.accounts), Arc::clone(&office.provision.clock));
    let imported = Learning { pods, accounts, clock }.import(&pod.name, &file.bytes, dry_run).await;
    let imported = imported.map_err(|error| Failed::Other(error.to_string()))?;
    let (new, known, refused) = (imported.new.len(), imported.known, imported.refused.len());
    let mut text = if dry_run {
        format!("{new} to bring in, {known} as they are, {refused} rejected")
    } else {
        format!("{new} brought in, {known} as they were, {refused} rejected")
    };
    for (place, reason) in imported.refused.iter().take(SHOWN) {
        let _ = write!(text, "\nstatement {place}: {reason}");
    }
    if refused > SHOWN {
        let _ = write!(text, "\nand {} more", refused - SHOWN);
    }
    let problem = |(place, reason): &(usize, Rejected)| json!({ "statement": place, "reason": reason.word() });
    let problems: Vec<_> = imported.refused.iter().map(problem).collect();
    let counts = json!({ "created": new, "skipped": known, "rejected": refused });
    Ok(Report { text, json: json!({ "counts": counts, "problems": problems }) })
}

fn imports(office: &Office) -> Imports {
    let (storage, provision) = (Arc::clone(&office.storage), &office.provision);
    let (addresses, clock) = (Arc::clone(&provision.addresses), Arc::clone(&provision.clock));
    let pods = Pods::new(
        storage,
        addresses,
        Arc::clone(&clock),
        Arc::new(NoRemoteGroups),
        Origins::default(),
        Limits::default(),
    );
    Imports { pods: Arc::new(pods), clock }
}

fn read(path: &Path, kind: Option<Kind>, columns: Option<String>) -> Result<File, Failed> {
    let unreadable = |error: std::io::Error| Failed::Other(format!("{}: {error}", path.display()));
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST as u64 {
        return Err(failed(Error::Unreadable(Unreadable::TooLarge)));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    File::new(bytes.into(), kind, columns, name).map_err(|error| failed(error.into()))
}

async fn undo(imports: &Imports, owner: Owner<'_>, id: Uuid) -> Result<Report, Failed> {
    let told = imports.undo(owner, id).await.map_err(failed)?;
    let mut text = format!("{} documents are as before", told.undone);
    if told.kept > 0 {
        let _ = write!(text, "; {} were edited since, and stay", told.kept);
    }
    Ok(Report { text, json: json!({ "undone": told.undone, "kept": told.kept }) })
}

fn failed(error: Error) -> Failed {
    match error {
        Error::Unreadable(Unreadable::Columns) => Failed::Usage(error.to_string()),
        error => Failed::Other(error.to_string()),
    }
}

fn report(counts: Counts, plan: &Plan, applied: Option<(&Pod, Uuid)>) -> Report {
    let Counts { created, changed, skipped, removed, rejected } = counts;
    let mut text = match applied {
        Some(_) => format!(
            "{created} created, {changed} changed, {removed} removed, {skipped} as they were, {rejected} rejected"
        ),
        None => format!(
            "{created} to create, {changed} to change, {removed} to remove, {skipped} as they are, {rejected} rejected"
        ),
    };
    if plan.own_values > 0 {
        let _ = write!(text, "\n{} values of the owner's own stay", plan.own_values);
    }
    for Problem { line, reason } in plan.problems.iter().take(SHOWN) {
        let _ = write!(text, "\nline {line}: {}", reason.says());
    }
    if plan.problems.len() > SHOWN {
        let _ = write!(text, "\nand {} more", plan.problems.len() - SHOWN);
    }
    if let Some((pod, id)) = applied {
        let _ = write!(text, "\nto take it back: cartable import --undo {id} --pod {}", pod.name);
    }
    let json = json!({
        "counts": counts,
        "own_values": plan.own_values,
        "problems": plan.problems,
        "import": applied.map(|(_, id)| id.to_string()),
    });
    Report { text, json }
}
