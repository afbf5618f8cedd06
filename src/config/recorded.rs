//! The addresses that a data folder belongs to: every WebID, rule and link kept in it begins with them.

use bytes::Bytes;

use crate::address::Addresses;
use crate::clock::Timestamp;
use crate::path::{PodName, ResourcePath};
use crate::storage::{self, Change, EntryIs, EntryWrite, Scope, Storage};

/// The house record of the addresses.
const ENTRY: &str = "addresses";
/// The house record of the host for WebIDs, once there is one.
const WEBIDS: &str = "addresses/webids";

/// Why a data folder cannot be used at these addresses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "this data folder belongs to {recorded}, and every WebID and link in it begins so; the settings say {set}. Set \
         `base_url`, `layout`, `pods_host` and `webid_base` back, or begin a new folder with `data` and copy the pods there"
    )]
    Changed { recorded: String, set: String },
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Records the addresses when a data folder is first used; later they must be the same.
pub async fn keep(storage: &dyn Storage, addresses: &Addresses, now: Timestamp) -> Result<(), Error> {
    keep_one(storage, ENTRY, Some(written(addresses)), now).await?;
    let name = PodName::parse("name");
    // A host for WebIDs may come later, but never go.
    let webids = name.and_then(|name| addresses.webid(&name)).map(|webid| format!("WebIDs at {webid}"));
    keep_one(storage, WEBIDS, webids, now).await
}

async fn keep_one(storage: &dyn Storage, key: &'static str, set: Option<String>, now: Timestamp) -> Result<(), Error> {
    loop {
        if let Some(entry) = storage.entry(key).await? {
            let recorded = String::from_utf8_lossy(&entry.value).into_owned();
            let set = set.unwrap_or_else(|| "nothing of that".to_owned());
            return if recorded == set { Ok(()) } else { Err(Error::Changed { recorded, set }) };
        }
        let Some(set) = &set else { return Ok(()) };
        let mut change = Change::of(Scope::House, now);
        let value = Some(Bytes::from(set.clone()));
        change.entries.push(EntryWrite { key: key.into(), expected: EntryIs::Absent, value });
        match storage.commit(change).await {
            // Another process was first; see whether it said the same.
            Err(storage::Error::Taken(_) | storage::Error::Moved) => {}
            done => return Ok(done.map(|_| ())?),
        }
    }
}

/// The base address and the pattern of pods.
fn written(addresses: &Addresses) -> String {
    let pods = PodName::parse("name").map(|name| addresses.iri(&ResourcePath::root(name))).unwrap_or_default();
    format!("{} with pods at {pods}", addresses.base())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::SetClock;
    use crate::storage::sqlite::{Options, Sqlite};

    /// Shows: M-51
    #[tokio::test]
    async fn a_host_for_webids_may_come_but_not_go() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { durable: false, clock: Arc::new(SetClock::at(Timestamp::default())) };
        let sqlite = Sqlite::open(folder.path(), options).unwrap();
        let plain = Addresses::with_paths("https://cartable.example/").unwrap();
        let with = |webids| plain.clone().with_webids(webids).unwrap();
        let keep = async |addresses: &Addresses| keep(&sqlite, addresses, Timestamp::default()).await;
        keep(&plain).await.unwrap();
        keep(&with("https://id.example/")).await.unwrap();
        keep(&with("https://id.example")).await.unwrap();
        for gone in [plain.clone(), with("https://other.example/")] {
            assert!(matches!(keep(&gone).await, Err(Error::Changed { .. })), "{gone:?}");
        }
    }

    #[test]
    fn the_layout_is_a_part_of_it() {
        let paths = Addresses::with_paths("https://cartable.example/").unwrap();
        let hosts = Addresses::with_subdomains("https://cartable.example/", "pods.example").unwrap();
        assert_eq!(written(&paths), "https://cartable.example/ with pods at https://cartable.example/name/");
        assert_eq!(written(&hosts), "https://cartable.example/ with pods at https://name.pods.example/");
    }
}
