//! Scenarios: what a user does and sees, as text files in `tests/scenarios/`, each run in up to three columns.
//!
//! * `builtin`: `wharf` on an engine of the test's own (needs root and `WHARF_TEST_IMAGES`, see `tests/run.sh`);
//! * `engine`: `wharf` on the Docker Engine at `WHARF_TEST_DOCKER_HOST`;
//! * `compose`: `docker compose` on that engine, which proves that the scenario says what users know.
//!
//! A column that cannot run here is reported as ignored. `tests/scenarios/README.md` says how to write one;
//! `cargo test --test scenarios -- cp` runs those with "cp" in their name.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scenario;
mod support;

use libtest_mimic::{Arguments, Trial};
use scenario::{Column, Need};

fn main() {
    let mut arguments = Arguments::from_args();
    // Containers share two engines; more at once only wait for each other.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let columns: Vec<_> = Column::ALL.into_iter().map(|column| (column, column.tool())).collect();
    let mut trials = Vec::new();
    for scenario in scenario::all(&support::repository("tests/scenarios")) {
        for (column, tool) in columns.iter().filter(|(column, _)| scenario.columns.contains(column)) {
            let (scenario, column, tool) = (scenario.clone(), *column, tool.clone());
            let missing = tool.is_none() || !scenario.needs.iter().all(|need| is_met(*need));
            let name = format!("{}::{}", scenario.name, column.name());
            let run = move || scenario::run(&scenario, column, &tool.unwrap()).map_err(Into::into);
            trials.push(Trial::test(name, run).with_ignored_flag(missing));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Stops the engine of the first column.
    drop(columns);
    conclusion.exit();
}

fn is_met(need: Need) -> bool {
    match need {
        Need::Registry => scenario::registry().is_some(),
        Need::Compose => Column::Compose.tool().is_some(),
    }
}
