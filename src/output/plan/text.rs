//! Numbered lines, details indented below their step.

use super::{NOTHING, Row, Sheet};
use crate::output::harmless;

pub(super) fn render(sheet: &Sheet) -> String {
    let mut lines: Vec<String> = sheet.rows.iter().flat_map(step).collect();
    lines.extend(sheet.kept.iter().map(|name| format!("  =  keep container {name}")));
    if sheet.rows.is_empty() {
        lines.push(NOTHING.to_owned());
    }
    harmless(&lines.join("\n")).into_owned() + "\n"
}

fn step(row: &Row) -> Vec<String> {
    let mut head = format!("{:>3}  {} ({})", row.id + 1, row.text, row.reason.1);
    for (word, ids) in [("after", &row.after), ("if possible after", &row.after_optional)] {
        if !ids.is_empty() {
            let numbers: Vec<String> = ids.iter().map(|id| (id + 1).to_string()).collect();
            head += &format!(" {word} {}", numbers.join(","));
        }
    }
    let details = row.details().into_iter().map(|line| format!("       {line}"));
    std::iter::once(head).chain(details).collect()
}
