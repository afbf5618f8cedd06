//! The embedded backend: the contract, and what it promises beyond.

use std::path::Path;
use std::sync::Arc;

use cartable::clock::SetClock;
use cartable::storage::Storage;
use cartable::storage::sqlite::{Options, Sqlite};
use tempfile::TempDir;

use super::world::START;

fn open(folder: &Path, clock: &Arc<SetClock>) -> Sqlite {
    Sqlite::open(folder, Options { durable: false, clock: clock.clone() }).unwrap()
}

fn fresh() -> (Arc<dyn Storage>, Arc<SetClock>, TempDir) {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(SetClock::at(START));
    (Arc::new(open(folder.path(), &clock)), clock, folder)
}

mod keeps_the_contract {
    use crate::contract::contract;

    contract!(super::fresh());
}
