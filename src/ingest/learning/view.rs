//! The view: traces said in RDF, line by line of one table, and read from there again.
//!
//! It holds no name of a person, no e-mail address and no free answer, so that it can be shared; those stay in the
//! statements as they were sent.

use std::sync::Arc;

use jiff::Timestamp;
use url::Url;
use uuid::Uuid;

use super::person::Person;
use super::trace::{Activity, Duration, Object, Platform, Score, Trace};
use crate::rdf::graph::{Graph, Iri, Literal, Term, Triple};
use crate::rdf::vocab::{activity as streams, cartable, dcterms, prov, rdf, xsd};

/// The prefixes of a day's document.
pub const PREFIXES: [(&str, &str); 6] = [
    ("as", streams::NS),
    ("cartable", cartable::NS),
    ("dct", dcterms::NS),
    ("prov", prov::NS),
    ("rdf", rdf::NS),
    ("xsd", xsd::NS),
];

/// What a fragment that names a trace begins with; its id follows.
const TRACE: &str = "s-";
/// The same for the tool that something was done with; its name follows.
const PLATFORM: &str = "p-";
/// What known frameworks of skills say their items are, and where such items are.
const SKILLS: [&str; 2] =
    ["http://id.tincanapi.com/activitytype/skill", "http://id.tincanapi.com/activitytype/competency"];
const ESCO: &str = "http://data.europa.eu/esco/skill/";
/// Parameters of addresses that say who asks, whatever their value.
const PERSONAL: [&str; 31] = [
    "actor",
    "auth",
    "code",
    "email",
    "eleve",
    "id_token",
    "jwt",
    "key",
    "learner",
    "login",
    "mail",
    "mbox",
    "nom",
    "pass",
    "password",
    "prenom",
    "pseudo",
    "session",
    "sessionid",
    "sesskey",
    "sid",
    "sig",
    "student",
    "studentid",
    "ticket",
    "token",
    "uid",
    "user",
    "user_id",
    "userid",
    "username",
];

/// The node of a trace in its day's document.
pub fn node(document: &str, id: Uuid) -> Term {
    Term::iri(format!("{document}#{TRACE}{id}"))
}

/// Whether a node is that of a trace in this document.
pub fn names_trace(document: &str, node: &Term) -> bool {
    let fragment = node.as_iri().and_then(|iri| iri.strip_prefix(document)).and_then(|rest| rest.strip_prefix('#'));
    fragment.is_some_and(|fragment| fragment.starts_with(TRACE))
}

/// What a trace says in its day's document. `owner` is the WebID of `person`.
///
/// Spec: LT-1, LT-2, LT-3, LT-4, LT-5, LT-6, LT-7, LT-8, LT-9, LT-10, LT-11, LT-12, LT-13, LT-14
pub fn triples(trace: &Trace, document: &str, owner: &str, person: &Person) -> Graph {
    let mut say = Say { about: node(document, trace.id), person, graph: Graph::default() };
    for class in [cartable::LEARNING_TRACE, streams::ACTIVITY, prov::ACTIVITY] {
        say.iri(rdf::TYPE, class);
    }
    say.literal(dcterms::IDENTIFIER, trace.id.to_string(), xsd::STRING);
    say.iri(streams::ACTOR, owner);
    say.iri(cartable::VERB, &trace.verb);
    match &trace.object {
        Object::Activity(object) => say.activity(streams::OBJECT, object),
        Object::Owner => say.iri(streams::OBJECT, owner),
        Object::Statement(id) => say.iri(streams::OBJECT, &format!("urn:uuid:{id}")),
    }
    say.time(prov::ENDED_AT_TIME, trace.ended);
    say.duration(trace);
    say.result(trace);
    if let Some(attempt) = trace.attempt {
        say.iri(cartable::ATTEMPT, &format!("urn:uuid:{attempt}"));
    }
    trace.part_of.iter().for_each(|whole| say.activity(cartable::PART_OF, whole));
    trace.in_course.iter().for_each(|course| say.activity(cartable::IN_COURSE, course));
    say.skills(trace);
    if let Some(platform) = &trace.platform {
        say.platform(platform, document);
    }
    say.graph
}

/// That a trace no longer holds since `at`.
///
/// Spec: LT-15
pub fn invalidated(document: &str, id: Uuid, at: Timestamp) -> Option<Triple> {
    let at = Literal { lexical: at.to_string().into(), datatype: xsd::DATE_TIME.into(), language: None };
    Triple::new(node(document, id), prov::INVALIDATED_AT_TIME, Term::Literal(at))
}

/// Triples of one trace in the making.
struct Say<'a> {
    about: Term,
    person: &'a Person,
    graph: Graph,
}

impl Say<'_> {
    fn say(&mut self, subject: &Term, predicate: &str, object: Term) {
        self.graph.extend(Triple::new(subject.clone(), predicate, object));
    }

    fn iri(&mut self, predicate: &str, iri: &str) {
        self.say(&self.about.clone(), predicate, Term::iri(iri));
    }

    fn literal(&mut self, predicate: &str, lexical: String, datatype: &str) {
        let literal = Literal { lexical: lexical.into(), datatype: datatype.into(), language: None };
        self.say(&self.about.clone(), predicate, Term::Literal(literal));
    }

    /// In UTC.
    fn time(&mut self, predicate: &str, at: Timestamp) {
        self.literal(predicate, at.to_string(), xsd::DATE_TIME);
    }

    /// An activity, with its type and names, and no word of who asked for it.
    fn activity(&mut self, predicate: &str, activity: &Activity) {
        let node = Term::iri(impersonal(&activity.iri, self.person));
        self.say(&self.about.clone(), predicate, node.clone());
        if let Some(kind) = &activity.kind {
            self.say(&node, dcterms::TYPE, Term::iri(kind.clone()));
        }
        for (language, name) in &activity.names {
            self.say(&node, streams::NAME, Term::Literal(text(name, language)));
        }
    }

    /// How long it took, and when it began, where that can be told.
    fn duration(&mut self, trace: &Trace) {
        let Some(duration) = &trace.duration else { return };
        self.literal(streams::DURATION, duration.lexical.clone(), xsd::DURATION);
        if let Some(began) = duration.exact.and_then(|exact| trace.ended.checked_sub(exact).ok()) {
            self.time(prov::STARTED_AT_TIME, began);
        }
    }

    fn result(&mut self, trace: &Trace) {
        let Score { scaled, raw, min, max } = trace.score;
        let numbers = [
            (cartable::SCORE_SCALED, scaled),
            (cartable::SCORE_RAW, raw),
            (cartable::SCORE_MIN, min),
            (cartable::SCORE_MAX, max),
        ];
        for (predicate, number) in numbers {
            if let Some(number) = number {
                self.literal(predicate, number.to_string(), xsd::DECIMAL);
            }
        }
        for (predicate, flag) in [(cartable::SUCCESS, trace.success), (cartable::COMPLETION, trace.completion)] {
            if let Some(flag) = flag {
                self.literal(predicate, flag.to_string(), xsd::BOOLEAN);
            }
        }
    }

    /// The items of known frameworks that were worked on.
    fn skills(&mut self, trace: &Trace) {
        let object = if let Object::Activity(object) = &trace.object { Some(object) } else { None };
        let around = trace.part_of.iter().chain(&trace.categories);
        for activity in object.into_iter().chain(around).filter(|activity| is_skill(activity)) {
            self.iri(cartable::EXERCISES, &impersonal(&activity.iri, self.person));
        }
    }

    /// A tool that has no address is a node of the document.
    fn platform(&mut self, platform: &Platform, document: &str) {
        match platform {
            Platform::Iri(iri) => self.iri(streams::GENERATOR, &impersonal(iri, self.person)),
            Platform::Name(name) if self.person.is_named_by(name) => {}
            Platform::Name(name) => {
                let node = Term::iri(format!("{document}#{PLATFORM}{}", slug(name)));
                self.say(&self.about.clone(), streams::GENERATOR, node.clone());
                let literal = Literal { lexical: name.as_str().into(), datatype: xsd::STRING.into(), language: None };
                self.say(&node, streams::NAME, Term::Literal(literal));
            }
        }
    }
}

fn is_skill(activity: &Activity) -> bool {
    activity.iri.starts_with(ESCO) || activity.kind.as_deref().is_some_and(|kind| SKILLS.contains(&kind))
}

/// A name in a language; `und` is none.
fn text(name: &str, language: &str) -> Literal {
    if language == "und" {
        return Literal { lexical: name.into(), datatype: xsd::STRING.into(), language: None };
    }
    Literal { lexical: name.into(), datatype: rdf::LANG_STRING.into(), language: Some(language.into()) }
}

/// An address without what says who asks: parameters that name a person or a session, or hold a name of theirs.
///
/// Spec: LT-5
pub(super) fn impersonal(iri: &Iri, person: &Person) -> Iri {
    let Ok(mut url) = Url::parse(iri) else { return iri.clone() };
    let is_personal = |name: &str, value: &str| {
        PERSONAL.contains(&name.to_ascii_lowercase().as_str()) || value.contains('@') || person.is_named_by(value)
    };
    let Some(query) = url.query() else { return iri.clone() };
    let pairs: Vec<_> = query.split('&').collect();
    let kept = pairs.iter().filter(|pair| {
        let mut decoded = url::form_urlencoded::parse(pair.as_bytes());
        !decoded.next().is_some_and(|(name, value)| is_personal(&name, &value))
    });
    let kept: Vec<_> = kept.copied().collect();
    if kept.len() == pairs.len() {
        return iri.clone();
    }
    url.set_query(Some(kept.join("&")).as_deref().filter(|query| !query.is_empty()));
    url.as_str().into()
}

/// Letters and digits of a name, which make a fragment.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// A trace as a document says it now, its owner's edits included; `None` if it is no trace any more. What two values are
/// said of counts once.
pub fn read(graph: &Graph, document: &str, id: Uuid) -> Option<Trace> {
    let about = node(document, id);
    let one = |predicate: &'static str| graph.objects(&about, predicate).next();
    let is_trace = graph.objects(&about, rdf::TYPE).any(|class| *class == Term::iri(cartable::LEARNING_TRACE));
    let ended = lexical(one(prov::ENDED_AT_TIME)?)?.parse().ok()?;
    let object = one(streams::OBJECT)?.as_iri()?;
    let owner = one(streams::ACTOR)?.as_iri()?;
    let object = match urn(object) {
        Some(id) => Object::Statement(id),
        None if object == owner => Object::Owner,
        None => Object::Activity(activity(graph, object)),
    };
    let number = |predicate: &'static str| one(predicate).and_then(lexical).and_then(|text| text.parse().ok());
    let flag = |predicate: &'static str| one(predicate).and_then(lexical).map(|text| matches!(&**text, "true" | "1"));
    let all = |predicate: &'static str| {
        graph.objects(&about, predicate).filter_map(Term::as_iri).map(|iri| activity(graph, iri)).collect()
    };
    let verb = one(cartable::VERB).and_then(Term::as_iri)?.clone();
    is_trace.then(|| Trace {
        id,
        verb,
        object,
        score: Score {
            scaled: number(cartable::SCORE_SCALED),
            raw: number(cartable::SCORE_RAW),
            min: number(cartable::SCORE_MIN),
            max: number(cartable::SCORE_MAX),
        },
        success: flag(cartable::SUCCESS),
        completion: flag(cartable::COMPLETION),
        duration: one(streams::DURATION).and_then(lexical).and_then(|text| Duration::parse(text)),
        attempt: one(cartable::ATTEMPT).and_then(Term::as_iri).and_then(urn),
        part_of: all(cartable::PART_OF),
        in_course: all(cartable::IN_COURSE),
        platform: one(streams::GENERATOR).and_then(Term::as_iri).map(|iri| platform(graph, iri)),
        ..Trace::ended(ended)
    })
}

/// The ids of the traces in a document, in no order that says anything.
pub fn ids(graph: &Graph, document: &str) -> Vec<Uuid> {
    let class = Term::iri(cartable::LEARNING_TRACE);
    let id = |node: &Term| node.as_iri()?.strip_prefix(document)?.strip_prefix('#')?.strip_prefix(TRACE)?.parse().ok();
    graph.subjects(rdf::TYPE, &class).filter_map(id).collect()
}

/// When a trace ceased to hold, if it did.
pub fn invalid_since(graph: &Graph, document: &str, id: Uuid) -> Option<Timestamp> {
    graph.objects(&node(document, id), prov::INVALIDATED_AT_TIME).find_map(|at| lexical(at)?.parse().ok())
}

fn activity(graph: &Graph, iri: &Iri) -> Activity {
    let about = Term::Iri(iri.clone());
    let names = graph.objects(&about, streams::NAME).filter_map(|name| match name {
        Term::Literal(name) => {
            let language = name.language.as_deref().unwrap_or("und");
            Some((language.to_owned(), name.lexical.to_string()))
        }
        _ => None,
    });
    let kind = graph.objects(&about, dcterms::TYPE).find_map(Term::as_iri).cloned();
    Activity { iri: iri.clone(), kind, names: names.collect() }
}

fn platform(graph: &Graph, iri: &Iri) -> Platform {
    let node = Term::Iri(iri.clone());
    let name = graph.objects(&node, streams::NAME).find_map(lexical);
    name.map_or_else(|| Platform::Iri(iri.clone()), |name| Platform::Name(name.to_string()))
}

fn lexical(term: &Term) -> Option<&Arc<str>> {
    if let Term::Literal(literal) = term { Some(&literal.lexical) } else { None }
}

fn urn(iri: &Iri) -> Option<Uuid> {
    iri.strip_prefix("urn:uuid:")?.parse().ok()
}

#[cfg(test)]
mod tests;
