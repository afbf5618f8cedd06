//! The prefixes that connectors write documents with.

use crate::rdf::graph::{Graph, Term};
use crate::rdf::vocab::{
    acl, adms, bookmark, cartable, dc, dcat, dcterms, elm, org, prov, rdfs, schema, skos, solid, time, vcard, xsd,
};

const KNOWN: [(&str, &str); 18] = [
    ("acl", acl::NS),
    ("adms", adms::NS),
    ("bookmark", bookmark::NS),
    ("cartable", cartable::NS),
    ("dc", dc::NS),
    ("dcat", dcat::NS),
    ("dct", dcterms::NS),
    ("elm", elm::NS),
    ("org", org::NS),
    ("prov", prov::NS),
    ("rdfs", rdfs::NS),
    ("schema", schema::NS),
    ("skos", skos::NS),
    ("solid", solid::NS),
    ("time", time::NS),
    ("vcard", vcard::NS),
    ("xsd", xsd::NS),
    ("xapi", crate::rdf::vocab::xapi::NS),
];

/// The prefixes of a document that will hold `graph`: those it has, and those of ours that it has use for.
pub fn with(mut own: Vec<(String, String)>, graph: &Graph) -> Vec<(String, String)> {
    let is_used = |namespace: &str| {
        graph.iter().any(|triple| {
            let of = |term: &Term| match term {
                Term::Iri(iri) => iri.starts_with(namespace),
                Term::Literal(literal) => *namespace != *xsd::NS && literal.datatype.starts_with(namespace),
                Term::Blank(_) => false,
            };
            triple.predicate.starts_with(namespace) || of(&triple.subject) || of(&triple.object)
        })
    };
    for (prefix, namespace) in KNOWN {
        let is_known = own.iter().any(|(taken, known)| taken == prefix || known == namespace);
        if !is_known && is_used(namespace) {
            own.push((prefix.to_owned(), namespace.to_owned()));
        }
    }
    own.sort_unstable();
    own
}

/// All prefixes of ours.
pub fn all() -> Vec<(String, String)> {
    KNOWN.iter().map(|(prefix, namespace)| ((*prefix).to_owned(), (*namespace).to_owned())).collect()
}
