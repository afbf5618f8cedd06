//! Turns: writers of one path go one after the other, in the order in which they came.
//!
//! This only spares work; correctness stays with versions.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

use crate::path::ResourcePath;

#[derive(Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<ResourcePath, Arc<Queue<()>>>>>);

/// Somebody's turn, until it is dropped.
pub(super) struct Turn {
    /// Whether somebody else's turn had to end first.
    pub waited: bool,
    guard: Option<OwnedMutexGuard<()>>,
    path: ResourcePath,
    turns: Arc<Mutex<HashMap<ResourcePath, Arc<Queue<()>>>>>,
}

impl Turns {
    pub async fn take(&self, path: &ResourcePath) -> Turn {
        let queue = self.0.lock().entry(path.clone()).or_default().clone();
        // Made before the wait, so that who gives up waiting leaves nothing behind.
        let mut turn = Turn { waited: false, guard: None, path: path.clone(), turns: self.0.clone() };
        turn.guard = queue.clone().try_lock_owned().ok();
        if turn.guard.is_none() {
            turn.waited = true;
            turn.guard = Some(queue.lock_owned().await);
        }
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.turns.lock();
        self.guard = None;
        // Nobody waits if the map holds the only reference.
        if turns.get(&self.path).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            turns.remove(&self.path);
        }
    }
}
