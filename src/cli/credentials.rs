//! `cartable credentials …`

use clap::Subcommand;

use super::office::Office;
use super::report::{Failed, Report};
use crate::identity::account::{Act, CredentialId, Refusal};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create client credentials; the secret is shown only now
    Create {
        /// The account
        email: String,
        /// The WebID that they speak for [default: the account's first]
        #[arg(long, value_name = "IRI")]
        webid: Option<String>,
        /// What they are for
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Not available yet: credentials that reach a part of a pod only
        #[arg(long, value_name = "PATH=MODES", hide = true)]
        limit: Vec<String>,
    },
    /// List the client credentials of an account
    List {
        /// The account
        email: String,
    },
    /// Delete client credentials; their tokens are refused at once
    Delete {
        /// The account
        email: String,
        /// The client id
        id: String,
    },
}

pub(super) async fn run(office: &Office, command: Command) -> Result<Report, Failed> {
    match command {
        // A limit that is kept but not enforced would be worse than none.
        Command::Create { limit, .. } if !limit.is_empty() => {
            Err(Failed::Usage("`--limit` is not available yet: nothing would enforce it".into()))
        }
        Command::Create { email, webid, name, .. } => {
            let account = office.account(&email).await?;
            office.accounts.note_operator(&account.id, Act::KeyMade).await?;
            let made = office.accounts.create_credential(&account.id, webid.as_deref(), name.as_deref()).await?;
            Ok(Report::of([
                ("Client id", made.credential.id.to_string()),
                ("Client secret", made.secret.reveal().to_owned()),
                ("WebID", made.credential.webid),
                ("Issuer", office.provision.addresses.base().to_owned()),
                ("Expires", made.credential.expires.to_string()),
            ]))
        }
        Command::List { email } => {
            let account = office.account(&email).await?;
            let own = office.accounts.credentials(&account).await?.into_iter();
            let rows =
                own.map(|own| [own.id.to_string(), own.name.unwrap_or_default(), own.webid, own.expires.to_string()]);
            Ok(Report::table(["Client id", "Name", "WebID", "Expires"], rows.collect()))
        }
        Command::Delete { email, id } => {
            let account = office.account(&email).await?;
            let id = CredentialId::parse(&id).ok_or(Refusal::NoSuchCredential)?;
            office.accounts.note_operator(&account.id, Act::KeyDeleted).await?;
            office.accounts.delete_credential(&account.id, &id).await?;
            Ok(Report::done("The client credentials are deleted; their tokens are refused from now on."))
        }
    }
}
