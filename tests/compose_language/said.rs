//! What is said about a case: why it is refused, and the warnings. A text file per case file, `=== title` and then lines
//! that begin with `docker: ` and `wharf: `.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cases::folder;

/// Warnings of Docker Compose that have no counterpart here; docs/config-differences.md says why.
const UNSAID: [&str; 1] = [
    // Only the branch of an expression that is taken is evaluated.
    "The \"UNUSED\" variable is not set.",
];

const DOCKER: &str = "docker: ";
const WHARF: &str = "wharf: ";

/// What both say about the cases of one file.
pub struct Said {
    path: PathBuf,
    cases: BTreeMap<String, Both>,
    updates: bool,
}

/// What both say about one case.
#[derive(Default)]
struct Both {
    docker: Vec<String>,
    wharf: Vec<String>,
}

impl Said {
    /// Reads it.
    pub fn read(file: &str) -> Self {
        let path = folder().join("said").join(format!("{file}.txt"));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let cases = format!("\n{text}").split("\n=== ").skip(1).map(parse).collect();
        Self { path, cases, updates: std::env::var_os("UPDATE_SAID").is_some() }
    }

    /// Compares what we say with what is expected of us: the recorded lines, and each warning of Docker Compose.
    pub fn by_us(&mut self, title: &str, found: Vec<String>) -> Option<String> {
        let both = self.cases.entry(title.to_owned()).or_default();
        if self.updates {
            both.wharf.clone_from(&found);
        }
        if both.wharf != found {
            return Some(format!("expected to say:\n{}\nsaid:\n{}", both.wharf.join("\n"), found.join("\n")));
        }
        let missing = both.docker.iter().find(|line| !has_counterpart(line, &found));
        missing
            .map(|line| format!("Docker Compose says, and we do not:\n{line}\nsaid:\n{}", found.join("\n")))
    }

    /// Compares what Docker Compose says with what was recorded.
    pub fn by_them(&mut self, title: &str, found: Vec<String>) -> Option<String> {
        let both = self.cases.entry(title.to_owned()).or_default();
        if self.updates {
            both.docker.clone_from(&found);
        }
        (both.docker != found).then(|| {
            format!(
                "the reference was expected to say:\n{}\nsaid:\n{}",
                both.docker.join("\n"),
                found.join("\n")
            )
        })
    }

    /// Writes it, without the cases that nothing is said about.
    pub fn write(&self) {
        let said = self.cases.iter().filter(|(_, both)| !(both.docker.is_empty() && both.wharf.is_empty()));
        let text: String = said.map(|(title, both)| print(title, both)).collect();
        std::fs::write(&self.path, text).expect("the file is written");
    }
}

fn parse(block: &str) -> (String, Both) {
    let (title, body) = block.split_once('\n').unwrap_or((block, ""));
    let of = |who| body.lines().filter_map(|line| line.strip_prefix(who)).map(str::to_owned).collect();
    (title.to_owned(), Both { docker: of(DOCKER), wharf: of(WHARF) })
}

fn print(title: &str, both: &Both) -> String {
    let lines =
        |who: &str, lines: &[String]| lines.iter().map(|line| format!("{who}{line}\n")).collect::<String>();
    format!("=== {title}\n{}{}", lines(DOCKER, &both.docker), lines(WHARF, &both.wharf))
}

/// Whether a warning of Docker Compose is among our lines. Its errors are compared by a reader.
fn has_counterpart(line: &str, ours: &[String]) -> bool {
    let Some(warning) = line.strip_prefix("warning: ") else { return true };
    UNSAID.iter().any(|known| warning.contains(known))
        || ours.iter().any(|line| line.starts_with("warning") && line.contains(warning))
}

/// Our messages, a line each: `error[code] place: message`.
pub fn by_wharf(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut at_place = false;
    for line in text.lines() {
        if let Some(place) = line.trim_start().strip_prefix("--> ") {
            if let Some(last) = lines.last_mut().filter(|_| at_place) {
                *last = last.replacen("]:", &format!("] {place}:"), 1);
            }
            at_place = false;
        } else if line.starts_with("error[") || line.starts_with("warning[") {
            lines.push(line.to_owned());
            at_place = true;
        } else if lines.is_empty() && !line.is_empty() {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// The messages of Docker Compose: `warning: …` and `error: …`.
pub fn by_docker(text: &str) -> Vec<String> {
    let line = |line: &str| match line.split_once(" level=warning msg=") {
        Some((_, message)) => format!("warning: {}", unquoted(message)),
        None => format!("error: {line}"),
    };
    text.lines().filter(|line| !line.is_empty()).map(line).collect()
}

/// The text of a logger's quoted value, without the name of the file it begins with.
fn unquoted(message: &str) -> String {
    let text = serde_json::from_str(message.trim()).unwrap_or_else(|_| message.to_owned());
    match text.split_once(": the attribute ") {
        Some((_, rest)) => format!("the attribute {rest}"),
        None => text,
    }
}
