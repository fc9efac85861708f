//! `docs/scenarios.md`: every scenario, how it went in each column, and why columns differ.
//!
//! A run with `WHARF_SCENARIO_MATRIX` writes into it what it ran; in every other run a test compares it with the scenarios.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use super::column::Column;
use super::text::{Scenario, Step};

const HEAD: &str = "\
# Scenarios, and where columns differ

What users do and see, from `tests/scenarios/`, and how it went with `wharf` on the built-in engine, with `wharf` on a Docker Engine
and with `docker compose` on that engine. `ok`: it passed as it stands. `differs`: it passed, and some lines are for this
column only. `not`: it is not for this column. The last column says why, in the words of the scenario's file.

Written by `WHARF_SCENARIO_MATRIX=1 cargo test --test scenarios`, never by hand; a test fails when it is stale.
";
/// Begins the only line that two runs may write differently.
const WRITTEN: &str = "Last written with ";

/// How the runs went so far, by the names of their tests.
#[derive(Debug, Default)]
pub struct Results(Mutex<BTreeMap<String, bool>>);

impl Results {
    pub fn note(&self, test: &str, passed: bool) {
        self.0.lock().unwrap().insert(test.to_owned(), passed);
    }

    /// The document; `peers` are the programs that were compared with. What did not run now is as `before` has it, the
    /// document so far; nothing when a run is missing there too.
    pub fn document(&self, scenarios: &[Scenario], peers: &str, before: &str) -> Option<String> {
        let mut results = earlier(before);
        results.extend(self.0.lock().unwrap().iter().map(|(test, passed)| (test.clone(), *passed)));
        let mut runs = scenarios
            .iter()
            .flat_map(|scenario| scenario.columns.iter().map(move |column| test_name(scenario, *column)));
        runs.all(|run| results.contains_key(&run))
            .then(|| document(scenarios, peers, &|scenario, column| results[&test_name(scenario, column)]))
    }
}

/// The results that a document has, by the names of the tests.
fn earlier(document: &str) -> BTreeMap<String, bool> {
    let mut results = BTreeMap::new();
    let mut area = "";
    for line in document.lines() {
        area = line.strip_prefix("## ").unwrap_or(area);
        let row: Vec<&str> = line.trim_start_matches("| ").split(" | ").collect();
        let [intent, marks @ .., _why] = row.as_slice() else { continue };
        for (column, mark) in Column::ALL.iter().zip(marks).filter(|(_, mark)| **mark != "not") {
            let test = format!("{area}: {}::{}", intent.replace("\\|", "|"), column.name());
            results.insert(test, *mark != "FAILED");
        }
    }
    results
}

/// What the test of a scenario in a column is called.
pub fn test_name(scenario: &Scenario, column: Column) -> String {
    format!("{}::{}", scenario.name(), column.name())
}

/// Compares a document with the scenarios, all passed.
pub fn check(written: &str, scenarios: &[Scenario]) -> Result<(), String> {
    let expected = document(scenarios, "", &|_, _| true);
    let lines = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with(WRITTEN)).map(str::to_owned).collect()
    };
    let (expected, written) = (lines(&expected), lines(written));
    let known = |line: &&String| !written.contains(line);
    match expected.iter().find(known).or_else(|| written.iter().find(|line| !expected.contains(line))) {
        Some(line) => Err(format!(
            "docs/scenarios.md is stale: run WHARF_SCENARIO_MATRIX=1 cargo test --test scenarios\n{line}"
        )),
        None if expected != written => Err("docs/scenarios.md has its lines in another order".to_owned()),
        None => Ok(()),
    }
}

fn document(scenarios: &[Scenario], peers: &str, passed: &dyn Fn(&Scenario, Column) -> bool) -> String {
    let runs: usize = scenarios.iter().map(|scenario| scenario.columns.len()).sum();
    let mut text = format!("{HEAD}{WRITTEN}{peers}.\n\n{} scenarios, {runs} runs.\n", scenarios.len());
    let mut area = "";
    for scenario in scenarios {
        if scenario.area != area {
            area = &scenario.area;
            let _ = write!(
                text,
                "\n## {area}\n\n| | built-in | Docker Engine | docker compose | why |\n|---|---|---|---|---|\n"
            );
        }
        let marks = Column::ALL.map(|column| mark(scenario, column, passed));
        let why = scenario.reasons.join(" ");
        let _ = writeln!(text, "| {} | {} | {} |", cell(&scenario.intent), marks.join(" | "), cell(&why));
    }
    text
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn mark(scenario: &Scenario, column: Column, passed: &dyn Fn(&Scenario, Column) -> bool) -> &'static str {
    if !scenario.columns.contains(&column) {
        return "not";
    }
    // Docker Compose is what the others are compared with; where it has no part, the Docker Engine.
    let reference = scenario.columns.last().copied().unwrap_or(column);
    match passed(scenario, column) {
        false => "FAILED",
        true if lines_for(scenario, column) == lines_for(scenario, reference) => "ok",
        true => "differs",
    }
}

/// Which steps and expectations are for a column, by their places.
fn lines_for(scenario: &Scenario, column: Column) -> Vec<(usize, Vec<usize>)> {
    let expectations = |step: &Step| {
        let all = step.expectations.iter().enumerate();
        all.filter(|(_, (only, _))| column.takes(only)).map(|(place, _)| place).collect()
    };
    let steps = scenario.steps.iter().enumerate().filter(|(_, step)| column.takes(&step.only));
    steps.map(|(place, step)| (place, expectations(step))).collect()
}
