//! The specification and the code agree: each citation names a requirement, and each requirement that binds a
//! server is cited where it is applied and shown by a case or a test.
//!
//! What is still missing is listed in `conformance/requirements/pending.txt`, a list that may only shrink:
//! `PENDING=write cargo test --test spec` takes out what is no longer missing. An entry that stays gives its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cartable_conformance::citation::{self, Citation};
use cartable_conformance::requirements::{self, Requirement};

#[test]
fn each_citation_names_a_requirement() {
    let known: BTreeSet<_> = requirements().into_iter().map(|requirement| requirement.id).collect();
    let wrong: Vec<_> = found("src", "Spec:")
        .into_iter()
        .chain(shown())
        .filter(|(_, name)| !name.as_ref().is_ok_and(|id| known.contains(id)))
        .map(|(place, name)| format!("  {place}: {}", name.map_or_else(|text| text, |id| id.to_string())))
        .collect();
    assert!(wrong.is_empty(), "these have no entry in conformance/requirements:\n{}\n", wrong.join("\n"));
}

#[test]
fn each_requirement_is_applied_and_shown() {
    let file = root().join("conformance/requirements/pending.txt");
    let listed = pending(&fs::read_to_string(&file).expect("the pending list can be read"));
    let missing = missing();
    if std::env::var_os("PENDING").is_some_and(|value| value == "write") {
        let left = listed.iter().filter_map(|(id, line)| Some(format!("{id}: {}{}\n", missing.get(id)?, reason(line))));
        fs::write(file, left.collect::<String>()).expect("the pending list can be written");
        return;
    }
    let listed: BTreeMap<_, _> = listed.iter().map(|(id, line)| (id, what(line))).collect();
    let unlisted = missing.iter().filter(|(id, lacks)| !listed.get(id).is_some_and(|line| line.contains(*lacks)));
    let unlisted: Vec<_> = unlisted.map(|(id, lacks)| format!("  {id} lacks a {lacks}")).collect();
    assert!(unlisted.is_empty(), "these bind a server, and are not both applied and shown:\n{}\n", unlisted.join("\n"));
    let done: Vec<_> = listed.iter().filter(|(id, line)| missing.get(**id) != Some(*line)).map(|(id, _)| id).collect();
    assert!(done.is_empty(), "these lack less than the list says; `PENDING=write` shortens it: {done:?}");
}

/// What each binding requirement still lacks: a citation, a case, or both.
fn missing() -> BTreeMap<String, &'static str> {
    let requirements = requirements();
    let applied = requirements::with_covered(&requirements, good(found("src", "Spec:")));
    let shown = requirements::with_covered(&requirements, good(shown()));
    let binding = requirements.iter().filter(|requirement| {
        let listed = !requirement.id.as_str().starts_with("rfc");
        let excused = requirement.not_yet.is_some() || requirement.not_applicable.is_some();
        listed && requirement.level.binds() && requirement.subject.is_ours() && !excused
    });
    binding
        .filter_map(|requirement| {
            let lacks = match (applied.contains(&requirement.id), shown.contains(&requirement.id)) {
                (true, true) => return None,
                (true, false) => "case",
                (false, true) => "citation",
                (false, false) => "citation and case",
            };
            Some((requirement.id.to_string(), lacks))
        })
        .collect()
}

/// The lines `id: what is missing (reason)` of the list.
fn pending(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    lines.map(|(id, rest)| (id.to_owned(), rest.to_owned())).collect()
}

/// What is missing, without the reason.
fn what(line: &str) -> &str {
    line.strip_suffix(reason(line)).unwrap_or(line)
}

/// The ` (reason)` of a line, if one is given.
fn reason(line: &str) -> &str {
    line.find(" (").map_or("", |at| &line[at..])
}

fn requirements() -> Vec<Requirement> {
    requirements::all().expect("the requirements can be read")
}

/// A place in the source, and what it cites; text that is no citation as it is.
type Found = (String, Result<Citation, String>);

fn good(found: Vec<Found>) -> impl Iterator<Item = Citation> {
    found.into_iter().filter_map(|(_, id)| id.ok())
}

fn shown() -> Vec<Found> {
    ["src", "tests", "conformance/cases"].into_iter().flat_map(|folder| found(folder, "Shows:")).collect()
}

/// All citations after `keyword` in the doc comments of a folder.
fn found(folder: &str, keyword: &str) -> Vec<Found> {
    let mut files = Vec::new();
    rust_files(&root().join(folder), &mut files);
    let cited = |file: PathBuf| {
        let source = fs::read_to_string(&file).expect("a source file can be read");
        let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        let places = citation::cited(&source, keyword).into_iter();
        places.map(move |(line, id)| (format!("{name}:{line}"), id))
    };
    files.into_iter().flat_map(cited).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
}
