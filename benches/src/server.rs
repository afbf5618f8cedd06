//! The server under test: its process, its people, its memory.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::connection::{Connection, Whole};

/// What everybody signs in with.
pub const PASSWORD: &str = "a pass phrase for measuring";
const START_WITHIN: Duration = Duration::from_secs(30);

/// Where a server keeps its data, and at which address. It outlives the process, so that one can start again.
pub struct Place {
    binary: PathBuf,
    folder: tempfile::TempDir,
    pub address: SocketAddr,
}

/// A running server; it ends when this is dropped.
pub struct Server {
    child: Child,
    /// From the start of the process to its first answer.
    pub started_in: Duration,
}

/// Client credentials and what they stand for.
pub struct Person {
    pub id: String,
    pub secret: String,
    pub web_id: String,
}

impl Place {
    /// A new, empty data folder for the binary of `SERVER_BINARY`, else the one built beside this program.
    pub fn new() -> Result<Self> {
        let beside = || Ok::<_, std::io::Error>(std::env::current_exe()?.with_file_name("cartable"));
        let binary = std::env::var_os("SERVER_BINARY").map_or_else(beside, |path| Ok(path.into()))?;
        if !binary.exists() {
            return Err(format!("{} is not there: run `cargo build --release` first", binary.display()).into());
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Ok(Self { binary, folder: tempfile::tempdir()?, address: ([127, 0, 0, 1], port).into() })
    }

    pub fn base(&self) -> String {
        format!("http://localhost:{}/", self.address.port())
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--data").arg(self.folder.path().join("data")).args(["--base-url", &self.base()]);
        command
    }

    /// Starts the server and waits for its first answer.
    pub async fn start(&self) -> Result<Server> {
        self.start_with(&[]).await
    }

    async fn start_with(&self, flags: &[&str]) -> Result<Server> {
        let listen = self.address.to_string();
        let started = Instant::now();
        let log = fs::File::create(self.folder.path().join("log"))?;
        let child = self
            .command(&["serve", "--listen", &listen])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut server = Server { child, started_in: Duration::ZERO };
        while started.elapsed() < START_WITHIN {
            if self.ask(&get(self.address, "/.well-known/openid-configuration", "")).await.is_ok() {
                server.started_in = started.elapsed();
                return Ok(server);
            }
            if let Some(code) = server.child.try_wait()? {
                return Err(format!("the server ended at once, {code}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err("the server does not answer".into())
    }

    /// Sends one request on a connection of its own.
    pub async fn ask(&self, request: &[u8]) -> Result<Whole> {
        Ok(Connection::open(self.address).await?.ask(request).await?)
    }

    /// Makes an account with the pod `name` by the command line.
    pub fn account(&self, name: &str) -> Result<()> {
        let email = format!("{name}@example.org");
        self.run(&["account", "create", &email, "--pod", name, "--password-stdin"], &format!("{PASSWORD}\n"))?;
        Ok(())
    }

    /// Makes pods, each with an account of its own, by the account API that `--dev` opens: ten thousand of them would
    /// keep the command line busy for a quarter of an hour.
    pub async fn pods(&self, names: impl Iterator<Item = String>) -> Result<()> {
        let server = self.start_with(&["--dev"]).await?;
        let mut connection = Connection::open(self.address).await?;
        for name in names {
            let json = "Content-Type: application/json\r\n";
            let made = with_body("POST", self.address, "/.account/account/", json, b"{}");
            let made: serde_json::Value = serde_json::from_slice(&connection.ask(&made).await?.body)?;
            let token = made["authorization"].as_str().ok_or("no account was made")?;
            let authorization = format!("Authorization: CSS-Account-Token {token}\r\n");
            let index = connection.ask(&get(self.address, "/.account/", &authorization)).await?;
            let index: serde_json::Value = serde_json::from_slice(&index.body)?;
            let url = index["controls"]["account"]["pod"].as_str().ok_or("no link to pods")?;
            let path = url.strip_prefix(self.base().trim_end_matches('/')).ok_or("a link leads elsewhere")?;
            let wish = serde_json::json!({ "name": name }).to_string();
            let headers = format!("{json}{authorization}");
            let answer = connection.ask(&with_body("POST", self.address, path, &headers, wish.as_bytes())).await?;
            if answer.status != 200 {
                return Err(format!("the pod {name} was answered with {}", answer.status).into());
            }
        }
        drop(server);
        Ok(())
    }

    /// Makes client credentials for an account by the command line.
    pub fn person(&self, name: &str) -> Result<Person> {
        let printed = self.run(&["credentials", "create", &format!("{name}@example.org"), "--json"], "")?;
        let told: serde_json::Value = serde_json::from_slice(&printed)?;
        let text = |key: &str| told[key].as_str().map(str::to_owned).ok_or(format!("no `{key}` among the credentials"));
        Ok(Person { id: text("client_id")?, secret: text("client_secret")?, web_id: text("webid")? })
    }

    fn run(&self, arguments: &[&str], input: &str) -> Result<Vec<u8>> {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        child.stdin.take().ok_or("no stdin")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        if output.status.success() { Ok(output.stdout) } else { Err(format!("`cartable {arguments:?}` failed").into()) }
    }
}

impl Server {
    /// Forgets the peak, so that [`Server::peak`] tells that of what comes.
    pub fn reset_peak(&self) -> Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    /// The most memory resident since the last reset, in MiB.
    pub fn peak(&self) -> Result<f64> {
        self.status("VmHWM:")
    }

    /// The memory resident now, in MiB.
    pub fn resident(&self) -> Result<f64> {
        self.status("VmRSS:")
    }

    fn status(&self, key: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(key)).ok_or("no such line in /proc")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A GET request; each line of `headers` ends with CRLF.
pub fn get(address: SocketAddr, path: &str, headers: &str) -> Vec<u8> {
    bodiless("GET", address, path, headers)
}

pub fn bodiless(method: &str, address: SocketAddr, path: &str, headers: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\n{headers}\r\n", address.port()).into_bytes()
}

/// A request with a body.
pub fn with_body(method: &str, address: SocketAddr, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let headers = format!("{headers}Content-Length: {}\r\n", body.len());
    let mut request = bodiless(method, address, path, &headers);
    request.extend_from_slice(body);
    request
}
