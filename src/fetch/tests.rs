//! The rules of the way out, against servers on this machine and a resolver that says where hosts are.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use reqwest::dns::{Addrs, Name, Resolving};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio_rustls::TlsAcceptor;

use super::stand_in::{Answer, Server, by_path, ok, status, to};
use super::*;
use crate::clock::{SetClock, Timestamp};

/// Says where hosts are.
#[derive(Default)]
struct Zone(Mutex<HashMap<String, Vec<IpAddr>>>);

impl Zone {
    fn put(&self, host: &str, addresses: &[&str]) {
        self.0.lock().insert(host.to_owned(), addresses.iter().map(|address| address.parse().unwrap()).collect());
    }
}

impl Resolve for Zone {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.0.lock().get(name.as_str()).cloned();
        Box::pin(async move {
            let found = found.ok_or("no such host")?;
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// The address of a path on a server, by the name of a host.
fn at(server: &Server, host: &str, path: &str) -> String {
    format!("https://{host}:{}{path}", server.port)
}

/// A way out whose public internet is this machine, and a certificate that it trusts.
struct World {
    fetch: Fetch,
    clock: Arc<SetClock>,
    zone: Arc<Zone>,
    tls: TlsAcceptor,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let hosts = vec!["pod.example".to_owned(), "other.example".to_owned(), "localhost".to_owned()];
        let own = rcgen::generate_simple_self_signed(hosts).unwrap();
        let certificate = CertificateDer::from(own.cert.der().to_vec());
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let zone = Arc::new(Zone::default());
        zone.put("pod.example", &["127.0.0.1"]);
        zone.put("other.example", &["127.0.0.1"]);
        zone.put("localhost", &["127.0.0.1"]);
        let clock = Arc::new(SetClock::at(Timestamp::from_seconds(1_700_000_000)));
        let addresses = Arc::new(Addresses::with_paths("https://pods.example").unwrap());
        let mut setup = Setup {
            resolver: Arc::clone(&zone) as Arc<dyn Resolve>,
            is_public: |_| true,
            roots: Some(roots),
            ..Setup::new(addresses, Arc::clone(&clock) as Arc<dyn Clock>)
        };
        change(&mut setup);
        Self { fetch: Fetch::new(setup), clock, zone, tls: TlsAcceptor::from(Arc::new(server)) }
    }

    async fn serve(&self, table: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
        Server::start(Some(self.tls.clone()), by_path(table)).await
    }

    async fn refusal(&self, url: &str) -> Error {
        self.fetch.get(url, Document::Discovery).await.unwrap_err()
    }
}

/// Shows: O-61
#[tokio::test]
async fn strangers_name_https_hosts_and_nothing_else() {
    let world = World::with(|setup| setup.is_public = public::is_public);
    let table = [
        ("", Error::NotAUrl),
        ("pod.example", Error::NotAUrl),
        ("mailto:a@pod.example", Error::NotAUrl),
        ("https://pod.example./", Error::NotAUrl),
        ("http://pod.example/", Error::NotHttps),
        ("ftp://pod.example/", Error::NotHttps),
        ("http://localhost/", Error::NotHttps),
        ("https://user@pod.example/", Error::UserInfo),
        ("https://:secret@pod.example/", Error::UserInfo),
        ("https://127.0.0.1/", Error::IpLiteral),
        ("https://1.1.1.1/", Error::IpLiteral),
        ("https://0x7f.1/", Error::IpLiteral),
        ("https://2130706433/", Error::IpLiteral),
        ("https://[::1]/", Error::IpLiteral),
        ("https://[::ffff:127.0.0.1]/", Error::IpLiteral),
        ("https://pod.example:80/", Error::Port),
        ("https://pod.example:22/", Error::Port),
        ("https://pod.example:1023/", Error::Port),
        ("https://pod.example:6379/", Error::Port),
        ("https://pods.example/alice/", Error::OwnHost),
        ("https://PODS.example:443/alice/", Error::OwnHost),
        ("https://localhost/", Error::NotPublic),
        ("https://pod.example:1024/", Error::NotPublic),
    ];
    for (url, why) in table {
        assert_eq!(world.refusal(url).await, why, "{url}");
    }
}

/// Shows: O-62
#[tokio::test]
async fn one_internal_address_is_enough_to_refuse_a_host() {
    let world = World::with(|setup| setup.is_public = public::is_public);
    let server = world.serve(|_| ok("", "secret")).await;
    let tables: [&[&str]; 9] = [
        &["127.0.0.1"],
        &["10.0.0.7"],
        &["169.254.169.254"],
        &["::1"],
        &["fd00::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["1.1.1.1", "192.168.0.1"],
        &["127.0.0.1", "1.1.1.1"],
    ];
    for addresses in tables {
        world.zone.put("pod.example", addresses);
        assert_eq!(world.refusal(&at(&server, "pod.example", "/")).await, Error::NotPublic, "{addresses:?}");
    }
    assert_eq!(server.requests(), 0);
    assert_eq!(world.refusal("https://nowhere.example/").await, Error::Unreachable);
}

/// Shows: O-42, O-63
#[tokio::test]
async fn a_document_comes_with_its_type_age_and_final_address() {
    let world = World::new();
    let server = world
        .serve(|path| match path {
            "/card" => to("/moved#there"),
            "/moved" => {
                ok("Content-Type: text/turtle;charset=utf-8\r\nCache-Control: public, Max-Age=60\r\n", "<> a <#A>.")
            }
            "/never" => ok("Cache-Control: max-age=60, no-cache\r\nSet-Cookie: a=b\r\n", ""),
            _ => status("404 Not Found"),
        })
        .await;
    let found = world.fetch.get(&at(&server, "pod.example", "/card#me"), Document::Profile).await.unwrap();
    assert_eq!(found.status, 200);
    assert_eq!(found.url.as_str(), at(&server, "pod.example", "/moved"));
    assert_eq!(found.media_type(), Some("text/turtle;charset=utf-8"));
    assert_eq!(found.max_age(), Some(Duration::from_mins(1)));
    assert_eq!(&found.bytes[..], b"<> a <#A>.");
    let never = world.fetch.get(&at(&server, "pod.example", "/never"), Document::Profile).await.unwrap();
    assert_eq!(never.max_age(), Some(Duration::ZERO));
    let missing = world.fetch.get(&at(&server, "pod.example", "/missing"), Document::Profile).await.unwrap();
    assert_eq!((missing.status.as_u16(), missing.max_age()), (404, None));
    for head in server.heads.lock().iter() {
        assert!(head.contains("\r\naccept-encoding: identity\r\n"), "{head}");
        assert!(
            head.contains("\r\naccept: text/turtle, application/ld+json;q=0.9, application/n-triples;q=0.8\r\n"),
            "{head}"
        );
        assert!(!head.contains("cookie") && !head.contains("authorization") && !head.contains("referer"), "{head}");
    }
}

/// Shows: O-63
#[tokio::test]
async fn each_redirect_is_checked_and_there_are_three_at_most() {
    let world = World::new();
    let server = world
        .serve(|path| match path {
            "/1" => to("/2"),
            "/2" => to("/3"),
            "/3" => to("/4"),
            "/4" => ok("", "there"),
            "/0" => to("/1"),
            "/loop" => to("/loop"),
            "/http" => to("http://pod.example/"),
            "/local" => to("http://localhost/"),
            "/number" => to("https://169.254.169.254/latest"),
            "/own" => to("https://pods.example/alice/"),
            "/port" => to("https://pod.example:25/"),
            "/user" => to("https://a:b@pod.example/"),
            "/broken" => to("https://"),
            _ => ok("", ""),
        })
        .await;
    assert!(world.fetch.get(&at(&server, "pod.example", "/1"), Document::Discovery).await.is_ok());
    let table = [
        ("/0", Error::Redirect),
        ("/loop", Error::Redirect),
        ("/broken", Error::Redirect),
        ("/http", Error::NotHttps),
        ("/local", Error::NotHttps),
        ("/number", Error::IpLiteral),
        ("/own", Error::OwnHost),
        ("/port", Error::Port),
        ("/user", Error::UserInfo),
    ];
    for (path, why) in table {
        assert_eq!(world.refusal(&at(&server, "pod.example", path)).await, why, "{path}");
    }
}

/// Shows: O-64
#[tokio::test]
async fn size_time_and_encoding_are_bounded() {
    let world = World::new();
    let full = "x".repeat(64 << 10);
    let server = world
        .serve(move |path| match path {
            "/full" => ok("", &full),
            "/more" => ok("", &format!("{full}x")),
            "/unsaid" => format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{full}x"),
            "/gzip" => ok("Content-Encoding: gzip\r\n", "x"),
            "/plain" => ok("Content-Encoding: identity\r\n", "x"),
            _ => "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nx".to_owned(),
        })
        .await;
    let get = async |path: &str, what| {
        world.fetch.get(&at(&server, "pod.example", path), what).await.map(|found| found.bytes.len())
    };
    assert_eq!(get("/full", Document::Discovery).await, Ok(64 << 10));
    assert_eq!(get("/more", Document::Discovery).await, Err(Error::TooLarge));
    assert_eq!(get("/more", Document::Client).await, Err(Error::TooLarge));
    assert_eq!(get("/more", Document::Jwks).await, Ok((64 << 10) + 1));
    assert_eq!(get("/unsaid", Document::Discovery).await, Err(Error::TooLarge));
    assert_eq!(get("/unsaid", Document::Profile).await, Ok((64 << 10) + 1));
    assert_eq!(get("/gzip", Document::Discovery).await, Err(Error::Encoded));
    assert_eq!(get("/plain", Document::Discovery).await, Ok(1));
    assert_eq!(get("/short", Document::Discovery).await, Err(Error::Cut));
    let hurried = World::with(|setup| setup.within = Duration::from_millis(50));
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = silent.local_addr().unwrap().port();
    assert_eq!(hurried.refusal(&format!("https://pod.example:{port}/")).await, Error::TooSlow);
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_of_the_host() {
    let (world, stranger) = (World::new(), World::new());
    let server = stranger.serve(|_| ok("", "")).await;
    assert_eq!(world.refusal(&at(&server, "pod.example", "/")).await, Error::Unreachable);
    let server = world.serve(|_| ok("", "")).await;
    world.zone.put("third.example", &["127.0.0.1"]);
    assert_eq!(world.refusal(&at(&server, "third.example", "/")).await, Error::Unreachable);
    assert!(world.fetch.get(&at(&server, "other.example", "/"), Document::Jwks).await.is_ok());
}

#[tokio::test]
async fn loopback_is_reached_over_http_in_development_only() {
    let table = by_path(|path| if path == "/out" { to("http://pod.example/") } else { ok("", "here") });
    let server = Server::start(None, table).await;
    let world = World::with(|setup| {
        setup.is_public = public::is_public;
        setup.loopback = true;
    });
    let url = |host: &str| format!("http://{host}:{}/", server.port);
    for host in ["localhost", "127.0.0.1"] {
        assert!(world.fetch.get(&url(host), Document::Profile).await.is_ok(), "{host}");
    }
    assert_eq!(world.refusal(&format!("{}out", url("localhost"))).await, Error::NotHttps);
    assert_eq!(world.refusal(&url("pod.example")).await, Error::NotHttps);
    assert_eq!(world.refusal(&at(&server, "pod.example", "/")).await, Error::NotPublic);
    world.zone.put("evil.localhost", &["10.0.0.1"]);
    assert_eq!(world.refusal(&url("evil.localhost")).await, Error::NotPublic);
}

/// A request for an address, whose origin the operator may have named.
fn request(url: &str, named: &str) -> Request {
    Request {
        method: Method::GET,
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Basic c2VjcmV0"))]),
        body: Bytes::new(),
        limit: 100,
        within: Duration::from_secs(5),
        named: Some(Url::parse(named).unwrap()),
    }
}

#[tokio::test]
async fn an_origin_that_the_operator_names_may_be_private_and_no_other() {
    let world = World::with(|setup| setup.is_public = public::is_public);
    let server = world
        .serve(|path| match path {
            "/away" => to("https://other.example/"),
            "/near" => to("/"),
            _ => ok("", "private"),
        })
        .await;
    let named = at(&server, "pod.example", "/");
    let send = async |url: String| world.fetch.send(request(&url, &named)).await.map(|found| found.bytes);
    assert_eq!(send(named.clone()).await, Ok(Bytes::from("private")));
    assert_eq!(send(at(&server, "pod.example", "/near")).await, Ok(Bytes::from("private")));
    assert_eq!(send(at(&server, "pod.example", "/away")).await, Err(Error::NotPublic));
    assert_eq!(send(at(&server, "other.example", "/")).await, Err(Error::NotPublic));
    assert_eq!(
        world.fetch.send(request("http://pod.example/", "http://pod.example/")).await.unwrap_err(),
        Error::NotHttps
    );
    assert!(server.heads.lock().iter().all(|head| head.contains("authorization: basic")));
}

#[test]
fn what_is_meant_for_one_origin_is_not_told_to_another() {
    let headers = HeaderMap::from_iter([
        (header::AUTHORIZATION, HeaderValue::from_static("Basic c2VjcmV0")),
        (header::ACCEPT, HeaderValue::from_static("text/turtle")),
    ]);
    let request = Request {
        method: Method::GET,
        url: Url::parse("https://pod.example/a").unwrap(),
        headers,
        body: Bytes::new(),
        limit: 0,
        within: Duration::ZERO,
        named: None,
    };
    let after = |next: &str| {
        let mut request = request.clone();
        redirect(&mut request, Url::parse(next).unwrap()).map(|()| request.headers.len())
    };
    assert_eq!(after("https://pod.example/b"), Ok(2));
    assert_eq!(after("https://pod.example:8443/b"), Ok(1));
    assert_eq!(after("https://other.example/"), Ok(1));
    assert_eq!(after("http://pod.example/a"), Err(Error::NotHttps));
}

/// Shows: O-55
#[tokio::test]
async fn who_asks_for_the_same_at_the_same_time_shares_one_request() {
    let world = World::new();
    let release = Arc::new(Notify::new());
    let held = Arc::clone(&release);
    let answer: Answer = Arc::new(move |_| {
        let held = Arc::clone(&held);
        Box::pin(async move {
            held.notified().await;
            ok("", "shared")
        })
    });
    let server = Server::start(Some(world.tls.clone()), answer).await;
    let url = at(&server, "pod.example", "/");
    let get = || world.fetch.get(&url, Document::Profile);
    // Polled in this order: all three have joined when the answer is let go.
    let (one, two, three, ()) = tokio::join!(get(), get(), get(), async { release.notify_one() });
    assert!([one, two, three].into_iter().all(|found| found.unwrap().bytes == "shared"));
    assert_eq!(server.requests(), 1);
    release.notify_one();
    get().await.unwrap();
    assert_eq!(server.requests(), 2, "what was fetched is not kept");
}

#[tokio::test]
async fn another_takes_over_when_the_first_to_ask_goes_away() {
    let flights: Flights<u8, u8> = Flights::new();
    let mut first = Box::pin(flights.join(1, std::future::pending()));
    let mut second = Box::pin(flights.join(1, async { 2 }));
    assert!(futures_util::poll!(&mut first).is_pending());
    assert!(futures_util::poll!(&mut second).is_pending(), "the first is at it");
    drop(first);
    assert_eq!(second.await, 2);
}

/// The most requests at once that a host sees of forty that are made together.
async fn most_at_once(named: bool) -> usize {
    let world = Arc::new(World::new());
    let (arrived, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let most = Arc::new(AtomicUsize::new(0));
    let now = Arc::new(AtomicUsize::new(0));
    let answer: Answer = {
        let (arrived, gate, most, now) = (Arc::clone(&arrived), Arc::clone(&gate), Arc::clone(&most), Arc::clone(&now));
        Arc::new(move |_| {
            let (arrived, gate, most, now) =
                (Arc::clone(&arrived), Arc::clone(&gate), Arc::clone(&most), Arc::clone(&now));
            Box::pin(async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                arrived.add_permits(1);
                gate.acquire().await.unwrap().forget();
                now.fetch_sub(1, Ordering::SeqCst);
                ok("", "")
            })
        })
    };
    let server = Server::start(Some(world.tls.clone()), answer).await;
    let gets: Vec<_> = (0..40)
        .map(|number| {
            let (world, url) = (Arc::clone(&world), at(&server, "pod.example", &format!("/{number}")));
            tokio::spawn(async move {
                if named {
                    world.fetch.send(request(&url, &url)).await.map(drop)
                } else {
                    world.fetch.get(&url, Document::Profile).await.map(drop)
                }
            })
        })
        .collect();
    arrived.acquire_many(if named { 32 } else { 4 }).await.unwrap().forget();
    gate.add_permits(40);
    for get in gets {
        get.await.unwrap().unwrap();
    }
    most.load(Ordering::SeqCst)
}

/// Shows: O-55
#[tokio::test]
async fn a_host_gets_four_requests_at_once_and_a_school_more() {
    assert_eq!(most_at_once(false).await, 4);
    assert_eq!(most_at_once(true).await, 32);
}

/// Shows: O-55
#[tokio::test]
async fn a_host_that_keeps_failing_is_left_alone_for_a_while_and_others_are_not() {
    let world = World::new();
    let broken = Arc::new(AtomicUsize::new(6));
    let left = Arc::clone(&broken);
    let server = world
        .serve(move |_| {
            let fails = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            status(if fails { "503 Service Unavailable" } else { "200 OK" })
        })
        .await;
    let url = at(&server, "pod.example", "/");
    let asked = async || world.fetch.get(&url, Document::Jwks).await.map(|found| found.status.as_u16());
    for _ in 0..5 {
        assert_eq!(asked().await, Ok(503));
    }
    assert_eq!(asked().await, Err(Error::Resting));
    assert_eq!(server.requests(), 5);
    let other = world.serve(|_| ok("", "")).await;
    assert!(world.fetch.get(&at(&other, "pod.example", "/"), Document::Jwks).await.is_ok());
    world.clock.advance(REST);
    assert_eq!(asked().await, Ok(503), "one more failure is enough now");
    assert_eq!(asked().await, Err(Error::Resting));
    world.clock.advance(REST);
    assert_eq!(asked().await, Ok(200));
    broken.store(1, Ordering::SeqCst);
    assert_eq!(asked().await, Ok(503));
    assert_eq!(asked().await, Ok(200), "a good answer wipes the slate");
}

/// Shows: O-66
#[test]
fn errors_tell_nothing_of_what_was_found() {
    for error in [Error::NotPublic, Error::Unreachable, Error::TooSlow, Error::TooLarge] {
        let text = error.to_string();
        assert!(!text.contains(|letter: char| letter.is_ascii_digit()), "{text}");
    }
}
