//! The command line, as an operator types it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use cartable::storage::sqlite::Lock;
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSWORD: &str = "a bridge over the river";

/// A folder in which commands run, with nothing of the environment.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with(arguments, &[], "")
    }

    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cartable"));
        command.args(arguments).current_dir(self.path()).env_clear().envs(variables.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that does not read has closed its end.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Outcome(child.wait_with_output().unwrap())
    }

    /// Makes an account with a pod of the same name.
    fn account(&self, name: &str) -> Outcome {
        let email = format!("{name}@example.org");
        self.run_with(&["account", "create", &email, "--pod", name, "--password-stdin", "--json"], &[], PASSWORD)
    }
}

struct Outcome(Output);

impl Outcome {
    fn status(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn errors(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// What a command printed that must have succeeded.
    fn json(&self) -> Value {
        assert_eq!(self.status(), 0, "{}", self.errors());
        serde_json::from_slice(&self.0.stdout).unwrap()
    }

    fn fails(&self, status: i32, because: &str) {
        assert_eq!(self.status(), status, "{}{}", self.text(), self.errors());
        assert!(self.errors().contains(because), "{}", self.errors());
    }
}

#[test]
fn an_account_is_made_with_its_pod() {
    let desk = Desk::new();
    let made = desk.account("ada").json();
    let webid = "http://localhost:3000/ada/profile/card#me";
    assert_eq!(made, json!({ "account": "ada@example.org", "pod": "http://localhost:3000/ada/", "webid": webid }));
    let listed = desk.run(&["account", "list", "--json"]).json();
    assert_eq!(listed, json!([{ "account": "ada@example.org", "pods": "ada", "state": "enabled" }]));
    let shown = desk.run(&["account", "show", "ADA@example.org"]);
    assert!(shown.text().contains(webid) && !shown.text().contains(PASSWORD), "{}", shown.text());
    desk.run(&["account", "show", "bob@example.org"]).fails(1, "no such account");
    desk.account("ada").fails(1, "taken");
    let create = |email, pod, password| {
        desk.run_with(&["account", "create", email, "--pod", pod], &[("CARTABLE_PASSWORD", password)], "")
    };
    create("bob@example.org", "ada", PASSWORD).fails(1, "pod name is taken");
    create("ada@example.org", "second", PASSWORD).fails(1, "this e-mail address exists already");
    create("bob@example.org", "B", PASSWORD).fails(2, "no pod name");
    create("bob", "bob", PASSWORD).fails(2, "no e-mail address");
    create("bob@example.org", "bob", "short").fails(1, "12 characters");
    assert_eq!(create("bob@example.org", "bob", PASSWORD).status(), 0);
}

#[test]
fn a_deleted_account_is_kept_within_the_month() {
    let desk = Desk::new();
    desk.account("ada");
    let state = || desk.run(&["account", "list", "--json"]).json()[0]["state"].clone();
    desk.run(&["account", "keep", "ada@example.org"]).fails(1, "not about to be deleted");
    let day = desk.run(&["account", "delete", "ada@example.org", "--json"]).json()["erased_on"].clone();
    assert_eq!(desk.run(&["account", "delete", "ada@example.org", "--json"]).json()["erased_on"], day);
    assert_eq!(state(), "closing");
    desk.run(&["account", "enable", "ada@example.org"]).fails(1, "about to be deleted");
    assert_eq!(desk.run(&["account", "keep", "ada@example.org"]).status(), 0);
    assert_eq!(state(), "enabled");
    desk.run(&["account", "delete", "bob@example.org"]).fails(1, "no such account");
}

#[test]
fn a_way_back_in_takes_two_operators() {
    let desk = Desk::new();
    desk.account("ada");
    let run = |words: &[&str]| desk.run(&[&["account"], words].concat());
    run(&["approve", "ada@example.org", "--operator", "Yann"]).fails(1, "nothing was asked for");
    run(&["recover", "ada@example.org", "--operator", " "]).fails(1, "which operator");
    run(&["recover", "ada@example.org"]).fails(2, "--operator");
    run(&["recover", "ada@example.org", "--operator", "Soizic", "--to", "ada@example.org"]).fails(1, "exists already");
    assert_eq!(run(&["recover", "ada@example.org", "--operator", "Soizic", "--to", "ada@home.example"]).status(), 0);
    run(&["approve", "ada@example.org", "--operator", "soizic"]).fails(1, "another operator");
    assert!(run(&["approve", "ada@example.org", "--operator", "Yann", "--json"]).json()["done_on"].is_string());
    assert_eq!(run(&["reset-2fa", "ada@example.org", "--operator", "Yann"]).status(), 0);
}

#[test]
fn schools_are_listed_and_those_that_are_named_are_not_retired() {
    let desk = Desk::new();
    desk.account("ada");
    let section =
        "[[upstream]]\nid = 'ent'\nname = 'ENT'\nissuer = 'https://ent.example/oidc'\nclient_id = 'cartable'\n";
    std::fs::write(desk.path().join("cartable.toml"), section).unwrap();
    let listed = desk.run(&["upstream", "list", "--json"]).json();
    assert_eq!(listed, json!([{ "school": "ENT", "accounts": "0", "issuer": "https://ent.example/oidc" }]));
    desk.run(&["upstream", "retire", "https://ent.example/oidc"]).fails(1, "still name");
    desk.run(&["upstream", "retire", "https://other.example"]).fails(1, "no account is linked");
    let alone = desk.run(&["account", "unaffiliate", "ada@example.org"]);
    assert!(alone.text().contains("not linked to a school"), "{}", alone.text());
    std::fs::remove_file(desk.path().join("cartable.toml")).unwrap();
    desk.run(&["config", "--set", "accounts.password_sign_in=false"]).fails(2, "needs an `[[upstream]]`");
}

#[test]
fn invitations_come_and_go() {
    let desk = Desk::new();
    let made = desk.run(&["invite", "create", "--note", "Dora", "--json"]).json();
    assert!(made["address"].as_str().unwrap().starts_with("http://localhost:3000/.account/signup/?invite="));
    let listed = desk.run(&["invite", "list", "--json"]).json();
    assert_eq!(listed[0]["note"], "Dora");
    let name = listed[0]["name"].as_str().unwrap();
    assert_eq!(desk.run(&["invite", "revoke", name]).status(), 0);
    desk.run(&["invite", "revoke", name]).fails(1, "used, or is too old");
    assert_eq!(desk.run(&["invite", "list", "--json"]).json(), json!([]));
    desk.run(&["invite", "create", "--days", "0"]).fails(2, "1..=365");
}

#[test]
fn a_key_that_leaked_is_dropped() {
    let desk = Desk::new();
    let named = || {
        let listed = desk.run(&["keys", "list", "--json"]).json();
        let of_kind = |key: &&Value| key["algorithm"] == "ES256";
        listed.as_array().unwrap().iter().find(of_kind).unwrap()["key"].as_str().unwrap().to_owned()
    };
    let first = named();
    assert_eq!(named(), first, "keys are made once");
    desk.run(&["keys", "withdraw", "nonsense"]).fails(1, "no key");
    assert_eq!(desk.run(&["keys", "withdraw", &first]).status(), 0);
    assert_ne!(named(), first);
    desk.run(&["keys", "withdraw", &first]).fails(1, "no key");
}

#[test]
fn client_credentials_come_and_go() {
    let desk = Desk::new();
    desk.account("ada");
    let made = desk.run(&["credentials", "create", "ada@example.org", "--name", "my laptop", "--json"]).json();
    assert_eq!(made["issuer"], "http://localhost:3000/");
    let (id, secret) = (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let listed = desk.run(&["credentials", "list", "ada@example.org"]).text();
    assert!(listed.contains(id) && listed.contains("my laptop") && !listed.contains(secret), "{listed}");
    desk.run(&["credentials", "create", "ada@example.org", "--webid", "https://bob.example/#me"])
        .fails(1, "not linked");
    desk.run(&["credentials", "create", "ada@example.org", "--limit", "/notes/=r"]).fails(2, "not available yet");
    assert_eq!(desk.run(&["credentials", "delete", "ada@example.org", id]).status(), 0);
    desk.run(&["credentials", "delete", "ada@example.org", id]).fails(1, "no such client credentials");
    assert_eq!(desk.run(&["credentials", "list", "ada@example.org", "--json"]).json(), json!([]));
}

#[test]
fn a_quota_is_shown_and_set() {
    let desk = Desk::new();
    desk.account("ada");
    assert_eq!(desk.run(&["pod", "quota", "ada", "2 GB", "--json"]).json()["quota"], "2 GB");
    assert_eq!(desk.run(&["pod", "list", "--json"]).json()[0]["quota"], "2 GB");
    assert_eq!(desk.run(&["pod", "quota", "ada", "none", "--json"]).json()["quota"], "none");
    desk.run(&["pod", "quota", "ada", "much"]).fails(2, "not a size");
    desk.run(&["pod", "quota", "bob"]).fails(1, "no pod `bob`");
}

#[test]
fn settings_are_shown_and_checked() {
    let desk = Desk::new();
    std::fs::write(desk.path().join("cartable.toml"), "data = \"elsewhere\"\n").unwrap();
    let variables = [("CARTABLE_LISTEN", "127.0.0.1:4000"), ("CARTABLE_SECRET_KEY", "open-sesame")];
    let shown = desk.run_with(&["config", "--set", "log=json", "--json"], &variables, "").json();
    let of = |key: &str| shown.as_array().unwrap().iter().find(|row| row["setting"] == key).unwrap().clone();
    assert_eq!(of("data"), json!({ "setting": "data", "value": "elsewhere", "from": "cartable.toml" }));
    assert_eq!(of("listen"), json!({ "setting": "listen", "value": "127.0.0.1:4000", "from": "CARTABLE_LISTEN" }));
    assert_eq!(of("log"), json!({ "setting": "log", "value": "json", "from": "--set" }));
    assert_eq!(of("secret_key"), json!({ "setting": "secret_key", "value": "…", "from": "CARTABLE_SECRET_KEY" }));
    desk.run(&["config", "--set", "quotas=1"]).fails(2, "did you mean `quota`?");
    desk.run_with(&["config"], &[("CARTABLE_LISTN", "x")], "").fails(2, "did you mean `CARTABLE_LISTEN`?");
    desk.run(&["config", "--config", "missing.toml"]).fails(2, "missing.toml");
    desk.run(&["conifg"]).fails(2, "config");
    assert_eq!(desk.run(&["--help"]).status(), 0);
}

#[test]
fn a_data_folder_keeps_its_address() {
    let desk = Desk::new();
    desk.account("ada");
    let moved = desk.run(&["account", "list", "--base-url", "https://pods.example/"]);
    moved.fails(2, "belongs to http://localhost:3000/");
    assert!(moved.errors().contains("base_url"), "{}", moved.errors());
    assert_eq!(desk.run(&["account", "list"]).status(), 0);
}

#[test]
fn a_backup_is_restored_elsewhere() {
    let desk = Desk::new();
    desk.account("ada");
    let written = desk.run(&["backup", "copy.tar", "--json"]).json();
    assert!(written["bytes"].as_u64().unwrap() > 0);
    desk.run(&["backup", "copy.tar"]).fails(1, "exists already");
    desk.run(&["restore", "copy.tar"]).fails(1, "not empty");
    assert_eq!(desk.run(&["restore", "copy.tar", "--data", "again"]).status(), 0);
    assert_eq!(desk.run(&["account", "list", "--data", "again", "--json"]).json()[0]["account"], "ada@example.org");
    let checked = desk.run(&["check", "--data", "again", "--json"]).json();
    assert_eq!(checked, json!({ "findings": [], "repaired": 0 }));
    desk.run(&["check", "--data", "nowhere"]).fails(1, "no data folder");
    assert!(!desk.path().join("nowhere").exists());
}

#[test]
fn repair_and_restore_wait_for_the_server_to_stop() {
    let desk = Desk::new();
    desk.account("ada");
    desk.run(&["backup", "copy.tar"]);
    let running = Lock::take(&desk.path().join("data")).unwrap().unwrap();
    desk.run(&["check", "--repair"]).fails(1, "server is using");
    assert_eq!(desk.run(&["check"]).status(), 0);
    assert_eq!(desk.run(&["account", "list"]).status(), 0);
    drop(running);
    assert_eq!(desk.run(&["check", "--repair"]).status(), 0);
    std::fs::create_dir(desk.path().join("again")).unwrap();
    let _running = Lock::take(&desk.path().join("again")).unwrap().unwrap();
    desk.run(&["restore", "copy.tar", "--data", "again"]).fails(1, "server is using");
}

/// A server that runs in a desk's folder; it is killed if a test ends early.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(desk: &Desk) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cartable"));
        command.args(["--listen", "127.0.0.1:0", "--set", "log=json"]).current_dir(desk.path()).env_clear();
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = |line: String| serde_json::from_str::<Value>(&line).unwrap();
        let serving = lines.map(|line| said(line.unwrap())).find(|said| said["message"] == "serving").unwrap();
        Self { child, url: serving["url"].as_str().unwrap().to_owned() }
    }

    fn get(&self, path: &str) -> String {
        let authority = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut socket = TcpStream::connect(authority.replace("localhost", "127.0.0.1")).unwrap();
        write!(socket, "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    fn stop(mut self) -> i32 {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn commands_take_effect_beside_the_running_server() {
    let desk = Desk::new();
    let server = Running::start(&desk);
    assert!(server.get("/").starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(server.get("/ada/profile/card").starts_with("HTTP/1.1 404 "));
    let create =
        ["account", "create", "ada@example.org", "--pod", "ada", "--password-stdin", "--base-url", &server.url];
    assert_eq!(desk.run_with(&create, &[], PASSWORD).status(), 0);
    let card = server.get("/ada/profile/card");
    assert!(card.starts_with("HTTP/1.1 200 OK\r\n") && card.contains("foaf:PersonalProfileDocument"), "{card}");
    let key = std::fs::metadata(desk.path().join("data.key")).unwrap();
    assert!(key.is_file());
    desk.run(&["serve", "--listen", "127.0.0.1:0", "--base-url", &server.url]).fails(1, "in use");
    desk.run(&["check", "--repair"]).fails(1, "server is using");
    assert_eq!(server.stop(), 0);
    assert_eq!(desk.run(&["check", "--repair"]).status(), 0);
}

#[test]
fn files_are_imported_and_taken_back() {
    let desk = Desk::new();
    desk.account("ada");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
    let file = |name: &str| fixtures.join(name).to_str().unwrap().to_owned();
    let cards = file("carnet-v4.vcf");
    let import = |more: &[&str]| desk.run(&[&["import", &cards, "--pod", "ada", "--json"], more].concat());
    let counts =
        |created, skipped| json!({ "created": created, "changed": 0, "skipped": skipped, "removed": 0, "rejected": 0 });

    let looked = import(&["--dry-run"]).json();
    assert_eq!((&looked["counts"], &looked["import"]), (&counts(5, 0), &Value::Null));
    let done = import(&[]).json();
    assert_eq!(done["counts"], counts(5, 0));
    assert_eq!(import(&["--dry-run"]).json()["counts"], counts(0, 5));
    let id = done["import"].as_str().unwrap();
    let undone = desk.run(&["import", "--undo", id, "--pod", "ada", "--json"]).json();
    assert_eq!(undone, json!({ "undone": 5, "kept": 0 }));
    desk.run(&["import", "--undo", id, "--pod", "ada"]).fails(1, "undone already");

    let pupils = file("eleves-classes-cp1252.csv");
    let told = desk.run(&["import", &pupils, "--pod", "ada", "--dry-run"]);
    assert!(
        told.text().contains("7 to create") && told.text().contains("line 8: there is no such date"),
        "{}",
        told.text()
    );
    let columns = ["import", &pupils, "--pod", "ada", "--dry-run", "--columns"];
    desk.run(&[&columns[..], &["NOBODY=name"]].concat()).fails(2, "columns");
    desk.run(&["import", &pupils, "--pod", "ada", "--as", "vcard"]).fails(1, "nothing of its kind");
    desk.run(&["import", &pupils, "--pod", "bob"]).fails(1, "no pod");
    desk.run(&["import", &pupils, "--pod", "ada", "--as", "pdf"]).fails(2, "must be vcard");
    desk.run(&["import", "--pod", "ada"]).fails(2, "required");
    desk.run(&["import", "nothing.vcf", "--pod", "ada"]).fails(1, "nothing.vcf");
    assert_eq!(desk.run(&["check"]).status(), 0);
}
