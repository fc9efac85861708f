//! How often a container that becomes unhealthy is restarted: a crash loop must not go on for ever. No clock, no I/O.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// So many restarts…
pub const RESTARTS: usize = 5;
/// …in so long a time.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// The restarts of one container for being unhealthy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RestartBudget {
    times: Vec<Timestamp>,
}

impl RestartBudget {
    /// Takes one restart; false when there is none left.
    pub fn take(&mut self, now: Timestamp) -> bool {
        self.times.retain(|time| now.duration_since(*time) < WINDOW);
        let left = self.times.len() < RESTARTS;
        if left {
            self.times.push(now);
        }
        left
    }

    /// How many restarts were taken lately.
    pub fn used(&self, now: Timestamp) -> usize {
        self.times.iter().filter(|time| now.duration_since(**time) < WINDOW).count()
    }

    /// A start by hand begins anew.
    pub fn clear(&mut self) {
        self.times.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_used_up_and_comes_back() {
        let at = |seconds| Timestamp::from_second(1_000_000 + seconds).unwrap();
        let mut budget = RestartBudget::default();
        assert!((0..5).all(|second: i64| budget.take(at(second))));
        assert!(!budget.take(at(100)));
        assert_eq!(budget.used(at(100)), 5);
        assert!(budget.take(at(601)), "two of them are longer ago than the window");
        assert_eq!(budget.used(at(601)), 4);
    }
}
