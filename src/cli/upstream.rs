//! `cartable upstream …`

use std::collections::BTreeMap;

use clap::Subcommand;

use super::office::Office;
use super::report::{Failed, Report};
use crate::config::Config;
use crate::identity::account::Left;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the schools (upstream providers) that the settings name or accounts are linked to
    List,
    /// Take all accounts out of a school that is gone. Who has no other way in is invited to choose a password
    Retire {
        /// Its issuer, as `list` shows it; remove its section from the settings first
        issuer: String,
    },
}

/// Spec: O-308
pub(super) async fn run(office: &Office, config: &Config, command: Command) -> Result<Report, Failed> {
    let schools = office.accounts.schools().await?;
    match command {
        Command::List => Ok(list(config, schools)),
        Command::Retire { issuer } if config.upstream.iter().any(|known| known.issuer == issuer) => Err(Failed::Other(
            format!("the settings still name `{issuer}`: remove its section and restart the server first"),
        )),
        Command::Retire { issuer } if !schools.contains_key(&issuer) => {
            Err(Failed::Other(format!("no account is linked to `{issuer}`")))
        }
        Command::Retire { issuer } => {
            let done = office.accounts.retire_school(&issuer).await?;
            let count = |left| done.iter().filter(|found| **found == left).count().to_string();
            Ok(Report::of([
                ("Issuer", issuer),
                ("Open another way", count(Left::Open)),
                ("Invited", count(Left::Invited)),
                ("Without an address", count(Left::Unreachable)),
            ]))
        }
    }
}

fn list(config: &Config, mut schools: BTreeMap<String, usize>) -> Report {
    for known in &config.upstream {
        schools.entry(known.issuer.clone()).or_default();
    }
    let name = |issuer: &str| {
        let known = config.upstream.iter().find(|known| known.issuer == issuer);
        known.map_or_else(|| "not in the settings".to_owned(), |known| known.name.clone())
    };
    let rows = schools.into_iter().map(|(issuer, accounts)| [name(&issuer), accounts.to_string(), issuer]);
    Report::table(["School", "Accounts", "Issuer"], rows.collect())
}
