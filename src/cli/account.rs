//! `cartable account …`

use std::io::{BufRead, stdin};

use clap::Subcommand;
use zeroize::Zeroizing;

use super::office::Office;
use super::report::{Failed, Report};
use crate::identity::account::{Account, Email, Leaving, Password, Refusal};
use crate::path::PodName;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create an account with its pod
    Create {
        /// The e-mail address to sign in with
        email: String,
        /// The name of the pod: 3 to 40 of a-z, 0-9 and -
        #[arg(long, value_name = "NAME")]
        pod: String,
        /// Read the password from the first line of the standard input [else: `CARTABLE_PASSWORD`, else it is asked]
        #[arg(long)]
        password_stdin: bool,
    },
    /// List accounts
    List,
    /// Show an account
    Show { email: String },
    /// Keep an account from signing in and refuse its tokens
    Disable { email: String },
    /// Undo `disable`
    Enable { email: String },
    /// Delete an account: its pods are closed at once, and all is erased after 30 days
    Delete { email: String },
    /// Undo `delete`, within the 30 days
    Keep { email: String },
}

/// Accounts that are listed at a time.
const PAGE: usize = 500;

pub(super) async fn run(office: &Office, command: Command, password: Option<String>) -> Result<Report, Failed> {
    match command {
        Command::Create { email, pod, password_stdin } => {
            create(office, &email, &pod, || typed(password_stdin, password)).await
        }
        Command::List => list(office).await,
        Command::Show { email } => Ok(show(&office.account(&email).await?)),
        Command::Disable { email } => set_disabled(office, &email, true).await,
        Command::Enable { email } => set_disabled(office, &email, false).await,
        Command::Delete { email } => delete(office, &email).await,
        Command::Keep { email } => {
            office.accounts.reopen_by_operator(&office.account(&email).await?.id).await?;
            Ok(Report::done("The account is kept, with its pods, as it was."))
        }
    }
}

async fn create(
    office: &Office,
    email: &str,
    pod: &str,
    typed: impl FnOnce() -> Result<Zeroizing<String>, Failed>,
) -> Result<Report, Failed> {
    let email = read_email(email)?;
    let pod = PodName::parse(pod).ok_or_else(|| {
        let rule = "3 to 40 of a-z, 0-9 and -, a letter or digit at both ends";
        Failed::Usage(format!("`{pod}` is no pod name: {rule}"))
    })?;
    let password = Password::chosen(&typed()?).map_err(Refusal::from)?;
    let home = office.provision.account(email.clone(), password, &pod).await?;
    Ok(Report::of([("Account", email.to_string()), ("Pod", home.pod), ("WebID", home.webid)]))
}

pub(super) fn read_email(email: &str) -> Result<Email, Failed> {
    Email::parse(email).ok_or_else(|| Failed::Usage(format!("`{email}` is no e-mail address")))
}

/// The password: from the standard input, from the variable, or asked for twice.
fn typed(from_stdin: bool, variable: Option<String>) -> Result<Zeroizing<String>, Failed> {
    let unread = |error: std::io::Error| Failed::Other(format!("the password cannot be read: {error}"));
    if from_stdin {
        let mut line = Zeroizing::new(String::new());
        stdin().lock().read_line(&mut line).map_err(unread)?;
        return Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()));
    }
    if let Some(password) = variable {
        return Ok(Zeroizing::new(password));
    }
    let first = Zeroizing::new(rpassword::prompt_password("Password: ").map_err(unread)?);
    let second = Zeroizing::new(rpassword::prompt_password("The same again: ").map_err(unread)?);
    if *first == *second { Ok(first) } else { Err(Failed::Other("the two passwords differ".into())) }
}

async fn list(office: &Office) -> Result<Report, Failed> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = office.accounts.accounts(after.as_ref(), PAGE).await?;
        rows.extend(page.iter().map(|account| [email_of(account), pods_of(account), state_of(account).to_owned()]));
        after = page.last().map(|account| account.id.clone());
        if page.len() < PAGE {
            return Ok(Report::table(["Account", "Pods", "State"], rows));
        }
    }
}

fn show(account: &Account) -> Report {
    Report::of([
        ("Account", email_of(account)),
        ("State", state_of(account).to_owned()),
        ("Created", account.created.to_string()),
        ("Pods", pods_of(account)),
        ("WebIDs", account.webids.join(" ")),
        ("Client credentials", account.credentials.len().to_string()),
    ])
}

async fn set_disabled(office: &Office, email: &str, disabled: bool) -> Result<Report, Failed> {
    let account = office.account(email).await?;
    office.accounts.set_disabled(&account.id, disabled).await?;
    Ok(Report::done(if disabled { "The account is disabled." } else { "The account is enabled." }))
}

/// Spec: O-329
async fn delete(office: &Office, email: &str) -> Result<Report, Failed> {
    let account = office.account(email).await?;
    let day = office.accounts.close(&account.id, Leaving::ByOperator).await?;
    Ok(Report::of([("Account", email_of(&account)), ("Pods", pods_of(&account)), ("Erased on", day.to_string())]))
}

fn email_of(account: &Account) -> String {
    account.login.as_ref().map(|login| login.email.to_string()).unwrap_or_default()
}

fn pods_of(account: &Account) -> String {
    account.pods.iter().map(PodName::as_str).collect::<Vec<_>>().join(" ")
}

fn state_of(account: &Account) -> &'static str {
    match account {
        Account { closing: Some(_), .. } => "closing",
        Account { disabled: true, .. } => "disabled",
        _ => "enabled",
    }
}
