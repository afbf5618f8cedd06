//! The command line: the server, and what its operator does beside it.
//!
//! Commands open the same storage as the server and take effect at once, whether it runs or not. Exit status: 0 done,
//! 1 failed, 2 wrong usage or settings.

mod account;
mod credentials;
mod import;
mod invite;
mod keys;
mod maintenance;
mod office;
mod pod;
mod report;
mod serve;
mod upstream;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Log, Settings};
use crate::ingest::payslips::reading;
use report::{Failed, Report};

/// Cartable, a Solid pod server for schools.
#[derive(Debug, Parser)]
#[command(name = "cartable", version, disable_help_subcommand = true)]
struct Line {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// Settings file [default: cartable.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "CARTABLE_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
    /// Data folder [default: data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<String>,
    /// Public address of the server [default: http://localhost:PORT/]
    #[arg(long, global = true, value_name = "URL")]
    base_url: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:3000]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// For developing: open the JSON account API, let the server fetch from loopback
    #[arg(long, global = true)]
    dev: bool,
    /// Any setting, such as `--set quota="2 GB"`
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print results as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (what happens without a command)
    Serve,
    /// Create and show accounts
    #[command(subcommand)]
    Account(account::Command),
    /// List pods, set their quota
    #[command(subcommand)]
    Pod(pod::Command),
    /// Make invitations to sign up, list and revoke them
    #[command(subcommand)]
    Invite(invite::Command),
    /// List the schools that people come in through, retire one that is gone
    #[command(subcommand)]
    Upstream(upstream::Command),
    /// Create, list and delete client credentials
    #[command(subcommand)]
    Credentials(credentials::Command),
    /// Bring a file into a pod: an address book, a list of people, a calendar
    Import(import::Import),
    /// List the keys that sign tokens, drop one in an emergency
    #[command(subcommand)]
    Keys(keys::Command),
    /// Check the data folder; the server may run, unless it is to be repaired
    Check {
        /// Repair what can be
        #[arg(long)]
        repair: bool,
    },
    /// Write a copy of the data folder; the server may run
    Backup {
        /// The file to write; it must not exist
        file: PathBuf,
    },
    /// Fill an empty data folder from a backup
    Restore {
        /// The file that `backup` wrote
        file: PathBuf,
    },
    /// Show the settings and where each comes from
    Config,
    /// Read a payslip from the input for a running server
    #[command(name = reading::COMMAND, hide = true)]
    ReadPayslip,
}

impl Global {
    /// The flags that are settings: key, value and name.
    fn settings(&self) -> Result<Vec<(String, String, String)>, config::Error> {
        let named = [
            ("data", self.data.as_deref(), "--data"),
            ("base_url", self.base_url.as_deref(), "--base-url"),
            ("listen", self.listen.as_deref(), "--listen"),
            ("dev", self.dev.then_some("true"), "--dev"),
        ];
        let set = self.set.iter().map(|pair| {
            let (key, value) = pair.split_once('=').ok_or_else(|| config::Error::Flag(pair.clone()))?;
            Ok((key.to_owned(), value.to_owned(), "--set".to_owned()))
        });
        let named =
            named.into_iter().filter_map(|(key, value, flag)| Some(Ok((key.into(), value?.into(), flag.into()))));
        set.chain(named).collect()
    }
}

/// Runs a command line, its first argument being the program, with the variables of the environment.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> ExitCode {
    let line = match Line::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => {
            // Help and version are printed like results, with status 0.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    if matches!(line.command, Some(Command::ReadPayslip)) {
        return reading::answer();
    }
    let json = line.global.json;
    report::conclude(execute(line, variables.into_iter().collect()), json)
}

fn execute(line: Line, variables: Vec<(String, String)>) -> Result<Report, Failed> {
    let password = variables.iter().find(|(name, _)| name == "CARTABLE_PASSWORD").map(|(_, value)| value.clone());
    let settings = Settings::read(line.global.config.as_deref(), variables, line.global.settings()?)?;
    let config = settings.config();
    let command = line.command.unwrap_or(Command::Serve);
    if !matches!(command, Command::Serve) {
        serve::begin_log(Log::Text, "warn")?;
    }
    match command {
        Command::Serve => serve::serve(config),
        Command::Account(command) => office::run(config, async |office| account::run(&office, command, password).await),
        Command::Pod(command) => office::run(config, async |office| pod::run(&office, command).await),
        Command::Invite(command) => office::run(config, async |office| invite::run(&office, command).await),
        Command::Upstream(command) => office::run(config, async |office| upstream::run(&office, config, command).await),
        Command::Credentials(command) => office::run(config, async |office| credentials::run(&office, command).await),
        Command::Import(command) => office::run(config, async |office| import::run(&office, command).await),
        Command::Keys(command) => office::run(config, async |office| keys::run(&office, config, command).await),
        Command::Check { repair } => maintenance::check(config, repair),
        Command::Backup { file } => maintenance::backup(config, &file),
        Command::Restore { file } => maintenance::restore(config, &file),
        Command::Config => Ok(report::settings(&settings)),
        Command::ReadPayslip => Ok(Report::done("")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Line::command().debug_assert();
    }

    #[test]
    fn flags_are_settings() {
        let line = ["cartable", "config", "--dev", "--set", "quota=2 GB", "--data", "d"];
        let line = Line::try_parse_from(line).unwrap();
        let flags = line.global.settings().unwrap();
        let keys: Vec<_> = flags.iter().map(|(key, value, _)| (key.as_str(), value.as_str())).collect();
        assert_eq!(keys, [("quota", "2 GB"), ("data", "d"), ("dev", "true")]);
        let bad = Line::try_parse_from(["cartable", "--set", "quota"]).unwrap();
        assert!(bad.global.settings().is_err());
    }
}
