//! The mapping, line by line of its table.

use serde_json::{Value, json};

use super::*;
use crate::ingest::learning::person::OnlineAccount;
use crate::ingest::learning::statement::{self, Statement};
use crate::rdf::format::{self, Document, Format};

const DAY: &str = "https://pods.example/demo/learning/traces/2026/09/07.ttl";
const OWNER: &str = "https://pods.example/demo/profile/card#me";
const ID: &str = "5a000000-0000-4000-8000-000000000005";

fn person() -> Person {
    let account = OnlineAccount { home: "https://ent.example".into(), name: "9f2c7e10".into() };
    Person { iris: vec![OWNER.into()], accounts: vec![account], mailboxes: vec![] }
}

fn read_json(statement: &Value) -> Trace {
    let now = "2026-10-26T00:00:00Z".parse().unwrap();
    match statement::read(&statement.to_string(), &person(), Uuid::nil(), now).unwrap() {
        Statement::Trace(trace) => *trace,
        Statement::Voids { .. } => panic!("a trace"),
    }
}

/// What is said of a statement with these members besides those that it must have.
fn said(more: &Value) -> Graph {
    let mut statement = json!({
        "id": ID,
        "actor": { "account": { "homePage": "https://ent.example", "name": "9f2c7e10" }, "name": "Ada Exemple" },
        "verb": { "id": "http://adlnet.gov/expapi/verbs/answered", "display": { "fr-FR": "a répondu" } },
        "object": { "id": "https://moodle.example/question?id=501" },
        "timestamp": "2026-09-07T10:11:20+02:00",
    });
    for (name, value) in more.as_object().unwrap() {
        statement[name] = value.clone();
    }
    triples(&read_json(&statement), DAY, OWNER, &person())
}

/// Whether a graph says all of this, in Turtle, of the trace `$`.
fn says(graph: &Graph, turtle: &str) {
    let prefixes = "@prefix as: <https://www.w3.org/ns/activitystreams#>. @prefix c: <https://w3id.org/cartable/ns#>.\n\
        @prefix prov: <http://www.w3.org/ns/prov#>. @prefix dct: <http://purl.org/dc/terms/>.\n\
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#>.";
    let text = format!("{prefixes}\n{}", turtle.replace('$', &format!("<#s-{ID}>")));
    let wanted = format::parse(text.as_bytes(), Format::Turtle, DAY).unwrap().dataset.default;
    for triple in wanted.iter() {
        assert!(graph.contains(triple), "{triple:?}\nis missing in\n{graph:#?}");
    }
    assert!(!wanted.is_empty());
}

fn values(graph: &Graph, predicate: &str) -> usize {
    graph.iter().filter(|triple| *triple.predicate == *predicate).count()
}

/// Shows: LT-1
#[test]
fn lt_1_class() {
    says(&said(&json!({})), "$ a c:LearningTrace, as:Activity, prov:Activity.");
}

/// Shows: LT-2
#[test]
fn lt_2_id() {
    says(&said(&json!({})), &format!("$ dct:identifier \"{ID}\"."));
}

/// Shows: LT-3
#[test]
fn lt_3_actor() {
    let graph = said(&json!({}));
    says(&graph, &format!("$ as:actor <{OWNER}>."));
    let text = String::from_utf8(format::print(&graph.into_document(), Format::NTriples).unwrap()).unwrap();
    for word in ["Ada", "9f2c7e10", "ent.example"] {
        assert!(!text.contains(word), "{word}");
    }
}

/// Shows: LT-4
#[test]
fn lt_4_verb() {
    let graph = said(&json!({}));
    says(&graph, "$ c:verb <http://adlnet.gov/expapi/verbs/answered>.");
    assert_eq!(
        graph.about(&Term::iri("http://adlnet.gov/expapi/verbs/answered")).count(),
        0,
        "named in one shared document"
    );
}

/// Shows: LT-5
#[test]
fn lt_5_object() {
    let object = json!({
        "id": "https://moodle.example/mod/quiz/view.php?id=77&user=12&u=9F2C7E10&back=ada@example.org",
        "definition": { "type": "http://adlnet.gov/expapi/activities/assessment", "name": { "fr-FR": "Quiz : la mole" } },
    });
    says(
        &said(&json!({ "object": object })),
        "$ as:object <https://moodle.example/mod/quiz/view.php?id=77>.\n\
         <https://moodle.example/mod/quiz/view.php?id=77> dct:type <http://adlnet.gov/expapi/activities/assessment>;\n\
         as:name \"Quiz : la mole\"@fr-fr.",
    );
    for (iri, kept) in [
        ("https://a.example/x", "https://a.example/x"),
        ("https://a.example/x?id=1&b=%C3%A9", "https://a.example/x?id=1&b=%C3%A9"),
        ("https://a.example/x?UserId=1", "https://a.example/x"),
        ("https://a.example/x?email=a%40b.example&d=9#f", "https://a.example/x?d=9#f"),
        ("https://a.example/x?q=name%40b.example", "https://a.example/x"),
        ("urn:x:y?token=1", "urn:x:y"),
    ] {
        assert_eq!(&*impersonal(&iri.into(), &person()), kept, "{iri}");
    }
}

/// Shows: LT-6
#[test]
fn lt_6_timestamp() {
    says(&said(&json!({})), "$ prov:endedAtTime \"2026-09-07T08:11:20Z\"^^xsd:dateTime.");
}

/// Shows: LT-7
#[test]
fn lt_7_duration() {
    says(
        &said(&json!({ "result": { "duration": "PT42S" } })),
        "$ as:duration \"PT42S\"^^xsd:duration; prov:startedAtTime \"2026-09-07T08:10:38Z\"^^xsd:dateTime.",
    );
    let months = said(&json!({ "result": { "duration": "P1M" } }));
    assert_eq!((values(&months, streams::DURATION), values(&months, prov::STARTED_AT_TIME)), (1, 0));
}

/// Shows: LT-8, shape L2
#[test]
fn lt_8_score() {
    says(
        &said(&json!({ "result": { "score": { "scaled": 0.675, "raw": 13.5, "min": 0, "max": 20 } } })),
        "$ c:scoreScaled 0.675; c:scoreRaw 13.5; c:scoreMin \"0\"^^xsd:decimal; c:scoreMax \"20\"^^xsd:decimal.",
    );
}

/// Shows: LT-9
#[test]
fn lt_9_success_and_completion() {
    says(
        &said(&json!({ "result": { "success": false, "completion": true } })),
        "$ c:success false; c:completion true.",
    );
    assert_eq!(values(&said(&json!({})), cartable::SUCCESS), 0);
}

/// Shows: LT-10
#[test]
fn lt_10_registration() {
    let registration = "AA000000-0000-4000-8000-000000000001";
    says(
        &said(&json!({ "context": { "registration": registration } })),
        "$ c:attempt <urn:uuid:aa000000-0000-4000-8000-000000000001>.",
    );
}

/// Shows: LT-11
#[test]
fn lt_11_parent_and_grouping() {
    let around =
        json!({ "parent": { "id": "tag:a,2026:quiz" }, "grouping": [{ "id": "https://a.example/c?id=1&userid=2" }] });
    says(
        &said(&json!({ "context": { "contextActivities": around } })),
        "$ c:partOf <tag:a,2026:quiz>; c:inCourse <https://a.example/c?id=1>.",
    );
}

/// Shows: LT-12
#[test]
fn lt_12_platform() {
    says(
        &said(&json!({ "context": { "platform": "Vie scolaire (fictif)" } })),
        "$ as:generator <#p-vie-scolaire-fictif>. <#p-vie-scolaire-fictif> as:name \"Vie scolaire (fictif)\".",
    );
    says(
        &said(&json!({ "context": { "platform": "https://moodle.example" } })),
        "$ as:generator <https://moodle.example>.",
    );
}

/// Shows: LT-13
#[test]
fn lt_13_free_text_stays_out() {
    let more = json!({
        "result": { "response": "Je ne comprends pas.", "extensions": { "https://a.example/note": "secret" } },
        "context": { "instructor": { "mbox": "mailto:prof@example.org", "name": "Prof" }, "revision": "7b", "extensions": {} },
    });
    assert_eq!(said(&more), said(&json!({})));
}

/// Shows: LT-14
#[test]
fn lt_14_competence() {
    let skill = json!({ "id": "https://pix.example/competences/1.1", "definition": { "type": SKILLS[0] } });
    says(&said(&json!({ "object": skill })), "$ c:exercises <https://pix.example/competences/1.1>.");
    let esco = "http://data.europa.eu/esco/skill/3aa7";
    let around = json!({ "parent": [skill], "category": [{ "id": esco }, { "id": "tag:a,2026:recipe" }] });
    let graph = said(&json!({ "context": { "contextActivities": around } }));
    says(&graph, &format!("$ c:exercises <{esco}>, <https://pix.example/competences/1.1>."));
    assert_eq!(values(&graph, cartable::EXERCISES), 2);
}

/// Shows: LT-15
#[test]
fn lt_15_voided() {
    let mut graph = said(&json!({}));
    let (id, at) = (ID.parse().unwrap(), "2026-10-09T07:00:00Z".parse().unwrap());
    assert_eq!(invalid_since(&graph, DAY, id), None);
    graph.extend(invalidated(DAY, id, at));
    says(&graph, "$ prov:invalidatedAtTime \"2026-10-09T07:00:00Z\"^^xsd:dateTime.");
    assert_eq!(invalid_since(&graph, DAY, id), Some(at));
}

/// Shows: LT-5, LT-13
#[test]
fn what_the_view_says_can_be_read_again() {
    let page: Value = serde_json::from_str(include_str!("../../../../tests/fixtures/xapi/statements.json")).unwrap();
    let owner = Person {
        accounts: vec![OnlineAccount {
            home: "https://ent.armorique.example".into(),
            name: "9f2c7e10-demo-pseudonym".into(),
        }],
        ..person()
    };
    let now = "2026-10-26T00:00:00Z".parse().unwrap();
    let statements = page["statements"].as_array().unwrap().iter();
    let read = statements.filter_map(|one| statement::read(&one.to_string(), &owner, Uuid::nil(), now).ok());
    let traces: Vec<_> = read
        .filter_map(|statement| match statement {
            Statement::Trace(trace) => Some(*trace),
            Statement::Voids { .. } => None,
        })
        .collect();
    let graph: Graph = traces.iter().flat_map(|trace| triples(trace, DAY, OWNER, &owner)).collect();
    let turtle = format::print_at(DAY, &graph.into_document(), Format::Turtle).unwrap();
    let graph = format::parse(&turtle, Format::Turtle, DAY).unwrap().dataset.default;
    assert_eq!(ids(&graph, DAY).len(), 18);
    let shapes = crate::rdf::shape::Shapes::parse(include_str!("../../../../shapes/learning.ttl")).unwrap();
    assert_eq!(shapes.check(&graph), [], "as the shapes of learning traces have it");
    for trace in traces {
        assert_eq!(super::read(&graph, DAY, trace.id), Some(trace));
    }
}

trait IntoDocument {
    fn into_document(self) -> Document;
}

impl IntoDocument for Graph {
    fn into_document(self) -> Document {
        let prefixes = PREFIXES.map(|(prefix, namespace)| (prefix.to_owned(), namespace.to_owned()));
        Document { dataset: self.into(), prefixes: prefixes.to_vec() }
    }
}
