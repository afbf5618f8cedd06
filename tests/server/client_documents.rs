//! Clients whose id is the address of a document that describes them.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cartable::identity::provider::ClientFault;
use cartable::storage::KeyRange;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::applications::{App, fails, text};
use crate::world::{Settings, World};

const CONTEXT: &str = "https://www.w3.org/ns/solid/oidc-context.jsonld";

/// A host on this machine with one document.
struct Host {
    id: String,
    /// Status and body.
    answer: Arc<Mutex<(u16, String)>>,
    asked: Arc<AtomicUsize>,
}

impl Host {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let id = format!("http://localhost:{}/id", listener.local_addr().unwrap().port());
        let (answer, asked) = (Arc::new(Mutex::new((200, String::new()))), Arc::new(AtomicUsize::new(0)));
        let (told, counted) = (answer.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (status, body) = told.lock().clone();
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).await;
                let text = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/ld+json\r\nCache-Control: max-age=300\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(text.as_bytes()).await;
            }
        });
        let host = Self { id, answer, asked };
        host.says(&host.document());
        host
    }

    fn document(&self) -> Value {
        json!({ "@context": CONTEXT, "client_id": self.id, "redirect_uris": ["https://app.example/back"] })
    }

    fn says(&self, document: &Value) {
        *self.answer.lock() = (200, document.to_string());
    }

    fn is_away(&self) {
        *self.answer.lock() = (503, String::new());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn from() -> IpAddr {
    "192.0.2.1".parse().unwrap()
}

async fn world() -> World {
    World::with(Settings { reaches_loopback: true, ..Settings::default() }).await
}

/// Shows: oidc#clientids-document, oidc#jsonld-context, O-131, O-132, O-134
#[tokio::test]
async fn a_client_is_what_its_document_says() {
    let (world, host) = (world().await, Host::start().await);
    let client = world.provider.clients.find(&host.id, from()).await.unwrap();
    assert!(client.is_public() && client.accepts_redirect("https://app.example/back"));
    let others = [
        (json!({}), "a document without the context"),
        (
            json!({ "@context": CONTEXT, "client_id": "https://other.example/", "redirect_uris": ["https://a.example/"] }),
            "another id",
        ),
    ];
    for (document, what) in others {
        let host = Host::start().await;
        host.says(&document);
        let found = world.provider.clients.find(&host.id, from()).await;
        assert!(matches!(found, Err(ClientFault::Document(_))), "{what}");
    }
    for status in [201, 204, 404, 410] {
        let host = Host::start().await;
        *host.answer.lock() = (status, host.document().to_string());
        let found = world.provider.clients.find(&host.id, from()).await;
        assert!(matches!(found, Err(ClientFault::Document(_))), "{status}");
    }
    for id in
        [format!("{}#part", host.id), "https://localhost/id".into(), "https://192.0.2.1/id".into(), "app:id".into()]
    {
        let found = world.provider.clients.find(&id, from()).await;
        assert!(matches!(found, Err(ClientFault::Document(_) | ClientFault::Away)), "{id}: {found:?}");
    }
}

/// Shows: O-135
#[tokio::test]
async fn a_document_is_read_afresh_to_sign_in_and_may_be_old_to_refresh() {
    let (world, host) = (world().await, Host::start().await);
    let (find, recall) = (
        async || world.provider.clients.find(&host.id, from()).await,
        async || world.provider.clients.recall(&host.id, from()).await,
    );
    find().await.unwrap();
    world.clock.advance(Duration::from_secs(59));
    find().await.unwrap();
    assert_eq!(host.asked(), 1, "a moment ago");
    world.clock.advance(Duration::from_secs(2));
    recall().await.unwrap();
    assert_eq!(host.asked(), 1, "it said that it stays for five minutes");
    let mut document = host.document();
    document["redirect_uris"] = json!(["https://app.example/new"]);
    host.says(&document);
    assert!(find().await.unwrap().accepts_redirect("https://app.example/new"));
    world.clock.advance(Duration::from_mins(5));
    recall().await.unwrap();
    assert_eq!(host.asked(), 3);
    host.is_away();
    world.clock.advance(Duration::from_hours(24).checked_sub(Duration::from_secs(1)).unwrap());
    assert!(matches!(find().await, Err(ClientFault::Away)));
    recall().await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    assert!(matches!(recall().await, Err(ClientFault::Away)));
    host.says(&json!({}));
    world.clock.advance(cartable::fetch::REST);
    assert!(matches!(recall().await, Err(ClientFault::Document(_))), "it is no client any more");
}

/// Shows: O-135
#[tokio::test]
async fn the_last_good_copy_outlives_a_restart_for_a_day() {
    let loopback = || Settings { reaches_loopback: true, ..Settings::default() };
    let (world, host, stranger) = (world().await, Host::start().await, Host::start().await);
    let copies = async || {
        let range = KeyRange { prefix: "client-document/", after: None, limit: 10 };
        world.storage.entries(range).await.unwrap().len()
    };
    world.provider.clients.find(&stranger.id, from()).await.unwrap();
    let app = App::known(&world, host.id.clone(), None).await;
    let given = app.tokens(&world, &world.bob, "openid webid offline_access").await;
    assert_eq!(copies().await, 1, "what is merely named is not kept");
    host.is_away();
    let node = world.another_with(loopback()).await;
    let given = app.refresh(&node, &node.bob, text(&given, "refresh_token")).await.is(200).json();
    assert!(matches!(node.provider.clients.find(&host.id, from()).await, Err(ClientFault::Away)), "no new sign-in");
    // Each time that it is there, the copy is good for another day.
    host.says(&host.document());
    world.clock.advance(Duration::from_hours(23));
    let given = app.refresh(&node, &node.bob, text(&given, "refresh_token")).await.is(200).json();
    host.is_away();
    world.clock.advance(Duration::from_hours(23));
    world.provider.tend().await.unwrap();
    let node = world.another_with(loopback()).await;
    let given = app.refresh(&node, &node.bob, text(&given, "refresh_token")).await.is(200).json();
    world.clock.advance(Duration::from_hours(1));
    let node = world.another_with(loopback()).await;
    fails(app.refresh(&node, &node.bob, text(&given, "refresh_token")).await, 503, "temporarily_unavailable");
    world.provider.tend().await.unwrap();
    assert_eq!(copies().await, 0);
}

/// Shows: O-66
#[tokio::test]
async fn the_token_endpoint_is_no_way_to_name_many_documents() {
    let world = world().await;
    for at in 0..31 {
        let form = format!("token=x&client_id=http%3A%2F%2Flocalhost%3A1%2F{at}");
        let asking = world.nobody.ask("POST", ".oidc/token/revocation");
        let answer = asking.content("application/x-www-form-urlencoded", form).send().await;
        answer.is(if at < 30 { 503 } else { 429 });
    }
}

/// Shows: O-66
#[tokio::test]
async fn one_address_names_only_so_many_documents() {
    let world = world().await;
    let find = async |from: &str| world.provider.clients.find("http://localhost:1/id", from.parse().unwrap()).await;
    for _ in 0..30 {
        assert!(matches!(find("192.0.2.1").await, Err(ClientFault::Away)));
    }
    assert!(matches!(find("192.0.2.1").await, Err(ClientFault::TooMany(_))));
    assert!(matches!(find("192.0.2.2").await, Err(ClientFault::Away)));
    world.clock.advance(Duration::from_mins(1));
    assert!(matches!(find("192.0.2.1").await, Err(ClientFault::Away)));
}

/// Shows: O-63, O-131
#[tokio::test]
async fn a_document_in_a_pod_of_ours_counts_if_everyone_may_read_it() {
    let world = World::start().await;
    let id = world.alice.url("app/id.jsonld");
    let document = json!({ "@context": CONTEXT, "client_id": id, "redirect_uris": ["https://app.example/back"] });
    world.alice.ask("PUT", "app/id.jsonld").content("application/ld+json", document.to_string()).send().await.created();
    let find = async || world.provider.clients.find(&id, from()).await;
    assert!(matches!(find().await, Err(ClientFault::Document(_))), "it is private");
    world.alice.allow("app/id.jsonld", &world.nobody, "acl:Read").await;
    assert_eq!(find().await.unwrap().redirect_uris, ["https://app.example/back"]);
    let nothing = world.alice.url("app/nothing");
    assert!(matches!(world.provider.clients.find(&nothing, from()).await, Err(ClientFault::Document(_))));
}
