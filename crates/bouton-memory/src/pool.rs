//! Threads that run the units of a stage.
//!
//! A stage is over when its units are done, not when all threads have come by: a thread that wakes late finds nothing to
//! claim and goes on waiting. Waiting spins for a while, because a stage lasts some ten microseconds, then sleeps.

use std::sync::PoisonError;

use crate::sync::thread::{Builder, JoinHandle, yield_now};
use crate::sync::{Arc, AtomicBool, AtomicU64, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, spin};

/// Spins before a waiting thread sleeps (about 100 µs).
#[cfg(not(loom))]
const SPINS: u32 = 20_000;
#[cfg(loom)]
const SPINS: u32 = 1;

type Job = dyn Fn(usize) + Sync;

struct Shared {
    /// Number of the stage (upper 32 bits), its number of units, and the next unit to claim (16 bits each). One word, so
    /// that a thread which comes late can't mix the units of one stage with the number of another.
    claim: AtomicU64,
    done: AtomicUsize,
    failed: AtomicBool,
    job: Mutex<Option<*const Job>>,
    sleeping: Mutex<usize>,
    wake: Condvar,
    stop: AtomicBool,
}

// SAFETY: the pointer is only followed by a thread that has claimed a unit of the stage it belongs to, and the thread that
// runs the stage keeps the job alive until all claimed units are done.
unsafe impl Send for Shared {}
// SAFETY: as above; all other fields are Sync.
unsafe impl Sync for Shared {}

/// Threads that wait for stages.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    stage: u32,
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Claims units of stage `stage` and runs them until none is left.
    fn work(&self, stage: u32) {
        loop {
            let now = self.claim.load(Ordering::Acquire);
            let (unit, count) = ((now & 0xffff) as usize, (now >> 16 & 0xffff) as usize);
            if (now >> 32) as u32 != stage || unit >= count {
                return;
            }
            if self.claim.compare_exchange_weak(now, now + 1, Ordering::AcqRel, Ordering::Acquire).is_err() {
                continue;
            }
            // Read after the claim: until this unit is done, the stage is current and so is its job.
            let Some(job) = *locked(&self.job) else { return };
            // SAFETY: the unit was claimed while its stage was current, so `run` waits for it and keeps the job alive.
            let call = std::panic::AssertUnwindSafe(|| unsafe { (*job)(unit) });
            if std::panic::catch_unwind(call).is_err() {
                self.failed.store(true, Ordering::Release);
            }
            self.done.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn wait(&self, last: u32) -> Option<u32> {
        let mut spins = 0;
        loop {
            if self.stop.load(Ordering::Acquire) {
                return None;
            }
            let stage = (self.claim.load(Ordering::Acquire) >> 32) as u32;
            if stage != last {
                return Some(stage);
            }
            spins += 1;
            if spins < SPINS {
                spin();
                continue;
            }
            let mut sleeping = locked(&self.sleeping);
            *sleeping += 1;
            // Checked again under the lock, so that a stage that began meanwhile is not missed.
            while (self.claim.load(Ordering::Acquire) >> 32) as u32 == last
                && !self.stop.load(Ordering::Acquire)
            {
                sleeping = self.wake.wait(sleeping).unwrap_or_else(PoisonError::into_inner);
            }
            *sleeping -= 1;
            spins = 0;
        }
    }
}

impl Pool {
    /// A pool of `threads` threads, of which the caller's is one.
    pub fn new(threads: usize) -> Pool {
        let shared = Arc::new(Shared {
            claim: AtomicU64::new(0),
            done: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            job: Mutex::new(None),
            sleeping: Mutex::new(0),
            wake: Condvar::new(),
            stop: AtomicBool::new(false),
        });
        let threads = (1..threads)
            .filter_map(|k| {
                let s = shared.clone();
                let run = move || {
                    let mut last = 0;
                    while let Some(stage) = s.wait(last) {
                        s.work(stage);
                        last = stage;
                    }
                };
                // Without the thread the others do its work.
                Builder::new().name(format!("bouton-{k}")).spawn(run).ok()
            })
            .collect();
        Pool { shared, threads, stage: 0 }
    }

    /// Runs `job(0)` to `job(count − 1)`, in any order, on all threads; returns when all are done.
    ///
    /// # Panics
    /// If a job did, after all are done; and with 2^15 jobs or more.
    pub fn run(&mut self, count: usize, job: &(dyn Fn(usize) + Sync + '_)) {
        let s = &self.shared;
        // SAFETY: only the lifetime is changed; this function returns after the last unit is done.
        let job: *const Job =
            unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const Job>(job) };
        assert!(count < 1 << 15, "a stage of {count} units");
        // All units of the stage before are claimed and done: nobody holds its job or counts for it any more.
        *locked(&s.job) = Some(job);
        s.done.store(0, Ordering::Release);
        self.stage = self.stage.wrapping_add(1);
        s.claim.store(u64::from(self.stage) << 32 | (count as u64) << 16, Ordering::Release);
        if *locked(&s.sleeping) > 0 {
            s.wake.notify_all();
        }
        s.work(self.stage);
        let mut spins = 0u32;
        while s.done.load(Ordering::Acquire) < count {
            spins += 1;
            if spins < SPINS { spin() } else { yield_now() }
        }
        assert!(!s.failed.load(Ordering::Acquire), "a kernel panicked");
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        {
            let _guard = locked(&self.shared.sleeping);
            self.shared.wake.notify_all();
        }
        for t in self.threads.drain(..) {
            let _ = t.join();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_unit_runs_once() {
        let mut pool = Pool::new(3);
        let hits: Vec<AtomicUsize> = (0..50).map(|_| AtomicUsize::new(0)).collect();
        for round in 1..=2000 {
            let n = 1 + round % 50;
            pool.run(n, &|k| {
                hits[k].fetch_add(1, Ordering::Relaxed);
            });
            if round % 500 == 0 {
                // Long enough for the others to fall asleep.
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        let expected: Vec<usize> = (0..50).map(|k| (1..=2000).filter(|r| 1 + r % 50 > k).count()).collect();
        let got: Vec<usize> = hits.iter().map(|h| h.load(Ordering::Relaxed)).collect();
        assert_eq!(got, expected);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;

    /// Two stages of two units on two threads, in every order in which they can meet: each unit runs once, and the job of a
    /// stage is over when `run` returns.
    #[test]
    fn every_unit_runs_once_in_every_order() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let mut pool = Pool::new(2);
            for _ in 0..2 {
                let hits: [AtomicUsize; 2] = std::array::from_fn(|_| AtomicUsize::new(0));
                pool.run(2, &|k| {
                    hits[k].fetch_add(1, Ordering::Relaxed);
                });
                assert_eq!(hits.map(|h| h.load(Ordering::Relaxed)), [1, 1]);
            }
        });
    }
}
