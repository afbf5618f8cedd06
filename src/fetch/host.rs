//! The hosts we fetch from: how many requests at once, and when to leave one alone.
//!
//! A host that is slow or down holds up nobody who asks for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use crate::clock::Timestamp;

/// Requests at once to one host.
const SLOTS: usize = 4;
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

    /// The host of this name and port.
    pub fn get(&self, authority: &str) -> Arc<Host> {
        self.0.get(authority).unwrap_or_else(|| {
            let host = Arc::new(Host::new());
            self.0.insert(authority.to_owned(), Arc::clone(&host));
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
    fn new() -> Self {
        Self { slots: Semaphore::new(SLOTS), failures: AtomicU32::new(0), rests_until: AtomicI64::new(i64::MIN) }
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
