//! `wharf config -q --format json`: what editors read.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::process::Command;

use serde_json::Value;

struct Outcome {
    document: Value,
    code: Option<i32>,
    stderr: String,
}

fn check(files: &[(&str, &str)]) -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_wharf"))
        .args(["-p", "test", "config", "-q", "--format", "json"])
        .current_dir(folder.path())
        .env_remove("COMPOSE_FILE")
        .output()
        .expect("wharf runs");
    Outcome {
        document: serde_json::from_slice(&output.stdout).expect("one JSON document"),
        code: output.status.code(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn a_project_without_fault_gives_an_empty_list() {
    let outcome = check(&[("compose.yaml", "services: {web: {image: nginx}}")]);
    assert_eq!(outcome.document, serde_json::json!({"version": 1, "diagnostics": [], "omitted": 0}));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
}

#[test]
fn errors_of_all_files_have_their_places_and_the_exit_code_is_1() {
    let outcome = check(&[
        (
            "compose.yaml",
            "services:\n  wéb:\n    image: nginx\n  web:\n    labels: {名: [x]}\n    image: nginx\n",
        ),
        ("compose.override.yaml", "services:\n  web:\n    mem_limit: ${MEMORY}x\n    scale: ${SCALE}\n"),
        (".env", "SCALE=many\nMEMORY=1\n"),
    ]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(1), ""));
    valid(&outcome.document);
    let list = outcome.document["diagnostics"].as_array().expect("a list");
    let place = |index: usize| {
        let item = &list[index];
        let number = |key: &str| item[key].as_u64().expect("a number");
        (
            item["code"].as_str().expect("a code"),
            item["file"].as_str().expect("a file"),
            (number("line"), number("column"), number("endLine"), number("endColumn")),
        )
    };
    assert_eq!(place(0), ("unknown-key", "compose.yaml", (2, 3, 2, 6)));
    assert_eq!(place(1), ("type", "compose.yaml", (5, 17, 5, 20)));
    assert_eq!(place(2), ("size", "compose.override.yaml", (3, 16, 3, 26)));
    assert_eq!(place(3), ("type", "compose.override.yaml", (4, 12, 4, 20)));
    let label = &list[3]["labels"][0];
    assert_eq!(
        (label["message"].as_str(), label["file"].as_str(), label["line"].as_u64()),
        (Some("SCALE is set here"), Some(".env"), Some(1))
    );
    assert_eq!(list.len(), 4);
}

#[test]
fn warnings_do_not_fail_and_what_is_about_no_file_has_no_place() {
    let outcome = check(&[("compose.yaml", "version: '3'\nservices: {web: {image: nginx}}")]);
    valid(&outcome.document);
    let item = &outcome.document["diagnostics"][0];
    assert_eq!(
        (item["severity"].as_str(), item["line"].as_u64(), outcome.code),
        (Some("warning"), Some(1), Some(0))
    );
    let outcome = check(&[("compose.yaml", "# nothing\n")]);
    valid(&outcome.document);
    let item = &outcome.document["diagnostics"][0];
    assert_eq!((item["code"].as_str(), item["file"].is_null(), outcome.code), (Some("empty"), true, Some(1)));
}

/// Fails unless the document fits `schema/diagnostics.json`.
#[track_caller]
fn valid(document: &Value) {
    support::schema::fits("diagnostics.json", document);
}
