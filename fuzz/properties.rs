//! What must hold for whatever bytes a stranger sends, one function for each parser: no panic, bounded work, and what is
//! accepted is understood the same way again.
//!
//! The fuzz targets call these; `tests/hostile.rs` calls them with the seeds on a stable compiler.

use std::str;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cartable::access::acl::Acl;
use cartable::address::Addresses;
use cartable::clock::Timestamp;
use cartable::http::headers::{self, content, link, slug, target, webdav};
use cartable::http::negotiate::Wanted;
use cartable::http::range::{self, Selected};
use cartable::http::{conditional, cors};
use cartable::identity::{dpop, token};
use cartable::ingest::file::card::LONGEST_NAME;
use cartable::ingest::file::csv::{self, Columns, Sheet};
use cartable::ingest::file::{MOST_ENTRIES, ics, vcard};
use cartable::ingest::payslips::fields::Fields;
use cartable::ingest::payslips::kind::file_name;
use cartable::ingest::payslips::layout::Line;
use cartable::ingest::payslips::listing::{self, Service};
use cartable::ingest::payslips::private::is_private;
use cartable::path::{Name, PodName, ResourcePath, Role, canonical};
use cartable::rdf::format::{self, Format};
use cartable::rdf::graph::Graph;
use cartable::rdf::patch::Patch;
use cartable::sparql::update::Update;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

const BASE: &str = "https://demo.pods.example/notes/today.ttl";

/// A canonical path is canonical, and its parts fit together again.
pub fn path(bytes: &[u8]) {
    let Ok(raw) = str::from_utf8(bytes) else { return };
    let Ok(once) = canonical(raw) else { return };
    assert_eq!(canonical(&once).as_deref(), Ok(&*once));
    assert!(once.starts_with('/') && !once.contains("//"));
    assert!(!once.split('/').any(|segment| matches!(segment, "." | "..")));
    let pod = PodName::parse("demo").expect("a pod name");
    let path = ResourcePath::parse(pod, raw).expect("a path as well");
    assert_eq!(path.local(), once);
    assert_eq!(path.is_container(), path.as_container().is_some());
    if let Some(above) = path.container() {
        assert!(path.is_below(&above));
    }
    if path.role() != Role::Impossible {
        assert!(matches!(path.subject().role(), Role::Container | Role::Document));
    }
}

pub fn turtle(bytes: &[u8]) {
    document(bytes, Format::Turtle);
}

pub fn json_ld(bytes: &[u8]) {
    document(bytes, Format::JsonLd);
}

/// The first byte chooses the format.
pub fn rdf(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    document(rest, Format::ALL[usize::from(*first) % Format::ALL.len()]);
}

/// What is read can be printed in every format, and reading that gives as many triples.
fn document(bytes: &[u8], format: Format) {
    let Ok(read) = format::parse(bytes, format, BASE) else { return };
    for printed in [Format::Turtle, Format::JsonLd, Format::NTriples, Format::NQuads, Format::TriG] {
        let Ok(text) = format::print(&read, printed) else { continue };
        let again = format::parse(&text, printed, BASE).expect("what we print can be read");
        assert_eq!(again.dataset.default.len(), read.dataset.default.len(), "{printed:?}");
    }
}

/// Whatever a file says, names are plain lines and there are only so many of everything, in each way of reading it.
pub fn file(bytes: &[u8]) {
    let mut people: Vec<_> = vcard::read(bytes).into_iter().collect();
    if let Ok(sheet) = Sheet::read(bytes) {
        people.extend(csv::people(&sheet, &Columns::guess(&sheet)));
    }
    for card in people.iter().flat_map(|people| &people.cards) {
        assert!((1..=LONGEST_NAME).contains(&card.name.chars().count()) && !card.name.contains(char::is_control));
        assert!(card.emails.iter().chain(&card.phones).all(|way| !way.iri.contains(char::is_whitespace)));
    }
    assert!(people.iter().all(|people| people.cards.len() <= MOST_ENTRIES));
    if let Ok(agenda) = ics::read(bytes) {
        assert!(agenda.events.iter().map(|event| event.occurrences.len()).sum::<usize>() <= 20_000);
    }
}

/// A patch that is valid can be applied to any graph, or refused.
pub fn n3_patch(bytes: &[u8]) {
    let Ok(patch) = Patch::parse(bytes, BASE) else { return };
    let clauses = patch.clauses();
    for graph in graphs() {
        if let Ok(after) = patch.apply(&graph)
            && !clauses.deletions
        {
            assert!(graph.iter().all(|triple| after.contains(triple)), "nothing goes that is not deleted");
        }
    }
}

/// An update that is valid can be applied to any graph, within bounds.
pub fn sparql_update(bytes: &[u8]) {
    let Ok(update) = Update::parse(bytes, BASE) else { return };
    let clauses = update.clauses();
    for graph in graphs() {
        if let Ok(after) = update.apply(&graph)
            && !clauses.deletions
        {
            assert!(graph.iter().all(|triple| after.contains(triple)), "nothing goes that is not deleted");
        }
    }
}

/// Every rule that is kept says something, and what is said of other resources is not kept.
pub fn acl(bytes: &[u8]) {
    let Ok(read) = format::parse(bytes, Format::Turtle, &format!("{BASE}.acl")) else { return };
    let Ok(addresses) = Addresses::with_subdomains("https://id.pods.example/", "pods.example") else { return };
    let list = Acl::read(&read.dataset.default, &format!("{BASE}.acl"), BASE, &addresses);
    for rule in list.access_to.iter().chain(&list.default) {
        assert!(rule.modes.iter().next().is_some());
        assert!(rule.everyone || rule.authenticated || !rule.agents.is_empty() || !rule.groups.is_empty());
    }
    let _ = list.keeps_control();
}

/// A proof as it stands, and one made of three lines: header, claims, signature. None of strangers' making is signed.
pub fn dpop_proof(bytes: &[u8]) {
    let parts: Vec<_> = bytes.splitn(3, |byte| *byte == b'\n').map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
    for text in [String::from_utf8_lossy(bytes).into_owned(), parts.join(".")] {
        let wanted =
            dpop::Wanted { method: "GET", url: BASE, token_hash: None, require_ath: false, now: Timestamp::default() };
        if let Ok(proof) = dpop::Verifiers::default().check(&text, &wanted) {
            assert!((1..=256).contains(&proof.jti.chars().count()));
        }
        let _ = token::parse(&text);
    }
}

/// An empty graph, and a small one with what patterns could match in more than one way.
fn graphs() -> [Graph; 2] {
    let text = "<#a> <#p> <#b>, <#c>, 1, 'one'@en, _:x . <#b> <#p> <#a> . _:x <#q> _:x . <> a <#Note> .";
    let small = format::parse(text.as_bytes(), Format::Turtle, BASE).map(|document| document.dataset.default);
    [Graph::default(), small.unwrap_or_default()]
}

/// Fields as lines of name, colon and value: each reader understands them or says why not.
pub fn headers(bytes: &[u8]) {
    let fields = fields(bytes);
    let chosen = Wanted::of(&fields).choose_rdf(None);
    assert!(chosen.is_none_or(|offer| !offer.media_type.is_empty()));
    if let Ok(Some(name)) = slug::slug(&fields, true) {
        assert!(!name.is_empty() && !name.contains('/'));
    }
    if let Ok(Some(media_type)) = content::media_type(&fields) {
        assert!(media_type.contains('/'));
    }
    let _ = (link::links(&fields), conditional::conditions(&fields));
    let _ = (content::check_encoding(&fields), content::check_whole(&fields), content::check_expectation(&fields));
    let _ = (webdav::depth(&fields), webdav::overwrite(&fields), target::host(&Uri::from_static("/"), &fields));
    if let Ok(base) = url::Url::parse(BASE) {
        let _ = webdav::destination(&fields, &base);
    }
    let mut answer = HeaderMap::new();
    cors::allow(cors::Origin::of(&fields).as_ref(), &mut answer);
    cors::allow_preflight(&fields, &mut answer);
    let _ = headers::single(&fields, &http::header::HOST, "Host");
}

/// The first byte is the size of what is asked for, the rest the `Range` field: a part lies within.
pub fn ranges(bytes: &[u8]) {
    let Some((total, value)) = bytes.split_first() else { return };
    let Ok(value) = HeaderValue::from_bytes(value) else { return };
    let fields = HeaderMap::from_iter([(http::header::RANGE, value)]);
    for total in [u64::from(*total), u64::MAX] {
        if let Selected::Part(part) = range::select(&fields, total) {
            assert!(part.first <= part.last && part.last < total);
            assert!(part.size() > 0);
        }
    }
}

/// Whatever is printed on a payslip, what is read off it is fit to be said, and holds nothing that must stay there.
pub fn payslip_text(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let fields = Fields::read(&text.lines().map(Line::of_text).collect::<Vec<_>>());
    assert_eq!(fields.clone().fit(), fields);
    for text in [&fields.employer, &fields.grade, &fields.echelon].into_iter().flatten() {
        assert!(!is_private(text) && !text.chars().any(char::is_control));
    }
}

/// Whatever a pay portal lists, its files have names that lie where they should.
pub fn payslip_listing(bytes: &[u8]) {
    let _ = (listing::rights(bytes), listing::years(bytes));
    for service in [Service::Pay, Service::Pension] {
        let Ok(rows) = listing::documents(bytes, service) else { continue };
        for listed in rows.into_iter().flatten() {
            let name = file_name(listed.kind, listed.period, listed.name.as_deref());
            assert!(name.strip_suffix(".pdf").is_some() && !name.contains('/') && !is_private(&name));
            assert!(Name::of(&name, false).is_some());
        }
    }
}

fn fields(bytes: &[u8]) -> HeaderMap {
    let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        Some((name, HeaderValue::from_bytes(&line[colon + 1..]).ok()?))
    });
    let mut fields = HeaderMap::new();
    lines.for_each(|(name, value)| {
        fields.append(name, value);
    });
    fields
}
