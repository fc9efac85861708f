//! What files with something wrong in them are answered with, word for word.
//!
//! A case in `tests/golden/diagnostics` is a file `NAME.yml`, or a folder with the files of a project: `compose.yaml` and
//! what goes with it, or `stdin.yaml` for standard input; `environment` holds variables of the process,
//! `services` the names on the command line. What is printed
//! must equal `NAME.txt`, or `expected.txt` in the folder. After a wanted change, run with `UPDATE_GOLDEN=1` and read the
//! difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use wharf::output::diagnostics::{self, Look};
use wharf::project::{Diagnostic, LoadOptions, SourceMap, load};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

struct Case {
    name: String,
    options: LoadOptions,
    expected: PathBuf,
}

impl Case {
    fn of(path: &Path) -> Option<Case> {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        if path.is_dir() {
            return Some(Case { options: folder(path), expected: path.join("expected.txt"), name });
        }
        let options = LoadOptions {
            files: vec![path.to_path_buf()],
            current_directory: path.parent()?.to_path_buf(),
            ..LoadOptions::default()
        };
        (path.extension()? == "yml").then(|| Case { options, expected: path.with_extension("txt"), name })
    }

    fn found(&self) -> (Vec<Diagnostic>, SourceMap, bool) {
        match load(&self.options) {
            Ok(loaded) => (loaded.warnings, loaded.project.sources, true),
            Err(failure) => (failure.diagnostics, failure.sources, false),
        }
    }

    fn printed(&self) -> String {
        let (diagnostics, sources, loads) = self.found();
        // In a case the lines of warnings are to be seen too.
        let look = Look { verbose: true, ..Look::default() };
        let mut text = diagnostics::render_all(&diagnostics, &sources, look);
        if loads {
            text.push_str("It loads.\n");
        }
        let directory = self.options.current_directory.display().to_string();
        text.replace(&format!("{directory}/"), "").replace(&directory, "DIRECTORY")
    }
}

fn folder(path: &Path) -> LoadOptions {
    let stdin = fs::read(path.join("stdin.yaml")).ok();
    let variables = fs::read_to_string(path.join("environment")).unwrap_or_default();
    let environment: BTreeMap<String, String> = variables
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let services = fs::read_to_string(path.join("services")).unwrap_or_default();
    let services = services.lines().map(str::to_owned).collect();
    LoadOptions {
        files: stdin.iter().map(|_| PathBuf::from("-")).collect(),
        stdin,
        services,
        environment,
        current_directory: path.to_path_buf(),
        ..LoadOptions::default()
    }
}

fn cases() -> Vec<Case> {
    let entries = fs::read_dir(root().join("tests/golden/diagnostics")).expect("the golden folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| Case::of(path)).collect()
}

#[test]
fn every_case_is_answered_word_for_word() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let found = case.printed();
        if update {
            fs::write(&case.expected, &found).expect("golden file written");
        } else if fs::read_to_string(&case.expected).unwrap_or_default() != found {
            wrong.push(format!("{}:\n{found}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_has_a_diagnostic_with_a_place() {
    let placeless =
        ["empty", "no-file", "no-such-service", "project-name", "several-files", "unknown-profile"];
    for case in cases() {
        let (diagnostics, sources, _) = case.found();
        assert!(!diagnostics.is_empty(), "{}: nothing is found", case.name);
        for diagnostic in diagnostics.iter().filter(|diagnostic| !placeless.contains(&diagnostic.code)) {
            assert!(sources.locate(diagnostic.span).is_some(), "{} has no place: {diagnostic:?}", case.name);
        }
    }
}

/// Codes that a library call of the source carries.
fn codes_in_source() -> BTreeSet<String> {
    let call = Regex::new(
        r#"(?:Diagnostic::(?:error|warning)|\.report|self\.error|\.malformed|placed)\(\s*"([a-z0-9.-]+)""#,
    )
    .expect("a pattern");
    let mut codes = BTreeSet::new();
    let mut folders = vec![root().join("src/project")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                codes.extend(call.captures_iter(code).map(|found| found[1].to_owned()));
            }
        }
    }
    codes
}

#[test]
fn every_code_is_documented_and_has_a_case() {
    let document = fs::read_to_string(root().join("docs/diagnostics.md")).expect("docs/diagnostics.md");
    let documented: BTreeSet<String> = document
        .lines()
        .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    assert_eq!(codes_in_source(), documented, "codes of the source and of docs/diagnostics.md");
    let shown: BTreeSet<String> =
        cases().iter().flat_map(|case| case.found().0).map(|diagnostic| diagnostic.code.to_owned()).collect();
    // Those of an engine are not said while loading.
    let elsewhere = ["no-effect", "unsupported"].map(str::to_owned);
    let without: Vec<&String> =
        documented.difference(&shown).filter(|code| !elsewhere.contains(code)).collect();
    assert!(without.is_empty(), "no case in tests/golden/diagnostics for {without:?}");
}

#[test]
fn examples_in_the_document_are_what_is_printed() {
    let document = fs::read_to_string(root().join("docs/diagnostics.md")).expect("docs/diagnostics.md");
    let cases = cases();
    let mut checked = 0;
    for (name, block) in examples(&document) {
        let case = cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"));
        assert!(
            case.printed().contains(block.trim_end()),
            "{name}:\n{block}\n--- printed:\n{}",
            case.printed()
        );
        checked += 1;
    }
    assert!(checked > 5, "{checked} examples");
}

/// Blocks that follow a line `<!-- case: NAME -->`.
fn examples(document: &str) -> Vec<(&str, &str)> {
    let marked = document.split("<!-- case: ").skip(1);
    marked
        .filter_map(|rest| {
            let (name, rest) = rest.split_once(" -->")?;
            let block = rest.trim_start().strip_prefix("```text\n")?;
            Some((name, block.split("```").next()?))
        })
        .collect()
}
