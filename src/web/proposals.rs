//! What sources would have where the owner has edited, as the reports of their runs tell it. The owner takes it or keeps
//! their own; either way it is asked no more.

use std::collections::BTreeSet;

use super::Instead;
use super::own::{Own, broken, text};
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::{cartable, dcterms, rdf};

/// So many of the latest reports are looked through: more than a year of weeks.
const REPORTS: usize = 60;

/// Something that a source would have otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    /// The report that tells it.
    report: ResourcePath,
    node: Term,
    /// The document that it is for.
    pub document: ResourcePath,
    pub subject: Term,
    pub field: String,
    pub values: Vec<Term>,
}

impl Proposal {
    /// What it is called in forms.
    pub fn id(&self) -> &str {
        self.node.as_iri().map_or("", |iri| iri)
    }

    fn is_about_the_same_as(&self, other: &Self) -> bool {
        (&self.document, &self.subject, &self.field) == (&other.document, &other.subject, &other.field)
    }
}

/// All that is open, the latest word of each source first.
pub(super) async fn open(own: &Own<'_>) -> Result<Vec<Proposal>, Instead> {
    let mut open: Vec<Proposal> = Vec::new();
    for proposal in told(own).await? {
        if !open.iter().any(|newer| newer.is_about_the_same_as(&proposal)) {
            open.push(proposal);
        }
    }
    Ok(open)
}

async fn told(own: &Own<'_>) -> Result<Vec<Proposal>, Instead> {
    let Some(connectors) = own.path("/connectors/").and_then(|path| path.as_container()) else { return Ok(Vec::new()) };
    let mut reports = own.documents(&connectors).await?;
    reports.retain(|path| path.local().contains("/runs/"));
    // Their names are their times.
    reports.sort_by(|one, other| other.local().rsplit('/').next().cmp(&one.local().rsplit('/').next()));
    let mut told = Vec::new();
    for report in reports.into_iter().take(REPORTS) {
        let graph = own.graph(&report).await?;
        told.extend(read(own, &report, &graph));
    }
    Ok(told)
}

fn read(own: &Own<'_>, report: &ResourcePath, graph: &Graph) -> Vec<Proposal> {
    let class = Term::iri(cartable::PROPOSAL_CLASS);
    let nodes: BTreeSet<_> = graph.subjects(rdf::TYPE, &class).collect();
    let proposal = |node: &Term| {
        Some(Proposal {
            report: report.clone(),
            node: node.clone(),
            document: graph.objects(node, dcterms::IS_PART_OF).find_map(|document| own.place(document))?,
            subject: graph.objects(node, dcterms::SUBJECT).next()?.clone(),
            field: graph.objects(node, cartable::FIELD).next()?.as_iri()?.to_string(),
            values: graph.objects(node, cartable::REMOTE_VALUE).cloned().collect(),
        })
    };
    nodes.into_iter().filter_map(proposal).collect()
}

/// Puts what a source says in the place of what the owner has.
///
/// Spec: CP-52
pub(super) async fn take(own: &Own<'_>, proposal: &Proposal) -> Result<(), Instead> {
    let graph = own.graph(&proposal.document).await?;
    let field = |triple: &&Triple| *triple.predicate == *proposal.field;
    let old: Vec<_> = graph.about(&proposal.subject).filter(field).cloned().collect();
    let says = |value: &Term| Triple::new(proposal.subject.clone(), proposal.field.as_str(), value.clone());
    let new: Vec<_> = proposal.values.iter().filter_map(says).collect();
    let (gone, come): (Vec<_>, Vec<_>) = (
        old.iter().filter(|triple| !new.contains(triple)).cloned().collect(),
        new.iter().filter(|triple| !old.contains(triple)).cloned().collect(),
    );
    if !gone.is_empty() || !come.is_empty() {
        own.agent.edit(&proposal.document, gone, come).await.map_err(broken)?;
    }
    settle(own, proposal).await
}

/// Takes a question out of the reports that ask it, since it is answered.
///
/// Spec: CP-52
pub(super) async fn settle(own: &Own<'_>, settled: &Proposal) -> Result<(), Instead> {
    for proposal in told(own).await? {
        if !proposal.is_about_the_same_as(settled) {
            continue;
        }
        let graph = own.graph(&proposal.report).await?;
        let of_it = |triple: &&Triple| triple.subject == proposal.node || triple.object == proposal.node;
        let gone: Vec<_> = graph.iter().filter(of_it).cloned().collect();
        own.agent.edit(&proposal.report, gone, Vec::new()).await.map_err(broken)?;
    }
    Ok(())
}

/// Values as a person reads them.
pub(super) fn shown<'a>(values: impl IntoIterator<Item = &'a Term>, graph: &Graph) -> String {
    let value = |term: &Term| match term {
        Term::Literal(literal) => literal.lexical.to_string(),
        Term::Iri(iri) => {
            let named = text(graph, term, crate::rdf::vocab::vcard::FN);
            let plain = iri.strip_prefix("mailto:").or_else(|| iri.strip_prefix("tel:")).unwrap_or(iri);
            named.unwrap_or_else(|| plain.to_owned())
        }
        Term::Blank(_) => String::new(),
    };
    values.into_iter().map(value).collect::<Vec<_>>().join(", ")
}
