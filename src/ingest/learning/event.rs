//! Caliper 1.2 events, read into the same traces as statements.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::person::{Person, Who};
use super::trace::{Activity, Duration, LARGEST, Object, Platform, Rejected, Score, Trace, instant, iri, plain};
use crate::identity::json;
use crate::rdf::graph::Iri;

/// Where the terms of actions are.
const ACTIONS: &str = "http://purl.imsglobal.org/caliper/actions/";
/// Where the types of entities are.
const TYPES: &str = "http://purl.imsglobal.org/caliper/";

type Members = Map<String, Value>;

/// Whether a JSON object is an event of Caliper's: statements have no context and no action.
pub fn is_event(text: &str) -> bool {
    json::object(text.as_bytes()).is_some_and(|object| object.contains_key("@context") && object.contains_key("action"))
}

/// Reads an event about `owner`. What a program does counts if it does it for the owner, or for nobody who is named.
///
/// Spec: LT-16, LT-20
pub fn read(text: &str, owner: &Person) -> Result<Trace, Rejected> {
    if text.len() > LARGEST {
        return Err(Rejected::TooLarge);
    }
    let event = json::object(text.as_bytes()).ok_or(Rejected::NotAnObject)?;
    let id = event.get("id").and_then(Value::as_str).and_then(|id| id.strip_prefix("urn:uuid:"));
    let id = id.and_then(|id| Uuid::parse_str(id).ok()).ok_or(Rejected::Malformed("id"))?;
    let object = entity(&event, "object").ok_or(Rejected::Malformed("object"))?;
    check_person(&event, &object, owner)?;
    let action = event.get("action").and_then(Value::as_str).ok_or(Rejected::Malformed("action"))?;
    let ended = event.get("eventTime").and_then(Value::as_str).and_then(instant);
    let ended = ended.ok_or(Rejected::Malformed("eventTime"))?;
    let generated = entity(&event, "generated");
    let duration = generated.as_ref().and_then(|generated| generated.get("duration")).and_then(Value::as_str);
    Ok(Trace {
        id,
        verb: term(action, ACTIONS).ok_or(Rejected::Malformed("action"))?,
        object: Object::Activity(activity(&object).ok_or(Rejected::Malformed("object"))?),
        score: score(generated.as_ref())?,
        duration: duration.map(|text| Duration::parse(text).ok_or(Rejected::Malformed("duration"))).transpose()?,
        part_of: entity(&object, "isPartOf").as_ref().and_then(activity).into_iter().collect(),
        in_course: entity(&event, "group").as_ref().and_then(activity).into_iter().collect(),
        platform: entity(&event, "edApp").and_then(|tool| text_of(&tool, "id").and_then(iri)).map(Platform::Iri),
        ..Trace::ended(ended)
    })
}

/// Whose doing it is: a person who acts is the owner, and so is whoever is graded.
fn check_person(event: &Members, object: &Members, owner: &Person) -> Result<(), Rejected> {
    let actor = entity(event, "actor").ok_or(Rejected::Malformed("actor"))?;
    let id = text_of(&actor, "id").ok_or(Rejected::Malformed("actor"))?;
    let is_program = text_of(&actor, "type") == Some("SoftwareApplication");
    let attempt = entity(event, "generated").and_then(|generated| entity(&generated, "attempt"));
    let graded = [Some(object), attempt.as_ref()].into_iter().flatten().filter_map(|part| entity(part, "assignee"));
    let mut people: Vec<String> = graded.filter_map(|person| text_of(&person, "id").map(str::to_owned)).collect();
    people.extend((!is_program).then(|| id.to_owned()));
    let all_mine = people.into_iter().all(|person| owner.is(&Who::Iri(person)));
    if all_mine { Ok(()) } else { Err(Rejected::AnotherPerson) }
}

/// Spec: shape L2
fn score(generated: Option<&Members>) -> Result<Score, Rejected> {
    let number = |name: &str| match generated.and_then(|score| score.get(name)) {
        Some(number) => number.as_f64().map(Some).ok_or(Rejected::Malformed("generated")),
        None => Ok(None),
    };
    let score = Score { raw: number("scoreGiven")?, max: number("maxScore")?, ..Score::default() };
    if score.is_sound() { Ok(score) } else { Err(Rejected::Malformed("generated")) }
}

/// A member that is an entity: an object, or its address alone.
fn entity(members: &Members, name: &str) -> Option<Members> {
    match members.get(name)? {
        Value::Object(entity) => Some(entity.clone()),
        Value::String(id) => Some(Members::from_iter([("id".to_owned(), id.clone().into())])),
        _ => None,
    }
}

fn activity(entity: &Members) -> Option<Activity> {
    let kind = text_of(entity, "type").and_then(|kind| term(kind, TYPES));
    let name = text_of(entity, "name").map(plain).filter(|name| !name.is_empty());
    // Caliper's names have no language.
    let names = name.map(|name| ("und".to_owned(), name)).into_iter().collect();
    Some(Activity { iri: iri(text_of(entity, "id")?)?, kind, names })
}

/// The IRI of a term, or the IRI that is written out.
fn term(text: &str, namespace: &str) -> Option<Iri> {
    let is_term = !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_term { Some(format!("{namespace}{text}").into()) } else { iri(text) }
}

fn text_of<'a>(members: &'a Members, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = include_str!("../../../tests/fixtures/xapi/caliper-events.json");

    fn owner() -> Person {
        Person { iris: vec!["https://ent.armorique.example/pseudonyms/9f2c7e10".into()], ..Person::default() }
    }

    fn events() -> Vec<Value> {
        serde_json::from_str(EVENTS).unwrap()
    }

    /// Shows: LT-16
    #[test]
    fn events_are_read_into_traces() {
        let read: Vec<_> = events().iter().map(|event| super::read(&event.to_string(), &owner()).unwrap()).collect();
        assert_eq!(&*read[0].verb, "http://purl.imsglobal.org/caliper/actions/Submitted");
        assert_eq!(read[0].ended.to_string(), "2026-09-07T08:20:30Z");
        assert_eq!(read[0].platform, Some(Platform::Iri("https://moodle.armorique.example".into())));
        let Object::Activity(quiz) = &read[0].object else { panic!("an activity") };
        assert_eq!(&*quiz.iri, "https://moodle.armorique.example/mod/quiz/view.php?id=77");
        assert_eq!(quiz.kind.as_deref(), Some("http://purl.imsglobal.org/caliper/Assessment"));
        assert_eq!(quiz.names, [("und".to_owned(), "Quiz : la mole".to_owned())]);
        assert_eq!((read[1].score.raw, read[1].score.max), (Some(9.0), Some(20.0)));
    }

    /// Shows: LT-16, LT-20, shape L2
    #[test]
    fn events_of_others_and_broken_ones_are_refused() {
        let with = |at: usize, pointer: &str, value: Value| {
            let mut event = events().remove(at);
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            event.pointer_mut(parent).unwrap()[name] = value;
            super::read(&event.to_string(), &owner()).unwrap_err()
        };
        for (at, pointer, value, rejected) in [
            (0, "/actor/id", "https://ent.armorique.example/pseudonyms/other".into(), Rejected::AnotherPerson),
            (0, "/actor", "https://ent.armorique.example/pseudonyms/other".into(), Rejected::AnotherPerson),
            (1, "/object/assignee", "https://ent.armorique.example/pseudonyms/other".into(), Rejected::AnotherPerson),
            (0, "/actor", Value::Null, Rejected::Malformed("actor")),
            (0, "/id", "x".into(), Rejected::Malformed("id")),
            (0, "/action", "a b".into(), Rejected::Malformed("action")),
            (0, "/object", 1.into(), Rejected::Malformed("object")),
            (0, "/eventTime", "hier".into(), Rejected::Malformed("eventTime")),
            (1, "/generated/scoreGiven", "9".into(), Rejected::Malformed("generated")),
            (1, "/generated/scoreGiven", 21.into(), Rejected::Malformed("generated")),
        ] {
            assert_eq!(with(at, pointer, value), rejected, "{pointer}");
        }
        assert!(events().iter().all(|event| is_event(&event.to_string())) && !is_event("{\"verb\":1}"));
    }
}
