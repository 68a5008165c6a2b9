use std::sync::Arc;

use tokio::sync::Semaphore;

use super::CryptoError;

/// Everything that could do the work is busy, and as much as may wait is waiting: answer 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much work is waiting; try again in a moment")]
pub struct Busy;

/// Keeps heavy computation off the async threads, so many at a time and so many waiting. A cheap clone.
#[derive(Clone, Debug)]
pub struct CpuPool {
    /// One permit for each that runs or waits.
    admitted: Arc<Semaphore>,
    /// One permit for each that runs.
    running: Arc<Semaphore>,
}

impl CpuPool {
    /// A pool that runs `at_once` pieces of work and lets `waiting` more wait.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        let at_once = at_once.max(1);
        Self {
            admitted: Arc::new(Semaphore::new(at_once + waiting)),
            running: Arc::new(Semaphore::new(at_once)),
        }
    }

    /// A pool that runs one piece of work for each core.
    pub fn for_this_machine(waiting: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::new(cores, waiting)
    }

    /// A pool that runs one piece of work for each core, and `at_most` so many: what takes memory.
    pub fn within(at_most: usize, waiting: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::new(cores.min(at_most), waiting)
    }

    /// Runs `work`, or says at once that there is no room. When the caller goes away, work that has
    /// begun still counts until it ends, and work that has not begun never does.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Result<T, CryptoError>, Busy> {
        let admitted = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| Busy)?;
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| Busy)?;
        let outcome = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop((admitted, running));
            outcome
        });
        Ok(outcome
            .await
            .map_err(|_| CryptoError::Library("computing in the background")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{
        sync::{
            atomic::{AtomicUsize, Ordering::SeqCst},
            mpsc,
        },
        time::Duration,
    };

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn as_many_run_and_wait_as_may_and_the_next_is_told_at_once() {
        static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let pool = CpuPool::new(2, 3);
        let mut gates = Vec::new();
        let mut tasks = Vec::new();
        for _ in 0..5 {
            let (open, gate) = mpsc::channel::<()>();
            gates.push(open);
            let pool = pool.clone();
            tasks.push(tokio::spawn(async move {
                pool.run(move || {
                    MOST.fetch_max(AT_ONCE.fetch_add(1, SeqCst) + 1, SeqCst);
                    let _ = gate.recv();
                    AT_ONCE.fetch_sub(1, SeqCst);
                })
                .await
            }));
        }
        while pool.admitted.available_permits() > 0 || AT_ONCE.load(SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(pool.run(|| ()).await.unwrap_err(), Busy);

        drop(gates);
        for task in tasks {
            assert_eq!(task.await.unwrap(), Ok(Ok(())));
        }
        assert_eq!(MOST.load(SeqCst), 2);
        assert_eq!(pool.run(|| 7).await, Ok(Ok(7)));
    }

    #[tokio::test]
    async fn a_panic_in_the_work_gives_its_room_back() {
        let pool = CpuPool::new(1, 0);
        let outcome = pool.run(|| assert_eq!(1, 2)).await.unwrap();
        assert!(outcome.is_err());
        assert_eq!(pool.run(|| 7).await, Ok(Ok(7)));
    }
}
