//! Those who left: when their cards go, and who else the owner may know as somebody new.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::directory::Directory;
use super::place::{About, Place};
use crate::ingest::merge::Proposal;
use crate::ingest::outcome::Stopped;
use crate::ingest::run::Run;
use crate::ingest::target::Target;
use crate::path::ResourcePath;
use crate::rdf::graph::{Graph, Term, Triple};
use crate::rdf::vocab::{cartable, rdf, vcard};

/// How long the cards of those who left stay.
const RETENTION: Duration = Duration::from_hours(400 * 24);
/// Cards of other books that are looked at for twins.
const MOST_OTHERS: usize = 500;

/// The people whose time is over: they left long ago, and the owner neither edited their card nor put them into a group.
pub async fn expired(run: &Run<'_>, place: &Place, known: &Directory) -> Result<BTreeSet<Uuid>, Stopped> {
    let limit = run.now().minus(RETENTION);
    let over = known.people.iter().filter(|(_, card)| card.gone.is_some_and(|gone| gone <= limit));
    let mut expired = BTreeSet::new();
    for (id, _) in over {
        if is_untouched(run, &place.document(About::Person(*id)), place).await? {
            expired.insert(*id);
        }
    }
    if !expired.is_empty() {
        let wanted = in_owners_groups(run, place).await?;
        expired.retain(|id| !wanted.contains(&place.this(About::Person(*id))));
    }
    Ok(expired)
}

/// Whether a document says nothing but what the connector wrote, and where it comes from.
async fn is_untouched(run: &Run<'_>, path: &ResourcePath, place: &Place) -> Result<bool, Stopped> {
    let Some(local) = run.read(path).await? else { return Ok(true) };
    let (base, document) = (run.base.document(path), place.of(path));
    let is_known = local.iter().all(|triple| base.contains(triple) || triple.subject == document);
    Ok(is_known && base.iter().all(|triple| local.contains(triple)))
}

/// Whom the owner put into groups themselves, in any book.
async fn in_owners_groups(run: &Run<'_>, place: &Place) -> Result<BTreeSet<Term>, Stopped> {
    let mut members = BTreeSet::new();
    for path in books(run).await?.into_iter().filter(|path| path.local().contains("/Group/")) {
        if matches!(place.about(&path), Some(About::Agents(_))) || path.is_container() {
            continue;
        }
        let Some(group) = run.read(&path).await? else { continue };
        let said = run.base.document(&path);
        let of_owner = group.iter().filter(|triple| *triple.predicate == *vcard::HAS_MEMBER && !said.contains(triple));
        members.extend(of_owner.map(|triple| triple.object.clone()));
    }
    Ok(members)
}

/// Everything below the place where books are.
async fn books(run: &Run<'_>) -> Result<BTreeSet<ResourcePath>, Stopped> {
    match run.path("/contacts/")?.as_container() {
        Some(books) => run.paths_below(&books).await,
        None => Ok(BTreeSet::new()),
    }
}

/// Deletes groups that closed long ago and of which nobody is left, if the owner did nothing with them.
pub async fn delete_spent_groups(run: &mut Run<'_>, place: &Place) -> Result<(), Stopped> {
    let limit = run.now().minus(RETENTION);
    let spent = Directory::known(&run.base, place).spent_groups(limit);
    let mut gone = Vec::new();
    for id in spent {
        if is_untouched(run, &place.document(About::Group(id)), place).await? {
            gone.push(id);
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    forget_in_index(run, place, &gone).await?;
    for id in gone {
        for about in [About::Agents(id), About::Organisation(place.unit_id(id)), About::Group(id)] {
            let path = place.document(about);
            if run.base.keeps(&path) {
                run.delete(&path).await?;
            }
        }
    }
    Ok(())
}

/// Takes groups out of the index before they go.
async fn forget_in_index(run: &mut Run<'_>, place: &Place, groups: &[Uuid]) -> Result<(), Stopped> {
    let gone: BTreeSet<_> = groups.iter().map(|id| place.this(About::Group(*id))).collect();
    let path = place.groups();
    let stays = |triple: &&Triple| !gone.contains(&triple.subject) && !gone.contains(&triple.object);
    let graph: Graph = run.base.document(&path).iter().filter(stays).cloned().collect();
    run.apply(vec![Target { graph, ..Target::new(path) }]).await
}

/// Tells the owner whose e-mail address is on a card of another book as well. Nothing is joined by itself.
pub async fn propose_twins(run: &mut Run<'_>, place: &Place, known: &Directory) -> Result<(), Stopped> {
    let now = Directory::known(&run.base, place);
    let new = now.people.iter().filter(|(id, _)| !known.people.contains_key(id));
    let by_mail: BTreeMap<String, Uuid> =
        new.filter_map(|(id, card)| Some((format!("mailto:{}", card.mail.as_ref()?.to_lowercase()), *id))).collect();
    if by_mail.is_empty() {
        return Ok(());
    }
    let own = place.container();
    let is_other =
        |path: &ResourcePath| path.local().contains("/Person/") && !path.is_container() && !path.is_below(&own);
    for path in books(run).await?.into_iter().filter(is_other).take(MOST_OTHERS) {
        let Some(card) = run.read(&path).await? else { continue };
        let mails = card.iter().filter(|triple| *triple.predicate == *vcard::VALUE);
        let twins: BTreeSet<_> =
            mails.filter_map(|triple| by_mail.get(&triple.object.as_iri()?.to_lowercase())).copied().collect();
        let class = Term::iri(vcard::INDIVIDUAL);
        let Some(other) = card.subjects(rdf::TYPE, &class).next() else { continue };
        for twin in twins {
            let about = About::Person(twin);
            let field = (place.this(about), cartable::POSSIBLE_SAME_AS.into());
            run.propose(Proposal { path: place.document(about), field, values: vec![other.clone()] });
        }
    }
    Ok(())
}
