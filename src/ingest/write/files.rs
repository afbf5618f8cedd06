//! Files, which are no RDF: reading their bytes, and giving them another place.

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;

use super::{Error, OwnersAgent, stopped};
use crate::ingest::outcome::{Status, Stopped};
use crate::path::ResourcePath;
use crate::pods::{Transfer, Verb};
use crate::resource::Refusal;
use crate::resource::condition::Conditions;
use crate::storage::Body;

impl OwnersAgent {
    /// The bytes of a file; `None` if there is none, or it is larger than `limit`.
    pub async fn bytes(&self, path: &ResourcePath, limit: u64) -> Result<Option<Bytes>, Stopped> {
        let Some(held) = self.look(path).await? else { return Ok(None) };
        let Some(record) = held.seen.found.target().filter(|record| record.size <= limit) else { return Ok(None) };
        let blob = match &record.body {
            Body::Inline(bytes) => return Ok(Some(bytes.clone())),
            Body::Blob(blob) => blob,
            Body::Absent | Body::Unread => return Ok(None),
        };
        let broken = |_| Stopped { status: Status::Failed, at: Some("storage") };
        let stream = self.pods.storage().open(blob, None).await.map_err(|error| stopped(&error.into()))?;
        let whole = stream.try_fold(BytesMut::new(), async |mut whole, chunk| {
            whole.extend_from_slice(&chunk);
            Ok(whole)
        });
        whole.await.map(|whole| Some(whole.freeze())).map_err(broken)
    }

    /// The media type of a file; `None` if there is none.
    pub async fn media_type(&self, path: &ResourcePath) -> Result<Option<std::sync::Arc<str>>, Stopped> {
        let held = self.look(path).await?;
        Ok(held.and_then(|held| Some(held.seen.found.target()?.media_type.clone())))
    }

    /// Gives a file another place, if nothing is there yet; `false` if something is, or if there is no such file.
    pub async fn relocate(&self, from: &ResourcePath, to: &ResourcePath) -> Result<bool, Stopped> {
        if let Some(container) = to.container() {
            self.make(&container).await?;
        }
        let conditions = Conditions::default();
        let (from, to) = (from.clone(), to.clone());
        let transfer = Transfer { verb: Verb::Move, from, to, overwrite: false, shallow: false, conditions };
        match self.pods.transfer(&self.caller, &transfer).await {
            Ok(_) => Ok(true),
            Err(Error::Refused(Refusal::PreconditionFailed | Refusal::NotFound)) => Ok(false),
            Err(error) => Err(stopped(&error)),
        }
    }
}
