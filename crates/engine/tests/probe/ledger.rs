//! The differences that are meant, each with its reason.

use crate::cases::Case;
use crate::compare::Difference;

/// What stands for "not there" in the ledger.
const ABSENT: &str = "-";

pub struct Ledger(Vec<Entry>);

/// A line: patterns for case, key and both values, where `*` stands for any text.
struct Entry {
    line: usize,
    /// The machine decides whether there is such a difference.
    is_of_some_machines: bool,
    case: String,
    key: String,
    theirs: String,
    ours: String,
}

impl Ledger {
    /// Comments are the reasons: each group of lines is below its own.
    pub fn read(text: &str) -> Ledger {
        let mut reason = false;
        let mut entries = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                reason = false;
            } else if line.starts_with('#') {
                reason = true;
            } else {
                assert!(reason, "line {} of the ledger: there is no reason above it", index + 1);
                entries.push(Entry::parse(index + 1, line));
            }
        }
        Ledger(entries)
    }

    /// What is wrong: differences without an entry, and, when everything is compared, entries without a difference
    /// among the cases that were run.
    pub fn check(&self, found: &[Difference], run: &[Case], everything: bool) -> Vec<String> {
        let unexplained = found.iter().filter(|one| !self.0.iter().any(|entry| entry.explains(one)));
        let shown = |value: &Option<String>| escape(value.as_deref().unwrap_or(ABSENT));
        let mut complaints: Vec<String> = unexplained
            .map(|one| format!("{} | {} | {} | {}", one.case, one.key, shown(&one.theirs), shown(&one.ours)))
            .collect();
        let idle = self.0.iter().filter(|entry| !found.iter().any(|one| entry.explains(one)));
        let could_meet = |entry: &&Entry| {
            let was_run = run.iter().any(|case| matches(&entry.case, case.name));
            everything && was_run && !entry.is_of_some_machines
        };
        complaints.extend(
            idle.filter(could_meet).map(|entry| {
                format!("line {} of the ledger: there is no such difference any more", entry.line)
            }),
        );
        complaints
    }
}

impl Entry {
    fn parse(line: usize, text: &str) -> Entry {
        let is_of_some_machines = text.starts_with('?');
        let fields: Vec<&str> = text.trim_start_matches('?').split('|').map(str::trim).collect();
        let [case, key, theirs, ours] = fields[..] else {
            panic!("line {line} of the ledger: want case | key | Docker Engine's value | ours");
        };
        let [case, key, theirs, ours] = [case, key, theirs, ours].map(str::to_owned);
        Entry { line, is_of_some_machines, case, key, theirs, ours }
    }

    fn explains(&self, one: &Difference) -> bool {
        let fits = |pattern: &str, value: &Option<String>| {
            matches(pattern, &escape(value.as_deref().unwrap_or(ABSENT)))
        };
        matches(&self.case, &one.case)
            && matches(&self.key, &one.key)
            && fits(&self.theirs, &one.theirs)
            && fits(&self.ours, &one.ours)
    }
}

/// One line for any value.
pub fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\t', "\\t")
        .replace('|', "\\!")
        .trim()
        .to_owned()
}

/// Whether `text` is what `pattern` says.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(index) = text.find(part) else { return false };
        text = &text[index + part.len()..];
    }
    text.ends_with(end)
}

#[test]
fn patterns() {
    assert!(matches("a*c", "abc") && matches("*", "") && matches("a*b*c", "a-b-b-c") && matches("x", "x"));
    assert!(!matches("a*c", "ab") && !matches("x", "xy") && !matches("ab*b", "ab"));
}

#[test]
fn both_ways() {
    let ledger = Ledger::read("# why\n* | umask | 0022 | *\n# why not\nb | gone | - | 1\n");
    let difference = |case: &str, key: &str, theirs: &str, ours: &str| Difference {
        case: case.into(),
        key: key.into(),
        theirs: Some(theirs.into()),
        ours: Some(ours.into()),
    };
    let case = |name| Case { name, steps: Vec::new() };
    let found = [difference("a", "umask", "0022", "0"), difference("a", "uid", "0", "1")];
    assert_eq!(ledger.check(&found, &[case("a")], true), ["a | uid | 0 | 1"]);
    let complaints = ledger.check(&found[..1], &[case("a"), case("b")], true);
    assert_eq!(complaints, ["line 4 of the ledger: there is no such difference any more"]);
    assert!(ledger.check(&found[..1], &[case("b")], false).is_empty());
    let machines = Ledger::read("# some\n? b | gone | - | 1\n");
    assert!(machines.check(&[], &[case("b")], true).is_empty());
}
