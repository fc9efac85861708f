//! For every attribute: it is in a request to the engine, or the user is told that it is not, and where it stands.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use wharf::project::attributes::{self, EngineKind};
use wharf::project::node::Node;
use wharf::project::{Diagnostic, Project};

use crate::cases::{Case, Expected, SERVICES};
use crate::planned;
use crate::projects::PROJECTS;

const DOCKER: EngineKind = EngineKind::Docker { api: (1, 51) };

/// Consumed while loading, so that the tree of a loaded project does not have them any more.
const CONSUMED: [&str; 8] = [
    "version",
    "include",
    "include.[].path",
    "include.[].project_directory",
    "include.[].env_file",
    "services.*.extends",
    "services.*.extends.service",
    "services.*.extends.file",
];

/// Deprecated spellings that loading turns into another attribute.
const RESPELLED: [&str; 4] = [
    "networks.*.external.name",
    "volumes.*.external.name",
    "secrets.*.external.name",
    "configs.*.external.name",
];

#[test]
fn services_reach_the_engine() {
    check_all(SERVICES, |yaml| format!("services:\n  web:\n    image: busybox\n{}", indented(yaml)));
}

#[test]
fn projects_reach_the_engine() {
    check_all(PROJECTS, str::to_owned);
}

#[test]
fn every_row_is_in_a_case() {
    let mut seen: BTreeSet<String> =
        CONSUMED.iter().chain(&RESPELLED).map(|path| (*path).to_owned()).collect();
    let folder = folder();
    for yaml in
        SERVICES.iter().map(|case| service(case.yaml)).chain(PROJECTS.iter().map(|case| case.yaml.to_owned()))
    {
        let project = planned::project(folder.path(), &yaml);
        note_places(&project.tree, &[], &mut seen);
    }
    let missing: Vec<&str> =
        attributes::all().map(|row| row.path).filter(|path| !seen.contains(*path)).collect();
    assert!(missing.is_empty(), "no case has these: {missing:#?}");
}

fn service(yaml: &str) -> String {
    format!("services:\n  web:\n    image: busybox\n{}", indented(yaml))
}

fn indented(yaml: &str) -> String {
    yaml.lines().map(|line| format!("    {line}\n")).collect()
}

fn note_places(node: &Node, steps: &[&str], seen: &mut BTreeSet<String>) {
    for row in attributes::all() {
        let pattern: Vec<&str> = row.path.split('.').collect();
        let fits = pattern.iter().zip(steps).all(|(wanted, step)| *wanted == "*" || wanted == step);
        if pattern.len() == steps.len() && fits {
            seen.insert(row.path.to_owned());
        }
    }
    for (key, entry) in node.as_mapping().into_iter().flatten() {
        note_places(&entry.node, &[steps, &[key.as_str()]].concat(), seen);
    }
    for item in node.as_sequence().into_iter().flatten() {
        note_places(item, &[steps, &["[]"]].concat(), seen);
    }
}

/// A folder with the files that cases name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in
        [("vars.env", "FROM_FILE=1\n"), ("labels.env", "from_file=1\n"), ("content.txt", "text\n")]
    {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    std::fs::create_dir(folder.path().join("app")).unwrap();
    let base = "services:\n  base:\n    image: busybox\n    hostname: inherited\n";
    std::fs::write(folder.path().join("base.yaml"), base).unwrap();
    folder
}

fn check_all(cases: &[Case], whole: impl Fn(&str) -> String) {
    let folder = folder();
    let problems: Vec<String> =
        cases.iter().flat_map(|case| check(folder.path(), case, &whole(case.yaml))).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn check(folder: &Path, case: &Case, yaml: &str) -> Vec<String> {
    let project = planned::project(folder, yaml);
    let mut problems = told(&project, case);
    if !case.expected.iter().any(|expected| matches!(expected, Expected::Sent(..) | Expected::At(..))) {
        return problems;
    }
    let mut requests = planned::requests(&planned::plan(&project));
    requests["update"] = planned::update(&project);
    for expected in case.expected {
        let (pointer, wanted) = match expected {
            Expected::Sent(pointer, wanted) => (format!("/containers/app-web-1/{pointer}"), wanted),
            Expected::At(pointer, wanted) => (format!("/{pointer}"), wanted),
            _ => continue,
        };
        let found = requests.pointer(&pointer);
        if !found.is_some_and(|found| agrees(found, wanted)) {
            problems.push(format!("{yaml}\n  {pointer} should be {wanted}, is {found:?}\n  in {requests:#}"));
        }
    }
    problems
}

/// Equal as JSON; a text may also just contain what is wanted.
fn agrees(found: &Value, wanted: &str) -> bool {
    let same = serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| *found == wanted);
    same || found.as_str().is_some_and(|text| text.contains(wanted))
}

/// What the user is told on each kind of engine is what the case says, no more and no less.
fn told(project: &Project, case: &Case) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, engine) in [("built-in", EngineKind::BuiltIn), ("Docker", DOCKER)] {
        let wanted: BTreeSet<(&str, &str)> =
            case.expected.iter().filter_map(|e| e.told(engine == DOCKER)).collect();
        let findings = planned::findings(project, engine);
        let all: Vec<(&str, &Diagnostic)> = findings
            .errors
            .iter()
            .map(|error| ("refused", error))
            .chain(findings.warnings.iter().map(|warning| ("warned", warning)))
            .collect();
        let found: BTreeSet<(&str, &str)> = all.iter().map(|(verb, d)| (*verb, path_of(d))).collect();
        if found != wanted {
            let excess: Vec<&str> = all
                .iter()
                .filter(|(verb, d)| !wanted.contains(&(*verb, path_of(d))))
                .map(|(_, d)| d.message.as_str())
                .collect();
            let lacking: Vec<_> = wanted.difference(&found).collect();
            problems.push(format!(
                "{}
  {name} engine: not expected {excess:#?}, not said {lacking:?}",
                case.yaml
            ));
        }
        for (verb, diagnostic) in all {
            let located = project.sources.locate(diagnostic.span).is_some();
            let helped = verb == "warned" || diagnostic.help.is_some();
            if !located || !helped {
                problems.push(format!("{}\n  without a place or help: {diagnostic:#?}", case.yaml));
            }
        }
    }
    problems
}

/// `services.web.uts` of "services.web.uts: weird is not supported: …".
fn path_of(diagnostic: &Diagnostic) -> &str {
    diagnostic.message.split([':', ' ']).next().unwrap_or_default()
}
