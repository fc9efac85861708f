//! Plans as text: files of cases, each a project, what exists, a command line, and the plan that is expected.
//!
//! What exists is what `up` of the part `before` leaves (of `compose.yaml` where there is none), changed by the lines of
//! `then`. `WHARF_PLAN_UPDATE=1` writes what is planned now into the files, for a reader to judge.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wharf::plan::desired::UpOptions;

use super::model::Engine;
use super::{command, edits};

/// Parts of a case, by name, in the order of the file.
#[derive(Debug, Default)]
struct Case {
    intent: String,
    parts: Vec<(String, String)>,
}

impl Case {
    fn part(&self, name: &str) -> Option<&str> {
        self.parts.iter().find(|(part, _)| part == name).map(|(_, text)| text.as_str())
    }

    /// Other files of the project: their names have a dot, and those of `before` begin with `before/`.
    fn files(&self, before: bool) -> Vec<(&str, &str)> {
        let named = self.parts.iter().filter(|(name, _)| name.contains('.'));
        let files = named.filter_map(|(name, text)| match name.strip_prefix("before/") {
            Some(name) => before.then_some((name, text.as_str())),
            None => Some((name.as_str(), text.as_str())),
        });
        files.collect()
    }

    fn text(&self) -> String {
        let parts = self.parts.iter().map(|(name, text)| format!("--- {name}\n{text}"));
        format!("=== {}\n{}\n", self.intent, parts.collect::<String>())
    }
}

/// Every case of every file gives the plan that stands there.
#[test]
fn plans_are_as_written() {
    let mut failures = Vec::new();
    let mut count = 0;
    for path in files() {
        let mut cases = read(&path);
        for case in &mut cases {
            count += 1;
            let planned = planned(case);
            if case.part("plan").unwrap_or_default() != planned {
                failures.push(format!("{}: {}\n{planned}", path.display(), case.intent));
                case.parts.retain(|(name, _)| name != "plan");
                case.parts.push(("plan".to_owned(), planned));
            }
        }
        if std::env::var_os("WHARF_PLAN_UPDATE").is_some() {
            let text: String = cases.iter().map(Case::text).collect();
            std::fs::write(&path, text.trim_end().to_owned() + "\n").unwrap();
        }
    }
    assert!(failures.is_empty(), "{} of {count} plans differ:\n{}", failures.len(), failures.join("\n"));
    assert!(count >= 100, "only {count} cases were found");
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn read(path: &Path) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        if let Some(intent) = line.strip_prefix("=== ") {
            cases.push(Case { intent: intent.to_owned(), ..Case::default() });
            continue;
        }
        let case = cases.last_mut().expect("a file begins with ===");
        match (line.strip_prefix("--- "), case.parts.last_mut()) {
            (Some(name), _) => case.parts.push((name.to_owned(), String::new())),
            (None, Some((_, text))) if !line.is_empty() => *text += &format!("{line}\n"),
            (None, _) => assert!(line.is_empty(), "{}: {line:?} is in no part", path.display()),
        }
    }
    cases
}

/// The plan of a case as text, with warnings, or why there is none.
fn planned(case: &Case) -> String {
    let mut engine = Engine::default();
    if case.part("nothing").is_none() {
        let folder = folder(&case.files(true), case.part("before").or(case.part("compose.yaml")));
        let project = command::load(folder.path(), &[], &[], true);
        command::bring_up(&project, UpOptions::default(), &mut engine)
            .unwrap_or_else(|problem| panic!("{}: {problem}", case.intent));
    }
    for edit in case.part("then").unwrap_or_default().lines() {
        edits::apply(&mut engine, edit);
    }
    let folder = folder(&case.files(false), case.part("compose.yaml").or(case.part("before")));
    match command::plan(case.part("command").unwrap_or("up").trim(), folder.path(), &engine) {
        Ok(plan) => {
            let warnings = plan.warnings.iter().map(|text| format!("warning: {text}\n"));
            named(&format!("{}{plan}", warnings.collect::<String>()), &engine)
        }
        Err(problem) => format!("error: {problem}\n"),
    }
}

/// Digits of ids say nothing to a reader and change with every step added.
fn named(text: &str, engine: &Engine) -> String {
    let ids: BTreeMap<&str, &str> =
        engine.observed.containers.iter().map(|c| (&c.id[..12], c.name.as_str())).collect();
    ids.iter().fold(text.to_owned(), |text, (id, name)| text.replace(id, &format!("<id of {name}>")))
}

fn folder(files: &[(&str, &str)], compose: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    std::fs::write(folder.path().join("compose.yaml"), compose.expect("compose.yaml")).unwrap();
    folder
}
