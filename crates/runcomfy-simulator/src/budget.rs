//! Memory limit of work that runs in parallel.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Memory that encoding and decoding pictures may take in all.
pub(crate) struct MemoryBudget {
    bytes: u64,
    free: Mutex<u64>,
    freed: Condvar,
}

/// Reserved memory, given back on drop.
pub(crate) struct Reservation<'a> {
    budget: &'a MemoryBudget,
    bytes: u64,
}

impl MemoryBudget {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { bytes, free: Mutex::new(bytes), freed: Condvar::new() }
    }

    /// Waits until this much memory is free. More than the whole budget waits for the whole. A
    /// thread that holds a reservation must not ask for another one.
    pub(crate) fn reserve(&self, bytes: u64) -> Reservation<'_> {
        let bytes = bytes.min(self.bytes);
        let mut free = self.lock();
        while *free < bytes {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= bytes;
        Reservation { budget: self, bytes }
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        *self.budget.lock() += self.bytes;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn reservations_never_exceed_the_budget() {
        let budget = MemoryBudget::new(100);
        let (held, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for bytes in [30, 60, 100, 400, 1, 70, 0, 50] {
                let (budget, held, most) = (&budget, &held, &most);
                scope.spawn(move || {
                    let _reservation = budget.reserve(bytes);
                    let now = held.fetch_add(bytes.min(100), Ordering::SeqCst) + bytes.min(100);
                    most.fetch_max(now, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(5));
                    held.fetch_sub(bytes.min(100), Ordering::SeqCst);
                });
            }
        });
        assert_eq!((most.load(Ordering::SeqCst), *budget.lock()), (100, 100));
    }
}
