//! What the owner of a pod learns: traces by day and tool, diplomas, and the names under which tools know them.

mod diploma;
mod names;

use std::collections::BTreeMap;

use askama::Template;
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;

use super::own::{Own, broken};
use super::parts::list::Empty;
use super::parts::{Banner, CodeBox, Summary, Tone};
use super::{Answer, Asked, Instead, Language, Pages, Shell, Visitor, assets, date, page, pages, path, raw};
use crate::ingest::learning::diploma as achievement;
use crate::ingest::learning::store::TRACES;
use crate::ingest::learning::trace::{Activity, Object, Platform, Score, Trace};
use crate::ingest::learning::{verbs, view};
use crate::path::ResourcePath;
use crate::rdf::graph::Graph;

pub(super) use diploma::answer as diploma;

/// Where diplomas are.
const ACHIEVEMENTS: &str = "/learning/achievements/";
/// So many days are shown at once, and so many traces of one day.
const DAYS: usize = 7;
const MOST: usize = 300;

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    done: [(&'static str, &'static str); 3],
    traces: &'static str,
    none: &'static str,
    headings: [&'static str; 3],
    unknown_tool: &'static str,
    unnamed: &'static str,
    earlier: &'static str,
    passed: &'static str,
    failed: &'static str,
    completed: &'static str,
    out_of: fn(&str, &str) -> String,
    diplomas: &'static str,
    no_diploma: &'static str,
    add_diploma: &'static str,
    save: &'static str,
    check: &'static str,
    names: &'static str,
    names_help: &'static str,
    home: &'static str,
    home_help: &'static str,
    home_wrong: &'static str,
    name: &'static str,
    name_help: &'static str,
    name_wrong: &'static str,
    add_name: &'static str,
    wrong: &'static str,
    tools: &'static str,
    tools_help: &'static str,
    address: &'static str,
    copy: &'static str,
    copied: &'static str,
}

const FRENCH: Words = Words {
    title: "Parcours",
    lead: "Ce que vous avez fait dans vos outils de classe, et vos diplômes. Personne d’autre ne voit cette page.",
    done: [
        ("diploma", "Le diplôme est ajouté."),
        ("unusual", "Le diplôme est ajouté. L’une des notes est sur un total inhabituel\u{a0}: vérifiez-la."),
        ("name", "C’est noté\u{a0}: ce que cet outil raconte de vous sera reconnu."),
    ],
    traces: "Jour après jour",
    none: "Ici viendront vos exercices, vos lectures et vos résultats, quand un outil de votre établissement les enverra ou \
           que vous importerez un fichier.",
    headings: ["Heure", "Activité", "Résultat"],
    unknown_tool: "Sans outil nommé",
    unnamed: "Activité sans nom",
    earlier: "Voir les jours précédents",
    passed: "réussi",
    failed: "échoué",
    completed: "terminé",
    out_of: |score, max| format!("{score} sur {max}"),
    diplomas: "Diplômes",
    no_diploma: "Aucun diplôme pour le moment.",
    add_diploma: "Ajouter un diplôme",
    save: "Enregistrer le PDF",
    check: "Ouvrir la page qui le vérifie",
    names: "Vos identifiants chez les outils",
    names_help: "Un outil parle de vous sous un identifiant. Sans le connaître, nous refusons ce qu’il envoie\u{a0}: cela \
                 pourrait concerner quelqu’un d’autre. Votre adresse e-mail et votre compte ENT relié sont déjà connus.",
    home: "Adresse de l’outil ou de l’ENT",
    home_help: "Par exemple https://ent.exemple.fr",
    home_wrong: "Une adresse commence par https:// ou http://.",
    name: "Votre identifiant là-bas",
    name_help: "Il est dans votre profil chez l’outil, ou votre établissement vous le dit.",
    name_wrong: "Écrivez votre identifiant, en 200 caractères au plus.",
    add_name: "C’est moi",
    wrong: "L’identifiant n’est pas noté",
    tools: "Relier un outil",
    tools_help: "Donnez cette adresse à l’outil. Il peut envoyer, sans rien lire, dès qu’une application lui en donne le \
                 droit d’ajout sur le dossier learning/traces.",
    address: "Adresse pour les outils (xAPI)",
    copy: "Copier",
    copied: "Copié",
};

const ENGLISH: Words = Words {
    title: "Learning",
    lead: "What you did in the tools of your school, and your diplomas. Nobody else sees this page.",
    done: [
        ("diploma", "The diploma is added."),
        ("unusual", "The diploma is added. One of the marks is out of an unusual total: check it."),
        ("name", "Noted: what this tool tells of you will be recognised."),
    ],
    traces: "Day by day",
    none: "Here your exercises, readings and results will come, when a tool of your school sends them or you import a file.",
    headings: ["Time", "Activity", "Result"],
    unknown_tool: "No tool named",
    unnamed: "Activity without a name",
    earlier: "See the days before",
    passed: "passed",
    failed: "failed",
    completed: "completed",
    out_of: |score, max| format!("{score} out of {max}"),
    diplomas: "Diplomas",
    no_diploma: "No diploma yet.",
    add_diploma: "Add a diploma",
    save: "Save the PDF",
    check: "Open the page that checks it",
    names: "Your names with tools",
    names_help: "A tool speaks of you by a name. As long as we do not know it, we refuse what it sends: it could be about \
                 somebody else. Your e-mail address and your linked school account are known already.",
    home: "Address of the tool or the school platform",
    home_help: "For instance https://ent.example.org",
    home_wrong: "An address begins with https:// or http://.",
    name: "Your name there",
    name_help: "It is in your profile with the tool, or your school tells you.",
    name_wrong: "Write your name there, at most 200 characters.",
    add_name: "That is me",
    wrong: "The name was not noted",
    tools: "Connect a tool",
    tools_help: "Give this address to the tool. It can send, without reading anything, as soon as an application gives it the \
                 right to add to the folder learning/traces.",
    address: "Address for tools (xAPI)",
    copy: "Copy",
    copied: "Copied",
};

#[derive(Template)]
#[template(path = "learning/list.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    done: Option<Banner>,
    summary: Option<Summary<'a>>,
    days: Vec<Day>,
    none: Option<Empty>,
    /// Where the days before are.
    earlier: Option<String>,
    diplomas: Vec<Diploma>,
    names: Option<&'a names::Names>,
    address: Option<CodeBox>,
    copy_script: &'static str,
}

/// A day, and what was done in each tool.
struct Day {
    name: String,
    tools: Vec<Tool>,
}

struct Tool {
    name: String,
    traces: Vec<Line>,
}

struct Line {
    time: String,
    what: String,
    result: String,
}

struct Diploma {
    title: String,
    second: String,
    file: Option<String>,
    check: Option<String>,
}

/// Answers a request for the page, or notes a name of the owner's.
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words: &'static Words = visitor.language.choose(&FRENCH, &ENGLISH);
    let own = Own::of(pages, by, asked).await?;
    let mut names = names::Names::new(words);
    if let (Some(own), Some(form)) = (&own, &asked.form)
        && let Some(answer) = names.take(pages, own, form).await?
    {
        return Ok(answer);
    }
    let (mut days, mut earlier, mut diplomas, mut address) = (Vec::new(), None, Vec::new(), None);
    if let Some(own) = &own {
        let before = asked.query.get("before").parse().ok();
        (days, earlier) = days_before(own, before, words, visitor.language).await?;
        diplomas = self::diplomas(own, visitor.language).await?;
        let root = own.iri(&ResourcePath::root(own.pod.clone()));
        let text = format!("{root}.xapi/");
        address = Some(CodeBox { name: "xapi", label: words.address, text, copy: words.copy, copied: words.copied });
    }
    let done = words.done.iter().find(|(word, _)| *word == asked.query.get("done"));
    let tone = if asked.query.get("done") == "unusual" { Tone::Warn } else { Tone::Ok };
    let wrong = names.is_wrong();
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        done: done.map(|(_, text)| Banner { tone, text: (*text).to_owned() }),
        summary: Summary::of(words.wrong, names.fields()),
        none: days.is_empty().then(|| Empty::of("school", words.none)),
        days,
        earlier: earlier.map(|day| format!("{}?before={day}", path::LEARNING)),
        diplomas,
        names: own.as_ref().map(|_| &names),
        address,
        copy_script: assets::copy_script(),
    };
    page(if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &shown, visitor)
}

/// The latest days before one, and where to go on, if there are more.
async fn days_before(
    own: &Own<'_>,
    before: Option<Date>,
    words: &'static Words,
    language: Language,
) -> Result<(Vec<Day>, Option<Date>), Instead> {
    let Some(container) = own.path(TRACES).and_then(|path| path.as_container()) else { return Ok((Vec::new(), None)) };
    let documents = own.documents(&container).await?.into_iter();
    let mut dated: Vec<_> = documents.filter_map(|path| Some((day_of(&path)?, path))).collect();
    dated.retain(|(day, _)| before.is_none_or(|before| *day < before));
    dated.sort_by(|one, other| other.cmp(one));
    let earlier = if dated.len() > DAYS { dated.get(DAYS - 1).map(|(day, _)| *day) } else { None };
    let mut days = Vec::new();
    for (day, path) in dated.into_iter().take(DAYS) {
        let graph = own.graph(&path).await?;
        let tools = tools(&graph, &own.iri(&path), words, language);
        if !tools.is_empty() {
            days.push(Day { name: date::civil(day, language), tools });
        }
    }
    Ok((days, earlier))
}

/// `/learning/traces/2026/09/07.ttl`
fn day_of(path: &ResourcePath) -> Option<Date> {
    let mut parts = path.local().strip_prefix(TRACES)?.strip_suffix(".ttl")?.split('/').map(str::parse);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// What a day's document says, tool by tool, the latest first. What is void is not shown.
fn tools(graph: &Graph, document: &str, words: &'static Words, language: Language) -> Vec<Tool> {
    let ids = view::ids(graph, document).into_iter().take(MOST);
    let valid = ids.filter(|id| view::invalid_since(graph, document, *id).is_none());
    let mut traces: Vec<_> = valid.filter_map(|id| view::read(graph, document, id)).collect();
    traces.sort_by_key(|trace| std::cmp::Reverse((trace.ended, trace.id)));
    let mut tools: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for trace in traces {
        let name = match &trace.platform {
            Some(Platform::Name(name)) => name.clone(),
            Some(Platform::Iri(iri)) => iri.trim_start_matches("https://").trim_end_matches('/').to_owned(),
            None => words.unknown_tool.to_owned(),
        };
        tools.entry(name).or_default().push(line(&trace, words, language));
    }
    tools.into_iter().map(|(name, traces)| Tool { name, traces }).collect()
}

fn line(trace: &Trace, words: &'static Words, language: Language) -> Line {
    let verb = verbs::label(&trace.verb, language);
    let object = match &trace.object {
        Object::Activity(activity) => name(activity, language).unwrap_or_else(|| words.unnamed.to_owned()),
        Object::Owner | Object::Statement(_) => String::new(),
    };
    Line {
        time: time(trace.ended, language),
        what: format!("{verb} {object}").trim_end().to_owned(),
        result: result(trace, words, language),
    }
}

/// The name of an activity, in the reader's language if it has one.
fn name(activity: &Activity, language: Language) -> Option<String> {
    let spoken = activity.names.iter().find(|(tag, _)| tag.split('-').next() == Some(language.tag()));
    spoken.or_else(|| activity.names.first()).map(|(_, name)| name.clone())
}

fn time(at: Timestamp, language: Language) -> String {
    let local = date::in_france(at);
    let separator = language.choose("\u{A0}h\u{A0}", ":");
    format!("{}{separator}{:02}", local.hour(), local.minute())
}

fn result(trace: &Trace, words: &'static Words, language: Language) -> String {
    let number = |number: f64| {
        let text = ((number * 100.0).round() / 100.0).to_string();
        language.choose(text.replace('.', ","), text)
    };
    let Score { scaled, raw, max, .. } = trace.score;
    let score = match (raw, max, scaled) {
        (Some(raw), Some(max), _) => Some((words.out_of)(&number(raw), &number(max))),
        (_, _, Some(scaled)) => {
            Some(language.choose(format!("{}\u{A0}%", number(scaled * 100.0)), format!("{}%", number(scaled * 100.0))))
        }
        (Some(raw), None, None) => Some(number(raw)),
        (None, _, None) => None,
    };
    let success = trace.success.map(|passed| if passed { words.passed } else { words.failed }.to_owned());
    let completed = trace.completion.filter(|done| *done && success.is_none()).map(|_| words.completed.to_owned());
    success.into_iter().chain(completed).chain(score).collect::<Vec<_>>().join(", ")
}

async fn diplomas(own: &Own<'_>, language: Language) -> Result<Vec<Diploma>, Instead> {
    let Some(container) = own.path(ACHIEVEMENTS).and_then(|path| path.as_container()) else { return Ok(Vec::new()) };
    let mut read = Vec::new();
    for path in own.documents(&container).await? {
        let graph = own.graph(&path).await?;
        read.extend(achievement::read(&graph, &own.iri(&path)));
    }
    read.sort_by(|(one, _), (other, _)| (other.awarded, &other.title).cmp(&(one.awarded, &one.title)));
    let shown = |(diploma, file): (achievement::Diploma, Option<String>)| {
        let file = file.and_then(|file| own.place(&crate::rdf::graph::Term::iri(file)));
        let mention = diploma.distinction.map(|it| diploma::distinction(it, language).to_owned());
        let parts = [mention, Some(date::civil(diploma.awarded, language)), Some(diploma.body)];
        let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        Diploma {
            title: diploma.title,
            second: parts.join(" · "),
            file: file.as_ref().map(raw::at),
            check: diploma.check_link.map(String::from),
        }
    };
    Ok(read.into_iter().map(shown).collect())
}

/// Writing failed, or reading.
fn failed(error: crate::ingest::learning::service::Error) -> Instead {
    use crate::ingest::learning::service::Error;
    match error {
        Error::Stopped(stopped) => broken(stopped),
        other => crate::http::Problem::fault(StatusCode::SERVICE_UNAVAILABLE, "storage", &other).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::PodName;

    #[test]
    fn days_are_read_from_paths() {
        let day = |local: &str| day_of(&ResourcePath::parse(PodName::parse("ada").unwrap(), local).unwrap());
        assert_eq!(day("/learning/traces/2026/09/07.ttl"), Some(jiff::civil::date(2026, 9, 7)));
        for local in
            ["/learning/traces/2026/09.ttl", "/learning/traces/2026/13/01.ttl", "/learning/x/2026/09/07.ttl", "/"]
        {
            assert_eq!(day(local), None, "{local}");
        }
    }
}
