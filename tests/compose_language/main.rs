//! The Compose language as Docker Compose 2.40.3 understands it: hundreds of small projects, each printed by `config` as
//! YAML (compared byte for byte) and as JSON, or refused.
//!
//! `cases/` holds the projects, `golden/` what Docker Compose makes of them. A case marked as differing (see
//! docs/config-differences.md) has our own output in `golden/`.
//!
//! With `WHARF_REFERENCE='docker compose'` each expectation is compared with that program too, and a marked case must
//! really differ. `UPDATE_GOLDEN=1` beside it writes the expectations anew.
//!
//! `said/` holds what both say about each case: the reasons of the refusals, side by side to be read, and the warnings.
//! Ours must be these; each warning of Docker Compose must be among ours. `UPDATE_SAID=1` writes ours anew, and with
//! `WHARF_REFERENCE` the other's too.

mod cases;
mod golden;
mod output;
mod round_trip;
mod said;
mod second_reader;

use cases::Case;
use golden::Golden;
use output::Output;
use said::Said;

/// How many of the messages about failed cases are shown.
const SHOWN: usize = 20;

/// Compares every case of a file with its expectation.
fn check(file: &str) {
    let cases = cases::read(file);
    let reference = std::env::var("WHARF_REFERENCE").ok();
    let mut golden = Golden::read(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let reference = reference.as_deref().expect("WHARF_REFERENCE names the program to ask");
        golden.update(&cases, |case| output::of(case, reference, said::by_docker).output);
    }
    let mut said = Said::read(file);
    let failed: Vec<String> =
        cases.iter().filter_map(|case| problem(case, &golden, &mut said, reference.as_deref())).collect();
    if std::env::var_os("UPDATE_SAID").is_some() {
        said.write();
    }
    let shown = failed.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(failed.is_empty(), "{} of {} cases of {file}:\n{shown}", failed.len(), cases.len());
}

/// What is wrong with a case, if anything.
fn problem(case: &Case, golden: &Golden, said: &mut Said, reference: Option<&str>) -> Option<String> {
    let failed = |problem: String| Some(format!("=== {}\n{problem}", case.title));
    let Some(expected) = golden.get(&case.title) else {
        return failed("has no expectation; see the head of this test".into());
    };
    let found = output::ours(case);
    let difference = expected.difference(&found.output).or_else(|| said.by_us(&case.title, found.said));
    if let Some(difference) = difference {
        return failed(difference);
    }
    let theirs = output::of(case, reference?, said::by_docker);
    if let Some(difference) = said.by_them(&case.title, theirs.said) {
        return failed(difference);
    }
    match (case.differs, expected.difference(&theirs.output)) {
        (false, Some(difference)) => failed(format!("the reference:\n{difference}")),
        (true, None) => failed("no longer differs from the reference".into()),
        _ => None,
    }
}

#[test]
fn every_form_of_every_attribute() {
    check("attributes.services");
}

#[test]
fn builds_and_providers() {
    check("build.services");
}

#[test]
fn every_merge_rule() {
    check("merges.services");
}

#[test]
fn top_level_elements() {
    check("top.elements");
}

#[test]
fn interpolation() {
    check("text.strings");
}

#[test]
fn files_and_yaml() {
    check("files.project");
}

#[test]
fn names_profiles_and_variables() {
    check("names.project");
}

#[test]
fn include_and_extends() {
    check("combining.project");
}

#[test]
fn variables_of_services() {
    check("environment.project");
}
