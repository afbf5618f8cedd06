//! xAPI statements, of versions 1.0.3 and 2.0: strict where the specification is, since what a tool gets wrong here it
//! gets wrong elsewhere too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::person::{OnlineAccount, Person, Who};
use super::trace::{
    Activity, Duration, LARGEST, MOST_ACTIVITIES, MOST_NAMES, Object, Platform, Rejected, Score, Trace, instant, iri,
    language, plain,
};
use crate::identity::json;
use crate::rdf::graph::Iri;

/// The verb of statements that void others.
pub const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";

type Members = Map<String, Value>;
type Read<T> = Result<T, Rejected>;

/// A statement about the owner.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    Trace(Box<Trace>),
    /// Another statement no longer holds.
    Voids {
        id: Uuid,
        target: Uuid,
        at: Timestamp,
    },
}

impl Statement {
    pub const fn id(&self) -> Uuid {
        match self {
            Self::Trace(trace) => trace.id,
            Self::Voids { id, .. } => *id,
        }
    }

    /// When what it tells of ended.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Trace(trace) => trace.ended,
            Self::Voids { at, .. } => *at,
        }
    }
}

/// Reads a statement about `owner`. What it does not say of itself is `id`, and that it happened `now`.
///
/// Spec: LT-20, LT-23
pub fn read(text: &str, owner: &Person, id: Uuid, now: Timestamp) -> Read<Statement> {
    if text.len() > LARGEST {
        return Err(Rejected::TooLarge);
    }
    let statement = json::object(text.as_bytes()).ok_or(Rejected::NotAnObject)?;
    only(&statement, "statement", &STATEMENT)?;
    no_nulls(&statement)?;
    let id = match statement.get("id") {
        Some(sent) => uuid(sent).ok_or(Rejected::Malformed("id"))?,
        None => id,
    };
    if let Some(version) = statement.get("version") {
        let known = version.as_str().is_some_and(|version| version.starts_with("1.0") || version.starts_with("2.0"));
        known.then_some(()).ok_or(Rejected::Malformed("version"))?;
    }
    for name in ["authority", "attachments"] {
        let sound = |value: &Value| value.is_object() || (name == "attachments" && value.is_array());
        statement.get(name).is_none_or(sound).then_some(()).ok_or(Rejected::Malformed(name))?;
    }
    time(&statement, "stored")?;
    let at = time(&statement, "timestamp")?.unwrap_or(now);
    let actor = who(required(&statement, "actor")?, "actor")?;
    if !owner.is(&actor) {
        return Err(Rejected::AnotherPerson);
    }
    let verb = verb(required(&statement, "verb")?)?;
    let object = object(required(&statement, "object")?, owner)?;
    if *verb == *VOIDED {
        let Object::Statement(target) = object else { return Err(Rejected::Malformed("object")) };
        return Ok(Statement::Voids { id, target, at });
    }
    let mut trace = Trace { id, verb, object, ..Trace::ended(at) };
    result(&mut trace, &statement)?;
    context(&mut trace, &statement)?;
    Ok(Statement::Trace(Box::new(trace)))
}

const STATEMENT: [&str; 11] = [
    "id",
    "actor",
    "verb",
    "object",
    "result",
    "context",
    "timestamp",
    "stored",
    "authority",
    "version",
    "attachments",
];

/// Who is meant by an agent or a group, which is named in exactly one way.
///
/// Spec: LT-23
pub fn who(value: &Value, at: &'static str) -> Read<Who> {
    let wrong = Rejected::Malformed(at);
    let agent = value.as_object().ok_or(wrong)?;
    let is_group = match agent.get("objectType").map(Value::as_str) {
        None | Some(Some("Agent")) => false,
        Some(Some("Group")) => true,
        Some(_) => return Err(wrong),
    };
    only(agent, at, &["objectType", "name", "mbox", "mbox_sha1sum", "openid", "account", "member"])?;
    agent.get("name").is_none_or(Value::is_string).then_some(()).ok_or(wrong)?;
    let named = ["mbox", "mbox_sha1sum", "openid", "account"].into_iter().filter(|name| agent.contains_key(*name));
    let mut named = named.collect::<Vec<_>>().into_iter();
    match (named.next(), named.next(), is_group) {
        (Some(name), None, false) => one(agent, name).ok_or(wrong),
        (Some(name), None, true) => one(agent, name).map(|_| Who::Group).ok_or(wrong),
        (None, None, true) if agent.get("member").is_some_and(Value::is_array) => Ok(Who::Group),
        _ => Err(wrong),
    }
}

/// Who is meant by the agent in a parameter.
pub fn agent(text: &str) -> Option<Who> {
    who(&json::object(text.as_bytes())?.into(), "agent").ok()
}

fn one(agent: &Members, name: &str) -> Option<Who> {
    let value = agent.get(name)?;
    if name == "account" {
        let account = value.as_object()?;
        only(account, "account", &["homePage", "name"]).ok()?;
        let (home, name) = (account.get("homePage")?.as_str()?, account.get("name")?.as_str()?);
        iri(home)?;
        return Some(Who::Account(OnlineAccount { home: home.to_owned(), name: name.to_owned() }));
    }
    let text = value.as_str()?;
    match name {
        "mbox" => text.strip_prefix("mailto:").filter(|_| iri(text).is_some()).map(|to| Who::Mailbox(to.to_owned())),
        "openid" => iri(text).map(|_| Who::Iri(text.to_owned())),
        _ => {
            let is_hash = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hash.then(|| Who::MailboxHash(text.to_owned()))
        }
    }
}

fn verb(value: &Value) -> Read<Iri> {
    let verb = value.as_object().ok_or(Rejected::Malformed("verb"))?;
    only(verb, "verb", &["id", "display"])?;
    names(verb.get("display"), "verb.display")?;
    let id = verb.get("id").and_then(Value::as_str).and_then(iri);
    id.ok_or(Rejected::Malformed("verb.id"))
}

/// What a statement is about: an activity, the owner, or another statement. What somebody means to do is about the
/// activity that they mean.
///
/// Spec: LT-20
fn object(value: &Value, owner: &Person) -> Read<Object> {
    let wrong = Rejected::Malformed("object");
    let object = value.as_object().ok_or(wrong)?;
    match object.get("objectType").map(Value::as_str) {
        None | Some(Some("Activity")) => activity(value, "object").map(Object::Activity),
        Some(Some("Agent" | "Group")) => {
            if owner.is(&who(value, "object")?) {
                Ok(Object::Owner)
            } else {
                Err(Rejected::AnotherPerson)
            }
        }
        Some(Some("StatementRef")) => {
            only(object, "object", &["objectType", "id"])?;
            object.get("id").and_then(uuid).map(Object::Statement).ok_or(wrong)
        }
        Some(Some("SubStatement")) => {
            let inner = required(object, "object")?;
            let is_another = inner.get("objectType").and_then(Value::as_str) == Some("SubStatement");
            if is_another || !owner.is(&who(required(object, "actor")?, "object.actor")?) {
                return Err(if is_another { wrong } else { Rejected::AnotherPerson });
            }
            verb(required(object, "verb")?)?;
            self::object(inner, owner)
        }
        Some(_) => Err(wrong),
    }
}

fn activity(value: &Value, at: &'static str) -> Read<Activity> {
    let wrong = Rejected::Malformed(at);
    let activity = value.as_object().ok_or(wrong)?;
    only(activity, at, &["objectType", "id", "definition"])?;
    let id = activity.get("id").and_then(Value::as_str).and_then(iri).ok_or(wrong)?;
    let Some(definition) = activity.get("definition") else {
        return Ok(Activity { iri: id, kind: None, names: Vec::new() });
    };
    let definition = definition.as_object().ok_or(wrong)?;
    let kind = definition.get("type").map(|kind| kind.as_str().and_then(iri).ok_or(wrong)).transpose()?;
    names(definition.get("description"), at)?;
    Ok(Activity { iri: id, kind, names: names(definition.get("name"), at)? })
}

/// A map from languages to texts.
fn names(value: Option<&Value>, at: &'static str) -> Read<Vec<(String, String)>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let map = value.as_object().ok_or(Rejected::Malformed(at))?;
    let name = |(tag, text): (&String, &Value)| Some((language(tag)?, plain(text.as_str()?)));
    let all: Option<Vec<_>> = map.iter().map(name).collect();
    let mut all = all.ok_or(Rejected::Malformed(at))?;
    all.retain(|(_, text)| !text.is_empty());
    all.truncate(MOST_NAMES);
    Ok(all)
}

/// Spec: shape L2
fn result(trace: &mut Trace, statement: &Members) -> Read<()> {
    let Some(result) = optional(statement, "result")? else { return Ok(()) };
    only(result, "result", &["score", "success", "completion", "response", "duration", "extensions"])?;
    result.get("response").is_none_or(Value::is_string).then_some(()).ok_or(Rejected::Malformed("result.response"))?;
    trace.success = flag(result, "success", "result.success")?;
    trace.completion = flag(result, "completion", "result.completion")?;
    if let Some(duration) = result.get("duration") {
        let read = duration.as_str().and_then(Duration::parse);
        trace.duration = Some(read.ok_or(Rejected::Malformed("result.duration"))?);
    }
    let Some(score) = result.get("score") else { return Ok(()) };
    let score = score.as_object().ok_or(Rejected::Malformed("result.score"))?;
    only(score, "result.score", &["scaled", "raw", "min", "max"])?;
    let number = |name| match score.get(name) {
        Some(number) => number.as_f64().map(Some).ok_or(Rejected::Malformed("result.score")),
        None => Ok(None),
    };
    trace.score = Score { scaled: number("scaled")?, raw: number("raw")?, min: number("min")?, max: number("max")? };
    trace.score.is_sound().then_some(()).ok_or(Rejected::Malformed("result.score"))
}

fn context(trace: &mut Trace, statement: &Members) -> Read<()> {
    let Some(context) = optional(statement, "context")? else { return Ok(()) };
    only(context, "context", &CONTEXT)?;
    if let Some(registration) = context.get("registration") {
        trace.attempt = Some(uuid(registration).ok_or(Rejected::Malformed("context.registration"))?);
    }
    for name in ["instructor", "team"] {
        context.get(name).map(|value| who(value, "context.instructor")).transpose()?;
    }
    if let Some(tag) = context.get("language") {
        tag.as_str().and_then(language).ok_or(Rejected::Malformed("context.language"))?;
    }
    if let Some(platform) = context.get("platform") {
        let name = plain(platform.as_str().ok_or(Rejected::Malformed("context.platform"))?);
        trace.platform = match iri(&name) {
            Some(iri) => Some(Platform::Iri(iri)),
            None => Some(Platform::Name(name)).filter(|platform| *platform != Platform::Name(String::new())),
        };
    }
    let Some(around) = context.get("contextActivities") else { return Ok(()) };
    let around = around.as_object().ok_or(Rejected::Malformed("context.contextActivities"))?;
    only(around, "context.contextActivities", &["parent", "grouping", "category", "other"])?;
    trace.part_of = activities(around.get("parent"))?;
    trace.in_course = activities(around.get("grouping"))?;
    trace.categories = activities(around.get("category"))?;
    activities(around.get("other")).map(|_| ())
}

const CONTEXT: [&str; 11] = [
    "registration",
    "instructor",
    "team",
    "contextActivities",
    "contextAgents",
    "contextGroups",
    "revision",
    "platform",
    "language",
    "statement",
    "extensions",
];

/// One activity, or several.
fn activities(value: Option<&Value>) -> Read<Vec<Activity>> {
    let at = "context.contextActivities";
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(several)) if several.len() > MOST_ACTIVITIES => Err(Rejected::Malformed(at)),
        Some(Value::Array(several)) => several.iter().map(|value| activity(value, at)).collect(),
        Some(one) => activity(one, at).map(|one| vec![one]),
    }
}

/// Refuses members that the format does not have.
///
/// Spec: LT-23
fn only(members: &Members, at: &'static str, known: &[&str]) -> Read<()> {
    members.keys().all(|name| known.contains(&name.as_str())).then_some(()).ok_or(Rejected::Malformed(at))
}

/// Refuses what says nothing, outside of extensions, where anything goes.
///
/// Spec: LT-23
fn no_nulls(members: &Members) -> Read<()> {
    fn holds(value: &Value) -> bool {
        match value {
            Value::Null => false,
            Value::Array(values) => values.iter().all(holds),
            Value::Object(members) => members.iter().all(|(name, value)| name == "extensions" || holds(value)),
            _ => true,
        }
    }
    members.values().all(holds).then_some(()).ok_or(Rejected::Malformed("statement"))
}

fn required<'a>(members: &'a Members, name: &'static str) -> Read<&'a Value> {
    members.get(name).ok_or(Rejected::Malformed(name))
}

fn optional<'a>(members: &'a Members, name: &'static str) -> Read<Option<&'a Members>> {
    members.get(name).map(|value| value.as_object().ok_or(Rejected::Malformed(name))).transpose()
}

fn flag(members: &Members, name: &str, at: &'static str) -> Read<Option<bool>> {
    members.get(name).map(|value| value.as_bool().ok_or(Rejected::Malformed(at))).transpose()
}

fn time(members: &Members, name: &'static str) -> Read<Option<Timestamp>> {
    let read = |value: &Value| value.as_str().and_then(instant).ok_or(Rejected::Malformed(name));
    members.get(name).map(read).transpose()
}

/// A UUID in its usual form, in either case.
pub fn uuid(value: &Value) -> Option<Uuid> {
    let text = value.as_str().filter(|text| text.len() == 36)?;
    Uuid::parse_str(text).ok()
}

/// What a statement must have in common with another of its id to be the same: all that a store does not set itself.
///
/// Spec: LT-19
pub fn essence(text: &str) -> Option<String> {
    let mut statement = json::object(text.as_bytes())?;
    for set_by_stores in ["id", "stored", "authority", "version", "timestamp"] {
        let value = statement.remove(set_by_stores);
        if let Some(at) =
            value.filter(|_| set_by_stores == "timestamp").as_ref().and_then(Value::as_str).and_then(instant)
        {
            statement.insert("timestamp".to_owned(), at.to_string().into());
        }
    }
    let mut text = String::new();
    print_sorted(&statement.into(), &mut text);
    Some(text)
}

/// Prints a value, members in the order of their names. Writing into a string does not fail.
fn print_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            text.push('{');
            for (name, value) in members.iter().collect::<BTreeMap<_, _>>() {
                let _ = write!(text, "{name:?}:");
                print_sorted(value, text);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for value in values {
                print_sorted(value, text);
            }
            text.push(']');
        }
        other => {
            let _ = write!(text, "{other},");
        }
    }
}

/// A trace as a statement, which says no more than the view does.
pub fn of(trace: &Trace, owner: &OnlineAccount) -> Members {
    let actor = json!({ "objectType": "Agent", "account": { "homePage": owner.home, "name": owner.name } });
    let mut statement = Members::new();
    statement.insert("id".into(), trace.id.to_string().into());
    statement.insert("verb".into(), json!({ "id": *trace.verb }));
    statement.insert("timestamp".into(), trace.ended.to_string().into());
    let object = match &trace.object {
        Object::Activity(activity) => of_activity(activity),
        Object::Owner => actor.clone(),
        Object::Statement(id) => json!({ "objectType": "StatementRef", "id": id.to_string() }),
    };
    statement.insert("object".into(), object);
    statement.insert("actor".into(), actor);
    let parts = [("result", result_of(trace)), ("context", context_of(trace))];
    statement
        .extend(parts.into_iter().filter(|(_, part)| !part.is_empty()).map(|(name, part)| (name.into(), part.into())));
    statement
}

fn of_activity(activity: &Activity) -> Value {
    let names: Members = activity.names.iter().map(|(tag, text)| (tag.clone(), text.clone().into())).collect();
    let mut definition = Members::new();
    definition.extend(activity.kind.as_ref().map(|kind| ("type".into(), (**kind).into())));
    definition.extend((!names.is_empty()).then(|| ("name".into(), names.into())));
    let mut object =
        Members::from_iter([("id".into(), (*activity.iri).into()), ("objectType".into(), "Activity".into())]);
    object.extend((!definition.is_empty()).then(|| ("definition".into(), definition.into())));
    object.into()
}

fn result_of(trace: &Trace) -> Members {
    let Score { scaled, raw, min, max } = trace.score;
    let numbers = [("scaled", scaled), ("raw", raw), ("min", min), ("max", max)];
    let score: Members = numbers.into_iter().filter_map(|(name, number)| Some((name.into(), number?.into()))).collect();
    let mut result = Members::new();
    result.extend((!score.is_empty()).then(|| ("score".into(), score.into())));
    result.extend(trace.success.map(|success| ("success".into(), success.into())));
    result.extend(trace.completion.map(|completion| ("completion".into(), completion.into())));
    result.extend(trace.duration.as_ref().map(|duration| ("duration".into(), duration.lexical.clone().into())));
    result
}

fn context_of(trace: &Trace) -> Members {
    let around = [("parent", &trace.part_of), ("grouping", &trace.in_course), ("category", &trace.categories)];
    let around = around.into_iter().filter(|(_, activities)| !activities.is_empty());
    let around: Members =
        around.map(|(name, all)| (name.into(), all.iter().map(of_activity).collect::<Value>())).collect();
    let mut context = Members::new();
    context.extend(trace.attempt.map(|attempt| ("registration".into(), attempt.to_string().into())));
    context.extend(trace.platform.as_ref().map(|platform| {
        let name: &str = match platform {
            Platform::Iri(iri) => iri,
            Platform::Name(name) => name,
        };
        ("platform".into(), name.into())
    }));
    context.extend((!around.is_empty()).then(|| ("contextActivities".into(), around.into())));
    context
}

#[cfg(test)]
mod tests;
