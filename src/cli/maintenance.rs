//! `cartable check`, `backup` and `restore`.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::office::block_on;
use super::report::{Failed, Report};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::storage::sqlite::{self, Options, Sqlite};

/// Checks the data folder, and repairs it if it is to be. What is left unrepaired is a failure.
pub(super) fn check(config: &Config, repair: bool) -> Result<Report, Failed> {
    let checked = block_on(async { Ok(open(config)?.check(repair).await?) })?;
    let findings: Vec<_> = checked.findings.iter().map(ToString::to_string).collect();
    let left = findings.len().saturating_sub(checked.repaired);
    let summary = match (findings.len(), checked.repaired) {
        (0, _) => "Nothing is wrong.".to_owned(),
        (found, 0) => format!("{found} things are wrong; `cartable check --repair` repairs what can be."),
        (found, repaired) => format!("{found} things were wrong, {repaired} are repaired."),
    };
    let json = json!({ "findings": findings, "repaired": checked.repaired });
    let text = findings.into_iter().chain([summary]).collect::<Vec<_>>().join("\n");
    let report = Report { text, json };
    if left == 0 { Ok(report) } else { Err(Failed::Found(report)) }
}

/// Writes a backup, beside the server or without it.
pub(super) fn backup(config: &Config, file: &Path) -> Result<Report, Failed> {
    if file.exists() {
        return Err(Failed::Other(format!("{} exists already", file.display())));
    }
    block_on(async { Ok(open(config)?.backup(file).await?) })?;
    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    let text =
        format!("The backup is written. The secret key is not in it; keep a copy of {}.", config.key_file().display());
    Ok(Report { text, json: json!({ "file": file, "bytes": bytes }) })
}

/// Fills an empty data folder.
pub(super) fn restore(config: &Config, file: &Path) -> Result<Report, Failed> {
    sqlite::restore(file, &config.data)?;
    let text = format!("The data folder {} is restored.", config.data.display());
    Ok(Report { text, json: json!({ "data": Value::from(config.data.to_string_lossy()) }) })
}

/// Opens a data folder that is there; a misspelt one must not be made.
fn open(config: &Config) -> Result<Sqlite, Failed> {
    if !config.data.is_dir() {
        return Err(Failed::Other(format!("there is no data folder {}", config.data.display())));
    }
    Ok(Sqlite::open(&config.data, Options { durable: true, clock: Arc::new(SystemClock) })?)
}
