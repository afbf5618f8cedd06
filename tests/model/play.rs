//! Plays requests on a server and on the model, step by step.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cartable::clock::Clock;
use cartable::path::{PodName, ResourcePath, Role};
use cartable::rdf::graph::Term;
use cartable::storage::{Change, Scope, Write};

use crate::model::{APPEND, CONTROL, Condition, Grant, Model, Node, READ, Request, Values, Verb, WRITE, Who};
use crate::picture::Picture;
use crate::world::{Answer, Asking, World, statements};

const VALUE: &str = "https://values.example/#value";

/// A game on a container of its own, which is the root of the model.
struct Game<'a> {
    world: &'a World,
    /// The local path of the container, without its last slash.
    root: String,
}

/// Plays requests one after the other.
pub async fn play(world: &World, number: usize, requests: &[(Who, Request)]) {
    let game = Game { world, root: format!("/game{number}") };
    world.alice.ask("PUT", &game.url("/")).send().await.created();
    world.alice.rules(&game.url("/"), "").await;
    let mut model = Model::new();
    for (step, (who, request)) in requests.iter().enumerate() {
        let answer = game.send(*who, request).await;
        let made = answer.field("location").strip_prefix(game.url("/").trim_end_matches('/')).unwrap_or_default();
        let before = model.clone();
        let expected = model.answer(*who, request, made);
        assert_eq!(answer.status, expected, "step {step}: {who:?} {request:?}\non {before:#?}\n{answer:?}");
        game.compare(&model).await;
    }
    game.clear().await;
}

impl Game<'_> {
    fn url(&self, at: &str) -> String {
        self.world.alice.url(&format!("{}{at}", self.root))
    }

    fn path(&self, at: &str) -> ResourcePath {
        ResourcePath::parse(PodName::parse("alice").unwrap(), &format!("{}{at}", self.root)).unwrap()
    }

    async fn send(&self, who: Who, request: &Request) -> Answer {
        let world = self.world;
        let person = match who {
            Who::Owner => &world.alice,
            Who::Friend => &world.bob,
            Who::Nobody => &world.nobody,
        };
        let url = |at: &str| self.url(at);
        let acl = |at: &str| format!("{}.acl", url(at));
        let ask = match request {
            Request::Get { at } => person.ask("GET", &url(at)),
            Request::Put { at, values, condition } => {
                let ask = self.conditional(person.ask("PUT", &url(at)), at, *condition).await;
                if at.ends_with('/') { ask } else { ask.content("text/turtle", turtle(values)) }
            }
            Request::Post { at, slug, container } => {
                let ask = person.ask("POST", &url(at));
                let ask = if let Some(slug) = slug { ask.header("slug", slug) } else { ask };
                if *container { ask.container() } else { ask.content("text/turtle", "") }
            }
            Request::Patch { at, insert, delete } => {
                let clause = |name: &str, value: Option<u8>| {
                    value.map(|value| format!("solid:{name} {{ <> <{VALUE}> {value} }}; ")).unwrap_or_default()
                };
                person.ask("PATCH", &url(at)).n3(&(clause("inserts", *insert) + &clause("deletes", *delete)))
            }
            Request::Delete { at, condition } => self.conditional(person.ask("DELETE", &url(at)), at, *condition).await,
            Request::GetAcl { at } => person.ask("GET", &acl(at)),
            Request::PutAcl { at, grants } => {
                person.ask("PUT", &acl(at)).content("text/turtle", self.rules(at, grants))
            }
            Request::DeleteAcl { at } => person.ask("DELETE", &acl(at)),
            Request::Transfer { verb, from, to, overwrite } => person
                .ask(if *verb == Verb::Copy { "COPY" } else { "MOVE" }, &url(from))
                .header("destination", &url(to))
                .header("overwrite", if *overwrite { "T" } else { "F" }),
        };
        ask.send().await
    }

    async fn conditional<'a>(&self, ask: Asking<'a>, at: &str, condition: Condition) -> Asking<'a> {
        let found = self.world.storage.locate(&self.path(at)).await.unwrap();
        let state = found.target().map(|record| format!("\"{}-ttl\"", record.version.max(record.listing)));
        match condition {
            Condition::None => ask,
            Condition::IfMatchAny => ask.header("if-match", "*"),
            Condition::IfNoneMatchAny => ask.header("if-none-match", "*"),
            Condition::IfMatchNow => ask.header("if-match", state.as_deref().unwrap_or("\"1-ttl\"")),
            Condition::IfMatchOld => ask.header("if-match", "\"0-ttl\", \"1-ttl\""),
        }
    }

    fn rules(&self, at: &str, grants: &[Grant]) -> String {
        let world = self.world;
        let mut acl = String::from("@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n");
        let url = self.url(at);
        for grant in grants {
            let to = match grant.to {
                Who::Owner => format!("acl:agent <{}>", world.alice.webid()),
                Who::Friend => format!("acl:agent <{}>", world.bob.webid()),
                Who::Nobody => "acl:agentClass <http://xmlns.com/foaf/0.1/Agent>".to_owned(),
            };
            let scope = |name, here| if here { format!("acl:{name} <{url}>; ") } else { String::new() };
            let modes = [(READ, "Read"), (WRITE, "Write"), (APPEND, "Append"), (CONTROL, "Control")];
            let modes: Vec<_> = modes.iter().filter(|(mode, _)| grant.modes & mode != 0).collect();
            let modes: Vec<_> = modes.into_iter().map(|(_, name)| format!("acl:{name}")).collect();
            let scope = scope("accessTo", grant.itself) + &scope("default", grant.members);
            writeln!(acl, "[] a acl:Authorization; {to}; {scope}acl:mode {}.", modes.join(", ")).unwrap();
        }
        acl
    }

    /// Whether the pod holds what the model says.
    async fn compare(&self, model: &Model) {
        let picture = Picture::of(self.world.storage.as_ref(), "alice").await;
        picture.check();
        let found: BTreeMap<String, Option<Values>> = picture
            .bodies
            .iter()
            .filter_map(|(path, body)| Some((path.strip_prefix(&self.root)?, body)))
            .map(|(path, body)| (path.to_owned(), self.values(path, body)))
            .collect();
        let with_acl =
            model.0.iter().filter(|(_, node)| node.acl.is_some()).map(|(path, _)| (format!("{path}.acl"), None));
        let nodes = model.0.iter().map(|(path, Node { values, .. })| (path.clone(), Some(values.clone())));
        assert_eq!(found, nodes.chain(with_acl).collect());
    }

    /// The values of a resource; ACLs have none.
    fn values(&self, path: &str, body: &[u8]) -> Option<Values> {
        if self.path(path).role() == Role::Acl {
            return None;
        }
        let url = self.url(path);
        let graph = statements(std::str::from_utf8(body).unwrap(), &url);
        let literal = |term: &Term| if let Term::Literal(literal) = term { literal.lexical.parse().ok() } else { None };
        Some(graph.objects(&Term::iri(url), VALUE).filter_map(literal).collect())
    }

    /// Removes what is left, so that each game is as quick as the first.
    async fn clear(&self) {
        let storage = &self.world.storage;
        let pod = storage.locate(&self.path("/")).await.unwrap().pod.id;
        let members = storage.tree(pod, None, 10_000).await.unwrap();
        let mut change = Change::of(Scope::Pod(pod), self.world.clock.now());
        let ours = members.into_iter().map(|member| member.path).filter(|path| path.local().starts_with(&self.root));
        change.writes = ours.map(|path| Write::Delete { path }).collect();
        change.writes.reverse();
        storage.commit(change).await.unwrap();
    }
}

fn turtle(values: &Values) -> String {
    let triples: Vec<_> = values.iter().map(|value| format!("<> <{VALUE}> {value} .")).collect();
    triples.join("\n")
}
