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

const TABLE: [(&str, Cast); 50] = [
    ("services.*.cpu_count", Cast::Integer),
    ("services.*.cpu_percent", Cast::Float),
    ("services.*.cpu_period", Cast::Integer),
    ("services.*.cpu_quota", Cast::Integer),
    ("services.*.cpu_rt_period", Cast::Integer),
    ("services.*.cpu_rt_runtime", Cast::Integer),
    ("services.*.cpus", Cast::Float),
    ("services.*.cpu_shares", Cast::Integer),
    ("services.*.init", Cast::Boolean),
    ("services.*.depends_on.*.required", Cast::Boolean),
    ("services.*.depends_on.*.restart", Cast::Boolean),
    ("services.*.deploy.replicas", Cast::Integer),
    ("services.*.deploy.update_config.parallelism", Cast::Integer),
    ("services.*.deploy.update_config.max_failure_ratio", Cast::Float),
    ("services.*.deploy.rollback_config.parallelism", Cast::Integer),
    ("services.*.deploy.rollback_config.max_failure_ratio", Cast::Float),
    ("services.*.deploy.restart_policy.max_attempts", Cast::Integer),
    ("services.*.deploy.placement.max_replicas_per_node", Cast::Integer),
    ("services.*.healthcheck.retries", Cast::Integer),
    ("services.*.healthcheck.disable", Cast::Boolean),
    ("services.*.oom_kill_disable", Cast::Boolean),
    ("services.*.oom_score_adj", Cast::Integer),
    ("services.*.pids_limit", Cast::Integer),
    ("services.*.ports.[].target", Cast::Integer),
    ("services.*.privileged", Cast::Boolean),
    ("services.*.read_only", Cast::Boolean),
    ("services.*.scale", Cast::Integer),
    ("services.*.stdin_open", Cast::Boolean),
    ("services.*.tty", Cast::Boolean),
    ("services.*.ulimits.*", Cast::Integer),
    ("services.*.ulimits.*.hard", Cast::Integer),
    ("services.*.ulimits.*.soft", Cast::Integer),
    ("services.*.volumes.[].read_only", Cast::Boolean),
    ("services.*.volumes.[].volume.nocopy", Cast::Boolean),
    ("services.*.volumes.[].bind.create_host_path", Cast::Boolean),
    ("services.*.attach", Cast::Boolean),
    ("services.*.build.no_cache", Cast::Boolean),
    ("services.*.build.pull", Cast::Boolean),
    ("services.*.build.privileged", Cast::Boolean),
    ("services.*.deploy.resources.limits.pids", Cast::Integer),
    ("services.*.blkio_config.weight", Cast::Integer),
    ("services.*.blkio_config.weight_device.[].weight", Cast::Integer),
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
    TABLE.iter().find(|(pattern, _)| trail.matches(pattern)).map(|(_, cast)| *cast)
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
