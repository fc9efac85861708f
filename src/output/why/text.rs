//! The account for people: the cause first, then what it was told from.

use super::{Account, ContainerAccount, HealthAccount, Wait};
use crate::output::harmless;
use crate::output::plan::Row;

/// Probes shown of a container.
const PROBES: usize = 3;

/// The text to print, with its last line end.
pub fn render(account: &Account) -> String {
    let place = account.place.as_ref().map(|place| format!("  [{place}]")).unwrap_or_default();
    let mut lines = vec![format!("{}{place}", account.service)];
    lines.extend(account.verdict.iter().map(|sentence| format!("  {sentence}")));
    for container in &account.containers {
        lines.push(String::new());
        lines.extend(self::container(container));
    }
    if !account.waits.is_empty() {
        lines.extend([String::new(), "waits for".to_owned()]);
        lines.extend(account.waits.iter().map(wait));
    }
    lines.push(String::new());
    lines.extend(plan(account.plan.as_deref()));
    harmless(&lines.join("\n")).into_owned() + "\n"
}

fn container(container: &ContainerAccount) -> Vec<String> {
    let since = container.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    let mut lines = vec![format!("{}: {}{since}", container.name, container.state)];
    let created = container.created.as_deref().unwrap_or("at an unknown time");
    let maker = if container.maker.is_empty() { String::new() } else { format!(" by {}", container.maker) };
    lines.push(format!("  made {created}{maker} from {} ({})", container.files, container.image));
    if let Some(end) = &container.last_end {
        lines.push(format!("  its run before this one ended at {end}"));
    }
    if container.restarts > 0 {
        lines.push(format!("  started again {} times by its restart policy", container.restarts));
    }
    if container.out_of_memory {
        lines.push("  killed because it used more memory than it may".to_owned());
    }
    if !container.error.is_empty() {
        lines.push(format!("  could not be started: {}", container.error));
    }
    lines.extend(container.health.iter().flat_map(health));
    if !container.output.is_empty() {
        lines.push("  last output".to_owned());
        lines.extend(container.output.iter().map(|line| format!("    | {line}")));
    }
    lines
}

fn health(health: &HealthAccount) -> Vec<String> {
    let limit = if health.retries > 0 { format!(" of {}", health.retries) } else { String::new() };
    let failures = match health.failures {
        0 => String::new(),
        count => format!(", {count}{limit} failed in a row"),
    };
    let mut lines = vec![format!("  {} by {}{failures}", health.status, health.test)];
    let skipped = health.probes.len().saturating_sub(PROBES);
    let probes = health.probes[skipped..].iter();
    lines.extend(probes.map(|probe| format!("    {}  {}", probe.at, probe.text())));
    lines
}

fn wait(wait: &Wait) -> String {
    let mark = if wait.met { "✔" } else { "✘" };
    let optional = if wait.required { "" } else { ", not required" };
    let place = wait.place.as_ref().map(|place| format!("  [{place}]")).unwrap_or_default();
    format!("  {mark} {} ({}{optional}): {}{place}", wait.service, wait.condition, wait.now)
}

fn plan(plan: Option<&[Row]>) -> Vec<String> {
    match plan {
        None => vec!["what `up` would do is not known: no file has this service".to_owned()],
        Some([]) => vec!["`up` would leave it as it is".to_owned()],
        Some(rows) => {
            let mut lines = vec!["`up` would".to_owned()];
            for row in rows {
                lines.push(format!("  {} ({})", row.text, row.reason.1));
                lines.extend(row.details().into_iter().map(|line| format!("    {line}")));
            }
            lines
        }
    }
}
