//! Filing one document: its file into its folder, its record and amounts beside. The portal's and dropped ones alike.

use bytes::Bytes;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::fields::Fields;
use super::kind::{Kind, Period, file_name, with_suffix};
use super::mapping::{File, Mapped, PayDocument, Place, mapped, spare_corrected};
use super::place::Places;
use super::reading::{LONGEST, Reader};
use crate::ingest::outcome::{Status, Stopped};
use crate::ingest::run::Run;
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Iri, Term, Triple};

/// The media type of payslips.
pub const PDF: &str = "application/pdf";

/// The SHA-256 of a file, in hexadecimal.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Five characters that tell two files of one name apart.
pub fn suffix(identifier: &str) -> String {
    hex(&Sha1::digest(identifier.as_bytes()))[..5].to_owned()
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// What can be read off a PDF; what cannot is told by name only.
pub async fn read(run: &mut Run<'_>, reader: &Reader, pdf: Bytes) -> Fields {
    match reader.read(pdf).await {
        Ok(fields) => {
            if fields.kind.is_some_and(Kind::is_payslip) {
                fields.missing().into_iter().for_each(|name| run.note(name, 1));
            }
            fields
        }
        Err(unread) => {
            run.note(unread.name(), 1);
            Fields::default()
        }
    }
}

/// A free place for a file, or the one where it lies already: its name, and with something behind the name if another
/// file has taken that.
pub async fn free_place(
    run: &Run<'_>,
    places: &Places,
    (kind, period, came_as): (Kind, Option<Period>, Option<&str>),
    identifier: &str,
    hash: &str,
) -> Result<(ResourcePath, bool), Stopped> {
    let name = file_name(kind, period, came_as);
    for name in [name.clone(), with_suffix(&name, &suffix(identifier)), with_suffix(&name, &suffix(hash))] {
        let path = places.file(kind, period, &name)?;
        if run.agent.look(&path).await?.is_none() {
            return Ok((path, false));
        }
        if is_there(run, &path, hash).await? {
            return Ok((path, true));
        }
    }
    Err(Stopped { status: Status::Failed, at: Some("all names of a file are taken") })
}

/// Whether the file with this hash lies there.
pub async fn is_there(run: &Run<'_>, path: &ResourcePath, wanted: &str) -> Result<bool, Stopped> {
    let bytes = run.agent.bytes(path, LONGEST as u64).await?;
    Ok(bytes.is_some_and(|bytes| hash(&bytes) == wanted))
}

/// Writes record and amounts, and tells which checks failed.
pub async fn write(
    run: &mut Run<'_>,
    document: &PayDocument,
    places: &Places,
    id: Uuid,
    portal: Option<Iri>,
) -> Result<(), Stopped> {
    let (record, amounts) = (places.record(id)?, places.amounts(id)?);
    let at = |path: &ResourcePath| (path.clone(), Iri::from(run.iri(path)));
    let (owner, activity) = (run.owner().into(), run.activity().into());
    let place = Place { record: at(&record), amounts: at(&amounts), owner, portal, activity };
    let Mapped { record, amounts: mapped_amounts, failed } = mapped(document, &place);
    for check in failed {
        run.note(check.name(), 1);
    }
    let mut targets = vec![record];
    if let Some(mut target) = mapped_amounts {
        spare_corrected(&mut target, &run.read(&amounts).await?.unwrap_or_default());
        targets.push(target);
    }
    run.apply(targets).await
}

/// A file of the pod as a record tells of it.
pub fn file(run: &Run<'_>, path: &ResourcePath, bytes: &[u8], hash: &str, replaces: Option<Iri>) -> File {
    let (iri, size) = (run.iri(path).into(), bytes.len() as u64);
    File { iri, size, hash: hash.to_owned(), created: run.now(), replaces }
}

/// The place in this pod that an address names.
pub fn place_of(run: &Run<'_>, iri: &str) -> Option<ResourcePath> {
    let path = run.parts.pods.addresses().path_of(iri)?;
    (path.pod() == run.pod().pod()).then_some(path)
}

/// A graph in which one address stands for another.
pub fn readdressed(graph: &Graph, from: &Iri, to: &Iri) -> Graph {
    let moved = |term: &Term| if term.as_iri() == Some(from) { Term::Iri(to.clone()) } else { term.clone() };
    let triples = graph.iter().map(|triple| Triple {
        subject: moved(&triple.subject),
        predicate: triple.predicate.clone(),
        object: moved(&triple.object),
    });
    triples.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_those_of_the_seed() {
        // SHA-1 of the identifier, its first five digits.
        assert_eq!(suffix("d0c00000-0000-4000-8000-000000000121").len(), 5);
        assert_ne!(suffix("d0c00000-0000-4000-8000-000000000121"), suffix("d0c00000-0000-4000-8000-000000000120"));
        assert_eq!(suffix("abc"), "a9993");
    }

    #[test]
    fn addresses_are_replaced_wherever_they_stand() {
        let [from, to, other] = ["https://p.example/a", "https://p.example/b", "https://p.example/c"].map(Iri::from);
        let triple =
            |one: &Iri, two: &Iri| Triple::new(Term::Iri(one.clone()), "https://p.example/p", Term::Iri(two.clone()));
        let graph: Graph = [triple(&from, &other), triple(&other, &from)].into_iter().flatten().collect();
        let moved: Graph = [triple(&to, &other), triple(&other, &to)].into_iter().flatten().collect();
        assert_eq!(readdressed(&graph, &from, &to), moved);
    }
}
