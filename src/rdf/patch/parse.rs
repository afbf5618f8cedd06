//! From the text of an N3 Patch to its clauses.

use std::collections::{HashMap, HashSet};

use oxrdf::GraphName;
use oxttl::N3Parser;
use oxttl::n3::{N3Quad, N3Term};

use super::surface::Surface;
use super::{Invalid, Patch};
use crate::rdf::format::{bounds, terms};
use crate::rdf::graph::Term;
use crate::rdf::pattern::{CONDITIONS, Pattern, Slot};
use crate::rdf::vocab::{rdf, solid};

const NOT_A_FORMULA: Invalid = Invalid::Rule("each clause of a patch must be one formula, and formulae must not nest");

impl Patch {
    /// Reads an N3 Patch document whose base is the target's URL.
    ///
    /// Spec: solid#server-patch-n3-patches, solid#server-patch-n3-invalid, P-163
    pub fn parse(bytes: &[u8], base: &str) -> Result<Self, Invalid> {
        let surface = Surface::of(bytes);
        if surface.beyond_patches {
            return Err(Invalid::Rule("a patch must not use implication, equality, paths or quantifiers"));
        }
        let quads = read(bytes, base)?;
        let statements: Vec<_> = quads.iter().filter(|quad| quad.graph_name == GraphName::DefaultGraph).collect();
        let resource = resource(&statements)?;
        let formula = |predicate| formula(&statements, resource, predicate);
        let formulae = [formula(solid::WHERE)?, formula(solid::INSERTS)?, formula(solid::DELETES)?];
        if formulae.iter().flatten().count() != surface.formulae {
            return Err(NOT_A_FORMULA);
        }
        let [conditions, insertions, deletions] = formulae.map(|formula| contents(&quads, formula));
        check_blank_nodes(&statements, &conditions, &insertions, &deletions)?;
        assemble(&conditions, &insertions, &deletions)
    }
}

/// Reads all statements, within the bounds of a document.
fn read(bytes: &[u8], base: &str) -> Result<Vec<N3Quad>, Invalid> {
    bounds::check_turtle(bytes).map_err(|error| Invalid::Syntax(error.to_string()))?;
    let parser = N3Parser::new()
        .with_base_iri(base)
        .map_err(|_| Invalid::Syntax("the target's address is not an absolute IRI".to_owned()))?;
    let mut quads = Vec::new();
    let mut text = 0;
    for quad in parser.for_slice(bytes) {
        let quad = quad.map_err(|error| {
            let start = error.location().start;
            Invalid::Syntax(format!("line {}, column {}", start.line + 1, start.column + 1))
        })?;
        text += [&quad.subject, &quad.predicate, &quad.object].map(length).iter().sum::<usize>();
        quads.push(quad);
        if quads.len() > bounds::TRIPLES || text > bounds::TEXT {
            return Err(Invalid::Rule("the patch says too much"));
        }
    }
    Ok(quads)
}

fn length(term: &N3Term) -> usize {
    match term {
        N3Term::NamedNode(iri) => iri.as_str().len(),
        N3Term::BlankNode(node) => node.as_str().len(),
        N3Term::Literal(literal) => literal.value().len() + literal.datatype().as_str().len(),
        N3Term::Variable(variable) => variable.as_str().len(),
    }
}

fn is_iri(term: &N3Term, iri: &str) -> bool {
    matches!(term, N3Term::NamedNode(node) if node.as_str() == iri)
}

/// The one subject that has clauses or the type of a patch.
///
/// Spec: solid#server-patch-n3-single, solid#server-patch-n3-patch-identifier, P-164, P-165
fn resource<'a>(statements: &[&'a N3Quad]) -> Result<&'a N3Term, Invalid> {
    let is_type = |quad: &N3Quad, class: &str| is_iri(&quad.predicate, rdf::TYPE) && is_iri(&quad.object, class);
    let mut subjects = statements
        .iter()
        .filter(|quad| {
            [solid::WHERE, solid::INSERTS, solid::DELETES].iter().any(|clause| is_iri(&quad.predicate, clause))
                || [solid::PATCH, solid::INSERT_DELETE_PATCH].iter().any(|class| is_type(quad, class))
        })
        .map(|quad| &quad.subject);
    let resource = subjects.next().ok_or(Invalid::Rule("the document has no patch in it"))?;
    if subjects.any(|other| other != resource) {
        return Err(Invalid::Rule("the document has more than one patch in it"));
    }
    if !matches!(resource, N3Term::NamedNode(_) | N3Term::BlankNode(_)) {
        return Err(Invalid::Rule("the patch must be an IRI or a blank node"));
    }
    if !statements.iter().any(|quad| quad.subject == *resource && is_type(quad, solid::INSERT_DELETE_PATCH)) {
        return Err(Invalid::Rule("the patch is not of type solid:InsertDeletePatch"));
    }
    Ok(resource)
}

/// The formula of a clause, of which there is at most one.
///
/// Spec: solid#server-patch-n3-deletes, solid#server-patch-n3-inserts, solid#server-patch-n3-where, P-166, P-167
fn formula<'a>(
    statements: &[&'a N3Quad],
    resource: &N3Term,
    predicate: &str,
) -> Result<Option<&'a oxrdf::BlankNode>, Invalid> {
    let mut objects = statements
        .iter()
        .filter(|quad| quad.subject == *resource && is_iri(&quad.predicate, predicate))
        .map(|quad| &quad.object);
    let Some(object) = objects.next() else { return Ok(None) };
    if objects.next().is_some() {
        return Err(Invalid::Rule("the patch has a clause twice"));
    }
    // The parser names formulae by blank nodes; a list or a bracketed node has statements of its own.
    let is_node = |quad: &&&N3Quad| quad.subject == *object;
    match object {
        N3Term::BlankNode(formula) if !statements.iter().any(|quad| is_node(&quad)) => Ok(Some(formula)),
        _ => Err(NOT_A_FORMULA),
    }
}

/// The statements within a formula.
fn contents<'a>(quads: &'a [N3Quad], formula: Option<&oxrdf::BlankNode>) -> Vec<&'a N3Quad> {
    let Some(formula) = formula else { return Vec::new() };
    let graph = GraphName::from(formula.clone());
    quads.iter().filter(|quad| quad.graph_name == graph).collect()
}

/// Blank nodes may be made by insertions and left open by conditions, but not shared or deleted.
///
/// Spec: solid-ed#server-patch-n3-blank-nodes-syntax, P-169
fn check_blank_nodes(
    statements: &[&N3Quad],
    conditions: &[&N3Quad],
    insertions: &[&N3Quad],
    deletions: &[&N3Quad],
) -> Result<(), Invalid> {
    let (outside, made) = (blank_nodes(statements), blank_nodes(insertions));
    let open = blank_nodes(conditions);
    if !blank_nodes(deletions).is_empty() {
        return Err(Invalid::Rule("a patch must not delete blank nodes by label: find them with a variable"));
    }
    if !made.is_disjoint(&open) || !made.is_disjoint(&outside) || !open.is_disjoint(&outside) {
        return Err(Invalid::Rule("a blank node of a clause must not be used outside of it"));
    }
    Ok(())
}

fn blank_nodes<'a>(quads: &[&'a N3Quad]) -> HashSet<&'a str> {
    let terms = quads.iter().flat_map(|quad| [&quad.subject, &quad.predicate, &quad.object]);
    terms.filter_map(|term| if let N3Term::BlankNode(node) = term { Some(node.as_str()) } else { None }).collect()
}

/// Numbers the variables, and sees that each clause holds triple patterns whose variables the conditions know.
///
/// Spec: solid#server-patch-n3-formulae, solid#server-patch-n3-variables, P-167, P-168
fn assemble<'a>(
    conditions: &[&'a N3Quad],
    insertions: &[&'a N3Quad],
    deletions: &[&'a N3Quad],
) -> Result<Patch, Invalid> {
    if conditions.len() > CONDITIONS {
        return Err(Invalid::Rule("the patch has too many conditions"));
    }
    let terms = || conditions.iter().flat_map(|quad| [&quad.subject, &quad.predicate, &quad.object]);
    let mut variables = HashMap::new();
    for term in terms().filter(|term| matches!(term, N3Term::Variable(_))) {
        let number = variables.len();
        variables.entry(term).or_insert(number);
    }
    let named = variables.len();
    for term in terms().filter(|term| matches!(term, N3Term::BlankNode(_))) {
        let number = variables.len();
        variables.entry(term).or_insert(number);
    }
    let mut fresh = HashMap::new();
    let mut patterns = |quads: &[&'a N3Quad]| {
        quads.iter().map(|quad| pattern(quad, &variables, &mut fresh)).collect::<Result<Vec<_>, _>>()
    };
    Ok(Patch {
        conditions: patterns(conditions)?,
        insertions: patterns(insertions)?,
        deletions: patterns(deletions)?,
        named,
        variables: variables.len(),
    })
}

fn pattern<'a>(
    quad: &'a N3Quad,
    variables: &HashMap<&'a N3Term, usize>,
    fresh: &mut HashMap<&'a str, usize>,
) -> Result<Pattern, Invalid> {
    let bad_subject = matches!(quad.subject, N3Term::Literal(_));
    let bad_predicate = matches!(quad.predicate, N3Term::Literal(_) | N3Term::BlankNode(_));
    if bad_subject || bad_predicate {
        return Err(Invalid::Rule("a formula holds what is neither a triple nor a triple pattern"));
    }
    let mut slot = |term: &'a N3Term| match (term, variables.get(term)) {
        (_, Some(number)) => Ok(Slot::Variable(*number)),
        (N3Term::Variable(_), None) => {
            Err(Invalid::Rule("a variable of the insertions or deletions is not in the conditions"))
        }
        (N3Term::NamedNode(iri), None) => Ok(Slot::Fixed(Term::iri(iri.as_str()))),
        (N3Term::Literal(literal), None) => {
            Ok(Slot::Fixed(Term::Literal(terms::literal(literal, literal.datatype().as_str().into()))))
        }
        (N3Term::BlankNode(node), None) => {
            let number = fresh.len();
            Ok(Slot::Fresh(*fresh.entry(node.as_str()).or_insert(number)))
        }
    };
    Ok(Pattern { subject: slot(&quad.subject)?, predicate: slot(&quad.predicate)?, object: slot(&quad.object)? })
}
