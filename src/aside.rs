//! Long work, done beside the threads that answer requests.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Bytes of RDF from which reading it would hold up the requests that share its thread.
pub const LONG: u64 = 64 * 1024;

/// Work that did not come to its end: it panicked, or the server stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("long work did not come to its end")]
pub struct Unfinished;

/// Places for long work: each piece keeps a core busy and takes memory, so only so many are done at a time.
#[derive(Debug)]
pub struct Aside(Arc<Semaphore>);

/// One place a core.
impl Default for Aside {
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

impl Aside {
    pub fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// Does work that reads `bytes` of RDF: at once if they are few, else on another thread.
    pub async fn weigh<T, W>(&self, bytes: u64, work: W) -> Result<T, Unfinished>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        if bytes < LONG { Ok(work()) } else { self.run(work).await }
    }

    /// Does work on another thread, once there is a place. It keeps its place until it is done, even if nobody waits
    /// for it any more.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unfinished> {
        let place = self.0.clone().acquire_owned().await.map_err(|_| Unfinished)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        done.await.map_err(|_| Unfinished)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::mpsc;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn work_that_panics_is_a_fault_and_gives_its_place_back() {
        let aside = Aside::new(1);
        assert!(aside.run(|| panic!("as a parser might")).await.is_err());
        assert_eq!(aside.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_keeps_its_place_until_it_ends() {
        let aside = Aside::new(1);
        let (end, ended) = mpsc::channel::<()>();
        let mut work = Box::pin(aside.run(move || ended.recv().is_ok()));
        assert!(poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_pending())).await);
        drop(work);
        assert_eq!(aside.0.available_permits(), 0);
        end.send(()).unwrap();
        assert_eq!(aside.run(|| 7).await, Ok(7));
    }
}
