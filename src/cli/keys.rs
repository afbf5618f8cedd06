//! `cartable keys …`

use std::sync::Arc;

use clap::Subcommand;

use super::office::Office;
use super::report::{Failed, Report};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::identity::keys::{self, Keys};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the keys that sign tokens
    List,
    /// Drop a key at once, with every token that it signed; another takes its place
    Withdraw {
        /// The key's name (kid)
        kid: String,
    },
}

/// Spec: O-185
pub(super) async fn run(office: &Office, config: &Config, command: Command) -> Result<Report, Failed> {
    let (now, issuer) = (SystemClock.now(), office.provision.addresses.base());
    let keys = Keys::open(Arc::clone(&office.storage), Arc::new(config.secret()?), issuer, now).await?;
    let known = keys.list().await?;
    match command {
        Command::List => {
            let rows = known.into_iter().map(|(kid, algorithm, from)| [kid, algorithm.name().into(), from.to_string()]);
            Ok(Report::table(["Key", "Algorithm", "Signs from"], rows.collect()))
        }
        Command::Withdraw { kid } if known.iter().any(|(known, ..)| *known == kid) => {
            keys.withdraw(&kid, now).await?;
            Ok(Report::done("The key is gone; what it signed is refused from now on."))
        }
        Command::Withdraw { kid } => Err(Failed::Other(format!("there is no key `{kid}`"))),
    }
}

impl From<keys::Error> for Failed {
    fn from(error: keys::Error) -> Self {
        Self::Other(error.to_string())
    }
}
