//! The pretend school platform and the pretend pay portal do what the real ones do, so that what runs against them is
//! worth something.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cartable::address::Addresses;
use cartable::clock::SetClock;
use cartable::fetch::{Error, Fetch, Fetched, Request, Setup};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, RETRY_AFTER, SET_COOKIE};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

use crate::ent::data::{CATALOGUE, Place};
use crate::ent::roster::roster;
use crate::ent::tokens::LIFETIME;
use crate::ent::{CLIENT, Ent, Lie, Registered, SECRET};
use crate::pay::{self, Generation, LOGIN, Over, PASSWORD, Portal, documents};
use crate::stand_in::Fault;
use crate::world::BEGINNING;

const CALLBACK: &str = "http://localhost:3000/.account/connectors/callback";

/// Somebody with a way out to a pretend server.
struct Visitor {
    fetch: Fetch,
    origin: Url,
    clock: Arc<SetClock>,
}

impl Visitor {
    fn of(origin: &str, clock: Arc<SetClock>) -> Self {
        let addresses = Arc::new(Addresses::with_paths("http://localhost:3000/").unwrap());
        Self { fetch: Fetch::new(Setup::new(addresses, clock.clone())), origin: origin.parse().unwrap(), clock }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: &str,
    ) -> Result<Fetched, Error> {
        let header = |(name, value): &(HeaderName, &str)| (name.clone(), HeaderValue::from_str(value).unwrap());
        let request = Request {
            method,
            url: self.origin.join(path).unwrap(),
            headers: headers.iter().map(header).collect(),
            body: Bytes::from(body.to_owned()),
            limit: 10 << 20,
            within: Duration::from_secs(2),
            named: Some(self.origin.clone()),
        };
        self.fetch.send(request).await
    }

    async fn get(&self, path: &str, token: &str) -> Fetched {
        let bearer = format!("Bearer {token}");
        self.ask(Method::GET, path, &[(AUTHORIZATION, &bearer)], "").await.unwrap()
    }

    /// Sends a form with the client's secret.
    async fn token(&self, fields: &[(&str, &str)]) -> Fetched {
        let secret = [("client_id", CLIENT), ("client_secret", SECRET)];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields.iter().chain(&secret)).finish();
        let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
        self.ask(Method::POST, "/token", &headers, &form).await.unwrap()
    }

    /// Lets Cartable in as `login`; the tokens.
    async fn let_in(&self, ent: &Ent, login: &str) -> Value {
        let asked = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", CLIENT),
                ("redirect_uri", CALLBACK),
                ("response_type", "code"),
                ("scope", "openid toutatice offline_access"),
                ("state", "s"),
            ])
            .finish();
        let back: Url = ent.sign_in(&format!("{}/authorize?{asked}", ent.issuer), login).parse().unwrap();
        let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let fields = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
        json_in(&self.token(&fields).await)
    }
}

fn json_in(fetched: &Fetched) -> Value {
    serde_json::from_slice(&fetched.bytes).unwrap()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

async fn school() -> (Ent, Visitor) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Arc::new(SetClock::at(BEGINNING));
    let ent = Ent::open(listener, Registered::at("http://localhost:3000/", "armorique"), clock.clone());
    let visitor = Visitor::of(&ent.issuer, clock);
    (ent, visitor)
}

#[tokio::test]
async fn a_refresh_token_is_good_once() {
    let (ent, visitor) = school().await;
    let tokens = visitor.let_in(&ent, "malo").await;
    let first = text(&tokens, "refresh_token");
    let again = json_in(&visitor.token(&[("grant_type", "refresh_token"), ("refresh_token", first)]).await);
    let second = text(&again, "refresh_token");
    assert_ne!(first, second);
    assert_eq!(visitor.get("/contacts/e0-malo", text(&again, "access_token")).await.status, StatusCode::OK);

    for burnt in [first, second] {
        let refused = visitor.token(&[("grant_type", "refresh_token"), ("refresh_token", burnt)]).await;
        assert_eq!(
            (refused.status, json_in(&refused)["error"].clone()),
            (StatusCode::BAD_REQUEST, json!("invalid_grant"))
        );
    }
    assert_eq!(ent.reused(), 1);
}

#[tokio::test]
async fn access_tokens_expire() {
    let (ent, visitor) = school().await;
    let tokens = visitor.let_in(&ent, "malo").await;
    visitor.clock.advance(LIFETIME);
    let refused = visitor.get("/contacts/e0-malo", text(&tokens, "access_token")).await;
    assert_eq!((refused.status, text(&json_in(&refused), "error")), (StatusCode::UNAUTHORIZED, "invalid_token"));
    ent.revoke();
    let refresh = text(&tokens, "refresh_token");
    let refused = visitor.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_contacts_are_those_of_the_person_alone() {
    let (ent, visitor) = school().await;
    let tokens = visitor.let_in(&ent, "lena").await;
    let token = text(&tokens, "access_token");
    let mut status = Vec::new();
    for path in ["/contacts/e0%2Flena", "/contacts/e0/lena", "/contacts/e0-malo"] {
        status.push(visitor.get(path, token).await.status.as_u16());
    }
    assert_eq!(status, [200, 403, 403]);
    ent.lie(Lie::OtherUid);
    assert_ne!(json_in(&visitor.get("/userinfo", token).await)["ENTPersonUid"], "e0/lena");
    ent.lie(Lie::NoUid);
    assert!(json_in(&visitor.get("/userinfo", token).await).get("ENTPersonUid").is_none());
}

#[tokio::test]
async fn the_contacts_fail_on_demand() {
    let (ent, visitor) = school().await;
    let tokens = visitor.let_in(&ent, "malo").await;
    let bearer = format!("Bearer {}", text(&tokens, "access_token"));
    let ask = async |fault: Fault| {
        ent.fault(Place::Contacts, fault);
        visitor.ask(Method::GET, "/contacts/e0-malo", &[(AUTHORIZATION, &bearer)], "").await
    };
    assert_eq!(ask(Fault::Nothing).await.unwrap().status, StatusCode::NO_CONTENT);
    assert_eq!(ask(Fault::TooMany(7)).await.unwrap().headers[RETRY_AFTER], "7");
    assert_eq!(ask(Fault::Broken).await.unwrap().status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(ask(Fault::Page).await.unwrap().media_type(), Some("text/html;charset=utf-8"));
    assert_eq!(ask(Fault::Compressed).await.unwrap_err(), Error::Encoded);
    assert_eq!(ask(Fault::Cut).await.unwrap_err(), Error::Cut);
    assert_eq!(ask(Fault::Slow).await.unwrap_err(), Error::TooSlow);
}

#[tokio::test]
async fn a_large_school_has_as_many_people_and_groups_as_asked() {
    let (ent, visitor) = school().await;
    let tokens = visitor.let_in(&ent, "malo").await;
    ent.contacts_are(&roster(2000, 60));
    let answer = json_in(&visitor.get("/contacts/e0-malo", text(&tokens, "access_token")).await);
    let groups = answer["structures"][0]["groups"].as_array().unwrap();
    assert_eq!((answer["contacts"].as_array().unwrap().len(), groups.len()), (2000, 60));
    assert!(groups.iter().all(|group| group["group_contacts"].as_array().unwrap().len() > 30));
}

#[tokio::test]
async fn the_catalogue_is_made_anew_and_read() {
    let (ent, visitor) = school().await;
    let bearer = format!("Bearer {}", text(&visitor.let_in(&ent, "malo").await, "access_token"));
    let headers = [(AUTHORIZATION, bearer.as_str())];
    let base = format!("/safran/api/v1/catalogues/{CATALOGUE}/");
    let synced = visitor.ask(Method::POST, &format!("{base}sync"), &headers, "{}").await.unwrap();
    assert_eq!(synced.status, StatusCode::ACCEPTED);
    let listed = visitor.ask(Method::GET, &format!("{base}applications"), &headers, "").await.unwrap();
    assert_eq!(json_in(&listed).as_array().unwrap().len(), 3);
}

async fn portal() -> (Portal, Visitor) {
    let portal = Portal::open(TcpListener::bind("127.0.0.1:0").await.unwrap());
    let visitor = Visitor::of(&portal.origin, Arc::new(SetClock::at(BEGINNING)));
    (portal, visitor)
}

impl Visitor {
    /// Tries to come in; the answer, and the cookie if there is one.
    async fn enter(&self, place: &str, password: &str) -> (Value, String) {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("identifiant", LOGIN), ("secret", password)])
            .finish();
        let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded"), (ACCEPT, "application/json")];
        let answer = self.ask(Method::POST, place, &headers, &form).await.unwrap();
        let cookie = answer.headers.get(SET_COOKIE).map(|line| line.to_str().unwrap().split(';').next().unwrap());
        (json_in(&answer), cookie.unwrap_or_default().to_owned())
    }

    async fn inside(&self, cookie: &str, path: &str) -> Fetched {
        let method = if path.contains("initialiser") { Method::POST } else { Method::GET };
        let headers = [(COOKIE, cookie), (CONTENT_TYPE, "application/json")];
        self.ask(method, &format!("/prive/{path}"), &headers, "{}").await.unwrap()
    }
}

#[tokio::test]
async fn the_portal_lists_and_hands_out_documents() {
    let (portal, visitor) = portal().await;
    portal.documents(documents::decade());
    let (answer, cookie) = visitor.enter("/", PASSWORD).await;
    assert_eq!(answer["code"], 60);
    let rights = json_in(&visitor.inside(&cookie, "initialiserhabilitation/v1").await);
    assert_eq!(rights["listeService"]["remuneration"], true);
    let years = json_in(&visitor.inside(&cookie, "listeranneeremunerationpaie/v1").await);
    let years = years["listeAnnee"].as_array().unwrap();
    let mut documents = Vec::new();
    for year in years {
        let list = json_in(&visitor.inside(&cookie, &format!("remunerationpaie/v1?annee={year}")).await);
        documents.extend(list.as_array().unwrap().clone());
    }
    assert_eq!((years.len(), documents.len()), (10, 130));
    let mut files = std::collections::BTreeSet::new();
    for document in &documents {
        let id = text(document, "documentUuid");
        let file = visitor.inside(&cookie, &format!("telechargerremunerationpaie/v1?documentUuid={id}")).await.bytes;
        assert!(file.starts_with(b"%PDF-") && file.ends_with(b"%%EOF\n"), "{id}");
        files.insert(file);
    }
    assert_eq!(files.len(), 130);
    visitor.inside(&cookie, "deconnexion/v1").await;
    assert_eq!((portal.attempts(), portal.sessions()), (1, 0));
}

#[tokio::test]
async fn the_portal_blocks_an_account_that_is_tried_too_often() {
    let (portal, visitor) = portal().await;
    for _ in 0..pay::PATIENCE {
        assert_eq!(visitor.enter("/", "faux").await.0["code"], 61);
    }
    assert!(text(&visitor.enter("/", PASSWORD).await.0, "message").contains("bloqué"));
    assert_eq!(portal.attempts(), pay::PATIENCE + 1);
}

#[tokio::test]
async fn the_portal_loses_sessions_on_demand() {
    let (portal, visitor) = portal().await;
    let id = "d0c00000-0000-4000-8000-000000000112";
    let file = format!("telechargerremunerationpaie/v1?documentUuid={id}");
    for over in [Over::Code, Over::Page] {
        let (_, cookie) = visitor.enter("/", PASSWORD).await;
        portal.lose_sessions(1, over);
        assert!(visitor.inside(&cookie, &file).await.bytes.starts_with(b"%PDF-"));
        for _ in 0..2 {
            let lost = visitor.inside(&cookie, &file).await;
            let expected = if over == Over::Code { "application/json" } else { "text/html;charset=utf-8" };
            assert_eq!(lost.media_type(), Some(expected));
        }
    }
}

#[tokio::test]
async fn the_portal_has_had_other_forms() {
    let (portal, visitor) = portal().await;
    let forms = [
        (
            Generation::Before2019,
            "/authentification",
            "listeanneeremuneration/v1",
            "/donnee",
            "anneeremuneration/v1/2026",
        ),
        (
            Generation::Before2022,
            "/authentification",
            "accueilconnecte/v1",
            "/listeAnneeRemuneration",
            "remunerationpaie/v1?annee=2026",
        ),
        (
            Generation::Before2024,
            "/",
            "initialiserhabilitation/v1",
            "/listeAnneeRemuneration",
            "remunerationpaie/v1?annee=2026",
        ),
        (Generation::Current, "/", "listeranneeremunerationpaie/v1", "/listeAnnee", "remunerationpaie/v1?annee=2026"),
    ];
    for (generation, login, years, at, list) in forms {
        portal.generation(generation);
        let (_, cookie) = visitor.enter(login, PASSWORD).await;
        let told = json_in(&visitor.inside(&cookie, years).await);
        assert_eq!(told.pointer(at), Some(&json!([2025, 2026])), "{generation:?}");
        let list = json_in(&visitor.inside(&cookie, list).await);
        let list = if generation == Generation::Before2019 { &list["donnee"] } else { &list };
        assert_eq!(list[0].get("icone").is_some(), generation < Generation::Current, "{generation:?}");
    }
}
