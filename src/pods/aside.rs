//! Long work, done beside the threads that answer requests.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::Error;

/// Bytes of RDF from which reading it would hold up the requests that share its thread.
pub(super) const LONG: u64 = 64 * 1024;

/// Places for long work: one a core, since each piece keeps a core busy and takes memory many times its input's.
pub(super) struct Aside(Arc<Semaphore>);

impl Default for Aside {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from))))
    }
}

impl Aside {
    /// Does work that reads `bytes` of RDF: at once if they are few, else on another thread.
    pub async fn weigh<T, W>(&self, bytes: u64, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        if bytes < LONG { Ok(work()) } else { self.run(work).await }
    }

    /// It keeps its place until it is done, even if nobody waits for it any more.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        const FAILED: Error = Error::Corrupt("long work did not come to its end");
        let place = self.0.clone().acquire_owned().await.map_err(|_| FAILED)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        done.await.map_err(|_| FAILED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_panics_is_a_fault_and_gives_its_place_back() {
        let aside = Aside(Arc::new(Semaphore::new(1)));
        assert!(aside.run(|| panic!("as a parser might")).await.is_err());
        assert_eq!(aside.run(|| 7).await.unwrap(), 7);
    }
}
