//! One request for all who ask for the same at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::OnceCell;

/// What is being fetched, by key.
pub struct Flights<K, V>(Mutex<HashMap<K, Weak<OnceCell<V>>>>);

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    pub fn new() -> Self {
        Self(Mutex::default())
    }

    /// Gives what `fetch` gives, or what another caller's `fetch` for the same key is giving right now. If that caller
    /// goes away, one of the others takes over.
    pub async fn join(&self, key: K, fetch: impl Future<Output = V>) -> V {
        let cell = {
            let mut flights = self.0.lock();
            let known = flights.get(&key).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let cell = Arc::new(OnceCell::new());
                flights.insert(key.clone(), Arc::downgrade(&cell));
                cell
            })
        };
        let seat = Seat { flights: self, key, cell };
        seat.cell.get_or_init(|| fetch).await.clone()
    }
}

/// A caller's part in a flight. The last one to leave ends it.
struct Seat<'a, K: Eq + Hash, V> {
    flights: &'a Flights<K, V>,
    key: K,
    cell: Arc<OnceCell<V>>,
}

impl<K: Eq + Hash, V> Drop for Seat<'_, K, V> {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock();
        if Arc::strong_count(&self.cell) == 1 {
            flights.remove(&self.key);
        }
    }
}
