//! The memory of proofs: no proof counts twice.
//!
//! It belongs to the process and begins with it. A proof is remembered as a keyed 64-bit hash in the bucket of its
//! time, so that forgetting is dropping a bucket and nobody can make two proofs collide.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::time::Duration;

use parking_lot::Mutex;

use super::dpop::{FUTURE, PAST, Proof};
use super::jwk::Thumbprint;
use crate::clock::Timestamp;

/// The time that one bucket covers, in milliseconds.
const BUCKET: i64 = 30_000;
/// Bytes that a remembered proof takes at most: a slot is 9 bytes, and a table that has just grown is 7/16 full.
const ENTRY: u64 = 24;
/// Counters of proofs by key in each bucket; keys share them.
const COUNTERS: usize = 4096;
/// A key may fill this part of the memory once it is more than half full.
const SHARE: u64 = 16;

/// Why a proof is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unaccepted {
    /// It was used before.
    Replayed,
    /// It is older than this memory, so that nobody knows.
    BeforeStart,
    /// The memory is more than half full, and this key has had its share.
    TooMany,
    /// The memory is full. Forgetting would let proofs count twice.
    Full,
}

/// When a full memory has room again, at the latest.
pub const RELIEF: Duration = Duration::from_secs(30);

/// The proofs of the last minutes.
pub struct Replay {
    started: Timestamp,
    limit: u64,
    hasher: RandomState,
    buckets: Mutex<Vec<Bucket>>,
}

impl Replay {
    /// A memory of at most `bytes`, which begins at `started`.
    pub fn new(bytes: u64, started: Timestamp) -> Self {
        // Clients write whole seconds; one that signs in the second of the start must not be sent back.
        let started = Timestamp::from_seconds(started.seconds());
        Self { started, limit: (bytes / ENTRY).max(1), hasher: RandomState::new(), buckets: Mutex::default() }
    }

    /// Remembers a proof that passed every other check, unless it is remembered already.
    ///
    /// Spec: O-22, rfc9449 §11.1
    pub fn remember(&self, proof: &Proof, now: Timestamp) -> Result<(), Unaccepted> {
        if proof.issued < self.started {
            return Err(Unaccepted::BeforeStart);
        }
        let hash = self.hasher.hash_one((proof.jkt, proof.jti.as_str()));
        let counter = self.counter(proof.jkt);
        let start = proof.issued.millis().div_euclid(BUCKET) * BUCKET;
        let mut buckets = self.buckets.lock();
        buckets.retain(|bucket| now <= Timestamp::from_millis(bucket.start + BUCKET).plus(PAST));
        if buckets.iter().any(|bucket| bucket.seen.contains(&hash)) {
            return Err(Unaccepted::Replayed);
        }
        let used: u64 = buckets.iter().map(|bucket| bucket.seen.len() as u64).sum();
        let of_key: u64 = buckets.iter().map(|bucket| u64::from(bucket.counters[counter])).sum();
        if used >= self.limit {
            return Err(Unaccepted::Full);
        }
        if used > self.limit / 2 && of_key >= self.limit / SHARE {
            return Err(Unaccepted::TooMany);
        }
        let at = buckets.iter().position(|bucket| bucket.start == start).unwrap_or_else(|| {
            buckets.push(Bucket::at(start));
            buckets.len() - 1
        });
        buckets[at].seen.insert(hash);
        buckets[at].counters[counter] = buckets[at].counters[counter].saturating_add(1);
        Ok(())
    }

    fn counter(&self, jkt: Thumbprint) -> usize {
        usize::try_from(self.hasher.hash_one(jkt) % COUNTERS as u64).unwrap_or(0)
    }

    /// How many proofs are remembered.
    pub fn count(&self) -> usize {
        self.buckets.lock().iter().map(|bucket| bucket.seen.len()).sum()
    }
}

/// The proofs whose `iat` lies in one span of time. There are at most `(PAST + FUTURE) / BUCKET + 2` of them.
struct Bucket {
    /// In milliseconds since 1970.
    start: i64,
    seen: HashSet<u64, BuildHasherDefault<AsIs>>,
    counters: Box<[u32]>,
}

impl Bucket {
    fn at(start: i64) -> Self {
        Self { start, seen: HashSet::default(), counters: vec![0; COUNTERS].into_boxed_slice() }
    }
}

const _: () = assert!(FUTURE.as_millis() < PAST.as_millis(), "buckets ahead of the clock stay few");

/// The entries are hashes already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000_000);

    fn key(key: u8) -> Thumbprint {
        let text = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, [key; 32]);
        Thumbprint::parse(&text).unwrap()
    }

    fn proof(jkt: u8, jti: &str, issued: Timestamp) -> Proof {
        Proof { jkt: key(jkt), jti: jti.to_owned(), issued, names_token: false }
    }

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_proof_counts_once_as_long_as_it_could_be_accepted() {
        let replay = Replay::new(1 << 20, START);
        let early = proof(1, "a", after(10));
        assert_eq!(replay.remember(&early, after(10)), Ok(()));
        assert_eq!(replay.remember(&proof(2, "a", after(10)), after(10)), Ok(()));
        assert_eq!(replay.remember(&proof(1, "b", after(10)), after(10)), Ok(()));
        for later in [10, 11, 100, 250] {
            assert_eq!(replay.remember(&early, after(later)), Err(Unaccepted::Replayed), "{later}");
        }
        let ahead = proof(1, "ahead", after(370));
        assert_eq!(replay.remember(&ahead, after(250)), Ok(()));
        assert_eq!(replay.remember(&ahead, after(610)), Err(Unaccepted::Replayed));
        assert_eq!(replay.count(), 1, "what is too old to be accepted is forgotten");
    }

    #[test]
    fn nothing_is_known_of_the_time_before_the_start() {
        let replay = Replay::new(1 << 20, START.plus(Duration::from_millis(700)));
        let before = proof(1, "a", START.minus(Duration::from_secs(1)));
        assert_eq!(replay.remember(&before, START), Err(Unaccepted::BeforeStart));
        assert_eq!(replay.remember(&proof(1, "a", START), START), Ok(()));
    }

    #[test]
    fn a_full_memory_forgets_nothing_and_one_key_cannot_fill_it() {
        let replay = Replay::new(ENTRY * 320, START);
        let take = |key, number: u32| replay.remember(&proof(key, &number.to_string(), START), START);
        assert!((0..160).all(|number| take(1, number).is_ok()), "no limit by key below half");
        assert_eq!(take(1, 160), Ok(()));
        assert_eq!(take(1, 161), Err(Unaccepted::TooMany));
        let shares = |other: &u8| replay.counter(key(*other)) == replay.counter(key(1));
        let mut others =
            (2..=255).filter(|other| !shares(other)).flat_map(|key| (0..10).map(move |number| (key, number)));
        assert!(others.by_ref().take(159).all(|(key, number)| take(key, number).is_ok()));
        assert_eq!(take(255, 0), Err(Unaccepted::Full));
        assert_eq!(take(1, 0), Err(Unaccepted::Replayed));
        assert_eq!(replay.remember(&proof(1, "later", after(300)), after(300)), Ok(()));
    }
}
