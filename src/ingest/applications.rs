//! School applications as bookmarks: what the school platform (ENT) offers its user, favourites marked.
//!
//! It shows how a small connector is made; `docs/CONNECTORS.md` walks through it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use super::base::Base;
use super::contacts::source::{self, Leave};
use super::index::What;
use super::outcome::{Status, Stopped};
use super::report::{moment, text};
use super::run::Run;
use super::target::Target;
use super::{Connector, Farewell};
use crate::address::Addresses;
use crate::clock::Timestamp;
use crate::fetch::Request;
use crate::identity::account::Accounts;
use crate::identity::upstream::{Catalogue, Upstreams};
use crate::path::{ContainerPath, Name};
use crate::rdf::graph::{Literal, Term, Triple};
use crate::rdf::vocab::{bookmark, cartable, dcterms, rdf, xsd};
use crate::secret::Secret;

/// The name of the connector.
pub const NAME: &str = "applications";
/// What an owner may want of the next run: that deleted bookmarks come back.
pub const RESTORE: &str = "restore-deleted";

/// Bytes of the longest list, entries of it that are read, and characters of a title.
const LONGEST: usize = 4 << 20;
const MOST: usize = 2000;
const LONGEST_TITLE: usize = 200;
/// How long the platform may take, and how long it gets to bring its list up to date.
const WITHIN: Duration = Duration::from_secs(30);
const SYNC: Duration = Duration::from_secs(1);

/// The connector to all platforms that list applications.
pub struct Applications {
    upstreams: Arc<Upstreams>,
    accounts: Arc<Accounts>,
}

impl Applications {
    pub fn new(upstreams: Arc<Upstreams>, accounts: Arc<Accounts>) -> Self {
        Self { upstreams, accounts }
    }
}

#[async_trait]
impl Connector for Applications {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Spec: CP-30
    async fn run(&self, run: &mut Run<'_>) -> Result<Status, Stopped> {
        let settings = source::allowed(&self.accounts, run).await?;
        let mut leave: Leave = run.credentials()?;
        run.source = Some(leave.issuer.as_str().into());
        let catalogue = self.upstreams.contacts(&settings.upstream).and_then(|contacts| contacts.catalogue.as_ref());
        let Some(catalogue) = catalogue else { return Ok(Status::OkEmpty) };
        let token = source::access(&self.upstreams, run, &settings, &mut leave).await?;
        let (listed, rejected) = read(&ask(run, catalogue, &token).await?)?;
        for reason in rejected {
            run.reject(reason);
        }
        if listed.is_empty() {
            return Ok(Status::OkEmpty);
        }
        take(run, &listed, leave.namespace).await
    }

    /// Spec: CP-28
    async fn disconnect(&self, farewell: &Farewell<'_>) {
        source::give_back(&self.upstreams, farewell).await;
    }
}

/// The platform's list of applications, after it was asked to bring it up to date.
async fn ask(run: &Run<'_>, catalogue: &Catalogue, token: &Secret) -> Result<Vec<u8>, Stopped> {
    let bearer = format!("Bearer {}", token.reveal());
    let request = |url: &Url| {
        let request = Request::get(url.clone(), LONGEST, WITHIN);
        request.with("accept", "application/json").with("authorization", &bearer)
    };
    if let Some(url) = &catalogue.sync {
        let asked = run.fetch().send(request(url).posting("application/json", "{}")).await;
        // A list of yesterday will do, too.
        if asked.is_ok_and(|answer| answer.status == 202) {
            tokio::time::sleep(SYNC).await;
        }
    }
    let down = |_| Stopped { status: Status::ProviderDown, at: Some(NAME) };
    let answer = run.fetch().send(request(&catalogue.applications)).await.map_err(down)?;
    match answer.status.as_u16() {
        200 => Ok(answer.bytes.into()),
        204 | 304 => Ok(b"[]".to_vec()),
        401 | 403 => Err(Status::Reconnect.into()),
        _ => Err(Stopped { status: Status::ProviderDown, at: Some(NAME) }),
    }
}

/// An application as the platform lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Application {
    id: String,
    title: String,
    description: Option<String>,
    url: String,
    favourite: bool,
}

/// An entry of the list, read with patience.
#[derive(Deserialize)]
struct Entry {
    title: Option<Vec<String>>,
    description: Option<String>,
    source: Option<String>,
    #[serde(rename = "hubMetadata")]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    favori: bool,
    #[serde(rename = "idInterne")]
    id: Option<String>,
}

/// Reads a list: what is usable of it, each once, and why the rest is not.
fn read(bytes: &[u8]) -> Result<(Vec<Application>, Vec<&'static str>), Stopped> {
    let changed = |_| Stopped { status: Status::ProviderChanged, at: Some("the list of applications") };
    let entries: Vec<serde_json::Value> = serde_json::from_slice(bytes).map_err(changed)?;
    let (mut listed, mut rejected, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
    for entry in entries.into_iter().take(MOST) {
        match application(entry) {
            Ok(application) if !known.insert(application.id.clone()) => rejected.push("idInterne twice"),
            Ok(application) => listed.push(application),
            Err(reason) => rejected.push(reason),
        }
    }
    Ok((listed, rejected))
}

fn application(entry: serde_json::Value) -> Result<Application, &'static str> {
    let entry: Entry = serde_json::from_value(entry).map_err(|_| "an application of another form")?;
    let metadata = entry.metadata.ok_or("hubMetadata")?;
    let id = metadata.id.filter(|id| !id.is_empty()).ok_or("idInterne")?;
    let url = entry.source.as_deref().and_then(|source| Url::parse(source).ok()).filter(is_web).ok_or("source")?;
    let title = entry.title.unwrap_or_default().iter().find_map(|title| line(title)).ok_or("title")?;
    let description = entry.description.as_deref().and_then(line);
    Ok(Application { id, title, description, url: url.into(), favourite: metadata.favori })
}

/// Whether a bookmark may lead there: never to a script, nor to somebody's password.
fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
}

/// One line of text, without what would make it look like something else.
fn line(raw: &str) -> Option<String> {
    let is_plain = |c: &char| {
        !c.is_control() && !matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text: String = raw.trim().chars().filter(is_plain).take(LONGEST_TITLE).collect();
    (!text.is_empty()).then_some(text)
}

/// The bookmarks as the platform would have them. Pure.
fn targets(listed: &[Application], place: &Place<'_>, base: &Base, now: Timestamp) -> Vec<Target> {
    let target = |application: &Application| {
        let name = Uuid::new_v5(&place.namespace, format!("application {}", application.id).as_bytes());
        let mut target = Target::new(place.container.child(&Name::of(&format!("{name}.ttl"), false)?));
        let it = Term::iri(format!("{}#it", place.addresses.iri(&target.path)));
        // When it came, which the platform does not say.
        let created = base.document(&target.path).objects(&it, dcterms::CREATED).next().cloned();
        let mut says = vec![
            (rdf::TYPE, Term::iri(bookmark::BOOKMARK)),
            (dcterms::TITLE, text(&application.title)),
            (bookmark::RECALLS, Term::iri(application.url.as_str())),
            (dcterms::CREATED, created.unwrap_or_else(|| moment(now))),
        ];
        says.extend(application.description.as_deref().map(|told| (dcterms::DESCRIPTION, text(told))));
        says.extend(application.favourite.then(|| (cartable::FAVOURITE, yes())));
        let triple = |(property, value)| Triple::new(it.clone(), property, value);
        target.graph = says.into_iter().filter_map(triple).collect();
        Some(target)
    };
    listed.iter().filter_map(target).collect()
}

/// Where the bookmarks of a connection are.
struct Place<'a> {
    addresses: &'a Addresses,
    container: &'a ContainerPath,
    /// Makes names of what the platform calls things, which tell nothing of it.
    namespace: Uuid,
}

fn yes() -> Term {
    Term::Literal(Literal { lexical: "true".into(), datatype: xsd::BOOLEAN.into(), language: None })
}

/// Takes the list into the pod. Bookmarks of what is no longer listed go, unless their owner edited them.
async fn take(run: &mut Run<'_>, listed: &[Application], namespace: Uuid) -> Result<Status, Stopped> {
    let container = run.path(&format!("/bookmarks/{}/", run.connection().id))?;
    let container = container.as_container().ok_or(Status::Failed)?;
    if run.wishes(RESTORE) {
        let there = run.paths_below(&container).await?;
        let gone: Vec<_> =
            run.base.documents().map(|(path, _)| path).filter(|path| !there.contains(*path)).cloned().collect();
        for path in &gone {
            run.base.forget(path);
        }
    }
    let place = Place { addresses: run.parts.pods.addresses(), container: &container, namespace };
    let targets = targets(listed, &place, &run.base, run.now());
    let wanted: BTreeSet<_> = targets.iter().map(|target| target.path.clone()).collect();
    run.apply(targets).await?;
    let spent: Vec<_> =
        run.base.documents().map(|(path, _)| path).filter(|path| !wanted.contains(*path)).cloned().collect();
    for path in spent {
        run.give_up(&path).await?;
    }
    run.register(bookmark::BOOKMARK, What::Container(run.iri(&container))).await?;
    Ok(Status::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{PodName, ResourcePath};

    const LIST: &[u8] = include_bytes!("../../tests/fixtures/ent/apps-catalogue.json");

    fn mapped(listed: &[Application], base: &Base) -> Vec<Target> {
        let addresses = Addresses::with_paths("https://pods.example/").unwrap();
        let container = ResourcePath::parse(PodName::parse("malo").unwrap(), "/bookmarks/a/").unwrap();
        let container = container.as_container().unwrap();
        let place = Place { addresses: &addresses, container: &container, namespace: Uuid::from_u128(7) };
        let days = u64::try_from(base.documents().count()).unwrap();
        targets(listed, &place, base, Timestamp::from_seconds(1_793_000_000).plus(Duration::from_hours(24 * days)))
    }

    /// Shows: CP-30, shape B1
    #[test]
    fn an_application_becomes_a_bookmark() {
        let (listed, rejected) = read(LIST).unwrap();
        assert!(rejected.is_empty());
        let mut base = Base::default();
        let targets = mapped(&listed, &base);
        assert_eq!(targets.len(), 3);
        for (target, application) in targets.iter().zip(&listed) {
            let it = Term::iri(format!("https://pods.example/malo{}#it", target.path.local()));
            let one = |property| target.graph.objects(&it, property).cloned().collect::<Vec<_>>();
            assert_eq!(one(dcterms::TITLE), [text(&application.title)]);
            assert_eq!(one(bookmark::RECALLS), [Term::iri(application.url.as_str())]);
            assert_eq!(one(cartable::FAVOURITE).is_empty(), !application.favourite);
            assert_eq!(one(dcterms::DESCRIPTION).len(), usize::from(application.description.is_some()));
            assert!(!target.path.local().contains("app-"), "no word of the platform is in an address");
        }
        assert_eq!(listed[0].title, "Moodle de démonstration");
        assert_eq!(listed.iter().map(|application| application.favourite).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(listed[1].title, "Cahier de textes", "the first title");
        for target in &targets {
            base.set(&target.path, target.graph.clone());
        }
        assert_eq!(mapped(&listed, &base), targets, "a later run says the same");
    }

    #[test]
    fn what_is_no_application_is_left_out_with_a_reason() {
        let entry = |source: &str, title: &str, id: &str| {
            format!(r#"{{"title":["{title}"],"source":"{source}","hubMetadata":{{"favori":true,"idInterne":"{id}"}}}}"#)
        };
        for (list, reason) in [
            (entry("javascript:alert(1)", "A", "1"), "source"),
            (entry("https://ada:secret@x.example/", "A", "1"), "source"),
            (entry("../../profile/card", "A", "1"), "source"),
            (entry("https://x.example/", "", "1"), "title"),
            (entry("https://x.example/", "\\u202e\\u0007", "1"), "title"),
            (entry("https://x.example/", "A", ""), "idInterne"),
            (r#"{"title":["A"],"source":"https://x.example/"}"#.to_owned(), "hubMetadata"),
            (r#"{"title":"A"}"#.to_owned(), "an application of another form"),
            ("7".to_owned(), "an application of another form"),
        ] {
            assert_eq!(read(format!("[{list}]").as_bytes()).unwrap(), (vec![], vec![reason]), "{list}");
        }
        let twice = entry("https://x.example/", "A", "1");
        let (listed, rejected) = read(format!("[{twice},{twice}]").as_bytes()).unwrap();
        assert_eq!((listed.len(), rejected), (1, vec!["idInterne twice"]));
        for changed in ["{}", "<html>", ""] {
            assert_eq!(read(changed.as_bytes()).unwrap_err().status, Status::ProviderChanged);
        }
    }
}
