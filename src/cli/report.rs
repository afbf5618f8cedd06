//! What a command prints, for people or as JSON, and its exit status.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::config::{self, Settings, recorded};
use crate::identity::account;
use crate::{secret, storage};

/// The outcome of a command.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    /// For people; ends without a line break. Empty: nothing is printed.
    pub text: String,
    pub json: Value,
}

impl Report {
    /// Names and values, one a line.
    pub(super) fn of<const N: usize>(lines: [(&str, String); N]) -> Self {
        let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        let text = lines.iter().map(|(name, value)| format!("{name:width$}  {value}")).collect::<Vec<_>>().join("\n");
        let json = lines.into_iter().map(|(name, value)| (key(name), Value::from(value))).collect::<Map<_, _>>();
        Self { text, json: Value::Object(json) }
    }

    /// A table with a line of names above it.
    pub(super) fn table<const N: usize>(names: [&str; N], rows: Vec<[String; N]>) -> Self {
        let widths: [usize; N] = std::array::from_fn(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.chain([names[column].chars().count()]).max().unwrap_or_default()
        });
        let line = |cells: [&str; N]| {
            let mut line = String::new();
            for (cell, width) in cells.iter().zip(widths) {
                let _ = write!(line, "{cell:width$}  ");
            }
            line.trim_end().to_owned()
        };
        let body = rows.iter().map(|row| line(row.each_ref().map(String::as_str)));
        let text = std::iter::once(line(names)).chain(body).collect::<Vec<_>>().join("\n");
        let objects = rows.into_iter().map(|row| names.map(key).into_iter().zip(row.map(Value::from)).collect());
        Self { text, json: Value::Array(objects.map(Value::Object).collect()) }
    }

    /// One sentence; the JSON says only that it was done.
    pub(super) fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), json: json!({ "done": true }) }
    }
}

/// The name of a value in JSON: `Client id` is `client_id`.
fn key(name: &str) -> String {
    name.to_lowercase().replace([' ', '-'], "_")
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// Exit status 2.
    #[error(transparent)]
    Settings(#[from] config::Error),
    /// Exit status 2.
    #[error("{0}")]
    Usage(String),
    /// Exit status 2 if the addresses have changed.
    #[error(transparent)]
    Recorded(#[from] recorded::Error),
    #[error(transparent)]
    Account(#[from] account::Error),
    #[error("the data folder: {0}")]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Secret(#[from] secret::Error),
    #[error("{0}")]
    Other(String),
    /// The command did its work and found what should not be.
    #[error("something is wrong")]
    Found(Report),
}

impl From<account::Refusal> for Failed {
    fn from(refusal: account::Refusal) -> Self {
        Self::Account(refusal.into())
    }
}

impl Failed {
    fn status(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::Usage(_) | Self::Recorded(recorded::Error::Changed { .. }) => 2,
            _ => 1,
        }
    }
}

/// Prints the outcome: results on the standard output, failures on the error output.
pub(super) fn conclude(outcome: Result<Report, Failed>, json: bool) -> ExitCode {
    match outcome {
        Ok(report) if json => println!("{:#}", report.json),
        Ok(report) if report.text.is_empty() => {}
        Ok(report) => println!("{}", report.text),
        Err(Failed::Found(report)) => {
            conclude(Ok(report), json);
            return ExitCode::FAILURE;
        }
        Err(failed) => {
            if json {
                eprintln!("{}", json!({ "error": failed.to_string() }));
            } else {
                eprintln!("cartable: {failed}");
            }
            return ExitCode::from(failed.status());
        }
    }
    ExitCode::SUCCESS
}

/// The settings, with where each comes from.
pub(super) fn settings(settings: &Settings) -> Report {
    let rows = settings.shown().map(|(key, value, origin)| [key.to_owned(), value, origin.to_string()]).collect();
    Report::table(["Setting", "Value", "From"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_for_people_and_named_in_json() {
        let rows = vec![["ada".to_owned(), "1 GB".to_owned()], ["élodie".to_owned(), String::new()]];
        let report = Report::table(["Pod", "Quota left"], rows);
        assert_eq!(report.text, "Pod     Quota left\nada     1 GB\nélodie");
        assert_eq!(report.json[0], json!({ "pod": "ada", "quota_left": "1 GB" }));
    }

    #[test]
    fn lines_are_aligned() {
        let report = Report::of([("Pod", "x".to_owned()), ("Client id", "y".to_owned())]);
        assert_eq!(report.text, "Pod        x\nClient id  y");
        assert_eq!(report.json, json!({ "pod": "x", "client_id": "y" }));
    }

    #[test]
    fn wrong_usage_is_told_from_failure() {
        assert_eq!(Failed::Usage(String::new()).status(), 2);
        assert_eq!(Failed::from(account::Refusal::NameTaken).status(), 1);
    }
}
