//! Scenarios: what a user does and sees, as text files in `tests/scenarios/`, each run in up to three columns.
//!
//! * `builtin`: `wharf` on an engine of the test's own (needs root and `WHARF_TEST_IMAGES`, see `tests/run.sh`);
//! * `engine`: `wharf` on the Docker Engine at `WHARF_TEST_DOCKER_HOST`;
//! * `compose`: `docker compose` on that engine, which proves that the scenario says what users know.
//!
//! With `WHARF_SCENARIO_MATRIX=1` a run writes its results into `docs/scenarios.md`, which other runs compare with the scenarios.
//! A column that cannot run here is reported as ignored. `tests/scenarios/README.md` says how to write one;
//! `cargo test --test scenarios -- cp` runs those with "cp" in their name.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scenario;
mod support;

use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use scenario::matrix::{self, Results};
use scenario::{Column, Need, Scenario, Tool};

fn main() {
    let mut arguments = Arguments::from_args();
    // Containers share two engines; more at once only wait for each other.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let columns = Column::ALL.map(|column| (column, column.tool()));
    let scenarios = scenario::all(&support::repository("tests/scenarios"));
    let results = Arc::new(Results::default());
    let mut trials: Vec<Trial> =
        scenarios.iter().flat_map(|scenario| trials_of(scenario, &columns, &results)).collect();
    let written = support::repository("docs/scenarios.md");
    let writes = std::env::var_os("WHARF_SCENARIO_MATRIX").is_some();
    if !writes {
        let (scenarios, written) = (scenarios.clone(), std::fs::read_to_string(&written).unwrap_or_default());
        let check = move || matrix::check(&written, &scenarios).map_err(Into::into);
        trials.push(Trial::test("docs/scenarios.md tells of these scenarios", check));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if writes {
        let before = std::fs::read_to_string(&written).unwrap_or_default();
        let document = results.document(&scenarios, &peers(&columns), &before);
        let document = document.expect("a scenario that is new ran in every column");
        std::fs::write(written, document).unwrap();
    }
    // Stops the engine of the first column.
    drop(columns);
    conclusion.exit();
}

fn trials_of(scenario: &Scenario, columns: &[(Column, Option<Tool>)], results: &Arc<Results>) -> Vec<Trial> {
    let mine = columns.iter().filter(|(column, _)| scenario.columns.contains(column));
    let trial = |(column, tool): &(Column, Option<Tool>)| {
        let missing = tool.is_none() || !scenario.needs.iter().all(|need| is_met(*need));
        let name = matrix::test_name(scenario, *column);
        let (scenario, column, tool) = (scenario.clone(), *column, tool.clone());
        let (results, noted) = (Arc::clone(results), name.clone());
        let run = move || {
            let result = scenario::run(&scenario, column, &tool.unwrap());
            results.note(&noted, result.is_ok());
            result.map_err(Into::into)
        };
        Trial::test(name, run).with_ignored_flag(missing)
    };
    mine.map(trial).collect()
}

/// Docker Engine and Docker Compose of this run, with their versions.
fn peers(columns: &[(Column, Option<Tool>)]) -> String {
    let versions: Vec<String> = columns.iter().filter_map(|(_, tool)| tool.as_ref()?.version()).collect();
    versions.join(" and ")
}

fn is_met(need: Need) -> bool {
    match need {
        Need::Registry => scenario::registry().is_some(),
        Need::Compose => Column::Compose.tool().is_some(),
    }
}
