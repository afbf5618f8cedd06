//! Cartable and a pretend school, in one command: `cargo run --release --example school`.
//!
//! Everything lies in a temporary folder and is gone when the program ends.

#![expect(clippy::unwrap_used, reason = "an example fails by panicking")]

#[path = "../tests/support/ent.rs"]
mod ent;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use cartable::clock::SystemClock;
use ent::{CLIENT, Ent, PEOPLE, Registered, SECRET};
use tokio::net::TcpListener;

const CARTABLE: u16 = 3000;
const SCHOOL: u16 = 4000;
/// Somebody who has a space already and comes in with a password.
const EMAIL: &str = "demo@example.org";
const PASSWORD: &str = "une phrase facile à retenir";

fn main() -> ExitCode {
    // Called by itself, it is the program.
    if std::env::args_os().len() > 1 {
        return cartable::cli::run(std::env::args_os(), std::env::vars());
    }
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let made = Command::new(std::env::current_exe().unwrap())
        .args(["account", "create", EMAIL, "--pod", "demo", "--config"])
        .arg(&settings)
        .env("CARTABLE_PASSWORD", PASSWORD)
        .status();
    assert!(made.unwrap().success());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _school = runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", SCHOOL)).await.unwrap();
        Ent::open(listener, Registered::at(&base(), "armorique"), Arc::new(SystemClock))
    });
    tell(folder.path());
    let line = ["school".into(), "serve".into(), "--config".into(), settings.into_os_string()];
    cartable::cli::run(line, [])
}

fn base() -> String {
    format!("http://localhost:{CARTABLE}/")
}

/// Writes the settings: what an operator would write to connect a school.
fn settings(folder: &Path) -> std::path::PathBuf {
    let secret = folder.join("school.secret");
    fs::write(&secret, SECRET).unwrap();
    let text = format!(
        r#"listen = "127.0.0.1:{CARTABLE}"
data = "{data}"
log_filter = "warn"

[[upstream]]
id = "armorique"
name = "ENT Armorique"
issuer = "http://localhost:{SCHOOL}"
client_id = "{CLIENT}"
client_secret_file = "{secret}"

[upstream.claims]
tenant = "structure"
role = "title"
staff = ["ENS"]
adult = "majeur"
"#,
        data = folder.join("data").display(),
        secret = secret.display(),
    );
    let path = folder.join("cartable.toml");
    fs::write(&path, text).unwrap();
    path
}

#[expect(clippy::print_stdout, reason = "this is what the example is for")]
fn tell(folder: &Path) {
    println!("\nThe pretend school:  http://localhost:{SCHOOL}/");
    println!("Cartable:            {}\n", base());
    println!("At the school, click who you are, then \"Mon espace Cartable\":");
    for somebody in PEOPLE {
        let what = if somebody.title == "ENS" { "teacher" } else { "pupil" };
        println!("  {:<18} {what:<8} {}", somebody.name, somebody.email);
    }
    println!("\nWho has a space already comes in with\n  {EMAIL}\n  {PASSWORD}");
    println!("\nLetters are written to {}\nEnd with Ctrl-C.\n", folder.join("data/mail").display());
}
