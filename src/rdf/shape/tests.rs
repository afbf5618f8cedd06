use super::*;
use crate::rdf::format::{self, Format};
use crate::rdf::vocab::sh;

const PREFIXES: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <https://example.org/> .\n\
    @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n";

fn shapes(turtle: &str) -> Result<Shapes, Error> {
    Shapes::parse(&format!("{PREFIXES}{turtle}"))
}

fn graph(turtle: &str) -> Graph {
    format::parse(format!("{PREFIXES}{turtle}").as_bytes(), Format::Turtle, "https://example.org/")
        .unwrap()
        .dataset
        .default
}

/// What a shape for `:A` with this constraint on `:p` says of `:a` with this said of it.
fn said(constraint: &str, of_a: &str) -> Vec<String> {
    let shapes = shapes(&format!(
        ":S sh:targetClass :A ; sh:property [ sh:path :p ; {constraint} ] . :Other sh:property [ sh:path :q ; sh:minCount 1 ] ."
    ));
    let graph = graph(&format!(":a a :A{of_a} . :b a :B ; :q 1 . :c :q 2 ."));
    shapes.unwrap().check(&graph).iter().map(Violation::to_string).collect()
}

#[test]
fn each_constraint_holds_or_does_not() {
    #[rustfmt::skip]
    let table = [
        ("sh:minCount 1", "; :p 1", ""),
        ("sh:minCount 2", "; :p 1", "there must be at least 2"),
        ("sh:maxCount 1", "; :p 1, 2", "there must be at most 1"),
        ("sh:hasValue \"EUR\"", "; :p \"EUR\", \"USD\"", ""),
        ("sh:hasValue \"EUR\"", "; :p \"USD\"", "one value is prescribed"),
        ("sh:datatype xsd:string", "; :p \"a\"", ""),
        ("sh:datatype xsd:string", "; :p \"a\"@fr", "it must be a well-formed string"),
        ("sh:datatype xsd:date", "; :p \"2026-02-28\"^^xsd:date", ""),
        ("sh:datatype xsd:date", "; :p \"2026-02-30\"^^xsd:date", "it must be a well-formed date"),
        ("sh:datatype xsd:decimal", "; :p \"12,5\"^^xsd:decimal", "it must be a well-formed decimal"),
        ("sh:datatype xsd:dateTime", "; :p \"2026-09-08T05:12:00Z\"^^xsd:dateTime", ""),
        ("sh:datatype xsd:boolean", "; :p \"yes\"^^xsd:boolean", "it must be a well-formed boolean"),
        ("sh:datatype xsd:nonNegativeInteger", "; :p \"-1\"^^xsd:nonNegativeInteger", "it must be a well-formed nonNegativeInteger"),
        ("sh:datatype xsd:integer", "; :p :b", "it must be a well-formed integer"),
        ("sh:nodeKind sh:IRI", "; :p :b", ""),
        ("sh:nodeKind sh:IRI", "; :p []", "it must be an IRI"),
        ("sh:nodeKind sh:BlankNodeOrIRI", "; :p 1", "it must be an IRI or a blank node"),
        ("sh:class :B", "; :p :b", ""),
        ("sh:class :B", "; :p :c", "it must be a B"),
        ("sh:in ( 1 :b )", "; :p 1, :b", ""),
        ("sh:in ( 1 :b )", "; :p \"1\"", "it must be one of those listed"),
        ("sh:pattern \"^https://\"", "; :p <https://example.org/>, \"https://b\"", ""),
        ("sh:pattern \"^https://\"", "; :p <http://example.org/>", "it does not have the right form"),
        ("sh:pattern \"^\"", "; :p []", "it does not have the right form"),
        ("sh:pattern \"^ABC$\" ; sh:flags \"i\"", "; :p \"abc\"", ""),
        ("sh:minLength 2 ; sh:maxLength 3", "; :p \"été\"", ""),
        ("sh:minLength 2", "; :p \"é\"", "it must have at least 2 characters"),
        ("sh:maxLength 2", "; :p \"été\"", "it must have at most 2 characters"),
        ("sh:minInclusive 0 ; sh:maxInclusive 1", "; :p 0, 1.0, 0.5e0", ""),
        ("sh:minExclusive 0", "; :p 0", "it is too small"),
        ("sh:maxInclusive 1", "; :p 1.01", "it is too large"),
        ("sh:maxExclusive 1", "; :p \"0\"", "it is too large"),
        ("sh:minInclusive \"2000-01-01\"^^xsd:date", "; :p \"1999-12-31\"^^xsd:date", "it is too small"),
        ("sh:lessThanOrEquals :q", "; :p \"2025-12-01\"^^xsd:date ; :q \"2025-12-31\"^^xsd:date", ""),
        ("sh:lessThanOrEquals :q", "; :p 2 ; :q 2, 1", "it must not be after q"),
        ("sh:lessThanOrEquals :q", "; :p 1 ; :q \"x\"", "it must not be after q"),
        ("sh:node :Other", "; :p :b, :c", ""),
        ("sh:node :Other", "; :p :d", "it must be as Other says"),
    ];
    for (constraint, of_a, violation) in table {
        let expected: Vec<_> =
            Some(violation).filter(|text| !text.is_empty()).map(|text| format!("S: p: {text}")).into_iter().collect();
        assert_eq!(said(constraint, of_a), expected, "{constraint} of {of_a}");
    }
}

#[test]
fn targets_are_classes_subjects_and_objects() {
    let shapes = shapes(
        ":One sh:targetClass :A ; sh:nodeKind sh:BlankNode . :Two sh:targetSubjectsOf :p ; sh:class :B .
         :Three sh:targetObjectsOf :p ; sh:class :B .",
    )
    .unwrap();
    let found = shapes.check(&graph(":a a :A . :b :p :c ."));
    let found: Vec<_> = found.iter().map(|found| (local_name(&found.shape), &found.focus)).collect();
    let term = |name: &str| Term::iri(format!("https://example.org/{name}"));
    assert_eq!(found, [("One", &term("a")), ("Three", &term("c")), ("Two", &term("b"))]);
}

#[test]
fn a_violation_names_the_shape_and_nothing_of_the_data() {
    let shapes = shapes(
        ":S sh:targetClass :A ; sh:property [ sh:path :name ; sh:maxLength 3 ] ,
           [ sh:path :mail ; sh:minCount 1 ; sh:severity sh:Warning ; sh:message \"an address is missing\" ] .",
    )
    .unwrap();
    let found = shapes.check(&graph(":a a :A ; :name \"Malo Fictif\" ."));
    let texts: Vec<_> = found.iter().map(|found| (found.severity, found.to_string())).collect();
    let expected = [
        (Severity::Violation, "S: name: it must have at most 3 characters".to_owned()),
        (Severity::Warning, "S: mail: an address is missing".to_owned()),
    ];
    assert!(texts.len() == 2 && expected.iter().all(|each| texts.contains(each)), "{texts:?}");
}

#[test]
fn what_is_not_known_is_refused() {
    let iri = |name: &str| Error::Unknown(format!("http://www.w3.org/ns/shacl#{name}").into());
    let table = [
        (":S sh:targetClass :A ; sh:closed true .", iri("closed")),
        (":S sh:targetNode :a .", iri("targetNode")),
        (":S sh:property [ sh:path :p ; sh:or () ] .", iri("or")),
        (
            ":S a sh:NodeShape, <http://www.w3.org/2000/01/rdf-schema#Class> .",
            Error::Unknown("http://www.w3.org/2000/01/rdf-schema#Class".into()),
        ),
        (":S sh:property [ sh:path [ sh:inversePath :p ] ; sh:minCount 1 ] .", Error::Value(sh::PATH)),
        (":S sh:property [ sh:minCount 1 ] .", Error::Value(sh::PATH)),
        (":S sh:property [ sh:class :B ] .", Error::Value(sh::PATH)),
        (":S sh:property [ sh:path :p ; sh:minCount \"one\" ] .", Error::Value(sh::MIN_COUNT)),
        (":S sh:property [ sh:path :p ; sh:minCount -1 ] .", Error::Value(sh::MIN_COUNT)),
        (":S sh:property [ sh:path :p ; sh:pattern \"(\" ] .", Error::Value(sh::PATTERN)),
        (":S sh:property [ sh:path :p ; sh:pattern \"a\" ; sh:flags \"q\" ] .", Error::Value(sh::FLAGS)),
        (":S sh:property [ sh:path :p ; sh:nodeKind :IRI ] .", Error::Value(sh::NODE_KIND)),
        (":S sh:property [ sh:path :p ; sh:severity :Bad ] .", Error::Value(sh::SEVERITY)),
        (":S sh:property [ sh:path :p ; sh:minInclusive :b ] .", Error::Value(sh::MIN_INCLUSIVE)),
        (":S sh:property [ sh:path :p ; sh:in :b ] .", Error::Value(sh::IN)),
        (":S sh:node :S .", Error::Circle),
        (":S sh:node [ sh:node :S ] .", Error::Circle),
        ("[] sh:targetClass :A ; sh:nodeKind sh:IRI .", Error::Loose),
        (":S sh:targetClass :A . [] sh:path :p ; sh:minCount 1 .", Error::Loose),
    ];
    for (turtle, error) in table {
        assert_eq!(shapes(turtle).unwrap_err(), error, "{turtle}");
    }
    assert!(matches!(shapes(":S sh:node"), Err(Error::Turtle(_))));
}

#[test]
fn many_values_are_not_compared_one_by_one() {
    let shapes = shapes(":S sh:targetClass :A ; sh:property [ sh:path :p ; sh:lessThanOrEquals :q ] .").unwrap();
    let values = |from: usize| (from..from + 200).map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
    let found = shapes.check(&graph(&format!(":a a :A ; :p {} ; :q {} .", values(0), values(1000))));
    assert_eq!(found.len(), 1);
}
