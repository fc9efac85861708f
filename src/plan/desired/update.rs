//! How the replicas of a service are brought to a new configuration and back: `deploy.update_config` and
//! `rollback_config` with Swarm's defaults, as far as one machine has a use for them.

use std::time::Duration;

use crate::plan::step::FailureAction;
use crate::project::model::{Service, UpdateConfig};

/// What the file says of updates.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdatePolicy {
    /// To the new configuration.
    pub forward: Pace,
    /// Back to the old one, after a failure.
    pub back: Pace,
}

/// In what order, and how fast.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// Replicas at a time, at least one.
    pub parallelism: usize,
    /// Between one group and the next.
    pub delay: Duration,
    /// The new replica runs before the old one stops.
    pub start_first: bool,
    /// How long a new replica is watched; `None`: until it is healthy, or [`crate::plan::step::MONITOR`] without a health check.
    pub monitor: Option<Duration>,
    /// What to do when more replicas fail than is tolerated.
    pub on_failure: FailureAction,
    /// Tolerated failures, as a share of all replicas.
    pub tolerated: f32,
}

/// The policy of a service; `None` without `update_config`: it is updated as Docker Compose does.
pub(super) fn policy(service: &Service) -> Option<UpdatePolicy> {
    let deploy = service.deploy.as_ref()?;
    let forward = pace(deploy.update_config.as_ref()?);
    let back = pace(&deploy.rollback_config.clone().unwrap_or_default());
    Some(UpdatePolicy { forward, back })
}

fn pace(config: &UpdateConfig) -> Pace {
    let monitor = config.monitor.to_std();
    Pace {
        parallelism: match config.parallelism {
            None => 1,
            Some(0) => usize::MAX,
            Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
        },
        delay: config.delay.to_std(),
        start_first: config.order == "start-first",
        monitor: (!monitor.is_zero()).then_some(monitor),
        on_failure: match config.failure_action.as_str() {
            "continue" => FailureAction::Continue,
            "rollback" => FailureAction::Rollback,
            _ => FailureAction::Pause,
        },
        tolerated: config.max_failure_ratio.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::model::{self, Deploy};

    fn policy_of(update: UpdateConfig) -> UpdatePolicy {
        let deploy = Deploy { update_config: Some(update), ..Deploy::default() };
        policy(&Service { deploy: Some(deploy), ..Service::default() }).unwrap()
    }

    #[test]
    fn an_empty_update_config_has_the_defaults_of_swarm() {
        let pace = policy_of(UpdateConfig::default()).forward;
        let expected = Pace {
            parallelism: 1,
            delay: Duration::ZERO,
            start_first: false,
            monitor: None,
            on_failure: FailureAction::Pause,
            tolerated: 0.0,
        };
        assert_eq!(pace, expected);
    }

    #[test]
    fn no_update_config_is_no_policy() {
        let deploy = Deploy { rollback_config: Some(UpdateConfig::default()), ..Deploy::default() };
        assert_eq!(policy(&Service { deploy: Some(deploy), ..Service::default() }), None);
    }

    #[test]
    fn zero_at_a_time_is_all_at_once() {
        let config = UpdateConfig {
            parallelism: Some(0),
            order: "start-first".into(),
            failure_action: "rollback".into(),
            monitor: model::Duration(2_000_000_000),
            ..UpdateConfig::default()
        };
        let pace = policy_of(config).forward;
        assert_eq!((pace.parallelism, pace.start_first), (usize::MAX, true));
        assert_eq!((pace.monitor, pace.on_failure), (Some(Duration::from_secs(2)), FailureAction::Rollback));
    }
}
