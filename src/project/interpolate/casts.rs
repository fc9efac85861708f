//! Which attributes stop being text after interpolation, and what they become.

use crate::project::node::Value;
use crate::project::path::Trail;

/// A type that text is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// `true` or `false`, or one of YAML 1.1's other words (with a warning).
    Boolean,
    /// An integer.
    Integer,
    /// A floating point number.
    Float,
}

const SERVICE: [(&str, Cast); 42] = [
    ("cpu_count", Cast::Integer),
    ("cpu_percent", Cast::Float),
    ("cpu_period", Cast::Integer),
    ("cpu_quota", Cast::Integer),
    ("cpu_rt_period", Cast::Integer),
    ("cpu_rt_runtime", Cast::Integer),
    ("cpus", Cast::Float),
    ("cpu_shares", Cast::Integer),
    ("init", Cast::Boolean),
    ("depends_on.*.required", Cast::Boolean),
    ("depends_on.*.restart", Cast::Boolean),
    ("deploy.replicas", Cast::Integer),
    ("deploy.update_config.parallelism", Cast::Integer),
    ("deploy.update_config.max_failure_ratio", Cast::Float),
    ("deploy.rollback_config.parallelism", Cast::Integer),
    ("deploy.rollback_config.max_failure_ratio", Cast::Float),
    ("deploy.restart_policy.max_attempts", Cast::Integer),
    ("deploy.placement.max_replicas_per_node", Cast::Integer),
    ("healthcheck.retries", Cast::Integer),
    ("healthcheck.disable", Cast::Boolean),
    ("oom_kill_disable", Cast::Boolean),
    ("oom_score_adj", Cast::Integer),
    ("pids_limit", Cast::Integer),
    ("ports.[].target", Cast::Integer),
    ("privileged", Cast::Boolean),
    ("read_only", Cast::Boolean),
    ("scale", Cast::Integer),
    ("stdin_open", Cast::Boolean),
    ("tty", Cast::Boolean),
    ("ulimits.*", Cast::Integer),
    ("ulimits.*.hard", Cast::Integer),
    ("ulimits.*.soft", Cast::Integer),
    ("volumes.[].read_only", Cast::Boolean),
    ("volumes.[].volume.nocopy", Cast::Boolean),
    ("volumes.[].bind.create_host_path", Cast::Boolean),
    ("attach", Cast::Boolean),
    ("build.no_cache", Cast::Boolean),
    ("build.pull", Cast::Boolean),
    ("build.privileged", Cast::Boolean),
    ("deploy.resources.limits.pids", Cast::Integer),
    ("blkio_config.weight", Cast::Integer),
    ("blkio_config.weight_device.[].weight", Cast::Integer),
];

const TOP_LEVEL: [(&str, Cast); 8] = [
    ("networks.*.external", Cast::Boolean),
    ("networks.*.internal", Cast::Boolean),
    ("networks.*.attachable", Cast::Boolean),
    ("networks.*.enable_ipv4", Cast::Boolean),
    ("networks.*.enable_ipv6", Cast::Boolean),
    ("volumes.*.external", Cast::Boolean),
    ("secrets.*.external", Cast::Boolean),
    ("configs.*.external", Cast::Boolean),
];

/// The cast for a place, if it has one.
pub fn at(trail: &Trail<'_>) -> Option<Cast> {
    let steps = trail.steps();
    let (table, rest): (&[_], _) = match steps.as_slice() {
        ["services", _, rest @ ..] => (&SERVICE, rest),
        all => (&TOP_LEVEL, all),
    };
    table.iter().find(|(pattern, _)| fits(rest, pattern)).map(|(_, cast)| *cast)
}

fn fits(steps: &[&str], pattern: &str) -> bool {
    let mut steps = steps.iter();
    pattern.split('.').all(|wanted| steps.next().is_some_and(|step| wanted == "*" || wanted == *step)) && steps.len() == 0
}

/// A text that does not fit its type.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CastError {
    /// Not a boolean.
    #[error("invalid boolean: {0}")]
    Boolean(String),
    /// Not a number.
    #[error("invalid number: {0:?}")]
    Number(String),
}

/// The typed value, and the word to use instead when a YAML 1.1 boolean was written.
///
/// # Errors
/// When the text is no such value.
pub fn apply(cast: Cast, text: &str) -> Result<(Value, Option<&'static str>), CastError> {
    let number = || CastError::Number(text.to_owned());
    match cast {
        Cast::Boolean => boolean(text),
        Cast::Integer => Ok((Value::Int(text.parse::<i64>().map_err(|_| number())?.into()), None)),
        Cast::Float => Ok((Value::Float(text.parse().map_err(|_| number())?), None)),
    }
}

fn boolean(text: &str) -> Result<(Value, Option<&'static str>), CastError> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok((Value::Bool(true), None)),
        "false" => Ok((Value::Bool(false), None)),
        "y" | "yes" | "on" => Ok((Value::Bool(true), Some("true"))),
        "n" | "no" | "off" => Ok((Value::Bool(false), Some("false"))),
        _ => Err(CastError::Boolean(text.to_owned())),
    }
}
