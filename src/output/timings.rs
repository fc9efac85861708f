//! What the time of a command was spent on: every step, and the chain of steps that the whole took as long as.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::units::seconds;

/// How timings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimingsFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// A step with its times, counted from the start of the command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timed {
    /// What it did.
    pub text: String,
    /// `pull`, `build`, `create`, `start`, `wait`, `stop`, `hook`, `other`.
    pub kind: &'static str,
    /// Numbers of the steps that it waited for.
    pub after: Vec<usize>,
    /// `None`: it never began.
    pub began: Option<Duration>,
    /// `None`: it did not end.
    pub ended: Option<Duration>,
}

impl Timed {
    fn took(&self) -> Duration {
        self.ended.zip(self.began).map_or(Duration::ZERO, |(ended, began)| ended.saturating_sub(began))
    }
}

/// The text to print, with its last line end. `total` is the time of the whole command so far.
pub fn render(steps: &[Timed], total: Duration, format: TimingsFormat) -> String {
    match format {
        TimingsFormat::Text => text(steps, total),
        TimingsFormat::Json => format!("{}\n", document(steps, total)),
    }
}

fn text(steps: &[Timed], total: Duration) -> String {
    let path = critical_path(steps);
    let mut lines = vec![format!("timings: {} in all", seconds(total))];
    lines.push("    began     ended      took    step".to_owned());
    for step in in_order(steps) {
        let (Some(began), Some(ended)) = (step.began, step.ended) else { continue };
        let times = [began, ended, step.took()].map(|time| format!("{:>9}", precise(time))).join(" ");
        lines.push(format!("{times}    {}", step.text));
    }
    let kinds = by_kind(steps, &path, total);
    let kinds: Vec<String> = kinds.iter().map(|(kind, time)| format!("{kind} {}", precise(*time))).collect();
    lines.push(format!("critical path: {}", kinds.join(", ")));
    lines.extend(path.iter().map(|id| format!("{:>9}    {}", precise(steps[*id].took()), steps[*id].text)));
    lines.join("\n") + "\n"
}

fn document(steps: &[Timed], total: Duration) -> Value {
    let path = critical_path(steps);
    let listed = steps.iter().enumerate().map(|(id, step)| {
        json!({
            "id": id + 1,
            "text": step.text,
            "kind": step.kind,
            "after": step.after.iter().map(|id| id + 1).collect::<Vec<_>>(),
            "began": step.began.map(|time| time.as_secs_f64()),
            "ended": step.ended.map(|time| time.as_secs_f64()),
            "critical": path.contains(&id),
        })
    });
    let kinds: BTreeMap<_, _> =
        by_kind(steps, &path, total).into_iter().map(|(kind, time)| (kind, time.as_secs_f64())).collect();
    json!({
        "version": 1,
        "total": total.as_secs_f64(),
        "critical_path": path.iter().map(|id| id + 1).collect::<Vec<_>>(),
        "critical_kinds": kinds,
        "steps": listed.collect::<Vec<_>>(),
    })
}

fn in_order(steps: &[Timed]) -> Vec<&Timed> {
    let mut ordered: Vec<&Timed> = steps.iter().collect();
    ordered.sort_by_key(|step| step.began);
    ordered
}

/// From the step that ended last, back along what each one had to wait for longest.
fn critical_path(steps: &[Timed]) -> Vec<usize> {
    let latest = |ids: &mut dyn Iterator<Item = usize>| {
        ids.filter(|id| steps[*id].ended.is_some()).max_by_key(|id| steps[*id].ended)
    };
    let mut path = Vec::new();
    let mut next = latest(&mut (0..steps.len()));
    while let Some(id) = next {
        path.push(id);
        next = latest(&mut steps[id].after.iter().copied());
    }
    path.reverse();
    path
}

/// Time on the path by kind, longest first; what no step took is the program's own work, such as looking and planning.
fn by_kind(steps: &[Timed], path: &[usize], total: Duration) -> Vec<(&'static str, Duration)> {
    let mut kinds: BTreeMap<&'static str, Duration> = BTreeMap::new();
    for step in path.iter().map(|id| &steps[*id]) {
        *kinds.entry(step.kind).or_default() += step.took();
    }
    let inside: Duration = kinds.values().sum();
    kinds.insert("planning and gaps", total.saturating_sub(inside));
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    kinds
}

/// Milliseconds below a second.
fn precise(time: Duration) -> String {
    if time < Duration::from_secs(1) { format!("{}ms", time.as_millis()) } else { seconds(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(text: &str, kind: &'static str, after: &[usize], began: u64, ended: u64) -> Timed {
        Timed {
            text: text.to_owned(),
            kind,
            after: after.to_vec(),
            began: Some(Duration::from_millis(began)),
            ended: Some(Duration::from_millis(ended)),
        }
    }

    fn steps() -> Vec<Timed> {
        vec![
            timed("pull image db", "pull", &[], 10, 1500),
            timed("pull image web", "pull", &[], 10, 200),
            timed("start container db", "start", &[0, 1], 1510, 1520),
            timed("wait until db is healthy", "wait", &[2], 1520, 4000),
            Timed { text: "never".to_owned(), ..Timed::default() },
        ]
    }

    #[test]
    fn the_path_goes_along_what_came_last() {
        assert_eq!(critical_path(&steps()), [0, 2, 3]);
        assert!(critical_path(&[]).is_empty());
    }

    #[test]
    fn the_whole_time_is_accounted_for() {
        let total = Duration::from_millis(4100);
        let kinds = by_kind(&steps(), &critical_path(&steps()), total);
        assert_eq!(kinds[0], ("wait", Duration::from_millis(2480)));
        assert_eq!(kinds.iter().map(|(_, time)| *time).sum::<Duration>(), total);
    }

    #[test]
    fn for_people() {
        insta::assert_snapshot!(render(&steps(), Duration::from_millis(4100), TimingsFormat::Text), @r"
        timings: 4.1s in all
            began     ended      took    step
             10ms      1.5s      1.5s    pull image db
             10ms     200ms     190ms    pull image web
             1.5s      1.5s      10ms    start container db
             1.5s      4.0s      2.5s    wait until db is healthy
        critical path: wait 2.5s, pull 1.5s, planning and gaps 120ms, start 10ms
             1.5s    pull image db
             10ms    start container db
             2.5s    wait until db is healthy
        ");
    }
}
