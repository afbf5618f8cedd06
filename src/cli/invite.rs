//! `cartable invite …`

use std::time::Duration;

use clap::Subcommand;

use super::office::Office;
use super::report::{Failed, Report};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an invitation to sign up; its address is shown only now, and opens one account
    Create {
        /// Whom it is for, or what
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// How many days it lasts
        #[arg(long, value_name = "NUMBER", default_value_t = 14, value_parser = clap::value_parser!(u64).range(1..=365))]
        days: u64,
    },
    /// List the invitations that nobody has used
    List,
    /// Take an invitation back
    Revoke {
        /// Its name, as `list` shows it
        name: String,
    },
}

pub(super) async fn run(office: &Office, command: Command) -> Result<Report, Failed> {
    match command {
        Command::Create { note, days } => {
            let lasts = Duration::from_hours(24 * days);
            Ok(Report::of([("Address", office.accounts.invite(note.as_deref(), lasts).await?)]))
        }
        Command::List => {
            let open = office.accounts.invitations().await?.into_iter();
            let rows = open.map(|(name, one)| [name, one.note.unwrap_or_default(), one.until.to_string()]);
            Ok(Report::table(["Name", "Note", "Until"], rows.collect()))
        }
        Command::Revoke { name } => {
            office.accounts.take_back_invitation(&name).await?;
            Ok(Report::done("The invitation is taken back."))
        }
    }
}
