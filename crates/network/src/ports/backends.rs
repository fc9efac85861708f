//! The containers behind a port, for connections that this process forwards itself.

use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Backends that take turns.
#[derive(Debug, Default)]
pub(super) struct Backends {
    all: RwLock<Arc<[SocketAddrV4]>>,
    turn: AtomicUsize,
}

impl Backends {
    /// Replaces the backends; what runs goes on.
    pub(super) fn set(&self, backends: &[SocketAddrV4]) {
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = backends.into();
    }

    /// All backends, the one whose turn it is first.
    pub(super) fn in_turn(&self) -> Vec<SocketAddrV4> {
        let mut backends = self.all.read().unwrap_or_else(PoisonError::into_inner).to_vec();
        if !backends.is_empty() {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) % backends.len();
            backends.rotate_left(turn);
        }
        backends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_gets_a_turn() {
        let backends = Backends::default();
        assert!(backends.in_turn().is_empty());
        let all: Vec<SocketAddrV4> =
            (1..4).map(|last| SocketAddrV4::new([10, 0, 0, last].into(), 80)).collect();
        backends.set(&all);
        let firsts: Vec<_> = (0..3).map(|_| backends.in_turn()[0]).collect();
        assert_eq!(firsts, all);
    }
}
