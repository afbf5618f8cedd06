//! Receiving bodies: RDF and small ones into memory, large ones into storage as they come.

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};

use super::{Error, Pods};
use crate::path::Role;
use crate::rdf::format::Format;
use crate::rdf::patch::Patch;
use crate::resource::{Asked, Edit, Operation, Received, Refusal, Sent};
use crate::sparql::update::Update;
use crate::storage::{ByteStream, Found, INLINE_LIMIT};

/// A body that is arriving.
#[derive(Default)]
pub struct Arriving {
    pub bytes: Option<ByteStream>,
    /// The length it announces.
    pub length: Option<u64>,
    /// The language of a patch; `None` for everything that is not a patch we know.
    pub patch: Option<PatchLanguage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchLanguage {
    N3,
    Sparql,
}

/// The client stopped sending, or sent too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive")]
pub struct Interrupted(#[from] pub std::io::Error);

/// Reads a patch in its language.
///
/// Spec: P-161, P-163
pub(super) async fn patch(body: Arriving, limit: u64, iri: &str) -> Result<Edit, Error> {
    let language = body.patch.ok_or(Refusal::PatchType)?;
    let bytes = collect(body, limit).await?;
    Ok(match language {
        PatchLanguage::N3 => Edit::N3(Patch::parse(&bytes, iri).map_err(Refusal::from)?),
        PatchLanguage::Sparql => Edit::Sparql(Update::parse(&bytes, iri).map_err(Refusal::from)?),
    })
}

/// All of a body that must fit into memory.
async fn collect(body: Arriving, limit: u64) -> Result<Bytes, Error> {
    if body.length.is_some_and(|length| length > limit) {
        return Err(Refusal::TooLarge { limit }.into());
    }
    let Some(mut stream) = body.bytes else { return Ok(Bytes::new()) };
    let first = stream.next().await.transpose().map_err(Interrupted)?.unwrap_or_default();
    let mut whole = BytesMut::new();
    let mut next = Some(first);
    while let Some(chunk) = next {
        if (whole.len() + chunk.len()) as u64 > limit {
            return Err(Refusal::TooLarge { limit }.into());
        }
        let following = stream.next().await.transpose().map_err(Interrupted)?;
        // Most bodies come in one piece, which need not be copied.
        if whole.is_empty() && following.is_none() {
            return Ok(chunk);
        }
        whole.extend_from_slice(&chunk);
        next = following;
    }
    Ok(whole.freeze())
}

impl Pods {
    /// Reads the body of a request that was granted.
    ///
    /// Spec: P-14, P-138
    pub(super) async fn receive(&self, asked: &mut Asked, found: &Found, body: Arriving) -> Result<(), Error> {
        let rdf_only = asked.path.is_container() && matches!(asked.operation, Operation::Put(_))
            || matches!(asked.path.role(), Role::Acl | Role::Description);
        let sent: &mut Sent = match &mut asked.operation {
            Operation::Put(sent) => sent,
            Operation::Post(post) => &mut post.sent,
            Operation::Read | Operation::Patch(_) | Operation::Delete => return Ok(()),
        };
        if sent.body != Received::Waiting {
            return Ok(());
        }
        let is_rdf = sent.media_type.as_deref().is_some_and(|media_type| Format::of(media_type).is_some());
        sent.body = if is_rdf || rdf_only {
            Received::Bytes(collect(body, self.limits.rdf).await?)
        } else {
            self.receive_opaque(body, found).await?
        };
        Ok(())
    }

    /// A body that is no RDF: small ones into memory, others into a blob, within the pod's quota.
    async fn receive_opaque(&self, body: Arriving, found: &Found) -> Result<Received, Error> {
        let replaced = found.target().map_or(0, |record| record.size);
        let left = found.pod.quota.map(|quota| quota.saturating_sub(found.pod.used) + replaced);
        let over = |length: u64| left.filter(|left| length > *left).map(|left| Refusal::Quota { left });
        if let Some(refusal) = body.length.and_then(over) {
            return Err(refusal.into());
        }
        let Some(mut stream) = body.bytes else { return Ok(Received::Bytes(Bytes::new())) };
        let mut start = BytesMut::new();
        while (start.len() as u64) <= INLINE_LIMIT {
            match stream.next().await.transpose().map_err(Interrupted)? {
                Some(chunk) if start.is_empty() && chunk.len() as u64 > INLINE_LIMIT => {
                    stream = Box::pin(stream::once(async { Ok(chunk) }).chain(stream));
                    break;
                }
                Some(chunk) => start.extend_from_slice(&chunk),
                None => return Ok(Received::Bytes(start.freeze())),
            }
        }
        let start = start.freeze();
        let whole: ByteStream = Box::pin(stream::once(async { Ok(start) }).chain(stream));
        let bounded = bounded(whole, left);
        let staged = self.storage.stage(found.pod.id, bounded).await?;
        match staged {
            Ok((blob, size)) => Ok(Received::Staged(blob, size)),
            Err(error) if error.kind() == std::io::ErrorKind::QuotaExceeded => {
                Err(Refusal::Quota { left: left.unwrap_or_default() }.into())
            }
            Err(error) => Err(Interrupted(error).into()),
        }
    }
}

/// The stream, ended with an error where it passes `limit` bytes.
fn bounded(stream: ByteStream, limit: Option<u64>) -> ByteStream {
    let Some(limit) = limit else { return stream };
    let mut passed = 0;
    Box::pin(stream.map(move |chunk| {
        let chunk = chunk?;
        passed += chunk.len() as u64;
        if passed > limit { Err(std::io::ErrorKind::QuotaExceeded.into()) } else { Ok(chunk) }
    }))
}
