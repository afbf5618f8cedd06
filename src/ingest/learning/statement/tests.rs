use proptest::prelude::*;

use super::*;
use crate::identity::account::Email;

const HOME: &str = "https://ent.armorique.example";

fn owner() -> Person {
    let account = OnlineAccount { home: HOME.into(), name: "9f2c7e10-demo-pseudonym".into() };
    Person {
        iris: vec!["https://pods.example/demo/profile/card#me".into()],
        accounts: vec![account],
        mailboxes: vec![],
    }
}

fn now() -> Timestamp {
    "2026-10-26T00:00:00Z".parse().unwrap()
}

fn fixture(text: &str) -> Vec<Value> {
    let page: Value = serde_json::from_str(text).unwrap();
    page["statements"].as_array().unwrap().clone()
}

fn good() -> Vec<Value> {
    fixture(include_str!("../../../../tests/fixtures/xapi/statements.json"))
}

fn read_value(statement: &Value, owner: &Person) -> Read<Statement> {
    read(&statement.to_string(), owner, Uuid::nil(), now())
}

fn trace(statement: &Value) -> Trace {
    match read_value(statement, &owner()).unwrap() {
        Statement::Trace(trace) => *trace,
        Statement::Voids { .. } => panic!("a trace"),
    }
}

/// Shows: LT-15, LT-20
#[test]
fn the_invented_statements_are_read_but_that_of_somebody_else() {
    let read: Vec<_> = good().iter().map(|statement| read_value(statement, &owner())).collect();
    assert_eq!(read.len(), 20);
    assert_eq!(read[17], Err(Rejected::AnotherPerson));
    let target: Uuid = "5a000000-0000-4000-8000-000000000006".parse().unwrap();
    assert!(matches!(read[18], Ok(Statement::Voids { target: voided, .. }) if voided == target));
    assert_eq!(read.iter().filter(|read| matches!(read, Ok(Statement::Trace(_)))).count(), 18);
    let mailbox = Email::parse("nolwenn.exemplaire@eleve.armorique.example").unwrap();
    let nolwenn = Person { mailboxes: vec![mailbox], ..owner() };
    assert!(read_value(&good()[17], &nolwenn).is_ok(), "the address of the owner's account");
    let page2 = fixture(include_str!("../../../../tests/fixtures/xapi/statements-page2.json"));
    assert!(page2.iter().all(|statement| read_value(statement, &owner()).is_ok()));
}

/// Shows: LT-23, shape L2
#[test]
fn each_malformed_statement_is_refused_with_its_reason() {
    let page = fixture(include_str!("../../../../tests/fixtures/xapi/statements-malformed.json"));
    let reasons: Vec<_> = page.iter().map(|statement| read_value(statement, &owner()).unwrap_err()).collect();
    assert_eq!(reasons, ["id", "stored", "result.score"].map(Rejected::Malformed));
}

#[test]
fn members_are_read_as_they_are() {
    let answered = trace(&good()[4]);
    assert_eq!(&*answered.verb, "http://adlnet.gov/expapi/verbs/answered");
    assert_eq!((answered.success, answered.completion), (Some(true), None));
    assert_eq!(answered.score, Score { scaled: Some(1.0), raw: Some(1.0), min: Some(0.0), max: Some(1.0) });
    assert_eq!(answered.duration.unwrap().lexical, "PT42S");
    assert_eq!(answered.attempt, "aa000000-0000-4000-8000-000000000001".parse().ok());
    assert_eq!(&*answered.part_of[0].iri, "https://moodle.armorique.example/mod/quiz/view.php?id=77");
    assert_eq!(answered.in_course[0].names, [("fr-fr".to_owned(), "Physique-chimie 2de".to_owned())]);
    assert_eq!(answered.platform, Some(Platform::Name("Moodle".into())));
    assert_eq!(trace(&good()[19]).ended.to_string(), "2026-10-12T08:15:00Z");
}

/// What a statement becomes when the member at `pointer` is `value`.
fn with(pointer: &str, value: Value) -> Read<Statement> {
    let mut statement = good().remove(4);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    statement.pointer_mut(parent).unwrap()[name] = value;
    read_value(&statement, &owner())
}

/// Shows: LT-23, shape L1, shape L2
#[test]
fn what_the_format_does_not_allow_is_refused() {
    let long = format!("https://a.example/{}", "a".repeat(3000));
    for (pointer, value, at) in [
        ("/id", json!("5a000000000040008000000000000005"), "id"),
        ("/id", json!("{5a000000-0000-4000-8000-000000000005}"), "id"),
        ("/version", json!("0.95"), "version"),
        ("/Actor", json!({}), "statement"),
        ("/actor", json!("ada"), "actor"),
        ("/actor", json!({ "objectType": "Agent" }), "actor"),
        ("/actor", json!({ "mbox": "ada@example.org" }), "actor"),
        ("/actor", json!({ "mbox": "mailto:ada@example.org", "openid": "https://a.example/" }), "actor"),
        ("/actor", json!({ "mbox_sha1sum": "xyz" }), "actor"),
        ("/actor", json!({ "account": { "homePage": "ent", "name": "x" } }), "actor"),
        ("/actor", json!({ "objectType": "Robot", "openid": "https://a.example/" }), "actor"),
        ("/verb", json!({ "id": "viewed" }), "verb.id"),
        ("/verb", json!({ "id": long }), "verb.id"),
        ("/verb", json!({ "id": "https://a.example/\u{202E}x" }), "verb.id"),
        ("/verb", json!({ "id": "https://a.example/x", "display": "x" }), "verb.display"),
        ("/verb/display", json!({ "f r": "x" }), "verb.display"),
        ("/object", json!({ "id": "../etc" }), "object"),
        ("/object", json!({ "objectType": "activity", "id": "https://a.example/" }), "object"),
        ("/object/definition", json!([]), "object"),
        ("/object/definition/type", json!("x"), "object"),
        ("/object", json!({ "objectType": "StatementRef", "id": "x" }), "object"),
        ("/result", json!([]), "result"),
        ("/result/response", json!({}), "result.response"),
        ("/result/response", Value::Null, "statement"),
        ("/result/success", json!("true"), "result.success"),
        ("/result/duration", json!("42"), "result.duration"),
        ("/result/duration", json!("-PT42S"), "result.duration"),
        ("/result/score/scaled", json!(1.1), "result.score"),
        ("/result/score/scaled", json!("1"), "result.score"),
        ("/result/score/raw", json!(2), "result.score"),
        ("/result/score/min", json!(1e300), "result.score"),
        ("/context/registration", json!("1"), "context.registration"),
        ("/context/language", json!("fr fr"), "context.language"),
        ("/context/platform", json!(1), "context.platform"),
        ("/context/instructor", json!({ "name": "x" }), "context.instructor"),
        ("/context/contextActivities/parent", json!([1]), "context.contextActivities"),
        ("/context/contextActivities/mother", json!([]), "context.contextActivities"),
        ("/timestamp", json!("2026-09-07T08:11:20"), "timestamp"),
        ("/timestamp", json!(1_788_000_000), "timestamp"),
        ("/authority", json!("x"), "authority"),
        ("/attachments", json!("x"), "attachments"),
    ] {
        assert_eq!(with(pointer, value.clone()), Err(Rejected::Malformed(at)), "{pointer}: {value}");
    }
    assert!(with("/result/extensions", json!({ "https://a.example/x": null })).is_ok(), "anything goes in extensions");
}

/// Shows: LT-20
#[test]
fn statements_about_others_are_refused_wherever_they_stand() {
    let bob = json!({ "mbox": "mailto:bob@example.org" });
    let me = json!({ "openid": "https://pods.example/demo/profile/card#me" });
    let inner = |actor: &Value, object: &Value| json!({ "objectType": "SubStatement", "actor": actor, "verb": { "id": "tag:a,2026:do" }, "object": object });
    let (course, agent) =
        (json!({ "id": "tag:a,2026:course" }), json!({ "objectType": "Agent", "mbox": "mailto:bob@example.org" }));
    for (pointer, value) in [
        ("/actor", bob.clone()),
        ("/actor", json!({ "objectType": "Group", "member": [me.clone()] })),
        ("/actor/account/name", json!("another")),
        ("/actor/account/homePage", json!("https://elsewhere.example")),
        ("/object", agent.clone()),
        ("/object", json!({ "objectType": "Group", "member": [] })),
        ("/object", inner(&bob, &course)),
        ("/object", inner(&me, &agent)),
    ] {
        assert_eq!(with(pointer, value.clone()), Err(Rejected::AnotherPerson), "{pointer}: {value}");
    }
    let planned = with("/object", inner(&me, &course)).unwrap();
    assert!(
        matches!(planned, Statement::Trace(trace) if matches!(&trace.object, Object::Activity(it) if &*it.iri == "tag:a,2026:course"))
    );
    let mine = json!({ "objectType": "Agent", "openid": "https://pods.example/demo/profile/card#me" });
    assert!(matches!(with("/object", mine), Ok(Statement::Trace(trace)) if trace.object == Object::Owner));
    assert!(with("/context/instructor", bob).is_ok(), "a teacher may be named; the view does not say it");
}

/// Shows: LT-23
#[test]
fn sizes_and_depths_are_bounded() {
    let rejected = |text: &str| read(text, &owner(), Uuid::nil(), now()).unwrap_err();
    assert_eq!(rejected(&format!("{{\"id\":\"{}\"}}", "x".repeat(LARGEST))), Rejected::TooLarge);
    assert_eq!(rejected(&format!("{{\"id\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000))), Rejected::NotAnObject);
    assert_eq!(rejected("{\"actor\":{},\"actor\":{}}"), Rejected::NotAnObject);
    assert_eq!(rejected("[]"), Rejected::NotAnObject);
    let many = vec![json!({ "id": "tag:a,2026:x" }); MOST_ACTIVITIES + 1];
    assert_eq!(
        with("/context/contextActivities/parent", many.into()),
        Err(Rejected::Malformed("context.contextActivities"))
    );
}

#[test]
fn a_trace_is_a_statement_again() {
    let account = OnlineAccount { home: HOME.into(), name: "9f2c7e10-demo-pseudonym".into() };
    for statement in good() {
        let Ok(Statement::Trace(once)) = read_value(&statement, &owner()) else { continue };
        let again = read_value(&of(&once, &account).into(), &owner()).unwrap();
        assert_eq!(again, Statement::Trace(once));
    }
}

proptest! {
    /// Whatever one value of a statement is replaced with, it is read or refused.
    #[test]
    fn nothing_that_is_sent_breaks_it(at in 0usize..200, with in "\\PC{0,40}") {
        let text = good()[4].to_string();
        let mut pieces: Vec<&str> = text.split('"').collect();
        let at = at % pieces.len();
        pieces[at] = &with;
        let _ = read(&pieces.join("\""), &owner(), Uuid::nil(), now());
    }
}
