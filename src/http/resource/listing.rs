//! A container's listing as a body: one page of members at a time.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;

use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::path::Name;
use crate::pods::{PAGE, Pods, Seen};
use crate::rdf::format::{Document, Format};
use crate::resource::Refusal;
use crate::resource::container::Facts;
use crate::resource::listing::{Listing, whole};
use crate::storage::Member;

/// The body of a container's representation.
///
/// Spec: solid#server-basic-container, P-66, P-73, P-74, P-75
pub(super) async fn body(pods: &Arc<Pods>, seen: &Arc<Seen>, format: Format) -> Result<Body, Problem> {
    let found = &seen.found;
    let Some(container) = found.target() else { return Ok(Body::empty()) };
    let iri = pods.addresses().iri(&found.path);
    let own = pods.description(seen).await?;
    let first = pods.members(seen, None).await?;
    let Some(mut listing) = Listing::new(format) else {
        return everything(pods, seen, &own, first, format).await;
    };
    let mut text = listing.head(container, &iri, found.path.is_root(), &own).map_err(Refusal::from)?;
    text.push_str(&listing.rows(&first));
    if first.len() < PAGE {
        text.push_str(listing.tail());
        return Ok(Body::from(text));
    }
    let pages = Pages { pods: pods.clone(), seen: seen.clone(), listing: Some(listing), after: last_name(&first) };
    let rest = stream::try_unfold(pages, Pages::next);
    let start = stream::once(async move { Ok(Bytes::from(text)) });
    Ok(Body::stream(Box::pin(futures_util::StreamExt::chain(start, rest)), None))
}

/// The pages that are still to come.
struct Pages {
    pods: Arc<Pods>,
    seen: Arc<Seen>,
    /// `None` once the end was written.
    listing: Option<Listing>,
    after: Option<Name>,
}

impl Pages {
    async fn next(mut self) -> std::io::Result<Option<(Bytes, Self)>> {
        let Some(mut listing) = self.listing.take() else { return Ok(None) };
        let members = self.pods.members(&self.seen, self.after.as_ref()).await.map_err(std::io::Error::other)?;
        let mut text = listing.rows(&members);
        if members.len() < PAGE {
            text.push_str(listing.tail());
        } else {
            self.after = last_name(&members);
            self.listing = Some(listing);
        }
        Ok(Some((Bytes::from(text), self)))
    }
}

/// The most members that are listed in a format that cannot be streamed.
const MOST: usize = 10_000;

/// A format that cannot be streamed: all members, as one graph. Of a container with too many it is not to be had.
async fn everything(
    pods: &Pods,
    seen: &Seen,
    own: &Document,
    mut members: Vec<Member>,
    format: Format,
) -> Result<Body, Problem> {
    while !members.is_empty() && members.len().is_multiple_of(PAGE) {
        let page = pods.members(seen, last_name(&members).as_ref()).await?;
        if page.is_empty() {
            break;
        }
        members.extend(page);
        if members.len() > MOST {
            return Err(Refusal::Unprintable.into());
        }
    }
    let iri = pods.addresses().iri(&seen.found.path);
    let facts = Facts {
        iri: &iri,
        record: seen.found.target(),
        is_container: true,
        is_storage: seen.found.path.is_root(),
        members: &members,
    };
    Ok(Body::from(whole(&facts, own, format).map_err(Refusal::from)?))
}

fn last_name(members: &[Member]) -> Option<Name> {
    members.last().map(|member| Name::trusted(member.path.name()))
}
