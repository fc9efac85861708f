//! Who is being served: the engine ends by itself only when nobody is.

use std::sync::Arc;

use tokio::sync::watch;

/// Counts open requests; clones share the count.
#[derive(Clone)]
pub struct Activity {
    open: Arc<watch::Sender<usize>>,
}

/// One open request. It must live until the last byte of the answer is written or the connection that was taken over ends.
pub struct Guard {
    open: Arc<watch::Sender<usize>>,
}

impl Default for Activity {
    fn default() -> Self {
        Activity { open: Arc::new(watch::channel(0).0) }
    }
}

impl Activity {
    /// Counts a request until the guard is dropped.
    pub fn enter(&self) -> Guard {
        self.open.send_modify(|open| *open += 1);
        Guard { open: self.open.clone() }
    }

    /// Sees every change of the number of open requests.
    pub fn watch(&self) -> watch::Receiver<usize> {
        self.open.subscribe()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.open.send_modify(|open| *open -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_counted() {
        let activity = Activity::default();
        let open = activity.watch();
        let guard = activity.enter();
        assert_eq!(*open.borrow(), 1);
        drop(guard);
        assert_eq!(*open.borrow(), 0);
    }
}
