//! The server is killed between any two steps of a sign-up and of a sign-in with an application, and started again:
//! people and applications go on where they were.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::Value;
use url::form_urlencoded::Serializer;

const BINARY: &str = env!("CARGO_BIN_EXE_cartable");
const EMAIL: &str = "dora@example.org";
const PASSWORD: &str = "un pont sur la rivière";
const REDIRECT: &str = "https://app.example/back";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The questions of the sign-up, up to the letter, and after it: what is answered, and the page that comes then.
const BEFORE: [(&[(&str, &str)], &str); 4] = [
    (&[], "Étape 2 sur 8"),
    (&[("email", EMAIL)], "Étape 3 sur 8"),
    (&[("name", "renard-bleu-42")], "Étape 4 sur 8"),
    (&[("accept", "yes")], "Étape 5 sur 8"),
];
const AFTER: [(&[(&str, &str)], &str); 4] = [
    (&[], "Étape 6 sur 8"),
    (&[("password", PASSWORD)], "Étape 7 sur 8"),
    (&[], "Étape 8 sur 8"),
    (&[], "renard-bleu-42"),
];

/// Shows: O-321, CP-08
#[test]
fn a_sign_up_and_a_sign_in_outlive_a_crash_between_any_two_steps() {
    let mut place = Place::new();
    sign_up(&mut place);
    sign_in(&mut place);
}

fn sign_up(place: &mut Place) {
    let mut browser = Browser::default();
    let mut page = browser.visit(place, "/.account/signup/");
    for (fields, then) in BEFORE {
        page = browser.answer(place, &page, "name=\"csrf\"", fields, then);
    }
    let link = place.letter();
    let mut page = browser.visit(place, &link);
    for (fields, then) in AFTER {
        page = browser.answer(place, &page, "name=\"csrf\"", fields, then);
    }
}

fn sign_in(place: &mut Place) {
    let metadata = format!(r#"{{"redirect_uris":["{REDIRECT}"],"token_endpoint_auth_method":"client_secret_post"}}"#);
    let registered = place.send("POST", "/.oidc/reg", "Content-Type: application/json\r\n", &metadata).json();
    place.crash();
    let (id, secret) = (registered["client_id"].as_str().unwrap(), registered["client_secret"].as_str().unwrap());
    let query = form(&[
        ("client_id", id),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "openid webid offline_access"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let mut browser = Browser::default();
    let page = browser.visit(place, &format!("/.oidc/auth?{query}"));
    let who = [("email", EMAIL), ("password", PASSWORD)];
    let page = browser.answer(place, &page, "name=\"password\"", &who, "app.example");
    let agreed = [("wish", "allow"), ("remember", "yes")];
    let page = browser.answer(place, &page, "value=\"allow\"", &agreed, "");
    let (_, code) = page.path.split_once("code=").unwrap();
    let code = code.split('&').next().unwrap().to_owned();

    let token = |place: &mut Place, more: &[(&str, &str)]| {
        let fields = [&[("client_id", id), ("client_secret", secret)], more].concat();
        let told = place.send("POST", "/.oidc/token", FORM, &form(&fields)).json();
        place.crash();
        told
    };
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let mut told = token(place, &exchange);
    for _ in 0..2 {
        let pod = format!("Authorization: Bearer {}\r\n", told["access_token"].as_str().unwrap());
        assert_eq!(place.send("GET", "/renard-bleu-42/", &pod, "").status, 200);
        let refresh = told["refresh_token"].as_str().unwrap().to_owned();
        told = token(place, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
    }
    let again = token(place, &exchange);
    assert_eq!(again["error"], "invalid_grant", "a code that was used stays used");
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A data folder, and the server on it.
struct Place {
    folder: tempfile::TempDir,
    port: u16,
    server: Server,
}

/// A running server and what it logs; it is killed when this is dropped.
struct Server {
    child: Child,
    log: Receiver<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts the server and waits until it says that it serves.
    fn start(folder: &tempfile::TempDir, port: u16) -> Self {
        let mut child = Command::new(BINARY)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(folder.path().join("data"))
            .args(["--base-url", &format!("http://localhost:{port}/"), "--set", "identity.allow_bearer=true"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (told, log) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| told.send(line)));
        let server = Self { child, log };
        server.until("serving");
        server
    }

    /// Waits until the log says this.
    fn until(&self, text: &str) {
        self.log.iter().find(|line| line.contains(text)).expect("the server ended");
    }
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let server = Server::start(&folder, port);
        Self { folder, port, server }
    }

    /// Kills the server and starts it again.
    fn crash(&mut self) {
        self.server.child.kill().unwrap();
        self.server.child.wait().unwrap();
        self.server = Server::start(&self.folder, self.port);
    }

    /// The path that the letter leads to, written by this server or the one before.
    fn letter(&self) -> String {
        loop {
            let files = fs::read_dir(self.folder.path().join("data/mail")).into_iter().flatten();
            let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
            let base = format!("http://localhost:{}", self.port);
            let link = texts.filter_map(|text| {
                let link = text.split_whitespace().find(|word| word.contains("?t="))?;
                link.strip_prefix(&base).map(str::to_owned)
            });
            if let Some(path) = link.last() {
                return path;
            }
            self.server.until("the letter is in this file");
        }
    }

    /// One request on a connection of its own. By HTTP/1.0, so that the end of the connection ends the answer.
    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let (port, length) = (self.port, body.len());
        let head =
            format!("{method} {path} HTTP/1.0\r\nHost: localhost:{port}\r\n{headers}Content-Length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn location(&self) -> Option<String> {
        self.fields("location").next().map(str::to_owned)
    }

    fn fields<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A page, or the address elsewhere that the browser was sent to.
struct Page {
    path: String,
    html: String,
}

/// What somebody has in hand: cookies outlive the server.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Goes to a page; then the server crashes.
    fn visit(&mut self, place: &mut Place, path: &str) -> Page {
        let page = self.follow(place, path, "GET", "");
        place.crash();
        page
    }

    /// Sends the form of a page in which `with` stands; then the server crashes. The page that follows says `then`.
    fn answer(&mut self, place: &mut Place, page: &Page, with: &str, fields: &[(&str, &str)], then: &str) -> Page {
        let forms = page.html.split("<form ").skip(1).filter_map(|rest| rest.split("</form>").next());
        let sent =
            forms.into_iter().find(|form| form.contains(with)).unwrap_or_else(|| panic!("no form: {}", page.html));
        let inputs = sent.split("<input ").skip(1).filter(|input| input.contains("type=\"hidden\""));
        let mut pairs: Vec<_> = inputs.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect();
        pairs.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
        let next = self.follow(place, &attribute(sent, "action"), "POST", &body);
        assert!(next.html.contains(then), "{} does not say {then}: {}", next.path, next.html);
        place.crash();
        next
    }

    fn follow(&mut self, place: &Place, path: &str, method: &str, body: &str) -> Page {
        let (mut path, mut reply) = (path.to_owned(), self.send(place, method, path, body));
        let base = format!("http://localhost:{}", place.port);
        while let Some(location) = reply.location() {
            path = location.strip_prefix(&base).map_or(location.clone(), str::to_owned);
            if !path.starts_with('/') {
                return Page { path, html: String::new() };
            }
            reply = self.send(place, "GET", &path, "");
        }
        assert!(reply.status < 400, "{path}: {} {}", reply.status, reply.body);
        Page { path, html: reply.body }
    }

    fn send(&mut self, place: &Place, method: &str, path: &str, body: &str) -> Reply {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = format!(
            "Accept: text/html\r\nAccept-Language: fr\r\nSec-Fetch-Site: same-origin\r\nCookie: {}\r\n{}",
            cookies.join("; "),
            if method == "POST" { FORM } else { "" }
        );
        let reply = place.send(method, path, &headers, body);
        for cookie in reply.fields("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        reply
    }
}

/// An attribute of the first tag that has it; what we print needs no more unescaping than this.
fn attribute(tag: &str, name: &str) -> String {
    let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap().replace("&#38;", "&")
}
