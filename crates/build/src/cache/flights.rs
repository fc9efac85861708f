//! Who works on a key: a step that two builds need runs once, a cache directory has one writer where that was
//! asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The keys in use.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<String, Weak<RwLock<()>>>>);

/// A key in use; dropping it lets others in.
#[derive(Debug)]
pub(crate) enum Flight {
    /// Nobody else uses it.
    Alone { _guard: OwnedRwLockWriteGuard<()> },
    /// Others may use it as well, but nobody alone.
    Shared { _guard: OwnedRwLockReadGuard<()> },
}

impl Flights {
    /// Waits until nobody else uses the key.
    pub async fn enter(&self, key: &str) -> Flight {
        Flight::Alone { _guard: self.lock_of(key).write_owned().await }
    }

    /// Waits until nobody uses the key alone.
    pub async fn enter_shared(&self, key: &str) -> Flight {
        Flight::Shared { _guard: self.lock_of(key).read_owned().await }
    }

    /// As [`Flights::enter`], but `None` instead of waiting.
    pub fn try_enter(&self, key: &str) -> Option<Flight> {
        self.lock_of(key).try_write_owned().ok().map(|guard| Flight::Alone { _guard: guard })
    }

    fn lock_of(&self, key: &str) -> Arc<RwLock<()>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = known.get(key).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::new(RwLock::new(()));
        known.insert(key.to_owned(), Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn alone_and_shared() {
        let flights = Flights::default();
        let first = flights.enter_shared("k").await;
        let second = flights.enter_shared("k").await;
        assert!(flights.try_enter("k").is_none());
        assert!(flights.try_enter("other").is_some());
        drop((first, second));
        let alone = flights.try_enter("k");
        assert!(alone.is_some() && flights.try_enter("k").is_none());
    }
}
