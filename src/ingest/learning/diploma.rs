//! Diplomas that their holder writes down, with the certified file and the link that checks it.

use std::fmt::Write as _;

use jiff::civil::Date;
use sha2::{Digest, Sha256};
use url::Url;

use super::trace::plain;
use crate::rdf::graph::{Graph, Literal, Term, Triple};
use crate::rdf::vocab::{cartable, dcterms, elm, rdf, schema, xsd};

/// The prefixes of a diploma's document.
pub const PREFIXES: [(&str, &str); 5] =
    [("cartable", cartable::NS), ("dct", dcterms::NS), ("elm", elm::NS), ("schema", schema::NS), ("xsd", xsd::NS)];

/// The marks out of which schools grade; another one is taken, with a warning.
///
/// Spec: shape L4
pub const USUAL_MAXIMA: [f64; 8] = [5.0, 6.0, 10.0, 20.0, 40.0, 50.0, 60.0, 100.0];
/// The most exams of one diploma.
pub const MOST_EXAMS: usize = 20;

/// A diploma, as its holder describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Diploma {
    pub title: String,
    pub awarded: Date,
    /// The académie or ministry.
    pub body: String,
    pub distinction: Option<Distinction>,
    pub number: Option<String>,
    /// Where a third party checks it: https.
    pub check_link: Option<Url>,
    pub exams: Vec<Exam>,
}

/// One exam of a diploma.
#[derive(Debug, Clone, PartialEq)]
pub struct Exam {
    pub title: String,
    pub score: f64,
    pub max: f64,
    pub coefficient: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distinction {
    None,
    AssezBien,
    Bien,
    TresBien,
    Felicitations,
}

impl Distinction {
    pub const ALL: [Self; 5] = [Self::None, Self::AssezBien, Self::Bien, Self::TresBien, Self::Felicitations];

    /// A word for forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::AssezBien => "assez-bien",
            Self::Bien => "bien",
            Self::TresBien => "tres-bien",
            Self::Felicitations => "felicitations",
        }
    }

    const fn concept(self) -> &'static str {
        match self {
            Self::None => cartable::DISTINCTION_NONE,
            Self::AssezBien => cartable::DISTINCTION_ASSEZ_BIEN,
            Self::Bien => cartable::DISTINCTION_BIEN,
            Self::TresBien => cartable::DISTINCTION_TRES_BIEN,
            Self::Felicitations => cartable::DISTINCTION_FELICITATIONS,
        }
    }

    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|distinction| distinction.word() == word)
    }

    fn of(concept: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|distinction| distinction.concept() == concept)
    }
}

/// What is typed for a diploma.
#[derive(Debug, Clone, Copy, Default)]
pub struct Typed<'a> {
    pub title: &'a str,
    pub awarded: &'a str,
    pub body: &'a str,
    pub distinction: &'a str,
    pub number: &'a str,
    pub check_link: &'a str,
    /// One exam a line: `Mathématiques ; 13,5/20 ; 16`.
    pub exams: &'a str,
}

/// What is wrong with what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    Title,
    NotADate,
    FutureDate,
    Body,
    Number,
    /// Not an https address.
    CheckLink,
    Exams,
}

impl Diploma {
    /// Reads what was typed.
    ///
    /// Spec: shape L3, shape L4
    pub fn read(typed: Typed<'_>, today: Date) -> Result<Self, Vec<Mistake>> {
        let awarded = match typed.awarded.trim().parse::<Date>() {
            Ok(day) if day > today => Err(Mistake::FutureDate),
            Ok(day) if day.year() >= 1900 => Ok(day),
            _ => Err(Mistake::NotADate),
        };
        let link = match typed.check_link.trim() {
            "" => Ok(None),
            text => https(text).map(Some).ok_or(Mistake::CheckLink),
        };
        let number = match typed.number.trim() {
            "" => Ok(None),
            text => line(text).map(Some).ok_or(Mistake::Number),
        };
        let exams: Option<Vec<_>> = typed.exams.lines().filter(|line| !line.trim().is_empty()).map(exam).collect();
        let exams = exams.filter(|exams| exams.len() <= MOST_EXAMS).ok_or(Mistake::Exams);
        let (title, body) = (line(typed.title).ok_or(Mistake::Title), line(typed.body).ok_or(Mistake::Body));
        let distinction = Distinction::named(typed.distinction);
        match (title, awarded, body, number, link, exams) {
            (Ok(title), Ok(awarded), Ok(body), Ok(number), Ok(check_link), Ok(exams)) => {
                Ok(Self { title, awarded, body, distinction, number, check_link, exams })
            }
            (title, awarded, body, number, link, exams) => {
                let mistakes = [title.err(), awarded.err(), body.err(), number.err(), link.err(), exams.err()];
                Err(mistakes.into_iter().flatten().collect())
            }
        }
    }

    /// Exams that are marked out of something unusual.
    ///
    /// Spec: shape L4
    pub fn is_unusual(&self) -> bool {
        self.exams.iter().any(|exam| !USUAL_MAXIMA.contains(&exam.max))
    }
}

/// One line of text, not too long.
fn line(text: &str) -> Option<String> {
    let text = plain(text);
    (!text.is_empty() && text.chars().count() <= 200).then_some(text)
}

/// `Mathématiques ; 13,5/20 ; 16`: what was examined, the mark, and its weight.
fn exam(line: &str) -> Option<Exam> {
    let mut parts = line.split(';').map(str::trim);
    let title = plain(parts.next()?);
    let (score, max) = parts.next()?.split_once('/')?;
    let coefficient = parts.next().filter(|text| !text.is_empty()).map(number);
    let exam = Exam {
        title,
        score: number(score)?,
        max: number(max)?,
        coefficient: coefficient.map_or(Some(None), |it| it.map(Some))?,
    };
    let sound = !exam.title.is_empty() && exam.score <= exam.max && exam.max > 0.0 && parts.next().is_none();
    sound.then_some(exam)
}

/// A number that is not negative, written with a comma or a point.
fn number(text: &str) -> Option<f64> {
    let text = text.trim().replace(',', ".");
    let plain = text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| plain)
}

fn https(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.host().is_some() && text.len() <= 2048)
}

/// The file of a diploma: its address and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    pub iri: &'a str,
    pub bytes: &'a [u8],
}

/// What a diploma says in its own document, of `{document}#it`.
///
/// Spec: LT-30
pub fn triples(diploma: &Diploma, document: &str, owner: &str, evidence: Option<Evidence<'_>>) -> Graph {
    let node = |fragment: &str| Term::iri(format!("{document}#{fragment}"));
    let (it, what, award, body) = (node("it"), node("qualification"), node("award"), node("body"));
    let mut graph = Graph::default();
    let mut say = |subject: &Term, predicate: &str, object: Term| {
        graph.extend(Triple::new(subject.clone(), predicate, object));
    };
    say(&Term::iri(owner), elm::HAS_CLAIM, it.clone());
    say(&it, rdf::TYPE, Term::iri(elm::LEARNING_ACHIEVEMENT));
    say(&it, dcterms::TITLE, french(&diploma.title));
    if let Some(number) = &diploma.number {
        say(&it, dcterms::IDENTIFIER, literal(number.clone(), xsd::STRING));
    }
    say(&it, elm::SPECIFIED_BY, what.clone());
    say(&what, rdf::TYPE, Term::iri(elm::QUALIFICATION));
    say(&what, dcterms::TITLE, french(&diploma.title));
    say(&it, elm::AWARDED_BY, award.clone());
    say(&award, rdf::TYPE, Term::iri(elm::AWARDING_PROCESS));
    say(&award, elm::AWARDING_BODY, body.clone());
    say(&body, dcterms::TITLE, french(&diploma.body));
    say(&award, elm::AWARDING_DATE, literal(midnight(diploma.awarded), xsd::DATE_TIME));
    if let Some(distinction) = diploma.distinction {
        say(&it, cartable::DISTINCTION, Term::iri(distinction.concept()));
    }
    if let Some(link) = &diploma.check_link {
        say(&it, cartable::CHECK_LINK, Term::iri(link.as_str()));
    }
    for (place, exam) in diploma.exams.iter().enumerate() {
        let proof = node(&format!("exam-{}", place + 1));
        say(&it, elm::PROVEN_BY, proof.clone());
        say(&proof, rdf::TYPE, Term::iri(elm::LEARNING_ASSESSMENT));
        say(&proof, dcterms::TITLE, french(&exam.title));
        say(&proof, elm::GRADE, literal(mark(exam), xsd::STRING));
        say(&proof, cartable::SCORE, literal(exam.score.to_string(), xsd::DECIMAL));
        say(&proof, cartable::SCORE_MAX, literal(exam.max.to_string(), xsd::DECIMAL));
        if let Some(coefficient) = exam.coefficient {
            say(&proof, cartable::COEFFICIENT, literal(coefficient.to_string(), xsd::DECIMAL));
        }
    }
    if let Some(evidence) = evidence {
        let file = Term::iri(evidence.iri);
        say(&it, dcterms::SOURCE, file.clone());
        say(&file, rdf::TYPE, Term::iri(schema::DIGITAL_DOCUMENT));
        say(&file, schema::ENCODING_FORMAT, literal("application/pdf".to_owned(), xsd::STRING));
        say(&file, schema::SHA256, literal(sha256(evidence.bytes), xsd::STRING));
    }
    graph
}

/// A diploma as its document says it now, and where its file is; `None` if it says none.
pub fn read(graph: &Graph, document: &str) -> Option<(Diploma, Option<String>)> {
    let it = Term::iri(format!("{document}#it"));
    let value = |subject: &Term, predicate: &'static str| graph.objects(subject, predicate).next().cloned();
    let text = |subject: &Term, predicate: &'static str| value(subject, predicate).as_ref().and_then(lexical);
    let number = |subject: &Term, predicate: &'static str| text(subject, predicate)?.parse().ok();
    let award = value(&it, elm::AWARDED_BY)?;
    let body = value(&award, elm::AWARDING_BODY).and_then(|body| text(&body, dcterms::TITLE));
    let exams = graph.objects(&it, elm::PROVEN_BY).filter_map(|proof| {
        Some(Exam {
            title: text(proof, dcterms::TITLE)?,
            score: number(proof, cartable::SCORE)?,
            max: number(proof, cartable::SCORE_MAX)?,
            coefficient: number(proof, cartable::COEFFICIENT),
        })
    });
    let concept = value(&it, cartable::DISTINCTION);
    let link = value(&it, cartable::CHECK_LINK);
    let diploma = Diploma {
        title: text(&it, dcterms::TITLE)?,
        awarded: text(&award, elm::AWARDING_DATE)?.get(..10)?.parse().ok()?,
        body: body.unwrap_or_default(),
        distinction: concept.as_ref().and_then(Term::as_iri).and_then(|concept| Distinction::of(concept)),
        number: text(&it, dcterms::IDENTIFIER),
        check_link: link.as_ref().and_then(Term::as_iri).and_then(|link| https(link)),
        exams: exams.collect(),
    };
    let file = value(&it, dcterms::SOURCE).as_ref().and_then(Term::as_iri).map(ToString::to_string);
    Some((diploma, file))
}

/// "13,5/20"
pub fn mark(exam: &Exam) -> String {
    format!("{}/{}", exam.score, exam.max).replace('.', ",")
}

/// When a day begins in Paris.
fn midnight(day: Date) -> String {
    let begins = crate::language::date::begins_in_france(day);
    begins.map_or_else(|| format!("{day}T00:00:00Z"), |begins| begins.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn french(text: &str) -> Term {
    Term::Literal(Literal { lexical: text.into(), datatype: rdf::LANG_STRING.into(), language: Some("fr".into()) })
}

fn literal(lexical: String, datatype: &str) -> Term {
    Term::Literal(Literal { lexical: lexical.into(), datatype: datatype.into(), language: None })
}

fn lexical(term: &Term) -> Option<String> {
    if let Term::Literal(literal) = term { Some(literal.lexical.to_string()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdf::format::{self, Format};

    const DOCUMENT: &str = "https://pods.example/demo/learning/achievements/1.ttl";
    const OWNER: &str = "https://pods.example/demo/profile/card#me";
    const FILE: &str = "https://pods.example/demo/documents/Diplomes/bac.pdf";

    fn today() -> Date {
        "2026-10-26".parse().unwrap()
    }

    fn typed() -> Typed<'static> {
        Typed {
            title: "Baccalauréat général",
            awarded: "2026-07-04",
            body: "Académie de Rennes",
            distinction: "assez-bien",
            number: "2026-000-123",
            check_link: "https://diplome.example/check/abc",
            exams: "Mathématiques ; 13,5/20 ; 16\n\nPhilosophie; 12/20\n",
        }
    }

    /// Shows: LT-30, shape L3, shape L4
    #[test]
    fn a_diploma_is_said_line_by_line() {
        let diploma = Diploma::read(typed(), today()).unwrap();
        let graph = triples(&diploma, DOCUMENT, OWNER, Some(Evidence { iri: FILE, bytes: b"%PDF-1.7" }));
        let turtle = format!(
            "@prefix elm: <http://data.europa.eu/snb/model/elm/>. @prefix dct: <http://purl.org/dc/terms/>.\n\
             @prefix c: <https://w3id.org/cartable/ns#>. @prefix xsd: <http://www.w3.org/2001/XMLSchema#>.\n\
             @prefix schema: <http://schema.org/>.\n\
             <{OWNER}> elm:hasClaim <#it>.\n\
             <#it> a elm:LearningAchievement; dct:title \"Baccalauréat général\"@fr; dct:identifier \"2026-000-123\";\n\
             elm:specifiedBy <#qualification>; elm:awardedBy <#award>; c:distinction c:distinction-assez-bien;\n\
             c:checkLink <https://diplome.example/check/abc>; elm:provenBy <#exam-1>, <#exam-2>; dct:source <{FILE}>.\n\
             <#qualification> a elm:Qualification; dct:title \"Baccalauréat général\"@fr.\n\
             <#award> a elm:AwardingProcess; elm:awardingBody <#body>;\n\
             elm:awardingDate \"2026-07-04T00:00:00+02:00\"^^xsd:dateTime.\n\
             <#body> dct:title \"Académie de Rennes\"@fr.\n\
             <#exam-1> a elm:LearningAssessment; dct:title \"Mathématiques\"@fr; elm:grade \"13,5/20\"; c:score 13.5;\n\
             c:scoreMax \"20\"^^xsd:decimal; c:coefficient \"16\"^^xsd:decimal.\n\
             <#exam-2> a elm:LearningAssessment; dct:title \"Philosophie\"@fr; elm:grade \"12/20\";\n\
             c:score \"12\"^^xsd:decimal; c:scoreMax \"20\"^^xsd:decimal.\n\
             <{FILE}> a schema:DigitalDocument; schema:encodingFormat \"application/pdf\"; schema:sha256 \"{}\".",
            sha256(b"%PDF-1.7")
        );
        let wanted = format::parse(turtle.as_bytes(), Format::Turtle, DOCUMENT).unwrap().dataset.default;
        assert_eq!(graph, wanted);
        assert_eq!(read(&graph, DOCUMENT), Some((diploma, Some(FILE.to_owned()))));
        assert_eq!(read(&Graph::default(), DOCUMENT), None);
    }

    /// Shows: shape L3, shape L4
    #[test]
    fn what_is_typed_wrongly_is_told_field_by_field() {
        let wrong = |typed| Diploma::read(typed, today()).unwrap_err();
        let long = "1".repeat(201);
        for (typed, mistake) in [
            (Typed { title: " ", ..typed() }, Mistake::Title),
            (Typed { title: &long, ..typed() }, Mistake::Title),
            (Typed { awarded: "2026-10-27", ..typed() }, Mistake::FutureDate),
            (Typed { awarded: "hier", ..typed() }, Mistake::NotADate),
            (Typed { body: "", ..typed() }, Mistake::Body),
            (Typed { number: &long, ..typed() }, Mistake::Number),
            (Typed { check_link: "http://diplome.example/", ..typed() }, Mistake::CheckLink),
            (Typed { check_link: "javascript:alert(1)", ..typed() }, Mistake::CheckLink),
            (Typed { exams: "Mathématiques ; 21/20", ..typed() }, Mistake::Exams),
            (Typed { exams: "Mathématiques ; -1/20", ..typed() }, Mistake::Exams),
            (Typed { exams: "Mathématiques", ..typed() }, Mistake::Exams),
            (Typed { exams: "Maths ; 1/20 ; x", ..typed() }, Mistake::Exams),
            (Typed { exams: "; 1/20", ..typed() }, Mistake::Exams),
        ] {
            assert_eq!(wrong(typed), [mistake], "{typed:?}");
        }
        assert_eq!(wrong(Typed::default()), [Mistake::Title, Mistake::NotADate, Mistake::Body]);
        let bare = Typed { distinction: "", number: "", check_link: "", exams: "", ..typed() };
        let read = Diploma::read(bare, today()).unwrap();
        assert_eq!((read.distinction, read.number, read.check_link, read.exams.len()), (None, None, None, 0));
        let unusual = |exams| Diploma::read(Typed { exams, ..typed() }, today()).unwrap().is_unusual();
        assert!(unusual("Piano ; 7/8") && !unusual("Piano ; 7/10"));
    }
}
