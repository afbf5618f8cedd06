//! What a pod looks like from below, to compare two moments.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cartable::path::{PodName, ResourcePath};
use cartable::storage::{Body, Storage};
use futures_util::TryStreamExt;

/// Each resource of a pod by its local path, auxiliary ones included, with its body; and the bytes in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub bodies: BTreeMap<String, Vec<u8>>,
    pub used: u64,
}

impl Picture {
    pub async fn of(storage: &dyn Storage, pod: &str) -> Self {
        let name = PodName::parse(pod).unwrap();
        let pod = storage.pod(&name).await.unwrap().unwrap();
        let mut bodies = BTreeMap::new();
        for member in storage.tree(pod.id, None, 100_000).await.unwrap() {
            let body = body(storage, &member.path).await;
            assert_eq!(body.len() as u64, member.record.size, "{}", member.path);
            bodies.insert(member.path.local().to_owned(), body);
        }
        Self { bodies, used: pod.used }
    }

    /// Checks what must hold of every tree: it is one, and its size is the sum of its sizes.
    pub fn check(&self) {
        let used: usize = self.bodies.values().map(Vec::len).sum();
        assert_eq!(used as u64, self.used, "the bytes in use are not those that are there");
        for local in self.bodies.keys() {
            let path = ResourcePath::trusted(PodName::parse("any").unwrap(), local);
            let holder = path.container().map(|container| container.local().to_owned());
            assert!(holder.is_none_or(|holder| self.bodies.contains_key(&holder)), "{local} lies in no container");
            let twin = path.twin().map(|twin| twin.local().to_owned());
            assert!(twin.is_none_or(|twin| !self.bodies.contains_key(&twin)), "{local} has a twin");
            assert!(self.bodies.contains_key(path.subject().local()), "{local} belongs to nothing");
        }
    }
}

async fn body(storage: &dyn Storage, path: &ResourcePath) -> Vec<u8> {
    match storage.locate(path).await.unwrap().target().unwrap().body.clone() {
        Body::Inline(bytes) => bytes.to_vec(),
        Body::Absent => Vec::new(),
        Body::Blob(blob) => {
            let pieces: Vec<_> = storage.open(&blob, None).await.unwrap().try_collect().await.unwrap();
            pieces.concat()
        }
        Body::Unread => panic!("{path} was looked up without its body"),
    }
}

/// All files in a folder and below.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { waiting.push(path) } else { found.push(path) }
        }
    }
    found
}

/// The files in a folder and below that hold `bytes`.
pub fn files_with(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let holds = |file: &PathBuf| std::fs::read(file).unwrap().windows(bytes.len()).any(|window| window == bytes);
    files(folder).into_iter().filter(holds).collect()
}
