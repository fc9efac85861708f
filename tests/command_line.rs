//! Whatever stands on the command line and in `COMPOSE_*` variables, `wharf config` ends with 0 or 1, and with 1 it says
//! why. Generated from a fixed seed, so that a failure repeats.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tempfile::TempDir;

/// Command lines per run.
const LINES: u32 = 300;

/// Seconds that one may take, in a build that is not optimised on a machine that is busy.
const LONGEST: &str = "60";

/// Flags that take a value, before the command.
const WITH_VALUE: [&str; 14] = [
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--project-directory",
    "--workdir",
    "--env-file",
    "--profile",
    "--parallel",
    "--progress",
    "--ansi",
    "-H",
    "--host",
    "--nonsense",
];

/// Words that are complete by themselves, before the command.
const ALONE: [&str; 16] = [
    "--file=",
    "--profile=",
    "-p=",
    "--env-file=",
    "--all-resources",
    "--all-resources=false",
    "--dry-run=maybe",
    "--compatibility",
    "--verbose",
    "--no-ansi",
    "--no-ansi=x",
    "-",
    "--",
    "---",
    "-fp",
    "--dry-run",
];

/// Words after the command.
const AFTER: [&str; 22] = [
    "--format",
    "json",
    "yaml",
    "toml",
    "--services",
    "--hash",
    "*",
    "a",
    "nobody",
    "-q",
    "--no-interpolate",
    "--variables",
    "--environment",
    "--no-normalize",
    "-o",
    "--output=",
    "--images",
    "--profiles",
    "--provenance",
    "--no-consistency",
    "--resolve-image-digests=false",
    "--volumes",
];

/// Values: names of things that are there, are not there, or are no names.
const VALUES: [&str; 30] = [
    "",
    " ",
    "-",
    ".",
    "..",
    "/",
    "compose.yaml",
    "broken.yaml",
    "folder",
    "missing.yaml",
    "/dev/null",
    "/dev/zero",
    "/dev/stdin",
    "/proc/self/mem",
    "a.env",
    "folder/",
    "Upper",
    "_x",
    "ümlaut",
    "a b",
    "a/b",
    "*",
    "[",
    "$A",
    "${",
    "0",
    "-1",
    "99999999999999999999",
    "auto",
    "a,b",
];

const VARIABLES: [&str; 12] = [
    "COMPOSE_FILE",
    "COMPOSE_PROJECT_NAME",
    "COMPOSE_PROFILES",
    "COMPOSE_ENV_FILES",
    "COMPOSE_PATH_SEPARATOR",
    "COMPOSE_DISABLE_ENV_FILE",
    "COMPOSE_PROGRESS",
    "COMPOSE_ANSI",
    "COMPOSE_PARALLEL_LIMIT",
    "COMPOSE_MENU",
    "COMPOSE_IGNORE_ORPHANS",
    "COMPOSE_REMOVE_ORPHANS",
];

/// Words before the command, words after it, and variables.
type Line = (Vec<OsString>, Vec<OsString>, Vec<(&'static str, OsString)>);

fn value() -> impl Strategy<Value = OsString> {
    prop_oneof![
        8 => select(VALUES.to_vec()).prop_map(OsString::from),
        2 => vec((1..=255_u8).prop_filter("stays in the folder", |byte| *byte != b'/'), 0..12).prop_map(OsString::from_vec),
        1 => (1..60_000_usize).prop_map(|length| OsString::from("x".repeat(length))),
        1 => (1..2_000_usize).prop_map(|length| OsString::from("../".repeat(length))),
    ]
}

fn before() -> impl Strategy<Value = Vec<OsString>> {
    prop_oneof![
        3 => (select(WITH_VALUE.to_vec()), value()).prop_map(|(flag, value)| vec![flag.into(), value]),
        2 => (select(WITH_VALUE.to_vec()), value()).prop_map(|(flag, value)| {
            let mut word = OsString::from(format!("{flag}="));
            word.push(value);
            vec![word]
        }),
        2 => select(ALONE.to_vec()).prop_map(|word| vec![word.into()]),
        1 => Just(["-f", "-", "-f", "-"].map(OsString::from).to_vec()),
    ]
}

fn after() -> impl Strategy<Value = OsString> {
    prop_oneof![5 => select(AFTER.to_vec()).prop_map(OsString::from), 1 => value()]
}

fn line() -> impl Strategy<Value = Line> {
    let before = vec(before(), 0..3).prop_map(|words| words.concat());
    (before, vec(after(), 0..3), vec((select(VARIABLES.to_vec()), value()), 0..3))
}

/// A folder with a project that is right, one that is not, and what is no file.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file is written");
    write(
        "compose.yaml",
        "name: p\nservices: {a: {image: \"x:${A:-1}\", profiles: [\"\", b]}, b: {image: y}}\n",
    );
    write("broken.yaml", "services: {a: {imag: x}\n");
    write("a.env", "A=2\n");
    std::fs::create_dir(folder.path().join("folder")).expect("a folder is made");
    folder
}

fn run(folder: &Path, (before, after, variables): &Line) -> Output {
    let mut command = Command::new("timeout");
    command
        .args(["--signal=KILL", LONGEST, env!("CARGO_BIN_EXE_wharf")])
        .args(before)
        .arg("config")
        .args(after);
    command.current_dir(folder).stdin(Stdio::null()).env_clear().env("HOME", folder);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.output().expect("timeout starts")
}

/// What is wrong with how it ended.
fn problem(output: &Output) -> Option<String> {
    let messages = String::from_utf8_lossy(&output.stderr);
    if messages.contains("panicked") {
        return Some(format!("it panicked: {messages}"));
    }
    match output.status.code() {
        Some(0) => None,
        Some(1) if messages.trim().is_empty() => Some("it failed without a message".into()),
        Some(1) => None,
        _ => Some(format!("it ended with {:?}: {messages}", output.status)),
    }
}

#[test]
fn any_command_line_ends_as_documented() {
    let config = Config { cases: LINES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&line(), |line| {
        let folder = folder();
        problem(&run(folder.path(), &line)).map_or(Ok(()), |problem| Err(TestCaseError::fail(problem)))
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Runs words of a line in a folder with a project.
fn ended(words: &[&str]) -> (Option<i32>, String) {
    let folder = folder();
    let words = words.iter().map(OsString::from).collect();
    let output = run(folder.path(), &(words, Vec::new(), Vec::new()));
    assert_eq!(problem(&output), None);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_is_no_file_or_name_is_named() {
    for (words, said) in [
        (["-f", "folder"].as_slice(), "folder: is not a regular file"),
        (&["-f", "missing.yaml"], "missing.yaml: no such file or directory"),
        (&["--env-file", "folder"], "folder: is not a regular file"),
        (&["--env-file", "missing.env"], "couldn't find env file"),
        (&["-p", "Upper"], "invalid project name \"Upper\""),
        (&["-p", "_x"], "invalid project name \"_x\""),
        (&["-p", "a b"], "invalid project name \"a b\""),
        (&["--parallel", "many"], "invalid value 'many' for '--parallel"),
        (&["--ansi", "pink"], "invalid value 'pink' for '--ansi"),
        (&["--nonsense"], "unexpected argument '--nonsense'"),
        (&["-f", "-"], "empty compose file"),
    ] {
        let (code, messages) = ended(words);
        assert_eq!(code, Some(1), "{words:?}: {messages}");
        assert!(messages.contains(said), "{words:?}: {said:?} is not in:\n{messages}");
    }
    for words in [
        ["-f", "-", "-f", "compose.yaml"].as_slice(),
        &["--profile", ""],
        &["-p", ""],
        &["--env-file", "/dev/null"],
    ] {
        let (code, messages) = ended(words);
        assert_eq!(code, Some(0), "{words:?}: {messages}");
    }
}
