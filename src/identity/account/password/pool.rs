//! The few threads on which passwords are hashed: apart from those that answer requests and from long work, behind them
//! in the machine's time, and each with one piece of memory for good.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;

use argon2::{Block, Params};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How many wait at most, those included that are worked on. One takes some 30 ms: half a minute's worth of a school that
/// comes in at once.
const QUEUE: usize = 256;

/// Every place is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// The work panicked, or there are no threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Undone;

type Work = Box<dyn FnOnce(&mut Memory) + Send>;

/// The blocks that Argon2 works in. A thread keeps them from one password to the next, so that a storm of sign-ins
/// takes no more memory than one of them.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// As many blocks as these parameters ask for, at least.
    pub fn blocks(&mut self, params: &Params) -> Result<&mut [Block], argon2::Error> {
        if let Some(more) = params.block_count().checked_sub(self.0.len()) {
            self.0.try_reserve_exact(more).map_err(|_| argon2::Error::OutOfMemory)?;
            self.0.resize(params.block_count(), Block::new());
        }
        Ok(&mut self.0)
    }
}

/// Threads that end with the pool, and the places in their queue.
#[derive(Debug)]
pub(super) struct Pool {
    queue: mpsc::Sender<Work>,
    places: Arc<Semaphore>,
}

/// Half the cores, so that the other half goes on reading pods.
impl Default for Pool {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::new((cores / 2).max(1), QUEUE)
    }
}

impl Pool {
    pub fn new(threads: usize, places: usize) -> Self {
        let (queue, work) = mpsc::channel();
        let work = Arc::new(Mutex::new(work));
        for _ in 0..threads {
            let work = work.clone();
            // If no thread can be had, the queue has no reader and work is refused as undone.
            thread::Builder::new().name("cartable-passwords".into()).spawn(move || serve(&work)).ok();
        }
        Self { queue, places: Arc::new(Semaphore::new(places)) }
    }

    /// A place in the queue.
    pub fn place(&self) -> Result<Place<'_>, Full> {
        let permit = self.places.clone().try_acquire_owned().map_err(|_| Full)?;
        Ok(Place { pool: self, permit })
    }
}

#[cfg(test)]
impl Pool {
    /// Keeps one thread busy until the sender is dropped.
    pub fn hold(&self) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel();
        self.queue
            .send(Box::new(move |_| {
                held.recv().ok();
            }))
            .unwrap();
        release
    }
}

/// A place in the queue of a [`Pool`].
#[derive(Debug)]
pub(super) struct Place<'a> {
    pool: &'a Pool,
    permit: OwnedSemaphorePermit,
}

impl Place<'_> {
    /// Does work when its turn has come. It is not begun if nobody waits for it any more; its place is taken until then.
    pub async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Undone> {
        let (done, waits) = oneshot::channel();
        let permit = self.permit;
        let work: Work = Box::new(move |memory| {
            if !done.is_closed() {
                done.send(work(memory)).ok();
            }
            drop(permit);
        });
        self.pool.queue.send(work).map_err(|_| Undone)?;
        waits.await.map_err(|_| Undone)
    }
}

/// Does what is queued until the pool is gone.
fn serve(queue: &Mutex<mpsc::Receiver<Work>>) {
    step_back();
    let mut memory = Memory::default();
    loop {
        // On a line of its own, so that the lock is not held while the work is done.
        let next = queue.lock().recv();
        let Ok(work) = next else { return };
        let done: Result<(), Box<dyn Any + Send>> = catch_unwind(AssertUnwindSafe(|| work(&mut memory)));
        if done.is_err() {
            tracing::error!("hashing a password panicked");
        }
    }
}

/// Lets the threads that answer requests go first. On Linux a thread has its own niceness; without it all still works.
#[cfg(target_os = "linux")]
fn step_back() {
    rustix::process::nice(10).ok();
}

#[cfg(not(target_os = "linux"))]
fn step_back() {}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    /// Polls once.
    async fn begun<T>(work: &mut (impl Future<Output = T> + Unpin)) -> bool {
        poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut *work).poll(context).is_pending())).await
    }

    /// Waits until so many places are free: a thread gives one back just after its answer.
    async fn free(pool: &Pool, places: usize) {
        while pool.places.available_permits() < places {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn places_are_bounded_and_come_back() {
        let pool = Pool::new(1, 1);
        let release = pool.hold();
        let mut waiting = Box::pin(pool.place().unwrap().run(|_| 7));
        assert!(begun(&mut waiting).await);
        assert_eq!(pool.place().err(), Some(Full));
        drop(release);
        assert_eq!(waiting.await, Ok(7));
        free(&pool, 1).await;
    }

    #[tokio::test]
    async fn who_hangs_up_is_passed_over_and_keeps_the_place_until_then() {
        let pool = Pool::new(1, 2);
        let release = pool.hold();
        let (tell, told) = mpsc::channel();
        let mut gone = Box::pin(pool.place().unwrap().run(move |_| tell.send(()).ok()));
        assert!(begun(&mut gone).await);
        drop(gone);
        assert_eq!(pool.places.available_permits(), 1);
        drop(release);
        assert_eq!(pool.place().unwrap().run(|_| 7).await, Ok(7));
        assert!(told.try_recv().is_err(), "nobody waited for it");
        free(&pool, 2).await;
    }

    #[tokio::test]
    async fn a_panic_is_a_fault_of_its_own() {
        let pool = Pool::new(1, 1);
        assert_eq!(pool.place().unwrap().run(|_| panic!("as a hash might")).await, Err::<(), _>(Undone));
        free(&pool, 1).await;
        assert_eq!(pool.place().unwrap().run(|_| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_thread_keeps_its_memory() {
        let pool = Pool::new(1, 8);
        let params = Params::new(64, 1, 1, None).unwrap();
        let place = move |memory: &mut Memory| memory.blocks(&params).unwrap().as_ptr() as usize;
        let first = pool.place().unwrap().run(place.clone()).await;
        assert_eq!(pool.place().unwrap().run(place).await, first);
    }
}
