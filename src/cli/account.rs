//! `cartable account …`

use std::io::{BufRead, stdin};

use clap::Subcommand;
use zeroize::Zeroizing;

use super::office::Office;
use super::report::{Failed, Report};
use crate::identity::account::{Account, Act, Email, Leaving, Left, Password, Refusal, Remedy, Service};
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
    /// Take an account out of its schools: the pupil has left. Who has no other way in is invited to choose a password
    Unaffiliate { email: String },
    /// Ask that a lost second factor be removed. Another operator has to approve, and the owner has 72 hours to stop it
    #[command(name = "reset-2fa")]
    ResetFactors {
        email: String,
        /// Who asks, for the owner to read
        #[arg(long, value_name = "NAME")]
        operator: String,
    },
    /// Ask that the owner be sent a link to come in again. Another operator has to approve, and the owner has 72 hours to
    /// stop it
    Recover {
        email: String,
        /// Who asks, for the owner to read
        #[arg(long, value_name = "NAME")]
        operator: String,
        /// The owner's new address, if the one of the account is lost too
        #[arg(long, value_name = "EMAIL")]
        to: Option<String>,
    },
    /// Approve what another operator asked for with `recover` or `reset-2fa`
    Approve {
        email: String,
        /// Who approves, for the owner to read
        #[arg(long, value_name = "NAME")]
        operator: String,
    },
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
        Command::Unaffiliate { email } => {
            let account = office.account(&email).await?;
            Ok(Report::done(told(office.accounts.leave_school(&account.id, None).await?)))
        }
        Command::ResetFactors { email, operator } => rescue(office, &email, Remedy::Factors, None, &operator).await,
        Command::Recover { email, operator, to } => {
            let to = to.as_deref().map(read_email).transpose()?;
            rescue(office, &email, Remedy::WayIn, to.as_ref(), &operator).await
        }
        Command::Approve { email, operator } => {
            let account = office.account(&email).await?;
            let due = office.accounts.approve_rescue(&account.id, &operator).await?;
            Ok(Report::of([("Account", email_of(&account)), ("Done on", due.to_string())]))
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
    office.accounts.note_operator(&home.account, Act::Created).await?;
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
        ("Minor", if account.minor { "yes" } else { "no" }.to_owned()),
        ("Optional services", services_of(account)),
    ])
}

async fn set_disabled(office: &Office, email: &str, disabled: bool) -> Result<Report, Failed> {
    let account = office.account(email).await?;
    office.accounts.set_disabled(&account.id, disabled).await?;
    Ok(Report::done(if disabled { "The account is disabled." } else { "The account is enabled." }))
}

/// The optional services that may be used for the account.
///
/// Spec: O-312
fn services_of(account: &Account) -> String {
    let may = Service::ALL.into_iter().filter(|service| account.may_use(*service));
    let names = may.map(|service| match service {
        Service::News => "news",
        Service::Contacts => "contacts",
    });
    names.collect::<Vec<_>>().join(" ")
}

/// Spec: O-307, O-344
async fn rescue(
    office: &Office,
    email: &str,
    remedy: Remedy,
    to: Option<&Email>,
    operator: &str,
) -> Result<Report, Failed> {
    let account = office.account(email).await?;
    office.accounts.ask_rescue(&account.id, remedy, to, operator).await?;
    Ok(Report::done("It is asked for, and the owner can see it. Another operator has to approve it now."))
}

/// What became of an account that left its schools.
pub(super) fn told(left: Left) -> &'static str {
    match left {
        Left::Unconcerned => "The account is not linked to a school; nothing was changed.",
        Left::Open => "The account is unlinked; its owner has another way in.",
        Left::Invited => "The account is unlinked; its owner is invited by letter to choose a password.",
        Left::Unreachable => {
            "The account is unlinked. Nobody can enter it, and no address is known: see `cartable account recover --to`."
        }
    }
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
        Account { unaffiliated: Some(_), .. } => "unaffiliated",
        _ => "enabled",
    }
}
