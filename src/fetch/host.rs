//! The hosts we fetch from: how many requests at once, and when to leave one alone.
//!
//! A host that is slow or down holds up nobody who asks for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use crate::clock::Timestamp;

/// Requests at once to one host that strangers name.
const SLOTS: usize = 4;
/// Requests at once to one host that the operator names: on the first school day some six hundred pupils come in within a
/// minute, each with two or three requests to the same ENT, which may take a second for each.
const NAMED_SLOTS: usize = 32;
/// Failures in a row after which a host is left alone.
const FAILURES: u32 = 5;
/// How long a host is left alone.
pub const REST: Duration = Duration::from_secs(30);
/// Hosts that are remembered.
const HOSTS: usize = 4096;

/// What is remembered of hosts.
pub struct Hosts(Cache<String, Arc<Host>>);

impl Hosts {
    pub fn new() -> Self {
        Self(Cache::new(HOSTS))
    }

    /// The host of this name and port, as strangers name it.
    pub fn get(&self, authority: &str) -> Arc<Host> {
        self.of(authority.to_owned(), SLOTS)
    }

    /// The host of this name and port, as the operator names it. What strangers do to it does not count here.
    pub fn named(&self, authority: &str) -> Arc<Host> {
        // No authority has a space in it.
        self.of(format!("named {authority}"), NAMED_SLOTS)
    }

    fn of(&self, key: String, slots: usize) -> Arc<Host> {
        self.0.get(&key).unwrap_or_else(|| {
            let host = Arc::new(Host::new(slots));
            self.0.insert(key, Arc::clone(&host));
            host
        })
    }
}

/// A host, by name and port.
///
/// Spec: O-55
pub struct Host {
    pub slots: Semaphore,
    failures: AtomicU32,
    /// In milliseconds since 1970.
    rests_until: AtomicI64,
}

impl Host {
    fn new(slots: usize) -> Self {
        Self { slots: Semaphore::new(slots), failures: AtomicU32::new(0), rests_until: AtomicI64::new(i64::MIN) }
    }

    /// Whether the host is left alone for now.
    pub fn rests(&self, now: Timestamp) -> bool {
        now.millis() < self.rests_until.load(Ordering::Relaxed)
    }

    /// Notes how an exchange went.
    pub fn note(&self, failed: bool, now: Timestamp) {
        if !failed {
            self.failures.store(0, Ordering::Relaxed);
        } else if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES {
            self.rests_until.store(now.plus(REST).millis(), Ordering::Relaxed);
        }
    }
}
