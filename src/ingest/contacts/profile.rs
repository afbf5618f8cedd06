//! What somebody is at school, as platforms spell it.

use crate::rdf::graph::Term;
use crate::rdf::vocab::cartable;

/// Codes of the national directory of school platforms, their older numbers, and what this platform says instead.
const SPELLINGS: [(&str, &[&str]); 9] = [
    ("elv", &["ele", "elv", "national_elv", "national_1"]),
    ("tut", &["tut", "national_tut", "national_2"]),
    ("ens", &["ens", "national_ens", "national_3"]),
    ("dir", &["dir", "national_dir", "national_4"]),
    ("evs", &["evs", "national_evs", "national_5"]),
    ("eta", &["eta", "national_eta", "national_6"]),
    ("aca", &["aca", "national_aca", "national_7"]),
    ("doc", &["doc", "national_doc"]),
    ("col", &["col", "national_col"]),
];

/// What is shown for the two profiles that everybody meets; the others stay as the platform spells them.
const LABELS: [(&str, &str); 2] = [("elv", "Élève"), ("ens", "Enseignant")];

fn code(title: &str) -> Option<&'static str> {
    let is_spelt = |spellings: &[&str]| spellings.iter().any(|spelling| spelling.eq_ignore_ascii_case(title));
    SPELLINGS.into_iter().find(|(_, spellings)| is_spelt(spellings)).map(|(code, _)| code)
}

/// What is shown of a title.
pub fn label(title: &str) -> Term {
    let known = LABELS.into_iter().find(|(known, _)| code(title) == Some(known));
    known.map_or_else(|| Term::text(title), |(_, label)| Term::text_in("fr", label))
}

/// The title that a label was made of.
pub fn title(label: &str) -> String {
    let known = LABELS.into_iter().find(|(_, known)| *known == label);
    known.map_or(label, |(code, _)| code).to_owned()
}

/// The concept of a title, if it is a known one.
pub fn concept(title: &str) -> Option<Term> {
    code(title).map(|code| Term::iri(format!("{}profile-{code}", cartable::NS)))
}

/// The role in a school or class.
pub fn role(title: &str) -> Option<&'static str> {
    match code(title)? {
        "elv" => Some(cartable::ROLE_PUPIL),
        "ens" => Some(cartable::ROLE_TEACHER),
        "tut" => None,
        _ => Some(cartable::ROLE_STAFF),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_known_without_case() {
        for (spelt, shown, concept_name, in_role) in [
            ("ELE", Term::text_in("fr", "Élève"), Some("profile-elv"), Some(cartable::ROLE_PUPIL)),
            ("eNs", Term::text_in("fr", "Enseignant"), Some("profile-ens"), Some(cartable::ROLE_TEACHER)),
            ("National_1", Term::text_in("fr", "Élève"), Some("profile-elv"), Some(cartable::ROLE_PUPIL)),
            ("DOC", Term::text("DOC"), Some("profile-doc"), Some(cartable::ROLE_STAFF)),
            ("TUT", Term::text("TUT"), Some("profile-tut"), None),
            ("Jardinier", Term::text("Jardinier"), None, None),
        ] {
            assert_eq!(label(spelt), shown);
            assert_eq!(concept(spelt), concept_name.map(|name| Term::iri(format!("{}{name}", cartable::NS))));
            assert_eq!(role(spelt), in_role);
            let again = title(&shown.as_literal().unwrap().lexical);
            assert_eq!((label(&again), concept(&again)), (shown, concept(spelt)), "a label is read as it was written");
        }
    }
}
