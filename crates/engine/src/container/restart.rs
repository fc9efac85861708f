//! Restart policies: who comes back after an exit, and after how long (contract 5). No clock, no I/O.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::model::RestartPolicy;

const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(60);
/// A run of this length was no failed start: the delay begins anew.
const STABLE: Duration = Duration::from_secs(10);

/// Refuses policies that Docker refuses (contract 5.1, 1.15.5).
///
/// # Errors
/// Docker's texts.
pub fn validate(policy: &RestartPolicy, auto_remove: bool) -> Result<()> {
    let count = policy.maximum_retry_count;
    match policy.name.as_str() {
        "" | "no" | "always" | "unless-stopped" if count != 0 => Err(Error::BadParameter(
            "invalid restart policy: maximum retry count can only be used with 'on-failure'".to_owned(),
        )),
        "on-failure" if count < 0 => Err(Error::BadParameter(
            "invalid restart policy: maximum retry count cannot be negative".to_owned(),
        )),
        "" | "no" => Ok(()),
        "always" | "unless-stopped" | "on-failure" if auto_remove => {
            Err(Error::BadParameter("can't create 'AutoRemove' container with restart policy".to_owned()))
        }
        "always" | "unless-stopped" | "on-failure" => Ok(()),
        other => Err(Error::BadParameter(format!(
            "invalid restart policy: unknown policy '{other}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        ))),
    }
}

/// Whether a container that ended by itself is started again (contract 5.3).
pub fn after_exit(policy: &RestartPolicy, exit_code: i32, restarts: u64) -> bool {
    match policy.name.as_str() {
        "always" | "unless-stopped" => true,
        "on-failure" => {
            let limit = u64::try_from(policy.maximum_retry_count).unwrap_or(0);
            exit_code != 0 && (limit == 0 || restarts < limit)
        }
        _ => false,
    }
}

/// Whether a container is started when the engine starts on a host that had stopped it (contract 5.5).
pub fn after_boot(policy: &RestartPolicy, exit_code: i32, manually_stopped: bool, restarts: u64) -> bool {
    match policy.name.as_str() {
        "always" => true,
        "unless-stopped" => !manually_stopped,
        // Its code counts, also that of one that was stopped by hand.
        "on-failure" => after_exit(policy, exit_code, restarts),
        _ => false,
    }
}

/// The growing delay before a restart (contract 5.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BackOff {
    last: Option<Duration>,
}

impl BackOff {
    /// The delay after a run of this length.
    pub fn after(&mut self, run: Duration) -> Duration {
        let delay = match self.last {
            Some(last) if run < STABLE => (last * 2).min(LONGEST_DELAY),
            _ => FIRST_DELAY,
        };
        self.last = Some(delay);
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, maximum_retry_count: i64) -> RestartPolicy {
        RestartPolicy { name: name.to_owned(), maximum_retry_count }
    }

    #[test]
    fn decisions_after_an_exit() {
        assert!(after_exit(&policy("always", 0), 0, 100));
        assert!(after_exit(&policy("unless-stopped", 0), 0, 0));
        assert!(!after_exit(&policy("on-failure", 0), 0, 0));
        assert!(after_exit(&policy("on-failure", 2), 1, 1));
        assert!(!after_exit(&policy("on-failure", 2), 1, 2));
        assert!(!after_exit(&policy("", 0), 1, 0));
    }

    #[test]
    fn decisions_after_a_boot() {
        assert!(after_boot(&policy("always", 0), 0, true, 0));
        assert!(!after_boot(&policy("unless-stopped", 0), 0, true, 0));
        assert!(after_boot(&policy("on-failure", 0), 255, false, 0));
        assert!(after_boot(&policy("on-failure", 0), 137, true, 0));
        assert!(!after_boot(&policy("on-failure", 0), 0, true, 0));
        assert!(!after_boot(&policy("no", 0), 255, false, 0));
    }

    #[test]
    fn the_delay_doubles_up_to_a_minute_and_begins_anew_after_a_long_run() {
        let mut back_off = BackOff::default();
        let delays: Vec<_> = (0..12).map(|_| back_off.after(Duration::ZERO).as_millis()).collect();
        assert_eq!(delays[..4], [100, 200, 400, 800]);
        assert_eq!(delays[11], 60_000);
        assert_eq!(back_off.after(Duration::from_secs(10)).as_millis(), 100);
    }

    #[test]
    fn odd_policies_are_refused() {
        assert!(validate(&policy("always", 3), false).is_err());
        assert!(validate(&policy("on-failure", -1), false).is_err());
        assert!(validate(&policy("sometimes", 0), false).is_err());
        assert!(validate(&policy("always", 0), true).is_err());
        assert!(validate(&policy("on-failure", 3), false).is_ok());
    }
}
