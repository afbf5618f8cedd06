//! The plug is pulled: kills the server under write load, starts it again and looks at what is left.
//!
//! What was answered must be there, what was not answered must be there whole or not at all, and `cartable check` must
//! find nothing. Ten rounds on the same data; `POWER_ROUNDS=100` plays more, `POWER_SEED` others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

const BINARY: &str = env!("CARGO_BIN_EXE_cartable");
const WRITERS: u64 = 8;
/// Most round the limit between bodies inside and outside of the database.
const SIZES: [usize; 6] = [0, 100, 5_000, 65_000, 66_000, 300_000];

#[test]
fn answered_writes_outlive_a_crash_and_unanswered_ones_leave_no_half() {
    let rounds = number("POWER_ROUNDS", 10);
    let mut random = Random(number("POWER_SEED", 1));
    let place = Place::new();
    let mut worlds: Vec<World> = (0..WRITERS).map(World::new).collect();
    for round in 0..rounds {
        let mut server = place.start();
        let client = place.sign_in();
        let (answered, answers) = mpsc::channel();
        let writers: Vec<_> = worlds
            .into_iter()
            .map(|mut world| {
                let (client, answered, mut random) = (client.clone(), answered.clone(), Random(random.next()));
                thread::spawn(move || {
                    world.write_until_the_end(&client, &mut random, &answered);
                    world
                })
            })
            .collect();
        // No time is waited for: the moment is that of an answer, while the other writers are anywhere.
        let before_the_end = 20 + random.below(300);
        assert_eq!(answers.iter().take(before_the_end).count(), before_the_end, "the server ended by itself");
        server.0.kill().unwrap();
        server.0.wait().unwrap();
        drop(answers);
        worlds = writers.into_iter().map(|writer| writer.join().unwrap()).collect();

        // The first to open what is left is the check in one round, the server in the next.
        if round % 2 == 0 {
            place.check(round);
        }
        let server = place.start();
        let client = place.sign_in();
        for world in &mut worlds {
            world.compare(&client, round);
        }
        place.check(round);
        drop(server);
    }
}

/// What one writer knows of its own container.
struct World {
    writer: u64,
    serial: u64,
    /// The bodies that were answered for.
    known: BTreeMap<String, String>,
    /// The name whose last change was not answered, and what it would be.
    pending: Option<(String, Option<String>)>,
    /// Every name that ever was there.
    ever: BTreeSet<String>,
}

impl World {
    fn new(writer: u64) -> Self {
        Self { writer, serial: 0, known: BTreeMap::new(), pending: None, ever: BTreeSet::new() }
    }

    fn container(&self) -> String {
        format!("/demo/w{}/", self.writer)
    }

    /// Creates, replaces and deletes until the server goes away.
    fn write_until_the_end(&mut self, client: &Client, random: &mut Random, answered: &mpsc::Sender<()>) {
        loop {
            self.serial += 1;
            // Half of the names lie in a container of their own, made on the way.
            let number = random.below(20);
            let name = if number < 10 { format!("{number}.txt") } else { format!("{number}/{number}.txt") };
            let delete = self.known.contains_key(&name) && random.below(4) == 0;
            let body = (!delete).then(|| self.body(&name, SIZES[random.below(SIZES.len())]));
            self.pending = Some((name.clone(), body.clone()));
            let path = format!("{}{name}", self.container());
            let reply = match &body {
                Some(body) => client.send("PUT", &path, "Content-Type: text/plain\r\n", body.as_bytes()),
                None => client.send("DELETE", &path, "", b""),
            };
            let Ok(reply) = reply else { return };
            assert!((200..300).contains(&reply.status), "{path}: {}", reply.status);
            self.settle(&name, body);
            if answered.send(()).is_err() {
                return;
            }
        }
    }

    /// A text that tells which write it comes from, from its first byte to its last.
    fn body(&self, name: &str, size: usize) -> String {
        let mut text = String::with_capacity(size + 32);
        while text.len() < size {
            let _ = writeln!(text, "writer {} write {} {name}", self.writer, self.serial);
        }
        text
    }

    fn settle(&mut self, name: &str, body: Option<String>) {
        self.pending = None;
        match body {
            Some(body) => {
                self.ever.insert(name.into());
                self.known.insert(name.into(), body);
            }
            None => {
                self.known.remove(name);
            }
        }
    }

    /// Looks at every name, and at the listing; takes what is there for the unanswered change.
    fn compare(&mut self, client: &Client, round: u64) {
        let at = |path: &str| client.send("GET", path, "", b"").unwrap();
        if let Some((name, after)) = self.pending.take() {
            let path = format!("{}{name}", self.container());
            let reply = at(&path);
            let found = (reply.status == 200).then(|| String::from_utf8(reply.body).unwrap());
            let before = self.known.get(&name).cloned();
            assert!(found == before || found == after, "round {round}: {path} is neither as before nor as after");
            let holder = name.split_once('/').map(|(holder, _)| format!("{}{holder}/", self.container()));
            if let (None, false, Some(holder)) = (&found, self.ever.contains(&name), holder) {
                assert_eq!(at(&holder).status, 404, "round {round}: {holder} was made for nothing");
            }
            self.settle(&name, found);
        }
        for number in 0..20 {
            let name = if number < 10 { format!("{number}.txt") } else { format!("{number}/{number}.txt") };
            let path = format!("{}{name}", self.container());
            let reply = at(&path);
            match self.known.get(&name) {
                Some(body) => {
                    assert!(reply.status == 200 && reply.body == body.as_bytes(), "round {round}: {path} is lost");
                }
                None => assert_eq!(reply.status, 404, "round {round}: {path} is there again"),
            }
        }
        self.compare_listing(client, round);
    }

    fn compare_listing(&self, client: &Client, round: u64) {
        let container = self.container();
        let reply = client.send("GET", &container, "Accept: application/n-triples\r\n", b"").unwrap();
        let text = String::from_utf8(reply.body).unwrap();
        let contains = "<http://www.w3.org/ns/ldp#contains> <";
        let members = text.lines().filter_map(|line| line.split_once(contains)?.1.split_once('>'));
        let listed: BTreeSet<_> =
            members.filter_map(|(iri, _)| iri.split_once(&container)).map(|(_, name)| name).collect();
        let here = |name: &String| !name.contains('/') && self.known.contains_key(name);
        let documents = self.ever.iter().filter(|name| here(name)).cloned();
        let containers = self.ever.iter().filter_map(|name| Some(format!("{}/", name.split_once('/')?.0)));
        let expected: BTreeSet<String> = documents.chain(containers).collect();
        assert!(
            listed.iter().copied().eq(expected.iter()),
            "round {round}: {container} lists {listed:?}, not {expected:?}"
        );
    }
}

/// A data folder, and the address of the server on it.
struct Place {
    folder: tempfile::TempDir,
    port: u16,
    /// Id and secret, as HTTP Basic has them.
    basic: String,
}

/// A running server; it is killed when this is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut place = Self { folder, port, basic: String::new() };
        place.run(&["account", "create", "owner@example.org", "--pod", "demo", "--password-stdin"]);
        let printed = place.run(&["credentials", "create", "owner@example.org", "--json"]);
        let told: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let pair = format!("{}:{}", told["client_id"].as_str().unwrap(), told["client_secret"].as_str().unwrap());
        place.basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair);
        place
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let data: PathBuf = self.folder.path().join("data");
        let mut command = Command::new(BINARY);
        command.args(arguments).arg("--data").arg(data);
        command.args(["--base-url", &format!("http://localhost:{}/", self.port)]);
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"a long pass phrase\n").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?} failed");
        String::from_utf8(output.stdout).unwrap()
    }

    fn check(&self, round: u64) {
        let output = self.command(&["check"]).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "round {round}: `cartable check` says {said}");
    }

    /// Starts the server and waits until it says that it serves.
    fn start(&self) -> Server {
        let listen = format!("127.0.0.1:{}", self.port);
        let mut command = self.command(&["serve", "--listen", &listen, "--set", "identity.allow_bearer=true"]);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        while !said.contains("serving") {
            said = log.next().expect("the server ended before it served").unwrap();
        }
        thread::spawn(move || log.for_each(drop));
        Server(child)
    }

    fn sign_in(&self) -> Client {
        let client = Client { port: self.port, authorization: format!("Basic {}", self.basic) };
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let reply = client.send("POST", "/.oidc/token", form, b"grant_type=client_credentials&scope=webid").unwrap();
        let told: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        Client { authorization: format!("Bearer {}", told["access_token"].as_str().unwrap()), ..client }
    }
}

#[derive(Clone)]
struct Client {
    port: u16,
    authorization: String,
}

struct Reply {
    status: u16,
    body: Vec<u8>,
}

impl Client {
    /// One request on a connection of its own. By HTTP/1.0, so that the end of the connection ends the answer.
    fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> io::Result<Reply> {
        let Self { port, authorization } = self;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, *port))?;
        let mut request = format!(
            "{method} {path} HTTP/1.0\r\nHost: localhost:{port}\r\nAuthorization: {authorization}\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        stream.write_all(&request)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let head = String::from_utf8_lossy(&answer[..end]);
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Reply { status, body: answer.split_off(end + 4) })
    }
}

/// `splitmix64`: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |text| text.parse().unwrap())
}
