//! A tree: images, networks and volumes first, then each service with what happens to it.

use indexmap::IndexMap;

use super::{NOTHING, Row, Sheet};
use crate::output::harmless;

/// A line and what stands below it.
struct Branch {
    text: String,
    below: Vec<Branch>,
}

pub(super) fn render(sheet: &Sheet) -> String {
    let mut groups: IndexMap<String, Vec<&Row>> = IndexMap::new();
    for row in &sheet.rows {
        groups.entry(group(row)).or_default().push(row);
    }
    let mut branches: Vec<Branch> = groups
        .into_iter()
        .map(|(text, rows)| Branch { text, below: rows.into_iter().map(branch).collect() })
        .collect();
    if !sheet.kept.is_empty() {
        let below = sheet.kept.iter().map(|name| leaf(format!("container {name}"))).collect();
        branches.push(Branch { text: "unchanged".to_owned(), below });
    }
    let steps = match sheet.rows.len() {
        0 => NOTHING.to_owned(),
        1 => "1 step".to_owned(),
        count => format!("{count} steps"),
    };
    let mut lines = vec![format!("{}: {steps}", sheet.project)];
    draw(&branches, "", &mut lines);
    harmless(&lines.join("\n")).into_owned() + "\n"
}

fn group(row: &Row) -> String {
    match row.resource {
        "image" | "network" | "volume" => format!("{}s", row.resource),
        _ if row.service.is_empty() => row.name.clone(),
        _ => format!("service {}", row.service),
    }
}

fn branch(row: &Row) -> Branch {
    let below = row.details().into_iter().map(leaf).collect();
    Branch { text: format!("{} ({})", row.text, row.reason.1), below }
}

fn leaf(text: String) -> Branch {
    Branch { text, below: Vec::new() }
}

fn draw(branches: &[Branch], indent: &str, lines: &mut Vec<String>) {
    for (position, branch) in branches.iter().enumerate() {
        let last = position + 1 == branches.len();
        let (fork, further) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        lines.push(format!("{indent}{fork}{}", branch.text));
        draw(&branch.below, &format!("{indent}{further}"), lines);
    }
}
