//! Durations and sizes, all of them before the typed model stops at the first bad one.

use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Node, Value};
use crate::project::path::{Trail, visit};
use crate::project::source::SourceMap;
use crate::project::spelling::{bytes, duration};

const DURATIONS: [&str; 13] = [
    "services.*.stop_grace_period",
    "services.*.healthcheck.interval",
    "services.*.healthcheck.timeout",
    "services.*.healthcheck.start_period",
    "services.*.healthcheck.start_interval",
    "services.*.deploy.update_config.delay",
    "services.*.deploy.update_config.monitor",
    "services.*.deploy.rollback_config.delay",
    "services.*.deploy.rollback_config.monitor",
    "services.*.deploy.restart_policy.delay",
    "services.*.deploy.restart_policy.window",
    "services.*.deploy.restart_policy.max_delay",
    "services.*.deploy.restart_policy.monitor",
];

const SIZES: [&str; 9] = [
    "services.*.mem_limit",
    "services.*.mem_reservation",
    "services.*.memswap_limit",
    "services.*.shm_size",
    "services.*.build.shm_size",
    "services.*.deploy.resources.limits.memory",
    "services.*.deploy.resources.reservations.memory",
    "services.*.volumes.[].tmpfs.size",
    "services.*.blkio_config.device_read_bps.[].rate",
];

/// Every text that is no duration or no size where one is needed.
pub fn check(tree: &mut Node, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for pattern in DURATIONS {
        visit(tree, pattern, &mut |node, trail| errors.extend(bad_duration(node, trail, sources)));
    }
    for pattern in SIZES {
        visit(tree, pattern, &mut |node, trail| errors.extend(bad_size(node, trail, sources)));
    }
    errors
}

fn bad_duration(node: &Node, trail: &Trail<'_>, sources: &SourceMap) -> Option<Diagnostic> {
    let text = node.as_str()?;
    let problem = duration::parse(text).err()?;
    let help = match text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        true => format!("write \"{text}s\" for seconds; units are us, ms, s, m, h, d, w"),
        false => "a duration is a number with a unit, as in 500ms, 30s, 1m30s".into(),
    };
    Some(placed("duration", node, trail, &problem, sources).with_help(help))
}

fn bad_size(node: &Node, trail: &Trail<'_>, sources: &SourceMap) -> Option<Diagnostic> {
    let problem = match &node.value {
        Value::String(text) => bytes::parse(text).err()?,
        Value::Float(number) => format!("{number} is no number of bytes"),
        _ => return None,
    };
    let help = "a size is a number with a unit, as in 512m or 1.5g; units are b, k, m, g, t, p";
    Some(placed("size", node, trail, &problem, sources).with_help(help))
}

/// The error, at the unit that is none where that is the trouble.
fn placed(
    code: &'static str,
    node: &Node,
    trail: &Trail<'_>,
    problem: &str,
    sources: &SourceMap,
) -> Diagnostic {
    let text = node.as_str().unwrap_or_default();
    let unit =
        problem.split(['\'', '"']).nth(1).filter(|_| problem.contains("unit") || problem.contains("suffix"));
    let range = unit.filter(|unit| !unit.is_empty()).and_then(|unit| Some((text.find(unit)?, unit.len())));
    let span = match range {
        Some((start, length)) => sources.part(node.span, text, start..start + length),
        None => node.span,
    };
    Diagnostic::error(code, span, format!("{trail}: {problem}"))
}
