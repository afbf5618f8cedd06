//! Runs the conformance cases against a server, and writes the reports.

use std::path::PathBuf;
use std::process::ExitCode;

use cartable_conformance::outcome::{self, Outcome};
use cartable_conformance::run::{self, Plan};
use clap::Parser;

/// Tries a Solid server: its protocol, access control and identity provider.
///
/// Two people with client credentials are needed; the first one's pod is written to, below a container that is
/// taken away again.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The address of the server, which is also the issuer unless --issuer says otherwise.
    #[arg(long, value_name = "URL")]
    server: String,
    /// The issuer of both people's tokens.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The root of the first person's pod; found in the profile if left out.
    #[arg(long, value_name = "URL")]
    pod: Option<String>,
    /// Client credentials of the first person.
    #[arg(long, value_name = "ID", env = "CONFORMANCE_ALICE_ID")]
    alice_id: String,
    #[arg(long, value_name = "SECRET", env = "CONFORMANCE_ALICE_SECRET", hide_env_values = true)]
    alice_secret: String,
    /// Client credentials of the second person.
    #[arg(long, value_name = "ID", env = "CONFORMANCE_BOB_ID")]
    bob_id: String,
    #[arg(long, value_name = "SECRET", env = "CONFORMANCE_BOB_SECRET", hide_env_values = true)]
    bob_secret: String,
    /// Certificates to trust besides the machine's, in PEM.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Only cases whose name contains this, such as `n3_patch/`.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// How many cases run side by side.
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    at_once: usize,
    /// Where `report.ttl` and `report.html` go.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match report(Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(1)
        }
    }
}

/// Runs the cases and writes the reports; whether none failed.
async fn report(options: Options) -> Result<bool, String> {
    let ca = match &options.ca {
        Some(file) => Some(tokio::fs::read(file).await.map_err(|error| format!("{}: {error}", file.display()))?),
        None => None,
    };
    let plan = Plan {
        issuer: options.issuer.unwrap_or_else(|| options.server.clone()),
        server: options.server,
        pod: options.pod,
        alice: (options.alice_id, options.alice_secret),
        bob: (options.bob_id, options.bob_secret),
        ca,
        only: options.only,
        at_once: options.at_once,
    };
    let results = run::run(&plan, |result| {
        if result.outcome != Outcome::Passed {
            let reason = result.reason.as_deref().unwrap_or_default();
            println!("{:12} {}: {reason}", result.outcome.name(), result.case.id);
        }
    })
    .await?;
    run::write_reports(&results, &plan.server, &options.out).await.map_err(|error| error.to_string())?;
    println!("{}", outcome::summary(&results));
    println!("{} and {}", options.out.join("report.html").display(), options.out.join("report.ttl").display());
    Ok(outcome::count(&results, Outcome::Failed) == 0)
}
