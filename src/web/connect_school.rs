//! Connecting the contacts of a school: the way to the school, where its user allows it, and back with what is kept of
//! that. What is connected is shown elsewhere, with all other sources.

use uuid::Uuid;

use super::{Answer, Instead, Next, Pages, Visitor, next, pages, path, see_other, upstream};
use crate::identity::account::{Account, Link, Refusal, SignedIn};
use crate::identity::upstream::{Came, Fault, Offline, Person, Purpose, Wish};
use crate::ingest::contacts::source::{self, Leave, Settings};
use crate::path::PodName;

/// Sends somebody to their school, to allow it. A minor asks a parent first.
///
/// Spec: CP-07, O-312
pub(super) async fn begin(pages: &Pages, visitor: &Visitor, id: &str) -> Answer {
    let by = pages::signed_in(visitor)?;
    if !by.account.has_consent() {
        return Err(Instead::GoTo(path::GUARDIAN.to_owned()));
    }
    if pages.upstreams.contacts(id).is_none() {
        return Err(upstream::problem(&Fault::Unknown).into());
    }
    let wish = Wish { purpose: Purpose::Contacts(by.account.id.to_string()), next: path::CONNECTORS.to_owned() };
    upstream::go(pages, visitor, id, wish).await
}

/// Keeps what somebody allowed who comes back from their school, and lets the contacts come. Whoever connects the same
/// school account again goes on with the same connection.
///
/// Spec: CP-07, CP-26, CP-86
pub(super) async fn connected(pages: &Pages, visitor: &Visitor, came: &Came, offline: &Offline) -> Answer {
    let by = visitor.session.as_ref().filter(|by| is_for(&came.wish.purpose, by));
    let by = by.ok_or_else(|| upstream::problem(&Fault::Stale))?;
    let (pod, owner) = own_pod(pages, &by.account).await?.ok_or(Refusal::NoSuchAccount)?;
    let person = &came.person;
    let leave = Leave {
        issuer: person.issuer.clone(),
        subject: person.subject.clone(),
        offline: offline.clone(),
        namespace: namespace(pages, &pod, &person.issuer, &person.subject),
    };
    let settings = settings(pages, &by.account, person);
    pages.accounts.allow_contacts(&by.account.id, true).await?;
    let name = pages.upstreams.name(&person.upstream).unwrap_or(&person.upstream);
    source::connect(&pages.ingest, &pod, &owner, name, &settings, Some(&leave)).await?;
    let next: Next = next::parse(Some(&came.wish.next));
    Ok(see_other(next.as_str(), Vec::new()))
}

fn is_for(purpose: &Purpose, by: &SignedIn) -> bool {
    matches!(purpose, Purpose::Contacts(account) if *account == by.account.id.as_str())
}

/// The first pod of an account that is its own, and the WebID as which it is.
async fn own_pod(pages: &Pages, account: &Account) -> Result<Option<(PodName, String)>, Instead> {
    for name in &account.pods {
        let Some(pod) = pages.accounts.storage().pod(name).await? else { continue };
        if let Some(owner) = pod.owners.into_iter().find(|owner| account.webids.contains(owner)) {
            return Ok(Some((name.clone(), owner)));
        }
    }
    Ok(None)
}

/// Notes that contacts are to come from the school that somebody has signed up with. Nothing comes before they allow it
/// there.
///
/// Spec: CP-07
pub(super) async fn declare(pages: &Pages, account: &Account, person: &Person) -> Result<(), Instead> {
    if pages.upstreams.contacts(&person.upstream).is_none() {
        return Ok(());
    }
    if let Some((pod, owner)) = own_pod(pages, account).await? {
        let name = pages.upstreams.name(&person.upstream).unwrap_or(&person.upstream);
        source::connect(&pages.ingest, &pod, &owner, name, &settings(pages, account, person), None).await?;
    }
    Ok(())
}

fn settings(pages: &Pages, account: &Account, person: &Person) -> Settings {
    let person_id = Link::to(person, pages.clock.now()).id();
    Settings { upstream: person.upstream.clone(), person: person_id, account: account.id.clone() }
}

/// The namespace of the names in somebody's book: the same whenever they connect, and nobody else can guess it.
fn namespace(pages: &Pages, pod: &PodName, issuer: &str, subject: &str) -> Uuid {
    let whose = format!("{pod}\n{issuer}\n{subject}");
    let random =
        u128::from_be_bytes(*pages.key.mac("contacts book", whose.as_bytes()).first_chunk().unwrap_or(&[0; 16]));
    uuid::Builder::from_u128(random).with_version(uuid::Version::Random).into_uuid()
}
