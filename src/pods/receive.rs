//! Receiving bodies: RDF and small ones into memory, large ones into storage as they come.

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};

use std::sync::Arc;

use super::{Error, Pods};
use crate::path::Role;
use crate::rdf::format::Format;
use crate::rdf::patch::Patch;
use crate::resource::{Asked, Edit, Operation, Received, Refusal, Sent};
use crate::sparql::update::Update;
use crate::storage::{self, BlobId, ByteStream, Found, INLINE_LIMIT, PodId, Storage};

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

/// A staged blob that waits for its record. Dropped before [`Staged::taken`], it is discarded, so that neither refused
/// writes nor clients that leave can fill the disk.
///
/// Spec: P-138
pub(super) struct Staged {
    blob: Option<BlobId>,
    storage: Arc<dyn Storage>,
}

impl Staged {
    /// A record owns it now.
    pub fn taken(mut self) {
        self.blob = None;
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let (Some(blob), Ok(runtime)) = (self.blob.take(), tokio::runtime::Handle::try_current()) else { return };
        let storage = self.storage.clone();
        runtime.spawn(async move {
            if let Err(error) = storage.discard(&blob).await {
                tracing::warn!(%error, "a body that no resource took stays until the next sweep");
            }
        });
    }
}

impl Pods {
    /// Reads a patch in its language.
    ///
    /// Spec: P-161, P-163
    pub(super) async fn patch(&self, body: Arriving, iri: String) -> Result<Edit, Error> {
        let language = body.patch.ok_or(Refusal::PatchType)?;
        let bytes = collect(body, self.limits.patch).await?;
        let size = bytes.len() as u64;
        let read = move || {
            Ok::<_, Refusal>(match language {
                PatchLanguage::N3 => Edit::N3(Patch::parse(&bytes, &iri)?),
                PatchLanguage::Sparql => Edit::Sparql(Update::parse(&bytes, &iri)?),
            })
        };
        Ok(self.aside.weigh(size, read).await??)
    }

    /// Reads the body of a request that was granted. What was staged must be kept until a record has taken it.
    ///
    /// Spec: P-14, P-138
    pub(super) async fn receive(
        &self,
        asked: &mut Asked,
        found: &Found,
        body: Arriving,
    ) -> Result<Option<Staged>, Error> {
        let rdf_only = asked.path.is_container() && matches!(asked.operation, Operation::Put(_))
            || matches!(asked.path.role(), Role::Acl | Role::Description);
        let sent: &mut Sent = match &mut asked.operation {
            Operation::Put(sent) => sent,
            Operation::Post(post) => &mut post.sent,
            Operation::Read | Operation::Patch(_) | Operation::Delete => return Ok(None),
        };
        if sent.body != Received::Waiting {
            return Ok(None);
        }
        let is_rdf = sent.media_type.as_deref().is_some_and(|media_type| Format::of(media_type).is_some());
        if is_rdf || rdf_only {
            sent.body = Received::Bytes(collect(body, self.size_limit(asked.path.role())).await?);
            return Ok(None);
        }
        let (received, staged) = self.receive_opaque(body, found).await?;
        sent.body = received;
        Ok(staged)
    }

    /// A body that is no RDF: small ones into memory, others into a blob, within the pod's quota.
    async fn receive_opaque(&self, body: Arriving, found: &Found) -> Result<(Received, Option<Staged>), Error> {
        let replaced = found.target().map_or(0, |record| record.size);
        let left = found.pod.quota.map(|quota| quota.saturating_sub(found.pod.used));
        let room = left.map(|left| left.saturating_add(replaced));
        let full = Refusal::Quota { left: left.unwrap_or_default() };
        if body.length.zip(room).is_some_and(|(length, room)| length > room) {
            return Err(full.into());
        }
        let Some(mut stream) = body.bytes else { return Ok((Received::Bytes(Bytes::new()), None)) };
        let mut start = BytesMut::new();
        while (start.len() as u64) <= INLINE_LIMIT {
            match stream.next().await.transpose().map_err(Interrupted)? {
                Some(chunk) if start.is_empty() && chunk.len() as u64 > INLINE_LIMIT => {
                    stream = Box::pin(stream::once(async { Ok(chunk) }).chain(stream));
                    break;
                }
                Some(chunk) => start.extend_from_slice(&chunk),
                None => return Ok((Received::Bytes(start.freeze()), None)),
            }
        }
        let start = start.freeze();
        let whole: ByteStream = Box::pin(stream::once(async { Ok(start) }).chain(stream));
        match self.stage(found.pod.id, bounded(whole, room)).await? {
            Ok((blob, size, staged)) => Ok((Received::Staged(blob, size), Some(staged))),
            Err(error) if error.kind() == std::io::ErrorKind::QuotaExceeded => Err(full.into()),
            Err(error) => Err(Interrupted(error).into()),
        }
    }

    /// Stages a body, in a task that goes on if the request does not: only a body that is staged whole can be
    /// discarded.
    pub(super) async fn stage(
        &self,
        pod: PodId,
        bytes: ByteStream,
    ) -> Result<std::io::Result<(BlobId, u64, Staged)>, Error> {
        let storage = self.storage.clone();
        let staging = tokio::spawn(async move {
            let staged = storage.stage(pod, bytes).await?;
            Ok::<_, storage::Error>(
                staged.map(|(blob, size)| (blob.clone(), size, Staged { blob: Some(blob), storage })),
            )
        });
        let staged = staging.await.map_err(|error| storage::Error::Failed(error.to_string()))?;
        Ok(staged?)
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
