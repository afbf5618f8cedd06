//! A school tool sends what a pupil did, and who reads it sees how much.

use serde_json::{Value, json};

use crate::world::{Answer, Person, Settings, World};

const STATEMENTS: &str = include_str!("../fixtures/xapi/statements.json");
const PAGE_2: &str = include_str!("../fixtures/xapi/statements-page2.json");
const MALFORMED: &str = include_str!("../fixtures/xapi/statements-malformed.json");
const CALIPER: &str = include_str!("../fixtures/xapi/caliper-events.json");
const ENDPOINT: &str = ".xapi/statements";
const VERSION: &str = "x-experience-api-version";

/// A world in which Alice has told who she is at her school, and lets Bob, who is a tool, send statements.
async fn school() -> World {
    let world = World::start().await;
    tell_names(&world.alice).await;
    world.alice.ask("PUT", "learning/traces/").container().send().await.is(201);
    world.alice.allow_all("learning/traces/", &world.bob, "acl:Append").await;
    world
}

/// Alice's application notes under which names tools know her.
async fn tell_names(alice: &Person) {
    let names = format!(
        "@prefix foaf: <http://xmlns.com/foaf/0.1/>.\n\
         <{}> foaf:account <#ent>, <https://ent.armorique.example/pseudonyms/9f2c7e10>.\n\
         <#ent> foaf:accountServiceHomepage <https://ent.armorique.example>; foaf:accountName \"9f2c7e10-demo-pseudonym\".",
        alice.webid()
    );
    alice.put("learning/names.ttl", &names).await.is(201);
}

fn fixture(text: &str) -> Vec<Value> {
    let page: Value = serde_json::from_str(text).unwrap();
    page["statements"].as_array().unwrap().clone()
}

/// The invented statements that tell of Alice.
fn good() -> Vec<Value> {
    let mut all = fixture(STATEMENTS);
    all.remove(17);
    all
}

/// Sends something to Alice's pod.
async fn send(world: &World, by: &Person, method: &str, query: &str, body: &Value) -> Answer {
    let url = world.alice.url(&format!("{ENDPOINT}{query}"));
    by.ask(method, &url).header(VERSION, "1.0.3").content("application/json", body.to_string()).send().await
}

async fn post(world: &World, by: &Person, body: &Value) -> Answer {
    send(world, by, "POST", "", body).await
}

/// Asks Alice's pod.
async fn get(world: &World, by: &Person, query: &str) -> Answer {
    by.ask("GET", &world.alice.url(&format!("{ENDPOINT}{query}"))).header(VERSION, "1.0.3").send().await
}

fn ids(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let statements = json["statements"].as_array().unwrap().iter();
    statements.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// A statement of Alice's with this id and verb.
fn statement(world: &World, id: &str, verb: &str) -> Value {
    json!({
        "id": id,
        "actor": { "openid": world.alice.webid() },
        "verb": { "id": format!("http://adlnet.gov/expapi/verbs/{verb}") },
        "object": { "id": "https://moodle.example/quiz?id=1" },
        "result": { "response": "free answer" },
        "timestamp": "2026-09-30T22:30:00Z",
    })
}

const ONE: &str = "00000000-0000-4000-8000-000000000001";
const TWO: &str = "00000000-0000-4000-8000-000000000002";

/// Shows: LT-6, LT-13, LT-15, LT-17, LT-18, LT-21
#[tokio::test]
async fn a_tool_sends_a_page_of_statements_and_cannot_read_them() {
    let world = school().await;
    let answer = post(&world, &world.bob, &good().into()).await.is(200);
    assert_eq!(answer.json().as_array().unwrap().len(), 19);
    assert_eq!(answer.field(VERSION), "1.0.3");
    get(&world, &world.bob, "").await.refused(403, "not-allowed");
    world.bob.get(&world.alice.url("learning/traces/2026/09/07.ttl")).await.is(403);
    world.bob.get(&world.alice.url("learning/raw/2026-09.jsonl")).await.is(403);

    let day = world.alice.url("learning/traces/2026/09/07.ttl");
    let shown = world.alice.get(&day).await.is(200);
    let says = |shown: &Answer, turtle: &str| {
        let prefixes = "@prefix as: <https://www.w3.org/ns/activitystreams#>. @prefix c: <https://w3id.org/cartable/ns#>.\n\
                        @prefix prov: <http://www.w3.org/ns/prov#>.";
        shown.says(&day, &format!("{prefixes}\n{turtle}"))
    };
    let failed = "<#s-5a000000-0000-4000-8000-000000000007>";
    assert!(says(&shown, &format!("{failed} a c:LearningTrace; as:actor <{}>; c:success false.", world.alice.webid())));
    let voided =
        "<#s-5a000000-0000-4000-8000-000000000006> prov:invalidatedAtTime \"2026-10-09T07:00:00Z\"^^xsd:dateTime.";
    assert!(says(&shown, voided), "{}", shown.text());
    for word in ["9f2c7e10", "pseudonym", "response", "armorique.example/pseudonyms", "lrs.armorique"] {
        assert!(!shown.text().contains(word), "{word}");
    }
    let days = ["2026/09/09", "2026/09/14", "2026/09/21", "2026/10/05", "2026/10/06", "2026/10/07", "2026/10/12"];
    for day in days {
        world.alice.get(&format!("learning/traces/{day}.ttl")).await.is(200);
    }
    world.alice.get("learning/traces/2026/10/09.ttl").await.is(404);
    let raw = world.alice.get("learning/raw/2026-10.jsonl").await.is(200);
    let kept: Vec<&str> = raw.text().lines().collect();
    let sent: Vec<String> =
        good().iter().filter(|one| one["timestamp"].as_str().unwrap() > "2026-10").map(ToString::to_string).collect();
    assert_eq!(kept, sent, "byte for byte, one a line");
    let index = world.alice.get("settings/privateTypeIndex").await.is(200);
    assert!(
        index.text().contains("instanceContainer") && index.text().contains("learning/traces/"),
        "{}",
        index.text()
    );
}

/// Shows: LT-6
#[tokio::test]
async fn the_day_is_that_of_paris() {
    let world = school().await;
    post(&world, &world.bob, &statement(&world, ONE, "answered")).await.is(200);
    world.alice.get("learning/traces/2026/10/01.ttl").await.is(200);
    world.alice.get("learning/raw/2026-10.jsonl").await.is(200);
}

/// Shows: LT-19, LT-24
#[tokio::test]
async fn a_statement_is_kept_once() {
    let world = school().await;
    let one = statement(&world, ONE, "answered");
    let by_id = format!("?statementId={ONE}");
    send(&world, &world.bob, "PUT", &by_id, &one).await.is(204);
    let before = crate::world::versions(world.storage.as_ref()).await;
    send(&world, &world.bob, "PUT", &by_id, &one).await.is(204);
    post(&world, &world.bob, &json!([one])).await.is(200);
    assert_eq!(crate::world::versions(world.storage.as_ref()).await, before, "nothing is written twice");
    let other = statement(&world, ONE, "passed");
    send(&world, &world.bob, "PUT", &by_id, &other).await.refused(409, "statement-refused");
    post(&world, &world.bob, &json!([statement(&world, TWO, "passed"), other])).await.refused(409, "statement-refused");
    assert_eq!(crate::world::versions(world.storage.as_ref()).await, before, "all or none");
    send(&world, &world.bob, "PUT", &format!("?statementId={TWO}"), &one).await.refused(400, "query-parameter");
    send(&world, &world.bob, "PUT", "", &one).await.refused(400, "query-parameter");
    let mut nameless = one.clone();
    nameless.as_object_mut().unwrap().remove("id");
    send(&world, &world.bob, "PUT", &format!("?statementId={TWO}"), &nameless).await.is(204);
    let found = get(&world, &world.alice, &format!("?statementId={TWO}")).await.is(200).json();
    assert_eq!(found["result"]["response"], "free answer");
}

/// Shows: LT-18, LT-19
#[tokio::test]
async fn what_the_owner_changed_in_a_day_stays() {
    let world = school().await;
    let (one, two) = (statement(&world, ONE, "answered"), statement(&world, TWO, "passed"));
    post(&world, &world.bob, &json!([one, two])).await.is(200);
    let day = "learning/traces/2026/10/01.ttl";
    let delete = format!("DELETE WHERE {{ <#s-{ONE}> ?p ?o }}");
    assert!(world.alice.update(day, &delete).await.status.is_success());
    world.alice.update(day, "INSERT DATA { <#mine> <#says> 'a note' }").await.is(204);
    let third = statement(&world, "00000000-0000-4000-8000-000000000003", "failed");
    let void = json!({
        "id": "00000000-0000-4000-8000-000000000004",
        "actor": one["actor"],
        "verb": { "id": "http://adlnet.gov/expapi/verbs/voided" },
        "object": { "objectType": "StatementRef", "id": ONE },
    });
    post(&world, &world.bob, &json!([one, two, third, void])).await.is(200);
    let text = world.alice.get(day).await.is(200).text().to_owned();
    assert!(text.contains("a note") && text.contains(TWO) && text.contains("000000000003"), "{text}");
    assert!(!text.contains(ONE), "a trace that its owner took out does not come back");
}

/// Shows: LT-21
#[tokio::test]
async fn sending_asks_for_append_and_reading_for_read() {
    let world = school().await;
    let one = statement(&world, ONE, "answered");
    for (who, send, read) in
        [(&world.alice, 200, 200), (&world.bob, 200, 403), (&world.carol, 403, 403), (&world.nobody, 401, 401)]
    {
        post(&world, who, &one).await.is(send);
        get(&world, who, "").await.is(read);
    }
    let challenge = get(&world, &world.nobody, "").await;
    assert!(challenge.field("www-authenticate").starts_with("DPoP"), "{challenge:?}");
    world.alice.allow_all("learning/traces/", &world.carol, "acl:Read").await;
    post(&world, &world.carol, &one).await.is(403);
    get(&world, &world.carol, "").await.is(200);
    world.nobody.get(&format!("{}nothere/.xapi/statements", world.base)).await.is(400);
    let nowhere = format!("{}nothere/.xapi/statements", world.base);
    world.alice.ask("GET", &nowhere).header(VERSION, "1.0.3").send().await.is(404);
}

/// Shows: LT-22
#[tokio::test]
async fn readers_of_the_traces_see_no_names_and_no_answers() {
    let world = school().await;
    post(&world, &world.bob, &good().into()).await.is(200);
    world.alice.allow_all("learning/traces/", &world.carol, "acl:Read").await;
    let (full, reduced) = (get(&world, &world.alice, "").await.is(200), get(&world, &world.carol, "").await.is(200));
    assert_eq!(ids(&full), ids(&reduced));
    assert_eq!(ids(&full).len(), 18, "the void one is left out");
    assert!(full.text().contains("Je ne comprends pas") && full.text().contains("9f2c7e10"));
    for word in ["Je ne comprends pas", "9f2c7e10", "\"response\"", "lrs.armorique"] {
        assert!(!reduced.text().contains(word), "{word}");
    }
    let scored = get(&world, &world.carol, "?statementId=5a000000-0000-4000-8000-000000000016").await.is(200).json();
    assert_eq!(scored["actor"]["account"]["name"], world.alice.webid());
    assert_eq!(scored["result"]["score"], json!({ "scaled": 0.675, "raw": 13.5, "min": 0.0, "max": 20.0 }));
    assert_eq!(scored["context"]["platform"], "Vie scolaire (fictif)");
    assert_eq!(scored["authority"]["account"]["name"], world.bob.webid());
    // What the owner takes out of the view is gone for its readers.
    let id = "5a000000-0000-4000-8000-000000000016";
    world.alice.delete("learning/traces/2026/10/06.ttl").await.is(204);
    get(&world, &world.carol, &format!("?statementId={id}")).await.is(404);
    get(&world, &world.alice, &format!("?statementId={id}")).await.is(200);
}

/// Shows: LT-15, LT-24
#[tokio::test]
async fn void_statements_are_asked_for_by_their_own_parameter() {
    let world = school().await;
    let void = |id: &str, target: &str| {
        json!({
            "id": id,
            "actor": { "openid": world.alice.webid() },
            "verb": { "id": "http://adlnet.gov/expapi/verbs/voided" },
            "object": { "objectType": "StatementRef", "id": target },
            "timestamp": "2026-10-02T08:00:00Z",
        })
    };
    let (third, fourth) = ("00000000-0000-4000-8000-000000000003", "00000000-0000-4000-8000-000000000004");
    post(&world, &world.bob, &void(TWO, ONE)).await.is(200);
    post(&world, &world.bob, &statement(&world, ONE, "answered")).await.is(200);
    get(&world, &world.alice, &format!("?statementId={ONE}")).await.is(404);
    let found = get(&world, &world.alice, &format!("?voidedStatementId={ONE}")).await.is(200).json();
    assert_eq!(found["id"], ONE);
    assert_eq!(ids(&get(&world, &world.alice, "").await), [TWO]);
    let day = world.alice.get("learning/traces/2026/10/01.ttl").await.is(200);
    assert!(day.text().contains("invalidatedAtTime"), "the voiding may come first: {}", day.text());
    post(&world, &world.bob, &void(third, TWO)).await.refused(403, "statement-refused");
    // Another tool voids nothing of this one.
    post(&world, &world.bob, &statement(&world, fourth, "passed")).await.is(200);
    world.alice.allow_all("learning/traces/", &world.carol, "acl:Append").await;
    post(&world, &world.carol, &void(third, fourth)).await.refused(403, "statement-refused");
    post(&world, &world.alice, &void(third, fourth)).await.is(200);
}

/// Shows: LT-20, LT-23, LT-27
#[tokio::test]
async fn statements_that_are_wrong_or_of_others_are_refused_and_nothing_is_kept() {
    let world = school().await;
    let before = crate::world::versions(world.storage.as_ref()).await;
    for (body, status, reason) in [
        (fixture(STATEMENTS).into(), 403, "another-person"),
        (fixture(MALFORMED).into(), 400, "malformed"),
        (json!([good()[0], good()[0]]), 400, "malformed"),
        (json!([1]), 400, "not-an-object"),
    ] {
        let refused = post(&world, &world.bob, &body).await.refused(status, "statement-refused").json();
        assert_eq!(refused["reason"], reason);
    }
    post(&world, &world.bob, &json!("x")).await.refused(400, "statement-refused");
    let url = world.alice.url(ENDPOINT);
    let ask = |media_type: &'static str, body: String| {
        world.bob.ask("POST", &url).header(VERSION, "1.0.3").content(media_type, body).send()
    };
    ask("application/json", "[{".into()).await.refused(400, "statements-unreadable");
    ask("text/plain", "[]".into()).await.refused(415, "statements-expected");
    ask("application/json", " ".repeat((5 << 20) + 1)).await.refused(413, "content-too-large");
    let many = json!(vec![json!({}); 10_001]);
    ask("application/json", many.to_string()).await.refused(413, "statements-unreadable");
    assert_eq!(crate::world::versions(world.storage.as_ref()).await, before);
    post(&world, &world.bob, &json!([])).await.is(200);
}

/// Shows: LT-25
#[tokio::test]
async fn statements_are_listed_page_by_page() {
    let world = school().await;
    post(&world, &world.bob, &good().into()).await.is(200);
    world.clock.advance(std::time::Duration::from_mins(1));
    post(&world, &world.bob, &fixture(PAGE_2).into()).await.is(200);
    let last = "5a000000-0000-4000-8000-000000000021";
    let stored =
        get(&world, &world.alice, &format!("?statementId={last}")).await.json()["stored"].as_str().unwrap().to_owned();
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let verb = |name: &str| format!("?verb={}", encode(&format!("http://adlnet.gov/expapi/verbs/{name}")));
    let quiz = encode("https://moodle.armorique.example/mod/quiz/view.php?id=77");
    let me = encode(&json!({ "openid": world.alice.webid() }).to_string());
    let other = encode(&json!({ "mbox": "mailto:bob@example.org" }).to_string());
    for (query, count) in [
        (String::new(), 19),
        (verb("answered"), 2),
        (verb("voided"), 1),
        (format!("?activity={quiz}"), 4),
        (format!("?activity={quiz}&related_activities=true"), 5),
        ("?registration=aa000000-0000-4000-8000-000000000001".to_owned(), 3),
        (format!("?until={stored}"), 19),
        (format!("?since={stored}"), 0),
        (format!("?agent={me}"), 19),
        (format!("?agent={other}"), 0),
        ("?limit=3".to_owned(), 3),
        ("?limit=0".to_owned(), 19),
    ] {
        let answer = get(&world, &world.alice, &query).await.is(200);
        assert_eq!(ids(&answer).len(), count, "{query}");
    }
    assert_eq!(ids(&get(&world, &world.alice, "").await)[0], last, "the newest first");
    for ascending in [true, false] {
        let mut seen = Vec::new();
        let mut next = world.alice.url(&format!("{ENDPOINT}?limit=7&ascending={ascending}"));
        loop {
            let answer = world.alice.ask("GET", &next).header(VERSION, "2.0.0").send().await.is(200);
            seen.extend(ids(&answer));
            match answer.json()["more"].as_str().unwrap() {
                "" => break,
                more => next = format!("{}{}", world.base, more.trim_start_matches('/')),
            }
        }
        let mut whole = ids(&get(&world, &world.alice, &format!("?ascending={ascending}")).await);
        assert_eq!(seen, whole);
        whole.sort();
        whole.dedup();
        assert_eq!(whole.len(), 19, "none is missing, none comes twice");
    }
    for query in
        ["?verb=x", "?limit=-1", "?colour=blue", "?since=hier", "?limit=1&limit=2", "?agent=x", "?statementId=x"]
    {
        get(&world, &world.alice, query).await.refused(400, "query-parameter");
    }
}

/// Shows: LT-26
#[tokio::test]
async fn a_request_names_a_version_of_xapi() {
    let world = school().await;
    let ask = |version: Option<&str>| {
        let asking = world.alice.ask("GET", ENDPOINT);
        let asking = if let Some(version) = version { asking.header(VERSION, version) } else { asking };
        asking.send()
    };
    for (version, answered) in [("1.0.3", "1.0.3"), ("1.0", "1.0.3"), ("2.0.0", "2.0.0"), ("1.0.0", "1.0.3")] {
        let answer = ask(Some(version)).await.is(200);
        assert_eq!(answer.field(VERSION), answered);
        assert!(answer.field("x-experience-api-consistent-through").starts_with("2026-10-"));
    }
    for version in [None, Some("0.95"), Some("3.0.0"), Some("1"), Some("2.01")] {
        ask(version).await.refused(400, "xapi-version");
    }
    let about = world.nobody.get(&world.alice.url(".xapi/about")).await.is(200);
    assert_eq!(about.json(), json!({ "version": ["1.0.3", "2.0.0"] }));
    let page =
        world.alice.ask("GET", ENDPOINT).header(VERSION, "1.0.3").header("origin", "https://app.example").send().await;
    assert_eq!(page.field("access-control-allow-origin"), "https://app.example");
    assert!(page.field("access-control-expose-headers").contains("X-Experience-API-Version"));
    let preflight = world.nobody.ask("OPTIONS", &world.alice.url(ENDPOINT)).header("origin", "https://app.example");
    preflight.header("access-control-request-method", "PUT").send().await.is(204);
    world.alice.ask("DELETE", ENDPOINT).header(VERSION, "1.0.3").send().await.refused(405, "method-not-allowed");
    world.alice.ask("GET", ".xapi/activities").header(VERSION, "1.0.3").send().await.is(404);
}

/// Shows: LT-16
#[tokio::test]
async fn events_of_caliper_are_taken_too() {
    let world = school().await;
    let events: Value = serde_json::from_str(CALIPER).unwrap();
    post(&world, &world.bob, &events).await.is(200);
    let day = world.alice.get("learning/traces/2026/09/07.ttl").await.is(200);
    assert!(day.text().contains("caliper/actions/Submitted"), "{}", day.text());
    let listed = get(&world, &world.alice, "").await.is(200);
    assert_eq!(ids(&listed).len(), 2);
    assert!(listed.text().contains("\"raw\":9"), "{}", listed.text());
}

/// Shows: LT-27
#[tokio::test]
async fn a_full_pod_says_so() {
    let world = World::with(Settings { quota: Some(20_000), ..Settings::default() }).await;
    let one = statement(&world, ONE, "answered");
    post(&world, &world.alice, &one).await.is(200);
    let mut large = statement(&world, TWO, "answered");
    large["result"]["response"] = "x".repeat(30_000).into();
    post(&world, &world.alice, &large).await.refused(413, "quota-exceeded");
    world.alice.delete("learning/raw/2026-10.jsonl").await.is(204);
    get(&world, &world.alice, "").await.is(200);
}

/// Shows: LT-17, LT-19
#[tokio::test]
async fn what_was_begun_is_finished_by_whoever_sends_it_again() {
    let world = school().await;
    let one = statement(&world, ONE, "answered");
    post(&world, &world.bob, &one).await.is(200);
    // As if the server had stopped after it had noted the id.
    world.alice.delete("learning/raw/2026-10.jsonl").await.is(204);
    world.alice.delete("learning/traces/2026/10/01.ttl").await.is(204);
    post(&world, &world.bob, &one).await.is(200);
    let raw = world.alice.get("learning/raw/2026-10.jsonl").await.is(200);
    assert_eq!(raw.text(), format!("{one}\n"));
    assert!(world.alice.get("learning/traces/2026/10/01.ttl").await.is(200).text().contains(ONE));
}

/// Shows: LT-19
#[tokio::test]
async fn tools_that_send_at_the_same_time_lose_nothing() {
    let world = school().await;
    let sends = (10..30).map(|number| {
        let one = statement(&world, &format!("00000000-0000-4000-8000-0000000000{number}"), "answered");
        let world = &world;
        async move { post(world, &world.bob, &one).await.is(200) }
    });
    futures_util::future::join_all(sends).await;
    assert_eq!(ids(&get(&world, &world.alice, "").await).len(), 20);
    let raw = world.alice.get("learning/raw/2026-10.jsonl").await.is(200);
    assert_eq!(raw.text().lines().count(), 20);
}
