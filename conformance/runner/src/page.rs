//! The report as one HTML page that needs nothing else: requirements with their cases, then cases with their reasons.

use std::collections::BTreeMap;
use std::fmt::{Result as Written, Write};

use crate::citation::Citation;
use crate::outcome::{self, Outcome, Result};
use crate::requirements::{self, LISTS, List, Requirement};

/// Prints the results of one run against `server`.
pub fn print(results: &[Result], server: &str, date: &str) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut page, results, server, date);
    page
}

fn write_page(page: &mut String, results: &[Result], server: &str, date: &str) -> Written {
    let all = requirements::all().unwrap_or_default();
    let mut shown: BTreeMap<Citation, Vec<&Result>> = BTreeMap::new();
    for result in results {
        for requirement in requirements::with_covered(&all, result.case.shows.iter().cloned()) {
            shown.entry(requirement).or_default().push(result);
        }
    }
    write!(
        page,
        "{HEAD}<h1>Conformance of {}</h1>\n<p>{}, {} cases</p>\n",
        escaped(server),
        escaped(date),
        results.len()
    )?;
    write_summary(page, results)?;
    for list in &LISTS {
        let requirements = list.read().unwrap_or_default();
        let rows: Vec<_> =
            requirements.iter().filter(|r| list.file != "rfc.ttl" || shown.contains_key(&r.id)).collect();
        write_list(page, list, &rows, &shown)?;
    }
    write_cases(page, results)?;
    page.write_str("</main>\n</html>\n")
}

fn write_summary(page: &mut String, results: &[Result]) -> Written {
    page.write_str("<ul class=\"summary\">\n")?;
    for outcome in [Outcome::Passed, Outcome::Failed, Outcome::Untested, Outcome::Inapplicable] {
        writeln!(page, "<li class=\"{0}\">{1} {0}</li>", outcome.name(), outcome::count(results, outcome))?;
    }
    page.write_str("</ul>\n<nav aria-label=\"Lists\"><ul>\n")?;
    for list in &LISTS {
        writeln!(page, "<li><a href=\"#{}\">{}</a></li>", anchor(list.file), list.title)?;
    }
    page.write_str("<li><a href=\"#cases\">All cases</a></li>\n</ul></nav>\n")
}

fn write_list(
    page: &mut String,
    list: &List,
    rows: &[&Requirement],
    shown: &BTreeMap<Citation, Vec<&Result>>,
) -> Written {
    writeln!(page, "<section id=\"{}\">\n<table>\n<caption>{}</caption>", anchor(list.file), list.title)?;
    page.write_str("<thead><tr><th scope=\"col\">Requirement</th><th scope=\"col\">Level</th>")?;
    page.write_str("<th scope=\"col\">What it says</th><th scope=\"col\">Cases</th></tr></thead>\n<tbody>\n")?;
    for requirement in rows {
        let cases = shown.get(&requirement.id).map_or(&[][..], Vec::as_slice);
        write!(
            page,
            "<tr><th scope=\"row\"><a href=\"{}\">{}</a></th><td>{}</td><td>{}</td><td>",
            escaped(&requirement.id.iri()),
            escaped(requirement.id.as_str()),
            requirement.level.name(),
            escaped(&requirement.statement),
        )?;
        if cases.is_empty() {
            let reason = requirement.not_applicable.as_ref().or(requirement.not_yet.as_ref());
            page.write_str(&reason.map_or_else(|| "–".into(), |reason| escaped(reason)))?;
        }
        for case in cases {
            let (id, outcome) = (escaped(&case.case.id), case.outcome.name());
            write!(page, "<a class=\"{outcome}\" href=\"#{id}\">{id}: {outcome}</a> ")?;
        }
        page.write_str("</td></tr>\n")?;
    }
    page.write_str("</tbody>\n</table>\n</section>\n")
}

fn write_cases(page: &mut String, results: &[Result]) -> Written {
    page.write_str(
        "<section id=\"cases\">\n<table>\n<caption>All cases</caption>\n<thead><tr><th scope=\"col\">Case</th>",
    )?;
    page.write_str("<th scope=\"col\">What has to happen</th><th scope=\"col\">Outcome</th></tr></thead>\n<tbody>\n")?;
    for result in results {
        let (id, outcome) = (escaped(&result.case.id), result.outcome.name());
        let reason = result.reason.as_deref().map_or_else(String::new, |reason| format!("<br>{}", escaped(reason)));
        writeln!(
            page,
            "<tr id=\"{id}\"><th scope=\"row\">{id}</th><td>{}</td><td class=\"{outcome}\">{outcome}{reason}</td></tr>",
            escaped(&result.case.title),
        )?;
    }
    page.write_str("</tbody>\n</table>\n</section>\n")
}

fn anchor(file: &str) -> &str {
    file.trim_end_matches(".ttl")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const HEAD: &str = r##"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Conformance report</title>
<style>
  :root { color-scheme: light dark; --passed: light-dark(#2d6a3e, #7fce96); --failed: light-dark(#a3242b, #ff9a94);
    --untested: light-dark(#8a5a00, #f0c060); --line: light-dark(#8a8f98, #6d7480); }
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem;
    background: light-dark(#fbfaf6, #14171c); color: light-dark(#1b2430, #e9e6df); }
  a { color: inherit; }
  table { border-collapse: collapse; width: 100%; margin-block: 2rem; }
  caption { font-size: 1.25rem; font-weight: 600; text-align: start; }
  th, td { border-block-end: 1px solid var(--line); padding: .4rem .6rem; text-align: start; vertical-align: top; }
  tbody th { font-weight: 500; }
  th, td { overflow-wrap: anywhere; }
  td a { display: block; }
  .passed { color: var(--passed); } .failed { color: var(--failed); font-weight: 600; } .untested { color: var(--untested); }
  .summary, nav ul { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; list-style: none; padding: 0; }
  .skip:not(:focus) { position: absolute; clip-path: inset(50%); }
</style>
<a class="skip" href="#cases">To all cases</a>
<main>
"##;
