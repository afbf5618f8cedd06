//! Our own server, as the program that people install, goes through all conformance cases, in both layouts.
//!
//! The reports are in `target/conformance`. Cases that are known to fail are listed, with the reason, in
//! `conformance/known-failures.txt`; the test fails for any other, and for one that has come to pass.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cartable_conformance::outcome::{self, Outcome};
use cartable_conformance::run::{self, Plan};
use serde_json::Value;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn our_server_conforms() {
    conforms("path", free_port(), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_server_conforms_with_a_host_for_each_pod() {
    let port = free_port();
    let host = format!("pods_host=pods.localhost:{port}");
    conforms("subdomain", port, &["--set", "layout=subdomain", "--set", &host]).await;
}

/// Plays all cases with a server that has these settings.
async fn conforms(name: &str, port: u16, settings: &[&str]) {
    let server = Server::start(port, settings);
    let plan = Plan {
        server: server.url.clone(),
        issuer: server.url.clone(),
        pod: None,
        alice: server.person("alice"),
        bob: server.person("bob"),
        ca: None,
        only: std::env::var("CASES").unwrap_or_default(),
        at_once: 4,
    };
    let results = run::run(&plan, |_| {}).await.expect("both people can sign in");
    let folder = root().join("target/conformance").join(name);
    run::write_reports(&results, "https://cartable.example/", &folder).await.expect("the reports can be written");
    println!("{name}: {}; see {}", outcome::summary(&results), folder.join("report.html").display());

    let known = known_failures();
    let good = |outcome| matches!(outcome, Outcome::Passed | Outcome::Inapplicable);
    let bad = results.iter().filter(|result| !good(result.outcome) && !known.contains(&result.case.id));
    let bad: Vec<_> =
        bad.map(|result| format!("{}: {}", result.case.id, result.reason.clone().unwrap_or_default())).collect();
    assert!(bad.is_empty(), "{} cases failed:\n{}\n", bad.len(), bad.join("\n"));
    let mended = results.iter().filter(|result| good(result.outcome) && known.contains(&result.case.id));
    let mended: Vec<_> = mended.map(|result| result.case.id.as_str()).collect();
    assert!(mended.is_empty(), "these have come to pass, take them off the list:\n{}\n", mended.join("\n"));
}

/// The ids of cases that are known to fail: each line is `id: reason`.
fn known_failures() -> BTreeSet<String> {
    let list = fs::read_to_string(root().join("conformance/known-failures.txt")).unwrap_or_default();
    list.lines().filter_map(|line| line.split_once(": ")).map(|(id, _)| id.to_owned()).collect()
}

/// A running server with a data folder of its own.
struct Server {
    process: Child,
    folder: TempDir,
    /// What every command is told of the server.
    settings: Vec<String>,
    url: String,
}

impl Server {
    /// Starts the server and waits until its log says where it is.
    fn start(port: u16, settings: &[&str]) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let common = ["--data", "data", "--listen", &listen];
        let settings: Vec<_> = common.into_iter().chain(settings.iter().copied()).map(str::to_owned).collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut serve = command(folder.path(), &settings);
        let mut process = serve.arg("serve").stderr(Stdio::piped()).spawn().expect("the server starts");
        let mut log = BufReader::new(process.stderr.take().expect("the log is piped")).lines().map_while(Result::ok);
        let url = log.find_map(|line| Some(line.split_once("url=\"")?.1.split_once('"')?.0.to_owned()));
        // Nobody may block on a log that is full.
        std::thread::spawn(move || log.for_each(drop));
        let url = url.unwrap_or_else(|| panic!("the server said nowhere where it is: {:?}", process.wait()));
        Self { process, folder, settings, url }
    }

    /// Creates an account with a pod; gives identifier and secret of client credentials.
    fn person(&self, name: &str) -> (String, String) {
        let email = format!("{name}@example.org");
        self.office(&["account", "create", &email, "--pod", &format!("{name}-pod"), "--password-stdin"]);
        let made = self.office(&["credentials", "create", &email]);
        let text = |key: &str| made[key].as_str().unwrap_or_else(|| panic!("no {key} in {made}")).to_owned();
        (text("client_id"), text("client_secret"))
    }

    /// Runs a command beside the server.
    fn office(&self, arguments: &[&str]) -> Value {
        let mut command = command(self.folder.path(), &self.settings);
        let command = command.args(arguments).arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = command.spawn().expect("the command starts");
        let mut input = running.stdin.take().expect("the input is piped");
        // A command that reads no password closes its input.
        let _ = input.write_all(b"seven quiet lanterns\n");
        drop(input);
        let output = running.wait_with_output().expect("the command ends");
        assert!(output.status.success(), "{arguments:?} failed");
        serde_json::from_slice(&output.stdout).expect("the command prints JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(folder: &Path, settings: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cartable"));
    command.env_clear().current_dir(folder).args(settings);
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    listener.local_addr().expect("it has an address").port()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
