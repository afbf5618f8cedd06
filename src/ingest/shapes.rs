//! Shapes at the gate: what a source says is checked before it is merged with what the pod holds.

use super::target::Target;
use crate::rdf::shape::{self, Severity, Violation};

/// Why a target may not be written: the first shape that it breaks, and how; `None`: it may. What the source leaves unsaid
/// is not missed.
pub fn refusal(target: &Target) -> Option<String> {
    let Ok(shapes) = shape::ours() else { return Some("the shapes cannot be read".to_owned()) };
    let is_unsaid = |violation: &Violation| {
        let field = violation.path.clone().map(|path| (violation.focus.clone(), path));
        field.is_some_and(|field| target.unsaid.contains(&field))
    };
    let violations = shapes.check(&target.graph).into_iter();
    let mut refusals = violations.filter(|it| it.severity == Severity::Violation && !is_unsaid(it));
    refusals.next().map(|violation| violation.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{PodName, ResourcePath};
    use crate::rdf::format::{self, Format};
    use crate::rdf::graph::Term;
    use crate::rdf::vocab::vcard;

    const CARD: &str = "https://malo.example/card";

    fn target(turtle: &str) -> Target {
        let turtle = format!("@prefix vcard: <{}> . <#this> a vcard:Individual ; {turtle} .", vcard::NS);
        let graph = format::parse(turtle.as_bytes(), Format::Turtle, CARD).unwrap().dataset.default;
        let path = ResourcePath::parse(PodName::parse("malo").unwrap(), "/card").unwrap();
        Target { graph, ..Target::new(path) }
    }

    /// Shows: shape A2, shape A4
    #[test]
    fn what_breaks_a_shape_is_refused_and_nothing_of_it_is_told() {
        let uid = "vcard:hasUID <urn:uuid:7d0c6f0e-5f0a-5b1e-9a55-0c7f4e3a9b06>";
        for (turtle, refused) in [
            (format!("{uid} ; vcard:fn 'Malo Fictif'"), None),
            (uid.to_owned(), Some("A2: fn: there must be at least 1")),
            (
                format!("{uid} ; vcard:fn 'Malo Fictif' ; vcard:hasEmail <#m> . <#m> vcard:value <mailto:malo>"),
                Some("A4: value: it does not have the right form"),
            ),
        ] {
            assert_eq!(refusal(&target(&turtle)).as_deref(), refused, "{turtle}");
        }
    }

    #[test]
    fn what_is_left_unsaid_is_not_missed() {
        let mut target = target("vcard:hasUID <urn:uuid:7d0c6f0e-5f0a-5b1e-9a55-0c7f4e3a9b06>");
        target.unsaid.insert((Term::iri(format!("{CARD}#this")), vcard::FN.into()));
        assert_eq!(refusal(&target), None);
    }
}
