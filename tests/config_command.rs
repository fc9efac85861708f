//! `wharf config` answers as Docker Compose does.
//!
//! Each folder of `tests/golden/config` is a project; each line of its `commands` is a command line, and `FOLDER.txt` holds
//! what Docker Compose 2.40.3 answers: the exit code and the standard output. With `WHARF_UPDATE_REFERENCE=1` the answers
//! are made anew by the `docker compose` of this machine; without it no Docker is needed. Lines of lists, which Docker
//! Compose prints in random order, are sorted; the folder is written `<folder>`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Flags whose answer is a list without an order.
const LISTS: [&str; 9] = [
    "--services",
    "--volumes",
    "--networks",
    "--models",
    "--profiles",
    "--images",
    "--variables",
    "--environment",
    "--hash",
];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/config")
}

fn projects() -> Vec<PathBuf> {
    let entries = fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 4, "{folders:?}");
    folders
}

fn commands(folder: &Path) -> Vec<String> {
    fs::read_to_string(folder.join("commands")).unwrap().lines().map(str::to_owned).collect()
}

/// Runs one command line in a folder, with hardly any environment.
fn run(program: &[&str], line: &str, folder: &Path) -> Output {
    let words = line.split_whitespace().map(|word| word.trim_matches('\''));
    let kept =
        ["PATH", "HOME", "DOCKER_CONFIG"].map(|name| (name, std::env::var_os(name).unwrap_or_default()));
    Command::new(program[0])
        .args(&program[1..])
        .args(words)
        .current_dir(folder)
        .env_clear()
        .envs(kept)
        .output()
        .unwrap()
}

fn answer(output: &Output, line: &str, folder: &Path) -> String {
    let text = String::from_utf8_lossy(&output.stdout).replace(&folder.display().to_string(), "<folder>");
    let mut lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    if LISTS.iter().any(|list| line.contains(list)) {
        lines.sort_unstable();
    }
    let code = output.status.code().unwrap_or(-1);
    format!("exit {code}\n{}", lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

/// The answers of one program to every command of a project, each under its command.
fn answers(program: &[&str], folder: &Path) -> String {
    let mut all = String::new();
    for line in commands(folder) {
        let answer = answer(&run(program, &line, folder), &line, folder);
        writeln!(all, "$ {line}\n{answer}").unwrap();
    }
    all
}

/// The parts of `answers`, for a message that shows only what differs.
fn parts(answers: &str) -> Vec<&str> {
    answers.split("\n\n$ ").collect()
}

#[test]
fn every_flag_answers_as_docker_compose_does() {
    let update = std::env::var_os("WHARF_UPDATE_REFERENCE").is_some();
    let mut wrong = String::new();
    for folder in projects() {
        let file = folder.with_extension("txt");
        if update {
            fs::write(&file, answers(&["docker", "compose"], &folder)).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap();
        let found = answers(&[env!("CARGO_BIN_EXE_wharf")], &folder);
        let (expected, found) = (parts(&expected), parts(&found));
        assert_eq!(expected.len(), found.len(), "{}: make the answers anew", file.display());
        for (expected, found) in expected.iter().zip(&found).filter(|(expected, found)| expected != found) {
            let (name, expected) = (folder.file_name().unwrap().display(), similar(expected, found));
            writeln!(wrong, "{name}: {expected}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "- Docker Compose, + Wharf\n{wrong}");
}

/// The command and the lines that only one side has.
fn similar(expected: &str, found: &str) -> String {
    let (left, right): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let mut text = format!("$ {}\n", left.first().unwrap_or(&"").trim_start_matches("$ "));
    for line in left.iter().filter(|line| !right.contains(line)) {
        writeln!(text, "-{line}").unwrap();
    }
    for line in right.iter().filter(|line| !left.contains(line)) {
        writeln!(text, "+{line}").unwrap();
    }
    text
}

fn wharf(args: &[&str], project: &str) -> Output {
    run(&[env!("CARGO_BIN_EXE_wharf")], &args.join(" "), &golden().join(project))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_list_can_be_written_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("names");
    let output = wharf(&["config", "--services", "-o", file.to_str().unwrap()], "listings");
    assert!(output.status.success() && output.stdout.is_empty(), "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(&file).unwrap(), "api\ndb\nweb\n");
    let output = wharf(&["config", "-o", "/nonexistent/file"], "listings");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot write /nonexistent/file"), "{}", text(&output.stderr));
}

#[test]
fn what_has_no_effect_is_said() {
    let output = wharf(&["config", "--services", "--volumes", "web"], "listings");
    let warnings = text(&output.stderr);
    assert!(warnings.contains("--volumes is ignored with --services"), "{warnings}");
    assert!(warnings.contains("services are ignored with --services"), "{warnings}");
    let output = wharf(&["config", "--no-interpolate", "--lock-image-digests"], "listings");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("leave out --no-interpolate"), "{}", text(&output.stderr));
}

#[test]
fn provenance_says_where_each_value_comes_from() {
    let output = wharf(&["config", "--provenance"], "layers");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let yaml = text(&output.stdout);
    for expected in [
        "name: layers # compose.yaml:1:7",
        "image: busybox:2 # compose.yaml:18:12 (overrides compose.yaml:16:14: \"busybox\")",
        "image: redis:7 # included/compose.yaml:3:12 from redis:${SIDE}: SIDE=7 set in included/.env:1",
        "dockerfile: Dockerfile # default",
        "A: \"2\" # compose.override.yaml:3:19 (overrides compose.yaml:8:19: \"1\", base.yaml:4:19: \"base\", a.env:2:1: \"file\")",
        "B: b # compose.yaml:8:27 from ${B:-b}: B is not set (default: b)",
        "C: c # compose.override.yaml:3:24 from C=${C-}: C=c set in .env:2",
        "D: dotenv # compose.override.yaml:3:35 from D: D=dotenv set in .env:1",
        "FROM_FILE: dotenv! # a.env:1:1",
        "labels: # compose.override.yaml:4:13 (overrides compose.yaml:9:13)",
    ] {
        assert!(yaml.lines().any(|line| line.trim_start() == expected), "{expected}\n{yaml}");
    }
    let plain = text(&wharf(&["config"], "layers").stdout);
    let read = |text: &str| serde_yaml::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&yaml), read(&plain), "comments change nothing");
}

#[test]
fn provenance_as_json_names_every_value() {
    let printed = |args: &[&str]| -> serde_json::Value {
        let output = wharf(args, "layers");
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let entries = printed(&["config", "--provenance", "--format", "json"]);
    let project: serde_json::Value =
        serde_yaml::from_str(&text(&wharf(&["config"], "layers").stdout)).unwrap();
    for (pointer, entry) in entries.as_object().unwrap() {
        assert_eq!(project.pointer(pointer), Some(&entry["value"]), "{pointer}");
    }
    let value = &entries["/services/web/environment/A"];
    assert_eq!(value["overrode"][1]["file"], "base.yaml");
    assert_eq!(value["overrode"][1]["value"], "base");
    let variable = &entries["/services/side/image"]["variables"][0];
    assert_eq!((&variable["source"], &variable["line"]), (&"file".into(), &1.into()));
    let schema: serde_json::Value = serde_json::from_str(include_str!("../schema/provenance.json")).unwrap();
    let allowed = schema["$defs"]["entry"]["properties"].as_object().unwrap();
    for entry in entries.as_object().unwrap().values() {
        let keys: Vec<&String> = entry.as_object().unwrap().keys().collect();
        assert!(keys.iter().all(|key| allowed.contains_key(*key)) && keys.len() == allowed.len(), "{keys:?}");
    }
}

#[test]
fn provenance_of_a_tree_keeps_variables() {
    let output = wharf(&["config", "--provenance", "--no-interpolate"], "layers");
    let yaml = text(&output.stdout);
    assert!(yaml.contains("image: nginx:${TAG:-1} # compose.yaml:7:12\n"), "{yaml}");
}
