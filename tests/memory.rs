//! Bodies stream: however large they are, the server's resident memory hardly grows.
//!
//! It is measured from outside, on the program itself. `CARTABLE_LONG_TESTS=1` makes the body 2 GiB.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::{fs, iter, thread};

use cartable::clock::{Clock, SystemClock};
use cartable::path::{PodName, ResourcePath};
use cartable::storage::sqlite::{Options, Sqlite};
use cartable::storage::{Change, Content, NewBody, Scope, Storage, Write as Put};
use serde_json::Value;

const MIB: usize = 1 << 20;
/// How much the server's memory may grow, in bytes.
const GROWTH: usize = 32 * MIB;

/// How many blocks of a mebibyte the body has.
fn blocks() -> u64 {
    if std::env::var_os("CARTABLE_LONG_TESTS").is_some() { 2048 } else { 256 }
}

/// Blocks that no compression shortens, and no two of which are the same.
fn block(number: u64) -> impl AsRef<[u8]> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let noise = iter::repeat_with(&mut next).take(MIB / 8 / 64).flatten().collect::<Vec<u8>>().repeat(64);
    [&number.to_le_bytes()[..], &noise[8..]].concat()
}

/// A server in a folder of its own, with a pod whose container `open/` anybody may write; killed when it is dropped.
struct Running {
    child: Child,
    authority: String,
    _folder: tempfile::TempDir,
}

impl Running {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_cartable"));
            command.current_dir(folder.path()).env_clear();
            command
        };
        let mut serve = program();
        serve.args(["--listen", "127.0.0.1:0", "--set", "log=json"]);
        let mut child = serve.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let serving =
            lines.find_map(|line| Some(serde_json::from_str::<Value>(&line).ok()?["url"].as_str()?.to_owned()));
        let url = serving.unwrap();
        // Whoever writes into a full pipe waits.
        thread::spawn(move || lines.for_each(drop));
        let create = ["account", "create", "ada@example.org", "--pod", "ada", "--base-url", &url];
        let made = program().args(create).env("CARTABLE_PASSWORD", "a bridge over the river").status().unwrap();
        assert!(made.success());
        open_up(&folder.path().join("data"));
        let authority = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { child, authority, _folder: folder }
    }

    /// Begins a request; what follows its head is for the caller to send.
    fn ask(&self, line: &str, fields: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.authority.replace("localhost", "127.0.0.1")).unwrap();
        let host = &self.authority;
        write!(socket, "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n").unwrap();
        socket
    }

    fn upload(&self, place: &str, blocks: u64) {
        let fields = "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n";
        let mut socket = self.ask(&format!("PUT /ada/open/{place}"), fields);
        for number in 0..blocks {
            let block = block(number);
            write!(socket, "{:x}\r\n", block.as_ref().len()).unwrap();
            socket.write_all(block.as_ref()).unwrap();
            socket.write_all(b"\r\n").unwrap();
        }
        socket.write_all(b"0\r\n\r\n").unwrap();
        assert_eq!(status(&mut BufReader::new(socket)), "201");
    }

    /// Downloads a body and compares it, block by block.
    fn download(&self, place: &str, blocks: u64) {
        let mut answer = BufReader::with_capacity(MIB, self.ask(&format!("GET /ada/open/{place}"), ""));
        assert_eq!(status(&mut answer), "200");
        let mut received = vec![0; MIB];
        for number in 0..blocks {
            answer.read_exact(&mut received).unwrap();
            assert!(received == block(number).as_ref(), "block {number} is another");
        }
        assert_eq!(answer.read(&mut received).unwrap(), 0);
    }

    /// Bytes of memory: resident now, and at most since [`Running::forget_peak`].
    fn memory(&self) -> (usize, usize) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
        };
        (of("VmRSS:"), of("VmHWM:"))
    }

    fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }

    /// How much more memory than before `work` takes, at its peak.
    fn growth(&self, work: impl FnOnce(&Self)) -> usize {
        self.forget_peak();
        let (before, _) = self.memory();
        work(self);
        self.memory().1.saturating_sub(before)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the head of an answer; gives the status.
fn status(answer: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(answer.read_line(&mut head).unwrap(), 0, "the answer ends early: {head}");
    }
    head.split(' ').nth(1).unwrap().to_owned()
}

/// Lets anybody read and write in `open/`: written beside the running server, as commands do.
fn open_up(data: &std::path::Path) {
    let clock = Arc::new(SystemClock);
    let storage = Sqlite::open(data, Options { durable: true, clock: clock.clone() }).unwrap();
    let ada = PodName::parse("ada").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let pod = storage.pod(&ada).await.unwrap().unwrap();
        let mut change = Change::of(Scope::Pod(pod.id), clock.now());
        let acl = "@prefix acl: <http://www.w3.org/ns/auth/acl#>. [] a acl:Authorization; acl:default <./>; \
                   acl:accessTo <./>; acl:agentClass <http://xmlns.com/foaf/0.1/Agent>; acl:mode acl:Read, acl:Write.";
        for (place, media_type, body) in
            [("/open/", "", NewBody::Absent), ("/open/.acl", "text/turtle", NewBody::Inline(acl.into()))]
        {
            let content = Content { media_type: media_type.into(), body, by: None, inbox: None };
            change.writes.push(Put::Put { path: ResourcePath::parse(ada.clone(), place).unwrap(), content });
        }
        storage.commit(change).await.unwrap();
    });
}

#[test]
fn memory_does_not_grow_with_the_body() {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: resident memory is read from /proc");
        return;
    }
    let server = Running::start();
    // What is taken once stays: connections to the database, threads, buffers.
    server.upload("first", 8);
    server.download("first", 8);

    let blocks = blocks();
    let growth = server.growth(|server| server.upload("large", blocks));
    assert!(growth < GROWTH, "an upload of {blocks} MiB took {growth} bytes");
    let growth = server.growth(|server| server.download("large", blocks));
    assert!(growth < GROWTH, "a download of {blocks} MiB took {growth} bytes");
    let growth = server.growth(|server| {
        // They ask for everything and read nothing.
        let idle: Vec<_> = (0..32).map(|_| server.ask("GET /ada/open/large", "")).collect();
        server.download("first", 8);
        drop(idle);
    });
    assert!(growth < GROWTH, "32 readers that do not read took {growth} bytes");
}
