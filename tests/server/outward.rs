//! Addresses that strangers name never make the server knock on private doors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jws::{ES256, JwsHeader};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::{Person, World};

/// A listener on this machine that counts who comes.
struct Door {
    port: u16,
    knocks: Arc<AtomicUsize>,
}

impl Door {
    async fn open() -> Self {
        // Both families, for a name may mean either.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let knocks = Arc::new(AtomicUsize::new(0));
        for listener in [Some(listener), TcpListener::bind(("::1", port)).await.ok()].into_iter().flatten() {
            let counted = knocks.clone();
            tokio::spawn(async move {
                while listener.accept().await.is_ok() {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        Self { port, knocks }
    }

    fn knocks(&self) -> usize {
        self.knocks.load(Ordering::SeqCst)
    }

    /// The ways to name it.
    fn names(&self) -> Vec<String> {
        let hosts =
            ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"];
        let urls = |scheme: &str| hosts.map(|host| format!("{scheme}://{host}:{}/", self.port));
        [urls("https"), urls("http")].concat()
    }
}

/// A person's token, as another issuer would give it to another WebID.
fn forged(person: &Person, issuer: &str, webid: &str) -> String {
    let payload = URL_SAFE_NO_PAD.decode(person.token().split('.').nth(1).unwrap()).unwrap();
    let mut claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["iss"] = json!(issuer);
    claims["webid"] = json!(webid);
    claims["sub"] = json!(webid);
    let mut header = JwsHeader::new();
    header.set_token_type("at+jwt");
    header.set_key_id("one");
    let key = EcKeyPair::generate(EcCurve::P256).unwrap().to_jwk_key_pair();
    let signer = ES256.signer_from_jwk(&key).unwrap();
    josekit::jws::serialize_compact(claims.to_string().as_bytes(), &header, &signer).unwrap()
}

/// Shows: O-61, O-62
#[tokio::test]
async fn no_issuer_or_webid_leads_to_this_machine() {
    let (world, door) = (World::start().await, Door::open().await);
    let url = world.alice.url("profile/card");
    world.nobody.get(&url).await.is(200);
    for name in door.names() {
        let foreign = format!("{name}card#me");
        for (issuer, webid) in [
            (name.as_str(), foreign.as_str()),
            (&name, world.alice.webid()),
            (&name, "https://someone.example/#me"),
            (&world.base, &foreign),
        ] {
            let token = format!("Authorization: DPoP {}", forged(&world.alice, issuer, webid));
            let proof = format!("DPoP: {}", world.alice.proof("GET", &url));
            let reply = world.tell(&["GET /alice/profile/card HTTP/1.1", &world.host(), &token, &proof], "").await;
            assert_eq!(reply.status, 401, "{issuer} {webid}: {}", reply.head);
        }
    }
    assert_eq!(door.knocks(), 0);
}

/// Shows: W-38, O-62
#[tokio::test]
async fn no_group_leads_to_this_machine() {
    let (world, door) = (World::start().await, Door::open().await);
    world.alice.put("notes/one", "<> a <#One> .").await.created();
    for name in door.names() {
        let rule =
            format!("[] a acl:Authorization; acl:agentGroup <{name}group#it>; acl:default <./>; acl:mode acl:Read.");
        world.alice.rules("notes/", &rule).await;
        world.bob.get(&world.alice.url("notes/one")).await.is(403);
    }
    assert_eq!(door.knocks(), 0);
}
