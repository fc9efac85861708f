//! One step at a time per key: the second of two builds that need the same step waits and finds the first one's result.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// The steps in progress.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<String, Weak<AsyncMutex<()>>>>);

impl Flights {
    /// Waits until nobody else works on the key. Dropping the guard lets the next one in.
    pub async fn enter(&self, key: &str) -> OwnedMutexGuard<()> {
        let lock = self.lock_of(key);
        lock.lock_owned().await
    }

    /// As [`Flights::enter`], but `None` instead of waiting.
    pub fn try_enter(&self, key: &str) -> Option<OwnedMutexGuard<()>> {
        self.lock_of(key).try_lock_owned().ok()
    }

    fn lock_of(&self, key: &str) -> Arc<AsyncMutex<()>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = known.get(key).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::new(AsyncMutex::new(()));
        known.insert(key.to_owned(), Arc::downgrade(&lock));
        lock
    }
}
