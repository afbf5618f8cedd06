//! Events, as RDF: one document for each event, and one for each occurrence that differs.

use uuid::Uuid;

use super::ics::{Event, When};
use crate::address::Addresses;
use crate::ingest::target::Target;
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{cartable, rdf, schema, xsd};

/// What an event without a name is called.
const NAMELESS: &str = "Sans titre";

/// Where the events of a pod are.
pub struct Calendar<'a> {
    pub addresses: &'a Addresses,
    pub pod: &'a ResourcePath,
}

impl Calendar<'_> {
    /// The document of an event. What the file calls it is no part of its address.
    ///
    /// Spec: shape A12
    pub fn document(&self, uid: &str, replaces: Option<&When>) -> ResourcePath {
        let container = ResourcePath::trusted(self.pod.pod().clone(), "/calendar/");
        let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, self.addresses.iri(&container).as_bytes());
        let which = replaces.map(When::lexical).unwrap_or_default();
        let id = Uuid::new_v5(&namespace, format!("{uid}\n{which}").as_bytes());
        ResourcePath::trusted(self.pod.pod().clone(), &format!("/calendar/{id}.ttl"))
    }

    /// What the document of an event should say.
    ///
    /// Spec: shape E1
    pub fn target(&self, event: &Event) -> Target {
        let mut target = Target::new(self.document(&event.uid, event.replaces.as_ref()));
        let document = self.addresses.iri(&target.path);
        let this = Term::iri(format!("{document}#it"));
        let graph = &mut target.graph;
        let name = if event.name.is_empty() { NAMELESS } else { &event.name };
        say_times(graph, &this, name, &event.start, event.end.as_ref());
        graph.say(&this, schema::IDENTIFIER, Term::text(&event.uid));
        for (property, text) in [
            (schema::DESCRIPTION, &event.description),
            (schema::LOCATION, &event.location),
            (cartable::RECURRENCE_RULE, &event.rule),
        ] {
            if let Some(text) = text {
                graph.say(&this, property, Term::text(text));
            }
        }
        if let Some(url) = &event.url {
            graph.say(&this, schema::URL, Term::iri(url.as_str()));
        }
        if event.replaces.is_some() {
            let whole = self.addresses.iri(&self.document(&event.uid, None));
            graph.say(&this, schema::SUPER_EVENT, Term::iri(format!("{whole}#it")));
        }
        for (start, end) in &event.occurrences {
            let occurrence = Term::iri(format!("{document}#{}", occurrence(start)));
            say_times(graph, &occurrence, name, start, end.as_ref());
            graph.say(&occurrence, schema::SUPER_EVENT, this.clone());
        }
        target
    }

    /// The node of an occurrence, in the document of the event that it is one of.
    pub fn occurrence(&self, uid: &str, start: &When) -> (ResourcePath, Term) {
        let path = self.document(uid, None);
        let node = Term::iri(format!("{}#{}", self.addresses.iri(&path), occurrence(start)));
        (path, node)
    }
}

fn say_times(graph: &mut Graph, event: &Term, name: &str, start: &When, end: Option<&When>) {
    graph.say(event, rdf::TYPE, Term::iri(schema::EVENT));
    graph.say(event, schema::NAME, Term::text(name));
    graph.say(event, schema::START_DATE, moment(start));
    if let Some(end) = end {
        graph.say(event, schema::END_DATE, moment(end));
    }
}

fn moment(when: &When) -> Term {
    match when {
        When::Day(day) => Term::typed(day, xsd::DATE),
        When::Moment(moment) => Term::typed(moment, xsd::DATE_TIME),
    }
}

fn occurrence(start: &When) -> String {
    let plain: String = start.lexical().chars().filter(char::is_ascii_alphanumeric).collect();
    format!("on-{plain}")
}
