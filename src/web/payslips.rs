//! Payslips: year by year, with their amounts only where the owner asks for them.

mod drop;
mod money;

use std::collections::BTreeSet;

use askama::Template;
use http::StatusCode;

use super::own::{Own, link, text};
use super::parts::list::{Action, Empty, Log, Row};
use super::parts::{Banner, Tone, icon};
use super::{Answer, Asked, Instead, Pages, Shell, Visitor, page, pages, path, raw};
use crate::language::Language;
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{cartable, dcat, dcterms, rdf, schema};

pub(super) use drop::answer as drop;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    done: [(&'static str, &'static str); 1],
    drop: &'static str,
    none: &'static str,
    connect: &'static str,
    years: &'static str,
    show: &'static str,
    hide: &'static str,
    chart: fn(&str) -> String,
    caption: &'static str,
    headings: [&'static str; 3],
    unknown: &'static str,
    save: &'static str,
    months: [&'static str; 12],
}

const FRENCH: Words = Words {
    title: "Paye",
    lead: "Vos bulletins, gardés sans limite de temps. Personne d’autre ne les voit.",
    done: [("dropped", "Le bulletin est déposé. Il apparaît ici dès qu’il est lu, d’habitude en moins d’une minute.")],
    drop: "Déposer un bulletin",
    none: "Ici viendront vos bulletins : ceux du portail de paye, si vous le reliez, et ceux que vous déposez.",
    connect: "Relier le portail de paye",
    years: "Années",
    show: "Afficher les montants",
    hide: "Masquer les montants",
    chart: |year| format!("Net payé mois par mois en {year}. Les montants sont dans le tableau qui suit."),
    caption: "Montants",
    headings: ["Bulletin", "Net payé", "Brut"],
    unknown: "inconnu",
    save: "Enregistrer",
    months: ["J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D"],
};

const ENGLISH: Words = Words {
    title: "Pay",
    lead: "Your payslips, kept without a limit of time. Nobody else sees them.",
    done: [("dropped", "The payslip is dropped. It shows here as soon as it is read, usually within a minute.")],
    drop: "Drop a payslip",
    none: "Your payslips will be here: those of the pay portal, if you connect it, and those that you drop.",
    connect: "Connect the pay portal",
    years: "Years",
    show: "Show the amounts",
    hide: "Hide the amounts",
    chart: |year| format!("Net pay month by month in {year}. The amounts are in the table that follows."),
    caption: "Amounts",
    headings: ["Payslip", "Net paid", "Gross"],
    unknown: "unknown",
    save: "Save",
    months: ["J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D"],
};

/// A document of the paying office.
struct Slip {
    /// Where its record is.
    at: ResourcePath,
    title: String,
    employer: Option<String>,
    /// The first day of its period: `2025-12-01`.
    begins: String,
    file: Option<ResourcePath>,
}

impl Slip {
    fn year(&self) -> &str {
        self.begins.get(..4).unwrap_or_default()
    }

    /// Counted from 0.
    fn month(&self) -> Option<usize> {
        self.begins.get(5..7)?.parse::<usize>().ok()?.checked_sub(1)
    }
}

/// What a slip says of money, in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Amounts {
    net: Option<i64>,
    gross: Option<i64>,
}

struct Filter {
    name: String,
    path: String,
    here: bool,
}

/// A column of the chart, in units of its drawing.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    x: usize,
    y: i64,
    height: i64,
    letter: &'static str,
}

#[derive(Template)]
#[template(path = "payslips/list.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    done: Option<Banner>,
    none: Option<Empty>,
    years: Vec<Filter>,
    /// Shows the amounts, or hides them.
    toggle: (String, &'static str),
    chart: Option<(String, Vec<Column>)>,
    amounts: Option<Log>,
    slips: Vec<Row>,
}

/// Answers a request for the page.
///
/// Spec: CP-20
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words: &'static Words = visitor.language.choose(&FRENCH, &ENGLISH);
    let done = asked.query.find("done").and_then(|word| words.done.iter().find(|(named, _)| *named == word));
    let done = done.map(|(_, text)| Banner { tone: Tone::Ok, text: (*text).to_owned() });
    let own = Own::of(pages, by, asked).await?;
    let mut slips = match &own {
        Some(own) => slips(own).await?,
        None => Vec::new(),
    };
    let years: BTreeSet<String> = slips.iter().map(|slip| slip.year().to_owned()).collect();
    let named = asked.query.find("year").filter(|year| years.contains(*year));
    let year = named.map(str::to_owned).or_else(|| years.last().cloned()).unwrap_or_default();
    slips.retain(|slip| slip.year() == year);
    let shows = asked.query.get("amounts") == "show";
    let mut amounts = Vec::new();
    if let (Some(own), true) = (&own, shows) {
        for slip in &slips {
            amounts.push(amounts_of(own, slip).await?);
        }
    }
    let none = years
        .is_empty()
        .then(|| Empty { action: Some((path::CONNECT_PAYSLIPS, words.connect)), ..Empty::of("file-text", words.none) });
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        done,
        none,
        years: years.iter().rev().map(|other| filter(other, *other == year, shows)).collect(),
        toggle: (address(&year, !shows), if shows { words.hide } else { words.show }),
        chart: shows.then(|| ((words.chart)(&year), columns(&slips, &amounts, words))),
        amounts: shows.then(|| table(&slips, &amounts, words, visitor.language)),
        slips: slips.iter().map(|slip| row(slip, words)).collect(),
    };
    page(StatusCode::OK, &shown, visitor)
}

/// All documents that are recorded, the latest first.
async fn slips(own: &Own<'_>) -> Result<Vec<Slip>, Instead> {
    let mut slips = Vec::new();
    for place in own.registered(cartable::PAY_DOCUMENT).await? {
        let Some(container) = place.as_container() else { continue };
        for at in own.documents(&container).await? {
            let graph = own.graph(&at).await?;
            slips.extend(slip(own, at, &graph));
        }
    }
    slips.sort_by(|one, other| (&other.begins, &other.title).cmp(&(&one.begins, &one.title)));
    Ok(slips)
}

fn slip(own: &Own<'_>, at: ResourcePath, graph: &Graph) -> Option<Slip> {
    let class = Term::iri(cartable::PAY_DOCUMENT);
    let this = graph.subjects(rdf::TYPE, &class).next()?;
    let period = graph.objects(this, dcterms::TEMPORAL).next()?;
    let employer = graph.objects(this, schema::SOURCE_ORGANIZATION).next();
    Some(Slip {
        title: text(graph, this, dcterms::TITLE)?,
        employer: employer.and_then(|employer| text(graph, employer, schema::LEGAL_NAME)),
        begins: text(graph, period, dcat::START_DATE)?,
        file: link(graph, this, schema::ENCODING).and_then(|file| own.place(&Term::iri(file))),
        at,
    })
}

/// The amounts lie beside the records, under a rule of their own.
async fn amounts_of(own: &Own<'_>, slip: &Slip) -> Result<Amounts, Instead> {
    let Some(at) = own.path(&slip.at.local().replace("/records/", "/amounts/")) else { return Ok(Amounts::default()) };
    let graph = own.graph(&at).await?;
    let amount = |property: &str| {
        let amount = graph.iter().find(|triple| *triple.predicate == *property).map(|triple| &triple.object)?;
        money::cents(&text(&graph, amount, schema::VALUE)?)
    };
    Ok(Amounts { net: amount(cartable::NET_PAID), gross: amount(cartable::GROSS) })
}

fn filter(year: &str, here: bool, shows: bool) -> Filter {
    Filter { name: year.to_owned(), path: address(year, shows), here }
}

fn address(year: &str, shows: bool) -> String {
    format!("{}?year={year}{}", path::PAYSLIPS, if shows { "&amounts=show" } else { "" })
}

fn row(slip: &Slip, words: &Words) -> Row {
    Row {
        icon: icon("file-text"),
        name: slip.title.clone(),
        second: slip.employer.clone().unwrap_or_default(),
        action: slip.file.as_ref().map(|file| Action::Open { path: raw::at(file), label: words.save }),
    }
}

/// The height of the tallest column.
const TALLEST: i64 = 100;
/// The width of a month.
const MONTH: usize = 30;

/// What was paid in each month of the year; several slips of one month add up.
fn columns(slips: &[Slip], amounts: &[Amounts], words: &Words) -> Vec<Column> {
    let mut nets = [0_i64; 12];
    for (slip, amounts) in slips.iter().zip(amounts) {
        if let Some(sum) = slip.month().and_then(|month| nets.get_mut(month)) {
            *sum = sum.saturating_add(amounts.net.unwrap_or_default().max(0));
        }
    }
    let most = nets.iter().copied().max().unwrap_or_default().max(1);
    let column = |(month, (net, letter)): (usize, (i64, &'static str))| {
        let height = i64::try_from(i128::from(net) * i128::from(TALLEST) / i128::from(most)).unwrap_or(TALLEST);
        Column { x: month * MONTH, y: TALLEST - height, height, letter }
    };
    nets.into_iter().zip(words.months).enumerate().map(column).collect()
}

fn table(slips: &[Slip], amounts: &[Amounts], words: &Words, language: Language) -> Log {
    let money = |cents: Option<i64>| match cents {
        Some(cents) => money::shown(cents, language),
        None => words.unknown.to_owned(),
    };
    let known = slips.iter().zip(amounts).filter(|(_, amounts)| **amounts != Amounts::default());
    let line = |(slip, amounts): (&Slip, &Amounts)| vec![slip.title.clone(), money(amounts.net), money(amounts.gross)];
    Log { caption: words.caption, headings: words.headings.to_vec(), lines: known.map(line).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::PodName;

    fn of(begins: &str) -> Slip {
        let at = ResourcePath::parse(PodName::parse("ada").unwrap(), "/administratif/ensap/a/records/r.ttl").unwrap();
        Slip { at, title: String::new(), employer: None, begins: begins.to_owned(), file: None }
    }

    #[test]
    fn the_chart_has_twelve_months_and_its_tallest_column_is_the_best_paid_one() {
        let slips = [of("2025-12-01"), of("2025-12-01"), of("2025-01-01"), of("nonsense"), of("2025-02-01")];
        let paid = [Some(100_000), Some(100_000), Some(100_000), Some(9_999_999), None];
        let columns = columns(&slips, &paid.map(|net| Amounts { net, gross: None }), &ENGLISH);
        let heights: Vec<_> = columns.iter().map(|column| column.height).collect();
        assert_eq!(heights, [50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100]);
        assert!(columns.iter().all(|column| column.y + column.height == TALLEST));
    }
}
